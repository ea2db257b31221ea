/* Funnel: places against a target. */
#include "model/rate/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/rate/tail.h"

#define COUNT_MOST 1e15 /* Poisson quantiles are whole numbers that a double still tells apart */

void traffstat_funnel_options_init(traffstat_funnel_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_funnel_options filled = {.struct_size = struct_size,
                                             .scale = TRAFFSTAT_FUNNEL_SQRT,
                                             .outliers = TRAFFSTAT_FUNNEL_WINSORISE,
                                             .exact = TRAFFSTAT_FUNNEL_POISSON,
                                             .share = 0.1,
                                             .target = 0.0,
                                             .level = 0.95};
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_funnel_options *given,
                                      traffstat_funnel_options *out)
{
    traffstat_funnel_options_init(out, sizeof *out);
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const char *wrong = NULL;
    if (out->scale < TRAFFSTAT_FUNNEL_SQRT || out->scale > TRAFFSTAT_FUNNEL_LOG) {
        wrong = "there is no such scale";
    } else if (out->outliers < TRAFFSTAT_FUNNEL_WINSORISE ||
               out->outliers > TRAFFSTAT_FUNNEL_KEEP) {
        wrong = "there is no such treatment of outliers";
    } else if (out->exact < TRAFFSTAT_FUNNEL_NORMAL || out->exact > TRAFFSTAT_FUNNEL_POISSON) {
        wrong = "there is no such kind of limits";
    } else if (!(out->share >= 0.0 && out->share <= 0.45)) {
        wrong = "share must lie between 0 and 0.45";
    } else if (!(out->target >= 0.0 && isfinite(out->target))) {
        wrong = "target must be positive and finite, or 0 for all cases over all expected";
    } else if (!(out->level >= 0.5 && out->level <= 0.99999)) {
        wrong = "level must lie between 0.5 and 0.99999";
    }
    return wrong == NULL ? TRAFFSTAT_OK : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s", wrong);
}

/* ---- the scale ------------------------------------------------------------------------------- */

static double to_scale(int32_t scale, double ratio)
{
    return scale == TRAFFSTAT_FUNNEL_LOG ? log(ratio) : sqrt(ratio);
}

static double from_scale(int32_t scale, double value)
{
    if (scale == TRAFFSTAT_FUNNEL_LOG) {
        return exp(value);
    }
    return value > 0.0 ? value * value : 0.0;
}

/* Standard error on the scale that chance alone makes. */
static double chance(int32_t scale, double target, double expected)
{
    return scale == TRAFFSTAT_FUNNEL_LOG ? 1.0 / sqrt(target * expected) : 0.5 / sqrt(expected);
}

/* ---- the fit --------------------------------------------------------------------------------- */

/* One place on the scale. */
typedef struct spot {
    double gap;   /* from the target */
    double error; /* by chance */
    double z;
    double order; /* what it is ranked by: a count of 0 below all others on the log scale */
    size_t place;
    double counted; /* z as it enters the spread; NaN: left out */
} spot;

static int compare_spots(const void *a, const void *b)
{
    const double left = ((const spot *) a)->order;
    const double right = ((const spot *) b)->order;
    return left < right ? -1 : left > right ? 1 : 0;
}

static spot place_spot(const traffstat_funnel_options *options, double target, double cases,
                       double expected, size_t place)
{
    const bool bare = options->scale == TRAFFSTAT_FUNNEL_LOG && cases <= 0.0;
    const double ratio = (bare ? 0.5 : cases) / expected;
    spot out = {.place = place};
    out.gap = to_scale(options->scale, ratio) - to_scale(options->scale, target);
    out.error = chance(options->scale, target, expected);
    out.z = out.gap / out.error;
    out.order = bare ? -INFINITY : out.z;
    out.counted = out.z;
    return out;
}

/* Quantile of sorted values as R's type 7. */
static double sorted_quantile(const spot *sorted, size_t n, double q)
{
    const double at = q * (double) (n - 1);
    const size_t low = (size_t) at;
    const size_t high = low + 1 < n ? low + 1 : low;
    return sorted[low].z + (at - (double) low) * (sorted[high].z - sorted[low].z);
}

static int compare_z(const void *a, const void *b)
{
    const double left = ((const spot *) a)->z;
    const double right = ((const spot *) b)->z;
    return left < right ? -1 : left > right ? 1 : 0;
}

static void winsorise(spot *spots, size_t n, double share)
{
    qsort(spots, n, sizeof *spots, compare_z);
    const double low = sorted_quantile(spots, n, share);
    const double high = sorted_quantile(spots, n, 1.0 - share);
    for (size_t i = 0; i < n; i++) {
        spots[i].counted = fmin(fmax(spots[i].z, low), high);
    }
}

/* Ranks up to share n, and past (1 - share) n, are left out; ties share their mean rank. */
static void trim(spot *spots, size_t n, double share)
{
    qsort(spots, n, sizeof *spots, compare_spots);
    const double low = share * (double) n;
    const double high = (double) n - low;
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        while (end < n && spots[end].order <= spots[i].order) {
            end++;
        }
        const double rank = 0.5 * (double) (i + 1 + end);
        for (; i < end; i++) {
            if (share > 0.0 && (rank <= low || rank > high)) {
                spots[i].counted = NAN;
            }
        }
    }
}

/* phi is the mean square; tau2 the moment estimate of a variance beyond chance. */
static void measure(const spot *spots, size_t n, traffstat_funnel_spread *out)
{
    double square = 0.0;
    double weight = 0.0;
    double weight2 = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!isnan(spots[i].counted)) {
            const double w = 1.0 / (spots[i].error * spots[i].error);
            square += spots[i].counted * spots[i].counted;
            weight += w;
            weight2 += w * w;
            out->used++;
        }
    }
    const double used = (double) out->used;
    out->phi = square / used;
    out->tau2 = fmax(0.0, (square - (used - 1.0)) / (weight - weight2 / weight));
}

static double two_sided(double z)
{
    return erfc(fabs(z) * M_SQRT1_2);
}

static traffstat_funnel_point point_of(const spot *at, const traffstat_funnel_spread *spread,
                                       double ratio)
{
    const double additive = at->gap / sqrt(at->error * at->error + spread->tau2);
    const double multiplicative = at->z / sqrt(fmax(spread->phi, 1.0));
    return (traffstat_funnel_point){.ratio = ratio,
                                    .z = at->z,
                                    .p = two_sided(at->z),
                                    .z_additive = additive,
                                    .p_additive = two_sided(additive),
                                    .z_multiplicative = multiplicative,
                                    .p_multiplicative = two_sided(multiplicative)};
}

static double overall(const double *cases, const double *expected, size_t n)
{
    double all = 0.0;
    double whole = 0.0;
    for (size_t i = 0; i < n; i++) {
        all += cases[i];
        whole += expected[i];
    }
    return all / whole;
}

traffstat_status traffstat_funnel_fit(traffstat_ctx *ctx, const double *cases,
                                      const double *expected, size_t n,
                                      const traffstat_funnel_options *options,
                                      traffstat_funnel_spread *spread, traffstat_funnel_point *out)
{
    traffstat_i_enter(ctx);
    traffstat_funnel_options settings;
    traffstat_status status = read_settings(ctx, options, &settings);
    if (status == TRAFFSTAT_OK && spread == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_places_check(ctx, cases, expected, n, 2);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_funnel_spread made = {.target = settings.target > 0.0 ? settings.target
                                                                    : overall(cases, expected, n)};
    spot *spots = traffstat_i_alloc(ctx, n, sizeof *spots);
    if (spots == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        spots[i] = place_spot(&settings, made.target, cases[i], expected[i], i);
    }
    if (settings.outliers == TRAFFSTAT_FUNNEL_WINSORISE) {
        winsorise(spots, n, settings.share);
    } else if (settings.outliers == TRAFFSTAT_FUNNEL_TRIM) {
        trim(spots, n, settings.share);
    }
    measure(spots, n, &made);
    if (made.used < 2) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                  "trimming leaves %zu of %zu places, too few", made.used, n);
    } else {
        *spread = made;
        for (size_t i = 0; i < n && out != NULL; i++) {
            const size_t place = spots[i].place;
            out[place] = point_of(&spots[i], &made, cases[place] / expected[place]);
        }
    }
    traffstat_i_free(ctx, spots);
    return status;
}

/* ---- limits ---------------------------------------------------------------------------------- */

/* P(X <= r) of the Poisson law; r a whole number >= -1. */
static double at_most(double r, double mean)
{
    traffstat_i_tails tails;
    if (r < 0.0) {
        return 0.0;
    }
    return traffstat_i_gamma_tails(r + 1.0, mean, &tails) ? tails.upper : NAN;
}

/* Smallest whole r with P(X <= r) >= p. */
static double poisson_quantile(double p, double mean)
{
    double low = -1.0; /* not enough */
    double high = floor(mean) + 1.0;
    while (high < COUNT_MOST && at_most(high, mean) < p) {
        low = high;
        high *= 2.0;
    }
    while (high - low > 1.0) {
        const double middle = floor(0.5 * (low + high));
        if (at_most(middle, mean) >= p) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

/* Between two whole counts in proportion to their chances, so that the limit moves smoothly with the
 * mean. Without the floor it goes below 0 where P(0) alone is more than p. */
static double interpolated(double p, double mean)
{
    const double r = poisson_quantile(p, mean);
    const double here = at_most(r, mean);
    return fmax(0.0, r - (here - p) / exp(traffstat_i_log_poisson(r, mean)));
}

static void exact_limits(const traffstat_funnel_options *options, double target, double expected,
                         double z, traffstat_funnel_limit *out)
{
    const double tail = 0.5 * (1.0 - options->level);
    const double mean = target * expected;
    if (options->exact == TRAFFSTAT_FUNNEL_CHISQUARE) {
        out->lower = traffstat_i_gamma_quantile(mean, tail, true) / expected;
        out->upper = traffstat_i_gamma_quantile(mean + 1.0, tail, false) / expected;
    } else if (options->exact == TRAFFSTAT_FUNNEL_POISSON) {
        out->lower = interpolated(tail, mean) / expected;
        out->upper = interpolated(1.0 - tail, mean) / expected;
    } else {
        const double middle = to_scale(options->scale, target);
        const double error = chance(options->scale, target, expected);
        out->lower = from_scale(options->scale, middle - z * error);
        out->upper = from_scale(options->scale, middle + z * error);
    }
}

static traffstat_funnel_limit limits_at(const traffstat_funnel_options *options,
                                        const traffstat_funnel_spread *spread, double expected)
{
    const double z = traffstat_i_normal_quantile(0.5 * (1.0 - options->level));
    const double middle = to_scale(options->scale, spread->target);
    const double error = chance(options->scale, spread->target, expected);
    const double additive = z * sqrt(error * error + spread->tau2);
    const double multiplicative = z * error * sqrt(fmax(spread->phi, 1.0));
    traffstat_funnel_limit out = {
        .expected = expected,
        .lower_additive = from_scale(options->scale, middle - additive),
        .upper_additive = from_scale(options->scale, middle + additive),
        .lower_multiplicative = from_scale(options->scale, middle - multiplicative),
        .upper_multiplicative = from_scale(options->scale, middle + multiplicative)};
    exact_limits(options, spread->target, expected, z, &out);
    return out;
}

static traffstat_status check_limits(traffstat_ctx *ctx, const double *expected, size_t m,
                                     const traffstat_funnel_spread *spread,
                                     const traffstat_funnel_limit *out)
{
    if (expected == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "expected cases and room for the limits must be given");
    }
    if (!(spread->target > 0.0 && isfinite(spread->target) && spread->phi >= 0.0 &&
          isfinite(spread->phi) && spread->tau2 >= 0.0 && isfinite(spread->tau2))) {
        return traffstat_i_fail(
            ctx, TRAFFSTAT_E_ARGUMENT,
            "the spread must have a positive target, phi and tau2 of 0 or more");
    }
    for (size_t i = 0; i < m; i++) {
        if (!(expected[i] > 0.0 && spread->target * expected[i] < COUNT_MOST)) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "limit %zu: expected cases must be positive and below 1e15", i);
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_funnel_limits(traffstat_ctx *ctx, const double *expected, size_t m,
                                         const traffstat_funnel_options *options,
                                         const traffstat_funnel_spread *spread,
                                         traffstat_funnel_limit *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_funnel_options settings;
    traffstat_status status = read_settings(ctx, options, &settings);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_funnel_spread plain = {.target = settings.target > 0.0 ? settings.target : 1.0,
                                           .phi = 1.0};
    const traffstat_funnel_spread *around = spread != NULL ? spread : &plain;
    status = check_limits(ctx, expected, m, around, out);
    for (size_t i = 0; i < m && status == TRAFFSTAT_OK; i++) {
        const traffstat_funnel_limit made = limits_at(&settings, around, expected[i]);
        if (!isfinite(made.lower) || !isfinite(made.upper)) {
            status = traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "limit %zu could not be found", i);
        } else {
            out[i] = made;
        }
    }
    return status;
}
