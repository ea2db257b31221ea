#include <math.h>

#include "figure/trend.h"

/* Fonts shrink in these steps, down to the preset's smallest. */
#define SHRINK 0.94
#define SCALE_MIN 0.4
/* With each step the plot may also take less of the page than wanted, but never less than this. */
#define PLOT_SHARE_MIN 0.24
#define PLOT_SHARE_FALL 0.45
/* Notes in lines longer than this many font sizes are set in two columns. */
#define MEASURE_MAX 66.0
#define SECOND_COLUMN 0.36
#define COLUMN_AIR 2.4
#define TITLE_AIR 0.42   /* below the headline, in its size */
#define SUBTITLE_AIR 0.8
#define NOTE_AIR 0.42    /* between notes */
#define RULE_AIR 0.75

/* Header and notes of a page, broken into lines. */
typedef struct page {
    traffstat_i_block title;
    traffstat_i_block subtitle;
    traffstat_i_block note;    /* all notes but the source, as one paragraph */
    traffstat_i_block source;
    bool columns;              /* the source stands beside the note */
    double note_height;
    double rule_y;
    traffstat_i_plan plan;
} page;

static void page_clear(page *p)
{
    traffstat_i_block_clear(&p->title);
    traffstat_i_block_clear(&p->subtitle);
    traffstat_i_block_clear(&p->note);
    traffstat_i_block_clear(&p->source);
    traffstat_i_plan_clear(&p->plan);
}

/* ---- fitting -------------------------------------------------------------------------------- */

/* Each note is a paragraph's worth of sentences; set one after the other they take fewer lines. */
static char *join_notes(traffstat_ctx *ctx, const traffstat_i_words *words)
{
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    for (size_t i = 0; i + 1 < words->note_count; i++) {
        traffstat_i_text_add(&text, i == 0 ? "" : " ");
        traffstat_i_text_add(&text, words->notes[i]);
    }
    return traffstat_i_text_steal(&text);
}

static void wrap_notes(traffstat_i_layout *l, const traffstat_i_words *words, page *p)
{
    char *note = join_notes(l->ctx, words);
    if (note == NULL) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return;
    }
    const double size = traffstat_i_font(l, l->size->font_note);
    const double width = p->plan.right - p->plan.left;
    p->columns = width > MEASURE_MAX * size;
    const double side = p->columns ? SECOND_COLUMN * width : width;
    const double main = p->columns ? width - side - COLUMN_AIR * size : width;
    traffstat_i_block_wrap(l, &p->note, note, size, false, main);
    traffstat_i_block_wrap(l, &p->source, words->notes[words->note_count - 1], size, false, side);
    p->note_height = p->columns ? fmax(p->note.height, p->source.height)
                                : p->note.height + NOTE_AIR * size + p->source.height;
    traffstat_i_free(l->ctx, note);
}

static void wrap_header(traffstat_i_layout *l, const traffstat_i_words *words, page *p)
{
    const double width = p->plan.right - p->plan.left;
    traffstat_i_block_wrap(l, &p->title, words->title, traffstat_i_font(l, l->size->font_title),
                           true, width);
    traffstat_i_block_wrap(l, &p->subtitle, words->subtitle,
                           traffstat_i_font(l, l->size->font_subtitle), false, width);
}

/* Everything that has a height but the plot itself. */
static double fixed_height(const traffstat_i_layout *l, const page *p)
{
    const traffstat_i_plan *const plan = &p->plan;
    return 2.0 * l->size->margin + p->title.height + TITLE_AIR * p->title.size +
           p->subtitle.height + SUBTITLE_AIR * p->subtitle.size + plan->band_height +
           plan->strip_height + plan->foot_height + plan->key_height +
           2.0 * RULE_AIR * p->note.size + p->note_height;
}

/* Fills in what was left to the page: its height, the plot's top and base. False: does not fit. */
static bool stack(const traffstat_i_layout *l, page *p, double share, double *height)
{
    const double fixed = fixed_height(l, p);
    double plot = 0.0;
    if (l->size->height > 0.0) {
        *height = l->size->height;
        plot = *height - fixed;
        if (plot < share * *height) {
            return false;
        }
    } else {
        plot = l->size->plot_share * l->size->width;
        *height = ceil(fixed + plot);
        if (*height > l->size->height_max) {
            return false;
        }
    }
    traffstat_i_plan *const plan = &p->plan;
    plan->top = l->size->margin + p->title.height + TITLE_AIR * p->title.size +
                p->subtitle.height + SUBTITLE_AIR * p->subtitle.size + plan->band_height +
                plan->strip_height;
    plan->base = plan->top + plot;
    p->rule_y = plan->base + plan->foot_height + plan->key_height + RULE_AIR * p->note.size;
    return true;
}

static void plan_page(traffstat_i_layout *l, const traffstat_i_trend *trend,
                      const traffstat_i_words *words, page *p)
{
    *p = (page){.columns = false};
    p->plan.left = l->size->margin;
    p->plan.right = l->size->width - l->size->margin;
    p->plan.font = traffstat_i_font(l, l->size->font_label);
    p->plan.font_tick = traffstat_i_font(l, l->size->font_tick);
    wrap_header(l, words, p);
    wrap_notes(l, words, p);
    if (trend->lined) {
        traffstat_i_line_plan(l, trend, &p->plan);
    } else {
        traffstat_i_bars_plan(l, trend, &p->plan);
    }
}

/* ---- drawing -------------------------------------------------------------------------------- */

static void draw_texts(traffstat_i_layout *l, const page *p)
{
    const traffstat_i_plan *const plan = &p->plan;
    traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_TITLE, .fill = l->theme->ink};
    double y = l->size->margin;
    traffstat_i_block_draw(l, &p->title, &pen, TRAFFSTAT_I_ANCHOR_START, plan->left, y);
    y += p->title.height + TITLE_AIR * p->title.size;
    pen.role = TRAFFSTAT_MARK_SUBTITLE;
    pen.fill = l->theme->ink_soft;
    traffstat_i_block_draw(l, &p->subtitle, &pen, TRAFFSTAT_I_ANCHOR_START, plan->left, y);
}

static void draw_notes(traffstat_i_layout *l, const page *p)
{
    const traffstat_i_plan *const plan = &p->plan;
    const traffstat_i_pen rule = {.role = TRAFFSTAT_MARK_RULE,
                                  .stroke = l->theme->rule,
                                  .stroke_width = 0.7 * l->size->stroke};
    traffstat_i_segment(l, &rule, plan->left, p->rule_y, plan->right, p->rule_y);
    traffstat_i_pen pen = {.role = TRAFFSTAT_MARK_NOTE, .fill = l->theme->ink_soft};
    const double y = p->rule_y + RULE_AIR * p->note.size;
    traffstat_i_block_draw(l, &p->note, &pen, TRAFFSTAT_I_ANCHOR_START, plan->left, y);
    pen.role = TRAFFSTAT_MARK_SOURCE;
    const double width = plan->right - plan->left;
    const double x = p->columns ? plan->right - SECOND_COLUMN * width : plan->left;
    const double below = p->columns ? 0.0 : p->note.height + NOTE_AIR * p->note.size;
    traffstat_i_block_draw(l, &p->source, &pen, TRAFFSTAT_I_ANCHOR_START, x, y + below);
}

static void draw_page(traffstat_i_layout *l, const traffstat_i_trend *trend, page *p)
{
    const traffstat_i_pen ground = {.role = TRAFFSTAT_MARK_BACKGROUND, .fill = l->theme->ground};
    traffstat_i_rect(l, &ground, (traffstat_i_box){0.0, 0.0, l->scene->width, l->scene->height});
    draw_texts(l, p);
    if (trend->lined) {
        traffstat_i_line_draw(l, trend, &p->plan);
    } else {
        traffstat_i_bars_draw(l, trend, &p->plan);
    }
    draw_notes(l, p);
}

/* One attempt at one size of type; E_FIT where it does not fit. */
static traffstat_status attempt(traffstat_i_layout *l, const traffstat_i_trend *trend,
                                const traffstat_i_words *words, double share)
{
    page p;
    double height = 0.0;
    l->status = TRAFFSTAT_OK;
    l->scene = NULL;
    plan_page(l, trend, words, &p);
    if (l->status == TRAFFSTAT_OK && !stack(l, &p, share, &height)) {
        traffstat_i_try(l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                            "the notes and the plot do not fit a %s page: %s",
                                            l->size->name, words->notes[0]));
    }
    if (l->status == TRAFFSTAT_OK) {
        traffstat_i_try(l, traffstat_i_scene_new(l->ctx, l->size->width, height,
                                                 l->size->units_per_inch, &l->scene));
    }
    if (l->status == TRAFFSTAT_OK) {
        draw_page(l, trend, &p);
    }
    if (l->status != TRAFFSTAT_OK) {
        traffstat_scene_free(l->scene);
        l->scene = NULL;
    }
    page_clear(&p);
    return l->status;
}

static traffstat_status fit(traffstat_i_layout *l, const traffstat_i_trend *trend,
                            const traffstat_i_words *words)
{
    traffstat_status status = TRAFFSTAT_E_FIT;
    for (l->scale = 1.0; status == TRAFFSTAT_E_FIT && l->scale >= SCALE_MIN; l->scale *= SHRINK) {
        const double share =
            fmax(l->size->plot_share - PLOT_SHARE_FALL * (1.0 - l->scale), PLOT_SHARE_MIN);
        status = attempt(l, trend, words, share);
    }
    return status;
}

/* ---- scene ---------------------------------------------------------------------------------- */

static traffstat_status set_texts(traffstat_scene *scene, const traffstat_i_words *words,
                                  const traffstat_chart *chart, const traffstat_i_fonts *fonts)
{
    const struct {
        char **field;
        const char *text;
    } texts[] = {
        {&scene->title, words->title},
        {&scene->subtitle, words->subtitle},
        {&scene->alt, words->alt},
        {&scene->language, chart->language},
        {&scene->font_regular, chart->font_regular},
        {&scene->font_bold, chart->font_bold},
        {&scene->font_family, traffstat_i_fonts_family(fonts)},
    };
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; status == TRAFFSTAT_OK && i < sizeof texts / sizeof texts[0]; i++) {
        status = traffstat_i_scene_set(scene, texts[i].field, texts[i].text);
    }
    for (size_t i = 0; status == TRAFFSTAT_OK && i < words->note_count; i++) {
        status = traffstat_i_scene_add_note(scene, words->notes[i]);
    }
    return status;
}

static traffstat_status lay_out(traffstat_ctx *ctx, const traffstat_i_trend *trend,
                                const traffstat_chart *chart, traffstat_scene **out)
{
    traffstat_i_words words;
    traffstat_status status = traffstat_i_words_make(trend, chart, &words);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_layout l = {.ctx = ctx, .theme = chart->theme, .size = chart->size};
    status = traffstat_i_fonts_new(ctx, chart->font_regular, chart->font_bold, chart->language,
                                   &l.fonts);
    if (status == TRAFFSTAT_OK) {
        status = fit(&l, trend, &words);
    }
    if (status == TRAFFSTAT_OK) {
        status = set_texts(l.scene, &words, chart, l.fonts);
    }
    if (status == TRAFFSTAT_OK) {
        *out = l.scene;
    } else {
        traffstat_scene_free(l.scene);
    }
    traffstat_i_fonts_free(l.fonts);
    traffstat_i_words_clear(&words);
    return status;
}

traffstat_status traffstat_scene_trend(traffstat_ctx *ctx, const traffstat_panel *panel,
                                       size_t series, const traffstat_estimate *estimate,
                                       const traffstat_change *change,
                                       const traffstat_chart *chart, traffstat_scene **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    traffstat_i_enter(ctx);
    if (panel == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s is NULL",
                                panel == NULL ? "panel" : "out");
    }
    traffstat_chart defaults = {.ctx = ctx,
                                .size = traffstat_i_size_find(ctx, NULL),
                                .theme = traffstat_i_theme_find(ctx, NULL)};
    char empty[] = "";
    char english[] = "en";
    defaults.title = defaults.source = defaults.font_regular = defaults.font_bold = empty;
    defaults.language = english;
    traffstat_i_trend trend;
    traffstat_status status =
        traffstat_i_trend_read(ctx, panel, series, estimate, change, &trend);
    if (status == TRAFFSTAT_OK) {
        status = lay_out(ctx, &trend, chart != NULL ? chart : &defaults, out);
        traffstat_i_trend_clear(&trend);
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_enter(ctx); /* attempts that did not fit are no message */
    }
    return status;
}
