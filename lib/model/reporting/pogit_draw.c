/* From positions of the sampler to draws of what a regression reports: coefficients, true counts, what
 * of them was not counted, replicates. Every number is a function of the seed, the draw and the row. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/reporting/pogit_panel.h"

enum { STREAM = 0x504f4749, UNIFORMS = 3 }; /* of the generator; a row */

#define NORMAL_ABOVE 1e4 /* a Poisson law above is normal with its skewness to 1e-4 sd */

/* ---- one number ------------------------------------------------------------------------------ */

/* The smallest k whose cdf reaches u, sought from the mode. */
static double poisson(double mean, double u)
{
    if (!(mean > 0.0)) {
        return 0.0;
    }
    if (mean > NORMAL_ABOVE) {
        const double z = gsl_cdf_ugaussian_Pinv(u);
        return fmax(rint(mean + sqrt(mean) * z + (z * z - 1.0) / 6.0), 0.0);
    }
    double k = floor(mean);
    double mass = exp(k * log(mean) - mean - lgamma(k + 1.0));
    double sum = gsl_cdf_poisson_P((unsigned int) k, mean);
    for (; k > 0.0 && sum - mass >= u; k -= 1.0) {
        sum -= mass;
        mass *= k / mean;
    }
    for (; sum < u && mass > 0.0; k += 1.0) {
        mass *= mean / (k + 1.0);
        sum += mass;
    }
    return k;
}

/* A count known to lie in a set. */
static double within(int64_t low, int64_t high, double mean, double u)
{
    if (low == high) {
        return (double) low;
    }
    const double far = mean + 12.0 * sqrt(mean) + 40.0;
    const double last = high >= 0 ? (double) high : fmax(far, (double) low + 40.0);
    double all = 0.0;
    for (double k = (double) low; k <= last; k += 1.0) {
        all += exp(k * log(mean) - mean - lgamma(k + 1.0));
    }
    double sum = 0.0;
    for (double k = (double) low; k <= last && all > 0.0; k += 1.0) {
        sum += exp(k * log(mean) - mean - lgamma(k + 1.0));
        if (sum >= u * all) {
            return k;
        }
    }
    return mean < (double) low ? (double) low : last;
}

/* ---- a draw ---------------------------------------------------------------------------------- */

typedef struct room {
    double *scratch;
    double *at;
    double *count;
    double *again;
    double *mean;
} room;

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void draw_row(traffstat_i_pogit_panel *run, const room *at, size_t draw, size_t all,
                     size_t row)
{
    const traffstat_i_pogit *of = run->target.of;
    double u[UNIFORMS];
    for (size_t i = 0; i < UNIFORMS; i++) {
        u[i] = traffstat_i_random_uniform(traffstat_ctx_seed(run->ctx), STREAM, (uint32_t) draw,
                                          row * UNIFORMS + i);
    }
    const double logit = dot(of->w + row * of->share, at->at + of->rate, of->share);
    const double log_p = traffstat_i_log_share(logit);
    const double log_covered = of->offset[row] + dot(of->x + row * of->rate, at->at, of->rate);
    const double mean = exp(log_covered + log_p);
    const double cover = of->cover[row];
    const double missed =
        exp(log_covered) * (exp(traffstat_i_log_share(-logit)) + (1.0 - cover) / cover);
    const int64_t low = run->data.counts[row];
    const int64_t high = of->low != NULL ? of->high[row] : low;
    const traffstat_i_bend bend = traffstat_i_pogit_count(of, row, log_covered + log_p, true);
    at->mean[row] = mean;
    at->count[row] = within(low, high, mean, u[0]);
    at->again[row] = poisson(mean, u[2]);
    run->hidden[row * all + draw] = poisson(missed, u[1]);
    run->all[row * all + draw] = at->count[row] + run->hidden[row * all + draw];
    run->likelihood[row * all + draw] =
        bend.value - (low == high ? lgamma((double) low + 1.0) : 0.0);
}

/* Numbers of one set of exact counts beside their means. */
static void check_counts(const traffstat_i_pogit_panel *run, const double *count,
                         const double *mean, double out[POGIT_CHECKS])
{
    memset(out, 0, POGIT_CHECKS * sizeof *out);
    for (size_t i = 0; i < run->count; i++) {
        if (run->data.uppers != NULL && run->data.uppers[i] != run->data.counts[i]) {
            continue;
        }
        const double off = count[i] - mean[i];
        out[POGIT_ZEROS] += count[i] == 0.0 ? 1.0 : 0.0;
        out[POGIT_MAXIMUM] = fmax(out[POGIT_MAXIMUM], count[i]);
        out[POGIT_DISPERSION] += mean[i] > 0.0 ? off * off / mean[i] : 0.0;
    }
}

static void draw_one(traffstat_i_pogit_panel *run, const room *at, const double *position,
                     size_t draw, size_t all)
{
    double seen[POGIT_CHECKS];
    double repeated[POGIT_CHECKS];
    traffstat_i_pogit_at(&run->target, at->scratch, position, at->at);
    for (size_t j = 0; j < run->k; j++) {
        run->values[j * all + draw] = dot(run->directions + j * run->k, at->at, run->k);
    }
    for (size_t row = 0; row < run->count; row++) {
        draw_row(run, at, draw, all, row);
    }
    check_counts(run, at->count, at->mean, seen);
    check_counts(run, at->again, at->mean, repeated);
    for (size_t i = 0; i < POGIT_CHECKS; i++) {
        run->check[i * all + draw] = seen[i];
        run->check[(POGIT_CHECKS + i) * all + draw] = repeated[i];
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

static bool take(traffstat_i_pogit_panel *run, double **out, size_t rows, size_t columns)
{
    size_t size = 0;
    traffstat_i_free(run->ctx, *out);
    *out = traffstat_i_mul_size(rows, columns, &size)
               ? traffstat_i_alloc(run->ctx, size, sizeof **out)
               : NULL;
    return *out != NULL;
}

void traffstat_i_pogit_sum(const traffstat_i_pogit_panel *run, const double *of, double *out)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    memset(out, 0, all * sizeof *out);
    for (size_t row = 0; row < run->count; row++) {
        for (size_t i = 0; i < all; i++) {
            out[i] += of[row * all + i];
        }
    }
}

/* Every number that is reported: coefficients, rows, the total. */
static void diagnose(traffstat_i_pogit_panel *run)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    double *work = run->one + all;
    char name[96];
    run->mix = traffstat_i_mixing_start();
    for (size_t j = 0; j < run->k; j++) {
        (void) snprintf(name, sizeof name, "%s %.60s",
                        run->columns[j].reporting ? "reporting" : "rate", run->columns[j].name);
        traffstat_i_mixing_look(&run->mix, run->values + j * all, run->chains, run->draws, work,
                                name);
    }
    for (size_t row = 0; row < run->count; row++) {
        (void) snprintf(name, sizeof name, "count %zu", row + 1);
        traffstat_i_mixing_look(&run->mix, run->all + row * all, run->chains, run->draws, work,
                                name);
    }
    traffstat_i_pogit_sum(run, run->all, run->one);
    traffstat_i_mixing_look(&run->mix, run->one, run->chains, run->draws, work, "the total");
}

static traffstat_status draw_all(traffstat_i_pogit_panel *run, const traffstat_i_chains *chains,
                                 size_t all)
{
    const traffstat_i_pogit *of = run->target.of;
    const size_t scratch = traffstat_i_pogit_scratch_size(of) / sizeof(double);
    double *store = traffstat_i_alloc(run->ctx, scratch + run->k + 3 * run->count, sizeof *store);
    if (store == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const room at = {store, store + scratch, store + scratch + run->k,
                     store + scratch + run->k + run->count,
                     store + scratch + run->k + 2 * run->count};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < all && status == TRAFFSTAT_OK; i++) {
        draw_one(run, &at, chains->positions + i * run->k, i, all);
        status = i % 256 == 0 && traffstat_i_stopped(run->ctx) ? traffstat_i_progress(run->ctx, 0.5)
                                                               : TRAFFSTAT_OK;
    }
    traffstat_i_free(run->ctx, store);
    return status;
}

traffstat_status traffstat_i_pogit_draw(const traffstat_i_chains *chains, void *user, bool last,
                                        bool *mixed)
{
    traffstat_i_pogit_panel *run = user;
    (void) last;
    run->chains = chains->chains;
    run->draws = chains->draws;
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    if (!take(run, &run->values, run->k, all) || !take(run, &run->all, run->count, all) ||
        !take(run, &run->hidden, run->count, all) ||
        !take(run, &run->likelihood, run->count, all) ||
        !take(run, &run->check, (size_t) 2 * POGIT_CHECKS, all) || !take(run, &run->one, 3, all)) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu draws of %zu rows",
                                all, run->count);
    }
    const traffstat_status status = draw_all(run, chains, all);
    if (status == TRAFFSTAT_OK) {
        diagnose(run);
        *mixed = traffstat_i_mixed(&run->mix, TRAFFSTAT_I_SIZE_CAUTION);
    }
    return status;
}
