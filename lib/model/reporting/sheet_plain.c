/* Tables of counts two cells at a time: what every processor has. */
#include "base/wide.h"

#define LANES 2
#define TARGET
#define SHEET_POISSON traffstat_i_sheet_poisson_plain
#define SHEET_BINOMIAL traffstat_i_sheet_binomial_plain

#include "model/reporting/sheet_body.h"
