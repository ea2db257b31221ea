/* The no-U-turn sampler on targets whose moments are known, and what it promises: the same bits for
 * any number of threads, an honest word where it cannot go, nothing lost when it goes on. */
#include <math.h>
#include <string.h>

#include "support/support.h"

#include "model/reporting/nuts.h"

enum { MOST = 50 };

static traffstat_i_nuts_options settings(uint64_t seed, int32_t draws)
{
    return (traffstat_i_nuts_options){.chains = 4,
                                      .warmup = 500,
                                      .draws = draws,
                                      .accept = 0.8,
                                      .max_depth = 10,
                                      .seed = seed,
                                      .progress_to = 1.0};
}

/* Independent normals, sd of coordinate i between 1e-3 and 1e3. */
static double sd_of(size_t i)
{
    return pow(10.0, 6.0 * (double) i / (MOST - 1) - 3.0);
}

static double scaled(const void *model, void *scratch, const double *x, double *gradient)
{
    (void) model;
    (void) scratch;
    double sum = 0.0;
    for (size_t i = 0; i < MOST; i++) {
        const double z = x[i] / sd_of(i);
        gradient[i] = -z / sd_of(i);
        sum -= 0.5 * z * z;
    }
    return sum;
}

/* Two normals with correlation 0.95, centred on (1, -2). */
static double slanted(const void *model, void *scratch, const double *x, double *gradient)
{
    (void) model;
    (void) scratch;
    const double r = 0.95;
    const double v = 1.0 - r * r;
    const double a = x[0] - 1.0;
    const double b = x[1] + 2.0;
    gradient[0] = -(a - r * b) / v;
    gradient[1] = -(b - r * a) / v;
    return -(a * a - 2.0 * r * a * b + b * b) / (2.0 * v);
}

/* log of a Gamma(3, 1): skewed; mean psi(3), variance psi'(3). */
static double skewed(const void *model, void *scratch, const double *x, double *gradient)
{
    (void) model;
    (void) scratch;
    gradient[0] = 3.0 - exp(x[0]);
    return 3.0 * x[0] - exp(x[0]);
}

static double funnel(const void *model, void *scratch, const double *x, double *gradient)
{
    (void) model;
    (void) scratch;
    double squares = 0.0;
    for (size_t i = 1; i < 10; i++) {
        gradient[i] = -x[i] * exp(-x[0]);
        squares += x[i] * x[i];
    }
    gradient[0] = -x[0] / 9.0 + 0.5 * squares * exp(-x[0]) - 4.5;
    return -x[0] * x[0] / 18.0 - 0.5 * squares * exp(-x[0]) - 4.5 * x[0];
}

static double nowhere(const void *model, void *scratch, const double *x, double *gradient)
{
    (void) model;
    (void) scratch;
    (void) x;
    gradient[0] = 0.0;
    return -INFINITY;
}

static traffstat_i_target target(size_t dimension,
                                 double (*density)(const void *, void *, const double *, double *))
{
    return (traffstat_i_target){.dimension = dimension, .density = density, .start_radius = 2.0};
}

typedef struct moments {
    double mean;
    double variance;
} moments;

static moments moments_of(const traffstat_i_chains *c, size_t coordinate)
{
    const size_t n = (size_t) c->chains * (size_t) c->draws;
    moments m = {0.0, 0.0};
    for (size_t i = 0; i < n; i++) {
        m.mean += c->positions[i * c->dimension + coordinate] / (double) n;
    }
    for (size_t i = 0; i < n; i++) {
        const double off = c->positions[i * c->dimension + coordinate] - m.mean;
        m.variance += off * off / (double) (n - 1);
    }
    return m;
}

/* Draws of one coordinate are not independent: a tenth of them is a cautious effective size. */
static void check_moments(const traffstat_i_chains *c, size_t coordinate, double mean,
                          double variance)
{
    const double effective = 0.1 * (double) c->chains * (double) c->draws;
    const moments m = moments_of(c, coordinate);
    if (fabs(m.mean - mean) > 4.0 * sqrt(variance / effective) ||
        fabs(m.variance / variance - 1.0) > 4.0 * sqrt(3.0 / effective)) {
        print_error("coordinate %zu: mean %g, variance %g, not %g, %g\n", coordinate, m.mean,
                    m.variance, mean, variance);
        fail();
    }
}

static traffstat_i_chains *run(void **state, const traffstat_i_target *t,
                               const traffstat_i_nuts_options *o)
{
    traffstat_i_chains *chains = NULL;
    assert_ok(*state, traffstat_i_nuts(*state, t, o, &chains));
    assert_int_equal(chains->draws, o->draws);
    assert_int_equal(chains->dimension, t->dimension);
    return chains;
}

static void moments_come_out(void **state)
{
    for (uint64_t seed = 1; seed <= 3; seed++) {
        const traffstat_i_nuts_options o = settings(seed, 1000);
        traffstat_i_target t = target(MOST, scaled);
        traffstat_i_chains *c = run(state, &t, &o);
        for (size_t i = 0; i < MOST; i++) {
            check_moments(c, i, 0.0, sd_of(i) * sd_of(i));
        }
        assert_int_equal(c->divergences, 0);
        traffstat_i_chains_free(*state, c);
        t = target(2, slanted);
        c = run(state, &t, &o);
        check_moments(c, 0, 1.0, 1.0);
        check_moments(c, 1, -2.0, 1.0);
        double product = 0.0;
        for (size_t i = 0; i < 4000; i++) {
            product += (c->positions[2 * i] - 1.0) * (c->positions[2 * i + 1] + 2.0) / 4000.0;
        }
        assert_true(fabs(product - 0.95) < 0.2);
        traffstat_i_chains_free(*state, c);
        t = target(1, skewed);
        c = run(state, &t, &o);
        check_moments(c, 0, 0.92278433509846714, 0.39493406684822644); /* psi(3), psi'(3) */
        traffstat_i_chains_free(*state, c);
    }
}

/* Quantiles, of which moments tell little: shares of draws below known ones. */
static void quantiles_come_out(void **state)
{
    const traffstat_i_nuts_options o = settings(7, 4000);
    const traffstat_i_target t = target(1, skewed);
    traffstat_i_chains *c = run(state, &t, &o);
    const double gamma[] = {0.61867212, 2.67406031,
                            7.22468767}; /* 2.5, 50, 97.5 % of Gamma(3, 1) */
    const double share[] = {0.025, 0.5, 0.975};
    for (size_t k = 0; k < 3; k++) {
        double below = 0.0;
        for (size_t i = 0; i < 16000; i++) {
            below += c->positions[i] < log(gamma[k]) ? 1.0 / 16000.0 : 0.0;
        }
        assert_true(fabs(below - share[k]) < 4.0 * sqrt(share[k] * (1.0 - share[k]) / 1600.0));
    }
    traffstat_i_chains_free(*state, c);
}

static void threads_change_no_bit(void **state)
{
    const traffstat_i_nuts_options o = settings(3, 200);
    const traffstat_i_target t = target(10, funnel);
    traffstat_i_chains *first = NULL;
    const uint32_t before = traffstat_ctx_threads(*state);
    for (uint32_t threads = 1; threads <= 4; threads *= 2) {
        assert_ok(*state, traffstat_ctx_set_threads(*state, threads));
        traffstat_i_chains *c = run(state, &t, &o);
        if (first == NULL) {
            first = c;
            continue;
        }
        assert_memory_equal(c->positions, first->positions, 800 * 10 * sizeof(double));
        assert_memory_equal(c->energy, first->energy, 800 * sizeof(double));
        assert_int_equal(c->gradients, first->gradients);
        traffstat_i_chains_free(*state, c);
    }
    assert_ok(*state, traffstat_ctx_set_threads(*state, before));
    traffstat_i_chains_free(*state, first);
}

/* Steps too long for the neck of the funnel lose their energy, and this is counted. */
static void a_funnel_diverges(void **state)
{
    const traffstat_i_nuts_options o = settings(5, 1000);
    const traffstat_i_target t = target(10, funnel);
    traffstat_i_chains *c = run(state, &t, &o);
    assert_true(c->divergences > 0);
    traffstat_i_chains_free(*state, c);
}

/* A run in two parts is the run in one. */
static void going_on_loses_nothing(void **state)
{
    const traffstat_i_target t = target(2, slanted);
    const traffstat_i_nuts_options whole = settings(9, 300);
    const traffstat_i_nuts_options part = settings(9, 100);
    traffstat_i_chains *a = run(state, &t, &whole);
    traffstat_i_chains *b = run(state, &t, &part);
    assert_ok(*state, traffstat_i_nuts_extend(*state, &t, &part, 200, b));
    assert_int_equal(b->draws, 300);
    assert_memory_equal(a->positions, b->positions, (size_t) 4 * 300 * 2 * sizeof(double));
    assert_int_equal(a->gradients, b->gradients);
    traffstat_i_chains_free(*state, a);
    traffstat_i_chains_free(*state, b);
}

static void no_start_is_said(void **state)
{
    const traffstat_i_nuts_options o = settings(1, 10);
    const traffstat_i_target t = target(1, nowhere);
    traffstat_i_chains *c = NULL;
    assert_int_equal(traffstat_i_nuts(*state, &t, &o, &c), TRAFFSTAT_E_NUMERIC);
    assert_null(c);
    assert_non_null(strstr(traffstat_ctx_message(*state), "finite density"));
}

static void it_can_be_cancelled(void **state)
{
    const traffstat_i_nuts_options o = settings(1, 1000);
    const traffstat_i_target t = target(MOST, scaled);
    traffstat_i_chains *c = NULL;
    traffstat_ctx_cancel(*state);
    assert_int_equal(traffstat_i_nuts(*state, &t, &o, &c), TRAFFSTAT_E_CANCELLED);
    assert_null(c);
    traffstat_ctx_clear_cancel(*state);
}

static traffstat_status try_run(traffstat_ctx *ctx, void *arg)
{
    traffstat_i_nuts_options o = settings(1, 20);
    o.warmup = 30;
    const traffstat_i_target *t = arg;
    traffstat_i_chains *c = NULL;
    traffstat_status status = traffstat_i_nuts(ctx, t, &o, &c);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_nuts_extend(ctx, t, &o, 10, c);
    }
    traffstat_i_chains_free(ctx, c);
    return status;
}

static void without_memory_it_says_so(void **state)
{
    (void) state;
    traffstat_i_target t = target(2, slanted);
    t.scratch_size = 16;
    assert_true(support_try_every_allocation(try_run, &t) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_come_out),       cmocka_unit_test(quantiles_come_out),
        cmocka_unit_test(threads_change_no_bit),  cmocka_unit_test(a_funnel_diverges),
        cmocka_unit_test(going_on_loses_nothing), cmocka_unit_test(no_start_is_said),
        cmocka_unit_test(it_can_be_cancelled),    cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
