/* Overlaps: their builder and what it makes. */
#include <stdlib.h>
#include <string.h>

#include "table/overlap.h"

#define CAPTURES_MAX 1000000 /* of one person */

/* ---- making and freeing a builder ------------------------------------------------------------ */

static void free_names(traffstat_ctx *ctx, char **names, size_t count)
{
    for (size_t i = 0; names != NULL && i < count; i++) {
        traffstat_i_free(ctx, names[i]);
    }
    traffstat_i_free(ctx, names);
}

static void empty(traffstat_overlap_builder *builder)
{
    free_names(builder->ctx, builder->strata, builder->stratum_count);
    traffstat_i_free(builder->ctx, builder->cells);
    traffstat_i_free(builder->ctx, builder->slots);
    traffstat_i_free(builder->ctx, builder->unit);
    traffstat_i_free(builder->ctx, builder->window);
    builder->strata = NULL;
    builder->stratum_count = builder->stratum_capacity = 0;
    builder->cells = NULL;
    builder->cell_count = builder->cell_capacity = 0;
    builder->slots = NULL;
    builder->slot_count = 0;
    builder->unit = NULL;
    builder->window = NULL;
    builder->persons = 0;
}

void traffstat_overlap_builder_free(traffstat_overlap_builder *builder)
{
    if (builder != NULL) {
        empty(builder);
        free_names(builder->ctx, builder->lists, builder->list_count);
        traffstat_i_free(builder->ctx, builder);
    }
}

static traffstat_status check_name(traffstat_ctx *ctx, const char *const *lists, size_t at)
{
    const char *name = lists[at];
    if (name == NULL || name[0] == '\0') {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "list %zu has no name", at + 1);
    }
    if (!traffstat_i_utf8_valid(name, strlen(name))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the name of list %zu is not UTF-8",
                                at + 1);
    }
    if (strpbrk(name, ":,") != NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the list \"%s\" has a ':' or ',' in its name, which models are "
                                "written with: rename it",
                                name);
    }
    for (size_t i = 0; i < at; i++) {
        if (strcmp(lists[i], name) == 0) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT, "two lists are called \"%s\"", name);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_lists(traffstat_ctx *ctx, const char *const *lists, size_t count)
{
    if (lists == NULL && count > 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the names of the lists are NULL");
    }
    if (count < 2) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                "%zu %s cannot overlap: at least two are needed", count,
                                count == 1 ? "list" : "lists");
    }
    if (count > TRAFFSTAT_LISTS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "%zu lists are more than the %d that are taken: merge or leave out "
                                "some",
                                count, TRAFFSTAT_LISTS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        const traffstat_status status = check_name(ctx, lists, i);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_overlap_builder_new(traffstat_ctx *ctx, const char *const *lists,
                                                 size_t count, traffstat_overlap_builder **out)
{
    *out = NULL;
    const traffstat_status status = check_lists(ctx, lists, count);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_overlap_builder *builder = traffstat_i_alloc(ctx, 1, sizeof *builder);
    if (builder == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    builder->ctx = ctx;
    builder->lists = traffstat_i_alloc(ctx, count, sizeof *builder->lists);
    while (builder->lists != NULL && builder->list_count < count) {
        char *copy = traffstat_i_strdup(ctx, lists[builder->list_count]);
        if (copy == NULL) {
            break;
        }
        builder->lists[builder->list_count++] = copy;
    }
    if (builder->lists == NULL || builder->list_count < count) {
        traffstat_overlap_builder_free(builder);
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    *out = builder;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_overlap_builder_new(traffstat_ctx *ctx, const char *const *lists,
                                               size_t count, traffstat_overlap_builder **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the builder was given");
    }
    return traffstat_i_overlap_builder_new(ctx, lists, count, out);
}

traffstat_status traffstat_i_overlap_builder_frequencies(traffstat_ctx *ctx, int64_t occasions,
                                                         traffstat_overlap_builder **out)
{
    *out = NULL;
    if (occasions != 0 && (occasions < 2 || occasions > CAPTURES_MAX)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%lld occasions are neither 2 to 1,000,000 nor 0 (not known)",
                                (long long) occasions);
    }
    traffstat_overlap_builder *builder = traffstat_i_alloc(ctx, 1, sizeof *builder);
    if (builder == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    builder->ctx = ctx;
    builder->frequencies = true;
    builder->occasions = occasions;
    *out = builder;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_overlap_builder_frequencies(traffstat_ctx *ctx, int64_t occasions,
                                                       traffstat_overlap_builder **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the builder was given");
    }
    return traffstat_i_overlap_builder_frequencies(ctx, occasions, out);
}

/* ---- strata, unit, window -------------------------------------------------------------------- */

traffstat_status traffstat_i_overlap_builder_stratum(traffstat_overlap_builder *builder,
                                                     const char *name, size_t size, size_t *out)
{
    traffstat_ctx *ctx = builder->ctx;
    for (size_t i = builder->stratum_count; i-- > 0;) { /* the latest first: files come in runs */
        if (strncmp(builder->strata[i], name, size) == 0 && builder->strata[i][size] == '\0') {
            *out = i;
            return TRAFFSTAT_OK;
        }
    }
    if (builder->stratum_count == TRAFFSTAT_STRATA_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT, "more than %d strata",
                                TRAFFSTAT_STRATA_MAX);
    }
    if (!traffstat_i_reserve(ctx, &builder->strata, &builder->stratum_capacity,
                             builder->stratum_count + 1, sizeof *builder->strata)) {
        return TRAFFSTAT_E_NOMEM;
    }
    char *copy = traffstat_i_strndup(ctx, name, size);
    if (copy == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    *out = builder->stratum_count;
    builder->strata[builder->stratum_count++] = copy;
    return TRAFFSTAT_OK;
}

static traffstat_status check_text(traffstat_ctx *ctx, const traffstat_overlap_builder *builder,
                                   const char *text, const char *what)
{
    traffstat_i_enter(ctx);
    if (builder == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the builder is NULL");
    }
    if (text != NULL && !traffstat_i_utf8_valid(text, strlen(text))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the %s is not UTF-8", what);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_overlap_builder_stratum(traffstat_ctx *ctx,
                                                   traffstat_overlap_builder *builder,
                                                   const char *name, size_t *out)
{
    const traffstat_status status = check_text(ctx, builder, name, "name of the stratum");
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the stratum was given");
    }
    size_t found = 0;
    const char *text = name != NULL ? name : "";
    const traffstat_status added =
        traffstat_i_overlap_builder_stratum(builder, text, strlen(text), &found);
    if (added == TRAFFSTAT_OK) {
        *out = found;
    }
    return added;
}

static traffstat_status replace_text(traffstat_ctx *ctx, traffstat_overlap_builder *builder,
                                     const char *text, const char *what, char **to)
{
    char *copy = traffstat_i_strdup(builder->ctx, text);
    if (copy == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory for the %s", what);
    }
    traffstat_i_free(builder->ctx, *to);
    *to = copy;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_overlap_builder_unit(traffstat_ctx *ctx,
                                                traffstat_overlap_builder *builder,
                                                const char *unit)
{
    const traffstat_status status = check_text(ctx, builder, unit, "unit");
    return status == TRAFFSTAT_OK ? replace_text(ctx, builder, unit, "unit", &builder->unit)
                                  : status;
}

traffstat_status traffstat_overlap_builder_window(traffstat_ctx *ctx,
                                                  traffstat_overlap_builder *builder,
                                                  const char *window)
{
    const traffstat_status status = check_text(ctx, builder, window, "window");
    return status == TRAFFSTAT_OK ? replace_text(ctx, builder, window, "window", &builder->window)
                                  : status;
}

/* ---- adding persons -------------------------------------------------------------------------- */

static size_t find_slot(const traffstat_overlap_builder *builder, size_t stratum, uint32_t pattern)
{
    uint64_t hash = (uint64_t) stratum << 32 | pattern;
    hash = (hash ^ hash >> 31) * UINT64_C(0x7fb5d329728ea185);
    hash = (hash ^ hash >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    size_t slot = (size_t) (hash ^ hash >> 33) & (builder->slot_count - 1);
    while (builder->slots[slot] != 0) {
        const traffstat_i_overlap_cell *cell = &builder->cells[builder->slots[slot] - 1];
        if (cell->stratum == stratum && cell->pattern == pattern) {
            break;
        }
        slot = (slot + 1) & (builder->slot_count - 1);
    }
    return slot;
}

static bool grow_slots(traffstat_overlap_builder *builder)
{
    const size_t count = builder->slot_count > 0 ? builder->slot_count * 2 : 64;
    size_t *slots = traffstat_i_alloc(builder->ctx, count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    traffstat_i_free(builder->ctx, builder->slots);
    builder->slots = slots;
    builder->slot_count = count;
    for (size_t i = 0; i < builder->cell_count; i++) {
        slots[find_slot(builder, builder->cells[i].stratum, builder->cells[i].pattern)] = i + 1;
    }
    return true;
}

traffstat_status traffstat_i_overlap_builder_put(traffstat_overlap_builder *builder, size_t stratum,
                                                 uint32_t pattern, int64_t persons)
{
    traffstat_ctx *ctx = builder->ctx;
    if (persons > TRAFFSTAT_PERSONS_MAX - builder->persons) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "a count of %lld brings the persons past %lld, more than ever "
                                "lived: is it a count?",
                                (long long) persons, (long long) TRAFFSTAT_PERSONS_MAX);
    }
    if (persons == 0) {
        return TRAFFSTAT_OK;
    }
    if (builder->cell_count * 2 >= builder->slot_count && !grow_slots(builder)) {
        return TRAFFSTAT_E_NOMEM;
    }
    const size_t slot = find_slot(builder, stratum, pattern);
    if (builder->slots[slot] == 0) {
        if (!traffstat_i_reserve(ctx, &builder->cells, &builder->cell_capacity,
                                 builder->cell_count + 1, sizeof *builder->cells)) {
            return TRAFFSTAT_E_NOMEM;
        }
        builder->cells[builder->cell_count++] = (traffstat_i_overlap_cell){stratum, pattern, 0};
        builder->slots[slot] = builder->cell_count;
    }
    builder->cells[builder->slots[slot] - 1].persons += persons;
    builder->persons += persons;
    return TRAFFSTAT_OK;
}

static traffstat_status check_put(traffstat_ctx *ctx, const traffstat_overlap_builder *builder,
                                  bool frequencies, size_t stratum, int64_t persons)
{
    traffstat_i_enter(ctx);
    if (builder == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the builder is NULL");
    }
    if (builder->frequencies != frequencies) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                frequencies ? "an overlap of lists takes patterns, not captures"
                                            : "frequencies of captures take no patterns");
    }
    if (stratum >= builder->stratum_count) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is no stratum %zu", stratum);
    }
    if (persons < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%lld persons are fewer than none",
                                (long long) persons);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_overlap_builder_add(traffstat_ctx *ctx,
                                               traffstat_overlap_builder *builder, size_t stratum,
                                               uint32_t pattern, int64_t persons)
{
    const traffstat_status status = check_put(ctx, builder, false, stratum, persons);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (pattern == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "persons on no list cannot be counted: they are what is estimated");
    }
    if (pattern >> builder->list_count != 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "pattern %u names a list past the %zu that there are", pattern,
                                builder->list_count);
    }
    return traffstat_i_overlap_builder_put(builder, stratum, pattern, persons);
}

traffstat_status traffstat_overlap_builder_captures(traffstat_ctx *ctx,
                                                    traffstat_overlap_builder *builder,
                                                    size_t stratum, int64_t captures,
                                                    int64_t persons)
{
    const traffstat_status status = check_put(ctx, builder, true, stratum, persons);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const int64_t most = builder->occasions > 0 ? builder->occasions : CAPTURES_MAX;
    if (captures < 1 || captures > most) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%lld captures are not 1 to %lld",
                                (long long) captures, (long long) most);
    }
    return traffstat_i_overlap_builder_put(builder, stratum, (uint32_t) captures, persons);
}

/* ---- what cannot be right -------------------------------------------------------------------- */

/* Lists nobody is on, and lists that always go together, over all strata. */
static traffstat_status check_content(const traffstat_overlap_builder *builder)
{
    uint32_t any = 0;
    uint32_t differ[TRAFFSTAT_LISTS_MAX] = {0};
    for (size_t i = 0; i < builder->cell_count; i++) {
        const uint32_t pattern = builder->cells[i].pattern;
        any |= pattern;
        for (size_t j = 0; j < builder->list_count; j++) {
            differ[j] |= (pattern >> j & 1) != 0 ? ~pattern : pattern;
        }
    }
    for (size_t j = 0; j < builder->list_count; j++) {
        if ((any >> j & 1) == 0) {
            return traffstat_i_fail(builder->ctx, TRAFFSTAT_E_NODATA,
                                    "nobody is on the list \"%s\": leave it out",
                                    builder->lists[j]);
        }
    }
    for (size_t j = 0; j < builder->list_count; j++) {
        for (size_t k = 0; k < j; k++) {
            if ((differ[j] >> k & 1) == 0) {
                return traffstat_i_fail(builder->ctx, TRAFFSTAT_E_CONFLICT,
                                        "the lists \"%s\" and \"%s\" hold exactly the same "
                                        "persons: one may be a copy of the other; leave one out",
                                        builder->lists[k], builder->lists[j]);
            }
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- finishing ------------------------------------------------------------------------------- */

static int compare_cells(const void *left, const void *right)
{
    const traffstat_i_overlap_cell *a = left;
    const traffstat_i_overlap_cell *b = right;
    if (a->stratum != b->stratum) {
        return a->stratum < b->stratum ? -1 : 1;
    }
    return a->pattern < b->pattern ? -1 : a->pattern > b->pattern;
}

static int compare_patterns(const void *left, const void *right)
{
    const traffstat_i_overlap_cell *a = left;
    const traffstat_i_overlap_cell *b = right;
    return a->pattern < b->pattern ? -1 : a->pattern > b->pattern;
}

/* The sorted cells of each stratum, then those of all of them together. */
static void fill(traffstat_overlap *overlap, traffstat_i_overlap_cell *cells, size_t count)
{
    qsort(cells, count, sizeof *cells, compare_cells);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        while (at <= cells[i].stratum) {
            overlap->first[at++] = i;
        }
        overlap->patterns[i] = cells[i].pattern;
        overlap->counts[i] = cells[i].persons;
        overlap->persons[cells[i].stratum] += cells[i].persons;
        overlap->persons[overlap->stratum_count] += cells[i].persons;
    }
    while (at <= overlap->stratum_count) {
        overlap->first[at++] = count;
    }
    qsort(cells, count, sizeof *cells, compare_patterns);
    size_t used = count;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && cells[i].pattern == cells[i - 1].pattern) {
            overlap->counts[used - 1] += cells[i].persons;
        } else {
            overlap->patterns[used] = cells[i].pattern;
            overlap->counts[used++] = cells[i].persons;
        }
    }
    overlap->first[overlap->stratum_count + 1] = used;
}

/* Everything that may fail, so that the builder stays as it was when it does. */
static traffstat_overlap *allocate(const traffstat_overlap_builder *builder)
{
    traffstat_ctx *ctx = builder->ctx;
    size_t twice = 0;
    traffstat_overlap *overlap = traffstat_i_alloc(ctx, 1, sizeof *overlap);
    if (overlap == NULL || !traffstat_i_mul_size(builder->cell_count, 2, &twice)) {
        traffstat_i_free(ctx, overlap);
        return NULL;
    }
    overlap->ctx = ctx;
    overlap->patterns = traffstat_i_alloc(ctx, twice, sizeof *overlap->patterns);
    overlap->counts = traffstat_i_alloc(ctx, twice, sizeof *overlap->counts);
    overlap->first = traffstat_i_alloc(ctx, builder->stratum_count + 2, sizeof *overlap->first);
    overlap->persons = traffstat_i_alloc(ctx, builder->stratum_count + 1, sizeof *overlap->persons);
    overlap->lists = traffstat_i_alloc(ctx, builder->list_count, sizeof *overlap->lists);
    overlap->unit = traffstat_i_strdup(ctx, builder->unit);
    overlap->window = traffstat_i_strdup(ctx, builder->window);
    bool good = overlap->patterns != NULL && overlap->counts != NULL && overlap->first != NULL &&
                overlap->persons != NULL && overlap->lists != NULL && overlap->unit != NULL &&
                overlap->window != NULL;
    for (size_t i = 0; good && i < builder->list_count; i++) {
        overlap->lists[i] = traffstat_i_strdup(ctx, builder->lists[i]);
        good = overlap->lists[i] != NULL;
        overlap->list_count += good;
    }
    if (!good) {
        traffstat_overlap_free(overlap);
        return NULL;
    }
    return overlap;
}

traffstat_status traffstat_i_overlap_builder_finish(traffstat_overlap_builder *builder,
                                                    traffstat_overlap **out)
{
    *out = NULL;
    if (builder->persons == 0) {
        return traffstat_i_fail(builder->ctx, TRAFFSTAT_E_NODATA, "no person is on any list");
    }
    const traffstat_status status = builder->frequencies ? TRAFFSTAT_OK : check_content(builder);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_overlap *overlap = allocate(builder);
    if (overlap == NULL) {
        return traffstat_i_fail(builder->ctx, TRAFFSTAT_E_NOMEM, "out of memory");
    }
    overlap->frequencies = builder->frequencies;
    overlap->occasions = builder->occasions;
    overlap->strata = builder->strata; /* handed over */
    overlap->stratum_count = builder->stratum_count;
    builder->strata = NULL;
    builder->stratum_count = 0;
    fill(overlap, builder->cells, builder->cell_count);
    empty(builder);
    *out = overlap;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_overlap_builder_finish(traffstat_ctx *ctx,
                                                  traffstat_overlap_builder *builder,
                                                  traffstat_overlap **out)
{
    traffstat_i_enter(ctx);
    if (out != NULL) {
        *out = NULL;
    }
    if (builder == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s is NULL",
                                builder == NULL ? "the builder" : "out");
    }
    return traffstat_i_overlap_builder_finish(builder, out);
}

void traffstat_overlap_free(traffstat_overlap *overlap)
{
    if (overlap == NULL) {
        return;
    }
    traffstat_ctx *ctx = overlap->ctx;
    free_names(ctx, overlap->lists, overlap->list_count);
    free_names(ctx, overlap->strata, overlap->stratum_count);
    void *const blocks[] = {overlap->patterns, overlap->counts, overlap->first,
                            overlap->persons,  overlap->unit,   overlap->window};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        traffstat_i_free(ctx, blocks[i]);
    }
    traffstat_i_free(ctx, overlap);
}

/* ---- reading it ------------------------------------------------------------------------------ */

size_t traffstat_overlap_lists(const traffstat_overlap *overlap)
{
    return overlap != NULL ? overlap->list_count : 0;
}

const char *traffstat_overlap_list(const traffstat_overlap *overlap, size_t list)
{
    return list < traffstat_overlap_lists(overlap) ? overlap->lists[list] : "";
}

size_t traffstat_overlap_strata(const traffstat_overlap *overlap)
{
    return overlap != NULL ? overlap->stratum_count : 0;
}

const char *traffstat_overlap_stratum(const traffstat_overlap *overlap, size_t stratum)
{
    return stratum < traffstat_overlap_strata(overlap) ? overlap->strata[stratum] : "";
}

const char *traffstat_overlap_unit(const traffstat_overlap *overlap)
{
    return overlap != NULL ? overlap->unit : "";
}

const char *traffstat_overlap_window(const traffstat_overlap *overlap)
{
    return overlap != NULL ? overlap->window : "";
}

int64_t traffstat_overlap_occasions(const traffstat_overlap *overlap)
{
    if (overlap == NULL) {
        return 0;
    }
    return overlap->frequencies ? overlap->occasions : (int64_t) overlap->list_count;
}

/* Index into first and persons; TRAFFSTAT_NONE when there is no such stratum. */
static size_t part_of(const traffstat_overlap *overlap, size_t stratum)
{
    if (overlap == NULL) {
        return TRAFFSTAT_NONE;
    }
    if (stratum == TRAFFSTAT_NONE) {
        return overlap->stratum_count;
    }
    return stratum < overlap->stratum_count ? stratum : TRAFFSTAT_NONE;
}

int64_t traffstat_overlap_persons(const traffstat_overlap *overlap, size_t stratum)
{
    const size_t part = part_of(overlap, stratum);
    return part != TRAFFSTAT_NONE ? overlap->persons[part] : 0;
}

/* Cells of frequencies too: their pattern is the number of captures. */
static size_t cells_of(const traffstat_overlap *overlap, size_t part)
{
    return part != TRAFFSTAT_NONE ? overlap->first[part + 1] - overlap->first[part] : 0;
}

static size_t listed_part(const traffstat_overlap *overlap, size_t stratum)
{
    const size_t part = part_of(overlap, stratum);
    return part != TRAFFSTAT_NONE && !overlap->frequencies ? part : TRAFFSTAT_NONE;
}

size_t traffstat_overlap_cells(const traffstat_overlap *overlap, size_t stratum)
{
    return cells_of(overlap, listed_part(overlap, stratum));
}

const uint32_t *traffstat_overlap_patterns(const traffstat_overlap *overlap, size_t stratum)
{
    const size_t part = listed_part(overlap, stratum);
    return part != TRAFFSTAT_NONE ? overlap->patterns + overlap->first[part] : NULL;
}

const int64_t *traffstat_overlap_counts(const traffstat_overlap *overlap, size_t stratum)
{
    const size_t part = listed_part(overlap, stratum);
    return part != TRAFFSTAT_NONE ? overlap->counts + overlap->first[part] : NULL;
}

static size_t captures_of(const traffstat_overlap *overlap, uint32_t pattern)
{
    size_t captures = 0;
    if (overlap->frequencies) {
        return pattern;
    }
    for (; pattern != 0; pattern &= pattern - 1) {
        captures++;
    }
    return captures;
}

size_t traffstat_overlap_most_captures(const traffstat_overlap *overlap, size_t stratum)
{
    const size_t part = part_of(overlap, stratum);
    size_t most = 0;
    for (size_t i = 0; i < cells_of(overlap, part); i++) {
        const size_t captures = captures_of(overlap, overlap->patterns[overlap->first[part] + i]);
        most = captures > most ? captures : most;
    }
    return most;
}

int64_t traffstat_overlap_captured(const traffstat_overlap *overlap, size_t stratum,
                                   size_t captures)
{
    const size_t part = part_of(overlap, stratum);
    int64_t persons = 0;
    for (size_t i = 0; i < cells_of(overlap, part); i++) {
        const size_t at = overlap->first[part] + i;
        if (captures_of(overlap, overlap->patterns[at]) == captures) {
            persons += overlap->counts[at];
        }
    }
    return persons;
}
