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

/* ---- measuring ------------------------------------------------------------------------------ */

#define MEASURE_SIZE 100.0

struct traffstat_i_measured {
    char *text;
    bool bold;
    bool broken;             /* breaks were asked for */
    traffstat_i_extents ink; /* in font sizes */
    traffstat_i_break *breaks;
    size_t break_count;
};

void traffstat_i_measures_clear(traffstat_i_measures *measures)
{
    for (size_t i = 0; i < measures->count; i++) {
        traffstat_i_free(measures->ctx, measures->texts[i].text);
        traffstat_i_free(measures->ctx, measures->texts[i].breaks);
    }
    traffstat_i_free(measures->ctx, measures->texts);
    *measures = (traffstat_i_measures){.ctx = measures->ctx};
}

static traffstat_i_extents scaled(const traffstat_i_extents *ink, double by)
{
    return (traffstat_i_extents){.width = by * ink->width,
                                 .ascent = by * ink->ascent,
                                 .descent = by * ink->descent,
                                 .left = by * fmax(ink->left, 0.0),
                                 .right = by * fmax(ink->right, 0.0),
                                 .line_ascent = by * ink->line_ascent,
                                 .line_descent = by * ink->line_descent};
}

/* Texts that will be broken find their breaks in the same go. */
static traffstat_status measure(traffstat_i_layout *l, const char *text, bool breaks,
                                traffstat_i_measured *out)
{
    traffstat_i_extents ink = {.width = 0.0};
    if (breaks) {
        const traffstat_status status = traffstat_i_fonts_breaks(
            l->ctx, l->fonts, text, out->bold, &out->breaks, &out->break_count, &ink);
        if (status != TRAFFSTAT_OK || out->break_count > 0) {
            out->ink = scaled(&ink, 1.0);
            return status;
        }
    }
    const traffstat_status status =
        traffstat_i_fonts_measure(l->ctx, l->fonts, text, MEASURE_SIZE, out->bold, &ink);
    out->ink = scaled(&ink, 1.0 / MEASURE_SIZE);
    return status;
}

static traffstat_status add_measured(traffstat_i_layout *l, const char *text, bool bold,
                                     bool breaks)
{
    traffstat_i_measures *const all = l->measures;
    if (!traffstat_i_reserve(l->ctx, &all->texts, &all->capacity, all->count + 1,
                             sizeof *all->texts)) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_measured *const new = &all->texts[all->count];
    *new = (traffstat_i_measured){.bold = bold, .broken = breaks};
    traffstat_status status = measure(l, text, breaks, new);
    if (status == TRAFFSTAT_OK) {
        new->text = traffstat_i_strdup(l->ctx, text);
        status = new->text != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_free(l->ctx, new->breaks);
        return status;
    }
    all->count++;
    return TRAFFSTAT_OK;
}

/* The measure of a text; NULL with the failure stored. Valid until the next new text. */
static traffstat_i_measured *measured(traffstat_i_layout *l, const char *text, bool bold,
                                      bool breaks)
{
    if (l->status != TRAFFSTAT_OK) {
        return NULL;
    }
    traffstat_i_measures *const all = l->measures;
    for (size_t i = 0; i < all->count; i++) {
        if (all->texts[i].bold == bold && all->texts[i].broken == breaks &&
            strcmp(all->texts[i].text, text) == 0) {
            return &all->texts[i];
        }
    }
    traffstat_i_try(l, add_measured(l, text, bold, breaks));
    return l->status == TRAFFSTAT_OK ? &all->texts[all->count - 1] : NULL;
}

static traffstat_i_extents extents_of(traffstat_i_layout *l, const char *text, double size,
                                      bool bold)
{
    const traffstat_i_measured *const m = measured(l, text, bold, false);
    return m != NULL ? scaled(&m->ink, size) : (traffstat_i_extents){.width = 0.0};
}

static double full_width(const traffstat_i_extents *ink)
{
    return ink->width + ink->left + ink->right;
}

static double start_of(traffstat_i_anchor anchor, double x, double width)
{
    switch (anchor) {
    case TRAFFSTAT_I_ANCHOR_MIDDLE:
        return x - width / 2.0;
    case TRAFFSTAT_I_ANCHOR_END:
        return x - width;
    default:
        return x;
    }
}

static void add_text(traffstat_i_layout *l, const traffstat_i_pen *pen, const char *text,
                     const traffstat_i_extents *ink, double size, bool bold,
                     traffstat_i_anchor anchor, traffstat_i_point at)
{
    if (l->status != TRAFFSTAT_OK) {
        return;
    }
    const double left = start_of(anchor, at.x, ink->width);
    traffstat_i_mark mark = mark_of(pen, TRAFFSTAT_MARK_TEXT);
    mark.seen.stroke = 0;
    mark.seen.text = text;
    mark.seen.font_size = size;
    mark.seen.bold = bold;
    mark.seen.x = left - ink->left;
    mark.seen.y = at.y - ink->ascent;
    mark.seen.x2 = left + ink->width + ink->right;
    mark.seen.y2 = at.y + ink->descent;
    mark.anchor = anchor;
    mark.at = at;
    traffstat_i_try(l, traffstat_i_scene_add(l->scene, &mark));
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

#define EN_DASH "\xe2\x80\x93"
#define NBSP "\xc2\xa0"
#define JOINER "\xe2\x81\xa0" /* no break here */

/* Lines must not break in a range ("21–27"), a ratio or around an equals sign. */
static char *join_numbers(traffstat_ctx *ctx, const char *text)
{
    traffstat_text joined;
    traffstat_i_text_init(&joined, ctx);
    const char *from = text;
    const char *c = text;
    while (*c != '\0') {
        const bool range = strncmp(c, EN_DASH, 3) == 0 && traffstat_i_is_digit(c[3]);
        const bool equals = strncmp(c, " = ", 3) == 0;
        const bool ratio = *c == '/' && c > text && traffstat_i_is_digit(c[-1]);
        const size_t step = range || equals ? 3 : 1;
        if (range || equals || ratio) {
            traffstat_i_text_add_bytes(&joined, from, (size_t) (c - from));
            traffstat_i_text_add(&joined, range    ? EN_DASH JOINER
                                          : equals ? NBSP "=" NBSP
                                                   : "/" JOINER);
            from = c + step;
        }
        c += step;
    }
    traffstat_i_text_add(&joined, from);
    return traffstat_i_text_steal(&joined);
}

/* Takes the joiners out again: they are no part of what is said. */
static void drop_joiners(char *text)
{
    char *to = text;
    for (const char *c = text; *c != '\0';) {
        if (strncmp(c, JOINER, 3) == 0) {
            c += 3;
        } else {
            *to++ = *c++;
        }
    }
    *to = '\0';
}

/* A line without its place in the block; the text is copied. */
static traffstat_i_line *add_line(traffstat_i_layout *l, traffstat_i_block *block, const char *text,
                                  size_t size)
{
    if (!traffstat_i_reserve(l->ctx, &block->lines, &block->capacity, block->count + 1,
                             sizeof *block->lines)) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return NULL;
    }
    char *copy = traffstat_i_strndup(l->ctx, text, size);
    if (copy == NULL) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return NULL;
    }
    drop_joiners(copy);
    traffstat_i_line *const line = &block->lines[block->count++];
    *line = (traffstat_i_line){.text = copy};
    return line;
}

static void place_line(traffstat_i_block *block, traffstat_i_line *line,
                       const traffstat_i_extents *ink)
{
    line->ink = *ink;
    if (line == block->lines) {
        line->baseline = fmax(ink->ascent, block->size * DIGIT_HEIGHT);
    } else {
        const traffstat_i_line *const above = line - 1;
        line->baseline =
            above->baseline + fmax(block->size * LINE_STEP,
                                   above->ink.descent + ink->ascent + block->size * LINE_AIR);
    }
    block->width = fmax(block->width, full_width(ink));
    block->height = line->baseline + fmax(ink->descent, 0.2 * block->size);
}

typedef struct wrapping {
    traffstat_i_layout *l;
    traffstat_i_block *block;
} wrapping;

static traffstat_status take_line(const char *text, size_t size, void *arg)
{
    const wrapping *const w = arg;
    traffstat_i_line *const line = add_line(w->l, w->block, text, size);
    if (line != NULL) {
        const traffstat_i_extents ink =
            extents_of(w->l, line->text, w->block->size, w->block->bold);
        place_line(w->block, line, &ink);
    }
    return w->l->status;
}

static void refuse_word(traffstat_i_layout *l, const char *word, size_t size, double width)
{
    char *plain = traffstat_i_strndup(l->ctx, word, size);
    if (plain == NULL) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return;
    }
    drop_joiners(plain);
    traffstat_i_try(l, traffstat_i_fail(l->ctx, TRAFFSTAT_E_FIT,
                                        "\"%s\" is wider than the %d units that it has", plain,
                                        (int) width));
    traffstat_i_free(l->ctx, plain);
}

/* Greedy: each line takes as many of the pieces between breaks as fit. */
static void wrap_plain(traffstat_i_layout *l, traffstat_i_block *block,
                       const traffstat_i_measured *m, double width)
{
    const traffstat_i_extents whole = scaled(&m->ink, block->size);
    const double room = width - whole.left - whole.right;
    size_t start = 0;
    double start_x = 0.0;
    size_t i = 0;
    while (l->status == TRAFFSTAT_OK && i < m->break_count) {
        size_t last = i;
        while (last + 1 < m->break_count &&
               (m->breaks[last + 1].end_x - start_x) * block->size <= room) {
            last++;
        }
        const traffstat_i_break *const at = &m->breaks[last];
        traffstat_i_extents ink = whole;
        ink.width = (at->end_x - start_x) * block->size;
        if (ink.width > room) {
            refuse_word(l, m->text + start, at->end - start, width);
            return;
        }
        traffstat_i_line *const line = add_line(l, block, m->text + start, at->end - start);
        if (line != NULL) {
            place_line(block, line, &ink);
        }
        start = at->next;
        start_x = at->next_x;
        i = last + 1;
    }
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
    char *joined = join_numbers(l->ctx, text);
    if (joined == NULL) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
        return;
    }
    const traffstat_i_measured *const m =
        strchr(text, '\n') == NULL ? measured(l, joined, bold, true) : NULL;
    if (l->status == TRAFFSTAT_OK && m != NULL && m->break_count > 0) {
        wrap_plain(l, block, m, width);
    } else if (l->status == TRAFFSTAT_OK) {
        wrapping w = {l, block};
        traffstat_i_try(
            l, traffstat_i_fonts_wrap(l->ctx, l->fonts, joined, size, bold, width, take_line, &w));
    }
    traffstat_i_free(l->ctx, joined);
}

void traffstat_i_block_draw_line(traffstat_i_layout *l, const traffstat_i_block *block, size_t line,
                                 const traffstat_i_pen *pen, traffstat_i_anchor anchor, double x,
                                 double y)
{
    const traffstat_i_line *const drawn = &block->lines[line];
    add_text(l, pen, drawn->text, &drawn->ink, block->size, block->bold, anchor,
             (traffstat_i_point){x, y});
}

void traffstat_i_block_draw(traffstat_i_layout *l, const traffstat_i_block *block,
                            const traffstat_i_pen *pen, traffstat_i_anchor anchor, double x,
                            double y)
{
    for (size_t i = 0; i < block->count; i++) {
        traffstat_i_block_draw_line(l, block, i, pen, anchor, x, y + block->lines[i].baseline);
    }
}

/* ---- single lines --------------------------------------------------------------------------- */

double traffstat_i_run_width(traffstat_i_layout *l, const char *text, double size, bool bold)
{
    const traffstat_i_extents ink = extents_of(l, text, size, bold);
    return full_width(&ink);
}

static double baseline_at(double y, double size)
{
    return y + size * DIGIT_HEIGHT / 2.0;
}

void traffstat_i_text_at(traffstat_i_layout *l, const traffstat_i_pen *pen, const char *text,
                         double size, bool bold, traffstat_i_anchor anchor, double x, double y)
{
    const traffstat_i_extents ink = extents_of(l, text, size, bold);
    add_text(l, pen, text, &ink, size, bold, anchor, (traffstat_i_point){x, baseline_at(y, size)});
}

traffstat_i_box traffstat_i_text_box(traffstat_i_layout *l, const char *text, double size,
                                     bool bold, traffstat_i_anchor anchor, double x, double y)
{
    const traffstat_i_extents ink = extents_of(l, text, size, bold);
    const double left = start_of(anchor, x, ink.width);
    const double baseline = baseline_at(y, size);
    return (traffstat_i_box){left - ink.left, baseline - ink.ascent, left + ink.width + ink.right,
                             baseline + ink.descent};
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
