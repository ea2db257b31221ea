#include <math.h>
#include <string.h>

#include "figure/trend.h"

/* All in font sizes of the labels. */
#define CHANNEL 2.4 /* between plot and labels, for the leaders */
#define SWATCH 1.15 /* width of a sample of a mark */
#define SWATCH_AIR 0.4
#define BETWEEN 0.38    /* labels above each other */
#define SIDE_SHARE 0.36 /* of the page: the widest that labels beside the plot may be */
#define HALF_DIGIT 0.357

/* ---- texts ---------------------------------------------------------------------------------- */

static traffstat_i_direct *add_direct(traffstat_i_plan *plan, traffstat_i_swatch swatch,
                                      const traffstat_i_trend_year *year, uint32_t colour)
{
    traffstat_i_direct *const direct = &plan->direct[plan->direct_count++];
    *direct = (traffstat_i_direct){.swatch = swatch, .year = year->cell.year, .colour = colour};
    return direct;
}

static void make_bands(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_trend_year *year, traffstat_i_plan *plan)
{
    for (size_t b = trend->bands; b-- > 0;) {
        traffstat_i_direct *const direct =
            add_direct(plan, TRAFFSTAT_I_SWATCH_BAND, year, l->theme->estimate);
        direct->band = b;
        char range[TRAFFSTAT_I_LABEL_SIZE];
        traffstat_i_label_range(l, range, &year->band[b]);
        traffstat_text text;
        traffstat_i_text_init(&text, trend->ctx);
        traffstat_i_say_level(&text, year->band[b].level);
        traffstat_i_text_add(&text, " interval");
        if (b + 1 == trend->bands && trend->counted > 1) {
            traffstat_i_text_addf(&text, " in %d", (int) year->cell.year);
        }
        traffstat_i_text_addf(&text, ": %s", range);
        traffstat_i_label_take(l, direct->text, &text);
    }
}

static void make_number(traffstat_i_layout *l, traffstat_i_direct *direct, const char *words,
                        double value)
{
    char number[TRAFFSTAT_I_LABEL_SIZE];
    traffstat_i_label_number(l, number, value);
    traffstat_text text;
    traffstat_i_text_init(&text, l->ctx);
    traffstat_i_text_addf(&text, "%s: %s", words, number);
    traffstat_i_label_take(l, direct->text, &text);
}

static void make_recorded(traffstat_i_layout *l, const traffstat_i_trend *trend,
                          traffstat_i_plan *plan)
{
    const traffstat_i_trend_year *const year = &trend->years[trend->count - 1];
    traffstat_i_direct *const direct =
        add_direct(plan, TRAFFSTAT_I_SWATCH_RECORDED, year, l->theme->observed);
    direct->bold = true;
    char count[TRAFFSTAT_I_LABEL_SIZE];
    traffstat_i_label_cell(l, count, &year->cell);
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    traffstat_i_say_recorded(&text, trend);
    if (trend->last_estimated + 1 != trend->count && trend->counted > 1) {
        traffstat_i_text_addf(&text, " in %d", (int) year->cell.year);
    }
    traffstat_i_text_addf(&text, ": %s", count);
    traffstat_i_label_take(l, direct->text, &text);
}

void traffstat_i_direct_make(traffstat_i_layout *l, const traffstat_i_trend *trend,
                             traffstat_i_plan *plan)
{
    plan->direct_count = 0;
    if (trend->estimated > 0) {
        const traffstat_i_trend_year *const year = &trend->years[trend->last_estimated];
        make_bands(l, trend, year, plan);
        if (isfinite(year->middle)) {
            traffstat_i_direct *const middle =
                add_direct(plan, TRAFFSTAT_I_SWATCH_MIDDLE, year, l->theme->estimate);
            middle->bold = true;
            make_number(l, middle, "Middle value", year->middle);
        }
        if (isfinite(year->unreported) && year->exact) {
            traffstat_i_direct *const part =
                add_direct(plan, TRAFFSTAT_I_SWATCH_UNREPORTED, year, l->theme->ink_soft);
            make_number(l, part, "Estimated unreported part", year->unreported);
        }
    }
    if (trend->estimated > 0 || trend->lined) {
        make_recorded(l, trend, plan);
    }
}

/* ---- places --------------------------------------------------------------------------------- */

/* Leaders say what the other labels belong to; hatching has none, and lines have no hatching. */
static bool has_sample(const traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_direct *direct)
{
    const bool hatch = direct->swatch == TRAFFSTAT_I_SWATCH_UNREPORTED;
    return l->below ? !(hatch && trend->lined) : hatch && !trend->lined;
}

static double sample_room(const traffstat_i_plan *plan, const traffstat_i_direct *direct)
{
    return direct->sample ? (SWATCH + SWATCH_AIR) * plan->font : 0.0;
}

static void place_beside(traffstat_i_layout *l, const traffstat_i_trend *trend,
                         traffstat_i_plan *plan)
{
    const double most = SIDE_SHARE * (plan->right - plan->left);
    double width = 0.0;
    for (size_t i = 0; i < plan->direct_count; i++) {
        traffstat_i_direct *const direct = &plan->direct[i];
        direct->sample = has_sample(l, trend, direct);
        const double swatch = sample_room(plan, direct);
        traffstat_i_block_wrap(l, &direct->block, direct->text, plan->font, direct->bold,
                               most - swatch);
        width = fmax(width, direct->block.width + swatch);
    }
    plan->labels_left = plan->right - width;
    plan->plot_right =
        plan->direct_count > 0 ? plan->labels_left - CHANNEL * plan->font : plan->right;
}

/* The key: rows of samples and words, as many beside each other as fit. */
static double walk_key(const traffstat_i_plan *plan, size_t i, double *x, double *y)
{
    const double step = 1.5 * plan->font;
    const double width = sample_room(plan, &plan->direct[i]) + plan->direct[i].block.width;
    if (i > 0 && *x + width > plan->right) {
        *x = plan->left;
        *y += step;
    }
    const double at = *x;
    *x += width + 1.3 * plan->font;
    return at;
}

static void place_below(traffstat_i_layout *l, const traffstat_i_trend *trend,
                        traffstat_i_plan *plan)
{
    plan->plot_right = plan->right;
    plan->key_height = 0.0;
    if (plan->direct_count == 0) {
        return;
    }
    double x = plan->left;
    double y = 0.0;
    double extra = 0.0;
    for (size_t i = 0; i < plan->direct_count; i++) {
        traffstat_i_direct *const direct = &plan->direct[i];
        direct->sample = has_sample(l, trend, direct);
        traffstat_i_block_wrap(l, &direct->block, direct->text, plan->font, direct->bold,
                               plan->right - plan->left - sample_room(plan, direct));
        walk_key(plan, i, &x, &y);
        extra = fmax(extra, direct->block.height - plan->font);
    }
    plan->key_height = y + extra + 1.7 * plan->font;
}

void traffstat_i_direct_place(traffstat_i_layout *l, const traffstat_i_trend *trend,
                              traffstat_i_plan *plan)
{
    if (l->below) {
        place_below(l, trend, plan);
    } else {
        place_beside(l, trend, plan);
    }
}

/* ---- marks ---------------------------------------------------------------------------------- */

static size_t band_count(const traffstat_i_plan *plan)
{
    size_t bands = 0;
    for (size_t i = 0; i < plan->direct_count; i++) {
        bands += plan->direct[i].swatch == TRAFFSTAT_I_SWATCH_BAND;
    }
    return bands;
}

/* A piece of an interval's line, or of a ribbon in its shade. */
static void draw_band_swatch(traffstat_i_layout *l, const traffstat_i_plan *plan,
                             const traffstat_i_direct *direct, traffstat_i_box box)
{
    static const double widths[TRAFFSTAT_I_BANDS] = {9.0, 5.5, 1.6};
    const size_t bands = band_count(plan);
    traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_LEADER, .stroke = l->theme->estimate};
    if (plan->lined) {
        const size_t from_wide = bands - 1 - direct->band;
        pen.fill = l->theme->band[bands == 2 && from_wide == 1 ? 2 : from_wide];
        pen.stroke = l->theme->band_edge;
        pen.stroke_width = 0.6 * l->size->stroke;
        traffstat_i_rect(l, &pen, box);
        return;
    }
    const double y = (box.y + box.y2) / 2.0;
    pen.stroke_width = widths[direct->band + TRAFFSTAT_I_BANDS - bands] * l->size->stroke;
    traffstat_i_segment(l, &pen, box.x, y, box.x2, y);
}

static void draw_recorded_swatch(traffstat_i_layout *l, const traffstat_i_plan *plan,
                                 traffstat_i_box box)
{
    traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_LEADER, .fill = l->theme->observed};
    if (!plan->lined) {
        traffstat_i_rect(l, &pen, box);
        return;
    }
    const double y = (box.y + box.y2) / 2.0;
    const traffstat_i_pen line = {.role = TRAFFSTAT_MARK_LEADER,
                                  .stroke = l->theme->observed,
                                  .stroke_width = 1.9 * l->size->stroke};
    traffstat_i_segment(l, &line, box.x, y, box.x2, y);
    traffstat_i_circle(l, &pen, (box.x + box.x2) / 2.0, y, 3.4 * l->size->stroke);
}

static void draw_swatch(traffstat_i_layout *l, const traffstat_i_plan *plan,
                        const traffstat_i_direct *direct, double x, double y)
{
    const double f = plan->font;
    const double stroke = l->size->stroke;
    const traffstat_i_box box = {x, y - 0.42 * f, x + SWATCH * f, y + 0.42 * f};
    traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_LEADER,
                           .stroke = l->theme->estimate,
                           .stroke_width = 1.2 * stroke,
                           .fill = l->theme->ground};
    switch (direct->swatch) {
    case TRAFFSTAT_I_SWATCH_BAND:
        draw_band_swatch(l, plan, direct, box);
        break;
    case TRAFFSTAT_I_SWATCH_MIDDLE:
        pen.stroke_width = 1.7 * stroke;
        traffstat_i_circle(l, &pen, (box.x + box.x2) / 2.0, y, 4.6 * stroke);
        break;
    case TRAFFSTAT_I_SWATCH_UNREPORTED:
        pen.hatch = l->theme->estimate;
        pen.hatch_step = l->theme->hatch * f;
        pen.hatch_width = 0.9 * stroke;
        traffstat_i_rect(l, &pen, box);
        break;
    case TRAFFSTAT_I_SWATCH_RECORDED:
        draw_recorded_swatch(l, plan, box);
        break;
    }
}

static void draw_below(traffstat_i_layout *l, const traffstat_i_plan *plan)
{
    double x = plan->left;
    double y = plan->base + plan->foot_height + 0.9 * plan->font;
    for (size_t i = 0; i < plan->direct_count; i++) {
        const traffstat_i_direct *const direct = &plan->direct[i];
        const traffstat_i_pen pen = {
            .role = TRAFFSTAT_MARK_DIRECT_LABEL, .year = direct->year, .fill = direct->colour};
        const double at = walk_key(plan, i, &x, &y);
        if (direct->sample) {
            draw_swatch(l, plan, direct, at, y);
        }
        const double ascent = direct->block.count > 0 ? direct->block.lines[0].baseline : 0.0;
        traffstat_i_block_draw(l, &direct->block, &pen, TRAFFSTAT_I_ANCHOR_START,
                               at + sample_room(plan, direct),
                               y + HALF_DIGIT * plan->font - ascent);
    }
}

/* From the mark to the edge of the plot, then to its label. */
static void draw_leader(traffstat_i_layout *l, const traffstat_i_plan *plan,
                        const traffstat_i_direct *direct, double y)
{
    const traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_LEADER,
                                 .year = direct->year,
                                 .stroke = direct->colour,
                                 .stroke_width = 0.6 * l->size->stroke};
    const double knee = fmax(plan->plot_right, direct->from.x);
    const double end = plan->labels_left - 0.35 * plan->font;
    const traffstat_i_point points[] = {direct->from, {knee, direct->from.y}, {end, y}};
    traffstat_i_path(l, &pen, points, 3, false);
}

/* Labels stand in the order of what they name. A number that was moved away from its mark may start
 * its leader above the one before it: those two would cross, and the earlier one is left out. */
static void find_leaders(const traffstat_i_plan *plan, bool out[TRAFFSTAT_I_DIRECT_MAX])
{
    double highest = INFINITY;
    for (size_t i = plan->direct_count; i-- > 0;) {
        out[i] = plan->direct[i].leader && plan->direct[i].from.y <= highest;
        highest = out[i] ? plan->direct[i].from.y : highest;
    }
}

static void draw_beside(traffstat_i_layout *l, const traffstat_i_plan *plan)
{
    double centres[TRAFFSTAT_I_DIRECT_MAX];
    double heights[TRAFFSTAT_I_DIRECT_MAX];
    for (size_t i = 0; i < plan->direct_count; i++) {
        const traffstat_i_direct *const direct = &plan->direct[i];
        heights[i] = direct->block.height;
        /* the first line's digits stand at the mark's height */
        const double digits = direct->block.count > 0
                                  ? direct->block.lines[0].baseline - HALF_DIGIT * plan->font
                                  : 0.0;
        centres[i] = direct->from.y - digits + heights[i] / 2.0;
        centres[i] = i > 0 ? fmax(centres[i], centres[i - 1]) : centres[i];
    }
    if (!traffstat_i_push_apart(centres, heights, plan->direct_count, BETWEEN * plan->font,
                                plan->top - plan->strip_height - plan->band_height,
                                plan->base + plan->foot_height)) {
        traffstat_i_try(l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                            "the label \"%s\" does not fit beside the plot: choose "
                                            "a larger size",
                                            plan->direct[0].text));
        return;
    }
    bool leaders[TRAFFSTAT_I_DIRECT_MAX];
    find_leaders(plan, leaders);
    for (size_t i = 0; i < plan->direct_count; i++) {
        const traffstat_i_direct *const direct = &plan->direct[i];
        if (direct->block.count == 0) {
            continue;
        }
        const double top = centres[i] - heights[i] / 2.0;
        const double middle = top + direct->block.lines[0].baseline - HALF_DIGIT * plan->font;
        if (leaders[i]) {
            draw_leader(l, plan, direct, middle);
        }
        double x = plan->labels_left;
        if (direct->sample) {
            draw_swatch(l, plan, direct, x, middle);
            x += sample_room(plan, direct);
        }
        const traffstat_i_pen pen = {
            .role = TRAFFSTAT_MARK_DIRECT_LABEL, .year = direct->year, .fill = direct->colour};
        traffstat_i_block_draw(l, &direct->block, &pen, TRAFFSTAT_I_ANCHOR_START, x, top);
    }
}

void traffstat_i_direct_draw(traffstat_i_layout *l, const traffstat_i_plan *plan)
{
    if (l->below) {
        draw_below(l, plan);
    } else {
        draw_beside(l, plan);
    }
}
