/* Poisson-logistic regression: the fit itself. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_POGIT_H
#define TRAFFSTAT_I_REPORTING_POGIT_H

#include <stdbool.h>

#include "base/base.h"

#include <traffstat/pogit.h>

/* Counts and binomial terms: validation of the rows first, then priors as a of a + b. */
typedef struct traffstat_i_pogit {
    size_t rows;
    size_t terms; /* binomial: rows (or 0) + priors */
    size_t rate;  /* columns of x, then of w */
    size_t share;
    double *count;  /* rows; of an interval something in it, to start from */
    double *offset; /* ln (exposure coverage) */
    double *cover;  /* coverage */
    int64_t *low;   /* rows; NULL: all counts are exact */
    int64_t *high;  /* below 0: no upper end */
    double *x;      /* rows x rate */
    double *w;      /* rows x share */
    double *seen;   /* terms: reported */
    double *missed; /* terms: not */
    double *z;      /* terms x share */
    size_t laws;    /* of linear forms of the coefficients: Student's t, or normal */
    double *form;   /* laws x (rate + share) */
    double *center;
    double *scale;
    double *freedom; /* INFINITY: normal */
} traffstat_i_pogit;

/* Held at `value`: the sum of direction times coefficients. */
typedef struct traffstat_i_held {
    const double *direction;
    double value;
} traffstat_i_held;

/* What a law says of a form at `value`: its log kernel, slope and curvature (never below 0 where
 * `expected`). */
typedef struct traffstat_i_bend {
    double value;
    double slope;
    double curve; /* less the second derivative */
} traffstat_i_bend;
traffstat_i_bend traffstat_i_pogit_law(const traffstat_i_pogit *of, size_t law, double value,
                                       bool observed);
/* The same of a count, by the logarithm of its mean; the log likelihood of an exact one without the
 * part that does not move. */
traffstat_i_bend traffstat_i_pogit_count(const traffstat_i_pogit *of, size_t row, double log_mean,
                                         bool observed);

/* A fit's parts: the model in columns of mean 0 and spread 1, the top, and a coefficient of the
 * caller's columns as a combination of its own (NULL: no memory; the caller frees it). */
const traffstat_i_pogit *traffstat_i_pogit_model(const traffstat_pogit *pogit);
const double *traffstat_i_pogit_top(const traffstat_pogit *pogit);
double *traffstat_i_pogit_direction(traffstat_ctx *ctx, const traffstat_pogit *of, size_t index);
/* Of all coefficients, one after the other; NULL without memory. */
double *traffstat_i_pogit_directions(traffstat_ctx *ctx, const traffstat_pogit *of);

/* traffstat_pogit_unreported() of one row, or of all (TRAFFSTAT_NONE); the fit has numbers. */
traffstat_status traffstat_i_pogit_hidden(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                          size_t row, double level, traffstat_pogit_number *out);
/* Public calls of these names, without starting one: the fit has numbers, the index is there. */
traffstat_status traffstat_i_pogit_coefficient(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                               size_t index, double level,
                                               traffstat_pogit_number *out);
traffstat_status traffstat_i_pogit_profile(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                           size_t index, double level, traffstat_interval *out);
traffstat_status traffstat_i_pogit_fit(traffstat_ctx *ctx, const traffstat_pogit_data *data,
                                       traffstat_pogit **out);

/* Log posterior kernel; where `matrix` is given also its slope and the information (k x k, k = rate +
 * share), observed or expected. `validation` false: counts alone. */
double traffstat_i_pogit_value(const traffstat_i_pogit *of, const double *at, bool validation,
                               bool observed, double *slope, double *matrix);
/* ln(p) at a logit, without overflow. */
double traffstat_i_log_share(double logit);
/* Climbs from `at`. work: 2 k^2 + 5 k. Steps taken, negative: no top was reached. */
int traffstat_i_pogit_climb(const traffstat_i_pogit *of, const traffstat_i_held *held, double *at,
                            double *value, double *work);
/* Smallest eigenvalue of a symmetric matrix scaled to a unit diagonal, its direction in units of the
 * coefficients, the largest entry 1. The matrix is destroyed; work: k^2 + k. */
double traffstat_i_pogit_weakest(double *matrix, size_t k, double *direction, double *work);

#endif
