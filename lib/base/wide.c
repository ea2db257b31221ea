/* Which lanes this processor has. */
#include "base/wide.h"

#ifdef TRAFFSTAT_I_X86
bool traffstat_i_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#endif

void traffstat_i_exp_many(double *x, size_t count)
{
#ifdef TRAFFSTAT_I_X86
    if (traffstat_i_has_avx2()) {
        traffstat_i_exp_avx2(x, count);
        return;
    }
#endif
    traffstat_i_exp_plain(x, count);
}

void traffstat_i_log_many(double *x, size_t count)
{
#ifdef TRAFFSTAT_I_X86
    if (traffstat_i_has_avx2()) {
        traffstat_i_log_avx2(x, count);
        return;
    }
#endif
    traffstat_i_log_plain(x, count);
}
