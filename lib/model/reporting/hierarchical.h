/* One run of the hierarchical panel, shared by its fit and its answer. */
#ifndef TRAFFSTAT_I_REPORTING_HIERARCHICAL_H
#define TRAFFSTAT_I_REPORTING_HIERARCHICAL_H

#include <traffstat/hierarchical.h>

#include "model/reporting/chain_verdict.h"
#include "model/reporting/hierarchical_data.h"
#include "model/reporting/hierarchical_extras.h"
#include "model/reporting/thinning.h"

typedef struct traffstat_i_hierarchical {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_prior *prior;
    const traffstat_hierarchical_extras *extras; /* NULL: none */
    traffstat_hierarchical_options options;
    traffstat_i_thinning thinning; /* kind, reasons and basis are those of a thinning */
    traffstat_i_hierarchical_data data;
    traffstat_i_extra_data extra;
    traffstat_i_posterior_spec spec;
    traffstat_i_posterior *posterior;
    void *scratch;
    int32_t chains;     /* 1 of the fast engine */
    int32_t draws;      /* a chain */
    double *weight;     /* of each draw, adding up to 1; NULL: all alike */
    double *all;        /* cells x draws: N */
    double *hidden;     /* cells x draws: N less what was counted */
    double *likelihood; /* cells x draws, log; NaN where nothing asks for it */
    bool scoreless;     /* nothing does */
    double *hyper;      /* HYPERS x draws */
    double *check;      /* 2 x CHECKS x draws: of the data, of a replicate */
    double *one;        /* draws x 3: work */
    double *effects;    /* effects x draws: neighbours' share, then coefficients of covariates */
    size_t *pairs;      /* 2 x pair_count cells, where a change is asked for: of one place each */
    size_t pair_count;
    double *change;    /* 4 x draws: expected true cases of both years, expected reported ones */
    double *shares;    /* draws: p of a case, over all expected true cases */
    double *positions; /* draws x dimension, where the sensitivity is asked for */
    /* what tells of the fit */
    traffstat_i_mixing mix;
    double ebfmi, khat;
    traffstat_i_scatter scatter; /* where it chose the law of the counts; else its score is NaN */
    double carried;              /* share of the sd of p's prior that evidence took away */
    double covered;              /* share of the counts where it comes from */
    double misfit;               /* share of replicates that vary as much as the counts */
    int64_t divergences;
    bool refused; /* the draws cannot be trusted: no number is given */
} traffstat_i_hierarchical;

enum { HYPER_SHARE, HYPER_PLACE, HYPER_REPORT_PLACE, HYPER_YEAR, HYPER_DRIFT, HYPER_THETA, HYPERS };
enum { CHECK_ZEROS, CHECK_MAXIMUM, CHECK_DISPERSION, CHECK_LAG, CHECKS };

/* How many rows `effects` has. */
size_t traffstat_i_hierarchical_effects(const traffstat_i_hierarchical *run);
/* What a row of `effects` is, for words: "the effect of income". */
void traffstat_i_hierarchical_effect_name(const traffstat_i_hierarchical *run, size_t effect,
                                          char *out, size_t size);

/* The model of run->data under the prior and the extras, and its fit. */
traffstat_status traffstat_i_hierarchical_model(traffstat_i_hierarchical *run);
traffstat_status traffstat_i_hierarchical_fit(traffstat_i_hierarchical *run);
/* Its posterior as the sampler takes it. */
traffstat_i_target traffstat_i_hierarchical_target(const traffstat_i_hierarchical *run);
/* The fit by the fast engine, of so many draws. */
traffstat_status traffstat_i_hierarchical_approximate(traffstat_i_hierarchical *run, int32_t draws);

/* The cells between which a change is asked for. _E_NODATA: no place has counts of both years. */
traffstat_status traffstat_i_hierarchical_pairs(traffstat_i_hierarchical *run);
/* The uniform number by which what is not counted of a cell is drawn (past the cells: of a total of
 * lists), and a Poisson number by its cdf. */
double traffstat_i_hierarchical_uniform(const traffstat_i_hierarchical *run, size_t draw,
                                        size_t cell);
double traffstat_i_hierarchical_poisson(double mean, double u);
/* What is not counted of each cell, given its mean and its count: independent Poisson numbers, but for
 * cells under a total of lists, whose sum is drawn under that too. */
void traffstat_i_hierarchical_draw_hidden(const traffstat_i_hierarchical *run, size_t draw,
                                          const double *mean, const double *count, double *hidden);

/* One draw of the total N at a position of any posterior of these places and years, whose counts are
 * `cells`. `room`: 5 x cell_count doubles. Runs on any thread. */
double traffstat_i_hierarchical_draw_total(const traffstat_i_hierarchical *run,
                                           const traffstat_i_posterior *posterior, void *scratch,
                                           const traffstat_i_cell *cells, const double *position,
                                           size_t draw, double *room);

/* Draws of everything that is reported, from positions (chains x draws x dimension). */
traffstat_status traffstat_i_hierarchical_draw(traffstat_i_hierarchical *run,
                                               const double *positions);
/* R-hat and effective sizes, the worst of all that is reported; rows are looked at only where the rest
 * mixed or this is the `last` round. */
traffstat_status traffstat_i_hierarchical_mixing(traffstat_i_hierarchical *run, bool last,
                                                 bool *mixed);
void traffstat_i_hierarchical_drop(traffstat_i_hierarchical *run);
/* Sums over the cells of a year or place (TRAFFSTAT_NONE: any) into out[draws]. */
void traffstat_i_hierarchical_sum(const traffstat_i_hierarchical *run, const double *of,
                                  size_t place, size_t year, double *out);
/* Weighted draws in rising order, and what is read off them. */
typedef struct traffstat_i_weighed {
    double value;
    double weight;
} traffstat_i_weighed;
/* weights NULL: all alike; they add up to 1. */
void traffstat_i_weighed_sort(traffstat_i_weighed *out, size_t count, const double *values,
                              const double *weights);
double traffstat_i_weighed_quantile(const traffstat_i_weighed *sorted, size_t count, double prob);
double traffstat_i_weighed_mean(const traffstat_i_weighed *sorted, size_t count);
double traffstat_i_weighed_sd(const traffstat_i_weighed *sorted, size_t count);

/* Kind of the answer, what moved p, and the words for it: after the fit. */
traffstat_status traffstat_i_hierarchical_kind(traffstat_i_hierarchical *run);
/* Does evidence beside the counts come from this cell? */
bool traffstat_i_hierarchical_informed(const traffstat_i_hierarchical *run, size_t cell);
/* Assumptions, reasons and details of the extras. */
traffstat_status traffstat_i_hierarchical_say_extras(traffstat_i_hierarchical *run);
/* The detail `change`, and `bounds` and `breakeven`, where they were asked for. */
traffstat_status traffstat_i_hierarchical_beside(traffstat_i_hierarchical *run);
/* The detail `sensitivity`, where it was asked for. */
traffstat_status traffstat_i_hierarchical_sensitivity(traffstat_i_hierarchical *run);

/* Rows, totals and details of the estimate that is there. */
traffstat_status traffstat_i_hierarchical_answer(traffstat_i_hierarchical *run);

#endif
