/* What holds an answer up: its parts. Private to the engine's door. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_SENSITIVITY_H
#define TRAFFSTAT_I_MODEL_OVERLAP_SENSITIVITY_H

#include "model/overlap/answer.h"

/* A second answer; NaN: there is none, or no limits were asked for. */
typedef struct traffstat_i_second {
    double estimate;
    double lower;
    double upper;
} traffstat_i_second;

/* Can the search be repeated on so many lists, or does a stepwise path stand in for it? */
bool traffstat_i_choice_repeats(const traffstat_i_choice *choice, size_t lists);
/* N by the same choice from other counts. level > 0: with profile limits. */
traffstat_status traffstat_i_choose_again(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                          const traffstat_i_choice *choice, double level,
                                          traffstat_i_second *out);

traffstat_status traffstat_i_without_list(const traffstat_i_answer *a, size_t list,
                                          traffstat_i_second *out);
/* one < other */
traffstat_status traffstat_i_with_merged(const traffstat_i_answer *a, size_t one, size_t other,
                                         traffstat_i_second *out);
traffstat_status traffstat_i_with_first(const traffstat_i_answer *a, size_t lists,
                                        traffstat_i_second *out);
/* How many persons would the others say that the list has? Its own members are the population, and
 * those whom no other list knows are the unseen (Hook & Regal 1995, Epidemiologic Reviews
 * 17:243-264). */
traffstat_status traffstat_i_predict_list(const traffstat_i_answer *a, size_t list,
                                          traffstat_i_second *out);

/* ---- dependence that no list can show -------------------------------------------------------- */

/* N when the expected count of each history is multiplied by e^u for every pair of `pairs` (masks)
 * in it; NaN: no maximum was found. */
double traffstat_i_offset_estimate(const traffstat_i_answer *a, const uint16_t *pairs,
                                   size_t count, double u, double *factor, double *beta);
/* The u nearest 0 at which the unseen part is `times` its own; NaN: none in [-5, 5]. */
double traffstat_i_offset_reaching(const traffstat_i_answer *a, const uint16_t *pairs,
                                   size_t count, double times, double *factor, double *beta);
/* N of the chosen model when a share of the true matches was missed, each leaving a person on every
 * list alone. NaN: the lists cannot have missed so many. */
traffstat_status traffstat_i_linked_estimate(const traffstat_i_answer *a, double missed,
                                             double *out);

#endif
