/* The rules of a printed figure, enforced over scenes: no text cut, hidden or too small; integers
 * from zero; no trend from three points; gaps, breaks, ranges and provisional counts marked. */
#include "support/support.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <traffstat/figure.h>
#include <traffstat/rate.h>
#include <traffstat/reporting.h>

#include "figure/layout.h"
#include "figure/theme.h"

static const char *const sizes[] = {"screen", "slide", "card", "square", "column", "wide"};
static const char *const themes[] = {"light", "grey", "dark"};
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- making panels and scenes --------------------------------------------------------------- */

typedef struct given {
    int32_t year;
    int64_t lower;
    int64_t upper;
    uint32_t flags;
    int32_t why;
} given;

static traffstat_panel *panel_of(traffstat_ctx *ctx, const char *place, const char *measure,
                                 const given *cells, size_t count)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx,
              traffstat_panel_builder_series(ctx, builder, NULL, place, measure,
                                             "human trafficking", "a local newspaper", &series));
    for (size_t i = 0; i < count; i++) {
        const traffstat_cell cell = {.lower = cells[i].lower,
                                     .upper = cells[i].upper,
                                     .population = NAN,
                                     .coverage = NAN,
                                     .year = cells[i].year,
                                     .flags = cells[i].flags,
                                     .places = 1,
                                     .why = cells[i].why};
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

#define POLICE "cases investigated by police"

static traffstat_estimate *estimate_of(traffstat_ctx *ctx, const traffstat_panel *panel, double a,
                                       double b)
{
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    assert_ok(ctx, traffstat_prior_beta(ctx, a, b, "assumed for a test", &prior));
    assert_ok(ctx, traffstat_thinning(ctx, panel, prior, NULL, &estimate));
    traffstat_prior_free(prior);
    return estimate;
}

static traffstat_chart *chart_of(traffstat_ctx *ctx, const char *size, const char *theme)
{
    traffstat_chart *chart = NULL;
    assert_ok(ctx, traffstat_chart_new(ctx, &chart));
    assert_ok(ctx, traffstat_chart_set_size(ctx, chart, size));
    assert_ok(ctx, traffstat_chart_set_theme(ctx, chart, theme));
    return chart;
}

/* A figure with all that it hangs on. a = 0: no estimate. */
typedef struct figure {
    traffstat_panel *panel;
    traffstat_estimate *estimate;
    traffstat_chart *chart;
    traffstat_scene *scene;
    traffstat_status status;
} figure;

static figure draw_on(traffstat_ctx *ctx, traffstat_panel *panel, double a, double b,
                      const char *size, const char *theme)
{
    figure f = {.panel = panel};
    traffstat_change change;
    if (a > 0.0) {
        f.estimate = estimate_of(ctx, f.panel, a, b);
    }
    const bool compared =
        traffstat_rate_change(ctx, f.panel, 0, 0, 0, 0.95, &change) == TRAFFSTAT_OK;
    f.chart = chart_of(ctx, size, theme);
    f.status = traffstat_scene_trend(ctx, f.panel, 0, f.estimate, compared ? &change : NULL,
                                     f.chart, &f.scene);
    return f;
}

static figure draw(traffstat_ctx *ctx, const given *cells, size_t count, double a, double b)
{
    figure f =
        draw_on(ctx, panel_of(ctx, "Missoula", POLICE, cells, count), a, b, "screen", "light");
    assert_ok(ctx, f.status);
    return f;
}

static void clear(figure *f)
{
    traffstat_scene_free(f->scene);
    traffstat_chart_free(f->chart);
    traffstat_estimate_free(f->estimate);
    traffstat_panel_free(f->panel);
}

static traffstat_mark mark_at(const traffstat_scene *scene, size_t i)
{
    traffstat_mark mark;
    assert_int_equal(traffstat_scene_mark(scene, i, &mark), TRAFFSTAT_OK);
    return mark;
}

/* Marks of a role in a year (0: any); *last gets the last of them. */
static size_t count_marks(const traffstat_scene *scene, int32_t role, int32_t year,
                          traffstat_mark *last)
{
    size_t n = 0;
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark mark = mark_at(scene, i);
        if (mark.role == role && (year == 0 || mark.year == year)) {
            n++;
            if (last != NULL) {
                *last = mark;
            }
        }
    }
    return n;
}

/* The one text of a role and year; "" where there is none. */
static const char *text_of(const traffstat_scene *scene, int32_t role, int32_t year)
{
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark mark = mark_at(scene, i);
        if (mark.type == TRAFFSTAT_MARK_TEXT && mark.role == role &&
            (year == 0 || mark.year == year)) {
            return mark.text;
        }
    }
    return "";
}

static bool has_text(const traffstat_scene *scene, int32_t role, const char *text)
{
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark mark = mark_at(scene, i);
        if (mark.role == role && strcmp(mark.text, text) == 0) {
            return true;
        }
    }
    return false;
}

static bool notes_say(const traffstat_scene *scene, const char *words)
{
    for (size_t i = 0; i < traffstat_scene_notes(scene); i++) {
        if (strstr(traffstat_scene_note(scene, i), words) != NULL) {
            return true;
        }
    }
    return false;
}

/* ---- colours -------------------------------------------------------------------------------- */

typedef struct rgb {
    double c[3];
} rgb;

static rgb linear_of(uint32_t colour)
{
    rgb out;
    for (int i = 0; i < 3; i++) {
        const double v = (double) ((colour >> (24 - 8 * i)) & 0xFF) / 255.0;
        out.c[i] = v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
    }
    return out;
}

/* WCAG 2: (lighter + 0.05) / (darker + 0.05) of relative luminances. */
static double contrast(uint32_t a, uint32_t b)
{
    const rgb x = linear_of(a);
    const rgb y = linear_of(b);
    const double la = 0.2126 * x.c[0] + 0.7152 * x.c[1] + 0.0722 * x.c[2];
    const double lb = 0.2126 * y.c[0] + 0.7152 * y.c[1] + 0.0722 * y.c[2];
    return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}

/* Machado, Oliveira & Fernandes (2009), severity 1: protanopia, deuteranopia, tritanopia. */
static const double visions[4][9] = {
    {1, 0, 0, 0, 1, 0, 0, 0, 1},
    {0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998},
    {0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881},
    {1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900}};

static rgb lab_of(uint32_t colour, const double *vision)
{
    const rgb v = linear_of(colour);
    rgb seen;
    for (int i = 0; i < 3; i++) {
        const double sum =
            vision[3 * i] * v.c[0] + vision[3 * i + 1] * v.c[1] + vision[3 * i + 2] * v.c[2];
        seen.c[i] = fmin(fmax(sum, 0.0), 1.0);
    }
    const double xyz[] = {(0.4124 * seen.c[0] + 0.3576 * seen.c[1] + 0.1805 * seen.c[2]) / 0.95047,
                          0.2126 * seen.c[0] + 0.7152 * seen.c[1] + 0.0722 * seen.c[2],
                          (0.0193 * seen.c[0] + 0.1192 * seen.c[1] + 0.9505 * seen.c[2]) / 1.08883};
    double f[3];
    for (int i = 0; i < 3; i++) {
        f[i] = xyz[i] > 0.008856 ? cbrt(xyz[i]) : 7.787 * xyz[i] + 16.0 / 116.0;
    }
    return (rgb){{116.0 * f[1] - 16.0, 500.0 * (f[0] - f[1]), 200.0 * (f[1] - f[2])}};
}

static void observed_and_estimated_differ_for_every_eye(void **state)
{
    traffstat_ctx *const ctx = *state;
    for (size_t t = 0; t < COUNT(themes); t++) {
        const traffstat_i_theme *const theme = traffstat_i_theme_find(ctx, themes[t]);
        for (int v = 0; v < 4; v++) {
            const rgb a = lab_of(theme->observed, visions[v]);
            const rgb b = lab_of(theme->estimate, visions[v]);
            double sum = 0.0;
            for (int i = 0; i < 3; i++) {
                sum += (a.c[i] - b.c[i]) * (a.c[i] - b.c[i]);
            }
            assert_true(sqrt(sum) >= 10.0);
        }
        assert_true(contrast(theme->band_edge, theme->ground) >= 3.0);
        assert_true(contrast(theme->observed, theme->ground) >= 4.5);
        assert_true(contrast(theme->estimate, theme->ground) >= 4.5);
    }
}

/* ---- rules over any scene ------------------------------------------------------------------- */

static bool overlap(const traffstat_mark *a, const traffstat_mark *b, double slack)
{
    return fmin(a->x2, b->x2) - fmax(a->x, b->x) > slack &&
           fmin(fmax(a->y, a->y2), fmax(b->y, b->y2)) - fmax(fmin(a->y, a->y2), fmin(b->y, b->y2)) >
               slack;
}

static bool inside(const traffstat_mark *in, const traffstat_mark *out)
{
    return in->x >= out->x && in->x2 <= out->x2 && in->y >= out->y && in->y2 <= out->y2;
}

/* The colour that a text stands on: the last filled shape below it that holds its middle. */
static uint32_t ground_under(const traffstat_scene *scene, size_t text)
{
    const traffstat_mark t = mark_at(scene, text);
    const double x = (t.x + t.x2) / 2.0;
    const double y = (t.y + t.y2) / 2.0;
    for (size_t i = text; i-- > 0;) {
        const traffstat_mark m = mark_at(scene, i);
        if (m.type == TRAFFSTAT_MARK_RECT && (m.fill != 0 || m.hatch != 0) && m.x <= x &&
            x <= m.x2 && m.y <= y && y <= m.y2) {
            assert_int_equal(m.hatch, 0); /* no text on hatching */
            return m.fill;
        }
    }
    fail_msg("nothing is under \"%s\"", t.text);
    return 0;
}

static void texts_are_seen(const traffstat_scene *scene, const char *what)
{
    const double least = traffstat_scene_units_per_inch(scene) > 200.0
                             ? 8.5 * traffstat_scene_units_per_inch(scene) / 72.0
                             : 12.0;
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark a = mark_at(scene, i);
        if (a.type != TRAFFSTAT_MARK_TEXT) {
            continue;
        }
        if (a.x < -0.5 || a.y < -0.5 || a.x2 > traffstat_scene_width(scene) + 0.5 ||
            a.y2 > traffstat_scene_height(scene) + 0.5) {
            fail_msg("%s: \"%s\" leaves the page: %g %g %g %g", what, a.text, a.x, a.y, a.x2, a.y2);
        }
        if (a.font_size < least - 1e-9) {
            fail_msg("%s: \"%s\" is set in %g", what, a.text, a.font_size);
        }
        if (contrast(a.fill, ground_under(scene, i)) < 4.5) {
            fail_msg("%s: \"%s\" is hard to read", what, a.text);
        }
        for (size_t k = i + 1; k < traffstat_scene_marks(scene); k++) {
            const traffstat_mark b = mark_at(scene, k);
            if (b.type == TRAFFSTAT_MARK_TEXT && overlap(&a, &b, 0.5)) {
                fail_msg("%s: \"%s\" meets \"%s\"", what, a.text, b.text);
            }
        }
    }
}

/* A text meets a bar, a bracket, an interval, a point or a break only where it stands in a bar. */
static void texts_keep_clear_of_marks(const traffstat_scene *scene, const char *what)
{
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark m = mark_at(scene, i);
        const bool solid = m.role == TRAFFSTAT_MARK_OBSERVED || m.role == TRAFFSTAT_MARK_INTERVAL ||
                           m.role == TRAFFSTAT_MARK_POINT || m.role == TRAFFSTAT_MARK_BREAK ||
                           m.role == TRAFFSTAT_MARK_SUPPRESSED ||
                           m.role == TRAFFSTAT_MARK_UNREPORTED ||
                           (m.role == TRAFFSTAT_MARK_LEADER && m.type == TRAFFSTAT_MARK_LINE);
        for (size_t k = 0; solid && k < traffstat_scene_marks(scene); k++) {
            const traffstat_mark t = mark_at(scene, k);
            if (t.type != TRAFFSTAT_MARK_TEXT ||
                (m.role == TRAFFSTAT_MARK_OBSERVED && inside(&t, &m))) {
                continue;
            }
            traffstat_mark wide = m; /* a line is as wide as its stroke */
            if (m.x == m.x2) {
                wide.x -= m.stroke_width / 2.0;
                wide.x2 += m.stroke_width / 2.0;
            }
            if (overlap(&wide, &t, 0.3)) {
                fail_msg("%s: \"%s\" meets a mark of role %d, year %d", what, t.text, (int) m.role,
                         (int) m.year);
            }
        }
    }
}

static void marks_are_seen(const traffstat_scene *scene)
{
    const uint32_t ground = mark_at(scene, 0).fill;
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark m = mark_at(scene, i);
        const bool counts =
            m.role == TRAFFSTAT_MARK_OBSERVED || m.role == TRAFFSTAT_MARK_INTERVAL ||
            m.role == TRAFFSTAT_MARK_POINT || m.role == TRAFFSTAT_MARK_UNREPORTED ||
            m.role == TRAFFSTAT_MARK_SUPPRESSED || m.role == TRAFFSTAT_MARK_SERIES_LINE ||
            (m.role == TRAFFSTAT_MARK_RIBBON && m.fill == 0) || m.role == TRAFFSTAT_MARK_BREAK ||
            m.role == TRAFFSTAT_MARK_GAP;
        if (counts) {
            const uint32_t colour = m.stroke != 0 ? m.stroke : m.hatch != 0 ? m.hatch : m.fill;
            assert_true(contrast(colour, ground) >= 3.0);
        }
    }
}

/* Integers, each once, from zero up; years plain. */
static void labels_are_whole(const traffstat_scene *scene, const char *what)
{
    double above = INFINITY;
    bool zero = false;
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark m = mark_at(scene, i);
        if (m.role == TRAFFSTAT_MARK_TICK_LABEL) {
            double value = 0.0;
            const char *c = m.text;
            for (; (*c >= '0' && *c <= '9') || *c == ','; c++) {
                value = *c == ',' ? value : 10.0 * value + (*c - '0');
            }
            if (c == m.text || (*c != '\0' && *c != ' ') || value >= above) {
                fail_msg("%s: tick \"%s\" under %g", what, m.text, above);
            }
            above = value;
            zero = zero || value == 0.0;
        }
        if (m.role == TRAFFSTAT_MARK_YEAR_LABEL) {
            assert_null(strchr(m.text, ','));
        }
    }
    assert_true(zero);
}

/* A leader is a path from its mark to its label: what starts higher ends higher. */
static void leaders_do_not_cross(const traffstat_scene *scene, const char *what)
{
    for (size_t i = 0; i < scene->mark_count; i++) {
        const traffstat_i_mark *const a = &scene->marks[i];
        for (size_t j = i + 1; a->point_count == 3 && j < scene->mark_count; j++) {
            const traffstat_i_mark *const b = &scene->marks[j];
            if (a->seen.role != TRAFFSTAT_MARK_LEADER || b->seen.role != TRAFFSTAT_MARK_LEADER ||
                b->point_count != 3) {
                continue;
            }
            const double start = scene->points[a->first_point].y - scene->points[b->first_point].y;
            const double end =
                scene->points[a->first_point + 2].y - scene->points[b->first_point + 2].y;
            if (start * end < -1e-9) {
                fail_msg("%s: two leaders cross", what);
            }
        }
    }
}

static void check_rules(const traffstat_scene *scene, const char *what)
{
    leaders_do_not_cross(scene, what);
    texts_are_seen(scene, what);
    texts_keep_clear_of_marks(scene, what);
    marks_are_seen(scene);
    labels_are_whole(scene, what);
    assert_true(traffstat_scene_title(scene)[0] != '\0');
    assert_true(traffstat_scene_subtitle(scene)[0] != '\0');
    assert_true(strlen(traffstat_scene_alt(scene)) > 60);
    const size_t notes = traffstat_scene_notes(scene);
    assert_true(notes >= 2);
    assert_non_null(strstr(traffstat_scene_note(scene, notes - 1), "Source"));
    assert_null(traffstat_scene_note(scene, notes));
}

/* ---- the first case ------------------------------------------------------------------------- */

static const given missoula[] = {{2017, 7, 7, 0, 0}, {2018, 8, 8, 0, 0}};

static void missoula_shows_counts_estimate_and_doubt(void **state)
{
    figure f = draw(*state, missoula, 2, 8, 12);
    const traffstat_scene *const s = f.scene;
    check_rules(s, "Missoula");
    assert_string_equal(text_of(s, TRAFFSTAT_MARK_OBSERVED_LABEL, 2017), "7");
    assert_string_equal(text_of(s, TRAFFSTAT_MARK_OBSERVED_LABEL, 2018), "8");
    traffstat_mark bar;
    traffstat_mark hatch;
    assert_int_equal(count_marks(s, TRAFFSTAT_MARK_OBSERVED, 2018, &bar), 1);
    assert_int_equal(bar.hatch, 0);
    size_t hatched = 0;
    for (size_t i = 0; i < traffstat_scene_marks(s); i++) {
        const traffstat_mark m = mark_at(s, i);
        if (m.role == TRAFFSTAT_MARK_UNREPORTED && m.hatch != 0 && m.year == 2018) {
            hatch = m;
            hatched++;
        }
    }
    assert_int_equal(hatched, 1);
    assert_true(hatch.y2 < bar.y); /* a gap between what was seen and what was not */
    assert_true(hatch.fill != bar.fill);
    /* 10–46, 15–26 and 19 for 8 counted under Beta(8, 12): the reference of the first case */
    assert_true(has_text(s, TRAFFSTAT_MARK_ESTIMATE_LABEL, "46"));
    assert_true(has_text(s, TRAFFSTAT_MARK_ESTIMATE_LABEL, "19"));
    assert_true(has_text(s, TRAFFSTAT_MARK_ESTIMATE_LABEL, "10"));
    assert_true(has_text(s, TRAFFSTAT_MARK_DIRECT_LABEL, "Middle value: 19"));
    assert_int_equal(count_marks(s, TRAFFSTAT_MARK_INTERVAL, 2018, NULL), 2);
    assert_int_equal(count_marks(s, TRAFFSTAT_MARK_POINT, 0, NULL), 2);
    /* four leaders and a sample of the hatching */
    assert_int_equal(count_marks(s, TRAFFSTAT_MARK_LEADER, 2018, NULL), 4);
    assert_int_equal(count_marks(s, TRAFFSTAT_MARK_LEADER, 0, NULL), 5);
    assert_int_equal(count_marks(s, TRAFFSTAT_MARK_RIBBON, 0, NULL), 0);
    assert_int_equal(count_marks(s, TRAFFSTAT_MARK_SERIES_LINE, 0, NULL), 0);
    assert_non_null(strstr(traffstat_scene_subtitle(s), "Scenario"));
    assert_non_null(strstr(traffstat_scene_subtitle(s), "50\xc2\xa0% and 95\xc2\xa0% intervals"));
    assert_true(notes_say(s, "cannot be told from chance"));
    assert_true(notes_say(s, "The intervals hold only if"));
    assert_true(notes_say(s, "a local newspaper"));
    clear(&f);
}

static void the_alt_text_holds_every_number(void **state)
{
    figure f = draw(*state, missoula, 2, 8, 12);
    const char *const alt = traffstat_scene_alt(f.scene);
    static const char *const words[] = {"Bar chart",
                                        "7 in 2017",
                                        "8 in 2018",
                                        "9\xe2\x80\x93"
                                        "41",
                                        "10\xe2\x80\x93"
                                        "46",
                                        "13\xe2\x80\x93"
                                        "23",
                                        "15\xe2\x80\x93"
                                        "26",
                                        "middle value 17",
                                        "middle value 19",
                                        "unreported 11",
                                        "scenario",
                                        "chance"};
    for (size_t i = 0; i < COUNT(words); i++) {
        if (strstr(alt, words[i]) == NULL) {
            fail_msg("\"%s\" is not in: %s", words[i], alt);
        }
    }
    clear(&f);
}

static void without_an_estimate_the_note_says_so(void **state)
{
    figure f = draw(*state, missoula, 2, 0, 0);
    check_rules(f.scene, "counts only");
    assert_true(notes_say(f.scene, "The unreported part is not estimated: no reporting rate was "
                                   "named."));
    assert_non_null(strstr(traffstat_scene_alt(f.scene), "not estimated"));
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_INTERVAL, 0, NULL), 0);
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_UNREPORTED, 0, NULL), 0);
    clear(&f);
}

static void years_keep_their_order_after_a_name_from_right_to_left(void **state)
{
    traffstat_ctx *const ctx = *state;
    const char *const place = "\xd8\xa7\xd9\x84\xd9\x82\xd8\xa7\xd9\x87\xd8\xb1\xd8\xa9";
    figure f = draw_on(ctx, panel_of(ctx, place, POLICE, missoula, 2), 8, 12, "screen", "light");
    assert_ok(ctx, f.status);
    char want[64];
    snprintf(want, sizeof want, "%s\xe2\x80\x8e, 2017", place);
    assert_non_null(strstr(traffstat_scene_subtitle(f.scene), want));
    clear(&f);
}

static void own_headlines_keep_the_scenario(void **state)
{
    traffstat_ctx *const ctx = *state;
    traffstat_panel *const panel = panel_of(ctx, "Missoula", POLICE, missoula, 2);
    traffstat_estimate *const estimate = estimate_of(ctx, panel, 8, 12);
    traffstat_chart *const chart = chart_of(ctx, "screen", "light");
    traffstat_scene *scene = NULL;
    assert_ok(ctx, traffstat_chart_set_title(ctx, chart, "What we know"));
    assert_ok(ctx, traffstat_chart_set_source(ctx, chart, "our own files"));
    assert_ok(ctx, traffstat_scene_trend(ctx, panel, 0, estimate, NULL, chart, &scene));
    assert_string_equal(traffstat_scene_title(scene), "What we know");
    assert_non_null(strstr(traffstat_scene_subtitle(scene), "Scenario"));
    assert_non_null(strstr(traffstat_scene_alt(scene), "cenario"));
    assert_true(notes_say(scene, "our own files"));
    assert_false(notes_say(scene, "newspaper"));
    traffstat_scene_free(scene);
    traffstat_chart_free(chart);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

/* ---- marks of their own --------------------------------------------------------------------- */

static void a_missing_year_is_a_labelled_gap_and_never_zero(void **state)
{
    const given cells[] = {{2014, 5, 5, 0, 0},
                           {2015, 0, 0, 0, TRAFFSTAT_WHY_NOT_REPORTED},
                           {2016, 6, 6, 0, 0},
                           {2018, 8, 8, 0, 0},
                           {2019, 0, 0, 0, TRAFFSTAT_WHY_NOT_REPORTED}};
    figure f = draw(*state, cells, 5, 8, 12);
    check_rules(f.scene, "gaps");
    assert_true(notes_say(f.scene, "not drawn: 2019."));
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_GAP, 0, NULL), 2);
    assert_string_equal(text_of(f.scene, TRAFFSTAT_MARK_GAP_LABEL, 2015), "not");
    assert_true(has_text(f.scene, TRAFFSTAT_MARK_GAP_LABEL, "reported"));
    assert_true(count_marks(f.scene, TRAFFSTAT_MARK_GAP_LABEL, 2017, NULL) > 0);
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED, 2015, NULL), 0);
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED_LABEL, 2015, NULL), 0);
    assert_true(notes_say(f.scene, "Not reported, which is not zero: 2015, 2017."));
    clear(&f);
}

static void zero_is_a_bar_of_no_height_with_its_number(void **state)
{
    const given cells[] = {{2017, 0, 0, 0, 0}, {2018, 8, 8, 0, 0}};
    figure f = draw(*state, cells, 2, 0, 0);
    traffstat_mark bar;
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED, 2017, &bar), 1);
    assert_near(bar.y, bar.y2, 0.0);
    assert_string_equal(text_of(f.scene, TRAFFSTAT_MARK_OBSERVED_LABEL, 2017), "0");
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_GAP, 0, NULL), 0);
    clear(&f);
}

/* FBI's release of 2013 to 2021: Missoula's 64, 128, 64 are 1, 2 and 1 times 64. */
static void counts_in_doubt_say_so_in_the_picture(void **state)
{
    const uint32_t flags = TRAFFSTAT_FLAG_COMMON_DIVISOR | TRAFFSTAT_FLAG_PROVISIONAL;
    const given cells[] = {{2017, 64, 64, flags, 0},
                           {2018, 128, 128, flags, 0},
                           {2019, 64, 64, flags | TRAFFSTAT_FLAG_LOST, 0}};
    figure f = draw(*state, cells, 3, 8, 12);
    check_rules(f.scene, "in doubt");
    assert_non_null(strstr(traffstat_scene_note(f.scene, 0), "may have been multiplied"));
    assert_non_null(strstr(traffstat_scene_note(f.scene, 0), "2017"));
    assert_non_null(strstr(traffstat_scene_note(f.scene, 0), "could not be used: 2019"));
    assert_non_null(strstr(traffstat_scene_alt(f.scene), "may have been multiplied"));
    assert_int_equal(traffstat_scene_notes(f.scene), 7); /* the most that there can be */
    clear(&f);
}

/* 0 counted: the number of the middle value is moved up, past the narrow interval's end. */
static void leaders_from_the_ground_do_not_cross(void **state)
{
    const given cells[] = {{2016, 2, 2, 0, 0}, {2017, 3, 3, 0, 0}, {2018, 0, 0, 0, 0}};
    traffstat_panel *panel = panel_of(*state, "A", POLICE, cells, 3);
    traffstat_prior *prior = NULL;
    traffstat_thinning_options options;
    figure f = {.panel = panel};
    traffstat_thinning_options_init(&options, sizeof options);
    options.rate_prior = TRAFFSTAT_RATE_GAMMA;
    options.gamma_shape = 1.0;
    options.gamma_rate = 0.1;
    assert_ok(*state, traffstat_prior_beta(*state, 8, 12, "assumed for a test", &prior));
    assert_ok(*state, traffstat_thinning(*state, panel, prior, &options, &f.estimate));
    traffstat_prior_free(prior);
    f.chart = chart_of(*state, "screen", "light");
    assert_ok(*state, traffstat_scene_trend(*state, panel, 0, f.estimate, NULL, f.chart, &f.scene));
    check_rules(f.scene, "from the ground");
    assert_true(count_marks(f.scene, TRAFFSTAT_MARK_LEADER, 2018, NULL) >= 2);
    clear(&f);
}

static void a_net_below_zero_is_named_and_not_drawn(void **state)
{
    const given cells[] = {{2016, 3, 3, 0, 0}, {2017, -1, -1, 0, 0}, {2018, 9, 9, 0, 0}};
    figure f = draw(*state, cells, 3, 0, 0);
    check_rules(f.scene, "net below zero");
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED, 2017, NULL), 0);
    assert_non_null(strstr(traffstat_scene_alt(f.scene), "\xe2\x88\x92"
                                                         "1 in 2017"));
    bool noted = false;
    for (size_t i = 0; i < traffstat_scene_notes(f.scene); i++) {
        noted = noted || strstr(traffstat_scene_note(f.scene, i), "Below zero") != NULL;
    }
    assert_true(noted);
    clear(&f);
}

static void a_range_is_a_hatched_bracket_with_its_words(void **state)
{
    const given cells[] = {
        {2016, 0, 4, 0, 0}, {2017, 2, TRAFFSTAT_NO_UPPER, 0, 0}, {2018, 9, 9, 0, 0}};
    figure f = draw(*state, cells, 3, 0, 0);
    check_rules(f.scene, "ranges");
    assert_string_equal(text_of(f.scene, TRAFFSTAT_MARK_OBSERVED_LABEL, 2016), "<5");
    assert_string_equal(text_of(f.scene, TRAFFSTAT_MARK_OBSERVED_LABEL, 2017), "2 or more");
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED, 2016, NULL), 0);
    bool hatched = false;
    for (size_t i = 0; i < traffstat_scene_marks(f.scene); i++) {
        const traffstat_mark m = mark_at(f.scene, i);
        hatched = hatched || (m.role == TRAFFSTAT_MARK_SUPPRESSED && m.year == 2016 && m.hatch);
    }
    assert_true(hatched);
    clear(&f);
}

static void provisional_counts_are_hollow(void **state)
{
    const given bars[] = {{2017, 7, 7, 0, 0}, {2018, 8, 8, TRAFFSTAT_FLAG_PROVISIONAL, 0}};
    figure f = draw(*state, bars, 2, 0, 0);
    traffstat_mark bar;
    const uint32_t ground = mark_at(f.scene, 0).fill;
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED, 2018, &bar), 1);
    assert_int_equal(bar.fill, ground);
    assert_true(bar.stroke != 0);
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED, 2017, &bar), 1);
    assert_true(bar.fill != ground);
    assert_true(notes_say(f.scene, "Provisional"));
    assert_non_null(strstr(traffstat_scene_alt(f.scene), "provisional"));
    clear(&f);
}

static const given long_series[] = {{2008, 3, 3, 0, 0},
                                    {2009, 6, 6, 0, 0},
                                    {2010, 12, 12, 0, 0},
                                    {2011, 8, 8, 0, 0},
                                    {2013, 9, 9, 0, 0},
                                    {2014, 17, 17, 0, 0},
                                    {2015, 12, 12, TRAFFSTAT_FLAG_BREAK, 0},
                                    {2016, 7, 7, 0, 0},
                                    {2017, 8, 8, TRAFFSTAT_FLAG_PROVISIONAL, 0}};

/* No line or ribbon lies over the middle between two years. */
static void assert_cut(const traffstat_scene *scene, int32_t before, int32_t after)
{
    traffstat_mark a;
    traffstat_mark b;
    assert_int_equal(count_marks(scene, TRAFFSTAT_MARK_OBSERVED, before, &a), 1);
    assert_int_equal(count_marks(scene, TRAFFSTAT_MARK_OBSERVED, after, &b), 1);
    const double middle = (a.x + a.x2 + b.x + b.x2) / 4.0;
    for (size_t i = 0; i < traffstat_scene_marks(scene); i++) {
        const traffstat_mark m = mark_at(scene, i);
        if (m.role == TRAFFSTAT_MARK_SERIES_LINE || m.role == TRAFFSTAT_MARK_RIBBON) {
            assert_false(m.x < middle && middle < m.x2);
        }
    }
}

static void lines_and_ribbons_are_cut_at_gaps_and_breaks(void **state)
{
    figure f = draw(*state, long_series, COUNT(long_series), 8, 12);
    check_rules(f.scene, "a long series");
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_SERIES_LINE, 0, NULL), 6);
    assert_true(count_marks(f.scene, TRAFFSTAT_MARK_RIBBON, 0, NULL) > 0);
    assert_cut(f.scene, 2011, 2013);
    assert_cut(f.scene, 2014, 2015);
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_BREAK, 2015, NULL), 1);
    assert_non_null(strstr(text_of(f.scene, TRAFFSTAT_MARK_BREAK_LABEL, 2015), "break"));
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_GAP, 2012, NULL), 1);
    traffstat_mark ground;
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_BACKGROUND, 0, &ground), 1);
    traffstat_mark point;
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_OBSERVED, 2017, &point), 1);
    assert_int_equal(point.fill, ground.fill);
    assert_true(notes_say(f.scene, "before: 2015."));
    assert_non_null(strstr(traffstat_scene_alt(f.scene), "Line chart"));
    clear(&f);
}

static void three_points_are_never_joined(void **state)
{
    for (size_t n = 1; n <= 5; n++) {
        figure f = draw(*state, long_series, n < 4 ? n : 4, 8, 12);
        const bool joined = n >= 4;
        assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_RIBBON, 0, NULL) > 0, joined);
        assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_SERIES_LINE, 0, NULL) > 0, joined);
        clear(&f);
    }
    /* four counted years, three of them exact */
    const given mixed[] = {
        {2015, 5, 5, 0, 0}, {2016, 1, 9, 0, 0}, {2017, 6, 6, 0, 0}, {2018, 7, 7, 0, 0}};
    figure f = draw(*state, mixed, 4, 0, 0);
    assert_int_equal(count_marks(f.scene, TRAFFSTAT_MARK_SERIES_LINE, 0, NULL), 0);
    clear(&f);
}

static void a_long_interval_leaves_the_axis_with_an_arrow_and_its_number(void **state)
{
    figure f = draw(*state, missoula, 1, 1, 1); /* 7–279, middle 13, 50 % 9–27 */
    check_rules(f.scene, "a long interval");
    assert_true(has_text(f.scene, TRAFFSTAT_MARK_ESTIMATE_LABEL, "279"));
    assert_true(notes_say(f.scene, "arrow"));
    bool arrow = false;
    for (size_t i = 0; i < traffstat_scene_marks(f.scene); i++) {
        const traffstat_mark m = mark_at(f.scene, i);
        arrow = arrow || (m.role == TRAFFSTAT_MARK_INTERVAL && m.type == TRAFFSTAT_MARK_PATH);
    }
    assert_true(arrow);
    clear(&f);
    f = draw(*state, missoula, 2, 8, 12);
    assert_false(notes_say(f.scene, "arrow"));
    clear(&f);
}

static void up_to_twelve_marks_each_carry_their_number(void **state)
{
    given cells[30];
    for (size_t n = 4; n <= 12; n++) {
        for (size_t i = 0; i < n; i++) {
            const int64_t count = (int64_t) ((i * 7919 + n * 31) % 23);
            cells[i] = (given){2000 + (int32_t) i, count, count, 0, 0};
        }
        figure f = draw(*state, cells, n, n % 2 == 0 ? 0 : 8, 12);
        check_rules(f.scene, "twelve");
        for (size_t i = 0; i < n; i++) {
            char want[32];
            snprintf(want, sizeof want, "%d", (int) cells[i].lower);
            assert_string_equal(text_of(f.scene, TRAFFSTAT_MARK_OBSERVED_LABEL, cells[i].year),
                                want);
        }
        clear(&f);
    }
}

/* ---- what does not fit, and wrong calls ----------------------------------------------------- */

static void a_title_that_cannot_fit_is_an_error_that_names_it(void **state)
{
    traffstat_ctx *const ctx = *state;
    traffstat_panel *const panel = panel_of(ctx, "Missoula", POLICE, missoula, 2);
    traffstat_chart *const chart = chart_of(ctx, "card", "light");
    traffstat_scene *scene = NULL;
    char title[4001];
    for (size_t i = 0; i < sizeof title - 1; i++) {
        title[i] = i % 8 == 7 ? ' ' : 'm';
    }
    title[sizeof title - 1] = '\0';
    assert_ok(ctx, traffstat_chart_set_title(ctx, chart, title));
    assert_int_equal(traffstat_scene_trend(ctx, panel, 0, NULL, NULL, chart, &scene),
                     TRAFFSTAT_E_FIT);
    assert_null(scene);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "fit"));
    memset(title, 'm', sizeof title - 1);
    assert_ok(ctx, traffstat_chart_set_title(ctx, chart, title));
    assert_int_equal(traffstat_scene_trend(ctx, panel, 0, NULL, NULL, chart, &scene),
                     TRAFFSTAT_E_FIT);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "mmm"));
    assert_ok(ctx, traffstat_chart_set_title(ctx, chart, ""));
    assert_ok(ctx, traffstat_chart_set_fonts(ctx, chart, "/no/such/font.ttf", NULL));
    assert_int_equal(traffstat_scene_trend(ctx, panel, 0, NULL, NULL, chart, &scene),
                     TRAFFSTAT_E_FONT);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "/no/such/font.ttf"));
    traffstat_chart_free(chart);
    traffstat_panel_free(panel);
}

static void wrong_calls_are_refused(void **state)
{
    traffstat_ctx *const ctx = *state;
    traffstat_panel *const panel = panel_of(ctx, "Missoula", POLICE, missoula, 2);
    traffstat_panel *const other = panel_of(ctx, "Missoula", POLICE, long_series, 2);
    traffstat_panel *const shorter = panel_of(ctx, "Missoula", POLICE, missoula, 1);
    traffstat_estimate *const estimate = estimate_of(ctx, other, 8, 12);
    traffstat_estimate *const short_one = estimate_of(ctx, shorter, 8, 12);
    const given none[] = {{2017, 0, 0, 0, TRAFFSTAT_WHY_NOT_REPORTED}};
    traffstat_panel *const empty = panel_of(ctx, "Missoula", POLICE, none, 1);
    traffstat_scene *scene = NULL;
    assert_int_equal(traffstat_scene_trend(ctx, panel, 1, NULL, NULL, NULL, &scene),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_scene_trend(ctx, empty, 0, NULL, NULL, NULL, &scene),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_scene_trend(ctx, panel, 0, estimate, NULL, NULL, &scene),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_trend(ctx, panel, 0, short_one, NULL, NULL, &scene),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_change change = {.series = 3};
    assert_int_equal(traffstat_scene_trend(ctx, panel, 0, NULL, &change, NULL, &scene),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_trend(ctx, NULL, 0, NULL, NULL, NULL, &scene),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_trend(ctx, panel, 0, NULL, NULL, NULL, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(scene);
    traffstat_chart *const chart = chart_of(ctx, "screen", "light");
    assert_int_equal(traffstat_chart_set_size(ctx, chart, "poster"), TRAFFSTAT_E_NOTFOUND);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "column"));
    assert_int_equal(traffstat_chart_set_theme(ctx, chart, "pink"), TRAFFSTAT_E_NOTFOUND);
    assert_non_null(strstr(traffstat_ctx_message(ctx), "grey"));
    assert_int_equal(traffstat_chart_set_title(ctx, chart, "\xff"), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_chart_set_language(ctx, chart, "e n"), TRAFFSTAT_E_ARGUMENT);
    assert_ok(ctx, traffstat_chart_set_language(ctx, chart, "pt-BR"));
    assert_int_equal(traffstat_chart_set_title(ctx, NULL, "x"), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_chart_new(NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_chart_free(chart);
    traffstat_estimate_free(estimate);
    traffstat_estimate_free(short_one);
    traffstat_panel_free(panel);
    traffstat_panel_free(other);
    traffstat_panel_free(shorter);
    traffstat_panel_free(empty);
}

static traffstat_status try_scene(traffstat_ctx *ctx, void *arg)
{
    const given *const cells = arg;
    const bool lined = cells == long_series;
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_chart *chart = NULL;
    traffstat_scene *scene = NULL;
    size_t series = 0;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_series(ctx, builder, NULL, "Missoula", POLICE, NULL, NULL,
                                                &series);
    }
    for (size_t i = 0; status == TRAFFSTAT_OK && i < (lined ? 4 : 2); i++) {
        status = traffstat_panel_builder_count(ctx, builder, series, cells[i].year, cells[i].lower);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, &panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_prior_beta(ctx, 8, 12, NULL, &prior);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_thinning(ctx, panel, prior, NULL, &estimate);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_chart_new(ctx, &chart);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_trend(ctx, panel, 0, estimate, NULL, chart, &scene);
    }
    traffstat_scene_free(scene);
    traffstat_chart_free(chart);
    traffstat_estimate_free(estimate);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    given bars[2];
    memcpy(bars, missoula, sizeof bars);
    assert_true(support_try_every_allocation(try_scene, bars) > 100);
}

/* ---- scales --------------------------------------------------------------------------------- */

static void axes_have_few_whole_steps_from_zero(void **state)
{
    (void) state;
    double most = 0.0;
    for (int i = 0; i < 4000; i++) {
        const traffstat_i_axis axis = traffstat_i_axis_make(most);
        assert_true(axis.intervals >= 1 && axis.intervals <= 5);
        assert_true(axis.step >= 1.0 && floor(axis.step) == axis.step);
        assert_true(axis.top >= most);
        assert_near(axis.top, axis.step * axis.intervals, 0.0);
        assert_true(axis.top - axis.step < most || axis.intervals == 1);
        most = i < 3000 ? most + 1.0 : most * 1.04;
    }
    assert_near(traffstat_i_axis_make(46.0).top, 50.0, 0.0);
    assert_near(traffstat_i_axis_make(0.0).top, 1.0, 0.0);
    assert_near(traffstat_i_axis_make(57.0).top, 60.0, 0.0);
}

static void years_step_so_that_their_labels_fit(void **state)
{
    (void) state;
    for (int i = 1; i < 400; i++) {
        const double pitch = 0.5 * i;
        const int32_t step = traffstat_i_year_step(pitch, 60.0);
        assert_true(pitch * step >= 60.0);
        assert_true(step == 1 || pitch * step < 60.0 * 2.5 + 1e-9);
    }
}

static void labels_move_apart_and_no_further(void **state)
{
    (void) state;
    support_rng rng;
    support_rng_init(&rng, 5);
    for (int round = 0; round < 2000; round++) {
        double at[8];
        double heights[8];
        double wanted[8];
        const size_t n = (size_t) support_rng_between(&rng, 1, 8);
        for (size_t i = 0; i < n; i++) {
            wanted[i] = 100.0 * support_rng_uniform(&rng) + (i > 0 ? wanted[i - 1] - 40.0 : 0.0);
            at[i] = wanted[i];
            heights[i] = 5.0 + 20.0 * support_rng_uniform(&rng);
        }
        if (!traffstat_i_push_apart(at, heights, n, 2.0, -50.0, 250.0)) {
            fail_msg("%s", "eight labels of 25 fit in 300");
        }
        assert_true(at[0] - heights[0] / 2.0 >= -50.0 - 1e-9);
        assert_true(at[n - 1] + heights[n - 1] / 2.0 <= 250.0 + 1e-9);
        for (size_t i = 1; i < n; i++) {
            assert_true(at[i] - at[i - 1] >= (heights[i] + heights[i - 1]) / 2.0 + 2.0 - 1e-9);
        }
    }
    double apart[] = {10.0, 50.0, 90.0};
    const double small[] = {10.0, 10.0, 10.0};
    assert_true(traffstat_i_push_apart(apart, small, 3, 2.0, 0.0, 100.0));
    assert_near(apart[0], 10.0, 1e-12);
    assert_near(apart[2], 90.0, 1e-12);
    assert_false(traffstat_i_push_apart(apart, small, 3, 2.0, 0.0, 33.0));
}

/* ---- any panel ------------------------------------------------------------------------------ */

static const char *const places[] = {
    "Missoula",
    "Saint-Louis-du-Ha! Ha!, Qu\xc3\xa9"
    "bec",
    "Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch",
    "\xd7\x99\xd7\xa8\xd7\x95\xd7\xa9\xd7\x9c\xd7\x99\xd7\x9d",
    "\xd8\xa7\xd9\x84\xd9\x82\xd8\xa7\xd9\x87\xd8\xb1\xd8\xa9",
    "S\xc3\xa3o Tom\xc3\xa9 e Pr\xc3\xadncipe",
    "The Confederated Salish and Kootenai Tribes of the Flathead Reservation and the counties of "
    "Lake, Missoula and Sanders",
    "X"};

static const char *const measures[] = {
    POLICE,
    "offences",
    "",
    "ACTUAL_COUNT",
    "potential victims of modern slavery referred by first responders",
    "persons identified by the national referral mechanism"};

static int64_t random_count(support_rng *rng)
{
    switch (support_rng_between(rng, 0, 5)) {
    case 0:
        return 0;
    case 1:
        return support_rng_between(rng, 100, 3000);
    case 2:
        return support_rng_between(rng, 0, 3) == 0 ? 1000000 : 20;
    default:
        return support_rng_between(rng, 1, 60);
    }
}

static size_t random_cells(support_rng *rng, given *cells)
{
    static const size_t counts[] = {1, 2, 3, 3, 4, 6, 9, 12, 13, 25, 60};
    const size_t n = counts[support_rng_between(rng, 0, (int64_t) COUNT(counts) - 1)];
    const bool plain = support_rng_between(rng, 0, 2) == 0;
    int32_t year = 1950 + (int32_t) support_rng_between(rng, 0, 20);
    for (size_t i = 0; i < n; i++) {
        const int64_t count = random_count(rng);
        given cell = {year, count, count, 0, TRAFFSTAT_WHY_COUNTED};
        year += 1;
        if (!plain) {
            const int64_t kind = support_rng_between(rng, 0, 19);
            year += kind == 0 ? (int32_t) support_rng_between(rng, 1, 9) : 0;
            cell.flags |= kind == 1 ? TRAFFSTAT_FLAG_BREAK : 0;
            cell.flags |= kind == 2 ? TRAFFSTAT_FLAG_PROVISIONAL : 0;
            cell.flags |= kind == 3 ? TRAFFSTAT_FLAG_PARTIAL_YEAR : 0;
            cell.why = kind == 4   ? TRAFFSTAT_WHY_NOT_REPORTED
                       : kind == 5 ? TRAFFSTAT_WHY_SUPPRESSED
                                   : TRAFFSTAT_WHY_COUNTED;
            cell.upper += kind == 6 ? 8 : 0;
            cell.upper = kind == 7 ? TRAFFSTAT_NO_UPPER : cell.upper;
        }
        if (cell.why != TRAFFSTAT_WHY_COUNTED) {
            cell.lower = cell.upper = 0;
        }
        cells[i] = cell;
    }
    if (cells[0].why != TRAFFSTAT_WHY_COUNTED) {
        cells[0].why = TRAFFSTAT_WHY_COUNTED;
    }
    return n;
}

/* Every year without a count that lies between counts has its mark. */
static void gaps_are_marked(const traffstat_scene *scene, const given *cells, size_t n)
{
    size_t last = n;
    while (last > 0 && cells[last - 1].why != TRAFFSTAT_WHY_COUNTED) {
        last--;
    }
    bool gap = false;
    for (size_t i = 0; i < last; i++) {
        gap = gap || cells[i].why != TRAFFSTAT_WHY_COUNTED ||
              (i > 0 && cells[i - 1].year + 1 < cells[i].year);
    }
    assert_int_equal(count_marks(scene, TRAFFSTAT_MARK_GAP, 0, NULL) > 0, gap);
    for (size_t i = 1; i < last; i++) {
        if (cells[i].why == TRAFFSTAT_WHY_COUNTED && (cells[i].flags & TRAFFSTAT_FLAG_BREAK)) {
            assert_int_equal(count_marks(scene, TRAFFSTAT_MARK_BREAK, cells[i].year, NULL), 1);
        }
    }
}

static void the_rules_hold_for_any_panel(void **state)
{
    traffstat_ctx *const ctx = *state;
    static const double priors[][2] = {{0, 0}, {8, 12}, {1, 1}, {3, 27}, {9, 1}};
    support_rng rng;
    support_rng_init(&rng, 2018);
    int unfit = 0;
    const int rounds = 420;
    for (int round = 0; round < rounds; round++) {
        given cells[64];
        const size_t n = random_cells(&rng, cells);
        const size_t place = (size_t) support_rng_between(&rng, 0, (int64_t) COUNT(places) - 1);
        const size_t measure = (size_t) support_rng_between(&rng, 0, (int64_t) COUNT(measures) - 1);
        const size_t prior = (size_t) support_rng_between(&rng, 0, (int64_t) COUNT(priors) - 1);
        const char *const size = sizes[round % (int) COUNT(sizes)];
        const char *const theme = themes[(round / 6) % (int) COUNT(themes)];
        figure f = draw_on(ctx, panel_of(ctx, places[place], measures[measure], cells, n),
                           priors[prior][0], priors[prior][1], size, theme);
        char what[128];
        snprintf(what, sizeof what, "round %d (%s, %s, %zu years, prior %zu, place %zu)", round,
                 size, theme, n, prior, place);
        if (f.status == TRAFFSTAT_E_FIT) {
            /* refused with a cure: long numbers or words 85 mm wide, and long lists of notes */
            if (strcmp(size, "column") != 0 && n < 12) {
                fail_msg("%s: %s", what, traffstat_ctx_message(ctx));
            }
            assert_true(strstr(traffstat_ctx_message(ctx), "choose a") != NULL ||
                        strstr(traffstat_ctx_message(ctx), "wider than") != NULL);
            unfit++;
        } else if (f.status != TRAFFSTAT_OK) {
            fail_msg("%s: %s", what, traffstat_ctx_message(ctx));
        } else {
            check_rules(f.scene, what);
            gaps_are_marked(f.scene, cells, n);
        }
        clear(&f);
    }
    print_message("%d of %d panels did not fit\n", unfit, rounds);
    assert_true(unfit * 12 <= rounds);
}

static void the_same_input_gives_the_same_scene(void **state)
{
    figure a = draw(*state, long_series, COUNT(long_series), 8, 12);
    figure b = draw(*state, long_series, COUNT(long_series), 8, 12);
    assert_int_equal(traffstat_scene_marks(a.scene), traffstat_scene_marks(b.scene));
    for (size_t i = 0; i < traffstat_scene_marks(a.scene); i++) {
        traffstat_mark x = mark_at(a.scene, i);
        traffstat_mark y = mark_at(b.scene, i);
        assert_string_equal(x.text, y.text);
        x.text = y.text = NULL;
        assert_memory_equal(&x, &y, sizeof x);
    }
    assert_string_equal(traffstat_scene_alt(a.scene), traffstat_scene_alt(b.scene));
    clear(&a);
    clear(&b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(observed_and_estimated_differ_for_every_eye),
        TEST(missoula_shows_counts_estimate_and_doubt),
        TEST(the_alt_text_holds_every_number),
        TEST(without_an_estimate_the_note_says_so),
        TEST(years_keep_their_order_after_a_name_from_right_to_left),
        TEST(own_headlines_keep_the_scenario),
        TEST(a_missing_year_is_a_labelled_gap_and_never_zero),
        TEST(zero_is_a_bar_of_no_height_with_its_number),
        TEST(counts_in_doubt_say_so_in_the_picture),
        TEST(leaders_from_the_ground_do_not_cross),
        TEST(a_net_below_zero_is_named_and_not_drawn),
        TEST(a_range_is_a_hatched_bracket_with_its_words),
        TEST(provisional_counts_are_hollow),
        TEST(lines_and_ribbons_are_cut_at_gaps_and_breaks),
        TEST(three_points_are_never_joined),
        TEST(a_long_interval_leaves_the_axis_with_an_arrow_and_its_number),
        TEST(up_to_twelve_marks_each_carry_their_number),
        TEST(a_title_that_cannot_fit_is_an_error_that_names_it),
        TEST(wrong_calls_are_refused),
        TEST(every_allocation_may_fail),
        TEST(axes_have_few_whole_steps_from_zero),
        TEST(years_step_so_that_their_labels_fit),
        TEST(labels_move_apart_and_no_further),
        TEST(the_rules_hold_for_any_panel),
        TEST(the_same_input_gives_the_same_scene),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
