/* The posterior of N and of U = N - y for one row or for several that share p: a mixture of laws
 * over the counts that the rows allow. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_DIST_H
#define TRAFFSTAT_I_REPORTING_DIST_H

#include "model/reporting/law.h"
#include "model/reporting/logit_law.h"

#include <traffstat/reporting.h>

/* Counts that a row (or a sum of rows) may allow: more is refused, not sampled. */
#define TRAFFSTAT_I_PARTS_MAX 1024

/* What is assumed of p and of lambda. */
typedef struct traffstat_i_belief {
    double a;
    double b;
    traffstat_rate_prior rate_prior;
    double shape;    /* of the gamma prior */
    double rate;     /* over the exposure */
    double coverage; /* share that reported: cases are counted with coverage p; 0 stands for 1 */
    const traffstat_i_logit_law *law; /* of p, borrowed; NULL: Beta(a, b) */
} traffstat_i_belief;

/* Does the hypergeometric law hold, without a grid? */
bool traffstat_i_belief_is_closed(const traffstat_i_belief *belief);
/* 0 < coverage <= 1. */
double traffstat_i_belief_coverage(const traffstat_i_belief *belief);
/* The law of p; `beta` is filled where the belief names a and b only. */
const traffstat_i_logit_law *traffstat_i_belief_law(const traffstat_i_belief *belief,
                                                    traffstat_i_logit_law *beta);
/* ln of the likelihood of z = logit p given a sum of `count` over `rows` rows, less p's prior. */
double traffstat_i_belief_log_likelihood(const traffstat_i_belief *belief, double count,
                                         size_t rows, double z);

typedef struct traffstat_i_part {
    double count;     /* y */
    double weight;    /* its probability given the interval */
    traffstat_i_law law;
} traffstat_i_part;

typedef struct traffstat_i_dist {
    traffstat_ctx *ctx;
    traffstat_i_part *parts;
    size_t count;
    double mean_count;         /* of y */
    double mean_unreported;    /* NaN: infinite */
} traffstat_i_dist;

/* Why the posterior given these counts has no number, or NULL where it has. Static text. */
const char *traffstat_i_dist_refusal(const traffstat_i_belief *belief, const int64_t *lower,
                                     const int64_t *upper, size_t rows);
/* Of `rows` counts that share one p; refusal() gave NULL. */
traffstat_status traffstat_i_dist_init(traffstat_ctx *ctx, traffstat_i_dist *dist,
                                       const traffstat_i_rule *rule,
                                       const traffstat_i_belief *belief, const int64_t *lower,
                                       const int64_t *upper, size_t rows);
void traffstat_i_dist_clear(traffstat_i_dist *dist);

/* What is asked about: N itself or N - y. */
typedef enum traffstat_i_about {
    TRAFFSTAT_I_ALL,
    TRAFFSTAT_I_UNREPORTED
} traffstat_i_about;

traffstat_i_sides traffstat_i_dist_sides(const traffstat_i_dist *dist, traffstat_i_about about,
                                         double n);
/* Smallest whole n with P(.. <= n) >= q; `rest` is 1 - q, given apart for its digits. A cdf that
 * misses q by no more than rounding (2e-14 of the smaller side and the last digit of q) counts as
 * reaching it: ties such as P(N <= 279) = 0.975 are common. Infinite past the largest double; from
 * 2^53 on the nearest double below which the cdf falls short. */
double traffstat_i_dist_quantile(const traffstat_i_dist *dist, traffstat_i_about about, double q,
                                 double rest);
/* The shortest run of consecutive N that holds at least `level`; of several, the one that holds
 * most, then the lowest. */
void traffstat_i_dist_shortest(const traffstat_i_dist *dist, double level, double *low,
                               double *high);

typedef struct traffstat_i_moments {
    double mean;
    double sd;
} traffstat_i_moments;
/* The same over a grid, for `rows` rows that share p. */
traffstat_status traffstat_i_mix_share(traffstat_ctx *ctx, const traffstat_i_dist *dist,
                                       const traffstat_i_belief *belief, size_t rows,
                                       traffstat_i_moments *out);

/* Mean and standard deviation of p after the counts. NaN where the integration failed. */
traffstat_status traffstat_i_dist_share(traffstat_ctx *ctx, const traffstat_i_dist *dist,
                                        const traffstat_i_belief *belief, double *mean,
                                        double *sd);

#endif
