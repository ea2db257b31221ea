/* Poisson regression over capture histories that are grouped by equal design rows. Private to the
 * overlap family.
 *
 * A group stands for `size` histories of one mean exp(x b); `y` persons have one of them. */
#ifndef TRAFFSTAT_I_CLOSED_FIT_H
#define TRAFFSTAT_I_CLOSED_FIT_H

#include "base/base.h"

/* Lists twice (Mt and a column for each number of captures) and a few more. */
#define TRAFFSTAT_I_CLOSED_COLUMNS 40

typedef struct traffstat_i_closed_group {
    double x[TRAFFSTAT_I_CLOSED_COLUMNS]; /* x[0] is 1 */
    double size;
    double y;
    double extra; /* a tenth for each of its histories */
    double start; /* sum of (y + 0.1) log of (y + 0.1) per unit of size, over its histories */
} traffstat_i_closed_group;

typedef struct traffstat_i_closed_data {
    traffstat_i_closed_group *groups;
    size_t group_count;
    size_t columns;
    bool off[TRAFFSTAT_I_CLOSED_COLUMNS]; /* columns whose effect is held at 0 */
    double within;                        /* deviance of the histories inside of their groups */
    double saturated;                     /* log-likelihood of means equal to the counts */
    double cells;                         /* histories in all */
} traffstat_i_closed_data;

typedef enum traffstat_i_closed_end {
    TRAFFSTAT_I_CLOSED_FITTED,
    TRAFFSTAT_I_CLOSED_ALIASED,  /* two sets of effects give the same means */
    TRAFFSTAT_I_CLOSED_DIVERGED, /* the means run to 0: no maximum */
} traffstat_i_closed_end;

typedef struct traffstat_i_closed_result {
    double b[TRAFFSTAT_I_CLOSED_COLUMNS];
    double first_b[TRAFFSTAT_I_CLOSED_COLUMNS]; /* where common software stops: see _fit */
    double v[TRAFFSTAT_I_CLOSED_COLUMNS * TRAFFSTAT_I_CLOSED_COLUMNS]; /* inverse information */
    double deviance;
    double null_mean; /* of the empty history, where one was added */
} traffstat_i_closed_result;

/* Cholesky factor of the symmetric n x n matrix a (row stride TRAFFSTAT_I_CLOSED_COLUMNS), in
 * place, after scaling its diagonal to 1; scale gets the square roots. false: not positive
 * definite. */
bool traffstat_i_closed_factor(double *a, double *scale, size_t n);
/* Solves with that factor, in place. */
void traffstat_i_closed_solve(const double *factor, const double *scale, size_t n, double *b);
/* The inverse of what was factored. */
void traffstat_i_closed_invert(const double *factor, const double *scale, size_t n, double *out);

/* Columns that are not held at 0. */
size_t traffstat_i_closed_effects(const traffstat_i_closed_data *data);

/* Maximum likelihood, iterated until no mean moves: a maximum that does not exist is never taken
 * for one (the means of a diverging fit fall by a factor of e a step). `start`: coefficients of a
 * fit nearby, or NULL. `unseen` >= 0 adds the empty history, with that many persons, as a cell with
 * row (1, 0, ..., 0); negative: not.
 *
 * `first_b` and `v` are what R's glm.fit reports: the coefficients when the deviance changes by less
 * than 1e-8 of itself, and the inverse information at the coefficients before. Published numbers are
 * these; they differ from the maximum in the eighth digit or later, standard errors in the fifth. */
traffstat_i_closed_end traffstat_i_closed_fit(const traffstat_i_closed_data *data, double unseen,
                                              const double *start, traffstat_i_closed_result *out);

#endif
