#include <math.h>
#include <string.h>

#include "figure/trend.h"

/* All in font sizes of the labels. */
#define SIDE_PAD 0.9  /* between the ends of the plot and the first and last year */
#define NUMBER_ROWS 7 /* how far a number may move from its mark to find room */
#define NUMBER_STEP 1.12
#define NUMBER_AIR 0.88 /* from a mark to the middle of its number */
#define YEAR_AIR 0.7    /* between the labels of years */
#define BRACKET_MAX 1.3

/* ---- places --------------------------------------------------------------------------------- */

static double pitch_of(const traffstat_i_trend *trend, const traffstat_i_plan *plan)
{
    const int32_t first = trend->years[0].cell.year;
    const int32_t last = trend->years[trend->count - 1].cell.year;
    return (plan->data_right - plan->data_left) / (double) (last - first);
}

static double x_of(const traffstat_i_trend *trend, const traffstat_i_plan *plan, int32_t year)
{
    return plan->data_left + (year - trend->years[0].cell.year) * pitch_of(trend, plan);
}

static double widest_number(traffstat_i_layout *l, const traffstat_i_trend *trend,
                            const traffstat_i_plan *plan)
{
    char text[TRAFFSTAT_I_LABEL_SIZE];
    double width = traffstat_i_run_width(l, "2000", plan->font, true);
    if (trend->counted > TRAFFSTAT_I_NUMBERED_MAX) {
        return width;
    }
    for (size_t i = 0; i < trend->count; i++) {
        if (trend->years[i].counted) {
            traffstat_i_label_cell(l, text, &trend->years[i].cell);
            width = fmax(width, traffstat_i_run_width(l, text, plan->font, true));
        }
        if (trend->years[i].estimated && isfinite(trend->years[i].middle)) {
            traffstat_i_label_number(l, text, trend->years[i].middle);
            width = fmax(width, traffstat_i_run_width(l, text, plan->font, false));
        }
    }
    return width;
}

static bool is_break(const traffstat_i_trend_year *year)
{
    return (year->cell.flags & TRAFFSTAT_FLAG_BREAK) != 0;
}

static size_t find_breaks(const traffstat_i_trend *trend, const traffstat_i_plan *plan, double **at,
                          int32_t **years, traffstat_i_layout *l)
{
    *at = traffstat_i_alloc(l->ctx, trend->count, sizeof **at);
    *years = traffstat_i_alloc(l->ctx, trend->count, sizeof **years);
    if (*at == NULL || *years == NULL) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return 0;
    }
    size_t n = 0;
    for (size_t i = 1; i < trend->count; i++) {
        if (is_break(&trend->years[i])) {
            const int32_t year = trend->years[i].cell.year;
            (*at)[n] = x_of(trend, plan, year) - 0.5 * pitch_of(trend, plan);
            (*years)[n++] = year;
        }
    }
    return n;
}

void traffstat_i_line_plan(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan)
{
    plan->lined = true;
    traffstat_i_direct_make(l, trend, plan);
    traffstat_i_direct_place(l, trend, plan);
    const double half = widest_number(l, trend, plan) / 2.0;
    const double pad = fmax(half + 0.3 * plan->font, SIDE_PAD * plan->font);
    plan->data_left = plan->left + traffstat_i_gutter(l, trend, plan) + 0.3 * plan->font + pad;
    plan->data_right = plan->plot_right - pad;
    if (plan->data_right - plan->data_left < 4.0 * plan->font) {
        traffstat_i_try(
            l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                "the years %d to %d do not fit beside their labels: choose "
                                "a wider size",
                                (int) trend->years[0].cell.year,
                                (int) trend->years[trend->count - 1].cell.year));
    }
    double *at = NULL;
    int32_t *years = NULL;
    const size_t breaks = find_breaks(trend, plan, &at, &years, l);
    plan->band_height = traffstat_i_break_height(l, plan, at, breaks);
    traffstat_i_free(l->ctx, at);
    traffstat_i_free(l->ctx, years);
    plan->strip_height = 1.75 * plan->font_tick;
    plan->foot_height = 1.6 * plan->font;
}

/* ---- runs ----------------------------------------------------------------------------------- */

typedef bool (*year_test)(const traffstat_i_trend_year *year);

static bool has_exact(const traffstat_i_trend_year *year)
{
    return year->exact;
}

static bool has_estimate(const traffstat_i_trend_year *year)
{
    return year->estimated;
}

/* Whether a line may run from year i - 1 to year i: neighbours, and no break between them. */
static bool is_joined(const traffstat_i_trend *trend, size_t i, year_test test)
{
    return test(&trend->years[i - 1]) && test(&trend->years[i]) &&
           trend->years[i - 1].cell.year + 1 == trend->years[i].cell.year &&
           !is_break(&trend->years[i]);
}

/* End (past the last) of the run of joined years that begins at `from`. */
static size_t run_end(const traffstat_i_trend *trend, size_t from, year_test test)
{
    size_t end = from + 1;
    while (end < trend->count && is_joined(trend, end, test)) {
        end++;
    }
    return end;
}

static double upper_of(const traffstat_i_trend *trend, const traffstat_interval *band)
{
    return band->upper <= trend->axis.top ? band->upper : trend->axis.top;
}

/* ---- ribbons -------------------------------------------------------------------------------- */

/* Upper ends from left to right, then lower ends back. */
static void ribbon_points(const traffstat_i_trend *trend, const traffstat_i_plan *plan, size_t from,
                          size_t end, size_t b, traffstat_i_point *points)
{
    const size_t n = end - from;
    for (size_t i = 0; i < n; i++) {
        const traffstat_i_trend_year *const year = &trend->years[from + i];
        const double x = x_of(trend, plan, year->cell.year);
        points[i] = (traffstat_i_point){
            x, traffstat_i_plan_y(trend, plan, upper_of(trend, &year->band[b]))};
        points[2 * n - 1 - i] =
            (traffstat_i_point){x, traffstat_i_plan_y(trend, plan, year->band[b].lower)};
    }
}

static void draw_ribbon(traffstat_i_layout *l, const traffstat_i_trend *trend,
                        const traffstat_i_plan *plan, size_t from, size_t end,
                        traffstat_i_point *points)
{
    const size_t n = end - from;
    for (size_t i = 0; i < trend->bands; i++) {
        const size_t b = trend->bands - 1 - i;
        ribbon_points(trend, plan, from, end, b, points);
        const int32_t level = (int32_t) lround(trend->years[from].band[b].level * 100.0);
        const size_t shade = trend->bands == 2 && i == 1 ? 2 : i;
        const traffstat_i_pen fill = {
            .role = TRAFFSTAT_MARK_RIBBON, .level = level, .fill = l->theme->band[shade]};
        traffstat_i_path(l, &fill, points, 2 * n, true);
        const traffstat_i_pen edge = {.role = TRAFFSTAT_MARK_RIBBON,
                                      .level = level,
                                      .stroke = l->theme->band_edge,
                                      .stroke_width = 0.6 * l->size->stroke};
        traffstat_i_path(l, &edge, points, n, false);
        traffstat_i_path(l, &edge, points + n, n, false);
    }
    const traffstat_i_pen line = {.role = TRAFFSTAT_MARK_SERIES_LINE,
                                  .level = 0,
                                  .stroke = l->theme->estimate,
                                  .stroke_width = 1.2 * l->size->stroke,
                                  .dash = 3.5 * l->size->stroke};
    for (size_t i = 0; i < n; i++) {
        const traffstat_i_trend_year *const year = &trend->years[from + i];
        points[i] = (traffstat_i_point){x_of(trend, plan, year->cell.year),
                                        traffstat_i_plan_y(trend, plan, year->middle)};
    }
    if (isfinite(trend->years[from].middle)) {
        traffstat_i_path(l, &line, points, n, false);
    }
}

static void draw_middle(traffstat_i_layout *l, const traffstat_i_trend *trend,
                        const traffstat_i_plan *plan, const traffstat_i_trend_year *year)
{
    if (!isfinite(year->middle)) {
        return;
    }
    const traffstat_i_pen point = {.role = TRAFFSTAT_MARK_POINT,
                                   .year = year->cell.year,
                                   .fill = l->theme->ground,
                                   .stroke = l->theme->estimate,
                                   .stroke_width = 1.3 * l->size->stroke};
    const double most =
        fmin(fmin(3.4 * l->size->stroke, 0.28 * plan->font), 0.3 * pitch_of(trend, plan));
    traffstat_i_circle(l, &point, x_of(trend, plan, year->cell.year),
                       traffstat_i_plan_y(trend, plan, year->middle), most);
}

static void draw_estimates(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           const traffstat_i_plan *plan)
{
    traffstat_i_point *points = traffstat_i_alloc(l->ctx, 2 * trend->count, sizeof *points);
    if (points == NULL) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return;
    }
    const bool joined = trend->estimated >= TRAFFSTAT_I_LINE_MIN;
    for (size_t from = 0; from < trend->count;) {
        const size_t end =
            joined && trend->years[from].estimated ? run_end(trend, from, has_estimate) : from + 1;
        if (end - from > 1) {
            draw_ribbon(l, trend, plan, from, end, points);
        } else if (trend->years[from].estimated) {
            traffstat_i_draw_interval(l, trend, plan, &trend->years[from],
                                      x_of(trend, plan, trend->years[from].cell.year));
        }
        for (size_t i = from; end - from > 1 && i < end; i++) {
            draw_middle(l, trend, plan, &trend->years[i]);
        }
        from = end;
    }
    traffstat_i_free(l->ctx, points);
}

/* ---- counts --------------------------------------------------------------------------------- */

static void draw_lines(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_plan *plan)
{
    if (trend->exact < TRAFFSTAT_I_LINE_MIN) {
        return;
    }
    traffstat_i_point *points = traffstat_i_alloc(l->ctx, trend->count, sizeof *points);
    if (points == NULL) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return;
    }
    const traffstat_i_pen line = {.role = TRAFFSTAT_MARK_SERIES_LINE,
                                  .stroke = l->theme->observed,
                                  .stroke_width = 1.9 * l->size->stroke};
    for (size_t from = 0; from < trend->count;) {
        const size_t end = trend->years[from].exact ? run_end(trend, from, has_exact) : from + 1;
        for (size_t i = from; i < end; i++) {
            const traffstat_cell *const cell = &trend->years[i].cell;
            points[i - from] =
                (traffstat_i_point){x_of(trend, plan, cell->year),
                                    traffstat_i_plan_y(trend, plan, (double) cell->lower)};
        }
        if (end - from > 1) {
            traffstat_i_path(l, &line, points, end - from, false);
        }
        from = end;
    }
    traffstat_i_free(l->ctx, points);
}

static void draw_points(traffstat_i_layout *l, const traffstat_i_trend *trend,
                        const traffstat_i_plan *plan)
{
    const double pitch = pitch_of(trend, plan);
    const double radius = fmin(fmin(3.4 * l->size->stroke, 0.28 * plan->font), 0.34 * pitch);
    const double half = fmin(0.3 * pitch, BRACKET_MAX * plan->font / 2.0);
    for (size_t i = 0; i < trend->count; i++) {
        const traffstat_i_trend_year *const year = &trend->years[i];
        const double x = x_of(trend, plan, year->cell.year);
        if (!year->counted) {
            continue;
        }
        if (!year->exact) {
            traffstat_i_draw_bracket(l, trend, plan, year, x - half, x + half);
            continue;
        }
        const bool hollow = (year->cell.flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0;
        const traffstat_i_pen point = {.role = TRAFFSTAT_MARK_OBSERVED,
                                       .year = year->cell.year,
                                       .fill = hollow ? l->theme->ground : l->theme->observed,
                                       .stroke = l->theme->observed,
                                       .stroke_width =
                                           hollow ? 1.5 * l->size->stroke : 0.5 * l->size->stroke};
        traffstat_i_circle(l, &point, x, traffstat_i_plan_y(trend, plan, (double) year->cell.lower),
                           hollow ? 1.1 * radius : radius);
    }
}

/* ---- numbers -------------------------------------------------------------------------------- */

static bool meets(const traffstat_mark *m, traffstat_i_box box)
{
    const double half = m->stroke_width / 2.0;
    return m->x - half < box.x2 && box.x < m->x2 + half && fmin(m->y, m->y2) < box.y2 &&
           box.y < fmax(m->y, m->y2);
}

/* Whether a number in a box would hide a point or a discrete interval. */
static bool hides_mark(const traffstat_i_layout *l, traffstat_i_box box)
{
    for (size_t i = 0; i < l->scene->mark_count; i++) {
        const traffstat_mark *const m = &l->scene->marks[i].seen;
        if ((m->type == TRAFFSTAT_MARK_CIRCLE || m->role == TRAFFSTAT_MARK_INTERVAL ||
             m->role == TRAFFSTAT_MARK_SUPPRESSED || m->role == TRAFFSTAT_MARK_BREAK ||
             m->role == TRAFFSTAT_MARK_LEADER) &&
            meets(m, box)) {
            return true;
        }
    }
    return false;
}

/* Whether a number may stand in a box: inside the plot, on no mark and on no other text. */
static bool has_room(const traffstat_i_layout *l, const traffstat_i_plan *plan, traffstat_i_box box)
{
    const double air = 0.16 * plan->font;
    return box.x >= plan->left && box.x2 <= plan->plot_right &&
           box.y >= plan->top - 0.5 * plan->strip_height && box.y2 <= plan->base - 0.5 * air &&
           !hides_mark(l,
                       (traffstat_i_box){box.x - air, box.y - air, box.x2 + air, box.y2 + air}) &&
           traffstat_i_is_free(l, (traffstat_i_box){box.x - air, box.y - 0.5 * air, box.x2 + air,
                                                    box.y2 + 0.5 * air});
}

/* Where a number is tried: right under or over its mark, then beside it, then further away. */
typedef struct try_at {
    double x;
    double y;
    traffstat_i_anchor anchor;
    double way; /* 1 below, -1 above, 0 beside */
    int row;    /* how many lines away */
} try_at;

#define TRIES (4 * NUMBER_ROWS)

/* Even ones below and above in turn, first towards `side`; odd ones right and left in turn. */
static try_at nth_try(const traffstat_i_plan *plan, traffstat_i_point at, double side, int n)
{
    const int k = n / 2;
    const int row = k / 2;
    if (n % 2 == 1) {
        const bool right = k % 2 == 0;
        const double lowest = plan->base - 0.52 * plan->font;
        return (try_at){at.x + (right ? 0.75 : -0.75) * plan->font,
                        fmin(at.y, lowest) - row * NUMBER_STEP * plan->font,
                        right ? TRAFFSTAT_I_ANCHOR_START : TRAFFSTAT_I_ANCHOR_END, 0.0, row};
    }
    const double way = k % 2 == 0 ? side : -side;
    const double far = (NUMBER_AIR + NUMBER_STEP * row) * plan->font;
    return (try_at){at.x, at.y + way * far, TRAFFSTAT_I_ANCHOR_MIDDLE, way, row};
}

/* The thin line to a number that had to move away; false where there is none or a text is in its
 * way. */
static bool leader_box(const traffstat_i_layout *l, const traffstat_i_plan *plan,
                       traffstat_i_point at, const try_at *t, traffstat_i_box *box)
{
    const double near = at.y + t->way * 0.4 * plan->font;
    const double far = t->y - t->way * 0.55 * plan->font;
    const double air = 0.08 * plan->font;
    *box = (traffstat_i_box){at.x - air, fmin(near, far), at.x + air, fmax(near, far)};
    return t->way != 0.0 && t->row > 0 && traffstat_i_is_free(l, *box);
}

/* So near that a number needs no line to its mark: its colour says which one it belongs to. */
#define NEAR_ROWS 2

/* A number as near to (x, y) as there is room, first towards `side` (1 down, -1 up). Beside its
 * mark only where `beside` says that nothing runs there. False: no room. */
static bool draw_number(traffstat_i_layout *l, const traffstat_i_plan *plan,
                        const traffstat_i_pen *pen, const char *text, bool bold,
                        traffstat_i_point at, double side, bool beside)
{
    for (int n = 0; n < TRIES && l->status == TRAFFSTAT_OK; n++) {
        const try_at t = nth_try(plan, at, side, n);
        const traffstat_i_box box =
            traffstat_i_text_box(l, text, plan->font, bold, t.anchor, t.x, t.y);
        if ((t.way == 0.0 && !beside) || !has_room(l, plan, box)) {
            continue;
        }
        traffstat_i_box line = {0};
        const bool leader = leader_box(l, plan, at, &t, &line);
        if (!leader && t.row > NEAR_ROWS) {
            continue;
        }
        if (leader) {
            const traffstat_i_pen thin = {.role = TRAFFSTAT_MARK_LEADER,
                                          .year = pen->year,
                                          .stroke = pen->fill,
                                          .stroke_width = 0.5 * l->size->stroke};
            traffstat_i_segment(l, &thin, at.x, line.y, at.x, line.y2);
        }
        traffstat_i_plate(l, pen, text, plan->font, bold, t.anchor, t.x, t.y);
        traffstat_i_text_at(l, pen, text, plan->font, bold, t.anchor, t.x, t.y);
        return true;
    }
    return false;
}

/* Whether a year's interval stands alone, not in a ribbon. */
static bool is_single(const traffstat_i_trend *trend, size_t i)
{
    return trend->years[i].estimated &&
           (trend->estimated < TRAFFSTAT_I_LINE_MIN ||
            !((i > 0 && is_joined(trend, i, has_estimate)) ||
              (i + 1 < trend->count && is_joined(trend, i + 1, has_estimate))));
}

/* Which side of the line is empty: below where there are estimates, which lie above; else outside
 * of the bend. */
static double side_of(const traffstat_i_trend *trend, size_t i)
{
    if (trend->estimated > 0) {
        return 1.0;
    }
    double around = 0.0;
    int n = 0;
    if (i > 0 && is_joined(trend, i, has_exact)) {
        around += (double) trend->years[i - 1].cell.lower;
        n++;
    }
    if (i + 1 < trend->count && is_joined(trend, i + 1, has_exact)) {
        around += (double) trend->years[i + 1].cell.lower;
        n++;
    }
    return n > 0 && around / n > (double) trend->years[i].cell.lower ? 1.0 : -1.0;
}

static void draw_count(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_plan *plan, size_t i)
{
    const traffstat_i_trend_year *const year = &trend->years[i];
    char text[TRAFFSTAT_I_LABEL_SIZE];
    traffstat_i_label_cell(l, text, &year->cell);
    const traffstat_i_pen pen = {
        .role = TRAFFSTAT_MARK_OBSERVED_LABEL, .year = year->cell.year, .fill = l->theme->observed};
    const bool open = year->cell.upper == TRAFFSTAT_NO_UPPER;
    const double low = traffstat_i_plan_y(trend, plan, (double) year->cell.lower);
    const double high = open || year->exact
                            ? low - (open ? 2.4 * plan->font : 0.0)
                            : traffstat_i_plan_y(trend, plan, (double) year->cell.upper);
    const double side = year->exact ? side_of(trend, i) : -1.0;
    const traffstat_i_point at = {x_of(trend, plan, year->cell.year),
                                  side > 0.0 || year->exact ? low : high};
    const bool drawn = draw_number(l, plan, &pen, text, true, at, side, is_single(trend, i));
    if (!drawn && trend->counted <= TRAFFSTAT_I_NUMBERED_MAX && l->status == TRAFFSTAT_OK) {
        traffstat_i_try(
            l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                "the number %s of %d does not fit the plot: choose a larger "
                                "size",
                                text, (int) year->cell.year));
    }
}

/* With more marks than can carry numbers: the ends, the highest and the lowest. */
static bool is_telling(const traffstat_i_trend *trend, size_t i)
{
    size_t most = i;
    size_t least = i;
    for (size_t k = 0; k < trend->count; k++) {
        const traffstat_i_trend_year *const year = &trend->years[k];
        if (year->exact) {
            most = year->cell.lower > trend->years[most].cell.lower ? k : most;
            least = year->cell.lower < trend->years[least].cell.lower ? k : least;
        }
    }
    return i == 0 || i + 1 == trend->count ||
           (trend->years[i].exact && (most == i || least == i)) || !trend->years[i].exact;
}

static void draw_numbers(traffstat_i_layout *l, const traffstat_i_trend *trend,
                         const traffstat_i_plan *plan)
{
    const bool all = trend->counted <= TRAFFSTAT_I_NUMBERED_MAX;
    for (size_t i = 0; i < trend->count; i++) {
        if (trend->years[i].counted && (all || is_telling(trend, i))) {
            draw_count(l, trend, plan, i);
        }
    }
    if (trend->counted + trend->estimated > TRAFFSTAT_I_NUMBERED_MAX) {
        return;
    }
    for (size_t i = 0; i < trend->count; i++) {
        const traffstat_i_trend_year *const year = &trend->years[i];
        if (!year->estimated || !isfinite(year->middle)) {
            continue;
        }
        char text[TRAFFSTAT_I_LABEL_SIZE];
        traffstat_i_label_number(l, text, year->middle);
        const traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_ESTIMATE_LABEL,
                                     .year = year->cell.year,
                                     .fill = l->theme->estimate};
        const traffstat_i_point at = {x_of(trend, plan, year->cell.year),
                                      traffstat_i_plan_y(trend, plan, year->middle)};
        if (!draw_number(l, plan, &pen, text, false, at, -1.0, is_single(trend, i))) {
            traffstat_i_try(
                l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                    "the number %s of %d does not fit the plot: choose a larger "
                                    "size",
                                    text, (int) year->cell.year));
        }
    }
}

/* ---- years and gaps ------------------------------------------------------------------------- */

static void draw_year_labels(traffstat_i_layout *l, const traffstat_i_trend *trend,
                             const traffstat_i_plan *plan)
{
    const double width = traffstat_i_run_width(l, "2000", plan->font, true);
    const int32_t step =
        traffstat_i_year_step(pitch_of(trend, plan), width + YEAR_AIR * plan->font);
    const int32_t first = trend->years[0].cell.year;
    const int32_t last = trend->years[trend->count - 1].cell.year;
    const traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_YEAR_LABEL, .fill = l->theme->ink};
    const traffstat_i_pen tick = {.role = TRAFFSTAT_MARK_AXIS,
                                  .stroke = l->theme->axis,
                                  .stroke_width = 0.7 * l->size->stroke};
    for (int32_t year = first; year <= last; year++) {
        /* short steps count back from the last year, long ones fall on round years */
        if (step < 5 ? (last - year) % step != 0 : year % step != 0) {
            continue;
        }
        traffstat_text text;
        traffstat_i_text_init(&text, l->ctx);
        traffstat_i_text_addf(&text, "%d", (int) year);
        char label[TRAFFSTAT_I_LABEL_SIZE];
        traffstat_i_label_take(l, label, &text);
        const double x = x_of(trend, plan, year);
        traffstat_i_segment(l, &tick, x, plan->base, x, plan->base + 0.22 * plan->font);
        traffstat_i_pen own = pen;
        own.year = year;
        traffstat_i_text_at(l, &own, label, plan->font, true, TRAFFSTAT_I_ANCHOR_MIDDLE, x,
                            plan->base + 0.95 * plan->font);
    }
}

/* Words in a gap, where they fit on one line or two: a note lists the years in any case. */
static void draw_gap_words(traffstat_i_layout *l, const traffstat_i_plan *plan, int32_t year,
                           const char *words, double x, double x2)
{
    const double room = x2 - x - 0.3 * plan->font_tick;
    const char *const longest = strchr(words, ' ') != NULL ? strrchr(words, ' ') + 1 : words;
    if (traffstat_i_run_width(l, longest, plan->font_tick, false) > room) {
        return;
    }
    const traffstat_i_pen text = {
        .role = TRAFFSTAT_MARK_GAP_LABEL, .year = year, .fill = l->theme->ink_soft};
    traffstat_i_block block = {0};
    traffstat_i_block_wrap(l, &block, words, plan->font_tick, false, room + 1.0);
    const double middle = (x + x2) / 2.0;
    const double top = plan->base - block.height - 0.5 * plan->font_tick;
    const traffstat_i_box box = {middle - block.width / 2.0, top, middle + block.width / 2.0,
                                 top + block.height};
    if (l->status == TRAFFSTAT_OK && traffstat_i_is_free(l, box)) {
        traffstat_i_block_draw(l, &block, &text, TRAFFSTAT_I_ANCHOR_MIDDLE, middle, top);
    }
    traffstat_i_block_clear(&block);
}

static void draw_gap(traffstat_i_layout *l, const traffstat_i_trend *trend,
                     const traffstat_i_plan *plan, int32_t first, int32_t last, const char *words,
                     double *from)
{
    const double half = pitch_of(trend, plan) / 2.0;
    const double x = x_of(trend, plan, first) - half;
    const double x2 = x_of(trend, plan, last) + half;
    traffstat_i_draw_axis(l, plan, *from, x, 0);
    traffstat_i_draw_axis(l, plan, x, x2, first);
    *from = x2;
    draw_gap_words(l, plan, first, words, x, x2);
}

/* The axis, dashed under each run of years without a count for one reason. */
static void draw_axis_and_gaps(traffstat_i_layout *l, const traffstat_i_trend *trend,
                               const traffstat_i_plan *plan)
{
    const int32_t last = trend->years[trend->count - 1].cell.year;
    double from = plan->left;
    int32_t gap = 0;
    const char *words = "";
    size_t next = 0;
    for (int32_t year = trend->years[0].cell.year; year <= last; year++) {
        const traffstat_i_trend_year *const row =
            trend->years[next].cell.year == year ? &trend->years[next++] : NULL;
        const char *const why = row != NULL && row->counted ? "" : traffstat_i_trend_missing(row);
        if (gap != 0 && strcmp(why, words) != 0) {
            draw_gap(l, trend, plan, gap, year - 1, words, &from);
            gap = 0;
        }
        if (gap == 0 && why[0] != '\0') {
            gap = year;
            words = why;
        }
    }
    traffstat_i_draw_axis(l, plan, from, plan->plot_right, 0);
}

/* ---- direct labels -------------------------------------------------------------------------- */

static void aim_all(traffstat_i_layout *l, const traffstat_i_trend *trend, traffstat_i_plan *plan)
{
    for (size_t i = 0; i < plan->direct_count; i++) {
        traffstat_i_direct *const direct = &plan->direct[i];
        const bool recorded = direct->swatch == TRAFFSTAT_I_SWATCH_RECORDED;
        const traffstat_i_trend_year *const year =
            &trend->years[recorded ? trend->count - 1 : trend->last_estimated];
        double y = traffstat_i_plan_y(trend, plan, (double) year->cell.lower);
        if (direct->swatch == TRAFFSTAT_I_SWATCH_BAND) {
            y = traffstat_i_plan_y(trend, plan, upper_of(trend, &year->band[direct->band]));
        } else if (direct->swatch == TRAFFSTAT_I_SWATCH_MIDDLE) {
            y = traffstat_i_plan_y(trend, plan, year->middle);
        } else if (direct->swatch == TRAFFSTAT_I_SWATCH_UNREPORTED) {
            y = (y + traffstat_i_plan_y(trend, plan, year->middle)) / 2.0;
        }
        const double x = x_of(trend, plan, year->cell.year) + 0.5 * plan->font;
        direct->from = (traffstat_i_point){x, y};
        const double air = 0.1 * plan->font;
        direct->leader =
            direct->swatch != TRAFFSTAT_I_SWATCH_UNREPORTED && (!recorded || year->exact) &&
            year == &trend->years[trend->count - 1] &&
            traffstat_i_is_free(l, (traffstat_i_box){x, y - air, plan->plot_right, y + air});
    }
}

void traffstat_i_line_draw(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan)
{
    traffstat_i_draw_grid(l, trend, plan);
    double *at = NULL;
    int32_t *years = NULL;
    const size_t breaks = find_breaks(trend, plan, &at, &years, l);
    draw_estimates(l, trend, plan);
    traffstat_i_draw_breaks(l, plan, at, years, breaks);
    traffstat_i_free(l->ctx, at);
    traffstat_i_free(l->ctx, years);
    draw_lines(l, trend, plan);
    draw_points(l, trend, plan);
    draw_numbers(l, trend, plan);
    draw_axis_and_gaps(l, trend, plan);
    draw_year_labels(l, trend, plan);
    aim_all(l, trend, plan);
    traffstat_i_direct_draw(l, plan);
}
