/* Rows, total and diagnostics of the thinning model. */
#include "model/reporting/thinning.h"

#include <math.h>
#include <string.h>

static const char citation[] =
    "Raftery (1988), Biometrika 75:223-228; Moreno & Gir\xc3\xb3n (1998), Journal of Statistical "
    "Planning and Inference 66:147-159; Whittemore & Gong (1991), Applied Statistics 40:81-93";

/* ---- settings -------------------------------------------------------------------------------- */

/* In the order of traffstat_thinning_option. */
static const struct {
    double least;
    double standard;
    double greatest;
} bounds[] = {{0.01, 0.95, 0.9999},
              {1e-9, 0.0, 1e9},
              {1e-100, 0.0, 1e100},
              {0.0, 0.0, 1e12},
              {1000.0, 20000.0, 1000000.0}};

static traffstat_thinning_options defaults(void)
{
    return (traffstat_thinning_options){.struct_size = sizeof(traffstat_thinning_options),
                                        .rate_prior = TRAFFSTAT_RATE_INVERSE,
                                        .level = bounds[TRAFFSTAT_THINNING_LEVEL].standard,
                                        .total = 1,
                                        .draws = 20000};
}

void traffstat_thinning_options_init(traffstat_thinning_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    traffstat_thinning_options filled = defaults();
    filled.struct_size = struct_size;
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

traffstat_status traffstat_thinning_options_bounds(traffstat_thinning_option option, double *least,
                                                   double *standard, double *greatest)
{
    if (option < TRAFFSTAT_THINNING_LEVEL || option > TRAFFSTAT_THINNING_DRAWS || least == NULL ||
        standard == NULL || greatest == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *least = bounds[option].least;
    *standard = bounds[option].standard;
    *greatest = bounds[option].greatest;
    return TRAFFSTAT_OK;
}

static bool within(traffstat_thinning_option option, double value)
{
    return value >= bounds[option].least && value <= bounds[option].greatest; /* false for NaN */
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_thinning_options *given,
                                      traffstat_thinning_options *out)
{
    *out = defaults();
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!within(TRAFFSTAT_THINNING_LEVEL, out->level)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie between 0.01 and 0.9999");
    }
    if (out->rate_prior < TRAFFSTAT_RATE_INVERSE || out->rate_prior > TRAFFSTAT_RATE_GAMMA) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is no rate prior %d",
                                (int) out->rate_prior);
    }
    if (out->rate_prior == TRAFFSTAT_RATE_GAMMA &&
        !(within(TRAFFSTAT_THINNING_GAMMA_SHAPE, out->gamma_shape) &&
          within(TRAFFSTAT_THINNING_GAMMA_RATE, out->gamma_rate))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a gamma rate prior needs a shape from 1e-9 to 1e9 and a rate from "
                                "1e-100 to 1e100");
    }
    if (!within(TRAFFSTAT_THINNING_EXPOSURE_UNIT, out->exposure_unit) ||
        (out->exposure_unit > 0.0 && out->rate_prior != TRAFFSTAT_RATE_GAMMA)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a unit of exposure lies between 0 and 1e12 residents and goes "
                                "with a gamma rate prior");
    }
    if (out->independent != 0 && out->independent != 1) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the option independent must be 0 or 1");
    }
    if (!within(TRAFFSTAT_THINNING_DRAWS, out->draws)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "draws must lie between 1000 and 1000000");
    }
    if ((out->sensitivity != 0 && out->sensitivity != 1) || out->reserved2 != 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the option sensitivity must be 0 or 1, and what is reserved 0");
    }
    if ((out->total != 0 && out->total != 1) || out->reserved != 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                out->reserved != 0 ? "the reserved option must be 0"
                                                   : "the option total must be 0 or 1");
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_need_prior(traffstat_ctx *ctx)
{
    return traffstat_i_fail(
        ctx, TRAFFSTAT_E_PRIOR,
        "The counts alone cannot tell a rare crime from a hidden one, so the share of cases that "
        "is reported must be named. Give an evidence id, a range such as 0.2..0.6, or a law such "
        "as beta(8,12)");
}

static traffstat_i_belief belief_of(const traffstat_prior *prior,
                                    const traffstat_thinning_options *options)
{
    return (traffstat_i_belief){.a = prior->law.a,
                                .b = prior->law.b,
                                .rate_prior = options->rate_prior,
                                .shape = options->gamma_shape,
                                .rate = options->gamma_rate,
                                .coverage = 1.0,
                                .law = &prior->law};
}

/* ---- numbers of one posterior ---------------------------------------------------------------- */

static double finite_or_nan(double x)
{
    return isfinite(x) ? x : NAN;
}

static double quantile(const traffstat_i_dist *dist, traffstat_i_about about, double q, double rest)
{
    return finite_or_nan(traffstat_i_dist_quantile(dist, about, q, rest));
}

void traffstat_i_summarise(const traffstat_i_thinning *run, const traffstat_i_dist *dist,
                           traffstat_i_summary *out)
{
    traffstat_estimate_row *row = &out->row;
    const double level = run->options.level;
    const double tail = 0.5 * (1.0 - level);
    row->estimate = quantile(dist, TRAFFSTAT_I_ALL, 0.5, 0.5);
    if (isnan(row->estimate)) {
        out->refusal = "the middle of the posterior lies past the largest number: the reporting "
                       "prior puts nearly all its weight next to 0";
        return;
    }
    row->mean = finite_or_nan(dist->mean_count + dist->mean_unreported);
    row->unreported = quantile(dist, TRAFFSTAT_I_UNREPORTED, 0.5, 0.5);
    row->unreported_mean = finite_or_nan(dist->mean_unreported);
    row->unreported_lower = quantile(dist, TRAFFSTAT_I_UNREPORTED, tail, 1.0 - tail);
    row->unreported_upper = quantile(dist, TRAFFSTAT_I_UNREPORTED, 1.0 - tail, tail);
    for (size_t i = 0; i < run->level_count; i++) {
        const double side = 0.5 * (1.0 - run->levels[i]);
        out->ends[i][0] = quantile(dist, TRAFFSTAT_I_ALL, side, 1.0 - side);
        out->ends[i][1] = quantile(dist, TRAFFSTAT_I_ALL, 1.0 - side, side);
    }
    row->lower = out->ends[run->level_count - 1][0];
    row->upper = out->ends[run->level_count - 1][1];
    out->upper975 = traffstat_i_dist_quantile(dist, TRAFFSTAT_I_ALL, 0.975, 0.025);
    traffstat_i_dist_shortest(dist, level, &row->hdi_lower, &row->hdi_upper);
}

traffstat_status traffstat_i_thinning_solve(const traffstat_i_thinning *run,
                                            const traffstat_i_belief *belief, int64_t lower,
                                            int64_t upper, traffstat_i_summary *out)
{
    *out = (traffstat_i_summary){.lower = lower, .upper = upper, .known = true};
    out->refusal = traffstat_i_dist_refusal(belief, &lower, &upper, 1);
    if (out->refusal != NULL) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_dist dist;
    traffstat_status status =
        traffstat_i_dist_init(run->ctx, &dist, &run->rule, belief, &lower, &upper, 1);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_summarise(run, &dist, out);
        traffstat_i_dist_clear(&dist);
    }
    return status;
}

/* What is believed of a row: its coverage and exposure are its own. */
traffstat_i_belief traffstat_i_belief_of_cell(const traffstat_i_thinning *run,
                                              const traffstat_cell *cell)
{
    traffstat_i_belief belief = run->belief;
    belief.coverage = isnan(cell->coverage) ? 1.0 : cell->coverage;
    if (run->options.exposure_unit > 0.0) {
        belief.rate *= run->options.exposure_unit / cell->population;
    }
    return belief;
}

/* The same through the store of what was solved before. */
static traffstat_status look_up(traffstat_i_thinning *run, const traffstat_cell *cell,
                                const traffstat_i_summary **out)
{
    const uint64_t slot =
        ((uint64_t) cell->lower + 7u * ((uint64_t) cell->upper - (uint64_t) cell->lower)) %
        SUMMARIES;
    const traffstat_i_belief belief = traffstat_i_belief_of_cell(run, cell);
    traffstat_i_summary *summary = &run->seen[slot];
    *out = summary;
    if (summary->known && summary->lower == cell->lower && summary->upper == cell->upper &&
        summary->coverage == belief.coverage && summary->rate == belief.rate) {
        return TRAFFSTAT_OK;
    }
    const traffstat_status status =
        traffstat_i_thinning_solve(run, &belief, cell->lower, cell->upper, summary);
    summary->coverage = belief.coverage;
    summary->rate = belief.rate;
    return status;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void copy_numbers(traffstat_i_thinning *run, size_t row, const traffstat_i_summary *from)
{
    traffstat_estimate_row *to = traffstat_i_estimate_row(run->estimate, row);
    to->estimate = from->row.estimate;
    to->mean = from->row.mean;
    to->lower = from->row.lower;
    to->upper = from->row.upper;
    to->unreported = from->row.unreported;
    to->unreported_mean = from->row.unreported_mean;
    to->unreported_lower = from->row.unreported_lower;
    to->unreported_upper = from->row.unreported_upper;
    to->hdi_lower = from->row.hdi_lower;
    to->hdi_upper = from->row.hdi_upper;
    for (size_t i = 0; i < run->level_count; i++) {
        traffstat_i_estimate_set_interval(run->estimate, row, i, from->ends[i][0],
                                          from->ends[i][1]);
    }
}

/* Numbers and the reasons that follow from them. */
traffstat_status traffstat_i_write_numbers(traffstat_i_thinning *run, size_t row,
                                           const traffstat_i_summary *summary)
{
    copy_numbers(run, row, summary);
    traffstat_status status =
        traffstat_i_judge_thinning(run->estimate, row, summary->row.estimate, summary->upper975);
    if (status == TRAFFSTAT_OK && isnan(summary->row.upper)) {
        status = traffstat_i_estimate_row_reason(
            run->estimate, row, TRAFFSTAT_VERDICT_CAUTION,
            "the upper end lies past the largest number that can be written");
    }
    return status;
}

static traffstat_status write_row(traffstat_i_thinning *run, size_t row)
{
    traffstat_cell cell;
    traffstat_status status = traffstat_panel_cell(run->panel, row, &cell);
    if (status != TRAFFSTAT_OK) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_INTERNAL, "a row of the panel is missing");
    }
    if (cell.why != TRAFFSTAT_WHY_COUNTED) {
        return traffstat_i_estimate_row_reason(run->estimate, row, TRAFFSTAT_VERDICT_INESTIMABLE,
                                               traffstat_i_why_text((traffstat_why) cell.why));
    }
    if (cell.lower < 0) {
        return traffstat_i_estimate_row_reason(
            run->estimate, row, TRAFFSTAT_VERDICT_INESTIMABLE,
            "corrections of earlier counts exceed what was counted: a net count below zero has no "
            "estimate");
    }
    if (run->options.exposure_unit > 0.0 && isnan(cell.population)) {
        return traffstat_i_estimate_row_reason(
            run->estimate, row, TRAFFSTAT_VERDICT_INESTIMABLE,
            "the population is not known, and the prior of the rate is per resident");
    }
    const traffstat_i_summary *summary = NULL;
    status = look_up(run, &cell, &summary);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (summary->refusal != NULL) {
        return traffstat_i_estimate_row_reason(run->estimate, row, TRAFFSTAT_VERDICT_INESTIMABLE,
                                               summary->refusal);
    }
    run->last = row;
    run->numbers++;
    status = traffstat_i_write_numbers(run, row, summary);
    return status == TRAFFSTAT_OK ? traffstat_i_thinning_cell_reasons(run, row, &cell) : status;
}

static traffstat_status write_rows(traffstat_i_thinning *run)
{
    const size_t rows = traffstat_panel_rows(run->panel);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = 0; row < rows && status == TRAFFSTAT_OK; row++) {
        status = traffstat_i_progress(run->ctx, (double) row / (double) (rows + 1));
        if (status == TRAFFSTAT_OK) {
            status = write_row(run, row);
        }
    }
    return status;
}

/* ---- how much the answer leans on the rate --------------------------------------------------- */

static traffstat_status diagnose_lean(traffstat_i_thinning *run, double factor,
                                      const char *const names[3])
{
    traffstat_i_logit_law law = run->prior->law;
    traffstat_cell cell;
    if (run->last == TRAFFSTAT_NONE || !traffstat_i_scale_share(&law, factor) ||
        traffstat_panel_cell(run->panel, run->last, &cell) != TRAFFSTAT_OK) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_belief scaled = traffstat_i_belief_of_cell(run, &cell);
    scaled.a = law.a;
    scaled.b = law.b;
    scaled.law = &law;
    traffstat_i_summary summary;
    traffstat_status status =
        traffstat_i_thinning_solve(run, &scaled, cell.lower, cell.upper, &summary);
    if (status != TRAFFSTAT_OK || summary.refusal != NULL) {
        return status;
    }
    const double values[3] = {summary.row.lower, summary.row.estimate, summary.row.upper};
    for (size_t i = 0; i < 3 && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_estimate_diagnose(run->estimate, names[i], values[i]);
    }
    return status;
}

static traffstat_status write_lean(traffstat_i_thinning *run)
{
    static const char *const halved[3] = {"if_rate_halved_lower", "if_rate_halved_median",
                                          "if_rate_halved_upper"};
    static const char *const doubled[3] = {"if_rate_doubled_lower", "if_rate_doubled_median",
                                           "if_rate_doubled_upper"};
    const traffstat_status status = diagnose_lean(run, 0.5, halved);
    return status == TRAFFSTAT_OK ? diagnose_lean(run, 2.0, doubled) : status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

size_t traffstat_i_levels(double level, double levels[LEVELS_MAX])
{
    size_t count = 0;
    if (level > 0.5) {
        levels[count++] = 0.5;
    }
    levels[count++] = level;
    return count;
}

static traffstat_status start(traffstat_i_thinning *run)
{
    run->belief = belief_of(run->prior, &run->options);
    run->last = TRAFFSTAT_NONE;
    run->level_count = traffstat_i_levels(run->options.level, run->levels);
    traffstat_status status = traffstat_i_rule_init(run->ctx, &run->rule);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_thinning_kind(run);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    run->seen = traffstat_i_alloc(run->ctx, SUMMARIES, sizeof *run->seen);
    if (run->seen == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const traffstat_i_estimate_plan plan = {.method = "thinning",
                                            .citation = citation,
                                            .kind = run->kind,
                                            .level = run->options.level,
                                            .seed = traffstat_ctx_seed(run->ctx),
                                            .levels = run->levels,
                                            .level_count = run->level_count,
                                            .panel = run->panel,
                                            .has_total = run->options.total != 0 &&
                                                         traffstat_panel_rows(run->panel) > 1};
    return traffstat_i_estimate_new(run->ctx, &plan, &run->estimate);
}

static traffstat_status fill(traffstat_i_thinning *run)
{
    traffstat_status status = write_rows(run);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_thinning_total(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_thinning_assumptions(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = write_lean(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_thinning_sensitivity(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_finish(run->estimate);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_progress(run->ctx, 1.0) : status;
}

traffstat_status traffstat_thinning(traffstat_ctx *ctx, const traffstat_panel *panel,
                                    const traffstat_prior *prior,
                                    const traffstat_thinning_options *options,
                                    traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the estimate was given");
    }
    *out = NULL;
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    if (prior == NULL) {
        return traffstat_i_need_prior(ctx);
    }
    traffstat_i_thinning run = {.ctx = ctx, .panel = panel, .prior = prior};
    traffstat_status status = read_settings(ctx, options, &run.options);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_text_init(&run.scenario, ctx);
    status = start(&run);
    if (status == TRAFFSTAT_OK) {
        status = fill(&run);
    }
    traffstat_i_text_clear(&run.scenario);
    traffstat_i_free(ctx, run.seen);
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(run.estimate);
        return status;
    }
    *out = run.estimate;
    return TRAFFSTAT_OK;
}

/* ---- the law itself -------------------------------------------------------------------------- */

/* A law asked about directly: checks, then the distribution. */
static traffstat_status open_law(traffstat_ctx *ctx, int64_t observed, const traffstat_prior *prior,
                                 const traffstat_thinning_options *options, traffstat_i_rule *rule,
                                 traffstat_i_dist *dist)
{
    traffstat_thinning_options settings;
    traffstat_status status = prior == NULL ? traffstat_i_need_prior(ctx) : TRAFFSTAT_OK;
    if (status == TRAFFSTAT_OK && observed < 0) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "a count cannot be negative");
    }
    if (status == TRAFFSTAT_OK) {
        status = read_settings(ctx, options, &settings);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_i_belief belief = belief_of(prior, &settings);
    const char *why = traffstat_i_dist_refusal(&belief, &observed, &observed, 1);
    if (why != NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "%s", why);
    }
    status = traffstat_i_rule_init(ctx, rule);
    return status == TRAFFSTAT_OK
               ? traffstat_i_dist_init(ctx, dist, rule, &belief, &observed, &observed, 1)
               : status;
}

traffstat_status traffstat_thinning_cdf(traffstat_ctx *ctx, int64_t observed,
                                        const traffstat_prior *prior,
                                        const traffstat_thinning_options *options, int64_t count,
                                        double *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the answer was given");
    }
    traffstat_i_rule rule;
    traffstat_i_dist dist;
    traffstat_status status = open_law(ctx, observed, prior, options, &rule, &dist);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    /* by the number unreported, which is exact where large counts are not */
    *out = count < observed
               ? 0.0
               : traffstat_i_dist_sides(&dist, TRAFFSTAT_I_UNREPORTED, (double) (count - observed))
                     .at_most;
    traffstat_i_dist_clear(&dist);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_thinning_quantile(traffstat_ctx *ctx, int64_t observed,
                                             const traffstat_prior *prior,
                                             const traffstat_thinning_options *options, double q,
                                             double *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL || !(q > 0.0 && q < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                out == NULL ? "no place for the answer was given"
                                            : "q must lie strictly between 0 and 1");
    }
    traffstat_i_rule rule;
    traffstat_i_dist dist;
    traffstat_status status = open_law(ctx, observed, prior, options, &rule, &dist);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const double found = traffstat_i_dist_quantile(&dist, TRAFFSTAT_I_ALL, q, 1.0 - q);
    traffstat_i_dist_clear(&dist);
    if (!isfinite(found)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                "this quantile lies past the largest number");
    }
    *out = found;
    return TRAFFSTAT_OK;
}
