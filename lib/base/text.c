#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

/* ---- a growing text ------------------------------------------------------------------------- */

void traffstat_i_text_init(traffstat_text *text, traffstat_ctx *ctx)
{
    *text = (traffstat_text){.ctx = ctx};
}

void traffstat_i_text_clear(traffstat_text *text)
{
    traffstat_i_free(text->ctx, text->data);
    traffstat_i_text_init(text, text->ctx);
}

/* Room for `more` bytes and the closing NUL. */
static bool make_room(traffstat_text *text, size_t more)
{
    size_t need = 0;
    if (text->failed) {
        return false;
    }
    if (!traffstat_i_add_size(text->size, more, &need) || !traffstat_i_add_size(need, 1, &need)) {
        need = SIZE_MAX;
    }
    if (!traffstat_i_reserve(text->ctx, &text->data, &text->capacity, need, 1)) {
        text->failed = true;
    }
    return !text->failed;
}

void traffstat_i_text_add_bytes(traffstat_text *text, const void *more, size_t size)
{
    if (size > 0 && make_room(text, size)) {
        memcpy(text->data + text->size, more, size);
        text->size += size;
        text->data[text->size] = '\0';
    }
}

void traffstat_i_text_add(traffstat_text *text, const char *more)
{
    traffstat_i_text_add_bytes(text, more, strlen(more));
}

void traffstat_i_text_addf(traffstat_text *text, const char *format, ...)
{
    char start[256]; /* most pieces fit: one pass, no second formatting */
    va_list args;
    va_start(args, format);
    const int length = vsnprintf(start, sizeof start, format, args);
    va_end(args);
    if (length < 0) {
        text->failed = true;
        return;
    }
    const size_t size = (size_t) length;
    if (size < sizeof start) {
        traffstat_i_text_add_bytes(text, start, size);
    } else if (make_room(text, size)) {
        va_start(args, format);
        (void) vsnprintf(text->data + text->size, size + 1, format, args);
        va_end(args);
        text->size += size;
    }
}

void traffstat_i_text_add_double(traffstat_text *text, double value)
{
    char digits[TRAFFSTAT_I_DOUBLE_SIZE];
    traffstat_i_text_add_bytes(text, digits, traffstat_i_format_double(digits, value));
}

void traffstat_i_text_add_fixed(traffstat_text *text, double value, int decimals)
{
    char digits[TRAFFSTAT_I_FIXED_SIZE];
    const size_t size = traffstat_i_format_fixed(digits, sizeof digits, value, decimals);
    traffstat_i_text_add_bytes(text, digits, size);
}

void traffstat_i_text_add_int(traffstat_text *text, int64_t value)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%lld", (long long) value);
    traffstat_i_text_add_bytes(text, digits, (size_t) length);
}

const char *traffstat_i_text_get(const traffstat_text *text)
{
    return text->failed || text->data == NULL ? "" : text->data;
}

traffstat_status traffstat_i_text_finish(traffstat_text *text, traffstat_text **out)
{
    *out = NULL;
    traffstat_text *made = NULL;
    if (make_room(text, 0)) {
        made = traffstat_i_alloc(text->ctx, 1, sizeof *made);
    }
    if (made == NULL) {
        traffstat_i_text_clear(text);
        return TRAFFSTAT_E_NOMEM;
    }
    text->data[text->size] = '\0';
    *made = *text;
    traffstat_i_text_init(text, text->ctx);
    *out = made;
    return TRAFFSTAT_OK;
}

char *traffstat_i_text_steal(traffstat_text *text)
{
    if (!make_room(text, 0)) {
        traffstat_i_text_clear(text);
        return NULL;
    }
    char *data = text->data;
    data[text->size] = '\0';
    traffstat_i_text_init(text, text->ctx);
    return data;
}

const char *traffstat_text_data(const traffstat_text *text)
{
    return text != NULL ? traffstat_i_text_get(text) : "";
}

size_t traffstat_text_size(const traffstat_text *text)
{
    return text != NULL ? text->size : 0;
}

void traffstat_text_free(traffstat_text *text)
{
    if (text != NULL) {
        traffstat_ctx *ctx = text->ctx;
        traffstat_i_text_clear(text);
        traffstat_i_free(ctx, text);
    }
}

/* ---- UTF-8 ---------------------------------------------------------------------------------- */

static bool continues(const char *text, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (((unsigned char) text[i] & 0xc0) != 0x80) {
            return false;
        }
    }
    return true;
}

/* The first two bytes alone tell overlong forms, surrogates and what lies past U+10FFFF. */
size_t traffstat_i_utf8_step(const char *text, size_t size)
{
    const unsigned char lead = (unsigned char) text[0];
    if (lead < 0x80) {
        return 1;
    }
    const size_t step = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || size < step || !continues(text, 1, step)) {
        return 0;
    }
    const unsigned char second = (unsigned char) text[1];
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool surrogate = lead == 0xed && second > 0x9f;
    const bool too_high = lead == 0xf4 && second > 0x8f;
    return overlong || surrogate || too_high ? 0 : step;
}

bool traffstat_i_utf8_valid(const char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        const size_t step = traffstat_i_utf8_step(text + at, size - at);
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

uint32_t traffstat_i_utf8_decode(const char *text, size_t size, size_t *step)
{
    const size_t length = traffstat_i_utf8_step(text, size);
    const unsigned char lead = (unsigned char) text[0];
    *step = length > 0 ? length : 1;
    if (length == 0) {
        return 0xfffd;
    }
    uint32_t code = length == 1 ? lead : lead & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        code = code << 6 | ((unsigned char) text[i] & 0x3f);
    }
    return code;
}

/* ---- ASCII ---------------------------------------------------------------------------------- */

bool traffstat_i_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool traffstat_i_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

char traffstat_i_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

int traffstat_i_compare_nocase(const char *a, const char *b)
{
    while (*a != '\0' && traffstat_i_lower(*a) == traffstat_i_lower(*b)) {
        a++;
        b++;
    }
    return (unsigned char) traffstat_i_lower(*a) - (unsigned char) traffstat_i_lower(*b);
}

#define EDIT_MAX 127

static bool same(char a, char b)
{
    return traffstat_i_lower(a) == traffstat_i_lower(b);
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment, three rows of the usual table: a's row i from rows i-1 and i-2. */
static size_t edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    unsigned rows[3][EDIT_MAX + 1];
    for (size_t j = 0; j <= b_size; j++) {
        rows[0][j] = (unsigned) j;
    }
    for (size_t i = 1; i <= a_size; i++) {
        const unsigned *before = rows[(i + 1) % 3];
        const unsigned *above = rows[(i + 2) % 3];
        unsigned *row = rows[i % 3];
        row[0] = (unsigned) i;
        for (size_t j = 1; j <= b_size; j++) {
            const unsigned replaced = above[j - 1] + (same(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = least(replaced, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1])) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
    }
    return rows[a_size % 3][b_size];
}

size_t traffstat_i_edit_distance(const char *a, const char *b)
{
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    while (a_size > 0 && b_size > 0 && same(a[0], b[0])) {
        a++;
        b++;
        a_size--;
        b_size--;
    }
    while (a_size > 0 && b_size > 0 && same(a[a_size - 1], b[b_size - 1])) {
        a_size--;
        b_size--;
    }
    if (a_size > EDIT_MAX || b_size > EDIT_MAX) {
        return a_size > b_size ? a_size : b_size;
    }
    return edits(a, a_size, b, b_size);
}
