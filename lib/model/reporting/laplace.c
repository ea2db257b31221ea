/* The fast engine: importance sampling around nested normal laws (Rue, Martino & Chopin 2009 for the
 * nesting). Given the scales and the shared reporting level - the outer quantities - the latent field
 * is nearly normal: its mode and curvature propose what places share, and each place's own effects
 * given that are drawn from candidates of their own (place_draw.c). Nothing of those normal laws is
 * left in the answer but the weights of the draws, so that the weights' k-hat tells whether it may be
 * trusted: on the few outer and shared quantities alone, not on the places' many.
 *
 * The outer quantities come from a Student law that is fitted to the weighted draws in rounds, on a
 * low-discrepancy sequence; the ridge between rate and reporting is curved along the shared level,
 * which is why that level is an outer one. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_linalg.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_qrng.h>
#include <gsl/gsl_vector.h>

#include "model/reporting/arrow.h"
#include "model/reporting/nuts.h"

enum {
    STREAM = 0x4C41504C, /* of the generator: no other model's numbers */
    OUTER = 7,           /* most outer quantities */
    LEARNING = 192,      /* draws of a round that only teaches the next its law */
    ROUNDS = 2,          /* such rounds */
    CLIMBS = 12,         /* Newton steps of the outer quantities */
    FIFTH = 5,           /* one point in so many is of the wider law */
    FIELDS = 6,          /* draws of the field with each outer draw of the last round */
    NEWTON = 60,
    HALVINGS = 30,
    TILTS = 2,      /* looks at what the places leave out, from that of the center */
    FIRST_TILTS = 3 /* the same for the center */
};

#define FREEDOM 4.0        /* of the Student law: the scales' densities fall exponentially to 0 */
#define WIDER 3.0          /* times the law's scale */
#define FIELD_FREEDOM 20.0 /* of the shared coordinates', which are nearly normal */
#define TEACHERS 0.35      /* share of a round's draws that count in teaching the next */
#define STEP 0.3           /* of differences between outer quantities, whose sd is about 1 */
#define LONGEST 2.0        /* step of an outer quantity */
#define NEAR 0.05          /* gain of such a step that ends them */
#define ENOUGH 1e-3        /* of a Newton step's gain: weights mend a mode that is a little off */

/* One worker's room. */
typedef struct bench {
    traffstat_i_arrow arrow;
    traffstat_i_arrow held; /* the same with what is shared of reporting held */
    traffstat_i_place_room places;
    void *scratch;
    double *store;    /* of the places' room */
    double *position; /* the mode given the outer quantities */
    double *given;    /* the mode given what is shared of reporting as well */
    double *tilt;     /* slope of what the places' normal laws leave out, by what is shared */
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
    size_t most_cells; /* of a place */
    double *start;     /* a position near the mode, and its tilt */
    double *tilt;
    double *points;          /* outer draws of a round: count each */
    double *log_ratio;       /* of the round's draws */
    double weight[LEARNING]; /* of a round that teaches */
    double shift[OUTER + 1]; /* turns the sequence by the seed */
    bench *benches;
    size_t bench_count;
    uint64_t seed;
    uint32_t round;
    size_t round_size; /* outer draws */
    size_t
        draw_count; /* draws of the field: draw i belongs to the outer draw i modulo round_size */
    double *positions; /* filled in the last round */
} fit;

/* ---- given the outer quantities ------------------------------------------------------------- */

/* Log density and gradient, tilted. */
static double height(const fit *f, bench *b, const double *position)
{
    double sum = traffstat_i_posterior_density(f->posterior, b->scratch, position, b->gradient);
    for (size_t k = 0; k < b->arrow.width; k++) {
        const size_t at = b->arrow.shared[k];
        sum += b->tilt[at] * position[at];
        b->gradient[at] += b->tilt[at];
    }
    return sum;
}

static double climb(const fit *f, bench *b, double *position, double here, double gain)
{
    const size_t d = f->posterior->at.end;
    for (double size = 1.0; size > ldexp(1.0, -HALVINGS); size *= 0.5) {
        for (size_t i = 0; i < d; i++) {
            b->trial[i] = position[i] + size * b->step[i];
        }
        const double there = height(f, b, b->trial);
        if (there >= here + 1e-4 * size * gain) {
            memcpy(position, b->trial, d * sizeof *position);
            return there;
        }
    }
    return -INFINITY;
}

/* From `position` to nearly the mode of what the arrow holds, which is then factored there; false
 * where there is none. */
static bool find_mode(const fit *f, bench *b, traffstat_i_arrow *arrow, double *position)
{
    const traffstat_i_posterior *p = f->posterior;
    double here = height(f, b, position);
    for (int i = 0; i < NEWTON && isfinite(here); i++) {
        if (!traffstat_i_arrow_fill(p, arrow, b->scratch, position, false) &&
            !traffstat_i_arrow_fill(p, arrow, b->scratch, position, true)) {
            return false;
        }
        traffstat_i_arrow_solve(p, arrow, b->gradient, b->step, b->work);
        double gain = 0.0;
        for (size_t k = 0; k < p->at.end; k++) {
            gain += b->step[k] * b->gradient[k];
        }
        if (gain < ENOUGH) {
            return true;
        }
        here = climb(f, b, position, here, gain);
    }
    return false;
}

/* The mode of what is shared once the places are integrated out: each of their laws errs by a factor
 * that moves with what is shared, and many of those together move the mode. The tilt makes up for
 * it. */
static bool find_middle(const fit *f, bench *b, int tilts)
{
    const traffstat_i_posterior *p = f->posterior;
    memcpy(b->tilt, f->tilt, p->at.end * sizeof *b->tilt);
    for (int i = 0; i < tilts && b->arrow.blocks > 0; i++) {
        if (!find_mode(f, b, &b->arrow, b->position)) {
            return false;
        }
        (void) traffstat_i_place_scores(p, &b->arrow, b->scratch, &b->places, b->position,
                                        b->gradient);
        for (size_t k = 0; k < b->arrow.width; k++) {
            b->tilt[b->arrow.shared[k]] += b->gradient[b->arrow.shared[k]];
        }
    }
    return find_mode(f, b, &b->arrow, b->position);
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

/* Log density up to a constant that a round shares: every fifth point is of a law that is wider, so
 * that no tail that the rounds did not meet stays without points. */
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
    const double n = (double) f->count;
    const double power = -0.5 * (FREEDOM + n);
    const double core = exp(power * log1p(squares / FREEDOM));
    const double wide = exp(power * log1p(squares / (FREEDOM * WIDER * WIDER)) - n * log(WIDER));
    return log(((FIFTH - 1.0) * core + wide) / FIFTH) - log_factor;
}

static void student_point(const fit *f, const double *uniform, bool wide, double *outer)
{
    const double stretch =
        (wide ? WIDER : 1.0) * sqrt(FREEDOM / gsl_cdf_chisq_Pinv(uniform[f->count], FREEDOM));
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
        student_point(f, uniform, (i - from) % FIFTH == 0, f->points + (i - from) * f->count);
    }
    gsl_qrng_free(sequence);
    return TRAFFSTAT_OK;
}

/* ---- a round -------------------------------------------------------------------------------- */

/* A Student draw around `middle` of the shared coordinates of an arrow from number `first` on, those
 * before it and the places at their middles given them, into `to`; the log of its density, up to a
 * constant. */
static double draw_shared(const fit *f, bench *b, const traffstat_i_arrow *arrow, size_t first,
                          const double *middle, double *to, traffstat_i_stream *stream)
{
    const size_t width = arrow->width;
    double squares = 0.0;
    memset(b->normal, 0, width * sizeof *b->normal);
    const double chance =
        traffstat_i_random_uniform(stream->seed, stream->model, stream->replicate, stream->index++);
    const double stretch = sqrt(FIELD_FREEDOM / gsl_cdf_chisq_Pinv(chance, FIELD_FREEDOM));
    for (size_t k = first; k < width; k++) {
        b->normal[k] =
            stretch * gsl_cdf_ugaussian_Pinv(traffstat_i_random_uniform(
                          stream->seed, stream->model, stream->replicate, stream->index++));
        squares += b->normal[k] * b->normal[k];
    }
    traffstat_i_arrow_shared(f->posterior, arrow, b->normal, b->step, b->work);
    for (size_t k = 0; k < f->posterior->at.end; k++) {
        to[k] = middle[k] + b->step[k];
    }
    return traffstat_i_arrow_log_root(arrow, first) -
           0.5 * (FIELD_FREEDOM + (double) (width - first)) * log1p(squares / FIELD_FREEDOM);
}

/* One draw of the whole field into b->trial; the log of its weight given the outer quantities. What
 * is shared of reporting comes first: given that, what is left is nearly normal. */
static double draw_field(const fit *f, bench *b, size_t draw)
{
    const traffstat_i_posterior *p = f->posterior;
    traffstat_i_stream stream = {f->seed, STREAM, (uint32_t) draw, (uint64_t) f->round << 32};
    const traffstat_i_arrow *arrow = &b->arrow;
    double proposed = 0.0;
    if (arrow->rates < arrow->width) {
        proposed = draw_shared(f, b, arrow, arrow->rates, b->position, b->given, &stream);
        if (!find_mode(f, b, &b->held, b->given)) {
            return -INFINITY;
        }
        arrow = &b->held;
    }
    const double *middle = arrow == &b->held ? b->given : b->position;
    proposed += draw_shared(f, b, arrow, 0, middle, b->trial, &stream);
    const double target = traffstat_i_posterior_density(p, b->scratch, b->trial, b->gradient);
    if (!isfinite(target)) {
        return -INFINITY;
    }
    return target - proposed +
           traffstat_i_place_draw(p, arrow, b->scratch, &b->places, &stream, b->trial);
}

/* Log density of the outer quantities, up to a constant, by the normal law of what is shared and a
 * rule for the places. */
static double marginal(const fit *f, bench *b)
{
    const traffstat_i_posterior *p = f->posterior;
    const double here = traffstat_i_posterior_density(p, b->scratch, b->position, b->gradient);
    return here - traffstat_i_arrow_log_root(&b->arrow, 0) +
           traffstat_i_place_scores(p, &b->arrow, b->scratch, &b->places, b->position, b->gradient);
}

/* The density at outer quantities of a round that only teaches. */
static traffstat_status measure(void *arg, size_t task, size_t worker)
{
    fit *f = arg;
    bench *b = &f->benches[worker];
    const double log_slope = place_outer(f, f->points + task * f->count, b->position);
    const double height = find_middle(f, b, TILTS) ? marginal(f, b) : -INFINITY;
    f->log_ratio[task] = isfinite(height) ? height + log_slope : -INFINITY;
    return TRAFFSTAT_OK;
}

static traffstat_status draw_fields(void *arg, size_t task, size_t worker)
{
    fit *f = arg;
    bench *b = &f->benches[worker];
    const double *outer = f->points + task * f->count;
    const double log_slope = place_outer(f, outer, b->position);
    const double proposed = student(f, outer);
    const bool found = find_middle(f, b, TILTS);
    for (size_t i = task; i < f->draw_count; i += f->round_size) {
        const double weight = found ? draw_field(f, b, i) : -INFINITY;
        f->log_ratio[i] = isfinite(weight) ? weight + log_slope - proposed : -INFINITY;
        memcpy(f->positions + i * f->posterior->at.end, found ? b->trial : f->start,
               f->posterior->at.end * sizeof *f->positions);
    }
    return TRAFFSTAT_OK;
}

/* Weights to the power of `power`, adding up to 1; their effective number. */
static double temper(const fit *f, double top, double power, double *weight)
{
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < f->round_size; i++) {
        weight[i] = exp(power * (f->log_ratio[i] - top));
        sum += weight[i];
    }
    for (size_t i = 0; i < f->round_size; i++) {
        weight[i] /= sum;
        squares += weight[i] * weight[i];
    }
    return 1.0 / squares;
}

/* Weights of a round that teaches, flattened until enough of them count: a law that is far off is
 * led in steps to where it belongs. False where no point has a density. */
static bool flat_weights(fit *f)
{
    double top = -INFINITY;
    for (size_t i = 0; i < f->round_size; i++) {
        f->log_ratio[i] -= student(f, f->points + i * f->count);
        top = fmax(top, f->log_ratio[i]);
    }
    if (!isfinite(top)) {
        return false;
    }
    double power = 1.0;
    while (temper(f, top, power, f->weight) < TEACHERS * (double) f->round_size && power > 0.01) {
        power *= 0.85;
    }
    return true;
}

/* Mean and covariance of the weighted points become the law of the next round. */
static bool learn(fit *f)
{
    if (!flat_weights(f)) {
        return false;
    }
    double mean[OUTER] = {0.0};
    for (size_t i = 0; i < f->round_size; i++) {
        for (size_t k = 0; k < f->count; k++) {
            mean[k] += f->weight[i] * f->points[i * f->count + k];
        }
    }
    double moment[OUTER * OUTER] = {0.0};
    for (size_t i = 0; i < f->round_size; i++) {
        const double *at = f->points + i * f->count;
        for (size_t k = 0; k < f->count; k++) {
            for (size_t m = 0; m <= k; m++) {
                moment[k * OUTER + m] += f->weight[i] * (at[k] - mean[k]) * (at[m] - mean[m]);
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

/* ---- where the outer quantities belong ------------------------------------------------------ */

/* Points around the law's center: it, one step each way along each quantity, one along each pair. */
static size_t stencil(fit *f)
{
    const size_t n = f->count;
    size_t rows = 0;
    for (size_t i = 0; i < 1 + 2 * n + n * (n - 1) / 2; i++) {
        memcpy(f->points + i * n, f->center, n * sizeof *f->points);
    }
    rows++;
    for (size_t k = 0; k < n; k++) {
        f->points[rows++ * n + k] += STEP;
        f->points[rows++ * n + k] -= STEP;
    }
    for (size_t k = 0; k < n; k++) {
        for (size_t m = 0; m < k; m++) {
            f->points[rows * n + k] += STEP;
            f->points[rows++ * n + m] += STEP;
        }
    }
    return rows;
}

/* Slope and negative curvature of the log density from the stencil's heights. */
static void differences(const fit *f, double *slope, gsl_matrix *curvature)
{
    const size_t n = f->count;
    const double *h = f->log_ratio;
    const double *pair = h + 1 + 2 * n;
    for (size_t k = 0; k < n; k++) {
        const double up = h[1 + 2 * k];
        const double down = h[2 + 2 * k];
        slope[k] = (up - down) / (2.0 * STEP);
        gsl_matrix_set(curvature, k, k, (2.0 * h[0] - up - down) / (STEP * STEP));
        for (size_t m = 0; m < k; m++) {
            const double both = (h[1 + 2 * k] + h[1 + 2 * m] - h[0] - *pair++) / (STEP * STEP);
            gsl_matrix_set(curvature, k, m, both);
            gsl_matrix_set(curvature, m, k, both);
        }
    }
}

/* Cholesky factor of the curvature with as much added to its diagonal as that takes. */
static bool factor_curvature(const gsl_matrix *curvature, gsl_matrix *factor)
{
    for (double more = 0.1; more < 1e6; more *= 2.0) {
        gsl_matrix_memcpy(factor, curvature);
        for (size_t k = 0; k < factor->size1; k++) {
            const double own = gsl_matrix_get(factor, k, k);
            gsl_matrix_set(factor, k, k, own + (more > 0.1 ? more : 0.0));
        }
        if (gsl_linalg_cholesky_decomp1(factor) == GSL_SUCCESS &&
            gsl_matrix_get(factor, 0, 0) > 0.0) {
            return true;
        }
    }
    return false;
}

/* The inverse of the factored curvature becomes the law's scale. */
static bool take_scale(fit *f, gsl_matrix *factor)
{
    if (gsl_linalg_cholesky_invert(factor) != GSL_SUCCESS ||
        gsl_linalg_cholesky_decomp1(factor) != GSL_SUCCESS) {
        return false;
    }
    for (size_t k = 0; k < f->count; k++) {
        for (size_t m = 0; m <= k; m++) {
            f->factor[k * OUTER + m] = gsl_matrix_get(factor, k, m);
        }
    }
    return true;
}

/* A Newton step of the law's center, no quantity by more than LONGEST; its gain by the quadratic. */
static double step_center(fit *f, const gsl_matrix *factor, const double *slope)
{
    double step[OUTER];
    memcpy(step, slope, f->count * sizeof *step);
    gsl_vector_view x = gsl_vector_view_array(step, f->count);
    (void) gsl_linalg_cholesky_svx(factor, &x.vector);
    double longest = 0.0;
    double gain = 0.0;
    for (size_t k = 0; k < f->count; k++) {
        longest = fmax(longest, fabs(step[k]));
        gain += step[k] * slope[k];
    }
    const double shrink = longest > LONGEST ? LONGEST / longest : 1.0;
    for (size_t k = 0; k < f->count; k++) {
        f->center[k] += shrink * step[k];
    }
    return gain;
}

/* Newton starts of the next round from the field's mode at the law's centre. */
static void move_start(fit *f)
{
    bench *b = &f->benches[0];
    place_outer(f, f->center, b->position);
    if (find_middle(f, b, FIRST_TILTS)) {
        memcpy(f->start, b->position, f->posterior->at.end * sizeof *f->start);
        memcpy(f->tilt, b->tilt, f->posterior->at.end * sizeof *f->tilt);
    }
}

/* The law's center climbs to the mode of the outer quantities, its scale becomes their curvature's.
 * Whatever comes of it is only where the rounds begin. */
static traffstat_status find_center(traffstat_ctx *ctx, fit *f)
{
    gsl_matrix *curvature = gsl_matrix_alloc(f->count, f->count);
    gsl_matrix *factor = gsl_matrix_alloc(f->count, f->count);
    traffstat_status status = TRAFFSTAT_OK;
    if (curvature == NULL || factor == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu scales", f->count);
    }
    for (int i = 0; i < CLIMBS && status == TRAFFSTAT_OK; i++) {
        double slope[OUTER];
        move_start(f);
        status = traffstat_i_parallel(ctx, stencil(f), measure, f);
        if (status != TRAFFSTAT_OK) {
            break;
        }
        differences(f, slope, curvature);
        if (!factor_curvature(curvature, factor)) {
            break;
        }
        const double gain = step_center(f, factor, slope);
        if (!take_scale(f, factor) || gain < NEAR) {
            break;
        }
    }
    gsl_matrix_free(curvature);
    gsl_matrix_free(factor);
    return status;
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
    traffstat_i_progress_span(ctx, 0.0, 0.1);
    traffstat_status status = find_center(ctx, f);
    for (int round = 0; round <= ROUNDS && status == TRAFFSTAT_OK; round++) {
        const bool last = round == ROUNDS;
        f->round = (uint32_t) round;
        f->round_size = last ? traffstat_i_posterior_outer_draws(draw_count) : LEARNING;
        f->draw_count = draw_count;
        f->positions = positions;
        move_start(f);
        traffstat_i_progress_span(ctx, 0.1 * (round + 1), last ? 0.9 : 0.1 * (round + 2));
        status = status == TRAFFSTAT_OK ? spread(ctx, f, used) : status;
        used += f->round_size;
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_parallel(ctx, f->round_size, last ? draw_fields : measure, f);
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
    for (size_t j = 0; j < s->place_count; j++) {
        const size_t cells = f->first[j + 1] - f->first[j];
        f->most_cells = cells > f->most_cells ? cells : f->most_cells;
    }
}

static traffstat_status open_bench(traffstat_ctx *ctx, const fit *f, bench *b)
{
    const size_t d = f->posterior->at.end;
    const size_t cells = f->posterior->spec.cell_count;
    b->scratch = traffstat_i_alloc(ctx, traffstat_i_posterior_scratch_size(f->posterior), 1);
    b->position = traffstat_i_alloc(ctx, 8 * d, sizeof *b->position);
    b->store =
        traffstat_i_alloc(ctx, traffstat_i_place_room_size(cells, f->most_cells), sizeof *b->store);
    if (b->scratch == NULL || b->position == NULL || b->store == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    b->places.order = f->order;
    b->places.first = f->first;
    traffstat_i_place_room_lay(&b->places, cells, b->store);
    b->trial = b->position + d;
    b->gradient = b->trial + d;
    b->step = b->gradient + d;
    b->work = b->step + d;
    b->normal = b->work + d;
    b->given = b->normal + d;
    b->tilt = b->given + d;
    const traffstat_status status = traffstat_i_arrow_open(ctx, f->posterior, false, &b->arrow);
    return status == TRAFFSTAT_OK ? traffstat_i_arrow_open(ctx, f->posterior, true, &b->held)
                                  : status;
}

static traffstat_status open_benches(traffstat_ctx *ctx, fit *f, size_t draw_count)
{
    const traffstat_i_posterior_spec *s = &f->posterior->spec;
    const size_t d = f->posterior->at.end;
    const size_t draws = draw_count > LEARNING ? draw_count : LEARNING;
    f->bench_count = traffstat_i_workers(ctx, LEARNING);
    f->start = traffstat_i_alloc(ctx, 2 * d, sizeof *f->start);
    f->order = traffstat_i_alloc(ctx, s->cell_count, sizeof *f->order);
    f->first = traffstat_i_alloc(ctx, s->place_count + 2, sizeof *f->first);
    f->points = traffstat_i_alloc(ctx, draws * OUTER, sizeof *f->points);
    f->log_ratio = traffstat_i_alloc(ctx, draws, sizeof *f->log_ratio);
    f->benches = traffstat_i_alloc(ctx, f->bench_count, sizeof *f->benches);
    if (f->benches != NULL) {
        memset(f->benches, 0, f->bench_count * sizeof *f->benches);
    }
    if (f->start == NULL || f->order == NULL || f->first == NULL || f->points == NULL ||
        f->log_ratio == NULL || f->benches == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(f->start, 0, 2 * d * sizeof *f->start);
    f->tilt = f->start + d;
    sort_by_place(f);
    for (size_t i = 0; i < f->bench_count; i++) {
        const traffstat_status status = open_bench(ctx, f, &f->benches[i]);
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
        traffstat_i_free(ctx, f->benches[i].store);
        traffstat_i_arrow_close(ctx, &f->benches[i].arrow);
        traffstat_i_arrow_close(ctx, &f->benches[i].held);
    }
    traffstat_i_free(ctx, f->benches);
    traffstat_i_free(ctx, f->start);
    traffstat_i_free(ctx, f->order);
    traffstat_i_free(ctx, f->first);
    traffstat_i_free(ctx, f->points);
    traffstat_i_free(ctx, f->log_ratio);
}

size_t traffstat_i_posterior_outer_draws(size_t draw_count)
{
    return (draw_count + FIELDS - 1) / FIELDS;
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
    traffstat_status status = open_benches(ctx, &f, draw_count);
    if (status == TRAFFSTAT_OK) {
        begin(&f);
        status = run(ctx, &f, draw_count, positions);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_psis(ctx, f.log_ratio, draw_count, khat);
    }
    if (status == TRAFFSTAT_OK) {
        memcpy(log_weights, f.log_ratio, draw_count * sizeof *log_weights);
    }
    close_benches(ctx, &f);
    return status;
}
