/* Does the maximum-likelihood estimate exist? By elimination of whole numbers, without a linear
 * program where the data decide earlier.
 *
 * The estimate fails to exist when some function f of the histories, of the model's own form (its
 * Moebius transform vanishes outside the model's terms), is 0 on each history that was seen, at
 * least 0 on each that was not, and not 0 on all of them; on the unseen history it may be anything.
 * The values of f at the terms determine it. Those at terms whose history was seen are 0, so the
 * unknowns are f at the unseen history and at the model's terms whose history nobody has: few. The
 * coefficient of f(v) in f(w) is the sum of (-1)^(|theta| - |v|) over the terms theta between v and
 * w. */
#include <math.h>
#include <string.h>

#include "model/overlap/engine.h"

#define NEARLY_ZERO 1e-9 /* entries are ratios of small whole numbers */

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

traffstat_status traffstat_i_exist_room_new(traffstat_ctx *ctx, size_t lists, size_t terms,
                                            traffstat_i_exist_room *out)
{
    *out = (traffstat_i_exist_room){0};
    const size_t cells = (size_t) 1 << lists;
    const size_t wide = larger(cells, terms) + 1;
    const size_t doubles = terms * cells + (terms + 1) * wide;
    char *block = traffstat_i_alloc(
        ctx, doubles * sizeof(double) + terms * sizeof(size_t) + 2 * cells, sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->lists = lists;
    out->capacity = terms;
    out->block = block;
    out->form = (double *) (void *) block;
    out->table = out->form + terms * cells;
    out->basis = (size_t *) (void *) (out->form + doubles);
    out->inside = (uint8_t *) (out->basis + terms);
    out->member = out->inside + cells;
    return TRAFFSTAT_OK;
}

void traffstat_i_exist_room_free(traffstat_ctx *ctx, traffstat_i_exist_room *room)
{
    traffstat_i_free(ctx, room->block);
    *room = (traffstat_i_exist_room){0};
}

/* Histories above an empty margin of the model go, and the terms there with them. */
static void mark(traffstat_i_exist_room *room, const traffstat_i_counts *counts,
                 traffstat_i_terms model)
{
    memset(room->inside, 1, counts->cells);
    memset(room->member, 0, counts->cells);
    for (size_t i = 1; i < model.count; i++) {
        const size_t term = model.term[i];
        if (counts->total[term] > 0.0) {
            room->member[term] = 1;
            continue;
        }
        for (size_t w = term; w < counts->cells; w = (w + 1) | term) {
            room->inside[w] = 0;
        }
    }
    room->member[0] = 1;
}

/* Coefficients of f(v) in f at every history. */
static void expand(const traffstat_i_exist_room *room, const traffstat_i_counts *counts,
                   traffstat_i_terms model, size_t v, double *form)
{
    memset(form, 0, counts->cells * sizeof *form);
    const size_t odd = traffstat_i_bits((uint32_t) v) & 1;
    for (size_t i = 0; i < model.count; i++) {
        const size_t term = model.term[i];
        if ((term & v) == v && room->member[term] != 0) {
            form[term] = (traffstat_i_bits((uint32_t) term) & 1) == odd ? 1.0 : -1.0;
        }
    }
    traffstat_i_subset_sums(form, counts->lists);
}

/* A history that constrains f: kept, and not a term that an unknown already stands for. */
static bool constrains(const traffstat_i_exist_room *room, size_t w)
{
    return room->inside[w] != 0 && room->member[w] == 0;
}

static bool any_constraint(const traffstat_i_exist_room *room, size_t cells)
{
    for (size_t w = 1; w < cells; w++) {
        if (constrains(room, w)) {
            return true;
        }
    }
    return false;
}

/* Only f at the unseen history is unknown. */
static int sign_of_one(const traffstat_i_exist_room *room, const traffstat_i_counts *counts)
{
    bool above = false;
    bool below = false;
    for (size_t w = 1; w < counts->cells; w++) {
        const double value = room->form[w];
        if (!constrains(room, w) || value == 0.0) {
            continue;
        }
        if (counts->count[w] > 0.0) {
            return 0;
        }
        above |= value > 0.0;
        below |= value < 0.0;
    }
    return above != below ? TRAFFSTAT_I_NONEXISTENT : 0;
}

/* ---- elimination ----------------------------------------------------------------------------- */

/* Reduced rows of the equations "f is 0 where somebody was seen", one after another in `rows`;
 * basis[r] is the unknown that row r determines. Returns their number. */
static size_t eliminate(traffstat_i_exist_room *room, const traffstat_i_counts *counts,
                        size_t unknowns)
{
    double *rows = room->table;
    size_t rank = 0;
    for (size_t w = 1; w < counts->cells && rank < unknowns; w++) {
        if (!constrains(room, w) || !(counts->count[w] > 0.0)) {
            continue;
        }
        double *row = rows + rank * unknowns;
        for (size_t j = 0; j < unknowns; j++) {
            row[j] = room->form[j * counts->cells + w];
        }
        for (size_t r = 0; r < rank; r++) {
            const double times = row[room->basis[r]];
            for (size_t j = 0; times != 0.0 && j < unknowns; j++) {
                row[j] -= times * rows[r * unknowns + j];
            }
        }
        size_t pivot = 0;
        for (size_t j = 1; j < unknowns; j++) {
            pivot = fabs(row[j]) > fabs(row[pivot]) ? j : pivot;
        }
        if (fabs(row[pivot]) <= NEARLY_ZERO) {
            continue;
        }
        const double scale = 1.0 / row[pivot];
        for (size_t j = 0; j < unknowns; j++) {
            row[j] *= scale;
        }
        for (size_t r = 0; r < rank; r++) {
            const double times = rows[r * unknowns + pivot];
            for (size_t j = 0; times != 0.0 && j < unknowns; j++) {
                rows[r * unknowns + j] -= times * row[j];
            }
        }
        room->basis[rank++] = pivot;
    }
    return rank;
}

/* Writes each unknown that the equations determine by those that stay free, and packs the forms of
 * the free ones to the front. Returns how many are free. */
static size_t substitute(traffstat_i_exist_room *room, size_t cells, size_t unknowns, size_t rank)
{
    const double *rows = room->table;
    size_t kept = 0;
    for (size_t j = 0; j < unknowns; j++) {
        bool determined = false;
        for (size_t r = 0; r < rank; r++) {
            determined |= room->basis[r] == j;
        }
        if (determined) {
            continue;
        }
        double *form = room->form + j * cells;
        for (size_t r = 0; r < rank; r++) {
            const double times = rows[r * unknowns + j];
            const double *other = room->form + room->basis[r] * cells;
            for (size_t w = 0; times != 0.0 && w < cells; w++) {
                form[w] -= times * other[w];
            }
        }
        room->basis[rank + kept++] = j;
    }
    /* Forms of the determined are used above until here; only now may they be overwritten. */
    for (size_t i = 0; i < kept; i++) {
        const size_t from = room->basis[rank + i];
        memmove(room->form + i * cells, room->form + from * cells, cells * sizeof(double));
    }
    return kept;
}

/* ---- what is left ---------------------------------------------------------------------------- */

static bool is_zero_cell(const traffstat_i_exist_room *room, const traffstat_i_counts *counts,
                         size_t w)
{
    return room->inside[w] != 0 && !(counts->count[w] > 0.0);
}

static int sign_of_rest(const traffstat_i_exist_room *room, const traffstat_i_counts *counts)
{
    bool above = false;
    bool below = false;
    for (size_t w = 1; w < counts->cells; w++) {
        if (is_zero_cell(room, counts, w)) {
            above |= room->form[w] > NEARLY_ZERO;
            below |= room->form[w] < -NEARLY_ZERO;
        }
    }
    return above != below ? TRAFFSTAT_I_NONEXISTENT : 0;
}

/* Stiemke: no f is at least 0 and not all 0 exactly where weights y >= 1 on the zero cells make every
 * form's weighted sum 0. With z = y - 1 that asks for a feasible point of `forms` equations, found
 * by the first phase of the simplex method. Fills the table, right sides last; returns columns. */
static size_t fill_table(traffstat_i_exist_room *room, const traffstat_i_counts *counts,
                         size_t forms)
{
    size_t columns = 0;
    for (size_t w = 1; w < counts->cells; w++) {
        columns += is_zero_cell(room, counts, w);
    }
    for (size_t i = 0; i < forms; i++) {
        double *row = room->table + i * (columns + 1);
        const double *form = room->form + i * counts->cells;
        double sum = 0.0;
        size_t column = 0;
        for (size_t w = 1; w < counts->cells; w++) {
            if (is_zero_cell(room, counts, w)) {
                row[column++] = form[w];
                sum += form[w];
            }
        }
        row[columns] = -sum;
        for (size_t j = 0; sum > 0.0 && j <= columns; j++) {
            row[j] = -row[j];
        }
        room->basis[i] = SIZE_MAX; /* an artificial variable */
    }
    return columns;
}

/* The row of the objective: the sum of those whose basic variable is still artificial. */
static void sum_artificial(const traffstat_i_exist_room *room, size_t forms, size_t columns)
{
    double *goal = room->table + forms * (columns + 1);
    memset(goal, 0, (columns + 1) * sizeof *goal);
    for (size_t i = 0; i < forms; i++) {
        const double *row = room->table + i * (columns + 1);
        for (size_t j = 0; room->basis[i] == SIZE_MAX && j <= columns; j++) {
            goal[j] += row[j];
        }
    }
}

/* Bland: the first column that helps, the lowest basic variable among equal ratios (an artificial
 * one before others): no cycles. */
static size_t leaving_row(const traffstat_i_exist_room *room, size_t forms, size_t columns,
                          size_t enter)
{
    size_t best = SIZE_MAX;
    double least = INFINITY;
    for (size_t i = 0; i < forms; i++) {
        const double *row = room->table + i * (columns + 1);
        if (row[enter] <= NEARLY_ZERO) {
            continue;
        }
        const double ratio = row[columns] / row[enter];
        const bool tie = best != SIZE_MAX && fabs(ratio - least) <= NEARLY_ZERO;
        /* SIZE_MAX + 1 wraps to 0: artificial first */
        if ((!tie && ratio < least) || (tie && room->basis[i] + 1 < room->basis[best] + 1)) {
            best = i;
            least = ratio;
        }
    }
    return best;
}

static void pivot_on(const traffstat_i_exist_room *room, size_t forms, size_t columns, size_t at,
                     size_t enter)
{
    double *row = room->table + at * (columns + 1);
    const double scale = 1.0 / row[enter];
    for (size_t j = 0; j <= columns; j++) {
        row[j] *= scale;
    }
    for (size_t i = 0; i < forms; i++) {
        double *other = room->table + i * (columns + 1);
        const double times = i == at ? 0.0 : other[enter];
        for (size_t j = 0; times != 0.0 && j <= columns; j++) {
            other[j] -= times * row[j];
        }
    }
    room->basis[at] = enter;
}

static int simplex(traffstat_i_exist_room *room, const traffstat_i_counts *counts, size_t forms)
{
    const size_t columns = fill_table(room, counts, forms);
    const double *goal = room->table + forms * (columns + 1);
    for (;;) {
        sum_artificial(room, forms, columns);
        if (goal[columns] <= NEARLY_ZERO) {
            return 0;
        }
        size_t enter = 0;
        while (enter < columns && goal[enter] <= NEARLY_ZERO) {
            enter++;
        }
        const size_t row = enter < columns ? leaving_row(room, forms, columns, enter) : SIZE_MAX;
        if (row == SIZE_MAX) {
            return TRAFFSTAT_I_NONEXISTENT;
        }
        pivot_on(room, forms, columns, row, enter);
    }
}

/* ---- the verdict ----------------------------------------------------------------------------- */

int traffstat_i_existence(traffstat_i_exist_room *room, const traffstat_i_counts *counts,
                          traffstat_i_terms model)
{
    mark(room, counts, model);
    expand(room, counts, model, 0, room->form);
    size_t unknowns = 1;
    for (size_t i = 1; i < model.count; i++) {
        const size_t term = model.term[i];
        if (room->member[term] != 0 && !(counts->count[term] > 0.0)) {
            expand(room, counts, model, term, room->form + unknowns++ * counts->cells);
        }
    }
    if (unknowns == 1) {
        const bool identified = any_constraint(room, counts->cells);
        return identified ? sign_of_one(room, counts) : TRAFFSTAT_I_UNIDENTIFIED;
    }
    const int rank_verdict = any_constraint(room, counts->cells) ? 0 : TRAFFSTAT_I_UNIDENTIFIED;
    const size_t rank = eliminate(room, counts, unknowns);
    const size_t forms = substitute(room, counts->cells, unknowns, rank);
    if (forms == 0) {
        return rank_verdict;
    }
    return rank_verdict | (forms == 1 ? sign_of_rest(room, counts) : simplex(room, counts, forms));
}
