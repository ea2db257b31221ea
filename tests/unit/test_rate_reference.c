/* Figures of R 4.2.2 that the tests of single parts leave out: coverage by summation, regressions with
 * a count put in for "<5", tests of scatter, joinpoints of three series (segmented), the triangle of
 * RAA (ChainLadder). */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "model/rate/countlaw.h"
#include "support/joinpoint.h"
#include "support/regression.h"
#include "support/support.h"
#include "unit/rates_data.h"

#include <traffstat/delay.h>
#include <traffstat/joinpoint.h>
#include <traffstat/rate.h>
#include <traffstat/regression.h>
#include <traffstat/series.h>
#include <traffstat/standard.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- intervals ------------------------------------------------------------------------------- */

/* Mean, method, coverage and mean width at 95 %. */
static const struct {
    double mean;
    int32_t method;
    double coverage;
    double width;
} coverages[] = {
    {0.5, TRAFFSTAT_POISSON_GARWOOD, 0.9856123220330294, 4.5679752184857465},
    {0.5, TRAFFSTAT_POISSON_BYAR, 0.9856123220330294, 4.5578802513530583},
    {0.5, TRAFFSTAT_POISSON_JEFFREYS, 0.9856123220330294, 3.4679747310768749},
    {0.5, TRAFFSTAT_POISSON_WALD, 0.39329722465741079, 1.7087719167524484},
    {0.5, TRAFFSTAT_POISSON_SCORE, 0.90979598956895025, 4.6197727174487575},
    {1, TRAFFSTAT_POISSON_GARWOOD, 0.98101184312384626, 5.3590107781804699},
    {1, TRAFFSTAT_POISSON_BYAR, 0.98101184312384626, 5.3565554422099586},
    {1, TRAFFSTAT_POISSON_JEFFREYS, 0.98101184312384626, 4.3053887279142113},
    {1, TRAFFSTAT_POISSON_WALD, 0.631526374010976, 3.0308595192285073},
    {1, TRAFFSTAT_POISSON_SCORE, 0.91969860292860584, 5.3205239073998358},
    {2, TRAFFSTAT_POISSON_GARWOOD, 0.98343639151938567, 6.7332231272465926},
    {2, TRAFFSTAT_POISSON_BYAR, 0.98343639151938567, 6.7395684572175547},
    {2, TRAFFSTAT_POISSON_JEFFREYS, 0.98343639151938567, 5.7230627493550523},
    {2, TRAFFSTAT_POISSON_WALD, 0.86356799779552873, 4.973831040435134},
    {2, TRAFFSTAT_POISSON_SCORE, 0.94734698265628892, 6.5471728898760766},
    {4, TRAFFSTAT_POISSON_GARWOOD, 0.96032092662328172, 8.9203667438959542},
    {4, TRAFFSTAT_POISSON_BYAR, 0.96032092662328172, 8.9316875336616519},
    {4, TRAFFSTAT_POISSON_JEFFREYS, 0.96032092662328172, 7.9278292655746974},
    {4, TRAFFSTAT_POISSON_WALD, 0.90558203943581539, 7.5343983995077588},
    {4, TRAFFSTAT_POISSON_SCORE, 0.93055074531841853, 8.5430648625004668},
    {7, TRAFFSTAT_POISSON_GARWOOD, 0.97989355147214374, 11.424691647731409},
    {7, TRAFFSTAT_POISSON_BYAR, 0.97989355147214374, 11.435386778536369},
    {7, TRAFFSTAT_POISSON_JEFFREYS, 0.94336406269420958, 10.430449166874606},
    {7, TRAFFSTAT_POISSON_WALD, 0.91251738126278237, 10.169792705162854},
    {7, TRAFFSTAT_POISSON_SCORE, 0.96570517085029528, 10.899951792051125},
    {8, TRAFFSTAT_POISSON_GARWOOD, 0.96898904185803059, 12.137142595464226},
    {8, TRAFFSTAT_POISSON_BYAR, 0.96898904185803059, 12.147343335248596},
    {8, TRAFFSTAT_POISSON_JEFFREYS, 0.95206533046217778, 11.142023019398415},
    {8, TRAFFSTAT_POISSON_WALD, 0.89213658852610911, 10.901731165027465},
    {8, TRAFFSTAT_POISSON_SCORE, 0.95206533046217778, 11.581513588334172},
    {15, TRAFFSTAT_POISSON_GARWOOD, 0.96253323248014655, 16.218639959746731},
    {15, TRAFFSTAT_POISSON_BYAR, 0.96253323248014655, 16.226344316421606},
    {15, TRAFFSTAT_POISSON_JEFFREYS, 0.96253323248014655, 15.220603720454573},
    {15, TRAFFSTAT_POISSON_WALD, 0.91898155902904, 15.051214170596038},
    {15, TRAFFSTAT_POISSON_SCORE, 0.94925356191939048, 15.542034396684501},
    {30, TRAFFSTAT_POISSON_GARWOOD, 0.95601949164636979, 22.496658578757692},
    {30, TRAFFSTAT_POISSON_BYAR, 0.95601949164636979, 22.502165072639908},
    {30, TRAFFSTAT_POISSON_JEFFREYS, 0.95601949164636979, 21.497357921606365},
    {30, TRAFFSTAT_POISSON_WALD, 0.93073708036778868, 21.379502127893058},
    {30, TRAFFSTAT_POISSON_SCORE, 0.94581695739273486, 21.724774848092004},
};

static void coverage_by_summation_is_that_of_r(void **state)
{
    for (size_t i = 0; i < COUNT(coverages); i++) {
        const double mean = coverages[i].mean;
        double chance = exp(-mean);
        double held = 0.0;
        double width = 0.0;
        for (int64_t k = 0; k < 400; k++) {
            traffstat_interval made;
            assert_ok(*state,
                      traffstat_poisson_limits(*state, coverages[i].method, k, 1.0, 0.95, &made));
            /* R's byar, and its Wald interval, are not cut at 0 either */
            held += made.lower <= mean && mean <= made.upper ? chance : 0.0;
            width += chance * (made.upper - made.lower);
            chance *= mean / (double) (k + 1);
        }
        assert_near(held, coverages[i].coverage, 1e-12);
        assert_near(width, coverages[i].width, 1e-10);
    }
}

static void missoulas_rates_are_those_of_r(void **state)
{
    static const double rows[][7] = {{7, 73340, 9.5445868557403877, 3.8374189412597031,
                                      19.66549681170218, 3.8238760363717832, 19.66629746378381},
                                     {8, 74428, 10.748642983823293, 4.6405011242388641,
                                      21.17911165178873, 4.6282187479004815, 21.180201663248518}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const double *want = rows[i];
        const double exposure = want[1] / 1e5;
        traffstat_interval exact;
        traffstat_interval byar;
        traffstat_standard_rate crude;
        assert_ok(*state, traffstat_poisson_limits(*state, TRAFFSTAT_POISSON_GARWOOD,
                                                   (int64_t) want[0], exposure, 0.95, &exact));
        assert_ok(*state, traffstat_poisson_limits(*state, TRAFFSTAT_POISSON_BYAR,
                                                   (int64_t) want[0], exposure, 0.95, &byar));
        assert_ok(*state, traffstat_rate_crude(*state, want[0], want[1], 1e5, 1, 0.95, &crude));
        assert_near(crude.value, want[2], 1e-14);
        assert_near(exact.lower, want[3], 1e-13);
        assert_near(exact.upper, want[4], 1e-13);
        assert_near(byar.lower, want[5], 1e-12);
        assert_near(byar.upper, want[6], 1e-12);
    }
}

/* ---- regressions ----------------------------------------------------------------------------- */

static traffstat_regression *fit(void **state, const int64_t *counts, const double *exposure,
                                 const double *design, size_t rows, size_t columns, int32_t family)
{
    traffstat_regression_options options;
    traffstat_regression *out = NULL;
    traffstat_regression_options_init(&options, sizeof options);
    options.family = family;
    assert_ok(*state, traffstat_regression_fit(*state, counts, NULL, exposure, design, rows,
                                               columns, &options, &out));
    return out;
}

static void line(double *design, size_t rows, double first, double unit)
{
    for (size_t i = 0; i < rows; i++) {
        design[2 * i] = 1.0;
        design[2 * i + 1] = (first + (double) i) / unit;
    }
}

static void a_number_put_in_for_hidden_counts_moves_the_slope(void **state)
{
    /* what is put in for 1 to 4, then b0, its error, b1, its error: none of them is the fit to the
     * intervals, 1.818 */
    static const double want[][5] = {
        {0, -7.0545810850258643, 0.097987541099920195, 1.9939260162902568, 0.23409239798514514},
        {1, -6.9442812257867494, 0.094357447474263556, 1.8723738010926072, 0.22747306993852887},
        {2, -6.843395571665206, 0.091098319852661994, 1.7643849107492193, 0.22139902805299655},
        {4, -6.6645977055239376, 0.085475470380627541, 1.5808794993596968, 0.21061580117911488}};
    for (size_t i = 0; i < COUNT(want); i++) {
        int64_t deaths[100];
        double births[100];
        double design[200];
        for (size_t county = 0; county < 100; county++) {
            const bool hidden = sids[county][1] >= 1 && sids[county][1] <= 4;
            deaths[county] = hidden ? (int64_t) want[i][0] : sids[county][1];
            births[county] = (double) sids[county][0];
            design[2 * county] = 1.0;
            design[2 * county + 1] = (double) sids[county][2] / births[county];
        }
        traffstat_regression *of = fit(state, deaths, births, design, 100, 2, 0);
        for (size_t j = 0; j < 2; j++) {
            /* R stops where a further step would still move the estimate by 2e-9; its errors are those
             * of the step before */
            assert_near(coefficient(of, j).estimate, want[i][1 + 2 * j], 5e-9);
            assert_near(coefficient(of, j).error, want[i][2 + 2 * j], 3e-5);
        }
        traffstat_regression_free(of);
    }
}

static void means_of_hidden_counts_are_those_of_r(void **state)
{
    /* E[Y | 1 <= Y <= 4] of a Poisson count: the score is it less the mean */
    static const double want[][2] = {
        {3, 2.536585365853659}, {0.5, 1.2690763052208835}, {10, 3.5388601036269431}};
    (void) state;
    for (size_t i = 0; i < COUNT(want); i++) {
        traffstat_i_count_terms terms;
        assert_true(traffstat_i_count_law(1, 4, want[i][0], INFINITY, &terms));
        assert_near(want[i][0] + terms.t1, want[i][1], 1e-14);
    }
}

static void uncensored_errors_are_those_of_an_optimiser(void **state)
{
    double births[100];
    int64_t deaths[100];
    double shares[200];
    for (size_t i = 0; i < 100; i++) {
        deaths[i] = sids[i][1];
        births[i] = (double) sids[i][0];
        shares[2 * i] = 1.0;
        shares[2 * i + 1] = (double) sids[i][2] / births[i];
    }
    traffstat_regression *infants = fit(state, deaths, births, shares, 100, 2, 2);
    /* the observed information there, the expected here */
    assert_near(coefficient(infants, 0).error, 0.10812788580407404, 2e-2);
    assert_near(coefficient(infants, 1).error, 0.26419444040288503, 2e-2);
    traffstat_regression_free(infants);
    double design[224];
    line(design, 112, -49.0, 10.0);
    traffstat_regression *of = fit(state, coal, NULL, design, 112, 2, 0);
    /* R: optim, which stops at 1e-6, errors from differences */
    assert_near(coefficient(of, 0).estimate, 0.48263388273534957, 1e-5);
    assert_near(coefficient(of, 0).error, 0.077718419805842973, 1e-5);
    assert_near(coefficient(of, 1).estimate, -0.18371434085064162, 1e-5);
    assert_near(coefficient(of, 1).error, 0.024726800292675533, 1e-5);
    assert_near(summary(of).loglik, -173.08619983227075, 1e-12);
    traffstat_regression_free(of);
}

static void scatter_of_plain_means_is_that_of_r(void **state)
{
    /* Pearson, its p, Dean's two, Cameron & Trivedi's alpha and t */
    static const double want[3][6] = {
        {162.25806451612851, 6.3347771426192973e-05, 4.4023099602904265, 4.473020638409082,
         0.20083246618106079, 2.1353409192897077},
        {122.13802816489576, 0.20196786536339906, 0.084597432611205531, 0.22370666371369161,
         0.0057477498211246023, 0.079096961338198019},
        {126.64796378306586, 0.023268556048578946, 2.281364398387991, 2.4680983232101688,
         0.099531658085967117, 1.6217819592781058}};
    for (size_t i = 0; i < 3; i++) {
        const size_t columns = i == 0 ? 1 : i + 1; /* a mean, a line, a parabola */
        double design[336];
        for (size_t row = 0; row < 112; row++) {
            const double t = (double) row - (i == 1 ? 49.0 : 40.0);
            const double powers[] = {1.0, t, t * t};
            memcpy(design + row * columns, powers, columns * sizeof *powers);
        }
        traffstat_regression *of = i == 1 ? fit(state, coal, NULL, design, 112, columns, 0)
                                          : fit(state, discoveries, NULL, design, 100, columns, 0);
        const traffstat_regression_summary sum = summary(of);
        assert_near(sum.pearson, want[i][0], 1e-10);
        assert_near(sum.pearson_p, want[i][1], 1e-9);
        assert_near(sum.dean_b, want[i][2], 1e-8);
        assert_near(sum.dean_c, want[i][3], 1e-8);
        assert_near(sum.excess, want[i][4], 1e-8);
        assert_near(sum.excess_t, want[i][5], 1e-8);
        traffstat_regression_free(of);
    }
}

static void changes_a_year_of_aids_are_those_of_r(void **state)
{
    double design[26];
    line(design, 13, 1981.0, 1.0);
    traffstat_regression *of = fit(state, belgian, NULL, design, 13, 2, 0);
    assert_near(100.0 * expm1(coefficient(of, 1).estimate), 22.399635162226851, 1e-10);
    assert_near(100.0 * expm1(coefficient(of, 1).lower), 20.549389974443777, 1e-7);
    assert_near(100.0 * expm1(coefficient(of, 1).upper), 24.278278728928626, 1e-7);
    traffstat_regression_free(of);
}

/* ---- trends ---------------------------------------------------------------------------------- */

static void kendalls_single_precision_is_ours_to_six_digits(void **state)
{
    /* R's Kendall: p, and the denominator of tau */
    static const struct {
        const int64_t *counts;
        size_t n;
        double p;
        double pairs;
    } rows[] = {{coal, 112, 3.4897770784247939e-10, 5549.240234375},
                {nile, 100, 3.6582623579306528e-05, 4940.49072265625},
                {belgian, 13, 1.4781951904296875e-05, 78}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        double values[112];
        traffstat_mann_kendall_result got;
        for (size_t j = 0; j < rows[i].n; j++) {
            values[j] = (double) rows[i].counts[j];
        }
        assert_ok(*state, traffstat_mann_kendall(*state, values, rows[i].n, &got));
        assert_near(got.p_normal, rows[i].p, i == 2 ? 2e-3 : 1e-6); /* p of 1.5e-5: 1 - 0.99999 */
        assert_near((double) got.score / got.tau, rows[i].pairs, 1e-6);
    }
}

/* ---- joinpoints ------------------------------------------------------------------------------ */

static traffstat_joinpoint *joinpoints(void **state, const int64_t *counts, size_t n, double first,
                                       int32_t search, int32_t most)
{
    double times[112];
    double cases[112];
    traffstat_joinpoint_options options;
    traffstat_joinpoint *out = NULL;
    for (size_t i = 0; i < n; i++) {
        times[i] = first + (double) i;
        cases[i] = (double) counts[i];
    }
    traffstat_joinpoint_options_init(&options, sizeof options);
    options.search = search;
    options.max_joinpoints = most;
    options.selection = TRAFFSTAT_JOINPOINT_BY_BIC;
    assert_ok(*state, traffstat_joinpoint_fit(*state, times, cases, NULL, NULL, n, &options, &out));
    return out;
}

static void joinpoints_between_years_are_those_of_segmented(void **state)
{
    /* place, its error, deviance, likelihood, AIC, b0, slope, change of slope, APC before and after.
     * The likelihood is the target: segmented's places lie 1e-5 and 2e-5 beside the best ones, which
     * are years, so that its coefficients hold four digits; its APC come from five printed ones. */
    static const struct {
        const int64_t *counts;
        size_t n;
        double first;
        double values[10];
    } rows[] = {{coal,
                 112,
                 1851,
                 {1869.0000093854585, 10.289014771322739, 135.75356608618347, -171.86147346889709,
                  351.72294693779418, -10.011335412047101, 0.0059971086570687823,
                  -0.027581391042023094, 0.6015118605990688, -2.1352732354098958}},
                {belgian,
                 13,
                 1981,
                 {1987.5194766595855, 0.41617620603466371, 18.805768327280639, -50.244549399490126,
                  108.48909879898025, -711.07538753448875, 0.36028438459543533,
                  -0.25148020937630772, 43.373080298817456, 11.493934017313979}},
                {discoveries,
                 100,
                 1860,
                 {1887.0000224819439, 3.6782446979697632, 130.43514434306346, -199.7209302814156,
                  407.44186056283121, -77.0966652880971, 0.041736477220982851,
                  -0.057999512623382841, 4.2619190947961849, -1.6131471397321739}}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const double *want = rows[i].values;
        traffstat_joinpoint *of = joinpoints(state, rows[i].counts, rows[i].n, rows[i].first,
                                             TRAFFSTAT_JOINPOINT_CONTINUOUS, 1);
        traffstat_joinpoint_segment before;
        traffstat_joinpoint_segment after;
        assert_int_equal(traffstat_joinpoint_segment_get(of, 1, 0, &before), TRAFFSTAT_OK);
        assert_int_equal(traffstat_joinpoint_segment_get(of, 1, 1, &after), TRAFFSTAT_OK);
        assert_near(knot(of, 1, 0).position, want[0], 2e-8);
        assert_near(model(of, 1).deviance, want[2], 1e-6);
        assert_true(model(of, 1).deviance <= want[2] + 1e-9);
        assert_near(model(of, 1).log_likelihood, want[3], 1e-7);
        assert_near(model(of, 1).aic, want[4], 1e-7);
        assert_near(model(of, 1).intercept, want[5], 1e-4);
        assert_near(before.slope, want[6], 1e-4);
        assert_near(after.slope, want[6] + want[7], 1e-4);
        assert_near(before.apc, want[8], 2e-4);
        assert_near(after.apc, want[9], 2e-4);
        /* at a year the information by the place jumps: segmented stands just behind it, where the year
         * itself does not count, and its error is the smaller one */
        assert_near(knot(of, 1, 0).se, want[1], i == 1 ? 1e-6 : 2e-2);
        assert_true(knot(of, 1, 0).se >= want[1] * (1.0 - 1e-6));
        traffstat_joinpoint_free(of);
    }
}

/* The deviance with joinpoints at given years. */
static double bent_deviance(void **state, const int64_t *counts, size_t n, const double *hinges,
                            size_t k)
{
    double design[400];
    for (size_t i = 0; i < n; i++) {
        double *row = design + i * (k + 2);
        row[0] = 1.0;
        row[1] = (double) i;
        for (size_t j = 0; j < k; j++) {
            row[2 + j] = fmax(0.0, (double) i - hinges[j]);
        }
    }
    traffstat_regression *of = fit(state, counts, NULL, design, n, k + 2, 0);
    const double deviance = summary(of).deviance;
    traffstat_regression_free(of);
    return deviance;
}

static void the_grid_search_of_discoveries(void **state)
{
    /* the reference searched every second year: its deviances are those at its places, and every year
     * holds better ones */
    static const double theirs[][2] = {{26, 0}, {2, 26}};
    traffstat_joinpoint *of =
        joinpoints(state, discoveries, 100, 1860, TRAFFSTAT_JOINPOINT_GRID, 2);
    assert_near(model(of, 0).deviance, 157.31582640213244, 1e-11);
    assert_near(bent_deviance(state, discoveries, 100, theirs[0], 1), 130.67453577908253, 1e-11);
    assert_near(bent_deviance(state, discoveries, 100, theirs[1], 2), 124.2564833298926, 1e-11);
    const double one[] = {knot(of, 1, 0).position - 1860};
    const double two[] = {knot(of, 2, 0).position - 1860, knot(of, 2, 1).position - 1860};
    assert_near(model(of, 1).deviance, bent_deviance(state, discoveries, 100, one, 1), 1e-11);
    assert_near(model(of, 2).deviance, bent_deviance(state, discoveries, 100, two, 2), 1e-11);
    for (double first = 2; first < 98; first++) { /* and no better place exists for one */
        assert_true(model(of, 1).deviance <=
                    bent_deviance(state, discoveries, 100, &first, 1) + 1e-9);
    }
    assert_true(model(of, 2).deviance < 124.2564833298926);
    traffstat_joinpoint_free(of);
}

/* ---- delay ----------------------------------------------------------------------------------- */

/* Cumulative claims of automatic facultative business, RAA Historical Loss Development Study (1991), in
 * Mack (1993); R's ChainLadder, RAA. */
static const double raa[10][10] = {
    {5012, 8269, 10907, 11805, 13539, 16181, 18009, 18608, 18662, 18834},
    {106, 4285, 5396, 10666, 13782, 15599, 15496, 16169, 16704, NAN},
    {3410, 8992, 13873, 16141, 18735, 22214, 22863, 23466, NAN, NAN},
    {5655, 11555, 15766, 21266, 23425, 26083, 27067, NAN, NAN, NAN},
    {1092, 9565, 15836, 22169, 25955, 26180, NAN, NAN, NAN, NAN},
    {1513, 6445, 11702, 12935, 15852, NAN, NAN, NAN, NAN, NAN},
    {557, 4020, 10946, 12314, NAN, NAN, NAN, NAN, NAN, NAN},
    {1351, 6947, 13112, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {3133, 5395, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {2063, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}};

static void claims_of_raa_develop_as_in_r(void **state)
{
    traffstat_ladder_total total;
    assert_ok(*state, traffstat_chain_ladder(*state, raa[0], 10, 10, NULL, NULL, NULL, &total));
    assert_near(total.mack.latest, 160987, 0);
    assert_near(total.mack.share, 0.75537404668408736, 1e-12);
    assert_near(total.mack.ultimate, 213122.22826121005, 1e-13);
    assert_near(total.mack.open, 52135.228261210068, 1e-12);
    assert_near(total.mack.se, 26909.011155643631, 1e-11);
    assert_near(total.mack.se / total.mack.open, 0.51613874251826419, 1e-11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coverage_by_summation_is_that_of_r),
        cmocka_unit_test(missoulas_rates_are_those_of_r),
        cmocka_unit_test(a_number_put_in_for_hidden_counts_moves_the_slope),
        cmocka_unit_test(uncensored_errors_are_those_of_an_optimiser),
        cmocka_unit_test(scatter_of_plain_means_is_that_of_r),
        cmocka_unit_test(means_of_hidden_counts_are_those_of_r),
        cmocka_unit_test(kendalls_single_precision_is_ours_to_six_digits),
        cmocka_unit_test(changes_a_year_of_aids_are_those_of_r),
        cmocka_unit_test(joinpoints_between_years_are_those_of_segmented),
        cmocka_unit_test(the_grid_search_of_discoveries),
        cmocka_unit_test(claims_of_raa_develop_as_in_r),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
