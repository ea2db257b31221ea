#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/read.h"

static traffstat_status begin(traffstat_ctx *ctx, const char *name, traffstat_i_source *out)
{
    *out = (traffstat_i_source){.ctx = ctx, .name = name, .file = -1};
    out->block = traffstat_i_alloc(ctx, TRAFFSTAT_I_BLOCK, 1);
    return out->block != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

static traffstat_status fail_errno(const traffstat_i_source *source, const char *verb)
{
    return traffstat_i_fail(source->ctx, TRAFFSTAT_E_IO, "%s cannot be %s: %s", source->name, verb,
                            traffstat_i_errno_text(errno));
}

traffstat_status traffstat_i_source_path(traffstat_ctx *ctx, const char *path,
                                         traffstat_i_source *out)
{
    const traffstat_status status = begin(ctx, path, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    out->file = open(path, O_RDONLY | O_CLOEXEC);
    if (out->file < 0) {
        return fail_errno(out, "opened");
    }
    struct stat about;
    if (fstat(out->file, &about) == 0 && S_ISREG(about.st_mode) && about.st_size > 0) {
        out->expected = (uint64_t) about.st_size;
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_source_memory(traffstat_ctx *ctx, const void *data, size_t size,
                                           const char *name, traffstat_i_source *out)
{
    const traffstat_status status = begin(ctx, name, out);
    out->memory = data;
    out->memory_left = size;
    out->expected = size;
    return status;
}

traffstat_status traffstat_i_source_stream(traffstat_ctx *ctx, traffstat_read_fn read_block,
                                           void *user, const char *name, traffstat_i_source *out)
{
    const traffstat_status status = begin(ctx, name, out);
    out->read = read_block;
    out->user = user;
    return status;
}

void traffstat_i_source_close(traffstat_i_source *source)
{
    if (source->file >= 0) {
        (void) close(source->file);
        source->file = -1;
    }
    traffstat_i_free(source->ctx, source->block);
    source->block = NULL;
}

static traffstat_status take_file(traffstat_i_source *source, char *to, size_t room, size_t *got)
{
    ssize_t read_now;
    do {
        read_now = read(source->file, to, room);
    } while (read_now < 0 && errno == EINTR);
    if (read_now < 0) {
        return fail_errno(source, "read");
    }
    *got = (size_t) read_now;
    return TRAFFSTAT_OK;
}

static traffstat_status take_stream(traffstat_i_source *source, char *to, size_t room, size_t *got)
{
    const int32_t value = source->read(to, room, got, source->user);
    if (value != 0) {
        return traffstat_i_halt(source->ctx, "read", value);
    }
    if (*got > room) {
        return traffstat_i_fail(source->ctx, TRAFFSTAT_E_ARGUMENT,
                                "%s cannot be read: the callback gave %zu bytes where %zu fit",
                                source->name, *got, room);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status take(traffstat_i_source *source, char *to, size_t room, size_t *got)
{
    *got = 0;
    if (source->file >= 0) {
        return take_file(source, to, room, got);
    }
    if (source->read != NULL) {
        return take_stream(source, to, room, got);
    }
    *got = source->memory_left < room ? source->memory_left : room;
    if (*got > 0) {
        memcpy(to, source->memory, *got);
        source->memory += *got;
        source->memory_left -= *got;
    }
    return TRAFFSTAT_OK;
}

/* Moves what was held back to the front and fills the rest of the block. */
static traffstat_status fill(traffstat_i_source *source)
{
    const size_t used = source->filled - source->held;
    memmove(source->block, source->block + used, source->held);
    source->offset += (int64_t) used;
    source->filled = source->held;
    source->held = 0;
    while (!source->ended && source->filled < TRAFFSTAT_I_BLOCK) {
        size_t got = 0;
        const traffstat_status status =
            take(source, source->block + source->filled, TRAFFSTAT_I_BLOCK - source->filled, &got);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        source->ended = got == 0;
        source->filled += got;
        source->taken += got;
    }
    return TRAFFSTAT_OK;
}

/* Bytes at the end of the block that begin a sequence which the next block may complete. */
static size_t open_tail(const char *data, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        const unsigned char lead = (unsigned char) data[size - back];
        if (lead >= 0xc0) {
            const size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
            return length > back ? back : 0;
        }
        if (lead < 0x80) {
            return 0;
        }
    }
    return 0;
}

/* Where the first byte that is no UTF-8 stands; `size` when there is none. Eight bytes at a time
 * while they are ASCII. */
static size_t first_invalid(const char *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        uint64_t word;
        if (size - at >= sizeof word) {
            memcpy(&word, data + at, sizeof word);
            if ((word & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof word;
                continue;
            }
        }
        const size_t step = traffstat_i_utf8_step(data + at, size - at);
        if (step == 0) {
            return at;
        }
        at += step;
    }
    return size;
}

static traffstat_status check_kind(traffstat_i_source *source)
{
    const char *what = traffstat_i_looks_like(source->block, source->filled);
    if (what != NULL) {
        traffstat_i_place(source->ctx, 0, 0, 0);
        return traffstat_i_fail(source->ctx, TRAFFSTAT_E_FORMAT, "%s is not CSV: it looks like %s",
                                source->name, what);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_source_next(traffstat_i_source *source, traffstat_i_slice *out,
                                         bool *refused)
{
    *out = (traffstat_i_slice){source->block, 0};
    *refused = false;
    traffstat_status status = fill(source);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    size_t start = 0;
    if (!source->begun) {
        source->begun = true;
        status = check_kind(source);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        source->bom = source->filled >= 3 && memcmp(source->block, "\xef\xbb\xbf", 3) == 0;
        start = source->bom ? 3 : 0;
    }
    if (!source->ended) {
        source->held = open_tail(source->block, source->filled);
    }
    const size_t end = source->filled - source->held;
    const char *nul = end > 0 ? memchr(source->block, '\0', end) : NULL;
    const size_t clean = nul != NULL ? (size_t) (nul - source->block) : end;
    source->bad_at = first_invalid(source->block, clean);
    if (source->bad_at < end) {
        *refused = true;
        *out = (traffstat_i_slice){source->block + start, source->bad_at - start};
        return TRAFFSTAT_E_FORMAT;
    }
    *out = (traffstat_i_slice){source->block + start, end - start};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_source_refuse(const traffstat_i_source *source, int64_t line)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char byte = (unsigned char) source->block[source->bad_at];
    const char hex[] = {digits[byte >> 4], digits[byte & 15], '\0'};
    traffstat_i_place(source->ctx, line, 0, source->offset + (int64_t) source->bad_at);
    if (byte == 0) {
        return traffstat_i_fail(source->ctx, TRAFFSTAT_E_FORMAT,
                                "%s:%lld: a NUL byte: this is not a text file", source->name,
                                (long long) line);
    }
    return traffstat_i_fail(source->ctx, TRAFFSTAT_E_FORMAT,
                            "%s:%lld: byte 0x%s is not UTF-8: save the file as \"CSV UTF-8\" and "
                            "read it again",
                            source->name, (long long) line, hex);
}
