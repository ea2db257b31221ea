/* Whole arrays through lane_math.h. Included by files that fix LANES, TARGET and the names of the two. */
#include <string.h>

#include "base/lane_math.h"

#define FARTHEST 700.0 /* of an exponent: e^x stays a normal number */

static inline TARGET vec clamped_exp(vec x)
{
    const vec high = set_all(FARTHEST);
    x = choose((mask) (x > high), high, x);
    return exp_of(choose((mask) (x < -high), -high, x));
}

TARGET void EXP_MANY(double *x, size_t count)
{
    size_t i = 0;
    vec v;
    for (; i + LANES <= count; i += LANES) {
        memcpy(&v, x + i, sizeof v);
        v = clamped_exp(v);
        memcpy(x + i, &v, sizeof v);
    }
    if (i < count) {
        v = (vec){0};
        memcpy(&v, x + i, (count - i) * sizeof *x);
        v = clamped_exp(v);
        memcpy(x + i, &v, (count - i) * sizeof *x);
    }
}

TARGET void LOG_MANY(double *x, size_t count)
{
    size_t i = 0;
    vec v;
    for (; i + LANES <= count; i += LANES) {
        memcpy(&v, x + i, sizeof v);
        v = log_of(v);
        memcpy(x + i, &v, sizeof v);
    }
    if (i < count) {
        v = set_all(1.0);
        memcpy(&v, x + i, (count - i) * sizeof *x);
        v = log_of(v);
        memcpy(x + i, &v, (count - i) * sizeof *x);
    }
}
