/* A fitted regression, open to the model room. */
#ifndef TRAFFSTAT_I_MODEL_REGRESSION_H
#define TRAFFSTAT_I_MODEL_REGRESSION_H

#include "model/rate/regress.h"

#include <traffstat/regression.h>

struct traffstat_regression {
    traffstat_ctx *ctx;
    traffstat_i_counts counts; /* its arrays are in `block` */
    double *block;
    traffstat_i_fit fit;
    traffstat_i_fit_end plain; /* of the fit without a penalty, where there is one */
    traffstat_regression_options options;
    traffstat_regression_summary summary;
    double *robust; /* columns: sandwich variances */
    const char *reason;
};

/* traffstat_regression_fit without starting a public call: for models inside one. Counts are whole
 * numbers as doubles; `offset` is ln exposure. */
traffstat_status traffstat_i_regression_fit(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                            const traffstat_regression_options *options,
                                            traffstat_regression **out);
traffstat_status traffstat_i_regression_profile(traffstat_ctx *ctx,
                                                const traffstat_regression *regression,
                                                size_t column, double level,
                                                traffstat_interval *out);

#endif
