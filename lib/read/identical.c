#include <string.h>

#include "read/job.h"

/* At most that many hashes are kept, 8 bytes in a table of twice as many: 1 MiB. */
#define HASHES_MAX ((size_t) 1 << 16)

static uint64_t hash_in(size_t cell, uint64_t hash)
{
    hash = (hash ^ (uint64_t) cell * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0x7fb5d329728ea185);
    hash ^= hash >> 31;
    return hash != 0 ? hash : 1;
}

static uint64_t *slot_of(const traffstat_i_identical *set, uint64_t hash)
{
    size_t slot = (size_t) (hash >> 20) & (set->slot_count - 1);
    while (set->slots[slot] != 0 && set->slots[slot] != hash) {
        slot = (slot + 1) & (set->slot_count - 1);
    }
    return &set->slots[slot];
}

static bool grow(traffstat_ctx *ctx, traffstat_i_identical *set)
{
    const size_t count = set->slot_count;
    uint64_t *old = set->slots;
    uint64_t *slots = traffstat_i_alloc(ctx, count > 0 ? count * 2 : 256, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    set->slots = slots;
    set->slot_count = count > 0 ? count * 2 : 256;
    for (size_t i = 0; i < count; i++) {
        if (old[i] != 0) {
            *slot_of(set, old[i]) = old[i];
        }
    }
    traffstat_i_free(ctx, old);
    return true;
}

/* Puts the record into the set; *there: it was there already. */
static traffstat_status look_up(traffstat_i_job *j, const traffstat_i_record *record, size_t cell,
                                bool *there)
{
    traffstat_i_identical *set = &j->identical;
    *there = false;
    if (set->count >= HASHES_MAX) {
        set->ended = true;
        set->ended_line = record->line;
        set->ended_file = j->file;
        return TRAFFSTAT_OK;
    }
    if (set->count * 2 >= set->slot_count && !grow(j->ctx, set)) {
        return TRAFFSTAT_E_NOMEM;
    }
    const uint64_t hash = hash_in(cell, record->hash);
    uint64_t *slot = slot_of(set, hash);
    *there = *slot == hash;
    set->count += *there ? 0 : 1;
    *slot = hash;
    return TRAFFSTAT_OK;
}

static void add_end(int64_t *sum, int64_t more)
{
    if (*sum == TRAFFSTAT_NO_UPPER || more == TRAFFSTAT_NO_UPPER ||
        !traffstat_i_add_int64(*sum, more, sum)) {
        *sum = TRAFFSTAT_NO_UPPER;
    }
}

traffstat_status traffstat_i_job_repeat(traffstat_i_job *j, const traffstat_i_record *record,
                                        size_t cell, const traffstat_cell *more)
{
    traffstat_i_identical *set = &j->identical;
    if (!j->counted) { /* the first cell of a record speaks for all */
        j->repeats = false;
        if (set->ended) {
            return TRAFFSTAT_OK;
        }
        j->repeats = j->cells.items[cell].hash == record->hash;
        const traffstat_status status =
            j->repeats ? TRAFFSTAT_OK : look_up(j, record, cell, &j->repeats);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        if (j->repeats && set->found < TRAFFSTAT_I_IDENTICAL_SHOWN) {
            set->first[set->found].file = j->file;
            set->first[set->found].line = record->line;
        }
        set->found += j->repeats ? 1 : 0;
    }
    if (j->repeats && more->why == TRAFFSTAT_WHY_COUNTED) {
        add_end(&set->lower, more->lower);
        add_end(&set->upper, more->upper);
    }
    return TRAFFSTAT_OK;
}

/* ---- saying so ------------------------------------------------------------------------------ */

static void say_ends(traffstat_text *text, int64_t lower, int64_t upper)
{
    traffstat_i_text_add_int(text, lower);
    if (upper == TRAFFSTAT_NO_UPPER) {
        traffstat_i_text_add(text, " or more");
    } else if (upper != lower) {
        traffstat_i_text_addf(text, "-%lld", (long long) upper);
    }
}

/* "927 records are the same as an earlier one, byte for byte; without them the counts would sum to
 * 8300, not 9599" */
static void describe(traffstat_text *text, const traffstat_i_job *j, bool has_sum)
{
    const traffstat_i_identical *set = &j->identical;
    int64_t lower = 0;
    int64_t upper = 0;
    for (size_t i = 0; i < j->cells.count; i++) {
        if (j->cells.items[i].cell.why == TRAFFSTAT_WHY_COUNTED) {
            add_end(&lower, j->cells.items[i].cell.lower);
            add_end(&upper, j->cells.items[i].cell.upper);
        }
    }
    traffstat_i_text_addf(text, "%lld %s the same as an earlier one", (long long) set->found,
                          set->found == 1 ? "record is" : "records are");
    if (!has_sum) {
        return; /* the counts are not of one kind */
    }
    traffstat_i_text_addf(text, "; without %s", set->found == 1 ? "it" : "them");
    traffstat_i_text_add(text, " the counts would sum to ");
    say_ends(text, lower - set->lower, upper == TRAFFSTAT_NO_UPPER ? upper : upper - set->upper);
    traffstat_i_text_add(text, ", not ");
    say_ends(text, lower, upper);
}

static traffstat_status say_ended(traffstat_i_job *j)
{
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    traffstat_i_text_addf(&text, "more than %zu records that differ share their cells with others",
                          HASHES_MAX);
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_log_add_whole(&j->log, TRAFFSTAT_I_IDENTICAL_ENDED,
                                                j->identical.ended_file, j->identical.ended_line,
                                                traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

traffstat_status traffstat_i_job_tell_identical(traffstat_i_job *j, const traffstat_panel *panel)
{
    const traffstat_i_identical *set = &j->identical;
    bool has_sum = true;
    traffstat_status status = set->ended ? say_ended(j) : TRAFFSTAT_OK;
    if (set->found > 0 && status == TRAFFSTAT_OK) {
        status = traffstat_i_panel_has_sum(j->ctx, panel, &has_sum);
    }
    if (set->found == 0 || status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, j->ctx);
    describe(&text, j, has_sum);
    status = text.failed
                 ? TRAFFSTAT_E_NOMEM
                 : traffstat_i_log_add_whole(&j->log, TRAFFSTAT_I_IDENTICAL_ROWS,
                                             set->first[0].file, 0, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    /* the summary stands for one of them, so that the count is theirs */
    const int64_t shown =
        set->found < TRAFFSTAT_I_IDENTICAL_SHOWN ? set->found : TRAFFSTAT_I_IDENTICAL_SHOWN;
    for (int64_t i = 0; i + 1 < shown && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_log_add_whole(&j->log, TRAFFSTAT_I_IDENTICAL_ROWS, set->first[i].file,
                                           set->first[i].line, "");
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_log_add_times(&j->log, TRAFFSTAT_I_IDENTICAL_ROWS, set->found - shown);
    }
    return status;
}
