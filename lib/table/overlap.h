/* The inside of an overlap, and building one inside of a public call: for the files of lib/table,
 * and for the reader. */
#ifndef TRAFFSTAT_I_OVERLAP_H
#define TRAFFSTAT_I_OVERLAP_H

#include "base/base.h"

#include <traffstat/table.h>

typedef struct traffstat_i_overlap_cell {
    size_t stratum;
    uint32_t pattern; /* the number of captures where there are no lists */
    int64_t persons;
} traffstat_i_overlap_cell;

struct traffstat_overlap_builder {
    traffstat_ctx *ctx;
    bool frequencies;
    int64_t occasions;
    char **lists;
    size_t list_count;
    char **strata;
    size_t stratum_count;
    size_t stratum_capacity;
    char *unit;
    char *window;
    int64_t persons;
    traffstat_i_overlap_cell *cells; /* one for each stratum and pattern, as they came */
    size_t cell_count;
    size_t cell_capacity;
    size_t *slots; /* 1 + index into cells; 0 free. A power of two of them */
    size_t slot_count;
};

struct traffstat_overlap {
    traffstat_ctx *ctx;
    bool frequencies;
    int64_t occasions;
    char **lists;
    size_t list_count;
    char **strata;
    size_t stratum_count;
    size_t *first; /* cells of stratum s: first[s] .. first[s + 1] - 1; all together come last */
    uint32_t *patterns;
    int64_t *counts;
    int64_t *persons; /* of each stratum, then of all */
    char *unit;
    char *window;
};

/* As the public functions, without starting a public call. */
traffstat_status traffstat_i_overlap_builder_new(traffstat_ctx *ctx, const char *const *lists,
                                                 size_t count, traffstat_overlap_builder **out);
traffstat_status traffstat_i_overlap_builder_frequencies(traffstat_ctx *ctx, int64_t occasions,
                                                         traffstat_overlap_builder **out);
traffstat_status traffstat_i_overlap_builder_stratum(traffstat_overlap_builder *builder,
                                                     const char *name, size_t size, size_t *out);
/* `pattern` (or number of captures) has been checked. */
traffstat_status traffstat_i_overlap_builder_put(traffstat_overlap_builder *builder, size_t stratum,
                                                 uint32_t pattern, int64_t persons);
traffstat_status traffstat_i_overlap_builder_finish(traffstat_overlap_builder *builder,
                                                    traffstat_overlap **out);

#endif
