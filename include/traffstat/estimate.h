/**
 * @file estimate.h
 * The one result type, whatever the model: rows with intervals, what they assume, how far they can
 * be trusted, and the sentences that may stand under a figure.
 */
#ifndef TRAFFSTAT_ESTIMATE_H
#define TRAFFSTAT_ESTIMATE_H

#include <traffstat/detail.h>
#include <traffstat/table.h>

TRAFFSTAT_BEGIN

/** What a number is. */
typedef int32_t traffstat_kind;
enum {
    TRAFFSTAT_KIND_ESTIMATE = 0, /**< the data carry the level */
    TRAFFSTAT_KIND_SCENARIO = 1, /**< the level rests on a rate that was assumed or borrowed */
    TRAFFSTAT_KIND_BOUND = 2     /**< only one side is known; the other is NaN */
};

/** How far a result can be trusted. */
typedef int32_t traffstat_verdict;
enum {
    TRAFFSTAT_VERDICT_OK = 0,
    TRAFFSTAT_VERDICT_CAUTION = 1,
    TRAFFSTAT_VERDICT_INESTIMABLE = 2 /**< there is no number, for the reasons given */
};

/** "estimate", "scenario", "bound"; "ok", "caution", "inestimable"; "unknown". Static texts. */
TRAFFSTAT_API const char *traffstat_kind_name(traffstat_kind kind);
TRAFFSTAT_API const char *traffstat_verdict_name(traffstat_verdict verdict);

/** An immutable result. Sound input that cannot carry an answer is a result, not an error. */
typedef struct traffstat_estimate traffstat_estimate;

/** An equal-tailed interval, ends in the unit that was counted; NaN: that end does not exist. */
typedef struct traffstat_interval {
    double level;
    double lower;
    double upper;
} traffstat_interval;

/**
 * One row. A number that does not exist (infinite mean, inestimable row) is NaN. N is the true
 * count, y the observed one. `unreported` is the summary of N - y, not a difference of summaries.
 */
typedef struct traffstat_estimate_row {
    size_t series;             /**< in the panel that was estimated, or the row's own number where
                                    rows are strata; TRAFFSTAT_NONE: a total */
    int32_t year;              /**< 0: a total over years, or a stratum */
    int32_t verdict;           /**< a traffstat_verdict */
    int64_t observed_lower;    /**< y, as an interval; not reported: 0, and no upper end */
    int64_t observed_upper;    /**< TRAFFSTAT_NO_UPPER: no upper end */
    double estimate;           /**< the method's point for N */
    double mean;               /**< posterior mean of N; NaN: infinite, or the method has none */
    double lower;              /**< equal-tailed at the estimate's level */
    double upper;
    double unreported;
    double unreported_mean;
    double unreported_lower;
    double unreported_upper;
    double hdi_lower;          /**< highest-density interval of N at the level */
    double hdi_upper;
} traffstat_estimate_row;

/** Where a reporting probability came from and what it says. Texts are borrowed. */
typedef struct traffstat_reporting_basis {
    int32_t origin;            /**< 0 Beta given, 1 range given, 2 published evidence, 3 survey, 4 two
                                    quantiles, 5 logit-normal, 6 known, 7 several combined */
    uint32_t reserved;
    double a;                  /**< Beta(a, b); NaN of another law */
    double b;
    double mean;
    double lower;              /**< central 95 % range of the prior */
    double upper;
    double posterior_mean;     /**< of p, where all rows share one prior and one posterior; else NaN */
    double contraction;        /**< 1 - posterior sd / prior sd; NaN as above */
    const char *id;            /**< evidence id, or "" */
    const char *source;        /**< citation, or who assumed it */
    const char *place;         /**< of the evidence; "" where it was given */
    const char *period;        /**< "2013", "2015–2020" */
    const char *unit;
    const char *measure;
    const char *agencies;
    const char *note;
} traffstat_reporting_basis;

/** Two counts of one series compared by the exact conditional test. */
typedef struct traffstat_change {
    size_t series;
    int32_t first_year;
    int32_t second_year;
    int64_t first_count;
    int64_t second_count;
    double first_exposure;     /**< population, or 1 where none is known */
    double second_exposure;
    double level;              /**< of the interval */
    double p;                  /**< two-sided, central */
    double ratio;              /**< second rate over first; NaN when the first count is 0 */
    double lower;              /**< of the ratio, the inversion of the same test */
    double upper;              /**< NaN: no upper end */
    double fewer_p;            /**< p of `fewer`; NaN where no count is low enough */
    double more_p;
    int64_t fewer;             /**< largest later count that differs at 1 - level; -1: none */
    int64_t more;              /**< smallest later count that differs at 1 - level */
} traffstat_change;

TRAFFSTAT_API void traffstat_estimate_free(traffstat_estimate *estimate);

TRAFFSTAT_API const char *traffstat_estimate_method(const traffstat_estimate *estimate);
TRAFFSTAT_API const char *traffstat_estimate_citation(const traffstat_estimate *estimate);
TRAFFSTAT_API traffstat_kind traffstat_estimate_kind(const traffstat_estimate *estimate);
TRAFFSTAT_API traffstat_verdict traffstat_estimate_verdict(const traffstat_estimate *estimate);
TRAFFSTAT_API uint64_t traffstat_estimate_seed(const traffstat_estimate *estimate);
TRAFFSTAT_API double traffstat_estimate_level(const traffstat_estimate *estimate);

/** Reasons of the verdict, assumptions, in order; NULL when `i` is out of range. */
TRAFFSTAT_API size_t traffstat_estimate_reasons(const traffstat_estimate *estimate);
TRAFFSTAT_API const char *traffstat_estimate_reason(const traffstat_estimate *estimate, size_t i);
TRAFFSTAT_API size_t traffstat_estimate_assumptions(const traffstat_estimate *estimate);
TRAFFSTAT_API const char *traffstat_estimate_assumption(const traffstat_estimate *estimate,
                                                        size_t i);
/** Named numbers about the fit; NaN: does not exist. NULL name and NaN out of range. */
TRAFFSTAT_API size_t traffstat_estimate_diagnostics(const traffstat_estimate *estimate);
TRAFFSTAT_API const char *traffstat_estimate_diagnostic_name(const traffstat_estimate *estimate,
                                                             size_t i);
TRAFFSTAT_API double traffstat_estimate_diagnostic(const traffstat_estimate *estimate, size_t i);

/** Rows in the panel's order. */
TRAFFSTAT_API size_t traffstat_estimate_rows(const traffstat_estimate *estimate);
/** @return TRAFFSTAT_OK, _E_ARGUMENT (row out of range) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_estimate_row_get(const traffstat_estimate *estimate, size_t row,
                                            traffstat_estimate_row *out);
/** The total over all rows, from the joint law; _E_NODATA where the method gives none. Row number
 *  TRAFFSTAT_NONE means the total in the functions below. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_estimate_total(const traffstat_estimate *estimate,
                                          traffstat_estimate_row *out);
/** What a row is: "series" (of a panel, in one year), or "stratum" of overlapping lists. */
TRAFFSTAT_API const char *traffstat_estimate_row_noun(const traffstat_estimate *estimate);
/** Name of a row's series (its jurisdiction, or its key) or stratum; "total" for the total. */
TRAFFSTAT_API const char *traffstat_estimate_row_label(const traffstat_estimate *estimate,
                                                       size_t row);
/** What else tells a row's series apart; "" for totals and strata, and where it was empty. */
TRAFFSTAT_API const char *traffstat_estimate_row_key(const traffstat_estimate *estimate,
                                                     size_t row);
TRAFFSTAT_API const char *traffstat_estimate_row_measure(const traffstat_estimate *estimate,
                                                         size_t row);
TRAFFSTAT_API const char *traffstat_estimate_row_category(const traffstat_estimate *estimate,
                                                          size_t row);
TRAFFSTAT_API const char *traffstat_estimate_row_source(const traffstat_estimate *estimate,
                                                        size_t row);
/** What the method says beside the rows, and of one row: objects, borrowed; NULL where it says
 *  nothing more. Their names are the method's own (see its header). */
TRAFFSTAT_API const traffstat_detail *traffstat_estimate_details(
    const traffstat_estimate *estimate);
TRAFFSTAT_API const traffstat_detail *traffstat_estimate_row_details(
    const traffstat_estimate *estimate, size_t row);
TRAFFSTAT_API size_t traffstat_estimate_row_reasons(const traffstat_estimate *estimate, size_t row);
TRAFFSTAT_API const char *traffstat_estimate_row_reason(const traffstat_estimate *estimate,
                                                        size_t row, size_t i);
/** Intervals of N at several levels, narrow to wide, the same levels for every row. */
TRAFFSTAT_API size_t traffstat_estimate_levels(const traffstat_estimate *estimate);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_estimate_interval(const traffstat_estimate *estimate, size_t row,
                                             size_t i, traffstat_interval *out);
/** What the reporting rate rests on; _E_NODATA where the method borrows none. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_estimate_basis(const traffstat_estimate *estimate,
                                          traffstat_reporting_basis *out);

/**
 * The sentences of a figure or a report: true, with the interval first, naming what is assumed.
 * Their words follow the measure ("cases investigated by police": see table.h).
 *
 * `counted`: what was counted in two years and whether they can be told apart; `change` may be
 * NULL: then the years of the series are listed (up to 12). `row`: a scenario, estimate or bound of
 * one row.
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (an inestimable row: the text is its reason), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_caption_counted(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           size_t series, const traffstat_change *change,
                                           traffstat_text **out);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_caption_row(traffstat_ctx *ctx, const traffstat_panel *panel,
                                       const traffstat_estimate *estimate, size_t row,
                                       traffstat_text **out);

TRAFFSTAT_END

#endif
