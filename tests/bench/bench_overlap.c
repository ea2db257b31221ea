/* The loglinear engine on five overlapping lists, one core, beside a plain dense fit in C as one would
 * write it first. Prints "name value unit" lines, the least of the rounds.
 *
 *   bench_overlap [ROUNDS]     5 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/overlap/draw.h"
#include "model/overlap/resample.h"
#include "support/histories.h"

#define LISTS 5
#define CELLS 32
#define TERMS 12
#define FITS 512

static double now(void)
{
    struct timespec time;
    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double) time.tv_sec + 1e-9 * (double) time.tv_nsec;
}

static void need(const traffstat_ctx *ctx, traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        fprintf(stderr, "%s\n", traffstat_ctx_message(ctx));
        exit(1);
    }
}

static void load(traffstat_ctx *ctx, traffstat_i_counts *counts)
{
    double y[CELLS] = {0.0};
    for (size_t i = 0; i < ukdat5.count; i++) {
        y[ukdat5.row[i].history] += ukdat5.row[i].persons;
    }
    need(ctx, traffstat_i_counts_new(ctx, LISTS, counts));
    traffstat_i_counts_set(counts, y);
}

/* ---- a plain fit ------------------------------------------------------------------------------ */

static void solve(double a[TERMS][TERMS], double *b)
{
    for (int j = 0; j < TERMS; j++) {
        for (int i = j; i < TERMS; i++) {
            double sum = a[i][j];
            for (int k = 0; k < j; k++) {
                sum -= a[i][k] * a[j][k];
            }
            a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
        }
    }
    for (int i = 0; i < TERMS; i++) {
        for (int k = 0; k < i; k++) {
            b[i] -= a[i][k] * b[k];
        }
        b[i] /= a[i][i];
    }
    for (int i = TERMS - 1; i >= 0; i--) {
        for (int k = i + 1; k < TERMS; k++) {
            b[i] -= a[k][i] * b[k];
        }
        b[i] /= a[i][i];
    }
}

/* Iterated weighted least squares with a dense design. Returns the number of the unseen. */
static double plain_fit(const double *y, const uint16_t *term)
{
    static double x[CELLS][TERMS];
    double mu[CELLS];
    double beta[TERMS];
    double before = INFINITY;
    for (size_t w = 1; w < CELLS; w++) {
        mu[w] = y[w] + 0.1;
        for (int j = 0; j < TERMS; j++) {
            x[w][j] = (w & term[j]) == term[j] ? 1.0 : 0.0;
        }
    }
    for (int step = 0; step < 50; step++) {
        double a[TERMS][TERMS] = {{0.0}};
        double deviance = 0.0;
        memset(beta, 0, sizeof beta);
        for (size_t w = 1; w < CELLS; w++) {
            const double z = mu[w] * log(mu[w]) + y[w] - mu[w];
            for (int i = 0; i < TERMS; i++) {
                beta[i] += x[w][i] * z;
                for (int j = 0; j <= i; j++) {
                    a[i][j] += x[w][i] * x[w][j] * mu[w];
                }
            }
        }
        solve(a, beta);
        for (size_t w = 1; w < CELLS; w++) {
            double eta = 0.0;
            for (int j = 0; j < TERMS; j++) {
                eta += x[w][j] * beta[j];
            }
            mu[w] = exp(eta);
            deviance += y[w] > 0.0 ? y[w] * log(y[w] / mu[w]) - (y[w] - mu[w]) : mu[w];
        }
        if (fabs(deviance - before) < 1e-12 * (fabs(deviance) + 0.1)) {
            break;
        }
        before = deviance;
    }
    return exp(beta[0]);
}

/* ---- fits ------------------------------------------------------------------------------------- */

static const uint32_t generators[] = {3, 5, 10, 18, 20, 24}; /* six pairs of the five lists */

typedef struct fits {
    traffstat_i_counts counts[FITS];
    traffstat_i_fit_job jobs[FITS];
    traffstat_i_fit_job *list[FITS];
    double beta[FITS][TERMS];
    uint16_t term[CELLS];
} fits;

static void make_fits(traffstat_ctx *ctx, const traffstat_i_counts *data, fits *out)
{
    const size_t terms = traffstat_i_close_terms(LISTS, generators, 6, out->term);
    for (size_t i = 0; i < FITS; i++) {
        double y[CELLS];
        traffstat_i_stream stream = {.seed = 1, .model = 1, .replicate = (uint32_t) i};
        need(ctx, traffstat_i_counts_new(ctx, LISTS, &out->counts[i]));
        traffstat_i_draw_multinomial(&stream, data->n, data->count, CELLS, y);
        for (size_t w = 1; w < CELLS; w++) {
            y[w] += w < 25 && (w & 17) != 17 ? 1.0 : 0.0; /* no margin of the model is empty */
        }
        traffstat_i_counts_set(&out->counts[i], y);
        out->jobs[i] = (traffstat_i_fit_job){.counts = &out->counts[i],
                                             .model = {out->term, terms},
                                             .unseen = -1.0,
                                             .cutoff = -INFINITY,
                                             .beta = out->beta[i]};
        out->list[i] = &out->jobs[i];
    }
}

static double time_plain(const fits *f, double *sum)
{
    const double start = now();
    for (size_t i = 0; i < FITS; i++) {
        *sum += plain_fit(f->counts[i].count, f->term);
    }
    return (now() - start) / FITS;
}

static double time_lanes(traffstat_ctx *ctx, const fits *f, size_t way, double *sum)
{
    traffstat_i_fit_room room;
    need(ctx, traffstat_i_fit_room_new(ctx, LISTS, TERMS, &room));
    room.lanes = traffstat_i_lanes_at(way);
    const double start = now();
    traffstat_i_fit_many(&room, f->list, FITS);
    const double spent = now() - start;
    for (size_t i = 0; i < FITS; i++) {
        *sum += exp(f->beta[i][0]);
    }
    traffstat_i_fit_room_free(ctx, &room);
    return spent / FITS;
}

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

static void bench_fits(traffstat_ctx *ctx, const traffstat_i_counts *data, size_t rounds)
{
    static fits f;
    double plain = INFINITY;
    double best[4] = {INFINITY, INFINITY, INFINITY, INFINITY};
    size_t ways = 0;
    double plain_sum = 0.0;
    make_fits(ctx, data, &f);
    for (size_t round = 0; round < 4 * rounds; round++) {
        plain_sum = 0.0;
        plain = lesser(plain, time_plain(&f, &plain_sum));
        for (ways = 0; traffstat_i_lanes_at(ways) != NULL; ways++) {
            double sum = 0.0;
            best[ways] = lesser(best[ways], time_lanes(ctx, &f, ways, &sum));
            if (fabs(sum - plain_sum) > 1e-6 * plain_sum) {
                fprintf(stderr, "the fits differ: %.17g and %.17g\n", sum, plain_sum);
                exit(1);
            }
        }
    }
    printf("overlap_fit_plain_C %.3f us\n", 1e6 * plain);
    printf("overlap_fit_portable %.3f us\n", 1e6 * best[0]);
    printf("overlap_fit_widest %.3f us\n", 1e6 * best[ways - 1]);
    for (size_t i = 0; i < FITS; i++) {
        traffstat_i_counts_free(ctx, &f.counts[i]);
    }
}

/* ---- choosing --------------------------------------------------------------------------------- */

static traffstat_i_resampling plan_of(const traffstat_i_counts *data, int how,
                                      const traffstat_i_search *search)
{
    return (traffstat_i_resampling){.counts = data,
                                    .weight = data->count,
                                    .how = how,
                                    .threshold = 0.02,
                                    .search = search,
                                    .bic = true,
                                    .jackknife = true,
                                    .seed = 1,
                                    .stream = TRAFFSTAT_I_STREAM_BOOTSTRAP,
                                    .replicates = 1000};
}

static double time_resampling(traffstat_ctx *ctx, const traffstat_i_counts *data, int how,
                              const traffstat_i_search *search)
{
    traffstat_i_replicates got;
    traffstat_i_bca bca;
    const traffstat_i_resampling plan = plan_of(data, how, search);
    const double start = now();
    need(ctx, traffstat_i_resample(ctx, &plan, &got));
    traffstat_i_bca_limits(&got, data, 11313.0, 0.95, &bca);
    const double spent = now() - start;
    traffstat_i_replicates_free(ctx, &got);
    return spent;
}

static void bench_choosing(traffstat_ctx *ctx, const traffstat_i_counts *data, size_t rounds)
{
    double stepwise = INFINITY;
    double all = INFINITY;
    double anew = INFINITY;
    for (size_t round = 0; round < rounds; round++) {
        traffstat_i_search search;
        stepwise = lesser(stepwise, time_resampling(ctx, data, TRAFFSTAT_I_STEP_ANEW, NULL));
        const double start = now();
        need(ctx, traffstat_i_search_models(ctx, data, 3, true, &search));
        all = lesser(all, now() - start);
        anew = lesser(anew, time_resampling(ctx, data, TRAFFSTAT_I_SEARCH_ANEW, &search));
        traffstat_i_search_free(ctx, &search);
    }
    printf("overlap_stepwise_bca %.2f ms\n", 1e3 * stepwise);
    printf("overlap_all_models %.2f ms\n", 1e3 * all);
    printf("overlap_reselection %.3f s\n", anew);
}

int main(int count, char **arguments)
{
    const size_t rounds = count > 1 ? strtoul(arguments[1], NULL, 10) : 5;
    traffstat_ctx *ctx = NULL;
    traffstat_i_counts data;
    if (traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        return 1;
    }
    need(ctx, traffstat_ctx_set_threads(ctx, 1));
    load(ctx, &data);
    bench_fits(ctx, &data, rounds);
    bench_choosing(ctx, &data, rounds);
    traffstat_i_counts_free(ctx, &data);
    traffstat_ctx_free(ctx);
    return 0;
}
