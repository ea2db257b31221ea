#include <string.h>

#include "read/read.h"

/* Blocks that are there at a time: one whose records are being taken, the others being filled and
 * split. More of them even out which thread is the faster one. */
#define SLOTS 4

typedef struct slot {
    char *block;
    bool reads; /* it is the other thread that fills this one */
    bool there; /* it is filled */
    traffstat_i_block ready;
} slot;

struct traffstat_i_ahead {
    traffstat_ctx *ctx;
    traffstat_i_source *source;
    traffstat_i_lane *lane;
    traffstat_i_form form;
    char *home; /* the source's own block */
    slot slots[SLOTS];
    traffstat_i_plan *plans; /* one a slot */
    size_t filled;           /* slots in all, each once a turn */
    size_t taken;
    bool ended; /* the source has no more to give */
    bool reads; /* the other thread reads, too */
    bool stuck; /* its own: it has come to what it cannot read */

    /* A failure to read waits until the records before it have been taken: they may fail first. */
    char message[1024];
    int64_t line;
    int64_t column;
    int64_t offset;
};

/* On the other thread. Touches neither context nor memory but the slot's and, while it reads, the
 * source. */
static void work_on_slot(void *arg, size_t task)
{
    traffstat_i_ahead *ahead = arg;
    slot *to = &ahead->slots[task % SLOTS];
    if (to->reads) {
        ahead->source->spare = to->block;
        to->there = !ahead->stuck && traffstat_i_source_read_plain(ahead->source, &to->ready);
        ahead->source->spare = NULL;
        ahead->stuck = !to->there || to->ready.text.size == 0;
    }
    if (to->there) {
        to->ready.plan = &ahead->plans[task % SLOTS];
        traffstat_i_plan_make(&ahead->plans[task % SLOTS], to->ready.text);
    }
}

static void keep_message(traffstat_i_ahead *ahead)
{
    const char *message = traffstat_ctx_message(ahead->ctx);
    const size_t size = strnlen(message, sizeof ahead->message - 1);
    memcpy(ahead->message, message, size);
    ahead->message[size] = '\0';
    ahead->line = traffstat_ctx_error_line(ahead->ctx);
    ahead->column = traffstat_ctx_error_column(ahead->ctx);
    ahead->offset = traffstat_ctx_error_offset(ahead->ctx);
}

static void fill_slot(traffstat_i_ahead *ahead)
{
    slot *to = &ahead->slots[ahead->filled % SLOTS];
    to->reads = ahead->reads;
    to->ready.plan = NULL;
    if (!to->reads) {
        ahead->source->spare = to->block;
        traffstat_i_source_read(ahead->source, &to->ready);
        ahead->source->spare = NULL;
        to->there = to->ready.status == TRAFFSTAT_OK && to->ready.text.size > 0;
        ahead->ended = !to->there;
        if (ahead->ended) {
            keep_message(ahead);
        }
    }
    traffstat_i_lane_give(ahead->lane);
    ahead->filled++;
}

static traffstat_status begin(traffstat_i_ahead *ahead)
{
    ahead->plans = traffstat_i_alloc(ahead->ctx, SLOTS, sizeof *ahead->plans);
    if (ahead->plans == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        ahead->plans[i].form = ahead->form;
        ahead->slots[i].block = traffstat_i_alloc(ahead->ctx, TRAFFSTAT_I_BLOCK, 1);
        if (ahead->slots[i].block == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
    }
    return traffstat_i_lane_open(ahead->ctx, work_on_slot, ahead, &ahead->lane);
}

traffstat_status traffstat_i_ahead_open(traffstat_ctx *ctx, traffstat_i_source *source,
                                        const traffstat_i_form *form, traffstat_i_ahead **out)
{
    *out = NULL;
    traffstat_i_ahead *ahead = traffstat_i_alloc(ctx, 1, sizeof *ahead);
    if (ahead == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    ahead->ctx = ctx;
    ahead->source = source;
    ahead->form = *form;
    ahead->home = source->block;
    ahead->reads = traffstat_i_source_is_plain(source);
    const traffstat_status status = begin(ahead);
    if (status != TRAFFSTAT_OK || ahead->lane == NULL) {
        traffstat_i_ahead_close(ahead);
        return status;
    }
    *out = ahead;
    return TRAFFSTAT_OK;
}

void traffstat_i_ahead_close(traffstat_i_ahead *ahead)
{
    if (ahead == NULL) {
        return;
    }
    traffstat_i_lane_close(ahead->lane);
    for (size_t i = 0; i < SLOTS; i++) {
        traffstat_i_free(ahead->ctx, ahead->slots[i].block);
    }
    traffstat_i_free(ahead->ctx, ahead->plans);
    ahead->source->block = ahead->home;
    traffstat_i_free(ahead->ctx, ahead);
}

/* The failure becomes the context's again. */
static void tell_failure(const traffstat_i_ahead *ahead, traffstat_status status)
{
    traffstat_i_place(ahead->ctx, ahead->line, ahead->column, ahead->offset);
    (void) traffstat_i_fail(ahead->ctx, status, "%s", ahead->message);
}

/* The other thread came to what it cannot read, and has left the slots after it alone: the calling
 * one goes on there, in the block that was begun. */
static void take_over(traffstat_i_ahead *ahead, slot *begun)
{
    traffstat_i_lane_await(ahead->lane, ahead->filled - 1);
    ahead->reads = false;
    ahead->taken = ahead->filled;
    slot *next = &ahead->slots[ahead->filled % SLOTS];
    char *block = next->block;
    next->block = begun->block;
    begun->block = block;
}

static slot *next_slot(traffstat_i_ahead *ahead)
{
    /* the block that was handed out last is done with */
    while (!ahead->ended && ahead->filled - ahead->taken < SLOTS) {
        fill_slot(ahead);
    }
    const size_t task = ahead->taken++;
    traffstat_i_lane_await(ahead->lane, task);
    return &ahead->slots[task % SLOTS];
}

void traffstat_i_ahead_next(traffstat_i_ahead *ahead, traffstat_i_block *out)
{
    slot *from = next_slot(ahead);
    if (from->reads && !from->there) {
        take_over(ahead, from);
        from = next_slot(ahead);
    }
    if (from->ready.status != TRAFFSTAT_OK && !from->ready.refused) {
        tell_failure(ahead, from->ready.status);
    }
    *out = from->ready;
}
