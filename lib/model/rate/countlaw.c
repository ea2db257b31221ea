/* Poisson and negative binomial (variance m + m^2/size) likelihoods of counts and of intervals.
 *
 * An interval's score is the mean of the scores of its values, and its information the mean of their
 * informations less the variance of their scores (Louis 1982, JRSS B 44:226-233), each value weighed
 * by its chance. */
#include "model/rate/countlaw.h"

#include <float.h>
#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_log.h>

#include "model/rate/tail.h"

#define SUMMED 256         /* terms of a product added one by one; the rest by Euler & Maclaurin */
#define VALUES_MAX 5000000 /* of an interval; more is a mean of some 1e10 */
#define BELOW_MAX 1e5      /* values below an interval without end that are summed in its place */
#define FARTHEST 1e-6      /* chance of such an interval below which that would lose digits */
#define NEGLIGIBLE 1e-19

/* The derivatives by size of ln of Gamma(size + y) / (Gamma(size) size^y), the first with its sign
 * turned: sums over j < y of j/(size (size + j)) and of 1/size^2 - 1/(size + j)^2. */
typedef struct rising {
    double first;
    double second;
} rising;

static void rising_step(rising *sum, double j, double size)
{
    const double past = size + j;
    sum->first += j / (size * past);
    sum->second += j * (size + past) / (size * past * size * past);
}

/* ln(1 + u) - u */
static double log_rest(double u)
{
    gsl_sf_result rest;
    return gsl_sf_log_1plusx_mx_e(u, &rest) == GSL_SUCCESS ? rest.val : log1p(u) - u;
}

/* The same less the integrals that the sums stand for: what is left of them where counts or sizes are
 * large, and where a difference of two large numbers would leave rounding. */
static rising less_integrals(const rising *sum, double y, double size)
{
    const double u = y / size;
    return (rising){sum->first + log_rest(u), sum->second - u * u / (size * (1.0 + u))};
}

/* Euler & Maclaurin's terms behind the integral, at its upper end j. */
static rising rising_ends(double j, double size)
{
    const double past = size + j;
    const double p2 = past * past;
    rising at = {0.0, 0.0};
    rising_step(&at, j, size);
    return (rising){-0.5 * at.first + 1.0 / (12.0 * p2) - 1.0 / (120.0 * p2 * p2),
                    -0.5 * at.second + 1.0 / (6.0 * p2 * past) - 1.0 / (30.0 * p2 * p2 * past)};
}

/* The sums less their integrals. */
static rising rising_rest(double y, double size)
{
    const double summed = fmin(y, SUMMED);
    rising sum = {0.0, 0.0};
    for (double j = 0.0; j < summed; j += 1.0) {
        rising_step(&sum, j, size);
    }
    rising rest = less_integrals(&sum, summed, size);
    if (y > SUMMED) {
        const rising from = rising_ends(SUMMED, size);
        const rising to = rising_ends(y, size);
        rest.first += to.first - from.first;
        rest.second += to.second - from.second;
    }
    return rest;
}

/* One value more: a term of the sum less the integral over it. */
static rising rest_step(double j, double size)
{
    const double past = size + j;
    return (rising){log_rest(1.0 / past), -1.0 / (past * past * (past + 1.0))};
}

/* ---- one value ------------------------------------------------------------------------------- */

/* As a binomial chance (Loader 2000), so that neither large counts nor large sizes lose digits. */
static double negbin_log_chance(double y, double mean, double size)
{
    const double both = size + mean;
    return -log1p(y / size) + traffstat_i_log_binomial(size, y, size / both, mean / both);
}

/* `rest`: the rising sums less their integrals. The other parts of both derivatives by size combine
 * to terms in d = (y - mean)/(size + mean), in which nothing large cancels. */
static traffstat_i_count_terms value_terms(double y, double mean, double size, const rising *rest)
{
    traffstat_i_count_terms out = {.over = (y - mean) * (y - mean) - y};
    if (isinf(size)) {
        out.t1 = y - mean;
        out.t2 = mean;
        return out;
    }
    const double both = size + mean;
    const double d = (y - mean) / both;
    const double by_size = log_rest(d) - rest->first;
    const double twice = rest->second + d * d / (size + y);
    out.t1 = size * d;
    out.t2 = size * (mean / both) * ((y + size) / both);
    out.s1 = size * by_size;
    out.s2 = -size * size * twice - size * by_size;
    out.ts = -size * (mean / both) * d;
    return out;
}

/* ---- intervals ------------------------------------------------------------------------------- */

/* Weighed sums over the values of an interval. */
typedef struct gathered {
    double weight;
    traffstat_i_count_terms mean;
    double t1t1;
    double s1s1;
    double t1s1;
} gathered;

static void gather(gathered *sum, double weight, const traffstat_i_count_terms *value)
{
    sum->weight += weight;
    sum->mean.t1 += weight * value->t1;
    sum->mean.t2 += weight * value->t2;
    sum->mean.s1 += weight * value->s1;
    sum->mean.s2 += weight * value->s2;
    sum->mean.ts += weight * value->ts;
    sum->mean.over += weight * value->over;
    sum->t1t1 += weight * value->t1 * value->t1;
    sum->s1s1 += weight * value->s1 * value->s1;
    sum->t1s1 += weight * value->t1 * value->s1;
}

/* Chance of y + 1 over that of y. */
static double next_ratio(double y, double mean, double size)
{
    if (isinf(size)) {
        return mean / (y + 1.0);
    }
    return (size + y) / (size + mean) * mean / (y + 1.0);
}

/* From `start` on upward or downward to `end`; false: too many values. */
static bool walk(gathered *sum, double start, double end, double mean, double size, bool up)
{
    rising rest = {0};
    if (!isinf(size)) {
        rest = rising_rest(start, size);
    }
    double weight = 1.0;
    double y = start;
    for (int i = 0; i < VALUES_MAX; i++) {
        if (i > 0 || up) { /* the start belongs to the way up */
            const traffstat_i_count_terms value = value_terms(y, mean, size, &rest);
            gather(sum, weight, &value);
        }
        if (y == end || weight < NEGLIGIBLE * sum->weight) {
            return true;
        }
        weight = up ? weight * next_ratio(y, mean, size) : weight / next_ratio(y - 1.0, mean, size);
        if (isfinite(size)) {
            const rising moved = rest_step(up ? y : y - 1.0, size);
            rest.first += up ? moved.first : -moved.first;
            rest.second += up ? moved.second : -moved.second;
        }
        y += up ? 1.0 : -1.0;
    }
    return false;
}

static traffstat_i_count_terms conclude(const gathered *sum, double log_start)
{
    const double w = sum->weight;
    traffstat_i_count_terms out = sum->mean;
    out.log_chance = log_start + log(w);
    out.t1 /= w;
    out.s1 /= w;
    out.over /= w;
    out.t2 = out.t2 / w - (sum->t1t1 / w - out.t1 * out.t1);
    out.s2 = out.s2 / w - (sum->s1s1 / w - out.s1 * out.s1);
    out.ts = out.ts / w - (sum->t1s1 / w - out.t1 * out.s1);
    return out;
}

/* The likeliest value of the whole law. */
static double mode_of(double mean, double size)
{
    if (isinf(size)) {
        return floor(mean);
    }
    return size <= 1.0 ? 0.0 : floor(mean * (size - 1.0) / size);
}

/* What is left of the whole law beyond values of which `below` tells: P = 1 - Q, whose logarithm's
 * derivatives follow from those of log Q by the odds Q/P. */
static traffstat_i_count_terms complement(const traffstat_i_count_terms *below, double mean,
                                          double size)
{
    const double q = exp(below->log_chance);
    const double odds = q / (1.0 - q);
    const double more = odds + odds * odds;
    const double all_over = isinf(size) ? 0.0 : mean * mean / size;
    return (traffstat_i_count_terms){.log_chance = log1p(-q),
                                     .t1 = -odds * below->t1,
                                     .t2 = more * below->t1 * below->t1 - odds * below->t2,
                                     .s1 = -odds * below->s1,
                                     .s2 = more * below->s1 * below->s1 - odds * below->s2,
                                     .ts = more * below->t1 * below->s1 - odds * below->ts,
                                     .over = (all_over - q * below->over) / (1.0 - q)};
}

static bool between(double lower, double upper, double mean, double size,
                    traffstat_i_count_terms *out);

bool traffstat_i_count_law(double lower, double upper, double mean, double size,
                           traffstat_i_count_terms *out)
{
    if (!(mean > DBL_MIN && isfinite(mean) && size > 0.0)) {
        return false;
    }
    if (isinf(upper) && lower <= 0.0) { /* anything at all: nothing is told */
        *out = (traffstat_i_count_terms){.over = isinf(size) ? 0.0 : mean * mean / size};
        return true;
    }
    traffstat_i_count_terms below;
    if (isinf(upper) && lower <= BELOW_MAX && between(0.0, lower - 1.0, mean, size, &below) &&
        below.log_chance < log1p(-FARTHEST)) {
        *out = complement(&below, mean, size);
        return true;
    }
    return between(lower, upper, mean, size, out);
}

static bool between(double lower, double upper, double mean, double size,
                    traffstat_i_count_terms *out)
{
    const double start = fmin(fmax(mode_of(mean, size), lower), upper);
    rising rest = {0};
    if (!isinf(size)) {
        rest = rising_rest(start, size);
    }
    const double log_start =
        isinf(size) ? traffstat_i_log_poisson(start, mean) : negbin_log_chance(start, mean, size);
    if (lower == upper) {
        *out = value_terms(lower, mean, size, &rest);
        out->log_chance = log_start;
        return isfinite(log_start);
    }
    gathered sum = {0};
    if (!walk(&sum, start, upper, mean, size, true) ||
        !walk(&sum, start, lower, mean, size, false)) {
        return false;
    }
    *out = conclude(&sum, log_start);
    return isfinite(out->log_chance);
}
