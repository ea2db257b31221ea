/* The loglinear engine's door: what the methods from TRAFFSTAT_OVERLAP_LOGLINEAR on do. */
#include "model/overlap/methods.h"

traffstat_status traffstat_i_overlap_engine_check(traffstat_i_overlap_run *run)
{
    return traffstat_i_fail(run->ctx, TRAFFSTAT_E_ARGUMENT,
                            "the method %s is not built yet; this version has: pairs, chao, "
                            "coverage, closed",
                            traffstat_overlap_method_name(run->options.method));
}

traffstat_status traffstat_i_overlap_engine(traffstat_i_overlap_run *run, size_t stratum,
                                            size_t row)
{
    (void) stratum;
    (void) row;
    return traffstat_i_overlap_engine_check(run);
}
