/* The hierarchical panel: settings, the engines, and whether their answer may be given. */
#include "model/reporting/hierarchical.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    CHAINS = 4,
    WARMUP = 1000,
    DOUBLINGS = 2,
    DEPTH = 10,
    FAST_DRAWS = 2400,
    FAST_MOST = 7200,
    FAST_WORK = 600000
};

#define ACCEPT 0.99 /* the prototype diverges now and then at 0.95 */
#define START_RADIUS 1.0
#define SCATTERED 3.09 /* sds: one Poisson panel in a thousand scatters more */
#define HOPELESS 1.2   /* R-hat of chains in different places: more draws bring none of them over */

/* ---- settings -------------------------------------------------------------------------------- */

static traffstat_hierarchical_options defaults(void)
{
    return (traffstat_hierarchical_options){.struct_size = sizeof(traffstat_hierarchical_options),
                                            .engine = TRAFFSTAT_ENGINE_AUTO,
                                            .level = 0.95,
                                            .draws = 1000,
                                            .negative_binomial = -1,
                                            .level_sd = 2.0,
                                            .place_scale = 1.0,
                                            .report_place_scale = 0.5,
                                            .year_scale = 0.25,
                                            .drift_scale = 0.25};
}

void traffstat_hierarchical_options_init(traffstat_hierarchical_options *options,
                                         uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    traffstat_hierarchical_options filled = defaults();
    filled.struct_size = struct_size;
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status check_range(traffstat_ctx *ctx, const char *name, double value,
                                    double least, double most)
{
    if (value >= least && value <= most) {
        return TRAFFSTAT_OK;
    }
    char texts[3][TRAFFSTAT_I_DOUBLE_SIZE];
    traffstat_i_format_double(texts[0], least);
    traffstat_i_format_double(texts[1], most);
    traffstat_i_format_double(texts[2], value);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s must lie between %s and %s, not %s",
                            name, texts[0], texts[1], texts[2]);
}

static traffstat_status read_settings(traffstat_ctx *ctx,
                                      const traffstat_hierarchical_options *given,
                                      traffstat_hierarchical_options *out)
{
    *out = defaults();
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    const struct {
        const char *name;
        double value, least, most;
    } ranges[] = {{"level", out->level, 0.01, 0.9999},
                  {"draws", out->draws, 100, 20000},
                  {"engine", out->engine, TRAFFSTAT_ENGINE_AUTO, TRAFFSTAT_ENGINE_FAST},
                  {"negative_binomial", out->negative_binomial, -1, 1},
                  {"level_sd", out->level_sd, 0.1, 100},
                  {"place_scale", out->place_scale, 1e-3, 10},
                  {"report_place_scale", out->report_place_scale, 1e-3, 10},
                  {"year_scale", out->year_scale, 1e-3, 10},
                  {"drift_scale", out->drift_scale, 0, 10},
                  {"bounds_lower", out->bounds_lower, 0, 1},
                  {"bounds_upper", out->bounds_upper, out->bounds_lower, 1},
                  {"bounds_drift", out->bounds_drift, -99.9, 1000},
                  {"sensitivity", out->sensitivity, 0, 1},
                  {"change_first", out->change_first, -9999, 9999},
                  {"change_second", out->change_second, out->change_first, 9999},
                  {"what is reserved", out->reserved, 0, 0},
                  {"what is reserved", out->reserved_2, 0, 0}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && status == TRAFFSTAT_OK; i++) {
        status = check_range(ctx, ranges[i].name, ranges[i].value, ranges[i].least, ranges[i].most);
    }
    return status;
}

/* ---- engines --------------------------------------------------------------------------------- */

traffstat_i_target traffstat_i_hierarchical_target(const traffstat_i_hierarchical *run)
{
    return (traffstat_i_target){.dimension = traffstat_i_posterior_dimension(run->posterior),
                                .model = run->posterior,
                                .scratch_size = traffstat_i_posterior_scratch_size(run->posterior),
                                .density = traffstat_i_posterior_density,
                                .start_radius = START_RADIUS};
}

static traffstat_status look(const traffstat_i_chains *chains, void *user, bool last, bool *enough)
{
    traffstat_i_hierarchical *run = user;
    run->chains = chains->chains;
    run->draws = chains->draws;
    traffstat_status status = traffstat_i_hierarchical_draw(run, chains->positions);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_hierarchical_mixing(run, last, enough);
    }
    *enough = *enough || run->mix.rhat > HOPELESS;
    return status;
}

static traffstat_status sample(traffstat_i_hierarchical *run)
{
    const traffstat_i_target target = traffstat_i_hierarchical_target(run);
    const traffstat_i_nuts_options how = {.chains = CHAINS,
                                          .warmup = WARMUP,
                                          .draws = run->options.draws,
                                          .accept = ACCEPT,
                                          .max_depth = DEPTH,
                                          .seed = traffstat_ctx_seed(run->ctx),
                                          .progress_to = 0.8};
    const traffstat_i_rounds rounds = {DOUBLINGS, 0.9, look, run};
    traffstat_i_chains *chains = NULL;
    const traffstat_status status =
        traffstat_i_nuts_rounds(run->ctx, &target, &how, &rounds, &chains);
    if (status == TRAFFSTAT_OK) {
        run->divergences = chains->divergences;
        run->ebfmi = traffstat_i_ebfmi(chains);
    }
    traffstat_i_chains_free(run->ctx, chains);
    return status;
}

traffstat_status traffstat_i_hierarchical_approximate(traffstat_i_hierarchical *run, int32_t draws)
{
    const size_t d = traffstat_i_posterior_dimension(run->posterior);
    const size_t all = (size_t) draws;
    double *positions = traffstat_i_alloc(run->ctx, all * d, sizeof *positions);
    run->weight = traffstat_i_alloc(run->ctx, all, sizeof *run->weight);
    run->chains = 1;
    run->draws = draws;
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (positions != NULL && run->weight != NULL) {
        status =
            traffstat_i_posterior_laplace(run->ctx, run->posterior, traffstat_ctx_seed(run->ctx),
                                          draws, positions, run->weight, &run->khat);
        for (size_t i = 0; status == TRAFFSTAT_OK && i < all; i++) {
            run->weight[i] = exp(run->weight[i]);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_hierarchical_draw(run, positions);
    }
    traffstat_i_free(run->ctx, positions);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status open_estimate(traffstat_i_hierarchical *run)
{
    traffstat_i_thinning *thinning = &run->thinning;
    thinning->level_count = traffstat_i_levels(run->options.level, thinning->levels);
    const traffstat_i_estimate_plan plan = {
        .method = "panel",
        .citation = "Stoner, O., Economou, T. & Drummond, G. (2019), Journal of the American "
                    "Statistical Association 114:1481-1492",
        .kind = thinning->kind,
        .level = run->options.level,
        .seed = traffstat_ctx_seed(run->ctx),
        .levels = thinning->levels,
        .level_count = thinning->level_count,
        .panel = run->panel,
        .has_total = run->data.cell_count > 1};
    return traffstat_i_estimate_new(run->ctx, &plan, &thinning->estimate);
}

static size_t anchor_year(const traffstat_i_hierarchical *run)
{
    if (run->options.anchor_year != 0) {
        return traffstat_i_hierarchical_year(&run->data, run->options.anchor_year);
    }
    const int32_t evidence =
        run->prior->origin == ORIGIN_EVIDENCE ? run->prior->entry.last_year : 0;
    return evidence != 0 ? traffstat_i_hierarchical_year(&run->data, evidence) : 0;
}

/* Counts that scatter about places and years by more than chance cannot be Poisson in this model. */
static traffstat_status choose_law(traffstat_i_hierarchical *run)
{
    if (run->options.negative_binomial >= 0) {
        return TRAFFSTAT_OK;
    }
    const traffstat_status status = traffstat_i_hierarchical_scatter(&run->data, &run->scatter);
    run->options.negative_binomial = run->scatter.score > SCATTERED ? 1 : 0;
    return status;
}

traffstat_status traffstat_i_hierarchical_model(traffstat_i_hierarchical *run)
{
    traffstat_status status =
        traffstat_i_hierarchical_spec(&run->data, &run->prior->law, &run->spec);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_extra_data_init(&run->data, run->panel, run->extras, &run->extra);
    }
    if (status == TRAFFSTAT_OK) {
        status = choose_law(run);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    run->spec.level_sd = run->options.level_sd;
    run->spec.place_scale = run->options.place_scale;
    run->spec.report_place_scale = run->options.report_place_scale;
    run->spec.year_scale = run->options.year_scale;
    run->spec.drift_scale = run->options.drift_scale;
    run->spec.negative_binomial = run->options.negative_binomial != 0;
    run->spec.anchor_year = anchor_year(run);
    traffstat_i_extra_data_apply(&run->extra, &run->spec);
    return traffstat_i_hierarchical_pairs(run);
}

/* Small panels have more draws for the same time. */
static int32_t fast_draws(const traffstat_i_hierarchical *run)
{
    const size_t wanted = FAST_WORK / run->data.cell_count;
    return (int32_t) (wanted < FAST_DRAWS ? FAST_DRAWS : (wanted > FAST_MOST ? FAST_MOST : wanted));
}

traffstat_status traffstat_i_hierarchical_fit(traffstat_i_hierarchical *run)
{
    const traffstat_status status =
        traffstat_i_posterior_new(run->ctx, &run->spec, &run->posterior);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    run->scratch =
        traffstat_i_alloc(run->ctx, traffstat_i_posterior_scratch_size(run->posterior), 1);
    if (run->scratch == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    run->scoreless = run->options.engine == TRAFFSTAT_ENGINE_FAST; /* weighted: no leave-one-out */
    return run->options.engine == TRAFFSTAT_ENGINE_FAST
               ? traffstat_i_hierarchical_approximate(run, fast_draws(run))
               : sample(run);
}

/* Nothing counted anywhere: the level of the rate has nowhere to be, whatever p is. */
static traffstat_status nothing_counted(traffstat_i_hierarchical *run)
{
    const size_t rows = traffstat_panel_rows(run->panel);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = 0; row < rows && status == TRAFFSTAT_OK; row++) {
        status = traffstat_i_estimate_row_reason(run->thinning.estimate, row,
                                                 TRAFFSTAT_VERDICT_INESTIMABLE,
                                                 "nothing was counted in any place and year");
    }
    if (status == TRAFFSTAT_OK && run->data.cell_count > 1) {
        status = traffstat_i_estimate_no_total(run->thinning.estimate,
                                               "no total: nothing was counted at all");
    }
    return status;
}

/* The fit comes first: whether the answer is a scenario depends on what the evidence in it moved. */
static traffstat_status solve(traffstat_i_hierarchical *run)
{
    traffstat_status status = traffstat_i_hierarchical_data_init(run->ctx, run->panel, &run->data);
    const bool counted = run->data.reported > 0.0;
    if (status == TRAFFSTAT_OK && counted) {
        status = traffstat_i_hierarchical_model(run);
    }
    if (status == TRAFFSTAT_OK && counted) {
        status = traffstat_i_hierarchical_fit(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_hierarchical_kind(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = open_estimate(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = counted ? traffstat_i_hierarchical_answer(run) : nothing_counted(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_finish(run->thinning.estimate);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_progress(run->ctx, 1.0) : status;
}

static void clear(traffstat_i_hierarchical *run)
{
    traffstat_i_hierarchical_drop(run);
    traffstat_i_free(run->ctx, run->weight);
    traffstat_i_free(run->ctx, run->scratch);
    traffstat_i_posterior_free(run->posterior);
    traffstat_i_free(run->ctx, run->pairs);
    traffstat_i_extra_data_clear(run->ctx, &run->extra);
    if (run->data.ctx != NULL) {
        traffstat_i_hierarchical_data_clear(&run->data);
    }
    traffstat_i_text_clear(&run->thinning.scenario);
}

traffstat_status traffstat_hierarchical_with(traffstat_ctx *ctx, const traffstat_panel *panel,
                                             const traffstat_prior *prior,
                                             const traffstat_hierarchical_extras *extras,
                                             const traffstat_hierarchical_options *options,
                                             traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL || panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                out == NULL ? "place for the estimate" : "panel");
    }
    *out = NULL;
    if (prior == NULL) {
        return traffstat_i_need_prior(ctx);
    }
    traffstat_i_hierarchical run = {.ctx = ctx,
                                    .panel = panel,
                                    .prior = prior,
                                    .extras = extras,
                                    .ebfmi = NAN,
                                    .khat = NAN,
                                    .misfit = NAN,
                                    .scatter = {.score = NAN},
                                    .thinning = {.ctx = ctx,
                                                 .panel = panel,
                                                 .prior = prior,
                                                 .last = TRAFFSTAT_NONE,
                                                 .mover = "model's structure",
                                                 .still = 0.05}};
    traffstat_status status = read_settings(ctx, options, &run.options);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_text_init(&run.thinning.scenario, ctx);
    status = solve(&run);
    clear(&run);
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(run.thinning.estimate);
        return status;
    }
    *out = run.thinning.estimate;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_hierarchical(traffstat_ctx *ctx, const traffstat_panel *panel,
                                        const traffstat_prior *prior,
                                        const traffstat_hierarchical_options *options,
                                        traffstat_estimate **out)
{
    return traffstat_hierarchical_with(ctx, panel, prior, NULL, options, out);
}
