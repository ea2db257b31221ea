/* What stands where in a file: its header rows, and which columns hold counts. Private to the room.
 *
 *   shape_rows.c     the first records: preamble, header rows, an index column, columns of numbers
 *   shape_columns.c  counts that stand in several columns: years, places or measures
 *   known.c         files of well-known publishers, told by their headers */
#ifndef TRAFFSTAT_I_READ_SHAPE_H
#define TRAFFSTAT_I_READ_SHAPE_H

#include "read/read.h"

#define TRAFFSTAT_I_HEADER_ROWS 3
#define TRAFFSTAT_I_JOIN " / "

/* Looks at the first block; sets all of `out`, which holds no memory but `numeric`. */
traffstat_status traffstat_i_shape_look(traffstat_ctx *ctx, const traffstat_reader *options,
                                         traffstat_i_slice head, char delimiter,
                                         traffstat_i_shape *out);
void traffstat_i_shape_clear(traffstat_ctx *ctx, traffstat_i_shape *shape);
/* What a record above the header says first. */
traffstat_i_slice traffstat_i_shape_title(const traffstat_i_shape *shape,
                                          const traffstat_i_record *record);
/* Takes one header row; `done` after the last. The names of several rows are joined, the ones above
 * reaching to the right over blanks. */
traffstat_status traffstat_i_shape_row(traffstat_ctx *ctx, traffstat_i_shape *shape,
                                        const traffstat_i_record *record, bool *done);
/* The joined header; borrowed from `shape`. */
traffstat_status traffstat_i_shape_header(traffstat_ctx *ctx, traffstat_i_shape *shape,
                                           traffstat_i_record *out);

/* A column that may hold counts: the layout saw numbers in it, and it plays no role. */
bool traffstat_i_shape_is_numeric(const traffstat_i_shape *shape, size_t column);

/* "POPESTIMATE2014", "2014", "X2014", "Cases / 2014": the one year in a header, and what is left of
 * it without outer punctuation. */
bool traffstat_i_year_in_name(traffstat_i_slice name, int32_t *year, char *rest, size_t size);

/* ---- sources -------------------------------------------------------------------------------- */

#define TRAFFSTAT_I_SOURCE_COLUMNS 5

typedef struct traffstat_i_known_role {
    traffstat_role role;
    const char *folded;
} traffstat_i_known_role;

typedef struct traffstat_i_known_value {
    const char *folded;
    const char *measure;
} traffstat_i_known_value;

typedef struct traffstat_i_known_part {
    const char *folded;
    size_t digits; /* of a number there, with zeros before it */
} traffstat_i_known_part;

typedef struct traffstat_i_known {
    const char *name;
    const char *signature[TRAFFSTAT_I_SOURCE_COLUMNS]; /* all must be there */
    traffstat_i_known_role roles[8];
    const char *category[TRAFFSTAT_I_SOURCE_COLUMNS]; /* joined */
    traffstat_i_known_part key[TRAFFSTAT_I_SOURCE_COLUMNS]; /* put together without a mark */
    traffstat_i_known_value values[TRAFFSTAT_I_SOURCE_COLUMNS]; /* the first is the main one */
    const char *main; /* measure, folded, where it stands in a column or in headers of years */
    bool digits;      /* footnotes stand as digits behind names */
    bool symbols;     /* flags are symbols, as traffstat_i_read_symbol() has them */
    int64_t most;     /* no count of theirs is above it; 0: nothing is known of that */
} traffstat_i_known;

/* NULL: none that is known. `folded`: the names of the header. */
const traffstat_i_known *traffstat_i_known_find(const traffstat_i_header *header);

/* ---- columns of counts ---------------------------------------------------------------------- */

/* After roles were recognised: finds columns of counts where no single one plays the cases. */
traffstat_status traffstat_i_columns_find(traffstat_ctx *ctx, const traffstat_reader *options,
                                          const char *file, const traffstat_i_shape *shape,
                                          traffstat_i_header *header);
void traffstat_i_header_clear_counts(traffstat_ctx *ctx, traffstat_i_header *header);
/* Does a column play a role already, alone or with others? */
bool traffstat_i_header_taken(const traffstat_i_header *header, size_t column);
/* Is a column that plays no role named for counts? */
bool traffstat_i_counts_candidate(const traffstat_i_header *header, size_t column);
/* The folded measure of a column among several: "n" and "count" are "cases", a total stays one. */
const char *traffstat_i_counts_measure(const char *name, char *out, size_t size);
/* Are two names the same but for case, spaces and punctuation? */
bool traffstat_i_same_folded(const char *name, const char *wanted);
/* E_COLUMN that names the nearest measure of the header. */
traffstat_status traffstat_i_no_measure(traffstat_ctx *ctx, const char *file,
                                        const traffstat_i_header *header, const char *wanted);
/* Does the header name a column of a role or give a constant for it? */
bool traffstat_i_header_has(const traffstat_i_header *header, traffstat_role role);
/* The column with that folded name, or NO_COLUMN. */
size_t traffstat_i_header_find(const traffstat_i_header *header, const char *folded);

#endif
