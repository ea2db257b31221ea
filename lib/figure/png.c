/* A scene into PNG: cairo's pixels, libpng's file. */
#include <math.h>
#include <setjmp.h>
#include <string.h>

#include <cairo.h>
#include <png.h>

#include "figure/png_palette.h"
#include "figure/scene.h"

/* Measured on charts of 1600 x 900 (CPU ms and KB of the encoding alone): this 6 and 57; level 5,
 * 9 and 47; without the palette, level 6, 25 and 87; cairo_surface_write_to_png 40 and 97. */
#define LEVEL 3
#define MEMORY_LEVEL 9
#define SIDE_MAX 30000.0
#define INCHES_PER_METRE (1.0 / 0.0254)

typedef struct picture {
    traffstat_ctx *ctx;
    const traffstat_scene *scene;
    traffstat_i_pixels pixels; /* premultiplied where there is alpha */
    bool opaque;
    traffstat_i_palette *palette; /* NULL: none */
    unsigned char *row;
    traffstat_text *out;
    char reason[128]; /* libpng's */
} picture;

/* ---- libpng's callbacks --------------------------------------------------------------------- */

static void on_error(png_structp png, png_const_charp reason)
{
    picture *pic = png_get_error_ptr(png);
    size_t size = strlen(reason);
    size = size < sizeof pic->reason ? size : sizeof pic->reason - 1;
    memcpy(pic->reason, reason, size);
    pic->reason[size] = '\0';
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp reason)
{
    (void) png;
    (void) reason;
}

/* No jump on a lack of memory: `out` remembers it. */
static void on_write(png_structp png, png_bytep data, size_t size)
{
    traffstat_i_text_add_bytes(png_get_io_ptr(png), data, size);
}

static void on_flush(png_structp png)
{
    (void) png;
}

/* ---- rows ----------------------------------------------------------------------------------- */

static uint32_t pixel_at(const picture *pic, uint32_t x, uint32_t y)
{
    uint32_t pixel = 0;
    memcpy(&pixel, pic->pixels.data + y * pic->pixels.stride + (size_t) x * 4, sizeof pixel);
    return pixel;
}

static unsigned char unmultiplied(uint32_t channel, uint32_t alpha)
{
    return (unsigned char) ((channel * 255u + alpha / 2u) / alpha);
}

static void fill_rgb(const picture *pic, uint32_t y)
{
    unsigned char *to = pic->row;
    for (uint32_t x = 0; x < pic->pixels.width; x++, to += 3) {
        const uint32_t pixel = pixel_at(pic, x, y);
        to[0] = (unsigned char) (pixel >> 16);
        to[1] = (unsigned char) (pixel >> 8);
        to[2] = (unsigned char) pixel;
    }
}

static void fill_rgba(const picture *pic, uint32_t y)
{
    unsigned char *to = pic->row;
    for (uint32_t x = 0; x < pic->pixels.width; x++, to += 4) {
        const uint32_t pixel = pixel_at(pic, x, y);
        const uint32_t alpha = pixel >> 24;
        memset(to, 0, 4);
        if (alpha != 0) {
            to[0] = unmultiplied(pixel >> 16 & 0xFFu, alpha);
            to[1] = unmultiplied(pixel >> 8 & 0xFFu, alpha);
            to[2] = unmultiplied(pixel & 0xFFu, alpha);
            to[3] = (unsigned char) alpha;
        }
    }
}

static bool all_opaque(const picture *pic)
{
    for (uint32_t y = 0; y < pic->pixels.height; y++) {
        for (uint32_t x = 0; x < pic->pixels.width; x++) {
            if (pixel_at(pic, x, y) >> 24 != 0xFFu) {
                return false;
            }
        }
    }
    return true;
}

/* ---- the file ------------------------------------------------------------------------------- */

/* libpng copies texts and does not write to them, but its struct wants them writable. */
static char *borrowed(const char *text)
{
    char *writable = NULL;
    memcpy(&writable, &text, sizeof writable);
    return writable;
}

static void set_texts(png_structp png, png_infop info, const picture *pic)
{
    static const char software[] = "libtraffstat " TRAFFSTAT_VERSION;
    const char *const values[][2] = {
        {"Title", pic->scene->title}, {"Description", pic->scene->alt}, {"Software", software}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        png_text text = {0};
        text.compression = PNG_ITXT_COMPRESSION_NONE;
        text.key = borrowed(values[i][0]);
        text.text = borrowed(values[i][1]);
        text.itxt_length = strlen(values[i][1]);
        text.lang = borrowed(i < 2 ? pic->scene->language : "");
        text.lang_key = borrowed("");
        if (text.itxt_length > 0) {
            png_set_text(png, info, &text, 1);
        }
    }
}

static int colour_type(const picture *pic)
{
    if (pic->palette != NULL) {
        return PNG_COLOR_TYPE_PALETTE;
    }
    return pic->opaque ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_RGB_ALPHA;
}

static void set_palette(png_structp png, png_infop info, const traffstat_i_palette *palette)
{
    png_color colours[TRAFFSTAT_I_PALETTE_MAX];
    const size_t size = traffstat_i_palette_size(palette);
    for (size_t i = 0; i < size; i++) {
        const uint32_t colour = traffstat_i_palette_colour(palette, i);
        colours[i] =
            (png_color){(png_byte) (colour >> 16), (png_byte) (colour >> 8), (png_byte) colour};
    }
    png_set_PLTE(png, info, colours, (int) size);
    png_set_check_for_invalid_index(png, 0); /* a pass over all pixels for what cannot be */
}

static void write_rows(png_structp png, const picture *pic)
{
    for (uint32_t y = 0; y < pic->pixels.height; y++) {
        if (pic->palette != NULL) {
            traffstat_i_palette_row(pic->palette, y, pic->row);
        } else if (pic->opaque) {
            fill_rgb(pic, y);
        } else {
            fill_rgba(pic, y);
        }
        png_write_row(png, pic->row);
    }
}

static void write_chunks(png_structp png, png_infop info, const picture *pic)
{
    const png_uint_32 density = (png_uint_32) lround(pic->scene->units_per_inch * INCHES_PER_METRE);
    png_set_write_fn(png, pic->out, on_write, on_flush);
    png_set_IHDR(png, info, pic->pixels.width, pic->pixels.height, 8, colour_type(pic),
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_compression_level(png, LEVEL);
    png_set_compression_mem_level(png, MEMORY_LEVEL);
    png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_set_pHYs(png, info, density, density, PNG_RESOLUTION_METER);
    set_texts(png, info, pic);
    if (pic->palette != NULL) {
        set_palette(png, info, pic->palette);
    }
    png_write_info(png, info);
    write_rows(png, pic);
    png_write_end(png, NULL);
}

/* The one function that libpng may jump back into; nothing of ours lies between. */
static traffstat_status write_file(picture *pic)
{
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, pic, on_error, on_warning);
    png_infop info = png != NULL ? png_create_info_struct(png) : NULL;
    if (info == NULL) {
        png_destroy_write_struct(&png, NULL);
        return traffstat_i_fail(pic->ctx, TRAFFSTAT_E_NOMEM, "no memory to write the PNG");
    }
    png_infop volatile kept_info = info;
    png_structp volatile kept_png = png;
    traffstat_status volatile status = TRAFFSTAT_OK;
    if (setjmp(png_jmpbuf(png)) == 0) {
        write_chunks(png, info, pic);
    } else {
        status = traffstat_i_fail(pic->ctx, TRAFFSTAT_E_DRAW,
                                  "libpng could not write the figure: %s", pic->reason);
    }
    png = kept_png;
    info = kept_info;
    png_destroy_write_struct(&png, &info);
    return status == TRAFFSTAT_OK && pic->out->failed ? TRAFFSTAT_E_NOMEM : status;
}

static traffstat_status encode(picture *pic)
{
    traffstat_status status = TRAFFSTAT_OK;
    if (pic->opaque) {
        status = traffstat_i_palette_new(pic->ctx, &pic->pixels, &pic->palette);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    pic->row = traffstat_i_alloc(pic->ctx, (size_t) pic->pixels.width + TRAFFSTAT_I_PALETTE_SPARE,
                                 4); /* room for each colour type */
    status = pic->row != NULL ? write_file(pic) : TRAFFSTAT_E_NOMEM;
    traffstat_i_free(pic->ctx, pic->row);
    traffstat_i_palette_free(pic->ctx, pic->palette);
    return status;
}

/* ---- pixels --------------------------------------------------------------------------------- */

static traffstat_status paint(traffstat_ctx *ctx, const traffstat_scene *scene,
                              cairo_surface_t *surface)
{
    traffstat_i_fonts *fonts = NULL;
    traffstat_status status = traffstat_i_scene_fonts(ctx, scene, &fonts);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    cairo_t *cr = cairo_create(surface);
    const uint32_t ground = traffstat_i_scene_ground(scene);
    if (ground != 0) { /* the last pixels too, where the page does not fill them */
        cairo_set_source_rgb(cr, (double) (ground >> 24) / 255.0,
                             (double) (ground >> 16 & 0xFFu) / 255.0,
                             (double) (ground >> 8 & 0xFFu) / 255.0);
        cairo_paint(cr);
    }
    status = traffstat_i_draw_marks(ctx, scene, fonts, cr, 0, scene->mark_count);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_cairo_status(ctx, (int) cairo_status(cr));
    }
    cairo_destroy(cr);
    traffstat_i_fonts_free(fonts);
    cairo_surface_flush(surface);
    return status;
}

traffstat_status traffstat_i_write_png(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out)
{
    if (!(scene->width > 0.0 && scene->width <= SIDE_MAX && scene->height > 0.0 &&
          scene->height <= SIDE_MAX)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_DRAW, "a page side must lie in 1 to %d pixels",
                                (int) SIDE_MAX);
    }
    picture pic = {.ctx = ctx,
                   .scene = scene,
                   .pixels = {.width = (uint32_t) ceil(scene->width - 1e-6),
                              .height = (uint32_t) ceil(scene->height - 1e-6)},
                   .opaque = traffstat_i_scene_ground(scene) != 0,
                   .out = out};
    cairo_surface_t *surface =
        cairo_image_surface_create(pic.opaque ? CAIRO_FORMAT_RGB24 : CAIRO_FORMAT_ARGB32,
                                   (int) pic.pixels.width, (int) pic.pixels.height);
    traffstat_status status = traffstat_i_cairo_status(ctx, (int) cairo_surface_status(surface));
    if (status == TRAFFSTAT_OK) {
        status = paint(ctx, scene, surface);
    }
    if (status == TRAFFSTAT_OK) {
        pic.pixels.data = cairo_image_surface_get_data(surface);
        pic.pixels.stride = (size_t) cairo_image_surface_get_stride(surface);
        pic.opaque = pic.opaque || all_opaque(&pic);
        status = encode(&pic);
    }
    cairo_surface_destroy(surface);
    return status;
}
