#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "report/report.h"

void traffstat_i_json_init(traffstat_i_json *json, traffstat_text *text)
{
    *json = (traffstat_i_json){.text = text, .first = true};
}

static bool is_flat(const traffstat_i_json *json)
{
    return json->flat_depth > 0 && json->depth >= json->flat_depth;
}

static void add_line(traffstat_i_json *json)
{
    traffstat_i_text_add(json->text, "\n");
    for (unsigned i = 0; i < json->depth; i++) {
        traffstat_i_text_add(json->text, "  ");
    }
}

static void add_code_point(traffstat_text *text, const char *at, size_t step, uint32_t code)
{
    if (code == '"' || code == '\\') {
        traffstat_i_text_add(text, "\\");
        traffstat_i_text_add_bytes(text, at, 1);
    } else if (code == '\n') {
        traffstat_i_text_add(text, "\\n");
    } else if (code == '\t') {
        traffstat_i_text_add(text, "\\t");
    } else if (code < 0x20 || (code >= 0x7f && code < 0xa0)) { /* also what terminals obey */
        static const char digits[] = "0123456789abcdef";
        const char escape[] = {'\\', 'u', '0', '0', digits[code >> 4], digits[code & 15]};
        traffstat_i_text_add_bytes(text, escape, sizeof escape);
    } else if (code == 0xfffd) {
        traffstat_i_text_add(text, "\xef\xbf\xbd");
    } else {
        traffstat_i_text_add_bytes(text, at, step);
    }
}

static void add_string(traffstat_text *text, const char *value)
{
    const size_t size = strlen(value);
    traffstat_i_text_add(text, "\"");
    for (size_t i = 0, step = 0; i < size; i += step) {
        const uint32_t code = traffstat_i_utf8_decode(value + i, size - i, &step);
        add_code_point(text, value + i, step, code);
    }
    traffstat_i_text_add(text, "\"");
}

/* What stands before every value: the comma, the place, the key. */
static void begin_value(traffstat_i_json *json, const char *key)
{
    if (!json->first) {
        traffstat_i_text_add(json->text, is_flat(json) ? ", " : ",");
    }
    if (json->depth > 0 && !is_flat(json)) {
        add_line(json);
    }
    json->first = false;
    if (key != NULL) {
        add_string(json->text, key);
        traffstat_i_text_add(json->text, ": ");
    }
}

void traffstat_i_json_open(traffstat_i_json *json, const char *key, char bracket, bool flat)
{
    begin_value(json, key);
    traffstat_i_text_add_bytes(json->text, &bracket, 1);
    json->depth++;
    json->first = true;
    if (flat && json->flat_depth == 0) {
        json->flat_depth = json->depth;
    }
}

void traffstat_i_json_close(traffstat_i_json *json, char bracket)
{
    const bool flat = is_flat(json);
    if (json->depth == json->flat_depth) {
        json->flat_depth = 0;
    }
    json->depth--;
    if (!json->first && !flat) {
        add_line(json);
    }
    json->first = false;
    traffstat_i_text_add_bytes(json->text, &bracket, 1);
}

void traffstat_i_json_text(traffstat_i_json *json, const char *key, const char *value)
{
    if (value == NULL) {
        traffstat_i_json_null(json, key);
        return;
    }
    begin_value(json, key);
    add_string(json->text, value);
}

void traffstat_i_json_int(traffstat_i_json *json, const char *key, int64_t value)
{
    begin_value(json, key);
    traffstat_i_text_add_int(json->text, value);
}

void traffstat_i_json_uint(traffstat_i_json *json, const char *key, uint64_t value)
{
    begin_value(json, key);
    traffstat_i_text_addf(json->text, "%" PRIu64, value);
}

void traffstat_i_json_double(traffstat_i_json *json, const char *key, double value)
{
    if (!isfinite(value)) {
        traffstat_i_json_null(json, key);
        return;
    }
    begin_value(json, key);
    traffstat_i_text_add_double(json->text, value);
}

void traffstat_i_json_flag(traffstat_i_json *json, const char *key, bool value)
{
    begin_value(json, key);
    traffstat_i_text_add(json->text, value ? "true" : "false");
}

void traffstat_i_json_null(traffstat_i_json *json, const char *key)
{
    begin_value(json, key);
    traffstat_i_text_add(json->text, "null");
}
