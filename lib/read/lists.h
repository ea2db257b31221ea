/* Reading an overlap: which column is what. Private to the room. */
#ifndef TRAFFSTAT_I_READ_LISTS_H
#define TRAFFSTAT_I_READ_LISTS_H

#include "read/read.h"

typedef struct traffstat_i_list_columns {
    size_t width;
    char **names;  /* of all columns, trimmed */
    size_t *lists; /* columns of 0 and 1 */
    size_t list_count;
    size_t *strata; /* columns whose texts together name the stratum */
    size_t stratum_count;
    size_t count;    /* TRAFFSTAT_I_NO_COLUMN: each record is a person */
    size_t captures; /* TRAFFSTAT_I_NO_COLUMN: there are lists */
} traffstat_i_list_columns;

/* The columns of a header; E_COLUMN where a name is not there. `file` is for messages. */
traffstat_status traffstat_i_list_columns_read(traffstat_ctx *ctx, const traffstat_reader *options,
                                               const char *file, const traffstat_i_record *record,
                                               traffstat_i_list_columns *out);
void traffstat_i_list_columns_clear(traffstat_ctx *ctx, traffstat_i_list_columns *columns);

#endif
