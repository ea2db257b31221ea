/* One closed-population model on one stratum. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_sf_gamma.h>
#include <gsl/gsl_sf_psi.h>

#include "model/overlap/closed.h"
#include "model/overlap/methods.h"

#define STRIDE TRAFFSTAT_I_CLOSED_COLUMNS

const traffstat_i_closed_model traffstat_i_closed_models[TRAFFSTAT_I_CLOSED_MODELS] = {
    {"M0", TRAFFSTAT_I_CLOSED_M0, TRAFFSTAT_I_CLOSED_ALIKE},
    {"Mt", TRAFFSTAT_I_CLOSED_MT, TRAFFSTAT_I_CLOSED_ALIKE},
    {"Mh Chao (LB)", TRAFFSTAT_I_CLOSED_M0, TRAFFSTAT_I_CLOSED_CHAO},
    {"Mh Poisson2", TRAFFSTAT_I_CLOSED_M0, TRAFFSTAT_I_CLOSED_POISSON},
    {"Mh Darroch", TRAFFSTAT_I_CLOSED_M0, TRAFFSTAT_I_CLOSED_DARROCH},
    {"Mh Gamma3.5", TRAFFSTAT_I_CLOSED_M0, TRAFFSTAT_I_CLOSED_GAMMA},
    {"Mh Normal", TRAFFSTAT_I_CLOSED_M0, TRAFFSTAT_I_CLOSED_NORMAL},
    {"Mth Chao (LB)", TRAFFSTAT_I_CLOSED_MT, TRAFFSTAT_I_CLOSED_CHAO},
    {"Mth Poisson2", TRAFFSTAT_I_CLOSED_MT, TRAFFSTAT_I_CLOSED_POISSON},
    {"Mth Darroch", TRAFFSTAT_I_CLOSED_MT, TRAFFSTAT_I_CLOSED_DARROCH},
    {"Mth Gamma3.5", TRAFFSTAT_I_CLOSED_MT, TRAFFSTAT_I_CLOSED_GAMMA},
    {"Mth Normal", TRAFFSTAT_I_CLOSED_MT, TRAFFSTAT_I_CLOSED_NORMAL},
    {"Mb", TRAFFSTAT_I_CLOSED_MB, TRAFFSTAT_I_CLOSED_ALIKE},
    {"Mbh", TRAFFSTAT_I_CLOSED_MBH, TRAFFSTAT_I_CLOSED_ALIKE},
};

/* ---- the fit --------------------------------------------------------------------------------- */

traffstat_i_closed_end traffstat_i_closed_fit_chao(traffstat_i_closed_data *data, size_t fixed,
                                                   double unseen, traffstat_i_closed_result *out)
{
    memset(data->off, 0, sizeof data->off);
    traffstat_i_closed_end end = TRAFFSTAT_I_CLOSED_FITTED;
    for (size_t negative = fixed; negative < data->columns;) {
        end = traffstat_i_closed_fit(data, unseen, NULL, out);
        negative = fixed;
        while (negative < data->columns && end == TRAFFSTAT_I_CLOSED_FITTED &&
               (data->off[negative] || out->b[negative] >= 0.0)) {
            negative++;
        }
        if (end != TRAFFSTAT_I_CLOSED_FITTED) {
            break;
        }
        if (negative < data->columns) {
            data->off[negative] = true;
        }
    }
    return end;
}

/* Columns before the mixing ones. */
static size_t fixed_columns(const traffstat_i_closed_model *model, size_t occasions)
{
    return model->base == TRAFFSTAT_I_CLOSED_MT ? occasions + 1 : 2;
}

/* First-order bias of exp(b[0]) (Rivest & Levesque 2001). */
static double bias_of(const traffstat_i_closed_data *data, const traffstat_i_closed_result *fit)
{
    double psi[STRIDE] = {-1.0};
    for (size_t g = 0; g < data->group_count; g++) {
        const double *x = data->groups[g].x;
        double log_mean = 0.0;
        double spread = 0.0;
        for (size_t i = 0; i < data->columns; i++) {
            log_mean += x[i] * fit->first_b[i];
            for (size_t j = 0; j < data->columns; j++) {
                spread += data->off[i] || data->off[j] ? 0.0 : x[i] * fit->v[i * STRIDE + j] * x[j];
            }
        }
        for (size_t i = 0; i < data->columns; i++) {
            psi[i] += x[i] * data->groups[g].size * exp(log_mean) * spread;
        }
    }
    double sum = 0.0;
    for (size_t i = 0; i < data->columns; i++) {
        sum -= fit->v[i] * psi[i];
    }
    return 0.5 * exp(fit->first_b[0]) * sum;
}

/* ---- the profile likelihood ------------------------------------------------------------------ */

typedef struct profile {
    const traffstat_ctx *ctx;
    traffstat_i_closed_data *data;
    size_t fixed; /* of Chao's models: columns before the mixing ones; else 0 */
    double seen;
    double start[STRIDE];
    double target; /* the value that a limit has */
    bool slope;    /* search the derivative's root, not the value's */
    bool failed;
} profile;

/* Log-likelihood of N = seen + unseen, up to a constant, or its derivative, with all else at its
 * maximum (Cormack 1992), by exact factorials. The empty history's count is a cell of the fit. */
static double profile_at(profile *p, double unseen)
{
    traffstat_i_closed_result fit;
    const traffstat_i_closed_end end =
        p->fixed > 0 ? traffstat_i_closed_fit_chao(p->data, p->fixed, unseen, &fit)
                     : traffstat_i_closed_fit(p->data, unseen, p->start, &fit);
    if (end != TRAFFSTAT_I_CLOSED_FITTED || traffstat_i_stopped(p->ctx)) {
        p->failed = true;
        return NAN;
    }
    const double all = p->seen + unseen;
    memcpy(p->start, fit.b, sizeof p->start);
    if (p->slope) {
        return log(fit.null_mean) - gsl_sf_psi(unseen + 1.0) + gsl_sf_psi(all + 1.0) - log(all);
    }
    const double own = unseen > 0.0 ? unseen * log(unseen) - gsl_sf_lngamma(unseen + 1.0) : 0.0;
    return -0.5 * fit.deviance + own + gsl_sf_lngamma(all + 1.0) - all * log(all) - p->target;
}

/* Where a decreasing (or increasing) curve crosses 0 between low and high, by false position with
 * the Illinois halving; good to about 1e-9 of N. */
static double crossing(profile *p, double low, double at_low, double high, double at_high)
{
    for (int i = 0; i < 100 && !p->failed; i++) {
        const double next = (low * at_high - high * at_low) / (at_high - at_low);
        const double value = profile_at(p, next);
        if (value == 0.0 || fabs(next - high) < 1e-10 * (p->seen + next)) {
            return next;
        }
        if ((value > 0.0) == (at_high > 0.0)) {
            at_low *= 0.5;
        } else {
            low = high;
            at_low = at_high;
        }
        high = next;
        at_high = value;
    }
    return high;
}

/* Doubles `high` until the curve is below 0 there; infinite where it never is. */
static double first_below(profile *p, double high, double *value)
{
    *value = profile_at(p, high);
    while (*value >= 0.0 && !p->failed && high < 1e9 * (p->seen + 1.0)) {
        high *= 2.0;
        *value = profile_at(p, high);
    }
    return *value < 0.0 ? high : INFINITY;
}

/* The limits of N where the profile falls chi-square / 2 below its maximum; `lower` is what was
 * seen where it never does. */
static bool profile_limits(const traffstat_ctx *ctx, traffstat_i_closed_data *data, size_t fixed,
                           const double *start, double seen, double unseen, double level,
                           double *lower, double *upper)
{
    profile p = {.ctx = ctx, .data = data, .fixed = fixed, .seen = seen, .slope = true};
    memcpy(p.start, start, sizeof p.start);
    double end_value = 0.0;
    double best = 0.0;
    const double start_value = profile_at(&p, 0.0);
    if (start_value > 0.0) {
        const double end = first_below(&p, 2.0 * unseen + 1.0, &end_value);
        if (!isfinite(end)) {
            *lower = seen;
            *upper = INFINITY;
            return !p.failed;
        }
        best = crossing(&p, 0.0, start_value, end, end_value);
    }
    p.slope = false;
    const double z = traffstat_i_central_z(level);
    p.target = profile_at(&p, best) - 0.5 * z * z;
    const double at_best = 0.5 * z * z;
    const double at_zero = best > 0.0 ? profile_at(&p, 0.0) : at_best;
    *lower = at_zero >= 0.0 ? seen : seen + crossing(&p, best, at_best, 0.0, at_zero);
    const double end = first_below(&p, 2.0 * best + 1.0, &end_value);
    *upper = isfinite(end) ? seen + crossing(&p, best, at_best, end, end_value) : INFINITY;
    return !p.failed;
}

/* ---- answers --------------------------------------------------------------------------------- */

/* Poisson likelihood: what fit and complexity come to. */
void traffstat_i_closed_set_fit(traffstat_i_closed_answer *out, const traffstat_i_closed_data *data,
                                double deviance, size_t columns, double seen)
{
    const double log_likelihood = data->saturated - 0.5 * deviance;
    out->deviance = deviance;
    out->df = data->cells - (double) columns;
    out->aic = -2.0 * log_likelihood + 2.0 * (double) columns;
    out->bic = -2.0 * log_likelihood + (double) columns * log(seen);
}

static double quadratic(const double *slope, const double *v, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            sum += slope[i] * v[i * STRIDE + j] * slope[j];
        }
    }
    return sum;
}

/* Mbh's standard error as Rcapture 1.4-4 computes it: the derivative of N by the log-odds of
 * recapture, (t - 1) c N - ..., has there the first list's persons n1 in place of N, so that it
 * comes out too large (hare: 14.59 where the delta method gives 4.65). Kept beside the right one,
 * for comparison with published tables. */
static double published_se(const traffstat_i_closed_counts *counts, const double *b,
                           const double *v, double c, double q_to_p)
{
    const double t = (double) counts->occasions;
    const double scale = exp(b[0] - (t - 1.0) * log1p(-c));
    const double first = scale * exp(b[3]);
    const double rest = scale * q_to_p;
    const double all = first + rest;
    const double slope[] = {all, rest * (1.0 + q_to_p),
                            (t - 1.0) * c * first - rest * c * (1.0 + q_to_p), first};
    return sqrt(quadratic(slope, v, 4) - all);
}

/* Mb and Mbh: the empty history has log mean
 * log h = b0 + t log q - log(1 - q) - (t - 1) log(1 - c),
 * with b1 = log q - log(1 - c) and b2 = log c - log(1 - c). */
static void answer_first(const traffstat_i_closed_counts *counts,
                         const traffstat_i_closed_model *model,
                         const traffstat_i_closed_result *fit, double level,
                         traffstat_i_closed_answer *out)
{
    const double *b = fit->first_b;
    const double t = (double) counts->occasions;
    const double c = 1.0 / (1.0 + exp(-b[2]));
    const double q = (1.0 - c) * exp(b[1]);
    if (!(q < 1.0)) {
        out->refusal = "the estimate is below what was seen: first captures became more frequent "
                       "with time, which this model cannot follow";
        return;
    }
    const double p = 1.0 - q;
    const double unseen = exp(b[0] + t * log(q) - log(p) - (t - 1.0) * log1p(-c));
    const double slope[] = {1.0, t + q / p, -c / p};
    out->estimate = counts->seen + unseen;
    out->se = sqrt(unseen + unseen * unseen * quadratic(slope, fit->v, 3));
    if (model->base == TRAFFSTAT_I_CLOSED_MBH) {
        out->se_published = published_se(counts, b, fit->v, c, q / p);
    }
    traffstat_i_lognormal(counts->seen, out->estimate, out->se * out->se, level, &out->lower,
                          &out->upper);
}

static void answer_unseen(const traffstat_ctx *ctx, const traffstat_i_closed_counts *counts,
                          const traffstat_i_closed_model *model, traffstat_i_closed_data *data,
                          const traffstat_i_closed_result *fit, double level,
                          traffstat_i_closed_answer *out)
{
    const double unseen = exp(fit->first_b[0]);
    const size_t fixed =
        model->mixing == TRAFFSTAT_I_CLOSED_CHAO ? fixed_columns(model, counts->occasions) : 0;
    out->estimate = counts->seen + unseen;
    out->se = sqrt(unseen + unseen * unseen * fit->v[0]);
    out->bias = bias_of(data, fit);
    if (!profile_limits(ctx, data, fixed, fit->b, counts->seen, unseen, level, &out->lower,
                        &out->upper)) {
        out->refusal = "the profile likelihood could not be followed";
    }
}

static const char *refusal_of(traffstat_i_closed_end end)
{
    return end == TRAFFSTAT_I_CLOSED_ALIASED
               ? "the model has more effects than these lists can tell apart"
               : "the estimate does not exist: the likelihood has no maximum";
}

static void answer(const traffstat_ctx *ctx, const traffstat_i_closed_counts *counts,
                   const traffstat_i_closed_model *model, traffstat_i_closed_data *data,
                   double level, traffstat_i_closed_answer *out)
{
    traffstat_i_closed_result fit;
    const traffstat_i_closed_end end =
        model->mixing == TRAFFSTAT_I_CLOSED_CHAO
            ? traffstat_i_closed_fit_chao(data, fixed_columns(model, counts->occasions), -1.0, &fit)
            : traffstat_i_closed_fit(data, -1.0, NULL, &fit);
    if (end != TRAFFSTAT_I_CLOSED_FITTED) {
        out->refusal = refusal_of(end);
        return;
    }
    traffstat_i_closed_set_fit(out, data, fit.deviance, traffstat_i_closed_effects(data),
                               counts->seen);
    if (model->base == TRAFFSTAT_I_CLOSED_M0 || model->base == TRAFFSTAT_I_CLOSED_MT) {
        answer_unseen(ctx, counts, model, data, &fit, level, out);
    } else {
        answer_first(counts, model, &fit, level, out);
    }
}

traffstat_status traffstat_i_closed_estimate(traffstat_ctx *ctx,
                                             const traffstat_i_closed_counts *counts,
                                             const traffstat_i_closed_model *model, double level,
                                             traffstat_i_closed_answer *out)
{
    traffstat_i_closed_data data;
    *out = (traffstat_i_closed_answer){.bias = NAN, .se_published = NAN};
    traffstat_status status = traffstat_i_closed_data_init(ctx, counts, model, &data);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (data.groups == NULL) {
        out->refusal = "a person was caught too often for this model";
    } else if (model->mixing == TRAFFSTAT_I_CLOSED_NORMAL) {
        traffstat_i_closed_normal(&data, counts, level, out);
    } else {
        answer(ctx, counts, model, &data, level, out);
    }
    traffstat_i_free(ctx, data.groups);
    return status;
}
