/**
 * @file trend.h
 * Is it a trend? Everything that rate.h, regression.h, series.h and joinpoint.h can say of a panel, in
 * one call.
 */
#ifndef TRAFFSTAT_TREND_H
#define TRAFFSTAT_TREND_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** Settings of traffstat_trend(); fill with traffstat_trend_options_init(). */
typedef struct traffstat_trend_options {
    uint32_t struct_size;  /**< sizeof as the caller compiled it */
    int32_t first_year;    /**< the two years of `change`; 0 and 0 (default): the last two that have */
    int32_t second_year;   /**< exact counts */
    int32_t max_joinpoints; /**< as in joinpoint.h; default -1 */
    double level;          /**< of all intervals, in (0, 1); default 0.95 */
    double per;            /**< residents that a rate is of; > 0, default 100000 */
    /** what the reader met in the file: what it doubts becomes a reason; borrowed, NULL (default): none */
    const traffstat_account *account;
    int64_t lost; /**< records of these series that could not be used; >= 0, > 0 becomes a reason */
} traffstat_trend_options;

TRAFFSTAT_API void traffstat_trend_options_init(traffstat_trend_options *options,
                                                uint32_t struct_size);

/**
 * Rates of every year, change between two years, trend, joinpoints and tests of every series.
 *
 * Rows are the panel's: `estimate` is the count, `lower` and `upper` Garwood's interval of the count to
 * be expected, and the row's details are rate, rate_lower, rate_upper (per `per` residents; none
 * without a population), population and coverage.
 *
 * Details beside the rows: change, change_reason, trend, trend_reason, joinpoints, joinpoints_reason,
 * coverage_change (places that report, and the trend per place; none where their number is the same),
 * tests, autocorrelation, years, sentence. Of one series they stand at the top; of several, each is
 * none there, and `by_series` is a list of the same for each series (its joinpoints chosen by BIC).
 *
 * The trend is log-linear, by Poisson regression with errors widened by the dispersion where counts
 * scatter more than chance (never narrowed); with interval counts ("<5") by maximum likelihood,
 * negative binomial where its size is finite. Years before the last break, not reported, sums with a
 * part missing and parts of a year are left out, and a reason says so. Three years are needed. A year
 * without a usable population makes all exposures 1 (or the coverages).
 *
 * What cannot be told is null, with its reason beside it; the verdict is inestimable only when no row
 * has a count.
 *
 * @param options  NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_LIMIT, _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see the headers above for papers. Cost: some 0.1 ms a series, and one joinpoint search.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_trend(traffstat_ctx *ctx, const traffstat_panel *panel,
                                 const traffstat_trend_options *options,
                                 traffstat_estimate **out);

TRAFFSTAT_END

#endif
