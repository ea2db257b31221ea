#include <math.h>
#include <string.h>

#include "read/read.h"

enum {
    ID,
    PLACE,
    UNIT,
    MEASURE,
    AGENCIES,
    METHOD,
    CITATION,
    NOTE,
    TEXTS,
    FIRST_YEAR = TEXTS,
    LAST_YEAR,
    RATE,
    LOWER,
    UPPER,
    LEVEL,
    COLUMNS
};

static const char *const names[COLUMNS] = {
    [ID] = "id",
    [PLACE] = "place",
    [UNIT] = "unit",
    [MEASURE] = "measure",
    [AGENCIES] = "agencies",
    [METHOD] = "method",
    [CITATION] = "citation",
    [NOTE] = "note",
    [FIRST_YEAR] = "first_year",
    [LAST_YEAR] = "last_year",
    [RATE] = "rate",
    [LOWER] = "lower",
    [UPPER] = "upper",
    [LEVEL] = "level",
};

static const int needed[] = {ID, PLACE, UNIT, CITATION};

typedef struct job {
    traffstat_ctx *ctx;
    const char *file;
    traffstat_evidence *evidence;
    bool has_header;
    size_t width;
    size_t column[COLUMNS];
    unsigned char *wanted;
} job;

/* ---- the header ----------------------------------------------------------------------------- */

/* Case, spaces and punctuation do not matter, as in every header. */
static bool same_name(traffstat_i_slice written, const char *name)
{
    char a[64];
    char b[64];
    (void) traffstat_i_fold(written, a, sizeof a);
    (void) traffstat_i_fold(traffstat_i_slice_of(name), b, sizeof b);
    return strcmp(a, b) == 0;
}

static traffstat_status match(job *j, traffstat_i_slice name, size_t at)
{
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!same_name(name, names[i])) {
            continue;
        }
        if (j->column[i] != TRAFFSTAT_I_NO_COLUMN) {
            return traffstat_i_fail(j->ctx, TRAFFSTAT_E_COLUMN,
                                    "%s: columns %zu and %zu are both called \"%s\"", j->file,
                                    j->column[i] + 1, at + 1, names[i]);
        }
        j->column[i] = at;
        j->wanted[at] = 1;
    }
    return TRAFFSTAT_OK;
}

static traffstat_status read_header(job *j, traffstat_i_records *records,
                                    const traffstat_i_record *record)
{
    j->has_header = true;
    j->width = record->kept;
    j->wanted = traffstat_i_alloc(j->ctx, record->kept, 1);
    if (j->wanted == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_place(j->ctx, record->line, 0, -1);
    for (size_t i = 0; i < record->kept; i++) {
        const traffstat_status status = match(j, record->field[i], i);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (j->column[needed[i]] == TRAFFSTAT_I_NO_COLUMN) {
            return traffstat_i_fail(j->ctx, TRAFFSTAT_E_COLUMN,
                                    "%s is no list of evidence: it has no column \"%s\"", j->file,
                                    names[needed[i]]);
        }
    }
    traffstat_i_records_want(records, j->wanted, j->width);
    return TRAFFSTAT_OK;
}

/* ---- one record ----------------------------------------------------------------------------- */

static traffstat_i_slice value_of(const job *j, const traffstat_i_record *record, int which)
{
    const size_t column = j->column[which];
    return column < record->kept ? traffstat_i_slice_trim(record->field[column])
                                 : (traffstat_i_slice){"", 0};
}

static traffstat_status refuse(job *j, const traffstat_i_record *record, int which,
                               const char *expected)
{
    char shown[TRAFFSTAT_I_SHOWN];
    traffstat_i_place(j->ctx, record->line, (int64_t) j->column[which] + 1, -1);
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_VALUE, "%s:%lld: %s: expected %s, got \"%s\"",
                            j->file, (long long) record->line, names[which], expected,
                            traffstat_i_slice_show(value_of(j, record, which), shown));
}

static traffstat_status read_share(job *j, const traffstat_i_record *record, int which, double *out)
{
    const traffstat_i_slice text = value_of(j, record, which);
    *out = NAN;
    if (text.size == 0) {
        return TRAFFSTAT_OK;
    }
    if (!traffstat_i_parse_double(text.data, text.size, out) || !(*out > 0.0 && *out < 1.0)) {
        return refuse(j, record, which, "a number between 0 and 1, or nothing");
    }
    return TRAFFSTAT_OK;
}

static traffstat_status read_year(job *j, const traffstat_i_record *record, int which, int32_t *out)
{
    const traffstat_i_slice text = value_of(j, record, which);
    *out = 0;
    if (text.size > 0 && !traffstat_i_read_year(text, out)) {
        return refuse(j, record, which, "a year from 1800 to 2199, or nothing");
    }
    return TRAFFSTAT_OK;
}

static traffstat_status read_numbers(job *j, const traffstat_i_record *record,
                                     traffstat_evidence_entry *entry)
{
    const struct {
        int which;
        double *to;
    } shares[] = {{RATE, &entry->rate},
                  {LOWER, &entry->lower},
                  {UPPER, &entry->upper},
                  {LEVEL, &entry->level}};
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++) {
        const traffstat_status status = read_share(j, record, shares[i].which, shares[i].to);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    const traffstat_status status = read_year(j, record, FIRST_YEAR, &entry->first_year);
    return status == TRAFFSTAT_OK ? read_year(j, record, LAST_YEAR, &entry->last_year) : status;
}

/* `texts`: copies with a NUL, freed by the caller. */
static traffstat_status add_entry(job *j, const traffstat_i_record *record, char *texts[TEXTS])
{
    for (int i = 0; i < TEXTS; i++) {
        const traffstat_i_slice text = value_of(j, record, i);
        texts[i] = traffstat_i_strndup(j->ctx, text.data, text.size);
        if (texts[i] == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
    }
    traffstat_evidence_entry entry = {
        .struct_size = sizeof entry,
        .id = texts[ID],
        .place = texts[PLACE],
        .unit = texts[UNIT],
        .measure = texts[MEASURE],
        .agencies = texts[AGENCIES],
        .method = texts[METHOD],
        .citation = texts[CITATION],
        .note = texts[NOTE],
    };
    traffstat_status status = read_numbers(j, record, &entry);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    status = traffstat_evidence_add(j->ctx, j->evidence, &entry);
    if (status == TRAFFSTAT_OK || status == TRAFFSTAT_E_NOMEM) {
        return status;
    }
    traffstat_i_place(j->ctx, record->line, 0, -1);
    return traffstat_i_fail(j->ctx, status == TRAFFSTAT_E_ARGUMENT ? TRAFFSTAT_E_VALUE : status,
                            "%s:%lld: %s", j->file, (long long) record->line,
                            traffstat_ctx_message(j->ctx));
}

static traffstat_status take_record(traffstat_i_records *records, const traffstat_i_record *record,
                                    void *user)
{
    job *j = user;
    if (record->blank) {
        return TRAFFSTAT_OK;
    }
    if (!j->has_header) {
        return read_header(j, records, record);
    }
    if (record->surplus || record->fields < j->width) {
        traffstat_i_place(j->ctx, record->line, 0, -1);
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_VALUE,
                                "%s:%lld: expected %zu fields, got %zu: is a comma in a text that "
                                "is not quoted?",
                                j->file, (long long) record->line, j->width, record->fields);
    }
    char *texts[TEXTS] = {NULL};
    const traffstat_status status = add_entry(j, record, texts);
    for (int i = 0; i < TEXTS; i++) {
        traffstat_i_free(j->ctx, texts[i]);
    }
    return status;
}

/* Notes may be long; a quote that is never closed is an error here. */
static traffstat_status take_quote(int what, int64_t line, size_t column, int64_t lines, void *user)
{
    const job *j = user;
    (void) lines;
    if (what != TRAFFSTAT_I_UNTERMINATED) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_place(j->ctx, line, (int64_t) column + 1, -1);
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_VALUE,
                            "%s:%lld: a quote opens in field %zu and is not closed as it should be",
                            j->file, (long long) line, column + 1);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static traffstat_status read_source(job *j, traffstat_i_source *source)
{
    traffstat_reader standard;
    traffstat_i_dialect dialect = {0};
    traffstat_i_reader_defaults(&standard);
    for (size_t i = 0; i < COLUMNS; i++) {
        j->column[i] = TRAFFSTAT_I_NO_COLUMN;
    }
    const traffstat_i_sink sink = {take_record, take_quote, j, NULL};
    const traffstat_status status =
        traffstat_i_records_run(j->ctx, source, &standard, &sink, &dialect);
    traffstat_i_free(j->ctx, j->wanted);
    if (status == TRAFFSTAT_OK && traffstat_evidence_count(j->evidence) == 0) {
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_NODATA,
                                "%s has a header and no evidence below it", j->file);
    }
    return status;
}

traffstat_status traffstat_evidence_read(traffstat_ctx *ctx, const char *path,
                                         traffstat_evidence **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the evidence was given");
    }
    *out = NULL;
    if (path == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no path was given");
    }
    job j = {.ctx = ctx, .file = path};
    traffstat_i_source source = {.file = -1};
    traffstat_status status = traffstat_evidence_new(ctx, &j.evidence);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_source_path(ctx, path, &source);
        if (status == TRAFFSTAT_OK) {
            status = read_source(&j, &source);
        }
        traffstat_i_source_close(&source);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_evidence_free(j.evidence);
        return status;
    }
    *out = j.evidence;
    return TRAFFSTAT_OK;
}
