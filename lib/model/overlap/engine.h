/* The loglinear engine: Poisson fits of hierarchical models to the counts of histories. It works on
 * plain arrays and knows no file, option or result. Private to the model room.
 *
 * A history is a mask: bit i says that list i holds the person. A term of a model is a mask as well:
 * the lists that interact. Everything stands on one fact: for hierarchical models the sum of
 * weights over the histories that contain two terms is the sum over those that contain their union.
 * One transform over the lattice of subsets therefore gives a gradient and a whole matrix. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_ENGINE_H
#define TRAFFSTAT_I_MODEL_OVERLAP_ENGINE_H

#include "base/base.h"

#define TRAFFSTAT_I_LISTS_MAX 12
#define TRAFFSTAT_I_CELLS_MAX 4096 /* 2^12 */

/* ---- counts ---------------------------------------------------------------------------------- */

/* Counts of the 2^lists histories and what every fit to them shares. Count 0 is that of the history
 * nobody has seen: always 0. */
typedef struct traffstat_i_counts {
    size_t lists;
    size_t cells;        /* 2^lists */
    double n;            /* persons seen */
    double factorials;   /* sum of ln y! */
    double saturated;    /* sum of y ln y - y */
    double *count;       /* [cells] */
    double *total;       /* [cells] persons whose history contains the mask; total[0] = n */
    double *weight;      /* [cells] y + 0.1, the weights that a cold fit begins with; [0] is 0 */
    double *work;        /* [cells] the same times the working response */
    void *block;         /* what holds the four */
} traffstat_i_counts;

/* Room for 1 to 12 lists, all zero. E_ARGUMENT, E_NOMEM. */
traffstat_status traffstat_i_counts_new(traffstat_ctx *ctx, size_t lists, traffstat_i_counts *out);
void traffstat_i_counts_free(traffstat_ctx *ctx, traffstat_i_counts *counts);
/* Takes 2^lists counts (the first is ignored) and works out the rest. No allocation. */
void traffstat_i_counts_set(traffstat_i_counts *counts, const double *count);

/* In place: x[w] becomes the sum over the supersets, or the subsets, of w. */
void traffstat_i_superset_sums(double *x, size_t lists);
void traffstat_i_subset_sums(double *x, size_t lists);
/* Bits set; the same as a comparison of two terms: fewer lists first, then as they are written. */
size_t traffstat_i_bits(uint32_t mask);
int traffstat_i_compare_terms(uint32_t a, uint32_t b);

/* ---- models ---------------------------------------------------------------------------------- */

/* A hierarchical model: its terms with the empty one first, then the lists, then by
 * traffstat_i_compare_terms. Borrowed or owned, as the maker says. */
typedef struct traffstat_i_terms {
    const uint16_t *term;
    size_t count;
} traffstat_i_terms;

/* Every term below the generators, and every list: at most 2^lists. `out` has room for all of them.
 * Returns their number. */
size_t traffstat_i_close_terms(size_t lists, const uint32_t *generators, size_t count,
                               uint16_t *out);
bool traffstat_i_has_term(traffstat_i_terms model, uint32_t mask);
/* Highest number of lists in one term. */
size_t traffstat_i_model_order(traffstat_i_terms model);
/* "LA:NG,GP": generators by the lists' names, ':' within and ',' between; lists left out come in as
 * main effects. Spaces around names are skipped. E_ARGUMENT with a word on what was meant. */
traffstat_status traffstat_i_parse_model(traffstat_ctx *ctx, const char *text,
                                         const char *const *names, size_t lists, uint16_t *out,
                                         size_t *count);
/* The maximal terms, every list named: interactions by their lists first, "LA:NG,PFNCA". */
void traffstat_i_print_model(traffstat_text *text, traffstat_i_terms model,
                             const char *const *names, size_t lists);

/* All hierarchical models whose interactions join at most `order` lists, by number of terms and then
 * as the candidates come (pairs, triples…): a pool of terms and where each model begins. */
typedef struct traffstat_i_model_set {
    size_t count;
    uint16_t *pool;
    size_t *start; /* [count + 1] */
    size_t widest; /* most terms of one */
} traffstat_i_model_set;

/* E_LIMIT, without a message, when there are more than `most`. */
traffstat_status traffstat_i_all_models(traffstat_ctx *ctx, size_t lists, size_t order, size_t most,
                                        traffstat_i_model_set *out);
void traffstat_i_model_set_free(traffstat_ctx *ctx, traffstat_i_model_set *set);
traffstat_i_terms traffstat_i_model_at(const traffstat_i_model_set *set, size_t i);

/* ---- existence ------------------------------------------------------------------------------- */

/* Bits of the verdict on a model: 1, the extended maximum-likelihood estimate does not exist; 2, the
 * parameters are not identified. */
#define TRAFFSTAT_I_NONEXISTENT 1
#define TRAFFSTAT_I_UNIDENTIFIED 2

/* Room that the test needs; one for each worker. */
typedef struct traffstat_i_exist_room {
    size_t lists;
    size_t capacity;    /* unknowns it can hold */
    double *form;       /* [capacity * cells] each history's function as a form in the unknowns */
    double *table;      /* the simplex */
    size_t *basis;
    uint8_t *inside;    /* [cells] histories that are not above an empty margin */
    uint8_t *member;    /* [cells] terms of the model */
    void *block;
} traffstat_i_exist_room;

/* For models of up to `terms` terms. */
traffstat_status traffstat_i_exist_room_new(traffstat_ctx *ctx, size_t lists, size_t terms,
                                            traffstat_i_exist_room *out);
void traffstat_i_exist_room_free(traffstat_ctx *ctx, traffstat_i_exist_room *room);
/* 0 to 3. It depends on which counts are zero only. Exact: small whole numbers eliminated, then a
 * sign test or a simplex. Fienberg & Rinaldo (2012), Annals of Statistics 40:996-1023; Chan,
 * Silverman & Vincent (2021), JASA 116:1297-1306. */
int traffstat_i_existence(traffstat_i_exist_room *room, const traffstat_i_counts *counts,
                          traffstat_i_terms model);

/* ---- fits side by side ----------------------------------------------------------------------- */

enum {
    TRAFFSTAT_I_FIT_OPEN = 0,   /* no convergence */
    TRAFFSTAT_I_FIT_DONE = 1,
    TRAFFSTAT_I_FIT_BEATEN = 2  /* its log-likelihood cannot reach the cutoff */
};

/* One fit. A model with a margin that is empty in the counts has that effect at minus infinity. The
 * model must exist and be identified: asking first is the caller's duty. */
typedef struct traffstat_i_fit_job {
    const traffstat_i_counts *counts;
    traffstat_i_terms model;
    const double *factor;  /* [cells] multiplies the expected counts; NULL: 1 */
    double unseen;         /* >= 0: the unseen history takes part with this count; < 0: it does not */
    double cutoff;         /* stop when the maximum is surely below; -INFINITY: never */
    bool warm;             /* begin at beta, else at weighted least squares on ln(y + 0.1) */
    double *beta;          /* [model.count] effects; those at minus infinity keep what they were */
    double ll;             /* sum of y ln mu - mu at the maximum */
    int32_t state;
    int32_t steps;
} traffstat_i_fit_job;

/* A way of computing: as many fits at once as it has lanes. All ways do the same operations in the
 * same order on each lane, without fused arithmetic, and so give the same bits. */
typedef struct traffstat_i_lanes {
    const char *name;
    size_t width;
    /* Doubles of scratch for models of up to `terms` terms. */
    size_t (*room)(size_t lists, size_t terms);
    /* `count` from 1 to width jobs; `scratch` is 64-byte aligned. */
    void (*fit)(traffstat_i_fit_job *const *jobs, size_t count, double *scratch);
} traffstat_i_lanes;

/* Number 0 is portable; others where the processor has them; NULL past the last. */
const traffstat_i_lanes *traffstat_i_lanes_at(size_t i);
/* The widest. */
const traffstat_i_lanes *traffstat_i_lanes_best(void);

/* Scratch of one worker, aligned. */
typedef struct traffstat_i_fit_room {
    const traffstat_i_lanes *lanes;
    double *scratch;
    void *block;
} traffstat_i_fit_room;

traffstat_status traffstat_i_fit_room_new(traffstat_ctx *ctx, size_t lists, size_t terms,
                                          traffstat_i_fit_room *out);
void traffstat_i_fit_room_free(traffstat_ctx *ctx, traffstat_i_fit_room *room);
/* Any number of jobs, side by side where the lanes allow it. */
void traffstat_i_fit_many(const traffstat_i_fit_room *room, traffstat_i_fit_job *const *jobs,
                          size_t count);

/* ---- one fit with all its numbers ------------------------------------------------------------ */

typedef struct traffstat_i_fit {
    int existence;
    double estimate;   /* N: seen and unseen */
    double se;
    double deviance;
    double df;         /* histories less terms, those at minus infinity counted */
    double aic;        /* counts every term too, ln y! included in the likelihood */
    double bic;        /* ln of persons, not of histories */
    double ll;         /* ln y! included */
} traffstat_i_fit;

/* Room of a full fit for models of up to `terms` terms. */
typedef struct traffstat_i_workshop {
    size_t lists;
    size_t terms;
    traffstat_i_exist_room exist;
    traffstat_i_fit_room fit;
    double *beta;     /* [terms] of the last fit */
    double *mean;     /* [cells] expected counts of the last fit; [0] the unseen */
    double *sums;     /* [cells] */
    double *matrix;   /* [terms * terms] */
    double *vector;   /* [terms] */
    void *block;
} traffstat_i_workshop;

traffstat_status traffstat_i_workshop_new(traffstat_ctx *ctx, size_t lists, size_t terms,
                                          traffstat_i_workshop *out);
void traffstat_i_workshop_free(traffstat_ctx *ctx, traffstat_i_workshop *shop);
/* Tests, then fits; effects stay in shop->beta, expected counts in shop->mean. existence != 0: the
 * numbers are NaN and nothing was fitted. `factor` as in a job. E_NUMERIC where no maximum was
 * reached. */
traffstat_status traffstat_i_fit_model(traffstat_ctx *ctx, traffstat_i_workshop *shop,
                                       const traffstat_i_counts *counts, traffstat_i_terms model,
                                       const double *factor, traffstat_i_fit *out);
#endif
