/* Climbing the likelihood of a Poisson-logistic regression, and its weakest direction. */
#include "model/reporting/pogit.h"

#include <math.h>
#include <string.h>

#include "model/rate/regress.h"
#include "model/reporting/field.h"

#define STEPS_MAX 200
#define RUNAWAY 30.0 /* of a logit: beyond, the share is 0 or 1 for every purpose */

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

double traffstat_i_log_share(double logit)
{
    return logit < 0.0 ? logit - log1p(exp(logit)) : -log1p(exp(-logit));
}

/* matrix += weight * left right', only what falls into the lower triangle. */
static void add_outer(double *matrix, size_t k, const double *left, size_t row, size_t rows,
                      const double *right, size_t column, size_t columns, double weight)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns && column + j <= row + i; j++) {
            matrix[(row + i) * k + column + j] += weight * left[i] * right[j];
        }
    }
}

static void add_slope(double *slope, const double *x, size_t n, double weight)
{
    for (size_t i = 0; i < n; i++) {
        slope[i] += weight * x[i];
    }
}

/* The second derivative of an interval's likelihood is that of its score, to six digits. */
static traffstat_i_bend set_bend(int64_t low, int64_t high, double log_mean, bool curved)
{
    const double step = 1e-4;
    const traffstat_i_cell_score at = traffstat_i_cell_score_of(low, high, log_mean, INFINITY);
    traffstat_i_bend out = {at.log_likelihood, at.d_log_mu, 0.0};
    if (curved) {
        const double up = traffstat_i_cell_score_of(low, high, log_mean + step, INFINITY).d_log_mu;
        const double down =
            traffstat_i_cell_score_of(low, high, log_mean - step, INFINITY).d_log_mu;
        out.curve = (down - up) / (2.0 * step);
    }
    return out;
}

traffstat_i_bend traffstat_i_pogit_count(const traffstat_i_pogit *of, size_t row, double log_mean,
                                         bool observed)
{
    if (of->low != NULL && of->low[row] != of->high[row]) {
        traffstat_i_bend bend = set_bend(of->low[row], of->high[row], log_mean, true);
        bend.curve = observed ? bend.curve : fmax(bend.curve, 0.0);
        return bend;
    }
    const double mean = exp(log_mean);
    const double y = of->count[row];
    return (traffstat_i_bend){(y > 0.0 ? y * log_mean : 0.0) - mean, y - mean, mean};
}

traffstat_i_bend traffstat_i_pogit_law(const traffstat_i_pogit *of, size_t law, double value,
                                       bool observed)
{
    const double n = of->freedom[law];
    const double off = (value - of->center[law]) / of->scale[law];
    const double unit = 1.0 / (of->scale[law] * of->scale[law]);
    if (!(n < 1e12)) {
        return (traffstat_i_bend){-0.5 * off * off, -off / of->scale[law], unit};
    }
    const double wide = 1.0 + off * off / n;
    const double curve = (n + 1.0) / n / wide * (observed ? 2.0 / wide - 1.0 : 1.0);
    return (traffstat_i_bend){-0.5 * (n + 1.0) * log(wide),
                              -(n + 1.0) / n * off / (of->scale[law] * wide), curve * unit};
}

static double add_count(const traffstat_i_pogit *of, const double *at, size_t row, bool observed,
                        double *slope, double *matrix)
{
    const double *x = of->x + row * of->rate;
    const double *w = of->w + row * of->share;
    const size_t k = of->rate + of->share;
    const double logit = dot(w, at + of->rate, of->share);
    const double log_p = traffstat_i_log_share(logit);
    const double q = exp(traffstat_i_log_share(-logit));
    const double log_mean = of->offset[row] + dot(x, at, of->rate) + log_p;
    const traffstat_i_bend bend = traffstat_i_pogit_count(of, row, log_mean, observed);
    if (matrix != NULL) {
        const double curve = observed ? bend.slope * exp(log_p) * q : 0.0;
        add_slope(slope, x, of->rate, bend.slope);
        add_slope(slope + of->rate, w, of->share, bend.slope * q);
        add_outer(matrix, k, x, 0, of->rate, x, 0, of->rate, bend.curve);
        add_outer(matrix, k, w, of->rate, of->share, x, 0, of->rate, bend.curve * q);
        add_outer(matrix, k, w, of->rate, of->share, w, of->rate, of->share,
                  bend.curve * q * q + curve);
    }
    return bend.value;
}

static double add_law(const traffstat_i_pogit *of, const double *at, size_t law, bool observed,
                      double *slope, double *matrix)
{
    const size_t k = of->rate + of->share;
    const double *form = of->form + law * k;
    const traffstat_i_bend bend = traffstat_i_pogit_law(of, law, dot(form, at, k), observed);
    if (matrix != NULL) {
        add_slope(slope, form, k, bend.slope);
        add_outer(matrix, k, form, 0, k, form, 0, k, bend.curve);
    }
    return bend.value;
}

static double add_term(const traffstat_i_pogit *of, const double *at, size_t term, double *slope,
                       double *matrix)
{
    const double *z = of->z + term * of->share;
    const double logit = dot(z, at + of->rate, of->share);
    const double log_p = traffstat_i_log_share(logit);
    const double log_q = traffstat_i_log_share(-logit);
    if (matrix != NULL) {
        const double p = exp(log_p);
        const double q = exp(log_q);
        add_slope(slope + of->rate, z, of->share, of->seen[term] * q - of->missed[term] * p);
        add_outer(matrix, of->rate + of->share, z, of->rate, of->share, z, of->rate, of->share,
                  (of->seen[term] + of->missed[term]) * p * q);
    }
    return of->seen[term] * log_p + of->missed[term] * log_q;
}

double traffstat_i_pogit_value(const traffstat_i_pogit *of, const double *at, bool validation,
                               bool observed, double *slope, double *matrix)
{
    const size_t k = of->rate + of->share;
    double sum = 0.0;
    if (matrix != NULL) {
        memset(slope, 0, k * sizeof *slope);
        memset(matrix, 0, k * k * sizeof *matrix);
    }
    for (size_t row = 0; row < of->rows; row++) {
        sum += add_count(of, at, row, observed, slope, matrix);
    }
    for (size_t term = 0; validation && term < of->terms; term++) {
        sum += add_term(of, at, term, slope, matrix);
    }
    for (size_t law = 0; validation && law < of->laws; law++) {
        sum += add_law(of, at, law, observed, slope, matrix);
    }
    return sum;
}

/* ---- climbing -------------------------------------------------------------------------------- */

/* Slope and factored curvature at a point: observed where that is a hill, else expected, with ever
 * more added to its diagonal. */
static bool curvature(const traffstat_i_pogit *of, const double *at, double *slope, double *factor)
{
    const size_t k = of->rate + of->share;
    (void) traffstat_i_pogit_value(of, at, true, true, slope, factor);
    if (traffstat_i_cholesky(factor, k)) {
        return true;
    }
    for (double more = 0.0; more < 1e3; more = more == 0.0 ? 1e-10 : more * 100.0) {
        (void) traffstat_i_pogit_value(of, at, true, false, slope, factor);
        for (size_t i = 0; i < k; i++) {
            factor[i * k + i] *= 1.0 + more;
        }
        if (traffstat_i_cholesky(factor, k)) {
            return true;
        }
    }
    return false;
}

/* The step to the top of the parabola, within the plane where something is held. */
static void find_step(const traffstat_i_held *held, const double *at, size_t k,
                      const double *factor, const double *slope, double *step, double *work)
{
    memcpy(step, slope, k * sizeof *step);
    traffstat_i_cholesky_solve(factor, k, step);
    if (held == NULL) {
        return;
    }
    memcpy(work, held->direction, k * sizeof *work);
    traffstat_i_cholesky_solve(factor, k, work);
    const double miss = held->value - dot(held->direction, at, k);
    const double pull = (dot(held->direction, step, k) - miss) / dot(held->direction, work, k);
    for (size_t i = 0; i < k; i++) {
        step[i] -= pull * work[i];
    }
}

static bool ran_away(const traffstat_i_pogit *of, const double *at)
{
    for (size_t row = 0; row < of->rows; row++) {
        const double logit = dot(of->w + row * of->share, at + of->rate, of->share);
        if (!(fabs(logit) < RUNAWAY)) {
            return true;
        }
    }
    return false;
}

int traffstat_i_pogit_climb(const traffstat_i_pogit *of, const traffstat_i_held *held, double *at,
                            double *value, double *work)
{
    const size_t k = of->rate + of->share;
    double *factor = work;
    double *slope = work + k * k;
    double *step = slope + k;
    double *trial = step + k;
    double *spare = trial + k;
    if (held != NULL) { /* onto the plane first, so that every later value may be compared */
        const double miss = held->value - dot(held->direction, at, k);
        add_slope(at, held->direction, k, miss / dot(held->direction, held->direction, k));
    }
    *value = traffstat_i_pogit_value(of, at, true, false, NULL, NULL);
    for (int taken = 0; taken < STEPS_MAX; taken++) {
        if (!isfinite(*value) || ran_away(of, at) || !curvature(of, at, slope, factor)) {
            return -1;
        }
        find_step(held, at, k, factor, slope, step, spare);
        const double gain = dot(slope, step, k);
        double there = -INFINITY;
        double part = 1.0;
        const double floor = *value - 1e-13 * (1.0 + fabs(*value)); /* rounding is no descent */
        for (; part > 1e-9 && !(there >= floor); part *= 0.5) {
            memcpy(trial, at, k * sizeof *trial);
            add_slope(trial, step, k, part);
            there = traffstat_i_pogit_value(of, trial, true, false, NULL, NULL);
        }
        if (there >= floor) {
            memcpy(at, trial, k * sizeof *at);
            *value = there;
        }
        if (gain < 1e-18 * (1.0 + fabs(*value)) || part <= 1e-9) {
            return gain < 1e-9 * (1.0 + fabs(*value)) ? taken + 1 : -1;
        }
    }
    return -1;
}

/* ---- the weakest direction ------------------------------------------------------------------- */

/* One Jacobi rotation of rows and columns i < j of `m`, gathered in `vectors`. */
static void rotate(double *m, double *vectors, size_t k, size_t i, size_t j)
{
    if (m[i * k + j] == 0.0) {
        return;
    }
    const double half = (m[j * k + j] - m[i * k + i]) / (2.0 * m[i * k + j]);
    const double t = copysign(1.0, half) / (fabs(half) + sqrt(half * half + 1.0));
    const double c = 1.0 / sqrt(t * t + 1.0);
    const double s = t * c;
    for (size_t a = 0; a < k; a++) {
        const double left = m[a * k + i];
        const double right = m[a * k + j];
        m[a * k + i] = c * left - s * right;
        m[a * k + j] = s * left + c * right;
    }
    for (size_t a = 0; a < k; a++) {
        const double left = m[i * k + a];
        const double right = m[j * k + a];
        m[i * k + a] = c * left - s * right;
        m[j * k + a] = s * left + c * right;
        const double first = vectors[a * k + i];
        const double second = vectors[a * k + j];
        vectors[a * k + i] = c * first - s * second;
        vectors[a * k + j] = s * first + c * second;
    }
}

/* Mirrors the lower triangle and brings the diagonal to 1; `size` gets the roots taken out. */
static void scale(double *matrix, size_t k, double *size)
{
    for (size_t i = 0; i < k; i++) {
        size[i] = matrix[i * k + i] > 0.0 ? sqrt(matrix[i * k + i]) : 1.0;
    }
    for (size_t i = 0; i < k; i++) {
        for (size_t j = 0; j <= i; j++) {
            matrix[i * k + j] /= size[i] * size[j];
            matrix[j * k + i] = matrix[i * k + j];
        }
    }
}

double traffstat_i_pogit_weakest(double *matrix, size_t k, double *direction, double *work)
{
    double *vectors = work;
    double *size = work + k * k;
    scale(matrix, k, size);
    memset(vectors, 0, k * k * sizeof *vectors);
    for (size_t i = 0; i < k; i++) {
        vectors[i * k + i] = 1.0;
    }
    for (int sweep = 0; sweep < 60; sweep++) {
        double off = 0.0;
        for (size_t i = 0; i < k; i++) {
            for (size_t j = i + 1; j < k; j++) {
                off += matrix[i * k + j] * matrix[i * k + j];
                rotate(matrix, vectors, k, i, j);
            }
        }
        sweep = off < 1e-30 ? 60 : sweep;
    }
    size_t least = 0;
    for (size_t i = 1; i < k; i++) {
        least = matrix[i * k + i] < matrix[least * k + least] ? i : least;
    }
    double largest = 0.0;
    for (size_t i = 0; i < k; i++) {
        direction[i] = vectors[i * k + least] / size[i];
        largest = fabs(direction[i]) > fabs(largest) ? direction[i] : largest;
    }
    for (size_t i = 0; i < k; i++) {
        direction[i] /= largest;
    }
    return matrix[least * k + least];
}
