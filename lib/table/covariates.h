/* Columns beside a panel, as the reader fills them. Private to the library. */
#ifndef TRAFFSTAT_I_COVARIATES_H
#define TRAFFSTAT_I_COVARIATES_H

#include "table/table.h"

#include <traffstat/covariates.h>

typedef struct traffstat_i_covariate {
    char *name;
    char *baseline; /* NULL: a column of numbers */
    size_t asked;
} traffstat_i_covariate;

struct traffstat_covariates {
    traffstat_ctx *ctx;
    size_t rows;
    size_t columns;
    traffstat_i_covariate *about; /* `columns` */
    double *values;               /* rows x columns */
    bool *known;                  /* rows */
};

/* Rows of a panel by what a series of another file is called. */
typedef struct traffstat_i_places traffstat_i_places;
traffstat_status traffstat_i_places_new(traffstat_ctx *ctx, const traffstat_panel *panel,
                                        traffstat_i_places **out);
void traffstat_i_places_free(traffstat_i_places *places);
/* The series of the panel that series `of` of another panel speaks of: by key, else by name, else by
 * group; matched[s] is set for them, all `series` of the panel, and false for others. `by_category`
 * and `by_measure`: these must be the same too. */
traffstat_status traffstat_i_places_match(traffstat_i_places *places, const traffstat_panel *other,
                                          size_t of, bool by_category, bool by_measure,
                                          bool *matched);

#endif
