#include <stdlib.h>
#include <string.h>

#include "figure/png_palette.h"

#define COLOURS_MAX 2048
#define SLOTS 8192 /* a power of two, well above COLOURS_MAX */
#define TOLERANCE_MAX 3
#define HASH_FACTOR 2654435761u /* the golden ratio of 2^32: Knuth's multiplicative hashing */
#define RGB_MASK 0xFFFFFFu

typedef struct entry {
    uint32_t colour;
    uint32_t count;
    size_t index; /* in the palette */
} entry;

struct traffstat_i_palette {
    entry entries[COLOURS_MAX];
    size_t entry_count;
    uint16_t slots[SLOTS]; /* number of an entry and 1; 0: free */
    uint32_t colours[TRAFFSTAT_I_PALETTE_MAX];
    size_t size;
};

static uint32_t colour_at(const unsigned char *row, uint32_t x)
{
    uint32_t pixel = 0;
    memcpy(&pixel, row + (size_t) x * sizeof pixel, sizeof pixel);
    return pixel & RGB_MASK;
}

/* Where the run of one colour that starts at x ends. Two pixels at a time: most of a chart is one
 * colour. */
static uint32_t run_end(const unsigned char *row, uint32_t x, uint32_t width)
{
    const uint32_t colour = colour_at(row, x);
    uint32_t end = x + 1;
    if (end < width && colour_at(row, end) == colour) {
        uint64_t first = 0;
        uint64_t next = 0;
        memcpy(&first, row + (size_t) x * 4, sizeof first);
        do {
            end += end == x + 1 ? 1 : 2;
            if (end + 2 > width) {
                break;
            }
            memcpy(&next, row + (size_t) end * 4, sizeof next);
        } while (next == first);
    }
    while (end < width && colour_at(row, end) == colour) {
        end++;
    }
    return end;
}

/* The slot where a colour is or would be. */
static size_t slot_of(const traffstat_i_palette *palette, uint32_t colour)
{
    size_t slot = (colour * HASH_FACTOR >> 16) % SLOTS;
    while (palette->slots[slot] != 0 &&
           palette->entries[palette->slots[slot] - 1].colour != colour) {
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

/* ---- counting ------------------------------------------------------------------------------- */

/* false: too many colours. */
static bool count_run(traffstat_i_palette *palette, uint32_t colour, uint32_t length)
{
    const size_t slot = slot_of(palette, colour);
    if (palette->slots[slot] == 0) {
        if (palette->entry_count == COLOURS_MAX) {
            return false;
        }
        palette->entries[palette->entry_count++] = (entry){.colour = colour};
        palette->slots[slot] = (uint16_t) palette->entry_count;
    }
    palette->entries[palette->slots[slot] - 1].count += length;
    return true;
}

static bool same_as_above(const traffstat_i_pixels *pixels, uint32_t y)
{
    const unsigned char *row = pixels->data + y * pixels->stride;
    return y > 0 && memcmp(row, row - pixels->stride, (size_t) pixels->width * 4) == 0;
}

/* Rows like the one above are not counted again: half of a chart. */
static bool count_colours(traffstat_i_palette *palette, const traffstat_i_pixels *pixels)
{
    for (uint32_t y = 0; y < pixels->height; y++) {
        if (same_as_above(pixels, y)) {
            continue;
        }
        const unsigned char *row = pixels->data + y * pixels->stride;
        for (uint32_t x = 0; x < pixels->width;) {
            const uint32_t colour = colour_at(row, x);
            const uint32_t end = run_end(row, x, pixels->width);
            if (!count_run(palette, colour, end - x)) {
                return false;
            }
            x = end;
        }
    }
    return true;
}

/* ---- merging -------------------------------------------------------------------------------- */

/* The most frequent first; ties by colour, so that the order is one. */
static int compare_entries(const void *a, const void *b)
{
    const entry *const left = a;
    const entry *const right = b;
    if (left->count != right->count) {
        return left->count > right->count ? -1 : 1;
    }
    return left->colour < right->colour ? -1 : 1;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
    uint32_t most = 0;
    for (int shift = 0; shift < 24; shift += 8) {
        const uint32_t left = a >> shift & 0xFFu;
        const uint32_t right = b >> shift & 0xFFu;
        const uint32_t apart = left > right ? left - right : right - left;
        most = apart > most ? apart : most;
    }
    return most;
}

/* The nearest entry of the palette so far. */
static size_t nearest(const traffstat_i_palette *palette, uint32_t colour, uint32_t *apart)
{
    size_t best = 0;
    *apart = UINT32_MAX;
    for (size_t i = 0; i<palette->size && * apart> 0; i++) {
        const uint32_t far = distance(palette->colours[i], colour);
        if (far < *apart) {
            *apart = far;
            best = i;
        }
    }
    return best;
}

static bool choose_colours(traffstat_i_palette *palette, uint32_t tolerance)
{
    palette->size = 0;
    for (size_t i = 0; i < palette->entry_count; i++) {
        entry *const one = &palette->entries[i];
        uint32_t apart = 0;
        one->index = nearest(palette, one->colour, &apart);
        if (apart <= tolerance) {
            continue;
        }
        if (palette->size == TRAFFSTAT_I_PALETTE_MAX) {
            return false;
        }
        one->index = palette->size;
        palette->colours[palette->size++] = one->colour;
    }
    return true;
}

static bool fill_palette(traffstat_i_palette *palette, const traffstat_i_pixels *pixels)
{
    if (!count_colours(palette, pixels)) {
        return false;
    }
    qsort(palette->entries, palette->entry_count, sizeof palette->entries[0], compare_entries);
    memset(palette->slots, 0, sizeof palette->slots);
    for (size_t i = 0; i < palette->entry_count; i++) {
        palette->slots[slot_of(palette, palette->entries[i].colour)] = (uint16_t) (i + 1);
    }
    /* All are different: none can be merged at 0. */
    uint32_t tolerance = palette->entry_count <= TRAFFSTAT_I_PALETTE_MAX ? 0 : 1;
    for (; tolerance <= TOLERANCE_MAX; tolerance++) {
        if (choose_colours(palette, tolerance)) {
            return true;
        }
    }
    return false;
}

/* ---- using ---------------------------------------------------------------------------------- */

traffstat_status traffstat_i_palette_new(traffstat_ctx *ctx, const traffstat_i_pixels *pixels,
                                         traffstat_i_palette **out)
{
    *out = NULL;
    traffstat_i_palette *palette = traffstat_i_alloc(ctx, 1, sizeof *palette);
    if (palette == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (!fill_palette(palette, pixels)) {
        traffstat_i_free(ctx, palette);
        return TRAFFSTAT_OK;
    }
    *out = palette;
    return TRAFFSTAT_OK;
}

void traffstat_i_palette_free(traffstat_ctx *ctx, traffstat_i_palette *palette)
{
    traffstat_i_free(ctx, palette);
}

size_t traffstat_i_palette_size(const traffstat_i_palette *palette)
{
    return palette->size;
}

uint32_t traffstat_i_palette_colour(const traffstat_i_palette *palette, size_t i)
{
    return palette->colours[i];
}

void traffstat_i_palette_row(const traffstat_i_palette *palette, const traffstat_i_pixels *pixels,
                             uint32_t y, unsigned char *indices)
{
    if (same_as_above(pixels, y)) {
        return; /* `indices` are those of the row above */
    }
    const unsigned char *row = pixels->data + y * pixels->stride;
    for (uint32_t x = 0; x < pixels->width;) {
        const uint32_t colour = colour_at(row, x);
        const uint32_t end = run_end(row, x, pixels->width);
        const entry *const one = &palette->entries[palette->slots[slot_of(palette, colour)] - 1];
        memset(indices + x, (int) one->index, end - x);
        x = end;
    }
}
