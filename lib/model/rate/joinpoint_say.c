/* What a fit with joinpoints says: numbers of the model, its joinpoints, its lines. */
#include "model/rate/joinpoint.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "model/rate/tail.h"

/* A log change known only to +- 100 is not known: the counts leave the slope unbounded. */
#define UNKNOWN 1e4
#define COVARIANCE_SIZE (TRAFFSTAT_I_NODES + TRAFFSTAT_I_KNOTS)

double traffstat_i_freedom(const traffstat_i_bent *series, const traffstat_i_lines *lines)
{
    return (double) series->n - 2.0 * (double) (lines->k + 1);
}

double traffstat_i_dispersion(const traffstat_i_bent *series, const traffstat_i_lines *lines)
{
    const double freedom = traffstat_i_freedom(series, lines);
    if (!(freedom > 0.0)) {
        return NAN;
    }
    double square = 0.0;
    for (size_t i = 0; i < series->n; i++) {
        const double eta = traffstat_i_lines_at(series, lines, series->x[i]);
        const traffstat_i_point point = traffstat_i_bent_point(series, i, eta);
        const double residual = series->y[i] - point.mean;
        square += series->family == TRAFFSTAT_JOINPOINT_LOGLINEAR
                      ? point.deviance
                      : residual * residual / point.weight;
    }
    return square / freedom;
}

double traffstat_i_log_likelihood(const traffstat_i_bent *series, const traffstat_i_lines *lines)
{
    double sum = 0.0;
    if (series->family == TRAFFSTAT_JOINPOINT_LOGLINEAR) {
        return NAN;
    }
    /* that of the saturated model, less half the deviance: digits of large counts are kept */
    for (size_t i = 0; i < series->n; i++) {
        const double y = series->y[i];
        const double yes = y > 0.0 ? y * series->log_y[i] : 0.0;
        if (series->family == TRAFFSTAT_JOINPOINT_POISSON) {
            sum += yes - y - lgamma(y + 1.0);
        } else {
            const double all = series->trials[i];
            sum += lgamma(all + 1.0) - lgamma(y + 1.0) - lgamma(all - y + 1.0) + yes +
                   (all - y) * series->log_no[i] - all * log(all);
        }
    }
    return sum - 0.5 * lines->deviance;
}

double traffstat_i_bic(const traffstat_i_bent *series, const traffstat_i_lines *lines)
{
    const double n = (double) series->n;
    const double number = (double) (lines->k + 1);
    if (series->family == TRAFFSTAT_JOINPOINT_LOGLINEAR) {
        return log(lines->deviance / n) + 2.0 * number * log(n) / n;
    }
    return -2.0 * traffstat_i_log_likelihood(series, lines) + 2.0 * number * log(n);
}

/* ---- the law of slopes ----------------------------------------------------------------------- */

/* x = freedom / (freedom + t^2) is Beta(freedom / 2, 1 / 2): its lower tail is p of |t|. */
static double t_quantile(double freedom, double level)
{
    const double logit = traffstat_i_beta_logit_quantile(0.5 * freedom, 0.5, 1.0 - level);
    return sqrt(freedom * exp(-logit));
}

static double t_p(double freedom, double t)
{
    traffstat_i_tails tails;
    const double square = t * t;
    if (!traffstat_i_beta_tails(0.5 * freedom, 0.5, freedom / (freedom + square),
                                square / (freedom + square), &tails)) {
        return NAN;
    }
    return tails.lower;
}

/* A change of the log rate a unit of time. */
typedef struct drift {
    double slope;
    double se;
    double freedom; /* INFINITY: normal */
} drift;

/* Covariance of a fit's parameters, with its size. */
typedef struct knowledge {
    bool sound;
    size_t size;
    double scale; /* dispersion applied to it */
    double matrix[COVARIANCE_SIZE * COVARIANCE_SIZE];
} knowledge;

static void learn(const traffstat_joinpoint *fit, size_t k, knowledge *out)
{
    const traffstat_i_lines *lines = &fit->fits[k];
    const bool moving = k > 0 && fit->options.search == TRAFFSTAT_JOINPOINT_CONTINUOUS;
    out->size = k + 2 + (moving ? k : 0);
    out->sound = traffstat_i_lines_covariance(&fit->series, lines, moving, out->matrix);
    if (!out->sound && moving) { /* lines that do not turn say nothing about where they turn */
        out->size = k + 2;
        out->sound = traffstat_i_lines_covariance(&fit->series, lines, false, out->matrix);
    }
    out->scale = fit->series.own_spread ? traffstat_i_dispersion(&fit->series, lines) : 1.0;
}

static double variance_of(const knowledge *known, const double *gradient)
{
    double sum = 0.0;
    for (size_t i = 0; i < known->size; i++) {
        for (size_t j = 0; j < known->size; j++) {
            sum += gradient[i] * gradient[j] * known->matrix[i * known->size + j];
        }
    }
    return sum * known->scale;
}

/* Adds `sign` times the derivatives of the predictor at x. */
static void add_gradient(const traffstat_i_bent *series, const traffstat_i_lines *lines, double x,
                         double sign, double *gradient)
{
    size_t line = 0;
    while (line < lines->k && x > lines->knots[line]) {
        line++;
    }
    const double left = traffstat_i_lines_node(series, lines, line);
    const double right = traffstat_i_lines_node(series, lines, line + 1);
    const double share = (x - left) / (right - left);
    const double slope = (lines->value[line + 1] - lines->value[line]) / (right - left);
    gradient[line] += sign * (1.0 - share);
    gradient[line + 1] += sign * share;
    if (line > 0) {
        gradient[lines->k + 2 + line - 1] -= sign * slope * (1.0 - share);
    }
    if (line < lines->k) {
        gradient[lines->k + 2 + line] -= sign * slope * share;
    }
}

/* Mean slope between two scaled times, as a change a unit of time. */
static drift mean_slope(const traffstat_joinpoint *fit, size_t k, double from, double to)
{
    const traffstat_i_bent *series = &fit->series;
    const traffstat_i_lines *lines = &fit->fits[k];
    knowledge known;
    learn(fit, k, &known);
    double gradient[COVARIANCE_SIZE] = {0.0};
    add_gradient(series, lines, to, 1.0, gradient);
    add_gradient(series, lines, from, -1.0, gradient);
    const double length = (to - from) * series->half;
    const double rise =
        traffstat_i_lines_at(series, lines, to) - traffstat_i_lines_at(series, lines, from);
    const double variance = known.sound ? variance_of(&known, gradient) : NAN;
    drift out = {.slope = rise / length, .se = NAN, .freedom = INFINITY};
    if (variance >= 0.0 && variance < UNKNOWN) {
        out.se = sqrt(variance) / length;
    }
    if (series->own_spread) {
        out.freedom = traffstat_i_freedom(series, lines);
    }
    return out;
}

/* Slope of one line. Its ends move along it when the joinpoints do: only its angle counts. */
static drift line_slope(const traffstat_joinpoint *fit, size_t k, size_t line)
{
    const traffstat_i_bent *series = &fit->series;
    const traffstat_i_lines *lines = &fit->fits[k];
    knowledge known;
    learn(fit, k, &known);
    const double width = traffstat_i_lines_node(series, lines, line + 1) -
                         traffstat_i_lines_node(series, lines, line);
    const double slope = (lines->value[line + 1] - lines->value[line]) / width;
    double gradient[COVARIANCE_SIZE] = {0.0};
    gradient[line] = -1.0;
    gradient[line + 1] = 1.0;
    if (line > 0) {
        gradient[k + 2 + line - 1] = slope;
    }
    if (line < k) {
        gradient[k + 2 + line] = -slope;
    }
    const double variance = known.sound ? variance_of(&known, gradient) : NAN;
    drift out = {.slope = slope / series->half, .se = NAN, .freedom = INFINITY};
    if (variance >= 0.0 && variance < UNKNOWN) {
        out.se = sqrt(variance) / (width * series->half);
    }
    if (series->own_spread) {
        out.freedom = traffstat_i_freedom(series, lines);
    }
    return out;
}

static double percent(double slope)
{
    return 100.0 * expm1(slope);
}

static double quantile_of(const drift *change, double level)
{
    return isinf(change->freedom) ? gsl_cdf_ugaussian_Qinv(0.5 * (1.0 - level))
                                  : t_quantile(change->freedom, level);
}

static double p_of(const drift *change)
{
    const double t = fabs(change->slope) / change->se;
    return isinf(change->freedom) ? erfc(t * M_SQRT1_2) : t_p(change->freedom, t);
}

/* ---- getters --------------------------------------------------------------------------------- */

static bool lacks(const traffstat_joinpoint *fit, size_t k, const void *out)
{
    return fit == NULL || out == NULL || k > fit->most;
}

static double time_of(const traffstat_i_bent *series, double x)
{
    return series->middle + series->half * x;
}

traffstat_status traffstat_joinpoint_model_get(const traffstat_joinpoint *fit, size_t k,
                                               traffstat_joinpoint_model *out)
{
    if (lacks(fit, k, out)) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const traffstat_i_bent *series = &fit->series;
    const traffstat_i_lines *lines = &fit->fits[k];
    const double first = traffstat_i_lines_node(series, lines, 0);
    const double slope = (lines->value[1] - lines->value[0]) /
                         (traffstat_i_lines_node(series, lines, 1) - first) / series->half;
    const double log_likelihood = traffstat_i_log_likelihood(series, lines);
    *out =
        (traffstat_joinpoint_model){.joinpoints = k,
                                    .deviance = lines->deviance,
                                    .log_likelihood = log_likelihood,
                                    .bic = traffstat_i_bic(series, lines),
                                    .aic = -2.0 * log_likelihood + 4.0 * (double) (k + 1),
                                    .dispersion = traffstat_i_dispersion(series, lines),
                                    .freedom = traffstat_i_freedom(series, lines),
                                    .intercept = lines->value[0] - slope * time_of(series, first)};
    return TRAFFSTAT_OK;
}

/* Hull of the observed times at which joinpoint `index`, the others held, fits nearly as well. */
static void profile(const traffstat_joinpoint *fit, size_t k, size_t index, double allowed,
                    traffstat_joinpoint_knot *out)
{
    const traffstat_i_bent *series = &fit->series;
    const traffstat_i_lines *best = &fit->fits[k];
    const double low = traffstat_i_lines_node(series, best, index);
    const double high = traffstat_i_lines_node(series, best, index + 2);
    out->lower = out->position;
    out->upper = out->position;
    for (size_t i = series->end; i + series->end < series->n; i++) {
        const double x = series->x[i];
        if (!(x > low && x < high)) {
            continue;
        }
        traffstat_i_lines at = *best;
        at.knots[index] = x;
        traffstat_i_lines_carry(series, best, &at);
        if (traffstat_i_lines_fit(series, &at, 1e-11) && at.deviance <= best->deviance + allowed) {
            out->lower = fmin(out->lower, time_of(series, x));
            out->upper = fmax(out->upper, time_of(series, x));
        }
    }
}

traffstat_status traffstat_joinpoint_knot_get(const traffstat_joinpoint *fit, size_t k,
                                              size_t index, traffstat_joinpoint_knot *out)
{
    if (lacks(fit, k, out) || index >= k) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const traffstat_i_bent *series = &fit->series;
    knowledge known;
    learn(fit, k, &known);
    const size_t at = k + 2 + index;
    const double variance =
        known.sound && at < known.size ? known.matrix[at * known.size + at] * known.scale : NAN;
    const bool told = variance >= 0.0 && variance < UNKNOWN; /* one point past it tells nothing */
    const drift law = {.freedom = series->own_spread ? traffstat_i_freedom(series, &fit->fits[k])
                                                     : INFINITY};
    const double quantile = quantile_of(&law, fit->options.level);
    traffstat_joinpoint_knot knot = {.position = time_of(series, fit->fits[k].knots[index]),
                                     .se = told ? sqrt(variance) * series->half : NAN};
    profile(fit, k, index, quantile * quantile * known.scale, &knot);
    *out = knot;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_joinpoint_segment_get(const traffstat_joinpoint *fit, size_t k,
                                                 size_t index, traffstat_joinpoint_segment *out)
{
    if (lacks(fit, k, out) || index > k) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const traffstat_i_bent *series = &fit->series;
    const traffstat_i_lines *lines = &fit->fits[k];
    const drift change = line_slope(fit, k, index);
    const double reach = quantile_of(&change, fit->options.level) * change.se;
    *out = (traffstat_joinpoint_segment){
        .from = time_of(series, traffstat_i_lines_node(series, lines, index)),
        .to = time_of(series, traffstat_i_lines_node(series, lines, index + 1)),
        .slope = change.slope,
        .slope_se = change.se,
        .apc = percent(change.slope),
        .apc_lower = percent(change.slope - reach),
        .apc_upper = percent(change.slope + reach),
        .p = p_of(&change)};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_joinpoint_fitted(const traffstat_joinpoint *fit, size_t k, double *out,
                                            size_t size)
{
    if (lacks(fit, k, out) || size != fit->series.n) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const traffstat_i_bent *series = &fit->series;
    for (size_t i = 0; i < size; i++) {
        const double eta = traffstat_i_lines_at(series, &fit->fits[k], series->x[i]);
        out[i] = series->family == TRAFFSTAT_JOINPOINT_LOGLINEAR
                     ? exp(eta + series->offset[i])
                     : traffstat_i_bent_point(series, i, eta).mean;
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_joinpoint_test_get(const traffstat_joinpoint *fit, size_t index,
                                              traffstat_joinpoint_test *out)
{
    if (fit == NULL || out == NULL || index >= fit->test_count) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = fit->tests[index];
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_joinpoint_average_get(const traffstat_joinpoint *fit, size_t k,
                                                 double from, double to,
                                                 traffstat_joinpoint_average *out)
{
    if (lacks(fit, k, out)) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const traffstat_i_bent *series = &fit->series;
    const traffstat_i_lines *lines = &fit->fits[k];
    const double left = (from - series->middle) / series->half;
    const double right = (to - series->middle) / series->half;
    if (!(left >= -1.0 - 1e-12 && right <= 1.0 + 1e-12 && left < right)) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    size_t line = 0;
    while (line < k && left >= lines->knots[line] - 1e-12) {
        line++;
    }
    const bool one_line = line == k || right <= lines->knots[line] + 1e-12;
    drift change = one_line ? line_slope(fit, k, line) : mean_slope(fit, k, left, right);
    if (!one_line) {
        change.freedom = INFINITY;
    }
    const double reach = quantile_of(&change, fit->options.level) * change.se;
    *out = (traffstat_joinpoint_average){.from = from,
                                         .to = to,
                                         .apc = percent(change.slope),
                                         .lower = percent(change.slope - reach),
                                         .upper = percent(change.slope + reach),
                                         .p = p_of(&change)};
    return TRAFFSTAT_OK;
}
