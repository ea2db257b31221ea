/* The inside of a result of traffstat_joinpoint_fit(). Private to the model room. */
#ifndef TRAFFSTAT_I_MODEL_JOINPOINT_H
#define TRAFFSTAT_I_MODEL_JOINPOINT_H

#include "model/rate/bent.h"

struct traffstat_joinpoint {
    traffstat_ctx *ctx;
    traffstat_i_bent series;
    traffstat_joinpoint_options options;
    size_t most;
    size_t chosen;
    size_t test_count;
    traffstat_joinpoint_test tests[TRAFFSTAT_I_KNOTS];
    traffstat_i_lines fits[TRAFFSTAT_I_KNOTS + 1];
};

double traffstat_i_freedom(const traffstat_i_bent *series, const traffstat_i_lines *lines);
/* Pearson's chi square (log-linear: the sum of squares) over its degrees of freedom. */
double traffstat_i_dispersion(const traffstat_i_bent *series, const traffstat_i_lines *lines);
/* NaN for log-linear fits. */
double traffstat_i_log_likelihood(const traffstat_i_bent *series, const traffstat_i_lines *lines);
double traffstat_i_bic(const traffstat_i_bent *series, const traffstat_i_lines *lines);

#endif
