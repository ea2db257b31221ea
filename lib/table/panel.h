/* The inside of a panel: for the files of lib/table only. */
#ifndef TRAFFSTAT_I_PANEL_H
#define TRAFFSTAT_I_PANEL_H

#include "table/table.h"

enum {
    TEXT_KEY,
    TEXT_JURISDICTION,
    TEXT_MEASURE,
    TEXT_CATEGORY,
    TEXT_SOURCE,
    TEXT_GROUP,
    TEXT_COUNT = TRAFFSTAT_I_SERIES_TEXTS
};

/* The texts of a series lie one after the other in the arena, each with a NUL. */
typedef struct traffstat_i_series {
    size_t at;
    uint32_t sizes[TEXT_COUNT];
} traffstat_i_series;

struct traffstat_panel {
    traffstat_ctx *ctx;
    size_t series_count;
    size_t rows;
    int32_t first_year;
    int32_t last_year;
    char *arena;
    traffstat_i_series *series;
    size_t *first; /* series_count + 1 values: rows of s are first[s] .. first[s + 1] - 1 */
    int32_t *years;
    int64_t *lowers;
    int64_t *uppers;
    double *populations;
    double *coverages;
    uint32_t *flags;
    uint32_t *places;
    uint8_t *validity;
    int8_t *whys;
    traffstat_panel *parts; /* of sums: a copy of what was summed, itself no sum; else NULL */
    size_t *part_of;        /* the sum that each series of `parts` went into */
};

/* A series and one that it is a total of, by their categories. */
typedef struct traffstat_i_clash {
    bool met;
    size_t whole;
    size_t part;
} traffstat_i_clash;
/* Looks for one among the series of one place that go into one sum: sums[i] and places[i] are the
 * numbers of series i. */
traffstat_status traffstat_i_categories_clash(traffstat_ctx *ctx, const traffstat_panel *panel,
                                              const size_t *sums, const size_t *places,
                                              traffstat_i_clash *out);

#endif
