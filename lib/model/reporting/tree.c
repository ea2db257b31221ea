/* The trajectory of a no-U-turn transition, doubled until it turns: states are drawn from it by
   their weight, later halves preferred, and whether it turns is asked of every subtree and across
   the seam of its halves (Betancourt 2017, A.4). The metric is diagonal: momentum ~ Normal(0,
   1/variance). Nothing is allocated while a chain moves. */
#include <gsl/gsl_cdf.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "model/reporting/tree.h"

enum { STREAM = 0x4E555453 }; /* of the generator: no other model's numbers */

#define ENERGY_LOST 1000.0 /* a trajectory that gained this much is no solution any more */

/* Vectors of a chain's store, then of each level of the tree. */
enum {
    HERE,
    HERE_GRADIENT,
    VARIANCE,
    MOVING,
    MOVING_GRADIENT,
    MOMENTUM,
    FORE,
    FORE_GRADIENT,
    FORE_MOMENTUM,
    BACK,
    BACK_GRADIENT,
    BACK_MOMENTUM,
    FORE_SEAM,
    BACK_SEAM,
    SUM,
    SUM_NEW,
    CHOSEN,
    CHOSEN_GRADIENT,
    SEAM_BEGIN,
    SEAM_END,
    FIXED
};
enum { L_SUM_FIRST, L_SUM_LAST, L_FIRST_END, L_LAST_BEGIN, L_CHOSEN, L_GRADIENT, PER_LEVEL };

static double *vector(const traffstat_i_chain *chain, int which)
{
    return chain->vectors[which];
}

static double *level(const traffstat_i_chain *chain, int depth, int which)
{
    return chain->vectors[FIXED + depth * PER_LEVEL + which];
}

traffstat_status traffstat_i_chain_open(traffstat_ctx *ctx, const traffstat_i_target *target,
                                        int32_t max_depth, traffstat_i_chain *chain)
{
    const size_t count = FIXED + (size_t) max_depth * PER_LEVEL;
    const size_t d = target->dimension;
    size_t size = 0;
    memset(chain, 0, sizeof *chain);
    if (!traffstat_i_mul_size(count, d, &size)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for a chain");
    }
    chain->target = target;
    chain->max_depth = max_depth;
    chain->vectors = traffstat_i_alloc(ctx, count, sizeof *chain->vectors);
    chain->store = traffstat_i_alloc(ctx, size, sizeof *chain->store);
    chain->scratch =
        target->scratch_size > 0 ? traffstat_i_alloc(ctx, target->scratch_size, 1) : NULL;
    if (chain->vectors == NULL || chain->store == NULL ||
        (target->scratch_size > 0 && chain->scratch == NULL)) {
        traffstat_i_chain_close(ctx, chain);
        return TRAFFSTAT_E_NOMEM;
    }
    memset(chain->store, 0, size * sizeof *chain->store);
    if (chain->scratch != NULL) {
        memset(chain->scratch, 0, target->scratch_size);
    }
    for (size_t i = 0; i < count; i++) {
        chain->vectors[i] = chain->store + i * d;
    }
    chain->here.at = vector(chain, HERE);
    chain->here.gradient = vector(chain, HERE_GRADIENT);
    chain->variance = vector(chain, VARIANCE);
    for (size_t i = 0; i < d; i++) {
        chain->variance[i] = 1.0;
    }
    return TRAFFSTAT_OK;
}

void traffstat_i_chain_close(traffstat_ctx *ctx, traffstat_i_chain *chain)
{
    traffstat_i_free(ctx, chain->vectors);
    traffstat_i_free(ctx, chain->store);
    traffstat_i_free(ctx, chain->scratch);
    memset(chain, 0, sizeof *chain);
}

/* ---- random numbers ------------------------------------------------------------------------- */

double traffstat_i_chain_uniform(traffstat_i_chain *chain)
{
    return traffstat_i_random_uniform(chain->seed, STREAM, chain->number, chain->drawn++);
}

static void draw_momentum(traffstat_i_chain *chain, double *momentum)
{
    for (size_t i = 0; i < chain->target->dimension; i++) {
        momentum[i] =
            gsl_cdf_ugaussian_Pinv(traffstat_i_chain_uniform(chain)) / sqrt(chain->variance[i]);
    }
}

/* ---- small vectors -------------------------------------------------------------------------- */

static void copy(const traffstat_i_chain *chain, double *to, const double *from)
{
    memcpy(to, from, chain->target->dimension * sizeof *to);
}

static void clear(const traffstat_i_chain *chain, double *at)
{
    memset(at, 0, chain->target->dimension * sizeof *at);
}

static double log_sum(double a, double b)
{
    if (a == -INFINITY || b == -INFINITY) {
        return a > b ? a : b;
    }
    return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

static double kinetic(const traffstat_i_chain *chain, const double *momentum)
{
    double sum = 0.0;
    for (size_t i = 0; i < chain->target->dimension; i++) {
        sum += momentum[i] * momentum[i] * chain->variance[i];
    }
    return 0.5 * sum;
}

/* Whether a stretch still goes on at both of its ends, along the sum of its momenta a + b (b may be
   NULL). */
static bool goes_on(const traffstat_i_chain *chain, const double *begin, const double *end,
                    const double *a, const double *b)
{
    double at_begin = 0.0;
    double at_end = 0.0;
    for (size_t i = 0; i < chain->target->dimension; i++) {
        const double along = chain->variance[i] * (a[i] + (b != NULL ? b[i] : 0.0));
        at_begin += begin[i] * along;
        at_end += end[i] * along;
    }
    return at_begin > 0.0 && at_end > 0.0;
}

/* ---- the trajectory ------------------------------------------------------------------------- */

static double evaluate(traffstat_i_chain *chain, const double *at, double *gradient)
{
    chain->gradients++;
    const double density =
        chain->target->density(chain->target->model, chain->scratch, at, gradient);
    return isnan(density) ? -INFINITY : density;
}

/* One step of the point that moves; its density. */
static double leap(traffstat_i_chain *chain, double step)
{
    double *at = vector(chain, MOVING);
    double *gradient = vector(chain, MOVING_GRADIENT);
    double *momentum = vector(chain, MOMENTUM);
    const size_t d = chain->target->dimension;
    for (size_t i = 0; i < d; i++) {
        momentum[i] += 0.5 * step * gradient[i];
        at[i] += step * chain->variance[i] * momentum[i];
    }
    const double density = evaluate(chain, at, gradient);
    for (size_t i = 0; i < d; i++) {
        momentum[i] += 0.5 * step * gradient[i];
    }
    return density;
}

/* What a subtree tells of itself. */
typedef struct subtree {
    double weight;         /* log of the sum of its states' weights */
    double chosen_density; /* of the state drawn from it */
    double chosen_energy;
} subtree;

typedef struct walk {
    double start_energy;
    double step; /* with its sign */
    double acceptance;
    int64_t states;
} walk;

/* The places a subtree writes its vectors to. */
typedef struct ends {
    double *sum; /* of its momenta; set, not added to */
    double *begin;
    double *end;
    double *chosen;
    double *gradient;
} ends;

static bool grow_leaf(traffstat_i_chain *chain, walk *w, const ends *to, subtree *out)
{
    const double density = leap(chain, w->step);
    const double *momentum = vector(chain, MOMENTUM);
    double energy = kinetic(chain, momentum) - density;
    if (isnan(energy)) {
        energy = INFINITY;
    }
    const double change = w->start_energy - energy;
    w->states++;
    w->acceptance += change > 0.0 ? 1.0 : exp(change);
    out->weight = change;
    out->chosen_density = density;
    out->chosen_energy = energy;
    copy(chain, to->chosen, vector(chain, MOVING));
    copy(chain, to->gradient, vector(chain, MOVING_GRADIENT));
    copy(chain, to->sum, momentum);
    copy(chain, to->begin, momentum);
    copy(chain, to->end, momentum);
    if (change < -ENERGY_LOST) {
        chain->diverged = true;
    }
    return !chain->diverged;
}

/* Whether the two halves, joined, still go on: as a whole and across their seam. */
static bool joined_goes_on(const traffstat_i_chain *chain, const ends *whole, const double *first,
                           const double *last, const double *first_end, const double *last_begin)
{
    return goes_on(chain, whole->begin, whole->end, first, last) &&
           goes_on(chain, whole->begin, last_begin, first, last_begin) &&
           goes_on(chain, first_end, whole->end, last, first_end);
}

/* A subtree of 2^depth states on from where the moving point stands. False where it turned or
   diverged: then nothing of it may be used. The depth is at most max_depth. */
static bool grow(traffstat_i_chain *chain, int depth, walk *w, const ends *to, subtree *out)
{
    if (depth == 0) {
        return grow_leaf(chain, w, to, out);
    }
    const int mine = depth - 1;
    double *first_sum = level(chain, mine, L_SUM_FIRST);
    double *last_sum = level(chain, mine, L_SUM_LAST);
    double *first_end = level(chain, mine, L_FIRST_END);
    double *last_begin = level(chain, mine, L_LAST_BEGIN);
    subtree first;
    subtree last;
    const ends of_first = {first_sum, to->begin, first_end, to->chosen, to->gradient};
    const ends of_last = {last_sum, last_begin, to->end, level(chain, mine, L_CHOSEN),
                          level(chain, mine, L_GRADIENT)};
    if (!grow(chain, depth - 1, w, &of_first, &first) ||
        !grow(chain, depth - 1, w, &of_last, &last)) {
        return false;
    }
    *out = first;
    out->weight = log_sum(first.weight, last.weight);
    if (log(traffstat_i_chain_uniform(chain)) < last.weight - out->weight) {
        copy(chain, to->chosen, of_last.chosen);
        copy(chain, to->gradient, of_last.gradient);
        out->chosen_density = last.chosen_density;
        out->chosen_energy = last.chosen_energy;
    }
    const bool on = joined_goes_on(chain, to, first_sum, last_sum, first_end, last_begin);
    for (size_t i = 0; i < chain->target->dimension; i++) {
        to->sum[i] = first_sum[i] + last_sum[i];
    }
    return on;
}

/* Both ends of the trajectory so far. */
static void begin_walk(traffstat_i_chain *chain)
{
    const int at[] = {FORE, BACK};
    const int gradient[] = {FORE_GRADIENT, BACK_GRADIENT};
    const int momentum[] = {FORE_MOMENTUM, BACK_MOMENTUM};
    for (int i = 0; i < 2; i++) {
        copy(chain, vector(chain, at[i]), chain->here.at);
        copy(chain, vector(chain, gradient[i]), chain->here.gradient);
        copy(chain, vector(chain, momentum[i]), vector(chain, MOMENTUM));
    }
    copy(chain, vector(chain, SUM), vector(chain, MOMENTUM));
}

/* Doubles the trajectory to one side: the new half begins beside the old one's end there. */
static bool extend(traffstat_i_chain *chain, int depth, bool forward, walk *w, subtree *out)
{
    double *at = vector(chain, forward ? FORE : BACK);
    double *gradient = vector(chain, forward ? FORE_GRADIENT : BACK_GRADIENT);
    double *momentum = vector(chain, forward ? FORE_MOMENTUM : BACK_MOMENTUM);
    copy(chain, vector(chain, MOVING), at);
    copy(chain, vector(chain, MOVING_GRADIENT), gradient);
    copy(chain, vector(chain, MOMENTUM), momentum);
    copy(chain, vector(chain, SEAM_END), momentum); /* the old half's side of the seam */
    w->step = forward ? chain->step : -chain->step;
    clear(chain, vector(chain, SUM_NEW));
    const ends to = {vector(chain, SUM_NEW), vector(chain, SEAM_BEGIN), momentum,
                     vector(chain, CHOSEN), vector(chain, CHOSEN_GRADIENT)};
    const bool grown = grow(chain, depth, w, &to, out);
    copy(chain, at, vector(chain, MOVING));
    copy(chain, gradient, vector(chain, MOVING_GRADIENT));
    return grown;
}

/* Joins the new half; whether the whole goes on. The order in time does not matter to the sums, and
   turning both ends' roles leaves the criterion as it is. */
static bool join(traffstat_i_chain *chain, bool forward)
{
    double *old = vector(chain, SUM);
    double *fresh = vector(chain, SUM_NEW);
    const double *old_far = vector(chain, forward ? BACK_MOMENTUM : FORE_MOMENTUM);
    const double *new_far = vector(chain, forward ? FORE_MOMENTUM : BACK_MOMENTUM);
    const double *old_seam = vector(chain, SEAM_END);
    const double *new_seam = vector(chain, SEAM_BEGIN);
    const bool on = goes_on(chain, old_far, new_far, old, fresh) &&
                    goes_on(chain, old_far, new_seam, old, new_seam) &&
                    goes_on(chain, old_seam, new_far, fresh, old_seam);
    for (size_t i = 0; i < chain->target->dimension; i++) {
        old[i] += fresh[i];
    }
    return on;
}

void traffstat_i_chain_move(traffstat_i_chain *chain)
{
    chain->diverged = false;
    draw_momentum(chain, vector(chain, MOMENTUM));
    walk w = {.start_energy = kinetic(chain, vector(chain, MOMENTUM)) - chain->here.density};
    chain->energy = w.start_energy;
    begin_walk(chain);
    double weight = 0.0; /* log: the start's own is 1 */
    int depth = 0;
    for (bool on = true; on && depth < chain->max_depth; depth++) {
        subtree half;
        const bool forward = traffstat_i_chain_uniform(chain) > 0.5;
        if (!extend(chain, depth, forward, &w, &half)) {
            break;
        }
        /* The new half is preferred: the chain goes farther (biased progression). */
        if (log(traffstat_i_chain_uniform(chain)) < half.weight - weight) {
            copy(chain, chain->here.at, vector(chain, CHOSEN));
            copy(chain, chain->here.gradient, vector(chain, CHOSEN_GRADIENT));
            chain->here.density = half.chosen_density;
            chain->energy = half.chosen_energy;
        }
        weight = log_sum(weight, half.weight);
        on = join(chain, forward);
    }
    chain->cut_short = depth == chain->max_depth;
    chain->acceptance = w.acceptance / (double) w.states;
}

/* ---- where to begin ------------------------------------------------------------------------- */

static bool all_finite(const traffstat_i_chain *chain, const double *values)
{
    for (size_t i = 0; i < chain->target->dimension; i++) {
        if (!isfinite(values[i])) {
            return false;
        }
    }
    return true;
}

bool traffstat_i_chain_start(traffstat_i_chain *chain, double radius)
{
    const double *center = chain->target->start;
    for (int attempt = 0; attempt < 100; attempt++) {
        for (size_t i = 0; i < chain->target->dimension; i++) {
            const double off = radius * (2.0 * traffstat_i_chain_uniform(chain) - 1.0);
            chain->here.at[i] = (center != NULL ? center[i] : 0.0) + off;
        }
        chain->here.density = evaluate(chain, chain->here.at, chain->here.gradient);
        if (isfinite(chain->here.density) && all_finite(chain, chain->here.gradient)) {
            return true;
        }
    }
    return false;
}

/* Log of what is left of the density after one step of the present size. */
static double try_step(traffstat_i_chain *chain)
{
    double *momentum = vector(chain, MOMENTUM);
    draw_momentum(chain, momentum);
    copy(chain, vector(chain, MOVING), chain->here.at);
    copy(chain, vector(chain, MOVING_GRADIENT), chain->here.gradient);
    const double before = kinetic(chain, momentum) - chain->here.density;
    const double density = leap(chain, chain->step);
    const double change = before - (kinetic(chain, momentum) - density);
    return isnan(change) ? -INFINITY : change;
}

bool traffstat_i_chain_first_step(traffstat_i_chain *chain)
{
    const double kept = log(0.8);
    const bool longer = try_step(chain) > kept;
    for (;;) {
        chain->step *= longer ? 2.0 : 0.5;
        if (!(chain->step > 1e-15 && chain->step < 1e7)) {
            return false;
        }
        if ((try_step(chain) > kept) != longer) {
            return true;
        }
    }
}
