/* Poisson-logistic regression: the fit itself. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_POGIT_H
#define TRAFFSTAT_I_REPORTING_POGIT_H

#include <stdbool.h>

#include "base/base.h"

/* Counts and binomial terms: validation of the rows first, then priors as a of a + b. */
typedef struct traffstat_i_pogit {
    size_t rows;
    size_t terms; /* binomial: rows (or 0) + priors */
    size_t rate;  /* columns of x, then of w */
    size_t share;
    double *count;  /* rows */
    double *offset; /* ln exposure */
    double *x;      /* rows x rate */
    double *w;      /* rows x share */
    double *seen;   /* terms: reported */
    double *missed; /* terms: not */
    double *z;      /* terms x share */
} traffstat_i_pogit;

/* Held at `value`: the sum of direction times coefficients. */
typedef struct traffstat_i_held {
    const double *direction;
    double value;
} traffstat_i_held;

/* Log posterior kernel; where `matrix` is given also its slope and the information (k x k, k = rate +
 * share), observed or expected. `validation` false: counts alone. */
double traffstat_i_pogit_value(const traffstat_i_pogit *of, const double *at, bool validation,
                               bool observed, double *slope, double *matrix);
/* Climbs from `at`. work: 2 k^2 + 5 k. Steps taken, negative: no top was reached. */
int traffstat_i_pogit_climb(const traffstat_i_pogit *of, const traffstat_i_held *held, double *at,
                            double *value, double *work);
/* Smallest eigenvalue of a symmetric matrix scaled to a unit diagonal, its direction in units of the
 * coefficients, the largest entry 1. The matrix is destroyed; work: k^2 + k. */
double traffstat_i_pogit_weakest(double *matrix, size_t k, double *direction, double *work);

#endif
