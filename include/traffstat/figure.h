/**
 * @file figure.h
 * Tables and estimates into a scene, and a scene into PNG, SVG or PDF.
 *
 * A scene is a list of typed marks with roles, laid out and measured once; every writer draws the
 * same scene, so the three pictures show the same content. Same input, same bytes: on every run, in
 * any time zone and locale, on one machine with the same fonts and library versions.
 */
#ifndef TRAFFSTAT_FIGURE_H
#define TRAFFSTAT_FIGURE_H

#include <traffstat/estimate.h>

TRAFFSTAT_BEGIN

/** How a figure looks and what it says beside the data: an options builder. One thread. */
typedef struct traffstat_chart traffstat_chart;

TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chart_new(traffstat_ctx *ctx, traffstat_chart **out);
TRAFFSTAT_API void traffstat_chart_free(traffstat_chart *chart);

/** "screen" (1600x900, default), "slide" (1920x1080), "card" (1200x630), "square" (1080x1080),
 *  "column" (85 mm wide at 300 dpi), "wide" (180 mm wide at 300 dpi). The height of the last two
 *  follows what is to be said, up to 297 mm. Type shrinks until all fits, down to 12 px on screens
 *  and 8.5 pt in print; what does not fit then is TRAFFSTAT_E_FIT, never cut.
 *  @return TRAFFSTAT_OK, _E_NOTFOUND (the message lists them) */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chart_set_size(traffstat_ctx *ctx, traffstat_chart *chart,
                                          const char *preset);
/** "light" (default), "grey" (for print without colour), "dark". @return as above */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chart_set_theme(traffstat_ctx *ctx, traffstat_chart *chart,
                                           const char *theme);
/** Texts in place of the built ones; NULL or "" puts the built one back. The headline is the
 *  caller's own words then; the note keeps what the verdict demands. UTF-8, copied. */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chart_set_title(traffstat_ctx *ctx, traffstat_chart *chart,
                                           const char *text);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chart_set_source(traffstat_ctx *ctx, traffstat_chart *chart,
                                            const char *text);
/** Font files in place of Noto Sans Regular and Bold. UTF-8 paths, copied. Whether they can be used
 *  is found out when a scene is made (TRAFFSTAT_E_FONT). */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chart_set_fonts(traffstat_ctx *ctx, traffstat_chart *chart,
                                           const char *regular, const char *bold);
/** BCP 47 language of the texts, for files and shaping; default "en". */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_chart_set_language(traffstat_ctx *ctx, traffstat_chart *chart,
                                              const char *language);

/** A laid-out picture. Immutable. */
typedef struct traffstat_scene traffstat_scene;

/**
 * The trend figure of one series: bars with intervals for up to three counted years, a line with
 * nested ribbons from four on; gaps, breaks, suppressed and provisional counts have marks of their
 * own.
 *
 * @param estimate  of the same panel, or NULL: then only what was counted is drawn, and the note
 *                  says that the unreported part is not estimated
 * @param change    of the same series, or NULL: then the note says nothing on chance
 * @param chart     NULL for the defaults
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_NODATA (no such series, nothing counted), _E_FONT (message
 *         names file or text), _E_FIT (message names the text that does not fit), _E_DRAW, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_scene_trend(traffstat_ctx *ctx, const traffstat_panel *panel,
                                       size_t series, const traffstat_estimate *estimate,
                                       const traffstat_change *change,
                                       const traffstat_chart *chart, traffstat_scene **out);
TRAFFSTAT_API void traffstat_scene_free(traffstat_scene *scene);

/** What a mark is. */
typedef int32_t traffstat_mark_type;
enum {
    TRAFFSTAT_MARK_RECT = 0,    /**< x, y, x2, y2: two corners */
    TRAFFSTAT_MARK_LINE = 1,    /**< from x, y to x2, y2 */
    TRAFFSTAT_MARK_PATH = 2,    /**< x, y, x2, y2: its bounds */
    TRAFFSTAT_MARK_CIRCLE = 3,  /**< bounds */
    TRAFFSTAT_MARK_TEXT = 4     /**< ink and advance bounds of one laid-out line */
};

/** What a mark stands for. */
typedef int32_t traffstat_mark_role;
enum {
    TRAFFSTAT_MARK_BACKGROUND = 0,
    TRAFFSTAT_MARK_TITLE = 1,
    TRAFFSTAT_MARK_SUBTITLE = 2,
    TRAFFSTAT_MARK_NOTE = 3,
    TRAFFSTAT_MARK_SOURCE = 4,
    TRAFFSTAT_MARK_GRID = 5,
    TRAFFSTAT_MARK_AXIS = 6,
    TRAFFSTAT_MARK_TICK_LABEL = 7,
    TRAFFSTAT_MARK_YEAR_LABEL = 8,
    TRAFFSTAT_MARK_OBSERVED = 9,
    TRAFFSTAT_MARK_OBSERVED_LABEL = 10,
    TRAFFSTAT_MARK_UNREPORTED = 11,
    TRAFFSTAT_MARK_INTERVAL = 12,
    TRAFFSTAT_MARK_POINT = 13,
    TRAFFSTAT_MARK_ESTIMATE_LABEL = 14,
    TRAFFSTAT_MARK_LEADER = 15,
    TRAFFSTAT_MARK_DIRECT_LABEL = 16,
    TRAFFSTAT_MARK_GAP = 17,
    TRAFFSTAT_MARK_GAP_LABEL = 18,
    TRAFFSTAT_MARK_BREAK = 19,
    TRAFFSTAT_MARK_BREAK_LABEL = 20,
    TRAFFSTAT_MARK_SUPPRESSED = 21,
    TRAFFSTAT_MARK_RIBBON = 22,
    TRAFFSTAT_MARK_SERIES_LINE = 23,
    TRAFFSTAT_MARK_RULE = 24
};

/** One mark, in page units from the top left. Colours are 0xRRGGBBAA; 0: none. Text is borrowed. */
typedef struct traffstat_mark {
    int32_t type;
    int32_t role;
    double x;
    double y;
    double x2;
    double y2;
    double stroke_width;
    double font_size;      /**< of texts */
    uint32_t fill;
    uint32_t stroke;
    uint32_t hatch;        /**< colour of the hatching; 0: none */
    int32_t year;          /**< that it stands for; 0: none */
    int32_t level;         /**< of an interval or ribbon, in percent; 0: none */
    int32_t bold;
    const char *text;      /**< "" where it is no text */
} traffstat_mark;

TRAFFSTAT_API double traffstat_scene_width(const traffstat_scene *scene);
TRAFFSTAT_API double traffstat_scene_height(const traffstat_scene *scene);
/** Page units in an inch: 96 on screens; prints say their own. */
TRAFFSTAT_API double traffstat_scene_units_per_inch(const traffstat_scene *scene);
TRAFFSTAT_API size_t traffstat_scene_marks(const traffstat_scene *scene);
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_scene_mark(const traffstat_scene *scene, size_t i, traffstat_mark *out);
TRAFFSTAT_API const char *traffstat_scene_title(const traffstat_scene *scene);
TRAFFSTAT_API const char *traffstat_scene_subtitle(const traffstat_scene *scene);
/** What the figure shows, for those who cannot see it; every number when there are 12 or fewer. */
TRAFFSTAT_API const char *traffstat_scene_alt(const traffstat_scene *scene);
/** Sentences under the figure, the source last; NULL out of range. */
TRAFFSTAT_API size_t traffstat_scene_notes(const traffstat_scene *scene);
TRAFFSTAT_API const char *traffstat_scene_note(const traffstat_scene *scene, size_t i);

/** File formats. */
typedef int32_t traffstat_format;
enum {
    TRAFFSTAT_FORMAT_BY_NAME = 0, /**< from the end of the path: .png, .svg, .pdf */
    TRAFFSTAT_FORMAT_PNG = 1,
    TRAFFSTAT_FORMAT_SVG = 2,
    TRAFFSTAT_FORMAT_PDF = 3
};

/**
 * Writes a scene to a file: beside it first, then renamed over it, so that nothing half-written
 * stays.
 * @return TRAFFSTAT_OK, _E_ARGUMENT (no format in the name), _E_IO, _E_DRAW, _E_FONT, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_scene_write(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       const char *path, traffstat_format format);

/** The same into memory: bytes of the picture in `out` (PNG and PDF hold NULs: use the size). */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_scene_render(traffstat_ctx *ctx, const traffstat_scene *scene,
                                        traffstat_format format, traffstat_text **out);

TRAFFSTAT_END

#endif
