/* What can be said of one series of yearly counts: shared by the files behind traffstat_trend. */
#ifndef TRAFFSTAT_I_MODEL_YEARLY_H
#define TRAFFSTAT_I_MODEL_YEARLY_H

#include "estimate/estimate.h"
#include "model/rate/regression.h"
#include "model/rate/series.h"

#include <traffstat/rate.h>
#include <traffstat/trend.h>

#define TRAFFSTAT_I_REASON_SIZE 256
#define TRAFFSTAT_I_TREND_YEARS 3 /* two years are a change; a trend needs one more */
#define TRAFFSTAT_I_FEW_CASES 20  /* below: no percentages in a sentence */

/* The usable years of a series, rising. Arrays belong to it: traffstat_i_yearly_free. */
typedef struct traffstat_i_yearly {
    size_t n;
    int32_t *years;
    double *times;    /* the same as doubles */
    double *lower;
    double *upper;    /* INFINITY: no upper end */
    double *exposure;
    double *block;
    bool exact;       /* no interval among them */
    bool population;  /* exposures are residents (times coverage) */
    bool coverage;    /* exposures hold the coverage */
    size_t left_out;  /* years that were not used */
    int32_t since;    /* only years from this break on; 0: none */
    double cases;     /* sum of the lower ends */
} traffstat_i_yearly;

/* A log-linear trend. NaN: does not exist. */
typedef struct traffstat_i_slope {
    bool known;      /* something can be told, be it one end of the interval */
    char reason[TRAFFSTAT_I_REASON_SIZE];
    int32_t family;
    double slope;
    double error;
    double lower;    /* of the slope */
    double upper;
    double p;
    double profile_lower;
    double profile_upper;
    double robust_lower;
    double robust_upper;
    double dispersion;
} traffstat_i_slope;

traffstat_status traffstat_i_yearly_new(traffstat_ctx *ctx, size_t room, traffstat_i_yearly *out);
void traffstat_i_yearly_free(traffstat_ctx *ctx, traffstat_i_yearly *of);
/* The usable years of a series of a panel. */
traffstat_status traffstat_i_yearly_read(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         size_t series, traffstat_i_yearly *out);

/* One regression of the years on powers of time, the middle of the period being 0. */
traffstat_status traffstat_i_yearly_fit(traffstat_ctx *ctx, const traffstat_i_yearly *of,
                                        size_t columns, int32_t family, double level,
                                        traffstat_regression **out);
/* The headline trend; `profiled`: with profile limits, which cost some 30 fits. */
traffstat_status traffstat_i_yearly_slope(traffstat_ctx *ctx, const traffstat_i_yearly *of,
                                          double level, bool profiled, traffstat_i_slope *out);

/* 100 (e^slope - 1). */
double traffstat_i_apc(double slope);

/* The members apc, lower, upper, p, model and years of an object; what is not known is none. */
void traffstat_i_detail_slope(traffstat_detail *object, const traffstat_i_slope *slope);

/* All that is said of one series, as members of `object`; reasons for caution go to the estimate's top
 * when `top`. */
typedef struct traffstat_i_account_of_series {
    traffstat_estimate *estimate;
    traffstat_detail *object;
    const traffstat_panel *panel;
    size_t series;
    const traffstat_trend_options *options;
    bool top;
    bool thorough; /* joinpoints by permutation, profile limits */
} traffstat_i_account_of_series;
traffstat_status traffstat_i_say_series(traffstat_ctx *ctx,
                                        const traffstat_i_account_of_series *of);

/* The sentence of a series. change NULL: there is none. */
void traffstat_i_say_trend(traffstat_text *text, const traffstat_panel *panel, size_t series,
                           const traffstat_i_yearly *years, const traffstat_change *change,
                           const traffstat_i_slope *slope, double level);

#endif
