/* Maximum likelihood by Newton's method in an orthonormal basis of the design, so that calendar years
 * lose no digits; the negative binomial's size is one more parameter, ln size. */
#include "model/rate/regress.h"

#include <math.h>
#include <string.h>

#include "model/rate/countlaw.h"

#define STEPS 100
#define HALVINGS 40
#define SMALL_STEP 1e-9     /* of the linear predictor: reached, given that steps square */
#define DEPENDENT 1e-9      /* of a column's length: what is left is rounding */
#define PREDICTOR_MAX 600.0 /* e^600 is a number */
#define SIZE_MAX_LOG 23.0   /* ln 1e10: there the law is Poisson to the last digits */
#define FLAT 1e-10          /* rise of the log likelihood that no step makes any more */

/* What a fit works on. */
typedef struct work {
    const traffstat_i_counts *counts;
    bool negbin;
    size_t k; /* parameters of the mean */
    size_t n; /* all parameters: k, or k + 1 with ln size at the end */
    const double *basis;
    double *at;        /* n */
    double *trial;     /* n */
    double *slope;     /* n */
    double *step;      /* n */
    double *curvature; /* n x n, observed information */
    double *factor;    /* n x n */
    double loglik;
    double over; /* score for a finite size at the Poisson fit */
} work;

/* ---- small matrices -------------------------------------------------------------------------- */

bool traffstat_i_cholesky(double *matrix, size_t n)
{
    for (size_t j = 0; j < n; j++) {
        double pivot = matrix[j * n + j];
        for (size_t l = 0; l < j; l++) {
            pivot -= matrix[j * n + l] * matrix[j * n + l];
        }
        if (!(pivot > 1e-14 * matrix[j * n + j] && pivot > 0.0)) {
            return false;
        }
        matrix[j * n + j] = sqrt(pivot);
        for (size_t i = j + 1; i < n; i++) {
            double sum = matrix[i * n + j];
            for (size_t l = 0; l < j; l++) {
                sum -= matrix[i * n + l] * matrix[j * n + l];
            }
            matrix[i * n + j] = sum / matrix[j * n + j];
        }
    }
    return true;
}

void traffstat_i_cholesky_solve(const double *factor, size_t n, double *vector)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t l = 0; l < i; l++) {
            vector[i] -= factor[i * n + l] * vector[l];
        }
        vector[i] /= factor[i * n + i];
    }
    for (size_t i = n; i > 0; i--) {
        for (size_t l = i; l < n; l++) {
            vector[i - 1] -= factor[l * n + i - 1] * vector[l];
        }
        vector[i - 1] /= factor[(i - 1) * n + i - 1];
    }
}

/* Gram & Schmidt, twice over. false: a column is made up of those before it. */
static bool orthonormal(const traffstat_i_counts *counts, double *basis, double *back)
{
    const size_t k = counts->columns;
    memcpy(basis, counts->design, counts->rows * k * sizeof *basis);
    for (size_t j = 0; j < k; j++) {
        double length = 0.0;
        for (size_t i = 0; i < counts->rows; i++) {
            length = hypot(length, basis[i * k + j]);
        }
        for (size_t pass = 0; pass < 2; pass++) {
            for (size_t l = 0; l < j; l++) {
                double dot = 0.0;
                for (size_t i = 0; i < counts->rows; i++) {
                    dot += basis[i * k + l] * basis[i * k + j];
                }
                for (size_t i = 0; i < counts->rows; i++) {
                    basis[i * k + j] -= dot * basis[i * k + l];
                }
                back[l * k + j] += dot;
            }
        }
        double left = 0.0;
        for (size_t i = 0; i < counts->rows; i++) {
            left = hypot(left, basis[i * k + j]);
        }
        if (!(left > DEPENDENT * length)) {
            return false;
        }
        back[j * k + j] = left;
        for (size_t i = 0; i < counts->rows; i++) {
            basis[i * k + j] /= left;
        }
    }
    return true;
}

/* ---- the likelihood -------------------------------------------------------------------------- */

static double predictor(const work *w, const double *at, size_t row)
{
    double sum = w->counts->offset[row];
    for (size_t j = 0; j < w->k; j++) {
        sum += w->basis[row * w->k + j] * at[j];
    }
    return sum;
}

static double size_at(const work *w, const double *at)
{
    return w->n > w->k ? exp(at[w->k]) : (double) INFINITY;
}

static bool row_terms(const work *w, const double *at, size_t row, traffstat_i_count_terms *out)
{
    const double eta = predictor(w, at, row);
    return fabs(eta) < PREDICTOR_MAX &&
           traffstat_i_count_law(w->counts->lower[row], w->counts->upper[row], exp(eta),
                                 size_at(w, at), out);
}

/* NaN: outside what can be computed. */
static double loglik(const work *w, const double *at)
{
    double sum = 0.0;
    traffstat_i_count_terms terms;
    if (w->n > w->k && fabs(at[w->k]) > SIZE_MAX_LOG) {
        return NAN;
    }
    for (size_t row = 0; row < w->counts->rows; row++) {
        if (!row_terms(w, at, row, &terms)) {
            return NAN;
        }
        sum += terms.log_chance;
    }
    return sum;
}

static void add_row(work *w, size_t row, const traffstat_i_count_terms *terms)
{
    const double *x = w->basis + row * w->k;
    for (size_t i = 0; i < w->k; i++) {
        w->slope[i] += terms->t1 * x[i];
        for (size_t j = 0; j <= i; j++) {
            w->curvature[i * w->n + j] += terms->t2 * x[i] * x[j];
        }
    }
    if (w->n > w->k) {
        w->slope[w->k] += terms->s1;
        for (size_t j = 0; j < w->k; j++) {
            w->curvature[w->k * w->n + j] += terms->ts * x[j];
        }
        w->curvature[w->k * w->n + w->k] += terms->s2;
    }
}

/* Slope and curvature at w->at. */
static bool differentiate(work *w)
{
    memset(w->slope, 0, w->n * sizeof *w->slope);
    memset(w->curvature, 0, w->n * w->n * sizeof *w->curvature);
    w->loglik = 0.0;
    w->over = 0.0;
    for (size_t row = 0; row < w->counts->rows; row++) {
        traffstat_i_count_terms terms;
        if (!row_terms(w, w->at, row, &terms)) {
            return false;
        }
        add_row(w, row, &terms);
        w->loglik += terms.log_chance;
        w->over += terms.over;
    }
    return true;
}

/* ---- Newton ---------------------------------------------------------------------------------- */

/* The step, with as much added to the diagonal as makes the curvature positive. */
static bool find_step(work *w)
{
    double most = 0.0;
    for (size_t i = 0; i < w->n; i++) {
        most = fmax(most, fabs(w->curvature[i * w->n + i]));
    }
    for (double ridge = 0.0; ridge <= 1e6; ridge = ridge == 0.0 ? 1e-8 : ridge * 10.0) {
        memcpy(w->factor, w->curvature, w->n * w->n * sizeof *w->factor);
        for (size_t i = 0; i < w->n; i++) {
            w->factor[i * w->n + i] += ridge * (most + 1e-300);
        }
        if (traffstat_i_cholesky(w->factor, w->n)) {
            memcpy(w->step, w->slope, w->n * sizeof *w->step);
            traffstat_i_cholesky_solve(w->factor, w->n, w->step);
            return true;
        }
    }
    return false;
}

/* Goes along the step as far as the likelihood does not fall; the length that was gone. */
static double go(work *w)
{
    double share = 1.0;
    for (int i = 0; i < HALVINGS; i++) {
        for (size_t j = 0; j < w->n; j++) {
            w->trial[j] = w->at[j] + share * w->step[j];
        }
        const double there = loglik(w, w->trial);
        if (there >= w->loglik - 1e-12 * (1.0 + fabs(w->loglik))) {
            memcpy(w->at, w->trial, w->n * sizeof *w->at);
            return share;
        }
        share *= 0.5;
    }
    return 0.0;
}

/* The largest change of a linear predictor (and of ln size) under the step. */
static double step_length(const work *w)
{
    double most = w->n > w->k ? fabs(w->step[w->k]) : 0.0;
    for (size_t row = 0; row < w->counts->rows; row++) {
        double sum = 0.0;
        for (size_t j = 0; j < w->k; j++) {
            sum += w->basis[row * w->k + j] * w->step[j];
        }
        most = fmax(most, fabs(sum));
    }
    return most;
}

static traffstat_i_fit_end climb(work *w, int *iterations)
{
    double before = -INFINITY;
    double last = INFINITY;
    for (int i = 0; i < STEPS; i++) {
        ++*iterations;
        if (!differentiate(w)) {
            return TRAFFSTAT_I_FIT_LOST;
        }
        const bool stepped = find_step(w);
        const double length = stepped ? step_length(w) : INFINITY;
        const bool flat = w->loglik - before < FLAT;
        /* Newton runs away by steps of about 1 where no finite maximum exists */
        if (!stepped || (flat && i > 15 && length > 0.1)) {
            return TRAFFSTAT_I_FIT_SEPARATED;
        }
        before = w->loglik;
        const double gone = go(w);
        /* steps that small square, unless they are rounding alone */
        const bool noise = last < 1e-5 && length > 0.1 * last && length < 1e-5;
        last = length;
        if (gone == 0.0 || noise || (length < SMALL_STEP && gone == 1.0)) {
            return length < 1e-4 && differentiate(w) ? TRAFFSTAT_I_FIT_DONE
                                                     : TRAFFSTAT_I_FIT_SEPARATED;
        }
    }
    return TRAFFSTAT_I_FIT_SEPARATED;
}

/* A first guess as R's glm takes it: one weighted least squares step from the counts themselves. */
static void guess(work *w)
{
    memset(w->step, 0, w->n * sizeof *w->step);
    memset(w->factor, 0, w->n * w->n * sizeof *w->factor);
    for (size_t row = 0; row < w->counts->rows; row++) {
        const double *x = w->basis + row * w->k;
        const double lower = w->counts->lower[row];
        const double upper = w->counts->upper[row];
        const double mean = (isinf(upper) ? lower : 0.5 * (lower + upper)) + 0.1;
        const double target = log(mean) - w->counts->offset[row];
        for (size_t i = 0; i < w->k; i++) {
            w->step[i] += mean * x[i] * target;
            for (size_t j = 0; j <= i; j++) {
                w->factor[i * w->n + j] += mean * x[i] * x[j];
            }
        }
    }
    memset(w->at, 0, w->n * sizeof *w->at);
    if (traffstat_i_cholesky(w->factor, w->n)) {
        traffstat_i_cholesky_solve(w->factor, w->n, w->step);
        memcpy(w->at, w->step, w->n * sizeof *w->at);
    }
}

static bool all_zero(const traffstat_i_counts *counts)
{
    for (size_t row = 0; row < counts->rows; row++) {
        if (counts->lower[row] > 0.0) {
            return false;
        }
    }
    return true; /* with "<5" too: the means may all be 0 */
}

/* The size by moments at the Poisson fit: m^2 over the excess of the squares. */
static double first_size(const work *w)
{
    double squares = 0.0;
    for (size_t row = 0; row < w->counts->rows; row++) {
        const double mean = exp(predictor(w, w->at, row));
        squares += mean * mean;
    }
    return fmin(fmax(squares / w->over, 1e-3), 1e6);
}

static traffstat_i_fit_end fit_both(work *w, traffstat_i_fit *out)
{
    w->n = w->k;
    guess(w);
    traffstat_i_fit_end end = climb(w, &out->iterations);
    if (!w->negbin || (end != TRAFFSTAT_I_FIT_DONE && end != TRAFFSTAT_I_FIT_SEPARATED)) {
        return end;
    }
    out->boundary = w->counts->rows <= w->k || !(w->over > 0.0);
    if (out->boundary || end != TRAFFSTAT_I_FIT_DONE) {
        return end; /* Dean's score: the likelihood falls on leaving Poisson */
    }
    w->at[w->k] = log(first_size(w));
    w->n = w->k + 1;
    end = climb(w, &out->iterations);
    if (end == TRAFFSTAT_I_FIT_SEPARATED) {
        out->boundary = true; /* what ran away is the size: the means stood still without it */
        w->n = w->k;
        end = climb(w, &out->iterations);
    }
    return end;
}

/* ---- what is reported ------------------------------------------------------------------------ */

static bool all_exact(const traffstat_i_counts *counts)
{
    for (size_t row = 0; row < counts->rows; row++) {
        if (counts->lower[row] != counts->upper[row]) {
            return false;
        }
    }
    return true;
}

/* Information of the mean's parameters: expected where all counts are exact, which for the negative
 * binomial leaves the size out of account, as glm.nb does. */
static void expected(work *w, const traffstat_i_fit *fit)
{
    for (size_t i = 0; i < w->n * w->n; i++) {
        w->factor[i] = 0.0;
    }
    for (size_t row = 0; row < w->counts->rows; row++) {
        const double *x = w->basis + row * w->k;
        const double mean = fit->means[row];
        const double weight = isinf(fit->size) ? mean : mean / (1.0 + mean / fit->size);
        for (size_t i = 0; i < w->k; i++) {
            for (size_t j = 0; j <= i; j++) {
                w->factor[i * w->k + j] += weight * x[i] * x[j];
            }
        }
    }
}

/* Row j of the inverse of the upper triangle `back`, by solving transposed. */
static void inverse_row(const double *back, size_t k, size_t j, double *out)
{
    for (size_t i = 0; i < k; i++) {
        out[i] = i == j ? 1.0 : 0.0;
    }
    /* solves r' back = e_j' from the front */
    for (size_t i = 0; i < k; i++) {
        for (size_t l = 0; l < i; l++) {
            out[i] -= out[l] * back[l * k + i];
        }
        out[i] /= back[i * k + i];
    }
}

/* Covariances of the coefficients from a factored information of n >= k parameters. */
static void spread(work *w, size_t n, traffstat_i_fit *fit)
{
    for (size_t i = 0; i < w->k; i++) {
        memset(w->step, 0, n * sizeof *w->step);
        inverse_row(fit->back, w->k, i, w->step);
        traffstat_i_cholesky_solve(w->factor, n, w->step);
        for (size_t j = 0; j < w->k; j++) {
            inverse_row(fit->back, w->k, j, w->trial);
            double sum = 0.0;
            for (size_t l = 0; l < w->k; l++) {
                sum += w->trial[l] * w->step[l];
            }
            fit->covariance[i * w->k + j] = sum;
        }
    }
}

/* back * c = at */
void traffstat_i_fit_coefficients(traffstat_i_fit *fit, size_t columns, const double *at)
{
    for (size_t i = columns; i > 0; i--) {
        double sum = at[i - 1];
        for (size_t l = i; l < columns; l++) {
            sum -= fit->back[(i - 1) * columns + l] * fit->coefficients[l];
        }
        fit->coefficients[i - 1] = sum / fit->back[(i - 1) * columns + i - 1];
    }
}

static traffstat_i_fit_end report(work *w, traffstat_i_fit_end end, traffstat_i_fit *fit)
{
    fit->loglik = w->loglik;
    fit->size = size_at(w, w->at);
    fit->log_size_error = NAN;
    for (size_t row = 0; row < w->counts->rows; row++) {
        fit->means[row] = exp(predictor(w, w->at, row));
    }
    traffstat_i_fit_coefficients(fit, w->k, w->at);
    if (end != TRAFFSTAT_I_FIT_DONE) {
        return end;
    }
    memcpy(w->factor, w->curvature, w->n * w->n * sizeof *w->factor);
    if (!traffstat_i_cholesky(w->factor, w->n)) {
        return TRAFFSTAT_I_FIT_SEPARATED;
    }
    spread(w, w->n, fit);
    if (w->n > w->k) {
        memset(w->step, 0, w->n * sizeof *w->step);
        w->step[w->k] = 1.0;
        traffstat_i_cholesky_solve(w->factor, w->n, w->step);
        fit->log_size_error = sqrt(w->step[w->k]);
    }
    if (all_exact(w->counts)) {
        expected(w, fit);
        if (!traffstat_i_cholesky(w->factor, w->k)) {
            return TRAFFSTAT_I_FIT_SEPARATED;
        }
        spread(w, w->k, fit);
    }
    return end;
}

/* ---- memory ---------------------------------------------------------------------------------- */

void traffstat_i_fit_free(traffstat_ctx *ctx, traffstat_i_fit *fit)
{
    traffstat_i_free(ctx, fit->coefficients);
    *fit = (traffstat_i_fit){0};
}

/* One block for all arrays of the fit. */
traffstat_status traffstat_i_fit_new(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                     traffstat_i_fit *fit)
{
    *fit = (traffstat_i_fit){0};
    const size_t k = counts->columns;
    const size_t n = counts->rows;
    double *block = traffstat_i_alloc(ctx, k + 2 * k * k + n + n * k, sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    fit->coefficients = block;
    fit->covariance = block + k;
    fit->back = block + k + k * k;
    fit->means = block + k + 2 * k * k;
    fit->basis = block + k + 2 * k * k + n;
    if (n < k) {
        fit->end = TRAFFSTAT_I_FIT_FEW;
    } else if (!orthonormal(counts, fit->basis, fit->back)) {
        fit->end = TRAFFSTAT_I_FIT_DEPENDENT;
    }
    return TRAFFSTAT_OK;
}

static double *work_new(traffstat_ctx *ctx, size_t k, work *w)
{
    const size_t n = k + 1;
    double *block = traffstat_i_alloc(ctx, 4 * n + 2 * n * n, sizeof *block);
    if (block != NULL) {
        w->at = block;
        w->trial = block + n;
        w->slope = block + 2 * n;
        w->step = block + 3 * n;
        w->curvature = block + 4 * n;
        w->factor = block + 4 * n + n * n;
    }
    return block;
}

traffstat_status traffstat_i_regress(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                     bool negbin, traffstat_i_fit *out)
{
    work w = {.counts = counts, .negbin = negbin, .k = counts->columns};
    const traffstat_status status = traffstat_i_fit_new(ctx, counts, out);
    if (status != TRAFFSTAT_OK || out->end != TRAFFSTAT_I_FIT_DONE) {
        return status;
    }
    if (all_zero(counts)) {
        out->end = TRAFFSTAT_I_FIT_ALL_ZERO;
        return TRAFFSTAT_OK;
    }
    double *block = work_new(ctx, w.k, &w);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    w.basis = out->basis;
    out->end = fit_both(&w, out);
    out->end = out->end == TRAFFSTAT_I_FIT_LOST ? out->end : report(&w, out->end, out);
    traffstat_i_free(ctx, block);
    return TRAFFSTAT_OK;
}
