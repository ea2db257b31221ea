#include <string.h>

#include "report/report.h"

#define LINE_WIDTH 100

static bool is_unsafe(uint32_t code)
{
    const bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    const bool turns = (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
    return control || turns || code == 0x2028 || code == 0x2029 || code == 0xfffd;
}

static void add_safe(traffstat_text *text, const char *value, size_t size)
{
    for (size_t i = 0, step = 0; i < size; i += step) {
        const uint32_t code = traffstat_i_utf8_decode(value + i, size - i, &step);
        if (is_unsafe(code)) {
            traffstat_i_text_add(text, "\xef\xbf\xbd");
        } else {
            traffstat_i_text_add_bytes(text, value + i, step);
        }
    }
}

void traffstat_i_plain_add(traffstat_text *text, const char *value)
{
    add_safe(text, value, strlen(value));
}

static size_t width_of(const char *value, size_t size)
{
    size_t width = 0;
    for (size_t i = 0, step = 0; i < size; i += step) {
        (void) traffstat_i_utf8_decode(value + i, size - i, &step);
        width++;
    }
    return width;
}

size_t traffstat_i_plain_width(const char *value)
{
    return width_of(value, strlen(value));
}

static void add_spaces(traffstat_text *text, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_add(text, " ");
    }
}

void traffstat_i_plain_pad(traffstat_text *text, const char *value, size_t width,
                           bool right_aligned)
{
    const size_t own = traffstat_i_plain_width(value);
    const size_t gap = width > own ? width - own : 0;
    add_spaces(text, right_aligned ? gap : 0);
    traffstat_i_plain_add(text, value);
    add_spaces(text, right_aligned ? 0 : gap);
}

void traffstat_i_plain_item(traffstat_text *text, const char *bullet, const char *value)
{
    const size_t indent = traffstat_i_plain_width(bullet);
    size_t column = indent;
    traffstat_i_text_add(text, bullet);
    for (const char *at = value; *at != '\0';) {
        const size_t size = strcspn(at, " ");
        const size_t width = width_of(at, size);
        if (column > indent && column + 1 + width > LINE_WIDTH) {
            traffstat_i_text_add(text, "\n");
            add_spaces(text, indent);
            column = indent;
        } else if (column > indent) {
            traffstat_i_text_add(text, " ");
            column++;
        }
        add_safe(text, at, size);
        column += width;
        at += size;
        at += strspn(at, " ");
    }
    traffstat_i_text_add(text, "\n");
}

void traffstat_i_add_percent(traffstat_text *text, double level)
{
    char digits[TRAFFSTAT_I_FIXED_SIZE];
    size_t size = traffstat_i_format_fixed(digits, sizeof digits, 100.0 * level, 6);
    while (size > 1 && digits[size - 1] == '0') {
        size--;
    }
    if (size > 1 && digits[size - 1] == '.') {
        size--;
    }
    traffstat_i_text_add_bytes(text, digits, size);
}

traffstat_status traffstat_i_report_begin(traffstat_ctx *ctx, const void *object,
                                          traffstat_text **out, traffstat_text *text)
{
    traffstat_i_enter(ctx);
    traffstat_i_text_init(text, ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the place for the text is NULL");
    }
    *out = NULL;
    if (object == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is nothing to write: NULL given");
    }
    return TRAFFSTAT_OK;
}
