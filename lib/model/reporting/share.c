/* What the counts and the rate prior leave of the reporting probability p. */
#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>

#include "model/reporting/dist.h"

#define INTERVALS 400
#define FARTHEST 1e10 /* of the logit: slopes of 1e-8 and more fall by REACH within it */
#define REACH 42.0    /* ln: the density below e^-42 of its peak is left out */

/* Density of z = logit p under gamma, the Jacobian in it, relative to its peak z0:
 *
 *     p^a (1-p)^b (p/(r+p))^y (r+p)^-s
 *
 * with s the sum of the rows' shapes. Each factor is taken as a ratio to its value at the peak,
 * written through expm1 and log1p, so that counts of 1e18 leave digits. */
typedef struct density {
    double a;
    double b;
    double count;
    double shape;
    double rate;
    double peak;   /* z0 */
    double side;   /* moments are of p (-1) or of 1 - p (1), whichever is small */
    double center; /* second moments are about this */
    int moment;
} density;

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static double log_density(const density *d, double z)
{
    const double t = z - d->peak;
    const double p0 = logistic(d->peak);
    const double q0 = logistic(-d->peak);
    const double known = p0 / (d->rate + p0);
    const double rest = d->rate / (d->rate + p0);
    double log_p = 0.0;
    double log_q = 0.0;
    if (fabs(t) > 600.0) { /* expm1 is about to overflow: plain logarithms serve out there */
        log_p = fmin(z, 0.0) - log1p(exp(-fabs(z))) - log(p0);
        log_q = fmin(-z, 0.0) - log1p(exp(-fabs(z))) - log(q0);
    } else if (d->peak < 0.0) {
        log_q = -log1p(p0 * expm1(t));
        log_p = t + log_q;
    } else {
        log_p = -log1p(q0 * expm1(-t));
        log_q = log_p - t;
    }
    const double all = log_p > -0.5 ? log1p(known * expm1(log_p)) : log(known * exp(log_p) + rest);
    const double seen = d->count > 0.0 ? d->count * log1p(rest * expm1(-log_p)) : 0.0;
    return d->a * log_p + d->b * log_q - seen - d->shape * all;
}

static double integrand(double z, void *user)
{
    const density *d = user;
    const double x = logistic(-d->side * z);
    const double weight = exp(log_density(d, z));
    if (d->moment == 0) {
        return weight;
    }
    return weight * (d->moment == 1 ? x : (x - d->center) * (x - d->center));
}

static double density_slope(const density *d, double z)
{
    const double p = logistic(z);
    const double q = logistic(-z);
    return q * (d->a + d->count * (d->rate / (d->rate + p)) - d->shape * (p / (d->rate + p))) -
           d->b * p;
}

/* The density may have two peaks (small b): a coarse walk finds the higher, halving the place. */
static double find_peak(density *d)
{
    double best = 0.0;
    d->peak = 0.0;
    for (double z = -700.0; z <= 700.0; z += 0.25) {
        if (log_density(d, z) > log_density(d, best)) {
            best = z;
        }
    }
    double low = best - 0.25;
    double high = best + 0.25;
    for (int i = 0; i < 60; i++) {
        const double middle = 0.5 * (low + high);
        if (density_slope(d, middle) > 0.0) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return 0.5 * (low + high);
}

/* Where the density has fallen by REACH on one side, walking outward by doubling steps. */
static double find_edge(const density *d, double direction)
{
    double far = 1e-9;
    while (far < FARTHEST && log_density(d, d->peak + direction * far) > -REACH) {
        far *= 1.5;
    }
    return d->peak + direction * far;
}

/* Integral of one moment over [low, peak] and [peak, high]; NaN when it is not had to 1e-10. */
static double moment_of(density *d, int moment, const double range[3],
                        gsl_integration_workspace *space)
{
    gsl_function f = {integrand, d};
    double sum = 0.0;
    d->moment = moment;
    for (int i = 0; i < 2; i++) {
        double part = 0.0;
        double error = 0.0;
        const int status = gsl_integration_qag(&f, range[i], range[i + 1], 0.0, 1e-11, INTERVALS,
                                               GSL_INTEG_GAUSS31, space, &part, &error);
        /* GSL_EROUND: rounding stops further gain; its error estimate then decides */
        if (status != GSL_SUCCESS && !(status == GSL_EROUND && error <= 1e-9 * part)) {
            return NAN;
        }
        sum += part;
    }
    return sum;
}

static bool moments_given(density *d, gsl_integration_workspace *space, double *mean,
                          double *variance)
{
    d->peak = find_peak(d);
    d->side = d->peak > 0.0 ? 1.0 : -1.0;
    const double range[3] = {find_edge(d, -1.0), d->peak, find_edge(d, 1.0)};
    const double mass = moment_of(d, 0, range, space);
    d->center = moment_of(d, 1, range, space) / mass;
    *mean = d->side > 0.0 ? 1.0 - d->center : d->center;
    *variance = moment_of(d, 2, range, space) / mass;
    return isfinite(*mean) && isfinite(*variance);
}

static double beta_sd(double a, double b)
{
    return sqrt(a / (a + b) * (b / (a + b)) / (a + b + 1.0));
}

traffstat_status traffstat_i_dist_share(traffstat_ctx *ctx, const traffstat_i_dist *dist,
                                        const traffstat_i_belief *belief, double *mean, double *sd)
{
    if (belief->rate_prior != TRAFFSTAT_RATE_GAMMA) {
        const double a = belief->a - (belief->rate_prior == TRAFFSTAT_RATE_JEFFREYS ? 0.5 : 0.0);
        *mean = a > 0.0 ? a / (a + belief->b) : NAN;
        *sd = a > 0.0 ? beta_sd(a, belief->b) : NAN;
        return TRAFFSTAT_OK;
    }
    gsl_integration_workspace *space = gsl_integration_workspace_alloc(INTERVALS);
    if (space == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory for an integration");
    }
    double weight = 0.0;
    double variance = 0.0;
    bool good = true;
    *mean = 0.0;
    for (size_t i = 0; i < dist->count && good; i++) {
        const traffstat_i_part *part = &dist->parts[i];
        density d = {.a = belief->a,
                     .b = belief->b,
                     .count = part->count,
                     .shape = belief->a - part->law.p.tail,
                     .rate = belief->rate};
        double center = 0.0;
        double within = 0.0;
        good = moments_given(&d, space, &center, &within);
        /* West's update of a weighted mean and variance: no difference of large numbers */
        weight += part->weight;
        const double away = center - *mean;
        *mean += part->weight > 0.0 ? part->weight / weight * away : 0.0;
        variance += part->weight * (within + away * (center - *mean));
    }
    gsl_integration_workspace_free(space);
    *mean = good ? *mean : NAN;
    *sd = good ? sqrt(variance / weight) : NAN;
    return TRAFFSTAT_OK;
}
