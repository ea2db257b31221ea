/* Reading a result: what everybody calls. */
#include <math.h>

#include "estimate/inside.h"

const char *traffstat_kind_name(traffstat_kind kind)
{
    static const char *const names[] = {"estimate", "scenario", "bound"};
    return kind >= TRAFFSTAT_KIND_ESTIMATE && kind <= TRAFFSTAT_KIND_BOUND ? names[kind]
                                                                           : "unknown";
}

const char *traffstat_verdict_name(traffstat_verdict verdict)
{
    static const char *const names[] = {"ok", "caution", "inestimable"};
    return verdict >= TRAFFSTAT_VERDICT_OK && verdict <= TRAFFSTAT_VERDICT_INESTIMABLE
               ? names[verdict]
               : "unknown";
}

const char *traffstat_estimate_method(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->method : "";
}

const char *traffstat_estimate_citation(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->citation : "";
}

traffstat_kind traffstat_estimate_kind(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->kind : TRAFFSTAT_KIND_SCENARIO;
}

traffstat_verdict traffstat_estimate_verdict(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->verdict : TRAFFSTAT_VERDICT_INESTIMABLE;
}

uint64_t traffstat_estimate_seed(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->seed : 0;
}

double traffstat_estimate_level(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->level : NAN;
}

size_t traffstat_estimate_reasons(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->reasons.count : 0;
}

const char *traffstat_estimate_reason(const traffstat_estimate *estimate, size_t i)
{
    return i < traffstat_estimate_reasons(estimate) ? estimate->reasons.items[i] : NULL;
}

size_t traffstat_estimate_assumptions(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->assumptions.count : 0;
}

const char *traffstat_estimate_assumption(const traffstat_estimate *estimate, size_t i)
{
    return i < traffstat_estimate_assumptions(estimate) ? estimate->assumptions.items[i] : NULL;
}

size_t traffstat_estimate_diagnostics(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->diagnostic_count : 0;
}

const char *traffstat_estimate_diagnostic_name(const traffstat_estimate *estimate, size_t i)
{
    return i < traffstat_estimate_diagnostics(estimate) ? estimate->diagnostics[i].name : NULL;
}

double traffstat_estimate_diagnostic(const traffstat_estimate *estimate, size_t i)
{
    return i < traffstat_estimate_diagnostics(estimate) ? estimate->diagnostics[i].value : NAN;
}

size_t traffstat_estimate_rows(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->row_count : 0;
}

traffstat_status traffstat_estimate_row_get(const traffstat_estimate *estimate, size_t row,
                                            traffstat_estimate_row *out)
{
    if (out == NULL || row >= traffstat_estimate_rows(estimate)) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = estimate->rows[row];
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_estimate_total(const traffstat_estimate *estimate,
                                          traffstat_estimate_row *out)
{
    if (estimate == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    if (!estimate->has_total) {
        return TRAFFSTAT_E_NODATA;
    }
    *out = estimate->rows[estimate->row_count];
    return TRAFFSTAT_OK;
}

const char *traffstat_estimate_row_label(const traffstat_estimate *estimate, size_t row)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    if (slot == TRAFFSTAT_NONE) {
        return "";
    }
    return row == TRAFFSTAT_NONE ? "total"
                                 : estimate->naming.labels.items[estimate->rows[slot].series];
}

const char *traffstat_estimate_row_noun(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->naming.noun : "";
}

static const char *part(const traffstat_estimate *estimate, size_t row, size_t which)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    if (slot == TRAFFSTAT_NONE || row == TRAFFSTAT_NONE || !estimate->naming.of_panel) {
        return "";
    }
    const size_t at = estimate->rows[slot].series * TRAFFSTAT_I_PARTS_OF_SERIES + which;
    return estimate->naming.parts.items[at];
}

const char *traffstat_estimate_row_key(const traffstat_estimate *estimate, size_t row)
{
    return part(estimate, row, TRAFFSTAT_I_PART_KEY);
}

const char *traffstat_estimate_row_measure(const traffstat_estimate *estimate, size_t row)
{
    return part(estimate, row, TRAFFSTAT_I_PART_MEASURE);
}

const char *traffstat_estimate_row_category(const traffstat_estimate *estimate, size_t row)
{
    return part(estimate, row, TRAFFSTAT_I_PART_CATEGORY);
}

const char *traffstat_estimate_row_source(const traffstat_estimate *estimate, size_t row)
{
    return part(estimate, row, TRAFFSTAT_I_PART_SOURCE);
}

const traffstat_detail *traffstat_estimate_details(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->root : NULL;
}

const traffstat_detail *traffstat_estimate_row_details(const traffstat_estimate *estimate,
                                                       size_t row)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    return slot != TRAFFSTAT_NONE && estimate->rows_said != NULL ? estimate->rows_said[slot] : NULL;
}

size_t traffstat_estimate_row_reasons(const traffstat_estimate *estimate, size_t row)
{
    size_t count = 0;
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    for (uint32_t at = slot != TRAFFSTAT_NONE ? estimate->first_reason[slot] : NO_REASON;
         at != NO_REASON; at = estimate->row_reasons[at].next) {
        count++;
    }
    return count;
}

const char *traffstat_estimate_row_reason(const traffstat_estimate *estimate, size_t row, size_t i)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    uint32_t at = slot != TRAFFSTAT_NONE ? estimate->first_reason[slot] : NO_REASON;
    for (; at != NO_REASON && i > 0; i--) {
        at = estimate->row_reasons[at].next;
    }
    return at != NO_REASON ? estimate->pool.items[estimate->row_reasons[at].text] : NULL;
}

size_t traffstat_estimate_levels(const traffstat_estimate *estimate)
{
    return estimate != NULL ? estimate->level_count : 0;
}

traffstat_status traffstat_estimate_interval(const traffstat_estimate *estimate, size_t row,
                                             size_t i, traffstat_interval *out)
{
    if (estimate == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    if (row == TRAFFSTAT_NONE && !estimate->has_total) {
        return TRAFFSTAT_E_NODATA;
    }
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    if (slot == TRAFFSTAT_NONE || i >= estimate->level_count) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const double *ends = &estimate->intervals[2 * (estimate->level_count * slot + i)];
    *out = (traffstat_interval){estimate->levels[i], ends[0], ends[1]};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_estimate_basis(const traffstat_estimate *estimate,
                                          traffstat_reporting_basis *out)
{
    if (estimate == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    if (!estimate->has_basis) {
        return TRAFFSTAT_E_NODATA;
    }
    *out = estimate->basis;
    return TRAFFSTAT_OK;
}
