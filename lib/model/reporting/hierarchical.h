/* One run of the hierarchical panel, shared by its fit and its answer. */
#ifndef TRAFFSTAT_I_REPORTING_HIERARCHICAL_H
#define TRAFFSTAT_I_REPORTING_HIERARCHICAL_H

#include <traffstat/hierarchical.h>

#include "model/reporting/hierarchical_data.h"
#include "model/reporting/nuts.h"
#include "model/reporting/thinning.h"

typedef struct traffstat_i_hierarchical {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_prior *prior;
    traffstat_hierarchical_options options;
    traffstat_i_thinning thinning; /* kind, reasons and basis are those of a thinning */
    traffstat_i_hierarchical_data data;
    traffstat_i_posterior_spec spec;
    traffstat_i_posterior *posterior;
    void *scratch;
    int32_t chains;     /* 1 of the fast engine */
    int32_t draws;      /* a chain */
    double *weight;     /* of each draw, adding up to 1; NULL: all alike */
    double *all;        /* cells x draws: N */
    double *hidden;     /* cells x draws: N less what was counted */
    double *likelihood; /* cells x draws, log */
    double *hyper;      /* HYPERS x draws */
    double *check;      /* 2 x CHECKS x draws: of the data, of a replicate */
    double *one;        /* draws x 3: work */
    /* what tells of the fit */
    double rhat, bulk, tail, ebfmi, khat;
    double misfit; /* share of replicates that vary as much as the counts */
    char worst[96];
    int64_t divergences;
} traffstat_i_hierarchical;

enum { HYPER_SHARE, HYPER_PLACE, HYPER_REPORT_PLACE, HYPER_YEAR, HYPER_DRIFT, HYPER_THETA, HYPERS };
enum { CHECK_ZEROS, CHECK_MAXIMUM, CHECK_DISPERSION, CHECK_LAG, CHECKS };

/* Draws of everything that is reported, from positions (chains x draws x dimension). */
traffstat_status traffstat_i_hierarchical_draw(traffstat_i_hierarchical *run,
                                               const double *positions);
void traffstat_i_hierarchical_drop(traffstat_i_hierarchical *run);
/* Sums over the cells of a year or place (TRAFFSTAT_NONE: any) into out[draws]. */
void traffstat_i_hierarchical_sum(const traffstat_i_hierarchical *run, const double *of,
                                  size_t place, size_t year, double *out);
/* Rows, totals and details of the estimate that is there. */
traffstat_status traffstat_i_hierarchical_answer(traffstat_i_hierarchical *run);

#endif
