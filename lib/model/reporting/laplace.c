/* The fast engine: a nested Laplace approximation (Rue, Martino & Chopin 2009). Given the scales and
 * the shared reporting level the latent field is nearly normal: its mode and curvature give its law
 * and the marginal density of those few outer quantities. The outer quantities are drawn from a
 * Student law that is fitted to that density in rounds, on a low-discrepancy sequence, and weighted;
 * the ridge between rate and reporting is curved along the shared level, which is why that level is
 * an outer one. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_qrng.h>

#include "model/reporting/arrow.h"
#include "model/reporting/nuts.h"

enum {
    STREAM = 0x4C41504C, /* of the generator: no other model's numbers */
    OUTER = 7,           /* most outer quantities */
    LEARNING = 256,      /* draws of a round that only teaches the next its law */
    ROUNDS = 4,          /* such rounds */
    FINAL = 1024,        /* draws of the last round */
    NEWTON = 60,
    HALVINGS = 30
};

#define FREEDOM 6.0 /* of the Student law: the scales' densities fall exponentially to 0 */
#define ENOUGH 1e-9 /* of a Newton step's gain */

/* One worker's room. */
typedef struct bench {
    traffstat_i_arrow arrow;
    void *scratch;
    double *position;
    double *trial;
    double *gradient;
    double *step;
    double *work;
    double *normal;
} bench;

typedef struct fit {
    const traffstat_i_posterior *posterior;
    size_t outer[OUTER]; /* coordinates of the outer quantities */
    double scale[OUTER]; /* of a half-normal scale, which is drawn by its normal score; or 0 */
    size_t count;
    double center[OUTER];
    double factor[OUTER * OUTER]; /* Cholesky, lower, of the Student law's scale */
    size_t *order;                /* cells by place: those of place j from first[j] on */
    size_t *first;
    double *start;           /* a position near the mode */
    double *points;          /* draws of a round: count each */
    double *log_ratio;       /* of them */
    double shift[OUTER + 1]; /* turns the sequence by the seed */
    bench *benches;
    size_t bench_count;
    uint64_t seed;
    size_t round_size;
    size_t draw_count; /* 0 but in the last round */
    double *positions;
} fit;

/* ---- given the outer quantities ------------------------------------------------------------- */

static double climb(const fit *f, bench *b, double here, double gain)
{
    const size_t d = f->posterior->at.end;
    for (double size = 1.0; size > ldexp(1.0, -HALVINGS); size *= 0.5) {
        for (size_t i = 0; i < d; i++) {
            b->trial[i] = b->position[i] + size * b->step[i];
        }
        const double there =
            traffstat_i_posterior_density(f->posterior, b->scratch, b->trial, b->gradient);
        if (there >= here + 1e-4 * size * gain) {
            memcpy(b->position, b->trial, d * sizeof *b->position);
            return there;
        }
    }
    return -INFINITY;
}

/* The latent field's mode from b->position; the log marginal density of the outer quantities there,
 * up to a constant, with the arrow factored at the mode. -INFINITY where there is none. */
static double marginal(const fit *f, bench *b)
{
    const traffstat_i_posterior *p = f->posterior;
    double here = traffstat_i_posterior_density(p, b->scratch, b->position, b->gradient);
    for (int i = 0; i < NEWTON && isfinite(here); i++) {
        if (!traffstat_i_arrow_fill(p, &b->arrow, b->scratch, b->position, false) &&
            !traffstat_i_arrow_fill(p, &b->arrow, b->scratch, b->position, true)) {
            return -INFINITY;
        }
        traffstat_i_arrow_solve(p, &b->arrow, b->gradient, b->step, b->work);
        double gain = 0.0;
        for (size_t k = 0; k < p->at.end; k++) {
            gain += b->step[k] * b->gradient[k];
        }
        if (gain < ENOUGH) {
            return here - 0.5 * b->arrow.log_determinant +
                   traffstat_i_place_integral(p, &b->arrow, b->scratch, b->position, f->order,
                                              f->first);
        }
        here = climb(f, b, here, gain);
    }
    return -INFINITY;
}

/* A scale from the normal score of its half-normal prior: its posterior is far nearer to a normal
 * there than by its logarithm, whose density has a long lower tail. Adds the log of the slope of the
 * logarithm by the score. */
static double log_scale(double score, double scale, double *log_slope)
{
    const double square = score < 0.0 ? gsl_cdf_chisq_Pinv(gsl_cdf_ugaussian_P(score), 1.0)
                                      : gsl_cdf_chisq_Qinv(gsl_cdf_ugaussian_Q(score), 1.0);
    const double log_ratio = 0.5 * log(square);
    *log_slope += 0.5 * (square - score * score) - log_ratio;
    return log(scale) + log_ratio;
}

/* Sets the outer quantities of a position that is else the start; the log of the slope of its
 * coordinates by the outer ones, up to a constant. */
static double place_outer(const fit *f, const double *outer, double *position)
{
    double log_slope = 0.0;
    memcpy(position, f->start, f->posterior->at.end * sizeof *position);
    for (size_t k = 0; k < f->count; k++) {
        position[f->outer[k]] =
            f->scale[k] > 0.0 ? log_scale(outer[k], f->scale[k], &log_slope) : outer[k];
    }
    return log_slope;
}

/* ---- the Student law of the outer quantities ------------------------------------------------ */

/* Log density up to a constant that a round shares. */
static double student(const fit *f, const double *outer)
{
    double z[OUTER];
    double squares = 0.0;
    double log_factor = 0.0;
    for (size_t i = 0; i < f->count; i++) {
        z[i] = outer[i] - f->center[i];
        for (size_t k = 0; k < i; k++) {
            z[i] -= f->factor[i * OUTER + k] * z[k];
        }
        z[i] /= f->factor[i * OUTER + i];
        squares += z[i] * z[i];
        log_factor += log(f->factor[i * OUTER + i]);
    }
    return -log_factor - 0.5 * (FREEDOM + (double) f->count) * log1p(squares / FREEDOM);
}

static void student_point(const fit *f, const double *uniform, double *outer)
{
    const double stretch = sqrt(FREEDOM / gsl_cdf_chisq_Pinv(uniform[f->count], FREEDOM));
    double z[OUTER];
    for (size_t i = 0; i < f->count; i++) {
        z[i] = stretch * gsl_cdf_ugaussian_Pinv(uniform[i]);
        outer[i] = f->center[i];
        for (size_t k = 0; k <= i; k++) {
            outer[i] += f->factor[i * OUTER + k] * z[k];
        }
    }
}

/* The points of a round, before its parallel part. */
static traffstat_status spread(traffstat_ctx *ctx, fit *f, size_t from)
{
    gsl_qrng *sequence = gsl_qrng_alloc(gsl_qrng_sobol, (unsigned int) f->count + 1);
    if (sequence == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu points", f->round_size);
    }
    double uniform[OUTER + 1];
    for (size_t i = 0; i < from + f->round_size; i++) {
        gsl_qrng_get(sequence, uniform);
        if (i < from) {
            continue;
        }
        for (size_t k = 0; k <= f->count; k++) {
            uniform[k] += f->shift[k];
            uniform[k] -= floor(uniform[k]);
            uniform[k] = fmin(fmax(uniform[k], 1e-9), 1.0 - 1e-9);
        }
        student_point(f, uniform, f->points + (i - from) * f->count);
    }
    gsl_qrng_free(sequence);
    return TRAFFSTAT_OK;
}

/* ---- a round -------------------------------------------------------------------------------- */

/* The latent field's draws that belong to an outer draw: numbers task, task + round_size, ... */
static void draw_fields(const fit *f, bench *b, size_t task)
{
    const size_t d = f->posterior->at.end;
    const size_t normals = 2 * b->arrow.blocks + b->arrow.width;
    for (size_t i = task; i < f->draw_count; i += f->round_size) {
        for (size_t k = 0; k < normals; k++) {
            b->normal[k] = gsl_cdf_ugaussian_Pinv(
                traffstat_i_random_uniform(f->seed, STREAM, (uint32_t) i, k));
        }
        traffstat_i_arrow_draw(f->posterior, &b->arrow, b->normal, b->step, b->work);
        for (size_t k = 0; k < d; k++) {
            f->positions[i * d + k] = b->position[k] + b->step[k];
        }
    }
}

static traffstat_status try_point(void *arg, size_t task, size_t worker)
{
    fit *f = arg;
    bench *b = &f->benches[worker];
    const double *outer = f->points + task * f->count;
    const double log_slope = place_outer(f, outer, b->position);
    const double height = marginal(f, b) + log_slope;
    if (isfinite(height)) {
        f->log_ratio[task] = height - student(f, outer);
        draw_fields(f, b, task);
        return TRAFFSTAT_OK;
    }
    f->log_ratio[task] = -INFINITY;
    for (size_t i = task; i < f->draw_count; i += f->round_size) {
        memcpy(f->positions + i * f->posterior->at.end, f->start,
               f->posterior->at.end * sizeof *f->positions);
    }
    return TRAFFSTAT_OK;
}

/* Weights of a round that teaches: none may count for more than the root of their number
 * (Ionides 2008). False where no point has a density. */
static bool truncated_weights(fit *f)
{
    double top = -INFINITY;
    for (size_t i = 0; i < f->round_size; i++) {
        top = fmax(top, f->log_ratio[i]);
    }
    if (!isfinite(top)) {
        return false;
    }
    double sum = 0.0;
    for (size_t i = 0; i < f->round_size; i++) {
        f->log_ratio[i] = exp(f->log_ratio[i] - top);
        sum += f->log_ratio[i];
    }
    const double most = sum / sqrt((double) f->round_size);
    double kept = 0.0;
    for (size_t i = 0; i < f->round_size; i++) {
        f->log_ratio[i] = fmin(f->log_ratio[i], most);
        kept += f->log_ratio[i];
    }
    for (size_t i = 0; i < f->round_size; i++) {
        f->log_ratio[i] /= kept;
    }
    return true;
}

/* Mean and covariance of the weighted points become the law of the next round. */
static bool learn(fit *f)
{
    if (!truncated_weights(f)) {
        return false;
    }
    double mean[OUTER] = {0.0};
    for (size_t i = 0; i < f->round_size; i++) {
        for (size_t k = 0; k < f->count; k++) {
            mean[k] += f->log_ratio[i] * f->points[i * f->count + k];
        }
    }
    double moment[OUTER * OUTER] = {0.0};
    for (size_t i = 0; i < f->round_size; i++) {
        const double *at = f->points + i * f->count;
        for (size_t k = 0; k < f->count; k++) {
            for (size_t m = 0; m <= k; m++) {
                moment[k * OUTER + m] += f->log_ratio[i] * (at[k] - mean[k]) * (at[m] - mean[m]);
            }
        }
    }
    for (size_t k = 0; k < f->count; k++) {
        moment[k * OUTER + k] += 1e-4; /* few points may lie in a plane */
        for (size_t m = 0; m <= k; m++) {
            double sum = moment[k * OUTER + m];
            for (size_t j = 0; j < m; j++) {
                sum -= f->factor[k * OUTER + j] * f->factor[m * OUTER + j];
            }
            f->factor[k * OUTER + m] =
                m < k ? sum / f->factor[m * OUTER + m] : sqrt(fmax(sum, 1e-6));
        }
        f->center[k] = mean[k];
    }
    return true;
}

/* Newton starts of the next round from the field's mode at the law's centre. */
static void move_start(fit *f)
{
    bench *b = &f->benches[0];
    place_outer(f, f->center, b->position);
    if (isfinite(marginal(f, b))) {
        memcpy(f->start, b->position, f->posterior->at.end * sizeof *f->start);
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void add_outer(fit *f, size_t coordinate, double center, double spread, double scale)
{
    if (coordinate == TRAFFSTAT_I_NO_COORDINATE) {
        return;
    }
    f->outer[f->count] = coordinate;
    f->scale[f->count] = scale;
    f->center[f->count] = center;
    f->factor[f->count * OUTER + f->count] = spread;
    f->count++;
}

/* First law: the prior's. The level's coordinate starts where the counts put it. */
static void begin(fit *f)
{
    const traffstat_i_posterior_spec *s = &f->posterior->spec;
    const traffstat_i_blocks *at = &f->posterior->at;
    const double a = s->report.a;
    const double b = s->report.b;
    if (s->report.is_logit_normal) {
        add_outer(f, at->report, a, b, 0.0);
    } else {
        add_outer(f, at->report, log(a / b), fmin(sqrt(1.0 / a + 1.0 / b), 3.0), 0.0);
    }
    add_outer(f, at->place_sd, 0.0, 0.9, s->place_scale);
    add_outer(f, at->report_place_sd, 0.0, 0.9, s->report_place_scale);
    add_outer(f, at->year_sd, 0.0, 0.9, s->year_scale);
    add_outer(f, at->drift_sd, 0.0, 0.9, s->drift_scale);
    add_outer(f, at->dispersion, 0.0, 0.9, s->dispersion_scale);
    double counted = 0.5;
    double exposed = 0.0;
    for (size_t i = 0; i < s->cell_count; i++) {
        counted += (double) s->cells[i].low;
        exposed += f->posterior->weight[i];
    }
    f->start[at->level] = log(counted / exposed);
    for (size_t k = 0; k <= f->count; k++) {
        f->shift[k] = traffstat_i_random_uniform(f->seed, STREAM, UINT32_MAX, k);
    }
}

static traffstat_status run(traffstat_ctx *ctx, fit *f, size_t draw_count, double *positions)
{
    size_t used = 0;
    for (int round = 0; round <= ROUNDS; round++) {
        const bool last = round == ROUNDS;
        f->round_size = last ? FINAL : LEARNING;
        f->draw_count = last ? draw_count : 0;
        f->positions = positions;
        move_start(f);
        traffstat_i_progress_span(ctx, 0.1 * round, last ? 0.9 : 0.1 * (round + 1));
        traffstat_status status = spread(ctx, f, used);
        used += f->round_size;
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_parallel(ctx, f->round_size, try_point, f);
        }
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        if (!last && !learn(f)) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                    "the fast engine found no mode of the panel");
        }
    }
    return TRAFFSTAT_OK;
}

static void sort_by_place(fit *f)
{
    const traffstat_i_posterior_spec *s = &f->posterior->spec;
    memset(f->first, 0, (s->place_count + 2) * sizeof *f->first);
    for (size_t i = 0; i < s->cell_count; i++) {
        f->first[s->cells[i].place + 2]++;
    }
    for (size_t j = 2; j < s->place_count + 2; j++) {
        f->first[j] += f->first[j - 1];
    }
    for (size_t i = 0; i < s->cell_count; i++) {
        f->order[f->first[s->cells[i].place + 1]++] = i;
    }
}

static traffstat_status open_benches(traffstat_ctx *ctx, fit *f)
{
    const traffstat_i_posterior_spec *s = &f->posterior->spec;
    const size_t d = f->posterior->at.end;
    f->bench_count = traffstat_i_workers(ctx, FINAL);
    f->start = traffstat_i_alloc(ctx, d, sizeof *f->start);
    f->order = traffstat_i_alloc(ctx, s->cell_count, sizeof *f->order);
    f->first = traffstat_i_alloc(ctx, s->place_count + 2, sizeof *f->first);
    f->points = traffstat_i_alloc(ctx, (size_t) FINAL * OUTER, sizeof *f->points);
    f->log_ratio = traffstat_i_alloc(ctx, FINAL, sizeof *f->log_ratio);
    f->benches = traffstat_i_alloc(ctx, f->bench_count, sizeof *f->benches);
    if (f->benches != NULL) {
        memset(f->benches, 0, f->bench_count * sizeof *f->benches);
    }
    if (f->start == NULL || f->order == NULL || f->first == NULL || f->points == NULL ||
        f->log_ratio == NULL || f->benches == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(f->start, 0, d * sizeof *f->start);
    sort_by_place(f);
    for (size_t i = 0; i < f->bench_count; i++) {
        bench *b = &f->benches[i];
        b->scratch = traffstat_i_alloc(ctx, traffstat_i_posterior_scratch_size(f->posterior), 1);
        b->position = traffstat_i_alloc(ctx, 6 * d, sizeof *b->position);
        if (b->scratch == NULL || b->position == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
        b->trial = b->position + d;
        b->gradient = b->trial + d;
        b->step = b->gradient + d;
        b->work = b->step + d;
        b->normal = b->work + d;
        const traffstat_status status = traffstat_i_arrow_open(ctx, f->posterior, &b->arrow);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return TRAFFSTAT_OK;
}

static void close_benches(traffstat_ctx *ctx, fit *f)
{
    for (size_t i = 0; f->benches != NULL && i < f->bench_count; i++) {
        traffstat_i_free(ctx, f->benches[i].scratch);
        traffstat_i_free(ctx, f->benches[i].position);
        traffstat_i_arrow_close(ctx, &f->benches[i].arrow);
    }
    traffstat_i_free(ctx, f->benches);
    traffstat_i_free(ctx, f->start);
    traffstat_i_free(ctx, f->order);
    traffstat_i_free(ctx, f->first);
    traffstat_i_free(ctx, f->points);
    traffstat_i_free(ctx, f->log_ratio);
}

/* Smoothed weights of the outer draws, shared among the fields drawn with each. */
static traffstat_status weigh(traffstat_ctx *ctx, fit *f, double *log_weights, double *khat)
{
    const traffstat_status status = traffstat_i_psis(ctx, f->log_ratio, f->round_size, khat);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double sum = 0.0;
    for (size_t i = 0; i < f->draw_count; i++) {
        const size_t task = i % f->round_size;
        const size_t sharers = (f->draw_count - task - 1) / f->round_size + 1;
        log_weights[i] = f->log_ratio[task] - log((double) sharers);
        sum += exp(log_weights[i]);
    }
    for (size_t i = 0; i < f->draw_count; i++) {
        log_weights[i] -= log(sum);
    }
    return TRAFFSTAT_OK;
}

bool traffstat_i_posterior_has_fast(const traffstat_i_posterior *posterior)
{
    for (size_t k = 0; k < posterior->spec.term_count; k++) {
        if (posterior->spec.terms[k].is_total || posterior->spec.terms[k].is_pooled) {
            return false;
        }
    }
    return posterior->basis == NULL;
}

traffstat_status traffstat_i_posterior_laplace(traffstat_ctx *ctx,
                                               const traffstat_i_posterior *posterior,
                                               uint64_t seed, size_t draw_count, double *positions,
                                               double *log_weights, double *khat)
{
    if (!traffstat_i_posterior_has_fast(posterior)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the fast engine knows no neighbours, no totals of lists and no "
                                "audits of several places or years: take the other engine");
    }
    fit f = {.posterior = posterior, .seed = seed};
    traffstat_status status = open_benches(ctx, &f);
    if (status == TRAFFSTAT_OK) {
        begin(&f);
        status = run(ctx, &f, draw_count, positions);
    }
    if (status == TRAFFSTAT_OK) {
        status = weigh(ctx, &f, log_weights, khat);
    }
    close_benches(ctx, &f);
    return status;
}
