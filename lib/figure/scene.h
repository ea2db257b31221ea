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

/* ---- making and walking a scene (lib/figure/scene_access.c) ----------------------------------- */

/* An empty page in the language "en" and with empty texts; page units and resolution positive. */
traffstat_status traffstat_i_scene_new(traffstat_ctx *ctx, double width, double height,
                                       double units_per_inch, traffstat_scene **out);
/* Replaces one of the scene's owned texts: traffstat_i_scene_set(scene, &scene->title, "..."). */
traffstat_status traffstat_i_scene_set(traffstat_scene *scene, char **field, const char *text);
traffstat_status traffstat_i_scene_add_note(traffstat_scene *scene, const char *text);
/* Appends a copy of `mark`, its text copied from seen.text (`text` is ignored). The bounds of a
 * circle are filled in; those of a text are the caller's (or traffstat_i_scene_add_text's). */
traffstat_status traffstat_i_scene_add(traffstat_scene *scene, const traffstat_i_mark *mark);
/* Appends a path through `count` > 1 points, its bounds filled in. */
traffstat_status traffstat_i_scene_add_path(traffstat_scene *scene, const traffstat_i_mark *mark,
                                            const traffstat_i_point *points, size_t count);

typedef struct traffstat_i_group {  /* neighbours of one role: an SVG group, a PDF tag */
    int32_t role;
    size_t first_mark;
    size_t mark_count;
} traffstat_i_group;
/* Starts with a zeroed group; false after the last. */
bool traffstat_i_scene_next_group(const traffstat_scene *scene, traffstat_i_group *group);
/* Class name of a role, such as "tick-label"; "other" for unknown ones. Static text. */
const char *traffstat_i_role_name(int32_t role);

/* ---- text: the one place that knows Pango and fontconfig (lib/figure/font.c) ------------------ */

/* A private font map with the scene's font files, rounding and hinting off. One a call, one a
 * thread. NULL or "" paths mean Noto Sans, NULL or "" language "en". E_FONT names the file that
 * cannot be used. */
typedef struct traffstat_i_fonts traffstat_i_fonts;
traffstat_status traffstat_i_fonts_new(traffstat_ctx *ctx, const char *regular, const char *bold,
                                       const char *language, traffstat_i_fonts **out);
void traffstat_i_fonts_free(traffstat_i_fonts *fonts);
/* Whether a text's first letter (or direction mark) is of a script written from right to left. */
bool traffstat_i_text_is_leftward(const char *text, size_t size);
/* Family name of the regular face; borrowed. */
const char *traffstat_i_fonts_family(const traffstat_i_fonts *fonts);

typedef struct traffstat_i_extents {
    double width;                   /* advance */
    double ascent;                  /* ink, above the baseline */
    double descent;                 /* ink, below */
    double left;                    /* ink beyond the advance box at the left: may be negative */
    double right;                   /* and at the right */
    double line_ascent;             /* of the font */
    double line_descent;
} traffstat_i_extents;
/* One line, never wrapped. E_FONT with the text and the character when a glyph is missing. */
traffstat_status traffstat_i_fonts_measure(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                           const char *text, double size, bool bold,
                                           traffstat_i_extents *out);
/* Greedy wrapping by Pango's line breaks within `width`: calls `line` for each line (borrowed text,
 * NUL-terminated, without the space at its end). A line break in the text starts a new line. Where
 * a line alone would be read in the other direction than its paragraph, a direction mark stands
 * before it. E_FIT when one word is wider than `width`. */
typedef traffstat_status (*traffstat_i_line_fn)(const char *text, size_t size, void *arg);
traffstat_status traffstat_i_fonts_wrap(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                        const char *text, double size, bool bold, double width,
                                        traffstat_i_line_fn line, void *arg);
/* Where a plain text may be broken: after `end` bytes, the next line beginning at byte `next`. The
 * places are advances from the text's beginning, in font sizes. */
typedef struct traffstat_i_break {
    size_t end;
    size_t next;
    double end_x;
    double next_x;
} traffstat_i_break;
/* The breaks of a text, its end the last: found once, they serve every width and size, since widths
 * grow with the size of type. *count is 0 for texts that only traffstat_i_fonts_wrap can break:
 * those with letters that join or run from right to left, or with line breaks. `breaks` is the
 * caller's to free with traffstat_i_free; *ink gets the extents of the unbroken line at size 1,
 * unless *count is 0. */
traffstat_status traffstat_i_fonts_breaks(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                          const char *text, bool bold, traffstat_i_break **breaks,
                                          size_t *count, traffstat_i_extents *ink);
/* Appends a text whose `at`, `anchor`, seen.text, seen.font_size and seen.bold are set: measures it and
 * fills the bounds in. */
traffstat_status traffstat_i_scene_add_text(traffstat_scene *scene, traffstat_i_fonts *fonts,
                                            const traffstat_i_mark *mark);
/* Draws one line with its anchor at (x, y) on the baseline of a cairo_t (void * keeps cairo's types
 * out of this header). */
traffstat_status traffstat_i_fonts_draw(traffstat_ctx *ctx, traffstat_i_fonts *fonts, void *cairo,
                                        const traffstat_i_mark *mark);

/* ---- drawing (lib/figure/draw.c; void * stands for cairo_t * and cairo_status_t is an int) ------ */

/* Draws marks[first .. first + count) in page units at the current origin. */
traffstat_status traffstat_i_draw_marks(traffstat_ctx *ctx, const traffstat_scene *scene,
                                        traffstat_i_fonts *fonts, void *cairo, size_t first,
                                        size_t count);
/* OK for CAIRO_STATUS_SUCCESS; E_NOMEM or E_DRAW with cairo's reason. */
traffstat_status traffstat_i_cairo_status(traffstat_ctx *ctx, int cairo_status);
/* Fonts of the scene. */
traffstat_status traffstat_i_scene_fonts(traffstat_ctx *ctx, const traffstat_scene *scene,
                                         traffstat_i_fonts **out);
/* Colour of an opaque background that covers the page from its first mark on; 0: there is none. */
uint32_t traffstat_i_scene_ground(const traffstat_scene *scene);

/* ---- writers --------------------------------------------------------------------------------- */

/* All append to `out`, which the caller has initialised and clears on failure. Where out->failed
 * tells of the only failure, they return E_NOMEM. */
traffstat_status traffstat_i_write_png(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out);
traffstat_status traffstat_i_write_svg(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out);
traffstat_status traffstat_i_write_pdf(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out);

/* Appends an incremental update to a PDF that cairo made: alternative text on its one Figure, the
 * language, and that viewers show the title. E_DRAW where the file is not as cairo writes it; `pdf`
 * is then not to be used. */
traffstat_status traffstat_i_pdf_describe(traffstat_ctx *ctx, traffstat_text *pdf, const char *alt,
                                          const char *language);

#endif
