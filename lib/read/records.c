#include <csv.h>
#include <string.h>

#include "read/read.h"

/* A quoted field with more line ends than FEW is worth a word; with more than MANY it is taken
 * for a quote that nobody closed. */
#define FEW 10
#define MANY 100
#define FIRST_FIELD_ROOM 4096

typedef struct span {
    size_t start;
    size_t size;
} span;

struct traffstat_i_records {
    traffstat_ctx *ctx;
    traffstat_i_source *source;
    const traffstat_i_sink *sink;
    traffstat_status status; /* libcsv's callbacks return nothing: what they met waits here */
    uint64_t field_limit;
    uint64_t record_limit;
    uint64_t column_limit;
    uint64_t ahead_from;
    uint64_t handed;                        /* bytes of text so far */
    traffstat_i_ahead *ahead;               /* NULL: blocks come straight from the source */
    traffstat_i_cut cut;                    /* of the text at hand */
    traffstat_i_form form;                  /* of plain lines */
    traffstat_i_met met[TRAFFSTAT_I_FOUND]; /* `at`: the line; to be told */

    struct csv_parser parser;
    int idle;   /* the parser's state between records */
    int inside; /* and inside a quoted field */

    /* the record in the making */
    char *text;
    size_t text_size;
    size_t text_room;
    span *spans;
    size_t span_room;
    traffstat_i_slice *slices;
    size_t slice_room;
    size_t columns;
    bool spread; /* a field goes over lines: the first such one, and the line where it began */
    size_t spread_column;
    int64_t spread_line;
    int64_t spread_lines; /* of the longest */
    bool surplus;
    bool blank;
    bool closed; /* a record ended during the last call */
    bool broken; /* and this one must be read again from its second line */

    /* once the header is known */
    const unsigned char *wanted;
    size_t width;

    /* physical lines */
    int64_t line;           /* that is being fed */
    int64_t record_line;    /* where the record in the making began */
    int64_t field_line;     /* where its last field began */
    uint64_t hash;          /* of what was fed of it */
    traffstat_text pending; /* raw bytes of the record in the making */
    char *replay;           /* bytes to be read again before the source goes on */
    size_t replay_size;
    size_t replay_at;
};

/* ---- libcsv --------------------------------------------------------------------------------- */

/* libcsv's hook knows no user: it never grows the buffer, and feed() does it with our allocator. */
static void *refuse_to_grow(void *block, size_t size)
{
    (void) block;
    (void) size;
    return NULL;
}

/* Back to between two records; options and buffer stay. */
static void reset_parser(traffstat_i_records *r)
{
    unsigned char *buffer = r->parser.entry_buf;
    const size_t size = r->parser.entry_size;
    const unsigned char delimiter = csv_get_delim(&r->parser);
    (void) csv_init(&r->parser, 0);
    csv_set_delim(&r->parser, delimiter);
    csv_set_realloc_func(&r->parser, refuse_to_grow);
    r->parser.entry_buf = buffer;
    r->parser.entry_size = size;
}

static traffstat_status start_parser(traffstat_i_records *r, char delimiter)
{
    if (csv_init(&r->parser, 0) != 0) {
        return traffstat_i_fail(r->ctx, TRAFFSTAT_E_INTERNAL, "libcsv refused its options");
    }
    csv_set_delim(&r->parser, (unsigned char) delimiter);
    csv_set_realloc_func(&r->parser, refuse_to_grow);
    r->idle = r->parser.pstate;
    r->parser.entry_buf = traffstat_i_alloc(r->ctx, FIRST_FIELD_ROOM, 1);
    if (r->parser.entry_buf == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    r->parser.entry_size = FIRST_FIELD_ROOM;
    (void) csv_parse(&r->parser, "\"a", 2, NULL, NULL, NULL); /* its states have no names outside */
    r->inside = r->parser.pstate;
    reset_parser(r);
    return TRAFFSTAT_OK;
}

/* One byte more than the limit, for libcsv grows before it knows that a field is at its end. */
static traffstat_status grow_field(traffstat_i_records *r, bool *full)
{
    const size_t most = (size_t) r->field_limit + 1;
    const size_t size = r->parser.entry_size;
    *full = size >= most;
    if (*full) {
        return TRAFFSTAT_OK;
    }
    const size_t next = size > most / 2 ? most : size * 2;
    unsigned char *grown = traffstat_i_realloc(r->ctx, r->parser.entry_buf, next, 1);
    if (grown == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    r->parser.entry_buf = grown;
    r->parser.entry_size = next;
    return TRAFFSTAT_OK;
}

/* ---- the record in the making --------------------------------------------------------------- */

static void clear_record(traffstat_i_records *r)
{
    r->columns = 0;
    r->text_size = 0;
    r->surplus = false;
    r->blank = true;
    r->spread = false;
    r->spread_lines = 0;
}

static traffstat_status fail_limit(traffstat_i_records *r, const char *what, uint64_t limit,
                                   const char *unit)
{
    traffstat_i_place(r->ctx, r->record_line, 0, -1);
    return traffstat_i_fail(r->ctx, TRAFFSTAT_E_LIMIT,
                            "%s:%lld: a %s of more than %zu %s: raise the "
                            "limit if the file is sound",
                            r->source->name, (long long) r->record_line, what, (size_t) limit,
                            unit);
}

static bool is_wanted(const traffstat_i_records *r, size_t column)
{
    return r->wanted == NULL || (column < r->width && r->wanted[column] != 0);
}

static traffstat_status keep_field(traffstat_i_records *r, size_t column, const void *data,
                                   size_t size)
{
    if (column >= r->span_room &&
        !traffstat_i_reserve(r->ctx, &r->spans, &r->span_room, column + 1, sizeof *r->spans)) {
        return TRAFFSTAT_E_NOMEM;
    }
    r->spans[column] = (span){r->text_size, 0};
    if (size == 0 || !is_wanted(r, column)) {
        return TRAFFSTAT_OK;
    }
    if (r->text_size + size > r->text_room &&
        !traffstat_i_reserve(r->ctx, &r->text, &r->text_room, r->text_size + size, 1)) {
        return TRAFFSTAT_E_NOMEM;
    }
    memcpy(r->text + r->text_size, data, size);
    r->spans[column].size = size;
    r->text_size += size;
    return TRAFFSTAT_OK;
}

static void note_lines(traffstat_i_records *r, size_t column)
{
    const int64_t lines = r->line - r->field_line + 1;
    if (!r->spread) {
        r->spread = true;
        r->spread_column = column;
        r->spread_line = r->field_line;
    }
    r->spread_lines = lines > r->spread_lines ? lines : r->spread_lines;
    r->field_line = r->line;
}

static void on_field(void *data, size_t size, void *user)
{
    traffstat_i_records *r = user;
    if (r->status != TRAFFSTAT_OK || r->broken) {
        return;
    }
    const size_t column = r->columns++;
    if (r->line != r->field_line) {
        note_lines(r, column);
    }
    r->blank = r->blank && size == 0;
    if (size > r->field_limit) {
        r->status = fail_limit(r, "field", r->field_limit, "bytes");
    } else if (column >= r->column_limit) {
        r->status = fail_limit(r, "record", r->column_limit, "fields");
    } else if (r->wanted == NULL || column < r->width) {
        r->status = keep_field(r, column, data, size);
    } else {
        r->surplus = r->surplus || size > 0;
    }
}

static traffstat_status cut_slices(traffstat_i_records *r, size_t kept)
{
    if (!traffstat_i_reserve(r->ctx, &r->slices, &r->slice_room, kept, sizeof *r->slices)) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < kept; i++) {
        const bool there = i < r->columns && r->spans[i].size > 0;
        r->slices[i] = there ? (traffstat_i_slice){r->text + r->spans[i].start, r->spans[i].size}
                             : (traffstat_i_slice){"", 0};
    }
    return TRAFFSTAT_OK;
}

/* Tells what was met in the bytes up to `line`. */
static traffstat_status tell_bytes(traffstat_i_records *r, int64_t line)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (int what = 0; what < TRAFFSTAT_I_FOUND && status == TRAFFSTAT_OK; what++) {
        const traffstat_i_met *met = &r->met[what];
        if (met->met && (int64_t) met->at <= line && r->sink->bytes != NULL) {
            status = r->sink->bytes(what, (int64_t) met->at, met->byte, r->sink->user);
            r->met[what].met = false;
        }
    }
    return status;
}

static traffstat_status hand_slices(traffstat_i_records *r, size_t kept)
{
    const traffstat_i_record record = {
        .line = r->record_line,
        .fields = r->columns,
        .kept = kept,
        .field = r->slices,
        .surplus = r->surplus,
        .blank = r->blank,
        .hash = r->hash,
    };
    return r->sink->record(r, &record, r->sink->user);
}

static traffstat_status hand_over(traffstat_i_records *r)
{
    const size_t kept = r->wanted != NULL ? r->width : r->columns;
    traffstat_status status = cut_slices(r, kept);
    if (status == TRAFFSTAT_OK) {
        status = tell_bytes(r, r->record_line);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (r->spread_lines > FEW + 1 && r->wanted != NULL) {
        status = r->sink->quote(TRAFFSTAT_I_LONG_QUOTE, r->spread_line, r->spread_column,
                                r->spread_lines, r->sink->user);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    return hand_slices(r, kept);
}

static void on_record(int ending, void *user)
{
    (void) ending;
    traffstat_i_records *r = user;
    if (r->status != TRAFFSTAT_OK || r->broken) {
        return;
    }
    /* A stray quote eats whole lines and leaves the wrong number of fields. */
    if (r->spread && r->wanted != NULL && (r->columns < r->width || r->surplus)) {
        r->broken = true;
        r->field_line = r->spread_line;
        r->columns = r->spread_column;
        return;
    }
    r->closed = true;
    r->status = hand_over(r);
    clear_record(r);
    r->record_line = r->line;
    r->field_line = r->line;
}

/* ---- physical lines ------------------------------------------------------------------------- */

static bool between_records(const traffstat_i_records *r)
{
    return r->parser.pstate == r->idle;
}

static traffstat_status parse(traffstat_i_records *r, const char *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        done += csv_parse(&r->parser, data + done, size - done, on_field, on_record, r);
        if (r->status != TRAFFSTAT_OK || r->broken || done >= size) {
            break;
        }
        bool full = false;
        const traffstat_status status = grow_field(r, &full);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        if (full && r->line == r->field_line) {
            return fail_limit(r, "field", r->field_limit, "bytes");
        }
        if (full) {
            r->broken = true;
            break;
        }
    }
    return r->status;
}

/* Keeps the raw bytes of an unfinished record, to read them again should its quote never close. */
static traffstat_status keep_pending(traffstat_i_records *r, const char *data, size_t size)
{
    traffstat_i_text_add_bytes(&r->pending, data, size);
    if (r->pending.failed) {
        return traffstat_i_fail(r->ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    if (r->pending.size <= r->record_limit && r->line - r->field_line <= MANY) {
        return TRAFFSTAT_OK;
    }
    if (r->line == r->field_line) {
        return fail_limit(r, "record", r->record_limit, "bytes");
    }
    r->broken = true;
    return TRAFFSTAT_OK;
}

/* Does the first quote that could close a field stand before something else than a field's end?
 * Then it opens another field, and the one that is open was opened by a stray quote. libcsv
 * would read on. */
static bool closes_badly(const traffstat_i_records *r, const char *data, size_t size)
{
    const char delimiter = (char) r->parser.delim_char;
    const char *end = data + size;
    const char *at = memchr(data, '"', size);
    while (at != NULL && at + 1 < end && at[1] == '"') {
        at = memchr(at + 2, '"', (size_t) (end - at) - 2);
    }
    if (at == NULL) {
        return false;
    }
    at++;
    while (at < end && (*at == ' ' || *at == '\t') && *at != delimiter) {
        at++;
    }
    return at < end && *at != delimiter && *at != '\r' && *at != '\n';
}

/* A line that is a record, cut into r->slices. */
static traffstat_status take_split(traffstat_i_records *r, const traffstat_i_split_line *split)
{
    traffstat_status status = tell_bytes(r, r->line);
    if (status == TRAFFSTAT_OK) {
        const traffstat_i_record record = {
            .line = r->line,
            .fields = split->columns,
            .kept = r->width,
            .field = r->slices,
            .surplus = split->surplus,
            .blank = split->blank,
            .hash = split->hash,
        };
        status = r->sink->record(r, &record, r->sink->user);
    }
    r->line++;
    return status;
}

/* Of the whole record, however blocks and lines cut it. */
static traffstat_status hash_record(traffstat_i_records *r, const char *data, size_t size)
{
    const size_t before = r->pending.size;
    if (before == 0) {
        r->hash = traffstat_i_hash_line(data, size);
        return TRAFFSTAT_OK;
    }
    traffstat_i_text_add_bytes(&r->pending, data, size);
    if (r->pending.failed) {
        return traffstat_i_fail(r->ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    r->hash = traffstat_i_hash_line(r->pending.data, r->pending.size);
    r->pending.size = before;
    return TRAFFSTAT_OK;
}

static traffstat_status feed(traffstat_i_records *r, const char *data, size_t size, bool ends_line)
{
    if (between_records(r)) {
        r->record_line = r->line;
        r->field_line = r->line;
        r->pending.size = 0;
    }
    traffstat_status status = hash_record(r, data, size);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (size > r->record_limit) {
        return fail_limit(r, "record", r->record_limit, "bytes");
    }
    r->closed = false;
    r->broken = r->wanted != NULL && r->parser.pstate == r->inside && r->line > r->field_line &&
                closes_badly(r, data, size);
    status = r->broken ? TRAFFSTAT_OK : parse(r, data, size);
    if (status == TRAFFSTAT_OK && (r->broken || !between_records(r))) {
        r->pending.size = r->closed ? 0 : r->pending.size;
        status = keep_pending(r, data, size);
    }
    r->line += ends_line;
    return status;
}

/* The record in the making is given up: its lines after the one where the quote opened are read
 * again, before what was left to be read. */
static traffstat_status resume(traffstat_i_records *r)
{
    const int64_t opened = r->field_line;
    const char *rest = r->pending.data;
    size_t size = r->pending.size;
    for (int64_t line = r->record_line; line <= opened; line++) {
        const char *end = size > 0 ? traffstat_i_line_end(rest, size) : NULL;
        const size_t step = end != NULL ? (size_t) (end - rest) : size;
        rest += step;
        size -= step;
    }
    const size_t left = r->replay_size - r->replay_at;
    char *again = traffstat_i_alloc(r->ctx, size + left, 1);
    if (again == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (size > 0) {
        memcpy(again, rest, size);
    }
    if (left > 0) {
        memcpy(again + size, r->replay + r->replay_at, left);
    }
    traffstat_i_free(r->ctx, r->replay);
    r->replay = again;
    r->replay_size = size + left;
    r->replay_at = 0;
    const size_t column = r->columns;
    r->broken = false;
    r->pending.size = 0;
    clear_record(r);
    reset_parser(r);
    r->line = opened + 1;
    return r->sink->quote(TRAFFSTAT_I_UNTERMINATED, opened, column, 0, r->sink->user);
}

/* Feeds the first line of the text; *taken: its bytes. */
static traffstat_status feed_line(traffstat_i_records *r, traffstat_i_slice text, size_t *taken)
{
    bool ends = false;
    *taken = traffstat_i_cut_line(r->cut, text, &ends);
    traffstat_i_split_line split;
    if (ends && r->wanted != NULL && between_records(r) &&
        traffstat_i_split_wanted(&r->form, (traffstat_i_slice){text.data, *taken}, r->slices,
                                 r->slice_room, &split)) {
        return take_split(r, &split);
    }
    return feed(r, text.data, *taken, ends);
}

/* The same with a line that a plan has cut; `pieces` moves past its own. */
static traffstat_status feed_planned(traffstat_i_records *r, const char *data,
                                     const traffstat_i_planned *line,
                                     const traffstat_i_piece **pieces)
{
    const traffstat_i_piece *piece = *pieces;
    *pieces += line->columns > 0 ? r->width : 0;
    if (line->columns == 0 || r->width > r->slice_room || !between_records(r)) {
        return feed(r, data, line->size, true);
    }
    for (size_t i = 0; i < r->width; i++) {
        r->slices[i] = (traffstat_i_slice){data + piece[i].start, piece[i].size};
    }
    const traffstat_i_split_line split = {line->columns, line->blank, line->surplus, line->hash};
    return take_split(r, &split);
}

static traffstat_status drain_replay(traffstat_i_records *r)
{
    while (r->broken || r->replay_at < r->replay_size) {
        traffstat_status status;
        if (r->broken) {
            status = resume(r);
        } else {
            size_t taken = 0;
            const size_t at = r->replay_at;
            const traffstat_i_slice rest = {r->replay + at, r->replay_size - at};
            status = feed_line(r, rest, &taken);
            r->replay_at = at + taken;
        }
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return TRAFFSTAT_OK;
}

/* After a line that gave up the record in the making: what is read again may come from a block
 * before, where lines ended otherwise. */
static traffstat_status read_again(traffstat_i_records *r)
{
    const traffstat_i_cut cut = r->cut;
    r->cut = TRAFFSTAT_I_CUT_AT_ANY;
    const traffstat_status status = drain_replay(r);
    r->cut = cut;
    return status;
}

static traffstat_status feed_plan(traffstat_i_records *r, const traffstat_i_plan *plan,
                                  traffstat_i_slice *text)
{
    const traffstat_i_piece *pieces = plan->pieces;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < plan->count && status == TRAFFSTAT_OK; i++) {
        status = feed_planned(r, text->data, &plan->lines[i], &pieces);
        text->data += plan->lines[i].size;
        text->size -= plan->lines[i].size;
        if (status == TRAFFSTAT_OK && r->broken) {
            status = read_again(r);
        }
    }
    return status;
}

static traffstat_status feed_block(traffstat_i_records *r, const traffstat_i_block *block)
{
    traffstat_i_slice text = block->text;
    traffstat_status status = TRAFFSTAT_OK;
    r->cut = block->plan != NULL ? block->plan->cut : traffstat_i_cut_for(text);
    if (block->plan != NULL) {
        status = feed_plan(r, block->plan, &text);
    }
    while (text.size > 0 && status == TRAFFSTAT_OK) {
        size_t taken = 0;
        status = feed_line(r, text, &taken);
        text.data += taken;
        text.size -= taken;
        if (status == TRAFFSTAT_OK && r->broken) {
            status = read_again(r);
        }
    }
    return status;
}

/* The last line may lack its end; a quote that is still open then is open for good. */
static traffstat_status finish(traffstat_i_records *r)
{
    while (!between_records(r)) {
        r->closed = false;
        traffstat_status status = parse(r, "\n", 1);
        if (status == TRAFFSTAT_OK && (r->broken || !between_records(r))) {
            r->broken = true;
            status = read_again(r);
        }
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return tell_bytes(r, INT64_MAX);
}

/* ---- the run -------------------------------------------------------------------------------- */

static int64_t lines_in(const char *data, size_t size)
{
    int64_t lines = 0;
    const char *const last = data + size;
    for (const char *end = data; end != NULL && end < last; lines += end != NULL) {
        end = traffstat_i_line_end(end, (size_t) (last - end));
    }
    return lines;
}

static void note_met(traffstat_i_records *r, const traffstat_i_block *block)
{
    for (int what = 0; what < TRAFFSTAT_I_FOUND; what++) {
        const traffstat_i_met *met = &block->met[what];
        if (met->met) {
            const int64_t line = r->line + lines_in(block->text.data, met->at);
            r->met[what] = (traffstat_i_met){true, (size_t) line, met->byte};
        }
    }
}

static traffstat_status next_block(traffstat_i_records *r, traffstat_i_block *block)
{
    if (r->ahead != NULL) {
        traffstat_i_ahead_next(r->ahead, block);
    } else {
        traffstat_i_source_read(r->source, block);
    }
    if (block->refused) {
        return traffstat_i_source_refuse(r->source,
                                         r->line + lines_in(block->text.data, block->text.size));
    }
    note_met(r, block);
    r->handed += block->text.size;
    return block->status;
}

/* A second thread is worth its start when there is much to do; and plans want the header. */
static traffstat_status start_ahead(traffstat_i_records *r)
{
    const uint64_t known = r->source->expected > r->handed ? r->source->expected : r->handed;
    if (r->ahead != NULL || r->wanted == NULL || known < r->ahead_from) {
        return TRAFFSTAT_OK;
    }
    r->ahead_from = UINT64_MAX; /* once */
    return traffstat_i_workers(r->ctx, 2) > 1
               ? traffstat_i_ahead_open(r->ctx, r->source, &r->form, &r->ahead)
               : TRAFFSTAT_OK;
}

static double share_done(const traffstat_i_source *source, uint64_t bytes)
{
    const double taken = (double) bytes;
    const double all = source->expected > 0 ? (double) source->expected : taken + 64.0 * 65536.0;
    return 0.95 * (source->before + source->share * (taken < all ? taken / all : 1.0));
}

static traffstat_status read_blocks(traffstat_i_records *r, traffstat_i_block *block)
{
    traffstat_status status = TRAFFSTAT_OK;
    while (status == TRAFFSTAT_OK && block->text.size > 0) {
        status = traffstat_i_progress(r->ctx, share_done(r->source, block->taken));
        if (status == TRAFFSTAT_OK) {
            status = feed_block(r, block);
        }
        if (status == TRAFFSTAT_OK) {
            status = start_ahead(r);
        }
        if (status == TRAFFSTAT_OK) {
            status = next_block(r, block);
        }
    }
    return status == TRAFFSTAT_OK ? finish(r) : status;
}

static traffstat_status choose_dialect(traffstat_i_records *r, traffstat_i_slice *head,
                                       int32_t given, traffstat_i_dialect *dialect)
{
    const char *name = r->source->name;
    if (traffstat_i_slice_trim(*head).size == 0) {
        traffstat_i_place(r->ctx, 0, 0, 0);
        return traffstat_i_fail(r->ctx, TRAFFSTAT_E_FORMAT, "%s is %s", name,
                                head->size == 0 ? "empty" : "blank");
    }
    traffstat_i_dialect_choose(*head, given, dialect);
    if (dialect->fixed_width) {
        return traffstat_i_fail(r->ctx, TRAFFSTAT_E_FORMAT,
                                "%s is not CSV: it looks like a table of fixed-width columns",
                                name);
    }
    r->line = dialect->skip > 0 ? 2 : 1;
    head->data += dialect->skip;
    head->size -= dialect->skip;
    return TRAFFSTAT_OK;
}

static void clear_run(traffstat_i_records *r)
{
    traffstat_i_ahead_close(r->ahead);
    traffstat_i_free(r->ctx, r->parser.entry_buf);
    traffstat_i_free(r->ctx, r->text);
    traffstat_i_free(r->ctx, r->spans);
    traffstat_i_free(r->ctx, r->slices);
    traffstat_i_free(r->ctx, r->replay);
    traffstat_i_text_clear(&r->pending);
}

traffstat_status traffstat_i_header_open(traffstat_ctx *ctx, const char *file, int64_t line,
                                         size_t column)
{
    traffstat_i_place(ctx, line, (int64_t) column + 1, -1);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_FORMAT,
                            "%s:%lld: a quote opens in field %zu of the header and is never closed",
                            file, (long long) line, column + 1);
}

traffstat_status traffstat_i_records_run(traffstat_ctx *ctx, traffstat_i_source *source,
                                         const traffstat_reader *options,
                                         const traffstat_i_sink *sink, traffstat_i_dialect *dialect)
{
    traffstat_i_records r = {
        .ctx = ctx,
        .source = source,
        .sink = sink,
        .field_limit = options->limits[TRAFFSTAT_LIMIT_FIELD],
        .record_limit = options->limits[TRAFFSTAT_LIMIT_RECORD],
        .column_limit = options->limits[TRAFFSTAT_LIMIT_COLUMNS],
        .ahead_from = options->ahead_from,
        .line = 1,
        .blank = true,
    };
    traffstat_i_text_init(&r.pending, ctx);
    source->options = options;
    traffstat_i_block block;
    traffstat_status status = next_block(&r, &block);
    if (status == TRAFFSTAT_OK) {
        status = choose_dialect(&r, &block.text, options->delimiter, dialect);
    }
    if (status == TRAFFSTAT_OK && sink->head != NULL) {
        status = sink->head(block.text, dialect->delimiter, sink->user);
    }
    if (status == TRAFFSTAT_OK) {
        status = start_parser(&r, dialect->delimiter);
    }
    if (status == TRAFFSTAT_OK) {
        status = read_blocks(&r, &block);
    }
    clear_run(&r);
    return status;
}

void traffstat_i_records_want(traffstat_i_records *records, const unsigned char *wanted,
                              size_t width)
{
    const uint64_t least =
        records->field_limit < records->record_limit ? records->field_limit : records->record_limit;
    records->wanted = wanted;
    records->width = width;
    records->form = (traffstat_i_form){
        .delimiter = (char) records->parser.delim_char,
        .wanted = wanted,
        .width = width,
        .most_columns = (size_t) records->column_limit,
        .most_bytes = (size_t) least,
    };
}
