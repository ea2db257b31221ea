#include <math.h>
#include <stddef.h>
#include <string.h>

#include "table/table.h"

#define TEXTS 8

/* An entry as it was given; its texts lie one after the other in `block`. */
typedef struct item {
    traffstat_evidence_entry entry;
    char *block;
} item;

struct traffstat_evidence {
    traffstat_ctx *ctx;
    item *items;
    size_t count;
    size_t capacity;
};

/* The texts of an entry in one order, so that they can be checked and copied in a loop. */
static void texts_of(traffstat_evidence_entry *entry, const char **texts[TEXTS])
{
    texts[0] = &entry->id;
    texts[1] = &entry->place;
    texts[2] = &entry->unit;
    texts[3] = &entry->citation;
    texts[4] = &entry->measure;
    texts[5] = &entry->agencies;
    texts[6] = &entry->method;
    texts[7] = &entry->note;
}

traffstat_status traffstat_evidence_new(traffstat_ctx *ctx, traffstat_evidence **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the evidence was given");
    }
    *out = traffstat_i_alloc(ctx, 1, sizeof **out);
    if (*out == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    (*out)->ctx = ctx;
    return TRAFFSTAT_OK;
}

void traffstat_evidence_free(traffstat_evidence *evidence)
{
    if (evidence == NULL) {
        return;
    }
    for (size_t i = 0; i < evidence->count; i++) {
        traffstat_i_free(evidence->ctx, evidence->items[i].block);
    }
    traffstat_i_free(evidence->ctx, evidence->items);
    traffstat_i_free(evidence->ctx, evidence);
}

/* ---- checking ------------------------------------------------------------------------------- */

static traffstat_status check_texts(traffstat_ctx *ctx, traffstat_evidence_entry *entry)
{
    static const char *const names[TEXTS] = {"id",      "place",    "unit",   "citation",
                                             "measure", "agencies", "method", "note"};
    const char **texts[TEXTS];
    texts_of(entry, texts);
    for (size_t i = 0; i < TEXTS; i++) {
        if (*texts[i] == NULL) {
            *texts[i] = "";
        }
        if (!traffstat_i_utf8_valid(*texts[i], strlen(*texts[i]))) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the %s of the evidence is not UTF-8", names[i]);
        }
        if (i < 4 &&
            **texts[i] == '\0') { /* the first four say what was found, where and by whom */
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the evidence \"%s\" has no %s",
                                    entry->id, names[i]);
        }
    }
    for (const char *c = entry->id; *c != '\0'; c++) {
        if (!(*c >= 'a' && *c <= 'z') && !traffstat_i_is_digit(*c) && *c != '-') {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the id \"%s\" may hold a to z, digits and '-' only",
                                    entry->id);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status refuse(traffstat_ctx *ctx, const traffstat_evidence_entry *entry,
                               const char *what, double value, const char *why)
{
    char digits[TRAFFSTAT_I_DOUBLE_SIZE];
    (void) traffstat_i_format_double(digits, value);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the %s %s of the evidence \"%s\" %s", what,
                            digits, entry->id, why);
}

static bool outside_unit(double value)
{
    return !isnan(value) && !(value > 0.0 && value < 1.0);
}

static traffstat_status check_shares(traffstat_ctx *ctx, const traffstat_evidence_entry *entry)
{
    static const char *const names[] = {"rate", "lower end", "upper end", "level"};
    const double values[] = {entry->rate, entry->lower, entry->upper, entry->level};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        if (outside_unit(values[i])) {
            return refuse(ctx, entry, names[i], values[i], "is not strictly between 0 and 1");
        }
    }
    if (isnan(entry->lower) != isnan(entry->upper)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the interval of the evidence \"%s\" has one end only", entry->id);
    }
    if (isnan(entry->rate) && isnan(entry->lower)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the evidence \"%s\" has neither a rate nor an interval",
                                entry->id);
    }
    if (entry->lower >= entry->upper) {
        return refuse(ctx, entry, "lower end", entry->lower, "is not below its upper end");
    }
    if (entry->rate < entry->lower || entry->rate > entry->upper) {
        return refuse(ctx, entry, "rate", entry->rate, "lies outside its own interval");
    }
    return TRAFFSTAT_OK;
}

static bool bad_year(int32_t year)
{
    return year < TRAFFSTAT_YEAR_MIN || year > TRAFFSTAT_YEAR_MAX;
}

static traffstat_status check_period(traffstat_ctx *ctx, const traffstat_evidence_entry *entry)
{
    if (entry->first_year == 0 && entry->last_year == 0) {
        return TRAFFSTAT_OK;
    }
    if (bad_year(entry->first_year) || bad_year(entry->last_year) ||
        entry->first_year > entry->last_year) {
        return traffstat_i_fail(
            ctx, TRAFFSTAT_E_ARGUMENT,
            "the period %d to %d of the evidence \"%s\" is none within %d to %d",
            (int) entry->first_year, (int) entry->last_year, entry->id, TRAFFSTAT_YEAR_MIN,
            TRAFFSTAT_YEAR_MAX);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_entry(traffstat_ctx *ctx, traffstat_evidence_entry *entry)
{
    traffstat_status status = check_texts(ctx, entry);
    if (status == TRAFFSTAT_OK) {
        status = check_shares(ctx, entry);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_period(ctx, entry);
    }
    if (status == TRAFFSTAT_OK && entry->reserved != 0) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the reserved field is %u, not 0",
                                  (unsigned) entry->reserved);
    }
    return status;
}

/* ---- adding and finding --------------------------------------------------------------------- */

/* Copies the texts into one block and points the entry at them; NULL: no memory. */
static char *adopt_texts(traffstat_ctx *ctx, traffstat_evidence_entry *entry)
{
    const char **texts[TEXTS];
    texts_of(entry, texts);
    size_t total = 0;
    for (size_t i = 0; i < TEXTS; i++) {
        total += strlen(*texts[i]) + 1; /* all of them lie in memory already: no overflow */
    }
    char *block = traffstat_i_alloc(ctx, total, 1);
    for (size_t i = 0, at = 0; block != NULL && i < TEXTS; i++) {
        const size_t size = strlen(*texts[i]) + 1;
        memcpy(block + at, *texts[i], size);
        *texts[i] = block + at;
        at += size;
    }
    return block;
}

static size_t position(const traffstat_evidence *evidence, const char *id)
{
    for (size_t i = 0; i < evidence->count; i++) {
        if (strcmp(evidence->items[i].entry.id, id) == 0) {
            return i;
        }
    }
    return TRAFFSTAT_NONE;
}

traffstat_status traffstat_evidence_add(traffstat_ctx *ctx, traffstat_evidence *evidence,
                                        const traffstat_evidence_entry *entry)
{
    traffstat_i_enter(ctx);
    if (evidence == NULL || entry == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                evidence == NULL ? "list of evidence" : "entry");
    }
    item fresh = {.entry = {.struct_size = sizeof fresh.entry,
                            .rate = NAN,
                            .lower = NAN,
                            .upper = NAN,
                            .level = NAN}};
    traffstat_status status =
        traffstat_i_read_options(ctx, entry, &fresh.entry, sizeof fresh.entry);
    if (status == TRAFFSTAT_OK) {
        status = check_entry(ctx, &fresh.entry);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (position(evidence, fresh.entry.id) != TRAFFSTAT_NONE) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT,
                                "there is already evidence with the id \"%s\"", fresh.entry.id);
    }
    if (!traffstat_i_reserve(evidence->ctx, &evidence->items, &evidence->capacity,
                             evidence->count + 1, sizeof *evidence->items)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory while evidence was added");
    }
    fresh.block = adopt_texts(evidence->ctx, &fresh.entry);
    if (fresh.block == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory while evidence was added");
    }
    fresh.entry.struct_size = sizeof fresh.entry;
    evidence->items[evidence->count++] = fresh;
    return TRAFFSTAT_OK;
}

size_t traffstat_evidence_count(const traffstat_evidence *evidence)
{
    return evidence != NULL ? evidence->count : 0;
}

traffstat_status traffstat_evidence_get(const traffstat_evidence *evidence, size_t index,
                                        traffstat_evidence_entry *out)
{
    const size_t least = offsetof(traffstat_evidence_entry, id);
    if (out == NULL || index >= traffstat_evidence_count(evidence) || out->struct_size < least) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    /* a caller built against an older header has room for less */
    const uint32_t room = out->struct_size;
    const traffstat_evidence_entry *entry = &evidence->items[index].entry;
    memcpy(out, entry, room < sizeof *entry ? room : sizeof *entry);
    out->struct_size = room;
    return TRAFFSTAT_OK;
}

static const char *nearest_id(const traffstat_evidence *evidence, const char *id)
{
    const char *best = "";
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < evidence->count; i++) {
        const size_t edits = traffstat_i_edit_distance(id, evidence->items[i].entry.id);
        if (edits < least) {
            least = edits;
            best = evidence->items[i].entry.id;
        }
    }
    return best;
}

traffstat_status traffstat_evidence_find(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                         const char *id, size_t *out)
{
    traffstat_i_enter(ctx);
    if (evidence == NULL || id == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                evidence == NULL ? "list of evidence"
                                : id == NULL     ? "id"
                                                 : "place for the position");
    }
    const size_t at = position(evidence, id);
    if (at != TRAFFSTAT_NONE) {
        *out = at;
        return TRAFFSTAT_OK;
    }
    if (evidence->count == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOTFOUND,
                                "no evidence has the id \"%s\": the list is empty", id);
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_NOTFOUND,
                            "no evidence has the id \"%s\"; the nearest is \"%s\"", id,
                            nearest_id(evidence, id));
}
