/* Denominators from another panel: how series are matched, and what is said of the rest. */
#include <math.h>
#include <string.h>

#include <traffstat/table.h>

#include "support/support.h"
#include "table/table.h"

typedef struct row {
    const char *key;
    const char *place;
    const char *category;
    int32_t year;
    int64_t count;
    double population;
} row;

static traffstat_status build(traffstat_ctx *ctx, const row *rows, size_t count,
                              traffstat_panel **out)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        size_t series = 0;
        const traffstat_cell cell = {.lower = rows[i].count,
                                     .upper = rows[i].count,
                                     .population = rows[i].population,
                                     .coverage = NAN,
                                     .year = rows[i].year};
        status = traffstat_panel_builder_series(ctx, builder, rows[i].key, rows[i].place, "cases",
                                                rows[i].category, "", &series);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_panel_builder_add(ctx, builder, series, &cell);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, out);
    }
    traffstat_panel_builder_free(builder);
    return status;
}

/* What a join gives, and what it lists. */
typedef struct joined {
    traffstat_status status;
    traffstat_panel *counts;
    traffstat_panel *others;
    traffstat_panel *panel;
    traffstat_account *account;
} joined;

static joined join(traffstat_ctx *ctx, const row *counts, size_t count, const row *others,
                   size_t other_count)
{
    joined j = {0};
    j.status = traffstat_i_account_new(ctx, 5, &j.account);
    if (j.status == TRAFFSTAT_OK) {
        j.status = build(ctx, counts, count, &j.counts);
    }
    if (j.status == TRAFFSTAT_OK) {
        j.status = build(ctx, others, other_count, &j.others);
    }
    if (j.status == TRAFFSTAT_OK) {
        j.status = traffstat_panel_join_population(ctx, j.counts, j.others, j.account, &j.panel);
    }
    return j;
}

#define SIZE(list) (sizeof(list) / sizeof((list)[0]))
#define JOIN(counts, others) join(*state, counts, SIZE(counts), others, SIZE(others))

static void drop(joined *j)
{
    traffstat_account_free(j->account);
    traffstat_panel_free(j->counts);
    traffstat_panel_free(j->others);
    traffstat_panel_free(j->panel);
}

static double population(const joined *j, size_t series, int32_t year)
{
    return traffstat_panel_populations(j->panel)[traffstat_panel_find(j->panel, series, year)];
}

/* How often a problem was listed, and what was got in its example `which`. */
static int64_t times(const joined *j, const char *code, size_t which, const char **got)
{
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(j->account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (strcmp(problem.code, code) == 0) {
            traffstat_example example;
            assert_int_equal(traffstat_account_example(j->account, i, which, &example),
                             TRAFFSTAT_OK);
            *got = example.got;
            return problem.count;
        }
    }
    *got = "";
    return 0;
}

static void names_are_matched_whatever_their_case_and_marks(void **state)
{
    static const row counts[] = {{"", "north carolina", "", 2016, 5, NAN},
                                 {"", "north carolina", "", 2017, 6, 1.0},
                                 {"", "D.C.", "", 2016, 7, NAN},
                                 {"", "Guam", "", 2016, 8, 160000.0}};
    static const row others[] = {{"", "North Carolina", "", 2016, 10155000, NAN},
                                 {"", "DC", "", 2016, 3, 681000.5},
                                 {"", "Ohio", "", 2016, 11000000, NAN}};
    const char *got = NULL;
    joined j = JOIN(counts, others);
    assert_ok(*state, j.status);
    assert_near(population(&j, 0, 2016), 10155000.0, 0.0);
    assert_true(isnan(population(&j, 0, 2017))); /* not the old one: one source a series */
    assert_near(population(&j, 1, 2016), 681000.5, 0.0);
    assert_near(population(&j, 2, 2016), 160000.0, 0.0);
    assert_int_equal(times(&j, "population_unmatched", 0, &got), 2);
    assert_string_equal(got, "north carolina: 2017");
    assert_int_equal(times(&j, "population_unmatched", 1, &got), 2);
    assert_string_equal(got, "Guam");
    assert_int_equal(times(&j, "population_unused", 0, &got), 1);
    assert_string_equal(got, "Ohio");
    drop(&j);
}

static void keys_go_before_names(void **state)
{
    static const row counts[] = {{"29189", "St. Louis", "", 2016, 5, NAN},
                                 {"29510", "St. Louis", "", 2016, 6, NAN},
                                 {"30063", "Missoula", "", 2016, 1, NAN}};
    static const row others[] = {{"29510", "St. Louis city", "", 2016, 311404, NAN},
                                 {"29189", "St. Louis County", "", 2016, 998581, NAN},
                                 {"99999", "Missoula", "", 2016, 7, NAN}};
    const char *got = NULL;
    joined j = JOIN(counts, others);
    assert_near(population(&j, 0, 2016), 998581.0, 0.0);
    assert_near(population(&j, 1, 2016), 311404.0, 0.0);
    assert_true(isnan(population(&j, 2, 2016))); /* its key says that it is another place */
    assert_int_equal(times(&j, "population_unmatched", 0, &got), 1);
    assert_string_equal(got, "Missoula");
    drop(&j);
}

static void names_serve_where_keys_are_of_another_kind(void **state)
{
    static const row counts[] = {{"MT0320100", "Missoula", "", 2016, 1, NAN}};
    static const row others[] = {{"30063", "MISSOULA", "", 2016, 73000, NAN}};
    joined j = JOIN(counts, others);
    assert_near(population(&j, 0, 2016), 73000.0, 0.0);
    drop(&j);
}

static void what_stands_for_several_places_matches_none(void **state)
{
    static const row counts[] = {{"", "Washington County", "", 2016, 1, NAN}};
    static const row others[] = {{"01", "Washington County", "", 2016, 10, NAN},
                                 {"05", "Washington County", "", 2016, 20, NAN}};
    static const row keyed[] = {{"01", "Washington County", "", 2016, 1, NAN}};
    static const row sexes[] = {{"01", "Washington County", "female", 2016, 10, NAN},
                                {"01", "Washington County", "male", 2016, 20, NAN}};
    const char *got = NULL;
    joined j = JOIN(counts, others);
    assert_true(isnan(population(&j, 0, 2016)));
    assert_int_equal(times(&j, "population_unmatched", 0, &got), 1);
    assert_int_equal(times(&j, "population_unused", 0, &got), 2);
    drop(&j);
    j = JOIN(keyed, sexes);
    assert_true(isnan(population(&j, 0, 2016)));
    drop(&j);
}

static void hidden_denominators_are_none(void **state)
{
    static const row counts[] = {{"", "A", "", 2016, 1, NAN}, {"", "A", "", 2017, 1, NAN}};
    static const row others[] = {{"", "A", "", 2016, 0, NAN}, {"", "A", "", 2017, 9, NAN}};
    joined j = JOIN(counts, others);
    assert_true(isnan(population(&j, 0, 2016))); /* a population of 0 divides nothing */
    assert_near(population(&j, 0, 2017), 9.0, 0.0);
    drop(&j);
}

static void wrong_arguments_are_refused(void **state)
{
    static const row counts[] = {{"", "A", "", 2016, 1, NAN}};
    traffstat_panel *panel = NULL;
    traffstat_panel *out = NULL;
    assert_ok(*state, build(*state, counts, 1, &panel));
    out = panel;
    assert_int_equal(traffstat_panel_join_population(*state, NULL, panel, NULL, &out),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(out);
    assert_int_equal(traffstat_panel_join_population(*state, panel, NULL, NULL, &out),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_panel_join_population(*state, panel, panel, NULL, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_ok(*state, traffstat_panel_join_population(*state, panel, panel, NULL, &out));
    traffstat_panel_free(out);
    traffstat_panel_free(panel);
}

static traffstat_status try_joining(traffstat_ctx *ctx, void *arg)
{
    static const row counts[] = {{"1", "A", "", 2016, 1, NAN}, {"", "B", "", 2017, 1, NAN}};
    static const row others[] = {{"1", "A", "", 2016, 5, NAN}, {"", "C", "", 2017, 9, NAN}};
    (void) arg;
    joined j = join(ctx, counts, 2, others, 2);
    const traffstat_status status = j.status;
    drop(&j);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_joining, NULL) > 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_are_matched_whatever_their_case_and_marks),
        TEST(keys_go_before_names),
        TEST(names_serve_where_keys_are_of_another_kind),
        TEST(what_stands_for_several_places_matches_none),
        TEST(hidden_denominators_are_none),
        TEST(wrong_arguments_are_refused),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
