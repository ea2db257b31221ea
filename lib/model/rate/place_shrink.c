/* Empirical Bayes rates of places. */
#include "model/rate/place.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_psi.h>
#include <math.h>
#include <string.h>

#include "model/rate/tail.h"

#define ROUNDS_MAX 100000
#define ROUND_ENOUGH 1e-13
/* A gamma shape past this is a law without spread: estimates then differ by less than 1e-7. */
#define SHAPE_MOST 1e7
#define SHAPE_LEAST 1e-7

void traffstat_shrink_options_init(traffstat_shrink_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_shrink_options filled = {.struct_size = struct_size,
                                             .model = TRAFFSTAT_SHRINK_LIKELIHOOD,
                                             .corrected = 1,
                                             .local_mean = 0,
                                             .level = 0.95};
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_shrink_options *given,
                                      traffstat_shrink_options *out)
{
    traffstat_shrink_options_init(out, sizeof *out);
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (out->model < TRAFFSTAT_SHRINK_LIKELIHOOD || out->model > TRAFFSTAT_SHRINK_LOCAL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is no model %d",
                                (int) out->model);
    }
    if (out->corrected < 0 || out->corrected > 1 || out->local_mean < 0 || out->local_mean > 1) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "corrected and local_mean must be 0 or 1");
    }
    if (!(out->level >= 0.01 && out->level <= 0.9999)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie between 0.01 and 0.9999");
    }
    return TRAFFSTAT_OK;
}

/* The task: what is given, and room for the answer. */
typedef struct shrinking {
    traffstat_ctx *ctx;
    const double *cases;
    const double *expected;
    size_t n;
    const traffstat_shrink_options *options;
    traffstat_shrunk *out;
    traffstat_shrink_law law;
} shrinking;

/* ---- one place ------------------------------------------------------------------------------- */

/* Median and limits of the gamma law with the place's mean and sd. `heavy`: expected cases behind a
 * mean of 0, whose upper end is then that of a count of 0. */
static bool limit(const shrinking *at, traffstat_shrunk *place, double heavy)
{
    const double tail = 0.5 * (1.0 - at->options->level);
    if (!(place->estimate > 0.0 && place->sd > 0.0)) {
        place->median = place->estimate;
        place->lower = place->estimate;
        place->upper = place->estimate > 0.0 ? place->estimate : -log(tail) / heavy;
        return true;
    }
    const double share = place->estimate / place->sd;
    const double shape = share * share;
    const double scale = place->estimate / shape;
    place->median = scale * traffstat_i_gamma_quantile(shape, 0.5, true);
    place->lower = scale * traffstat_i_gamma_quantile(shape, tail, true);
    place->upper = scale * traffstat_i_gamma_quantile(shape, tail, false);
    return isfinite(place->median) && isfinite(place->upper);
}

static traffstat_status limit_all(const shrinking *at)
{
    for (size_t i = 0; i < at->n; i++) {
        if (!limit(at, &at->out[i], at->expected[i])) {
            return traffstat_i_fail(at->ctx, TRAFFSTAT_E_NUMERIC,
                                    "place %zu: the limits could not be found", i);
        }
    }
    return TRAFFSTAT_OK;
}

static double total(const double *values, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += values[i];
    }
    return sum;
}

/* ---- the gamma models ------------------------------------------------------------------------ */

/* ln mu and ln of the shape: information of the marginal law, inverted. */
typedef struct spread {
    double mean;
    double shape;
    bool known;
    double covariance[3]; /* mean, both, shape */
} spread;

static double psi(double x)
{
    gsl_sf_result result;
    return gsl_sf_psi_e(x, &result) == GSL_SUCCESS ? result.val : NAN;
}

static double psi_1(double x)
{
    gsl_sf_result result;
    return gsl_sf_psi_1_e(x, &result) == GSL_SUCCESS ? result.val : NAN;
}

/* The mean that is likeliest for a shape: sum of (O - m) / (1 + m / shape) = 0, rising in mu, so
 * Newton's steps on its logarithm are safe from the crude mean. */
static double likeliest_mean(const shrinking *at, double shape)
{
    double mean = total(at->cases, at->n) / total(at->expected, at->n);
    for (int round = 0; round < 200; round++) {
        double score = 0.0;
        double information = 0.0;
        for (size_t i = 0; i < at->n; i++) {
            const double m = mean * at->expected[i];
            score += (at->cases[i] - m) / (1.0 + m / shape);
            information += m / (1.0 + m / shape);
        }
        const double step = score / information;
        mean *= exp(step > 1.0 ? 1.0 : step < -1.0 ? -1.0 : step);
        if (fabs(step) < 1e-15) {
            break;
        }
    }
    return mean;
}

/* Derivative of the marginal log likelihood by the shape, at the mean that goes with it. */
static double shape_score(double log_shape, void *user)
{
    const shrinking *at = user;
    const double shape = exp(log_shape);
    const double mean = likeliest_mean(at, shape);
    double score = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        const double m = mean * at->expected[i];
        const double o = at->cases[i];
        score += psi(o + shape) - psi(shape) - log1p(m / shape) + (m - o) / (shape + m);
    }
    return score;
}

static double marginal_log_likelihood(const shrinking *at, double mean, double shape)
{
    double sum = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        const double m = mean * at->expected[i];
        const double o = at->cases[i];
        sum += o * log(m) - lgamma(o + 1.0);
        if (isinf(shape)) {
            sum -= m;
        } else {
            sum +=
                lgamma(o + shape) - lgamma(shape) - o * log(shape + m) - shape * log1p(m / shape);
        }
    }
    return sum;
}

/* Does the variance go beyond the mean? The score of 1 / shape at 0. */
static bool overspread(const shrinking *at, double mean)
{
    double score = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        const double m = mean * at->expected[i];
        score += (at->cases[i] - m) * (at->cases[i] - m) - at->cases[i];
    }
    return score > 0.0;
}

static traffstat_status fit_likelihood(shrinking *at, spread *out)
{
    *out =
        (spread){.mean = total(at->cases, at->n) / total(at->expected, at->n), .shape = INFINITY};
    const double low = log(SHAPE_LEAST);
    const double high = log(SHAPE_MOST);
    if (overspread(at, out->mean) && shape_score(high, at) < 0.0) {
        const double log_shape = traffstat_i_root(shape_score, at, low, high);
        if (isnan(log_shape)) {
            return traffstat_i_fail(at->ctx, TRAFFSTAT_E_NUMERIC,
                                    "the marginal likelihood has no maximum that could be found");
        }
        out->shape = exp(log_shape);
        out->mean = likeliest_mean(at, out->shape);
    }
    at->law.log_likelihood = marginal_log_likelihood(at, out->mean, out->shape);
    return TRAFFSTAT_OK;
}

/* One round of Clayton and Kaldor's: means of the posterior, from which mean and variance of the
 * law. false: the law has no spread. */
static bool moments_round(const shrinking *at, double *nu, double *alpha)
{
    double mean = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        mean += (at->cases[i] + *nu) / (at->expected[i] + *alpha) / (double) at->n;
    }
    double variance = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        const double gap = (at->cases[i] + *nu) / (at->expected[i] + *alpha) - mean;
        variance += (1.0 + *alpha / at->expected[i]) * gap * gap / (double) (at->n - 1);
    }
    *alpha = mean / variance;
    *nu = mean * *alpha;
    return *nu<SHAPE_MOST && * nu> 0.0;
}

static traffstat_status fit_moments(shrinking *at, spread *out)
{
    const double crude = total(at->cases, at->n) / total(at->expected, at->n);
    double variance = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        const double gap = at->cases[i] / at->expected[i] - crude;
        variance += gap * gap / (double) (at->n - 1);
    }
    double alpha = crude / variance;
    double nu = crude * alpha;
    *out = (spread){.mean = crude, .shape = INFINITY};
    if (!isfinite(nu)) {
        return TRAFFSTAT_OK; /* all ratios are equal */
    }
    for (int64_t round = 1; round <= ROUNDS_MAX; round++) {
        const double before = nu;
        at->law.iterations = round;
        if (!moments_round(at, &nu, &alpha)) {
            return TRAFFSTAT_OK;
        }
        if (fabs(nu - before) <= ROUND_ENOUGH * nu) {
            *out = (spread){.mean = nu / alpha, .shape = nu};
            return TRAFFSTAT_OK;
        }
    }
    return traffstat_i_fail(at->ctx, TRAFFSTAT_E_NUMERIC, "the moments did not settle in %d rounds",
                            ROUNDS_MAX);
}

/* Information of (ln mu, ln shape) at the fit, inverted. */
static void know(const shrinking *at, spread *out)
{
    const double a = out->shape;
    double mean = 0.0;
    double both = 0.0;
    double shape = 0.0;
    if (isinf(a)) {
        out->covariance[0] = 1.0 / total(at->cases, at->n);
        out->known = true;
        return;
    }
    for (size_t i = 0; i < at->n; i++) {
        const double m = out->mean * at->expected[i];
        const double o = at->cases[i];
        const double whole = a + m;
        mean += m * a * (a + o) / (whole * whole);
        both -= a * m * (o - m) / (whole * whole);
        shape -=
            a * a * (psi_1(o + a) - psi_1(a) + 1.0 / a - 2.0 / whole + (o + a) / (whole * whole));
        shape -= a * (psi(o + a) - psi(a) - log1p(m / a) + (m - o) / whole);
    }
    const double determinant = mean * shape - both * both;
    out->known = determinant > 0.0 && mean > 0.0;
    out->covariance[0] = shape / determinant;
    out->covariance[1] = -both / determinant;
    out->covariance[2] = mean / determinant;
}

static void fill_gamma(shrinking *at, const spread *law)
{
    const double rate = law->shape / law->mean;
    for (size_t i = 0; i < at->n; i++) {
        traffstat_shrunk *place = &at->out[i];
        const double e = at->expected[i];
        const double weight = isinf(rate) ? 0.0 : e / (e + rate);
        place->ratio = at->cases[i] / e;
        place->weight = weight;
        place->estimate = isinf(rate) ? law->mean : (at->cases[i] + law->shape) / (e + rate);
        double variance = weight * place->estimate / e;
        if (at->options->corrected != 0 && law->known) {
            const double by_mean = place->estimate * (1.0 - weight);
            const double by_shape = (1.0 - weight) * (law->mean - place->estimate);
            variance += by_mean * by_mean * law->covariance[0] +
                        2.0 * by_mean * by_shape * law->covariance[1] +
                        by_shape * by_shape * law->covariance[2];
        }
        place->sd = sqrt(variance);
    }
}

static traffstat_status shrink_gamma(shrinking *at)
{
    spread law;
    const traffstat_status status = at->options->model == TRAFFSTAT_SHRINK_LIKELIHOOD
                                        ? fit_likelihood(at, &law)
                                        : fit_moments(at, &law);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    know(at, &law);
    fill_gamma(at, &law);
    at->law.mean = law.mean;
    at->law.shape = law.shape;
    at->law.rate = law.shape / law.mean;
    at->law.variance = isinf(law.shape) ? 0.0 : law.mean * law.mean / law.shape;
    at->law.clipped = isinf(law.shape) ? 1 : 0;
    return limit_all(at);
}

/* ---- Marshall's ------------------------------------------------------------------------------ */

/* Towards `mean`, with `between` the variance of true ratios and `mean_variance` that of the mean.
 * `places`: how many it rests on, for Morris's term (0: without). */
static void draw_towards(const shrinking *at, size_t i, double mean, double between,
                         double mean_variance, size_t places)
{
    traffstat_shrunk *place = &at->out[i];
    const double chance = mean / at->expected[i];
    place->ratio = at->cases[i] / at->expected[i];
    place->weight = between > 0.0 ? between / (between + chance) : 0.0;
    const double back = 1.0 - place->weight;
    place->estimate = mean + place->weight * (place->ratio - mean);
    double variance = place->weight * chance;
    if (at->options->corrected != 0) {
        variance += back * back * mean_variance;
        if (places > 3 && between > 0.0) {
            const double gap = back * (place->ratio - mean);
            variance += 2.0 / (double) (places - 3) * gap * gap;
        }
    }
    place->sd = sqrt(variance);
}

static traffstat_status shrink_marshall(shrinking *at)
{
    const double persons = total(at->expected, at->n);
    const double mean = total(at->cases, at->n) / persons;
    double scatter = 0.0;
    double square = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        const double gap = at->cases[i] / at->expected[i] - mean;
        const double share = at->expected[i] / persons;
        scatter += share * gap * gap;
        square += share * share;
    }
    const double raw = scatter - mean * (double) at->n / persons;
    const double between = raw > 0.0 ? raw : 0.0;
    at->law.mean = mean;
    at->law.variance = between;
    at->law.clipped = raw < 0.0 ? 1 : 0;
    for (size_t i = 0; i < at->n; i++) {
        draw_towards(at, i, mean, between, mean / persons + between * square, at->n);
    }
    return limit_all(at);
}

/* A place and its neighbours: cases and expected, counted. */
typedef struct around {
    double cases;
    double expected;
    double count;
} around;

static around look_around(const shrinking *at, const traffstat_i_links *links, size_t i)
{
    around sum = {at->cases[i], at->expected[i], 1.0};
    for (size_t k = links->start[i]; k < links->start[i + 1]; k++) {
        sum.cases += at->cases[links->to[k]];
        sum.expected += at->expected[links->to[k]];
        sum.count += 1.0;
    }
    return sum;
}

/* Squared deviation of place j times its expected cases, from its own mean or from that around i. */
static double deviation(const shrinking *at, const double *means, size_t j, size_t i)
{
    const double mean = at->options->local_mean == 0 ? means[j] : means[i];
    const double gap = at->cases[j] / at->expected[j] - mean;
    return at->expected[j] * gap * gap;
}

static bool shrink_one_locally(shrinking *at, const traffstat_i_links *links, const double *means,
                               size_t i)
{
    const around here = look_around(at, links, i);
    double scatter = deviation(at, means, i, i);
    for (size_t k = links->start[i]; k < links->start[i + 1]; k++) {
        scatter += deviation(at, means, links->to[k], i);
    }
    const double raw = (scatter - means[i] * here.count) / here.expected;
    at->law.clipped += raw < 0.0 ? 1 : 0;
    draw_towards(at, i, means[i], raw > 0.0 ? raw : 0.0, means[i] / here.expected, 0);
    return limit(at, &at->out[i], here.expected);
}

static traffstat_status shrink_locally(shrinking *at, const traffstat_neighbours *neighbours)
{
    traffstat_i_links links;
    traffstat_status status = shrink_marshall(at); /* for the law of all places */
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_links_init(at->ctx, &links, neighbours, at->n);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    at->law.clipped = 0;
    double *means = traffstat_i_alloc(at->ctx, at->n, sizeof *means);
    if (means == NULL) {
        status = TRAFFSTAT_E_NOMEM;
    } else {
        for (size_t i = 0; i < at->n; i++) {
            const around here = look_around(at, &links, i);
            means[i] = here.cases / here.expected;
        }
        for (size_t i = 0; i < at->n && status == TRAFFSTAT_OK; i++) {
            if (!shrink_one_locally(at, &links, means, i)) {
                status = traffstat_i_fail(at->ctx, TRAFFSTAT_E_NUMERIC,
                                          "place %zu: the limits could not be found", i);
            }
        }
    }
    traffstat_i_free(at->ctx, means);
    traffstat_i_links_clear(&links);
    return status;
}

/* ---- the entry ------------------------------------------------------------------------------- */

static traffstat_status shrink(shrinking *at, const traffstat_neighbours *neighbours)
{
    switch (at->options->model) {
    case TRAFFSTAT_SHRINK_MARSHALL:
        return shrink_marshall(at);
    case TRAFFSTAT_SHRINK_LOCAL:
        return shrink_locally(at, neighbours);
    default:
        return shrink_gamma(at);
    }
}

traffstat_status traffstat_places_shrink(traffstat_ctx *ctx, const double *cases,
                                         const double *expected, size_t n,
                                         const traffstat_neighbours *neighbours,
                                         const traffstat_shrink_options *options,
                                         traffstat_shrunk *out, traffstat_shrink_law *law)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_shrink_options settings;
    traffstat_status status = read_settings(ctx, options, &settings);
    if (status == TRAFFSTAT_OK && out == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    const bool local = status == TRAFFSTAT_OK && settings.model == TRAFFSTAT_SHRINK_LOCAL;
    if (status == TRAFFSTAT_OK && !local && neighbours != NULL) {
        status =
            traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "neighbours are for the local model alone");
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_places_check(ctx, cases, expected, n, local ? 1 : 2);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    shrinking at = {.ctx = ctx,
                    .cases = cases,
                    .expected = expected,
                    .n = n,
                    .options = &settings,
                    .law = {.shape = NAN, .rate = NAN, .log_likelihood = NAN}};
    at.out = traffstat_i_alloc(ctx, n, sizeof *at.out);
    if (at.out == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    status = shrink(&at, neighbours);
    if (status == TRAFFSTAT_OK) {
        memcpy(out, at.out, n * sizeof *out);
        if (law != NULL) {
            *law = at.law;
        }
    }
    traffstat_i_free(ctx, at.out);
    return status;
}
