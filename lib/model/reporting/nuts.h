/* The no-U-turn sampler and what tells whether its chains may be trusted. */
#ifndef TRAFFSTAT_REPORTING_NUTS_H
#define TRAFFSTAT_REPORTING_NUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traffstat/base.h>

/* A density to draw from. `model` is shared by the chains and must not change; `scratch` is one
   chain's own, zeroed at its start. density() gives the log density up to a constant and fills
   gradient[dimension]; -INFINITY (or NaN) where there is none. */
typedef struct traffstat_i_target {
    size_t dimension;
    const void *model;
    size_t scratch_size;
    double (*density)(const void *model, void *scratch, const double *position, double *gradient);
    const double *start; /* dimension, or NULL for 0: chains start around it */
    double start_radius; /* uniform on +- radius in each coordinate */
} traffstat_i_target;

typedef struct traffstat_i_nuts_options {
    int32_t chains;     /* 4 */
    int32_t threads;    /* <= 0: as many as the context's or the machine's cores; results are the same */
    int32_t warmup;     /* 1000 */
    int32_t draws;      /* 1000 kept a chain */
    double accept;      /* 0.99: target of dual averaging */
    int32_t max_depth;  /* 10 */
    uint64_t seed;
    double progress_from, progress_to; /* this call's part of the whole, 0..1 */
} traffstat_i_nuts_options;

typedef struct traffstat_i_chains {
    size_t dimension;
    int32_t chains;
    int32_t draws;          /* a chain */
    double *positions;      /* chains x draws x dimension */
    double *log_density;    /* chains x draws */
    double *energy;         /* chains x draws */
    int64_t divergences;
    int64_t depth_hits;     /* trees that reached max_depth */
    int64_t gradients;
    double *step;           /* chains: step sizes after warm-up */
    struct traffstat_i_chain *state; /* where each stands, for _extend */
} traffstat_i_chains;

/* Draws; bit for bit the same for any number of threads. _E_CANCELLED, _E_NOMEM, _E_NUMERIC (no
   start with a finite density). */
traffstat_status traffstat_i_nuts(traffstat_ctx *ctx, const traffstat_i_target *target,
                                  const traffstat_i_nuts_options *options,
                                  traffstat_i_chains **out);

/* As many draws again from where the chains stand (step and metric stay). */
traffstat_status traffstat_i_nuts_extend(traffstat_ctx *ctx, const traffstat_i_target *target,
                                         const traffstat_i_nuts_options *options, int32_t more,
                                         traffstat_i_chains *chains);

/* Looks at the draws so far, of the last round or not; *enough: no more are wanted. */
typedef traffstat_status (*traffstat_i_rounds_fn)(const traffstat_i_chains *chains, void *user,
                                                  bool last, bool *enough);
typedef struct traffstat_i_rounds {
    int doublings; /* at most */
    double progress_end; /* each doubling takes half of what is left up to here */
    traffstat_i_rounds_fn look;
    void *user;
} traffstat_i_rounds;
/* Draws and doubles them until look() has enough. On failure *out may hold chains: free them. */
traffstat_status traffstat_i_nuts_rounds(traffstat_ctx *ctx, const traffstat_i_target *target,
                                         const traffstat_i_nuts_options *options,
                                         const traffstat_i_rounds *rounds,
                                         traffstat_i_chains **out);

void traffstat_i_chains_free(traffstat_ctx *ctx, traffstat_i_chains *chains);

/* Of one quantity, values[chains x draws]. work: 2 x chains x draws doubles. Vehtari et al. 2021:
   split chains, ranks to normal scores, folded. NaN where a value is not finite or all are equal. */
double traffstat_i_rhat(const double *values, int32_t chains, int32_t draws, double *work);
double traffstat_i_ess_bulk(const double *values, int32_t chains, int32_t draws, double *work);
double traffstat_i_ess_tail(const double *values, int32_t chains, int32_t draws, double *work);
double traffstat_i_ess_mean(const double *values, int32_t chains, int32_t draws, double *work);
/* Monte-Carlo error of the mean and of a quantile (prob in (0, 1)). */
double traffstat_i_mcse_mean(const double *values, int32_t chains, int32_t draws, double *work);
double traffstat_i_mcse_quantile(const double *values, int32_t chains, int32_t draws, double prob,
                                 double *work);
/* Smallest over the chains. Betancourt 2016. */
double traffstat_i_ebfmi(const traffstat_i_chains *chains);

/* Pareto-smoothed importance sampling (Vehtari et al. 2024): log_ratios[n] in, smoothed and
   normalised log weights out (exp sums to 1), the tail's shape k-hat returned; INFINITY where it
   cannot be told (fewer than 5 in the tail, or all equal: then 0). */
traffstat_status traffstat_i_psis(traffstat_ctx *ctx, double *log_ratios, size_t n, double *khat);

#endif
