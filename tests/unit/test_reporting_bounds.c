/* Bounds: what follows when only limits of the reporting rate are granted. Against the table
 * partial_id_bounds of the reference (R 4.2.2), the figures that METHODS-reporting gives for 7 and
 * 0.1..0.5, and bands found here by adding up binomial tails. */
#include <math.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/rate.h>
#include <traffstat/reporting.h>

/* ---- helpers --------------------------------------------------------------------------------- */

static traffstat_cell cell(int32_t year, int64_t lower, int64_t upper)
{
    return (traffstat_cell){.lower = lower,
                            .upper = upper,
                            .population = NAN,
                            .coverage = NAN,
                            .year = year,
                            .places = 1};
}

static traffstat_panel *make_panel(traffstat_ctx *ctx, const traffstat_cell *cells, size_t count)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", "Missoula",
                                                  "cases investigated by police", "", "", &series));
    for (size_t i = 0; i < count; i++) {
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cells[i]));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_bounds_options settings(double lower, double upper)
{
    traffstat_bounds_options options;
    traffstat_bounds_options_init(&options, sizeof options);
    options.lower = lower;
    options.upper = upper;
    return options;
}

static traffstat_estimate *bounds_of(traffstat_ctx *ctx, const traffstat_cell *cells, size_t count,
                                     const traffstat_bounds_options *options)
{
    traffstat_panel *panel = make_panel(ctx, cells, count);
    traffstat_estimate *estimate = NULL;
    assert_ok(ctx, traffstat_bounds(ctx, panel, options, &estimate));
    traffstat_panel_free(panel);
    return estimate;
}

static double end_of(const traffstat_estimate *estimate, size_t row, const char *band,
                     const char *end)
{
    const traffstat_detail *all =
        traffstat_detail_find(traffstat_estimate_row_details(estimate, row), "bounds");
    assert_non_null(all);
    const traffstat_detail *of = traffstat_detail_find(all, band);
    assert_non_null(of);
    return traffstat_detail_number(traffstat_detail_find(of, end));
}

/* Entry `i` of the break-even list. */
static const traffstat_detail *breakeven(const traffstat_estimate *estimate, size_t i)
{
    return traffstat_detail_at(
        traffstat_detail_find(traffstat_estimate_details(estimate), "breakeven"), i);
}

static double number_in(const traffstat_detail *node, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(node, name));
}

static const char *says(const traffstat_detail *node)
{
    return traffstat_detail_text(traffstat_detail_find(node, "says"));
}

/* ---- bands ----------------------------------------------------------------------------------- */

static void moment_bands_are_those_of_the_reference(void **state)
{
    static const struct {
        int64_t count;
        double lower;
        double upper;
        double n_upper;
        double n_lower;
    } rows[] = {
        {7, 0.1, 0.5, 70, 14},
        {7, 0.2, 0.6, 35, 11.666666666666668},
        {7, 0.3, 0.7, 23.333333333333336, 10},
        {7, 0.5, 1, 14, 7},
        {8, 0.2, 0.6, 40, 13.333333333333334},
        {8, 0.3, 0.7, 26.666666666666668, 11.428571428571429},
        {8, 0.5, 1, 16, 8},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const traffstat_cell one = cell(2017, rows[i].count, rows[i].count);
        const traffstat_bounds_options options = settings(rows[i].lower, rows[i].upper);
        traffstat_estimate *got = bounds_of(*state, &one, 1, &options);
        assert_near(end_of(got, 0, "moment", "lower"), rows[i].n_lower, 1e-12);
        assert_near(end_of(got, 0, "moment", "upper"), rows[i].n_upper, 1e-12);
        traffstat_estimate_free(got);
    }
}

static void seven_between_a_tenth_and_a_half(void **state)
{
    traffstat_cell one = cell(2017, 7, 7);
    one.population = 50000.0;
    const traffstat_bounds_options options = settings(0.1, 0.5);
    traffstat_estimate *got = bounds_of(*state, &one, 1, &options);
    traffstat_estimate_row row;
    assert_ok(*state, traffstat_estimate_row_get(got, 0, &row));
    assert_int_equal(traffstat_estimate_kind(got), TRAFFSTAT_KIND_BOUND);
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_CAUTION);
    assert_true(isnan(row.estimate));
    assert_near(row.lower, 8.0, 0.0);
    assert_near(row.upper, 140.0, 0.0);
    assert_near(row.unreported_lower, 1.0, 0.0);
    assert_near(row.unreported_upper, 133.0, 0.0);
    /* Garwood's interval of 7 is 2.8143630515198672 to 14.422675361702378 */
    assert_near(end_of(got, 0, "expected", "lower"), 2.8143630515198672 / 0.5, 1e-10);
    assert_near(end_of(got, 0, "expected", "upper"), 14.422675361702378 / 0.1, 1e-10);
    assert_near(end_of(got, 0, "rate", "upper"), 14.422675361702378 / 0.1 * 2.0, 1e-10);
    assert_near(end_of(got, 0, "moment_rate", "lower"), 28.0, 1e-12);
    traffstat_estimate_free(got);
}

/* P(Y = k) of the binomial law, by the ratio of its terms. */
static double binomial_tail(int n, double p, int from, int to)
{
    double term = pow(1.0 - p, n);
    double sum = 0.0;
    for (int k = 0; k <= to; k++) {
        sum += k >= from ? term : 0.0;
        term *= (double) (n - k) / (k + 1) * p / (1.0 - p);
    }
    return sum;
}

static void the_realised_band_holds_every_number_that_is_not_rejected(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 5);
    for (int trial = 0; trial < 60; trial++) {
        const int y = (int) support_rng_between(&rng, 0, 12);
        const double low = 0.05 + 0.4 * support_rng_uniform(&rng);
        const double high = low + (0.95 - low) * support_rng_uniform(&rng);
        int first = -1;
        int last = -1;
        for (int n = y; n < 700; n++) {
            if (binomial_tail(n, low, 0, y) > 0.025) {
                last = n;
            }
            if (first < 0 && binomial_tail(n, high, y, n) > 0.025) {
                first = n;
            }
        }
        const traffstat_cell one = cell(2017, y, y);
        const traffstat_bounds_options options = settings(low, high);
        traffstat_estimate *got = bounds_of(*state, &one, 1, &options);
        assert_near(end_of(got, 0, "realised", "lower"), first, 0.0);
        assert_near(end_of(got, 0, "realised", "upper"), last, 0.0);
        traffstat_estimate_free(got);
    }
}

static void limits_at_zero_and_one(void **state)
{
    const traffstat_cell one = cell(2017, 7, 7);
    traffstat_bounds_options options = settings(0.0, 1.0);
    traffstat_estimate *got = bounds_of(*state, &one, 1, &options);
    traffstat_estimate_row row;
    assert_ok(*state, traffstat_estimate_row_get(got, 0, &row));
    assert_near(row.lower, 7.0, 0.0);
    assert_true(isnan(row.upper));
    assert_true(isnan(end_of(got, 0, "moment", "upper")));
    traffstat_estimate_free(got);

    options = settings(1.0, 1.0); /* every case is counted */
    got = bounds_of(*state, &one, 1, &options);
    assert_ok(*state, traffstat_estimate_row_get(got, 0, &row));
    assert_near(row.lower, 7.0, 0.0);
    assert_near(row.upper, 7.0, 0.0);
    traffstat_estimate_free(got);
}

static void a_count_of_zero_has_bounds(void **state)
{
    const traffstat_cell none = cell(2017, 0, 0);
    const traffstat_bounds_options options = settings(0.1, 0.5);
    traffstat_estimate *got = bounds_of(*state, &none, 1, &options);
    traffstat_estimate_row row;
    assert_ok(*state, traffstat_estimate_row_get(got, 0, &row));
    assert_near(row.lower, 0.0, 0.0);
    /* the last n with 0.9^n > 0.025 */
    assert_near(row.upper, floor(log(0.025) / log(0.9)), 0.0);
    traffstat_estimate_free(got);
}

static void interval_counts_and_missing_ones(void **state)
{
    traffstat_cell cells[] = {cell(2015, 0, 4), cell(2016, 2, TRAFFSTAT_NO_UPPER), cell(2017, 0, 0),
                              cell(2018, -3, -3)};
    cells[2].why = TRAFFSTAT_WHY_NOT_REPORTED;
    const traffstat_bounds_options options = settings(0.1, 0.5);
    traffstat_estimate *got = bounds_of(*state, cells, 4, &options);
    traffstat_estimate_row row;
    assert_ok(*state, traffstat_estimate_row_get(got, 0, &row));
    assert_near(end_of(got, 0, "moment", "lower"), 0.0, 0.0);
    assert_near(end_of(got, 0, "moment", "upper"), 40.0, 1e-12);
    assert_true(isnan(row.unreported_lower));
    assert_ok(*state, traffstat_estimate_row_get(got, 1, &row));
    assert_near(row.lower, 2.0, 0.0); /* 2 of 2 at 0.5 is no rarity */
    assert_true(isnan(row.upper));
    assert_ok(*state, traffstat_estimate_row_get(got, 2, &row));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_ok(*state, traffstat_estimate_row_get(got, 3, &row));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_ok(*state, traffstat_estimate_total(got, &row));
    assert_true(isnan(row.upper));
    traffstat_estimate_free(got);
}

static void coverage_multiplies_the_limits(void **state)
{
    traffstat_cell half = cell(2017, 7, 7);
    half.coverage = 0.5;
    const traffstat_cell whole = cell(2017, 7, 7);
    const traffstat_bounds_options wide = settings(0.2, 1.0);
    const traffstat_bounds_options same = settings(0.1, 0.5);
    traffstat_estimate *covered = bounds_of(*state, &half, 1, &wide);
    traffstat_estimate *plain = bounds_of(*state, &whole, 1, &same);
    static const char *const bands[] = {"moment", "expected", "realised"};
    for (size_t i = 0; i < 3; i++) {
        assert_near(end_of(covered, 0, bands[i], "lower"), end_of(plain, 0, bands[i], "lower"),
                    1e-14);
        assert_near(end_of(covered, 0, bands[i], "upper"), end_of(plain, 0, bands[i], "upper"),
                    1e-14);
    }
    traffstat_estimate_free(covered);
    traffstat_estimate_free(plain);
}

static void the_envelope_is_that_of_the_extreme_priors(void **state)
{
    const traffstat_cell one = cell(2017, 7, 7);
    traffstat_bounds_options options = settings(0.1, 0.4);
    options.envelope_size = 20.0;
    traffstat_estimate *got = bounds_of(*state, &one, 1, &options);
    /* missoula_prior_sensitivity (R 4.2.2): 7 counted, mean 0.1, size 20: 77, up to 566; and the
     * issue's Beta(8,12): 9 to 41, median 17 */
    assert_near(end_of(got, 0, "envelope", "upper"), 566.0, 0.0);
    assert_near(end_of(got, 0, "envelope", "median_upper"), 77.0, 0.0);
    assert_near(end_of(got, 0, "envelope", "median_lower"), 17.0, 0.0);
    assert_near(end_of(got, 0, "envelope", "lower"), 9.0, 0.0);
    traffstat_estimate_free(got);
}

static void a_total_adds_the_counts(void **state)
{
    const traffstat_cell cells[] = {cell(2017, 7, 7), cell(2018, 8, 8)};
    const traffstat_cell sum = cell(2018, 15, 15);
    const traffstat_bounds_options options = settings(0.1, 0.5);
    traffstat_estimate *two = bounds_of(*state, cells, 2, &options);
    traffstat_estimate *one = bounds_of(*state, &sum, 1, &options);
    traffstat_estimate_row total;
    traffstat_estimate_row row;
    assert_ok(*state, traffstat_estimate_total(two, &total));
    assert_ok(*state, traffstat_estimate_row_get(one, 0, &row));
    assert_near(total.lower, row.lower, 0.0);
    assert_near(total.upper, row.upper, 0.0);
    assert_near(end_of(two, TRAFFSTAT_NONE, "moment", "upper"), 150.0, 1e-12);
    traffstat_estimate_free(two);
    traffstat_estimate_free(one);
}

/* ---- changes --------------------------------------------------------------------------------- */

static void seven_and_eight_leave_nothing_to_explain(void **state)
{
    const traffstat_cell cells[] = {cell(2017, 7, 7), cell(2018, 8, 8)};
    const traffstat_bounds_options options = settings(0.1, 0.5);
    traffstat_estimate *got = bounds_of(*state, cells, 2, &options);
    const traffstat_detail *entry = breakeven(got, 0);
    assert_int_equal(traffstat_detail_integer(traffstat_detail_find(entry, "distinguishable")), 0);
    assert_int_equal(traffstat_detail_size(traffstat_detail_find(entry, "vanishes")), 0);
    assert_non_null(strstr(says(entry), "cannot be told apart from chance (exact p = 1)"));
    assert_null(strstr(says(entry), "vanish"));
    const traffstat_detail *change = traffstat_detail_at(
        traffstat_detail_find(traffstat_detail_find(traffstat_estimate_details(got), "bounds"),
                              "changes"),
        0);
    assert_near(number_in(traffstat_detail_find(change, "free"), "lower"), 8.0 / 7.0 / 5.0, 1e-14);
    assert_near(number_in(traffstat_detail_find(change, "free_with_chance"), "upper"),
                3.7021929676655576 * 5.0, 1e-10);
    traffstat_estimate_free(got);
}

static void a_rise_vanishes_by_reporting(void **state)
{
    const traffstat_cell cells[] = {cell(2017, 8000, 8000), cell(2018, 9000, 9000)};
    const traffstat_bounds_options options = settings(0.3, 0.5);
    traffstat_estimate *got = bounds_of(*state, cells, 2, &options);
    const traffstat_detail *entry = breakeven(got, 0);
    assert_string_equal(says(entry), "the rise of 12.5 % from 2017 to 2018 vanishes if the "
                                     "reporting rate rose from 40 % to 45 %");
    const traffstat_detail *list = traffstat_detail_find(entry, "vanishes");
    assert_int_equal(traffstat_detail_size(list), 3);
    assert_near(number_in(traffstat_detail_at(list, 1), "from"), 0.4, 1e-14);
    assert_near(number_in(traffstat_detail_at(list, 1), "to"), 0.45, 1e-14);
    assert_near(number_in(traffstat_detail_at(list, 1), "within_bounds"), 1.0, 0.0);
    assert_near(number_in(traffstat_detail_at(list, 2), "within_bounds"), 0.0, 0.0);
    traffstat_estimate_free(got);
}

static void a_fall_and_what_no_reporting_explains(void **state)
{
    const traffstat_cell fall[] = {cell(2017, 9000, 9000), cell(2018, 7200, 7200)};
    const traffstat_cell leap[] = {cell(2017, 100, 100), cell(2018, 400, 400)};
    traffstat_bounds_options options = settings(0.3, 0.5);
    traffstat_estimate *got = bounds_of(*state, fall, 2, &options);
    assert_string_equal(says(breakeven(got, 0)),
                        "the fall of 20 % from 2017 to 2018 vanishes if the reporting rate fell "
                        "from 40 % to 32 %");
    traffstat_estimate_free(got);
    options = settings(0.3, 0.9);
    got = bounds_of(*state, leap, 2, &options);
    assert_non_null(strstr(says(breakeven(got, 0)), "reporting alone cannot explain the rise"));
    traffstat_estimate_free(got);
    options = settings(0.2, 0.5); /* 20 % to 80 %: possible, but not granted */
    got = bounds_of(*state, leap, 2, &options);
    assert_non_null(strstr(says(breakeven(got, 0)), "from 20 % to 80 %, which the limits do not"));
    traffstat_estimate_free(got);
}

static void a_slope_of_twenty_and_a_drift_of_fifteen_leave_less_than_five(void **state)
{
    static const int64_t counts[] = {625, 750, 900, 1080, 1296}; /* 1.2 times the one before */
    traffstat_cell cells[5];
    for (int i = 0; i < 5; i++) {
        cells[i] = cell(2014 + i, counts[i], counts[i]);
    }
    traffstat_bounds_options options = settings(0.2, 0.5);
    options.drift = 15.0;
    traffstat_estimate *got = bounds_of(*state, cells, 5, &options);
    const traffstat_detail *entry = breakeven(got, 1);
    assert_string_equal(traffstat_detail_text(traffstat_detail_find(entry, "of")), "slope");
    assert_near(number_in(entry, "percent_a_year"), 20.0, 1e-10);
    assert_near(number_in(entry, "true_percent_a_year"), 100.0 * (1.2 / 1.15 - 1.0), 1e-9);
    /* the fit is exact, so the error is Poisson's: 1 / sqrt(sum mu (t - mean)^2) */
    double weight = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    for (int i = 0; i < 5; i++) {
        weight += (double) counts[i];
        sum += (double) counts[i] * i;
        squares += (double) counts[i] * i * i;
    }
    const double error = 1.0 / sqrt(squares - sum * sum / weight);
    assert_near(number_in(entry, "lower"), 1.2 * exp(-1.959963984540054 * error), 1e-10);
    assert_near(number_in(entry, "upper"), 1.2 * exp(1.959963984540054 * error), 1e-10);
    assert_non_null(strstr(says(entry), "the rise of 20 % a year from 2014 to 2018 vanishes if the "
                                        "reporting rate rose from 20 % to 41.5 %"));
    traffstat_estimate_free(got);
    double left = 0.0;
    assert_ok(*state, traffstat_breakeven_slope(*state, 20.0, 15.0, &left));
    assert_near(left, 4.3478260869565215, 1e-14);
    assert_int_equal(traffstat_breakeven_slope(*state, -100.0, 15.0, &left), TRAFFSTAT_E_ARGUMENT);
}

static void a_break_has_no_slope(void **state)
{
    traffstat_cell cells[] = {cell(2015, 50, 50), cell(2016, 60, 60), cell(2017, 90, 90)};
    cells[2].flags = TRAFFSTAT_FLAG_BREAK;
    const traffstat_bounds_options options = settings(0.2, 0.5);
    traffstat_estimate *got = bounds_of(*state, cells, 3, &options);
    assert_non_null(strstr(says(breakeven(got, 0)), "2017"));
    assert_non_null(strstr(says(breakeven(got, 1)), "what was counted changed"));
    traffstat_estimate_free(got);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void bad_limits_are_refused(void **state)
{
    static const struct {
        double lower;
        double upper;
        traffstat_status status;
        const char *part;
    } bad[] = {
        {NAN, NAN, TRAFFSTAT_E_PRIOR, "limits"},     {0.5, 0.1, TRAFFSTAT_E_ARGUMENT, "0.5..0.1"},
        {-0.1, 0.5, TRAFFSTAT_E_ARGUMENT, "-0.1"},   {0.1, 1.5, TRAFFSTAT_E_ARGUMENT, "1.5"},
        {0.0, 0.0, TRAFFSTAT_E_ARGUMENT, "above 0"}, {0.1, NAN, TRAFFSTAT_E_ARGUMENT, "nan"}};
    const traffstat_cell one = cell(2017, 7, 7);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    traffstat_estimate *got = (traffstat_estimate *) panel;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const traffstat_bounds_options options = settings(bad[i].lower, bad[i].upper);
        assert_int_equal(traffstat_bounds(*state, panel, &options, &got), bad[i].status);
        assert_null(got);
        assert_non_null(strstr(traffstat_ctx_message(*state), bad[i].part));
    }
    assert_int_equal(traffstat_bounds(*state, panel, NULL, &got), TRAFFSTAT_E_PRIOR);
    traffstat_bounds_options options = settings(0.1, 0.5);
    options.level = NAN;
    assert_int_equal(traffstat_bounds(*state, panel, &options, &got), TRAFFSTAT_E_ARGUMENT);
    options = settings(0.1, 0.5);
    options.envelope_size = -1.0;
    assert_int_equal(traffstat_bounds(*state, panel, &options, &got), TRAFFSTAT_E_ARGUMENT);
    options = settings(0.1, 0.5);
    options.drift = -100.0;
    assert_int_equal(traffstat_bounds(*state, panel, &options, &got), TRAFFSTAT_E_ARGUMENT);
    options = settings(0.1, 0.5);
    assert_int_equal(traffstat_bounds(*state, NULL, &options, &got), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_bounds(*state, panel, &options, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_panel_free(panel);
}

static void options_have_bounds(void **state)
{
    (void) state;
    double least = 0.0;
    double standard = 0.0;
    double greatest = 0.0;
    assert_int_equal(
        traffstat_bounds_options_bounds(TRAFFSTAT_BOUNDS_LOWER, &least, &standard, &greatest),
        TRAFFSTAT_OK);
    assert_true(isnan(standard));
    assert_near(greatest, 1.0, 0.0);
    assert_int_equal(traffstat_bounds_options_bounds(9, &least, &standard, &greatest),
                     TRAFFSTAT_E_ARGUMENT);
}

static traffstat_status try_bounds(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_bounds_options options = settings(0.1, 0.5);
    options.envelope_size = 10.0;
    size_t series = 0;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    for (int i = 0; i < 2 && status == TRAFFSTAT_OK; i++) {
        status = traffstat_panel_builder_series(ctx, builder, "", i == 0 ? "A" : "B", "cases", "",
                                                i == 0 ? "one" : "two", &series);
        for (int32_t year = 2016; year < 2019 && status == TRAFFSTAT_OK; year++) {
            status = traffstat_panel_builder_count(ctx, builder, series, year,
                                                   40 * (year - 2015) * (year - 2015));
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, &panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_bounds(ctx, panel, &options, &estimate);
    }
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_bounds, NULL) > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(moment_bands_are_those_of_the_reference),
        TEST(seven_between_a_tenth_and_a_half),
        TEST(the_realised_band_holds_every_number_that_is_not_rejected),
        TEST(limits_at_zero_and_one),
        TEST(a_count_of_zero_has_bounds),
        TEST(interval_counts_and_missing_ones),
        TEST(coverage_multiplies_the_limits),
        TEST(the_envelope_is_that_of_the_extreme_priors),
        TEST(a_total_adds_the_counts),
        TEST(seven_and_eight_leave_nothing_to_explain),
        TEST(a_rise_vanishes_by_reporting),
        TEST(a_fall_and_what_no_reporting_explains),
        TEST(a_slope_of_twenty_and_a_drift_of_fifteen_leave_less_than_five),
        TEST(a_break_has_no_slope),
        TEST(bad_limits_are_refused),
        TEST(options_have_bounds),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("reporting bounds", tests, NULL, NULL);
}
