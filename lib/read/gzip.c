#include <string.h>
#include <zlib.h>

#include "read/read.h"

/* Below this nothing is said about the ratio: a small file may well repeat itself. */
#define RATIO_FROM (UINT64_C(1) << 20)

struct traffstat_i_gzip {
    traffstat_i_source *source;
    z_stream stream;
    bool open;
    bool between; /* a member has ended and no other has begun */
    bool ended;   /* no byte is left to be taken */
    uint64_t consumed;
    uint64_t made;
    uint64_t most;
    uint64_t ratio;
    char input[TRAFFSTAT_I_BLOCK];
};

static void *allocate(void *ctx, unsigned count, unsigned size)
{
    return traffstat_i_alloc(ctx, count, size);
}

static void release(void *ctx, void *block)
{
    traffstat_i_free(ctx, block);
}

traffstat_status traffstat_i_gzip_open(traffstat_i_source *source, const char *head, size_t size,
                                       traffstat_i_gzip **out)
{
    traffstat_i_gzip *gzip = traffstat_i_alloc(source->ctx, 1, sizeof *gzip);
    *out = gzip;
    if (gzip == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    gzip->source = source;
    gzip->most = source->options->limits[TRAFFSTAT_LIMIT_DECOMPRESSED];
    gzip->ratio = source->options->limits[TRAFFSTAT_LIMIT_RATIO];
    gzip->stream.zalloc = allocate;
    gzip->stream.zfree = release;
    gzip->stream.opaque = source->ctx;
    memcpy(gzip->input, head, size);
    gzip->stream.next_in = (unsigned char *) gzip->input;
    gzip->stream.avail_in = (unsigned) size;
    if (inflateInit2(&gzip->stream, 15 + 16) != Z_OK) { /* 16: gzip's frame */
        return traffstat_i_fail(source->ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    gzip->open = true;
    return TRAFFSTAT_OK;
}

void traffstat_i_gzip_close(traffstat_i_gzip *gzip)
{
    if (gzip == NULL) {
        return;
    }
    if (gzip->open) {
        (void) inflateEnd(&gzip->stream);
    }
    traffstat_i_free(gzip->source->ctx, gzip);
}

static traffstat_status refill(traffstat_i_gzip *gzip)
{
    size_t got = 0;
    if (gzip->stream.avail_in > 0 || gzip->ended) {
        return TRAFFSTAT_OK;
    }
    const traffstat_status status =
        traffstat_i_source_take(gzip->source, gzip->input, sizeof gzip->input, &got);
    gzip->ended = got == 0;
    gzip->stream.next_in = (unsigned char *) gzip->input;
    gzip->stream.avail_in = (unsigned) got;
    return status;
}

static traffstat_status fail_damaged(const traffstat_i_gzip *gzip, const char *how)
{
    traffstat_i_place(gzip->source->ctx, 0, 0, (int64_t) gzip->consumed);
    return traffstat_i_fail(gzip->source->ctx, TRAFFSTAT_E_FORMAT,
                            "%s is a gzip file that %s: get it again", gzip->source->name, how);
}

static traffstat_status check_caps(const traffstat_i_gzip *gzip)
{
    if (gzip->made > gzip->most) {
        return traffstat_i_fail(gzip->source->ctx, TRAFFSTAT_E_LIMIT,
                                "%s unfolds to more than %zu bytes: raise the limit on "
                                "decompressed bytes if the file is sound",
                                gzip->source->name, (size_t) gzip->most);
    }
    if (gzip->made > RATIO_FROM && gzip->made / gzip->ratio > gzip->consumed) {
        return traffstat_i_fail(gzip->source->ctx, TRAFFSTAT_E_LIMIT,
                                "%s unfolds to more than %zu times its size: raise the limit on "
                                "the ratio if the file is sound",
                                gzip->source->name, (size_t) gzip->ratio);
    }
    return TRAFFSTAT_OK;
}

/* Past the end of a member: zeros are padding, 0x1f begins the next one. *more: it is there. */
static traffstat_status next_member(traffstat_i_gzip *gzip, bool *more)
{
    *more = false;
    for (;;) {
        const traffstat_status status = refill(gzip);
        if (status != TRAFFSTAT_OK || gzip->stream.avail_in == 0) {
            return status;
        }
        if (*gzip->stream.next_in != 0) {
            break;
        }
        gzip->stream.next_in++;
        gzip->stream.avail_in--;
    }
    if (*gzip->stream.next_in != 0x1f) {
        return fail_damaged(gzip, "goes on with something else");
    }
    *more = true;
    gzip->between = false;
    return inflateReset(&gzip->stream) == Z_OK
               ? TRAFFSTAT_OK
               : traffstat_i_fail(gzip->source->ctx, TRAFFSTAT_E_INTERNAL, "zlib lost its state");
}

static traffstat_status inflate_some(traffstat_i_gzip *gzip, char *to, size_t room, size_t *got)
{
    const unsigned before = gzip->stream.avail_in;
    gzip->stream.next_out = (unsigned char *) to;
    gzip->stream.avail_out = (unsigned) room;
    const int result = inflate(&gzip->stream, Z_NO_FLUSH);
    *got = room - gzip->stream.avail_out;
    gzip->consumed += before - gzip->stream.avail_in;
    gzip->made += *got;
    gzip->between = result == Z_STREAM_END;
    if (result == Z_MEM_ERROR) {
        return traffstat_i_fail(gzip->source->ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return fail_damaged(gzip, "is damaged");
    }
    return check_caps(gzip);
}

traffstat_status traffstat_i_gzip_take(traffstat_i_gzip *gzip, char *to, size_t room, size_t *got)
{
    traffstat_status status = TRAFFSTAT_OK;
    *got = 0;
    while (status == TRAFFSTAT_OK && *got == 0) {
        bool more = true;
        if (gzip->between) {
            status = next_member(gzip, &more);
            if (!more) {
                return status;
            }
        }
        if (status == TRAFFSTAT_OK) {
            status = refill(gzip);
        }
        if (status == TRAFFSTAT_OK && gzip->stream.avail_in == 0) {
            /* what zlib holds back may still come out */
            status = inflate_some(gzip, to, room, got);
            if (status == TRAFFSTAT_OK && *got == 0 && !gzip->between) {
                status = fail_damaged(gzip, "ends before its end");
            }
        } else if (status == TRAFFSTAT_OK) {
            status = inflate_some(gzip, to, room, got);
        }
    }
    return status;
}
