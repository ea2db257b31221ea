/* Data of Poisson-logistic regressions: blank ones, and simul1 of R's pogit
 * (reference/reporting/in_pogit_simul1.csv). */
#ifndef SUPPORT_POGIT_H
#define SUPPORT_POGIT_H

#include <string.h>

#include "support/support.h"

#include <traffstat/pogit.h>

#define ROWS 16
#define COLUMNS 5

static const int64_t counts[ROWS] = {193, 183, 181, 213, 29, 19, 25, 26,
                                     210, 238, 200, 214, 32, 27, 23, 26};
static const int64_t validated[ROWS] = {22, 25, 23, 23, 21, 24, 22, 20,
                                        10, 18, 13, 16, 18, 10, 15, 15};

/* An intercept and the four bits of the row's number, the highest first. */
static inline void fill_design(double design[ROWS * COLUMNS])
{
    for (size_t i = 0; i < ROWS; i++) {
        design[i * COLUMNS] = 1.0;
        for (size_t j = 1; j < COLUMNS; j++) {
            design[i * COLUMNS + j] = (double) (i >> (COLUMNS - 1 - j) & 1);
        }
    }
}

static inline traffstat_pogit_data blank_data(size_t rows, size_t rate_columns,
                                              size_t reporting_columns)
{
    traffstat_pogit_data data;
    memset(&data, 0, sizeof data);
    data.struct_size = sizeof data;
    data.rows = rows;
    data.rate_columns = rate_columns;
    data.reporting_columns = reporting_columns;
    return data;
}

#endif
