/* Columns beside a panel, and which of its series another file speaks of. */
#include "table/covariates.h"

#include <stdlib.h>
#include <string.h>

void traffstat_covariates_free(traffstat_covariates *covariates)
{
    if (covariates == NULL) {
        return;
    }
    traffstat_ctx *ctx = covariates->ctx;
    for (size_t i = 0; covariates->about != NULL && i < covariates->columns; i++) {
        traffstat_i_free(ctx, covariates->about[i].name);
        traffstat_i_free(ctx, covariates->about[i].baseline);
    }
    traffstat_i_free(ctx, covariates->about);
    traffstat_i_free(ctx, covariates->values);
    traffstat_i_free(ctx, covariates->known);
    traffstat_i_free(ctx, covariates);
}

size_t traffstat_covariates_rows(const traffstat_covariates *covariates)
{
    return covariates != NULL ? covariates->rows : 0;
}

size_t traffstat_covariates_columns(const traffstat_covariates *covariates)
{
    return covariates != NULL ? covariates->columns : 0;
}

const char *traffstat_covariates_name(const traffstat_covariates *covariates, size_t column)
{
    return column < traffstat_covariates_columns(covariates) ? covariates->about[column].name : "";
}

size_t traffstat_covariates_asked(const traffstat_covariates *covariates, size_t column)
{
    return column < traffstat_covariates_columns(covariates) ? covariates->about[column].asked
                                                             : TRAFFSTAT_NONE;
}

const char *traffstat_covariates_baseline(const traffstat_covariates *covariates, size_t column)
{
    const bool words = column < traffstat_covariates_columns(covariates) &&
                       covariates->about[column].baseline != NULL;
    return words ? covariates->about[column].baseline : "";
}

const double *traffstat_covariates_values(const traffstat_covariates *covariates)
{
    return covariates != NULL ? covariates->values : NULL;
}

int32_t traffstat_covariates_known(const traffstat_covariates *covariates, size_t row)
{
    return row < traffstat_covariates_rows(covariates) && covariates->known[row] ? 1 : 0;
}

/* ---- places ---------------------------------------------------------------------------------- */

typedef struct ref {
    const char *text;
    size_t series;
} ref;

struct traffstat_i_places {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    traffstat_text arena; /* folded names */
    traffstat_text folded;
    ref *keys; /* sorted by text */
    size_t key_count;
    ref *names;
    size_t name_count;
    bool summed; /* no series is a part of a group: it may be one */
};

/* Letters and digits only, in lower case; bytes beyond ASCII stay. */
static void fold(traffstat_text *out, const char *name)
{
    static const char end = '\0';
    for (const char *at = name; *at != '\0'; at++) {
        const char c = traffstat_i_lower(*at);
        if ((c >= 'a' && c <= 'z') || traffstat_i_is_digit(c) || (unsigned char) c >= 0x80) {
            traffstat_i_text_add_bytes(out, &c, 1);
        }
    }
    traffstat_i_text_add_bytes(out, &end, 1);
}

static int by_text(const void *a, const void *b)
{
    const ref *x = a;
    const ref *y = b;
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

static void sort(ref *refs, size_t count)
{
    if (count > 1) {
        qsort(refs, count, sizeof *refs, by_text);
    }
}

/* `starts`: where each name lies in the arena, once that has stopped growing. */
static void fill(traffstat_i_places *places, const size_t *starts)
{
    const size_t series = traffstat_panel_series(places->panel);
    for (size_t i = 0; i < series; i++) {
        const char *key = traffstat_panel_key(places->panel, i);
        const char *name = traffstat_i_text_get(&places->arena) + starts[i];
        if (key[0] != '\0') {
            places->keys[places->key_count++] = (ref){key, i};
        }
        if (name[0] != '\0') {
            places->names[places->name_count++] = (ref){name, i};
        }
    }
    sort(places->keys, places->key_count);
    sort(places->names, places->name_count);
}

traffstat_status traffstat_i_places_new(traffstat_ctx *ctx, const traffstat_panel *panel,
                                        traffstat_i_places **out)
{
    const size_t series = traffstat_panel_series(panel);
    traffstat_i_places *places = traffstat_i_alloc(ctx, 1, sizeof *places);
    *out = NULL;
    if (places == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    places->ctx = ctx;
    places->panel = panel;
    places->summed = true;
    traffstat_i_text_init(&places->arena, ctx);
    traffstat_i_text_init(&places->folded, ctx);
    places->keys = traffstat_i_alloc(ctx, series, sizeof *places->keys);
    places->names = traffstat_i_alloc(ctx, series, sizeof *places->names);
    size_t *starts = traffstat_i_alloc(ctx, series, sizeof *starts);
    for (size_t i = 0; i < series && starts != NULL; i++) {
        places->summed = places->summed && traffstat_panel_group(panel, i)[0] == '\0';
        starts[i] = places->arena.size;
        fold(&places->arena, traffstat_i_panel_label(panel, i));
    }
    const bool made =
        places->keys != NULL && places->names != NULL && starts != NULL && !places->arena.failed;
    if (made) {
        fill(places, starts);
        *out = places;
    } else {
        traffstat_i_places_free(places);
    }
    traffstat_i_free(ctx, starts);
    return made ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

void traffstat_i_places_free(traffstat_i_places *places)
{
    if (places == NULL) {
        return;
    }
    traffstat_i_text_clear(&places->arena);
    traffstat_i_text_clear(&places->folded);
    traffstat_i_free(places->ctx, places->keys);
    traffstat_i_free(places->ctx, places->names);
    traffstat_i_free(places->ctx, places);
}

/* The refs of that text are [*first, *end). */
static void find(const ref *refs, size_t count, const char *text, size_t *first, size_t *end)
{
    size_t low = 0;
    size_t high = text[0] != '\0' ? count : 0;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (strcmp(refs[middle].text, text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *first = low;
    for (*end = low; text[0] != '\0' && *end < count && strcmp(refs[*end].text, text) == 0;) {
        (*end)++;
    }
}

/* Is a name that of several places, which only keys tell apart? */
static bool is_shared(const traffstat_panel *panel, const ref *refs, size_t first, size_t end)
{
    for (size_t i = first; i + 1 < end; i++) {
        if (strcmp(traffstat_panel_key(panel, refs[i].series),
                   traffstat_panel_key(panel, refs[i + 1].series)) != 0) {
            return true;
        }
    }
    return false;
}

static traffstat_status find_name(traffstat_i_places *places, const char *name, size_t *first,
                                  size_t *end)
{
    places->folded.size = 0;
    fold(&places->folded, name);
    if (places->folded.failed) {
        return TRAFFSTAT_E_NOMEM;
    }
    find(places->names, places->name_count, traffstat_i_text_get(&places->folded), first, end);
    if (is_shared(places->panel, places->names, *first, *end)) {
        *end = *first; /* which of them it is cannot be known */
    }
    return TRAFFSTAT_OK;
}

/* A record with a key that no series has may still be found by its name where the series has none. */
static bool is_keyed(const traffstat_i_places *places, const char *key, size_t series)
{
    return key[0] != '\0' && traffstat_panel_key(places->panel, series)[0] != '\0';
}

/* What a panel was summed over it does not tell apart. */
static bool is_same(const char *own, const char *other)
{
    return own[0] == '\0' || traffstat_i_compare_nocase(own, other) == 0;
}

/* By the value of the column that the panel was summed by, else by name. */
static traffstat_status find_words(traffstat_i_places *places, const traffstat_panel *other,
                                   size_t of, size_t *first, size_t *end)
{
    const char *group = traffstat_panel_group(other, of);
    const bool summed = group[0] != '\0' && places->summed;
    return find_name(places, summed ? group : traffstat_i_panel_label(other, of), first, end);
}

traffstat_status traffstat_i_places_match(traffstat_i_places *places, const traffstat_panel *other,
                                          size_t of, bool by_category, bool by_measure,
                                          bool *matched)
{
    const traffstat_panel *panel = places->panel;
    const char *key = traffstat_panel_key(other, of);
    const ref *refs = places->keys;
    size_t first = 0;
    size_t end = 0;
    memset(matched, 0, traffstat_panel_series(panel) * sizeof *matched);
    find(places->keys, places->key_count, key, &first, &end);
    const bool by_key = first < end;
    if (!by_key) {
        refs = places->names;
        const traffstat_status status = find_words(places, other, of, &first, &end);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    for (size_t i = first; i < end; i++) {
        const size_t s = refs[i].series;
        const bool category = !by_category || is_same(traffstat_panel_category(panel, s),
                                                      traffstat_panel_category(other, of));
        const bool measure = !by_measure || is_same(traffstat_panel_measure(panel, s),
                                                    traffstat_panel_measure(other, of));
        matched[s] = category && measure && (by_key || !is_keyed(places, key, s));
    }
    return TRAFFSTAT_OK;
}
