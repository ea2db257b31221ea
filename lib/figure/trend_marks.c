#include <math.h>

#include "figure/trend.h"

/* Half of a digit's height and the air under a tick label, in font sizes. */
#define HALF_DIGIT 0.357
#define TICK_AIR 0.3
/* A unit wider than this share of the plot stays in the subtitle alone. */
#define UNIT_SHARE 0.22
#define BREAK_WORDS "break: definition or coverage changed"
#define BREAK_WORD "break"

void traffstat_i_plan_clear(traffstat_i_plan *plan)
{
    for (size_t i = 0; i < plan->direct_count; i++) {
        traffstat_i_block_clear(&plan->direct[i].block);
    }
    plan->direct_count = 0;
}

double traffstat_i_plan_y(const traffstat_i_trend *trend, const traffstat_i_plan *plan,
                          double value)
{
    const double share = fmin(fmax(value / trend->axis.top, 0.0), 1.0);
    return plan->base - share * (plan->base - plan->top);
}

/* ---- axis and grid -------------------------------------------------------------------------- */

static void tick_label(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_plan *plan, int i, char out[TRAFFSTAT_I_LABEL_SIZE])
{
    if (i == trend->axis.intervals && plan->unit) {
        traffstat_i_label_unit(l, trend, out, trend->axis.top);
    } else {
        traffstat_i_label_number(l, out, trend->axis.step * i);
    }
}

double traffstat_i_gutter(traffstat_i_layout *l, const traffstat_i_trend *trend,
                          traffstat_i_plan *plan)
{
    char label[TRAFFSTAT_I_LABEL_SIZE];
    plan->unit = true;
    tick_label(l, trend, plan, trend->axis.intervals, label);
    const double with_unit = traffstat_i_run_width(l, label, plan->font_tick, false);
    if (with_unit <= UNIT_SHARE * (plan->plot_right - plan->left)) {
        return with_unit;
    }
    plan->unit = false;
    tick_label(l, trend, plan, trend->axis.intervals, label);
    return traffstat_i_run_width(l, label, plan->font_tick, false);
}

void traffstat_i_draw_grid(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           const traffstat_i_plan *plan)
{
    const traffstat_i_pen line = {.role = TRAFFSTAT_MARK_GRID,
                                  .stroke = l->theme->grid,
                                  .stroke_width = 0.7 * l->size->stroke};
    const traffstat_i_pen text = {.role = TRAFFSTAT_MARK_TICK_LABEL, .fill = l->theme->ink_soft};
    for (int i = trend->axis.intervals; i > 0; i--) {
        const double y = traffstat_i_plan_y(trend, plan, trend->axis.step * i);
        traffstat_i_segment(l, &line, plan->left, y, plan->plot_right, y);
    }
    for (int i = trend->axis.intervals; i >= 0; i--) {
        char label[TRAFFSTAT_I_LABEL_SIZE];
        tick_label(l, trend, plan, i, label);
        const double y = traffstat_i_plan_y(trend, plan, trend->axis.step * i) -
                         (TICK_AIR + HALF_DIGIT) * plan->font_tick;
        traffstat_i_text_at(l, &text, label, plan->font_tick, false, TRAFFSTAT_I_ANCHOR_START,
                            plan->left, y);
    }
}

void traffstat_i_draw_axis(traffstat_i_layout *l, const traffstat_i_plan *plan, double x, double x2,
                           int32_t gap_year)
{
    const traffstat_i_pen line = {.role = gap_year != 0 ? TRAFFSTAT_MARK_GAP : TRAFFSTAT_MARK_AXIS,
                                  .year = gap_year,
                                  .stroke = l->theme->axis,
                                  .stroke_width = l->size->stroke,
                                  .dash = gap_year != 0 ? 2.4 * l->size->stroke : 0.0};
    traffstat_i_segment(l, &line, x, plan->base, x2, plan->base);
}

/* ---- intervals ------------------------------------------------------------------------------ */

static void draw_arrow(traffstat_i_layout *l, const traffstat_i_pen *pen, double x, double y)
{
    const double half = 3.2 * l->size->stroke;
    const traffstat_i_point head[] = {
        {x, y - half}, {x + half, y + 1.2 * half}, {x - half, y + 1.2 * half}};
    const traffstat_i_pen filled = {
        .role = pen->role, .year = pen->year, .level = pen->level, .fill = pen->stroke};
    traffstat_i_path(l, &filled, head, 3, true);
}

void traffstat_i_draw_interval(traffstat_i_layout *l, const traffstat_i_trend *trend,
                               const traffstat_i_plan *plan, const traffstat_i_trend_year *year,
                               double x)
{
    static const double widths[TRAFFSTAT_I_BANDS] = {1.6, 5.5, 9.0}; /* wide to narrow */
    for (size_t i = 0; i < trend->bands; i++) {
        const traffstat_interval *const band = &year->band[trend->bands - 1 - i];
        const traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_INTERVAL,
                                     .year = year->cell.year,
                                     .level = (int32_t) lround(band->level * 100.0),
                                     .stroke = l->theme->estimate,
                                     .stroke_width = widths[i] * l->size->stroke};
        const bool leaves = !(band->upper <= trend->axis.top);
        const double upper = leaves ? trend->axis.top : band->upper;
        traffstat_i_segment(l, &pen, x, traffstat_i_plan_y(trend, plan, band->lower), x,
                            traffstat_i_plan_y(trend, plan, upper));
        if (leaves && i == 0) {
            draw_arrow(l, &pen, x, plan->top);
        }
    }
    if (isfinite(year->middle)) {
        const traffstat_i_pen point = {.role = TRAFFSTAT_MARK_POINT,
                                       .year = year->cell.year,
                                       .fill = l->theme->ground,
                                       .stroke = l->theme->estimate,
                                       .stroke_width = 1.7 * l->size->stroke};
        traffstat_i_circle(l, &point, x, traffstat_i_plan_y(trend, plan, year->middle),
                           fmin(4.6 * l->size->stroke, 0.4 * plan->font));
    }
}

/* ---- ranges --------------------------------------------------------------------------------- */

void traffstat_i_draw_bracket(traffstat_i_layout *l, const traffstat_i_trend *trend,
                              const traffstat_i_plan *plan, const traffstat_i_trend_year *year,
                              double x, double x2)
{
    const bool open = year->cell.upper == TRAFFSTAT_NO_UPPER;
    const double low = traffstat_i_plan_y(trend, plan, (double) year->cell.lower);
    const double high = open ? plan->top + 0.4 * plan->font
                             : traffstat_i_plan_y(trend, plan, (double) year->cell.upper);
    const traffstat_i_pen hatch = {.role = TRAFFSTAT_MARK_SUPPRESSED,
                                   .year = year->cell.year,
                                   .hatch = l->theme->observed,
                                   .hatch_step = 1.6 * l->theme->hatch * plan->font,
                                   .hatch_width = 0.8 * l->size->stroke};
    const double open_top = fmax(high, low - 2.4 * plan->font);
    traffstat_i_rect(l, &hatch, (traffstat_i_box){x, open ? open_top : high, x2, low});
    const traffstat_i_pen edge = {.role = TRAFFSTAT_MARK_SUPPRESSED,
                                  .year = year->cell.year,
                                  .stroke = l->theme->observed,
                                  .stroke_width = 1.5 * l->size->stroke};
    traffstat_i_segment(l, &edge, x, low, x2, low);
    if (open) {
        const double middle = (x + x2) / 2.0;
        const traffstat_i_pen arrow = {
            .role = edge.role, .year = edge.year, .stroke = l->theme->observed};
        traffstat_i_segment(l, &edge, middle, low, middle, open_top + 6.0 * l->size->stroke);
        draw_arrow(l, &arrow, middle, open_top + 3.2 * l->size->stroke);
    } else {
        traffstat_i_segment(l, &edge, x, high, x2, high);
        traffstat_i_segment(l, &edge, x, low, x, high);
        traffstat_i_segment(l, &edge, x2, low, x2, high);
    }
}

/* ---- breaks --------------------------------------------------------------------------------- */

/* Room beside break `i` up to its neighbours or the plot's ends; *left says on which side. */
static double break_room(const traffstat_i_plan *plan, const double *at, size_t count, size_t i,
                         bool *left)
{
    const double before = at[i] - (i > 0 ? at[i - 1] : plan->left);
    const double after = (i + 1 < count ? at[i + 1] : plan->plot_right) - at[i];
    *left = count == 1 && before > after;
    return (*left ? before : after) - 0.8 * plan->font_tick;
}

static void break_block(traffstat_i_layout *l, const traffstat_i_plan *plan, double room,
                        traffstat_i_block *block)
{
    const double word = traffstat_i_run_width(l, "definition", plan->font_tick, false);
    const double least = traffstat_i_run_width(l, BREAK_WORD, plan->font_tick, false);
    if (room >= 1.25 * word) {
        traffstat_i_block_wrap(l, block, BREAK_WORDS, plan->font_tick, false,
                               fmin(room, 11.0 * plan->font_tick));
    } else if (room >= least) {
        traffstat_i_block_wrap(l, block, BREAK_WORD, plan->font_tick, false, room + 1.0);
    }
}

double traffstat_i_break_height(traffstat_i_layout *l, const traffstat_i_plan *plan,
                                const double *at, size_t count)
{
    double height = 0.0;
    for (size_t i = 0; i < count; i++) {
        traffstat_i_block block = {0};
        bool left = false;
        const double room = break_room(plan, at, count, i, &left);
        break_block(l, plan, room, &block);
        height = fmax(height, fmax(block.height, plan->font_tick));
        traffstat_i_block_clear(&block);
    }
    return count > 0 ? height + 0.5 * plan->font_tick : 0.0;
}

void traffstat_i_draw_breaks(traffstat_i_layout *l, const traffstat_i_plan *plan, const double *at,
                             const int32_t *years, size_t count)
{
    const double top = plan->top - plan->strip_height - plan->band_height;
    for (size_t i = 0; i < count; i++) {
        const traffstat_i_pen line = {.role = TRAFFSTAT_MARK_BREAK,
                                      .year = years[i],
                                      .stroke = l->theme->ink_soft,
                                      .stroke_width = 0.9 * l->size->stroke,
                                      .dash = 5.0 * l->size->stroke};
        const traffstat_i_pen text = {
            .role = TRAFFSTAT_MARK_BREAK_LABEL, .year = years[i], .fill = l->theme->ink_soft};
        traffstat_i_segment(l, &line, at[i], top, at[i], plan->base);
        traffstat_i_block block = {0};
        bool left = false;
        const double room = break_room(plan, at, count, i, &left);
        break_block(l, plan, room, &block);
        const double aside = 0.4 * plan->font_tick;
        traffstat_i_block_draw(l, &block, &text,
                               left ? TRAFFSTAT_I_ANCHOR_END : TRAFFSTAT_I_ANCHOR_START,
                               left ? at[i] - aside : at[i] + aside, top);
        traffstat_i_block_clear(&block);
    }
}
