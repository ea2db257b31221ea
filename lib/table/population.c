/* Denominators from another panel: by key, or else by name, and by year. Nothing is guessed: a name
 * that stands for several series of the other panel matches none of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "table/panel.h"

/* What a series of the denominators is found by. */
typedef struct ref {
    const char *text;
    size_t series;
} ref;

typedef struct index_of {
    ref *refs; /* sorted */
    size_t count;
} index_of;

typedef struct work {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_panel *others;
    traffstat_account *account;
    index_of keys;
    index_of names;
    traffstat_text arena; /* of folded names */
    traffstat_text folded;
    size_t *match; /* series of the denominators for each series; NONE */
    const char **why;
    bool *used; /* of each series of the denominators */
    bool by_key;
} work;

/* Letters and digits only, in lower case; bytes beyond ASCII stay. */
static void fold(traffstat_text *out, const char *name)
{
    for (const char *at = name; *at != '\0'; at++) {
        const char c = traffstat_i_lower(*at);
        if ((c >= 'a' && c <= 'z') || traffstat_i_is_digit(c) || (unsigned char) c >= 0x80) {
            traffstat_i_text_add_bytes(out, &c, 1);
        }
    }
}

/* ---- looking up ----------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const ref *x = a;
    const ref *y = b;
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

static bool make_index(work *w, index_of *out, size_t *starts)
{
    const size_t series = w->others->series_count;
    out->refs = traffstat_i_alloc(w->ctx, series, sizeof *out->refs);
    for (size_t i = 0; i < series && out->refs != NULL; i++) {
        const char *text = starts != NULL ? traffstat_i_text_get(&w->arena) + starts[i]
                                          : traffstat_panel_key(w->others, i);
        if (text[0] != '\0') {
            out->refs[out->count++] = (ref){text, i};
        }
    }
    if (out->refs != NULL && out->count > 0) {
        qsort(out->refs, out->count, sizeof *out->refs, by_text);
    }
    return out->refs != NULL;
}

static traffstat_status make_indexes(work *w)
{
    static const char end = '\0';
    size_t *starts = traffstat_i_alloc(w->ctx, w->others->series_count, sizeof *starts);
    for (size_t i = 0; i < w->others->series_count && starts != NULL; i++) {
        starts[i] = w->arena.size;
        fold(&w->arena, traffstat_panel_jurisdiction(w->others, i));
        traffstat_i_text_add_bytes(&w->arena, &end, 1);
    }
    const bool made = starts != NULL && !w->arena.failed && make_index(w, &w->keys, NULL) &&
                      make_index(w, &w->names, starts);
    traffstat_i_free(w->ctx, starts);
    return made ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

/* A known population, or the count itself; NaN where there is neither. */
static double denominator(const traffstat_panel *others, size_t series, int32_t year)
{
    const size_t row = traffstat_panel_find(others, series, year);
    if (row == TRAFFSTAT_NONE) {
        return NAN;
    }
    if (!isnan(others->populations[row])) {
        return others->populations[row];
    }
    const bool exact = others->whys[row] == TRAFFSTAT_WHY_COUNTED && others->lowers[row] > 0 &&
                       others->lowers[row] == others->uppers[row];
    return exact ? (double) others->lowers[row] : NAN;
}

/* A district that is its own county stands twice, with the same numbers. */
static bool agree(const traffstat_panel *others, size_t a, size_t b)
{
    if (others->first[a + 1] - others->first[a] != others->first[b + 1] - others->first[b]) {
        return false;
    }
    for (size_t row = others->first[a]; row < others->first[a + 1]; row++) {
        const double x = denominator(others, a, others->years[row]);
        const double y = denominator(others, b, others->years[row]);
        if (!(x == y || (isnan(x) && isnan(y)))) {
            return false;
        }
    }
    return true;
}

/* The series of that text; NONE with *many when there are several that do not agree. */
static size_t find(const traffstat_panel *others, const index_of *in, const char *text, bool *many)
{
    size_t low = 0;
    size_t high = in->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(in->refs[middle].text, text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (text[0] == '\0' || low >= in->count || strcmp(in->refs[low].text, text) != 0) {
        return TRAFFSTAT_NONE;
    }
    for (size_t i = low + 1; i < in->count && strcmp(in->refs[i].text, text) == 0; i++) {
        *many = *many || !agree(others, in->refs[low].series, in->refs[i].series);
    }
    return *many ? TRAFFSTAT_NONE : in->refs[low].series;
}

static void match_keys(work *w)
{
    for (size_t i = 0; i < w->panel->series_count; i++) {
        bool many = false;
        w->match[i] = find(w->others, &w->keys, traffstat_panel_key(w->panel, i), &many);
        w->why[i] = many ? "several series of the denominators have its key" : NULL;
        w->by_key = w->by_key || many || w->match[i] != TRAFFSTAT_NONE;
    }
}

/* Where keys are of one kind, a key without denominators has none under a name either: the name may
 * be that of another place. */
static traffstat_status match_names(work *w)
{
    for (size_t i = 0; i < w->panel->series_count; i++) {
        const bool keyed = w->by_key && traffstat_panel_key(w->panel, i)[0] != '\0';
        if (w->match[i] != TRAFFSTAT_NONE || w->why[i] != NULL || keyed) {
            continue;
        }
        bool many = false;
        w->folded.size = 0;
        fold(&w->folded, traffstat_panel_jurisdiction(w->panel, i));
        if (w->folded.failed) {
            return TRAFFSTAT_E_NOMEM;
        }
        w->match[i] = find(w->others, &w->names, traffstat_i_text_get(&w->folded), &many);
        w->why[i] = many ? "several series of the denominators have its name" : NULL;
    }
    return TRAFFSTAT_OK;
}

/* ---- joining -------------------------------------------------------------------------------- */

static traffstat_status list(work *w, const char *code, const char *got, const char *expected,
                             const char *done)
{
    if (w->account == NULL) {
        return TRAFFSTAT_OK;
    }
    const traffstat_i_account_place place = {"", 0, ""};
    return traffstat_i_account_problem(w->account, code, &place, expected, got, done, 0);
}

/* "Missoula: 2019, 2020" */
static traffstat_status list_years(work *w, size_t series, const traffstat_panel *out)
{
    traffstat_text text;
    traffstat_i_text_init(&text, w->ctx);
    traffstat_i_text_addf(&text, "%s:", traffstat_i_panel_label(w->panel, series));
    size_t missing = 0;
    for (size_t row = out->first[series]; row < out->first[series + 1]; row++) {
        if (isnan(out->populations[row])) {
            traffstat_i_text_addf(&text, "%s %d", missing > 0 ? "," : "", (int) out->years[row]);
            missing++;
        }
    }
    traffstat_status status = text.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    if (status == TRAFFSTAT_OK && missing > 0) {
        status = list(w, "population_unmatched", traffstat_i_text_get(&text),
                      "denominators for each year of the counts", "left without population");
    }
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status fill(work *w, traffstat_panel *out)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < out->series_count && status == TRAFFSTAT_OK; i++) {
        if (w->match[i] == TRAFFSTAT_NONE) {
            status = list(w, "population_unmatched", traffstat_i_panel_label(w->panel, i),
                          w->why[i] != NULL ? "one series of denominators"
                                            : "denominators under its key or name",
                          w->why[i] != NULL ? w->why[i] : "left as it was");
            continue;
        }
        w->used[w->match[i]] = true;
        for (size_t row = out->first[i]; row < out->first[i + 1]; row++) {
            out->populations[row] = denominator(w->others, w->match[i], out->years[row]);
        }
        status = list_years(w, i, out);
    }
    for (size_t i = 0; i < w->others->series_count && status == TRAFFSTAT_OK; i++) {
        if (!w->used[i]) {
            status = list(w, "population_unused", traffstat_i_panel_label(w->others, i),
                          "counts under its key or name", "not used");
        }
    }
    return status;
}

static traffstat_status run(work *w, traffstat_panel **out)
{
    w->match = traffstat_i_alloc(w->ctx, w->panel->series_count, sizeof *w->match);
    w->why = traffstat_i_alloc(w->ctx, w->panel->series_count, sizeof *w->why);
    w->used = traffstat_i_alloc(w->ctx, w->others->series_count, sizeof *w->used);
    if (w->match == NULL || w->why == NULL || w->used == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_status status = make_indexes(w);
    if (status == TRAFFSTAT_OK) {
        match_keys(w);
        status = match_names(w);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_panel_without(w->ctx, w->panel, NULL, out);
    }
    if (status == TRAFFSTAT_OK && w->panel->parts != NULL) {
        status = traffstat_i_panel_keep_parts(w->ctx, *out, w->panel, NULL);
    }
    return status == TRAFFSTAT_OK ? fill(w, *out) : status;
}

traffstat_status traffstat_panel_join_population(traffstat_ctx *ctx, const traffstat_panel *panel,
                                                 const traffstat_panel *denominators,
                                                 traffstat_account *account, traffstat_panel **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the panel was given");
    }
    *out = NULL;
    if (panel == NULL || denominators == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                panel == NULL ? "panel" : "panel of denominators");
    }
    work w = {.ctx = ctx, .panel = panel, .others = denominators, .account = account};
    traffstat_i_text_init(&w.arena, ctx);
    traffstat_i_text_init(&w.folded, ctx);
    traffstat_status status = run(&w, out);
    if (status == TRAFFSTAT_E_NOMEM) {
        status = traffstat_i_fail(ctx, status, "out of memory while denominators were joined");
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_panel_free(*out);
        *out = NULL;
    }
    traffstat_i_text_clear(&w.arena);
    traffstat_i_text_clear(&w.folded);
    traffstat_i_free(ctx, w.keys.refs);
    traffstat_i_free(ctx, w.names.refs);
    traffstat_i_free(ctx, w.match);
    traffstat_i_free(ctx, w.why);
    traffstat_i_free(ctx, w.used);
    return status;
}
