/* A small run of the calibration that tests/study/study_reporting.c makes a page of: a truth drawn
 * from the prior must lie everywhere equally often in its posterior. The p-values are held to 1e-4
 * for each test of uniformity; worlds are the same in every run. Each kind of run is also shown to
 * fail where the prior that is believed is not the one that truths come from. */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "support/support.h"

#include "study/calibration.h"

/* Under AddressSanitizer everything is slower by a factor of ten. */
#if defined(__SANITIZE_ADDRESS__)
#define SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLOW 1
#endif
#endif
#ifndef SLOW
#define SLOW 0
#endif

enum {
    EXACT = SLOW ? 1000 : 10000,
    TOTALS = SLOW ? 4 : 16,
    GIVEN = SLOW ? 10 : 24,
    CHAINS = SLOW ? 4 : 20,
    FAST = SLOW ? 2 : 8,
    MOST = 64
};

#define UNLIKELY 1e-4

/* ---- the tests of uniformity ------------------------------------------------------------------ */

static void known_values_have_known_probabilities(void **state)
{
    (void) state;
    double values[100];
    for (size_t i = 0; i < 100; i++) { /* all in the middle of their hundredth but moved up */
        values[99 - i] = fmin(((double) i + 0.5) / 100.0 + 0.131, 1.0);
    }
    calibration_uniformity u = calibration_test(values, 100, 20);
    assert_near(u.deviation, 0.136, 1e-12);
    /* Stephens (1974): (10 + 0.12 + 0.011) 0.136 = 1.378, whose tail is 0.0449 */
    assert_near(u.deviation_p, 0.0449, 0.005);
    for (size_t i = 0; i < 100;
         i++) { /* five in each twentieth but one, which has 24 of 19 others */
        values[i] = i % 5 == 0 && i > 0 ? 0.025 : 0.05 * (double) (i / 5) + 0.025;
    }
    u = calibration_test(values, 100, 20);
    /* 19 bins of 4 and one of 24: (19 + 361) / 5 */
    assert_near(u.chi_square, 76.0, 1e-12);
    assert_true(u.chi_square_p < 1e-7 && u.chi_square_p > 1e-9);
}

/* Means and variances of the random numbers: 5 standard errors of 20,000 draws. */
static void the_studys_own_random_numbers_have_their_moments(void **state)
{
    (void) state;
    enum { DRAWS = 20000 };
    static const double want[][2] = {{0.5, 1.0 / 12.0},    {0.0, 1.0},       {0.4, 0.4},
                                     {7.5, 7.5},           {0.4, 0.24 / 21}, {70.0, 70},
                                     {12 * 0.3, 12 * 0.21}};
    double sum[7] = {0.0};
    double squares[7] = {0.0};
    for (uint64_t i = 0; i < DRAWS; i++) {
        calibration_random from = calibration_seeded(5, i);
        const double draws[] = {calibration_uniform(&from),
                                calibration_normal(&from),
                                calibration_gamma(&from, 0.4),
                                calibration_gamma(&from, 7.5),
                                calibration_beta(&from, 8.0, 12.0),
                                (double) calibration_poisson(&from, 70.0),
                                (double) calibration_binomial(&from, 12, 0.3)};
        for (size_t k = 0; k < 7; k++) {
            sum[k] += draws[k] / DRAWS;
            squares[k] += (draws[k] - want[k][0]) * (draws[k] - want[k][0]) / DRAWS;
        }
    }
    for (size_t k = 0; k < 7; k++) {
        const double kurtosis = k == 2 ? 18.0 : 4.0; /* 3 + 6 / shape of the gamma law */
        assert_true(fabs(sum[k] - want[k][0]) < 5.0 * sqrt(want[k][1] / DRAWS));
        assert_true(fabs(squares[k] / want[k][1] - 1.0) < 5.0 * sqrt((kurtosis - 1.0) / DRAWS));
    }
}

/* ---- the exact model -------------------------------------------------------------------------- */

static calibration_thinning thinning(size_t rows, size_t replicates)
{
    return (calibration_thinning){.truth = {8.0, 12.0},
                                  .prior = {8.0, 12.0},
                                  .shape = 2.0,
                                  .rate = 0.1,
                                  .rows = rows,
                                  .replicates = replicates,
                                  .bins = 20,
                                  .seed = 20180707};
}

static void is_uniform(const char *name, const calibration_uniformity *u)
{
    if (!(u->chi_square_p > UNLIKELY && u->deviation_p > UNLIKELY)) {
        print_error("%s: chi-square p %g, deviation %g with p %g\n", name, u->chi_square_p,
                    u->deviation, u->deviation_p);
        fail();
    }
}

/* An interval of a whole number holds its level at least; `most` is what it may hold beyond. */
static void covers(const double coverage[CALIBRATION_LEVELS], size_t replicates, double most)
{
    const unsigned int n = (unsigned int) replicates;
    for (size_t i = 0; i < CALIBRATION_LEVELS; i++) {
        const double level = calibration_levels[i];
        const unsigned int held = (unsigned int) lrint(coverage[i] * n);
        const double few = gsl_cdf_binomial_P(held, level, n);
        const double many =
            held > 0 ? gsl_cdf_binomial_Q(held - 1, fmin(level + most, 1.0), n) : 1.0;
        if (!(few > UNLIKELY && many > UNLIKELY)) {
            print_error("%u of %u intervals of %g hold the truth\n", held, n, level);
            fail();
        }
    }
}

static void the_exact_model_is_calibrated(void **state)
{
    calibration_tally tally;
    calibration_thinning how = thinning(1, EXACT);
    assert_ok(*state, calibration_of_thinning(*state, &how, &tally));
    is_uniform("one count", &tally.uniformity);
    covers(tally.coverage, EXACT, 0.1);
    /* an independent simulation of 10,000: 0.561 at 50 %, 0.966 at 95 % (the project's reference
     * folder, sbc_thinning.csv) */
    const double noise = 4.0 * sqrt(0.25 / EXACT + 0.25 / 10000.0);
    assert_true(fabs(tally.coverage[0] - 0.5606) < noise);
    assert_true(fabs(tally.coverage[2] - 0.966) < 0.44 * noise);
}

static void totals_of_counts_that_share_p_are_calibrated(void **state)
{
    calibration_tally tally;
    calibration_thinning how = thinning(5, EXACT);
    assert_ok(*state, calibration_of_thinning(*state, &how, &tally));
    is_uniform("total", &tally.uniformity);
    covers(tally.coverage, EXACT, 0.03);
    how.uneven = true;
    how.replicates = TOTALS;
    assert_ok(*state, calibration_of_thinning(*state, &how, &tally));
    covers(tally.coverage, TOTALS, 0.03);
}

static void a_wrong_prior_of_the_exact_model_shows(void **state)
{
    calibration_tally tally;
    calibration_thinning how = thinning(1, 1000);
    how.prior = (calibration_law){10.0, 10.0};
    assert_ok(*state, calibration_of_thinning(*state, &how, &tally));
    assert_true(tally.uniformity.deviation_p < UNLIKELY);
    assert_true(tally.uniformity.chi_square_p < UNLIKELY);
    how.prior = (calibration_law){80.0, 120.0}; /* the mean is right, the width is not */
    how.rows = 5;
    assert_ok(*state, calibration_of_thinning(*state, &how, &tally));
    assert_true(tally.uniformity.chi_square_p < UNLIKELY);
    assert_true(tally.coverage[2] < 0.9);
}

/* ---- the panel -------------------------------------------------------------------------------- */

/* The four models in turn. */
static calibration_panel panel(size_t number, calibration_engine engine, size_t replicates)
{
    calibration_panel how = calibration_right(replicates);
    how.negative_binomial = number % 2 == 1;
    how.mixed = number >= 2;
    how.engine = engine;
    how.accept = 0.8; /* a third of the time of the product's 0.99 */
    return how;
}

static void are_uniform(traffstat_ctx *ctx, const calibration_panel *how, size_t quantities)
{
    static calibration_answer answers[MOST];
    double room[MOST];
    assert_true(how->replicates <= MOST);
    assert_ok(ctx, calibration_of_panel(ctx, how, answers));
    for (size_t k = 0; k < quantities; k++) {
        size_t used = 0;
        const calibration_tally tally =
            calibration_count(answers, how->replicates, k, 4, room, &used);
        assert_int_equal(used, how->replicates);
        is_uniform(calibration_names[k], &tally.uniformity);
        covers(tally.coverage, used, k == CALIBRATION_CELL ? 0.15 : 0.03);
    }
}

static void the_simulator_and_the_library_mean_the_same_model(void **state)
{
    for (size_t number = 0; number < 4; number++) {
        for (size_t which = 0; which < 10; which++) {
            double gap = INFINITY;
            calibration_panel how = panel(number, CALIBRATION_GIVEN, 1);
            assert_ok(*state, calibration_gap(*state, &how, which, &gap));
            assert_true(gap < 1e-13);
        }
    }
    double gap = 0.0;
    calibration_panel how = panel(0, CALIBRATION_GIVEN, 1);
    how.true_drift = 0.3; /* no model's walk */
    assert_ok(*state, calibration_gap(*state, &how, 0, &gap));
    assert_true(gap > 0.1);
}

/* Also where most counts are known as "<20" alone and vary far more than Poisson counts do. */
static void true_counts_given_rates_are_calibrated(void **state)
{
    for (size_t number = 0; number < 4; number++) {
        calibration_panel how = panel(number, CALIBRATION_GIVEN, GIVEN);
        are_uniform(*state, &how, CALIBRATION_COUNTS);
    }
    calibration_panel how = panel(3, CALIBRATION_GIVEN, 2 * GIVEN);
    how.hidden_below = 20;
    how.dispersion_scale = 1.0;
    are_uniform(*state, &how, CALIBRATION_COUNTS);
}

static void chains_are_calibrated(void **state)
{
    for (size_t number = 0; number < 4; number += 3) { /* the plainest and the fullest model */
        calibration_panel how =
            panel(number, CALIBRATION_NUTS, number == 0 ? CHAINS : (CHAINS + 4) / 5);
        are_uniform(*state, &how, CALIBRATION_QUANTITIES);
    }
}

static void the_fast_engine_is_calibrated(void **state)
{
    calibration_panel how = panel(0, CALIBRATION_FAST, FAST);
    are_uniform(*state, &how, CALIBRATION_QUANTITIES);
}

/* Truths from Beta(8, 12), Beta(48, 12) believed: every engine's total is then far too low. */
static void a_wrong_prior_of_a_panel_shows(void **state)
{
    enum { FEW = 5 };
    for (calibration_engine engine = CALIBRATION_NUTS; engine <= CALIBRATION_FAST; engine++) {
        calibration_answer answers[FEW];
        double room[FEW];
        size_t used = 0;
        calibration_panel how = panel(0, engine, FEW);
        how.prior = (calibration_law){48.0, 12.0};
        assert_ok(*state, calibration_of_panel(*state, &how, answers));
        const calibration_tally tally =
            calibration_count(answers, FEW, CALIBRATION_TOTAL, 4, room, &used);
        assert_int_equal(used, FEW);
        assert_true(tally.uniformity.deviation_p < UNLIKELY);
    }
}

static void threads_change_nothing(void **state)
{
    enum { FEW = 3 };
    calibration_answer answers[2][FEW];
    calibration_panel how = panel(0, CALIBRATION_NUTS, FEW);
    for (uint32_t i = 0; i < 2; i++) {
        assert_ok(*state, traffstat_ctx_set_threads(*state, i + 1));
        assert_ok(*state, calibration_of_panel(*state, &how, answers[i]));
    }
    for (size_t i = 0; i < FEW; i++) {
        for (size_t k = 0; k < CALIBRATION_QUANTITIES; k++) {
            assert_near(answers[0][i].place[k], answers[1][i].place[k], 0.0);
            assert_near(answers[0][i].middle[k], answers[1][i].middle[k], 0.0);
        }
    }
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_values_have_known_probabilities),
        cmocka_unit_test(the_studys_own_random_numbers_have_their_moments),
        WITH_CTX(the_exact_model_is_calibrated),
        WITH_CTX(totals_of_counts_that_share_p_are_calibrated),
        WITH_CTX(a_wrong_prior_of_the_exact_model_shows),
        WITH_CTX(the_simulator_and_the_library_mean_the_same_model),
        WITH_CTX(true_counts_given_rates_are_calibrated),
        WITH_CTX(chains_are_calibrated),
        WITH_CTX(the_fast_engine_is_calibrated),
        WITH_CTX(a_wrong_prior_of_a_panel_shows),
        WITH_CTX(threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
