/* Inside of a scene: what layout makes and writers draw. Private to the library.
 *
 * Writers never measure or decide: every line of text is one mark with its own position, already
 * wrapped and checked; every hatch, dash and colour is spelled out. */
#ifndef TRAFFSTAT_I_SCENE_H
#define TRAFFSTAT_I_SCENE_H

#include "base/base.h"

#include <traffstat/figure.h>

typedef enum traffstat_i_anchor {
    TRAFFSTAT_I_ANCHOR_START,
    TRAFFSTAT_I_ANCHOR_MIDDLE,
    TRAFFSTAT_I_ANCHOR_END
} traffstat_i_anchor;

typedef struct traffstat_i_point {
    double x;
    double y;
} traffstat_i_point;

/* A mark as writers see it. `seen` holds what the public getter shows (bounds, colours, text). */
typedef struct traffstat_i_mark {
    traffstat_mark seen;
    traffstat_i_anchor anchor;      /* of a text: where `at` lies in the line, left to right */
    traffstat_i_point at;           /* text: anchor on the baseline; circle: centre */
    double radius;                  /* circle */
    double dash;                    /* stroke: dash and gap length; 0 solid */
    double hatch_step;              /* distance between hatch lines; 0 none */
    double hatch_width;
    bool closed;                    /* path: filled polygon or open line */
    size_t first_point;             /* path: points[first_point .. + point_count) of the scene */
    size_t point_count;
    char *text;                     /* owned; seen.text points here */
} traffstat_i_mark;

typedef struct traffstat_i_group {  /* for the PDF's structure and the SVG's groups */
    int32_t role;
    size_t first_mark;
    size_t mark_count;
} traffstat_i_group;

struct traffstat_scene {
    traffstat_ctx *ctx;
    double width;
    double height;
    double units_per_inch;          /* PNG pHYs; PDF points = units * 72 / units_per_inch */
    traffstat_i_mark *marks;
    size_t mark_count;
    size_t mark_capacity;
    traffstat_i_point *points;
    size_t point_count;
    size_t point_capacity;
    char *title;
    char *subtitle;
    char *alt;
    char **notes;
    size_t note_count;
    char *language;
    char *font_regular;             /* file paths */
    char *font_bold;
    char *font_family;              /* family name for SVG's font-family, e.g. "Noto Sans" */
};

/* ---- text: the one place that knows Pango and fontconfig (lib/figure/font.c) ------------------ */

/* A private font map with the scene's font files, rounding and hinting off. One a call, one a
 * thread. E_FONT names the file that cannot be used. */
typedef struct traffstat_i_fonts traffstat_i_fonts;
traffstat_status traffstat_i_fonts_new(traffstat_ctx *ctx, const char *regular, const char *bold,
                                       const char *language, traffstat_i_fonts **out);
void traffstat_i_fonts_free(traffstat_i_fonts *fonts);
/* Family name of the regular face; borrowed. */
const char *traffstat_i_fonts_family(const traffstat_i_fonts *fonts);

typedef struct traffstat_i_extents {
    double width;                   /* advance */
    double ascent;                  /* ink, above the baseline */
    double descent;                 /* ink, below */
    double left;                    /* ink overhang: may be negative */
    double right;
    double line_ascent;             /* of the font */
    double line_descent;
} traffstat_i_extents;
/* One line, never wrapped. E_FONT with the text and the character when a glyph is missing. */
traffstat_status traffstat_i_fonts_measure(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                           const char *text, double size, bool bold,
                                           traffstat_i_extents *out);
/* Greedy wrapping by Pango's line breaks within `width`: calls `line` for each line (borrowed text).
 * E_FIT when one word is wider than the page. */
typedef traffstat_status (*traffstat_i_line_fn)(const char *text, size_t size, void *arg);
traffstat_status traffstat_i_fonts_wrap(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                        const char *text, double size, bool bold, double width,
                                        traffstat_i_line_fn line, void *arg);
/* Draws one line with its anchor at (x, y) on the baseline of a cairo_t (void * keeps cairo's types
 * out of this header). */
traffstat_status traffstat_i_fonts_draw(traffstat_ctx *ctx, traffstat_i_fonts *fonts, void *cairo,
                                        const traffstat_i_mark *mark);

/* ---- writers --------------------------------------------------------------------------------- */

traffstat_status traffstat_i_write_png(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out);
traffstat_status traffstat_i_write_svg(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out);
traffstat_status traffstat_i_write_pdf(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out);

#endif
