/* The marks of a two-year figure of 1600 x 900, for the library and for the peer alike. */
#ifndef FIGURE_MARKS_H
#define FIGURE_MARKS_H

#include <stddef.h>

#define FIGURE_WIDTH 1600
#define FIGURE_HEIGHT 900
#define FIGURE_WHITE 0xFFFFFFFFu
#define FIGURE_BLACK 0x111111FFu
#define FIGURE_GREY 0x444444FFu
#define FIGURE_RULE 0xD0D0D0FFu
#define FIGURE_BLUE 0x12436DFFu
#define FIGURE_ORANGE 0xB5460FFFu
#define FIGURE_HATCH_STEP 8.0
#define FIGURE_HATCH_WIDTH 2.0

enum { FIGURE_LEFT, FIGURE_MIDDLE };

typedef struct figure_text {
    double x;
    double y;
    double size;
    int bold;
    int anchor;
    unsigned colour;
    const char *text;
} figure_text;

typedef struct figure_line {
    double x;
    double y;
    double x2;
    double y2;
    double width;
    unsigned colour;
} figure_line;

/* fill 0: hatched, with an outline */
typedef struct figure_rect {
    double x;
    double y;
    double x2;
    double y2;
    unsigned fill;
} figure_rect;

static const figure_rect figure_rects[] = {
    {240, 563, 368, 682, 0},
    {640, 537, 768, 673, 0},
    {240, 684, 368, 745, FIGURE_BLUE},
    {640, 675, 768, 745, FIGURE_BLUE},
};

static const figure_line figure_lines[] = {
    {48, 225, 940, 225, 2, FIGURE_RULE},      {48, 399, 940, 399, 2, FIGURE_RULE},
    {48, 571, 940, 571, 2, FIGURE_RULE},      {48, 745, 940, 745, 2, FIGURE_GREY},
    {48, 808, 1552, 808, 2, FIGURE_RULE},     {304, 328, 304, 640, 4, FIGURE_ORANGE},
    {704, 276, 704, 622, 4, FIGURE_ORANGE},   {304, 484, 304, 597, 14, FIGURE_ORANGE},
    {704, 449, 704, 579, 14, FIGURE_ORANGE},  {760, 276, 970, 276, 1.5, FIGURE_ORANGE},
    {724, 458, 970, 445, 1.5, FIGURE_ORANGE},
};

/* centres of the points, radius 11 */
static const double figure_points[][2] = {{304, 562}, {704, 536}};

static const figure_text figure_texts[] = {
    {48, 76, 40, 1, FIGURE_LEFT, FIGURE_BLACK,
     "Police recorded 8 trafficking cases in Missoula in 2018; an estimated"},
    {48, 124, 40, 1, FIGURE_LEFT, FIGURE_BLACK, "14\u201354 happened, if the borrowed rate holds"},
    {48, 172, 26, 0, FIGURE_LEFT, FIGURE_GREY,
     "Cases a year, Missoula, Montana. Recorded cases and estimated total with 50% and 95% "
     "intervals"},
    {48, 215, 24, 0, FIGURE_LEFT, FIGURE_GREY, "60 cases"},
    {48, 389, 24, 0, FIGURE_LEFT, FIGURE_GREY, "40"},
    {48, 561, 24, 0, FIGURE_LEFT, FIGURE_GREY, "20"},
    {48, 735, 24, 0, FIGURE_LEFT, FIGURE_GREY, "0"},
    {304, 783, 26, 1, FIGURE_MIDDLE, FIGURE_BLACK, "2017"},
    {704, 783, 26, 1, FIGURE_MIDDLE, FIGURE_BLACK, "2018"},
    {304, 724, 30, 1, FIGURE_MIDDLE, FIGURE_WHITE, "7"},
    {704, 719, 30, 1, FIGURE_MIDDLE, FIGURE_WHITE, "8"},
    {320, 346, 24, 0, FIGURE_LEFT, FIGURE_ORANGE, "48"},
    {720, 294, 24, 0, FIGURE_LEFT, FIGURE_ORANGE, "54"},
    {384, 571, 28, 1, FIGURE_LEFT, FIGURE_ORANGE, "21"},
    {784, 546, 28, 1, FIGURE_LEFT, FIGURE_ORANGE, "24"},
    {980, 284, 26, 0, FIGURE_LEFT, FIGURE_ORANGE, "95% interval: 14\u201354 (2018)"},
    {980, 453, 26, 0, FIGURE_LEFT, FIGURE_ORANGE, "50% interval: 19\u201334"},
    {980, 544, 26, 1, FIGURE_LEFT, FIGURE_ORANGE, "Estimated total: 24"},
    {980, 576, 26, 0, FIGURE_LEFT, FIGURE_GREY, "hatched part: estimated unreported, 16"},
    {980, 717, 26, 1, FIGURE_LEFT, FIGURE_BLUE, "Recorded by police: 8"},
    {48, 842, 23, 0, FIGURE_LEFT, FIGURE_GREY,
     "Note: counts this small vary by chance; 7 and 8 are not evidence of a change. Interval = "
     "credible interval of the total."},
    {48, 876, 23, 0, FIGURE_LEFT, FIGURE_GREY,
     "Source: recorded counts from the user\u2019s file; estimates here are placeholders. Made "
     "with "
     "libtraffstat."},
};

#define FIGURE_COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
