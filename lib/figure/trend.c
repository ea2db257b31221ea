#include <math.h>
#include <string.h>

#include "figure/trend.h"

/* Fonts shrink in these steps, down to the preset's smallest. */
#define SHRINK 0.94
#define SCALE_MIN 0.4
/* With each step the plot may also take less of the page than wanted, but never less than this. */
#define PLOT_SHARE_MIN 0.24
#define PLOT_SHARE_FALL 0.45
/* Notes stand in up to three columns, none narrower than this many font sizes. */
#define NOTE_COLUMN 21.0
#define NOTE_COLUMNS_MAX 3
#define COLUMN_AIR 2.0
#define TITLE_AIR 0.42 /* below the headline, in its size */
#define SUBTITLE_AIR 0.8
#define NOTE_AIR 0.75 /* between notes */
#define NOTE_ASCENT                                                                                \
    0.78 /* of a line of notes, at least; with the next two 1.27 from line to line */
#define NOTE_DESCENT 0.25
#define NOTE_LEADING 0.24
#define SPLIT_GAIN 5.0
#define RULE_AIR 0.75

/* A note broken into lines: its heading, where it has one of its own, and its text. */
typedef struct paragraph {
    traffstat_i_block heading;
    traffstat_i_block body;
} paragraph;

/* Header and notes of a page, broken into lines. */
typedef struct page {
    traffstat_i_block title;
    traffstat_i_block subtitle;
    paragraph notes[TRAFFSTAT_I_NOTES_MAX];
    size_t note_count;
    size_t columns;
    double column_width;
    double note_size;
    double note_height;
    double note_limit; /* columns end there */
    bool whole;        /* no note is split between columns */
    double rule_y;
    traffstat_i_plan plan;
} page;

static void page_clear(page *p)
{
    traffstat_i_block_clear(&p->title);
    traffstat_i_block_clear(&p->subtitle);
    for (size_t i = 0; i < p->note_count; i++) {
        traffstat_i_block_clear(&p->notes[i].heading);
        traffstat_i_block_clear(&p->notes[i].body);
    }
    traffstat_i_plan_clear(&p->plan);
}

/* ---- fitting -------------------------------------------------------------------------------- */

/* The text of a note below its heading: without the heading's words, and with a capital. */
static char *body_of(traffstat_ctx *ctx, const traffstat_i_note *note)
{
    const size_t size = strlen(note->heading);
    const char *text = note->text;
    if (strncmp(text, note->heading, size) == 0 && strncmp(text + size, ": ", 2) == 0) {
        text += size + 2;
    }
    char *body = traffstat_i_strdup(ctx, text);
    if (body != NULL && body[0] >= 'a' && body[0] <= 'z') {
        body[0] = (char) (body[0] - 'a' + 'A');
    }
    return body;
}

static void wrap_note(traffstat_i_layout *l, const traffstat_i_note *note, page *p, paragraph *out)
{
    if (p->columns == 1) {
        traffstat_i_block_wrap(l, &out->body, note->text, p->note_size, false, p->column_width);
    } else {
        char *body = body_of(l->ctx, note);
        if (body == NULL) {
            traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
            return;
        }
        traffstat_i_block_wrap(l, &out->heading, note->heading, p->note_size, true,
                               p->column_width);
        traffstat_i_block_wrap(l, &out->body, body, p->note_size, false, p->column_width);
        traffstat_i_free(l->ctx, body);
    }
}

static void draw_note_line(traffstat_i_layout *l, const page *p, size_t note,
                           const traffstat_i_block *block, size_t line, size_t column, double y)
{
    const traffstat_i_pen pen = {.role = note + 1 < p->note_count ? TRAFFSTAT_MARK_NOTE
                                                                  : TRAFFSTAT_MARK_SOURCE,
                                 .fill = block->bold ? l->theme->ink : l->theme->ink_soft};
    const double x = p->plan.left + (double) column * (p->column_width + COLUMN_AIR * p->note_size);
    traffstat_i_block_draw_line(l, block, line, &pen, TRAFFSTAT_I_ANCHOR_START, x, y);
}

/* Where the next line of the notes goes. */
typedef struct cursor {
    double y; /* below the top of the column */
    size_t column;
    bool fresh; /* nothing stands in the column yet */
} cursor;

static double line_height(const page *p, const traffstat_i_line *line)
{
    return fmax(line->ink.ascent, NOTE_ASCENT * p->note_size) +
           fmax(line->ink.descent, NOTE_DESCENT * p->note_size);
}

/* Moves to where a line stands with its baseline at *y, in the next column where it would pass
 * `limit`, or `keep` more lines after it. */
static void next_line(const page *p, cursor *at, const traffstat_i_line *line, double air,
                      double keep, double limit, double *y)
{
    const double size = p->note_size;
    const double step = line_height(p, line);
    double start = at->fresh ? 0.0 : at->y + air * size;
    if (!at->fresh && start + step + keep * 1.27 * size > limit) {
        at->column++;
        start = 0.0;
    }
    *y = start + fmax(line->ink.ascent, NOTE_ASCENT * size);
    at->y = start + step;
    at->fresh = false;
}

/* How many lines of the body must stay with the line: a heading keeps two, the first its second. */
static double lines_to_keep(const page *p, bool heading, size_t line, size_t count)
{
    const double after = (double) (heading ? count : count - line - 1);
    if (p->whole) {
        return after;
    }
    return heading ? fmin(2.0, after) : fmin(line == 0 ? 1.0 : 0.0, after);
}

/* Runs the notes through columns that end at `limit`; draws them below `top` unless l is NULL.
 * Returns the number of columns that they take; *height gets that of the highest. */
static size_t flow_notes(traffstat_i_layout *l, const page *p, double limit, double top,
                         double *height)
{
    cursor at = {.fresh = true};
    *height = 0.0;
    for (size_t i = 0; i < p->note_count; i++) {
        const traffstat_i_block *const blocks[] = {&p->notes[i].heading, &p->notes[i].body};
        double air = NOTE_AIR;
        for (size_t b = 0; b < 2; b++) {
            for (size_t k = 0; k < blocks[b]->count; k++) {
                const double keep = lines_to_keep(p, b == 0, k, blocks[1]->count);
                double y = 0.0;
                next_line(p, &at, &blocks[b]->lines[k], air, keep, limit, &y);
                air = NOTE_LEADING;
                *height = fmax(*height, at.y);
                if (l != NULL) {
                    draw_note_line(l, p, i, blocks[b], k, at.column, top + y);
                }
            }
        }
    }
    return at.column + 1;
}

/* The lowest columns that hold the notes. */
static double lowest_limit(page *p)
{
    double height = 0.0;
    (void) flow_notes(NULL, p, INFINITY, 0.0, &height);
    double limit = height / (double) p->columns;
    while (flow_notes(NULL, p, limit, 0.0, &p->note_height) > p->columns) {
        limit += 0.3 * p->note_size;
    }
    return limit;
}

/* Notes stay in one column each unless that costs more than four lines. */
static void balance(page *p)
{
    p->whole = false;
    const double split = lowest_limit(p);
    const double split_height = p->note_height;
    p->whole = true;
    p->note_limit = lowest_limit(p);
    if (p->note_height > split_height + SPLIT_GAIN * p->note_size) {
        p->whole = false;
        p->note_height = split_height;
        p->note_limit = split;
    }
}

/* Breaks the notes for so many columns; E_FIT where a word is wider than a column. */
static void wrap_columns(traffstat_i_layout *l, const traffstat_i_words *words, page *p,
                         size_t columns)
{
    const double width = p->plan.right - p->plan.left;
    const double air = COLUMN_AIR * p->note_size * (double) (columns - 1);
    p->columns = columns;
    p->column_width = (width - air) / (double) columns;
    for (size_t i = 0; i < p->note_count; i++) {
        traffstat_i_block_clear(&p->notes[i].heading);
        traffstat_i_block_clear(&p->notes[i].body);
        wrap_note(l, &words->notes[i], p, &p->notes[i]);
    }
}

static void wrap_notes(traffstat_i_layout *l, const traffstat_i_words *words, page *p)
{
    p->note_size = traffstat_i_font(l, l->size->font_note);
    p->note_count = words->note_count;
    const double most = floor((p->plan.right - p->plan.left) / (NOTE_COLUMN * p->note_size));
    size_t columns = (size_t) fmin(fmax(most, 1.0), NOTE_COLUMNS_MAX);
    columns = columns < words->note_count ? columns : words->note_count;
    for (; l->status == TRAFFSTAT_OK; columns--) {
        traffstat_i_layout trial = *l;
        wrap_columns(&trial, words, p, columns);
        if (trial.status != TRAFFSTAT_E_FIT || columns == 1) {
            traffstat_i_try(l, trial.status);
            break;
        }
    }
    if (l->status == TRAFFSTAT_OK) {
        balance(p);
    }
}

/* Headers look best in lines of like length: the narrowest that take no more lines. */
static void wrap_evenly(traffstat_i_layout *l, traffstat_i_block *out, const char *text,
                        double size, bool bold, double width)
{
    traffstat_i_block_wrap(l, out, text, size, bold, width);
    for (double share = 0.92; out->count > 1 && share > 0.5; share -= 0.08) {
        traffstat_i_block block = {0};
        traffstat_i_layout trial = *l; /* a long word fails here; the wider lines stand then */
        traffstat_i_block_wrap(&trial, &block, text, size, bold, share * width);
        if (trial.status == TRAFFSTAT_E_NOMEM) {
            traffstat_i_try(l, trial.status);
        }
        if (trial.status != TRAFFSTAT_OK || block.count > out->count) {
            traffstat_i_block_clear(&block);
            return;
        }
        traffstat_i_block_clear(out);
        *out = block;
    }
}

static void wrap_header(traffstat_i_layout *l, const traffstat_i_words *words, page *p)
{
    const double width = p->plan.right - p->plan.left;
    wrap_evenly(l, &p->title, words->title, traffstat_i_font(l, l->size->font_title), true, width);
    wrap_evenly(l, &p->subtitle, words->subtitle, traffstat_i_font(l, l->size->font_subtitle),
                false, width);
}

/* Everything that has a height but the plot itself. */
static double fixed_height(const traffstat_i_layout *l, const page *p)
{
    const traffstat_i_plan *const plan = &p->plan;
    return 2.0 * l->size->margin + p->title.height + TITLE_AIR * p->title.size +
           p->subtitle.height + SUBTITLE_AIR * p->subtitle.size + plan->band_height +
           plan->strip_height + plan->foot_height + plan->key_height +
           2.0 * RULE_AIR * p->note_size + p->note_height;
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
        /* where type cannot shrink, a higher plot makes room for its numbers */
        plot = l->size->plot_share * l->size->width / l->scale;
        *height = ceil(fixed + plot);
        if (*height > l->size->height_max) {
            return false;
        }
    }
    traffstat_i_plan *const plan = &p->plan;
    plan->top = l->size->margin + p->title.height + TITLE_AIR * p->title.size + p->subtitle.height +
                SUBTITLE_AIR * p->subtitle.size + plan->band_height + plan->strip_height;
    plan->base = plan->top + plot;
    p->rule_y = plan->base + plan->foot_height + plan->key_height + RULE_AIR * p->note_size;
    return true;
}

static void plan_page(traffstat_i_layout *l, const traffstat_i_trend *trend,
                      const traffstat_i_words *words, page *p)
{
    *p = (page){.columns = 1};
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
    double height = 0.0;
    (void) flow_notes(l, p, p->note_limit, p->rule_y + RULE_AIR * p->note_size, &height);
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
                                            "a plot, its notes and its title do not fit a page of "
                                            "the size %s: choose a larger one or shorten \"%s\"",
                                            l->size->name, words->title));
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

/* Smaller and smaller type, down to the preset's smallest. */
static traffstat_status shrink(traffstat_i_layout *l, const traffstat_i_trend *trend,
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

/* Labels beside the plot where they may be; under it where that leaves the plot too narrow. */
static traffstat_status fit(traffstat_i_layout *l, const traffstat_i_trend *trend,
                            const traffstat_i_words *words)
{
    l->below = l->size->labels_below;
    traffstat_status status = shrink(l, trend, words);
    if (status == TRAFFSTAT_E_FIT && !l->below) {
        l->below = true;
        status = shrink(l, trend, words);
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
        status = traffstat_i_scene_add_note(scene, words->notes[i].text);
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
    traffstat_i_measures measures = {.ctx = ctx};
    traffstat_i_layout l = {
        .ctx = ctx, .measures = &measures, .theme = chart->theme, .size = chart->size};
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
    traffstat_i_measures_clear(&measures);
    traffstat_i_fonts_free(l.fonts);
    traffstat_i_words_clear(&words);
    return status;
}

traffstat_status traffstat_scene_trend(traffstat_ctx *ctx, const traffstat_panel *panel,
                                       size_t series, const traffstat_estimate *estimate,
                                       const traffstat_change *change, const traffstat_chart *chart,
                                       traffstat_scene **out)
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
    traffstat_status status = traffstat_i_trend_read(ctx, panel, series, estimate, change, &trend);
    if (status == TRAFFSTAT_OK) {
        status = lay_out(ctx, &trend, chart != NULL ? chart : &defaults, out);
        traffstat_i_trend_clear(&trend);
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_enter(ctx); /* attempts that did not fit are no message */
    }
    return status;
}
