/* A panel in the making: series and cells, each found through an open-addressing hash table. Memory
 * grows with the number of distinct series and cells, never with the number of records. */
#include <math.h>
#include <string.h>

#include "table/panel.h"

#define SERIES_MAX ((size_t) INT32_MAX)
#define CELLS_MAX ((size_t) UINT32_MAX - 1)
#define FIRST_SLOTS 64
#define YEARS ((size_t) (TRAFFSTAT_YEAR_MAX - TRAFFSTAT_YEAR_MIN + 1))

typedef struct record {
    traffstat_cell cell;
    uint32_t series;
} record;

struct traffstat_panel_builder {
    traffstat_ctx *ctx;
    traffstat_duplicates duplicates;
    uint64_t salt;
    char *arena;
    size_t arena_size;
    size_t arena_capacity;
    traffstat_i_series *series;
    size_t series_count;
    size_t series_capacity;
    uint64_t *series_slots; /* upper half: of the hash; lower half: series + 1; 0: free */
    size_t series_slot_count;
    size_t last_series; /* found last: files keep the records of a place together */
    record *cells;
    size_t cell_count;
    size_t cell_capacity;
    uint32_t *cell_slots; /* cell + 1; 0: free */
    size_t cell_slot_count;
};

/* ---- hashing -------------------------------------------------------------------------------- */

/* Multiply and xor-shift, 64 bits: for one word a bijection, so that cells of different (series,
 * year) never share a full hash. The order of a panel does not depend on hashes, so each builder may
 * salt them (with its address): a file made to collide cannot know the salt. */
static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ (hash >> 32);
}

static uint64_t word_at(const char *data)
{
    uint64_t word = 0;
    memcpy(&word, data, sizeof word);
    return word;
}

/* Words of 8 bytes, the last one overlapping its neighbour; shorter texts byte by byte. The size is
 * mixed in, so that no text is another one continued. */
static uint64_t hash_text(uint64_t hash, const char *data, size_t size)
{
    hash = mix(hash, size);
    if (size < sizeof hash) {
        uint64_t word = 0;
        for (size_t i = 0; i < size; i++) {
            word = word << 8 | (unsigned char) data[i];
        }
        return mix(hash, word);
    }
    for (size_t i = 0; i + sizeof hash < size; i += sizeof hash) {
        hash = mix(hash, word_at(data + i));
    }
    return mix(hash, word_at(data + size - sizeof hash));
}

/* What tells a series apart: key, or jurisdiction where there is none, and the last three. */
static size_t identity(size_t key_size)
{
    return key_size > 0 ? TEXT_KEY : TEXT_JURISDICTION;
}

/* The four chains are independent, so a processor runs them side by side. */
static uint64_t hash_series(uint64_t salt, const traffstat_i_slice texts[TEXT_COUNT])
{
    const size_t who = identity(texts[TEXT_KEY].size);
    uint64_t hash = hash_text(salt + who, texts[who].data, texts[who].size);
    for (size_t i = TEXT_MEASURE; i < TEXT_COUNT; i++) {
        const uint64_t other = hash_text(salt ^ i << 56, texts[i].data, texts[i].size);
        hash = mix(hash, other);
    }
    return mix(hash, hash >> 17);
}

static uint64_t hash_cell(uint64_t salt, uint64_t series, int32_t year)
{
    const uint64_t hash = mix(salt, series << 16 | (uint64_t) (uint16_t) year);
    return mix(hash, hash >> 17);
}

/* ---- a builder ------------------------------------------------------------------------------ */

static void empty(traffstat_panel_builder *builder)
{
    traffstat_i_free(builder->ctx, builder->arena);
    traffstat_i_free(builder->ctx, builder->series);
    traffstat_i_free(builder->ctx, builder->series_slots);
    traffstat_i_free(builder->ctx, builder->cells);
    traffstat_i_free(builder->ctx, builder->cell_slots);
    *builder = (traffstat_panel_builder){
        .ctx = builder->ctx, .duplicates = builder->duplicates, .salt = builder->salt};
}

traffstat_status traffstat_panel_builder_new(traffstat_ctx *ctx, traffstat_duplicates duplicates,
                                             traffstat_panel_builder **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the builder was given");
    }
    *out = NULL;
    if (duplicates < TRAFFSTAT_DUPLICATES_ERROR || duplicates > TRAFFSTAT_DUPLICATES_LAST) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%d is no policy for duplicates: 0 error, 1 sum, 2 first, 3 last",
                                (int) duplicates);
    }
    traffstat_panel_builder *builder = traffstat_i_alloc(ctx, 1, sizeof *builder);
    if (builder == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    builder->ctx = ctx;
    builder->duplicates = duplicates;
    builder->salt = mix(UINT64_C(0x74726166665f7374), (uint64_t) (uintptr_t) builder);
    *out = builder;
    return TRAFFSTAT_OK;
}

void traffstat_panel_builder_free(traffstat_panel_builder *builder)
{
    if (builder != NULL) {
        empty(builder);
        traffstat_i_free(builder->ctx, builder);
    }
}

/* What the context already says: no memory, or more of it than an object can have. */
static traffstat_status no_room(traffstat_ctx *ctx)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory while the panel grew");
}

/* ---- series --------------------------------------------------------------------------------- */

static const char *text_at(const traffstat_panel_builder *builder, size_t series, size_t which)
{
    const traffstat_i_series *s = &builder->series[series];
    size_t at = s->at;
    for (size_t i = 0; i < which; i++) {
        at += (size_t) s->sizes[i] + 1;
    }
    return builder->arena + at;
}

static bool same_text(const traffstat_panel_builder *builder, size_t series, size_t which,
                      const traffstat_i_slice *text)
{
    return builder->series[series].sizes[which] == text->size &&
           (text->size == 0 ||
            memcmp(text_at(builder, series, which), text->data, text->size) == 0);
}

static bool same_series(const traffstat_panel_builder *builder, size_t series,
                        const traffstat_i_slice texts[TEXT_COUNT])
{
    const size_t who = identity(texts[TEXT_KEY].size);
    return identity(builder->series[series].sizes[TEXT_KEY]) == who &&
           same_text(builder, series, who, &texts[who]) &&
           same_text(builder, series, TEXT_MEASURE, &texts[TEXT_MEASURE]) &&
           same_text(builder, series, TEXT_CATEGORY, &texts[TEXT_CATEGORY]) &&
           same_text(builder, series, TEXT_SOURCE, &texts[TEXT_SOURCE]);
}

/* Doubles the table of series: the full hashes are not kept, so they are made again. */
static bool grow_series_slots(traffstat_panel_builder *builder)
{
    const size_t count =
        builder->series_slot_count > 0 ? builder->series_slot_count * 2 : FIRST_SLOTS;
    uint64_t *slots = traffstat_i_alloc(builder->ctx, count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t s = 0; s < builder->series_count; s++) {
        traffstat_i_slice texts[TEXT_COUNT];
        for (size_t i = 0; i < TEXT_COUNT; i++) {
            texts[i] = (traffstat_i_slice){text_at(builder, s, i), builder->series[s].sizes[i]};
        }
        const uint64_t hash = hash_series(builder->salt, texts);
        size_t slot = (size_t) hash & (count - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (count - 1);
        }
        slots[slot] = (hash >> 32 << 32) | (s + 1);
    }
    traffstat_i_free(builder->ctx, builder->series_slots);
    builder->series_slots = slots;
    builder->series_slot_count = count;
    return true;
}

/* Appends the texts to the arena and points `series` at them. */
static traffstat_status store_texts(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                    const traffstat_i_slice texts[TEXT_COUNT],
                                    traffstat_i_series *series)
{
    size_t need = builder->arena_size;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (texts[i].size >= UINT32_MAX || !traffstat_i_add_size(need, texts[i].size + 1, &need)) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                    "a text of %zu bytes is too long for a series", texts[i].size);
        }
    }
    if (!traffstat_i_reserve(builder->ctx, &builder->arena, &builder->arena_capacity, need, 1)) {
        return no_room(ctx);
    }
    series->at = builder->arena_size;
    char *to = builder->arena + builder->arena_size;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (texts[i].size > 0) {
            memcpy(to, texts[i].data, texts[i].size);
        }
        to[texts[i].size] = '\0';
        to += texts[i].size + 1;
        series->sizes[i] = (uint32_t) texts[i].size;
    }
    builder->arena_size = need;
    return TRAFFSTAT_OK;
}

static traffstat_status add_series(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                   const traffstat_i_slice texts[TEXT_COUNT], uint64_t hash,
                                   size_t *out)
{
    if (builder->series_count >= SERIES_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT, "more than %zu series", SERIES_MAX);
    }
    if ((builder->series_count + 1) * 2 > builder->series_slot_count &&
        !grow_series_slots(builder)) {
        return no_room(ctx);
    }
    if (!traffstat_i_reserve(builder->ctx, &builder->series, &builder->series_capacity,
                             builder->series_count + 1, sizeof *builder->series)) {
        return no_room(ctx);
    }
    const traffstat_status status =
        store_texts(ctx, builder, texts, &builder->series[builder->series_count]);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    size_t slot = (size_t) hash & (builder->series_slot_count - 1);
    while (builder->series_slots[slot] != 0) {
        slot = (slot + 1) & (builder->series_slot_count - 1);
    }
    builder->series_slots[slot] = (hash >> 32 << 32) | (builder->series_count + 1);
    *out = builder->series_count++;
    return TRAFFSTAT_OK;
}

/* A key that came without a name gets the first name that comes with it. */
static traffstat_status name_series(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                    size_t series, const traffstat_i_slice *name)
{
    traffstat_i_slice texts[TEXT_COUNT];
    size_t need = builder->arena_size;
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        texts[i].size = i == TEXT_JURISDICTION ? name->size : builder->series[series].sizes[i];
        if (!traffstat_i_add_size(need, texts[i].size + 1, &need)) {
            return no_room(ctx);
        }
    }
    /* before the texts are pointed at: the arena may move */
    if (!traffstat_i_reserve(builder->ctx, &builder->arena, &builder->arena_capacity, need, 1)) {
        return no_room(ctx);
    }
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        texts[i].data = i == TEXT_JURISDICTION ? name->data : text_at(builder, series, i);
    }
    return store_texts(ctx, builder, texts, &builder->series[series]);
}

/* Index of the series of these texts, TRAFFSTAT_NONE when there is none; *hash is set then. */
static size_t find_series(const traffstat_panel_builder *builder,
                          const traffstat_i_slice texts[TEXT_COUNT], uint64_t *hash)
{
    if (builder->last_series < builder->series_count &&
        same_series(builder, builder->last_series, texts)) {
        return builder->last_series;
    }
    *hash = hash_series(builder->salt, texts);
    const size_t mask = builder->series_slot_count - 1;
    size_t slot = (size_t) *hash & mask;
    while (builder->series_slot_count > 0 && builder->series_slots[slot] != 0) {
        const uint64_t entry = builder->series_slots[slot];
        const size_t series = (size_t) (entry & UINT32_MAX) - 1;
        if (entry >> 32 == *hash >> 32 && same_series(builder, series, texts)) {
            return series;
        }
        slot = (slot + 1) & mask;
    }
    return TRAFFSTAT_NONE;
}

traffstat_status traffstat_i_builder_series(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                            const traffstat_i_slice texts[TEXT_COUNT], size_t *out)
{
    if (texts[TEXT_KEY].size == 0 && texts[TEXT_JURISDICTION].size == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a series needs a key or a jurisdiction, and both are empty");
    }
    uint64_t hash = 0;
    const size_t series = find_series(builder, texts, &hash);
    if (series == TRAFFSTAT_NONE) {
        return add_series(ctx, builder, texts, hash, out);
    }
    *out = builder->last_series = series;
    return builder->series[series].sizes[TEXT_JURISDICTION] == 0 &&
                   texts[TEXT_JURISDICTION].size > 0
               ? name_series(ctx, builder, series, &texts[TEXT_JURISDICTION])
               : TRAFFSTAT_OK;
}

traffstat_status traffstat_panel_builder_series(traffstat_ctx *ctx,
                                                traffstat_panel_builder *builder, const char *key,
                                                const char *jurisdiction, const char *measure,
                                                const char *category, const char *source,
                                                size_t *out)
{
    static const char *const names[] = {"key", "jurisdiction", "measure", "category", "source"};
    traffstat_i_enter(ctx);
    if (builder == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                builder == NULL ? "builder" : "place for the index");
    }
    const char *const given[] = {key, jurisdiction, measure, category, source};
    traffstat_i_slice texts[TEXT_COUNT];
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const char *text = given[i] != NULL ? given[i] : "";
        texts[i] = (traffstat_i_slice){text, strlen(text)};
        if (!traffstat_i_utf8_valid(text, texts[i].size)) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the %s of a series is not UTF-8",
                                    names[i]);
        }
    }
    return traffstat_i_builder_series(ctx, builder, texts, out);
}

/* ---- cells ---------------------------------------------------------------------------------- */

static traffstat_status refuse_double(traffstat_ctx *ctx, double value, const char *what,
                                      const char *range)
{
    char digits[TRAFFSTAT_I_DOUBLE_SIZE];
    (void) traffstat_i_format_double(digits, value);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s %s is not %s", what, digits, range);
}

static traffstat_status check_count(traffstat_ctx *ctx, const traffstat_cell *cell)
{
    if (cell->why < TRAFFSTAT_WHY_COUNTED || cell->why > TRAFFSTAT_WHY_UNPARSABLE) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is no reason for a missing count",
                                (int) cell->why);
    }
    if (cell->why != TRAFFSTAT_WHY_COUNTED) {
        return TRAFFSTAT_OK;
    }
    if (cell->lower > cell->upper || cell->lower == TRAFFSTAT_NO_UPPER ||
        cell->lower < -TRAFFSTAT_NO_UPPER) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the count of %d is no interval: lower end %lld, upper end %lld",
                                (int) cell->year, (long long) cell->lower, (long long) cell->upper);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_cell(traffstat_ctx *ctx, const traffstat_cell *cell)
{
    if (cell->year < TRAFFSTAT_YEAR_MIN || cell->year > TRAFFSTAT_YEAR_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "year %d is outside %d to %d",
                                (int) cell->year, TRAFFSTAT_YEAR_MIN, TRAFFSTAT_YEAR_MAX);
    }
    /* the negations let NaN, which stands for "unknown", pass; infinity is caught by its own test */
    if (cell->population <= 0.0 || isinf(cell->population)) {
        return refuse_double(ctx, cell->population, "population", "positive and finite");
    }
    if (cell->coverage <= 0.0 || cell->coverage > 1.0) {
        return refuse_double(ctx, cell->coverage, "coverage", "in (0, 1]");
    }
    return check_count(ctx, cell);
}

/* As it is kept: what means nothing is 0, whatever the caller left there. */
static traffstat_cell kept(const traffstat_cell *cell)
{
    traffstat_cell copy = *cell;
    if (copy.why != TRAFFSTAT_WHY_COUNTED) {
        copy.lower = copy.upper = 0;
    }
    copy.places = copy.places > 0 ? copy.places : 1;
    return copy;
}

static bool grow_cell_slots(traffstat_panel_builder *builder)
{
    const size_t count = builder->cell_slot_count > 0 ? builder->cell_slot_count * 2 : FIRST_SLOTS;
    uint32_t *slots = traffstat_i_alloc(builder->ctx, count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < builder->cell_count; i++) {
        const record *r = &builder->cells[i];
        size_t slot = (size_t) hash_cell(builder->salt, r->series, r->cell.year) & (count - 1);
        while (slots[slot] != 0) {
            slot = (slot + 1) & (count - 1);
        }
        slots[slot] = (uint32_t) (i + 1);
    }
    traffstat_i_free(builder->ctx, builder->cell_slots);
    builder->cell_slots = slots;
    builder->cell_slot_count = count;
    return true;
}

static traffstat_status join(traffstat_ctx *ctx, const traffstat_panel_builder *builder,
                             record *there, const traffstat_cell *more)
{
    if (builder->duplicates == TRAFFSTAT_DUPLICATES_ERROR) {
        const char *name = text_at(builder, there->series, TEXT_JURISDICTION);
        return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT, "two records for %s in %d",
                                name[0] != '\0' ? name : text_at(builder, there->series, TEXT_KEY),
                                (int) more->year);
    }
    if (builder->duplicates == TRAFFSTAT_DUPLICATES_LAST) {
        there->cell = kept(more);
    } else if (builder->duplicates == TRAFFSTAT_DUPLICATES_SUM &&
               !traffstat_i_cell_add(&there->cell, more)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "the counts of %d add up to more than 2^63 - 2", (int) more->year);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status add_cell(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                 size_t series, const traffstat_cell *cell)
{
    if (builder->cell_count >= CELLS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT, "more than %zu cells", CELLS_MAX);
    }
    if ((builder->cell_count + 1) * 2 > builder->cell_slot_count && !grow_cell_slots(builder)) {
        return no_room(ctx);
    }
    if (!traffstat_i_reserve(builder->ctx, &builder->cells, &builder->cell_capacity,
                             builder->cell_count + 1, sizeof *builder->cells)) {
        return no_room(ctx);
    }
    const size_t mask = builder->cell_slot_count - 1;
    size_t slot = (size_t) hash_cell(builder->salt, series, cell->year) & mask;
    while (builder->cell_slots[slot] != 0) {
        slot = (slot + 1) & mask;
    }
    builder->cells[builder->cell_count++] = (record){kept(cell), (uint32_t) series};
    builder->cell_slots[slot] = (uint32_t) builder->cell_count;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_builder_add(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                         size_t series, const traffstat_cell *cell)
{
    if (series >= builder->series_count) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is no series %zu, only %zu",
                                series, builder->series_count);
    }
    const traffstat_status status = check_cell(ctx, cell);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const size_t mask = builder->cell_slot_count - 1;
    size_t slot = (size_t) hash_cell(builder->salt, series, cell->year) & mask;
    while (builder->cell_slot_count > 0 && builder->cell_slots[slot] != 0) {
        record *there = &builder->cells[builder->cell_slots[slot] - 1];
        if (there->series == series && there->cell.year == cell->year) {
            return join(ctx, builder, there, cell);
        }
        slot = (slot + 1) & mask;
    }
    return add_cell(ctx, builder, series, cell);
}

traffstat_status traffstat_panel_builder_add(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                             size_t series, const traffstat_cell *cell)
{
    traffstat_i_enter(ctx);
    if (builder == NULL || cell == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                builder == NULL ? "builder" : "cell");
    }
    return traffstat_i_builder_add(ctx, builder, series, cell);
}

traffstat_status traffstat_panel_builder_count(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                               size_t series, int32_t year, int64_t count)
{
    const traffstat_cell cell = {.lower = count,
                                 .upper = count,
                                 .population = NAN,
                                 .coverage = NAN,
                                 .year = year,
                                 .places = 1};
    return traffstat_panel_builder_add(ctx, builder, series, &cell);
}

/* ---- a panel -------------------------------------------------------------------------------- */

/* Stable counting sort of `from` into `to` by bucket[item]; `start` has room for buckets + 1. */
static void sort_by_year(const record *cells, size_t count, uint32_t *to, size_t start[YEARS + 1])
{
    memset(start, 0, (YEARS + 1) * sizeof *start);
    for (size_t i = 0; i < count; i++) {
        start[cells[i].cell.year - TRAFFSTAT_YEAR_MIN + 1]++;
    }
    for (size_t y = 0; y < YEARS; y++) {
        start[y + 1] += start[y];
    }
    for (size_t i = 0; i < count; i++) {
        to[start[cells[i].cell.year - TRAFFSTAT_YEAR_MIN]++] = (uint32_t) i;
    }
}

/* `first` gets the first row of each series, and of one past the last. */
static void sort_by_series(const traffstat_panel_builder *builder, const uint32_t *from,
                           uint32_t *to, size_t *first)
{
    for (size_t i = 0; i < builder->cell_count; i++) {
        first[builder->cells[i].series + 1]++;
    }
    for (size_t s = 0; s < builder->series_count; s++) {
        first[s + 1] += first[s];
    }
    for (size_t i = 0; i < builder->cell_count; i++) {
        to[first[builder->cells[from[i]].series]++] = from[i];
    }
    for (size_t s = builder->series_count; s > 0; s--) { /* each had moved to its successor's */
        first[s] = first[s - 1];
    }
    first[0] = 0;
}

/* Cells in order of series and year; NULL: no memory. */
static uint32_t *sorted_cells(const traffstat_panel_builder *builder, size_t *first)
{
    traffstat_ctx *ctx = builder->ctx;
    uint32_t *by_year = traffstat_i_alloc(ctx, builder->cell_count, sizeof *by_year);
    uint32_t *order = traffstat_i_alloc(ctx, builder->cell_count, sizeof *order);
    size_t *start = traffstat_i_alloc(ctx, YEARS + 1, sizeof *start);
    if (by_year != NULL && order != NULL && start != NULL) {
        sort_by_year(builder->cells, builder->cell_count, by_year, start);
        sort_by_series(builder, by_year, order, first);
    } else {
        traffstat_i_free(ctx, order);
        order = NULL;
    }
    traffstat_i_free(ctx, by_year);
    traffstat_i_free(ctx, start);
    return order;
}

static bool make_columns(traffstat_panel *panel)
{
    traffstat_ctx *ctx = panel->ctx;
    panel->first = traffstat_i_alloc(ctx, panel->series_count + 1, sizeof *panel->first);
    panel->years = traffstat_i_alloc(ctx, panel->rows, sizeof *panel->years);
    panel->lowers = traffstat_i_alloc(ctx, panel->rows, sizeof *panel->lowers);
    panel->uppers = traffstat_i_alloc(ctx, panel->rows, sizeof *panel->uppers);
    panel->populations = traffstat_i_alloc(ctx, panel->rows, sizeof *panel->populations);
    panel->coverages = traffstat_i_alloc(ctx, panel->rows, sizeof *panel->coverages);
    panel->flags = traffstat_i_alloc(ctx, panel->rows, sizeof *panel->flags);
    panel->places = traffstat_i_alloc(ctx, panel->rows, sizeof *panel->places);
    panel->validity = traffstat_i_alloc(ctx, (panel->rows + 7) / 8, 1);
    panel->whys = traffstat_i_alloc(ctx, panel->rows, 1);
    return panel->first != NULL && panel->years != NULL && panel->lowers != NULL &&
           panel->uppers != NULL && panel->populations != NULL && panel->coverages != NULL &&
           panel->flags != NULL && panel->places != NULL && panel->validity != NULL &&
           panel->whys != NULL;
}

static void fill_row(traffstat_panel *panel, size_t row, const traffstat_cell *cell)
{
    panel->years[row] = cell->year;
    panel->lowers[row] = cell->lower;
    panel->uppers[row] = cell->upper;
    panel->populations[row] = cell->population;
    panel->coverages[row] = cell->coverage;
    panel->flags[row] = cell->flags;
    panel->places[row] = cell->places;
    panel->whys[row] = (int8_t) cell->why;
    if (cell->why == TRAFFSTAT_WHY_COUNTED) {
        panel->validity[row / 8] = (uint8_t) (panel->validity[row / 8] | 1U << (row % 8));
    }
    panel->first_year = row == 0 || cell->year < panel->first_year ? cell->year : panel->first_year;
    panel->last_year = row == 0 || cell->year > panel->last_year ? cell->year : panel->last_year;
}

/* The last thing that cannot fail any more: texts move over, the builder is empty. */
static void hand_over(traffstat_panel_builder *builder, traffstat_panel *panel)
{
    panel->arena = builder->arena;
    panel->series = builder->series;
    builder->arena = NULL;
    builder->series = NULL;
    empty(builder);
}

static traffstat_panel *panel_of(const traffstat_panel_builder *builder)
{
    traffstat_panel *panel = traffstat_i_alloc(builder->ctx, 1, sizeof *panel);
    if (panel == NULL) {
        return NULL;
    }
    panel->ctx = builder->ctx;
    panel->series_count = builder->series_count;
    panel->rows = builder->cell_count;
    uint32_t *order = make_columns(panel) ? sorted_cells(builder, panel->first) : NULL;
    if (order == NULL) {
        traffstat_panel_free(panel);
        return NULL;
    }
    for (size_t row = 0; row < panel->rows; row++) {
        fill_row(panel, row, &builder->cells[order[row]].cell);
    }
    traffstat_i_free(panel->ctx, order);
    return panel;
}

traffstat_status traffstat_i_builder_finish(traffstat_ctx *ctx, traffstat_panel_builder *builder,
                                            traffstat_panel **out)
{
    if (builder->cell_count == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "the panel has no record");
    }
    traffstat_panel *panel = panel_of(builder);
    if (panel == NULL) {
        return no_room(ctx);
    }
    hand_over(builder, panel);
    *out = panel;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_panel_builder_finish(traffstat_ctx *ctx,
                                                traffstat_panel_builder *builder,
                                                traffstat_panel **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the panel was given");
    }
    *out = NULL;
    if (builder == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no builder was given");
    }
    return traffstat_i_builder_finish(ctx, builder, out);
}
