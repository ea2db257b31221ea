/* What a regression says, for tests that want nothing but success. */
#ifndef SUPPORT_REGRESSION_H
#define SUPPORT_REGRESSION_H

#include "support/support.h"

#include <traffstat/regression.h>

static inline traffstat_coefficient coefficient(const traffstat_regression *of, size_t column)
{
    traffstat_coefficient out;
    assert_int_equal(traffstat_regression_coefficient(of, column, &out), TRAFFSTAT_OK);
    return out;
}

static inline traffstat_regression_summary summary(const traffstat_regression *of)
{
    traffstat_regression_summary out;
    assert_int_equal(traffstat_regression_get(of, &out), TRAFFSTAT_OK);
    return out;
}

#endif
