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
    TRAFFSTAT_ENGINE_FAST = 2  /**< importance sampling around nested normal laws: approximate, with
                                    a caution, only where its weights say so */
};

/** Settings of traffstat_hierarchical(); fill with traffstat_hierarchical_options_init(). */
typedef struct traffstat_hierarchical_options {
    uint32_t struct_size;
    int32_t engine; /**< a traffstat_engine */
    double level;   /**< of lower and upper, 0.01 to 0.9999; default 0.95 */
    int32_t draws;  /**< kept of each chain at first, 100 to 20000; default 1000. They are
                                    doubled, at most twice, until every reported number has an
                                    effective size above 400 */
    int32_t negative_binomial; /**< 1: true counts vary by more than chance alone; 0: Poisson; -1
                                    (default): 1 where exact counts scatter about places and years
                                    by more than one Poisson panel in a thousand does */
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
    double bounds_lower;  /**< limits of p for the bands and the break-even beside the answer, */
    double bounds_upper;  /**< as of traffstat_bounds(); both 0 (default): not asked for */
    double bounds_drift;  /**< yearly change of p in percent that slopes are freed from */
    int32_t sensitivity;  /**< 1: how the total changes with each assumption; default 0 */
    int32_t change_first; /**< years whose true rates are compared; both 0 (default): none */
    int32_t change_second;
    uint32_t reserved_2; /**< 0 */
} traffstat_hierarchical_options;

TRAFFSTAT_API void traffstat_hierarchical_options_init(traffstat_hierarchical_options *options,
                                                       uint32_t struct_size);

/* ---- what may be known beside the counts ------------------------------------------------------ */

/**
 * What a panel's model takes beside the counts and the prior of p: neighbours, covariates, validated
 * cases, estimates of totals from overlapping lists. A builder whose setters copy; it is read and
 * not changed by traffstat_hierarchical_with(), for any number of panels. Series and rows are those
 * of the panel and are checked against it there. One thread at a time while it is built. Every
 * setter returns TRAFFSTAT_OK, _E_ARGUMENT or _E_NOMEM and changes nothing on failure.
 */
typedef struct traffstat_hierarchical_extras traffstat_hierarchical_extras;

TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_hierarchical_extras_new(traffstat_ctx *ctx, traffstat_hierarchical_extras **out);
TRAFFSTAT_API void traffstat_hierarchical_extras_free(traffstat_hierarchical_extras *extras);

/**
 * Pairs of series that lie side by side, each pair once or twice. Rates of places then share a
 * spatial part: BYM2, sd and share of neighbours estimated (Riebler, Sorbye, Simpson & Rue 2016,
 * Statistical Methods in Medical Research 25:1145-1165). Where places fall into several groups the
 * part is scaled in each of them (Freni-Sterrantino, Ventrucci & Rue 2018, Spatial and
 * Spatio-temporal Epidemiology 26:25-34), a place without a neighbour has an unstructured effect
 * alone, and the answer bears a caution. Not for the fast engine.
 *
 * @param pairs  2 x count indices of series, borrowed for the call; the two of a pair differ
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_hierarchical_extras_add_neighbours(
    traffstat_ctx *ctx, traffstat_hierarchical_extras *extras, const size_t *pairs, size_t count);

/**
 * A covariate of the log rate. It is standardised over the rows that are used; its coefficient, for
 * one sd, has a standard normal prior. Not known (NaN) in a row that is used: TRAFFSTAT_E_CONFLICT
 * of the fit; the same everywhere: TRAFFSTAT_E_ARGUMENT.
 *
 * @param name    for words and details, not empty
 * @param values  one a row of the panel, borrowed for the call; finite or NaN
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_hierarchical_extras_add_rate_covariate(traffstat_ctx *ctx,
                                                 traffstat_hierarchical_extras *extras,
                                                 const char *name, const double *values,
                                                 size_t rows);

/**
 * The same of logit p; the law of p is then that at the covariate's mean. Counts cannot tell whether
 * a covariate moves cases or their reporting: without validated cases the answer bears a caution.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_hierarchical_extras_add_report_covariate(traffstat_ctx *ctx,
                                                   traffstat_hierarchical_extras *extras,
                                                   const char *name, const double *values,
                                                   size_t rows);

/**
 * An audit: of `known` true cases, found apart from the counts and each as likely to be counted as
 * any other true case, `counted` were among the counts.
 *
 * @param series   whose cases they are; TRAFFSTAT_NONE: of all places together
 * @param year     when; 0: of all years together. Of several places or years they tell of the mean of
 *                 p by expected cases; the fast engine does not take that
 * @param counted  0 to known
 * @param known    1 to 1e9
 * @param source   who found them: it is printed; "" or NULL: not named, so that it carries no estimate
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_hierarchical_extras_add_validation(
    traffstat_ctx *ctx, traffstat_hierarchical_extras *extras, size_t series, int32_t year,
    int64_t counted, int64_t known, const char *source);

/**
 * An estimate of the true number from overlapping lists (traffstat_overlap()), of the unit that the
 * panel counts. It enters as a log-normal likelihood of the true number, counted and not, about
 * `estimate`, whose sd is that of the longer side of the interval; inside the sampler chance about
 * what is expected is added to it, and true numbers are then drawn under it (but for a total that
 * shares rows with an earlier one). Not for the fast engine.
 *
 * @param series  TRAFFSTAT_NONE: of all places together; year 0: of all years together. Every row
 *                that it stands for must have a count (else TRAFFSTAT_E_CONFLICT of the fit)
 * @param estimate,lower,upper  0 < lower < estimate < upper
 * @param level   of the interval, 0.01 to 0.9999
 * @param source  which lists, as of validated cases
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_hierarchical_extras_add_total(
    traffstat_ctx *ctx, traffstat_hierarchical_extras *extras, size_t series, int32_t year,
    double estimate, double lower, double upper, double level, const char *source);

/* ---- the model -------------------------------------------------------------------------------- */

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
 * 95 %), `by_year` and `by_place` (totals, what of them is unreported, with
 * `intervals` at each level, and shares), `parameters`, `sampling` (engine, chains, draws,
 * divergences, the largest R-hat and least effective sizes over all reported numbers, and of
 * which, E-BFMI or k-hat), `checks` (posterior predictive: observed, expected and tail share of zeros,
 * maximum, dispersion and lag-one autocorrelation of exact counts), `loo` (leave-one-out score).
 *
 * Inestimable: nothing was counted at all; chains that do not mix (R-hat above 1.05, effective size
 * below 100, more than 1 % divergences, E-BFMI below 0.2), each with its reason. Chains in different
 * places (R-hat above 1.2) after the first round are given up then.
 *
 * The fast engine weighs draws from nested normal laws by the posterior, each place's own effects
 * taken from candidates, so that it is right up to Monte Carlo error where the weights are even.
 * Where their k-hat is above 0.7, or the draws are worth fewer than 180, the answer bears the caution
 * "approximate"; above 1, or under 20, it is inestimable. It has no `loo`.
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
 *      Rue, Martino & Chopin (2009); Andrieu & Roberts (2009). Cost on two idle cores: 15 places x
 *      8 years 3.3 s by sampling and 0.2 s fast; 46 x 8 (242 rows, negative binomial) 11 s and
 *      0.45 s; more where the counts say little of what is asked. The context's seed decides the
 *      draws, whatever the number of threads.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_hierarchical(
    traffstat_ctx *ctx, const traffstat_panel *panel, const traffstat_prior *prior,
    const traffstat_hierarchical_options *options, traffstat_estimate **out);

/**
 * The same with what is known beside the counts.
 *
 * Validated cases and totals of lists are data on p, and what they moved is said of them. The kind
 * becomes `estimate` where they leave p over all cases at most half of the sd of its
 * prior (so that at least three quarters of what is known of it is theirs), come from places and years with at least half of what was counted, and each names
 * its source; else the result stays the scenario that the prior makes it. Rows that they do not come
 * from bear a caution.
 *
 * Further details: `evidence` (terms; `covered`: share of the counts that they come from;
 * `contraction`; `share` {lower, upper}, 95 % of p over all cases; `says`), `covariates` (effects for one sd), `neighbours` (pairs, groups, alone, `mixing`).
 *
 * Where `sensitivity` was asked for, `sensitivity` {series, year, tornado, surface} as of
 * traffstat_thinning(), of the total (of the row, where there is one alone). Each entry says `how` it
 * was had: "reweighted" from the draws, first moved to the new law of p where that is changed
 * (Paananen, Piironen, Buerkner & Vehtari 2021, Statistics and Computing 31:16), with the `khat` of
 * its weights, at most 0.7; or "refitted", with `engine` and, of the fast one, `khat`.
 *
 * Where limits of p were given, `bounds` and `breakeven` as of traffstat_bounds(), of the whole, and
 * `bounds` of each row. Where two years were, `change` {first_year, second_year, ratio {estimate,
 * lower, upper}, share_ratio {...}, says}: of expected true cases per exposure over the places that
 * both years have. Across a break (a new definition) with drift_scale 0 its numbers are null, for
 * the reason in `says`.
 *
 * @param extras  NULL: none
 * @return as traffstat_hierarchical(); _E_CONFLICT too where extras and panel do not go together;
 *         _E_ARGUMENT too for the fast engine with neighbours, totals, or audits of several rows
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_hierarchical_with(
    traffstat_ctx *ctx, const traffstat_panel *panel, const traffstat_prior *prior,
    const traffstat_hierarchical_extras *extras, const traffstat_hierarchical_options *options,
    traffstat_estimate **out);

TRAFFSTAT_END

#endif
