/* What the methods of an overlap share: one run, and how each method fills its rows. Private to the
 * overlap family.
 *
 * answer.c checks the options and makes the estimate: for each stratum as many rows as the method
 * has (rows_of), then asks the method to fill them, then adds the total over strata (strata.c). */
#ifndef TRAFFSTAT_I_OVERLAP_METHODS_H
#define TRAFFSTAT_I_OVERLAP_METHODS_H

#include "estimate/estimate.h"

#include <traffstat/overlap.h>

typedef struct traffstat_i_overlap_run {
    traffstat_ctx *ctx;
    const traffstat_overlap *overlap;
    traffstat_overlap_options options; /* checked; level, order and the like are in range */
    traffstat_estimate *estimate;      /* in the making */
    double done;                       /* share of the work before this stratum, and its own: */
    double share;                      /* for traffstat_i_progress_span and _progress */
} traffstat_i_overlap_run;

/* Thresholds of VERDICTS that any method may meet. */
#define TRAFFSTAT_I_FEW_SHARED 10      /* persons on two or more lists: fewer ask for caution */
#define TRAFFSTAT_I_WIDE_CAUTION 4.0   /* upper over lower end of N */
#define TRAFFSTAT_I_WIDE_REFUSED 100.0 /* past it nothing is said but a lower bound */
#define TRAFFSTAT_I_LOST_CAUTION 0.01  /* share of bootstrap replicates without an estimate */
#define TRAFFSTAT_I_LOST_REFUSED 0.025 /* one tail of a 95 % interval */
#define TRAFFSTAT_I_UNSEEN_CAUTION 0.9 /* share of N that nobody saw */

/* The limits of a log-normal interval of N around the M persons seen (Chao 1987): the unseen part
 * is divided and multiplied by exp(z sqrt(log(1 + variance / unseen^2))). */
void traffstat_i_lognormal(double seen, double estimate, double variance, double level,
                           double *lower, double *upper);
/* Normal quantile of the upper end of a central interval: 1.96 of 0.95. */
double traffstat_i_central_z(double level);

/* Sets the numbers of a row from its point and interval: N, and N - seen beside it. */
void traffstat_i_overlap_numbers(traffstat_i_overlap_run *run, size_t row, double seen,
                                 double estimate, double lower, double upper);
/* The verdicts that lie in any row's numbers: how many of the `seen` persons were met twice or more
 * (`where`: "on both lists"; NULL: "on two or more lists"), the width, the share unseen, N below
 * what was seen, an interval without an upper end (unless the method gives a bound). Call after
 * traffstat_i_overlap_numbers. */
traffstat_status traffstat_i_overlap_judge(traffstat_i_overlap_run *run, size_t row, double seen,
                                           double shared, const char *where);
/* No number, and why. */
traffstat_status traffstat_i_overlap_refuse(traffstat_i_overlap_run *run, size_t row,
                                            const char *why);

/* Fills the rows [row, row + rows_of) of one stratum (its index; never TRAFFSTAT_NONE). */
typedef traffstat_status (*traffstat_i_overlap_fill_fn)(traffstat_i_overlap_run *run,
                                                        size_t stratum, size_t row);

/* The simple methods. */
traffstat_status traffstat_i_overlap_pairs(traffstat_i_overlap_run *run, size_t stratum,
                                           size_t row);
traffstat_status traffstat_i_overlap_chao(traffstat_i_overlap_run *run, size_t stratum, size_t row);
traffstat_status traffstat_i_overlap_coverage(traffstat_i_overlap_run *run, size_t stratum,
                                              size_t row);
size_t traffstat_i_overlap_closed_rows(const traffstat_overlap *overlap);
traffstat_status traffstat_i_overlap_closed(traffstat_i_overlap_run *run, size_t stratum,
                                            size_t row);

/* The total over strata, whose rows all have their numbers (strata.c). */
traffstat_status traffstat_i_overlap_total(traffstat_i_overlap_run *run);

/* All methods from TRAFFSTAT_OVERLAP_LOGLINEAR on: the loglinear engine's door, one row a stratum.
 * `check` runs once before the estimate is made (run->estimate is NULL then) and refuses a model
 * that names no such list. */
traffstat_status traffstat_i_overlap_engine_check(traffstat_i_overlap_run *run);
traffstat_status traffstat_i_overlap_engine(traffstat_i_overlap_run *run, size_t stratum,
                                            size_t row);

#endif
