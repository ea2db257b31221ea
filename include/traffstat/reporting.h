/**
 * @file reporting.h
 * From reported counts to unreported cases: how many there would be in all if a stated share came to
 * notice.
 *
 * Counts alone cannot tell a rare crime from a hidden one: the likelihood holds the rate and the
 * reporting probability only as a product. So every function here wants a reporting prior, and there
 * is no default. What a prior was borrowed from travels with the result.
 */
#ifndef TRAFFSTAT_REPORTING_H
#define TRAFFSTAT_REPORTING_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** A Beta(a, b) law of the probability that a case is counted, with its source. Immutable. */
typedef struct traffstat_prior traffstat_prior;

/**
 * @param a,b     > 0, finite, at most 1e9
 * @param source  who assumed it and why; NULL or "": it is called an assumption
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_beta(traffstat_ctx *ctx, double a, double b, const char *source,
                                      traffstat_prior **out);

/**
 * The Beta law whose central 95 % range is lower..upper: both quantiles met at 1e-9.
 * @param lower,upper  0 < lower < upper < 1
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC (no Beta law meets them within 1e9), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_range(traffstat_ctx *ctx, double lower, double upper,
                                       const char *source, traffstat_prior **out);

/**
 * A prior from published evidence. With a published interval, its ends are the central range at its
 * level (95 % where none is stated). Without one the rate has no size: `size` > 0 gives
 * Beta(rate * size, (1 - rate) * size), a scenario in every case; size 0 is refused.
 * @return TRAFFSTAT_OK, _E_NOTFOUND (message names the nearest id), _E_PRIOR (no interval and no
 *         size), _E_ARGUMENT, _E_NUMERIC, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_evidence(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                          const char *id, double size, traffstat_prior **out);

/** Reads "beta(8,12)" or "0.2..0.6" (also "20%..60%"), as the command line's --reporting. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_parse(traffstat_ctx *ctx, const char *text, const char *source,
                                       traffstat_prior **out);

TRAFFSTAT_API void traffstat_prior_free(traffstat_prior *prior);
TRAFFSTAT_API double traffstat_prior_a(const traffstat_prior *prior);
TRAFFSTAT_API double traffstat_prior_b(const traffstat_prior *prior);
/** Quantile of the share at probability q in (0, 1); NaN out of range. */
TRAFFSTAT_API double traffstat_prior_quantile(const traffstat_prior *prior, double q);

/** Law of the expected true count lambda of one row at exposure 1. */
typedef int32_t traffstat_rate_prior;
enum {
    TRAFFSTAT_RATE_INVERSE = 0,  /**< 1/lambda: leaves the reporting prior as it was; y = 0 refused */
    TRAFFSTAT_RATE_JEFFREYS = 1, /**< lambda^-1/2: a single count only, no total */
    TRAFFSTAT_RATE_GAMMA = 2     /**< Gamma(shape, rate): proper, moves p */
};

/** Settings of traffstat_thinning(); fill with traffstat_thinning_options_init(). */
typedef struct traffstat_thinning_options {
    uint32_t struct_size;
    int32_t rate_prior;   /**< a traffstat_rate_prior; default TRAFFSTAT_RATE_INVERSE */
    double level;         /**< of lower and upper, 0.01 to 0.9999; default 0.95 */
    double gamma_shape;   /**< > 0; only for TRAFFSTAT_RATE_GAMMA */
    double gamma_rate;    /**< > 0: the prior mean of lambda is shape / rate */
    int32_t total;        /**< 1 (default): also the total over rows, from the joint law; 0: not */
    uint32_t reserved;    /**< 0 */
} traffstat_thinning_options;

TRAFFSTAT_API void traffstat_thinning_options_init(traffstat_thinning_options *options,
                                                   uint32_t struct_size);

/**
 * The exact posterior of the true count N of each row, given its count y and the reporting prior.
 *
 * y | N, p is binomial(N, p), N | lambda Poisson(lambda). Computed in closed form or by exact
 * summation, never by simulation. An interval count is mixed over the counts it allows. Rows not
 * reported are inestimable; so is y = 0 under TRAFFSTAT_RATE_INVERSE (improper). The total shares
 * one p over all rows.
 *
 * Assumptions: a case is counted with probability p, independently of others given p; none is
 * counted twice or wrongly; p is the prior's, in this place and year.
 *
 * @param panel    counts; population and coverage are not used
 * @param prior    required: NULL is TRAFFSTAT_E_PRIOR
 * @param options  NULL for the defaults
 * @return TRAFFSTAT_OK (read the verdict), _E_PRIOR, _E_ARGUMENT, _E_NUMERIC, _E_CANCELLED,
 *         _E_CALLBACK, _E_NOMEM
 * @see Moreno & Giron (1998), Raftery (1988), Whittemore & Gong (1991). Cost O(N) a row up to 1e6
 *      terms, then bisection. No randomness.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_thinning(traffstat_ctx *ctx, const traffstat_panel *panel,
                                    const traffstat_prior *prior,
                                    const traffstat_thinning_options *options,
                                    traffstat_estimate **out);

/**
 * The law itself, for one exact count: P(N <= count). NaN where the posterior is improper or an
 * argument is out of range.
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (improper posterior), _E_NUMERIC
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_thinning_cdf(traffstat_ctx *ctx, int64_t observed,
                                        const traffstat_prior *prior,
                                        const traffstat_thinning_options *options, int64_t count,
                                        double *out);
/** Smallest N with P(N <= count) >= q, 0 < q < 1. Statuses as above. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_thinning_quantile(traffstat_ctx *ctx, int64_t observed,
                                             const traffstat_prior *prior,
                                             const traffstat_thinning_options *options, double q,
                                             double *out);

TRAFFSTAT_END

#endif
