/* One model with all its numbers. */
#include <math.h>
#include <string.h>

#include "model/overlap/engine.h"

#define GLM_STEPS 25
#define GLM_EPSILON 1e-8 /* of the deviance */

traffstat_status traffstat_i_workshop_new(traffstat_ctx *ctx, size_t lists, size_t terms,
                                          traffstat_i_workshop *out)
{
    *out = (traffstat_i_workshop){.lists = lists, .terms = terms};
    const size_t cells = (size_t) 1 << lists;
    traffstat_status status = traffstat_i_exist_room_new(ctx, lists, terms, &out->exist);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_fit_room_new(ctx, lists, terms, &out->fit);
    }
    if (status == TRAFFSTAT_OK) {
        out->block = traffstat_i_alloc(ctx, 2 * terms + 2 * cells + terms * terms, sizeof(double));
        status = out->block != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_workshop_free(ctx, out);
        return status;
    }
    out->beta = out->block;
    out->vector = out->beta + terms;
    out->mean = out->vector + terms;
    out->sums = out->mean + cells;
    out->matrix = out->sums + cells;
    return TRAFFSTAT_OK;
}

void traffstat_i_workshop_free(traffstat_ctx *ctx, traffstat_i_workshop *shop)
{
    traffstat_i_exist_room_free(ctx, &shop->exist);
    traffstat_i_fit_room_free(ctx, &shop->fit);
    traffstat_i_free(ctx, shop->block);
    *shop = (traffstat_i_workshop){0};
}

static bool is_dead(const traffstat_i_counts *counts, size_t term)
{
    return !(counts->total[term] > 0.0);
}

/* shop->mean: 1 for the histories that stay, 0 above an empty margin. */
static void mark_alive(traffstat_i_workshop *shop, const traffstat_i_counts *counts,
                       traffstat_i_terms model)
{
    memset(shop->mean, 0, counts->cells * sizeof *shop->mean);
    for (size_t i = 0; i < model.count; i++) {
        shop->mean[model.term[i]] = is_dead(counts, model.term[i]) ? 1.0 : 0.0;
    }
    traffstat_i_subset_sums(shop->mean, counts->lists);
    for (size_t w = 0; w < counts->cells; w++) {
        shop->mean[w] = shop->mean[w] > 0.0 ? 0.0 : 1.0;
    }
}

/* Expected counts of all histories at shop->beta, the unseen one too. */
static void expect(traffstat_i_workshop *shop, const traffstat_i_counts *counts,
                   traffstat_i_terms model, const double *factor)
{
    mark_alive(shop, counts, model);
    memset(shop->sums, 0, counts->cells * sizeof *shop->sums);
    for (size_t i = 0; i < model.count; i++) {
        const size_t term = model.term[i];
        shop->sums[term] = is_dead(counts, term) ? 0.0 : shop->beta[i];
    }
    traffstat_i_subset_sums(shop->sums, counts->lists);
    for (size_t w = 0; w < counts->cells; w++) {
        const double scale = factor != NULL ? factor[w] : 1.0;
        shop->mean[w] *= scale * exp(shop->sums[w]);
    }
}

static void sum_means(traffstat_i_workshop *shop, const traffstat_i_counts *counts)
{
    memcpy(shop->sums, shop->mean, counts->cells * sizeof *shop->sums);
    shop->sums[0] = 0.0;
    traffstat_i_superset_sums(shop->sums, counts->lists);
}

/* Cholesky factor of the matrix of shop->sums, with the first effect put last: its last entry alone
 * tells the variance of that effect. false where the matrix is singular. */
static bool factorise(traffstat_i_workshop *shop, const traffstat_i_counts *counts,
                      traffstat_i_terms model)
{
    const size_t p = model.count;
    double *const matrix = shop->matrix;
    for (size_t i = 0; i < p; i++) {
        const size_t a = model.term[p - 1 - i];
        for (size_t j = 0; j <= i; j++) {
            double entry = shop->sums[a | model.term[p - 1 - j]];
            if (i == j && is_dead(counts, a)) {
                entry = 1.0;
            }
            for (size_t k = 0; k < j; k++) {
                entry -= matrix[i * p + k] * matrix[j * p + k];
            }
            if (i == j && !(entry > 0.0)) {
                return false;
            }
            matrix[i * p + j] = i == j ? sqrt(entry) : entry / matrix[j * p + j];
        }
    }
    return true;
}

static double first_variance(const traffstat_i_workshop *shop, size_t terms)
{
    const double last = shop->matrix[terms * terms - 1];
    return 1.0 / (last * last);
}

/* Solves with the factor: shop->vector holds the right side, shop->beta gets the solution. */
static void solve(traffstat_i_workshop *shop, size_t p)
{
    const double *const matrix = shop->matrix;
    double *const x = shop->vector;
    for (size_t i = 0; i < p; i++) {
        for (size_t k = 0; k < i; k++) {
            x[i] -= matrix[i * p + k] * x[k];
        }
        x[i] /= matrix[i * p + i];
    }
    for (size_t i = p; i-- > 0;) {
        for (size_t k = i + 1; k < p; k++) {
            x[i] -= matrix[k * p + i] * x[k];
        }
        x[i] /= matrix[i * p + i];
        shop->beta[p - 1 - i] = x[i];
    }
}

/* Cell by cell, because the difference of two log-likelihoods would lose the digits. */
static double deviance_of(const traffstat_i_workshop *shop, const traffstat_i_counts *counts)
{
    double sum = 0.0;
    for (size_t w = 1; w < counts->cells; w++) {
        const double y = counts->count[w];
        const double mu = shop->mean[w];
        sum += y > 0.0 ? y * log(y / mu) - (y - mu) : mu;
    }
    return 2.0 * sum;
}

/* One step of weighted least squares from the means in shop. false: a singular matrix. */
static bool least_squares(traffstat_i_workshop *shop, const traffstat_i_counts *counts,
                          traffstat_i_terms model, const double *factor)
{
    const size_t p = model.count;
    for (size_t w = 0; w < counts->cells; w++) {
        const double mu = w > 0 ? shop->mean[w] : 0.0;
        const double scale = factor != NULL ? factor[w] : 1.0;
        shop->sums[w] = mu > 0.0 ? mu * log(mu / scale) + (counts->count[w] - mu) : 0.0;
    }
    traffstat_i_superset_sums(shop->sums, counts->lists);
    for (size_t i = 0; i < p; i++) {
        shop->vector[i] = shop->sums[model.term[p - 1 - i]];
    }
    sum_means(shop, counts);
    if (!factorise(shop, counts, model)) {
        return false;
    }
    solve(shop, p);
    return true;
}

/* R's packages keep an effect that runs off to minus infinity, and go on for longer because of it:
 * there their variance is that at the maximum. */
static bool close_variance(traffstat_i_workshop *shop, const traffstat_i_counts *counts,
                           traffstat_i_terms model, double *variance)
{
    bool runs_off = false;
    for (size_t i = 0; i < model.count; i++) {
        runs_off |= is_dead(counts, model.term[i]);
    }
    if (runs_off) {
        sum_means(shop, counts);
        if (!factorise(shop, counts, model)) {
            return false;
        }
    }
    *variance = first_variance(shop, model.count);
    return true;
}

/* Iterated weighted least squares from y + 0.1, stopped by the rule of R's glm, with the variance of
 * the weights that the last step used. The maximum itself differs in the ninth digit of N, that of
 * the standard error in the sixth; this way both are those that R's packages print. */
static bool iterate(traffstat_i_workshop *shop, const traffstat_i_counts *counts,
                    traffstat_i_terms model, const double *factor, double *variance)
{
    mark_alive(shop, counts, model);
    for (size_t w = 1; w < counts->cells; w++) {
        shop->mean[w] *= counts->weight[w];
    }
    double before = deviance_of(shop, counts);
    for (int step = 0; step < GLM_STEPS; step++) {
        if (!least_squares(shop, counts, model, factor)) {
            return false;
        }
        expect(shop, counts, model, factor);
        const double now = deviance_of(shop, counts);
        if (!isfinite(now)) {
            return false;
        }
        if (fabs(now - before) < GLM_EPSILON * (fabs(now) + 0.1)) {
            return close_variance(shop, counts, model, variance);
        }
        before = now;
    }
    return false;
}

/* Newton's method with step halving, where R's own way does not settle. */
static bool maximise(traffstat_i_workshop *shop, const traffstat_i_counts *counts,
                     traffstat_i_terms model, const double *factor, double *variance)
{
    traffstat_i_fit_job job = {.counts = counts,
                               .model = model,
                               .factor = factor,
                               .unseen = -1.0,
                               .cutoff = -INFINITY,
                               .beta = shop->beta};
    traffstat_i_fit_job *const jobs[] = {&job};
    traffstat_i_fit_many(&shop->fit, jobs, 1);
    expect(shop, counts, model, factor);
    sum_means(shop, counts);
    if (job.state != TRAFFSTAT_I_FIT_DONE || !factorise(shop, counts, model)) {
        return false;
    }
    *variance = first_variance(shop, model.count);
    return true;
}

traffstat_status traffstat_i_fit_model(traffstat_ctx *ctx, traffstat_i_workshop *shop,
                                       const traffstat_i_counts *counts, traffstat_i_terms model,
                                       const double *factor, traffstat_i_fit *out)
{
    const int existence = traffstat_i_existence(&shop->exist, counts, model);
    if (existence != 0) {
        *out = (traffstat_i_fit){existence, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
        return TRAFFSTAT_OK;
    }
    double variance = NAN;
    const bool found = iterate(shop, counts, model, factor, &variance) ||
                       maximise(shop, counts, model, factor, &variance);
    const double unseen = shop->mean[0];
    const double deviance = deviance_of(shop, counts);
    if (!found || !isfinite(unseen) || !isfinite(variance) || !isfinite(deviance)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                "a fit of %zu terms to %zu lists lost its numbers to rounding",
                                model.count, counts->lists);
    }
    const double p = (double) model.count;
    const double ll = counts->saturated - counts->factorials - 0.5 * deviance;
    *out = (traffstat_i_fit){.estimate = counts->n + unseen,
                             .se = sqrt(unseen + unseen * unseen * variance),
                             .deviance = deviance,
                             .df = (double) (counts->cells - 1) - p,
                             .ll = ll,
                             .aic = 2.0 * p - 2.0 * ll,
                             .bic = p * log(counts->n) - 2.0 * ll};
    return TRAFFSTAT_OK;
}
