/* Colours of a picture, few enough for a palette. Private to the PNG writer. */
#ifndef TRAFFSTAT_I_PNG_PALETTE_H
#define TRAFFSTAT_I_PNG_PALETTE_H

#include "base/base.h"

#define TRAFFSTAT_I_PALETTE_MAX 256

/* Pixels as cairo's RGB24: native 32-bit words, the upper byte of no meaning. */
typedef struct traffstat_i_pixels {
    const unsigned char *data;
    size_t stride;
    uint32_t width;
    uint32_t height;
} traffstat_i_pixels;

typedef struct traffstat_i_palette traffstat_i_palette;

/* *out is NULL, with OK, where the picture has too many colours. Charts have some 700, nearly all of
 * them shades at the edges of letters: neighbours that differ by at most 3 of 255 in each channel
 * share an entry, that of the more frequent, so what is painted flat keeps its very colour. */
traffstat_status traffstat_i_palette_new(traffstat_ctx *ctx, const traffstat_i_pixels *pixels,
                                         traffstat_i_palette **out);
void traffstat_i_palette_free(traffstat_ctx *ctx, traffstat_i_palette *palette);
size_t traffstat_i_palette_size(const traffstat_i_palette *palette);
uint32_t traffstat_i_palette_colour(const traffstat_i_palette *palette, size_t i); /* 0xRRGGBB */
/* One row as indices, of which the buffer has room for TRAFFSTAT_I_PALETTE_SPARE more. Rows come in
 * order, into the same buffer: one like that above is left as it is. */
#define TRAFFSTAT_I_PALETTE_SPARE 8
void traffstat_i_palette_row(const traffstat_i_palette *palette, uint32_t y, unsigned char *indices);

#endif
