/* Which rows of a panel may be added up. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_SUMMABLE_H
#define TRAFFSTAT_I_REPORTING_SUMMABLE_H

#include "estimate/estimate.h"

/* Do two series count the same measure and category? */
bool traffstat_i_same_kind(const traffstat_panel *panel, size_t a, size_t b);
/* Is a place counted by several sources in one year, among the rows of the estimate that have a
 * number? Their sum would count its cases twice. */
traffstat_status traffstat_i_counted_twice(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           traffstat_estimate *estimate, bool *twice);
/* Why the rows have no sum, as an assumption says it; NULL: they have one. */
traffstat_status traffstat_i_no_sum(traffstat_ctx *ctx, const traffstat_panel *panel,
                                    traffstat_estimate *estimate, const char **why);

#endif
