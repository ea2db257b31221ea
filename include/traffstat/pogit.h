/**
 * @file pogit.h
 * Poisson-logistic regression: counts of which only a share is reported, where both the true rate and
 * the share may follow explanatory values.
 */
#ifndef TRAFFSTAT_POGIT_H
#define TRAFFSTAT_POGIT_H

#include <traffstat/covariates.h>
#include <traffstat/reporting.h>

TRAFFSTAT_BEGIN

/**
 * What is fitted; all arrays are borrowed for the call. Begin with `{0}` and struct_size.
 *
 * y[i] ~ Poisson(exposure[i] exp(x[i]'b) coverage[i] p[i]), logit p[i] = w[i]'a; of checked[i] true
 * cases, validated[i] ~ Binomial(checked[i], p[i]) were reported.
 */
typedef struct traffstat_pogit_data {
    uint32_t struct_size;           /**< sizeof as the caller compiled it */
    uint32_t reserved;              /**< 0 */
    size_t rows;                    /**< > 0 */
    size_t rate_columns;            /**< of x, > 0; an intercept is a column of ones */
    size_t reporting_columns;       /**< of w, > 0 */
    size_t priors;                  /**< classes whose reporting rate has a prior; 0: none */
    const int64_t *counts;          /**< `rows` reported cases, >= 0 */
    const double *exposure;         /**< `rows` values > 0; NULL: 1 */
    const double *rate_design;      /**< rows x rate_columns by row, finite */
    const double *reporting_design; /**< rows x reporting_columns by row, finite */
    const int64_t *validated;       /**< `rows` values in [0, checked]; NULL: no validation */
    const int64_t *checked;     /**< `rows` true cases looked up; NULL exactly if validated is */
    const double *prior_design; /**< priors x reporting_columns: w of each class, finite */
    const double *prior_a;      /**< p of the class ~ Beta(a, b); both > 0 */
    const double *prior_b;
    const int64_t *uppers;  /**< counts are [counts, uppers]; TRAFFSTAT_NO_UPPER: no upper
                                         end; NULL: exact */
    const double *coverage; /**< shares (0, 1] of what is at risk that could be counted: the
                                         count has coverage p in place of p; NULL: 1 */
    /** laws of single coefficients, rate columns first: a mean, a scale > 0 (0 or infinite: none) and
     *  degrees of freedom of Student's t (0 or infinite: normal); NULL: means of 0, none, normal */
    const double *effect_mean;
    const double *effect_scale;
    const double *effect_freedom;
    const int32_t *effect_steadies; /**< 1: the law only steadies the fit: it does not count as
                                         information where a direction is looked for that nothing
                                         tells of; NULL: all count */
    size_t steadying_priors;        /**< the last so many of `priors` only steady it, too */
} traffstat_pogit_data;

/** A fitted Poisson-logistic regression. Immutable. */
typedef struct traffstat_pogit traffstat_pogit;

/** One number with its standard error and a Wald interval; NaN: does not exist. */
typedef struct traffstat_pogit_number {
    double estimate;
    double error;
    double lower;
    double upper;
} traffstat_pogit_number;

/** What the fit says as a whole. NaN where there are no numbers. */
typedef struct traffstat_pogit_summary {
    int32_t estimable; /**< 0: traffstat_pogit_reason() says why there are no numbers */
    int32_t borrowed;  /**< 1: a direction rests on validation or prior alone; see _reason */
    int32_t iterations;
    int32_t reserved;      /**< 0 */
    double loglik;         /**< counts and validation, without the prior */
    double log_prior;      /**< of the logits of the classes; 0 without */
    double deviance;       /**< of counts and validation */
    double aic;            /**< -2 loglik + 2 coefficients; NaN with a prior */
    double weakest_counts; /**< smallest eigenvalue of the information of the counts alone, in
                                  columns of mean 0 and spread 1, scaled to a unit diagonal */
    double weakest;        /**< the same with validation and prior */
} traffstat_pogit_summary;

/**
 * Fits by maximum likelihood, or to the mode where there is a prior: a Beta law for the reporting rate
 * of a class, which enters as its density over the logit, a ln p + b ln(1 - p), exactly.
 *
 * The counts alone carry only the product of rate and share. Where the smallest eigenvalue of their
 * scaled Fisher information is below 1e-6, the direction is borrowed from validation or prior; where
 * it is below 1e-6 with them too, or where the reporting columns lie in the span of the rate columns
 * and nothing but counts was given (b + c and -a then fit as well as b and a), there are no numbers:
 * a result, not a failure, as are counts that are all zero and coefficients that run away.
 *
 * @return TRAFFSTAT_OK, _E_ARGUMENT (what is out of range, v > m, a column made up of others),
 *         _E_LIMIT, _E_NOMEM
 * @see Winkelmann & Zimmermann (1993), Applied Stochastic Models 9; Papadopoulos & Santos Silva
 *      (2012), Economics Letters 117. Assumes that no count holds false positives, and that the
 *      cases checked are a fair sample of their class. Cost O(rows columns^2) a step, some ten
 *      steps. No RNG.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_pogit_fit(traffstat_ctx *ctx, const traffstat_pogit_data *data, traffstat_pogit **out);
TRAFFSTAT_API void traffstat_pogit_free(traffstat_pogit *pogit);

/** @return TRAFFSTAT_OK, _E_ARGUMENT (NULL) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_pogit_get(const traffstat_pogit *pogit, traffstat_pogit_summary *out);
/** Why there are no numbers, or which combination of coefficients is borrowed, such as
 * "rate 0 - 0.31 reporting 0"; "" otherwise. Columns count from 0, brought to mean 0 (beside an
 * intercept in front) and spread 1. Borrowed. */
TRAFFSTAT_API const char *traffstat_pogit_reason(const traffstat_pogit *pogit);
/**
 * A coefficient, rate columns first, then reporting columns; Wald, from the observed information.
 * @param level  of the interval, in (0, 1)
 * @return TRAFFSTAT_OK, _E_ARGUMENT (out of range), _E_NODATA (no numbers), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_pogit_coefficient(traffstat_ctx *ctx, const traffstat_pogit *pogit, size_t index,
                            double level, traffstat_pogit_number *out);
/** The reporting rate of a row: Wald on the logit, error by the delta method. As _coefficient. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_pogit_share(traffstat_ctx *ctx, const traffstat_pogit *pogit, size_t row, double level,
                      traffstat_pogit_number *out);
/**
 * Unreported cases of all rows together. Given the coefficients they are Poisson with the sum of
 * exposure exp(x'b) (1 - p) as mean; the error holds that noise and the coefficients' (delta method),
 * the interval is log-normal. The true total is this plus the reported cases. As _coefficient.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_pogit_unreported(
    traffstat_ctx *ctx, const traffstat_pogit *pogit, double level, traffstat_pogit_number *out);
/**
 * Interval of a coefficient by profile likelihood (with the prior where there is one).
 * @param out  NaN: the likelihood never falls far enough on that side
 * @return as _coefficient. Cost of some 30 fits.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_pogit_profile(traffstat_ctx *ctx, const traffstat_pogit *pogit, size_t index,
                        double level, traffstat_interval *out);
/** The same of the reporting rate of a row. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_pogit_share_profile(traffstat_ctx *ctx, const traffstat_pogit *pogit, size_t row,
                              double level, traffstat_interval *out);

/* ---- the posterior ---------------------------------------------------------------------------- */

/** Settings of traffstat_pogit_sample(); fill with traffstat_pogit_sampling_init(). */
typedef struct traffstat_pogit_sampling {
    uint32_t struct_size; /**< sizeof as the caller compiled it */
    int32_t draws;      /**< kept of each of four chains at first, 100 to 20000; default 1000. They
                               are doubled, at most four times, until every coefficient has R-hat of
                               at most 1.01 and effective sizes of at least 400 */
    double size_wanted; /**< another effective size, 100 to 10000; default 400 */
} traffstat_pogit_sampling;

TRAFFSTAT_API void traffstat_pogit_sampling_init(traffstat_pogit_sampling *sampling,
                                                 uint32_t struct_size);

/** Draws of the coefficients. Immutable. */
typedef struct traffstat_pogit_posterior traffstat_pogit_posterior;

/** How the chains went. NaN where there are none. */
typedef struct traffstat_pogit_mixing {
    int32_t estimable; /**< 0: traffstat_pogit_posterior_reason() says why there are no draws */
    int32_t chains;
    int32_t draws;       /**< of each chain */
    int32_t verdict;     /**< a traffstat_verdict, by the limits of the library; the reason tells */
    int64_t divergences; /**< after a retry at smaller steps */
    double accept;       /**< what the steps aimed at: 0.9, or 0.99 */
    double rhat;         /**< the largest of the coefficients' */
    double ess_bulk;     /**< the least */
    double ess_tail;
    double ebfmi;
} traffstat_pogit_mixing;

/** The posterior of one coefficient. */
typedef struct traffstat_pogit_marginal {
    double mean;
    double sd;
    double median;
    double lower; /**< equal-tailed at the level that was asked for */
    double upper;
    double rhat;
    double ess_bulk;
    double ess_tail;
    double mcse_mean; /**< Monte-Carlo errors */
    double mcse_median;
    double mcse_lower;
    double mcse_upper;
} traffstat_pogit_marginal;

/**
 * Draws from the posterior by the no-U-turn sampler: the likelihood of traffstat_pogit_fit() times its
 * laws of classes (a Beta law as a density of the logit) and of single coefficients; flat in
 * coefficients without one. The ridge that rate and share leave is taken out of the coordinates.
 *
 * What traffstat_pogit_fit() refuses is refused here, with the same reason: the draws of a direction
 * that nothing tells of would be the laws of the coefficients alone.
 *
 * @param sampling  NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_LIMIT, _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see Dvorzak & Wagner (2016), Statistical Modelling 16; Hoffman & Gelman (2014); Vehtari et al.
 *      (2021). Cost O(rows columns) a gradient, some 5 gradients a draw. The context's seed decides the
 *      draws, whatever the number of threads.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status
traffstat_pogit_sample(traffstat_ctx *ctx, const traffstat_pogit_data *data,
                       const traffstat_pogit_sampling *sampling, traffstat_pogit_posterior **out);
TRAFFSTAT_API void traffstat_pogit_posterior_free(traffstat_pogit_posterior *posterior);
/** @return TRAFFSTAT_OK, _E_ARGUMENT (NULL) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_pogit_posterior_get(
    const traffstat_pogit_posterior *posterior, traffstat_pogit_mixing *out);
/** Why there are no draws, or why they are to be taken with caution; "" otherwise. Borrowed. */
TRAFFSTAT_API const char *
traffstat_pogit_posterior_reason(const traffstat_pogit_posterior *posterior);
/**
 * @param index  of a coefficient, rate columns first, in the caller's columns
 * @param level  of the interval, in (0, 1)
 * @return TRAFFSTAT_OK, _E_ARGUMENT (out of range), _E_NODATA (no draws), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_pogit_posterior_coefficient(
    traffstat_ctx *ctx, const traffstat_pogit_posterior *posterior, size_t index, double level,
    traffstat_pogit_marginal *out);
/** All draws of a coefficient, chain after chain; NULL where there are none. Borrowed. */
TRAFFSTAT_API const double *
traffstat_pogit_posterior_draws(const traffstat_pogit_posterior *posterior, size_t index);

/* ---- which columns matter --------------------------------------------------------------------- */

/** Settings of traffstat_pogit_select(); fill with traffstat_pogit_selecting_init(). */
typedef struct traffstat_pogit_selecting {
    uint32_t struct_size; /**< sizeof as the caller compiled it */
    int32_t draws;        /**< of each model, 200 to 100000; default 2000 */
    const int32_t *fixed; /**< one for each coefficient: 1: it is in every model; NULL: the first of
                               either part, its level, alone */
} traffstat_pogit_selecting;

TRAFFSTAT_API void traffstat_pogit_selecting_init(traffstat_pogit_selecting *selecting,
                                                  uint32_t struct_size);

/** All models that leave some columns out, with their probabilities. Immutable. */
typedef struct traffstat_pogit_selected traffstat_pogit_selected;

/**
 * Spike and slab: a column that is not fixed is in a model, with the law that `data` has for its
 * coefficient, or out, its coefficient 0. Of either part every number of columns is as likely as any
 * other before the data (weights uniform on (0, 1)). Every model is fitted and its marginal likelihood
 * found by importance sampling about its top, in the coordinates of the sampler; no chain has to find
 * its way between models. Coefficients are averaged over all models.
 *
 * @param data       each coefficient that is not fixed needs a law
 * @param selecting  NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT (a column without a law, or more than 12 that are not fixed: 4096
 *         models), _E_NODATA (a model that traffstat_pogit_fit() refuses: validation or a prior must tell
 *         of p in each), _E_LIMIT, _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see Dvorzak & Wagner (2016); George & McCulloch (1997). Cost of one fit and `draws` densities a model.
 *      The context's seed decides the draws.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_pogit_select(
    traffstat_ctx *ctx, const traffstat_pogit_data *data,
    const traffstat_pogit_selecting *selecting, traffstat_pogit_selected **out);
TRAFFSTAT_API void traffstat_pogit_selected_free(traffstat_pogit_selected *selected);
/** Probability that the coefficient is not 0; 1 of a fixed one; NaN out of range. */
TRAFFSTAT_API double traffstat_pogit_selected_inclusion(const traffstat_pogit_selected *selected,
                                                        size_t index);
/** How many models there are. */
TRAFFSTAT_API size_t traffstat_pogit_selected_models(const traffstat_pogit_selected *selected);
/** Probability of a model; bit i of its number tells whether the i-th column that is not fixed is in
 *  it. NaN out of range. */
TRAFFSTAT_API double traffstat_pogit_selected_probability(const traffstat_pogit_selected *selected,
                                                          size_t model);
/**
 * A coefficient over all models, 0 where it is out. ess_bulk is the effective number of the weighted
 * draws of the coefficient where it is in; rhat, ess_tail and the errors of quantiles are NaN.
 * @return TRAFFSTAT_OK, _E_ARGUMENT (out of range)
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_pogit_selected_coefficient(
    traffstat_ctx *ctx, const traffstat_pogit_selected *selected, size_t index, double level,
    traffstat_pogit_marginal *out);

/* ---- a panel ---------------------------------------------------------------------------------- */

/** How a panel is fitted. */
typedef int32_t traffstat_pogit_engine;
enum {
    TRAFFSTAT_POGIT_NUTS = 0, /**< the posterior, by the no-U-turn sampler */
    TRAFFSTAT_POGIT_ML = 1    /**< maximum likelihood; with a prior, the mode */
};

/** Settings of traffstat_pogit_panel(); fill with traffstat_pogit_options_init(). */
typedef struct traffstat_pogit_options {
    uint32_t struct_size; /**< sizeof as the caller compiled it */
    int32_t engine;       /**< a traffstat_pogit_engine; default NUTS */
    double level;         /**< of lower and upper, 0.01 to 0.9999; default 0.95 */
    int32_t draws;        /**< kept of each chain at first, 100 to 20000; default 1000 */
    uint32_t reserved;    /**< 0 */
    double level_sd;  /**< sd of the normal law of the log rate of the reference class, 0.1 to 100;
                               default 2; its center is where the counts and the middle reporting rate
                               put it */
    double rate_sd;   /**< sd of the normal law, mean 0, of what one sd of a column of numbers, or a
                               word, does to the log rate, 0.01 to 100; default 1 */
    double report_sd; /**< the same of logit p; default 1 */
} traffstat_pogit_options;

TRAFFSTAT_API void traffstat_pogit_options_init(traffstat_pogit_options *options,
                                                uint32_t struct_size);

/**
 * Unreported cases of a panel by Poisson-logistic regression: the true rate follows some columns, the
 * reporting rate p the same or others, and validation counts or a prior say how large p is.
 *
 * log rate = level + rate columns; logit p = level + reporting columns. A count is Poisson(exposure
 * rate coverage p); v of m true cases looked up are Binomial(m, p); unreported cases are Poisson(
 * exposure rate (1 - coverage p)) given the rest, drawn beside the sampler. Exposure is the population
 * per 100,000, or 1 where none is known. The reference class, to which the levels and the prior of p
 * belong, has the baseline of every column of words, 0 of every column of 0 and 1, and the mean of every
 * other column of numbers.
 *
 * A row of its own for every series and year; nothing but the columns makes them alike. Interval counts
 * enter as intervals. A row without a count, or without a record in the covariates, gets no number.
 *
 * Refused, and the direction named (verdict inestimable): a combination of coefficients that neither
 * counts nor validation nor the prior tell of (see traffstat_pogit_fit()). The normal laws of the
 * coefficients steady the fit and are no information here. Nothing counted anywhere; chains that do not
 * mix (R-hat above 1.05, effective size below 100, more than 1 % divergences at the smaller steps,
 * E-BFMI below 0.2).
 *
 * The kind is an estimate where validation carries the level: it identifies p without the prior, and
 * says more of it than the prior does. Else it is a scenario, or what the evidence makes it.
 *
 * Details: `reporting` (prior, posterior, contraction and shift of p in the reference class, source,
 * kind), `coefficients` (part, name, one unit of the column as it was read, with R-hat and effective
 * sizes, or profile intervals), `reference`, `share` (of all cases, counted), `sampling`, and of the
 * sampler `checks` (zeros, maximum, dispersion) and `loo`.
 *
 * @param panel       counts of one measure and source
 * @param rate        columns of the rate, for the rows of the panel; NULL: none
 * @param report      columns of the reporting; NULL: none
 * @param validation  two columns of counts: v reported of m true cases looked up; NULL: none
 * @param prior       of p in the reference class; NULL only beside validation (else E_PRIOR), and not a
 *                    known share
 * @param options     NULL for the defaults
 * @return TRAFFSTAT_OK (read the verdict), _E_PRIOR, _E_ARGUMENT (columns of another panel, v above m,
 *         columns that others make up, a known share), _E_CONFLICT (several measures; populations of some
 *         rows alone), _E_NODATA (no row can be used), _E_NUMERIC, _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see Winkelmann & Zimmermann (1993); Dvorzak & Wagner (2016). Assumes that no count holds false
 *      positives, and that the cases looked up are a fair sample of their row's. Cost: 16 rows and 10
 *      coefficients a quarter of a second. The context's seed decides the draws, whatever the number of
 *      threads.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_pogit_panel(
    traffstat_ctx *ctx, const traffstat_panel *panel, const traffstat_covariates *rate,
    const traffstat_covariates *report, const traffstat_covariates *validation,
    const traffstat_prior *prior, const traffstat_pogit_options *options, traffstat_estimate **out);

TRAFFSTAT_END

#endif
