/* The best of all models of a search, found anew on other counts. Private to the engine.
 *
 * The models that were best on the data are tried first. Then, where the search saw all models, a walk
 * decides one term after another: to leave a term out costs a fit of the largest model that is left,
 * whose maximum bounds all models below it; to take it in costs its price. What cannot beat the best
 * so far is not followed. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_ANEW_H
#define TRAFFSTAT_I_MODEL_OVERLAP_ANEW_H

#include "model/overlap/search.h"

#define TRAFFSTAT_I_ANEW_SIDE 32  /* counts that are followed side by side */
#define TRAFFSTAT_I_ANEW_TERMS 64 /* terms that a walk decides on; a search with more is gone through */

/* What all workers share. */
typedef struct traffstat_i_anew {
    traffstat_ctx *ctx;
    const traffstat_i_search *search;
    bool bic;
    size_t lists;
    size_t widest;
    size_t terms;                                /* decided on; 0: no walk */
    uint16_t order[TRAFFSTAT_I_ANEW_TERMS];      /* as they are decided: small first, then strong */
    uint64_t above[TRAFFSTAT_I_ANEW_TERMS];      /* bits of those that contain it, itself too */
    size_t canonical[TRAFFSTAT_I_ANEW_TERMS];    /* places in `order`, by the order of terms */
    struct traffstat_i_anew_name *name;          /* [models] masks of `order` and their models */
} traffstat_i_anew;

traffstat_status traffstat_i_anew_new(traffstat_ctx *ctx, const traffstat_i_search *search,
                                      const traffstat_i_counts *data, bool bic,
                                      traffstat_i_anew *out);
void traffstat_i_anew_free(traffstat_i_anew *anew);

/* What one worker needs. */
typedef struct traffstat_i_anew_room {
    traffstat_i_exist_room *exist;
    const traffstat_i_fit_room *fit;
    int8_t *verdict;          /* [SIDE * models] existence by support, -1 until asked */
    uint8_t *support;         /* [SIDE * cells] */
    size_t supports;
    size_t support_of[TRAFFSTAT_I_ANEW_SIDE];
    struct traffstat_i_anew_level *level; /* [terms + 1] of the walk */
    double *beta;             /* [(terms + 1) * SIDE * widest], one level's after the other */
    uint16_t *term;           /* [(terms + 1) * widest] their models */
} traffstat_i_anew_room;

traffstat_status traffstat_i_anew_room_new(const traffstat_i_anew *anew,
                                           traffstat_i_exist_room *exist,
                                           const traffstat_i_fit_room *fit,
                                           traffstat_i_anew_room *out);
void traffstat_i_anew_room_free(const traffstat_i_anew *anew, traffstat_i_anew_room *room);

/* Up to SIDE counts. estimate: N, INFINITY where no model has one; chosen: the model in the search,
 * or UINT32_MAX. E_CANCELLED where the context was asked to stop. No allocation. */
traffstat_status traffstat_i_anew_best(const traffstat_i_anew *anew, traffstat_i_anew_room *room,
                                       const traffstat_i_counts *counts, size_t side,
                                       double *estimate, uint32_t *chosen);

#endif
