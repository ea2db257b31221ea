/* Intervals of one Poisson mean by every method that readers will meet. */
#include <inttypes.h>
#include <math.h>

#include "base/base.h"
#include "model/rate/tail.h"

#include <traffstat/rate.h>

typedef struct ends {
    double lower;
    double upper;
} ends;

static ends garwood(double k, double tail)
{
    return (ends){k > 0.0 ? traffstat_i_gamma_quantile(k, tail, true) : 0.0,
                  k > 0.0 ? traffstat_i_gamma_quantile(k + 1.0, tail, false) : -log(tail)};
}

static ends byar(double k, double z)
{
    ends out = {0.0, 0.0};
    if (k > 0.0) {
        const double root = 1.0 - 1.0 / (9.0 * k) - z / (3.0 * sqrt(k));
        out.lower = k * root * root * root;
    }
    const double next = k + 1.0;
    const double root = 1.0 - 1.0 / (9.0 * next) + z / (3.0 * sqrt(next));
    out.upper = next * root * root * root;
    return out;
}

static ends score(double k, double z)
{
    const double upper = k + 0.5 * z * z + z * sqrt(k + 0.25 * z * z);
    return (ends){k > 0.0 ? k * (k / upper) : 0.0, upper}; /* the two roots multiply to k^2 */
}

typedef struct midp_target {
    double k;
    double tail;
    bool lower;
} midp_target;

/* ln of the mid-p tail over the wanted one. P(X >= k) and P(X > k) are gamma tails of shapes k and
 * k + 1; their mean is the mid-p. */
static double midp_miss(double mean, void *user)
{
    const midp_target *target = user;
    traffstat_i_tails at = {1.0, 0.0};
    traffstat_i_tails past;
    if ((target->k > 0.0 && !traffstat_i_gamma_tails(target->k, mean, &at)) ||
        !traffstat_i_gamma_tails(target->k + 1.0, mean, &past)) {
        return NAN;
    }
    const double sum = target->lower ? at.lower + past.lower : at.upper + past.upper;
    return log(fmax(0.5 * sum, 1e-307)) - log(target->tail);
}

static ends midp(double k, double tail)
{
    const ends outer = garwood(k, tail);
    midp_target target = {k, tail, false};
    if (k == 0.0) {
        return (ends){0.0, -log(2.0 * tail)};
    }
    ends out;
    out.upper = traffstat_i_root(midp_miss, &target, outer.lower, outer.upper);
    target.lower = true;
    out.lower = traffstat_i_root(midp_miss, &target, outer.lower, outer.upper);
    return out;
}

static ends jeffreys(double k, double tail)
{
    return (ends){traffstat_i_gamma_quantile(k + 0.5, tail, true),
                  traffstat_i_gamma_quantile(k + 0.5, tail, false)};
}

typedef struct ratio_target {
    double k;
    double z2;
} ratio_target;

/* Twice the log likelihood ratio of mean k e^t, less z^2. */
static double ratio_miss(double t, void *user)
{
    const ratio_target *target = user;
    return 2.0 * target->k * (expm1(t) - t) - target->z2;
}

static ends likelihood_ratio(double k, double z)
{
    ratio_target target = {k, z * z};
    if (k == 0.0) {
        return (ends){0.0, 0.5 * z * z};
    }
    const double reach = 0.5 * z * z / k + z / sqrt(k) + 1.0; /* past both roots: e^t - 1 - t grows
                                                                 faster than either */
    const double low = traffstat_i_root(ratio_miss, &target, -reach, 0.0);
    const double high = traffstat_i_root(ratio_miss, &target, 0.0, reach);
    const ends found = {k * exp(low), k * exp(high)};
    return found;
}

static ends square_root(double k, double z)
{
    const double low = fmax(0.0, sqrt(k) - 0.5 * z);
    const double high = sqrt(k) + 0.5 * z;
    /* in the published form the estimate 0 has its upper end at (z/2)^2 all the same */
    return (ends){low * low, high * high};
}

static bool find_ends(traffstat_poisson_method method, double k, double tail, ends *out)
{
    const double z = traffstat_i_normal_quantile(tail);
    switch (method) {
    case TRAFFSTAT_POISSON_GARWOOD:
        *out = garwood(k, tail);
        return true;
    case TRAFFSTAT_POISSON_BYAR:
        *out = byar(k, z);
        return true;
    case TRAFFSTAT_POISSON_SCORE:
        *out = score(k, z);
        return true;
    case TRAFFSTAT_POISSON_MIDP:
        *out = midp(k, tail);
        return true;
    case TRAFFSTAT_POISSON_JEFFREYS:
        *out = jeffreys(k, tail);
        return true;
    case TRAFFSTAT_POISSON_LRT:
        *out = likelihood_ratio(k, z);
        return true;
    case TRAFFSTAT_POISSON_SQRT:
        *out = square_root(k, z);
        return true;
    case TRAFFSTAT_POISSON_WALD:
        *out = (ends){k - z * sqrt(k), k + z * sqrt(k)};
        return true;
    default:
        return false;
    }
}

const char *traffstat_poisson_method_name(traffstat_poisson_method method)
{
    static const char *const names[] = {"garwood",  "byar", "score", "midp",
                                        "jeffreys", "lrt",  "sqrt",  "wald"};
    return method >= 0 && method <= TRAFFSTAT_POISSON_WALD ? names[method] : "unknown";
}

static traffstat_status check(traffstat_ctx *ctx, int64_t count, double exposure, double level,
                              const traffstat_interval *out)
{
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the interval was given");
    }
    if (count < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "a count of %" PRId64 " is negative",
                                count);
    }
    if (!(exposure > 0.0 && isfinite(exposure))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "exposure must be positive and finite");
    }
    if (!(level > 0.0 && level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_poisson_limits(traffstat_ctx *ctx, traffstat_poisson_method method,
                                          int64_t count, double exposure, double level,
                                          traffstat_interval *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_status status = check(ctx, count, exposure, level, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    ends found = {NAN, NAN};
    if (!find_ends(method, (double) count, 0.5 * (1.0 - level), &found)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "there is no method of intervals with the number %d", (int) method);
    }
    if (!isfinite(found.lower) || !isfinite(found.upper)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                "the limits of a count of %" PRId64 " could not be found", count);
    }
    *out = (traffstat_interval){level, found.lower / exposure, found.upper / exposure};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_poisson_interval(traffstat_ctx *ctx, int64_t count, double exposure,
                                            double level, traffstat_interval *out)
{
    return traffstat_poisson_limits(ctx, TRAFFSTAT_POISSON_GARWOOD, count, exposure, level, out);
}
