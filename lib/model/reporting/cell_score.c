/* The likelihood of one count, exact or known to lie in a set, with its scores. */
#include "model/reporting/field.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>

#define ENOUGH 1e-17       /* of the sum so far: smaller terms are left away */
#define PLAIN_ABOVE 1e15   /* a size past this is Poisson to the last digit */
#define STIRLING_FROM 16.0 /* TRAFFSTAT_I_SMALL_COUNT as a double */

/* sum over k < y of log(1 + k/theta) = log Gamma(y + theta) - log Gamma(theta) - y log theta, and
 * its derivative by theta, without the cancellation of those terms for large theta. */
typedef struct rising {
    double value;
    double slope;
} rising;

/* Stirling's series past the leading terms, and its derivative. */
static rising stirling_rest(double z)
{
    const double inverse = 1.0 / z;
    const double w = inverse * inverse;
    const double value =
        (1.0 / 12.0 - w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0)))) * inverse;
    const double slope =
        -w * (1.0 / 12.0 - w * (1.0 / 120.0 - w * (1.0 / 252.0 - w * (1.0 / 240.0))));
    return (rising){value, slope};
}

static rising rising_of(double y, double theta)
{
    rising sum = {0.0, 0.0};
    double k = 0.0;
    while (k < y && (theta + k < STIRLING_FROM || y < STIRLING_FROM)) {
        sum.value += log1p(k / theta);
        sum.slope -= k / (theta * (theta + k));
        k += 1.0;
    }
    if (k < y) {
        const double z = theta + k;
        const double n = y - k;
        const rising from = stirling_rest(z);
        const rising to = stirling_rest(z + n);
        const double grown = log1p(n / z);
        sum.value += (z + n - 0.5) * grown - n + to.value - from.value + n * log1p(k / theta);
        sum.slope +=
            grown - (z + n - 0.5) * n / (z * (z + n)) + to.slope - from.slope - n * k / (theta * z);
    }
    return sum;
}

/* ---- sums over many counts ------------------------------------------------------------------ */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;
    return (x > y) - (x < y);
}

traffstat_status traffstat_i_rising_table_init(traffstat_ctx *ctx, double *counts, size_t n,
                                               traffstat_i_rising_table *table)
{
    memset(table, 0, sizeof *table);
    table->large = traffstat_i_alloc(ctx, n > 0 ? n : 1, sizeof *table->large);
    table->times = traffstat_i_alloc(ctx, n > 0 ? n : 1, sizeof *table->times);
    if (table->large == NULL || table->times == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    qsort(counts, n, sizeof *counts, by_size);
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < TRAFFSTAT_I_SMALL_COUNT && (double) k < counts[i]; k++) {
            table->above[k] += 1.0;
            table->small = k + 1 > table->small ? k + 1 : table->small;
        }
        if (counts[i] <= STIRLING_FROM) {
            continue;
        }
        const size_t last = table->large_count;
        if (last == 0 || table->large[last - 1] != counts[i]) {
            table->large[last] = counts[i];
            table->times[last] = 0.0;
            table->large_count++;
        }
        table->times[table->large_count - 1] += 1.0;
    }
    return TRAFFSTAT_OK;
}

size_t traffstat_i_rising_size(const traffstat_i_rising_table *table)
{
    return TRAFFSTAT_I_SMALL_COUNT + 1 + table->large_count;
}

void traffstat_i_rising_ask(const traffstat_i_rising_table *table, double theta, double *logs)
{
    for (size_t k = 0; k <= TRAFFSTAT_I_SMALL_COUNT; k++) {
        logs[k] = 1.0 + (double) k / theta;
    }
    double *grown = logs + TRAFFSTAT_I_SMALL_COUNT + 1;
    const double z = theta + STIRLING_FROM;
    for (size_t i = 0; i < table->large_count; i++) {
        grown[i] = (theta + table->large[i]) / z;
    }
}

double traffstat_i_rising_sum(const traffstat_i_rising_table *table, double theta,
                              const double *logs, double *slope)
{
    double value = 0.0;
    double by_theta = 0.0;
    for (size_t k = 1; k < table->small; k++) {
        value += table->above[k] * logs[k];
        by_theta -= table->above[k] * (double) k / (theta * (theta + (double) k));
    }
    const double *grown = logs + TRAFFSTAT_I_SMALL_COUNT + 1;
    const double z = theta + STIRLING_FROM;
    const double inverse_z = 1.0 / z;
    const double to_start = logs[TRAFFSTAT_I_SMALL_COUNT] - 1.0;
    const double to_start_slope = -STIRLING_FROM / (theta * z);
    const rising from = stirling_rest(z);
    for (size_t i = 0; i < table->large_count; i++) {
        const double end = theta + table->large[i];
        const double n = table->large[i] - STIRLING_FROM;
        const double half = end - 0.5;
        const rising to = stirling_rest(end);
        const double most = half * grown[i] + n * to_start;
        /* d/dtheta of log(end/z) is 1/end - 1/z = -n/(z end) */
        const double most_slope = grown[i] + half * (1.0 / end - inverse_z) + n * to_start_slope;
        value += table->times[i] * (most + to.value - from.value);
        by_theta += table->times[i] * (most_slope + to.slope - from.slope);
    }
    *slope += by_theta;
    return value;
}

/* ---- one count ------------------------------------------------------------------------------ */

double traffstat_i_log_factorial(int64_t count)
{
    gsl_sf_result result;
    return gsl_sf_lngamma_e((double) count + 1.0, &result) == GSL_SUCCESS ? result.val : INFINITY;
}

traffstat_i_cell_score traffstat_i_exact_score(double y, double log_factorial, double log_mu,
                                               double theta)
{
    const double mu = exp(log_mu);
    if (!(theta < PLAIN_ABOVE)) {
        const double log_power = y > 0.0 ? y * log_mu : 0.0;
        return (traffstat_i_cell_score){log_power - mu - log_factorial, y - mu, 0.0};
    }
    const double share = mu / (theta + mu);
    const double widening = log1p(mu / theta);
    const rising rise = rising_of(y, theta);
    return (traffstat_i_cell_score){
        (y > 0.0 ? y * log_mu : 0.0) - (theta + y) * widening + rise.value - log_factorial,
        (y - mu) * (theta / (theta + mu)), rise.slope - widening + (theta + y) * share / theta};
}

/* Probability of k + 1 over that of k. */
static double step_up(double k, double mu, double theta)
{
    if (!(theta < PLAIN_ABOVE)) {
        return mu / (k + 1.0);
    }
    return (theta + k) / (k + 1.0) * (mu / (theta + mu));
}

static double mode_of(double mu, double theta)
{
    if (!(theta < PLAIN_ABOVE)) {
        return floor(mu);
    }
    return theta > 1.0 ? floor(mu * (theta - 1.0) / theta) : 0.0;
}

/* Sums over a set relative to its largest term, at `top`. */
typedef struct sums {
    double weight;
    double offset; /* of (k - top) */
    double rise;   /* of the rising factor's slope less that at the top */
} sums;

static void sum_up(sums *sum, double top, double high, double mu, double theta)
{
    double weight = 1.0;
    double rise = 0.0;
    for (double k = top; k < high;) {
        weight *= step_up(k, mu, theta);
        rise -= theta < PLAIN_ABOVE ? k / (theta * (theta + k)) : 0.0;
        k += 1.0;
        sum->weight += weight;
        sum->offset += weight * (k - top);
        sum->rise += weight * rise;
        if (weight < ENOUGH * sum->weight) {
            break;
        }
    }
}

static void sum_down(sums *sum, double top, double low, double mu, double theta)
{
    double weight = 1.0;
    double rise = 0.0;
    for (double k = top; k > low;) {
        k -= 1.0;
        weight /= step_up(k, mu, theta);
        rise += theta < PLAIN_ABOVE ? k / (theta * (theta + k)) : 0.0;
        sum->weight += weight;
        sum->offset += weight * (k - top);
        sum->rise += weight * rise;
        if (weight < ENOUGH * sum->weight) {
            break;
        }
    }
}

static traffstat_i_cell_score between(double low, double high, double log_mu, double theta)
{
    const double mu = exp(log_mu);
    const double top = fmin(fmax(mode_of(mu, theta), low), high);
    sums sum = {1.0, 0.0, 0.0};
    sum_up(&sum, top, high, mu, theta);
    sum_down(&sum, top, low, mu, theta);
    traffstat_i_cell_score score =
        traffstat_i_exact_score(top, traffstat_i_log_factorial((int64_t) top), log_mu, theta);
    const double shift = sum.offset / sum.weight;
    score.log_likelihood += log(sum.weight);
    if (theta < PLAIN_ABOVE) {
        score.d_log_mu += shift * (theta / (theta + mu));
        score.d_theta += sum.rise / sum.weight + shift * mu / (theta * (theta + mu));
    } else {
        score.d_log_mu += shift;
    }
    return score;
}

/* [low, infinity): one less the rest, unless the set lies so far out that this loses its digits. */
static traffstat_i_cell_score at_least(double low, double log_mu, double theta)
{
    const double mu = exp(log_mu);
    const double sd = sqrt(mu + (theta < PLAIN_ABOVE ? mu * mu / theta : 0.0));
    if (low > mu + 4.0 * sd) {
        return between(low, (double) INT64_MAX, log_mu, theta);
    }
    const traffstat_i_cell_score rest = between(0.0, low - 1.0, log_mu, theta);
    const double odds = 1.0 / expm1(-rest.log_likelihood);
    return (traffstat_i_cell_score){log1p(-exp(rest.log_likelihood)), -rest.d_log_mu * odds,
                                    -rest.d_theta * odds};
}

traffstat_i_cell_score traffstat_i_cell_score_of(int64_t low, int64_t high, double log_mu,
                                                 double theta)
{
    if (!(log_mu < 600.0)) {
        return (traffstat_i_cell_score){-INFINITY, 0.0, 0.0};
    }
    if (high == low) {
        return traffstat_i_exact_score((double) low, traffstat_i_log_factorial(low), log_mu, theta);
    }
    if (high >= 0) {
        return between((double) low, (double) high, log_mu, theta);
    }
    if (low <= 0) {
        return (traffstat_i_cell_score){0.0, 0.0, 0.0};
    }
    return at_least((double) low, log_mu, theta);
}
