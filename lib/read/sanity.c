/* Content that cannot be what it says: more cases than people, counts far beyond all others, more
 * cases cleared than there were. Listed and flagged, never changed.
 *
 * A count is far beyond the others of its measure when, of the counts above zero in falling order,
 * it stands above a step by a factor of STEP or more with at most one in SHARE of them: codes of
 * questionnaires that were read as counts stand so. Among fewer than ENOUGH counts nothing is said.
 * Populations and other measures of size climb without such steps. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"

#define STEP 100.0
#define SHARE 20
#define ENOUGH 20

static void add_name(traffstat_text *text, const traffstat_panel *panel, size_t series)
{
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_i_text_add(
        text,
        traffstat_i_slice_show(traffstat_i_slice_of(traffstat_i_panel_label(panel, series)), name));
}

/* Logs one text of ours about the cell; "" where none is wanted any more. */
static traffstat_status log_cell(traffstat_i_log *log, traffstat_i_kind kind,
                                 const traffstat_i_stored *stored, traffstat_text *text)
{
    const traffstat_status status =
        text->failed ? TRAFFSTAT_E_NOMEM
                     : traffstat_i_log_add_whole(log, kind, stored->file, stored->line,
                                                 traffstat_i_text_get(text));
    traffstat_i_text_clear(text);
    return status;
}

static void flag_cell(traffstat_panel *panel, const traffstat_i_stored *stored)
{
    const size_t row = traffstat_panel_find(panel, stored->series, stored->cell.year);
    if (row != TRAFFSTAT_NONE) {
        traffstat_i_panel_flag(panel, row, TRAFFSTAT_FLAG_DOUBTFUL);
    }
}

/* ---- more cases than people ----------------------------------------------------------------- */

static traffstat_status check_population(traffstat_i_log *log, traffstat_panel *panel,
                                         const traffstat_i_stored *stored)
{
    const traffstat_cell *cell = &stored->cell;
    if (cell->why != TRAFFSTAT_WHY_COUNTED || isnan(cell->population) ||
        (double) cell->lower <= cell->population) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, log->ctx);
    if (traffstat_i_log_wants(log, TRAFFSTAT_I_EXCEEDS_POPULATION)) {
        add_name(&text, panel, stored->series);
        traffstat_i_text_addf(&text, " %d: %lld cases among ", (int) cell->year,
                              (long long) cell->lower);
        traffstat_i_text_add_double(&text, cell->population);
    }
    flag_cell(panel, stored);
    return log_cell(log, TRAFFSTAT_I_EXCEEDS_POPULATION, stored, &text);
}

/* ---- far beyond the others ------------------------------------------------------------------ */

/* A count and the measure that it is of, as numbers. */
typedef struct sized {
    size_t measure;
    int64_t count;
} sized;

static int by_measure_and_size(const void *a, const void *b)
{
    const sized *x = a;
    const sized *y = b;
    if (x->measure != y->measure) {
        return x->measure < y->measure ? -1 : 1;
    }
    return (x->count < y->count) - (x->count > y->count);
}

/* The least count above the step among counts[0..count), in falling order; INT64_MAX: none. */
static int64_t find_step(const sized *counts, size_t count)
{
    for (size_t i = 0; count >= ENOUGH && i < count / SHARE; i++) {
        if ((double) counts[i].count >= STEP * (double) counts[i + 1].count) {
            return counts[i].count;
        }
    }
    return INT64_MAX;
}

typedef struct text_ref {
    const char *text;
    size_t series;
} text_ref;

static int by_text(const void *a, const void *b)
{
    const text_ref *x = a;
    const text_ref *y = b;
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

/* Numbers the measures: equal texts, equal numbers. How many there are. */
static size_t number_measures(const traffstat_panel *panel, text_ref *refs, size_t *numbers)
{
    const size_t count = traffstat_panel_series(panel);
    size_t measures = 0;
    for (size_t i = 0; i < count; i++) {
        refs[i] = (text_ref){traffstat_panel_measure(panel, i), i};
    }
    qsort(refs, count, sizeof *refs, by_text);
    for (size_t i = 0; i < count; i++) {
        measures += i == 0 || strcmp(refs[i - 1].text, refs[i].text) != 0 ? 1 : 0;
        numbers[refs[i].series] = measures - 1;
    }
    return measures;
}

/* steps[m]: from which count on one of measure m is far beyond the others. */
static void find_steps(const traffstat_i_cells *cells, const size_t *numbers, sized *counts,
                       int64_t *steps, size_t measures)
{
    size_t count = 0;
    for (size_t i = 0; i < measures; i++) {
        steps[i] = INT64_MAX;
    }
    for (size_t i = 0; i < cells->count; i++) {
        const traffstat_i_stored *stored = &cells->items[i];
        if (stored->cell.why == TRAFFSTAT_WHY_COUNTED && stored->cell.lower > 0) {
            counts[count++] = (sized){numbers[stored->series], stored->cell.lower};
        }
    }
    qsort(counts, count, sizeof *counts, by_measure_and_size);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && counts[end].measure == counts[i].measure) {
            end++;
        }
        steps[counts[i].measure] = find_step(counts + i, end - i);
        i = end;
    }
}

static traffstat_status report_step(traffstat_i_log *log, traffstat_panel *panel,
                                    const traffstat_i_stored *stored)
{
    traffstat_text text;
    traffstat_i_text_init(&text, log->ctx);
    if (traffstat_i_log_wants(log, TRAFFSTAT_I_FAR_BEYOND)) {
        add_name(&text, panel, stored->series);
        traffstat_i_text_addf(&text, " %d: %lld", (int) stored->cell.year,
                              (long long) stored->cell.lower);
    }
    flag_cell(panel, stored);
    return log_cell(log, TRAFFSTAT_I_FAR_BEYOND, stored, &text);
}

static traffstat_status check_sizes(traffstat_i_log *log, traffstat_panel *panel,
                                    const traffstat_i_cells *cells)
{
    const size_t series = traffstat_panel_series(panel);
    text_ref *refs = traffstat_i_alloc(log->ctx, series, sizeof *refs);
    size_t *numbers = traffstat_i_alloc(log->ctx, series, sizeof *numbers);
    int64_t *steps = traffstat_i_alloc(log->ctx, series, sizeof *steps);
    sized *counts = traffstat_i_alloc(log->ctx, cells->count, sizeof *counts);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (refs != NULL && numbers != NULL && steps != NULL && counts != NULL) {
        const size_t measures = number_measures(panel, refs, numbers);
        find_steps(cells, numbers, counts, steps, measures);
        status = TRAFFSTAT_OK;
    }
    for (size_t i = 0; i < cells->count && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_stored *stored = &cells->items[i];
        if (stored->cell.why == TRAFFSTAT_WHY_COUNTED &&
            stored->cell.lower >= steps[numbers[stored->series]]) {
            status = report_step(log, panel, stored);
        }
    }
    traffstat_i_free(log->ctx, refs);
    traffstat_i_free(log->ctx, numbers);
    traffstat_i_free(log->ctx, steps);
    traffstat_i_free(log->ctx, counts);
    return status;
}

/* ---- cleared above counted ------------------------------------------------------------------ */

bool traffstat_i_is_cleared(const char *measure)
{
    char folded[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_fold(traffstat_i_slice_of(measure), folded, sizeof folded);
    return (strncmp(folded, "cleared", 7) == 0 || strncmp(folded, "clearances", 10) == 0 ||
            strcmp(folded, "totalcleared") == 0) &&
           strstr(folded, "under18") == NULL;
}

bool traffstat_i_is_counted(const char *measure)
{
    char folded[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_fold(traffstat_i_slice_of(measure), folded, sizeof folded);
    static const char *const words[] = {"offences", "offenses",  "actual",         "actualcount",
                                        "cases",    "incidents", "actualincidents"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(folded, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A series without its measure, for pairs of one place, category and source. */
typedef struct pair_ref {
    const traffstat_panel *panel;
    size_t series;
    bool cleared;
} pair_ref;

static int compare_owners(const pair_ref *x, const pair_ref *y)
{
    const traffstat_panel *panel = x->panel;
    int order =
        strcmp(traffstat_panel_key(panel, x->series), traffstat_panel_key(panel, y->series));
    if (order == 0 && traffstat_panel_key(panel, x->series)[0] == '\0') {
        order = strcmp(traffstat_panel_jurisdiction(panel, x->series),
                       traffstat_panel_jurisdiction(panel, y->series));
    }
    if (order == 0) {
        order = strcmp(traffstat_panel_category(panel, x->series),
                       traffstat_panel_category(panel, y->series));
    }
    if (order == 0) {
        order = strcmp(traffstat_panel_source(panel, x->series),
                       traffstat_panel_source(panel, y->series));
    }
    return order != 0 ? order
                      : strcmp(traffstat_panel_group(panel, x->series),
                               traffstat_panel_group(panel, y->series));
}

static int by_owner(const void *a, const void *b)
{
    const pair_ref *x = a;
    const pair_ref *y = b;
    const int order = compare_owners(x, y);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

static traffstat_status report_cleared(traffstat_i_log *log, const traffstat_panel *panel,
                                       const traffstat_i_stored *stored, int64_t cleared,
                                       int64_t counted)
{
    traffstat_text text;
    traffstat_i_text_init(&text, log->ctx);
    if (traffstat_i_log_wants(log, TRAFFSTAT_I_CLEARED_EXCEEDS)) {
        add_name(&text, panel, stored->series);
        traffstat_i_text_addf(&text, " %d: %lld cleared of %lld", (int) stored->cell.year,
                              (long long) cleared, (long long) counted);
    }
    return log_cell(log, TRAFFSTAT_I_CLEARED_EXCEEDS, stored, &text);
}

/* other[s]: the series of what there was to clear, for those of what was cleared. */
static bool pair_up(const traffstat_panel *panel, pair_ref *refs, size_t *other)
{
    const size_t series = traffstat_panel_series(panel);
    size_t count = 0;
    bool any = false;
    for (size_t i = 0; i < series; i++) {
        const bool cleared = traffstat_i_is_cleared(traffstat_panel_measure(panel, i));
        other[i] = TRAFFSTAT_NONE;
        if (cleared || traffstat_i_is_counted(traffstat_panel_measure(panel, i))) {
            refs[count++] = (pair_ref){panel, i, cleared};
        }
    }
    qsort(refs, count, sizeof *refs, by_owner);
    for (size_t i = 1; i < count; i++) {
        if (refs[i - 1].cleared == refs[i].cleared || compare_owners(&refs[i - 1], &refs[i]) != 0) {
            continue;
        }
        const size_t at = refs[i].cleared ? i : i - 1;
        other[refs[at].series] = refs[at == i ? i - 1 : i].series;
        any = true;
    }
    return any;
}

static traffstat_status check_cleared(traffstat_i_log *log, const traffstat_panel *panel,
                                      const traffstat_i_cells *cells)
{
    const size_t series = traffstat_panel_series(panel);
    pair_ref *refs = traffstat_i_alloc(log->ctx, series, sizeof *refs);
    size_t *other = traffstat_i_alloc(log->ctx, series, sizeof *other);
    traffstat_status status = refs != NULL && other != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    const bool any = status == TRAFFSTAT_OK && pair_up(panel, refs, other);
    for (size_t i = 0; i < cells->count && any && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_stored *stored = &cells->items[i];
        const size_t row =
            other[stored->series] == TRAFFSTAT_NONE
                ? TRAFFSTAT_NONE
                : traffstat_panel_find(panel, other[stored->series], stored->cell.year);
        if (row != TRAFFSTAT_NONE && stored->cell.why == TRAFFSTAT_WHY_COUNTED &&
            traffstat_panel_whys(panel)[row] == TRAFFSTAT_WHY_COUNTED &&
            traffstat_panel_lowers(panel)[row] >= 0 &&
            stored->cell.lower > traffstat_panel_uppers(panel)[row]) {
            status = report_cleared(log, panel, stored, stored->cell.lower,
                                    traffstat_panel_uppers(panel)[row]);
        }
    }
    traffstat_i_free(log->ctx, refs);
    traffstat_i_free(log->ctx, other);
    return status;
}

/* The same where the column of what was cleared is not read, but stands beside that of the counts. */
static traffstat_status check_cleared_beside(traffstat_i_log *log, const traffstat_panel *panel,
                                             const traffstat_i_cells *cells)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < cells->count && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_stored *stored = &cells->items[i];
        const traffstat_cell *cell = &stored->cell;
        if (stored->has_cleared && cell->why == TRAFFSTAT_WHY_COUNTED && cell->lower >= 0 &&
            stored->cleared > cell->upper) {
            status = report_cleared(log, panel, stored, stored->cleared, cell->upper);
        }
    }
    return status;
}

traffstat_status traffstat_i_sanity(traffstat_i_log *log, traffstat_panel *panel,
                                    const traffstat_i_cells *cells)
{
    traffstat_status status = traffstat_i_divisors(log, panel, cells);
    for (size_t i = 0; i < cells->count && status == TRAFFSTAT_OK; i++) {
        status = check_population(log, panel, &cells->items[i]);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_sizes(log, panel, cells);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_cleared(log, panel, cells);
    }
    return status == TRAFFSTAT_OK ? check_cleared_beside(log, panel, cells) : status;
}
