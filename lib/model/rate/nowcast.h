/* A reporting triangle read out of a panel, and what is made of it. Private to the model room. */
#ifndef TRAFFSTAT_I_MODEL_NOWCAST_H
#define TRAFFSTAT_I_MODEL_NOWCAST_H

#include "estimate/estimate.h"

#include <traffstat/delay.h>

#define TRAFFSTAT_I_TRIANGLE_REASON 256

typedef struct traffstat_i_triangle {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_triangle_options *options;
    size_t rows;
    size_t columns;
    int32_t as_of;      /* the last year of reports */
    int32_t *years;     /* of the cases, rising */
    size_t *series;     /* of each of them */
    double *reported;   /* rows x columns, by delay; NaN: not known yet */
    double *cumulative;
    traffstat_nowcast_row *bayes;
    traffstat_nowcast_row *lawless;
    double *cdf;
    bool has_ladder;
    traffstat_ladder_origin *origins;
    traffstat_ladder_total total;
    char reason[TRAFFSTAT_I_TRIANGLE_REASON]; /* why there is no number; "" */
} traffstat_i_triangle;

/* The counts of a panel by year and delay (triangle.c). */
traffstat_status traffstat_i_triangle_open(traffstat_i_triangle *t);
void traffstat_i_triangle_close(traffstat_i_triangle *t);

#endif
