/* What the fitted panel says: rows, totals, verdicts, checks and how far the chains may be trusted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/reporting/hierarchical.h"

typedef struct answer {
    traffstat_i_hierarchical *run;
    size_t draws;
    traffstat_i_weighed *sorted;
} answer;

/* ---- one quantity ---------------------------------------------------------------------------- */

static double weight_of(const traffstat_i_hierarchical *run, size_t draw, size_t draws)
{
    return run->weight != NULL ? run->weight[draw] : 1.0 / (double) draws;
}

static void sort(const answer *a, const double *values)
{
    traffstat_i_weighed_sort(a->sorted, a->draws, values, a->run->weight);
}

static double quantile(const answer *a, double prob)
{
    return traffstat_i_weighed_quantile(a->sorted, a->draws, prob);
}

static double mean(const answer *a)
{
    return traffstat_i_weighed_mean(a->sorted, a->draws);
}

static double sd(const answer *a)
{
    return traffstat_i_weighed_sd(a->sorted, a->draws);
}

/* The shortest run of draws that holds the level. */
static void densest(const answer *a, double level, double *lower, double *upper)
{
    double held = 0.0;
    size_t from = 0;
    *lower = a->sorted[0].value;
    *upper = a->sorted[a->draws - 1].value;
    for (size_t to = 0; to < a->draws; to++) {
        held += a->sorted[to].weight;
        while (from < to && held - a->sorted[from].weight >= level - 1e-12) {
            held -= a->sorted[from++].weight;
        }
        if (held >= level - 1e-12 &&
            a->sorted[to].value - a->sorted[from].value < *upper - *lower) {
            *lower = a->sorted[from].value;
            *upper = a->sorted[to].value;
        }
    }
}

/* Numbers of a row or of the total from draws of N and of what was not counted; `counted` is what is
 * between the two in every draw, or NaN where they differ from draw to draw. */
static traffstat_status write_numbers(const answer *a, size_t row, const double *all,
                                      const double *hidden, double counted)
{
    const traffstat_i_thinning *thinning = &a->run->thinning;
    traffstat_estimate_row *to = traffstat_i_estimate_row(thinning->estimate, row);
    const double tail = 0.5 * (1.0 - a->run->options.level);
    const bool alike = !isnan(counted);
    const double less = alike ? counted : 0.0;
    sort(a, alike ? all : hidden);
    to->unreported = quantile(a, 0.5) - less;
    to->unreported_mean = mean(a) - less;
    to->unreported_lower = quantile(a, tail) - less;
    to->unreported_upper = quantile(a, 1.0 - tail) - less;
    if (!alike) {
        sort(a, all);
    }
    to->estimate = quantile(a, 0.5);
    to->mean = mean(a);
    to->lower = quantile(a, tail);
    to->upper = quantile(a, 1.0 - tail);
    densest(a, a->run->options.level, &to->hdi_lower, &to->hdi_upper);
    for (size_t i = 0; i < thinning->level_count; i++) {
        const double out = 0.5 * (1.0 - thinning->levels[i]);
        traffstat_i_estimate_set_interval(thinning->estimate, row, i, quantile(a, out),
                                          quantile(a, 1.0 - out));
    }
    return traffstat_i_judge_thinning(thinning->estimate, row, to->estimate, quantile(a, 0.975));
}

static traffstat_status write_row(const answer *a, size_t row)
{
    traffstat_i_hierarchical *run = a->run;
    traffstat_i_thinning *thinning = &run->thinning;
    traffstat_cell cell;
    if (traffstat_panel_cell(run->panel, row, &cell) != TRAFFSTAT_OK) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_INTERNAL, "a row of the panel is missing");
    }
    if (run->data.use[row] == TRAFFSTAT_I_ROW_MISSING) {
        return traffstat_i_estimate_row_reason(thinning->estimate, row,
                                               TRAFFSTAT_VERDICT_INESTIMABLE,
                                               traffstat_i_why_text((traffstat_why) cell.why));
    }
    if (run->data.use[row] == TRAFFSTAT_I_ROW_NEGATIVE) {
        return traffstat_i_estimate_row_reason(
            thinning->estimate, row, TRAFFSTAT_VERDICT_INESTIMABLE,
            "corrections of earlier counts exceed what was counted: a net count below zero has no "
            "estimate");
    }
    if (run->refused) {
        return TRAFFSTAT_OK;
    }
    const size_t at = run->data.cell_of_row[row] * a->draws;
    const traffstat_i_cell *from = &run->data.cells[run->data.cell_of_row[row]];
    const double counted = from->low == from->high ? (double) from->low : NAN;
    traffstat_status status = write_numbers(a, row, run->all + at, run->hidden + at, counted);
    thinning->last = row;
    thinning->numbers++;
    return status == TRAFFSTAT_OK ? traffstat_i_thinning_cell_reasons(thinning, row, &cell)
                                  : status;
}

static traffstat_status write_total(const answer *a)
{
    traffstat_i_hierarchical *run = a->run;
    if (run->data.cell_count < 2 || run->refused) {
        return TRAFFSTAT_OK;
    }
    double *all = run->one;
    double *hidden = run->one + a->draws;
    traffstat_i_hierarchical_sum(run, run->all, TRAFFSTAT_NONE, TRAFFSTAT_NONE, all);
    traffstat_i_hierarchical_sum(run, run->hidden, TRAFFSTAT_NONE, TRAFFSTAT_NONE, hidden);
    traffstat_status status = write_numbers(a, TRAFFSTAT_NONE, all, hidden, NAN);
    if (status == TRAFFSTAT_OK && run->thinning.kind == TRAFFSTAT_KIND_SCENARIO) {
        status = traffstat_i_estimate_row_reason(run->thinning.estimate, TRAFFSTAT_NONE,
                                                 TRAFFSTAT_VERDICT_CAUTION,
                                                 traffstat_i_text_get(&run->thinning.scenario));
    }
    if (status != TRAFFSTAT_OK || run->data.cell_count == run->data.row_count) {
        return status;
    }
    return traffstat_i_estimate_row_reason(run->thinning.estimate, TRAFFSTAT_NONE,
                                           TRAFFSTAT_VERDICT_CAUTION,
                                           "rows without a count are not in the total");
}

/* ---- details --------------------------------------------------------------------------------- */

static void add_summary(const answer *a, traffstat_detail *to)
{
    const double tail = 0.5 * (1.0 - a->run->options.level);
    traffstat_i_detail_number(to, "estimate", quantile(a, 0.5));
    traffstat_i_detail_number(to, "lower", quantile(a, tail));
    traffstat_i_detail_number(to, "upper", quantile(a, 1.0 - tail));
}

/* Intervals at every level that rows have them at. */
static void add_levels(const answer *a, traffstat_detail *to)
{
    const traffstat_i_thinning *thinning = &a->run->thinning;
    traffstat_detail *list = traffstat_i_detail_list(to, "intervals");
    for (size_t i = 0; i < thinning->level_count; i++) {
        const double out = 0.5 * (1.0 - thinning->levels[i]);
        traffstat_detail *at = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_number(at, "level", thinning->levels[i]);
        traffstat_i_detail_number(at, "lower", quantile(a, out));
        traffstat_i_detail_number(at, "upper", quantile(a, 1.0 - out));
    }
}

/* Into run->one: what share of the cases of a year or place was counted, by draw. */
static void share_of(const answer *a, size_t place, size_t year)
{
    traffstat_i_hierarchical *run = a->run;
    double *hidden = run->one + a->draws;
    traffstat_i_hierarchical_sum(run, run->all, place, year, run->one);
    traffstat_i_hierarchical_sum(run, run->hidden, place, year, hidden);
    for (size_t i = 0; i < a->draws; i++) {
        run->one[i] = run->one[i] > 0.0 ? 1.0 - hidden[i] / run->one[i] : 1.0;
    }
}

/* Totals of one year or place. */
static void add_part(const answer *a, traffstat_detail *to, size_t place, size_t year)
{
    traffstat_i_hierarchical *run = a->run;
    int64_t cells = 0;
    for (size_t i = 0; i < run->data.cell_count; i++) {
        const traffstat_i_cell *c = &run->data.cells[i];
        cells += (place == TRAFFSTAT_NONE || c->place == place) &&
                         (year == TRAFFSTAT_NONE || c->year == year)
                     ? 1
                     : 0;
    }
    traffstat_i_detail_integer(to, "rows", cells);
    if (cells == 0) {
        traffstat_i_detail_none(to, "estimate");
        traffstat_i_detail_none(to, "lower");
        traffstat_i_detail_none(to, "upper");
        return;
    }
    traffstat_i_hierarchical_sum(run, run->all, place, year, run->one);
    sort(a, run->one);
    add_summary(a, to);
    add_levels(a, to);
    traffstat_i_hierarchical_sum(run, run->hidden, place, year, run->one);
    sort(a, run->one);
    traffstat_detail *unreported = traffstat_i_detail_object(to, "unreported");
    add_summary(a, unreported);
    add_levels(a, unreported);
    share_of(a, place, year);
    sort(a, run->one);
    add_summary(a, traffstat_i_detail_object(to, "share"));
}

static void add_parts(const answer *a, traffstat_detail *top)
{
    traffstat_i_hierarchical *run = a->run;
    traffstat_detail *years = traffstat_i_detail_list(top, "by_year");
    for (size_t t = 0; t < run->data.year_count; t++) {
        traffstat_detail *to = traffstat_i_detail_object(years, NULL);
        traffstat_i_detail_integer(to, "year", run->data.first_year + (int64_t) t);
        add_part(a, to, TRAFFSTAT_NONE, t);
    }
    traffstat_detail *places = traffstat_i_detail_list(top, "by_place");
    for (size_t j = 0; j < run->data.place_count; j++) {
        const size_t series = run->data.series_of_place[j];
        traffstat_detail *to = traffstat_i_detail_object(places, NULL);
        traffstat_i_detail_text(to, "series", traffstat_panel_jurisdiction(run->panel, series));
        add_part(a, to, j, TRAFFSTAT_NONE);
    }
}

static void add_parameters(const answer *a, traffstat_detail *top)
{
    static const char *const names[HYPERS] = {"share",   "place_sd", "report_place_sd",
                                              "year_sd", "drift_sd", "size"};
    const traffstat_i_hierarchical *run = a->run;
    const bool there[HYPERS] = {true,
                                run->data.place_count > 1,
                                run->data.place_count > 1,
                                run->data.year_count > 1,
                                run->data.year_count > 1 && run->options.drift_scale > 0.0,
                                run->options.negative_binomial != 0};
    traffstat_detail *at = traffstat_i_detail_object(top, "parameters");
    for (size_t k = 0; k < HYPERS; k++) {
        if (there[k]) {
            sort(a, run->hyper + k * a->draws);
            add_summary(a, traffstat_i_detail_object(at, names[k]));
        }
    }
}

/* Effective number of the fast engine's draws: of the outer ones, which several draws share, since
 * totals and scales are known no better than by those. */
static double worth(const answer *a)
{
    const size_t outer = traffstat_i_posterior_outer_draws(a->draws);
    double squares = 0.0;
    for (size_t k = 0; k < outer; k++) {
        double sum = 0.0;
        for (size_t i = k; i < a->draws; i += outer) {
            sum += a->run->weight[i];
        }
        squares += sum * sum;
    }
    return 1.0 / squares;
}

static void add_sampling(const answer *a, traffstat_detail *top)
{
    const traffstat_i_hierarchical *run = a->run;
    const bool fast = run->weight != NULL;
    traffstat_detail *at = traffstat_i_detail_object(top, "sampling");
    traffstat_i_detail_text(at, "engine", fast ? "fast" : "nuts");
    traffstat_i_detail_integer(at, "chains", fast ? 0 : run->chains);
    traffstat_i_detail_integer(at, "draws", (int64_t) a->draws);
    traffstat_i_detail_integer(at, "divergences", run->divergences);
    traffstat_i_detail_number(at, "rhat", fast ? NAN : run->mix.rhat);
    traffstat_i_detail_number(at, "ess_bulk", fast ? NAN : run->mix.bulk);
    traffstat_i_detail_number(at, "ess_tail", fast ? NAN : run->mix.tail);
    traffstat_i_detail_text(at, "worst", fast ? NULL : run->mix.worst);
    traffstat_i_detail_number(at, "ebfmi", run->ebfmi);
    traffstat_i_detail_number(at, "khat", run->khat);
    traffstat_i_detail_number(at, "ess_weights", fast ? worth(a) : NAN);
}

/* Of each number of the exact counts: as counted, as it would come again, and how often it would be
 * at least as large. */
static void add_checks(const answer *a, traffstat_detail *top)
{
    static const char *const names[CHECKS] = {"zeros", "maximum", "dispersion", "lag"};
    traffstat_i_hierarchical *run = a->run;
    traffstat_detail *at = traffstat_i_detail_object(top, "checks");
    for (size_t k = 0; k < CHECKS; k++) {
        const double *one = run->check + k * a->draws;
        const double *other = run->check + (CHECKS + k) * a->draws;
        double seen = 0.0;
        double again = 0.0;
        for (size_t i = 0; i < a->draws; i++) {
            const double weight = weight_of(run, i, a->draws);
            seen += weight * one[i];
            again += weight * other[i];
        }
        if (k <= CHECK_MAXIMUM) {
            seen = one[0]; /* the same in every draw */
        }
        const double share = traffstat_i_replicate_share(one, other, run->weight, a->draws);
        run->misfit = k == CHECK_DISPERSION ? share : run->misfit;
        traffstat_i_detail_check(at, names[k], seen, again, share);
    }
}

/* Of the sampler only, whose draws have no weights of their own. */
static traffstat_status add_loo(const answer *a, traffstat_detail *top)
{
    const traffstat_i_hierarchical *run = a->run;
    if (run->weight != NULL) {
        traffstat_i_detail_none(top, "loo");
        return TRAFFSTAT_OK;
    }
    return traffstat_i_detail_loo(run->ctx, top, run->likelihood, run->data.cell_count, a->draws,
                                  run->one);
}

/* ---- verdict --------------------------------------------------------------------------------- */

/* A fit that cannot be trusted gives no number: every row says why. */
static traffstat_status refuse(traffstat_i_hierarchical *run, const char *reason)
{
    traffstat_status status = TRAFFSTAT_OK;
    run->refused = true;
    for (size_t row = 0; row < run->data.row_count && status == TRAFFSTAT_OK; row++) {
        status = traffstat_i_estimate_row_reason(run->thinning.estimate, row,
                                                 TRAFFSTAT_VERDICT_INESTIMABLE, reason);
    }
    if (status == TRAFFSTAT_OK && run->data.cell_count > 1) {
        status = traffstat_i_estimate_row_reason(run->thinning.estimate, TRAFFSTAT_NONE,
                                                 TRAFFSTAT_VERDICT_INESTIMABLE, reason);
    }
    return status;
}

static traffstat_status say_health(void *user, traffstat_verdict verdict, const char *reason)
{
    traffstat_i_hierarchical *run = user;
    return verdict == TRAFFSTAT_VERDICT_INESTIMABLE
               ? refuse(run, reason)
               : traffstat_i_estimate_reason(run->thinning.estimate, verdict, reason);
}

static traffstat_status judge(const answer *a)
{
    traffstat_i_hierarchical *run = a->run;
    const bool fast = run->weight != NULL;
    const traffstat_i_health health = {.mix = fast ? NULL : &run->mix,
                                       .diverged = (double) run->divergences / (double) a->draws,
                                       .ebfmi = run->ebfmi,
                                       .khat = run->khat,
                                       .worth = fast ? worth(a) : NAN};
    traffstat_status status = traffstat_i_health_judge(&health, say_health, run);
    if (status == TRAFFSTAT_OK && run->misfit < TRAFFSTAT_I_MISFIT_CAUTION) {
        status = traffstat_i_estimate_reason(
            run->thinning.estimate, TRAFFSTAT_VERDICT_CAUTION,
            run->options.negative_binomial != 0
                ? "the counts vary by more than this model allows: its ranges are too narrow"
                : "the counts vary by more than chance about this model: its ranges are too "
                  "narrow; "
                  "a negative binomial count allows for it");
    }
    return status;
}

/* ---- assumptions ----------------------------------------------------------------------------- */

static traffstat_status assume(traffstat_i_hierarchical *run, const char *text)
{
    return traffstat_i_estimate_assume(run->thinning.estimate, text);
}

static traffstat_status assume_text(traffstat_i_hierarchical *run, traffstat_text *text)
{
    const traffstat_status status =
        text->failed ? TRAFFSTAT_E_NOMEM : assume(run, traffstat_i_text_get(text));
    traffstat_i_text_clear(text);
    return status;
}

static void say_scale(traffstat_text *text, const char *before, double scale, const char *after)
{
    traffstat_i_text_add(text, before);
    traffstat_i_text_add_double(text, scale);
    traffstat_i_text_add(text, after);
}

static traffstat_status say_rate_scales(traffstat_i_hierarchical *run)
{
    const traffstat_hierarchical_options *o = &run->options;
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    if (run->data.place_count > 1) {
        say_scale(&text,
                  "rates differ between places (sd of their logarithm half-normal with scale ",
                  o->place_scale, "); ");
    }
    if (run->data.year_count > 1) {
        say_scale(&text, "rates go from year to year in steps (scale ", o->year_scale, "); ");
    }
    say_scale(&text, "the level is normal with sd ", o->level_sd,
              " about where the counts and the middle rate put it");
    return assume_text(run, &text);
}

static traffstat_status say_report_scales(traffstat_i_hierarchical *run)
{
    const traffstat_hierarchical_options *o = &run->options;
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_addf(&text, "the reporting rate is the one named in %d",
                          (int) run->data.first_year + (int) run->spec.anchor_year);
    if (run->data.place_count > 1) {
        say_scale(&text, "; it differs between places (sd of its logit half-normal with scale ",
                  o->report_place_scale, ")");
    }
    if (run->data.year_count > 1 && o->drift_scale > 0.0) {
        say_scale(&text, "; it drifts (scale ", o->drift_scale, " a year)");
    } else if (run->data.year_count > 1) {
        traffstat_i_text_add(&text, " and does not drift");
    }
    return assume_text(run, &text);
}

/* What the model takes of rates and of reporting, as far as the panel has it. */
static traffstat_status say_scales(traffstat_i_hierarchical *run)
{
    const traffstat_status status = say_rate_scales(run);
    return status == TRAFFSTAT_OK ? say_report_scales(run) : status;
}

/* A panel of which a side is missing. */
static const char *lonely(const traffstat_i_hierarchical *run)
{
    if (run->data.cell_count == 1) {
        return "the panel is one count: no other tells of it, and the answer is that of this count "
               "alone";
    }
    if (run->data.place_count == 1) {
        return "the panel is of one place: no other place tells of its level, and differences "
               "between places are not in the answer";
    }
    return run->data.year_count == 1 ? "the panel is of one year: it tells nothing of a change or "
                                       "of a drift of reporting"
                                     : NULL;
}

/* Which law the counts follow, and why. */
static traffstat_status say_law(traffstat_i_hierarchical *run)
{
    char text[320];
    char why[160] = "";
    const bool scattered = run->options.negative_binomial != 0;
    if (!isnan(run->scatter.score)) {
        (void) snprintf(
            why, sizeof why,
            ": about places and years they scatter %s than chance allows (X2 %.0f of %.0f "
            "degrees of freedom)",
            scattered ? "by more" : "by no more", run->scatter.square, run->scatter.freedom);
    }
    (void) snprintf(text, sizeof text, "%s%s",
                    scattered
                        ? "counts are negative binomial about the model, true counts with them"
                        : "counts are Poisson about the model",
                    why);
    return assume(run, text);
}

/* Numbers that are exact only up to weights say so, whatever the weights are worth. */
static traffstat_status say_engine(const answer *a)
{
    char khat[TRAFFSTAT_I_DOUBLE_SIZE];
    char text[200];
    if (a->run->weight == NULL || !isfinite(a->run->khat)) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_format_double(khat, rint(100.0 * a->run->khat) / 100.0);
    (void) snprintf(text, sizeof text,
                    "worked out by weighted draws (the fast engine): k-hat %s, worth %.0f draws",
                    khat, worth(a));
    return assume(a->run, text);
}

static traffstat_status say_assumptions(traffstat_i_hierarchical *run)
{
    traffstat_status status = traffstat_i_rate_assumptions(&run->thinning);
    if (status == TRAFFSTAT_OK) {
        status = say_law(run);
    }
    if (status == TRAFFSTAT_OK && lonely(run) != NULL) {
        status = assume(run, lonely(run));
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_range_assumption(&run->thinning);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_scales(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = assume(run, run->data.per_resident
                                 ? "the population is what is at risk, people passing through "
                                   "included in none of it"
                                 : "no population is known: every place has exposure 1 a year");
    }
    if (status == TRAFFSTAT_OK && run->prior->law.form == TRAFFSTAT_I_FORM_BETA &&
        run->prior->law.shift > 0.0) {
        status = assume(run, "the moved law of the reporting rate is taken as normal on the logit, "
                             "with the same mean and sd");
    }
    if (status == TRAFFSTAT_OK && run->data.breaks_alone > 0) {
        status = assume(run, "what was counted changed in some places in years in which it did not "
                             "in most: their levels go on all the same");
    }
    if (status == TRAFFSTAT_OK && run->data.cell_count > 1) {
        status = assume(run, "rows share what is not known, so their numbers do not add up to a "
                             "total");
    }
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

/* The law of p is that of a middle place in one year. Where differences and drift took the share of
 * all cases elsewhere, the answer rests on them and no longer on the evidence. */
static traffstat_status judge_share(const answer *a)
{
    traffstat_i_hierarchical *run = a->run;
    share_of(a, TRAFFSTAT_NONE, TRAFFSTAT_NONE);
    sort(a, run->one);
    const double share = quantile(a, 0.5);
    const double lower = traffstat_prior_quantile(run->prior, 0.025);
    const double upper = traffstat_prior_quantile(run->prior, 0.975);
    add_summary(a, traffstat_i_detail_object(traffstat_i_estimate_details(run->thinning.estimate),
                                             "share"));
    if ((share >= lower && share <= upper) || run->thinning.kind == TRAFFSTAT_KIND_ESTIMATE) {
        return TRAFFSTAT_OK; /* of an estimate the evidence, not the rate named, is the measure */
    }
    char reason[320];
    (void) snprintf(
        reason, sizeof reason,
        "over all rows the model takes %.0f %% of cases as counted, while the rate named "
        "is %.0f to %.0f %%: differences between places and drift%s moved it there",
        100.0 * share, 100.0 * lower, 100.0 * upper,
        run->extra.term_count > 0 ? ", and the evidence in it," : ", not data on reporting,");
    return traffstat_i_estimate_reason(run->thinning.estimate, TRAFFSTAT_VERDICT_CAUTION, reason);
}

/* What is read off the draws beside the rows; nothing where they cannot be trusted. */
static traffstat_status write_details(const answer *a, traffstat_detail *top)
{
    traffstat_i_hierarchical *run = a->run;
    add_parts(a, top);
    add_parameters(a, top);
    traffstat_status status = add_loo(a, top);
    if (status == TRAFFSTAT_OK) {
        status = judge_share(a);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_hierarchical_say_extras(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_hierarchical_beside(run);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_hierarchical_sensitivity(run) : status;
}

static traffstat_status write_rows(const answer *a)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = 0; row < a->run->data.row_count && status == TRAFFSTAT_OK; row++) {
        status = write_row(a, row);
    }
    return status == TRAFFSTAT_OK ? write_total(a) : status;
}

static traffstat_status write_all(const answer *a)
{
    traffstat_i_hierarchical *run = a->run;
    traffstat_detail *top = traffstat_i_estimate_details(run->thinning.estimate);
    add_sampling(a, top);
    add_checks(a, top);
    traffstat_status status = judge(a); /* first: a refusal is the first reason of each row */
    if (status == TRAFFSTAT_OK) {
        status = write_rows(a);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_assumptions(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_engine(a);
    }
    if (status == TRAFFSTAT_OK) {
        sort(a, run->hyper + HYPER_SHARE * a->draws);
        status = traffstat_i_thinning_basis(&run->thinning, run->refused ? NAN : mean(a),
                                            run->refused ? NAN : sd(a));
    }
    return status == TRAFFSTAT_OK && !run->refused ? write_details(a, top) : status;
}

traffstat_status traffstat_i_hierarchical_answer(traffstat_i_hierarchical *run)
{
    answer a = {.run = run, .draws = (size_t) run->chains * (size_t) run->draws};
    a.sorted = traffstat_i_alloc(run->ctx, a.draws, sizeof *a.sorted);
    const traffstat_status status = a.sorted != NULL ? write_all(&a) : TRAFFSTAT_E_NOMEM;
    traffstat_i_free(run->ctx, a.sorted);
    return status;
}
