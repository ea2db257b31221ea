/* Choosing a model: all of them or a neighbourhood, and step by step. Private to the engine. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_SEARCH_H
#define TRAFFSTAT_I_MODEL_OVERLAP_SEARCH_H

#include "model/overlap/engine.h"

/* Past this many the models are not all listed: 5 lists have 6,212 up to order 3, 6 lists 32,768 of
 * order 2, 7 lists two million. */
#define TRAFFSTAT_I_ALL_MODELS_MOST 40000
#define TRAFFSTAT_I_NEIGHBOURS_MOST 20000 /* models that a neighbourhood search looks at */
#define TRAFFSTAT_I_BEAM 8                /* best models whose neighbours are all looked at */

/* One room for each worker of a parallel loop. */
typedef struct traffstat_i_rooms {
    size_t count;
    traffstat_i_exist_room *exist;
    traffstat_i_fit_room *fit;
} traffstat_i_rooms;

traffstat_status traffstat_i_rooms_new(traffstat_ctx *ctx, size_t lists, size_t terms, size_t count,
                                       traffstat_i_rooms *out);
void traffstat_i_rooms_free(traffstat_ctx *ctx, traffstat_i_rooms *rooms);

/* What a search saw. Models come by number of terms where all were listed, else as they were met. */
typedef struct traffstat_i_search {
    traffstat_i_model_set set;
    bool all;            /* every hierarchical model up to the order was looked at */
    double penalty;      /* of one term: 2 or ln n */
    uint8_t *existence;  /* [set.count] */
    double *value;       /* [set.count] the criterion, ln y! included; INFINITY: no estimate */
    double *beta;        /* effects of model i from beta + set.start[i] */
    size_t *rank;        /* [ranked] best first; ties: the earlier model */
    size_t ranked;       /* models that have an estimate */
} traffstat_i_search;

/* `bic`: ln n a term, else 2. OK with ranked 0 where no model has an estimate. */
traffstat_status traffstat_i_search_models(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                           size_t order, bool bic, traffstat_i_search *out);
void traffstat_i_search_free(traffstat_ctx *ctx, traffstat_i_search *search);

/* ---- step by step ---------------------------------------------------------------------------- */

#define TRAFFSTAT_I_PAIRS_MAX 66

/* The path of Chan, Silverman & Vincent (2021): from main effects, the pair of lists with the
 * smallest p comes in while p is below the threshold and the model with it exists and is
 * identified; of equal p the first in the order 12, 13, …, 23, …. */
typedef struct traffstat_i_path {
    size_t steps;
    uint16_t pair[TRAFFSTAT_I_PAIRS_MAX];
    double p[TRAFFSTAT_I_PAIRS_MAX];
    uint16_t term[1 + TRAFFSTAT_I_LISTS_MAX + TRAFFSTAT_I_PAIRS_MAX]; /* the model in the end */
    size_t terms;
    double beta[1 + TRAFFSTAT_I_LISTS_MAX + TRAFFSTAT_I_PAIRS_MAX];
    int existence;    /* of main effects; not 0: there is no path */
    bool failed;      /* a fit found no maximum */
    double unseen;    /* expected at the end */
} traffstat_i_path;

/* Most terms of a path over so many lists. */
size_t traffstat_i_path_terms(size_t lists);
/* Paths of several counts at once; no allocation. `scratch` has 2 * 2^lists doubles. */
void traffstat_i_paths(traffstat_i_exist_room *exist, const traffstat_i_fit_room *fit,
                       const traffstat_i_counts *counts, size_t count, double threshold,
                       double *scratch, traffstat_i_path *out);
/* min(P(X <= s), P(X >= s)) of a Poisson variable. */
double traffstat_i_poisson_p(double s, double mean);

#endif
