/* The thinning model: against the exact figures of R 4.2.2 (sums of 2e5 to 4e6 terms, hyperg_2F1
 * for the normaliser), closed forms, sums made here, and the rules of verdicts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/rate/tail.h"
#include "model/reporting/dist.h"
#include "model/reporting/prior.h"
#include "support/support.h"

#include <traffstat/reporting.h>

#define INVERSE TRAFFSTAT_RATE_INVERSE
#define JEFFREYS TRAFFSTAT_RATE_JEFFREYS
#define GAMMA TRAFFSTAT_RATE_GAMMA

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

static traffstat_thinning_options settings(traffstat_rate_prior rate_prior, double shape,
                                           double rate, double level)
{
    traffstat_thinning_options options;
    traffstat_thinning_options_init(&options, sizeof options);
    options.rate_prior = rate_prior;
    options.gamma_shape = shape;
    options.gamma_rate = rate;
    options.level = level;
    return options;
}

static traffstat_estimate *estimate_cells(traffstat_ctx *ctx, const traffstat_cell *cells,
                                          size_t count, double a, double b,
                                          const traffstat_thinning_options *options)
{
    traffstat_panel *panel = make_panel(ctx, cells, count);
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    assert_ok(ctx, traffstat_prior_beta(ctx, a, b, "a test", &prior));
    assert_ok(ctx, traffstat_thinning(ctx, panel, prior, options, &estimate));
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
    return estimate;
}

static traffstat_estimate_row row_of(traffstat_ctx *ctx, const traffstat_cell *cells, size_t count,
                                     double a, double b, const traffstat_thinning_options *options)
{
    traffstat_estimate *estimate = estimate_cells(ctx, cells, count, a, b, options);
    traffstat_estimate_row row;
    assert_ok(ctx, traffstat_estimate_row_get(estimate, 0, &row));
    traffstat_estimate_free(estimate);
    return row;
}

static traffstat_estimate_row solve(traffstat_ctx *ctx, int64_t count, double a, double b,
                                    traffstat_rate_prior rate_prior, double shape, double rate)
{
    const traffstat_cell one = cell(2018, count, count);
    const traffstat_thinning_options options = settings(rate_prior, shape, rate, 0.95);
    return row_of(ctx, &one, 1, a, b, &options);
}

/* The law of one count, for asking cdf and probabilities directly. */
static void open_dist(traffstat_ctx *ctx, traffstat_i_rule *rule, traffstat_i_dist *dist, int64_t y,
                      double a, double b, traffstat_rate_prior rate_prior, double shape,
                      double rate)
{
    const traffstat_i_belief belief = {
        .a = a, .b = b, .rate_prior = rate_prior, .shape = shape, .rate = rate};
    assert_null(traffstat_i_dist_refusal(&belief, &y, &y, 1));
    assert_ok(ctx, traffstat_i_rule_init(ctx, rule));
    assert_ok(ctx, traffstat_i_dist_init(ctx, dist, rule, &belief, &y, &y, 1));
}

/* ---- figures from elsewhere ------------------------------------------------------------------ */

static void exact_posteriors_are_those_of_r(void **state)
{
    static const struct {
        int64_t count;
        double a;
        double b;
        traffstat_rate_prior rate_prior;
        double shape;
        double rate;
        double mean;
        int median;
        int lower;
        int upper;
        int hdi_lower;
        int hdi_upper;
    } rows[] = {
        {0, 2, 2, GAMMA, 0.5, 0.01, 1.4107129243813503, 0, 0, 11, 0, 6},
        {0, 4, 6, JEFFREYS, 1, 1, 1.1999999999999618, 0, 0, 8, 0, 5},
        {0, 4, 6, GAMMA, 2, 0.1, 4.225825633104149, 3, 0, 17, 0, 13},
        {0, 4, 6, GAMMA, 0.5, 0.01, 1.1284178553040702, 0, 0, 8, 0, 5},
        {0, 8, 12, GAMMA, 2, 0.1, 3.1747399385691364, 2, 0, 12, 0, 10},
        {0, 8, 12, GAMMA, 0.5, 0.01, 0.8910373296180899, 0, 0, 6, 0, 4},
        {0, 20, 30, JEFFREYS, 1, 1, 0.8108108108108121, 0, 0, 5, 0, 4},
        {0, 20, 30, GAMMA, 2, 0.1, 2.675180885380682, 2, 0, 9, 0, 8},
        {0, 9, 1, JEFFREYS, 1, 1, 0.06666666666666671, 0, 0, 1, 0, 1},
        {0, 9, 1, GAMMA, 2, 0.1, 0.28188770889529613, 0, 0, 2, 0, 2},
        {0, 9, 1, GAMMA, 0.5, 0.01, 0.06575028753823026, 0, 0, 1, 0, 1},
        {0, 1, 1, GAMMA, 2, 0.1, 10.000000000000002, 7, 0, 38, 0, 31},
        {0, 1, 1, GAMMA, 0.5, 0.01, 4.524937810560444, 0, 0, 40, 0, 22},
        {0, 3, 27, GAMMA, 2, 0.1, 11.236025914998399, 9, 0, 36, 0, 30},
        {0, 5, 15, JEFFREYS, 1, 1, 2.142857142857111, 1, 0, 13, 0, 9},
        {0, 5, 15, GAMMA, 0.5, 0.01, 1.9828149448039973, 1, 0, 12, 0, 9},
        {1, 2, 2, GAMMA, 2, 0.1, 7.691152216855728, 5, 1, 28, 1, 22},
        {1, 2, 2, GAMMA, 0.5, 0.01, 4.864749780780862, 2, 1, 25, 1, 16},
        {1, 4, 6, JEFFREYS, 1, 1, 4.599999999999815, 3, 1, 18, 1, 14},
        {1, 4, 6, INVERSE, 1, 1, 2.9999999999994973, 2, 1, 12, 1, 9},
        {1, 4, 6, GAMMA, 2, 0.1, 6.787388901113834, 5, 1, 21, 1, 17},
        {1, 4, 6, GAMMA, 0.5, 0.01, 4.328136997756709, 3, 1, 17, 1, 13},
        {1, 8, 12, JEFFREYS, 1, 1, 3.769230769230769, 3, 1, 13, 1, 10},
        {1, 8, 12, INVERSE, 1, 1, 2.7142857142857144, 2, 1, 9, 1, 7},
        {1, 8, 12, GAMMA, 0.5, 0.01, 3.660422928575318, 3, 1, 12, 1, 10},
        {1, 20, 30, INVERSE, 1, 1, 2.5789473684210544, 2, 1, 8, 1, 7},
        {1, 20, 30, GAMMA, 0.5, 0.01, 3.3618511021446054, 3, 1, 10, 1, 8},
        {1, 9, 1, JEFFREYS, 1, 1, 1.2000000000000002, 1, 1, 3, 1, 2},
        {1, 9, 1, INVERSE, 1, 1, 1.125, 1, 1, 2, 1, 2},
        {1, 9, 1, GAMMA, 0.5, 0.01, 1.1969141764702562, 1, 1, 3, 1, 2},
        {1, 3, 27, INVERSE, 1, 1, 14.499999998684759, 8, 1, 68, 1, 48},
        {1, 3, 27, GAMMA, 2, 0.1, 16.30830118832775, 14, 3, 44, 1, 37},
        {1, 5, 15, JEFFREYS, 1, 1, 7.428571428571138, 5, 1, 28, 1, 22},
        {1, 5, 15, INVERSE, 1, 1, 4.749999999999998, 3, 1, 19, 1, 14},
        {1, 5, 15, GAMMA, 2, 0.1, 9.366277326890511, 8, 1, 27, 1, 22},
        {1, 5, 15, GAMMA, 0.5, 0.01, 6.853399589646833, 5, 1, 25, 1, 20},
        {7, 2, 2, GAMMA, 0.5, 0.01, 21.47426532532903, 15, 7, 76, 7, 57},
        {7, 4, 6, JEFFREYS, 1, 1, 24.99999999999588, 20, 9, 74, 7, 57},
        {7, 4, 6, GAMMA, 2, 0.1, 19.23939508926086, 17, 9, 41, 8, 36},
        {7, 4, 6, GAMMA, 0.5, 0.01, 22.285128383246395, 18, 8, 59, 7, 48},
        {7, 20, 30, JEFFREYS, 1, 1, 19.162162162162158, 18, 10, 36, 9, 33},
        {7, 20, 30, INVERSE, 1, 1, 18.052631578947366, 17, 9, 34, 8, 30},
        {7, 20, 30, GAMMA, 2, 0.1, 18.237093114914728, 17, 10, 32, 9, 30},
        {7, 9, 1, JEFFREYS, 1, 1, 8.0, 7, 7, 12, 7, 11},
        {7, 9, 1, INVERSE, 1, 1, 7.875, 7, 7, 12, 7, 11},
        {7, 9, 1, GAMMA, 2, 0.1, 8.12863969918398, 8, 7, 13, 7, 11},
        {7, 9, 1, GAMMA, 0.5, 0.01, 7.974625619274244, 7, 7, 12, 7, 11},
        {7, 1, 1, GAMMA, 2, 0.1, 16.999999999999996, 14, 7, 45, 7, 38},
        {7, 1, 1, GAMMA, 0.5, 0.01, 27.563548818626437, 15, 7, 124, 7, 89},
        {7, 3, 27, GAMMA, 2, 0.1, 39.23817592124907, 37, 17, 75, 14, 69},
        {7, 3, 27, GAMMA, 0.5, 0.01, 77.0655555150234, 65, 22, 203, 15, 171},
        {7, 5, 15, JEFFREYS, 1, 1, 39.14285714281065, 32, 13, 108, 9, 88},
        {7, 5, 15, INVERSE, 1, 1, 33.24999999999951, 28, 11, 88, 9, 73},
        {7, 5, 15, GAMMA, 2, 0.1, 26.062778902906604, 24, 12, 52, 10, 47},
        {7, 5, 15, GAMMA, 0.5, 0.01, 33.9641688030845, 29, 12, 85, 9, 71},
        {8, 2, 2, GAMMA, 2, 0.1, 18.226218133555037, 16, 8, 43, 8, 36},
        {8, 4, 6, INVERSE, 1, 1, 23.999999999833754, 20, 10, 64, 8, 51},
        {8, 4, 6, GAMMA, 2, 0.1, 21.045206856358128, 19, 10, 43, 9, 39},
        {8, 4, 6, GAMMA, 0.5, 0.01, 25.11342575170425, 21, 10, 65, 8, 53},
        {8, 8, 12, JEFFREYS, 1, 1, 23.6923076923077, 21, 11, 52, 9, 45},
        {8, 8, 12, INVERSE, 1, 1, 21.71428571428571, 19, 10, 46, 9, 40},
        {8, 8, 12, GAMMA, 2, 0.1, 20.755020557048557, 19, 11, 39, 9, 35},
        {8, 8, 12, GAMMA, 0.5, 0.01, 22.606148115974445, 20, 10, 48, 9, 42},
        {8, 20, 30, JEFFREYS, 1, 1, 21.78378378378378, 20, 11, 40, 10, 36},
        {8, 20, 30, INVERSE, 1, 1, 20.631578947368414, 19, 11, 38, 10, 35},
        {8, 20, 30, GAMMA, 2, 0.1, 20.372949236103615, 19, 11, 35, 10, 32},
        {8, 20, 30, GAMMA, 0.5, 0.01, 21.252900545474233, 20, 11, 39, 10, 35},
        {8, 9, 1, JEFFREYS, 1, 1, 9.133333333333333, 8, 8, 14, 8, 12},
        {8, 9, 1, INVERSE, 1, 1, 9.0, 8, 8, 13, 8, 12},
        {8, 1, 1, GAMMA, 2, 0.1, 18.0, 15, 8, 46, 8, 39},
        {8, 1, 1, GAMMA, 0.5, 0.01, 29.778334450575425, 17, 8, 129, 8, 94},
        {8, 3, 27, GAMMA, 2, 0.1, 42.393479307415994, 40, 19, 80, 17, 74},
        {8, 3, 27, GAMMA, 0.5, 0.01, 85.07799111247591, 72, 26, 218, 18, 185},
        {8, 5, 15, JEFFREYS, 1, 1, 44.428571428497, 37, 15, 121, 11, 99},
        {8, 5, 15, INVERSE, 1, 1, 37.999999999999154, 32, 13, 99, 10, 81},
        {8, 5, 15, GAMMA, 0.5, 0.01, 38.199105188520036, 33, 14, 93, 11, 79},
        {50, 2, 2, GAMMA, 2, 0.1, 65.37274987144667, 63, 51, 96, 50, 89},
        {50, 2, 2, GAMMA, 0.5, 0.01, 100.51847857385339, 86, 54, 231, 50, 194},
        {50, 4, 6, JEFFREYS, 1, 1, 171.1999999978696, 139, 72, 461, 58, 366},
        {50, 8, 12, JEFFREYS, 1, 1, 143.2307692307693, 131, 79, 276, 70, 244},
        {50, 8, 12, GAMMA, 2, 0.1, 88.23354844930016, 86, 65, 123, 62, 118},
        {50, 20, 30, JEFFREYS, 1, 1, 131.89189189189185, 127, 88, 201, 83, 190},
        {50, 20, 30, INVERSE, 1, 1, 128.94736842105263, 125, 87, 195, 82, 185},
        {50, 20, 30, GAMMA, 0.5, 0.01, 124.54896201971364, 121, 85, 184, 81, 175},
        {50, 9, 1, JEFFREYS, 1, 1, 56.73333333333334, 54, 50, 79, 50, 72},
        {50, 9, 1, INVERSE, 1, 1, 56.25, 54, 50, 77, 50, 71},
        {50, 9, 1, GAMMA, 0.5, 0.01, 56.1285741243678, 54, 50, 76, 50, 70},
        {50, 1, 1, GAMMA, 2, 0.1, 60.0, 57, 50, 88, 50, 81},
        {50, 3, 27, GAMMA, 2, 0.1, 133.0079607087299, 130, 93, 188, 89, 181},
        {50, 5, 15, INVERSE, 1, 1, 237.49999999656652, 206, 105, 559, 84, 469},
        {50, 5, 15, GAMMA, 2, 0.1, 102.5825894028367, 100, 73, 146, 70, 140},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const traffstat_estimate_row got = solve(*state, rows[i].count, rows[i].a, rows[i].b,
                                                 rows[i].rate_prior, rows[i].shape, rows[i].rate);
        assert_near(got.mean, rows[i].mean, 1e-10); /* the sums of R end at 2e5 */
        assert_near(got.estimate, rows[i].median, 0.0);
        assert_near(got.lower, rows[i].lower, 0.0);
        assert_near(got.upper, rows[i].upper, 0.0);
        assert_near(got.hdi_lower, rows[i].hdi_lower, 0.0);
        assert_near(got.hdi_upper, rows[i].hdi_upper, 0.0);
        assert_near(got.unreported, rows[i].median - (double) rows[i].count, 0.0);
        assert_near(got.unreported_upper, rows[i].upper - (double) rows[i].count, 0.0);
    }
}

static void the_figures_of_the_first_case_hold(void **state)
{
    static const struct {
        double a;
        double b;
        double mean;
        double median;
        double lower;
        double upper;
    } rows[] = {
        {8, 12, 19, 17, 9, 41},      {4, 6, 21, 17, 8, 57},   {20, 30, 18.0 + 1.0 / 19, 17, 9, 34},
        {3, 27, 101.5, 73, 22, 349}, {9, 1, 7.875, 7, 7, 12}, {1, 1, NAN, 13, 7, 279}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const traffstat_estimate_row got = solve(*state, 7, rows[i].a, rows[i].b, INVERSE, 1, 1);
        assert_near(got.mean, rows[i].mean, 1e-15);
        assert_near(got.estimate, rows[i].median, 0.0);
        assert_near(got.lower, rows[i].lower, 0.0);
        assert_near(got.upper, rows[i].upper, 0.0);
    }
}

static void eight_cases_under_beta_8_12_are_the_example_of_the_design(void **state)
{
    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_estimate *estimate = estimate_cells(*state, &one, 1, 8, 12, NULL);
    traffstat_estimate_row row;
    traffstat_interval half;
    assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
    assert_near(row.estimate, 19, 0.0);
    assert_near(row.mean, 21.714285714285715, 1e-15);
    assert_near(row.unreported, 11, 0.0);
    assert_near(row.unreported_mean, 13.714285714285714, 1e-15);
    assert_near(row.lower, 10, 0.0);
    assert_near(row.upper, 46, 0.0);
    assert_int_equal(traffstat_estimate_levels(estimate), 2);
    assert_ok(*state, traffstat_estimate_interval(estimate, 0, 0, &half));
    assert_near(half.level, 0.5, 0.0);
    assert_near(half.lower, 15, 0.0);
    assert_near(half.upper, 26, 0.0);
    traffstat_estimate_free(estimate);
}

static void jeffreys_with_a_flat_share_reaches_11606(void **state)
{
    const traffstat_estimate_row got = solve(*state, 7, 1, 1, JEFFREYS, 1, 1);
    assert_near(got.upper, 11606, 0.0);
    assert_true(isnan(got.mean));
}

/* R's sums end too early for these: the closed means. */
static void means_are_closed_forms_and_nan_where_infinite(void **state)
{
    for (int i = 0; i < 60; i++) {
        const double a = 0.6 + 0.7 * (i % 10);
        const double b = 0.3 + 2.5 * (i / 10);
        const double y = 5;
        const double inverse = a > 1 ? y * (a + b - 1) / (a - 1) : NAN;
        const double jeffreys = a > 1.5 ? (y + 0.5) * (a + b - 1.5) / (a - 1.5) - 0.5 : NAN;
        assert_near(solve(*state, 5, a, b, INVERSE, 1, 1).mean, inverse, 1e-13);
        assert_near(solve(*state, 5, a, b, JEFFREYS, 1, 1).mean, jeffreys, 1e-13);
    }
}

/* R's integrate over p at exposure 0.7334, which is a rate of r / 0.7334 here. */
static void gamma_agrees_with_quadrature_over_p(void **state)
{
    static const struct {
        double a;
        double b;
        double share;
        double unreported;
    } rows[] = {{2, 2, 0.52720030096122961, 8.530922043497954},
                {4, 6, 0.41818328193188142, 11.201211414391532},
                {8, 12, 0.40748862103045558, 10.887818772219749},
                {20, 30, 0.40243211659233041, 10.548840022638801},
                {9, 1, 0.89617087000247564, 0.96130889076684056},
                {1, 1, 0.5687627611638123, 8.3426121807508036},
                {3, 27, 0.14867256203822188, 33.905145059322507},
                {5, 15, 0.27697865805213834, 18.519736169866537}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const traffstat_cell one = cell(2018, 7, 7);
        const traffstat_thinning_options options = settings(GAMMA, 1, 0.05 / 0.7334, 0.95);
        traffstat_estimate *estimate =
            estimate_cells(*state, &one, 1, rows[i].a, rows[i].b, &options);
        traffstat_reporting_basis basis;
        traffstat_estimate_row row;
        assert_ok(*state, traffstat_estimate_basis(estimate, &basis));
        assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
        assert_near(basis.posterior_mean, rows[i].share, 1e-9); /* R stops at 4e-10 */
        assert_near(row.unreported_mean, rows[i].unreported, 1e-11);
        traffstat_estimate_free(estimate);
    }
}

/* ---- the law against sums and closed forms --------------------------------------------------- */

/* Sum of the series 2F1(alpha, b; c; rho), terms falling at least like a power of 3; to 1e-17. */
static long double series(long double alpha, long double b, long double c, long double rho)
{
    long double term = 1.0L;
    long double sum = 1.0L;
    for (long u = 0; u < 40000000 && (term > sum * 1e-22L || u < 1000); u++) {
        term *= rho * (alpha + u) * (b + u) / ((c + u) * (1.0L + u));
        sum += term;
    }
    return sum;
}

static void cdf_and_probabilities_equal_plain_sums(void **state)
{
    static const double shapes[][2] = {{0.7, 0.3}, {2.5, 0.01},   {8, 12},       {0.01, 0.5},
                                       {0.3, 7},   {40.5, 20.25}, {0.51, 100.5}, {1e-3, 1e-3}};
    static const double rates[][2] = {{1, 0.05}, {0.5, 0.01}, {2, 0.1},
                                      {20, 1},   {300, 3},    {3, 1e3}};
    for (size_t i = 0; i < 8 * 6 * 4; i++) {
        const double *shape = shapes[i % 8];
        const double *rate = rates[i / 8 % 6];
        const int64_t y = (const int64_t[]){0, 1, 7, 300}[i / 48];
        traffstat_i_rule rule;
        traffstat_i_dist dist;
        open_dist(*state, &rule, &dist, y, shape[0], shape[1], GAMMA, rate[0], rate[1]);
        const long double alpha = (long double) y + rate[0];
        const long double c = (long double) shape[0] + shape[1] + y;
        const long double rho = 1.0L / (1.0L + rate[1]);
        const long double total = series(alpha, shape[1], c, rho);
        long double term = 1.0L / total;
        long double sum = 0.0L;
        for (int u = 0; u < 3000; u++) {
            sum += term;
            if (u % 37 == 0) {
                const traffstat_i_sides sides =
                    traffstat_i_dist_sides(&dist, TRAFFSTAT_I_UNREPORTED, u);
                assert_near(sides.at_most, (double) sum, 1e-12);
                assert_near(traffstat_i_law_log_pmf(&dist.parts[0].law, u) + 1e3,
                            (double) logl(term) + 1e3, 1e-14);
            }
            term *= rho * (alpha + u) * (shape[1] + u) / ((c + u) * (1.0L + u));
            if (term < 1e-24L * sum) {
                break;
            }
        }
        traffstat_i_dist_clear(&dist);
    }
}

/* b = 1 under inverse, a whole: P(N > n) = prod (y + i) / (n + 1 + i), i < a. */
static void survival_is_a_product_at_any_size(void **state)
{
    static const int64_t counts[] = {1, 7, 50, 1000, 1000000, 1000000000, 1000000000000};
    for (size_t k = 0; k < 7 * 6; k++) {
        const int64_t y = counts[k % 7];
        const int a = (const int[]){1, 2, 3, 8, 40, 200}[k / 7];
        traffstat_i_rule rule;
        traffstat_i_dist dist;
        open_dist(*state, &rule, &dist, y, a, 1, INVERSE, 1, 1);
        for (double factor = 1.0; factor < 1e9; factor *= 1.3) {
            const double n = floor((double) y * factor);
            double want = 1.0;
            for (int i = 0; i < a; i++) {
                want *= ((double) y + i) / (n + 1.0 + i);
            }
            const traffstat_i_sides sides = traffstat_i_dist_sides(&dist, TRAFFSTAT_I_ALL, n);
            if (want > 1e-20) {
                assert_near(sides.above, want, 1e-13 + 2e-16 * a);
            }
            assert_near(sides.at_most + sides.above, 1.0, 4e-15);
        }
        traffstat_i_dist_clear(&dist);
    }
}

/* a = 1 under inverse, b whole: P(N <= n) = prod (n - y + 1 + i) / (n + 1 + i), i < b. */
static void cdf_is_a_product_at_any_size(void **state)
{
    static const int64_t counts[] = {1, 7, 1000, 1000000, 1000000000000};
    for (size_t k = 0; k < 5 * 5; k++) {
        const int64_t y = counts[k % 5];
        const int b = (const int[]){1, 2, 12, 100, 1000}[k / 5];
        traffstat_i_rule rule;
        traffstat_i_dist dist;
        open_dist(*state, &rule, &dist, y, 1, b, INVERSE, 1, 1);
        for (double factor = 1.0; factor < 1e9; factor *= 1.7) {
            const double n = floor((double) y * factor);
            double want = 1.0;
            for (int i = 0; i < b; i++) {
                want *= (n - (double) y + 1.0 + i) / (n + 1.0 + i);
            }
            if (want > 1e-20) {
                assert_near(traffstat_i_dist_sides(&dist, TRAFFSTAT_I_ALL, n).at_most, want,
                            1e-13 + 2e-16 * b);
            }
        }
        traffstat_i_dist_clear(&dist);
    }
}

/* With a = b and u = y - 1 the law is symmetric: P(U < y) is one half exactly. */
static void equal_shapes_make_the_middle_exact(void **state)
{
    static const double shapes[] = {0.01, 0.5, 1, 25, 1e3, 1e6, 1e9};
    static const int64_t counts[] = {1, 8, 1000, 1000000, 1000000000};
    for (size_t i = 0; i < 7 * 5; i++) {
        const double a = shapes[i % 7];
        const int64_t y = counts[i / 7];
        traffstat_i_rule rule;
        traffstat_i_dist dist;
        open_dist(*state, &rule, &dist, y, a, a, INVERSE, 1, 1);
        const double n = 2.0 * (double) y - 1.0;
        const traffstat_i_sides sides = traffstat_i_dist_sides(&dist, TRAFFSTAT_I_ALL, n);
        assert_near(sides.at_most, 0.5, a > 1e5 ? 5e-13 : 1e-13);
        assert_near(sides.above, 0.5, a > 1e5 ? 5e-13 : 1e-13);
        /* a tie with 1/2: the smallest N that reaches it is this one, not the next (which, at
         * 1e9 for all three, is closer than rounding allows to tell) */
        const double middle = traffstat_i_dist_quantile(&dist, TRAFFSTAT_I_ALL, 0.5, 0.5);
        assert_true(middle == n || (a > 1e8 && middle == n + 1.0));
        traffstat_i_dist_clear(&dist);
    }
}

/* Of the two products above, Beta(1, 1): quantiles are y / (1 - q) - 1 rounded up, ties among
 * them. */
static void ties_with_a_level_are_reached_and_not_passed(void **state)
{
    static const struct {
        int64_t count;
        double level;
        double upper;
    } rows[] = {{1, 0.95, 39},      {7, 0.95, 279},      {50, 0.95, 1999},  {1, 0.9, 19},
                {7, 0.9, 139},      {1, 0.99, 199},      {7, 0.99, 1399},   {1, 0.999, 1999},
                {1, 0.9999, 19999}, {7, 0.9999, 139999}, {1000, 0.5, 3999}, {1, 0.6, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const traffstat_cell one = cell(2018, rows[i].count, rows[i].count);
        const traffstat_thinning_options options = settings(INVERSE, 1, 1, rows[i].level);
        assert_near(row_of(*state, &one, 1, 1, 1, &options).upper, rows[i].upper, 0.0);
    }
}

static void gamma_normaliser_is_the_hypergeometric_series(void **state)
{
    static const double cases[][5] = {{7, 2, 2, 1, 0.05},
                                      {0, 8, 12, 2, 0.1},
                                      {50, 3, 27, 0.5, 0.01},
                                      {300, 40, 5, 30, 0.2},
                                      {7, 0.5, 0.1, 5, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double *k = cases[i];
        traffstat_i_law law;
        traffstat_i_rule rule;
        const traffstat_i_law_params params = {k[0] + k[3], k[2], k[0] + k[1] + k[2], k[1] - k[3],
                                               k[4]};
        assert_ok(*state, traffstat_i_rule_init(*state, &rule));
        assert_ok(*state, traffstat_i_law_init(*state, &law, &rule, params, true));
        const long double want =
            series(k[0] + k[3], k[2], k[1] + k[2] + k[0], 1.0L / (1.0L + k[4]));
        assert_near(-traffstat_i_law_log_pmf(&law, 0.0), (double) logl(want), 1e-13);
        traffstat_i_law_clear(&law);
    }
}

static void extreme_counts_and_priors_stay_sound(void **state)
{
    static const int64_t counts[] = {1, 1000000, INT64_MAX - 1};
    static const double shapes[] = {0.01, 0.6, 1e3, 1e9};
    for (size_t i = 0; i < 3 * 4 * 4 * 3; i++) {
        const int64_t y = counts[i % 3];
        const double a = shapes[i / 3 % 4];
        const double b = shapes[i / 12 % 4];
        const traffstat_rate_prior rate_prior = (traffstat_rate_prior) (i / 48);
        const traffstat_estimate_row got = solve(*state, y, a, b, rate_prior, 0.7, 1e-4);
        if (a <= 0.5 && rate_prior == JEFFREYS) {
            assert_int_equal(got.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
            continue;
        }
        assert_true(got.lower >= (double) y);
        assert_true(got.estimate >= got.lower && got.upper >= got.estimate);
        /* N itself is rounded from 2^53 on */
        assert_true(got.hdi_upper - got.hdi_lower <= got.upper - got.lower + 1e-15 * got.upper);
        assert_true(got.hdi_lower >= (double) y);
    }
}

/* Runs of the shortest length, found by trying them all. */
static void shortest_runs_equal_a_search_of_all(void **state)
{
    static const double cases[][6] = {{7, 8, 12, INVERSE, 1, 1},    {8, 20, 30, JEFFREYS, 1, 1},
                                      {0, 4, 6, JEFFREYS, 1, 1},    {0, 0.1, 0.1, GAMMA, 1.8, 0.02},
                                      {7, 0.5, 0.2, GAMMA, 9, 0.1}, {40, 3, 9, GAMMA, 2, 0.01}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double *k = cases[i];
        traffstat_i_rule rule;
        traffstat_i_dist dist;
        open_dist(*state, &rule, &dist, (int64_t) k[0], k[1], k[2], (traffstat_rate_prior) k[3],
                  k[4], k[5]);
        for (double level = 0.2; level < 0.97; level += 0.25) {
            double best = INFINITY;
            double most = 0.0;
            double at = 0.0;
            for (double low = k[0]; low < 1500; low += 1.0) {
                const double before =
                    traffstat_i_dist_sides(&dist, TRAFFSTAT_I_ALL, low - 1.0).at_most;
                if (before > 1.0 - level) {
                    break; /* too little is left */
                }
                for (double high = low; high - low <= best && high < 3000; high += 1.0) {
                    const double mass =
                        traffstat_i_dist_sides(&dist, TRAFFSTAT_I_ALL, high).at_most - before;
                    if (mass >= level && (high - low < best || mass > most + 1e-14)) {
                        best = high - low;
                        most = mass;
                        at = low;
                        break;
                    }
                }
            }
            double low = 0.0;
            double high = 0.0;
            traffstat_i_dist_shortest(&dist, level, &low, &high);
            assert_near(low, at, 0.0);
            assert_near(high, at + best, 0.0);
        }
        traffstat_i_dist_clear(&dist);
    }
}

/* ---- interval counts and totals -------------------------------------------------------------- */

/* P(y, u) up to one factor, from lambda and p integrated out: Gamma(y+u+s) / (y! u! (1+r)^(y+u))
 * times B(a+y, b+u); s = 0 for inverse, 1/2 for jeffreys, r = 0 for both. */
static double joint(double y, double u, double a, double b, double s, double r)
{
    return exp(lgamma(y + u + s) - lgamma(y + 1) - lgamma(u + 1) - (y + u) * log1p(r) +
               lgamma(a + y) + lgamma(b + u) - lgamma(a + b + y + u));
}

static void a_suppressed_count_is_mixed_over_what_it_may_be(void **state)
{
    static const struct {
        int64_t lower;
        int64_t upper;
        traffstat_rate_prior rate_prior;
        double s;
        double r;
    } rows[] = {{1, 4, INVERSE, 0, 0},     {1, 9, INVERSE, 0, 0},   {0, 4, JEFFREYS, 0.5, 0},
                {3, 17, JEFFREYS, 0.5, 0}, {0, 4, GAMMA, 2, 0.1},   {0, 30, GAMMA, 0.5, 0.01},
                {10, 40, GAMMA, 20, 0.7},  {95, 120, INVERSE, 0, 0}};
    const double a = 8;
    const double b = 12;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        enum { TOP = 20000 };
        static double all[TOP];
        static double unseen[TOP];
        double total = 0.0;
        double mean = 0.0;
        memset(all, 0, sizeof all);
        memset(unseen, 0, sizeof unseen);
        for (int64_t y = rows[i].lower; y <= rows[i].upper; y++) {
            for (int u = 0; u + y < TOP; u++) {
                const double w = joint((double) y, u, a, b, rows[i].s, rows[i].r);
                all[u + y] += w;
                unseen[u] += w;
                total += w;
                mean += w * (double) (u + y);
            }
        }
        const traffstat_cell one = cell(2018, rows[i].lower, rows[i].upper);
        const traffstat_thinning_options options = settings(
            rows[i].rate_prior, rows[i].s > 0 ? rows[i].s : 1, rows[i].r > 0 ? rows[i].r : 1, 0.95);
        const traffstat_estimate_row got = row_of(*state, &one, 1, a, b, &options);
        const double qs[] = {0.025, 0.5, 0.975};
        const double given[2][3] = {{got.lower, got.estimate, got.upper},
                                    {got.unreported_lower, got.unreported, got.unreported_upper}};
        for (size_t k = 0; k < 6; k++) {
            const double *law = k < 3 ? all : unseen;
            double sum = 0.0;
            int n = 0;
            while ((sum += law[n]) < qs[k % 3] * total) {
                n++;
            }
            assert_near(given[k / 3][k % 3], n, 0.0);
        }
        assert_near(got.mean, mean / total, 1e-9);
        assert_int_equal(got.observed_lower, rows[i].lower);
        assert_int_equal(got.observed_upper, rows[i].upper);
    }
}

static void ten_years_of_seven_share_one_rate(void **state)
{
    traffstat_cell cells[10];
    for (int i = 0; i < 10; i++) {
        cells[i] = cell(2009 + i, 7, 7);
    }
    traffstat_estimate *estimate = estimate_cells(*state, cells, 10, 8, 12, NULL);
    traffstat_estimate_row total;
    assert_ok(*state, traffstat_estimate_total(estimate, &total));
    assert_near(total.lower, 110, 0.0);
    assert_near(total.upper, 353, 0.0);
    assert_near(total.mean, 70 * 19.0 / 7.0, 1e-14);
    assert_int_equal(total.observed_lower, 70);
    assert_int_equal(total.observed_upper, 70);
    /* and it is the law of one count of 70 */
    const traffstat_estimate_row one = solve(*state, 70, 8, 12, INVERSE, 1, 1);
    assert_near(total.estimate, one.estimate, 0.0);
    assert_near(total.hdi_lower, one.hdi_lower, 0.0);
    traffstat_estimate_free(estimate);
}

/* Three rows under gamma, one of them suppressed: weights of all (y3, U) summed over the product of
 * the rows' negative binomials, with p integrated out in closed form. */
static void a_gamma_total_comes_from_the_joint_law(void **state)
{
    const double a = 8;
    const double b = 12;
    const double s = 2;
    const double r = 0.1;
    enum { TOP = 6000 };
    static double all[TOP];
    double total = 0.0;
    double mean = 0.0;
    memset(all, 0, sizeof all);
    for (int y3 = 1; y3 <= 4; y3++) {
        const double y = 7 + 8 + y3;
        const double row = lgamma(y3 + s) - lgamma(y3 + 1.0);
        for (int u = 0; u + y < TOP; u++) {
            /* U | p is negative binomial of size Y + 3s: its sum over rows */
            const double w =
                exp(row + lgamma(y + 3 * s + u) - lgamma(y + 3 * s) - lgamma(u + 1.0) -
                    (y + u) * log1p(r) + lgamma(a + y) + lgamma(b + u) - lgamma(a + b + y + u));
            all[u + (int) y] += w;
            total += w;
            mean += w * (u + y);
        }
    }
    const traffstat_cell cells[] = {cell(2016, 7, 7), cell(2017, 8, 8), cell(2018, 1, 4)};
    const traffstat_thinning_options options = settings(GAMMA, s, r, 0.95);
    traffstat_estimate *estimate = estimate_cells(*state, cells, 3, a, b, &options);
    traffstat_estimate_row got;
    assert_ok(*state, traffstat_estimate_total(estimate, &got));
    const double qs[] = {0.025, 0.5, 0.975};
    const double given[] = {got.lower, got.estimate, got.upper};
    for (size_t k = 0; k < 3; k++) {
        double sum = 0.0;
        int n = 0;
        while ((sum += all[n]) < qs[k] * total) {
            n++;
        }
        assert_near(given[k], n, 0.0);
    }
    assert_near(got.mean, mean / total, 1e-10);
    assert_int_equal(got.observed_lower, 16);
    assert_int_equal(got.observed_upper, 19);
    traffstat_estimate_free(estimate);
}

static void an_inverse_total_adds_suppressed_counts_too(void **state)
{
    const double a = 8;
    const double b = 12;
    enum { TOP = 8000 };
    static double all[TOP];
    double total = 0.0;
    memset(all, 0, sizeof all);
    for (int y1 = 1; y1 <= 9; y1++) {
        for (int y2 = 1; y2 <= 4; y2++) {
            const int y = y1 + y2 + 7;
            for (int u = 0; u + y < TOP; u++) {
                const double w = exp(lgamma(y + u) - lgamma(y) - lgamma(u + 1.0) + lgamma(a + y) +
                                     lgamma(b + u) - lgamma(a + b + y + u)) /
                                 (y1 * y2);
                all[u + y] += w;
                total += w;
            }
        }
    }
    const traffstat_cell cells[] = {cell(2016, 1, 9), cell(2017, 1, 4), cell(2018, 7, 7)};
    traffstat_estimate *estimate = estimate_cells(*state, cells, 3, a, b, NULL);
    traffstat_estimate_row got;
    assert_ok(*state, traffstat_estimate_total(estimate, &got));
    const double qs[] = {0.025, 0.5, 0.975};
    const double given[] = {got.lower, got.estimate, got.upper};
    for (size_t k = 0; k < 3; k++) {
        double sum = 0.0;
        int n = 0;
        while ((sum += all[n]) < qs[k] * total) {
            n++;
        }
        assert_near(given[k], n, 0.0);
    }
    traffstat_estimate_free(estimate);
}

static void one_row_has_no_total(void **state)
{
    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_estimate *estimate = estimate_cells(*state, &one, 1, 8, 12, NULL);
    traffstat_estimate_row total;
    assert_int_equal(traffstat_estimate_total(estimate, &total), TRAFFSTAT_E_NODATA);
    traffstat_estimate_free(estimate);
}

static bool assumes(const traffstat_estimate *estimate, const char *part)
{
    for (size_t i = 0; i < traffstat_estimate_assumptions(estimate); i++) {
        if (strstr(traffstat_estimate_assumption(estimate, i), part) != NULL) {
            return true;
        }
    }
    return false;
}

static bool has_reason(const traffstat_estimate *estimate, size_t row, const char *part)
{
    for (size_t i = 0; i < traffstat_estimate_row_reasons(estimate, row); i++) {
        if (strstr(traffstat_estimate_row_reason(estimate, row, i), part) != NULL) {
            return true;
        }
    }
    return false;
}

static void jeffreys_and_a_refusal_give_no_total_and_say_why(void **state)
{
    const traffstat_cell cells[] = {cell(2017, 7, 7), cell(2018, 8, 8)};
    traffstat_thinning_options options = settings(JEFFREYS, 1, 1, 0.95);
    traffstat_estimate *estimate = estimate_cells(*state, cells, 2, 8, 12, &options);
    traffstat_estimate_row row;
    assert_int_equal(traffstat_estimate_total(estimate, &row), TRAFFSTAT_E_NODATA);
    assert_true(assumes(estimate, "no total is given"));
    traffstat_estimate_free(estimate);

    options = settings(INVERSE, 1, 1, 0.95);
    options.total = 0;
    estimate = estimate_cells(*state, cells, 2, 8, 12, &options);
    assert_int_equal(traffstat_estimate_total(estimate, &row), TRAFFSTAT_E_NODATA);
    assert_false(assumes(estimate, "no total"));
    traffstat_estimate_free(estimate);
}

static void different_measures_are_never_added(void **state)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_estimate_row total;
    size_t series[2];
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(*state, traffstat_panel_builder_series(*state, builder, "", "Missoula", "offences",
                                                     "", "", &series[0]));
    assert_ok(*state, traffstat_panel_builder_series(*state, builder, "", "Missoula", "arrests", "",
                                                     "", &series[1]));
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, series[0], 2018, 7));
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, series[1], 2018, 8));
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &prior));
    assert_ok(*state, traffstat_thinning(*state, panel, prior, NULL, &estimate));
    assert_int_equal(traffstat_estimate_total(estimate, &total), TRAFFSTAT_E_NODATA);
    assert_true(assumes(estimate, "different things"));
    traffstat_estimate_free(estimate);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
}

/* Two sources of the same cases in the same year: adding them would count each case twice. */
static void a_place_counted_by_two_sources_is_never_added(void **state)
{
    for (int32_t second_year = 2018; second_year <= 2019; second_year++) {
        traffstat_panel_builder *builder = NULL;
        traffstat_panel *panel = NULL;
        traffstat_prior *prior = NULL;
        traffstat_estimate *estimate = NULL;
        traffstat_estimate_row total;
        size_t series[2];
        assert_ok(*state,
                  traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
        assert_ok(*state, traffstat_panel_builder_series(*state, builder, "", "Missoula", "cases",
                                                         "", "police", &series[0]));
        assert_ok(*state, traffstat_panel_builder_series(*state, builder, "", "Missoula", "cases",
                                                         "", "newspaper", &series[1]));
        assert_ok(*state, traffstat_panel_builder_count(*state, builder, series[0], 2018, 7));
        assert_ok(*state,
                  traffstat_panel_builder_count(*state, builder, series[1], second_year, 8));
        assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
        assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &prior));
        assert_ok(*state, traffstat_thinning(*state, panel, prior, NULL, &estimate));
        const bool twice = second_year == 2018;
        assert_int_equal(traffstat_estimate_total(estimate, &total),
                         twice ? TRAFFSTAT_E_NODATA : TRAFFSTAT_OK);
        assert_int_equal(assumes(estimate, "several sources"), twice);
        traffstat_estimate_free(estimate);
        traffstat_prior_free(prior);
        traffstat_panel_free(panel);
        traffstat_panel_builder_free(builder);
    }
}

static void a_refused_total_is_told_as_one(void **state)
{
    const traffstat_cell cells[] = {cell(2017, 1, 900), cell(2018, 1, 900)};
    traffstat_estimate *estimate = estimate_cells(*state, cells, 2, 8, 12, NULL);
    traffstat_estimate_row row;
    assert_int_equal(traffstat_estimate_total(estimate, &row), TRAFFSTAT_E_NODATA);
    assert_true(assumes(estimate, "no total is given: the counts allow more than 1024"));
    traffstat_estimate_free(estimate);
}

/* ---- refusals and verdicts ------------------------------------------------------------------- */

static void rows_that_carry_no_answer_are_inestimable(void **state)
{
    traffstat_cell cells[] = {
        cell(2013, 0, 0), cell(2014, 0, 4),    cell(2015, 2, TRAFFSTAT_NO_UPPER),
        cell(2016, 0, 0), cell(2017, 1, 2000), cell(2018, 8, 8),
        cell(2019, 7, 7), cell(2020, -1, -1)};
    cells[3].why = TRAFFSTAT_WHY_NOT_REPORTED;
    traffstat_estimate *estimate = estimate_cells(*state, cells, 8, 8, 12, NULL);
    for (size_t i = 0; i < 5; i++) {
        traffstat_estimate_row row;
        assert_ok(*state, traffstat_estimate_row_get(estimate, i, &row));
        assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
        assert_true(isnan(row.estimate) && isnan(row.lower) && isnan(row.upper));
        assert_true(isnan(row.mean) && isnan(row.hdi_lower) && isnan(row.unreported));
        assert_int_equal(traffstat_estimate_row_reasons(estimate, i), 1);
    }
    assert_true(has_reason(estimate, 0, "jeffreys or gamma"));
    assert_true(has_reason(estimate, 1, "may be 0"));
    assert_true(has_reason(estimate, 2, "upper end"));
    assert_true(has_reason(estimate, 3, "no count was reported"));
    assert_true(has_reason(estimate, 4, "1024"));
    assert_true(has_reason(estimate, 7, "below zero"));
    assert_int_equal(traffstat_estimate_verdict(estimate), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_row total;
    assert_ok(*state, traffstat_estimate_total(estimate, &total));
    assert_int_equal(total.observed_lower, 15);
    assert_int_equal(total.observed_upper, 15);
    assert_int_equal(total.verdict, TRAFFSTAT_VERDICT_CAUTION);
    assert_true(has_reason(estimate, TRAFFSTAT_NONE, "leaves out"));
    traffstat_estimate_free(estimate);
}

static void a_total_of_persons_over_years_says_what_it_sums(void **state)
{
    static const struct {
        const char *measure;
        bool persons;
    } cases[] = {{"victims identified", true},
                 {"potential victims of trafficking", true},
                 {"People", true},
                 {"cases investigated by police", false},
                 {"offences", false},
                 {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_panel_builder *builder = NULL;
        traffstat_panel *panel = NULL;
        traffstat_prior *prior = NULL;
        traffstat_estimate *estimate = NULL;
        size_t s = 0;
        assert_ok(*state,
                  traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
        assert_ok(*state, traffstat_panel_builder_series(*state, builder, "", "A", cases[i].measure,
                                                         "", "", &s));
        assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2017, 7));
        assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2018, 8));
        assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
        assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &prior));
        assert_ok(*state, traffstat_thinning(*state, panel, prior, NULL, &estimate));
        assert_int_equal(has_reason(estimate, TRAFFSTAT_NONE, "several years"), cases[i].persons);
        traffstat_estimate_free(estimate);
        traffstat_prior_free(prior);
        traffstat_panel_free(panel);
        traffstat_panel_builder_free(builder);
    }
}

static void a_panel_without_any_answer_is_inestimable_and_no_error(void **state)
{
    const traffstat_cell one = cell(2018, 0, 0);
    traffstat_estimate *estimate = estimate_cells(*state, &one, 1, 8, 12, NULL);
    assert_int_equal(traffstat_estimate_verdict(estimate), TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_int_equal(traffstat_estimate_diagnostics(estimate), 0);
    traffstat_estimate_free(estimate);
    /* where most of the posterior lies past the numbers */
    assert_int_equal(solve(*state, 7, 1e-6, 1, INVERSE, 1, 1).verdict,
                     TRAFFSTAT_VERDICT_INESTIMABLE);
    /* improper */
    assert_int_equal(solve(*state, 7, 0.5, 12, JEFFREYS, 1, 1).verdict,
                     TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_int_equal(solve(*state, 0, 8, 12, JEFFREYS, 1, 1).verdict, TRAFFSTAT_VERDICT_CAUTION);
    assert_int_equal(solve(*state, 0, 8, 12, GAMMA, 1, 1).verdict, TRAFFSTAT_VERDICT_CAUTION);
}

static void an_assumed_rate_is_a_scenario_and_caution_on_every_row(void **state)
{
    const traffstat_cell cells[] = {cell(2017, 7, 7), cell(2018, 8, 8)};
    traffstat_estimate *estimate = estimate_cells(*state, cells, 2, 8, 12, NULL);
    assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_SCENARIO);
    assert_int_equal(traffstat_estimate_verdict(estimate), TRAFFSTAT_VERDICT_CAUTION);
    assert_true(has_reason(estimate, 0, "assumed"));
    assert_true(has_reason(estimate, 1, "assumed"));
    assert_string_equal(traffstat_estimate_method(estimate), "thinning");
    assert_true(assumes(estimate, "counted twice"));
    assert_true(assumes(estimate, "independently"));
    assert_true(assumes(estimate, "share one"));
    assert_true(assumes(estimate, "1/lambda"));
    traffstat_estimate_free(estimate);
}

static void flags_and_coverage_call_for_caution(void **state)
{
    traffstat_cell cells[] = {cell(2015, 7, 7), cell(2016, 7, 7), cell(2017, 7, 7),
                              cell(2018, 7, 7)};
    cells[0].flags = TRAFFSTAT_FLAG_PARTIAL;
    cells[1].flags = TRAFFSTAT_FLAG_PARTIAL_YEAR;
    cells[2].flags = TRAFFSTAT_FLAG_PROVISIONAL;
    cells[3].coverage = 0.8;
    traffstat_estimate *estimate = estimate_cells(*state, cells, 4, 8, 12, NULL);
    assert_true(has_reason(estimate, 0, "part was not reported"));
    assert_true(has_reason(estimate, 1, "part of the year"));
    assert_true(has_reason(estimate, 2, "provisional"));
    assert_true(has_reason(estimate, 3, "coverage"));
    assert_true(has_reason(estimate, TRAFFSTAT_NONE, "coverage"));
    assert_false(has_reason(estimate, 0, "coverage"));
    traffstat_estimate_free(estimate);
}

static void what_the_reader_doubted_calls_for_caution(void **state)
{
    traffstat_cell cells[] = {cell(2015, 128, 128), cell(2016, 64, 64), cell(2017, 192, 192),
                              cell(2018, 7, 7)};
    cells[0].flags = TRAFFSTAT_FLAG_COMMON_DIVISOR;
    cells[1].flags = TRAFFSTAT_FLAG_COMMON_DIVISOR | TRAFFSTAT_FLAG_LOST;
    cells[2].flags = TRAFFSTAT_FLAG_COMMON_DIVISOR | TRAFFSTAT_FLAG_DOUBTFUL;
    traffstat_estimate *estimate = estimate_cells(*state, cells, 4, 8, 12, NULL);
    assert_true(has_reason(estimate, 0, "common_divisor: the counts are all multiples of 64"));
    assert_true(has_reason(estimate, 1, "could not be used"));
    assert_true(has_reason(estimate, 2, "cannot be what it says"));
    assert_true(has_reason(estimate, TRAFFSTAT_NONE, "multiples of 64"));
    assert_false(has_reason(estimate, 3, "multiples"));
    assert_int_equal(traffstat_estimate_verdict(estimate), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(estimate);
}

static void an_infinite_mean_and_a_long_tail_are_named(void **state)
{
    const traffstat_cell one = cell(2018, 7, 7);
    traffstat_estimate *estimate = estimate_cells(*state, &one, 1, 1, 1, NULL);
    assert_true(traffstat_estimate_row_reasons(estimate, 0) >= 3);
    traffstat_estimate_free(estimate);
}

static double diagnostic(const traffstat_estimate *estimate, const char *name)
{
    for (size_t i = 0; i < traffstat_estimate_diagnostics(estimate); i++) {
        if (strcmp(traffstat_estimate_diagnostic_name(estimate, i), name) == 0) {
            return traffstat_estimate_diagnostic(estimate, i);
        }
    }
    return -1.0;
}

static void the_lean_on_the_rate_is_that_of_shifted_priors(void **state)
{
    const traffstat_cell cells[] = {cell(2017, 3, 3), cell(2018, 8, 8)};
    traffstat_estimate *estimate = estimate_cells(*state, cells, 2, 8, 12, NULL);
    const traffstat_estimate_row half = solve(*state, 8, 4, 16, INVERSE, 1, 1);
    const traffstat_estimate_row twice = solve(*state, 8, 16, 4, INVERSE, 1, 1);
    assert_near(diagnostic(estimate, "if_rate_halved_median"), half.estimate, 0.0);
    assert_near(diagnostic(estimate, "if_rate_halved_lower"), half.lower, 0.0);
    assert_near(diagnostic(estimate, "if_rate_halved_upper"), half.upper, 0.0);
    assert_near(diagnostic(estimate, "if_rate_doubled_median"), twice.estimate, 0.0);
    assert_near(diagnostic(estimate, "if_rate_doubled_lower"), twice.lower, 0.0);
    assert_near(diagnostic(estimate, "if_rate_doubled_upper"), twice.upper, 0.0);
    traffstat_estimate_free(estimate);
    estimate = estimate_cells(*state, cells, 2, 9, 1, NULL); /* 1.8 is no probability */
    assert_near(diagnostic(estimate, "if_rate_doubled_median"), -1.0, 0.0);
    traffstat_estimate_free(estimate);
}

/* ---- what the rate rests on ------------------------------------------------------------------ */

static traffstat_reporting_basis basis_of(traffstat_ctx *ctx, const traffstat_estimate *estimate)
{
    traffstat_reporting_basis basis;
    assert_ok(ctx, traffstat_estimate_basis(estimate, &basis));
    return basis;
}

static void inverse_leaves_the_rate_and_others_move_it(void **state)
{
    const traffstat_cell one = cell(2018, 7, 7);
    const double sd = sqrt(0.4 * 0.6 / 21);
    traffstat_estimate *estimate = estimate_cells(*state, &one, 1, 8, 12, NULL);
    traffstat_reporting_basis basis = basis_of(*state, estimate);
    assert_int_equal(basis.origin, 0);
    assert_near(basis.mean, 0.4, 0.0);
    assert_near(basis.posterior_mean, 0.4, 0.0);
    assert_near(basis.contraction, 0.0, 0.0);
    assert_near(basis.lower, 0.20252143897716279, 1e-12); /* R: qbeta */
    assert_near(basis.upper, 0.61642207668559468, 1e-12);
    assert_string_equal(basis.source, "a test");
    assert_int_equal(traffstat_estimate_reasons(estimate), 1);
    traffstat_estimate_free(estimate);

    traffstat_thinning_options options = settings(JEFFREYS, 1, 1, 0.95);
    estimate = estimate_cells(*state, &one, 1, 8, 12, &options);
    basis = basis_of(*state, estimate);
    const double moved = 7.5 / 19.5;
    assert_near(basis.posterior_mean, moved, 1e-15);
    assert_near(basis.contraction, 1.0 - sqrt(moved * (1.0 - moved) / 20.5) / sd, 1e-12);
    assert_int_equal(traffstat_estimate_reasons(estimate), 2);
    assert_non_null(strstr(traffstat_estimate_reason(estimate, 0), "rate prior"));
    traffstat_estimate_free(estimate);
}

/* Contractions of 16, 24 and 33 % were measured at exposure 0.7334. */
static void a_gamma_prior_contracts_the_rate_by_what_was_measured(void **state)
{
    static const double rows[][3] = {{1, 0.05, 16}, {4, 0.2, 24}, {20, 1, 33}};
    for (size_t i = 0; i < 3; i++) {
        const traffstat_cell one = cell(2018, 7, 7);
        const traffstat_thinning_options options =
            settings(GAMMA, rows[i][0], rows[i][1] / 0.7334, 0.95);
        traffstat_estimate *estimate = estimate_cells(*state, &one, 1, 1, 1, &options);
        assert_near(round(100 * basis_of(*state, estimate).contraction), rows[i][2], 0.0);
        traffstat_estimate_free(estimate);
    }
}

/* E[p | y] = sum over N of P(N | y) (a + y) / (a + b + N), and the sd from both parts of the
 * variance: the quadrature over p against the sum over N. */
static void the_rate_after_the_counts_agrees_with_a_sum_over_n(void **state)
{
    static const double cases[][5] = {
        {7, 8, 12, 1, 0.05},   {0, 8, 12, 2, 0.1},     {50, 3, 27, 0.5, 0.01},
        {300, 40, 5, 30, 0.2}, {7, 0.5, 0.1, 5, 1},    {7, 0.01, 0.3, 2, 1},
        {1000, 2, 2, 3, 1e-3}, {3, 5000, 700, 2, 0.3}, {40, 0.2, 900, 2, 0.4}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const double *k = cases[i];
        traffstat_i_rule rule;
        traffstat_i_dist dist;
        double mean = 0.0;
        double sd = 0.0;
        open_dist(*state, &rule, &dist, (int64_t) k[0], k[1], k[2], GAMMA, k[3], k[4]);
        const traffstat_i_belief belief = {
            .a = k[1], .b = k[2], .rate_prior = GAMMA, .shape = k[3], .rate = k[4]};
        assert_ok(*state, traffstat_i_dist_share(*state, &dist, &belief, &mean, &sd));
        double first = 0.0;
        double second = 0.0;
        for (double u = 0; u < 60000; u += 1.0) {
            const double w = exp(traffstat_i_law_log_pmf(&dist.parts[0].law, u));
            const double a = k[1] + k[0];
            const double b = k[2] + u;
            first += w * a / (a + b);
            second += w * a * (a + 1) / ((a + b) * (a + b + 1));
            if (u > 2000 && w < 1e-18) {
                break;
            }
        }
        assert_near(mean, first, 1e-10);
        assert_near(sd * sd, second - first * first, 1e-6); /* the difference loses digits */
        traffstat_i_dist_clear(&dist);
    }
}

/* ---- priors ---------------------------------------------------------------------------------- */

static void ranges_are_met_by_both_quantiles(void **state)
{
    static const double ranges[][2] = {{0.2, 0.6},       {0.001, 0.01},  {0.4, 0.41},  {0.01, 0.99},
                                       {0.9, 0.999},     {0.5, 0.9999},  {1e-6, 0.5},  {1e-6, 1e-5},
                                       {0.999, 0.9999},  {0.001, 0.999}, {0.21, 0.27}, {0.05, 0.06},
                                       {0.4999, 0.5001}, {1e-4, 0.9},    {0.3, 0.3001}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        traffstat_prior *prior = NULL;
        traffstat_i_tails low;
        traffstat_i_tails high;
        assert_ok(*state, traffstat_prior_range(*state, ranges[i][0], ranges[i][1], NULL, &prior));
        const double a = traffstat_prior_a(prior);
        const double b = traffstat_prior_b(prior);
        assert_true(traffstat_i_beta_tails(a, b, ranges[i][0], 1.0 - ranges[i][0], &low));
        assert_true(traffstat_i_beta_tails(a, b, ranges[i][1], 1.0 - ranges[i][1], &high));
        assert_near(low.lower, 0.025, 4e-8); /* 1e-9 absolute */
        assert_near(high.upper, 0.025, 4e-8);
        assert_near(traffstat_prior_quantile(prior, 0.025), ranges[i][0], 1e-8);
        assert_near(traffstat_prior_quantile(prior, 0.975), ranges[i][1], 1e-8);
        traffstat_prior_free(prior);
    }
}

static void a_range_gives_back_the_law_it_was_taken_from(void **state)
{
    const double shapes[] = {0.3, 1, 8, 12, 250, 1e5};
    for (size_t i = 0; i < 36; i++) {
        const double a = shapes[i % 6];
        const double b = shapes[i / 6];
        const double low = traffstat_i_beta_quantile(a, b, 0.025);
        const double high = traffstat_i_beta_quantile(a, b, 0.975);
        traffstat_prior *prior = NULL;
        if (high > 1.0 - 1e-9) {
            continue; /* the upper end has too few digits left */
        }
        assert_ok(*state, traffstat_prior_range(*state, low, high, NULL, &prior));
        assert_near(traffstat_prior_a(prior), a, 1e-6);
        assert_near(traffstat_prior_b(prior), b, 1e-6);
        traffstat_prior_free(prior);
    }
}

static void texts_are_read_in_both_forms(void **state)
{
    static const struct {
        const char *text;
        double a;
        double b;
    } laws[] = {{"beta(8,12)", 8, 12}, {" Beta( 8 , 12 ) ", 8, 12}, {"BETA(0.5,1e3)", 0.5, 1000}};
    for (size_t i = 0; i < sizeof laws / sizeof laws[0]; i++) {
        traffstat_prior *prior = NULL;
        assert_ok(*state, traffstat_prior_parse(*state, laws[i].text, NULL, &prior));
        assert_near(traffstat_prior_a(prior), laws[i].a, 0.0);
        assert_near(traffstat_prior_b(prior), laws[i].b, 0.0);
        traffstat_prior_free(prior);
    }
    static const char *const ranges[] = {"0.2..0.6", "20%..60%", "20..60%", " 0.2 .. 0.6 ",
                                         "20 % .. 60 %"};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        traffstat_prior *prior = NULL;
        assert_ok(*state, traffstat_prior_parse(*state, ranges[i], NULL, &prior));
        assert_near(traffstat_prior_quantile(prior, 0.025), 0.2, 1e-9);
        assert_near(traffstat_prior_quantile(prior, 0.975), 0.6, 1e-9);
        traffstat_prior_free(prior);
    }
}

static void texts_that_are_no_rate_are_refused_by_name(void **state)
{
    static const char *const texts[] = {"",           "half",         "0.2",         "beta(8)",
                                        "beta(8,12",  "beta(8,12,)",  "gamma(8,12)", "beta(0,1)",
                                        "beta(-1,2)", "beta(8,nan)",  "0.6..0.2",    "0.2..",
                                        "..0.6",      "0..0.5",       "20..60",      "0.2..1",
                                        "0,2..0,6",   "beta(1e10,1)", "0.2...0.6"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        traffstat_prior *prior = (traffstat_prior *) *state;
        assert_int_equal(traffstat_prior_parse(*state, texts[i], NULL, &prior),
                         TRAFFSTAT_E_ARGUMENT);
        assert_null(prior);
        assert_string_not_equal(traffstat_ctx_message(*state), "");
    }
    traffstat_prior *prior = NULL;
    assert_int_equal(traffstat_prior_parse(*state, "half", NULL, &prior), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "half"));
    assert_non_null(strstr(traffstat_ctx_message(*state), "beta(a,b)"));
    assert_non_null(strstr(traffstat_ctx_message(*state), "0.2..0.6"));
    assert_int_equal(traffstat_prior_parse(*state, NULL, NULL, &prior), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_prior_parse(*state, "beta(1,1)", NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    /* narrower than any law within 1e9 */
    assert_int_equal(traffstat_prior_range(*state, 0.4, 0.4 + 1e-7, NULL, &prior),
                     TRAFFSTAT_E_NUMERIC);
    assert_null(prior);
}

static traffstat_evidence *make_evidence(traffstat_ctx *ctx)
{
    traffstat_evidence *evidence = NULL;
    traffstat_evidence_entry entry = {.struct_size = sizeof entry,
                                      .first_year = 2013,
                                      .last_year = 2013,
                                      .id = "uk-2013",
                                      .place = "United Kingdom",
                                      .unit = "persons",
                                      .measure = "potential victims",
                                      .agencies = "any agency",
                                      .method = "multiple systems estimation",
                                      .rate = NAN,
                                      .lower = 0.21,
                                      .upper = 0.27,
                                      .level = NAN,
                                      .citation = "Home Office (2014)",
                                      .note = "a note"};
    assert_ok(ctx, traffstat_evidence_new(ctx, &evidence));
    assert_ok(ctx, traffstat_evidence_add(ctx, evidence, &entry));
    entry.id = "eighty";
    entry.level = 0.8;
    assert_ok(ctx, traffstat_evidence_add(ctx, evidence, &entry));
    entry.id = "no-interval";
    entry.rate = 0.08;
    entry.last_year = 2020;
    entry.lower = entry.upper = entry.level = NAN;
    assert_ok(ctx, traffstat_evidence_add(ctx, evidence, &entry));
    entry.id = "fits";
    entry.place = "Missoula";
    entry.unit = "cases";
    entry.measure = "cases investigated by police";
    entry.agencies = "police";
    entry.first_year = entry.last_year = 2018;
    entry.rate = NAN;
    entry.lower = 0.2;
    entry.upper = 0.6;
    assert_ok(ctx, traffstat_evidence_add(ctx, evidence, &entry));
    return evidence;
}

static void evidence_makes_priors_and_keeps_its_place(void **state)
{
    traffstat_evidence *evidence = make_evidence(*state);
    traffstat_prior *prior = NULL;
    assert_ok(*state, traffstat_prior_evidence(*state, evidence, "uk-2013", 0, &prior));
    assert_near(traffstat_prior_quantile(prior, 0.025), 0.21, 1e-9);
    assert_near(traffstat_prior_quantile(prior, 0.975), 0.27, 1e-9);
    traffstat_evidence_free(evidence); /* the prior holds copies */

    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, traffstat_thinning(*state, panel, prior, NULL, &estimate));
    traffstat_prior_free(prior); /* and the estimate too */
    const traffstat_reporting_basis basis = basis_of(*state, estimate);
    assert_int_equal(basis.origin, 2);
    assert_string_equal(basis.id, "uk-2013");
    assert_string_equal(basis.place, "United Kingdom");
    assert_string_equal(basis.period, "2013");
    assert_string_equal(basis.unit, "persons");
    assert_string_equal(basis.source, "Home Office (2014)");
    assert_string_equal(basis.note, "a note");
    assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_SCENARIO);
    assert_true(has_reason(estimate, 0, "borrowed"));
    assert_true(has_reason(estimate, 0, "persons"));
    assert_true(assumes(estimate, "United Kingdom"));
    assert_true(assumes(estimate, "published without its level"));
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void an_interval_of_evidence_is_met_at_its_own_level(void **state)
{
    traffstat_evidence *evidence = make_evidence(*state);
    traffstat_prior *prior = NULL;
    assert_ok(*state, traffstat_prior_evidence(*state, evidence, "eighty", 0, &prior));
    assert_near(traffstat_prior_quantile(prior, 0.1), 0.21, 1e-9);
    assert_near(traffstat_prior_quantile(prior, 0.9), 0.27, 1e-9);
    traffstat_prior_free(prior);
    traffstat_evidence_free(evidence);
}

static void evidence_without_an_interval_needs_a_size(void **state)
{
    traffstat_evidence *evidence = make_evidence(*state);
    traffstat_prior *prior = NULL;
    assert_int_equal(traffstat_prior_evidence(*state, evidence, "no-interval", 0, &prior),
                     TRAFFSTAT_E_PRIOR);
    assert_non_null(strstr(traffstat_ctx_message(*state), "no-interval"));
    assert_int_equal(traffstat_prior_evidence(*state, evidence, "uk-2013", 50, &prior),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_prior_evidence(*state, evidence, "no-interval", -1, &prior),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_prior_evidence(*state, evidence, "uk-2012", 0, &prior),
                     TRAFFSTAT_E_NOTFOUND);
    assert_non_null(strstr(traffstat_ctx_message(*state), "uk-2013"));
    assert_int_equal(traffstat_prior_evidence(*state, NULL, "uk-2013", 0, &prior),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(prior);

    assert_ok(*state, traffstat_prior_evidence(*state, evidence, "no-interval", 50, &prior));
    assert_near(traffstat_prior_a(prior), 4, 1e-15);
    assert_near(traffstat_prior_b(prior), 46, 1e-15);
    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, traffstat_thinning(*state, panel, prior, NULL, &estimate));
    assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_SCENARIO);
    assert_true(has_reason(estimate, 0, "without an interval, so its weight (50) is assumed"));
    assert_false(has_reason(estimate, 0, "borrowed")); /* more than borrowed, or not at all */
    assert_false(assumes(estimate, "published without its level"));
    assert_string_equal(basis_of(*state, estimate).period, "2013\xe2\x80\x93"
                                                           "2020");
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
    traffstat_prior_free(prior);
    traffstat_evidence_free(evidence);
}

static void evidence_that_fits_makes_an_estimate(void **state)
{
    traffstat_evidence *evidence = make_evidence(*state);
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    assert_ok(*state, traffstat_prior_evidence(*state, evidence, "fits", 0, &prior));
    assert_ok(*state, traffstat_thinning(*state, panel, prior, NULL, &estimate));
    assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_ESTIMATE);
    assert_int_equal(traffstat_estimate_verdict(estimate), TRAFFSTAT_VERDICT_OK);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
    traffstat_prior_free(prior);
    traffstat_evidence_free(evidence);
}

static void a_missing_prior_is_explained_in_two_sentences(void **state)
{
    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    traffstat_estimate *estimate = (traffstat_estimate *) *state;
    assert_int_equal(traffstat_thinning(*state, panel, NULL, NULL, &estimate), TRAFFSTAT_E_PRIOR);
    assert_null(estimate);
    const char *message = traffstat_ctx_message(*state);
    assert_non_null(strstr(message, "rare crime from a hidden one"));
    assert_non_null(strstr(message, ". Give an evidence id"));
    assert_non_null(strstr(message, "0.2..0.6"));
    assert_non_null(strstr(message, "beta(8,12)"));
    traffstat_panel_free(panel);
}

static void whatever_fails_no_stale_estimate_is_left(void **state)
{
    traffstat_prior *prior = NULL;
    assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &prior));
    traffstat_estimate *estimate = (traffstat_estimate *) *state;
    assert_int_equal(traffstat_thinning(*state, NULL, prior, NULL, &estimate),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(estimate);
    assert_int_equal(traffstat_thinning(*state, NULL, prior, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_prior_free(prior);
}

static void options_name_their_bounds(void **state)
{
    static const struct {
        traffstat_thinning_option option;
        double least;
        double standard;
        double greatest;
    } rows[] = {{TRAFFSTAT_THINNING_LEVEL, 0.01, 0.95, 0.9999},
                {TRAFFSTAT_THINNING_GAMMA_SHAPE, 1e-9, 0.0, 1e9},
                {TRAFFSTAT_THINNING_GAMMA_RATE, 1e-100, 0.0, 1e100},
                {TRAFFSTAT_THINNING_EXPOSURE_UNIT, 0.0, 0.0, 1e12},
                {TRAFFSTAT_THINNING_DRAWS, 1000.0, 20000.0, 1000000.0}};
    (void) state;
    double got[3] = {-1.0, -1.0, -1.0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(
            traffstat_thinning_options_bounds(rows[i].option, &got[0], &got[1], &got[2]),
            TRAFFSTAT_OK);
        assert_near(got[0], rows[i].least, 0.0);
        assert_near(got[1], rows[i].standard, 0.0);
        assert_near(got[2], rows[i].greatest, 0.0);
    }
    got[0] = -1.0;
    assert_int_equal(traffstat_thinning_options_bounds(-1, &got[0], &got[1], &got[2]),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_thinning_options_bounds(5, &got[0], &got[1], &got[2]),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_thinning_options_bounds(0, NULL, &got[1], &got[2]),
                     TRAFFSTAT_E_ARGUMENT);
    assert_near(got[0], -1.0, 0.0);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void settings_out_of_range_are_refused(void **state)
{
    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &prior));
    traffstat_thinning_options bad[11];
    for (size_t i = 0; i < 11; i++) {
        bad[i] = settings(GAMMA, 1, 0.05, 0.95);
    }
    bad[0].level = 0.0;
    bad[1].level = 1.0;
    bad[2].level = NAN;
    bad[3].rate_prior = 3;
    bad[4].rate_prior = -1;
    bad[5].gamma_shape = 0.0;
    bad[6].gamma_rate = NAN;
    bad[7].total = 2;
    bad[8].reserved = 1;
    bad[9].struct_size = 0;
    bad[10].gamma_rate = INFINITY;
    for (size_t i = 0; i < 11; i++) {
        assert_int_equal(traffstat_thinning(*state, panel, prior, &bad[i], &estimate),
                         TRAFFSTAT_E_ARGUMENT);
        assert_null(estimate);
    }
    assert_int_equal(traffstat_thinning(*state, NULL, prior, NULL, &estimate),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_thinning(*state, panel, prior, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    /* shape and rate matter for gamma alone */
    traffstat_thinning_options options = settings(INVERSE, -1, NAN, 0.95);
    assert_ok(*state, traffstat_thinning(*state, panel, prior, &options, &estimate));
    traffstat_estimate_free(estimate);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
}

static void an_older_and_shorter_struct_gets_the_defaults(void **state)
{
    struct {
        uint32_t struct_size;
        int32_t rate_prior;
    } old = {8, JEFFREYS};
    const traffstat_cell one = cell(2018, 7, 7);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    traffstat_prior *prior = NULL;
    double upper = 0.0;
    assert_ok(*state, traffstat_prior_beta(*state, 1, 1, NULL, &prior));
    assert_ok(*state, traffstat_thinning_quantile(*state, 7, prior,
                                                  (const traffstat_thinning_options *) &old, 0.975,
                                                  &upper));
    assert_near(upper, 11606, 0.0);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
}

static void other_levels_have_their_own_intervals(void **state)
{
    const traffstat_cell one = cell(2018, 8, 8);
    const double levels[] = {0.01, 0.3, 0.5, 0.8, 0.99, 0.9999};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        const traffstat_thinning_options options = settings(INVERSE, 1, 1, levels[i]);
        traffstat_estimate *estimate = estimate_cells(*state, &one, 1, 8, 12, &options);
        traffstat_interval widest;
        traffstat_estimate_row row;
        const size_t count = traffstat_estimate_levels(estimate);
        assert_int_equal(count, levels[i] > 0.5 ? 2 : 1);
        assert_ok(*state, traffstat_estimate_interval(estimate, 0, count - 1, &widest));
        assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
        assert_near(widest.level, levels[i], 0.0);
        assert_near(widest.lower, row.lower, 0.0);
        assert_near(widest.upper, row.upper, 0.0);
        traffstat_estimate_free(estimate);
    }
}

/* ---- the law by itself ----------------------------------------------------------------------- */

static void cdf_and_quantile_answer_and_refuse(void **state)
{
    traffstat_prior *prior = NULL;
    double got = -1.0;
    assert_ok(*state, traffstat_prior_beta(*state, 1, 1, NULL, &prior));
    assert_ok(*state, traffstat_thinning_cdf(*state, 7, prior, NULL, 279, &got));
    assert_near(got, 0.975, 1e-14);
    assert_ok(*state, traffstat_thinning_cdf(*state, 7, prior, NULL, 6, &got));
    assert_near(got, 0.0, 0.0);
    assert_ok(*state, traffstat_thinning_quantile(*state, 7, prior, NULL, 0.975, &got));
    assert_near(got, 279, 0.0);
    assert_ok(*state, traffstat_thinning_quantile(*state, 7, prior, NULL, 0.5, &got));
    assert_near(got, 13, 0.0);
    got = -1.0;
    assert_int_equal(traffstat_thinning_cdf(*state, 0, prior, NULL, 5, &got), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_thinning_cdf(*state, -1, prior, NULL, 5, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_thinning_cdf(*state, 7, NULL, NULL, 5, &got), TRAFFSTAT_E_PRIOR);
    assert_int_equal(traffstat_thinning_cdf(*state, 7, prior, NULL, 5, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_thinning_quantile(*state, 7, prior, NULL, 0.0, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_thinning_quantile(*state, 7, prior, NULL, NAN, &got),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_prior_free(prior);
    assert_ok(*state, traffstat_prior_beta(*state, 1e-6, 1, NULL, &prior));
    assert_int_equal(traffstat_thinning_quantile(*state, 7, prior, NULL, 0.5, &got),
                     TRAFFSTAT_E_NUMERIC);
    assert_near(got, -1.0, 0.0);
    traffstat_prior_free(prior);
}

/* ---- stopping and memory --------------------------------------------------------------------- */

static void a_cancelled_context_gives_no_estimate(void **state)
{
    const traffstat_cell one = cell(2018, 8, 8);
    traffstat_panel *panel = make_panel(*state, &one, 1);
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &prior));
    traffstat_ctx_cancel(*state);
    assert_int_equal(traffstat_thinning(*state, panel, prior, NULL, &estimate),
                     TRAFFSTAT_E_CANCELLED);
    assert_null(estimate);
    traffstat_ctx_clear_cancel(*state);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
}

static traffstat_status try_build(traffstat_ctx *ctx, traffstat_panel **panel,
                                  traffstat_evidence **evidence)
{
    traffstat_panel_builder *builder = NULL;
    size_t series = 0;
    const traffstat_cell suppressed = cell(2016, 1, 4);
    traffstat_evidence_entry entry = {.struct_size = sizeof entry,
                                      .id = "x",
                                      .place = "elsewhere",
                                      .unit = "persons",
                                      .citation = "someone",
                                      .rate = NAN,
                                      .lower = 0.2,
                                      .upper = 0.6,
                                      .level = NAN};
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_series(ctx, builder, "", "M", "cases", "", "", &series);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_add(ctx, builder, series, &suppressed);
    }
    for (int32_t year = 2017; year < 2020 && status == TRAFFSTAT_OK; year++) {
        status = traffstat_panel_builder_count(ctx, builder, series, year, year - 2017);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, panel);
    }
    traffstat_panel_builder_free(builder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_evidence_new(ctx, evidence);
    }
    return status == TRAFFSTAT_OK ? traffstat_evidence_add(ctx, *evidence, &entry) : status;
}

static traffstat_status try_thinning(traffstat_ctx *ctx, void *arg)
{
    const traffstat_thinning_options *options = arg;
    traffstat_panel *panel = NULL;
    traffstat_evidence *evidence = NULL;
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    double median = 0.0;
    traffstat_status status = try_build(ctx, &panel, &evidence);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_prior_evidence(ctx, evidence, "x", 0, &prior);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_thinning(ctx, panel, prior, options, &estimate);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_thinning_quantile(ctx, 3, prior, options, 0.5, &median);
    }
    traffstat_estimate_free(estimate);
    traffstat_prior_free(prior);
    traffstat_evidence_free(evidence);
    traffstat_panel_free(panel);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void) state;
    traffstat_thinning_options inverse = settings(INVERSE, 1, 1, 0.95);
    traffstat_thinning_options gamma = settings(GAMMA, 1, 0.05, 0.95);
    assert_true(support_try_every_allocation(try_thinning, &inverse) > 20);
    assert_true(support_try_every_allocation(try_thinning, &gamma) > 20);
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(exact_posteriors_are_those_of_r),
        WITH_CTX(the_figures_of_the_first_case_hold),
        WITH_CTX(eight_cases_under_beta_8_12_are_the_example_of_the_design),
        WITH_CTX(jeffreys_with_a_flat_share_reaches_11606),
        WITH_CTX(means_are_closed_forms_and_nan_where_infinite),
        WITH_CTX(gamma_agrees_with_quadrature_over_p),
        WITH_CTX(cdf_and_probabilities_equal_plain_sums),
        WITH_CTX(survival_is_a_product_at_any_size),
        WITH_CTX(cdf_is_a_product_at_any_size),
        WITH_CTX(equal_shapes_make_the_middle_exact),
        WITH_CTX(ties_with_a_level_are_reached_and_not_passed),
        WITH_CTX(gamma_normaliser_is_the_hypergeometric_series),
        WITH_CTX(extreme_counts_and_priors_stay_sound),
        WITH_CTX(shortest_runs_equal_a_search_of_all),
        WITH_CTX(a_suppressed_count_is_mixed_over_what_it_may_be),
        WITH_CTX(ten_years_of_seven_share_one_rate),
        WITH_CTX(a_gamma_total_comes_from_the_joint_law),
        WITH_CTX(an_inverse_total_adds_suppressed_counts_too),
        WITH_CTX(one_row_has_no_total),
        WITH_CTX(jeffreys_and_a_refusal_give_no_total_and_say_why),
        WITH_CTX(different_measures_are_never_added),
        WITH_CTX(a_place_counted_by_two_sources_is_never_added),
        WITH_CTX(a_refused_total_is_told_as_one),
        WITH_CTX(rows_that_carry_no_answer_are_inestimable),
        WITH_CTX(a_total_of_persons_over_years_says_what_it_sums),
        WITH_CTX(a_panel_without_any_answer_is_inestimable_and_no_error),
        WITH_CTX(an_assumed_rate_is_a_scenario_and_caution_on_every_row),
        WITH_CTX(flags_and_coverage_call_for_caution),
        WITH_CTX(what_the_reader_doubted_calls_for_caution),
        WITH_CTX(an_infinite_mean_and_a_long_tail_are_named),
        WITH_CTX(the_lean_on_the_rate_is_that_of_shifted_priors),
        WITH_CTX(inverse_leaves_the_rate_and_others_move_it),
        WITH_CTX(a_gamma_prior_contracts_the_rate_by_what_was_measured),
        WITH_CTX(the_rate_after_the_counts_agrees_with_a_sum_over_n),
        WITH_CTX(ranges_are_met_by_both_quantiles),
        WITH_CTX(a_range_gives_back_the_law_it_was_taken_from),
        WITH_CTX(texts_are_read_in_both_forms),
        WITH_CTX(texts_that_are_no_rate_are_refused_by_name),
        WITH_CTX(evidence_makes_priors_and_keeps_its_place),
        WITH_CTX(an_interval_of_evidence_is_met_at_its_own_level),
        WITH_CTX(evidence_without_an_interval_needs_a_size),
        WITH_CTX(evidence_that_fits_makes_an_estimate),
        WITH_CTX(a_missing_prior_is_explained_in_two_sentences),
        WITH_CTX(whatever_fails_no_stale_estimate_is_left),
        WITH_CTX(options_name_their_bounds),
        WITH_CTX(settings_out_of_range_are_refused),
        WITH_CTX(an_older_and_shorter_struct_gets_the_defaults),
        WITH_CTX(other_levels_have_their_own_intervals),
        WITH_CTX(cdf_and_quantile_answer_and_refuse),
        WITH_CTX(a_cancelled_context_gives_no_estimate),
        WITH_CTX(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
