/* Placing marks on a page: the first failure sticks, so that a drawing reads as a list of marks.
 * Private to the library. */
#ifndef TRAFFSTAT_I_LAYOUT_H
#define TRAFFSTAT_I_LAYOUT_H

#include "figure/scene.h"
#include "figure/theme.h"

/* ---- scales ---------------------------------------------------------------------------------- */

/* A count axis: 0, step, 2 step … top, all of them integers. */
typedef struct traffstat_i_axis {
    double step;
    double top;
    int intervals;
} traffstat_i_axis;

/* The finest axis of steps 1, 2, 5 × 10^k that reaches `most` (>= 0) within 5 intervals. */
traffstat_i_axis traffstat_i_axis_make(double most);
/* Every how many years one is labelled, so that labels of `width` fit at `pitch` a year: 1, 2, 5,
 * 10, 20, 50… */
int32_t traffstat_i_year_step(double pitch, double width);

/* Moves centres apart as little as possible (least squares) so that boxes of the given heights, in
 * this order, keep `gap` and stay in [low, high]. False, with nothing moved, when they cannot. */
#define TRAFFSTAT_I_PUSH_MAX 16
bool traffstat_i_push_apart(double *centres, const double *heights, size_t count, double gap,
                            double low, double high);

/* ---- pages ----------------------------------------------------------------------------------- */

typedef struct traffstat_i_box {
    double x;
    double y;
    double x2;
    double y2;
} traffstat_i_box;

/* Texts that were measured once: shaping them is what costs, and widths grow with the size of type,
 * so one measure serves every size and every attempt at a page. */
typedef struct traffstat_i_measured traffstat_i_measured;
typedef struct traffstat_i_measures {
    traffstat_ctx *ctx;
    traffstat_i_measured *texts;
    size_t count;
    size_t capacity;
} traffstat_i_measures;
void traffstat_i_measures_clear(traffstat_i_measures *measures);

typedef struct traffstat_i_layout {
    traffstat_ctx *ctx;
    traffstat_i_fonts *fonts;
    traffstat_i_measures *measures;
    const traffstat_i_theme *theme;
    const traffstat_i_size *size;
    traffstat_scene *scene;
    double scale;             /* of all fonts in this attempt, 1 or less */
    bool below;               /* direct labels stand under the chart in this attempt */
    traffstat_status status;  /* the first failure; later calls do nothing */
} traffstat_i_layout;

/* A font size of the preset in this attempt: never under the preset's smallest. */
double traffstat_i_font(const traffstat_i_layout *l, double base);
/* Stores the first failure. */
void traffstat_i_try(traffstat_i_layout *l, traffstat_status status);

/* What a text or a stroke is drawn with. */
typedef struct traffstat_i_pen {
    traffstat_mark_role role;
    int32_t year;
    int32_t level;
    uint32_t fill;            /* of a text: its colour */
    uint32_t stroke;
    uint32_t hatch;
    double stroke_width;
    double dash;
    double hatch_step;
    double hatch_width;
} traffstat_i_pen;

void traffstat_i_rect(traffstat_i_layout *l, const traffstat_i_pen *pen, traffstat_i_box box);
void traffstat_i_segment(traffstat_i_layout *l, const traffstat_i_pen *pen, double x, double y,
                         double x2, double y2);
void traffstat_i_circle(traffstat_i_layout *l, const traffstat_i_pen *pen, double x, double y,
                        double radius);
void traffstat_i_path(traffstat_i_layout *l, const traffstat_i_pen *pen,
                      const traffstat_i_point *points, size_t count, bool closed);

/* ---- text ------------------------------------------------------------------------------------ */

typedef struct traffstat_i_line {
    char *text;
    traffstat_i_extents ink;
    double baseline;          /* below the top of the block */
} traffstat_i_line;

/* A text broken into lines. */
typedef struct traffstat_i_block {
    traffstat_ctx *ctx;
    traffstat_i_line *lines;
    size_t count;
    size_t capacity;
    double size;
    bool bold;
    double width;             /* of the widest line */
    double height;            /* ink to ink, at least the size of the type */
} traffstat_i_block;

void traffstat_i_block_clear(traffstat_i_block *block);
/* Breaks `text` at `width`; appends to the lines that are there. The block begins zeroed. */
void traffstat_i_block_wrap(traffstat_i_layout *l, traffstat_i_block *block, const char *text,
                            double size, bool bold, double width);
/* Draws the lines, the block's top at y, each anchored at x. */
void traffstat_i_block_draw(traffstat_i_layout *l, const traffstat_i_block *block,
                            const traffstat_i_pen *pen, traffstat_i_anchor anchor, double x,
                            double y);

/* Draws one of the lines with its baseline at y. */
void traffstat_i_block_draw_line(traffstat_i_layout *l, const traffstat_i_block *block, size_t line,
                                 const traffstat_i_pen *pen, traffstat_i_anchor anchor, double x,
                                 double y);

/* Advance and ink of one line of text, never broken. */
double traffstat_i_run_width(traffstat_i_layout *l, const char *text, double size, bool bold);
/* Draws one line with the middle of its digits at `y`, on a plate of the ground's colour where
 * `plate` says so. */
void traffstat_i_text_at(traffstat_i_layout *l, const traffstat_i_pen *pen, const char *text,
                         double size, bool bold, traffstat_i_anchor anchor, double x, double y);
void traffstat_i_plate(traffstat_i_layout *l, const traffstat_i_pen *pen, const char *text,
                       double size, bool bold, traffstat_i_anchor anchor, double x, double y);
/* Whether a box meets the ink of any text drawn so far. */
bool traffstat_i_is_free(const traffstat_i_layout *l, traffstat_i_box box);
/* Ink of a line drawn by traffstat_i_text_at. */
traffstat_i_box traffstat_i_text_box(traffstat_i_layout *l, const char *text, double size,
                                     bool bold, traffstat_i_anchor anchor, double x, double y);

#endif
