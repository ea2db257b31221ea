/* Which lanes this processor has, for tables of counts. */
#include "model/reporting/sheet.h"

#include "base/wide.h"

double traffstat_i_sheet_poisson(const traffstat_i_sheet *sheet, traffstat_i_sheet_room *room)
{
#ifdef TRAFFSTAT_I_X86
    if (traffstat_i_has_avx2()) {
        return traffstat_i_sheet_poisson_avx2(sheet, room);
    }
#endif
    return traffstat_i_sheet_poisson_plain(sheet, room);
}

double traffstat_i_sheet_binomial(const traffstat_i_sheet *sheet, double theta,
                                  traffstat_i_sheet_room *room)
{
#ifdef TRAFFSTAT_I_X86
    if (traffstat_i_has_avx2()) {
        return traffstat_i_sheet_binomial_avx2(sheet, theta, room);
    }
#endif
    return traffstat_i_sheet_binomial_plain(sheet, theta, room);
}
