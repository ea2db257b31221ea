#include <string.h>

#include "read/read.h"

traffstat_i_slice traffstat_i_slice_of(const char *text)
{
    return (traffstat_i_slice){text, strlen(text)};
}

traffstat_i_slice traffstat_i_slice_trim(traffstat_i_slice slice)
{
    while (slice.size > 0 && traffstat_i_is_space(slice.data[0])) {
        slice.data++;
        slice.size--;
    }
    while (slice.size > 0 && traffstat_i_is_space(slice.data[slice.size - 1])) {
        slice.size--;
    }
    return slice;
}

bool traffstat_i_slice_equal(traffstat_i_slice a, traffstat_i_slice b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

const char *traffstat_i_slice_show(traffstat_i_slice slice, char out[TRAFFSTAT_I_SHOWN])
{
    static const char more[] = "\xe2\x80\xa6";
    const size_t room = TRAFFSTAT_I_SHOWN - sizeof more;
    size_t used = 0;
    for (size_t at = 0; at < slice.size;) {
        size_t step = traffstat_i_utf8_step(slice.data + at, slice.size - at);
        const bool plain = step > 0 && (unsigned char) slice.data[at] >= 0x20;
        step = step > 0 ? step : 1;
        if (used + step > room) {
            memcpy(out + used, more, sizeof more);
            return out;
        }
        memcpy(out + used, plain ? slice.data + at : " ", plain ? step : 1);
        used += plain ? step : 1;
        at += step;
    }
    out[used] = '\0';
    return out;
}
