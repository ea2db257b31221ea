/* Newton's method on several fits at once, one in each lane of a vector. Included by the files that
 * fix LANES (doubles in a vector), TARGET (a function attribute, or nothing), ROOM and FIT (names).
 * Each lane does the same operations in the same order whatever LANES is, and nothing is fused: the
 * bits of a result do not depend on the machine or on the neighbours.
 *
 * Arrays are [index][lane]. Cells run to twice 2^lists: a lane whose model has fewer terms than its
 * neighbours is filled up with terms at index 2^lists, whose sums are always 0. */
#include <math.h>
#include <string.h>

#include "base/lane_math.h"
#include "model/overlap/engine.h"

#define STEPS_MAX 200
#define DONE_AT 1e-14      /* of the squared Newton decrement; the last step squares it once more */
#define HALVINGS_MAX 60
#define SLACK 1e-11        /* share of the log-likelihood that rounding may take */
#define BETA_MAX 700.0     /* exp stays a normal number */
#define PIVOT_MIN 1e-13    /* share of the diagonal below which a matrix counts as singular */

/* What one call works with; arrays of `terms` or 2 * `cells` vectors unless said otherwise. */
typedef struct state {
    traffstat_i_fit_job *const *jobs;
    size_t count;      /* jobs; lanes past it do what lane 0 does, and nobody looks */
    size_t lists;
    size_t cells;
    size_t terms;
    bool same;         /* all lanes have one model */
    bool bounded;      /* some lane has a cutoff */
    bool scaled;       /* some lane has factors */
    vec *sums;         /* [2 cells] */
    vec *part;         /* [cells] */
    vec *factor;       /* [cells] */
    vec *total;
    vec *beta;
    vec *trial;
    vec *step;
    vec *fresh;        /* the step from the newest matrix */
    vec *expo;
    mask *dead;        /* the effect is at minus infinity, or there is none */
    vec *lower;        /* [(terms + 1)(terms + 2) / 2] rows of L, the right side as the last one */
    vec *scaled_lower; /* the same times the pivots */
    uint16_t *at;      /* [terms * LANES] */
    mask unseen;       /* the unseen history takes part */
    vec cutoff;
} state;

static inline TARGET bool any(mask which)
{
    int64_t all = 0;
    for (size_t l = 0; l < LANES; l++) {
        all |= which[l];
    }
    return all != 0;
}

static inline TARGET void sum_supersets(vec *x, size_t cells)
{
    for (size_t bit = 1; bit < cells; bit <<= 1) {
        for (size_t block = 0; block < cells; block += 2 * bit) {
            for (size_t w = block; w < block + bit; w++) {
                x[w] += x[w + bit];
            }
        }
    }
}

static inline TARGET void sum_subsets(vec *x, size_t cells)
{
    for (size_t bit = 1; bit < cells; bit <<= 1) {
        for (size_t block = 0; block < cells; block += 2 * bit) {
            for (size_t w = block; w < block + bit; w++) {
                x[w + bit] += x[w];
            }
        }
    }
}

static inline TARGET void multiply_subsets(vec *x, size_t cells)
{
    for (size_t bit = 1; bit < cells; bit <<= 1) {
        for (size_t block = 0; block < cells; block += 2 * bit) {
            for (size_t w = block; w < block + bit; w++) {
                x[w + bit] *= x[w];
            }
        }
    }
}

/* values[a] to x[term a] of every lane; the rest of x is `rest`. */
static inline TARGET void scatter(const state *s, const vec *values, double rest, vec *x)
{
    for (size_t w = 0; w < s->cells; w++) {
        x[w] = set_all(rest);
    }
    if (s->same) {
        for (size_t a = 0; a < s->terms; a++) {
            x[s->at[a * LANES]] = values[a];
        }
        return;
    }
    double *flat = (double *) x;
    for (size_t a = 0; a < s->terms; a++) {
        const uint16_t *at = s->at + a * LANES;
        for (size_t l = 0; l < LANES; l++) {
            if (at[l] < s->cells) {
                flat[at[l] * LANES + l] = values[a][l];
            }
        }
    }
}

static inline TARGET vec gather(const state *s, const vec *x, size_t a, size_t b)
{
    const uint16_t *at = s->at + a * LANES;
    const uint16_t *other = s->at + b * LANES;
    if (s->same) {
        return x[at[0] | other[0]];
    }
    const double *flat = (const double *) x;
    vec out = (vec){0};
    for (size_t l = 0; l < LANES; l++) {
        out[l] = flat[(size_t) (at[l] | other[l]) * LANES + l];
    }
    return out;
}

/* Expected counts at `beta`, then their sums over supersets. */
static TARGET void expect(const state *s, const vec *beta)
{
    for (size_t a = 0; a < s->terms; a++) {
        const vec high = set_all(BETA_MAX);
        vec x = beta[a];
        x = choose((mask) (x > high), high, x);
        x = choose((mask) (x < -high), -high, x);
        s->expo[a] = choose(s->dead[a], (vec){0}, exp_of(x));
    }
    scatter(s, s->expo, 1.0, s->sums);
    multiply_subsets(s->sums, s->cells);
    for (size_t w = 0; s->scaled && w < s->cells; w++) {
        s->sums[w] *= s->factor[w];
    }
    s->sums[0] = choose(s->unseen, s->sums[0], (vec){0});
    sum_supersets(s->sums, s->cells);
}

/* L D L' of the matrix of sums with the right side `fresh` as one more row, then the solution in
 * `fresh`. Returns the squared decrement: right side times solution. */
static TARGET vec solve(const state *s)
{
    const size_t p = s->terms;
    vec square = (vec){0};
    for (size_t j = 0; j < p; j++) {
        const vec *row_j = s->lower + j * (j + 1) / 2;
        const vec diagonal = gather(s, s->sums, j, j);
        vec pivot = diagonal;
        const vec *scaled_j = s->scaled_lower + j * (j + 1) / 2;
        for (size_t k = 0; k < j; k++) {
            pivot -= scaled_j[k] * row_j[k];
        }
        pivot = choose((mask) (pivot > diagonal * PIVOT_MIN), pivot, set_all(1.0));
        const vec inverse = set_all(1.0) / pivot;
        for (size_t i = j + 1; i <= p; i++) {
            vec entry = i < p ? gather(s, s->sums, i, j) : s->fresh[j];
            const vec *scaled_i = s->scaled_lower + i * (i + 1) / 2;
            for (size_t k = 0; k < j; k++) {
                entry -= scaled_i[k] * row_j[k];
            }
            s->scaled_lower[i * (i + 1) / 2 + j] = entry;
            s->lower[i * (i + 1) / 2 + j] = entry * inverse;
        }
        const size_t last = p * (p + 1) / 2 + j;
        square += s->scaled_lower[last] * s->lower[last];
    }
    for (size_t j = 0; j < p; j++) {
        s->fresh[j] = s->lower[p * (p + 1) / 2 + j];
    }
    for (size_t i = p; i-- > 1;) {
        for (size_t k = 0; k < i; k++) {
            s->fresh[k] -= s->lower[i * (i + 1) / 2 + k] * s->fresh[i];
        }
    }
    return square;
}

/* ---- beginning ------------------------------------------------------------------------------- */

static TARGET size_t widest(const state *s)
{
    size_t terms = 0;
    for (size_t l = 0; l < s->count; l++) {
        terms = s->jobs[l]->model.count > terms ? s->jobs[l]->model.count : terms;
    }
    return terms;
}

static TARGET void lay_out(state *s, double *scratch)
{
    vec *next = (vec *) (void *) scratch;
    const size_t triangle = (s->terms + 1) * (s->terms + 2) / 2;
    s->sums = next;
    s->part = s->sums + 2 * s->cells;
    s->factor = s->part + s->cells;
    s->total = s->factor + s->cells;
    s->beta = s->total + s->terms;
    s->trial = s->beta + s->terms;
    s->step = s->trial + s->terms;
    s->fresh = s->step + s->terms;
    s->expo = s->fresh + s->terms;
    s->dead = (mask *) (void *) (s->expo + s->terms);
    s->lower = (vec *) (void *) (s->dead + s->terms);
    s->scaled_lower = s->lower + triangle;
    s->at = (uint16_t *) (void *) (s->scaled_lower + triangle);
    memset(s->sums + s->cells, 0, s->cells * sizeof *s->sums);
}

static size_t ROOM(size_t lists, size_t terms)
{
    const size_t cells = (size_t) 1 << lists;
    return LANES * (4 * cells + 8 * terms + (terms + 1) * (terms + 2));
}

static inline TARGET const traffstat_i_fit_job *job_of(const state *s, size_t lane)
{
    return s->jobs[lane < s->count ? lane : 0];
}

static inline TARGET bool equal_models(traffstat_i_terms a, traffstat_i_terms b)
{
    return a.count == b.count &&
           (a.term == b.term || memcmp(a.term, b.term, a.count * sizeof *a.term) == 0);
}

static TARGET void load_lane(state *s, size_t l)
{
    const traffstat_i_fit_job *job = job_of(s, l);
    for (size_t a = 0; a < s->terms; a++) {
        const bool some = a < job->model.count;
        const size_t term = some ? job->model.term[a] : s->cells;
        const double total = some ? job->counts->total[term] : 0.0;
        s->at[a * LANES + l] = (uint16_t) term;
        s->total[a][l] = total;
        s->dead[a][l] = total > 0.0 ? 0 : -1;
        s->beta[a][l] = some && job->warm ? job->beta[a] : 0.0;
        s->step[a][l] = 0.0;
    }
    s->unseen[l] = job->unseen >= 0.0 ? -1 : 0;
    s->total[0][l] += job->unseen >= 0.0 ? job->unseen : 0.0;
    s->cutoff[l] = job->cutoff;
    s->bounded |= job->cutoff > -INFINITY;
    s->same &= equal_models(job->model, job_of(s, 0)->model);
    for (size_t w = 0; s->scaled && w < s->cells; w++) {
        s->factor[w][l] = job->factor != NULL ? job->factor[w] : 1.0;
    }
}

/* Weighted least squares on ln(y + 0.1), for the lanes that begin cold. */
static TARGET void begin_cold(const state *s, mask cold)
{
    for (size_t a = 0; a < s->terms; a++) {
        s->expo[a] = choose(s->dead[a], (vec){0}, set_all(1.0));
    }
    scatter(s, s->expo, 1.0, s->part);
    multiply_subsets(s->part, s->cells); /* 1 where no margin is empty */
    for (size_t w = 0; w < s->cells; w++) {
        vec weight = (vec){0};
        vec work = (vec){0};
        for (size_t l = 0; l < LANES; l++) {
            const traffstat_i_fit_job *job = job_of(s, l);
            const double shift =
                s->scaled && job->factor != NULL ? log(job->factor[w]) : 0.0;
            weight[l] = job->counts->weight[w];
            work[l] = job->counts->work[w] - weight[l] * shift;
        }
        s->sums[w] = work * s->part[w];
        s->part[w] *= weight;
    }
    sum_supersets(s->sums, s->cells);
    for (size_t a = 0; a < s->terms; a++) {
        s->fresh[a] = gather(s, s->sums, a, a);
    }
    memcpy(s->sums, s->part, s->cells * sizeof *s->sums);
    sum_supersets(s->sums, s->cells);
    (void) solve(s);
    for (size_t a = 0; a < s->terms; a++) {
        s->beta[a] = choose(cold, s->fresh[a], s->beta[a]);
    }
}

static TARGET void begin(state *s, double *scratch)
{
    s->lists = s->jobs[0]->counts->lists;
    s->cells = s->jobs[0]->counts->cells;
    s->terms = widest(s);
    s->same = true;
    for (size_t l = 0; l < s->count; l++) {
        s->scaled |= s->jobs[l]->factor != NULL;
    }
    lay_out(s, scratch);
    mask cold = (mask){0};
    for (size_t l = 0; l < LANES; l++) {
        load_lane(s, l);
        cold[l] = job_of(s, l)->warm ? 0 : -1;
    }
    if (any(cold)) {
        begin_cold(s, cold);
    }
    memcpy(s->trial, s->beta, s->terms * sizeof *s->trial);
}

/* ---- stepping -------------------------------------------------------------------------------- */

static inline TARGET vec likelihood(const state *s, const vec *beta, vec whole)
{
    vec sum = -whole;
    for (size_t a = 0; a < s->terms; a++) {
        sum += choose(s->dead[a], (vec){0}, s->total[a] * beta[a]);
    }
    return sum;
}

/* Lanes whose maximum is surely below the cutoff. With d the full step, x = mu (1 + Xd) has the
 * margins of the counts; where it is nowhere negative duality gives ll* <= ll + g'd. */
static TARGET mask beaten(const state *s, vec ll, vec square)
{
    const mask below = (mask) (ll + square < s->cutoff);
    if (!any(below)) {
        return below;
    }
    for (size_t a = 0; a < s->terms; a++) {
        s->expo[a] = choose(s->dead[a], (vec){0}, s->fresh[a]);
    }
    scatter(s, s->expo, 0.0, s->part);
    sum_subsets(s->part, s->cells);
    vec least = set_all(0.0);
    for (size_t w = 1; w < s->cells; w++) {
        least = choose((mask) (s->part[w] < least), s->part[w], least);
    }
    const mask nowhere = ~s->unseen | (mask) (s->part[0] >= -1.0);
    return below & nowhere & (mask) (least >= -1.0);
}

static TARGET void finish_lane(const state *s, size_t l, int32_t how, double ll, int32_t steps)
{
    if (l >= s->count) {
        return;
    }
    traffstat_i_fit_job *job = s->jobs[l];
    job->state = how;
    job->steps = steps;
    job->ll = ll;
    for (size_t a = 0; a < job->model.count; a++) {
        if (s->dead[a][l] == 0) {
            job->beta[a] = s->beta[a][l];
        }
    }
}

/* The last step is taken without looking: at the maximum the sums equal the totals. */
static TARGET mask close_lanes(const state *s, mask open, mask done, mask lost, int32_t steps)
{
    if (!any(done | lost)) {
        return open;
    }
    for (size_t a = 0; a < s->terms; a++) {
        s->beta[a] = choose(done, s->beta[a] + s->fresh[a], s->beta[a]);
    }
    const vec ll = likelihood(s, s->beta, s->total[0]);
    for (size_t l = 0; l < LANES; l++) {
        if (done[l] != 0 || lost[l] != 0) {
            finish_lane(s, l, done[l] != 0 ? TRAFFSTAT_I_FIT_DONE : TRAFFSTAT_I_FIT_BEATEN, ll[l],
                        steps);
        }
    }
    return open & ~(done | lost);
}

/* The next place to look at: a whole new step, or half of the one that went too far. On
 * its own, because GCC 12 stops with an error where it is made part of the loop. */
static TARGET __attribute__((noinline)) void move(const state *s, mask open, mask took, vec *share)
{
    *share = choose(took, set_all(1.0), *share * 0.5);
    for (size_t a = 0; a < s->terms; a++) {
        s->step[a] = choose(took, s->fresh[a], s->step[a]);
        s->trial[a] = choose(open, s->beta[a] + *share * s->step[a], s->beta[a]);
    }
}

static TARGET void FIT(traffstat_i_fit_job *const *jobs, size_t count, double *scratch)
{
    state s = {.jobs = jobs, .count = count};
    begin(&s, scratch);
    vec number = (vec){0};
    for (size_t l = 0; l < LANES; l++) {
        number[l] = (double) l;
    }
    mask open = (mask) (number < set_all((double) count));
    vec ll = set_all(-INFINITY);
    vec share = set_all(1.0);
    for (int32_t steps = 1; steps <= STEPS_MAX && any(open); steps++) {
        expect(&s, s.trial);
        const vec now = likelihood(&s, s.trial, s.sums[0]);
        const vec slack = choose((mask) (now < 0.0), -now, now) * SLACK;
        const mask took = (mask) (now >= ll - slack);
        ll = choose(took & open, now, ll);
        for (size_t a = 0; a < s.terms; a++) {
            s.beta[a] = choose(took & open, s.trial[a], s.beta[a]);
            s.fresh[a] = s.total[a] - gather(&s, s.sums, a, a);
        }
        const vec square = solve(&s);
        const mask done = open & took & (mask) (square <= DONE_AT);
        const mask lost = s.bounded ? open & took & ~done & beaten(&s, ll, square) : (mask){0};
        open = close_lanes(&s, open, done, lost, steps);
        move(&s, open, took, &share);
    }
    for (size_t l = 0; l < LANES; l++) {
        if (open[l] != 0) {
            finish_lane(&s, l, TRAFFSTAT_I_FIT_OPEN, ll[l], STEPS_MAX);
        }
    }
}
