/* Poisson regression with Firth's penalty: closed forms, an optimiser of the test's own, and words
 * where the plain fit has none. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/regression.h"
#include "support/support.h"

#include <traffstat/regression.h>

#define ROWS 24
#define COLUMNS 3

typedef struct sample {
    size_t rows;
    size_t columns;
    int64_t counts[ROWS];
    double exposure[ROWS];
    double design[ROWS * COLUMNS];
} sample;

static traffstat_regression *fit(void **state, const sample *of)
{
    traffstat_regression_options options;
    traffstat_regression *out = NULL;
    traffstat_regression_options_init(&options, sizeof options);
    options.penalty = TRAFFSTAT_PENALTY_FIRTH;
    assert_ok(*state, traffstat_regression_fit(*state, of->counts, NULL, of->exposure, of->design,
                                               of->rows, of->columns, &options, &out));
    return out;
}

static void add(sample *to, int64_t count, double exposure, const double *row)
{
    to->counts[to->rows] = count;
    to->exposure[to->rows] = exposure;
    memcpy(to->design + to->rows * to->columns, row, to->columns * sizeof *row);
    to->rows++;
}

/* ---- closed forms ---------------------------------------------------------------------------- */

static void one_rate_counts_half_a_case_more(void **state)
{
    /* the penalty is half the coefficient: the rate is (cases + 1/2) / exposure (Firth 1993) */
    static const int64_t totals[] = {0, 1, 7, 1000000000};
    const double one[] = {1.0};
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        sample data = {.columns = 1};
        for (size_t row = 0; row < 4; row++) {
            add(&data, row == 2 ? totals[i] : 0, 1e-9 * (double) (row + 1), one);
        }
        traffstat_regression *of = fit(state, &data);
        const double cases = (double) totals[i];
        assert_near(coefficient(of, 0).estimate, log((cases + 0.5) / 1e-8), 1e-12);
        assert_near(coefficient(of, 0).error, 1.0 / sqrt(cases + 0.5), 1e-10);
        assert_int_equal(summary(of).estimable, 1);
        assert_near(summary(of).aic, NAN, 0.0);
        assert_true((strstr(traffstat_regression_reason(of), "no count is above zero") != NULL) ==
                    (totals[i] == 0));
        traffstat_regression_free(of);
    }
}

static void a_group_without_cases_has_the_ratio_of_halves(void **state)
{
    /* one coefficient a group: each group's cases and 1/2, whatever the number of its rows */
    sample data = {.columns = 2};
    for (size_t row = 0; row < 7; row++) {
        const double line[] = {1.0, row < 4 ? 0.0 : 1.0};
        add(&data, row < 4 ? 0 : (int64_t) row, 2.0, line);
    }
    traffstat_regression *of = fit(state, &data);
    const traffstat_coefficient got = coefficient(of, 1);
    assert_near(got.estimate, log((15.5 / 6.0) / (0.5 / 8.0)), 1e-10);
    assert_near(got.error, sqrt(1.0 / 15.5 + 1.0 / 0.5), 1e-10);
    assert_near(traffstat_regression_fitted(of, 0), 0.125, 1e-9);
    assert_near(traffstat_regression_covariance(of, 0, 0), 1.0 / 0.5, 1e-9);
    assert_near(traffstat_regression_covariance(of, 0, 1), -1.0 / 0.5, 1e-9);
    assert_non_null(strstr(traffstat_regression_reason(of), "without end"));
    /* no penalty in the likelihood that is reported */
    const double groups = -0.5 - 15.5 + 4.0 * log(15.5 / 3.0) - lgamma(5.0) +
                          5.0 * log(15.5 / 3.0) - lgamma(6.0) + 6.0 * log(15.5 / 3.0) - lgamma(7.0);
    assert_near(summary(of).loglik, groups, 1e-10);
    traffstat_regression_free(of);
}

/* Expectation of ln((cases + 1/2)/mean) less that of a series: 1/(24 mean^2) and smaller terms. */
static void the_bias_of_a_log_rate_is_taken_off(void **state)
{
    const double mean = 8.0;
    double bias = 0.0;
    double chance = exp(-mean);
    for (int64_t cases = 0; cases < 60; cases++) {
        sample data = {.columns = 1};
        const double one[] = {1.0};
        add(&data, cases, 1.0, one);
        add(&data, 0, 1.0, one);
        traffstat_regression *of = fit(state, &data);
        bias += chance * (coefficient(of, 0).estimate - log(0.5 * mean));
        chance *= mean / (double) (cases + 1);
        traffstat_regression_free(of);
    }
    /* the plain estimate's, had it one at 0 cases, is -1/(2 mean) = -0.0625 */
    assert_true(fabs(bias) < 0.002);
}

/* ---- an optimiser ---------------------------------------------------------------------------- */

static double determinant(const double m[COLUMNS][COLUMNS], size_t n)
{
    if (n == 1) {
        return m[0][0];
    }
    if (n == 2) {
        return m[0][0] * m[1][1] - m[0][1] * m[1][0];
    }
    return m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) -
           m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0]) +
           m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0]);
}

static double penalised(const sample *data, const double *at)
{
    double m[COLUMNS][COLUMNS] = {{0}};
    double sum = 0.0;
    for (size_t row = 0; row < data->rows; row++) {
        const double *x = data->design + row * data->columns;
        double eta = log(data->exposure[row]);
        for (size_t j = 0; j < data->columns; j++) {
            eta += x[j] * at[j];
        }
        sum += (double) data->counts[row] * eta - exp(eta);
        for (size_t i = 0; i < data->columns; i++) {
            for (size_t j = 0; j < data->columns; j++) {
                m[i][j] += exp(eta) * x[i] * x[j];
            }
        }
    }
    return sum + 0.5 * log(determinant(m, data->columns));
}

/* Climbs by coordinate and pattern moves (Hooke & Jeeves 1961) from `at`; coordinate `held` stays. */
static double climb(const sample *data, double *at, size_t held)
{
    double best = penalised(data, at);
    double base[COLUMNS];
    for (double size = 0.5; size > 1e-9;) {
        memcpy(base, at, sizeof base);
        for (size_t j = 0; j < data->columns; j++) {
            for (double side = -1.0; side <= 1.0 && j != held; side += 2.0) {
                double there[COLUMNS];
                memcpy(there, at, sizeof there);
                there[j] += side * size;
                const double value = penalised(data, there);
                if (value > best) {
                    best = value;
                    memcpy(at, there, sizeof there);
                }
            }
        }
        double further[COLUMNS];
        bool moved = false;
        for (size_t j = 0; j < data->columns; j++) {
            further[j] = 2.0 * at[j] - base[j];
            moved = moved || at[j] != base[j];
        }
        const double value = moved ? penalised(data, further) : -INFINITY;
        if (value > best) {
            best = value;
            memcpy(at, further, sizeof further);
        }
        size *= moved ? 1.0 : 0.5;
    }
    return best;
}

/* Rare cases along a line and a second column: often on one side of it alone. */
static void make_random(support_rng *rng, sample *to)
{
    memset(to, 0, sizeof *to);
    to->columns = (size_t) support_rng_between(rng, 1, COLUMNS);
    const size_t rows = to->columns + (size_t) support_rng_between(rng, 1, 12);
    for (size_t row = 0; row < rows; row++) {
        const double line[] = {1.0, (double) row / (double) rows - 0.5,
                               support_rng_uniform(rng) < 0.5 ? 1.0 : 0.0};
        const bool none = support_rng_uniform(rng) < 0.6;
        add(to, none ? 0 : support_rng_between(rng, 0, 20), 0.5 + support_rng_uniform(rng), line);
    }
    if (to->columns == 3) { /* so that the column is neither 0 nor 1 throughout */
        to->design[2] = 1.0;
        to->design[5] = 0.0;
    }
}

static void random_fits_are_maxima_of_the_penalised_likelihood(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 70);
    size_t separated = 0;
    for (int i = 0; i < 200; i++) {
        sample data;
        make_random(&rng, &data);
        traffstat_regression *of = fit(state, &data);
        double at[COLUMNS] = {0};
        double other[COLUMNS] = {0};
        for (size_t j = 0; j < data.columns; j++) {
            at[j] = coefficient(of, j).estimate;
        }
        const double here = penalised(&data, at);
        assert_true(here >= climb(&data, other, COLUMNS) - 1e-9);
        double near[COLUMNS];
        memcpy(near, at, sizeof near);
        near[0] += 0.1;
        assert_true(here >= climb(&data, near, COLUMNS) - 1e-9);
        separated += strlen(traffstat_regression_reason(of)) > 0;
        traffstat_regression_free(of);
    }
    assert_true(separated > 20 && separated < 150);
}

static void profile_ends_are_where_the_penalised_likelihood_has_fallen(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 71);
    for (int i = 0; i < 40; i++) {
        sample data;
        make_random(&rng, &data);
        const size_t column = data.columns - 1;
        traffstat_regression *of = fit(state, &data);
        traffstat_interval got;
        double top[COLUMNS] = {0};
        for (size_t j = 0; j < data.columns; j++) {
            top[j] = coefficient(of, j).estimate;
        }
        assert_ok(*state, traffstat_regression_profile(*state, of, column, 0.95, &got));
        assert_true(got.lower < top[column] && got.upper > top[column]);
        const double ends[] = {got.lower, got.upper};
        for (int end = 0; end < 2; end++) {
            double at[COLUMNS];
            memcpy(at, top, sizeof at);
            at[column] = ends[end];
            assert_near(2.0 * (penalised(&data, top) - climb(&data, at, column)),
                        3.8414588206941245, 1e-6);
        }
        traffstat_regression_free(of);
    }
}

/* ---- what must not matter -------------------------------------------------------------------- */

static void units_and_the_order_of_rows_do_not_matter(void **state)
{
    sample data = {.columns = 3};
    sample turned = {.columns = 3};
    for (size_t row = 0; row < 9; row++) {
        const double line[] = {1.0, (double) row, row == 4 ? 1.0 : 0.0};
        add(&data, row < 3 ? (int64_t) row + 1 : 0, 1.0, line);
    }
    for (size_t row = 9; row > 0; row--) {
        const double line[] = {1.0, 2000.0 + 10.0 * (double) (row - 1), row == 5 ? 1.0 : 0.0};
        add(&turned, row < 4 ? (int64_t) row : 0, 1e-9, line);
    }
    traffstat_regression *one = fit(state, &data);
    traffstat_regression *two = fit(state, &turned);
    assert_near(coefficient(two, 1).estimate, 0.1 * coefficient(one, 1).estimate, 1e-8);
    assert_near(coefficient(two, 1).error, 0.1 * coefficient(one, 1).error, 1e-8);
    assert_near(coefficient(two, 2).estimate, coefficient(one, 2).estimate, 1e-8);
    for (size_t row = 0; row < 9; row++) {
        assert_near(traffstat_regression_fitted(two, 8 - row),
                    traffstat_regression_fitted(one, row), 1e-8);
    }
    traffstat_regression_free(one);
    traffstat_regression_free(two);
}

static void an_extreme_count_among_zeros_is_fitted(void **state)
{
    sample data = {.columns = 2};
    for (size_t row = 0; row < 6; row++) {
        const double line[] = {1.0, (double) row};
        add(&data, row == 5 ? 1000000000 : 0, 1.0, line);
    }
    traffstat_regression *of = fit(state, &data);
    traffstat_interval got;
    assert_near(traffstat_regression_fitted(of, 5), 1e9, 1e-8);
    assert_true(traffstat_regression_fitted(of, 4) > 0.4 &&
                traffstat_regression_fitted(of, 4) < 0.6);
    assert_ok(*state, traffstat_regression_profile(*state, of, 1, 0.95, &got));
    assert_true(isfinite(got.lower) && isfinite(got.upper));
    traffstat_regression_free(of);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static traffstat_status try_options(void **state, int32_t family, int32_t penalty,
                                    uint32_t reserved, const int64_t *upper)
{
    const int64_t cases[] = {0, 0, 5};
    const double design[] = {1, 0, 1, 1, 1, 2};
    traffstat_regression *of = NULL;
    traffstat_regression_options options;
    traffstat_regression_options_init(&options, sizeof options);
    options.family = family;
    options.penalty = penalty;
    options.reserved2 = reserved;
    const traffstat_status status =
        traffstat_regression_fit(*state, cases, upper, NULL, design, 3, 2, &options, &of);
    traffstat_regression_free(of);
    return status;
}

static void the_penalty_is_for_poisson_and_exact_counts(void **state)
{
    const int64_t wide[] = {4, 0, 5};
    assert_int_equal(try_options(state, 0, 1, 0, NULL), TRAFFSTAT_OK);
    assert_int_equal(try_options(state, TRAFFSTAT_FAMILY_QUASIPOISSON, 1, 0, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(try_options(state, TRAFFSTAT_FAMILY_NEGBIN, 1, 0, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "negbin"));
    assert_int_equal(try_options(state, 0, 1, 0, wide), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "interval"));
    assert_int_equal(try_options(state, 0, 2, 0, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(try_options(state, 0, -1, 0, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(try_options(state, 0, 0, 1, NULL), TRAFFSTAT_E_ARGUMENT);
}

static void an_older_caller_gets_no_penalty(void **state)
{
    const int64_t cases[] = {0, 0, 5};
    const double design[] = {1, 0, 1, 1, 1, 2};
    traffstat_regression *of = NULL;
    traffstat_regression_options options;
    traffstat_regression_options_init(&options, sizeof options);
    options.struct_size = offsetof(traffstat_regression_options, penalty);
    options.penalty = TRAFFSTAT_PENALTY_FIRTH; /* past what it says it knows */
    assert_ok(*state,
              traffstat_regression_fit(*state, cases, NULL, NULL, design, 3, 2, &options, &of));
    assert_int_equal(summary(of).estimable, 0);
    traffstat_regression_free(of);
}

static traffstat_status try_fit(traffstat_ctx *ctx, void *arg)
{
    const int64_t cases[] = {0, 0, 5};
    const double design[] = {1, 0, 1, 1, 1, 2};
    traffstat_regression *of = NULL;
    traffstat_interval got;
    traffstat_regression_options options;
    (void) arg;
    traffstat_regression_options_init(&options, sizeof options);
    options.penalty = TRAFFSTAT_PENALTY_FIRTH;
    traffstat_status status =
        traffstat_regression_fit(ctx, cases, NULL, NULL, design, 3, 2, &options, &of);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_regression_profile(ctx, of, 1, 0.95, &got);
    }
    traffstat_regression_free(of);
    return status;
}

static void without_memory_it_says_so(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_fit, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_rate_counts_half_a_case_more),
        cmocka_unit_test(a_group_without_cases_has_the_ratio_of_halves),
        cmocka_unit_test(the_bias_of_a_log_rate_is_taken_off),
        cmocka_unit_test(random_fits_are_maxima_of_the_penalised_likelihood),
        cmocka_unit_test(profile_ends_are_where_the_penalised_likelihood_has_fallen),
        cmocka_unit_test(units_and_the_order_of_rows_do_not_matter),
        cmocka_unit_test(an_extreme_count_among_zeros_is_fitted),
        cmocka_unit_test(the_penalty_is_for_poisson_and_exact_counts),
        cmocka_unit_test(an_older_caller_gets_no_penalty),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
