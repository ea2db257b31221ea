/**
 * @file covariates.h
 * What stands beside the counts of a file: explanatory values of places and years, and how many true
 * cases were looked up, as columns of numbers in the order of a panel's rows.
 */
#ifndef TRAFFSTAT_COVARIATES_H
#define TRAFFSTAT_COVARIATES_H

#include <traffstat/table.h>

TRAFFSTAT_BEGIN

/** Columns of numbers for the rows of one panel, as traffstat_read_covariates() makes them. Immutable;
 *  readable from any thread. */
typedef struct traffstat_covariates traffstat_covariates;

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
