/* A scene onto a cairo_t. */
#include <math.h>

#include <traffstat/cairo.h>

#include "figure/scene.h"

traffstat_status traffstat_i_cairo_status(traffstat_ctx *ctx, int cairo_status)
{
    const cairo_status_t status = (cairo_status_t) cairo_status;
    if (status == CAIRO_STATUS_SUCCESS) {
        return TRAFFSTAT_OK;
    }
    if (status == CAIRO_STATUS_NO_MEMORY) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory to draw the figure");
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_DRAW, "cairo could not draw the figure: %s",
                            cairo_status_to_string(status));
}

traffstat_status traffstat_i_scene_fonts(traffstat_ctx *ctx, const traffstat_scene *scene,
                                         traffstat_i_fonts **out)
{
    return traffstat_i_fonts_new(ctx, scene->font_regular, scene->font_bold, scene->language, out);
}

uint32_t traffstat_i_scene_ground(const traffstat_scene *scene)
{
    if (scene->mark_count == 0) {
        return 0;
    }
    const traffstat_mark *const first = &scene->marks[0].seen;
    const bool covers = first->type == TRAFFSTAT_MARK_RECT && fmin(first->x, first->x2) <= 0.0 &&
                        fmin(first->y, first->y2) <= 0.0 &&
                        fmax(first->x, first->x2) >= scene->width &&
                        fmax(first->y, first->y2) >= scene->height;
    return covers && (first->fill & 0xFFu) == 0xFFu ? first->fill : 0;
}

/* ---- marks ---------------------------------------------------------------------------------- */

static void set_colour(cairo_t *cr, uint32_t colour)
{
    cairo_set_source_rgba(
        cr, (double) (colour >> 24) / 255.0, (double) (colour >> 16 & 0xFFu) / 255.0,
        (double) (colour >> 8 & 0xFFu) / 255.0, (double) (colour & 0xFFu) / 255.0);
}

/* Lines from lower left to upper right, at fixed places of the page (those of the SVG's pattern), so
 * that neighbours' hatching meets. Lines and not a pattern: the same in pixels and in vectors. */
static void hatch_path(cairo_t *cr, const traffstat_i_mark *mark)
{
    const double step = mark->hatch_step * M_SQRT2;
    double left = 0.0;
    double top = 0.0;
    double right = 0.0;
    double bottom = 0.0;
    cairo_path_extents(cr, &left, &top, &right, &bottom);
    cairo_save(cr);
    cairo_clip(cr); /* takes the path away */
    set_colour(cr, mark->seen.hatch);
    cairo_set_line_width(cr, mark->hatch_width);
    cairo_set_dash(cr, NULL, 0, 0.0);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    const double reach = mark->hatch_width;
    top -= reach; /* slanted ends lie outside */
    bottom += reach;
    const double first = ceil((left + top - reach) / step - 0.5);
    const double last = floor((right + bottom + reach) / step - 0.5);
    for (double k = first; k <= last; k += 1.0) {
        const double sum = (k + 0.5) * step; /* x + y along the line */
        cairo_move_to(cr, sum - bottom, bottom);
        cairo_line_to(cr, sum - top, top);
    }
    cairo_stroke(cr);
    cairo_restore(cr);
}

/* What the current path is filled, hatched and stroked with. */
static void paint_path(cairo_t *cr, const traffstat_i_mark *mark, bool area)
{
    const traffstat_mark *const seen = &mark->seen;
    cairo_path_t *path = NULL;
    if (area && seen->fill != 0) {
        set_colour(cr, seen->fill);
        cairo_fill_preserve(cr);
    }
    if (area && seen->hatch != 0 && mark->hatch_step > 0.0) {
        path = cairo_copy_path(cr); /* its own status is the context's too */
        hatch_path(cr, mark);
        cairo_new_path(cr);
        cairo_append_path(cr, path);
        cairo_path_destroy(path);
    }
    if (seen->stroke != 0 && seen->stroke_width > 0.0) {
        const double dash[] = {mark->dash, mark->dash};
        set_colour(cr, seen->stroke);
        cairo_set_line_width(cr, seen->stroke_width);
        cairo_set_dash(cr, dash, mark->dash > 0.0 ? 2 : 0, 0.0);
        cairo_set_line_join(cr, seen->type == TRAFFSTAT_MARK_PATH ? CAIRO_LINE_JOIN_ROUND
                                                                  : CAIRO_LINE_JOIN_MITER);
        cairo_stroke_preserve(cr);
    }
    cairo_new_path(cr);
}

static void draw_rect(cairo_t *cr, const traffstat_i_mark *mark)
{
    const traffstat_mark *const seen = &mark->seen;
    cairo_rectangle(cr, fmin(seen->x, seen->x2), fmin(seen->y, seen->y2), fabs(seen->x2 - seen->x),
                    fabs(seen->y2 - seen->y));
    paint_path(cr, mark, true);
}

static void draw_line(cairo_t *cr, const traffstat_i_mark *mark)
{
    cairo_move_to(cr, mark->seen.x, mark->seen.y);
    cairo_line_to(cr, mark->seen.x2, mark->seen.y2);
    paint_path(cr, mark, false);
}

static void draw_path(cairo_t *cr, const traffstat_scene *scene, const traffstat_i_mark *mark)
{
    const traffstat_i_point *const points = scene->points + mark->first_point;
    for (size_t i = 0; i < mark->point_count; i++) {
        cairo_line_to(cr, points[i].x, points[i].y); /* the first one moves */
    }
    if (mark->closed) {
        cairo_close_path(cr);
    }
    paint_path(cr, mark, mark->closed);
}

static void draw_circle(cairo_t *cr, const traffstat_i_mark *mark)
{
    cairo_arc(cr, mark->at.x, mark->at.y, mark->radius, 0.0, 2.0 * M_PI);
    cairo_close_path(cr);
    paint_path(cr, mark, true);
}

static traffstat_status draw_mark(traffstat_ctx *ctx, const traffstat_scene *scene,
                                  traffstat_i_fonts *fonts, cairo_t *cr,
                                  const traffstat_i_mark *mark)
{
    cairo_new_path(cr);
    switch (mark->seen.type) {
    case TRAFFSTAT_MARK_RECT:
        draw_rect(cr, mark);
        return TRAFFSTAT_OK;
    case TRAFFSTAT_MARK_LINE:
        draw_line(cr, mark);
        return TRAFFSTAT_OK;
    case TRAFFSTAT_MARK_PATH:
        draw_path(cr, scene, mark);
        return TRAFFSTAT_OK;
    case TRAFFSTAT_MARK_CIRCLE:
        draw_circle(cr, mark);
        return TRAFFSTAT_OK;
    case TRAFFSTAT_MARK_TEXT:
        set_colour(cr, mark->seen.fill);
        return traffstat_i_fonts_draw(ctx, fonts, cr, mark);
    default:
        return traffstat_i_fail(ctx, TRAFFSTAT_E_INTERNAL, "a mark of unknown type %d",
                                (int) mark->seen.type);
    }
}

traffstat_status traffstat_i_draw_marks(traffstat_ctx *ctx, const traffstat_scene *scene,
                                        traffstat_i_fonts *fonts, void *cairo, size_t first,
                                        size_t count)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = first; status == TRAFFSTAT_OK && i < first + count; i++) {
        status = draw_mark(ctx, scene, fonts, cairo, &scene->marks[i]);
    }
    return status;
}

/* ---- the public call ------------------------------------------------------------------------ */

/* What a caller may have set and what we do not set for each mark. */
static void reset_state(cairo_t *cr)
{
    cairo_set_operator(cr, CAIRO_OPERATOR_OVER);
    cairo_set_antialias(cr, CAIRO_ANTIALIAS_DEFAULT);
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
    cairo_set_miter_limit(cr, 10.0);
    cairo_set_fill_rule(cr, CAIRO_FILL_RULE_WINDING);
    cairo_set_tolerance(cr, 0.1);
}

traffstat_status traffstat_scene_draw(traffstat_ctx *ctx, const traffstat_scene *scene, cairo_t *cr)
{
    traffstat_i_enter(ctx);
    if (scene == NULL || cr == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s is NULL",
                                scene == NULL ? "the scene" : "the cairo_t");
    }
    traffstat_i_fonts *fonts = NULL;
    traffstat_status status = traffstat_i_cairo_status(ctx, (int) cairo_status(cr));
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_scene_fonts(ctx, scene, &fonts);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    cairo_path_t *path = cairo_copy_path(cr); /* save and restore leave the path out */
    cairo_save(cr);
    reset_state(cr);
    status = traffstat_i_draw_marks(ctx, scene, fonts, cr, 0, scene->mark_count);
    cairo_restore(cr);
    cairo_new_path(cr);
    cairo_append_path(cr, path);
    cairo_path_destroy(path);
    traffstat_i_fonts_free(fonts);
    return status != TRAFFSTAT_OK ? status : traffstat_i_cairo_status(ctx, (int) cairo_status(cr));
}
