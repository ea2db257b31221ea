/**
 * @file rate.h
 * Counts as rates: exact intervals, and whether two counts can be told from chance.
 */
#ifndef TRAFFSTAT_RATE_H
#define TRAFFSTAT_RATE_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/**
 * Garwood's exact interval of a Poisson mean.
 *
 * @param count     >= 0
 * @param exposure  > 0: both ends are divided by it (1 for the count itself)
 * @param level     in (0, 1)
 * @param out       level, lower, upper; lower is 0 for count 0
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC
 * @see Garwood (1936), Biometrika 28:437-442. Covers at least its level at every mean.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_poisson_interval(traffstat_ctx *ctx, int64_t count, double exposure,
                                            double level, traffstat_interval *out);

/** How an interval of a Poisson mean is made. */
typedef int32_t traffstat_poisson_method;
enum {
    TRAFFSTAT_POISSON_GARWOOD = 0,  /**< exact, central: covers at least its level at every mean */
    TRAFFSTAT_POISSON_BYAR = 1,     /**< Byar's cube-root approximation of Garwood's */
    TRAFFSTAT_POISSON_SCORE = 2,    /**< Rao's score test inverted */
    TRAFFSTAT_POISSON_MIDP = 3,     /**< exact tails with half the chance of the count itself */
    TRAFFSTAT_POISSON_JEFFREYS = 4, /**< gamma(count + 1/2); the lower end is above 0 for count 0 */
    TRAFFSTAT_POISSON_LRT = 5,      /**< likelihood ratio test inverted */
    TRAFFSTAT_POISSON_SQRT = 6,     /**< normal on the scale of the square root */
    /** Estimate and standard error: the lower end may be negative, and count 0 has no width. Here to
     *  be compared with, not to be used. */
    TRAFFSTAT_POISSON_WALD = 7
};

/** "garwood", "byar", "score", "midp", "jeffreys", "lrt", "sqrt", "wald"; "unknown". */
TRAFFSTAT_API const char *traffstat_poisson_method_name(traffstat_poisson_method method);

/**
 * An interval of a Poisson mean by any of these methods. Garwood's is that of
 * traffstat_poisson_interval(); all but Garwood's fall below their level at some means (by how much:
 * docs/study-rates.md).
 *
 * @param count     >= 0
 * @param exposure  > 0: both ends are divided by it
 * @param level     in (0, 1)
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC
 * @see Garwood (1936), Biometrika 28:437-442; Breslow & Day (1987), Statistical Methods in Cancer
 *      Research II (Byar); Brown, Cai & DasGupta (2003), Statistica Sinica 13:19-49; Cohen & Yang
 *      (1994), Statistics in Medicine 13:2189-2203 (mid-p). Exact limits to 1e-13 of themselves.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_poisson_limits(traffstat_ctx *ctx, traffstat_poisson_method method,
                                          int64_t count, double exposure, double level,
                                          traffstat_interval *out);

/**
 * Two Poisson counts compared by the exact conditional test: given their sum, the second is
 * binomial. p is twice the smaller tail (at most 1) and the interval inverts that same test, so the
 * two never disagree.
 *
 * @param first_exposure,second_exposure  > 0, finite
 * @param level  of the interval; `fewer` and `more` are at 1 - level
 * @param out    series and years are 0; `more` is TRAFFSTAT_NO_UPPER past 2^62
 * @return TRAFFSTAT_OK, _E_ARGUMENT (also exposures 1e300 apart), _E_NUMERIC
 * @see Przyborowski & Wilenski (1940), Biometrika 31:313-323; Clopper & Pearson (1934), Biometrika
 *      26:404-413; Fay (2010), R Journal 2(1):53-58.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_poisson_compare(traffstat_ctx *ctx, int64_t first_count,
                                           double first_exposure, int64_t second_count,
                                           double second_exposure, double level,
                                           traffstat_change *out);

/** Which two-sided exact test, and the interval that inverts it. */
typedef int32_t traffstat_exact;
enum {
    TRAFFSTAT_EXACT_CENTRAL = 0, /**< twice the smaller tail; Clopper & Pearson's, Garwood's limits */
    TRAFFSTAT_EXACT_MINLIKE = 1, /**< the sum of all chances not above that of what was counted */
    TRAFFSTAT_EXACT_BLAKER = 2   /**< the smaller tail and the largest opposite one not above it */
};

/** What the alternative says of the value tested. */
typedef int32_t traffstat_alternative;
enum { TRAFFSTAT_TWO_SIDED = 0, TRAFFSTAT_LESS = 1, TRAFFSTAT_GREATER = 2 };

/** Settings of an exact test; fill with traffstat_exact_options_init(). */
typedef struct traffstat_exact_options {
    uint32_t struct_size; /**< sizeof as the caller compiled it */
    int32_t method;       /**< a traffstat_exact, of the two-sided test; default central */
    int32_t alternative;  /**< a traffstat_alternative; default two-sided */
    int32_t midp;         /**< 1: half the chance of the count itself is left out; default 0 */
    double level;         /**< of the interval, in (0, 1); default 0.95 */
    double null_value;    /**< the ratio, or the rate of one count, that is tested; > 0; default 1 */
} traffstat_exact_options;

/** Its answer: p and interval come from the same inversion, so they never disagree. */
typedef struct traffstat_exact_result {
    double estimate; /**< the ratio, second over first, or the rate; NaN: the first count is 0 */
    double p;
    double lower;    /**< 0 where the interval has no lower end */
    double upper;    /**< NaN: no upper end */
    double level;
} traffstat_exact_result;

TRAFFSTAT_API void traffstat_exact_options_init(traffstat_exact_options *options,
                                                uint32_t struct_size);

/**
 * The ratio of two rates tested exactly: given the sum of the counts the second is binomial.
 *
 * By minimum likelihood and by Blaker's rule the values that are not rejected may have gaps (1 of 30
 * does): the interval is from the lowest to the highest of them, found by bisection between the
 * points at which p jumps, to 1e-10 of itself. R's poisson.test joins the p of minimum likelihood to
 * the central interval, and exactci's limits lie on a grid. Mid-p with minimum likelihood leaves half
 * the chance of the count itself out; with minimum likelihood or Blaker it gives p and no interval
 * (both ends NaN), and Blaker's p is then that without mid-p.
 *
 * @param first_count,second_count  0 to 2^52
 * @param first_exposure,second_exposure  > 0
 * @param options  NULL: central, two-sided, level 0.95, ratio 1
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_LIMIT (a count over 2^52), _E_NUMERIC
 * @see Fay (2010), Biostatistics 11:373-374 and R Journal 2(1):53-58; Blaker (2000), Canadian Journal
 *      of Statistics 28:783-798. Cost O(log n) tails of O(sqrt n); allocates nothing.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_ratio_exact(traffstat_ctx *ctx, int64_t first_count,
                                       double first_exposure, int64_t second_count,
                                       double second_exposure,
                                       const traffstat_exact_options *options,
                                       traffstat_exact_result *out);

/**
 * One count against a known rate: the same tests for a Poisson count with mean rate times exposure.
 * `estimate`, `lower`, `upper` and `null_value` are rates.
 * @return as traffstat_ratio_exact()
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_poisson_exact(traffstat_ctx *ctx, int64_t count, double exposure,
                                         const traffstat_exact_options *options,
                                         traffstat_exact_result *out);

/**
 * The E-test of two Poisson rates: the chance, both at their common rate, of a difference at least as
 * many standard errors from 0. Not exact (it puts the estimate of the common rate for the rate), but
 * close to its level and stronger than the conditional test; the two p may lie on either side of
 * 0.05.
 *
 * @param first_count,second_count  >= 0, together at most 1e9
 * @param first_exposure,second_exposure  > 0
 * @param p  two-sided
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_LIMIT, _E_NOMEM
 * @see Krishnamoorthy & Thomson (2004), Journal of Statistical Planning and Inference 119:23-35. Cost
 *      and memory O(sqrt(counts)).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_etest(traffstat_ctx *ctx, int64_t first_count, double first_exposure,
                                 int64_t second_count, double second_exposure, double *p);

/**
 * Interval of the difference of two rates, second less first, from the intervals of each: the
 * distances of estimate and limit, squared and added. With Garwood's limits it is wider than its
 * level at small counts.
 *
 * @param method  of the two single intervals
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC
 * @see Zou & Donner (2008), Statistics in Medicine 27:1693-1702; Li, Tang & Wong (2014),
 *      Computational Statistics 29:869-889.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_rate_difference(traffstat_ctx *ctx, traffstat_poisson_method method,
                                           int64_t first_count, double first_exposure,
                                           int64_t second_count, double second_exposure,
                                           double level, traffstat_interval *out);

/**
 * Two years of a series compared. Exposure is population times coverage where both years have a
 * population (coverage where only that is known), else 1 a year.
 *
 * @param first_year,second_year  rising; 0 and 0: the last two years that have exact counts
 * @return TRAFFSTAT_OK, _E_NODATA (no two exact counts, a break between them, a sum in which a part
 *         was not reported, a part of a year or a coverage below 1 without the coverage of both
 *         years), _E_ARGUMENT, _E_NUMERIC
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_rate_change(traffstat_ctx *ctx, const traffstat_panel *panel,
                                       size_t series, int32_t first_year, int32_t second_year,
                                       double level, traffstat_change *out);

TRAFFSTAT_END

#endif
