/* Overlaps as a noun, and reading them from files. */
#include <math.h>

#include "unit/overlap_data.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* ---- the noun -------------------------------------------------------------------------------- */

static void an_overlap_keeps_its_patterns_sorted(void **state)
{
    traffstat_ctx *ctx = *state;
    const char *const names[] = {"police", "hotline", "shelter"};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t north = 9;
    size_t south = 9;
    size_t again = 9;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, names, 3, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "north", &north));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "south", &south));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "north", &again));
    assert_int_equal(north, again);
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, south, 6, 2));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, north, 5, 3));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, north, 1, 10));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, north, 5, 4));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, south, 1, 1));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, south, 3, 0));
    assert_ok(ctx, traffstat_overlap_builder_unit(ctx, builder, "episode"));
    assert_ok(ctx, traffstat_overlap_builder_window(ctx, builder, "2013"));
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));

    assert_int_equal(traffstat_overlap_lists(overlap), 3);
    assert_string_equal(traffstat_overlap_list(overlap, 1), "hotline");
    assert_string_equal(traffstat_overlap_list(overlap, 3), "");
    assert_int_equal(traffstat_overlap_strata(overlap), 2);
    assert_string_equal(traffstat_overlap_stratum(overlap, 1), "south");
    assert_string_equal(traffstat_overlap_unit(overlap), "episode");
    assert_string_equal(traffstat_overlap_window(overlap), "2013");
    assert_int_equal(traffstat_overlap_occasions(overlap), 3);
    assert_int_equal(traffstat_overlap_cells(overlap, north), 2);
    assert_int_equal(traffstat_overlap_patterns(overlap, north)[0], 1);
    assert_int_equal(traffstat_overlap_counts(overlap, north)[1], 7);
    assert_int_equal(traffstat_overlap_persons(overlap, north), 17);
    assert_int_equal(traffstat_overlap_cells(overlap, TRAFFSTAT_NONE), 3);
    assert_int_equal(traffstat_overlap_counts(overlap, TRAFFSTAT_NONE)[0], 11);
    assert_int_equal(traffstat_overlap_persons(overlap, TRAFFSTAT_NONE), 20);
    assert_int_equal(traffstat_overlap_captured(overlap, TRAFFSTAT_NONE, 2), 9);
    assert_int_equal(traffstat_overlap_most_captures(overlap, south), 2);
    assert_int_equal(traffstat_overlap_cells(overlap, 2), 0);
    assert_null(traffstat_overlap_patterns(overlap, 2));
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
}

static void frequencies_have_no_lists(void **state)
{
    traffstat_overlap *overlap = overlap_make_frequencies(*state, "hare");
    assert_int_equal(traffstat_overlap_lists(overlap), 0);
    assert_int_equal(traffstat_overlap_occasions(overlap), 6);
    assert_int_equal(traffstat_overlap_persons(overlap, 0), 68);
    assert_int_equal(traffstat_overlap_captured(overlap, 0, 1), 25);
    assert_int_equal(traffstat_overlap_most_captures(overlap, 0), 6);
    assert_int_equal(traffstat_overlap_cells(overlap, 0), 0);
    assert_null(traffstat_overlap_counts(overlap, 0));
    traffstat_overlap_free(overlap);
}

static void names_of_lists_are_checked(void **state)
{
    static const struct {
        const char *names[3];
        traffstat_status status;
        const char *word;
    } cases[] = {
        {{"A", "B", "A"}, TRAFFSTAT_E_CONFLICT, "two lists are called"},
        {{"A", "B:C", "D"}, TRAFFSTAT_E_ARGUMENT, "':' or ','"},
        {{"A", "", "D"}, TRAFFSTAT_E_ARGUMENT, "no name"},
        {{"A", "\xff", "D"}, TRAFFSTAT_E_ARGUMENT, "UTF-8"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        traffstat_overlap_builder *builder = (traffstat_overlap_builder *) state;
        assert_int_equal(traffstat_overlap_builder_new(*state, cases[i].names, 3, &builder),
                         cases[i].status);
        assert_null(builder);
        assert_non_null(strstr(traffstat_ctx_message(*state), cases[i].word));
    }
}

static void the_number_of_lists_is_checked(void **state)
{
    char texts[40][8];
    const char *names[40];
    traffstat_overlap_builder *builder = NULL;
    for (size_t i = 0; i < 40; i++) {
        texts[i][0] = (char) ('a' + i / 10);
        texts[i][1] = (char) ('0' + i % 10);
        texts[i][2] = '\0';
        names[i] = texts[i];
    }
    assert_int_equal(traffstat_overlap_builder_new(*state, names, 1, &builder), TRAFFSTAT_E_NODATA);
    assert_non_null(strstr(traffstat_ctx_message(*state), "at least two"));
    assert_int_equal(traffstat_overlap_builder_new(*state, names, 40, &builder), TRAFFSTAT_E_LIMIT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "40 lists"));
    assert_ok(*state, traffstat_overlap_builder_new(*state, names, TRAFFSTAT_LISTS_MAX, &builder));
    traffstat_overlap_builder_free(builder);
}

static void records_that_cannot_be_are_refused(void **state)
{
    traffstat_ctx *ctx = *state;
    const char *const names[] = {"A", "B"};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, names, 2, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "", &stratum));
    assert_int_equal(traffstat_overlap_builder_finish(ctx, builder, &overlap), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_overlap_builder_add(ctx, builder, 1, 1, 1), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_overlap_builder_add(ctx, builder, 0, 0, 1), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_overlap_builder_add(ctx, builder, 0, 4, 1), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_overlap_builder_add(ctx, builder, 0, 1, -1), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_overlap_builder_captures(ctx, builder, 0, 1, 1),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_overlap_builder_add(ctx, builder, 0, 1, INT64_C(1000000000000000)),
                     TRAFFSTAT_E_LIMIT);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "1000000000000000"));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, 0, 1, TRAFFSTAT_PERSONS_MAX));
    assert_int_equal(traffstat_overlap_builder_add(ctx, builder, 0, 2, 1), TRAFFSTAT_E_LIMIT);
    traffstat_overlap_builder_free(builder);
}

/* Bits 0 and 1 always go together; nobody is on list C. */
static void lists_that_say_nothing_are_refused(void **state)
{
    traffstat_ctx *ctx = *state;
    const char *const names[] = {"A", "B", "C"};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, names, 3, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "", &stratum));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, 3, 10));
    assert_int_equal(traffstat_overlap_builder_finish(ctx, builder, &overlap), TRAFFSTAT_E_NODATA);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "nobody is on the list \"C\""));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, 7, 10));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, 4, 10));
    assert_int_equal(traffstat_overlap_builder_finish(ctx, builder, &overlap),
                     TRAFFSTAT_E_CONFLICT);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "\"A\" and \"B\""));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, 1, 1));
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
}

/* Against a plain table of counts. */
static void many_random_records_add_up(void **state)
{
    traffstat_ctx *ctx = *state;
    const char *const names[] = {"A", "B", "C", "D", "E"};
    int64_t truth[3][32] = {{0}};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    support_rng rng;
    support_rng_init(&rng, 7);
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, names, 5, &builder));
    for (size_t i = 0; i < 5000; i++) {
        static const char *const labels[] = {"x", "y", "z"};
        const size_t which = (size_t) support_rng_between(&rng, 0, 2);
        const uint32_t pattern = (uint32_t) support_rng_between(&rng, 1, 31);
        const int64_t persons = support_rng_between(&rng, 0, 3);
        size_t stratum = 0;
        assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, labels[which], &stratum));
        assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, pattern, persons));
        truth[stratum][pattern] += persons;
    }
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    for (size_t s = 0; s < 3; s++) {
        const uint32_t *patterns = traffstat_overlap_patterns(overlap, s);
        const int64_t *counts = traffstat_overlap_counts(overlap, s);
        for (size_t i = 0; i < traffstat_overlap_cells(overlap, s); i++) {
            assert_int_equal(counts[i], truth[s][patterns[i]]);
            assert_true(i == 0 || patterns[i - 1] < patterns[i]);
            truth[s][patterns[i]] = 0;
        }
        for (size_t i = 0; i < 32; i++) {
            assert_int_equal(truth[s][i], 0);
        }
    }
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct file {
    traffstat_overlap *overlap;
    traffstat_account *account;
    traffstat_status status;
} file;

static file read_with(traffstat_ctx *ctx, const traffstat_reader *reader, const char *text)
{
    file got = {NULL, NULL, TRAFFSTAT_OK};
    got.status = traffstat_overlap_read_memory(ctx, reader, text, strlen(text), "lists.csv",
                                               &got.overlap, &got.account);
    return got;
}

static void close_file(file *of)
{
    traffstat_overlap_free(of->overlap);
    traffstat_account_free(of->account);
}

/* How often a problem was met; -1: never. */
static int64_t problem_count(const traffstat_account *account, const char *code)
{
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (strcmp(problem.code, code) == 0) {
            return problem.count;
        }
    }
    return -1;
}

static void histories_with_counts_are_read(void **state)
{
    file got = read_with(*state, NULL,
                         "LA,NG,GP,count\n1,0,0,54\n0,1,0,463\n1,1,0,15\n"
                         "0,0,1,\"1,204\"\n1,1,0,1\n0,1,1,0\n");
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_lists(got.overlap), 3);
    assert_string_equal(traffstat_overlap_list(got.overlap, 2), "GP");
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 54 + 463 + 16 + 1204);
    assert_int_equal(traffstat_overlap_cells(got.overlap, 0), 4);
    assert_int_equal(traffstat_overlap_counts(got.overlap, 0)[2], 16);
    assert_string_equal(traffstat_account_layout(got.account), "overlap");
    assert_int_equal(traffstat_account_rows_used(got.account), 6);
    assert_int_equal(traffstat_account_problems(got.account), 0);
    assert_int_equal(traffstat_account_columns(got.account), 2);
    assert_string_equal(traffstat_account_column_role(got.account, 0), "lists");
    assert_string_equal(traffstat_account_column_name(got.account, 0), "LA,NG,GP");
    close_file(&got);
}

/* A list may be called N where another column surely is the count. */
static void a_sure_count_beats_one_that_may_be(void **state)
{
    file got = read_with(*state, NULL, "A,N,freq\n1,0,5\n0,1,6\n1,1,2\n");
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_lists(got.overlap), 2);
    assert_string_equal(traffstat_overlap_list(got.overlap, 1), "N");
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 13);
    close_file(&got);
}

static void rows_of_persons_count_one_each(void **state)
{
    file got = read_with(*state, NULL,
                         "id,police,hotline,court\n1,1,0,0\n2,0,1,1\n3,yes,no,no\n"
                         "4,TRUE,FALSE,TRUE\n5,0,1,0\n");
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_lists(got.overlap), 3);
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 5);
    assert_int_equal(traffstat_overlap_captured(got.overlap, 0, 1), 3);
    close_file(&got);
}

static void years_and_places_are_strata(void **state)
{
    static const char text[] = "state,year,A,B,n\nMontana,2017,1,0,5\nMontana,2017,1,1,2\n"
                               "Idaho,2017,0,1,4\nMontana,2018,1,0,6\n";
    traffstat_reader *reader = NULL;
    file got = read_with(*state, NULL, text);
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_strata(got.overlap), 3);
    assert_string_equal(traffstat_overlap_stratum(got.overlap, 0), "Montana 2017");
    assert_string_equal(traffstat_overlap_stratum(got.overlap, 1), "Idaho 2017");
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 7);
    close_file(&got);

    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_stratum(*state, reader, "YEAR"));
    assert_ok(*state,
              traffstat_reader_set_lists(*state, reader, (const char *const[]){"B", "A"}, 2));
    got = read_with(*state, reader, text);
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_strata(got.overlap), 2);
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 11);
    assert_string_equal(traffstat_overlap_list(got.overlap, 0), "B");
    close_file(&got);

    assert_ok(*state, traffstat_reader_set_stratum(*state, reader, "none"));
    assert_ok(*state, traffstat_reader_set_unit(*state, reader, "person"));
    assert_ok(*state, traffstat_reader_set_window(*state, reader, "2017 to 2018"));
    got = read_with(*state, reader, text);
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_strata(got.overlap), 1);
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 17);
    assert_string_equal(traffstat_overlap_window(got.overlap), "2017 to 2018");
    assert_string_equal(traffstat_overlap_unit(got.overlap), "person");
    close_file(&got);
    traffstat_reader_free(reader);
}

static void frequencies_of_captures_are_read(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_occasions(*state, reader, 6));
    file got = read_with(*state, reader, "captures;persons\n1;25\n2;22\n3;13\n");
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_lists(got.overlap), 0);
    assert_int_equal(traffstat_overlap_occasions(got.overlap), 6);
    assert_int_equal(traffstat_overlap_captured(got.overlap, 0, 2), 22);
    assert_string_equal(traffstat_account_layout(got.account), "captures");
    close_file(&got);
    got = read_with(*state, reader, "captures,persons\n1,25\n7,2\n0,9\nx,1\n2,3\n");
    assert_ok(*state, got.status);
    assert_int_equal(problem_count(got.account, "bad_captures"), 3);
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 28);
    close_file(&got);
    traffstat_reader_free(reader);
}

static void bad_records_are_dropped_with_a_word(void **state)
{
    file got = read_with(*state, NULL,
                         "A,B,count\n1,0,5\n0,1,6\n1,1,2\n2,0,1\n1,,1\n1,0,-3\n0,1,2.5\n0,0,9\n"
                         "0,0,0\n1,0\n1,0,<5\n1,0,\n");
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_persons(got.overlap, 0), 13);
    assert_int_equal(problem_count(got.account, "bad_indicator"), 2);
    assert_int_equal(problem_count(got.account, "negative_count"), 1);
    assert_int_equal(problem_count(got.account, "unparsable_count"), 3);
    assert_int_equal(problem_count(got.account, "on_no_list"), 1);
    assert_int_equal(problem_count(got.account, "ragged_row"), 1);
    assert_int_equal(traffstat_account_rows_seen(got.account), 12);
    assert_int_equal(traffstat_account_rows_dropped(got.account), 8);
    close_file(&got);
}

static void strict_reading_stops_at_the_first(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
    file got = read_with(*state, reader, "A,B,count\n1,0,5\n2,0,1\n");
    assert_int_equal(got.status, TRAFFSTAT_E_VALUE);
    assert_null(got.overlap);
    assert_int_equal(traffstat_ctx_error_line(*state), 3);
    close_file(&got);
    traffstat_reader_free(reader);
}

static void files_that_are_no_overlap_are_refused_in_words(void **state)
{
    static const struct {
        const char *text;
        traffstat_status status;
        const char *word;
    } cases[] = {
        {"A,count\n1,5\n", TRAFFSTAT_E_COLUMN, "one list, \"A\""},
        {"count\n5\n", TRAFFSTAT_E_COLUMN, "no columns of lists"},
        {"A,B,count,freq\n1,0,5,5\n", TRAFFSTAT_E_COLUMN, "two columns could be the count"},
        {"A,B,count\n", TRAFFSTAT_E_NODATA, "no record"},
        {"A,B,count\n1,0,x\n", TRAFFSTAT_E_NODATA, "none of 1 records"},
        {"A,B,count\n1,0,5\n", TRAFFSTAT_E_NODATA, "nobody is on the list \"B\""},
        {"A,B,count\n1,1,5\n", TRAFFSTAT_E_CONFLICT, "exactly the same persons"},
        {"A,A,count\n1,1,5\n", TRAFFSTAT_E_CONFLICT, "two lists are called"},
        {"A,B,count\n1,0,1000000000000000\n", TRAFFSTAT_E_LIMIT, "1000000000000000"},
        {"a,b,c,d,e,f,g,h,i,j,kk,l,m,nn,o,p,q\n1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1\n",
         TRAFFSTAT_E_LIMIT, "17 lists"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        file got = read_with(*state, NULL, cases[i].text);
        assert_int_equal(got.status, cases[i].status);
        assert_null(got.overlap);
        assert_non_null(strstr(traffstat_ctx_message(*state), cases[i].word));
        close_file(&got);
    }
}

static void columns_that_were_named_must_be_there(void **state)
{
    static const char text[] = "police,hotline,court,total\n1,0,1,5\n0,1,1,6\n1,1,0,3\n";
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_lists(*state, reader,
                                                 (const char *const[]){"police", "hotlin"}, 2));
    file got = read_with(*state, reader, text);
    assert_int_equal(got.status, TRAFFSTAT_E_COLUMN);
    assert_non_null(strstr(traffstat_ctx_message(*state), "nearest name is \"hotline\""));
    close_file(&got);
    assert_ok(*state, traffstat_reader_set_lists(*state, reader,
                                                 (const char *const[]){"#1", "hotline"}, 2));
    got = read_with(*state, reader, text);
    assert_ok(*state, got.status);
    assert_int_equal(traffstat_overlap_lists(got.overlap), 2);
    close_file(&got);
    assert_ok(*state,
              traffstat_reader_set_lists(*state, reader, (const char *const[]){"#1", "police"}, 2));
    got = read_with(*state, reader, text);
    assert_int_equal(got.status, TRAFFSTAT_E_ARGUMENT);
    close_file(&got);
    assert_int_equal(traffstat_reader_set_lists(*state, reader, (const char *const[]){"a", " "}, 2),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_occasions(*state, reader, 1), TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
}

/* A file read from disk gives what its text gives. */
static void paths_and_streams_read_the_same(void **state)
{
    static const char text[] = "A\tB\tcount\n1\t0\t5\n0\t1\t6\n1\t1\t2\n";
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    traffstat_overlap *overlap = NULL;
    support_temp_folder(folder);
    support_path(path, folder, "lists.tsv");
    support_write(path, text, sizeof text - 1);
    assert_ok(*state, traffstat_overlap_read_path(*state, NULL, path, &overlap, NULL));
    assert_int_equal(traffstat_overlap_persons(overlap, 0), 13);
    traffstat_overlap_free(overlap);
    support_path(path, folder, "nothing.csv");
    assert_int_equal(traffstat_overlap_read_path(*state, NULL, path, &overlap, NULL),
                     TRAFFSTAT_E_IO);
    assert_null(overlap);
    support_remove_folder(folder);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static traffstat_status try_read(traffstat_ctx *ctx, void *arg)
{
    static const char text[] = "year,A,B,count\n2017,1,0,5\n2017,0,1,6\n2018,1,1,2\n2018,9,1,2\n";
    traffstat_overlap *overlap = NULL;
    traffstat_account *account = NULL;
    traffstat_reader *reader = NULL;
    (void) arg;
    traffstat_status status = traffstat_reader_new(ctx, &reader);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_lists(ctx, reader, (const char *const[]){"A", "B"}, 2);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_unit(ctx, reader, "person");
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_read_memory(ctx, reader, text, sizeof text - 1, "x", &overlap,
                                               &account);
    }
    traffstat_reader_free(reader);
    traffstat_overlap_free(overlap);
    traffstat_account_free(account);
    return status;
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_read, NULL) > 20);
}

#define CTX(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CTX(an_overlap_keeps_its_patterns_sorted),
        CTX(frequencies_have_no_lists),
        CTX(names_of_lists_are_checked),
        CTX(the_number_of_lists_is_checked),
        CTX(records_that_cannot_be_are_refused),
        CTX(lists_that_say_nothing_are_refused),
        CTX(many_random_records_add_up),
        CTX(histories_with_counts_are_read),
        CTX(a_sure_count_beats_one_that_may_be),
        CTX(rows_of_persons_count_one_each),
        CTX(years_and_places_are_strata),
        CTX(frequencies_of_captures_are_read),
        CTX(bad_records_are_dropped_with_a_word),
        CTX(strict_reading_stops_at_the_first),
        CTX(files_that_are_no_overlap_are_refused_in_words),
        CTX(columns_that_were_named_must_be_there),
        CTX(paths_and_streams_read_the_same),
        CTX(no_memory_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
