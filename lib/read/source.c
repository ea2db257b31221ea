#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/read.h"

static traffstat_status begin(traffstat_ctx *ctx, const char *name, traffstat_i_source *out)
{
    *out = (traffstat_i_source){.ctx = ctx, .name = name, .file = -1, .share = 1.0};
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
    traffstat_i_gzip_close(source->gzip);
    traffstat_i_decoder_close(&source->decoder);
    traffstat_i_free(source->ctx, source->block);
    traffstat_i_free(source->ctx, source->raw);
    source->gzip = NULL;
    source->block = NULL;
    source->raw = NULL;
}

static bool read_file(const traffstat_i_source *source, char *to, size_t room, size_t *got)
{
    ssize_t read_now;
    do {
        read_now = read(source->file, to, room);
    } while (read_now < 0 && errno == EINTR);
    *got = read_now > 0 ? (size_t) read_now : 0;
    return read_now >= 0;
}

static void copy_memory(traffstat_i_source *source, char *to, size_t room, size_t *got)
{
    *got = source->memory_left < room ? source->memory_left : room;
    if (*got > 0) {
        memcpy(to, source->memory, *got);
        source->memory += *got;
        source->memory_left -= *got;
    }
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

traffstat_status traffstat_i_source_take(traffstat_i_source *source, char *to, size_t room,
                                         size_t *got)
{
    traffstat_status status = TRAFFSTAT_OK;
    *got = 0;
    if (source->read != NULL) {
        status = take_stream(source, to, room, got);
    } else if (source->file < 0) {
        copy_memory(source, to, room, got);
    } else if (!read_file(source, to, room, got)) {
        status = fail_errno(source, "read");
    }
    source->taken += *got;
    return status;
}

/* Fills data[*filled..TRAFFSTAT_I_BLOCK), whatever pieces the bytes come in. */
static traffstat_status fill(traffstat_i_source *source, char *data, size_t *filled)
{
    while (!source->ended && *filled < TRAFFSTAT_I_BLOCK) {
        size_t got = 0;
        const size_t room = TRAFFSTAT_I_BLOCK - *filled;
        const traffstat_status status =
            source->gzip != NULL ? traffstat_i_gzip_take(source->gzip, data + *filled, room, &got)
                                 : traffstat_i_source_take(source, data + *filled, room, &got);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        source->ended = got == 0;
        *filled += got;
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

/* Past the ASCII bytes from `at` on, sixteen at a time. */
static size_t skip_ascii(const char *data, size_t at, size_t size)
{
    uint64_t words[2];
    while (size - at >= sizeof words) {
        memcpy(words, data + at, sizeof words);
        if (((words[0] | words[1]) & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
        at += sizeof words;
    }
    while (at < size && (unsigned char) data[at] < 0x80) {
        at++;
    }
    return at;
}

/* Where the first byte that is no UTF-8 stands; `size` when there is none. */
static size_t first_invalid(const char *data, size_t size)
{
    size_t at = skip_ascii(data, 0, size);
    while (at < size) {
        const size_t step = traffstat_i_utf8_step(data + at, size - at);
        if (step == 0) {
            return at;
        }
        at = skip_ascii(data, at + step, size);
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

/* ---- decoding ------------------------------------------------------------------------------- */

/* From block[from] on the bytes are `encoding`; what stands before is UTF-8 and stays. */
static traffstat_status start_decoder(traffstat_i_source *source, traffstat_i_encoding encoding,
                                      size_t from)
{
    const char *name = source->options->encoding;
    source->raw = traffstat_i_alloc(source->ctx, TRAFFSTAT_I_BLOCK, 1);
    if (source->raw == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (!traffstat_i_decoder_open(&source->decoder, encoding, name)) {
        return traffstat_i_fail(source->ctx, TRAFFSTAT_E_ARGUMENT,
                                "%s cannot be read: the encoding \"%s\" is not known", source->name,
                                name);
    }
    source->raw_filled = source->filled - from;
    memcpy(source->raw, source->block + from, source->raw_filled);
    source->filled = from;
    return TRAFFSTAT_OK;
}

/* Decodes until the block is full. false in *sound: what comes next is no character. */
static traffstat_status fill_decoded(traffstat_i_source *source, bool *sound)
{
    traffstat_status status = TRAFFSTAT_OK;
    const bool guessed = source->decoder.guessed;
    *sound = true;
    while (*sound && status == TRAFFSTAT_OK && TRAFFSTAT_I_BLOCK - source->filled >= 16) {
        const size_t left = source->raw_filled - source->raw_used;
        if (left < 16 && !source->ended) {
            memmove(source->raw, source->raw + source->raw_used, left);
            source->raw_filled = left;
            source->raw_used = 0;
            status = fill(source, source->raw, &source->raw_filled);
        }
        if (status != TRAFFSTAT_OK || source->raw_used == source->raw_filled) {
            break;
        }
        *sound =
            traffstat_i_decode(&source->decoder, source->raw, source->raw_filled, &source->raw_used,
                               source->block, TRAFFSTAT_I_BLOCK, &source->filled, source->ended);
    }
    if (!guessed && source->decoder.guessed) {
        source->cp1252 = (traffstat_i_met){true, source->decoder.odd_at, source->decoder.odd};
    }
    if (!*sound) {
        source->bad_at = source->filled;
        source->bad_byte = source->raw_used < source->raw_filled
                               ? (unsigned char) source->raw[source->raw_used]
                               : 0;
    }
    return status;
}

/* Which encoding is it, and is it text at all? */
static traffstat_status begin_text(traffstat_i_source *source)
{
    const char *given = source->options->encoding;
    size_t mark = 0;
    traffstat_i_encoding encoding =
        traffstat_i_encoding_detect(source->block, source->filled, &mark);
    if (given[0] != '\0') {
        const traffstat_i_encoding named = traffstat_i_encoding_find(given);
        const bool either = strpbrk(given, "lLbB") == NULL && mark > 0 &&
                            ((named == TRAFFSTAT_I_UTF16LE && encoding == TRAFFSTAT_I_UTF16BE) ||
                             (named == TRAFFSTAT_I_UTF32LE && encoding == TRAFFSTAT_I_UTF32BE));
        mark = encoding == named || either ? mark : 0;
        encoding = either ? encoding : named;
    }
    source->bom = mark > 0;
    if (encoding != TRAFFSTAT_I_UTF8) {
        return start_decoder(source, encoding, 0);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status begin_source(traffstat_i_source *source)
{
    traffstat_status status = fill(source, source->block, &source->filled);
    if (status == TRAFFSTAT_OK && source->filled >= 3 &&
        memcmp(source->block, "\x1f\x8b\x08", 3) == 0) {
        status = traffstat_i_gzip_open(source, source->block, source->filled, &source->gzip);
        if (status == TRAFFSTAT_OK) {
            source->filled = 0;
            source->ended = false;
            status = fill(source, source->block, &source->filled);
        }
    }
    return status == TRAFFSTAT_OK ? begin_text(source) : status;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* What the last block held back begins the new one. */
static void turn_block(traffstat_i_source *source)
{
    const size_t used = source->filled - source->held;
    char *to = source->spare != NULL ? source->spare : source->block;
    memmove(to, source->block + used, source->held);
    source->block = to;
    source->offset += (int64_t) used;
    source->filled = source->held;
    source->held = 0;
}

static traffstat_status fill_block(traffstat_i_source *source, bool *sound)
{
    if (!source->turned) {
        turn_block(source);
    }
    source->turned = false;
    *sound = true;
    traffstat_status status = TRAFFSTAT_OK;
    if (!source->begun) {
        status = begin_source(source);
    } else if (source->raw == NULL) {
        status = fill(source, source->block, &source->filled);
    }
    return status == TRAFFSTAT_OK && source->raw != NULL ? fill_decoded(source, sound) : status;
}

static bool at_end(const traffstat_i_source *source)
{
    return source->ended && (source->raw == NULL || source->raw_used == source->raw_filled);
}

/* Does the block hold nothing but UTF-8? Else bad_at is where something else stands. What the next
 * block may complete is held back. */
static bool is_plain(traffstat_i_source *source)
{
    source->held = source->ended ? 0 : open_tail(source->block, source->filled);
    const size_t end = source->filled - source->held;
    const char *nul = end > 0 ? memchr(source->block, '\0', end) : NULL;
    const size_t clean = nul != NULL ? (size_t) (nul - source->block) : end;
    source->bad_at = first_invalid(source->block, clean);
    return source->bad_at == end;
}

/* Decodes the rest of a block that should be UTF-8 as it is, and is not. */
static traffstat_status check_plain(traffstat_i_source *source, bool *sound)
{
    const bool strict = source->options->encoding[0] != '\0';
    if (is_plain(source)) {
        return TRAFFSTAT_OK;
    }
    source->bad_byte = (unsigned char) source->block[source->bad_at];
    if (source->bad_byte == 0 || strict) {
        *sound = false;
        return TRAFFSTAT_OK;
    }
    source->held = 0;
    const traffstat_status status = start_decoder(source, TRAFFSTAT_I_UTF8_OR_1252, source->bad_at);
    return status == TRAFFSTAT_OK ? fill_decoded(source, sound) : status;
}

static void find_replacement(traffstat_i_source *source, size_t end)
{
    const char *at = source->block;
    size_t left = end;
    while ((at = memchr(at, '\xef', left)) != NULL) {
        left = end - (size_t) (at - source->block);
        if (left >= 3 && memcmp(at, "\xef\xbf\xbd", 3) == 0) {
            source->replacement = (traffstat_i_met){true, (size_t) (at - source->block), 0};
            return;
        }
        at++;
        left--;
    }
}

/* Line ends of more than one byte stay in one block. */
static void hold_line_end(traffstat_i_source *source)
{
    for (size_t i = 0; i < 2 && source->held < source->filled; i++) {
        if (source->block[source->filled - source->held - 1] != '\r') {
            return;
        }
        source->held++;
    }
}

static void hand_out(traffstat_i_source *source, size_t start, traffstat_i_slice *out)
{
    if (!at_end(source)) {
        hold_line_end(source);
    }
    const size_t end = source->filled - source->held;
    if (!source->told_replacement) {
        find_replacement(source, end);
    }
    source->cp1252.at -= source->cp1252.met && start > 0 ? start : 0;
    source->replacement.at -= source->replacement.met && start > 0 ? start : 0;
    source->told_cp1252 = source->told_cp1252 || source->cp1252.met;
    source->told_replacement = source->told_replacement || source->replacement.met;
    *out = (traffstat_i_slice){source->block + start, end - start};
}

traffstat_status traffstat_i_source_next(traffstat_i_source *source, traffstat_i_slice *out,
                                         bool *refused)
{
    bool sound = true;
    *out = (traffstat_i_slice){source->block, 0};
    *refused = false;
    source->cp1252.met = false;
    source->replacement.met = false;
    traffstat_status status = fill_block(source, &sound);
    if (status == TRAFFSTAT_OK && !source->begun) {
        status = check_kind(source);
    }
    if (status == TRAFFSTAT_OK && sound && source->raw == NULL) {
        status = check_plain(source, &sound);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    size_t start = 0;
    if (!source->begun) {
        source->begun = true;
        start = source->filled >= 3 && memcmp(source->block, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    }
    if (!sound) {
        *refused = true;
        *out = (traffstat_i_slice){source->block + start,
                                   source->bad_at > start ? source->bad_at - start : 0};
        return TRAFFSTAT_E_FORMAT;
    }
    hand_out(source, start, out);
    return TRAFFSTAT_OK;
}

static void describe(const traffstat_i_source *source, traffstat_i_block *out)
{
    out->met[TRAFFSTAT_I_FOUND_CP1252] = source->cp1252;
    out->met[TRAFFSTAT_I_FOUND_REPLACEMENT] = source->replacement;
    out->taken = source->taken;
    out->plan = NULL;
}

void traffstat_i_source_read(traffstat_i_source *source, traffstat_i_block *out)
{
    out->status = traffstat_i_source_next(source, &out->text, &out->refused);
    describe(source, out);
}

bool traffstat_i_source_is_plain(const traffstat_i_source *source)
{
    return source->begun && source->read == NULL && source->gzip == NULL && source->raw == NULL;
}

/* Fills the block without a word to the context; false where the file cannot be read. */
static bool fill_quietly(traffstat_i_source *source)
{
    while (!source->ended && source->filled < TRAFFSTAT_I_BLOCK) {
        char *to = source->block + source->filled;
        const size_t room = TRAFFSTAT_I_BLOCK - source->filled;
        size_t got = 0;
        if (source->file < 0) {
            copy_memory(source, to, room, &got);
        } else if (!read_file(source, to, room, &got)) {
            return false;
        }
        source->ended = got == 0;
        source->filled += got;
        source->taken += got;
    }
    return true;
}

bool traffstat_i_source_read_plain(traffstat_i_source *source, traffstat_i_block *out)
{
    turn_block(source);
    source->cp1252.met = false;
    source->replacement.met = false;
    if (!fill_quietly(source) || !is_plain(source)) {
        source->turned = true; /* the usual way goes on from here */
        return false;
    }
    hand_out(source, 0, &out->text);
    out->status = TRAFFSTAT_OK;
    out->refused = false;
    describe(source, out);
    return true;
}

traffstat_status traffstat_i_source_refuse(const traffstat_i_source *source, int64_t line)
{
    static const char digits[] = "0123456789abcdef";
    const char hex[] = {digits[source->bad_byte >> 4], digits[source->bad_byte & 15], '\0'};
    const bool plain = source->raw == NULL && source->gzip == NULL;
    traffstat_i_place(source->ctx, line, 0, plain ? source->offset + (int64_t) source->bad_at : -1);
    if (source->bad_byte == 0 && source->decoder.encoding <= TRAFFSTAT_I_CP1252) {
        return traffstat_i_fail(source->ctx, TRAFFSTAT_E_FORMAT,
                                "%s:%lld: a NUL byte: this is not a text file", source->name,
                                (long long) line);
    }
    return traffstat_i_fail(source->ctx, TRAFFSTAT_E_FORMAT,
                            "%s:%lld: byte 0x%s is not %s: leave the encoding to the reader, or "
                            "save the file as \"CSV UTF-8\" and read it again",
                            source->name, (long long) line, hex,
                            source->decoder.encoding == TRAFFSTAT_I_OTHER
                                ? source->options->encoding
                                : traffstat_i_encoding_name(source->decoder.encoding));
}

const char *traffstat_i_source_encoding(traffstat_i_source *source)
{
    const bool other = source->decoder.encoding == TRAFFSTAT_I_OTHER;
    const char *parts[] = {other ? source->options->encoding
                                 : traffstat_i_encoding_name(source->decoder.encoding),
                           source->bom ? " with BOM" : "", source->gzip != NULL ? ", gzip" : ""};
    size_t used = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        const size_t size = strlen(parts[i]);
        if (used + size < sizeof source->encoding) {
            memcpy(source->encoding + used, parts[i], size);
            used += size;
        }
    }
    source->encoding[used] = '\0';
    return source->encoding;
}
