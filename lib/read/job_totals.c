#include <stdlib.h>
#include <string.h>

#include "read/job.h"
#include "read/totals.h"

/* What a series is told apart by, but for measure, category and source. */
typedef struct place {
    const char *text;
    bool key;
    size_t series;
} place;

static int by_text(const void *a, const void *b)
{
    const place *x = a;
    const place *y = b;
    if (x->key != y->key) {
        return x->key ? 1 : -1;
    }
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

static bool same_place(const place *a, const place *b)
{
    return a->key == b->key && strcmp(a->text, b->text) == 0;
}

/* All series, those of one place side by side. NULL: no memory. */
static place *list_places(traffstat_ctx *ctx, const traffstat_panel *panel)
{
    const size_t count = traffstat_panel_series(panel);
    place *places = traffstat_i_alloc(ctx, count, sizeof *places);
    for (size_t i = 0; i < count && places != NULL; i++) {
        const char *key = traffstat_panel_key(panel, i);
        places[i] = (place){key[0] != '\0' ? key : traffstat_panel_jurisdiction(panel, i),
                            key[0] != '\0', i};
    }
    if (places != NULL) {
        qsort(places, count, sizeof *places, by_text);
    }
    return places;
}

/* A place is a total in all that it counts. */
static void spread(traffstat_i_total *totals, const place *places, size_t count)
{
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        any = any || totals[places[i].series].how != TRAFFSTAT_I_NO_TOTAL;
    }
    for (size_t i = 0; i < count && any; i++) {
        if (totals[places[i].series].how == TRAFFSTAT_I_NO_TOTAL) {
            totals[places[i].series].how = TRAFFSTAT_I_TOTAL_BY_PLACE;
        }
    }
}

/* ---- saying so ------------------------------------------------------------------------------ */

/* "Alabama: the sum of the 67 from Autauga County to Winston County" */
static void describe(traffstat_text *text, const traffstat_panel *panel, size_t series,
                     const traffstat_i_total *total)
{
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_i_text_add(
        text,
        traffstat_i_slice_show(traffstat_i_slice_of(traffstat_i_panel_label(panel, series)), name));
    if (total->how != TRAFFSTAT_I_TOTAL_BY_SUM) {
        return;
    }
    if (total->parts == 1) {
        traffstat_i_text_add(text, ": in each year equal to the other place of its name");
        return;
    }
    traffstat_i_text_addf(text, ": in each year the sum of %zu places, ", total->parts);
    traffstat_i_text_add(
        text, traffstat_i_slice_show(
                  traffstat_i_slice_of(traffstat_i_panel_label(panel, total->first)), name));
    traffstat_i_text_add(text, " to ");
    traffstat_i_text_add(
        text, traffstat_i_slice_show(
                  traffstat_i_slice_of(traffstat_i_panel_label(panel, total->last)), name));
}

static traffstat_status list_place(traffstat_i_job *j, const traffstat_panel *panel,
                                   const traffstat_i_total *totals, const place *places,
                                   size_t count, const int64_t *records,
                                   const traffstat_i_stored *const *first)
{
    int64_t rows = 0;
    size_t shown = places[0].series;
    for (size_t i = count; i > 0; i--) {
        const size_t series = places[i - 1].series;
        rows += records[series];
        shown = totals[series].how == TRAFFSTAT_I_TOTAL_BY_SUM ? series : shown;
    }
    const bool keep = j->options->totals == TRAFFSTAT_TOTALS_KEEP;
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    describe(&text, panel, shown, &totals[shown]);
    const traffstat_i_stored *at = first[shown];
    const traffstat_status status =
        text.failed
            ? TRAFFSTAT_E_NOMEM
            : traffstat_i_log_add_rows(&j->log,
                                       keep ? TRAFFSTAT_I_TOTAL_KEPT : TRAFFSTAT_I_TOTAL_DROPPED,
                                       at != NULL ? at->file : j->file, at != NULL ? at->line : 0,
                                       traffstat_i_text_get(&text), keep ? 0 : rows);
    traffstat_i_text_clear(&text);
    j->used -= keep ? 0 : rows;
    return status;
}

static traffstat_status refuse(traffstat_i_job *j, const traffstat_panel *panel, size_t series,
                               const traffstat_i_total *total)
{
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    describe(&text, panel, series, total);
    const traffstat_status status =
        text.failed
            ? TRAFFSTAT_E_NOMEM
            : traffstat_i_fail(j->ctx, TRAFFSTAT_E_CONFLICT, "%s: a total among its parts: %s",
                               j->file, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

/* ---- leaving out ---------------------------------------------------------------------------- */

/* Numbers of series after those in `drop` have gone. */
static void renumber(traffstat_i_job *j, const bool *drop, size_t count, size_t *number)
{
    size_t next = 0;
    for (size_t i = 0; i < count; i++) {
        number[i] = next;
        next += drop[i] ? 0 : 1;
    }
    size_t kept = 0;
    for (size_t i = 0; i < j->cells.count; i++) {
        if (!drop[j->cells.items[i].series]) {
            j->cells.items[kept] = j->cells.items[i];
            j->cells.items[kept].series = number[j->cells.items[kept].series];
            kept++;
        }
    }
    j->cells.count = kept;
    for (size_t i = 0; i < count && i < j->lost_capacity; i++) {
        const int64_t lost = j->lost[i];
        j->lost[i] = 0;
        j->lost[number[i]] += drop[i] ? 0 : lost;
    }
    j->series_count = next;
}

static traffstat_status leave_out(traffstat_i_job *j, const traffstat_i_total *totals,
                                  traffstat_panel **panel)
{
    const size_t count = traffstat_panel_series(*panel);
    bool *drop = traffstat_i_alloc(j->ctx, count, sizeof *drop);
    size_t *number = traffstat_i_alloc(j->ctx, count, sizeof *number);
    traffstat_panel *rest = NULL;
    traffstat_status status = drop != NULL && number != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        drop[i] = totals[i].how != TRAFFSTAT_I_NO_TOTAL;
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_panel_without(j->ctx, *panel, drop, &rest);
    }
    if (status == TRAFFSTAT_OK) {
        renumber(j, drop, count, number);
        traffstat_panel_free(*panel);
        *panel = rest;
    }
    traffstat_i_free(j->ctx, drop);
    traffstat_i_free(j->ctx, number);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* By series: the records used, and where it was first met. */
typedef struct met {
    int64_t *records;
    const traffstat_i_stored **first;
} met;

static void look_at_cells(const traffstat_i_job *j, const met *m)
{
    for (size_t i = j->cells.count; i > 0; i--) {
        const traffstat_i_stored *stored = &j->cells.items[i - 1];
        m->records[stored->series] += stored->records;
        m->first[stored->series] = stored;
    }
}

static traffstat_status list_all(traffstat_i_job *j, const traffstat_panel *panel,
                                 traffstat_i_total *totals, const place *places, const met *m,
                                 bool *any)
{
    const size_t count = traffstat_panel_series(panel);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK;) {
        size_t end = i + 1;
        while (end < count && same_place(&places[i], &places[end])) {
            end++;
        }
        spread(totals, places + i, end - i);
        const size_t series = places[i].series;
        if (totals[series].how != TRAFFSTAT_I_NO_TOTAL) {
            *any = true;
            status = j->options->totals == TRAFFSTAT_TOTALS_ERROR
                         ? refuse(j, panel, series, &totals[series])
                         : list_place(j, panel, totals, places + i, end - i, m->records, m->first);
        }
        i = end;
    }
    return status;
}

traffstat_status traffstat_i_job_totals(traffstat_i_job *j, traffstat_panel **panel)
{
    const size_t count = traffstat_panel_series(*panel);
    const met m = {traffstat_i_alloc(j->ctx, count, sizeof *m.records),
                   traffstat_i_alloc(j->ctx, count, sizeof *m.first)};
    traffstat_i_total *totals = traffstat_i_alloc(j->ctx, count, sizeof *totals);
    place *places = list_places(j->ctx, *panel);
    bool any = false;
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (totals != NULL && places != NULL && m.records != NULL && m.first != NULL) {
        look_at_cells(j, &m);
        status = traffstat_i_totals_find(j->ctx, *panel, totals);
    }
    if (status == TRAFFSTAT_OK) {
        status = list_all(j, *panel, totals, places, &m, &any);
    }
    if (status == TRAFFSTAT_OK && any && j->options->totals == TRAFFSTAT_TOTALS_DROP) {
        status = leave_out(j, totals, panel);
    }
    traffstat_i_free(j->ctx, m.records);
    traffstat_i_free(j->ctx, m.first);
    traffstat_i_free(j->ctx, totals);
    traffstat_i_free(j->ctx, places);
    return status;
}
