/* The trend figure of one series: what it shows, in numbers and in words, before any layout.
 * Private to the library. */
#ifndef TRAFFSTAT_I_TREND_H
#define TRAFFSTAT_I_TREND_H

#include "estimate/estimate.h"
#include "figure/chart.h"
#include "figure/layout.h"

/* From so many points on, points are joined and intervals become ribbons: fewer would draw a trend
 * that nobody measured. */
#define TRAFFSTAT_I_LINE_MIN 4
/* Up to so many marks each carries its number, and alt texts list every year. */
#define TRAFFSTAT_I_NUMBERED_MAX 12
/* Nested intervals that can be told apart. */
#define TRAFFSTAT_I_BANDS 3

/* One year of the panel between the first and the last that have a count. */
typedef struct traffstat_i_trend_year {
    traffstat_cell cell;
    bool counted;
    bool exact;
    bool estimated;
    bool open;                                   /* the widest interval has no upper end */
    double middle;                               /* the method's point for N; NaN: none */
    double unreported;
    traffstat_interval band[TRAFFSTAT_I_BANDS];  /* narrow to wide; an end that is NaN is open */
    size_t row;
} traffstat_i_trend_year;

typedef struct traffstat_i_trend {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_estimate *estimate;          /* NULL: none */
    const traffstat_change *change;              /* NULL: none */
    size_t series;
    traffstat_i_trend_year *years;               /* sorted; those that are no row are not in it */
    size_t count;
    size_t counted;
    size_t exact;
    size_t estimated;
    size_t bands;
    size_t last_estimated;                       /* index; count where none is */
    bool lined;                                  /* line form, else bars */
    bool clipped;                                /* an interval leaves the axis at the top */
    traffstat_i_axis axis;
} traffstat_i_trend;

/* E_NODATA (no such series, nothing counted), E_ARGUMENT (an estimate or change of something else),
 * E_NOMEM. */
traffstat_status traffstat_i_trend_read(traffstat_ctx *ctx, const traffstat_panel *panel,
                                        size_t series, const traffstat_estimate *estimate,
                                        const traffstat_change *change, traffstat_i_trend *out);
void traffstat_i_trend_clear(traffstat_i_trend *trend);
/* Why a year inside the figure has no count, in words: "not reported", "suppressed"… NULL is a
 * year that the panel does not have. */
const char *traffstat_i_trend_missing(const traffstat_i_trend_year *year);

/* ---- words (lib/figure/words.c) -------------------------------------------------------------- */

/* A note under the figure. Where there is room its heading stands above it, in bold. */
typedef struct traffstat_i_note {
    const char *heading;
    char *text;               /* owned; may begin with the heading and a colon */
} traffstat_i_note;

#define TRAFFSTAT_I_NOTES_MAX 7

/* Everything that is said around the picture; owned texts. */
typedef struct traffstat_i_words {
    traffstat_ctx *ctx;
    char *title;
    char *subtitle;
    char *alt;
    traffstat_i_note notes[TRAFFSTAT_I_NOTES_MAX];   /* the source last */
    size_t note_count;
} traffstat_i_words;

traffstat_status traffstat_i_words_make(const traffstat_i_trend *trend,
                                        const traffstat_chart *chart, traffstat_i_words *out);
void traffstat_i_words_clear(traffstat_i_words *words);

#define TRAFFSTAT_I_LABEL_SIZE 160
/* Short texts of a drawing, cut at a character where a measure's own words are too long. */
void traffstat_i_label_number(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE],
                              double value);
/* "10–46"; "10 or more" where there is no upper end. */
void traffstat_i_label_range(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE],
                             const traffstat_interval *interval);
void traffstat_i_label_cell(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE],
                            const traffstat_cell *cell);
/* "60 cases" */
void traffstat_i_label_unit(traffstat_i_layout *l, const traffstat_i_trend *trend,
                            char out[TRAFFSTAT_I_LABEL_SIZE], double value);
/* "95 %" */
void traffstat_i_say_level(traffstat_text *text, double level);
/* "Investigated by police", or "Recorded" where the measure has no verb. */
void traffstat_i_say_recorded(traffstat_text *text, const traffstat_i_trend *trend);
/* Moves a text into a label. */
void traffstat_i_label_take(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE],
                            traffstat_text *text);

/* ---- drawing ------------------------------------------------------------------------------- */

typedef enum traffstat_i_swatch {
    TRAFFSTAT_I_SWATCH_BAND,
    TRAFFSTAT_I_SWATCH_MIDDLE,
    TRAFFSTAT_I_SWATCH_UNREPORTED,
    TRAFFSTAT_I_SWATCH_RECORDED
} traffstat_i_swatch;

/* One direct label: what it says, what it points at. */
typedef struct traffstat_i_direct {
    traffstat_i_block block;
    traffstat_i_swatch swatch;
    bool sample;              /* a piece of the mark stands before the words */
    size_t band;
    bool bold;
    uint32_t colour;
    int32_t year;
    bool leader;              /* a line runs to it from `from` */
    traffstat_i_point from;
    char text[TRAFFSTAT_I_LABEL_SIZE];
} traffstat_i_direct;

#define TRAFFSTAT_I_DIRECT_MAX (TRAFFSTAT_I_BANDS + 3)

/* Where things go. Horizontal places and heights are planned first; the page then fills in top and
 * base. */
typedef struct traffstat_i_plan {
    double left;              /* of the page inside its margins */
    double right;
    double plot_right;        /* grid lines run from left to here */
    double data_left;         /* marks lie between here… */
    double data_right;        /* …and here */
    double labels_left;       /* of the direct labels beside the plot */
    bool unit;                /* the top tick says what is counted */
    bool lined;               /* samples are of ribbons and lines */
    double font;              /* of direct labels, years, numbers */
    double font_tick;
    double band_height;       /* words of breaks above the top tick */
    double strip_height;      /* the top tick's label */
    double foot_height;       /* year labels under the axis */
    double key_height;        /* direct labels under the chart */
    double top;               /* of the top tick */
    double base;              /* of the axis */
    traffstat_i_direct direct[TRAFFSTAT_I_DIRECT_MAX];
    size_t direct_count;
} traffstat_i_plan;

void traffstat_i_plan_clear(traffstat_i_plan *plan);
double traffstat_i_plan_y(const traffstat_i_trend *trend, const traffstat_i_plan *plan,
                          double value);

/* Form by form (trend_bars.c, trend_line.c): plan the page's width and heights; draw. */
void traffstat_i_bars_plan(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan);
void traffstat_i_bars_draw(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan);
void traffstat_i_line_plan(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan);
void traffstat_i_line_draw(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           traffstat_i_plan *plan);

/* Direct labels (trend_labels.c): their texts; their widths beside the plot or rows under it; their
 * marks, once the forms have set what they point at. */
void traffstat_i_direct_make(traffstat_i_layout *l, const traffstat_i_trend *trend,
                             traffstat_i_plan *plan);
void traffstat_i_direct_place(traffstat_i_layout *l, const traffstat_i_trend *trend,
                              traffstat_i_plan *plan);
void traffstat_i_direct_draw(traffstat_i_layout *l, const traffstat_i_plan *plan);

/* Pieces that both forms have (trend_marks.c). */
/* Width of the tick labels, which stand on their grid lines left of the marks; decides on the
 * unit. */
double traffstat_i_gutter(traffstat_i_layout *l, const traffstat_i_trend *trend,
                          traffstat_i_plan *plan);
void traffstat_i_draw_grid(traffstat_i_layout *l, const traffstat_i_trend *trend,
                           const traffstat_i_plan *plan);
void traffstat_i_draw_axis(traffstat_i_layout *l, const traffstat_i_plan *plan, double x,
                           double x2, int32_t gap_year);
/* An interval as nested lines, with a hollow point at the middle, at x. */
void traffstat_i_draw_interval(traffstat_i_layout *l, const traffstat_i_trend *trend,
                               const traffstat_i_plan *plan, const traffstat_i_trend_year *year,
                               double x);
/* A count that is only known to lie between two ends. */
void traffstat_i_draw_bracket(traffstat_i_layout *l, const traffstat_i_trend *trend,
                              const traffstat_i_plan *plan, const traffstat_i_trend_year *year,
                              double x, double x2);
/* Breaks: rules between years and words above the plot. `at` holds the places, `years` the years
 * that they stand before. */
double traffstat_i_break_height(traffstat_i_layout *l, const traffstat_i_plan *plan,
                                const double *at, size_t count);
void traffstat_i_draw_breaks(traffstat_i_layout *l, const traffstat_i_plan *plan, const double *at,
                             const int32_t *years, size_t count);

#endif
