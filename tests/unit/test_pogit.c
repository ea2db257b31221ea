/* Poisson-logistic regression. Data: simul1 of R's pogit (reference/reporting/in_pogit_simul1.csv).
 * Figures marked R: maximum likelihood by optim and Newton steps in R 4.2.2, slope below 1e-12. */
#include <math.h>
#include <string.h>

#include "support/pogit.h"
#include "support/support.h"

#include <traffstat/pogit.h>

static const int64_t checked[ROWS] = {25, 25, 25, 25, 25, 25, 25, 25,
                                      25, 25, 25, 25, 25, 25, 25, 25};

typedef struct setting {
    double exposure[ROWS];
    double design[ROWS * COLUMNS];
    int64_t counts[ROWS];
    int64_t validated[ROWS];
    int64_t checked[ROWS];
} setting;

/* An intercept and the four bits of the row's number, the highest first. */
static traffstat_pogit_data simul1(setting *s)
{
    fill_design(s->design);
    for (size_t i = 0; i < ROWS; i++) {
        s->exposure[i] = 100.0;
    }
    memcpy(s->counts, counts, sizeof counts);
    memcpy(s->validated, validated, sizeof validated);
    memcpy(s->checked, checked, sizeof checked);
    traffstat_pogit_data data = blank_data(ROWS, COLUMNS, COLUMNS);
    data.counts = s->counts;
    data.exposure = s->exposure;
    data.rate_design = s->design;
    data.reporting_design = s->design;
    data.validated = s->validated;
    data.checked = s->checked;
    return data;
}

static traffstat_pogit *fit(void **state, const traffstat_pogit_data *data)
{
    traffstat_pogit *out = NULL;
    assert_ok(*state, traffstat_pogit_fit(*state, data, &out));
    return out;
}

static traffstat_pogit_summary summary(const traffstat_pogit *of)
{
    traffstat_pogit_summary out;
    assert_int_equal(traffstat_pogit_get(of, &out), TRAFFSTAT_OK);
    return out;
}

static traffstat_pogit_number coefficient(void **state, const traffstat_pogit *of, size_t index)
{
    traffstat_pogit_number out;
    assert_ok(*state, traffstat_pogit_coefficient(*state, of, index, 0.95, &out));
    return out;
}

static traffstat_pogit_number unreported(void **state, const traffstat_pogit *of)
{
    traffstat_pogit_number out;
    assert_ok(*state, traffstat_pogit_unreported(*state, of, 0.95, &out));
    return out;
}

/* ---- against R ------------------------------------------------------------------------------- */

static void the_simulated_data_come_out_as_in_r(void **state)
{
    static const double at[] = {0.73466046600149193,  0.54671199281475313,  -2.03155575659430854,
                                0.02886136152336677,  0.00736342903522322,  2.28069258081205861,
                                -1.91528982010555615, -0.12336719296479309, -0.20474306469459755,
                                0.19096649393677065};
    static const double error[] = {0.0656831789653856, 0.0830677174050945, 0.0937099105946357,
                                   0.0680463086695899, 0.0681108894631565, 0.2960328423391874,
                                   0.2747076042893432, 0.2151241263994936, 0.1876319103203654,
                                   0.1878833224014788};
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit *of = fit(state, &data);
    for (size_t j = 0; j < 10; j++) {
        const traffstat_pogit_number got = coefficient(state, of, j);
        assert_near(got.estimate, at[j], 1e-9);
        assert_near(got.error, error[j], 1e-5); /* R's are from differences */
        assert_near(got.upper - got.estimate, 1.959963984540054 * got.error, 1e-12);
    }
    const traffstat_pogit_summary sum = summary(of);
    assert_int_equal(sum.estimable, 1);
    assert_near(sum.loglik, -86.8888256759252, 1e-12);
    assert_near(sum.deviance, 27.883725824893, 1e-11);
    assert_near(sum.aic, 2.0 * 86.8888256759252 + 20.0, 1e-12);
    assert_near(sum.log_prior, 0.0, 0.0);
    traffstat_pogit_free(of);
}

static void shares_and_unreported_cases_come_out_as_in_r(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit *of = fit(state, &data);
    const traffstat_pogit_number hidden = unreported(state, of);
    assert_near(hidden.estimate, 781.119818908571, 1e-9);
    assert_near(hidden.error, 125.593796856199, 1e-5);
    assert_near(hidden.lower * hidden.upper, hidden.estimate * hidden.estimate, 1e-12);
    traffstat_pogit_number share;
    assert_ok(*state, traffstat_pogit_share(*state, of, 0, 0.95, &share));
    assert_near(share.estimate, 0.907265333571756, 1e-10);
    assert_ok(*state, traffstat_pogit_share(*state, of, 8, 0.95, &share));
    assert_near(share.estimate, 0.590347658035411, 1e-10);
    assert_true(share.lower < share.estimate && share.upper > share.estimate);
    traffstat_pogit_free(of);
}

static void profile_intervals_come_out_as_in_r(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit *of = fit(state, &data);
    traffstat_interval got;
    assert_ok(*state, traffstat_pogit_profile(*state, of, 1, 0.95, &got));
    assert_near(got.lower, 0.390284775878808, 1e-7);
    assert_near(got.upper, 0.716788439413708, 1e-7);
    assert_ok(*state, traffstat_pogit_profile(*state, of, 5, 0.95, &got));
    assert_near(got.lower, 1.71630946115112, 1e-7);
    assert_near(got.upper, 2.88166589113658, 1e-7);
    /* row 0 has no slope in its logit, so that its share is the intercept's */
    assert_ok(*state, traffstat_pogit_share_profile(*state, of, 0, 0.95, &got));
    assert_near(got.lower, 1.0 / (1.0 + exp(-1.71630946115112)), 1e-7);
    assert_near(got.upper, 1.0 / (1.0 + exp(-2.88166589113658)), 1e-7);
    traffstat_pogit_free(of);
}

/* One class: the count says lambda p, the checks say p; all by hand. */
static void one_class_has_a_closed_form(void **state)
{
    const int64_t count = 60;
    const int64_t yes = 30;
    const int64_t all = 50;
    const double one = 1.0;
    traffstat_pogit_data data = blank_data(1, 1, 1);
    data.counts = &count;
    data.rate_design = data.reporting_design = &one;
    data.validated = &yes;
    data.checked = &all;
    traffstat_pogit *of = fit(state, &data);
    assert_near(coefficient(state, of, 0).estimate, log(100.0), 1e-12);
    assert_near(coefficient(state, of, 1).estimate, log(1.5), 1e-12);
    /* var b = 1/60 + var(a) (1-p)^2, var a = 1/(50 p (1-p)) = 1/12 */
    assert_near(coefficient(state, of, 0).error, sqrt(1.0 / 60.0 + 0.16 / 12.0), 1e-12);
    /* U = 60 (1-p)/p = 60 exp(-a'), so var = U + U^2 (1/60 + 1/12) */
    assert_near(unreported(state, of).estimate, 40.0, 1e-12);
    assert_near(unreported(state, of).error, sqrt(40.0 + 1600.0 * (1.0 / 60.0 + 1.0 / 12.0)),
                1e-12);
    assert_int_equal(summary(of).borrowed, 1);
    assert_string_equal(traffstat_pogit_reason(of),
                        "the counts do not carry a direction, which is borrowed from validation "
                        "or prior: - 0.40 rate 0 + reporting 0");
    traffstat_pogit_free(of);
}

static void a_prior_counts_as_what_it_says_of_a_class(void **state)
{
    setting s;
    traffstat_pogit_data data = simul1(&s);
    const double w[] = {1.0, 1.0, 0.0, 0.0, 0.0};
    const double a = 10.0;
    const double b = 15.0;
    traffstat_pogit *plain = fit(state, &data);
    data.priors = 1;
    data.prior_design = w;
    data.prior_a = &a;
    data.prior_b = &b;
    traffstat_pogit *with = fit(state, &data);
    s.validated[8] += 10; /* row 8 is that class */
    s.checked[8] += 25;
    data.priors = 0;
    traffstat_pogit *more = fit(state, &data);
    for (size_t j = 0; j < 10; j++) {
        assert_near(coefficient(state, with, j).estimate, coefficient(state, more, j).estimate,
                    1e-9);
        assert_near(coefficient(state, with, j).error, coefficient(state, more, j).error, 1e-9);
    }
    assert_true(summary(with).loglik < summary(plain).loglik);
    assert_true(isnan(summary(with).aic));
    traffstat_pogit_number share;
    assert_ok(*state, traffstat_pogit_share(*state, with, 8, 0.95, &share));
    /* the Beta law as a density of the logit: p^10 (1-p)^15 / B(10, 15) */
    const double log_prior = 10.0 * log(share.estimate) + 15.0 * log1p(-share.estimate) +
                             lgamma(25.0) - lgamma(10.0) - lgamma(15.0);
    assert_near(summary(with).log_prior, log_prior, 1e-10);
    traffstat_pogit_free(plain);
    traffstat_pogit_free(with);
    traffstat_pogit_free(more);
}

/* Where a value moves the reporting rate and nothing else, its bend alone tells the level apart:
 * counts at their means give the coefficients back, and nothing is borrowed. */
static void a_value_of_the_reporting_alone_identifies_the_level(void **state)
{
    enum { N = 40 };
    static int64_t y[N];
    static double x[N * 2];
    static double w[N * 2];
    for (size_t i = 0; i < N; i++) {
        x[2 * i] = w[2 * i] = 1.0;
        x[2 * i + 1] = i % 2 == 0 ? 0.0 : 1.0;
        w[2 * i + 1] = -3.0 + 0.15 * (double) i;
        const double logit = 0.4 + 1.1 * w[2 * i + 1];
        y[i] = llround(exp(14.0 + 0.3 * x[2 * i + 1]) / (1.0 + exp(-logit)));
    }
    traffstat_pogit_data data = blank_data(N, 2, 2);
    data.counts = y;
    data.rate_design = x;
    data.reporting_design = w;
    traffstat_pogit *of = fit(state, &data);
    assert_near(coefficient(state, of, 0).estimate, 14.0, 1e-5);
    assert_near(coefficient(state, of, 1).estimate, 0.3, 1e-4);
    assert_near(coefficient(state, of, 2).estimate, 0.4, 1e-4);
    assert_near(coefficient(state, of, 3).estimate, 1.1, 1e-4);
    assert_int_equal(summary(of).borrowed, 0);
    assert_string_equal(traffstat_pogit_reason(of), "");
    traffstat_pogit_free(of);
}

/* ---- coverage -------------------------------------------------------------------------------- */

static int64_t draw_poisson(support_rng *rng, double mean)
{
    int64_t n = 0;
    for (double time = -log1p(-support_rng_uniform(rng)); time < mean; n++) {
        time -= log1p(-support_rng_uniform(rng));
    }
    return n;
}

/* Draws what simul1 was drawn from; the unreported cases. */
static double simulate(support_rng *rng, setting *s)
{
    double hidden = 0.0;
    for (size_t i = 0; i < ROWS; i++) {
        const double *x = s->design + i * COLUMNS;
        const double mean = s->exposure[i] * exp(0.75 + 0.5 * x[1] - 2.0 * x[2]);
        const double p = 1.0 / (1.0 + exp(-(2.2 - 1.9 * x[1])));
        s->counts[i] = draw_poisson(rng, mean * p);
        hidden += (double) draw_poisson(rng, mean * (1.0 - p));
        s->validated[i] = 0;
        for (int64_t k = 0; k < s->checked[i]; k++) {
            s->validated[i] += support_rng_uniform(rng) < p ? 1 : 0;
        }
    }
    return hidden;
}

/* 400 fits: a coverage of 0.95 has an error of 0.011, and four of them are allowed. */
static void intervals_cover_what_they_say(void **state)
{
    setting s;
    support_rng rng;
    int hidden = 0;
    int slope = 0;
    const traffstat_pogit_data data = simul1(&s);
    support_rng_init(&rng, 20);
    for (int i = 0; i < 400; i++) {
        const double truth = simulate(&rng, &s);
        traffstat_pogit *of = fit(state, &data);
        const traffstat_pogit_number got = unreported(state, of);
        traffstat_interval ends;
        assert_ok(*state, traffstat_pogit_profile(*state, of, 6, 0.95, &ends));
        hidden += got.lower <= truth && truth <= got.upper ? 1 : 0;
        slope += ends.lower <= -1.9 && -1.9 <= ends.upper ? 1 : 0;
        traffstat_pogit_free(of);
    }
    assert_in_range(hidden, 363, 397);
    assert_in_range(slope, 363, 397);
}

/* ---- what must not matter -------------------------------------------------------------------- */

static void the_unit_of_exposure_moves_the_intercept_alone(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit *one = fit(state, &data);
    for (size_t i = 0; i < ROWS; i++) {
        s.exposure[i] *= 1e5;
    }
    traffstat_pogit *other = fit(state, &data);
    assert_near(coefficient(state, other, 0).estimate,
                coefficient(state, one, 0).estimate - log(1e5), 1e-10);
    for (size_t j = 1; j < 10; j++) {
        assert_near(coefficient(state, other, j).estimate, coefficient(state, one, j).estimate,
                    1e-8);
    }
    assert_near(unreported(state, other).estimate, unreported(state, one).estimate, 1e-9);
    assert_near(unreported(state, other).upper, unreported(state, one).upper, 1e-9);
    traffstat_pogit_free(one);
    traffstat_pogit_free(other);
}

/* Years as they are written, or an income in thousands of millions. */
static void origin_and_unit_of_a_column_do_not_matter(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit *one = fit(state, &data);
    for (size_t i = 0; i < ROWS; i++) {
        s.design[i * COLUMNS + 1] += 1990.0;
        s.design[i * COLUMNS + 2] *= 1e9;
    }
    traffstat_pogit *other = fit(state, &data);
    traffstat_interval left;
    traffstat_interval right;
    assert_near(coefficient(state, other, 6).estimate, coefficient(state, one, 6).estimate, 1e-8);
    assert_near(coefficient(state, other, 7).error, 1e-9 * coefficient(state, one, 7).error, 1e-8);
    assert_near(coefficient(state, other, 0).estimate,
                coefficient(state, one, 0).estimate - 1990.0 * coefficient(state, one, 1).estimate,
                1e-8);
    assert_ok(*state, traffstat_pogit_profile(*state, one, 6, 0.95, &left));
    assert_ok(*state, traffstat_pogit_profile(*state, other, 6, 0.95, &right));
    assert_near(right.lower, left.lower, 1e-7);
    assert_near(right.upper, left.upper, 1e-7);
    assert_ok(*state, traffstat_pogit_profile(*state, other, 5, 0.95, &right));
    assert_true(right.lower < right.upper); /* an intercept 1,990 years away */
    assert_near(summary(other).weakest, summary(one).weakest, 1e-8);
    assert_near(unreported(state, other).upper, unreported(state, one).upper, 1e-8);
    traffstat_pogit_free(one);
    traffstat_pogit_free(other);
}

static void the_order_of_rows_does_not_matter(void **state)
{
    setting s;
    setting turned;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit_data back = simul1(&turned);
    for (size_t i = 0; i < ROWS; i++) {
        const size_t from = (i * 5 + 3) % ROWS;
        turned.counts[i] = s.counts[from];
        turned.validated[i] = s.validated[from];
        memcpy(turned.design + i * COLUMNS, s.design + from * COLUMNS, COLUMNS * sizeof *s.design);
    }
    traffstat_pogit *one = fit(state, &data);
    traffstat_pogit *other = fit(state, &back);
    for (size_t j = 0; j < 10; j++) {
        assert_near(coefficient(state, other, j).estimate, coefficient(state, one, j).estimate,
                    1e-8);
    }
    assert_near(unreported(state, other).error, unreported(state, one).error, 1e-9);
    traffstat_pogit_free(one);
    traffstat_pogit_free(other);
}

/* ---- what has no numbers --------------------------------------------------------------------- */

static void expect_nothing(void **state, const traffstat_pogit_data *data, const char *word)
{
    traffstat_pogit *of = fit(state, data);
    traffstat_pogit_number number = {-1.0, -1.0, -1.0, -1.0};
    assert_int_equal(summary(of).estimable, 0);
    assert_non_null(strstr(traffstat_pogit_reason(of), word));
    assert_int_equal(traffstat_pogit_unreported(*state, of, 0.95, &number), TRAFFSTAT_E_NODATA);
    assert_near(number.estimate, -1.0, 0.0);
    assert_true(isnan(summary(of).loglik));
    traffstat_pogit_free(of);
}

static void counts_alone_do_not_tell_rate_and_reporting_apart(void **state)
{
    setting s;
    traffstat_pogit_data data = simul1(&s);
    data.validated = data.checked = NULL;
    expect_nothing(state, &data, "change roles");
    data = simul1(&s);
    memset(s.validated, 0, sizeof s.validated); /* nothing was looked up */
    memset(s.checked, 0, sizeof s.checked);
    expect_nothing(state, &data, "change roles");
}

static void checks_in_one_class_do_not_tell_of_another(void **state)
{
    setting s;
    traffstat_pogit_data data = simul1(&s);
    for (size_t i = 1; i < ROWS; i++) {
        s.validated[i] = s.checked[i] = 0;
    }
    /* one check, five logits: whatever the counts leave open stays open */
    traffstat_pogit *of = fit(state, &data);
    assert_int_equal(summary(of).estimable, 0);
    assert_true(strlen(traffstat_pogit_reason(of)) > 0);
    traffstat_pogit_free(of);
}

static void zeros_and_runaways_are_told(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    memset(s.counts, 0, sizeof s.counts);
    expect_nothing(state, &data, "no count is above zero");
    const traffstat_pogit_data again = simul1(&s);
    memcpy(s.validated, s.checked, sizeof s.validated); /* all were reported: p runs to 1 */
    expect_nothing(state, &again, "without end");
}

/* ---- bad input ------------------------------------------------------------------------------- */

static void refuse(void **state, const traffstat_pogit_data *data, const char *word)
{
    traffstat_pogit *of = (traffstat_pogit *) state; /* must be set to NULL */
    assert_int_equal(traffstat_pogit_fit(*state, data, &of), TRAFFSTAT_E_ARGUMENT);
    assert_null(of);
    assert_non_null(strstr(traffstat_ctx_message(*state), word));
}

static void bad_input_is_named(void **state)
{
    setting s;
    traffstat_pogit_data data = simul1(&s);
    s.validated[3] = 26;
    refuse(state, &data, "row 3 has 26 validated cases of 25 checked");
    data = simul1(&s);
    data.checked = NULL;
    refuse(state, &data, "given together");
    data = simul1(&s);
    s.counts[2] = -4;
    refuse(state, &data, "count 2, -4, is negative");
    data = simul1(&s);
    s.exposure[5] = 0.0;
    refuse(state, &data, "exposure 5");
    data = simul1(&s);
    s.design[7] = NAN;
    refuse(state, &data, "rate column 2 is not finite in row 1");
    data = simul1(&s);
    for (size_t i = 0; i < ROWS; i++) {
        s.design[i * COLUMNS + 4] = s.design[i * COLUMNS + 1] - 3.0 * s.design[i * COLUMNS];
    }
    refuse(state, &data, "rate column 4 is zero or made up");
    data = simul1(&s);
    data.rows = 1; /* one row, five columns */
    refuse(state, &data, "rate column 1 is zero or made up");
    data = simul1(&s);
    const double b = 0.0;
    data.priors = 1;
    data.prior_design = s.design;
    data.prior_a = s.exposure;
    data.prior_b = &b;
    refuse(state, &data, "prior 0 is not a Beta law");
    data.struct_size = 0;
    refuse(state, &data, "struct_size");
}

static void numbers_that_are_not_there_leave_out_untouched(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit *of = fit(state, &data);
    traffstat_pogit_number number = {-1.0, -1.0, -1.0, -1.0};
    traffstat_interval interval = {-1.0, -1.0, -1.0};
    assert_int_equal(traffstat_pogit_coefficient(*state, of, 10, 0.95, &number),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_pogit_share(*state, of, 0, 1.0, &number), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_pogit_profile(*state, of, 0, NAN, &interval), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_pogit_share_profile(*state, of, ROWS, 0.95, &interval),
                     TRAFFSTAT_E_ARGUMENT);
    assert_near(number.estimate, -1.0, 0.0);
    assert_near(interval.lower, -1.0, 0.0);
    traffstat_pogit_free(of);
    traffstat_pogit_free(NULL);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static traffstat_status try_all(traffstat_ctx *ctx, void *arg)
{
    traffstat_pogit *of = NULL;
    traffstat_pogit_number number;
    traffstat_interval interval;
    traffstat_status status = traffstat_pogit_fit(ctx, arg, &of);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_pogit_unreported(ctx, of, 0.9, &number);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_pogit_share(ctx, of, 1, 0.9, &number);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_pogit_profile(ctx, of, 1, 0.9, &interval);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_pogit_share_profile(ctx, of, 1, 0.9, &interval);
    }
    traffstat_pogit_free(of);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    setting s;
    traffstat_pogit_data data = simul1(&s);
    assert_true(support_try_every_allocation(try_all, &data) >= 10);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_simulated_data_come_out_as_in_r),
        CASE(shares_and_unreported_cases_come_out_as_in_r),
        CASE(profile_intervals_come_out_as_in_r),
        CASE(one_class_has_a_closed_form),
        CASE(a_prior_counts_as_what_it_says_of_a_class),
        CASE(a_value_of_the_reporting_alone_identifies_the_level),
        CASE(intervals_cover_what_they_say),
        CASE(the_unit_of_exposure_moves_the_intercept_alone),
        CASE(origin_and_unit_of_a_column_do_not_matter),
        CASE(the_order_of_rows_does_not_matter),
        CASE(counts_alone_do_not_tell_rate_and_reporting_apart),
        CASE(checks_in_one_class_do_not_tell_of_another),
        CASE(zeros_and_runaways_are_told),
        CASE(bad_input_is_named),
        CASE(numbers_that_are_not_there_leave_out_untouched),
        CASE(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
