/**
 * @file table.h
 * What was counted: panels of counts by series and year, overlaps of lists of persons, published
 * evidence on reporting rates, and the account that a reader gives of a file.
 */
#ifndef TRAFFSTAT_TABLE_H
#define TRAFFSTAT_TABLE_H

#include <traffstat/base.h>

TRAFFSTAT_BEGIN

/** Upper end of a count that is only known to be "at least" something. INT64_MAX. */
#define TRAFFSTAT_NO_UPPER INT64_MAX

/** Years that a panel takes; others are an error or a problem of the reader. */
#define TRAFFSTAT_YEAR_MIN 1800
#define TRAFFSTAT_YEAR_MAX 2199

/** No row, no series: what find functions return. SIZE_MAX. */
#define TRAFFSTAT_NONE SIZE_MAX

/** Why a cell has no count. Zero is a count and never a reason. */
typedef int8_t traffstat_why;
enum {
    TRAFFSTAT_WHY_COUNTED = 0,        /**< it has one */
    TRAFFSTAT_WHY_NOT_REPORTED = 1,   /**< blank, NA, or a mark that says so */
    TRAFFSTAT_WHY_SUPPRESSED = 2,     /**< hidden without bounds */
    TRAFFSTAT_WHY_NOT_APPLICABLE = 3, /**< the place did not exist or does not count this */
    TRAFFSTAT_WHY_UNPARSABLE = 4      /**< a text that no rule reads */
};

/** Flags of a cell, joined by |. */
enum {
    TRAFFSTAT_FLAG_PROVISIONAL = 1,  /**< the source may still change it */
    TRAFFSTAT_FLAG_PARTIAL_YEAR = 2, /**< covers only a part of the year */
    TRAFFSTAT_FLAG_BREAK = 4,        /**< definition or coverage changed before this year */
    TRAFFSTAT_FLAG_PARTIAL = 8,      /**< a sum in which a part was not reported */
    TRAFFSTAT_FLAG_SUMMED = 16,      /**< several records of the source were added */
    TRAFFSTAT_FLAG_LOST = 32,        /**< a record of the series could not be used */
    /** the series' counts share a divisor that chance does not explain */
    TRAFFSTAT_FLAG_COMMON_DIVISOR = 64,
    TRAFFSTAT_FLAG_DOUBTFUL = 128    /**< the count cannot be what it says: see the account */
};

/**
 * One cell: a count is an interval. Exact is lower == upper; "<5" is [0, 4]; "2+" is
 * [2, TRAFFSTAT_NO_UPPER]. Without a count (why != TRAFFSTAT_WHY_COUNTED) both ends are 0 and mean
 * nothing. A count below zero is a net of corrections: a source takes back in one year what it
 * counted in another. It adds like any other; no model estimates from it and no chart draws it.
 */
typedef struct traffstat_cell {
    int64_t lower;
    int64_t upper;
    double population;    /**< residents, > 0; NaN where unknown */
    double coverage;      /**< share of the year or population that reported, (0, 1]; NaN unknown */
    int32_t year;
    uint32_t flags;
    uint32_t places;      /**< reporting places in it: 1, or more after summing */
    int32_t why;          /**< a traffstat_why */
} traffstat_cell;

/* ---- panel ---------------------------------------------------------------------------------- */

/** Counts by series and year, immutable, sorted by series (in order of first use) and year. */
typedef struct traffstat_panel traffstat_panel;
/** What a reader understood of a file and every problem that it met. Immutable, but for
 *  traffstat_panel_join_population(). */
typedef struct traffstat_account traffstat_account;
/** A panel in the making; one thread. */
typedef struct traffstat_panel_builder traffstat_panel_builder;

/** What to do when a series has two records for one year. */
typedef int32_t traffstat_duplicates;
enum {
    TRAFFSTAT_DUPLICATES_ERROR = 0, /**< TRAFFSTAT_E_CONFLICT; the builder's default */
    /** Both ends add, flagged SUMMED; not reported + n is n, flagged PARTIAL too. The first population
     *  and the first coverage known are kept, flags are joined. */
    TRAFFSTAT_DUPLICATES_SUM = 1,
    TRAFFSTAT_DUPLICATES_FIRST = 2,
    TRAFFSTAT_DUPLICATES_LAST = 3
};

/** @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_builder_new(traffstat_ctx *ctx, traffstat_duplicates duplicates,
                                             traffstat_panel_builder **out);
TRAFFSTAT_API void traffstat_panel_builder_free(traffstat_panel_builder *builder);

/**
 * The index of a series, added at its first use. A series is told apart by (key, or jurisdiction
 * where there is no key), measure, category and source; the first jurisdiction seen under a key is
 * its label. All texts are UTF-8, copied; NULL is "".
 *
 * A measure of the form "UNIT VERB by AGENT" ("cases investigated by police") lets sentences be
 * built from it; any other text is used as it stands.
 *
 * @param out  index, 0-based
 * @return TRAFFSTAT_OK, _E_ARGUMENT (text is not UTF-8; key and jurisdiction both empty),
 *         _E_LIMIT (over 2^31 series), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_builder_series(traffstat_ctx *ctx,
                                                traffstat_panel_builder *builder, const char *key,
                                                const char *jurisdiction, const char *measure,
                                                const char *category, const char *source,
                                                size_t *out);

/**
 * The same for a series that is a part of `group`, which traffstat_panel_aggregate() can sum up to
 * (TRAFFSTAT_BY_GROUP): the county or the state of an agency. Series of different groups are
 * different series, even of one place.
 *
 * @param group  NULL is "": a part of none
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_builder_grouped(traffstat_ctx *ctx,
                                                 traffstat_panel_builder *builder, const char *key,
                                                 const char *jurisdiction, const char *measure,
                                                 const char *category, const char *source,
                                                 const char *group, size_t *out);

/**
 * Adds one record.
 * @param cell  copied. year in TRAFFSTAT_YEAR_MIN.._MAX; -INT64_MAX <= lower <= upper, lower <
 *              TRAFFSTAT_NO_UPPER; population NaN or
 *              > 0 and finite; coverage NaN or in (0, 1]; places 0 counts as 1
 * @return TRAFFSTAT_OK, _E_ARGUMENT (what is out of range), _E_CONFLICT (duplicate under
 *         TRAFFSTAT_DUPLICATES_ERROR), _E_LIMIT (a sum past INT64_MAX - 1), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_builder_add(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                             size_t series, const traffstat_cell *cell);

/** Shorthand for an exact count of a place without population. Statuses as above. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_builder_count(traffstat_ctx *ctx,
                                               traffstat_panel_builder *builder, size_t series,
                                               int32_t year, int64_t count);

/** Turns the builder's records into a panel and empties the builder, which stays as it was on
 *  failure. A series without a record stays, with no row.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no record), _E_NOMEM. Cost O(cells). */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_builder_finish(traffstat_ctx *ctx,
                                                traffstat_panel_builder *builder,
                                                traffstat_panel **out);

TRAFFSTAT_API void traffstat_panel_free(traffstat_panel *panel);

TRAFFSTAT_API size_t traffstat_panel_series(const traffstat_panel *panel);   /**< number of series */
TRAFFSTAT_API size_t traffstat_panel_rows(const traffstat_panel *panel);     /**< number of cells */
TRAFFSTAT_API int32_t traffstat_panel_first_year(const traffstat_panel *panel);
TRAFFSTAT_API int32_t traffstat_panel_last_year(const traffstat_panel *panel);

/** Texts of a series; "" where unknown or `series` is out of range. Borrowed from the panel. */
TRAFFSTAT_API const char *traffstat_panel_key(const traffstat_panel *panel, size_t series);
TRAFFSTAT_API const char *traffstat_panel_jurisdiction(const traffstat_panel *panel, size_t series);
TRAFFSTAT_API const char *traffstat_panel_measure(const traffstat_panel *panel, size_t series);
TRAFFSTAT_API const char *traffstat_panel_category(const traffstat_panel *panel, size_t series);
TRAFFSTAT_API const char *traffstat_panel_source(const traffstat_panel *panel, size_t series);
/** What the series is a part of, in the words of the column that was read for it. */
TRAFFSTAT_API const char *traffstat_panel_group(const traffstat_panel *panel, size_t series);

/** Rows of a series: [first, first + count). 0 and 0 when out of range. */
TRAFFSTAT_API size_t traffstat_panel_series_first(const traffstat_panel *panel, size_t series);
TRAFFSTAT_API size_t traffstat_panel_series_count(const traffstat_panel *panel, size_t series);

/** Row of a series and year, by bisection; TRAFFSTAT_NONE when the year is absent. */
TRAFFSTAT_API size_t traffstat_panel_find(const traffstat_panel *panel, size_t series,
                                          int32_t year);

/** Series that a row belongs to; TRAFFSTAT_NONE out of range. */
TRAFFSTAT_API size_t traffstat_panel_row_series(const traffstat_panel *panel, size_t row);

/** @return TRAFFSTAT_OK, _E_ARGUMENT (row out of range: out untouched) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_cell(const traffstat_panel *panel, size_t row,
                                      traffstat_cell *out);

/**
 * Whole columns, `traffstat_panel_rows()` values each, borrowed: the bulk path for bindings.
 * `validity` is an Arrow bitmap (least significant bit first) of the cells that have a count; `why`
 * says why others have none.
 */
TRAFFSTAT_API const int32_t *traffstat_panel_years(const traffstat_panel *panel);
TRAFFSTAT_API const int64_t *traffstat_panel_lowers(const traffstat_panel *panel);
TRAFFSTAT_API const int64_t *traffstat_panel_uppers(const traffstat_panel *panel);
TRAFFSTAT_API const double *traffstat_panel_populations(const traffstat_panel *panel);
TRAFFSTAT_API const double *traffstat_panel_coverages(const traffstat_panel *panel);
TRAFFSTAT_API const uint32_t *traffstat_panel_flags(const traffstat_panel *panel);
TRAFFSTAT_API const uint8_t *traffstat_panel_validity(const traffstat_panel *panel);
TRAFFSTAT_API const int8_t *traffstat_panel_whys(const traffstat_panel *panel);

/** Sum of the counts of all rows: both ends add, a missing part sets TRAFFSTAT_FLAG_PARTIAL.
 *  year, population and coverage of `out` mean nothing.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT, _E_LIMIT (past INT64_MAX - 1) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_total(const traffstat_panel *panel, traffstat_cell *out);

/** Keeps only the series for which keep[series] is non-zero, and years in [first, last]; a series
 *  with no year left goes too.
 *  @param keep  traffstat_panel_series() values, or NULL for all
 *  @return TRAFFSTAT_OK, _E_NODATA (nothing left), _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_select(traffstat_ctx *ctx, const traffstat_panel *panel,
                                        const int32_t *keep, int32_t first_year,
                                        int32_t last_year, traffstat_panel **out);

/** What series are summed up to. */
typedef int32_t traffstat_by;
enum {
    TRAFFSTAT_BY_JURISDICTION = 0, /**< one series a name, over keys and categories */
    TRAFFSTAT_BY_KEY = 1,          /**< one series a key (a name where there is none) */
    TRAFFSTAT_BY_CATEGORY = 2,     /**< over places: "All places", or the only one's name */
    TRAFFSTAT_BY_MEASURE = 3,      /**< over places and categories */
    TRAFFSTAT_BY_GROUP = 4         /**< one series a group; series without one: "(blank)" */
};

/**
 * Sums series year by year; different measures and sources are never joined. Both ends of counts
 * add. `places` of a sum is the number of places that reported in that year. A sum is flagged
 * TRAFFSTAT_FLAG_PARTIAL where a part was not reported, or where a place that has other years is
 * absent. Its population is that of the places that reported, unknown where one is; its coverage is
 * known only where it holds one place. The sums keep a copy of what they were made of, for
 * traffstat_trend(); traffstat_panel_select() of sums does not. The flags LOST, COMMON_DIVISOR and DOUBTFUL of a part are the
 * sum's too.
 *
 * A total among categories is never added to its parts: where sums over categories would do so (one
 * category equals another but for pieces, cut at " / ", that read total, all, both sexes and their
 * like) they are refused; select one category first, or sum by category.
 * @return TRAFFSTAT_OK, _E_ARGUMENT (BY_GROUP: no series has a group), _E_CONFLICT (a total among
 *         the categories), _E_LIMIT (past INT64_MAX - 1), _E_NOMEM. Cost O(n log n).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_aggregate(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           traffstat_by by, traffstat_panel **out);

/**
 * Takes denominators from another panel: its populations or, where a cell has none, its counts.
 *
 * A series is matched by its key, where any key of the panel is found among the denominators, and
 * else by its name (letters and digits alone, whatever their case). A key or name that several
 * series of the denominators have matches none. A series that is matched takes all its populations
 * from there: a year that the denominators lack is left without. Other series stay as they are.
 *
 * @param denominators  such as traffstat_read_population() gives
 * @param account       NULL, or where to list population_unmatched (series without denominators, or
 *                      without some years of them) and population_unused (denominators without a
 *                      series)
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM. Cost O(n log n).
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_panel_join_population(traffstat_ctx *ctx, const traffstat_panel *panel,
                                                 const traffstat_panel *denominators,
                                                 traffstat_account *account,
                                                 traffstat_panel **out);

/* ---- evidence ------------------------------------------------------------------------------- */

/** A list of published reporting or identification rates. Grows by `_add` until first shared. */
typedef struct traffstat_evidence traffstat_evidence;

/**
 * One published rate. Texts are UTF-8; NULL is "". Numbers that were not published are NaN (years:
 * 0). `struct_size` is sizeof(traffstat_evidence_entry).
 */
typedef struct traffstat_evidence_entry {
    uint32_t struct_size;
    int32_t first_year;       /**< period that the rate covers */
    int32_t last_year;
    uint32_t reserved;        /**< 0 */
    const char *id;           /**< lower case, digits, '-': "uk-2013" */
    const char *place;
    const char *unit;         /**< what was counted: "persons", "cases" */
    const char *measure;      /**< of what: "potential victims", "sex trafficking" */
    const char *agencies;     /**< known to whom: "any agency", "police" */
    const char *method;       /**< "multiple systems estimation", "survey" */
    double rate;              /**< share known, 0 < rate < 1; NaN where only an interval is given */
    double lower;             /**< published interval of the share; NaN where none */
    double upper;
    double level;             /**< coverage of that interval; NaN where not stated */
    const char *citation;
    const char *note;
} traffstat_evidence_entry;

TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_new(traffstat_ctx *ctx, traffstat_evidence **out);
/** Copies an entry. @return TRAFFSTAT_OK, _E_ARGUMENT (what is out of range; no id, place, unit or
 *  citation; neither rate nor interval), _E_CONFLICT (id is there already), _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_add(traffstat_ctx *ctx, traffstat_evidence *evidence,
                                        const traffstat_evidence_entry *entry);
TRAFFSTAT_API void traffstat_evidence_free(traffstat_evidence *evidence);
TRAFFSTAT_API size_t traffstat_evidence_count(const traffstat_evidence *evidence);
/** Entry by position; its texts are borrowed. Set out->struct_size before: no more is written.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT (out of range, or no struct_size) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_get(const traffstat_evidence *evidence, size_t index,
                                        traffstat_evidence_entry *out);
/** Position of an id; on _E_NOTFOUND the message names the nearest id (edit distance). */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_evidence_find(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                         const char *id, size_t *out);

/* ---- overlap -------------------------------------------------------------------------------- */

/** Lists that an overlap takes; the loglinear methods take fewer (see overlap.h). */
#define TRAFFSTAT_LISTS_MAX 16
/** Strata that an overlap takes. */
#define TRAFFSTAT_STRATA_MAX 1000
/** Persons that a stratum, and all strata together, may hold: more than ever lived is a mistake. */
#define TRAFFSTAT_PERSONS_MAX 1000000000000

/**
 * Who was on which of several lists: for each stratum, how many persons have each pattern of lists.
 * Bit i of a pattern is list i. Or, where lists were not kept, only how many persons were caught
 * once, twice…: the frequencies of captures. Immutable.
 */
typedef struct traffstat_overlap traffstat_overlap;
/** An overlap in the making; one thread. */
typedef struct traffstat_overlap_builder traffstat_overlap_builder;

/**
 * @param lists  names, UTF-8, distinct (case matters), not empty, without ':' and ',' (models are
 *               written with these); `count` of them, 2 to TRAFFSTAT_LISTS_MAX; copied
 * @return TRAFFSTAT_OK, _E_ARGUMENT (a name), _E_NODATA (fewer than two), _E_LIMIT (too many),
 *         _E_CONFLICT (one name twice), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_new(traffstat_ctx *ctx, const char *const *lists,
                                               size_t count, traffstat_overlap_builder **out);
/**
 * For frequencies of captures.
 * @param occasions  how often a person could be caught, 2 to 1,000,000; 0: not fixed or not known
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_frequencies(traffstat_ctx *ctx, int64_t occasions,
                                                       traffstat_overlap_builder **out);
TRAFFSTAT_API void traffstat_overlap_builder_free(traffstat_overlap_builder *builder);

/** The index of a stratum, added at its first use; NULL is "". An overlap without strata has the
 *  one called "". @return TRAFFSTAT_OK, _E_ARGUMENT (not UTF-8), _E_LIMIT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_stratum(traffstat_ctx *ctx,
                                                   traffstat_overlap_builder *builder,
                                                   const char *name, size_t *out);
/**
 * Adds persons of one pattern; the same pattern again adds to it.
 * @param pattern  not 0 (nobody can be counted who is on no list), below 2^lists
 * @param persons  0 or more
 * @return TRAFFSTAT_OK, _E_ARGUMENT (stratum, pattern, a negative number, frequencies wanted),
 *         _E_LIMIT (more than TRAFFSTAT_PERSONS_MAX in all), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_add(traffstat_ctx *ctx,
                                               traffstat_overlap_builder *builder, size_t stratum,
                                               uint32_t pattern, int64_t persons);
/** Adds persons who were caught `captures` times (1 or more, at most the occasions, at most
 *  1,000,000). Statuses as above. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_captures(traffstat_ctx *ctx,
                                                    traffstat_overlap_builder *builder,
                                                    size_t stratum, int64_t captures,
                                                    int64_t persons);
/** What one row of a list is: "person", "episode"…; and which time the lists cover ("2013").
 *  UTF-8, copied; NULL or "": not known. @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_unit(traffstat_ctx *ctx,
                                                traffstat_overlap_builder *builder,
                                                const char *unit);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_window(traffstat_ctx *ctx,
                                                  traffstat_overlap_builder *builder,
                                                  const char *window);
/** Turns the builder into an overlap and empties it; it stays as it was on failure.
 *  @return TRAFFSTAT_OK, _E_NODATA (no person, or nobody on a list: the message names it),
 *          _E_CONFLICT (two lists with exactly the same persons), _E_ARGUMENT, _E_NOMEM */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_overlap_builder_finish(traffstat_ctx *ctx,
                                                  traffstat_overlap_builder *builder,
                                                  traffstat_overlap **out);

TRAFFSTAT_API void traffstat_overlap_free(traffstat_overlap *overlap);

/** Number of lists; 0 for frequencies of captures. */
TRAFFSTAT_API size_t traffstat_overlap_lists(const traffstat_overlap *overlap);
/** Name of a list; "" out of range. Borrowed. */
TRAFFSTAT_API const char *traffstat_overlap_list(const traffstat_overlap *overlap, size_t list);
/** Number of strata, at least 1. */
TRAFFSTAT_API size_t traffstat_overlap_strata(const traffstat_overlap *overlap);
/** Name of a stratum; "" out of range. Borrowed. */
TRAFFSTAT_API const char *traffstat_overlap_stratum(const traffstat_overlap *overlap,
                                                    size_t stratum);
/** What one row of a list is, and the time that the lists cover; "" not known. Borrowed. */
TRAFFSTAT_API const char *traffstat_overlap_unit(const traffstat_overlap *overlap);
TRAFFSTAT_API const char *traffstat_overlap_window(const traffstat_overlap *overlap);
/** How often a person could be caught: the lists, or the occasions of frequencies (0: not known). */
TRAFFSTAT_API int64_t traffstat_overlap_occasions(const traffstat_overlap *overlap);

/* In what follows TRAFFSTAT_NONE as the stratum means all of them together. */

/** Persons seen at least once; 0 out of range. */
TRAFFSTAT_API int64_t traffstat_overlap_persons(const traffstat_overlap *overlap, size_t stratum);
/** Patterns that at least one person has, ascending, and how many persons have each:
 *  `traffstat_overlap_cells()` values. Borrowed; NULL and 0 out of range or for frequencies. */
TRAFFSTAT_API size_t traffstat_overlap_cells(const traffstat_overlap *overlap, size_t stratum);
TRAFFSTAT_API const uint32_t *traffstat_overlap_patterns(const traffstat_overlap *overlap,
                                                         size_t stratum);
TRAFFSTAT_API const int64_t *traffstat_overlap_counts(const traffstat_overlap *overlap,
                                                      size_t stratum);
/** The most often that a person was caught. */
TRAFFSTAT_API size_t traffstat_overlap_most_captures(const traffstat_overlap *overlap,
                                                     size_t stratum);
/** Persons caught exactly `captures` times, of lists too; 0 out of range. */
TRAFFSTAT_API int64_t traffstat_overlap_captured(const traffstat_overlap *overlap, size_t stratum,
                                                 size_t captures);

/* ---- the account of a reading --------------------------------------------------------------- */


/** One kind of problem. Texts are borrowed from the account. */
typedef struct traffstat_problem {
    const char *code;         /**< snake_case, stable */
    int64_t count;            /**< exact number of times */
    int64_t rows_dropped;     /**< records lost to it */
    size_t examples;          /**< how many of them are kept */
} traffstat_problem;

/** One kept example of a problem. Texts are borrowed; "" where they do not apply. */
typedef struct traffstat_example {
    const char *file;
    int64_t line;             /**< physical line where the record starts, from 1; 0 for the file */
    const char *column;       /**< name in the header, or its number */
    const char *expected;
    const char *got;
    const char *done;         /**< what the reader did about it */
} traffstat_example;

TRAFFSTAT_API void traffstat_account_free(traffstat_account *account);
/** Records below the header: seen = used + dropped. */
TRAFFSTAT_API int64_t traffstat_account_rows_seen(const traffstat_account *account);
TRAFFSTAT_API int64_t traffstat_account_rows_used(const traffstat_account *account);
TRAFFSTAT_API int64_t traffstat_account_rows_dropped(const traffstat_account *account);
TRAFFSTAT_API size_t traffstat_account_series(const traffstat_account *account);
TRAFFSTAT_API int32_t traffstat_account_first_year(const traffstat_account *account);
TRAFFSTAT_API int32_t traffstat_account_last_year(const traffstat_account *account);
/** Sum of all counts that went into the panel; an end too large to hold is INT64_MAX - 1 below and
 *  TRAFFSTAT_NO_UPPER above. Without a panel: not reported. Counts of several measures or sources, or
 *  of a category among others that it is a total of, have no sum: `out` is left as it is.
 *  @return TRAFFSTAT_OK, _E_ARGUMENT, _E_CONFLICT (no sum) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_account_total(const traffstat_account *account, traffstat_cell *out);
/** Short texts: delimiter and quoting ("comma"), encoding ("UTF-8"), layout ("long"). */
TRAFFSTAT_API const char *traffstat_account_file(const traffstat_account *account);
TRAFFSTAT_API const char *traffstat_account_dialect(const traffstat_account *account);
TRAFFSTAT_API const char *traffstat_account_encoding(const traffstat_account *account);
TRAFFSTAT_API const char *traffstat_account_layout(const traffstat_account *account);
/** Columns that were understood: role `i` and the header name (or the constant, as "=2017"); NULL
 *  when `i` is out of range. */
TRAFFSTAT_API size_t traffstat_account_columns(const traffstat_account *account);
TRAFFSTAT_API const char *traffstat_account_column_role(const traffstat_account *account, size_t i);
TRAFFSTAT_API const char *traffstat_account_column_name(const traffstat_account *account, size_t i);
/** Kinds of problems, in order of first meeting. */
TRAFFSTAT_API size_t traffstat_account_problems(const traffstat_account *account);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_account_problem(const traffstat_account *account, size_t problem,
                                           traffstat_problem *out);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_account_example(const traffstat_account *account, size_t problem,
                                           size_t example, traffstat_example *out);
/** Records that a series lost; > 0 makes other verbs than `read` refuse it unless lenient. */
TRAFFSTAT_API int64_t traffstat_account_series_lost(const traffstat_account *account,
                                                    size_t series);

TRAFFSTAT_END

#endif
