/* Contexts, messages, memory, texts, options, random streams, parallel loops. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "support/support.h"

/* ---- contexts ------------------------------------------------------------------------------- */

static void a_new_context_has_the_documented_defaults(void **state)
{
    assert_string_equal(traffstat_ctx_message(*state), "");
    assert_int_equal(traffstat_ctx_seed(*state), 1);
    assert_in_range(traffstat_ctx_threads(*state), 1, 256);
    assert_int_equal(traffstat_ctx_error_line(*state), 0);
    assert_int_equal(traffstat_ctx_error_column(*state), 0);
    assert_int_equal(traffstat_ctx_error_offset(*state), -1);
    assert_int_equal(traffstat_ctx_callback_value(*state), 0);
}

static void no_place_for_a_context_and_half_an_allocator_are_refused(void **state)
{
    (void) state;
    support_memory memory;
    support_failing_allocator(&memory, 0);
    memory.allocator.release = NULL;
    traffstat_ctx *ctx = (traffstat_ctx *) &memory;
    assert_int_equal(traffstat_ctx_new(NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_ctx_new(&memory.allocator, &ctx), TRAFFSTAT_E_ARGUMENT);
    assert_null(ctx);
    assert_int_equal(memory.calls, 0);
}

static void a_context_on_the_c_library_needs_no_allocator(void **state)
{
    (void) state;
    traffstat_ctx *ctx = NULL;
    assert_int_equal(traffstat_ctx_new(NULL, &ctx), TRAFFSTAT_OK);
    char *copy = traffstat_i_strdup(ctx, "kept");
    assert_string_equal(copy, "kept");
    traffstat_i_free(ctx, copy);
    traffstat_ctx_free(ctx);
}

static void no_context_is_safe_to_ask_and_to_free(void **state)
{
    (void) state;
    assert_string_equal(traffstat_ctx_message(NULL), "");
    assert_int_equal(traffstat_ctx_seed(NULL), 1);
    assert_int_equal(traffstat_ctx_set_threads(NULL, 2), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_i_fail(NULL, TRAFFSTAT_E_IO, "unheard"), TRAFFSTAT_E_IO);
    traffstat_ctx_set_seed(NULL, 3);
    traffstat_ctx_cancel(NULL);
    traffstat_ctx_free(NULL);
}

static void threads_run_from_1_to_256_and_0_means_the_cores(void **state)
{
    assert_ok(*state, traffstat_ctx_set_threads(*state, 256));
    assert_int_equal(traffstat_ctx_threads(*state), 256);
    assert_int_equal(traffstat_ctx_set_threads(*state, 257), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "257"));
    assert_int_equal(traffstat_ctx_threads(*state), 256);
    assert_ok(*state, traffstat_ctx_set_threads(*state, 0));
    assert_string_equal(traffstat_ctx_message(*state), "");
    assert_in_range(traffstat_ctx_threads(*state), 1, 256);
}

static void every_status_has_its_own_name(void **state)
{
    (void) state;
    const traffstat_status known[] = {0,   -1,  -2,  -3,  -10, -11, -12, -13, -20, -21,
                                      -30, -31, -32, -33, -40, -50, -51, -52, -90};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_int_equal(strncmp(traffstat_status_name(known[i]), "TRAFFSTAT_", 10), 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(traffstat_status_name(known[i]),
                                    traffstat_status_name(known[j]));
        }
    }
    assert_string_equal(traffstat_status_name(TRAFFSTAT_E_PRIOR), "TRAFFSTAT_E_PRIOR");
    assert_string_equal(traffstat_status_name(7), "unknown status");
}

static void the_loaded_version_is_that_of_the_header(void **state)
{
    (void) state;
    char want[32];
    (void) snprintf(want, sizeof want, "%d.%d.%d", TRAFFSTAT_VERSION_MAJOR, TRAFFSTAT_VERSION_MINOR,
                    TRAFFSTAT_VERSION_PATCH);
    assert_string_equal(traffstat_version(), want);
    assert_string_equal(traffstat_version(), TRAFFSTAT_VERSION);
}

/* ---- messages ------------------------------------------------------------------------------- */

static void a_message_and_its_place_last_until_the_next_call(void **state)
{
    traffstat_i_place(*state, 3, 2, 17);
    assert_int_equal(traffstat_i_fail(*state, TRAFFSTAT_E_VALUE, "year %d of %s", 1897, "x"),
                     TRAFFSTAT_E_VALUE);
    assert_string_equal(traffstat_ctx_message(*state), "year 1897 of x");
    assert_int_equal(traffstat_ctx_error_line(*state), 3);
    assert_int_equal(traffstat_ctx_error_column(*state), 2);
    assert_int_equal(traffstat_ctx_error_offset(*state), 17);
    traffstat_i_enter(*state);
    assert_string_equal(traffstat_ctx_message(*state), "");
    assert_int_equal(traffstat_ctx_error_line(*state), 0);
    assert_int_equal(traffstat_ctx_error_offset(*state), -1);
}

static void a_message_may_be_built_on_the_last_one(void **state)
{
    (void) traffstat_i_fail(*state, TRAFFSTAT_E_IO, "no such file");
    (void) traffstat_i_fail(*state, TRAFFSTAT_E_IO, "x.csv: %s", traffstat_ctx_message(*state));
    assert_string_equal(traffstat_ctx_message(*state), "x.csv: no such file");
}

static void a_message_stays_one_line_of_utf8_whatever_it_names(void **state)
{
    (void) traffstat_i_fail(*state, TRAFFSTAT_E_IO, "%s",
                            "a\nb\tc\x7f\xff\xc3 \xc2\x85\xe2\x80\xa8 Zürich");
    assert_string_equal(traffstat_ctx_message(*state), "a?b?c??? ????? Zürich");
}

static void a_long_message_is_cut_between_characters(void **state)
{
    for (size_t lead = 0; lead < 8; lead++) {
        char text[4096];
        memset(text, 'a', lead);
        for (size_t at = lead; at < sizeof text - 5; at += 4) {
            memcpy(text + at, "\xf0\x9f\x93\x88", 5); /* U+1F4C8 */
        }
        (void) traffstat_i_fail(*state, TRAFFSTAT_E_IO, "%s", text);
        const char *message = traffstat_ctx_message(*state);
        const size_t size = strlen(message);
        assert_in_range(size, 1020, 1023);
        assert_int_equal((size - lead) % 4, 0);
        assert_memory_equal(message, text, size);
    }
}

/* ---- memory --------------------------------------------------------------------------------- */

static void memory_comes_zeroed_and_grows_with_its_content(void **state)
{
    unsigned char *bytes = traffstat_i_alloc(*state, 100, 1);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(bytes[i], 0);
        bytes[i] = (unsigned char) i;
    }
    bytes = traffstat_i_realloc(*state, bytes, 100000, 1);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(bytes[i], i);
    }
    bytes = traffstat_i_realloc(*state, bytes, 10, 1);
    assert_int_equal(bytes[9], 9);
    traffstat_i_free(*state, bytes);
    traffstat_i_free(*state, NULL);
}

static void nothing_is_a_block_too(void **state)
{
    void *none = traffstat_i_alloc(*state, 0, 8);
    assert_non_null(none);
    none = traffstat_i_realloc(*state, none, 0, 0);
    assert_non_null(none);
    traffstat_i_free(*state, none);
}

static void a_size_past_all_memory_is_a_limit_not_a_small_block(void **state)
{
    const size_t counts[] = {SIZE_MAX / 2 + 1, SIZE_MAX / 8 + 2, SIZE_MAX / 8};
    for (size_t i = 0; i < 3; i++) {
        traffstat_i_enter(*state);
        assert_null(traffstat_i_alloc(*state, counts[i], 8));
        assert_non_null(strstr(traffstat_ctx_message(*state), "more than memory can address"));
    }
    char *kept = traffstat_i_strdup(*state, "kept");
    assert_null(traffstat_i_realloc(*state, kept, SIZE_MAX, 2));
    assert_string_equal(kept, "kept");
    traffstat_i_free(*state, kept);
}

static void a_failed_growth_changes_nothing(void **state)
{
    (void) state;
    support_memory memory;
    traffstat_ctx *ctx = NULL;
    support_failing_allocator(&memory, 3); /* context, first room, growth */
    assert_int_equal(traffstat_ctx_new(&memory.allocator, &ctx), TRAFFSTAT_OK);
    int64_t *items = NULL;
    size_t capacity = 0;
    assert_true(traffstat_i_reserve(ctx, &items, &capacity, 1, sizeof *items));
    items[0] = 42;
    int64_t *const before = items;
    const size_t room = capacity;
    assert_false(traffstat_i_reserve(ctx, &items, &capacity, capacity + 1, sizeof *items));
    assert_ptr_equal(items, before);
    assert_int_equal(capacity, room);
    assert_int_equal(items[0], 42);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "out of memory"));
    traffstat_i_free(ctx, items);
    traffstat_ctx_free(ctx);
    assert_int_equal(memory.live_blocks, 0);
    assert_int_equal(memory.live_bytes, 0);
}

static void room_at_least_doubles(void **state)
{
    int32_t *items = NULL;
    size_t capacity = 0;
    size_t growths = 0;
    for (size_t i = 0; i < 100000; i++) {
        const size_t before = capacity;
        assert_true(traffstat_i_reserve(*state, &items, &capacity, i + 1, sizeof *items));
        growths += capacity != before ? 1 : 0;
        items[i] = (int32_t) i;
    }
    assert_in_range(growths, 10, 16);
    assert_int_equal(items[99999], 99999);
    traffstat_i_free(*state, items);
}

/* ---- texts ---------------------------------------------------------------------------------- */

static void a_text_grows_piece_by_piece(void **state)
{
    traffstat_text text;
    traffstat_i_text_init(&text, *state);
    assert_string_equal(traffstat_i_text_get(&text), "");
    traffstat_i_text_add(&text, "cases: ");
    traffstat_i_text_add_int(&text, INT64_MIN);
    traffstat_i_text_addf(&text, " %s|%d|%zu ", "é", -7, (size_t) 8);
    traffstat_i_text_add_double(&text, 0.1);
    traffstat_i_text_add(&text, "");
    traffstat_i_text_add_bytes(&text, " \0x", 2);
    traffstat_i_text_add_fixed(&text, 2.0 / 3.0, 3);
    const char want[] = "cases: -9223372036854775808 é|-7|8 0.1 \0000.667";
    assert_int_equal(text.size, sizeof want - 1);
    assert_memory_equal(traffstat_i_text_get(&text), want, sizeof want);
    traffstat_i_text_clear(&text);
}

static void a_long_formatted_piece_arrives_whole(void **state)
{
    traffstat_text text;
    char piece[1001];
    memset(piece, 'p', 1000);
    piece[1000] = '\0';
    for (size_t size = 250; size < 260; size++) { /* around the inner buffer's end */
        traffstat_i_text_init(&text, *state);
        traffstat_i_text_addf(&text, "%.*s|", (int) size, piece);
        assert_int_equal(text.size, size + 1);
        assert_string_equal(traffstat_i_text_get(&text) + size, "|");
        traffstat_i_text_addf(&text, "%s.", piece);
        assert_int_equal(text.size, size + 1002);
        assert_string_equal(traffstat_i_text_get(&text) + size + 1001, ".");
        traffstat_i_text_clear(&text);
    }
}

static void a_finished_text_belongs_to_the_caller(void **state)
{
    traffstat_text text;
    traffstat_text *made = NULL;
    traffstat_i_text_init(&text, *state);
    traffstat_i_text_add(&text, "{}");
    assert_ok(*state, traffstat_i_text_finish(&text, &made));
    assert_string_equal(traffstat_text_data(made), "{}");
    assert_int_equal(traffstat_text_size(made), 2);
    assert_int_equal(text.size, 0);
    traffstat_text_free(made);
    assert_ok(*state, traffstat_i_text_finish(&text, &made));
    assert_string_equal(traffstat_text_data(made), "");
    traffstat_text_free(made);
    traffstat_text_free(NULL);
    char *stolen = traffstat_i_text_steal(&text);
    assert_string_equal(stolen, "");
    traffstat_i_free(*state, stolen);
}

static traffstat_status make_texts(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_text text;
    traffstat_text *made = NULL;
    traffstat_i_text_init(&text, ctx);
    for (int i = 0; i < 100; i++) {
        traffstat_i_text_addf(&text, "%d, ", i);
    }
    char *copy = traffstat_i_strdup(ctx, "copy");
    traffstat_status status =
        copy == NULL ? TRAFFSTAT_E_NOMEM : traffstat_i_text_finish(&text, &made);
    traffstat_i_text_clear(&text);
    traffstat_i_text_add(&text, "second");
    char *stolen = status == TRAFFSTAT_OK ? traffstat_i_text_steal(&text) : NULL;
    if (status == TRAFFSTAT_OK && stolen == NULL) {
        status = TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_text_clear(&text);
    traffstat_i_free(ctx, stolen);
    traffstat_i_free(ctx, copy);
    traffstat_text_free(made);
    return status;
}

static void texts_survive_every_failing_allocation(void **state)
{
    (void) state;
    assert_in_range(support_try_every_allocation(make_texts, NULL), 6, 20);
}

static void utf8_sequences_are_told_from_damage(void **state)
{
    (void) state;
    const struct {
        const char *text;
        size_t size;
        size_t step;
        uint32_t code;
    } cases[] = {
        {"a", 1, 1, 'a'},
        {"\0", 1, 1, 0},
        {"\x7f", 1, 1, 0x7f},
        {"\xc2\x80", 2, 2, 0x80},
        {"\xdf\xbf", 2, 2, 0x7ff},
        {"\xe0\xa0\x80", 3, 3, 0x800},
        {"\xed\x9f\xbf", 3, 3, 0xd7ff},
        {"\xee\x80\x80", 3, 3, 0xe000},
        {"\xef\xbf\xbf", 3, 3, 0xffff},
        {"\xf0\x90\x80\x80", 4, 4, 0x10000},
        {"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
        {"\x80", 1, 0, 0xfffd},             /* continuation alone */
        {"\xc0\x80", 2, 0, 0xfffd},         /* overlong */
        {"\xc1\xbf", 2, 0, 0xfffd},         /* overlong */
        {"\xe0\x9f\xbf", 3, 0, 0xfffd},     /* overlong */
        {"\xf0\x8f\xbf\xbf", 4, 0, 0xfffd}, /* overlong */
        {"\xed\xa0\x80", 3, 0, 0xfffd},     /* surrogate */
        {"\xed\xbf\xbf", 3, 0, 0xfffd},     /* surrogate */
        {"\xf4\x90\x80\x80", 4, 0, 0xfffd}, /* past U+10FFFF */
        {"\xf5\x80\x80\x80", 4, 0, 0xfffd},
        {"\xff", 1, 0, 0xfffd},
        {"\xe2\x82\xac", 2, 0, 0xfffd}, /* cut */
        {"\xc3", 1, 0, 0xfffd},
        {"\xe2\x28\xa1", 3, 0, 0xfffd},
        {"\xf0\x9f\x28\x88", 4, 0, 0xfffd},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t step = 0;
        assert_int_equal(traffstat_i_utf8_step(cases[i].text, cases[i].size), cases[i].step);
        assert_int_equal(traffstat_i_utf8_decode(cases[i].text, cases[i].size, &step),
                         cases[i].code);
        assert_int_equal(step, cases[i].step > 0 ? cases[i].step : 1);
        assert_int_equal(traffstat_i_utf8_valid(cases[i].text, cases[i].size), cases[i].step > 0);
    }
    assert_true(traffstat_i_utf8_valid("", 0));
    assert_true(traffstat_i_utf8_valid("Zürich ₤ 数", strlen("Zürich ₤ 数")));
    assert_false(traffstat_i_utf8_valid("Z\xfcrich", 6));
}

static void letters_fold_in_ascii_only(void **state)
{
    (void) state;
    for (int c = -128; c < 128; c++) {
        const bool upper = c >= 'A' && c <= 'Z';
        assert_int_equal(traffstat_i_lower((char) c), upper ? c + 32 : c);
        assert_int_equal(traffstat_i_is_digit((char) c), c >= '0' && c <= '9');
        assert_int_equal(traffstat_i_is_space((char) c), c == ' ' || (c >= 9 && c <= 13));
    }
    assert_int_equal(traffstat_i_compare_nocase("YEAR", "year"), 0);
    assert_true(traffstat_i_compare_nocase("yea", "year") < 0);
    assert_true(traffstat_i_compare_nocase("year", "Yeaq") > 0);
    assert_true(traffstat_i_compare_nocase("\xc3\x84", "z") > 0);
}

static void edits_are_counted_and_neighbours_may_swap(void **state)
{
    (void) state;
    const struct {
        const char *a;
        const char *b;
        size_t edits;
    } cases[] = {
        {"", "", 0},
        {"", "abc", 3},
        {"year", "YEAR", 0},
        {"year", "yaer", 1},
        {"kitten", "sitting", 3},
        {"saturday", "sunday", 3},
        {"uk-2013", "uk2013", 1},
        {"uk-2013", "us-2031", 2},
        {"ca", "abc", 3}, /* no piece is edited twice: 3, where unrestricted edits give 2 */
        {"aab", "aba", 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(traffstat_i_edit_distance(cases[i].a, cases[i].b), cases[i].edits);
        assert_int_equal(traffstat_i_edit_distance(cases[i].b, cases[i].a), cases[i].edits);
    }
}

static void very_long_texts_have_a_distance_too(void **state)
{
    (void) state;
    char a[1001];
    char b[1001];
    memset(a, 'a', 1000);
    memset(b, 'a', 1000);
    a[1000] = b[1000] = '\0';
    assert_int_equal(traffstat_i_edit_distance(a, b), 0);
    b[500] = 'x';
    assert_int_equal(traffstat_i_edit_distance(a, b), 1);
    memset(b, 'b', 1000);
    assert_int_equal(traffstat_i_edit_distance(a, b), 1000);
    assert_int_equal(traffstat_i_edit_distance(a, ""), 1000);
}

/* ---- options -------------------------------------------------------------------------------- */

struct now_options {
    uint32_t struct_size;
    int32_t order;
    double level;
    double weight;
};

static struct now_options defaults(void)
{
    const struct now_options options = {sizeof options, 2, 0.95, 1.0};
    return options;
}

static void no_options_leave_the_defaults(void **state)
{
    struct now_options out = defaults();
    assert_ok(*state, traffstat_i_read_options(*state, NULL, &out, sizeof out));
    assert_near(out.level, 0.95, 0.0);
}

static void an_older_caller_with_a_shorter_struct_gets_the_defaults(void **state)
{
    const struct now_options old = {16, 3, 0.5, 99.0}; /* weight lies past the caller's size */
    struct now_options out = defaults();
    assert_ok(*state, traffstat_i_read_options(*state, &old, &out, sizeof out));
    assert_int_equal(out.struct_size, sizeof out);
    assert_int_equal(out.order, 3);
    assert_near(out.level, 0.5, 0.0);
    assert_near(out.weight, 1.0, 0.0);
}

static void a_newer_caller_is_served_while_the_unknown_is_zero(void **state)
{
    struct {
        struct now_options known;
        double later[2];
    } newer = {{sizeof newer, 4, 0.9, 2.0}, {0.0, 0.0}};
    struct now_options out = defaults();
    assert_ok(*state, traffstat_i_read_options(*state, &newer, &out, sizeof out));
    assert_int_equal(out.order, 4);
    assert_int_equal(out.struct_size, sizeof out);
    newer.later[1] = 1.0;
    out = defaults();
    assert_int_equal(traffstat_i_read_options(*state, &newer, &out, sizeof out),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(out.order, 2);
}

static void options_that_were_never_filled_are_refused(void **state)
{
    const uint32_t sizes[] = {0, 4, 7, 4097, UINT32_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct now_options out = defaults();
        const struct now_options never = {sizes[i], 9, 0.1, 0.1};
        assert_int_equal(traffstat_i_read_options(*state, &never, &out, sizeof out),
                         TRAFFSTAT_E_ARGUMENT);
        assert_int_equal(out.order, 2);
        assert_non_null(strstr(traffstat_ctx_message(*state), "struct_size"));
    }
}

/* ---- random streams ------------------------------------------------------------------------- */

/* Known answers of philox4x32 with ten rounds, from Random123's own kat_vectors. */
static void philox_gives_its_known_answers(void **state)
{
    (void) state;
    const struct {
        uint32_t counter[4];
        uint32_t key[2];
        uint32_t want[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t got[4];
        traffstat_i_philox(cases[i].counter, cases[i].key, got);
        assert_memory_equal(got, cases[i].want, sizeof got);
    }
}

static void seed_model_replicate_and_index_fill_key_and_counter(void **state)
{
    (void) state;
    uint32_t got[4];
    const uint32_t want[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    traffstat_i_random_block(UINT64_C(0x299f31d0a4093822), 0x03707344, 0x13198a2e,
                             UINT64_C(0x85a308d3243f6a88), got);
    assert_memory_equal(got, want, sizeof got);
}

static void uniforms_stay_inside_0_and_1_and_are_uniform(void **state)
{
    (void) state;
    enum { DRAWS = 200000, BINS = 50 };
    size_t bins[BINS] = {0};
    double sum = 0.0;
    for (uint64_t i = 0; i < DRAWS; i++) {
        const double u = traffstat_i_random_uniform(7, 1, 2, i);
        assert_true(u > 0.0 && u < 1.0);
        bins[(size_t) (u * BINS)]++;
        sum += u;
    }
    double chi2 = 0.0;
    for (size_t i = 0; i < BINS; i++) {
        const double off = (double) bins[i] - (double) DRAWS / BINS;
        chi2 += off * off / ((double) DRAWS / BINS);
    }
    assert_true(chi2 < 85.35); /* 0.999 quantile of chi-squared with 49 degrees of freedom */
    assert_true(chi2 > 23.98); /* and 0.001 quantile: too even is not random either */
    assert_near(sum / DRAWS, 0.5, 0.005);
}

/* ---- long work ------------------------------------------------------------------------------ */

struct seen {
    size_t calls;
    double last;
    bool fell;
    bool elsewhere;
    int32_t answer;
    pthread_t home;
};

static int32_t see(double fraction, void *user)
{
    struct seen *seen = user;
    seen->fell = seen->fell || fraction < seen->last || fraction < 0.0 || fraction > 1.0;
    seen->elsewhere = seen->elsewhere || !pthread_equal(pthread_self(), seen->home);
    seen->last = fraction;
    seen->calls++;
    return seen->answer;
}

static int32_t answer_13(void *user)
{
    ++*(size_t *) user;
    return 13;
}

static void nap(long milliseconds)
{
    const struct timespec time = {0, milliseconds * 1000000};
    (void) nanosleep(&time, NULL);
}

static void progress_is_shown_rarely_and_never_falls(void **state)
{
    struct seen seen = {.home = pthread_self()};
    const double fractions[] = {0.2, 0.1, -1.0, 0.3, 7.0};
    traffstat_ctx_set_progress(*state, see, &seen);
    for (int i = 0; i < 100000; i++) {
        assert_ok(*state, traffstat_i_progress(*state, 0.1));
    }
    assert_in_range(seen.calls, 1, 20); /* 100,000 checks take far less than a second */
    for (size_t i = 0; i < 5; i++) {
        nap(60);
        const size_t before = seen.calls;
        assert_ok(*state, traffstat_i_progress(*state, fractions[i]));
        assert_int_equal(seen.calls, before + 1);
    }
    assert_false(seen.fell);
    assert_near(seen.last, 1.0, 0.0);
}

static void the_closing_1_is_shown_at_once_but_only_once(void **state)
{
    struct seen seen = {.home = pthread_self()};
    traffstat_ctx_set_progress(*state, see, &seen);
    assert_ok(*state, traffstat_i_progress(*state, 0.5));
    assert_ok(*state, traffstat_i_progress(*state, 1.0));
    assert_ok(*state, traffstat_i_progress(*state, 1.0));
    assert_int_equal(seen.calls, 2);
    assert_near(seen.last, 1.0, 0.0);
}

static void what_a_callback_returns_stops_the_call_and_is_kept(void **state)
{
    struct seen seen = {.home = pthread_self(), .answer = 42};
    size_t asked = 0;
    traffstat_ctx_set_progress(*state, see, &seen);
    assert_int_equal(traffstat_i_progress(*state, 0.5), TRAFFSTAT_E_CALLBACK);
    assert_int_equal(traffstat_ctx_callback_value(*state), 42);
    assert_true(traffstat_i_stopped(*state));
    assert_non_null(strstr(traffstat_ctx_message(*state), "42"));
    traffstat_i_enter(*state);
    assert_int_equal(traffstat_ctx_callback_value(*state), 0);
    assert_false(traffstat_i_stopped(*state));
    traffstat_ctx_set_progress(*state, NULL, NULL);
    traffstat_ctx_set_cancel(*state, answer_13, &asked);
    assert_int_equal(traffstat_i_progress(*state, 0.5), TRAFFSTAT_E_CALLBACK);
    assert_int_equal(traffstat_ctx_callback_value(*state), 13);
    assert_int_equal(asked, 1);
}

static traffstat_ctx *signalled;

static void cancel_on_signal(int number)
{
    (void) number;
    traffstat_ctx_cancel(signalled);
}

static void a_signal_handler_may_cancel_until_it_is_cleared(void **state)
{
    struct sigaction old;
    struct sigaction action = {.sa_handler = cancel_on_signal};
    signalled = *state;
    assert_ok(*state, traffstat_i_progress(*state, 0.1));
    (void) sigaction(SIGUSR1, &action, &old);
    (void) raise(SIGUSR1);
    (void) sigaction(SIGUSR1, &old, NULL);
    assert_int_equal(traffstat_i_progress(*state, 0.2), TRAFFSTAT_E_CANCELLED);
    assert_string_equal(traffstat_ctx_message(*state), "cancelled");
    traffstat_i_enter(*state);
    assert_int_equal(traffstat_i_progress(*state, 0.2), TRAFFSTAT_E_CANCELLED);
    traffstat_ctx_clear_cancel(*state);
    assert_ok(*state, traffstat_i_progress(*state, 0.3));
}

enum { TASKS = 500 };

struct work {
    traffstat_ctx *ctx;
    double results[TASKS];
    unsigned char runs[TASKS];
    size_t workers;
    size_t fail_first;
    size_t fail_second;
    size_t cancel_at;
    bool slow;
};

static traffstat_status work(void *arg, size_t task, size_t worker)
{
    struct work *all = arg;
    if (worker >= all->workers) {
        return TRAFFSTAT_E_INTERNAL; /* a failing assert would jump out of another thread */
    }
    all->runs[task]++;
    for (uint64_t i = 0; i < 100; i++) {
        all->results[task] += traffstat_i_random_uniform(11, 1, (uint32_t) task, i);
    }
    if (all->slow) {
        nap(1);
    }
    if (task == all->cancel_at) {
        traffstat_ctx_cancel(all->ctx);
    }
    if (task == all->fail_first) {
        nap(20); /* so that the later one fails earlier, where there are several threads */
        return TRAFFSTAT_E_NUMERIC;
    }
    return task == all->fail_second ? TRAFFSTAT_E_FORMAT : TRAFFSTAT_OK;
}

static struct work *new_work(traffstat_ctx *ctx, uint32_t threads)
{
    struct work *all = calloc(1, sizeof *all);
    assert_non_null(all);
    assert_ok(ctx, traffstat_ctx_set_threads(ctx, threads));
    all->ctx = ctx;
    all->workers = traffstat_i_workers(ctx, TASKS);
    all->fail_first = all->fail_second = all->cancel_at = TASKS;
    return all;
}

static size_t total_runs(const struct work *all)
{
    size_t runs = 0;
    for (size_t i = 0; i < TASKS; i++) {
        assert_true(all->runs[i] <= 1);
        runs += all->runs[i];
    }
    return runs;
}

static void results_are_the_same_for_every_number_of_threads(void **state)
{
    const uint32_t threads[] = {1, 2, 7, 256};
    struct work *one = new_work(*state, 1);
    assert_ok(*state, traffstat_i_parallel(*state, TASKS, work, one));
    for (size_t i = 0; i < 4; i++) {
        struct work *many = new_work(*state, threads[i]);
        assert_ok(*state, traffstat_i_parallel(*state, TASKS, work, many));
        assert_int_equal(total_runs(many), TASKS);
        assert_memory_equal(many->results, one->results, sizeof one->results);
        free(many);
    }
    free(one);
}

static void no_task_is_done_at_once_and_workers_never_outnumber_tasks(void **state)
{
    assert_ok(*state, traffstat_i_parallel(*state, 0, NULL, NULL));
    assert_ok(*state, traffstat_ctx_set_threads(*state, 7));
    assert_int_equal(traffstat_i_workers(*state, 0), 1);
    assert_int_equal(traffstat_i_workers(*state, 3), 3);
    assert_int_equal(traffstat_i_workers(*state, 1000), 7);
}

static void the_lowest_failing_task_names_the_status(void **state)
{
    const uint32_t threads[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        struct work *all = new_work(*state, threads[i]);
        all->fail_first = 20;
        all->fail_second = 21;
        assert_int_equal(traffstat_i_parallel(*state, TASKS, work, all), TRAFFSTAT_E_NUMERIC);
        assert_true(total_runs(all) < TASKS);
        assert_string_equal(traffstat_ctx_message(*state),
                            "part 21 of 500 failed (TRAFFSTAT_E_NUMERIC)");
        for (size_t task = 0; task <= 20; task++) {
            assert_int_equal(all->runs[task], 1);
        }
        free(all);
    }
}

static void a_cancelled_loop_stops_early(void **state)
{
    const uint32_t threads[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        struct work *all = new_work(*state, threads[i]);
        all->cancel_at = 10;
        all->slow = true;
        traffstat_i_enter(*state);
        assert_int_equal(traffstat_i_parallel(*state, TASKS, work, all), TRAFFSTAT_E_CANCELLED);
        assert_in_range(total_runs(all), 11, 100);
        assert_string_equal(traffstat_ctx_message(*state), "cancelled");
        traffstat_ctx_clear_cancel(*state);
        free(all);
    }
}

static void a_loop_shows_its_progress_on_the_calling_thread_and_leaves_1_to_the_call(void **state)
{
    const uint32_t threads[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        struct seen seen = {.home = pthread_self()};
        struct work *all = new_work(*state, threads[i]);
        all->slow = true;
        traffstat_ctx_set_progress(*state, see, &seen);
        traffstat_i_progress_span(*state, 0.25, 0.75);
        assert_ok(*state, traffstat_i_parallel(*state, TASKS, work, all));
        assert_false(seen.fell);
        assert_false(seen.elsewhere);
        assert_in_range(seen.calls, 2, 40); /* 500 naps of at least 1 ms, by 1 to 7 workers */
        assert_true(seen.last > 0.25 && seen.last < 0.75);
        free(all);
    }
}

static int32_t stop_when_begun(double fraction, void *user)
{
    (void) user;
    return fraction > 0.0 ? 9 : 0;
}

static void a_callback_stops_a_loop(void **state)
{
    const uint32_t threads[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        struct work *all = new_work(*state, threads[i]);
        all->slow = true;
        traffstat_ctx_set_progress(*state, stop_when_begun, NULL);
        traffstat_i_enter(*state);
        assert_int_equal(traffstat_i_parallel(*state, TASKS, work, all), TRAFFSTAT_E_CALLBACK);
        assert_int_equal(traffstat_ctx_callback_value(*state), 9);
        assert_true(total_runs(all) < TASKS);
        free(all);
    }
}

struct meeting {
    traffstat_ctx *ctx;
    atomic_int helper_came;
};

/* The calling thread's task ends once the helper has its own, which waits to be stopped. */
static traffstat_status wait_on_the_helper(void *arg, size_t task, size_t worker)
{
    struct meeting *meeting = arg;
    (void) task;
    if (worker == 0) {
        for (int i = 0; i < 5000 && atomic_load(&meeting->helper_came) == 0; i++) {
            nap(1);
        }
        return TRAFFSTAT_OK;
    }
    atomic_store(&meeting->helper_came, 1);
    for (int i = 0; i < 5000 && !traffstat_i_stopped(meeting->ctx); i++) {
        nap(1);
    }
    return traffstat_i_stopped(meeting->ctx) ? TRAFFSTAT_E_CANCELLED : TRAFFSTAT_OK;
}

static int32_t stop_the_third_time(double fraction, void *user)
{
    (void) fraction;
    return ++*(int32_t *) user >= 3 ? 5 : 0;
}

static void callbacks_go_on_while_the_last_task_runs_and_reach_it(void **state)
{
    int32_t calls = 0;
    struct meeting meeting = {.ctx = *state};
    assert_ok(*state, traffstat_ctx_set_threads(*state, 2));
    traffstat_ctx_set_progress(*state, stop_the_third_time, &calls);
    traffstat_i_enter(*state);
    assert_int_equal(traffstat_i_parallel(*state, 2, wait_on_the_helper, &meeting),
                     TRAFFSTAT_E_CALLBACK);
    assert_int_equal(traffstat_ctx_callback_value(*state), 5);
    assert_int_equal(calls, 3);
}

#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CTX(a_new_context_has_the_documented_defaults),
        cmocka_unit_test(no_place_for_a_context_and_half_an_allocator_are_refused),
        cmocka_unit_test(a_context_on_the_c_library_needs_no_allocator),
        cmocka_unit_test(no_context_is_safe_to_ask_and_to_free),
        WITH_CTX(threads_run_from_1_to_256_and_0_means_the_cores),
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(the_loaded_version_is_that_of_the_header),
        WITH_CTX(a_message_and_its_place_last_until_the_next_call),
        WITH_CTX(a_message_may_be_built_on_the_last_one),
        WITH_CTX(a_message_stays_one_line_of_utf8_whatever_it_names),
        WITH_CTX(a_long_message_is_cut_between_characters),
        WITH_CTX(memory_comes_zeroed_and_grows_with_its_content),
        WITH_CTX(nothing_is_a_block_too),
        WITH_CTX(a_size_past_all_memory_is_a_limit_not_a_small_block),
        cmocka_unit_test(a_failed_growth_changes_nothing),
        WITH_CTX(room_at_least_doubles),
        WITH_CTX(a_text_grows_piece_by_piece),
        WITH_CTX(a_long_formatted_piece_arrives_whole),
        WITH_CTX(a_finished_text_belongs_to_the_caller),
        cmocka_unit_test(texts_survive_every_failing_allocation),
        cmocka_unit_test(utf8_sequences_are_told_from_damage),
        cmocka_unit_test(letters_fold_in_ascii_only),
        cmocka_unit_test(edits_are_counted_and_neighbours_may_swap),
        cmocka_unit_test(very_long_texts_have_a_distance_too),
        WITH_CTX(no_options_leave_the_defaults),
        WITH_CTX(an_older_caller_with_a_shorter_struct_gets_the_defaults),
        WITH_CTX(a_newer_caller_is_served_while_the_unknown_is_zero),
        WITH_CTX(options_that_were_never_filled_are_refused),
        cmocka_unit_test(philox_gives_its_known_answers),
        cmocka_unit_test(seed_model_replicate_and_index_fill_key_and_counter),
        cmocka_unit_test(uniforms_stay_inside_0_and_1_and_are_uniform),
        WITH_CTX(progress_is_shown_rarely_and_never_falls),
        WITH_CTX(the_closing_1_is_shown_at_once_but_only_once),
        WITH_CTX(what_a_callback_returns_stops_the_call_and_is_kept),
        WITH_CTX(a_signal_handler_may_cancel_until_it_is_cleared),
        WITH_CTX(results_are_the_same_for_every_number_of_threads),
        WITH_CTX(no_task_is_done_at_once_and_workers_never_outnumber_tasks),
        WITH_CTX(the_lowest_failing_task_names_the_status),
        WITH_CTX(a_cancelled_loop_stops_early),
        WITH_CTX(a_loop_shows_its_progress_on_the_calling_thread_and_leaves_1_to_the_call),
        WITH_CTX(a_callback_stops_a_loop),
        WITH_CTX(callbacks_go_on_while_the_last_task_runs_and_reach_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
