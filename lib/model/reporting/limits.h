/* Bands that hold for every reporting rate within limits. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_LIMITS_H
#define TRAFFSTAT_I_REPORTING_LIMITS_H

#include "estimate/estimate.h"
#include "model/reporting/dist.h"

typedef struct traffstat_i_band {
    double lower; /* NaN: that end does not exist */
    double upper;
} traffstat_i_band;

/* One run of the model. */
typedef struct traffstat_i_bounds {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    traffstat_bounds_options options;
    traffstat_i_rule rule; /* of the envelope */
    double levels[2];
    size_t level_count;
    traffstat_estimate *estimate;
    size_t numbers; /* rows with one */
} traffstat_i_bounds;

/* Every N for which a count in [lower, upper] is not in a tail of (1 - level)/2 of the binomial law
 * with some p of `share`. NaN in `lower`: the search failed. */
traffstat_i_band traffstat_i_realised_band(double lower, double upper, traffstat_i_band share,
                                           double level);

/* Changes, slopes and what reporting could explain of them, as details of the whole. */
traffstat_status traffstat_i_bounds_changes(traffstat_i_bounds *run);

/* The details `bounds` and `breakeven` of rows, total (where the options ask for it) and whole, in the
 * estimate of another model, whose numbers stay. */
traffstat_status traffstat_i_bounds_beside(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           const traffstat_bounds_options *options,
                                           traffstat_estimate *estimate);

#endif
