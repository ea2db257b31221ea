/* Regressions beside R's glm and glm.nb on every data set of the reference figures, and beside the
 * equations and an optimiser of the test's own on random ones. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/support.h"
#include "unit/rates_data.h"
#include "unit/regress_data.h"
#include "unit/regress_figures.h"

#include <traffstat/regression.h>

#define ROWS 236
#define COLUMNS 14

typedef struct sample {
    size_t rows;
    size_t columns;
    int64_t counts[ROWS];
    int64_t upper[ROWS]; /* of interval counts; else not looked at */
    bool intervals;
    double exposure[ROWS];
    double design[ROWS * COLUMNS]; /* by row, `columns` each */
} sample;

/* ---- data ------------------------------------------------------------------------------------ */

static void add(sample *to, int64_t count, const double *row)
{
    to->counts[to->rows] = count;
    to->exposure[to->rows] = 1.0;
    memcpy(to->design + to->rows * to->columns, row, to->columns * sizeof *row);
    to->rows++;
}

static void make_quine(sample *to, bool nested)
{
    for (size_t i = 0; i < sizeof quine / sizeof quine[0]; i++) {
        const char *group = quine[i].group;
        const double n = group[0] == 'N';
        const double m = group[1] == 'M';
        const double f = 1.0 - m;
        const double form[] = {group[2] == '1', group[2] == '2', group[2] == '3'};
        const double slow = group[3] == 'S';
        const double main_effects[] = {1, n, m, form[0], form[1], form[2], slow};
        const double by_sex[] = {1,           m,           f * form[0],  m * form[0], f * form[1],
                                 m * form[1], f * form[2], m * form[2],  f * n,       m * n,
                                 f * slow,    m * slow,    f * n * slow, m * n * slow};
        for (int32_t child = 0; child < quine[i].children; child++) {
            add(to, quine[i].days[child], nested ? by_sex : main_effects);
        }
    }
}

static void make_epil(sample *to)
{
    double base = 0.0;
    double age = 0.0;
    for (size_t i = 0; i < 59; i++) {
        base += log((double) epil[i][1] / 4.0) / 59.0;
        age += log((double) epil[i][2]) / 59.0;
    }
    for (size_t i = 0; i < 59; i++) {
        const double treated = (double) epil[i][0];
        const double lbase = log((double) epil[i][1] / 4.0) - base;
        for (size_t period = 0; period < 4; period++) {
            const double row[] = {
                1, lbase, treated, log((double) epil[i][2]) - age, period == 3, lbase * treated};
            add(to, epil[i][3 + period], row);
        }
    }
}

static void make_series(sample *to, const int64_t *counts, size_t n, double first)
{
    for (size_t i = 0; i < n; i++) {
        const double t = first + (double) i;
        const double row[] = {1, t, t * t};
        add(to, counts[i], row);
    }
}

static void make(sample *to, int32_t data)
{
    static const size_t columns[DATA_SETS] = {6, 1, 3, 7, 14, 6, 3, 2, 2, 4};
    static const int64_t missoula[] = {7, 8};
    memset(to, 0, sizeof *to);
    to->columns = columns[data];
    switch (data) {
    case WARPBREAKS:
        for (size_t i = 0; i < 54; i++) {
            const double b = i >= 27;
            const double m = i / 9 % 3 == 1;
            const double h = i / 9 % 3 == 2;
            const double row[] = {1, b, m, h, b * m, b * h};
            add(to, warpbreaks[i], row);
        }
        break;
    case QUINE:
    case QUINE_NESTED:
        make_quine(to, data == QUINE_NESTED);
        break;
    case EPIL:
        make_epil(to);
        break;
    case BELGIAN:
        make_series(to, belgian, 13, 1.0);
        break;
    case COAL:
        make_series(to, coal, 112, -49.0);
        break;
    case MISSOULA:
        make_series(to, missoula, 2, 0.0);
        to->exposure[0] = 73340.0;
        to->exposure[1] = 74428.0;
        break;
    case SEATBELTS:
        for (size_t i = 0; i < 192; i++) {
            const double row[] = {1, log(petrol[i]), i >= 169, (double) drivers[i][1]};
            add(to, drivers[i][0], row);
        }
        break;
    default:
        make_series(to, discoveries, 100, -40.0);
    }
}

static traffstat_regression *fit(void **state, const sample *of, int32_t family)
{
    traffstat_regression_options options;
    traffstat_regression *out = NULL;
    traffstat_regression_options_init(&options, sizeof options);
    options.family = family;
    options.robust = 0;
    assert_ok(*state, traffstat_regression_fit(*state, of->counts, of->intervals ? of->upper : NULL,
                                               of->exposure, of->design, of->rows, of->columns,
                                               &options, &out));
    return out;
}

static traffstat_regression_summary summary(const traffstat_regression *of)
{
    traffstat_regression_summary out;
    assert_int_equal(traffstat_regression_get(of, &out), TRAFFSTAT_OK);
    return out;
}

static traffstat_coefficient coefficient(const traffstat_regression *of, size_t column)
{
    traffstat_coefficient out;
    assert_int_equal(traffstat_regression_coefficient(of, column, &out), TRAFFSTAT_OK);
    return out;
}

/* ---- beside R -------------------------------------------------------------------------------- */

static void coefficients_are_those_of_r(void **state)
{
    for (size_t i = 0; i < sizeof coefficients_of_r / sizeof coefficients_of_r[0]; i++) {
        sample data;
        make(&data, coefficients_of_r[i].data);
        traffstat_regression *of = fit(state, &data, coefficients_of_r[i].family);
        const traffstat_coefficient got = coefficient(of, (size_t) coefficients_of_r[i].column);
        const double *want = coefficients_of_r[i].values;
        assert_true(fabs(got.estimate - want[0]) <= 1e-10 * want[1]);
        /* R's errors are those of its last but one step */
        assert_near(got.error, want[1], 3e-9);
        assert_near(got.statistic, want[2], 3e-9);
        if (want[3] > 0.0) {
            assert_near(got.p, want[3], 1e-8);
        } else {
            assert_true(got.p < 1e-300); /* R prints 0 from there on */
        }
        traffstat_regression_free(of);
    }
}

static double whole(const traffstat_regression *of, int32_t what)
{
    const traffstat_regression_summary sum = summary(of);
    const double values[] = {sum.deviance, sum.null_deviance, sum.dispersion,  sum.aic,
                             sum.bic,      sum.loglik,        sum.df,          sum.pearson,
                             sum.theta,    sum.theta_error,   2.0 * sum.loglik};
    return values[what];
}

static void deviances_likelihoods_and_sizes_are_those_of_r(void **state)
{
    for (size_t i = 0; i < sizeof wholes_of_r / sizeof wholes_of_r[0]; i++) {
        sample data;
        const int32_t what = wholes_of_r[i].what;
        if (what == DISPERSION && wholes_of_r[i].family != QUASIPOISSON) {
            assert_near(wholes_of_r[i].value, 1.0, 0.0); /* by R's convention, not from the data */
            continue;
        }
        make(&data, wholes_of_r[i].data);
        traffstat_regression *of = fit(state, &data, wholes_of_r[i].family);
        /* glm.nb's error of theta is that at its last but one theta */
        assert_near(whole(of, what), wholes_of_r[i].value, what == THETA_ERROR ? 2e-5 : 1e-9);
        traffstat_regression_free(of);
    }
}

/* ---- beside the equations -------------------------------------------------------------------- */

static double predictor(const sample *data, size_t row, const double *at)
{
    double eta = log(data->exposure[row]);
    for (size_t j = 0; j < data->columns; j++) {
        eta += data->design[row * data->columns + j] * at[j];
    }
    return eta;
}

/* The log chance of one value by lgamma; size infinite: Poisson. */
static double log_chance(double y, double eta, double size)
{
    if (isinf(size)) {
        return y * eta - exp(eta) - lgamma(y + 1.0);
    }
    return lgamma(y + size) - lgamma(size) - lgamma(y + 1.0) - size * log1p(exp(eta) / size) +
           y * (eta - log(size + exp(eta)));
}

/* Of an interval: the sum of its values' chances, as far up as they matter. */
static double log_interval(int64_t lower, int64_t upper, double eta, double size)
{
    double sum = 0.0;
    double before = -1.0;
    for (int64_t y = lower; y <= upper && (sum - before > 1e-11 * sum || (double) y < exp(eta));
         y++) {
        before = sum;
        sum += exp(log_chance((double) y, eta, size));
    }
    return log(sum);
}

/* The log likelihood; at[columns] is ln theta where there is one. */
static double plain_loglik(const sample *data, const double *at, bool negbin)
{
    const double size = negbin ? exp(at[data->columns]) : (double) INFINITY;
    double sum = 0.0;
    if (negbin && size > 1e6) {
        return -INFINITY; /* where lgamma(y + size) - lgamma(size) keeps no digits */
    }
    for (size_t row = 0; row < data->rows; row++) {
        const double eta = predictor(data, row, at);
        sum += data->intervals ? log_interval(data->counts[row], data->upper[row], eta, size)
                               : log_chance((double) data->counts[row], eta, size);
    }
    return isnan(sum) ? -INFINITY : sum;
}

/* The slope by each coefficient, in standard errors, is 0 at a maximum. */
static void check_scores(const traffstat_regression *of, const sample *data, double theta)
{
    for (size_t j = 0; j < data->columns; j++) {
        double slope = 0.0;
        double information = 0.0;
        for (size_t row = 0; row < data->rows; row++) {
            const double x = data->design[row * data->columns + j];
            const double mean = traffstat_regression_fitted(of, row);
            const double share = isfinite(theta) ? 1.0 + mean / theta : 1.0;
            slope += x * ((double) data->counts[row] - mean) / share;
            information += x * x * mean / share;
        }
        assert_true(fabs(slope) <= 1e-6 * sqrt(information));
    }
}

/* ---- beside an optimiser --------------------------------------------------------------------- */

#define SIDES 6 /* parameters + 1 */

typedef struct simplex {
    const sample *data;
    bool negbin;
    size_t n;
    double at[SIDES][SIDES];
    double value[SIDES];
} simplex;

/* The point on the line from the worst corner through the middle of the others. */
static double along(const simplex *s, size_t worst, double how_far, double out[SIDES])
{
    for (size_t j = 0; j < s->n; j++) {
        double middle = 0.0;
        for (size_t i = 0; i <= s->n; i++) {
            middle += i == worst ? 0.0 : s->at[i][j] / (double) s->n;
        }
        out[j] = middle + how_far * (s->at[worst][j] - middle);
    }
    return plain_loglik(s->data, out, s->negbin);
}

static void put(simplex *s, size_t corner, const double *at, double value)
{
    memcpy(s->at[corner], at, s->n * sizeof *at);
    s->value[corner] = value;
}

/* One step of Nelder & Mead (1965), Computer Journal 7:308-313. */
static void amoeba_step(simplex *s, size_t best, size_t worst)
{
    double mirrored[SIDES];
    double other[SIDES];
    const double first = along(s, worst, -1.0, mirrored);
    if (first > s->value[best]) {
        const double further = along(s, worst, -2.0, other);
        put(s, worst, further > first ? other : mirrored, fmax(further, first));
        return;
    }
    const double inside = along(s, worst, 0.5, other);
    if (fmax(first, inside) > s->value[worst]) {
        put(s, worst, first >= inside ? mirrored : other, fmax(first, inside));
        return;
    }
    for (size_t i = 0; i <= s->n; i++) {
        for (size_t j = 0; j < s->n; j++) {
            s->at[i][j] = 0.5 * (s->at[i][j] + s->at[best][j]);
        }
        s->value[i] = plain_loglik(s->data, s->at[i], s->negbin);
    }
}

static double climb_from(const sample *data, bool negbin, const double *start, double size)
{
    simplex s = {.data = data, .negbin = negbin, .n = data->columns + (negbin ? 1 : 0)};
    for (size_t i = 0; i <= s.n; i++) {
        double corner[SIDES];
        memcpy(corner, start, s.n * sizeof *start);
        corner[i == s.n ? 0 : i] += i == s.n ? 0.0 : size;
        put(&s, i, corner, plain_loglik(data, corner, negbin));
    }
    size_t best = 0;
    for (int step = 0; step < 3000; step++) {
        size_t worst = 0;
        for (size_t i = 0; i <= s.n; i++) {
            best = s.value[i] > s.value[best] ? i : best;
            worst = s.value[i] < s.value[worst] ? i : worst;
        }
        if (!(s.value[best] - s.value[worst] > 1e-13)) {
            break;
        }
        amoeba_step(&s, best, worst);
    }
    return s.value[best];
}

static int64_t draw(support_rng *rng, double mean)
{
    int64_t count = 0;
    for (double product = support_rng_uniform(rng); product > exp(-mean); count++) {
        product *= support_rng_uniform(rng);
    }
    return count;
}

/* Counts about a log-linear mean, scattering more or less than Poisson ones. */
static void make_random(support_rng *rng, sample *to)
{
    memset(to, 0, sizeof *to);
    to->columns = (size_t) support_rng_between(rng, 1, 4);
    const size_t rows = to->columns + (size_t) support_rng_between(rng, 0, 30);
    const double level = exp(7.0 * support_rng_uniform(rng) - 2.0);
    const double wild = 1.5 * support_rng_uniform(rng);
    const double scale =
        exp(40.0 * support_rng_uniform(rng) - 20.0); /* exposures near 1e-9 to 1e9 */
    for (size_t i = 0; i < rows; i++) {
        double row[] = {1, 0, 0, 0};
        for (size_t j = 1; j < to->columns; j++) {
            row[j] = j == 1 ? (double) (i % 5) - 2.0 : 2.0 * support_rng_uniform(rng) - 1.0;
        }
        const double share = 0.5 + support_rng_uniform(rng);
        const double noise = exp(wild * (2.0 * support_rng_uniform(rng) - 1.0));
        add(to, draw(rng, fmin(600.0, level * share * noise * exp(0.4 * row[1]))), row);
        to->exposure[i] = share * scale;
    }
}

/* The fit is the maximum: own likelihood, no slope, and no better place found. */
static void check_fit(const traffstat_regression *of, const sample *data, bool negbin)
{
    const traffstat_regression_summary sum = summary(of);
    const bool sized = negbin && isfinite(sum.theta);
    double at[SIDES] = {0};
    double start[SIDES] = {0};
    double cases = 0.0;
    double exposure = 0.0;
    for (size_t j = 0; j < data->columns; j++) {
        at[j] = coefficient(of, j).estimate;
    }
    at[data->columns] = sized ? log(sum.theta) : 0.0;
    for (size_t row = 0; row < data->rows; row++) {
        cases += (double) data->counts[row];
        exposure += data->exposure[row];
    }
    start[0] = log(cases / exposure);
    check_scores(of, data, sized ? sum.theta : (double) INFINITY);
    if (!sized || sum.theta < 1e5) { /* lgamma(y + theta) - lgamma(theta) keeps its digits */
        assert_true(fabs(plain_loglik(data, at, sized) - sum.loglik) <= 1e-7);
    }
    /* Dean's score decides for Poisson: the likelihood falls on leaving it (a second top at a small
     * theta is not looked for) */
    if (negbin && !sized) {
        at[data->columns] = log(1e4);
        assert_true(plain_loglik(data, at, true) <= sum.loglik);
    }
    const double found =
        fmax(climb_from(data, sized, start, 0.5), climb_from(data, sized, at, 0.1));
    assert_true(sum.loglik >= found - 1e-6);
}

/* Some counts hidden in intervals about them, as "<5" or "10 or more" do. */
static void hide_some(support_rng *rng, sample *data)
{
    data->intervals = true;
    for (size_t row = 0; row < data->rows; row++) {
        const int64_t count = data->counts[row];
        data->upper[row] = count;
        if (support_rng_uniform(rng) < 0.4) {
            const int64_t low = support_rng_between(rng, 0, 5);
            const bool open = support_rng_uniform(rng) < 0.2;
            data->counts[row] = low < count ? count - low : 0;
            data->upper[row] = open ? TRAFFSTAT_NO_UPPER : count + support_rng_between(rng, 0, 5);
        }
    }
}

static void random_fits_to_intervals_are_maxima(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 66);
    size_t fitted[2] = {0, 0};
    for (int i = 0; i < 60; i++) {
        sample data;
        make_random(&rng, &data);
        hide_some(&rng, &data);
        const bool negbin = i % 2 != 0;
        traffstat_regression *of = fit(state, &data, negbin ? NEGBIN : POISSON);
        const traffstat_regression_summary sum = summary(of);
        const bool sized = negbin && isfinite(sum.theta) && sum.theta < 1e5;
        double at[SIDES] = {0};
        for (size_t j = 0; j < data.columns; j++) {
            at[j] = coefficient(of, j).estimate;
        }
        if (sum.estimable) {
            at[data.columns] = sized ? log(sum.theta) : 0.0;
            assert_true(fabs(plain_loglik(&data, at, sized) - sum.loglik) <= 1e-6);
            assert_true(sum.loglik >= climb_from(&data, sized, at, 0.2) - 1e-6);
            fitted[negbin]++;
        } else {
            assert_true(strlen(traffstat_regression_reason(of)) > 0);
        }
        traffstat_regression_free(of);
    }
    assert_true(fitted[0] > 20 && fitted[1] > 20);
}

static void random_fits_are_maxima(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 60);
    size_t fitted[2] = {0, 0};
    size_t sized = 0;
    for (int i = 0; i < 300; i++) {
        sample data;
        make_random(&rng, &data);
        const bool negbin = i % 2 != 0;
        traffstat_regression *of = fit(state, &data, negbin ? NEGBIN : POISSON);
        if (summary(of).estimable) {
            check_fit(of, &data, negbin);
            fitted[negbin]++;
            sized += negbin && isfinite(summary(of).theta);
        } else {
            assert_true(strlen(traffstat_regression_reason(of)) > 0);
        }
        traffstat_regression_free(of);
    }
    assert_true(fitted[0] > 100 && fitted[1] > 100 && sized > 30);
}

/* ---- counts without a finite answer ---------------------------------------------------------- */

/* A line through t has no finite maximum just where all cases lie at one time and the zeros on one side
 * of it, or nowhere. */
static bool line_exists(const sample *data)
{
    double time = NAN;
    bool before = false;
    bool after = false;
    for (size_t row = 0; row < data->rows; row++) {
        const double t = data->design[2 * row + 1];
        if (data->counts[row] > 0 && !isnan(time) && t != time) {
            return true;
        }
        time = data->counts[row] > 0 ? t : time;
    }
    for (size_t row = 0; row < data->rows; row++) {
        const double t = data->design[2 * row + 1];
        before = before || t < time;
        after = after || t > time;
    }
    return before && after;
}

static void lines_are_refused_just_where_no_maximum_exists(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 61);
    size_t refused = 0;
    size_t fitted = 0;
    for (int i = 0; i < 600; i++) {
        sample data = {.columns = 2};
        const int64_t rows = support_rng_between(&rng, 3, 8);
        for (int64_t row = 0; row < rows; row++) {
            const double line[] = {1, (double) (row < 2 ? row : support_rng_between(&rng, 0, 5))};
            const bool none = support_rng_uniform(&rng) < 0.7;
            add(&data, none ? 0 : support_rng_between(&rng, 1, 1000000000), line);
        }
        for (int32_t family = POISSON; family <= NEGBIN; family += NEGBIN) {
            traffstat_regression *of = fit(state, &data, family);
            assert_int_equal(summary(of).estimable, line_exists(&data));
            refused += !summary(of).estimable;
            fitted += summary(of).estimable != 0;
            assert_true(summary(of).estimable || strlen(traffstat_regression_reason(of)) > 0);
            if (summary(of).estimable) {
                check_scores(of, &data, family == NEGBIN ? summary(of).theta : (double) INFINITY);
            }
            traffstat_regression_free(of);
        }
    }
    assert_true(refused > 100 && fitted > 100);
}

static void counts_of_a_thousand_million_are_fitted(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 62);
    for (int i = 0; i < 40; i++) {
        sample data = {.columns = 2};
        for (size_t row = 0; row < 12; row++) {
            const double line[] = {1, (double) row};
            add(&data, support_rng_between(&rng, 900000000, 1100000000), line);
            data.exposure[row] = 1e-9;
        }
        traffstat_regression *of = fit(state, &data, i % 2 != 0 ? NEGBIN : POISSON);
        assert_int_equal(summary(of).estimable, 1);
        check_scores(of, &data, i % 2 != 0 ? summary(of).theta : (double) INFINITY);
        /* spread evenly over 20 %, ln of the counts has a standard deviation of 0.058 */
        assert_true(i % 2 == 0 || (summary(of).theta > 80.0 && summary(of).theta < 3000.0));
        traffstat_regression_free(of);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coefficients_are_those_of_r),
        cmocka_unit_test(deviances_likelihoods_and_sizes_are_those_of_r),
        cmocka_unit_test(random_fits_are_maxima),
        cmocka_unit_test(random_fits_to_intervals_are_maxima),
        cmocka_unit_test(lines_are_refused_just_where_no_maximum_exists),
        cmocka_unit_test(counts_of_a_thousand_million_are_fitted),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
