/* The log posterior of the hierarchical panel and its gradient. */
#include "model/reporting/posterior.h"

#include <math.h>
#include <string.h>

#include "model/reporting/field.h"

/* ---- building ------------------------------------------------------------------------------- */

static size_t block(size_t *next, size_t count, bool there)
{
    const size_t here = *next;
    if (!there) {
        return TRAFFSTAT_I_NO_COORDINATE;
    }
    *next += count;
    return here;
}

static void number_coordinates(traffstat_i_posterior *p)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    const bool places = s->place_count > 1;
    const bool years = s->year_count > 1;
    const bool drifts = years && s->drift_scale > 0.0;
    size_t next = 0;
    p->at.level = block(&next, 1, true);
    p->at.report = block(&next, 1, true);
    p->at.place_sd = block(&next, 1, places);
    p->at.report_place_sd = block(&next, 1, places);
    p->at.year_sd = block(&next, 1, years);
    p->at.drift_sd = block(&next, 1, drifts);
    p->at.dispersion = block(&next, 1, s->negative_binomial);
    p->at.mixing = block(&next, 1, places && s->edge_count > 0);
    p->at.place = block(&next, s->place_count, places);
    p->at.report_place = block(&next, s->place_count, places);
    p->at.year = block(&next, s->year_count - 1, years);
    p->at.drift = block(&next, s->year_count - 1, drifts);
    p->at.rate_beta = block(&next, s->rate_covariate_count, true);
    p->at.report_beta = block(&next, s->report_covariate_count, true);
    p->at.end = next;
}

/* Copies what the spec points at; empty arrays become NULL. */
static bool copy_arrays(traffstat_ctx *ctx, traffstat_i_posterior *p)
{
    traffstat_i_posterior_spec *s = &p->spec;
    const void *arrays[] = {s->cells, s->terms,           s->new_rate_level,
                            s->edges, s->rate_covariates, s->report_covariates};
    const size_t bytes[] = {s->cell_count * sizeof *s->cells,
                            s->term_count * sizeof *s->terms,
                            s->year_count * sizeof *s->new_rate_level,
                            2 * s->edge_count * sizeof *s->edges,
                            s->cell_count * s->rate_covariate_count * sizeof(double),
                            s->cell_count * s->report_covariate_count * sizeof(double)};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        if (arrays[i] == NULL || bytes[i] == 0) {
            continue;
        }
        p->copies[i] = traffstat_i_alloc(ctx, bytes[i], 1);
        if (p->copies[i] == NULL) {
            return false;
        }
        memcpy(p->copies[i], arrays[i], bytes[i]);
    }
    s->cells = p->copies[0];
    s->terms = p->copies[1];
    s->new_rate_level = p->copies[2];
    s->edges = p->copies[3];
    s->rate_covariates = p->copies[4];
    s->report_covariates = p->copies[5];
    return true;
}

static bool matches(const traffstat_i_evidence_term *term, const traffstat_i_cell *cell)
{
    return (term->place == TRAFFSTAT_I_EVERYWHERE || term->place == cell->place) &&
           (term->year == TRAFFSTAT_I_EVERYWHERE || term->year == cell->year);
}

/* The cells that each total stands for. */
static traffstat_status list_terms(traffstat_ctx *ctx, traffstat_i_posterior *p)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    size_t size = 0;
    if (!traffstat_i_mul_size(s->term_count, s->cell_count, &size)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu pieces of evidence",
                                s->term_count);
    }
    p->term_start = traffstat_i_alloc(ctx, s->term_count + 1, sizeof *p->term_start);
    p->term_cells = traffstat_i_alloc(ctx, size > 0 ? size : 1, sizeof *p->term_cells);
    if (p->term_start == NULL || p->term_cells == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    size_t next = 0;
    for (size_t k = 0; k < s->term_count; k++) {
        p->term_start[k] = next;
        for (size_t i = 0; s->terms[k].is_total && i < s->cell_count; i++) {
            if (matches(&s->terms[k], &s->cells[i])) {
                p->term_cells[next++] = i;
            }
        }
        if (s->terms[k].is_total && next == p->term_start[k]) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                    "evidence %zu is of a total of which there is no count", k + 1);
        }
    }
    p->term_start[s->term_count] = next;
    return TRAFFSTAT_OK;
}

/* What of the likelihood no position changes. */
static traffstat_status prepare(traffstat_ctx *ctx, traffstat_i_posterior *p)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    const size_t n = s->cell_count;
    p->weight = traffstat_i_alloc(ctx, n, sizeof *p->weight);
    p->log_weight = traffstat_i_alloc(ctx, n, sizeof *p->log_weight);
    p->log_factorial = traffstat_i_alloc(ctx, n, sizeof *p->log_factorial);
    p->place_count = traffstat_i_alloc(ctx, s->place_count, sizeof *p->place_count);
    p->year_count = traffstat_i_alloc(ctx, s->year_count, sizeof *p->year_count);
    if (p->weight == NULL || p->log_weight == NULL || p->log_factorial == NULL ||
        p->place_count == NULL || p->year_count == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(p->place_count, 0, s->place_count * sizeof *p->place_count);
    memset(p->year_count, 0, s->year_count * sizeof *p->year_count);
    p->plain =
        !s->negative_binomial && s->rate_covariate_count == 0 && s->report_covariate_count == 0;
    for (size_t i = 0; i < n; i++) {
        const traffstat_i_cell *c = &s->cells[i];
        const double y = (double) c->low;
        p->weight[i] = c->exposure * c->coverage;
        p->log_weight[i] = log(p->weight[i]);
        p->plain = p->plain && c->low == c->high;
        p->log_factorial[i] = c->low == c->high ? traffstat_i_log_factorial(c->low) : 0.0;
        p->place_count[c->place] += y;
        p->year_count[c->year] += y;
        p->fixed += y * p->log_weight[i] - p->log_factorial[i];
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_posterior_new(traffstat_ctx *ctx,
                                           const traffstat_i_posterior_spec *spec,
                                           traffstat_i_posterior **out)
{
    *out = NULL;
    traffstat_i_posterior *p = traffstat_i_alloc(ctx, 1, sizeof *p);
    if (p == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(p, 0, sizeof *p);
    p->ctx = ctx;
    p->spec = *spec;
    traffstat_status status = copy_arrays(ctx, p) ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    number_coordinates(p);
    if (status == TRAFFSTAT_OK) {
        status = prepare(ctx, p);
    }
    if (status == TRAFFSTAT_OK) {
        status = list_terms(ctx, p);
    }
    if (status == TRAFFSTAT_OK && p->at.mixing != TRAFFSTAT_I_NO_COORDINATE) {
        status = traffstat_i_neighbours(ctx, p);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_posterior_free(p);
        return status;
    }
    *out = p;
    return TRAFFSTAT_OK;
}

void traffstat_i_posterior_free(traffstat_i_posterior *posterior)
{
    if (posterior == NULL) {
        return;
    }
    traffstat_ctx *ctx = posterior->ctx;
    for (size_t i = 0; i < sizeof posterior->copies / sizeof *posterior->copies; i++) {
        traffstat_i_free(ctx, posterior->copies[i]);
    }
    traffstat_i_free(ctx, posterior->weight);
    traffstat_i_free(ctx, posterior->log_weight);
    traffstat_i_free(ctx, posterior->log_factorial);
    traffstat_i_free(ctx, posterior->place_count);
    traffstat_i_free(ctx, posterior->year_count);
    traffstat_i_free(ctx, posterior->term_cells);
    traffstat_i_free(ctx, posterior->term_start);
    traffstat_i_free(ctx, posterior->basis);
    traffstat_i_free(ctx, posterior->spread);
    traffstat_i_free(ctx, posterior);
}

size_t traffstat_i_posterior_dimension(const traffstat_i_posterior *posterior)
{
    return posterior->at.end;
}

size_t traffstat_i_posterior_scratch_size(const traffstat_i_posterior *posterior)
{
    return traffstat_i_field_size(posterior) * sizeof(double);
}

/* ---- the likelihood ------------------------------------------------------------------------- */

/* Exact Poisson counts without covariates: rate and odds against reporting are products of a
 * place's factor and a year's, so that exp() is asked once for each of those. */
static double plain_likelihood(const traffstat_i_posterior *p, traffstat_i_field *f)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    double sum = p->fixed;
    for (size_t j = 0; j < s->place_count; j++) {
        f->place_factor[j] = exp(f->level + f->rate_place[j]);
        f->place_odds[j] = exp(-f->report - f->report_place[j]);
        sum += p->place_count[j] * (f->level + f->rate_place[j]);
    }
    for (size_t t = 0; t < s->year_count; t++) {
        f->year_factor[t] = exp(f->rate_year[t]);
        f->year_odds[t] = exp(-f->report_year[t]);
        sum += p->year_count[t] * f->rate_year[t];
    }
    for (size_t i = 0; i < s->cell_count; i++) {
        const traffstat_i_cell *c = &s->cells[i];
        f->log_inverse[i] = 1.0 + f->place_odds[c->place] * f->year_odds[c->year];
    }
    for (size_t i = 0; i < s->cell_count; i++) {
        f->inverse[i] = 1.0 / f->log_inverse[i];
        f->log_inverse[i] = log(f->log_inverse[i]);
    }
    for (size_t i = 0; i < s->cell_count; i++) {
        const traffstat_i_cell *c = &s->cells[i];
        const double y = (double) c->low;
        const double mu =
            p->weight[i] * f->place_factor[c->place] * f->year_factor[c->year] * f->inverse[i];
        const double rest = y - mu;
        const double by_report = rest * (1.0 - f->inverse[i]);
        sum -= mu + y * f->log_inverse[i];
        f->d_rate_place[c->place] += rest;
        f->d_rate_year[c->year] += rest;
        f->d_report_place[c->place] += by_report;
        f->d_report_year[c->year] += by_report;
    }
    return sum;
}

static double cell_likelihood(const traffstat_i_posterior *p, const traffstat_i_field *f, size_t i,
                              traffstat_i_cell_score *score, double *logit_p)
{
    const traffstat_i_cell *c = &p->spec.cells[i];
    double log_rate = 0.0;
    traffstat_i_field_predict(p, f, i, &log_rate, logit_p);
    const double log_mu = p->log_weight[i] + log_rate + traffstat_i_log_logistic(*logit_p);
    *score = traffstat_i_cell_score_of(c->low, c->high, log_mu, f->theta);
    return score->log_likelihood;
}

static double any_likelihood(const traffstat_i_posterior *p, traffstat_i_field *f)
{
    double sum = 0.0;
    for (size_t i = 0; i < p->spec.cell_count; i++) {
        traffstat_i_cell_score score;
        double logit_p = 0.0;
        sum += cell_likelihood(p, f, i, &score, &logit_p);
        f->d_theta += score.d_theta;
        traffstat_i_field_pull(p, f, i, score.d_log_mu,
                               score.d_log_mu * traffstat_i_logistic(-logit_p));
    }
    return sum;
}

double traffstat_i_posterior_density(const void *posterior, void *scratch, const double *position,
                                     double *gradient)
{
    const traffstat_i_posterior *p = posterior;
    traffstat_i_field field;
    traffstat_i_field_read(p, scratch, position, &field);
    double sum = p->plain ? plain_likelihood(p, &field) : any_likelihood(p, &field);
    if (!isfinite(sum)) {
        memset(gradient, 0, p->at.end * sizeof *gradient);
        return -INFINITY;
    }
    sum += traffstat_i_terms(p, &field);
    sum += traffstat_i_field_prior(p, &field, position, gradient);
    return isfinite(sum) ? sum : -INFINITY;
}

void traffstat_i_posterior_hyper(const traffstat_i_posterior *posterior, void *scratch,
                                 const double *position, traffstat_i_hyper *hyper)
{
    traffstat_i_field field;
    traffstat_i_field_read(posterior, scratch, position, &field);
    *hyper = (traffstat_i_hyper){.level = field.level,
                                 .report = field.report,
                                 .place_sd = field.place_sd,
                                 .report_place_sd = field.report_place_sd,
                                 .year_sd = field.year_sd,
                                 .drift_sd = field.drift_sd,
                                 .theta = field.theta,
                                 .mixing = field.mixing};
    for (size_t i = 0; i < posterior->spec.cell_count; i++) {
        traffstat_i_cell_score score;
        double logit_p = 0.0;
        hyper->log_likelihood += cell_likelihood(posterior, &field, i, &score, &logit_p);
    }
    hyper->log_likelihood += traffstat_i_terms(posterior, &field);
}

void traffstat_i_posterior_cells(const traffstat_i_posterior *posterior, void *scratch,
                                 const double *position, double *log_rate, double *logit_p,
                                 double *log_likelihood)
{
    traffstat_i_field field;
    traffstat_i_field_read(posterior, scratch, position, &field);
    for (size_t i = 0; i < posterior->spec.cell_count; i++) {
        traffstat_i_cell_score score;
        double report = 0.0;
        double rate = 0.0;
        if (log_likelihood != NULL) {
            log_likelihood[i] = cell_likelihood(posterior, &field, i, &score, &report);
        }
        traffstat_i_field_predict(posterior, &field, i, &rate, &report);
        if (log_rate != NULL) {
            log_rate[i] = rate;
        }
        if (logit_p != NULL) {
            logit_p[i] = report;
        }
    }
}
