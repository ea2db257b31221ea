/**
 * @file overlap.h
 * From lists of persons that overlap to the number on none of them.
 *
 * Nothing in the lists tells how those who are on none of them differ from those who are on one:
 * every method assumes it, says so, and refuses where the data cannot carry a number. See table.h
 * for the overlap itself and read.h for reading one.
 */
#ifndef TRAFFSTAT_OVERLAP_H
#define TRAFFSTAT_OVERLAP_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** Lists that the loglinear methods take (all from TRAFFSTAT_OVERLAP_LOGLINEAR on). */
#define TRAFFSTAT_LOGLINEAR_LISTS_MAX 12

/** How the number is estimated. */
typedef int32_t traffstat_overlap_method;
enum {
    TRAFFSTAT_OVERLAP_PAIRS = 0,     /**< every pair of lists alone: Lincoln-Petersen, Chapman */
    TRAFFSTAT_OVERLAP_CHAO = 1,      /**< lower bound */
    TRAFFSTAT_OVERLAP_COVERAGE = 2,  /**< sample coverage: independence, high, low */
    TRAFFSTAT_OVERLAP_CLOSED = 3,    /**< M0, Mt, Mb, Mbh, Mh and Mth */
    TRAFFSTAT_OVERLAP_LOGLINEAR = 4, /**< one loglinear model that is given */
    TRAFFSTAT_OVERLAP_STEPWISE = 5,  /**< pairs of lists added while their p is below a threshold */
    TRAFFSTAT_OVERLAP_BIC = 6,       /**< the best of all hierarchical models up to an order */
    TRAFFSTAT_OVERLAP_AIC = 7,
    TRAFFSTAT_OVERLAP_AVERAGE = 8,   /**< over those models, weighted by the criterion */
    TRAFFSTAT_OVERLAP_SENSITIVITY = 9 /**< what holds the answer of `bic` up */
};

/** "pairs", "chao", "coverage"…; NULL out of range. Static texts. */
TRAFFSTAT_API const char *traffstat_overlap_method_name(traffstat_overlap_method method);
/** The method of a name, exactly as above; -1 when there is none. */
TRAFFSTAT_API traffstat_overlap_method traffstat_overlap_method_find(const char *name);

/** What models are ranked and weighted by. */
typedef int32_t traffstat_criterion;
enum {
    TRAFFSTAT_CRITERION_BIC = 0, /**< with the log of the number of persons seen */
    TRAFFSTAT_CRITERION_AIC = 1
};

/** Settings of traffstat_overlap_estimate(); fill with traffstat_overlap_options_init(). */
typedef struct traffstat_overlap_options {
    uint32_t struct_size;
    int32_t method;        /**< a traffstat_overlap_method; default TRAFFSTAT_OVERLAP_BIC */
    const char *model;     /**< of TRAFFSTAT_OVERLAP_LOGLINEAR: generators, lists joined by ':',
                                terms by ',' ("LA:NG,GP"); lists left out are main effects.
                                NULL (default): main effects only. Borrowed for the call */
    double level;          /**< of intervals, 0.5 to 0.999; default 0.95 */
    double p_threshold;    /**< of TRAFFSTAT_OVERLAP_STEPWISE, 0 to 1; default 0.02 */
    double linkage_error;  /**< share of true matches between lists that was missed, 0 to 0.5;
                                default 0. Above 0 the result also says what it would make */
    uint32_t bootstrap;    /**< replicates, 0 (none) to 1,000,000; default 1,000 */
    uint32_t order;        /**< lists in the highest interaction searched, 1 to 12; default 2 */
    uint32_t top;          /**< models listed, 1 to 10,000; default 20 */
    int32_t criterion;     /**< of TRAFFSTAT_OVERLAP_AVERAGE; default TRAFFSTAT_CRITERION_BIC */
    int32_t total;         /**< 1 (default): strata get a total too; 0: not */
    int32_t checks;        /**< 1 (default): also what holds the answer up (lists dropped, pairs
                                merged, dependence that no list can show); 0: not */
} traffstat_overlap_options;

TRAFFSTAT_API void traffstat_overlap_options_init(traffstat_overlap_options *options,
                                                  uint32_t struct_size);

/** Numeric settings of traffstat_overlap_estimate(). */
typedef int32_t traffstat_overlap_option;
enum {
    TRAFFSTAT_OVERLAP_LEVEL = 0,
    TRAFFSTAT_OVERLAP_P_THRESHOLD = 1,
    TRAFFSTAT_OVERLAP_LINKAGE_ERROR = 2,
    TRAFFSTAT_OVERLAP_BOOTSTRAP = 3,
    TRAFFSTAT_OVERLAP_ORDER = 4,
    TRAFFSTAT_OVERLAP_TOP = 5
};

/** Least, default and greatest value of a setting, both ends allowed.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT (no such option, a NULL; nothing is written then) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_options_bounds(traffstat_overlap_option option, double *least,
                                                  double *standard, double *greatest);

/**
 * The number of persons in all, on a list or on none, by one of the methods above.
 *
 * Rows: one a stratum; of TRAFFSTAT_OVERLAP_PAIRS one a pair and stratum, of
 * TRAFFSTAT_OVERLAP_COVERAGE and _CLOSED one a model and stratum. `observed` is the persons seen.
 * With several strata the total is their sum where the method gives one number a stratum; its ends
 * follow from the strata's by squared distances (Zou & Donner 2008), and there is none where a
 * stratum has no number.
 *
 * Intervals: log-normal (pairs; coverage; chao, which has no upper end), profile likelihood
 * (closed; log-normal for Mb, Mbh and the normal mixtures); for the rest see the detail `limits`.
 *
 * Details (detail.h) at the top: lists, unit, window; from TRAFFSTAT_OVERLAP_LOGLINEAR on, with one
 * stratum, also model, deviance, df, aic, bic, existence (0: it exists; 1: it does not; 2: not
 * identified; 3: both), limits, and of searches models and near_ties. Details of a row: model
 * (where rows differ by it) and se; of pairs lincoln_petersen, n1, n2 and m; of chao f1, f2, chao1,
 * chao1_corrected and chao2; of coverage coverage and d; of closed deviance, df, aic, bic, bias,
 * corrected and corrected_se (bias taken off).
 * Of closed, coefficients are those where R's glm.fit stops (the deviance changes by less than 1e-8
 * of itself), as in published tables; whether a maximum exists is found by going on from there.
 * The se of Mbh is that of the delta method; Rcapture's own, which has a slip, is se_rcapture.
 *
 * Inestimable, each with its reason and no number: no overlap at all; an estimate that does not
 * exist or is not identified; an estimate below what was seen; an interval without an upper end or
 * with one over 100 times the lower; more than 2.5 % of bootstrap replicates without an estimate.
 * Caution: fewer than 10 persons shared; an upper end over 4 times the lower; over 90 % unseen; and
 * what the engine finds (near-ties, lists dropped, pairs merged, fit).
 *
 * Randomness: the context's seed; the same bits for every number of threads. Cost: pairs, chao and
 * coverage O(cells) and replicate; closed milliseconds up to 8 lists, 3 s at 12, a minute at 16.
 *
 * @param overlap  borrowed
 * @param options  NULL for the defaults
 * @return TRAFFSTAT_OK (read the verdict), _E_ARGUMENT (an option, a model, a method that needs
 *         lists where there are only frequencies), _E_LIMIT (too many lists for the method),
 *         _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_estimate(traffstat_ctx *ctx, const traffstat_overlap *overlap,
                                            const traffstat_overlap_options *options,
                                            traffstat_estimate **out);

TRAFFSTAT_END

#endif
