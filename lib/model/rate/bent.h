/* Lines on the log scale that meet at joinpoints: fits, searches, tests. Private to the model room.
 *
 * A fit is held as the values of the linear predictor at its nodes (first time, joinpoints, last
 * time): each observation then touches two neighbouring parameters, and the information matrix is
 * tridiagonal and well conditioned, however close the joinpoints are. */
#ifndef TRAFFSTAT_I_MODEL_BENT_H
#define TRAFFSTAT_I_MODEL_BENT_H

#include <traffstat/joinpoint.h>

#include "model/rate/hinge.h"

#define TRAFFSTAT_I_NODES 10 /* TRAFFSTAT_I_KNOTS + 2 */

/* One series. Times are moved and scaled to [-1, 1]: time = middle + half * x. */
typedef struct traffstat_i_bent {
    traffstat_ctx *ctx;
    size_t n;
    int32_t family;
    bool own_spread; /* the dispersion is estimated */
    size_t end;
    size_t step;
    double middle;
    double half;
    double *memory;
    double *x;
    double *y;       /* counts; log-linear: log of the rate */
    double *log_y;   /* log of the count (0 where it is 0) */
    double *log_no;  /* binomial: log of those who are not cases */
    double *offset;  /* log exposure (log-linear: in y already); binomial: 0 */
    double *trials;  /* binomial: persons; else 1 */
    double *weight;  /* log-linear: weights; else 1 */
} traffstat_i_bent;

/* One fit. */
typedef struct traffstat_i_lines {
    size_t k;
    double knots[TRAFFSTAT_I_KNOTS]; /* scaled, rising */
    double value[TRAFFSTAT_I_NODES]; /* of the linear predictor at the k + 2 nodes, less offset */
    double deviance;
} traffstat_i_lines;

/* An observation's fitted count, weight and what it adds to the deviance at linear predictor eta
 * (offset not included). Log-linear: mean eta, weight as given. */
typedef struct traffstat_i_point {
    double mean;
    double weight;
    double deviance;
} traffstat_i_point;

traffstat_i_point traffstat_i_bent_point(const traffstat_i_bent *series, size_t i, double eta);

/* Node `i` (0..k + 1) of a fit. */
double traffstat_i_lines_node(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                              size_t i);
/* The linear predictor at the n observations. */
void traffstat_i_lines_eta(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                           double *eta);
/* The same at any x. */
double traffstat_i_lines_at(const traffstat_i_bent *series, const traffstat_i_lines *fit, double x);
/* Fits by Newton's method from the values in *fit, whose k and knots are set, until a step changes
 * the deviance by less than `tolerance` of itself. false: no convergence. */
bool traffstat_i_lines_fit(const traffstat_i_bent *series, traffstat_i_lines *fit,
                           double tolerance);
/* Values for the knots of *to that follow the lines of `from`. */
void traffstat_i_lines_carry(const traffstat_i_bent *series, const traffstat_i_lines *from,
                             traffstat_i_lines *to);
/* A fit without joinpoints. false: no convergence. */
bool traffstat_i_lines_straight(const traffstat_i_bent *series, traffstat_i_lines *fit);

/* Covariance of the node values, (k + 2)^2, and for `moving` joinpoints of those too:
 * (2k + 2)^2, joinpoints last, on the scaled axis. For dispersion 1. false: singular. */
bool traffstat_i_lines_covariance(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                                  bool moving, double *out);

/* The weighted least-squares problem that stands for the series near a fit: weights w and response z,
 * n values each. */
void traffstat_i_bent_linear(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                             double *w, double *z);

/* The best fits with 1..most joinpoints on the grid, fits[0] given. */
traffstat_status traffstat_i_bent_search(const traffstat_i_bent *series, traffstat_i_hinge *hinge,
                                         traffstat_i_scan *scan, traffstat_i_lines *fits,
                                         size_t most);
/* Lets the joinpoints of a grid fit move to anywhere between observations. */
traffstat_status traffstat_i_bent_refine(const traffstat_i_bent *series, traffstat_i_lines *fit);

/* One test of null against other joinpoints. `run` numbers the tests of a call: each has random
 * numbers of its own. */
typedef struct traffstat_i_bent_trial {
    size_t null;
    size_t other;
    uint32_t run;
    size_t permutations;
    double statistic;
    int64_t extreme;
} traffstat_i_bent_trial;

traffstat_status traffstat_i_bent_test(const traffstat_i_bent *series, traffstat_i_hinge *hinge,
                                       const traffstat_i_lines *null_fit,
                                       traffstat_i_bent_trial *ask);

#endif
