/* Curvature of the panel's posterior in its latent field: an arrow, because places hang together
 * only through what they share. */
#ifndef TRAFFSTAT_REPORTING_ARROW_H
#define TRAFFSTAT_REPORTING_ARROW_H

#include "model/reporting/field.h"

/* The latent field given the scales and the shared reporting level: two coordinates a place (rate,
 * reporting) and `width` shared ones (level, years' steps, drift's steps, covariates). */
typedef struct traffstat_i_arrow {
    size_t blocks;
    size_t width;
    size_t *shared; /* width: coordinates of a position */
    double *pair;   /* blocks x 3: a place's own 2 x 2, then its factor */
    double *cross;  /* blocks x 2 x width */
    double *core;   /* width x width, then the factor of what the places leave of it */
    double *design; /* 2 x width: how a cell's log rate and logit p hang on the shared ones */
    double log_determinant;
} traffstat_i_arrow;

traffstat_status traffstat_i_arrow_open(traffstat_ctx *ctx, const traffstat_i_posterior *posterior,
                                        traffstat_i_arrow *arrow);
void traffstat_i_arrow_close(traffstat_ctx *ctx, traffstat_i_arrow *arrow);

/* Negative curvature at a position, factored; false where it is not positive (never with
 * `expected`, which leaves out what may be negative). */
bool traffstat_i_arrow_fill(const traffstat_i_posterior *posterior, traffstat_i_arrow *arrow,
                            void *scratch, const double *position, bool expected);
/* step = curvature^-1 slope, both of a position's dimension; other coordinates of step are 0. */
void traffstat_i_arrow_solve(const traffstat_i_posterior *posterior, traffstat_i_arrow *arrow,
                             const double *slope, double *step, double *work);
/* step with covariance curvature^-1 from standard normals (2 blocks + width of them). */
void traffstat_i_arrow_draw(const traffstat_i_posterior *posterior, traffstat_i_arrow *arrow,
                            const double *normal, double *step, double *work);

/* log of the exact integral over each place's pair of effects, the shared coordinates held, over
 * that of the normal law which the filled arrow gives it; summed over places. order: the cells by
 * place, those of place j from start[j] on. */
double traffstat_i_place_integral(const traffstat_i_posterior *posterior,
                                  const traffstat_i_arrow *arrow, void *scratch,
                                  const double *position, const size_t *order, const size_t *start);

#endif
