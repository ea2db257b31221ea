/* A total by draws, where rows have rates, coverages or exposures of their own. */
#include <math.h>
#include <stdlib.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>

#include "model/reporting/thinning.h"

#define MODEL 0x7468696eu /* of the random streams: "thin" */
#define STEPS 40.0        /* of a grid that is drawn from, to each sd of the prior */
#define POISSON_FROM 10.0 /* mean from which Poisson numbers are drawn by rejection */

/* ---- numbers out of a stream ------------------------------------------------------------------ */

typedef struct stream {
    uint64_t seed;
    uint32_t replicate;
    uint64_t next;
} stream;

static double uniform(stream *from)
{
    return traffstat_i_random_uniform(from->seed, MODEL, from->replicate, from->next++);
}

/* Marsaglia and Tsang (2000); a shape below 1 by a power of a uniform. */
static double draw_gamma(stream *from, double shape)
{
    const double lift = shape < 1.0 ? 1.0 : 0.0;
    const double d = shape + lift - 1.0 / 3.0;
    const double c = 1.0 / sqrt(9.0 * d);
    for (;;) {
        const double x = gsl_cdf_ugaussian_Pinv(uniform(from));
        const double v = 1.0 + c * x;
        const double u = uniform(from);
        const double cube = v * v * v;
        if (v > 0.0 && log(u) < 0.5 * x * x + d - d * cube + d * log(cube)) {
            const double scale = lift > 0.0 ? pow(uniform(from), 1.0 / shape) : 1.0;
            return d * cube * scale;
        }
    }
}

static double draw_small_poisson(stream *from, double mean)
{
    double left = exp(-mean);
    double product = uniform(from);
    double n = 0.0;
    while (product > left) {
        product *= uniform(from);
        n += 1.0;
    }
    return n;
}

/* Hörmann's transformed rejection (1993), PTRS; past 1e15 the normal law is as good. */
static double draw_poisson(stream *from, double mean)
{
    if (mean < POISSON_FROM) {
        return draw_small_poisson(from, mean);
    }
    if (mean > 1e15) {
        return floor(mean + sqrt(mean) * gsl_cdf_ugaussian_Pinv(uniform(from)));
    }
    const double b = 0.931 + 2.53 * sqrt(mean);
    const double a = -0.059 + 0.02483 * b;
    const double inverse = 1.1239 + 1.1328 / (b - 3.4);
    const double reach = 0.9277 - 3.6224 / (b - 2.0);
    for (;;) {
        const double u = uniform(from) - 0.5;
        const double v = uniform(from);
        const double side = 0.5 - fabs(u);
        const double n = floor((2.0 * a / side + b) * u + mean + 0.43);
        if (side >= 0.07 && v <= reach) {
            return n;
        }
        if (n < 0.0 || (side < 0.013 && v > side)) {
            continue;
        }
        gsl_sf_result log_factorial;
        if (gsl_sf_lngamma_e(n + 1.0, &log_factorial) == 0 &&
            log(v * inverse / (a / (side * side) + b)) <=
                n * log(mean) - mean - log_factorial.val) {
            return n;
        }
    }
}

/* ---- p after the counts ----------------------------------------------------------------------- */

static double shift_of(const traffstat_i_belief *belief)
{
    return belief->rate_prior == TRAFFSTAT_RATE_GAMMA      ? belief->shape
           : belief->rate_prior == TRAFFSTAT_RATE_JEFFREYS ? 0.5
                                                           : 0.0;
}

static double rate_of(const traffstat_i_belief *belief)
{
    return belief->rate_prior == TRAFFSTAT_RATE_GAMMA ? belief->rate : 0.0;
}

static double seen_at(const traffstat_i_belief *belief, double z)
{
    return traffstat_i_belief_coverage(belief) / (1.0 + exp(-z));
}

/* Weights of the counts lower, lower + 1, …: w(y+1)/w(y) = (y + s)/(y + 1) x, x = cp/(r + cp). */
static double next_weight(const traffstat_i_belief *belief, double y, double seen)
{
    return (y + shift_of(belief)) / (y + 1.0) * (seen / (rate_of(belief) + seen));
}

static double log_interval(const traffstat_i_belief *belief, double lower, double upper, double z)
{
    const double seen = seen_at(belief, z);
    double weight = 1.0;
    double sum = 1.0;
    for (double y = lower; y < upper; y += 1.0) {
        weight *= next_weight(belief, y, seen);
        sum += weight;
    }
    return log(sum);
}

/* Some rows that share p. */
typedef struct joint {
    const traffstat_i_addends *all;
    const traffstat_i_logit_law *law;
    size_t first;
    size_t end;
} joint;

static double log_joint(const void *of, double z)
{
    const joint *j = of;
    double sum = traffstat_i_logit_log_density(j->law, z);
    for (size_t i = j->first; i < j->end; i++) {
        const traffstat_i_belief *belief = &j->all->beliefs[i];
        const double lower = (double) j->all->lower[i];
        sum += traffstat_i_belief_log_likelihood(belief, lower, 1, z) +
               log_interval(belief, lower, (double) j->all->upper[i], z);
    }
    return sum;
}

static traffstat_status joint_grid(traffstat_ctx *ctx, const joint *of, traffstat_i_grid *grid)
{
    double mean = 0.0;
    double sd = 0.0;
    traffstat_i_logit_moments(of->law, &mean, &sd);
    return traffstat_i_grid_init(ctx, grid, log_joint, of, of->law, fmax(sd / STEPS, 1e-9));
}

static joint joint_of(const traffstat_i_addends *all, size_t first, size_t end,
                      traffstat_i_logit_law *beta)
{
    return (joint){all, traffstat_i_belief_law(&all->beliefs[0], beta), first, end};
}

traffstat_status traffstat_i_joint_share(traffstat_ctx *ctx, const traffstat_i_addends *all,
                                         traffstat_i_moments *out)
{
    traffstat_i_logit_law beta;
    traffstat_i_grid grid;
    const joint of = joint_of(all, 0, all->count, &beta);
    const traffstat_status status = joint_grid(ctx, &of, &grid);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double mean = 0.0;
    double square = 0.0;
    for (size_t i = 0; i < grid.count; i++) {
        mean += grid.weight[i] / (1.0 + exp(-grid.z[i]));
    }
    for (size_t i = 0; i < grid.count; i++) {
        const double away = 1.0 / (1.0 + exp(-grid.z[i])) - mean;
        square += grid.weight[i] * away * away;
    }
    traffstat_i_grid_clear(ctx, &grid);
    *out = (traffstat_i_moments){mean, sqrt(square)};
    return TRAFFSTAT_OK;
}

/* Weights become their running sum, for drawing by bisection. */
static void accumulate(traffstat_i_grid *grid)
{
    for (size_t i = 1; i < grid->count; i++) {
        grid->weight[i] += grid->weight[i - 1];
    }
}

/* A point of the grid, moved within its step. */
static double draw_z(const traffstat_i_grid *grid, stream *from)
{
    const double u = uniform(from) * grid->weight[grid->count - 1];
    size_t low = 0;
    size_t high = grid->count - 1;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (grid->weight[middle] >= u) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    const double step = grid->count > 1 ? grid->z[1] - grid->z[0] : 0.0;
    return grid->z[low] + step * (uniform(from) - 0.5);
}

/* ---- one draw --------------------------------------------------------------------------------- */

static double draw_count(const traffstat_i_addends *all, size_t row, double z, stream *from)
{
    const traffstat_i_belief *belief = &all->beliefs[row];
    const double upper = (double) all->upper[row];
    double y = (double) all->lower[row];
    if (y == upper) {
        return y;
    }
    const double seen = seen_at(belief, z);
    double left = uniform(from) * exp(log_interval(belief, y, upper, z));
    double weight = 1.0;
    while (y < upper && left > weight) {
        left -= weight;
        weight *= next_weight(belief, y, seen);
        y += 1.0;
    }
    return y;
}

typedef struct drawn {
    double count; /* sum of the counts */
    double unreported;
} drawn;

/* grids: one for all rows, or one for each. */
static drawn draw_total(const traffstat_i_addends *all, const traffstat_i_grid *grids,
                        bool independent, stream *from)
{
    drawn out = {0.0, 0.0};
    double expected = 0.0;
    double z = 0.0;
    for (size_t i = 0; i < all->count; i++) {
        if (i == 0 || independent) {
            z = draw_z(&grids[independent ? i : 0], from);
        }
        const traffstat_i_belief *belief = &all->beliefs[i];
        const double seen = seen_at(belief, z);
        const double y = draw_count(all, i, z, from);
        const double rate = draw_gamma(from, y + shift_of(belief)) / (rate_of(belief) + seen);
        out.count += y;
        expected += rate * (1.0 - seen);
    }
    out.unreported = draw_poisson(from, expected);
    return out;
}

/* ---- all draws -------------------------------------------------------------------------------- */

typedef struct sample {
    double *all; /* N, sorted in the end */
    double *unreported;
    size_t count;
} sample;

static int compare(const void *a, const void *b)
{
    const double one = *(const double *) a;
    const double other = *(const double *) b;
    return (one > other) - (one < other);
}

static double quantile(const double *sorted, size_t count, double q)
{
    const double at = ceil(q * (double) count) - 1.0;
    return sorted[(size_t) fmax(0.0, fmin((double) count - 1.0, at))];
}

/* The spread of the order statistics four binomial sd on either side, over eight: with one, whole
 * numbers would often show none. */
static double error_at(const double *sorted, size_t count, double q)
{
    const double reach = 4.0 * sqrt(q * (1.0 - q) / (double) count);
    return 0.125 * (quantile(sorted, count, fmin(1.0, q + reach)) -
                    quantile(sorted, count, fmax(0.0, q - reach)));
}

static double mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double) count;
}

static void shortest(const sample *of, double level, double *low, double *high)
{
    const size_t span = (size_t) ceil(level * (double) of->count) - 1;
    *low = of->all[0];
    *high = of->all[span];
    for (size_t i = 1; i + span < of->count; i++) {
        if (of->all[i + span] - of->all[i] < *high - *low) {
            *low = of->all[i];
            *high = of->all[i + span];
        }
    }
}

static bool is_heavy(const traffstat_i_belief *belief)
{
    traffstat_i_logit_law beta;
    const traffstat_i_logit_law *law = traffstat_i_belief_law(belief, &beta);
    return rate_of(belief) == 0.0 && law->form == TRAFFSTAT_I_FORM_BETA &&
           law->a - shift_of(belief) <= 1.0;
}

static void summarise(const traffstat_i_thinning *run, const sample *of, bool heavy,
                      traffstat_i_summary *out, double errors[3])
{
    traffstat_estimate_row *row = &out->row;
    const double tail = 0.5 * (1.0 - run->options.level);
    row->mean = heavy ? NAN : mean_of(of->all, of->count);
    row->unreported_mean = heavy ? NAN : mean_of(of->unreported, of->count);
    qsort(of->all, of->count, sizeof *of->all, compare);
    qsort(of->unreported, of->count, sizeof *of->unreported, compare);
    row->estimate = quantile(of->all, of->count, 0.5);
    row->unreported = quantile(of->unreported, of->count, 0.5);
    row->unreported_lower = quantile(of->unreported, of->count, tail);
    row->unreported_upper = quantile(of->unreported, of->count, 1.0 - tail);
    for (size_t i = 0; i < run->level_count; i++) {
        const double side = 0.5 * (1.0 - run->levels[i]);
        out->ends[i][0] = quantile(of->all, of->count, side);
        out->ends[i][1] = quantile(of->all, of->count, 1.0 - side);
    }
    row->lower = out->ends[run->level_count - 1][0];
    row->upper = out->ends[run->level_count - 1][1];
    out->upper975 = quantile(of->all, of->count, 0.975);
    shortest(of, run->options.level, &row->hdi_lower, &row->hdi_upper);
    errors[0] = error_at(of->all, of->count, 0.5);
    errors[1] = error_at(of->all, of->count, tail);
    errors[2] = error_at(of->all, of->count, 1.0 - tail);
}

static traffstat_status make_grids(traffstat_i_thinning *run, const traffstat_i_addends *all,
                                   traffstat_i_grid *grids, size_t count)
{
    traffstat_i_logit_law beta;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        const joint of = joint_of(all, i, count > 1 ? i + 1 : all->count, &beta);
        status = joint_grid(run->ctx, &of, &grids[i]);
        if (status == TRAFFSTAT_OK) {
            accumulate(&grids[i]);
        }
    }
    return status;
}

static traffstat_status draw_all(traffstat_i_thinning *run, const traffstat_i_addends *all,
                                 const traffstat_i_grid *grids, const sample *of)
{
    const bool independent = run->options.independent != 0;
    for (size_t i = 0; i < of->count; i++) {
        if (i % 256 == 0) {
            const traffstat_status status = traffstat_i_progress(run->ctx, 0.99);
            if (status != TRAFFSTAT_OK) {
                return status;
            }
        }
        stream from = {traffstat_ctx_seed(run->ctx), (uint32_t) i, 0};
        const drawn one = draw_total(all, grids, independent, &from);
        of->unreported[i] = one.unreported;
        of->all[i] = one.count + one.unreported;
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_thinning_draws(traffstat_i_thinning *run,
                                            const traffstat_i_addends *all,
                                            traffstat_i_summary *out, double errors[3])
{
    const size_t count = run->options.independent != 0 ? all->count : 1;
    sample of = {.count = (size_t) run->options.draws};
    of.all = traffstat_i_alloc(run->ctx, 2 * of.count, sizeof *of.all);
    traffstat_i_grid *grids = traffstat_i_alloc(run->ctx, count, sizeof *grids);
    traffstat_status status = of.all == NULL || grids == NULL ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    if (status == TRAFFSTAT_OK) {
        of.unreported = of.all + of.count;
        status = make_grids(run, all, grids, count);
    }
    if (status == TRAFFSTAT_OK) {
        status = draw_all(run, all, grids, &of);
    }
    if (status == TRAFFSTAT_OK) {
        summarise(run, &of, is_heavy(&all->beliefs[0]), out, errors);
    }
    for (size_t i = 0; grids != NULL && i < count; i++) {
        traffstat_i_grid_clear(run->ctx, &grids[i]);
    }
    traffstat_i_free(run->ctx, grids);
    traffstat_i_free(run->ctx, of.all);
    return status;
}
