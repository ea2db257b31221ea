/* Totals among categories. A category may be made of pieces, joined by " / ". It is a total of
 * another one when both have as many pieces and differ only where its own piece is a word for all:
 * "Total / Female" is a total of "Sex work / Female", and not of "Sex work / Male". */
#include <stdlib.h>
#include <string.h>

#include "table/panel.h"

#define PIECES 8
#define MASKS (1 << PIECES)

/* Cuts off the next piece of `rest`; false when there is none left. */
static bool next_piece(traffstat_i_slice *rest, traffstat_i_slice *piece)
{
    static const char joint[] = " / ";
    const size_t step = sizeof joint - 1;
    if (rest->data == NULL) {
        return false;
    }
    for (size_t i = 0; i + step <= rest->size; i++) {
        if (memcmp(rest->data + i, joint, step) == 0) {
            *piece = (traffstat_i_slice){rest->data, i};
            *rest = (traffstat_i_slice){rest->data + i + step, rest->size - i - step};
            return true;
        }
    }
    *piece = *rest;
    rest->data = NULL;
    return true;
}

static bool starts_with_word(traffstat_i_slice text, const char *word)
{
    const size_t size = strlen(word);
    if (text.size < size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (traffstat_i_lower(text.data[i]) != word[i]) {
            return false;
        }
    }
    const char after = text.size > size ? traffstat_i_lower(text.data[size]) : ' ';
    return !(after >= 'a' && after <= 'z') && !traffstat_i_is_digit(after) &&
           (unsigned char) after < 0x80;
}

static bool is_all(traffstat_i_slice piece)
{
    static const char *const words[] = {"total", "totals",  "subtotal",   "all",
                                        "both",  "overall", "grand total"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (starts_with_word(piece, words[i])) {
            return true;
        }
    }
    return false;
}

static traffstat_i_slice category_of(const traffstat_panel *panel, size_t series)
{
    const char *text = traffstat_panel_category(panel, series);
    return (traffstat_i_slice){text, strlen(text)};
}

/* Which of the pieces are words for all: bit i for piece i. */
static unsigned mask_of(const traffstat_panel *panel, size_t series)
{
    traffstat_i_slice rest = category_of(panel, series);
    traffstat_i_slice piece;
    unsigned mask = 0;
    for (unsigned i = 0; i < PIECES && next_piece(&rest, &piece); i++) {
        mask |= is_all(piece) ? 1U << i : 0;
    }
    return mask;
}

/* Of the pieces outside of the mask. */
static uint64_t hash_of(const traffstat_panel *panel, size_t series, unsigned mask)
{
    traffstat_i_slice rest = category_of(panel, series);
    traffstat_i_slice piece;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (unsigned i = 0; next_piece(&rest, &piece); i++) {
        const bool hidden = i < PIECES && (mask >> i & 1U) != 0;
        for (size_t k = 0; k < piece.size && !hidden; k++) {
            hash = (hash ^ (unsigned char) piece.data[k]) * UINT64_C(0x100000001b3);
        }
        hash = (hash ^ 0x1f) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static bool same_outside(const traffstat_panel *panel, size_t a, size_t b, unsigned mask)
{
    traffstat_i_slice rest_a = category_of(panel, a);
    traffstat_i_slice rest_b = category_of(panel, b);
    traffstat_i_slice x;
    traffstat_i_slice y;
    for (unsigned i = 0;; i++) {
        const bool more = next_piece(&rest_a, &x);
        if (next_piece(&rest_b, &y) != more) {
            return false;
        }
        if (!more) {
            return true;
        }
        const bool hidden = i < PIECES && (mask >> i & 1U) != 0;
        if (!hidden && (x.size != y.size || memcmp(x.data, y.data, x.size) != 0)) {
            return false;
        }
    }
}

/* Only in a year that both have would one be added to the other. */
static bool share_a_year(const traffstat_panel *panel, size_t a, size_t b)
{
    size_t i = panel->first[a];
    size_t k = panel->first[b];
    while (i < panel->first[a + 1] && k < panel->first[b + 1]) {
        if (panel->years[i] == panel->years[k]) {
            return true;
        }
        if (panel->years[i] < panel->years[k]) {
            i++;
        } else {
            k++;
        }
    }
    return false;
}

typedef struct entry {
    uint64_t hash;
    size_t sum; /* that the series goes into, and its place */
    size_t place;
    size_t series;
    bool whole;
} entry;

static int by_all(const void *a, const void *b)
{
    const entry *x = a;
    const entry *y = b;
    if (x->sum != y->sum) {
        return x->sum < y->sum ? -1 : 1;
    }
    if (x->place != y->place) {
        return x->place < y->place ? -1 : 1;
    }
    if (x->hash != y->hash) {
        return x->hash < y->hash ? -1 : 1;
    }
    return (x->series > y->series) - (x->series < y->series);
}

/* A whole and a part of it among entries[0..count), which may be one. */
static bool find_pair(const traffstat_panel *panel, const entry *entries, size_t count,
                      unsigned mask, traffstat_i_clash *out)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < count && entries[i].whole; k++) {
            if (k != i && same_outside(panel, entries[i].series, entries[k].series, mask) &&
                share_a_year(panel, entries[i].series, entries[k].series)) {
                *out = (traffstat_i_clash){true, entries[i].series, entries[k].series};
                return true;
            }
        }
    }
    return false;
}

static void look(const traffstat_panel *panel, entry *entries, const unsigned char *masks,
                 unsigned mask, traffstat_i_clash *out)
{
    for (size_t i = 0; i < panel->series_count; i++) {
        entries[i].hash = hash_of(panel, entries[i].series, mask);
        entries[i].whole = masks[entries[i].series] == mask;
    }
    qsort(entries, panel->series_count, sizeof *entries, by_all);
    for (size_t i = 0; i < panel->series_count;) {
        size_t end = i + 1;
        while (end < panel->series_count && entries[end].sum == entries[i].sum &&
               entries[end].place == entries[i].place && entries[end].hash == entries[i].hash) {
            end++;
        }
        if (find_pair(panel, entries + i, end - i, mask, out)) {
            return;
        }
        i = end;
    }
}

traffstat_status traffstat_i_categories_clash(traffstat_ctx *ctx, const traffstat_panel *panel,
                                              const size_t *sums, const size_t *places,
                                              traffstat_i_clash *out)
{
    bool present[MASKS] = {false};
    bool any = false;
    *out = (traffstat_i_clash){false, 0, 0};
    unsigned char *masks = traffstat_i_alloc(ctx, panel->series_count, sizeof *masks);
    if (masks == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < panel->series_count; i++) {
        masks[i] = (unsigned char) mask_of(panel, i);
        present[masks[i]] = true;
        any = any || masks[i] != 0;
    }
    entry *entries = NULL;
    if (any) {
        entries = traffstat_i_alloc(ctx, panel->series_count, sizeof *entries);
    }
    for (size_t i = 0; i < panel->series_count && entries != NULL; i++) {
        entries[i] = (entry){0, sums[i], places[i], i, false};
    }
    for (unsigned mask = 1; mask < MASKS && entries != NULL && !out->met; mask++) {
        if (present[mask]) {
            look(panel, entries, masks, mask, out);
        }
    }
    const bool failed = any && entries == NULL;
    traffstat_i_free(ctx, masks);
    traffstat_i_free(ctx, entries);
    return failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}
