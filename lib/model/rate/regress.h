/* Log-linear regression of counts with exposure: the fit itself. Private to the model room. */
#ifndef TRAFFSTAT_I_MODEL_REGRESS_H
#define TRAFFSTAT_I_MODEL_REGRESS_H

#include <stdbool.h>

#include "base/base.h"

/* `rows` counts with `columns` explanatory values each, by row. Borrowed. */
typedef struct traffstat_i_counts {
    size_t rows;
    size_t columns;
    const double *lower;
    const double *upper; /* INFINITY: no upper end */
    const double *offset; /* ln exposure */
    const double *design;
} traffstat_i_counts;

typedef enum traffstat_i_fit_end {
    TRAFFSTAT_I_FIT_DONE = 0,
    TRAFFSTAT_I_FIT_ALL_ZERO = 1,  /* the likelihood rises as all means go to 0 */
    TRAFFSTAT_I_FIT_SEPARATED = 2, /* some coefficients run away; `loglik` is what it tends to */
    TRAFFSTAT_I_FIT_DEPENDENT = 3, /* columns that the others make up */
    TRAFFSTAT_I_FIT_FEW = 4,       /* fewer rows than columns */
    TRAFFSTAT_I_FIT_LOST = 5       /* no convergence, or an interval that cannot be summed */
} traffstat_i_fit_end;

/* Arrays belong to the fit: traffstat_i_fit_free. */
typedef struct traffstat_i_fit {
    traffstat_i_fit_end end;
    int iterations;
    double loglik;         /* with the penalty */
    double penalty;        /* Firth's, 0 without: half the log determinant of the information */
    double size;           /* of the negative binomial; INFINITY: Poisson */
    double log_size_error; /* standard error of its logarithm, from the joint information */
    bool boundary;         /* a negative binomial was asked for, and Poisson fits as well */
    double *coefficients;  /* columns */
    double *covariance;    /* columns x columns: expected information where all counts are exact,
                              else the observed joint one */
    double *means;         /* rows: fitted counts */
    double *basis;         /* rows x columns: the design made orthonormal */
    double *back;          /* columns x columns: upper triangle, design = basis * back */
} traffstat_i_fit;

/* `negbin`: with a size of its own. Ends other than DONE are results, not failures; on FEW, DEPENDENT,
 * ALL_ZERO and LOST nothing but `end` means anything. */
traffstat_status traffstat_i_regress(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                     bool negbin, traffstat_i_fit *out);
void traffstat_i_fit_free(traffstat_ctx *ctx, traffstat_i_fit *fit);

/* Poisson with Firth's penalty, exact counts only: finite also where all counts are 0 or a coefficient
 * would run away. `held`: the value at which the last column's coefficient stays, NULL: none does (then
 * `covariance` means nothing). Ends: DONE, DEPENDENT, FEW, LOST. */
traffstat_status traffstat_i_regress_firth(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                           const double *held, traffstat_i_fit *out);

/* What both fits share: arrays and the orthonormal basis (ends: DONE so far, FEW, DEPENDENT), and the
 * coefficients from those of the basis. */
traffstat_status traffstat_i_fit_new(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                     traffstat_i_fit *fit);
void traffstat_i_fit_coefficients(traffstat_i_fit *fit, size_t columns, const double *at);

/* Cholesky factor of a symmetric n x n matrix in its lower triangle, in place; false: not positive
 * definite. Then solving with it, in place. */
bool traffstat_i_cholesky(double *matrix, size_t n);
void traffstat_i_cholesky_solve(const double *factor, size_t n, double *vector);

#endif
