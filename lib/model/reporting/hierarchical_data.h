/* A panel as places x years of counts, which is what the hierarchical model is fitted to. Private
 * to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_HIERARCHICAL_DATA_H
#define TRAFFSTAT_I_REPORTING_HIERARCHICAL_DATA_H

#include "base/base.h"
#include "model/reporting/logit_law.h"
#include "model/reporting/posterior.h"

#include <traffstat/table.h>

#define TRAFFSTAT_I_RATE_UNIT 1e5 /* residents: rates are per 100,000 and year */

/* What became of a row of the panel. */
typedef enum traffstat_i_row_use {
    TRAFFSTAT_I_ROW_USED,
    TRAFFSTAT_I_ROW_MISSING,  /* it has no count */
    TRAFFSTAT_I_ROW_NEGATIVE, /* a net of corrections below zero */
} traffstat_i_row_use;

typedef struct traffstat_i_hierarchical_data {
    traffstat_ctx *ctx;
    size_t row_count;
    traffstat_i_row_use *use; /* of each row */
    size_t *cell_of_row;      /* TRAFFSTAT_NONE where it is not used */
    traffstat_i_cell *cells;
    size_t cell_count;
    size_t *series_of_place; /* places are the series with a row that is used, in their order */
    size_t place_count;
    int32_t first_year; /* of the rows that are used; years between count, also empty ones */
    size_t year_count;
    bool *new_level;     /* of each year: at least half of its counts begin after a break */
    size_t breaks_alone; /* breaks of fewer places, for which no level begins */
    bool per_resident;   /* exposure is in TRAFFSTAT_I_RATE_UNIT; false: 1 a row */
    size_t missing, negative, intervals, covered; /* rows; covered: coverage below 1 */
    double reported; /* sum of the counts, an interval by its middle, "2+" by its 2 */
    double exposure; /* sum of exposure x coverage */
} traffstat_i_hierarchical_data;

/* _E_NODATA (no row can be used), _E_CONFLICT (several measures, categories or sources; residents
 * known of some places alone), _E_NOMEM. Nothing is left to clear on failure. */
traffstat_status traffstat_i_hierarchical_data_init(traffstat_ctx *ctx,
                                                    const traffstat_panel *panel,
                                                    traffstat_i_hierarchical_data *data);
void traffstat_i_hierarchical_data_clear(traffstat_i_hierarchical_data *data);

/* Index of a year, the nearest one where it lies outside: where the drift of p is anchored. */
size_t traffstat_i_hierarchical_year(const traffstat_i_hierarchical_data *data, int32_t year);

/* log of the reported rate over pbar: the centre of the level's prior, which moves with the unit of
 * exposure as the rate does. NaN where nothing was counted. */
double traffstat_i_hierarchical_center(const traffstat_i_hierarchical_data *data, double pbar);

/* A law of p as the model takes it. */
traffstat_i_level_prior traffstat_i_hierarchical_level(const traffstat_i_logit_law *law);

/* The model of these counts under a law of p, with the scales of METHODS-reporting 3 (those of the
 * dispersion and of covariates, 0.5 and 1, are ours) and without the drift's anchor, neighbours,
 * covariates and evidence, which the caller adds. It borrows from `data`. A Beta law whose logit
 * was moved becomes the normal law of the same mean and sd of logit p. _E_NODATA: nothing counted,
 * so that the level has no centre; _E_ARGUMENT: p is a known number: there is no law to update. */
traffstat_status traffstat_i_hierarchical_spec(const traffstat_i_hierarchical_data *data,
                                               const traffstat_i_logit_law *law,
                                               traffstat_i_posterior_spec *spec);

/* Pearson's X2 of the exact counts about a product of place and year, its degrees of freedom, and by
 * how many standard deviations it is larger than chance alone makes it (NaN: none are left). */
typedef struct traffstat_i_scatter {
    double square;
    double freedom;
    double score;
} traffstat_i_scatter;
traffstat_status traffstat_i_hierarchical_scatter(const traffstat_i_hierarchical_data *data,
                                                  traffstat_i_scatter *out);

#endif
