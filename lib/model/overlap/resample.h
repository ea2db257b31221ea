/* Replicates of counts: drawing them, choosing the model anew in each, and intervals from them.
 * Private to the engine. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_RESAMPLE_H
#define TRAFFSTAT_I_MODEL_OVERLAP_RESAMPLE_H

#include "model/overlap/search.h"

/* ---- replicates ------------------------------------------------------------------------------ */

enum {
    TRAFFSTAT_I_SAME_MODEL = 0, /* `model` in each replicate */
    TRAFFSTAT_I_STEP_ANEW = 1,  /* the stepwise path is gone anew */
    TRAFFSTAT_I_SEARCH_ANEW = 2 /* the best of all models of `search` */
};

typedef struct traffstat_i_resampling {
    const traffstat_i_counts *counts;
    const double *weight;          /* [cells] replicates are drawn in proportion to it */
    int how;
    traffstat_i_terms model;
    const double *beta;            /* where fits of `model` begin */
    double threshold;
    const traffstat_i_search *search;
    bool bic;                      /* of the search */
    bool jackknife;                /* also each history with one person less */
    uint64_t seed;
    uint32_t stream;
    size_t replicates;
} traffstat_i_resampling;

typedef struct traffstat_i_replicates {
    size_t count;
    size_t without;      /* replicates that have no estimate */
    size_t models;       /* different models that were chosen; 0 where that is not counted */
    double *estimate;    /* [count] N; INFINITY: none */
    double *deviance;    /* [count] of SAME_MODEL, else 0; NaN: none */
    double *jackknife;   /* [cells] N with one person less of a history; 0 where nobody has it */
    uint32_t *chosen;    /* [count] model of the search; UINT32_MAX: none */
} traffstat_i_replicates;

/* The same for every number of threads. E_CANCELLED, E_CALLBACK, E_NOMEM. */
traffstat_status traffstat_i_resample(traffstat_ctx *ctx, const traffstat_i_resampling *plan,
                                      traffstat_i_replicates *out);
void traffstat_i_replicates_free(traffstat_ctx *ctx, traffstat_i_replicates *replicates);

/* ---- intervals ------------------------------------------------------------------------------- */

typedef struct traffstat_i_bca {
    double lower;             /* bias-corrected and accelerated */
    double upper;             /* INFINITY: no upper end */
    double percentile_lower;
    double percentile_upper;
    double bias;              /* z0 */
    double acceleration;
} traffstat_i_bca;

/* DiCiccio & Efron (1996), Statistical Science 11:189-228. Ties count half; quantiles of type 8.
 * Sorts the estimates. */
void traffstat_i_bca_limits(traffstat_i_replicates *replicates, const traffstat_i_counts *counts,
                            double point, double level, traffstat_i_bca *out);
/* Quantile of type 8 (Hyndman & Fan 1996) of rising numbers, the last of which may be infinite. */
double traffstat_i_quantile8(const double *sorted, size_t count, double p);

#endif
