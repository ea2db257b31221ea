#include "read/read.h"

void traffstat_i_cells_init(traffstat_i_cells *cells, traffstat_ctx *ctx)
{
    *cells = (traffstat_i_cells){.ctx = ctx};
}

void traffstat_i_cells_clear(traffstat_i_cells *cells)
{
    traffstat_i_free(cells->ctx, cells->items);
    traffstat_i_free(cells->ctx, cells->slots);
    *cells = (traffstat_i_cells){.ctx = cells->ctx};
}

/* Both numbers are small and regular: a multiplication spreads them, the high bits are the good
 * ones. */
static size_t slot_of(const traffstat_i_cells *cells, size_t series, int32_t year)
{
    const uint64_t mixed = ((uint64_t) series * 512 + (uint64_t) (year - TRAFFSTAT_YEAR_MIN)) *
                           UINT64_C(0x9e3779b97f4a7c15);
    return (size_t) (mixed >> 32) & (cells->slot_count - 1);
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

traffstat_i_stored *traffstat_i_cells_at(traffstat_i_cells *cells, size_t series, int32_t year,
                                         bool *fresh)
{
    if (cells->count * 2 >= cells->slot_count && !grow_slots(cells)) {
        return NULL;
    }
    const size_t slot = find_slot(cells, series, year);
    *fresh = cells->slots[slot] == 0;
    if (!*fresh) {
        return &cells->items[cells->slots[slot] - 1];
    }
    if (cells->count >= cells->capacity &&
        !traffstat_i_reserve(cells->ctx, &cells->items, &cells->capacity, cells->count + 1,
                             sizeof *cells->items)) {
        return NULL;
    }
    traffstat_i_stored *stored = &cells->items[cells->count];
    *stored = (traffstat_i_stored){.series = series, .cell = {.year = year}};
    cells->slots[slot] = ++cells->count;
    return stored;
}
