/* Poisson-logistic regression with spike and slab: every model is fitted, its marginal likelihood found
 * by importance sampling about its top, and coefficients averaged over all of them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/reporting/pogit_target.h"

enum { STREAM = 0x504f4753, FREE_MAX = 12 };

#define FREEDOM 8.0 /* of the multivariate t that is drawn from: heavier tails than any model's */
#define NEGLIGIBLE 1e-7 /* probability of a model whose draws are not kept */

typedef struct weighed {
    double value;
    double weight;
} weighed;

struct traffstat_pogit_selected {
    traffstat_ctx *ctx;
    size_t k;
    size_t models;
    size_t draws;        /* of each model that is kept */
    size_t kept;         /* models */
    double *probability; /* of each model */
    double *inclusion;   /* of each coefficient */
    double *values;      /* k x (kept x draws); 0 where the coefficient is out */
    double *weight;      /* kept x draws, adding up to 1 */
};

typedef struct work {
    traffstat_ctx *ctx;
    const traffstat_pogit_data *data;
    size_t k;
    size_t draws;
    bool *fixed;         /* k */
    size_t free_of_rate; /* columns that are not fixed */
    size_t free_of_share;
    double *design;   /* of the model at hand, both parts, classes and laws */
    size_t *column;   /* of the full data, for each coefficient of the model */
    double *room;     /* one draw */
    double *ratio;    /* draws: log weights */
    double *point;    /* draws x k: coefficients of the model at hand */
    double *log_mass; /* of each model */
    traffstat_pogit_selected *out;
} work;

/* ---- settings -------------------------------------------------------------------------------- */

void traffstat_pogit_selecting_init(traffstat_pogit_selecting *selecting, uint32_t struct_size)
{
    if (selecting == NULL) {
        return;
    }
    const traffstat_pogit_selecting filled = {struct_size, 2000, NULL};
    memset(selecting, 0, struct_size);
    memcpy(selecting, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status find_free(work *w, const int32_t *fixed)
{
    const traffstat_pogit_data *d = w->data;
    for (size_t j = 0; j < w->k; j++) {
        const bool level = j == 0 || j == d->rate_columns;
        const bool law =
            d->effect_scale != NULL && d->effect_scale[j] > 0.0 && isfinite(d->effect_scale[j]);
        w->fixed[j] = fixed != NULL ? fixed[j] != 0 : level;
        if (w->fixed[j]) {
            continue;
        }
        if (!law) {
            return traffstat_i_fail(w->ctx, TRAFFSTAT_E_ARGUMENT,
                                    "coefficient %zu may be out and has no law where it is in", j);
        }
        w->free_of_rate += j < d->rate_columns ? 1 : 0;
        w->free_of_share += j < d->rate_columns ? 0 : 1;
    }
    return w->free_of_rate + w->free_of_share <= FREE_MAX
               ? TRAFFSTAT_OK
               : traffstat_i_fail(w->ctx, TRAFFSTAT_E_ARGUMENT,
                                  "%zu columns may be out, and at most %d are tried in every "
                                  "combination",
                                  w->free_of_rate + w->free_of_share, FREE_MAX);
}

/* ---- a model --------------------------------------------------------------------------------- */

/* Which coefficients the model has; how many of the rate. */
static size_t list_columns(work *w, size_t model, size_t *rate)
{
    size_t count = 0;
    size_t bit = 0;
    *rate = 0;
    for (size_t j = 0; j < w->k; j++) {
        const bool in = w->fixed[j] || (model >> bit & 1) != 0;
        bit += w->fixed[j] ? 0 : 1;
        if (in) {
            w->column[count++] = j;
            *rate += j < w->data->rate_columns ? 1 : 0;
        }
    }
    return count;
}

static double *gather(const double *from, size_t rows, size_t columns, const size_t *which,
                      size_t count, size_t first, double *to)
{
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < count; j++) {
            to[i * count + j] = from[i * columns + which[j] - first];
        }
    }
    return to + rows * count;
}

/* The data with the model's columns alone. */
static traffstat_pogit_data restrict_to(work *w, size_t count, size_t rate)
{
    const traffstat_pogit_data *d = w->data;
    traffstat_pogit_data part = *d;
    double *to = w->design;
    part.rate_columns = rate;
    part.reporting_columns = count - rate;
    part.rate_design = to;
    to = gather(d->rate_design, d->rows, d->rate_columns, w->column, rate, 0, to);
    part.reporting_design = to;
    to = gather(d->reporting_design, d->rows, d->reporting_columns, w->column + rate, count - rate,
                d->rate_columns, to);
    part.prior_design = to;
    to = gather(d->prior_design, d->priors, d->reporting_columns, w->column + rate, count - rate,
                d->rate_columns, to);
    const double *const laws[] = {d->effect_mean, d->effect_scale, d->effect_freedom};
    const double *moved[] = {NULL, NULL, NULL};
    for (size_t i = 0; i < 3; i++) {
        for (size_t j = 0; laws[i] != NULL && j < count; j++) {
            to[j] = laws[i][w->column[j]];
        }
        moved[i] = laws[i] != NULL ? to : NULL;
        to += count;
    }
    part.effect_mean = moved[0];
    part.effect_scale = moved[1];
    part.effect_freedom = moved[2];
    part.effect_steadies = NULL;
    return part;
}

/* ln of what the kernel of a law leaves out of its density. */
static double law_constant(double scale, double freedom)
{
    const double half_log_pi = 0.57236494292470008707;
    if (!(freedom < 1e12)) {
        return -log(scale) - half_log_pi - 0.34657359027997265471; /* half of ln 2 */
    }
    return lgamma(0.5 * (freedom + 1.0)) - lgamma(0.5 * freedom) - 0.5 * log(freedom) -
           half_log_pi - log(scale);
}

/* Draws z of the multivariate t; the log density of it, but for a constant that depends on k alone. */
static double draw_position(const work *w, size_t model, size_t draw, size_t k, double *z)
{
    const uint64_t seed = traffstat_ctx_seed(w->ctx);
    const uint64_t first = (uint64_t) draw * (w->k + 1);
    const double wide =
        gsl_cdf_chisq_Pinv(traffstat_i_random_uniform(seed, STREAM, (uint32_t) model, first),
                           FREEDOM) /
        FREEDOM;
    double squares = 0.0;
    for (size_t j = 0; j < k; j++) {
        const double u = traffstat_i_random_uniform(seed, STREAM, (uint32_t) model, first + 1 + j);
        z[j] = gsl_cdf_ugaussian_Pinv(u) / sqrt(wide);
        squares += z[j] * z[j];
    }
    return -0.5 * (FREEDOM + (double) k) * log1p(squares / FREEDOM);
}

static double draw_constant(size_t k)
{
    const double pi = 3.14159265358979323846;
    const double half = 0.5 * (FREEDOM + (double) k);
    return lgamma(half) - lgamma(0.5 * FREEDOM) - 0.5 * (double) k * log(FREEDOM * pi);
}

/* Weighted draws of the model's coefficients (ratio, point) and ln of its marginal likelihood. */
static traffstat_status weigh(work *w, const traffstat_pogit *fit, size_t model, size_t k,
                              double *log_mass)
{
    traffstat_i_pogit_target target;
    const traffstat_i_pogit *of = traffstat_i_pogit_model(fit);
    double *z = w->room;
    double *at = z + w->k;
    double *slope = at + w->k;
    double *scratch = slope + w->k;
    double *directions = scratch + traffstat_i_pogit_scratch_size(of) / sizeof(double);
    double constant = -draw_constant(k);
    traffstat_status status =
        traffstat_i_pogit_target_init(w->ctx, of, traffstat_i_pogit_top(fit), &target);
    for (size_t j = 0; j < k && status == TRAFFSTAT_OK; j++) {
        double *direction = traffstat_i_pogit_direction(w->ctx, fit, j);
        if (direction == NULL) {
            status = TRAFFSTAT_E_NOMEM;
            break;
        }
        memcpy(directions + j * k, direction, k * sizeof *direction);
        constant += log(direction[j]) - log(target.factor[j * k + j]);
        traffstat_i_free(w->ctx, direction);
    }
    for (size_t law = 0; law < of->laws && status == TRAFFSTAT_OK; law++) {
        constant += law_constant(of->scale[law], of->freedom[law]);
    }
    double most = -INFINITY;
    for (size_t i = 0; i < w->draws && status == TRAFFSTAT_OK; i++) {
        const double density = draw_position(w, model, i, k, z);
        w->ratio[i] = traffstat_i_pogit_density(&target, scratch, z, slope) - density;
        most = fmax(most, w->ratio[i]);
        traffstat_i_pogit_at(&target, scratch, z, at);
        for (size_t j = 0; j < k; j++) {
            double sum = 0.0;
            for (size_t l = 0; l < k; l++) {
                sum += directions[j * k + l] * at[l];
            }
            w->point[i * w->k + j] = sum;
        }
    }
    double sum = 0.0;
    for (size_t i = 0; i < w->draws && status == TRAFFSTAT_OK; i++) {
        w->ratio[i] = exp(w->ratio[i] - most);
        sum += w->ratio[i];
    }
    for (size_t i = 0; i < w->draws && status == TRAFFSTAT_OK; i++) {
        w->ratio[i] /= sum;
    }
    *log_mass = most + log(sum / (double) w->draws) + constant;
    traffstat_i_pogit_target_clear(w->ctx, &target);
    return status;
}

/* ln of the prior probability: of d columns, any number in is as likely as any other. */
static double model_prior(size_t in, size_t of)
{
    return lgamma((double) in + 1.0) + lgamma((double) (of - in) + 1.0) - lgamma((double) of + 2.0);
}

static traffstat_status look_at(work *w, size_t model, size_t *count)
{
    size_t rate = 0;
    traffstat_pogit *fit = NULL;
    traffstat_pogit_summary sum = {0};
    *count = list_columns(w, model, &rate);
    const traffstat_pogit_data part = restrict_to(w, *count, rate);
    traffstat_status status = traffstat_i_pogit_fit(w->ctx, &part, &fit);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_pogit_get(fit, &sum);
    }
    if (status == TRAFFSTAT_OK && sum.estimable == 0) {
        status = traffstat_i_fail(w->ctx, TRAFFSTAT_E_NODATA, "model %zu has no answer: %s", model,
                                  traffstat_pogit_reason(fit));
    }
    if (status == TRAFFSTAT_OK) {
        const size_t fixed_rate = w->data->rate_columns - w->free_of_rate;
        const size_t fixed_share = w->data->reporting_columns - w->free_of_share;
        status = weigh(w, fit, model, *count, &w->log_mass[model]);
        w->log_mass[model] += model_prior(rate - fixed_rate, w->free_of_rate) +
                              model_prior(*count - rate - fixed_share, w->free_of_share);
    }
    traffstat_pogit_free(fit);
    return status;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static void find_probabilities(work *w)
{
    traffstat_pogit_selected *out = w->out;
    double most = -INFINITY;
    double sum = 0.0;
    for (size_t i = 0; i < out->models; i++) {
        most = fmax(most, w->log_mass[i]);
    }
    for (size_t i = 0; i < out->models; i++) {
        out->probability[i] = exp(w->log_mass[i] - most);
        sum += out->probability[i];
    }
    for (size_t i = 0; i < out->models; i++) {
        size_t rate = 0;
        out->probability[i] /= sum;
        out->kept += out->probability[i] >= NEGLIGIBLE ? 1 : 0;
        const size_t count = list_columns(w, i, &rate);
        for (size_t j = 0; j < count; j++) {
            out->inclusion[w->column[j]] += out->probability[i];
        }
    }
    for (size_t j = 0; j < w->k; j++) {
        out->inclusion[j] = w->fixed[j] ? 1.0 : fmin(out->inclusion[j], 1.0);
    }
}

/* The draws of the models that matter, once their probabilities are known. */
static traffstat_status keep_draws(work *w)
{
    traffstat_pogit_selected *out = w->out;
    size_t all = 0;
    size_t size = 0;
    size_t place = 0;
    if (!traffstat_i_mul_size(out->kept, w->draws, &all) ||
        !traffstat_i_mul_size(all, w->k, &size)) {
        return traffstat_i_fail(w->ctx, TRAFFSTAT_E_LIMIT, "too many draws of too many models");
    }
    out->draws = w->draws;
    out->values = traffstat_i_alloc(w->ctx, size, sizeof *out->values);
    out->weight = traffstat_i_alloc(w->ctx, all, sizeof *out->weight);
    traffstat_status status =
        out->values != NULL && out->weight != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    for (size_t model = 0; model < out->models && status == TRAFFSTAT_OK; model++) {
        size_t count = 0;
        if (out->probability[model] < NEGLIGIBLE) {
            continue;
        }
        status = look_at(w, model, &count);
        for (size_t i = 0; i < w->draws && status == TRAFFSTAT_OK; i++, place++) {
            out->weight[place] = w->ratio[i] * out->probability[model];
            for (size_t j = 0; j < count; j++) {
                out->values[w->column[j] * all + place] = w->point[i * w->k + j];
            }
        }
        if (status == TRAFFSTAT_OK) {
            status =
                traffstat_i_progress(w->ctx, 0.5 + 0.5 * (double) model / (double) out->models);
        }
    }
    return status;
}

static traffstat_status make_room(work *w)
{
    const traffstat_pogit_data *d = w->data;
    const size_t design = (d->rows + d->priors) * w->k + 3 * w->k;
    w->fixed = traffstat_i_alloc(w->ctx, w->k, sizeof *w->fixed);
    w->column = traffstat_i_alloc(w->ctx, w->k, sizeof *w->column);
    w->design = traffstat_i_alloc(w->ctx, design, sizeof *w->design);
    w->room = traffstat_i_alloc(w->ctx, 5 * w->k + 2 * d->rows + w->k * w->k, sizeof *w->room);
    w->ratio = traffstat_i_alloc(w->ctx, w->draws, sizeof *w->ratio);
    w->point = traffstat_i_alloc(w->ctx, w->draws * w->k, sizeof *w->point);
    return w->fixed != NULL && w->column != NULL && w->design != NULL && w->room != NULL &&
                   w->ratio != NULL && w->point != NULL
               ? TRAFFSTAT_OK
               : TRAFFSTAT_E_NOMEM;
}

static traffstat_status solve(work *w, const int32_t *fixed)
{
    traffstat_pogit_selected *out = w->out;
    traffstat_status status = make_room(w);
    if (status == TRAFFSTAT_OK) {
        status = find_free(w, fixed);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    out->models = (size_t) 1 << (w->free_of_rate + w->free_of_share);
    w->log_mass = traffstat_i_alloc(w->ctx, out->models, sizeof *w->log_mass);
    out->probability = traffstat_i_alloc(w->ctx, out->models, sizeof *out->probability);
    out->inclusion = traffstat_i_alloc(w->ctx, w->k, sizeof *out->inclusion);
    if (w->log_mass == NULL || out->probability == NULL || out->inclusion == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t model = 0; model < out->models && status == TRAFFSTAT_OK; model++) {
        size_t count = 0;
        status = look_at(w, model, &count);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_progress(w->ctx, 0.5 * (double) model / (double) out->models);
        }
    }
    if (status == TRAFFSTAT_OK) {
        find_probabilities(w);
        status = keep_draws(w);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_progress(w->ctx, 1.0) : status;
}

static void clear(work *w)
{
    void *const blocks[] = {w->fixed, w->column, w->design,  w->room,
                            w->ratio, w->point,  w->log_mass};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        traffstat_i_free(w->ctx, blocks[i]);
    }
}

void traffstat_pogit_selected_free(traffstat_pogit_selected *selected)
{
    if (selected == NULL) {
        return;
    }
    traffstat_ctx *ctx = selected->ctx;
    traffstat_i_free(ctx, selected->probability);
    traffstat_i_free(ctx, selected->inclusion);
    traffstat_i_free(ctx, selected->values);
    traffstat_i_free(ctx, selected->weight);
    traffstat_i_free(ctx, selected);
}

/* The arrays are looked at before they are cut; the rest is for the fit of the first model to check. */
static traffstat_status check(traffstat_ctx *ctx, const traffstat_pogit_data *d,
                              const traffstat_pogit_selecting *how)
{
    traffstat_pogit *whole = NULL;
    const traffstat_status status = traffstat_i_pogit_fit(ctx, d, &whole);
    traffstat_pogit_free(whole);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    return how->draws >= 200 && how->draws <= 100000
               ? TRAFFSTAT_OK
               : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                  "draws must lie between 200 and 100000, not %d",
                                  (int) how->draws);
}

traffstat_status traffstat_pogit_select(traffstat_ctx *ctx, const traffstat_pogit_data *data,
                                        const traffstat_pogit_selecting *selecting,
                                        traffstat_pogit_selected **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL || data == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no data or no place was given");
    }
    *out = NULL;
    traffstat_pogit_data own;
    traffstat_pogit_selecting how;
    memset(&own, 0, sizeof own);
    own.struct_size = (uint32_t) sizeof own;
    traffstat_pogit_selecting_init(&how, (uint32_t) sizeof how);
    traffstat_status status = traffstat_i_read_options(ctx, data, &own, sizeof own);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_read_options(ctx, selecting, &how, sizeof how);
    }
    if (status == TRAFFSTAT_OK) {
        status = check(ctx, &own, &how);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    work w = {.ctx = ctx,
              .data = &own,
              .k = own.rate_columns + own.reporting_columns,
              .draws = (size_t) how.draws};
    w.out = traffstat_i_alloc(ctx, 1, sizeof *w.out);
    if (w.out == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    w.out->ctx = ctx;
    w.out->k = w.k;
    status = solve(&w, how.fixed);
    clear(&w);
    if (status != TRAFFSTAT_OK) {
        traffstat_pogit_selected_free(w.out);
        return status;
    }
    *out = w.out;
    return TRAFFSTAT_OK;
}

/* ---- what is said ---------------------------------------------------------------------------- */

double traffstat_pogit_selected_inclusion(const traffstat_pogit_selected *selected, size_t index)
{
    return selected != NULL && index < selected->k ? selected->inclusion[index] : (double) NAN;
}

size_t traffstat_pogit_selected_models(const traffstat_pogit_selected *selected)
{
    return selected != NULL ? selected->models : 0;
}

double traffstat_pogit_selected_probability(const traffstat_pogit_selected *selected, size_t model)
{
    return selected != NULL && model < selected->models ? selected->probability[model]
                                                        : (double) NAN;
}

static int by_value(const void *a, const void *b)
{
    const double x = ((const weighed *) a)->value;
    const double y = ((const weighed *) b)->value;
    return (x > y) - (x < y);
}

static double quantile(const weighed *sorted, size_t count, double prob)
{
    double sum = 0.0;
    size_t i = 0;
    for (; i + 1 < count; i++) {
        sum += sorted[i].weight;
        if (sum >= prob) {
            break;
        }
    }
    return sorted[i].value;
}

static void summarise(weighed *sorted, size_t count, double level, traffstat_pogit_marginal *out)
{
    double in = 0.0;
    double squares = 0.0;
    double spread = 0.0;
    *out = (traffstat_pogit_marginal){
        .rhat = NAN, .ess_tail = NAN, .mcse_median = NAN, .mcse_lower = NAN, .mcse_upper = NAN};
    for (size_t i = 0; i < count; i++) {
        out->mean += sorted[i].weight * sorted[i].value;
        in += sorted[i].value != 0.0 ? sorted[i].weight : 0.0;
        squares += sorted[i].value != 0.0 ? sorted[i].weight * sorted[i].weight : 0.0;
    }
    for (size_t i = 0; i < count; i++) {
        const double off = sorted[i].value - out->mean;
        spread += sorted[i].weight * off * off;
    }
    qsort(sorted, count, sizeof *sorted, by_value);
    out->sd = sqrt(spread);
    out->median = quantile(sorted, count, 0.5);
    out->lower = quantile(sorted, count, 0.5 * (1.0 - level));
    out->upper = quantile(sorted, count, 0.5 * (1.0 + level));
    out->ess_bulk = squares > 0.0 ? in * in / squares : 0.0;
    out->mcse_mean = out->ess_bulk > 0.0 ? out->sd / sqrt(out->ess_bulk) : NAN;
}

traffstat_status traffstat_pogit_selected_coefficient(traffstat_ctx *ctx,
                                                      const traffstat_pogit_selected *selected,
                                                      size_t index, double level,
                                                      traffstat_pogit_marginal *out)
{
    traffstat_i_enter(ctx);
    if (selected == NULL || out == NULL || index >= selected->k || !(level > 0.0 && level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "there is no such coefficient, or the level does not lie strictly "
                                "between 0 and 1");
    }
    const size_t count = selected->kept * selected->draws;
    weighed *sorted = traffstat_i_alloc(ctx, count, sizeof *sorted);
    if (sorted == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        sorted[i] = (weighed){selected->values[index * count + i], selected->weight[i]};
    }
    summarise(sorted, count, level, out);
    traffstat_i_free(ctx, sorted);
    return TRAFFSTAT_OK;
}
