/* Draws of what was not counted where overlapping lists tell of the true number too. Given rates and
 * reporting, what is not counted is Poisson in each cell, so its sum H over the cells of a total is
 * Poisson too: it is drawn from that law times the lists' log-normal likelihood of the counts and H
 * together, then dealt out to the cells as a multinomial. */
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "model/reporting/hierarchical.h"

enum { POINTS = 400, FARTHEST = 9 }; /* of the law of H; sds on either side */

#define NORMAL_ABOVE 1e4 /* a variance past which a binomial law is taken as normal */

/* A binomial draw by its cdf, walked from the mode. */
static double binomial(double n, double p, double u)
{
    if (!(n > 0.0) || !(p > 0.0) || p >= 1.0) {
        return n > 0.0 && p >= 1.0 ? n : 0.0;
    }
    if (n * p * (1.0 - p) > NORMAL_ABOVE || n > 1e9) {
        const double z = gsl_cdf_ugaussian_Pinv(u);
        return fmin(fmax(rint(n * p + sqrt(n * p * (1.0 - p)) * z), 0.0), n);
    }
    const double odds = p / (1.0 - p);
    double k = floor(n * p);
    double mass = exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(p) +
                      (n - k) * log1p(-p));
    double at_most = gsl_cdf_binomial_P((unsigned int) k, p, (unsigned int) n);
    while (k > 0.0 && u <= at_most - mass) {
        at_most -= mass;
        mass *= k / ((n - k + 1.0) * odds);
        k -= 1.0;
    }
    while (k < n && u > at_most && mass > 0.0) {
        mass *= (n - k) / (k + 1.0) * odds;
        k += 1.0;
        at_most += mass;
    }
    return k;
}

/* The law of H, up to a factor. */
typedef struct summed {
    double mean;    /* of the Poisson law */
    double counted; /* what the lists hold beside H */
    double center, sd;
} summed;

static double log_weight(const summed *of, double h)
{
    const double all = of->counted + h;
    if (!(all > 0.0)) {
        return -INFINITY;
    }
    const double off = (log(all) - of->center) / of->sd;
    return h * log(of->mean) - lgamma(h + 1.0) - 0.5 * off * off;
}

/* By the cdf over a grid about where both laws put H, in steps of 1 where there are few enough. */
static double draw_sum(const summed *of, double u)
{
    if (!(of->mean > 0.0)) {
        return 0.0;
    }
    const double wanted = exp(of->center);
    const double width = wanted * wanted * of->sd * of->sd;
    const double variance = 1.0 / (1.0 / of->mean + 1.0 / width);
    const double middle = variance * (1.0 + (wanted - of->counted) / width);
    const double reach = FARTHEST * sqrt(variance) + 3.0;
    const double low = fmax(floor(middle - reach), 0.0);
    const double high = fmax(ceil(middle + reach), low + 1.0);
    const double step = fmax(1.0, (high - low) / POINTS);
    double top = -INFINITY;
    double sum = 0.0;
    for (double h = low; h <= high; h += step) {
        top = fmax(top, log_weight(of, rint(h)));
    }
    for (double h = low; h <= high; h += step) {
        sum += exp(log_weight(of, rint(h)) - top);
    }
    double before = 0.0;
    double last = low;
    for (double h = low; h <= high && isfinite(top); h += step) {
        const double mass = exp(log_weight(of, rint(h)) - top);
        if (before + mass >= u * sum) {
            const double part = mass > 0.0 ? (u * sum - before) / mass - 0.5 : 0.0;
            return fmax(rint(step > 1.0 ? h + part * step : h), 0.0);
        }
        before += mass;
        last = h;
    }
    return rint(isfinite(top) ? last : middle > 0.0 ? middle : 0.0);
}

static void draw_term(const traffstat_i_hierarchical *run, size_t draw, size_t term,
                      const double *mean, const double *count, double *hidden)
{
    const traffstat_i_evidence_term *of = &run->extra.terms[term];
    summed law = {.center = of->center, .sd = of->sd};
    for (size_t i = 0; i < run->data.cell_count; i++) {
        law.mean += run->extra.owner[i] == term ? mean[i] : 0.0;
        law.counted += run->extra.owner[i] == term ? count[i] : 0.0;
    }
    double left =
        draw_sum(&law, traffstat_i_hierarchical_uniform(run, draw, run->data.cell_count + term));
    double rest = law.mean;
    for (size_t i = 0; i < run->data.cell_count; i++) {
        if (run->extra.owner[i] == term) {
            hidden[i] = binomial(left, rest > 0.0 ? fmin(mean[i] / rest, 1.0) : 1.0,
                                 traffstat_i_hierarchical_uniform(run, draw, i));
            left -= hidden[i];
            rest -= mean[i];
        }
    }
}

void traffstat_i_hierarchical_draw_hidden(const traffstat_i_hierarchical *run, size_t draw,
                                          const double *mean, const double *count, double *hidden)
{
    bool listed = false;
    for (size_t i = 0; i < run->data.cell_count; i++) {
        if (run->extra.owner != NULL && run->extra.owner[i] != TRAFFSTAT_NONE) {
            listed = true;
        } else {
            hidden[i] = traffstat_i_hierarchical_poisson(
                mean[i], traffstat_i_hierarchical_uniform(run, draw, i));
        }
    }
    for (size_t k = 0; k < run->extra.term_count && listed; k++) {
        if (run->extra.terms[k].is_total) {
            draw_term(run, draw, k, mean, count, hidden);
        }
    }
}
