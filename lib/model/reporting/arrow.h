/* Curvature of the panel's posterior in its latent field: an arrow, because places hang together
 * only through what they share. */
#ifndef TRAFFSTAT_REPORTING_ARROW_H
#define TRAFFSTAT_REPORTING_ARROW_H

#include "model/reporting/field.h"

/* The latent field given the scales and the shared reporting level: two coordinates a place (rate,
 * reporting) and `width` shared ones, first those of the rate (level, years' steps, covariates), then
 * those of reporting (drift's steps, covariates), which an arrow may leave out. */
typedef struct traffstat_i_arrow {
    size_t blocks;
    size_t width;
    size_t rates;   /* of those, the shared ones of the rate */
    size_t *shared; /* width: coordinates of a position */
    double *pair;   /* blocks x 3: a place's own 2 x 2, then its factor */
    double *cross;  /* blocks x 2 x width */
    double *core;   /* width x width, then the factor of what the places leave of it */
    double *design; /* (years + 1) x 2 x width: how log rate and logit p hang on the shared ones */
    double *bends;  /* curvatures: of cells, places x years, years */
    double log_determinant;
} traffstat_i_arrow;

/* held: without the shared coordinates of reporting. */
traffstat_status traffstat_i_arrow_open(traffstat_ctx *ctx, const traffstat_i_posterior *posterior,
                                        bool held, traffstat_i_arrow *arrow);
void traffstat_i_arrow_close(traffstat_ctx *ctx, traffstat_i_arrow *arrow);

/* Negative curvature at a position, factored; false where it is not positive (never with
 * `expected`, which leaves out what may be negative). */
bool traffstat_i_arrow_fill(const traffstat_i_posterior *posterior, traffstat_i_arrow *arrow,
                            void *scratch, const double *position, bool expected);
/* step = curvature^-1 slope, both of a position's dimension; other coordinates of step are 0. */
void traffstat_i_arrow_solve(const traffstat_i_posterior *posterior, traffstat_i_arrow *arrow,
                             const double *slope, double *step, double *work);
/* A draw of the shared coordinates by their normal law, from `width` standard normals, with each
 * place's pair at its middle given them. Zeros for the first `rates` of them leave those at their
 * middle given the others, which then are drawn by their own law. */
void traffstat_i_arrow_shared(const traffstat_i_posterior *posterior,
                              const traffstat_i_arrow *arrow, const double *normal, double *step,
                              double *work);
/* log of the square root of the determinant of the curvature of the shared coordinates from number
 * `first` on, the others left to themselves. */
double traffstat_i_arrow_log_root(const traffstat_i_arrow *arrow, size_t first);

/* Where random numbers come from: traffstat_i_random_uniform(seed, model, replicate, index...). */
typedef struct traffstat_i_stream {
    uint64_t seed;
    uint32_t model;
    uint32_t replicate;
    uint64_t index;
} traffstat_i_stream;

/* Work of traffstat_i_place_draw(). */
typedef struct traffstat_i_place_room {
    const size_t *order; /* cells by place: those of place j from first[j] on */
    const size_t *first;
    double *mean; /* one a cell, and as many odds right behind */
    double *odds;
    const double *turn; /* directions of the lattice */
    double *logs;
} traffstat_i_place_room;
/* Doubles of store for `cells` cells, at most `most_cells` of one place; _lay divides them up. */
size_t traffstat_i_place_room_size(size_t cells, size_t most_cells);
void traffstat_i_place_room_lay(traffstat_i_place_room *room, size_t cells, double *store);

/* Draws each place's pair of effects given the rest of the position, whose pairs lie at the middle
 * of their proposals, and puts it there. Returns the log of an unbiased estimate of the integral
 * over all pairs, over the density at those middles (both of what the places' own cells, terms and
 * effects tell); up to a constant that depends on the number of places alone. */
double traffstat_i_place_draw(const traffstat_i_posterior *posterior,
                              const traffstat_i_arrow *arrow, void *scratch,
                              const traffstat_i_place_room *room, const traffstat_i_stream *stream,
                              double *position);
/* The slope of the log density by the shared coordinates with the places' pairs integrated out by a
 * rule, from a position at whose middles the arrow was filled; what it says of other coordinates means
 * nothing. Validated cases of a place count in it as if its pair were at the middle. Returns what
 * traffstat_i_place_draw() estimates. */
double traffstat_i_place_scores(const traffstat_i_posterior *posterior,
                                const traffstat_i_arrow *arrow, void *scratch,
                                const traffstat_i_place_room *room, const double *position,
                                double *gradient);

#endif
