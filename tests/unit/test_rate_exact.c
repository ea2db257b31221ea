/* Exact tests of one count and of two, and the intervals that invert them. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/rate.h>

#define POP1 74428.0
#define POP2 73340.0

static traffstat_exact_options options_of(int32_t method, int32_t alternative, int32_t midp)
{
    traffstat_exact_options options;
    traffstat_exact_options_init(&options, sizeof options);
    options.method = method;
    options.alternative = alternative;
    options.midp = midp;
    return options;
}

typedef struct pair {
    int64_t first;
    int64_t second;
    double first_exposure;
    double second_exposure;
    int32_t method;
    int32_t alternative;
    int32_t midp;
    double p;
    double estimate;
    double lower;
    double upper;
    double near; /* of the limits: exactci's lie on a grid or come from uniroot */
} pair;

/* R 4.2.2. The ratio there is of its first count over its second: here second over first. */
static const pair pairs[] = {
    {7, 8, 1.0, 1.0, 0, 0, 0, 1, 1.1428571428571428, 0.36214051159332311, 3.7021929676555763,
     1e-12},
    {8, 7, 1.0, 1.0, 0, 0, 0, 1, 0.875, 0.27011017759921169, 2.7613591078232673, 1e-12},
    {7, 8, POP2, POP1, 0, 0, 0, 1, 1.126150680619429, 0.35684668565935285, 3.6480737390210671,
     1e-12},
    {7, 8, 1.0, 1.0, 0, 1, 0, 0.69638061523437478, 1.1428571428571428, 0, 3.1029442537471286,
     1e-12},
    {7, 8, POP2, POP1, 0, 2, 0, 0.51156597286541916, 1.126150680619429, 0.42227930547400627, NAN,
     1e-12},
    {7, 20, 1.0, 1.0, 0, 0, 0, 0.019157290458679185, 2.8571428571428572, 1.1605330395460434,
     7.9972912250381505, 1e-12},
    {7, 8, 1.0, 1.0, 0, 0, 0, 0.99999999999999944, 1.1428571428571428, 0.36214051159332311,
     3.7021929676555763, 1e-12},
    {7, 8, POP2, POP1, 0, 0, 0, 1, 1.126150680619429, 0.3568466856593529, 3.6480737390210667,
     1e-12},
    {7, 20, 1.0, 1.0, 0, 0, 0, 0.019157290458679185, 2.8571428571428572, 1.1605330395460434,
     7.9972912250381505, 1e-12},
    {9, 2, 16660.0, 17877.0, 0, 0, 0, 0.050106495614108931, 0.20709415574325793,
     0.021774062759064704, 1.0005491044877217, 1e-12},
    {7, 8, 1.0, 1.0, 0, 0, 0, 1, 1.1428571428571428, 0.36214051159332311, 3.7021929676555763,
     1e-12},
    {7, 8, POP2, POP1, 0, 0, 0, 1, 1.126150680619429, 0.35684668565935285, 3.6480737390210671,
     1e-12},
    {7, 8, 1.0, 1.0, 0, 0, 1, 0.803619384765625, 1.1428571428571428, 0.40215519355102591,
     3.3108364194872895, 1e-4},
    {7, 8, POP2, POP1, 1, 0, 0, 1, 1.126150680619429, 0.41014548138336487, 3.4492799255741136,
     1e-3},
    {7, 8, POP2, POP1, 1, 0, 1, 0.90112425767191873, 1.126150680619429, NAN, NAN, 1e-3},
    {7, 8, POP2, POP1, 2, 0, 0, 1, 1.126150680619429, 0.40306657709009819, 3.5977895290719557,
     1e-3},
};

static void two_counts_have_the_figures_of_r(void **state)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const pair *row = &pairs[i];
        const traffstat_exact_options options =
            options_of(row->method, row->alternative, row->midp);
        traffstat_exact_result got;
        assert_ok(*state, traffstat_ratio_exact(*state, row->first, row->first_exposure,
                                                row->second, row->second_exposure, &options, &got));
        assert_near(got.p, row->p, 1e-12);
        assert_near(got.estimate, row->estimate, 1e-14);
        assert_near(got.lower, row->lower, row->near);
        assert_near(got.upper, row->upper, row->near);
    }
}

static void poisson_test_joins_two_inversions_and_this_does_not(void **state)
{
    /* help page of poisson.test: its p is that of minimum likelihood, its interval the central one */
    traffstat_exact_options options = options_of(TRAFFSTAT_EXACT_MINLIKE, 0, 0);
    traffstat_exact_result got;
    assert_ok(*state, traffstat_ratio_exact(*state, 21, 3011.0, 11, 800.0, &options, &got));
    assert_near(got.p, 0.079668633033329522, 1e-12);
    assert_true(got.lower > 0.858427 && got.upper < 4.277266);
    options.method = TRAFFSTAT_EXACT_CENTRAL;
    assert_ok(*state, traffstat_ratio_exact(*state, 21, 3011.0, 11, 800.0, &options, &got));
    assert_near(got.lower, 0.85842640339163923, 1e-12);
    assert_near(got.upper, 4.2772659436540712, 1e-12);
    assert_near(got.estimate, 1.9714880952380953, 1e-14);
    assert_true(got.p > 0.0796687);
}

typedef struct single {
    int64_t count;
    int32_t method;
    int32_t midp;
    double null_value;
    double p;
    double lower;
    double upper;
    double near;
} single;

static const single singles[] = {
    {5, 0, 0, 8.0, 0.38247212415925053, 1.6234863901184209, 11.668332079322667, 1e-12},
    {7, 0, 0, 8.0, 0.90592161897398915, 2.8143630515198672, 14.422675361702378, 1e-12},
    {8, 0, 0, 8.0, 1, 3.4538321767485018, 15.763189220193315, 1e-12},
    {20, 0, 0, 8.0, 0.00050587880418391377, 12.216519585403944, 30.888377902674595, 1e-12},
    {5, 0, 1, 8.0, 0.29086846256667132, 1.8319924370686429, 11.082415789057576, 1e-4},
    {8, 0, 1, 8.0, 0.95449184907541396, 3.7153967542149484, 15.191496232027985, 1e-4},
    {20, 0, 1, 8.0, 0.0003469073057836995, 12.559734511379965, 30.339614840878681, 1e-4},
    {0, 1, 0, 8.0, 0.00058840202999446874, 0, 3.7643505995031288, 1e-3},
    {1, 1, 0, 8.0, 0.0067371849324067345, 0.051293294387550578, 5.7559309028711496, 1e-3},
    {5, 1, 0, 8.0, 0.37535026952107881, 1.9701495680595305, 11.799156333376645, 1e-3},
    {20, 1, 0, 8.0, 0.00025293940209195688, 12.817406444880191, 30.843348939992925, 1e-3},
    {0, 2, 0, 8.0, 0.00058840202999446874, 0, 3.5501406179755213, 1e-3},
    {5, 2, 0, 8.0, 0.37535026952107881, 1.9701495680595305, 11.542535176953999, 1e-3},
    {7, 2, 0, 8.0, 0.86041346804940333, 3.1619363917518024, 14.076056170104616, 1e-3},
    {8, 2, 0, 8.0, 1, 3.5501406179755213, 15.553791273206828, 1e-3},
    {20, 2, 0, 8.0, 0.00025293940209195688, 12.596785616534499, 30.560321068538006, 1e-3},
};

static void one_count_has_the_figures_of_r(void **state)
{
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        const single *row = &singles[i];
        traffstat_exact_options options = options_of(row->method, 0, row->midp);
        options.null_value = row->null_value;
        traffstat_exact_result got;
        assert_ok(*state, traffstat_poisson_exact(*state, row->count, 1.0, &options, &got));
        assert_near(got.p, row->p, 1e-12);
        assert_near(got.estimate, (double) row->count, 0.0);
        assert_near(got.lower, row->lower, row->near);
        assert_near(got.upper, row->upper, row->near);
    }
}

/* ---- by brute force -------------------------------------------------------------------------- */

/* All binomial chances of n at odds R. */
static void chances(int n, double odds, double out[64])
{
    double sum = 0.0;
    for (int i = 0; i <= n; i++) {
        out[i] = exp(lgamma(n + 1.0) - lgamma(i + 1.0) - lgamma(n - i + 1.0) + i * log(odds));
        sum += out[i];
    }
    for (int i = 0; i <= n; i++) {
        out[i] /= sum;
    }
}

static double plain_p(int n, int x, double odds, int32_t method, double tie)
{
    double chance[64];
    double below = 0.0;
    double above = 0.0;
    double p = 0.0;
    chances(n, odds, chance);
    for (int i = 0; i <= n; i++) {
        below += i <= x ? chance[i] : 0.0;
        above += i >= x ? chance[i] : 0.0;
        p += chance[i] <= chance[x] * (1.0 + tie) ? chance[i] : 0.0;
    }
    if (method == TRAFFSTAT_EXACT_MINLIKE) {
        return p;
    }
    const double near = fmin(below, above);
    double best = 0.0;
    double tail = 0.0;
    for (int k = 0; k <= n; k++) {
        tail += chance[below <= above ? n - k : k];
        best = tail <= near * (1.0 + tie) ? tail : best;
    }
    return fmin(1.0, near + best);
}

/* p inside the interval's ends and past them, and nowhere outside above alpha. */
static void check_hull(void **state, int n, int x, int32_t method)
{
    traffstat_exact_options options = options_of(method, 0, 0);
    traffstat_exact_result got;
    assert_ok(*state, traffstat_ratio_exact(*state, n - x, 1.0, x, 1.0, &options, &got));
    if (x > 0) {
        assert_true(plain_p(n, x, got.lower * (1.0 + 1e-9), method, 1e-12) > 0.05 - 1e-9);
    }
    if (x < n) {
        assert_true(plain_p(n, x, got.upper * (1.0 - 1e-9), method, 1e-12) > 0.05 - 1e-9);
    }
    for (double step = 1e-9; step < 3.0; step = step < 1e-3 ? step * 30.0 : step + 1e-3) {
        if (x > 0) {
            assert_true(plain_p(n, x, got.lower * exp(-step), method, 1e-12) < 0.05 + 1e-9);
        }
        if (x < n) {
            assert_true(plain_p(n, x, got.upper * exp(step), method, 1e-12) < 0.05 + 1e-9);
        }
    }
}

static void intervals_are_the_hulls_of_what_is_not_rejected(void **state)
{
    /* 1 of 30 has a gap in what is not rejected by minimum likelihood */
    const int sums[] = {1, 2, 3, 7, 15, 30, 41};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        for (int x = 0; x <= sums[i]; x++) {
            check_hull(state, sums[i], x, TRAFFSTAT_EXACT_MINLIKE);
            check_hull(state, sums[i], x, TRAFFSTAT_EXACT_BLAKER);
        }
    }
}

static void p_is_that_of_plain_sums(void **state)
{
    for (int x = 0; x <= 25; x++) {
        for (int32_t method = 1; method <= 2; method++) {
            traffstat_exact_options options = options_of(method, 0, 0);
            options.null_value = 0.83;
            traffstat_exact_result got;
            assert_ok(*state, traffstat_ratio_exact(*state, 25 - x, 1.0, x, 1.0, &options, &got));
            assert_near(got.p, plain_p(25, x, 0.83, method, 1e-7), 1e-10);
        }
    }
}

static void p_and_interval_never_disagree(void **state)
{
    for (int32_t method = 0; method <= 2; method++) {
        for (int64_t first = 0; first <= 12; first++) {
            for (int64_t second = 0; second <= 30; second++) {
                traffstat_exact_options options = options_of(method, 0, 0);
                traffstat_exact_result got;
                assert_ok(*state,
                          traffstat_ratio_exact(*state, first, 1.0, second, 1.3, &options, &got));
                const bool outside = got.lower > 1.0 || got.upper < 1.0;
                /* a hull may hold a value that is rejected, never the other way round */
                assert_false(outside && got.p > 0.05);
                assert_false(method == 0 && !outside && got.p < 0.05);
            }
        }
    }
}

static void swapping_the_counts_inverts_the_interval(void **state)
{
    for (int32_t method = 0; method <= 2; method++) {
        const traffstat_exact_options options = options_of(method, 0, 0);
        traffstat_exact_result one;
        traffstat_exact_result other;
        assert_ok(*state, traffstat_ratio_exact(*state, 1000, 2.0, 1300, 3.0, &options, &one));
        assert_ok(*state, traffstat_ratio_exact(*state, 1300, 3.0, 1000, 2.0, &options, &other));
        assert_near(one.p, other.p, 1e-11);
        assert_near(one.lower, 1.0 / other.upper, 1e-10);
        assert_near(one.upper, 1.0 / other.lower, 1e-10);
    }
}

static void large_counts_have_nearly_one_interval(void **state)
{
    /* at 4e8 all methods come to the normal law's limits: exp(-+1.95996 sqrt(1/x + 1/y)) */
    for (int32_t method = 0; method <= 2; method++) {
        const traffstat_exact_options options = options_of(method, 0, 0);
        traffstat_exact_result got;
        assert_ok(*state,
                  traffstat_ratio_exact(*state, 400000000, 1.0, 400000000, 1.0, &options, &got));
        assert_near(got.lower, exp(-1.9599639845400545 * sqrt(2.0 / 4e8)), 1e-8);
        assert_near(got.upper, exp(1.9599639845400545 * sqrt(2.0 / 4e8)), 1e-8);
        assert_true(got.p > 0.9999);
    }
}

static void no_case_leaves_an_end_open(void **state)
{
    for (int32_t method = 0; method <= 2; method++) {
        const traffstat_exact_options options = options_of(method, 0, 0);
        traffstat_exact_result got;
        assert_ok(*state, traffstat_ratio_exact(*state, 0, 1.0, 5, 1.0, &options, &got));
        assert_near(got.upper, NAN, 0.0);
        assert_near(got.estimate, NAN, 0.0);
        assert_true(got.lower > 0.0);
        assert_ok(*state, traffstat_ratio_exact(*state, 5, 1.0, 0, 1.0, &options, &got));
        assert_near(got.lower, 0.0, 0.0);
        assert_near(got.estimate, 0.0, 0.0);
        assert_ok(*state, traffstat_ratio_exact(*state, 0, 1.0, 0, 1.0, &options, &got));
        assert_near(got.p, 1.0, 0.0);
        assert_near(got.lower, 0.0, 0.0);
        assert_near(got.upper, NAN, 0.0);
    }
}

static void what_cannot_be_tested_is_refused(void **state)
{
    traffstat_exact_result got = {-1.0, -1.0, -1.0, -1.0, -1.0};
    traffstat_exact_options options = options_of(3, 0, 0);
    assert_int_equal(traffstat_ratio_exact(*state, 1, 1.0, 1, 1.0, &options, &got),
                     TRAFFSTAT_E_ARGUMENT);
    options = options_of(0, 3, 0);
    assert_int_equal(traffstat_ratio_exact(*state, 1, 1.0, 1, 1.0, &options, &got),
                     TRAFFSTAT_E_ARGUMENT);
    options = options_of(0, 0, 0);
    options.level = 1.0;
    assert_int_equal(traffstat_poisson_exact(*state, 1, 1.0, &options, &got), TRAFFSTAT_E_ARGUMENT);
    options.level = 0.95;
    options.null_value = 0.0;
    assert_int_equal(traffstat_poisson_exact(*state, 1, 1.0, &options, &got), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_ratio_exact(*state, -3, 1.0, 1, 1.0, NULL, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "-3"));
    assert_int_equal(traffstat_ratio_exact(*state, 3, 0.0, 1, 1.0, NULL, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_ratio_exact(*state, 3, 1.0, INT64_MAX, 1.0, NULL, &got),
                     TRAFFSTAT_E_LIMIT);
    assert_int_equal(traffstat_ratio_exact(*state, 3, 1.0, 1, 1.0, NULL, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_poisson_exact(*state, 3, 1.0, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    options.struct_size = 0;
    assert_int_equal(traffstat_poisson_exact(*state, 3, 1.0, &options, &got), TRAFFSTAT_E_ARGUMENT);
    assert_near(got.p, -1.0, 0.0);
}

/* ---- the difference -------------------------------------------------------------------------- */

static void the_e_test_has_the_published_p(void **state)
{
    /* the double sum of Krishnamoorthy & Thomson (2004), summed in R 4.2.2 */
    const struct {
        int64_t first;
        int64_t second;
        double p;
    } rows[] = {{8, 7, 0.82851115035921274},
                {20, 7, 0.011906718870003675},
                {5, 0, 0.019756052290883151},
                {7, 8, 0.82851115035921274},
                {0, 0, 1.0},
                {4, 4, 1.0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double p = -1.0;
        assert_ok(*state, traffstat_etest(*state, rows[i].first, 1.0, rows[i].second, 1.0, &p));
        assert_near(p, rows[i].p, 1e-12);
    }
}

/* The double sum as it stands, over all pairs that matter. */
static double plain_e_test(int k1, double n1, int k2, double n2)
{
    const double rate = (k1 + k2) / (n1 + n2);
    const double seen = fabs(k1 / n1 - k2 / n2) / sqrt(k1 / (n1 * n1) + k2 / (n2 * n2));
    double p = 0.0;
    for (int i = 0; i < 300; i++) {
        for (int j = 0; j < 300; j++) {
            const double sd = sqrt(i / (n1 * n1) + j / (n2 * n2));
            const double t = i + j == 0 ? 0.0 : fabs(i / n1 - j / n2) / sd;
            if (t >= seen * (1.0 - 1e-12)) {
                p += exp(i * log(rate * n1) - rate * n1 - lgamma(i + 1.0) + j * log(rate * n2) -
                         rate * n2 - lgamma(j + 1.0));
            }
        }
    }
    return p;
}

static void the_e_test_is_its_double_sum(void **state)
{
    const int counts[][2] = {{0, 3}, {11, 4}, {30, 52}, {2, 1}, {60, 20}};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        double p = -1.0;
        assert_ok(*state, traffstat_etest(*state, counts[i][0], 1.7, counts[i][1], 0.9, &p));
        assert_near(p, plain_e_test(counts[i][0], 1.7, counts[i][1], 0.9), 1e-10);
    }
}

static void the_e_test_takes_large_counts(void **state)
{
    /* at 1e8 it is the normal test: 2 (1 - pnorm(1.5)) */
    double p = -1.0;
    assert_ok(*state, traffstat_etest(*state, 100000000, 1.0, 100021213, 1.0, &p));
    assert_near(p, 0.13361440253771614, 1e-3);
    assert_int_equal(traffstat_etest(*state, 1000000000, 1.0, 1, 1.0, &p), TRAFFSTAT_E_LIMIT);
    assert_int_equal(traffstat_etest(*state, -1, 1.0, 1, 1.0, &p), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_etest(*state, 1, 1.0, 1, 0.0, &p), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_etest(*state, 1, 1.0, 1, 1.0, NULL), TRAFFSTAT_E_ARGUMENT);
}

static traffstat_status try_e_test(traffstat_ctx *ctx, void *arg)
{
    double *p = arg;
    return traffstat_etest(ctx, 7, 1.0, 12, 1.0, p);
}

static void the_e_test_without_memory_says_so(void **state)
{
    double p = -1.0;
    (void) state;
    assert_true(support_try_every_allocation(try_e_test, &p) >= 6);
}

static void a_difference_joins_two_intervals(void **state)
{
    traffstat_interval got;
    assert_ok(*state, traffstat_rate_difference(*state, TRAFFSTAT_POISSON_GARWOOD, 7, 1.0, 8, 1.0,
                                                0.95, &got));
    /* Garwood: 7 has 2.8143630515198672 to 14.422675361702378, 8 has 3.4538321767485018 to
     * 15.763189220193315 */
    assert_near(got.lower, 1.0 - hypot(8.0 - 3.4538321767485018, 14.422675361702378 - 7.0), 1e-12);
    assert_near(got.upper, 1.0 + hypot(15.763189220193315 - 8.0, 7.0 - 2.8143630515198672), 1e-12);
    /* with Wald's single intervals it is Wald's: 1 -+ 1.96 sqrt(7 + 8) */
    assert_ok(*state, traffstat_rate_difference(*state, TRAFFSTAT_POISSON_WALD, 7, 1.0, 8, 1.0,
                                                0.95, &got));
    assert_near(got.upper, 1.0 + 1.9599639845400545 * sqrt(15.0), 1e-12);
    assert_int_equal(traffstat_rate_difference(*state, 0, 7, 1.0, -8, 1.0, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_rate_difference(*state, 0, 7, 1.0, 8, 1.0, 0.95, NULL),
                     TRAFFSTAT_E_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_counts_have_the_figures_of_r),
        cmocka_unit_test(poisson_test_joins_two_inversions_and_this_does_not),
        cmocka_unit_test(one_count_has_the_figures_of_r),
        cmocka_unit_test(intervals_are_the_hulls_of_what_is_not_rejected),
        cmocka_unit_test(p_is_that_of_plain_sums),
        cmocka_unit_test(p_and_interval_never_disagree),
        cmocka_unit_test(swapping_the_counts_inverts_the_interval),
        cmocka_unit_test(large_counts_have_nearly_one_interval),
        cmocka_unit_test(no_case_leaves_an_end_open),
        cmocka_unit_test(what_cannot_be_tested_is_refused),
        cmocka_unit_test(the_e_test_has_the_published_p),
        cmocka_unit_test(the_e_test_is_its_double_sum),
        cmocka_unit_test(the_e_test_takes_large_counts),
        cmocka_unit_test(the_e_test_without_memory_says_so),
        cmocka_unit_test(a_difference_joins_two_intervals),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
