/* Records of who was on which list, into an overlap: another sink beside the panel's. */
#include <string.h>

#include "read/lists.h"
#include "table/overlap.h"

typedef struct job {
    traffstat_ctx *ctx;
    const traffstat_reader *options;
    const char *file;
    traffstat_i_dialect dialect;
    traffstat_i_list_columns columns;
    bool has_header;
    int64_t header_line;
    traffstat_i_log log;
    traffstat_account *account;
    traffstat_overlap_builder *builder;
    traffstat_text label; /* of the record's stratum */
    size_t stratum;       /* of the last record */
    traffstat_text last;  /* and its label */
    int64_t seen;
    int64_t used;
} job;

static traffstat_i_slice field(const traffstat_i_record *record, size_t column)
{
    return column < record->kept ? traffstat_i_slice_trim(record->field[column])
                                 : (traffstat_i_slice){"", 0};
}

/* A problem with a field; the record is dropped. */
static traffstat_status complain(job *j, traffstat_i_kind kind, const traffstat_i_record *record,
                                 size_t column)
{
    const bool known = column < j->columns.width;
    return traffstat_i_log_add(&j->log, kind, record->line, known ? column + 1 : 0,
                               known ? j->columns.names[column] : "", NULL,
                               known ? field(record, column) : (traffstat_i_slice){"", 0});
}

/* ---- the header ------------------------------------------------------------------------------ */

static traffstat_status start_builder(job *j)
{
    const traffstat_i_list_columns *columns = &j->columns;
    if (columns->captures != TRAFFSTAT_I_NO_COLUMN) {
        return traffstat_i_overlap_builder_frequencies(j->ctx, j->options->overlap.occasions,
                                                       &j->builder);
    }
    const char **names = traffstat_i_alloc(j->ctx, columns->list_count, sizeof *names);
    if (names == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < columns->list_count; i++) {
        names[i] = columns->names[columns->lists[i]];
    }
    const traffstat_status status =
        traffstat_i_overlap_builder_new(j->ctx, names, columns->list_count, &j->builder);
    traffstat_i_free(j->ctx, names);
    return status;
}

static traffstat_status take_header(job *j, const traffstat_i_record *record)
{
    traffstat_status status =
        traffstat_i_list_columns_read(j->ctx, j->options, j->file, record, &j->columns);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_place(j->ctx, record->line, 0, -1);
        status = start_builder(j);
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_place(j->ctx, 0, 0, -1);
        j->has_header = true;
        j->header_line = record->line;
    }
    return status;
}

/* ---- records --------------------------------------------------------------------------------- */

/* 0, 1, false, true, no, yes; -1: none of them. */
static int read_indicator(traffstat_i_slice text)
{
    static const char *const words[][2] = {
        {"0", "1"}, {"false", "true"}, {"no", "yes"}, {"0.0", "1.0"}};
    char folded[8];
    if (text.size == 1 && (text.data[0] == '0' || text.data[0] == '1')) {
        return text.data[0] - '0';
    }
    if (text.size == 0 || text.size >= sizeof folded) {
        return -1;
    }
    for (size_t i = 0; i < text.size; i++) {
        folded[i] = traffstat_i_lower(text.data[i]);
    }
    folded[text.size] = '\0';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        for (int value = 0; value < 2; value++) {
            if (strcmp(folded, words[i][value]) == 0) {
                return value;
            }
        }
    }
    return -1;
}

/* What a record says. */
typedef struct reading {
    size_t stratum;
    uint32_t pattern; /* or the number of captures */
    int64_t persons;
    bool dropped;
} reading;

static traffstat_status drop(job *j, traffstat_i_kind kind, const traffstat_i_record *record,
                             size_t column, reading *out)
{
    out->dropped = true;
    return complain(j, kind, record, column);
}

static traffstat_status read_persons(job *j, const traffstat_i_record *record, reading *out)
{
    int64_t upper = 0;
    out->persons = 1;
    if (j->columns.count == TRAFFSTAT_I_NO_COLUMN) {
        return TRAFFSTAT_OK;
    }
    const traffstat_i_value read = traffstat_i_read_count(
        field(record, j->columns.count), (char) j->options->decimal, &out->persons, &upper);
    if (read == TRAFFSTAT_I_VALUE_NEGATIVE) {
        return drop(j, TRAFFSTAT_I_NEGATIVE_PERSONS, record, j->columns.count, out);
    }
    if (read == TRAFFSTAT_I_VALUE_READ && out->persons == upper && out->persons < 0) {
        return drop(j, TRAFFSTAT_I_NEGATIVE_PERSONS, record, j->columns.count, out);
    }
    if (read != TRAFFSTAT_I_VALUE_READ || out->persons != upper) {
        return drop(j, TRAFFSTAT_I_BAD_PERSONS, record, j->columns.count, out);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status read_pattern(job *j, const traffstat_i_record *record, reading *out)
{
    for (size_t i = 0; i < j->columns.list_count; i++) {
        const int value = read_indicator(field(record, j->columns.lists[i]));
        if (value < 0) {
            return drop(j, TRAFFSTAT_I_BAD_INDICATOR, record, j->columns.lists[i], out);
        }
        out->pattern |= (uint32_t) value << i;
    }
    return TRAFFSTAT_OK;
}

/* At most the occasions, where these are known. */
static traffstat_status read_captures(job *j, const traffstat_i_record *record, reading *out)
{
    const traffstat_i_slice text = field(record, j->columns.captures);
    const int64_t known = j->options->overlap.occasions;
    int64_t value = 0;
    if (!traffstat_i_parse_int(text.data, text.size, &value) || value < 0 ||
        value > (known > 0 ? known : 1000000)) {
        return drop(j, TRAFFSTAT_I_BAD_CAPTURES, record, j->columns.captures, out);
    }
    out->pattern = (uint32_t) value;
    return TRAFFSTAT_OK;
}

/* The names of a record's strata, joined by a space; those of the last record are remembered. */
static traffstat_status find_stratum(job *j, const traffstat_i_record *record, reading *out)
{
    traffstat_i_text_clear(&j->label);
    for (size_t i = 0; i < j->columns.stratum_count; i++) {
        const traffstat_i_slice name = field(record, j->columns.strata[i]);
        if (name.size == 0) {
            return drop(j, TRAFFSTAT_I_MISSING_STRATUM, record, j->columns.strata[i], out);
        }
        traffstat_i_text_add(&j->label, i > 0 ? " " : "");
        traffstat_i_text_add_bytes(&j->label, name.data, name.size);
    }
    const char *label = traffstat_i_text_get(&j->label);
    if (j->label.failed) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (j->used == 0 || strcmp(label, traffstat_i_text_get(&j->last)) != 0) {
        const traffstat_status status =
            traffstat_i_overlap_builder_stratum(j->builder, label, strlen(label), &j->stratum);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        traffstat_i_text_clear(&j->last);
        traffstat_i_text_add(&j->last, label);
    }
    out->stratum = j->stratum;
    return j->last.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

static traffstat_status read_record(job *j, const traffstat_i_record *record, reading *out)
{
    *out = (reading){.dropped = false};
    if (record->surplus || record->fields < j->columns.width) {
        return drop(j, TRAFFSTAT_I_RAGGED_LOST, record, TRAFFSTAT_I_NO_COLUMN, out);
    }
    const bool listed = j->columns.captures == TRAFFSTAT_I_NO_COLUMN;
    traffstat_status status = listed ? read_pattern(j, record, out) : read_captures(j, record, out);
    if (status == TRAFFSTAT_OK && !out->dropped) {
        status = read_persons(j, record, out);
    }
    if (status == TRAFFSTAT_OK && !out->dropped && out->pattern == 0 && out->persons > 0) {
        status = drop(j, listed ? TRAFFSTAT_I_ON_NO_LIST : TRAFFSTAT_I_BAD_CAPTURES, record,
                      listed ? j->columns.count : j->columns.captures, out);
    }
    return status == TRAFFSTAT_OK && !out->dropped ? find_stratum(j, record, out) : status;
}

static traffstat_status take_record(traffstat_i_records *records, const traffstat_i_record *record,
                                    void *user)
{
    job *j = user;
    reading got;
    (void) records;
    if (record->blank) {
        return TRAFFSTAT_OK;
    }
    if (!j->has_header) {
        return take_header(j, record);
    }
    j->seen++;
    traffstat_status status = read_record(j, record, &got);
    if (status == TRAFFSTAT_OK && !got.dropped) {
        j->used++;
        if (got.pattern != 0) {
            status =
                traffstat_i_overlap_builder_put(j->builder, got.stratum, got.pattern, got.persons);
        }
        if (status != TRAFFSTAT_OK) {
            traffstat_i_place(j->ctx, record->line, (int64_t) j->columns.count + 1, -1);
        }
    }
    return status;
}

static traffstat_status take_quote(int what, int64_t line, size_t column, int64_t lines, void *user)
{
    job *j = user;
    (void) lines;
    if (!j->has_header) {
        return traffstat_i_header_open(j->ctx, j->file, line, column);
    }
    const bool open = what == TRAFFSTAT_I_UNTERMINATED;
    j->seen += open;
    return traffstat_i_log_add(&j->log, open ? TRAFFSTAT_I_QUOTE_OPEN : TRAFFSTAT_I_QUOTE_LONG,
                               line, column + 1,
                               column < j->columns.width ? j->columns.names[column] : "", NULL,
                               (traffstat_i_slice){"", 0});
}

/* ---- the account ----------------------------------------------------------------------------- */

static traffstat_status tell_column(job *j, const char *role, size_t column)
{
    return column < j->columns.width
               ? traffstat_i_account_column(j->account, role, j->columns.names[column])
               : TRAFFSTAT_OK;
}

/* Several columns of one role, joined by commas; nothing where there is none. */
static traffstat_status tell_columns(job *j, const char *role, const size_t *columns, size_t count)
{
    traffstat_text names;
    if (count == 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_text_init(&names, j->ctx);
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_addf(&names, "%s%s", i > 0 ? "," : "", j->columns.names[columns[i]]);
    }
    const traffstat_status status =
        names.failed ? TRAFFSTAT_E_NOMEM
                     : traffstat_i_account_column(j->account, role, traffstat_i_text_get(&names));
    traffstat_i_text_clear(&names);
    return status;
}

static traffstat_status tell(job *j, traffstat_i_source *source)
{
    const bool listed = j->columns.captures == TRAFFSTAT_I_NO_COLUMN;
    const char *layout = listed ? "overlap" : "captures";
    traffstat_i_account_rows(j->account, j->seen, j->used);
    traffstat_status status = traffstat_i_account_texts(
        j->account, j->file, j->dialect.name != NULL ? j->dialect.name : "",
        j->dialect.name != NULL ? traffstat_i_source_encoding(source) : "",
        j->has_header ? layout : "");
    if (status == TRAFFSTAT_OK) {
        status = tell_columns(j, "lists", j->columns.lists, j->columns.list_count);
    }
    if (status == TRAFFSTAT_OK) {
        status = tell_columns(j, "strata", j->columns.strata, j->columns.stratum_count);
    }
    if (status == TRAFFSTAT_OK) {
        status = tell_column(j, "captures", j->columns.captures);
    }
    return status == TRAFFSTAT_OK ? tell_column(j, "count", j->columns.count) : status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status check_yield(job *j)
{
    if (j->used > 0) {
        return TRAFFSTAT_OK;
    }
    if (!j->has_header || j->seen == 0) {
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_NODATA,
                                "%s has a header and no record below it", j->file);
    }
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_NODATA,
                            "%s: none of %lld records could be used; the first was lost on line %s",
                            j->file, (long long) j->seen, traffstat_i_text_get(&j->log.first_loss));
}

static traffstat_status set_text(traffstat_ctx *ctx, const char *text, char **to)
{
    *to = traffstat_i_strdup(ctx, text);
    return *to != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

static traffstat_status run(job *j, traffstat_i_source *source, traffstat_overlap **overlap)
{
    const traffstat_i_sink sink = {.record = take_record, .quote = take_quote, .user = j};
    traffstat_status status =
        traffstat_i_records_run(j->ctx, source, j->options, &sink, &j->dialect);
    if (status == TRAFFSTAT_OK) {
        status = check_yield(j);
    }
    if (status == TRAFFSTAT_OK) {
        status = set_text(j->ctx, j->options->overlap.unit, &j->builder->unit);
    }
    if (status == TRAFFSTAT_OK) {
        status = set_text(j->ctx, j->options->overlap.window, &j->builder->window);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_overlap_builder_finish(j->builder, overlap)
                                  : status;
}

/* The account is told on failure too; the message and the place stay those of the failure. */
static traffstat_status read_source(traffstat_ctx *ctx, const traffstat_reader *options,
                                    traffstat_i_source *source, traffstat_overlap **overlap,
                                    traffstat_account **account)
{
    traffstat_reader standard;
    traffstat_i_reader_defaults(&standard);
    job j = {.ctx = ctx,
             .options = options != NULL ? options : &standard,
             .file = source->name,
             .columns = {.count = TRAFFSTAT_I_NO_COLUMN, .captures = TRAFFSTAT_I_NO_COLUMN}};
    traffstat_status status = traffstat_i_account_new(
        ctx, (size_t) j.options->limits[TRAFFSTAT_LIMIT_EXAMPLES], &j.account);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_text_init(&j.label, ctx);
    traffstat_i_text_init(&j.last, ctx);
    traffstat_i_log_init(&j.log, ctx, j.account, j.file, j.options);
    status = run(&j, source, overlap);
    const traffstat_status told = tell(&j, source);
    status = status == TRAFFSTAT_OK ? told : status;
    status = status == TRAFFSTAT_OK ? traffstat_i_progress(ctx, 1.0) : status;
    traffstat_overlap_builder_free(j.builder);
    traffstat_i_list_columns_clear(ctx, &j.columns);
    traffstat_i_log_clear(&j.log);
    traffstat_i_text_clear(&j.label);
    traffstat_i_text_clear(&j.last);
    if (status != TRAFFSTAT_OK) {
        traffstat_overlap_free(*overlap);
        *overlap = NULL;
    }
    if (account != NULL) {
        *account = j.account;
    } else {
        traffstat_account_free(j.account);
    }
    return status;
}

/* ---- the public calls ----------------------------------------------------------------------- */

static traffstat_status read_entry(const traffstat_i_entry *entry, traffstat_i_source *source)
{
    return read_source(entry->ctx, entry->reader, source, entry->out, entry->account);
}

static traffstat_i_entry entry_of(traffstat_ctx *ctx, const traffstat_reader *reader,
                                  traffstat_overlap **overlap, traffstat_account **account)
{
    if (overlap != NULL) {
        *overlap = NULL;
    }
    return (traffstat_i_entry){ctx, reader, account, overlap, "overlap", read_entry};
}

traffstat_status traffstat_overlap_read_path(traffstat_ctx *ctx, const traffstat_reader *reader,
                                             const char *path, traffstat_overlap **overlap,
                                             traffstat_account **account)
{
    const traffstat_i_entry entry = entry_of(ctx, reader, overlap, account);
    return traffstat_i_entry_path(&entry, path);
}

traffstat_status traffstat_overlap_read_memory(traffstat_ctx *ctx, const traffstat_reader *reader,
                                               const void *data, size_t size, const char *name,
                                               traffstat_overlap **overlap,
                                               traffstat_account **account)
{
    const traffstat_i_entry entry = entry_of(ctx, reader, overlap, account);
    return traffstat_i_entry_memory(&entry, data, size, name);
}

traffstat_status traffstat_overlap_read_stream(traffstat_ctx *ctx, const traffstat_reader *reader,
                                               traffstat_read_fn read, void *user, const char *name,
                                               traffstat_overlap **overlap,
                                               traffstat_account **account)
{
    const traffstat_i_entry entry = entry_of(ctx, reader, overlap, account);
    return traffstat_i_entry_stream(&entry, read, user, name);
}
