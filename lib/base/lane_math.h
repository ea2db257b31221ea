/* Exponential and logarithm of several doubles at once, one in each lane of a vector. Included by
 * files that fix LANES (doubles in a vector) and TARGET (a function attribute, or nothing). Each lane
 * does the same operations in the same order whatever LANES is, and nothing is fused: the bits of a
 * result do not depend on the machine or on the neighbours. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__) && !defined(__clang__)
/* The lanes are the vectors already; where GCC 12 makes more of its own it stops with an error. */
#pragma GCC optimize("no-tree-slp-vectorize", "no-tree-loop-vectorize")
#endif

typedef double vec __attribute__((vector_size(8 * LANES)));
typedef int64_t mask __attribute__((vector_size(8 * LANES)));
typedef uint64_t bits __attribute__((vector_size(8 * LANES)));

static inline TARGET vec set_all(double x)
{
    return (vec){0} + x;
}

static inline TARGET vec choose(mask which, vec yes, vec no)
{
    return (vec) ((which & (mask) yes) | (~which & (mask) no));
}

/* e^x to about one unit in the last place for |x| <= 700: x = k ln 2 + r, Taylor's series for r. */
static inline TARGET vec exp_of(vec x)
{
    const vec shift = set_all(0x1.8p52);
    const vec k = x * set_all(0x1.71547652b82fep0) + shift;
    const mask whole = (mask) k - (mask) shift;
    const vec rounded = k - shift;
    const vec r =
        (x - rounded * set_all(0x1.62e42feep-1)) - rounded * set_all(0x1.a39ef35793c76p-33);
    const vec r2 = r * r;
    const vec r4 = r2 * r2;
    const vec low = (set_all(1.0) + r) + r2 * (set_all(1.0 / 2) + r * set_all(1.0 / 6));
    const vec mid = (set_all(1.0 / 24) + r * set_all(1.0 / 120)) +
                    r2 * (set_all(1.0 / 720) + r * set_all(1.0 / 5040));
    const vec high = (set_all(1.0 / 40320) + r * set_all(1.0 / 362880)) +
                     r2 * (set_all(1.0 / 3628800) + r * set_all(1.0 / 39916800)) +
                     r4 * (set_all(1.0 / 479001600) + r * set_all(1.0 / 6227020800.0));
    const vec series = low + r4 * (mid + r4 * high);
    return series * (vec) ((whole + 1023) << 52);
}

/* log x to about one unit in the last place for positive normal x: x = 2^k m with m around 1, and
 * log m = 2 artanh s with s = (m - 1)/(m + 1), |s| < 0.172, by its series. */
static inline TARGET vec log_of(vec x)
{
    /* 1/sqrt 2 is moved to 1, so that m lies from there to sqrt 2 */
    const bits moved = (bits) x + (0x3FF0000000000000 - 0x3FE6A09E667F3BCD);
    const mask exponent = (mask) (moved >> 52) - 1023;
    const vec m = (vec) ((mask) x - (exponent << 52));
    const vec shift = set_all(0x1.8p52);
    const vec k = (vec) ((mask) shift + exponent) - shift;
    const vec f = m - set_all(1.0);
    const vec s = f / (set_all(2.0) + f);
    const vec z = s * s;
    const vec z2 = z * z;
    const vec z4 = z2 * z2;
    const vec low =
        (set_all(2.0 / 3) + z * set_all(2.0 / 5)) + z2 * (set_all(2.0 / 7) + z * set_all(2.0 / 9));
    const vec high = (set_all(2.0 / 11) + z * set_all(2.0 / 13)) +
                     z2 * (set_all(2.0 / 15) + z * set_all(2.0 / 17)) +
                     z4 * (set_all(2.0 / 19) + z * set_all(2.0 / 21));
    const vec rest = s * z * (low + z4 * high);
    return k * set_all(0x1.62e42feep-1) + ((k * set_all(0x1.a39ef35793c76p-33) + rest) + s * 2.0);
}
