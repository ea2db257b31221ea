/**
 * @file series.h
 * Tests of trend and change in one series of numbers in the order of time, on plain arrays.
 *
 * None of them knows how large the counts behind the numbers are; regressions do (regression.h), and
 * so does traffstat_poisson_trend().
 */
#ifndef TRAFFSTAT_SERIES_H
#define TRAFFSTAT_SERIES_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** Mann & Kendall's test. NaN: does not exist (all values equal). */
typedef struct traffstat_mann_kendall_result {
    int64_t score;      /**< S: pairs that rise less pairs that fall */
    double variance;    /**< of S, with ties taken off */
    double z;           /**< with the continuity correction of 1 */
    double p;           /**< two-sided: exact for n <= 10, also with ties; else p_normal */
    double p_normal;    /**< from z */
    double tau;         /**< Kendall's tau-b */
    double z_plain;     /**< without the correction */
    double p_plain;
    int32_t exact;      /**< 1: p is exact */
    uint32_t reserved;
} traffstat_mann_kendall_result;

/**
 * Does the series tend to rise or fall? In double precision throughout, where R's Kendall works in
 * single.
 * @param values  `n` finite values in the order of time, n >= 2
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (n < 2), _E_NOMEM
 * @see Mann (1945), Econometrica 13:245-259; Kendall (1975), Rank Correlation Methods. Cost O(n^2).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_mann_kendall(traffstat_ctx *ctx, const double *values, size_t n,
                                        traffstat_mann_kendall_result *out);

/** Sen's slope, and its interval from the variance of S. */
typedef struct traffstat_sen_result {
    double slope;   /**< per unit of time: the median over all pairs */
    double lower;   /**< NaN: the series is too short for its level */
    double upper;
} traffstat_sen_result;

/**
 * @param times  `n` rising values, NULL: 1, 2, 3…
 * @param level  of the interval, in (0, 1)
 * @return as traffstat_mann_kendall()
 * @see Sen (1968), JASA 63:1379-1389. Cost O(n^2 log n), memory O(n^2): n <= 10,000.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_sen_slope(traffstat_ctx *ctx, const double *times, const double *values,
                                     size_t n, double level, traffstat_sen_result *out);

/** A test with one statistic. */
typedef struct traffstat_series_test {
    double statistic;
    double p;
    size_t position; /**< Pettitt: values before the change; else 0 */
} traffstat_series_test;

/**
 * Pettitt: one change of level, and where. p is the usual approximation (at most 1).
 * Cox & Stuart: first third against last third; the p of R's trend, which is generous (the larger of
 * two numbers of signs is compared as if it were one).
 * Bartels: the rank version of von Neumann's ratio; p is one-sided, small where neighbours are alike;
 * beta below n = 100, n >= 10.
 * @param values  `n` finite values in the order of time; n >= 2, 3 and 10
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (too short; Cox & Stuart: no pair differs; Bartels: all
 *         equal), _E_NOMEM
 * @see Pettitt (1979), Applied Statistics 28:126-135; Cox & Stuart (1955), Biometrika 42:80-95;
 *      Bartels (1982), JASA 77:40-46.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_pettitt(traffstat_ctx *ctx, const double *values, size_t n,
                                   traffstat_series_test *out);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_cox_stuart(traffstat_ctx *ctx, const double *values, size_t n,
                                      traffstat_series_test *out);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_bartels(traffstat_ctx *ctx, const double *values, size_t n,
                                   traffstat_series_test *out);

/**
 * Cochran & Armitage: do shares rise with a score? `statistic` is chi-squared with 1 degree.
 * @param cases,totals  `n` values, 0 <= cases <= totals, total > 0
 * @param scores        `n` finite values, NULL: 1, 2, 3…
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no case, nothing but cases, or one score)
 * @see Armitage (1955), Biometrics 11:375-386.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_cochran_armitage(traffstat_ctx *ctx, const int64_t *cases,
                                            const int64_t *totals, const double *scores, size_t n,
                                            traffstat_series_test *out);

/** The conditional test of a log-linear trend of Poisson counts. */
typedef struct traffstat_poisson_trend_result {
    double statistic; /**< T: the sum of time times count, times counted from `origin` */
    double mean;      /**< of T without a trend, given the sum of the counts */
    double variance;
    double z;
    double p_normal;
    double p_lower;   /**< P(T <= t) */
    double p_upper;   /**< P(T >= t) */
    double p;         /**< two-sided, twice the smaller (at most 1) */
    int32_t exact;    /**< 0: tails by Lugannani & Rice's formula; 1: exact */
    uint32_t reserved;
} traffstat_poisson_trend_result;

/**
 * Given their sum, Poisson counts are multinomial, and the sum of time times count carries all that
 * they say of a log-linear trend: an exact test at every size of counts.
 *
 * @param times      `n` rising whole numbers (years); T counts from `origin`
 * @param counts     `n` values >= 0
 * @param exposures  `n` values > 0; NULL: 1
 * @param origin     the time that counts as 0
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no case, or fewer than two times), _E_NOMEM
 * @see Cox & Lewis (1966), The Statistical Analysis of Series of Events; Lugannani & Rice (1980), Adv.
 *      Appl. Prob. 12:475-490; Daniels (1987), Int. Stat. Review 55:37-48. Exact while (cases x length)
 *      is at most 25,000; cost its square.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_poisson_trend(traffstat_ctx *ctx, const int32_t *times,
                                         const int64_t *counts, const double *exposures, size_t n,
                                         int32_t origin, traffstat_poisson_trend_result *out);

TRAFFSTAT_END

#endif
