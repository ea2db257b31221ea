/* Whether the chains know one law of every number that is reported: rows, totals of years and places,
 * the whole, scales, effects. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/reporting/hierarchical.h"

/* Numbers that are looked at, in this order; the rows, which are most, come last. */
enum { SCALE, EFFECT, CHANGE, TOTAL, YEAR, PLACE, ROW, KINDS };

typedef struct looking {
    const traffstat_i_hierarchical *run;
    size_t first; /* number of the first task */
    traffstat_i_look *looks;
    double *work; /* 3 x draws a worker */
} looking;

static size_t size_of(const traffstat_i_hierarchical *run, int kind)
{
    switch (kind) {
    case SCALE:
        return HYPERS;
    case EFFECT:
        return traffstat_i_hierarchical_effects(run);
    case CHANGE:
        return run->pair_count > 0 ? 1 : 0;
    case TOTAL:
        return 1;
    case YEAR:
        return run->data.year_count;
    case PLACE:
        return run->data.place_count;
    default:
        return run->data.cell_count;
    }
}

static int kind_of(const traffstat_i_hierarchical *run, size_t number, size_t *within)
{
    int kind = 0;
    while (kind + 1 < KINDS && number >= size_of(run, kind)) {
        number -= size_of(run, kind++);
    }
    *within = number;
    return kind;
}

static void fill(const traffstat_i_hierarchical *run, size_t number, double *out)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    size_t k = 0;
    switch (kind_of(run, number, &k)) {
    case SCALE:
        memcpy(out, run->hyper + k * all, all * sizeof *out);
        break;
    case EFFECT:
        memcpy(out, run->effects + k * all, all * sizeof *out);
        break;
    case CHANGE:
        for (size_t i = 0; i < all; i++) {
            out[i] = run->change[all + i] / run->change[i];
        }
        break;
    case TOTAL:
        traffstat_i_hierarchical_sum(run, run->all, TRAFFSTAT_NONE, TRAFFSTAT_NONE, out);
        break;
    case YEAR:
        traffstat_i_hierarchical_sum(run, run->all, TRAFFSTAT_NONE, k, out);
        break;
    case PLACE:
        traffstat_i_hierarchical_sum(run, run->all, k, TRAFFSTAT_NONE, out);
        break;
    default:
        memcpy(out, run->all + k * all, all * sizeof *out);
        break;
    }
}

static void name_of(const traffstat_i_hierarchical *run, size_t number, char *out, size_t size)
{
    static const char *const scales[HYPERS] = {
        "the shared reporting rate", "the sd between places", "the sd of places' reporting",
        "the sd of a year's step",   "the sd of the drift",   "the size of the negative binomial"};
    size_t k = 0;
    switch (kind_of(run, number, &k)) {
    case SCALE:
        (void) snprintf(out, size, "%s", scales[k]);
        break;
    case EFFECT:
        traffstat_i_hierarchical_effect_name(run, k, out, size);
        break;
    case CHANGE:
        (void) snprintf(out, size, "the change between two years");
        break;
    case TOTAL:
        (void) snprintf(out, size, "the total");
        break;
    case YEAR:
        (void) snprintf(out, size, "the total of %d", (int) run->data.first_year + (int) k);
        break;
    case PLACE:
        (void) snprintf(out, size, "the total of place %zu", k + 1);
        break;
    default:
        (void) snprintf(out, size, "count %zu", k + 1);
        break;
    }
}

static traffstat_status look_at(void *arg, size_t task, size_t worker)
{
    looking *at = arg;
    const traffstat_i_hierarchical *run = at->run;
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    double *values = at->work + 3 * all * worker;
    double *work = values + all;
    fill(run, at->first + task, values);
    at->looks[at->first + task] = traffstat_i_look_at(values, run->chains, run->draws, work);
    return TRAFFSTAT_OK;
}

static void sum_up(traffstat_i_hierarchical *run, const traffstat_i_look *looks, size_t count)
{
    run->mix = traffstat_i_mixing_start();
    for (size_t i = 0; i < count; i++) {
        if (traffstat_i_mixing_take(&run->mix, looks[i])) {
            name_of(run, i, run->mix.worst, sizeof run->mix.worst);
        }
    }
}

static bool enough(const traffstat_i_hierarchical *run)
{
    return traffstat_i_mixed(&run->mix, TRAFFSTAT_I_SIZE_CAUTION);
}

traffstat_status traffstat_i_hierarchical_mixing(traffstat_i_hierarchical *run, bool last,
                                                 bool *mixed)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    size_t few = 0;
    for (int kind = 0; kind < ROW; kind++) {
        few += size_of(run, kind);
    }
    const size_t all = few + size_of(run, ROW);
    looking at = {.run = run};
    at.looks = traffstat_i_alloc(run->ctx, all, sizeof *at.looks);
    at.work = traffstat_i_alloc(run->ctx, 3 * draws * traffstat_i_workers(run->ctx, all),
                                sizeof *at.work);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (at.looks != NULL && at.work != NULL) {
        status = traffstat_i_parallel(run->ctx, few, look_at, &at);
        sum_up(run, at.looks, few);
    }
    /* More draws are wanted whatever the rows say, where the few do not mix. */
    if (status == TRAFFSTAT_OK && (last || enough(run))) {
        at.first = few;
        status = traffstat_i_parallel(run->ctx, all - few, look_at, &at);
        sum_up(run, at.looks, all);
    }
    *mixed = enough(run);
    traffstat_i_free(run->ctx, at.looks);
    traffstat_i_free(run->ctx, at.work);
    return status;
}
