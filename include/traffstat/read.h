/**
 * @file read.h
 * CSV files into panels, with an account of what was understood and every problem that was met.
 *
 * Layouts: long (one record for a place and year; several columns of counts are several measures),
 * wide (a column for each year: "2014", "POPESTIMATE2014") and transposed (a column for each
 * place). Lines above the header, headers of up to three rows, row numbers under an empty name,
 * rules, notes and comments ("#") are told apart from records and counted on their own:
 * preamble_line and footer_line. The marks of footnotes come off the names of places ("Alabama*",
 * "Alberta [48]"): footnote_mark. These three, other_measure (a record of a measure that is not
 * read), total_of_years (a record whose year is "Total") and unused_column (numbers beside columns
 * of years) are notes: strict readers go on. A column of counts without a name is left out:
 * nameless_column.
 *
 * Columns are recognised by their headers (case, spaces and punctuation do not matter); a column
 * with a role's own name beats others, and otherwise two candidates for one role are an error that
 * names both, as are two columns of counts whose measure would have one name. Known whole, without
 * a map: the FBI's trafficking by agency (measure "offences" from ACTUAL_COUNT, or unfounded,
 * cleared, juvenile cleared) and by state, its arrests by state, UNODC (the indicator is the
 * measure; dimension, category, sex and age joined by " / " are the category), Statistics Canada,
 * the National Human Trafficking Hotline, the Census Bureau's county estimates (keys of five
 * digits).
 *
 * Counts: "8", "1,204" (groups of three), "564021.0", "3.28M", "400k", "<5" as [0, 4], "1-9", "2+"
 * and ">=2" without an upper end. Blank, NA, "-", "*", "XX", "Unreliable", "Missing" are not
 * reported; "s", "Suppressed", "Several" are suppressed. -9, -99, -999 and -9999 are taken for
 * codes of missing counts (missing_code). Any other whole number below 0 is a correction of an
 * earlier count: added, listed as negative_count, and a cell may come out below 0 (of bounds that
 * a correction moves, what is below 0 is cut off); in the tidy form it is a note. Statistics
 * Canada's STATUS: "x" is suppressed, "..", "." and "F" not reported, "..." not applicable, and
 * beside a count "E" flags it doubtful and "p" provisional. A total among columns or categories
 * stays, as one of them. Without a column for the measure it is the header of the counts
 * ("offences"), or "cases" where that says no more than "count".
 *
 * Years: "2018", "2018.0", "2017-18" and "FY2018" (traffstat_reader_set_fiscal()), "1/1/2018",
 * "2018-01-31". Several years as one ("2017-19") are none: pooled_years.
 *
 * Problems (stable codes): bad_year, pooled_years, unparsable_count, implausible_count (more than
 * a known publisher can have: codes of a questionnaire read as counts), bad_bounds, missing_place,
 * unterminated_quote and ragged_row drop a record, or the one count of several that it concerns
 * (no_count: none was left); a record that is too short stays when only fields are missing that
 * may be blank, and empty fields past the last column say nothing. duplicate_cell,
 * conflicting_population, bad_population, bad_coverage, unknown_flag, missing_code, negative_count
 * and long_quote are listed only. A quote that is not closed costs the record that it opens in;
 * reading goes on at the next line. Blank lines are no records. decoded_as_cp1252 and
 * lost_characters (U+FFFD in the file) are listed once a file, with the first line of theirs.
 *
 * Identity: the key is the place, a name its label. name_variants: a key with several names (one
 * series, under the first), or names without keys that differ only in case, punctuation or the order
 * of what stands between semicolons (kept apart); name_shared: one name of several keys (kept
 * apart). total_of_places: a place that is the total of others, by its name ("Total", "All states",
 * "United States" among its states) or because in every year its counts are the sums of others' and
 * chance does not explain it (of others with counts such as "<5" only where it is the sum of all of
 * its measure, category and source); dropped by default (traffstat_reader_set_totals()).
 *
 * Content, listed and never changed:
 *  - common_divisor, once for each series (and once for the file, with the names of all places)
 *    whose counts are all multiples of a number that chance does not explain: k counts are all
 *    multiples of d with a chance of about d^-k. A multiplied release looks like that. All examples
 *    are kept. rounded_counts: most counts of a file of several series end in 5 or 0, or in zeros;
 *    then zeros at the end of counts are no evidence of a divisor.
 *  - identical_rows: records that equal an earlier one, byte for byte, with what the counts would sum
 *    to without them; looked for among the first 65,536 records that share their cells with others
 *    (identical_rows_unchecked says where the search ended).
 *  - count_exceeds_population: more cases than people. implausible_count, where no publisher is
 *    known: a count a hundred times the next lower one of its measure, of which at most one in
 *    twenty are; listed only among 20 counts or more. cleared_exceeds_counted: more cases cleared
 *    than there were, where both measures are read, or where the column of what was cleared stands
 *    beside the one that is read.
 *  - magnitude_jump: of several files, a count that is ten times, or a tenth, of what the file
 *    before had for the same series and year, and likewise the sum of such counts.
 *
 * The cells carry what was doubted: TRAFFSTAT_FLAG_COMMON_DIVISOR, TRAFFSTAT_FLAG_DOUBTFUL
 * (count_exceeds_population, implausible_count, magnitude_jump), TRAFFSTAT_FLAG_LOST (all cells of a
 * series that lost a record); estimates of them ask for caution. name_variants, name_shared,
 * total_of_places, rounded_counts and identical_rows_unchecked are notes.
 *
 * Bytes: UTF-8, UTF-16, UTF-32, Windows-1252 or a declared encoding; gzip streams of any of these;
 * lines that end in LF, CR LF, CR CR LF or CR, mixed or not.
 */
#ifndef TRAFFSTAT_READ_H
#define TRAFFSTAT_READ_H

#include <traffstat/covariates.h>

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
/** Which measure of a file that has several, by its name or by its header (case, spaces and
 *  punctuation aside). NULL (default): the main one of a well-known source, else all; "all": all.
 *  A measure that a file does not have makes reading return TRAFFSTAT_E_COLUMN.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT (not UTF-8), _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_measure(traffstat_ctx *ctx, traffstat_reader *reader,
                                              const char *measure);

/** The column (its header, whatever the case, or "#3") whose value is each series' group, which
 *  traffstat_panel_aggregate() can sum up to (TRAFFSTAT_BY_GROUP). It tells series apart: a place
 *  with two values of it is two series. NULL (default): none. A column that a file does not have
 *  makes reading return TRAFFSTAT_E_COLUMN. @return TRAFFSTAT_OK, _E_ARGUMENT (not UTF-8), _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_by(traffstat_ctx *ctx, traffstat_reader *reader,
                                         const char *column);

/** What to do with places that are totals of other places. */
typedef int32_t traffstat_totals;
enum {
    TRAFFSTAT_TOTALS_DROP = 0, /**< dropped and listed, as total_of_places (default) */
    TRAFFSTAT_TOTALS_KEEP = 1, /**< listed and kept */
    TRAFFSTAT_TOTALS_ERROR = 2 /**< TRAFFSTAT_E_CONFLICT */
};
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_totals(traffstat_ctx *ctx, traffstat_reader *reader,
                                             traffstat_totals totals);

/** What a series has in a year of the file in which no record names it. */
typedef int32_t traffstat_absent;
enum {
    TRAFFSTAT_ABSENT_MISSING = 0, /**< no cell (default) */
    TRAFFSTAT_ABSENT_ZERO = 1     /**< a count of 0 */
};
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_absent(traffstat_ctx *ctx, traffstat_reader *reader,
                                             traffstat_absent absent);

/** Which year a fiscal year ("2017-18", "FY2018") is counted in. */
typedef int32_t traffstat_fiscal;
enum {
    TRAFFSTAT_FISCAL_END = 0,  /**< in which it ends: 2018 (default) */
    TRAFFSTAT_FISCAL_START = 1 /**< in which it starts: 2017 */
};
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_fiscal(traffstat_ctx *ctx, traffstat_reader *reader,
                                             traffstat_fiscal fiscal);

/** Bounds of counts that are hidden: of marks such as "*" and "s", which are no counts by
 *  default, and of "<5", whose own upper end stays where it is the lower one.
 *  @param lower  0 <= lower <= upper
 *  @return TRAFFSTAT_OK, _E_ARGUMENT */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_reader_set_suppressed(traffstat_ctx *ctx, traffstat_reader *reader,
                                                 int64_t lower, int64_t upper);
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
 * The same for a file of denominators, for traffstat_panel_join_population(): a column of
 * populations beats any other (the counts of such cells are 0); where there is none, counts in the
 * long, wide or tidy form are the populations. Totals of places are kept.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_read_population(traffstat_ctx *ctx, const traffstat_reader *reader,
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

/* ---- columns beside the counts ---------------------------------------------------------------- */

/** What the columns hold. */
typedef int32_t traffstat_covariate_kind;
enum {
    /** numbers, or words that become indicators; one value for a row */
    TRAFFSTAT_COVARIATE_VALUES = 0,
    /** whole counts >= 0 that add up where several records make one row; blank, or no record: 0 */
    TRAFFSTAT_COVARIATE_COUNTS = 1
};

/**
 * Reads columns of a file into the order of a panel's rows: from the file of the counts, or from
 * another that says the same of its places.
 *
 * A record belongs to the rows whose series has its key or, where no key says, its name (letters and
 * digits alone, whatever the case), or, in a panel that was summed by a column, its value of that
 * column; of its category and measure, where the file has such columns; and of its year, or of all
 * years where the file has no column of years. Counts in the file are not looked at. Totals of places
 * are kept. A table with a column for each year says only what holds in all years.
 *
 * Values: a column of numbers is one column. A column of words becomes one column of 0 and 1 for each
 * word that rows of the panel have, but the first of them in the order of bytes: the baseline. A name
 * "COLUMN=WORD" makes WORD the baseline, and words of what looks like numbers.
 *
 * Missing: a value that is blank or NA in a record that a row of the panel needs is an error with its
 * file, line and column; so are two values for one row, and numbers mixed with words. A row that no
 * record belongs to has NaN in all columns, _known() says so, and it is listed as covariate_unmatched.
 * Records that belong to no row are passed over.
 *
 * @param reader   how to read, as for the counts (policies for counts do not matter); NULL: defaults
 * @param path     UTF-8
 * @param panel    borrowed for the call
 * @param names    `count` headers (whatever the case) or numbers ("#3"), with "=WORD" or without; > 0
 * @param kind     a traffstat_covariate_kind
 * @param account  NULL, or where to list covariate_unmatched, a problem for each series
 * @param out      NULL on failure
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_IO, _E_FORMAT, _E_COLUMN (a name that the file lacks), _E_VALUE
 *         (missing, mixed, a column of one word, a baseline that is not there), _E_CONFLICT (two values
 *         for one row), _E_NODATA (no record could be used), _E_LIMIT, _E_CANCELLED, _E_CALLBACK, _E_NOMEM.
 *         traffstat_ctx_error_line() and _column() give the place. Cost of reading the file.
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK traffstat_status traffstat_read_covariates(
    traffstat_ctx *ctx, const traffstat_reader *reader, const char *path,
    const traffstat_panel *panel, const char *const *names, size_t count,
    traffstat_covariate_kind kind, traffstat_account *account, traffstat_covariates **out);

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

/* ---- neighbours ------------------------------------------------------------------------------- */

/** Which places of a panel are neighbours: pairs of its series. Immutable; any thread may read it. */
typedef struct traffstat_links traffstat_links;

/**
 * Reads who is whose neighbour: a header and a record for each link, in two columns of keys or names.
 * Of a file with more columns those called from and to (or place and neighbour, key and neighbour key,
 * County GEOID and Neighbor GEOID) are read.
 *
 * A place is met by its key, or by its name (letters and digits alone, whatever their case): the file
 * is taken to name places in the way that meets more of them, keys where both meet as many. A link goes
 * both ways, however often and in whichever direction it stands; the order of the file changes nothing.
 *
 * Problems, each of which drops the record: link_unmatched (a place that the panel does not have),
 * self_link, missing_place, ragged_row, unterminated_quote. Notes: one_way_link (the file gives other
 * pairs in both directions; this one is taken both ways), no_neighbours (a series without a link).
 *
 * @param reader   separator, encoding, caps and strictness; NULL for the defaults
 * @param panel    counts of one measure: a text that is the key or name of several series is refused
 * @param links    NULL on failure
 * @param account  NULL when not wanted; layout "links", columns from and to
 * @return as traffstat_read_path(); _E_COLUMN (which columns are the two places?), _E_FORMAT (also: no
 *         header), _E_CONFLICT (several series under one text), _E_NODATA (no link between two places of
 *         the panel: the message names the first that was lost, and the place nearest to it).
 *         Cost O(n log n).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_links_read_path(traffstat_ctx *ctx, const traffstat_reader *reader,
                                           const char *path, const traffstat_panel *panel,
                                           traffstat_links **links, traffstat_account **account);
/** The same from memory; `name` stands for the file in messages. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_links_read_memory(traffstat_ctx *ctx, const traffstat_reader *reader,
                                             const void *data, size_t size, const char *name,
                                             const traffstat_panel *panel, traffstat_links **links,
                                             traffstat_account **account);
TRAFFSTAT_API void traffstat_links_free(traffstat_links *links);
/** Number of pairs; 0 of NULL. */
TRAFFSTAT_API size_t traffstat_links_count(const traffstat_links *links);
/** Series of pair i at 2 i and 2 i + 1, the lower first; pairs rise. Borrowed. */
TRAFFSTAT_API const size_t *traffstat_links_pairs(const traffstat_links *links);
/** Series without a link, rising; TRAFFSTAT_NONE out of range. */
TRAFFSTAT_API size_t traffstat_links_islands(const traffstat_links *links);
TRAFFSTAT_API size_t traffstat_links_island(const traffstat_links *links, size_t i);
/** Pairs that the file gives in one direction alone, where it gives others in both; else 0. */
TRAFFSTAT_API size_t traffstat_links_one_way(const traffstat_links *links);

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
