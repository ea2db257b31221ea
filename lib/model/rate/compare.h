/* What the files behind traffstat_compare share. Private to the model room. */
#ifndef TRAFFSTAT_I_MODEL_COMPARE_H
#define TRAFFSTAT_I_MODEL_COMPARE_H

#include "estimate/estimate.h"

#include <traffstat/compare.h>

#define TRAFFSTAT_I_COMPARE_REASON 256
#define TRAFFSTAT_I_FULL_YEAR 0.9 /* of the places of the fullest year */
#define TRAFFSTAT_I_NAMED_CASES 5 /* a place above the others on fewer is not named in a sentence */
#define TRAFFSTAT_I_FEW_EXPECTED 5.0 /* below: a place's own rate is mostly chance */
#define TRAFFSTAT_I_SPREAD_P 0.05    /* below: places spread more than chance explains */

#define TRAFFSTAT_I_NONE_EXPECTED 5.0 /* from here on a count of 0 is doubtful */

/* Why a place takes no part. */
typedef enum traffstat_i_place_part {
    TRAFFSTAT_I_PART_COMPARED,
    TRAFFSTAT_I_PART_NO_ROW, /* no record of that year */
    TRAFFSTAT_I_PART_NO_COUNT,
    TRAFFSTAT_I_PART_NEGATIVE,
    TRAFFSTAT_I_PART_HIDDEN,
    TRAFFSTAT_I_PART_PART_YEAR,
    TRAFFSTAT_I_PART_NO_POPULATION,
    TRAFFSTAT_I_PARTS_OF_PLACES
} traffstat_i_place_part;

/* The funnel at one level. */
typedef struct traffstat_i_funnel {
    double level;
    traffstat_funnel_limit *limits;
    size_t outside;
    size_t outside_adjusted;
} traffstat_i_funnel;

enum { TRAFFSTAT_I_FUNNEL_95, TRAFFSTAT_I_FUNNEL_998, TRAFFSTAT_I_FUNNELS };
enum {
    TRAFFSTAT_I_SHRUNK_GAMMA,
    TRAFFSTAT_I_SHRUNK_MARSHALL,
    TRAFFSTAT_I_SHRUNK_LOCAL,
    TRAFFSTAT_I_SHRUNKS
};

/* Whether a place can be told from the others. A count that may be incomplete is no evidence that a
 * place lies below them: a part was not reported, or there is none where several are expected. */
typedef enum traffstat_i_place_told {
    TRAFFSTAT_I_TOLD_NOT,
    TRAFFSTAT_I_TOLD_ABOVE,
    TRAFFSTAT_I_TOLD_BELOW,
    TRAFFSTAT_I_TOLD_INCOMPLETE,
    TRAFFSTAT_I_TOLDS
} traffstat_i_place_told;

/* The exact comparison of one place with all others. */
typedef struct traffstat_i_against {
    double ratio;
    double lower;
    double upper;
} traffstat_i_against;

typedef struct traffstat_i_comparison {
    traffstat_ctx *ctx;
    const traffstat_compare_options *options;
    const traffstat_panel *whole; /* all years */
    traffstat_panel *panel;       /* the year alone */
    int32_t year;
    size_t *series_row; /* of the whole panel's series: its row in `panel`; NONE */
    size_t rows;
    traffstat_i_place_part *part; /* of each row */
    size_t *place;          /* of each row: its number among those compared; NONE */

    size_t n; /* places compared; arrays in their order */
    size_t *row;
    double *cases;
    double *exposure;
    double *expected;
    double total_cases;
    double total_exposure;
    double hidden_lower;
    double hidden_upper; /* INFINITY: no upper end */
    double hidden_exposure;
    bool partly_covered; /* coverages of some places alone */
    size_t left_out[TRAFFSTAT_I_PARTS_OF_PLACES];
    char reason[TRAFFSTAT_I_COMPARE_REASON]; /* why nothing is compared; "" */

    size_t *from; /* each link both ways, among the compared */
    size_t *to;
    size_t links; /* one way */
    size_t *degree;
    size_t islands;
    bool has_neighbours;
    char no_neighbours[TRAFFSTAT_I_COMPARE_REASON];

    traffstat_shrunk *shrunk[TRAFFSTAT_I_SHRUNKS]; /* NULL: none */
    traffstat_shrink_law law[TRAFFSTAT_I_SHRUNKS];
    traffstat_funnel_spread spread;
    traffstat_funnel_point *points;
    traffstat_i_funnel funnel[TRAFFSTAT_I_FUNNELS];
    traffstat_i_against *against;
    double *p;
    double *adjusted;
    size_t told[TRAFFSTAT_I_TOLDS]; /* places of each kind */
    traffstat_rank *ranks;
    traffstat_heterogeneity tests;
    bool has_moran[2]; /* of rates, of rates in their own standard errors */
    traffstat_moran moran[2];
} traffstat_i_comparison;

/* Chooses the year, says which places are compared (compare_places.c). */
traffstat_status traffstat_i_comparison_open(traffstat_i_comparison *c, const size_t *pairs,
                                             size_t pair_count);
void traffstat_i_comparison_close(traffstat_i_comparison *c);
/* All that is computed of them (compare_work.c). */
traffstat_status traffstat_i_comparison_work(traffstat_i_comparison *c);
/* Rows, details, reasons and assumptions (compare_say.c). */
traffstat_status traffstat_i_comparison_say(const traffstat_i_comparison *c,
                                            traffstat_estimate *estimate);
/* What the whole assumes, and why it is to be read with caution (compare_words.c). */
traffstat_status traffstat_i_comparison_judge(const traffstat_i_comparison *c,
                                              traffstat_estimate *estimate);
/* Why a place takes no part, as a phrase; "" of one that does. */
const char *traffstat_i_place_part_reason(traffstat_i_place_part part);
/* Can place i be told from the others? */
traffstat_i_place_told traffstat_i_place_told_apart(const traffstat_i_comparison *c, size_t i);
/* The caption (compare_words.c). */
void traffstat_i_say_comparison(traffstat_text *text, const traffstat_i_comparison *c);

#endif
