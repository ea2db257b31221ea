/* A scene into SVG: real text, title, description, groups by role. */
#include <math.h>
#include <string.h>

#include "figure/scene.h"

#define CSS_PIXELS_PER_INCH 96.0
#define HASH_START 2166136261u /* FNV-1a, 32 bits */
#define HASH_PRIME 16777619u

typedef struct writer {
    traffstat_text *out;
    const traffstat_scene *scene;
    uint32_t id; /* in every id, so that two pictures can stand in one page */
} writer;

/* ---- pieces --------------------------------------------------------------------------------- */

/* At most two decimals, none that is 0 at the end. */
static void add_number(traffstat_text *out, double value)
{
    if (!(fabs(value) < 1e9)) { /* layout makes no such page; NaN too */
        value = 0.0;
    }
    char digits[24];
    size_t at = sizeof digits;
    const int64_t hundredths = llround(value * 100.0);
    uint64_t rest = (uint64_t) (hundredths < 0 ? -hundredths : hundredths);
    for (int place = 0; place < 3 || rest > 0; place++, rest /= 10) {
        const char digit = (char) ('0' + (char) (rest % 10));
        const bool trailing = place < 2 && digit == '0' && at == sizeof digits;
        if (place == 2 && at < sizeof digits) {
            digits[--at] = '.';
        }
        if (!trailing) {
            digits[--at] = digit;
        }
    }
    if (hundredths < 0) {
        digits[--at] = '-';
    }
    traffstat_i_text_add_bytes(out, digits + at, sizeof digits - at);
}

static void add_attribute(traffstat_text *out, const char *name, double value)
{
    traffstat_i_text_add(out, " ");
    traffstat_i_text_add(out, name);
    traffstat_i_text_add(out, "=\"");
    add_number(out, value);
    traffstat_i_text_add(out, "\"");
}

/* What XML 1.0 lets stand in a document. */
static bool is_xml(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' ||
           (c >= 0x20 && c != 0xFFFE && c != 0xFFFF && !(c >= 0xD800 && c <= 0xDFFF));
}

static const char *entity(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    case '\r':
        return "&#13;";
    default:
        return NULL;
    }
}

/* For content and attributes alike. */
static void add_escaped(traffstat_text *out, const char *text)
{
    const size_t size = strlen(text);
    size_t plain = 0; /* start of what is copied as it stands */
    for (size_t i = 0; i < size;) {
        size_t step = 1;
        const char *instead = entity(text[i]);
        if ((unsigned char) text[i] < 0x20 || (unsigned char) text[i] >= 0x80) {
            const uint32_t c = traffstat_i_utf8_decode(text + i, size - i, &step);
            const bool broken = step == 1 && (unsigned char) text[i] >= 0x80;
            instead = broken || !is_xml(c) ? "\xEF\xBF\xBD" : instead;
        }
        if (instead != NULL) {
            traffstat_i_text_add_bytes(out, text + plain, i - plain);
            traffstat_i_text_add(out, instead);
            plain = i + step;
        }
        i += step;
    }
    traffstat_i_text_add_bytes(out, text + plain, size - plain);
}

static void add_colour(traffstat_text *out, const char *name, uint32_t colour)
{
    if (colour == 0) {
        traffstat_i_text_addf(out, " %s=\"none\"", name);
        return;
    }
    traffstat_i_text_addf(out, " %s=\"#%06x\"", name, (unsigned) (colour >> 8));
    if ((colour & 0xFFu) != 0xFFu) {
        traffstat_i_text_addf(out, " %s-opacity=\"", name);
        add_number(out, (double) (colour & 0xFFu) / 255.0);
        traffstat_i_text_add(out, "\"");
    }
}

/* ---- hatching ------------------------------------------------------------------------------- */

static bool is_hatched(const traffstat_i_mark *mark)
{
    return mark->seen.hatch != 0 && mark->hatch_step > 0.0 &&
           mark->seen.type != TRAFFSTAT_MARK_LINE && mark->seen.type != TRAFFSTAT_MARK_TEXT;
}

static bool same_hatch(const traffstat_i_mark *a, const traffstat_i_mark *b)
{
    return a->seen.hatch == b->seen.hatch && !(a->hatch_step < b->hatch_step) &&
           !(a->hatch_step > b->hatch_step) && !(a->hatch_width < b->hatch_width) &&
           !(a->hatch_width > b->hatch_width);
}

/* The first mark hatched like mark i names the pattern of all of them. */
static size_t pattern_of(const traffstat_scene *scene, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (is_hatched(&scene->marks[j]) && same_hatch(&scene->marks[j], &scene->marks[i])) {
            return j;
        }
    }
    return i;
}

/* Lines half a step from the origin across the diagonal, as in draw.c. */
static void add_pattern(writer *w, size_t i)
{
    const traffstat_i_mark *const mark = &w->scene->marks[i];
    traffstat_i_text_addf(w->out, "<pattern id=\"hatch%zu-%08x\" patternUnits=\"userSpaceOnUse\"",
                          i, (unsigned) w->id);
    add_attribute(w->out, "width", mark->hatch_step);
    add_attribute(w->out, "height", mark->hatch_step);
    traffstat_i_text_add(w->out, " patternTransform=\"rotate(45)\"><path d=\"M");
    add_number(w->out, 0.5 * mark->hatch_step);
    traffstat_i_text_add(w->out, " 0V");
    add_number(w->out, mark->hatch_step);
    traffstat_i_text_add(w->out, "\"");
    add_colour(w->out, "stroke", mark->seen.hatch);
    add_attribute(w->out, "stroke-width", mark->hatch_width);
    traffstat_i_text_add(w->out, "/></pattern>\n");
}

static void add_patterns(writer *w)
{
    bool open = false;
    for (size_t i = 0; i < w->scene->mark_count; i++) {
        if (is_hatched(&w->scene->marks[i]) && pattern_of(w->scene, i) == i) {
            traffstat_i_text_add(w->out, open ? "" : "<defs>\n");
            open = true;
            add_pattern(w, i);
        }
    }
    traffstat_i_text_add(w->out, open ? "</defs>\n" : "");
}

/* ---- marks ---------------------------------------------------------------------------------- */

static void open_shape(writer *w, const traffstat_i_mark *mark)
{
    const traffstat_mark *const seen = &mark->seen;
    switch (seen->type) {
    case TRAFFSTAT_MARK_RECT:
        traffstat_i_text_add(w->out, "<rect");
        add_attribute(w->out, "x", fmin(seen->x, seen->x2));
        add_attribute(w->out, "y", fmin(seen->y, seen->y2));
        add_attribute(w->out, "width", fabs(seen->x2 - seen->x));
        add_attribute(w->out, "height", fabs(seen->y2 - seen->y));
        break;
    case TRAFFSTAT_MARK_LINE:
        traffstat_i_text_add(w->out, "<line");
        add_attribute(w->out, "x1", seen->x);
        add_attribute(w->out, "y1", seen->y);
        add_attribute(w->out, "x2", seen->x2);
        add_attribute(w->out, "y2", seen->y2);
        break;
    case TRAFFSTAT_MARK_CIRCLE:
        traffstat_i_text_add(w->out, "<circle");
        add_attribute(w->out, "cx", mark->at.x);
        add_attribute(w->out, "cy", mark->at.y);
        add_attribute(w->out, "r", mark->radius);
        break;
    case TRAFFSTAT_MARK_PATH:
    default:
        traffstat_i_text_add(w->out, "<path d=\"");
        for (size_t i = 0; i < mark->point_count; i++) {
            const traffstat_i_point *const point = &w->scene->points[mark->first_point + i];
            traffstat_i_text_add(w->out, i == 0 ? "M" : "L");
            add_number(w->out, point->x);
            traffstat_i_text_add(w->out, " ");
            add_number(w->out, point->y);
        }
        traffstat_i_text_add(w->out, mark->closed ? "Z\"" : "\"");
        break;
    }
}

static bool is_area(const traffstat_i_mark *mark)
{
    const int32_t type = mark->seen.type;
    return type == TRAFFSTAT_MARK_RECT || type == TRAFFSTAT_MARK_CIRCLE ||
           (type == TRAFFSTAT_MARK_PATH && mark->closed);
}

static void add_stroke(writer *w, const traffstat_i_mark *mark)
{
    if (mark->seen.stroke == 0 || !(mark->seen.stroke_width > 0.0)) {
        return;
    }
    add_colour(w->out, "stroke", mark->seen.stroke);
    add_attribute(w->out, "stroke-width", mark->seen.stroke_width);
    if (mark->seen.type == TRAFFSTAT_MARK_PATH) {
        traffstat_i_text_add(w->out, " stroke-linejoin=\"round\"");
    }
    if (mark->dash > 0.0) {
        add_attribute(w->out, "stroke-dasharray", mark->dash);
    }
}

/* A shape that is both filled and hatched is written twice: the fill, then the hatching. */
static void add_shape(writer *w, size_t i)
{
    const traffstat_i_mark *const mark = &w->scene->marks[i];
    const bool hatched = is_area(mark) && is_hatched(mark);
    if (hatched && mark->seen.fill != 0) {
        open_shape(w, mark);
        add_colour(w->out, "fill", mark->seen.fill);
        traffstat_i_text_add(w->out, "/>\n");
    }
    open_shape(w, mark);
    if (hatched) {
        traffstat_i_text_addf(w->out, " fill=\"url(#hatch%zu-%08x)\"", pattern_of(w->scene, i),
                              (unsigned) w->id);
    } else if (mark->seen.type != TRAFFSTAT_MARK_LINE) {
        add_colour(w->out, "fill", is_area(mark) ? mark->seen.fill : 0);
    }
    add_stroke(w, mark);
    traffstat_i_text_add(w->out, "/>\n");
}

/* In SVG "start" is where reading starts: at the right end of an Arabic line. */
static const char *anchor_name(traffstat_i_anchor anchor, bool leftward)
{
    switch (anchor) {
    case TRAFFSTAT_I_ANCHOR_MIDDLE:
        return " text-anchor=\"middle\"";
    case TRAFFSTAT_I_ANCHOR_END:
        return leftward ? "" : " text-anchor=\"end\"";
    case TRAFFSTAT_I_ANCHOR_START:
    default:
        return leftward ? " text-anchor=\"end\"" : "";
    }
}

static bool needs_spaces(const char *text)
{
    const size_t size = strlen(text);
    return size > 0 && (text[0] == ' ' || text[size - 1] == ' ' || strstr(text, "  ") != NULL);
}

static void add_line(writer *w, const traffstat_i_mark *mark)
{
    const char *text = mark->seen.text;
    const bool leftward = traffstat_i_text_is_leftward(text, strlen(text));
    traffstat_i_text_add(w->out, "<text");
    add_attribute(w->out, "x", mark->at.x);
    add_attribute(w->out, "y", mark->at.y);
    add_attribute(w->out, "font-size", mark->seen.font_size);
    traffstat_i_text_add(w->out, mark->seen.bold != 0 ? " font-weight=\"700\"" : "");
    traffstat_i_text_add(w->out, leftward ? " direction=\"rtl\"" : "");
    traffstat_i_text_add(w->out, anchor_name(mark->anchor, leftward));
    traffstat_i_text_add(w->out, needs_spaces(text) ? " xml:space=\"preserve\"" : "");
    add_colour(w->out, "fill", mark->seen.fill);
    traffstat_i_text_add(w->out, ">");
    add_escaped(w->out, text);
    traffstat_i_text_add(w->out, "</text>\n");
}

static void add_group(writer *w, const traffstat_i_group *group)
{
    traffstat_i_text_addf(w->out, "<g class=\"%s\">\n", traffstat_i_role_name(group->role));
    for (size_t i = group->first_mark; i < group->first_mark + group->mark_count; i++) {
        if (w->scene->marks[i].seen.type == TRAFFSTAT_MARK_TEXT) {
            add_line(w, &w->scene->marks[i]);
        } else {
            add_shape(w, i);
        }
    }
    traffstat_i_text_add(w->out, "</g>\n");
}

/* ---- the document --------------------------------------------------------------------------- */

static uint32_t hash(uint32_t seed, const char *text)
{
    for (; *text != '\0'; text++) {
        seed = (seed ^ (unsigned char) *text) * HASH_PRIME;
    }
    return seed;
}

/* A quoted CSS string inside a quoted attribute. */
static void add_family(traffstat_text *out, const char *family)
{
    char one[2] = {0};
    traffstat_i_text_add(out, " font-family=\"");
    if (family[0] != '\0') {
        traffstat_i_text_add(out, "'");
        for (; *family != '\0'; family++) {
            one[0] = *family;
            traffstat_i_text_add(out, *family == '\'' || *family == '\\' ? "\\" : "");
            if (entity(*family) != NULL) {
                traffstat_i_text_add(out, entity(*family));
            } else {
                traffstat_i_text_add_bytes(out, one, 1);
            }
        }
        traffstat_i_text_add(out, "', ");
    }
    /* Measured without ligatures, as the other two writers draw it. */
    traffstat_i_text_add(out, "sans-serif\" style=\"font-variant-ligatures:none\"");
}

static void open_document(writer *w)
{
    const traffstat_scene *const scene = w->scene;
    const double scale = CSS_PIXELS_PER_INCH / scene->units_per_inch;
    traffstat_i_text_addf(w->out,
                          "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                          "<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" "
                          "aria-labelledby=\"title-%08x desc-%08x\" lang=\"",
                          (unsigned) w->id, (unsigned) w->id);
    add_escaped(w->out, scene->language);
    traffstat_i_text_add(w->out, "\" xml:lang=\"");
    add_escaped(w->out, scene->language);
    traffstat_i_text_add(w->out, "\"");
    add_attribute(w->out, "width", scene->width * scale);
    add_attribute(w->out, "height", scene->height * scale);
    traffstat_i_text_add(w->out, " viewBox=\"0 0 ");
    add_number(w->out, scene->width);
    traffstat_i_text_add(w->out, " ");
    add_number(w->out, scene->height);
    traffstat_i_text_add(w->out, "\"");
    add_family(w->out, scene->font_family);
    traffstat_i_text_addf(w->out, ">\n<title id=\"title-%08x\">", (unsigned) w->id);
    add_escaped(w->out, scene->title);
    traffstat_i_text_addf(w->out, "</title>\n<desc id=\"desc-%08x\">", (unsigned) w->id);
    add_escaped(w->out, scene->alt);
    traffstat_i_text_add(w->out, "</desc>\n");
}

traffstat_status traffstat_i_write_svg(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out)
{
    (void) ctx;
    writer w = {out, scene, hash(hash(HASH_START, scene->title), scene->alt)};
    open_document(&w);
    add_patterns(&w);
    traffstat_i_group group = {0};
    while (traffstat_i_scene_next_group(scene, &group)) {
        add_group(&w, &group);
    }
    traffstat_i_text_add(out, "</svg>\n");
    return out->failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}
