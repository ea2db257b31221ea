/* A second thread that splits lines ahead must change nothing but the time that reading takes. The
 * private option ahead_from makes files of some blocks worth it; public callers have it from 8 MB
 * on. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/read.h>
#include <traffstat/report.h>

#include "read/read.h"
#include "support/support.h"

#define HEAD "key,place,year,cases,note\n"
#define ROOM ((size_t) 1 << 20)

/* ---- files ---------------------------------------------------------------------------------- */

typedef struct file {
    char *data;
    size_t size;
} file;

static file new_file(const char *head)
{
    file f = {malloc(ROOM), strlen(head)};
    assert_non_null(f.data);
    memcpy(f.data, head, f.size);
    return f;
}

static void add(file *f, const char *text)
{
    const size_t size = strlen(text);
    assert_true(f->size + size <= ROOM);
    memcpy(f->data + f->size, text, size);
    f->size += size;
}

static void add_record(file *f, size_t i, const char *cases)
{
    char line[128];
    (void) snprintf(line, sizeof line, "K%zu,\"Place %zu, MT\",%zu,%s,\"all, well\"\n", i / 30,
                    i / 30, 1990 + i % 30, cases);
    add(f, line);
}

/* Six blocks or so of records, `odd` among them every 97 lines. */
static file messy_file(const char *odd)
{
    file f = new_file(HEAD);
    char cases[24];
    for (size_t i = 0; f.size < 6 * TRAFFSTAT_I_BLOCK; i++) {
        (void) snprintf(cases, sizeof cases, "%zu", i % 1000);
        add_record(&f, i, i % 50 == 0 ? "<5" : i % 71 == 0 ? "\"1,204\"" : cases);
        if (i % 97 == 0) {
            add(&f, odd);
        }
    }
    return f;
}

/* ---- reading -------------------------------------------------------------------------------- */

typedef struct outcome {
    traffstat_status status;
    char *message;
    int64_t line;
    int64_t column;
    int64_t offset;
    int32_t callback_value;
    char *panel;   /* as CSV */
    char *account; /* as JSON */
} outcome;

static char *text_of(traffstat_ctx *ctx, traffstat_status status, traffstat_text *text)
{
    assert_ok(ctx, status);
    char *copy = strdup(traffstat_text_data(text));
    assert_non_null(copy);
    traffstat_text_free(text);
    return copy;
}

static outcome told(traffstat_ctx *ctx, traffstat_status status, traffstat_panel *panel,
                    traffstat_account *account)
{
    traffstat_text *text = NULL;
    outcome o = {.status = status,
                 .message = strdup(traffstat_ctx_message(ctx)),
                 .line = traffstat_ctx_error_line(ctx),
                 .column = traffstat_ctx_error_column(ctx),
                 .offset = traffstat_ctx_error_offset(ctx),
                 .callback_value = traffstat_ctx_callback_value(ctx)};
    if (panel != NULL) {
        const traffstat_status made = traffstat_panel_csv(ctx, panel, &text);
        o.panel = text_of(ctx, made, text);
    }
    if (account != NULL) {
        const traffstat_status made = traffstat_account_json(ctx, account, &text);
        o.account = text_of(ctx, made, text);
    }
    traffstat_panel_free(panel);
    traffstat_account_free(account);
    return o;
}

static void forget(outcome *o)
{
    free(o->message);
    free(o->panel);
    free(o->account);
}

static outcome read_with(traffstat_ctx *ctx, const traffstat_reader *reader, uint32_t threads,
                         const file *f)
{
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    assert_ok(ctx, traffstat_ctx_set_threads(ctx, threads));
    const traffstat_status status =
        traffstat_read_memory(ctx, reader, f->data, f->size, "x.csv", &panel, &account);
    return told(ctx, status, panel, account);
}

static void assert_same_text(const char *a, const char *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a != NULL) {
        assert_string_equal(a, b);
    }
}

static void assert_same(const outcome *a, const outcome *b)
{
    assert_int_equal(a->status, b->status);
    assert_string_equal(a->message, b->message);
    assert_int_equal(a->line, b->line);
    assert_int_equal(a->column, b->column);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->callback_value, b->callback_value);
    assert_same_text(a->panel, b->panel);
    assert_same_text(a->account, b->account);
}

static traffstat_reader *eager_reader(traffstat_ctx *ctx)
{
    traffstat_reader *reader = NULL;
    assert_ok(ctx, traffstat_reader_new(ctx, &reader));
    reader->ahead_from = 0;
    return reader;
}

/* Reads with one thread, then with two and three; gives the status. */
static traffstat_status compare(traffstat_ctx *ctx, const traffstat_reader *reader, const file *f)
{
    outcome one = read_with(ctx, reader, 1, f);
    for (uint32_t threads = 2; threads < 4; threads++) {
        outcome more = read_with(ctx, reader, threads, f);
        assert_same(&more, &one);
        forget(&more);
    }
    forget(&one);
    return one.status;
}

/* ---- the same result ------------------------------------------------------------------------ */

static void two_threads_read_what_one_reads(void **state)
{
    static const char *const odd[] = {
        "",
        "K1,A,2001,x,\nK1,A,2001,-3,\n",
        "K1,A,2001\n,,,,\n\n   \nK1,,2001,4,,surplus\n",
        "K1,\"A\"\"s \",2001,4,\"two\nlines\"\n",
        "K1,\"never closed,2001,4,\n",
        "K1,A \"of\" B,2001,4,\"x\" \nK2,B,2001,\"5\"6,\n",
        "K1,A,2001,4,\rK1,A,2001,5,\r\r\nK1,A,2002,6,\r\n",
        "K1,Qu\xc3\xa9"
        "bec,2001,4,\nK2,\xef\xbf\xbd,2001,4,\n",
    };
    traffstat_reader *reader = eager_reader(*state);
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        file f = messy_file(odd[i]);
        assert_ok(*state, compare(*state, reader, &f));
        free(f.data);
    }
    traffstat_reader_free(reader);
}

/* A quote that is never closed takes back records of blocks before, and all of them are read again. */
static void a_quote_over_blocks_is_taken_back_alike(void **state)
{
    traffstat_reader *reader = eager_reader(*state);
    file f = messy_file("");
    char *at = f.data;
    for (size_t i = 0; i < 20;
         i++) { /* near the block's end, where the record goes on in the next */
        at = f.data + (i % 5 + 1) * TRAFFSTAT_I_BLOCK - 700 + 60 * i;
        *(char *) memchr(at, 'K', 200) = '"';
    }
    assert_ok(*state, compare(*state, reader, &f));
    free(f.data);
    traffstat_reader_free(reader);
}

/* A plan has room for 4,096 lines and 16,384 fields; what is past them is not lost. */
static void more_lines_and_fields_than_a_plan_holds_are_read(void **state)
{
    traffstat_reader *reader = eager_reader(*state);
    file f = new_file("place,year,cases\n");
    while (f.size < 3 * TRAFFSTAT_I_BLOCK) {
        add(&f, "A,2001,1\n");
        add(&f, "\n\n\n\n\n\n\n\n\n\n\n\n");
    }
    assert_ok(*state, compare(*state, reader, &f));
    f.size = 0;
    add(&f, "place,year,cases,a,b,c,d,e,f,g,h,i,j\n");
    while (f.size < 3 * TRAFFSTAT_I_BLOCK) {
        add(&f, "A,2001,1,,,,,,,,,,\n");
    }
    outcome o = read_with(*state, reader, 2, &f);
    assert_ok(*state, o.status);
    char want[64];
    (void) snprintf(want, sizeof want, "\"total\": {\"lower\": %zu", (f.size - 37) / 19);
    if (strstr(o.account, want) == NULL) {
        fail_msg("%s is not in %s", want, o.account);
    }
    forget(&o);
    assert_ok(*state, compare(*state, reader, &f));
    free(f.data);
    traffstat_reader_free(reader);
}

static void other_encodings_and_late_ones_are_read_alike(void **state)
{
    traffstat_reader *reader = eager_reader(*state);
    file f = messy_file("");
    char *at = strstr(f.data + 4 * TRAFFSTAT_I_BLOCK, "Place");
    at[2] = '\xe9'; /* Windows-1252 from the fifth block on */
    assert_ok(*state, compare(*state, reader, &f));
    assert_ok(*state, traffstat_reader_set_encoding(*state, reader, "cp1252"));
    assert_ok(*state, compare(*state, reader, &f));
    free(f.data);
    traffstat_reader_free(reader);
}

/* ---- the same failure ----------------------------------------------------------------------- */

static void failures_come_in_the_order_of_the_file(void **state)
{
    traffstat_reader *reader = eager_reader(*state);
    file f = messy_file("");
    char *bad = strstr(f.data + 4 * TRAFFSTAT_I_BLOCK, "Place");
    bad[1] = '\xff';
    assert_ok(*state, traffstat_reader_set_encoding(*state, reader, "utf-8"));
    assert_int_equal(compare(*state, reader, &f), TRAFFSTAT_E_FORMAT);

    /* the record before it fails first, though its block is planned later */
    assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
    assert_int_equal(compare(*state, reader, &f), TRAFFSTAT_E_FORMAT);
    char *year = strstr(f.data + 3 * TRAFFSTAT_I_BLOCK, "MT\",");
    memcpy(year + 4, "none", 4);
    assert_int_equal(compare(*state, reader, &f), TRAFFSTAT_E_VALUE);
    free(f.data);
    traffstat_reader_free(reader);
}

static void limits_hold_on_two_threads(void **state)
{
    traffstat_reader *reader = eager_reader(*state);
    file f = messy_file("");
    char *at = f.data + 3 * TRAFFSTAT_I_BLOCK;
    memset(strchr(at, '\n') - 60, 'y', 600); /* one line of all these */
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_FIELD, 400));
    assert_int_equal(compare(*state, reader, &f), TRAFFSTAT_E_LIMIT);
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_FIELD, 0));
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_RECORD, 400));
    assert_int_equal(compare(*state, reader, &f), TRAFFSTAT_E_LIMIT);
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_RECORD, 0));
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_SERIES, 5));
    assert_int_equal(compare(*state, reader, &f), TRAFFSTAT_E_LIMIT);
    free(f.data);
    traffstat_reader_free(reader);
}

/* ---- callbacks ------------------------------------------------------------------------------ */

typedef struct feed {
    const file *from;
    size_t at;
    size_t stop_at; /* where reading is stopped; 0 never */
    pthread_t caller;
    bool strange; /* it was called by another thread */
} feed;

static int32_t next_bytes(void *buffer, size_t size, size_t *got, void *user)
{
    feed *in = user;
    in->strange = in->strange || pthread_equal(in->caller, pthread_self()) == 0;
    if (in->stop_at > 0 && in->at >= in->stop_at) {
        return 77;
    }
    const size_t left = in->from->size - in->at;
    *got = left < size ? left : size;
    memcpy(buffer, in->from->data + in->at, *got);
    in->at += *got;
    return 0;
}

static outcome read_fed(traffstat_ctx *ctx, const traffstat_reader *reader, uint32_t threads,
                        feed *in)
{
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    in->caller = pthread_self();
    assert_ok(ctx, traffstat_ctx_set_threads(ctx, threads));
    const traffstat_status status =
        traffstat_read_stream(ctx, reader, next_bytes, in, "x.csv", &panel, &account);
    assert_false(in->strange);
    return told(ctx, status, panel, account);
}

static void the_read_callback_is_called_by_the_caller_alone(void **state)
{
    traffstat_reader *reader = eager_reader(*state);
    file f = messy_file("K1,A,2001,x,\n");
    for (size_t stop = 0; stop < 2; stop++) {
        const size_t stop_at = stop * 4 * TRAFFSTAT_I_BLOCK;
        outcome one = read_fed(*state, reader, 1, &(feed){.from = &f, .stop_at = stop_at});
        outcome two = read_fed(*state, reader, 2, &(feed){.from = &f, .stop_at = stop_at});
        assert_same(&two, &one);
        assert_int_equal(two.status, stop > 0 ? TRAFFSTAT_E_CALLBACK : TRAFFSTAT_OK);
        assert_int_equal(two.callback_value, stop > 0 ? 77 : 0);
        forget(&one);
        forget(&two);
    }
    free(f.data);
    traffstat_reader_free(reader);
}

/* A stream's length is not known before: 8 MB of it must have come by. The public way in, with the
 * default options. */
static void a_long_stream_gets_its_second_thread_on_the_way(void **state)
{
    file f = messy_file("");
    const size_t times = 24;
    file whole = {malloc(times * f.size), 0};
    assert_non_null(whole.data);
    for (size_t i = 0; i < times; i++) { /* the header again and again is a record without year */
        memcpy(whole.data + whole.size, f.data, f.size);
        whole.size += f.size;
    }
    assert_true(whole.size > (size_t) 9 << 20);
    outcome one = read_fed(*state, NULL, 1, &(feed){.from = &whole});
    outcome two = read_fed(*state, NULL, 2, &(feed){.from = &whole});
    assert_ok(*state, two.status);
    assert_non_null(strstr(two.account, "bad_year"));
    assert_same(&two, &one);
    forget(&one);
    forget(&two);
    free(whole.data);
    free(f.data);
}

typedef struct watch {
    double last;
    size_t calls;
    size_t stop_after;
    traffstat_ctx *ctx; /* to be cancelled then; NULL: the callback says so itself */
} watch;

static int32_t look(double fraction, void *user)
{
    watch *w = user;
    assert_true(fraction >= w->last && fraction <= 1.0);
    w->last = fraction;
    w->calls++;
    if (w->calls < w->stop_after || w->stop_after == 0) {
        return 0;
    }
    if (w->ctx != NULL) {
        traffstat_ctx_cancel(w->ctx);
        return 0;
    }
    return 5;
}

/* With a context of its own, whose first callback is not held back by one of a call before. */
static void assert_watched(const file *f, watch *w, bool cancels, traffstat_status want)
{
    traffstat_ctx *ctx = NULL;
    assert_ok(NULL, traffstat_ctx_new(NULL, &ctx));
    traffstat_reader *reader = eager_reader(ctx);
    w->ctx = cancels ? ctx : NULL;
    traffstat_ctx_set_progress(ctx, look, w);
    outcome o = read_with(ctx, reader, 2, f);
    assert_int_equal(o.status, want);
    assert_int_equal(o.panel != NULL, want == TRAFFSTAT_OK);
    assert_int_equal(o.callback_value, want == TRAFFSTAT_E_CALLBACK ? 5 : 0);
    forget(&o);
    traffstat_reader_free(reader);
    traffstat_ctx_free(ctx);
}

static void progress_rises_and_the_reading_can_be_stopped(void **state)
{
    (void) state;
    file f = messy_file("");
    watch w = {.stop_after = 0};
    assert_watched(&f, &w, false, TRAFFSTAT_OK);
    assert_near(w.last, 1.0, 0.0);
    assert_true(w.calls >= 2);
    assert_watched(&f, &(watch){.stop_after = 1}, false, TRAFFSTAT_E_CALLBACK);
    assert_watched(&f, &(watch){.stop_after = 1}, true, TRAFFSTAT_E_CANCELLED);
    free(f.data);
}

/* ---- memory --------------------------------------------------------------------------------- */

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    const file *f = arg;
    traffstat_reader *reader = NULL;
    traffstat_panel *panel = NULL;
    traffstat_status status = traffstat_reader_new(ctx, &reader);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    reader->ahead_from = 0;
    assert_int_equal(traffstat_ctx_set_threads(ctx, 2), TRAFFSTAT_OK);
    status = traffstat_read_memory(ctx, reader, f->data, f->size, "x.csv", &panel, NULL);
    traffstat_panel_free(panel);
    traffstat_reader_free(reader);
    return status;
}

/* The helper allocates nothing: each failure is met by the caller, and the thread is ended. */
static void memory_may_fail_at_every_allocation_with_two_threads(void **state)
{
    (void) state;
    file f = new_file("place,year,cases\n");
    for (size_t i = 0; f.size < 2 * TRAFFSTAT_I_BLOCK; i++) {
        add(&f, "A long enough name of a place where many cases are counted year by year,2001,1\n");
        add(&f, i % 100 == 0 ? "B,2001,\"1,\n000\"\nC,2001,\"never closed\n" : "B,2001,2\n");
    }
    assert_true(support_try_every_allocation(try_reading, &f) > 20);
    free(f.data);
}

/* ---- the lane ------------------------------------------------------------------------------- */

#define TASKS 1000

typedef struct track {
    size_t order[TASKS];
    size_t count;
} track;

static void note_task(void *arg, size_t task)
{
    track *t = arg;
    t->order[t->count++] = task;
}

static void a_lane_does_what_it_was_given_in_order(void **state)
{
    track t = {.count = 0};
    traffstat_i_lane *lane = NULL;
    assert_ok(*state, traffstat_i_lane_open(*state, note_task, &t, &lane));
    assert_non_null(lane);
    for (size_t i = 0; i < TASKS; i++) {
        traffstat_i_lane_give(lane);
        if (i % 3 == 0) {
            traffstat_i_lane_await(lane, i);
            assert_true(t.count == i + 1);
        }
    }
    traffstat_i_lane_await(lane, TASKS - 1);
    for (size_t i = 0; i < TASKS; i++) {
        assert_int_equal(t.order[i], i);
    }
    traffstat_i_lane_close(lane);
    traffstat_i_lane_close(NULL);
}

static void a_lane_may_be_closed_with_work_left(void **state)
{
    for (size_t given = 0; given < 100; given++) {
        track t = {.count = 0};
        traffstat_i_lane *lane = NULL;
        assert_ok(*state, traffstat_i_lane_open(*state, note_task, &t, &lane));
        for (size_t i = 0; i < given; i++) {
            traffstat_i_lane_give(lane);
        }
        traffstat_i_lane_close(lane);
        assert_true(t.count <= given);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_threads_read_what_one_reads),
        TEST(a_quote_over_blocks_is_taken_back_alike),
        TEST(more_lines_and_fields_than_a_plan_holds_are_read),
        TEST(other_encodings_and_late_ones_are_read_alike),
        TEST(failures_come_in_the_order_of_the_file),
        TEST(limits_hold_on_two_threads),
        TEST(the_read_callback_is_called_by_the_caller_alone),
        TEST(a_long_stream_gets_its_second_thread_on_the_way),
        TEST(progress_rises_and_the_reading_can_be_stopped),
        TEST(memory_may_fail_at_every_allocation_with_two_threads),
        TEST(a_lane_does_what_it_was_given_in_order),
        TEST(a_lane_may_be_closed_with_work_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
