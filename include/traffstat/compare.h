/**
 * @file compare.h
 * The places of a panel in one year: everything that places.h and rate.h can say of them, in one call.
 */
#ifndef TRAFFSTAT_COMPARE_H
#define TRAFFSTAT_COMPARE_H

#include <traffstat/places.h>

TRAFFSTAT_BEGIN

/** Settings of traffstat_compare(); fill with traffstat_compare_options_init(). */
typedef struct traffstat_compare_options {
    uint32_t struct_size; /**< sizeof as the caller compiled it */
    int32_t year;     /**< 0 (default): the last year in which at least nine tenths as many places
                                have an exact count and a population (where no place has one: an exact
                                count) as in the fullest year */
    double level;     /**< of all intervals, 0.01 to 0.9999; default 0.95 */
    double per;       /**< residents that a rate is of; > 0, default 100000 */
    double discovery; /**< share of false ones among the places that are told from the others, in
                                (0, 0.5]; default 0.05 */
    int32_t permutations; /**< of Moran's tests, 0 to 1000000; default 999 */
    int32_t reserved;     /**< 0 */
} traffstat_compare_options;

TRAFFSTAT_API void traffstat_compare_options_init(traffstat_compare_options *options,
                                                  uint32_t struct_size);

/**
 * Places of one year side by side, and which of them can be told from the others.
 *
 * Compared are the places with an exact count of 0 or more and a population; exposure is the population
 * times the coverage where that is known. Counts that are only bounds ("<5") are left out of what is
 * estimated from all places, so that nothing tells more of them than was published; their rows have
 * rates from bound to bound, and `rate_bounds` says between what the rate of the whole lies with them.
 * Without a population of two places exposure is 1 a place: counts are given, no rate, no comparison.
 *
 * Rows are the panel's places that have a row in that year, in its order: `estimate` is the count,
 * `lower` and `upper` Garwood's interval of the count to be expected. Details of a row, each none where
 * it does not exist: rate, rate_lower, rate_upper (per `per` residents), population, coverage, expected
 * (at the rate of all compared places), ratio, ratio_lower, ratio_upper (counted over expected, the
 * standardised ratio), bayes_rate, bayes_lower, bayes_upper, bayes_weight (gamma law of ratios by marginal likelihood), marshall_rate and so on, and
 * local_rate and so on where neighbours are given; others_ratio, others_lower, others_upper, p (the
 * exact conditional test against all other places together), p_adjusted (Benjamini & Hochberg); funnel
 * and funnel_adjusted ("inside", "above 95 %", "below 99.8 %"…), z, z_adjusted, and the limits as rates:
 * funnel_lower_95, funnel_upper_95, funnel_lower_998, funnel_upper_998, and the same of
 * adjusted_ (chance and the spread that places have anyway, tau2); rank, rank_lower, rank_upper (1: the
 * highest rate; all rank intervals hold together), rank_expected; neighbours.
 *
 * Details beside the rows: `places` {year, asked (the year was given), compared, told_apart,
 * not_compared (a list of place, key, reason), cases, population, rate, rate_lower, rate_upper,
 * rate_bounds, reason (why nothing is compared), bayes and marshall {mean, variance, shape, rate,
 * clipped}, funnel {target, phi, tau2, used, outside_95, outside_998, and these two _adjusted},
 * discovery {level, above, below, incomplete (below on a count of which a part was not reported, or
 * of 0 where 5 or more are expected): lists of place, observed, expected, p_adjusted}, neighbours {links,
 * islands, reason}}, `tests` {dispersion {chi2, freedom, phi, p}, dean {z, p}, potthoff_whittinghill
 * {statistic, mean, variance, p}, moran and moran_rates {i, expected, variance, z, p, p_permutation,
 * isolated}}, `sentence` (a caption that names only places that can be told from the others, with their
 * counts, and none above them on fewer than 5 cases).
 *
 * @param panel       counts of one measure, category and source
 * @param pairs       2 * pair_count series of the panel that are neighbours, such as
 *                    traffstat_links_pairs(); NULL and 0: none. Their order means nothing
 * @param options     NULL for the defaults
 * @return TRAFFSTAT_OK (read the verdict: inestimable where no place has a count), _E_ARGUMENT (also
 *         pairs out of range), _E_CONFLICT (several measures, categories or sources; a pair twice, a
 *         place its own neighbour), _E_NODATA (no row in that year), _E_LIMIT, _E_NUMERIC,
 *         _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see the headers above for papers. The context's seed decides the permutations, whatever the number
 *      of threads. Cost O(n^2), and permutations x pairs.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_compare(
    traffstat_ctx *ctx, const traffstat_panel *panel, const size_t *pairs, size_t pair_count,
    const traffstat_compare_options *options, traffstat_estimate **out);

TRAFFSTAT_END

#endif
