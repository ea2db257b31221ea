/* k0 joinpoints against k1: the permutation test, and its parametric sister. */
#include "model/rate/bent.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#define MODEL 0x6a6f696eu /* "join": this test's own random numbers */
#define CHUNK 64          /* replicates of one task */
/* A replicate that equals the observed statistic to rounding counts as equal. */
#define TIE 1e-9
/* Counts with more variance than this are drawn through a normal quantile with its corrections for
 * skewness and kurtosis; others from a table of their law. */
#define TABLE_VARIANCE 400.0
/* Buckets of the first bits of a random word: where in its table a search begins. */
#define BUCKET_BITS 6
#define BUCKETS (1u << BUCKET_BITS)

/* The law of one count under the null: cdf[c] = P(count <= first + c), and where to begin. */
typedef struct law {
    double mean;
    double variance;
    double skewness;
    double kurtosis; /* excess */
    double first;
    size_t size; /* 0: no table */
    size_t at;   /* in the tables */
} law;

typedef struct trial {
    const traffstat_i_bent *series;
    const traffstat_i_hinge *hinge;
    traffstat_i_bent_trial *ask;
    uint64_t seed;
    bool permute;
    double *eta;      /* fitted predictor */
    double *residual; /* standardised */
    double *root;     /* of 1 / weight */
    double *mean;
    law *laws;
    double *table;
    uint16_t *begin;   /* BUCKETS a law */
    double ratio;      /* of the observed sums of squares, other over null */
    double difference; /* null less other */
    double scale;
    traffstat_i_scan *scans; /* one a worker */
    double *responses;       /* n a worker */
    int64_t *hits;           /* one a task */
} trial;

/* ---- laws of simulated counts ---------------------------------------------------------------- */

static law law_of(double mean, double trials)
{
    if (trials <= 0.0) { /* Poisson */
        return (law){
            .mean = mean, .variance = mean, .skewness = 1.0 / sqrt(mean), .kurtosis = 1.0 / mean};
    }
    const double p = mean / trials;
    const double variance = mean * (1.0 - p);
    return (law){.mean = mean,
                 .variance = variance,
                 .skewness = (1.0 - 2.0 * p) / sqrt(variance),
                 .kurtosis = (1.0 - 6.0 * p * (1.0 - p)) / variance};
}

/* Numbers that the table spans: all but 1e-15 of the law. */
static void size_table(law *one, double trials, size_t *total)
{
    if (one->variance > TABLE_VARIANCE) {
        return;
    }
    const double sd = sqrt(one->variance);
    const double first = floor(one->mean - 9.0 * sd - 1.0);
    double last = ceil(one->mean + 9.0 * sd + 30.0);
    last = trials > 0.0 && last > floor(trials) ? floor(trials) : last;
    one->first = first > 0.0 ? first : 0.0;
    one->size = (size_t) (last - one->first) + 1;
    one->at = *total;
    *total += one->size;
}

static double log_mass(const law *one, double trials, double count)
{
    if (trials <= 0.0) {
        return count * log(one->mean) - one->mean - lgamma(count + 1.0);
    }
    const double p = one->mean / trials;
    return lgamma(trials + 1.0) - lgamma(count + 1.0) - lgamma(trials - count + 1.0) +
           count * log(p) + (trials - count) * log1p(-p);
}

static void fill_table(const law *one, double trials, double *table, uint16_t *begin)
{
    double sum = 0.0;
    unsigned bucket = 0;
    for (size_t c = 0; c < one->size; c++) {
        sum += exp(log_mass(one, trials, one->first + (double) c));
        table[one->at + c] = sum;
        for (; bucket < BUCKETS && sum >= (double) bucket / BUCKETS; bucket++) {
            begin[bucket] = (uint16_t) c;
        }
    }
    for (; one->size > 0 && bucket < BUCKETS; bucket++) {
        begin[bucket] = (uint16_t) (one->size - 1);
    }
}

static double draw(const trial *run, size_t i, uint32_t word)
{
    const law *one = &run->laws[i];
    const double uniform = ((double) word + 0.5) * 0x1p-32;
    if (one->size == 0) {
        const double z = gsl_cdf_ugaussian_Pinv(uniform);
        const double s = one->skewness;
        const double bent = z + (z * z - 1.0) * s / 6.0 +
                            (z * z * z - 3.0 * z) * one->kurtosis / 24.0 -
                            (2.0 * z * z * z - 5.0 * z) * s * s / 36.0;
        const double count = rint(one->mean + sqrt(one->variance) * bent);
        return count > 0.0 ? count : 0.0;
    }
    const double *table = run->table + one->at;
    size_t low = run->begin[i * BUCKETS + (word >> (32 - BUCKET_BITS))];
    while (low + 1 < one->size && table[low] < uniform) {
        low++;
    }
    return one->first + (double) low;
}

/* ---- replicates ------------------------------------------------------------------------------ */

/* Random words of one replicate, four to a block. */
typedef struct words {
    const trial *run;
    uint32_t replicate;
    uint64_t index;
    uint32_t block[4];
    unsigned left;
} words;

static uint32_t next_word(words *from)
{
    if (from->left == 0) {
        traffstat_i_random_block(from->run->seed, MODEL + from->run->ask->run, from->replicate,
                                 from->index++, from->block);
        from->left = 4;
    }
    return from->block[--from->left];
}

/* Residuals in a random order: each of those left is as likely as any other, to 1 in 2^32 / n. */
static void permute(const trial *run, words *from, double *z)
{
    const size_t n = run->series->n;
    memcpy(z, run->residual, n * sizeof *z);
    for (size_t i = n - 1; i > 0; i--) {
        const size_t j = (size_t) (((uint64_t) next_word(from) * (i + 1)) >> 32);
        const double kept = z[i];
        z[i] = z[j];
        z[j] = kept;
    }
    for (size_t i = 0; i < n; i++) {
        z[i] = run->eta[i] + z[i] * run->root[i];
    }
}

static void simulate(const trial *run, words *from, double *z)
{
    for (size_t i = 0; i < run->series->n; i++) {
        const double count = draw(run, i, next_word(from));
        z[i] = run->eta[i] + (count - run->mean[i]) * run->root[i] * run->root[i];
    }
}

/* Is the response in `scan` at least as extreme as the series? */
static bool extreme(const trial *run, traffstat_i_scan *scan)
{
    const double null = traffstat_i_scan_best(scan, run->ask->null, INFINITY, false, NULL);
    const double cutoff = run->series->own_spread ? null * run->ratio * (1.0 + TIE)
                                                  : null - run->difference + TIE * run->scale;
    return traffstat_i_scan_best(scan, run->ask->other, cutoff, true, NULL) < cutoff;
}

static traffstat_status replicate(void *arg, size_t task, size_t worker)
{
    const trial *run = arg;
    traffstat_i_scan *scan = &run->scans[worker];
    double *z = run->responses + worker * run->series->n;
    const size_t first = task * CHUNK;
    const size_t rest = run->ask->permutations - first;
    int64_t hits = 0;
    for (size_t r = first; r < first + (rest < CHUNK ? rest : CHUNK); r++) {
        if (traffstat_i_stopped(run->series->ctx)) {
            return TRAFFSTAT_E_CANCELLED;
        }
        words from = {.run = run, .replicate = (uint32_t) r};
        if (run->permute) {
            permute(run, &from, z);
        } else {
            simulate(run, &from, z);
        }
        traffstat_i_scan_load(scan, z);
        hits += extreme(run, scan) ? 1 : 0;
    }
    run->hits[task] = hits;
    return TRAFFSTAT_OK;
}

/* ---- one test -------------------------------------------------------------------------------- */

static double trials_of(const traffstat_i_bent *series, size_t i)
{
    return series->family == TRAFFSTAT_JOINPOINT_BINOMIAL ? series->trials[i] : 0.0;
}

static traffstat_status make_laws(trial *run)
{
    const traffstat_i_bent *series = run->series;
    size_t total = 0;
    for (size_t i = 0; i < series->n; i++) {
        run->laws[i] = law_of(run->mean[i], trials_of(series, i));
        size_table(&run->laws[i], trials_of(series, i), &total);
    }
    run->table = traffstat_i_alloc(series->ctx, total, sizeof *run->table);
    run->begin = traffstat_i_alloc(series->ctx, series->n * BUCKETS, sizeof *run->begin);
    if (run->table == NULL || run->begin == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < series->n; i++) {
        fill_table(&run->laws[i], trials_of(series, i), run->table, run->begin + i * BUCKETS);
    }
    return TRAFFSTAT_OK;
}

/* The problem linearised at the null, and the observed statistic. */
static void observe(trial *run, traffstat_i_hinge *hinge, const traffstat_i_lines *null_fit)
{
    const traffstat_i_bent *series = run->series;
    double *w = run->root;
    double *z = run->responses;
    traffstat_i_bent_linear(series, null_fit, w, z);
    traffstat_i_hinge_weigh(hinge, w);
    traffstat_i_scan *scan = &run->scans[0];
    traffstat_i_scan_load(scan, z);
    const double null = traffstat_i_scan_best(scan, run->ask->null, INFINITY, false, NULL);
    const double other = traffstat_i_scan_best(scan, run->ask->other, INFINITY, false, NULL);
    run->ratio = null > 0.0 ? other / null : 1.0;
    run->difference = null - other;
    run->scale = scan->sse0;
    run->ask->statistic = series->own_spread ? null / other : run->difference;
    traffstat_i_lines_eta(series, null_fit, run->eta);
    for (size_t i = 0; i < series->n; i++) {
        run->mean[i] = traffstat_i_bent_point(series, i, run->eta[i]).mean;
        run->residual[i] = (z[i] - run->eta[i]) * sqrt(w[i]);
        run->root[i] = 1.0 / sqrt(w[i]);
    }
}

static traffstat_status reserve(trial *run, size_t workers, size_t tasks)
{
    traffstat_ctx *ctx = run->series->ctx;
    const size_t n = run->series->n;
    run->eta = traffstat_i_alloc(ctx, (4 + workers) * n, sizeof *run->eta);
    run->laws = traffstat_i_alloc(ctx, n, sizeof *run->laws);
    run->hits = traffstat_i_alloc(ctx, tasks, sizeof *run->hits);
    run->scans = traffstat_i_alloc(ctx, workers, sizeof *run->scans);
    if (run->eta == NULL || run->laws == NULL || run->hits == NULL || run->scans == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    run->residual = run->eta + n;
    run->root = run->residual + n;
    run->mean = run->root + n;
    run->responses = run->mean + n;
    for (size_t i = 0; i < workers; i++) {
        if (traffstat_i_scan_init(&run->scans[i], run->hinge) != TRAFFSTAT_OK) {
            return TRAFFSTAT_E_NOMEM;
        }
    }
    return TRAFFSTAT_OK;
}

static void release(trial *run, size_t workers)
{
    traffstat_ctx *ctx = run->series->ctx;
    for (size_t i = 0; run->scans != NULL && i < workers; i++) {
        traffstat_i_scan_clear(&run->scans[i]);
    }
    traffstat_i_free(ctx, run->scans);
    traffstat_i_free(ctx, run->hits);
    traffstat_i_free(ctx, run->table);
    traffstat_i_free(ctx, run->begin);
    traffstat_i_free(ctx, run->laws);
    traffstat_i_free(ctx, run->eta);
}

traffstat_status traffstat_i_bent_test(const traffstat_i_bent *series, traffstat_i_hinge *hinge,
                                       const traffstat_i_lines *null_fit,
                                       traffstat_i_bent_trial *ask)
{
    const size_t tasks = (ask->permutations + CHUNK - 1) / CHUNK;
    const size_t workers = traffstat_i_workers(series->ctx, tasks);
    trial run = {.series = series,
                 .hinge = hinge,
                 .ask = ask,
                 .seed = traffstat_ctx_seed(series->ctx),
                 .permute = series->own_spread};
    traffstat_status status = reserve(&run, workers, tasks);
    if (status == TRAFFSTAT_OK) {
        observe(&run, hinge, null_fit);
        status = run.permute ? TRAFFSTAT_OK : make_laws(&run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_parallel(series->ctx, tasks, replicate, &run);
    }
    ask->extreme = 0;
    for (size_t i = 0; status == TRAFFSTAT_OK && i < tasks; i++) {
        ask->extreme += run.hits[i];
    }
    release(&run, workers);
    return status;
}
