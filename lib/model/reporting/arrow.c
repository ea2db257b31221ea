/* Curvature of the latent field, its factor, and what is done with it. The cost is one pass over
 * the cells and places x width^2, where a dense factor would cost (2 places + width)^3 / 3. */
#include "model/reporting/arrow.h"

#include <math.h>
#include <string.h>

#if defined(__GNUC__) && !defined(__clang__)
/* Short loops over what is shared are most of the fast engine's work. */
#pragma GCC optimize("tree-vectorize", "vect-cost-model=dynamic")
#endif

static size_t add_shared(size_t *shared, size_t from, size_t first, size_t count)
{
    for (size_t k = 0; first != TRAFFSTAT_I_NO_COORDINATE && k < count; k++) {
        shared[from++] = first + k;
    }
    return from;
}

traffstat_status traffstat_i_arrow_open(traffstat_ctx *ctx, const traffstat_i_posterior *posterior,
                                        bool held, traffstat_i_arrow *arrow)
{
    const traffstat_i_posterior_spec *s = &posterior->spec;
    const traffstat_i_blocks *at = &posterior->at;
    const size_t most = 1 + 2 * s->year_count + s->rate_covariate_count + s->report_covariate_count;
    memset(arrow, 0, sizeof *arrow);
    arrow->blocks = at->place == TRAFFSTAT_I_NO_COORDINATE ? 0 : s->place_count;
    arrow->shared = traffstat_i_alloc(ctx, most, sizeof *arrow->shared);
    arrow->pair = traffstat_i_alloc(ctx, 3 * arrow->blocks + 1, sizeof *arrow->pair);
    arrow->cross = traffstat_i_alloc(ctx, 2 * arrow->blocks * most + 1, sizeof *arrow->cross);
    arrow->core = traffstat_i_alloc(ctx, most * most, sizeof *arrow->core);
    arrow->design = traffstat_i_alloc(ctx, 2 * most * (s->year_count + 1), sizeof *arrow->design);
    const size_t bends = s->cell_count + (s->place_count + 1) * s->year_count;
    arrow->bends = traffstat_i_alloc(ctx, 3 * bends, sizeof *arrow->bends);
    if (arrow->shared == NULL || arrow->pair == NULL || arrow->cross == NULL ||
        arrow->core == NULL || arrow->design == NULL || arrow->bends == NULL) {
        traffstat_i_arrow_close(ctx, arrow);
        return TRAFFSTAT_E_NOMEM;
    }
    size_t n = add_shared(arrow->shared, 0, at->level, 1);
    n = add_shared(arrow->shared, n, at->year, s->year_count - 1);
    n = add_shared(arrow->shared, n, at->rate_beta, s->rate_covariate_count);
    arrow->rates = n;
    n = add_shared(arrow->shared, n, at->drift, s->year_count - 1);
    n = add_shared(arrow->shared, n, at->report_beta, s->report_covariate_count);
    arrow->width = held ? arrow->rates : n;
    return TRAFFSTAT_OK;
}

void traffstat_i_arrow_close(traffstat_ctx *ctx, traffstat_i_arrow *arrow)
{
    traffstat_i_free(ctx, arrow->shared);
    traffstat_i_free(ctx, arrow->pair);
    traffstat_i_free(ctx, arrow->cross);
    traffstat_i_free(ctx, arrow->core);
    traffstat_i_free(ctx, arrow->design);
    traffstat_i_free(ctx, arrow->bends);
    memset(arrow, 0, sizeof *arrow);
}

/* ---- filling -------------------------------------------------------------------------------- */

/* How log rate and logit p hang on the shared coordinates: row 0 is the rate's, row 1 reporting's. */
static double *design_at(const traffstat_i_arrow *arrow, size_t year)
{
    return arrow->design + 2 * arrow->width * year;
}

/* Of a year, covariates left out. */
static void design_year(const traffstat_i_posterior *p, const traffstat_i_field *f,
                        const traffstat_i_arrow *arrow, size_t year)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    double *rate = design_at(arrow, year);
    double *report = rate + arrow->width;
    memset(rate, 0, 2 * arrow->width * sizeof *rate);
    rate[0] = 1.0;
    for (size_t t = 1; p->at.year != TRAFFSTAT_I_NO_COORDINATE && t <= year; t++) {
        const bool anew = s->new_rate_level != NULL && s->new_rate_level[t];
        rate[t] = anew ? s->level_sd : f->year_sd;
    }
    const bool drifts = p->at.drift != TRAFFSTAT_I_NO_COORDINATE && arrow->width > arrow->rates;
    for (size_t t = 1; drifts && t < s->year_count; t++) {
        const bool between = t <= s->anchor_year ? year < t : year >= t;
        report[arrow->rates + t - 1] = between ? f->drift_sd : 0.0;
    }
}

/* Of a cell: its year's, in the place past the last year's, with its covariates. */
static const double *design_cell(const traffstat_i_posterior *p, const traffstat_i_arrow *arrow,
                                 size_t cell)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    const size_t w = arrow->width;
    double *rate = design_at(arrow, s->year_count);
    double *report = rate + w;
    memcpy(rate, design_at(arrow, s->cells[cell].year), 2 * w * sizeof *rate);
    for (size_t i = 0; i < s->rate_covariate_count; i++) {
        rate[arrow->rates - s->rate_covariate_count + i] =
            s->covariate_sd * s->rate_covariates[cell * s->rate_covariate_count + i];
    }
    for (size_t i = 0; w > arrow->rates && i < s->report_covariate_count; i++) {
        report[w - s->report_covariate_count + i] =
            s->covariate_sd * s->report_covariates[cell * s->report_covariate_count + i];
    }
    return rate;
}

/* Curvature of one cell in (log rate, logit p). */
typedef struct bend {
    double rate;
    double both;
    double report;
} bend;

static void exact_curvature(double y, double mu, double theta, double *slope, double *curvature)
{
    const bool poisson = isinf(theta);
    const double left = poisson ? 1.0 : theta / (theta + mu);
    *slope = (y - mu) * left;
    *curvature = poisson ? mu : mu * left * ((y + theta) / (theta + mu));
}

/* Slope and negative curvature of a cell's log likelihood by log mu. */
static void slope_and_curvature(const traffstat_i_cell *c, double log_mu, double theta,
                                double *slope, double *curvature)
{
    if (c->low == c->high) {
        exact_curvature((double) c->low, exp(log_mu), theta, slope, curvature);
        return;
    }
    const double h = 1e-4;
    *slope = traffstat_i_cell_score_of(c->low, c->high, log_mu, theta).d_log_mu;
    *curvature = (traffstat_i_cell_score_of(c->low, c->high, log_mu - h, theta).d_log_mu -
                  traffstat_i_cell_score_of(c->low, c->high, log_mu + h, theta).d_log_mu) /
                 (2.0 * h);
}

static bend bend_from(double slope, double own, double share, bool expected)
{
    const double rest = 1.0 - share;
    double second = slope * share * rest;
    if (expected) {
        own = fmax(own, 0.0);
        second = fmax(second, 0.0);
    }
    return (bend){own, own * rest, own * rest * rest + second};
}

static bend bend_of(const traffstat_i_posterior *p, const traffstat_i_field *f, size_t cell,
                    bool expected)
{
    double rate = 0.0;
    double report = 0.0;
    double slope = 0.0;
    double own = 0.0;
    traffstat_i_field_predict(p, f, cell, &rate, &report);
    const double share = traffstat_i_logistic(report);
    slope_and_curvature(&p->spec.cells[cell],
                        p->log_weight[cell] + rate + traffstat_i_log_logistic(report), f->theta,
                        &slope, &own);
    return bend_from(slope, own, share, expected);
}

/* Curvatures of all cells; those of exact counts from their means and shares alone. */
static void fill_bends(const traffstat_i_posterior *p, traffstat_i_field *f, bend *bends,
                       bool expected)
{
    if (!p->product) {
        for (size_t i = 0; i < p->spec.cell_count; i++) {
            bends[i] = bend_of(p, f, i, expected);
        }
        return;
    }
    traffstat_i_field_factors(p, f);
    for (size_t k = 0; k < p->bulk_count; k++) {
        const size_t cell = p->bulk[k];
        const double share = 1.0 / f->inverse[k];
        double slope = 0.0;
        double own = 0.0;
        exact_curvature((double) p->spec.cells[cell].low, f->mean[k] * share, f->theta, &slope,
                        &own);
        bends[cell] = bend_from(slope, own, share, expected);
    }
    for (size_t k = 0; k < p->single_count; k++) {
        bends[p->single[k]] = bend_of(p, f, p->single[k], expected);
    }
}

static void add_core(traffstat_i_arrow *arrow, const double *design, bend b)
{
    const size_t w = arrow->width;
    const double *rate = design;
    const double *report = design + w;
    for (size_t i = 0; i < w; i++) {
        const double by_rate = b.rate * rate[i] + b.both * report[i];
        const double by_report = b.both * rate[i] + b.report * report[i];
        if (by_rate == 0.0 && by_report == 0.0) {
            continue;
        }
        for (size_t k = 0; k <= i; k++) {
            arrow->core[i * w + k] += by_rate * rate[k] + by_report * report[k];
        }
    }
}

static void add_place(traffstat_i_arrow *arrow, const double *design, const traffstat_i_field *f,
                      size_t place, bend b)
{
    const size_t w = arrow->width;
    const double u = f->place_sd;
    const double v = f->report_place_sd;
    double *pair = arrow->pair + 3 * place;
    double *first = arrow->cross + 2 * place * w;
    double *second = first + w;
    pair[0] += b.rate * u * u;
    pair[1] += b.both * u * v;
    pair[2] += b.report * v * v;
    for (size_t k = 0; k < w; k++) {
        const double rate = design[k];
        const double report = design[w + k];
        first[k] += u * (b.rate * rate + b.both * report);
        second[k] += v * (b.both * rate + b.report * report);
    }
}

/* What validated cases tell of reporting. */
static void add_terms(const traffstat_i_posterior *p, const traffstat_i_field *f,
                      traffstat_i_arrow *arrow)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    for (size_t k = 0; k < s->term_count; k++) {
        const traffstat_i_evidence_term *term = &s->terms[k];
        const bool placed = term->place != TRAFFSTAT_I_EVERYWHERE;
        const size_t when = term->year != TRAFFSTAT_I_EVERYWHERE ? term->year : s->anchor_year;
        const double logit =
            f->report + (placed ? f->report_place[term->place] : 0.0) + f->report_year[when];
        const double share = traffstat_i_logistic(logit);
        const bend b = {0.0, 0.0, (double) term->m * share * (1.0 - share)};
        double *design = design_at(arrow, s->year_count);
        memcpy(design, design_at(arrow, when), 2 * arrow->width * sizeof *design);
        memset(design, 0, arrow->width * sizeof *design);
        add_core(arrow, design, b);
        if (placed && arrow->blocks > 0) {
            add_place(arrow, design, f, term->place, b);
        }
    }
}

static void add_bend(bend *to, bend more)
{
    to->rate += more.rate;
    to->both += more.both;
    to->report += more.report;
}

/* Cells of one year share a design unless they have covariates, and that is a staircase: what a step
 * of the walk shares with a place is the sum over the years behind it. */
static void add_place_years(const traffstat_i_posterior *p, const traffstat_i_field *f,
                            traffstat_i_arrow *arrow, size_t place, const bend *years)
{
    const size_t count = p->spec.year_count;
    const size_t w = arrow->width;
    const double u = f->place_sd;
    const double v = f->report_place_sd;
    const double *last = design_at(arrow, count - 1);
    double *first = arrow->cross + 2 * place * w;
    double *second = first + w;
    bend sum = {0.0, 0.0, 0.0};
    for (size_t t = count; t-- > 0;) {
        add_bend(&sum, years[t]);
        first[t] = u * sum.rate * last[t];
        second[t] = v * sum.both * last[t];
    }
    double *pair = arrow->pair + 3 * place;
    pair[0] += sum.rate * u * u;
    pair[1] += sum.both * u * v;
    pair[2] += sum.report * v * v;
    if (w == arrow->rates) {
        return;
    }
    sum = (bend){0.0, 0.0, 0.0};
    for (size_t t = count; t-- > p->spec.anchor_year + 1;) {
        add_bend(&sum, years[t]);
        first[arrow->rates + t - 1] = u * sum.both * f->drift_sd;
        second[arrow->rates + t - 1] = v * sum.report * f->drift_sd;
    }
    sum = (bend){0.0, 0.0, 0.0};
    for (size_t t = 0; t < p->spec.anchor_year; t++) {
        add_bend(&sum, years[t]);
        first[arrow->rates + t] = u * sum.both * f->drift_sd;
        second[arrow->rates + t] = v * sum.report * f->drift_sd;
    }
}

static void add_sheet(const traffstat_i_posterior *p, const traffstat_i_field *f,
                      traffstat_i_arrow *arrow, const bend *bends)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    bend *sheet = (bend *) arrow->bends + s->cell_count;
    bend *together = sheet + s->place_count * s->year_count;
    memset(sheet, 0, (s->place_count + 1) * s->year_count * sizeof *sheet);
    for (size_t i = 0; i < s->cell_count; i++) {
        add_bend(&sheet[s->cells[i].place * s->year_count + s->cells[i].year], bends[i]);
        add_bend(&together[s->cells[i].year], bends[i]);
    }
    for (size_t t = 0; t < s->year_count; t++) {
        add_core(arrow, design_at(arrow, t), together[t]);
    }
    for (size_t j = 0; j < arrow->blocks; j++) {
        add_place_years(p, f, arrow, j, sheet + j * s->year_count);
    }
}

static void add_cells(const traffstat_i_posterior *p, traffstat_i_field *f,
                      traffstat_i_arrow *arrow, bool expected)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    bend *bends = (bend *) arrow->bends;
    for (size_t t = 0; t < s->year_count; t++) {
        design_year(p, f, arrow, t);
    }
    fill_bends(p, f, bends, expected);
    if (p->product) {
        add_sheet(p, f, arrow, bends);
    }
    for (size_t i = 0; !p->product && i < s->cell_count; i++) {
        const double *design = design_cell(p, arrow, i);
        add_core(arrow, design, bends[i]);
        if (arrow->blocks > 0) {
            add_place(arrow, design, f, s->cells[i].place, bends[i]);
        }
    }
    add_terms(p, f, arrow);
}

/* The level's own prior, and the standard normals. */
static void add_prior(const traffstat_i_posterior *p, traffstat_i_arrow *arrow)
{
    for (size_t j = 0; j < arrow->blocks; j++) {
        arrow->pair[3 * j] += 1.0;
        arrow->pair[3 * j + 2] += 1.0;
    }
    for (size_t k = 1; k < arrow->width; k++) {
        arrow->core[k * arrow->width + k] += 1.0;
    }
    arrow->core[0] += 1.0 / (p->spec.level_sd * p->spec.level_sd);
}

/* ---- factoring ------------------------------------------------------------------------------ */

/* A place's 2 x 2 becomes its Cholesky factor; its cross rows become factor^-1 times themselves. */
static bool factor_place(traffstat_i_arrow *arrow, size_t place)
{
    const size_t w = arrow->width;
    double *pair = arrow->pair + 3 * place;
    double *first = arrow->cross + 2 * place * w;
    double *second = first + w;
    if (!(pair[0] > 0.0)) {
        return false;
    }
    const double a = sqrt(pair[0]);
    const double b = pair[1] / a;
    const double left = pair[2] - b * b;
    if (!(left > 0.0)) {
        return false;
    }
    const double c = sqrt(left);
    pair[0] = a;
    pair[1] = b;
    pair[2] = c;
    for (size_t k = 0; k < w; k++) {
        first[k] /= a;
        second[k] = (second[k] - b * first[k]) / c;
    }
    for (size_t i = 0; i < w; i++) {
        for (size_t k = 0; k <= i; k++) {
            arrow->core[i * w + k] -= first[i] * first[k] + second[i] * second[k];
        }
    }
    arrow->log_determinant += 2.0 * log(a * c);
    return true;
}

static bool factor_core(traffstat_i_arrow *arrow)
{
    const size_t w = arrow->width;
    double *m = arrow->core;
    for (size_t i = 0; i < w; i++) {
        for (size_t k = 0; k <= i; k++) {
            double sum = m[i * w + k];
            for (size_t j = 0; j < k; j++) {
                sum -= m[i * w + j] * m[k * w + j];
            }
            if (k < i) {
                m[i * w + k] = sum / m[k * w + k];
            } else if (sum > 0.0) {
                m[i * w + i] = sqrt(sum);
                arrow->log_determinant += log(sum);
            } else {
                return false;
            }
        }
    }
    return true;
}

bool traffstat_i_arrow_fill(const traffstat_i_posterior *posterior, traffstat_i_arrow *arrow,
                            void *scratch, const double *position, bool expected)
{
    traffstat_i_field field;
    traffstat_i_field_read(posterior, scratch, position, &field);
    memset(arrow->pair, 0, 3 * arrow->blocks * sizeof *arrow->pair);
    memset(arrow->cross, 0, 2 * arrow->blocks * arrow->width * sizeof *arrow->cross);
    memset(arrow->core, 0, arrow->width * arrow->width * sizeof *arrow->core);
    arrow->log_determinant = 0.0;
    add_cells(posterior, &field, arrow, expected);
    add_prior(posterior, arrow);
    for (size_t j = 0; j < arrow->blocks; j++) {
        if (!factor_place(arrow, j)) {
            return false;
        }
    }
    return factor_core(arrow);
}

/* ---- using the factor ----------------------------------------------------------------------- */

/* From `work` = factor^-1 of a right-hand side (pairs, then shared) to curvature^-1 of it. */
static void back_substitute(const traffstat_i_posterior *p, const traffstat_i_arrow *arrow,
                            double *step, double *work)
{
    const size_t w = arrow->width;
    double *shared = work + 2 * arrow->blocks;
    memset(step, 0, p->at.end * sizeof *step);
    for (size_t i = w; i-- > 0;) {
        for (size_t k = i + 1; k < w; k++) {
            shared[i] -= arrow->core[k * w + i] * shared[k];
        }
        shared[i] /= arrow->core[i * w + i];
        step[arrow->shared[i]] = shared[i];
    }
    for (size_t j = 0; j < arrow->blocks; j++) {
        const double *pair = arrow->pair + 3 * j;
        const double *first = arrow->cross + 2 * j * w;
        double a = work[2 * j];
        double b = work[2 * j + 1];
        for (size_t k = 0; k < w; k++) {
            a -= first[k] * shared[k];
            b -= first[w + k] * shared[k];
        }
        b /= pair[2];
        a = (a - pair[1] * b) / pair[0];
        step[p->at.place + j] = a;
        step[p->at.report_place + j] = b;
    }
}

void traffstat_i_arrow_solve(const traffstat_i_posterior *posterior, traffstat_i_arrow *arrow,
                             const double *slope, double *step, double *work)
{
    const size_t w = arrow->width;
    double *shared = work + 2 * arrow->blocks;
    for (size_t k = 0; k < w; k++) {
        shared[k] = slope[arrow->shared[k]];
    }
    for (size_t j = 0; j < arrow->blocks; j++) {
        const double *pair = arrow->pair + 3 * j;
        const double *first = arrow->cross + 2 * j * w;
        const double a = slope[posterior->at.place + j] / pair[0];
        const double b = (slope[posterior->at.report_place + j] - pair[1] * a) / pair[2];
        work[2 * j] = a;
        work[2 * j + 1] = b;
        for (size_t k = 0; k < w; k++) {
            shared[k] -= first[k] * a + first[w + k] * b;
        }
    }
    for (size_t i = 0; i < w; i++) {
        for (size_t k = 0; k < i; k++) {
            shared[i] -= arrow->core[i * w + k] * shared[k];
        }
        shared[i] /= arrow->core[i * w + i];
    }
    back_substitute(posterior, arrow, step, work);
}

void traffstat_i_arrow_shared(const traffstat_i_posterior *posterior,
                              const traffstat_i_arrow *arrow, const double *normal, double *step,
                              double *work)
{
    memset(work, 0, 2 * arrow->blocks * sizeof *work);
    memcpy(work + 2 * arrow->blocks, normal, arrow->width * sizeof *work);
    back_substitute(posterior, arrow, step, work);
}

double traffstat_i_arrow_log_root(const traffstat_i_arrow *arrow, size_t first)
{
    double sum = 0.0;
    for (size_t k = first; k < arrow->width; k++) {
        sum += log(arrow->core[k * arrow->width + k]);
    }
    return sum;
}
