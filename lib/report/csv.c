#include <math.h>
#include <string.h>

#include "report/report.h"

void traffstat_i_csv_init(traffstat_i_csv *csv, traffstat_text *text)
{
    *csv = (traffstat_i_csv){.text = text, .first = true};
}

static void begin_field(traffstat_i_csv *csv)
{
    if (!csv->first) {
        traffstat_i_text_add(csv->text, ",");
    }
    csv->first = false;
}

/* Outer spaces are quoted too: many readers strip them from a bare field. */
static bool needs_quotes(const char *value)
{
    const size_t size = strlen(value);
    return strpbrk(value, "\",;\t|\r\n") != NULL ||
           (size > 0 && (traffstat_i_is_space(value[0]) || traffstat_i_is_space(value[size - 1])));
}

void traffstat_i_csv_text(traffstat_i_csv *csv, const char *value)
{
    begin_field(csv);
    if (!needs_quotes(value)) {
        traffstat_i_text_add(csv->text, value);
        return;
    }
    traffstat_i_text_add(csv->text, "\"");
    for (const char *at = value; *at != '\0'; at++) {
        traffstat_i_text_add_bytes(csv->text, *at == '"' ? "\"\"" : at, *at == '"' ? 2 : 1);
    }
    traffstat_i_text_add(csv->text, "\"");
}

void traffstat_i_csv_int(traffstat_i_csv *csv, int64_t value)
{
    begin_field(csv);
    traffstat_i_text_add_int(csv->text, value);
}

void traffstat_i_csv_double(traffstat_i_csv *csv, double value)
{
    begin_field(csv);
    if (isfinite(value)) {
        traffstat_i_text_add_double(csv->text, value);
    }
}

void traffstat_i_csv_empty(traffstat_i_csv *csv)
{
    begin_field(csv);
}

void traffstat_i_csv_end(traffstat_i_csv *csv)
{
    traffstat_i_text_add(csv->text, "\n");
    csv->first = true;
}
