/* The best model found anew: the models that were best first, then a walk with bounds. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/overlap/anew.h"

#define SIDE TRAFFSTAT_I_ANEW_SIDE
#define FIRST 24        /* models that are tried before the walk */
#define CHECK_EVERY 256 /* models between two looks at a request to stop */
#define UNKNOWN (-1)
#define ROUNDING 1e-11 /* share of a log-likelihood that a cutoff leaves to rounding */

struct traffstat_i_anew_name {
    uint64_t mask;
    uint32_t model;
};

/* A set of models in the walk: those below one largest model. */
struct traffstat_i_anew_level {
    double ll[SIDE]; /* the largest model's maximum, or a bound on it; -INFINITY: not followed */
    double unseen[SIDE]; /* what it says */
    bool fitted[SIDE];   /* it exists, and ll is its own */
    uint32_t model;
    size_t terms;
};

typedef struct traffstat_i_anew_name name_of;
typedef struct traffstat_i_anew_level level;

/* ---- the order of decisions -------------------------------------------------------------------- */

static uint64_t mask_of(const traffstat_i_anew *anew, traffstat_i_terms model)
{
    uint64_t mask = 0;
    for (size_t k = 0; k < anew->terms; k++) {
        mask |= traffstat_i_has_term(model, anew->order[k]) ? (uint64_t) 1 << k : 0;
    }
    return mask;
}

static int compare_names(const void *a, const void *b)
{
    const uint64_t one = ((const name_of *) a)->mask;
    const uint64_t other = ((const name_of *) b)->mask;
    return (one > other) - (one < other);
}

static uint32_t model_of(const traffstat_i_anew *anew, uint64_t mask)
{
    const name_of key = {mask, 0};
    const name_of *found =
        bsearch(&key, anew->name, anew->search->set.count, sizeof key, compare_names);
    return found != NULL ? found->model : UINT32_MAX;
}

/* How far the best model with the term is ahead of the best without it, on the data. */
static double strength_of(const traffstat_i_search *search, uint16_t term)
{
    double with = INFINITY;
    double without = INFINITY;
    for (size_t r = 0; r < search->ranked && (with == INFINITY || without == INFINITY); r++) {
        const size_t model = search->rank[r];
        if (traffstat_i_has_term(traffstat_i_model_at(&search->set, model), term)) {
            with = fmin(with, search->value[model]);
        } else {
            without = fmin(without, search->value[model]);
        }
    }
    return without - with;
}

/* Small terms first, because taking one in asks for all below it; then the strongest, whose absence
 * ends a branch soonest. */
static void sort_terms(traffstat_i_anew *anew, double *strength)
{
    for (size_t i = 1; i < anew->terms; i++) {
        for (size_t k = i; k > 0; k--) {
            const size_t here = traffstat_i_bits(anew->order[k]);
            const size_t before = traffstat_i_bits(anew->order[k - 1]);
            if (before < here || (before == here && !(strength[k] > strength[k - 1]))) {
                break;
            }
            const uint16_t term = anew->order[k];
            const double value = strength[k];
            anew->order[k] = anew->order[k - 1];
            strength[k] = strength[k - 1];
            anew->order[k - 1] = term;
            strength[k - 1] = value;
        }
    }
}

static void order_terms(traffstat_i_anew *anew, traffstat_i_terms largest)
{
    double strength[TRAFFSTAT_I_ANEW_TERMS];
    for (size_t k = 0; k < anew->terms; k++) {
        anew->order[k] = largest.term[1 + anew->lists + k];
        strength[k] = strength_of(anew->search, anew->order[k]);
    }
    sort_terms(anew, strength);
    for (size_t k = 0; k < anew->terms; k++) {
        size_t place = 0;
        anew->above[k] = 0;
        for (size_t m = 0; m < anew->terms; m++) {
            const uint16_t both = anew->order[m] & anew->order[k];
            anew->above[k] |= both == anew->order[k] ? (uint64_t) 1 << m : 0;
            place += traffstat_i_compare_terms(anew->order[m], anew->order[k]) < 0;
        }
        anew->canonical[place] = k;
    }
}

traffstat_status traffstat_i_anew_new(traffstat_ctx *ctx, const traffstat_i_search *search,
                                      const traffstat_i_counts *data, bool bic,
                                      traffstat_i_anew *out)
{
    const size_t models = search->set.count;
    *out = (traffstat_i_anew){.ctx = ctx,
                              .search = search,
                              .bic = bic,
                              .lists = data->lists,
                              .widest = search->set.widest};
    const size_t terms = out->widest - data->lists - 1;
    if (!search->all || terms == 0 || terms > TRAFFSTAT_I_ANEW_TERMS) {
        return TRAFFSTAT_OK;
    }
    out->terms = terms;
    out->name = traffstat_i_alloc(ctx, models, sizeof *out->name);
    if (out->name == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    order_terms(out, traffstat_i_model_at(&search->set, models - 1)); /* the last has all terms */
    for (size_t i = 0; i < models; i++) {
        out->name[i].mask = mask_of(out, traffstat_i_model_at(&search->set, i));
        out->name[i].model = (uint32_t) i;
    }
    qsort(out->name, models, sizeof *out->name, compare_names);
    return TRAFFSTAT_OK;
}

void traffstat_i_anew_free(traffstat_i_anew *anew)
{
    traffstat_i_free(anew->ctx, anew->name);
    anew->name = NULL;
}

/* ---- room -------------------------------------------------------------------------------------- */

traffstat_status traffstat_i_anew_room_new(const traffstat_i_anew *anew,
                                           traffstat_i_exist_room *exist,
                                           const traffstat_i_fit_room *fit,
                                           traffstat_i_anew_room *out)
{
    const size_t levels = anew->terms + 1;
    const size_t cells = (size_t) 1 << anew->lists;
    *out = (traffstat_i_anew_room){.exist = exist, .fit = fit};
    out->verdict =
        traffstat_i_alloc(anew->ctx, SIDE * anew->search->set.count, sizeof *out->verdict);
    out->support = traffstat_i_alloc(anew->ctx, SIDE * cells, sizeof *out->support);
    out->level = traffstat_i_alloc(anew->ctx, levels, sizeof *out->level);
    out->beta = traffstat_i_alloc(anew->ctx, levels * SIDE * anew->widest, sizeof *out->beta);
    out->term = traffstat_i_alloc(anew->ctx, levels * anew->widest, sizeof *out->term);
    if (out->verdict != NULL && out->support != NULL && out->level != NULL && out->beta != NULL &&
        out->term != NULL) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_anew_room_free(anew, out);
    return TRAFFSTAT_E_NOMEM;
}

void traffstat_i_anew_room_free(const traffstat_i_anew *anew, traffstat_i_anew_room *room)
{
    traffstat_i_free(anew->ctx, room->verdict);
    traffstat_i_free(anew->ctx, room->support);
    traffstat_i_free(anew->ctx, room->level);
    traffstat_i_free(anew->ctx, room->beta);
    traffstat_i_free(anew->ctx, room->term);
    *room = (traffstat_i_anew_room){.exist = NULL};
}

/* ---- one call ---------------------------------------------------------------------------------- */

typedef struct call {
    const traffstat_i_anew *anew;
    traffstat_i_anew_room *room;
    const traffstat_i_counts *counts;
    size_t side;
    double penalty[SIDE];
    double best[SIDE]; /* the criterion so far, ln y! left out, and what it says */
    double unseen[SIDE];
    uint32_t model[SIDE];
    size_t looked; /* models since the start */
} call;

/* Counts with the same empty histories share their verdicts on models. */
static void group_supports(call *c)
{
    traffstat_i_anew_room *room = c->room;
    const size_t cells = c->counts->cells;
    const size_t models = c->anew->search->set.count;
    room->supports = 0;
    for (size_t i = 0; i < c->side; i++) {
        uint8_t *mine = room->support + room->supports * cells;
        for (size_t w = 0; w < cells; w++) {
            mine[w] = c->counts[i].count[w] > 0.0;
        }
        size_t at = 0;
        while (at < room->supports && memcmp(room->support + at * cells, mine, cells) != 0) {
            at++;
        }
        room->support_of[i] = at;
        if (at == room->supports) {
            memset(room->verdict + at * models, UNKNOWN, models);
            room->supports++;
        }
    }
}

static bool exists(const call *c, size_t i, size_t model, traffstat_i_terms terms)
{
    int8_t *verdict =
        c->room->verdict + c->room->support_of[i] * c->anew->search->set.count + model;
    if (*verdict == UNKNOWN) {
        *verdict = (int8_t) traffstat_i_existence(c->room->exist, &c->counts[i], terms);
    }
    return *verdict == 0;
}

static void take(call *c, size_t i, size_t terms, double ll, double unseen, uint32_t model)
{
    const double value = c->penalty[i] * (double) terms - 2.0 * ll;
    if (value < c->best[i]) {
        c->best[i] = value;
        c->unseen[i] = unseen;
        c->model[i] = model;
    }
}

/* The log-likelihood that a model needs, of which `terms` are sure to be paid. */
static double needed_ll(const call *c, size_t i, size_t terms)
{
    const double needed = 0.5 * (c->penalty[i] * (double) terms - c->best[i]);
    return needed - ROUNDING * fabs(needed);
}

/* ---- one model --------------------------------------------------------------------------------- */

/* On the counts that it may still win. */
static void try_model(call *c, size_t model)
{
    const traffstat_i_search *search = c->anew->search;
    const traffstat_i_terms terms = traffstat_i_model_at(&search->set, model);
    const double *start = search->beta + search->set.start[model];
    traffstat_i_fit_job jobs[SIDE];
    traffstat_i_fit_job *list[SIDE] = {NULL};
    size_t wanted = 0;
    for (size_t i = 0; i < c->side; i++) {
        const double cutoff = needed_ll(c, i, terms.count);
        if (!(c->counts[i].saturated > cutoff) || !exists(c, i, model, terms)) {
            continue;
        }
        double *beta = c->room->beta + i * c->anew->widest;
        memcpy(beta, start, terms.count * sizeof *beta);
        jobs[i] = (traffstat_i_fit_job){.counts = &c->counts[i],
                                        .model = terms,
                                        .unseen = -1.0,
                                        .cutoff = cutoff,
                                        .warm = search->value[model] < INFINITY,
                                        .beta = beta};
        list[wanted++] = &jobs[i];
    }
    traffstat_i_fit_many(c->room->fit, list, wanted);
    for (size_t k = 0; k < wanted; k++) {
        if (list[k]->state == TRAFFSTAT_I_FIT_DONE) {
            take(c, (size_t) (list[k] - jobs), terms.count, list[k]->ll, exp(list[k]->beta[0]),
                 (uint32_t) model);
        }
    }
}

static bool asked_to_stop(call *c)
{
    return ++c->looked % CHECK_EVERY == 0 && traffstat_i_stopped(c->anew->ctx);
}

/* Every model, or only the first where a walk follows. */
static traffstat_status go_through(call *c)
{
    const traffstat_i_search *search = c->anew->search;
    const bool walk = c->anew->terms > 0;
    for (size_t r = 0; r < search->ranked && (r < FIRST || !walk); r++) {
        try_model(c, search->rank[r]);
        if (asked_to_stop(c)) {
            return TRAFFSTAT_E_CANCELLED;
        }
    }
    /* Those without an estimate on the data may have one on these counts. */
    for (size_t model = 0; model < search->set.count && !walk; model++) {
        if (!(search->value[model] < INFINITY)) {
            try_model(c, model);
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- the walk ---------------------------------------------------------------------------------- */

/* The largest model of the terms that are alive, with effects from those of `from` (NULL: cold). */
static traffstat_i_terms build(const call *c, size_t at, uint64_t alive)
{
    const traffstat_i_anew *anew = c->anew;
    uint16_t *term = c->room->term + at * anew->widest;
    size_t count = 0;
    term[count++] = 0;
    for (size_t i = 0; i < anew->lists; i++) {
        term[count++] = (uint16_t) (1u << i);
    }
    for (size_t k = 0; k < anew->terms; k++) {
        if ((alive >> anew->canonical[k] & 1u) != 0) {
            term[count++] = anew->order[anew->canonical[k]];
        }
    }
    return (traffstat_i_terms){term, count};
}

/* Effects of a larger model where the smaller one begins. Both are in the order of terms. */
static void inherit(const call *c, size_t at, size_t i, traffstat_i_terms model)
{
    const size_t widest = c->anew->widest;
    const uint16_t *larger = c->room->term + (at - 1) * widest;
    const double *from = c->room->beta + ((at - 1) * SIDE + i) * widest;
    double *to = c->room->beta + (at * SIDE + i) * widest;
    size_t k = 0;
    for (size_t m = 0; m < model.count; m++) {
        while (larger[k] != model.term[m]) {
            k++;
        }
        to[m] = from[k];
    }
}

/* Fits the largest model of level `at` to the counts for which the level before is followed. */
static void bound_level(call *c, size_t at, uint64_t alive, size_t paid)
{
    level *mine = &c->room->level[at];
    const level *before = at > 0 ? &c->room->level[at - 1] : NULL;
    const traffstat_i_terms model = build(c, at, alive);
    traffstat_i_fit_job jobs[SIDE];
    traffstat_i_fit_job *list[SIDE] = {NULL};
    size_t wanted = 0;
    mine->model = model_of(c->anew, alive);
    mine->terms = model.count;
    for (size_t i = 0; i < c->side; i++) {
        const double cutoff = needed_ll(c, i, paid);
        const bool warm = before != NULL && before->fitted[i];
        mine->ll[i] = before != NULL ? before->ll[i] : c->counts[i].saturated;
        mine->fitted[i] = false;
        if (!(mine->ll[i] > cutoff)) {
            mine->ll[i] = -INFINITY;
        } else if (exists(c, i, mine->model, model)) {
            if (warm) {
                inherit(c, at, i, model);
            }
            jobs[i] =
                (traffstat_i_fit_job){.counts = &c->counts[i],
                                      .model = model,
                                      .unseen = -1.0,
                                      .cutoff = cutoff,
                                      .warm = warm,
                                      .beta = c->room->beta + (at * SIDE + i) * c->anew->widest};
            list[wanted++] = &jobs[i];
        }
    }
    traffstat_i_fit_many(c->room->fit, list, wanted);
    for (size_t k = 0; k < wanted; k++) {
        const size_t i = (size_t) (list[k] - jobs);
        if (list[k]->state == TRAFFSTAT_I_FIT_BEATEN) {
            mine->ll[i] = -INFINITY;
        } else if (list[k]->state == TRAFFSTAT_I_FIT_DONE) {
            mine->ll[i] = list[k]->ll;
            mine->unseen[i] = exp(list[k]->beta[0]);
            mine->fitted[i] = true;
        }
    }
}

static bool followed(const call *c, size_t at, size_t paid)
{
    const level *mine = &c->room->level[at];
    for (size_t i = 0; i < c->side; i++) {
        if (mine->ll[i] > needed_ll(c, i, paid)) {
            return true;
        }
    }
    return false;
}

/* All terms are decided: the largest model of the level is the only one left. */
static void arrive(call *c, size_t at)
{
    const level *mine = &c->room->level[at];
    for (size_t i = 0; i < c->side; i++) {
        if (mine->fitted[i] && mine->ll[i] > -INFINITY) {
            take(c, i, mine->terms, mine->ll[i], mine->unseen[i], mine->model);
        }
    }
}

/* Decides term `k` and those after it. `paid`: terms that every model of the level has. */
static traffstat_status walk(call *c, size_t k, size_t at, uint64_t alive, size_t paid)
{
    for (; followed(c, at, paid); k++) {
        if (k == c->anew->terms) {
            arrive(c, at);
            return TRAFFSTAT_OK;
        }
        if ((alive >> k & 1u) == 0) {
            continue;
        }
        if (asked_to_stop(c)) {
            return TRAFFSTAT_E_CANCELLED;
        }
        const uint64_t less = alive & ~c->anew->above[k];
        bound_level(c, at + 1, less, paid);
        const traffstat_status status = walk(c, k + 1, at + 1, less, paid);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        paid++; /* and now with the term */
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_anew_best(const traffstat_i_anew *anew, traffstat_i_anew_room *room,
                                       const traffstat_i_counts *counts, size_t side,
                                       double *estimate, uint32_t *chosen)
{
    call c = {.anew = anew, .room = room, .counts = counts, .side = side};
    for (size_t i = 0; i < side; i++) {
        c.penalty[i] = anew->bic ? log(counts[i].n) : 2.0;
        c.best[i] = INFINITY;
        c.unseen[i] = INFINITY;
        c.model[i] = UINT32_MAX;
    }
    group_supports(&c);
    traffstat_status status = go_through(&c);
    if (status == TRAFFSTAT_OK && anew->terms > 0) {
        const uint64_t all = UINT64_MAX >> (64 - anew->terms);
        bound_level(&c, 0, all, 1 + anew->lists);
        status = walk(&c, 0, 0, all, 1 + anew->lists);
    }
    for (size_t i = 0; i < side; i++) {
        estimate[i] = counts[i].n + c.unseen[i];
        chosen[i] = c.model[i];
    }
    return status;
}
