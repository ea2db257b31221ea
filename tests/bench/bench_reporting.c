/* The hierarchical panel: the simulated 15 places x 8 years (METHODS-reporting), the states of
 * data/us-states.csv, and 50 places x 8 years whose counts scatter as the FBI's do; by the sampler
 * and by the fast engine, on two threads. The gradient beside one written plainly on the C library.
 * Prints "name value unit" lines: seconds of wall time of the whole call (the least of the rounds of
 * the fast engine), effective draws a second of what mixes worst.
 *
 *   bench_reporting [DATA]     data */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <traffstat.h>

#include "base/base.h"
#include "model/reporting/hierarchical_data.h"
#include "model/reporting/posterior.h"
#include "model/reporting/prior.h"
#include "unit/panel_data.h"

enum { PLACES = 50, YEARS = 8, STREAM = 0x42454E43, ROUNDS = 3, GRADIENTS = 20000 };

static double clock_of(clockid_t clock)
{
    struct timespec now;
    (void) clock_gettime(clock, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static void must(traffstat_ctx *ctx, traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        fprintf(stderr, "bench_reporting: %s\n", traffstat_ctx_message(ctx));
        exit(1);
    }
}

/* ---- panels ----------------------------------------------------------------------------------- */

static void add(traffstat_ctx *ctx, traffstat_panel_builder *builder, size_t place, int32_t year,
                int64_t count, double population)
{
    char name[16];
    size_t series = 0;
    const traffstat_cell cell = {.lower = count,
                                 .upper = count,
                                 .population = population,
                                 .coverage = NAN,
                                 .year = year,
                                 .places = 1};
    (void) snprintf(name, sizeof name, "P%zu", place);
    must(ctx, traffstat_panel_builder_series(ctx, builder, "", name, "cases", "", "", &series));
    must(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
}

static traffstat_panel *synthetic(traffstat_ctx *ctx)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    must(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t j = 0; j < SYNTHETIC_PLACES; j++) {
        for (int32_t t = 0; t < SYNTHETIC_YEARS; t++) {
            add(ctx, builder, j, 2013 + t, synthetic_count[t][j],
                (double) synthetic_population[t][j]);
        }
    }
    must(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static double uniform(size_t i)
{
    return traffstat_i_random_uniform(50, STREAM, 0, i);
}

static double normal(size_t i)
{
    return sqrt(-2.0 * log(uniform(2 * i))) * cos(6.283185307179586 * uniform(2 * i + 1));
}

/* Rates rise; places differ by a factor of e and by half of the logit of what they report; a
 * log-normal factor of 0.5 a row scatters them, and one row in five was not reported. */
static traffstat_panel *scattered(traffstat_ctx *ctx)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    must(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t j = 0; j < PLACES; j++) {
        const double population = 1e6 * exp(normal(1000 + j));
        for (int32_t t = 0; t < YEARS; t++) {
            const size_t at = 10 * ((size_t) t + YEARS * j);
            const double share = 1.0 / (1.0 + exp(0.4 - 0.5 * normal(2000 + j) - 0.1 * t));
            const double rate =
                exp(-0.5 + normal(3000 + j) + 0.1 * t + 0.5 * normal(4000 + at)) * population / 1e5;
            if (uniform(90000 + at) > 0.2) {
                add(ctx, builder, j, 2013 + t, (int64_t) floor(rate * share), population);
            }
        }
    }
    must(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

/* ---- fits ------------------------------------------------------------------------------------- */

static double sampling(const traffstat_estimate *estimate, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(
        traffstat_detail_find(traffstat_estimate_details(estimate), "sampling"), name));
}

static void fit(traffstat_ctx *ctx, const traffstat_panel *panel, const char *name,
                traffstat_engine engine)
{
    traffstat_prior *prior = NULL;
    traffstat_hierarchical_options how;
    traffstat_hierarchical_options_init(&how, sizeof how);
    how.engine = engine;
    must(ctx, traffstat_prior_beta(ctx, 8.0, 12.0, "an assumption", &prior));
    double least = INFINITY;
    traffstat_estimate *estimate = NULL;
    for (int round = 0; round < (engine == TRAFFSTAT_ENGINE_FAST ? ROUNDS : 1); round++) {
        traffstat_estimate_free(estimate);
        const double start = clock_of(CLOCK_MONOTONIC);
        must(ctx, traffstat_hierarchical(ctx, panel, prior, &how, &estimate));
        least = fmin(least, clock_of(CLOCK_MONOTONIC) - start);
    }
    printf("panel_%s_%s %.3f s\n", name, engine == TRAFFSTAT_ENGINE_FAST ? "fast" : "nuts", least);
    if (engine == TRAFFSTAT_ENGINE_FAST) {
        printf("panel_%s_fast_khat %.3f k-hat\n", name, sampling(estimate, "khat"));
    } else {
        const double bulk = sampling(estimate, "ess_bulk");
        printf("panel_%s_nuts_rhat %.4f R-hat\n", name, sampling(estimate, "rhat"));
        printf("panel_%s_nuts_bulk %.0f draws\n", name, bulk);
        printf("panel_%s_nuts_speed %.0f draws/s\n", name, bulk / least);
    }
    traffstat_estimate_free(estimate);
    traffstat_prior_free(prior);
}

static void fit_both(traffstat_ctx *ctx, traffstat_panel *panel, const char *name)
{
    fit(ctx, panel, name, TRAFFSTAT_ENGINE_NUTS);
    fit(ctx, panel, name, TRAFFSTAT_ENGINE_FAST);
    traffstat_panel_free(panel);
}

/* ---- a gradient, plainly ---------------------------------------------------------------------- */

/* The likelihood alone, by its definition: three calls of the C library a cell. */
static double plain(const traffstat_i_posterior_spec *s, const double *rate, const double *logit,
                    double *d_rate, double *d_logit)
{
    double sum = 0.0;
    for (size_t i = 0; i < s->cell_count; i++) {
        const traffstat_i_cell *c = &s->cells[i];
        const double log_p = -log1p(exp(-logit[c->place] - logit[s->place_count + c->year]));
        const double log_mu =
            log(c->exposure) + rate[c->place] + rate[s->place_count + c->year] + log_p;
        const double rest = (double) c->low - exp(log_mu);
        sum += (double) c->low * log_mu - exp(log_mu);
        d_rate[c->place] += rest;
        d_rate[s->place_count + c->year] += rest;
        d_logit[c->place] += rest * (1.0 - exp(log_p));
        d_logit[s->place_count + c->year] += rest * (1.0 - exp(log_p));
    }
    return sum;
}

static void time_gradients(traffstat_ctx *ctx, traffstat_panel *panel)
{
    traffstat_prior *prior = NULL;
    traffstat_i_hierarchical_data data;
    traffstat_i_posterior_spec spec;
    traffstat_i_posterior *posterior = NULL;
    must(ctx, traffstat_prior_beta(ctx, 8.0, 12.0, "an assumption", &prior));
    must(ctx, traffstat_i_hierarchical_data_init(ctx, panel, &data));
    must(ctx, traffstat_i_hierarchical_spec(&data, &prior->law, &spec));
    must(ctx, traffstat_i_posterior_new(ctx, &spec, &posterior));
    const size_t d = traffstat_i_posterior_dimension(posterior);
    void *scratch = calloc(1, traffstat_i_posterior_scratch_size(posterior));
    double *work = calloc(2 * d + 8 * (PLACES + YEARS), sizeof *work);
    double sum = 0.0;
    double start = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < GRADIENTS; i++) {
        work[0] = 3.0 + 1e-6 * i;
        sum += traffstat_i_posterior_density(posterior, scratch, work, work + d);
    }
    const double ours = clock_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    double *effects = work + 2 * d;
    start = clock_of(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < GRADIENTS; i++) {
        effects[0] = 1e-6 * i;
        sum += plain(&spec, effects, effects + 2 * (PLACES + YEARS), effects + 4 * (PLACES + YEARS),
                     effects + 6 * (PLACES + YEARS));
    }
    const double theirs = clock_of(CLOCK_PROCESS_CPUTIME_ID) - start;
    printf("panel_gradient %.3f us\n", 1e6 * ours / GRADIENTS);
    printf("panel_gradient_plain_C %.3f us\n", 1e6 * theirs / GRADIENTS);
    if (!isfinite(sum)) {
        printf("panel_gradient_broken 1 sum\n");
    }
    free(work);
    free(scratch);
    traffstat_i_posterior_free(posterior);
    traffstat_i_hierarchical_data_clear(&data);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
}

int main(int argc, char **argv)
{
    char path[4096];
    traffstat_ctx *ctx = NULL;
    traffstat_panel *states = NULL;
    must(ctx, traffstat_ctx_new(NULL, &ctx));
    (void) snprintf(path, sizeof path, "%s/us-states.csv", argc > 1 ? argv[1] : "data");
    must(ctx, traffstat_read_path(ctx, NULL, path, &states, NULL));
    time_gradients(ctx, synthetic(ctx));
    fit_both(ctx, synthetic(ctx), "15x8");
    fit_both(ctx, states, "states");
    fit_both(ctx, scattered(ctx), "50x8");
    traffstat_ctx_free(ctx);
    return 0;
}
