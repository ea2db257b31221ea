/* The caller's wishes for a figure. Private to the library. */
#ifndef TRAFFSTAT_I_CHART_H
#define TRAFFSTAT_I_CHART_H

#include "figure/theme.h"

#include <traffstat/figure.h>

struct traffstat_chart {
    traffstat_ctx *ctx;
    const traffstat_i_size *size;
    const traffstat_i_theme *theme;
    char *title;        /* owned; "": the built one. So are all below */
    char *source;
    char *font_regular;
    char *font_bold;
    char *language;
};

#endif
