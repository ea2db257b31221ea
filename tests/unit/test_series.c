/* Tests of one series. Figures marked R are from R 4.2.2 (trend, Kendall, stats). */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/support.h"
#include "unit/rates_data.h"

#include <traffstat/series.h>

static size_t as_doubles(const int64_t *from, size_t n, double out[128])
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (double) from[i];
    }
    return n;
}

typedef struct known {
    const int64_t *data;
    size_t n;
    int64_t score;
    double variance;
    double tau;
    double z;
    double p;
    double z_plain;
    double p_plain;
    double slope;
    double lower;
    double upper;
    double pettitt;
    size_t position;
    double pettitt_p;
    double cox;
    double cox_p;
    double bartels;
    double bartels_p;
} known;

/* R: mk.test, cor.test, sens.slope, pettitt.test, cs.test, bartels.test */
static const known of_r[] = {
    {coal, 112, -2428, 149579.33333333334, -0.43753739661121699, -6.2752925868711769,
     3.4897741044238866e-10, -6.277878203923863, 3.4322460722884893e-10, -0.027777777777777776,
     -0.035714285714285712, -0.017543859649122806, 2110, 41, 1.308116018147119e-08,
     3.3823772986578815, 0.00071861372443770351, 1.1152001874785933, 1.2319669271653739e-06},
    {nile, 100, -1387, 112728.33333333333, -0.28074133472461305, -4.1280665228441009,
     3.6582629216643283e-05, -4.1310449258187356, 3.6111799194816175e-05, -2.6000000000000001,
     -3.6279069767441858, -1.4285714285714286, 1617, 28, 3.5910221769362927e-07, 4.2723919920032296,
     1.9338723101124958e-05, 1.1081367365432973, 3.5540928150554953e-06},
    {belgian, 13, 72, 268.66666666666669, 0.92307692307692291, 4.3316310202145978,
     1.4800883017084674e-05, 4.3926399078232539, 1.1198251986830848e-05, 21.899999999999999, 19,
     25.571428571428573, 42, 6, 0.022817543195122223, 2.2417941532712202, 0.024974679293054226,
     0.10989010989010989, 2.4551163871947063e-08},
};

static void three_series_have_the_figures_of_r(void **state)
{
    for (size_t i = 0; i < sizeof of_r / sizeof of_r[0]; i++) {
        const known *row = &of_r[i];
        double values[128];
        const size_t n = as_doubles(row->data, row->n, values);
        traffstat_mann_kendall_result kendall;
        traffstat_sen_result sen;
        traffstat_series_test test;
        assert_ok(*state, traffstat_mann_kendall(*state, values, n, &kendall));
        assert_int_equal(kendall.score, row->score);
        assert_near(kendall.variance, row->variance, 1e-14);
        assert_near(kendall.tau, row->tau, 1e-14);
        assert_near(kendall.z, row->z, 1e-14);
        assert_near(kendall.p, row->p, 1e-12);
        assert_near(kendall.z_plain, row->z_plain, 1e-14);
        assert_near(kendall.p_plain, row->p_plain, 1e-12);
        assert_int_equal(kendall.exact, 0);
        assert_ok(*state, traffstat_sen_slope(*state, NULL, values, n, 0.95, &sen));
        assert_near(sen.slope, row->slope, 1e-14);
        assert_near(sen.lower, row->lower, 1e-14);
        assert_near(sen.upper, row->upper, 1e-14);
        assert_ok(*state, traffstat_pettitt(*state, values, n, &test));
        assert_near(test.statistic, row->pettitt, 0.0);
        assert_int_equal(test.position, row->position);
        assert_near(test.p, row->pettitt_p, 1e-12);
        assert_ok(*state, traffstat_cox_stuart(*state, values, n, &test));
        assert_near(test.statistic, row->cox, 1e-14);
        assert_near(test.p, row->cox_p, 1e-12);
        assert_ok(*state, traffstat_bartels(*state, values, n, &test));
        assert_near(test.statistic, row->bartels, 1e-14);
        assert_near(test.p, row->bartels_p, 1e-10);
    }
}

static int sign_of(double x)
{
    return (x > 0.0) - (x < 0.0);
}

static int64_t score_of(const double *values, size_t n)
{
    int64_t score = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            score += sign_of(values[j] - values[i]);
        }
    }
    return score;
}

/* How many of all orders of the rest have a score at least as far from 0 (Heap's algorithm). */
static void try_orders(double *values, size_t n, size_t open, int64_t seen, int64_t counts[2])
{
    if (open == 1) {
        const int64_t score = score_of(values, n);
        counts[0]++;
        counts[1] += (score < 0 ? -score : score) >= (seen < 0 ? -seen : seen);
        return;
    }
    for (size_t i = 0; i < open; i++) {
        try_orders(values, n, open - 1, seen, counts);
        const size_t swap = open % 2 == 0 ? i : 0;
        const double kept = values[swap];
        values[swap] = values[open - 1];
        values[open - 1] = kept;
    }
}

static void short_series_have_the_exact_p_with_ties_too(void **state)
{
    const double series[][7] = {{1, 2, 3, 4, 5, 6, 7},
                                {7, 7, 8, 3, 3, 3, 12},
                                {0, 0, 0, 0, 0, 0, 5},
                                {4, 9, 2, 11, 5, 30, 30},
                                {3, 1, 4, 1, 5, 9, 2}};
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++) {
        for (size_t n = 2; n <= 7; n++) {
            traffstat_mann_kendall_result got;
            double values[7];
            int64_t counts[2] = {0, 0};
            memcpy(values, series[i], sizeof values);
            assert_ok(*state, traffstat_mann_kendall(*state, values, n, &got));
            assert_int_equal(got.exact, 1);
            try_orders(values, n, n, got.score, counts);
            assert_near(got.p, (double) counts[1] / (double) counts[0], 1e-12);
        }
    }
}

static void equal_values_have_no_tau(void **state)
{
    const double same[] = {3, 3, 3, 3};
    traffstat_mann_kendall_result got;
    assert_ok(*state, traffstat_mann_kendall(*state, same, 4, &got));
    assert_int_equal(got.score, 0);
    assert_near(got.tau, NAN, 0.0);
    assert_near(got.z, NAN, 0.0);
    assert_near(got.p, 1.0, 0.0);
    traffstat_series_test test;
    assert_int_equal(traffstat_cox_stuart(*state, same, 4, &test), TRAFFSTAT_E_NODATA);
    const double ten[10] = {0};
    assert_int_equal(traffstat_bartels(*state, ten, 10, &test), TRAFFSTAT_E_NODATA);
}

static void gaps_in_time_count_in_the_slope(void **state)
{
    const double times[] = {2010, 2011, 2015, 2020};
    const double values[] = {1, 3, 11, 21};
    traffstat_sen_result got;
    assert_ok(*state, traffstat_sen_slope(*state, times, values, 4, 0.95, &got));
    assert_near(got.slope, 2.0, 1e-15);
    const double back[] = {2010, 2009, 2015, 2020};
    assert_int_equal(traffstat_sen_slope(*state, back, values, 4, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
}

static void smokers_have_the_chi_squared_of_r(void **state)
{
    /* help page of prop.trend.test */
    const int64_t smokers[] = {83, 90, 129, 70};
    const int64_t patients[] = {86, 93, 136, 82};
    const double scores[] = {0, 0, 0, 1};
    traffstat_series_test got;
    assert_ok(*state, traffstat_cochran_armitage(*state, smokers, patients, scores, 4, &got));
    assert_near(got.statistic, 12.173146220740252, 1e-12);
    assert_near(got.p, 0.00048482459344167451, 1e-11);
    assert_int_equal(traffstat_cochran_armitage(*state, patients, smokers, NULL, 4, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_cochran_armitage(*state, patients, patients, NULL, 4, &got),
                     TRAFFSTAT_E_NODATA);
}

static void years_from(int32_t first, size_t n, int32_t out[128])
{
    for (size_t i = 0; i < n; i++) {
        out[i] = first + (int32_t) i;
    }
}

static void conditional_trends_have_the_figures_of_r(void **state)
{
    /* R: the multinomial law of T by convolution */
    const int64_t short_one[] = {7, 8, 11, 9, 15};
    const struct {
        const int64_t *data;
        size_t n;
        double values[8]; /* T, mean, variance, z, p normal, up, down, central */
    } rows[] = {
        {belgian,
         5,
         {674, 528, 352, 7.7818261469797809, 7.1485061758164945e-15, 1.3576092975805134e-15, 1.0,
          2.7152185951610269e-15}},
        {short_one,
         5,
         {167, 150, 100, 1.7, 0.089130925517086082, 0.049452549033569729, 0.96001415586982242,
          0.098905098067139458}},
        {coal,
         112,
         {7359, 10791.5, 199642.75, -7.6821675353135248, 1.5641908457579053e-14, 1.0,
          3.079280813694937e-15, 6.158561627389874e-15}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t years[128];
        const double *want = rows[i].values;
        traffstat_poisson_trend_result got;
        years_from(1, rows[i].n, years);
        assert_ok(*state,
                  traffstat_poisson_trend(*state, years, rows[i].data, NULL, rows[i].n, 0, &got));
        assert_near(got.statistic, want[0], 0.0);
        assert_near(got.mean, want[1], 1e-13);
        assert_near(got.variance, want[2], 1e-13);
        assert_near(got.z, want[3], 1e-12);
        assert_near(got.p_normal, want[4], 1e-10);
        assert_near(got.p_upper, want[5], 1e-11);
        assert_near(got.p_lower, want[6], 1e-11);
        assert_near(got.p, want[7], 1e-11);
    }
}

static void two_years_give_the_binomial_test(void **state)
{
    /* with two times T is the second count: R, binom.test(8, 15, 74428 / 147768) */
    const int32_t years[] = {2017, 2018};
    const int64_t cases[] = {7, 8};
    const double people[] = {73340.0, 74428.0};
    traffstat_poisson_trend_result got;
    assert_ok(*state, traffstat_poisson_trend(*state, years, cases, people, 2, 2017, &got));
    assert_near(got.statistic, 8.0, 0.0);
    assert_near(got.p_upper, 0.51156597286541916, 1e-12);
}

/* Adds the chances of all ways to place the cases left from place i on, by the side of t they lie on. */
static void place(const double *share, const int32_t *years, size_t n, size_t i, int64_t left,
                  double chance, double sum, double t, double tails[2])
{
    if (i + 1 == n) {
        const double whole = sum + (double) left * (double) years[i];
        const double all = chance * pow(share[i], (double) left) / tgamma((double) left + 1.0);
        tails[0] += whole <= t ? all : 0.0;
        tails[1] += whole >= t ? all : 0.0;
        return;
    }
    for (int64_t k = 0; k <= left; k++) {
        place(share, years, n, i + 1, left - k,
              chance * pow(share[i], (double) k) / tgamma((double) k + 1.0),
              sum + (double) k * (double) years[i], t, tails);
    }
}

static void exact_trends_are_all_ways_to_place_the_cases(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 65);
    for (int i = 0; i < 60; i++) {
        const size_t n = (size_t) support_rng_between(&rng, 2, 5);
        int32_t years[5];
        int64_t counts[5];
        double exposures[5];
        double share[5];
        double all = 0.0;
        int64_t cases = 0;
        double t = 0.0;
        for (size_t j = 0; j < n; j++) {
            years[j] = (j == 0 ? 0 : years[j - 1]) + (int32_t) support_rng_between(&rng, 1, 3);
            counts[j] = support_rng_between(&rng, 0, 4) + (j == 0);
            exposures[j] = 1e-9 * (0.2 + support_rng_uniform(&rng));
            all += exposures[j];
            cases += counts[j];
            t += (double) counts[j] * (double) years[j];
        }
        for (size_t j = 0; j < n; j++) {
            share[j] = exposures[j] / all;
        }
        double tails[2] = {0.0, 0.0};
        place(share, years, n, 0, cases, tgamma((double) cases + 1.0), 0.0, t, tails);
        traffstat_poisson_trend_result got;
        assert_ok(*state, traffstat_poisson_trend(*state, years, counts, exposures, n, 0, &got));
        assert_int_equal(got.exact, 1);
        assert_near(got.p_lower, tails[0], 1e-11);
        assert_near(got.p_upper, tails[1], 1e-11);
        assert_near(got.p, fmin(1.0, 2.0 * fmin(tails[0], tails[1])), 1e-11);
    }
}

static void the_saddlepoint_follows_the_exact_tails(void **state)
{
    /* one case more takes the sum past the exact top: the tails must join */
    int32_t years[128];
    int64_t counts[20];
    traffstat_poisson_trend_result exact;
    traffstat_poisson_trend_result close;
    years_from(2001, 20, years);
    for (int k = 0; k < 20; k++) {
        counts[k] = 46 + k / 3;
    }
    double cases = 0.0;
    for (int k = 0; k < 20; k++) {
        cases += (double) counts[k];
    }
    assert_true(cases * 20.0 <= 25000.0 && cases * 31.0 > 25000.0);
    assert_ok(*state, traffstat_poisson_trend(*state, years, counts, NULL, 20, 2001, &exact));
    assert_int_equal(exact.exact, 1);
    /* a case before the first time of exposure next to nothing lengthens the series and changes no
     * tail */
    int32_t longer[21] = {1990};
    int64_t more[21] = {0};
    double exposures[21] = {1e-30};
    for (int k = 0; k < 20; k++) {
        longer[k + 1] = years[k];
        more[k + 1] = counts[k];
        exposures[k + 1] = 1.0;
    }
    assert_ok(*state, traffstat_poisson_trend(*state, longer, more, exposures, 21, 2001, &close));
    assert_int_equal(close.exact, 0);
    assert_near(close.p_upper, exact.p_upper, 1e-5);
    assert_near(close.p_lower, exact.p_lower, 1e-5);
    assert_near(close.z, exact.z, 1e-10);
}

static void what_cannot_be_tested_is_refused(void **state)
{
    const double values[] = {1, 2, NAN};
    const int32_t years[] = {2017, 2018};
    const int32_t wrong[] = {2018, 2017};
    const int64_t none[] = {0, 0};
    const int64_t bad[] = {1, -4};
    traffstat_mann_kendall_result kendall;
    traffstat_series_test test;
    traffstat_poisson_trend_result trend;
    traffstat_sen_result sen;
    assert_int_equal(traffstat_mann_kendall(*state, values, 1, &kendall), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_mann_kendall(*state, values, 3, &kendall), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_mann_kendall(*state, NULL, 3, &kendall), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_pettitt(*state, values, 1, &test), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_cox_stuart(*state, values, 2, &test), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_bartels(*state, values, 2, &test), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_sen_slope(*state, NULL, values, 2, 1.5, &sen), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_poisson_trend(*state, years, none, NULL, 2, 0, &trend),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_poisson_trend(*state, years, bad, NULL, 2, 0, &trend),
                     TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "-4"));
    assert_int_equal(traffstat_poisson_trend(*state, wrong, none, NULL, 2, 0, &trend),
                     TRAFFSTAT_E_ARGUMENT);
}

static traffstat_status try_tests(traffstat_ctx *ctx, void *arg)
{
    const double values[] = {1, 5, 2, 9};
    const int32_t years[] = {2015, 2016, 2017, 2018};
    const int64_t counts[] = {1, 5, 2, 9};
    traffstat_sen_result sen;
    traffstat_poisson_trend_result trend;
    (void) arg;
    traffstat_status status = traffstat_sen_slope(ctx, NULL, values, 4, 0.95, &sen);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_poisson_trend(ctx, years, counts, NULL, 4, 2015, &trend);
    }
    return status;
}

static void without_memory_they_say_so(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_tests, NULL) >= 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_series_have_the_figures_of_r),
        cmocka_unit_test(short_series_have_the_exact_p_with_ties_too),
        cmocka_unit_test(equal_values_have_no_tau),
        cmocka_unit_test(gaps_in_time_count_in_the_slope),
        cmocka_unit_test(smokers_have_the_chi_squared_of_r),
        cmocka_unit_test(conditional_trends_have_the_figures_of_r),
        cmocka_unit_test(two_years_give_the_binomial_test),
        cmocka_unit_test(exact_trends_are_all_ways_to_place_the_cases),
        cmocka_unit_test(the_saddlepoint_follows_the_exact_tails),
        cmocka_unit_test(what_cannot_be_tested_is_refused),
        cmocka_unit_test(without_memory_they_say_so),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
