/* The places of a panel in one year. */
#include "model/rate/compare.h"

#include <math.h>
#include <string.h>

static const char citation[] =
    "Garwood (1936), Biometrika 28:437-442; Clayton & Kaldor (1987), Biometrics 43:671-681; "
    "Marshall "
    "(1991), Applied Statistics 40:283-294; Spiegelhalter (2005), Statistics in Medicine "
    "24:1185-1202; Benjamini & Hochberg (1995), JRSS B 57:289-300; Klein, Wright & Wieczorek "
    "(2020), "
    "JRSS A 183:589-606; Assuncao & Reis (1999), Statistics in Medicine 18:2147-2162";

void traffstat_compare_options_init(traffstat_compare_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_compare_options defaults = {.struct_size = struct_size,
                                                .level = 0.95,
                                                .per = 100000.0,
                                                .discovery = 0.05,
                                                .permutations = 999};
    memset(options, 0, struct_size);
    memcpy(options, &defaults, struct_size < sizeof defaults ? struct_size : sizeof defaults);
}

static traffstat_status check(traffstat_ctx *ctx, const traffstat_panel *panel, const size_t *pairs,
                              size_t pair_count, const traffstat_compare_options *options)
{
    const struct {
        bool good;
        const char *message;
    } rules[] = {
        {panel != NULL, "no panel was given"},
        {pairs != NULL || pair_count == 0, "no neighbours were given, only their number"},
        {options->year == 0 ||
             (options->year >= TRAFFSTAT_YEAR_MIN && options->year <= TRAFFSTAT_YEAR_MAX),
         "year must be 0 or from 1800 to 2199"},
        {options->level >= 0.01 && options->level <= 0.9999,
         "level must lie between 0.01 and 0.9999"},
        {options->per > 0.0 && isfinite(options->per),
         "the residents that a rate is of must be positive and finite"},
        {options->discovery > 0.0 && options->discovery <= 0.5,
         "the share of false discoveries must lie above 0 and be at most 0.5"},
        {options->permutations >= 0 && options->permutations <= 1000000,
         "permutations must be 0 to 1000000"},
        {options->reserved == 0, "reserved must be 0"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        if (!rules[i].good) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s", rules[i].message);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status report(const traffstat_i_comparison *c, traffstat_estimate **out)
{
    const traffstat_i_estimate_plan plan = {.method = "places",
                                            .citation = citation,
                                            .kind = TRAFFSTAT_KIND_ESTIMATE,
                                            .level = c->options->level,
                                            .seed = traffstat_ctx_seed(c->ctx),
                                            .levels = &c->options->level,
                                            .level_count = 1,
                                            .panel = c->panel};
    const traffstat_status status = traffstat_i_estimate_new(c->ctx, &plan, out);
    return status == TRAFFSTAT_OK ? traffstat_i_comparison_say(c, *out) : status;
}

traffstat_status traffstat_compare(traffstat_ctx *ctx, const traffstat_panel *panel,
                                   const size_t *pairs, size_t pair_count,
                                   const traffstat_compare_options *options,
                                   traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    *out = NULL;
    traffstat_compare_options opt;
    traffstat_compare_options_init(&opt, sizeof opt);
    traffstat_status status = traffstat_i_read_options(ctx, options, &opt, sizeof opt);
    if (status == TRAFFSTAT_OK) {
        status = check(ctx, panel, pairs, pair_count, &opt);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_comparison c = {.ctx = ctx, .options = &opt, .whole = panel};
    status = traffstat_i_comparison_open(&c, pairs, pair_count);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_comparison_work(&c);
    }
    if (status == TRAFFSTAT_OK) {
        status = report(&c, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_progress(ctx, 1.0);
    }
    traffstat_i_comparison_close(&c);
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(*out);
        *out = NULL;
    }
    if (status == TRAFFSTAT_E_NOMEM) { /* a later question may have taken its message away */
        status = traffstat_i_fail(ctx, status, "out of memory while places were compared");
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_enter(ctx); /* forgets what single questions could not tell: reasons say it */
    }
    return status;
}
