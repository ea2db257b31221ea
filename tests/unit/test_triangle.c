/* A panel as a reporting triangle: series are the years of cases, years those of reports. Claims of
 * Taylor & Ashe (1983), as in test_delay.c, with the numbers of R 4.2.2's ChainLadder 0.2.15. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/delay.h>
#include <traffstat/report.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define OPEN (-1) /* not known yet, or not reported */
#define HIDDEN (-5)
#define BELOW (-7) /* a count below zero */

static const int64_t genins[10][10] = {
    {357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463},
    {352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085, OPEN},
    {290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315, OPEN, OPEN},
    {310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268, OPEN, OPEN, OPEN},
    {443160, 1136350, 2128333, 2897821, 3402672, 3873311, OPEN, OPEN, OPEN, OPEN},
    {396132, 1333217, 2180715, 2985752, 3691712, OPEN, OPEN, OPEN, OPEN, OPEN},
    {440832, 1288463, 2419861, 3483130, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN},
    {359480, 1421128, 2864498, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN},
    {376686, 1363294, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN},
    {344014, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN}};

/* counts: rows x columns by delay; the years of cases begin in 2001. `back`: the last year first. */
static traffstat_panel *panel_of(traffstat_ctx *ctx, const int64_t *counts, size_t rows,
                                 size_t columns, bool back)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t k = 0; k < rows; k++) {
        const size_t i = back ? rows - 1 - k : k;
        char name[16];
        size_t series = 0;
        (void) snprintf(name, sizeof name, "%zu", 2001 + i);
        assert_ok(ctx,
                  traffstat_panel_builder_series(ctx, builder, "", name, "cases", "", "", &series));
        for (size_t d = 0; d < columns; d++) {
            const int64_t count = counts[i * columns + d];
            const traffstat_cell cell = {.lower = count == BELOW ? -2
                                                  : count < 0    ? 0
                                                                 : count,
                                         .upper = count == BELOW    ? -2
                                                  : count == HIDDEN ? 4
                                                  : count < 0       ? 0
                                                                    : count,
                                         .population = NAN,
                                         .coverage = NAN,
                                         .year = (int32_t) (2001 + i + d),
                                         .places = 1,
                                         .why = count == OPEN ? TRAFFSTAT_WHY_NOT_REPORTED
                                                              : TRAFFSTAT_WHY_COUNTED};
            assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
        }
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_status nowcast(traffstat_ctx *ctx, const int64_t *counts, size_t rows,
                                size_t columns, int32_t cumulative, bool back,
                                traffstat_estimate **out)
{
    traffstat_panel *panel = panel_of(ctx, counts, rows, columns, back);
    traffstat_triangle_options options;
    traffstat_triangle_options_init(&options, sizeof options);
    options.cumulative = cumulative;
    const traffstat_status status = traffstat_nowcast_panel(ctx, panel, &options, out);
    traffstat_panel_free(panel);
    return status;
}

static double of_row(const traffstat_estimate *of, size_t row, const char *name)
{
    return traffstat_detail_number(
        traffstat_detail_find(traffstat_estimate_row_details(of, row), name));
}

static double of_all(const traffstat_estimate *of, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(
        traffstat_detail_find(traffstat_estimate_details(of), "delay"), name));
}

static void the_claims_have_the_chain_ladder_of_r(void **state)
{
    traffstat_estimate *of = NULL;
    assert_ok(*state, nowcast(*state, &genins[0][0], 10, 10, 1, false, &of));
    assert_near(of_all(of, "ladder_to_come"), 18680855.6119, 1e-11);
    assert_near(of_all(of, "phi"), 52601.36, 1e-6);
    assert_near(of_row(of, 0, "ladder"), 3901463, 0);
    assert_near(of_row(of, 1, "ladder"), 5433718.8145487895, 1e-12);
    assert_near(of_row(of, 2, "ladder"), 5378826.2900642399, 1e-12);
    assert_string_equal(traffstat_estimate_row_label(of, 9), "2010");
    assert_string_equal(traffstat_estimate_row_noun(of), "period");
    traffstat_estimate_free(of);
}

/* Late reports of four years, by delay. */
static const int64_t late[16] = {50, 20, 5,    1,    60, 22,   7,    OPEN,
                                 55, 25, OPEN, OPEN, 48, OPEN, OPEN, OPEN};
static const int64_t late_so_far[16] = {50, 70, 75,   76,   60, 82,   89,   OPEN,
                                        55, 80, OPEN, OPEN, 48, OPEN, OPEN, OPEN};

static void each_year_has_the_nowcast_of_its_triangle(void **state)
{
    double reported[16];
    traffstat_nowcast_row rows[4];
    double cdf[4];
    traffstat_estimate *of = NULL;
    for (size_t i = 0; i < 16; i++) {
        reported[i] = late[i] == OPEN ? (double) NAN : (double) late[i];
    }
    assert_ok(*state, traffstat_nowcast(*state, reported, 4, 4, NULL, rows, cdf));
    assert_ok(*state, nowcast(*state, late, 4, 4, 0, false, &of));
    for (size_t i = 0; i < 4; i++) {
        traffstat_estimate_row row;
        assert_ok(*state, traffstat_estimate_row_get(of, i, &row));
        assert_near(row.estimate, rows[i].estimate, 0);
        assert_near(row.lower, rows[i].lower, 0);
        assert_near(row.upper, rows[i].upper, 0);
        assert_near(of_row(of, i, "share"), rows[i].share, 0);
        assert_near(of_row(of, i, "to_come_upper"), rows[i].upper - (double) row.observed_lower, 0);
    }
    const char *sentence =
        traffstat_detail_text(traffstat_detail_find(traffstat_estimate_details(of), "sentence"));
    assert_non_null(strstr(sentence, "48 cases of 2004 had been reported by the end of 2004"));
    assert_non_null(strstr(sentence, "Cases that nobody ever reports are not among them"));
    traffstat_estimate_free(of);
}

static void cumulative_counts_and_the_order_of_years_change_nothing(void **state)
{
    traffstat_estimate *of[3] = {NULL, NULL, NULL};
    traffstat_text *texts[3] = {NULL, NULL, NULL};
    assert_ok(*state, nowcast(*state, late, 4, 4, 0, false, &of[0]));
    assert_ok(*state, nowcast(*state, late_so_far, 4, 4, 1, false, &of[1]));
    assert_ok(*state, nowcast(*state, late, 4, 4, 0, true, &of[2]));
    for (size_t i = 0; i < 3; i++) {
        assert_ok(*state, traffstat_estimate_json(*state, of[i], &texts[i]));
    }
    assert_string_equal(traffstat_text_data(texts[0]), traffstat_text_data(texts[1]));
    assert_string_equal(traffstat_text_data(texts[0]), traffstat_text_data(texts[2]));
    for (size_t i = 0; i < 3; i++) {
        traffstat_text_free(texts[i]);
        traffstat_estimate_free(of[i]);
    }
}

static void a_triangle_with_a_hole_is_refused_with_both_years(void **state)
{
    static const struct {
        int64_t counts[9];
        int32_t cumulative;
        traffstat_status status;
        const char *word;
    } cases[] = {
        {{5, OPEN, 1, 6, 2, OPEN, 7, OPEN, OPEN},
         0,
         TRAFFSTAT_E_VALUE,
         "cases of 2001 reported in 2002: there is no count"},
        {{5, 2, 1, 6, HIDDEN, OPEN, 7, OPEN, OPEN},
         0,
         TRAFFSTAT_E_VALUE,
         "cases of 2002 reported in 2003: only bounds"},
        {{5, 2, BELOW, 6, 2, OPEN, 7, OPEN, OPEN},
         0,
         TRAFFSTAT_E_VALUE,
         "2003: the count is below"},
        {{5, 9, 8, 6, 7, OPEN, 7, OPEN, OPEN},
         1,
         TRAFFSTAT_E_VALUE,
         "a cumulative count that falls"},
        {{5, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN, OPEN}, 0, TRAFFSTAT_E_NODATA, "two years"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        traffstat_estimate *of = NULL;
        assert_int_equal(nowcast(*state, cases[i].counts, 3, 3, cases[i].cumulative, false, &of),
                         cases[i].status);
        if (strstr(traffstat_ctx_message(*state), cases[i].word) == NULL) {
            fail_msg("case %zu: \"%s\"", i, traffstat_ctx_message(*state));
        }
        assert_null(of);
    }
}

static void a_series_that_is_no_year_is_named(void **state)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_estimate *of = NULL;
    size_t series = 0;
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(*state, traffstat_panel_builder_series(*state, builder, "", "Missoula", "cases", "",
                                                     "", &series));
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, series, 2018, 8));
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    traffstat_panel_builder_free(builder);
    assert_int_equal(traffstat_nowcast_panel(*state, panel, NULL, &of), TRAFFSTAT_E_VALUE);
    assert_non_null(strstr(traffstat_ctx_message(*state), "\"Missoula\" is no year"));
    assert_int_equal(traffstat_nowcast_panel(*state, NULL, NULL, &of), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_nowcast_panel(*state, panel, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_panel_free(panel);
}

static void without_a_case_nothing_is_estimated_and_few_years_are_a_caution(void **state)
{
    static const int64_t none[] = {0, 0, 0, OPEN};
    static const int64_t few[] = {9, 30, 8, OPEN};
    traffstat_estimate *of = NULL;
    traffstat_estimate_row row;
    assert_ok(*state, nowcast(*state, none, 2, 2, 0, false, &of));
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_ok(*state, traffstat_estimate_row_get(of, 1, &row));
    assert_true(isnan(row.estimate) && isnan(row.upper));
    traffstat_estimate_free(of);
    assert_ok(*state, nowcast(*state, few, 2, 2, 0, false, &of));
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    assert_string_equal(traffstat_estimate_row_reason(of, 1, 0),
                        "less than half of its cases are in by now");
    assert_ok(*state, traffstat_estimate_row_get(of, 1, &row));
    assert_true(row.lower >= 8 && row.upper > row.estimate);
    traffstat_estimate_free(of);
}

static traffstat_status try_nowcast(traffstat_ctx *ctx, void *arg)
{
    traffstat_estimate *of = NULL;
    const traffstat_status status = traffstat_nowcast_panel(ctx, arg, NULL, &of);
    traffstat_estimate_free(of);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    traffstat_panel *panel = panel_of(*state, late, 4, 4, false);
    assert_true(support_try_every_allocation(try_nowcast, panel) > 30);
    traffstat_panel_free(panel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_claims_have_the_chain_ladder_of_r),
        TEST(each_year_has_the_nowcast_of_its_triangle),
        TEST(cumulative_counts_and_the_order_of_years_change_nothing),
        TEST(a_triangle_with_a_hole_is_refused_with_both_years),
        TEST(a_series_that_is_no_year_is_named),
        TEST(without_a_case_nothing_is_estimated_and_few_years_are_a_caution),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
