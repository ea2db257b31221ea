/* Inside of the tables. Private to the library. */
#ifndef TRAFFSTAT_I_TABLE_H
#define TRAFFSTAT_I_TABLE_H

#include "base/base.h"

#include <traffstat/table.h>

/* A measure of the form "UNIT VERB by AGENT", cut into words; pieces that are missing have size 0.
 * "cases investigated by police" -> "cases", "investigated", "police". "offences" -> unit only.
 * Borrowed from the measure. */
typedef struct traffstat_i_measure {
    const char *unit;
    size_t unit_size;
    const char *verb;
    size_t verb_size;
    const char *agent;
    size_t agent_size;
} traffstat_i_measure;
void traffstat_i_measure_read(const char *measure, traffstat_i_measure *out);

/* Writing an account: used by the read room, which knows what it met. `limit` examples of each code
 * are kept; the totals are exact. Texts are copied; a code is static text, always the same. */
typedef struct traffstat_i_account_place {
    const char *file;
    int64_t line;
    const char *column;
} traffstat_i_account_place;
traffstat_status traffstat_i_account_new(traffstat_ctx *ctx, size_t limit,
                                         traffstat_account **out);
traffstat_status traffstat_i_account_problem(traffstat_account *account, const char *code,
                                             const traffstat_i_account_place *place,
                                             const char *expected, const char *got,
                                             const char *done, int64_t rows_dropped);
/* So many more times, without examples; nothing where the code was never met. */
void traffstat_i_account_times(traffstat_account *account, const char *code, int64_t times);
/* From now on up to `limit` examples of a code are kept (one code at a time has a limit of its own). */
void traffstat_i_account_keep(traffstat_account *account, const char *code, size_t limit);
/* How many examples of a code a page for people shows. */
size_t traffstat_i_account_shown(const traffstat_account *account);
traffstat_status traffstat_i_account_column(traffstat_account *account, const char *role,
                                            const char *name);
traffstat_status traffstat_i_account_texts(traffstat_account *account, const char *file,
                                           const char *dialect, const char *encoding,
                                           const char *layout);
void traffstat_i_account_rows(traffstat_account *account, int64_t seen, int64_t used);
/* series count, years and total from the finished panel (NULL: none). */
traffstat_status traffstat_i_account_panel(traffstat_account *account,
                                           const traffstat_panel *panel);
traffstat_status traffstat_i_account_lost(traffstat_account *account, size_t series,
                                          int64_t records);

/* Interning by (text, size) for the reader's fast path: as traffstat_panel_builder_series, without
 * the NULs and without checking UTF-8 again. Texts: key, jurisdiction, measure, category, source,
 * group. */
#define TRAFFSTAT_I_SERIES_TEXTS 6
typedef struct traffstat_i_slice {
    const char *data;
    size_t size;
} traffstat_i_slice;
traffstat_status traffstat_i_builder_series(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                            const traffstat_i_slice texts[TRAFFSTAT_I_SERIES_TEXTS],
                                            size_t *out);
/* The jurisdiction of a series, until the next one is added. */
traffstat_i_slice traffstat_i_builder_name(const traffstat_panel_builder *builder, size_t series);
/* traffstat_panel_builder_new without starting a public call, which would forget a message. */
traffstat_status traffstat_i_builder_new(traffstat_ctx *ctx, traffstat_duplicates duplicates,
                                         traffstat_panel_builder **out);
/* traffstat_panel_builder_add without starting a public call: for loops inside one. */
traffstat_status traffstat_i_builder_add(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                         size_t series, const traffstat_cell *cell);
/* traffstat_panel_builder_finish likewise. */
traffstat_status traffstat_i_builder_finish(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                            traffstat_panel **out);

/* Adds `more` to `sum` under the rules of TRAFFSTAT_DUPLICATES_SUM; false, with `sum` untouched, past
 * INT64_MAX - 1. The first population and coverage known are kept, flags join, places: the larger. */
bool traffstat_i_cell_add(traffstat_cell *sum, const traffstat_cell *more);

/* traffstat_panel_total that cannot fail: an end too large to hold becomes INT64_MAX - 1 below and
 * "no upper end" above, which is still true of the sum. */
void traffstat_i_panel_total(const traffstat_panel *panel, traffstat_cell *out);
/* *out: all counts are of one measure and source, and no category is a total of another (one_sum.c). */
traffstat_status traffstat_i_panel_has_sum(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           bool *out);

/* A copy but for the series with drop[series] (NULL: none), in the same order; series without a row
 * stay. E_NODATA when no row is left. */
traffstat_status traffstat_i_panel_without(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           const bool *drop, traffstat_panel **out);
/* What a panel of sums was summed from, itself no sum (a sum of sums has the parts of those), and the
 * sum that each of its series went into; NULL where that is not known. */
const traffstat_panel *traffstat_i_panel_parts(const traffstat_panel *panel,
                                               const size_t **part_of);
/* Before a panel is handed out: keeps a copy of the parts of sums that were made of the series of `of`,
 * series i going into sum into[i] (NULL: into sum i). */
traffstat_status traffstat_i_panel_keep_parts(traffstat_ctx *ctx, traffstat_panel *sums,
                                              const traffstat_panel *of, const size_t *into);
/* Before a panel is handed out: sets flags of a row. */
void traffstat_i_panel_flag(traffstat_panel *panel, size_t row, uint32_t flags);

/* What a series is called: its jurisdiction, or its key where that is empty. */
const char *traffstat_i_panel_label(const traffstat_panel *panel, size_t series);

#endif
