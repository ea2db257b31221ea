/* Neighbours from a file of links: what its two files share. Private to the room. */
#ifndef TRAFFSTAT_I_READ_LINKS_H
#define TRAFFSTAT_I_READ_LINKS_H

#include "read/read.h"

/* A text of the file is the key or the name of several series. */
#define TRAFFSTAT_I_SEVERAL (SIZE_MAX - 1)

/* Series of a panel by key or by folded name, sorted. */
typedef struct traffstat_i_place_ref {
    const char *text;
    size_t series;
} traffstat_i_place_ref;

typedef struct traffstat_i_place_index {
    traffstat_i_place_ref *refs;
    size_t count;
} traffstat_i_place_index;

typedef struct traffstat_i_finder {
    traffstat_ctx *ctx;
    traffstat_i_place_index keys;
    traffstat_i_place_index names;
    traffstat_text arena; /* of folded names */
} traffstat_i_finder;

traffstat_status traffstat_i_finder_open(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         traffstat_i_finder *out);
void traffstat_i_finder_close(traffstat_i_finder *places);

/* What a text may mean: a series, SEVERAL, or TRAFFSTAT_NONE. */
typedef struct traffstat_i_place_found {
    size_t by_key;
    size_t by_name;
} traffstat_i_place_found;
traffstat_i_place_found traffstat_i_finder_find(const traffstat_i_finder *places,
                                                traffstat_i_slice text);
/* The series whose key or name is nearest to a text; NONE of an empty panel. */
size_t traffstat_i_finder_nearest(const traffstat_panel *panel, const char *text);

/* A pair of the file, ends in order. */
typedef struct traffstat_i_pair {
    size_t low;
    size_t high;
    bool back; /* the file names the higher one first */
    int64_t line;
} traffstat_i_pair;

struct traffstat_links {
    traffstat_ctx *ctx;
    size_t *pairs;
    size_t count;
    size_t *islands;
    size_t island_count;
    size_t one_way;
};

/* Sorts the file's pairs, collapses them, finds the islands among `series` series. `single`: what was
 * given one way only, sorted, where the file gives others both ways; the caller frees it. */
traffstat_status traffstat_i_pairs_make(traffstat_ctx *ctx, traffstat_i_pair *pairs, size_t count,
                                        size_t series, traffstat_links **out,
                                        traffstat_i_pair **single);

#endif
