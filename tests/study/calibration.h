/* Simulation-based calibration (Talts et al. 2018) of the models of reporting: truths are drawn from
 * the prior, counts from the truths, a fit sees the counts alone, and the place of the truth within
 * the posterior must come out uniform. Shared by study_reporting.c, which makes a page of it, and
 * tests/property/test_calibration.c, a small run for every check. */
#ifndef CALIBRATION_H
#define CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traffstat/base.h>

/* ---- random numbers, which lean on nothing that is tested ------------------------------------- */

typedef struct calibration_random {
    uint64_t state;
} calibration_random;

calibration_random calibration_seeded(uint64_t seed, uint64_t replicate);
double calibration_uniform(calibration_random *from); /* inside (0, 1) */
double calibration_normal(calibration_random *from);
double calibration_gamma(calibration_random *from, double shape); /* scale 1 */
double calibration_beta(calibration_random *from, double a, double b);
int64_t calibration_poisson(calibration_random *from, double mean);
int64_t calibration_binomial(calibration_random *from, int64_t of, double share);

/* ---- is it uniform? --------------------------------------------------------------------------- */

typedef struct calibration_uniformity {
    double chi_square;   /* of equal bins */
    double chi_square_p;
    double deviation;    /* largest between the empirical distribution function and the uniform */
    double deviation_p;  /* Kolmogorov's limit law with Stephens' correction */
} calibration_uniformity;

/* Sorts `values`, each in [0, 1]. */
calibration_uniformity calibration_test(double *values, size_t count, size_t bins);

/* Intervals whose coverage is counted: equal tails. */
enum { CALIBRATION_LEVELS = 3 };
extern const double calibration_levels[CALIBRATION_LEVELS]; /* 0.5, 0.8, 0.95 */

/* Shapes of a Beta law. */
typedef struct calibration_law {
    double a;
    double b;
} calibration_law;

/* What became of one quantity in many replicates. */
typedef struct calibration_tally {
    calibration_uniformity uniformity;
    double coverage[CALIBRATION_LEVELS];
} calibration_tally;

/* ---- the exact model -------------------------------------------------------------------------- */

typedef struct calibration_thinning {
    calibration_law truth; /* p is drawn from it */
    calibration_law prior; /* and believed to be of it */
    double shape, rate;    /* gamma law of the expected true count of a row */
    size_t rows;           /* share one p; 1: no total */
    bool uneven;           /* exposures of their own: the total is drawn; only its coverage is told */
    size_t replicates;
    size_t bins;
    uint64_t seed;
} calibration_thinning;

/* Of N of one row, or of the total of several. */
traffstat_status calibration_of_thinning(traffstat_ctx *ctx, const calibration_thinning *how,
                                         calibration_tally *out);

/* ---- a panel of 4 places x 5 years ------------------------------------------------------------- */

/* Named before anything was run. */
enum {
    CALIBRATION_CELL,       /* N of one place and year */
    CALIBRATION_TOTAL,      /* N of all */
    CALIBRATION_CHANGE,     /* N of the last year over N of the first, half a case added to each */
    CALIBRATION_COUNTS,     /* how many of them are made of N alone */
    CALIBRATION_SHARE = CALIBRATION_COUNTS, /* shared level of p: ranks of p are ranks of c0 = logit p */
    CALIBRATION_LIKELIHOOD, /* log, of the counts */
    CALIBRATION_QUANTITIES
};
extern const char *const calibration_names[CALIBRATION_QUANTITIES];

/* What the posterior is taken by. */
typedef enum calibration_engine {
    CALIBRATION_NUTS,
    CALIBRATION_FAST,
    CALIBRATION_GIVEN, /* nothing to fit: rates and p's are told, N alone is to be drawn */
} calibration_engine;

enum { CALIBRATION_KEPT = 99 }; /* draws of a chain that a truth is ranked among */

typedef struct calibration_panel {
    bool negative_binomial;
    bool mixed;            /* counts below 5 known as "<5", one not reported, a place of coverage
                              0.8, a survey of 12 cases in one place and year */
    int64_t hidden_below;  /* of mixed: 5 */
    double dispersion_scale;
    calibration_engine engine;
    calibration_law truth; /* of the shared level of p */
    calibration_law prior;
    double drift_scale;    /* of the model that is fitted */
    double true_share;     /* the shared level of p; 0: drawn */
    double true_drift;     /* what logit p rises each year; NAN: drawn from the model */
    double accept;         /* target of NUTS; the product's is 0.99 */
    size_t replicates;
    uint64_t seed;
} calibration_panel;

/* The standard model: everything from the prior, p from Beta(8, 12). */
calibration_panel calibration_right(size_t replicates);

/* What one replicate came to. */
typedef struct calibration_answer {
    bool failed; /* the fast engine found no mode */
    double place[CALIBRATION_QUANTITIES]; /* of the truth within its posterior, in [0, 1] */
    bool held[CALIBRATION_QUANTITIES][CALIBRATION_LEVELS];
    double truth[CALIBRATION_QUANTITIES];
    double middle[CALIBRATION_QUANTITIES]; /* the posterior's median */
    double size;          /* least bulk effective size of the quantities; NUTS */
    int64_t divergences;
    double khat; /* fast engine */
} calibration_answer;

/* answers[replicates]; the same for any number of threads of the context. */
traffstat_status calibration_of_panel(traffstat_ctx *ctx, const calibration_panel *how,
                                      calibration_answer *answers);

/* Of the replicates that did not fail, whose number goes to *used. */
calibration_tally calibration_count(const calibration_answer *answers, size_t count, size_t quantity,
                                    size_t bins, double *room, size_t *used);

/* How far the simulator and the library differ in log rates, logit p's of the cells of replicate
 * `which`, at the position that stands for its truth. */
traffstat_status calibration_gap(traffstat_ctx *ctx, const calibration_panel *how, size_t which,
                                 double *gap);

#endif
