/* Standardised rates. */
#include <traffstat/standard.h>

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "model/rate/tail.h"

#define EXACT_BELOW 10.0 /* PHE: Garwood's limits below, Byar's from here on */

typedef struct limits {
    double lower;
    double upper;
} limits;

static double two_sided_z(double level)
{
    return traffstat_i_normal_quantile(0.5 * (1.0 - level));
}

static limits byar(double cases, double level)
{
    const double z = two_sided_z(level);
    const double next = cases + 1.0;
    limits out = {0.0, next * pow(1.0 - 1.0 / (9.0 * next) + z / (3.0 * sqrt(next)), 3.0)};
    if (cases > 0.0) {
        out.lower = cases * pow(1.0 - 1.0 / (9.0 * cases) - z / (3.0 * sqrt(cases)), 3.0);
    }
    return out;
}

static limits garwood(double cases, double level)
{
    const double tail = 0.5 * (1.0 - level);
    return (limits){cases > 0.0 ? traffstat_i_gamma_quantile(cases, tail, true) : 0.0,
                    cases > 0.0 ? traffstat_i_gamma_quantile(cases + 1.0, tail, false)
                                : -log(tail)};
}

static bool is_level(double level)
{
    return level >= 0.01 && level <= 0.9999;
}

static bool is_count(double value)
{
    return value >= 0.0 && isfinite(value);
}

static traffstat_status refuse(traffstat_ctx *ctx, const char *what)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s", what);
}

static traffstat_status refuse_stratum(traffstat_ctx *ctx, size_t i, const char *what)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "stratum %zu: %s", i + 1, what);
}

static traffstat_status hand_over(traffstat_ctx *ctx, const traffstat_standard_rate *made,
                                  traffstat_standard_rate *out)
{
    if (!isfinite(made->value) || !isfinite(made->upper)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "the limits could not be found");
    }
    *out = *made;
    return TRAFFSTAT_OK;
}

/* ---- direct ---------------------------------------------------------------------------------- */

void traffstat_direct_options_init(traffstat_direct_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_direct_options filled = {struct_size, TRAFFSTAT_DIRECT_DOBSON_BYAR, 0.95, 1e5};
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status read_direct(traffstat_ctx *ctx, const traffstat_direct_options *given,
                                    traffstat_direct_options *out)
{
    traffstat_direct_options_init(out, sizeof *out);
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (out->method < TRAFFSTAT_DIRECT_DOBSON_BYAR || out->method > TRAFFSTAT_DIRECT_TIWARI) {
        return refuse(ctx, "there is no such method of an interval");
    }
    if (!is_level(out->level)) {
        return refuse(ctx, "level must lie between 0.01 and 0.9999");
    }
    return out->per > 0.0 && isfinite(out->per) ? TRAFFSTAT_OK
                                                : refuse(ctx, "per must be positive and finite");
}

typedef struct strata {
    const double *cases;
    const double *persons;
    const double *weights;
    const double *squares;
    size_t n;
} strata;

static traffstat_status check_strata(traffstat_ctx *ctx, const strata *given)
{
    if (given->cases == NULL || given->persons == NULL || given->weights == NULL || given->n == 0) {
        return refuse(ctx, "cases, persons and weights of at least one stratum must be given");
    }
    double weight = 0.0;
    for (size_t i = 0; i < given->n; i++) {
        if (!is_count(given->cases[i])) {
            return refuse_stratum(ctx, i, "cases must be 0 or more, and finite");
        }
        if (!(given->persons[i] > 0.0 && isfinite(given->persons[i]))) {
            return refuse_stratum(ctx, i, "persons must be positive and finite");
        }
        if (!is_count(given->weights[i])) {
            return refuse_stratum(ctx, i, "a weight must be 0 or more, and finite");
        }
        if (given->squares != NULL &&
            !(given->squares[i] >= given->cases[i] && isfinite(given->squares[i]) &&
              (given->cases[i] > 0.0 || given->squares[i] <= 0.0))) {
            return refuse_stratum(ctx, i,
                                  "the sum of squared incident sizes cannot be below the cases");
        }
        weight += given->weights[i];
    }
    return weight > 0.0 ? TRAFFSTAT_OK : refuse(ctx, "all weights are 0");
}

/* Sums over strata of the weights u = w / persons, w of sum 1. */
typedef struct sums {
    double cases;
    double squares; /* of incident sizes */
    double rate;
    double variance;
    double mean_u;
    double mean_u2;
    double largest_u;
} sums;

static sums add_strata(const strata *given)
{
    double weight = 0.0;
    sums all = {.cases = 0.0};
    for (size_t i = 0; i < given->n; i++) {
        weight += given->weights[i];
    }
    for (size_t i = 0; i < given->n; i++) {
        const double u = given->weights[i] / weight / given->persons[i];
        const double square = given->squares != NULL ? given->squares[i] : given->cases[i];
        all.cases += given->cases[i];
        all.squares += square;
        all.rate += u * given->cases[i];
        all.variance += u * u * square;
        all.mean_u += u / (double) given->n;
        all.mean_u2 += u * u / (double) given->n;
        all.largest_u = u > all.largest_u ? u : all.largest_u;
    }
    return all;
}

/* The total's limits, moved to the rate's scale; without a case the largest weight is the scale. */
static limits dobson(const sums *all, double level, bool exact)
{
    const limits total = exact ? garwood(all->cases, level) : byar(all->cases, level);
    if (!(all->cases > 0.0)) {
        return (limits){0.0, all->largest_u * total.upper};
    }
    const double scale = sqrt(all->variance / all->cases);
    return (limits){fmax(0.0, all->rate + scale * (total.lower - all->cases)),
                    all->rate + scale * (total.upper - all->cases)};
}

/* Gamma quantile of the law with this mean and variance. */
static double gamma_of(double mean, double variance, double tail, bool lower)
{
    return variance / mean * traffstat_i_gamma_quantile(mean * mean / variance, tail, lower);
}

/* One more case, of the weight u (of an incident as large as they come), for the upper limit. */
static limits gamma_limits(const sums *all, double level, double u, double u2)
{
    const double tail = 0.5 * (1.0 - level);
    const double factor = all->cases > 0.0 ? all->squares / all->cases : 1.0;
    limits out = {0.0, gamma_of(all->rate + u, all->variance + factor * u2, tail, false)};
    if (all->rate > 0.0) {
        out.lower = gamma_of(all->rate, all->variance, tail, true);
    }
    return out;
}

traffstat_status traffstat_rate_direct(traffstat_ctx *ctx, const double *cases,
                                       const double *persons, const double *weights,
                                       const double *squares, size_t n,
                                       const traffstat_direct_options *options,
                                       traffstat_standard_rate *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return refuse(ctx, "no place for the result was given");
    }
    const strata given = {cases, persons, weights, squares, n};
    traffstat_direct_options settings;
    traffstat_status status = read_direct(ctx, options, &settings);
    if (status == TRAFFSTAT_OK) {
        status = check_strata(ctx, &given);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const sums all = add_strata(&given);
    limits found;
    if (settings.method == TRAFFSTAT_DIRECT_FAY_FEUER) {
        found = gamma_limits(&all, settings.level, all.largest_u, all.largest_u * all.largest_u);
    } else if (settings.method == TRAFFSTAT_DIRECT_TIWARI) {
        found = gamma_limits(&all, settings.level, all.mean_u, all.mean_u2);
    } else {
        found = dobson(&all, settings.level, settings.method == TRAFFSTAT_DIRECT_DOBSON_EXACT);
    }
    const traffstat_standard_rate made = {.level = settings.level,
                                          .value = settings.per * all.rate,
                                          .lower = settings.per * found.lower,
                                          .upper = settings.per * found.upper,
                                          .variance = settings.per * settings.per * all.variance,
                                          .cases = all.cases,
                                          .expected = NAN};
    return hand_over(ctx, &made, out);
}

/* ---- indirect -------------------------------------------------------------------------------- */

static traffstat_status add_expected(traffstat_ctx *ctx, const double *cases, const double *persons,
                                     const double *reference_rates, size_t n,
                                     traffstat_standard_rate *made)
{
    if (cases == NULL || persons == NULL || reference_rates == NULL || n == 0) {
        return refuse(ctx, "cases, persons and reference rates of at least one stratum must be "
                           "given");
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_count(cases[i]) || !is_count(persons[i]) || !is_count(reference_rates[i])) {
            return refuse_stratum(
                ctx, i, "cases, persons and reference rate must be 0 or more, and finite");
        }
        made->cases += cases[i];
        made->expected += persons[i] * reference_rates[i];
    }
    return made->expected > 0.0 ? TRAFFSTAT_OK
                                : traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                                   "by the reference rates no case is expected");
}

traffstat_status traffstat_rate_indirect(traffstat_ctx *ctx, const double *cases,
                                         const double *persons, const double *reference_rates,
                                         size_t n, traffstat_indirect_method method, double level,
                                         traffstat_standard_rate *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL || method < TRAFFSTAT_INDIRECT_EXACT || method > TRAFFSTAT_INDIRECT_NORMAL) {
        return refuse(ctx, out == NULL ? "no place for the result was given"
                                       : "there is no such method of an interval");
    }
    if (!is_level(level)) {
        return refuse(ctx, "level must lie between 0.01 and 0.9999");
    }
    traffstat_standard_rate made = {.level = level};
    const traffstat_status status = add_expected(ctx, cases, persons, reference_rates, n, &made);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    limits found;
    if (method == TRAFFSTAT_INDIRECT_NORMAL) {
        if (!(made.cases > 0.0)) {
            return refuse(ctx, "without a case the normal limits do not exist: ask for the exact "
                               "ones");
        }
        const double factor = exp(two_sided_z(level) / sqrt(made.cases));
        found = (limits){made.cases / factor, made.cases * factor};
    } else {
        found = method == TRAFFSTAT_INDIRECT_EXACT ? garwood(made.cases, level)
                                                   : byar(made.cases, level);
    }
    made.value = made.cases / made.expected;
    made.lower = found.lower / made.expected;
    made.upper = found.upper / made.expected;
    made.variance = made.value / made.expected;
    return hand_over(ctx, &made, out);
}

/* ---- crude ----------------------------------------------------------------------------------- */

traffstat_status traffstat_rate_crude(traffstat_ctx *ctx, double cases, double persons, double per,
                                      double factor, double level, traffstat_standard_rate *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return refuse(ctx, "no place for the result was given");
    }
    if (!is_count(cases) || !(persons > 0.0 && isfinite(persons)) ||
        !(per > 0.0 && isfinite(per))) {
        return refuse(ctx, "cases must be 0 or more, persons and per positive, all finite");
    }
    if (!(factor >= 1.0 && isfinite(factor)) || !is_level(level)) {
        return refuse(ctx, "factor must be at least 1, level between 0.01 and 0.9999");
    }
    const limits total = cases < EXACT_BELOW ? garwood(cases, level) : byar(cases, level);
    const double scale = per / persons;
    const double wider = sqrt(factor);
    const traffstat_standard_rate made = {.level = level,
                                          .value = scale * cases,
                                          .lower = scale *
                                                   fmax(0.0, cases - wider * (cases - total.lower)),
                                          .upper = scale * (cases + wider * (total.upper - cases)),
                                          .variance = scale * scale * factor * cases,
                                          .cases = cases,
                                          .expected = NAN};
    return hand_over(ctx, &made, out);
}

traffstat_status traffstat_cluster_factor(traffstat_ctx *ctx, const double *incidents, size_t n,
                                          double *out)
{
    traffstat_i_enter(ctx);
    if (incidents == NULL || out == NULL) {
        return refuse(ctx, "incidents and a place for the result must be given");
    }
    double victims = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double size = (double) (i + 1);
        if (!is_count(incidents[i])) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "incidents with %zu victims must be 0 or more, and finite",
                                    i + 1);
        }
        victims += size * incidents[i];
        squares += size * size * incidents[i];
    }
    if (!(victims > 0.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "there is no incident");
    }
    *out = squares / victims;
    return TRAFFSTAT_OK;
}

/* ---- proportions ----------------------------------------------------------------------------- */

static limits wilson(double cases, double persons, double level)
{
    const double z2 = two_sided_z(level) * two_sided_z(level);
    const double p = cases / persons;
    const double middle = p + z2 / (2.0 * persons);
    const double reach = sqrt(z2 * (p * (1.0 - p) / persons + z2 / (4.0 * persons * persons)));
    const double whole = 1.0 + z2 / persons;
    return (limits){cases > 0.0 ? (middle - reach) / whole : 0.0,
                    cases < persons ? (middle + reach) / whole : 1.0};
}

static limits clopper_pearson(double cases, double persons, double level)
{
    const double tail = 0.5 * (1.0 - level);
    const double others = persons - cases;
    limits out = {0.0, 1.0};
    if (cases > 0.0) {
        out.lower = traffstat_i_beta_quantile(cases, others + 1.0, tail);
    }
    if (others > 0.0) {
        /* the mirrored lower limit: 1 - tail would lose digits */
        const double logit = -traffstat_i_beta_logit_quantile(others, cases + 1.0, tail);
        out.upper = logit > 0.0 ? 1.0 / (1.0 + exp(-logit)) : exp(logit) / (1.0 + exp(logit));
    }
    return out;
}

traffstat_status traffstat_rate_proportion(traffstat_ctx *ctx, double cases, double persons,
                                           double per, traffstat_proportion_method method,
                                           double level, traffstat_standard_rate *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL || method < TRAFFSTAT_PROPORTION_WILSON ||
        method > TRAFFSTAT_PROPORTION_EXACT) {
        return refuse(ctx, out == NULL ? "no place for the result was given"
                                       : "there is no such method of an interval");
    }
    if (!is_count(cases) || !(persons > 0.0 && isfinite(persons)) || cases > persons) {
        return refuse(ctx, "cases must lie between 0 and persons, which must be positive");
    }
    if (!(per > 0.0 && isfinite(per)) || !is_level(level)) {
        return refuse(ctx, "per must be positive, level between 0.01 and 0.9999");
    }
    const limits found = method == TRAFFSTAT_PROPORTION_WILSON
                             ? wilson(cases, persons, level)
                             : clopper_pearson(cases, persons, level);
    const double p = cases / persons;
    const traffstat_standard_rate made = {.level = level,
                                          .value = per * p,
                                          .lower = per * found.lower,
                                          .upper = per * found.upper,
                                          .variance = per * per * p * (1.0 - p) / persons,
                                          .cases = cases,
                                          .expected = NAN};
    return hand_over(ctx, &made, out);
}
