#include <math.h>
#include <string.h>

#include "read/read.h"

enum { KEY, JURISDICTION, MEASURE, CATEGORY, SOURCE, GROUP, TEXTS = TRAFFSTAT_I_TEXTS };

static const traffstat_role text_roles[GROUP] = {
    [KEY] = TRAFFSTAT_ROLE_KEY,         [JURISDICTION] = TRAFFSTAT_ROLE_JURISDICTION,
    [MEASURE] = TRAFFSTAT_ROLE_MEASURE, [CATEGORY] = TRAFFSTAT_ROLE_CATEGORY,
    [SOURCE] = TRAFFSTAT_ROLE_SOURCE,
};

typedef struct job {
    traffstat_ctx *ctx;
    const traffstat_reader *options;
    const char *file; /* that is being read */
    traffstat_i_dialect dialect;
    traffstat_text files; /* what is told of all of them */
    traffstat_text dialects;
    traffstat_text encodings;
    bool told_columns;
    traffstat_i_header header;
    bool has_header;
    int64_t header_line;
    traffstat_i_log log;
    traffstat_account *account;
    traffstat_panel_builder *builder;
    traffstat_i_cells cells;
    int64_t seen;
    int64_t used;
    size_t series_count;
    int64_t *lost; /* records that each series lost */
    size_t lost_capacity;

    /* the last series, for records mostly come in runs of one */
    bool remembers;
    size_t last_series;
    char *last;
    size_t last_capacity;
    size_t last_size[TEXTS];
} job;

/* ---- fields --------------------------------------------------------------------------------- */

static traffstat_i_slice value_of(const job *j, const traffstat_i_record *record,
                                  traffstat_role role)
{
    const size_t column = j->header.column[role];
    if (j->header.constant[role] != NULL) {
        return traffstat_i_slice_of(j->header.constant[role]);
    }
    return column < record->kept ? record->field[column] : (traffstat_i_slice){"", 0};
}

static bool has(const job *j, traffstat_role role)
{
    return j->header.column[role] != TRAFFSTAT_I_NO_COLUMN || j->header.constant[role] != NULL;
}

/* A problem with the value of a role. */
static traffstat_status complain(job *j, traffstat_i_kind kind, const traffstat_i_record *record,
                                 traffstat_role role, const char *expected)
{
    char name[TRAFFSTAT_I_SHOWN];
    const size_t column = j->header.column[role];
    const bool known = column != TRAFFSTAT_I_NO_COLUMN;
    return traffstat_i_log_add(&j->log, kind, record->line, known ? column + 1 : 0,
                               known ? traffstat_i_header_name(&j->header, column, name)
                                     : traffstat_role_name(role),
                               expected, value_of(j, record, role));
}

/* ---- series --------------------------------------------------------------------------------- */

static bool is_last(const job *j, const traffstat_i_slice texts[TEXTS])
{
    const char *at = j->last;
    for (size_t i = 0; i < TEXTS; i++) {
        if (texts[i].size != j->last_size[i] ||
            (texts[i].size > 0 && memcmp(at, texts[i].data, texts[i].size) != 0)) {
            return false;
        }
        at += texts[i].size;
    }
    return true;
}

static traffstat_status remember(job *j, const traffstat_i_slice texts[TEXTS], size_t series)
{
    size_t size = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        size += texts[i].size;
    }
    j->remembers = false;
    if (!traffstat_i_reserve(j->ctx, &j->last, &j->last_capacity, size, 1)) {
        return TRAFFSTAT_E_NOMEM;
    }
    char *to = j->last;
    for (size_t i = 0; i < TEXTS; i++) {
        if (texts[i].size > 0) {
            memcpy(to, texts[i].data, texts[i].size);
        }
        to += texts[i].size;
        j->last_size[i] = texts[i].size;
    }
    j->remembers = true;
    j->last_series = series;
    return TRAFFSTAT_OK;
}

static traffstat_status check_series_limit(job *j, const traffstat_i_record *record, size_t series)
{
    if (series < j->series_count) {
        return TRAFFSTAT_OK;
    }
    j->series_count = series + 1;
    if (j->series_count > j->options->limits[TRAFFSTAT_LIMIT_SERIES]) {
        traffstat_i_place(j->ctx, record->line, 0, -1);
        return traffstat_i_fail(
            j->ctx, TRAFFSTAT_E_LIMIT,
            "%s:%lld: more than %zu series: raise the limit if the file is sound", j->file,
            (long long) record->line, (size_t) j->options->limits[TRAFFSTAT_LIMIT_SERIES]);
    }
    return TRAFFSTAT_OK;
}

/* *out is TRAFFSTAT_NONE when the record names no place. */
static traffstat_status find_series(job *j, const traffstat_i_record *record, size_t *out)
{
    traffstat_i_slice texts[TEXTS];
    texts[GROUP] = (traffstat_i_slice){"", 0};
    for (size_t i = 0; i < GROUP; i++) {
        texts[i] = value_of(j, record, text_roles[i]);
    }
    if (j->header.column[TRAFFSTAT_ROLE_MEASURE] == TRAFFSTAT_I_NO_COLUMN &&
        j->header.constant[TRAFFSTAT_ROLE_MEASURE] == NULL) {
        texts[MEASURE] = traffstat_i_slice_of(j->header.measure);
    }
    if (j->remembers && is_last(j, texts)) {
        *out = j->last_series;
        return TRAFFSTAT_OK;
    }
    if (traffstat_i_slice_trim(texts[KEY]).size == 0) {
        texts[KEY].size = 0;
    }
    if (traffstat_i_slice_trim(texts[JURISDICTION]).size == 0) {
        texts[JURISDICTION].size = 0;
    }
    *out = TRAFFSTAT_NONE;
    if (texts[KEY].size == 0 && texts[JURISDICTION].size == 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_status status = traffstat_i_builder_series(j->ctx, j->builder, texts, out);
    if (status == TRAFFSTAT_OK) {
        status = check_series_limit(j, record, *out);
    }
    return status == TRAFFSTAT_OK ? remember(j, texts, *out) : status;
}

static traffstat_status lose(job *j, size_t series)
{
    if (series >= j->lost_capacity) {
        const size_t before = j->lost_capacity;
        if (!traffstat_i_reserve(j->ctx, &j->lost, &j->lost_capacity, series + 1,
                                 sizeof *j->lost)) {
            return TRAFFSTAT_E_NOMEM;
        }
        memset(j->lost + before, 0, (j->lost_capacity - before) * sizeof *j->lost);
    }
    j->lost[series]++;
    return TRAFFSTAT_OK;
}

/* ---- one cell ------------------------------------------------------------------------------- */

typedef struct reading {
    traffstat_cell cell;
    bool dropped;
} reading;

static traffstat_status drop(job *j, traffstat_i_kind kind, const traffstat_i_record *record,
                             traffstat_role role, reading *out)
{
    out->dropped = true;
    return complain(j, kind, record, role, NULL);
}

static traffstat_status read_cases(job *j, const traffstat_i_record *record, reading *out)
{
    switch (traffstat_i_read_count(value_of(j, record, TRAFFSTAT_ROLE_CASES),
                                   (char) j->options->decimal, &out->cell.lower,
                                   &out->cell.upper)) {
    case TRAFFSTAT_I_VALUE_READ:
        return TRAFFSTAT_OK;
    case TRAFFSTAT_I_VALUE_MISSING:
        out->cell.why = TRAFFSTAT_WHY_NOT_REPORTED;
        return TRAFFSTAT_OK;
    case TRAFFSTAT_I_VALUE_NEGATIVE:
        return drop(j, TRAFFSTAT_I_NEGATIVE_COUNT, record, TRAFFSTAT_ROLE_CASES, out);
    default:
        return drop(j, TRAFFSTAT_I_UNPARSABLE_COUNT, record, TRAFFSTAT_ROLE_CASES, out);
    }
}

static traffstat_status read_end(job *j, const traffstat_i_record *record, traffstat_role role,
                                 reading *out, int64_t *end, bool *there)
{
    int64_t other = 0;
    const traffstat_i_value read =
        traffstat_i_read_count(value_of(j, record, role), (char) j->options->decimal, end, &other);
    *there = read == TRAFFSTAT_I_VALUE_READ;
    if (read == TRAFFSTAT_I_VALUE_NEGATIVE) {
        return drop(j, TRAFFSTAT_I_NEGATIVE_COUNT, record, role, out);
    }
    if (read == TRAFFSTAT_I_VALUE_UNREADABLE || (*there && *end != other)) {
        return drop(j, TRAFFSTAT_I_UNPARSABLE_COUNT, record, role, out);
    }
    return TRAFFSTAT_OK;
}

/* The tidy form: both ends empty is not reported, only the upper one empty is "at least". */
static traffstat_status read_bounds(job *j, const traffstat_i_record *record, reading *out)
{
    bool has_lower = false;
    bool has_upper = false;
    traffstat_status status =
        read_end(j, record, TRAFFSTAT_ROLE_CASES_LOWER, out, &out->cell.lower, &has_lower);
    if (status == TRAFFSTAT_OK && !out->dropped) {
        status = read_end(j, record, TRAFFSTAT_ROLE_CASES_UPPER, out, &out->cell.upper, &has_upper);
    }
    if (status != TRAFFSTAT_OK || out->dropped) {
        return status;
    }
    if (!has_lower && !has_upper) {
        out->cell.why = TRAFFSTAT_WHY_NOT_REPORTED;
        return TRAFFSTAT_OK;
    }
    if (!has_upper) {
        out->cell.upper = TRAFFSTAT_NO_UPPER;
    }
    if (!has_lower || out->cell.lower > out->cell.upper) {
        return drop(j, TRAFFSTAT_I_BAD_BOUNDS, record, TRAFFSTAT_ROLE_CASES_LOWER, out);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status read_population(job *j, const traffstat_i_record *record, reading *out)
{
    double value = 0.0;
    out->cell.population = NAN;
    if (!has(j, TRAFFSTAT_ROLE_POPULATION)) {
        return TRAFFSTAT_OK;
    }
    const traffstat_i_value read = traffstat_i_read_number(
        value_of(j, record, TRAFFSTAT_ROLE_POPULATION), (char) j->options->decimal, &value);
    if (read == TRAFFSTAT_I_VALUE_READ && value > 0.0) {
        out->cell.population = value;
        return TRAFFSTAT_OK;
    }
    return read == TRAFFSTAT_I_VALUE_MISSING
               ? TRAFFSTAT_OK
               : complain(j, TRAFFSTAT_I_BAD_POPULATION, record, TRAFFSTAT_ROLE_POPULATION, NULL);
}

static traffstat_status read_coverage(job *j, const traffstat_i_record *record, reading *out)
{
    double value = 0.0;
    out->cell.coverage = NAN;
    if (!has(j, TRAFFSTAT_ROLE_COVERAGE)) {
        return TRAFFSTAT_OK;
    }
    const traffstat_i_value read = traffstat_i_read_share(
        value_of(j, record, TRAFFSTAT_ROLE_COVERAGE), (char) j->options->decimal, &value);
    if (read == TRAFFSTAT_I_VALUE_READ) {
        out->cell.coverage = value;
        return TRAFFSTAT_OK;
    }
    return read == TRAFFSTAT_I_VALUE_MISSING
               ? TRAFFSTAT_OK
               : complain(j, TRAFFSTAT_I_BAD_COVERAGE, record, TRAFFSTAT_ROLE_COVERAGE, NULL);
}

static traffstat_status read_flags(job *j, const traffstat_i_record *record, reading *out)
{
    return traffstat_i_read_flags(value_of(j, record, TRAFFSTAT_ROLE_FLAGS), &out->cell.flags)
               ? TRAFFSTAT_OK
               : complain(j, TRAFFSTAT_I_UNKNOWN_FLAG, record, TRAFFSTAT_ROLE_FLAGS, NULL);
}

/* What costs the record its place in the panel comes first: a dropped record has one reason. */
static traffstat_status read_record(job *j, const traffstat_i_record *record, reading *out)
{
    *out = (reading){.cell = {.places = 1}};
    if (!traffstat_i_read_year(value_of(j, record, TRAFFSTAT_ROLE_YEAR), &out->cell.year)) {
        return drop(j, TRAFFSTAT_I_BAD_YEAR, record, TRAFFSTAT_ROLE_YEAR, out);
    }
    traffstat_status status =
        j->header.bounds ? read_bounds(j, record, out) : read_cases(j, record, out);
    if (out->dropped) {
        return status;
    }
    if (out->cell.why != TRAFFSTAT_WHY_COUNTED) {
        out->cell.lower = 0;
        out->cell.upper = 0;
    }
    if (status == TRAFFSTAT_OK) {
        status = read_population(j, record, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = read_coverage(j, record, out);
    }
    return status == TRAFFSTAT_OK ? read_flags(j, record, out) : status;
}

/* ---- joining -------------------------------------------------------------------------------- */

static traffstat_status note_population(job *j, const traffstat_i_record *record,
                                        traffstat_i_stored *stored, double population)
{
    if (isnan(population) || stored->cell.population == population) {
        return TRAFFSTAT_OK;
    }
    if (isnan(stored->cell.population)) {
        stored->cell.population = population;
        stored->population_line = record->line;
        return TRAFFSTAT_OK;
    }
    traffstat_text expected;
    traffstat_i_text_init(&expected, j->ctx);
    if (traffstat_i_log_wants(&j->log, TRAFFSTAT_I_CONFLICTING_POPULATION)) {
        traffstat_i_text_add_double(&expected, stored->cell.population);
        traffstat_i_text_addf(&expected, " as on line %lld", (long long) stored->population_line);
    }
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (!expected.failed) {
        status = complain(j, TRAFFSTAT_I_CONFLICTING_POPULATION, record, TRAFFSTAT_ROLE_POPULATION,
                          traffstat_i_text_get(&expected));
    }
    traffstat_i_text_clear(&expected);
    return status;
}

/* The name that a person would look for. */
static const char *place_of(const job *j, const traffstat_i_record *record,
                            char out[TRAFFSTAT_I_SHOWN])
{
    const traffstat_i_slice name = value_of(j, record, TRAFFSTAT_ROLE_JURISDICTION);
    return traffstat_i_slice_show(name.size > 0 ? name : value_of(j, record, TRAFFSTAT_ROLE_KEY),
                                  out);
}

static traffstat_status note_duplicate(job *j, const traffstat_i_record *record,
                                       const traffstat_i_stored *stored, traffstat_i_kind kind)
{
    if (!traffstat_i_log_wants(&j->log, kind)) {
        return traffstat_i_log_add(&j->log, kind, record->line, 0, "", NULL,
                                   (traffstat_i_slice){"", 0});
    }
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_text got;
    traffstat_i_text_init(&got, j->ctx);
    traffstat_i_text_addf(&got, "%s %d, which line %lld%s%s has already", place_of(j, record, name),
                          (int) stored->cell.year, (long long) stored->line,
                          stored->file != j->file ? " of " : "",
                          stored->file != j->file ? stored->file : "");
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (!got.failed) {
        status = traffstat_i_log_add(&j->log, kind, record->line, 0, "", NULL,
                                     traffstat_i_slice_of(traffstat_i_text_get(&got)));
    }
    traffstat_i_text_clear(&got);
    return status;
}

static traffstat_status refuse_duplicate(job *j, const traffstat_i_record *record,
                                         const traffstat_i_stored *stored)
{
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_i_place(j->ctx, record->line, 0, -1);
    return traffstat_i_fail(
        j->ctx, TRAFFSTAT_E_CONFLICT, "%s:%lld: a second record for %s in %d, after line %lld%s%s",
        j->file, (long long) record->line, place_of(j, record, name), (int) stored->cell.year,
        (long long) stored->line, stored->file != j->file ? " of " : "",
        stored->file != j->file ? stored->file : "");
}

static traffstat_status add_to(job *j, const traffstat_i_record *record, traffstat_i_stored *stored,
                               const traffstat_cell *more)
{
    if (traffstat_i_cell_add(&stored->cell, more)) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_place(j->ctx, record->line, 0, -1);
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_LIMIT,
                            "%s:%lld: the counts of one series in %d add up to more than 2^63 - 2",
                            j->file, (long long) record->line, (int) stored->cell.year);
}

static traffstat_status join(job *j, const traffstat_i_record *record, traffstat_i_stored *stored,
                             const traffstat_cell *more)
{
    traffstat_status status;
    switch (j->options->duplicates) {
    case TRAFFSTAT_DUPLICATES_SUM:
        j->used++;
        status = note_duplicate(j, record, stored, TRAFFSTAT_I_DUPLICATE_SUM);
        if (status == TRAFFSTAT_OK) {
            status = note_population(j, record, stored, more->population);
        }
        return status == TRAFFSTAT_OK ? add_to(j, record, stored, more) : status;
    case TRAFFSTAT_DUPLICATES_FIRST:
        return note_duplicate(j, record, stored, TRAFFSTAT_I_DUPLICATE_FIRST);
    case TRAFFSTAT_DUPLICATES_LAST:
        status = note_duplicate(j, record, stored, TRAFFSTAT_I_DUPLICATE_LAST);
        stored->cell = *more;
        stored->file = j->file;
        stored->line = record->line;
        stored->population_line = record->line;
        return status;
    default:
        return refuse_duplicate(j, record, stored);
    }
}

static traffstat_status use_record(job *j, const traffstat_i_record *record, size_t series,
                                   const traffstat_cell *cell)
{
    bool fresh = false;
    traffstat_i_stored *stored = traffstat_i_cells_at(&j->cells, series, cell->year, &fresh);
    if (stored == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (!fresh) {
        return join(j, record, stored, cell);
    }
    stored->cell = *cell;
    stored->file = j->file;
    stored->line = record->line;
    stored->population_line = record->line;
    j->used++;
    return TRAFFSTAT_OK;
}

/* ---- the sink ------------------------------------------------------------------------------- */

static traffstat_status read_header(job *j, traffstat_i_records *records,
                                    const traffstat_i_record *record)
{
    const traffstat_status status =
        traffstat_i_header_read(j->ctx, j->options, j->file, record, &j->header);
    j->has_header = true;
    j->header_line = record->line;
    if (status == TRAFFSTAT_OK) {
        traffstat_i_records_want(records, j->header.wanted, j->header.width);
    }
    return status;
}

/* Can the record still be read? Too many fields are shifted ones; too few only where what they
 * would say may be blank. */
static bool lacks(const job *j, const traffstat_i_record *record)
{
    static const traffstat_role needed[] = {TRAFFSTAT_ROLE_YEAR, TRAFFSTAT_ROLE_JURISDICTION,
                                            TRAFFSTAT_ROLE_KEY, TRAFFSTAT_ROLE_CASES,
                                            TRAFFSTAT_ROLE_CASES_LOWER};
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        const size_t column = j->header.column[needed[i]];
        if (column != TRAFFSTAT_I_NO_COLUMN && column >= record->fields) {
            return true;
        }
    }
    return false;
}

static traffstat_status note_ragged(job *j, const traffstat_i_record *record, bool *dropped)
{
    traffstat_text expected;
    traffstat_text got;
    traffstat_i_text_init(&expected, j->ctx);
    traffstat_i_text_init(&got, j->ctx);
    traffstat_i_text_addf(&expected, "%zu fields", j->header.width);
    traffstat_i_text_addf(&got, "%zu", record->fields);
    *dropped = record->surplus || lacks(j, record);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (!expected.failed && !got.failed) {
        status = traffstat_i_log_add(
            &j->log, *dropped ? TRAFFSTAT_I_RAGGED_LOST : TRAFFSTAT_I_RAGGED_KEPT, record->line, 0,
            "", traffstat_i_text_get(&expected), traffstat_i_slice_of(traffstat_i_text_get(&got)));
    }
    traffstat_i_text_clear(&expected);
    traffstat_i_text_clear(&got);
    return status;
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
    j->seen++;
    reading got = {.dropped = false};
    traffstat_status status = TRAFFSTAT_OK;
    size_t series = TRAFFSTAT_NONE;
    if (record->surplus || record->fields < j->header.width) {
        status = note_ragged(j, record, &got.dropped);
        if (got.dropped || status != TRAFFSTAT_OK) {
            return status; /* shifted fields name no series that could be trusted */
        }
    }
    status = find_series(j, record, &series);
    if (status == TRAFFSTAT_OK && series == TRAFFSTAT_NONE) {
        const bool keyed = j->header.column[TRAFFSTAT_ROLE_JURISDICTION] == TRAFFSTAT_I_NO_COLUMN;
        return complain(j, TRAFFSTAT_I_MISSING_PLACE, record,
                        keyed ? TRAFFSTAT_ROLE_KEY : TRAFFSTAT_ROLE_JURISDICTION, NULL);
    }
    if (status == TRAFFSTAT_OK) {
        status = read_record(j, record, &got);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    return got.dropped ? lose(j, series) : use_record(j, record, series, &got.cell);
}

static traffstat_status take_quote(int what, int64_t line, size_t column, int64_t lines, void *user)
{
    job *j = user;
    char name[TRAFFSTAT_I_SHOWN];
    if (!j->has_header) {
        traffstat_i_place(j->ctx, line, (int64_t) column + 1, -1);
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_FORMAT,
                                "%s:%lld: a quote opens in field %zu of the header and is never "
                                "closed",
                                j->file, (long long) line, column + 1);
    }
    (void) traffstat_i_header_name(&j->header, column, name);
    if (what == TRAFFSTAT_I_UNTERMINATED) {
        j->seen++;
        return traffstat_i_log_add(&j->log, TRAFFSTAT_I_QUOTE_OPEN, line, column + 1, name, NULL,
                                   (traffstat_i_slice){"", 0});
    }
    traffstat_text got;
    traffstat_i_text_init(&got, j->ctx);
    traffstat_i_text_addf(&got, "%lld lines", (long long) lines);
    const traffstat_status status =
        got.failed ? TRAFFSTAT_E_NOMEM
                   : traffstat_i_log_add(&j->log, TRAFFSTAT_I_QUOTE_LONG, line, column + 1, name,
                                         NULL, traffstat_i_slice_of(traffstat_i_text_get(&got)));
    traffstat_i_text_clear(&got);
    return status;
}

static traffstat_status take_bytes(int what, int64_t line, unsigned char byte, void *user)
{
    static const char digits[] = "0123456789abcdef";
    job *j = user;
    const char hex[] = {'b', 'y', 't', 'e', ' ', '0', 'x', digits[byte >> 4], digits[byte & 15],
                        '\0'};
    const bool odd = what == TRAFFSTAT_I_FOUND_CP1252;
    return traffstat_i_log_add(&j->log,
                               odd ? TRAFFSTAT_I_DECODED_AS_CP1252 : TRAFFSTAT_I_LOST_CHARACTERS,
                               line, 0, "", NULL, traffstat_i_slice_of(odd ? hex : "U+FFFD"));
}

/* ---- the account ---------------------------------------------------------------------------- */

static traffstat_status tell_columns(job *j)
{
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        const size_t column = j->header.column[role];
        const char *constant = j->header.constant[role];
        char shown[TRAFFSTAT_I_SHOWN] = "=";
        traffstat_status status = TRAFFSTAT_OK;
        if (constant != NULL) {
            char value[TRAFFSTAT_I_SHOWN];
            (void) traffstat_i_slice_show(
                (traffstat_i_slice){constant, strnlen(constant, TRAFFSTAT_I_SHOWN / 2)}, value);
            memcpy(shown + 1, value, strlen(value) + 1);
            status = traffstat_i_account_column(j->account, traffstat_role_name(role), shown);
        } else if (column != TRAFFSTAT_I_NO_COLUMN) {
            status = traffstat_i_account_column(j->account, traffstat_role_name(role),
                                                traffstat_i_header_name(&j->header, column, shown));
        }
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return TRAFFSTAT_OK;
}

/* Adds `more` to a list of what the files are, once. */
static void add_once(traffstat_text *list, const char *more)
{
    const char *at = strstr(traffstat_i_text_get(list), more);
    const size_t size = strlen(more);
    while (at != NULL && at[size] != '\0' && at[size] != ';') {
        at = strstr(at + size, more);
    }
    if (at == NULL) {
        traffstat_i_text_addf(list, "%s%s", list->size > 0 ? "; " : "", more);
    }
}

/* What is to be said of a file, once it has been read as far as it went. */
static traffstat_status tell_file(job *j, traffstat_i_source *source)
{
    traffstat_i_text_addf(&j->files, "%s%s", j->files.size > 0 ? "; " : "", j->file);
    if (j->dialect.name != NULL) {
        add_once(&j->dialects, j->dialect.name);
        add_once(&j->encodings, traffstat_i_source_encoding(source));
    }
    if (j->header.measure == NULL || j->told_columns) {
        return TRAFFSTAT_OK;
    }
    j->told_columns = true;
    return tell_columns(j);
}

static traffstat_status tell(job *j, const traffstat_panel *panel)
{
    traffstat_i_account_rows(j->account, j->seen, j->used);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (!j->files.failed && !j->dialects.failed && !j->encodings.failed) {
        status = traffstat_i_account_texts(
            j->account, traffstat_i_text_get(&j->files), traffstat_i_text_get(&j->dialects),
            traffstat_i_text_get(&j->encodings), j->told_columns ? "long" : "");
    }
    if (status == TRAFFSTAT_OK && panel != NULL) {
        status = traffstat_i_account_panel(j->account, panel);
    }
    for (size_t i = 0; i < j->lost_capacity && status == TRAFFSTAT_OK; i++) {
        if (j->lost[i] > 0) {
            status = traffstat_i_account_lost(j->account, i, j->lost[i]);
        }
    }
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------ */

static traffstat_status build(job *j, traffstat_panel **panel)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < j->cells.count && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_builder_add(j->ctx, j->builder, j->cells.items[i].series,
                                         &j->cells.items[i].cell);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_builder_finish(j->ctx, j->builder, panel) : status;
}

static traffstat_status check_yield(job *j)
{
    if (j->used > 0) {
        return TRAFFSTAT_OK;
    }
    if (j->seen == 0) {
        traffstat_i_place(j->ctx, j->header_line, 0, -1);
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_NODATA,
                                "%s has a header on line %lld and no record below it", j->file,
                                (long long) j->header_line);
    }
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_NODATA,
                            "%s: none of %lld records could be used; the first was lost on line %s",
                            j->file, (long long) j->seen, traffstat_i_text_get(&j->log.first_loss));
}

/* What is read: one open source, or files one after the other. */
typedef struct inputs {
    traffstat_i_source *only;
    const char *const *paths;
    size_t count;
} inputs;

static traffstat_status read_one(job *j, traffstat_i_source *source)
{
    const traffstat_i_sink sink = {take_record, take_quote, j, take_bytes};
    j->file = source->name;
    j->log.file = source->name;
    j->has_header = false;
    j->dialect = (traffstat_i_dialect){.name = NULL};
    traffstat_i_header_clear(j->ctx, &j->header);
    j->header = (traffstat_i_header){.measure = NULL};
    const traffstat_status status =
        traffstat_i_records_run(j->ctx, source, j->options, &sink, &j->dialect);
    const traffstat_status told = tell_file(j, source);
    return status == TRAFFSTAT_OK ? told : status;
}

static traffstat_status read_all(job *j, const inputs *in)
{
    traffstat_status status = in->only != NULL ? read_one(j, in->only) : TRAFFSTAT_OK;
    for (size_t i = 0; i < in->count && status == TRAFFSTAT_OK; i++) {
        traffstat_i_source source;
        status = traffstat_i_source_path(j->ctx, in->paths[i], &source);
        source.before = (double) i / (double) in->count;
        source.share = 1.0 / (double) in->count;
        if (status == TRAFFSTAT_OK) {
            status = read_one(j, &source);
        }
        traffstat_i_source_close(&source);
    }
    return status;
}

static traffstat_status run(job *j, const inputs *in, traffstat_panel **panel)
{
    traffstat_status status =
        traffstat_panel_builder_new(j->ctx, TRAFFSTAT_DUPLICATES_ERROR, &j->builder);
    if (status == TRAFFSTAT_OK) {
        status = read_all(j, in);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_yield(j);
    }
    if (status == TRAFFSTAT_OK) {
        status = build(j, panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_sanity(&j->log, *panel, &j->cells);
    }
    return status;
}

static void clear(job *j)
{
    traffstat_panel_builder_free(j->builder);
    traffstat_i_header_clear(j->ctx, &j->header);
    traffstat_i_cells_clear(&j->cells);
    traffstat_i_log_clear(&j->log);
    traffstat_i_text_clear(&j->files);
    traffstat_i_text_clear(&j->dialects);
    traffstat_i_text_clear(&j->encodings);
    traffstat_i_free(j->ctx, j->lost);
    traffstat_i_free(j->ctx, j->last);
}

/* The account is told on failure too, where memory allows; the message and the place stay those of
 * the failure. */
static traffstat_status read_inputs(traffstat_ctx *ctx, const traffstat_reader *options,
                                    const inputs *in, traffstat_panel **panel,
                                    traffstat_account **account)
{
    traffstat_reader standard;
    traffstat_i_reader_defaults(&standard);
    job j = {.ctx = ctx, .options = options != NULL ? options : &standard};
    traffstat_status status = traffstat_i_account_new(
        ctx, (size_t) j.options->limits[TRAFFSTAT_LIMIT_EXAMPLES], &j.account);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    j.file = in->only != NULL ? in->only->name : in->paths[0];
    traffstat_i_text_init(&j.files, ctx);
    traffstat_i_text_init(&j.dialects, ctx);
    traffstat_i_text_init(&j.encodings, ctx);
    traffstat_i_log_init(&j.log, ctx, j.account, j.file, j.options);
    traffstat_i_cells_init(&j.cells, ctx);
    status = run(&j, in, panel);
    const traffstat_status told = tell(&j, *panel);
    status = status == TRAFFSTAT_OK ? told : status;
    status = status == TRAFFSTAT_OK ? traffstat_i_progress(ctx, 1.0) : status;
    clear(&j);
    if (status != TRAFFSTAT_OK) {
        traffstat_panel_free(*panel);
        *panel = NULL;
    }
    if (account != NULL) {
        *account = j.account;
    } else {
        traffstat_account_free(j.account);
    }
    return status;
}

static traffstat_status read_source(traffstat_ctx *ctx, const traffstat_reader *options,
                                    traffstat_i_source *source, traffstat_panel **panel,
                                    traffstat_account **account)
{
    return read_inputs(ctx, options, &(inputs){.only = source}, panel, account);
}

static traffstat_status begin(traffstat_ctx *ctx, bool has_input, traffstat_panel **panel,
                              traffstat_account **account)
{
    traffstat_i_enter(ctx);
    if (account != NULL) {
        *account = NULL;
    }
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the panel was given");
    }
    *panel = NULL;
    return has_input ? TRAFFSTAT_OK
                     : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is nothing to read from");
}

traffstat_status traffstat_read_path(traffstat_ctx *ctx, const traffstat_reader *reader,
                                     const char *path, traffstat_panel **panel,
                                     traffstat_account **account)
{
    traffstat_status status = begin(ctx, path != NULL, panel, account);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_source source;
    status = traffstat_i_source_path(ctx, path, &source);
    if (status == TRAFFSTAT_OK) {
        status = read_source(ctx, reader, &source, panel, account);
    }
    traffstat_i_source_close(&source);
    return status;
}

traffstat_status traffstat_read_paths(traffstat_ctx *ctx, const traffstat_reader *reader,
                                      const char *const *paths, size_t count,
                                      traffstat_panel **panel, traffstat_account **account)
{
    bool has_input = paths != NULL && count > 0;
    for (size_t i = 0; has_input && i < count; i++) {
        has_input = paths[i] != NULL;
    }
    const traffstat_status status = begin(ctx, has_input, panel, account);
    return status == TRAFFSTAT_OK
               ? read_inputs(ctx, reader, &(inputs){.paths = paths, .count = count}, panel, account)
               : status;
}

traffstat_status traffstat_read_memory(traffstat_ctx *ctx, const traffstat_reader *reader,
                                       const void *data, size_t size, const char *name,
                                       traffstat_panel **panel, traffstat_account **account)
{
    traffstat_status status = begin(ctx, data != NULL || size == 0, panel, account);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_source source;
    status = traffstat_i_source_memory(ctx, data, size, name != NULL ? name : "input", &source);
    if (status == TRAFFSTAT_OK) {
        status = read_source(ctx, reader, &source, panel, account);
    }
    traffstat_i_source_close(&source);
    return status;
}

traffstat_status traffstat_read_stream(traffstat_ctx *ctx, const traffstat_reader *reader,
                                       traffstat_read_fn read, void *user, const char *name,
                                       traffstat_panel **panel, traffstat_account **account)
{
    traffstat_status status = begin(ctx, read != NULL, panel, account);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_source source;
    status = traffstat_i_source_stream(ctx, read, user, name != NULL ? name : "input", &source);
    if (status == TRAFFSTAT_OK) {
        status = read_source(ctx, reader, &source, panel, account);
    }
    traffstat_i_source_close(&source);
    return status;
}
