/* What tells whether chains may be trusted: rank-normalised split R-hat and effective sizes (Vehtari,
 * Gelman, Simpson, Carpenter & Buerkner 2021), Monte-Carlo errors, E-BFMI (Betancourt 2016). */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/reporting/nuts.h"

enum { FEWEST = 8 }; /* draws a chain below which nothing can be told */

/* Each chain is cut into halves, which are looked at as chains; the middle draw of an odd number is
 * left out. */
typedef struct halves {
    const double *values;
    size_t draws; /* of a whole chain */
    size_t count; /* halves */
    size_t length;
} halves;

static halves halves_of(const double *values, int32_t chains, int32_t draws)
{
    return (halves){values, (size_t) draws, 2 * (size_t) chains, (size_t) draws / 2};
}

static const double *half(const halves *h, size_t number)
{
    const double *chain = h->values + number / 2 * h->draws;
    return number % 2 == 0 ? chain : chain + h->draws - h->length;
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double) count;
}

/* Mean of the products of what lies `lag` apart, over the whole length (biased, as is wanted). */
static double product_at(const double *values, size_t count, double mean, size_t lag)
{
    double sum = 0.0;
    for (size_t i = 0; i + lag < count; i++) {
        sum += (values[i] - mean) * (values[i + lag] - mean);
    }
    return sum / (double) count;
}

/* Variance within halves (unbiased), and that of all with what lies between their means. */
static void variances(const halves *h, double *within, double *whole)
{
    const double n = (double) h->length;
    double sum = 0.0;
    double grand = 0.0;
    for (size_t k = 0; k < h->count; k++) {
        const double mean = mean_of(half(h, k), h->length);
        sum += product_at(half(h, k), h->length, mean, 0) * n / (n - 1.0);
        grand += mean / (double) h->count;
    }
    double between = 0.0;
    for (size_t k = 0; k < h->count; k++) {
        const double off = mean_of(half(h, k), h->length) - grand;
        between += off * off / (double) (h->count - 1);
    }
    *within = sum / (double) h->count;
    *whole = *within * (n - 1.0) / n + between;
}

static double autocorrelation(const halves *h, size_t lag, double within, double whole)
{
    double sum = 0.0;
    for (size_t k = 0; k < h->count; k++) {
        const double *values = half(h, k);
        sum += product_at(values, h->length, mean_of(values, h->length), lag);
    }
    return 1.0 - (within - sum / (double) h->count) / whole;
}

/* Sums of neighbouring autocorrelations must be positive and fall (Geyer 1992). rho: room for the
 * length of a half. Effective size of all draws that the halves hold. */
static double effective(const halves *h, double *rho)
{
    double within = 0.0;
    double whole = 0.0;
    variances(h, &within, &whole);
    if (!(whole > 0.0) || !(within > 0.0)) {
        return NAN;
    }
    size_t last = 0;
    rho[0] = 1.0;
    rho[1] = autocorrelation(h, 1, within, whole);
    double even = rho[0];
    double odd = rho[1];
    while (last + 5 < h->length && even + odd > 0.0) {
        last += 2;
        even = autocorrelation(h, last, within, whole);
        odd = autocorrelation(h, last + 1, within, whole);
        rho[last] = even;
        rho[last + 1] = odd;
    }
    for (size_t t = 2; t + 2 <= last; t += 2) {
        const double before = rho[t - 2] + rho[t - 1];
        if (rho[t] + rho[t + 1] > before) {
            rho[t] = 0.5 * before;
            rho[t + 1] = 0.5 * before;
        }
    }
    double time = -1.0;
    for (size_t t = 0; t < last; t++) {
        time += 2.0 * rho[t];
    }
    time += fmax(even, 0.0); /* one term more for chains that swing */
    const double size = (double) (h->count * h->length);
    return size / fmax(time, 1.0 / log10(size));
}

/* ---- ranks ---------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;
    return (x > y) - (x < y);
}

/* How many of the sorted values lie below `value`, or not above it. */
static size_t below(const double *sorted, size_t count, double value, bool or_equal)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (sorted[middle] < value || (or_equal && sorted[middle] == value)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Sorts a copy into `sorted`; false where values are not finite or all are equal. */
static bool sort_copy(const double *values, size_t count, double *sorted)
{
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_size);
    return sorted[0] < sorted[count - 1];
}

/* Values become the normal scores of their ranks, ties the middle of theirs (Blom 1958). */
static void to_scores(double *values, size_t count, const double *sorted)
{
    for (size_t i = 0; i < count; i++) {
        const double first = (double) below(sorted, count, values[i], false);
        const double last = (double) below(sorted, count, values[i], true);
        const double rank = 0.5 * (first + 1.0 + last);
        values[i] = gsl_cdf_ugaussian_Pinv((rank - 0.375) / ((double) count + 0.25));
    }
}

static bool enough(int32_t chains, int32_t draws)
{
    return chains > 0 && draws >= FEWEST;
}

/* Normal scores of the values in work[0..n), their sorted copy spoilt. False: nothing to tell. */
static bool score(const double *values, int32_t chains, int32_t draws, double *work)
{
    const size_t n = (size_t) chains * (size_t) draws;
    if (!enough(chains, draws) || !sort_copy(values, n, work + n)) {
        return false;
    }
    memcpy(work, values, n * sizeof *work);
    to_scores(work, n, work + n);
    return true;
}

static double plain_rhat(const double *values, int32_t chains, int32_t draws)
{
    const halves h = halves_of(values, chains, draws);
    double within = 0.0;
    double whole = 0.0;
    variances(&h, &within, &whole);
    return sqrt(whole / within);
}

double traffstat_i_rhat(const double *values, int32_t chains, int32_t draws, double *work)
{
    const size_t n = (size_t) chains * (size_t) draws;
    if (!score(values, chains, draws, work)) {
        return NAN;
    }
    const double bulk = plain_rhat(work, chains, draws);
    const double median = 0.5 * (work[n + (n - 1) / 2] + work[n + n / 2]);
    for (size_t i = 0; i < n; i++) {
        work[i] = fabs(values[i] - median);
    }
    memcpy(work + n, work, n * sizeof *work);
    qsort(work + n, n, sizeof *work, by_size);
    if (!(work[n] < work[2 * n - 1])) {
        return bulk; /* two values alone: no tail to fold */
    }
    to_scores(work, n, work + n);
    return fmax(bulk, plain_rhat(work, chains, draws));
}

/* ---- effective sizes ------------------------------------------------------------------------ */

double traffstat_i_ess_bulk(const double *values, int32_t chains, int32_t draws, double *work)
{
    if (!score(values, chains, draws, work)) {
        return NAN;
    }
    const halves h = halves_of(work, chains, draws);
    return effective(&h, work + (size_t) chains * (size_t) draws);
}

double traffstat_i_ess_mean(const double *values, int32_t chains, int32_t draws, double *work)
{
    if (!enough(chains, draws) || !sort_copy(values, (size_t) chains * (size_t) draws, work)) {
        return NAN;
    }
    const halves h = halves_of(values, chains, draws);
    return effective(&h, work);
}

/* A quantile between the order statistics beside it. */
static double quantile(const double *sorted, size_t count, double prob)
{
    const double at = prob * (double) (count - 1);
    const size_t k = (size_t) at;
    return k + 1 < count ? sorted[k] + (at - (double) k) * (sorted[k + 1] - sorted[k]) : sorted[k];
}

/* Effective size of the share of draws not above a limit. */
static double ess_share(const double *values, int32_t chains, int32_t draws, double limit,
                        double *work)
{
    const size_t n = (size_t) chains * (size_t) draws;
    for (size_t i = 0; i < n; i++) {
        work[i] = values[i] <= limit ? 1.0 : 0.0;
    }
    const halves h = halves_of(work, chains, draws);
    return effective(&h, work + n);
}

double traffstat_i_ess_tail(const double *values, int32_t chains, int32_t draws, double *work)
{
    const size_t n = (size_t) chains * (size_t) draws;
    if (!enough(chains, draws) || !sort_copy(values, n, work)) {
        return NAN;
    }
    const double low = quantile(work, n, 0.05);
    const double high = quantile(work, n, 0.95);
    const double of_low = ess_share(values, chains, draws, low, work);
    const double of_high = ess_share(values, chains, draws, high, work);
    return isnan(of_low) || isnan(of_high) ? NAN : fmin(of_low, of_high);
}

double traffstat_i_mcse_mean(const double *values, int32_t chains, int32_t draws, double *work)
{
    const size_t n = (size_t) chains * (size_t) draws;
    const double size = traffstat_i_ess_mean(values, chains, draws, work);
    if (isnan(size)) {
        return NAN;
    }
    const double mean = mean_of(values, n);
    const double variance = product_at(values, n, mean, 0) * (double) n / (double) (n - 1);
    return sqrt(variance / size);
}

/* Half the width of a one-sigma interval among the order statistics. */
double traffstat_i_mcse_quantile(const double *values, int32_t chains, int32_t draws, double prob,
                                 double *work)
{
    const size_t n = (size_t) chains * (size_t) draws;
    if (!enough(chains, draws) || !sort_copy(values, n, work)) {
        return NAN;
    }
    const double size = ess_share(values, chains, draws, quantile(work, n, prob), work);
    if (!isfinite(size)) {
        return NAN;
    }
    sort_copy(values, n, work);
    /* The share below the quantile is Beta(size prob + 1, size (1 - prob) + 1): its mean and sd, which
     * need no inverse that may fail. */
    const double center = (size * prob + 1.0) / (size + 2.0);
    const double sd = sqrt(center * (1.0 - center) / (size + 3.0));
    const double top = (double) (n - 1);
    const size_t first = (size_t) fmin(fmax(floor((center - sd) * (double) n), 0.0), top);
    const size_t last = (size_t) fmin(fmax(ceil((center + sd) * (double) n) - 1.0, 0.0), top);
    return 0.5 * (work[last] - work[first]);
}

double traffstat_i_ebfmi(const traffstat_i_chains *chains)
{
    double least = INFINITY;
    const size_t n = (size_t) chains->draws;
    for (int32_t c = 0; c < chains->chains; c++) {
        const double *energy = chains->energy + (size_t) c * n;
        const double mean = mean_of(energy, n);
        double steps = 0.0;
        for (size_t i = 1; i < n; i++) {
            steps += (energy[i] - energy[i - 1]) * (energy[i] - energy[i - 1]);
        }
        least = fmin(least, steps / (product_at(energy, n, mean, 0) * (double) n));
    }
    return least;
}
