/* Poisson-logistic regression on a panel: settings, what carries the level, and the two engines. */
#include <math.h>
#include <string.h>

#include "model/reporting/pogit_panel.h"

#define APART                                                                                      \
    2.0 /* standard errors between validation and prior: chance seldom parts them so far */

/* ---- settings -------------------------------------------------------------------------------- */

void traffstat_pogit_options_init(traffstat_pogit_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_pogit_options filled = {.struct_size = struct_size,
                                            .engine = TRAFFSTAT_POGIT_NUTS,
                                            .level = 0.95,
                                            .draws = 1000,
                                            .level_sd = 2.0,
                                            .rate_sd = 1.0,
                                            .report_sd = 1.0};
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_pogit_options *given,
                                      traffstat_pogit_options *out)
{
    traffstat_pogit_options_init(out, (uint32_t) sizeof *out);
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    const struct {
        const char *name;
        double value, least, most;
    } ranges[] = {{"level", out->level, 0.01, 0.9999},
                  {"draws", out->draws, 100, 20000},
                  {"engine", out->engine, TRAFFSTAT_POGIT_NUTS, TRAFFSTAT_POGIT_ML},
                  {"level_sd", out->level_sd, 0.1, 100},
                  {"rate_sd", out->rate_sd, 0.01, 100},
                  {"report_sd", out->report_sd, 0.01, 100},
                  {"what is reserved", out->reserved, 0, 0}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && status == TRAFFSTAT_OK; i++) {
        if (!(ranges[i].value >= ranges[i].least && ranges[i].value <= ranges[i].most)) {
            status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                      "%s is outside of what it can be: see its documentation",
                                      ranges[i].name);
        }
    }
    return status;
}

/* ---- what carries the level ------------------------------------------------------------------ */

static size_t level_of_reporting(const traffstat_i_pogit_panel *run)
{
    return run->data.rate_columns;
}

/* The message of a fit speaks of columns by number. */
static traffstat_status name_columns(const traffstat_i_pogit_panel *run, traffstat_status status)
{
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_add(&text, traffstat_ctx_message(run->ctx));
    traffstat_i_pogit_say_columns(run, &text);
    const traffstat_status told =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_fail(run->ctx, status, "%s", traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return told;
}

/* A fit with the laws that only steady it, or without. `alone`: without the prior. */
static traffstat_status fit(traffstat_i_pogit_panel *run, bool alone, bool steadied,
                            traffstat_pogit **out)
{
    traffstat_pogit_data data = run->data;
    double *scale = traffstat_i_alloc(run->ctx, run->k, sizeof *scale);
    if (scale == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const bool without = alone || run->prior == NULL;
    for (size_t j = 0; j < run->k; j++) {
        const bool law = data.effect_steadies[j] != 0 ? steadied : !without;
        scale[j] = law ? data.effect_scale[j] : 0.0;
    }
    data.effect_scale = scale;
    if (without) { /* the flat law stands behind the prior's place */
        data.prior_design += data.reporting_columns;
        data.prior_a += 1;
        data.prior_b += 1;
        data.priors = steadied ? 1 : 0;
        data.steadying_priors = data.priors;
    }
    const traffstat_status status = traffstat_i_pogit_fit(run->ctx, &data, out);
    traffstat_i_free(run->ctx, scale);
    return status == TRAFFSTAT_E_ARGUMENT ? name_columns(run, status) : status;
}

/* Does validation identify p without the prior, and say more of it? */
static traffstat_status look_at_validation(traffstat_i_pogit_panel *run)
{
    traffstat_pogit *alone = NULL;
    traffstat_pogit_summary sum;
    traffstat_status status = fit(run, true, true, &alone);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    status = traffstat_pogit_get(alone, &sum);
    run->carried = sum.estimable != 0;
    if (status == TRAFFSTAT_OK && run->carried && run->prior != NULL) {
        traffstat_pogit_number level;
        double mean = 0.0;
        double sd = 0.0;
        traffstat_i_logit_moments(&run->prior->law, &mean, &sd);
        status =
            traffstat_i_pogit_coefficient(run->ctx, alone, level_of_reporting(run), 0.95, &level);
        run->carried = status == TRAFFSTAT_OK && level.error <= sd;
        run->disagrees =
            status == TRAFFSTAT_OK &&
            fabs(level.estimate - mean) > APART * sqrt(sd * sd + level.error * level.error);
    }
    traffstat_pogit_free(alone);
    return status;
}

static traffstat_status find_kind(traffstat_i_pogit_panel *run)
{
    if (run->carried || run->prior == NULL) {
        run->thinning.kind = TRAFFSTAT_KIND_ESTIMATE;
        return TRAFFSTAT_OK;
    }
    return traffstat_i_thinning_kind(&run->thinning);
}

/* ---- sampling -------------------------------------------------------------------------------- */

static traffstat_status sample(traffstat_i_pogit_panel *run)
{
    traffstat_i_chains *chains = NULL;
    traffstat_status status = traffstat_i_pogit_target_init(
        run->ctx, traffstat_i_pogit_model(run->fit), traffstat_i_pogit_top(run->fit), &run->target);
    if (status == TRAFFSTAT_OK) {
        run->directions = traffstat_i_pogit_directions(run->ctx, run->fit);
        status = run->directions != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_pogit_chains(run->ctx, &run->target, run->options.draws,
                                          traffstat_i_pogit_draw, run, &chains, &run->accept);
    }
    if (status == TRAFFSTAT_OK) {
        run->divergences = chains->divergences;
        run->ebfmi = traffstat_i_ebfmi(chains);
    }
    traffstat_i_chains_free(run->ctx, chains);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status open_estimate(traffstat_i_pogit_panel *run)
{
    traffstat_i_thinning *thinning = &run->thinning;
    bool has_sum = false;
    const traffstat_status status = traffstat_i_panel_has_sum(run->ctx, run->panel, &has_sum);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    thinning->level_count = traffstat_i_levels(run->options.level, thinning->levels);
    const traffstat_i_estimate_plan plan = {
        .method = "pogit",
        .citation = "Dvorzak, M. & Wagner, H. (2016), Statistical Modelling 16:24-46",
        .kind = thinning->kind,
        .level = run->options.level,
        .seed = traffstat_ctx_seed(run->ctx),
        .levels = thinning->levels,
        .level_count = thinning->level_count,
        .panel = run->panel,
        .has_total = run->count > 1 && has_sum};
    return traffstat_i_estimate_new(run->ctx, &plan, &thinning->estimate);
}

/* The reason of the fit, with the names of its columns. */
static traffstat_status refuse(traffstat_i_pogit_panel *run)
{
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_add(&text, traffstat_pogit_reason(run->fit));
    traffstat_i_pogit_say_columns(run, &text);
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_pogit_refuse(run, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status run_engine(traffstat_i_pogit_panel *run)
{
    traffstat_pogit_summary sum = {0};
    const bool sampled = run->options.engine == TRAFFSTAT_POGIT_NUTS;
    traffstat_status status = fit(run, false, sampled, &run->fit);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_pogit_get(run->fit, &sum);
    }
    if (status != TRAFFSTAT_OK || sum.estimable == 0) {
        return status == TRAFFSTAT_OK ? refuse(run) : status;
    }
    if (sampled) {
        status = sample(run);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_pogit_answer(run) : status;
}

static traffstat_status solve(traffstat_i_pogit_panel *run)
{
    traffstat_status status = traffstat_i_pogit_data_make(run);
    if (status == TRAFFSTAT_OK && run->prior == NULL && !(run->checked > 0.0)) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_PRIOR,
                                "no true case was looked up in any row with a count: the share of "
                                "cases that is reported has to be named");
    }
    if (status == TRAFFSTAT_OK && run->checked > 0.0 && run->reported > 0.0) {
        status = look_at_validation(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = find_kind(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = open_estimate(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = run_engine(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_finish(run->thinning.estimate);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_progress(run->ctx, 1.0) : status;
}

static void clear(traffstat_i_pogit_panel *run)
{
    void *const blocks[] = {run->use,        run->row_of, run->block, run->whole,
                            run->columns,    run->values, run->all,   run->hidden,
                            run->likelihood, run->check,  run->one,   run->directions};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        traffstat_i_free(run->ctx, blocks[i]);
    }
    traffstat_i_pogit_target_clear(run->ctx, &run->target);
    traffstat_pogit_free(run->fit);
    traffstat_i_text_clear(&run->thinning.scenario);
}

static traffstat_status check_call(traffstat_ctx *ctx, const traffstat_panel *panel,
                                   const traffstat_covariates *validation,
                                   const traffstat_prior *prior)
{
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    if (prior == NULL && validation == NULL) {
        return traffstat_i_need_prior(ctx);
    }
    if (prior != NULL && prior->law.form == TRAFFSTAT_I_FORM_KNOWN) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the regression needs a law of the reporting rate, and a known "
                                "number is none: give it as a narrow beta law");
    }
    return TRAFFSTAT_OK;
}

traffstat_status
traffstat_pogit_panel(traffstat_ctx *ctx, const traffstat_panel *panel,
                      const traffstat_covariates *rate, const traffstat_covariates *report,
                      const traffstat_covariates *validation, const traffstat_prior *prior,
                      const traffstat_pogit_options *options, traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the estimate was given");
    }
    *out = NULL;
    traffstat_status status = check_call(ctx, panel, validation, prior);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_pogit_panel run = {
        .ctx = ctx,
        .panel = panel,
        .rate = rate,
        .report = report,
        .validation = validation,
        .prior = prior,
        .accept = NAN,
        .ebfmi = NAN,
        .misfit = NAN,
        .thinning = {.ctx = ctx,
                     .panel = panel,
                     .prior = prior,
                     .last = TRAFFSTAT_NONE,
                     .mover = validation != NULL ? "validation" : "regression's structure",
                     .still = 0.05}};
    status = read_settings(ctx, options, &run.options);
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
