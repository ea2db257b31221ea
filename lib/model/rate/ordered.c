/* Trends against a score: Cochran & Armitage for shares, the conditional test for Poisson counts. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_math.h>

#include "model/rate/series.h"
#include "model/rate/tail.h"

#define EXACT_TOP 25000.0 /* cases times length */
#define LENGTH_TOP 400.0
#define NEAR_MEAN 1e-5

/* ---- Cochran and Armitage -------------------------------------------------------------------- */

static traffstat_status check_share(traffstat_ctx *ctx, size_t i, int64_t cases, int64_t total,
                                    double score)
{
    if (cases < 0 || total <= 0 || cases > total) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%" PRId64 " of %" PRId64 " in group %zu is not a share", cases,
                                total, i);
    }
    if (!isfinite(score)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "score %zu is not finite", i);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_cochran_armitage(traffstat_ctx *ctx, const int64_t *cases,
                                            const int64_t *totals, const double *scores, size_t n,
                                            traffstat_series_test *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (cases == NULL || totals == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "no counts or no place for the result were given");
    }
    double all = 0.0;
    double hit = 0.0;
    double middle = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double score = scores == NULL ? (double) i + 1.0 : scores[i];
        const traffstat_status status = check_share(ctx, i, cases[i], totals[i], score);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        all += (double) totals[i];
        hit += (double) cases[i];
        middle += (double) totals[i] * score;
    }
    middle /= all;
    double slope = 0.0;
    double spread = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double off = (scores == NULL ? (double) i + 1.0 : scores[i]) - middle;
        slope += off * ((double) cases[i] - (double) totals[i] * (hit / all));
        spread += (double) totals[i] * off * off;
    }
    const double variance = hit / all * (1.0 - hit / all) * spread;
    if (!(variance > 0.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                "shares that are all 0, all 1 or at one score have no trend");
    }
    const double chi2 = slope * slope / variance;
    *out = (traffstat_series_test){chi2, gsl_cdf_chisq_Q(chi2, 1.0), 0};
    return TRAFFSTAT_OK;
}

/* ---- the law of T, exactly ------------------------------------------------------------------- */

/* out = a * b; sizes are degrees + 1. */
static void convolve(const double *a, size_t a_size, const double *b, size_t b_size, double *out)
{
    memset(out, 0, (a_size + b_size - 1) * sizeof *out);
    for (size_t i = 0; i < a_size; i++) {
        for (size_t j = 0; a[i] > 0.0 && j < b_size; j++) {
            out[i + j] += a[i] * b[j];
        }
    }
}

/* The chances of T = 0, 1, … cases * length: those of one case, `size` of them, folded `cases` times
 * by halving. Three blocks of the final size in `block`; the answer is in the returned one. */
static double *fold(const double *one, size_t size, uint64_t cases, double *block, size_t room)
{
    double *sum = block;
    double *spare = block + room;
    size_t sum_size = 1;
    uint64_t bit = 1;
    sum[0] = 1.0;
    while (bit <= cases / 2) {
        bit *= 2;
    }
    for (; bit > 0; bit /= 2) {
        convolve(sum, sum_size, sum, sum_size, spare);
        sum_size = 2 * sum_size - 1;
        double *other = sum;
        sum = spare;
        spare = other;
        if ((cases & bit) != 0) {
            convolve(sum, sum_size, one, size, spare);
            sum_size += size - 1;
            other = sum;
            sum = spare;
            spare = other;
        }
    }
    return sum;
}

static traffstat_status exact_tails(traffstat_ctx *ctx, const double *one, size_t size,
                                    uint64_t cases, size_t t, traffstat_poisson_trend_result *out)
{
    const size_t room = (size - 1) * (size_t) cases + 1;
    double *block = traffstat_i_alloc(ctx, 2 * room, sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const double *chance = fold(one, size, cases, block, room);
    out->p_lower = 0.0;
    out->p_upper = 0.0;
    for (size_t i = 0; i <= t; i++) {
        out->p_lower += chance[i];
    }
    for (size_t i = room; i > t; i--) {
        out->p_upper += chance[i - 1];
    }
    out->exact = 1;
    traffstat_i_free(ctx, block);
    return TRAFFSTAT_OK;
}

/* ---- the law of T, by a saddlepoint ---------------------------------------------------------- */

typedef struct tilted {
    const double *one;
    size_t size;
    double cases;
    double wanted; /* the mean that is sought */
    double log_sum;
    double mean;
    double variance;
    double third;
} tilted;

/* Cumulants of one case tilted by e^(s t), about the place of the largest term. */
static void tilt(tilted *law, double s)
{
    const double top = s > 0.0 ? (double) (law->size - 1) : 0.0;
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    for (size_t i = 0; i < law->size; i++) {
        const double off = (double) i - top;
        const double weight = law->one[i] * exp(s * off);
        sums[0] += weight;
        sums[1] += weight * off;
        sums[2] += weight * off * off;
        sums[3] += weight * off * off * off;
    }
    const double m = sums[1] / sums[0];
    const double square = sums[2] / sums[0];
    law->log_sum = log(sums[0]) + s * top;
    law->mean = m + top;
    law->variance = square - m * m;
    law->third = sums[3] / sums[0] - 3.0 * m * square + 2.0 * m * m * m;
}

static double mean_miss(double s, void *user)
{
    tilted *law = user;
    tilt(law, s);
    return law->cases * law->mean - law->wanted;
}

/* P(T >= t) with Daniels' second correction for whole numbers. */
static double upper_tail(tilted *law, double t)
{
    law->wanted = t - 0.5;
    const double most = law->cases * (double) (law->size - 1);
    if (law->wanted <= 0.0 || law->wanted >= most) {
        /* the last value: all cases in the last year */
        return law->wanted <= 0.0 ? 1.0 : pow(law->one[law->size - 1], law->cases);
    }
    const double s = traffstat_i_root(mean_miss, law, -700.0, 700.0);
    tilt(law, s);
    const double variance = law->cases * law->variance;
    const double w =
        copysign(sqrt(fmax(0.0, 2.0 * (s * law->wanted - law->cases * law->log_sum))), s);
    if (fabs(w) < NEAR_MEAN) {
        return 0.5 - law->cases * law->third / (6.0 * sqrt(2.0 * M_PI) * pow(variance, 1.5));
    }
    const double u = 2.0 * sinh(0.5 * s) * sqrt(variance);
    const double density = exp(-0.5 * w * w) / sqrt(2.0 * M_PI);
    return fmin(1.0, fmax(0.0, traffstat_i_normal_tail(w) + density * (1.0 / u - 1.0 / w)));
}

static void saddle_tails(const double *one, double *mirror, size_t size, double cases, double t,
                         traffstat_poisson_trend_result *out)
{
    tilted law = {.one = one, .size = size, .cases = cases};
    out->p_upper = upper_tail(&law, t);
    for (size_t i = 0; i < size; i++) {
        mirror[i] = one[size - 1 - i];
    }
    law.one = mirror;
    out->p_lower = upper_tail(&law, cases * (double) (size - 1) - t);
    out->exact = 0;
}

/* ---- the test -------------------------------------------------------------------------------- */

static void moments(const int32_t *times, const double *counts, const double *share, size_t n,
                    int32_t origin, double cases, traffstat_poisson_trend_result *out)
{
    double mean = 0.0;
    double spread = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double t = (double) times[i] - (double) origin;
        out->statistic += t * counts[i];
        mean += share[i] * t;
    }
    for (size_t i = 0; i < n; i++) {
        const double off = (double) times[i] - (double) origin - mean;
        spread += share[i] * off * off;
    }
    out->mean = cases * mean;
    out->variance = cases * spread;
    out->z = (out->statistic - out->mean) / sqrt(out->variance);
    out->p_normal = 2.0 * traffstat_i_normal_tail(fabs(out->z));
}

traffstat_status traffstat_i_poisson_trend(traffstat_ctx *ctx, const int32_t *times,
                                           const double *counts, const double *exposures, size_t n,
                                           int32_t origin, double exact_top,
                                           traffstat_poisson_trend_result *out)
{
    const size_t size = (size_t) (times[n - 1] - times[0]) + 1;
    double cases = 0.0;
    double exposure = 0.0;
    double first = 0.0; /* T counted from the first time */
    double *block = traffstat_i_alloc(ctx, n + 2 * size, sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    double *share = block + 2 * size;
    traffstat_poisson_trend_result got = {0};
    for (size_t i = 0; i < n; i++) {
        share[i] = exposures == NULL ? 1.0 : exposures[i];
        exposure += share[i];
        cases += counts[i];
        first += counts[i] * (double) (times[i] - times[0]);
    }
    for (size_t i = 0; i < n; i++) {
        share[i] /= exposure;
        block[times[i] - times[0]] = share[i];
    }
    moments(times, counts, share, n, origin, cases, &got);
    traffstat_status status = TRAFFSTAT_OK;
    if (cases * (double) size <= exact_top) {
        status = exact_tails(ctx, block, size, (uint64_t) cases, (size_t) first, &got);
    } else {
        saddle_tails(block, block + size, size, cases, first, &got);
    }
    traffstat_i_free(ctx, block);
    if (status == TRAFFSTAT_OK) {
        got.p_lower = fmin(1.0, got.p_lower);
        got.p_upper = fmin(1.0, got.p_upper);
        got.p = fmin(1.0, 2.0 * fmin(got.p_lower, got.p_upper));
        *out = got;
    }
    return status;
}

static traffstat_status check_time(traffstat_ctx *ctx, const int32_t *times, const int64_t *counts,
                                   const double *exposures, size_t i)
{
    if (counts[i] < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "a count of %" PRId64 " is negative",
                                counts[i]);
    }
    if (i > 0 && times[i] <= times[i - 1]) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "time %d is not later than the one before it", (int) times[i]);
    }
    if (i > 0 && (double) times[i] - (double) times[0] >= LENGTH_TOP) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT, "times %d to %d are more than 400 apart",
                                (int) times[0], (int) times[i]);
    }
    if (exposures != NULL && !(exposures[i] > 0.0 && isfinite(exposures[i]))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "exposure %zu is not positive and finite", i);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_poisson_trend(traffstat_ctx *ctx, const int32_t *times,
                                         const int64_t *counts, const double *exposures, size_t n,
                                         int32_t origin, traffstat_poisson_trend_result *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (times == NULL || counts == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "no counts or no place for the result were given");
    }
    double cases = 0.0;
    for (size_t i = 0; i < n; i++) {
        const traffstat_status status = check_time(ctx, times, counts, exposures, i);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        cases += (double) counts[i];
    }
    if (n < 2 || cases == 0.0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                n < 2 ? "fewer than two times have no trend"
                                      : "no case was counted, so nothing speaks of a trend");
    }
    double *values = traffstat_i_alloc(ctx, n, sizeof *values);
    if (values == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        values[i] = (double) counts[i];
    }
    const traffstat_status status =
        traffstat_i_poisson_trend(ctx, times, values, exposures, n, origin, EXACT_TOP, out);
    traffstat_i_free(ctx, values);
    return status;
}
