#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ctx.h"

static void *libc_allocate(size_t size, void *user)
{
    (void) user;
    return malloc(size);
}

static void *libc_reallocate(void *block, size_t old_size, size_t new_size, void *user)
{
    (void) old_size;
    (void) user;
    return realloc(block, new_size);
}

static void libc_release(void *block, size_t size, void *user)
{
    (void) size;
    (void) user;
    free(block);
}

const traffstat_allocator traffstat_i_libc_allocator = {libc_allocate, libc_reallocate,
                                                        libc_release, NULL};

traffstat_status traffstat_ctx_new(const traffstat_allocator *allocator, traffstat_ctx **out)
{
    if (out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = NULL;
    const traffstat_allocator from = allocator != NULL ? *allocator : traffstat_i_libc_allocator;
    if (from.allocate == NULL || from.reallocate == NULL || from.release == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    traffstat_i_gsl_guard();
    traffstat_ctx *ctx = from.allocate(sizeof *ctx, from.user);
    if (ctx == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(ctx, 0, sizeof *ctx);
    ctx->allocator = from;
    ctx->seed = 1;
    ctx->called_at = INT64_MIN;
    atomic_init(&ctx->cancelled, 0);
    atomic_init(&ctx->halted, 0);
    traffstat_i_enter(ctx);
    *out = ctx;
    return TRAFFSTAT_OK;
}

void traffstat_ctx_free(traffstat_ctx *ctx)
{
    if (ctx != NULL) {
        const traffstat_allocator to = ctx->allocator;
        to.release(ctx, sizeof *ctx, to.user);
    }
}

/* ---- failing -------------------------------------------------------------------------------- */

void traffstat_i_enter(traffstat_ctx *ctx)
{
    if (ctx == NULL) {
        return;
    }
    ctx->message[0] = '\0';
    ctx->line = 0;
    ctx->column = 0;
    ctx->offset = -1;
    ctx->callback_value = 0;
    ctx->reported = -1.0;
    ctx->span_from = 0.0;
    ctx->span_to = 1.0;
    atomic_store(&ctx->halted, 0);
}

static bool breaks_a_line(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029;
}

/* Names in messages come from files: whatever they hold, the message stays one line of UTF-8. */
static void copy_as_one_line(char *to, const char *from, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t step = 1;
        const bool valid = traffstat_i_utf8_step(from + at, size - at) > 0;
        const uint32_t code = traffstat_i_utf8_decode(from + at, size - at, &step);
        if (valid && !breaks_a_line(code)) {
            memcpy(to + at, from + at, step);
        } else {
            memset(to + at, '?', step);
        }
        at += step;
    }
    to[size] = '\0';
}

/* Where to cut text[0..size) so that no sequence that ran past the end is left in halves. */
static size_t whole_sequences(const char *text, size_t size)
{
    size_t start = size;
    while (start > 0 && size - start < 3 && ((unsigned char) text[start - 1] & 0xc0) == 0x80) {
        start--;
    }
    if (start > 0 && (unsigned char) text[start - 1] >= 0xc0 &&
        traffstat_i_utf8_step(text + start - 1, size - start + 1) == 0) {
        return start - 1;
    }
    return size;
}

traffstat_status traffstat_i_fail(traffstat_ctx *ctx, traffstat_status status, const char *format,
                                  ...)
{
    if (ctx == NULL) {
        return status;
    }
    char text[MESSAGE_SIZE]; /* apart: an argument may be the context's own last message */
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t size = length < 0 ? 0 : (size_t) length;
    if (size >= sizeof text) {
        size = whole_sequences(text, sizeof text - 1);
    }
    copy_as_one_line(ctx->message, text, size);
    return status;
}

void traffstat_i_place(traffstat_ctx *ctx, int64_t line, int64_t column, int64_t offset)
{
    if (ctx != NULL) {
        ctx->line = line;
        ctx->column = column;
        ctx->offset = offset;
    }
}

const char *traffstat_ctx_message(const traffstat_ctx *ctx)
{
    return ctx != NULL ? ctx->message : "";
}

int64_t traffstat_ctx_error_line(const traffstat_ctx *ctx)
{
    return ctx != NULL ? ctx->line : 0;
}

int64_t traffstat_ctx_error_column(const traffstat_ctx *ctx)
{
    return ctx != NULL ? ctx->column : 0;
}

int64_t traffstat_ctx_error_offset(const traffstat_ctx *ctx)
{
    return ctx != NULL ? ctx->offset : -1;
}

/* ---- settings ------------------------------------------------------------------------------- */

void traffstat_ctx_set_seed(traffstat_ctx *ctx, uint64_t seed)
{
    if (ctx != NULL) {
        ctx->seed = seed;
    }
}

uint64_t traffstat_ctx_seed(const traffstat_ctx *ctx)
{
    return ctx != NULL ? ctx->seed : 1;
}

/* The cores that this process may run on: fewer than the machine's under taskset or in a box. */
static uint32_t cores(void)
{
    long count = 0;
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        count = CPU_COUNT(&set);
    }
#endif
    if (count < 1) {
        count = sysconf(_SC_NPROCESSORS_ONLN);
    }
    if (count < 1) {
        return 1;
    }
    return count > THREADS_MAX ? THREADS_MAX : (uint32_t) count;
}

traffstat_status traffstat_ctx_set_threads(traffstat_ctx *ctx, uint32_t threads)
{
    if (ctx == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    traffstat_i_enter(ctx);
    if (threads > THREADS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%u threads are more than the most, %d",
                                (unsigned) threads, THREADS_MAX);
    }
    ctx->threads = threads;
    return TRAFFSTAT_OK;
}

uint32_t traffstat_ctx_threads(const traffstat_ctx *ctx)
{
    return ctx != NULL && ctx->threads > 0 ? ctx->threads : cores();
}

void traffstat_ctx_set_progress(traffstat_ctx *ctx, traffstat_progress_fn progress, void *user)
{
    if (ctx != NULL) {
        ctx->progress = progress;
        ctx->progress_user = user;
        ctx->called_at = INT64_MIN;
    }
}

void traffstat_ctx_set_cancel(traffstat_ctx *ctx, traffstat_cancel_fn cancel, void *user)
{
    if (ctx != NULL) {
        ctx->cancel = cancel;
        ctx->cancel_user = user;
        ctx->called_at = INT64_MIN;
    }
}

int32_t traffstat_ctx_callback_value(const traffstat_ctx *ctx)
{
    return ctx != NULL ? ctx->callback_value : 0;
}

void traffstat_ctx_cancel(traffstat_ctx *ctx)
{
    if (ctx != NULL) {
        atomic_store(&ctx->cancelled, 1);
    }
}

void traffstat_ctx_clear_cancel(traffstat_ctx *ctx)
{
    if (ctx != NULL) {
        atomic_store(&ctx->cancelled, 0);
    }
}
