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
 * Details beside the rows: of, of_reason, change, change_reason, trend, trend_reason, joinpoints,
 * joinpoints_reason, tests, autocorrelation, years, coverage_change, sentence. Of one series they stand
 * at the top, and `of` is its name. Of several, the top is of their sum over all places (`of`: "sum over
 * 50 places"), both ends of interval counts added; `by_series` is a list of the same for each series
 * (its joinpoints chosen by BIC). Measures and sources are never added up, nor a category to one that
 * it is a total of, nor categories of one place alone: then all of these are none at the top, and
 * of_reason says why.
 *
 * The trend is log-linear, by Poisson regression with errors widened by the dispersion where counts
 * scatter more than chance (never narrowed); with interval counts ("<5") by maximum likelihood,
 * negative binomial where its size is finite. Years before the last break, not reported, counts with a
 * part missing and parts of a year are left out, and a reason says so. Three years are needed. A year
 * without a usable population makes all exposures 1 (or the coverages). Where the ends of its interval
 * differ more than 4 times as factors, the trend stays but trend_reason says that it tells nothing and
 * about how many years of such counts would, and no sentence prints the interval. A sentence gives no
 * percentage where the counts begin below 20.
 *
 * In a sum over places a place that did not report leaves no gap: the sum is of those that did, its
 * years are compared, and coverage_change tells what their number does (none where the same places
 * report in all years). It holds places_first, places_last, places_ever, places_every_year, began,
 * stopped (after the first and before the last year), counts_of_zero, by_year, and trend and change of
 * - all: the sum as it is;
 * - per_place: the sum with the number of places in place of residents;
 * - constant_set: places with a whole count in every year. Where these are fewer than 10 and fewer than
 *   half of the most that report in a year, those of the longest window of at least three years that
 *   ends in the last year and has so many (`rule`, `reason`, first_year; trend_of_all is the sum's in
 *   the same window), or none;
 * - without_began_or_stopped: places that report at both ends of that window;
 * - both_years: places with a whole count in the two compared years (change only).
 * The last three need the parts of the sum: a panel of several series, or what
 * traffstat_panel_aggregate() made of one. A sentence names the places where their number varies by a
 * tenth or a tenth of them turned over, or where the same places say something else.
 *
 * What the reader doubted of a count (LOST, COMMON_DIVISOR, DOUBTFUL; of a file, identical records) is a
 * reason for caution, and where counts with a divisor in common hold a tenth of the cases the sentence
 * says so.
 *
 * What cannot be told is null, with its reason beside it; the verdict is inestimable only when no row
 * has a count.
 *
 * @param options  NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT (a level, `per`, `lost` or year), _E_LIMIT, _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see the headers above for papers. Cost: some 0.1 ms a series, and one joinpoint search.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_trend(traffstat_ctx *ctx, const traffstat_panel *panel,
                                 const traffstat_trend_options *options,
                                 traffstat_estimate **out);

TRAFFSTAT_END

#endif
