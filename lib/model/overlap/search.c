/* Models ranked by a criterion: all of them, or those near the best where they cannot all be
 * listed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/overlap/search.h"

#define CHUNK 64                                /* models that one task looks at */
#define SLOTS (4 * TRAFFSTAT_I_NEIGHBOURS_MOST) /* of the hash table of models met */

/* ---- looking at models ----------------------------------------------------------------------- */

typedef struct look {
    const traffstat_i_counts *counts;
    traffstat_i_search *search;
    traffstat_i_rooms rooms;
    size_t from; /* models [from, to) */
    size_t to;
} look;

static double criterion(const look *at, size_t terms, double ll)
{
    return at->search->penalty * (double) terms - 2.0 * (ll - at->counts->factorials);
}

static traffstat_status look_at_chunk(void *arg, size_t task, size_t worker)
{
    const look *at = arg;
    traffstat_i_search *search = at->search;
    const size_t first = at->from + task * CHUNK;
    const size_t last = first + CHUNK < at->to ? first + CHUNK : at->to;
    traffstat_i_fit_job jobs[CHUNK];
    traffstat_i_fit_job *list[CHUNK] = {NULL};
    size_t count = 0;
    for (size_t i = first; i < last; i++) {
        const traffstat_i_terms model = traffstat_i_model_at(&search->set, i);
        search->value[i] = INFINITY;
        search->existence[i] =
            (uint8_t) traffstat_i_existence(&at->rooms.exist[worker], at->counts, model);
        if (search->existence[i] == 0) {
            jobs[i - first] = (traffstat_i_fit_job){.counts = at->counts,
                                                    .model = model,
                                                    .unseen = -1.0,
                                                    .cutoff = -INFINITY,
                                                    .beta = search->beta + search->set.start[i]};
            list[count++] = &jobs[i - first];
        }
    }
    traffstat_i_fit_many(&at->rooms.fit[worker], list, count);
    for (size_t k = 0; k < count; k++) {
        const size_t i = first + (size_t) (list[k] - jobs);
        if (list[k]->state == TRAFFSTAT_I_FIT_DONE) {
            search->value[i] = criterion(at, list[k]->model.count, list[k]->ll);
        }
    }
    return TRAFFSTAT_OK;
}

static size_t chunks_of(size_t models)
{
    return (models + CHUNK - 1) / CHUNK;
}

static traffstat_status look_at(traffstat_ctx *ctx, look *at, size_t from, size_t to)
{
    at->from = from;
    at->to = to;
    return traffstat_i_parallel(ctx, chunks_of(to - from), look_at_chunk, at);
}

/* ---- ranking --------------------------------------------------------------------------------- */

typedef struct place {
    double value;
    size_t model;
} place;

static int compare_places(const void *a, const void *b)
{
    const place *one = a;
    const place *other = b;
    if (one->value != other->value) {
        return one->value < other->value ? -1 : 1;
    }
    return (one->model > other->model) - (one->model < other->model);
}

static traffstat_status rank_models(traffstat_ctx *ctx, traffstat_i_search *search)
{
    place *places = traffstat_i_alloc(ctx, search->set.count, sizeof *places);
    search->rank = traffstat_i_alloc(ctx, search->set.count, sizeof *search->rank);
    if (places == NULL || search->rank == NULL) {
        traffstat_i_free(ctx, places);
        return TRAFFSTAT_E_NOMEM;
    }
    size_t count = 0;
    for (size_t i = 0; i < search->set.count; i++) {
        if (search->value[i] < INFINITY) {
            places[count++] = (place){search->value[i], i};
        }
    }
    qsort(places, count, sizeof *places, compare_places);
    for (size_t i = 0; i < count; i++) {
        search->rank[i] = places[i].model;
    }
    search->ranked = count;
    traffstat_i_free(ctx, places);
    return TRAFFSTAT_OK;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static traffstat_status make_room(traffstat_ctx *ctx, traffstat_i_search *search, size_t models,
                                  size_t words)
{
    search->existence = traffstat_i_alloc(ctx, models, sizeof *search->existence);
    search->value = traffstat_i_alloc(ctx, models, sizeof *search->value);
    search->beta = traffstat_i_alloc(ctx, words, sizeof *search->beta);
    return search->existence != NULL && search->value != NULL && search->beta != NULL
               ? TRAFFSTAT_OK
               : TRAFFSTAT_E_NOMEM;
}

static traffstat_status look_at_all(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                    traffstat_i_search *search)
{
    look at = {.counts = counts, .search = search};
    const size_t models = search->set.count;
    traffstat_status status = make_room(ctx, search, models, search->set.start[models]);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_rooms_new(ctx, counts->lists, search->set.widest,
                                       traffstat_i_workers(ctx, chunks_of(models)), &at.rooms);
    }
    if (status == TRAFFSTAT_OK) {
        status = look_at(ctx, &at, 0, models);
    }
    traffstat_i_rooms_free(ctx, &at.rooms);
    return status;
}

/* ---- the neighbourhood ----------------------------------------------------------------------- */

/* From main effects, the neighbours of a model (one term more or one less) are looked at as long as
 * it is among the best that were met. */
typedef struct walk {
    look at;
    traffstat_i_search *search;
    size_t lists;
    size_t order;
    size_t terms_max;
    size_t words; /* room in the pool */
    bool *expanded;
    uint32_t *slot; /* [SLOTS] model + 1; 0: free */
    uint16_t *candidate;
    size_t candidates;
    uint16_t *term; /* a neighbour in the making */
    bool in[TRAFFSTAT_I_CELLS_MAX];
} walk;

static size_t hash_of(traffstat_i_terms model)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < model.count; i++) {
        hash = (hash ^ model.term[i]) * 1099511628211u;
    }
    return (size_t) (hash ^ hash >> 29) % SLOTS;
}

static bool equal_models(traffstat_i_terms a, traffstat_i_terms b)
{
    return a.count == b.count && memcmp(a.term, b.term, a.count * sizeof *a.term) == 0;
}

/* Adds a model that was not met before. */
static void meet(walk *w, traffstat_i_terms model)
{
    traffstat_i_model_set *set = &w->search->set;
    if (set->count == TRAFFSTAT_I_NEIGHBOURS_MOST || model.count > w->terms_max ||
        set->start[set->count] + model.count > w->words) {
        return;
    }
    size_t at = hash_of(model);
    while (w->slot[at] != 0) {
        if (equal_models(traffstat_i_model_at(set, w->slot[at] - 1), model)) {
            return;
        }
        at = (at + 1) % SLOTS;
    }
    memcpy(set->pool + set->start[set->count], model.term, model.count * sizeof *model.term);
    set->start[set->count + 1] = set->start[set->count] + model.count;
    set->widest = model.count > set->widest ? model.count : set->widest;
    w->slot[at] = (uint32_t) ++set->count;
}

static bool may_enter(const walk *w, uint32_t term)
{
    bool may = !w->in[term];
    for (uint32_t rest = term; rest != 0 && may; rest &= rest - 1) {
        may = w->in[term & ~(rest & (~rest + 1u))];
    }
    return may;
}

static bool may_leave(traffstat_i_terms model, size_t i)
{
    for (size_t k = i + 1; k < model.count; k++) {
        if ((model.term[k] & model.term[i]) == model.term[i]) {
            return false;
        }
    }
    return traffstat_i_bits(model.term[i]) > 1;
}

static void add_term(walk *w, traffstat_i_terms model, uint16_t term)
{
    size_t i = 0;
    while (i < model.count && traffstat_i_compare_terms(model.term[i], term) < 0) {
        w->term[i] = model.term[i];
        i++;
    }
    w->term[i] = term;
    memcpy(w->term + i + 1, model.term + i, (model.count - i) * sizeof *model.term);
    meet(w, (traffstat_i_terms){w->term, model.count + 1});
}

static void drop_term(walk *w, traffstat_i_terms model, size_t i)
{
    memcpy(w->term, model.term, i * sizeof *model.term);
    memcpy(w->term + i, model.term + i + 1, (model.count - i - 1) * sizeof *model.term);
    meet(w, (traffstat_i_terms){w->term, model.count - 1});
}

static void meet_neighbours(walk *w, size_t of)
{
    const traffstat_i_terms model = traffstat_i_model_at(&w->search->set, of);
    memset(w->in, 0, sizeof w->in);
    for (size_t i = 0; i < model.count; i++) {
        w->in[model.term[i]] = true;
    }
    for (size_t c = 0; c < w->candidates; c++) {
        if (may_enter(w, w->candidate[c])) {
            add_term(w, model, w->candidate[c]);
        }
    }
    for (size_t i = 1; i < model.count; i++) {
        if (may_leave(model, i)) {
            drop_term(w, model, i);
        }
    }
    w->expanded[of] = true;
}

/* The best model whose neighbours were not looked at, if it is among the best TRAFFSTAT_I_BEAM. */
static size_t next_model(const walk *w)
{
    const double *value = w->search->value;
    double above = -INFINITY; /* value and number of the model last taken */
    size_t above_at = 0;
    for (size_t rank = 0; rank < TRAFFSTAT_I_BEAM; rank++) {
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < w->search->set.count; i++) {
            const bool after = value[i] > above || (value[i] == above && i > above_at);
            if (after && value[i] < INFINITY && (best == SIZE_MAX || value[i] < value[best])) {
                best = i;
            }
        }
        if (best == SIZE_MAX || !w->expanded[best]) {
            return best;
        }
        above = value[best];
        above_at = best;
    }
    return SIZE_MAX;
}

static traffstat_status walk_on(traffstat_ctx *ctx, walk *w)
{
    traffstat_i_search *search = w->search;
    traffstat_status status = look_at(ctx, &w->at, 0, search->set.count);
    for (;;) {
        const size_t next = status == TRAFFSTAT_OK ? next_model(w) : SIZE_MAX;
        if (next == SIZE_MAX) {
            return status;
        }
        const size_t before = search->set.count;
        meet_neighbours(w, next);
        status = look_at(ctx, &w->at, before, search->set.count);
    }
}

static int compare_candidates(const void *a, const void *b)
{
    return traffstat_i_compare_terms(*(const uint16_t *) a, *(const uint16_t *) b);
}

static void list_candidates(walk *w)
{
    for (uint32_t mask = 1; mask < (uint32_t) 1 << w->lists; mask++) {
        const size_t bits = traffstat_i_bits(mask);
        if (bits > 1 && bits <= w->order) {
            w->candidate[w->candidates++] = (uint16_t) mask;
        }
    }
    qsort(w->candidate, w->candidates, sizeof *w->candidate, compare_candidates);
}

/* Main effects, and each of them with one pair: a start that exists even where main effects do
 * not. */
static void meet_first(walk *w)
{
    uint16_t *main_effects = w->candidate + w->candidates;
    const size_t count = traffstat_i_close_terms(w->lists, NULL, 0, main_effects);
    meet(w, (traffstat_i_terms){main_effects, count});
    meet_neighbours(w, 0);
}

static traffstat_status open_walk(traffstat_ctx *ctx, walk *w)
{
    traffstat_i_search *search = w->search;
    const size_t cells = (size_t) 1 << w->lists;
    const size_t models = TRAFFSTAT_I_NEIGHBOURS_MOST;
    w->words = models * (2 + 4 * w->lists + w->lists * w->lists);
    search->set.start = traffstat_i_alloc(ctx, models + 1, sizeof *search->set.start);
    search->set.pool = traffstat_i_alloc(ctx, w->words, sizeof *search->set.pool);
    w->expanded = traffstat_i_alloc(ctx, models, sizeof *w->expanded);
    w->slot = traffstat_i_alloc(ctx, SLOTS, sizeof *w->slot);
    w->candidate = traffstat_i_alloc(ctx, 3 * cells, sizeof *w->candidate);
    if (search->set.start == NULL || search->set.pool == NULL || w->expanded == NULL ||
        w->slot == NULL || w->candidate == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    w->term = w->candidate + 2 * cells;
    list_candidates(w);
    const size_t all = 1 + w->lists + w->candidates;
    w->terms_max = all < 160 ? all : 160; /* beyond so many terms nothing is estimable */
    const traffstat_status status = make_room(ctx, search, models, w->words);
    return status != TRAFFSTAT_OK ? status
                                  : traffstat_i_rooms_new(ctx, w->lists, w->terms_max,
                                                          traffstat_ctx_threads(ctx), &w->at.rooms);
}

static traffstat_status look_around(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                    size_t order, traffstat_i_search *search)
{
    walk *w = traffstat_i_alloc(ctx, 1, sizeof *w);
    if (w == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    w->at = (look){.counts = counts, .search = search};
    w->search = search;
    w->lists = counts->lists;
    w->order = order;
    traffstat_status status = open_walk(ctx, w);
    if (status == TRAFFSTAT_OK) {
        meet_first(w);
        status = walk_on(ctx, w);
    }
    traffstat_i_rooms_free(ctx, &w->at.rooms);
    traffstat_i_free(ctx, w->expanded);
    traffstat_i_free(ctx, w->slot);
    traffstat_i_free(ctx, w->candidate);
    traffstat_i_free(ctx, w);
    return status;
}

/* ---- the door -------------------------------------------------------------------------------- */

traffstat_status traffstat_i_search_models(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                           size_t order, bool bic, traffstat_i_search *out)
{
    *out = (traffstat_i_search){.penalty = bic ? log(counts->n) : 2.0};
    traffstat_status status =
        traffstat_i_all_models(ctx, counts->lists, order, TRAFFSTAT_I_ALL_MODELS_MOST, &out->set);
    if (status == TRAFFSTAT_OK) {
        out->all = true;
        status = look_at_all(ctx, counts, out);
    } else if (status == TRAFFSTAT_E_LIMIT) {
        status = look_around(ctx, counts, order, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = rank_models(ctx, out);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_search_free(ctx, out);
    }
    return status;
}

void traffstat_i_search_free(traffstat_ctx *ctx, traffstat_i_search *search)
{
    traffstat_i_model_set_free(ctx, &search->set);
    traffstat_i_free(ctx, search->existence);
    traffstat_i_free(ctx, search->value);
    traffstat_i_free(ctx, search->beta);
    traffstat_i_free(ctx, search->rank);
    *search = (traffstat_i_search){0};
}
