#include <math.h>

#include "model/overlap/draw.h"

#include <gsl/gsl_sf_gamma.h>

static double uniform(traffstat_i_stream *stream)
{
    return traffstat_i_random_uniform(stream->seed, stream->model, stream->replicate,
                                      stream->index++);
}

/* By running through the cumulative chances; for few expected successes. */
static double draw_few(traffstat_i_stream *stream, double n, double p)
{
    const double odds = p / (1.0 - p);
    double chance = exp(n * log1p(-p));
    double left = uniform(stream);
    double k = 0.0;
    while (left > chance && k < n) {
        left -= chance;
        k += 1.0;
        chance *= (n - k + 1.0) / k * odds;
        if (k > 200.0) { /* of at most ten expected: only rounding leads here */
            break;
        }
    }
    return k;
}

static double log_chance(double n, double p, double k)
{
    return gsl_sf_lngamma(n + 1.0) - gsl_sf_lngamma(k + 1.0) - gsl_sf_lngamma(n - k + 1.0) +
           k * log(p) + (n - k) * log1p(-p);
}

/* Transformed rejection with its squeeze left out (Hormann 1993, algorithm BTRS). */
static double draw_many(traffstat_i_stream *stream, double n, double p)
{
    const double spread = sqrt(n * p * (1.0 - p));
    const double b = 1.15 + 2.53 * spread;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p;
    const double c = n * p + 0.5;
    const double alpha = (2.83 + 5.1 / b) * spread;
    const double mode = floor((n + 1.0) * p);
    const double at_mode = log_chance(n, p, mode);
    for (;;) {
        const double u = uniform(stream) - 0.5;
        const double v = uniform(stream);
        const double near = 0.5 - fabs(u);
        const double k = floor((2.0 * a / near + b) * u + c);
        if (k < 0.0 || k > n) {
            continue;
        }
        if (log(v * alpha / (a / (near * near) + b)) <= log_chance(n, p, k) - at_mode) {
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
    const double less = p <= 0.5 ? p : 1.0 - p;
    const double k = n * less < 10.0 ? draw_few(stream, n, less) : draw_many(stream, n, less);
    return p <= 0.5 ? k : n - k;
}

void traffstat_i_draw_multinomial(traffstat_i_stream *stream, double n, const double *weight,
                                  size_t cells, double *out)
{
    double rest = 0.0;
    for (size_t i = cells; i-- > 0;) {
        rest += weight[i];
    }
    for (size_t i = 0; i < cells; i++) {
        out[i] = i + 1 == cells ? n : traffstat_i_draw_binomial(stream, n, weight[i] / rest);
        n -= out[i];
        rest -= weight[i];
    }
}
