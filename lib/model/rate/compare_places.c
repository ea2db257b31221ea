/* Which places of which year are compared, and who of them is whose neighbour. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/rate/compare.h"
#include "table/panel.h"

/* ---- the year -------------------------------------------------------------------------------- */

static bool is_exact(const traffstat_panel *panel, size_t row)
{
    return traffstat_panel_whys(panel)[row] == TRAFFSTAT_WHY_COUNTED &&
           traffstat_panel_lowers(panel)[row] >= 0 &&
           traffstat_panel_lowers(panel)[row] == traffstat_panel_uppers(panel)[row];
}

/* Places with an exact count of that year, and a population if `populated`. */
static size_t exact_in(const traffstat_panel *panel, int32_t year, bool populated)
{
    size_t count = 0;
    for (size_t i = 0; i < traffstat_panel_series(panel); i++) {
        const size_t row = traffstat_panel_find(panel, i, year);
        if (row != TRAFFSTAT_NONE && is_exact(panel, row) &&
            (!populated || traffstat_panel_populations(panel)[row] > 0.0)) {
            count++;
        }
    }
    return count;
}

static size_t most_exact(const traffstat_panel *panel, bool populated)
{
    size_t most = 0;
    for (int32_t year = traffstat_panel_first_year(panel); year <= traffstat_panel_last_year(panel);
         year++) {
        const size_t count = exact_in(panel, year, populated);
        most = count > most ? count : most;
    }
    return most;
}

/* The last year that is about as full as the fullest. */
static int32_t choose_year(const traffstat_panel *panel)
{
    const int32_t first = traffstat_panel_first_year(panel);
    int32_t chosen = traffstat_panel_last_year(panel);
    const bool populated = most_exact(panel, true) > 1;
    const double enough = TRAFFSTAT_I_FULL_YEAR * (double) most_exact(panel, populated);
    while (chosen > first && (double) exact_in(panel, chosen, populated) < enough) {
        chosen--;
    }
    return chosen;
}

static traffstat_status check_kinds(traffstat_ctx *ctx, const traffstat_panel *panel)
{
    static const struct {
        const char *name;
        const char *(*get)(const traffstat_panel *panel, size_t series);
    } kinds[] = {{"measures", traffstat_panel_measure},
                 {"categories", traffstat_panel_category},
                 {"sources", traffstat_panel_source}};
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (size_t i = 1; i < traffstat_panel_series(panel); i++) {
            const char *first = kinds[k].get(panel, 0);
            const char *other = kinds[k].get(panel, i);
            if (strcmp(first, other) != 0) {
                return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT,
                                        "places are compared by counts of one kind, and these have "
                                        "several %s: \"%s\" and \"%s\" among them; select one",
                                        kinds[k].name, first, other);
            }
        }
    }
    return TRAFFSTAT_OK;
}

/* The panel of that year, and where each series of the whole one went. */
static traffstat_status take_year(traffstat_i_comparison *c)
{
    const traffstat_panel *whole = c->whole;
    c->year = c->options->year != 0 ? c->options->year : choose_year(whole);
    traffstat_status status =
        traffstat_panel_select(c->ctx, whole, NULL, c->year, c->year, &c->panel);
    if (status == TRAFFSTAT_E_NODATA) {
        return traffstat_i_fail(c->ctx, status,
                                "no place has a record of %d; the counts are of %d to %d",
                                (int) c->year, (int) traffstat_panel_first_year(whole),
                                (int) traffstat_panel_last_year(whole));
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    c->rows = traffstat_panel_rows(c->panel);
    const size_t series = traffstat_panel_series(whole);
    c->series_row = traffstat_i_alloc(c->ctx, series, sizeof *c->series_row);
    size_t row = 0;
    for (size_t i = 0; i < series && c->series_row != NULL; i++) {
        const bool there = traffstat_panel_find(whole, i, c->year) != TRAFFSTAT_NONE;
        c->series_row[i] = there ? row++ : TRAFFSTAT_NONE;
        c->left_out[TRAFFSTAT_I_PART_NO_ROW] += there ? 0 : 1;
    }
    return c->series_row != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

/* ---- the places ------------------------------------------------------------------------------ */

const char *traffstat_i_place_part_reason(traffstat_i_place_part part)
{
    static const char *const reasons[] = {
        [TRAFFSTAT_I_PART_COMPARED] = "",
        [TRAFFSTAT_I_PART_NO_ROW] = "no record of the year",
        [TRAFFSTAT_I_PART_NO_COUNT] = "no count was reported",
        [TRAFFSTAT_I_PART_NEGATIVE] = "the count is a net one below zero",
        [TRAFFSTAT_I_PART_HIDDEN] = "only bounds of the count are known",
        [TRAFFSTAT_I_PART_PART_YEAR] = "the count covers an unknown part of the year",
        [TRAFFSTAT_I_PART_NO_POPULATION] = "no population is known"};
    return reasons[part];
}

static traffstat_i_place_part part_of(const traffstat_cell *cell)
{
    if (cell->why != TRAFFSTAT_WHY_COUNTED) {
        return TRAFFSTAT_I_PART_NO_COUNT;
    }
    if (cell->lower < 0) {
        return TRAFFSTAT_I_PART_NEGATIVE;
    }
    if ((cell->flags & TRAFFSTAT_FLAG_PARTIAL_YEAR) != 0 && isnan(cell->coverage)) {
        return TRAFFSTAT_I_PART_PART_YEAR;
    }
    if (!(cell->population > 0.0)) {
        return TRAFFSTAT_I_PART_NO_POPULATION;
    }
    return cell->lower != cell->upper ? TRAFFSTAT_I_PART_HIDDEN : TRAFFSTAT_I_PART_COMPARED;
}

static void take_place(traffstat_i_comparison *c, size_t row, const traffstat_cell *cell)
{
    const double share = cell->coverage > 0.0 ? cell->coverage : 1.0;
    const double exposure = cell->population * share;
    if (c->part[row] == TRAFFSTAT_I_PART_HIDDEN) {
        const bool open = cell->upper == TRAFFSTAT_NO_UPPER;
        c->hidden_lower += (double) cell->lower;
        c->hidden_upper += open ? (double) INFINITY : (double) cell->upper;
        c->hidden_exposure += exposure;
    }
    if (c->part[row] != TRAFFSTAT_I_PART_COMPARED) {
        return;
    }
    c->place[row] = c->n;
    c->row[c->n] = row;
    c->cases[c->n] = (double) cell->lower;
    c->exposure[c->n] = exposure;
    c->total_cases += (double) cell->lower;
    c->total_exposure += exposure;
    c->n++;
}

static void say_nothing_compared(traffstat_i_comparison *c)
{
    char *to = c->reason;
    if (c->n < 2 && c->left_out[TRAFFSTAT_I_PART_NO_POPULATION] > 0) {
        (void) snprintf(to, TRAFFSTAT_I_COMPARE_REASON,
                        "a population is known of %s: exposure is 1 a place, no rate is given, and "
                        "places are not compared, since a larger place has more cases",
                        c->n == 0 ? "no place with an exact count" : "one place alone");
    } else if (c->n < 2) {
        (void) snprintf(to, TRAFFSTAT_I_COMPARE_REASON, "%s: two are needed for a comparison",
                        c->n == 0 ? "no place has an exact count"
                                  : "only one place has an exact "
                                    "count");
    } else if (c->total_cases == 0.0) {
        (void) snprintf(to, TRAFFSTAT_I_COMPARE_REASON,
                        "no case was counted in any place: there is nothing to tell places apart");
    }
}

static bool make_room(traffstat_i_comparison *c)
{
    traffstat_ctx *ctx = c->ctx;
    c->part = traffstat_i_alloc(ctx, c->rows, sizeof *c->part);
    c->place = traffstat_i_alloc(ctx, c->rows, sizeof *c->place);
    c->row = traffstat_i_alloc(ctx, c->rows, sizeof *c->row);
    c->degree = traffstat_i_alloc(ctx, c->rows, sizeof *c->degree);
    c->cases = traffstat_i_alloc(ctx, c->rows, sizeof *c->cases);
    c->exposure = traffstat_i_alloc(ctx, c->rows, sizeof *c->exposure);
    c->expected = traffstat_i_alloc(ctx, c->rows, sizeof *c->expected);
    return c->part != NULL && c->place != NULL && c->row != NULL && c->degree != NULL &&
           c->cases != NULL && c->exposure != NULL && c->expected != NULL;
}

static traffstat_status take_places(traffstat_i_comparison *c)
{
    size_t covered = 0;
    if (!make_room(c)) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t row = 0; row < c->rows; row++) {
        traffstat_cell cell;
        const traffstat_status status = traffstat_panel_cell(c->panel, row, &cell);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        c->place[row] = TRAFFSTAT_NONE;
        c->part[row] = part_of(&cell);
        c->left_out[c->part[row]]++;
        covered += c->part[row] == TRAFFSTAT_I_PART_COMPARED && cell.coverage > 0.0 ? 1 : 0;
        take_place(c, row, &cell);
    }
    for (size_t i = 0; i < c->n; i++) {
        c->expected[i] = c->exposure[i] * (c->total_cases / c->total_exposure);
    }
    c->partly_covered = covered > 0 && covered < c->n;
    say_nothing_compared(c);
    return TRAFFSTAT_OK;
}

/* ---- neighbours ------------------------------------------------------------------------------ */

/* The compared place of a series; NONE. */
static size_t place_of(const traffstat_i_comparison *c, size_t series)
{
    const size_t row = c->series_row[series];
    return row != TRAFFSTAT_NONE ? c->place[row] : TRAFFSTAT_NONE;
}

static traffstat_status check_pair(const traffstat_i_comparison *c, const size_t *pair)
{
    const size_t series = traffstat_panel_series(c->whole);
    if (pair[0] >= series || pair[1] >= series) {
        return traffstat_i_fail(c->ctx, TRAFFSTAT_E_ARGUMENT,
                                "neighbours %zu and %zu: there are only %zu series, counted from 0",
                                pair[0], pair[1], series);
    }
    if (pair[0] == pair[1]) {
        return traffstat_i_fail(c->ctx, TRAFFSTAT_E_CONFLICT, "\"%s\" is its own neighbour",
                                traffstat_i_panel_label(c->whole, pair[0]));
    }
    return TRAFFSTAT_OK;
}

static void add_link(traffstat_i_comparison *c, size_t a, size_t b)
{
    c->from[c->links] = a;
    c->to[c->links++] = b;
    c->degree[a]++;
}

static traffstat_status take_neighbours(traffstat_i_comparison *c, const size_t *pairs,
                                        size_t pair_count)
{
    traffstat_status status = TRAFFSTAT_OK;
    c->has_neighbours = pair_count > 0;
    if (!c->has_neighbours) {
        return TRAFFSTAT_OK;
    }
    c->from = traffstat_i_alloc(c->ctx, 2 * pair_count, sizeof *c->from);
    c->to = traffstat_i_alloc(c->ctx, 2 * pair_count, sizeof *c->to);
    if (c->from == NULL || c->to == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < pair_count && status == TRAFFSTAT_OK; i++) {
        status = check_pair(c, &pairs[2 * i]);
        if (status == TRAFFSTAT_OK) {
            const size_t a = place_of(c, pairs[2 * i]);
            const size_t b = place_of(c, pairs[2 * i + 1]);
            if (a != TRAFFSTAT_NONE && b != TRAFFSTAT_NONE) {
                add_link(c, a, b);
                add_link(c, b, a);
            }
        }
    }
    for (size_t i = 0; i < c->n; i++) {
        c->islands += c->degree[i] == 0 ? 1 : 0;
    }
    return status;
}

traffstat_status traffstat_i_comparison_open(traffstat_i_comparison *c, const size_t *pairs,
                                             size_t pair_count)
{
    traffstat_status status = check_kinds(c->ctx, c->whole);
    if (status == TRAFFSTAT_OK) {
        status = take_year(c);
    }
    if (status == TRAFFSTAT_OK) {
        status = take_places(c);
    }
    return status == TRAFFSTAT_OK ? take_neighbours(c, pairs, pair_count) : status;
}

void traffstat_i_comparison_close(traffstat_i_comparison *c)
{
    void *const blocks[] = {c->series_row, c->part,     c->place, c->row,      c->cases,
                            c->exposure,   c->expected, c->from,  c->to,       c->degree,
                            c->points,     c->against,  c->p,     c->adjusted, c->ranks};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        traffstat_i_free(c->ctx, blocks[i]);
    }
    for (size_t i = 0; i < TRAFFSTAT_I_SHRUNKS; i++) {
        traffstat_i_free(c->ctx, c->shrunk[i]);
    }
    for (size_t i = 0; i < TRAFFSTAT_I_FUNNELS; i++) {
        traffstat_i_free(c->ctx, c->funnel[i].limits);
    }
    traffstat_panel_free(c->panel);
}
