/* Poisson-logistic regression: draws of its coefficients, and how far they may be trusted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/reporting/chain_verdict.h"
#include "model/reporting/pogit_target.h"

struct traffstat_pogit_posterior {
    traffstat_ctx *ctx;
    size_t k;
    double *values; /* k x (chains x draws) */
    char *reason;   /* NULL: "" */
    traffstat_pogit_mixing mixing;
};

typedef struct work {
    traffstat_ctx *ctx;
    const traffstat_pogit *fit;
    traffstat_i_pogit_target target;
    double *directions; /* k x k: the caller's coefficients */
    double *room;       /* scratch, then k: a point */
    double wanted;
    traffstat_pogit_posterior *out;
} work;

/* ---- settings -------------------------------------------------------------------------------- */

void traffstat_pogit_sampling_init(traffstat_pogit_sampling *sampling, uint32_t struct_size)
{
    if (sampling == NULL) {
        return;
    }
    const traffstat_pogit_sampling filled = {struct_size, 1000, TRAFFSTAT_I_SIZE_CAUTION};
    memset(sampling, 0, struct_size);
    memcpy(sampling, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_pogit_sampling *given,
                                      traffstat_pogit_sampling *out)
{
    traffstat_pogit_sampling_init(out, (uint32_t) sizeof *out);
    const traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (out->draws < 100 || out->draws > 20000) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "draws must lie between 100 and 20000, not %d", (int) out->draws);
    }
    return out->size_wanted >= 100.0 && out->size_wanted <= 1e4
               ? TRAFFSTAT_OK
               : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                  "the effective size wanted must lie between 100 and 10000");
}

/* ---- looking at draws ------------------------------------------------------------------------ */

static size_t all_of(const traffstat_pogit_posterior *of)
{
    return (size_t) of->mixing.chains * (size_t) of->mixing.draws;
}

/* The caller's coefficients at every draw. */
static traffstat_status take_values(work *w, const traffstat_i_chains *chains)
{
    traffstat_pogit_posterior *out = w->out;
    out->mixing.chains = chains->chains;
    out->mixing.draws = chains->draws;
    const size_t all = all_of(out);
    const size_t k = out->k;
    traffstat_i_free(w->ctx, out->values);
    out->values = traffstat_i_alloc(w->ctx, all * k, sizeof *out->values);
    if (out->values == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    double *at = w->room + traffstat_i_pogit_scratch_size(w->target.of) / sizeof(double);
    for (size_t i = 0; i < all; i++) {
        traffstat_i_pogit_at(&w->target, w->room, chains->positions + i * k, at);
        for (size_t j = 0; j < k; j++) {
            double sum = 0.0;
            for (size_t l = 0; l < k; l++) {
                sum += w->directions[j * k + l] * at[l];
            }
            out->values[j * all + i] = sum;
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status look(const traffstat_i_chains *chains, void *user, bool last, bool *mixed)
{
    work *w = user;
    (void) last;
    traffstat_pogit_mixing *to = &w->out->mixing;
    traffstat_status status = take_values(w, chains);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const size_t all = all_of(w->out);
    double *room = traffstat_i_alloc(w->ctx, 2 * all, sizeof *room);
    if (room == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_mixing mix = traffstat_i_mixing_start();
    for (size_t j = 0; j < w->out->k; j++) {
        traffstat_i_mixing_look(&mix, w->out->values + j * all, to->chains, to->draws, room, "");
    }
    traffstat_i_free(w->ctx, room);
    to->rhat = mix.rhat;
    to->ess_bulk = mix.bulk;
    to->ess_tail = mix.tail;
    to->divergences = chains->divergences;
    to->ebfmi = traffstat_i_ebfmi(chains);
    *mixed = traffstat_i_mixed(&mix, w->wanted);
    return TRAFFSTAT_OK;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status take_room(work *w)
{
    w->directions = traffstat_i_pogit_directions(w->ctx, w->fit);
    w->room = traffstat_i_alloc(
        w->ctx, traffstat_i_pogit_scratch_size(w->target.of) / sizeof(double) + w->out->k,
        sizeof *w->room);
    return w->directions != NULL && w->room != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

/* The reason is that of the first test that fails worst. */
static traffstat_status say_health(void *user, traffstat_verdict verdict, const char *reason)
{
    const work *w = user;
    if (verdict <= w->out->mixing.verdict) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_free(w->ctx, w->out->reason);
    w->out->mixing.verdict = verdict;
    w->out->reason = traffstat_i_strdup(w->ctx, reason);
    return w->out->reason != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

static traffstat_status judge(work *w)
{
    traffstat_pogit_mixing *of = &w->out->mixing;
    const traffstat_i_mixing mix = {of->rhat, of->ess_bulk, of->ess_tail, ""};
    const traffstat_i_health health = {.mix = &mix,
                                       .diverged =
                                           (double) of->divergences / (double) all_of(w->out),
                                       .ebfmi = of->ebfmi,
                                       .khat = NAN,
                                       .worth = NAN};
    of->verdict = TRAFFSTAT_VERDICT_OK;
    return traffstat_i_health_judge(&health, say_health, w);
}

static traffstat_status sample(work *w, int32_t draws)
{
    traffstat_i_chains *chains = NULL;
    const traffstat_i_pogit *of = traffstat_i_pogit_model(w->fit);
    traffstat_status status =
        traffstat_i_pogit_target_init(w->ctx, of, traffstat_i_pogit_top(w->fit), &w->target);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    status = take_room(w);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_pogit_chains(w->ctx, &w->target, draws, look, w, &chains,
                                          &w->out->mixing.accept);
    }
    if (status == TRAFFSTAT_OK) {
        w->out->mixing.estimable = 1;
        status = judge(w);
    }
    traffstat_i_chains_free(w->ctx, chains);
    traffstat_i_free(w->ctx, w->directions);
    traffstat_i_free(w->ctx, w->room);
    traffstat_i_pogit_target_clear(w->ctx, &w->target);
    return status;
}

void traffstat_pogit_posterior_free(traffstat_pogit_posterior *posterior)
{
    if (posterior == NULL) {
        return;
    }
    traffstat_ctx *ctx = posterior->ctx;
    traffstat_i_free(ctx, posterior->values);
    traffstat_i_free(ctx, posterior->reason);
    traffstat_i_free(ctx, posterior);
}

static traffstat_status make(traffstat_ctx *ctx, const traffstat_pogit_data *data, int32_t draws,
                             double wanted, traffstat_pogit_posterior *to)
{
    traffstat_pogit *fit = NULL;
    traffstat_pogit_summary sum;
    traffstat_status status = traffstat_i_pogit_fit(ctx, data, &fit);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_pogit_get(fit, &sum);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_i_pogit *of = traffstat_i_pogit_model(fit);
    to->k = of->rate + of->share;
    work w = {.ctx = ctx, .fit = fit, .wanted = wanted, .out = to};
    if (sum.estimable == 0) {
        to->mixing.verdict = TRAFFSTAT_VERDICT_INESTIMABLE;
        to->reason = traffstat_i_strdup(ctx, traffstat_pogit_reason(fit));
        status = to->reason != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    } else {
        status = sample(&w, draws);
    }
    traffstat_pogit_free(fit);
    return status == TRAFFSTAT_OK ? traffstat_i_progress(ctx, 1.0) : status;
}

traffstat_status traffstat_pogit_sample(traffstat_ctx *ctx, const traffstat_pogit_data *data,
                                        const traffstat_pogit_sampling *sampling,
                                        traffstat_pogit_posterior **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL || data == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no data or no place was given");
    }
    *out = NULL;
    traffstat_pogit_sampling how;
    traffstat_status status = read_settings(ctx, sampling, &how);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_pogit_posterior *made = traffstat_i_alloc(ctx, 1, sizeof *made);
    if (made == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    made->ctx = ctx;
    made->mixing = (traffstat_pogit_mixing){
        .accept = NAN, .rhat = NAN, .ess_bulk = NAN, .ess_tail = NAN, .ebfmi = NAN};
    status = make(ctx, data, how.draws, how.size_wanted, made);
    if (status != TRAFFSTAT_OK) {
        traffstat_pogit_posterior_free(made);
        return status;
    }
    *out = made;
    return TRAFFSTAT_OK;
}

/* ---- what is said ---------------------------------------------------------------------------- */

traffstat_status traffstat_pogit_posterior_get(const traffstat_pogit_posterior *posterior,
                                               traffstat_pogit_mixing *out)
{
    if (posterior == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = posterior->mixing;
    return TRAFFSTAT_OK;
}

const char *traffstat_pogit_posterior_reason(const traffstat_pogit_posterior *posterior)
{
    return posterior == NULL || posterior->reason == NULL ? "" : posterior->reason;
}

const double *traffstat_pogit_posterior_draws(const traffstat_pogit_posterior *posterior,
                                              size_t index)
{
    const bool there = posterior != NULL && posterior->values != NULL && index < posterior->k;
    return there ? posterior->values + index * all_of(posterior) : NULL;
}

static void summarise(const traffstat_pogit_posterior *of, const double *values, double level,
                      double *room, traffstat_pogit_marginal *out)
{
    const int32_t chains = of->mixing.chains;
    const int32_t draws = of->mixing.draws;
    const size_t all = all_of(of);
    const double tail = 0.5 * (1.0 - level);
    double *spare = room + all;
    memcpy(room, values, all * sizeof *room);
    traffstat_i_sort_values(room, all);
    out->mean = traffstat_i_mean_of(values, all);
    out->sd = traffstat_i_sd_of(values, all);
    out->median = traffstat_i_quantile_of(room, all, 0.5);
    out->lower = traffstat_i_quantile_of(room, all, tail);
    out->upper = traffstat_i_quantile_of(room, all, 1.0 - tail);
    out->rhat = traffstat_i_rhat(values, chains, draws, spare);
    out->ess_bulk = traffstat_i_ess_bulk(values, chains, draws, spare);
    out->ess_tail = traffstat_i_ess_tail(values, chains, draws, spare);
    out->mcse_mean = traffstat_i_mcse_mean(values, chains, draws, spare);
    out->mcse_median = traffstat_i_mcse_quantile(values, chains, draws, 0.5, spare);
    out->mcse_lower = traffstat_i_mcse_quantile(values, chains, draws, tail, spare);
    out->mcse_upper = traffstat_i_mcse_quantile(values, chains, draws, 1.0 - tail, spare);
}

traffstat_status traffstat_pogit_posterior_coefficient(traffstat_ctx *ctx,
                                                       const traffstat_pogit_posterior *posterior,
                                                       size_t index, double level,
                                                       traffstat_pogit_marginal *out)
{
    traffstat_i_enter(ctx);
    if (posterior == NULL || out == NULL || index >= posterior->k ||
        !(level > 0.0 && level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the posterior has no such coefficient, or the level does not lie "
                                "strictly between 0 and 1");
    }
    if (posterior->values == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "%s",
                                traffstat_pogit_posterior_reason(posterior));
    }
    double *room = traffstat_i_alloc(ctx, 3 * all_of(posterior), sizeof *room);
    if (room == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    summarise(posterior, traffstat_pogit_posterior_draws(posterior, index), level, room, out);
    traffstat_i_free(ctx, room);
    return TRAFFSTAT_OK;
}
