/* Calibration of the exact model: a count alone, and the total of rows that share one p. */
#include "study/calibration.h"

#include <math.h>
#include <string.h>

#include <traffstat/estimate.h>
#include <traffstat/reporting.h>
#include <traffstat/table.h>

#include "base/base.h"

enum { CACHED = 2048, ROWS_MOST = 16 };

#define RESIDENTS 1e5 /* exposure 1 */

typedef struct run {
    traffstat_ctx *ctx;
    const calibration_thinning *how;
    traffstat_prior *prior;
    traffstat_thinning_options options;    /* of one row */
    traffstat_thinning_options law;        /* of the total of rows of exposure 1 */
    double (*ends)[CALIBRATION_LEVELS][2]; /* by count; NaN: not asked for yet */
    double exposure[ROWS_MOST];
} run;

/* A replicate: the truth, and what is seen of it. */
typedef struct sample {
    int64_t all, seen; /* of all rows */
    int64_t row[ROWS_MOST];
} sample;

static sample simulate(const run *r, calibration_random *from)
{
    const double p = calibration_beta(from, r->how->truth.a, r->how->truth.b);
    sample s = {0};
    for (size_t i = 0; i < r->how->rows; i++) {
        const double rate = calibration_gamma(from, r->how->shape) / r->how->rate;
        const int64_t all = calibration_poisson(from, rate * r->exposure[i]);
        s.row[i] = calibration_binomial(from, all, p);
        s.all += all;
        s.seen += s.row[i];
    }
    return s;
}

/* ---- by the law itself ------------------------------------------------------------------------ */

static traffstat_status find_ends(run *r, int64_t seen)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < CALIBRATION_LEVELS && status == TRAFFSTAT_OK; i++) {
        for (int side = 0; side < 2 && status == TRAFFSTAT_OK; side++) {
            const double q = 0.5 + (side == 0 ? -0.5 : 0.5) * calibration_levels[i];
            status = traffstat_thinning_quantile(r->ctx, seen, r->prior, &r->law, q,
                                                 &r->ends[seen][i][side]);
        }
    }
    return status;
}

/* The truth's place: where it lies on its posterior's distribution function, anywhere on its jump. */
static traffstat_status place_of(run *r, const sample *s, double u, double *place)
{
    double at = 0.0;
    double below = 0.0;
    traffstat_status status =
        traffstat_thinning_cdf(r->ctx, s->seen, r->prior, &r->law, s->all, &at);
    if (status == TRAFFSTAT_OK && s->all > 0) {
        status = traffstat_thinning_cdf(r->ctx, s->seen, r->prior, &r->law, s->all - 1, &below);
    }
    *place = fmin(below + u * (at - below), 1.0);
    return status;
}

static traffstat_status ask_law(run *r, const sample *s, double u, double *place,
                                size_t held[CALIBRATION_LEVELS])
{
    traffstat_status status = place_of(r, s, u, place);
    if (status == TRAFFSTAT_OK && s->seen >= CACHED) {
        return traffstat_i_fail(r->ctx, TRAFFSTAT_E_LIMIT, "a simulated count is too large");
    }
    if (status == TRAFFSTAT_OK && isnan(r->ends[s->seen][0][0])) {
        status = find_ends(r, s->seen);
    }
    for (size_t i = 0; i < CALIBRATION_LEVELS && status == TRAFFSTAT_OK; i++) {
        const double *ends = r->ends[s->seen][i];
        held[i] += ends[0] <= (double) s->all && (double) s->all <= ends[1];
    }
    return status;
}

/* ---- by the estimate of a table ---------------------------------------------------------------- */

static traffstat_status make_panel(const run *r, const sample *s, traffstat_panel **panel)
{
    traffstat_panel_builder *builder = NULL;
    size_t series = 0;
    traffstat_status status =
        traffstat_panel_builder_new(r->ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_series(r->ctx, builder, "", "A", "cases", "", "", &series);
    }
    for (size_t i = 0; i < r->how->rows && status == TRAFFSTAT_OK; i++) {
        const traffstat_cell cell = {.lower = s->row[i],
                                     .upper = s->row[i],
                                     .population = RESIDENTS * r->exposure[i],
                                     .coverage = NAN,
                                     .year = 2001 + (int32_t) i,
                                     .places = 1};
        status = traffstat_panel_builder_add(r->ctx, builder, series, &cell);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(r->ctx, builder, panel);
    }
    traffstat_panel_builder_free(builder);
    return status;
}

static traffstat_status total_at(const run *r, const traffstat_panel *panel, double level,
                                 traffstat_estimate_row *total)
{
    traffstat_thinning_options options = r->options;
    traffstat_estimate *estimate = NULL;
    options.level = level;
    traffstat_status status = traffstat_thinning(r->ctx, panel, r->prior, &options, &estimate);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_estimate_total(estimate, total);
    }
    traffstat_estimate_free(estimate);
    return status;
}

static traffstat_status ask_table(run *r, const sample *s, size_t held[CALIBRATION_LEVELS])
{
    traffstat_panel *panel = NULL;
    traffstat_status status = make_panel(r, s, &panel);
    for (size_t i = 0; i < CALIBRATION_LEVELS && status == TRAFFSTAT_OK; i++) {
        traffstat_estimate_row total = {.lower = NAN, .upper = NAN};
        status = total_at(r, panel, calibration_levels[i], &total);
        held[i] += total.lower <= (double) s->all && (double) s->all <= total.upper;
    }
    traffstat_panel_free(panel);
    return status;
}

/* ---- the whole -------------------------------------------------------------------------------- */

static traffstat_status begin(run *r)
{
    traffstat_thinning_options_init(&r->options, sizeof r->options);
    r->options.rate_prior = TRAFFSTAT_RATE_GAMMA;
    r->options.gamma_shape = r->how->shape;
    r->options.gamma_rate = r->how->rate;
    r->law = r->options;
    /* gamma laws of one rate add up, and the counts tell of p by their sum alone */
    r->law.gamma_shape *= (double) r->how->rows;
    r->options.exposure_unit = RESIDENTS;
    for (size_t i = 0; i < r->how->rows; i++) {
        r->exposure[i] = r->how->uneven ? 0.25 * (double) (i + 1) : 1.0;
    }
    r->ends = traffstat_i_alloc(r->ctx, CACHED, sizeof *r->ends);
    for (size_t y = 0; r->ends != NULL && y < CACHED; y++) {
        r->ends[y][0][0] = NAN;
    }
    return r->ends == NULL
               ? TRAFFSTAT_E_NOMEM
               : traffstat_prior_beta(r->ctx, r->how->prior.a, r->how->prior.b, NULL, &r->prior);
}

traffstat_status calibration_of_thinning(traffstat_ctx *ctx, const calibration_thinning *how,
                                         calibration_tally *out)
{
    run r = {.ctx = ctx, .how = how};
    size_t held[CALIBRATION_LEVELS] = {0};
    double *places = traffstat_i_alloc(ctx, how->replicates, sizeof *places);
    traffstat_status status = places == NULL ? TRAFFSTAT_E_NOMEM : begin(&r);
    for (size_t i = 0; i < how->replicates && status == TRAFFSTAT_OK; i++) {
        calibration_random from = calibration_seeded(how->seed, i);
        const sample s = simulate(&r, &from);
        status = how->uneven ? ask_table(&r, &s, held)
                             : ask_law(&r, &s, calibration_uniform(&from), &places[i], held);
    }
    if (status == TRAFFSTAT_OK) {
        memset(out, 0, sizeof *out);
        for (size_t i = 0; i < CALIBRATION_LEVELS; i++) {
            out->coverage[i] = (double) held[i] / (double) how->replicates;
        }
        out->uniformity = how->uneven ? (calibration_uniformity){NAN, NAN, NAN, NAN}
                                      : calibration_test(places, how->replicates, how->bins);
    }
    traffstat_prior_free(r.prior);
    traffstat_i_free(ctx, r.ends);
    traffstat_i_free(ctx, places);
    return status;
}
