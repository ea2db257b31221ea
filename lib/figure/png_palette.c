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
    size_t number; /* in the order of first meeting */
} entry;

/* A row up to `end` in one colour, from where the run before it ends. */
typedef struct run {
    uint16_t end;
    uint16_t number; /* of the colour's entry */
} run;

/* The picture is looked at once: what its rows are made of is kept as runs, few in a chart. */
struct traffstat_i_palette {
    traffstat_ctx *ctx;
    entry entries[COLOURS_MAX];
    size_t entry_count;
    uint16_t slots[SLOTS];         /* number of an entry and 1; 0: free */
    unsigned char at[COLOURS_MAX]; /* by number: where the colour is in the palette */
    uint32_t colours[TRAFFSTAT_I_PALETTE_MAX];
    size_t size;
    run *runs;
    size_t run_count;
    size_t run_capacity;
    size_t *rows; /* [height + 1] the first run of each; none: the row is the one above */
};

static uint32_t colour_at(const unsigned char *row, uint32_t x)
{
    uint32_t pixel = 0;
    memcpy(&pixel, row + (size_t) x * sizeof pixel, sizeof pixel);
    return pixel & RGB_MASK;
}

/* Four times two pixels at x, less two of one colour: 0 where all are of it. */
static uint64_t differ(const unsigned char *row, uint32_t x, uint64_t two)
{
    const uint64_t mask = (uint64_t) RGB_MASK << 32 | RGB_MASK;
    uint64_t pixels[4];
    memcpy(pixels, row + (size_t) x * 4, sizeof pixels);
    return ((pixels[0] ^ two) | (pixels[1] ^ two) | (pixels[2] ^ two) | (pixels[3] ^ two)) & mask;
}

/* Where the run of one colour that starts at x ends. Eight pixels at a time: most of a chart is one
 * colour. */
static uint32_t run_end(const unsigned char *row, uint32_t x, uint32_t width)
{
    const uint32_t colour = colour_at(row, x);
    const uint64_t two = (uint64_t) colour << 32 | colour;
    uint32_t end = x + 1;
    if (end < width && colour_at(row, end) != colour) {
        return end;
    }
    while (end + 8 <= width && differ(row, end, two) == 0) {
        end += 8;
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

/* Number of a colour's entry; COLOURS_MAX: there is no room for one more. */
static size_t count_run(traffstat_i_palette *palette, uint32_t colour, uint32_t length)
{
    const size_t slot = slot_of(palette, colour);
    if (palette->slots[slot] == 0) {
        if (palette->entry_count == COLOURS_MAX) {
            return COLOURS_MAX;
        }
        palette->entries[palette->entry_count] =
            (entry){.colour = colour, .number = palette->entry_count};
        palette->slots[slot] = (uint16_t) ++palette->entry_count;
    }
    const size_t number = palette->slots[slot] - 1u;
    palette->entries[number].count += length;
    return number;
}

static bool same_as_above(const traffstat_i_pixels *pixels, uint32_t y)
{
    const unsigned char *row = pixels->data + y * pixels->stride;
    return y > 0 && memcmp(row, row - pixels->stride, (size_t) pixels->width * 4) == 0;
}

static traffstat_status count_row(traffstat_i_palette *palette, const unsigned char *row,
                                  uint32_t width, bool *fits)
{
    if (!traffstat_i_reserve(palette->ctx, &palette->runs, &palette->run_capacity,
                             palette->run_count + width, sizeof *palette->runs)) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (uint32_t x = 0; x < width;) {
        const uint32_t colour = colour_at(row, x);
        const uint32_t end = run_end(row, x, width);
        const size_t number = count_run(palette, colour, end - x);
        if (number == COLOURS_MAX) {
            *fits = false;
            return TRAFFSTAT_OK;
        }
        palette->runs[palette->run_count++] = (run){(uint16_t) end, (uint16_t) number};
        x = end;
    }
    return TRAFFSTAT_OK;
}

/* Rows like the one above are not counted again: half of a chart. */
static traffstat_status count_colours(traffstat_i_palette *palette,
                                      const traffstat_i_pixels *pixels, bool *fits)
{
    traffstat_status status = TRAFFSTAT_OK;
    *fits = pixels->width <= UINT16_MAX;
    palette->rows =
        traffstat_i_alloc(palette->ctx, (size_t) pixels->height + 1, sizeof *palette->rows);
    if (palette->rows == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (uint32_t y = 0; y < pixels->height && *fits && status == TRAFFSTAT_OK; y++) {
        if (!same_as_above(pixels, y)) {
            status = count_row(palette, pixels->data + y * pixels->stride, pixels->width, fits);
        }
        palette->rows[y + 1] = palette->run_count;
    }
    return status;
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

/* The nearest entry of the palette so far, of those at most `tolerance` away; the palette's size:
 * there is none. */
static size_t nearest(const traffstat_i_palette *palette, uint32_t colour, uint32_t tolerance)
{
    size_t best = palette->size;
    uint32_t limit = tolerance + 1;
    for (size_t i = 0; i < palette->size && limit > 0; i++) {
        /* most are far away in the first channel already: |d| < limit, without a branch for its sign */
        const uint32_t blue = (palette->colours[i] & 0xFFu) - (colour & 0xFFu) + limit - 1;
        if (blue > 2 * limit - 2) {
            continue;
        }
        const uint32_t apart = distance(palette->colours[i], colour);
        if (apart < limit) {
            limit = apart;
            best = i;
        }
    }
    return best;
}

static bool choose_colours(traffstat_i_palette *palette, uint32_t tolerance)
{
    palette->size = 0;
    for (size_t i = 0; i < palette->entry_count; i++) {
        const entry *const one = &palette->entries[i];
        const size_t index = nearest(palette, one->colour, tolerance);
        if (index == TRAFFSTAT_I_PALETTE_MAX) {
            return false;
        }
        palette->at[one->number] = (unsigned char) index;
        if (index == palette->size) {
            palette->colours[palette->size++] = one->colour;
        }
    }
    return true;
}

static traffstat_status fill_palette(traffstat_i_palette *palette, const traffstat_i_pixels *pixels,
                                     bool *fits)
{
    const traffstat_status status = count_colours(palette, pixels, fits);
    if (status != TRAFFSTAT_OK || !*fits) {
        return status;
    }
    qsort(palette->entries, palette->entry_count, sizeof palette->entries[0], compare_entries);
    /* All are different: none can be merged at 0. */
    uint32_t tolerance = palette->entry_count <= TRAFFSTAT_I_PALETTE_MAX ? 0 : 1;
    for (; tolerance <= TOLERANCE_MAX; tolerance++) {
        if (choose_colours(palette, tolerance)) {
            return TRAFFSTAT_OK;
        }
    }
    *fits = false;
    return TRAFFSTAT_OK;
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
    bool fits = false;
    palette->ctx = ctx;
    const traffstat_status status = fill_palette(palette, pixels, &fits);
    if (status != TRAFFSTAT_OK || !fits) {
        traffstat_i_palette_free(ctx, palette);
        return status;
    }
    *out = palette;
    return TRAFFSTAT_OK;
}

void traffstat_i_palette_free(traffstat_ctx *ctx, traffstat_i_palette *palette)
{
    if (palette != NULL) {
        traffstat_i_free(ctx, palette->runs);
        traffstat_i_free(ctx, palette->rows);
        traffstat_i_free(ctx, palette);
    }
}

size_t traffstat_i_palette_size(const traffstat_i_palette *palette)
{
    return palette->size;
}

uint32_t traffstat_i_palette_colour(const traffstat_i_palette *palette, size_t i)
{
    return palette->colours[i];
}

/* Most runs beside letters are of a few pixels: eight bytes are set at once, and the next run writes
 * over what was too much. */
void traffstat_i_palette_row(const traffstat_i_palette *palette, uint32_t y, unsigned char *indices)
{
    size_t x = 0;
    for (size_t i = palette->rows[y]; i < palette->rows[y + 1]; i++) {
        const run *const one = &palette->runs[i];
        const unsigned char index = palette->at[one->number];
        const uint64_t eight = index * UINT64_C(0x0101010101010101);
        memcpy(indices + x, &eight, sizeof eight);
        if (one->end - x > sizeof eight) {
            memset(indices + x, index, one->end - x);
        }
        x = one->end;
    }
}
