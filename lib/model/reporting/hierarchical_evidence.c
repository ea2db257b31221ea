/* What evidence beside the counts makes of a panel's answer: its kind, its words, its details. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/reporting/hierarchical.h"

/* The rule of VERDICTS, "the data carry the level", in numbers: half of the sd gone is a fourfold
 * precision, so that three quarters of what is known of p are data; and those must come from where at
 * least half of the cases were counted. */
#define CARRIED_CONTRACTION 0.5
#define CARRIED_COUNTS 0.5
enum { MANY = 6 }; /* pieces of evidence: more are told in one sentence */

#define SAID 0.02 /* less than this of an sd taken away is not worth a word */

/* ---- kind ------------------------------------------------------------------------------------ */

bool traffstat_i_hierarchical_informed(const traffstat_i_hierarchical *run, size_t cell)
{
    const traffstat_i_cell *c = &run->data.cells[cell];
    for (size_t k = 0; k < run->extra.term_count; k++) {
        const traffstat_i_evidence_term *term = &run->extra.terms[k];
        if ((term->place == TRAFFSTAT_I_EVERYWHERE || term->place == c->place) &&
            (term->year == TRAFFSTAT_I_EVERYWHERE || term->year == c->year)) {
            return true;
        }
    }
    return false;
}

/* Share of what was counted in cells that some evidence comes from. */
static double covered(const traffstat_i_hierarchical *run)
{
    double sum = 0.0;
    for (size_t i = 0; i < run->data.cell_count; i++) {
        const traffstat_i_cell *c = &run->data.cells[i];
        const double low = (double) c->low;
        const double middle = c->high < 0 ? low : 0.5 * (low + (double) c->high);
        sum += traffstat_i_hierarchical_informed(run, i) ? middle : 0.0;
    }
    return sum / run->data.reported;
}

static double spread_of(const traffstat_i_hierarchical *run, const double *values)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    double mean = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < draws; i++) {
        mean += values[i] * (run->weight != NULL ? run->weight[i] : 1.0 / (double) draws);
    }
    for (size_t i = 0; i < draws; i++) {
        const double off = values[i] - mean;
        squares += off * off * (run->weight != NULL ? run->weight[i] : 1.0 / (double) draws);
    }
    return sqrt(squares);
}

/* How much smaller than the sd of p's prior that of p over all cases is. (p in a middle place would
 * not do: audits in every place tell little of it.) */
static double contraction(const traffstat_i_hierarchical *run)
{
    double unused = 0.0;
    double before = 0.0;
    traffstat_i_share_moments(&run->prior->law, &unused, &before);
    return 1.0 - spread_of(run, run->shares) / before;
}

static const char *mover(const traffstat_i_hierarchical *run)
{
    bool cases = false;
    bool totals = false;
    for (size_t k = 0; k < run->extra.term_count; k++) {
        cases = cases || !run->extra.terms[k].is_total;
        totals = totals || run->extra.terms[k].is_total;
    }
    return cases && totals ? "validated cases and overlapping lists"
           : totals        ? "overlapping lists"
                           : "validated cases";
}

static bool is_sourced(const traffstat_i_hierarchical *run)
{
    for (size_t k = 0; k < run->extras->given_count; k++) {
        if (run->extras->given[k].source[0] == '\0') {
            return false;
        }
    }
    return true;
}

static const char *source_of(const traffstat_i_given *of)
{
    return of->source[0] != '\0' ? of->source : "source not named";
}

/* A scenario into which evidence went says what it did and did not do. */
static traffstat_status say_rest(traffstat_i_hierarchical *run)
{
    traffstat_text *text = &run->thinning.scenario;
    const double percent = rint(100.0 * run->carried);
    traffstat_i_text_add(text, "; the ");
    traffstat_i_text_add(text, mover(run));
    if (run->carried < SAID) {
        traffstat_i_text_add(text, " hardly narrow it");
    } else {
        traffstat_i_text_add(text, " narrow it by ");
        traffstat_i_text_add_double(text, percent);
        traffstat_i_text_add(text, " %");
    }
    if (!is_sourced(run)) {
        traffstat_i_text_add(text, ", and a source of them is not named");
    }
    if (run->covered < CARRIED_COUNTS) {
        traffstat_i_text_add(text, " and come from places and years with ");
        traffstat_i_text_add_double(text, rint(100.0 * run->covered));
        traffstat_i_text_add(text, " % of what was counted");
    }
    return text->failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

traffstat_status traffstat_i_hierarchical_kind(traffstat_i_hierarchical *run)
{
    const traffstat_status status = traffstat_i_thinning_kind(&run->thinning);
    if (status != TRAFFSTAT_OK || run->extra.term_count == 0) {
        return status;
    }
    run->carried = contraction(run);
    run->covered = covered(run);
    run->thinning.mover = mover(run);
    if (run->thinning.kind != TRAFFSTAT_KIND_SCENARIO) {
        return TRAFFSTAT_OK;
    }
    if (run->carried >= CARRIED_CONTRACTION && run->covered >= CARRIED_COUNTS && is_sourced(run)) {
        run->thinning.kind = TRAFFSTAT_KIND_ESTIMATE;
        run->thinning.measured = true;
        return TRAFFSTAT_OK;
    }
    return say_rest(run);
}

/* ---- effects --------------------------------------------------------------------------------- */

size_t traffstat_i_hierarchical_effects(const traffstat_i_hierarchical *run)
{
    return (run->spec.edge_count > 0 ? 1 : 0) + run->spec.rate_covariate_count +
           run->spec.report_covariate_count;
}

/* The covariate of a row of `effects`: those of the rate come first, in their order. */
static const traffstat_i_covariate *covariate_of(const traffstat_i_hierarchical *run, size_t effect,
                                                 size_t *number)
{
    size_t left = effect - (run->spec.edge_count > 0 ? 1 : 0);
    const bool of_report = left >= run->spec.rate_covariate_count;
    left -= of_report ? run->spec.rate_covariate_count : 0;
    for (size_t i = 0; i < run->extras->covariate_count; i++) {
        const traffstat_i_covariate *of = &run->extras->covariates[i];
        if (of->of_report == of_report && left-- == 0) {
            *number = i;
            return of;
        }
    }
    return NULL;
}

void traffstat_i_hierarchical_effect_name(const traffstat_i_hierarchical *run, size_t effect,
                                          char *out, size_t size)
{
    size_t number = 0;
    if (run->spec.edge_count > 0 && effect == 0) {
        (void) snprintf(out, size, "the share of neighbours");
        return;
    }
    const traffstat_i_covariate *of = covariate_of(run, effect, &number);
    (void) snprintf(out, size, "the effect of %s", of != NULL ? of->name : "a covariate");
}

static void add_ends(const traffstat_i_hierarchical *run, const traffstat_i_weighed *sorted,
                     traffstat_detail *to)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    const double tail = 0.5 * (1.0 - run->options.level);
    traffstat_i_detail_number(to, "estimate", traffstat_i_weighed_quantile(sorted, draws, 0.5));
    traffstat_i_detail_number(to, "lower", traffstat_i_weighed_quantile(sorted, draws, tail));
    traffstat_i_detail_number(to, "upper", traffstat_i_weighed_quantile(sorted, draws, 1.0 - tail));
}

static void add_covariates(traffstat_i_hierarchical *run, traffstat_i_weighed *sorted)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    const size_t first = run->spec.edge_count > 0 ? 1 : 0;
    const size_t count = traffstat_i_hierarchical_effects(run);
    if (count == first) {
        return;
    }
    traffstat_detail *list =
        traffstat_i_detail_list(traffstat_i_estimate_details(run->thinning.estimate), "covariates");
    for (size_t k = first; k < count; k++) {
        size_t number = 0;
        const traffstat_i_covariate *of = covariate_of(run, k, &number);
        traffstat_detail *at = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(at, "name", of->name);
        traffstat_i_detail_text(at, "of", of->of_report ? "reporting" : "rate");
        traffstat_i_detail_number(at, "mean", run->extra.centers[number]);
        traffstat_i_detail_number(at, "sd", run->extra.scales[number]);
        traffstat_i_weighed_sort(sorted, draws, run->effects + k * draws, run->weight);
        add_ends(run, sorted, traffstat_i_detail_object(at, "effect"));
    }
}

static void add_neighbours(traffstat_i_hierarchical *run, traffstat_i_weighed *sorted)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    if (run->spec.edge_count == 0) {
        return;
    }
    traffstat_detail *at = traffstat_i_detail_object(
        traffstat_i_estimate_details(run->thinning.estimate), "neighbours");
    traffstat_i_detail_integer(at, "pairs", (int64_t) run->spec.edge_count);
    traffstat_i_detail_integer(at, "groups", (int64_t) run->extra.groups);
    traffstat_i_detail_integer(at, "alone", (int64_t) run->extra.alone);
    traffstat_i_weighed_sort(sorted, draws, run->effects, run->weight);
    add_ends(run, sorted, traffstat_i_detail_object(at, "mixing"));
}

/* For a caption: what the evidence is, in a few words. */
static void say_short(const traffstat_i_hierarchical *run, traffstat_detail *top)
{
    traffstat_text text;
    size_t totals = 0;
    const size_t count = run->extras->given_count;
    traffstat_i_text_init(&text, run->ctx);
    for (size_t k = 0; k < count; k++) {
        totals += run->extras->given[k].is_total ? 1 : 0;
    }
    if (count > 1) {
        traffstat_i_text_addf(&text, "%zu audit%s", count - totals, count - totals == 1 ? "" : "s");
        if (totals > 0) {
            traffstat_i_text_addf(&text, " and %zu total%s of overlapping lists", totals,
                                  totals == 1 ? "" : "s");
        }
    } else if (totals == 1) {
        traffstat_i_text_add(&text, "a total of overlapping lists, ");
        traffstat_i_text_add(&text, source_of(&run->extras->given[0]));
    } else {
        const traffstat_i_given *of = &run->extras->given[0];
        traffstat_i_text_addf(&text, "%" PRId64 " of %" PRId64 " known true cases were counted, ",
                              of->counted, of->known);
        traffstat_i_text_add(&text, source_of(of));
    }
    if (text.failed) {
        traffstat_i_detail_out_of_memory(top);
    } else {
        traffstat_i_detail_text(top, "says", traffstat_i_text_get(&text));
    }
    traffstat_i_text_clear(&text);
}

/* 95 % of p over all cases, as captions want it. */
static void add_share(const traffstat_i_hierarchical *run, traffstat_i_weighed *sorted,
                      traffstat_detail *to)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    traffstat_i_weighed_sort(sorted, draws, run->shares, run->weight);
    traffstat_i_detail_number(to, "lower", traffstat_i_weighed_quantile(sorted, draws, 0.025));
    traffstat_i_detail_number(to, "upper", traffstat_i_weighed_quantile(sorted, draws, 0.975));
}

static void add_terms(traffstat_i_hierarchical *run, traffstat_i_weighed *sorted)
{
    if (run->extra.term_count == 0) {
        return;
    }
    traffstat_detail *top =
        traffstat_i_detail_object(traffstat_i_estimate_details(run->thinning.estimate), "evidence");
    traffstat_i_detail_number(top, "covered", run->covered);
    traffstat_i_detail_number(top, "contraction", run->carried);
    say_short(run, top);
    add_share(run, sorted, traffstat_i_detail_object(top, "share"));
    traffstat_detail *list = traffstat_i_detail_list(top, "terms");
    for (size_t k = 0; k < run->extras->given_count; k++) {
        const traffstat_i_given *of = &run->extras->given[k];
        traffstat_detail *at = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(at, "kind", of->is_total ? "total" : "validation");
        traffstat_i_detail_text(at, "series",
                                of->series == TRAFFSTAT_NONE
                                    ? NULL
                                    : traffstat_panel_jurisdiction(run->panel, of->series));
        if (of->year != 0) {
            traffstat_i_detail_integer(at, "year", of->year);
        } else {
            traffstat_i_detail_none(at, "year");
        }
        if (of->is_total) {
            traffstat_i_detail_number(at, "estimate", of->estimate);
            traffstat_i_detail_number(at, "lower", of->lower);
            traffstat_i_detail_number(at, "upper", of->upper);
            traffstat_i_detail_number(at, "level", of->level);
        } else {
            traffstat_i_detail_integer(at, "counted", of->counted);
            traffstat_i_detail_integer(at, "known", of->known);
        }
        traffstat_i_detail_text(at, "source", of->source[0] != '\0' ? of->source : NULL);
    }
}

/* ---- words ----------------------------------------------------------------------------------- */

static void say_where(const traffstat_i_hierarchical *run, const traffstat_i_given *of,
                      traffstat_text *text)
{
    if (of->series == TRAFFSTAT_NONE) {
        traffstat_i_text_add(text, run->data.place_count > 1 ? " of all places" : "");
    } else {
        traffstat_i_text_add(text, " of ");
        traffstat_i_text_add(text, traffstat_panel_jurisdiction(run->panel, of->series));
    }
    if (of->year != 0) {
        traffstat_i_text_addf(text, " in %" PRId32, of->year);
    } else if (run->data.year_count > 1) {
        traffstat_i_text_add(text, " over all years");
    }
}

static void say_term(const traffstat_i_hierarchical *run, const traffstat_i_given *of,
                     traffstat_text *text)
{
    if (!of->is_total) {
        traffstat_i_text_addf(text, "%" PRId64 " of %" PRId64 " true cases", of->counted,
                              of->known);
        say_where(run, of, text);
        traffstat_i_text_add(text, " were found to be counted (");
        traffstat_i_text_add(text, source_of(of));
        traffstat_i_text_add(text, "): those cases are taken as likely to be counted as any other "
                                   "there");
        return;
    }
    traffstat_i_text_add(text, "overlapping lists put the true number");
    say_where(run, of, text);
    traffstat_i_text_add(text, " at ");
    traffstat_i_text_add_double(text, of->lower);
    traffstat_i_text_add(text, "\xe2\x80\x93");
    traffstat_i_text_add_double(text, of->upper);
    traffstat_i_text_add(text, " (");
    traffstat_i_text_add(text, source_of(of));
    traffstat_i_text_add(text,
                         "): lists and counts are taken to be of the same unit, with the same "
                         "definition");
}

static traffstat_status assume_text(traffstat_i_hierarchical *run, traffstat_text *text)
{
    const traffstat_status status =
        text->failed
            ? TRAFFSTAT_E_NOMEM
            : traffstat_i_estimate_assume(run->thinning.estimate, traffstat_i_text_get(text));
    traffstat_i_text_clear(text);
    return status;
}

/* Many audits, as of a column of them, in one sentence. */
static traffstat_status say_many(traffstat_i_hierarchical *run)
{
    int64_t counted = 0;
    int64_t known = 0;
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    for (size_t k = 0; k < run->extra.term_count; k++) {
        counted += run->extras->given[k].counted;
        known += run->extras->given[k].known;
    }
    traffstat_i_text_addf(&text,
                          "%" PRId64 " of %" PRId64 " true cases were found to be counted, in %zu "
                          "places and years (",
                          counted, known, run->extra.term_count);
    traffstat_i_text_add(&text, source_of(&run->extras->given[0]));
    traffstat_i_text_add(&text, "): those cases are taken as likely to be counted as any other of "
                                "their place and year");
    return assume_text(run, &text);
}

static traffstat_status say_terms(traffstat_i_hierarchical *run)
{
    bool totals = false;
    for (size_t k = 0; k < run->extra.term_count; k++) {
        totals = totals || run->extra.terms[k].is_total;
    }
    if (run->extra.term_count > MANY && !totals) {
        return say_many(run);
    }
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t k = 0; k < run->extra.term_count && status == TRAFFSTAT_OK; k++) {
        traffstat_text text;
        traffstat_i_text_init(&text, run->ctx);
        say_term(run, &run->extras->given[k], &text);
        status = assume_text(run, &text);
    }
    return status;
}

static traffstat_status say_covariates(traffstat_i_hierarchical *run)
{
    traffstat_text text;
    if (run->extras->covariate_count == 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_text_init(&text, run->ctx);
    for (size_t i = 0; i < run->extras->covariate_count; i++) {
        const traffstat_i_covariate *of = &run->extras->covariates[i];
        traffstat_i_text_add(&text, i > 0 ? "; " : "");
        traffstat_i_text_add(&text, of->name);
        traffstat_i_text_add(&text, of->of_report ? " acts on the logit of the reporting rate"
                                                  : " acts on the logarithm of the rate");
    }
    traffstat_i_text_add(&text,
                         ": linearly, standardised over the rows, the effect of one sd normal "
                         "with sd 1");
    if (run->spec.report_covariate_count > 0) {
        traffstat_i_text_add(&text, "; the reporting rate named is that of a middle row");
    }
    return assume_text(run, &text);
}

static traffstat_status caution(traffstat_i_hierarchical *run, const char *reason)
{
    return traffstat_i_estimate_reason(run->thinning.estimate, TRAFFSTAT_VERDICT_CAUTION, reason);
}

static traffstat_status say_neighbours(traffstat_i_hierarchical *run)
{
    if (run->spec.edge_count == 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_status status = traffstat_i_estimate_assume(
        run->thinning.estimate, "a part of the differences between places, estimated, is shared by "
                                "neighbours");
    if (status != TRAFFSTAT_OK || run->extra.groups + run->extra.alone < 2) {
        return status;
    }
    char reason[200];
    (void) snprintf(reason, sizeof reason,
                    "the neighbours given do not join all places: they fall into %zu group%s, "
                    "places without a neighbour: %zu",
                    run->extra.groups, run->extra.groups == 1 ? "" : "s", run->extra.alone);
    return caution(run, reason);
}

/* Rows whose reporting rate is borrowed from the places and years that evidence comes from. */
static traffstat_status judge_rows(traffstat_i_hierarchical *run)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = 0; row < run->data.row_count && status == TRAFFSTAT_OK; row++) {
        if (run->thinning.kind == TRAFFSTAT_KIND_ESTIMATE && run->extra.term_count > 0 &&
            run->data.use[row] == TRAFFSTAT_I_ROW_USED &&
            !traffstat_i_hierarchical_informed(run, run->data.cell_of_row[row])) {
            status = traffstat_i_estimate_row_reason(
                run->thinning.estimate, row, TRAFFSTAT_VERDICT_CAUTION,
                "no case was validated in this place and year: its reporting rate is that of the "
                "others, within what places and years may differ");
        }
    }
    return status;
}

/* Evidence that speaks against the prior: which of the two is wrong, no model can say. */
static traffstat_status judge_conflict(traffstat_i_hierarchical *run, traffstat_i_weighed *sorted)
{
    const size_t draws = (size_t) run->chains * (size_t) run->draws;
    traffstat_i_weighed_sort(sorted, draws, run->shares, run->weight);
    const double middle = traffstat_i_weighed_quantile(sorted, draws, 0.5);
    if (run->extra.term_count == 0 || (middle >= traffstat_prior_quantile(run->prior, 0.025) &&
                                       middle <= traffstat_prior_quantile(run->prior, 0.975))) {
        return TRAFFSTAT_OK;
    }
    char reason[160];
    (void) snprintf(reason, sizeof reason,
                    "%s took the reporting rate out of the 95 %% range of the rate named: one of "
                    "the two does not hold here",
                    mover(run));
    return caution(run, reason);
}

static traffstat_status judge_covariates(traffstat_i_hierarchical *run)
{
    bool cases = false;
    for (size_t k = 0; k < run->extra.term_count; k++) {
        cases = cases || !run->extra.terms[k].is_total;
    }
    if (run->spec.report_covariate_count == 0 || cases) {
        return TRAFFSTAT_OK;
    }
    return caution(run, "counts cannot tell whether a covariate moves cases or their reporting: "
                        "without validated cases that it moves reporting is assumed");
}

static traffstat_status say_all(traffstat_i_hierarchical *run, traffstat_i_weighed *sorted)
{
    traffstat_status status = say_terms(run);
    if (status == TRAFFSTAT_OK) {
        status = say_covariates(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_neighbours(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = judge_rows(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = judge_conflict(run, sorted);
    }
    if (status == TRAFFSTAT_OK) {
        status = judge_covariates(run);
    }
    add_terms(run, sorted);
    add_covariates(run, sorted);
    add_neighbours(run, sorted);
    return status;
}

traffstat_status traffstat_i_hierarchical_say_extras(traffstat_i_hierarchical *run)
{
    if (run->extras == NULL) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_weighed *sorted =
        traffstat_i_alloc(run->ctx, (size_t) run->chains * (size_t) run->draws, sizeof *sorted);
    const traffstat_status status = sorted != NULL ? say_all(run, sorted) : TRAFFSTAT_E_NOMEM;
    traffstat_i_free(run->ctx, sorted);
    return status;
}
