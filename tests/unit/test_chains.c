/* Diagnostics of chains and of importance weights, on draws whose truth is known: independent
 * normals, autoregressions, chains that disagree, and Pareto weights of known shape. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

#include "model/reporting/nuts.h"

enum { CHAINS = 4, DRAWS = 2000, ALL = CHAINS * DRAWS, WEIGHTS = 20000 };

static double work[2 * ALL];
static double values[ALL];

static double normal(support_rng *rng)
{
    const double u = 1.0 - support_rng_uniform(rng);
    return sqrt(-2.0 * log(u)) * cos(6.283185307179586 * support_rng_uniform(rng));
}

/* x_t = rho x_{t-1} + noise, variance 1. */
static void autoregression(uint64_t seed, double rho)
{
    support_rng rng;
    support_rng_init(&rng, seed);
    for (size_t c = 0; c < CHAINS; c++) {
        double x = normal(&rng);
        for (size_t i = 0; i < DRAWS; i++) {
            values[c * DRAWS + i] = x;
            x = rho * x + sqrt(1.0 - rho * rho) * normal(&rng);
        }
    }
}

static void within(double got, double low, double high)
{
    if (!(got >= low && got <= high)) {
        print_error("%g is not within %g and %g\n", got, low, high);
        fail();
    }
}

/* The effective size of a mean of an autoregression is n (1 - rho) / (1 + rho). */
static void effective_sizes_are_known(void **state)
{
    (void) state;
    const double rhos[] = {0.0, 0.5, 0.9, -0.4};
    for (size_t k = 0; k < 4; k++) {
        const double truth = ALL * (1.0 - rhos[k]) / (1.0 + rhos[k]);
        autoregression(11 + k, rhos[k]);
        within(traffstat_i_rhat(values, CHAINS, DRAWS, work), 0.999, 1.012);
        within(traffstat_i_ess_mean(values, CHAINS, DRAWS, work), 0.75 * truth, 1.3 * truth);
        within(traffstat_i_ess_bulk(values, CHAINS, DRAWS, work), 0.75 * truth, 1.3 * truth);
        within(traffstat_i_mcse_mean(values, CHAINS, DRAWS, work), 0.85 / sqrt(truth),
               1.2 / sqrt(truth));
        assert_true(traffstat_i_ess_tail(values, CHAINS, DRAWS, work) > 0.5 * fmin(truth, ALL));
    }
}

/* Ranks do not see a monotone change of scale, so that laws without a mean can be told. */
static void ranks_see_no_scale(void **state)
{
    (void) state;
    autoregression(3, 0.5);
    const double bulk = traffstat_i_ess_bulk(values, CHAINS, DRAWS, work);
    const double tail = traffstat_i_ess_tail(values, CHAINS, DRAWS, work);
    for (size_t i = 0; i < ALL; i++) {
        values[i] = exp(3.0 * values[i]);
    }
    assert_near(traffstat_i_ess_bulk(values, CHAINS, DRAWS, work), bulk, 1e-12);
    within(traffstat_i_ess_tail(values, CHAINS, DRAWS, work), 0.95 * tail, 1.05 * tail);
}

/* Of independent draws a quantile errs by sqrt(p (1 - p) / n) over the density there. */
static void a_quantile_errs_as_it_should(void **state)
{
    (void) state;
    const double probs[] = {0.025, 0.5, 0.9};
    const double at[] = {-1.959964, 0.0, 1.281552};
    autoregression(21, 0.0);
    for (size_t k = 0; k < 3; k++) {
        const double density = exp(-0.5 * at[k] * at[k]) / sqrt(6.283185307179586);
        const double truth = sqrt(probs[k] * (1.0 - probs[k]) / ALL) / density;
        within(traffstat_i_mcse_quantile(values, CHAINS, DRAWS, probs[k], work), 0.7 * truth,
               1.4 * truth);
    }
}

static void chains_that_disagree_are_seen(void **state)
{
    (void) state;
    autoregression(5, 0.0);
    for (size_t i = 0; i < DRAWS; i++) {
        values[i] += 1.0; /* one stands elsewhere */
    }
    assert_true(traffstat_i_rhat(values, CHAINS, DRAWS, work) > 1.05);
    assert_true(traffstat_i_ess_bulk(values, CHAINS, DRAWS, work) < 100.0);
    autoregression(6, 0.0);
    for (size_t i = 0; i < DRAWS; i++) {
        values[i] *= 4.0; /* one is wider, with the same middle: only folding sees it */
    }
    assert_true(traffstat_i_rhat(values, CHAINS, DRAWS, work) > 1.05);
    autoregression(7, 0.0);
    for (size_t c = 0; c < CHAINS; c++) {
        for (size_t i = 0; i < DRAWS; i++) {
            values[c * DRAWS + i] += 2.0 * (double) i / DRAWS; /* all drift alike: halves see it */
        }
    }
    assert_true(traffstat_i_rhat(values, CHAINS, DRAWS, work) > 1.05);
}

static void what_cannot_be_told_is_not(void **state)
{
    (void) state;
    autoregression(8, 0.0);
    values[17] = INFINITY;
    assert_true(isnan(traffstat_i_rhat(values, CHAINS, DRAWS, work)));
    assert_true(isnan(traffstat_i_ess_tail(values, CHAINS, DRAWS, work)));
    for (size_t i = 0; i < ALL; i++) {
        values[i] = 3.0;
    }
    assert_true(isnan(traffstat_i_rhat(values, CHAINS, DRAWS, work)));
    assert_true(isnan(traffstat_i_ess_bulk(values, CHAINS, DRAWS, work)));
    assert_true(isnan(traffstat_i_mcse_mean(values, CHAINS, DRAWS, work)));
    assert_true(isnan(traffstat_i_mcse_quantile(values, CHAINS, DRAWS, 0.5, work)));
    autoregression(9, 0.0);
    assert_true(isnan(traffstat_i_ess_bulk(values, CHAINS, 4, work)));
}

/* Energies drawn anew move by twice their variance; a random walk of energies hardly moves. */
static void energy_that_hardly_moves_is_seen(void **state)
{
    (void) state;
    traffstat_i_chains chains = {.chains = CHAINS, .draws = DRAWS, .energy = values};
    autoregression(12, 0.0);
    within(traffstat_i_ebfmi(&chains), 1.8, 2.2);
    autoregression(13, 0.98);
    assert_true(traffstat_i_ebfmi(&chains) < 0.2);
}

/* ---- importance weights --------------------------------------------------------------------- */

static double ratios[WEIGHTS];

static void pareto_ratios(uint64_t seed, double shape)
{
    support_rng rng;
    support_rng_init(&rng, seed);
    for (size_t i = 0; i < WEIGHTS; i++) {
        ratios[i] = -shape * log(1.0 - support_rng_uniform(&rng));
    }
}

static void the_tails_shape_is_found(void **state)
{
    const double shapes[] = {0.2, 0.5, 0.7, 1.0, 1.5};
    for (size_t k = 0; k < 5; k++) {
        double khat = NAN;
        double sum = 0.0;
        pareto_ratios(31 + k, shapes[k]);
        assert_ok(*state, traffstat_i_psis(*state, ratios, WEIGHTS, &khat));
        within(khat, shapes[k] - 0.2, shapes[k] + 0.2); /* 425 in the tail: sd (1 + k) / 20 */
        for (size_t i = 0; i < WEIGHTS; i++) {
            sum += exp(ratios[i]);
        }
        assert_near(sum, 1.0, 1e-12);
    }
}

/* Smoothing keeps the order, leaves all but the tail in proportion, and tames the largest. */
static void smoothing_keeps_the_order(void **state)
{
    static double before[WEIGHTS];
    double khat = NAN;
    pareto_ratios(41, 1.2);
    memcpy(before, ratios, sizeof ratios);
    assert_ok(*state, traffstat_i_psis(*state, ratios, WEIGHTS, &khat));
    size_t kept = 0;
    for (size_t i = 1; i < WEIGHTS; i++) {
        assert_true((before[i] < before[0]) == (ratios[i] < ratios[0]) || ratios[i] == ratios[0]);
        kept += fabs((before[i] - ratios[i]) - (before[0] - ratios[0])) < 1e-9 ? 1U : 0U;
    }
    assert_true(kept > WEIGHTS - 500 && kept < WEIGHTS - 300);
}

static void weights_of_no_tail(void **state)
{
    double khat = NAN;
    double equal[100] = {0.0};
    assert_ok(*state, traffstat_i_psis(*state, equal, 100, &khat));
    assert_true(khat == 0.0);
    assert_near(equal[3], -log(100.0), 1e-14);
    double few[8] = {0.0, 1.0, 2.0, 0.5, 0.1, -INFINITY, 0.3, 0.2};
    assert_ok(*state, traffstat_i_psis(*state, few, 8, &khat));
    assert_true(isinf(khat));
    assert_true(few[5] == -INFINITY);
    double broken[3] = {0.0, NAN, 1.0};
    assert_int_equal(traffstat_i_psis(*state, broken, 3, &khat), TRAFFSTAT_E_NUMERIC);
}

static traffstat_status try_weights(traffstat_ctx *ctx, void *arg)
{
    double khat = 0.0;
    (void) arg;
    pareto_ratios(51, 0.5);
    return traffstat_i_psis(ctx, ratios, 200, &khat);
}

static void without_memory_it_says_so(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_weights, NULL) >= 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effective_sizes_are_known),
        cmocka_unit_test(ranks_see_no_scale),
        cmocka_unit_test(a_quantile_errs_as_it_should),
        cmocka_unit_test(chains_that_disagree_are_seen),
        cmocka_unit_test(what_cannot_be_told_is_not),
        cmocka_unit_test(energy_that_hardly_moves_is_seen),
        cmocka_unit_test(the_tails_shape_is_found),
        cmocka_unit_test(smoothing_keeps_the_order),
        cmocka_unit_test(weights_of_no_tail),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
