#include <math.h>
#include <string.h>

#include "read/job.h"

/* ---- the sink ------------------------------------------------------------------------------- */

static traffstat_status read_names(traffstat_i_job *j, traffstat_i_records *records,
                                   const traffstat_i_record *record)
{
    traffstat_status status =
        traffstat_i_header_read(j->ctx, j->options, j->file, &j->shape, record, &j->header);
    j->has_header = true;
    if (status == TRAFFSTAT_OK && j->beside != NULL) {
        status = j->beside->header(j, j->beside->user);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_records_want(records, j->header.wanted, j->header.width);
    for (size_t i = 0; i < j->header.width && status == TRAFFSTAT_OK; i++) {
        if (j->header.left_out[i] != 0) {
            char name[TRAFFSTAT_I_SHOWN];
            status = traffstat_i_log_add(
                &j->log,
                j->header.left_out[i] == TRAFFSTAT_I_HAS_NO_NAME ? TRAFFSTAT_I_NAMELESS
                                                                 : TRAFFSTAT_I_UNUSED,
                record->line, i + 1, traffstat_i_header_name(&j->header, i, name), NULL,
                traffstat_i_slice_of(j->header.names[i]));
        }
    }
    return status;
}

/* The records above the header are passed over; rows of the header are joined. */
static traffstat_status read_header(traffstat_i_job *j, traffstat_i_records *records,
                                    const traffstat_i_record *record)
{
    if (j->above < j->shape.above) {
        j->above++;
        return traffstat_i_log_add(&j->log, TRAFFSTAT_I_PREAMBLE, record->line, 0, "", NULL,
                                   traffstat_i_shape_title(&j->shape, record));
    }
    j->header_line = j->shape.taken == 0 ? record->line : j->header_line;
    if (j->shape.rows <= 1) {
        return read_names(j, records, record);
    }
    bool done = false;
    traffstat_status status = traffstat_i_shape_row(j->ctx, &j->shape, record, &done);
    if (status != TRAFFSTAT_OK || !done) {
        return status;
    }
    traffstat_i_record names = *record;
    status = traffstat_i_shape_header(j->ctx, &j->shape, &names);
    names.line = j->header_line;
    return status == TRAFFSTAT_OK ? read_names(j, records, &names) : status;
}

static traffstat_status take_head(traffstat_i_slice head, char delimiter, void *user)
{
    traffstat_i_job *j = user;
    return traffstat_i_shape_look(j->ctx, j->options, head, delimiter, &j->shape);
}

/* Can the record still be read? Too many fields are shifted ones; too few only where what they
 * would say may be blank. */
static bool lacks(const traffstat_i_job *j, const traffstat_i_record *record)
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

static traffstat_status note_ragged(traffstat_i_job *j, const traffstat_i_record *record,
                                    bool *dropped)
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

/* ---- records -------------------------------------------------------------------------------- */

/* One count of a record. */
static traffstat_status take_count(traffstat_i_job *j, const traffstat_i_record *record)
{
    traffstat_cell cell;
    bool dropped = false;
    size_t series = TRAFFSTAT_NONE;
    traffstat_status status = traffstat_i_job_series(j, record, &series);
    if (status == TRAFFSTAT_OK && series == TRAFFSTAT_NONE) {
        const bool keyed = j->header.column[TRAFFSTAT_ROLE_JURISDICTION] == TRAFFSTAT_I_NO_COLUMN;
        return traffstat_i_job_complain(j, TRAFFSTAT_I_MISSING_PLACE, record,
                                        keyed ? TRAFFSTAT_ROLE_KEY : TRAFFSTAT_ROLE_JURISDICTION,
                                        NULL);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_job_cell(j, record, &cell, &dropped);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (dropped) {
        return j->spared ? TRAFFSTAT_OK : traffstat_i_job_lose(j, series);
    }
    if (j->beside != NULL) {
        status = j->beside->record(j, record, series, cell.year, j->beside->user);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return traffstat_i_job_join(j, record, series, &cell);
}

/* A record is lost for each of the series that it has counts of; the first one is done. */
static traffstat_status lose_others(traffstat_i_job *j, const traffstat_i_record *record)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 1; i < j->header.counts_size && status == TRAFFSTAT_OK; i++) {
        size_t series = TRAFFSTAT_NONE;
        j->at = &j->header.counts[i];
        status = traffstat_i_job_series(j, record, &series);
        if (status == TRAFFSTAT_OK && series != TRAFFSTAT_NONE) {
            status = traffstat_i_job_lose(j, series);
        }
    }
    return status;
}

/* A record with several counts is used when one of them is. */
static traffstat_status take_counts(traffstat_i_job *j, const traffstat_i_record *record)
{
    const int64_t before = j->used;
    traffstat_status status = TRAFFSTAT_OK;
    j->whole = false;
    j->log.cells = j->header.counts_size > 1;
    for (size_t i = 0; i < j->header.counts_size && status == TRAFFSTAT_OK && !j->whole; i++) {
        j->at = &j->header.counts[i];
        status = take_count(j, record);
    }
    if (status == TRAFFSTAT_OK && j->whole && !j->spared) {
        status = lose_others(j, record);
    }
    j->at = NULL;
    const bool several = j->log.cells;
    const bool any = j->used > before;
    j->used = before + any;
    j->log.cells = false;
    return status == TRAFFSTAT_OK && several && !any && !j->whole
               ? traffstat_i_log_add(&j->log, TRAFFSTAT_I_NO_COUNT, record->line, 0, "", NULL,
                                     (traffstat_i_slice){"", 0})
               : status;
}

/* The measure that was asked for and does not come: the nearest one that did is kept for the
 * message. */
static void note_nearest(traffstat_i_job *j, const char *wanted, traffstat_i_slice name)
{
    char shown[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_slice_show(name, shown);
    const size_t distance = traffstat_i_edit_distance(wanted, shown);
    if (j->nearest[0] == '\0' || distance < j->nearest_distance) {
        memcpy(j->nearest, shown, sizeof shown);
        j->nearest_distance = distance;
    }
}

static bool is_other_measure(traffstat_i_job *j, const traffstat_i_record *record)
{
    char folded[TRAFFSTAT_I_SHOWN];
    char wanted[TRAFFSTAT_I_SHOWN];
    const char *given = j->options->measure;
    const char *measure = j->header.main != NULL ? j->header.main : given;
    const traffstat_i_slice name = traffstat_i_job_value(j, record, TRAFFSTAT_ROLE_MEASURE);
    (void) traffstat_i_fold(name, folded, sizeof folded);
    (void) traffstat_i_fold(traffstat_i_slice_of(measure), wanted, sizeof wanted);
    if (strcmp(folded, wanted) == 0) {
        return false;
    }
    if (given != NULL) {
        note_nearest(j, given, name);
    }
    return true;
}

static traffstat_status take_record(traffstat_i_records *records, const traffstat_i_record *record,
                                    void *user)
{
    traffstat_i_job *j = user;
    if (record->blank) {
        return TRAFFSTAT_OK;
    }
    if (!j->has_header) {
        return read_header(j, records, record);
    }
    const traffstat_i_slice footer = traffstat_i_job_footer(j, record);
    if (footer.size > 0) {
        return traffstat_i_log_add(&j->log, TRAFFSTAT_I_FOOTER, record->line, 0, "", NULL, footer);
    }
    j->seen++;
    j->counted = false;
    if (record->surplus || record->fields < j->header.width) {
        bool dropped = false;
        const traffstat_status status = note_ragged(j, record, &dropped);
        if (dropped || status != TRAFFSTAT_OK) {
            return status; /* shifted fields name no series that could be trusted */
        }
    }
    if (j->header.chooses && is_other_measure(j, record)) {
        return traffstat_i_job_complain(j, TRAFFSTAT_I_OTHER_MEASURE, record,
                                        TRAFFSTAT_ROLE_MEASURE, NULL);
    }
    return j->header.counts_size > 0 ? take_counts(j, record) : take_count(j, record);
}

static traffstat_status take_quote(int what, int64_t line, size_t column, int64_t lines, void *user)
{
    traffstat_i_job *j = user;
    char name[TRAFFSTAT_I_SHOWN];
    if (!j->has_header) {
        return traffstat_i_header_open(j->ctx, j->file, line, column);
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
    traffstat_i_job *j = user;
    const char hex[] = {'b', 'y', 't', 'e', ' ', '0', 'x', digits[byte >> 4], digits[byte & 15],
                        '\0'};
    const bool odd = what == TRAFFSTAT_I_FOUND_CP1252;
    return traffstat_i_log_add(&j->log,
                               odd ? TRAFFSTAT_I_DECODED_AS_CP1252 : TRAFFSTAT_I_LOST_CHARACTERS,
                               line, 0, "", NULL, traffstat_i_slice_of(odd ? hex : "U+FFFD"));
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* A correction of what is only known between bounds leaves bounds, of which no count is below 0. */
static void settle(traffstat_cell *cell)
{
    if (cell->lower < 0 && cell->lower < cell->upper) {
        cell->lower = cell->upper < 0 ? cell->upper : 0;
    }
}

/* A count of 0 for each series in each year that the file has and the series has not. */
static traffstat_status fill_absent(traffstat_i_job *j)
{
    int32_t first = INT32_MAX;
    int32_t last = INT32_MIN;
    const size_t count = j->cells.count;
    for (size_t i = 0; i < count; i++) {
        const int32_t year = j->cells.items[i].cell.year;
        first = year < first ? year : first;
        last = year > last ? year : last;
    }
    for (size_t series = 0; series < j->series_count && count > 0; series++) {
        for (int32_t year = first; year <= last; year++) {
            bool fresh = false;
            traffstat_i_stored *stored = traffstat_i_cells_at(&j->cells, series, year, &fresh);
            if (stored == NULL) {
                return TRAFFSTAT_E_NOMEM;
            }
            if (fresh) {
                stored->cell.population = NAN;
                stored->cell.coverage = NAN;
                stored->cell.places = 1;
            }
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status build(traffstat_i_job *j, traffstat_panel **panel)
{
    traffstat_status status = TRAFFSTAT_OK;
    if (j->options->absent == TRAFFSTAT_ABSENT_ZERO) {
        status = fill_absent(j);
    }
    for (size_t i = 0; i < j->cells.count && status == TRAFFSTAT_OK; i++) {
        settle(&j->cells.items[i].cell);
        status = traffstat_i_builder_add(j->ctx, j->builder, j->cells.items[i].series,
                                         &j->cells.items[i].cell);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_builder_finish(j->ctx, j->builder, panel) : status;
}

static traffstat_status check_yield(traffstat_i_job *j)
{
    if (j->used > 0) {
        return TRAFFSTAT_OK;
    }
    if (j->log.met[TRAFFSTAT_I_OTHER_MEASURE] > 0 && j->options->measure != NULL) {
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_COLUMN,
                                "%s has no record of the measure \"%s\" that could be used; the "
                                "nearest measure is \"%s\"",
                                j->file, j->options->measure, j->nearest);
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

static traffstat_status read_one(traffstat_i_job *j, traffstat_i_source *source)
{
    const traffstat_i_sink sink = {take_record, take_quote, j, take_bytes, take_head};
    j->file = source->name;
    j->log.file = source->name;
    j->has_header = false;
    j->dialect = (traffstat_i_dialect){.name = NULL};
    traffstat_i_header_clear(j->ctx, &j->header);
    j->header = (traffstat_i_header){.measure = NULL};
    traffstat_i_shape_clear(j->ctx, &j->shape);
    j->above = 0;
    j->footed = false;
    const traffstat_status status =
        traffstat_i_records_run(j->ctx, source, j->options, &sink, &j->dialect);
    const traffstat_status told = traffstat_i_job_tell_file(j, source);
    return status == TRAFFSTAT_OK ? told : status;
}

static traffstat_status read_all(traffstat_i_job *j, const inputs *in)
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

/* What is made of a series that lost records is to say so. */
static void flag_lost(const traffstat_i_job *j, traffstat_panel *panel)
{
    for (size_t i = 0; i < traffstat_panel_series(panel) && i < j->lost_capacity; i++) {
        const size_t first = traffstat_panel_series_first(panel, i);
        const size_t end = first + traffstat_panel_series_count(panel, i);
        for (size_t row = first; row < end && j->lost[i] > 0; row++) {
            traffstat_i_panel_flag(panel, row, TRAFFSTAT_FLAG_LOST);
        }
    }
}

/* What the whole says of its parts; each looks at the panel as the ones before it left it. */
static traffstat_status look_over(traffstat_i_job *j, traffstat_panel **panel)
{
    traffstat_status status = traffstat_i_job_tell_identical(j, *panel);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_job_tell_names(j, *panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_job_tell_vintages(j, *panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_job_totals(j, panel);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    flag_lost(j, *panel);
    return traffstat_i_sanity(&j->log, *panel, &j->cells);
}

static traffstat_status run(traffstat_i_job *j, const inputs *in, traffstat_panel **panel)
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
    return status == TRAFFSTAT_OK && j->beside == NULL ? look_over(j, panel) : status;
}

static void clear(traffstat_i_job *j)
{
    traffstat_panel_builder_free(j->builder);
    traffstat_i_header_clear(j->ctx, &j->header);
    traffstat_i_shape_clear(j->ctx, &j->shape);
    for (size_t i = 0; i < TRAFFSTAT_I_TEXTS; i++) {
        traffstat_i_text_clear(&j->joined[i]);
    }
    traffstat_i_free(j->ctx, j->identical.slots);
    traffstat_i_free(j->ctx, j->vintages);
    traffstat_i_job_clear_names(j);
    traffstat_i_cells_clear(&j->cells);
    traffstat_i_log_clear(&j->log);
    traffstat_i_text_clear(&j->files);
    traffstat_i_text_clear(&j->dialects);
    traffstat_i_text_clear(&j->encodings);
    traffstat_i_text_clear(&j->layouts);
    traffstat_i_free(j->ctx, j->lost);
    traffstat_i_free(j->ctx, j->last);
}

/* The account is told on failure too, where memory allows; the message and the place stay those of
 * the failure. */
static traffstat_status read_inputs(traffstat_ctx *ctx, const traffstat_reader *options,
                                    const traffstat_i_beside *beside, const inputs *in,
                                    traffstat_panel **panel, traffstat_account **account)
{
    traffstat_reader standard;
    traffstat_i_reader_defaults(&standard);
    traffstat_i_job j = {
        .ctx = ctx, .options = options != NULL ? options : &standard, .beside = beside};
    traffstat_status status = traffstat_i_account_new(
        ctx, (size_t) j.options->limits[TRAFFSTAT_LIMIT_EXAMPLES], &j.account);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    j.file = in->only != NULL ? in->only->name : in->paths[0];
    traffstat_i_text_init(&j.files, ctx);
    traffstat_i_text_init(&j.layouts, ctx);
    for (size_t i = 0; i < TRAFFSTAT_I_TEXTS; i++) {
        traffstat_i_text_init(&j.joined[i], ctx);
    }
    traffstat_i_text_init(&j.dialects, ctx);
    traffstat_i_text_init(&j.encodings, ctx);
    traffstat_i_log_init(&j.log, ctx, j.account, j.file, j.options);
    traffstat_i_cells_init(&j.cells, ctx);
    status = run(&j, in, panel);
    const traffstat_status told = traffstat_i_job_tell(&j, *panel);
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

traffstat_status traffstat_i_job_beside(traffstat_ctx *ctx, const traffstat_reader *options,
                                        const char *path, const traffstat_i_beside *beside,
                                        traffstat_panel **panel)
{
    return read_inputs(ctx, options, beside, &(inputs){.paths = &path, .count = 1}, panel, NULL);
}

/* ---- the public calls ----------------------------------------------------------------------- */

static traffstat_status read_source(const traffstat_i_entry *entry, traffstat_i_source *source)
{
    return read_inputs(entry->ctx, entry->reader, NULL, &(inputs){.only = source}, entry->out,
                       entry->account);
}

static traffstat_i_entry entry_of(traffstat_ctx *ctx, const traffstat_reader *reader,
                                  traffstat_panel **panel, traffstat_account **account)
{
    if (panel != NULL) {
        *panel = NULL;
    }
    return (traffstat_i_entry){ctx, reader, account, panel, "panel", read_source};
}

traffstat_status traffstat_read_path(traffstat_ctx *ctx, const traffstat_reader *reader,
                                     const char *path, traffstat_panel **panel,
                                     traffstat_account **account)
{
    const traffstat_i_entry entry = entry_of(ctx, reader, panel, account);
    return traffstat_i_entry_path(&entry, path);
}

traffstat_status traffstat_read_population(traffstat_ctx *ctx, const traffstat_reader *reader,
                                           const char *path, traffstat_panel **panel,
                                           traffstat_account **account)
{
    traffstat_reader settings;
    traffstat_i_reader_defaults(&settings);
    if (reader != NULL) {
        settings = *reader; /* borrowed: nothing of it is freed */
    }
    settings.denominators = true;
    settings.totals = TRAFFSTAT_TOTALS_KEEP; /* a state may be asked for among its counties */
    return traffstat_read_path(ctx, &settings, path, panel, account);
}

traffstat_status traffstat_read_paths(traffstat_ctx *ctx, const traffstat_reader *reader,
                                      const char *const *paths, size_t count,
                                      traffstat_panel **panel, traffstat_account **account)
{
    const traffstat_i_entry entry = entry_of(ctx, reader, panel, account);
    bool has_input = paths != NULL && count > 0;
    for (size_t i = 0; has_input && i < count; i++) {
        has_input = paths[i] != NULL;
    }
    const traffstat_status status = traffstat_i_entry_begin(&entry, has_input);
    return status == TRAFFSTAT_OK
               ? read_inputs(ctx, reader, NULL, &(inputs){.paths = paths, .count = count}, panel,
                             account)
               : status;
}

traffstat_status traffstat_read_memory(traffstat_ctx *ctx, const traffstat_reader *reader,
                                       const void *data, size_t size, const char *name,
                                       traffstat_panel **panel, traffstat_account **account)
{
    const traffstat_i_entry entry = entry_of(ctx, reader, panel, account);
    return traffstat_i_entry_memory(&entry, data, size, name);
}

traffstat_status traffstat_read_stream(traffstat_ctx *ctx, const traffstat_reader *reader,
                                       traffstat_read_fn read, void *user, const char *name,
                                       traffstat_panel **panel, traffstat_account **account)
{
    const traffstat_i_entry entry = entry_of(ctx, reader, panel, account);
    return traffstat_i_entry_stream(&entry, read, user, name);
}
