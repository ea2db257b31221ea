/* What is assumed of the reporting probability p, as a law of z = logit p. Private to the reporting
 * family. */
#ifndef TRAFFSTAT_I_REPORTING_LOGIT_LAW_H
#define TRAFFSTAT_I_REPORTING_LOGIT_LAW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

typedef enum traffstat_i_form {
    TRAFFSTAT_I_FORM_BETA,         /* Beta(a, b), its logit moved by a normal shift where that is > 0 */
    TRAFFSTAT_I_FORM_LOGIT_NORMAL, /* normal: center, spread */
    TRAFFSTAT_I_FORM_KNOWN         /* center alone */
} traffstat_i_form;

typedef struct traffstat_i_logit_law {
    traffstat_i_form form;
    double a;
    double b;
    double shift;  /* sd */
    double center;
    double spread; /* sd */
} traffstat_i_logit_law;

/* ln of the density of z, up to a constant. */
double traffstat_i_logit_log_density(const traffstat_i_logit_law *law, double z);
/* P(p <= share), and the rest. NaN on failure. */
double traffstat_i_logit_cdf(const traffstat_i_logit_law *law, double share);
/* The share at probability q in (0, 1); NaN on failure. */
double traffstat_i_logit_quantile(const traffstat_i_logit_law *law, double q);
/* Mean and sd of z. */
void traffstat_i_logit_moments(const traffstat_i_logit_law *law, double *mean, double *sd);
/* Mean and sd of p, to about 1e-12. */
void traffstat_i_share_moments(const traffstat_i_logit_law *law, double *mean, double *sd);

/* Moves the law to `factor` of its center (mean of a Beta law at the same a + b, else middle of the
 * share); false where that passes 0.95. */
bool traffstat_i_scale_share(traffstat_i_logit_law *law, double factor);
/* E[(1-p)/p] in closed form; NaN: infinite. */
double traffstat_i_odds_against(const traffstat_i_logit_law *law);

/* A function to be integrated over z: its logarithm, up to a constant. */
typedef double (*traffstat_i_log_weight_fn)(const void *of, double z);

/* A trapezoid rule over z for exp(log_weight): where the weight is above e^-42 of its peak, in steps
 * that give up to `steps` to each of its widths and are no longer than `longest`. For analytic
 * weights it converges at once. One point where the law is known. */
typedef struct traffstat_i_grid {
    double *z;
    double *weight;  /* adds up to 1 */
    size_t count;
    double log_mass; /* ln of the integral of exp(log_weight) */
} traffstat_i_grid;

traffstat_status traffstat_i_grid_init(traffstat_ctx *ctx, traffstat_i_grid *grid,
                                       traffstat_i_log_weight_fn log_weight, const void *of,
                                       const traffstat_i_logit_law *law, double longest);
void traffstat_i_grid_clear(traffstat_ctx *ctx, traffstat_i_grid *grid);

#endif
