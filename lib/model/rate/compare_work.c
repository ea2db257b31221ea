/* What is computed of places that are compared. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/rate/compare.h"
#include "model/rate/place.h"

#include <traffstat/rate.h>

/* Shares of the work, for progress: public calls, which begin anew, come before. */
#define RANKED 0.6
#define HALF_TESTED 0.8

/* Beside the level that a caller chooses, a funnel has these two by custom. */
static const double funnel_levels[TRAFFSTAT_I_FUNNELS] = {0.95, 0.998};

/* What cannot be told of these places is none; a failure is one. */
static bool cannot_tell(traffstat_status status)
{
    return status == TRAFFSTAT_E_NODATA;
}

/* ---- borrowed strength ----------------------------------------------------------------------- */

static traffstat_neighbours links_of(const traffstat_i_comparison *c)
{
    return (traffstat_neighbours){c->from, c->to, NULL, c->links};
}

static traffstat_status shrink(traffstat_i_comparison *c, size_t which, int32_t model)
{
    const traffstat_neighbours links = links_of(c);
    traffstat_shrink_options options;
    traffstat_shrink_options_init(&options, sizeof options);
    options.model = model;
    options.level = c->options->level;
    c->shrunk[which] = traffstat_i_alloc(c->ctx, c->n, sizeof *c->shrunk[which]);
    if (c->shrunk[which] == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    return traffstat_places_shrink(c->ctx, c->cases, c->expected, c->n,
                                   model == TRAFFSTAT_SHRINK_LOCAL ? &links : NULL, &options,
                                   c->shrunk[which], &c->law[which]);
}

static traffstat_status shrink_all(traffstat_i_comparison *c)
{
    traffstat_status status = shrink(c, TRAFFSTAT_I_SHRUNK_GAMMA, TRAFFSTAT_SHRINK_LIKELIHOOD);
    if (status == TRAFFSTAT_OK) {
        status = shrink(c, TRAFFSTAT_I_SHRUNK_MARSHALL, TRAFFSTAT_SHRINK_MARSHALL);
    }
    if (status == TRAFFSTAT_OK && c->links > 0) {
        status = shrink(c, TRAFFSTAT_I_SHRUNK_LOCAL, TRAFFSTAT_SHRINK_LOCAL);
    }
    return status;
}

/* ---- funnel ---------------------------------------------------------------------------------- */

static bool is_outside(double ratio, double lower, double upper)
{
    return ratio < lower || ratio > upper;
}

static traffstat_status draw_funnel(traffstat_i_comparison *c, size_t which)
{
    traffstat_i_funnel *f = &c->funnel[which];
    traffstat_funnel_options options;
    traffstat_funnel_options_init(&options, sizeof options);
    f->level = funnel_levels[which];
    options.level = f->level;
    f->limits = traffstat_i_alloc(c->ctx, c->n, sizeof *f->limits);
    if (f->limits == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const traffstat_status status =
        traffstat_funnel_limits(c->ctx, c->expected, c->n, &options, &c->spread, f->limits);
    for (size_t i = 0; i < c->n && status == TRAFFSTAT_OK; i++) {
        const traffstat_funnel_limit *at = &f->limits[i];
        const double ratio = c->points[i].ratio;
        f->outside += is_outside(ratio, at->lower, at->upper) ? 1 : 0;
        f->outside_adjusted += is_outside(ratio, at->lower_additive, at->upper_additive) ? 1 : 0;
    }
    return status;
}

static traffstat_status fit_funnel(traffstat_i_comparison *c)
{
    c->points = traffstat_i_alloc(c->ctx, c->n, sizeof *c->points);
    if (c->points == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_status status =
        traffstat_funnel_fit(c->ctx, c->cases, c->expected, c->n, NULL, &c->spread, c->points);
    for (size_t i = 0; i < TRAFFSTAT_I_FUNNELS && status == TRAFFSTAT_OK; i++) {
        status = draw_funnel(c, i);
    }
    return status;
}

/* ---- one against the others ------------------------------------------------------------------ */

static traffstat_status set_against(traffstat_i_comparison *c, size_t i)
{
    traffstat_exact_options options;
    traffstat_exact_result got;
    traffstat_exact_options_init(&options, sizeof options);
    options.level = c->options->level;
    const traffstat_status status = traffstat_ratio_exact(
        c->ctx, (int64_t) (c->total_cases - c->cases[i]), c->total_exposure - c->exposure[i],
        (int64_t) c->cases[i], c->exposure[i], &options, &got);
    if (status == TRAFFSTAT_OK) {
        c->p[i] = got.p;
        c->against[i] = (traffstat_i_against){got.estimate, got.lower, got.upper};
    }
    return status;
}

traffstat_i_place_told traffstat_i_place_told_apart(const traffstat_i_comparison *c, size_t i)
{
    if (c->adjusted == NULL || !(c->adjusted[i] <= c->options->discovery)) {
        return TRAFFSTAT_I_TOLD_NOT;
    }
    if (c->cases[i] > c->expected[i]) {
        return TRAFFSTAT_I_TOLD_ABOVE;
    }
    const bool partial = (traffstat_panel_flags(c->panel)[c->row[i]] & TRAFFSTAT_FLAG_PARTIAL) != 0;
    const bool none = c->cases[i] == 0.0 && c->expected[i] >= TRAFFSTAT_I_NONE_EXPECTED;
    return partial || none ? TRAFFSTAT_I_TOLD_INCOMPLETE : TRAFFSTAT_I_TOLD_BELOW;
}

static traffstat_status test_each(traffstat_i_comparison *c)
{
    c->against = traffstat_i_alloc(c->ctx, c->n, sizeof *c->against);
    c->p = traffstat_i_alloc(c->ctx, c->n, sizeof *c->p);
    c->adjusted = traffstat_i_alloc(c->ctx, c->n, sizeof *c->adjusted);
    if (c->against == NULL || c->p == NULL || c->adjusted == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < c->n && status == TRAFFSTAT_OK; i++) {
        status = set_against(c, i);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_false_discovery(c->ctx, c->p, c->n, c->adjusted);
    }
    for (size_t i = 0; i < c->n && status == TRAFFSTAT_OK; i++) {
        c->told[traffstat_i_place_told_apart(c, i)]++;
    }
    return status;
}

static traffstat_status rank_all(traffstat_i_comparison *c)
{
    c->ranks = traffstat_i_alloc(c->ctx, c->n, sizeof *c->ranks);
    traffstat_i_progress_span(c->ctx, 0.0, RANKED);
    return c->ranks == NULL ? TRAFFSTAT_E_NOMEM
                            : traffstat_i_places_ranks(c->ctx, c->cases, c->expected, c->n,
                                                       c->options->level, c->ranks);
}

/* ---- pattern --------------------------------------------------------------------------------- */

static traffstat_status raw_moran(traffstat_i_comparison *c, const traffstat_neighbours *links,
                                  const traffstat_moran_options *options)
{
    double *rates = traffstat_i_alloc(c->ctx, c->n, sizeof *rates);
    if (rates == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < c->n; i++) {
        rates[i] = c->cases[i] / c->exposure[i];
    }
    const traffstat_status status =
        traffstat_i_places_moran(c->ctx, rates, c->n, links, options, &c->moran[0]);
    traffstat_i_free(c->ctx, rates);
    return status;
}

static traffstat_status test_pattern(traffstat_i_comparison *c)
{
    if (!c->has_neighbours) {
        return TRAFFSTAT_OK;
    }
    if (c->links == 0) {
        (void) snprintf(c->no_neighbours, sizeof c->no_neighbours,
                        "no two places that are compared are neighbours");
        return TRAFFSTAT_OK;
    }
    const traffstat_neighbours links = links_of(c);
    traffstat_moran_options options;
    traffstat_moran_options_init(&options, sizeof options);
    options.permutations = c->options->permutations;
    traffstat_i_progress_span(c->ctx, RANKED, HALF_TESTED);
    traffstat_status status = raw_moran(c, &links, &options);
    c->has_moran[0] = status == TRAFFSTAT_OK;
    if (c->has_moran[0]) {
        traffstat_i_progress_span(c->ctx, HALF_TESTED, 1.0);
        status = traffstat_i_places_moran_rates(c->ctx, c->cases, c->exposure, c->n, &links,
                                                &options, &c->moran[1]);
        c->has_moran[1] = status == TRAFFSTAT_OK;
    }
    if (cannot_tell(status)) {
        (void) snprintf(c->no_neighbours, sizeof c->no_neighbours, "%s",
                        traffstat_ctx_message(c->ctx));
        status = TRAFFSTAT_OK;
    }
    return status;
}

traffstat_status traffstat_i_comparison_work(traffstat_i_comparison *c)
{
    static traffstat_status (*const steps[])(traffstat_i_comparison *) = {
        shrink_all, fit_funnel, test_each, rank_all, test_pattern};
    if (c->reason[0] != '\0') {
        return TRAFFSTAT_OK;
    }
    traffstat_status status =
        traffstat_places_heterogeneity(c->ctx, c->cases, c->expected, c->n, &c->tests);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == TRAFFSTAT_OK; i++) {
        status = steps[i](c);
    }
    return status;
}
