/* Bias-corrected and accelerated limits. */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

#include "model/overlap/resample.h"

static int compare(const void *a, const void *b)
{
    const double one = *(const double *) a;
    const double other = *(const double *) b;
    return (one > other) - (one < other);
}

double traffstat_i_quantile8(const double *sorted, size_t count, double p)
{
    if (count == 0 || isnan(p)) {
        return NAN;
    }
    const double place = ((double) count + 1.0 / 3) * p + 1.0 / 3;
    if (place <= 1.0) {
        return sorted[0];
    }
    if (place >= (double) count) {
        return sorted[count - 1];
    }
    const double whole = floor(place);
    const double share = place - whole;
    const double below = sorted[(size_t) whole - 1];
    const double above = sorted[(size_t) whole];
    return share > 0.0 && below < above ? below + share * (above - below) : below;
}

/* sum y r^3 / (6 (sum y r^2)^(3/2)), r the mean of the jackknife less its value; 0 where a history
 * less leaves no estimate. */
static double acceleration_of(const traffstat_i_replicates *replicates,
                              const traffstat_i_counts *counts)
{
    double mean = 0.0;
    for (size_t w = 1; w < counts->cells; w++) {
        if (counts->count[w] > 0.0) {
            mean += counts->count[w] / counts->n * replicates->jackknife[w];
        }
    }
    double square = 0.0;
    double cube = 0.0;
    for (size_t w = 1; w < counts->cells; w++) {
        if (counts->count[w] > 0.0) {
            const double r = mean - replicates->jackknife[w];
            square += counts->count[w] * r * r;
            cube += counts->count[w] * r * r * r;
        }
    }
    const double a = cube / (6.0 * square * sqrt(square));
    return isfinite(a) ? a : 0.0;
}

static double bias_of(const traffstat_i_replicates *replicates, double point)
{
    const double near = 1e-9 * point; /* what differs by rounding is a tie */
    double below = 0.0;
    for (size_t i = 0; i < replicates->count; i++) {
        const double n = replicates->estimate[i];
        below += n < point - near ? 1.0 : n <= point + near ? 0.5 : 0.0;
    }
    return gsl_cdf_ugaussian_Pinv(below / (double) replicates->count);
}

static double corrected(double bias, double acceleration, double p)
{
    const double z = gsl_cdf_ugaussian_Pinv(p);
    if (!isfinite(bias)) {
        return bias > 0.0 ? 1.0 : 0.0;
    }
    const double shift = bias + z;
    return gsl_cdf_ugaussian_P(bias + shift / (1.0 - acceleration * shift));
}

void traffstat_i_bca_limits(traffstat_i_replicates *replicates, const traffstat_i_counts *counts,
                            double point, double level, traffstat_i_bca *out)
{
    const double tail = 0.5 * (1.0 - level);
    const double *sorted = replicates->estimate;
    qsort(replicates->estimate, replicates->count, sizeof *sorted, compare);
    out->bias = bias_of(replicates, point);
    out->acceleration = acceleration_of(replicates, counts);
    out->percentile_lower = traffstat_i_quantile8(sorted, replicates->count, tail);
    out->percentile_upper = traffstat_i_quantile8(sorted, replicates->count, 1.0 - tail);
    out->lower = traffstat_i_quantile8(sorted, replicates->count,
                                       corrected(out->bias, out->acceleration, tail));
    out->upper = traffstat_i_quantile8(sorted, replicates->count,
                                       corrected(out->bias, out->acceleration, 1.0 - tail));
}
