/* Fits with given joinpoints. */
#include "model/rate/bent.h"

#include <math.h>
#include <string.h>

#define STEPS_MAX 100
#define HALVINGS 30
#define ROUNDING 1e-8
#define ETA_LEAST (-700.0) /* exp is still a normal number */
#define ETA_MOST 700.0

/* ---- one observation ------------------------------------------------------------------------- */

static double clamp(double eta)
{
    return eta < ETA_LEAST ? ETA_LEAST : eta > ETA_MOST ? ETA_MOST : eta;
}

/* y log(y / mean) - (y - mean), from the logarithms, as y (t + e^-t - 1), t = log(y / mean): no
 * digits are lost where the fit is close. */
static double half_deviance(double y, double log_y, double log_mean)
{
    const double t = log_y - log_mean;
    return y > 0.0 ? y * (t + expm1(-t)) : exp(log_mean);
}

static traffstat_i_point poisson_point(const traffstat_i_bent *series, size_t i, double eta)
{
    const double log_mean = clamp(eta + series->offset[i]);
    const double mean = exp(log_mean);
    return (traffstat_i_point){mean, mean,
                               2.0 * half_deviance(series->y[i], series->log_y[i], log_mean)};
}

/* Cases and those who are none, as two Poisson counts: what is added for one is taken off for the
 * other. */
static traffstat_i_point binomial_point(const traffstat_i_bent *series, size_t i, double eta)
{
    const double trials = series->trials[i];
    const double y = series->y[i];
    const double bounded = clamp(eta);
    const double log_trials = log(trials);
    const double log_no =
        log_trials - (bounded > 0.0 ? bounded + log1p(exp(-bounded)) : log1p(exp(bounded)));
    const double mean = exp(bounded + log_no);
    const double deviance = half_deviance(y, series->log_y[i], bounded + log_no) +
                            half_deviance(trials - y, series->log_no[i], log_no);
    return (traffstat_i_point){mean, mean * exp(log_no) / trials, 2.0 * deviance};
}

traffstat_i_point traffstat_i_bent_point(const traffstat_i_bent *series, size_t i, double eta)
{
    if (series->family == TRAFFSTAT_JOINPOINT_POISSON) {
        return poisson_point(series, i, eta);
    }
    if (series->family == TRAFFSTAT_JOINPOINT_BINOMIAL) {
        return binomial_point(series, i, eta);
    }
    const double weight = series->weight[i];
    const double residual = series->y[i] - eta;
    return (traffstat_i_point){eta, weight, weight * residual * residual};
}

/* ---- nodes ----------------------------------------------------------------------------------- */

double traffstat_i_lines_node(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                              size_t i)
{
    if (i > fit->k) {
        return series->x[series->n - 1];
    }
    return i == 0 ? series->x[0] : fit->knots[i - 1];
}

/* Walks over observations in order: which line, and how far along it. */
typedef struct walk {
    const traffstat_i_bent *series;
    const traffstat_i_lines *fit;
    size_t line;
    double left;
    double scale;
} walk;

static void enter_line(walk *at, size_t line)
{
    at->line = line;
    at->left = traffstat_i_lines_node(at->series, at->fit, line);
    at->scale = 1.0 / (traffstat_i_lines_node(at->series, at->fit, line + 1) - at->left);
}

static walk start_walk(const traffstat_i_bent *series, const traffstat_i_lines *fit)
{
    walk at = {.series = series, .fit = fit};
    enter_line(&at, 0);
    return at;
}

/* The share of the right node at observation i. */
static double share_at(walk *at, size_t i)
{
    const double x = at->series->x[i];
    while (at->line < at->fit->k && x > at->fit->knots[at->line]) {
        enter_line(at, at->line + 1);
    }
    return (x - at->left) * at->scale;
}

void traffstat_i_lines_eta(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                           double *eta)
{
    walk at = start_walk(series, fit);
    for (size_t i = 0; i < series->n; i++) {
        const double share = share_at(&at, i);
        const double *value = fit->value + at.line;
        eta[i] = value[0] * (1.0 - share) + value[1] * share;
    }
}

double traffstat_i_lines_at(const traffstat_i_bent *series, const traffstat_i_lines *fit, double x)
{
    size_t line = 0;
    while (line < fit->k && x > fit->knots[line]) {
        line++;
    }
    const double left = traffstat_i_lines_node(series, fit, line);
    const double right = traffstat_i_lines_node(series, fit, line + 1);
    const double share = (x - left) / (right - left);
    return fit->value[line] * (1.0 - share) + fit->value[line + 1] * share;
}

void traffstat_i_lines_carry(const traffstat_i_bent *series, const traffstat_i_lines *from,
                             traffstat_i_lines *to)
{
    for (size_t i = 0; i < to->k + 2; i++) {
        to->value[i] = traffstat_i_lines_at(series, from, traffstat_i_lines_node(series, to, i));
    }
}

/* ---- Newton's method ------------------------------------------------------------------------- */

/* Score and information of the node values. */
typedef struct normal {
    double score[TRAFFSTAT_I_NODES];
    double diagonal[TRAFFSTAT_I_NODES];
    double beside[TRAFFSTAT_I_NODES]; /* [i]: between i and i + 1 */
    double deviance;
} normal;

static double residual_of(const traffstat_i_bent *series, size_t i, traffstat_i_point point)
{
    const double residual = series->y[i] - point.mean;
    return series->family == TRAFFSTAT_JOINPOINT_LOGLINEAR ? point.weight * residual : residual;
}

static void gather(const traffstat_i_bent *series, const traffstat_i_lines *fit, normal *out)
{
    *out = (normal){.deviance = 0.0};
    walk at = start_walk(series, fit);
    for (size_t i = 0; i < series->n; i++) {
        const double share = share_at(&at, i);
        const size_t s = at.line;
        const double eta = fit->value[s] * (1.0 - share) + fit->value[s + 1] * share;
        const traffstat_i_point point = traffstat_i_bent_point(series, i, eta);
        const double residual = residual_of(series, i, point);
        const double left = (1.0 - share) * point.weight;
        out->score[s] += (1.0 - share) * residual;
        out->score[s + 1] += share * residual;
        out->diagonal[s] += (1.0 - share) * left;
        out->diagonal[s + 1] += share * share * point.weight;
        out->beside[s] += share * left;
        out->deviance += point.deviance;
    }
}

/* Solves the tridiagonal system in place of `side`; false when it is not positive definite. */
static bool solve(const normal *system, size_t nodes, double *side)
{
    double pivot[TRAFFSTAT_I_NODES] = {0.0};
    pivot[0] = system->diagonal[0];
    for (size_t i = 1; i < nodes; i++) {
        if (!(pivot[i - 1] > 0.0)) {
            return false;
        }
        const double factor = system->beside[i - 1] / pivot[i - 1];
        pivot[i] = system->diagonal[i] - factor * system->beside[i - 1];
        side[i] -= factor * side[i - 1];
    }
    if (!(pivot[nodes - 1] > 0.0)) {
        return false;
    }
    side[nodes - 1] /= pivot[nodes - 1];
    for (size_t i = nodes - 1; i-- > 0;) {
        side[i] = (side[i] - system->beside[i] * side[i + 1]) / pivot[i];
    }
    return true;
}

/* Moves along the step, halved until the deviance does not rise. */
static bool take_step(const traffstat_i_bent *series, traffstat_i_lines *fit, const double *step,
                      double before, normal *system)
{
    double from[TRAFFSTAT_I_NODES];
    memcpy(from, fit->value, sizeof from);
    double length = 1.0;
    for (int i = 0; i < HALVINGS; i++) {
        for (size_t j = 0; j < fit->k + 2; j++) {
            fit->value[j] = from[j] + length * step[j];
        }
        gather(series, fit, system);
        if (system->deviance <= before + 1e-12 * (fabs(before) + 1e-3)) {
            return true;
        }
        length *= 0.5;
    }
    memcpy(fit->value, from, sizeof from);
    gather(series, fit, system);
    return false;
}

bool traffstat_i_lines_fit(const traffstat_i_bent *series, traffstat_i_lines *fit, double tolerance)
{
    normal system;
    double change = INFINITY;
    gather(series, fit, &system);
    for (int i = 0; i < STEPS_MAX; i++) {
        const double before = system.deviance;
        double step[TRAFFSTAT_I_NODES];
        memcpy(step, system.score, sizeof step);
        if (!isfinite(before) || !solve(&system, fit->k + 2, step)) {
            return false;
        }
        const bool moved = take_step(series, fit, step, before, &system);
        fit->deviance = system.deviance;
        change = fabs(before - system.deviance);
        if (!moved || change <= tolerance * (system.deviance + 1e-3)) {
            return isfinite(system.deviance);
        }
    }
    return change <= ROUNDING * (system.deviance + 1.0); /* large counts: no better is to be had */
}

bool traffstat_i_lines_straight(const traffstat_i_bent *series, traffstat_i_lines *fit)
{
    double y = 0.0;
    double exposure = 0.0;
    for (size_t i = 0; i < series->n; i++) {
        y += series->y[i];
        exposure += series->trials[i] * exp(series->offset[i]);
    }
    double start = y / exposure;
    if (series->family == TRAFFSTAT_JOINPOINT_LOGLINEAR) {
        start = 0.0; /* one step is exact from anywhere */
    } else if (series->family == TRAFFSTAT_JOINPOINT_POISSON) {
        start = log(start);
    } else {
        start = log(start / (1.0 - start));
    }
    *fit = (traffstat_i_lines){.k = 0, .value = {start, start}};
    return traffstat_i_lines_fit(series, fit, 1e-14);
}

/* ---- what a fit is known to ------------------------------------------------------------------ */

/* Adds one observation's row of derivatives, times its weight, to the information. */
static void add_row(double *information, size_t size, const double *row, double weight)
{
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j < size; j++) {
            information[i * size + j] += weight * row[i] * row[j];
        }
    }
}

/* Inverts a positive definite matrix by Gauss and Jordan, in place. */
static bool invert(double *matrix, size_t size)
{
    for (size_t p = 0; p < size; p++) {
        const double pivot = matrix[p * size + p];
        if (!(pivot > 0.0) || !isfinite(pivot)) {
            return false;
        }
        matrix[p * size + p] = 1.0;
        for (size_t j = 0; j < size; j++) {
            matrix[p * size + j] /= pivot;
        }
        for (size_t i = 0; i < size; i++) {
            if (i != p) {
                const double factor = matrix[i * size + p];
                matrix[i * size + p] = 0.0;
                for (size_t j = 0; j < size; j++) {
                    matrix[i * size + j] -= factor * matrix[p * size + j];
                }
            }
        }
    }
    return true;
}

/* With a joinpoint moved and the node values held, the lines beside it turn: the predictor changes
 * by -slope times the share of that node. */
static void turn_row(const traffstat_i_bent *series, const traffstat_i_lines *fit, size_t line,
                     double share, double *row)
{
    const double *value = fit->value + line;
    const double left = traffstat_i_lines_node(series, fit, line);
    const double right = traffstat_i_lines_node(series, fit, line + 1);
    const double slope = (value[1] - value[0]) / (right - left);
    if (line > 0) {
        row[fit->k + 2 + line - 1] = -slope * (1.0 - share);
    }
    if (line < fit->k) {
        row[fit->k + 2 + line] = -slope * share;
    }
}

bool traffstat_i_lines_covariance(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                                  bool moving, double *out)
{
    const size_t size = fit->k + 2 + (moving ? fit->k : 0);
    memset(out, 0, size * size * sizeof *out);
    walk at = start_walk(series, fit);
    for (size_t i = 0; i < series->n; i++) {
        double row[TRAFFSTAT_I_NODES + TRAFFSTAT_I_KNOTS] = {0.0};
        const double share = share_at(&at, i);
        row[at.line] = 1.0 - share;
        row[at.line + 1] = share;
        if (moving) {
            turn_row(series, fit, at.line, share, row);
        }
        const double eta = fit->value[at.line] * (1.0 - share) + fit->value[at.line + 1] * share;
        add_row(out, size, row, traffstat_i_bent_point(series, i, eta).weight);
    }
    return invert(out, size);
}

void traffstat_i_bent_linear(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                             double *w, double *z)
{
    traffstat_i_lines_eta(series, fit, z);
    for (size_t i = 0; i < series->n; i++) {
        const traffstat_i_point point = traffstat_i_bent_point(series, i, z[i]);
        w[i] = point.weight;
        z[i] += residual_of(series, i, point) / point.weight;
    }
}
