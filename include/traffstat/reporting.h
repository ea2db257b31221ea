/**
 * @file reporting.h
 * From reported counts to unreported cases: how many there would be in all if a stated share came
 * to notice.
 *
 * Counts alone cannot tell a rare crime from a hidden one: the likelihood holds the rate and the
 * reporting probability only as a product. So every function here wants a reporting prior, and
 * there is no default. What a prior was borrowed from travels with the result.
 */
#ifndef TRAFFSTAT_REPORTING_H
#define TRAFFSTAT_REPORTING_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** A law of the probability that a case is counted, with its source, kind and size: Beta, normal on
 *  the logit scale, or known. Immutable. */
typedef struct traffstat_prior traffstat_prior;

/** What a prior rests on. */
typedef int32_t traffstat_prior_kind;
enum {
    TRAFFSTAT_PRIOR_SCENARIO = 0, /**< supposed, to see what would follow */
    TRAFFSTAT_PRIOR_SURVEY = 1,   /**< people were asked whether their case came to notice */
    TRAFFSTAT_PRIOR_AUDIT = 2,    /**< records were gone through again */
    TRAFFSTAT_PRIOR_OVERLAP = 3,  /**< overlapping lists (multiple systems estimation) */
    TRAFFSTAT_PRIOR_EXPERT = 4    /**< asked of someone who knows the field */
};

/** How far combined pieces of evidence agree, on the logit scale. */
typedef struct traffstat_prior_agreement {
    int64_t count;   /**< pieces */
    double center;   /**< of the combination, as a share */
    double error;    /**< sd of the common center, logit */
    double between;  /**< sd between the pieces (tau), logit; 0 where they agree */
    double q;        /**< Cochran's Q, on count - 1 degrees of freedom */
    double p;        /**< its tail: small where the pieces disagree by more than their errors */
} traffstat_prior_agreement;

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
 * level (95 % where none is stated), and `size` must be 0. Without one the rate has no size: `size`
 * > 0 gives Beta(rate * size, (1 - rate) * size), a scenario in every case; size 0 is refused.
 * The entry is copied.
 * @return TRAFFSTAT_OK, _E_NOTFOUND (message names the nearest id), _E_PRIOR (no interval and no
 *         size), _E_ARGUMENT (also a size beside an interval), _E_NUMERIC, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_evidence(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                          const char *id, double size, traffstat_prior **out);

/**
 * A survey in which `reported` of `asked` said that their case came to notice: Beta(reported + 1/2,
 * asked - reported + 1/2). Kind: survey.
 * @param reported,asked  0 <= reported <= asked, 1 <= asked <= 1e8
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_survey(traffstat_ctx *ctx, int64_t reported, int64_t asked,
                                        const char *source, traffstat_prior **out);

/**
 * The Beta law of which two quantiles are stated: `share1` at probability `q1`, `share2` at `q2`,
 * both met at 1e-9.
 * @param share1,share2  0 < share1 < share2 < 1
 * @param q1,q2          0.001 <= q1 < q2 <= 0.999
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC (no Beta law meets them), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_quantiles(traffstat_ctx *ctx, double share1, double q1,
                                           double share2, double q2, const char *source,
                                           traffstat_prior **out);

/**
 * A law whose logit is normal: its middle as a share, its sd on the logit scale.
 * @param median  in (0, 1), at least 1e-9 from either end
 * @param sd      1e-6 to 10
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_logit_normal(traffstat_ctx *ctx, double median, double sd,
                                              const char *source, traffstat_prior **out);

/** A share that is supposed to be known, at least 1e-9 from 0 and 1: nothing is left open in a
 *  result but chance.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_known(traffstat_ctx *ctx, double share, const char *source,
                                       traffstat_prior **out);

/**
 * The same evidence at `factor` of its weight, because it was gathered elsewhere: a survey x of m
 * becomes Beta(1/2 + factor x, 1/2 + factor (m - x)), any Beta(a, b) of a, b >= 1/2 likewise; the
 * variance of a logit-normal law is divided by the factor.
 * @param factor  1e-6 to 1
 * @return TRAFFSTAT_OK, _E_ARGUMENT (also a known share, a law below Beta(1/2, 1/2), or one that is
 *         shifted already), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_discounted(traffstat_ctx *ctx, const traffstat_prior *prior,
                                            double factor, traffstat_prior **out);

/**
 * The same evidence moved from elsewhere, where its center may differ: a normal shift of mean 0 on
 * the logit is added. Nothing does this by itself: a result uses the rate as it was published, and its
 * detail `sensitivity`, where asked for, shows what a shift of sd 0.5 would make of it.
 * @param sd  1e-6 to 5; 0.5 unless there is reason for another (it takes 20 % to 9-40 %)
 * @return TRAFFSTAT_OK, _E_ARGUMENT (also a known share), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_shifted(traffstat_ctx *ctx, const traffstat_prior *prior,
                                         double sd, traffstat_prior **out);

/**
 * Several pieces of evidence as one law for a place like theirs: normal on the logit, about the
 * weighted mean of the pieces, with the error of that mean and the spread between the pieces (by
 * Paule and Mandel) added. Pieces that disagree give a wider law than any of them.
 * @param priors  `count` of them, 2 to 100, none known exactly; not kept
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NUMERIC, _E_NOMEM
 * @see Paule & Mandel (1982), Journal of Research of the NBS 87:377-385; Higgins, Thompson &
 *      Spiegelhalter (2009), JRSS A 172:137-159.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_combined(traffstat_ctx *ctx, const traffstat_prior *const *priors,
                                          size_t count, traffstat_prior **out);

/** The same law under another kind and source: "expert", and who.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT (no such kind), _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_labelled(traffstat_ctx *ctx, const traffstat_prior *prior,
                                          traffstat_prior_kind kind, const char *source,
                                          traffstat_prior **out);

/** Reads, as the command line's --reporting: "beta(8,12)"; "0.2..0.6" (also "20%..60%", "20..60%");
 *  "survey(37,100)"; "logitnormal(0.35,0.3)"; "quantiles(0.2@0.1,0.5@0.9)"; "known(0.4)".
 *  @return as the functions above; _E_ARGUMENT names the text */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_parse(traffstat_ctx *ctx, const char *text, const char *source,
                                       traffstat_prior **out);

TRAFFSTAT_API void traffstat_prior_free(traffstat_prior *prior);
/** Of a Beta law; NaN of any other. */
TRAFFSTAT_API double traffstat_prior_a(const traffstat_prior *prior);
TRAFFSTAT_API double traffstat_prior_b(const traffstat_prior *prior);
/** Quantile of the share at probability q in (0, 1); NaN out of range. */
TRAFFSTAT_API double traffstat_prior_quantile(const traffstat_prior *prior, double q);
/** P(p <= share). */
TRAFFSTAT_API double traffstat_prior_cdf(const traffstat_prior *prior, double share);
TRAFFSTAT_API double traffstat_prior_mean(const traffstat_prior *prior);
TRAFFSTAT_API double traffstat_prior_sd(const traffstat_prior *prior);
/** How many known cases it is worth: a + b, or of the Beta law with its mean and sd; infinite where
 *  it is known. */
TRAFFSTAT_API double traffstat_prior_size(const traffstat_prior *prior);
TRAFFSTAT_API traffstat_prior_kind traffstat_prior_kind_of(const traffstat_prior *prior);
/** "scenario", "survey", "audit", "overlap study", "expert"; "unknown". Static texts. */
TRAFFSTAT_API const char *traffstat_prior_kind_name(traffstat_prior_kind kind);
/** Who says so; borrowed, "" where nobody was named. */
TRAFFSTAT_API const char *traffstat_prior_source(const traffstat_prior *prior);
/** @return TRAFFSTAT_OK, _E_NODATA (not a combination), _E_ARGUMENT */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_prior_agreement_get(const traffstat_prior *prior,
                                               traffstat_prior_agreement *out);

/** Law of the expected true count lambda of one row at exposure 1. */
typedef int32_t traffstat_rate_prior;
enum {
    TRAFFSTAT_RATE_INVERSE = 0,  /**< 1/lambda: leaves the reporting prior alone; y = 0 refused */
    TRAFFSTAT_RATE_JEFFREYS = 1, /**< lambda^-1/2: a single count only, no total */
    TRAFFSTAT_RATE_GAMMA = 2     /**< Gamma(shape, rate): proper, moves p */
};

/** Settings of traffstat_thinning(); fill with traffstat_thinning_options_init(). */
typedef struct traffstat_thinning_options {
    uint32_t struct_size;
    int32_t rate_prior;   /**< a traffstat_rate_prior; default TRAFFSTAT_RATE_INVERSE */
    double level;         /**< of lower and upper, 0.01 to 0.9999; default 0.95 */
    double gamma_shape;   /**< 1e-9 to 1e9, only for TRAFFSTAT_RATE_GAMMA; no default (0) */
    double gamma_rate;    /**< 1e-100 to 1e100; no default. The mean of lambda is shape / rate */
    int32_t total;        /**< 1 (default): also the total over rows, from the joint law; 0: not */
    uint32_t reserved;    /**< 0 */
    double exposure_unit; /**< 0 (default): every row has exposure 1; above 0, only for
                               TRAFFSTAT_RATE_GAMMA: exposure is the population over so many
                               residents, such as 100000; at most 1e12 */
    int32_t independent;  /**< 1: each row has a rate p of its own, all with the same prior; 0
                               (default): all rows share one */
    int32_t draws;        /**< of a total that has no closed law, 1000 to 1000000; default 20000 */
    int32_t sensitivity;  /**< 1: also the detail `sensitivity` of the last row with a number;
                               default 0 */
    uint32_t reserved2;   /**< 0 */
} traffstat_thinning_options;

TRAFFSTAT_API void traffstat_thinning_options_init(traffstat_thinning_options *options,
                                                   uint32_t struct_size);

/** Numeric settings of traffstat_thinning(). */
typedef int32_t traffstat_thinning_option;
enum {
    TRAFFSTAT_THINNING_LEVEL = 0,
    TRAFFSTAT_THINNING_GAMMA_SHAPE = 1,
    TRAFFSTAT_THINNING_GAMMA_RATE = 2,
    TRAFFSTAT_THINNING_EXPOSURE_UNIT = 3,
    TRAFFSTAT_THINNING_DRAWS = 4
};

/** Least, default (0: none) and greatest value of a setting, both ends allowed; none has a unit.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT (no such option, a NULL; nothing is written then) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_thinning_options_bounds(traffstat_thinning_option option, double *least,
                                                   double *standard, double *greatest);

/**
 * The exact posterior of the true count N of each row, given its count y and the reporting prior.
 *
 * y | N, p is binomial(N, p), N | lambda Poisson(lambda). Computed in closed form, by exact
 * summation or by quadrature over p; a total of rows that have rates, coverages or exposures of
 * their own is the one number that is drawn, with its Monte Carlo error in the detail `draws`. An interval count is mixed over the counts it allows (up to
 * 1024). Inestimable, each with its reason: a row not reported; y = 0, or an interval from 0, under
 * TRAFFSTAT_RATE_INVERSE, and a <= 1/2 under TRAFFSTAT_RATE_JEFFREYS (improper); a count without an
 * upper end. Each row is estimated from its own count.
 *
 * The total shares one p over all rows that have a number (fewer than all: caution). There is none
 * for one row, and none under TRAFFSTAT_RATE_JEFFREYS, where measures or categories differ, or where
 * several sources count one place in one year; an assumption says why. `level` and, above it, 0.5
 * are the levels of the intervals.
 *
 * A quantile is the smallest N whose cdf reaches it; a cdf that falls short by rounding only (2e-14
 * of the smaller side) reaches it, so that ties come out as in exact arithmetic. The
 * highest-density interval is the shortest run of consecutive N that holds the level; of several
 * the one that holds most. Ends past the largest double are NaN, with a reason.
 *
 * Diagnostics: if_rate_halved_lower, _median, _upper and if_rate_doubled_lower, _median, _upper:
 * the last row with a number once more, with the mean of the prior halved and doubled at the same
 * a + b (absent where that passes 0.95 or has no answer).
 *
 * Details. `reporting`: kind, size and sd of the prior, transport and shift_sd, its central 90 %
 * `range`, the counts of the last row with a number over the ends of that range (`implied`, before
 * anything is fitted), sd_after and `shift` of p (mean after less mean before: 0 under
 * TRAFFSTAT_RATE_INVERSE), moved_by ("nothing" or "rate prior": counts never move p), `agreement` of
 * combined evidence, and the same as a sentence, `says`. `draws` of a drawn total: count and the
 * Monte Carlo errors of its middle and ends. `sensitivity`, where asked for: the last row with a
 * number once more under each change of one assumption (`tornado`) and under Beta laws of other
 * means and sizes (`surface`), each solved anew.
 *
 * Assumptions: a case is counted with probability p, independently of others given p; none is
 * counted twice or wrongly; p is the prior's, in this place and year.
 *
 * @param panel    counts; a coverage c below 1 makes the probability that a case is counted c p;
 *                 population enters by exposure_unit alone
 * @param prior    required: NULL is TRAFFSTAT_E_PRIOR
 * @param options  NULL for the defaults
 * @return TRAFFSTAT_OK (read the verdict), _E_PRIOR, _E_ARGUMENT, _E_NUMERIC, _E_CANCELLED,
 *         _E_CALLBACK, _E_NOMEM
 * @see Moreno & Giron (1998), Raftery (1988), Whittemore & Gong (1991). Cost about 1 to 5 ms
 *      a row whatever its size (5 to 10 ms where p is integrated: coverage below 1, laws of p other
 *      than Beta; more for counts above 1e7, whose ends are then good to about 1e-5 of themselves),
 *      rows of equal count once. Drawn totals use the context's seed and
 *      are the same for every number of threads.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_thinning(traffstat_ctx *ctx, const traffstat_panel *panel,
                                    const traffstat_prior *prior,
                                    const traffstat_thinning_options *options,
                                    traffstat_estimate **out);

/**
 * The law itself, for one exact count: P(N <= count), good to about 1e-13.
 * @return TRAFFSTAT_OK, _E_PRIOR, _E_ARGUMENT, _E_NODATA (improper posterior), _E_NUMERIC, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_thinning_cdf(traffstat_ctx *ctx, int64_t observed,
                                        const traffstat_prior *prior,
                                        const traffstat_thinning_options *options, int64_t count,
                                        double *out);
/** Smallest N with P(N <= count) >= q, 0 < q < 1. Statuses as above; _E_NUMERIC past the largest
 *  double. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_thinning_quantile(traffstat_ctx *ctx, int64_t observed,
                                             const traffstat_prior *prior,
                                             const traffstat_thinning_options *options, double q,
                                             double *out);

/* ---- only limits are granted ------------------------------------------------------------------ */

/** Settings of traffstat_bounds(); fill with traffstat_bounds_options_init(). */
typedef struct traffstat_bounds_options {
    uint32_t struct_size;
    int32_t total;         /**< 1 (default): also the total over rows; 0: not */
    double lower;          /**< least reporting rate granted, 0 to upper; no default (NaN) */
    double upper;          /**< greatest, above 0, at most 1; no default (NaN) */
    double level;          /**< of the bands that hold chance, 0.01 to 0.9999; default 0.95 */
    double envelope_size;  /**< a + b of the Beta laws of the envelope, 1e-3 to 1e9; 0 (default):
                                no envelope */
    double drift;          /**< yearly change of the reporting rate in percent, above -100 and at
                                most 1000, that slopes are freed from; default 0 */
} traffstat_bounds_options;

TRAFFSTAT_API void traffstat_bounds_options_init(traffstat_bounds_options *options,
                                                 uint32_t struct_size);

/** Numeric settings of traffstat_bounds(). */
typedef int32_t traffstat_bounds_option;
enum {
    TRAFFSTAT_BOUNDS_LOWER = 0,
    TRAFFSTAT_BOUNDS_UPPER = 1,
    TRAFFSTAT_BOUNDS_LEVEL = 2,
    TRAFFSTAT_BOUNDS_ENVELOPE_SIZE = 3,
    TRAFFSTAT_BOUNDS_DRIFT = 4
};

/** As traffstat_thinning_options_bounds(); a default that does not exist is NaN. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_bounds_options_bounds(traffstat_bounds_option option, double *least,
                                                 double *standard, double *greatest);

/**
 * What follows when only limits of the reporting rate p are granted, and no law within them.
 *
 * Kind `bound`: rows have no point. `lower` and `upper` of a row, and its intervals, are the band of
 * the realised true count N: every N that some p within the limits does not reject at the level,
 * never below the count. An end that does not exist is NaN: the upper one where the limits allow a
 * rate of 0, or the count has no upper end. A coverage c below 1 multiplies the limits. A total over
 * rows holds whether they share p or each has its own. Inestimable: a count not reported, or a net
 * count below zero.
 *
 * Details of a row and of the total (all null where they do not exist):
 * - `bounds`: `moment` {lower, upper}, the count over the limits; `expected`, the expected true
 *   count, Garwood's limits over the limits; `realised`, as the row; `rate` {per, lower, upper},
 *   `expected` per 100,000 residents, and `moment_rate` likewise; `envelope` {size, lower,
 *   median_lower, median_upper, upper}, over the posteriors (rate prior 1/lambda) of all Beta laws
 *   of that size whose mean lies within the limits.
 *
 * Details of the whole:
 * - `bounds`: `share` {lower, upper}; `changes`, for each series its last two exact counts:
 *   {series, first_year, second_year, observed {ratio, lower, upper, p}, free {lower, upper},
 *   free_with_chance {lower, upper}}: the ratio of true rates when p may move anywhere within the
 *   limits, of the counts as they are and of the interval of their ratio.
 * - `breakeven`: for each series {series, of ("two years" or "slope"), first_year, second_year,
 *   ratio (of the second year over the first; of a slope, a year over the one before), lower, upper,
 *   p, distinguishable, vanishes [{from, to, possible, within_bounds}], percent_a_year (slopes),
 *   true_percent_a_year (slopes; what `drift` leaves), says}. The observed change vanishes if the
 *   reporting rate went `from` .. `to`; only where the interval of the ratio excludes 1. A slope
 *   needs three exact counts without a break; its interval is that of a Poisson regression on the
 *   year with population (and coverage) as exposure, widened by Pearson's dispersion where above 1.
 *
 * @param panel    counts; population is used where it is known, coverage too
 * @param options  required: limits have no default
 * @return TRAFFSTAT_OK (read the verdict), _E_PRIOR (no limits), _E_ARGUMENT, _E_NUMERIC,
 *         _E_CANCELLED, _E_CALLBACK, _E_NOMEM
 * @see Manski (2003), Partial Identification of Probability Distributions; Garwood (1936),
 *      Biometrika 28:437-442. Cost below 1 ms a row, 5 ms with an envelope. No randomness.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_bounds(traffstat_ctx *ctx, const traffstat_panel *panel,
                                  const traffstat_bounds_options *options,
                                  traffstat_estimate **out);

/**
 * The yearly change of true cases, in percent, when counts change by `observed` and the reporting
 * rate by `reporting` percent a year: 20 and 15 leave 4.35, not 5.
 * @param observed,reporting  above -100, finite
 * @return TRAFFSTAT_OK, _E_ARGUMENT
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_breakeven_slope(traffstat_ctx *ctx, double observed, double reporting,
                                           double *out);

TRAFFSTAT_END

#endif
