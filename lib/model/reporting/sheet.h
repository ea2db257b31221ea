/* Exact counts of a panel as a table of places by years, whose likelihood is worked out in vectors.
 * Rates and odds against reporting are products of a place's factor and a year's; a cell without an
 * exact count has weight 0 and takes no part. */
#ifndef TRAFFSTAT_REPORTING_SHEET_H
#define TRAFFSTAT_REPORTING_SHEET_H

#include <stddef.h>

enum { TRAFFSTAT_I_SHEET_STEP = 4 }; /* rows are as long as a multiple of this */

typedef struct traffstat_i_sheet {
    size_t places;
    size_t years;   /* rounded up */
    double *count;  /* places x years */
    double *weight; /* exposure x coverage; 0: no exact count */
    double *there;  /* 1, or 0 */
} traffstat_i_sheet;

/* Factors in, derivatives out: e^rate of places and of years, odds against reporting of the same.
 * `years` long ones are rounded up, and the derivatives of years are added to. */
typedef struct traffstat_i_sheet_room {
    const double *place_rate, *place_odds, *year_rate, *year_odds;
    double *d_place_rate, *d_place_report, *d_year_rate, *d_year_report;
    double d_theta; /* of what depends on the rates */
} traffstat_i_sheet_room;

/* What of the log likelihood depends on odds and means: Poisson, -sum of mu - y log p; negative
 * binomial, sum of y log p - (theta + y) log(theta + mu). */
double traffstat_i_sheet_poisson(const traffstat_i_sheet *sheet, traffstat_i_sheet_room *room);
double traffstat_i_sheet_binomial(const traffstat_i_sheet *sheet, double theta,
                                  traffstat_i_sheet_room *room);

double traffstat_i_sheet_poisson_plain(const traffstat_i_sheet *sheet,
                                       traffstat_i_sheet_room *room);
double traffstat_i_sheet_binomial_plain(const traffstat_i_sheet *sheet, double theta,
                                        traffstat_i_sheet_room *room);
double traffstat_i_sheet_poisson_avx2(const traffstat_i_sheet *sheet, traffstat_i_sheet_room *room);
double traffstat_i_sheet_binomial_avx2(const traffstat_i_sheet *sheet, double theta,
                                       traffstat_i_sheet_room *room);

#endif
