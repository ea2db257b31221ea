/* Least squares with hinges: all placings of k joinpoints on a grid, for one set of weights and many
 * responses. Private to the model room.
 *
 * Two lines that meet at x[a] are a line plus a multiple of the hinge (x - x[a])+. Swept clean of
 * the line, the hinge equals (x[a] - x)+ swept clean; so for a <= b the product of two is that of
 * functions that are nowhere both nonzero, less what the line takes: the Gram matrix costs O(1) an
 * entry and loses no digits near the ends. */
#ifndef TRAFFSTAT_I_MODEL_HINGE_H
#define TRAFFSTAT_I_MODEL_HINGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"

#define TRAFFSTAT_I_KNOTS 8 /* the most joinpoints of one series */

/* The grid and what depends on weights alone. Candidate a is observation end + a. Shared by workers
 * once weighed. */
typedef struct traffstat_i_hinge {
    traffstat_ctx *ctx;
    size_t n;
    size_t end;  /* observations kept free at each end */
    size_t step; /* least distance of two joinpoints, in observations */
    size_t most; /* joinpoints */
    size_t g;    /* candidates */
    const double *x; /* borrowed */
    double *w;
    double *centred; /* x less its weighted mean */
    double inv_weight;
    double inv_spread;
    double *halves;   /* g * 4: products of both halves with 1 and x */
    double *rho;      /* g * g: correlations of swept hinges */
    double *inv_norm; /* g */
    double *pair_p;   /* g * g: 1 / (1 - rho^2) */
    double *pair_q;   /* g * g: 2 rho / (1 - rho^2) */
    double *piece_mean;       /* n * n, of the observations i..j alone: mean of centred, */
    double *piece_inv_weight; /* 1 / sum of w, */
    double *piece_inv_spread; /* 1 / spread of x (0 for a single one) */
} traffstat_i_hinge;

/* `x` rises strictly, n values. Joinpoints up to `most` must fit (traffstat_i_hinge_fits). */
traffstat_status traffstat_i_hinge_init(traffstat_ctx *ctx, traffstat_i_hinge *hinge,
                                        const double *x, size_t n, size_t end, size_t step,
                                        size_t most);
void traffstat_i_hinge_clear(traffstat_i_hinge *hinge);
/* Sets the weights, n values > 0. */
void traffstat_i_hinge_weigh(traffstat_i_hinge *hinge, const double *w);
/* Can k joinpoints be placed? */
bool traffstat_i_hinge_fits(size_t n, size_t end, size_t step, size_t k);
/* Placings of k joinpoints. */
double traffstat_i_hinge_placings(size_t n, size_t end, size_t step, size_t k);

/* Told of a placing (observations, rising) and its sum of squares; gives the new cutoff. */
typedef double (*traffstat_i_placing_fn)(void *user, const size_t *knots, double sse);

/* One worker's response and room to search. */
typedef struct traffstat_i_scan {
    const traffstat_i_hinge *hinge;
    double *memory; /* one block for all that follow */
    double *residual;
    double *sums[3]; /* n + 1: running sums of w e, w e x, w e^2 */
    double *u;       /* (most + 1) * g: products with hinges clean of the joinpoints so far */
    double *norm;
    double *part;
    double *rest; /* most * n: least cost right of a joinpoint, lines not joined */
    double sse0;  /* of one line */
    size_t k;
    double cutoff;
    size_t knots[TRAFFSTAT_I_KNOTS];
    traffstat_i_placing_fn visit;
    void *user;
    bool any; /* the first below the cutoff will do */
    double kept_sse;
    size_t kept[TRAFFSTAT_I_KNOTS];
} traffstat_i_scan;

traffstat_status traffstat_i_scan_init(traffstat_i_scan *scan, const traffstat_i_hinge *hinge);
void traffstat_i_scan_clear(traffstat_i_scan *scan);
/* Takes a response, n values. */
void traffstat_i_scan_load(traffstat_i_scan *scan, const double *z);
/* Least sum of squares with k joinpoints, where below `cutoff` (else `cutoff`); its placing in
 * `knots` where not NULL. `any`: the first placing found below the cutoff will do. */
double traffstat_i_scan_best(traffstat_i_scan *scan, size_t k, double cutoff, bool any,
                             size_t *knots);
/* Visits placings of k > 0 joinpoints, in rising order, whose sum of squares is below the cutoff of
 * that moment. */
void traffstat_i_scan_visit(traffstat_i_scan *scan, size_t k, double cutoff,
                            traffstat_i_placing_fn visit, void *user);

#endif
