/* Building a result, and the rules of kind and verdict. Private to the library. */
#ifndef TRAFFSTAT_I_ESTIMATE_H
#define TRAFFSTAT_I_ESTIMATE_H

#include "estimate/detail.h"
#include "table/table.h"

#include <traffstat/estimate.h>

/* ---- building: models only ------------------------------------------------------------------ */

typedef struct traffstat_i_estimate_plan {
    const char *method;             /* "thinning" */
    const char *citation;
    traffstat_kind kind;
    double level;
    uint64_t seed;
    const double *levels;           /* of the intervals, rising */
    size_t level_count;
    const traffstat_panel *panel;   /* labels are copied; rows follow its rows */
    bool has_total;
    /* without a panel: rows of another kind, each its own series, year 0, not observed yet */
    const char *noun;               /* what a row is: "stratum" */
    const char *measure;
    const char *const *labels;      /* copied; "": the row needs no name */
    size_t row_count;
} traffstat_i_estimate_plan;

/* Rows are made with series, year and observed set from the panel (not reported: 0 and no upper end),
 * numbers NaN, verdict ok. */
traffstat_status traffstat_i_estimate_new(traffstat_ctx *ctx, const traffstat_i_estimate_plan *plan,
                                          traffstat_estimate **out);
/* Row for writing; TRAFFSTAT_NONE is the total. */
traffstat_estimate_row *traffstat_i_estimate_row(traffstat_estimate *estimate, size_t row);
void traffstat_i_estimate_set_interval(traffstat_estimate *estimate, size_t row, size_t i,
                                       double lower, double upper);
/* Reasons raise the verdict of the row (or of the whole) to at least `verdict`; `reason` is copied.
 * INESTIMABLE on a row sets its numbers to NaN. The same reason is kept once. */
traffstat_status traffstat_i_estimate_row_reason(traffstat_estimate *estimate, size_t row,
                                                 traffstat_verdict verdict, const char *reason);
traffstat_status traffstat_i_estimate_reason(traffstat_estimate *estimate,
                                             traffstat_verdict verdict, const char *reason);
traffstat_status traffstat_i_estimate_assume(traffstat_estimate *estimate, const char *text);
traffstat_status traffstat_i_estimate_diagnose(traffstat_estimate *estimate, const char *name,
                                               double value);
/* Texts are copied. */
traffstat_status traffstat_i_estimate_set_basis(traffstat_estimate *estimate,
                                                const traffstat_reporting_basis *basis);
/* What the method says beside the rows: the object itself, made at the first call; a row's, where
 * TRAFFSTAT_NONE is the total. NULL without memory (see detail.h). Names are not those of the fixed
 * keys in JSON. */
traffstat_detail *traffstat_i_estimate_details(traffstat_estimate *estimate);
traffstat_detail *traffstat_i_estimate_row_details(traffstat_estimate *estimate, size_t row);
/* Takes the total away again (with the reason why there is none as an assumption). */
traffstat_status traffstat_i_estimate_no_total(traffstat_estimate *estimate, const char *why);
/* Last call: the top verdict is inestimable only when no row has a number, caution when any row is
 * not ok; reasons of rows are not repeated at the top, only counted in a reason. */
traffstat_status traffstat_i_estimate_finish(traffstat_estimate *estimate);

/* ---- rules: the one place where thresholds live ---------------------------------------------- */

/* Thresholds of VERDICTS are named constants here, each with a word on why. */
#define TRAFFSTAT_I_TAIL_RATIO_CAUTION 10.0 /* 97.5 % quantile over median of a thinning */
#define TRAFFSTAT_I_SMALL_BASE 20           /* below: no percent change in a headline */

/* How evidence fits a panel: place, period, measure, unit and agencies compared (case folded,
 * singular and plural alike). `mismatches` gets one plain phrase for each that differs
 * ("it counts persons, while these are cases"), joined by "; ". Kind: ESTIMATE only when none. Every
 * year of the panel must lie in the period, which must be one year long; a rate without a published
 * interval never matches. */
traffstat_status traffstat_i_match_evidence(traffstat_ctx *ctx, const traffstat_panel *panel,
                                            const traffstat_evidence_entry *entry,
                                            traffstat_kind *kind, traffstat_text *mismatches);
/* What the reader doubted in a count (the flags LOST, COMMON_DIVISOR, DOUBTFUL): one reason for
 * caution each, on `row`. `panel_row`: where the count stands; TRAFFSTAT_NONE: a sum of all. */
traffstat_status traffstat_i_cell_doubts(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                         size_t row, const traffstat_panel *panel, size_t panel_row,
                                         uint32_t flags);
/* The same of all counts of a panel (of a panel of sums: of the parts): reasons of the whole. `lost`:
 * records that are known to be lost, of series that may have no row to be flagged. */
traffstat_status traffstat_i_panel_doubts(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                          const traffstat_panel *panel, int64_t lost);
/* Records of a file that are the same as others: a reason of the whole. NULL: nothing is known. */
traffstat_status traffstat_i_account_doubts(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                            const traffstat_account *account);
/* Does a measure count persons ("victims identified", "people") and not cases, offences or calls?
 * A person may be counted in several years; a case belongs to one. */
bool traffstat_i_counts_persons(const char *measure);
/* Reasons of a thinning row: infinite mean, long tail. */
traffstat_status traffstat_i_judge_thinning(traffstat_estimate *estimate, size_t row,
                                            double median, double upper975);

/* ---- words ---------------------------------------------------------------------------------- */

/* Whole numbers as integers, with commas from 10,000 on; others with one decimal; a range with an en
 * dash. NaN: "no number"; a range without an upper end "8 or more". */
void traffstat_i_say_number(traffstat_text *text, double value);
void traffstat_i_say_range(traffstat_text *text, double lower, double upper);
/* "20–62 %" of a range of shares, rounded so that the two ends differ and never read 0 or 100. */
void traffstat_i_say_share_range(traffstat_text *text, double lower, double upper);
/* p as a person writes it: "1", "0.043", "< 0.001". */
void traffstat_i_say_p(traffstat_text *text, double p);
/* A count: "8", "<5" (0 to 4), "1–9", "2 or more", "not reported". */
void traffstat_i_say_cell(traffstat_text *text, const traffstat_cell *cell);
/* "8 cases", "1 case": the unit of the measure in the right number ("cases" when it has none). */
void traffstat_i_say_count(traffstat_text *text, const traffstat_cell *cell, const char *measure);
/* "Police in Missoula investigated" or "Missoula recorded": the subject and verb of a sentence. */
void traffstat_i_say_subject(traffstat_text *text, const traffstat_panel *panel, size_t series);
/* The headline of a figure: counted and, with an estimate, the interval, named as estimated and as a
 * scenario where it is one; the last year with a number. Never "true number", never a percent
 * change. */
traffstat_status traffstat_i_say_headline(traffstat_text *text, const traffstat_panel *panel,
                                          size_t series, const traffstat_estimate *estimate);
/* One sentence, with its stop, on chance for a note: "The difference between 7 cases in 2017 and 8 in
 * 2018 cannot be told from chance (exact p = 1…)." */
void traffstat_i_say_change(traffstat_text *text, const traffstat_panel *panel,
                            const traffstat_change *change);
/* What is borrowed, in one sentence, with its stop, for a note or subtitle; it begins with "Scenario:"
 * where it is one. Nothing where the method borrows no rate. */
void traffstat_i_say_basis(traffstat_text *text, const traffstat_estimate *estimate);

#endif
