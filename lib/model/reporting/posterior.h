/* The hierarchical panel as a log posterior: what the engines and the face of the model agree on.

   log rate  = level + place + year (random walk from year 0) [+ neighbours] [+ covariates]
   logit p   = report + place + drift (random walk, 0 at the anchor year) [+ covariates]
   count     ~ Poisson(exposure rate coverage p), or negative binomial around it with size theta
   unreported ~ Poisson(exposure rate (1 - coverage p)) given the rest (Poisson), never sampled inside.

   A position is a point of R^dimension in coordinates without the ridge (log rate + log p, logit p):
   METHODS-reporting 3. Everything here is immutable after _new, so that chains may share it. */
#ifndef TRAFFSTAT_REPORTING_POSTERIOR_H
#define TRAFFSTAT_REPORTING_POSTERIOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traffstat/base.h>

/* One count. The set [low, high] is what is known of it; high < 0: no upper end. */
typedef struct traffstat_i_cell {
    size_t place;
    size_t year;
    int64_t low;
    int64_t high;
    double exposure; /* > 0; person-years in the unit of the rate, or 1 */
    double coverage; /* (0, 1]: share of the population that could be counted */
} traffstat_i_cell;

#define TRAFFSTAT_I_EVERYWHERE SIZE_MAX

/* What tells of p or N apart from the counts. */
typedef struct traffstat_i_evidence_term {
    bool is_total; /* false: v of m true cases were reported; true: log N ~ Normal(center, sd) */
    size_t place;  /* TRAFFSTAT_I_EVERYWHERE: the shared level of p (not for is_total) */
    size_t year;   /* likewise */
    int64_t v, m;  /* 0 <= v <= m */
    double center, sd;
    bool is_pooled; /* of v and m: true cases of all cells that place and year hold together */
} traffstat_i_evidence_term;

/* The law of p's shared level: Beta(a, b) on p itself, or Normal(mean, sd) on logit p. */
typedef struct traffstat_i_level_prior {
    bool is_logit_normal;
    double a, b; /* of the Beta; or mean and sd */
} traffstat_i_level_prior;

typedef struct traffstat_i_posterior_spec {
    size_t place_count;
    size_t year_count;
    const traffstat_i_cell *cells;
    size_t cell_count;
    const traffstat_i_evidence_term *terms;
    size_t term_count;

    traffstat_i_level_prior report;
    double level_center, level_sd; /* Normal, on log rate */
    double place_scale;            /* half-normal of the sd of places, rates */
    double report_place_scale;     /* the same, reporting */
    double year_scale;             /* half-normal of the sd of a year's step, rates */
    double drift_scale;            /* the same, reporting; 0: p does not drift */
    size_t anchor_year;            /* where the drift is 0 */
    bool negative_binomial;        /* 1/sqrt(theta) ~ half-normal(dispersion_scale) */
    double dispersion_scale;

    const bool *new_rate_level;  /* year_count, or NULL: a break begins there */
    size_t edge_count;           /* BYM2 where > 0 */
    const size_t *edges;         /* 2 x edge_count, places */
    size_t rate_covariate_count; /* columns, standardised by the caller; Normal(0, covariate_sd) */
    const double *rate_covariates; /* cell_count x columns */
    size_t report_covariate_count;
    const double *report_covariates;
    double covariate_sd;
} traffstat_i_posterior_spec;

typedef struct traffstat_i_posterior traffstat_i_posterior;

/* Copies all that the spec points at. */
traffstat_status traffstat_i_posterior_new(traffstat_ctx *ctx,
                                           const traffstat_i_posterior_spec *spec,
                                           traffstat_i_posterior **out);
void traffstat_i_posterior_free(traffstat_i_posterior *posterior);

size_t traffstat_i_posterior_dimension(const traffstat_i_posterior *posterior);
size_t traffstat_i_posterior_scratch_size(const traffstat_i_posterior *posterior);

/* Log density up to a constant and its gradient; -INFINITY outside. Fits traffstat_i_target. */
double traffstat_i_posterior_density(const void *posterior, void *scratch, const double *position,
                                     double *gradient);

/* The hyperparameters at a position, on their own scales. */
typedef struct traffstat_i_hyper {
    double level;  /* b0 */
    double report; /* c0, logit */
    double place_sd, report_place_sd, year_sd, drift_sd;
    double theta;  /* INFINITY for Poisson */
    double mixing; /* BYM2's share of neighbours, 0 without */
    double log_likelihood;
} traffstat_i_hyper;

void traffstat_i_posterior_hyper(const traffstat_i_posterior *posterior, void *scratch,
                                 const double *position, traffstat_i_hyper *hyper);

/* For each cell: log rate and logit p (without coverage), and its log likelihood. Each array has
   cell_count places; any may be NULL. */
void traffstat_i_posterior_cells(const traffstat_i_posterior *posterior, void *scratch,
                                 const double *position, double *log_rate, double *logit_p,
                                 double *log_likelihood);

/* The fast engine: mode and curvature, draws of the approximation with importance weights.
   Where _has_fast says no (neighbours, estimates of totals): _E_ARGUMENT.
   positions: draw_count x dimension; log_weights: draw_count, smoothed and summing to 1; khat: the
   shape of their tail. _E_NUMERIC where no mode is found. */
bool traffstat_i_posterior_has_fast(const traffstat_i_posterior *posterior);
/* Of so many draws, how many are of the scales and the shared level; draw i has those of the outer
 * draw i modulo this. */
size_t traffstat_i_posterior_outer_draws(size_t draw_count);
traffstat_status traffstat_i_posterior_laplace(traffstat_ctx *ctx,
                                               const traffstat_i_posterior *posterior,
                                               uint64_t seed, size_t draw_count, double *positions,
                                               double *log_weights, double *khat);

#endif
