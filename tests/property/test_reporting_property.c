/* What holds of intervals and tests whatever the figures: coverage of simulated or summed truth,
 * symmetry, order. */
#include <math.h>

#include "support/support.h"

#include <traffstat/rate.h>
#include <traffstat/reporting.h>

#define COUNTS 400

static double poisson(double mean, int k)
{
    return exp(k * log(mean) - mean - lgamma(k + 1.0));
}

/* Both ends of the posterior interval of every count from `first`, by the law itself. */
typedef struct limits {
    double lower[COUNTS];
    double upper[COUNTS];
} limits;

static void find_ends(traffstat_ctx *ctx, double a, double b,
                      const traffstat_thinning_options *options, int first, int last, double level,
                      limits *out)
{
    traffstat_prior *prior = NULL;
    assert_ok(ctx, traffstat_prior_beta(ctx, a, b, NULL, &prior));
    for (int y = first; y <= last; y++) {
        assert_ok(ctx, traffstat_thinning_quantile(ctx, y, prior, options, 0.5 * (1.0 - level),
                                                   &out->lower[y]));
        assert_ok(ctx, traffstat_thinning_quantile(ctx, y, prior, options, 0.5 * (1.0 + level),
                                                   &out->upper[y]));
    }
    traffstat_prior_free(prior);
}

static double poisson_within(double mean, double lower, double upper)
{
    double sum = 0.0;
    for (int k = lower > 0.0 ? (int) lower : 0; k <= upper && k < 500; k++) {
        sum += poisson(mean, k);
    }
    return sum;
}

/* Coverage of N ~ Poisson(40) when each case is counted with p: y and N - y are independent Poisson
 * counts, so the coverage is a double sum. A count of 0 has no interval and covers nothing. */
static double coverage_at(const limits *ends, double p)
{
    double covered = 0.0;
    for (int y = 1; y <= 120; y++) {
        covered += poisson(40.0 * p, y) *
                   poisson_within(40.0 * (1.0 - p), ends->lower[y] - y, ends->upper[y] - y);
    }
    return covered;
}

/* The reference has 20,000 simulated draws a row; the sums here are exact. */
static void a_wrong_prior_covers_as_little_as_was_simulated(void **state)
{
    static const double simulated[][2] = {{0.1, 0.095335098798125892}, {0.2, 0.68900670201060321},
                                          {0.3, 0.96994999999999998},  {0.4, 0.999},
                                          {0.5, 0.98750000000000004},  {0.6, 0.83609999999999995},
                                          {0.8, 0.037350000000000001}};
    static limits interval;
    find_ends(*state, 8, 12, NULL, 1, 120, 0.95, &interval);
    for (size_t i = 0; i < sizeof simulated / sizeof simulated[0]; i++) {
        const double exact = coverage_at(&interval, simulated[i][0]);
        const double noise = sqrt(exact * (1.0 - exact) / 20000.0);
        assert_true(fabs(exact - simulated[i][1]) <= 4.0 * noise);
    }
}

/* With a proper prior the prior predictive coverage is at least the level: an exact sum over the
 * joint law of (N, y), N ~ negative binomial, y | N beta-binomial. */
static double joint_coverage(const limits *ends, double a, double b, double s, double r)
{
    double covered = 0.0;
    for (int y = 0; y < COUNTS; y++) {
        for (int n = y; n < 1200; n++) {
            if (n >= ends->lower[y] && n <= ends->upper[y]) {
                covered +=
                    exp(lgamma(n + s) - lgamma(s) - lgamma(y + 1.0) - lgamma(n - y + 1.0) +
                        s * log(r / (1.0 + r)) - n * log1p(r) + lgamma(a + y) + lgamma(b + n - y) -
                        lgamma(a + b + n) + lgamma(a + b) - lgamma(a) - lgamma(b));
            }
        }
    }
    return covered;
}

static void a_proper_prior_covers_at_least_its_level(void **state)
{
    static const double levels[] = {0.5, 0.8, 0.95, 0.99};
    static limits interval;
    traffstat_thinning_options options;
    traffstat_thinning_options_init(&options, sizeof options);
    options.rate_prior = TRAFFSTAT_RATE_GAMMA;
    options.gamma_shape = 2;
    options.gamma_rate = 0.1;
    double last = 0.0;
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        find_ends(*state, 8, 12, &options, 0, COUNTS - 1, levels[i], &interval);
        const double covered = joint_coverage(&interval, 8, 12, 2, 0.1);
        assert_true(covered >= levels[i]);
        assert_true(covered <= levels[i] + 0.1);
        assert_true(covered > last);
        last = covered;
    }
}

/* ---- simulated truth ------------------------------------------------------------------------- */

static int64_t draw_binomial(support_rng *rng, int64_t n, double p)
{
    int64_t sum = 0;
    for (int64_t i = 0; i < n; i++) {
        sum += support_rng_uniform(rng) < p;
    }
    return sum;
}

/* Beta(8, 12): the eighth smallest of 19 uniforms. */
static double draw_share(support_rng *rng)
{
    double sorted[19];
    for (int i = 0; i < 19; i++) {
        const double u = support_rng_uniform(rng);
        int j = i;
        for (; j > 0 && sorted[j - 1] > u; j--) {
            sorted[j] = sorted[j - 1];
        }
        sorted[j] = u;
    }
    return sorted[7];
}

/* Several rows, one p for all, known N in each: the total must cover, as the rows do. */
static void totals_cover_a_shared_truth(void **state)
{
    enum { TRIES = 400, ROWS = 6 };
    support_rng rng;
    support_rng_init(&rng, 20180708);
    int covered = 0;
    int counted = 0;
    traffstat_prior *prior = NULL;
    assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &prior));
    for (int t = 0; t < TRIES; t++) {
        const double p = draw_share(&rng);
        int64_t truth = 0;
        int64_t seen = 0;
        for (int i = 0; i < ROWS; i++) {
            const int64_t n = support_rng_between(&rng, 10, 60);
            truth += n;
            seen += draw_binomial(&rng, n, p);
        }
        double lower = 0.0;
        double upper = 0.0;
        if (seen == 0) {
            continue;
        }
        assert_ok(*state, traffstat_thinning_quantile(*state, seen, prior, NULL, 0.025, &lower));
        assert_ok(*state, traffstat_thinning_quantile(*state, seen, prior, NULL, 0.975, &upper));
        covered += (double) truth >= lower && (double) truth <= upper;
        counted++;
    }
    traffstat_prior_free(prior);
    /* binomial(400, 0.95): 4 standard deviations are 17 */
    assert_in_range(covered, (int) (0.95 * counted) - 17, counted);
}

/* ---- order ----------------------------------------------------------------------------------- */

static void quantiles_rise_with_the_count_and_fall_with_the_share(void **state)
{
    static const double qs[] = {0.025, 0.5, 0.975};
    traffstat_prior *low = NULL;
    traffstat_prior *high = NULL;
    assert_ok(*state, traffstat_prior_beta(*state, 6, 14, NULL, &low));
    assert_ok(*state, traffstat_prior_beta(*state, 8, 12, NULL, &high));
    for (size_t i = 0; i < 3; i++) {
        double before = 0.0;
        for (int64_t y = 1; y < 200; y++) {
            double a = 0.0;
            double b = 0.0;
            assert_ok(*state, traffstat_thinning_quantile(*state, y, low, NULL, qs[i], &a));
            assert_ok(*state, traffstat_thinning_quantile(*state, y, high, NULL, qs[i], &b));
            assert_true(a >= b);
            assert_true(b >= before + 1.0); /* one case more is at least one more in all */
            before = b;
        }
    }
    traffstat_prior_free(low);
    traffstat_prior_free(high);
}

static void cdf_and_quantile_are_each_others_inverse(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 7);
    for (int i = 0; i < 300; i++) {
        traffstat_prior *prior = NULL;
        traffstat_thinning_options options;
        traffstat_thinning_options_init(&options, sizeof options);
        options.rate_prior = (int32_t) support_rng_between(&rng, 0, 2);
        options.gamma_shape = exp(6.0 * support_rng_uniform(&rng) - 3.0);
        options.gamma_rate = exp(9.0 * support_rng_uniform(&rng) - 8.0);
        const double a = 0.6 + exp(8.0 * support_rng_uniform(&rng) - 3.0);
        const double b = exp(8.0 * support_rng_uniform(&rng) - 3.0);
        const double q = support_rng_uniform(&rng) * 0.98 + 0.01;
        const int64_t y = support_rng_between(&rng, 1, 3000);
        double n = 0.0;
        double at = 0.0;
        double below = 0.0;
        assert_ok(*state, traffstat_prior_beta(*state, a, b, NULL, &prior));
        assert_ok(*state, traffstat_thinning_quantile(*state, y, prior, &options, q, &n));
        assert_ok(*state, traffstat_thinning_cdf(*state, y, prior, &options, (int64_t) n, &at));
        assert_ok(*state,
                  traffstat_thinning_cdf(*state, y, prior, &options, (int64_t) n - 1, &below));
        assert_true(at >= q * (1.0 - 1e-13));
        assert_true(below < q);
        traffstat_prior_free(prior);
    }
}

/* ---- Poisson counts -------------------------------------------------------------------------- */

static void garwoods_interval_never_covers_less_than_its_level(void **state)
{
    static const double levels[] = {0.5, 0.9, 0.95, 0.99};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        traffstat_interval interval[250];
        for (int k = 0; k < 250; k++) {
            assert_ok(*state, traffstat_poisson_interval(*state, k, 1.0, levels[i], &interval[k]));
        }
        for (double mean = 0.1; mean < 100.0; mean *= 1.01) {
            double covered = 0.0;
            for (int k = 0; k < 250; k++) {
                if (mean >= interval[k].lower && mean <= interval[k].upper) {
                    covered += poisson(mean, k);
                }
            }
            assert_true(covered >= levels[i] - 1e-12);
        }
    }
}

/* Exact sums, as in the reference (ci_coverage_exact). */
static void garwoods_coverage_is_what_was_summed_elsewhere(void **state)
{
    static const double rows[][2] = {{0.5, 0.9856123220330294}, {1, 0.98101184312384626},
                                     {2, 0.98343639151938567},  {4, 0.96032092662328172},
                                     {7, 0.97989355147214374},  {8, 0.96898904185803059},
                                     {15, 0.96253323248014655}, {30, 0.95601949164636979}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double covered = 0.0;
        for (int k = 0; k < 200; k++) {
            traffstat_interval interval;
            assert_ok(*state, traffstat_poisson_interval(*state, k, 1.0, 0.95, &interval));
            if (rows[i][0] >= interval.lower && rows[i][0] <= interval.upper) {
                covered += poisson(rows[i][0], k);
            }
        }
        assert_near(covered, rows[i][1], 1e-12);
    }
}

static void the_two_counts_may_change_places(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 11);
    for (int i = 0; i < 400; i++) {
        const int64_t x = support_rng_between(&rng, 0, i < 200 ? 20 : 5000);
        const int64_t y = support_rng_between(&rng, 0, i < 200 ? 20 : 5000);
        const double s = exp(4.0 * support_rng_uniform(&rng) - 2.0);
        const double t = exp(4.0 * support_rng_uniform(&rng) - 2.0);
        traffstat_change one;
        traffstat_change other;
        assert_ok(*state, traffstat_poisson_compare(*state, x, s, y, t, 0.95, &one));
        assert_ok(*state, traffstat_poisson_compare(*state, y, t, x, s, 0.95, &other));
        assert_near(one.p, other.p, 1e-11);
        if (x > 0 && y > 0) {
            assert_near(one.ratio * other.ratio, 1.0, 1e-14);
            assert_near(one.lower * other.upper, 1.0, 1e-11);
            assert_near(one.upper * other.lower, 1.0, 1e-11);
        }
        /* p and the interval come from one inversion: they agree on "no difference" */
        if (x > 0 && y > 0 && fabs(one.p - 0.05) > 1e-9) {
            assert_int_equal(one.p<0.05, one.lower> 1.0 || one.upper < 1.0);
        }
    }
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(a_wrong_prior_covers_as_little_as_was_simulated),
        WITH_CTX(a_proper_prior_covers_at_least_its_level),
        WITH_CTX(totals_cover_a_shared_truth),
        WITH_CTX(quantiles_rise_with_the_count_and_fall_with_the_share),
        WITH_CTX(cdf_and_quantile_are_each_others_inverse),
        WITH_CTX(garwoods_interval_never_covers_less_than_its_level),
        WITH_CTX(garwoods_coverage_is_what_was_summed_elsewhere),
        WITH_CTX(the_two_counts_may_change_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
