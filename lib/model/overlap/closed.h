/* The closed-population family: its designs and one fit of each. Private to the overlap family. */
#ifndef TRAFFSTAT_I_CLOSED_H
#define TRAFFSTAT_I_CLOSED_H

#include "model/overlap/closed_fit.h"
#include "table/table.h"

typedef enum traffstat_i_closed_base {
    TRAFFSTAT_I_CLOSED_M0,  /* one chance of capture */
    TRAFFSTAT_I_CLOSED_MT,  /* one for each list */
    TRAFFSTAT_I_CLOSED_MB,  /* another one after the first capture */
    TRAFFSTAT_I_CLOSED_MBH, /* and the first list has its own */
} traffstat_i_closed_base;

typedef enum traffstat_i_closed_mixing {
    TRAFFSTAT_I_CLOSED_ALIKE,
    TRAFFSTAT_I_CLOSED_CHAO,
    TRAFFSTAT_I_CLOSED_POISSON,
    TRAFFSTAT_I_CLOSED_DARROCH,
    TRAFFSTAT_I_CLOSED_GAMMA,
    TRAFFSTAT_I_CLOSED_NORMAL, /* log-odds of capture vary normally between persons */
} traffstat_i_closed_mixing;

typedef struct traffstat_i_closed_model {
    const char *name;
    traffstat_i_closed_base base;
    traffstat_i_closed_mixing mixing;
} traffstat_i_closed_model;

#define TRAFFSTAT_I_CLOSED_MODELS 14
extern const traffstat_i_closed_model traffstat_i_closed_models[TRAFFSTAT_I_CLOSED_MODELS];

typedef struct traffstat_i_closed_answer {
    const char *refusal; /* NULL: there is a number */
    double estimate;
    double se;
    double deviance;
    double df;
    double aic;
    double bic;
    double bias;         /* asymptotic; NaN where there is no formula */
    double lower;        /* of the profile likelihood; of Mb, Mbh and Normal log-normal */
    double upper;        /* infinite: it never falls far enough */
    double se_published; /* of Mbh, as Rcapture gives it; else NaN */
} traffstat_i_closed_answer;

/* One stratum's histories, for any of the models. */
typedef struct traffstat_i_closed_counts {
    size_t occasions;         /* lists, or occasions of frequencies; 0: not known */
    const uint32_t *patterns; /* NULL: frequencies */
    const int64_t *counts;
    size_t cells;
    const double *captured; /* captured[k], k = 1..most: persons caught k times */
    size_t most;
    double seen;
} traffstat_i_closed_counts;

/* The groups of a model (closed_design.c), to be freed by the caller; none where the model has more
 * columns than TRAFFSTAT_I_CLOSED_COLUMNS. */
traffstat_status traffstat_i_closed_data_init(traffstat_ctx *ctx,
                                              const traffstat_i_closed_counts *counts,
                                              const traffstat_i_closed_model *model,
                                              traffstat_i_closed_data *out);
/* Fits with Chao's effects held at 0 where they would be below: the first negative one, one after
 * the other (Rivest & Baillargeon 2007). `fixed`: columns before the mixing ones. */
traffstat_i_closed_end traffstat_i_closed_fit_chao(traffstat_i_closed_data *data, size_t fixed,
                                                   double unseen, traffstat_i_closed_result *out);

traffstat_status traffstat_i_closed_estimate(traffstat_ctx *ctx,
                                             const traffstat_i_closed_counts *counts,
                                             const traffstat_i_closed_model *model, double level,
                                             traffstat_i_closed_answer *out);
/* The number with its bias taken off, and its standard error; NaN where no correction is known
 * (closed_corrected.c). */
traffstat_status traffstat_i_closed_corrected(traffstat_ctx *ctx,
                                              const traffstat_i_closed_counts *counts,
                                              const traffstat_i_closed_model *model,
                                              double *estimate, double *se);
/* Fit and complexity of a model with `columns` effects. */
void traffstat_i_closed_set_fit(traffstat_i_closed_answer *out, const traffstat_i_closed_data *data,
                                double deviance, size_t columns, double seen);
/* Of TRAFFSTAT_I_CLOSED_NORMAL, by quadrature (closed_normal.c). */
void traffstat_i_closed_normal(traffstat_i_closed_data *data,
                               const traffstat_i_closed_counts *counts, double level,
                               traffstat_i_closed_answer *out);

#endif
