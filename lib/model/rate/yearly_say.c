/* What is said of one series, as members of an object: change, trend, joinpoints, tests. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/rate/yearly.h"

#include <traffstat/joinpoint.h>

#define EXACT_TREND 4000.0 /* cases times length of the conditional test: its cost is the square */
#define ALIKE 0.05         /* p of neighbouring residuals: below, intervals are too narrow */
#define BENT 0.05          /* p of the bend: below, one line does not describe the series */
#define SEN_YEARS 1000
#define CURVE_YEARS 5
#define PETTITT_YEARS 4
#define MULTIPLIED                                                                                 \
    0.1 /* share of cases in counts with a divisor in common: above, tests may fail */

typedef traffstat_i_account_of_series account;

static traffstat_status caution(const account *of, const char *reason)
{
    return of->top ? traffstat_i_estimate_reason(of->estimate, TRAFFSTAT_VERDICT_CAUTION, reason)
                   : TRAFFSTAT_OK;
}

static void text_of(traffstat_detail *object, const char *name, const char *text)
{
    traffstat_i_detail_text(object, name, text[0] != '\0' ? text : NULL);
}

/* ---- change ---------------------------------------------------------------------------------- */

static void say_two_sided(traffstat_ctx *ctx, traffstat_detail *in, const traffstat_change *change,
                          const char *name, int32_t method, int32_t midp)
{
    traffstat_exact_options options;
    traffstat_exact_result got;
    traffstat_exact_options_init(&options, sizeof options);
    options.method = method;
    options.midp = midp;
    options.level = change->level;
    if (traffstat_ratio_exact(ctx, change->first_count, change->first_exposure,
                              change->second_count, change->second_exposure, &options,
                              &got) == TRAFFSTAT_OK) {
        traffstat_detail *object = traffstat_i_detail_object(in, name);
        traffstat_i_detail_number(object, "p", got.p);
        traffstat_i_detail_number(object, "lower", got.lower);
        traffstat_i_detail_number(object, "upper", got.upper);
    } else {
        traffstat_i_detail_none(in, name);
    }
}

static void say_detectable(traffstat_detail *in, const traffstat_change *change)
{
    char words[TRAFFSTAT_I_REASON_SIZE];
    char fewer[64] = "no count is low enough";
    if (change->fewer >= 0) {
        (void) snprintf(fewer, sizeof fewer, "%lld or fewer", (long long) change->fewer);
    }
    traffstat_detail *object = traffstat_i_detail_object(in, "detectable");
    if (change->fewer >= 0) {
        traffstat_i_detail_integer(object, "fewer", change->fewer);
    } else {
        traffstat_i_detail_none(object, "fewer");
    }
    traffstat_i_detail_number(object, "fewer_p", change->fewer_p);
    if (change->more != TRAFFSTAT_NO_UPPER) {
        traffstat_i_detail_integer(object, "more", change->more);
    } else {
        traffstat_i_detail_none(object, "more");
    }
    traffstat_i_detail_number(object, "more_p", change->more_p);
    (void) snprintf(words, sizeof words,
                    "against %lld in %d, a count in %d would differ from %lld upward; downward: %s",
                    (long long) change->first_count, (int) change->first_year,
                    (int) change->second_year, (long long) change->more, fewer);
    traffstat_i_detail_text(object, "words", words);
}

static void say_difference(traffstat_ctx *ctx, traffstat_detail *in, const traffstat_change *change,
                           double per)
{
    traffstat_interval ends = {change->level, NAN, NAN};
    traffstat_detail *object = traffstat_i_detail_object(in, "difference");
    const bool people = change->first_exposure != 1.0 || change->second_exposure != 1.0;
    const double scale = people ? per : 1.0;
    const double first = (double) change->first_count / change->first_exposure;
    const double second = (double) change->second_count / change->second_exposure;
    double p = NAN;
    traffstat_status status = traffstat_rate_difference(
        ctx, TRAFFSTAT_POISSON_GARWOOD, change->first_count, change->first_exposure / scale,
        change->second_count, change->second_exposure / scale, change->level, &ends);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_etest(ctx, change->first_count, change->first_exposure,
                                 change->second_count, change->second_exposure, &p);
    }
    if (status == TRAFFSTAT_E_NOMEM) {
        traffstat_i_detail_out_of_memory(in);
    } else if (status != TRAFFSTAT_OK) {
        p = NAN; /* counts past 1e9: the ratio answers */
    }
    traffstat_i_detail_number(object, "estimate", (second - first) * scale);
    traffstat_i_detail_number(object, "lower", ends.lower);
    traffstat_i_detail_number(object, "upper", ends.upper);
    traffstat_i_detail_number(object, "per", scale);
    traffstat_i_detail_number(object, "etest_p", p);
}

static void write_change(traffstat_ctx *ctx, traffstat_detail *parent,
                         const traffstat_change *change, const account *of)
{
    traffstat_detail *object = traffstat_i_detail_object(parent, "change");
    traffstat_i_detail_integer(object, "first_year", change->first_year);
    traffstat_i_detail_integer(object, "second_year", change->second_year);
    traffstat_i_detail_integer(object, "first_count", change->first_count);
    traffstat_i_detail_integer(object, "second_count", change->second_count);
    traffstat_i_detail_number(object, "first_exposure", change->first_exposure);
    traffstat_i_detail_number(object, "second_exposure", change->second_exposure);
    traffstat_i_detail_number(object, "ratio", change->ratio);
    traffstat_i_detail_number(object, "lower", change->lower);
    traffstat_i_detail_number(object, "upper", change->upper);
    traffstat_i_detail_number(object, "p", change->p);
    traffstat_i_detail_number(object, "level", change->level);
    say_detectable(object, change);
    say_difference(ctx, object, change, of->options->per);
    say_two_sided(ctx, object, change, "midp", TRAFFSTAT_EXACT_CENTRAL, 1);
    say_two_sided(ctx, object, change, "minlike", TRAFFSTAT_EXACT_MINLIKE, 0);
    say_two_sided(ctx, object, change, "blaker", TRAFFSTAT_EXACT_BLAKER, 0);
}

/* *found: the two years could be compared. */
static traffstat_status say_change(traffstat_ctx *ctx, const account *of, traffstat_change *change,
                                   bool *found)
{
    const traffstat_trend_options *options = of->options;
    const int32_t years[2] = {options->first_year, options->second_year};
    const traffstat_status status =
        traffstat_i_rate_change(ctx, of->panel, of->series, years, options->level,
                                traffstat_i_over_places(of->panel, of->series), change);
    *found = status == TRAFFSTAT_OK;
    if (*found) {
        write_change(ctx, of->object, change, of);
        traffstat_i_detail_none(of->object, "change_reason");
        return TRAFFSTAT_OK;
    }
    if (status != TRAFFSTAT_E_NODATA && status != TRAFFSTAT_E_ARGUMENT) {
        return status;
    }
    char reason[TRAFFSTAT_I_REASON_SIZE];
    (void) snprintf(reason, sizeof reason, "%s", traffstat_ctx_message(ctx));
    traffstat_i_detail_none(of->object, "change");
    traffstat_i_detail_text(of->object, "change_reason", reason);
    return caution(of, reason);
}

/* ---- trend ----------------------------------------------------------------------------------- */

void traffstat_i_detail_slope(traffstat_detail *object, const traffstat_i_slope *slope)
{
    traffstat_i_detail_number(object, "apc", traffstat_i_apc(slope->slope));
    traffstat_i_detail_number(object, "lower", traffstat_i_apc(slope->lower));
    traffstat_i_detail_number(object, "upper", traffstat_i_apc(slope->upper));
    traffstat_i_detail_number(object, "p", slope->p);
    traffstat_i_detail_text(object, "model", traffstat_family_name(slope->family));
}

static void say_exact(traffstat_ctx *ctx, traffstat_detail *parent, const traffstat_i_yearly *years)
{
    traffstat_poisson_trend_result got;
    const traffstat_status status =
        years->exact ? traffstat_i_poisson_trend(ctx, years->years, years->lower, years->exposure,
                                                 years->n, years->years[0], EXACT_TREND, &got)
                     : TRAFFSTAT_E_NODATA;
    if (status != TRAFFSTAT_OK) {
        if (status == TRAFFSTAT_E_NOMEM) {
            traffstat_i_detail_out_of_memory(parent);
        }
        traffstat_i_detail_none(parent, "conditional");
        return;
    }
    traffstat_detail *object = traffstat_i_detail_object(parent, "conditional");
    traffstat_i_detail_number(object, "statistic", got.statistic);
    traffstat_i_detail_number(object, "mean", got.mean);
    traffstat_i_detail_number(object, "variance", got.variance);
    traffstat_i_detail_number(object, "z", got.z);
    traffstat_i_detail_number(object, "p", got.p);
    traffstat_i_detail_number(object, "p_lower", got.p_lower);
    traffstat_i_detail_number(object, "p_upper", got.p_upper);
    traffstat_i_detail_flag(object, "exact", got.exact != 0);
}

static void write_model(traffstat_detail *list, const traffstat_regression *fit)
{
    traffstat_coefficient slope;
    traffstat_regression_summary sum;
    if (traffstat_regression_coefficient(fit, 1, &slope) != TRAFFSTAT_OK ||
        traffstat_regression_get(fit, &sum) != TRAFFSTAT_OK) {
        return;
    }
    traffstat_detail *object = traffstat_i_detail_object(list, NULL);
    traffstat_i_detail_text(object, "model", traffstat_family_name(fit->options.family));
    traffstat_i_detail_number(object, "apc", traffstat_i_apc(slope.estimate));
    traffstat_i_detail_number(object, "lower", traffstat_i_apc(slope.lower));
    traffstat_i_detail_number(object, "upper", traffstat_i_apc(slope.upper));
    traffstat_i_detail_number(object, "p", slope.p);
    traffstat_i_detail_number(object, "robust_lower", traffstat_i_apc(slope.robust_lower));
    traffstat_i_detail_number(object, "robust_upper", traffstat_i_apc(slope.robust_upper));
    traffstat_i_detail_number(object, "dispersion", sum.dispersion);
    traffstat_i_detail_number(object, "theta", sum.theta);
    traffstat_i_detail_number(object, "aic", sum.aic);
    traffstat_i_detail_number(object, "bic", sum.bic);
    text_of(object, "note", traffstat_regression_reason(fit));
}

static traffstat_status say_models(traffstat_ctx *ctx, traffstat_detail *parent,
                                   const traffstat_i_yearly *years, double level)
{
    traffstat_detail *list = traffstat_i_detail_list(parent, "models");
    for (int32_t family = 0; family <= TRAFFSTAT_FAMILY_NEGBIN; family++) {
        traffstat_regression *fit = NULL;
        if (family == TRAFFSTAT_FAMILY_QUASIPOISSON && !years->exact) {
            continue;
        }
        const traffstat_status status = traffstat_i_yearly_fit(ctx, years, 2, family, level, &fit);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        write_model(list, fit);
        traffstat_regression_free(fit);
    }
    return TRAFFSTAT_OK;
}

/* Does the line bend? Of the square of time, under the headline's family. */
static traffstat_status say_bend(traffstat_ctx *ctx, const account *of, traffstat_detail *parent,
                                 const traffstat_i_yearly *years, const traffstat_i_slope *slope)
{
    traffstat_coefficient square = {.estimate = NAN, .error = NAN, .p = NAN};
    traffstat_regression *fit = NULL;
    if (years->n >= CURVE_YEARS && !isnan(slope->slope)) {
        const traffstat_status status =
            traffstat_i_yearly_fit(ctx, years, 3, slope->family, of->options->level, &fit);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    if (fit == NULL || traffstat_regression_coefficient(fit, 2, &square) != TRAFFSTAT_OK ||
        isnan(square.p)) {
        traffstat_i_detail_none(parent, "quadratic");
    } else {
        traffstat_detail *object = traffstat_i_detail_object(parent, "quadratic");
        traffstat_i_detail_number(object, "estimate", square.estimate);
        traffstat_i_detail_number(object, "error", square.error);
        traffstat_i_detail_number(object, "p", square.p);
    }
    traffstat_regression_free(fit);
    return square.p < BENT ? caution(of, "one straight line does not describe the series (p of a "
                                         "bend below 0.05): see the joinpoints")
                           : TRAFFSTAT_OK;
}

static traffstat_status say_trend(traffstat_ctx *ctx, const account *of,
                                  const traffstat_i_yearly *years, const traffstat_i_slope *slope)
{
    if (!slope->known) {
        traffstat_i_detail_none(of->object, "trend");
        traffstat_i_detail_text(of->object, "trend_reason", slope->reason);
        return caution(of, slope->reason);
    }
    traffstat_detail *object = traffstat_i_detail_object(of->object, "trend");
    traffstat_i_detail_slope(object, slope);
    traffstat_i_detail_number(object, "slope", slope->slope);
    traffstat_i_detail_number(object, "error", slope->error);
    traffstat_i_detail_number(object, "dispersion", slope->dispersion);
    traffstat_i_detail_number(object, "profile_lower", traffstat_i_apc(slope->profile_lower));
    traffstat_i_detail_number(object, "profile_upper", traffstat_i_apc(slope->profile_upper));
    traffstat_i_detail_number(object, "robust_lower", traffstat_i_apc(slope->robust_lower));
    traffstat_i_detail_number(object, "robust_upper", traffstat_i_apc(slope->robust_upper));
    traffstat_i_detail_integer(object, "first_year", years->years[0]);
    traffstat_i_detail_integer(object, "last_year", years->years[years->n - 1]);
    traffstat_i_detail_integer(object, "years", (int64_t) years->n);
    traffstat_status status = say_models(ctx, object, years, of->options->level);
    if (status == TRAFFSTAT_OK) {
        status = say_bend(ctx, of, object, years, slope);
    }
    text_of(of->object, "trend_reason", slope->reason);
    if (status == TRAFFSTAT_OK && slope->reason[0] != '\0') {
        status = caution(of, slope->reason);
    }
    return status;
}

/* ---- joinpoints ------------------------------------------------------------------------------ */

static void write_segments(traffstat_detail *parent, const traffstat_joinpoint *fit, size_t k)
{
    traffstat_detail *list = traffstat_i_detail_list(parent, "segments");
    traffstat_joinpoint_segment segment;
    for (size_t i = 0; traffstat_joinpoint_segment_get(fit, k, i, &segment) == TRAFFSTAT_OK; i++) {
        traffstat_detail *object = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_number(object, "from", segment.from);
        traffstat_i_detail_number(object, "to", segment.to);
        traffstat_i_detail_number(object, "apc", segment.apc);
        traffstat_i_detail_number(object, "lower", segment.apc_lower);
        traffstat_i_detail_number(object, "upper", segment.apc_upper);
        traffstat_i_detail_number(object, "p", segment.p);
    }
}

static void write_joinpoints(traffstat_detail *parent, const traffstat_joinpoint *fit,
                             const traffstat_i_yearly *years, const char *selection)
{
    const size_t k = traffstat_joinpoint_chosen(fit);
    traffstat_detail *object = traffstat_i_detail_object(parent, "joinpoints");
    traffstat_i_detail_integer(object, "count", (int64_t) k);
    traffstat_i_detail_integer(object, "most", (int64_t) traffstat_joinpoint_most(fit));
    traffstat_i_detail_text(object, "selection", selection);
    traffstat_detail *list = traffstat_i_detail_list(object, "positions");
    traffstat_joinpoint_knot knot;
    for (size_t i = 0; traffstat_joinpoint_knot_get(fit, k, i, &knot) == TRAFFSTAT_OK; i++) {
        traffstat_detail *at = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_number(at, "year", knot.position);
        traffstat_i_detail_number(at, "lower", knot.lower);
        traffstat_i_detail_number(at, "upper", knot.upper);
    }
    write_segments(object, fit, k);
    traffstat_joinpoint_average average;
    if (traffstat_joinpoint_average_get(fit, k, years->times[0], years->times[years->n - 1],
                                        &average) == TRAFFSTAT_OK) {
        traffstat_detail *mean = traffstat_i_detail_object(object, "aapc");
        traffstat_i_detail_number(mean, "apc", average.apc);
        traffstat_i_detail_number(mean, "lower", average.lower);
        traffstat_i_detail_number(mean, "upper", average.upper);
        traffstat_i_detail_number(mean, "p", average.p);
    }
}

static traffstat_status say_joinpoints(traffstat_ctx *ctx, const account *of,
                                       const traffstat_i_yearly *years,
                                       const traffstat_i_slope *slope)
{
    traffstat_joinpoint_options options;
    traffstat_joinpoint *fit = NULL;
    traffstat_joinpoint_options_init(&options, sizeof options);
    options.selection =
        of->thorough ? TRAFFSTAT_JOINPOINT_BY_PERMUTATION : TRAFFSTAT_JOINPOINT_BY_BIC;
    options.max_joinpoints = of->options->max_joinpoints;
    options.level = fmin(fmax(of->options->level, 0.01), 0.9999);
    options.overdispersed = slope->dispersion > 1.0;
    const char *reason = !slope->known         ? slope->reason
                         : !years->exact       ? "joinpoints are sought among exact counts only"
                         : isnan(slope->slope) ? slope->reason
                                               : NULL;
    if (reason == NULL) {
        const traffstat_status status = traffstat_joinpoint_fit(
            ctx, years->times, years->lower, years->exposure, NULL, years->n, &options, &fit);
        if (status != TRAFFSTAT_OK && status != TRAFFSTAT_E_NODATA &&
            status != TRAFFSTAT_E_ARGUMENT && status != TRAFFSTAT_E_NUMERIC) {
            return status;
        }
        reason = status == TRAFFSTAT_OK ? NULL : traffstat_ctx_message(ctx);
    }
    if (reason == NULL) {
        write_joinpoints(of->object, fit, years, of->thorough ? "permutation" : "bic");
    } else {
        traffstat_i_detail_none(of->object, "joinpoints");
    }
    traffstat_i_detail_text(of->object, "joinpoints_reason", reason);
    traffstat_joinpoint_free(fit);
    return TRAFFSTAT_OK;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void say_kendall(traffstat_detail *tests, const double *rates, size_t n)
{
    traffstat_mann_kendall_result got;
    traffstat_i_mann_kendall(rates, n, &got);
    traffstat_detail *object = traffstat_i_detail_object(tests, "mann_kendall");
    traffstat_i_detail_integer(object, "S", got.score);
    traffstat_i_detail_number(object, "var", got.variance);
    traffstat_i_detail_number(object, "z", got.z);
    traffstat_i_detail_number(object, "p", got.p);
    traffstat_i_detail_number(object, "tau", got.tau);
    traffstat_i_detail_number(object, "p_normal", got.p_normal);
    traffstat_i_detail_flag(object, "exact", got.exact != 0);
}

static traffstat_status say_sen(traffstat_ctx *ctx, traffstat_detail *tests,
                                const traffstat_i_yearly *years, const double *rates,
                                const account *of)
{
    traffstat_sen_result got = {NAN, NAN, NAN};
    const double scale = years->population ? of->options->per : 1.0;
    if (years->n <= SEN_YEARS) {
        const traffstat_status status =
            traffstat_i_sen_slope(ctx, years->times, rates, years->n, of->options->level, &got);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    traffstat_detail *object = traffstat_i_detail_object(tests, "sen");
    traffstat_i_detail_number(object, "slope", got.slope * scale);
    traffstat_i_detail_number(object, "lower", got.lower * scale);
    traffstat_i_detail_number(object, "upper", got.upper * scale);
    return TRAFFSTAT_OK;
}

static void say_one_test(traffstat_detail *tests, const char *name, const char *statistic,
                         const traffstat_series_test *got, const traffstat_i_yearly *years)
{
    traffstat_detail *object = traffstat_i_detail_object(tests, name);
    traffstat_i_detail_number(object, statistic, got->statistic);
    traffstat_i_detail_number(object, "p", got->p);
    if (got->position > 0 && got->statistic != 0.0) { /* 0: no year stands out */
        traffstat_i_detail_integer(object, "last_year_before", years->years[got->position - 1]);
    }
}

static traffstat_status write_tests(traffstat_ctx *ctx, const account *of,
                                    const traffstat_i_yearly *years, double *rates)
{
    traffstat_series_test test;
    traffstat_detail *tests = traffstat_i_detail_object(of->object, "tests");
    say_kendall(tests, rates, years->n);
    const traffstat_status status = say_sen(ctx, tests, years, rates, of);
    if (years->n >= PETTITT_YEARS) {
        traffstat_i_pettitt(rates, years->n, &test);
        say_one_test(tests, "pettitt", "K", &test, years);
    }
    if (traffstat_cox_stuart(ctx, rates, years->n, &test) == TRAFFSTAT_OK) {
        say_one_test(tests, "cox_stuart", "z", &test, years);
    }
    if (traffstat_bartels(ctx, rates, years->n, &test) == TRAFFSTAT_OK) {
        say_one_test(tests, "bartels", "ratio", &test, years);
    }
    if (years->cases > 0.0) {
        say_exact(ctx, tests, years);
    }
    return status;
}

static traffstat_status say_tests(traffstat_ctx *ctx, const account *of,
                                  const traffstat_i_yearly *years)
{
    if (years->n < TRAFFSTAT_I_TREND_YEARS || !years->exact) {
        traffstat_i_detail_none(of->object, "tests");
        return TRAFFSTAT_OK;
    }
    double *rates = traffstat_i_alloc(ctx, years->n, sizeof *rates);
    if (rates == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < years->n; i++) {
        rates[i] = years->lower[i] / years->exposure[i];
    }
    const traffstat_status status = write_tests(ctx, of, years, rates);
    traffstat_i_free(ctx, rates);
    return status;
}

/* Are residuals of neighbouring years alike? Ljung & Box's test of the first lag. */
static traffstat_status say_autocorrelation(traffstat_ctx *ctx, const account *of,
                                            const traffstat_i_yearly *years,
                                            const traffstat_i_slope *slope)
{
    traffstat_regression *fit = NULL;
    if (!slope->known || !years->exact || years->n < CURVE_YEARS || isnan(slope->slope)) {
        traffstat_i_detail_none(of->object, "autocorrelation");
        return TRAFFSTAT_OK;
    }
    const traffstat_status status =
        traffstat_i_yearly_fit(ctx, years, 2, TRAFFSTAT_FAMILY_POISSON, of->options->level, &fit);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double squares = 0.0;
    double products = 0.0;
    for (size_t i = 0; i < years->n; i++) {
        const double now = traffstat_regression_residual(fit, i);
        squares += now * now;
        if (i > 0 && years->years[i] == years->years[i - 1] + 1) {
            products += now * traffstat_regression_residual(fit, i - 1);
        }
    }
    traffstat_regression_free(fit);
    const double n = (double) years->n;
    const double r = squares > 0.0 ? products / squares : (double) NAN;
    const double p = gsl_cdf_chisq_Q(n * (n + 2.0) * r * r / (n - 1.0), 1.0);
    traffstat_detail *object = traffstat_i_detail_object(of->object, "autocorrelation");
    traffstat_i_detail_number(object, "r", r);
    traffstat_i_detail_number(object, "p", p);
    return r > 0.0 && p < ALIKE
               ? caution(of, "neighbouring years are alike beyond the trend (p of the "
                             "autocorrelation below 0.05), so its interval is too narrow")
               : TRAFFSTAT_OK;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* A sum whose places are not the same in all years mixes what happened with who reported it. */
static traffstat_status caution_places(const account *of, const traffstat_i_coverage *coverage)
{
    char reason[TRAFFSTAT_I_REASON_SIZE];
    const size_t last = coverage->years - 1;
    const int32_t *years = coverage->each.years.years;
    if (coverage->places[0] != coverage->places[last]) {
        (void) snprintf(reason, sizeof reason,
                        "the number of places that reported went from %zu in %d to %zu in %d: the "
                        "sum mixes crime with reporting (see coverage_change)",
                        coverage->places[0], (int) years[0], coverage->places[last],
                        (int) years[last]);
    } else if (coverage->fewest != coverage->most) {
        (void) snprintf(reason, sizeof reason,
                        "the number of places that reported varied between %zu and %zu: the sum "
                        "mixes crime with reporting (see coverage_change)",
                        coverage->fewest, coverage->most);
    } else {
        (void) snprintf(reason, sizeof reason,
                        "the places that reported are not the same in all years (%zu began, %zu "
                        "stopped): the sum mixes crime with reporting (see coverage_change)",
                        coverage->all_began, coverage->all_stopped);
    }
    return caution(of, reason);
}

static traffstat_status caution_coverage(const account *of, const traffstat_i_coverage *coverage)
{
    char reason[TRAFFSTAT_I_REASON_SIZE];
    traffstat_status status = coverage->varies ? caution_places(of, coverage) : TRAFFSTAT_OK;
    if (status == TRAFFSTAT_OK && coverage->varies && coverage->known && !coverage->zeros) {
        status =
            caution(of, "no place has a count of 0: where a file leaves out places that counted "
                        "none, their number is itself a part of what changed, and a constant "
                        "set favours places with many cases");
    }
    if (status == TRAFFSTAT_OK && coverage->lacking > 0) {
        (void) snprintf(reason, sizeof reason,
                        "%zu of the counts that were summed %s a part or cover%s a part of the "
                        "year: the sums are too low there",
                        coverage->lacking, coverage->lacking == 1 ? "lacks" : "lack",
                        coverage->lacking == 1 ? "s" : "");
        status = caution(of, reason);
    }
    return status;
}

static traffstat_status say_coverage(const account *of, const traffstat_i_coverage *coverage,
                                     const traffstat_i_yearly *years,
                                     const traffstat_change *change, const traffstat_i_slope *slope)
{
    traffstat_i_part_sum all = {.places = coverage->ever,
                                .years = *years,
                                .slope = *slope,
                                .compared = change != NULL,
                                .reason = "see change_reason"};
    if (change != NULL) {
        all.change = *change;
    }
    traffstat_i_detail_coverage(of->object, coverage, &all);
    return caution_coverage(of, coverage);
}

/* ---- the series ------------------------------------------------------------------------------ */

static traffstat_status say_years(const account *of, const traffstat_i_yearly *years)
{
    char reason[TRAFFSTAT_I_REASON_SIZE];
    traffstat_detail *object = traffstat_i_detail_object(of->object, "years");
    traffstat_i_detail_integer(object, "used", (int64_t) years->n);
    traffstat_i_detail_integer(object, "left_out", (int64_t) years->left_out);
    if (years->since != 0) {
        traffstat_i_detail_integer(object, "since_break", years->since);
    } else {
        traffstat_i_detail_none(object, "since_break");
    }
    traffstat_i_detail_flag(object, "population", years->population);
    traffstat_i_detail_flag(object, "exact", years->exact);
    if (years->left_out == 0) {
        return TRAFFSTAT_OK;
    }
    (void) snprintf(reason, sizeof reason,
                    "%zu %s left out of the trend: before a break, not reported, negative, "
                    "with a part missing or of a part of the year",
                    years->left_out, years->left_out == 1 ? "year was" : "years were");
    return caution(of, reason);
}

/* Adds the cases of a series, and those in counts that share a divisor beyond chance. */
static void add_flagged(const traffstat_panel *panel, size_t series, double *all, double *flagged)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    for (size_t row = first; row < end; row++) {
        const double cases = (double) traffstat_panel_lowers(panel)[row];
        const uint32_t flags = traffstat_panel_flags(panel)[row];
        *all += cases;
        *flagged += (flags & (uint32_t) TRAFFSTAT_FLAG_COMMON_DIVISOR) != 0 ? cases : 0.0;
    }
}

/* Are these enough of the series to doubt its tests? */
static bool is_multiplied(const account *of)
{
    const size_t *into = NULL;
    const traffstat_panel *parts = traffstat_i_panel_parts(of->panel, &into);
    double all = 0.0;
    double flagged = 0.0;
    if (parts == NULL) {
        add_flagged(of->panel, of->series, &all, &flagged);
    }
    for (size_t i = 0; i < traffstat_panel_series(parts); i++) {
        if (into[i] == of->series) {
            add_flagged(parts, i, &all, &flagged);
        }
    }
    return flagged > MULTIPLIED * all;
}

static traffstat_status say_sentence(traffstat_ctx *ctx, const account *of,
                                     const traffstat_i_told *told)
{
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    traffstat_i_say_trend(&text, told);
    traffstat_i_detail_text(of->object, "sentence", traffstat_i_text_get(&text));
    const traffstat_status status = text.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    traffstat_i_text_clear(&text);
    return status;
}

/* What stands after the change and the trend: bends, tests, places, the sentence. */
static traffstat_status say_rest(traffstat_ctx *ctx, const account *of,
                                 const traffstat_i_yearly *years, const traffstat_change *change,
                                 const traffstat_i_slope *slope)
{
    traffstat_i_coverage coverage;
    traffstat_status status = say_joinpoints(ctx, of, years, slope);
    if (status == TRAFFSTAT_OK) {
        status = say_tests(ctx, of, years);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_autocorrelation(ctx, of, years, slope);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    status = traffstat_i_coverage_read(ctx, of->panel, of->series, years, change,
                                       of->options->level, &coverage);
    if (status == TRAFFSTAT_OK) {
        status = say_coverage(of, &coverage, years, change, slope);
    }
    if (status == TRAFFSTAT_OK) {
        const traffstat_i_told told = {
            of->panel,          of->series,       years, change, slope, &coverage,
            of->options->level, is_multiplied(of)};
        status = say_sentence(ctx, of, &told);
    }
    traffstat_i_coverage_free(ctx, &coverage);
    return status;
}

static traffstat_status say_all(traffstat_ctx *ctx, const account *of,
                                const traffstat_i_yearly *years)
{
    traffstat_change change;
    traffstat_i_slope slope = {0};
    bool compared = false;
    traffstat_status status = say_years(of, years);
    if (status == TRAFFSTAT_OK) {
        status = say_change(ctx, of, &change, &compared);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_yearly_slope(ctx, years, of->options->level, of->thorough, &slope);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_trend(ctx, of, years, &slope);
    }
    return status == TRAFFSTAT_OK ? say_rest(ctx, of, years, compared ? &change : NULL, &slope)
                                  : status;
}

traffstat_status traffstat_i_say_series(traffstat_ctx *ctx, const traffstat_i_account_of_series *of)
{
    traffstat_i_yearly years;
    traffstat_status status = traffstat_i_yearly_read(ctx, of->panel, of->series, &years);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    status = say_all(ctx, of, &years);
    traffstat_i_yearly_free(ctx, &years);
    return status;
}
