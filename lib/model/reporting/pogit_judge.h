/* Chains of a Poisson-logistic regression: how well they mixed, by the limits of VERDICTS, and plain
 * summaries of draws. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_POGIT_JUDGE_H
#define TRAFFSTAT_I_REPORTING_POGIT_JUDGE_H

#include "model/reporting/nuts.h"

#include <stdbool.h>

#include <traffstat/estimate.h>

#define TRAFFSTAT_I_SIZE_CAUTION 400.0 /* effective draws: fewer, and limits move from run to run */

/* The worst over all that was looked at. */
typedef struct traffstat_i_mixing {
    double rhat;
    double bulk;
    double tail;
    char worst[96];
} traffstat_i_mixing;

traffstat_i_mixing traffstat_i_mixing_start(void);
/* values: chains x draws; room: twice as many. Numbers that are all the same say nothing. */
void traffstat_i_mixing_look(traffstat_i_mixing *mix, const double *values, int32_t chains,
                             int32_t draws, double *room, const char *name);
bool traffstat_i_mixed(const traffstat_i_mixing *mix, double wanted);

/* One test after the other: its verdict, and the reason where that is not ok. */
enum { TRAFFSTAT_I_MIX_TESTS = 5 };
traffstat_verdict traffstat_i_mixing_test(const traffstat_i_mixing *mix, double diverged,
                                          double ebfmi, int number, char *reason, size_t size);

/* ---- plain summaries ------------------------------------------------------------------------- */

void traffstat_i_sort_values(double *values, size_t count);
/* The smallest value up to which at least `prob` of the draws lie. */
double traffstat_i_quantile_of(const double *sorted, size_t count, double prob);
double traffstat_i_mean_of(const double *values, size_t count);
double traffstat_i_sd_of(const double *values, size_t count);

#endif
