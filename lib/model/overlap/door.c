/* The loglinear engine's door: what the methods from TRAFFSTAT_OVERLAP_LOGLINEAR on do. */
#include <math.h>
#include <string.h>

#include "model/overlap/answer.h"

/* ---- before anything is made ----------------------------------------------------------------- */

static void list_names(const traffstat_overlap *overlap, const char **names)
{
    for (size_t i = 0; i < traffstat_overlap_lists(overlap); i++) {
        names[i] = traffstat_overlap_list(overlap, i);
    }
}

/* The terms of options.model over all lists; owned by the caller. */
static traffstat_status read_model(traffstat_i_overlap_run *run, uint16_t **term, size_t *count)
{
    const size_t lists = traffstat_overlap_lists(run->overlap);
    const char *names[TRAFFSTAT_I_LISTS_MAX];
    list_names(run->overlap, names);
    *term = traffstat_i_alloc(run->ctx, (size_t) 1 << lists, sizeof **term);
    if (*term == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const char *text = run->options.model != NULL ? run->options.model : "";
    traffstat_status status = traffstat_i_parse_model(run->ctx, text, names, lists, *term, count);
    if (status == TRAFFSTAT_OK && *count > TRAFFSTAT_I_TERMS_MOST) {
        status = traffstat_i_fail(run->ctx, TRAFFSTAT_E_LIMIT,
                                  "the model has %zu terms, more than the %d that a fit takes",
                                  *count, TRAFFSTAT_I_TERMS_MOST);
    }
    return status;
}

traffstat_status traffstat_i_overlap_engine_check(traffstat_i_overlap_run *run)
{
    uint16_t *term = NULL;
    size_t count = 0;
    const traffstat_status status = read_model(run, &term, &count);
    traffstat_i_free(run->ctx, term);
    return status;
}

/* ---- counts of a stratum --------------------------------------------------------------------- */

/* The bits of `pattern` at the lists that are kept, moved together. */
static uint32_t squeeze(uint32_t pattern, const size_t *kept, size_t lists)
{
    uint32_t out = 0;
    for (size_t i = 0; i < lists; i++) {
        out |= (pattern >> kept[i] & 1u) << i;
    }
    return out;
}

static size_t find_lists(traffstat_i_answer *a, size_t *kept)
{
    const traffstat_overlap *overlap = a->run->overlap;
    const uint32_t *patterns = traffstat_overlap_patterns(overlap, a->stratum);
    uint32_t some = 0;
    for (size_t i = 0; i < traffstat_overlap_cells(overlap, a->stratum); i++) {
        some |= patterns[i];
    }
    for (size_t i = 0; i < traffstat_overlap_lists(overlap); i++) {
        if ((some >> i & 1u) != 0) {
            a->names[a->lists] = traffstat_overlap_list(overlap, i);
            kept[a->lists++] = i;
        }
    }
    return traffstat_overlap_lists(overlap) - a->lists;
}

static traffstat_status say_left_out(traffstat_i_answer *a, size_t count)
{
    traffstat_text text;
    if (count == 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_text_init(&text, a->ctx);
    traffstat_i_text_addf(&text, "%zu %s nobody of the stratum on %s and %s left out", count,
                          count == 1 ? "list has" : "lists have", count == 1 ? "it" : "them",
                          count == 1 ? "was" : "were");
    return traffstat_i_answer_say(a, TRAFFSTAT_VERDICT_CAUTION, &text);
}

static traffstat_status count_histories(traffstat_i_answer *a, const size_t *kept)
{
    const traffstat_overlap *overlap = a->run->overlap;
    const uint32_t *patterns = traffstat_overlap_patterns(overlap, a->stratum);
    const int64_t *counts = traffstat_overlap_counts(overlap, a->stratum);
    double *y = traffstat_i_alloc(a->ctx, (size_t) 1 << a->lists, sizeof *y);
    if (y == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < traffstat_overlap_cells(overlap, a->stratum); i++) {
        const uint32_t w = squeeze(patterns[i], kept, a->lists);
        y[w] += (double) counts[i];
        a->shared += traffstat_i_bits(w) > 1 ? (double) counts[i] : 0.0;
    }
    traffstat_i_counts_set(&a->counts, y);
    traffstat_i_free(a->ctx, y);
    return TRAFFSTAT_OK;
}

/* A given model, in the lists that are kept. */
static traffstat_status keep_model(traffstat_i_answer *a, const size_t *kept)
{
    uint32_t kept_bits = 0;
    size_t count = 0;
    traffstat_status status = read_model(a->run, &a->given, &count);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    for (size_t i = 0; i < a->lists; i++) {
        kept_bits |= 1u << kept[i];
    }
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if ((a->given[i] & ~kept_bits) == 0) {
            a->given[left++] = (uint16_t) squeeze(a->given[i], kept, a->lists);
        }
    }
    a->choice.given = (traffstat_i_terms){a->given, left};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_answer_load(traffstat_i_answer *a)
{
    size_t kept[TRAFFSTAT_I_LISTS_MAX];
    traffstat_status status = say_left_out(a, find_lists(a, kept));
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_counts_new(a->ctx, a->lists, &a->counts);
    }
    if (status == TRAFFSTAT_OK) {
        status = count_histories(a, kept);
    }
    if (status == TRAFFSTAT_OK && a->choice.how == TRAFFSTAT_I_SAME_MODEL) {
        status = keep_model(a, kept);
    }
    return status;
}

/* ---- one stratum ----------------------------------------------------------------------------- */

static traffstat_i_choice choice_of(const traffstat_overlap_options *options)
{
    traffstat_i_choice choice = {.how = TRAFFSTAT_I_SEARCH_ANEW,
                                 .threshold = options->p_threshold,
                                 .order = options->order,
                                 .bic = true};
    switch (options->method) {
    case TRAFFSTAT_OVERLAP_LOGLINEAR:
        choice.how = TRAFFSTAT_I_SAME_MODEL;
        break;
    case TRAFFSTAT_OVERLAP_STEPWISE:
        choice.how = TRAFFSTAT_I_STEP_ANEW;
        break;
    case TRAFFSTAT_OVERLAP_AIC:
        choice.bic = false;
        break;
    case TRAFFSTAT_OVERLAP_AVERAGE:
        choice.bic = options->criterion == TRAFFSTAT_CRITERION_BIC;
        break;
    default:
        break;
    }
    return choice;
}

static void close_answer(traffstat_i_answer *a)
{
    traffstat_i_replicates_free(a->ctx, &a->replicates);
    traffstat_i_workshop_free(a->ctx, &a->shop);
    traffstat_i_search_free(a->ctx, &a->search);
    traffstat_i_counts_free(a->ctx, &a->counts);
    traffstat_i_free(a->ctx, a->given);
    traffstat_i_free(a->ctx, a->beta);
}

static traffstat_status work(traffstat_i_answer *a)
{
    traffstat_status status = traffstat_i_answer_load(a);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!(a->shared > 0.0)) {
        return traffstat_i_overlap_refuse(a->run, a->row,
                                          "no overlap: nobody is on two or more lists");
    }
    status = traffstat_i_answer_choose(a);
    if (status == TRAFFSTAT_OK && a->model.count > 0) {
        status = traffstat_i_answer_intervals(a);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_answer_details(a);
    }
    const bool checks =
        a->run->options.checks != 0 || a->run->options.method == TRAFFSTAT_OVERLAP_SENSITIVITY;
    if (status == TRAFFSTAT_OK && a->model.count > 0 && checks) {
        status = traffstat_i_answer_sensitivity(a);
    }
    return status == TRAFFSTAT_OK && a->model.count > 0 ? traffstat_i_answer_judge(a) : status;
}

traffstat_status traffstat_i_overlap_engine(traffstat_i_overlap_run *run, size_t stratum,
                                            size_t row)
{
    traffstat_i_answer *a = traffstat_i_alloc(run->ctx, 1, sizeof *a);
    if (a == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    bool starved = false;
    const bool alone = traffstat_overlap_strata(run->overlap) == 1;
    a->run = run;
    a->ctx = run->ctx;
    a->stratum = stratum;
    a->row = row;
    a->top = alone ? traffstat_i_estimate_details(run->estimate)
                   : traffstat_i_estimate_row_details(run->estimate, row);
    a->choice = choice_of(&run->options);
    a->fit_p = NAN;
    a->starved = &starved;
    const traffstat_status status = work(a);
    close_answer(a);
    traffstat_i_free(run->ctx, a);
    return status == TRAFFSTAT_OK && starved ? TRAFFSTAT_E_NOMEM : status;
}
