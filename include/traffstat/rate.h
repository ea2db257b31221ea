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
