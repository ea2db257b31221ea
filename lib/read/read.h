/* Inside of the reader: bytes -> records -> roles and values -> cells. Private to the room.
 *
 * Each stage is one file and knows only the one before it:
 *   entry.c    what the public calls have in common
 *   source.c   blocks of UTF-8 from a path, memory or a callback, through gzip.c and decode.c;
 *              looks.c says what is no CSV
 *   dialect.c  separator from the first block
 *   records.c  split.c for plain lines, else libcsv, fed one physical line a call; resumes after a
 *              quote that is never closed. Of long files a second thread splits the lines: plan.c
 *              is what it does with one block, ahead.c hands it the blocks
 *   shape.h    what the first block shows of header rows and columns; known.c the forms of
 *              publishers
 *   roles.c    names and aliases of roles; header.c which column plays which
 *   values.c   texts into counts, years, numbers
 *   cells.c    records of one series and year into one cell
 *   job.h      the steps from a record to a cell; panel.c the sink that takes them, evidence.c,
 *              lists.c (overlaps) and links.c (neighbours) the other sinks
 *   sanity.c   what the finished panel cannot mean; divisor.c counts that share a divisor
 *   problems.c what was met on the way */
#ifndef TRAFFSTAT_I_READ_H
#define TRAFFSTAT_I_READ_H

#include "base/base.h"
#include "table/table.h"

#include <traffstat/read.h>

#define TRAFFSTAT_I_LIMITS 7
#define TRAFFSTAT_I_ENCODING_SIZE 40

/* ---- options (reader.c) --------------------------------------------------------------------- */

enum { TRAFFSTAT_I_FREE = 0, TRAFFSTAT_I_MAPPED = 1, TRAFFSTAT_I_CONSTANT = 2 };

typedef struct traffstat_i_binding {
    int how;    /* one of the above */
    char *text; /* column or constant */
} traffstat_i_binding;

/* What only the reading of overlaps asks for (lists_options.c). */
typedef struct traffstat_i_overlap_wish {
    char **lists; /* columns; none: all of 0 and 1 that are nothing else */
    size_t list_count;
    char *stratum; /* column, "none", or NULL: years and places that are recognised */
    char *unit;
    char *window;
    int64_t occasions;
} traffstat_i_overlap_wish;

struct traffstat_reader {
    traffstat_ctx *ctx;
    traffstat_i_overlap_wish overlap;
    traffstat_i_binding roles[TRAFFSTAT_ROLE_COUNT];
    uint64_t limits[TRAFFSTAT_I_LIMITS];
    int32_t delimiter; /* 0: choose */
    char encoding[TRAFFSTAT_I_ENCODING_SIZE]; /* "": by what the bytes are */
    int32_t decimal;
    traffstat_duplicates duplicates;
    traffstat_strictness strictness;
    char *by;      /* column to sum up to, or NULL */
    traffstat_totals totals;
    bool denominators; /* a column of populations is what counts */
    bool beside;       /* columns beside the counts are wanted: a column of years need not be */
    char *measure; /* NULL: a known source's main one, else all; "all" */
    traffstat_absent absent;
    traffstat_fiscal fiscal;
    bool hides; /* bounds of what is suppressed were given: */
    int64_t hidden_lower;
    int64_t hidden_upper;
    uint64_t ahead_from; /* bytes from which on a file is worth a second thread */
};

/* The year of records beside the counts that name none: a text of its own, compared by address. */
extern const char traffstat_i_any_year[];
void traffstat_i_reader_defaults(traffstat_reader *reader);
void traffstat_i_overlap_wish_clear(traffstat_ctx *ctx, traffstat_i_overlap_wish *wish);

/* ---- slices --------------------------------------------------------------------------------- */

traffstat_i_slice traffstat_i_slice_of(const char *text);
/* Without outer ASCII white space. */
traffstat_i_slice traffstat_i_slice_trim(traffstat_i_slice slice);
bool traffstat_i_slice_equal(traffstat_i_slice a, traffstat_i_slice b);
/* Copied to a NUL-terminated text for people: one line, cut with an ellipsis when it is long. */
#define TRAFFSTAT_I_SHOWN 128
const char *traffstat_i_slice_show(traffstat_i_slice slice, char out[TRAFFSTAT_I_SHOWN]);

/* ---- encodings ------------------------------------------------------------------------------ */

typedef enum traffstat_i_encoding {
    TRAFFSTAT_I_UTF8,
    TRAFFSTAT_I_UTF8_OR_1252, /* what is no UTF-8 is Windows-1252 */
    TRAFFSTAT_I_CP1252,
    TRAFFSTAT_I_UTF16LE,
    TRAFFSTAT_I_UTF16BE,
    TRAFFSTAT_I_UTF32LE,
    TRAFFSTAT_I_UTF32BE,
    TRAFFSTAT_I_OTHER, /* iconv knows it */
    TRAFFSTAT_I_UNKNOWN
} traffstat_i_encoding;

/* The encoding of a name as people write it ("latin1", "UTF-16LE"); "UTF-16" and "UTF-32" without
 * an order are the little one, which a mark in the file overrules. */
traffstat_i_encoding traffstat_i_encoding_find(const char *name);
const char *traffstat_i_encoding_name(traffstat_i_encoding encoding);
/* UTF-16 and UTF-32 by their marks or by where the NULs stand, else UTF-8; *mark: bytes of the
 * mark. */
traffstat_i_encoding traffstat_i_encoding_detect(const char *data, size_t size, size_t *mark);

typedef struct traffstat_i_decoder {
    traffstat_i_encoding encoding;
    void *other;         /* of iconv */
    bool guessed;        /* a byte was taken for Windows-1252; the first one: */
    unsigned char odd;
    size_t odd_at;       /* where it went in the output of that call */
} traffstat_i_decoder;

bool traffstat_i_decoder_open(traffstat_i_decoder *decoder, traffstat_i_encoding encoding,
                              const char *name);
void traffstat_i_decoder_close(traffstat_i_decoder *decoder);
/* Decodes from in[*used..size) to out[*made..room) until one of them is used up but for less than a
 * character. false: what stands at in + *used is none, or is NUL. `ended`: nothing follows `in`. */
bool traffstat_i_decode(traffstat_i_decoder *decoder, const char *in, size_t size, size_t *used,
                        char *out, size_t room, size_t *made, bool ended);

/* ---- source --------------------------------------------------------------------------------- */

#ifndef TRAFFSTAT_I_BLOCK /* fuzzers have smaller ones */
#define TRAFFSTAT_I_BLOCK 65536
#endif

typedef struct traffstat_i_gzip traffstat_i_gzip;

/* Bytes of Windows-1252 among UTF-8, and U+FFFD in the file itself. */
enum { TRAFFSTAT_I_FOUND_CP1252 = 0, TRAFFSTAT_I_FOUND_REPLACEMENT = 1, TRAFFSTAT_I_FOUND = 2 };

/* Where something about the bytes was first met: in the block that was handed out last. */
typedef struct traffstat_i_met {
    bool met;
    size_t at;
    unsigned char byte;
} traffstat_i_met;

typedef struct traffstat_i_source {
    traffstat_ctx *ctx;
    const char *name;
    const traffstat_reader *options; /* set before the first block */
    int file; /* -1: not a file */
    const char *memory;
    size_t memory_left;
    traffstat_read_fn read;
    void *user;
    uint64_t expected; /* bytes in all, 0 unknown */
    uint64_t taken;
    double before; /* shares of the whole call: what was done before, and what this source is */
    double share;
    traffstat_i_gzip *gzip; /* NULL: not compressed */
    char *block;
    char *spare;     /* if not NULL, the next block goes here, and `block` stays as it is */
    bool turned;     /* the next block has been begun already */
    size_t filled;   /* bytes in the block */
    size_t held;     /* the last of them: what the next block may complete */
    int64_t offset;  /* of block[0] in the file; means nothing once a decoder is at work */
    size_t bad_at;   /* in the block, when it is refused */
    unsigned char bad_byte;
    bool begun;
    bool ended;      /* no byte is left to be taken */
    bool bom;

    /* when the bytes are not UTF-8 */
    traffstat_i_decoder decoder;
    char *raw;
    size_t raw_filled;
    size_t raw_used;
    char encoding[TRAFFSTAT_I_ENCODING_SIZE + 24];

    traffstat_i_met cp1252;      /* the first byte that was taken for Windows-1252 */
    traffstat_i_met replacement; /* the first U+FFFD: text that was lost before */
    bool told_cp1252;            /* each is handed out once */
    bool told_replacement;
} traffstat_i_source;

traffstat_status traffstat_i_source_path(traffstat_ctx *ctx, const char *path,
                                         traffstat_i_source *out);
traffstat_status traffstat_i_source_memory(traffstat_ctx *ctx, const void *data, size_t size,
                                           const char *name, traffstat_i_source *out);
traffstat_status traffstat_i_source_stream(traffstat_ctx *ctx, traffstat_read_fn read, void *user,
                                           const char *name, traffstat_i_source *out);
void traffstat_i_source_close(traffstat_i_source *source);
/* The next block, UTF-8 without BOM and NUL; size 0 at the end. Blocks are always filled, so that
 * nothing depends on how the caller cut the bytes, and end neither inside of a character nor of a
 * line end. Where a byte is no text, E_FORMAT with `refused` set: the caller, who knows the line,
 * calls traffstat_i_source_refuse. */
traffstat_status traffstat_i_source_next(traffstat_i_source *source, traffstat_i_slice *out,
                                         bool *refused);
traffstat_status traffstat_i_source_refuse(const traffstat_i_source *source, int64_t line);

/* What the public calls for one source have in common (entry.c). */
typedef struct traffstat_i_entry {
    traffstat_ctx *ctx;
    const traffstat_reader *reader;
    traffstat_account **account; /* NULL: not wanted */
    void *out;                   /* where a panel or an overlap goes, NULL there already */
    const char *what;            /* it is called */
    traffstat_status (*read)(const struct traffstat_i_entry *entry, traffstat_i_source *source);
} traffstat_i_entry;

/* Enters the context and looks at what was given. */
traffstat_status traffstat_i_entry_begin(const traffstat_i_entry *entry, bool has_input);
traffstat_status traffstat_i_entry_path(const traffstat_i_entry *entry, const char *path);
traffstat_status traffstat_i_entry_memory(const traffstat_i_entry *entry, const void *data,
                                          size_t size, const char *name);
traffstat_status traffstat_i_entry_stream(const traffstat_i_entry *entry, traffstat_read_fn read,
                                          void *user, const char *name);

typedef struct traffstat_i_plan traffstat_i_plan;

/* A block with all that traffstat_i_source_next said of it. */
typedef struct traffstat_i_block {
    traffstat_status status;
    bool refused;
    traffstat_i_slice text;
    traffstat_i_met met[TRAFFSTAT_I_FOUND]; /* `at` in the text */
    uint64_t taken; /* bytes of the file up to here */
    const traffstat_i_plan *plan; /* NULL: nobody has looked at its lines yet */
} traffstat_i_block;

void traffstat_i_source_read(traffstat_i_source *source, traffstat_i_block *out);
/* Are the bytes of a file or of memory handed out as they are, so far? */
bool traffstat_i_source_is_plain(const traffstat_i_source *source);
/* The same of such a source, for another thread: touches neither the context nor its memory. false:
 * something else than UTF-8 comes, or a failure; then traffstat_i_source_read, on the caller's
 * thread, gives this block. */
bool traffstat_i_source_read_plain(traffstat_i_source *source, traffstat_i_block *out);
/* "UTF-8", "UTF-16LE", "Windows-1252, gzip"… Borrowed. */
const char *traffstat_i_source_encoding(traffstat_i_source *source);

/* For gzip.c: bytes as they come, at most `room`; *got 0 at the end. */
traffstat_status traffstat_i_source_take(traffstat_i_source *source, char *to, size_t room,
                                         size_t *got);
/* Decompresses what `source` takes, of which the first `size` bytes are in `head`. */
traffstat_status traffstat_i_gzip_open(traffstat_i_source *source, const char *head, size_t size,
                                       traffstat_i_gzip **out);
void traffstat_i_gzip_close(traffstat_i_gzip *gzip);
traffstat_status traffstat_i_gzip_take(traffstat_i_gzip *gzip, char *to, size_t room, size_t *got);

/* What the first bytes of a file look like when it is no CSV, such as "a PNG picture"; or NULL. */
const char *traffstat_i_looks_like(const char *data, size_t size);

/* ---- dialect -------------------------------------------------------------------------------- */

typedef struct traffstat_i_dialect {
    char delimiter;
    const char *name;  /* with how it was chosen: "comma", "pipe (given)" */
    size_t skip;       /* bytes of a leading "sep=;" line */
    bool fixed_width;  /* looks like columns of fixed width */
} traffstat_i_dialect;

/* `given`: a delimiter, or 0. */
void traffstat_i_dialect_choose(traffstat_i_slice head, int32_t given, traffstat_i_dialect *out);
/* Past the end of the first physical line of data[0..size): LF, CR LF, CR CR LF or a lone CR; NULL
 * when the line goes on. */
const char *traffstat_i_line_end(const char *data, size_t size);

/* ---- plain lines ---------------------------------------------------------------------------- */

/* Cuts a whole line, its end included, into fields that lie in it. false: it is left to libcsv,
 * because of quotes that are not plainly around a field, or more fields than `room`. */
bool traffstat_i_split(const char *line, size_t size, char delimiter, traffstat_i_slice *fields,
                       size_t room, size_t *count);

/* What a line is to be cut into once the header is known. `wanted`, of `width`, is borrowed and does
 * not change. */
typedef struct traffstat_i_form {
    char delimiter;
    const unsigned char *wanted;
    size_t width;
    size_t most_columns;
    size_t most_bytes;
} traffstat_i_form;

typedef struct traffstat_i_split_line {
    size_t columns;
    bool blank;   /* every field is empty */
    bool surplus; /* a field past the width is not */
    uint64_t hash;
} traffstat_i_split_line;

/* Of a record's bytes without its line end. Equal ones have equal hashes, and others do not: 64 bits
 * of them. */
uint64_t traffstat_i_hash_line(const char *data, size_t size);

/* The same in the form of a record: fields that are not wanted are empty, and so are those that the
 * line lacks, up to the width. false: it is left to libcsv. */
bool traffstat_i_split_wanted(const traffstat_i_form *form, traffstat_i_slice line,
                              traffstat_i_slice *fields, size_t room, traffstat_i_split_line *out);

/* ---- a block ahead of its records ----------------------------------------------------------- */

/* Where lines end in a block: where a CR ends one on its own, all ends must be looked for. */
typedef enum traffstat_i_cut { TRAFFSTAT_I_CUT_AT_LF, TRAFFSTAT_I_CUT_AT_ANY } traffstat_i_cut;

traffstat_i_cut traffstat_i_cut_for(traffstat_i_slice text);
/* Bytes of the first line with its end; all of the text, and *ends false, where it has none. */
size_t traffstat_i_cut_line(traffstat_i_cut cut, traffstat_i_slice text, bool *ends);

/* Small, for it goes from one core's cache to the other's. */
typedef struct traffstat_i_planned {
    uint32_t size;
    uint32_t columns; /* 0: libcsv's */
    uint64_t hash;
    bool blank;
    bool surplus;
} traffstat_i_planned;

typedef struct traffstat_i_piece {
    uint32_t start; /* in the line */
    uint32_t size;
} traffstat_i_piece;

/* Room of a plan; what is past it in a block is left to who takes the records. */
#define TRAFFSTAT_I_PLAN_LINES (TRAFFSTAT_I_BLOCK / 16)
#define TRAFFSTAT_I_PLAN_PIECES (TRAFFSTAT_I_BLOCK / 4)
#define TRAFFSTAT_I_PLAN_COLUMNS 1024

/* The lines of a block from its start. A plan knows nothing of what came before, so that it can be
 * made on another thread: whether its first line begins a record is not its business. */
struct traffstat_i_plan {
    traffstat_i_form form;
    traffstat_i_cut cut;
    size_t count;
    traffstat_i_planned lines[TRAFFSTAT_I_PLAN_LINES];
    traffstat_i_piece pieces[TRAFFSTAT_I_PLAN_PIECES]; /* `form.width` a line that has columns */
    traffstat_i_slice scratch[TRAFFSTAT_I_PLAN_COLUMNS];
};

void traffstat_i_plan_make(traffstat_i_plan *plan, traffstat_i_slice block);

/* Blocks that are read ahead, and their lines planned by a second thread. It reads plain files and
 * memory itself; whatever else there is, and all that touches the context, the allocator or the
 * caller's callbacks, is done on the calling one. What comes out, failures included, is what the
 * source would have given one block after the other. */
typedef struct traffstat_i_ahead traffstat_i_ahead;
/* *out NULL and OK: there is no thread to be had. */
traffstat_status traffstat_i_ahead_open(traffstat_ctx *ctx, traffstat_i_source *source,
                                        const traffstat_i_form *form, traffstat_i_ahead **out);
/* The next block with its plan; the one before is gone then. */
void traffstat_i_ahead_next(traffstat_i_ahead *ahead, traffstat_i_block *out);
void traffstat_i_ahead_close(traffstat_i_ahead *ahead);

/* ---- records -------------------------------------------------------------------------------- */

typedef struct traffstat_i_record {
    int64_t line;                   /* physical line where it starts, from 1 */
    size_t fields;                  /* as many as it has */
    size_t kept;                    /* length of `field` */
    const traffstat_i_slice *field; /* empty where not wanted or not there */
    bool surplus;                   /* a field past the header's width is not empty */
    bool blank;                     /* every field is empty: no record but a blank line */
    uint64_t hash;                  /* of all its bytes but line ends */
} traffstat_i_record;

enum { TRAFFSTAT_I_UNTERMINATED = 0, TRAFFSTAT_I_LONG_QUOTE = 1 };

typedef struct traffstat_i_records traffstat_i_records;

/* Who takes the records. A status other than OK ends the reading. */
typedef struct traffstat_i_sink {
    traffstat_status (*record)(traffstat_i_records *records, const traffstat_i_record *record,
                               void *user);
    /* A quote opened on `line` in field `column` (from 0): never closed (the record is given up and
     * reading goes on at the next line), or closed only after `lines` lines. */
    traffstat_status (*quote)(int what, int64_t line, size_t column, int64_t lines, void *user);
    void *user;
    /* Told once a run each, before the record that stands on `line` or after it; NULL: of no
     * interest. */
    traffstat_status (*bytes)(int what, int64_t line, unsigned char byte, void *user);
    /* The first block and its separator, before the first record; NULL: of no interest. */
    traffstat_status (*head)(traffstat_i_slice head, char delimiter, void *user);
} traffstat_i_sink;

/* The failure of a quote that opens in the header and is never closed: file, line and column (from 0)
 * are as quote() has them. */
traffstat_status traffstat_i_header_open(traffstat_ctx *ctx, const char *file, int64_t line,
                                         size_t column);

/* Reads all records of `source`. `dialect` is filled before the first record. */
traffstat_status traffstat_i_records_run(traffstat_ctx *ctx, traffstat_i_source *source,
                                         const traffstat_reader *options,
                                         const traffstat_i_sink *sink,
                                         traffstat_i_dialect *dialect);
/* From the sink, once the header is known: only fields of columns with wanted[i] != 0 are kept.
 * Borrowed until the end of the run. */
void traffstat_i_records_want(traffstat_i_records *records, const unsigned char *wanted,
                              size_t width);

/* ---- roles and header ----------------------------------------------------------------------- */

/* Lower-case letters and digits only: "Agency Name", "AGENCY_NAME" and "agency-name" are one. */
size_t traffstat_i_fold(traffstat_i_slice name, char *out, size_t size);
/* 0: the name is none of the role's; 1: an alias; 2: the role's own name. `folded` as above. */
int traffstat_i_role_rank(traffstat_role role, const char *folded);
/* Says the header no more than that it holds counts ("cases", "n", "value")? */
bool traffstat_i_is_plain_count(const char *folded);

#define TRAFFSTAT_I_NO_COLUMN SIZE_MAX
#define TRAFFSTAT_I_PARTS 16

/* What the first block shows (shape_rows.c). */
typedef struct traffstat_i_shape {
    size_t above;           /* records before the header */
    size_t rows;            /* of the header */
    bool index;             /* the first column numbers the records */
    int32_t title_year;     /* the one year that stands above the header; 0 none */
    unsigned char *numeric; /* columns of numbers */
    unsigned char *words;   /* and of words that differ */
    size_t numeric_width;

    size_t taken; /* header rows so far, and their names */
    size_t width;
    char **names;
    char **above_names;
    traffstat_i_slice *slices;
} traffstat_i_shape;

/* A column of counts, where there are several. NULL or 0: what the record says. */
typedef struct traffstat_i_counts {
    size_t column;
    int32_t year;
    char *place;
    char *measure;
    char *category;
    size_t cleared; /* 1 + the column that is not read and says how many of them were cleared; 0 none */
} traffstat_i_counts;

enum { TRAFFSTAT_I_HAS_NO_NAME = 1, TRAFFSTAT_I_HAS_NO_YEAR = 2 };

typedef struct traffstat_i_header {
    size_t width;
    char **names;                           /* trimmed, as written */
    size_t column[TRAFFSTAT_ROLE_COUNT];    /* or NO_COLUMN */
    const char *constant[TRAFFSTAT_ROLE_COUNT];
    unsigned char *wanted;
    size_t by;                              /* what is summed up to; or NO_COLUMN */
    char *measure;                          /* when there is no column: from the cases' header */
    bool bounds;                            /* counts stand in cases_lower and cases_upper */

    const char *layout;                     /* "long", "wide", "transposed", "measures" */
    traffstat_i_counts *counts;             /* columns of counts; none: the cases' column */
    size_t counts_size;
    size_t parts[TRAFFSTAT_I_PARTS];        /* columns joined into the category; none: its own */
    size_t parts_size;
    size_t keys[TRAFFSTAT_I_PARTS];         /* columns put together into the key, and the digits */
    size_t key_digits[TRAFFSTAT_I_PARTS];   /* that a number there has at least */
    size_t keys_size;
    const char *main;                       /* folded; only records of that measure; or NULL */
    bool chooses;                           /* records of one measure, `main` or the given one */
    const struct traffstat_i_known *known;  /* source, or NULL */
    const char *source;                     /* its name, or NULL */
    bool digits;                            /* footnotes are digits behind names */
    bool symbols;                           /* flags are Statistics Canada's symbols */
    unsigned char *left_out;                /* columns of counts that are not read, as below */
    bool several;                           /* columns are named for counts of several measures: */
    size_t first_counts;                    /* the first of them */
} traffstat_i_header;

traffstat_status traffstat_i_header_read(traffstat_ctx *ctx, const traffstat_reader *options,
                                         const char *file, const traffstat_i_shape *shape,
                                         const traffstat_i_record *record,
                                         traffstat_i_header *out);
void traffstat_i_header_clear(traffstat_ctx *ctx, traffstat_i_header *header);
/* Name of a column for messages; a number where it has none. */
const char *traffstat_i_header_name(const traffstat_i_header *header, size_t column,
                                    char out[TRAFFSTAT_I_SHOWN]);

/* ---- values --------------------------------------------------------------------------------- */

typedef enum traffstat_i_value {
    TRAFFSTAT_I_VALUE_READ,
    TRAFFSTAT_I_VALUE_MISSING,      /* blank, NA and their like */
    TRAFFSTAT_I_VALUE_CODE,         /* a number such as -99 that stands for it; both ends are it */
    TRAFFSTAT_I_VALUE_MARK,         /* "*" */
    TRAFFSTAT_I_VALUE_HIDDEN,       /* "s", "Suppressed", "Several*" */
    TRAFFSTAT_I_VALUE_INAPPLICABLE,
    TRAFFSTAT_I_VALUE_NEGATIVE,     /* both ends are what was below 0 */
    TRAFFSTAT_I_VALUE_UNREADABLE
} traffstat_i_value;

/* A count as an interval: "8", "1,204", "564021.0", "<5", "1-9", "2+", ">=2". */
traffstat_i_value traffstat_i_read_count(traffstat_i_slice text, char decimal, int64_t *lower,
                                         int64_t *upper);
/* Four digits from TRAFFSTAT_YEAR_MIN to _MAX. */
bool traffstat_i_read_year(traffstat_i_slice text, int32_t *out);

typedef enum traffstat_i_period {
    TRAFFSTAT_I_PERIOD_YEAR,
    TRAFFSTAT_I_PERIOD_POOLED, /* several years as one */
    TRAFFSTAT_I_PERIOD_NONE
} traffstat_i_period;

/* "2018", "2018.0", "FY2018", "2017-18", "2017/2018", "1/1/2018", "2018-01-31"; a fiscal year is
 * named by its start or its end. */
traffstat_i_period traffstat_i_read_period(traffstat_i_slice text, traffstat_fiscal fiscal,
                                           int32_t *out);
/* Without the marks of footnotes behind a name: "Alabama*", "Alberta [48]", and "FLORIDA6, 7" where
 * `digits`. */
traffstat_i_slice traffstat_i_without_marks(traffstat_i_slice name, bool digits);
/* A plain number with checked thousands marks. */
traffstat_i_value traffstat_i_read_number(traffstat_i_slice text, char decimal, double *out);
/* A share as "0.87" or "87%". */
traffstat_i_value traffstat_i_read_share(traffstat_i_slice text, char decimal, double *out);
/* "partial_year;break"; false: a name is unknown (the others are in *out). Words that say why there
 * is no count go to *why (0: none). */
bool traffstat_i_read_flags(traffstat_i_slice text, uint32_t *out, int32_t *why);
/* The same of Statistics Canada's standard symbols: "x" (suppressed), "..", "...", "F", "E", "p"… */
bool traffstat_i_read_symbol(traffstat_i_slice text, uint32_t *out, int32_t *why);

/* ---- problems ------------------------------------------------------------------------------- */

typedef enum traffstat_i_kind {
    TRAFFSTAT_I_BAD_INDICATOR,
    TRAFFSTAT_I_BAD_PERSONS,
    TRAFFSTAT_I_NEGATIVE_PERSONS,
    TRAFFSTAT_I_ON_NO_LIST,
    TRAFFSTAT_I_BAD_CAPTURES,
    TRAFFSTAT_I_MISSING_STRATUM,
    TRAFFSTAT_I_BAD_YEAR,
    TRAFFSTAT_I_NEGATIVE_COUNT,
    TRAFFSTAT_I_UNPARSABLE_COUNT,
    TRAFFSTAT_I_BAD_BOUNDS,
    TRAFFSTAT_I_MISSING_PLACE,
    TRAFFSTAT_I_RAGGED_LOST,
    TRAFFSTAT_I_RAGGED_KEPT,
    TRAFFSTAT_I_QUOTE_OPEN,
    TRAFFSTAT_I_QUOTE_LONG,
    TRAFFSTAT_I_DUPLICATE_SUM,
    TRAFFSTAT_I_DUPLICATE_FIRST,
    TRAFFSTAT_I_DUPLICATE_LAST,
    TRAFFSTAT_I_CONFLICTING_POPULATION,
    TRAFFSTAT_I_BAD_POPULATION,
    TRAFFSTAT_I_BAD_COVERAGE,
    TRAFFSTAT_I_UNKNOWN_FLAG,
    TRAFFSTAT_I_UNKNOWN_SYMBOL,
    TRAFFSTAT_I_DECODED_AS_CP1252,
    TRAFFSTAT_I_LOST_CHARACTERS,
    TRAFFSTAT_I_POOLED_YEARS,
    TRAFFSTAT_I_TOTAL_YEARS,
    TRAFFSTAT_I_NEGATIVE_KEPT,
    TRAFFSTAT_I_NEGATIVE_TIDY,
    TRAFFSTAT_I_MISSING_CODE,
    TRAFFSTAT_I_IMPLAUSIBLE,
    TRAFFSTAT_I_OTHER_MEASURE,
    TRAFFSTAT_I_FOOTNOTE_MARK,
    TRAFFSTAT_I_FOOTER,
    TRAFFSTAT_I_PREAMBLE,
    TRAFFSTAT_I_NAMELESS,
    TRAFFSTAT_I_UNUSED,
    TRAFFSTAT_I_NO_COUNT,
    TRAFFSTAT_I_TOTAL_DROPPED,
    TRAFFSTAT_I_TOTAL_KEPT,
    TRAFFSTAT_I_COMMON_DIVISOR,
    TRAFFSTAT_I_ROUNDED,
    TRAFFSTAT_I_EXCEEDS_POPULATION,
    TRAFFSTAT_I_FAR_BEYOND,
    TRAFFSTAT_I_CLEARED_EXCEEDS,
    TRAFFSTAT_I_NAME_VARIANTS,
    TRAFFSTAT_I_NAME_APART,
    TRAFFSTAT_I_NAME_SHARED,
    TRAFFSTAT_I_IDENTICAL_ROWS,
    TRAFFSTAT_I_IDENTICAL_ENDED,
    TRAFFSTAT_I_MAGNITUDE_JUMP,
    TRAFFSTAT_I_LINK_UNMATCHED,
    TRAFFSTAT_I_SELF_LINK,
    TRAFFSTAT_I_ONE_WAY_LINK,
    TRAFFSTAT_I_NO_NEIGHBOURS,
    TRAFFSTAT_I_KINDS
} traffstat_i_kind;

typedef struct traffstat_i_log {
    traffstat_ctx *ctx;
    traffstat_account *account;
    const char *file;
    uint64_t limit;                    /* examples kept of each kind */
    bool all[TRAFFSTAT_I_KINDS];       /* all of them */
    bool strict;
    bool cells; /* one count of several in its record is lost, not the record */
    uint64_t met[TRAFFSTAT_I_KINDS];
    traffstat_text first_loss;         /* why the first record was dropped */
} traffstat_i_log;

void traffstat_i_log_init(traffstat_i_log *log, traffstat_ctx *ctx, traffstat_account *account,
                          const char *file, const traffstat_reader *options);
void traffstat_i_log_clear(traffstat_i_log *log);
/* One problem. `number` is the field (from 1, 0 none). `expected` NULL: the kind's own words.
 * E_VALUE with a message when strict. */
traffstat_status traffstat_i_log_add(traffstat_i_log *log, traffstat_i_kind which, int64_t line,
                                     size_t number, const char *column, const char *expected,
                                     traffstat_i_slice got);
/* The same with a text of our own making, which is not cut. */
traffstat_status traffstat_i_log_add_whole(traffstat_i_log *log, traffstat_i_kind which,
                                           const char *file, int64_t line, const char *got);
/* The same for a problem that costs `rows` records. */
traffstat_status traffstat_i_log_add_rows(traffstat_i_log *log, traffstat_i_kind which,
                                          const char *file, int64_t line, const char *got,
                                          int64_t rows);
/* So many more of a kind, without examples, once it has been met. */
void traffstat_i_log_add_times(traffstat_i_log *log, traffstat_i_kind which, int64_t times);
/* From now on all examples of a kind are kept, up to EXAMPLES_MAX: each of its places has to know. */
#define TRAFFSTAT_I_EXAMPLES_MAX 10000
void traffstat_i_log_keep_all(traffstat_i_log *log, traffstat_i_kind which);
/* Is a text for the next example of this kind still wanted? */
bool traffstat_i_log_wants(const traffstat_i_log *log, traffstat_i_kind kind);
bool traffstat_i_kind_drops(traffstat_i_kind kind);

/* ---- cells ---------------------------------------------------------------------------------- */

/* One cell for each (series, year) that was met, in order of first meeting. */
typedef struct traffstat_i_stored {
    traffstat_cell cell;
    const char *file;         /* where it was first met */
    int64_t line;
    int64_t population_line;  /* where its population was; 0 none */
    const char *last_file;    /* that had it */
    uint64_t hash;            /* of its first record */
    uint32_t vintage;         /* 1 + its number, where several files have it */
    uint32_t records;         /* in it, of those that count for one place */
    bool has_cleared;         /* a column that is not read says how many were cleared: */
    int64_t cleared;
    size_t series;
} traffstat_i_stored;

typedef struct traffstat_i_cells {
    traffstat_ctx *ctx;
    traffstat_i_stored *items;
    size_t count;
    size_t capacity;
    size_t *slots; /* 1 + index into items; 0 free. A power of two of them */
    size_t slot_count;
    size_t last; /* the item that was asked for last */
    uint64_t salt;
} traffstat_i_cells;

void traffstat_i_cells_init(traffstat_i_cells *cells, traffstat_ctx *ctx);
void traffstat_i_cells_clear(traffstat_i_cells *cells);
/* The cell of a series and year; *fresh when it is new (its `cell` is then all zero but the
 * year). The pointer holds until the next call. NULL on no memory. */
traffstat_i_stored *traffstat_i_cells_at(traffstat_i_cells *cells, size_t series, int32_t year,
                                         bool *fresh);

/* ---- content -------------------------------------------------------------------------------- */

/* Looks at a finished panel for counts that cannot be what they say, lists and flags them. */
traffstat_status traffstat_i_sanity(traffstat_i_log *log, traffstat_panel *panel,
                                    const traffstat_i_cells *cells);
/* Does a measure count what was cleared, or what there was to clear? */
bool traffstat_i_is_cleared(const char *measure);
bool traffstat_i_is_counted(const char *measure);
/* For counts that share a divisor (divisor.c); a part of it. */
traffstat_status traffstat_i_divisors(traffstat_i_log *log, traffstat_panel *panel,
                                      const traffstat_i_cells *cells);

#endif
