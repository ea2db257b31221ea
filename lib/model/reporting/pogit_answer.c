/* What a regression on a panel says of rows and of their total, from draws or from the top. */
#include <math.h>
#include <string.h>

#include "model/reporting/field.h"
#include "model/reporting/pogit_panel.h"

/* ---- refusals -------------------------------------------------------------------------------- */

static bool has_total(const traffstat_i_pogit_panel *run)
{
    return traffstat_i_estimate_row(run->thinning.estimate, TRAFFSTAT_NONE) != NULL;
}

traffstat_status traffstat_i_pogit_refuse(traffstat_i_pogit_panel *run, const char *reason)
{
    traffstat_estimate *to = run->thinning.estimate;
    const size_t rows = traffstat_panel_rows(run->panel);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = 0; row < rows && status == TRAFFSTAT_OK; row++) {
        status = traffstat_i_estimate_row_reason(to, row, TRAFFSTAT_VERDICT_INESTIMABLE, reason);
    }
    if (status == TRAFFSTAT_OK && has_total(run)) {
        status = traffstat_i_estimate_row_reason(to, TRAFFSTAT_NONE, TRAFFSTAT_VERDICT_INESTIMABLE,
                                                 reason);
    }
    return status;
}

/* ---- numbers from draws ---------------------------------------------------------------------- */

typedef struct answer {
    traffstat_i_pogit_panel *run;
    size_t draws;
    double *sorted;
} answer;

static double quantile(const answer *a, double prob)
{
    return traffstat_i_quantile_of(a->sorted, a->draws, prob);
}

static void sort(const answer *a, const double *values)
{
    memcpy(a->sorted, values, a->draws * sizeof *values);
    traffstat_i_sort_values(a->sorted, a->draws);
}

/* The shortest run of draws that holds the level. */
static void densest(const answer *a, double level, traffstat_estimate_row *to)
{
    const size_t held = (size_t) ceil(level * (double) a->draws - 1e-9);
    size_t best = 0;
    for (size_t i = 0; i + held <= a->draws; i++) {
        if (a->sorted[i + held - 1] - a->sorted[i] < a->sorted[best + held - 1] - a->sorted[best]) {
            best = i;
        }
    }
    to->hdi_lower = a->sorted[best];
    to->hdi_upper = a->sorted[best + held - 1];
}

static traffstat_status write_draws(const answer *a, size_t row, const double *all,
                                    const double *hidden)
{
    const traffstat_i_thinning *thinning = &a->run->thinning;
    traffstat_estimate_row *to = traffstat_i_estimate_row(thinning->estimate, row);
    const double tail = 0.5 * (1.0 - a->run->options.level);
    sort(a, hidden);
    to->unreported = quantile(a, 0.5);
    to->unreported_mean = traffstat_i_mean_of(hidden, a->draws);
    to->unreported_lower = quantile(a, tail);
    to->unreported_upper = quantile(a, 1.0 - tail);
    sort(a, all);
    to->estimate = quantile(a, 0.5);
    to->mean = traffstat_i_mean_of(all, a->draws);
    to->lower = quantile(a, tail);
    to->upper = quantile(a, 1.0 - tail);
    densest(a, a->run->options.level, to);
    for (size_t i = 0; i < thinning->level_count; i++) {
        const double out = 0.5 * (1.0 - thinning->levels[i]);
        traffstat_i_estimate_set_interval(thinning->estimate, row, i, quantile(a, out),
                                          quantile(a, 1.0 - out));
    }
    return traffstat_i_judge_thinning(thinning->estimate, row, to->estimate, quantile(a, 0.975));
}

/* ---- numbers from the top -------------------------------------------------------------------- */

/* What was counted: an interval by its expectation at the top. */
typedef struct counted {
    double low;
    double middle;
    double high; /* INFINITY: no upper end */
} counted;

static counted counted_in(const traffstat_i_pogit_panel *run, size_t i)
{
    const traffstat_i_pogit *of = traffstat_i_pogit_model(run->fit);
    const double *at = traffstat_i_pogit_top(run->fit);
    const double low = (double) run->data.counts[i];
    if (of->low == NULL || of->low[i] == of->high[i]) {
        return (counted){low, low, low};
    }
    double log_mean = of->offset[i];
    double logit = 0.0;
    for (size_t j = 0; j < of->rate; j++) {
        log_mean += of->x[i * of->rate + j] * at[j];
    }
    for (size_t j = 0; j < of->share; j++) {
        logit += of->w[i * of->share + j] * at[of->rate + j];
    }
    log_mean += traffstat_i_log_share(logit);
    const traffstat_i_cell_score score =
        traffstat_i_cell_score_of(of->low[i], of->high[i], log_mean, INFINITY);
    return (counted){low, exp(log_mean) + score.d_log_mu,
                     of->high[i] < 0 ? (double) INFINITY : (double) of->high[i]};
}

static double or_none(double value)
{
    return isfinite(value) ? value : (double) NAN;
}

/* `which`: of the rows that are used; TRAFFSTAT_NONE: the total. */
static traffstat_status write_top(traffstat_i_pogit_panel *run, size_t row, size_t which,
                                  const counted *y)
{
    traffstat_i_thinning *thinning = &run->thinning;
    traffstat_estimate_row *to = traffstat_i_estimate_row(thinning->estimate, row);
    traffstat_pogit_number hidden;
    traffstat_status status =
        traffstat_i_pogit_hidden(run->ctx, run->fit, which, run->options.level, &hidden);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    to->unreported = hidden.estimate;
    to->unreported_mean = hidden.estimate;
    to->unreported_lower = hidden.lower;
    to->unreported_upper = hidden.upper;
    to->estimate = y->middle + hidden.estimate;
    to->mean = to->estimate;
    to->lower = y->low + hidden.lower;
    to->upper = or_none(y->high + hidden.upper);
    for (size_t i = 0; i < thinning->level_count && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_pogit_hidden(run->ctx, run->fit, which, thinning->levels[i], &hidden);
        traffstat_i_estimate_set_interval(thinning->estimate, row, i, y->low + hidden.lower,
                                          or_none(y->high + hidden.upper));
    }
    return status;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static traffstat_status write_unused(traffstat_i_pogit_panel *run, size_t row,
                                     const traffstat_cell *cell)
{
    const char *reason = traffstat_i_why_text((traffstat_why) cell->why);
    if (run->use[row] == TRAFFSTAT_I_POGIT_NEGATIVE) {
        reason = "corrections of earlier counts exceed what was counted: a net count below zero "
                 "has no estimate";
    } else if (run->use[row] == TRAFFSTAT_I_POGIT_UNKNOWN) {
        reason = "no record of the covariates belongs to this row";
    }
    return traffstat_i_estimate_row_reason(run->thinning.estimate, row,
                                           TRAFFSTAT_VERDICT_INESTIMABLE, reason);
}

static traffstat_status write_used(const answer *a, size_t row, size_t i)
{
    traffstat_i_pogit_panel *run = a->run;
    run->thinning.last = row;
    run->thinning.numbers++;
    if (run->options.engine == TRAFFSTAT_POGIT_NUTS) {
        return write_draws(a, row, run->all + i * a->draws, run->hidden + i * a->draws);
    }
    const counted y = counted_in(run, i);
    return write_top(run, row, i, &y);
}

static traffstat_status write_rows(const answer *a)
{
    traffstat_i_pogit_panel *run = a->run;
    const size_t rows = traffstat_panel_rows(run->panel);
    traffstat_status status = TRAFFSTAT_OK;
    size_t i = 0;
    for (size_t row = 0; row < rows && status == TRAFFSTAT_OK; row++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(run->panel, row, &cell) != TRAFFSTAT_OK) {
            return traffstat_i_fail(run->ctx, TRAFFSTAT_E_INTERNAL,
                                    "a row of the panel is missing");
        }
        if (run->use[row] != TRAFFSTAT_I_POGIT_USED) {
            status = write_unused(run, row, &cell);
            continue;
        }
        status = write_used(a, row, i++);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_thinning_cell_reasons(&run->thinning, row, &cell);
        }
    }
    return status;
}

static traffstat_status write_total(const answer *a)
{
    traffstat_i_pogit_panel *run = a->run;
    traffstat_estimate *to = run->thinning.estimate;
    traffstat_status status = TRAFFSTAT_OK;
    if (!has_total(run)) {
        return status;
    }
    if (run->options.engine == TRAFFSTAT_POGIT_NUTS) {
        double *hidden = run->one + a->draws;
        traffstat_i_pogit_sum(run, run->all, run->one);
        traffstat_i_pogit_sum(run, run->hidden, hidden);
        status = write_draws(a, TRAFFSTAT_NONE, run->one, hidden);
    } else {
        counted sum = {0.0, 0.0, 0.0};
        for (size_t i = 0; i < run->count; i++) {
            const counted y = counted_in(run, i);
            sum = (counted){sum.low + y.low, sum.middle + y.middle, sum.high + y.high};
        }
        status = write_top(run, TRAFFSTAT_NONE, TRAFFSTAT_NONE, &sum);
    }
    if (status == TRAFFSTAT_OK && run->thinning.kind == TRAFFSTAT_KIND_SCENARIO) {
        status = traffstat_i_estimate_row_reason(to, TRAFFSTAT_NONE, TRAFFSTAT_VERDICT_CAUTION,
                                                 traffstat_i_text_get(&run->thinning.scenario));
    }
    if (status != TRAFFSTAT_OK || run->unused == 0) {
        return status;
    }
    return traffstat_i_estimate_row_reason(
        to, TRAFFSTAT_NONE, TRAFFSTAT_VERDICT_CAUTION,
        "rows without a count or without covariates are not in the total");
}

traffstat_status traffstat_i_pogit_answer(traffstat_i_pogit_panel *run)
{
    answer a = {.run = run, .draws = (size_t) run->chains * (size_t) run->draws};
    a.sorted = traffstat_i_alloc(run->ctx, a.draws + 1, sizeof *a.sorted);
    traffstat_status status = a.sorted != NULL ? write_rows(&a) : TRAFFSTAT_E_NOMEM;
    if (status == TRAFFSTAT_OK) {
        status = write_total(&a);
    }
    traffstat_i_free(run->ctx, a.sorted);
    return status == TRAFFSTAT_OK ? traffstat_i_pogit_details(run) : status;
}
