/**
 * @file places.h
 * Many places side by side: rates that borrow strength, funnel limits, tests of spread and of
 * pattern, many tests at once, and how uncertain a league table is.
 *
 * Arrays run over places in one order, index 0 to n - 1. Expected cases (or persons: then ratios are
 * rates) must be positive. Nothing here corrects cases that were never reported.
 */
#ifndef TRAFFSTAT_PLACES_H
#define TRAFFSTAT_PLACES_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** Who is whose neighbour: `count` links from place to place, each way on its own. Borrowed. */
typedef struct traffstat_neighbours {
    const size_t *from;   /**< indices of places, from 0 */
    const size_t *to;
    const double *weight; /**< > 0, finite; NULL: 1 each */
    size_t count;
} traffstat_neighbours;

/**
 * Links given by keys (FIPS codes, names) as indices, so that the order of a file cannot matter: with
 * rows in another order than the links meant, Moran's I of one and the same map was -0.018 in place
 * of 0.239.
 *
 * @param keys     n keys of places, NUL-terminated, all different
 * @param from_keys,to_keys  `count` links
 * @param from,to  room for `count` indices each
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOTFOUND (a key of a link is no place: the message names it
 *         and the link), _E_CONFLICT (two places of one key, the same link twice, a place that is
 *         its own neighbour), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_neighbours_match(traffstat_ctx *ctx, const char *const *keys, size_t n,
                                            const char *const *from_keys,
                                            const char *const *to_keys, size_t count, size_t *from,
                                            size_t *to);

/* ---- rates that borrow strength --------------------------------------------------------------- */

/** How places are drawn together. */
typedef int32_t traffstat_shrink_model;
enum {
    TRAFFSTAT_SHRINK_LIKELIHOOD = 0, /**< gamma law of ratios, marginal maximum likelihood */
    TRAFFSTAT_SHRINK_MOMENTS = 1,    /**< the same by Clayton & Kaldor's moments, to convergence */
    TRAFFSTAT_SHRINK_MARSHALL = 2,   /**< mean and variance alone, towards all places */
    TRAFFSTAT_SHRINK_LOCAL = 3       /**< Marshall's, towards a place's neighbours and itself */
};

/** Settings of traffstat_places_shrink(); fill with traffstat_shrink_options_init(). */
typedef struct traffstat_shrink_options {
    uint32_t struct_size;
    int32_t model;       /**< a traffstat_shrink_model; default LIKELIHOOD */
    int32_t corrected;   /**< 1 (default): intervals count that the law of ratios was estimated */
    int32_t local_mean;  /**< LOCAL: deviations of a neighbour from 0 (default, as spdep) the mean
                              around that neighbour, 1 (as GeoDa) the mean around the place */
    double level;        /**< 0.01 to 0.9999, default 0.95 */
} traffstat_shrink_options;

TRAFFSTAT_API void traffstat_shrink_options_init(traffstat_shrink_options *options,
                                                 uint32_t struct_size);

/** One place, shrunk. */
typedef struct traffstat_shrunk {
    double ratio;     /**< cases over expected, as counted */
    double estimate;  /**< posterior mean */
    double median;
    double sd;
    double lower;     /**< equal-tailed, of the gamma law with this mean and sd */
    double upper;
    double weight;    /**< of the place's own ratio, 0 to 1 */
} traffstat_shrunk;

/** What all places share. */
typedef struct traffstat_shrink_law {
    double mean;      /**< of the law of ratios */
    double variance;  /**< 0: the ratios spread no more than chance makes them */
    double shape;     /**< gamma nu (negative binomial size); infinite when variance is 0; MARSHALL: NaN */
    double rate;      /**< gamma alpha; likewise */
    int64_t iterations;
    size_t clipped;   /**< negative variances set to 0 (LOCAL: places; else 0 or 1) */
    double log_likelihood; /**< LIKELIHOOD: of the marginal law; else NaN */
} traffstat_shrink_law;

/**
 * Empirical Bayes: each place's ratio drawn towards what places have in common, the more the fewer
 * cases are expected in it.
 *
 * The law's parameters are estimated; intervals that take them as known are too short. `corrected`
 * adds what their uncertainty moves the estimate by (Kass & Steffey's first order for the gamma
 * models, Morris's for MARSHALL; for LOCAL the mean's alone). Where a variance comes out negative it
 * is 0, and said so in `clipped` (spdep is silent); intervals then hold too little, most of all where
 * places are few and small (docs/study-rates.md: 83 % of 95 % at 10 places of 2 cases). In LOCAL a neighbourhood without any case gives 0
 * with the upper end of a count of 0.
 *
 * @param cases       n counts >= 0
 * @param expected    n values > 0
 * @param n           at least 2 (LOCAL 1)
 * @param neighbours  LOCAL only, else NULL; a place without any is drawn to nothing
 * @param options     NULL for the defaults
 * @param out         room for n places
 * @param law         NULL: not wanted. LOCAL: mean and variance of all places
 * @return TRAFFSTAT_OK, _E_ARGUMENT (also links out of range), _E_NODATA (no case at all),
 *         _E_CONFLICT (a link twice, a place its own neighbour), _E_NUMERIC, _E_NOMEM; out and law
 *         are untouched on failure
 * @see Clayton & Kaldor (1987), Biometrics 43:671-681; Marshall (1991), Applied Statistics
 *      40:283-294; Morris (1983), JASA 78:47-55; Kass & Steffey (1989), JASA 84:717-726.
 *      DCluster's moments stop after few rounds (four digits); these go on.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_places_shrink(traffstat_ctx *ctx, const double *cases,
                                         const double *expected, size_t n,
                                         const traffstat_neighbours *neighbours,
                                         const traffstat_shrink_options *options,
                                         traffstat_shrunk *out, traffstat_shrink_law *law);

/* ---- funnel ----------------------------------------------------------------------------------- */

/** Scale on which a ratio is near normal. */
typedef int32_t traffstat_funnel_scale;
enum {
    TRAFFSTAT_FUNNEL_SQRT = 0, /**< 2 (sqrt(cases) - sqrt(expected)) */
    TRAFFSTAT_FUNNEL_LOG = 1   /**< log ratio x sqrt(expected); a count of 0 is taken as 1/2 */
};

/** What is done to outlying places before the spread is estimated. */
typedef int32_t traffstat_funnel_outliers;
enum {
    TRAFFSTAT_FUNNEL_WINSORISE = 0, /**< z beyond the quantiles at `share` set to them */
    TRAFFSTAT_FUNNEL_TRIM = 1,      /**< the lowest and highest `share` of ranks left out */
    TRAFFSTAT_FUNNEL_KEEP = 2
};

/** Unadjusted limits. */
typedef int32_t traffstat_funnel_exact;
enum {
    TRAFFSTAT_FUNNEL_NORMAL = 0,   /**< on the scale */
    TRAFFSTAT_FUNNEL_CHISQUARE = 1, /**< gamma quantiles (Garwood's form) */
    TRAFFSTAT_FUNNEL_POISSON = 2   /**< Poisson quantiles, interpolated, never below 0 */
};

/** Settings of a funnel; fill with traffstat_funnel_options_init(). */
typedef struct traffstat_funnel_options {
    uint32_t struct_size;
    int32_t scale;     /**< a traffstat_funnel_scale; default SQRT */
    int32_t outliers;  /**< a traffstat_funnel_outliers; default WINSORISE */
    int32_t exact;     /**< a traffstat_funnel_exact; default POISSON */
    double share;      /**< 0 to 0.45, default 0.1 */
    double target;     /**< ratio that is held up to all, > 0; 0: all cases over all expected;
                            default 0 */
    double level;      /**< 0.5 to 0.99999, default 0.95 */
} traffstat_funnel_options;

TRAFFSTAT_API void traffstat_funnel_options_init(traffstat_funnel_options *options,
                                                 uint32_t struct_size);

/** How places spread around the target. */
typedef struct traffstat_funnel_spread {
    double target;
    double phi;    /**< mean square of z: about 1 where chance alone spreads them */
    double tau2;   /**< variance between places on the scale, beyond chance; 0 where phi is not above
                        (n - 1) / n */
    size_t used;   /**< places that phi and tau2 rest on */
} traffstat_funnel_spread;

/** One place in the funnel; p two-sided. */
typedef struct traffstat_funnel_point {
    double ratio;
    double z;                /**< chance alone */
    double p;
    double z_additive;       /**< chance and tau2 */
    double p_additive;
    double z_multiplicative; /**< z / sqrt(phi), where phi > 1 */
    double p_multiplicative;
} traffstat_funnel_point;

/**
 * Places against a target, with the spread that places have anyway.
 *
 * Zero numerators: FunnelPlotR takes log(0); here 1/2 stands for them on the LOG scale, and in
 * trimming they rank together, below all others.
 *
 * @param cases     n counts >= 0
 * @param expected  n values > 0
 * @param n         at least 2
 * @param out       room for n points; NULL: not wanted
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no case at all, or fewer than two left after
 *         trimming), _E_NOMEM; nothing is written on failure
 * @see Spiegelhalter (2005), Statistics in Medicine 24:1185-1202; Spiegelhalter (2005), Quality and
 *      Safety in Health Care 14:347-351. Cost O(n log n).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_funnel_fit(traffstat_ctx *ctx, const double *cases,
                                      const double *expected, size_t n,
                                      const traffstat_funnel_options *options,
                                      traffstat_funnel_spread *spread,
                                      traffstat_funnel_point *out);

/** The funnel at one number of expected cases; ratios. */
typedef struct traffstat_funnel_limit {
    double expected;
    double lower;                /**< by `exact`, chance alone */
    double upper;
    double lower_additive;
    double upper_additive;
    double lower_multiplicative;
    double upper_multiplicative;
} traffstat_funnel_limit;

/**
 * Limits at m numbers of expected cases.
 * @param spread    as traffstat_funnel_fit() gave it; NULL: target 1 (or the option's), phi 1, tau2 0
 * @param expected  m values > 0
 * @param out       room for m limits
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC; nothing is written on _E_ARGUMENT
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_funnel_limits(traffstat_ctx *ctx, const double *expected, size_t m,
                                         const traffstat_funnel_options *options,
                                         const traffstat_funnel_spread *spread,
                                         traffstat_funnel_limit *out);

/* ---- spread and pattern ----------------------------------------------------------------------- */

/** Whether places spread more than chance; the p of all but chi2 are one-sided, upper. */
typedef struct traffstat_heterogeneity {
    double chi2;     /**< sum of (cases - expected)^2 / expected */
    double freedom;  /**< n - 1 */
    double p;
    double pw;       /**< Potthoff & Whittinghill's T = E+ sum of O (O - 1) / E */
    double pw_mean;
    double pw_variance;
    double pw_p;
    double dean;     /**< Dean's P_B: sum of (O - E)^2 - O over sqrt(2 sum of E^2) */
    double dean_p;
} traffstat_heterogeneity;

/**
 * Tests of equal ratios: expected cases are scaled to the cases' sum first.
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no case), _E_NUMERIC
 * @see Potthoff & Whittinghill (1966), Biometrika 53:183-190; Dean (1992), JASA 87:451-457
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_places_heterogeneity(traffstat_ctx *ctx, const double *cases,
                                                const double *expected, size_t n,
                                                traffstat_heterogeneity *out);

/** Settings of Moran's tests; fill with traffstat_moran_options_init(). */
typedef struct traffstat_moran_options {
    uint32_t struct_size;
    int32_t rows;          /**< 1 (default): weights of a place scaled to sum 1; 0: as given */
    int32_t permutations;  /**< 0 (none) to 1000000, default 999 */
    int32_t reserved;      /**< 0 */
} traffstat_moran_options;

TRAFFSTAT_API void traffstat_moran_options_init(traffstat_moran_options *options,
                                                uint32_t struct_size);

/** Moran's I; p one-sided, that neighbours are more alike than chance. */
typedef struct traffstat_moran {
    double i;
    double expected;       /**< under randomisation */
    double variance;
    double z;
    double p;              /**< normal */
    double p_permutation;  /**< (1 + permutations at least as large) / (1 + permutations); NaN: none */
    size_t isolated;       /**< places without neighbours: left out */
    size_t clipped;        /**< of rates: negative variances replaced by chance's alone */
} traffstat_moran;

/**
 * Are neighbours alike? Equal seeds give equal p, for every number of threads.
 * @param values  n finite values, not all equal
 * @param n       at least 4 places with neighbours
 * @return TRAFFSTAT_OK, _E_ARGUMENT (also links out of range), _E_NODATA (too few, or all equal),
 *         _E_CONFLICT (a link twice, a place its own neighbour), _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see Cliff & Ord (1981), Spatial Processes. Cost permutations x links.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_places_moran(traffstat_ctx *ctx, const double *values, size_t n,
                                        const traffstat_neighbours *neighbours,
                                        const traffstat_moran_options *options,
                                        traffstat_moran *out);

/**
 * The same of rates that rest on unlike numbers of persons: each is measured in standard errors of
 * its own (empirical Bayes index), which are permuted.
 * @param persons  n values > 0
 * @see Assuncao & Reis (1999), Statistics in Medicine 18:2147-2162
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_places_moran_rates(traffstat_ctx *ctx, const double *cases,
                                              const double *persons, size_t n,
                                              const traffstat_neighbours *neighbours,
                                              const traffstat_moran_options *options,
                                              traffstat_moran *out);

/* ---- many tests, and ranks -------------------------------------------------------------------- */

/**
 * Benjamini & Hochberg's adjusted p: those at most q are found with a share q of false ones among
 * them on average (independent tests, or positively dependent ones).
 * @param p         n values in [0, 1]; NaN: no test, stays NaN and does not count
 * @param adjusted  room for n values; may be p itself
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM
 * @see Benjamini & Hochberg (1995), JRSS B 57:289-300. Cost O(n log n).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_false_discovery(traffstat_ctx *ctx, const double *p, size_t n,
                                           double *adjusted);

/** A place in a league table; rank 1 is the highest ratio. */
typedef struct traffstat_rank {
    double rank;     /**< by the ratios as counted; ties share their mean */
    double expected; /**< 1 + the sum over other places of the chance that they are higher */
    int64_t lower;   /**< ranks that cannot be ruled out */
    int64_t upper;
} traffstat_rank;

/**
 * How sure ranks are. With chance `level` or more all n intervals hold together: they follow from
 * exact intervals of all ratios at the level 1 - (1 - level) / n; a place is certainly above another
 * where their intervals do not meet.
 *
 * `expected` is under independent gamma laws of the ratios (Jeffreys' prior).
 *
 * @param cases     n counts >= 0
 * @param expected  n values > 0
 * @param level     0.01 to 0.9999
 * @param out       room for n ranks
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM; out is untouched on
 *         failure
 * @see Klein, Wright & Wieczorek (2020), JRSS A 183:589-606; Laird & Louis (1989), Journal of
 *      Educational Statistics 14:29-46 (expected ranks). Cost O(n^2).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_places_ranks(traffstat_ctx *ctx, const double *cases,
                                        const double *expected, size_t n, double level,
                                        traffstat_rank *out);

TRAFFSTAT_END

#endif
