/**
 * @file regression.h
 * Log-linear regression of counts with exposure: Poisson, quasi-Poisson, negative binomial. Counts may
 * be intervals ("<5" is 0 to 4), which enter the likelihood as such.
 */
#ifndef TRAFFSTAT_REGRESSION_H
#define TRAFFSTAT_REGRESSION_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** How counts scatter about their means. */
typedef int32_t traffstat_family;
enum {
    TRAFFSTAT_FAMILY_POISSON = 0,
    TRAFFSTAT_FAMILY_QUASIPOISSON = 1, /**< errors times the root of X2/df, and Student's t */
    TRAFFSTAT_FAMILY_NEGBIN = 2        /**< variance m + m^2/theta, theta by maximum likelihood */
};

/** What the likelihood of the mean is multiplied by. */
typedef int32_t traffstat_penalty;
enum {
    TRAFFSTAT_PENALTY_NONE = 0,
    /** Jeffreys' prior: takes off the bias of order 1/n, and keeps every coefficient finite */
    TRAFFSTAT_PENALTY_FIRTH = 1
};

/** "poisson", "quasipoisson", "negbin"; "unknown". Static texts. */
TRAFFSTAT_API const char *traffstat_family_name(traffstat_family family);

/** Settings of a regression; fill with traffstat_regression_options_init(). */
typedef struct traffstat_regression_options {
    uint32_t struct_size; /**< sizeof as the caller compiled it */
    int32_t family;       /**< a traffstat_family; default Poisson */
    int32_t robust;       /**< kind of sandwich errors, HC0 to HC3, as 0 to 3; default 3 */
    uint32_t reserved;    /**< 0 */
    double level;         /**< of intervals, in (0, 1); default 0.95 */
    int32_t penalty;      /**< a traffstat_penalty, with Poisson and exact counts; default none */
    uint32_t reserved2;   /**< 0 */
} traffstat_regression_options;

TRAFFSTAT_API void traffstat_regression_options_init(traffstat_regression_options *options,
                                                     uint32_t struct_size);

/** A fitted regression. Immutable. */
typedef struct traffstat_regression traffstat_regression;

/** One coefficient, on the log scale; NaN: does not exist. */
typedef struct traffstat_coefficient {
    double estimate;
    double error;          /**< standard error of the family */
    double statistic;      /**< estimate over error: z, or t for quasi-Poisson */
    double p;              /**< two-sided */
    double lower;          /**< estimate -+ quantile times error */
    double upper;
    double robust_error;   /**< sandwich: right on the average whatever the variance is */
    double robust_lower;
    double robust_upper;
} traffstat_coefficient;

/** What the fit says as a whole; NaN: does not exist (such as deviances of interval counts). */
typedef struct traffstat_regression_summary {
    int32_t estimable;     /**< 0: traffstat_regression_reason() says why there are no numbers */
    int32_t iterations;
    double loglik;         /**< NaN for quasi-Poisson; with a penalty: without it, at the estimate */
    double aic;            /**< this and the next NaN for quasi-Poisson and with a penalty */
    double bic;
    double deviance;
    double null_deviance;  /**< of the intercept and the exposure alone; theta stays */
    double pearson;        /**< X2 */
    double pearson_p;      /**< of X2 as chi-squared: small where counts scatter more */
    double df;             /**< rows - columns */
    double dispersion;     /**< X2/df */
    double theta;          /**< negative binomial; infinite: Poisson fits as well */
    double theta_error;    /**< from the observed information, as glm.nb gives it */
    double log_theta_error; /**< of ln theta, from the joint information with the coefficients */
    double dean_b;         /**< Dean's tests of scatter beyond Poisson: normal, one-sided */
    double dean_c;         /**< the same with leverages taken off */
    double excess;         /**< Cameron & Trivedi's alpha, variance m + alpha m^2, and its t */
    double excess_t;
} traffstat_regression_summary;

/**
 * Fits ln(mean) = ln(exposure) + design * coefficients by maximum likelihood.
 *
 * Sound counts without a finite answer are a result, not a failure: all counts zero (or all possibly
 * zero), cases only where a coefficient can run away (all in the first year, say), fewer rows than
 * columns. A negative binomial whose size runs away (Dean's score is not positive, or the likelihood
 * is flat) is fitted as Poisson, with theta infinite. glm.nb fails or stops short on all of these.
 *
 * With Firth's penalty such coefficients have finite estimates; traffstat_regression_reason() says
 * that they would have none without. Each count then counts for half its leverage more: a single mean
 * is (cases + 1/2) over exposure. Estimates and errors shrink towards even leverage, not towards zero
 * effect; read intervals off traffstat_regression_profile(), which are far from even where cases lie
 * on one side alone. All counts zero say little more than that the rate is low: the estimate is then
 * the penalty's.
 *
 * @param lower,upper  `rows` counts; upper NULL: all exact; upper[i] TRAFFSTAT_NO_UPPER: no upper end
 * @param exposure     `rows` values > 0, NULL: 1
 * @param design       `rows` x `columns` by row, finite; an intercept is a column of ones, and first
 * @param options      NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT (what is out of range, columns that others make up, quasi-Poisson
 *         with interval counts, a penalty with another family or with interval counts), _E_NUMERIC
 *         (no convergence), _E_NOMEM
 * @see McCullagh & Nelder (1989), Generalized Linear Models; Lawless (1987), Canadian Journal of
 *      Statistics 15:209-225; Dean (1992), JASA 87:451-457; Cameron & Trivedi (1990), Journal of
 *      Econometrics 46:347-364; Long & Ervin (2000), American Statistician 54:217-224 (HC3); Firth
 *      (1993), Biometrika 80:27-38; Heinze & Schemper (2002), Statistics in Medicine 21:2409-2419. Cost
 *      O(rows columns^2) a step, some ten steps; an interval costs as many steps as it has likely
 *      values.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_regression_fit(traffstat_ctx *ctx, const int64_t *lower,
                                          const int64_t *upper, const double *exposure,
                                          const double *design, size_t rows, size_t columns,
                                          const traffstat_regression_options *options,
                                          traffstat_regression **out);
TRAFFSTAT_API void traffstat_regression_free(traffstat_regression *regression);

/** @return TRAFFSTAT_OK, _E_ARGUMENT (out of range) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_regression_coefficient(const traffstat_regression *regression,
                                                  size_t column, traffstat_coefficient *out);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_regression_get(const traffstat_regression *regression,
                                          traffstat_regression_summary *out);
/** Covariance of two coefficients under the family; NaN out of range. */
TRAFFSTAT_API double traffstat_regression_covariance(const traffstat_regression *regression,
                                                     size_t i, size_t j);
/** Fitted count of a row, and its Pearson residual (NaN for an interval); NaN out of range. */
TRAFFSTAT_API double traffstat_regression_fitted(const traffstat_regression *regression, size_t row);
TRAFFSTAT_API double traffstat_regression_residual(const traffstat_regression *regression,
                                                   size_t row);
/** Why there are no numbers, or what is peculiar about them; "" otherwise. Static text. */
TRAFFSTAT_API const char *traffstat_regression_reason(const traffstat_regression *regression);

/**
 * Interval of one coefficient by profile likelihood: better than estimate and error at small counts,
 * and one-sided where a coefficient runs away. Quasi-Poisson divides the likelihood ratio by the
 * dispersion. With Firth's penalty the penalised likelihood is profiled, and both ends exist.
 *
 * @param out  NaN: that end does not exist
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (all counts zero, fewer rows than columns),
 *         _E_NUMERIC, _E_NOMEM. Cost of some 30 fits.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_regression_profile(traffstat_ctx *ctx,
                                              const traffstat_regression *regression,
                                              size_t column, double level,
                                              traffstat_interval *out);

TRAFFSTAT_END

#endif
