/* The log posterior of the hierarchical panel and its gradient. */
#include "model/reporting/posterior.h"

#include <math.h>
#include <string.h>

#include "model/reporting/field.h"

#define LARGEST 600.0   /* of a log mean: past it there is no density */
#define LEAST_SIZE 1e-6 /* of a negative binomial that is worked out in bulk */
#define LARGEST_SIZE 1e6

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

/* What exact counts add whatever the position. */
static void add_exact(traffstat_i_posterior *p, size_t cell)
{
    const traffstat_i_cell *c = &p->spec.cells[cell];
    const double y = (double) c->low;
    p->log_factorial[cell] = traffstat_i_log_factorial(c->low);
    p->place_count[c->place] += y;
    p->year_count[c->year] += y;
    p->fixed += y * p->log_weight[cell] - p->log_factorial[cell];
    p->bulk[p->bulk_count++] = cell;
    p->counted += y;
    const size_t at = c->place * p->sheet.years + c->year;
    p->sheet.count[at] = y;
    p->sheet.weight[at] = p->weight[cell];
    p->sheet.there[at] = 1.0;
}

/* No cell may stand twice in the table. */
static bool fits_sheet(const traffstat_i_posterior *p, size_t cell)
{
    const traffstat_i_cell *c = &p->spec.cells[cell];
    return c->low == c->high && p->sheet.there[c->place * p->sheet.years + c->year] == 0.0;
}

static traffstat_status open_sheet(traffstat_ctx *ctx, traffstat_i_posterior *p)
{
    size_t size = 0;
    p->sheet.places = p->spec.place_count;
    p->sheet.years = (p->spec.year_count + TRAFFSTAT_I_SHEET_STEP - 1) / TRAFFSTAT_I_SHEET_STEP *
                     TRAFFSTAT_I_SHEET_STEP;
    if (!traffstat_i_mul_size(3 * p->sheet.places, p->sheet.years, &size)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu places",
                                p->sheet.places);
    }
    p->sheet.count = traffstat_i_alloc(ctx, size, sizeof *p->sheet.count);
    if (p->sheet.count == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(p->sheet.count, 0, size * sizeof *p->sheet.count);
    p->sheet.weight = p->sheet.count + size / 3;
    p->sheet.there = p->sheet.weight + size / 3;
    return TRAFFSTAT_OK;
}

static traffstat_status list_counts(traffstat_ctx *ctx, traffstat_i_posterior *p)
{
    double *counts = traffstat_i_alloc(ctx, p->bulk_count > 0 ? p->bulk_count : 1, sizeof *counts);
    if (counts == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t k = 0; k < p->bulk_count; k++) {
        counts[k] = (double) p->spec.cells[p->bulk[k]].low;
    }
    const traffstat_status status =
        traffstat_i_rising_table_init(ctx, counts, p->bulk_count, &p->rising);
    traffstat_i_free(ctx, counts);
    return status;
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
    p->bulk = traffstat_i_alloc(ctx, n, sizeof *p->bulk);
    p->single = traffstat_i_alloc(ctx, n, sizeof *p->single);
    if (p->weight == NULL || p->log_weight == NULL || p->log_factorial == NULL ||
        p->place_count == NULL || p->year_count == NULL || p->bulk == NULL || p->single == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(p->place_count, 0, s->place_count * sizeof *p->place_count);
    memset(p->year_count, 0, s->year_count * sizeof *p->year_count);
    const traffstat_status status = open_sheet(ctx, p);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    p->product = s->rate_covariate_count == 0 && s->report_covariate_count == 0;
    for (size_t i = 0; i < n; i++) {
        const traffstat_i_cell *c = &s->cells[i];
        p->weight[i] = c->exposure * c->coverage;
        p->log_weight[i] = log(p->weight[i]);
        if (fits_sheet(p, i)) {
            add_exact(p, i);
        } else {
            p->log_factorial[i] = c->low == c->high ? traffstat_i_log_factorial(c->low) : 0.0;
            p->single[p->single_count++] = i;
        }
    }
    return list_counts(ctx, p);
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
    traffstat_i_free(ctx, posterior->bulk);
    traffstat_i_free(ctx, posterior->single);
    traffstat_i_free(ctx, posterior->sheet.count);
    traffstat_i_free(ctx, posterior->rising.large);
    traffstat_i_free(ctx, posterior->rising.times);
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

static double cell_likelihood(const traffstat_i_posterior *p, const traffstat_i_field *f, size_t i,
                              traffstat_i_cell_score *score, double *logit_p)
{
    const traffstat_i_cell *c = &p->spec.cells[i];
    double log_rate = 0.0;
    traffstat_i_field_predict(p, f, i, &log_rate, logit_p);
    const double log_mu = p->log_weight[i] + log_rate + traffstat_i_log_logistic(*logit_p);
    *score = c->low == c->high && log_mu < LARGEST
                 ? traffstat_i_exact_score((double) c->low, p->log_factorial[i], log_mu, f->theta)
                 : traffstat_i_cell_score_of(c->low, c->high, log_mu, f->theta);
    return score->log_likelihood;
}

/* Cells one by one, with all that a cell may have. */
static double listed_likelihood(const traffstat_i_posterior *p, traffstat_i_field *f,
                                const size_t *list, size_t count)
{
    double sum = 0.0;
    for (size_t k = 0; k < count; k++) {
        traffstat_i_cell_score score;
        double logit_p = 0.0;
        sum += cell_likelihood(p, f, list[k], &score, &logit_p);
        f->d_theta += score.d_theta;
        traffstat_i_field_pull(p, f, list[k], score.d_log_mu,
                               score.d_log_mu * traffstat_i_logistic(-logit_p));
    }
    return sum;
}

/* Factors of places and years by one exp() each; what exact counts add linearly. */
static double fill_factors(const traffstat_i_posterior *p, traffstat_i_field *f)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    const size_t years = p->sheet.years;
    double *place = f->factor;
    double *odds = place + s->place_count;
    double *year = odds + s->place_count;
    double sum = p->fixed;
    for (size_t j = 0; j < s->place_count; j++) {
        place[j] = f->level + f->rate_place[j];
        odds[j] = -f->report - f->report_place[j];
        sum += p->place_count[j] * place[j];
    }
    for (size_t t = 0; t < years; t++) {
        const bool there = t < s->year_count;
        year[t] = there ? f->rate_year[t] : 0.0;
        year[years + t] = there ? -f->report_year[t] : 0.0;
        sum += there ? p->year_count[t] * year[t] : 0.0;
    }
    traffstat_i_exp_many(f->factor, 2 * (s->place_count + years));
    return sum;
}

void traffstat_i_field_factors(const traffstat_i_posterior *p, traffstat_i_field *f)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    const double *odds = f->factor + s->place_count;
    const double *year = odds + s->place_count;
    (void) fill_factors(p, f);
    for (size_t k = 0; k < p->bulk_count; k++) {
        const size_t i = p->bulk[k];
        const traffstat_i_cell *c = &s->cells[i];
        f->inverse[k] = 1.0 + odds[c->place] * year[p->sheet.years + c->year];
        f->mean[k] = p->weight[i] * f->factor[c->place] * year[c->year];
    }
}

static double bulk_likelihood(const traffstat_i_posterior *p, traffstat_i_field *f)
{
    const size_t places = p->spec.place_count;
    const size_t years = p->sheet.years;
    const double linear = fill_factors(p, f);
    const double *factor = f->factor;
    double *by = f->by_sheet;
    traffstat_i_sheet_room room = {
        factor, factor + places, factor + 2 * places, factor + 2 * places + years,
        by,     by + places,     by + 2 * places,     by + 2 * places + years,
        0.0};
    memset(room.d_year_rate, 0, 2 * years * sizeof *by);
    double sum = linear;
    if (isinf(f->theta)) {
        sum += traffstat_i_sheet_poisson(&p->sheet, &room);
    } else {
        const double n = (double) p->bulk_count;
        const double log_theta = log(f->theta);
        traffstat_i_rising_ask(&p->rising, f->theta, f->logs);
        traffstat_i_log_many(f->logs, traffstat_i_rising_size(&p->rising));
        sum += traffstat_i_rising_sum(&p->rising, f->theta, f->logs, &f->d_theta);
        sum += traffstat_i_sheet_binomial(&p->sheet, f->theta, &room);
        sum += (n * f->theta + p->counted) * log_theta;
        f->d_theta += room.d_theta + n * log_theta;
    }
    for (size_t j = 0; j < places; j++) {
        f->d_rate_place[j] += room.d_place_rate[j];
        f->d_report_place[j] += room.d_place_report[j];
    }
    for (size_t t = 0; t < p->spec.year_count; t++) {
        f->d_rate_year[t] += room.d_year_rate[t];
        f->d_report_year[t] += room.d_year_report[t];
    }
    return sum;
}

bool traffstat_i_field_in_bulk(const traffstat_i_field *field)
{
    return isinf(field->theta) || (field->theta > LEAST_SIZE && field->theta < LARGEST_SIZE);
}

static double likelihood(const traffstat_i_posterior *p, traffstat_i_field *f)
{
    double sum = 0.0;
    if (!p->product || !traffstat_i_field_in_bulk(f)) {
        sum = listed_likelihood(p, f, p->bulk, p->bulk_count);
    } else {
        sum = bulk_likelihood(p, f);
    }
    return sum + listed_likelihood(p, f, p->single, p->single_count);
}

double traffstat_i_posterior_density(const void *posterior, void *scratch, const double *position,
                                     double *gradient)
{
    const traffstat_i_posterior *p = posterior;
    traffstat_i_field field;
    traffstat_i_field_read(p, scratch, position, &field);
    double sum = likelihood(p, &field);
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
    hyper->log_likelihood = likelihood(posterior, &field) + traffstat_i_terms(posterior, &field);
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
