/* How well the chains of a Poisson-logistic regression mixed, and plain summaries of draws. */
#include "model/reporting/pogit_judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define RHAT_CAUTION 1.01 /* chains that agree less have not shown that they know the same law */
#define RHAT_REFUSED 1.05
#define SIZE_REFUSED 100.0
#define DIVERGED_REFUSED 0.01 /* of the draws: part of the law was not reached */
#define EBFMI_CAUTION 0.3
#define EBFMI_REFUSED 0.2

/* ---- mixing ---------------------------------------------------------------------------------- */

traffstat_i_mixing traffstat_i_mixing_start(void)
{
    return (traffstat_i_mixing){1.0, INFINITY, INFINITY, ""};
}

void traffstat_i_mixing_look(traffstat_i_mixing *mix, const double *values, int32_t chains,
                             int32_t draws, double *room, const char *name)
{
    const double rhat = traffstat_i_rhat(values, chains, draws, room);
    if (isnan(rhat)) {
        return;
    }
    const double bulk = traffstat_i_ess_bulk(values, chains, draws, room);
    const double tail = traffstat_i_ess_tail(values, chains, draws, room);
    if (rhat > mix->rhat || bulk < mix->bulk) {
        (void) snprintf(mix->worst, sizeof mix->worst, "%s", name);
    }
    mix->rhat = fmax(mix->rhat, rhat);
    mix->bulk = fmin(mix->bulk, bulk);
    mix->tail = isnan(tail) ? mix->tail : fmin(mix->tail, tail);
}

bool traffstat_i_mixed(const traffstat_i_mixing *mix, double wanted)
{
    return mix->rhat <= RHAT_CAUTION && mix->bulk >= wanted && mix->tail >= wanted;
}

typedef struct test {
    double value;
    double caution; /* beyond it */
    double refused;
    bool low; /* small values are the bad ones */
    const char *text;
    const char *whose;
} test;

static bool beyond(double value, double limit, bool low)
{
    return !isnan(value) && (low ? value < limit : value > limit);
}

traffstat_verdict traffstat_i_mixing_test(const traffstat_i_mixing *mix, double diverged,
                                          double ebfmi, int number, char *reason, size_t size)
{
    const test tests[TRAFFSTAT_I_MIX_TESTS] = {
        {mix->rhat, RHAT_CAUTION, RHAT_REFUSED, false, "the chains do not agree: R-hat",
         mix->worst},
        {mix->bulk, TRAFFSTAT_I_SIZE_CAUTION, SIZE_REFUSED, true,
         "the chains mix slowly: effective draws", mix->worst},
        {mix->tail, TRAFFSTAT_I_SIZE_CAUTION, SIZE_REFUSED, true,
         "the chains mix slowly in the tails: effective draws", ""},
        {diverged, 0.0, DIVERGED_REFUSED, false,
         "part of the law was not reached: share of trajectories that diverged", ""},
        {ebfmi, EBFMI_CAUTION, EBFMI_REFUSED, true,
         "the sampler hardly moves between energies: E-BFMI", ""}};
    const test *t = &tests[number];
    if (!beyond(t->value, t->caution, t->low)) {
        return TRAFFSTAT_VERDICT_OK;
    }
    (void) snprintf(reason, size, "%s %.3g%s%s", t->text, t->value,
                    t->whose[0] != '\0' ? ", of " : "", t->whose);
    return beyond(t->value, t->refused, t->low) ? TRAFFSTAT_VERDICT_INESTIMABLE
                                                : TRAFFSTAT_VERDICT_CAUTION;
}

/* ---- plain summaries ------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;
    return (x > y) - (x < y);
}

void traffstat_i_sort_values(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
}

double traffstat_i_quantile_of(const double *sorted, size_t count, double prob)
{
    const double at = ceil(prob * (double) count - 1e-9) - 1.0;
    const double last = (double) count - 1.0;
    return sorted[(size_t) fmin(fmax(at, 0.0), last)];
}

double traffstat_i_mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double) count;
}

double traffstat_i_sd_of(const double *values, size_t count)
{
    const double mean = traffstat_i_mean_of(values, count);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += (values[i] - mean) * (values[i] - mean);
    }
    return count > 1 ? sqrt(sum / (double) (count - 1)) : 0.0;
}
