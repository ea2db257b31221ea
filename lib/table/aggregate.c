/* Sums of series: over categories up to a place, over places, or up to groups of places. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "table/panel.h"

static const char all_places[] = "All places";
static const char no_group[] = "(blank)";

/* A row and where it goes. */
typedef struct part {
    size_t group;
    size_t place;
    size_t row;
    int32_t year;
} part;

typedef struct work {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    traffstat_by by;
    traffstat_panel_builder *groups;
    traffstat_panel_builder *places; /* only to number them */
    part *parts;
    size_t count;
    size_t *place_counts; /* of each group */
    size_t *place_of;     /* of each series */
    size_t *group_of;
    bool one_place;
} work;

static traffstat_i_slice slice(const char *text)
{
    return (traffstat_i_slice){text, strlen(text)};
}

/* ---- which group ---------------------------------------------------------------------------- */

static traffstat_status number_place(work *w, size_t series, size_t *out)
{
    const traffstat_i_slice texts[TEXT_COUNT] = {
        slice(traffstat_panel_key(w->panel, series)),
        slice(traffstat_panel_jurisdiction(w->panel, series)),
        {"", 0},
        {"", 0},
        {"", 0},
        {"", 0},
    };
    return traffstat_i_builder_series(w->ctx, w->places, texts, out);
}

/* Measures and sources are never joined. */
static traffstat_status number_group(work *w, size_t series, size_t *out)
{
    traffstat_i_slice texts[TEXT_COUNT] = {
        {"", 0},
        slice(w->one_place ? traffstat_i_panel_label(w->panel, series) : all_places),
        slice(traffstat_panel_measure(w->panel, series)),
        {"", 0},
        slice(traffstat_panel_source(w->panel, series)),
        {"", 0},
    };
    if (w->by == TRAFFSTAT_BY_KEY) {
        texts[TEXT_KEY] = slice(traffstat_panel_key(w->panel, series));
        texts[TEXT_JURISDICTION] = slice(traffstat_panel_jurisdiction(w->panel, series));
    } else if (w->by == TRAFFSTAT_BY_JURISDICTION) {
        texts[TEXT_JURISDICTION] = slice(traffstat_i_panel_label(w->panel, series));
    } else if (w->by == TRAFFSTAT_BY_CATEGORY) {
        texts[TEXT_CATEGORY] = slice(traffstat_panel_category(w->panel, series));
    } else if (w->by == TRAFFSTAT_BY_GROUP) {
        const char *group = traffstat_panel_group(w->panel, series);
        texts[TEXT_JURISDICTION] = slice(group[0] != '\0' ? group : no_group);
    }
    return traffstat_i_builder_series(w->ctx, w->groups, texts, out);
}

/* Numbers all places first: their number decides what sums over them are called. */
static traffstat_status number_all(work *w)
{
    traffstat_status status = TRAFFSTAT_OK;
    size_t last = 0;
    for (size_t i = 0; i < w->panel->series_count && status == TRAFFSTAT_OK; i++) {
        status = number_place(w, i, &w->place_of[i]);
        last = w->place_of[i] > last ? w->place_of[i] : last;
    }
    w->one_place = last == 0;
    for (size_t i = 0; i < w->panel->series_count && status == TRAFFSTAT_OK; i++) {
        status = number_group(w, i, &w->group_of[i]);
    }
    return status;
}

static void sort_out(work *w)
{
    for (size_t i = 0; i < w->panel->series_count; i++) {
        for (size_t row = w->panel->first[i]; row < w->panel->first[i + 1]; row++) {
            w->parts[w->count++] =
                (part){w->group_of[i], w->place_of[i], row, w->panel->years[row]};
        }
    }
}

/* A total is not added to its parts. */
static traffstat_status check_categories(work *w)
{
    traffstat_i_clash clash;
    if (w->by == TRAFFSTAT_BY_CATEGORY) {
        return TRAFFSTAT_OK;
    }
    const traffstat_status status =
        traffstat_i_categories_clash(w->ctx, w->panel, w->group_of, w->place_of, &clash);
    if (status != TRAFFSTAT_OK || !clash.met) {
        return status;
    }
    return traffstat_i_fail(w->ctx, TRAFFSTAT_E_CONFLICT,
                            "the category \"%s\" of %s is a total of \"%s\", and a total is not "
                            "added to its parts: select one category first, or sum by category",
                            traffstat_panel_category(w->panel, clash.whole),
                            traffstat_i_panel_label(w->panel, clash.whole),
                            traffstat_panel_category(w->panel, clash.part));
}

/* ---- order ---------------------------------------------------------------------------------- */

static int compare(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b)
{
    const part *x = a;
    const part *y = b;
    const int order = compare(x->group, y->group);
    return order != 0 ? order : compare(x->place, y->place);
}

static int by_year(const void *a, const void *b)
{
    const part *x = a;
    const part *y = b;
    int order = compare(x->group, y->group);
    order = order != 0 ? order : (x->year > y->year) - (x->year < y->year);
    order = order != 0 ? order : compare(x->place, y->place);
    return order != 0 ? order : compare(x->row, y->row);
}

static void count_places(work *w)
{
    qsort(w->parts, w->count, sizeof *w->parts, by_place);
    for (size_t i = 0; i < w->count; i++) {
        if (i == 0 || by_place(&w->parts[i - 1], &w->parts[i]) != 0) {
            w->place_counts[w->parts[i].group]++;
        }
    }
}

/* ---- one sum -------------------------------------------------------------------------------- */

/* The parts of one place: its population counts once. */
static bool add_place(const work *w, size_t from, size_t to, traffstat_cell *sum)
{
    traffstat_cell place = {.population = NAN, .coverage = NAN};
    for (size_t i = from; i < to; i++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(w->panel, w->parts[i].row, &cell) != TRAFFSTAT_OK) {
            return false;
        }
        if (i == from) {
            place = cell;
        } else if (!traffstat_i_cell_add(&place, &cell)) {
            return false;
        }
    }
    if (sum->places == 0 && sum->why != TRAFFSTAT_WHY_COUNTED) {
        const uint32_t flags = sum->flags;
        *sum = place;
        sum->places = place.why == TRAFFSTAT_WHY_COUNTED ? place.places : 0;
        sum->flags |= flags;
        return true;
    }
    const double population = place.why != TRAFFSTAT_WHY_COUNTED
                                  ? sum->population
                                  : sum->population + place.population; /* NaN where one is */
    const uint32_t places = sum->places + (place.why == TRAFFSTAT_WHY_COUNTED ? place.places : 0);
    if (!traffstat_i_cell_add(sum, &place)) {
        return false;
    }
    sum->population = population;
    sum->coverage = NAN;
    sum->places = places;
    return true;
}

static traffstat_status add_sum(work *w, size_t from, size_t to)
{
    const part *first = &w->parts[from];
    traffstat_cell sum = {.why = TRAFFSTAT_WHY_NOT_REPORTED, .population = NAN, .coverage = NAN};
    size_t reported = 0;
    for (size_t i = from; i < to;) {
        size_t end = i + 1;
        while (end < to && w->parts[end].place == w->parts[i].place) {
            end++;
        }
        const uint32_t before = sum.places;
        const bool missing = sum.why != TRAFFSTAT_WHY_COUNTED && i > from;
        if (!add_place(w, i, end, &sum)) {
            return traffstat_i_fail(w->ctx, TRAFFSTAT_E_LIMIT,
                                    "counts of %d add up to more than 2^63 - 2", (int) first->year);
        }
        sum.flags |= missing && sum.places > before ? (uint32_t) TRAFFSTAT_FLAG_PARTIAL : 0;
        reported += sum.places > before ? 1 : 0;
        i = end;
    }
    if (sum.why == TRAFFSTAT_WHY_COUNTED && reported < w->place_counts[first->group]) {
        sum.flags |= TRAFFSTAT_FLAG_PARTIAL; /* an absent year is not a year of none */
    }
    sum.year = first->year;
    sum.flags |= to - from > 1 ? (uint32_t) TRAFFSTAT_FLAG_SUMMED : 0;
    return traffstat_i_builder_add(w->ctx, w->groups, first->group, &sum);
}

static traffstat_status add_sums(work *w)
{
    traffstat_status status = TRAFFSTAT_OK;
    qsort(w->parts, w->count, sizeof *w->parts, by_year);
    for (size_t i = 0; i < w->count && status == TRAFFSTAT_OK;) {
        size_t end = i + 1;
        while (end < w->count && w->parts[end].group == w->parts[i].group &&
               w->parts[end].year == w->parts[i].year) {
            end++;
        }
        status = add_sum(w, i, end);
        i = end;
    }
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static traffstat_status run(work *w, traffstat_panel **out)
{
    traffstat_status status =
        traffstat_panel_builder_new(w->ctx, TRAFFSTAT_DUPLICATES_ERROR, &w->groups);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_new(w->ctx, TRAFFSTAT_DUPLICATES_ERROR, &w->places);
    }
    const size_t series = w->panel->series_count;
    w->parts = traffstat_i_alloc(w->ctx, traffstat_panel_rows(w->panel), sizeof *w->parts);
    w->place_counts = traffstat_i_alloc(w->ctx, series, sizeof *w->place_counts);
    w->place_of = traffstat_i_alloc(w->ctx, series, sizeof *w->place_of);
    w->group_of = traffstat_i_alloc(w->ctx, series, sizeof *w->group_of);
    if (w->parts == NULL || w->place_counts == NULL || w->place_of == NULL || w->group_of == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (status == TRAFFSTAT_OK) {
        status = number_all(w);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_categories(w);
    }
    if (status == TRAFFSTAT_OK) {
        sort_out(w);
        count_places(w);
        status = add_sums(w);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_builder_finish(w->ctx, w->groups, out);
    }
    return status == TRAFFSTAT_OK
               ? traffstat_i_panel_keep_parts(w->ctx, *out, w->panel, w->group_of)
               : status;
}

static bool has_groups(const traffstat_panel *panel)
{
    for (size_t i = 0; i < panel->series_count; i++) {
        if (traffstat_panel_group(panel, i)[0] != '\0') {
            return true;
        }
    }
    return false;
}

traffstat_status traffstat_panel_aggregate(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           traffstat_by by, traffstat_panel **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the panel was given");
    }
    *out = NULL;
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    if (by < TRAFFSTAT_BY_JURISDICTION || by > TRAFFSTAT_BY_GROUP) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%d is nothing to sum up to: 0 jurisdiction, 1 key, 2 category, "
                                "3 measure, 4 group",
                                (int) by);
    }
    if (by == TRAFFSTAT_BY_GROUP && !has_groups(panel)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "no series is a part of a group: read the file with the column to "
                                "sum up to");
    }
    work w = {.ctx = ctx, .panel = panel, .by = by};
    const traffstat_status status = run(&w, out);
    if (status != TRAFFSTAT_OK) {
        traffstat_panel_free(*out);
        *out = NULL;
    }
    traffstat_panel_builder_free(w.groups);
    traffstat_panel_builder_free(w.places);
    traffstat_i_free(ctx, w.parts);
    traffstat_i_free(ctx, w.place_counts);
    traffstat_i_free(ctx, w.place_of);
    traffstat_i_free(ctx, w.group_of);
    return status;
}
