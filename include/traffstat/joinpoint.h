/**
 * @file joinpoint.h
 * Where a trend bends: straight lines on the log scale that meet at joinpoints, how many of them
 * the counts support, and the average change over a period.
 */
#ifndef TRAFFSTAT_JOINPOINT_H
#define TRAFFSTAT_JOINPOINT_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** What is modelled. */
typedef int32_t traffstat_joinpoint_family;
enum {
    TRAFFSTAT_JOINPOINT_POISSON = 0,   /**< counts; log of the rate, likelihood */
    TRAFFSTAT_JOINPOINT_LOGLINEAR = 1, /**< log of the rate by least squares, weight: the count */
    TRAFFSTAT_JOINPOINT_BINOMIAL = 2   /**< cases among `exposure` persons; log of the odds */
};

/** How the number of joinpoints is chosen. */
typedef int32_t traffstat_joinpoint_selection;
enum {
    TRAFFSTAT_JOINPOINT_BY_BIC = 0,
    TRAFFSTAT_JOINPOINT_BY_PERMUTATION = 1
};

/** Where joinpoints may lie. */
typedef int32_t traffstat_joinpoint_search;
enum {
    TRAFFSTAT_JOINPOINT_GRID = 0,      /**< at observed times only */
    TRAFFSTAT_JOINPOINT_CONTINUOUS = 1 /**< anywhere between them: the grid's best, refined */
};

/** Settings of traffstat_joinpoint_fit(); fill with traffstat_joinpoint_options_init(). */
typedef struct traffstat_joinpoint_options {
    uint32_t struct_size;
    int32_t family;        /**< a traffstat_joinpoint_family; default POISSON */
    int32_t selection;     /**< a traffstat_joinpoint_selection; default BY_PERMUTATION */
    int32_t search;        /**< a traffstat_joinpoint_search; default GRID */
    int32_t max_joinpoints; /**< 0 to 8; -1 (default): 0 below 7 observations, 1 below 12, else 2.
                                 Fewer where they do not fit */
    int32_t min_end;       /**< observations before the first and after the last joinpoint, one on
                                an observation not counting; 1 to 1000, default 2 */
    int32_t min_between;   /**< observations strictly between two joinpoints; 0 to 1000, default 2 */
    int32_t permutations;  /**< 99 to 1000000, default 4499 */
    int32_t overdispersed; /**< 1: variance is a multiple of the model's, estimated; standard errors
                                grow by its root and residuals are permuted. Default 0: as the
                                model says. Log-linear fits always estimate it */
    int32_t reserved;      /**< 0 */
    double alpha;          /**< chance of too many joinpoints, 1e-6 to 0.5, default 0.05 */
    double level;          /**< of intervals, 0.01 to 0.9999, default 0.95 */
} traffstat_joinpoint_options;

TRAFFSTAT_API void traffstat_joinpoint_options_init(traffstat_joinpoint_options *options,
                                                    uint32_t struct_size);

/** Fits with 0, 1, … joinpoints and the choice among them. Immutable. */
typedef struct traffstat_joinpoint traffstat_joinpoint;

/** One fit. */
typedef struct traffstat_joinpoint_model {
    size_t joinpoints;
    double deviance;       /**< log-linear: the weighted sum of squared residuals */
    double log_likelihood; /**< log-linear: NaN */
    double bic;            /**< -2 logL + 2 (k + 1) ln n; log-linear ln(SSE/n) + 2 (k + 1) ln(n)/n */
    double aic;            /**< -2 logL + 2 (2k + 2); log-linear NaN */
    double dispersion;     /**< Pearson's chi square (log-linear: SSE) over its degrees of freedom */
    double freedom;        /**< n - 2 (k + 1) */
    double intercept;      /**< log rate (log odds) of the first line, carried on to time 0 */
} traffstat_joinpoint_model;

/** One joinpoint of a fit. */
typedef struct traffstat_joinpoint_knot {
    double position; /**< time at which the lines meet */
    double se;       /**< CONTINUOUS: by the information of all parameters; GRID: NaN */
    double lower;    /**< times at which the profile deviance (other joinpoints held) stays within */
    double upper;    /**< the level's quantile: hull over observed times and the estimate */
} traffstat_joinpoint_knot;

/** One line of a fit: percent change a unit of time is 100 (exp(slope) - 1). */
typedef struct traffstat_joinpoint_segment {
    double from; /**< first time, or the joinpoint at which it begins */
    double to;
    double slope;     /**< of the log rate (log odds) */
    double slope_se;  /**< NaN where the counts leave it unbounded, as when all are 0 */
    double apc;       /**< annual percent change */
    double apc_lower; /**< t quantiles where the dispersion is estimated, else normal ones */
    double apc_upper;
    double p;         /**< that there is no change, two-sided */
} traffstat_joinpoint_segment;

/** One test of k against more joinpoints, in the order made. */
typedef struct traffstat_joinpoint_test {
    size_t null_joinpoints;
    size_t other_joinpoints;
    double statistic; /**< SSE ratio; with a known variance the difference of the two */
    double p;         /**< (1 + replicates at least as extreme) / (1 + permutations) */
    double alpha;     /**< what p is held against: alpha / (maximum - null) */
    int64_t extreme;  /**< those replicates */
} traffstat_joinpoint_test;

/** Average annual percent change over a period. */
typedef struct traffstat_joinpoint_average {
    double from;
    double to;
    double apc; /**< 100 (exp(mean slope) - 1), slopes weighted by the time they hold */
    double lower;
    double upper;
    double p;
} traffstat_joinpoint_average;

/**
 * Fits 0 to max_joinpoints joinpoints to one series and chooses.
 *
 * Poisson and binomial fits are maximum likelihood; log-linear ones weighted least squares of
 * log(count / exposure), a zero count being taken as 1/2. On the grid every placing is searched
 * (through a quadratic approximation, the near-best ones exactly, where there are very many).
 * Each k is the best of its kind; positions of equal deviance: the earliest.
 *
 * The permutation test begins with 0 against the maximum and closes in by one each time: rejected,
 * the null has one more; not rejected, the other one fewer. Log-linear, and `overdispersed`:
 * residuals, standardised, are permuted. Poisson and binomial: counts are drawn from the fitted
 * null, and the statistic is the score's (the quadratic form at the fitted null, maximised over
 * placings on the grid). Equal seeds give equal results, bit for bit, for every number of threads.
 *
 * Intervals of slopes hold for the chosen joinpoints: conditional on their positions on the GRID,
 * counting the uncertainty of the positions when CONTINUOUS; never that of their number.
 * Known to be wrong elsewhere: ljr's ljrk gives two joinpoints in an order that does not fit its
 * coefficients; here they rise, and segment i lies between joinpoints i - 1 and i.
 *
 * @param times     n values, strictly rising, finite
 * @param cases     n counts >= 0; whole numbers are not required
 * @param exposure  n values > 0 (binomial: persons, >= cases); NULL: 1 each (not for binomial)
 * @param weights   log-linear only, n values > 0; NULL: the counts. Else NULL
 * @param n         at least 3, at most 1000
 * @param options   NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (n < 3; no case at all; binomial: all are cases),
 *         _E_NUMERIC, _E_LIMIT (n > 1000, too many placings), _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see Lerman (1980), Applied Statistics 29:77-84; Kim, Fay, Feuer & Midthune (2000), Statistics in
 *      Medicine 19:335-351; Hudson (1966), JASA 61:1097-1129; Clegg et al. (2009), Statistics in
 *      Medicine 28:3670-3682 (average change). Cost: 112 years, one joinpoint and 4499 replicates
 *      about 15 ms on one core, two joinpoints 40 ms; three on 30 years 50 ms, five 250 ms; three
 *      on 112 years 1.2 s, five a minute. Size and power: docs/study-rates.md.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_joinpoint_fit(traffstat_ctx *ctx, const double *times,
                                         const double *cases, const double *exposure,
                                         const double *weights, size_t n,
                                         const traffstat_joinpoint_options *options,
                                         traffstat_joinpoint **out);
TRAFFSTAT_API void traffstat_joinpoint_free(traffstat_joinpoint *fit);

/** The number of joinpoints chosen; 0 for NULL. */
TRAFFSTAT_API size_t traffstat_joinpoint_chosen(const traffstat_joinpoint *fit);
/** The largest number that was fitted: less than asked for where the series is too short. */
TRAFFSTAT_API size_t traffstat_joinpoint_most(const traffstat_joinpoint *fit);

/** Fit with k joinpoints. These four: @return TRAFFSTAT_OK, _E_ARGUMENT (a NULL, no such k or
 *  index; nothing is written then) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_joinpoint_model_get(const traffstat_joinpoint *fit, size_t k,
                                               traffstat_joinpoint_model *out);
/** Joinpoint `index` (from 0, < k) of the fit with k. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_joinpoint_knot_get(const traffstat_joinpoint *fit, size_t k,
                                              size_t index, traffstat_joinpoint_knot *out);
/** Line `index` (from 0, <= k) of the fit with k. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_joinpoint_segment_get(const traffstat_joinpoint *fit, size_t k,
                                                 size_t index, traffstat_joinpoint_segment *out);
/** Fitted cases at the n times, of the fit with k. `size` must be n. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_joinpoint_fitted(const traffstat_joinpoint *fit, size_t k, double *out,
                                            size_t size);

/** Permutation tests made; 0 with BY_BIC. */
TRAFFSTAT_API size_t traffstat_joinpoint_tests(const traffstat_joinpoint *fit);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_joinpoint_test_get(const traffstat_joinpoint *fit, size_t index,
                                              traffstat_joinpoint_test *out);

/**
 * Average annual percent change of the fit with k over from..to, which must lie within the series.
 * Within one line it is that line's, with its interval; across lines the interval is normal.
 * @return TRAFFSTAT_OK, _E_ARGUMENT
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_joinpoint_average_get(const traffstat_joinpoint *fit, size_t k,
                                                 double from, double to,
                                                 traffstat_joinpoint_average *out);

TRAFFSTAT_END

#endif
