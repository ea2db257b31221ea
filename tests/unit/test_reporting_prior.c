/* Reporting priors of every kind, and thinning under them: against closed forms, the quadratures of
 * R, and sums and integrals made here another way than in the library. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "base/base.h"
#include "model/rate/tail.h"
#include "support/support.h"

#include <traffstat/detail.h>
#include <traffstat/reporting.h>

#define POINTS 4001

/* ---- helpers ---------------------------------------------------------------------------------- */

static traffstat_prior *parse(traffstat_ctx *ctx, const char *text)
{
    traffstat_prior *prior = NULL;
    assert_ok(ctx, traffstat_prior_parse(ctx, text, "a test", &prior));
    return prior;
}

static traffstat_cell cell(int32_t year, int64_t lower, int64_t upper, double coverage,
                           double population)
{
    return (traffstat_cell){.lower = lower,
                            .upper = upper,
                            .population = population,
                            .coverage = coverage,
                            .year = year,
                            .places = 1};
}

static traffstat_panel *make_panel(traffstat_ctx *ctx, const traffstat_cell *cells, size_t count)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx,
              traffstat_panel_builder_series(ctx, builder, "", "Here", "cases", "", "", &series));
    for (size_t i = 0; i < count; i++) {
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cells[i]));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_thinning_options plain(void)
{
    traffstat_thinning_options options;
    traffstat_thinning_options_init(&options, sizeof options);
    return options;
}

static traffstat_estimate *estimate(traffstat_ctx *ctx, const traffstat_cell *cells, size_t count,
                                    const char *law, const traffstat_thinning_options *options)
{
    traffstat_prior *prior = parse(ctx, law);
    traffstat_panel *panel = make_panel(ctx, cells, count);
    traffstat_estimate *out = NULL;
    assert_ok(ctx, traffstat_thinning(ctx, panel, prior, options, &out));
    traffstat_panel_free(panel);
    traffstat_prior_free(prior);
    return out;
}

static traffstat_estimate_row one_row(traffstat_ctx *ctx, traffstat_cell of, const char *law,
                                      const traffstat_thinning_options *options)
{
    traffstat_estimate *made = estimate(ctx, &of, 1, law, options);
    traffstat_estimate_row row;
    assert_ok(ctx, traffstat_estimate_row_get(made, 0, &row));
    traffstat_estimate_free(made);
    return row;
}

/* ---- the laws themselves ----------------------------------------------------------------------- */

static void a_survey_is_a_beta_law(void **state)
{
    traffstat_prior *prior = NULL;
    assert_ok(*state, traffstat_prior_survey(*state, 37, 100, "asked", &prior));
    assert_near(traffstat_prior_a(prior), 37.5, 0.0);
    assert_near(traffstat_prior_b(prior), 63.5, 0.0);
    assert_near(traffstat_prior_mean(prior), 37.5 / 101.0, 1e-15);
    assert_near(traffstat_prior_size(prior), 101.0, 0.0);
    assert_int_equal(traffstat_prior_kind_of(prior), TRAFFSTAT_PRIOR_SURVEY);
    assert_string_equal(traffstat_prior_kind_name(TRAFFSTAT_PRIOR_SURVEY), "survey");
    assert_string_equal(traffstat_prior_source(prior), "asked");
    traffstat_prior *less = NULL;
    assert_ok(*state, traffstat_prior_discounted(*state, prior, 0.25, &less));
    assert_near(traffstat_prior_a(less), 0.5 + 0.25 * 37.0, 1e-15);
    assert_near(traffstat_prior_b(less), 0.5 + 0.25 * 63.0, 1e-15);
    traffstat_prior_free(less);
    traffstat_prior_free(prior);
}

static void two_quantiles_are_both_met(void **state)
{
    traffstat_prior *prior = parse(*state, "quantiles(20%@0.1,0.5@0.9)");
    assert_near(gsl_cdf_beta_P(0.2, traffstat_prior_a(prior), traffstat_prior_b(prior)), 0.1, 1e-9);
    assert_near(gsl_cdf_beta_Q(0.5, traffstat_prior_a(prior), traffstat_prior_b(prior)), 0.1, 1e-9);
    assert_near(traffstat_prior_quantile(prior, 0.1), 0.2, 1e-9);
    assert_near(traffstat_prior_cdf(prior, 0.5), 0.9, 1e-9);
    traffstat_prior_free(prior);
}

/* Mean and sd of a share whose logit is normal, by Simpson's rule over 12 sd on either side. */
static void simpson(double center, double sd, double *mean, double *spread)
{
    double sums[3] = {0.0, 0.0, 0.0};
    for (int i = 0; i < POINTS; i++) {
        const double t = -12.0 + 24.0 * i / (POINTS - 1);
        const double p = 1.0 / (1.0 + exp(-center - sd * t));
        const double w = exp(-0.5 * t * t) * (i == 0 || i == POINTS - 1 ? 1 : i % 2 == 1 ? 4 : 2);
        sums[0] += w;
        sums[1] += w * p;
        sums[2] += w * p * p;
    }
    *mean = sums[1] / sums[0];
    *spread = sqrt(sums[2] / sums[0] - *mean * *mean);
}

static void a_logit_normal_law_has_its_moments_and_quantiles(void **state)
{
    static const double laws[][2] = {{0.35, 0.3}, {0.02, 1.5}, {0.9, 4.0}};
    for (size_t i = 0; i < 3; i++) {
        traffstat_prior *prior = NULL;
        traffstat_prior *less = NULL;
        double mean = 0.0;
        double sd = 0.0;
        assert_ok(*state,
                  traffstat_prior_logit_normal(*state, laws[i][0], laws[i][1], NULL, &prior));
        const double center = log(laws[i][0] / (1.0 - laws[i][0]));
        simpson(center, laws[i][1], &mean, &sd);
        assert_near(traffstat_prior_mean(prior), mean, 1e-11);
        assert_near(traffstat_prior_sd(prior), sd, 1e-10);
        assert_near(traffstat_prior_size(prior), mean * (1 - mean) / (sd * sd) - 1, 1e-9);
        assert_near(traffstat_prior_quantile(prior, 0.5), laws[i][0], 1e-14);
        assert_near(traffstat_prior_quantile(prior, 0.975),
                    1 / (1 + exp(-center - 1.9599639845400545 * laws[i][1])), 1e-13);
        assert_true(isnan(traffstat_prior_a(prior)));
        assert_ok(*state, traffstat_prior_discounted(*state, prior, 0.25, &less));
        assert_near(traffstat_prior_quantile(less, 0.975),
                    1 / (1 + exp(-center - 1.9599639845400545 * 2 * laws[i][1])), 1e-13);
        traffstat_prior_free(less);
        traffstat_prior_free(prior);
    }
}

/* P(p <= share) where the logit of a Beta share is moved by a normal shift: over the quantiles of the
 * Beta law in place of the shift. */
static double moved_cdf(double a, double b, double sd, double share)
{
    double sum = 0.0;
    const int steps = 20000;
    for (int i = 0; i < steps; i++) {
        const double z = -40.0 + 80.0 * (i + 0.5) / steps;
        const double p = 1 / (1 + exp(-z));
        const double density =
            exp(a * log(p) + b * log1p(-p) + lgamma(a + b) - lgamma(a) - lgamma(b));
        sum += density * gsl_cdf_ugaussian_P((log(share / (1 - share)) - z) / sd);
    }
    return sum * 80.0 / steps;
}

static void a_shift_widens_a_law_about_its_middle(void **state)
{
    static const double laws[][3] = {{8, 12, 0.5}, {0.7, 3, 1}, {300, 900, 0.05}};
    for (size_t i = 0; i < 3; i++) {
        traffstat_prior *prior = NULL;
        traffstat_prior *moved = NULL;
        assert_ok(*state, traffstat_prior_beta(*state, laws[i][0], laws[i][1], NULL, &prior));
        assert_ok(*state, traffstat_prior_shifted(*state, prior, laws[i][2], &moved));
        for (double share = 0.1; share < 0.85; share += 0.2) {
            const double want = moved_cdf(laws[i][0], laws[i][1], laws[i][2], share);
            assert_true(fabs(traffstat_prior_cdf(moved, share) - want) < 1e-10);
        }
        assert_near(traffstat_prior_cdf(moved, traffstat_prior_quantile(moved, 0.2)), 0.2, 1e-9);
        assert_true(traffstat_prior_sd(moved) > traffstat_prior_sd(prior));
        assert_true(isnan(traffstat_prior_a(moved)));
        traffstat_prior_free(moved);
        traffstat_prior_free(prior);
    }
}

/* Two pieces of one sd s, d apart: Q(t) = d^2/2/(s^2 + t) is 1 at t = d^2/2 - s^2, and the error of
 * their mean is then d/2. */
static void two_pieces_that_disagree_combine_in_closed_form(void **state)
{
    traffstat_prior *pieces[2] = {parse(*state, "logitnormal(0.2,0.3)"),
                                  parse(*state, "logitnormal(0.6,0.3)")};
    traffstat_prior *both = NULL;
    traffstat_prior_agreement got;
    const double z[2] = {log(0.25), log(1.5)};
    const double d = z[1] - z[0];
    assert_ok(*state,
              traffstat_prior_combined(*state, (const traffstat_prior *const *) pieces, 2, &both));
    assert_int_equal(traffstat_prior_agreement_get(both, &got), TRAFFSTAT_OK);
    assert_int_equal(got.count, 2);
    assert_near(got.center, 1 / (1 + exp(-0.5 * (z[0] + z[1]))), 1e-12);
    assert_near(got.between, sqrt(0.5 * d * d - 0.09), 1e-9);
    assert_near(got.error, 0.5 * d, 1e-9);
    assert_near(got.q, 0.5 * d * d / 0.09, 1e-12);
    assert_near(got.p, erfc(sqrt(0.5 * got.q)), 1e-10);
    const double spread = sqrt(0.75 * d * d - 0.09);
    assert_near(traffstat_prior_quantile(both, 0.975),
                1 / (1 + exp(-0.5 * (z[0] + z[1]) - 1.9599639845400545 * spread)), 1e-9);
    traffstat_prior_free(both);
    assert_int_equal(traffstat_prior_agreement_get(pieces[0], &got), TRAFFSTAT_E_NODATA);
    traffstat_prior_free(pieces[1]);

    pieces[1] = parse(*state, "logitnormal(0.2,0.3)"); /* and two that agree */
    assert_ok(*state,
              traffstat_prior_combined(*state, (const traffstat_prior *const *) pieces, 2, &both));
    assert_int_equal(traffstat_prior_agreement_get(both, &got), TRAFFSTAT_OK);
    assert_near(got.between, 0.0, 0.0);
    assert_near(got.error, 0.3 / sqrt(2), 1e-12);
    traffstat_prior_free(both);
    traffstat_prior_free(pieces[0]);
    traffstat_prior_free(pieces[1]);
}

static void what_is_no_law_is_refused_and_named(void **state)
{
    static const char *const texts[] = {"known(0)",
                                        "known(1)",
                                        "known(100%)",
                                        "survey(5,4)",
                                        "survey(1.5,4)",
                                        "survey(-1,4)",
                                        "logitnormal(0,1)",
                                        "logitnormal(0.4,0)",
                                        "logitnormal(0.4)",
                                        "quantiles(0.2@0.1,0.1@0.9)",
                                        "quantiles(0.2,0.5)",
                                        "quantiles(0.2@0.9,0.5@0.1)",
                                        "known(0.4",
                                        "normal(0.4,1)",
                                        "",
                                        "nan..nan"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        traffstat_prior *prior = (traffstat_prior *) state;
        assert_int_equal(traffstat_prior_parse(*state, texts[i], NULL, &prior),
                         TRAFFSTAT_E_ARGUMENT);
        assert_null(prior);
        assert_true(strlen(traffstat_ctx_message(*state)) > 20);
    }
    traffstat_prior *known = parse(*state, "known(40%)");
    traffstat_prior *out = NULL;
    assert_near(traffstat_prior_mean(known), 0.4, 1e-15);
    assert_true(isinf(traffstat_prior_size(known)));
    assert_int_equal(traffstat_prior_discounted(*state, known, 0.5, &out), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_prior_shifted(*state, known, 0.5, &out), TRAFFSTAT_E_ARGUMENT);
    const traffstat_prior *const pair[2] = {known, known};
    assert_int_equal(traffstat_prior_combined(*state, pair, 2, &out), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_prior_combined(*state, pair, 1, &out), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_prior_labelled(*state, known, 9, "x", &out), TRAFFSTAT_E_ARGUMENT);
    assert_ok(*state, traffstat_prior_labelled(*state, known, TRAFFSTAT_PRIOR_EXPERT, "x", &out));
    assert_int_equal(traffstat_prior_kind_of(out), TRAFFSTAT_PRIOR_EXPERT);
    assert_string_equal(traffstat_prior_source(out), "x");
    traffstat_prior_free(out);
    traffstat_prior_free(known);
}

/* ---- the posterior under them ------------------------------------------------------------------ */

/* A law of p by its density, up to a factor: 0 Beta(a, b), 1 logit-normal(middle a, sd b), both over
 * z = logit p. */
typedef struct brute {
    int kind;
    double a;
    double b;
    double coverage;
    double shape; /* of the rate prior; 0: none */
    double rate;
} brute;

static double density(const brute *of, double z)
{
    const double p = 1 / (1 + exp(-z));
    if (of->kind == 0) {
        return exp(of->a * log(p) + of->b * log1p(-p));
    }
    const double t = (z - log(of->a / (1 - of->a))) / of->b;
    return exp(-0.5 * t * t);
}

/* P(N <= n | lower <= y <= upper): the joint law of y and N is summed term by term at each p. Given
 * p, U is negative binomial, and y has Gamma(y + s)/y! (cp)^y (r + cp)^-(y + s). */
static double brute_cdf(const brute *of, int lower, int upper, int n)
{
    double below = 0.0;
    double whole = 0.0;
    for (int i = 0; i < 6000; i++) {
        const double z = -30.0 + 60.0 * (i + 0.5) / 6000;
        const double seen = of->coverage / (1 + exp(-z));
        const double hit = (of->rate + seen) / (of->rate + 1);
        const double prior = density(of, z);
        for (int y = lower; y <= upper && prior > 0; y++) {
            const double size = y + of->shape;
            const double weight = prior * exp(lgamma(size) - lgamma(y + 1.0) + y * log(seen) -
                                              size * log(of->rate + seen));
            double term = exp(size * log(hit));
            double sum = 0.0;
            for (int u = 0; u <= n - y; u++) {
                sum += term;
                term *= (size + u) / (u + 1.0) * (1 - hit);
            }
            below += weight * sum;
            whole += weight;
        }
    }
    return below / whole;
}

static int brute_quantile(const brute *of, int y, double q)
{
    int low = y - 1;
    int high = 2000;
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        if (brute_cdf(of, y, y, middle) >= q) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

static void every_law_gives_what_plain_integration_gives(void **state)
{
    static const struct {
        const char *law;
        brute of;
        int median;
        int lower;
        int upper;
    } rows[] = {{"survey(37,100)", {0, 37.5, 63.5, 1, 0, 0}, 18, 10, 34},
                {"logitnormal(0.35,0.3)", {1, 0.35, 0.3, 1, 0, 0}, 19, 10, 40},
                {"beta(8,12)", {0, 8, 12, 0.5, 0, 0}, 34, 15, 85}};
    for (size_t i = 0; i < 3; i++) {
        const traffstat_estimate_row row =
            one_row(*state, cell(2018, 7, 7, rows[i].of.coverage, NAN), rows[i].law, NULL);
        assert_int_equal(brute_quantile(&rows[i].of, 7, 0.5), rows[i].median);
        assert_int_equal(brute_quantile(&rows[i].of, 7, 0.025), rows[i].lower);
        assert_int_equal(brute_quantile(&rows[i].of, 7, 0.975), rows[i].upper);
        assert_near(row.estimate, rows[i].median, 0.0);
        assert_near(row.lower, rows[i].lower, 0.0);
        assert_near(row.upper, rows[i].upper, 0.0);
    }
}

/* A cdf has no option for coverage: intervals of a row at many levels stand in for it. */
static void suppressed_counts_in_part_of_a_place_are_mixed_as_by_hand(void **state)
{
    static const struct {
        const char *law;
        brute of;
        int lower;
        int upper;
    } rows[] = {{"logitnormal(0.35,0.5)", {1, 0.35, 0.5, 0.7, 2, 0.1}, 0, 4},
                {"beta(8,12)", {0, 8, 12, 0.6, 1, 0.05}, 1, 6},
                {"logitnormal(0.2,0.4)", {1, 0.2, 0.4, 1, 0, 0}, 1, 4}};
    for (size_t i = 0; i < 3; i++) {
        for (double level = 0.6; level < 0.99; level += 0.15) {
            traffstat_thinning_options options = plain();
            options.level = level;
            if (rows[i].of.shape > 0) {
                options.rate_prior = TRAFFSTAT_RATE_GAMMA;
                options.gamma_shape = rows[i].of.shape;
                options.gamma_rate = rows[i].of.rate;
            }
            const traffstat_estimate_row row =
                one_row(*state, cell(2018, rows[i].lower, rows[i].upper, rows[i].of.coverage, NAN),
                        rows[i].law, &options);
            const double ends[2][2] = {{row.lower, 0.5 * (1 - level)},
                                       {row.upper, 0.5 * (1 + level)}};
            for (size_t k = 0; k < 2; k++) {
                assert_true(brute_cdf(&rows[i].of, rows[i].lower, rows[i].upper,
                                      (int) ends[k][0]) >= ends[k][1] - 1e-9);
                assert_true(brute_cdf(&rows[i].of, rows[i].lower, rows[i].upper,
                                      (int) ends[k][0] - 1) < ends[k][1] + 1e-9);
            }
        }
    }
}

/* missoula_prior_sensitivity.csv (R 4.2.2): count, mean and size of a Beta prior; mean (a closed
 * form), 2.5 %, 50 % and 97.5 % quantile of N. One median is not the table's: 7 counted under
 * Beta(25, 25) has P(N <= 13) = 1/2 exactly, as any 2y - 1 trials of a symmetric p have y successes
 * half the time; the table says 14 there by rounding, and 13 under Beta(5, 5). */
static void means_and_sizes_of_the_rate_give_the_table_of_missoula(void **state)
{
    static const double rows[][7] = {{7, 0.1, 20, 133, 20, 77, 566},
                                     {8, 0.1, 20, 152, 24, 89, 643},
                                     {8, 0.1, 50, 98, 29, 81, 267},
                                     {7, 0.1, 200, 73.31578947368421, 28, 68, 150},
                                     {8, 0.1, 200, 83.78947368421052, 34, 78, 167},
                                     {7, 0.2, 10, 63, 12, 37, 261},
                                     {8, 0.2, 10, 72, 14, 43, 297},
                                     {7, 0.2, 20, 44.33333333333334, 13, 35, 130},
                                     {7, 0.2, 50, 38.11111111111111, 15, 34, 84},
                                     {8, 0.2, 50, 43.55555555555556, 18, 39, 94},
                                     {8, 0.2, 200, 40.82051282051282, 19, 39, 75},
                                     {7, 0.3, 10, 31.5, 9, 23, 102},
                                     {8, 0.3, 10, 36, 11, 27, 115},
                                     {8, 0.3, 20, 30.4, 12, 26, 73},
                                     {7, 0.3, 50, 24.5, 11, 23, 49},
                                     {8, 0.3, 50, 28, 13, 26, 55},
                                     {7, 0.3, 200, 23.61016949152542, 12, 22, 42},
                                     {8, 0.3, 200, 26.98305084745763, 14, 26, 47},
                                     {7, 0.4, 10, 21, 8, 17, 57},
                                     {8, 0.4, 10, 24, 10, 20, 64},
                                     {8, 0.4, 20, 21.71428571428572, 10, 19, 46},
                                     {7, 0.4, 50, 18.05263157894737, 9, 17, 34},
                                     {7, 0.4, 200, 17.63291139240506, 9, 17, 30},
                                     {7, 0.5, 10, 15.75, 7, 13, 37},
                                     {8, 0.5, 10, 18, 9, 15, 42},
                                     {8, 0.5, 20, 16.88888888888889, 9, 15, 33},
                                     {7, 0.5, 50, 14.29166666666667, 8, 13, 25},
                                     {7, 0.6, 10, 12.6, 7, 11, 27},
                                     {8, 0.6, 10, 14.4, 8, 13, 30},
                                     {7, 0.6, 20, 12.09090909090909, 7, 11, 22},
                                     {8, 0.6, 20, 13.81818181818182, 8, 13, 25},
                                     {7, 0.6, 50, 11.82758620689655, 7, 11, 20},
                                     {8, 0.6, 50, 13.51724137931035, 9, 13, 22},
                                     {7, 0.7, 10, 10.5, 7, 9, 20},
                                     {8, 0.7, 10, 12, 8, 11, 23},
                                     {8, 0.7, 20, 11.69230769230769, 8, 11, 19},
                                     {7, 0.7, 50, 10.08823529411765, 7, 10, 16},
                                     {7, 0.7, 200, 10.02158273381295, 7, 10, 15},
                                     {8, 0.7, 200, 11.45323741007194, 8, 11, 17},
                                     {8, 0.8, 10, 10.28571428571429, 8, 9, 17},
                                     {7, 0.8, 50, 8.794871794871796, 7, 8, 13},
                                     {7, 0.8, 200, 8.761006289308176, 7, 8, 12},
                                     {8, 0.8, 200, 10.0125786163522, 8, 10, 14},
                                     {7, 0.9, 10, 7.875, 7, 7, 12},
                                     {8, 0.9, 10, 9, 8, 8, 13},
                                     {7, 0.9, 20, 7.823529411764706, 7, 7, 11},
                                     {8, 0.9, 20, 8.941176470588236, 8, 9, 12},
                                     {7, 0.9, 50, 7.795454545454546, 7, 8, 10},
                                     {8, 0.9, 50, 8.909090909090908, 8, 9, 12}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double *r = rows[i];
        const int64_t count = (int64_t) r[0];
        char law[64];
        (void) snprintf(law, sizeof law, "beta(%.15g,%.15g)", r[1] * r[2], (1 - r[1]) * r[2]);
        const traffstat_estimate_row row =
            one_row(*state, cell(2018, count, count, NAN, NAN), law, NULL);
        assert_near(row.mean, r[3], 1e-12);
        assert_near(row.lower, r[4], 0.0);
        assert_near(row.estimate, r[5], 0.0);
        assert_near(row.upper, r[6], 0.0);
    }
}

static void a_cdf_under_a_logit_normal_law_is_that_of_plain_integration(void **state)
{
    static const brute of = {1, 0.35, 0.3, 1, 0, 0};
    traffstat_prior *prior = parse(*state, "logitnormal(0.35,0.3)");
    for (int n = 7; n < 80; n += 9) {
        double got = 0.0;
        assert_ok(*state, traffstat_thinning_cdf(*state, 7, prior, NULL, n, &got));
        assert_near(got, brute_cdf(&of, 7, 7, n), 1e-11);
    }
    traffstat_prior_free(prior);
}

/* Given p, N - y is negative binomial of size y: mean y/p, cdf a beta function. */
static void a_known_rate_leaves_chance_alone(void **state)
{
    traffstat_prior *prior = parse(*state, "known(0.4)");
    for (int n = 7; n < 60; n += 4) {
        double got = 0.0;
        traffstat_i_tails want;
        assert_ok(*state, traffstat_thinning_cdf(*state, 7, prior, NULL, n, &got));
        assert_true(traffstat_i_beta_tails(7, n - 7 + 1, 0.4, 0.6, &want));
        assert_near(got, want.lower, 1e-12);
    }
    traffstat_prior_free(prior);
    const traffstat_estimate_row row =
        one_row(*state, cell(2018, 7, 7, NAN, NAN), "known(0.4)", NULL);
    assert_near(row.estimate, 17, 0.0);
    assert_near(row.lower, 9, 0.0);
    assert_near(row.upper, 29, 0.0);
    assert_near(row.mean, 17.5, 1e-12);
    traffstat_thinning_options options = plain();
    options.rate_prior = TRAFFSTAT_RATE_GAMMA; /* (y + s) E(1-p)/(r + Ep), here at c = 1/2 */
    options.gamma_shape = 2;
    options.gamma_rate = 0.1;
    const traffstat_estimate_row half =
        one_row(*state, cell(2018, 7, 7, 0.5, NAN), "known(0.4)", &options);
    assert_near(half.unreported_mean, 9.0 * 0.8 / 0.3, 1e-12);
}

static void means_are_closed_whatever_the_tail(void **state)
{
    /* y ((a+b-1)/((a-1)c) - 1); y (1 + e^(s^2/2)/odds); y ((1 + b/(a-1) e^(s^2/2))) */
    assert_near(one_row(*state, cell(2018, 7, 7, 0.5, NAN), "beta(8,12)", NULL).mean, 38.0, 1e-12);
    assert_near(one_row(*state, cell(2018, 7, 7, 0.5, NAN), "beta(1.01,3)", NULL).mean,
                7 * (3.01 / 0.01) / 0.5, 1e-12);
    assert_near(one_row(*state, cell(2018, 7, 7, NAN, NAN), "logitnormal(0.2,1.5)", NULL).mean,
                7 * (1 + 4 * exp(1.125)), 1e-12);
    assert_true(isnan(one_row(*state, cell(2018, 7, 7, 0.5, NAN), "beta(1,3)", NULL).mean));
    traffstat_thinning_options options = plain();
    options.rate_prior = TRAFFSTAT_RATE_JEFFREYS;
    assert_near(
        one_row(*state, cell(2018, 7, 7, 0.5, NAN), "beta(1.6,3)", &options).unreported_mean,
        7.5 * (3.1 / 0.1 / 0.5 - 1), 1e-12);
}

static void exposure_and_gamma_priors_agree_with_quadrature(void **state)
{
    /* thinning_rate_quadrature.csv: y = 7, E = 0.7334 (of 100,000), Gamma(1, 0.05), by R's integrate;
     * a, b, mean of p, mean of what is not reported, mean and sd of lambda. */
    static const double rows[][5] = {
        {2, 2, 0.52720030096122961, 8.530922043497954, 21.101508863285613},
        {4, 6, 0.41818328193188142, 11.201211414391532, 24.51009881847272},
        {8, 12, 0.40748862103045558, 10.887818772219749, 24.110057151161282},
        {20, 30, 0.40243211659233041, 10.548840022638801, 23.67735514761144},
        {9, 1, 0.89617087000247564, 0.96130889076684056, 11.438995265211691},
        {1, 1, 0.5687627611638123, 8.3426121807508036, 20.86113375127751},
        {3, 27, 0.14867256203822188, 33.905145059322507, 53.491377405313379},
        {5, 15, 0.27697865805213834, 18.519736169866537, 33.852101314611353}};
    traffstat_thinning_options options = plain();
    options.rate_prior = TRAFFSTAT_RATE_GAMMA;
    options.gamma_shape = 1;
    options.gamma_rate = 0.05;
    options.exposure_unit = 100000;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const traffstat_cell of = cell(2017, 7, 7, NAN, 73340);
        char law[64];
        (void) snprintf(law, sizeof law, "beta(%g,%g)", rows[i][0], rows[i][1]);
        traffstat_estimate *made = estimate(*state, &of, 1, law, &options);
        traffstat_estimate_row row;
        traffstat_reporting_basis basis;
        assert_ok(*state, traffstat_estimate_row_get(made, 0, &row));
        assert_ok(*state, traffstat_estimate_basis(made, &basis));
        assert_near(basis.posterior_mean, rows[i][2], 1e-9);
        assert_near(row.unreported_mean, rows[i][3], 1e-9);
        /* E[lambda | y] = (y + s + E[U])/(r + E): lambda given N is Gamma(N + s, r + E) */
        assert_near((8 + row.unreported_mean) / (0.05 + 0.7334), rows[i][4], 1e-9);
        traffstat_estimate_free(made);
    }
    const traffstat_cell unknown = cell(2017, 7, 7, NAN, NAN);
    traffstat_estimate *made = estimate(*state, &unknown, 1, "beta(8,12)", &options);
    assert_int_equal(traffstat_estimate_verdict(made), TRAFFSTAT_VERDICT_INESTIMABLE);
    traffstat_estimate_free(made);
}

static void halving_the_rate_moves_any_law(void **state)
{
    static const char *const laws[][2] = {{"logitnormal(0.4,0.3)", "logitnormal(0.2,0.3)"},
                                          {"known(0.4)", "known(0.2)"},
                                          {"beta(8,12)", "beta(4,16)"}};
    for (size_t i = 0; i < 3; i++) {
        const traffstat_cell of = cell(2018, 8, 8, 0.7, NAN);
        traffstat_estimate *made = estimate(*state, &of, 1, laws[i][0], NULL);
        const traffstat_estimate_row want = one_row(*state, of, laws[i][1], NULL);
        double got = -1.0;
        for (size_t k = 0; k < traffstat_estimate_diagnostics(made); k++) {
            if (strcmp(traffstat_estimate_diagnostic_name(made, k), "if_rate_halved_median") == 0) {
                got = traffstat_estimate_diagnostic(made, k);
            }
        }
        assert_near(got, want.estimate, 0.0);
        traffstat_estimate_free(made);
    }
}

/* ---- totals by draws --------------------------------------------------------------------------- */

static traffstat_estimate_row total_of(traffstat_ctx *ctx, const traffstat_estimate *of,
                                       double errors[3])
{
    static const char *const names[3] = {"median_error", "lower_error", "upper_error"};
    traffstat_estimate_row row;
    assert_ok(ctx, traffstat_estimate_total(of, &row));
    const traffstat_detail *draws =
        traffstat_detail_find(traffstat_estimate_row_details(of, TRAFFSTAT_NONE), "draws");
    for (size_t i = 0; i < 3; i++) {
        errors[i] = traffstat_detail_number(traffstat_detail_find(draws, names[i]));
    }
    return row;
}

/* METHODS: ten years of 7 under Beta(8,12) give 110-353 where p is shared, 144-252 where each year
 * has its own. */
static void rows_with_rates_of_their_own_have_a_narrower_total(void **state)
{
    traffstat_cell cells[10];
    double errors[3];
    for (int i = 0; i < 10; i++) {
        cells[i] = cell(2010 + i, 7, 7, NAN, NAN);
    }
    traffstat_thinning_options options = plain();
    options.independent = 1;
    options.draws = 100000;
    traffstat_estimate *made = estimate(*state, cells, 10, "beta(8,12)", &options);
    const traffstat_estimate_row total = total_of(*state, made, errors);
    assert_true(errors[1] > 0.0 && errors[1] < 1.0 && errors[2] > 0.0 && errors[2] < 1.5);
    assert_true(fabs(total.lower - 144) <= 1 + 4 * errors[1]);
    assert_true(fabs(total.upper - 252) <= 1 + 4 * errors[2]);
    assert_near(total.mean, 190.0, 0.003); /* 10 * 7 * 19/7; sd of the mean 0.09 */
    traffstat_estimate *again = estimate(*state, cells, 10, "beta(8,12)", &options);
    const traffstat_estimate_row same = total_of(*state, again, errors);
    assert_near(same.mean, total.mean, 0.0);
    traffstat_estimate_free(again);
    options.rate_prior = TRAFFSTAT_RATE_GAMMA; /* moves the p of each row by itself */
    options.gamma_shape = 2;
    options.gamma_rate = 0.1;
    again = estimate(*state, cells, 10, "beta(8,12)", &options);
    traffstat_reporting_basis basis;
    assert_ok(*state, traffstat_estimate_basis(again, &basis));
    assert_true(isnan(basis.posterior_mean));
    assert_non_null(strstr(traffstat_estimate_reason(again, 0), "the rate prior"));
    const traffstat_estimate_row one = one_row(*state, cells[0], "beta(8,12)", &options);
    assert_near(total_of(*state, again, errors).mean, 10 * one.mean, 0.003);
    traffstat_estimate_free(again);
    traffstat_estimate_free(made);
}

/* The same rate prior drawn, where coverages differ by next to nothing, and exactly. */
static void draws_agree_with_the_exact_total(void **state)
{
    traffstat_cell cells[3] = {cell(2016, 7, 7, NAN, NAN), cell(2017, 9, 9, NAN, NAN),
                               cell(2018, 1, 4, NAN, NAN)};
    double errors[3];
    traffstat_estimate_row exact;
    traffstat_thinning_options options = plain();
    options.draws = 100000;
    traffstat_estimate *made = estimate(*state, cells, 3, "beta(8,12)", &options);
    assert_ok(*state, traffstat_estimate_total(made, &exact));
    traffstat_estimate_free(made);
    cells[0].coverage = 1 - 1e-12;
    made = estimate(*state, cells, 3, "beta(8,12)", &options);
    const traffstat_estimate_row drawn = total_of(*state, made, errors);
    assert_true(fabs(drawn.estimate - exact.estimate) <= 1 + 4 * errors[0]);
    assert_true(fabs(drawn.lower - exact.lower) <= 1 + 4 * errors[1]);
    assert_true(fabs(drawn.upper - exact.upper) <= 1 + 4 * errors[2]);
    assert_near(drawn.mean, exact.mean, 0.01);
    traffstat_estimate_free(made);
}

/* ---- what is said beside the numbers ------------------------------------------------------------ */

static double number_at(const traffstat_detail *of, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(of, name));
}

static void the_rate_says_what_it_implies_and_what_moved_it(void **state)
{
    const traffstat_cell of = cell(2018, 8, 8, 0.5, NAN);
    traffstat_thinning_options options = plain();
    traffstat_estimate *made = estimate(*state, &of, 1, "beta(8,12)", &options);
    const traffstat_detail *rate =
        traffstat_detail_find(traffstat_estimate_details(made), "reporting");
    const traffstat_detail *range = traffstat_detail_find(rate, "range");
    const traffstat_detail *implied = traffstat_detail_find(rate, "implied");
    assert_near(gsl_cdf_beta_P(number_at(range, "lower"), 8, 12), 0.05, 1e-9);
    assert_near(gsl_cdf_beta_Q(number_at(range, "upper"), 8, 12), 0.05, 1e-9);
    assert_near(number_at(implied, "upper"), 8 / (0.5 * number_at(range, "lower")), 1e-12);
    assert_near(number_at(implied, "lower"), 8 / (0.5 * number_at(range, "upper")), 1e-12);
    assert_near(number_at(rate, "shift"), 0.0, 0.0);
    assert_near(number_at(rate, "size"), 20.0, 1e-12);
    assert_string_equal(traffstat_detail_text(traffstat_detail_find(rate, "moved_by")), "nothing");
    assert_null(traffstat_detail_find(traffstat_estimate_details(made), "sensitivity"));
    traffstat_estimate_free(made);

    options.rate_prior = TRAFFSTAT_RATE_JEFFREYS; /* Beta(7.5, 12) */
    made = estimate(*state, &of, 1, "beta(8,12)", &options);
    rate = traffstat_detail_find(traffstat_estimate_details(made), "reporting");
    assert_near(number_at(rate, "shift"), 7.5 / 19.5 - 0.4, 1e-9);
    assert_near(number_at(rate, "sd_after"), sqrt(7.5 * 12 / (19.5 * 19.5 * 20.5)), 1e-9);
    assert_string_equal(traffstat_detail_text(traffstat_detail_find(rate, "moved_by")),
                        "rate prior");
    assert_non_null(strstr(traffstat_detail_text(traffstat_detail_find(rate, "says")),
                           "the rate prior, not the counts"));
    traffstat_estimate_free(made);
}

/* Each bar and each point is the answer that its own prior gives. */
static void sensitivity_is_recomputed_and_not_guessed(void **state)
{
    static const char *const bars[][3] = {{"level", "mean times 0.8", "beta(6.4,13.6)"},
                                          {"level", "mean times 1.25", "beta(10,10)"},
                                          {"spread", "half the weight", "beta(4,6)"},
                                          {"spread", "twice the weight", "beta(16,24)"}};
    const traffstat_cell of = cell(2018, 1, 4, NAN, NAN);
    traffstat_thinning_options options = plain();
    options.sensitivity = 1;
    traffstat_estimate *made = estimate(*state, &of, 1, "beta(8,12)", &options);
    const traffstat_detail *top =
        traffstat_detail_find(traffstat_estimate_details(made), "sensitivity");
    const traffstat_detail *list = traffstat_detail_find(top, "tornado");
    const traffstat_detail *surface = traffstat_detail_find(top, "surface");
    assert_int_equal(traffstat_detail_size(list), 8); /* and a shift, jeffreys, 1 and 4 */
    assert_int_equal(traffstat_detail_size(surface), 25);
    for (size_t i = 0; i < 4; i++) {
        const traffstat_detail *bar = traffstat_detail_at(list, i);
        const traffstat_estimate_row want = one_row(*state, of, bars[i][2], NULL);
        assert_string_equal(traffstat_detail_text(traffstat_detail_find(bar, "assumption")),
                            bars[i][0]);
        assert_string_equal(traffstat_detail_text(traffstat_detail_find(bar, "change")),
                            bars[i][1]);
        assert_near(number_at(bar, "estimate"), want.estimate, 0.0);
        assert_near(number_at(bar, "upper"), want.upper, 0.0);
    }
    const traffstat_estimate_row four =
        one_row(*state, cell(2018, 4, 4, NAN, NAN), "beta(8,12)", NULL);
    assert_near(number_at(traffstat_detail_at(list, 7), "upper"), four.upper, 0.0);
    for (size_t i = 0; i < 25; i += 6) {
        const traffstat_detail *at = traffstat_detail_at(surface, i);
        char a[TRAFFSTAT_I_DOUBLE_SIZE];
        char b[TRAFFSTAT_I_DOUBLE_SIZE];
        char law[2 * TRAFFSTAT_I_DOUBLE_SIZE + 8];
        const double size = number_at(at, "size");
        (void) traffstat_i_format_double(a, number_at(at, "mean") * size);
        (void) traffstat_i_format_double(b, (1 - number_at(at, "mean")) * size);
        (void) snprintf(law, sizeof law, "beta(%s,%s)", a, b); /* a point in every locale */
        const traffstat_estimate_row want = one_row(*state, of, law, NULL);
        assert_near(number_at(at, "estimate"), want.estimate, 0.0);
        assert_near(number_at(at, "lower"), want.lower, 0.0);
        assert_near(number_at(at, "upper"), want.upper, 0.0);
    }
    traffstat_estimate_free(made);
    options.sensitivity = 2;
    traffstat_panel *panel = make_panel(*state, &of, 1);
    traffstat_prior *prior = parse(*state, "beta(8,12)");
    assert_int_equal(traffstat_thinning(*state, panel, prior, &options, &made),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(made);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
}

/* ---- memory ------------------------------------------------------------------------------------ */

static traffstat_status try_priors(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_prior *made[6] = {NULL};
    traffstat_status status = traffstat_prior_survey(ctx, 3, 9, "x", &made[0]);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_prior_parse(ctx, "logitnormal(0.3,0.4)", "y", &made[1]);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_prior_discounted(ctx, made[0], 0.5, &made[2]);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_prior_shifted(ctx, made[2], 0.5, &made[3]);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_prior_combined(ctx, (const traffstat_prior *const *) made, 2, &made[4]);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_prior_labelled(ctx, made[4], TRAFFSTAT_PRIOR_AUDIT, "z", &made[5]);
    }
    for (size_t i = 0; i < 6; i++) {
        traffstat_prior_free(made[i]);
    }
    return status;
}

typedef struct run {
    const traffstat_panel *panel;
    const traffstat_prior *prior;
    traffstat_thinning_options options;
} run;

static traffstat_status try_thinning(traffstat_ctx *ctx, void *arg)
{
    const run *of = arg;
    traffstat_estimate *made = NULL;
    const traffstat_status status =
        traffstat_thinning(ctx, of->panel, of->prior, &of->options, &made);
    traffstat_estimate_free(made);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    const traffstat_cell cells[2] = {cell(2017, 1, 2, 0.8, NAN), cell(2018, 8, 8, NAN, NAN)};
    traffstat_panel *panel = make_panel(*state, cells, 2);
    traffstat_prior *prior = parse(*state, "logitnormal(0.35,0.3)");
    run of = {panel, prior, plain()};
    of.options.draws = 1000;
    assert_true(support_try_every_allocation(try_priors, NULL) > 8);
    assert_true(support_try_every_allocation(try_thinning, &of) > 20);
    of.options.independent = 1;
    assert_true(support_try_every_allocation(try_thinning, &of) > 20);
    traffstat_prior_free(prior);
    prior = parse(*state, "known(0.4)"); /* no surface: each of its points would be tried anew */
    of.prior = prior;
    of.options = plain();
    of.options.sensitivity = 1;
    assert_true(support_try_every_allocation(try_thinning, &of) > 20);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(a_survey_is_a_beta_law),
        WITH_CTX(two_quantiles_are_both_met),
        WITH_CTX(a_logit_normal_law_has_its_moments_and_quantiles),
        WITH_CTX(a_shift_widens_a_law_about_its_middle),
        WITH_CTX(two_pieces_that_disagree_combine_in_closed_form),
        WITH_CTX(what_is_no_law_is_refused_and_named),
        WITH_CTX(every_law_gives_what_plain_integration_gives),
        WITH_CTX(suppressed_counts_in_part_of_a_place_are_mixed_as_by_hand),
        WITH_CTX(means_and_sizes_of_the_rate_give_the_table_of_missoula),
        WITH_CTX(a_cdf_under_a_logit_normal_law_is_that_of_plain_integration),
        WITH_CTX(a_known_rate_leaves_chance_alone),
        WITH_CTX(means_are_closed_whatever_the_tail),
        WITH_CTX(exposure_and_gamma_priors_agree_with_quadrature),
        WITH_CTX(halving_the_rate_moves_any_law),
        WITH_CTX(rows_with_rates_of_their_own_have_a_narrower_total),
        WITH_CTX(draws_agree_with_the_exact_total),
        WITH_CTX(the_rate_says_what_it_implies_and_what_moved_it),
        WITH_CTX(sensitivity_is_recomputed_and_not_guessed),
        WITH_CTX(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
