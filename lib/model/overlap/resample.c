/* Replicates, with the model chosen anew in each. */
#include <math.h>
#include <string.h>

#include "model/overlap/anew.h"
#include "model/overlap/draw.h"
#include "model/overlap/resample.h"

#define BATCH TRAFFSTAT_I_ANEW_SIDE /* replicates that one task follows */

/* What one worker needs for a batch. */
typedef struct bench {
    traffstat_i_counts counts[BATCH];
    traffstat_i_path *paths; /* [BATCH] */
    double *beta;            /* [BATCH * terms] */
    double *scratch;         /* [2 * cells] */
    double *drawn;           /* [cells] */
    traffstat_i_anew_room anew;
} bench;

typedef struct job {
    traffstat_ctx *ctx;
    const traffstat_i_resampling *plan;
    traffstat_i_replicates *out;
    traffstat_i_rooms rooms;
    traffstat_i_anew anew;
    bench *benches;
    size_t workers;
    size_t terms; /* most of any model */
    size_t models;
    size_t *history; /* the histories that somebody has */
    size_t histories;
    size_t sets; /* replicates and jackknife together */
} job;

/* ---- room ------------------------------------------------------------------------------------ */

static void free_bench(const job *j, bench *b)
{
    traffstat_ctx *const ctx = j->ctx;
    for (size_t i = 0; i < BATCH; i++) {
        traffstat_i_counts_free(ctx, &b->counts[i]);
    }
    traffstat_i_free(ctx, b->paths);
    traffstat_i_free(ctx, b->beta);
    if (j->plan->how == TRAFFSTAT_I_SEARCH_ANEW) {
        traffstat_i_anew_room_free(&j->anew, &b->anew);
    }
}

static traffstat_status make_bench(const job *j, size_t worker, bench *b)
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
    if (b->paths == NULL || b->beta == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    b->scratch = b->beta + BATCH * j->terms;
    b->drawn = b->scratch + 2 * cells;
    return j->plan->how == TRAFFSTAT_I_SEARCH_ANEW
               ? traffstat_i_anew_room_new(&j->anew, &j->rooms.exist[worker], &j->rooms.fit[worker],
                                           &b->anew)
               : TRAFFSTAT_OK;
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
    if (status == TRAFFSTAT_OK && j->plan->how == TRAFFSTAT_I_SEARCH_ANEW) {
        status = traffstat_i_anew_new(j->ctx, j->plan->search, counts, j->plan->bic, &j->anew);
    }
    for (size_t i = 0; i < j->workers && status == TRAFFSTAT_OK; i++) {
        status = make_bench(j, i, &j->benches[i]);
    }
    return status;
}

static void close_job(job *j)
{
    for (size_t i = 0; i < j->workers && j->benches != NULL; i++) {
        free_bench(j, &j->benches[i]);
    }
    traffstat_i_free(j->ctx, j->benches);
    traffstat_i_free(j->ctx, j->history);
    traffstat_i_rooms_free(j->ctx, &j->rooms);
    if (j->plan->how == TRAFFSTAT_I_SEARCH_ANEW) {
        traffstat_i_anew_free(&j->anew);
    }
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

static traffstat_status search_anew(const job *j, bench *b, size_t first, size_t count)
{
    double estimate[BATCH];
    uint32_t chosen[BATCH];
    const traffstat_status status =
        traffstat_i_anew_best(&j->anew, &b->anew, b->counts, count, estimate, chosen);
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        write_result(j, first + i, estimate[i], 0.0, chosen[i]);
    }
    return status;
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
        return search_anew(j, b, first, count);
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
