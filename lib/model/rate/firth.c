/* Poisson regression with Firth's penalty, half the log determinant of the information.
 *
 * Where the link is canonical the penalty's slope is simple: each count grows by half its leverage
 * (Firth 1993, Biometrika 80:27-38, section 3.1). Weighted least squares on those counts, by rotations
 * of the rows in the order of their weights: where cases lie on one side, weights are many powers of
 * ten apart, and a matrix of sums of squares would lose the small ones. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/rate/regress.h"
#include "model/rate/tail.h"

#define STEPS 500
#define HALVINGS 60
#define SMALL_STEP 1e-10    /* of the linear predictor; steps shrink by a third and more each */
#define PREDICTOR_MAX 600.0 /* e^600 is a number */

typedef struct weighed {
    double mean;
    size_t row;
} weighed;

typedef struct work {
    const traffstat_i_counts *counts;
    size_t k;
    size_t free; /* k, or k - 1 where the last is held */
    const double *basis;
    double *at;       /* k */
    double *trial;    /* k */
    double *step;     /* k */
    double *row;      /* k + 1 */
    double *triangle; /* k x (k + 1): the last column is the working response */
    double *leverage; /* rows */
    weighed *order;   /* rows, the largest mean first */
    double loglik;    /* of the data */
    double penalty;
} work;

/* ---- least squares --------------------------------------------------------------------------- */

/* Larger means first; rows in their own order where they tie. */
static int by_mean(const void *a, const void *b)
{
    const weighed *one = a;
    const weighed *two = b;
    if (one->mean != two->mean) {
        return one->mean > two->mean ? -1 : 1;
    }
    return one->row < two->row ? -1 : 1;
}

/* Turns w->row into the triangle. */
static void rotate_in(work *w)
{
    const size_t width = w->k + 1;
    for (size_t j = 0; j < w->k; j++) {
        double *line = w->triangle + j * width;
        const double length = hypot(line[j], w->row[j]);
        if (!(length > 0.0)) {
            continue;
        }
        const double c = line[j] / length;
        const double s = w->row[j] / length;
        for (size_t l = j; l < width; l++) {
            const double kept = line[l];
            line[l] = c * kept + s * w->row[l];
            w->row[l] = c * w->row[l] - s * kept;
        }
    }
}

/* The triangle of the weighted basis; with `response` also of counts, leverages added, less means. */
static void triangulate(work *w, bool response)
{
    memset(w->triangle, 0, w->k * (w->k + 1) * sizeof *w->triangle);
    for (size_t i = 0; i < w->counts->rows; i++) {
        const weighed *here = w->order + i;
        const double root = sqrt(here->mean);
        for (size_t j = 0; j < w->k; j++) {
            w->row[j] = root * w->basis[here->row * w->k + j];
        }
        const double count = w->counts->lower[here->row] + 0.5 * w->leverage[here->row];
        w->row[w->k] = response ? (count - here->mean) / root : 0.0;
        rotate_in(w);
    }
}

/* A row's leverage: its weighted length under the inverse of the triangle, transposed. */
static double leverage_of(work *w, const weighed *here)
{
    double sum = 0.0;
    for (size_t j = 0; j < w->k; j++) {
        double left = sqrt(here->mean) * w->basis[here->row * w->k + j];
        for (size_t l = 0; l < j; l++) {
            left -= w->row[l] * w->triangle[l * (w->k + 1) + j];
        }
        w->row[j] = left / w->triangle[j * (w->k + 1) + j];
        sum += w->row[j] * w->row[j];
    }
    return sum;
}

/* ---- the penalised likelihood ---------------------------------------------------------------- */

/* Means, likelihood, triangle and penalty at a place; false: outside what can be computed. */
static bool evaluate(work *w, const double *at)
{
    w->loglik = 0.0;
    for (size_t row = 0; row < w->counts->rows; row++) {
        double eta = w->counts->offset[row];
        for (size_t j = 0; j < w->k; j++) {
            eta += w->basis[row * w->k + j] * at[j];
        }
        if (!(fabs(eta) < PREDICTOR_MAX)) {
            return false;
        }
        w->order[row] = (weighed){exp(eta), row};
        w->loglik += traffstat_i_log_poisson(w->counts->lower[row], w->order[row].mean);
    }
    qsort(w->order, w->counts->rows, sizeof *w->order, by_mean);
    triangulate(w, false);
    w->penalty = 0.0;
    for (size_t j = 0; j < w->k; j++) {
        w->penalty += log(fabs(w->triangle[j * (w->k + 1) + j]));
    }
    return isfinite(w->loglik) && isfinite(w->penalty);
}

/* The scoring step from where evaluate() was; its largest change of a linear predictor. */
static double find_step(work *w)
{
    const size_t width = w->k + 1;
    for (size_t i = 0; i < w->counts->rows; i++) {
        w->leverage[w->order[i].row] = leverage_of(w, w->order + i);
    }
    triangulate(w, true);
    memset(w->step, 0, w->k * sizeof *w->step);
    for (size_t j = w->free; j > 0; j--) {
        double sum = w->triangle[(j - 1) * width + w->k];
        for (size_t l = j; l < w->free; l++) {
            sum -= w->triangle[(j - 1) * width + l] * w->step[l];
        }
        w->step[j - 1] = sum / w->triangle[(j - 1) * width + j - 1];
    }
    double most = 0.0;
    for (size_t row = 0; row < w->counts->rows; row++) {
        double sum = 0.0;
        for (size_t j = 0; j < w->free; j++) {
            sum += w->basis[row * w->k + j] * w->step[j];
        }
        most = fmax(most, fabs(sum));
    }
    return most;
}

/* Goes along the step as far as the penalised likelihood does not fall; false: nowhere. */
static bool go(work *w)
{
    const double before = w->loglik + w->penalty;
    double share = 1.0;
    for (int i = 0; i < HALVINGS; i++) {
        for (size_t j = 0; j < w->k; j++) {
            w->trial[j] = w->at[j] + share * w->step[j];
        }
        if (evaluate(w, w->trial) &&
            w->loglik + w->penalty >= before - 1e-12 * (1 + fabs(before))) {
            memcpy(w->at, w->trial, w->k * sizeof *w->at);
            return true;
        }
        share *= 0.5;
    }
    return false;
}

/* One weighted step from the counts themselves, what is held taken as known. */
static void guess(work *w)
{
    const size_t width = w->k + 1;
    memset(w->triangle, 0, w->k * width * sizeof *w->triangle);
    for (size_t row = 0; row < w->counts->rows; row++) {
        const double mean = w->counts->lower[row] + 0.5;
        double target = log(mean) - w->counts->offset[row];
        memset(w->row, 0, width * sizeof *w->row);
        for (size_t j = 0; j < w->k; j++) {
            const double x = w->basis[row * w->k + j];
            w->row[j] = j < w->free ? sqrt(mean) * x : 0.0;
            target -= j < w->free ? 0.0 : x * w->at[j];
        }
        w->row[w->k] = sqrt(mean) * target;
        rotate_in(w);
    }
    for (size_t j = w->free; j > 0; j--) {
        double sum = w->triangle[(j - 1) * width + w->k];
        for (size_t l = j; l < w->free; l++) {
            sum -= w->triangle[(j - 1) * width + l] * w->at[l];
        }
        w->at[j - 1] = sum / w->triangle[(j - 1) * width + j - 1];
    }
}

static traffstat_i_fit_end climb(work *w, int *iterations)
{
    guess(w);
    if (!evaluate(w, w->at)) {
        return TRAFFSTAT_I_FIT_LOST;
    }
    while (*iterations < STEPS) {
        ++*iterations;
        const double length = find_step(w);
        if (!go(w)) {
            /* rounding leaves no way up from the top */
            return length < 1e-6 && evaluate(w, w->at) ? TRAFFSTAT_I_FIT_DONE
                                                       : TRAFFSTAT_I_FIT_LOST;
        }
        if (length < SMALL_STEP) {
            return TRAFFSTAT_I_FIT_DONE;
        }
    }
    return TRAFFSTAT_I_FIT_LOST;
}

/* ---- what is reported ------------------------------------------------------------------------ */

/* Covariance: with the triangle times `back` the information is square of, from its inverse. */
static void spread(const work *w, traffstat_i_fit *fit)
{
    const size_t k = w->k;
    double *root = w->triangle; /* in place, line by line from the left: k x k inside k x (k + 1) */
    for (size_t i = 0; i < k; i++) {
        for (size_t j = k; j > i; j--) {
            double sum = 0.0;
            for (size_t l = i; l < j; l++) {
                sum += root[i * (k + 1) + l] * fit->back[l * k + j - 1];
            }
            root[i * (k + 1) + j - 1] = sum;
        }
    }
    for (size_t i = 0; i < k; i++) { /* line i of the inverse, an upper triangle too */
        double *line = fit->covariance + i * k;
        for (size_t j = 0; j < k; j++) {
            double sum = i == j ? 1.0 : 0.0;
            for (size_t l = i; l < j; l++) {
                sum -= line[l] * root[l * (k + 1) + j];
            }
            line[j] = j < i ? 0.0 : sum / root[j * (k + 1) + j];
        }
    }
    for (size_t i = 0; i < k;
         i++) { /* times its own transpose: lines after i are still the inverse */
        for (size_t j = k; j > i; j--) {
            double sum = 0.0;
            for (size_t l = j - 1; l < k; l++) {
                sum += fit->covariance[i * k + l] * fit->covariance[(j - 1) * k + l];
            }
            w->row[j - 1] = sum;
        }
        memcpy(fit->covariance + i * k + i, w->row + i, (k - i) * sizeof *w->row);
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j < i; j++) {
            fit->covariance[i * k + j] = fit->covariance[j * k + i];
        }
    }
}

static void report(const work *w, traffstat_i_fit *fit)
{
    fit->penalty = w->penalty;
    fit->loglik = w->loglik + w->penalty;
    fit->size = INFINITY;
    fit->log_size_error = NAN;
    for (size_t i = 0; i < w->counts->rows; i++) {
        fit->means[w->order[i].row] = w->order[i].mean;
    }
    traffstat_i_fit_coefficients(fit, w->k, w->at);
    spread(w, fit);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static traffstat_status fit_in(traffstat_ctx *ctx, work *w, const double *held,
                               traffstat_i_fit *out)
{
    const size_t k = w->k;
    const size_t rows = w->counts->rows;
    double *block = traffstat_i_alloc(ctx, 3 * k + (k + 1) * (k + 1) + rows, sizeof *block);
    w->order = traffstat_i_alloc(ctx, rows, sizeof *w->order);
    if (block == NULL || w->order == NULL) {
        traffstat_i_free(ctx, block);
        traffstat_i_free(ctx, w->order);
        return TRAFFSTAT_E_NOMEM;
    }
    w->basis = out->basis;
    w->at = block;
    w->trial = block + k;
    w->step = block + 2 * k;
    w->row = block + 3 * k;
    w->triangle = w->row + k + 1;
    w->leverage = w->triangle + k * (k + 1);
    if (held != NULL) {
        w->free = k - 1;
        w->at[k - 1] = *held * out->back[k * k - 1];
    }
    out->end = climb(w, &out->iterations);
    if (out->end == TRAFFSTAT_I_FIT_DONE) {
        report(w, out);
    }
    traffstat_i_free(ctx, block);
    traffstat_i_free(ctx, w->order);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_regress_firth(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                           const double *held, traffstat_i_fit *out)
{
    work w = {.counts = counts, .k = counts->columns, .free = counts->columns};
    const traffstat_status status = traffstat_i_fit_new(ctx, counts, out);
    if (status != TRAFFSTAT_OK || out->end != TRAFFSTAT_I_FIT_DONE) {
        return status;
    }
    return fit_in(ctx, &w, held, out);
}
