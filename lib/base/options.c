#include <string.h>

#include "base/base.h"

#define OPTIONS_MAX                                                                                \
    4096 /* a larger struct_size is garbage, and reading that far would be a crash */

traffstat_status traffstat_i_read_options(traffstat_ctx *ctx, const void *given, void *out,
                                          size_t size)
{
    if (given == NULL) {
        return TRAFFSTAT_OK;
    }
    uint32_t given_size = 0;
    memcpy(&given_size, given, sizeof given_size);
    if (given_size < 8 || given_size > OPTIONS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the options' struct_size is %u: fill them with their _init first",
                                (unsigned) given_size);
    }
    const char *bytes = given;
    for (size_t i = size; i < given_size; i++) {
        if (bytes[i] != 0) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the options set byte %zu, which this version (%s) does not "
                                    "know",
                                    i, TRAFFSTAT_VERSION);
        }
    }
    const size_t known = given_size < size ? given_size : size;
    memcpy((char *) out + sizeof given_size, bytes + sizeof given_size, known - sizeof given_size);
    return TRAFFSTAT_OK;
}
