/* How a panel's total depends on what was assumed. A changed assumption is a changed posterior with
 * the same coordinates: the draws at hand are weighted by the ratio of the two densities, after they
 * were moved to where the new law of p puts its logit (importance sampling with moment matching,
 * Paananen et al. 2021; B = level + log p stays, so that the fit to the counts does). Where those
 * weights are too uneven, or the coordinates are not the same, the model is fitted anew. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_sf_psi.h>

#include "model/reporting/field.h"
#include "model/reporting/hierarchical.h"

#define LEAST_SIZE 200 /* effective draws, of weights, below which it is fitted anew */
#define NOTHING 0.05   /* of the prior's precision: data that add less are none */

enum { MOST_DRAWS = 4000, BLOCKS = 32, REFIT_DRAWS = 250, CHANGES = 16 };

/* One assumption changed, the others held. */
typedef struct change {
    const char *assumption;
    const char *change;
    traffstat_i_posterior_spec spec;
} change;

typedef struct ends {
    double estimate, lower, upper;
    double khat;
    const char *how;
    const char *engine; /* of a refit */
} ends;

typedef struct study {
    traffstat_i_hierarchical *run;
    size_t dimension;
    size_t draws; /* those looked at, evenly among all */
    size_t stride;
    double *base;  /* log density of each under the model as it is */
    double *ratio; /* log weights */
    double *total;
    double *weight;
    traffstat_i_weighed *sorted;
    traffstat_i_cell *cells; /* of a changed rule for intervals */
    double mean, sd;         /* of logit p, over the draws */
    size_t workers;
    char *scratch; /* a worker */
    size_t scratch_size;
    double *room; /* a worker: position, gradient, two of cells */
    size_t room_size;
} study;

/* ---- draws under a changed model --------------------------------------------------------------- */

/* logit p of a draw under a changed law: from + stretch (z - from_middle). */
typedef struct move {
    double from, to, stretch;
} move;

typedef struct task {
    study *of;
    const traffstat_i_posterior *posterior; /* NULL: base densities */
    const traffstat_i_cell *cells;
    move by;
} task;

static double density_at(const study *of, const traffstat_i_posterior *posterior,
                         const double *position, size_t worker)
{
    double *room = of->room + worker * of->room_size;
    return traffstat_i_posterior_density(posterior, of->scratch + worker * of->scratch_size,
                                         position, room + of->dimension);
}

/* By how much the log of p at a place or year changes against that of the shared level, when the
 * shared logit goes from one value to another. */
static double slack(double from, double to, double effect)
{
    return traffstat_i_log_logistic(from + effect) - traffstat_i_log_logistic(from) -
           traffstat_i_log_logistic(to + effect) + traffstat_i_log_logistic(to);
}

static void keep_places(const traffstat_i_posterior *p, const traffstat_i_field *f, double to,
                        double *position)
{
    const size_t n = p->spec.place_count;
    for (size_t k = 0; k < n && p->at.place != TRAFFSTAT_I_NO_COORDINATE; k++) {
        double along = p->basis == NULL ? slack(f->report, to, f->report_place[k]) : 0.0;
        double variance = 1.0;
        for (size_t j = 0; j < n && p->basis != NULL; j++) {
            along += p->basis[k * n + j] * slack(f->report, to, f->report_place[j]);
            variance = 1.0 - f->mixing + f->mixing * p->spread[k];
        }
        position[p->at.place + k] += along / (f->place_sd * sqrt(variance));
    }
}

static void keep_years(const traffstat_i_posterior *p, const traffstat_i_field *f, double to,
                       double *position)
{
    double before = slack(f->report, to, f->report_year[0]);
    position[p->at.level] += before;
    for (size_t t = 1; t < p->spec.year_count; t++) {
        const double now = slack(f->report, to, f->report_year[t]);
        const bool begins = p->spec.new_rate_level != NULL && p->spec.new_rate_level[t];
        position[p->at.year + t - 1] += (now - before) / (begins ? p->spec.level_sd : f->year_sd);
        before = now;
    }
}

/* The shared logit of p moves, and rates of places and years with it, so that what is expected to be
 * counted stays nearly what it was. All but the logit are translations, so that its stretch is the
 * whole of the Jacobian. */
static void move_to(const study *of, double *scratch, double to, double *position)
{
    const traffstat_i_posterior *p = of->run->posterior;
    traffstat_i_field field;
    traffstat_i_field_read(p, scratch, position, &field);
    position[p->at.report] = to;
    keep_places(p, &field, to, position);
    keep_years(p, &field, to, position);
}

static traffstat_status do_block(void *arg, size_t block, size_t worker)
{
    const task *t = arg;
    study *of = t->of;
    double *position = of->room + worker * of->room_size;
    const size_t report = of->run->posterior->at.report;
    for (size_t i = block; i < of->draws; i += BLOCKS) {
        const size_t draw = i * of->stride;
        memcpy(position, of->run->positions + draw * of->dimension,
               of->dimension * sizeof *position);
        if (t->posterior == NULL) {
            of->base[i] = density_at(of, of->run->posterior, position, worker);
            continue;
        }
        const double to = t->by.to + t->by.stretch * (position[report] - t->by.from);
        if (to != position[report]) {
            move_to(of, (double *) (void *) (of->scratch + worker * of->scratch_size), to,
                    position);
        }
        of->ratio[i] =
            density_at(of, t->posterior, position, worker) + log(t->by.stretch) - of->base[i];
        of->total[i] = traffstat_i_hierarchical_draw_total(
            of->run, t->posterior, of->scratch + worker * of->scratch_size, t->cells, position,
            draw, position + 2 * of->dimension);
    }
    return traffstat_i_stopped(of->run->ctx) ? TRAFFSTAT_E_CANCELLED : TRAFFSTAT_OK;
}

static double weight_of(const study *of, size_t i)
{
    const double *weight = of->run->weight;
    return weight != NULL ? weight[i * of->stride] : 1.0;
}

static void logit_moments(const traffstat_i_level_prior *law, double *mean, double *sd)
{
    if (law->is_logit_normal) {
        *mean = law->a;
        *sd = law->b;
        return;
    }
    *mean = gsl_sf_psi(law->a) - gsl_sf_psi(law->b);
    *sd = sqrt(gsl_sf_psi_1(law->a) + gsl_sf_psi_1(law->b));
}

/* Where logit p goes, as if all were normal: what data beside the counts say of it stays. */
static move move_of(const study *of, const traffstat_i_posterior_spec *to)
{
    double mean = 0.0;
    double sd = 0.0;
    double new_mean = 0.0;
    double new_sd = 0.0;
    logit_moments(&of->run->spec.report, &mean, &sd);
    logit_moments(&to->report, &new_mean, &new_sd);
    const double data = 1.0 / (of->sd * of->sd) - 1.0 / (sd * sd);
    if (!(data > NOTHING / (sd * sd))) {
        return (move){of->mean, of->mean + new_mean - mean, new_sd / sd};
    }
    const double said = (of->mean / (of->sd * of->sd) - mean / (sd * sd)) / data;
    const double precision = data + 1.0 / (new_sd * new_sd);
    return (move){of->mean, (data * said + new_mean / (new_sd * new_sd)) / precision,
                  1.0 / (sqrt(precision) * of->sd)};
}

static void read_ends(study *of, ends *out)
{
    const double tail = 0.5 * (1.0 - of->run->options.level);
    traffstat_i_weighed_sort(of->sorted, of->draws, of->total, of->weight);
    out->estimate = traffstat_i_weighed_quantile(of->sorted, of->draws, 0.5);
    out->lower = traffstat_i_weighed_quantile(of->sorted, of->draws, tail);
    out->upper = traffstat_i_weighed_quantile(of->sorted, of->draws, 1.0 - tail);
}

/* False in *good: the draws at hand do not reach the changed posterior. */
static traffstat_status reweigh(study *of, const traffstat_i_posterior_spec *spec, ends *out,
                                bool *good)
{
    traffstat_i_posterior *posterior = NULL;
    traffstat_status status = traffstat_i_posterior_new(of->run->ctx, spec, &posterior);
    *good = false;
    if (status == TRAFFSTAT_OK && traffstat_i_posterior_dimension(posterior) == of->dimension) {
        task t = {of, posterior, spec->cells, move_of(of, spec)};
        status = traffstat_i_parallel(of->run->ctx, BLOCKS, do_block, &t);
        double size = 0.0;
        for (size_t i = 0; i < of->draws; i++) {
            const double given = weight_of(of, i);
            of->ratio[i] += log(given > 0.0 ? given : 1e-300);
        }
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_psis(of->run->ctx, of->ratio, of->draws, &out->khat);
        }
        for (size_t i = 0; i < of->draws && status == TRAFFSTAT_OK; i++) {
            of->weight[i] = exp(of->ratio[i]);
            size += of->weight[i] * of->weight[i];
        }
        *good = status == TRAFFSTAT_OK && out->khat <= TRAFFSTAT_I_KHAT_CAUTION &&
                1.0 / size >= LEAST_SIZE;
        if (*good) {
            out->how = "reweighted";
            read_ends(of, out);
        }
    }
    traffstat_i_posterior_free(posterior);
    return status;
}

/* ---- a fit anew -------------------------------------------------------------------------------- */

static traffstat_status read_refit(traffstat_i_hierarchical *fitted, ends *out)
{
    const size_t draws = (size_t) fitted->chains * (size_t) fitted->draws;
    const double tail = 0.5 * (1.0 - fitted->options.level);
    traffstat_i_weighed *sorted = traffstat_i_alloc(fitted->ctx, draws, sizeof *sorted);
    if (sorted == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_hierarchical_sum(fitted, fitted->all, TRAFFSTAT_NONE, TRAFFSTAT_NONE, fitted->one);
    traffstat_i_weighed_sort(sorted, draws, fitted->one, fitted->weight);
    out->estimate = traffstat_i_weighed_quantile(sorted, draws, 0.5);
    out->lower = traffstat_i_weighed_quantile(sorted, draws, tail);
    out->upper = traffstat_i_weighed_quantile(sorted, draws, 1.0 - tail);
    traffstat_i_free(fitted->ctx, sorted);
    return TRAFFSTAT_OK;
}

/* Chains that did not mix give no number here either. */
static bool is_trusted(const traffstat_i_hierarchical *fitted)
{
    return fitted->weight != NULL ? fitted->khat <= TRAFFSTAT_I_KHAT_CAUTION
                                  : fitted->mix.rhat <= TRAFFSTAT_I_RHAT_REFUSED &&
                                        fitted->mix.bulk >= TRAFFSTAT_I_SIZE_REFUSED;
}

static traffstat_status refit_by(const study *of, const traffstat_i_posterior_spec *spec,
                                 traffstat_engine engine, ends *out, bool *trusted)
{
    const traffstat_i_hierarchical *run = of->run;
    traffstat_i_hierarchical fitted = {.ctx = run->ctx,
                                       .panel = run->panel,
                                       .prior = run->prior,
                                       .extras = run->extras,
                                       .options = run->options,
                                       .data = run->data,
                                       .extra = run->extra,
                                       .spec = *spec,
                                       .ebfmi = NAN,
                                       .khat = NAN,
                                       .misfit = NAN};
    fitted.options.engine = engine;
    fitted.options.sensitivity = 0;
    fitted.options.draws = run->options.draws < REFIT_DRAWS ? run->options.draws : REFIT_DRAWS;
    fitted.data.cells = spec->cells == run->spec.cells ? run->data.cells : of->cells;
    traffstat_status status = traffstat_i_hierarchical_fit(&fitted);
    if (status == TRAFFSTAT_OK) {
        *trusted = is_trusted(&fitted);
        out->khat = fitted.khat;
        status = read_refit(&fitted, out);
    }
    traffstat_i_hierarchical_drop(&fitted);
    traffstat_i_free(run->ctx, fitted.weight);
    traffstat_i_free(run->ctx, fitted.scratch);
    traffstat_i_posterior_free(fitted.posterior);
    return status;
}

/* By the fast engine where it may be trusted, else by shorter chains. */
static traffstat_status refit(const study *of, const traffstat_i_posterior_spec *spec, ends *out)
{
    bool trusted = false;
    traffstat_status status = TRAFFSTAT_OK;
    out->how = "refitted";
    if (traffstat_i_posterior_has_fast(of->run->posterior)) {
        out->engine = "fast";
        status = refit_by(of, spec, TRAFFSTAT_ENGINE_FAST, out, &trusted);
        status = status == TRAFFSTAT_E_NUMERIC ? TRAFFSTAT_OK : status; /* no mode: the chains */
    }
    if (status == TRAFFSTAT_OK && !trusted && of->run->options.engine != TRAFFSTAT_ENGINE_FAST) {
        out->engine = "nuts";
        status = refit_by(of, spec, TRAFFSTAT_ENGINE_NUTS, out, &trusted);
    }
    if (status == TRAFFSTAT_OK && !trusted) {
        out->estimate = out->lower = out->upper = NAN;
    }
    return status;
}

/* ---- written ----------------------------------------------------------------------------------- */

static traffstat_status write_entry(study *of, const traffstat_i_posterior_spec *spec,
                                    traffstat_detail *at)
{
    ends out = {.estimate = NAN, .lower = NAN, .upper = NAN, .khat = NAN};
    bool good = false;
    traffstat_status status = traffstat_i_progress(of->run->ctx, 0.95);
    if (status == TRAFFSTAT_OK) {
        status = reweigh(of, spec, &out, &good);
    }
    if (status == TRAFFSTAT_OK && !good) {
        out.khat = NAN;
        status = refit(of, spec, &out);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_detail_number(at, "estimate", out.estimate);
    traffstat_i_detail_number(at, "lower", out.lower);
    traffstat_i_detail_number(at, "upper", out.upper);
    traffstat_i_detail_text(at, "how", out.how);
    if (out.engine != NULL) {
        traffstat_i_detail_text(at, "engine", out.engine);
    }
    traffstat_i_detail_number(at, "khat", out.khat);
    return TRAFFSTAT_OK;
}

/* A spec with another law of p; the level's centre goes with its mean, as in a run of its own. */
static void set_law(const study *of, const traffstat_i_logit_law *law,
                    traffstat_i_posterior_spec *spec)
{
    double mean = 0.0;
    double unused = 0.0;
    traffstat_i_share_moments(law, &mean, &unused);
    spec->report = traffstat_i_hierarchical_level(law);
    spec->level_center = traffstat_i_hierarchical_center(&of->run->data, mean);
}

static change *add_change(const study *of, change *list, size_t *count, const char *assumption,
                          const char *text)
{
    change *made = &list[(*count)++];
    *made = (change){assumption, text, of->run->spec};
    return made;
}

static void list_law(const study *of, change *list, size_t *count)
{
    static const double factors[2] = {0.8, 1.25};
    static const char *const named[2] = {"mean times 0.8", "mean times 1.25"};
    static const char *const weights[2] = {"half the weight", "twice the weight"};
    for (size_t i = 0; i < 2; i++) {
        traffstat_i_logit_law law = of->run->prior->law;
        if (traffstat_i_scale_share(&law, factors[i])) {
            set_law(of, &law, &add_change(of, list, count, "level", named[i])->spec);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        traffstat_i_logit_law law = of->run->prior->law;
        const double factor = i == 0 ? 0.5 : 2.0;
        law.a *= factor;
        law.b *= factor;
        law.spread /= sqrt(factor);
        set_law(of, &law, &add_change(of, list, count, "spread", weights[i])->spec);
    }
    traffstat_i_logit_law law = of->run->prior->law;
    law.shift = hypot(law.shift, 0.5);
    law.spread = law.form == TRAFFSTAT_I_FORM_LOGIT_NORMAL ? hypot(law.spread, 0.5) : law.spread;
    set_law(of, &law,
            &add_change(of, list, count, "shift", "a shift of sd 0.5 on the logit")->spec);
}

static void list_scales(const study *of, change *list, size_t *count)
{
    static const char *const halved[2] = {"half the scale", "twice the scale"};
    const traffstat_i_posterior_spec *spec = &of->run->spec;
    const bool drifts = spec->year_count > 1 && spec->drift_scale > 0.0;
    for (size_t i = 0; i < 2 && drifts; i++) {
        add_change(of, list, count, "drift", halved[i])->spec.drift_scale *= i == 0 ? 0.5 : 2.0;
    }
    if (drifts) {
        add_change(of, list, count, "drift", "none")->spec.drift_scale = 0.0;
    }
    for (size_t i = 0; i < 2 && spec->place_count > 1; i++) {
        add_change(of, list, count, "reporting of places", halved[i])->spec.report_place_scale *=
            i == 0 ? 0.5 : 2.0;
    }
    add_change(of, list, count, "rate prior", "half the sd of the level")->spec.level_sd *= 0.5;
    add_change(of, list, count, "rate prior", "twice the sd of the level")->spec.level_sd *= 2.0;
}

/* Intervals as their lowest, or highest, count: of->cells holds one of the two at a time. */
static void set_cells(study *of, bool highest)
{
    for (size_t i = 0; i < of->run->data.cell_count; i++) {
        traffstat_i_cell *c = &of->cells[i];
        *c = of->run->data.cells[i];
        if (c->high < 0) {
            continue; /* no upper end: there is no highest count, and the lowest is no rule */
        }
        c->low = highest ? c->high : c->low;
        c->high = c->low;
    }
}

static traffstat_status write_named(study *of, const change *changed, traffstat_detail *list)
{
    traffstat_detail *at = traffstat_i_detail_object(list, NULL);
    traffstat_i_detail_text(at, "assumption", changed->assumption);
    traffstat_i_detail_text(at, "change", changed->change);
    return write_entry(of, &changed->spec, at);
}

static traffstat_status write_suppression(study *of, traffstat_detail *list)
{
    static const char *const named[2] = {"the lowest count allowed", "the highest count allowed"};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < 2 && of->run->data.intervals > 0 && status == TRAFFSTAT_OK; i++) {
        change changed = {"suppression", named[i], of->run->spec};
        set_cells(of, i == 1);
        changed.spec.cells = of->cells;
        status = write_named(of, &changed, list);
    }
    return status;
}

static traffstat_status write_tornado(study *of, traffstat_detail *list)
{
    change changes[CHANGES];
    size_t count = 0;
    list_law(of, changes, &count);
    list_scales(of, changes, &count);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        status = write_named(of, &changes[i], list);
    }
    return status == TRAFFSTAT_OK ? write_suppression(of, list) : status;
}

/* Beta laws about the prior's mean and size. */
static traffstat_status write_surface(study *of, traffstat_detail *list)
{
    static const double means[] = {0.5, 0.75, 1.0, 1.25, 1.5};
    static const double sizes[] = {0.25, 0.5, 1.0, 2.0, 4.0};
    const double mean = traffstat_prior_mean(of->run->prior);
    const double size = traffstat_prior_size(of->run->prior);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < 25 && status == TRAFFSTAT_OK; i++) {
        const double m = mean * means[i / 5];
        const double k = size * sizes[i % 5];
        if (!(m <= 0.95) || !isfinite(k)) {
            continue;
        }
        const traffstat_i_logit_law law = {
            .form = TRAFFSTAT_I_FORM_BETA, .a = m * k, .b = (1.0 - m) * k};
        traffstat_i_posterior_spec spec = of->run->spec;
        set_law(of, &law, &spec);
        traffstat_detail *at = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_number(at, "mean", m);
        traffstat_i_detail_number(at, "size", k);
        status = write_entry(of, &spec, at);
    }
    return status;
}

/* ---- the whole --------------------------------------------------------------------------------- */

static void find_moments(study *of)
{
    const size_t report = of->run->posterior->at.report;
    double sum = 0.0;
    double mean = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < of->draws; i++) {
        sum += weight_of(of, i);
        mean += weight_of(of, i) * of->run->positions[i * of->stride * of->dimension + report];
    }
    of->mean = mean / sum;
    for (size_t i = 0; i < of->draws; i++) {
        const double off = of->run->positions[i * of->stride * of->dimension + report] - of->mean;
        squares += weight_of(of, i) * off * off;
    }
    of->sd = sqrt(squares / sum);
}

static bool open_study(study *of)
{
    traffstat_ctx *ctx = of->run->ctx;
    const size_t all = (size_t) of->run->chains * (size_t) of->run->draws;
    of->dimension = traffstat_i_posterior_dimension(of->run->posterior);
    of->stride = (all + MOST_DRAWS - 1) / MOST_DRAWS;
    of->draws = all / of->stride;
    of->workers = traffstat_i_workers(ctx, BLOCKS);
    of->scratch_size = traffstat_i_posterior_scratch_size(of->run->posterior);
    of->room_size = 2 * of->dimension + 5 * of->run->data.cell_count;
    of->base = traffstat_i_alloc(ctx, of->draws, sizeof *of->base);
    of->ratio = traffstat_i_alloc(ctx, of->draws, sizeof *of->ratio);
    of->total = traffstat_i_alloc(ctx, of->draws, sizeof *of->total);
    of->weight = traffstat_i_alloc(ctx, of->draws, sizeof *of->weight);
    of->sorted = traffstat_i_alloc(ctx, of->draws, sizeof *of->sorted);
    of->cells = traffstat_i_alloc(ctx, of->run->data.cell_count, sizeof *of->cells);
    of->scratch = traffstat_i_alloc(ctx, of->workers, of->scratch_size);
    of->room = traffstat_i_alloc(ctx, of->workers, of->room_size * sizeof *of->room);
    return of->base != NULL && of->ratio != NULL && of->total != NULL && of->weight != NULL &&
           of->sorted != NULL && of->cells != NULL && of->scratch != NULL && of->room != NULL;
}

static void close_study(study *of)
{
    void *const blocks[] = {of->base,   of->ratio, of->total,   of->weight,
                            of->sorted, of->cells, of->scratch, of->room};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        traffstat_i_free(of->run->ctx, blocks[i]);
    }
}

static traffstat_status look(study *of)
{
    traffstat_i_hierarchical *run = of->run;
    task base = {.of = of};
    traffstat_i_progress_span(run->ctx, 0.9, 0.95);
    traffstat_status status = traffstat_i_parallel(run->ctx, BLOCKS, do_block, &base);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    find_moments(of);
    traffstat_detail *at = traffstat_i_detail_object(
        traffstat_i_estimate_details(run->thinning.estimate), "sensitivity");
    const bool alone = run->data.cell_count == 1;
    traffstat_i_detail_text(
        at, "series",
        alone ? traffstat_panel_jurisdiction(run->panel, run->data.series_of_place[0]) : "total");
    if (alone) {
        traffstat_i_detail_integer(at, "year", run->data.first_year);
    } else {
        traffstat_i_detail_none(at, "year");
    }
    status = write_tornado(of, traffstat_i_detail_list(at, "tornado"));
    return status == TRAFFSTAT_OK ? write_surface(of, traffstat_i_detail_list(at, "surface"))
                                  : status;
}

traffstat_status traffstat_i_hierarchical_sensitivity(traffstat_i_hierarchical *run)
{
    if (run->options.sensitivity == 0) {
        return TRAFFSTAT_OK;
    }
    study of = {.run = run};
    const traffstat_status status = open_study(&of) ? look(&of) : TRAFFSTAT_E_NOMEM;
    close_study(&of);
    return status;
}
