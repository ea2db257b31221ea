/* What lines with joinpoints say, for tests that want nothing but success. */
#ifndef SUPPORT_JOINPOINT_H
#define SUPPORT_JOINPOINT_H

#include "support/support.h"

#include <traffstat/joinpoint.h>

static inline traffstat_joinpoint_model model(const traffstat_joinpoint *of, size_t k)
{
    traffstat_joinpoint_model out;
    assert_int_equal(traffstat_joinpoint_model_get(of, k, &out), TRAFFSTAT_OK);
    return out;
}

static inline traffstat_joinpoint_knot knot(const traffstat_joinpoint *of, size_t k, size_t index)
{
    traffstat_joinpoint_knot out;
    assert_int_equal(traffstat_joinpoint_knot_get(of, k, index, &out), TRAFFSTAT_OK);
    return out;
}

#endif
