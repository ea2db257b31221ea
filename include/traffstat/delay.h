/**
 * @file delay.h
 * Cases that are reported late: how many of a period are still to come.
 *
 * This corrects delay, and nothing else: cases that nobody will ever report are not in the triangle,
 * and no method here finds them. Where both are wanted, the share of a period that is in by now
 * multiplies the share that is ever reported.
 */
#ifndef TRAFFSTAT_DELAY_H
#define TRAFFSTAT_DELAY_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/* ---- chain ladder ----------------------------------------------------------------------------- */

/** How sigma of a step seen for one period only is filled in. */
typedef int32_t traffstat_last_sigma;
enum {
    TRAFFSTAT_LAST_SIGMA_MACK = 0,     /**< min(s4[k-1] / s2[k-2], s2[k-1], s2[k-2]) of the squares */
    TRAFFSTAT_LAST_SIGMA_LOGLINEAR = 1 /**< ln sigma continued along a straight line */
};

/** Settings of traffstat_chain_ladder(); fill with traffstat_ladder_options_init(). */
typedef struct traffstat_ladder_options {
    uint32_t struct_size;
    int32_t last_sigma; /**< a traffstat_last_sigma; default MACK */
    double level;       /**< 0.01 to 0.9999, default 0.95 */
} traffstat_ladder_options;

TRAFFSTAT_API void traffstat_ladder_options_init(traffstat_ladder_options *options,
                                                 uint32_t struct_size);

/** Growth of the cumulative count from one delay to the next. */
typedef struct traffstat_ladder_factor {
    double factor;
    double se;
    double sigma;
} traffstat_ladder_factor;

/** One period, or all. */
typedef struct traffstat_ladder_origin {
    double latest;   /**< reported by now */
    double share;    /**< latest over ultimate */
    double ultimate;
    double open;     /**< still to come: ultimate - latest */
    double se;       /**< Mack's, of open */
    double lower;    /**< of the ultimate: log-normal with its mean and se; not below latest */
    double upper;
} traffstat_ladder_origin;

/** All periods, and the same by over-dispersed Poisson regression, which has the same point. */
typedef struct traffstat_ladder_total {
    traffstat_ladder_origin mack;
    double phi;        /**< Pearson dispersion; NaN where a fitted count is not positive */
    double phi_se;     /**< prediction error of open by the regression */
    double process;    /**< its variance by chance, */
    double estimation; /**< and by estimation */
} traffstat_ladder_total;

/**
 * Ultimate counts by the chain ladder, with Mack's error, free of a law.
 *
 * @param cumulative  rows x columns, row by row: counts of a period (row, the earliest first) by
 *                    delay (column), cumulative; NaN: not known yet. In each row the known come
 *                    first, and at least the first is known; the first row is known in full
 * @param rows,columns  2 to 1000 each
 * @param factors     room for columns - 1; NULL: not wanted
 * @param origins     room for rows; NULL: not wanted
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (a delay at which no period has a case; the message
 *         names it), _E_NOMEM; nothing is written on failure
 * @see Mack (1993), ASTIN Bulletin 23:213-225; England & Verrall (2002), British Actuarial Journal
 *      8:443-518 (regression). Assumes that growth does not depend on the period or on what came
 *      before. Cost O(rows x columns), the regression's error O((rows + columns)^3).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chain_ladder(traffstat_ctx *ctx, const double *cumulative, size_t rows,
                                        size_t columns, const traffstat_ladder_options *options,
                                        traffstat_ladder_factor *factors,
                                        traffstat_ladder_origin *origins,
                                        traffstat_ladder_total *total);

/* ---- nowcast ---------------------------------------------------------------------------------- */

/** How a nowcast is made. */
typedef int32_t traffstat_nowcast_method;
enum {
    TRAFFSTAT_NOWCAST_BAYES = 0,  /**< never 0 [0, 0] where nothing has been reported yet */
    TRAFFSTAT_NOWCAST_LAWLESS = 1 /**< reported / share; normal limits, not below what is reported */
};

/** Settings of traffstat_nowcast(); fill with traffstat_nowcast_options_init(). */
typedef struct traffstat_nowcast_options {
    uint32_t struct_size;
    int32_t method;      /**< a traffstat_nowcast_method; default BAYES */
    int32_t corrected;   /**< 1 (default): intervals count that the delays were estimated; 0: not */
    int32_t reserved;    /**< 0 */
    double level;        /**< 0.01 to 0.9999, default 0.95 */
    double alpha;        /**< BAYES: Dirichlet prior of the delay law, each cell; 1e-6 to 1e6,
                              default 0.1 */
    double prior_shape;  /**< BAYES: gamma prior of a period's expected count, 1e-6 to 1e6,
                              default 1 */
    double prior_mean;   /**< > 0; 0 (default): all reported over the shares of all periods */
} traffstat_nowcast_options;

TRAFFSTAT_API void traffstat_nowcast_options_init(traffstat_nowcast_options *options,
                                                  uint32_t struct_size);

/** One period. */
typedef struct traffstat_nowcast_row {
    double reported;
    double share;    /**< of its cases that are in by now (posterior mean) */
    double estimate; /**< LAWLESS: reported / share; BAYES: posterior median */
    double mean;     /**< BAYES: posterior mean; LAWLESS: the estimate */
    double lower;
    double upper;
} traffstat_nowcast_row;

/**
 * Counts of recent periods, from how late cases came in earlier ones.
 *
 * The delay law is estimated backwards: of the cases of delay at most d, those of delay d (reverse
 * hazard). BAYES takes each as beta (a Dirichlet prior of the delays), the share as the product's
 * beta by its exact first two moments, and the expected count as gamma; LAWLESS takes the ratio
 * itself.
 *
 * Known to be wrong elsewhere: surveillance's Lawless estimate is 0 [0, 0] where nothing has been
 * reported yet (here its upper limit is then NaN: the method has none), leaves out that the
 * delays are estimated (`corrected` 0 does so too), and its upper limit falls as mass below the
 * reported count grows.
 *
 * @param reported  rows x columns, row by row: cases of a period (row, the earliest first) that came
 *                  at each delay (column, 0 first), not cumulative; NaN: not known yet. In each row
 *                  the known come first, and at least the first is known; at least one row is known
 *                  in full. Later delays than the last column are taken not to exist
 * @param rows,columns  1 to 100000, 1 to 1000
 * @param out       room for rows
 * @param cdf       room for columns: P(delay <= d), posterior mean for BAYES; NULL: not wanted
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no case at all), _E_NUMERIC, _E_NOMEM; nothing is
 *         written on failure
 * @see Lawless (1994), Canadian Journal of Statistics 22:15-31; Hohle & an der Heiden (2014),
 *      Biometrics 70:993-1002. Cost about 0.2 ms a row that is not known in full (BAYES).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_nowcast(traffstat_ctx *ctx, const double *reported, size_t rows,
                                   size_t columns, const traffstat_nowcast_options *options,
                                   traffstat_nowcast_row *out, double *cdf);

/* ---- a panel as a triangle -------------------------------------------------------------------- */

/** Settings of traffstat_nowcast_panel(); fill with traffstat_triangle_options_init(). */
typedef struct traffstat_triangle_options {
    uint32_t struct_size; /**< sizeof as the caller compiled it */
    int32_t cumulative;   /**< 1: counts are what was known by the end of a year; 0 (default): what
                               came in it */
    double level;         /**< 0.01 to 0.9999, default 0.95 */
} traffstat_triangle_options;

TRAFFSTAT_API void traffstat_triangle_options_init(traffstat_triangle_options *options,
                                                   uint32_t struct_size);

/**
 * How many cases of each year there will be once late reports are in, from a panel whose series are
 * named by the years in which cases happened, and whose years are those in which they were reported.
 * Late cases only: those that nobody ever reports are in no triangle.
 *
 * Every count from the year of the cases to the last year of reports is needed, 0 where none came; the
 * first year of cases is taken to be complete by then.
 *
 * Rows are periods, the earliest first: `observed` is reported so far, `estimate` the posterior median of
 * the Bayesian nowcast with `mean`, `lower`, `upper`; details share (in by now), to_come, to_come_lower,
 * to_come_upper, lawless, lawless_lower, lawless_upper, ladder, ladder_lower, ladder_upper (chain ladder
 * with Mack's error; none where it has no answer). Details beside the rows: `delay` {first_year, as_of,
 * periods, cumulative_share (by delay, a list), to_come, ladder_to_come, ladder_error, phi}, `sentence`.
 *
 * Inestimable: no case at all.
 *
 * @return TRAFFSTAT_OK (read the verdict), _E_ARGUMENT, _E_CONFLICT (two series of one year), _E_NODATA
 *         (fewer than two periods), _E_VALUE (a series that is no year; a count that is missing, below
 *         zero, known by bounds alone, before its cases, or cumulative and falling: the message names
 *         both years), _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see the calls above
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_nowcast_panel(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         const traffstat_triangle_options *options,
                                         traffstat_estimate **out);

TRAFFSTAT_END

#endif
