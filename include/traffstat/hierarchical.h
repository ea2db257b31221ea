/**
 * @file hierarchical.h
 * A whole panel of counts at once: rates and reporting probabilities that places and years share in
 * part, under a reporting prior that is borrowed and says so.
 */
#ifndef TRAFFSTAT_HIERARCHICAL_H
#define TRAFFSTAT_HIERARCHICAL_H

#include <traffstat/reporting.h>

TRAFFSTAT_BEGIN

/** How the posterior is worked out. */
typedef int32_t traffstat_engine;
enum {
    TRAFFSTAT_ENGINE_AUTO = 0, /**< the sampler */
    TRAFFSTAT_ENGINE_NUTS = 1, /**< the no-U-turn sampler, four chains: the referee */
    TRAFFSTAT_ENGINE_FAST = 2  /**< a nested Laplace approximation: always with a caution */
};

/** Settings of traffstat_hierarchical(); fill with traffstat_hierarchical_options_init(). */
typedef struct traffstat_hierarchical_options {
    uint32_t struct_size;
    int32_t engine; /**< a traffstat_engine */
    double level;   /**< of lower and upper, 0.01 to 0.9999; default 0.95 */
    int32_t draws;  /**< kept of each chain at first, 100 to 20000; default 1000. They are
                                    doubled, at most twice, until every reported number has an
                                    effective size above 400 */
    int32_t negative_binomial; /**< 1: true counts vary by more than chance alone; default 0 */
    int32_t anchor_year;       /**< where p is the prior's, before it drifts; 0 (default): the last
                                    year of the evidence, or the first of the panel without one */
    uint32_t reserved;         /**< 0 */
    double level_sd;    /**< sd of the normal prior of the log rate, 0.1 to 100; default 2; its
                                    center is where the counts and the prior's mean of p put it */
    double place_scale; /**< half-normal scale of the sd between places, log rate, 0.001 to
                                    10; default 1 */
    double report_place_scale; /**< the same of logit p; default 0.5 */
    double year_scale;         /**< of the sd of a year's step of the log rate; default 0.25 */
    double drift_scale;        /**< the same of logit p; default 0.25; 0: p does not drift */
} traffstat_hierarchical_options;

TRAFFSTAT_API void traffstat_hierarchical_options_init(traffstat_hierarchical_options *options,
                                                       uint32_t struct_size);

/**
 * The posterior of the true counts of all places and years together.
 *
 * log rate = level + place + year (a random walk); logit p = the prior's + place + drift (a random
 * walk from the anchor year). A count is Poisson(exposure rate coverage p), or negative binomial; what
 * was not counted is drawn beside it, never inside the sampler. Exposure is the population per
 * 100,000, or 1 a year where none is known. Interval counts enter as intervals; rows without a count
 * get no number. A year in which at least half of the counts follow a break begins a level anew.
 *
 * The counts hold rate and p only as a product. What places and years share moves p a little, by the
 * model's structure: `reporting` in the details says how far, and it is no evidence about reporting.
 *
 * The estimate's rows are those of the panel; `estimate` is the posterior median. Its total is of all
 * rows with a number, draw by draw: rows do not add up to it. Details: `reporting` (as of
 * traffstat_thinning()), `share` (of all cases, counted: a caution where it left the prior's central
 * 95 %), `by_year` and `by_place` (totals and shares), `parameters`, `sampling` (engine, chains, draws,
 * divergences, the largest R-hat and least effective sizes over all reported numbers, and of
 * which, E-BFMI or k-hat), `checks` (posterior predictive: observed, expected and tail share of zeros,
 * maximum, dispersion and lag-one autocorrelation of exact counts), `loo` (leave-one-out score).
 *
 * Inestimable: nothing was counted at all; chains that do not mix (R-hat above 1.05, effective size
 * below 100, more than 1 % divergences, E-BFMI below 0.2), each with its reason.
 *
 * Assumptions: the scales above; p's law is the prior's in the anchor year for a middle place; each
 * case is counted independently given p; none twice or wrongly.
 *
 * @param panel    counts of one measure, category and source
 * @param prior    required (NULL is TRAFFSTAT_E_PRIOR), and not a known share
 * @param options  NULL for the defaults
 * @return TRAFFSTAT_OK (read the verdict), _E_PRIOR, _E_ARGUMENT, _E_CONFLICT (several measures;
 *         populations of some places alone), _E_NODATA (no row can be used), _E_NUMERIC,
 *         _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see Stoner, Economou & Drummond (2019); Hoffman & Gelman (2014); Vehtari et al. (2021, 2024);
 *      Rue, Martino & Chopin (2009). Cost on two slow cores: 15 places x 8 years about 3 s by
 *      sampling; 50 x 8 from 10 s to two minutes, the more the counts vary; the fast engine 0.7 s
 *      to 11 s (negative binomial). The
 *      context's seed decides the draws, whatever the number of threads.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_hierarchical(
    traffstat_ctx *ctx, const traffstat_panel *panel, const traffstat_prior *prior,
    const traffstat_hierarchical_options *options, traffstat_estimate **out);

TRAFFSTAT_END

#endif
