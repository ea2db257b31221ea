/**
 * @file read.h
 * CSV files into panels, with an account of what was understood and every problem that was met.
 *
 * One record a line of the long form: place or key, year, count. Columns are recognised by their
 * headers (case, spaces and punctuation do not matter); a column with a role's own name beats
 * others, and otherwise two candidates for one role are an error that names both. Two columns of
 * counts are always one: neither is chosen in silence.
 *
 * Counts: "8", "1,204" (groups of three), "564021.0", "<5" as [0, 4], "1-9", "2+" and ">=2" without
 * an upper end; blank, NA, "-" and "*" are not reported. Without a column for the measure it is the
 * header of the counts ("offences"), or "cases" where that says no more than "count".
 *
 * Problems (stable codes): bad_year, negative_count, unparsable_count, bad_bounds, missing_place,
 * unterminated_quote and ragged_row drop a record; a record that is too short stays when only
 * fields are missing that may be blank, and empty fields past the last column say nothing.
 * duplicate_cell, conflicting_population, bad_population, bad_coverage, unknown_flag and long_quote
 * are listed only. A quote that is not closed costs the record that it opens in; reading goes on at
 * the next line.
 * Blank lines are no records. decoded_as_cp1252 and lost_characters (U+FFFD in the file) are listed
 * once a file, with the first line of theirs.
 *
 * Content, listed and never changed: common_divisor, once for each series (and once for the file,
 * with the names of all places) whose counts above zero are all multiples of a number that chance
 * does not explain: k counts are all multiples of d with a chance of about d^-k. A multiplied or
 * rounded release looks like that. count_exceeds_population: more cases than people.
 *
 * Bytes: UTF-8, UTF-16, UTF-32, Windows-1252 or a declared encoding; gzip streams of any of these;
 * lines that end in LF, CR LF, CR CR LF or CR, mixed or not.
 */
#ifndef TRAFFSTAT_READ_H
#define TRAFFSTAT_READ_H

#include <traffstat/table.h>

TRAFFSTAT_BEGIN

/** How to read: an options builder. One thread; may be used for many files. */
typedef struct traffstat_reader traffstat_reader;

/** What a column can be. */
typedef int32_t traffstat_role;
enum {
    TRAFFSTAT_ROLE_JURISDICTION = 0,
    TRAFFSTAT_ROLE_KEY = 1,
    TRAFFSTAT_ROLE_YEAR = 2,
    TRAFFSTAT_ROLE_CASES = 3,
    TRAFFSTAT_ROLE_POPULATION = 4,
    TRAFFSTAT_ROLE_CATEGORY = 5,
    TRAFFSTAT_ROLE_MEASURE = 6,
    TRAFFSTAT_ROLE_SOURCE = 7,
    TRAFFSTAT_ROLE_COVERAGE = 8,
    TRAFFSTAT_ROLE_FLAGS = 9,
    TRAFFSTAT_ROLE_CASES_LOWER = 10, /**< with CASES_UPPER: the tidy form */
    TRAFFSTAT_ROLE_CASES_UPPER = 11,
    TRAFFSTAT_ROLE_COUNT = 12
};

/** "jurisdiction", "key", "year", "cases"…; NULL out of range. Static texts. */
TRAFFSTAT_API const char *traffstat_role_name(traffstat_role role);
/** The role of a name, exactly as traffstat_role_name() gives it; -1 when there is none. */
TRAFFSTAT_API traffstat_role traffstat_role_find(const char *name);

/** What to do with records that cannot be used. */
typedef int32_t traffstat_strictness;
enum {
    TRAFFSTAT_READ_LIST = 0,    /**< list every problem, go on (default) */
    TRAFFSTAT_READ_STRICT = 1   /**< any problem is TRAFFSTAT_E_VALUE */
};

/** Caps on what a file may ask for. */
typedef int32_t traffstat_limit;
enum {
    TRAFFSTAT_LIMIT_FIELD = 0,     /**< bytes in a field; default 65,536 */
    TRAFFSTAT_LIMIT_RECORD = 1,    /**< bytes in a record; default 1,048,576 */
    TRAFFSTAT_LIMIT_COLUMNS = 2,   /**< fields in a record; default 4,096 */
    TRAFFSTAT_LIMIT_SERIES = 3,    /**< distinct series; default 1,000,000 */
    TRAFFSTAT_LIMIT_EXAMPLES = 4,  /**< examples kept of each problem; default 5 */
    TRAFFSTAT_LIMIT_DECOMPRESSED = 5, /**< bytes that a .gz may unfold to; default 2^34 */
    TRAFFSTAT_LIMIT_RATIO = 6      /**< and times its own size, past 1 MiB; default 200 */
};

TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_new(traffstat_ctx *ctx, traffstat_reader **out);
TRAFFSTAT_API void traffstat_reader_free(traffstat_reader *reader);

/** Names the column of a role, by its header as written (case and outer spaces aside) or by its
 *  number ("#3", from 1). Beats recognition. @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_map(traffstat_ctx *ctx, traffstat_reader *reader,
                                      traffstat_role role, const char *column);
/** Gives a role the same value in every record; beats columns, and the last call for a role
 *  counts. A value that its role cannot have makes reading return TRAFFSTAT_E_ARGUMENT.
 *  @return as above */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set(traffstat_ctx *ctx, traffstat_reader *reader,
                                      traffstat_role role, const char *value);
/** Field separator: ',' ';' '\t' '|', or 0 (default) to choose by the first lines.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_delimiter(traffstat_ctx *ctx, traffstat_reader *reader,
                                                int32_t delimiter);
/** Encoding: NULL or "" (default) goes by the bytes: UTF-16 and UTF-32 by mark or pattern, else
 *  UTF-8, of which bytes that are none are Windows-1252 (the problem decoded_as_cp1252). A name:
 *  "UTF-8" (other bytes are then E_FORMAT), "cp1252", "latin1" (read as cp1252), "UTF-16",
 *  "UTF-16LE", "UTF-16BE", "UTF-32"… or one that the system's iconv knows; the case does not
 *  matter. @return TRAFFSTAT_OK, _E_ARGUMENT (unknown name) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_encoding(traffstat_ctx *ctx, traffstat_reader *reader,
                                               const char *encoding);
/** Decimal mark '.' (default) or ','; the other one is then the thousands mark. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_decimal(traffstat_ctx *ctx, traffstat_reader *reader,
                                              int32_t mark);
/** Default TRAFFSTAT_DUPLICATES_SUM, with a listed problem and its effect on the sum. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_duplicates(traffstat_ctx *ctx, traffstat_reader *reader,
                                                 traffstat_duplicates duplicates);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_strictness(traffstat_ctx *ctx, traffstat_reader *reader,
                                                 traffstat_strictness strictness);
/** A cap; 0 puts the default back. @return TRAFFSTAT_OK, _E_ARGUMENT (outside _limit_bounds) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_limit(traffstat_ctx *ctx, traffstat_reader *reader,
                                            traffstat_limit limit, uint64_t value);
/** Least, default and greatest value of a cap. @return TRAFFSTAT_OK, _E_ARGUMENT */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_limit_bounds(traffstat_limit limit, uint64_t *least,
                                               uint64_t *standard, uint64_t *greatest);

/**
 * Reads a file. "-" is not special here: a caller with a stream uses traffstat_read_stream().
 *
 * @param reader   NULL for the defaults
 * @param path     UTF-8
 * @param panel    the panel; NULL on failure
 * @param account  NULL when not wanted; else set whenever the file could be opened, on failure too
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_IO, _E_FORMAT (empty, not in its encoding, or not CSV: the message
 *         says what it looks like), _E_COLUMN (a role has no column, or two), _E_NODATA (no record
 *         could be used), _E_VALUE (strict), _E_CONFLICT, _E_LIMIT, _E_CANCELLED, _E_CALLBACK,
 *         _E_NOMEM.
 *         traffstat_ctx_error_line() and _column() give the place.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_read_path(traffstat_ctx *ctx, const traffstat_reader *reader,
                                     const char *path, traffstat_panel **panel,
                                     traffstat_account **account);

/**
 * The same from several files into one panel, in their order; each has its own header, encoding and
 * separator. Problems name their file. A cell that two files have is a duplicate. The first file
 * that cannot be read ends the reading.
 *
 * @param paths  `count` of them, at least one, none NULL
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_read_paths(traffstat_ctx *ctx, const traffstat_reader *reader,
                                      const char *const *paths, size_t count,
                                      traffstat_panel **panel, traffstat_account **account);

/** The same from memory; `name` stands for the file in messages. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_read_memory(traffstat_ctx *ctx, const traffstat_reader *reader,
                                       const void *data, size_t size, const char *name,
                                       traffstat_panel **panel, traffstat_account **account);

/** Fills `buffer` with up to `size` bytes and sets *got (0: end). Non-zero stops the reading with
 *  TRAFFSTAT_E_CALLBACK; the value is kept (traffstat_ctx_callback_value()). */
typedef int32_t (*traffstat_read_fn)(void *buffer, size_t size, size_t *got, void *user);

/** The same from a callback, in blocks of at most 64 KiB; the whole file is never in memory. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_read_stream(traffstat_ctx *ctx, const traffstat_reader *reader,
                                       traffstat_read_fn read, void *user, const char *name,
                                       traffstat_panel **panel, traffstat_account **account);

/* ---- overlaps of lists ------------------------------------------------------------------------ */

/**
 * Reads who was on which list: a column of 0 and 1 for each list, named by its header, and a column
 * of counts (count, n, freq, persons…, or the one mapped to TRAFFSTAT_ROLE_CASES); without one each
 * record is a person. Records of one pattern add up. Or the frequencies of captures: a column
 * "captures" (or times_caught, nbcap…) beside the counts and nothing else.
 *
 * Columns of years and of places are strata; a column of ids and one without a name are left out;
 * every other column is a list, unless traffstat_reader_set_lists() names them.
 *
 * Problems, each of which drops the record: bad_indicator (neither 0 nor 1), unparsable_count (not
 * a whole number), negative_count, on_no_list (persons on none of the lists), bad_captures,
 * missing_stratum, ragged_row, unterminated_quote.
 *
 * @param overlap  NULL on failure
 * @param account  NULL when not wanted; layout "overlap" or "captures", columns lists, strata (their
 *                 names joined by commas), count and captures; see traffstat_read_path()
 * @return as traffstat_read_path(); _E_COLUMN (a list or stratum is not there, or fewer than two
 *         lists), _E_LIMIT (too many lists, strata or persons), _E_NODATA and _E_CONFLICT as
 *         traffstat_overlap_builder_finish()
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_read_path(traffstat_ctx *ctx, const traffstat_reader *reader,
                                             const char *path, traffstat_overlap **overlap,
                                             traffstat_account **account);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_read_memory(traffstat_ctx *ctx, const traffstat_reader *reader,
                                               const void *data, size_t size, const char *name,
                                               traffstat_overlap **overlap,
                                               traffstat_account **account);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_read_stream(traffstat_ctx *ctx, const traffstat_reader *reader,
                                               traffstat_read_fn read, void *user,
                                               const char *name, traffstat_overlap **overlap,
                                               traffstat_account **account);

/** The columns that are lists, by header or number ("#3"); 0 names: all that are nothing else.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT (a name that is NULL, empty or not UTF-8), _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_lists(traffstat_ctx *ctx, traffstat_reader *reader,
                                            const char *const *names, size_t count);
/** The column of strata; "none": columns of years and places are left out and all is one stratum;
 *  NULL (default): they are the strata. @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_stratum(traffstat_ctx *ctx, traffstat_reader *reader,
                                              const char *column);
/** How often a person could be caught, for frequencies of captures; 0 (default): not known.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT (1, negative or over 1,000,000) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_occasions(traffstat_ctx *ctx, traffstat_reader *reader,
                                                int64_t occasions);
/** What one row of a list is ("person", "episode") and which time the lists cover ("2013"); NULL or
 *  "" (default): not known. @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_unit(traffstat_ctx *ctx, traffstat_reader *reader,
                                           const char *unit);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_window(traffstat_ctx *ctx, traffstat_reader *reader,
                                             const char *window);

/**
 * Reads a list of evidence: columns id, place, first_year, last_year, unit, measure, agencies,
 * method, rate, lower, upper, level, citation, note, in any order; others are ignored. Any record
 * that cannot be used is an error with its line.
 * @return as traffstat_read_path()
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_read(traffstat_ctx *ctx, const char *path,
                                         traffstat_evidence **out);

TRAFFSTAT_END

#endif
