/* The inside of the panel's posterior, shared by the files that build it, evaluate it and
 * approximate it.
 *
 * Coordinates of a position, in this order; those in brackets exist only where the model has them:
 *
 *     B = b0 + log p(c0), c0
 *     [log sd of places, log sd of report places]      two places or more
 *     [log sd of a year's step] [log sd of a drift's]  two years or more, drift_scale > 0
 *     [log of 1/sqrt(theta)] [logit of the mixing]     negative binomial; neighbours
 *     [places] [report places] [steps] [drift steps]   standard normal
 *     [rate covariates] [report covariates]            standard normal
 *
 * B replaces the level because counts tell of b0 + log p(c0) far better than of either alone. */
#ifndef TRAFFSTAT_REPORTING_FIELD_H
#define TRAFFSTAT_REPORTING_FIELD_H

#include "base/base.h"
#include "model/reporting/sheet.h"
#include "model/reporting/posterior.h"

#define TRAFFSTAT_I_NO_COORDINATE SIZE_MAX

enum { TRAFFSTAT_I_SMALL_COUNT = 16 }; /* counts up to here are summed term by term */

/* Where each block of coordinates begins. */
typedef struct traffstat_i_blocks {
    size_t level;
    size_t report;
    size_t place_sd;
    size_t report_place_sd;
    size_t year_sd;
    size_t drift_sd;
    size_t dispersion;
    size_t mixing;
    size_t place;
    size_t report_place;
    size_t year;
    size_t drift;
    size_t rate_beta;
    size_t report_beta;
    size_t end;
} traffstat_i_blocks;

/* The exact counts as what the sum of log(Gamma(y + theta)/Gamma(theta)) needs of them. */
typedef struct traffstat_i_rising_table {
    double above[TRAFFSTAT_I_SMALL_COUNT]; /* counts above 0, 1, ... */
    size_t small;                          /* how many of those matter */
    double *large;                         /* distinct counts past that */
    double *times;                         /* how often */
    size_t large_count;
} traffstat_i_rising_table;

struct traffstat_i_posterior {
    traffstat_ctx *ctx;
    traffstat_i_posterior_spec spec; /* its arrays are the copies below */
    void *copies[6];
    traffstat_i_blocks at;
    bool product; /* no covariates: a rate is a product of a place's and a year's factor */
    size_t *bulk; /* the cells with exact counts, which are worked out together */
    size_t bulk_count;
    size_t *single; /* the others */
    size_t single_count;
    traffstat_i_rising_table rising;
    traffstat_i_sheet sheet; /* the exact counts once more */
    double *weight;          /* exposure x coverage, one a cell */
    double *log_weight;      /* its logarithm */
    double *log_factorial;   /* of the count, where it is exact */
    double *place_count;     /* sum of exact counts of a place, and of a year */
    double *year_count;
    double counted;     /* sum of the exact counts */
    double fixed;       /* what exact counts add whatever the position */
    size_t *term_cells; /* cells of each term, those of term k from term_start[k] on */
    size_t *term_start; /* term_count + 1 */
    double *basis;      /* neighbours: eigenvectors, one a row */
    double *spread;     /* their variances in the scaled structured field */
};

/* A position on the model's own scales, and the derivatives of the log density by each of them. */
typedef struct traffstat_i_field {
    double level;
    double report;
    double place_sd, report_place_sd, year_sd, drift_sd;
    double theta; /* INFINITY: Poisson */
    double mixing;
    double *rate_place; /* effects: place_count, year_count, covariates */
    double *report_place;
    double *rate_year;
    double *report_year;
    double *rate_beta;
    double *report_beta;
    double *d_rate_place; /* in the same order, right behind them */
    double *d_report_place;
    double *d_rate_year;
    double *d_report_year;
    double *d_rate_beta;
    double *d_report_beta;
    double d_report; /* of what bears on the shared level alone */
    double d_theta;
    double *turned; /* neighbours: the place coordinates along the eigenvectors */
    double *factor; /* work of exact counts: e^rate of places, odds of the same, then both of years,
                       rounded up as the sheet's rows are */
    double *by_sheet; /* derivatives of the sheet, in the same order */
    double *mean;     /* one a cell: weight x rate */
    double *inverse;  /* one a cell: 1/p */
    double *logs;     /* of the rising factors */
} traffstat_i_field;

/* Lays the field over `scratch` and fills it from a position; derivatives are 0. */
void traffstat_i_field_read(const traffstat_i_posterior *posterior, void *scratch,
                            const double *position, traffstat_i_field *field);

/* Prior of a position with its Jacobians; from the field's derivatives and the prior's own the
 * gradient in coordinates. Uses up the derivatives. */
double traffstat_i_field_prior(const traffstat_i_posterior *posterior, traffstat_i_field *field,
                               const double *position, double *gradient);

/* Doubles of scratch that a field takes. */
size_t traffstat_i_field_size(const traffstat_i_posterior *posterior);

/* Log rate and logit p of a cell, and the way back for derivatives by them. */
void traffstat_i_field_predict(const traffstat_i_posterior *posterior,
                               const traffstat_i_field *field, size_t cell, double *log_rate,
                               double *logit_p);
void traffstat_i_field_pull(const traffstat_i_posterior *posterior, traffstat_i_field *field,
                            size_t cell, double d_log_rate, double d_logit_p);

/* Where the model is a product: rate and odds against reporting are products of a place's factor and
 * a year's. Fills f->mean (weight x rate) and f->inverse (1/p) of the exact counts. */
void traffstat_i_field_factors(const traffstat_i_posterior *posterior, traffstat_i_field *field);

/* Whether exact counts may be worked out together: for sizes of the negative binomial past 1e-6 and
 * 1e6 the logarithms that this takes lose digits. */
bool traffstat_i_field_in_bulk(const traffstat_i_field *field);

/* log p and log(1 - p) from logit p. */
double traffstat_i_log_logistic(double x);
double traffstat_i_logistic(double x);

/* log P(low <= Y <= high) with its derivatives; high < 0: no upper end. theta INFINITY: Poisson. */
typedef struct traffstat_i_cell_score {
    double log_likelihood;
    double d_log_mu;
    double d_theta;
} traffstat_i_cell_score;
traffstat_i_cell_score traffstat_i_cell_score_of(int64_t low, int64_t high, double log_mu,
                                                 double theta);
/* The same of one count, whose log factorial is known. */
traffstat_i_cell_score traffstat_i_exact_score(double y, double log_factorial, double log_mu,
                                               double theta);
double traffstat_i_log_factorial(int64_t count);

/* counts[n], sorted by the call. Its arrays belong to the caller: traffstat_i_free. */
traffstat_status traffstat_i_rising_table_init(traffstat_ctx *ctx, double *counts, size_t n,
                                               traffstat_i_rising_table *table);
/* Places in `logs` that traffstat_i_rising_ask() fills; their logarithms are wanted afterwards. */
size_t traffstat_i_rising_size(const traffstat_i_rising_table *table);
void traffstat_i_rising_ask(const traffstat_i_rising_table *table, double theta, double *logs);
/* Sum over counts of log Gamma(y + theta) - log Gamma(theta) - y log theta; adds its derivative by
 * theta to `slope`. Between the two: logs become their logarithms. */
double traffstat_i_rising_sum(const traffstat_i_rising_table *table, double theta,
                              const double *logs, double *slope);

/* What the evidence beside the counts adds; its derivatives go into the field. */
double traffstat_i_terms(const traffstat_i_posterior *posterior, traffstat_i_field *field);

/* Fills posterior->basis and ->spread. _E_ARGUMENT where the places do not hang together. */
traffstat_status traffstat_i_neighbours(traffstat_ctx *ctx, traffstat_i_posterior *posterior);

#endif
