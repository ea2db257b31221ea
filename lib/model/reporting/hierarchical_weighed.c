/* Draws with weights, as the fast engine and reweighting give them: sorted, and what is read off. */
#include <math.h>
#include <stdlib.h>

#include "model/reporting/hierarchical.h"

#define WHOLE 1e-12 /* what sums of weights may lack of a probability by rounding */

static int by_value(const void *a, const void *b)
{
    const double x = ((const traffstat_i_weighed *) a)->value;
    const double y = ((const traffstat_i_weighed *) b)->value;
    return (x > y) - (x < y);
}

void traffstat_i_weighed_sort(traffstat_i_weighed *out, size_t count, const double *values,
                              const double *weights)
{
    for (size_t i = 0; i < count; i++) {
        out[i] =
            (traffstat_i_weighed){values[i], weights != NULL ? weights[i] : 1.0 / (double) count};
    }
    qsort(out, count, sizeof *out, by_value);
}

double traffstat_i_weighed_quantile(const traffstat_i_weighed *sorted, size_t count, double prob)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += sorted[i].weight;
        if (sum >= prob - WHOLE) {
            return sorted[i].value;
        }
    }
    return sorted[count - 1].value;
}

double traffstat_i_weighed_mean(const traffstat_i_weighed *sorted, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += sorted[i].weight * sorted[i].value;
    }
    return sum;
}

double traffstat_i_weighed_sd(const traffstat_i_weighed *sorted, size_t count)
{
    const double middle = traffstat_i_weighed_mean(sorted, count);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        const double off = sorted[i].value - middle;
        sum += sorted[i].weight * off * off;
    }
    return sqrt(sum);
}
