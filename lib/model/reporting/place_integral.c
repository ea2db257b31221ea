/* What the normal law of a place's two effects leaves out. Given the shared coordinates places are
 * independent, so that the integral over each place's pair is one of two dimensions: Gauss-Hermite
 * quadrature on the grid of its normal law gives the factor by which that law errs. Places of few
 * cases are far from normal, and many of them would pull the scales down without this. */
#include <math.h>

#include "model/reporting/arrow.h"

enum { NODES = 7 };

/* Zeros of the probabilists' Hermite polynomial of degree 7, and weights 7!/(7 He6)^2, summing to 1. */
static const double node[NODES] = {-3.750439717725742, -2.366759410734542, -1.1544053947399682, 0.0,
                                   1.1544053947399682, 2.366759410734542,  3.750439717725742};
static const double log_weight[NODES] = {
    -7.50874477823952,   -3.4816336378191797, -1.4266032431173417, -0.78275933924963248,
    -1.4266032431173417, -3.4816336378191797, -7.50874477823952};

/* Log density of a place's cells and effects up to what does not move with them; `cells` are its. */
static double place_density(const traffstat_i_posterior *p, const traffstat_i_field *f,
                            const size_t *cells, size_t count, size_t place, double z, double w)
{
    double sum = -0.5 * (z * z + w * w);
    for (size_t i = 0; i < count; i++) {
        const traffstat_i_cell *c = &p->spec.cells[cells[i]];
        double rate = 0.0;
        double report = 0.0;
        traffstat_i_field_predict(p, f, cells[i], &rate, &report);
        rate += f->place_sd * z - f->rate_place[place];
        report += f->report_place_sd * w - f->report_place[place];
        const double log_mu = p->log_weight[cells[i]] + rate + traffstat_i_log_logistic(report);
        sum += traffstat_i_cell_score_of(c->low, c->high, log_mu, f->theta).log_likelihood;
    }
    for (size_t k = 0; k < p->spec.term_count; k++) {
        const traffstat_i_evidence_term *term = &p->spec.terms[k];
        if (term->place == place) {
            const double drift =
                term->year == TRAFFSTAT_I_EVERYWHERE ? 0.0 : f->report_year[term->year];
            const double logit = f->report + f->report_place_sd * w + drift;
            sum += (double) term->v * traffstat_i_log_logistic(logit) +
                   (double) (term->m - term->v) * traffstat_i_log_logistic(-logit);
        }
    }
    return sum;
}

/* The same at all nodes of z for one w, where counts are exact, Poisson and without covariates: the
 * place's factor of the rate then leaves the sum over cells. */
static void plain_row(const traffstat_i_posterior *p, const traffstat_i_field *f,
                      const size_t *cells, size_t count, size_t place, const double *z, double w,
                      double *out)
{
    double expected = 0.0;
    double reported = 0.0;
    const double logit = f->report + f->report_place_sd * w;
    for (size_t i = 0; i < count; i++) {
        const traffstat_i_cell *c = &p->spec.cells[cells[i]];
        const double odds = exp(-logit - f->report_year[c->year]);
        expected += p->weight[cells[i]] * exp(f->level + f->rate_year[c->year]) / (1.0 + odds);
        reported -= (double) c->low * log1p(odds);
    }
    for (size_t k = 0; k < NODES; k++) {
        out[k] = reported + p->place_count[place] * f->place_sd * z[k] -
                 expected * exp(f->place_sd * z[k]) - 0.5 * (z[k] * z[k] + w * w);
    }
}

/* log of the integral over a place's pair, over its normal law's. */
static double place_factor(const traffstat_i_posterior *p, const traffstat_i_arrow *arrow,
                           const traffstat_i_field *f, const double *position, const size_t *cells,
                           size_t count, size_t place)
{
    const double *pair = arrow->pair + 3 * place;
    const double z0 = position[p->at.place + place];
    const double w0 = position[p->at.report_place + place];
    double value[NODES * NODES];
    for (size_t i = 0; i < NODES; i++) {
        const double w = w0 + node[i] / pair[2];
        double z[NODES];
        for (size_t k = 0; k < NODES; k++) {
            z[k] = z0 + (node[k] - pair[1] * node[i] / pair[2]) / pair[0];
        }
        double *row = value + i * NODES;
        if (p->product && p->single_count == 0 && isinf(f->theta) && p->spec.term_count == 0) {
            plain_row(p, f, cells, count, place, z, w, row);
        } else {
            for (size_t k = 0; k < NODES; k++) {
                row[k] = place_density(p, f, cells, count, place, z[k], w);
            }
        }
    }
    const double at_mode = value[NODES / 2 * NODES + NODES / 2];
    double sum = 0.0;
    for (size_t i = 0; i < NODES; i++) {
        for (size_t k = 0; k < NODES; k++) {
            sum += exp(value[i * NODES + k] - at_mode + log_weight[i] + log_weight[k] +
                       0.5 * (node[i] * node[i] + node[k] * node[k]));
        }
    }
    return isfinite(sum) && sum > 0.0 ? log(sum) : 0.0;
}

double traffstat_i_place_integral(const traffstat_i_posterior *posterior,
                                  const traffstat_i_arrow *arrow, void *scratch,
                                  const double *position, const size_t *order, const size_t *start)
{
    traffstat_i_field field;
    traffstat_i_field_read(posterior, scratch, position, &field);
    double sum = 0.0;
    for (size_t j = 0; j < arrow->blocks; j++) {
        sum += place_factor(posterior, arrow, &field, position, order + start[j],
                            start[j + 1] - start[j], j);
    }
    return sum;
}
