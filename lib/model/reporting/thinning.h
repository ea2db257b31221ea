/* One run of the thinning model, shared by its rows and its words. Private to the reporting
 * family. */
#ifndef TRAFFSTAT_I_REPORTING_THINNING_H
#define TRAFFSTAT_I_REPORTING_THINNING_H

#include "estimate/estimate.h"
#include "model/reporting/dist.h"
#include "model/reporting/prior.h"

#define LEVELS_MAX 2

/* All numbers of one posterior. */
typedef struct traffstat_i_summary {
    int64_t lower;               /* the count they are for */
    int64_t upper;
    double coverage;
    double rate;                 /* of the gamma prior over the row's exposure */
    const char *refusal;         /* why there are none; NULL: there are */
    traffstat_estimate_row row;  /* only its numbers */
    double ends[LEVELS_MAX][2];
    double upper975;
    bool known;
} traffstat_i_summary;

#define SUMMARIES 128    /* of small counts, which repeat a lot in a long panel */

typedef struct traffstat_i_thinning {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_prior *prior;
    traffstat_thinning_options options;
    traffstat_i_belief belief;
    traffstat_i_rule rule;
    traffstat_kind kind;
    traffstat_text scenario;     /* the reason of every row of a scenario; "" otherwise */
    double levels[LEVELS_MAX];
    size_t level_count;
    traffstat_estimate *estimate;
    size_t last;                 /* last row with a number, TRAFFSTAT_NONE */
    size_t numbers;              /* rows with one */
    traffstat_i_summary *seen;   /* SUMMARIES of them, by count */
    const char *mover;           /* what moves p; NULL: the rate prior */
    bool measured;               /* evidence here, not the prior, carries p */
    double still;                /* relative moves up to here are none; 0: those of quadrature */
} traffstat_i_thinning;

/* Levels of the intervals that are given, and how many: that asked for, after 50 % where it is more. */
size_t traffstat_i_levels(double level, double levels[LEVELS_MAX]);
/* The error that there is no default rate. */
traffstat_status traffstat_i_need_prior(traffstat_ctx *ctx);
/* What is believed of a row: its coverage and exposure are its own. */
traffstat_i_belief traffstat_i_belief_of_cell(const traffstat_i_thinning *run,
                                              const traffstat_cell *cell);
/* All numbers of a law. */
void traffstat_i_summarise(const traffstat_i_thinning *run, const traffstat_i_dist *dist,
                           traffstat_i_summary *out);
/* All numbers of one count under a belief, or the reason why there are none. */
traffstat_status traffstat_i_thinning_solve(const traffstat_i_thinning *run,
                                            const traffstat_i_belief *belief, int64_t lower,
                                            int64_t upper, traffstat_i_summary *out);
/* Numbers of a row, or of the total, and the reasons that follow from them. */
traffstat_status traffstat_i_write_numbers(traffstat_i_thinning *run, size_t row,
                                           const traffstat_i_summary *summary);

/* The rows that a total adds. */
typedef struct traffstat_i_addends {
    int32_t first_year;
    int32_t last_year;
    int64_t *lower;
    int64_t *upper;
    traffstat_i_belief *beliefs;
    size_t count;
    bool mixed;    /* different measures or categories */
    bool twice;    /* a place has two counts of a year, from two sources */
    bool uneven;   /* coverages or exposures differ */
    bool coverage; /* some coverage is below 1 */
    uint32_t flags;
} traffstat_i_addends;

/* The total over all rows that have a number, and p after them. */
traffstat_status traffstat_i_thinning_total(traffstat_i_thinning *run);
/* The same by draws, where the law of the sum has no closed form: `out` gets the numbers, `errors`
 * the Monte Carlo errors of median, lower and upper end. */
traffstat_status traffstat_i_thinning_draws(traffstat_i_thinning *run,
                                            const traffstat_i_addends *all,
                                            traffstat_i_summary *out, double errors[3]);
/* p after all counts, where rows share it. */
traffstat_status traffstat_i_joint_share(traffstat_ctx *ctx, const traffstat_i_addends *all,
                                         traffstat_i_moments *out);

/* Why every row is a scenario, and the kind. */
traffstat_status traffstat_i_thinning_kind(traffstat_i_thinning *run);
/* Reasons that lie in the cell: flags, coverage, a rate that was borrowed. */
traffstat_status traffstat_i_thinning_cell_reasons(traffstat_i_thinning *run, size_t row,
                                                   const traffstat_cell *cell);
/* What every model that borrows a rate assumes of it and of the counting. */
traffstat_status traffstat_i_rate_assumptions(traffstat_i_thinning *run);
/* That a range published without its level is a 95 % one, where it is. */
traffstat_status traffstat_i_range_assumption(traffstat_i_thinning *run);
traffstat_status traffstat_i_thinning_assumptions(traffstat_i_thinning *run);
/* share: mean and sd of p after the counts, NaN where there is none. */
traffstat_status traffstat_i_thinning_basis(traffstat_i_thinning *run, double mean, double sd);
/* The detail `reporting`; sd: of p after the counts. */
void traffstat_i_thinning_rate_detail(traffstat_i_thinning *run,
                                      const traffstat_reporting_basis *basis, double sd);
/* The detail `sensitivity`, where it was asked for. */
traffstat_status traffstat_i_thinning_sensitivity(traffstat_i_thinning *run);
/* Text of a cell that has no count. */
const char *traffstat_i_why_text(traffstat_why why);

#endif
