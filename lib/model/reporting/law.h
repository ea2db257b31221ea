/* The law of the unreported number. Private to the reporting family.
 *
 * Whatever the rate prior, U = N - y has weights with one ratio,
 *
 *     w(u+1)/w(u) = rho (alpha+u)(b+u) / ((c+u)(1+u)),     c = alpha + b + tail = y + a + b,
 *
 * the terms of the hypergeometric series 2F1(alpha, b; c; rho):
 *
 *     inverse    alpha = y,        tail = a,        rho = 1    (beta-negative-binomial)
 *     jeffreys   alpha = y + 1/2,  tail = a - 1/2,  rho = 1
 *     gamma      alpha = y + k s,  tail = a - k s,  rho = 1/(1+r), k rows sharing one p
 *
 * (gamma: the p integral of p^(a+y-1) (1-p)^(b-1) (r+p)^-alpha times the negative binomial of size
 * alpha and probability (r+p)/(r+1) loses its factor (r+p)^alpha and leaves a beta function.) */
#ifndef TRAFFSTAT_I_REPORTING_LAW_H
#define TRAFFSTAT_I_REPORTING_LAW_H

#include "base/base.h"

typedef struct traffstat_i_law_params {
    double alpha;
    double b;
    double c;
    double tail;    /* c - alpha - b, given apart: as a difference it would lose its digits;
                     * > 0 when rate is 0 */
    double rate;    /* r of the gamma prior; 0: rho = 1 */
} traffstat_i_law_params;

/* Gauss-Legendre nodes on [0, 1] with the matrix that integrates from 0 to each node. */
#define TRAFFSTAT_I_NODES 16
typedef struct traffstat_i_rule {
    double x[TRAFFSTAT_I_NODES];
    double w[TRAFFSTAT_I_NODES];
    double m[TRAFFSTAT_I_NODES][TRAFFSTAT_I_NODES];
} traffstat_i_rule;

traffstat_status traffstat_i_rule_init(traffstat_ctx *ctx, traffstat_i_rule *rule);

/* U as a mixture of negative binomials of one size over a grid of p, where the hypergeometric form
 * does not hold: coverage below 1, a law of p other than Beta. */
typedef struct traffstat_i_mix {
    double alpha;   /* size */
    size_t count;
    double *prob;   /* (r + c p)/(r + 1) */
    double *rest;   /* 1 - prob, without loss of digits */
    double *weight; /* adds up to 1 */
    double log_mass; /* ln of the integral behind the weights */
    bool tail;      /* the mean is infinite */
    bool closed;    /* the mean is known without the grid: */
    double mean;
} traffstat_i_mix;

/* A run [start, end) of u with its mass and the mass on either side of it. */
typedef struct traffstat_i_piece {
    double start;
    double end;
    double log_weight;    /* ln w(start) - ln w(mode) */
    double log_mass;      /* ln of the sum over the run, same scale */
    double first_moment;  /* sum of (u - start) w(u) over the run, over its mass */
    double before;        /* probability of u < start */
    double after;         /* probability of u >= end */
    bool smooth;          /* summed by Euler and Maclaurin, not term by term */
} traffstat_i_piece;

typedef struct traffstat_i_law {
    traffstat_ctx *ctx;
    const traffstat_i_rule *rule;    /* borrowed */
    traffstat_i_law_params p;
    traffstat_i_piece *pieces;
    size_t count;
    size_t capacity;
    double log_total;    /* ln of the sum of all weights, w(mode) = 1 */
    bool two_modes;      /* a second one at u = 0, possible for rate > 0 and b < 1 */
    double beyond;       /* probability past the last piece: the power law u^-tail */
    traffstat_i_mix *mix; /* owned; then there are no pieces, and p holds alpha alone */
} traffstat_i_law;

/* to_zero: the pieces reach down to u = 0 whatever their mass, so that log_pmf(0) is exact
 * there. */
traffstat_status traffstat_i_law_init(traffstat_ctx *ctx, traffstat_i_law *law,
                                      const traffstat_i_rule *rule, traffstat_i_law_params params,
                                      bool to_zero);
void traffstat_i_law_clear(traffstat_i_law *law);
/* Takes the mixture over. */
void traffstat_i_law_of_mix(traffstat_ctx *ctx, traffstat_i_law *law, traffstat_i_mix *mix);

/* P(U <= u) and P(U > u), the smaller to about 1e-13 of itself or 1e-32. u may be any double;
 * below 0 it gives 0 and 1. */
typedef struct traffstat_i_sides {
    double at_most;
    double above;
} traffstat_i_sides;
traffstat_i_sides traffstat_i_law_sides(const traffstat_i_law *law, double u);
/* ln P(U = u), u a whole number; -inf outside the pieces. */
double traffstat_i_law_log_pmf(const traffstat_i_law *law, double u);
/* Mean of U by summation; only for rate > 0, where no power law remains, and for mixtures. */
double traffstat_i_law_mean(const traffstat_i_law *law);

/* ---- mixtures -------------------------------------------------------------------------------- */

struct traffstat_i_belief;
/* The mixture given one count. */
traffstat_status traffstat_i_mix_new(traffstat_ctx *ctx, const struct traffstat_i_belief *belief,
                                     double count, size_t rows, traffstat_i_mix **out);
void traffstat_i_mix_free(traffstat_ctx *ctx, traffstat_i_mix *mix);
traffstat_i_sides traffstat_i_mix_sides(const traffstat_i_mix *mix, double u);
double traffstat_i_mix_log_pmf(const traffstat_i_mix *mix, double u);
double traffstat_i_mix_mean(const traffstat_i_mix *mix);

#endif
