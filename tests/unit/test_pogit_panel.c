/* Poisson-logistic regression on a panel: what is estimated, of what kind, and what is refused. Counts
 * of the first test: simul1 of R's pogit (reference/reporting/in_pogit_simul1.csv), as a file. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/pogit.h>
#include <traffstat/read.h>

static const char simul1[] = "place,year,cases,population,x1,x2,v,m\n"
                             "a,2018,193,10000000,0,0,22,25\nb,2018,183,10000000,0,0,25,25\n"
                             "c,2018,181,10000000,0,0,23,25\nd,2018,213,10000000,0,0,23,25\n"
                             "e,2018,29,10000000,0,1,21,25\nf,2018,19,10000000,0,1,24,25\n"
                             "g,2018,25,10000000,0,1,22,25\nh,2018,26,10000000,0,1,20,25\n"
                             "i,2018,210,10000000,1,0,10,25\nj,2018,238,10000000,1,0,18,25\n"
                             "k,2018,200,10000000,1,0,13,25\nl,2018,214,10000000,1,0,16,25\n"
                             "m,2018,32,10000000,1,1,18,25\nn,2018,27,10000000,1,1,10,25\n"
                             "o,2018,23,10000000,1,1,15,25\np,2018,26,10000000,1,1,15,25\n";

static const char one[] = "place,year,cases,v,m\nMissoula,2018,50,7,10\n";

/* A file read once for the counts and once for each list of columns; NULL: none. */
typedef struct input {
    char folder[SUPPORT_PATH_SIZE];
    traffstat_panel *panel;
    traffstat_covariates *rate;
    traffstat_covariates *report;
    traffstat_covariates *validation;
    traffstat_prior *prior;
    traffstat_pogit_options how;
} input;

static void read_columns(traffstat_ctx *ctx, const input *in, const char *path,
                         const char *const *names, size_t count, traffstat_covariate_kind kind,
                         traffstat_covariates **out)
{
    *out = NULL;
    if (names != NULL) {
        assert_ok(ctx, traffstat_read_covariates(ctx, NULL, path, in->panel, names, count, kind,
                                                 NULL, out));
    }
}

/* `report` and `validation`: x1 and v, m, or nothing; `prior` a text, or NULL. */
static input open_input(traffstat_ctx *ctx, const char *text, bool rate, bool report,
                        bool validation, const char *prior)
{
    static const char *const rates[] = {"x1", "x2"};
    static const char *const checks[] = {"v", "m"};
    char path[SUPPORT_PATH_SIZE];
    input in = {.panel = NULL};
    support_temp_folder(in.folder);
    support_path(path, in.folder, "counts.csv");
    support_write(path, text, strlen(text));
    assert_ok(ctx, traffstat_read_path(ctx, NULL, path, &in.panel, NULL));
    read_columns(ctx, &in, path, rate ? rates : NULL, 2, TRAFFSTAT_COVARIATE_VALUES, &in.rate);
    read_columns(ctx, &in, path, report ? rates : NULL, 1, TRAFFSTAT_COVARIATE_VALUES, &in.report);
    read_columns(ctx, &in, path, validation ? checks : NULL, 2, TRAFFSTAT_COVARIATE_COUNTS,
                 &in.validation);
    if (prior != NULL) {
        assert_ok(ctx, traffstat_prior_parse(ctx, prior, NULL, &in.prior));
    }
    traffstat_pogit_options_init(&in.how, (uint32_t) sizeof in.how);
    return in;
}

static void close_input(input *in)
{
    traffstat_covariates_free(in->rate);
    traffstat_covariates_free(in->report);
    traffstat_covariates_free(in->validation);
    traffstat_prior_free(in->prior);
    traffstat_panel_free(in->panel);
    support_remove_folder(in->folder);
}

static traffstat_status solve(traffstat_ctx *ctx, const input *in, traffstat_estimate **out)
{
    return traffstat_pogit_panel(ctx, in->panel, in->rate, in->report, in->validation, in->prior,
                                 &in->how, out);
}

static const traffstat_detail *detail(const traffstat_estimate *of, const char *name)
{
    return traffstat_detail_find(traffstat_estimate_details(of), name);
}

static double number(const traffstat_detail *of, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(of, name));
}

static traffstat_estimate_row row_of(const traffstat_estimate *of, size_t row)
{
    traffstat_estimate_row out;
    const traffstat_status status = row == TRAFFSTAT_NONE
                                        ? traffstat_estimate_total(of, &out)
                                        : traffstat_estimate_row_get(of, row, &out);
    assert_int_equal(status, TRAFFSTAT_OK);
    return out;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static void validation_carries_an_estimate(void **state)
{
    input in = open_input(*state, simul1, true, true, true, NULL);
    traffstat_estimate *out = NULL;
    assert_ok(*state, solve(*state, &in, &out));
    assert_int_equal(traffstat_estimate_kind(out), TRAFFSTAT_KIND_ESTIMATE);
    assert_int_equal(traffstat_estimate_verdict(out), TRAFFSTAT_VERDICT_OK);
    assert_string_equal(traffstat_estimate_method(out), "pogit");
    const traffstat_detail *list = detail(out, "coefficients");
    assert_int_equal(traffstat_detail_size(list), 5);
    /* the data were made with 0.75, 0.5, -2 and 2.2, -1.9 at exposure 100 */
    static const double made[] = {0.75, 0.5, -2.0, 2.2, -1.9};
    for (size_t j = 0; j < 5; j++) {
        const traffstat_detail *at = traffstat_detail_at(list, j);
        assert_true(number(at, "lower") < made[j] && made[j] < number(at, "upper"));
        assert_true(number(at, "rhat") <= 1.01 && number(at, "ess_bulk") >= 400.0);
    }
    assert_string_equal(
        traffstat_detail_text(traffstat_detail_find(traffstat_detail_at(list, 1), "name")), "x1");
    /* 100 exp(0.75 + ...) in each class */
    const double truth =
        400.0 * exp(0.75) * (1.0 + exp(-2.0)) * (1.0 + exp(0.5)); /* of 16 classes */
    const traffstat_estimate_row total = row_of(out, TRAFFSTAT_NONE);
    assert_true(total.lower < truth && truth < total.upper);
    assert_true(total.unreported + 1839.0 <= total.upper);
    assert_true(number(detail(out, "loo"), "elpd") < 0.0);
    traffstat_estimate_free(out);
    close_input(&in);
}

static void maximum_likelihood_is_that_of_the_fit(void **state)
{
    input in = open_input(*state, simul1, true, true, true, NULL);
    traffstat_estimate *sampled = NULL;
    traffstat_estimate *top = NULL;
    assert_ok(*state, solve(*state, &in, &sampled));
    in.how.engine = TRAFFSTAT_POGIT_ML;
    assert_ok(*state, solve(*state, &in, &top));
    const traffstat_detail *list = detail(top, "coefficients");
    double design[16 * 3];
    double reporting[16 * 2];
    int64_t counts[16];
    int64_t v[16];
    int64_t m[16];
    traffstat_pogit_data data;
    memset(&data, 0, sizeof data);
    for (size_t i = 0; i < 16; i++) {
        const double *x = traffstat_covariates_values(in.rate) + 2 * i;
        design[3 * i] = 1.0;
        design[3 * i + 1] = x[0];
        design[3 * i + 2] = x[1];
        reporting[2 * i] = 1.0;
        reporting[2 * i + 1] = x[0];
        counts[i] = traffstat_panel_lowers(in.panel)[i];
        v[i] = (int64_t) traffstat_covariates_values(in.validation)[2 * i];
        m[i] = (int64_t) traffstat_covariates_values(in.validation)[2 * i + 1];
    }
    data.struct_size = sizeof data;
    data.rows = 16;
    data.rate_columns = 3;
    data.reporting_columns = 2;
    data.counts = counts;
    data.rate_design = design;
    data.reporting_design = reporting;
    data.validated = v;
    data.checked = m;
    traffstat_pogit *fit = NULL;
    assert_ok(*state, traffstat_pogit_fit(*state, &data, &fit));
    for (size_t j = 0; j < 5; j++) {
        traffstat_pogit_number want;
        traffstat_interval profile;
        const traffstat_detail *at = traffstat_detail_at(list, j);
        assert_ok(*state, traffstat_pogit_coefficient(*state, fit, j, 0.95, &want));
        assert_ok(*state, traffstat_pogit_profile(*state, fit, j, 0.95, &profile));
        const double unit = j == 0 ? log(100.0) : 0.0; /* exposure 100 a row */
        assert_near(number(at, "estimate") + unit, want.estimate, 1e-7);
        assert_near(number(at, "sd"), want.error, 1e-6);
        assert_near(number(at, "lower") + unit, profile.lower, 1e-6);
        assert_near(number(at, "upper") + unit, profile.upper, 1e-6);
    }
    traffstat_pogit_number hidden;
    assert_ok(*state, traffstat_pogit_unreported(*state, fit, 0.95, &hidden));
    const traffstat_estimate_row total = row_of(top, TRAFFSTAT_NONE);
    assert_near(total.unreported, hidden.estimate, 1e-7);
    assert_near(total.upper, 1839.0 + hidden.upper, 1e-7);
    /* and both engines say about the same */
    const traffstat_estimate_row other = row_of(sampled, TRAFFSTAT_NONE);
    assert_true(fabs(other.estimate - total.estimate) < 0.1 * (total.upper - total.lower));
    traffstat_pogit_free(fit);
    traffstat_estimate_free(sampled);
    traffstat_estimate_free(top);
    close_input(&in);
}

/* A single count: what p is comes from the checks alone, and then the exact thinning has the answer. */
static void one_count_has_the_exact_answer_of_its_checks(void **state)
{
    input in = open_input(*state, one, false, false, true, NULL);
    traffstat_estimate *out = NULL;
    traffstat_estimate *exact = NULL;
    traffstat_prior *checks = NULL;
    in.how.level_sd = 100.0; /* as flat as the exact one's */
    in.how.level = 0.8;
    in.how.draws = 8000;
    assert_ok(*state, solve(*state, &in, &out));
    assert_ok(*state, traffstat_prior_survey(*state, 7, 10, NULL, &checks));
    traffstat_thinning_options how;
    traffstat_thinning_options_init(&how, (uint32_t) sizeof how);
    how.level = 0.8;
    assert_ok(*state, traffstat_thinning(*state, in.panel, checks, &how, &exact));
    const traffstat_estimate_row got = row_of(out, 0);
    const traffstat_estimate_row want = row_of(exact, 0);
    assert_true(fabs(got.estimate - want.estimate) <= 1.0); /* Monte-Carlo error */
    assert_true(fabs(got.lower - want.lower) <= 1.0);
    assert_true(fabs(got.upper - want.upper) <= 3.0);
    assert_near(got.mean, want.mean, 0.02);
    traffstat_estimate_free(out);
    traffstat_estimate_free(exact);
    traffstat_prior_free(checks);
    close_input(&in);
}

static void the_unit_of_a_column_does_not_matter(void **state)
{
    static const char plain[] =
        "place,year,cases,x1,x2,v,m\na,2018,50,1,3,7,10\nb,2018,40,2,1,5,10\n"
        "c,2018,70,3,2,8,10\nd,2018,90,5,2,9,10\n";
    static const char moved[] =
        "place,year,cases,x1,x2,v,m\na,2018,50,2010,3,7,10\n"
        "b,2018,40,2020,1,5,10\nc,2018,70,2030,2,8,10\nd,2018,90,2050,2,9,10\n";
    input in = open_input(*state, plain, true, true, true, NULL);
    input other = open_input(*state, moved, true, true, true, NULL);
    traffstat_estimate *a = NULL;
    traffstat_estimate *b = NULL;
    assert_ok(*state, solve(*state, &in, &a));
    assert_ok(*state, solve(*state, &other, &b));
    const traffstat_detail *first = traffstat_detail_at(detail(a, "coefficients"), 1);
    const traffstat_detail *second = traffstat_detail_at(detail(b, "coefficients"), 1);
    assert_near(number(second, "estimate"), number(first, "estimate") / 10.0, 1e-6);
    assert_near(row_of(b, TRAFFSTAT_NONE).estimate, row_of(a, TRAFFSTAT_NONE).estimate, 1e-9);
    traffstat_estimate_free(a);
    traffstat_estimate_free(b);
    close_input(&in);
    close_input(&other);
}

/* ---- kinds ----------------------------------------------------------------------------------- */

static void expect_kind(void **state, bool validation, const char *prior, traffstat_kind kind,
                        traffstat_verdict verdict)
{
    input in = open_input(*state, simul1, true, false, validation, prior);
    traffstat_estimate *out = NULL;
    in.how.draws = 200;
    assert_ok(*state, solve(*state, &in, &out));
    assert_int_equal(traffstat_estimate_kind(out), kind);
    assert_int_equal(traffstat_estimate_verdict(out), verdict);
    traffstat_estimate_free(out);
    close_input(&in);
}

static void the_kind_is_that_of_what_carries_the_level(void **state)
{
    expect_kind(state, false, "beta(15,5)", TRAFFSTAT_KIND_SCENARIO, TRAFFSTAT_VERDICT_CAUTION);
    expect_kind(state, true, "beta(15,5)", TRAFFSTAT_KIND_ESTIMATE, TRAFFSTAT_VERDICT_OK);
    expect_kind(state, true, "logitnormal(0.74,0.5)", TRAFFSTAT_KIND_ESTIMATE,
                TRAFFSTAT_VERDICT_OK);
    /* a prior that says more than 400 checks do */
    expect_kind(state, true, "beta(7400,2600)", TRAFFSTAT_KIND_SCENARIO, TRAFFSTAT_VERDICT_CAUTION);
    /* and one that contradicts them */
    expect_kind(state, true, "beta(190,10)", TRAFFSTAT_KIND_ESTIMATE, TRAFFSTAT_VERDICT_CAUTION);
}

/* Where validation carries the level, no sentence may say that nothing can test the rate. */
static void what_is_assumed_is_what_carries_the_level(void **state)
{
    for (int validation = 0; validation < 2; validation++) {
        input in = open_input(*state, simul1, true, false, validation == 1, "beta(15,5)");
        traffstat_estimate *out = NULL;
        bool untested = false;
        bool sampled = false;
        in.how.draws = 200;
        assert_ok(*state, solve(*state, &in, &out));
        for (size_t i = 0; i < traffstat_estimate_assumptions(out); i++) {
            const char *text = traffstat_estimate_assumption(out, i);
            untested = untested || strstr(text, "cannot test it") != NULL;
            sampled = sampled || strstr(text, "400 cases looked up") != NULL;
        }
        assert_int_equal(untested, validation == 0);
        assert_int_equal(sampled, validation == 1);
        traffstat_estimate_free(out);
        close_input(&in);
    }
}

static void a_prior_alone_comes_back_as_it_was(void **state)
{
    input in = open_input(*state, simul1, true, false, false, "beta(8,12)");
    traffstat_estimate *out = NULL;
    traffstat_reporting_basis basis;
    assert_ok(*state, solve(*state, &in, &out));
    assert_ok(*state, traffstat_estimate_basis(out, &basis));
    assert_near(basis.mean, 0.4, 1e-12);
    assert_true(fabs(basis.posterior_mean - 0.4) < 0.02);
    assert_true(fabs(basis.contraction) < 0.1);
    traffstat_estimate_free(out);
    close_input(&in);
}

/* ---- what gets no number --------------------------------------------------------------------- */

static void nothing_that_tells_of_reporting_is_an_error(void **state)
{
    static const char unchecked[] = "place,year,cases,v,m\na,2018,5,,\nb,2018,6,0,0\n";
    input in = open_input(*state, simul1, true, false, false, NULL);
    traffstat_estimate *out = NULL;
    assert_int_equal(solve(*state, &in, &out), TRAFFSTAT_E_PRIOR);
    assert_null(out);
    close_input(&in);
    in = open_input(*state, unchecked, false, false, true, NULL);
    assert_int_equal(solve(*state, &in, &out), TRAFFSTAT_E_PRIOR);
    close_input(&in);
    in = open_input(*state, simul1, true, false, false, "known(0.4)");
    assert_int_equal(solve(*state, &in, &out), TRAFFSTAT_E_ARGUMENT);
    close_input(&in);
}

static void a_direction_is_named_and_refused(void **state)
{
    input in = open_input(*state, simul1, true, true, false, "beta(18,2)");
    traffstat_estimate *out = NULL;
    assert_ok(*state, solve(*state, &in, &out));
    assert_int_equal(traffstat_estimate_verdict(out), TRAFFSTAT_VERDICT_INESTIMABLE);
    const char *reason = traffstat_estimate_row_reason(out, 3, 0);
    assert_non_null(reason);
    assert_non_null(strstr(reason, "rate 1 + reporting 0 + reporting 1 ("));
    assert_non_null(strstr(reason, "reporting 1 is x1"));
    assert_true(isnan(row_of(out, 3).estimate));
    assert_true(isnan(row_of(out, TRAFFSTAT_NONE).estimate));
    traffstat_estimate_free(out);
    close_input(&in);
}

static void checks_in_one_class_do_not_tell_of_another(void **state)
{
    static const char partly[] = "place,year,cases,x1,x2,v,m\na,2018,50,0,0,7,10\nb,2018,40,0,1,,\n"
                                 "c,2018,70,1,0,,\nd,2018,90,1,1,,\n";
    input in = open_input(*state, partly, true, true, true, NULL);
    traffstat_estimate *out = NULL;
    assert_ok(*state, solve(*state, &in, &out));
    assert_int_equal(traffstat_estimate_verdict(out), TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_non_null(strstr(traffstat_estimate_row_reason(out, 0, 0), "reporting 1"));
    traffstat_estimate_free(out);
    close_input(&in);
}

static void few_cases_looked_up_ask_for_caution(void **state)
{
    static const char few[] = "place,year,cases,v,m\na,2018,50,3,4\nb,2018,40,2,4\n";
    static const char alike[] = "place,year,cases,v,m\na,2018,50,30,30\nb,2018,40,20,20\n";
    const char *const files[] = {few, alike};
    for (size_t i = 0; i < 2; i++) {
        input in = open_input(*state, files[i], false, false, true, NULL);
        traffstat_estimate *out = NULL;
        assert_ok(*state, solve(*state, &in, &out));
        assert_int_equal(traffstat_estimate_verdict(out), TRAFFSTAT_VERDICT_CAUTION);
        assert_non_null(strstr(traffstat_estimate_reason(out, 0), "cases looked up"));
        traffstat_estimate_free(out);
        close_input(&in);
    }
}

static void a_column_made_up_of_others_is_named(void **state)
{
    static const char twice[] = "place,year,cases,x1,x2,v,m\na,2018,50,1,2,7,10\n"
                                "b,2018,40,2,4,5,10\nc,2018,44,3,6,5,10\nd,2018,44,4,8,5,10\n";
    input in = open_input(*state, twice, true, false, true, NULL);
    traffstat_estimate *out = NULL;
    assert_int_equal(solve(*state, &in, &out), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "rate 2 is x2"));
    close_input(&in);
}

static void zeros_and_unusable_rows_are_told(void **state)
{
    static const char zeros[] = "place,year,cases,v,m\na,2018,0,7,10\nb,2018,0,8,10\n";
    static const char holes[] = "place,year,cases,x1,x2,v,m\na,2018,50,0,1,7,10\na,2019,,0,1,,\n"
                                "b,2018,40,1,2,6,10\nc,2018,<5,1,1,9,10\nd,2018,2+,0,2,4,10\n";
    input in = open_input(*state, zeros, false, false, true, NULL);
    traffstat_estimate *out = NULL;
    assert_ok(*state, solve(*state, &in, &out));
    assert_int_equal(traffstat_estimate_verdict(out), TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_non_null(strstr(traffstat_estimate_row_reason(out, 0, 0), "no count is above zero"));
    traffstat_estimate_free(out);
    close_input(&in);
    in = open_input(*state, holes, true, false, true, NULL);
    assert_ok(*state, solve(*state, &in, &out));
    assert_int_equal(row_of(out, 1).verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_int_equal(row_of(out, 3).verdict, TRAFFSTAT_VERDICT_OK);
    assert_true(row_of(out, 3).lower >= 0.0);
    assert_true(row_of(out, 3).estimate > 0.0);
    assert_true(row_of(out, 4).lower >= 2.0);
    assert_true(row_of(out, 0).lower >= 50.0);
    traffstat_estimate_free(out);
    in.how.engine = TRAFFSTAT_POGIT_ML; /* a count without an upper end has no likeliest rate */
    assert_ok(*state, solve(*state, &in, &out));
    assert_int_equal(traffstat_estimate_verdict(out), TRAFFSTAT_VERDICT_INESTIMABLE);
    traffstat_estimate_free(out);
    close_input(&in);
}

static void covariates_of_another_panel_are_refused(void **state)
{
    input in = open_input(*state, simul1, true, true, true, NULL);
    input other = open_input(*state, one, false, false, true, NULL);
    traffstat_estimate *out = NULL;
    assert_int_equal(traffstat_pogit_panel(*state, other.panel, in.rate, NULL, other.validation,
                                           NULL, NULL, &out),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_pogit_panel(*state, in.panel, in.rate, NULL, in.report, NULL, NULL, &out),
        TRAFFSTAT_E_ARGUMENT);
    in.how.rate_sd = -1.0;
    assert_int_equal(solve(*state, &in, &out), TRAFFSTAT_E_ARGUMENT);
    assert_null(out);
    close_input(&in);
    close_input(&other);
}

/* ---- memory, threads ------------------------------------------------------------------------- */

static traffstat_status try_panel(traffstat_ctx *ctx, void *arg)
{
    const input *in = arg;
    traffstat_estimate *out = NULL;
    const traffstat_status status = solve(ctx, in, &out);
    traffstat_estimate_free(out);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    input in = open_input(*state, one, false, false, true, "beta(9,1)");
    in.how.draws = 100;
    assert_true(support_try_every_allocation(try_panel, &in) > 40);
    in.how.engine = TRAFFSTAT_POGIT_ML;
    assert_true(support_try_every_allocation(try_panel, &in) > 40);
    close_input(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(validation_carries_an_estimate),
        cmocka_unit_test(maximum_likelihood_is_that_of_the_fit),
        cmocka_unit_test(one_count_has_the_exact_answer_of_its_checks),
        cmocka_unit_test(the_unit_of_a_column_does_not_matter),
        cmocka_unit_test(the_kind_is_that_of_what_carries_the_level),
        cmocka_unit_test(what_is_assumed_is_what_carries_the_level),
        cmocka_unit_test(a_prior_alone_comes_back_as_it_was),
        cmocka_unit_test(nothing_that_tells_of_reporting_is_an_error),
        cmocka_unit_test(a_direction_is_named_and_refused),
        cmocka_unit_test(checks_in_one_class_do_not_tell_of_another),
        cmocka_unit_test(few_cases_looked_up_ask_for_caution),
        cmocka_unit_test(a_column_made_up_of_others_is_named),
        cmocka_unit_test(zeros_and_unusable_rows_are_told),
        cmocka_unit_test(covariates_of_another_panel_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
