/* The posterior of a Poisson-logistic regression as a density for the sampler. Private to the
 * reporting family.
 *
 * The counts know log rate + log p, not its parts. So the coefficients of the rate are moved by what
 * the rate columns can follow of log p (least squares, weighted by the means at the top): a shift that
 * depends on the reporting alone, of Jacobian 1. What is left is brought to unit curvature at the top. */
#ifndef TRAFFSTAT_I_REPORTING_POGIT_TARGET_H
#define TRAFFSTAT_I_REPORTING_POGIT_TARGET_H

#include "model/reporting/nuts.h"
#include "model/reporting/pogit.h"

typedef struct traffstat_i_pogit_target {
    const traffstat_i_pogit *of;
    double *block;
    double *top;       /* k coefficients */
    double *follow;    /* rows x rate: what a row's log p moves the rate's coefficients by */
    double *log_share; /* rows, at the top */
    double *factor;    /* k x k, lower: Cholesky factor of the curvature at the top */
} traffstat_i_pogit_target;

/* `top`: the mode. E_NUMERIC where it is none. */
traffstat_status traffstat_i_pogit_target_init(traffstat_ctx *ctx, const traffstat_i_pogit *of,
                                               const double *top, traffstat_i_pogit_target *out);
void traffstat_i_pogit_target_clear(traffstat_ctx *ctx, traffstat_i_pogit_target *target);

size_t traffstat_i_pogit_scratch_size(const traffstat_i_pogit *of);
/* As traffstat_i_target wants it. */
double traffstat_i_pogit_density(const void *model, void *scratch, const double *position,
                                 double *gradient);
/* The coefficients at a position. */
void traffstat_i_pogit_at(const traffstat_i_pogit_target *target, void *scratch,
                          const double *position, double *at);

/* Four chains, `draws` of each at first, doubled at most four times until they suffice; again with
 * smaller steps where any diverged. *accept: what was aimed at in the end. */
traffstat_status traffstat_i_pogit_chains(traffstat_ctx *ctx,
                                          const traffstat_i_pogit_target *target, int32_t draws,
                                          traffstat_i_rounds_fn look, void *user,
                                          traffstat_i_chains **out, double *accept);

#endif
