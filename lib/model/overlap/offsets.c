/* Dependence and linkage error that the counts cannot show: N under stated amounts of them. */
#include <math.h>
#include <string.h>

#include "model/overlap/sensitivity.h"

#define FURTHEST 5.0 /* e^5: odds of being on both 148 times those of independence */
#define HALVINGS 40

double traffstat_i_offset_estimate(const traffstat_i_answer *a, const uint16_t *pairs, size_t count,
                                   double u, double *factor, double *beta)
{
    for (size_t w = 0; w < a->counts.cells; w++) {
        size_t held = 0;
        for (size_t i = 0; i < count; i++) {
            held += (w & pairs[i]) == pairs[i];
        }
        factor[w] = exp(u * (double) held);
    }
    memcpy(beta, a->beta, a->model.count * sizeof *beta);
    traffstat_i_fit_job job = {.counts = &a->counts,
                               .model = a->model,
                               .factor = factor,
                               .unseen = -1.0,
                               .cutoff = -INFINITY,
                               .warm = true,
                               .beta = beta};
    traffstat_i_fit_job *const jobs[] = {&job};
    traffstat_i_fit_many(&a->shop.fit, jobs, 1);
    return job.state == TRAFFSTAT_I_FIT_DONE ? a->counts.n + exp(beta[0]) : NAN;
}

typedef struct target {
    const traffstat_i_answer *a;
    const uint16_t *pairs;
    size_t count;
    double unseen;
    double *factor;
    double *beta;
} target;

static double miss(const target *t, double u)
{
    const double n = traffstat_i_offset_estimate(t->a, t->pairs, t->count, u, t->factor, t->beta);
    return n - t->a->counts.n - t->unseen;
}

/* A root between 0 and `end`; NaN where there is no change of sign. */
static double root_towards(const target *t, double end)
{
    double near = 0.0;
    double far = end;
    const double at_near = miss(t, near);
    const double at_far = miss(t, far);
    if (!(at_near * at_far < 0.0)) {
        return NAN;
    }
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = 0.5 * (near + far);
        if (miss(t, middle) * at_near > 0.0) {
            near = middle;
        } else {
            far = middle;
        }
    }
    return 0.5 * (near + far);
}

double traffstat_i_offset_reaching(const traffstat_i_answer *a, const uint16_t *pairs, size_t count,
                                   double times, double *factor, double *beta)
{
    const target t = {a, pairs, count, times * (a->fit.estimate - a->counts.n), factor, beta};
    const double up = root_towards(&t, FURTHEST);
    const double down = root_towards(&t, -FURTHEST);
    return isnan(up) || fabs(down) < up ? down : up;
}

traffstat_status traffstat_i_linked_estimate(const traffstat_i_answer *a, double missed,
                                             double *out)
{
    traffstat_i_counts counts = {0};
    *out = NAN;
    double *y = traffstat_i_alloc(a->ctx, a->counts.cells, sizeof *y);
    traffstat_status status =
        y != NULL ? traffstat_i_counts_new(a->ctx, a->lists, &counts) : TRAFFSTAT_E_NOMEM;
    if (status != TRAFFSTAT_OK) {
        traffstat_i_free(a->ctx, y);
        return status;
    }
    memcpy(y, a->counts.count, a->counts.cells * sizeof *y);
    bool enough = true;
    for (size_t w = 1; w < a->counts.cells; w++) {
        if (traffstat_i_bits((uint32_t) w) > 1) {
            const double more = a->counts.count[w] * missed / (1.0 - missed);
            y[w] += more;
            for (size_t i = 0; i < a->lists; i++) {
                y[(size_t) 1 << i] -= (w >> i & 1u) != 0 ? more : 0.0;
            }
        }
    }
    for (size_t i = 0; i < a->lists; i++) {
        enough &= y[(size_t) 1 << i] >= 0.0;
    }
    if (enough) {
        traffstat_i_choice same = {.how = TRAFFSTAT_I_SAME_MODEL, .given = a->model};
        traffstat_i_second second;
        traffstat_i_counts_set(&counts, y);
        status = traffstat_i_choose_again(a->ctx, &counts, &same, 0.0, &second);
        *out = second.estimate;
    }
    traffstat_i_counts_free(a->ctx, &counts);
    traffstat_i_free(a->ctx, y);
    return status;
}
