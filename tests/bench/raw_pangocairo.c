/* The peer: the marks of figure_marks.h with plain pangocairo and cairo's own PNG writer, as a
 * program that knows nothing of libtraffstat would draw them.
 *
 *   raw_pangocairo FILE.png [renders]
 *
 * One drawing into FILE.png (a cold run, to be timed from outside), or the CPU time of each of so
 * many in process: "name value unit" lines. Fonts are Noto Sans by family name from the system's
 * configuration, as pangocairo finds them by default. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pango/pangocairo.h>

#include "figure_marks.h"

static void set_colour(cairo_t *cr, unsigned colour)
{
    cairo_set_source_rgb(cr, (colour >> 24) / 255.0, (colour >> 16 & 0xFF) / 255.0,
                         (colour >> 8 & 0xFF) / 255.0);
}

static void draw_hatched(cairo_t *cr, const figure_rect *r)
{
    const double step = FIGURE_HATCH_STEP * M_SQRT2;
    set_colour(cr, FIGURE_ORANGE);
    cairo_save(cr);
    cairo_rectangle(cr, r->x, r->y, r->x2 - r->x, r->y2 - r->y);
    cairo_clip(cr);
    cairo_set_line_width(cr, FIGURE_HATCH_WIDTH);
    for (double sum = r->x + r->y; sum < r->x2 + r->y2; sum += step) {
        cairo_move_to(cr, sum - r->y2, r->y2);
        cairo_line_to(cr, sum - r->y, r->y);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
    cairo_rectangle(cr, r->x, r->y, r->x2 - r->x, r->y2 - r->y);
    cairo_set_line_width(cr, 2);
    cairo_stroke(cr);
}

static void draw_shapes(cairo_t *cr)
{
    for (size_t i = 0; i < FIGURE_COUNT(figure_rects); i++) {
        const figure_rect *r = &figure_rects[i];
        if (r->fill == 0) {
            draw_hatched(cr, r);
            continue;
        }
        set_colour(cr, r->fill);
        cairo_rectangle(cr, r->x, r->y, r->x2 - r->x, r->y2 - r->y);
        cairo_fill(cr);
    }
    for (size_t i = 0; i < FIGURE_COUNT(figure_lines); i++) {
        const figure_line *l = &figure_lines[i];
        set_colour(cr, l->colour);
        cairo_set_line_width(cr, l->width);
        cairo_move_to(cr, l->x, l->y);
        cairo_line_to(cr, l->x2, l->y2);
        cairo_stroke(cr);
    }
    for (size_t i = 0; i < FIGURE_COUNT(figure_points); i++) {
        cairo_arc(cr, figure_points[i][0], figure_points[i][1], 11, 0, 2 * M_PI);
        set_colour(cr, FIGURE_WHITE);
        cairo_fill_preserve(cr);
        set_colour(cr, FIGURE_ORANGE);
        cairo_set_line_width(cr, 3);
        cairo_stroke(cr);
    }
}

static void draw_texts(cairo_t *cr)
{
    PangoLayout *layout = pango_cairo_create_layout(cr);
    PangoFontDescription *face = pango_font_description_from_string("Noto Sans");
    for (size_t i = 0; i < FIGURE_COUNT(figure_texts); i++) {
        const figure_text *t = &figure_texts[i];
        int width = 0;
        pango_font_description_set_absolute_size(face, t->size * PANGO_SCALE);
        pango_font_description_set_weight(face, t->bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL);
        pango_layout_set_font_description(layout, face);
        pango_layout_set_text(layout, t->text, -1);
        pango_layout_get_size(layout, &width, NULL);
        set_colour(cr, t->colour);
        cairo_move_to(cr, t->x - (t->anchor == FIGURE_MIDDLE ? 0.5 * width / PANGO_SCALE : 0.0),
                      t->y - (double) pango_layout_get_baseline(layout) / PANGO_SCALE);
        pango_cairo_show_layout(cr, layout);
        cairo_new_path(cr);
    }
    pango_font_description_free(face);
    g_object_unref(layout);
}

static int draw(const char *path)
{
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, FIGURE_WIDTH, FIGURE_HEIGHT);
    cairo_t *cr = cairo_create(surface);
    set_colour(cr, FIGURE_WHITE);
    cairo_paint(cr);
    draw_shapes(cr);
    draw_texts(cr);
    cairo_destroy(cr);
    const cairo_status_t status = cairo_surface_write_to_png(surface, path);
    cairo_surface_destroy(surface);
    return status == CAIRO_STATUS_SUCCESS ? 0 : 1;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: raw_pangocairo FILE.png [renders]\n");
        return 2;
    }
    const int renders = argc > 2 ? atoi(argv[2]) : 1;
    int failed = 0;
    double least = INFINITY;
    for (int i = 0; i < renders; i++) {
        const clock_t start = clock();
        failed |= draw(argv[1]);
        least = fmin(least, 1e3 * (double) (clock() - start) / CLOCKS_PER_SEC);
    }
    if (renders > 1) {
        printf("raw_pangocairo_png %.3f ms\n", least);
    }
    return failed;
}
