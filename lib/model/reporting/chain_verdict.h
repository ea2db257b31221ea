/* Draws of a posterior: whether they may be trusted, by the limits of VERDICTS, what they say of the
 * counts that they were fitted to, and plain summaries. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_CHAIN_VERDICT_H
#define TRAFFSTAT_I_REPORTING_CHAIN_VERDICT_H

#include "estimate/detail.h"
#include "model/reporting/nuts.h"

#include <stdbool.h>

#include <traffstat/estimate.h>

#define TRAFFSTAT_I_RHAT_CAUTION                                                                   \
    1.01 /* chains that agree less have not shown that they know one law */
#define TRAFFSTAT_I_RHAT_REFUSED 1.05
#define TRAFFSTAT_I_SIZE_CAUTION 400.0 /* effective draws: fewer, and limits move from run to run */
#define TRAFFSTAT_I_SIZE_REFUSED 100.0
#define TRAFFSTAT_I_KHAT_CAUTION 0.7    /* past it weights have no useful variance */
#define TRAFFSTAT_I_MISFIT_CAUTION 0.05 /* share of replicates that vary as much as the counts do */

/* ---- mixing ---------------------------------------------------------------------------------- */

/* Of one number. R-hat is NaN where all draws are the same: it says nothing then. */
typedef struct traffstat_i_look {
    double rhat, bulk, tail;
} traffstat_i_look;

/* The worst over all that was looked at. */
typedef struct traffstat_i_mixing {
    double rhat, bulk, tail;
    char worst[96];
} traffstat_i_mixing;

/* values: chains x draws; room: twice as many. */
traffstat_i_look traffstat_i_look_at(const double *values, int32_t chains, int32_t draws,
                                     double *room);
traffstat_i_mixing traffstat_i_mixing_start(void);
/* True where it is the worst so far: then the caller names it in `worst`. */
bool traffstat_i_mixing_take(traffstat_i_mixing *mix, traffstat_i_look look);
/* Both in one. */
void traffstat_i_mixing_look(traffstat_i_mixing *mix, const double *values, int32_t chains,
                             int32_t draws, double *room, const char *name);
bool traffstat_i_mixed(const traffstat_i_mixing *mix, double wanted);

/* ---- verdict --------------------------------------------------------------------------------- */

/* What tells of a run; NaN: not of this engine. */
typedef struct traffstat_i_health {
    const traffstat_i_mixing *mix; /* NULL: there are no chains */
    double diverged;               /* share of the draws */
    double ebfmi;
    double khat;  /* of the fast engine */
    double worth; /* effective number of its draws */
} traffstat_i_health;

typedef traffstat_status (*traffstat_i_health_fn)(void *user, traffstat_verdict verdict,
                                                  const char *reason);
/* Calls say() for each test that is not passed, in a fixed order. */
traffstat_status traffstat_i_health_judge(const traffstat_i_health *of, traffstat_i_health_fn say,
                                          void *user);

/* ---- what draws say of the counts ------------------------------------------------------------ */

/* How often a number of a replicate is at least as large as that of the data (ties by half). weight
 * NULL: all draws alike. */
double traffstat_i_replicate_share(const double *seen, const double *again, const double *weight,
                                   size_t draws);
void traffstat_i_detail_check(traffstat_detail *list, const char *name, double observed,
                              double expected, double p);
/* The detail `loo`: leave-one-out by smoothed importance weights (Vehtari, Gelman & Gabry 2017).
 * likelihood: rows x draws, log; room: draws. _E_NOMEM. */
traffstat_status traffstat_i_detail_loo(traffstat_ctx *ctx, traffstat_detail *top,
                                        const double *likelihood, size_t rows, size_t draws,
                                        double *room);

/* ---- plain summaries ------------------------------------------------------------------------- */

void traffstat_i_sort_values(double *values, size_t count);
/* The smallest value up to which at least `prob` of the draws lie. */
double traffstat_i_quantile_of(const double *sorted, size_t count, double prob);
double traffstat_i_mean_of(const double *values, size_t count);
double traffstat_i_sd_of(const double *values, size_t count);

#endif
