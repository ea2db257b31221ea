/* The public face of joinpoints: settings, choice, what a fit says. */
#include "model/rate/joinpoint.h"

#include <math.h>
#include <string.h>

#define N_MAX 1000 /* tables grow with its square */
#define PLACINGS_MAX 1e12

/* ---- settings -------------------------------------------------------------------------------- */

static traffstat_joinpoint_options defaults(void)
{
    return (traffstat_joinpoint_options){.struct_size = sizeof(traffstat_joinpoint_options),
                                         .family = TRAFFSTAT_JOINPOINT_POISSON,
                                         .selection = TRAFFSTAT_JOINPOINT_BY_PERMUTATION,
                                         .search = TRAFFSTAT_JOINPOINT_GRID,
                                         .max_joinpoints = -1,
                                         .min_end = 2,
                                         .min_between = 2,
                                         .permutations = 4499,
                                         .alpha = 0.05,
                                         .level = 0.95};
}

void traffstat_joinpoint_options_init(traffstat_joinpoint_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    traffstat_joinpoint_options filled = defaults();
    filled.struct_size = struct_size;
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static bool in_range(int32_t value, int32_t least, int32_t most)
{
    return value >= least && value <= most;
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_joinpoint_options *given,
                                      traffstat_joinpoint_options *out)
{
    *out = defaults();
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const char *wrong = NULL;
    if (!in_range(out->family, 0, 2) || !in_range(out->selection, 0, 1) ||
        !in_range(out->search, 0, 1) || !in_range(out->overdispersed, 0, 1)) {
        wrong = "family must be 0 to 2; selection, search and overdispersed 0 or 1";
    } else if (!in_range(out->max_joinpoints, -1, TRAFFSTAT_I_KNOTS)) {
        wrong = "max_joinpoints must lie between 0 and 8, or be -1";
    } else if (!in_range(out->min_end, 1, 1000) || !in_range(out->min_between, 0, 1000)) {
        wrong = "min_end must lie between 1 and 1000, min_between between 0 and 1000";
    } else if (!in_range(out->permutations, 99, 1000000)) {
        wrong = "permutations must lie between 99 and 1000000";
    } else if (!(out->alpha >= 1e-6 && out->alpha <= 0.5)) {
        wrong = "alpha must lie between 0.000001 and 0.5";
    } else if (!(out->level >= 0.01 && out->level <= 0.9999)) {
        wrong = "level must lie between 0.01 and 0.9999";
    } else if (out->reserved != 0) {
        wrong = "the reserved option must be 0";
    }
    return wrong == NULL ? TRAFFSTAT_OK : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s", wrong);
}

/* As many as the series bears: by the number of years where none is asked for, and no more than
 * can be placed and leave two degrees of freedom. */
static size_t most_joinpoints(const traffstat_joinpoint_options *options, size_t n)
{
    size_t most = (size_t) options->max_joinpoints;
    if (options->max_joinpoints < 0) {
        most = n < 7 ? 0 : n < 12 ? 1 : 2;
    }
    while (most > 0 && (n < 2 * (most + 1) + 1 ||
                        !traffstat_i_hinge_fits(n, (size_t) options->min_end,
                                                (size_t) options->min_between + 1, most))) {
        most--;
    }
    return most;
}

/* ---- the series ------------------------------------------------------------------------------ */

typedef struct given {
    const double *times;
    const double *cases;
    const double *exposure;
    const double *weights;
    size_t n;
} given;

static traffstat_status refuse(traffstat_ctx *ctx, const char *what, size_t i)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "observation %zu: %s", i + 1, what);
}

static traffstat_status check_one(traffstat_ctx *ctx, const given *data, int32_t family, size_t i)
{
    if (!isfinite(data->times[i]) || (i > 0 && !(data->times[i] > data->times[i - 1]))) {
        return refuse(ctx, "times must rise", i);
    }
    if (!(data->cases[i] >= 0.0 && isfinite(data->cases[i]))) {
        return refuse(ctx, "a count must be 0 or more, and finite", i);
    }
    if (data->exposure != NULL && !(data->exposure[i] > 0.0 && isfinite(data->exposure[i]))) {
        return refuse(ctx, "exposure must be positive and finite", i);
    }
    if (family == TRAFFSTAT_JOINPOINT_BINOMIAL && data->cases[i] > data->exposure[i]) {
        return refuse(ctx, "there are more cases than persons", i);
    }
    if (data->weights != NULL && !(data->weights[i] > 0.0 && isfinite(data->weights[i]))) {
        return refuse(ctx, "a weight must be positive and finite", i);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_data(traffstat_ctx *ctx, const given *data, int32_t family)
{
    if (data->times == NULL || data->cases == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "times and cases must be given");
    }
    if (family == TRAFFSTAT_JOINPOINT_BINOMIAL && data->exposure == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a binomial fit needs the persons among whom the cases were");
    }
    if (family != TRAFFSTAT_JOINPOINT_LOGLINEAR && data->weights != NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "weights are for log-linear fits alone");
    }
    if (data->n < 3 || data->n > N_MAX) {
        return traffstat_i_fail(ctx, data->n < 3 ? TRAFFSTAT_E_NODATA : TRAFFSTAT_E_LIMIT,
                                "a trend needs 3 to %d observations, and there are %zu", N_MAX,
                                data->n);
    }
    double cases = 0.0;
    double others = 0.0;
    for (size_t i = 0; i < data->n; i++) {
        const traffstat_status status = check_one(ctx, data, family, i);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        cases += data->cases[i];
        others += family == TRAFFSTAT_JOINPOINT_BINOMIAL ? data->exposure[i] - data->cases[i] : 1.0;
    }
    if (cases <= 0.0 || others <= 0.0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                cases <= 0.0 ? "no year has a case: a rate that is 0 throughout "
                                               "has no trend"
                                             : "everybody is a case in every year: such odds have "
                                               "no trend");
    }
    return TRAFFSTAT_OK;
}

static void fill_one(traffstat_i_bent *series, const given *data, size_t i)
{
    const double cases = data->cases[i];
    const double exposure = data->exposure != NULL ? data->exposure[i] : 1.0;
    series->x[i] = (data->times[i] - series->middle) / series->half;
    series->y[i] = cases;
    series->log_y[i] = cases > 0.0 ? log(cases) : 0.0;
    series->log_no[i] = 0.0;
    series->trials[i] = 1.0;
    series->weight[i] = 1.0;
    series->offset[i] = 0.0;
    if (series->family == TRAFFSTAT_JOINPOINT_POISSON) {
        series->offset[i] = log(exposure);
    } else if (series->family == TRAFFSTAT_JOINPOINT_BINOMIAL) {
        series->trials[i] = exposure;
        series->log_no[i] = exposure > cases ? log(exposure - cases) : 0.0;
    } else {
        const double counted = cases > 0.0 ? cases : 0.5;
        series->offset[i] = log(exposure);
        series->y[i] = log(counted / exposure);
        series->weight[i] = data->weights != NULL ? data->weights[i] : counted;
    }
}

static traffstat_status fill_series(traffstat_ctx *ctx, const given *data,
                                    const traffstat_joinpoint_options *options,
                                    traffstat_i_bent *series)
{
    const size_t n = data->n;
    *series = (traffstat_i_bent){
        .ctx = ctx,
        .n = n,
        .family = options->family,
        .own_spread =
            options->overdispersed != 0 || options->family == TRAFFSTAT_JOINPOINT_LOGLINEAR,
        .end = (size_t) options->min_end,
        .step = (size_t) options->min_between + 1,
        .middle = 0.5 * (data->times[0] + data->times[n - 1]),
        .half = 0.5 * (data->times[n - 1] - data->times[0]),
    };
    series->memory = traffstat_i_alloc(ctx, 7 * n, sizeof *series->memory);
    if (series->memory == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    double **parts[] = {&series->x,      &series->y,      &series->log_y, &series->log_no,
                        &series->offset, &series->trials, &series->weight};
    for (size_t i = 0; i < 7; i++) {
        *parts[i] = series->memory + i * n;
    }
    for (size_t i = 0; i < n; i++) {
        fill_one(series, data, i);
    }
    return TRAFFSTAT_OK;
}

/* ---- choosing -------------------------------------------------------------------------------- */

static void choose_by_bic(traffstat_joinpoint *fit)
{
    double best = INFINITY;
    for (size_t k = 0; k <= fit->most; k++) {
        const double bic = traffstat_i_bic(&fit->series, &fit->fits[k]);
        if (bic < best) {
            best = bic;
            fit->chosen = k;
        }
    }
}

/* Closes in from both sides: the null gains one when it is rejected, else the other loses one. */
static traffstat_status choose_by_permutation(traffstat_joinpoint *fit, traffstat_i_hinge *hinge,
                                              const traffstat_i_lines *on_grid)
{
    size_t null = 0;
    size_t other = fit->most;
    while (null < other) {
        const size_t run = fit->test_count;
        traffstat_i_bent_trial trial = {.null = null,
                                        .other = other,
                                        .run = (uint32_t) run,
                                        .permutations = (size_t) fit->options.permutations};
        traffstat_i_progress_span(fit->ctx, (double) run / (double) fit->most,
                                  (double) (run + 1) / (double) fit->most);
        const traffstat_status status =
            traffstat_i_bent_test(&fit->series, hinge, &on_grid[null], &trial);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        fit->tests[run] = (traffstat_joinpoint_test){
            .null_joinpoints = null,
            .other_joinpoints = other,
            .statistic = trial.statistic,
            .p = (double) (trial.extreme + 1) / (double) (trial.permutations + 1),
            .alpha = fit->options.alpha / (double) (fit->most - null),
            .extreme = trial.extreme};
        fit->test_count++;
        if (fit->tests[run].p <= fit->tests[run].alpha) {
            null++;
        } else {
            other--;
        }
    }
    fit->chosen = null;
    return TRAFFSTAT_OK;
}

static traffstat_status search_and_choose(traffstat_joinpoint *fit, traffstat_i_hinge *hinge,
                                          traffstat_i_scan *scan)
{
    traffstat_i_lines on_grid[TRAFFSTAT_I_KNOTS + 1];
    if (!traffstat_i_lines_straight(&fit->series, &fit->fits[0])) {
        return traffstat_i_fail(fit->ctx, TRAFFSTAT_E_NUMERIC,
                                "the fit of one line did not converge");
    }
    traffstat_status status =
        traffstat_i_bent_search(&fit->series, hinge, scan, fit->fits, fit->most);
    memcpy(on_grid, fit->fits, sizeof on_grid);
    for (size_t k = 1; k <= fit->most && status == TRAFFSTAT_OK; k++) {
        /* the search's fits are good to 1e-11 of the deviance: finish them */
        (void) traffstat_i_lines_fit(&fit->series, &fit->fits[k], 1e-15);
        if (fit->options.search == TRAFFSTAT_JOINPOINT_CONTINUOUS) {
            status = traffstat_i_bent_refine(&fit->series, &fit->fits[k]);
        }
    }
    if (status == TRAFFSTAT_OK && fit->options.selection == TRAFFSTAT_JOINPOINT_BY_BIC) {
        choose_by_bic(fit);
    } else if (status == TRAFFSTAT_OK) {
        status = choose_by_permutation(fit, hinge, on_grid);
    }
    return status;
}

static traffstat_status run_fit(traffstat_joinpoint *fit)
{
    const traffstat_i_bent *series = &fit->series;
    traffstat_i_hinge hinge;
    traffstat_i_scan scan = {.memory = NULL};
    traffstat_status status = traffstat_i_hinge_init(fit->ctx, &hinge, series->x, series->n,
                                                     series->end, series->step, fit->most);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_scan_init(&scan, &hinge);
    }
    if (status == TRAFFSTAT_OK) {
        status = search_and_choose(fit, &hinge, &scan);
    }
    traffstat_i_scan_clear(&scan);
    traffstat_i_hinge_clear(&hinge);
    return status == TRAFFSTAT_OK ? traffstat_i_progress(fit->ctx, 1.0) : status;
}

static traffstat_status check_placings(traffstat_ctx *ctx,
                                       const traffstat_joinpoint_options *options, size_t n,
                                       size_t most)
{
    const double placings = traffstat_i_hinge_placings(n, (size_t) options->min_end,
                                                       (size_t) options->min_between + 1, most);
    if (placings > PLACINGS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "%zu joinpoints can be placed among %zu observations in more than "
                                "1e12 ways: ask for fewer",
                                most, n);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_joinpoint_fit(traffstat_ctx *ctx, const double *times,
                                         const double *cases, const double *exposure,
                                         const double *weights, size_t n,
                                         const traffstat_joinpoint_options *options,
                                         traffstat_joinpoint **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    *out = NULL;
    const given data = {times, cases, exposure, weights, n};
    traffstat_joinpoint_options settings;
    traffstat_status status = read_settings(ctx, options, &settings);
    if (status == TRAFFSTAT_OK) {
        status = check_data(ctx, &data, settings.family);
    }
    const size_t most = status == TRAFFSTAT_OK ? most_joinpoints(&settings, n) : 0;
    if (status == TRAFFSTAT_OK) {
        status = check_placings(ctx, &settings, n, most);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_joinpoint *fit = traffstat_i_alloc(ctx, 1, sizeof *fit);
    if (fit == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    fit->ctx = ctx;
    fit->options = settings;
    fit->most = most;
    status = fill_series(ctx, &data, &settings, &fit->series);
    if (status == TRAFFSTAT_OK) {
        status = run_fit(fit);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_joinpoint_free(fit);
        return status;
    }
    *out = fit;
    return TRAFFSTAT_OK;
}

void traffstat_joinpoint_free(traffstat_joinpoint *fit)
{
    if (fit != NULL) {
        traffstat_i_free(fit->ctx, fit->series.memory);
        traffstat_i_free(fit->ctx, fit);
    }
}

size_t traffstat_joinpoint_chosen(const traffstat_joinpoint *fit)
{
    return fit != NULL ? fit->chosen : 0;
}

size_t traffstat_joinpoint_most(const traffstat_joinpoint *fit)
{
    return fit != NULL ? fit->most : 0;
}

size_t traffstat_joinpoint_tests(const traffstat_joinpoint *fit)
{
    return fit != NULL ? fit->test_count : 0;
}
