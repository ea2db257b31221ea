/* The panel's log posterior: against a plain evaluation in natural coordinates, and its gradient
 * against central differences, with every combination of what the model can hold. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"

#include "model/reporting/posterior.h"

static void near(double got, double want, double within)
{
    if (!(fabs(got - want) <= within)) {
        print_error("%.17g is not %.17g within %g\n", got, want, within);
        fail();
    }
}

enum { PLACES = 4, YEARS = 5, CELLS = PLACES * YEARS, ROOM = 64 };

/* What a case of the model holds. */
enum {
    NEGATIVE_BINOMIAL = 1,
    INTERVALS = 2,
    COVARIATES = 4,
    NEIGHBOURS = 8,
    BREAK = 16,
    TERMS = 32,
    NO_DRIFT = 64,
    LOGIT_NORMAL = 128,
    ALL = 256
};

typedef struct model {
    traffstat_i_posterior_spec spec;
    traffstat_i_cell cells[CELLS];
    traffstat_i_evidence_term terms[6];
    bool breaks[YEARS];
    size_t edges[2 * 4];
    double rate_covariates[CELLS];
    double report_covariates[2 * CELLS];
} model;

/* Small counts, and some past those that are summed term by term, one of them twice. */
static const int64_t count_of[CELLS] = {3,   0, 37, 5, 4,  1, 9, 6, 2,  0,
                                        150, 8, 7,  2, 37, 4, 5, 1, 16, 17};

static void set_cells(model *m, int with, size_t places, size_t years)
{
    size_t n = 0;
    for (size_t t = 0; t < years; t++) {
        for (size_t j = 0; j < places; j++) {
            const int64_t y = count_of[t * PLACES + j];
            m->cells[n] = (traffstat_i_cell){.place = j,
                                             .year = t,
                                             .low = y,
                                             .high = y,
                                             .exposure = 0.5 + (double) (j + t) / 3.0,
                                             .coverage = j == 1 ? 0.7 : 1.0};
            if ((with & INTERVALS) != 0 && n % 3 == 0) {
                m->cells[n].low = y > 4 ? 5 : 0;
                m->cells[n].high = y > 4 ? -1 : 4;
            }
            m->rate_covariates[n] = sin((double) n);
            m->report_covariates[2 * n] = cos((double) n);
            m->report_covariates[2 * n + 1] = n % 2 == 0 ? 1.0 : -1.0;
            n++;
        }
    }
    m->spec.cells = m->cells;
    m->spec.cell_count = n;
}

static void set_model(model *m, int with, size_t places, size_t years)
{
    memset(m, 0, sizeof *m);
    m->spec = (traffstat_i_posterior_spec){.place_count = places,
                                           .year_count = years,
                                           .report = {false, 4.0, 6.0},
                                           .level_center = 2.0,
                                           .level_sd = 2.0,
                                           .place_scale = 1.0,
                                           .report_place_scale = 0.5,
                                           .year_scale = 0.25,
                                           .drift_scale = (with & NO_DRIFT) != 0 ? 0.0 : 0.3,
                                           .anchor_year = years / 2,
                                           .dispersion_scale = 0.8,
                                           .covariate_sd = 0.6};
    set_cells(m, with, places, years);
    m->spec.negative_binomial = (with & NEGATIVE_BINOMIAL) != 0;
    if ((with & LOGIT_NORMAL) != 0) {
        m->spec.report = (traffstat_i_level_prior){true, -0.4, 0.3};
    }
    if ((with & COVARIATES) != 0) {
        m->spec.rate_covariate_count = 1;
        m->spec.rate_covariates = m->rate_covariates;
        m->spec.report_covariate_count = 2;
        m->spec.report_covariates = m->report_covariates;
    }
    if ((with & NEIGHBOURS) != 0 && places == PLACES) {
        const size_t edges[] = {0, 1, 1, 2, 2, 3, 0, 2};
        memcpy(m->edges, edges, sizeof edges);
        m->spec.edges = m->edges;
        m->spec.edge_count = 4;
    }
    if ((with & BREAK) != 0 && years == YEARS) {
        m->breaks[3] = true;
        m->spec.new_rate_level = m->breaks;
    }
    if ((with & TERMS) != 0) {
        const size_t every = TRAFFSTAT_I_EVERYWHERE;
        m->terms[0] = (traffstat_i_evidence_term){false, 0, every, 4, 9, 0.0, 0.0, false};
        m->terms[1] = (traffstat_i_evidence_term){false, every, years - 1, 2, 7, 0.0, 0.0, false};
        m->terms[2] = (traffstat_i_evidence_term){true, every, 0, 0, 0, log(60.0), 0.2, false};
        m->terms[3] = (traffstat_i_evidence_term){true, 0, years - 1, 0, 0, log(20.0), 0.3, false};
        m->terms[4] = (traffstat_i_evidence_term){false, every, every, 5, 11, 0.0, 0.0, true};
        m->terms[5] = (traffstat_i_evidence_term){false, 0, every, 3, 8, 0.0, 0.0, true};
        m->spec.terms = m->terms;
        m->spec.term_count = 6;
    }
}

static traffstat_i_posterior *open_model(void **state, const model *m)
{
    traffstat_i_posterior *p = NULL;
    assert_ok(*state, traffstat_i_posterior_new(*state, &m->spec, &p));
    assert_true(traffstat_i_posterior_dimension(p) <= ROOM);
    return p;
}

static void place_somewhere(double *position, size_t dimension, uint32_t number)
{
    uint32_t x = 12345U + 977U * number;
    for (size_t i = 0; i < dimension; i++) {
        x = x * 1664525U + 1013904223U;
        position[i] = 1.4 * ((double) (x >> 8) / 16777216.0 - 0.5);
    }
    position[0] += 1.0;
}

static void check_gradient(void **state, int with, size_t places, size_t years)
{
    model m;
    set_model(&m, with, places, years);
    traffstat_i_posterior *p = open_model(state, &m);
    const size_t d = traffstat_i_posterior_dimension(p);
    void *scratch = calloc(1, traffstat_i_posterior_scratch_size(p));
    double at[ROOM];
    double gradient[ROOM];
    double unused[ROOM];
    place_somewhere(at, d, (uint32_t) with);
    assert_true(isfinite(traffstat_i_posterior_density(p, scratch, at, gradient)));
    for (size_t i = 0; i < d; i++) {
        const double here = at[i];
        const double h = 1e-4;
        double difference = 0.0;
        const double weights[] = {1.0 / 12.0, -2.0 / 3.0, 2.0 / 3.0, -1.0 / 12.0};
        const double steps[] = {-2.0, -1.0, 1.0, 2.0};
        for (size_t k = 0; k < 4; k++) {
            at[i] = here + steps[k] * h;
            difference += weights[k] * traffstat_i_posterior_density(p, scratch, at, unused) / h;
        }
        at[i] = here;
        if (fabs(difference - gradient[i]) > 1e-7 * (1.0 + fabs(gradient[i]))) {
            print_error("case %d, coordinate %zu: %.10g, not %.10g\n", with, i, gradient[i],
                        difference);
            fail();
        }
    }
    free(scratch);
    traffstat_i_posterior_free(p);
}

static void the_gradient_is_the_slope(void **state)
{
    for (int with = 0; with < ALL; with++) {
        check_gradient(state, with, PLACES, YEARS);
    }
    for (int with = 0; with < ALL; with += 37) {
        check_gradient(state, with, 1, YEARS);
        check_gradient(state, with, PLACES, 1);
        check_gradient(state, with, 1, 1);
    }
}

/* ---- the plain evaluation ------------------------------------------------------------------- */

static double log_choose_weight(double y, double mu, double theta)
{
    if (isinf(theta)) {
        return y * log(mu) - mu - lgamma(y + 1.0);
    }
    return lgamma(y + theta) - lgamma(theta) - lgamma(y + 1.0) + theta * log(theta / (theta + mu)) +
           y * log(mu / (theta + mu));
}

static double plain_cell(const traffstat_i_cell *c, double mu, double theta)
{
    double sum = 0.0;
    if (c->high >= 0) {
        for (int64_t y = c->low; y <= c->high; y++) {
            sum += exp(log_choose_weight((double) y, mu, theta));
        }
        return log(sum);
    }
    for (int64_t y = 0; y < c->low; y++) {
        sum += exp(log_choose_weight((double) y, mu, theta));
    }
    return log(1.0 - sum);
}

static double half(double value, double scale)
{
    return -0.5 * value * value / (scale * scale);
}

/* The model as METHODS writes it: no neighbours, no covariates, no break. The coordinates of the
 * position are read by their documented order; Jacobians of the logarithms are added. */
static double plain(const model *m, const double *at)
{
    const bool wide = m->spec.negative_binomial;
    const double c0 = at[1];
    const double p0 = 1.0 / (1.0 + exp(-c0));
    const double b0 = at[0] - log(p0);
    const double sa = exp(at[2]);
    const double sd = exp(at[3]);
    const double sg = exp(at[4]);
    const double se = exp(at[5]);
    const double theta = wide ? exp(-2.0 * at[6]) : INFINITY;
    const double *z = at + (wide ? 7 : 6);
    const double *w = z + PLACES;
    const double *g = w + PLACES;
    const double *e = g + YEARS - 1;
    double sum = half(b0 - 2.0, 2.0) + 4.0 * log(p0) + 6.0 * log(1.0 - p0);
    sum += half(sa, 1.0) + half(sd, 0.5) + half(sg, 0.25) + half(se, 0.3);
    sum += at[2] + at[3] + at[4] + at[5];
    sum += wide ? half(exp(at[6]), 0.8) + at[6] : 0.0;
    double year[YEARS] = {0.0};
    double drift[YEARS] = {0.0};
    for (size_t t = 1; t < YEARS; t++) {
        year[t] = year[t - 1] + sg * g[t - 1];
    }
    drift[3] = se * e[2];
    drift[4] = drift[3] + se * e[3];
    drift[1] = se * e[1];
    drift[0] = drift[1] + se * e[0];
    for (size_t i = 0; i < 2 * PLACES + 2 * (YEARS - 1); i++) {
        sum += half(z[i], 1.0);
    }
    for (size_t i = 0; i < m->spec.cell_count; i++) {
        const traffstat_i_cell *c = &m->cells[i];
        const double rate = exp(b0 + sa * z[c->place] + year[c->year]);
        const double p = 1.0 / (1.0 + exp(-(c0 + sd * w[c->place] + drift[c->year])));
        sum += plain_cell(c, c->exposure * rate * p * c->coverage, theta);
    }
    return sum;
}

static void the_density_is_the_model(void **state)
{
    const int cases[] = {0, NEGATIVE_BINOMIAL, INTERVALS, NEGATIVE_BINOMIAL | INTERVALS};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        model m;
        set_model(&m, cases[k], PLACES, YEARS);
        traffstat_i_posterior *p = open_model(state, &m);
        void *scratch = calloc(1, traffstat_i_posterior_scratch_size(p));
        double gradient[ROOM];
        double off = 0.0;
        for (uint32_t i = 0; i < 20; i++) {
            double at[ROOM];
            place_somewhere(at, traffstat_i_posterior_dimension(p), i);
            const double got =
                traffstat_i_posterior_density(p, scratch, at, gradient) - plain(&m, at);
            off = i == 0 ? got : off;
            near(got, off, 1e-10 * fabs(plain(&m, at)));
        }
        free(scratch);
        traffstat_i_posterior_free(p);
    }
}

/* With all of the variance shared by neighbours, the sds of places have geometric mean 1 in each
 * group, a path of three here, and the place alone has 1: Freni-Sterrantino, Ventrucci & Rue (2018).
 * Along the path the pseudo-inverse of the Laplacian gives 5/9, 2/9 and 5/9. */
static void each_group_of_neighbours_has_its_own_scale(void **state)
{
    model m;
    set_model(&m, NEIGHBOURS, PLACES, YEARS);
    m.spec.edge_count = 2; /* 0-1 and 1-2: place 3 hangs on nothing */
    traffstat_i_posterior *p = open_model(state, &m);
    void *scratch = calloc(1, traffstat_i_posterior_scratch_size(p));
    const size_t d = traffstat_i_posterior_dimension(p);
    double at[ROOM] = {0.0};
    double variance[PLACES] = {0.0};
    double rate[CELLS];
    double still[CELLS];
    at[6] = 40.0; /* the logit of the mixing; the log sd of places is 0 */
    traffstat_i_posterior_cells(p, scratch, at, still, NULL, NULL);
    for (size_t k = 0; k < PLACES; k++) {
        at[7 + k] = 1.0;
        traffstat_i_posterior_cells(p, scratch, at, rate, NULL, NULL);
        at[7 + k] = 0.0;
        for (size_t j = 0; j < PLACES; j++) {
            const double effect = rate[j] - still[j];
            variance[j] += effect * effect;
        }
    }
    assert_true(d < ROOM);
    const double mean = cbrt(5.0 / 9.0 * 2.0 / 9.0 * 5.0 / 9.0);
    near(variance[0], 5.0 / 9.0 / mean, 1e-9);
    near(variance[1], 2.0 / 9.0 / mean, 1e-9);
    near(variance[2], 5.0 / 9.0 / mean, 1e-9);
    near(variance[3], 1.0, 1e-9);
    free(scratch);
    traffstat_i_posterior_free(p);
}

/* An audit of all cells together is a binomial law of the mean of p by expected cases. */
static void a_pooled_audit_tells_of_the_mean_share(void **state)
{
    model m;
    set_model(&m, 0, PLACES, YEARS);
    double density[2];
    double at[ROOM];
    double unused[ROOM];
    double rate[CELLS];
    double logit[CELLS];
    double cases = 0.0;
    double counted = 0.0;
    const size_t every = TRAFFSTAT_I_EVERYWHERE;
    m.terms[0] = (traffstat_i_evidence_term){false, every, every, 5, 11, 0.0, 0.0, true};
    m.spec.terms = m.terms;
    for (size_t i = 0; i < 2; i++) {
        m.spec.term_count = i;
        traffstat_i_posterior *p = open_model(state, &m);
        void *scratch = calloc(1, traffstat_i_posterior_scratch_size(p));
        place_somewhere(at, traffstat_i_posterior_dimension(p), 3);
        density[i] = traffstat_i_posterior_density(p, scratch, at, unused);
        traffstat_i_posterior_cells(p, scratch, at, rate, logit, NULL);
        free(scratch);
        traffstat_i_posterior_free(p);
    }
    for (size_t i = 0; i < m.spec.cell_count; i++) {
        cases += m.cells[i].exposure * exp(rate[i]);
        counted += m.cells[i].exposure * exp(rate[i]) / (1.0 + exp(-logit[i]));
    }
    const double share = counted / cases;
    near(density[1] - density[0], 5.0 * log(share) + 6.0 * log(1.0 - share), 1e-9);
}

static void cells_and_scales_agree(void **state)
{
    model m;
    set_model(&m, NEGATIVE_BINOMIAL | COVARIATES | NEIGHBOURS, PLACES, YEARS);
    traffstat_i_posterior *p = open_model(state, &m);
    void *scratch = calloc(1, traffstat_i_posterior_scratch_size(p));
    double at[ROOM];
    double rate[CELLS];
    double logit[CELLS];
    double likelihood[CELLS];
    traffstat_i_hyper hyper;
    place_somewhere(at, traffstat_i_posterior_dimension(p), 5);
    traffstat_i_posterior_cells(p, scratch, at, rate, logit, likelihood);
    traffstat_i_posterior_hyper(p, scratch, at, &hyper);
    double sum = 0.0;
    for (size_t i = 0; i < CELLS; i++) {
        const traffstat_i_cell *c = &m.cells[i];
        const double mu = c->exposure * c->coverage * exp(rate[i]) / (1.0 + exp(-logit[i]));
        near(likelihood[i], log_choose_weight((double) c->low, mu, hyper.theta), 1e-10);
        sum += likelihood[i];
    }
    near(hyper.log_likelihood, sum, 1e-9);
    near(hyper.level + log(1.0 / (1.0 + exp(-hyper.report))), at[0], 1e-12);
    assert_true(hyper.mixing > 0.0 && hyper.mixing < 1.0);
    free(scratch);
    traffstat_i_posterior_free(p);
}

static traffstat_status try_model(traffstat_ctx *ctx, void *arg)
{
    traffstat_i_posterior *p = NULL;
    const traffstat_status status = traffstat_i_posterior_new(ctx, &((model *) arg)->spec, &p);
    traffstat_i_posterior_free(p);
    return status;
}

static void without_memory_it_says_so(void **state)
{
    (void) state;
    model m;
    set_model(&m, COVARIATES | NEIGHBOURS | BREAK | TERMS, PLACES, YEARS);
    assert_true(support_try_every_allocation(try_model, &m) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_gradient_is_the_slope),
        cmocka_unit_test(the_density_is_the_model),
        cmocka_unit_test(each_group_of_neighbours_has_its_own_scale),
        cmocka_unit_test(a_pooled_audit_tells_of_the_mean_share),
        cmocka_unit_test(cells_and_scales_agree),
        cmocka_unit_test(without_memory_it_says_so),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
