#include <math.h>
#include <string.h>

#include "figure/layout.h"

/* More grid lines than this are ink without use. */
#define INTERVALS_MAX 5

traffstat_i_axis traffstat_i_axis_make(double most)
{
    static const double steps[] = {1.0, 2.0, 5.0};
    double decade = 1.0;
    for (;;) {
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            const double step = steps[i] * decade;
            const double intervals = fmax(ceil(most / step), 1.0);
            if (intervals <= INTERVALS_MAX) {
                return (traffstat_i_axis){step, step * intervals, (int) intervals};
            }
        }
        decade *= 10.0;
    }
}

int32_t traffstat_i_year_step(double pitch, double width)
{
    static const int32_t steps[] = {1, 2, 5};
    int32_t decade = 1;
    while (decade < 1000) {
        for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
            if (pitch * steps[i] * decade >= width) {
                return steps[i] * decade;
            }
        }
        decade *= 10;
    }
    return decade;
}

/* Pools of boxes that touch; each sits at the mean of what its members want (isotonic regression by
 * pooling adjacent violators). */
typedef struct pool {
    double sum;
    size_t count;
} pool;

static size_t pool_violators(const double *wanted, size_t count, pool *pools)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        pools[n++] = (pool){wanted[i], 1};
        while (n > 1 && pools[n - 2].sum / (double) pools[n - 2].count >
                            pools[n - 1].sum / (double) pools[n - 1].count) {
            pools[n - 2].sum += pools[n - 1].sum;
            pools[n - 2].count += pools[n - 1].count;
            n--;
        }
    }
    return n;
}

bool traffstat_i_push_apart(double *centres, const double *heights, size_t count, double gap,
                            double low, double high)
{
    double wanted[TRAFFSTAT_I_PUSH_MAX];
    double offset[TRAFFSTAT_I_PUSH_MAX];
    pool pools[TRAFFSTAT_I_PUSH_MAX];
    if (count == 0) {
        return true;
    }
    if (count > TRAFFSTAT_I_PUSH_MAX) {
        return false;
    }
    double used = 0.0;
    for (size_t i = 0; i < count; i++) {
        offset[i] = used + heights[i] / 2.0;
        wanted[i] = centres[i] - offset[i];
        used += heights[i] + gap;
    }
    used -= gap;
    if (used > high - low) {
        return false;
    }
    const size_t n = pool_violators(wanted, count, pools);
    size_t next = 0;
    for (size_t p = 0; p < n; p++) {
        const double mean = pools[p].sum / (double) pools[p].count;
        const double at = fmin(fmax(mean, low), high - used);
        for (size_t i = 0; i < pools[p].count; i++, next++) {
            centres[next] = at + offset[next];
        }
    }
    return true;
}
