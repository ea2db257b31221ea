/* From positions of the posterior to draws of what is reported: true counts, what of them was not
 * counted, replicates for the checks. Every number is a function of the seed, the draw and the cell. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/reporting/field.h"
#include "model/reporting/hierarchical.h"

enum { STREAM = 0x48494552 }; /* of the generator */

/* Random numbers of a cell. */
enum { IN_SET, HIDDEN, REPLICATE, AFTER, BEFORE, UNIFORMS };

#define NORMAL_ABOVE 100.0 /* a mean past which Poisson's quantiles are had by expansion */

/* Quantile of a Poisson law: its cdf is walked up from 0, or where the mean is large expanded about
 * the normal law's (Cornish & Fisher 1938), which is off by less than 0.03 of a case there. */
double traffstat_i_hierarchical_poisson(double mean, double u)
{
    if (!(mean > 0.0)) {
        return 0.0;
    }
    if (mean > NORMAL_ABOVE) {
        const double z = gsl_cdf_ugaussian_Pinv(u);
        const double sd = sqrt(mean);
        const double at = mean + sd * z + (z * z - 1.0) / 6.0 + (z - z * z * z) / (72.0 * sd);
        return fmax(rint(at), 0.0);
    }
    double k = 0.0;
    double mass = exp(-mean);
    double at_most = mass;
    while (u > at_most && mass > 0.0) {
        k += 1.0;
        mass *= mean / k;
        at_most += mass;
    }
    return k;
}

#define POISSON_FROM 1e8 /* a size from which a negative binomial is drawn as a Poisson law */

/* Log probability of a count, up to what all counts share. */
static double log_mass(double k, double mean, double theta)
{
    if (theta < POISSON_FROM) {
        return lgamma(k + theta) - lgamma(theta) - lgamma(k + 1.0) + k * log(mean / (theta + mean));
    }
    return k * log(mean) - mean - lgamma(k + 1.0);
}

/* A count of which only the set is known, given its mean and size: by the cdf within the set. */
static double within(const traffstat_i_cell *cell, double mean, double theta, double u)
{
    const double far = mean + 12.0 * sqrt(mean) + 40.0 * (1.0 + mean / theta);
    const double last =
        cell->high >= 0 ? (double) cell->high : fmax(far, (double) cell->low + 40.0);
    double sum = 0.0;
    for (int pass = 0; pass < 2; pass++) {
        const double want = u * sum;
        sum = 0.0;
        for (double k = (double) cell->low; k <= last; k += 1.0) {
            const double mass = exp(log_mass(k, mean, theta));
            sum += mass;
            if (pass == 1 && sum >= want) {
                return k;
            }
            if (k > mean && mass < 1e-17 * sum) {
                break;
            }
        }
        if (!(sum > 0.0)) {
            break; /* the set lies in a tail that has no double: its nearer end */
        }
    }
    return mean < (double) cell->low ? (double) cell->low : last;
}

static double uniform(const traffstat_i_hierarchical *run, size_t draw, size_t cell, size_t which)
{
    return traffstat_i_random_uniform(traffstat_ctx_seed(run->ctx), STREAM, (uint32_t) draw,
                                      cell * UNIFORMS + which);
}

double traffstat_i_hierarchical_uniform(const traffstat_i_hierarchical *run, size_t draw,
                                        size_t cell)
{
    return uniform(run, draw, cell, HIDDEN);
}

#define TRY ((uint64_t) 1 << 48) /* between the numbers of one attempt and those of the next */
enum { TRIES = 60 };             /* one in twenty fails at worst */

/* Gamma(shape, 1) by rejection (Marsaglia & Tsang 2000); below 1 from a shape one larger. */
static double gamma_draw(const traffstat_i_hierarchical *run, size_t draw, uint64_t at,
                         double shape)
{
    const uint64_t seed = traffstat_ctx_seed(run->ctx);
    const double d = (shape < 1.0 ? shape + 1.0 : shape) - 1.0 / 3.0;
    const double c = 1.0 / sqrt(9.0 * d);
    double value = d;
    for (uint64_t k = 0; k < TRIES; k++) {
        double u[2];
        traffstat_i_random_pair(seed, STREAM, (uint32_t) draw, at + k * TRY, u);
        const double z = gsl_cdf_ugaussian_Pinv(u[0]);
        const double root = 1.0 + c * z;
        const double cube = root * root * root;
        if (root > 0.0 && log(u[1]) < 0.5 * z * z + d * (1.0 - cube + log(cube))) {
            value = d * cube;
            break;
        }
    }
    if (shape < 1.0) {
        const double u =
            traffstat_i_random_uniform(seed, STREAM, (uint32_t) draw, at + TRIES * TRY);
        value *= pow(u, 1.0 / shape);
    }
    return value;
}

static double within_set(const traffstat_i_hierarchical *run, const traffstat_i_cell *cell,
                         double mean, double theta, size_t draw, size_t number)
{
    return cell->low == cell->high ? (double) cell->low
                                   : within(cell, mean, theta, uniform(run, draw, number, IN_SET));
}

/* Given the rate, the multiplier of a negative binomial's true rate is Gamma(theta, theta) before
 * and Gamma(y + theta, theta + mu) after the count. */
static double multiplier(const traffstat_i_hierarchical *run, size_t draw, size_t cell,
                         size_t which, double shape, double rate)
{
    return gamma_draw(run, draw, cell * UNIFORMS + which, shape) / rate;
}

/* ---- the total alone ------------------------------------------------------------------------- */

double traffstat_i_hierarchical_draw_total(const traffstat_i_hierarchical *run,
                                           const traffstat_i_posterior *posterior, void *scratch,
                                           const traffstat_i_cell *cells, const double *position,
                                           size_t draw, double *room)
{
    const size_t n = run->data.cell_count;
    double *rate = room;
    double *logit = room + n;
    double *mean = room + 2 * n;
    double *count = room + 3 * n;
    double *hidden = room + 4 * n;
    double sum = 0.0;
    double open = 0.0;
    traffstat_i_posterior_cells(posterior, scratch, position, rate, logit, NULL);
    traffstat_i_field field;
    traffstat_i_field_read(posterior, scratch, position, &field);
    for (size_t i = 0; i < n; i++) {
        const double expected = cells[i].exposure * exp(rate[i]);
        const double share = cells[i].coverage / (1.0 + exp(-logit[i]));
        const double mu = expected * share;
        count[i] = within_set(run, &cells[i], mu, field.theta, draw, i);
        mean[i] = expected * (1.0 - share);
        if (isfinite(field.theta)) {
            mean[i] *= multiplier(run, draw, i, AFTER, count[i] + field.theta, field.theta + mu);
        }
        sum += count[i];
        open += mean[i];
    }
    if (run->extra.term_count == 0) { /* a sum of Poisson numbers is one */
        return sum + traffstat_i_hierarchical_poisson(open, uniform(run, draw, 0, HIDDEN));
    }
    traffstat_i_hierarchical_draw_hidden(run, draw, mean, count, hidden);
    for (size_t i = 0; i < n; i++) {
        sum += hidden[i];
    }
    return sum;
}

/* ---- checks ---------------------------------------------------------------------------------- */

/* Numbers of one set of exact counts beside their means. */
static void check_counts(const traffstat_i_hierarchical *run, const double *count,
                         const double *mean, double out[CHECKS])
{
    double products = 0.0;
    double squares = 0.0;
    memset(out, 0, CHECKS * sizeof *out);
    for (size_t i = 0; i < run->data.cell_count; i++) {
        const traffstat_i_cell *c = &run->data.cells[i];
        if (c->low != c->high) {
            continue;
        }
        const double rest = (count[i] - mean[i]) / sqrt(mean[i]);
        out[CHECK_ZEROS] += count[i] == 0.0 ? 1.0 : 0.0;
        out[CHECK_MAXIMUM] = fmax(out[CHECK_MAXIMUM], count[i]);
        squares += rest * rest;
        const size_t k = i + 1; /* cells go by place, then year */
        if (k < run->data.cell_count) {
            const traffstat_i_cell *d = &run->data.cells[k];
            if (d->place == c->place && d->year == c->year + 1 && d->low == d->high) {
                products += rest * (count[k] - mean[k]) / sqrt(mean[k]);
            }
        }
    }
    out[CHECK_DISPERSION] = squares;
    out[CHECK_LAG] = squares > 0.0 ? products / squares : 0.0;
}

/* ---- a draw ---------------------------------------------------------------------------------- */

typedef struct room {
    void *scratch;
    double *store;
    double *rate;
    double *logit;
    double *likelihood;
    double *mean;
    double *count;
    double *replicate;
    double *hidden; /* its mean, and as drawn */
    double *left;
} room;

static void keep_share(traffstat_i_hierarchical *run, const room *at, size_t draw)
{
    double cases = 0.0;
    double counted = 0.0;
    for (size_t i = 0; i < run->data.cell_count; i++) {
        const double expected = run->data.cells[i].exposure * exp(at->rate[i]);
        cases += expected;
        counted += expected / (1.0 + exp(-at->logit[i]));
    }
    run->shares[draw] = counted / cases;
}

static void draw_cells(traffstat_i_hierarchical *run, const room *at, size_t draw, double theta)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    for (size_t i = 0; i < run->data.cell_count; i++) {
        const traffstat_i_cell *c = &run->data.cells[i];
        const double expected = c->exposure * exp(at->rate[i]);
        const double share = c->coverage / (1.0 + exp(-at->logit[i]));
        const double mu = expected * share;
        const double y = within_set(run, c, mu, theta, draw, i);
        double hidden = expected * (1.0 - share);
        double again = mu;
        if (isfinite(theta)) {
            hidden *= multiplier(run, draw, i, AFTER, y + theta, theta + mu);
            again *= multiplier(run, draw, i, BEFORE, theta, theta);
        }
        at->hidden[i] = hidden;
        run->likelihood[i * all + draw] = run->scoreless ? NAN : at->likelihood[i];
        at->mean[i] = mu;
        at->count[i] = y;
        at->replicate[i] =
            traffstat_i_hierarchical_poisson(again, uniform(run, draw, i, REPLICATE));
    }
    traffstat_i_hierarchical_draw_hidden(run, draw, at->hidden, at->count, at->left);
    for (size_t i = 0; i < run->data.cell_count; i++) {
        run->hidden[i * all + draw] = at->left[i];
        run->all[i * all + draw] = at->count[i] + at->left[i];
    }
}

/* Covariates and neighbours: what their coefficients are at a position. */
static void keep_effects(traffstat_i_hierarchical *run, const room *at, const double *position,
                         size_t draw)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    const bool mixes = run->spec.edge_count > 0;
    traffstat_i_field field;
    double *to = run->effects + draw;
    if (traffstat_i_hierarchical_effects(run) == 0) {
        return;
    }
    traffstat_i_field_read(run->posterior, at->scratch, position, &field);
    if (mixes) {
        *to = field.mixing;
        to += all;
    }
    for (size_t k = 0; k < run->spec.rate_covariate_count; k++, to += all) {
        *to = field.rate_beta[k];
    }
    for (size_t k = 0; k < run->spec.report_covariate_count; k++, to += all) {
        *to = field.report_beta[k];
    }
}

static void keep_change(traffstat_i_hierarchical *run, const room *at, size_t draw)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    double sums[4] = {0.0, 0.0, 0.0, 0.0};
    double exposure[2] = {0.0, 0.0};
    for (size_t k = 0; k < 2 * run->pair_count; k++) {
        const size_t i = run->pairs[k];
        const double expected = run->data.cells[i].exposure * exp(at->rate[i]);
        sums[k % 2] += expected;
        sums[2 + k % 2] += expected / (1.0 + exp(-at->logit[i]));
        exposure[k % 2] += run->data.cells[i].exposure;
    }
    for (size_t k = 0; k < 4 && run->pair_count > 0; k++) {
        run->change[k * all + draw] = sums[k] / exposure[k % 2];
    }
}

static void draw_one(traffstat_i_hierarchical *run, const room *at, const double *position,
                     size_t draw)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    traffstat_i_hyper hyper;
    traffstat_i_posterior_cells(run->posterior, at->scratch, position, at->rate, at->logit,
                                run->scoreless ? NULL : at->likelihood);
    traffstat_i_posterior_hyper(run->posterior, at->scratch, position, &hyper);
    const double values[HYPERS] = {1.0 / (1.0 + exp(-hyper.report)),
                                   hyper.place_sd,
                                   hyper.report_place_sd,
                                   hyper.year_sd,
                                   hyper.drift_sd,
                                   hyper.theta};
    for (size_t k = 0; k < HYPERS; k++) {
        run->hyper[k * all + draw] = values[k];
    }
    draw_cells(run, at, draw, hyper.theta);
    keep_share(run, at, draw);
    keep_effects(run, at, position, draw);
    keep_change(run, at, draw);
    double seen[CHECKS];
    double repeated[CHECKS];
    check_counts(run, at->count, at->mean, seen);
    check_counts(run, at->replicate, at->mean, repeated);
    for (size_t k = 0; k < CHECKS; k++) {
        run->check[k * all + draw] = seen[k];
        run->check[(CHECKS + k) * all + draw] = repeated[k];
    }
}

void traffstat_i_hierarchical_drop(traffstat_i_hierarchical *run)
{
    double **arrays[] = {&run->all, &run->hidden,  &run->likelihood, &run->hyper,     &run->check,
                         &run->one, &run->effects, &run->change,     &run->positions, &run->shares};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        traffstat_i_free(run->ctx, *arrays[i]);
        *arrays[i] = NULL;
    }
}

static bool take(traffstat_i_hierarchical *run, double **out, size_t rows, size_t columns)
{
    size_t size = 0;
    *out = traffstat_i_mul_size(rows, columns, &size)
               ? traffstat_i_alloc(run->ctx, size, sizeof **out)
               : NULL;
    return *out != NULL;
}

enum { ROOM = 8, BLOCK = 64 }; /* arrays of a room; draws of a task */

typedef struct drawing {
    traffstat_i_hierarchical *run;
    const double *positions;
    room *rooms; /* one a worker */
    size_t workers;
} drawing;

static traffstat_status draw_block(void *arg, size_t task, size_t worker)
{
    const drawing *all = arg;
    traffstat_i_hierarchical *run = all->run;
    const size_t d = traffstat_i_posterior_dimension(run->posterior);
    const size_t count = (size_t) run->chains * (size_t) run->draws;
    for (size_t i = task * BLOCK; i < count && i < (task + 1) * BLOCK; i++) {
        draw_one(run, &all->rooms[worker], all->positions + i * d, i);
    }
    return TRAFFSTAT_OK;
}

static bool open_room(traffstat_i_hierarchical *run, room *at)
{
    const size_t n = run->data.cell_count;
    at->scratch =
        traffstat_i_alloc(run->ctx, traffstat_i_posterior_scratch_size(run->posterior), 1);
    if (at->scratch == NULL || !take(run, &at->store, ROOM, n)) {
        return false;
    }
    double **arrays[ROOM] = {&at->rate,  &at->logit,     &at->likelihood, &at->mean,
                             &at->count, &at->replicate, &at->hidden,     &at->left};
    for (size_t k = 0; k < ROOM; k++) {
        *arrays[k] = at->store + k * n;
    }
    return true;
}

static void close_rooms(traffstat_ctx *ctx, drawing *all)
{
    for (size_t k = 0; all->rooms != NULL && k < all->workers; k++) {
        traffstat_i_free(ctx, all->rooms[k].scratch);
        traffstat_i_free(ctx, all->rooms[k].store);
    }
    traffstat_i_free(ctx, all->rooms);
}

static bool open_rooms(traffstat_i_hierarchical *run, drawing *all, size_t tasks)
{
    all->workers = traffstat_i_workers(run->ctx, tasks);
    all->rooms = traffstat_i_alloc(run->ctx, all->workers, sizeof *all->rooms);
    if (all->rooms == NULL) {
        return false;
    }
    memset(all->rooms, 0, all->workers * sizeof *all->rooms);
    for (size_t k = 0; k < all->workers; k++) {
        if (!open_room(run, &all->rooms[k])) {
            return false;
        }
    }
    return true;
}

static bool take_all(traffstat_i_hierarchical *run)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    const size_t cells = run->data.cell_count;
    const size_t d = traffstat_i_posterior_dimension(run->posterior);
    return take(run, &run->all, cells, all) && take(run, &run->hidden, cells, all) &&
           take(run, &run->likelihood, cells, all) && take(run, &run->hyper, HYPERS, all) &&
           take(run, &run->check, (size_t) 2 * CHECKS, all) && take(run, &run->one, 3, all) &&
           take(run, &run->effects, traffstat_i_hierarchical_effects(run), all) &&
           take(run, &run->shares, 1, all) &&
           take(run, &run->change, run->pair_count > 0 ? 4 : 0, all) &&
           take(run, &run->positions, run->options.sensitivity != 0 ? d : 0, all);
}

traffstat_status traffstat_i_hierarchical_draw(traffstat_i_hierarchical *run,
                                               const double *positions)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    const size_t tasks = (all + BLOCK - 1) / BLOCK;
    drawing work = {.run = run, .positions = positions};
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    traffstat_i_hierarchical_drop(run);
    if (take_all(run) && open_rooms(run, &work, tasks)) {
        status = traffstat_i_parallel(run->ctx, tasks, draw_block, &work);
    } else {
        status = traffstat_i_fail(run->ctx, TRAFFSTAT_E_NOMEM,
                                  "no memory for %zu draws of %zu rows", all, run->data.cell_count);
    }
    if (status == TRAFFSTAT_OK && run->options.sensitivity != 0) {
        const size_t d = traffstat_i_posterior_dimension(run->posterior);
        memcpy(run->positions, positions, all * d * sizeof *positions);
    }
    close_rooms(run->ctx, &work);
    return status;
}

void traffstat_i_hierarchical_sum(const traffstat_i_hierarchical *run, const double *of,
                                  size_t place, size_t year, double *out)
{
    const size_t all = (size_t) run->chains * (size_t) run->draws;
    memset(out, 0, all * sizeof *out);
    for (size_t i = 0; i < run->data.cell_count; i++) {
        const traffstat_i_cell *c = &run->data.cells[i];
        if ((place == TRAFFSTAT_NONE || place == c->place) &&
            (year == TRAFFSTAT_NONE || year == c->year)) {
            for (size_t k = 0; k < all; k++) {
                out[k] += of[i * all + k];
            }
        }
    }
}
