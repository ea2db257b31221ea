/* Calibration of the hierarchical panel. The simulator is written down anew, on the model's natural
 * scales, and shares no line with the library's posterior. */
#include "study/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "model/reporting/hierarchical.h"

enum { PLACES = 4, YEARS = 5, CELLS = PLACES * YEARS, ANCHOR = 2, CELL = 4, ASKED = 12, ROOM = 32 };
enum { WARMUP = 500, PER_KEPT = 5, DOUBLINGS = 2, FAST_DRAWS = 4000 };

#define LEVEL_CENTER 3.6888794541139363 /* log 40: numbers of cases in tens */
#define LEVEL_SD 0.5
#define PLACE_SCALE 0.5
#define REPORT_PLACE_SCALE 0.3
#define YEAR_SCALE 0.2
#define DRIFT_SCALE 0.2
#define DISPERSION_SCALE 0.3
#define COVERAGE 0.8 /* of one place of a mixed panel */
#define ENOUGH 200.0 /* bulk effective size: kept draws, one in ten or more, are then apart */

const char *const calibration_names[CALIBRATION_QUANTITIES] = {
    "N of a cell", "N of all", "change of N", "shared p", "log-likelihood"};

calibration_panel calibration_right(size_t replicates)
{
    return (calibration_panel){.truth = {8.0, 12.0},
                               .prior = {8.0, 12.0},
                               .drift_scale = DRIFT_SCALE,
                               .true_drift = NAN,
                               .accept = 0.99,
                               .hidden_below = 5,
                               .dispersion_scale = DISPERSION_SCALE,
                               .replicates = replicates,
                               .seed = 20180707};
}

/* ---- the truth -------------------------------------------------------------------------------- */

typedef struct world {
    double level, report; /* log rate, logit p */
    double place_sd, report_place_sd, year_sd, drift_sd;
    double dispersion;                          /* 1 / sqrt(theta); 0: Poisson */
    double place[PLACES], report_place[PLACES]; /* standard normal */
    double step[YEARS], drift[YEARS];           /* into each year but the first; standard normal */
    double log_rate[CELLS], logit[CELLS];
    traffstat_i_cell cells[CELLS];
    int64_t all[CELLS]; /* true counts */
    size_t cell_count;
    traffstat_i_evidence_term survey;
} world;

static double half_normal(calibration_random *from, double scale)
{
    return scale * fabs(calibration_normal(from));
}

static double logit_of(double share)
{
    return log(share) - log1p(-share);
}

static double share_of(double logit)
{
    return 1.0 / (1.0 + exp(-logit));
}

static void draw_effects(const calibration_panel *how, calibration_random *from, world *w)
{
    const double share = calibration_beta(from, how->truth.a, how->truth.b);
    w->report = logit_of(how->true_share > 0.0 ? how->true_share : share);
    w->level = LEVEL_CENTER + LEVEL_SD * calibration_normal(from);
    w->place_sd = half_normal(from, PLACE_SCALE);
    w->report_place_sd = half_normal(from, REPORT_PLACE_SCALE);
    w->year_sd = half_normal(from, YEAR_SCALE);
    w->drift_sd = half_normal(from, how->drift_scale);
    w->dispersion = how->negative_binomial ? half_normal(from, how->dispersion_scale) : 0.0;
    for (size_t j = 0; j < PLACES; j++) {
        w->place[j] = calibration_normal(from);
        w->report_place[j] = calibration_normal(from);
    }
    for (size_t t = 1; t < YEARS; t++) {
        w->step[t] = calibration_normal(from);
        w->drift[t] = calibration_normal(from);
    }
}

/* What the years before t add to log rate or, seen from the anchor, to logit p. */
static double rate_of_year(const world *w, size_t t)
{
    double sum = 0.0;
    for (size_t k = 1; k <= t; k++) {
        sum += w->year_sd * w->step[k];
    }
    return sum;
}

/* The step between two years has one number, and leads away from the anchor. */
static double report_of_year(const calibration_panel *how, const world *w, size_t t)
{
    double sum = 0.0;
    if (!isnan(how->true_drift)) {
        return how->true_drift * ((double) t - ANCHOR);
    }
    for (size_t k = t < ANCHOR ? t + 1 : ANCHOR + 1; k <= (t < ANCHOR ? ANCHOR : t); k++) {
        sum += w->drift_sd * w->drift[k];
    }
    return sum;
}

/* A negative binomial count: its extra chance sits in the true rate. */
static int64_t draw_all(const world *w, calibration_random *from, double mean)
{
    if (w->dispersion > 0.0) {
        const double theta = 1.0 / (w->dispersion * w->dispersion);
        mean *= calibration_gamma(from, theta) / theta;
    }
    return calibration_poisson(from, mean);
}

static void count(const calibration_panel *how, calibration_random *from, world *w, size_t j,
                  size_t t)
{
    static const double exposure[PLACES] = {0.3, 0.8, 1.2, 1.6};
    const size_t i = w->cell_count;
    const double coverage = how->mixed && j == 1 ? COVERAGE : 1.0;
    w->log_rate[i] = w->level + w->place_sd * w->place[j] + rate_of_year(w, t);
    w->logit[i] = w->report + w->report_place_sd * w->report_place[j] + report_of_year(how, w, t);
    w->all[i] = draw_all(w, from, exposure[j] * exp(w->log_rate[i]));
    const int64_t seen = calibration_binomial(from, w->all[i], coverage * share_of(w->logit[i]));
    const bool hidden = how->mixed && seen < how->hidden_below;
    w->cells[i] = (traffstat_i_cell){.place = j,
                                     .year = t,
                                     .low = hidden ? 0 : seen,
                                     .high = hidden ? how->hidden_below - 1 : seen,
                                     .exposure = exposure[j],
                                     .coverage = coverage};
    if (how->mixed && j == 2 && t == 3) {
        w->survey = (traffstat_i_evidence_term){.place = j, .year = t, .m = ASKED};
        w->survey.v = calibration_binomial(from, ASKED, share_of(w->logit[i]));
    }
    w->cell_count++;
}

static void make_world(const calibration_panel *how, calibration_random *from, world *w)
{
    memset(w, 0, sizeof *w);
    draw_effects(how, from, w);
    for (size_t j = 0; j < PLACES; j++) {
        for (size_t t = 0; t < YEARS; t++) {
            if (!how->mixed || j != 3 || t != 1) { /* that one was not reported */
                count(how, from, w, j, t);
            }
        }
    }
}

/* The position that stands for the truth, in the order that field.h documents. */
static size_t position_of(const calibration_panel *how, const world *w, double *at)
{
    size_t n = 0;
    at[n++] = w->level + log(share_of(w->report));
    at[n++] = w->report;
    at[n++] = log(w->place_sd);
    at[n++] = log(w->report_place_sd);
    at[n++] = log(w->year_sd);
    if (how->drift_scale > 0.0) {
        at[n++] = log(w->drift_sd);
    }
    if (how->negative_binomial) {
        at[n++] = log(w->dispersion);
    }
    for (size_t j = 0; j < PLACES; j++) {
        at[n] = w->place[j];
        at[n + PLACES] = w->report_place[j];
        n++;
    }
    n += PLACES;
    for (size_t t = 1; t < YEARS; t++) {
        at[n++] = w->step[t];
    }
    for (size_t t = 1; t < YEARS && how->drift_scale > 0.0; t++) {
        at[n++] = w->drift[t];
    }
    return n;
}

/* ---- the fit ---------------------------------------------------------------------------------- */

static traffstat_status open_posterior(traffstat_ctx *ctx, const calibration_panel *how,
                                       const world *w, traffstat_i_hierarchical *run)
{
    const traffstat_i_posterior_spec spec = {.place_count = PLACES,
                                             .year_count = YEARS,
                                             .cells = w->cells,
                                             .cell_count = w->cell_count,
                                             .terms = &w->survey,
                                             .term_count = how->mixed ? 1 : 0,
                                             .report = {false, how->prior.a, how->prior.b},
                                             .level_center = LEVEL_CENTER,
                                             .level_sd = LEVEL_SD,
                                             .place_scale = PLACE_SCALE,
                                             .report_place_scale = REPORT_PLACE_SCALE,
                                             .year_scale = YEAR_SCALE,
                                             .drift_scale = how->drift_scale,
                                             .anchor_year = ANCHOR,
                                             .negative_binomial = how->negative_binomial,
                                             .dispersion_scale = how->dispersion_scale};
    memset(run, 0, sizeof *run);
    run->ctx = ctx;
    traffstat_status status = traffstat_i_posterior_new(ctx, &spec, &run->posterior);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    run->data.cell_count = w->cell_count;
    run->data.place_count = PLACES;
    run->data.year_count = YEARS;
    run->data.cells = traffstat_i_alloc(ctx, CELLS, sizeof *run->data.cells);
    run->scratch = traffstat_i_alloc(ctx, traffstat_i_posterior_scratch_size(run->posterior), 1);
    if (run->data.cells == NULL || run->scratch == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memcpy(run->data.cells, w->cells, w->cell_count * sizeof *w->cells);
    return TRAFFSTAT_OK;
}

static void close_posterior(traffstat_i_hierarchical *run)
{
    traffstat_i_hierarchical_drop(run);
    traffstat_i_free(run->ctx, run->weight);
    traffstat_i_free(run->ctx, run->scratch);
    traffstat_i_free(run->ctx, run->data.cells);
    traffstat_i_posterior_free(run->posterior);
}

static size_t draws_of(const traffstat_i_hierarchical *run)
{
    return (size_t) run->chains * (size_t) run->draws;
}

/* Of the last year over the first, either with half a case more, for it may be 0. */
static double ratio(double last, double first)
{
    return (last + 0.5) / (first + 0.5);
}

static void change_of(const traffstat_i_hierarchical *run, double *out)
{
    const size_t n = draws_of(run);
    for (size_t draw = 0; draw < n; draw++) {
        double ends[2] = {0.0, 0.0};
        for (size_t i = 0; i < run->data.cell_count; i++) {
            const size_t year = run->data.cells[i].year;
            if (year == 0 || year == YEARS - 1) {
                ends[year == 0 ? 0 : 1] += run->all[i * n + draw];
            }
        }
        out[draw] = ratio(ends[1], ends[0]);
    }
}

/* The draws of a quantity; work[draws] is used for those that are sums. */
static const double *values_of(const traffstat_i_hierarchical *run, size_t quantity, double *work)
{
    const size_t n = draws_of(run);
    switch (quantity) {
    case CALIBRATION_CELL:
        return run->all + CELL * n;
    case CALIBRATION_SHARE:
        return run->hyper + HYPER_SHARE * n;
    case CALIBRATION_CHANGE:
        change_of(run, work);
        return work;
    case CALIBRATION_TOTAL:
        traffstat_i_hierarchical_sum(run, run->all, TRAFFSTAT_NONE, TRAFFSTAT_NONE, work);
        return work;
    default:
        traffstat_i_hierarchical_sum(run, run->likelihood, TRAFFSTAT_NONE, TRAFFSTAT_NONE, work);
        return work;
    }
}

static double least_size(const traffstat_i_hierarchical *run)
{
    const size_t n = draws_of(run);
    double *work = traffstat_i_alloc(run->ctx, 3 * n, sizeof *work);
    double least = INFINITY;
    for (size_t k = 0; work != NULL && k < CALIBRATION_QUANTITIES; k++) {
        const double *values = values_of(run, k, work + 2 * n);
        const double size = traffstat_i_ess_bulk(values, run->chains, run->draws, work);
        least = isnan(size) ? least : fmin(least, size);
    }
    traffstat_i_free(run->ctx, work);
    return work == NULL ? 0.0 : least;
}

typedef struct sampling {
    traffstat_i_hierarchical *run;
    double size; /* least effective number of draws */
} sampling;

static traffstat_status look(const traffstat_i_chains *chains, void *user, bool last, bool *enough)
{
    sampling *at = user;
    (void) last;
    at->run->chains = chains->chains;
    at->run->draws = chains->draws;
    const traffstat_status status = traffstat_i_hierarchical_draw(at->run, chains->positions);
    at->size = status == TRAFFSTAT_OK ? least_size(at->run) : 0.0;
    *enough = at->size >= ENOUGH;
    return status;
}

/* One chain with the settings of the product, as long as it takes for draws to be apart. */
static traffstat_status sample(traffstat_i_hierarchical *run, double accept,
                               calibration_answer *answer)
{
    const traffstat_i_target target = traffstat_i_hierarchical_target(run);
    const traffstat_i_nuts_options how = {.chains = 1,
                                          .threads = 1,
                                          .warmup = WARMUP,
                                          .draws = PER_KEPT * CALIBRATION_KEPT,
                                          .accept = accept,
                                          .max_depth = 10,
                                          .seed = traffstat_ctx_seed(run->ctx),
                                          .progress_to = 1.0};
    sampling at = {run, 0.0};
    const traffstat_i_rounds rounds = {DOUBLINGS, 1.0, look, &at};
    traffstat_i_chains *chains = NULL;
    const traffstat_status status =
        traffstat_i_nuts_rounds(run->ctx, &target, &how, &rounds, &chains);
    answer->size = at.size;
    answer->divergences = status == TRAFFSTAT_OK ? chains->divergences : 0;
    traffstat_i_chains_free(run->ctx, chains);
    return status;
}

static traffstat_status approximate(traffstat_i_hierarchical *run, calibration_answer *answer)
{
    const traffstat_status status = traffstat_i_hierarchical_approximate(run, FAST_DRAWS);
    answer->khat = run->khat;
    return status;
}

/* N alone: the truth's own position again and again. */
static traffstat_status repeat(traffstat_i_hierarchical *run, const double *at)
{
    const size_t d = traffstat_i_posterior_dimension(run->posterior);
    double *positions = traffstat_i_alloc(run->ctx, CALIBRATION_KEPT * d, sizeof *positions);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    run->chains = 1;
    run->draws = CALIBRATION_KEPT;
    if (positions != NULL) {
        for (size_t i = 0; i < CALIBRATION_KEPT; i++) {
            memcpy(positions + i * d, at, d * sizeof *at);
        }
        status = traffstat_i_hierarchical_draw(run, positions);
    }
    traffstat_i_free(run->ctx, positions);
    return status;
}

/* ---- the truth within its posterior ----------------------------------------------------------- */

typedef struct weighed {
    double value;
    double weight;
} weighed;

static int by_value(const void *a, const void *b)
{
    const double x = ((const weighed *) a)->value;
    const double y = ((const weighed *) b)->value;
    return (x > y) - (x < y);
}

static double quantile(const weighed *sorted, size_t n, double prob)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += sorted[i].weight;
        if (sum >= prob - 1e-12) {
            return sorted[i].value;
        }
    }
    return sorted[n - 1].value;
}

/* Rank of the truth among draws, anywhere among its equals, over the number of ranks; the rank
 * itself is spread over its own share of (0, 1). */
static double place_among(const double *values, const double *weight, size_t n, double truth,
                          calibration_random *from)
{
    const size_t every = weight == NULL ? n / CALIBRATION_KEPT : 1;
    double below = 0.0;
    double equal = weight == NULL ? 1.0 : 0.0; /* the truth is one of them */
    double all = equal;
    for (size_t i = every - 1; i < n; i += every) {
        const double w = weight == NULL ? 1.0 : weight[i];
        below += values[i] < truth ? w : 0.0;
        equal += values[i] == truth ? w : 0.0;
        all += w;
    }
    return fmin((below + calibration_uniform(from) * equal) / all, 1.0);
}

static traffstat_status judge(const traffstat_i_hierarchical *run, size_t quantity, double truth,
                              calibration_random *from, calibration_answer *answer)
{
    const size_t n = draws_of(run);
    double *work = traffstat_i_alloc(run->ctx, n, sizeof *work);
    weighed *sorted = traffstat_i_alloc(run->ctx, n, sizeof *sorted);
    if (work != NULL && sorted != NULL) {
        const double *values = values_of(run, quantity, work);
        answer->place[quantity] = place_among(values, run->weight, n, truth, from);
        for (size_t i = 0; i < n; i++) {
            sorted[i] =
                (weighed){values[i], run->weight == NULL ? 1.0 / (double) n : run->weight[i]};
        }
        qsort(sorted, n, sizeof *sorted, by_value);
        for (size_t i = 0; i < CALIBRATION_LEVELS; i++) {
            const double tail = 0.5 * (1.0 - calibration_levels[i]);
            answer->held[quantity][i] =
                quantile(sorted, n, tail) <= truth && truth <= quantile(sorted, n, 1.0 - tail);
        }
        answer->truth[quantity] = truth;
        answer->middle[quantity] = quantile(sorted, n, 0.5);
    }
    traffstat_i_free(run->ctx, sorted);
    traffstat_i_free(run->ctx, work);
    return work != NULL && sorted != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

static void true_values(const world *w, const double *at, const traffstat_i_hierarchical *run,
                        double out[CALIBRATION_QUANTITIES])
{
    double likelihood[CELLS];
    memset(out, 0, CALIBRATION_QUANTITIES * sizeof *out);
    traffstat_i_posterior_cells(run->posterior, run->scratch, at, NULL, NULL, likelihood);
    double ends[2] = {0.0, 0.0};
    for (size_t i = 0; i < w->cell_count; i++) {
        const size_t year = w->cells[i].year;
        const double all = (double) w->all[i];
        ends[0] += year == 0 ? all : 0.0;
        ends[1] += year == YEARS - 1 ? all : 0.0;
        out[CALIBRATION_TOTAL] += all;
        out[CALIBRATION_LIKELIHOOD] += likelihood[i];
    }
    out[CALIBRATION_CHANGE] = ratio(ends[1], ends[0]);
    out[CALIBRATION_CELL] = (double) w->all[CELL];
    out[CALIBRATION_SHARE] = share_of(w->report);
}

/* ---- replicates ------------------------------------------------------------------------------- */

typedef struct study {
    const calibration_panel *how;
    calibration_answer *answers;
    traffstat_ctx **own; /* a context each worker */
} study;

static traffstat_status fit(const calibration_panel *how, const double *at,
                            traffstat_i_hierarchical *run, calibration_answer *answer)
{
    switch (how->engine) {
    case CALIBRATION_FAST:
        return approximate(run, answer);
    case CALIBRATION_GIVEN:
        return repeat(run, at);
    default:
        return sample(run, how->accept, answer);
    }
}

static traffstat_status one(const calibration_panel *how, traffstat_ctx *ctx, size_t replicate,
                            calibration_answer *answer)
{
    world w;
    traffstat_i_hierarchical run;
    double truth[CALIBRATION_QUANTITIES];
    double at[ROOM] = {0.0};
    calibration_random from = calibration_seeded(how->seed, replicate);
    memset(answer, 0, sizeof *answer);
    make_world(how, &from, &w);
    traffstat_i_enter(ctx);
    traffstat_ctx_set_seed(ctx, (uint64_t) (calibration_uniform(&from) * 0x1p52));
    traffstat_status status = open_posterior(ctx, how, &w, &run);
    if (status == TRAFFSTAT_OK) {
        position_of(how, &w, at);
        true_values(&w, at, &run, truth);
        status = fit(how, at, &run, answer);
        answer->failed = how->engine == CALIBRATION_FAST && status == TRAFFSTAT_E_NUMERIC;
    }
    for (size_t k = 0; k < CALIBRATION_QUANTITIES && status == TRAFFSTAT_OK; k++) {
        status = judge(&run, k, truth[k], &from, answer);
    }
    close_posterior(&run);
    return answer->failed ? TRAFFSTAT_OK : status;
}

static traffstat_status do_task(void *arg, size_t task, size_t worker)
{
    const study *s = arg;
    return one(s->how, s->own[worker], task, &s->answers[task]);
}

traffstat_status calibration_of_panel(traffstat_ctx *ctx, const calibration_panel *how,
                                      calibration_answer *answers)
{
    const size_t workers = traffstat_i_workers(ctx, how->replicates);
    study s = {how, answers, traffstat_i_alloc(ctx, workers, sizeof(traffstat_ctx *))};
    traffstat_status status = s.own == NULL ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    for (size_t i = 0; i < workers && status == TRAFFSTAT_OK; i++) {
        status = traffstat_ctx_new(NULL, &s.own[i]);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_ctx_set_threads(s.own[i], 1);
        }
    }
    traffstat_i_enter(ctx);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_gsl_guard();
        status = traffstat_i_parallel(ctx, how->replicates, do_task, &s);
    }
    for (size_t i = 0; s.own != NULL && i < workers; i++) {
        if (status != TRAFFSTAT_OK && traffstat_ctx_message(s.own[i])[0] != '\0') {
            (void) traffstat_i_fail(ctx, status, "%s", traffstat_ctx_message(s.own[i]));
        }
        traffstat_ctx_free(s.own[i]);
    }
    traffstat_i_free(ctx, s.own);
    return status;
}

calibration_tally calibration_count(const calibration_answer *answers, size_t count,
                                    size_t quantity, size_t bins, double *room, size_t *used)
{
    calibration_tally tally = {.coverage = {0.0}};
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (answers[i].failed) {
            continue;
        }
        room[n++] = answers[i].place[quantity];
        for (size_t k = 0; k < CALIBRATION_LEVELS; k++) {
            tally.coverage[k] += answers[i].held[quantity][k] ? 1.0 : 0.0;
        }
    }
    for (size_t k = 0; k < CALIBRATION_LEVELS; k++) {
        tally.coverage[k] /= (double) n;
    }
    tally.uniformity = calibration_test(room, n, bins);
    *used = n;
    return tally;
}

traffstat_status calibration_gap(traffstat_ctx *ctx, const calibration_panel *how, size_t which,
                                 double *gap)
{
    world w;
    traffstat_i_hierarchical run;
    double at[ROOM] = {0.0};
    double rate[CELLS];
    double logit[CELLS];
    calibration_random from = calibration_seeded(how->seed, which);
    make_world(how, &from, &w);
    const size_t length = position_of(how, &w, at);
    traffstat_status status = open_posterior(ctx, how, &w, &run);
    *gap = 0.0;
    if (status == TRAFFSTAT_OK && length != traffstat_i_posterior_dimension(run.posterior)) {
        *gap = INFINITY;
    } else if (status == TRAFFSTAT_OK) {
        traffstat_i_posterior_cells(run.posterior, run.scratch, at, rate, logit, NULL);
        for (size_t i = 0; i < w.cell_count; i++) {
            *gap = fmax(*gap, fmax(fabs(rate[i] - w.log_rate[i]), fabs(logit[i] - w.logit[i])));
        }
    }
    close_posterior(&run);
    return status;
}
