/* Arrays in two doubles at a time: what every processor has. */
#include "base/wide.h"

#define LANES 2
#define TARGET
#define EXP_MANY traffstat_i_exp_plain
#define LOG_MANY traffstat_i_log_plain

#include "base/wide_body.h"
