/* The sentences of a thinning: its kind, reasons, assumptions and what the rate rests on. */
#include <inttypes.h>
#include <math.h>

#include "estimate/words.h"
#include "model/reporting/thinning.h"

/* A mean or sd of p that differs by less than this share was not moved: the quadrature and rounding
 * stay far below it. */
#define MOVED 1e-6

static const char assumed[] = "the reporting rate is assumed, not measured here";

/* ---- kind ------------------------------------------------------------------------------------ */

static traffstat_status kind_of_evidence(traffstat_i_thinning *run)
{
    traffstat_text mismatches;
    traffstat_i_text_init(&mismatches, run->ctx);
    traffstat_status status = traffstat_i_match_evidence(run->ctx, run->panel, &run->prior->entry,
                                                         &run->kind, &mismatches);
    const bool sized = run->prior->size > 0.0; /* so the last mismatch is the missing interval */
    if (status == TRAFFSTAT_OK && run->kind == TRAFFSTAT_KIND_SCENARIO) {
        traffstat_i_text_add(&run->scenario, sized ? "the reporting rate rests on assumptions: "
                                                   : "the reporting rate is borrowed: ");
        traffstat_i_text_add(&run->scenario, traffstat_i_text_get(&mismatches));
        traffstat_i_text_add(&run->scenario, sized ? ", so its weight (" : "");
    }
    if (status == TRAFFSTAT_OK && sized) {
        traffstat_i_text_add_double(&run->scenario, run->prior->size);
        traffstat_i_text_add(&run->scenario, ") is assumed");
    }
    if (status == TRAFFSTAT_OK && (mismatches.failed || run->scenario.failed)) {
        status = TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_text_clear(&mismatches);
    return status;
}

traffstat_status traffstat_i_thinning_kind(traffstat_i_thinning *run)
{
    run->kind = TRAFFSTAT_KIND_SCENARIO;
    if (run->prior->origin == ORIGIN_EVIDENCE) {
        return kind_of_evidence(run);
    }
    traffstat_i_text_add(&run->scenario, assumed);
    return run->scenario.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

/* ---- reasons of a row ------------------------------------------------------------------------ */

const char *traffstat_i_why_text(traffstat_why why)
{
    switch (why) {
    case TRAFFSTAT_WHY_SUPPRESSED:
        return "the count was suppressed without bounds";
    case TRAFFSTAT_WHY_NOT_APPLICABLE:
        return "nothing was to be counted here in this year";
    case TRAFFSTAT_WHY_UNPARSABLE:
        return "the count could not be read";
    default:
        return "no count was reported";
    }
}

traffstat_status traffstat_i_thinning_cell_reasons(traffstat_i_thinning *run, size_t row,
                                                   const traffstat_cell *cell)
{
    const struct {
        bool holds;
        const char *text;
    } reasons[] = {
        {run->kind == TRAFFSTAT_KIND_SCENARIO, traffstat_i_text_get(&run->scenario)},
        {(cell->flags & TRAFFSTAT_FLAG_PARTIAL) != 0,
         "the count is a sum in which a part was not reported"},
        {(cell->flags & TRAFFSTAT_FLAG_PARTIAL_YEAR) != 0,
         "the count covers only a part of the year"},
        {(cell->flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0,
         "the count is provisional: its source may still change it"},
        {cell->coverage < 1.0, "coverage is below 1: cases in the part that did not report are "
                               "taken to be as frequent as in the part that did"},
    };
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0] && status == TRAFFSTAT_OK; i++) {
        if (reasons[i].holds) {
            status = traffstat_i_estimate_row_reason(run->estimate, row, TRAFFSTAT_VERDICT_CAUTION,
                                                     reasons[i].text);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status =
            traffstat_i_cell_doubts(run->ctx, run->estimate, row, run->panel, row, cell->flags);
    }
    return status;
}

/* ---- assumptions ----------------------------------------------------------------------------- */

static void say_rate_prior(const traffstat_i_thinning *run, traffstat_text *text)
{
    const traffstat_i_belief *belief = &run->belief;
    switch (belief->rate_prior) {
    case TRAFFSTAT_RATE_JEFFREYS:
        traffstat_i_text_add(text,
                             "the expected number in all, lambda, has the prior lambda^-1/2, which "
                             "moves the reporting rate from Beta(a, b) to Beta(a - 1/2, b)");
        break;
    case TRAFFSTAT_RATE_GAMMA:
        traffstat_i_text_add(text, "the expected number in all of each row has the prior Gamma(");
        traffstat_i_text_add_double(text, belief->shape);
        traffstat_i_text_add(text, ", ");
        traffstat_i_text_add_double(text, belief->rate);
        traffstat_i_text_add(text, "), of mean ");
        traffstat_i_text_add_double(text, belief->shape / belief->rate);
        if (run->options.exposure_unit > 0.0) {
            traffstat_i_text_add(text, " for each ");
            traffstat_i_text_add_double(text, run->options.exposure_unit);
            traffstat_i_text_add(text, " residents");
        } else {
            traffstat_i_text_add(text, ", at exposure 1 a row: population is not used");
        }
        break;
    default:
        traffstat_i_text_add(text, "the number expected in all has the prior 1/lambda, which "
                                   "leaves the rate as stated");
    }
}

static void say_widened(const traffstat_prior *prior, traffstat_text *text)
{
    traffstat_i_text_add(text, " holds here after it is widened for the move");
    if (prior->discount < 1.0) {
        traffstat_i_text_add(text, " (at ");
        traffstat_i_text_add_double(text, prior->discount);
        traffstat_i_text_add(text, " of its weight)");
    }
    if (prior->law.shift > 0.0) {
        traffstat_i_text_add(text, " (by a shift of its logit with sd ");
        traffstat_i_text_add_double(text, prior->law.shift);
        traffstat_i_text_add(text, ")");
    }
    traffstat_i_text_add(text, "; the counts cannot test it");
}

/* Whether several pieces of evidence say the same. */
static void say_agreement(const traffstat_prior_agreement *of, traffstat_text *text)
{
    traffstat_i_text_addf(text, "the reporting rate combines %" PRId64 " pieces of evidence, ",
                          of->count);
    if (of->between > 0.0) {
        traffstat_i_text_add(text, "which differ by more than their own errors (Q = ");
    } else {
        traffstat_i_text_add(text, "which agree within their own errors (Q = ");
    }
    traffstat_i_text_add_double(text, rint(of->q * 100.0) / 100.0);
    traffstat_i_text_add(text, ", p = ");
    traffstat_i_text_add_double(text, rint(of->p * 1e4) / 1e4);
    traffstat_i_text_add(text, of->between > 0.0
                                   ? "), so its range is wider than theirs; the counts cannot test "
                                     "it"
                                   : "); the counts cannot test it");
}

static void say_move(const traffstat_i_thinning *run, traffstat_text *text)
{
    if (run->measured) {
        traffstat_i_text_add(text, "the reporting rate that was named is only where the evidence "
                                   "starts from, which carries most of what is known of it");
        return;
    }
    if (run->prior->agreement.count > 0) {
        say_agreement(&run->prior->agreement, text);
        return;
    }
    if (run->prior->origin != ORIGIN_EVIDENCE &&
        (run->prior->law.shift > 0.0 || run->prior->discount < 1.0)) {
        traffstat_i_text_add(text, "the reporting rate that was assumed");
        say_widened(run->prior, text);
        return;
    }
    if (run->prior->origin != ORIGIN_EVIDENCE) {
        traffstat_i_text_add(text, "the reporting rate is what was assumed: the counts cannot "
                                   "test it");
        return;
    }
    traffstat_i_text_add(text, "the reporting rate of ");
    traffstat_i_say_place(text, run->prior->entry.place);
    if (run->prior->law.shift > 0.0 || run->prior->discount < 1.0) {
        say_widened(run->prior, text);
    } else {
        traffstat_i_text_add(text, " holds here unchanged: its range is not widened for the move, "
                                   "and the counts cannot test it");
    }
}

/* A rate that was borrowed with a range, but without the level of that range. */
static bool level_is_assumed(const traffstat_prior *prior)
{
    return prior->origin == ORIGIN_EVIDENCE && prior->size <= 0.0 && isnan(prior->entry.level);
}

static traffstat_status assume_said(traffstat_i_thinning *run,
                                    void (*say)(const traffstat_i_thinning *, traffstat_text *))
{
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    say(run, &text);
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_assume(run->estimate, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

traffstat_status traffstat_i_rate_assumptions(traffstat_i_thinning *run)
{
    traffstat_status status = assume_said(run, say_move);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_assume(
            run->estimate, "each case is counted with that probability, independently of "
                           "the others");
    }
    if (status == TRAFFSTAT_OK) {
        status =
            traffstat_i_estimate_assume(run->estimate, "no case is counted twice or by mistake");
    }
    return status;
}

traffstat_status traffstat_i_range_assumption(traffstat_i_thinning *run)
{
    if (!level_is_assumed(run->prior)) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_estimate_assume(
        run->estimate, "the range of the reporting rate, published without its level, is taken "
                       "as a central 95"
                       "\xc2\xa0"
                       "% range");
}

traffstat_status traffstat_i_thinning_assumptions(traffstat_i_thinning *run)
{
    traffstat_status status = traffstat_i_rate_assumptions(run);
    if (status == TRAFFSTAT_OK) {
        status = assume_said(run, say_rate_prior);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_range_assumption(run);
    }
    if (status == TRAFFSTAT_OK && run->numbers > 1) {
        status = traffstat_i_estimate_assume(
            run->estimate,
            run->options.independent != 0
                ? "each row has a reporting rate of its own, independent of the others: where one "
                  "source informs them all, the range of the total is too narrow"
                : "all rows share one rate, so their numbers do not add up to a total");
    }
    if (status == TRAFFSTAT_OK && run->numbers > 1 && run->options.independent == 0 &&
        run->belief.rate_prior == TRAFFSTAT_RATE_GAMMA) {
        status = traffstat_i_estimate_assume(run->estimate,
                                             "each row is estimated from its own count, a total "
                                             "from all counts together");
    }
    return status;
}

/* ---- basis ----------------------------------------------------------------------------------- */

static void say_period(traffstat_text *text, const traffstat_evidence_entry *entry)
{
    if (entry->first_year != 0) {
        traffstat_i_text_add_int(text, entry->first_year);
    }
    if (entry->last_year != 0 && entry->last_year != entry->first_year) {
        traffstat_i_text_add(text, "\xe2\x80\x93");
        traffstat_i_text_add_int(text, entry->last_year);
    }
}

static traffstat_status judge_move(traffstat_i_thinning *run,
                                   const traffstat_reporting_basis *basis)
{
    const double shift = fabs(basis->posterior_mean - basis->mean) / basis->mean;
    const bool unknown = isnan(basis->posterior_mean) && run->options.independent != 0;
    if (run->belief.rate_prior != TRAFFSTAT_RATE_INVERSE &&
        (unknown || shift > MOVED || fabs(basis->contraction) > MOVED)) {
        return traffstat_i_estimate_reason(
            run->estimate, TRAFFSTAT_VERDICT_CAUTION,
            "the rate prior, not the counts, informed the reporting rate");
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_thinning_basis(traffstat_i_thinning *run, double mean, double sd)
{
    const traffstat_prior *prior = run->prior;
    double prior_mean = 0.0;
    double prior_sd = 0.0;
    traffstat_i_share_moments(&prior->law, &prior_mean, &prior_sd);
    traffstat_text period;
    traffstat_i_text_init(&period, run->ctx);
    traffstat_reporting_basis basis = {.origin = prior->origin,
                                       .a = traffstat_prior_a(prior),
                                       .b = traffstat_prior_b(prior),
                                       .mean = prior_mean,
                                       .lower = traffstat_prior_quantile(prior, 0.025),
                                       .upper = traffstat_prior_quantile(prior, 0.975),
                                       .posterior_mean = mean,
                                       .contraction = prior_sd > 0.0 ? 1.0 - sd / prior_sd : NAN,
                                       .id = "",
                                       .source = prior->source,
                                       .place = "",
                                       .period = "",
                                       .unit = "",
                                       .measure = "",
                                       .agencies = "",
                                       .note = ""};
    if (prior->origin == ORIGIN_EVIDENCE) {
        say_period(&period, &prior->entry);
        basis.id = prior->entry.id;
        basis.place = prior->entry.place;
        basis.period = traffstat_i_text_get(&period);
        basis.unit = prior->entry.unit;
        basis.measure = prior->entry.measure;
        basis.agencies = prior->entry.agencies;
        basis.note = prior->entry.note;
    } else if (prior->source[0] == '\0') {
        basis.source = "an assumption";
    }
    traffstat_status status =
        period.failed ? TRAFFSTAT_E_NOMEM : traffstat_i_estimate_set_basis(run->estimate, &basis);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_thinning_rate_detail(run, &basis, sd);
        status = judge_move(run, &basis);
    }
    traffstat_i_text_clear(&period);
    return status;
}
