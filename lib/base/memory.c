#include <string.h>

#include "base/ctx.h"

/* Before each block stands its size: `release` wants it, and callers need not remember it. 16 bytes
 * keep the block as well aligned as what the allocator gave. */
#define HEADER 16

static const traffstat_allocator *allocator_of(const traffstat_ctx *ctx)
{
    return ctx != NULL ? &ctx->allocator : &traffstat_i_libc_allocator;
}

static void *fail_memory(traffstat_ctx *ctx, size_t bytes)
{
    (void) traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory: %zu bytes could not be had",
                            bytes);
    return NULL;
}

/* Bytes of a whole block, header included; false past what one object can span. */
static bool block_bytes(traffstat_ctx *ctx, size_t count, size_t size, size_t *out)
{
    size_t bytes = 0;
    if (!traffstat_i_mul_size(count, size, &bytes) ||
        !traffstat_i_add_size(bytes > 0 ? bytes : 1, HEADER, &bytes) || bytes > PTRDIFF_MAX) {
        (void) traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "%zu items of %zu bytes are more than memory can address", count,
                                size);
        return false;
    }
    *out = bytes;
    return true;
}

static void *payload(void *block, size_t bytes)
{
    memcpy(block, &bytes, sizeof bytes);
    return (char *) block + HEADER;
}

static void *header_of(void *payload_start, size_t *bytes)
{
    char *block = (char *) payload_start - HEADER;
    memcpy(bytes, block, sizeof *bytes);
    return block;
}

void *traffstat_i_alloc(traffstat_ctx *ctx, size_t count, size_t size)
{
    size_t bytes = 0;
    if (!block_bytes(ctx, count, size, &bytes)) {
        return NULL;
    }
    const traffstat_allocator *from = allocator_of(ctx);
    void *block = from->allocate(bytes, from->user);
    if (block == NULL) {
        return fail_memory(ctx, bytes);
    }
    memset(block, 0, bytes);
    return payload(block, bytes);
}

void *traffstat_i_realloc(traffstat_ctx *ctx, void *block, size_t count, size_t size)
{
    if (block == NULL) {
        return traffstat_i_alloc(ctx, count, size);
    }
    size_t bytes = 0;
    if (!block_bytes(ctx, count, size, &bytes)) {
        return NULL;
    }
    const traffstat_allocator *from = allocator_of(ctx);
    size_t old_bytes = 0;
    void *old = header_of(block, &old_bytes);
    void *moved = from->reallocate(old, old_bytes, bytes, from->user);
    return moved != NULL ? payload(moved, bytes) : fail_memory(ctx, bytes);
}

void traffstat_i_free(traffstat_ctx *ctx, void *block)
{
    if (block != NULL) {
        const traffstat_allocator *to = allocator_of(ctx);
        size_t bytes = 0;
        void *start = header_of(block, &bytes);
        to->release(start, bytes, to->user);
    }
}

bool traffstat_i_reserve(traffstat_ctx *ctx, void *items, size_t *capacity, size_t need,
                         size_t size)
{
    if (need <= *capacity) {
        return true;
    }
    size_t grown = *capacity < 8 ? 8 : *capacity;
    while (grown < need) {
        if (!traffstat_i_add_size(grown, grown, &grown)) {
            grown = need;
        }
    }
    void *old = NULL;
    memcpy(&old, items, sizeof old); /* items is some T **: its bytes are read without its type */
    void *moved = traffstat_i_realloc(ctx, old, grown, size);
    if (moved == NULL) {
        return false;
    }
    memcpy(items, &moved, sizeof moved);
    *capacity = grown;
    return true;
}

char *traffstat_i_strndup(traffstat_ctx *ctx, const char *text, size_t size)
{
    size_t bytes = 0;
    if (!traffstat_i_add_size(size, 1, &bytes)) {
        bytes = SIZE_MAX;
    }
    char *copy = traffstat_i_alloc(ctx, bytes, 1);
    if (copy != NULL && size > 0) {
        memcpy(copy, text, size);
    }
    return copy;
}

char *traffstat_i_strdup(traffstat_ctx *ctx, const char *text)
{
    return traffstat_i_strndup(ctx, text, text != NULL ? strlen(text) : 0);
}
