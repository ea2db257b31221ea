/* A position read onto the model's own scales, and derivatives carried back to it. */
#include "model/reporting/field.h"

#include <math.h>
#include <string.h>

double traffstat_i_log_logistic(double x)
{
    return x > 0.0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

double traffstat_i_logistic(double x)
{
    return x > 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

size_t traffstat_i_field_size(const traffstat_i_posterior *posterior)
{
    const traffstat_i_posterior_spec *s = &posterior->spec;
    const size_t effects =
        2 * (s->place_count + s->year_count) + s->rate_covariate_count + s->report_covariate_count;
    const size_t factors = 2 * (s->place_count + posterior->sheet.years);
    return 2 * effects + s->place_count + 2 * factors + 2 * s->cell_count +
           traffstat_i_rising_size(&posterior->rising);
}

static double *take(double **next, size_t count)
{
    double *here = *next;
    *next += count;
    return here;
}

/* The arrays, one after the other; the derivatives lie in the order of what they belong to. */
static void lay_out(const traffstat_i_posterior *p, double *scratch, traffstat_i_field *f)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    const size_t factors = 2 * (s->place_count + p->sheet.years);
    double *next = scratch;
    f->rate_place = take(&next, s->place_count);
    f->report_place = take(&next, s->place_count);
    f->rate_year = take(&next, s->year_count);
    f->report_year = take(&next, s->year_count);
    f->rate_beta = take(&next, s->rate_covariate_count);
    f->report_beta = take(&next, s->report_covariate_count);
    f->d_rate_place = take(&next, s->place_count);
    f->d_report_place = take(&next, s->place_count);
    f->d_rate_year = take(&next, s->year_count);
    f->d_report_year = take(&next, s->year_count);
    f->d_rate_beta = take(&next, s->rate_covariate_count);
    f->d_report_beta = take(&next, s->report_covariate_count);
    memset(f->d_rate_place, 0, (size_t) (next - f->d_rate_place) * sizeof *next);
    f->turned = take(&next, s->place_count);
    f->factor = take(&next, factors);
    f->by_sheet = take(&next, factors);
    f->mean = take(&next, s->cell_count);
    f->inverse = take(&next, s->cell_count);
    f->logs = next;
}

static double scale_at(const double *position, size_t at)
{
    return at == TRAFFSTAT_I_NO_COORDINATE ? 0.0 : exp(position[at]);
}

/* sd of the step into year t: a break begins a level of its own. */
static double rate_step_sd(const traffstat_i_posterior *p, const traffstat_i_field *f, size_t t)
{
    return p->spec.new_rate_level != NULL && p->spec.new_rate_level[t] ? p->spec.level_sd
                                                                       : f->year_sd;
}

static void read_places(const traffstat_i_posterior *p, const double *position,
                        traffstat_i_field *f)
{
    const size_t count = p->spec.place_count;
    if (p->at.place == TRAFFSTAT_I_NO_COORDINATE) {
        memset(f->rate_place, 0, count * sizeof *f->rate_place);
        memset(f->report_place, 0, count * sizeof *f->report_place);
        return;
    }
    const double *z = position + p->at.place;
    const double *w = position + p->at.report_place;
    for (size_t j = 0; j < count; j++) {
        f->rate_place[j] = f->place_sd * z[j];
        f->report_place[j] = f->report_place_sd * w[j];
    }
    if (p->basis == NULL) {
        return;
    }
    memset(f->rate_place, 0, count * sizeof *f->rate_place);
    for (size_t k = 0; k < count; k++) {
        const double along = f->place_sd * sqrt(1.0 - f->mixing + f->mixing * p->spread[k]) * z[k];
        f->turned[k] = along;
        for (size_t j = 0; j < count; j++) {
            f->rate_place[j] += p->basis[k * count + j] * along;
        }
    }
}

static void read_years(const traffstat_i_posterior *p, const double *position, traffstat_i_field *f)
{
    const size_t years = p->spec.year_count;
    const size_t anchor = p->spec.anchor_year;
    f->rate_year[0] = 0.0;
    for (size_t t = 1; t < years; t++) {
        f->rate_year[t] =
            f->rate_year[t - 1] + rate_step_sd(p, f, t) * position[p->at.year + t - 1];
    }
    memset(f->report_year, 0, years * sizeof *f->report_year);
    if (p->at.drift == TRAFFSTAT_I_NO_COORDINATE) {
        return;
    }
    /* Step k lies between years k and k + 1, whichever way the walk leaves the anchor. */
    const double *step = position + p->at.drift;
    for (size_t t = anchor + 1; t < years; t++) {
        f->report_year[t] = f->report_year[t - 1] + f->drift_sd * step[t - 1];
    }
    for (size_t t = anchor; t-- > 0;) {
        f->report_year[t] = f->report_year[t + 1] + f->drift_sd * step[t];
    }
}

void traffstat_i_field_read(const traffstat_i_posterior *posterior, void *scratch,
                            const double *position, traffstat_i_field *field)
{
    const traffstat_i_blocks *at = &posterior->at;
    const traffstat_i_posterior_spec *s = &posterior->spec;
    lay_out(posterior, scratch, field);
    field->report = position[at->report];
    field->level = position[at->level] - traffstat_i_log_logistic(field->report);
    field->place_sd = scale_at(position, at->place_sd);
    field->report_place_sd = scale_at(position, at->report_place_sd);
    field->year_sd = scale_at(position, at->year_sd);
    field->drift_sd = scale_at(position, at->drift_sd);
    const double dispersion = scale_at(position, at->dispersion);
    field->theta = dispersion > 0.0 ? 1.0 / (dispersion * dispersion) : INFINITY;
    field->mixing =
        at->mixing == TRAFFSTAT_I_NO_COORDINATE ? 0.0 : traffstat_i_logistic(position[at->mixing]);
    field->d_report = 0.0;
    field->d_theta = 0.0;
    read_places(posterior, position, field);
    read_years(posterior, position, field);
    for (size_t k = 0; k < s->rate_covariate_count; k++) {
        field->rate_beta[k] = s->covariate_sd * position[at->rate_beta + k];
    }
    for (size_t k = 0; k < s->report_covariate_count; k++) {
        field->report_beta[k] = s->covariate_sd * position[at->report_beta + k];
    }
}

void traffstat_i_field_predict(const traffstat_i_posterior *posterior,
                               const traffstat_i_field *field, size_t cell, double *log_rate,
                               double *logit_p)
{
    const traffstat_i_posterior_spec *s = &posterior->spec;
    const traffstat_i_cell *c = &s->cells[cell];
    double rate = field->level + field->rate_place[c->place] + field->rate_year[c->year];
    double report = field->report + field->report_place[c->place] + field->report_year[c->year];
    for (size_t k = 0; k < s->rate_covariate_count; k++) {
        rate += s->rate_covariates[cell * s->rate_covariate_count + k] * field->rate_beta[k];
    }
    for (size_t k = 0; k < s->report_covariate_count; k++) {
        report +=
            s->report_covariates[cell * s->report_covariate_count + k] * field->report_beta[k];
    }
    *log_rate = rate;
    *logit_p = report;
}

void traffstat_i_field_pull(const traffstat_i_posterior *posterior, traffstat_i_field *field,
                            size_t cell, double d_log_rate, double d_logit_p)
{
    const traffstat_i_posterior_spec *s = &posterior->spec;
    const traffstat_i_cell *c = &s->cells[cell];
    field->d_rate_place[c->place] += d_log_rate;
    field->d_rate_year[c->year] += d_log_rate;
    field->d_report_place[c->place] += d_logit_p;
    field->d_report_year[c->year] += d_logit_p;
    for (size_t k = 0; k < s->rate_covariate_count; k++) {
        field->d_rate_beta[k] +=
            s->rate_covariates[cell * s->rate_covariate_count + k] * d_log_rate;
    }
    for (size_t k = 0; k < s->report_covariate_count; k++) {
        field->d_report_beta[k] +=
            s->report_covariates[cell * s->report_covariate_count + k] * d_logit_p;
    }
}

/* ---- the prior and the way back ------------------------------------------------------------- */

static double sum_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}

/* Standard normal coordinates: their prior; the gradient holds the likelihood's part already. */
static double standard_normal(const double *position, size_t from, size_t count, double *gradient)
{
    double sum = 0.0;
    for (size_t i = from; i < from + count; i++) {
        sum += position[i] * position[i];
        gradient[i] -= position[i];
    }
    return -0.5 * sum;
}

/* Half-normal of a scale whose logarithm is the coordinate; `d_log` is the likelihood's part. */
static double half_normal(double value, double scale, double d_log, double *gradient, double log)
{
    const double ratio = value / scale;
    *gradient = d_log - ratio * ratio + 1.0;
    return log - 0.5 * ratio * ratio;
}

static double pull_places(const traffstat_i_posterior *p, traffstat_i_field *f,
                          const double *position, double *gradient)
{
    const size_t count = p->spec.place_count;
    const double *z = position + p->at.place;
    const double *w = position + p->at.report_place;
    double *dz = gradient + p->at.place;
    double *dw = gradient + p->at.report_place;
    double by_sd = 0.0;
    double by_report_sd = 0.0;
    double by_mixing = 0.0;
    for (size_t j = 0; j < count; j++) {
        dw[j] = f->d_report_place[j] * f->report_place_sd;
        by_report_sd += dw[j] * w[j];
        if (p->basis == NULL) {
            dz[j] = f->d_rate_place[j] * f->place_sd;
            by_sd += dz[j] * z[j];
        }
    }
    for (size_t k = 0; p->basis != NULL && k < count; k++) {
        double along = 0.0;
        for (size_t j = 0; j < count; j++) {
            along += p->basis[k * count + j] * f->d_rate_place[j];
        }
        const double variance = 1.0 - f->mixing + f->mixing * p->spread[k];
        dz[k] = along * f->place_sd * sqrt(variance);
        by_sd += dz[k] * z[k];
        by_mixing += 0.5 * dz[k] * z[k] * (p->spread[k] - 1.0) / variance;
    }
    double prior = standard_normal(position, p->at.place, count, gradient) +
                   standard_normal(position, p->at.report_place, count, gradient);
    prior += half_normal(f->place_sd, p->spec.place_scale, by_sd, gradient + p->at.place_sd,
                         position[p->at.place_sd]);
    prior += half_normal(f->report_place_sd, p->spec.report_place_scale, by_report_sd,
                         gradient + p->at.report_place_sd, position[p->at.report_place_sd]);
    if (p->at.mixing != TRAFFSTAT_I_NO_COORDINATE) { /* uniform on (0, 1) */
        const double x = position[p->at.mixing];
        const double m = f->mixing;
        gradient[p->at.mixing] = by_mixing * m * (1.0 - m) + 1.0 - 2.0 * m;
        prior += traffstat_i_log_logistic(x) + traffstat_i_log_logistic(-x);
    }
    return prior;
}

static double pull_years(const traffstat_i_posterior *p, traffstat_i_field *f,
                         const double *position, double *gradient)
{
    const size_t years = p->spec.year_count;
    double by_sd = 0.0;
    double later = 0.0;
    for (size_t t = years; t-- > 1;) {
        later += f->d_rate_year[t];
        const bool anew = p->spec.new_rate_level != NULL && p->spec.new_rate_level[t];
        const size_t at = p->at.year + t - 1;
        gradient[at] = later * rate_step_sd(p, f, t);
        by_sd += anew ? 0.0 : gradient[at] * position[at];
    }
    double prior = standard_normal(position, p->at.year, years - 1, gradient);
    prior += half_normal(f->year_sd, p->spec.year_scale, by_sd, gradient + p->at.year_sd,
                         position[p->at.year_sd]);
    if (p->at.drift == TRAFFSTAT_I_NO_COORDINATE) {
        return prior;
    }
    double *step = gradient + p->at.drift;
    later = 0.0;
    for (size_t t = years; t-- > p->spec.anchor_year + 1;) {
        later += f->d_report_year[t];
        step[t - 1] = later * f->drift_sd;
    }
    later = 0.0;
    for (size_t t = 0; t < p->spec.anchor_year; t++) {
        later += f->d_report_year[t];
        step[t] = later * f->drift_sd;
    }
    double by_drift = 0.0;
    for (size_t t = 0; t + 1 < years; t++) {
        by_drift += step[t] * position[p->at.drift + t];
    }
    prior += standard_normal(position, p->at.drift, years - 1, gradient);
    return prior + half_normal(f->drift_sd, p->spec.drift_scale, by_drift,
                               gradient + p->at.drift_sd, position[p->at.drift_sd]);
}

static double pull_covariates(const traffstat_i_posterior *p, const traffstat_i_field *f,
                              const double *position, double *gradient)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    for (size_t k = 0; k < s->rate_covariate_count; k++) {
        gradient[p->at.rate_beta + k] = s->covariate_sd * f->d_rate_beta[k];
    }
    for (size_t k = 0; k < s->report_covariate_count; k++) {
        gradient[p->at.report_beta + k] = s->covariate_sd * f->d_report_beta[k];
    }
    return standard_normal(position, p->at.rate_beta, s->rate_covariate_count, gradient) +
           standard_normal(position, p->at.report_beta, s->report_covariate_count, gradient);
}

/* The shared levels: the coordinates are b0 + log p(c0) and c0, so b0 falls as c0 rises. */
static double pull_levels(const traffstat_i_posterior *p, const traffstat_i_field *f, double d_rate,
                          double d_report, double *gradient)
{
    const traffstat_i_posterior_spec *s = &p->spec;
    const double share = traffstat_i_logistic(f->report);
    const double off = (f->level - s->level_center) / s->level_sd;
    const double by_level = d_rate - off / s->level_sd;
    double prior = -0.5 * off * off;
    double by_report = d_report + f->d_report;
    if (s->report.is_logit_normal) {
        const double from = (f->report - s->report.a) / s->report.b;
        prior -= 0.5 * from * from;
        by_report -= from / s->report.b;
    } else {
        prior += s->report.a * traffstat_i_log_logistic(f->report) +
                 s->report.b * traffstat_i_log_logistic(-f->report);
        by_report += s->report.a * (1.0 - share) - s->report.b * share;
    }
    gradient[p->at.level] = by_level;
    gradient[p->at.report] = by_report - by_level * (1.0 - share);
    return prior;
}

double traffstat_i_field_prior(const traffstat_i_posterior *posterior, traffstat_i_field *field,
                               const double *position, double *gradient)
{
    const traffstat_i_blocks *at = &posterior->at;
    const traffstat_i_posterior_spec *s = &posterior->spec;
    double prior = pull_levels(posterior, field, sum_of(field->d_rate_place, s->place_count),
                               sum_of(field->d_report_place, s->place_count), gradient);
    if (at->place != TRAFFSTAT_I_NO_COORDINATE) {
        prior += pull_places(posterior, field, position, gradient);
    }
    if (at->year != TRAFFSTAT_I_NO_COORDINATE) {
        prior += pull_years(posterior, field, position, gradient);
    }
    if (at->dispersion != TRAFFSTAT_I_NO_COORDINATE) {
        const double dispersion = exp(position[at->dispersion]);
        prior += half_normal(dispersion, s->dispersion_scale, -2.0 * field->theta * field->d_theta,
                             gradient + at->dispersion, position[at->dispersion]);
    }
    return prior + pull_covariates(posterior, field, position, gradient);
}
