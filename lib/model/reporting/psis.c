/* Pareto-smoothed importance sampling (Vehtari, Simpson, Gelman, Yao & Gabry 2024): the largest
 * weights become quantiles of a generalised Pareto law fitted to them, whose shape tells whether
 * weights have a variance at all. */
#include <math.h>
#include <stdlib.h>

#include "base/base.h"
#include "model/reporting/nuts.h"

enum { FEWEST = 5 };

typedef struct ratio {
    double value;
    size_t at;
} ratio;

static int by_value(const void *a, const void *b)
{
    const ratio *x = a;
    const ratio *y = b;
    if (x->value != y->value) {
        return x->value < y->value ? -1 : 1;
    }
    return (x->at > y->at) - (x->at < y->at);
}

static double mean_log(const double *x, size_t n, double theta)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += log1p(-theta * x[i]);
    }
    return sum / (double) n;
}

/* Shape and scale from sorted exceedances, by the mean of a posterior of theta = -shape/scale over a
 * grid that the data set (Zhang & Stephens 2009); the shape drawn towards 1/2 by ten draws' worth. */
static void fit_pareto(const double *x, size_t n, double *shape, double *scale)
{
    const size_t points = 30 + (size_t) sqrt((double) n);
    const double quarter = x[(size_t) ((double) n / 4.0 + 0.5) - 1];
    double top = -INFINITY;
    double sum = 0.0;
    double weighted = 0.0;
    /* Two passes: the largest log likelihood, then the mean with weights relative to it. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t j = 1; j <= points; j++) {
            const double theta =
                1.0 / x[n - 1] +
                (1.0 - sqrt((double) points / ((double) j - 0.5))) / (3.0 * quarter);
            const double k = mean_log(x, n, theta);
            const double likelihood = (double) n * (log(-theta / k) - k - 1.0);
            if (isnan(likelihood)) {
                continue;
            }
            if (pass == 0) {
                top = fmax(top, likelihood);
            } else {
                sum += exp(likelihood - top);
                weighted += theta * exp(likelihood - top);
            }
        }
    }
    const double theta = weighted / sum;
    const double k = mean_log(x, n, theta);
    *scale = -k / theta;
    *shape = (k * (double) n + 5.0) / ((double) n + 10.0);
}

static double pareto_quantile(double prob, double shape, double scale)
{
    return fabs(shape) < 1e-12 ? -scale * log1p(-prob)
                               : scale * expm1(-shape * log1p(-prob)) / shape;
}

/* The `tail` largest of the sorted ratios, whose largest is 0. */
static double smooth(ratio *sorted, size_t n, size_t tail, double *exceedance)
{
    ratio *first = sorted + (n - tail);
    const double cutoff = exp(sorted[n - tail - 1].value);
    for (size_t i = 0; i < tail; i++) {
        exceedance[i] = exp(first[i].value) - cutoff;
    }
    if (!(exceedance[tail - 1] > 0.0)) {
        return 0.0;
    }
    size_t equal = 0; /* ties with the cutoff tell nothing of the tail's shape */
    while (equal < tail && !(exceedance[equal] > 0.0)) {
        equal++;
    }
    if (tail - equal < FEWEST) {
        return INFINITY;
    }
    double shape = 0.0;
    double scale = 0.0;
    fit_pareto(exceedance + equal, tail - equal, &shape, &scale);
    if (!isfinite(shape) || !isfinite(scale)) {
        return INFINITY;
    }
    for (size_t i = 0; i < tail; i++) {
        const double prob = ((double) i + 0.5) / (double) tail;
        first[i].value = fmin(log(cutoff + pareto_quantile(prob, shape, scale)), 0.0);
    }
    return shape;
}

static bool prepare(const double *log_ratios, size_t n, ratio *sorted)
{
    double top = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (isnan(log_ratios[i]) || log_ratios[i] == INFINITY) {
            return false;
        }
        top = fmax(top, log_ratios[i]);
    }
    if (!isfinite(top)) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = (ratio){log_ratios[i] - top, i};
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    return true;
}

traffstat_status traffstat_i_psis(traffstat_ctx *ctx, double *log_ratios, size_t n, double *khat)
{
    const double share = fmin(0.2 * (double) n, 3.0 * sqrt((double) n));
    const size_t tail = (size_t) ceil(share);
    ratio *sorted = traffstat_i_alloc(ctx, n > 0 ? n : 1, sizeof *sorted);
    double *exceedance = traffstat_i_alloc(ctx, tail + 1, sizeof *exceedance);
    traffstat_status status = TRAFFSTAT_OK;
    if (sorted == NULL || exceedance == NULL) {
        status = TRAFFSTAT_E_NOMEM;
    } else if (!prepare(log_ratios, n, sorted)) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "importance weights are not finite");
    } else {
        *khat = INFINITY;
        if (sorted[0].value == sorted[n - 1].value) {
            *khat = 0.0;
        } else if (tail >= FEWEST && tail < n) {
            *khat = smooth(sorted, n, tail, exceedance);
        }
        double sum = 0.0;
        for (size_t i = 0; i < n; i++) {
            sum += exp(sorted[i].value);
        }
        for (size_t i = 0; i < n; i++) {
            log_ratios[sorted[i].at] = sorted[i].value - log(sum);
        }
    }
    traffstat_i_free(ctx, sorted);
    traffstat_i_free(ctx, exceedance);
    return status;
}
