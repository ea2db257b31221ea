/* The closed-population family as rows of a result. */
#include <math.h>

#include "model/overlap/closed.h"
#include "model/overlap/methods.h"

static bool needs_lists(const traffstat_i_closed_model *model)
{
    return model->base != TRAFFSTAT_I_CLOSED_M0 || model->mixing == TRAFFSTAT_I_CLOSED_NORMAL;
}

size_t traffstat_i_overlap_closed_rows(const traffstat_overlap *overlap)
{
    size_t count = 0;
    for (size_t i = 0; i < TRAFFSTAT_I_CLOSED_MODELS; i++) {
        count +=
            traffstat_overlap_lists(overlap) > 0 || !needs_lists(&traffstat_i_closed_models[i]);
    }
    return count;
}

/* A fit whose number cannot stand keeps what it says about the model. */
static void fill_details(traffstat_i_overlap_run *run, size_t row, const char *name,
                         const traffstat_i_closed_answer *answer)
{
    traffstat_detail *detail = traffstat_i_estimate_row_details(run->estimate, row);
    const bool none = answer->refusal != NULL;
    traffstat_i_detail_text(detail, "model", name);
    traffstat_i_detail_number(detail, "se", none ? NAN : answer->se);
    traffstat_i_detail_number(detail, "deviance", none ? NAN : answer->deviance);
    if (none) {
        traffstat_i_detail_none(detail, "df");
    } else {
        traffstat_i_detail_integer(detail, "df", (int64_t) answer->df);
    }
    traffstat_i_detail_number(detail, "aic", none ? NAN : answer->aic);
    traffstat_i_detail_number(detail, "bic", none ? NAN : answer->bic);
    traffstat_i_detail_number(detail, "bias", none ? NAN : answer->bias);
    if (!isnan(answer->se_published)) {
        traffstat_i_detail_number(detail, "se_rcapture", answer->se_published);
    }
}

static traffstat_status add_corrected(traffstat_i_overlap_run *run, size_t row,
                                      const traffstat_i_closed_counts *counts,
                                      const traffstat_i_closed_model *model,
                                      const traffstat_i_closed_answer *answer)
{
    double estimate = NAN;
    double se = NAN;
    traffstat_status status = TRAFFSTAT_OK;
    if (answer->refusal == NULL) {
        status = traffstat_i_closed_corrected(run->ctx, counts, model, &estimate, &se);
    }
    traffstat_detail *detail = traffstat_i_estimate_row_details(run->estimate, row);
    traffstat_i_detail_number(detail, "corrected", estimate);
    traffstat_i_detail_number(detail, "corrected_se", se);
    return status;
}

static traffstat_status fill_row(traffstat_i_overlap_run *run, size_t row,
                                 const traffstat_i_closed_counts *counts,
                                 const traffstat_i_closed_model *model)
{
    traffstat_i_closed_answer answer;
    traffstat_status status =
        traffstat_i_closed_estimate(run->ctx, counts, model, run->options.level, &answer);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    fill_details(run, row, model->name, &answer);
    status = add_corrected(run, row, counts, model, &answer);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (answer.refusal != NULL) {
        return traffstat_i_overlap_refuse(run, row, answer.refusal);
    }
    traffstat_i_overlap_numbers(run, row, counts->seen, answer.estimate, answer.lower,
                                answer.upper);
    status =
        traffstat_i_overlap_judge(run, row, counts->seen, counts->seen - counts->captured[1], NULL);
    if (status == TRAFFSTAT_OK &&
        (model->base == TRAFFSTAT_I_CLOSED_MB || model->base == TRAFFSTAT_I_CLOSED_MBH)) {
        status = traffstat_i_estimate_row_reason(
            run->estimate, row, TRAFFSTAT_VERDICT_CAUTION,
            "it means something only where the lists follow one another in time");
    }
    return status;
}

/* Room for captured[0..most], and one more that chao-like sums may ask for. */
static double *count_captures(traffstat_i_overlap_run *run, size_t stratum, size_t most)
{
    double *captured = traffstat_i_alloc(run->ctx, most + 2, sizeof *captured);
    for (size_t k = 1; captured != NULL && k <= most; k++) {
        captured[k] = (double) traffstat_overlap_captured(run->overlap, stratum, k);
    }
    return captured;
}

traffstat_status traffstat_i_overlap_closed(traffstat_i_overlap_run *run, size_t stratum,
                                            size_t row)
{
    const bool lists = traffstat_overlap_lists(run->overlap) > 0;
    traffstat_i_closed_counts counts = {
        .occasions = (size_t) traffstat_overlap_occasions(run->overlap),
        .patterns = traffstat_overlap_patterns(run->overlap, stratum),
        .counts = traffstat_overlap_counts(run->overlap, stratum),
        .cells = traffstat_overlap_cells(run->overlap, stratum),
        .most = traffstat_overlap_most_captures(run->overlap, stratum),
        .seen = (double) traffstat_overlap_persons(run->overlap, stratum),
    };
    double *captured = count_captures(run, stratum, counts.most);
    if (captured == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    counts.captured = captured;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < TRAFFSTAT_I_CLOSED_MODELS && status == TRAFFSTAT_OK; i++) {
        if (lists || !needs_lists(&traffstat_i_closed_models[i])) {
            status = fill_row(run, row++, &counts, &traffstat_i_closed_models[i]);
        }
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_progress(run->ctx, run->done + run->share * (double) i /
                                                                    TRAFFSTAT_I_CLOSED_MODELS);
        }
    }
    traffstat_i_free(run->ctx, captured);
    return status;
}
