/**
 * @file standard.h
 * Rates made comparable: directly and indirectly standardised, crude, proportions; also where cases
 * come in clusters, as several victims of one incident.
 */
#ifndef TRAFFSTAT_STANDARD_H
#define TRAFFSTAT_STANDARD_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** Interval of a directly standardised rate. */
typedef int32_t traffstat_direct_method;
enum {
    TRAFFSTAT_DIRECT_DOBSON_BYAR = 0,  /**< Dobson et al. (1991) on Byar's limits of the total */
    TRAFFSTAT_DIRECT_DOBSON_EXACT = 1, /**< the same on Garwood's */
    TRAFFSTAT_DIRECT_FAY_FEUER = 2,    /**< gamma; the largest weight stands for one more case */
    TRAFFSTAT_DIRECT_TIWARI = 3        /**< gamma; the mean weight does */
};

/** Settings of traffstat_rate_direct(); fill with traffstat_direct_options_init(). */
typedef struct traffstat_direct_options {
    uint32_t struct_size;
    int32_t method;  /**< a traffstat_direct_method; default DOBSON_BYAR */
    double level;    /**< 0.01 to 0.9999, default 0.95 */
    double per;      /**< the rate is per so many; > 0, default 100000 */
} traffstat_direct_options;

TRAFFSTAT_API void traffstat_direct_options_init(traffstat_direct_options *options,
                                                 uint32_t struct_size);

/** A rate, ratio or proportion with its interval. */
typedef struct traffstat_standard_rate {
    double level;
    double value;
    double lower;
    double upper;
    double variance;  /**< of value; NaN where the method has none */
    double cases;     /**< counted in all */
    double expected;  /**< indirect: by the reference; else NaN */
} traffstat_standard_rate;

/**
 * The rate that a standard population would have: the sum over strata of weight x cases / persons.
 *
 * No case at all: lower 0, upper that of a count of 0 in the stratum of the largest weight.
 * Cases of one incident are not independent: `squares` then widens the interval (compound Poisson,
 * as PHE's calculate_dsr does with independent_events = FALSE): the variance of a stratum's cases is
 * its sum of squared incident sizes. NULL: every case an incident of its own.
 *
 * Known to be weak: where one weight is large against its persons, Fay & Feuer's upper limit is too
 * (Down's syndrome by birth order: 188 against Dobson's 84); it is conservative, Tiwari's is not.
 *
 * @param cases    n counts >= 0
 * @param persons  n values > 0
 * @param weights  n values >= 0, the standard population; scaled to sum 1 here
 * @param squares  n values >= cases (0 where cases are 0), or NULL
 * @param n        strata, at least 1
 * @param options  NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC; out is untouched on failure
 * @see Dobson, Kuulasmaa, Eberle & Scherer (1991), Statistics in Medicine 10:457-462; Fay & Feuer
 *      (1997), Statistics in Medicine 16:791-801; Tiwari, Clegg & Zou (2006), Statistical Methods in
 *      Medical Research 15:547-569. Cost O(n); allocates nothing.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_rate_direct(traffstat_ctx *ctx, const double *cases,
                                       const double *persons, const double *weights,
                                       const double *squares, size_t n,
                                       const traffstat_direct_options *options,
                                       traffstat_standard_rate *out);

/** Interval of observed over expected. */
typedef int32_t traffstat_indirect_method;
enum {
    TRAFFSTAT_INDIRECT_EXACT = 0,  /**< Garwood's limits over expected */
    TRAFFSTAT_INDIRECT_BYAR = 1,
    TRAFFSTAT_INDIRECT_NORMAL = 2  /**< ratio x exp(-/+ z / sqrt(cases)); no limits at 0 cases */
};

/**
 * The standardised ratio: cases over those that reference rates let expect.
 *
 * @param cases            n counts >= 0; summed
 * @param persons          n values >= 0: expected = sum of persons x reference rate
 * @param reference_rates  n rates >= 0 (cases per person); known, without error of their own
 * @param method           a traffstat_indirect_method
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (nothing is expected), _E_NUMERIC
 * @see Garwood (1936), Biometrika 28:437-442; Breslow & Day (1987), Statistical Methods in Cancer
 *      Research II, 2.3. Ratios of places with unlike strata are not comparable with each other.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_rate_indirect(traffstat_ctx *ctx, const double *cases,
                                         const double *persons, const double *reference_rates,
                                         size_t n, traffstat_indirect_method method, double level,
                                         traffstat_standard_rate *out);

/**
 * Cases per `per` persons as Public Health England prints them: Garwood's limits below 10 cases,
 * Byar's from 10 on.
 * @param factor  variance of the cases over that of as many independent ones: 1, or
 *                traffstat_cluster_factor(); the interval widens by its root
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_rate_crude(traffstat_ctx *ctx, double cases, double persons, double per,
                                      double factor, double level, traffstat_standard_rate *out);

/**
 * How much clusters widen: E[V^2] / E[V] of the incident size V.
 * @param incidents  incidents[i]: incidents with i + 1 victims, >= 0; n values
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no incident)
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_cluster_factor(traffstat_ctx *ctx, const double *incidents, size_t n,
                                          double *out);

/** Interval of a proportion. */
typedef int32_t traffstat_proportion_method;
enum {
    TRAFFSTAT_PROPORTION_WILSON = 0,
    TRAFFSTAT_PROPORTION_EXACT = 1 /**< Clopper & Pearson */
};

/**
 * A share of a whole.
 * @param cases,persons  0 <= cases <= persons, persons > 0
 * @param per            1: a proportion, 100: percent
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC
 * @see Wilson (1927), JASA 22:209-212; Clopper & Pearson (1934), Biometrika 26:404-413
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_rate_proportion(traffstat_ctx *ctx, double cases, double persons,
                                           double per, traffstat_proportion_method method,
                                           double level, traffstat_standard_rate *out);

TRAFFSTAT_END

#endif
