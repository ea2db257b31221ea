/* Which places a sum over places is made of, year by year, and the same sum over some of them: all as
 * summed for each place that reported, those that reported throughout, those that neither began nor
 * stopped. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/rate/yearly.h"
#include "table/table.h"

#include <traffstat/rate.h>

/* A constant set of fewer places, and of less than half of them, tells of these few only. */
#define CONSTANT_PLACES 10
#define MATTERS 0.1 /* share of places: below, a sentence does not name their change */

/* ---- what each place reported ---------------------------------------------------------------- */

/* The count of a place in a year that is used. */
typedef struct report {
    size_t place;
    size_t at; /* of the year */
    double lower;
    double upper;
    double population;
    bool whole; /* no part of the count or of the year is missing */
} report;

typedef struct place {
    size_t first; /* of its reports */
    size_t end;
    size_t since; /* whole counts in all years from here on; the number of years: not in the last */
} place;

typedef struct reports {
    report *items;
    size_t count;
    place *places;
    size_t place_count;
} reports;

static void free_reports(traffstat_ctx *ctx, reports *of)
{
    traffstat_i_free(ctx, of->items);
    traffstat_i_free(ctx, of->places);
    *of = (reports){0};
}

/* A series of the parts, for sorting by place. */
typedef struct part {
    const char *key;
    const char *name;
    size_t series;
} part;

static int by_name(const void *a, const void *b)
{
    const part *x = a;
    const part *y = b;
    const int order = strcmp(x->key, y->key);
    return order != 0 ? order : strcmp(x->name, y->name);
}

static int by_place(const void *a, const void *b)
{
    const report *x = a;
    const report *y = b;
    const int order = (x->place > y->place) - (x->place < y->place);
    return order != 0 ? order : (x->at > y->at) - (x->at < y->at);
}

static size_t find_year(const traffstat_i_yearly *years, int32_t year)
{
    for (size_t i = 0; i < years->n; i++) {
        if (years->years[i] == year) {
            return i;
        }
    }
    return TRAFFSTAT_NONE;
}

/* The parts of a sum in the order of their places. *out NULL: there are none. */
static traffstat_status sort_parts(traffstat_ctx *ctx, const traffstat_panel *panel, size_t series,
                                   part **out, size_t *count)
{
    const size_t *into = NULL;
    const traffstat_panel *parts = traffstat_i_panel_parts(panel, &into);
    *out = NULL;
    *count = 0;
    for (size_t i = 0; i < traffstat_panel_series(parts); i++) {
        *count += into[i] == series;
    }
    if (*count == 0) {
        return TRAFFSTAT_OK;
    }
    part *items = traffstat_i_alloc(ctx, *count, sizeof *items);
    if (items == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    size_t used = 0;
    for (size_t i = 0; i < traffstat_panel_series(parts); i++) {
        if (into[i] == series) {
            items[used++] =
                (part){traffstat_panel_key(parts, i), traffstat_panel_jurisdiction(parts, i), i};
        }
    }
    qsort(items, *count, sizeof *items, by_name);
    *out = items;
    return TRAFFSTAT_OK;
}

/* A year of a series without a count makes that of its place incomplete; where it has no other, it is
 * none. */
static report report_of(const traffstat_cell *cell, size_t at, size_t number)
{
    const bool counted = cell->why == TRAFFSTAT_WHY_COUNTED;
    const uint32_t lacks =
        (uint32_t) TRAFFSTAT_FLAG_PARTIAL | (uint32_t) TRAFFSTAT_FLAG_PARTIAL_YEAR;
    return (report){.place = number,
                    .at = at,
                    .lower = counted ? (double) cell->lower : (double) NAN,
                    .upper = !counted                            ? (double) NAN
                             : cell->upper == TRAFFSTAT_NO_UPPER ? (double) INFINITY
                                                                 : (double) cell->upper,
                    .population = cell->population,
                    .whole = counted && (cell->flags & lacks) == 0 && !(cell->coverage < 1.0)};
}

static void take_series(const traffstat_panel *parts, size_t series, size_t number,
                        const traffstat_i_yearly *years, reports *out)
{
    const size_t first = traffstat_panel_series_first(parts, series);
    const size_t end = first + traffstat_panel_series_count(parts, series);
    for (size_t row = first; row < end; row++) {
        traffstat_cell cell;
        const size_t at = find_year(years, traffstat_panel_years(parts)[row]);
        if (at != TRAFFSTAT_NONE && traffstat_panel_cell(parts, row, &cell) == TRAFFSTAT_OK) {
            out->items[out->count++] = report_of(&cell, at, number);
        }
    }
}

static void add_report(report *to, const report *more)
{
    if (isnan(to->lower) || isnan(more->lower)) {
        const report *counted = isnan(to->lower) ? more : to;
        to->lower = counted->lower;
        to->upper = counted->upper;
    } else {
        to->lower += more->lower;
        to->upper += more->upper;
    }
    to->population = isnan(to->population) ? more->population : to->population;
    to->whole = to->whole && more->whole;
}

/* One report for each place and year, those without any count left out. */
static void merge_reports(reports *of)
{
    size_t used = 0;
    qsort(of->items, of->count, sizeof *of->items, by_place);
    for (size_t i = 0; i < of->count; i++) {
        if (used > 0 && by_place(&of->items[used - 1], &of->items[i]) == 0) {
            add_report(&of->items[used - 1], &of->items[i]);
        } else {
            used -= used > 0 && isnan(of->items[used - 1].lower);
            of->items[used++] = of->items[i];
        }
    }
    used -= used > 0 && isnan(of->items[used - 1].lower);
    of->count = used;
}

/* From which year on a place has whole counts in all. */
static size_t whole_since(const reports *of, const place *one, size_t years)
{
    size_t since = years;
    for (size_t i = one->end; i > one->first; i--) {
        if (of->items[i - 1].at + 1 != since || !of->items[i - 1].whole) {
            break;
        }
        since--;
    }
    return since;
}

static void find_places(reports *of, size_t years)
{
    for (size_t i = 0; i < of->count;) {
        place *one = &of->places[of->place_count++];
        *one = (place){.first = i, .end = i};
        while (one->end < of->count && of->items[one->end].place == of->items[i].place) {
            one->end++;
        }
        one->since = whole_since(of, one, years);
        i = one->end;
    }
}

/* Reports of all places of a sum, by place and year; none where its parts are not known. */
static traffstat_status read_reports(traffstat_ctx *ctx, const traffstat_panel *panel,
                                     size_t series, const traffstat_i_yearly *years, reports *out)
{
    const size_t *into = NULL;
    const traffstat_panel *parts = traffstat_i_panel_parts(panel, &into);
    part *order = NULL;
    size_t count = 0;
    size_t rows = 0;
    size_t number = 0;
    *out = (reports){0};
    traffstat_status status = sort_parts(ctx, panel, series, &order, &count);
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        rows += traffstat_panel_series_count(parts, order[i].series);
    }
    if (status == TRAFFSTAT_OK && count > 0) {
        out->items = traffstat_i_alloc(ctx, rows + 1, sizeof *out->items);
        out->places = traffstat_i_alloc(ctx, count, sizeof *out->places);
        status = out->items == NULL || out->places == NULL ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    }
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        number += i > 0 && by_name(&order[i - 1], &order[i]) != 0;
        take_series(parts, order[i].series, number, years, out);
    }
    traffstat_i_free(ctx, order);
    if (status == TRAFFSTAT_OK && count > 0) {
        merge_reports(out);
        find_places(out, years->n);
    }
    return status;
}

/* ---- sums over some places ------------------------------------------------------------------- */

/* Which places: those with a whole count in all years from one on, those that report at both ends, or
 * those with a whole count in two years. */
typedef enum rule { ALWAYS, ENDS, TWO } rule;

typedef struct chosen {
    rule by;
    size_t from;
    size_t to;
} chosen;

static const report *report_at(const reports *of, const place *one, size_t at)
{
    for (size_t i = one->first; i < one->end; i++) {
        if (of->items[i].at == at) {
            return &of->items[i];
        }
    }
    return NULL;
}

static bool is_chosen(const reports *of, const place *one, const chosen *which)
{
    if (which->by == ALWAYS) {
        return one->since <= which->from;
    }
    const report *first = report_at(of, one, which->from);
    const report *second = report_at(of, one, which->to);
    return first != NULL && second != NULL &&
           (which->by == ENDS || (first->whole && second->whole));
}

/* Adds the counts of a place in the years of the sum; *people: all have residents. */
static void add_place(const reports *of, const place *one, const chosen *which,
                      traffstat_i_yearly *to, bool *people)
{
    for (size_t i = one->first; i < one->end; i++) {
        const report *got = &of->items[i];
        const bool inside = which->by == TWO ? got->at == which->from || got->at == which->to
                                             : got->at >= which->from;
        if (!inside) {
            continue;
        }
        const size_t at = which->by == TWO ? got->at == which->to : got->at - which->from;
        to->lower[at] += got->lower;
        to->upper[at] += got->upper;
        to->exposure[at] += got->population;
        *people = *people && got->population > 0.0;
    }
}

static void finish_sum(traffstat_i_yearly *to, bool people)
{
    to->exact = true;
    to->population = people;
    for (size_t i = 0; i < to->n; i++) {
        to->exposure[i] = people ? to->exposure[i] : 1.0;
        to->exact = to->exact && to->lower[i] == to->upper[i];
        to->cases += to->lower[i];
    }
}

static traffstat_status sum_places(traffstat_ctx *ctx, const reports *of,
                                   const traffstat_i_yearly *years, const chosen *which,
                                   traffstat_i_part_sum *out)
{
    const size_t n = which->by == TWO ? 2 : years->n - which->from;
    bool people = true;
    const traffstat_status status = traffstat_i_yearly_new(ctx, n, &out->years);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    out->years.n = n;
    for (size_t i = 0; i < n; i++) {
        const size_t at = which->by == TWO && i == 1 ? which->to : which->from + i;
        out->years.years[i] = years->years[at];
        out->years.times[i] = years->times[at];
        out->years.lower[i] = out->years.upper[i] = out->years.exposure[i] = 0.0;
    }
    for (size_t i = 0; i < of->place_count; i++) {
        if (is_chosen(of, &of->places[i], which)) {
            add_place(of, &of->places[i], which, &out->years, &people);
            out->places++;
        }
    }
    finish_sum(&out->years, people);
    return TRAFFSTAT_OK;
}

static void refuse(traffstat_i_part_sum *out, const char *why)
{
    (void) snprintf(out->reason, sizeof out->reason, "%s", why);
}

/* The compared years of a sum. */
static traffstat_status compare_sum(traffstat_ctx *ctx, const traffstat_change *change,
                                    double level, traffstat_i_part_sum *out)
{
    const traffstat_i_yearly *in = &out->years;
    const size_t a = change != NULL ? find_year(in, change->first_year) : TRAFFSTAT_NONE;
    const size_t b = change != NULL ? find_year(in, change->second_year) : TRAFFSTAT_NONE;
    if (a == TRAFFSTAT_NONE || b == TRAFFSTAT_NONE) {
        refuse(out, "the years that are compared are not both among the years of this sum");
        return TRAFFSTAT_OK;
    }
    if (in->lower[a] != in->upper[a] || in->lower[b] != in->upper[b] || in->lower[a] < 0.0 ||
        in->lower[b] < 0.0) {
        refuse(out, "only exact counts of 0 or more are compared");
        return TRAFFSTAT_OK;
    }
    const traffstat_status status =
        traffstat_poisson_compare(ctx, (int64_t) in->lower[a], in->exposure[a],
                                  (int64_t) in->lower[b], in->exposure[b], level, &out->change);
    if (status == TRAFFSTAT_E_NUMERIC || status == TRAFFSTAT_E_ARGUMENT) {
        refuse(out, traffstat_ctx_message(ctx));
        return TRAFFSTAT_OK;
    }
    out->compared = status == TRAFFSTAT_OK;
    out->change.first_year = change->first_year;
    out->change.second_year = change->second_year;
    return status;
}

/* A negative sum, which corrections make, has no trend. */
static bool all_counts(const traffstat_i_yearly *years)
{
    for (size_t i = 0; i < years->n; i++) {
        if (years->lower[i] < 0.0) {
            return false;
        }
    }
    return true;
}

static traffstat_status tell_sum(traffstat_ctx *ctx, const traffstat_change *change, double level,
                                 traffstat_i_part_sum *out)
{
    if (!all_counts(&out->years)) {
        out->places = 0;
        refuse(out, "corrections make a sum of these places negative");
        return TRAFFSTAT_OK;
    }
    const traffstat_status status =
        traffstat_i_yearly_slope(ctx, &out->years, level, false, &out->slope);
    return status == TRAFFSTAT_OK ? compare_sum(ctx, change, level, out) : status;
}

/* ---- the numbers of places ------------------------------------------------------------------- */

/* What is known without the parts. */
static bool count_cells(const traffstat_panel *panel, size_t series,
                        const traffstat_i_yearly *years, traffstat_i_coverage *out)
{
    traffstat_cell cell = {0};
    for (size_t i = 0; i < years->n; i++) {
        const size_t row = traffstat_panel_find(panel, series, years->years[i]);
        const bool found = traffstat_panel_cell(panel, row, &cell) == TRAFFSTAT_OK;
        out->places[i] = found && cell.places > 0 ? cell.places : 1;
        out->ever = out->places[i] > out->ever ? out->places[i] : out->ever;
        out->varies = out->varies || out->places[i] != out->places[0];
    }
    return out->varies;
}

static void count_reports(const reports *of, const traffstat_i_yearly *years,
                          traffstat_i_coverage *out)
{
    memset(out->places, 0, years->n * sizeof *out->places);
    out->ever = of->place_count;
    for (size_t i = 0; i < of->count; i++) {
        out->places[of->items[i].at]++;
        out->zeros = out->zeros || of->items[i].upper == 0.0;
        out->lacking += !of->items[i].whole;
    }
    for (size_t i = 0; i < of->place_count; i++) {
        const place *one = &of->places[i];
        const size_t first = of->items[one->first].at;
        const size_t last = of->items[one->end - 1].at;
        out->always += one->since == 0;
        out->varies = out->varies || one->end - one->first != years->n;
        if (first > 0) {
            out->began[first]++;
            out->all_began++;
        }
        if (last + 1 < years->n) {
            out->stopped[last + 1]++;
            out->all_stopped++;
        }
    }
}

/* The first year from which on enough places have whole counts in all years to make a set of them; the
 * number of years where no window of enough years has. */
static size_t constant_from(const reports *of, const traffstat_i_coverage *coverage,
                            const traffstat_i_yearly *years)
{
    const size_t enough =
        (coverage->most + 1) / 2 < CONSTANT_PLACES ? (coverage->most + 1) / 2 : CONSTANT_PLACES;
    const size_t shortest = years->n < TRAFFSTAT_I_TREND_YEARS ? years->n : TRAFFSTAT_I_TREND_YEARS;
    for (size_t from = 0; from + shortest <= years->n; from++) {
        size_t count = 0;
        for (size_t i = 0; i < of->place_count; i++) {
            count += of->places[i].since <= from;
        }
        if (count >= enough) {
            return from;
        }
    }
    return years->n;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The sum itself, with the number of places in place of residents. */
static traffstat_status tell_each(traffstat_ctx *ctx, const traffstat_i_yearly *years,
                                  const traffstat_change *change, double level,
                                  traffstat_i_coverage *out)
{
    traffstat_i_yearly *to = &out->each.years;
    const traffstat_status status = traffstat_i_yearly_new(ctx, years->n, to);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    to->n = years->n;
    to->coverage = true;
    memcpy(to->years, years->years, years->n * sizeof *to->years);
    memcpy(to->times, years->times, years->n * sizeof *to->times);
    memcpy(to->lower, years->lower, years->n * sizeof *to->lower);
    memcpy(to->upper, years->upper, years->n * sizeof *to->upper);
    to->exact = years->exact;
    to->cases = years->cases;
    to->since = years->since;
    for (size_t i = 0; i < years->n; i++) {
        to->exposure[i] = (double) out->places[i];
    }
    out->each.places = out->ever;
    return tell_sum(ctx, change, level, &out->each);
}

static traffstat_status tell_chosen(traffstat_ctx *ctx, const reports *of,
                                    const traffstat_i_yearly *years, const chosen *which,
                                    const traffstat_change *change, double level,
                                    traffstat_i_part_sum *out)
{
    const traffstat_status status = sum_places(ctx, of, years, which, out);
    if (status != TRAFFSTAT_OK || out->places == 0) {
        refuse(out, "no place is one of these");
        return status;
    }
    return tell_sum(ctx, change, level, out);
}

/* The trend of the whole sum in the years of the constant set. */
static traffstat_status tell_whole(traffstat_ctx *ctx, const traffstat_i_yearly *years, size_t from,
                                   double level, traffstat_i_slope *out)
{
    traffstat_i_yearly window = *years;
    window.n -= from;
    window.years += from;
    window.times += from;
    window.lower += from;
    window.upper += from;
    window.exposure += from;
    window.cases = 0.0;
    window.exact = true;
    for (size_t i = 0; i < window.n; i++) {
        window.cases += window.lower[i];
        window.exact = window.exact && window.lower[i] == window.upper[i];
    }
    return traffstat_i_yearly_slope(ctx, &window, level, false, out);
}

static traffstat_status tell_sets(traffstat_ctx *ctx, const reports *of,
                                  const traffstat_i_yearly *years, const traffstat_change *change,
                                  double level, traffstat_i_coverage *out)
{
    const size_t from = constant_from(of, out, years);
    const size_t a = change != NULL ? find_year(years, change->first_year) : TRAFFSTAT_NONE;
    const size_t b = change != NULL ? find_year(years, change->second_year) : TRAFFSTAT_NONE;
    const chosen window = {ALWAYS, from, years->n - 1};
    const chosen ends = {ENDS, from < years->n ? from : 0, years->n - 1};
    const chosen two = {TWO, a, b};
    traffstat_status status = TRAFFSTAT_OK;
    if (from < years->n) {
        status = tell_chosen(ctx, of, years, &window, change, level, &out->constant);
        if (status == TRAFFSTAT_OK) {
            status = tell_whole(ctx, years, from, level, &out->whole);
        }
    } else {
        refuse(&out->constant, "too few places have a whole count in each of the last three years "
                               "or more");
    }
    if (status == TRAFFSTAT_OK) {
        status = tell_chosen(ctx, of, years, &ends, change, level, &out->remaining);
    }
    if (status == TRAFFSTAT_OK && a != TRAFFSTAT_NONE && b != TRAFFSTAT_NONE) {
        status = tell_chosen(ctx, of, years, &two, change, level, &out->both);
    } else if (status == TRAFFSTAT_OK) {
        refuse(&out->both, "no two years are compared");
    }
    return status;
}

static void find_range(traffstat_i_coverage *out)
{
    out->fewest = out->most = out->places[0];
    for (size_t i = 1; i < out->years; i++) {
        out->fewest = out->places[i] < out->fewest ? out->places[i] : out->fewest;
        out->most = out->places[i] > out->most ? out->places[i] : out->most;
    }
}

static traffstat_status fill(traffstat_ctx *ctx, const traffstat_panel *panel, size_t series,
                             const traffstat_i_yearly *years, const traffstat_change *change,
                             double level, traffstat_i_coverage *out)
{
    reports of;
    traffstat_status status = read_reports(ctx, panel, series, years, &of);
    out->known = of.place_count > 0;
    if (status == TRAFFSTAT_OK && out->known) {
        out->varies = false;
        count_reports(&of, years, out);
    }
    find_range(out);
    if (status == TRAFFSTAT_OK && out->varies) {
        status = tell_each(ctx, years, change, level, out);
    }
    if (status == TRAFFSTAT_OK && out->varies && out->known) {
        status = tell_sets(ctx, &of, years, change, level, out);
    }
    free_reports(ctx, &of);
    return status;
}

traffstat_status traffstat_i_coverage_read(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           size_t series, const traffstat_i_yearly *years,
                                           const traffstat_change *change, double level,
                                           traffstat_i_coverage *out)
{
    *out = (traffstat_i_coverage){.years = years->n};
    if (years->n == 0 || !traffstat_i_over_places(panel, series)) {
        return TRAFFSTAT_OK;
    }
    size_t *block = traffstat_i_alloc(ctx, 3 * years->n, sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->places = block;
    out->began = block + years->n;
    out->stopped = block + 2 * years->n;
    (void) count_cells(panel, series, years, out);
    return fill(ctx, panel, series, years, change, level, out);
}

void traffstat_i_coverage_free(traffstat_ctx *ctx, traffstat_i_coverage *of)
{
    traffstat_i_part_sum *const sums[] = {&of->each, &of->constant, &of->remaining, &of->both};
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        traffstat_i_yearly_free(ctx, &sums[i]->years);
    }
    traffstat_i_free(ctx, of->places);
    *of = (traffstat_i_coverage){0};
}

bool traffstat_i_coverage_matters(const traffstat_i_coverage *of)
{
    if (!of->varies) {
        return false;
    }
    const double spread = (double) (of->most - of->fewest);
    const double turned = (double) (of->all_began + of->all_stopped);
    return spread > MATTERS * (double) of->most || turned > MATTERS * (double) of->ever;
}
