#include "base/base.h"

#define STATUS_NAME(code)                                                                          \
    case code:                                                                                     \
        return #code

const char *traffstat_status_name(traffstat_status status)
{
    switch (status) {
        STATUS_NAME(TRAFFSTAT_OK);
        STATUS_NAME(TRAFFSTAT_E_ARGUMENT);
        STATUS_NAME(TRAFFSTAT_E_NOMEM);
        STATUS_NAME(TRAFFSTAT_E_LIMIT);
        STATUS_NAME(TRAFFSTAT_E_NODATA);
        STATUS_NAME(TRAFFSTAT_E_CONFLICT);
        STATUS_NAME(TRAFFSTAT_E_NOTFOUND);
        STATUS_NAME(TRAFFSTAT_E_PRIOR);
        STATUS_NAME(TRAFFSTAT_E_CANCELLED);
        STATUS_NAME(TRAFFSTAT_E_CALLBACK);
        STATUS_NAME(TRAFFSTAT_E_IO);
        STATUS_NAME(TRAFFSTAT_E_FORMAT);
        STATUS_NAME(TRAFFSTAT_E_COLUMN);
        STATUS_NAME(TRAFFSTAT_E_VALUE);
        STATUS_NAME(TRAFFSTAT_E_NUMERIC);
        STATUS_NAME(TRAFFSTAT_E_DRAW);
        STATUS_NAME(TRAFFSTAT_E_FONT);
        STATUS_NAME(TRAFFSTAT_E_FIT);
        STATUS_NAME(TRAFFSTAT_E_INTERNAL);
    default:
        return "unknown status";
    }
}

const char *traffstat_version(void)
{
    return TRAFFSTAT_VERSION;
}
