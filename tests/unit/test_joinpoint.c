/* Joinpoints: fits against R 4.2.2 (glm, segmented 1.6, ljr 1.4), the search against brute force, the
 * tests for what they promise. Data: AIDS cases in Belgium 1981-1993, coal-mining disasters
 * 1851-1962 (boot::coal by year), ljr's kcm. */
#include <math.h>
#include <string.h>

#include "model/rate/hinge.h"
#include "support/joinpoint.h"
#include "support/support.h"

#include <traffstat/joinpoint.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const double aids[] = {12, 14, 33, 50, 67, 74, 123, 141, 165, 204, 253, 246, 240};
static const double coal[] = {4, 5, 4, 1, 0, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1,
                              4, 4, 1, 5, 5, 3, 4, 2, 5, 2, 2, 3, 4, 2, 1, 3, 2, 2, 1, 1, 1, 1, 3,
                              0, 0, 1, 0, 1, 1, 0, 0, 3, 1, 0, 3, 2, 2, 0, 1, 1, 1, 0, 1, 0, 1, 0,
                              0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2, 3, 3, 1, 1, 2, 1, 1, 1, 1, 2, 3, 3,
                              0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1};
static const double kcm[] = {9196, 9412, 9595, 9624, 9558, 9373, 9699};
static const double kcm_persons[] = {4018053, 4041769, 4067643, 4088977, 4114489, 4140427, 4172608};

static void years_from(double first, size_t n, double *times)
{
    for (size_t i = 0; i < n; i++) {
        times[i] = first + (double) i;
    }
}

static traffstat_joinpoint_options settings(int32_t family, int32_t search, int32_t most)
{
    traffstat_joinpoint_options options;
    traffstat_joinpoint_options_init(&options, sizeof options);
    options.family = family;
    options.search = search;
    options.max_joinpoints = most;
    options.selection = TRAFFSTAT_JOINPOINT_BY_BIC;
    return options;
}

static traffstat_joinpoint *fit_aids(void **state, const traffstat_joinpoint_options *options)
{
    double times[COUNT(aids)];
    traffstat_joinpoint *fit = NULL;
    years_from(1981, COUNT(aids), times);
    assert_ok(*state,
              traffstat_joinpoint_fit(*state, times, aids, NULL, NULL, COUNT(aids), options, &fit));
    return fit;
}

static traffstat_joinpoint *fit_coal(void **state, const traffstat_joinpoint_options *options)
{
    double times[COUNT(coal)];
    traffstat_joinpoint *fit = NULL;
    years_from(1851, COUNT(coal), times);
    assert_ok(*state,
              traffstat_joinpoint_fit(*state, times, coal, NULL, NULL, COUNT(coal), options, &fit));
    return fit;
}

static traffstat_joinpoint_segment segment(const traffstat_joinpoint *fit, size_t k, size_t index)
{
    traffstat_joinpoint_segment out;
    assert_int_equal(traffstat_joinpoint_segment_get(fit, k, index, &out), TRAFFSTAT_OK);
    return out;
}

/* ---- against R ------------------------------------------------------------------------------- */

static void one_line_is_the_regression_of_r(void **state)
{
    traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 0);
    traffstat_joinpoint *fit = fit_coal(state, &options);
    traffstat_joinpoint_segment line = segment(fit, 0, 0);
    assert_near(line.apc, -1.8203730057769318, 1e-10);
    assert_near(line.apc_lower, -2.2950375855840366, 1e-10);
    assert_near(line.apc_upper, -1.3434024380470366, 1e-10);
    traffstat_joinpoint_free(fit);

    options.overdispersed = 1;
    fit = fit_coal(state, &options);
    line = segment(fit, 0, 0);
    assert_near(model(fit, 0).dispersion, 1.1103457105899446, 1e-9);
    assert_near(line.apc_lower, -2.326024434370999, 1e-9);
    assert_near(line.apc_upper, -1.3121038546446084, 1e-9);
    traffstat_joinpoint_free(fit);

    fit = fit_aids(state, &options);
    line = segment(fit, 0, 0);
    assert_near(model(fit, 0).dispersion, 6.747393227991858, 1e-9);
    assert_near(line.apc, 22.399635162226851, 1e-10);
    assert_near(line.apc_lower, 17.080301305021649, 1e-9);
    assert_near(line.apc_upper, 27.960643428952856, 1e-9);
    traffstat_joinpoint_free(fit);
}

static void the_grid_search_of_belgian_aids(void **state)
{
    const traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 2);
    traffstat_joinpoint *fit = fit_aids(state, &options);
    assert_near(model(fit, 0).deviance, 80.686485526772515, 1e-10);
    assert_near(model(fit, 1).deviance, 19.987510730904901, 1e-9);
    assert_near(model(fit, 2).deviance, 6.4211604715965365, 1e-9);
    assert_near(knot(fit, 1, 0).position, 1988, 1e-14);
    assert_near(knot(fit, 2, 0).position, 1984, 1e-14);
    assert_near(knot(fit, 2, 1).position, 1991, 1e-14);
    assert_int_equal(traffstat_joinpoint_chosen(fit), 2);
    assert_int_equal(traffstat_joinpoint_tests(fit), 0);
    traffstat_joinpoint_free(fit);
}

static void weighted_least_squares_as_the_cancer_institute_does_it(void **state)
{
    const traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_LOGLINEAR, 0, 2);
    traffstat_joinpoint *fit = fit_aids(state, &options);
    const double sse[] = {71.008152260488345, 19.647603505248718, 6.420410204442816};
    const double bic[] = {2.0924529270142811, 1.2022212013069482, 0.47835543333903663};
    for (size_t k = 0; k < 3; k++) {
        assert_near(model(fit, k).deviance, sse[k], 1e-10);
        assert_near(model(fit, k).bic, bic[k], 1e-10);
        assert_true(isnan(model(fit, k).log_likelihood));
    }
    assert_near(knot(fit, 1, 0).position, 1988, 1e-14);
    assert_near(knot(fit, 2, 0).position, 1984, 1e-14);
    assert_near(knot(fit, 2, 1).position, 1991, 1e-14);
    traffstat_joinpoint_free(fit);
}

static void a_joinpoint_between_years_is_that_of_segmented(void **state)
{
    const traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 1, 1);
    traffstat_joinpoint *fit = fit_aids(state, &options);
    assert_near(knot(fit, 1, 0).position, 1987.5194766595855, 1e-9);
    assert_near(knot(fit, 1, 0).se, 0.41617620603466371, 1e-6);
    assert_near(model(fit, 1).deviance, 18.805768327280639, 1e-11);
    assert_near(model(fit, 1).log_likelihood, -50.244549399490126, 1e-11);
    assert_near(model(fit, 1).aic, 108.48909879898025, 1e-11);
    assert_near(model(fit, 1).intercept, -711.07538753448875, 1e-6);
    assert_near(segment(fit, 1, 0).slope, 0.36028438459543533, 1e-6);
    assert_near(segment(fit, 1, 1).slope, 0.36028438459543533 - 0.25148020937630772, 1e-6);
    assert_near(segment(fit, 1, 0).apc, 43.373080298817456, 1e-4); /* from five digits of slope */
    traffstat_joinpoint_free(fit);

    /* the best place is a year: segmented stops 1e-5 beside it */
    fit = fit_coal(state, &options);
    assert_near(knot(fit, 1, 0).position, 1869, 1e-8);
    assert_true(model(fit, 1).deviance <= 135.75356608618347);
    assert_near(model(fit, 1).deviance, 135.75356608618347, 1e-8);
    assert_near(segment(fit, 1, 0).slope, 0.0059971086570687823, 1e-5);
    assert_near(segment(fit, 1, 1).slope, 0.0059971086570687823 - 0.027581391042023094, 1e-5);
    traffstat_joinpoint_free(fit);
}

static void odds_are_those_of_ljr(void **state)
{
    traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_BINOMIAL, 1, 2);
    options.min_end = 1;
    double times[COUNT(kcm)];
    years_from(1999, COUNT(kcm), times);
    traffstat_joinpoint *fit = NULL;
    assert_ok(*state, traffstat_joinpoint_fit(*state, times, kcm, kcm_persons, NULL, COUNT(kcm),
                                              &options, &fit));
    assert_near(model(fit, 0).log_likelihood, -44.474630261363927, 1e-9);
    assert_near(model(fit, 0).intercept, -4.1905374786416827, 1e-8);
    assert_near(segment(fit, 0, 0).slope, -0.00093569495979775748, 1e-8);
    assert_near(model(fit, 1).log_likelihood, -41.361473621276673, 1e-9);
    assert_near(model(fit, 1).intercept, -40.804038334960552, 1e-6);
    assert_near(knot(fit, 1, 0).position, 2000.7730661667765, 1e-9);
    assert_near(segment(fit, 1, 0).slope, 0.017371958729163695, 1e-6);
    assert_near(segment(fit, 1, 1).slope, 0.017371958729163695 - 0.024182836750019629, 1e-6);
    /* ljrk gives 2004 before 2001.54; its coefficients fit the rising order */
    assert_near(knot(fit, 2, 0).position, 2001.538571991387, 1e-9);
    assert_near(knot(fit, 2, 1).position, 2004, 1e-12);
    assert_near(model(fit, 2).intercept, -36.307654463329797, 1e-6);
    /* the likelihood it prints, -488.7, is that of the wrong order: more joinpoints cannot fit worse */
    assert_true(model(fit, 2).log_likelihood >= model(fit, 1).log_likelihood);
    assert_near(segment(fit, 2, 0).slope, 0.015123022679894287, 1e-6);
    assert_near(segment(fit, 2, 1).slope, 0.015123022679894287 - 0.034605468861636152, 1e-6);
    assert_near(segment(fit, 2, 2).slope,
                0.015123022679894287 - 0.034605468861636152 + 0.043831729002062156, 1e-6);
    traffstat_joinpoint_free(fit);
}

/* ---- the search against brute force ---------------------------------------------------------- */

/* Weighted sum of squares of z on 1, x and k hinges: Gram and Schmidt twice over. */
static double brute(const double *x, const double *w, const double *z, size_t n,
                    const size_t *knots, size_t k)
{
    double basis[8][40];
    double left[40];
    for (size_t c = 0; c < k + 2; c++) {
        for (size_t i = 0; i < n; i++) {
            const double hinge = c < 2 ? 0 : fmax(x[i] - x[knots[c - 2]], 0);
            basis[c][i] = sqrt(w[i]) * (c == 0 ? 1 : c == 1 ? x[i] : hinge);
        }
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t d = 0; d < c; d++) {
                double dot = 0;
                for (size_t i = 0; i < n; i++) {
                    dot += basis[c][i] * basis[d][i];
                }
                for (size_t i = 0; i < n; i++) {
                    basis[c][i] -= dot * basis[d][i];
                }
            }
        }
        double norm = 0;
        for (size_t i = 0; i < n; i++) {
            norm += basis[c][i] * basis[c][i];
        }
        for (size_t i = 0; i < n; i++) {
            basis[c][i] /= sqrt(norm);
        }
    }
    for (size_t i = 0; i < n; i++) {
        left[i] = sqrt(w[i]) * z[i];
    }
    double sum = 0;
    for (size_t c = 0; c < k + 2; c++) {
        double dot = 0;
        for (size_t i = 0; i < n; i++) {
            dot += basis[c][i] * left[i];
        }
        for (size_t i = 0; i < n; i++) {
            left[i] -= dot * basis[c][i];
        }
    }
    for (size_t i = 0; i < n; i++) {
        sum += left[i] * left[i];
    }
    return sum;
}

/* The next placing in order; 0 when there is none. */
static int next_placing(size_t *knots, size_t k, size_t n, size_t end, size_t step)
{
    for (size_t j = k; j-- > 0;) {
        knots[j]++;
        for (size_t i = j + 1; i < k; i++) {
            knots[i] = knots[i - 1] + step;
        }
        if (knots[k - 1] <= n - 1 - end) {
            return 1;
        }
    }
    return 0;
}

static void the_scan_finds_what_brute_force_finds(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 11);
    for (int round = 0; round < 30; round++) {
        const size_t n = (size_t) support_rng_between(&rng, 15, 20);
        const size_t end = (size_t) support_rng_between(&rng, 1, 3);
        const size_t step = (size_t) support_rng_between(&rng, 1, 3);
        double x[20];
        double w[20];
        double z[20];
        for (size_t i = 0; i < n; i++) {
            x[i] = (i > 0 ? x[i - 1] : 0) + 0.2 + support_rng_uniform(&rng);
            w[i] = 0.1 + support_rng_uniform(&rng);
            z[i] = support_rng_uniform(&rng) + (i > n / 2 ? 0.3 * x[i] : 0);
        }
        traffstat_i_hinge hinge;
        traffstat_i_scan scan;
        assert_ok(*state, traffstat_i_hinge_init(*state, &hinge, x, n, end, step, 4));
        assert_ok(*state, traffstat_i_scan_init(&scan, &hinge));
        traffstat_i_hinge_weigh(&hinge, w);
        traffstat_i_scan_load(&scan, z);
        for (size_t k = 1; k <= 4; k++) {
            size_t knots[4];
            size_t got[8];
            size_t want[4] = {0};
            double best = INFINITY;
            double placings = 0;
            for (size_t j = 0; j < k; j++) {
                knots[j] = end + j * step;
            }
            if (knots[k - 1] > n - 1 - end) {
                assert_false(traffstat_i_hinge_fits(n, end, step, k));
                continue;
            }
            do {
                const double sse = brute(x, w, z, n, knots, k);
                placings++;
                if (sse < best) {
                    best = sse;
                    memcpy(want, knots, sizeof want);
                }
            } while (next_placing(knots, k, n, end, step));
            assert_near(traffstat_i_hinge_placings(n, end, step, k), placings, 1e-12);
            assert_near(traffstat_i_scan_best(&scan, k, INFINITY, false, got), best, 1e-9);
            assert_memory_equal(got, want, k * sizeof *want);
            /* a cutoff just above it is met, one just below is not */
            assert_true(traffstat_i_scan_best(&scan, k, best * 1.00001, true, NULL) <
                        best * 1.00001);
            assert_near(traffstat_i_scan_best(&scan, k, best * 0.99999, true, NULL), best * 0.99999,
                        0);
        }
        traffstat_i_scan_clear(&scan);
        traffstat_i_hinge_clear(&hinge);
    }
}

/* Where all placings are too many to be fitted exactly, the quadratic screen must not miss the best:
 * no part of the grid, small enough to be searched exactly, holds a better one. */
static void the_screened_search_misses_nothing(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 5);
    for (int round = 0; round < 4; round++) {
        double times[60];
        double cases[60];
        years_from(1960, 60, times);
        for (size_t i = 0; i < 60; i++) {
            const double bend = i < 20 ? 0.06 * (double) i : 1.2 - 0.03 * (double) (i - 20);
            cases[i] = floor(6 * exp(bend) * (0.4 + 1.2 * support_rng_uniform(&rng)));
        }
        traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 2);
        traffstat_joinpoint *fit = NULL;
        assert_ok(*state,
                  traffstat_joinpoint_fit(*state, times, cases, NULL, NULL, 60, &options, &fit));
        const double found = model(fit, 2).deviance;
        traffstat_joinpoint_free(fit);
        for (int32_t end = 2; end < 22; end += 4) {
            options.min_end = end;
            assert_ok(*state, traffstat_joinpoint_fit(*state, times, cases, NULL, NULL, 60,
                                                      &options, &fit));
            assert_true(found <= model(fit, 2).deviance * (1 + 1e-9));
            traffstat_joinpoint_free(fit);
        }
    }
}

/* ---- the permutation test -------------------------------------------------------------------- */

static void results_are_the_same_for_every_number_of_threads(void **state)
{
    traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 2);
    options.selection = TRAFFSTAT_JOINPOINT_BY_PERMUTATION;
    const uint32_t threads[] = {1, 2, 7};
    int64_t extreme[2] = {0, 0};
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_ok(*state, traffstat_ctx_set_threads(*state, threads[i]));
        for (int32_t od = 0; od < 2; od++) {
            options.overdispersed = od;
            traffstat_joinpoint *fit = fit_coal(state, &options);
            traffstat_joinpoint_test test;
            assert_int_equal(traffstat_joinpoint_test_get(fit, 0, &test), TRAFFSTAT_OK);
            if (i == 0) {
                extreme[od] = test.extreme;
            }
            assert_int_equal(test.extreme, extreme[od]);
            assert_near(test.p, (double) (test.extreme + 1) / 4500, 1e-15);
            traffstat_joinpoint_free(fit);
        }
    }
    assert_true(extreme[0] > 20 && extreme[0] < 400); /* p about 0.033 */
}

static void clear_bends_are_found_and_noise_is_not(void **state)
{
    traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 2);
    options.selection = TRAFFSTAT_JOINPOINT_BY_PERMUTATION;
    for (int32_t family = 0; family < 2; family++) {
        options.family = family;
        traffstat_joinpoint *fit = fit_aids(state, &options);
        traffstat_joinpoint_test test;
        assert_int_equal(traffstat_joinpoint_chosen(fit), 2);
        assert_int_equal(traffstat_joinpoint_tests(fit), 2);
        assert_int_equal(traffstat_joinpoint_test_get(fit, 0, &test), TRAFFSTAT_OK);
        assert_int_equal(test.null_joinpoints, 0);
        assert_int_equal(test.other_joinpoints, 2);
        assert_near(test.alpha, 0.025, 1e-15);
        assert_true(test.p < 0.001);
        assert_int_equal(traffstat_joinpoint_test_get(fit, 1, &test), TRAFFSTAT_OK);
        assert_int_equal(test.null_joinpoints, 1);
        assert_near(test.alpha, 0.05, 1e-15);
        traffstat_joinpoint_free(fit);
    }
    options.family = TRAFFSTAT_JOINPOINT_POISSON;
    options.max_joinpoints = 1;
    traffstat_joinpoint *fit = fit_coal(state, &options);
    assert_int_equal(traffstat_joinpoint_chosen(fit), 0);
    traffstat_joinpoint_free(fit);
}

/* p is uniform under the null, so the chance of p <= 0.1 is 0.1: 200 flat series, within 4 sd. */
static void the_test_keeps_its_size(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 3);
    for (int32_t family = 0; family < 2; family++) {
        traffstat_joinpoint_options options = settings(family, 0, 1);
        options.selection = TRAFFSTAT_JOINPOINT_BY_PERMUTATION;
        options.permutations = 199;
        int low = 0;
        for (int round = 0; round < 200; round++) {
            double times[20];
            double cases[20];
            years_from(2000, 20, times);
            for (size_t i = 0; i < 20; i++) {
                double product = support_rng_uniform(&rng);
                for (cases[i] = 0; product > exp(-9.0); cases[i]++) {
                    product *= support_rng_uniform(&rng);
                }
            }
            traffstat_joinpoint *fit = NULL;
            traffstat_joinpoint_test test;
            assert_ok(*state, traffstat_joinpoint_fit(*state, times, cases, NULL, NULL, 20,
                                                      &options, &fit));
            assert_int_equal(traffstat_joinpoint_test_get(fit, 0, &test), TRAFFSTAT_OK);
            low += test.p <= 0.1;
            traffstat_joinpoint_free(fit);
        }
        assert_in_range(low, 3, 37);
    }
}

/* ---- what does not change the answer --------------------------------------------------------- */

static void units_of_time_and_exposure_do_not_matter(void **state)
{
    double times[COUNT(aids)];
    double exposure[COUNT(aids)];
    years_from(0, COUNT(aids), times);
    for (size_t i = 0; i < COUNT(aids); i++) {
        times[i] = 10 * times[i] - 7;
        exposure[i] = 1e5;
    }
    const traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 1, 2);
    traffstat_joinpoint *fit = NULL;
    assert_ok(*state, traffstat_joinpoint_fit(*state, times, aids, exposure, NULL, COUNT(aids),
                                              &options, &fit));
    traffstat_joinpoint *plain = fit_aids(state, &options);
    for (size_t k = 0; k <= 2; k++) {
        assert_near(model(fit, k).deviance, model(plain, k).deviance, 1e-10);
        for (size_t i = 0; i < k; i++) {
            assert_near((knot(fit, k, i).position + 7) / 10 + 1981, knot(plain, k, i).position,
                        1e-7);
        }
        for (size_t i = 0; i <= k; i++) {
            assert_near(10 * segment(fit, k, i).slope, segment(plain, k, i).slope, 1e-5);
        }
        double fitted[COUNT(aids)];
        double sum = 0;
        assert_int_equal(traffstat_joinpoint_fitted(fit, k, fitted, COUNT(aids)), TRAFFSTAT_OK);
        for (size_t i = 0; i < COUNT(aids); i++) {
            sum += fitted[i];
        }
        assert_near(sum, 1622, 1e-9); /* a maximum-likelihood fit keeps the total */
    }
    traffstat_joinpoint_free(plain);
    traffstat_joinpoint_free(fit);
}

static void the_average_change_is_the_mean_of_the_slopes(void **state)
{
    const traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 2);
    traffstat_joinpoint *fit = fit_aids(state, &options);
    traffstat_joinpoint_average got;
    const double mean = (3 * segment(fit, 2, 0).slope + 7 * segment(fit, 2, 1).slope +
                         2 * segment(fit, 2, 2).slope) /
                        12;
    assert_int_equal(traffstat_joinpoint_average_get(fit, 2, 1981, 1993, &got), TRAFFSTAT_OK);
    assert_near(got.apc, 100 * expm1(mean), 1e-10);
    assert_true(got.lower < got.apc && got.apc < got.upper);
    /* inside one line it is that line's */
    assert_int_equal(traffstat_joinpoint_average_get(fit, 2, 1985, 1990, &got), TRAFFSTAT_OK);
    assert_near(got.apc, segment(fit, 2, 1).apc, 1e-12);
    assert_near(got.lower, segment(fit, 2, 1).apc_lower, 1e-12);
    assert_near(got.p, segment(fit, 2, 1).p, 1e-12);
    assert_int_equal(traffstat_joinpoint_average_get(fit, 2, 1980, 1990, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_joinpoint_average_get(fit, 2, 1990, 1990, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_joinpoint_average_get(fit, 3, 1981, 1993, &got),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_joinpoint_free(fit);
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void a_run_of_zeros_leaves_its_slope_unbounded(void **state)
{
    const double cases[] = {9, 11, 10, 12, 8, 10, 0, 0, 0, 0, 0, 0};
    double times[12];
    years_from(2000, 12, times);
    const traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 1);
    traffstat_joinpoint *fit = NULL;
    assert_ok(*state,
              traffstat_joinpoint_fit(*state, times, cases, NULL, NULL, 12, &options, &fit));
    assert_near(knot(fit, 1, 0).position, 2005, 1e-12);
    assert_true(isnan(segment(fit, 1, 1).slope_se));
    assert_true(isnan(segment(fit, 1, 1).p));
    assert_near(segment(fit, 1, 1).apc, -100, 1e-3);
    assert_true(segment(fit, 1, 0).slope_se < 0.2);
    traffstat_joinpoint_free(fit);
}

static void short_series_have_fewer_joinpoints(void **state)
{
    double times[30];
    double cases[30];
    years_from(1990, 30, times);
    for (size_t i = 0; i < 30; i++) {
        cases[i] = (double) (5 + i % 4);
    }
    const size_t most[][2] = {{3, 0}, {6, 0}, {7, 1}, {11, 1}, {12, 2}, {30, 2}};
    for (size_t i = 0; i < COUNT(most); i++) {
        traffstat_joinpoint *fit = NULL;
        assert_ok(*state, traffstat_joinpoint_fit(*state, times, cases, NULL, NULL, most[i][0],
                                                  NULL, &fit));
        assert_int_equal(traffstat_joinpoint_most(fit), most[i][1]);
        traffstat_joinpoint_free(fit);
    }
    traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 0, 8);
    traffstat_joinpoint *fit = NULL;
    assert_ok(*state,
              traffstat_joinpoint_fit(*state, times, cases, NULL, NULL, 12, &options, &fit));
    assert_int_equal(traffstat_joinpoint_most(fit), 3); /* 2, 5 and 8 of 0 to 11, or so */
    traffstat_joinpoint_free(fit);
}

typedef struct bad {
    double times[4];
    double cases[4];
    double exposure[4];
    int32_t family;
    traffstat_status status;
    const char *message;
} bad;

static void what_cannot_be_fitted_is_refused_with_a_word(void **state)
{
    const bad rows[] = {
        {{1, 2, 2, 3}, {1, 2, 3, 4}, {1, 1, 1, 1}, 0, TRAFFSTAT_E_ARGUMENT, "times"},
        {{1, 2, NAN, 4}, {1, 2, 3, 4}, {1, 1, 1, 1}, 0, TRAFFSTAT_E_ARGUMENT, "times"},
        {{1, 2, 3, 4}, {1, -2, 3, 4}, {1, 1, 1, 1}, 0, TRAFFSTAT_E_ARGUMENT, "count"},
        {{1, 2, 3, 4}, {1, 2, 3, INFINITY}, {1, 1, 1, 1}, 1, TRAFFSTAT_E_ARGUMENT, "count"},
        {{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 1, 0, 1}, 0, TRAFFSTAT_E_ARGUMENT, "exposure"},
        {{1, 2, 3, 4}, {1, 2, 3, 4}, {9, 9, 9, 3}, 2, TRAFFSTAT_E_ARGUMENT, "more cases"},
        {{1, 2, 3, 4}, {0, 0, 0, 0}, {1, 1, 1, 1}, 0, TRAFFSTAT_E_NODATA, "no year has a case"},
        {{1, 2, 3, 4}, {2, 2, 2, 2}, {2, 2, 2, 2}, 2, TRAFFSTAT_E_NODATA, "everybody"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        traffstat_joinpoint_options options = settings(rows[i].family, 0, 1);
        traffstat_joinpoint *fit = (traffstat_joinpoint *) state;
        assert_int_equal(traffstat_joinpoint_fit(*state, rows[i].times, rows[i].cases,
                                                 rows[i].exposure, NULL, 4, &options, &fit),
                         rows[i].status);
        assert_null(fit);
        assert_non_null(strstr(traffstat_ctx_message(*state), rows[i].message));
    }
    traffstat_joinpoint *fit = NULL;
    assert_int_equal(
        traffstat_joinpoint_fit(*state, rows[0].times, aids, NULL, NULL, 2, NULL, &fit),
        TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_joinpoint_fit(*state, NULL, aids, NULL, NULL, 4, NULL, &fit),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_joinpoint_fit(*state, rows[7].times, aids, NULL, aids, 4, NULL, &fit),
        TRAFFSTAT_E_ARGUMENT);
    traffstat_joinpoint_free(NULL);
    assert_int_equal(traffstat_joinpoint_chosen(NULL), 0);
}

static void settings_out_of_range_are_refused(void **state)
{
    double times[COUNT(aids)];
    years_from(1981, COUNT(aids), times);
    traffstat_joinpoint_options rows[12];
    for (size_t i = 0; i < COUNT(rows); i++) {
        traffstat_joinpoint_options_init(&rows[i], sizeof rows[i]);
    }
    rows[0].family = 3;
    rows[1].selection = -1;
    rows[2].search = 2;
    rows[3].max_joinpoints = 9;
    rows[4].min_end = 0;
    rows[5].min_between = -1;
    rows[6].permutations = 98;
    rows[7].overdispersed = 2;
    rows[8].reserved = 1;
    rows[9].alpha = 0.6;
    rows[10].level = NAN;
    rows[11].struct_size = 0;
    for (size_t i = 0; i < COUNT(rows); i++) {
        traffstat_joinpoint *fit = NULL;
        assert_int_equal(
            traffstat_joinpoint_fit(*state, times, aids, NULL, NULL, COUNT(aids), &rows[i], &fit),
            TRAFFSTAT_E_ARGUMENT);
        assert_null(fit);
    }
}

typedef struct watch {
    double last;
    int calls;
    int stop_at;
} watch;

static int32_t look(double fraction, void *user)
{
    watch *seen = user;
    assert_true(fraction >= seen->last && fraction <= 1.0);
    seen->last = fraction;
    seen->calls++;
    return seen->calls == seen->stop_at ? 7 : 0;
}

static void long_work_reports_and_can_be_stopped(void **state)
{
    traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_LOGLINEAR, 0, 2);
    options.selection = TRAFFSTAT_JOINPOINT_BY_PERMUTATION;
    options.permutations = 99;
    watch seen = {0, 0, 0};
    traffstat_ctx_set_progress(*state, look, &seen);
    traffstat_joinpoint *fit = fit_coal(state, &options);
    assert_near(seen.last, 1.0, 0.0);
    traffstat_joinpoint_free(fit);

    options.permutations = 20000; /* longer than the 50 ms between two calls */
    double times[COUNT(coal)];
    years_from(1851, COUNT(coal), times);
    seen = (watch){0, 0, 1};
    assert_int_equal(
        traffstat_joinpoint_fit(*state, times, coal, NULL, NULL, COUNT(coal), &options, &fit),
        TRAFFSTAT_E_CALLBACK);
    assert_null(fit);
    assert_int_equal(traffstat_ctx_callback_value(*state), 7);
    traffstat_ctx_set_progress(*state, NULL, NULL);
    traffstat_ctx_cancel(*state);
    assert_int_equal(
        traffstat_joinpoint_fit(*state, times, coal, NULL, NULL, COUNT(coal), &options, &fit),
        TRAFFSTAT_E_CANCELLED);
    traffstat_ctx_clear_cancel(*state);
}

static traffstat_status try_fit(traffstat_ctx *ctx, void *arg)
{
    const traffstat_joinpoint_options *options = arg;
    double times[COUNT(aids)];
    years_from(1981, COUNT(aids), times);
    traffstat_joinpoint *fit = NULL;
    traffstat_status status = traffstat_ctx_set_threads(ctx, 1);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_joinpoint_fit(ctx, times, aids, NULL, NULL, COUNT(aids), options, &fit);
    }
    traffstat_joinpoint_free(fit);
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void) state;
    traffstat_joinpoint_options options = settings(TRAFFSTAT_JOINPOINT_POISSON, 1, 3);
    options.selection = TRAFFSTAT_JOINPOINT_BY_PERMUTATION;
    options.permutations = 99;
    assert_true(support_try_every_allocation(try_fit, &options) > 8);
    options.family = TRAFFSTAT_JOINPOINT_LOGLINEAR;
    assert_true(support_try_every_allocation(try_fit, &options) > 8);
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(one_line_is_the_regression_of_r),
        WITH_CTX(the_grid_search_of_belgian_aids),
        WITH_CTX(weighted_least_squares_as_the_cancer_institute_does_it),
        WITH_CTX(a_joinpoint_between_years_is_that_of_segmented),
        WITH_CTX(odds_are_those_of_ljr),
        WITH_CTX(the_scan_finds_what_brute_force_finds),
        WITH_CTX(the_screened_search_misses_nothing),
        WITH_CTX(results_are_the_same_for_every_number_of_threads),
        WITH_CTX(clear_bends_are_found_and_noise_is_not),
        WITH_CTX(the_test_keeps_its_size),
        WITH_CTX(units_of_time_and_exposure_do_not_matter),
        WITH_CTX(the_average_change_is_the_mean_of_the_slopes),
        WITH_CTX(a_run_of_zeros_leaves_its_slope_unbounded),
        WITH_CTX(short_series_have_fewer_joinpoints),
        WITH_CTX(what_cannot_be_fitted_is_refused_with_a_word),
        WITH_CTX(settings_out_of_range_are_refused),
        WITH_CTX(long_work_reports_and_can_be_stopped),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
