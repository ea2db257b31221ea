#include <math.h>
#include <string.h>

#include "figure/layout.h"

/* Distance of baselines in font sizes, and air between the ink of two lines. */
#define LINE_STEP 1.27
#define LINE_AIR 0.06
/* Height of a digit in font sizes: what the eye takes as the middle of a number is half of it. */
#define DIGIT_HEIGHT 0.714

double traffstat_i_font(const traffstat_i_layout *l, double base)
{
    return fmax(base * l->scale, l->size->font_min);
}

void traffstat_i_try(traffstat_i_layout *l, traffstat_status status)
{
    if (l->status == TRAFFSTAT_OK) {
        l->status = status;
    }
}

/* ---- marks ---------------------------------------------------------------------------------- */

static traffstat_i_mark mark_of(const traffstat_i_pen *pen, traffstat_mark_type type)
{
    traffstat_i_mark mark = {0};
    mark.seen.type = type;
    mark.seen.role = pen->role;
    mark.seen.year = pen->year;
    mark.seen.level = pen->level;
    mark.seen.fill = pen->fill;
    mark.seen.stroke = pen->stroke;
    mark.seen.hatch = pen->hatch;
    mark.seen.stroke_width = pen->stroke != 0 ? pen->stroke_width : 0.0;
    mark.seen.text = "";
    mark.dash = pen->dash;
    mark.hatch_step = pen->hatch != 0 ? pen->hatch_step : 0.0;
    mark.hatch_width = pen->hatch != 0 ? pen->hatch_width : 0.0;
    return mark;
}

void traffstat_i_rect(traffstat_i_layout *l, const traffstat_i_pen *pen, traffstat_i_box box)
{
    if (l->status != TRAFFSTAT_OK) {
        return;
    }
    traffstat_i_mark mark = mark_of(pen, TRAFFSTAT_MARK_RECT);
    mark.seen.x = box.x;
    mark.seen.y = box.y;
    mark.seen.x2 = box.x2;
    mark.seen.y2 = box.y2;
    traffstat_i_try(l, traffstat_i_scene_add(l->scene, &mark));
}

void traffstat_i_segment(traffstat_i_layout *l, const traffstat_i_pen *pen, double x, double y,
                         double x2, double y2)
{
    if (l->status != TRAFFSTAT_OK) {
        return;
    }
    traffstat_i_mark mark = mark_of(pen, TRAFFSTAT_MARK_LINE);
    mark.seen.x = x;
    mark.seen.y = y;
    mark.seen.x2 = x2;
    mark.seen.y2 = y2;
    traffstat_i_try(l, traffstat_i_scene_add(l->scene, &mark));
}

void traffstat_i_circle(traffstat_i_layout *l, const traffstat_i_pen *pen, double x, double y,
                        double radius)
{
    if (l->status != TRAFFSTAT_OK) {
        return;
    }
    traffstat_i_mark mark = mark_of(pen, TRAFFSTAT_MARK_CIRCLE);
    mark.at = (traffstat_i_point){x, y};
    mark.radius = radius;
    traffstat_i_try(l, traffstat_i_scene_add(l->scene, &mark));
}

void traffstat_i_path(traffstat_i_layout *l, const traffstat_i_pen *pen,
                      const traffstat_i_point *points, size_t count, bool closed)
{
    if (l->status != TRAFFSTAT_OK) {
        return;
    }
    traffstat_i_mark mark = mark_of(pen, TRAFFSTAT_MARK_PATH);
    mark.closed = closed;
    traffstat_i_try(l, traffstat_i_scene_add_path(l->scene, &mark, points, count));
}

/* ---- blocks of text ------------------------------------------------------------------------- */

void traffstat_i_block_clear(traffstat_i_block *block)
{
    for (size_t i = 0; i < block->count; i++) {
        traffstat_i_free(block->ctx, block->lines[i].text);
    }
    traffstat_i_free(block->ctx, block->lines);
    *block = (traffstat_i_block){0};
}

typedef struct wrapping {
    traffstat_i_layout *l;
    traffstat_i_block *block;
} wrapping;

static traffstat_status take_line(const char *text, size_t size, void *arg)
{
    const wrapping *const w = arg;
    traffstat_i_block *const block = w->block;
    traffstat_ctx *const ctx = w->l->ctx;
    if (!traffstat_i_reserve(ctx, &block->lines, &block->capacity, block->count + 1,
                             sizeof *block->lines)) {
        return TRAFFSTAT_E_NOMEM;
    }
    char *copy = traffstat_i_strndup(ctx, text, size);
    if (copy == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_extents ink;
    const traffstat_status status =
        traffstat_i_fonts_measure(ctx, w->l->fonts, copy, block->size, block->bold, &ink);
    if (status != TRAFFSTAT_OK) {
        traffstat_i_free(ctx, copy);
        return status;
    }
    traffstat_i_line *const line = &block->lines[block->count];
    *line = (traffstat_i_line){copy, ink.width + fmax(ink.left, 0.0) + fmax(ink.right, 0.0),
                               ink.ascent, ink.descent, 0.0};
    if (block->count == 0) {
        line->baseline = fmax(ink.ascent, block->size * DIGIT_HEIGHT);
    } else {
        const traffstat_i_line *const above = line - 1;
        line->baseline =
            above->baseline +
            fmax(block->size * LINE_STEP, above->descent + ink.ascent + block->size * LINE_AIR);
    }
    block->count++;
    block->width = fmax(block->width, line->width);
    block->height = line->baseline + fmax(ink.descent, 0.2 * block->size);
    return TRAFFSTAT_OK;
}

void traffstat_i_block_wrap(traffstat_i_layout *l, traffstat_i_block *block, const char *text,
                            double size, bool bold, double width)
{
    if (l->status != TRAFFSTAT_OK || text[0] == '\0') {
        return;
    }
    block->ctx = l->ctx;
    block->size = size;
    block->bold = bold;
    wrapping w = {l, block};
    traffstat_i_try(
        l, traffstat_i_fonts_wrap(l->ctx, l->fonts, text, size, bold, width, take_line, &w));
}

static void add_text(traffstat_i_layout *l, const traffstat_i_pen *pen, const char *text,
                     double size, bool bold, traffstat_i_anchor anchor, traffstat_i_point at)
{
    if (l->status != TRAFFSTAT_OK) {
        return;
    }
    traffstat_i_mark mark = mark_of(pen, TRAFFSTAT_MARK_TEXT);
    mark.seen.stroke = 0;
    mark.seen.text = text;
    mark.seen.font_size = size;
    mark.seen.bold = bold;
    mark.anchor = anchor;
    mark.at = at;
    traffstat_i_try(l, traffstat_i_scene_add_text(l->scene, l->fonts, &mark));
}

void traffstat_i_block_draw_line(traffstat_i_layout *l, const traffstat_i_block *block, size_t line,
                                 const traffstat_i_pen *pen, traffstat_i_anchor anchor, double x,
                                 double y)
{
    add_text(l, pen, block->lines[line].text, block->size, block->bold, anchor,
             (traffstat_i_point){x, y});
}

void traffstat_i_block_draw(traffstat_i_layout *l, const traffstat_i_block *block,
                            const traffstat_i_pen *pen, traffstat_i_anchor anchor, double x,
                            double y)
{
    for (size_t i = 0; i < block->count; i++) {
        add_text(l, pen, block->lines[i].text, block->size, block->bold, anchor,
                 (traffstat_i_point){x, y + block->lines[i].baseline});
    }
}

/* ---- single lines --------------------------------------------------------------------------- */

traffstat_i_run traffstat_i_measure_run(traffstat_i_layout *l, const char *text, double size,
                                        bool bold)
{
    traffstat_i_extents ink = {0};
    if (l->status == TRAFFSTAT_OK) {
        traffstat_i_try(l, traffstat_i_fonts_measure(l->ctx, l->fonts, text, size, bold, &ink));
    }
    return (traffstat_i_run){ink.width + fmax(ink.left, 0.0) + fmax(ink.right, 0.0), ink.ascent,
                             ink.descent};
}

static double baseline_at(double y, double size)
{
    return y + size * DIGIT_HEIGHT / 2.0;
}

void traffstat_i_text_at(traffstat_i_layout *l, const traffstat_i_pen *pen, const char *text,
                         double size, bool bold, traffstat_i_anchor anchor, double x, double y)
{
    add_text(l, pen, text, size, bold, anchor, (traffstat_i_point){x, baseline_at(y, size)});
}

traffstat_i_box traffstat_i_text_box(traffstat_i_layout *l, const char *text, double size,
                                     bool bold, traffstat_i_anchor anchor, double x, double y)
{
    const traffstat_i_run run = traffstat_i_measure_run(l, text, size, bold);
    double left = x;
    if (anchor == TRAFFSTAT_I_ANCHOR_MIDDLE) {
        left = x - run.width / 2.0;
    } else if (anchor == TRAFFSTAT_I_ANCHOR_END) {
        left = x - run.width;
    }
    const double baseline = baseline_at(y, size);
    return (traffstat_i_box){left, baseline - run.ascent, left + run.width, baseline + run.descent};
}

void traffstat_i_plate(traffstat_i_layout *l, const traffstat_i_pen *pen, const char *text,
                       double size, bool bold, traffstat_i_anchor anchor, double x, double y)
{
    traffstat_i_box box = traffstat_i_text_box(l, text, size, bold, anchor, x, y);
    const double air = 0.14 * size;
    box = (traffstat_i_box){box.x - air, box.y - air, box.x2 + air, box.y2 + air};
    const traffstat_i_pen ground = {.role = pen->role, .year = pen->year, .fill = l->theme->ground};
    traffstat_i_rect(l, &ground, box);
}

bool traffstat_i_is_free(const traffstat_i_layout *l, traffstat_i_box box)
{
    for (size_t i = 0; i < l->scene->mark_count; i++) {
        const traffstat_mark *const m = &l->scene->marks[i].seen;
        if (m->type == TRAFFSTAT_MARK_TEXT && m->x < box.x2 && box.x < m->x2 && m->y < box.y2 &&
            box.y < m->y2) {
            return false;
        }
    }
    return true;
}
