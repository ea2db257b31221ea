/* Who is whose neighbour: records of two places into pairs of series. Another sink beside the
 * panel's. Whether the file names places by keys or by names is known at its end, so texts are kept
 * until then. */
#include <string.h>

#include "read/links.h"

enum { FROM, TO, ENDS };

typedef struct ends {
    int64_t line;
    size_t text[ENDS]; /* in the arena */
    traffstat_i_place_found found[ENDS];
} ends;

/* What is read and into what. */
typedef struct wish {
    const traffstat_panel *panel;
    traffstat_links **links;
} wish;

typedef struct job {
    traffstat_ctx *ctx;
    const traffstat_reader *options;
    const char *file;
    const traffstat_panel *panel;
    traffstat_i_dialect dialect;
    traffstat_i_finder finder;
    bool has_header;
    size_t width;
    unsigned char *wanted; /* columns that are kept */
    size_t column[ENDS];
    traffstat_text name[ENDS]; /* of the columns */
    traffstat_i_log log;
    traffstat_account *account;
    traffstat_text arena;
    ends *records;
    size_t count;
    size_t capacity;
    size_t hits[2]; /* ends that are a key, and ends that are a name */
    bool by_name;
    int64_t seen;
    traffstat_i_pair *pairs;
    size_t used;
} job;

static traffstat_i_slice field(const traffstat_i_record *record, size_t column)
{
    return column < record->kept ? traffstat_i_slice_trim(record->field[column])
                                 : (traffstat_i_slice){"", 0};
}

/* ---- the header ------------------------------------------------------------------------------ */

/* Columns that are the two ends where a file has more than two; the first pair that is there. */
static const char *const pairs_of_names[][ENDS] = {
    {"from", "to"},          {"place", "neighbour"}, {"place", "neighbor"},
    {"key", "neighbourkey"}, {"key", "neighborkey"}, {"countygeoid", "neighborgeoid"}};

static size_t column_called(const traffstat_i_record *record, const char *name)
{
    char folded[64];
    for (size_t i = 0; i < record->kept; i++) {
        (void) traffstat_i_fold(record->field[i], folded, sizeof folded);
        if (strcmp(folded, name) == 0) {
            return i;
        }
    }
    return TRAFFSTAT_I_NO_COLUMN;
}

static traffstat_status choose_columns(job *j, const traffstat_i_record *record)
{
    if (record->kept == 2) {
        j->column[FROM] = 0;
        j->column[TO] = 1;
        return TRAFFSTAT_OK;
    }
    for (size_t i = 0; i < sizeof pairs_of_names / sizeof pairs_of_names[0]; i++) {
        j->column[FROM] = column_called(record, pairs_of_names[i][FROM]);
        j->column[TO] = column_called(record, pairs_of_names[i][TO]);
        if (j->column[FROM] != TRAFFSTAT_I_NO_COLUMN && j->column[TO] != TRAFFSTAT_I_NO_COLUMN) {
            return TRAFFSTAT_OK;
        }
    }
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_COLUMN,
                            "%s:%lld: neighbours need two columns of keys or names, and this file "
                            "has %zu, none of them called \"from\" and \"to\"",
                            j->file, (long long) record->line, record->kept);
}

static bool is_place(const job *j, traffstat_i_slice text)
{
    const traffstat_i_place_found found = traffstat_i_finder_find(&j->finder, text);
    return found.by_key != TRAFFSTAT_NONE || found.by_name != TRAFFSTAT_NONE;
}

/* From the next record on only the two columns are kept. */
static traffstat_status narrow(job *j, traffstat_i_records *records,
                               const traffstat_i_record *record)
{
    j->width = record->kept;
    j->wanted = traffstat_i_alloc(j->ctx, j->width, 1);
    if (j->wanted == NULL || j->name[FROM].failed || j->name[TO].failed) {
        return TRAFFSTAT_E_NOMEM;
    }
    j->wanted[j->column[FROM]] = 1;
    j->wanted[j->column[TO]] = 1;
    traffstat_i_records_want(records, j->wanted, j->width);
    j->has_header = true;
    return TRAFFSTAT_OK;
}

static traffstat_status take_header(job *j, traffstat_i_records *records,
                                    const traffstat_i_record *record)
{
    traffstat_i_place(j->ctx, record->line, 0, -1);
    traffstat_status status = choose_columns(j, record);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    for (int end = 0; end < ENDS; end++) {
        const traffstat_i_slice name = field(record, j->column[end]);
        traffstat_i_text_add_bytes(&j->name[end], name.data, name.size);
    }
    if (is_place(j, field(record, j->column[FROM])) && is_place(j, field(record, j->column[TO]))) {
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_FORMAT,
                                "%s:%lld: \"%s\" and \"%s\" are places: the first line must be a "
                                "header, such as from,to",
                                j->file, (long long) record->line,
                                traffstat_i_text_get(&j->name[FROM]),
                                traffstat_i_text_get(&j->name[TO]));
    }
    traffstat_i_place(j->ctx, 0, 0, -1);
    return narrow(j, records, record);
}

/* ---- records --------------------------------------------------------------------------------- */

static traffstat_status complain(job *j, traffstat_i_kind kind, int64_t line, int end,
                                 traffstat_i_slice got)
{
    const bool known = end < ENDS;
    return traffstat_i_log_add(&j->log, kind, line, known ? j->column[end] + 1 : 0,
                               known ? traffstat_i_text_get(&j->name[end]) : "", NULL, got);
}

static traffstat_status keep(job *j, const traffstat_i_record *from)
{
    static const char nul = '\0';
    if (!traffstat_i_reserve(j->ctx, &j->records, &j->capacity, j->count + 1, sizeof *j->records)) {
        return TRAFFSTAT_E_NOMEM;
    }
    ends *kept = &j->records[j->count++];
    *kept = (ends){.line = from->line};
    for (int end = 0; end < ENDS; end++) {
        const traffstat_i_slice text = field(from, j->column[end]);
        kept->text[end] = j->arena.size;
        traffstat_i_text_add_bytes(&j->arena, text.data, text.size);
        traffstat_i_text_add_bytes(&j->arena, &nul, 1);
        kept->found[end] = traffstat_i_finder_find(&j->finder, text);
        j->hits[0] += kept->found[end].by_key != TRAFFSTAT_NONE ? 1 : 0;
        j->hits[1] += kept->found[end].by_name != TRAFFSTAT_NONE ? 1 : 0;
    }
    return j->arena.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

static traffstat_status take_record(traffstat_i_records *records, const traffstat_i_record *record,
                                    void *user)
{
    job *j = user;
    if (record->blank) {
        return TRAFFSTAT_OK;
    }
    if (!j->has_header) {
        return take_header(j, records, record);
    }
    j->seen++;
    if (record->surplus || record->fields < j->width) {
        return complain(j, TRAFFSTAT_I_RAGGED_LOST, record->line, ENDS, (traffstat_i_slice){"", 0});
    }
    for (int end = 0; end < ENDS; end++) {
        if (field(record, j->column[end]).size == 0) {
            return complain(j, TRAFFSTAT_I_MISSING_PLACE, record->line, end,
                            (traffstat_i_slice){"", 0});
        }
    }
    return keep(j, record);
}

static traffstat_status take_quote(int what, int64_t line, size_t column, int64_t lines, void *user)
{
    job *j = user;
    (void) lines;
    if (what != TRAFFSTAT_I_UNTERMINATED) {
        return TRAFFSTAT_OK;
    }
    if (!j->has_header) {
        return traffstat_i_header_open(j->ctx, j->file, line, column);
    }
    j->seen++;
    return complain(j, TRAFFSTAT_I_QUOTE_OPEN, line, ENDS, (traffstat_i_slice){"", 0});
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static const char *text_of(const job *j, const ends *of, int end)
{
    return traffstat_i_text_get(&j->arena) + of->text[end];
}

static size_t series_of(const job *j, const ends *of, int end)
{
    return j->by_name ? of->found[end].by_name : of->found[end].by_key;
}

static traffstat_status refuse_several(job *j, const ends *of, int end)
{
    traffstat_i_place(j->ctx, of->line, (int64_t) j->column[end] + 1, -1);
    return traffstat_i_fail(j->ctx, TRAFFSTAT_E_CONFLICT,
                            "%s:%lld: several series of the counts have the %s \"%s\": select one "
                            "measure, or name places by their keys",
                            j->file, (long long) of->line, j->by_name ? "name" : "key",
                            text_of(j, of, end));
}

static traffstat_status take_pair(job *j, const ends *of)
{
    size_t place[ENDS];
    for (int end = 0; end < ENDS; end++) {
        place[end] = series_of(j, of, end);
        if (place[end] == TRAFFSTAT_I_SEVERAL) {
            return refuse_several(j, of, end);
        }
        if (place[end] == TRAFFSTAT_NONE) {
            return complain(j, TRAFFSTAT_I_LINK_UNMATCHED, of->line, end,
                            traffstat_i_slice_of(text_of(j, of, end)));
        }
    }
    if (place[FROM] == place[TO]) {
        return complain(j, TRAFFSTAT_I_SELF_LINK, of->line, TO,
                        traffstat_i_slice_of(text_of(j, of, TO)));
    }
    const bool back = place[FROM] > place[TO];
    j->pairs[j->used++] = (traffstat_i_pair){
        .low = place[back ? TO : FROM],
        .high = place[back ? FROM : TO],
        .back = back,
        .line = of->line,
    };
    return TRAFFSTAT_OK;
}

static traffstat_status nothing_links(job *j)
{
    if (j->seen == 0) {
        return traffstat_i_fail(j->ctx, TRAFFSTAT_E_NODATA,
                                "%s has no link between places below its header", j->file);
    }
    traffstat_text near;
    traffstat_i_text_init(&near, j->ctx);
    if (j->count > 0 && j->hits[0] + j->hits[1] == 0) {
        const size_t place = traffstat_i_finder_nearest(j->panel, text_of(j, j->records, FROM));
        traffstat_i_text_addf(&near, "; the nearest place of the counts is \"%s\"",
                              traffstat_i_panel_label(j->panel, place));
    }
    const traffstat_status status = traffstat_i_fail(
        j->ctx, TRAFFSTAT_E_NODATA,
        "%s does not match: none of its %lld links is between two places of the counts; the first "
        "was lost on line %s%s",
        j->file, (long long) j->seen, traffstat_i_text_get(&j->log.first_loss),
        traffstat_i_text_get(&near));
    traffstat_i_text_clear(&near);
    return status;
}

/* "Montana – Idaho", of a link without its way back. */
static traffstat_status tell_single(job *j, const traffstat_i_pair *pair)
{
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    traffstat_i_text_addf(&text, "%s, %s",
                          traffstat_i_panel_label(j->panel, pair->back ? pair->high : pair->low),
                          traffstat_i_panel_label(j->panel, pair->back ? pair->low : pair->high));
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_log_add_whole(&j->log, TRAFFSTAT_I_ONE_WAY_LINK, j->file,
                                                pair->line, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status tell_links(job *j, const traffstat_links *links,
                                   const traffstat_i_pair *single)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < links->one_way && status == TRAFFSTAT_OK; i++) {
        status = tell_single(j, &single[i]);
    }
    for (size_t i = 0; i < links->island_count && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_log_add_whole(&j->log, TRAFFSTAT_I_NO_NEIGHBOURS, j->file, 0,
                                           traffstat_i_panel_label(j->panel, links->islands[i]));
    }
    return status;
}

static traffstat_status make_links(job *j, traffstat_links **links)
{
    j->by_name = j->hits[1] > j->hits[0];
    j->pairs = traffstat_i_alloc(j->ctx, j->count, sizeof *j->pairs);
    traffstat_status status = j->pairs != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    for (size_t i = 0; i < j->count && status == TRAFFSTAT_OK; i++) {
        status = take_pair(j, &j->records[i]);
    }
    if (status == TRAFFSTAT_OK && j->used == 0) {
        status = nothing_links(j);
    }
    traffstat_i_pair *single = NULL;
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_pairs_make(j->ctx, j->pairs, j->used, traffstat_panel_series(j->panel),
                                        links, &single);
    }
    if (status == TRAFFSTAT_OK) {
        status = tell_links(j, *links, single);
    }
    traffstat_i_free(j->ctx, single);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status tell(job *j, traffstat_i_source *source)
{
    static const char *const roles[ENDS] = {"from", "to"};
    traffstat_i_account_rows(j->account, j->seen, (int64_t) j->used);
    traffstat_status status = traffstat_i_account_texts(
        j->account, j->file, j->dialect.name != NULL ? j->dialect.name : "",
        j->dialect.name != NULL ? traffstat_i_source_encoding(source) : "",
        j->has_header ? "links" : "");
    for (int end = 0; end < ENDS && status == TRAFFSTAT_OK && j->has_header; end++) {
        status =
            traffstat_i_account_column(j->account, roles[end], traffstat_i_text_get(&j->name[end]));
    }
    return status;
}

static traffstat_status run(job *j, traffstat_i_source *source, traffstat_links **links)
{
    const traffstat_i_sink sink = {.record = take_record, .quote = take_quote, .user = j};
    traffstat_status status = traffstat_i_finder_open(j->ctx, j->panel, &j->finder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_records_run(j->ctx, source, j->options, &sink, &j->dialect);
    }
    return status == TRAFFSTAT_OK ? make_links(j, links) : status;
}

static void clear(job *j)
{
    traffstat_i_finder_close(&j->finder);
    traffstat_i_log_clear(&j->log);
    traffstat_i_text_clear(&j->arena);
    traffstat_i_text_clear(&j->name[FROM]);
    traffstat_i_text_clear(&j->name[TO]);
    traffstat_i_free(j->ctx, j->wanted);
    traffstat_i_free(j->ctx, j->records);
    traffstat_i_free(j->ctx, j->pairs);
}

/* The account is told on failure too; the message and the place stay those of the failure. */
static traffstat_status read_entry(const traffstat_i_entry *entry, traffstat_i_source *source)
{
    const wish *wanted = entry->out;
    traffstat_reader standard;
    traffstat_i_reader_defaults(&standard);
    job j = {.ctx = entry->ctx,
             .options = entry->reader != NULL ? entry->reader : &standard,
             .file = source->name,
             .panel = wanted->panel};
    if (wanted->panel == NULL) {
        return traffstat_i_fail(j.ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    traffstat_status status = traffstat_i_account_new(
        j.ctx, (size_t) j.options->limits[TRAFFSTAT_LIMIT_EXAMPLES], &j.account);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_text_init(&j.arena, j.ctx);
    traffstat_i_text_init(&j.name[FROM], j.ctx);
    traffstat_i_text_init(&j.name[TO], j.ctx);
    traffstat_i_log_init(&j.log, j.ctx, j.account, j.file, j.options);
    status = run(&j, source, wanted->links);
    const traffstat_status told = tell(&j, source);
    status = status == TRAFFSTAT_OK ? told : status;
    status = status == TRAFFSTAT_OK ? traffstat_i_progress(j.ctx, 1.0) : status;
    clear(&j);
    if (status != TRAFFSTAT_OK) {
        traffstat_links_free(*wanted->links);
        *wanted->links = NULL;
    }
    if (entry->account != NULL) {
        *entry->account = j.account;
    } else {
        traffstat_account_free(j.account);
    }
    return status;
}

/* ---- the public calls ------------------------------------------------------------------------ */

traffstat_status traffstat_links_read_path(traffstat_ctx *ctx, const traffstat_reader *reader,
                                           const char *path, const traffstat_panel *panel,
                                           traffstat_links **links, traffstat_account **account)
{
    wish wanted = {panel, links};
    if (links != NULL) {
        *links = NULL;
    }
    const traffstat_i_entry entry = {ctx,     reader,    account, links != NULL ? &wanted : NULL,
                                     "links", read_entry};
    return traffstat_i_entry_path(&entry, path);
}

traffstat_status traffstat_links_read_memory(traffstat_ctx *ctx, const traffstat_reader *reader,
                                             const void *data, size_t size, const char *name,
                                             const traffstat_panel *panel, traffstat_links **links,
                                             traffstat_account **account)
{
    wish wanted = {panel, links};
    if (links != NULL) {
        *links = NULL;
    }
    const traffstat_i_entry entry = {ctx,     reader,    account, links != NULL ? &wanted : NULL,
                                     "links", read_entry};
    return traffstat_i_entry_memory(&entry, data, size, name);
}
