/* The inside of an estimate: for the files of lib/estimate only. */
#ifndef TRAFFSTAT_I_ESTIMATE_INSIDE_H
#define TRAFFSTAT_I_ESTIMATE_INSIDE_H

#include "estimate/detail.h"
#include "estimate/estimate.h"

#define NO_REASON UINT32_MAX

typedef struct traffstat_i_texts {
    char **items;
    size_t count;
    size_t capacity;
} traffstat_i_texts;

/* A reason of a row: a text of the pool, and the row's next reason. */
typedef struct traffstat_i_reason {
    uint32_t text;
    uint32_t next;
} traffstat_i_reason;

typedef struct traffstat_i_diagnostic {
    char *name;
    double value;
} traffstat_i_diagnostic;

/* What tells the series of a panel apart beside their labels. */
enum {
    TRAFFSTAT_I_PART_KEY,
    TRAFFSTAT_I_PART_MEASURE,
    TRAFFSTAT_I_PART_CATEGORY,
    TRAFFSTAT_I_PART_SOURCE,
    TRAFFSTAT_I_PARTS_OF_SERIES
};

/* What captions and labels need after the panel is gone. */
typedef struct traffstat_i_naming {
    traffstat_i_texts labels; /* one for each series, or for each row without a panel */
    traffstat_i_texts parts;  /* PARTS_OF_SERIES for each series; none without a panel */
    char *measure;            /* of the first series */
    char *noun;               /* "series", or what a row is without a panel: "stratum" */
    bool of_panel;
} traffstat_i_naming;

/* Slots of rows: the panel's rows, then one for the total. */
struct traffstat_estimate {
    traffstat_ctx *ctx;
    char *method;
    char *citation;
    traffstat_kind kind;
    traffstat_verdict verdict;
    double level;
    uint64_t seed;
    double *levels;
    size_t level_count;
    size_t row_count;
    bool has_total;
    traffstat_estimate_row *rows;
    double *intervals; /* slot, level, end */
    uint32_t *first_reason;
    traffstat_i_reason *row_reasons;
    size_t row_reason_count;
    size_t row_reason_capacity;
    traffstat_i_texts pool;
    traffstat_i_texts reasons;
    traffstat_i_texts assumptions;
    traffstat_i_diagnostic *diagnostics;
    size_t diagnostic_count;
    size_t diagnostic_capacity;
    traffstat_i_naming naming;
    bool has_basis;
    traffstat_reporting_basis basis;
    traffstat_i_texts basis_texts;
    traffstat_i_details details;
    traffstat_detail *root;  /* NULL: nothing was said */
    traffstat_detail **rows_said; /* by slot; NULL: nothing of any row */
};

/* Slot of a row or, for TRAFFSTAT_NONE, of the total; TRAFFSTAT_NONE when there is none. */
size_t traffstat_i_estimate_slot(const traffstat_estimate *estimate, size_t row);

/* Appends a copy; false: no memory. */
bool traffstat_i_texts_add(traffstat_ctx *ctx, traffstat_i_texts *texts, const char *text);
void traffstat_i_texts_free(traffstat_ctx *ctx, traffstat_i_texts *texts);

#endif
