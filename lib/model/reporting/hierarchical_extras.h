/* What a panel's model takes beside the counts, as it was given and as the model wants it. Private
 * to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_HIERARCHICAL_EXTRAS_H
#define TRAFFSTAT_I_REPORTING_HIERARCHICAL_EXTRAS_H

#include "model/reporting/hierarchical_data.h"

#include <traffstat/hierarchical.h>

typedef struct traffstat_i_covariate {
    char *name;
    double *values; /* one a row of the panel */
    size_t rows;
    bool of_report; /* of logit p; else of the log rate */
} traffstat_i_covariate;

/* A piece of evidence as it was given. */
typedef struct traffstat_i_given {
    bool is_total;
    size_t series; /* TRAFFSTAT_NONE: all */
    int32_t year;  /* 0: all */
    int64_t counted, known;
    double estimate, lower, upper, level;
    char *source;
} traffstat_i_given;

struct traffstat_hierarchical_extras {
    traffstat_ctx *ctx;
    size_t *pairs; /* 2 x pair_count series */
    size_t pair_count, pair_room;
    traffstat_i_covariate *covariates;
    size_t covariate_count, covariate_room;
    traffstat_i_given *given;
    size_t given_count, given_room;
};

/* The same for one panel. */
typedef struct traffstat_i_extra_data {
    size_t *edges; /* 2 x edge_count places */
    size_t edge_count;
    size_t groups;      /* of places that hang together, those of two or more */
    size_t alone;       /* places without a neighbour */
    double *columns[2]; /* cells x counts[k], standardised; of the rate, of reporting */
    size_t counts[2];
    double *centers; /* of the covariates as they were given: mean and sd of each */
    double *scales;
    traffstat_i_evidence_term *terms;
    size_t term_count;
    size_t *owner; /* of each cell: the total of lists that its true count is drawn under, or
                      TRAFFSTAT_NONE; a total that shares cells with an earlier one owns none */
} traffstat_i_extra_data;

/* extras NULL: nothing. _E_CONFLICT where they do not go with the panel. */
traffstat_status traffstat_i_extra_data_init(const traffstat_i_hierarchical_data *data,
                                             const traffstat_panel *panel,
                                             const traffstat_hierarchical_extras *extras,
                                             traffstat_i_extra_data *out);
void traffstat_i_extra_data_clear(traffstat_ctx *ctx, traffstat_i_extra_data *extra);
/* Lets the spec borrow it. */
void traffstat_i_extra_data_apply(const traffstat_i_extra_data *extra,
                                  traffstat_i_posterior_spec *spec);

#endif
