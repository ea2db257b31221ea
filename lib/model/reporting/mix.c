/* The law of the unreported number as a mixture over the reporting probability. */
#include <math.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_gamma.h>

#include "model/rate/tail.h"
#include "model/reporting/dist.h"

#define FINE 0.6 /* of the width in z over which a negative binomial passes: a step of the grid */
#define LONGEST 0.2      /* step of the grid at most */
#define PLAIN_FROM 100.0 /* size from which ten and more sd away are left to 0 or 1 */
#define FAR_SD 14.0

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static double shift_of(const traffstat_i_belief *belief, size_t rows)
{
    switch (belief->rate_prior) {
    case TRAFFSTAT_RATE_JEFFREYS:
        return 0.5 * (double) rows;
    case TRAFFSTAT_RATE_GAMMA:
        return belief->shape * (double) rows;
    default:
        return 0.0;
    }
}

static double rate_of(const traffstat_i_belief *belief)
{
    return belief->rate_prior == TRAFFSTAT_RATE_GAMMA ? belief->rate : 0.0;
}

/* (c p)^y (r + c p)^-(y + s): what is left of the gamma integral over the rates. */
double traffstat_i_belief_log_likelihood(const traffstat_i_belief *belief, double count,
                                         size_t rows, double z)
{
    const double seen = traffstat_i_belief_coverage(belief) * logistic(z);
    const double rate = rate_of(belief);
    const double shift = shift_of(belief, rows);
    const double known = count > 0.0 ? -count * log1p(rate / seen) : 0.0;
    return known - shift * log(rate + seen);
}

typedef struct posterior {
    const traffstat_i_belief *belief;
    const traffstat_i_logit_law *law;
    double count;
    size_t rows;
} posterior;

static double log_weight(const void *of, double z)
{
    const posterior *p = of;
    return traffstat_i_logit_log_density(p->law, z) +
           traffstat_i_belief_log_likelihood(p->belief, p->count, p->rows, z);
}

/* An inverse or jeffreys prior leaves 1/p in the mean: a Beta law of small a cannot bear it, and one
 * of a little more holds it in a tail that no grid reaches. So it is taken in closed form where there
 * is one: p after the counts is the prior, less half a case a row under jeffreys. */
static double closed_mean(const traffstat_i_belief *belief, const traffstat_i_logit_law *law,
                          double alpha, size_t rows, bool *is_closed)
{
    const double shift = shift_of(belief, rows);
    const double coverage = traffstat_i_belief_coverage(belief);
    traffstat_i_logit_law after = *law;
    *is_closed =
        rate_of(belief) == 0.0 && (shift == 0.0 || law->form == TRAFFSTAT_I_FORM_KNOWN ||
                                   (law->form == TRAFFSTAT_I_FORM_BETA && !(law->shift > 0.0)));
    after.a -= law->form == TRAFFSTAT_I_FORM_BETA ? shift : 0.0;
    /* (1 - c p)/(c p) = ((1 - p)/p + 1 - c)/c */
    return alpha * ((traffstat_i_odds_against(&after) + (1.0 - coverage)) / coverage);
}

static bool has_infinite_mean(const traffstat_i_belief *belief, const traffstat_i_logit_law *law,
                              size_t rows)
{
    return rate_of(belief) == 0.0 && law->form == TRAFFSTAT_I_FORM_BETA &&
           law->a - shift_of(belief, rows) <= 1.0;
}

static void fill(traffstat_i_mix *mix, const traffstat_i_belief *belief,
                 const traffstat_i_grid *grid)
{
    const double rate = rate_of(belief);
    const double coverage = traffstat_i_belief_coverage(belief);
    for (size_t i = 0; i < grid->count; i++) {
        const double p = logistic(grid->z[i]);
        /* 1 - c p = (1 - c) p + (1 - p), all terms positive */
        const double hidden = (1.0 - coverage) * p + logistic(-grid->z[i]);
        mix->prob[i] = (rate + coverage * p) / (1.0 + rate);
        mix->rest[i] = hidden / (1.0 + rate);
        mix->weight[i] = grid->weight[i];
    }
}

traffstat_status traffstat_i_mix_new(traffstat_ctx *ctx, const traffstat_i_belief *belief,
                                     double count, size_t rows, traffstat_i_mix **out)
{
    traffstat_i_logit_law beta;
    const posterior of = {belief, traffstat_i_belief_law(belief, &beta), count, rows};
    traffstat_i_grid grid;
    const double alpha = count + shift_of(belief, rows);
    traffstat_status status = traffstat_i_grid_init(ctx, &grid, log_weight, &of, of.law,
                                                    fmin(LONGEST, FINE / sqrt(alpha)));
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_mix *mix = traffstat_i_alloc(ctx, 1, sizeof *mix);
    double *room = traffstat_i_alloc(ctx, 3 * grid.count, sizeof *room);
    if (mix == NULL || room == NULL) {
        traffstat_i_free(ctx, mix);
        traffstat_i_free(ctx, room);
        traffstat_i_grid_clear(ctx, &grid);
        return TRAFFSTAT_E_NOMEM;
    }
    *mix = (traffstat_i_mix){.alpha = alpha,
                             .count = grid.count,
                             .prob = room,
                             .rest = room + grid.count,
                             .weight = room + 2 * grid.count,
                             .log_mass = grid.log_mass,
                             .tail = has_infinite_mean(belief, of.law, rows)};
    mix->mean = closed_mean(belief, of.law, alpha, rows, &mix->closed);
    fill(mix, belief, &grid);
    traffstat_i_grid_clear(ctx, &grid);
    *out = mix;
    return TRAFFSTAT_OK;
}

/* ---- p after the counts ----------------------------------------------------------------------- */

traffstat_status traffstat_i_mix_share(traffstat_ctx *ctx, const traffstat_i_dist *dist,
                                       const traffstat_i_belief *belief, size_t rows,
                                       traffstat_i_moments *out)
{
    traffstat_i_logit_law beta;
    double second = 0.0;
    *out = (traffstat_i_moments){0.0, 0.0};
    for (size_t i = 0; i < dist->count; i++) {
        const posterior of = {belief, traffstat_i_belief_law(belief, &beta), dist->parts[i].count,
                              rows};
        traffstat_i_grid grid;
        const traffstat_status status =
            traffstat_i_grid_init(ctx, &grid, log_weight, &of, of.law, LONGEST);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        for (size_t k = 0; k < grid.count; k++) {
            const double p = logistic(grid.z[k]);
            out->mean += dist->parts[i].weight * grid.weight[k] * p;
            second += dist->parts[i].weight * grid.weight[k] * p * p;
        }
        traffstat_i_grid_clear(ctx, &grid);
    }
    out->sd = sqrt(fmax(0.0, second - out->mean * out->mean));
    return TRAFFSTAT_OK;
}

void traffstat_i_mix_free(traffstat_ctx *ctx, traffstat_i_mix *mix)
{
    if (mix != NULL) {
        traffstat_i_free(ctx, mix->prob);
        traffstat_i_free(ctx, mix);
    }
}

/* One negative binomial, P(U <= u) and P(U > u). */
static traffstat_i_sides component(const traffstat_i_mix *mix, size_t i, double u)
{
    const double mean = mix->alpha * (mix->rest[i] / mix->prob[i]);
    const double sd = sqrt(mean / mix->prob[i]);
    if (mix->alpha > PLAIN_FROM && fabs(u - mean) > FAR_SD * sd + 40.0) {
        return u > mean ? (traffstat_i_sides){1.0, 0.0} : (traffstat_i_sides){0.0, 1.0};
    }
    traffstat_i_tails tails;
    if (!traffstat_i_beta_tails(mix->alpha, u + 1.0, mix->prob[i], mix->rest[i], &tails)) {
        return (traffstat_i_sides){NAN, NAN};
    }
    return (traffstat_i_sides){tails.lower, tails.upper};
}

traffstat_i_sides traffstat_i_mix_sides(const traffstat_i_mix *mix, double u)
{
    traffstat_i_sides out = {0.0, 0.0};
    if (u < 0.0) {
        return (traffstat_i_sides){0.0, 1.0};
    }
    for (size_t i = 0; i < mix->count; i++) {
        if (mix->weight[i] > 0.0) {
            const traffstat_i_sides one = component(mix, i, floor(u));
            out.at_most += mix->weight[i] * one.at_most;
            out.above += mix->weight[i] * one.above;
        }
    }
    return out;
}

/* ln of Gamma(u + alpha) / (Gamma(alpha) Gamma(u + 1)), without the loss of large terms. */
static double log_choose(double alpha, double u)
{
    gsl_sf_result beta;
    if (u == 0.0) {
        return 0.0;
    }
    return gsl_sf_lnbeta_e(alpha, u, &beta) == GSL_SUCCESS ? -beta.val - log(u) : NAN;
}

double traffstat_i_mix_log_pmf(const traffstat_i_mix *mix, double u)
{
    double top = -INFINITY;
    double sum = 0.0;
    if (u < 0.0) {
        return -INFINITY;
    }
    for (size_t i = 0; i < mix->count; i++) {
        const double one = log(mix->weight[i]) + mix->alpha * log(mix->prob[i]) +
                           (u > 0.0 ? u * log(mix->rest[i]) : 0.0);
        if (one > top) {
            sum = sum * exp(top - one) + 1.0;
            top = one;
        } else if (isfinite(one)) {
            sum += exp(one - top);
        }
    }
    return sum > 0.0 ? top + log(sum) + log_choose(mix->alpha, u) : -INFINITY;
}

double traffstat_i_mix_mean(const traffstat_i_mix *mix)
{
    double mean = 0.0;
    if (mix->closed) {
        return mix->mean;
    }
    for (size_t i = 0; i < mix->count; i++) {
        mean += mix->weight[i] * mix->alpha * (mix->rest[i] / mix->prob[i]);
    }
    return mix->tail ? NAN : mean;
}
