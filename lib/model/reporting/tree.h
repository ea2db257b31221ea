/* One chain of the no-U-turn sampler: a point, its momentum, and a step along its trajectory. */
#ifndef TRAFFSTAT_REPORTING_TREE_H
#define TRAFFSTAT_REPORTING_TREE_H

#include <stdbool.h>

#include "model/reporting/nuts.h"

/* A point of the target with what is known there. */
typedef struct traffstat_i_point {
    double *at;
    double *gradient;
    double density; /* log, up to a constant */
} traffstat_i_point;

typedef struct traffstat_i_chain {
    const traffstat_i_target *target;
    void *scratch;
    uint64_t seed;
    uint32_t number;
    uint64_t drawn; /* random numbers used: the index of the next */

    traffstat_i_point here;
    double energy;      /* of `here` with the momentum that led to it */
    double *variance;   /* the metric: estimated variances */
    double step;

    double *store;      /* everything below, and the points, in one block */
    double **vectors;
    int32_t max_depth;

    /* of the last transition */
    double acceptance;
    bool diverged;
    bool cut_short; /* the tree reached max_depth */
    int64_t gradients;
} traffstat_i_chain;

traffstat_status traffstat_i_chain_open(traffstat_ctx *ctx, const traffstat_i_target *target,
                                        int32_t max_depth, traffstat_i_chain *chain);
void traffstat_i_chain_close(traffstat_ctx *ctx, traffstat_i_chain *chain);

double traffstat_i_chain_uniform(traffstat_i_chain *chain);
/* Finds a place near the start with a finite density: false where a hundred tries found none. */
bool traffstat_i_chain_start(traffstat_i_chain *chain, double radius);
/* A step size at which a step keeps about 80 % of the density: false where there is none. */
bool traffstat_i_chain_first_step(traffstat_i_chain *chain);
/* One transition (Betancourt 2017; Hoffman & Gelman 2014). */
void traffstat_i_chain_move(traffstat_i_chain *chain);

#endif
