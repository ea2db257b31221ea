/* Warm-up and running of the chains: dual averaging of the step size (Nesterov 2009 as in Hoffman &
   Gelman 2014) and estimation of the diagonal metric in windows that double. */
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "model/reporting/tree.h"

/* Transitions between two looks at the context: progress, cancelling. */
enum { BLOCK = 25 };

/* ---- adaptation ----------------------------------------------------------------------------- */

typedef struct averaging {
    double aim;
    double center; /* what the log step is drawn to */
    double deficit;
    double log_step;
    double mean_log_step;
    int64_t count;
} averaging;

static void averaging_begin(averaging *a, double step)
{
    *a = (averaging){.aim = a->aim, .center = log(10.0 * step)};
}

static double averaging_learn(averaging *a, double acceptance)
{
    const double pull = 0.05;
    const double delay = 10.0;
    const double forget = 0.75;
    a->count++;
    const double n = (double) a->count;
    const double weight = 1.0 / (n + delay);
    a->deficit = (1.0 - weight) * a->deficit + weight * (a->aim - acceptance);
    a->log_step = a->center - a->deficit * sqrt(n) / pull;
    const double newest = pow(n, -forget);
    a->mean_log_step = (1.0 - newest) * a->mean_log_step + newest * a->log_step;
    return exp(a->log_step);
}

/* Means and squares of the positions of one window (Welford 1962). */
typedef struct moments {
    double *mean;
    double *square;
    int64_t count;
} moments;

static void moments_add(moments *m, const double *at, size_t d)
{
    m->count++;
    for (size_t i = 0; i < d; i++) {
        const double off = at[i] - m->mean[i];
        m->mean[i] += off / (double) m->count;
        m->square[i] += off * (at[i] - m->mean[i]);
    }
}

static void moments_clear(moments *m, size_t d)
{
    m->count = 0;
    memset(m->mean, 0, d * sizeof *m->mean);
    memset(m->square, 0, d * sizeof *m->square);
}

/* Variances, drawn a little towards 0.001 where the window is short. */
static void moments_tell(const moments *m, double *variance, size_t d)
{
    const double n = (double) m->count;
    for (size_t i = 0; i < d; i++) {
        variance[i] = n / (n + 5.0) * (m->square[i] / (n - 1.0)) + 1e-3 * (5.0 / (n + 5.0));
    }
}

/* The windows: first a stretch for the step alone, last another; between them each twice the one
   before, the last of them as long as what is left. */
typedef struct windows {
    int32_t first;
    int32_t last;     /* where the closing stretch begins */
    int32_t size;     /* of the present window */
    int32_t boundary; /* the transition before which it ends */
} windows;

static windows plan_windows(int32_t warmup)
{
    windows w = {.first = 75, .size = 25, .last = warmup - 50};
    if (warmup < 150) {
        w.first = warmup * 15 / 100;
        w.last = warmup - warmup / 10;
        w.size = w.last - w.first;
    }
    w.boundary = w.first + w.size;
    return w;
}

static void next_window(windows *w)
{
    w->size *= 2;
    w->boundary += w->size;
    if (w->boundary + 2 * w->size > w->last) {
        w->boundary = w->last;
    }
}

/* ---- one chain ------------------------------------------------------------------------------ */

typedef struct learner {
    averaging step;
    moments moments;
    windows windows;
} learner;

typedef struct run {
    const traffstat_i_nuts_options *options;
    traffstat_i_chains *chains;
    learner *learners;
    bool *lost;   /* a chain that found no start */
    int32_t from; /* this block's transitions, warm-up included */
    int32_t to;
    int32_t warmup;
    int64_t *divergences;
    int64_t *depth_hits;
} run;

static bool warm(learner *l, traffstat_i_chain *chain, int32_t at, int32_t warmup)
{
    const size_t d = chain->target->dimension;
    chain->step = averaging_learn(&l->step, chain->acceptance);
    if (at >= l->windows.first && at < l->windows.last && warmup >= 20) {
        moments_add(&l->moments, chain->here.at, d);
        if (at + 1 == l->windows.boundary && l->moments.count > 1) {
            moments_tell(&l->moments, chain->variance, d);
            moments_clear(&l->moments, d);
            next_window(&l->windows);
            if (!traffstat_i_chain_first_step(chain)) {
                return false;
            }
            averaging_begin(&l->step, chain->step);
        }
    }
    if (at + 1 == warmup && l->step.count > 0) {
        chain->step = exp(l->step.mean_log_step);
    }
    return true;
}

static void keep(traffstat_i_chains *chains, size_t number, int32_t draw,
                 const traffstat_i_chain *chain)
{
    const size_t row = number * (size_t) chains->draws + (size_t) draw;
    memcpy(chains->positions + row * chains->dimension, chain->here.at,
           chains->dimension * sizeof *chains->positions);
    chains->log_density[row] = chain->here.density;
    chains->energy[row] = chain->energy;
}

static traffstat_status run_block(void *arg, size_t task, size_t worker)
{
    (void) worker;
    run *r = arg;
    traffstat_i_chain *chain = &r->chains->state[task];
    learner *l = &r->learners[task];
    if (r->from == 0 && r->warmup > 0) {
        if (!traffstat_i_chain_start(chain, chain->target->start_radius) ||
            !traffstat_i_chain_first_step(chain)) {
            r->lost[task] = true;
            return TRAFFSTAT_E_NUMERIC;
        }
        averaging_begin(&l->step, chain->step);
    }
    for (int32_t at = r->from; at < r->to; at++) {
        traffstat_i_chain_move(chain);
        if (at < r->warmup) {
            if (!warm(l, chain, at, r->warmup)) {
                r->lost[task] = true;
                return TRAFFSTAT_E_NUMERIC;
            }
        } else {
            r->divergences[task] += chain->diverged;
            r->depth_hits[task] += chain->cut_short;
            keep(r->chains, task, at - r->warmup, chain);
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- all chains ----------------------------------------------------------------------------- */

static traffstat_status tell_failure(traffstat_ctx *ctx, const run *r, traffstat_status status)
{
    for (int32_t i = 0; i < r->chains->chains; i++) {
        if (r->lost[i]) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                    "chain %d found no place with a finite density and slope",
                                    i + 1);
        }
    }
    return status;
}

/* Warm-up of r->warmup transitions and draws to chains->draws, in blocks. */
static traffstat_status run_blocks(traffstat_ctx *ctx, run *r, int32_t done)
{
    const int32_t all = r->warmup + r->chains->draws;
    const int32_t begin = r->warmup + done;
    const double from = r->options->progress_from;
    const double width = r->options->progress_to - from;
    traffstat_status status = TRAFFSTAT_OK;
    for (r->from = done > 0 ? begin : 0; status == TRAFFSTAT_OK && r->from < all; r->from = r->to) {
        r->to = r->from + BLOCK < all ? r->from + BLOCK : all;
        traffstat_i_progress_span(ctx, from + width * r->from / all, from + width * r->to / all);
        status = traffstat_i_parallel(ctx, (size_t) r->chains->chains, run_block, r);
    }
    return status == TRAFFSTAT_E_NUMERIC ? tell_failure(ctx, r, status) : status;
}

static void free_learners(traffstat_ctx *ctx, run *r)
{
    for (int32_t i = 0; r->learners != NULL && i < r->chains->chains; i++) {
        traffstat_i_free(ctx, r->learners[i].moments.mean);
    }
    traffstat_i_free(ctx, r->learners);
    traffstat_i_free(ctx, r->lost);
    traffstat_i_free(ctx, r->divergences);
    traffstat_i_free(ctx, r->depth_hits);
}

static traffstat_status alloc_learners(traffstat_ctx *ctx, run *r)
{
    const size_t chains = (size_t) r->chains->chains;
    const size_t d = r->chains->dimension;
    r->learners = traffstat_i_alloc(ctx, chains, sizeof *r->learners);
    r->lost = traffstat_i_alloc(ctx, chains, sizeof *r->lost);
    r->divergences = traffstat_i_alloc(ctx, chains, sizeof *r->divergences);
    r->depth_hits = traffstat_i_alloc(ctx, chains, sizeof *r->depth_hits);
    if (r->learners == NULL || r->lost == NULL || r->divergences == NULL || r->depth_hits == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(r->learners, 0, chains * sizeof *r->learners);
    memset(r->lost, 0, chains * sizeof *r->lost);
    memset(r->divergences, 0, chains * sizeof *r->divergences);
    memset(r->depth_hits, 0, chains * sizeof *r->depth_hits);
    for (size_t i = 0; i < chains; i++) {
        learner *l = &r->learners[i];
        l->step.aim = r->options->accept;
        l->windows = plan_windows(r->warmup);
        l->moments.mean = traffstat_i_alloc(ctx, 2 * d, sizeof *l->moments.mean);
        if (l->moments.mean == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
        l->moments.square = l->moments.mean + d;
        moments_clear(&l->moments, d);
    }
    return TRAFFSTAT_OK;
}

static void add_up(run *r)
{
    r->chains->gradients = 0;
    for (int32_t i = 0; i < r->chains->chains; i++) {
        r->chains->divergences += r->divergences[i];
        r->chains->depth_hits += r->depth_hits[i];
        r->chains->gradients += r->chains->state[i].gradients;
        r->chains->step[i] = r->chains->state[i].step;
    }
}

static traffstat_status draw(traffstat_ctx *ctx, const traffstat_i_nuts_options *options,
                             traffstat_i_chains *chains, int32_t warmup, int32_t done)
{
    run r = {.options = options, .chains = chains, .warmup = warmup};
    traffstat_status status = alloc_learners(ctx, &r);
    if (status == TRAFFSTAT_OK) {
        status = run_blocks(ctx, &r, done);
    }
    if (status == TRAFFSTAT_OK) {
        add_up(&r);
    }
    free_learners(ctx, &r);
    return status;
}

/* Makes room for `draws` a chain; what is there moves to its new place. */
static traffstat_status make_room(traffstat_ctx *ctx, traffstat_i_chains *chains, int32_t draws)
{
    const size_t rows = (size_t) chains->chains * (size_t) draws;
    const size_t d = chains->dimension;
    double *positions = traffstat_i_alloc(ctx, rows, d * sizeof *positions);
    double *density = traffstat_i_alloc(ctx, rows, sizeof *density);
    double *energy = traffstat_i_alloc(ctx, rows, sizeof *energy);
    if (positions == NULL || density == NULL || energy == NULL) {
        traffstat_i_free(ctx, positions);
        traffstat_i_free(ctx, density);
        traffstat_i_free(ctx, energy);
        return TRAFFSTAT_E_NOMEM;
    }
    const size_t old = (size_t) chains->draws;
    for (size_t c = 0; old > 0 && c < (size_t) chains->chains; c++) {
        const size_t to = c * (size_t) draws;
        memcpy(positions + to * d, chains->positions + c * old * d, old * d * sizeof *positions);
        memcpy(density + to, chains->log_density + c * old, old * sizeof *density);
        memcpy(energy + to, chains->energy + c * old, old * sizeof *energy);
    }
    traffstat_i_free(ctx, chains->positions);
    traffstat_i_free(ctx, chains->log_density);
    traffstat_i_free(ctx, chains->energy);
    chains->positions = positions;
    chains->log_density = density;
    chains->energy = energy;
    chains->draws = draws;
    return TRAFFSTAT_OK;
}

static traffstat_status open_chains(traffstat_ctx *ctx, const traffstat_i_target *target,
                                    const traffstat_i_nuts_options *options,
                                    traffstat_i_chains *chains)
{
    const size_t count = (size_t) options->chains;
    chains->dimension = target->dimension;
    chains->chains = options->chains;
    chains->step = traffstat_i_alloc(ctx, count, sizeof *chains->step);
    chains->state = traffstat_i_alloc(ctx, count, sizeof *chains->state);
    if (chains->step == NULL || chains->state == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(chains->state, 0, count * sizeof *chains->state);
    traffstat_status status = make_room(ctx, chains, options->draws);
    for (size_t i = 0; status == TRAFFSTAT_OK && i < count; i++) {
        status = traffstat_i_chain_open(ctx, target, options->max_depth, &chains->state[i]);
        chains->state[i].seed = options->seed;
        chains->state[i].number = (uint32_t) i;
        chains->state[i].step = 1.0;
    }
    return status;
}

traffstat_status traffstat_i_nuts(traffstat_ctx *ctx, const traffstat_i_target *target,
                                  const traffstat_i_nuts_options *options, traffstat_i_chains **out)
{
    *out = NULL;
    traffstat_i_chains *chains = traffstat_i_alloc(ctx, 1, sizeof *chains);
    if (chains == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(chains, 0, sizeof *chains);
    traffstat_status status = open_chains(ctx, target, options, chains);
    if (status == TRAFFSTAT_OK) {
        status = draw(ctx, options, chains, options->warmup, 0);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_chains_free(ctx, chains);
        return status;
    }
    *out = chains;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_nuts_extend(traffstat_ctx *ctx, const traffstat_i_target *target,
                                         const traffstat_i_nuts_options *options, int32_t more,
                                         traffstat_i_chains *chains)
{
    const int32_t done = chains->draws;
    for (int32_t i = 0; i < chains->chains; i++) {
        chains->state[i].target = target;
    }
    const traffstat_status status = make_room(ctx, chains, done + more);
    return status == TRAFFSTAT_OK ? draw(ctx, options, chains, 0, done) : status;
}

void traffstat_i_chains_free(traffstat_ctx *ctx, traffstat_i_chains *chains)
{
    if (chains == NULL) {
        return;
    }
    for (int32_t i = 0; chains->state != NULL && i < chains->chains; i++) {
        traffstat_i_chain_close(ctx, &chains->state[i]);
    }
    traffstat_i_free(ctx, chains->state);
    traffstat_i_free(ctx, chains->step);
    traffstat_i_free(ctx, chains->positions);
    traffstat_i_free(ctx, chains->log_density);
    traffstat_i_free(ctx, chains->energy);
    traffstat_i_free(ctx, chains);
}
