/* Random numbers of the studies' own, and tests of uniformity. */
#include "study/calibration.h"

#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>

const double calibration_levels[CALIBRATION_LEVELS] = {0.5, 0.8, 0.95};

/* ---- random numbers --------------------------------------------------------------------------- */

/* splitmix64 (Steele, Lea & Flood 2014). */
static uint64_t bits(calibration_random *from)
{
    from->state += 0x9E3779B97F4A7C15u;
    uint64_t z = from->state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

calibration_random calibration_seeded(uint64_t seed, uint64_t replicate)
{
    calibration_random first = {seed};
    calibration_random second = {bits(&first) ^ replicate};
    return (calibration_random){bits(&second)};
}

double calibration_uniform(calibration_random *from)
{
    return ((double) (bits(from) >> 12) + 0.5) * 0x1p-52;
}

double calibration_normal(calibration_random *from)
{
    const double length = sqrt(-2.0 * log(calibration_uniform(from)));
    return length * cos(6.283185307179586 * calibration_uniform(from));
}

/* Marsaglia & Tsang (2000); a shape below 1 by a power of a uniform. */
double calibration_gamma(calibration_random *from, double shape)
{
    if (shape < 1.0) {
        const double more = calibration_gamma(from, shape + 1.0);
        return more * pow(calibration_uniform(from), 1.0 / shape);
    }
    const double d = shape - 1.0 / 3.0;
    for (;;) {
        const double x = calibration_normal(from);
        const double root = 1.0 + x / sqrt(9.0 * d);
        const double v = root * root * root;
        if (v > 0.0 && log(calibration_uniform(from)) < 0.5 * x * x + d - d * v + d * log(v)) {
            return d * v;
        }
    }
}

double calibration_beta(calibration_random *from, double a, double b)
{
    const double x = calibration_gamma(from, a);
    return x / (x + calibration_gamma(from, b));
}

int64_t calibration_poisson(calibration_random *from, double mean)
{
    int64_t count = 0;
    for (; mean > 30.0; mean -= 30.0) { /* a sum of smaller ones */
        count += calibration_poisson(from, 30.0);
    }
    double product = calibration_uniform(from);
    for (const double least = exp(-mean); product > least; count++) {
        product *= calibration_uniform(from);
    }
    return count;
}

int64_t calibration_binomial(calibration_random *from, int64_t of, double share)
{
    int64_t count = 0;
    for (int64_t i = 0; i < of; i++) {
        count += calibration_uniform(from) < share;
    }
    return count;
}

/* ---- uniformity ------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double one = *(const double *) a;
    const double other = *(const double *) b;
    return (one > other) - (one < other);
}

static double kolmogorov(double deviation, size_t count)
{
    const double root = sqrt((double) count);
    const double x = (root + 0.12 + 0.11 / root) * deviation;
    double sum = 0.0;
    if (x < 0.2) {
        return 1.0;
    }
    for (int k = 1; k <= 100; k++) {
        sum += (k % 2 == 1 ? 2.0 : -2.0) * exp(-2.0 * k * k * x * x);
    }
    return fmin(fmax(sum, 0.0), 1.0);
}

static double chi_square(const double *sorted, size_t count, size_t bins)
{
    const double expected = (double) count / (double) bins;
    double sum = 0.0;
    size_t next = 0;
    for (size_t bin = 1; bin <= bins; bin++) {
        const size_t first = next;
        const double end = (double) bin / (double) bins;
        while (next < count && (bin == bins || sorted[next] < end)) {
            next++;
        }
        const double off = (double) (next - first) - expected;
        sum += off * off / expected;
    }
    return sum;
}

calibration_uniformity calibration_test(double *values, size_t count, size_t bins)
{
    calibration_uniformity out = {.deviation = 0.0};
    qsort(values, count, sizeof *values, compare);
    for (size_t i = 0; i < count; i++) {
        const double above = (double) (i + 1) / (double) count - values[i];
        const double below = values[i] - (double) i / (double) count;
        out.deviation = fmax(out.deviation, fmax(above, below));
    }
    out.deviation_p = kolmogorov(out.deviation, count);
    out.chi_square = chi_square(values, count, bins);
    out.chi_square_p = gsl_cdf_chisq_Q(out.chi_square, (double) bins - 1.0);
    return out;
}
