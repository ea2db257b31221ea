/**
 * @file covariates.h
 * What stands beside the counts of a file: explanatory values of places and years, and how many true
 * cases were looked up, as columns of numbers in the order of a panel's rows.
 */
#ifndef TRAFFSTAT_COVARIATES_H
#define TRAFFSTAT_COVARIATES_H

#include <traffstat/read.h>

TRAFFSTAT_BEGIN

/** Columns of numbers for the rows of one panel. Immutable; readable from any thread. */
typedef struct traffstat_covariates traffstat_covariates;

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
TRAFFSTAT_API void traffstat_covariates_free(traffstat_covariates *covariates);

/** The panel's rows; 0 for NULL. */
TRAFFSTAT_API size_t traffstat_covariates_rows(const traffstat_covariates *covariates);
/** Columns of numbers: one for each name, or one for each word but the baseline. */
TRAFFSTAT_API size_t traffstat_covariates_columns(const traffstat_covariates *covariates);
/** "income", or "region=West"; "" out of range. Borrowed. */
TRAFFSTAT_API const char *traffstat_covariates_name(const traffstat_covariates *covariates,
                                                    size_t column);
/** Which of the names that were asked for; TRAFFSTAT_NONE out of range. */
TRAFFSTAT_API size_t traffstat_covariates_asked(const traffstat_covariates *covariates,
                                                size_t column);
/** The word that has no column, where the column is of words; "" for numbers. Borrowed. */
TRAFFSTAT_API const char *traffstat_covariates_baseline(const traffstat_covariates *covariates,
                                                        size_t column);
/** rows x columns, by row, in the panel's order; NaN in rows without a record. Borrowed. */
TRAFFSTAT_API const double *traffstat_covariates_values(const traffstat_covariates *covariates);
/** 1: a record belongs to the row. */
TRAFFSTAT_API int32_t traffstat_covariates_known(const traffstat_covariates *covariates,
                                                 size_t row);

TRAFFSTAT_END

#endif
