/* Sums of series up to a place, a category or a measure. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include <traffstat/table.h>

#include "support/support.h"

typedef struct row {
    const char *key;
    const char *place;
    const char *measure;
    const char *category;
    int32_t year;
    int64_t lower;
    int64_t upper; /* -1: not reported */
    double population;
} row;

/* Two agencies of one county and one of another; B is absent in 2018, C has no number in 2019. */
static const row rows[] = {
    {"A", "Bergen", "cases", "labour", 2018, 3, 3, 100.0},
    {"A", "Bergen", "cases", "sex", 2018, 0, 4, 100.0},
    {"A", "Bergen", "cases", "sex", 2019, 5, 5, 110.0},
    {"B", "Bergen", "cases", "sex", 2019, 2, TRAFFSTAT_NO_UPPER, 40.0},
    {"C", "Essex", "cases", "sex", 2018, 7, 7, NAN},
    {"C", "Essex", "cases", "sex", 2019, 0, -1, 70.0},
    {"C", "Essex", "calls", "sex", 2019, 30, 30, 70.0},
};

static traffstat_panel *panel_of(traffstat_ctx *ctx)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const row *r = &rows[i];
        const bool counted = r->upper >= 0;
        const traffstat_cell cell = {.lower = counted ? r->lower : 0,
                                     .upper = counted ? r->upper : 0,
                                     .population = r->population,
                                     .coverage = NAN,
                                     .year = r->year,
                                     .why = counted ? TRAFFSTAT_WHY_COUNTED
                                                    : TRAFFSTAT_WHY_NOT_REPORTED};
        size_t series = 0;
        assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, r->key, r->place, r->measure,
                                                      r->category, "", &series));
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_panel *sum_by(traffstat_ctx *ctx, traffstat_by by)
{
    traffstat_panel *panel = panel_of(ctx);
    traffstat_panel *sums = NULL;
    assert_ok(ctx, traffstat_panel_aggregate(ctx, panel, by, &sums));
    traffstat_panel_free(panel);
    return sums;
}

static traffstat_cell cell_of(const traffstat_panel *panel, size_t series, int32_t year)
{
    traffstat_cell cell = {0};
    assert_int_equal(traffstat_panel_cell(panel, traffstat_panel_find(panel, series, year), &cell),
                     TRAFFSTAT_OK);
    return cell;
}

static void keys_of_one_name_become_one_series(void **state)
{
    traffstat_panel *sums = sum_by(*state, TRAFFSTAT_BY_JURISDICTION);
    assert_int_equal(traffstat_panel_series(sums), 3); /* Bergen, Essex and Essex' calls */
    assert_string_equal(traffstat_panel_jurisdiction(sums, 0), "Bergen");
    assert_string_equal(traffstat_panel_key(sums, 0), "");
    traffstat_cell cell = cell_of(sums, 0, 2018);
    assert_int_equal(cell.lower, 3);
    assert_int_equal(cell.upper, 7);
    assert_int_equal(cell.places, 1);
    assert_near(cell.population, 100.0, 0.0); /* once, though in two categories */
    assert_int_equal(cell.flags, TRAFFSTAT_FLAG_SUMMED | TRAFFSTAT_FLAG_PARTIAL); /* no B */
    cell = cell_of(sums, 0, 2019);
    assert_int_equal(cell.lower, 7);
    assert_true(cell.upper == TRAFFSTAT_NO_UPPER);
    assert_int_equal(cell.places, 2);
    assert_near(cell.population, 150.0, 0.0);
    assert_int_equal(cell.flags, TRAFFSTAT_FLAG_SUMMED);
    traffstat_panel_free(sums);
}

static void sums_over_places_say_how_many_reported(void **state)
{
    traffstat_panel *sums = sum_by(*state, TRAFFSTAT_BY_MEASURE);
    assert_int_equal(traffstat_panel_series(sums), 2);
    assert_string_equal(traffstat_panel_jurisdiction(sums, 0), "All places");
    assert_string_equal(traffstat_panel_measure(sums, 1), "calls");
    traffstat_cell cell = cell_of(sums, 0, 2018);
    assert_int_equal(cell.lower, 10);
    assert_int_equal(cell.upper, 14);
    assert_int_equal(cell.places, 2);
    assert_true(isnan(cell.population)); /* C's is not known */
    assert_true((cell.flags & TRAFFSTAT_FLAG_PARTIAL) != 0);
    cell = cell_of(sums, 0, 2019);
    assert_int_equal(cell.lower, 7);
    assert_int_equal(cell.places, 2); /* C has a row and no number */
    assert_near(cell.population, 150.0, 0.0);
    assert_true((cell.flags & TRAFFSTAT_FLAG_PARTIAL) != 0);
    cell = cell_of(sums, 1, 2019);
    assert_int_equal(cell.lower, 30);
    assert_int_equal(cell.flags, 0);
    traffstat_panel_free(sums);
}

static void categories_stay_apart_when_places_are_summed(void **state)
{
    traffstat_panel *sums = sum_by(*state, TRAFFSTAT_BY_CATEGORY);
    assert_int_equal(traffstat_panel_series(sums), 3);
    assert_string_equal(traffstat_panel_category(sums, 0), "labour");
    assert_int_equal(cell_of(sums, 0, 2018).lower, 3);
    assert_int_equal(cell_of(sums, 1, 2018).upper, 11);
    traffstat_panel_free(sums);
    sums = sum_by(*state, TRAFFSTAT_BY_KEY);
    assert_int_equal(traffstat_panel_series(sums), 4);
    assert_string_equal(traffstat_panel_key(sums, 1), "B");
    assert_string_equal(traffstat_panel_jurisdiction(sums, 1), "Bergen");
    traffstat_panel_free(sums);
}

static void a_year_that_nobody_reported_has_no_count(void **state)
{
    traffstat_panel *sums = sum_by(*state, TRAFFSTAT_BY_KEY);
    const traffstat_cell cell = cell_of(sums, 2, 2019);
    assert_int_equal(cell.why, TRAFFSTAT_WHY_NOT_REPORTED);
    assert_int_equal(cell.flags, 0);
    traffstat_panel_free(sums);
}

/* ---- groups and totals among categories ------------------------------------------------------ */

typedef struct grouped {
    const char *key;
    const char *place;
    const char *category;
    const char *group;
    int32_t year;
    int64_t count;
} grouped;

static traffstat_panel *grouped_panel(traffstat_ctx *ctx, const grouped *list, size_t count)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < count; i++) {
        size_t series = 0;
        assert_ok(ctx,
                  traffstat_panel_builder_grouped(ctx, builder, list[i].key, list[i].place, "cases",
                                                  list[i].category, "", list[i].group, &series));
        assert_ok(ctx,
                  traffstat_panel_builder_count(ctx, builder, series, list[i].year, list[i].count));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

#define GROUPED(list) grouped_panel(*state, list, sizeof(list) / sizeof((list)[0]))

static void a_place_of_two_groups_is_a_part_of_each(void **state)
{
    static const grouped list[] = {
        {"A", "Fort Worth", "sex", "PARKER", 2018, 3},
        {"A", "Fort Worth", "sex", "TARRANT", 2019, 5},
        {"A", "Fort Worth", "work", "TARRANT", 2019, 2},
        {"B", "Azle", "sex", "TARRANT", 2019, 1},
        {"C", "Crow Agency", "sex", "", 2019, 4},
    };
    traffstat_panel *panel = GROUPED(list);
    traffstat_panel *sums = NULL;
    assert_string_equal(traffstat_panel_group(panel, 1), "TARRANT");
    assert_int_equal(traffstat_panel_series(panel), 5); /* groups tell series apart */
    assert_ok(*state, traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_GROUP, &sums));
    assert_int_equal(traffstat_panel_series(sums), 3);
    assert_string_equal(traffstat_panel_jurisdiction(sums, 0), "PARKER");
    assert_string_equal(traffstat_panel_jurisdiction(sums, 2), "(blank)");
    assert_int_equal(cell_of(sums, 0, 2018).lower, 3);
    assert_int_equal(traffstat_panel_series_count(sums, 0), 1);
    const traffstat_cell cell = cell_of(sums, 1, 2019);
    assert_int_equal(cell.lower, 8);
    assert_int_equal(cell.places, 2);
    assert_int_equal(cell.flags, TRAFFSTAT_FLAG_SUMMED);
    assert_int_equal(cell_of(sums, 2, 2019).lower, 4);
    traffstat_panel_free(sums);
    traffstat_panel_free(panel);
}

static void groups_that_were_not_read_are_an_error(void **state)
{
    traffstat_panel *panel = panel_of(*state);
    traffstat_panel *sums = NULL;
    assert_int_equal(traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_GROUP, &sums),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(sums);
    assert_non_null(strstr(traffstat_ctx_message(*state), "no series is a part of a group"));
    traffstat_panel_free(panel);
}

static void a_total_is_never_added_to_its_parts(void **state)
{
    static const grouped list[] = {
        {"ABW", "Aruba", "by form / Labour / Total", "", 2018, 3},
        {"ABW", "Aruba", "by form / Total / Total", "", 2018, 5},
    };
    traffstat_panel *panel = GROUPED(list);
    traffstat_panel *sums = NULL;
    static const traffstat_by bys[] = {TRAFFSTAT_BY_JURISDICTION, TRAFFSTAT_BY_KEY,
                                       TRAFFSTAT_BY_MEASURE};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(traffstat_panel_aggregate(*state, panel, bys[i], &sums),
                         TRAFFSTAT_E_CONFLICT);
        assert_null(sums);
    }
    assert_non_null(strstr(traffstat_ctx_message(*state),
                           "\"by form / Total / Total\" of Aruba is a total of \"by form / Labour "
                           "/ Total\""));
    assert_ok(*state, traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_CATEGORY, &sums));
    assert_int_equal(traffstat_panel_series(sums), 2);
    traffstat_panel_free(sums);
    traffstat_panel_free(panel);
}

static void categories_that_only_look_like_totals_are_added(void **state)
{
    static const grouped list[] = {
        {"", "A", "Total / Male", "", 2018, 3},  {"", "A", "Labour / Female", "", 2018, 5},
        {"", "B", "Total", "", 2018, 1},         {"", "C", "Labour", "", 2018, 1},
        {"", "D", "Totally other", "", 2018, 1}, {"", "D", "Labour", "", 2018, 1},
        {"", "E", "Total", "", 2018, 1},         {"", "E", "Labour", "", 2019, 1},
    };
    traffstat_panel *panel = GROUPED(list);
    traffstat_panel *sums = NULL;
    assert_ok(*state, traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_MEASURE, &sums));
    assert_int_equal(cell_of(sums, 0, 2018).lower, 13);
    traffstat_panel_free(sums);
    traffstat_panel_free(panel);
}

static void wrong_arguments_are_refused(void **state)
{
    traffstat_panel *panel = panel_of(*state);
    traffstat_panel *sums = panel;
    assert_int_equal(traffstat_panel_aggregate(*state, panel, 4, &sums), TRAFFSTAT_E_ARGUMENT);
    assert_null(sums);
    assert_int_equal(traffstat_panel_aggregate(*state, panel, -1, &sums), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_panel_aggregate(*state, NULL, 0, &sums), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_panel_aggregate(*state, panel, 0, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_panel_free(panel);
}

static void a_sum_too_large_to_hold_is_refused(void **state)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_panel *sums = NULL;
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (int i = 0; i < 2; i++) {
        size_t series = 0;
        assert_ok(*state, traffstat_panel_builder_series(*state, builder, i == 0 ? "A" : "B", "",
                                                         "cases", "", "", &series));
        assert_ok(*state,
                  traffstat_panel_builder_count(*state, builder, series, 2018, INT64_MAX - 1));
    }
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    assert_int_equal(traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_MEASURE, &sums),
                     TRAFFSTAT_E_LIMIT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "2018"));
    assert_null(sums);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
}

static traffstat_status try_summing(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_panel *sums = NULL;
    size_t series = 0;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    if (status == TRAFFSTAT_OK) {
        status =
            traffstat_panel_builder_series(ctx, builder, "A", "B", "cases", "all", "", &series);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_count(ctx, builder, series, 2018, 3);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, &panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_aggregate(ctx, panel, TRAFFSTAT_BY_MEASURE, &sums);
    }
    traffstat_panel_free(panel);
    traffstat_panel_free(sums);
    traffstat_panel_builder_free(builder);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_summing, NULL) > 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_of_one_name_become_one_series),
        TEST(sums_over_places_say_how_many_reported),
        TEST(categories_stay_apart_when_places_are_summed),
        TEST(a_year_that_nobody_reported_has_no_count),
        TEST(a_place_of_two_groups_is_a_part_of_each),
        TEST(groups_that_were_not_read_are_an_error),
        TEST(a_total_is_never_added_to_its_parts),
        TEST(categories_that_only_look_like_totals_are_added),
        TEST(wrong_arguments_are_refused),
        TEST(a_sum_too_large_to_hold_is_refused),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
