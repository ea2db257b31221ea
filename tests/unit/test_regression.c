/* Regression of counts. Figures marked R are from R 4.2.2 (stats, MASS), to its own convergence. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/regression.h"
#include "support/support.h"

#include "model/rate/countlaw.h"
#include "unit/rates_data.h"

#include <traffstat/regression.h>

static traffstat_regression *fit(void **state, const int64_t *lower, const int64_t *upper,
                                 const double *exposure, const double *design, size_t rows,
                                 size_t columns, int32_t family, int32_t robust)
{
    traffstat_regression_options options;
    traffstat_regression *out = NULL;
    traffstat_regression_options_init(&options, sizeof options);
    options.family = family;
    options.robust = robust;
    assert_ok(*state, traffstat_regression_fit(*state, lower, upper, exposure, design, rows,
                                               columns, &options, &out));
    return out;
}

/* 1, t, t^2 with t = first, first + 1, ... */
static void powers(double *design, size_t rows, size_t columns, double first)
{
    for (size_t i = 0; i < rows; i++) {
        double power = 1.0;
        for (size_t j = 0; j < columns; j++) {
            design[i * columns + j] = power;
            power *= first + (double) i;
        }
    }
}

/* wool B, tension M, tension H, and their products with wool B */
static void warp_design(double design[54 * 6])
{
    for (size_t i = 0; i < 54; i++) {
        const double b = i >= 27 ? 1.0 : 0.0;
        const double m = i / 9 % 3 == 1 ? 1.0 : 0.0;
        const double h = i / 9 % 3 == 2 ? 1.0 : 0.0;
        const double row[] = {1.0, b, m, h, b * m, b * h};
        memcpy(design + i * 6, row, sizeof row);
    }
}

/* ---- against R ------------------------------------------------------------------------------- */

static void warpbreaks_by_three_families(void **state)
{
    double design[54 * 6];
    warp_design(design);
    traffstat_regression *of = fit(state, warpbreaks, NULL, NULL, design, 54, 6, 0, 0);
    traffstat_coefficient got = coefficient(of, 1);
    assert_near(got.estimate, -0.45662716028803241, 1e-10);
    assert_near(got.error, 0.080192103476789123, 1e-9);
    assert_near(got.statistic, -5.6941661396897887, 1e-9);
    assert_near(got.p, 1.2397631913617308e-08, 1e-7);
    assert_near(coefficient(of, 5).estimate, 0.18836317369335298, 1e-9);
    traffstat_regression_summary sum = summary(of);
    assert_near(sum.deviance, 182.30513128584676, 1e-12);
    assert_near(sum.null_deviance, 297.37221180460534, 1e-12);
    assert_near(sum.aic, 468.96920894135053, 1e-12);
    assert_near(sum.loglik, -228.48460447067527, 1e-12);
    assert_near(sum.pearson, 180.66630380779631, 1e-10);
    assert_near(sum.pearson_p, 2.9261953691495868e-17, 1e-9);
    assert_near(sum.dean_b, 13.888643474106704, 1e-9);
    assert_near(sum.dean_c, 14.443809362726126, 1e-9);
    assert_near(sum.excess, 0.091308565610772732, 1e-9);
    assert_near(sum.excess_t, 5.9343079577782127, 1e-9);
    traffstat_regression_free(of);

    of = fit(state, warpbreaks, NULL, NULL, design, 54, 6, TRAFFSTAT_FAMILY_QUASIPOISSON, 0);
    got = coefficient(of, 1);
    assert_near(got.error, 0.15557849517031164, 1e-9);
    assert_near(got.p, 0.0051045551685335077, 1e-8);
    sum = summary(of);
    assert_near(sum.dispersion, 3.7638813293444855, 1e-9);
    assert_near(sum.df, 48.0, 0.0);
    assert_near(sum.aic, NAN, 0.0);
    traffstat_regression_free(of);

    of = fit(state, warpbreaks, NULL, NULL, design, 54, 6, TRAFFSTAT_FAMILY_NEGBIN, 0);
    got = coefficient(of, 2);
    assert_near(got.estimate, -0.61868301962240391, 1e-6);
    assert_near(got.error, 0.1597372178403231, 1e-6);
    sum = summary(of);
    assert_near(sum.theta, 12.08216462064045, 1e-6);
    assert_near(sum.theta_error, 3.3004795895534094, 1e-5);
    assert_near(2.0 * sum.loglik, -391.1247984360711, 1e-11);
    assert_near(sum.aic, 405.1247984360711, 1e-11);
    assert_near(sum.null_deviance, 86.758531480809154, 1e-6);
    assert_near(sum.pearson, 51.818468307532484, 1e-6);
    traffstat_regression_free(of);
}

static void discoveries_bend(void **state)
{
    double design[100 * 3];
    powers(design, 100, 3, -40.0);
    traffstat_regression *of = fit(state, discoveries, NULL, NULL, design, 100, 3, 0, 0);
    assert_near(coefficient(of, 0).estimate, 1.4445454196938492, 1e-11);
    assert_near(coefficient(of, 1).estimate, 0.00070797892830354249, 1e-8);
    assert_near(coefficient(of, 2).estimate, -0.00041061182173502824, 1e-9);
    assert_near(coefficient(of, 2).error, 8.6988538565120548e-05, 1e-7);
    traffstat_regression_summary sum = summary(of);
    assert_near(sum.deviance, 132.83842749191462, 1e-12);
    assert_near(sum.pearson, 126.64796378306586, 1e-9);
    assert_near(sum.dean_b, 2.281364398387991, 1e-8);
    assert_near(sum.dean_c, 2.4680983232101688, 1e-6);
    assert_near(sum.excess_t, 1.6217819592781058, 1e-8);
    traffstat_regression_free(of);

    of = fit(state, discoveries, NULL, NULL, design, 100, 3, TRAFFSTAT_FAMILY_QUASIPOISSON, 0);
    assert_near(coefficient(of, 2).p, 7.661453007333708e-05, 1e-5);
    assert_near(coefficient(of, 1).error, 0.0029589602634436381, 1e-7);
    traffstat_regression_free(of);

    of = fit(state, discoveries, NULL, NULL, design, 100, 3, TRAFFSTAT_FAMILY_NEGBIN, 0);
    sum = summary(of);
    assert_near(coefficient(of, 0).estimate, 1.4458946208662209, 1e-6);
    assert_near(coefficient(of, 1).estimate, 0.00080492360628343636, 1e-5);
    assert_near(coefficient(of, 2).error, 9.6273932121859439e-05, 1e-5);
    assert_near(sum.theta, 11.531575188247537, 1e-5);
    assert_near(sum.theta_error, 7.4180740731427148, 1e-4);
    assert_near(2.0 * sum.loglik, -398.21440010259812, 1e-11);
    assert_near(sum.deviance, 106.19740297412092, 1e-5);
    assert_near(sum.null_deviance, 131.90720257837563, 1e-5);
    traffstat_regression_free(of);
}

static void calendar_years_lose_no_digits(void **state)
{
    double raw[112 * 2];
    double centred[112 * 2];
    powers(raw, 112, 2, 1851.0);
    powers(centred, 112, 2, -49.0);
    traffstat_regression *one = fit(state, coal, NULL, NULL, raw, 112, 2, 0, 0);
    traffstat_regression *two = fit(state, coal, NULL, NULL, centred, 112, 2, 0, 0);
    assert_near(coefficient(one, 1).estimate, -0.01837145656867064, 1e-9);
    assert_near(coefficient(one, 1).estimate, coefficient(two, 1).estimate, 1e-12);
    assert_near(coefficient(one, 1).error, coefficient(two, 1).error, 1e-11);
    assert_near(summary(one).loglik, -173.08619983222761, 1e-13);
    /* R: 100 (exp(b) - 1), and its intervals */
    assert_near(100.0 * expm1(coefficient(one, 1).estimate), -1.8203730057769318, 1e-9);
    assert_near(100.0 * expm1(coefficient(one, 1).lower), -2.2950375855840366, 1e-7);
    traffstat_regression_free(one);
    one = fit(state, coal, NULL, NULL, raw, 112, 2, TRAFFSTAT_FAMILY_QUASIPOISSON, 0);
    assert_near(summary(one).dispersion, 1.1103457105899446, 1e-7);
    assert_near(100.0 * expm1(coefficient(one, 1).upper), -1.3121038546446084, 1e-7);
    traffstat_regression_free(one);
    traffstat_regression_free(two);
}

static void coal_has_a_size_past_where_glm_nb_stops(void **state)
{
    double design[112 * 2];
    powers(design, 112, 2, -49.0);
    traffstat_regression *of =
        fit(state, coal, NULL, NULL, design, 112, 2, TRAFFSTAT_FAMILY_NEGBIN, 0);
    const traffstat_regression_summary sum = summary(of);
    /* glm.nb: 2 log likelihood -346.16234815067696, short of the top for its alternation limit */
    assert_true(2.0 * sum.loglik >= -346.16234815067696 - 1e-9);
    assert_near(2.0 * sum.loglik, -346.16234815067696, 1e-6);
    assert_true(isfinite(sum.theta));
    traffstat_regression_free(of);
}

static void aids_in_belgium_bend(void **state)
{
    double design[13 * 3];
    powers(design, 13, 3, 1.0);
    traffstat_regression *of = fit(state, belgian, NULL, NULL, design, 13, 3, 0, 0);
    assert_near(coefficient(of, 0).estimate, 1.9014585831436839, 1e-9);
    assert_near(coefficient(of, 2).estimate, -0.021346271629731389, 1e-9);
    assert_near(coefficient(of, 2).error, 0.0026586093305283783, 1e-7);
    assert_near(summary(of).deviance, 9.2402476992071918, 1e-11);
    assert_near(summary(of).loglik, -45.461789085453404, 1e-13);
    traffstat_regression_free(of);
}

static void missoula_has_no_degree_of_freedom_left(void **state)
{
    const int64_t cases[] = {7, 8};
    const double people[] = {73340.0, 74428.0};
    const double design[] = {1.0, 0.0, 1.0, 1.0};
    traffstat_regression *of = fit(state, cases, NULL, people, design, 2, 2, 0, 3);
    traffstat_interval got;
    assert_near(coefficient(of, 1).estimate, 0.11880534014230713, 1e-12);
    assert_near(coefficient(of, 1).error, 0.51754916845844512, 1e-8);
    assert_near(coefficient(of, 1).robust_error, NAN, 0.0);
    assert_near(summary(of).null_deviance, 0.05280328988518046, 1e-12);
    assert_near(summary(of).loglik, -3.8728608869847836, 1e-13);
    assert_near(summary(of).dispersion, NAN, 0.0);
    assert_ok(*state, traffstat_regression_profile(*state, of, 1, 0.95, &got));
    /* R interpolates the profile by a spline */
    assert_near(got.lower, -0.90583932324174388, 1e-4);
    assert_near(got.upper, 1.1668765571056607, 1e-4);
    traffstat_regression_free(of);
}

/* ---- interval counts ------------------------------------------------------------------------- */

typedef struct infants {
    int64_t lower[100];
    int64_t upper[100];
    double births[100];
    double design[200];
} infants;

/* Deaths from `first` to 4 become that interval. */
static void infants_of(infants *out, int64_t first)
{
    for (size_t i = 0; i < 100; i++) {
        const int64_t deaths = sids[i][1];
        const bool hidden = deaths >= first && deaths <= 4;
        out->lower[i] = hidden ? first : deaths;
        out->upper[i] = hidden ? 4 : deaths;
        out->births[i] = (double) sids[i][0];
        out->design[2 * i] = 1.0;
        out->design[2 * i + 1] = (double) sids[i][2] / (double) sids[i][0];
    }
}

static void hidden_counts_enter_as_intervals(void **state)
{
    /* R: optim on the likelihood with ppois and pnbinom, errors from its Hessian */
    static const struct {
        int64_t first;
        int32_t family;
        double values[6]; /* b0, error, b1, error, ln theta, log likelihood */
        double theta_error;
    } rows[] = {
        {1,
         0,
         {-6.8378274389844638, 0.093597727384197041, 1.8181896290542612, 0.22590525130667469, 0.0,
          -179.18881211415714},
         0.0},
        {0,
         0,
         {-6.8234365895626103, 0.097358559992105242, 1.7843616576623711, 0.23413319733913707, 0.0,
          -162.94687720209319},
         0.0},
        {1,
         2,
         {-6.7988359061586472, 0.11789425894952255, 1.797327782840763, 0.28833763234910353,
          2.5704857124551381, -173.5080211240543},
         0.46030196618014535},
        {0,
         2,
         {-6.774389602902577, 0.12716197188240388, 1.7375489857758666, 0.30848086776831651,
          2.4661750722739, -156.78712704088022},
         0.46109973302928414},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        infants data;
        infants_of(&data, rows[i].first);
        traffstat_regression *of =
            fit(state, data.lower, data.upper, data.births, data.design, 100, 2, rows[i].family, 0);
        /* optim stops at about 1e-4 of a standard error and differentiates by differences */
        const double *want = rows[i].values;
        assert_near(coefficient(of, 0).estimate, want[0], 1e-5);
        assert_near(coefficient(of, 0).error, want[1], 2e-3);
        assert_near(coefficient(of, 1).estimate, want[2], 1e-4);
        assert_near(coefficient(of, 1).error, want[3], 2e-3);
        assert_near(summary(of).loglik, want[5], 1e-8);
        assert_true(summary(of).loglik >= want[5] - 1e-9);
        if (rows[i].family == 2) {
            assert_near(log(summary(of).theta), want[4], 1e-3);
            assert_near(summary(of).log_theta_error, rows[i].theta_error, 1e-2);
        }
        assert_near(summary(of).deviance, NAN, 0.0);
        traffstat_regression_free(of);
    }
}

static void whole_counts_of_infants(void **state)
{
    infants data;
    infants_of(&data, 5); /* none hidden */
    traffstat_regression *of =
        fit(state, data.lower, data.upper, data.births, data.design, 100, 2, 2, 0);
    assert_near(coefficient(of, 0).estimate, -6.821526228495804, 1e-5);
    assert_near(coefficient(of, 1).estimate, 1.8772259127685027, 1e-4);
    assert_near(log(summary(of).theta), 2.8748836196761371, 1e-3);
    assert_near(summary(of).log_theta_error, 0.48833811463245486, 1e-2);
    assert_near(summary(of).loglik, -214.49700680811148, 1e-8);
    traffstat_regression_free(of);
}

static void an_interval_that_says_nothing_changes_nothing(void **state)
{
    const int64_t lower[] = {3, 5, 0, 9, 12};
    const int64_t upper[] = {3, 5, TRAFFSTAT_NO_UPPER, 9, 12};
    const int64_t four[] = {3, 5, 9, 12};
    const double design[] = {1, 0, 1, 1, 1, 2, 1, 3, 1, 4};
    const double without[] = {1, 0, 1, 1, 1, 3, 1, 4};
    traffstat_regression *one = fit(state, lower, upper, NULL, design, 5, 2, 0, 0);
    traffstat_regression *two = fit(state, four, NULL, NULL, without, 4, 2, 0, 0);
    assert_near(coefficient(one, 1).estimate, coefficient(two, 1).estimate, 1e-9);
    assert_near(coefficient(one, 1).error, coefficient(two, 1).error, 1e-7);
    assert_near(summary(one).loglik, summary(two).loglik, 1e-12);
    traffstat_regression_free(one);
    traffstat_regression_free(two);
}

/* ---- robust errors --------------------------------------------------------------------------- */

static void one_mean_has_closed_robust_errors(void **state)
{
    /* intercept only: the variance of ln mean is sum (y - m)^2 / (n m)^2, each leverage 1/n */
    const int64_t cases[] = {3, 9, 4, 12, 2};
    const double design[] = {1, 1, 1, 1, 1};
    const double plain = sqrt(9.0 + 9.0 + 4.0 + 36.0 + 16.0) / 30.0;
    const double factor[] = {1.0, sqrt(5.0 / 4.0), sqrt(5.0 / 4.0), 5.0 / 4.0};
    for (int32_t kind = 0; kind <= 3; kind++) {
        traffstat_regression *of = fit(state, cases, NULL, NULL, design, 5, 1, 0, kind);
        assert_near(coefficient(of, 0).robust_error, plain * factor[kind], 1e-12);
        assert_near(coefficient(of, 0).error, 1.0 / sqrt(30.0), 1e-12);
        traffstat_regression_free(of);
    }
}

/* ---- counts without a finite answer ---------------------------------------------------------- */

static void nothing_counted_is_a_word_not_a_failure(void **state)
{
    const int64_t none[] = {0, 0, 0, 0};
    const int64_t hidden[] = {4, 4, 4, 0};
    const double design[] = {1, 0, 1, 1, 1, 2, 1, 3};
    for (int32_t family = 0; family <= 2; family += 2) {
        traffstat_regression *of = fit(state, none, NULL, NULL, design, 4, 2, family, 3);
        assert_int_equal(summary(of).estimable, 0);
        assert_non_null(strstr(traffstat_regression_reason(of), "zero"));
        assert_near(coefficient(of, 1).estimate, NAN, 0.0);
        assert_near(summary(of).aic, NAN, 0.0);
        assert_near(traffstat_regression_fitted(of, 0), NAN, 0.0);
        traffstat_interval got = {-1.0, -1.0, -1.0};
        assert_int_equal(traffstat_regression_profile(*state, of, 1, 0.95, &got),
                         TRAFFSTAT_E_NODATA);
        assert_near(got.level, -1.0, 0.0);
        traffstat_regression_free(of);
        of = fit(state, none, hidden, NULL, design, 4, 2, family, 3);
        assert_int_equal(summary(of).estimable, 0);
        traffstat_regression_free(of);
    }
}

static void cases_in_the_last_year_alone_have_half_an_interval(void **state)
{
    const int64_t cases[] = {0, 0, 5};
    const double design[] = {1, 0, 1, 1, 1, 2};
    for (int32_t family = 0; family <= 2; family += 2) {
        traffstat_regression *of = fit(state, cases, NULL, NULL, design, 3, 2, family, 3);
        traffstat_interval got;
        assert_int_equal(summary(of).estimable, 0);
        assert_non_null(strstr(traffstat_regression_reason(of), "no finite estimate"));
        assert_ok(*state, traffstat_regression_profile(*state, of, 1, 0.95, &got));
        assert_true(got.lower > 0.0 && got.lower < 5.0);
        assert_near(got.upper, NAN, 0.0);
        traffstat_regression_free(of);
    }
}

static void even_counts_have_an_infinite_size(void **state)
{
    const int64_t cases[] = {10, 11, 10, 9, 10, 11};
    const double design[] = {1, 0, 1, 1, 1, 2, 1, 3, 1, 4, 1, 5};
    traffstat_regression *of = fit(state, cases, NULL, NULL, design, 6, 2, 2, 3);
    traffstat_regression *poisson = fit(state, cases, NULL, NULL, design, 6, 2, 0, 3);
    assert_near(summary(of).theta, INFINITY, 0.0);
    assert_non_null(strstr(traffstat_regression_reason(of), "Poisson"));
    assert_near(coefficient(of, 1).estimate, coefficient(poisson, 1).estimate, 0.0);
    assert_near(coefficient(of, 1).error, coefficient(poisson, 1).error, 0.0);
    traffstat_regression_free(of);
    traffstat_regression_free(poisson);
}

static void one_count_has_a_mean_and_no_size(void **state)
{
    const int64_t cases[] = {7};
    const double design[] = {1, 0};
    traffstat_regression *of = fit(state, cases, NULL, NULL, design, 1, 1, 2, 3);
    assert_near(coefficient(of, 0).estimate, log(7.0), 1e-12);
    assert_near(summary(of).theta, INFINITY, 0.0);
    traffstat_regression_free(of);
    of = fit(state, cases, NULL, NULL, design, 1, 2, 2, 3);
    assert_int_equal(summary(of).estimable, 0);
    assert_non_null(strstr(traffstat_regression_reason(of), "fewer"));
    traffstat_regression_free(of);
}

/* ---- the likelihood itself ------------------------------------------------------------------- */

static void profiles_are_steepest_descents_of_the_likelihood(void **state)
{
    /* at the limits the refitted likelihood has fallen by 1.92: shown on one mean, in closed form */
    const int64_t cases[] = {3, 5, 4};
    const double design[] = {1, 1, 1};
    traffstat_regression *of = fit(state, cases, NULL, NULL, design, 3, 1, 0, 3);
    traffstat_interval got;
    assert_ok(*state, traffstat_regression_profile(*state, of, 0, 0.95, &got));
    const double ends[] = {got.lower, got.upper};
    for (int i = 0; i < 2; i++) {
        const double m = exp(ends[i]);
        assert_near(2.0 * (12.0 * log(4.0 / m) - 3.0 * (4.0 - m)), 3.8414588206941245, 1e-9);
    }
    traffstat_regression_free(of);
}

static void a_size_is_found_at_large_counts(void **state)
{
    /* R: theta by optimize on dnbinom with mu the mean, which is the mean's estimate */
    const int64_t cases[] = {40123, 52011, 61980, 38020, 45411, 70022};
    const double design[] = {1, 1, 1, 1, 1, 1};
    traffstat_regression *of = fit(state, cases, NULL, NULL, design, 6, 1, 2, 3);
    assert_near(summary(of).theta, 20.3468220750634, 1e-6);
    assert_near(summary(of).loglik, -64.4446295917791, 1e-10);
    traffstat_regression_free(of);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void what_cannot_be_fitted_is_refused(void **state)
{
    traffstat_regression_options options;
    traffstat_regression_options_init(&options, sizeof options);
    traffstat_regression *of = NULL;
    const int64_t cases[] = {1, 2, 3};
    const int64_t bad[] = {1, -2, 3};
    const int64_t wide[] = {1, 4, 3};
    const double design[] = {1, 0, 1, 1, 1, 2};
    const double twice[] = {1, 2, 1, 2, 1, 2};
    const double broken[] = {1, 0, 1, NAN, 1, 2};
    const double exposure[] = {1.0, 0.0, 1.0};
    assert_int_equal(traffstat_regression_fit(*state, bad, NULL, NULL, design, 3, 2, &options, &of),
                     TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "-2"));
    assert_int_equal(
        traffstat_regression_fit(*state, cases, NULL, exposure, design, 3, 2, &options, &of),
        TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "exposure 1"));
    assert_int_equal(
        traffstat_regression_fit(*state, cases, bad, NULL, design, 3, 2, &options, &of),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_regression_fit(*state, cases, NULL, NULL, twice, 3, 2, &options, &of),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_regression_fit(*state, cases, NULL, NULL, broken, 3, 2, &options, &of),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_regression_fit(*state, NULL, NULL, NULL, design, 3, 2, &options, &of),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_regression_fit(*state, cases, NULL, NULL, design, 3, 2, &options, NULL),
        TRAFFSTAT_E_ARGUMENT);
    options.family = TRAFFSTAT_FAMILY_QUASIPOISSON;
    assert_int_equal(
        traffstat_regression_fit(*state, cases, wide, NULL, design, 3, 2, &options, &of),
        TRAFFSTAT_E_ARGUMENT);
    options.family = 3;
    assert_int_equal(
        traffstat_regression_fit(*state, cases, NULL, NULL, design, 3, 2, &options, &of),
        TRAFFSTAT_E_ARGUMENT);
    assert_null(of);
    traffstat_coefficient got;
    assert_int_equal(traffstat_regression_coefficient(NULL, 0, &got), TRAFFSTAT_E_ARGUMENT);
    assert_near(traffstat_regression_residual(NULL, 0), NAN, 0.0);
    assert_string_equal(traffstat_family_name(2), "negbin");
    assert_string_equal(traffstat_family_name(3), "unknown");
    traffstat_regression_free(NULL);
}

static traffstat_status try_fit(traffstat_ctx *ctx, void *arg)
{
    const int64_t cases[] = {1, 22, 3, 15};
    const double design[] = {1, 0, 1, 1, 1, 2, 1, 3};
    traffstat_regression *of = NULL;
    traffstat_interval got;
    (void) arg;
    traffstat_regression_options options;
    traffstat_regression_options_init(&options, sizeof options);
    options.family = TRAFFSTAT_FAMILY_NEGBIN;
    traffstat_status status =
        traffstat_regression_fit(ctx, cases, NULL, NULL, design, 4, 2, &options, &of);
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

/* "9 or more" under a law whose tail hardly falls is told by what lies below it, not by its millions of
 * values; where both ways are open they agree. */
static void a_count_without_an_upper_end_needs_no_long_sum(void **state)
{
    (void) state;
    const double sizes[] = {0.4, 3.0, (double) INFINITY};
    for (size_t i = 0; i < 3; i++) {
        traffstat_i_count_terms open;
        traffstat_i_count_terms closed;
        assert_true(traffstat_i_count_law(9.0, INFINITY, 12.5, sizes[i], &open));
        assert_true(traffstat_i_count_law(9.0, 20000.0, 12.5, sizes[i], &closed));
        assert_near(open.log_chance, closed.log_chance, 1e-12);
        assert_near(open.t1, closed.t1, 1e-11);
        assert_near(open.t2, closed.t2, 1e-11);
        assert_near(open.s1, closed.s1, 1e-10);
        assert_near(open.s2, closed.s2, 1e-9);
        assert_near(open.ts, closed.ts, 1e-10);
        assert_near(open.over, closed.over, 1e-9);
        assert_true(traffstat_i_count_law(0.0, INFINITY, 12.5, sizes[i], &open));
        assert_near(open.log_chance, 0.0, 0.0);
        for (int k = 0; k < 100000; k++) { /* a sum of the tail takes seconds each */
            assert_true(traffstat_i_count_law(9.0, INFINITY, 66298.0, sizes[i], &open));
        }
        assert_true(open.log_chance < 0.0 || isinf(sizes[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_without_an_upper_end_needs_no_long_sum),
        cmocka_unit_test(warpbreaks_by_three_families),
        cmocka_unit_test(discoveries_bend),
        cmocka_unit_test(calendar_years_lose_no_digits),
        cmocka_unit_test(coal_has_a_size_past_where_glm_nb_stops),
        cmocka_unit_test(aids_in_belgium_bend),
        cmocka_unit_test(missoula_has_no_degree_of_freedom_left),
        cmocka_unit_test(hidden_counts_enter_as_intervals),
        cmocka_unit_test(whole_counts_of_infants),
        cmocka_unit_test(an_interval_that_says_nothing_changes_nothing),
        cmocka_unit_test(one_mean_has_closed_robust_errors),
        cmocka_unit_test(nothing_counted_is_a_word_not_a_failure),
        cmocka_unit_test(cases_in_the_last_year_alone_have_half_an_interval),
        cmocka_unit_test(even_counts_have_an_infinite_size),
        cmocka_unit_test(one_count_has_a_mean_and_no_size),
        cmocka_unit_test(profiles_are_steepest_descents_of_the_likelihood),
        cmocka_unit_test(a_size_is_found_at_large_counts),
        cmocka_unit_test(what_cannot_be_fitted_is_refused),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
