/* The density that the sampler draws a Poisson-logistic regression from, and the chains. */
#include "model/reporting/pogit_target.h"

#include <math.h>
#include <string.h>

#include "model/rate/regress.h"

enum { CHAINS = 4, WARMUP = 500, DOUBLINGS = 4, DEPTH = 10 };

#define ACCEPT 0.9        /* of trajectories: the top is round in these coordinates */
#define ACCEPT_AGAIN 0.99 /* VERDICTS: divergences count after a retry at it */
#define START_RADIUS 1.0

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void add(double *to, const double *x, size_t n, double weight)
{
    for (size_t i = 0; i < n; i++) {
        to[i] += weight * x[i];
    }
}

/* ---- triangles ------------------------------------------------------------------------------- */

/* factor x = vector, and factor' x = vector, in place. */
static void forward(const double *factor, size_t k, double *vector)
{
    for (size_t i = 0; i < k; i++) {
        vector[i] = (vector[i] - dot(factor + i * k, vector, i)) / factor[i * k + i];
    }
}

static void backward(const double *factor, size_t k, double *vector)
{
    for (size_t i = k; i-- > 0;) {
        vector[i] /= factor[i * k + i];
        for (size_t j = 0; j < i; j++) {
            vector[j] -= factor[i * k + j] * vector[i];
        }
    }
}

/* ---- making it ------------------------------------------------------------------------------- */

static double mean_at(const traffstat_i_pogit *of, const double *at, size_t row, double log_share)
{
    return exp(of->offset[row] + dot(of->x + row * of->rate, at, of->rate) + log_share);
}

/* The laws of the rate's coefficients: what is held tightly does not follow. */
static void add_laws(const traffstat_i_pogit_target *target, double *work)
{
    const traffstat_i_pogit *of = target->of;
    const size_t k = of->rate + of->share;
    for (size_t law = 0; law < of->laws; law++) {
        const double *form = of->form + law * k;
        const double curve = traffstat_i_pogit_law(of, law, dot(form, target->top, k), false).curve;
        for (size_t i = 0; i < of->rate; i++) {
            add(work + i * of->rate, form, i + 1, curve * form[i]);
        }
    }
}

/* follow: (X' M X + L)^-1 X' M, by row, L of the laws; zero, which is no more than slower, where that
 * does not exist. */
static void find_follow(traffstat_i_pogit_target *target, double *work)
{
    const traffstat_i_pogit *of = target->of;
    const size_t n = of->rate;
    memset(work, 0, n * n * sizeof *work);
    for (size_t row = 0; row < of->rows; row++) {
        const double *x = of->x + row * n;
        const double mean = mean_at(of, target->top, row, target->log_share[row]);
        for (size_t i = 0; i < n; i++) {
            target->follow[row * n + i] = mean * x[i];
            for (size_t j = 0; j <= i; j++) {
                work[i * n + j] += mean * x[i] * x[j];
            }
        }
    }
    add_laws(target, work);
    const bool there = traffstat_i_cholesky(work, n);
    for (size_t row = 0; row < of->rows; row++) {
        if (there) {
            traffstat_i_cholesky_solve(work, n, target->follow + row * n);
        } else {
            memset(target->follow + row * n, 0, n * sizeof *target->follow);
        }
    }
}

/* How the coefficients move with the coordinates: the rate's with the reporting's, rate x share. */
static void find_slant(const traffstat_i_pogit_target *target, double *slant)
{
    const traffstat_i_pogit *of = target->of;
    memset(slant, 0, of->rate * of->share * sizeof *slant);
    for (size_t row = 0; row < of->rows; row++) {
        const double missed = -expm1(target->log_share[row]);
        for (size_t i = 0; i < of->rate; i++) {
            add(slant + i * of->share, of->w + row * of->share, of->share,
                -missed * target->follow[row * of->rate + i]);
        }
    }
}

/* The curvature in the moved coordinates: J' H J with J = [I, slant; 0, I]. The slope by the rate's
 * coefficients is 0 at the top, so that nothing else bends. */
static void move_curvature(const traffstat_i_pogit *of, const double *slant, double *h)
{
    const size_t n = of->rate;
    const size_t k = n + of->share;
    for (size_t i = 0; i < k; i++) { /* the whole matrix, of which the lower triangle is there */
        for (size_t j = 0; j < i; j++) {
            h[j * k + i] = h[i * k + j];
        }
    }
    for (size_t i = 0; i < k; i++) { /* H J */
        for (size_t j = 0; j < of->share; j++) {
            for (size_t r = 0; r < n; r++) {
                h[i * k + n + j] += h[i * k + r] * slant[r * of->share + j];
            }
        }
    }
    for (size_t j = 0; j < of->share; j++) { /* J' (H J) */
        for (size_t r = 0; r < n; r++) {
            add(h + (n + j) * k, h + r * k, k, slant[r * of->share + j]);
        }
    }
}

static traffstat_status find_factor(traffstat_i_pogit_target *target, double *work)
{
    const traffstat_i_pogit *of = target->of;
    const size_t k = of->rate + of->share;
    find_slant(target, work + k);
    for (int observed = 1; observed >= 0; observed--) {
        (void) traffstat_i_pogit_value(of, target->top, true, observed == 1, work, target->factor);
        move_curvature(of, work + k, target->factor);
        if (traffstat_i_cholesky(target->factor, k)) {
            return TRAFFSTAT_OK;
        }
    }
    return TRAFFSTAT_E_NUMERIC;
}

traffstat_status traffstat_i_pogit_target_init(traffstat_ctx *ctx, const traffstat_i_pogit *of,
                                               const double *top, traffstat_i_pogit_target *out)
{
    const size_t k = of->rate + of->share;
    *out = (traffstat_i_pogit_target){.of = of};
    out->block =
        traffstat_i_alloc(ctx, 2 * k + 2 * k * k + of->rows * (of->rate + 1), sizeof *out->block);
    if (out->block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->top = out->block;
    out->factor = out->top + k;
    out->log_share = out->factor + k * k;
    out->follow = out->log_share + of->rows;
    double *work = out->follow + of->rows * of->rate;
    memcpy(out->top, top, k * sizeof *out->top);
    for (size_t row = 0; row < of->rows; row++) {
        out->log_share[row] =
            traffstat_i_log_share(dot(of->w + row * of->share, top + of->rate, of->share));
    }
    find_follow(out, work);
    const traffstat_status status = find_factor(out, work);
    if (status != TRAFFSTAT_OK) {
        traffstat_i_pogit_target_clear(ctx, out);
        return traffstat_i_fail(ctx, status, "the posterior has no rounded top to start from");
    }
    return status;
}

void traffstat_i_pogit_target_clear(traffstat_ctx *ctx, traffstat_i_pogit_target *target)
{
    traffstat_i_free(ctx, target->block);
    *target = (traffstat_i_pogit_target){0};
}

/* ---- the density ----------------------------------------------------------------------------- */

size_t traffstat_i_pogit_scratch_size(const traffstat_i_pogit *of)
{
    return (2 * (of->rate + of->share) + 2 * of->rows) * sizeof(double);
}

/* ln p, p and 1 - p at a logit: one exponential, one logarithm. */
typedef struct split {
    double log_p;
    double p;
    double missed;
} split;

static split split_at(double logit)
{
    const double less = exp(-fabs(logit));
    const double log_p = (logit < 0.0 ? logit : 0.0) - log1p(less);
    const double one = 1.0 / (1.0 + less);
    return logit < 0.0 ? (split){log_p, less * one, one} : (split){log_p, one, less * one};
}

/* What is kept of each row in the scratch. */
typedef struct kept {
    double *log_p;
    double *missed;
} kept;

static kept kept_in(const traffstat_i_pogit *of, double *scratch)
{
    double *rows = scratch + 2 * (of->rate + of->share);
    return (kept){rows, rows + of->rows};
}

static void place(const traffstat_i_pogit_target *target, const kept *keep, const double *position,
                  double *at)
{
    const traffstat_i_pogit *of = target->of;
    const size_t k = of->rate + of->share;
    memcpy(at, position, k * sizeof *at);
    backward(target->factor, k, at);
    add(at, target->top, k, 1.0);
    for (size_t row = 0; row < of->rows; row++) {
        const split here = split_at(dot(of->w + row * of->share, at + of->rate, of->share));
        keep->log_p[row] = here.log_p;
        keep->missed[row] = here.missed;
        add(at, target->follow + row * of->rate, of->rate, target->log_share[row] - here.log_p);
    }
}

void traffstat_i_pogit_at(const traffstat_i_pogit_target *target, void *scratch,
                          const double *position, double *at)
{
    const kept keep = kept_in(target->of, scratch);
    place(target, &keep, position, at);
}

static double add_counts(const traffstat_i_pogit *of, const double *at, const kept *keep,
                         double *slope)
{
    double sum = 0.0;
    for (size_t row = 0; row < of->rows; row++) {
        const double *x = of->x + row * of->rate;
        const double log_mean = of->offset[row] + dot(x, at, of->rate) + keep->log_p[row];
        const traffstat_i_bend bend = traffstat_i_pogit_count(of, row, log_mean, true);
        add(slope, x, of->rate, bend.slope);
        add(slope + of->rate, of->w + row * of->share, of->share, bend.slope * keep->missed[row]);
        sum += bend.value;
    }
    return sum;
}

static double add_others(const traffstat_i_pogit *of, const double *at, double *slope)
{
    const size_t k = of->rate + of->share;
    double sum = 0.0;
    for (size_t term = 0; term < of->terms; term++) {
        const double *z = of->z + term * of->share;
        if (of->seen[term] + of->missed[term] <= 0.0) {
            continue; /* nobody looked */
        }
        const double logit = dot(z, at + of->rate, of->share);
        const split here = split_at(logit);
        add(slope + of->rate, z, of->share,
            of->seen[term] * here.missed - of->missed[term] * here.p);
        sum += of->seen[term] * here.log_p + of->missed[term] * (here.log_p - logit);
    }
    for (size_t law = 0; law < of->laws; law++) {
        const double *form = of->form + law * k;
        const traffstat_i_bend bend = traffstat_i_pogit_law(of, law, dot(form, at, k), true);
        add(slope, form, k, bend.slope);
        sum += bend.value;
    }
    return sum;
}

double traffstat_i_pogit_density(const void *model, void *scratch, const double *position,
                                 double *gradient)
{
    const traffstat_i_pogit_target *target = model;
    const traffstat_i_pogit *of = target->of;
    const size_t k = of->rate + of->share;
    double *at = scratch;
    const kept keep = kept_in(of, scratch);
    place(target, &keep, position, at);
    memset(gradient, 0, k * sizeof *gradient);
    const double value = add_counts(of, at, &keep, gradient) + add_others(of, at, gradient);
    if (!isfinite(value)) {
        return -INFINITY;
    }
    for (size_t row = 0; row < of->rows; row++) { /* the rate's coefficients follow log p */
        const double pulled = dot(target->follow + row * of->rate, gradient, of->rate);
        add(gradient + of->rate, of->w + row * of->share, of->share, -pulled * keep.missed[row]);
    }
    forward(target->factor, k, gradient);
    return value;
}

/* ---- chains ---------------------------------------------------------------------------------- */

traffstat_status traffstat_i_pogit_chains(traffstat_ctx *ctx,
                                          const traffstat_i_pogit_target *target, int32_t draws,
                                          traffstat_i_rounds_fn look, void *user,
                                          traffstat_i_chains **out, double *accept)
{
    const traffstat_i_target density = {.dimension = target->of->rate + target->of->share,
                                        .model = target,
                                        .scratch_size = traffstat_i_pogit_scratch_size(target->of),
                                        .density = traffstat_i_pogit_density,
                                        .start_radius = START_RADIUS};
    traffstat_i_nuts_options how = {.chains = CHAINS,
                                    .warmup = WARMUP,
                                    .draws = draws,
                                    .accept = ACCEPT,
                                    .max_depth = DEPTH,
                                    .seed = traffstat_ctx_seed(ctx),
                                    .progress_from = 0.05,
                                    .progress_to = 0.275};
    traffstat_i_rounds rounds = {DOUBLINGS, 0.5, look, user};
    *out = NULL;
    *accept = ACCEPT;
    traffstat_status status = traffstat_i_nuts_rounds(ctx, &density, &how, &rounds, out);
    if (status == TRAFFSTAT_OK && (*out)->divergences > 0) {
        traffstat_i_chains_free(ctx, *out);
        *out = NULL;
        *accept = how.accept = ACCEPT_AGAIN;
        how.progress_from = 0.5;
        how.progress_to = 0.7;
        rounds.progress_end = 0.9;
        status = traffstat_i_nuts_rounds(ctx, &density, &how, &rounds, out);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_chains_free(ctx, *out);
        *out = NULL;
    }
    return status;
}
