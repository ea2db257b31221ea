#include <iconv.h>
#include <string.h>

#include "read/read.h"

typedef struct named {
    const char *name; /* without hyphens, underlines and case */
    traffstat_i_encoding encoding;
} named;

static const named names[] = {
    {"utf8", TRAFFSTAT_I_UTF8},       {"utf8sig", TRAFFSTAT_I_UTF8},
    {"ascii", TRAFFSTAT_I_UTF8},      {"usascii", TRAFFSTAT_I_UTF8},
    {"cp1252", TRAFFSTAT_I_CP1252},   {"windows1252", TRAFFSTAT_I_CP1252},
    {"ansi", TRAFFSTAT_I_CP1252},     {"latin1", TRAFFSTAT_I_CP1252},
    {"iso88591", TRAFFSTAT_I_CP1252}, {"l1", TRAFFSTAT_I_CP1252},
    {"utf16", TRAFFSTAT_I_UTF16LE},   {"ucs2", TRAFFSTAT_I_UTF16LE},
    {"utf16le", TRAFFSTAT_I_UTF16LE}, {"utf16be", TRAFFSTAT_I_UTF16BE},
    {"utf32", TRAFFSTAT_I_UTF32LE},   {"ucs4", TRAFFSTAT_I_UTF32LE},
    {"utf32le", TRAFFSTAT_I_UTF32LE}, {"utf32be", TRAFFSTAT_I_UTF32BE},
};

/* 0x80 to 0x9f; the five that stand for nothing stay the control characters of their numbers. */
static const uint16_t cp1252_high[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178,
};

#define NO_CHARACTER UINT32_MAX

/* ---- names ---------------------------------------------------------------------------------- */

static iconv_t open_other(const char *name)
{
    /* a slash would bring iconv's own options */
    return strchr(name, '/') != NULL ? (iconv_t) -1 : iconv_open("UTF-8", name);
}

traffstat_i_encoding traffstat_i_encoding_find(const char *name)
{
    char folded[TRAFFSTAT_I_ENCODING_SIZE];
    size_t size = 0;
    for (const char *c = name; *c != '\0' && size + 1 < sizeof folded; c++) {
        if (*c != '-' && *c != '_' && *c != ' ') {
            folded[size++] = traffstat_i_lower(*c);
        }
    }
    folded[size] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(folded, names[i].name) == 0) {
            return names[i].encoding;
        }
    }
    iconv_t other = open_other(name);
    if (size == 0 || other == (iconv_t) -1) {
        return TRAFFSTAT_I_UNKNOWN;
    }
    (void) iconv_close(other);
    return TRAFFSTAT_I_OTHER;
}

const char *traffstat_i_encoding_name(traffstat_i_encoding encoding)
{
    switch (encoding) {
    case TRAFFSTAT_I_UTF8_OR_1252:
    case TRAFFSTAT_I_CP1252:
        return "Windows-1252";
    case TRAFFSTAT_I_UTF16LE:
        return "UTF-16LE";
    case TRAFFSTAT_I_UTF16BE:
        return "UTF-16BE";
    case TRAFFSTAT_I_UTF32LE:
        return "UTF-32LE";
    case TRAFFSTAT_I_UTF32BE:
        return "UTF-32BE";
    default:
        return "UTF-8";
    }
}

/* ---- detection ------------------------------------------------------------------------------ */

/* Western text in `unit` bytes a character: nearly all of them but one are NUL, and that one never
 * is. */
static bool has_pattern(const char *data, size_t size, size_t unit, size_t where)
{
    const size_t seen = (size < 512 ? size : 512) / unit * unit;
    size_t nul = 0;
    for (size_t i = 0; i < seen; i++) {
        if (i % unit == where) {
            if (data[i] == '\0') {
                return false;
            }
        } else {
            nul += data[i] == '\0';
        }
    }
    const size_t others = seen / unit * (unit - 1);
    return seen >= 8 && nul >= others - others / 8;
}

traffstat_i_encoding traffstat_i_encoding_detect(const char *data, size_t size, size_t *mark)
{
    static const struct {
        const char *bytes;
        size_t size;
        traffstat_i_encoding encoding;
    } marks[] = {
        {"\xef\xbb\xbf", 3, TRAFFSTAT_I_UTF8},    {"\xff\xfe\0\0", 4, TRAFFSTAT_I_UTF32LE},
        {"\0\0\xfe\xff", 4, TRAFFSTAT_I_UTF32BE}, {"\xff\xfe", 2, TRAFFSTAT_I_UTF16LE},
        {"\xfe\xff", 2, TRAFFSTAT_I_UTF16BE},
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        if (size >= marks[i].size && memcmp(data, marks[i].bytes, marks[i].size) == 0) {
            *mark = marks[i].size;
            return marks[i].encoding;
        }
    }
    *mark = 0;
    if (has_pattern(data, size, 4, 0)) {
        return TRAFFSTAT_I_UTF32LE;
    }
    if (has_pattern(data, size, 4, 3)) {
        return TRAFFSTAT_I_UTF32BE;
    }
    if (has_pattern(data, size, 2, 0)) {
        return TRAFFSTAT_I_UTF16LE;
    }
    return has_pattern(data, size, 2, 1) ? TRAFFSTAT_I_UTF16BE : TRAFFSTAT_I_UTF8;
}

/* ---- one character -------------------------------------------------------------------------- */

static uint32_t unit16(const unsigned char *in, bool big)
{
    return big ? (uint32_t) in[0] << 8 | in[1] : (uint32_t) in[1] << 8 | in[0];
}

static uint32_t unit32(const unsigned char *in, bool big)
{
    const uint32_t first = unit16(in, big);
    const uint32_t second = unit16(in + 2, big);
    return big ? first << 16 | second : second << 16 | first;
}

static uint32_t utf16(const unsigned char *in, size_t size, bool big, size_t *step)
{
    const uint32_t first = size >= 2 ? unit16(in, big) : 0xdc00;
    *step = 2;
    if (first < 0xd800 || first > 0xdfff) {
        return first;
    }
    const uint32_t second = size >= 4 ? unit16(in + 2, big) : 0;
    if (first > 0xdbff || second < 0xdc00 || second > 0xdfff) {
        return NO_CHARACTER;
    }
    *step = 4;
    return 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
}

static uint32_t utf32(const unsigned char *in, size_t size, bool big, size_t *step)
{
    const uint32_t code = size >= 4 ? unit32(in, big) : NO_CHARACTER;
    *step = 4;
    return code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? NO_CHARACTER : code;
}

static uint32_t cp1252(unsigned char byte)
{
    return byte >= 0x80 && byte < 0xa0 ? cp1252_high[byte - 0x80] : byte;
}

static uint32_t utf8_or_1252(traffstat_i_decoder *decoder, const char *in, size_t size, size_t at,
                             size_t *step)
{
    if (traffstat_i_utf8_step(in, size) > 0) {
        return traffstat_i_utf8_decode(in, size, step);
    }
    if (!decoder->guessed) {
        decoder->guessed = true;
        decoder->odd = (unsigned char) in[0];
        decoder->odd_at = at;
    }
    *step = 1;
    return cp1252((unsigned char) in[0]);
}

static uint32_t next_character(traffstat_i_decoder *decoder, const char *in, size_t size, size_t at,
                               size_t *step)
{
    const unsigned char *bytes = (const unsigned char *) in;
    switch (decoder->encoding) {
    case TRAFFSTAT_I_UTF16LE:
    case TRAFFSTAT_I_UTF16BE:
        return utf16(bytes, size, decoder->encoding == TRAFFSTAT_I_UTF16BE, step);
    case TRAFFSTAT_I_UTF32LE:
    case TRAFFSTAT_I_UTF32BE:
        return utf32(bytes, size, decoder->encoding == TRAFFSTAT_I_UTF32BE, step);
    case TRAFFSTAT_I_UTF8_OR_1252:
        return utf8_or_1252(decoder, in, size, at, step);
    default:
        *step = 1;
        return cp1252(bytes[0]);
    }
}

static size_t encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char) code;
        return 1;
    }
    const size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        out[i] = (char) (0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char) (code | (size == 2 ? 0xc0 : size == 3 ? 0xe0 : 0xf0));
    return size;
}

/* ---- a run of them -------------------------------------------------------------------------- */

bool traffstat_i_decoder_open(traffstat_i_decoder *decoder, traffstat_i_encoding encoding,
                              const char *name)
{
    *decoder = (traffstat_i_decoder){.encoding = encoding};
    if (encoding != TRAFFSTAT_I_OTHER) {
        return true;
    }
    iconv_t other = open_other(name);
    decoder->other = other == (iconv_t) -1 ? NULL : other;
    return decoder->other != NULL;
}

void traffstat_i_decoder_close(traffstat_i_decoder *decoder)
{
    if (decoder->other != NULL) {
        (void) iconv_close(decoder->other);
        decoder->other = NULL;
    }
}

static bool decode_other(traffstat_i_decoder *decoder, const char *in, size_t size, size_t *used,
                         char *out, size_t room, size_t *made, bool ended)
{
    char copy[256]; /* iconv's input is not const */
    const size_t first = *made;
    bool stuck = false;
    while (*used < size && room - *made >= 16 && !stuck) {
        const size_t left = size - *used < sizeof copy ? size - *used : sizeof copy;
        memcpy(copy, in + *used, left);
        char *from = copy;
        char *to = out + *made;
        size_t from_left = left;
        size_t to_left = room - *made;
        const size_t result = iconv(decoder->other, &from, &from_left, &to, &to_left);
        *used += left - from_left;
        stuck = result == (size_t) -1 && from_left == left && to_left == room - *made;
        *made = room - to_left;
    }
    const char *nul = memchr(out + first, '\0', *made - first);
    if (nul != NULL) {
        *made = (size_t) (nul - out);
        return false;
    }
    /* a sequence that needs more bytes is no failure while more can come */
    return !stuck || (!ended && size - *used < 16);
}

/* Eight bytes at a time while they are ASCII, where that is what they mean. */
static void copy_ascii(const char *in, size_t size, size_t *used, char *out, size_t room,
                       size_t *made)
{
    uint64_t word;
    while (size - *used >= sizeof word && room - *made >= sizeof word) {
        memcpy(&word, in + *used, sizeof word);
        if ((word & UINT64_C(0x8080808080808080)) != 0 || memchr(in + *used, '\0', sizeof word)) {
            return;
        }
        memcpy(out + *made, &word, sizeof word);
        *used += sizeof word;
        *made += sizeof word;
    }
}

bool traffstat_i_decode(traffstat_i_decoder *decoder, const char *in, size_t size, size_t *used,
                        char *out, size_t room, size_t *made, bool ended)
{
    if (decoder->encoding == TRAFFSTAT_I_OTHER) {
        return decode_other(decoder, in, size, used, out, room, made, ended);
    }
    const bool ascii =
        decoder->encoding == TRAFFSTAT_I_CP1252 || decoder->encoding == TRAFFSTAT_I_UTF8_OR_1252;
    const size_t longest = ended ? 1 : 4;
    while (size - *used >= longest && room - *made >= 4) {
        if (ascii) {
            copy_ascii(in, size, used, out, room, made);
            if (size - *used < longest || room - *made < 4) {
                break;
            }
        }
        size_t step = 1;
        const uint32_t code = next_character(decoder, in + *used, size - *used, *made, &step);
        if (code == NO_CHARACTER || code == 0) {
            return false;
        }
        *made += encode(code, out + *made);
        *used += step;
    }
    return true;
}
