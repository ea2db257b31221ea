/* Places that are totals of other places. Private to the room.
 *
 *   totals.c       which they are
 *   job_totals.c   leaves them out of a reading, and says so */
#ifndef TRAFFSTAT_I_READ_TOTALS_H
#define TRAFFSTAT_I_READ_TOTALS_H

#include "read/read.h"

enum {
    TRAFFSTAT_I_NO_TOTAL = 0,
    TRAFFSTAT_I_TOTAL_BY_NAME = 1,
    TRAFFSTAT_I_TOTAL_BY_SUM = 2,
    TRAFFSTAT_I_TOTAL_BY_PLACE = 3 /* another series of its place is one */
};

typedef struct traffstat_i_total {
    int how;
    size_t parts; /* by sum: how many, and between which series of the file */
    size_t first;
    size_t last;
} traffstat_i_total;

/* Fills `totals`, one for each series, all zero before. */
traffstat_status traffstat_i_totals_find(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         traffstat_i_total *totals);

#endif
