/* Arrays in four doubles at a time. */
#include "base/wide.h"

#ifdef TRAFFSTAT_I_X86
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#define EXP_MANY traffstat_i_exp_avx2
#define LOG_MANY traffstat_i_log_avx2

#include "base/wide_body.h"
#endif
