/* The one place that knows Pango and fontconfig. */
#include <dirent.h>
#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <pango/pangocairo.h>
#include <pango/pangofc-fontmap.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "figure/scene.h"

#ifndef TRAFFSTAT_FONT_REGULAR
#define TRAFFSTAT_FONT_REGULAR "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf"
#endif
#ifndef TRAFFSTAT_FONT_BOLD
#define TRAFFSTAT_FONT_BOLD "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf"
#endif

#define REGULAR_END "-Regular."
#define CURE "install the package fonts-noto-core or name another font file"

struct traffstat_i_fonts {
    traffstat_ctx *ctx;
    FcConfig *config;
    PangoFontMap *map;
    PangoContext *context;
    PangoLayout *layout;
    PangoFontDescription *regular;
    PangoFontDescription *bold;
    PangoLanguage *language;
    PangoLanguage *no_language;
    char *family;
    char **files; /* in the order of loading: regular, bold, then other scripts' */
    size_t file_count;
};

/* ---- font files ----------------------------------------------------------------------------- */

static traffstat_status refuse_file(traffstat_ctx *ctx, const char *path, const char *why)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_FONT, "cannot use the font file %s: %s; " CURE, path,
                            why);
}

static traffstat_status keep_file(traffstat_i_fonts *fonts, const char *path)
{
    char **files =
        traffstat_i_realloc(fonts->ctx, fonts->files, fonts->file_count + 1, sizeof *files);
    if (files == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    fonts->files = files;
    files[fonts->file_count] = traffstat_i_strdup(fonts->ctx, path);
    if (files[fonts->file_count] == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    fonts->file_count++;
    return TRAFFSTAT_OK;
}

/* Adds a file to the private configuration; *face, unless NULL, is what its first face is called. */
static traffstat_status load_file(traffstat_i_fonts *fonts, const char *path,
                                  PangoFontDescription **face)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        return refuse_file(fonts->ctx, path, traffstat_i_errno_text(errno));
    }
    if (!S_ISREG(info.st_mode)) { /* fontconfig would load all of a folder */
        return refuse_file(fonts->ctx, path, "not a regular file");
    }
    const FcFontSet *set = FcConfigGetFonts(fonts->config, FcSetApplication);
    const int before = set != NULL ? set->nfont : 0;
    const FcBool added = FcConfigAppFontAddFile(fonts->config, (const FcChar8 *) path);
    set = FcConfigGetFonts(fonts->config, FcSetApplication);
    if (!added || set == NULL) {
        return refuse_file(fonts->ctx, path, "not a font");
    }
    if (face == NULL) {
        return TRAFFSTAT_OK;
    }
    if (set->nfont <= before) { /* the same file twice: its face is there already */
        *face = pango_font_description_copy(fonts->regular);
    } else {
        *face = pango_fc_font_description_from_pattern(set->fonts[before], FALSE);
    }
    const char *family = *face != NULL ? pango_font_description_get_family(*face) : NULL;
    return family != NULL ? TRAFFSTAT_OK : refuse_file(fonts->ctx, path, "it names no family");
}

/* ---- the font map --------------------------------------------------------------------------- */

/* Nothing is snapped to pixels, so that one layout serves pixels, points and browsers alike. */
static void set_rendering(PangoContext *context, PangoLanguage *language)
{
    cairo_font_options_t *options = cairo_font_options_create();
    cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
    cairo_font_options_set_subpixel_order(options, CAIRO_SUBPIXEL_ORDER_DEFAULT);
    cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
    cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
    pango_cairo_context_set_font_options(context, options);
    cairo_font_options_destroy(options);
    pango_cairo_context_set_resolution(context, 96.0);
    pango_context_set_round_glyph_positions(context, FALSE);
    pango_context_set_language(context, language);
    pango_context_set_base_dir(context, PANGO_DIRECTION_LTR);
}

/* Pango sorts fonts in threads of its own, one for each size and weight, that still look into their
 * map when they end; a map that went before them would crash the process now and then (Pango 1.50;
 * pango#872 tells of the threads that nobody waits for). No call waits for them, so a map is never
 * destroyed: it rests behind REST others before it is used again. GLib keeps the queue, as it keeps
 * Pango's types: for the whole process. */
#define REST 4

static GAsyncQueue *resting_maps(void)
{
    const GQuark name = g_quark_from_static_string("traffstat-resting-font-maps");
    GAsyncQueue *queue = g_type_get_qdata(PANGO_TYPE_FC_FONT_MAP, name);
    if (queue == NULL) {
        /* Two threads that come here first may lose one queue to the other, with a map at most. */
        g_type_set_qdata(PANGO_TYPE_FC_FONT_MAP, name, g_async_queue_new());
        queue = g_type_get_qdata(PANGO_TYPE_FC_FONT_MAP, name);
    }
    return queue;
}

static PangoFontMap *take_map(void)
{
    GAsyncQueue *queue = resting_maps();
    PangoFontMap *map = NULL;
    g_async_queue_lock(queue);
    if (g_async_queue_length_unlocked(queue) >= REST) {
        map = g_async_queue_try_pop_unlocked(queue);
    }
    g_async_queue_unlock(queue);
    return map != NULL ? map : pango_cairo_font_map_new_for_font_type(CAIRO_FONT_TYPE_FT);
}

static void close_map(traffstat_i_fonts *fonts)
{
    g_clear_object(&fonts->layout);
    g_clear_object(&fonts->context);
    if (fonts->map != NULL) {
        g_async_queue_push(resting_maps(), fonts->map);
        fonts->map = NULL;
    }
}

/* A map over what the configuration holds now; called again when it has grown. */
static traffstat_status open_map(traffstat_i_fonts *fonts)
{
    PangoFontMap *map = take_map();
    if (map == NULL || !PANGO_IS_FC_FONT_MAP(map)) {
        g_clear_object(&map);
        return traffstat_i_fail(fonts->ctx, TRAFFSTAT_E_DRAW, "this Pango has no FreeType fonts");
    }
    pango_fc_font_map_set_config(PANGO_FC_FONT_MAP(map), fonts->config);
    /* What it remembers may be of this very configuration, before it grew. */
    pango_fc_font_map_config_changed(PANGO_FC_FONT_MAP(map));
    PangoContext *context = pango_font_map_create_context(map);
    set_rendering(context, fonts->language);
    PangoLayout *layout = pango_layout_new(context);
    pango_layout_set_auto_dir(layout, TRUE);

    close_map(fonts);
    fonts->map = map;
    fonts->context = context;
    fonts->layout = layout;
    return TRAFFSTAT_OK;
}

static const char *or_default(const char *text, const char *otherwise)
{
    return text != NULL && text[0] != '\0' ? text : otherwise;
}

static traffstat_status open_fonts(traffstat_i_fonts *fonts, const char *regular, const char *bold)
{
    traffstat_status status = keep_file(fonts, regular);
    if (status == TRAFFSTAT_OK) {
        status = keep_file(fonts, bold);
    }
    if (status == TRAFFSTAT_OK) {
        status = load_file(fonts, regular, &fonts->regular);
    }
    if (status == TRAFFSTAT_OK) {
        status = load_file(fonts, bold, &fonts->bold);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    fonts->family =
        traffstat_i_strdup(fonts->ctx, pango_font_description_get_family(fonts->regular));
    return fonts->family != NULL ? open_map(fonts) : TRAFFSTAT_E_NOMEM;
}

traffstat_status traffstat_i_fonts_new(traffstat_ctx *ctx, const char *regular, const char *bold,
                                       const char *language, traffstat_i_fonts **out)
{
    *out = NULL;
    traffstat_i_fonts *fonts = traffstat_i_alloc(ctx, 1, sizeof *fonts);
    if (fonts == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    fonts->ctx = ctx;
    fonts->language = pango_language_from_string(or_default(language, "en"));
    fonts->no_language = pango_language_from_string("und");
    fonts->config = FcConfigCreate();
    if (fonts->config == NULL) {
        traffstat_i_fonts_free(fonts);
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for the font configuration");
    }
    const traffstat_status status = open_fonts(fonts, or_default(regular, TRAFFSTAT_FONT_REGULAR),
                                               or_default(bold, TRAFFSTAT_FONT_BOLD));
    if (status != TRAFFSTAT_OK) {
        traffstat_i_fonts_free(fonts);
        return status;
    }
    *out = fonts;
    return TRAFFSTAT_OK;
}

void traffstat_i_fonts_free(traffstat_i_fonts *fonts)
{
    if (fonts == NULL) {
        return;
    }
    close_map(fonts);
    pango_font_description_free(fonts->regular); /* NULL is allowed */
    pango_font_description_free(fonts->bold);
    if (fonts->config != NULL) {
        FcConfigDestroy(fonts->config);
    }
    for (size_t i = 0; i < fonts->file_count; i++) {
        traffstat_i_free(fonts->ctx, fonts->files[i]);
    }
    traffstat_i_free(fonts->ctx, fonts->files);
    traffstat_i_free(fonts->ctx, fonts->family);
    traffstat_i_free(fonts->ctx, fonts);
}

const char *traffstat_i_fonts_family(const traffstat_i_fonts *fonts)
{
    return fonts->family;
}

/* ---- direction ------------------------------------------------------------------------------ */

/* The blocks that Unicode gives to scripts written from right to left. */
static bool is_leftward(uint32_t c)
{
    return (c >= 0x590 && c <= 0x8FF) || (c >= 0xFB1D && c <= 0xFDFF) ||
           (c >= 0xFE70 && c <= 0xFEFF) || (c >= 0x10800 && c <= 0x10FFF) ||
           (c >= 0x1E800 && c <= 0x1EFFF);
}

bool traffstat_i_text_is_leftward(const char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t step = 1;
        const uint32_t c = traffstat_i_utf8_decode(text + i, size - i, &step);
        if (c == 0x200E || c == 0x200F) {
            return c == 0x200F;
        }
        if (g_unichar_isalpha(c)) {
            return is_leftward(c);
        }
        i += step;
    }
    return false;
}

/* ---- one layout ----------------------------------------------------------------------------- */

static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char) *text >= 0x80) {
            return false;
        }
    }
    return true;
}

/* Whether a character belongs to another script than the language's own. */
static bool is_foreign(uint32_t c, PangoLanguage *language)
{
    const GUnicodeScript script = g_unichar_get_script(c);
    return script != G_UNICODE_SCRIPT_COMMON && script != G_UNICODE_SCRIPT_INHERITED &&
           !pango_language_includes_script(language, (PangoScript) script);
}

/* Pango asks LANGUAGE of the environment which language letters of another script are in; the
 * same input must give the same bytes, so those are said to be in none. */
static PangoAttrList *name_languages(const traffstat_i_fonts *fonts, const char *text)
{
    PangoAttrList *list = pango_attr_list_new();
    const size_t size = strlen(text);
    for (size_t i = 0; i < size;) {
        size_t step = 1;
        if (is_foreign(traffstat_i_utf8_decode(text + i, size - i, &step), fonts->language)) {
            PangoAttribute *attribute = pango_attr_language_new(fonts->no_language);
            attribute->start_index = (guint) i;
            attribute->end_index = (guint) (i + step);
            pango_attr_list_insert(list, attribute);
        }
        i += step;
    }
    return list;
}

static void set_layout(traffstat_i_fonts *fonts, const char *text, double size, bool bold)
{
    PangoFontDescription *face = bold ? fonts->bold : fonts->regular;
    pango_font_description_set_absolute_size(face, size * PANGO_SCALE);
    pango_layout_set_font_description(fonts->layout, face);
    PangoAttrList *list = is_plain(text) ? pango_attr_list_new() : name_languages(fonts, text);
    /* A ligature reaches a PDF's text as one sign: a search for "trafficking" would miss it. */
    pango_attr_list_insert(list, pango_attr_font_features_new("liga=0, clig=0"));
    pango_layout_set_attributes(fonts->layout, list);
    pango_attr_list_unref(list);
    pango_layout_set_text(fonts->layout, text, -1);
}

/* The first character without a glyph; 0 when there is none. */
static uint32_t missing_glyph(PangoLayout *layout)
{
    if (pango_layout_get_unknown_glyphs_count(layout) == 0) {
        return 0;
    }
    uint32_t found = 0xFFFD;
    PangoLayoutIter *iter = pango_layout_get_iter(layout);
    do {
        const PangoLayoutRun *run = pango_layout_iter_get_run_readonly(iter);
        for (int i = 0; run != NULL && i < run->glyphs->num_glyphs; i++) {
            const PangoGlyph glyph = run->glyphs->glyphs[i].glyph;
            if ((glyph & PANGO_GLYPH_UNKNOWN_FLAG) != 0 && glyph != PANGO_GLYPH_INVALID_INPUT) {
                found = glyph & ~PANGO_GLYPH_UNKNOWN_FLAG;
                goto out;
            }
        }
    } while (pango_layout_iter_next_run(iter));
out:
    pango_layout_iter_free(iter);
    return found;
}

/* ---- other scripts' fonts ------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Upright Noto faces of one weight: NotoSansThai-Regular.ttf, but no NotoSans-Italic.ttf. */
static bool is_candidate(const char *name)
{
    return strncmp(name, "Noto", 4) == 0 && strstr(name, REGULAR_END) != NULL;
}

typedef struct names {
    traffstat_ctx *ctx;
    char **items;
    size_t count;
    size_t capacity;
} names;

static void free_names(names *list)
{
    for (size_t i = 0; i < list->count; i++) {
        traffstat_i_free(list->ctx, list->items[i]);
    }
    traffstat_i_free(list->ctx, list->items);
}

static traffstat_status list_candidates(const char *folder, names *list)
{
    DIR *dir = opendir(folder);
    if (dir == NULL) {
        return TRAFFSTAT_OK; /* no folder, no candidates: the caller names the missing glyph */
    }
    traffstat_status status = TRAFFSTAT_OK;
    const struct dirent *entry = NULL;
    while (status == TRAFFSTAT_OK && (entry = readdir(dir)) != NULL) {
        if (!is_candidate(entry->d_name)) {
            continue;
        }
        char *name = NULL;
        if (traffstat_i_reserve(list->ctx, &list->items, &list->capacity, list->count + 1,
                                sizeof *list->items)) {
            name = traffstat_i_strdup(list->ctx, entry->d_name);
        }
        if (name == NULL) {
            status = TRAFFSTAT_E_NOMEM;
        } else {
            list->items[list->count++] = name;
        }
    }
    (void) closedir(dir);
    if (list->count > 0) { /* folders list their files in no order */
        qsort(list->items, list->count, sizeof *list->items, compare_names);
    }
    return status;
}

static bool file_has(const char *path, uint32_t c)
{
    int faces = 0;
    bool has = false;
    FcPattern *face = FcFreeTypeQuery((const FcChar8 *) path, 0, NULL, &faces);
    if (face != NULL) {
        FcCharSet *set = NULL;
        has = FcPatternGetCharSet(face, FC_CHARSET, 0, &set) == FcResultMatch &&
              FcCharSetHasChar(set, c);
        FcPatternDestroy(face);
    }
    return has;
}

/* Loads a regular face and, where it lies beside it, its bold one. */
static traffstat_status adopt_file(traffstat_i_fonts *fonts, const char *path)
{
    traffstat_text bold;
    traffstat_i_text_init(&bold, fonts->ctx);
    const char *end = strstr(path, REGULAR_END);
    traffstat_i_text_add_bytes(&bold, path, (size_t) (end - path));
    traffstat_i_text_add(&bold, "-Bold.");
    traffstat_i_text_add(&bold, end + strlen(REGULAR_END));
    struct stat info;
    traffstat_status status = bold.failed ? TRAFFSTAT_E_NOMEM : keep_file(fonts, path);
    if (status == TRAFFSTAT_OK) {
        status = load_file(fonts, path, NULL);
    }
    if (status == TRAFFSTAT_OK && stat(traffstat_i_text_get(&bold), &info) == 0) {
        status = load_file(fonts, traffstat_i_text_get(&bold), NULL);
    }
    traffstat_i_text_clear(&bold);
    return status != TRAFFSTAT_OK ? status : open_map(fonts);
}

static bool is_loaded(const traffstat_i_fonts *fonts, const char *path)
{
    for (size_t i = 0; i < fonts->file_count; i++) {
        if (strcmp(fonts->files[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* Sans faces are tried first, then the others (Naskh, Serif…), each by name. */
static traffstat_status search_folder(traffstat_i_fonts *fonts, const char *folder, uint32_t c,
                                      bool *found)
{
    names list = {.ctx = fonts->ctx};
    traffstat_text path;
    traffstat_i_text_init(&path, fonts->ctx);
    traffstat_status status = list_candidates(folder, &list);
    for (size_t i = 0; status == TRAFFSTAT_OK && !*found && i < 2 * list.count; i++) {
        const char *name = list.items[i % list.count];
        if ((strncmp(name, "NotoSans", 8) == 0) != (i < list.count)) {
            continue;
        }
        path.size = 0;
        traffstat_i_text_add(&path, folder);
        traffstat_i_text_add(&path, "/");
        traffstat_i_text_add(&path, name);
        if (path.failed) {
            status = TRAFFSTAT_E_NOMEM;
        } else if (!is_loaded(fonts, path.data) && file_has(path.data, c)) {
            *found = true;
            status = adopt_file(fonts, path.data);
        }
    }
    traffstat_i_text_clear(&path);
    free_names(&list);
    return status;
}

/* Looks beside the regular face, then in the folder that Debian keeps OpenType files (CJK) in. */
static traffstat_status find_glyph(traffstat_i_fonts *fonts, uint32_t c, bool *found)
{
    static const char kind[] = "/truetype/";
    const char *path = fonts->files[0];
    const char *slash = strrchr(path, '/');
    traffstat_text folder;
    traffstat_i_text_init(&folder, fonts->ctx);
    traffstat_i_text_add_bytes(&folder, slash != NULL ? path : ".",
                               slash != NULL ? (size_t) (slash - path) : 1);
    traffstat_status status = folder.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    if (status == TRAFFSTAT_OK) {
        status = search_folder(fonts, folder.data, c, found);
    }
    const char *at = slash != NULL ? strstr(path, kind) : NULL;
    if (status == TRAFFSTAT_OK && !*found && at != NULL) {
        const char *rest = at + strlen(kind);
        folder.size = (size_t) (at - path);
        traffstat_i_text_add(&folder, "/opentype/");
        traffstat_i_text_add_bytes(&folder, rest, slash > rest ? (size_t) (slash - rest) : 0);
        status = folder.failed ? TRAFFSTAT_E_NOMEM : search_folder(fonts, folder.data, c, found);
    }
    traffstat_i_text_clear(&folder);
    return status;
}

/* Lays a text out in the layout of `fonts`; every glyph is there on success. */
static traffstat_status lay_out(traffstat_ctx *ctx, traffstat_i_fonts *fonts, const char *text,
                                double size, bool bold)
{
    if (!(size > 0.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_INTERNAL, "a text has no size: %s", text);
    }
    if (!traffstat_i_utf8_valid(text, strlen(text))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a text of the figure is not valid UTF-8");
    }
    uint32_t last = 0;
    for (;;) {
        set_layout(fonts, text, size, bold);
        const uint32_t missing = missing_glyph(fonts->layout);
        if (missing == 0) {
            return TRAFFSTAT_OK;
        }
        bool found = false;
        traffstat_status status = TRAFFSTAT_OK;
        if (missing != last) { /* what was found must have helped */
            status = find_glyph(fonts, missing, &found);
        }
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        if (!found) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_FONT,
                                    "no font has the character U+%04X of the text '%s'; install "
                                    "the Noto font of its script or name another font file",
                                    (unsigned) missing, text);
        }
        last = missing;
    }
}

/* ---- measuring ------------------------------------------------------------------------------ */

static double units(int pango)
{
    return (double) pango / PANGO_SCALE;
}

/* The layout as one line. */
static PangoLayoutLine *one_line(traffstat_i_fonts *fonts)
{
    return pango_layout_get_line_readonly(fonts->layout, 0);
}

static traffstat_status lay_out_line(traffstat_ctx *ctx, traffstat_i_fonts *fonts, const char *text,
                                     double size, bool bold)
{
    pango_layout_set_width(fonts->layout, -1);
    const traffstat_status status = lay_out(ctx, fonts, text, size, bold);
    if (status == TRAFFSTAT_OK && pango_layout_get_line_count(fonts->layout) != 1) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_FIT, "a line break in the label '%s'", text);
    }
    return status;
}

static void read_extents(PangoLayoutLine *line, double size, traffstat_i_extents *out)
{
    PangoRectangle ink;
    PangoRectangle advance;
    pango_layout_line_get_extents(line, &ink, &advance);
    *out = (traffstat_i_extents){
        .width = units(advance.width) / size,
        .ascent = units(-ink.y) / size,
        .descent = units(ink.y + ink.height) / size,
        .left = units(-ink.x) / size,
        .right = units(ink.x + ink.width - advance.width) / size,
        .line_ascent = units(-advance.y) / size,
        .line_descent = units(advance.y + advance.height) / size,
    };
}

traffstat_status traffstat_i_fonts_measure(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                           const char *text, double size, bool bold,
                                           traffstat_i_extents *out)
{
    const traffstat_status status = lay_out_line(ctx, fonts, text, size, bold);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    read_extents(one_line(fonts), 1.0, out);
    return TRAFFSTAT_OK;
}

static double anchor_shift(traffstat_i_anchor anchor, double width)
{
    switch (anchor) {
    case TRAFFSTAT_I_ANCHOR_MIDDLE:
        return -0.5 * width;
    case TRAFFSTAT_I_ANCHOR_END:
        return -width;
    case TRAFFSTAT_I_ANCHOR_START:
    default:
        return 0.0;
    }
}

traffstat_status traffstat_i_scene_add_text(traffstat_scene *scene, traffstat_i_fonts *fonts,
                                            const traffstat_i_mark *mark)
{
    traffstat_i_extents size;
    const traffstat_status status = traffstat_i_fonts_measure(
        scene->ctx, fonts, mark->seen.text, mark->seen.font_size, mark->seen.bold != 0, &size);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_mark text = *mark;
    const double left = mark->at.x + anchor_shift(mark->anchor, size.width);
    text.seen.type = TRAFFSTAT_MARK_TEXT;
    text.seen.x = left - (size.left > 0.0 ? size.left : 0.0);
    text.seen.y = mark->at.y - size.ascent;
    text.seen.x2 = left + size.width + (size.right > 0.0 ? size.right : 0.0);
    text.seen.y2 = mark->at.y + size.descent;
    return traffstat_i_scene_add(scene, &text);
}

/* ---- wrapping ------------------------------------------------------------------------------- */

/* A line alone is read in the direction of its first letter; its paragraph may have another. */
static const char *direction_mark(const char *line, size_t size, bool paragraph_leftward)
{
    const bool leftward = traffstat_i_text_is_leftward(line, size);
    if (size == 0 || leftward == paragraph_leftward) {
        return "";
    }
    return leftward ? "\xE2\x80\x8E" : "\xE2\x80\x8F"; /* U+200E, U+200F */
}

static traffstat_status hand_over(traffstat_ctx *ctx, const PangoLayoutLine *from, const char *text,
                                  traffstat_i_line_fn line, void *arg)
{
    const char *start = text + from->start_index;
    size_t size = (size_t) from->length;
    while (size > 0 && traffstat_i_is_space(start[size - 1])) {
        size--;
    }
    while (size > 0 && traffstat_i_is_space(start[0])) {
        start++;
        size--;
    }
    traffstat_text own;
    traffstat_i_text_init(&own, ctx);
    traffstat_i_text_add(&own,
                         direction_mark(start, size, from->resolved_dir == PANGO_DIRECTION_RTL));
    traffstat_i_text_add_bytes(&own, start, size);
    const traffstat_status status =
        own.failed ? TRAFFSTAT_E_NOMEM : line(traffstat_i_text_get(&own), own.size, arg);
    traffstat_i_text_clear(&own);
    return status;
}

/* Every line fits, or the word that does not is named. */
static traffstat_status check_width(traffstat_ctx *ctx, PangoLayoutLine *line, const char *text,
                                    double width)
{
    PangoRectangle advance;
    pango_layout_line_get_extents(line, NULL, &advance);
    if (units(advance.width) <= width) {
        return TRAFFSTAT_OK;
    }
    const char *start = text + line->start_index;
    int size = line->length;
    while (size > 0 && traffstat_i_is_space(start[size - 1])) {
        size--; /* a space at the end of a line hangs over */
    }
    int edge = 0;
    pango_layout_line_index_to_x(line, line->start_index + size, FALSE, &edge);
    if (line->resolved_dir == PANGO_DIRECTION_LTR && units(edge) <= width) {
        return TRAFFSTAT_OK;
    }
    char room[TRAFFSTAT_I_FIXED_SIZE];
    traffstat_i_format_fixed(room, sizeof room, width, 0);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_FIT, "'%.*s' is wider than the %s units it has", size,
                            start, room);
}

traffstat_status traffstat_i_fonts_wrap(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                        const char *text, double size, bool bold, double width,
                                        traffstat_i_line_fn line, void *arg)
{
    pango_layout_set_width(fonts->layout, -1); /* of an earlier text */
    traffstat_status status = lay_out(ctx, fonts, text, size, bold);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    /* `line` may measure, which uses the layout: work on one of its own. */
    PangoLayout *layout = pango_layout_copy(fonts->layout);
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD);
    pango_layout_set_width(layout, width > 0.0 ? (int) (width * PANGO_SCALE) : 0);
    const int count = pango_layout_get_line_count(layout);
    for (int i = 0; status == TRAFFSTAT_OK && i < count; i++) {
        status = check_width(ctx, pango_layout_get_line_readonly(layout, i), text, width);
    }
    for (int i = 0; status == TRAFFSTAT_OK && i < count; i++) {
        status = hand_over(ctx, pango_layout_get_line_readonly(layout, i), text, line, arg);
    }
    g_object_unref(layout);
    return status;
}

/* Large enough that Pango's rounding to 1/1024 of a unit does not show. */
#define BREAKS_SIZE 100.0

/* Whether a text is one line of scripts that run from left to right and do not join: Latin, Greek,
 * Cyrillic and the punctuation that goes with them, without direction marks. */
static bool is_simple(const char *text)
{
    const size_t size = strlen(text);
    size_t step = 1;
    for (size_t i = 0; i < size; i += step) {
        const uint32_t c = traffstat_i_utf8_decode(text + i, size - i, &step);
        const bool letter = c >= 0x20 && c < 0x530;
        const bool sign = (c >= 0x2010 && c <= 0x2027) || (c >= 0x202F && c <= 0x2060) ||
                          (c >= 0x20A0 && c <= 0x20CF);
        if (!letter && !sign) {
            return false;
        }
    }
    return size > 0;
}

static traffstat_i_break break_at(PangoLayoutLine *line, const char *text, size_t next)
{
    size_t end = next;
    while (end > 0 && text[end - 1] == ' ') {
        end--;
    }
    int end_x = 0;
    int next_x = 0;
    pango_layout_line_index_to_x(line, (int) end, FALSE, &end_x);
    pango_layout_line_index_to_x(line, (int) next, FALSE, &next_x);
    return (traffstat_i_break){end, next, units(end_x) / BREAKS_SIZE, units(next_x) / BREAKS_SIZE};
}

traffstat_status traffstat_i_fonts_breaks(traffstat_ctx *ctx, traffstat_i_fonts *fonts,
                                          const char *text, bool bold, traffstat_i_break **breaks,
                                          size_t *count, traffstat_i_extents *ink)
{
    *breaks = NULL;
    *count = 0;
    if (!is_simple(text)) {
        return TRAFFSTAT_OK;
    }
    const traffstat_status status = lay_out_line(ctx, fonts, text, BREAKS_SIZE, bold);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    int length = 0;
    const PangoLogAttr *const attrs = pango_layout_get_log_attrs_readonly(fonts->layout, &length);
    traffstat_i_break *const found = traffstat_i_alloc(ctx, (size_t) length, sizeof *found);
    if (found == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    PangoLayoutLine *const line = one_line(fonts);
    const size_t size = strlen(text);
    size_t byte = 0;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (attrs[i].is_line_break || byte == size)) {
            found[(*count)++] = break_at(line, text, byte);
        }
        byte += byte < size ? traffstat_i_utf8_step(text + byte, size - byte) : 0;
    }
    *breaks = found;
    read_extents(line, BREAKS_SIZE, ink);
    return TRAFFSTAT_OK;
}

/* ---- drawing -------------------------------------------------------------------------------- */

traffstat_status traffstat_i_fonts_draw(traffstat_ctx *ctx, traffstat_i_fonts *fonts, void *cairo,
                                        const traffstat_i_mark *mark)
{
    cairo_t *cr = cairo;
    const traffstat_mark *const seen = &mark->seen;
    pango_cairo_update_context(cr, fonts->context);
    const traffstat_status status =
        lay_out_line(ctx, fonts, seen->text, seen->font_size, seen->bold != 0);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    PangoLayoutLine *line = one_line(fonts);
    PangoRectangle advance;
    pango_layout_line_get_extents(line, NULL, &advance);
    cairo_new_path(cr);
    cairo_move_to(cr, mark->at.x + anchor_shift(mark->anchor, units(advance.width)), mark->at.y);
    pango_cairo_show_layout_line(cr, line);
    cairo_new_path(cr); /* Pango leaves a current point */
    return TRAFFSTAT_OK;
}
