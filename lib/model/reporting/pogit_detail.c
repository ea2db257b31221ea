/* What a regression on a panel says beside its rows: coefficients, the reporting rate, how the chains
 * went, checks, assumptions. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "estimate/words.h"
#include "model/reporting/pogit_panel.h"

#define FEW_CHECKED 10.0 /* cases looked up: fewer, and the flat law weighs as much as they do */
#define MOVED 0.02       /* of the mean of p: less is Monte-Carlo error */

typedef struct number {
    double estimate; /* median, or the top */
    double mean;     /* NaN at the top */
    double sd;       /* or error */
    double lower;
    double upper;
} number;

static bool is_sampled(const traffstat_i_pogit_panel *run)
{
    return run->options.engine == TRAFFSTAT_POGIT_NUTS;
}

static size_t all_of(const traffstat_i_pogit_panel *run)
{
    return (size_t) run->chains * (size_t) run->draws;
}

static void add_number(traffstat_detail *to, const number *of)
{
    traffstat_i_detail_number(to, "estimate", of->estimate);
    traffstat_i_detail_number(to, "mean", of->mean);
    traffstat_i_detail_number(to, "sd", of->sd);
    traffstat_i_detail_number(to, "lower", of->lower);
    traffstat_i_detail_number(to, "upper", of->upper);
}

/* Of draws; `sorted` is work of as many. */
static number number_of(const traffstat_i_pogit_panel *run, const double *values, double *sorted)
{
    const size_t all = all_of(run);
    const double tail = 0.5 * (1.0 - run->options.level);
    memmove(sorted, values, all * sizeof *sorted);
    const double mean = traffstat_i_mean_of(values, all);
    const double sd = traffstat_i_sd_of(values, all);
    traffstat_i_sort_values(sorted, all);
    return (number){traffstat_i_quantile_of(sorted, all, 0.5), mean, sd,
                    traffstat_i_quantile_of(sorted, all, tail),
                    traffstat_i_quantile_of(sorted, all, 1.0 - tail)};
}

/* ---- coefficients ---------------------------------------------------------------------------- */

/* One unit of the column as it was read: the design's unit is one spread of it. */
static number per_unit(number of, double spread)
{
    return (number){of.estimate / spread, of.mean / spread, of.sd / spread, of.lower / spread,
                    of.upper / spread};
}

static void add_mixing(const traffstat_i_pogit_panel *run, traffstat_detail *to,
                       const double *values)
{
    double *work = run->one + all_of(run);
    traffstat_i_detail_number(to, "rhat", traffstat_i_rhat(values, run->chains, run->draws, work));
    traffstat_i_detail_number(to, "ess_bulk",
                              traffstat_i_ess_bulk(values, run->chains, run->draws, work));
    traffstat_i_detail_number(to, "ess_tail",
                              traffstat_i_ess_tail(values, run->chains, run->draws, work));
}

static traffstat_status at_top(const traffstat_i_pogit_panel *run, size_t j, number *out)
{
    traffstat_pogit_number wald;
    traffstat_interval profile = {0};
    traffstat_status status =
        traffstat_i_pogit_coefficient(run->ctx, run->fit, j, run->options.level, &wald);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_pogit_profile(run->ctx, run->fit, j, run->options.level, &profile);
    }
    *out = (number){wald.estimate, NAN, wald.error, profile.lower, profile.upper};
    return status;
}

static traffstat_status add_coefficients(traffstat_i_pogit_panel *run, traffstat_detail *top)
{
    traffstat_detail *list = traffstat_i_detail_list(top, "coefficients");
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t j = 0; j < run->k && status == TRAFFSTAT_OK; j++) {
        const traffstat_i_pogit_column *column = &run->columns[j];
        const double *values = is_sampled(run) ? run->values + j * all_of(run) : NULL;
        number got = {NAN, NAN, NAN, NAN, NAN};
        if (values != NULL) {
            got = number_of(run, values, run->one);
        } else {
            status = at_top(run, j, &got);
        }
        got = per_unit(got, column->spread);
        traffstat_detail *at = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(at, "part", column->reporting ? "reporting" : "rate");
        traffstat_i_detail_text(at, "name", column->name);
        add_number(at, &got);
        traffstat_i_detail_number(at, "ratio", exp(got.estimate)); /* of rates, or of odds */
        if (values != NULL) {
            add_mixing(run, at, values);
        }
    }
    return status;
}

/* "zone is East, income 1.25": what the levels and the prior are of. */
static void add_reference(const traffstat_i_pogit_panel *run, traffstat_detail *top)
{
    traffstat_detail *list = traffstat_i_detail_list(top, "reference");
    for (size_t j = 0; j < run->k; j++) {
        const traffstat_i_pogit_column *column = &run->columns[j];
        if (j == 0 || j == run->data.rate_columns) {
            continue; /* a level */
        }
        traffstat_detail *at = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(at, "part", column->reporting ? "reporting" : "rate");
        traffstat_i_detail_text(at, "name", column->name);
        if (column->baseline[0] != '\0') {
            traffstat_i_detail_text(at, "baseline", column->baseline);
        } else {
            traffstat_i_detail_number(at, "mean", column->middle);
        }
    }
}

/* ---- the reporting rate ---------------------------------------------------------------------- */

static double share_of(double logit)
{
    return 1.0 / (1.0 + exp(-logit));
}

/* p in the reference class after the data. */
static traffstat_status reporting_after(traffstat_i_pogit_panel *run, number *out)
{
    const size_t level = run->data.rate_columns;
    if (is_sampled(run)) {
        const size_t all = all_of(run);
        double *shares = run->one + all;
        for (size_t i = 0; i < all; i++) {
            shares[i] = share_of(run->values[level * all + i]);
        }
        *out = number_of(run, shares, run->one);
        return TRAFFSTAT_OK;
    }
    const traffstat_status status = at_top(run, level, out);
    const double p = share_of(out->estimate);
    *out = (number){p, NAN, out->sd * p * (1.0 - p), share_of(out->lower), share_of(out->upper)};
    return status;
}

static void say_source_of(const traffstat_i_pogit_panel *run, traffstat_text *source)
{
    traffstat_i_text_addf(source, "validation: of %lld cases looked up %lld were reported",
                          (long long) run->checked, (long long) run->seen);
    if (run->prior != NULL) {
        const char *said = traffstat_prior_source(run->prior);
        traffstat_i_text_addf(source, "; beside it %s", said[0] != '\0' ? said : "an assumption");
    }
}

static void add_prior(const traffstat_i_pogit_panel *run, traffstat_detail *at, double a, double b,
                      double mean)
{
    if (run->prior == NULL && !is_sampled(run)) {
        traffstat_i_detail_none(at, "prior");
        return;
    }
    traffstat_detail *prior = traffstat_i_detail_object(at, "prior");
    traffstat_i_detail_number(prior, "a", a);
    traffstat_i_detail_number(prior, "b", b);
    traffstat_i_detail_number(prior, "mean", mean);
}

/* Where validation says how large p is: the same keys as those of a borrowed rate. */
static traffstat_status add_validated(traffstat_i_pogit_panel *run, traffstat_detail *top,
                                      const number *after)
{
    double mean = 0.5; /* of the flat law Beta(1/2, 1/2), which only steadies the sampler */
    double sd = sqrt(0.125);
    const bool told = run->prior != NULL || is_sampled(run);
    const double middle = isnan(after->mean) ? after->estimate : after->mean;
    traffstat_text source;
    if (run->prior != NULL) {
        traffstat_i_share_moments(&run->prior->law, &mean, &sd);
    }
    traffstat_detail *at = traffstat_i_detail_object(top, "reporting");
    add_prior(run, at, run->prior != NULL ? traffstat_prior_a(run->prior) : 0.5,
              run->prior != NULL ? traffstat_prior_b(run->prior) : 0.5, mean);
    traffstat_detail *posterior = traffstat_i_detail_object(at, "posterior");
    traffstat_i_detail_number(posterior, "mean", middle);
    traffstat_i_detail_number(posterior, "sd", after->sd);
    traffstat_i_detail_number(posterior, "lower", after->lower);
    traffstat_i_detail_number(posterior, "upper", after->upper);
    traffstat_i_detail_number(at, "contraction", told ? 1.0 - after->sd / sd : NAN);
    traffstat_i_detail_number(at, "shift", told ? middle - mean : NAN);
    traffstat_i_detail_text(at, "moved_by", "validation");
    traffstat_i_detail_text(at, "origin", "validation");
    traffstat_i_detail_text(at, "kind", "audit");
    traffstat_i_detail_number(at, "size", run->checked);
    traffstat_i_text_init(&source, run->ctx);
    say_source_of(run, &source);
    if (source.failed) {
        traffstat_i_detail_out_of_memory(at);
    } else {
        traffstat_i_detail_text(at, "source", traffstat_i_text_get(&source));
    }
    traffstat_i_text_clear(&source);
    return TRAFFSTAT_OK;
}

static traffstat_status judge_prior(traffstat_i_pogit_panel *run, const number *after)
{
    double mean = 0.0;
    double sd = 0.0;
    const double middle = isnan(after->mean) ? after->estimate : after->mean;
    traffstat_i_share_moments(&run->prior->law, &mean, &sd);
    if (run->checked > 0.0 || fabs(middle - mean) <= fmax(MOVED * mean, 0.2 * sd)) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_estimate_reason(
        run->thinning.estimate, TRAFFSTAT_VERDICT_CAUTION,
        "the regression's structure, no data on reporting, moved the reporting rate from what was "
        "named");
}

static traffstat_status add_reporting(traffstat_i_pogit_panel *run, traffstat_detail *top)
{
    number after;
    traffstat_status status = reporting_after(run, &after);
    if (status == TRAFFSTAT_OK && run->disagrees) {
        status = traffstat_i_estimate_reason(
            run->thinning.estimate, TRAFFSTAT_VERDICT_CAUTION,
            "the cases looked up and the reporting rate that was named say different things, by "
            "more than their errors: the answer lies between");
    }
    if (status != TRAFFSTAT_OK || run->prior == NULL || run->carried) {
        return status == TRAFFSTAT_OK ? add_validated(run, top, &after) : status;
    }
    status = traffstat_i_thinning_basis(&run->thinning,
                                        isnan(after.mean) ? after.estimate : after.mean, after.sd);
    return status == TRAFFSTAT_OK ? judge_prior(run, &after) : status;
}

/* What share of all cases was counted. */
static void add_share(traffstat_i_pogit_panel *run, traffstat_detail *top)
{
    if (!is_sampled(run)) {
        return;
    }
    const size_t all = all_of(run);
    double *hidden = run->one + all;
    double *share = run->one;
    traffstat_i_pogit_sum(run, run->all, share);
    traffstat_i_pogit_sum(run, run->hidden, hidden);
    for (size_t i = 0; i < all; i++) {
        share[i] = share[i] > 0.0 ? 1.0 - hidden[i] / share[i] : 1.0;
    }
    const number got = number_of(run, share, hidden);
    add_number(traffstat_i_detail_object(top, "share"), &got);
}

/* ---- the engine ------------------------------------------------------------------------------ */

static void add_sampling(const traffstat_i_pogit_panel *run, traffstat_detail *top)
{
    traffstat_pogit_summary sum;
    traffstat_detail *at = traffstat_i_detail_object(top, "sampling");
    traffstat_i_detail_text(at, "engine", is_sampled(run) ? "nuts" : "ml");
    if (is_sampled(run)) {
        traffstat_i_detail_integer(at, "chains", run->chains);
        traffstat_i_detail_integer(at, "draws", (int64_t) all_of(run));
        traffstat_i_detail_integer(at, "divergences", run->divergences);
        traffstat_i_detail_number(at, "accept", run->accept);
        traffstat_i_detail_number(at, "rhat", run->mix.rhat);
        traffstat_i_detail_number(at, "ess_bulk", run->mix.bulk);
        traffstat_i_detail_number(at, "ess_tail", run->mix.tail);
        traffstat_i_detail_text(at, "worst", run->mix.worst);
        traffstat_i_detail_number(at, "ebfmi", run->ebfmi);
        return;
    }
    if (traffstat_pogit_get(run->fit, &sum) == TRAFFSTAT_OK) {
        traffstat_i_detail_integer(at, "iterations", sum.iterations);
        traffstat_i_detail_number(at, "loglik", sum.loglik);
        traffstat_i_detail_number(at, "deviance", sum.deviance);
        traffstat_i_detail_number(at, "aic", sum.aic);
    }
}

/* Of each number of the exact counts: as counted, as it would come again, and how often it would be
 * at least as large. */
static void add_checks(traffstat_i_pogit_panel *run, traffstat_detail *top)
{
    static const char *const names[POGIT_CHECKS] = {"zeros", "maximum", "dispersion"};
    const size_t all = all_of(run);
    traffstat_detail *list = traffstat_i_detail_object(top, "checks");
    for (size_t k = 0; k < POGIT_CHECKS; k++) {
        const double *seen = run->check + k * all;
        const double *again = run->check + (POGIT_CHECKS + k) * all;
        const double share = traffstat_i_replicate_share(seen, again, NULL, all);
        run->misfit = k == POGIT_DISPERSION ? share : run->misfit;
        traffstat_i_detail_check(list, names[k], traffstat_i_mean_of(seen, all),
                                 traffstat_i_mean_of(again, all), share);
    }
}

/* ---- verdict --------------------------------------------------------------------------------- */

/* Few cases, or all of one kind, leave an end of p to the flat law that steadies the sampler. */
static traffstat_status judge_validation(traffstat_i_pogit_panel *run)
{
    char reason[200];
    const bool one_kind = run->seen <= 0.0 || run->seen >= run->checked;
    if (!run->carried || run->prior != NULL || (run->checked >= FEW_CHECKED && !one_kind)) {
        return TRAFFSTAT_OK;
    }
    (void) snprintf(reason, sizeof reason,
                    "of %.0f cases looked up %.0f were reported: so few%s leave one end of the "
                    "reporting rate to the law assumed before",
                    run->checked, run->seen, one_kind ? ", or all of one kind," : "");
    return traffstat_i_estimate_reason(run->thinning.estimate, TRAFFSTAT_VERDICT_CAUTION, reason);
}

static traffstat_status say_health(void *user, traffstat_verdict verdict, const char *reason)
{
    traffstat_i_pogit_panel *run = user;
    return verdict == TRAFFSTAT_VERDICT_INESTIMABLE
               ? traffstat_i_pogit_refuse(run, reason)
               : traffstat_i_estimate_reason(run->thinning.estimate, verdict, reason);
}

static traffstat_status judge(traffstat_i_pogit_panel *run)
{
    traffstat_estimate *to = run->thinning.estimate;
    const traffstat_i_health health = {.mix = &run->mix,
                                       .diverged = (double) run->divergences / (double) all_of(run),
                                       .ebfmi = run->ebfmi,
                                       .khat = NAN,
                                       .worth = NAN};
    traffstat_status status = traffstat_i_health_judge(&health, say_health, run);
    if (status == TRAFFSTAT_OK && run->misfit < TRAFFSTAT_I_MISFIT_CAUTION) {
        status = traffstat_i_estimate_reason(to, TRAFFSTAT_VERDICT_CAUTION,
                                             "the counts vary by more than chance about this "
                                             "regression: its ranges are too narrow");
    }
    return status;
}

/* ---- assumptions ----------------------------------------------------------------------------- */

static traffstat_status assume(traffstat_i_pogit_panel *run, const char *text)
{
    return traffstat_i_estimate_assume(run->thinning.estimate, text);
}

static traffstat_status say_source(traffstat_i_pogit_panel *run)
{
    traffstat_status status = TRAFFSTAT_OK;
    if (run->checked > 0.0) {
        char text[256];
        (void) snprintf(text, sizeof text,
                        "the %.0f cases looked up are a fair sample of their rows' cases",
                        run->checked);
        status = assume(run, text);
    }
    if (status != TRAFFSTAT_OK || (run->prior != NULL && !run->carried)) {
        return status == TRAFFSTAT_OK ? traffstat_i_rate_assumptions(&run->thinning) : status;
    }
    if (run->prior != NULL) {
        status =
            assume(run, "the reporting rate that was named stands beside them; they say more of "
                        "it");
    }
    if (status == TRAFFSTAT_OK) {
        status = assume(run, "each case is counted with its row's reporting rate, independently of "
                             "the others");
    }
    return status == TRAFFSTAT_OK ? assume(run, "no case is counted twice or by mistake") : status;
}

static traffstat_status say_laws(traffstat_i_pogit_panel *run)
{
    const traffstat_pogit_options *o = &run->options;
    char level[TRAFFSTAT_I_DOUBLE_SIZE];
    char rate[TRAFFSTAT_I_DOUBLE_SIZE];
    char report[TRAFFSTAT_I_DOUBLE_SIZE];
    char text[400];
    traffstat_i_format_double(level, o->level_sd);
    traffstat_i_format_double(rate, o->rate_sd);
    traffstat_i_format_double(report, o->report_sd);
    (void) snprintf(
        text, sizeof text,
        "the logarithm of the rate in the reference class is normal with sd %s, what one "
        "sd of a column of numbers or a word does to it with sd %s, and to the logit of "
        "the reporting rate with sd %s%s",
        level, rate, report,
        run->prior == NULL ? "; the reporting rate there is Beta(0.5, 0.5)" : "");
    return assume(run, text);
}

static traffstat_status say_assumptions(traffstat_i_pogit_panel *run)
{
    traffstat_status status = say_source(run);
    if (status == TRAFFSTAT_OK && run->prior != NULL) {
        status = traffstat_i_range_assumption(&run->thinning);
    }
    if (status == TRAFFSTAT_OK) {
        status =
            assume(run, "rows differ in rate and reporting by the columns named and by nothing "
                        "else");
    }
    if (status == TRAFFSTAT_OK && is_sampled(run)) {
        status = say_laws(run);
    }
    if (status == TRAFFSTAT_OK && run->prior != NULL) {
        status = assume(run, "the reporting rate that was named is that of the reference class");
    }
    if (status == TRAFFSTAT_OK && !run->per_resident) {
        status = assume(run, "no population is known: every row has exposure 1");
    }
    if (status == TRAFFSTAT_OK && run->prior != NULL &&
        run->prior->law.form == TRAFFSTAT_I_FORM_BETA && run->prior->law.shift > 0.0) {
        status = assume(run, "the moved law of the reporting rate is taken as normal on the logit, "
                             "with the same mean and sd");
    }
    if (status == TRAFFSTAT_OK && run->count > 1) {
        status = assume(run, "rows share what is not known, so their numbers do not add up to a "
                             "total");
    }
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

traffstat_status traffstat_i_pogit_details(traffstat_i_pogit_panel *run)
{
    traffstat_detail *top = traffstat_i_estimate_details(run->thinning.estimate);
    traffstat_status status = say_assumptions(run);
    if (status == TRAFFSTAT_OK) {
        status = add_reporting(run, top);
    }
    if (status == TRAFFSTAT_OK) {
        status = judge_validation(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = add_coefficients(run, top);
    }
    if (status == TRAFFSTAT_OK) {
        add_reference(run, top);
        add_share(run, top);
        add_sampling(run, top);
    }
    if (status != TRAFFSTAT_OK || !is_sampled(run)) {
        return status;
    }
    add_checks(run, top);
    status =
        traffstat_i_detail_loo(run->ctx, top, run->likelihood, run->count, all_of(run), run->one);
    return status == TRAFFSTAT_OK ? judge(run) : status;
}
