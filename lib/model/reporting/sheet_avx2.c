/* Tables of counts four cells at a time. */
#include "base/wide.h"

#ifdef TRAFFSTAT_I_X86
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#define SHEET_POISSON traffstat_i_sheet_poisson_avx2
#define SHEET_BINOMIAL traffstat_i_sheet_binomial_avx2

#include "model/reporting/sheet_body.h"
#endif
