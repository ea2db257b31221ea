/* One reading of files into one panel, and the steps of it. Private to the room.
 *
 *   panel.c       the sink of records, and the whole
 *   footer.c      which records are none: rules, notes, comments
 *   job_series.c  whose count it is
 *   job_cell.c    what is counted
 *   job_join.c    several records for one cell
 *   identical.c   records that are the same, byte for byte
 *   names.c       names and keys that do not go together
 *   vintages.c    counts of two files that differ by orders of magnitude
 *   job_totals.c  places that are totals of others
 *   job_tell.c    what the account says of files and columns
 *   covariates.c  columns beside the counts */
#ifndef TRAFFSTAT_I_READ_JOB_H
#define TRAFFSTAT_I_READ_JOB_H

#include "read/shape.h"

/* What tells series apart, in the order of traffstat_i_builder_series(). */
enum {
    TRAFFSTAT_I_KEY,
    TRAFFSTAT_I_JURISDICTION,
    TRAFFSTAT_I_MEASURE,
    TRAFFSTAT_I_CATEGORY,
    TRAFFSTAT_I_SOURCE,
    TRAFFSTAT_I_GROUP, /* the column to sum up to */
    TRAFFSTAT_I_TEXTS = TRAFFSTAT_I_SERIES_TEXTS
};

/* Records that equal an earlier one of their cell. Only a cell's second record and later ones need a
 * place in the set: the first one's hash lies in the cell. */
#define TRAFFSTAT_I_IDENTICAL_SHOWN 8
typedef struct traffstat_i_identical {
    uint64_t *slots; /* hashes of record and cell; 0: free */
    size_t slot_count;
    size_t count;
    bool ended; /* the set is full: what comes is not looked at */
    int64_t ended_line;
    const char *ended_file;
    int64_t found;
    int64_t lower; /* what they add to the counts */
    int64_t upper;
    struct {
        const char *file;
        int64_t line;
    } first[TRAFFSTAT_I_IDENTICAL_SHOWN];
} traffstat_i_identical;

/* Who wants to see each record beside its counts (covariates.c). */
typedef struct traffstat_i_job traffstat_i_job;
typedef struct traffstat_i_beside {
    /* Once a file: finds its columns and marks them as wanted. */
    traffstat_status (*header)(traffstat_i_job *j, void *user);
    /* A record that is used. */
    traffstat_status (*record)(traffstat_i_job *j, const traffstat_i_record *record, size_t series,
                               int32_t year, void *user);
    void *user;
} traffstat_i_beside;

typedef struct traffstat_i_variant traffstat_i_variant;
typedef struct traffstat_i_vintage traffstat_i_vintage;

struct traffstat_i_job {
    traffstat_ctx *ctx;
    const traffstat_reader *options;
    const traffstat_i_beside *beside; /* NULL: the counts are what is read */
    const char *file;                 /* that is being read */
    traffstat_i_dialect dialect;
    traffstat_text files; /* what is told of all of them */
    traffstat_text dialects;
    traffstat_text encodings;
    traffstat_text layouts;
    bool told_columns;
    traffstat_i_header header;
    traffstat_i_shape shape;
    size_t above; /* records before the header so far */
    bool has_header;
    int64_t header_line;
    const traffstat_i_counts *at; /* the column of counts at hand, where there are several */
    bool whole;                   /* the last problem cost the record, with all of its counts */
    bool spared;                  /* and no series lost anything by it */
    traffstat_text joined[TRAFFSTAT_I_TEXTS]; /* key and category of several columns */
    char nearest[TRAFFSTAT_I_SHOWN];          /* to the measure that was asked for, of others */
    size_t nearest_distance;
    bool footed; /* a rule or a note was met: what follows may be notes */
    traffstat_i_log log;
    traffstat_account *account;
    traffstat_panel_builder *builder;
    traffstat_i_cells cells;
    int64_t seen;
    int64_t used;
    bool counted; /* the record at hand counts as one of its cell's */
    bool repeats; /* and equals an earlier one */
    traffstat_i_identical identical;
    traffstat_i_variant *variants; /* other names of keys, one a series */
    size_t variant_count;
    size_t variant_capacity;
    unsigned char *varied; /* by series: has one */
    size_t varied_capacity;
    traffstat_i_vintage *vintages; /* cells of several files */
    size_t vintage_count;
    size_t vintage_capacity;
    size_t series_count;
    int64_t *lost; /* records that each series lost */
    size_t lost_capacity;

    /* the last series, for records mostly come in runs of one */
    bool remembers;
    size_t last_series;
    char *last;
    size_t last_capacity;
    size_t last_size[TRAFFSTAT_I_TEXTS];
};

/* Reads a file for what stands beside its counts; the panel has its series, all counts 0. */
traffstat_status traffstat_i_job_beside(traffstat_ctx *ctx, const traffstat_reader *options,
                                        const char *path, const traffstat_i_beside *beside,
                                        traffstat_panel **panel);

/* ---- fields --------------------------------------------------------------------------------- */

static inline bool traffstat_i_job_has(const traffstat_i_job *j, traffstat_role role)
{
    return j->header.column[role] != TRAFFSTAT_I_NO_COLUMN || j->header.constant[role] != NULL;
}

static inline traffstat_i_slice traffstat_i_job_field(const traffstat_i_record *record,
                                                      size_t column)
{
    return column < record->kept ? record->field[column] : (traffstat_i_slice){"", 0};
}

/* What the record, its column of counts or the caller says for a role. Here, because it is asked
 * ten times for each record. */
static inline traffstat_i_slice traffstat_i_job_value(const traffstat_i_job *j,
                                                      const traffstat_i_record *record,
                                                      traffstat_role role)
{
    if (j->header.constant[role] != NULL) {
        return traffstat_i_slice_of(j->header.constant[role]);
    }
    if (j->at != NULL && role == TRAFFSTAT_ROLE_CASES) {
        return traffstat_i_job_field(record, j->at->column);
    }
    if (j->at != NULL && role == TRAFFSTAT_ROLE_JURISDICTION && j->at->place != NULL) {
        return traffstat_i_slice_of(j->at->place);
    }
    return traffstat_i_job_field(record, j->header.column[role]);
}

/* A problem with the value of a role. */
traffstat_status traffstat_i_job_complain(traffstat_i_job *j, traffstat_i_kind kind,
                                          const traffstat_i_record *record, traffstat_role role,
                                          const char *expected);

/* ---- series --------------------------------------------------------------------------------- */

/* *out is TRAFFSTAT_NONE when the record names no place. */
traffstat_status traffstat_i_job_series(traffstat_i_job *j, const traffstat_i_record *record,
                                        size_t *out);
/* The series lost a record. */
traffstat_status traffstat_i_job_lose(traffstat_i_job *j, size_t series);

/* ---- cells ---------------------------------------------------------------------------------- */

/* *dropped: the record (or its count at hand) cannot be used, and the account says why. */
traffstat_status traffstat_i_job_cell(traffstat_i_job *j, const traffstat_i_record *record,
                                      traffstat_cell *out, bool *dropped);
/* Puts a cell in its place, under the policy for duplicates. */
traffstat_status traffstat_i_job_join(traffstat_i_job *j, const traffstat_i_record *record,
                                      size_t series, const traffstat_cell *cell);

/* The record at hand goes into a cell that has others: is it the same as one of them? Counts what it
 * adds. */
traffstat_status traffstat_i_job_repeat(traffstat_i_job *j, const traffstat_i_record *record,
                                        size_t cell, const traffstat_cell *more);
/* Says how many there were and what they add. */
traffstat_status traffstat_i_job_tell_identical(traffstat_i_job *j, const traffstat_panel *panel);

/* The record at hand has another name for the series' key than the first. */
traffstat_status traffstat_i_job_other_name(traffstat_i_job *j, const traffstat_i_record *record,
                                            size_t series, traffstat_i_slice name);
void traffstat_i_job_clear_names(traffstat_i_job *j);
/* Says which keys have several names and which names several keys. */
traffstat_status traffstat_i_job_tell_names(traffstat_i_job *j, const traffstat_panel *panel);

/* A cell of an earlier file is about to get the record at hand. */
traffstat_status traffstat_i_job_cross(traffstat_i_job *j, traffstat_i_stored *stored);
/* Says where the files' counts differ by orders of magnitude, and flags the cells. */
traffstat_status traffstat_i_job_tell_vintages(traffstat_i_job *j, traffstat_panel *panel);

/* Leaves places that are totals of others out of the finished panel and of the cells, and of `used`,
 * as the policy says. */
traffstat_status traffstat_i_job_totals(traffstat_i_job *j, traffstat_panel **panel);

/* ---- the rest ------------------------------------------------------------------------------- */

/* Is it a rule, a note or a comment? The text of it; size 0: a record. */
traffstat_i_slice traffstat_i_job_footer(traffstat_i_job *j, const traffstat_i_record *record);

/* What is to be said of a file, once it has been read as far as it went. */
traffstat_status traffstat_i_job_tell_file(traffstat_i_job *j, traffstat_i_source *source);
/* And of all of them; `panel` NULL: there is none. */
traffstat_status traffstat_i_job_tell(traffstat_i_job *j, const traffstat_panel *panel);

#endif
