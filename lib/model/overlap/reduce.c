/* The same choice made again on fewer lists: dropped, merged, predicted from the others, or only those
 * that have arrived. */
#include <math.h>
#include <string.h>

#include "model/overlap/answer.h"
#include "model/overlap/sensitivity.h"

#define SURROGATE_P 0.02 /* of the stepwise path that stands in for a search too long to repeat */

/* ---- choosing again -------------------------------------------------------------------------- */

bool traffstat_i_choice_repeats(const traffstat_i_choice *choice, size_t lists)
{
    return choice->how != TRAFFSTAT_I_SEARCH_ANEW || lists <= 5 ||
           (lists == 6 && choice->order <= 2);
}

typedef struct again {
    traffstat_ctx *ctx;
    const traffstat_i_counts *counts;
    const traffstat_i_choice *choice;
    traffstat_i_search search;
    traffstat_i_path path;
    traffstat_i_workshop shop;
    traffstat_i_terms model;
} again;

static traffstat_status pick(again *g)
{
    const size_t lists = g->counts->lists;
    const bool search =
        g->choice->how == TRAFFSTAT_I_SEARCH_ANEW && traffstat_i_choice_repeats(g->choice, lists);
    const size_t order = g->choice->order < lists ? g->choice->order : lists;
    traffstat_status status = TRAFFSTAT_OK;
    if (search) {
        status = traffstat_i_search_models(g->ctx, g->counts, order, g->choice->bic, &g->search);
    }
    size_t terms = traffstat_i_path_terms(lists);
    terms = g->search.set.widest > terms ? g->search.set.widest : terms;
    terms = g->choice->given.count > terms ? g->choice->given.count : terms;
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_workshop_new(g->ctx, lists, terms, &g->shop);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (g->choice->how == TRAFFSTAT_I_SAME_MODEL) {
        g->model = g->choice->given;
    } else if (search) {
        g->model = g->search.ranked > 0 ? traffstat_i_model_at(&g->search.set, g->search.rank[0])
                                        : (traffstat_i_terms){NULL, 0};
    } else {
        const double p =
            g->choice->how == TRAFFSTAT_I_STEP_ANEW ? g->choice->threshold : SURROGATE_P;
        traffstat_i_paths(&g->shop.exist, &g->shop.fit, g->counts, 1, p, g->shop.mean, &g->path);
        const bool found = g->path.existence == 0 && !g->path.failed;
        g->model = (traffstat_i_terms){g->path.term, found ? g->path.terms : 0};
    }
    return TRAFFSTAT_OK;
}

static bool meets(const traffstat_i_counts *counts)
{
    for (size_t w = 1; w < counts->cells; w++) {
        if (counts->count[w] > 0.0 && traffstat_i_bits((uint32_t) w) > 1) {
            return true;
        }
    }
    return false;
}

/* Where arithmetic fails there is no number, and no message is left behind. */
static traffstat_status measure(again *g, double level, traffstat_i_second *out)
{
    traffstat_i_fit_job job = {.counts = g->counts,
                               .model = g->model,
                               .unseen = -1.0,
                               .cutoff = -INFINITY,
                               .beta = g->shop.beta};
    traffstat_i_fit_job *const jobs[] = {&job};
    if (traffstat_i_existence(&g->shop.exist, g->counts, g->model) != 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_fit_many(&g->shop.fit, jobs, 1);
    if (job.state != TRAFFSTAT_I_FIT_DONE) {
        return TRAFFSTAT_OK;
    }
    out->estimate = g->counts->n + exp(g->shop.beta[0]);
    if (level > 0.0) {
        traffstat_i_profile profile;
        if (traffstat_i_profile_limits(&g->shop, g->counts, g->model, out->estimate, level,
                                       &profile) == TRAFFSTAT_OK) {
            out->lower = profile.lower;
            out->upper = profile.upper;
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_choose_again(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                          const traffstat_i_choice *choice, double level,
                                          traffstat_i_second *out)
{
    *out = (traffstat_i_second){NAN, NAN, NAN};
    if (counts->lists < 2 || !meets(counts)) {
        return TRAFFSTAT_OK;
    }
    again *g = traffstat_i_alloc(ctx, 1, sizeof *g);
    if (g == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    g->ctx = ctx;
    g->counts = counts;
    g->choice = choice;
    traffstat_status status = pick(g);
    if (status == TRAFFSTAT_OK && g->model.count > 0) {
        status = measure(g, level, out);
    }
    traffstat_i_workshop_free(ctx, &g->shop);
    traffstat_i_search_free(ctx, &g->search);
    traffstat_i_free(ctx, g);
    return status;
}

/* ---- fewer lists ----------------------------------------------------------------------------- */

/* Where each list goes; the persons on list `must` only. */
typedef struct reduction {
    size_t to[TRAFFSTAT_I_LISTS_MAX]; /* SIZE_MAX: dropped */
    size_t lists;
    size_t must; /* SIZE_MAX: all persons */
} reduction;

static uint32_t reduced(const reduction *r, size_t lists, uint32_t history)
{
    uint32_t out = 0;
    for (size_t i = 0; i < lists; i++) {
        if ((history >> i & 1u) != 0 && r->to[i] != SIZE_MAX) {
            out |= 1u << r->to[i];
        }
    }
    return out;
}

static void add_up(const traffstat_i_counts *counts, const reduction *r, double *y)
{
    memset(y, 0, counts->cells * sizeof *y);
    for (uint32_t w = 1; w < counts->cells; w++) {
        if (r->must == SIZE_MAX || (w >> r->must & 1u) != 0) {
            y[reduced(r, counts->lists, w)] += counts->count[w];
        }
    }
    y[0] = 0.0;
}

/* Lists that nobody is left on go too. */
static void drop_empty(const traffstat_i_counts *counts, reduction *r, double *y)
{
    uint32_t some = 0;
    add_up(counts, r, y);
    for (uint32_t w = 1; w < counts->cells; w++) {
        some |= y[w] > 0.0 ? w : 0;
    }
    size_t place[TRAFFSTAT_I_LISTS_MAX] = {0};
    size_t left = 0;
    for (size_t i = 0; i < r->lists; i++) {
        place[i] = (some >> i & 1u) != 0 ? left++ : SIZE_MAX;
    }
    for (size_t i = 0; i < counts->lists; i++) {
        r->to[i] = r->to[i] == SIZE_MAX ? SIZE_MAX : place[r->to[i]];
    }
    r->lists = left;
    add_up(counts, r, y);
}

/* The terms of a given model that are left. */
static traffstat_status reduce_model(traffstat_ctx *ctx, const reduction *r, size_t lists,
                                     traffstat_i_terms given, traffstat_i_terms *out)
{
    uint32_t *generators = traffstat_i_alloc(ctx, given.count, sizeof *generators);
    uint16_t *term = traffstat_i_alloc(ctx, (size_t) 1 << r->lists, sizeof *term);
    if (generators == NULL || term == NULL) {
        traffstat_i_free(ctx, generators);
        traffstat_i_free(ctx, term);
        return TRAFFSTAT_E_NOMEM;
    }
    size_t count = 0;
    for (size_t i = 0; i < given.count; i++) {
        const uint32_t mask = reduced(r, lists, given.term[i]);
        bool whole = true;
        for (size_t k = 0; k < lists; k++) {
            whole &= (given.term[i] >> k & 1u) == 0 || r->to[k] != SIZE_MAX;
        }
        if (whole && mask != 0) {
            generators[count++] = mask;
        }
    }
    out->term = term;
    out->count = traffstat_i_close_terms(r->lists, generators, count, term);
    traffstat_i_free(ctx, generators);
    return TRAFFSTAT_OK;
}

static traffstat_status choose_reduced(const traffstat_i_answer *a, reduction *r, double level,
                                       traffstat_i_second *out)
{
    *out = (traffstat_i_second){NAN, NAN, NAN};
    double *y = traffstat_i_alloc(a->ctx, a->counts.cells, sizeof *y);
    if (y == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    drop_empty(&a->counts, r, y);
    if (r->lists < 2) {
        traffstat_i_free(a->ctx, y);
        return TRAFFSTAT_OK;
    }
    traffstat_i_choice choice = a->choice;
    traffstat_i_counts counts = {0};
    choice.given = (traffstat_i_terms){NULL, 0};
    traffstat_status status = traffstat_i_counts_new(a->ctx, r->lists, &counts);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_counts_set(&counts, y);
        status = a->choice.how == TRAFFSTAT_I_SAME_MODEL
                     ? reduce_model(a->ctx, r, a->lists, a->choice.given, &choice.given)
                     : TRAFFSTAT_OK;
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_choose_again(a->ctx, &counts, &choice, level, out);
    }
    traffstat_i_free(a->ctx, (void *) (uintptr_t) choice.given.term);
    traffstat_i_counts_free(a->ctx, &counts);
    traffstat_i_free(a->ctx, y);
    return status;
}

traffstat_status traffstat_i_without_list(const traffstat_i_answer *a, size_t list,
                                          traffstat_i_second *out)
{
    reduction r = {.lists = a->lists - 1, .must = SIZE_MAX};
    for (size_t i = 0; i < a->lists; i++) {
        r.to[i] = i == list ? SIZE_MAX : i - (i > list);
    }
    return choose_reduced(a, &r, 0.0, out);
}

traffstat_status traffstat_i_with_merged(const traffstat_i_answer *a, size_t one, size_t other,
                                         traffstat_i_second *out)
{
    reduction r = {.lists = a->lists - 1, .must = SIZE_MAX};
    for (size_t i = 0; i < a->lists; i++) {
        r.to[i] = i == other ? one : i - (i > other);
    }
    return choose_reduced(a, &r, 0.0, out);
}

traffstat_status traffstat_i_with_first(const traffstat_i_answer *a, size_t lists,
                                        traffstat_i_second *out)
{
    reduction r = {.lists = lists, .must = SIZE_MAX};
    for (size_t i = 0; i < a->lists; i++) {
        r.to[i] = i < lists ? i : SIZE_MAX;
    }
    return choose_reduced(a, &r, 0.0, out);
}

traffstat_status traffstat_i_predict_list(const traffstat_i_answer *a, size_t list,
                                          traffstat_i_second *out)
{
    reduction r = {.lists = a->lists - 1, .must = list};
    for (size_t i = 0; i < a->lists; i++) {
        r.to[i] = i == list ? SIZE_MAX : i - (i > list);
    }
    return choose_reduced(a, &r, a->run->options.level, out);
}
