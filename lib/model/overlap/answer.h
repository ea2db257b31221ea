/* One stratum on its way through the loglinear engine: what its parts hand on. Private to the
 * engine's door. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_ANSWER_H
#define TRAFFSTAT_I_MODEL_OVERLAP_ANSWER_H

#include "model/overlap/methods.h"
#include "model/overlap/profile.h"
#include "model/overlap/resample.h"

/* ---- thresholds of VERDICTS ------------------------------------------------------------------ */

#define TRAFFSTAT_I_NEAR_TIE 4.0            /* of the best criterion: models that fit about as well */
#define TRAFFSTAT_I_TIES_APART 1.5          /* largest over smallest unseen part among them */
#define TRAFFSTAT_I_ONE_PERSON 0.2          /* one person's move of the unseen part */
#define TRAFFSTAT_I_LIST_MOVES 0.5          /* a dropped list's or merged pair's */
#define TRAFFSTAT_I_FIT_P 0.05              /* parametric bootstrap of the deviance */
#define TRAFFSTAT_I_BIAS 0.25               /* z0 from which percentile limits lead too */
#define TRAFFSTAT_I_ENDS_APART 0.25         /* upper ends of BCa and percentile, the same */

#define TRAFFSTAT_I_TERMS_MOST 1000 /* of one given model */

/* How a model is found for any counts. */
typedef struct traffstat_i_choice {
    int how;              /* as in a resampling */
    traffstat_i_terms given;
    double threshold;
    size_t order;
    bool bic;
} traffstat_i_choice;

typedef struct traffstat_i_answer {
    traffstat_i_overlap_run *run;
    traffstat_ctx *ctx;
    size_t stratum;
    size_t row;
    bool *starved;                /* set where a text for a detail had no memory */
    traffstat_detail *top;        /* where model, deviance… stand: of the whole, or of the row */
    traffstat_i_counts counts;    /* lists that nobody of the stratum is on are left out */
    const char *names[TRAFFSTAT_I_LISTS_MAX];
    size_t lists;
    double shared;                /* persons on two lists or more */
    traffstat_i_choice choice;
    uint16_t *given;              /* the terms of a given model */
    traffstat_i_search search;    /* what near-ties are seen in; set.count 0: none was made */
    traffstat_i_path path;
    traffstat_i_terms model;      /* the one that was chosen */
    traffstat_i_workshop shop;
    traffstat_i_fit fit;
    double *beta;                 /* its effects */
    double *mean;                 /* [cells] its expected counts */
    double point;                 /* N that is given: of the model, or the average */
    double se;
    traffstat_i_profile profile;
    double lognormal[2];
    traffstat_i_replicates replicates;
    traffstat_i_bca bca;
    double fit_p;                 /* NaN: not asked */
    double lower;                 /* the headline's */
    double upper;
} traffstat_i_answer;

/* ---- parts ----------------------------------------------------------------------------------- */

/* Appends a reason to the row; the text is cleared. */
traffstat_status traffstat_i_answer_say(traffstat_i_answer *a, traffstat_verdict verdict,
                                        traffstat_text *text);
/* The name of a model in the lists of the answer, into `text`. */
void traffstat_i_answer_name(const traffstat_i_answer *a, traffstat_i_terms model,
                             traffstat_text *text);
/* The same as a member of a detail. */
void traffstat_i_answer_model(const traffstat_i_answer *a, traffstat_detail *parent,
                              const char *key, traffstat_i_terms model);

/* The counts of a stratum and the lists that someone is on. */
traffstat_status traffstat_i_answer_load(traffstat_i_answer *a);
/* Chooses and fits the model: OK with a->model.count 0 where there is none, which was said. */
traffstat_status traffstat_i_answer_choose(traffstat_i_answer *a);
/* Do percentile limits count too, because the correction is large or the two disagree? */
bool traffstat_i_answer_widened(const traffstat_i_answer *a);
/* Intervals and goodness of fit. */
traffstat_status traffstat_i_answer_intervals(traffstat_i_answer *a);
/* What the result says beside its numbers, and its verdicts. */
traffstat_status traffstat_i_answer_details(traffstat_i_answer *a);
traffstat_status traffstat_i_answer_judge(traffstat_i_answer *a);
/* What holds the answer up. */
traffstat_status traffstat_i_answer_sensitivity(traffstat_i_answer *a);

#endif
