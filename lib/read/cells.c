#include "read/read.h"

void traffstat_i_cells_init(traffstat_i_cells *cells, traffstat_ctx *ctx)
{
    *cells = (traffstat_i_cells){.ctx = ctx, .salt = (uint64_t) (uintptr_t) cells};
}

void traffstat_i_cells_clear(traffstat_i_cells *cells)
{
    traffstat_i_free(cells->ctx, cells->items);
    traffstat_i_free(cells->ctx, cells->slots);
    traffstat_i_cells_init(cells, cells->ctx);
}

/* Series and year fill one word, which is mixed to a bijection of it: cells never share a full
 * hash. The salt is an address that a file cannot know, and no order depends on it. */
static size_t slot_of(const traffstat_i_cells *cells, size_t series, int32_t year)
{
    uint64_t hash = ((uint64_t) series << 16 | (uint64_t) (uint16_t) year) ^ cells->salt;
    hash = (hash ^ hash >> 31) * UINT64_C(0x7fb5d329728ea185);
    hash = (hash ^ hash >> 27) * UINT64_C(0x81dadef4bc2dd44d);
    return (size_t) (hash ^ hash >> 33) & (cells->slot_count - 1);
}

static size_t find_slot(const traffstat_i_cells *cells, size_t series, int32_t year)
{
    size_t slot = slot_of(cells, series, year);
    while (cells->slots[slot] != 0) {
        const traffstat_i_stored *stored = &cells->items[cells->slots[slot] - 1];
        if (stored->series == series && stored->cell.year == year) {
            break;
        }
        slot = (slot + 1) & (cells->slot_count - 1);
    }
    return slot;
}

static bool grow_slots(traffstat_i_cells *cells)
{
    const size_t count = cells->slot_count > 0 ? cells->slot_count * 2 : 64;
    size_t *slots = traffstat_i_alloc(cells->ctx, count, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    traffstat_i_free(cells->ctx, cells->slots);
    cells->slots = slots;
    cells->slot_count = count;
    for (size_t i = 0; i < cells->count; i++) {
        slots[find_slot(cells, cells->items[i].series, cells->items[i].cell.year)] = i + 1;
    }
    return true;
}

/* Files mostly go on where they are, or in the order in which they began: the cell of the last
 * record, or the one after it. */
static traffstat_i_stored *guess(traffstat_i_cells *cells, size_t series, int32_t year)
{
    for (size_t i = cells->last; i < cells->count && i < cells->last + 2; i++) {
        if (cells->items[i].series == series && cells->items[i].cell.year == year) {
            cells->last = i;
            return &cells->items[i];
        }
    }
    return NULL;
}

traffstat_i_stored *traffstat_i_cells_at(traffstat_i_cells *cells, size_t series, int32_t year,
                                         bool *fresh)
{
    traffstat_i_stored *guessed = guess(cells, series, year);
    if (guessed != NULL) {
        *fresh = false;
        return guessed;
    }
    if (cells->count * 2 >= cells->slot_count && !grow_slots(cells)) {
        return NULL;
    }
    const size_t slot = find_slot(cells, series, year);
    *fresh = cells->slots[slot] == 0;
    if (!*fresh) {
        cells->last = cells->slots[slot] - 1;
        return &cells->items[cells->last];
    }
    if (cells->count >= cells->capacity &&
        !traffstat_i_reserve(cells->ctx, &cells->items, &cells->capacity, cells->count + 1,
                             sizeof *cells->items)) {
        return NULL;
    }
    traffstat_i_stored *stored = &cells->items[cells->count];
    *stored = (traffstat_i_stored){.series = series, .cell = {.year = year}};
    cells->last = cells->count;
    cells->slots[slot] = ++cells->count;
    return stored;
}
