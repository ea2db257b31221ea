/* The total of a thinning over its rows, and what the reporting rate is after them. */
#include <math.h>

#include "model/reporting/summable.h"
#include "model/reporting/thinning.h"

static bool row_has_number(const traffstat_i_thinning *run, size_t row)
{
    return !isnan(traffstat_i_estimate_row(run->estimate, row)->estimate);
}

static bool is_uneven(const traffstat_i_belief *a, const traffstat_i_belief *b)
{
    return a->coverage != b->coverage || a->rate != b->rate;
}

static void gather_row(const traffstat_i_thinning *run, size_t row, size_t first,
                       traffstat_i_addends *out)
{
    traffstat_cell cell;
    if (!row_has_number(run, row) || traffstat_panel_cell(run->panel, row, &cell) != TRAFFSTAT_OK) {
        return;
    }
    out->first_year = out->count == 0 || cell.year < out->first_year ? cell.year : out->first_year;
    out->last_year = cell.year > out->last_year ? cell.year : out->last_year;
    out->lower[out->count] = cell.lower;
    out->upper[out->count] = cell.upper;
    out->beliefs[out->count] = traffstat_i_belief_of_cell(run, &cell);
    out->uneven |= is_uneven(&out->beliefs[0], &out->beliefs[out->count]);
    out->count++;
    out->flags |= cell.flags;
    out->coverage |= cell.coverage < 1.0;
    out->mixed |=
        !traffstat_i_same_kind(run->panel, first, traffstat_panel_row_series(run->panel, row));
}

static void drop(traffstat_i_thinning *run, traffstat_i_addends *all)
{
    traffstat_i_free(run->ctx, all->lower);
    traffstat_i_free(run->ctx, all->beliefs);
}

static traffstat_status gather(traffstat_i_thinning *run, traffstat_i_addends *out)
{
    const size_t first = run->last == TRAFFSTAT_NONE
                             ? TRAFFSTAT_NONE
                             : traffstat_panel_row_series(run->panel, run->last);
    *out = (traffstat_i_addends){0};
    out->lower = traffstat_i_alloc(run->ctx, 2 * run->numbers, sizeof *out->lower);
    out->beliefs = traffstat_i_alloc(run->ctx, run->numbers, sizeof *out->beliefs);
    if (out->lower == NULL || out->beliefs == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->upper = out->lower + run->numbers;
    for (size_t row = 0; row < traffstat_panel_rows(run->panel); row++) {
        gather_row(run, row, first, out);
    }
    return run->options.total != 0 && !out->mixed
               ? traffstat_i_counted_twice(run->ctx, run->panel, run->estimate, &out->twice)
               : TRAFFSTAT_OK;
}

/* Has the sum a law of its own, or only draws? */
static bool by_draws(const traffstat_i_thinning *run, const traffstat_i_addends *all)
{
    return all->count > 1 && (run->options.independent != 0 || all->uneven);
}

/* Why there is no total; NULL: there is one. "" is no reason worth a word. */
static const char *refuse_total(const traffstat_i_thinning *run, const traffstat_i_addends *all)
{
    if (run->options.total == 0 || traffstat_panel_rows(run->panel) < 2) {
        return "";
    }
    if (all->count < 2) {
        return "fewer than two rows have a number";
    }
    if (all->mixed) {
        return "the rows count different things, whose sum would mean nothing";
    }
    if (all->twice) {
        return "several sources count the same place and year, and a sum would count cases twice";
    }
    return traffstat_i_dist_refusal(&all->beliefs[0], all->lower, all->upper, all->count);
}

static traffstat_status take_total_away(traffstat_i_thinning *run, const char *why)
{
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_add(&text, "no total is given: ");
    traffstat_i_text_add(&text, why);
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_no_total(run->estimate, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static void set_observed(traffstat_i_thinning *run, const traffstat_i_addends *all)
{
    traffstat_estimate_row *row = traffstat_i_estimate_row(run->estimate, TRAFFSTAT_NONE);
    row->observed_lower = 0;
    row->observed_upper = 0;
    for (size_t i = 0; i < all->count; i++) {
        row->observed_lower += all->lower[i];
        row->observed_upper += all->upper[i];
    }
}

static traffstat_status total_reasons(traffstat_i_thinning *run, const traffstat_i_addends *all)
{
    traffstat_status status = TRAFFSTAT_OK;
    if (all->count < traffstat_panel_rows(run->panel)) {
        status = traffstat_i_estimate_row_reason(run->estimate, TRAFFSTAT_NONE,
                                                 TRAFFSTAT_VERDICT_CAUTION,
                                                 "the total leaves out the rows without a number");
    }
    if (status == TRAFFSTAT_OK && all->first_year != all->last_year &&
        traffstat_i_counts_persons(traffstat_panel_measure(run->panel, 0))) {
        status = traffstat_i_estimate_row_reason(
            run->estimate, TRAFFSTAT_NONE, TRAFFSTAT_VERDICT_CAUTION,
            "the total counts a person who appears in several years once a year");
    }
    const traffstat_cell joined = {.flags = all->flags, .coverage = all->coverage ? 0.5 : NAN};
    return status == TRAFFSTAT_OK ? traffstat_i_thinning_cell_reasons(run, TRAFFSTAT_NONE, &joined)
                                  : status;
}

static traffstat_status write_total(traffstat_i_thinning *run, const traffstat_i_addends *all,
                                    const traffstat_i_summary *summary)
{
    set_observed(run, all);
    if (summary->refusal != NULL) {
        return traffstat_i_estimate_row_reason(run->estimate, TRAFFSTAT_NONE,
                                               TRAFFSTAT_VERDICT_INESTIMABLE, summary->refusal);
    }
    const traffstat_status status = traffstat_i_write_numbers(run, TRAFFSTAT_NONE, summary);
    return status == TRAFFSTAT_OK ? total_reasons(run, all) : status;
}

/* p after the counts: closed but under gamma and on a grid, where it needs the joint law. */
static traffstat_status write_basis(traffstat_i_thinning *run, const traffstat_i_addends *all,
                                    const traffstat_i_dist *dist)
{
    traffstat_i_moments share = {NAN, NAN};
    traffstat_status status = TRAFFSTAT_OK;
    /* the exposure of the rows, which are even where their law is asked */
    const traffstat_i_belief *belief = all->count > 0 ? &all->beliefs[0] : &run->belief;
    const bool closed = traffstat_i_belief_is_closed(belief);
    if (run->options.independent != 0 && all->count > 1 &&
        run->belief.rate_prior != TRAFFSTAT_RATE_INVERSE) {
        return traffstat_i_thinning_basis(run, NAN, NAN); /* each row has a p of its own */
    }
    if (closed && (dist != NULL || run->belief.rate_prior == TRAFFSTAT_RATE_INVERSE ||
                   (run->belief.rate_prior == TRAFFSTAT_RATE_JEFFREYS && !all->coverage))) {
        status = traffstat_i_dist_share(run->ctx, dist, belief, &share.mean, &share.sd);
    } else if (run->belief.rate_prior == TRAFFSTAT_RATE_INVERSE) {
        traffstat_i_share_moments(&run->prior->law, &share.mean, &share.sd);
    } else if (all->count > 0 &&
               (run->belief.rate_prior == TRAFFSTAT_RATE_GAMMA || all->count == 1)) {
        status = traffstat_i_joint_share(run->ctx, all, &share);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_thinning_basis(run, share.mean, share.sd) : status;
}

/* The law of the sum, where rows are even and share p. */
static traffstat_status write_exact(traffstat_i_thinning *run, const traffstat_i_addends *all,
                                    bool total)
{
    traffstat_i_dist dist;
    traffstat_status status = traffstat_i_dist_init(run->ctx, &dist, &run->rule, &all->beliefs[0],
                                                    all->lower, all->upper, all->count);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (total) {
        traffstat_i_summary summary = {0};
        traffstat_i_summarise(run, &dist, &summary);
        status = write_total(run, all, &summary);
    }
    if (status == TRAFFSTAT_OK) {
        status =
            write_basis(run, all, traffstat_i_belief_is_closed(&all->beliefs[0]) ? &dist : NULL);
    }
    traffstat_i_dist_clear(&dist);
    return status;
}

static traffstat_status write_drawn(traffstat_i_thinning *run, const traffstat_i_addends *all)
{
    traffstat_i_summary summary = {0};
    double errors[3] = {NAN, NAN, NAN};
    traffstat_status status = traffstat_i_thinning_draws(run, all, &summary, errors);
    if (status == TRAFFSTAT_OK) {
        status = write_total(run, all, &summary);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_detail *at = traffstat_i_detail_object(
        traffstat_i_estimate_row_details(run->estimate, TRAFFSTAT_NONE), "draws");
    traffstat_i_detail_integer(at, "count", run->options.draws);
    traffstat_i_detail_number(at, "median_error", errors[0]);
    traffstat_i_detail_number(at, "lower_error", errors[1]);
    traffstat_i_detail_number(at, "upper_error", errors[2]);
    return write_basis(run, all, NULL);
}

static traffstat_status write_joint(traffstat_i_thinning *run, const traffstat_i_addends *all)
{
    const char *why = refuse_total(run, all);
    traffstat_status status = TRAFFSTAT_OK;
    if (why != NULL && traffstat_panel_rows(run->panel) > 1 && run->options.total != 0) {
        status = take_total_away(run, why);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (why == NULL && by_draws(run, all)) {
        return write_drawn(run, all);
    }
    const bool joint =
        all->count > 0 && !all->mixed && !all->twice && !by_draws(run, all) &&
        (why == NULL || run->belief.rate_prior == TRAFFSTAT_RATE_GAMMA) &&
        traffstat_i_dist_refusal(&all->beliefs[0], all->lower, all->upper, all->count) == NULL;
    return joint ? write_exact(run, all, why == NULL) : write_basis(run, all, NULL);
}

traffstat_status traffstat_i_thinning_total(traffstat_i_thinning *run)
{
    traffstat_i_addends all = {0};
    traffstat_status status = gather(run, &all);
    if (status == TRAFFSTAT_OK) {
        status = write_joint(run, &all);
    }
    drop(run, &all);
    return status;
}
