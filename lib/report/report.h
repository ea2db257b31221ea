/* Writers of the report room: JSON, CSV and plain text on a growing text. Private to the room. */
#ifndef TRAFFSTAT_I_REPORT_H
#define TRAFFSTAT_I_REPORT_H

#include "base/base.h"

#include <traffstat/report.h>

/* ---- JSON ----------------------------------------------------------------------------------- */

/* Commas, line ends and indentation are the writer's. `key` is NULL inside an array and at the top;
 * what is opened flat stays on one line with all it holds. */
typedef struct traffstat_i_json {
    traffstat_text *text;
    unsigned depth;
    unsigned flat_depth; /* from this depth on all is on one line; 0: none is */
    bool first;
} traffstat_i_json;

void traffstat_i_json_init(traffstat_i_json *json, traffstat_text *text);
/* bracket is '{' or '['. */
void traffstat_i_json_open(traffstat_i_json *json, const char *key, char bracket, bool flat);
void traffstat_i_json_close(traffstat_i_json *json, char bracket);
/* NULL is null; what is not UTF-8 becomes U+FFFD, control characters are escaped. */
void traffstat_i_json_text(traffstat_i_json *json, const char *key, const char *value);
void traffstat_i_json_int(traffstat_i_json *json, const char *key, int64_t value);
void traffstat_i_json_uint(traffstat_i_json *json, const char *key, uint64_t value);
/* NaN and infinities are null: JSON has no name for them. */
void traffstat_i_json_double(traffstat_i_json *json, const char *key, double value);
void traffstat_i_json_flag(traffstat_i_json *json, const char *key, bool value);
void traffstat_i_json_null(traffstat_i_json *json, const char *key);

/* An estimate as a value of an open object (key), or at the top (NULL). NULL estimate: null. */
void traffstat_i_json_estimate(traffstat_i_json *json, const char *key,
                               const traffstat_estimate *estimate);

/* ---- CSV ------------------------------------------------------------------------------------ */

/* RFC 4180's quoting, lines ending in a line feed. Texts go in as they are. */
typedef struct traffstat_i_csv {
    traffstat_text *text;
    bool first;
} traffstat_i_csv;

void traffstat_i_csv_init(traffstat_i_csv *csv, traffstat_text *text);
void traffstat_i_csv_text(traffstat_i_csv *csv, const char *value);
void traffstat_i_csv_int(traffstat_i_csv *csv, int64_t value);
/* NaN and infinities are an empty field. */
void traffstat_i_csv_double(traffstat_i_csv *csv, double value);
void traffstat_i_csv_empty(traffstat_i_csv *csv);
void traffstat_i_csv_end(traffstat_i_csv *csv);

/* ---- plain text ----------------------------------------------------------------------------- */

/* Adds a text for a terminal: control characters, marks that turn the direction of writing, and
 * bytes that are no UTF-8 become U+FFFD, so that a file cannot move the cursor or forge a line. */
void traffstat_i_plain_add(traffstat_text *text, const char *value);
/* `value` padded with spaces to `width` characters, on its right or (right_aligned) its left. */
void traffstat_i_plain_pad(traffstat_text *text, const char *value, size_t width,
                           bool right_aligned);
/* Characters (code points) of a text. */
size_t traffstat_i_plain_width(const char *value);
/* "  - " and the text, wrapped at 100 columns with the next lines under the first. */
void traffstat_i_plain_item(traffstat_text *text, const char *bullet, const char *value);

/* ---- shared words ---------------------------------------------------------------------------- */

/* An interval's level as percent without needless digits: "95", "99.9". */
void traffstat_i_add_percent(traffstat_text *text, double level);

/* True when a row of an estimate has a count at all: a missing one may be anything from 0 on. */
bool traffstat_i_row_counted(const traffstat_estimate_row *row);

/* The start of every writer: enters the context, NULLs *out, refuses a missing object. */
traffstat_status traffstat_i_report_begin(traffstat_ctx *ctx, const void *object,
                                          traffstat_text **out, traffstat_text *text);

#endif
