/* Random counts. */
#include <math.h>
#include <string.h>

#include "model/overlap/draw.h"

#define INVERTED_MOST 10.0 /* expected successes up to which inversion is the faster way */

/* Two numbers a block. */
static double uniform(traffstat_i_stream *stream)
{
    const size_t at = stream->half ? 2 : 0;
    if (!stream->half) {
        traffstat_i_random_block(stream->seed, stream->model, stream->replicate, stream->index++,
                                 stream->block);
    }
    stream->half = !stream->half;
    const uint64_t bits = ((uint64_t) stream->block[at] << 32 | stream->block[at + 1]) >> 12;
    return ((double) bits + 0.5) * 0x1p-52;
}

/* Sums probabilities from 0 up until the uniform number is reached. p <= 1/2. */
static double invert(traffstat_i_stream *stream, double n, double p)
{
    const double odds = p / (1.0 - p);
    double probability = exp(n * log1p(-p));
    double u = uniform(stream);
    double k = 0.0;
    while (u > probability && k < n && probability > 0.0) {
        u -= probability;
        probability *= (n - k) / (k + 1.0) * odds;
        k += 1.0;
    }
    return k;
}

/* ln k! less Stirling's first terms. */
static double stirling_rest(double k)
{
    static const double small[] = {0.08106146679532726, 0.04134069595540929, 0.02767792568499834,
                                   0.02079067210376509, 0.01664469118982119, 0.01387612882307075,
                                   0.01189670994589177, 0.01041126526197209, 0.009255462182712733,
                                   0.008330563433362871};
    if (k < 10.0) {
        return small[(int) k];
    }
    const double r = 1.0 / (k + 1.0);
    return (1.0 / 12 - (1.0 / 360 - 1.0 / 1260 * r * r) * r * r) * r;
}

/* p <= 1/2, n p >= 10. */
static double reject(traffstat_i_stream *stream, double n, double p)
{
    const double q = 1.0 - p;
    const double spread = sqrt(n * p * q);
    const double b = 1.15 + 2.53 * spread;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double centre = n * p + 0.5;
    const double inside = 0.92 - 4.2 / b;
    const double alpha = (2.83 + 5.1 / b) * spread;
    const double mode = floor((n + 1.0) * p);
    const double odds = p / q;
    for (;;) {
        const double u = uniform(stream) - 0.5;
        double v = uniform(stream);
        const double us = 0.5 - fabs(u);
        const double k = floor((2.0 * a / us + b) * u + centre);
        if (us >= 0.07 && v <= inside) {
            return k;
        }
        if (k < 0.0 || k > n) {
            continue;
        }
        v = log(v * alpha / (a / (us * us) + b));
        const double bound = (mode + 0.5) * log((mode + 1.0) / (odds * (n - mode + 1.0))) +
                             (n + 1.0) * log((n - mode + 1.0) / (n - k + 1.0)) +
                             (k + 0.5) * log(odds * (n - k + 1.0) / (k + 1.0)) +
                             stirling_rest(mode) + stirling_rest(n - mode) - stirling_rest(k) -
                             stirling_rest(n - k);
        if (v <= bound) {
            return k;
        }
    }
}

double traffstat_i_draw_binomial(traffstat_i_stream *stream, double n, double p)
{
    if (!(n > 0.0) || !(p > 0.0)) {
        return 0.0;
    }
    if (p >= 1.0) {
        return n;
    }
    if (p > 0.5) {
        return n - traffstat_i_draw_binomial(stream, n, 1.0 - p);
    }
    return n * p < INVERTED_MOST ? invert(stream, n, p) : reject(stream, n, p);
}

void traffstat_i_draw_multinomial(traffstat_i_stream *stream, double n, const double *weight,
                                  size_t cells, double *out)
{
    double rest = 0.0;
    size_t last = 0;
    for (size_t w = 0; w < cells; w++) {
        rest += weight[w];
        last = weight[w] > 0.0 ? w : last;
    }
    memset(out, 0, cells * sizeof *out);
    for (size_t w = 0; w < last && n > 0.0; w++) {
        if (weight[w] > 0.0) {
            out[w] = traffstat_i_draw_binomial(stream, n, weight[w] / rest);
            n -= out[w];
            rest -= weight[w];
        }
    }
    out[last] += n;
}
