/**
 * @file report.h
 * Results as JSON, CSV and text. Numbers are written with the fewest digits that read back to the
 * same value; a number that does not exist is null (JSON) or empty (CSV).
 */
#ifndef TRAFFSTAT_REPORT_H
#define TRAFFSTAT_REPORT_H

#include <traffstat/figure.h>

TRAFFSTAT_BEGIN

/** An estimate as one JSON object, ending in a line feed. Keys: method {id, citation}, kind, seed,
 *  level, verdict, reasons, assumptions, diagnostics, reporting, rows, total.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_estimate_json(traffstat_ctx *ctx, const traffstat_estimate *estimate,
                                         traffstat_text **out);
/** Its rows as CSV with a header, the total last (series "total", no year); reasons joined by "; ";
 *  a pair of columns for each interval level, such as lower_50 and upper_50; last what tells series
 *  apart: key, measure, category, source. Where rows are strata, "stratum" stands in place of series
 *  and year, and those four are left out. Statuses as above. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_estimate_csv(traffstat_ctx *ctx, const traffstat_estimate *estimate,
                                        traffstat_text **out);
/** For people: kind and verdict, a line a row, the total, reasons and assumptions. `panel` is the
 *  one that was estimated (NULL where rows are strata). Control characters in names become U+FFFD. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_estimate_text(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         const traffstat_estimate *estimate,
                                         traffstat_text **out);

/** The account of a reading as one JSON object: rows {seen, used, dropped}, series, years, total,
 *  columns, dialect, encoding, layout, problems. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_account_json(traffstat_ctx *ctx, const traffstat_account *account,
                                        traffstat_text **out);
/** For people: what was understood in two lines, then each kind of problem with its examples. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_account_text(traffstat_ctx *ctx, const traffstat_account *account,
                                        traffstat_text **out);

/** The panel in the tidy form (header key,jurisdiction,year,measure,category,cases_lower,
 *  cases_upper,population,coverage,flags,source), which reads back to the same panel. Beside the
 *  names of flags, `suppressed`, `not_applicable` and `unparsable` say why both ends are empty. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_csv(traffstat_ctx *ctx, const traffstat_panel *panel,
                                     traffstat_text **out);

/** A scene as JSON: {file, format, width, height, title, subtitle, alt, notes, estimate}; `file` and
 *  `estimate` may be NULL: null. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_scene_json(traffstat_ctx *ctx, const traffstat_scene *scene,
                                      const char *file, traffstat_format format,
                                      const traffstat_estimate *estimate, traffstat_text **out);

/** A list of evidence: JSON array, CSV, or text for people. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_json(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                         traffstat_text **out);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_csv(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                        traffstat_text **out);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_text(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                         traffstat_text **out);

TRAFFSTAT_END

#endif
