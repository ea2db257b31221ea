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
#define TRAFFSTAT_I_FEW_CASES 20  /* in all: below, no number is put to a trend */
#define TRAFFSTAT_I_WIDE 4.0      /* upper over lower end of a yearly factor: above, it tells nothing */

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
    bool wide;       /* the interval tells nothing */
    size_t needed;   /* where it is wide: about so many years would be needed; 0: more than 1000 */
} traffstat_i_slope;

traffstat_status traffstat_i_yearly_new(traffstat_ctx *ctx, size_t room, traffstat_i_yearly *out);
void traffstat_i_yearly_free(traffstat_ctx *ctx, traffstat_i_yearly *of);
/* The usable years of a series of a panel. */
traffstat_status traffstat_i_yearly_read(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         size_t series, traffstat_i_yearly *out);

/* Is a series a sum over places, so that its parts that did not report are told by their number? */
bool traffstat_i_over_places(const traffstat_panel *panel, size_t series);

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

/* A sum over some of the places, in all years from one on. */
typedef struct traffstat_i_part_sum {
    size_t places;                        /* 0: there is no such sum */
    traffstat_i_yearly years;
    traffstat_i_slope slope;
    bool compared;
    traffstat_change change;
    char reason[TRAFFSTAT_I_REASON_SIZE]; /* why the two years are not compared, or there is no sum */
} traffstat_i_part_sum;

/* Which places a sum over places is made of, year by year. */
typedef struct traffstat_i_coverage {
    bool varies;     /* not the same places in all years that are used: else no sum below is set */
    bool known;      /* which places they are: else only their number is */
    bool zeros;      /* some place has a count of 0 */
    size_t years;
    size_t *places;  /* that reported in each year */
    size_t fewest;   /* of these */
    size_t most;
    size_t *began;   /* that reported in each year for the first time */
    size_t *stopped; /* that reported for the last time in the year before */
    size_t ever;
    size_t always;   /* places with a whole count in every year */
    size_t all_began;
    size_t all_stopped;
    size_t lacking;  /* counts of a place that lack a part, or cover a part of the year */
    traffstat_i_part_sum each;      /* the whole sum for each place that reported */
    traffstat_i_part_sum constant;  /* places with a whole count in every year of a window */
    traffstat_i_part_sum remaining; /* places that report at both ends of that window */
    traffstat_i_part_sum both;      /* places with a whole count in the two compared years */
    traffstat_i_slope whole;        /* of the whole sum in the window of the constant set */
} traffstat_i_coverage;

/* change NULL: no years are compared. */
traffstat_status traffstat_i_coverage_read(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           size_t series, const traffstat_i_yearly *years,
                                           const traffstat_change *change, double level,
                                           traffstat_i_coverage *out);
void traffstat_i_coverage_free(traffstat_ctx *ctx, traffstat_i_coverage *of);
/* The member coverage_change of `object`, and the trend and change of the whole sum in it. */
void traffstat_i_detail_coverage(traffstat_detail *object, const traffstat_i_coverage *of,
                                 const traffstat_i_part_sum *all);
/* Is the change of places large enough to stand in a sentence? */
bool traffstat_i_coverage_matters(const traffstat_i_coverage *of);

/* What a sentence speaks of. change NULL: there is none. */
typedef struct traffstat_i_told {
    const traffstat_panel *panel;
    size_t series;
    const traffstat_i_yearly *years;
    const traffstat_change *change;
    const traffstat_i_slope *slope;
    const traffstat_i_coverage *coverage;
    double level;
    bool multiplied; /* the counts share a divisor that chance does not explain */
} traffstat_i_told;
void traffstat_i_say_trend(traffstat_text *text, const traffstat_i_told *told);

#endif
