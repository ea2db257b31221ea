/* What tells of p or of N apart from the counts: validated cases, and estimates of a total from
 * overlapping lists. */
#include "model/reporting/field.h"

#include <math.h>

/* v of m true cases were reported. The rate is that of the place and year named; where one is not
 * named its effect is left out, which is the rate of the middle place, or of the anchor's year. */
static double validated(const traffstat_i_posterior *p, traffstat_i_field *f,
                        const traffstat_i_evidence_term *term)
{
    double logit = f->report;
    if (term->place != TRAFFSTAT_I_EVERYWHERE) {
        logit += f->report_place[term->place];
    }
    if (term->year != TRAFFSTAT_I_EVERYWHERE) {
        logit += f->report_year[term->year];
    }
    const double by = (double) term->v - (double) term->m * traffstat_i_logistic(logit);
    (void) p;
    if (term->place != TRAFFSTAT_I_EVERYWHERE) {
        f->d_report_place[term->place] += by; /* the shared level takes the sum over places */
    } else {
        f->d_report += by;
    }
    if (term->year != TRAFFSTAT_I_EVERYWHERE) {
        f->d_report_year[term->year] += by;
    }
    return (double) term->v * traffstat_i_log_logistic(logit) +
           (double) (term->m - term->v) * traffstat_i_log_logistic(-logit);
}

static bool holds(const traffstat_i_evidence_term *term, const traffstat_i_cell *cell)
{
    return (term->place == TRAFFSTAT_I_EVERYWHERE || term->place == cell->place) &&
           (term->year == TRAFFSTAT_I_EVERYWHERE || term->year == cell->year);
}

/* v of m true cases of several places or years together: each is from a cell as often as true cases
 * are expected there, so that the share counted is the mean of p by expected cases. */
static double pooled(const traffstat_i_posterior *p, traffstat_i_field *f,
                     const traffstat_i_evidence_term *term)
{
    double cases = 0.0;
    double counted = 0.0;
    double rate = 0.0;
    double report = 0.0;
    for (size_t i = 0; i < p->spec.cell_count; i++) {
        if (holds(term, &p->spec.cells[i])) {
            traffstat_i_field_predict(p, f, i, &rate, &report);
            const double expected = p->spec.cells[i].exposure * exp(rate);
            cases += expected;
            counted += expected * traffstat_i_logistic(report);
        }
    }
    const double share = counted / cases;
    const double by = (double) term->v / share - (double) (term->m - term->v) / (1.0 - share);
    for (size_t i = 0; i < p->spec.cell_count; i++) {
        if (holds(term, &p->spec.cells[i])) {
            traffstat_i_field_predict(p, f, i, &rate, &report);
            const double part = by * p->spec.cells[i].exposure * exp(rate) / cases;
            const double own = traffstat_i_logistic(report);
            traffstat_i_field_pull(p, f, i, part * (own - share),
                                   part * own * traffstat_i_logistic(-report));
        }
    }
    return (double) term->v * log(share) + (double) (term->m - term->v) * log1p(-share);
}

/* What is not counted of a cell, given its count: mean and what its logarithm changes by. A negative
 * binomial's dispersion sits in the true rate, so that the count tells of it. */
typedef struct uncounted {
    double y;
    double mean;
    double by_rate;   /* of ln mean, by log rate */
    double by_report; /* by logit p */
    double by_theta;
    double variance;
    double variance_by_mean;
    double variance_by_theta;
} uncounted;

static uncounted uncounted_of(const traffstat_i_posterior *p, const traffstat_i_field *f, size_t i)
{
    const traffstat_i_cell *c = &p->spec.cells[i];
    double rate = 0.0;
    double report = 0.0;
    traffstat_i_field_predict(p, f, i, &rate, &report);
    const double expected = c->exposure * exp(rate);
    const double share = c->coverage * traffstat_i_logistic(report);
    const double open = traffstat_i_logistic(-report);
    const double rest = 1.0 - c->coverage + c->coverage * open; /* 1 - share, near 1 too */
    const double slope = share * open;
    uncounted out = {.y = c->high < 0 ? (double) c->low : 0.5 * (double) (c->low + c->high)};
    out.mean = expected * rest;
    out.by_rate = 1.0;
    out.by_report = -slope / rest;
    out.variance = out.mean;
    out.variance_by_mean = 1.0;
    if (isfinite(f->theta)) {
        const double seen = f->theta + expected * share;
        const double size = out.y + f->theta;
        out.mean *= size / seen;
        out.by_rate = f->theta / seen;
        out.by_report -= expected * slope / seen;
        out.by_theta = 1.0 / size - 1.0 / seen;
        out.variance = out.mean + out.mean * out.mean / size;
        out.variance_by_mean = 1.0 + 2.0 * out.mean / size;
        out.variance_by_theta = -out.mean * out.mean / (size * size);
    }
    return out;
}

/* log N-hat ~ Normal(log of what is counted and expected beside it, sd): sd^2 is that of the lists'
 * estimate and of the chance by which what is not counted strays from what is expected. */
static double total(const traffstat_i_posterior *p, traffstat_i_field *f, size_t number)
{
    const traffstat_i_evidence_term *term = &p->spec.terms[number];
    const size_t *cells = p->term_cells + p->term_start[number];
    const size_t count = p->term_start[number + 1] - p->term_start[number];
    double all = 0.0;
    double chance = 0.0;
    for (size_t i = 0; i < count; i++) {
        const uncounted one = uncounted_of(p, f, cells[i]);
        all += one.y + one.mean;
        chance += one.variance;
    }
    const double variance = term->sd * term->sd + chance / (all * all);
    const double off = log(all) - term->center;
    const double by_variance = 0.5 * (off * off / variance - 1.0) / variance;
    const double by_all = -off / (variance * all) - 2.0 * by_variance * chance / (all * all * all);
    for (size_t i = 0; i < count; i++) {
        const uncounted one = uncounted_of(p, f, cells[i]);
        const double by_mean = by_all + by_variance * one.variance_by_mean / (all * all);
        traffstat_i_field_pull(p, f, cells[i], by_mean * one.mean * one.by_rate,
                               by_mean * one.mean * one.by_report);
        f->d_theta +=
            by_mean * one.mean * one.by_theta + by_variance * one.variance_by_theta / (all * all);
    }
    return -0.5 * off * off / variance - 0.5 * log(variance);
}

double traffstat_i_terms(const traffstat_i_posterior *posterior, traffstat_i_field *field)
{
    double sum = 0.0;
    for (size_t k = 0; k < posterior->spec.term_count; k++) {
        const traffstat_i_evidence_term *term = &posterior->spec.terms[k];
        sum += term->is_total    ? total(posterior, field, k)
               : term->is_pooled ? pooled(posterior, field, term)
                                 : validated(posterior, field, term);
    }
    return sum;
}
