#include <math.h>
#include <string.h>

#include "figure/trend.h"

/* All in font sizes of the labels. */
#define SLOT_MAX 23.0       /* widest place of a year beside direct labels… */
#define SLOT_MAX_ALONE 27.0 /* …and without any */
#define BAR_MAX 6.6
#define BAR_MAX_ALONE 8.5
#define BAR_MIN 0.7
#define PAD 0.45         /* at both sides of a place */
#define TO_INTERVAL 0.95 /* from the bar to its interval */
#define TO_NUMBER 0.85   /* from the interval to its numbers */
#define TO_COUNT 0.4     /* from the bar to a count beside it */
#define HALF_DIGIT 0.357
#define LINE 1.12   /* of one number under another */
#define INSIDE 1.35 /* a bar this high holds its count */

/* Up to LINE_MIN - 1 counted years and the gaps between them. */
#define SLOTS_MAX (2 * TRAFFSTAT_I_LINE_MIN)

/* One place along the axis: a counted year, or a gap of one or more years. */
typedef struct slot {
    const traffstat_i_trend_year *year; /* NULL: a gap */
    const char *missing;
    int32_t first;
    int32_t last;
    double x;
    double x2;
} slot;

/* What stands beside a bar: up to three numbers of its interval. */
typedef struct numbers {
    char upper[TRAFFSTAT_I_LABEL_SIZE];
    char middle[TRAFFSTAT_I_LABEL_SIZE];
    char lower[TRAFFSTAT_I_LABEL_SIZE];
    char range[TRAFFSTAT_I_LABEL_SIZE];
} numbers;

/* Sizes that all places share. */
typedef struct bars {
    slot slots[SLOTS_MAX];
    size_t count;
    double bar;   /* width of a bar */
    double left;  /* room left of the bars */
    double right; /* room right of the bars */
} bars;

/* ---- places --------------------------------------------------------------------------------- */

static void add_gap(bars *b, int32_t first, int32_t last, const char *missing)
{
    slot *const before = b->count > 0 ? &b->slots[b->count - 1] : NULL;
    if (before != NULL && before->year == NULL) {
        before->last = last;
        before->missing = strcmp(before->missing, missing) == 0 ? missing : "no count";
        return;
    }
    b->slots[b->count++] = (slot){.missing = missing, .first = first, .last = last};
}

static void find_slots(const traffstat_i_trend *trend, bars *b)
{
    *b = (bars){.count = 0};
    for (size_t i = 0; i < trend->count; i++) {
        const traffstat_i_trend_year *const year = &trend->years[i];
        if (i > 0 && trend->years[i - 1].cell.year + 1 < year->cell.year) {
            add_gap(b, trend->years[i - 1].cell.year + 1, year->cell.year - 1,
                    traffstat_i_trend_missing(NULL));
        }
        if (year->counted) {
            b->slots[b->count++] =
                (slot){.year = year, .first = year->cell.year, .last = year->cell.year};
        } else {
            add_gap(b, year->cell.year, year->cell.year, traffstat_i_trend_missing(year));
        }
    }
}

static void year_words(traffstat_i_layout *l, const slot *s, char out[TRAFFSTAT_I_LABEL_SIZE])
{
    traffstat_text text;
    traffstat_i_text_init(&text, l->ctx);
    if (s->first == s->last) {
        traffstat_i_text_addf(&text, "%d", (int) s->first);
    } else {
        traffstat_i_text_addf(&text, "%d\xe2\x80\x93%d", (int) s->first, (int) s->last);
    }
    traffstat_i_label_take(l, out, &text);
}

static double gap_width(traffstat_i_layout *l, const traffstat_i_plan *plan, const slot *s)
{
    char years[TRAFFSTAT_I_LABEL_SIZE];
    year_words(l, s, years);
    const char *const space = strchr(s->missing, ' ');
    const double word =
        traffstat_i_run_width(l, space != NULL ? space + 1 : s->missing, plan->font_tick, false);
    const double label = traffstat_i_run_width(l, years, plan->font, false);
    return fmax(word, label) + 0.9 * plan->font;
}

static void place_slots(traffstat_i_layout *l, const traffstat_i_trend *trend,
                        traffstat_i_plan *plan, bars *b)
{
    double gaps = 0.0;
    size_t years = 0;
    for (size_t i = 0; i < b->count; i++) {
        gaps += b->slots[i].year == NULL ? gap_width(l, plan, &b->slots[i]) : 0.0;
        years += b->slots[i].year != NULL;
    }
    const double most = (plan->direct_count > 0 ? SLOT_MAX : SLOT_MAX_ALONE) * plan->font;
    const double room = plan->plot_right - plan->data_left - gaps;
    const double width = fmin(room / (double) years, most);
    double x = plan->data_left;
    for (size_t i = 0; i < b->count; i++) {
        slot *const s = &b->slots[i];
        s->x = x;
        x += s->year != NULL ? width : gap_width(l, plan, s);
        s->x2 = x;
    }
    plan->data_right = x;
    if (width <= 0.0) {
        traffstat_i_try(
            l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                "the years %d to %d do not fit beside each other: choose a "
                                "wider size",
                                (int) trend->years[0].cell.year,
                                (int) trend->years[trend->count - 1].cell.year));
    }
}

static size_t find_breaks(const bars *b, double *at, int32_t *years)
{
    size_t n = 0;
    for (size_t i = 1; i < b->count; i++) {
        const slot *const s = &b->slots[i];
        if (s->year != NULL && (s->year->cell.flags & TRAFFSTAT_FLAG_BREAK) != 0) {
            at[n] = s->x;
            years[n++] = s->first;
        }
    }
    return n;
}

/* A word under the year of a count that is not an ordinary one; "" where it is. */
static const char *year_remark(const traffstat_i_trend_year *year)
{
    if (year == NULL) {
        return "";
    }
    if ((year->cell.flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0) {
        return "provisional";
    }
    return (year->cell.flags & TRAFFSTAT_FLAG_PARTIAL_YEAR) != 0 ? "part of the year" : "";
}

void traffstat_i_bars_plan(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan)
{
    traffstat_i_direct_make(l, trend, plan);
    traffstat_i_direct_place(l, trend, plan);
    plan->data_left = plan->left + traffstat_i_gutter(l, trend, plan) + 0.4 * plan->font;
    bars b;
    find_slots(trend, &b);
    place_slots(l, trend, plan, &b);
    if (!l->below) {
        const double moved = plan->plot_right - plan->data_right;
        plan->plot_right -= moved;
        plan->labels_left -= moved;
    }
    double at[SLOTS_MAX];
    int32_t years[SLOTS_MAX];
    const size_t breaks = find_breaks(&b, at, years);
    plan->band_height = traffstat_i_break_height(l, plan, at, breaks);
    plan->strip_height = 1.75 * plan->font_tick;
    bool remark = false;
    for (size_t i = 0; i < b.count; i++) {
        remark = remark || year_remark(b.slots[i].year)[0] != '\0';
    }
    plan->foot_height = 1.6 * plan->font + (remark ? 1.2 * plan->font_tick : 0.0);
}

/* ---- numbers -------------------------------------------------------------------------------- */

static const traffstat_interval *widest(const traffstat_i_trend *trend,
                                        const traffstat_i_trend_year *year)
{
    return &year->band[trend->bands - 1];
}

static void read_numbers(traffstat_i_layout *l, const traffstat_i_trend *trend,
                         const traffstat_i_trend_year *year, numbers *n)
{
    const traffstat_interval *const band = widest(trend, year);
    traffstat_i_label_number(l, n->lower, band->lower);
    traffstat_i_label_range(l, n->range, band);
    if (isfinite(band->upper)) {
        traffstat_i_label_number(l, n->upper, band->upper);
    } else {
        strcpy(n->upper, "no end");
    }
    n->middle[0] = '\0';
    if (isfinite(year->middle)) {
        traffstat_i_label_number(l, n->middle, year->middle);
    }
}

/* Whether the three numbers can stand near the ends that they name; else they stand together. */
static bool is_spread(const traffstat_i_trend *trend, const traffstat_i_plan *plan,
                      const traffstat_i_trend_year *year)
{
    const traffstat_interval *const band = widest(trend, year);
    const double upper = isfinite(band->upper) ? band->upper : trend->axis.top;
    const double low = traffstat_i_plan_y(trend, plan, band->lower);
    const double high = traffstat_i_plan_y(trend, plan, upper);
    return low - high >= 2.1 * LINE * plan->font;
}

static double numbers_width(traffstat_i_layout *l, const traffstat_i_trend *trend,
                            const traffstat_i_plan *plan, const traffstat_i_trend_year *year)
{
    numbers n;
    read_numbers(l, trend, year, &n);
    const double middle = traffstat_i_run_width(l, n.middle, plan->font, true);
    if (!is_spread(trend, plan, year)) {
        return fmax(middle, traffstat_i_run_width(l, n.range, plan->font, false));
    }
    const double upper = traffstat_i_run_width(l, n.upper, plan->font, false);
    const double lower = traffstat_i_run_width(l, n.lower, plan->font, false);
    return fmax(middle, fmax(upper, lower));
}

static void draw_number(traffstat_i_layout *l, const traffstat_i_plan *plan,
                        const traffstat_i_trend_year *year, const char *text, bool bold, double x,
                        double y)
{
    if (text[0] == '\0') {
        return;
    }
    const traffstat_i_pen pen = {
        .role = TRAFFSTAT_MARK_ESTIMATE_LABEL, .year = year->cell.year, .fill = l->theme->estimate};
    traffstat_i_plate(l, &pen, text, plan->font, bold, TRAFFSTAT_I_ANCHOR_START, x, y);
    traffstat_i_text_at(l, &pen, text, plan->font, bold, TRAFFSTAT_I_ANCHOR_START, x, y);
}

/* Upper end, middle, lower end, each as near to its place as the others allow; y gets where. */
static bool place_numbers(const traffstat_i_trend *trend, const traffstat_i_plan *plan,
                          const traffstat_i_trend_year *year, double y[3])
{
    const traffstat_interval *const band = widest(trend, year);
    const double upper = isfinite(band->upper) ? band->upper : trend->axis.top;
    const double height = LINE * plan->font;
    if (is_spread(trend, plan, year)) {
        const double heights[] = {height, height, height};
        y[0] = traffstat_i_plan_y(trend, plan, upper);
        y[2] = traffstat_i_plan_y(trend, plan, band->lower);
        y[1] = isfinite(year->middle) ? traffstat_i_plan_y(trend, plan, year->middle)
                                      : (y[0] + y[2]) / 2.0;
        return traffstat_i_push_apart(y, heights, 3, 0.0, plan->top, plan->base);
    }
    const double heights[] = {height, height};
    y[0] = traffstat_i_plan_y(trend, plan, isfinite(year->middle) ? year->middle : band->lower);
    y[1] = y[0];
    return traffstat_i_push_apart(y, heights, 2, 0.0, plan->top, plan->base);
}

static void draw_numbers(traffstat_i_layout *l, const traffstat_i_trend *trend,
                         const traffstat_i_plan *plan, const traffstat_i_trend_year *year, double x)
{
    numbers n;
    read_numbers(l, trend, year, &n);
    double y[3];
    if (!place_numbers(trend, plan, year, y)) {
        traffstat_i_try(l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                            "the plot is too low for the numbers of %d",
                                            (int) year->cell.year));
        return;
    }
    if (is_spread(trend, plan, year)) {
        draw_number(l, plan, year, n.upper, false, x, y[0]);
        draw_number(l, plan, year, n.middle, true, x, y[1]);
        draw_number(l, plan, year, n.lower, false, x, y[2]);
    } else {
        draw_number(l, plan, year, n.middle, true, x, y[0]);
        draw_number(l, plan, year, n.range, false, x, y[1]);
    }
}

/* ---- counts --------------------------------------------------------------------------------- */

typedef enum count_place {
    COUNT_INSIDE,
    COUNT_ABOVE,
    COUNT_BESIDE /* left of the bar, where a hatched part stands on it */
} count_place;

static bool has_hatch(const traffstat_i_trend *trend, const traffstat_i_plan *plan,
                      const traffstat_i_trend_year *year)
{
    return year->estimated && year->exact && isfinite(year->middle) &&
           traffstat_i_plan_y(trend, plan, (double) year->cell.lower) -
                   traffstat_i_plan_y(trend, plan, year->middle) >
               0.0;
}

static count_place place_count(const traffstat_i_trend *trend, const traffstat_i_plan *plan,
                               const traffstat_i_trend_year *year, double width, double bar)
{
    if (!year->exact) {
        return year->estimated ? COUNT_BESIDE : COUNT_ABOVE;
    }
    const double height = plan->base - traffstat_i_plan_y(trend, plan, (double) year->cell.lower);
    if (height >= INSIDE * plan->font && width + 0.3 * plan->font <= bar) {
        return COUNT_INSIDE;
    }
    return has_hatch(trend, plan, year) ? COUNT_BESIDE : COUNT_ABOVE;
}

static double count_width(traffstat_i_layout *l, const traffstat_i_plan *plan,
                          const traffstat_i_trend_year *year)
{
    char text[TRAFFSTAT_I_LABEL_SIZE];
    traffstat_i_label_cell(l, text, &year->cell);
    return traffstat_i_run_width(l, text, plan->font, true);
}

/* Where the middle of a count stands. */
static double count_y(const traffstat_i_trend *trend, const traffstat_i_plan *plan,
                      const traffstat_i_trend_year *year, count_place place)
{
    const bool open = year->cell.upper == TRAFFSTAT_NO_UPPER;
    const double low = traffstat_i_plan_y(trend, plan, (double) year->cell.lower);
    const double high = open ? fmax(plan->top + 0.4 * plan->font, low - 2.4 * plan->font)
                             : traffstat_i_plan_y(trend, plan, (double) year->cell.upper);
    const double end = year->exact ? plan->base : low;
    if (place == COUNT_ABOVE) {
        return high - 0.75 * plan->font;
    }
    if (place == COUNT_INSIDE) {
        return fmin((high + end) / 2.0, high + 1.1 * plan->font); /* near the top of a high bar */
    }
    return fmin((high + end) / 2.0, plan->base - 0.6 * plan->font);
}

static void draw_count(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_plan *plan, const bars *b, const slot *s, double x)
{
    char text[TRAFFSTAT_I_LABEL_SIZE];
    traffstat_i_label_cell(l, text, &s->year->cell);
    const double width = traffstat_i_run_width(l, text, plan->font, true);
    const count_place place = place_count(trend, plan, s->year, width, b->bar);
    const double y = count_y(trend, plan, s->year, place);
    const bool hollow = (s->year->cell.flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0;
    const traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_OBSERVED_LABEL,
                                 .year = s->first,
                                 .fill = place == COUNT_INSIDE && !hollow ? l->theme->on_observed
                                                                          : l->theme->observed};
    if (place == COUNT_BESIDE) {
        const double at = x - TO_COUNT * plan->font;
        traffstat_i_plate(l, &pen, text, plan->font, true, TRAFFSTAT_I_ANCHOR_END, at, y);
        traffstat_i_text_at(l, &pen, text, plan->font, true, TRAFFSTAT_I_ANCHOR_END, at, y);
        return;
    }
    const double at = x + b->bar / 2.0;
    if (place == COUNT_ABOVE) {
        traffstat_i_plate(l, &pen, text, plan->font, true, TRAFFSTAT_I_ANCHOR_MIDDLE, at, y);
    }
    traffstat_i_text_at(l, &pen, text, plan->font, true, TRAFFSTAT_I_ANCHOR_MIDDLE, at, y);
}

/* ---- bars ----------------------------------------------------------------------------------- */

/* Widths of bar and of what stands beside it, the same at every year. What is outside depends on
 * how wide the bar is, so a narrower bar may push its count out: twice is enough. */
static void size_bars(traffstat_i_layout *l, const traffstat_i_trend *trend,
                      const traffstat_i_plan *plan, bars *b)
{
    const double f = plan->font;
    double room = INFINITY;
    b->right = 0.0;
    for (size_t i = 0; i < b->count; i++) {
        const slot *const s = &b->slots[i];
        if (s->year == NULL) {
            continue;
        }
        room = fmin(room, s->x2 - s->x - 2.0 * PAD * f);
        if (s->year->estimated) {
            b->right = fmax(b->right,
                            (TO_INTERVAL + TO_NUMBER) * f + numbers_width(l, trend, plan, s->year));
        }
    }
    const double most = (trend->estimated > 0 ? BAR_MAX : BAR_MAX_ALONE) * f;
    b->left = 0.0;
    b->bar = fmin(most, room - b->right);
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < b->count; i++) {
            const traffstat_i_trend_year *const year = b->slots[i].year;
            if (year == NULL) {
                continue;
            }
            const double width = count_width(l, plan, year);
            const count_place place = place_count(trend, plan, year, width, b->bar);
            const double out = place == COUNT_BESIDE  ? width + TO_COUNT * f
                               : place == COUNT_ABOVE ? (width - b->bar) / 2.0
                                                      : 0.0;
            b->left = fmax(b->left, out);
        }
        b->bar = fmin(most, room - b->right - b->left);
    }
    if (b->bar < BAR_MIN * f) {
        traffstat_i_try(l,
                        traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                         "the numbers of %d do not fit beside their bars: choose a "
                                         "wider size",
                                         (int) trend->years[0].cell.year));
    }
}

static void draw_solid(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_plan *plan, const slot *s, double x, double x2)
{
    const double stroke = l->size->stroke;
    double y = traffstat_i_plan_y(trend, plan, (double) s->year->cell.lower);
    if (s->year->cell.lower > 0) {
        y = fmin(y, plan->base - 1.5 * stroke); /* one case among a million is still seen */
    }
    traffstat_i_pen pen = {
        .role = TRAFFSTAT_MARK_OBSERVED, .year = s->first, .fill = l->theme->observed};
    traffstat_i_box box = {x, y, x2, plan->base};
    if ((s->year->cell.flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0 && y < plan->base - 4.0 * stroke) {
        pen.fill = l->theme->ground;
        pen.stroke = l->theme->observed;
        pen.stroke_width = 2.0 * stroke;
        box = (traffstat_i_box){x + stroke, y + stroke, x2 - stroke, plan->base - stroke};
    }
    traffstat_i_rect(l, &pen, box);
}

/* The estimated unreported part, up to the middle value, and the line from there to the point. */
static void draw_hatched(traffstat_i_layout *l, const traffstat_i_trend *trend,
                         const traffstat_i_plan *plan, const slot *s, double x, double x2)
{
    const double stroke = l->size->stroke;
    const double high = traffstat_i_plan_y(trend, plan, s->year->middle);
    const double solid = traffstat_i_plan_y(trend, plan, (double) s->year->cell.lower);
    const double low = fmin(solid, plan->base) - 1.6 * stroke;
    const traffstat_i_pen link = {.role = TRAFFSTAT_MARK_UNREPORTED,
                                  .year = s->first,
                                  .stroke = l->theme->estimate,
                                  .stroke_width = 0.8 * stroke};
    if (low - high > 2.0 * stroke) {
        const traffstat_i_pen hatch = {.role = TRAFFSTAT_MARK_UNREPORTED,
                                       .year = s->first,
                                       .fill = l->theme->ground,
                                       .stroke = l->theme->estimate,
                                       .stroke_width = 0.8 * stroke,
                                       .hatch = l->theme->estimate,
                                       .hatch_step = l->theme->hatch * plan->font,
                                       .hatch_width = 0.8 * stroke};
        const double in = 0.4 * stroke;
        traffstat_i_rect(l, &hatch, (traffstat_i_box){x + in, high + in, x2 - in, low - in});
    } else {
        traffstat_i_segment(l, &link, x, high, x2, high);
    }
    traffstat_i_segment(l, &link, x2, high, x2 + TO_INTERVAL * plan->font, high);
}

static double bar_x(const bars *b, const slot *s)
{
    return (s->x + s->x2) / 2.0 - (b->left + b->bar + b->right) / 2.0 + b->left;
}

static void draw_year(traffstat_i_layout *l, const traffstat_i_trend *trend,
                      const traffstat_i_plan *plan, const bars *b, const slot *s)
{
    const double x = bar_x(b, s);
    const double x2 = x + b->bar;
    if (s->year->exact) {
        draw_solid(l, trend, plan, s, x, x2);
    } else {
        traffstat_i_draw_bracket(l, trend, plan, s->year, x, x2);
    }
    if (has_hatch(trend, plan, s->year)) {
        draw_hatched(l, trend, plan, s, x, x2);
    }
    draw_count(l, trend, plan, b, s, x);
    if (s->year->estimated) {
        const double at = x2 + TO_INTERVAL * plan->font;
        draw_numbers(l, trend, plan, s->year, at + TO_NUMBER * plan->font);
        traffstat_i_draw_interval(l, trend, plan, s->year, at);
    }
}

/* ---- years and gaps ------------------------------------------------------------------------- */

static void draw_gap(traffstat_i_layout *l, const traffstat_i_plan *plan, const slot *s)
{
    const traffstat_i_pen text = {
        .role = TRAFFSTAT_MARK_GAP_LABEL, .year = s->first, .fill = l->theme->ink_soft};
    traffstat_i_block block = {0};
    traffstat_i_block_wrap(l, &block, s->missing, plan->font_tick, false,
                           s->x2 - s->x - 0.4 * plan->font);
    traffstat_i_block_draw(l, &block, &text, TRAFFSTAT_I_ANCHOR_MIDDLE, (s->x + s->x2) / 2.0,
                           plan->base - block.height - 0.6 * plan->font_tick);
    traffstat_i_block_clear(&block);
}

static void draw_year_label(traffstat_i_layout *l, const traffstat_i_plan *plan, const bars *b,
                            const slot *s)
{
    char text[TRAFFSTAT_I_LABEL_SIZE];
    year_words(l, s, text);
    const traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_YEAR_LABEL,
                                 .year = s->first,
                                 .fill = s->year != NULL ? l->theme->ink : l->theme->ink_soft};
    const double at = s->year != NULL ? bar_x(b, s) + b->bar / 2.0 : (s->x + s->x2) / 2.0;
    traffstat_i_text_at(l, &pen, text, plan->font, s->year != NULL, TRAFFSTAT_I_ANCHOR_MIDDLE, at,
                        plan->base + 0.95 * plan->font);
    const char *const remark = year_remark(s->year);
    if (remark[0] == '\0') {
        return;
    }
    const double y = plan->base + 0.95 * plan->font + 1.25 * plan->font_tick;
    const double half = traffstat_i_run_width(l, remark, plan->font_tick, false) / 2.0;
    if (at - half >= fmax(s->x, plan->left) && at + half <= s->x2) {
        const traffstat_i_pen soft = {
            .role = TRAFFSTAT_MARK_YEAR_LABEL, .year = s->first, .fill = l->theme->ink_soft};
        traffstat_i_text_at(l, &soft, remark, plan->font_tick, false, TRAFFSTAT_I_ANCHOR_MIDDLE, at,
                            y);
    }
}

/* ---- direct labels -------------------------------------------------------------------------- */

/* Whether a leader that starts at x runs free of the texts drawn so far, up to the plot's edge. */
static bool is_clear(const traffstat_i_layout *l, const traffstat_i_plan *plan, double x, double y)
{
    const double air = 0.12 * plan->font;
    return traffstat_i_is_free(l, (traffstat_i_box){x, y - air, plan->plot_right, y + air});
}

/* Tries places from `y` to `y2`; true with the first that is clear. */
static bool find_clear(const traffstat_i_layout *l, const traffstat_i_plan *plan, double x,
                       double y, double y2, double *found)
{
    for (int i = 0; i <= 8; i++) {
        const double at = y + (y2 - y) * i / 8.0;
        if (is_clear(l, plan, x, at)) {
            *found = at;
            return true;
        }
    }
    return false;
}

static void aim_band(traffstat_i_layout *l, const traffstat_i_trend *trend,
                     const traffstat_i_plan *plan, const bars *b, const slot *s,
                     traffstat_i_direct *direct)
{
    const traffstat_interval *const band = &s->year->band[direct->band];
    const double upper = isfinite(band->upper) ? band->upper : trend->axis.top;
    const double high = traffstat_i_plan_y(trend, plan, upper);
    const double x = bar_x(b, s) + b->bar + TO_INTERVAL * plan->font;
    direct->from = (traffstat_i_point){x + 0.5 * plan->font, high};
    if (direct->band + 1 == trend->bands) {
        /* the line starts after the number at the end */
        double y[3];
        numbers n;
        read_numbers(l, trend, s->year, &n);
        if (is_spread(trend, plan, s->year) && place_numbers(trend, plan, s->year, y)) {
            const double width = traffstat_i_run_width(l, n.upper, plan->font, false);
            direct->from.x = x + (TO_NUMBER + 0.4) * plan->font + width;
            direct->from.y = y[0];
            direct->leader = is_clear(l, plan, direct->from.x, y[0]);
        }
        return;
    }
    const double low = traffstat_i_plan_y(trend, plan, fmax(band->lower, s->year->middle));
    direct->leader = find_clear(l, plan, direct->from.x, high + 0.3 * (low - high),
                                low - 0.3 * plan->font, &direct->from.y) ||
                     find_clear(l, plan, direct->from.x, high, low, &direct->from.y);
}

/* The line starts after the number of the middle value. */
static void aim_middle(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_plan *plan, const bars *b, const slot *s,
                       traffstat_i_direct *direct)
{
    double y[3];
    if (!place_numbers(trend, plan, s->year, y)) {
        return;
    }
    numbers n;
    read_numbers(l, trend, s->year, &n);
    const size_t at = is_spread(trend, plan, s->year) ? 1 : 0;
    const double width = traffstat_i_run_width(l, n.middle, plan->font, true);
    direct->from.x = bar_x(b, s) + b->bar + (TO_INTERVAL + TO_NUMBER + 0.4) * plan->font + width;
    direct->from.y = y[at];
    direct->leader = is_clear(l, plan, direct->from.x, y[at]);
}

static void aim_counts(traffstat_i_layout *l, const traffstat_i_trend *trend,
                       const traffstat_i_plan *plan, const bars *b, const slot *s,
                       traffstat_i_direct *direct)
{
    const double x2 = bar_x(b, s) + b->bar;
    const double solid = traffstat_i_plan_y(trend, plan, (double) s->year->cell.lower);
    const double half = (solid + plan->base) / 2.0;
    if (direct->swatch == TRAFFSTAT_I_SWATCH_UNREPORTED) {
        const double middle = traffstat_i_plan_y(trend, plan, s->year->middle);
        direct->from = (traffstat_i_point){x2, (middle + solid) / 2.0};
        return;
    }
    direct->from = (traffstat_i_point){x2 + 0.35 * plan->font, half};
    direct->leader = s->year->exact && s->year->cell.lower > 0 &&
                     find_clear(l, plan, direct->from.x, half, plan->base - 2.0 * l->size->stroke,
                                &direct->from.y);
}

static const slot *find_slot(const bars *b, int32_t year)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->slots[i].year != NULL && b->slots[i].first == year) {
            return &b->slots[i];
        }
    }
    return NULL;
}

static void aim_all(traffstat_i_layout *l, const traffstat_i_trend *trend, traffstat_i_plan *plan,
                    const bars *b)
{
    for (size_t i = 0; i < plan->direct_count; i++) {
        traffstat_i_direct *const direct = &plan->direct[i];
        const slot *const s = find_slot(b, direct->year);
        if (s == NULL) {
            continue;
        }
        if (direct->swatch == TRAFFSTAT_I_SWATCH_BAND) {
            aim_band(l, trend, plan, b, s, direct);
        } else if (direct->swatch == TRAFFSTAT_I_SWATCH_MIDDLE) {
            aim_middle(l, trend, plan, b, s, direct);
        } else {
            aim_counts(l, trend, plan, b, s, direct);
        }
        /* leaders of an earlier year would cross the later ones */
        direct->leader = direct->leader && s == &b->slots[b->count - 1];
    }
}

/* ---- all ------------------------------------------------------------------------------------ */

void traffstat_i_bars_draw(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan)
{
    bars b;
    find_slots(trend, &b);
    place_slots(l, trend, plan, &b);
    size_bars(l, trend, plan, &b);
    if (l->status != TRAFFSTAT_OK) {
        return;
    }
    traffstat_i_draw_grid(l, trend, plan);
    double at[SLOTS_MAX];
    int32_t years[SLOTS_MAX];
    const size_t breaks = find_breaks(&b, at, years);
    traffstat_i_draw_breaks(l, plan, at, years, breaks);
    for (size_t i = 0; i < b.count; i++) {
        if (b.slots[i].year != NULL) {
            draw_year(l, trend, plan, &b, &b.slots[i]);
        } else {
            draw_gap(l, plan, &b.slots[i]);
        }
    }
    double from = plan->left;
    for (size_t i = 0; i < b.count; i++) {
        const slot *const s = &b.slots[i];
        if (s->year == NULL) {
            traffstat_i_draw_axis(l, plan, from, s->x, 0);
            traffstat_i_draw_axis(l, plan, s->x, s->x2, s->first);
            from = s->x2;
        }
    }
    traffstat_i_draw_axis(l, plan, from, plan->plot_right, 0);
    for (size_t i = 0; i < b.count; i++) {
        draw_year_label(l, plan, &b, &b.slots[i]);
    }
    aim_all(l, trend, plan, &b);
    traffstat_i_direct_draw(l, plan);
}
