/* Bytes into a panel, whatever they are. The first two bytes of an input choose the options; the rest
 * is the file, read from memory, in pieces, and with a second thread. Stops where a record is lost
 * uncounted, the readings differ, or the panel as CSV does not read back to itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/read.h>
#include <traffstat/report.h>

#include "read/read.h"

enum { MEMORY, PIECES, THREADS, WAYS };

#define OPTION_BYTES 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct pieces {
    const uint8_t *data;
    size_t left;
    size_t step;
} pieces;

static int32_t next_piece(void *buffer, size_t size, size_t *got, void *user)
{
    pieces *p = user;
    const size_t most = p->left < p->step ? p->left : p->step;
    *got = most < size ? most : size;
    if (*got > 0) {
        memcpy(buffer, p->data, *got);
    }
    p->data += *got;
    p->left -= *got;
    p->step = p->step % 7 + 1;
    return 0;
}

static void require(int holds)
{
    if (!holds) {
        abort();
    }
}

static void must(traffstat_status status)
{
    require(status == TRAFFSTAT_OK);
}

static void set_options(traffstat_ctx *ctx, traffstat_reader *reader, const uint8_t *bits)
{
    static const char *const encodings[] = {NULL, "utf-8", "cp1252", "utf-16le"};
    const uint8_t a = bits[0];
    const uint8_t b = bits[1];
    must(traffstat_reader_set_encoding(ctx, reader, encodings[a & 3]));
    must(traffstat_reader_set_decimal(ctx, reader, (a & 4) != 0 ? ',' : '.'));
    must(traffstat_reader_set_delimiter(ctx, reader, (a & 8) != 0 ? ';' : 0));
    must(traffstat_reader_set_strictness(
        ctx, reader, (a & 16) != 0 ? TRAFFSTAT_READ_STRICT : TRAFFSTAT_READ_LIST));
    must(traffstat_reader_set_limit(ctx, reader, TRAFFSTAT_LIMIT_FIELD, (a & 32) != 0 ? 64 : 0));
    must(traffstat_reader_set_limit(ctx, reader, TRAFFSTAT_LIMIT_RECORD, (a & 64) != 0 ? 256 : 0));
    must(traffstat_reader_set_limit(ctx, reader, TRAFFSTAT_LIMIT_COLUMNS, (a & 128) != 0 ? 8 : 0));
    must(traffstat_reader_set_duplicates(ctx, reader, b & 3));
    must(traffstat_reader_set_limit(ctx, reader, TRAFFSTAT_LIMIT_DECOMPRESSED, 1 << 22));
    must(traffstat_reader_set_limit(ctx, reader, TRAFFSTAT_LIMIT_EXAMPLES, 100));
    if ((b & 4) != 0) {
        must(traffstat_reader_set(ctx, reader, TRAFFSTAT_ROLE_YEAR, "2017"));
    }
    if ((b & 8) != 0) {
        must(traffstat_reader_map(ctx, reader, TRAFFSTAT_ROLE_CASES, "#3"));
    }
}

/* ---- what is known of a reading -------------------------------------------------------------- */

typedef struct outcome {
    traffstat_status status;
    char message[1024];
    traffstat_panel *panel;
    traffstat_account *account;
    traffstat_text *csv;
    traffstat_text *json;
} outcome;

static void forget(outcome *o)
{
    traffstat_panel_free(o->panel);
    traffstat_account_free(o->account);
    traffstat_text_free(o->csv);
    traffstat_text_free(o->json);
}

static outcome read_in(traffstat_ctx *ctx, const traffstat_reader *reader, int way,
                       const uint8_t *data, size_t size)
{
    outcome o = {.status = TRAFFSTAT_OK};
    pieces in = {data, size, 1};
    must(traffstat_ctx_set_threads(ctx, way == THREADS ? 2 : 1));
    o.status =
        way == PIECES
            ? traffstat_read_stream(ctx, reader, next_piece, &in, "fuzz", &o.panel, &o.account)
            : traffstat_read_memory(ctx, reader, data, size, "fuzz", &o.panel, &o.account);
    strncpy(o.message, traffstat_ctx_message(ctx), sizeof o.message - 1);
    require(o.status != TRAFFSTAT_E_INTERNAL && o.status != TRAFFSTAT_E_NOMEM);
    require((o.status == TRAFFSTAT_OK) == (o.panel != NULL));
    require((o.status == TRAFFSTAT_OK) == (o.message[0] == '\0'));
    require(o.account != NULL);
    must(traffstat_account_json(ctx, o.account, &o.json));
    if (o.panel != NULL) {
        must(traffstat_panel_csv(ctx, o.panel, &o.csv));
    }
    return o;
}

/* A reading that fails stops in the middle of a record. */
static void check_rows(const outcome *o)
{
    int64_t dropped = 0;
    for (size_t i = 0; i < traffstat_account_problems(o->account); i++) {
        traffstat_problem problem;
        must(traffstat_account_problem(o->account, i, &problem));
        dropped += problem.rows_dropped;
    }
    require(o->panel == NULL || traffstat_account_rows_seen(o->account) ==
                                    traffstat_account_rows_used(o->account) + dropped);
}

static void check_same(const outcome *a, const outcome *b)
{
    require(a->status == b->status && strcmp(a->message, b->message) == 0);
    require(strcmp(traffstat_text_data(a->json), traffstat_text_data(b->json)) == 0);
    require(a->panel == NULL ||
            strcmp(traffstat_text_data(a->csv), traffstat_text_data(b->csv)) == 0);
}

/* The separator is given: it is told by the first block, and these end within long fields. */
static void check_round(traffstat_ctx *ctx, const outcome *o)
{
    traffstat_reader *reader = NULL;
    if (o->panel == NULL) {
        return;
    }
    must(traffstat_reader_new(ctx, &reader));
    must(traffstat_reader_set_delimiter(ctx, reader, ','));
    outcome again = read_in(ctx, reader, MEMORY, (const uint8_t *) traffstat_text_data(o->csv),
                            traffstat_text_size(o->csv));
    require(again.panel != NULL);
    require(strcmp(traffstat_text_data(again.csv), traffstat_text_data(o->csv)) == 0);
    require(traffstat_account_rows_dropped(again.account) == 0);
    forget(&again);
    traffstat_reader_free(reader);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    traffstat_ctx *ctx = NULL;
    traffstat_reader *reader = NULL;
    outcome o[WAYS];
    if (size < OPTION_BYTES) {
        return 0;
    }
    must(traffstat_ctx_new(NULL, &ctx));
    must(traffstat_reader_new(ctx, &reader));
    set_options(ctx, reader, data);
    reader->ahead_from = 0;
    for (int way = 0; way < WAYS; way++) {
        o[way] = read_in(ctx, reader, way, data + OPTION_BYTES, size - OPTION_BYTES);
    }
    check_rows(&o[MEMORY]);
    check_same(&o[MEMORY], &o[PIECES]);
    check_same(&o[MEMORY], &o[THREADS]);
    check_round(ctx, &o[MEMORY]);
    for (int way = 0; way < WAYS; way++) {
        forget(&o[way]);
    }
    traffstat_reader_free(reader);
    traffstat_ctx_free(ctx);
    return 0;
}
