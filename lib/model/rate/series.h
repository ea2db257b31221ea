/* Tests of one series, without starting a public call. Private to the model room. */
#ifndef TRAFFSTAT_I_MODEL_SERIES_H
#define TRAFFSTAT_I_MODEL_SERIES_H

#include "base/base.h"

#include <traffstat/estimate.h>
#include <traffstat/series.h>

/* n >= 2, finite values; scores are those of the public calls. */
void traffstat_i_mann_kendall(const double *values, size_t n, traffstat_mann_kendall_result *out);
traffstat_status traffstat_i_sen_slope(traffstat_ctx *ctx, const double *times,
                                       const double *values, size_t n, double level,
                                       traffstat_sen_result *out);
void traffstat_i_pettitt(const double *values, size_t n, traffstat_series_test *out);
/* `exact_top`: the largest (cases x length) that is summed exactly. A case, two times. */
traffstat_status traffstat_i_poisson_trend(traffstat_ctx *ctx, const int32_t *times,
                                           const double *counts, const double *exposures, size_t n,
                                           int32_t origin, double exact_top,
                                           traffstat_poisson_trend_result *out);

/* traffstat_rate_change without starting a public call. `over_places`: the series is a sum over places,
 * so that a part that did not report is told by the number of places and refuses no year. */
traffstat_status traffstat_i_rate_change(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         size_t series, const int32_t years[2], double level,
                                         bool over_places, traffstat_change *out);

#endif
