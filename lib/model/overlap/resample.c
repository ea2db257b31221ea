/* Replicates, with the model chosen anew in each. */
#include <math.h>
#include <string.h>

#include "model/overlap/draw.h"
#include "model/overlap/resample.h"

#define BATCH 32        /* replicates that one task follows */
#define CHECK_EVERY 256 /* models between two looks at a request to stop */
#define UNKNOWN (-1)
#define ROUNDING 1e-11 /* share of a log-likelihood that a cutoff leaves to rounding */

/* What one worker needs for a batch. */
typedef struct bench {
    traffstat_i_counts counts[BATCH];
    traffstat_i_path *paths; /* [BATCH] */
    double *beta;            /* [BATCH * terms] */
    double *scratch;         /* [2 * cells] */
    double *drawn;           /* [cells] */
    int8_t *verdict;         /* [BATCH * models] existence by support, UNKNOWN until asked */
    uint8_t *support;        /* [BATCH * cells] the supports met in the batch */
    size_t supports;
    size_t support_of[BATCH];
} bench;

typedef struct job {
    traffstat_ctx *ctx;
    const traffstat_i_resampling *plan;
    traffstat_i_replicates *out;
    traffstat_i_rooms rooms;
    bench *benches;
    size_t workers;
    size_t terms; /* most of any model */
    size_t models;
    size_t *history; /* the histories that somebody has */
    size_t histories;
    size_t sets; /* replicates and jackknife together */
} job;

/* ---- room ------------------------------------------------------------------------------------ */

static void free_bench(traffstat_ctx *ctx, bench *b)
{
    for (size_t i = 0; i < BATCH; i++) {
        traffstat_i_counts_free(ctx, &b->counts[i]);
    }
    traffstat_i_free(ctx, b->paths);
    traffstat_i_free(ctx, b->beta);
    traffstat_i_free(ctx, b->verdict);
    traffstat_i_free(ctx, b->support);
}

static traffstat_status make_bench(const job *j, bench *b)
{
    traffstat_ctx *const ctx = j->ctx;
    const size_t cells = j->plan->counts->cells;
    for (size_t i = 0; i < BATCH; i++) {
        const traffstat_status status =
            traffstat_i_counts_new(ctx, j->plan->counts->lists, &b->counts[i]);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    b->paths =
        traffstat_i_alloc(ctx, j->plan->how == TRAFFSTAT_I_STEP_ANEW ? BATCH : 0, sizeof *b->paths);
    b->beta = traffstat_i_alloc(ctx, BATCH * j->terms + 3 * cells, sizeof *b->beta);
    b->verdict = traffstat_i_alloc(ctx, BATCH * j->models, sizeof *b->verdict);
    b->support = traffstat_i_alloc(ctx, BATCH * cells, sizeof *b->support);
    if (b->paths == NULL || b->beta == NULL || b->verdict == NULL || b->support == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    b->scratch = b->beta + BATCH * j->terms;
    b->drawn = b->scratch + 2 * cells;
    return TRAFFSTAT_OK;
}

static traffstat_status make_output(const job *j)
{
    traffstat_i_replicates *out = j->out;
    const size_t count = j->plan->replicates;
    out->count = count;
    out->estimate = traffstat_i_alloc(j->ctx, count, sizeof *out->estimate);
    out->deviance = traffstat_i_alloc(j->ctx, count, sizeof *out->deviance);
    out->chosen = traffstat_i_alloc(j->ctx, count, sizeof *out->chosen);
    out->jackknife = traffstat_i_alloc(j->ctx, j->plan->counts->cells, sizeof *out->jackknife);
    return out->estimate != NULL && out->deviance != NULL && out->chosen != NULL &&
                   out->jackknife != NULL
               ? TRAFFSTAT_OK
               : TRAFFSTAT_E_NOMEM;
}

static size_t most_terms(const traffstat_i_resampling *plan)
{
    return plan->how == TRAFFSTAT_I_SEARCH_ANEW ? plan->search->set.widest
           : plan->how == TRAFFSTAT_I_STEP_ANEW ? traffstat_i_path_terms(plan->counts->lists)
                                                : plan->model.count;
}

static size_t batches_of(const job *j)
{
    return (j->sets + BATCH - 1) / BATCH;
}

static traffstat_status open_job(job *j)
{
    const traffstat_i_counts *counts = j->plan->counts;
    j->terms = most_terms(j->plan);
    j->models = j->plan->how == TRAFFSTAT_I_SEARCH_ANEW ? j->plan->search->set.count : 1;
    j->history = traffstat_i_alloc(j->ctx, counts->cells, sizeof *j->history);
    traffstat_status status = j->history != NULL ? make_output(j) : TRAFFSTAT_E_NOMEM;
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    for (size_t w = 1; w < counts->cells; w++) {
        if (counts->count[w] > 0.0) {
            j->history[j->histories++] = w;
        }
    }
    j->sets = j->plan->replicates + (j->plan->jackknife ? j->histories : 0);
    j->workers = traffstat_i_workers(j->ctx, batches_of(j));
    j->benches = traffstat_i_alloc(j->ctx, j->workers, sizeof *j->benches);
    status = j->benches != NULL
                 ? traffstat_i_rooms_new(j->ctx, counts->lists, j->terms, j->workers, &j->rooms)
                 : TRAFFSTAT_E_NOMEM;
    for (size_t i = 0; i < j->workers && status == TRAFFSTAT_OK; i++) {
        status = make_bench(j, &j->benches[i]);
    }
    return status;
}

static void close_job(job *j)
{
    for (size_t i = 0; i < j->workers && j->benches != NULL; i++) {
        free_bench(j->ctx, &j->benches[i]);
    }
    traffstat_i_free(j->ctx, j->benches);
    traffstat_i_free(j->ctx, j->history);
    traffstat_i_rooms_free(j->ctx, &j->rooms);
}

/* ---- results --------------------------------------------------------------------------------- */

static void write_result(const job *j, size_t set, double estimate, double deviance,
                         uint32_t chosen)
{
    if (set < j->plan->replicates) {
        j->out->estimate[set] = estimate;
        j->out->deviance[set] = deviance;
        j->out->chosen[set] = chosen;
    } else {
        j->out->jackknife[j->history[set - j->plan->replicates]] = estimate;
    }
}

/* ---- one model ------------------------------------------------------------------------------- */

static void fit_same(const job *j, bench *b, size_t first, size_t count, size_t worker)
{
    const traffstat_i_resampling *plan = j->plan;
    traffstat_i_fit_job jobs[BATCH];
    traffstat_i_fit_job *list[BATCH] = {NULL};
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        write_result(j, first + i, INFINITY, NAN, UINT32_MAX);
        if (traffstat_i_existence(&j->rooms.exist[worker], &b->counts[i], plan->model) != 0) {
            continue;
        }
        double *beta = b->beta + i * j->terms;
        memcpy(beta, plan->beta, plan->model.count * sizeof *beta);
        jobs[i] = (traffstat_i_fit_job){.counts = &b->counts[i],
                                        .model = plan->model,
                                        .unseen = -1.0,
                                        .cutoff = -INFINITY,
                                        .warm = true,
                                        .beta = beta};
        list[wanted++] = &jobs[i];
    }
    traffstat_i_fit_many(&j->rooms.fit[worker], list, wanted);
    for (size_t k = 0; k < wanted; k++) {
        const size_t i = (size_t) (list[k] - jobs);
        if (list[k]->state == TRAFFSTAT_I_FIT_DONE) {
            write_result(j, first + i, b->counts[i].n + exp(list[k]->beta[0]),
                         2.0 * (b->counts[i].saturated - list[k]->ll), 0);
        }
    }
}

/* ---- step by step ---------------------------------------------------------------------------- */

static void step_anew(const job *j, bench *b, size_t first, size_t count, size_t worker)
{
    traffstat_i_paths(&j->rooms.exist[worker], &j->rooms.fit[worker], b->counts, count,
                      j->plan->threshold, b->scratch, b->paths);
    for (size_t i = 0; i < count; i++) {
        write_result(j, first + i, b->counts[i].n + b->paths[i].unseen, 0.0, UINT32_MAX);
    }
}

/* ---- all models ------------------------------------------------------------------------------ */

/* Replicates of a batch with the same empty histories share their verdicts on models. */
static void group_supports(const job *j, bench *b, size_t count)
{
    const size_t cells = j->plan->counts->cells;
    b->supports = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t *mine = b->support + b->supports * cells;
        for (size_t w = 0; w < cells; w++) {
            mine[w] = b->counts[i].count[w] > 0.0;
        }
        size_t at = 0;
        while (at < b->supports && memcmp(b->support + at * cells, mine, cells) != 0) {
            at++;
        }
        b->support_of[i] = at;
        if (at == b->supports) {
            memset(b->verdict + at * j->models, UNKNOWN, j->models);
            b->supports++;
        }
    }
}

static bool exists(const job *j, bench *b, size_t i, size_t model, traffstat_i_terms terms,
                   size_t worker)
{
    int8_t *verdict = b->verdict + b->support_of[i] * j->models + model;
    if (*verdict == UNKNOWN) {
        *verdict = (int8_t) traffstat_i_existence(&j->rooms.exist[worker], &b->counts[i], terms);
    }
    return *verdict == 0;
}

/* The best criterion so far of each replicate (ln y! left out), and what it says. */
typedef struct lead {
    double best[BATCH];
    double unseen[BATCH];
    uint32_t model[BATCH];
    double penalty[BATCH];
} lead;

/* One model in the replicates that it may still win. Even a perfect fit would not do where the
 * saturated likelihood with this many terms is no better than the best so far. */
static void try_model(const job *j, bench *b, lead *l, size_t model, size_t count, size_t worker)
{
    const traffstat_i_search *search = j->plan->search;
    const traffstat_i_terms terms = traffstat_i_model_at(&search->set, model);
    const double *start = search->beta + search->set.start[model];
    traffstat_i_fit_job jobs[BATCH];
    traffstat_i_fit_job *list[BATCH] = {NULL};
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        const double price = l->penalty[i] * (double) terms.count;
        if (!(price - 2.0 * b->counts[i].saturated < l->best[i]) ||
            !exists(j, b, i, model, terms, worker)) {
            continue;
        }
        double *beta = b->beta + i * j->terms;
        memcpy(beta, start, terms.count * sizeof *beta);
        const double needed = 0.5 * (price - l->best[i]);
        jobs[i] = (traffstat_i_fit_job){.counts = &b->counts[i],
                                        .model = terms,
                                        .unseen = -1.0,
                                        .cutoff = needed - ROUNDING * fabs(needed),
                                        .warm = search->value[model] < INFINITY,
                                        .beta = beta};
        list[wanted++] = &jobs[i];
    }
    traffstat_i_fit_many(&j->rooms.fit[worker], list, wanted);
    for (size_t k = 0; k < wanted; k++) {
        const size_t i = (size_t) (list[k] - jobs);
        const double value = l->penalty[i] * (double) terms.count - 2.0 * list[k]->ll;
        if (list[k]->state == TRAFFSTAT_I_FIT_DONE && value < l->best[i]) {
            l->best[i] = value;
            l->unseen[i] = exp(list[k]->beta[0]);
            l->model[i] = (uint32_t) model;
        }
    }
}

static traffstat_status search_anew(const job *j, bench *b, size_t first, size_t count,
                                    size_t worker)
{
    const traffstat_i_search *search = j->plan->search;
    lead l;
    for (size_t i = 0; i < count; i++) {
        l.best[i] = INFINITY;
        l.unseen[i] = INFINITY;
        l.model[i] = UINT32_MAX;
        l.penalty[i] = j->plan->bic ? log(b->counts[i].n) : 2.0;
    }
    group_supports(j, b, count);
    for (size_t r = 0; r < search->ranked; r++) {
        if (r % CHECK_EVERY == 0 && traffstat_i_stopped(j->ctx)) {
            return TRAFFSTAT_E_CANCELLED;
        }
        try_model(j, b, &l, search->rank[r], count, worker);
    }
    /* Those without an estimate on the data may have one on a replicate. */
    for (size_t model = 0; model < search->set.count; model++) {
        if (!(search->value[model] < INFINITY)) {
            try_model(j, b, &l, model, count, worker);
        }
    }
    for (size_t i = 0; i < count; i++) {
        write_result(j, first + i, b->counts[i].n + l.unseen[i], 0.0, l.model[i]);
    }
    return TRAFFSTAT_OK;
}

/* ---- batches --------------------------------------------------------------------------------- */

static void make_set(const job *j, bench *b, size_t set, traffstat_i_counts *out)
{
    const traffstat_i_resampling *plan = j->plan;
    if (set < plan->replicates) {
        traffstat_i_stream stream = {
            .seed = plan->seed, .model = plan->stream, .replicate = (uint32_t) set};
        traffstat_i_draw_multinomial(&stream, plan->counts->n, plan->weight, plan->counts->cells,
                                     b->drawn);
    } else {
        memcpy(b->drawn, plan->counts->count, plan->counts->cells * sizeof *b->drawn);
        b->drawn[j->history[set - plan->replicates]] -= 1.0;
    }
    traffstat_i_counts_set(out, b->drawn);
}

static traffstat_status run_batch(void *arg, size_t task, size_t worker)
{
    const job *j = arg;
    bench *b = &j->benches[worker];
    const size_t first = task * BATCH;
    const size_t count = j->sets - first < BATCH ? j->sets - first : BATCH;
    for (size_t i = 0; i < count; i++) {
        make_set(j, b, first + i, &b->counts[i]);
    }
    if (j->plan->how == TRAFFSTAT_I_SEARCH_ANEW) {
        return search_anew(j, b, first, count, worker);
    }
    if (j->plan->how == TRAFFSTAT_I_STEP_ANEW) {
        step_anew(j, b, first, count, worker);
    } else {
        fit_same(j, b, first, count, worker);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status count_models(const job *j)
{
    bool *seen = traffstat_i_alloc(j->ctx, j->models, sizeof *seen);
    if (seen == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < j->out->count; i++) {
        const uint32_t model = j->out->chosen[i];
        j->out->without += !(j->out->estimate[i] < INFINITY);
        if (model < j->models && !seen[model]) {
            seen[model] = true;
            j->out->models++;
        }
    }
    traffstat_i_free(j->ctx, seen);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_resample(traffstat_ctx *ctx, const traffstat_i_resampling *plan,
                                      traffstat_i_replicates *out)
{
    *out = (traffstat_i_replicates){0};
    job j = {.ctx = ctx, .plan = plan, .out = out};
    traffstat_status status = open_job(&j);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_parallel(ctx, batches_of(&j), run_batch, &j);
    }
    if (status == TRAFFSTAT_OK) {
        status = count_models(&j);
    }
    close_job(&j);
    if (status != TRAFFSTAT_OK) {
        traffstat_i_replicates_free(ctx, out);
    }
    return status;
}

void traffstat_i_replicates_free(traffstat_ctx *ctx, traffstat_i_replicates *replicates)
{
    traffstat_i_free(ctx, replicates->estimate);
    traffstat_i_free(ctx, replicates->deviance);
    traffstat_i_free(ctx, replicates->jackknife);
    traffstat_i_free(ctx, replicates->chosen);
    *replicates = (traffstat_i_replicates){0};
}
