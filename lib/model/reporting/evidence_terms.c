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

/* log N-hat ~ Normal(log of the expected total, sd): sd^2 is that of the lists' estimate and 1/N of
 * the chance by which a true total strays from what is expected. */
static double total(const traffstat_i_posterior *p, traffstat_i_field *f, size_t number)
{
    const traffstat_i_evidence_term *term = &p->spec.terms[number];
    const size_t *cells = p->term_cells + p->term_start[number];
    const size_t count = p->term_start[number + 1] - p->term_start[number];
    const double variance = term->sd * term->sd + exp(-term->center);
    double expected = 0.0;
    double rate = 0.0;
    double report = 0.0;
    for (size_t i = 0; i < count; i++) {
        traffstat_i_field_predict(p, f, cells[i], &rate, &report);
        expected += p->spec.cells[cells[i]].exposure * exp(rate);
    }
    const double off = log(expected) - term->center;
    for (size_t i = 0; i < count; i++) {
        traffstat_i_field_predict(p, f, cells[i], &rate, &report);
        const double share = p->spec.cells[cells[i]].exposure * exp(rate) / expected;
        traffstat_i_field_pull(p, f, cells[i], -off / variance * share, 0.0);
    }
    return -0.5 * off * off / variance;
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
