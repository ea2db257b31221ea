/* traffstat_trend: what is said of a panel, and its sentences. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/support.h"
#include "unit/rates_data.h"

#include <traffstat/trend.h>

#define NONE (-1) /* a year that was not reported */

static traffstat_panel *panel_of(traffstat_ctx *ctx, const int64_t *counts, size_t n,
                                 int32_t first_year)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", "Missoula", "cases", "", "",
                                                  &series));
    for (size_t i = 0; i < n; i++) {
        const traffstat_cell cell = {.lower = counts[i] == NONE ? 0 : counts[i],
                                     .upper = counts[i] == NONE ? 0 : counts[i],
                                     .population = NAN,
                                     .coverage = NAN,
                                     .year = first_year + (int32_t) i,
                                     .places = 1,
                                     .why = counts[i] == NONE ? TRAFFSTAT_WHY_NOT_REPORTED
                                                              : TRAFFSTAT_WHY_COUNTED};
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_estimate *trend_of(traffstat_ctx *ctx, const int64_t *counts, size_t n)
{
    traffstat_panel *panel = panel_of(ctx, counts, n, 2011);
    traffstat_estimate *out = NULL;
    assert_ok(ctx, traffstat_trend(ctx, panel, NULL, &out));
    traffstat_panel_free(panel);
    return out;
}

static const traffstat_detail *member(const traffstat_estimate *of, const char *a, const char *b)
{
    const traffstat_detail *in = traffstat_detail_find(traffstat_estimate_details(of), a);
    return b == NULL ? in : traffstat_detail_find(in, b);
}

static double number(const traffstat_estimate *of, const char *a, const char *b)
{
    return traffstat_detail_number(member(of, a, b));
}

static void two_years_have_a_change_and_no_trend(void **state)
{
    const int64_t counts[] = {7, 8};
    traffstat_estimate *of = trend_of(*state, counts, 2);
    assert_near(number(of, "change", "p"), 1.0, 0.0);
    assert_near(number(of, "change", "lower"), 0.36214051159332311, 1e-12);
    assert_int_equal(traffstat_detail_kind_of(member(of, "trend", NULL)), TRAFFSTAT_DETAIL_NONE);
    assert_non_null(strstr(traffstat_detail_text(member(of, "trend_reason", NULL)), "at least 3"));
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void coal_has_the_figures_of_r(void **state)
{
    /* R 4.2.2: quasi-Poisson, mk.test */
    traffstat_estimate *of = trend_of(*state, coal, 112);
    assert_near(number(of, "trend", "apc"), -1.8203730057769318, 1e-8);
    assert_near(number(of, "trend", "lower"), -2.326024434370999, 1e-6);
    assert_near(number(of, "trend", "upper"), -1.3121038546446084, 1e-6);
    const traffstat_detail *kendall = member(of, "tests", "mann_kendall");
    assert_near(traffstat_detail_number(traffstat_detail_find(kendall, "S")), -2428.0, 0.0);
    assert_near(traffstat_detail_number(traffstat_detail_find(kendall, "var")), 149579.33333333334,
                1e-13);
    assert_int_equal(traffstat_detail_kind_of(traffstat_detail_find(kendall, "S")),
                     TRAFFSTAT_DETAIL_INTEGER);
    traffstat_estimate_free(of);
}

static void sentences_say_what_the_numbers_say(void **state)
{
    static const struct {
        int64_t counts[6];
        size_t n;
        const char *words[2];
    } rows[] = {
        {{7, 8}, 2, {"7 cases in 2011 and 8 in 2012: no evidence of a change (exact p = 1)", "."}},
        {{8, 7}, 2, {"no evidence of a change", "ratio 0.88"}},
        {{0, 5}, 2, {"0 cases in 2011 and 5 in 2012: no evidence", "no ratio exists"}},
        {{0, 9}, 2, {"a rise that chance", "no ratio exists"}},
        {{9, 0}, 2, {"9 cases in 2011 and 0 in 2012: a fall", "ratio 0.00"}},
        {{0, 0}, 2, {"no evidence of a change", "no ratio exists"}},
        {{1, 2}, 2, {"1 case in 2011 and 2 in 2012", "no evidence"}},
        {{7, 68}, 2, {"a rise that chance alone would not readily produce", "ratio 9.71"}},
        {{68, 7}, 2, {"a fall that chance", "ratio 0.10"}},
        {{100, 100}, 2, {"no evidence of a change (exact p = 1)", "ratio 1.00"}},
        {{5}, 1, {"5 cases in 2011: one year alone tells nothing of change", "."}},
        {{NONE}, 1, {"No year has a count that can be used", "."}},
        {{7, NONE, 9}, 3, {"7 cases in 2011 and 9 in 2013: no evidence", "."}},
        {{10, 20, 40}, 3, {"over 2011", "the count rose by about 100"}},
        {{40, 20, 10}, 3, {"over 2011", "the count fell by about 50"}},
        {{1, 0, 2}, 3, {"too few to put a number to a trend", "(3 in all)"}},
        {{0, 0, 0}, 3, {"0 cases in 2012 and 0 in 2013", "no evidence"}},
        {{0, 0, 50}, 3, {"a rise that chance", "too few to put a number"}},
        {{30, 31, 29, 30}, 4, {"cannot be told from none", "29 cases in 2013 and 30"}},
        {{100, 121, 146, 177, 214, 259}, 6, {"rose by about 21", "2016"}},
        {{259, NONE, 177, 146, 121, 100}, 6, {"fell by about", "over 2011"}},
        {{12, 60, 9, 70, 8, 80}, 6, {"cannot be told from none", "a rise that chance"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_estimate *of = trend_of(*state, rows[i].counts, rows[i].n);
        const char *sentence = traffstat_detail_text(member(of, "sentence", NULL));
        for (int k = 0; k < 2; k++) {
            if (strstr(sentence, rows[i].words[k]) == NULL) {
                fail_msg("\"%s\" lacks \"%s\"", sentence, rows[i].words[k]);
            }
        }
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        assert_null(strstr(sentence, "nan"));
        assert_null(strstr(sentence, "inf"));
        traffstat_estimate_free(of);
    }
}

static void nothing_to_five_has_an_open_end(void **state)
{
    const int64_t counts[] = {0, 5};
    traffstat_estimate *of = trend_of(*state, counts, 2);
    assert_int_equal(traffstat_detail_kind_of(member(of, "change", "upper")),
                     TRAFFSTAT_DETAIL_NONE);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void only_a_panel_without_counts_is_inestimable(void **state)
{
    const int64_t none[] = {NONE, NONE};
    const int64_t one[] = {3};
    traffstat_estimate *of = trend_of(*state, none, 2);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_INESTIMABLE);
    traffstat_estimate_free(of);
    of = trend_of(*state, one, 1);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void wrong_calls_are_refused(void **state)
{
    traffstat_estimate *of = NULL;
    traffstat_trend_options options;
    traffstat_trend_options_init(&options, sizeof options);
    options.level = 1.0;
    const int64_t counts[] = {7, 8};
    traffstat_panel *panel = panel_of(*state, counts, 2, 2017);
    assert_int_equal(traffstat_trend(*state, panel, &options, &of), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_trend(*state, NULL, NULL, &of), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_trend(*state, panel, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_null(of);
    traffstat_panel_free(panel);
}

static traffstat_status try_trend(traffstat_ctx *ctx, void *arg)
{
    traffstat_estimate *of = NULL;
    const traffstat_status status = traffstat_trend(ctx, arg, NULL, &of);
    assert_true((status == TRAFFSTAT_OK) == (of != NULL));
    traffstat_estimate_free(of);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    const int64_t counts[] = {7, 8, 5, 9, 12};
    traffstat_panel *panel = panel_of(*state, counts, 5, 2014);
    assert_true(support_try_every_allocation(try_trend, panel) > 30);
    traffstat_panel_free(panel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_years_have_a_change_and_no_trend),
        cmocka_unit_test(coal_has_the_figures_of_r),
        cmocka_unit_test(sentences_say_what_the_numbers_say),
        cmocka_unit_test(nothing_to_five_has_an_open_end),
        cmocka_unit_test(only_a_panel_without_counts_is_inestimable),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
