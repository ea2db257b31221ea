/* What the files on places share: checks, links sorted by place. Private to the model room. */
#ifndef TRAFFSTAT_I_MODEL_PLACE_H
#define TRAFFSTAT_I_MODEL_PLACE_H

#include <traffstat/places.h>

#include "base/base.h"

/* Counts >= 0 and expected > 0 of at least `least` places; E_NODATA when there is no case. */
traffstat_status traffstat_i_places_check(traffstat_ctx *ctx, const double *cases,
                                          const double *expected, size_t n, size_t least);

/* Links by place: those of place i are start[i] .. start[i + 1] - 1. */
typedef struct traffstat_i_links {
    traffstat_ctx *ctx;
    size_t n;
    size_t *start;
    size_t *to;
    double *weight;
} traffstat_i_links;

/* Checks and sorts. After a failure there is nothing to clear. */
traffstat_status traffstat_i_links_init(traffstat_ctx *ctx, traffstat_i_links *links,
                                        const traffstat_neighbours *neighbours, size_t n);
void traffstat_i_links_clear(traffstat_i_links *links);

/* The public calls without starting one, for calls that are made of several: they leave the context's
 * message alone and report progress within its span, never its end. */
traffstat_status traffstat_i_places_moran(traffstat_ctx *ctx, const double *values, size_t n,
                                          const traffstat_neighbours *neighbours,
                                          const traffstat_moran_options *options,
                                          traffstat_moran *out);
traffstat_status traffstat_i_places_moran_rates(traffstat_ctx *ctx, const double *cases,
                                                const double *persons, size_t n,
                                                const traffstat_neighbours *neighbours,
                                                const traffstat_moran_options *options,
                                                traffstat_moran *out);
traffstat_status traffstat_i_places_ranks(traffstat_ctx *ctx, const double *cases,
                                          const double *expected, size_t n, double level,
                                          traffstat_rank *out);

#endif
