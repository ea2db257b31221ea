/* What stands beside a panel's answer where it was asked for: the change of true rates between two
 * years, the bands of partial identification, and what reporting would have to have done. */
#include <math.h>
#include <stdio.h>

#include "model/reporting/hierarchical.h"
#include "model/reporting/limits.h"

/* ---- a change -------------------------------------------------------------------------------- */

static size_t find_cell(const traffstat_i_hierarchical *run, size_t place, int32_t year)
{
    for (size_t i = 0; i < run->data.cell_count; i++) {
        const traffstat_i_cell *c = &run->data.cells[i];
        if (c->place == place && run->data.first_year + (int64_t) c->year == year) {
            return i;
        }
    }
    return TRAFFSTAT_NONE;
}

traffstat_status traffstat_i_hierarchical_pairs(traffstat_i_hierarchical *run)
{
    const traffstat_hierarchical_options *o = &run->options;
    if (o->change_first == 0 && o->change_second == 0) {
        return TRAFFSTAT_OK;
    }
    if (!(o->change_first != 0 && o->change_first < o->change_second)) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_ARGUMENT,
                                "a change needs two years that rise, not %d and %d",
                                (int) o->change_first, (int) o->change_second);
    }
    run->pairs = traffstat_i_alloc(run->ctx, 2 * run->data.place_count, sizeof *run->pairs);
    if (run->pairs == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t j = 0; j < run->data.place_count; j++) {
        const size_t first = find_cell(run, j, o->change_first);
        const size_t second = find_cell(run, j, o->change_second);
        if (first != TRAFFSTAT_NONE && second != TRAFFSTAT_NONE) {
            run->pairs[2 * run->pair_count] = first;
            run->pairs[2 * run->pair_count++ + 1] = second;
        }
    }
    return run->pair_count > 0 ? TRAFFSTAT_OK
                               : traffstat_i_fail(run->ctx, TRAFFSTAT_E_NODATA,
                                                  "no place has counts of both %d and %d",
                                                  (int) o->change_first, (int) o->change_second);
}

/* The first year of the change that begins after a break; 0: none. */
static int32_t broken_in(const traffstat_i_hierarchical *run)
{
    const uint32_t *flags = traffstat_panel_flags(run->panel);
    int32_t first = 0;
    for (size_t row = 0; row < run->data.row_count; row++) {
        if (run->data.use[row] != TRAFFSTAT_I_ROW_USED ||
            (flags[row] & TRAFFSTAT_FLAG_BREAK) == 0) {
            continue;
        }
        const traffstat_i_cell *c = &run->data.cells[run->data.cell_of_row[row]];
        const int32_t year = run->data.first_year + (int32_t) c->year;
        if (year > run->options.change_first && year <= run->options.change_second &&
            (first == 0 || year < first)) {
            first = year;
        }
    }
    return first;
}

/* A ratio of two rows of `change`, second over first. */
static void add_ratio(const traffstat_i_hierarchical *run, const double *first,
                      const double *second, double *values, traffstat_i_weighed *sorted,
                      traffstat_detail *to)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    const double tail = 0.5 * (1.0 - run->options.level);
    for (size_t i = 0; i < draws; i++) {
        values[i] = second[i] / first[i];
    }
    traffstat_i_weighed_sort(sorted, draws, values, run->weight);
    traffstat_i_detail_number(to, "estimate", traffstat_i_weighed_quantile(sorted, draws, 0.5));
    traffstat_i_detail_number(to, "lower", traffstat_i_weighed_quantile(sorted, draws, tail));
    traffstat_i_detail_number(to, "upper", traffstat_i_weighed_quantile(sorted, draws, 1.0 - tail));
}

static traffstat_status add_ratios(traffstat_i_hierarchical *run, traffstat_detail *at)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    double *shares = run->one; /* the share of both years, then the ratio */
    traffstat_i_weighed *sorted = traffstat_i_alloc(run->ctx, draws, sizeof *sorted);
    if (sorted == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const double *change = run->change;
    for (size_t i = 0; i < 2 * draws; i++) {
        shares[i] = change[2 * draws + i] / change[i];
    }
    add_ratio(run, change, change + draws, shares + 2 * draws, sorted,
              traffstat_i_detail_object(at, "ratio"));
    add_ratio(run, shares, shares + draws, shares + 2 * draws, sorted,
              traffstat_i_detail_object(at, "share_ratio"));
    traffstat_i_free(run->ctx, sorted);
    return TRAFFSTAT_OK;
}

static void add_no_ratios(traffstat_detail *at)
{
    static const char *const names[] = {"ratio", "share_ratio"};
    for (size_t i = 0; i < 2; i++) {
        traffstat_detail *to = traffstat_i_detail_object(at, names[i]);
        traffstat_i_detail_none(to, "estimate");
        traffstat_i_detail_none(to, "lower");
        traffstat_i_detail_none(to, "upper");
    }
}

static traffstat_status write_change(traffstat_i_hierarchical *run)
{
    const traffstat_hierarchical_options *o = &run->options;
    traffstat_detail *top = traffstat_i_estimate_details(run->thinning.estimate);
    char says[300];
    if (run->pair_count == 0) {
        return TRAFFSTAT_OK;
    }
    const int32_t broken = broken_in(run);
    const bool refused = broken != 0 && !(o->drift_scale > 0.0);
    traffstat_detail *at = traffstat_i_detail_object(top, "change");
    traffstat_i_detail_integer(at, "first_year", o->change_first);
    traffstat_i_detail_integer(at, "second_year", o->change_second);
    traffstat_i_detail_integer(at, "places", (int64_t) run->pair_count);
    traffstat_status status = TRAFFSTAT_OK;
    if (refused) {
        add_no_ratios(at);
        (void) snprintf(says, sizeof says,
                        "no change of true cases from %d to %d: what is counted changed in %d, and "
                        "nothing is granted of how reporting changed with it (the drift is 0)",
                        (int) o->change_first, (int) o->change_second, (int) broken);
    } else {
        status = add_ratios(run, at);
        (void) snprintf(
            says, sizeof says,
            "true cases per exposure in %d over those in %d, %s%s: the counts do not tell "
            "the two apart",
            (int) o->change_second, (int) o->change_first,
            o->drift_scale > 0.0 ? "as far as reporting may have drifted"
                                 : "if reporting did not drift",
            broken != 0 ? ", across a break in what is counted" : "");
    }
    traffstat_i_detail_text(at, "says", says);
    return status != TRAFFSTAT_OK || !(refused || broken != 0)
               ? status
               : traffstat_i_estimate_reason(
                     run->thinning.estimate, TRAFFSTAT_VERDICT_CAUTION,
                     refused ? says
                             : "what is counted changed between the years compared: true cases "
                               "before and after are not of one definition");
}

/* ---- the whole ------------------------------------------------------------------------------- */

traffstat_status traffstat_i_hierarchical_beside(traffstat_i_hierarchical *run)
{
    const traffstat_status status = write_change(run);
    if (status != TRAFFSTAT_OK || !(run->options.bounds_upper > 0.0)) {
        return status;
    }
    traffstat_bounds_options bounds;
    traffstat_bounds_options_init(&bounds, (uint32_t) sizeof bounds);
    bounds.total = run->data.cell_count > 1 ? 1 : 0;
    bounds.lower = run->options.bounds_lower;
    bounds.upper = run->options.bounds_upper;
    bounds.drift = run->options.bounds_drift;
    bounds.level = run->options.level;
    return traffstat_i_bounds_beside(run->ctx, run->panel, &bounds, run->thinning.estimate);
}
