/* One scene into three pictures. Given `--write FOLDER` the program only writes them, so that a test
 * can compare the bytes of processes with other environments. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cairo-pdf.h>
#include <glib.h>
#include <png.h>
#include <traffstat/cairo.h>

#include "figure/scene.h"
#include "support/support.h"

#define WHITE 0xFFFFFFFFu
#define BLUE 0x12436DFFu
#define ORANGE 0xB5460FFFu
#define GREY 0x444444FFu
#define TITLE "7 < 8 & \"8\" > '7'"
#define ALT "Bars: 7 cases in 2017, <5 in 2018; \u0645\u0631\u062D\u0628\u0627 & more"
#define SHALOM "\u05E9\u05DC\u05D5\u05DD"
#define SIDE 200

/* ---- a scene with each kind of mark --------------------------------------------------------- */

static traffstat_status add(traffstat_scene *scene, traffstat_i_mark mark)
{
    return traffstat_i_scene_add(scene, &mark);
}

static traffstat_status add_text(traffstat_scene *scene, traffstat_i_fonts *fonts, int32_t role,
                                 traffstat_i_anchor anchor, double x, double y, const char *text)
{
    const traffstat_i_mark mark = {
        .seen = {.role = role, .font_size = 14, .fill = GREY, .text = text, .bold = x > 150.0},
        .anchor = anchor,
        .at = {x, y}};
    return traffstat_i_scene_add_text(scene, fonts, &mark);
}

#define TRY(call)                                                                                  \
    do {                                                                                           \
        const traffstat_status try_status = (call);                                                \
        if (try_status != TRAFFSTAT_OK) {                                                          \
            return try_status;                                                                     \
        }                                                                                          \
    } while (0)

/* A blue bar 20-60 x 60-160; a hatched one 80-120 x 60-160; a dashed line at y 170; a triangle with
 * its right angle at 140,160; an open path above it; a circle at 160,50 of radius 10. */
static traffstat_status add_shapes(traffstat_scene *scene)
{
    static const traffstat_i_point triangle[] = {{140, 160}, {190, 160}, {140, 110}};
    static const traffstat_i_point zigzag[] = {{140, 100}, {165, 80}, {190, 100}};
    TRY(add(
        scene,
        (traffstat_i_mark){
            .seen = {.role = TRAFFSTAT_MARK_BACKGROUND, .x2 = SIDE, .y2 = SIDE, .fill = WHITE}}));
    TRY(add(scene, (traffstat_i_mark){.seen = {.role = TRAFFSTAT_MARK_OBSERVED,
                                               .x = 20,
                                               .y = 160,
                                               .x2 = 60,
                                               .y2 = 60,
                                               .fill = BLUE}}));
    TRY(add(scene, (traffstat_i_mark){.seen = {.role = TRAFFSTAT_MARK_UNREPORTED,
                                               .x = 80,
                                               .y = 60,
                                               .x2 = 120,
                                               .y2 = 160,
                                               .stroke = ORANGE,
                                               .stroke_width = 2,
                                               .hatch = ORANGE},
                                      .hatch_step = 8,
                                      .hatch_width = 3}));
    TRY(add(scene, (traffstat_i_mark){.seen = {.type = TRAFFSTAT_MARK_LINE,
                                               .role = TRAFFSTAT_MARK_AXIS,
                                               .x = 20,
                                               .y = 170,
                                               .x2 = 180,
                                               .y2 = 170,
                                               .stroke = ORANGE,
                                               .stroke_width = 4},
                                      .dash = 20}));
    TRY(traffstat_i_scene_add_path(
        scene,
        &(traffstat_i_mark){.seen = {.role = TRAFFSTAT_MARK_RIBBON, .fill = BLUE}, .closed = true},
        triangle, 3));
    TRY(traffstat_i_scene_add_path(scene,
                                   &(traffstat_i_mark){.seen = {.role = TRAFFSTAT_MARK_SERIES_LINE,
                                                                .fill = BLUE,
                                                                .stroke = BLUE,
                                                                .stroke_width = 4}},
                                   zigzag, 3));
    return add(scene, (traffstat_i_mark){.seen = {.type = TRAFFSTAT_MARK_CIRCLE,
                                                  .role = TRAFFSTAT_MARK_POINT,
                                                  .fill = WHITE,
                                                  .stroke = ORANGE,
                                                  .stroke_width = 4},
                                         .at = {160, 50},
                                         .radius = 10});
}

static traffstat_status add_texts(traffstat_scene *scene, traffstat_i_fonts *fonts)
{
    TRY(add_text(scene, fonts, TRAFFSTAT_MARK_TITLE, TRAFFSTAT_I_ANCHOR_START, 10, 20, TITLE));
    TRY(add_text(scene, fonts, TRAFFSTAT_MARK_YEAR_LABEL, TRAFFSTAT_I_ANCHOR_MIDDLE, 40, 190,
                 "2017"));
    TRY(add_text(scene, fonts, TRAFFSTAT_MARK_DIRECT_LABEL, TRAFFSTAT_I_ANCHOR_START, 80, 50,
                 SHALOM));
    TRY(add_text(scene, fonts, TRAFFSTAT_MARK_SOURCE, TRAFFSTAT_I_ANCHOR_END, 190, 192,
                 "Source:  file"));
    return traffstat_i_scene_set(scene, &scene->font_family, traffstat_i_fonts_family(fonts));
}

static traffstat_status fill_scene(traffstat_scene *scene)
{
    traffstat_i_fonts *fonts = NULL;
    TRY(add_shapes(scene));
    TRY(traffstat_i_scene_set(scene, &scene->title, TITLE));
    TRY(traffstat_i_scene_set(scene, &scene->subtitle, "A subtitle"));
    TRY(traffstat_i_scene_set(scene, &scene->alt, ALT));
    TRY(traffstat_i_scene_add_note(scene, "A note"));
    TRY(traffstat_i_scene_add_note(scene, "Source"));
    TRY(traffstat_i_fonts_new(scene->ctx, NULL, NULL, "en", &fonts));
    const traffstat_status status = add_texts(scene, fonts);
    traffstat_i_fonts_free(fonts);
    return status;
}

static traffstat_status make_scene(traffstat_ctx *ctx, double units_per_inch, traffstat_scene **out)
{
    TRY(traffstat_i_scene_new(ctx, SIDE, SIDE, units_per_inch, out));
    const traffstat_status status = fill_scene(*out);
    if (status != TRAFFSTAT_OK) {
        traffstat_scene_free(*out);
        *out = NULL;
    }
    return status;
}

static traffstat_scene *scene_of(traffstat_ctx *ctx)
{
    traffstat_scene *scene = NULL;
    assert_ok(ctx, make_scene(ctx, 96, &scene));
    return scene;
}

static traffstat_text *render(traffstat_ctx *ctx, const traffstat_scene *scene,
                              traffstat_format format)
{
    traffstat_text *text = NULL;
    assert_ok(ctx, traffstat_scene_render(ctx, scene, format, &text));
    return text;
}

/* ---- the scene itself ----------------------------------------------------------------------- */

static void a_scene_gives_its_marks_and_texts_back(void **state)
{
    traffstat_scene *scene = scene_of(*state);
    traffstat_mark mark;
    assert_near(traffstat_scene_width(scene), SIDE, 0.0);
    assert_near(traffstat_scene_units_per_inch(scene), 96.0, 0.0);
    assert_int_equal(traffstat_scene_marks(scene), 11);
    assert_int_equal(traffstat_scene_mark(scene, 6, &mark), TRAFFSTAT_OK);
    assert_int_equal(mark.type, TRAFFSTAT_MARK_CIRCLE);
    assert_near(mark.x, 150.0, 0.0);
    assert_near(mark.y2, 60.0, 0.0);
    assert_int_equal(traffstat_scene_mark(scene, 4, &mark), TRAFFSTAT_OK);
    assert_int_equal(mark.type, TRAFFSTAT_MARK_PATH);
    assert_near(mark.x2, 190.0, 0.0);
    assert_near(mark.y, 110.0, 0.0);
    assert_int_equal(traffstat_scene_mark(scene, 8, &mark), TRAFFSTAT_OK);
    assert_string_equal(mark.text, "2017");
    assert_near(mark.x + mark.x2, 80.0, 1e-9);
    assert_true(mark.y < 185.0 && mark.y2 >= 190.0 && mark.y2 < 191.0);
    assert_int_equal(traffstat_scene_mark(scene, 11, &mark), TRAFFSTAT_E_ARGUMENT);
    assert_string_equal(traffstat_scene_note(scene, 1), "Source");
    assert_null(traffstat_scene_note(scene, 2));
    assert_string_equal(traffstat_scene_title(NULL), "");
    traffstat_scene_free(scene);
}

/* ---- pixels --------------------------------------------------------------------------------- */

typedef struct picture {
    png_image image;
    unsigned char *pixels; /* RGBA */
} picture;

static picture decode(const void *data, size_t size)
{
    picture pic = {.image = {.version = PNG_IMAGE_VERSION}};
    assert_true(png_image_begin_read_from_memory(&pic.image, data, size));
    pic.image.format = PNG_FORMAT_RGBA;
    pic.pixels = malloc(PNG_IMAGE_SIZE(pic.image));
    assert_non_null(pic.pixels);
    assert_true(png_image_finish_read(&pic.image, NULL, pic.pixels, 0, NULL));
    return pic;
}

static uint32_t pixel(const picture *pic, double x, double y)
{
    const size_t scale = pic->image.width / SIDE;
    const size_t at =
        (size_t) (y * (double) scale) * pic->image.width + (size_t) (x * (double) scale);
    const unsigned char *p = pic->pixels + 4 * at;
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

static uint32_t darkness(uint32_t colour)
{
    return 255u - (colour >> 16 & 0xFFu);
}

/* How much ink there is in a part of the page, in full pixels of green. */
static double ink(const picture *pic, double x, double y, double x2, double y2)
{
    double sum = 0.0;
    for (double row = y; row < y2; row += 1.0) {
        for (double column = x; column < x2; column += 1.0) {
            sum += darkness(pixel(pic, column, row)) / 255.0;
        }
    }
    return sum;
}

/* What all three pictures must show. */
static void assert_shows_the_scene(const picture *pic)
{
    assert_int_equal(pixel(pic, 5, 100), WHITE);
    assert_int_equal(pixel(pic, 195, 195), WHITE);
    assert_int_equal(pixel(pic, 40, 62), BLUE);
    assert_int_equal(pixel(pic, 58, 158), BLUE);
    assert_int_equal(pixel(pic, 62, 100), WHITE);
    assert_int_equal(pixel(pic, 30, 169), ORANGE); /* dash */
    assert_int_equal(pixel(pic, 50, 169), WHITE);  /* gap */
    assert_int_equal(pixel(pic, 70, 170), ORANGE); /* dash */
    assert_int_equal(pixel(pic, 145, 150), BLUE);  /* in the triangle */
    assert_int_equal(pixel(pic, 180, 120), WHITE); /* beyond its long side */
    assert_int_equal(pixel(pic, 165, 95), WHITE);  /* an open path is not filled */
    assert_true(darkness(pixel(pic, 165, 81)) > 150);
    assert_int_equal(pixel(pic, 160, 50), WHITE);  /* in the circle */
    assert_int_equal(pixel(pic, 160, 40), ORANGE); /* on it */
    assert_int_equal(pixel(pic, 160, 36), WHITE);
    assert_int_equal(pixel(pic, 80, 100), ORANGE); /* outline of the hatched bar */
    /* hatching: x + y = (k + 1/2) 8 sqrt 2, so 198.0 is the middle of a line and 203.6 of a gap */
    assert_true(ink(pic, 99, 98, 100, 99) > 0.6); /* all but full: renderers sample patterns */
    assert_true(ink(pic, 102, 101, 103, 102) < 0.05);
    assert_true(ink(pic, 20, 178, 60, 195) > 20.0);  /* 2017 */
    assert_true(ink(pic, 80, 36, 116, 54) > 20.0);   /* from x 80 on, to the right */
    assert_near(ink(pic, 62, 36, 79, 54), 0.0, 0.0); /* nothing to the left of it */
    assert_near(ink(pic, 191, 178, 200, 199), 0.0, 0.0);
    assert_true(ink(pic, 110, 178, 190, 199) > 50.0);
}

static void each_mark_is_in_the_png(void **state)
{
    traffstat_scene *scene = scene_of(*state);
    traffstat_text *png = render(*state, scene, TRAFFSTAT_FORMAT_PNG);
    picture pic = decode(traffstat_text_data(png), traffstat_text_size(png));
    assert_int_equal(pic.image.width, SIDE);
    assert_int_equal(pic.image.height, SIDE);
    assert_shows_the_scene(&pic);
    free(pic.pixels);
    traffstat_text_free(png);
    traffstat_scene_free(scene);
}

/* Runs a program of the system; a missing one fails the test. */
static void run(const char *format, const char *in, const char *out)
{
    char command[4 * SUPPORT_PATH_SIZE];
    snprintf(command, sizeof command, format, in, out);
    const int status = system(command);
    if (status != 0) {
        fail_msg("%s: status %d", command, status);
    }
}

static picture draw_with(traffstat_ctx *ctx, traffstat_format format, const char *command)
{
    char folder[SUPPORT_PATH_SIZE];
    char in[SUPPORT_PATH_SIZE];
    char out[SUPPORT_PATH_SIZE];
    support_temp_folder(folder);
    support_path(in, folder, "in");
    support_path(out, folder, "out");
    traffstat_scene *scene = scene_of(ctx);
    assert_ok(ctx, traffstat_scene_write(ctx, scene, in, format));
    run(command, in, out);
    strcat(out, ".png");
    size_t size = 0;
    char *data = support_read(out, &size);
    assert_non_null(data);
    const picture pic = decode(data, size);
    free(data);
    traffstat_scene_free(scene);
    support_remove_folder(folder);
    return pic;
}

static void the_svg_shows_the_same(void **state)
{
    picture pic = draw_with(*state, TRAFFSTAT_FORMAT_SVG, "rsvg-convert %s -o %s.png");
    assert_int_equal(pic.image.width, SIDE);
    assert_shows_the_scene(&pic);
    free(pic.pixels);
}

static void the_pdf_shows_the_same(void **state)
{
    picture pic = draw_with(*state, TRAFFSTAT_FORMAT_PDF, "pdftoppm -singlefile -r 96 -png %s %s");
    assert_int_equal(pic.image.width, SIDE);
    assert_shows_the_scene(&pic);
    free(pic.pixels);
}

/* ---- PNG ------------------------------------------------------------------------------------ */

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}

/* Content of the n-th chunk (from 0) of a name; NULL when there is none. */
static const unsigned char *chunk(const traffstat_text *png, const char *name, size_t n,
                                  size_t *size)
{
    const unsigned char *data = (const unsigned char *) traffstat_text_data(png);
    size_t at = 8;
    while (at + 12 <= traffstat_text_size(png)) {
        *size = big_endian(data + at);
        if (memcmp(data + at + 4, name, 4) == 0 && n-- == 0) {
            return data + at + 8;
        }
        at += *size + 12;
    }
    return NULL;
}

static void assert_itxt(const traffstat_text *png, size_t n, const char *key, const char *language,
                        const char *text)
{
    size_t size = 0;
    const unsigned char *data = chunk(png, "iTXt", n, &size);
    assert_non_null(data);
    assert_string_equal((const char *) data, key);
    const unsigned char *at = data + strlen(key) + 3; /* not compressed, no method */
    assert_int_equal(at[-2], 0);
    assert_int_equal(at[-1], 0);
    assert_string_equal((const char *) at, language);
    at += strlen(language) + 2; /* no translated key */
    assert_int_equal(size - (size_t) (at - data), strlen(text));
    assert_memory_equal(at, text, strlen(text));
}

static void a_png_says_its_size_its_colours_and_its_texts(void **state)
{
    traffstat_scene *scene = NULL;
    size_t size = 0;
    assert_ok(*state, make_scene(*state, 300, &scene));
    traffstat_text *png = render(*state, scene, TRAFFSTAT_FORMAT_PNG);
    const unsigned char *density = chunk(png, "pHYs", 0, &size);
    assert_non_null(density);
    assert_int_equal(big_endian(density), 11811); /* 300 / 0.0254 */
    assert_int_equal(big_endian(density + 4), 11811);
    assert_int_equal(density[8], 1);
    assert_non_null(chunk(png, "sRGB", 0, &size));
    assert_null(chunk(png, "tIME", 0, &size));
    assert_null(chunk(png, "tEXt", 0, &size));
    assert_itxt(png, 0, "Title", "en", TITLE);
    assert_itxt(png, 1, "Description", "en", ALT);
    assert_itxt(png, 2, "Software", "", "libtraffstat " TRAFFSTAT_VERSION);
    traffstat_text_free(png);
    traffstat_scene_free(scene);
}

static traffstat_scene *blank_scene(traffstat_ctx *ctx, uint32_t ground)
{
    traffstat_scene *scene = NULL;
    assert_ok(ctx, traffstat_i_scene_new(ctx, SIDE, SIDE, 96, &scene));
    if (ground != 0) {
        assert_ok(ctx,
                  add(scene, (traffstat_i_mark){.seen = {.x2 = SIDE, .y2 = SIDE, .fill = ground}}));
    }
    return scene;
}

static int colour_type(const traffstat_text *png)
{
    size_t size = 0;
    return chunk(png, "IHDR", 0, &size)[9];
}

/* Far more flat colours than a palette holds, far apart: all of them stay what they are. */
static void many_colours_go_without_a_palette(void **state)
{
    traffstat_scene *scene = blank_scene(*state, WHITE);
    for (uint32_t i = 0; i < 1600; i++) {
        const double x = 5.0 * (i % 40);
        const double y = 5.0 * (i / 40);
        const uint32_t colour = (i % 40 * 6u) << 24 | (i / 40 * 6u) << 16 | 0x80FFu;
        assert_ok(*state,
                  add(scene,
                      (traffstat_i_mark){
                          .seen = {.x = x, .y = y, .x2 = x + 5.0, .y2 = y + 5.0, .fill = colour}}));
    }
    traffstat_text *png = render(*state, scene, TRAFFSTAT_FORMAT_PNG);
    assert_int_equal(colour_type(png), PNG_COLOR_TYPE_RGB);
    picture pic = decode(traffstat_text_data(png), traffstat_text_size(png));
    for (uint32_t i = 0; i < 1600; i++) {
        assert_int_equal(pixel(&pic, 5.0 * (i % 40) + 2.0, 5.0 * (i / 40) + 2.0),
                         (i % 40 * 6u) << 24 | (i / 40 * 6u) << 16 | 0x80FFu);
    }
    free(pic.pixels);
    traffstat_text_free(png);
    traffstat_scene_free(scene);
}

/* 1000 shades of grey-green, each one line wide: no pixel may be off by more than 3 of 255. */
static void a_palette_moves_no_colour_by_more_than_three(void **state)
{
    traffstat_scene *scene = blank_scene(*state, WHITE);
    for (uint32_t i = 0; i < 1000; i++) {
        const double x = i % SIDE;
        const double y = 20.0 * (i / SIDE);
        const uint32_t colour =
            (i / 4) << 24 | (i / 4 + (i & 1)) << 16 | (i / 4 + (i >> 1 & 1)) << 8;
        assert_ok(*state, add(scene, (traffstat_i_mark){.seen = {.x = x,
                                                                 .y = y,
                                                                 .x2 = x + 1.0,
                                                                 .y2 = y + 20.0,
                                                                 .fill = colour | 0xFFu}}));
    }
    traffstat_text *png = render(*state, scene, TRAFFSTAT_FORMAT_PNG);
    assert_int_equal(colour_type(png), PNG_COLOR_TYPE_PALETTE);
    picture pic = decode(traffstat_text_data(png), traffstat_text_size(png));
    assert_int_equal(pixel(&pic, 100, 150), WHITE); /* the most frequent is exact */
    for (uint32_t i = 0; i < 1000; i++) {
        const uint32_t got = pixel(&pic, i % SIDE, 20.0 * (i / SIDE) + 10.0);
        const uint32_t want[] = {i / 4, i / 4 + (i & 1), i / 4 + (i >> 1 & 1)};
        for (int c = 0; c < 3; c++) {
            assert_true(abs((int) (got >> (24 - 8 * c) & 0xFFu) - (int) want[c]) <= 3);
        }
    }
    free(pic.pixels);
    traffstat_text_free(png);
    traffstat_scene_free(scene);
}

static void a_page_without_a_ground_keeps_its_transparency(void **state)
{
    traffstat_scene *scene = blank_scene(*state, 0);
    assert_ok(*state,
              add(scene, (traffstat_i_mark){.seen = {.x2 = 100, .y2 = SIDE, .fill = 0xFF800080u}}));
    traffstat_text *png = render(*state, scene, TRAFFSTAT_FORMAT_PNG);
    assert_int_equal(colour_type(png), PNG_COLOR_TYPE_RGB_ALPHA);
    picture pic = decode(traffstat_text_data(png), traffstat_text_size(png));
    assert_int_equal(pixel(&pic, 150, 100), 0);
    const uint32_t got = pixel(&pic, 50, 100);
    assert_int_equal(got >> 24, 0xFF);
    assert_true(abs((int) (got >> 16 & 0xFFu) - 0x80) <= 1);
    assert_int_equal(got & 0xFFFFu, 0x80);
    free(pic.pixels);
    traffstat_text_free(png);
    traffstat_scene_free(scene);
}

/* ---- SVG ------------------------------------------------------------------------------------ */

typedef struct reading {
    char title[256];
    char desc[256];
    char texts[1024]; /* each behind a | */
    size_t elements;
    size_t patterns;
    int in; /* 't' title, 'd' desc, 'x' text */
} reading;

static void on_start(GMarkupParseContext *parser, const char *name, const char **names,
                     const char **values, gpointer user, GError **error)
{
    (void) parser;
    (void) names;
    (void) values;
    (void) error;
    reading *got = user;
    got->elements++;
    got->patterns += strcmp(name, "pattern") == 0 ? 1 : 0;
    got->in = strcmp(name, "title") == 0 ? 't' : strcmp(name, "desc") == 0 ? 'd' : got->in;
    if (strcmp(name, "text") == 0) {
        got->in = 'x';
        strcat(got->texts, "|");
    }
}

static void on_end(GMarkupParseContext *parser, const char *name, gpointer user, GError **error)
{
    (void) parser;
    (void) name;
    (void) error;
    ((reading *) user)->in = 0;
}

static void on_text(GMarkupParseContext *parser, const char *text, gsize size, gpointer user,
                    GError **error)
{
    (void) parser;
    (void) error;
    reading *got = user;
    char *to = got->in == 't' ? got->title : got->in == 'd' ? got->desc : got->texts;
    if (got->in != 0) {
        strncat(to, text, size);
    }
}

static reading parse_svg(const traffstat_text *svg)
{
    static const GMarkupParser callbacks = {
        .start_element = on_start, .end_element = on_end, .text = on_text};
    reading got = {.in = 0};
    GError *error = NULL;
    GMarkupParseContext *parser = g_markup_parse_context_new(&callbacks, 0, &got, NULL);
    const gboolean ok = g_markup_parse_context_parse(parser, traffstat_text_data(svg),
                                                     (gssize) traffstat_text_size(svg), &error) &&
                        g_markup_parse_context_end_parse(parser, &error);
    if (!ok) {
        fail_msg("no XML: %s", error->message);
    }
    g_markup_parse_context_free(parser);
    return got;
}

static void an_svg_holds_real_text_title_and_description(void **state)
{
    traffstat_scene *scene = scene_of(*state);
    traffstat_text *svg = render(*state, scene, TRAFFSTAT_FORMAT_SVG);
    const reading got = parse_svg(svg);
    assert_string_equal(got.title, TITLE);
    assert_string_equal(got.desc, ALT);
    assert_string_equal(got.texts, "|" TITLE "|2017|" SHALOM "|Source:  file");
    assert_int_equal(got.patterns, 1);
    const char *data = traffstat_text_data(svg);
    assert_non_null(strstr(data, "role=\"img\""));
    assert_non_null(strstr(data, "aria-labelledby=\"title-"));
    assert_non_null(strstr(data, "lang=\"en\" xml:lang=\"en\""));
    assert_non_null(strstr(data, "width=\"200\" height=\"200\" viewBox=\"0 0 200 200\""));
    assert_non_null(strstr(data, "font-family=\"'Noto Sans', sans-serif\""));
    assert_non_null(strstr(data, "<g class=\"observed\">\n<rect x=\"20\" y=\"60\" width=\"40\" "
                                 "height=\"100\" fill=\"#12436d\"/>\n</g>"));
    assert_non_null(strstr(data, "<path d=\"M140 160L190 160L140 110Z\" fill=\"#12436d\"/>"));
    assert_non_null(strstr(data, "direction=\"rtl\" text-anchor=\"end\""));
    assert_non_null(strstr(data, "xml:space=\"preserve\""));
    assert_null(strstr(data, "NaN"));
    traffstat_text_free(svg);
    traffstat_scene_free(scene);
}

static void what_xml_forbids_is_replaced(void **state)
{
    traffstat_scene *scene = blank_scene(*state, WHITE);
    assert_ok(*state, traffstat_i_scene_set(scene, &scene->title,
                                            "a\x01"
                                            "b\xFF"
                                            "c\uFFFE\x7F]]>"));
    assert_ok(*state, traffstat_i_scene_set(scene, &scene->language, "en\"><x"));
    assert_ok(*state, traffstat_i_scene_set(scene, &scene->font_family, "A 'B' \"C\" \\<&"));
    traffstat_text *svg = render(*state, scene, TRAFFSTAT_FORMAT_SVG);
    const reading got = parse_svg(svg);
    assert_string_equal(got.title, "a\uFFFDb\uFFFDc\uFFFD\x7F]]>");
    assert_non_null(strstr(traffstat_text_data(svg),
                           "font-family=\"'A \\&#39;B\\&#39; &quot;C&quot; \\\\&lt;&amp;', "));
    traffstat_text_free(svg);
    traffstat_scene_free(scene);
}

static void numbers_in_svg_are_short(void **state)
{
    const struct {
        double value;
        const char *want;
    } cases[] = {{0.0, "x1=\"0\""},       {0.004, "x1=\"0\""},      {-0.001, "x1=\"0\""},
                 {0.05, "x1=\"0.05\""},   {-0.5, "x1=\"-0.5\""},    {10.0, "x1=\"10\""},
                 {100.1, "x1=\"100.1\""}, {12.346, "x1=\"12.35\""}, {-1234.5, "x1=\"-1234.5\""},
                 {1.999, "x1=\"2\""},     {20.07, "x1=\"20.07\""},  {100.0, "x1=\"100\""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_scene *scene = blank_scene(*state, 0);
        assert_ok(*state, add(scene, (traffstat_i_mark){.seen = {.type = TRAFFSTAT_MARK_LINE,
                                                                 .x = cases[i].value}}));
        traffstat_text *svg = render(*state, scene, TRAFFSTAT_FORMAT_SVG);
        if (strstr(traffstat_text_data(svg), cases[i].want) == NULL) {
            fail_msg("no %s in %s", cases[i].want, traffstat_text_data(svg));
        }
        traffstat_text_free(svg);
        traffstat_scene_free(scene);
    }
}

static void a_print_size_is_the_same_length_on_screen(void **state)
{
    traffstat_scene *scene = NULL;
    assert_ok(*state, make_scene(*state, 300, &scene));
    traffstat_text *svg = render(*state, scene, TRAFFSTAT_FORMAT_SVG);
    assert_non_null(
        strstr(traffstat_text_data(svg), " width=\"64\" height=\"64\" viewBox=\"0 0 200"));
    traffstat_text_free(svg);
    traffstat_scene_free(scene);
}

/* ---- PDF ------------------------------------------------------------------------------------ */

/* What a program prints about the scene's PDF; free() it. */
static char *ask_about_pdf(traffstat_ctx *ctx, double units_per_inch, const char *command)
{
    char folder[SUPPORT_PATH_SIZE];
    char in[SUPPORT_PATH_SIZE];
    char out[SUPPORT_PATH_SIZE];
    support_temp_folder(folder);
    support_path(in, folder, "in.pdf");
    support_path(out, folder, "out");
    traffstat_scene *scene = NULL;
    assert_ok(ctx, make_scene(ctx, units_per_inch, &scene));
    assert_ok(ctx, traffstat_scene_write(ctx, scene, in, TRAFFSTAT_FORMAT_BY_NAME));
    run(command, in, out);
    size_t size = 0;
    char *said = support_read(out, &size);
    assert_non_null(said);
    traffstat_scene_free(scene);
    support_remove_folder(folder);
    return said;
}

static void qpdf_finds_nothing_wrong(void **state)
{
    char *said = ask_about_pdf(*state, 96, "qpdf --check %s > %s 2>&1");
    assert_non_null(strstr(said, "No syntax or stream encoding errors found"));
    assert_null(strstr(said, "WARNING"));
    free(said);
}

static void a_pdf_says_what_it_is(void **state)
{
    char *said = ask_about_pdf(*state, 300, "TZ=UTC LC_ALL=C.UTF-8 pdfinfo %s > %s");
    assert_non_null(strstr(said, "Title:           " TITLE "\n"));
    assert_non_null(strstr(said, "Subject:         A subtitle\n"));
    assert_non_null(strstr(said, "Creator:         libtraffstat " TRAFFSTAT_VERSION "\n"));
    assert_non_null(strstr(said, "CreationDate:    Sat Jan  1 00:00:00 2000 UTC\n"));
    assert_non_null(strstr(said, "ModDate:         Sat Jan  1 00:00:00 2000 UTC\n"));
    assert_non_null(strstr(said, "Tagged:          yes\n"));
    assert_non_null(strstr(said, "Page size:       48 x 48 pts"));
    free(said);
}

static void a_pdf_holds_its_texts(void **state)
{
    char *said = ask_about_pdf(*state, 96, "pdftotext %s %s");
    assert_non_null(strstr(said, TITLE));
    assert_non_null(strstr(said, "2017"));
    assert_non_null(strstr(said, SHALOM));
    free(said);
    said = ask_about_pdf(*state, 96, "pdfinfo -struct-text %s > %s");
    const char *heading = strstr(said, "H1");
    const char *figure = heading != NULL ? strstr(heading, "Figure") : NULL;
    assert_non_null(strstr(said, "Document"));
    assert_non_null(figure);
    assert_non_null(strstr(figure, "P (block)"));
    free(said);
}

/* qpdf follows the cross-references, so what it shows is what viewers see. */
static void a_pdf_carries_alternative_text_and_language(void **state)
{
    char *said = ask_about_pdf(*state, 96, "qpdf --json %s > %s");
    assert_non_null(strstr(said, "\"/Alt\": \"u:" ALT "\""));
    assert_non_null(strstr(said, "\"/Lang\": \"u:en\""));
    assert_non_null(strstr(said, "\"/DisplayDocTitle\": true"));
    assert_non_null(strstr(said, "\"/CreationDate\": \"u:D:20000101000000Z\""));
    free(said);
}

static traffstat_status describe(traffstat_ctx *ctx, const char *data, size_t size)
{
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    traffstat_i_text_add_bytes(&text, data, size);
    const traffstat_status status = traffstat_i_pdf_describe(ctx, &text, "alt", "en");
    if (status != TRAFFSTAT_OK) {
        assert_int_equal(text.size, size); /* nothing was appended */
    }
    traffstat_i_text_clear(&text);
    return status;
}

static cairo_status_t collect(void *closure, const unsigned char *data, unsigned int size)
{
    traffstat_i_text_add_bytes(closure, data, size);
    return CAIRO_STATUS_SUCCESS;
}

static traffstat_text plain_pdf(traffstat_ctx *ctx, int figures)
{
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(collect, &text, 100, 100);
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_4);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, "2000-01-01T00:00:00Z");
    cairo_t *cr = cairo_create(surface);
    for (int i = 0; i < figures; i++) {
        cairo_tag_begin(cr, "Figure", NULL);
        cairo_rectangle(cr, 10, 10, 5, 5);
        cairo_fill(cr);
        cairo_tag_end(cr, "Figure");
    }
    cairo_show_page(cr);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    return text;
}

static void a_pdf_that_is_not_as_expected_is_left_alone(void **state)
{
    traffstat_ctx *ctx = *state;
    assert_int_equal(describe(ctx, "", 0), TRAFFSTAT_E_DRAW);
    assert_int_equal(describe(ctx, "%PDF-1.4\n", 9), TRAFFSTAT_E_DRAW);
    const char *liar = "%PDF-1.4\nxref\n0 99999\ntrailer\n<< >>\nstartxref\n9\n%%EOF\n";
    assert_int_equal(describe(ctx, liar, strlen(liar)), TRAFFSTAT_E_DRAW);
    for (int figures = 0; figures < 3; figures++) {
        traffstat_text pdf = plain_pdf(ctx, figures);
        assert_int_equal(describe(ctx, pdf.data, pdf.size),
                         figures == 1 ? TRAFFSTAT_OK : TRAFFSTAT_E_DRAW);
        traffstat_i_text_clear(&pdf);
    }
}

/* Any one damaged byte of the table or trailer is either noticed or harmless to the reading. */
static void damaged_tables_are_never_read_out_of_bounds(void **state)
{
    traffstat_ctx *ctx = *state;
    traffstat_text pdf = plain_pdf(ctx, 1);
    const char *table = memmem(pdf.data, pdf.size, "xref\n0 ", 7);
    assert_non_null(table);
    assert_int_equal(describe(ctx, pdf.data, pdf.size), TRAFFSTAT_OK);
    size_t refused = 0;
    for (size_t at = (size_t) (table - pdf.data); at < pdf.size; at++) {
        const char kept = pdf.data[at];
        static const char damage[] = {'9', ' ', 'x', '\n'};
        for (size_t i = 0; i < sizeof damage; i++) {
            pdf.data[at] = damage[i];
            refused += describe(ctx, pdf.data, pdf.size) == TRAFFSTAT_E_DRAW ? 1 : 0;
        }
        pdf.data[at] = kept;
    }
    for (size_t size = 0; size < pdf.size; size++) {
        assert_int_equal(describe(ctx, pdf.data, size), TRAFFSTAT_E_DRAW);
    }
    assert_true(refused > 500);
    traffstat_i_text_clear(&pdf);
}

/* ---- files and formats ---------------------------------------------------------------------- */

static void the_name_chooses_the_format(void **state)
{
    traffstat_ctx *ctx = *state;
    const char *const names[] = {"a.png", "b.SVG", "c.x.Pdf"};
    const char *const starts[] = {"\x89PNG", "<?xml", "%PDF-1.4"};
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    support_temp_folder(folder);
    traffstat_scene *scene = scene_of(ctx);
    for (size_t i = 0; i < 3; i++) {
        size_t size = 0;
        support_path(path, folder, names[i]);
        assert_ok(ctx, traffstat_scene_write(ctx, scene, path, TRAFFSTAT_FORMAT_BY_NAME));
        char *data = support_read(path, &size);
        assert_memory_equal(data, starts[i], strlen(starts[i]));
        traffstat_text *text = render(ctx, scene, (traffstat_format) (i + 1));
        assert_int_equal(traffstat_text_size(text), size);
        assert_memory_equal(traffstat_text_data(text), data, size);
        traffstat_text_free(text);
        free(data);
    }
    assert_int_equal(support_count_files(folder), 3);
    support_remove_folder(folder);
    traffstat_scene_free(scene);
}

static void an_unknown_format_is_an_error_that_names_the_three(void **state)
{
    traffstat_ctx *ctx = *state;
    const char *const names[] = {"figure.jpg", "figure", ".png", "", "png"};
    traffstat_scene *scene = scene_of(ctx);
    traffstat_text *text = NULL;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(traffstat_scene_write(ctx, scene, names[i], TRAFFSTAT_FORMAT_BY_NAME),
                         TRAFFSTAT_E_ARGUMENT);
        assert_non_null(strstr(traffstat_ctx_message(ctx), ".png, .svg or .pdf"));
    }
    assert_int_equal(traffstat_scene_render(ctx, scene, 4, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_render(ctx, scene, TRAFFSTAT_FORMAT_BY_NAME, &text),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_render(ctx, NULL, TRAFFSTAT_FORMAT_SVG, &text),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_write(ctx, scene, "/nowhere/at/all.svg", 0), TRAFFSTAT_E_IO);
    assert_null(text);
    traffstat_scene_free(scene);
}

static void a_font_that_is_gone_is_an_error_of_the_pictures(void **state)
{
    traffstat_ctx *ctx = *state;
    traffstat_scene *scene = scene_of(ctx);
    traffstat_text *text = NULL;
    assert_ok(ctx, traffstat_i_scene_set(scene, &scene->font_bold, "/gone/Bold.ttf"));
    for (traffstat_format format = 1; format <= 3; format++) {
        const traffstat_status want =
            format == TRAFFSTAT_FORMAT_SVG ? TRAFFSTAT_OK : TRAFFSTAT_E_FONT;
        assert_int_equal(traffstat_scene_render(ctx, scene, format, &text), want);
        traffstat_text_free(text);
    }
    traffstat_scene_free(scene);
}

static void a_page_that_cannot_be_drawn_is_an_error(void **state)
{
    const double sides[] = {0.0, -5.0, 1e6, 0.0 / 0.0};
    for (size_t i = 0; i < 4; i++) {
        traffstat_scene *scene = NULL;
        traffstat_text *text = NULL;
        assert_ok(*state, traffstat_i_scene_new(*state, sides[i], 100.0, 96.0, &scene));
        assert_int_equal(traffstat_scene_render(*state, scene, TRAFFSTAT_FORMAT_PNG, &text),
                         TRAFFSTAT_E_DRAW);
        assert_null(text);
        traffstat_scene_free(scene);
    }
}

/* ---- drawing on a caller's cairo_t ---------------------------------------------------------- */

static void a_scene_is_drawn_where_the_caller_stands(void **state)
{
    traffstat_scene *scene = scene_of(*state);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 500, 500);
    cairo_t *cr = cairo_create(surface);
    cairo_translate(cr, 50, 50);
    cairo_scale(cr, 2, 2);
    cairo_set_line_width(cr, 77.0);
    cairo_move_to(cr, 3.0, 4.0);
    assert_ok(*state, traffstat_scene_draw(*state, scene, cr));
    double x = 0.0;
    double y = 0.0;
    cairo_get_current_point(cr, &x, &y);
    assert_near(x, 3.0, 1e-9);
    assert_near(y, 4.0, 1e-9);
    assert_near(cairo_get_line_width(cr), 77.0, 0.0);
    assert_int_equal(cairo_status(cr), CAIRO_STATUS_SUCCESS);
    cairo_surface_flush(surface);
    const unsigned char *data = cairo_image_surface_get_data(surface);
    const size_t stride = (size_t) cairo_image_surface_get_stride(surface);
    uint32_t got = 0;
    memcpy(&got, data + (50 + 2 * 100) * stride + (size_t) 4 * (50 + 2 * 40), sizeof got);
    assert_int_equal(got & 0xFFFFFFu, BLUE >> 8);
    memcpy(&got, data + 40 * stride + (size_t) 4 * 40, sizeof got);
    assert_int_equal(got & 0xFFFFFFu, 0);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    traffstat_scene_free(scene);
}

static void a_cairo_t_in_error_is_reported(void **state)
{
    traffstat_scene *scene = scene_of(*state);
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 10, 10);
    cairo_t *cr = cairo_create(surface);
    cairo_restore(cr); /* without a save: an error that sticks */
    assert_int_equal(traffstat_scene_draw(*state, scene, cr), TRAFFSTAT_E_DRAW);
    assert_int_equal(traffstat_scene_draw(*state, scene, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_draw(*state, NULL, cr), TRAFFSTAT_E_ARGUMENT);
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
    traffstat_scene_free(scene);
}

/* ---- the same bytes ------------------------------------------------------------------------- */

static void assert_same_files(const char *one, const char *other, const char *name)
{
    char path[SUPPORT_PATH_SIZE];
    size_t size = 0;
    size_t other_size = 0;
    support_path(path, one, name);
    char *data = support_read(path, &size);
    support_path(path, other, name);
    char *other_data = support_read(path, &other_size);
    assert_non_null(data);
    assert_non_null(other_data);
    assert_int_equal(size, other_size);
    assert_memory_equal(data, other_data, size);
    free(data);
    free(other_data);
}

static void any_environment_gives_the_same_bytes(void **state)
{
    (void) state;
    const char *const environments[] = {
        "TZ=UTC LC_ALL=C LANG=C",
        "TZ=Asia/Kolkata LC_ALL=de_DE.UTF-8 LANG=ar LANGUAGE=fa PANGO_LANGUAGE=he:ar",
        "TZ=America/Denver LANG=tr_TR LANGUAGE=zh SOURCE_DATE_EPOCH=1 FC_LANG=ja"};
    char self[SUPPORT_PATH_SIZE] = {0};
    char folders[3][SUPPORT_PATH_SIZE];
    assert_true(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    for (size_t i = 0; i < 3; i++) {
        char command[4 * SUPPORT_PATH_SIZE];
        support_temp_folder(folders[i]);
        snprintf(command, sizeof command, "env %s %s --write %s", environments[i], self,
                 folders[i]);
        assert_int_equal(system(command), 0);
    }
    const char *const names[] = {"x.png", "x.svg", "x.pdf"};
    for (size_t i = 0; i < 6; i++) {
        assert_same_files(folders[0], folders[1 + i % 2], names[i / 2]);
    }
    for (size_t i = 0; i < 3; i++) {
        support_remove_folder(folders[i]);
    }
}

static int write_all(const char *folder)
{
    const char *const names[] = {"x.png", "x.svg", "x.pdf"};
    traffstat_ctx *ctx = NULL;
    traffstat_scene *scene = NULL;
    traffstat_status status = traffstat_ctx_new(NULL, &ctx);
    if (status == TRAFFSTAT_OK) {
        status = make_scene(ctx, 96, &scene);
    }
    for (size_t i = 0; status == TRAFFSTAT_OK && i < 3; i++) {
        char path[SUPPORT_PATH_SIZE];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        status = traffstat_scene_write(ctx, scene, path, TRAFFSTAT_FORMAT_BY_NAME);
    }
    traffstat_scene_free(scene);
    traffstat_ctx_free(ctx);
    return status == TRAFFSTAT_OK ? 0 : 1;
}

/* ---- memory --------------------------------------------------------------------------------- */

static traffstat_status make_and_render(traffstat_ctx *ctx, void *arg)
{
    const traffstat_format *format = arg;
    traffstat_scene *scene = NULL;
    traffstat_text *text = NULL;
    traffstat_status status = make_scene(ctx, 96, &scene);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_render(ctx, scene, *format, &text);
    }
    traffstat_text_free(text);
    traffstat_scene_free(scene);
    return status;
}

static void no_allocation_that_fails_leaks(void **state)
{
    (void) state;
    for (traffstat_format format = 1; format <= 3; format++) {
        assert_true(support_try_every_allocation(make_and_render, &format) > 30);
    }
}

#define T(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(a_scene_gives_its_marks_and_texts_back),
        T(each_mark_is_in_the_png),
        T(the_svg_shows_the_same),
        T(the_pdf_shows_the_same),
        T(a_png_says_its_size_its_colours_and_its_texts),
        T(many_colours_go_without_a_palette),
        T(a_palette_moves_no_colour_by_more_than_three),
        T(a_page_without_a_ground_keeps_its_transparency),
        T(an_svg_holds_real_text_title_and_description),
        T(what_xml_forbids_is_replaced),
        T(numbers_in_svg_are_short),
        T(a_print_size_is_the_same_length_on_screen),
        T(qpdf_finds_nothing_wrong),
        T(a_pdf_says_what_it_is),
        T(a_pdf_holds_its_texts),
        T(a_pdf_carries_alternative_text_and_language),
        T(a_pdf_that_is_not_as_expected_is_left_alone),
        T(damaged_tables_are_never_read_out_of_bounds),
        T(the_name_chooses_the_format),
        T(an_unknown_format_is_an_error_that_names_the_three),
        T(a_font_that_is_gone_is_an_error_of_the_pictures),
        T(a_page_that_cannot_be_drawn_is_an_error),
        T(a_scene_is_drawn_where_the_caller_stands),
        T(a_cairo_t_in_error_is_reported),
        T(any_environment_gives_the_same_bytes),
        T(no_allocation_that_fails_leaks),
    };
    if (argc == 3 && strcmp(argv[1], "--write") == 0) {
        return write_all(argv[2]);
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
