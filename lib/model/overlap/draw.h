/* Random counts from the counter-based streams. Private to the overlap family. */
#ifndef TRAFFSTAT_I_OVERLAP_DRAW_H
#define TRAFFSTAT_I_OVERLAP_DRAW_H

#include "base/base.h"

/* One replicate's stream; `index` counts what was drawn. */
typedef struct traffstat_i_stream {
    uint64_t seed;
    uint32_t model;
    uint32_t replicate;
    uint64_t index;
    uint32_t block[4]; /* the newest numbers, half of which may be left */
    bool half;
} traffstat_i_stream;

/* Model numbers of the streams of this family. */
#define TRAFFSTAT_I_STREAM_COVERAGE 401
#define TRAFFSTAT_I_STREAM_BOOTSTRAP 100000 /* and one more for each stratum */
#define TRAFFSTAT_I_STREAM_FIT 200000       /* the same */

/* Successes in n trials of chance p (n a whole number up to 1e15). Exact: by inversion where few are
 * expected, else by transformed rejection (Hoermann 1993, Journal of Statistical Computation and
 * Simulation 46:101-110). */
double traffstat_i_draw_binomial(traffstat_i_stream *stream, double n, double p);
/* Splits n over cells with chances proportional to weight[i] (sum > 0). */
void traffstat_i_draw_multinomial(traffstat_i_stream *stream, double n, const double *weight,
                                  size_t cells, double *out);

#endif
