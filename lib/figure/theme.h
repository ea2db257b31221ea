/* How a figure looks: colours, type and page sizes, all of them data. Private to the library. */
#ifndef TRAFFSTAT_I_THEME_H
#define TRAFFSTAT_I_THEME_H

#include "base/base.h"

/* Colours are 0xRRGGBBAA. Texts reach 4.5:1 on what lies under them, marks 3:1 on the ground; the
 * grid and the rules carry nothing that is not said elsewhere and may be fainter. */
typedef struct traffstat_i_theme {
    const char *name;
    uint32_t ground;
    uint32_t ink;             /* headline, year labels */
    uint32_t ink_soft;        /* subtitle, notes, ticks, gaps */
    uint32_t grid;
    uint32_t rule;            /* above the notes */
    uint32_t axis;
    uint32_t observed;        /* solid bars, line, and its texts */
    uint32_t on_observed;     /* a number inside a bar */
    uint32_t estimate;        /* hatching, intervals, points, and their texts */
    uint32_t band[3];         /* ribbons, wide to narrow */
    uint32_t band_edge;
    double hatch;             /* distance between hatch lines, in font sizes of labels */
} traffstat_i_theme;

/* Lengths are in page units, fonts too. A height of 0 follows the content, up to `height_max`. */
typedef struct traffstat_i_size {
    const char *name;
    double width;
    double height;
    double height_max;
    double units_per_inch;
    double plot_share;        /* plot's wanted share of the height; of the width at height 0 */
    double margin;
    double font_title;
    double font_subtitle;
    double font_label;        /* direct labels, numbers at marks, years */
    double font_tick;
    double font_note;
    double font_min;          /* below it no text is drawn */
    double stroke;            /* width of an ordinary line */
    bool labels_below;        /* direct labels as a key under the chart, not beside it */
} traffstat_i_size;

/* NULL and "" give the default; NULL with E_NOTFOUND and the list of names stored otherwise. */
const traffstat_i_theme *traffstat_i_theme_find(traffstat_ctx *ctx, const char *name);
const traffstat_i_size *traffstat_i_size_find(traffstat_ctx *ctx, const char *name);

#endif
