/* Building a result: what models call. */
#include <math.h>
#include <string.h>

#include "estimate/inside.h"

/* ---- lists of texts ------------------------------------------------------------------------- */

bool traffstat_i_texts_add(traffstat_ctx *ctx, traffstat_i_texts *texts, const char *text)
{
    if (!traffstat_i_reserve(ctx, &texts->items, &texts->capacity, texts->count + 1,
                             sizeof *texts->items)) {
        return false;
    }
    char *copy = traffstat_i_strdup(ctx, text);
    if (copy == NULL) {
        return false;
    }
    texts->items[texts->count++] = copy;
    return true;
}

void traffstat_i_texts_free(traffstat_ctx *ctx, traffstat_i_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        traffstat_i_free(ctx, texts->items[i]);
    }
    traffstat_i_free(ctx, texts->items);
    *texts = (traffstat_i_texts){0};
}

static bool texts_have(const traffstat_i_texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++) {
        if (strcmp(texts->items[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- making and freeing --------------------------------------------------------------------- */

void traffstat_estimate_free(traffstat_estimate *estimate)
{
    if (estimate == NULL) {
        return;
    }
    traffstat_ctx *ctx = estimate->ctx;
    for (size_t i = 0; i < estimate->diagnostic_count; i++) {
        traffstat_i_free(ctx, estimate->diagnostics[i].name);
    }
    traffstat_i_texts *const lists[] = {&estimate->pool,         &estimate->reasons,
                                        &estimate->assumptions,  &estimate->naming.labels,
                                        &estimate->naming.parts, &estimate->basis_texts};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        traffstat_i_texts_free(ctx, lists[i]);
    }
    void *const blocks[] = {estimate->method,      estimate->citation,    estimate->levels,
                            estimate->rows,        estimate->intervals,   estimate->first_reason,
                            estimate->row_reasons, estimate->diagnostics, estimate->naming.measure,
                            estimate->naming.noun, estimate->rows_said};
    traffstat_i_details_clear(&estimate->details);
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        traffstat_i_free(ctx, blocks[i]);
    }
    traffstat_i_free(ctx, estimate);
}

static void clear_numbers(traffstat_estimate *estimate, size_t slot)
{
    traffstat_estimate_row *row = &estimate->rows[slot];
    row->estimate = row->mean = row->lower = row->upper = NAN;
    row->unreported = row->unreported_mean = NAN;
    row->unreported_lower = row->unreported_upper = NAN;
    row->hdi_lower = row->hdi_upper = NAN;
    for (size_t i = 0; i < 2 * estimate->level_count; i++) {
        estimate->intervals[2 * estimate->level_count * slot + i] = NAN;
    }
}

/* A count that is not there may be anything. */
static void set_observed(traffstat_estimate_row *row, const traffstat_cell *cell)
{
    const bool counted = cell->why == TRAFFSTAT_WHY_COUNTED;
    row->observed_lower = counted ? cell->lower : 0;
    row->observed_upper = counted ? cell->upper : TRAFFSTAT_NO_UPPER;
}

static bool name_series(traffstat_estimate *estimate, const traffstat_panel *panel, size_t s)
{
    const char *const parts[TRAFFSTAT_I_PARTS_OF_SERIES] = {
        [TRAFFSTAT_I_PART_KEY] = traffstat_panel_key(panel, s),
        [TRAFFSTAT_I_PART_MEASURE] = traffstat_panel_measure(panel, s),
        [TRAFFSTAT_I_PART_CATEGORY] = traffstat_panel_category(panel, s),
        [TRAFFSTAT_I_PART_SOURCE] = traffstat_panel_source(panel, s),
    };
    bool done = traffstat_i_texts_add(estimate->ctx, &estimate->naming.labels,
                                      traffstat_i_panel_label(panel, s));
    for (size_t i = 0; i < TRAFFSTAT_I_PARTS_OF_SERIES && done; i++) {
        done = traffstat_i_texts_add(estimate->ctx, &estimate->naming.parts, parts[i]);
    }
    return done;
}

static bool set_rows_of_panel(traffstat_estimate *estimate, const traffstat_panel *panel)
{
    for (size_t s = 0; s < traffstat_panel_series(panel); s++) {
        if (!name_series(estimate, panel, s)) {
            return false;
        }
        const size_t first = traffstat_panel_series_first(panel, s);
        for (size_t i = 0; i < traffstat_panel_series_count(panel, s); i++) {
            traffstat_cell cell;
            if (traffstat_panel_cell(panel, first + i, &cell) == TRAFFSTAT_OK) {
                estimate->rows[first + i].series = s;
                estimate->rows[first + i].year = cell.year;
                set_observed(&estimate->rows[first + i], &cell);
            }
        }
    }
    traffstat_cell total;
    traffstat_i_panel_total(panel, &total);
    estimate->rows[estimate->row_count].series = TRAFFSTAT_NONE;
    set_observed(&estimate->rows[estimate->row_count], &total);
    return true;
}

static bool set_rows(traffstat_estimate *estimate, const traffstat_i_estimate_plan *plan)
{
    if (plan->panel != NULL) {
        return set_rows_of_panel(estimate, plan->panel);
    }
    const traffstat_cell unknown = {.why = TRAFFSTAT_WHY_NOT_REPORTED};
    for (size_t i = 0; i <= plan->row_count; i++) {
        estimate->rows[i].series = i < plan->row_count ? i : TRAFFSTAT_NONE;
        set_observed(&estimate->rows[i], &unknown);
        if (i < plan->row_count &&
            !traffstat_i_texts_add(estimate->ctx, &estimate->naming.labels, plan->labels[i])) {
            return false;
        }
    }
    return true;
}

/* Everything that a plan asks for; false: no memory. */
static bool fill(traffstat_estimate *estimate, const traffstat_i_estimate_plan *plan, size_t slots)
{
    traffstat_ctx *ctx = estimate->ctx;
    size_t numbers = 0;
    if (!traffstat_i_mul_size(slots, 2 * plan->level_count, &numbers)) {
        numbers = SIZE_MAX;
    }
    estimate->method = traffstat_i_strdup(ctx, plan->method);
    estimate->citation = traffstat_i_strdup(ctx, plan->citation);
    estimate->naming.of_panel = plan->panel != NULL;
    estimate->naming.measure = traffstat_i_strdup(
        ctx, plan->panel != NULL ? traffstat_panel_measure(plan->panel, 0) : plan->measure);
    estimate->naming.noun = traffstat_i_strdup(ctx, plan->panel != NULL ? "series" : plan->noun);
    estimate->levels = traffstat_i_alloc(ctx, plan->level_count, sizeof *estimate->levels);
    estimate->rows = traffstat_i_alloc(ctx, slots, sizeof *estimate->rows);
    estimate->intervals = traffstat_i_alloc(ctx, numbers, sizeof *estimate->intervals);
    estimate->first_reason = traffstat_i_alloc(ctx, slots, sizeof *estimate->first_reason);
    if (estimate->method == NULL || estimate->citation == NULL ||
        estimate->naming.measure == NULL || estimate->naming.noun == NULL ||
        estimate->levels == NULL || estimate->rows == NULL || estimate->intervals == NULL ||
        estimate->first_reason == NULL) {
        return false;
    }
    if (plan->level_count > 0) {
        memcpy(estimate->levels, plan->levels, plan->level_count * sizeof *plan->levels);
    }
    estimate->level_count = plan->level_count;
    for (size_t slot = 0; slot < slots; slot++) {
        clear_numbers(estimate, slot);
        estimate->first_reason[slot] = NO_REASON;
    }
    return set_rows(estimate, plan);
}

traffstat_status traffstat_i_estimate_new(traffstat_ctx *ctx, const traffstat_i_estimate_plan *plan,
                                          traffstat_estimate **out)
{
    *out = NULL;
    size_t slots = 0;
    const size_t rows = plan->panel != NULL ? traffstat_panel_rows(plan->panel) : plan->row_count;
    if (!traffstat_i_add_size(rows, 1, &slots)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT, "there are too many rows to estimate");
    }
    traffstat_estimate *estimate = traffstat_i_alloc(ctx, 1, sizeof *estimate);
    if (estimate == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    estimate->ctx = ctx;
    estimate->kind = plan->kind;
    estimate->level = plan->level;
    estimate->seed = plan->seed;
    estimate->row_count = slots - 1;
    estimate->has_total = plan->has_total;
    traffstat_i_details_init(&estimate->details, ctx);
    if (!fill(estimate, plan, slots)) {
        traffstat_estimate_free(estimate);
        return TRAFFSTAT_E_NOMEM;
    }
    *out = estimate;
    return TRAFFSTAT_OK;
}

/* ---- writing -------------------------------------------------------------------------------- */

size_t traffstat_i_estimate_slot(const traffstat_estimate *estimate, size_t row)
{
    if (estimate == NULL) {
        return TRAFFSTAT_NONE;
    }
    if (row == TRAFFSTAT_NONE) {
        return estimate->has_total ? estimate->row_count : TRAFFSTAT_NONE;
    }
    return row < estimate->row_count ? row : TRAFFSTAT_NONE;
}

traffstat_estimate_row *traffstat_i_estimate_row(traffstat_estimate *estimate, size_t row)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    return slot != TRAFFSTAT_NONE ? &estimate->rows[slot] : NULL;
}

void traffstat_i_estimate_set_interval(traffstat_estimate *estimate, size_t row, size_t i,
                                       double lower, double upper)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    if (slot != TRAFFSTAT_NONE && i < estimate->level_count) {
        double *ends = &estimate->intervals[2 * (estimate->level_count * slot + i)];
        ends[0] = lower;
        ends[1] = upper;
    }
}

/* Many rows share a reason, mostly that of their neighbours: a look at the latest texts finds it
 * without a table of all. */
static traffstat_status pooled(traffstat_estimate *estimate, const char *text, uint32_t *out)
{
    const size_t count = estimate->pool.count;
    for (size_t i = count; i > 0 && count - i < 16; i--) {
        if (strcmp(estimate->pool.items[i - 1], text) == 0) {
            *out = (uint32_t) (i - 1);
            return TRAFFSTAT_OK;
        }
    }
    if (count >= NO_REASON) {
        return traffstat_i_fail(estimate->ctx, TRAFFSTAT_E_LIMIT, "too many reasons");
    }
    if (!traffstat_i_texts_add(estimate->ctx, &estimate->pool, text)) {
        return TRAFFSTAT_E_NOMEM;
    }
    *out = (uint32_t) count;
    return TRAFFSTAT_OK;
}

/* Where a new reason of the slot is to be linked; NULL: it has that one already. */
static uint32_t *end_of_chain(traffstat_estimate *estimate, size_t slot, const char *text)
{
    uint32_t *link = &estimate->first_reason[slot];
    while (*link != NO_REASON) {
        traffstat_i_reason *reason = &estimate->row_reasons[*link];
        if (strcmp(estimate->pool.items[reason->text], text) == 0) {
            return NULL;
        }
        link = &reason->next;
    }
    return link;
}

traffstat_status traffstat_i_estimate_row_reason(traffstat_estimate *estimate, size_t row,
                                                 traffstat_verdict verdict, const char *reason)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    if (slot == TRAFFSTAT_NONE) {
        return traffstat_i_fail(estimate->ctx, TRAFFSTAT_E_INTERNAL,
                                "a reason for a row that is not there");
    }
    if (estimate->rows[slot].verdict < verdict) {
        estimate->rows[slot].verdict = verdict;
    }
    if (verdict == TRAFFSTAT_VERDICT_INESTIMABLE) {
        clear_numbers(estimate, slot);
    }
    uint32_t text = 0;
    traffstat_status status = pooled(estimate, reason, &text);
    if (status == TRAFFSTAT_OK && estimate->row_reason_count >= NO_REASON) {
        status = traffstat_i_fail(estimate->ctx, TRAFFSTAT_E_LIMIT, "too many reasons");
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!traffstat_i_reserve(estimate->ctx, &estimate->row_reasons, &estimate->row_reason_capacity,
                             estimate->row_reason_count + 1, sizeof *estimate->row_reasons)) {
        return TRAFFSTAT_E_NOMEM;
    }
    uint32_t *link = end_of_chain(estimate, slot, reason); /* after the block could last move */
    if (link != NULL) {
        *link = (uint32_t) estimate->row_reason_count;
        estimate->row_reasons[estimate->row_reason_count++] = (traffstat_i_reason){text, NO_REASON};
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_estimate_reason(traffstat_estimate *estimate,
                                             traffstat_verdict verdict, const char *reason)
{
    if (estimate->verdict < verdict) {
        estimate->verdict = verdict;
    }
    return texts_have(&estimate->reasons, reason) ||
                   traffstat_i_texts_add(estimate->ctx, &estimate->reasons, reason)
               ? TRAFFSTAT_OK
               : TRAFFSTAT_E_NOMEM;
}

traffstat_status traffstat_i_estimate_assume(traffstat_estimate *estimate, const char *text)
{
    return texts_have(&estimate->assumptions, text) ||
                   traffstat_i_texts_add(estimate->ctx, &estimate->assumptions, text)
               ? TRAFFSTAT_OK
               : TRAFFSTAT_E_NOMEM;
}

traffstat_status traffstat_i_estimate_diagnose(traffstat_estimate *estimate, const char *name,
                                               double value)
{
    for (size_t i = 0; i < estimate->diagnostic_count; i++) {
        if (strcmp(estimate->diagnostics[i].name, name) == 0) {
            estimate->diagnostics[i].value = value;
            return TRAFFSTAT_OK;
        }
    }
    if (!traffstat_i_reserve(estimate->ctx, &estimate->diagnostics, &estimate->diagnostic_capacity,
                             estimate->diagnostic_count + 1, sizeof *estimate->diagnostics)) {
        return TRAFFSTAT_E_NOMEM;
    }
    char *copy = traffstat_i_strdup(estimate->ctx, name);
    if (copy == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    estimate->diagnostics[estimate->diagnostic_count++] = (traffstat_i_diagnostic){copy, value};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_estimate_set_basis(traffstat_estimate *estimate,
                                                const traffstat_reporting_basis *basis)
{
    traffstat_reporting_basis copy = *basis;
    const char **texts[] = {&copy.id,   &copy.source,  &copy.place,    &copy.period,
                            &copy.unit, &copy.measure, &copy.agencies, &copy.note};
    traffstat_i_texts kept = {0};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (!traffstat_i_texts_add(estimate->ctx, &kept, *texts[i])) {
            traffstat_i_texts_free(estimate->ctx, &kept);
            return TRAFFSTAT_E_NOMEM;
        }
        *texts[i] = kept.items[i];
    }
    traffstat_i_texts_free(estimate->ctx, &estimate->basis_texts);
    estimate->basis_texts = kept;
    estimate->basis = copy;
    estimate->has_basis = true;
    return TRAFFSTAT_OK;
}

traffstat_detail *traffstat_i_estimate_details(traffstat_estimate *estimate)
{
    if (estimate->root == NULL) {
        estimate->root = traffstat_i_details_root(&estimate->details);
    }
    return estimate->root;
}

traffstat_detail *traffstat_i_estimate_row_details(traffstat_estimate *estimate, size_t row)
{
    const size_t slot = traffstat_i_estimate_slot(estimate, row);
    if (slot == TRAFFSTAT_NONE) {
        return NULL;
    }
    if (estimate->rows_said == NULL) {
        estimate->rows_said =
            traffstat_i_alloc(estimate->ctx, estimate->row_count + 1, sizeof(traffstat_detail *));
        estimate->details.failed = estimate->details.failed || estimate->rows_said == NULL;
    }
    if (estimate->rows_said == NULL) {
        return NULL;
    }
    if (estimate->rows_said[slot] == NULL) {
        estimate->rows_said[slot] = traffstat_i_details_root(&estimate->details);
    }
    return estimate->rows_said[slot];
}

traffstat_status traffstat_i_estimate_no_total(traffstat_estimate *estimate, const char *why)
{
    estimate->has_total = false;
    return traffstat_i_estimate_assume(estimate, why);
}

/* ---- finishing ------------------------------------------------------------------------------ */

/* "3 of 5 rows" with the right noun. */
static void say_rows(traffstat_text *text, size_t some, size_t all)
{
    traffstat_i_text_addf(text, "%zu of %zu %s", some, all, all == 1 ? "row" : "rows");
}

static traffstat_status count_reason(traffstat_estimate *estimate, size_t some,
                                     traffstat_verdict verdict, const char *what)
{
    if (some == 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, estimate->ctx);
    say_rows(&text, some, estimate->row_count);
    traffstat_i_text_addf(&text, " %s %s", some == 1 ? "has" : "have", what);
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_reason(estimate, verdict, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static bool has_number(const traffstat_estimate_row *row)
{
    return !isnan(row->estimate) || !isnan(row->lower) || !isnan(row->upper);
}

traffstat_status traffstat_i_estimate_finish(traffstat_estimate *estimate)
{
    size_t numbers = 0;
    size_t cautions = 0;
    for (size_t row = 0; row < estimate->row_count; row++) {
        const bool number = has_number(&estimate->rows[row]);
        numbers += number;
        cautions += number && estimate->rows[row].verdict != TRAFFSTAT_VERDICT_OK;
    }
    const size_t none = estimate->row_count - numbers;
    traffstat_status status = estimate->details.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    status = count_reason(estimate, cautions, TRAFFSTAT_VERDICT_CAUTION, "reasons for caution");
    if (status == TRAFFSTAT_OK) {
        status = count_reason(estimate, none, TRAFFSTAT_VERDICT_CAUTION, "no number");
    }
    if (status == TRAFFSTAT_OK && estimate->has_total && cautions + none == 0 &&
        estimate->rows[estimate->row_count].verdict != TRAFFSTAT_VERDICT_OK) {
        status = traffstat_i_estimate_reason(estimate, TRAFFSTAT_VERDICT_CAUTION,
                                             "the total has reasons for caution");
    }
    if (numbers == 0) {
        estimate->verdict = TRAFFSTAT_VERDICT_INESTIMABLE;
    } else if (estimate->verdict == TRAFFSTAT_VERDICT_INESTIMABLE) {
        estimate->verdict = TRAFFSTAT_VERDICT_CAUTION;
    }
    return status;
}
