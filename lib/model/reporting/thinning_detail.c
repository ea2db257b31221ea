/* What a thinning says of its reporting rate beside its numbers, and how they depend on it. */
#include <inttypes.h>
#include <math.h>

#include "estimate/detail.h"
#include "model/reporting/thinning.h"

#define MOVED 1e-6 /* of the prior's mean: below is quadrature */

/* ---- the rate ---------------------------------------------------------------------------------- */

static void add_agreement(traffstat_detail *to, const traffstat_prior_agreement *from)
{
    traffstat_detail *at = traffstat_i_detail_object(to, "agreement");
    traffstat_i_detail_integer(at, "count", from->count);
    traffstat_i_detail_number(at, "center", from->center);
    traffstat_i_detail_number(at, "error", from->error);
    traffstat_i_detail_number(at, "between", from->between);
    traffstat_i_detail_number(at, "q", from->q);
    traffstat_i_detail_number(at, "p", from->p);
}

static void say_percent(traffstat_text *text, double share)
{
    traffstat_i_text_add_double(text, rint(share * 1e3) / 10.0);
    traffstat_i_text_add(text, " %");
}

static bool was_moved(const traffstat_i_thinning *run, const traffstat_reporting_basis *basis)
{
    const double still = run->still > 0.0 ? run->still : MOVED;
    return fabs(basis->posterior_mean - basis->mean) > still * basis->mean ||
           fabs(basis->contraction) > still;
}

static const char *mover_of(const traffstat_i_thinning *run)
{
    return run->mover != NULL ? run->mover : "rate prior";
}

static void say_after(const traffstat_i_thinning *run, traffstat_text *text,
                      const traffstat_reporting_basis *basis)
{
    if (isnan(basis->posterior_mean)) {
        return;
    }
    if (!was_moved(run, basis) && isnan(basis->contraction)) {
        return; /* a known rate cannot be moved */
    }
    if (!was_moved(run, basis)) {
        traffstat_i_text_add(text, "; the counts leave it as it was stated");
        return;
    }
    traffstat_i_text_add(text, "; the ");
    traffstat_i_text_add(text, mover_of(run));
    traffstat_i_text_add(text, ", not the counts, moved its mean from ");
    say_percent(text, basis->mean);
    traffstat_i_text_add(text, " to ");
    say_percent(text, basis->posterior_mean);
    if (isfinite(basis->contraction)) {
        traffstat_i_text_add(text, " and its sd by ");
        say_percent(text, -basis->contraction);
    }
}

/* The counts of the last row with a number over the ends of the rate, before anything is fitted. */
static void add_implied(traffstat_i_thinning *run, traffstat_detail *to, const double ends[2],
                        traffstat_text *text)
{
    traffstat_cell cell;
    if (run->last == TRAFFSTAT_NONE ||
        traffstat_panel_cell(run->panel, run->last, &cell) != TRAFFSTAT_OK) {
        return;
    }
    const traffstat_i_belief belief = traffstat_i_belief_of_cell(run, &cell);
    const double coverage = traffstat_i_belief_coverage(&belief);
    const double lower = (double) cell.lower / (coverage * ends[1]);
    const double upper = (double) cell.upper / (coverage * ends[0]);
    traffstat_detail *at = traffstat_i_detail_object(to, "implied");
    traffstat_i_detail_integer(at, "year", cell.year);
    traffstat_i_detail_number(at, "level", 0.9);
    traffstat_i_detail_number(at, "lower", lower);
    traffstat_i_detail_number(at, "upper", upper);
    traffstat_i_text_addf(text, ": that alone makes ");
    traffstat_i_text_add_int(text, cell.upper);
    traffstat_i_text_addf(text, " counted in %" PRId32 " about ", cell.year);
    traffstat_i_text_add_double(text, rint(lower));
    if (rint(upper) > rint(lower)) {
        traffstat_i_text_add(text, " to ");
        traffstat_i_text_add_double(text, rint(upper));
    }
    traffstat_i_text_add(text, " in all");
}

void traffstat_i_thinning_rate_detail(traffstat_i_thinning *run,
                                      const traffstat_reporting_basis *basis, double sd)
{
    const traffstat_prior *prior = run->prior;
    const double ends[2] = {traffstat_prior_quantile(prior, 0.05),
                            traffstat_prior_quantile(prior, 0.95)};
    traffstat_detail *top = traffstat_i_estimate_details(run->estimate);
    traffstat_detail *at = traffstat_i_detail_object(top, "reporting");
    traffstat_i_detail_text(at, "kind", traffstat_prior_kind_name(prior->kind));
    traffstat_i_detail_number(at, "size", traffstat_prior_size(prior));
    traffstat_i_detail_number(at, "sd", traffstat_prior_sd(prior));
    traffstat_i_detail_number(at, "transport", prior->discount);
    traffstat_i_detail_number(at, "shift_sd", prior->law.shift);
    traffstat_detail *range = traffstat_i_detail_object(at, "range");
    traffstat_i_detail_number(range, "level", 0.9);
    traffstat_i_detail_number(range, "lower", ends[0]);
    traffstat_i_detail_number(range, "upper", ends[1]);
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    if (prior->law.form == TRAFFSTAT_I_FORM_KNOWN) {
        traffstat_i_text_add(&text, "Nothing but chance is left open");
    } else {
        traffstat_i_text_add(&text, "Of this law 90 % lies between ");
        say_percent(&text, ends[0]);
        traffstat_i_text_add(&text, " and ");
        say_percent(&text, ends[1]);
    }
    add_implied(run, at, ends, &text);
    traffstat_i_detail_number(at, "sd_after", sd);
    traffstat_i_detail_number(at, "shift", basis->posterior_mean - basis->mean);
    traffstat_i_detail_text(at, "moved_by",
                            isnan(basis->posterior_mean) ? NULL
                            : was_moved(run, basis)      ? mover_of(run)
                                                         : "nothing");
    if (prior->agreement.count > 0) {
        add_agreement(at, &prior->agreement);
    }
    say_after(run, &text, basis);
    traffstat_i_text_add(&text, ".");
    if (text.failed) {
        traffstat_i_detail_out_of_memory(at);
    } else {
        traffstat_i_detail_text(at, "says", traffstat_i_text_get(&text));
    }
    traffstat_i_text_clear(&text);
}

/* ---- sensitivity ------------------------------------------------------------------------------- */

/* One assumption changed, the others held. */
typedef struct change {
    const char *assumption;
    const char *change;
    traffstat_i_logit_law law;
    traffstat_rate_prior rate_prior;
    int64_t lower; /* the count */
    int64_t upper;
} change;

static void add_numbers(traffstat_detail *to, const traffstat_i_summary *from)
{
    const bool none = from->refusal != NULL;
    traffstat_i_detail_number(to, "estimate", none ? NAN : from->row.estimate);
    traffstat_i_detail_number(to, "lower", none ? NAN : from->row.lower);
    traffstat_i_detail_number(to, "upper", none ? NAN : from->row.upper);
}

static traffstat_status solve_changed(const traffstat_i_thinning *run,
                                      const traffstat_i_belief *given, const change *of,
                                      traffstat_i_summary *out)
{
    traffstat_i_belief belief = *given;
    belief.law = &of->law;
    belief.a = of->law.a;
    belief.b = of->law.b;
    belief.rate_prior = of->rate_prior;
    return traffstat_i_thinning_solve(run, &belief, of->lower, of->upper, out);
}

/* As wide as `factor` times the weight makes it, about the same mean (Beta) or middle. */
static traffstat_i_logit_law weighed(traffstat_i_logit_law law, double factor)
{
    law.a *= factor;
    law.b *= factor;
    law.spread /= sqrt(factor);
    return law;
}

static traffstat_i_logit_law moved(traffstat_i_logit_law law, double sd)
{
    law.shift = hypot(law.shift, sd);
    law.spread = law.form == TRAFFSTAT_I_FORM_LOGIT_NORMAL ? hypot(law.spread, sd) : law.spread;
    return law;
}

#define CHANGES 10

static size_t list_changes(const traffstat_i_thinning *run, const traffstat_cell *cell,
                           change out[CHANGES])
{
    const change base = {.law = run->prior->law,
                         .rate_prior = run->belief.rate_prior,
                         .lower = cell->lower,
                         .upper = cell->upper};
    static const double levels[2] = {0.8, 1.25};
    static const char *const named[2] = {"mean times 0.8", "mean times 1.25"};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        out[count] = base;
        out[count].assumption = "level";
        out[count].change = named[i];
        count += traffstat_i_scale_share(&out[count].law, levels[i]) ? 1 : 0;
    }
    if (base.law.form != TRAFFSTAT_I_FORM_KNOWN) {
        out[count] = base;
        out[count].assumption = "spread";
        out[count].law = weighed(base.law, 0.5);
        out[count++].change = "half the weight";
        out[count] = base;
        out[count].assumption = "spread";
        out[count].law = weighed(base.law, 2.0);
        out[count++].change = "twice the weight";
        out[count] = base;
        out[count].assumption = "shift";
        out[count].law = moved(base.law, 0.5);
        out[count++].change = "a shift of sd 0.5 on the logit";
    }
    static const char *const priors[2] = {"inverse", "jeffreys"};
    for (traffstat_rate_prior p = TRAFFSTAT_RATE_INVERSE; p <= TRAFFSTAT_RATE_JEFFREYS; p++) {
        if (p != base.rate_prior) {
            out[count] = base;
            out[count].assumption = "rate prior";
            out[count].rate_prior = p;
            out[count++].change = priors[p];
        }
    }
    if (cell->lower < cell->upper) {
        out[count] = base;
        out[count].assumption = "suppression";
        out[count].upper = cell->lower;
        out[count++].change = "the lowest count allowed";
        out[count] = base;
        out[count].assumption = "suppression";
        out[count].lower = cell->upper;
        out[count++].change = "the highest count allowed";
    }
    return count;
}

static traffstat_status write_tornado(const traffstat_i_thinning *run, const traffstat_cell *cell,
                                      const traffstat_i_belief *belief, traffstat_detail *to)
{
    change changes[CHANGES];
    const size_t count = list_changes(run, cell, changes);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        traffstat_i_summary summary;
        status = solve_changed(run, belief, &changes[i], &summary);
        if (status == TRAFFSTAT_OK) {
            traffstat_detail *at = traffstat_i_detail_object(to, NULL);
            traffstat_i_detail_text(at, "assumption", changes[i].assumption);
            traffstat_i_detail_text(at, "change", changes[i].change);
            add_numbers(at, &summary);
        }
    }
    return status;
}

/* Beta laws about the prior's mean and size, each solved anew. */
static traffstat_status write_surface(const traffstat_i_thinning *run, const traffstat_cell *cell,
                                      const traffstat_i_belief *belief, traffstat_detail *to)
{
    static const double means[] = {0.5, 0.75, 1.0, 1.25, 1.5};
    static const double sizes[] = {0.25, 0.5, 1.0, 2.0, 4.0};
    const double mean = traffstat_prior_mean(run->prior);
    const double size = traffstat_prior_size(run->prior);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < 25 && status == TRAFFSTAT_OK; i++) {
        const double m = mean * means[i / 5];
        const double k = size * sizes[i % 5];
        if (!(m <= 0.95) || !isfinite(k)) {
            continue;
        }
        const change of = {.law = {.form = TRAFFSTAT_I_FORM_BETA, .a = m * k, .b = (1.0 - m) * k},
                           .rate_prior = belief->rate_prior,
                           .lower = cell->lower,
                           .upper = cell->upper};
        traffstat_i_summary summary;
        status = solve_changed(run, belief, &of, &summary);
        if (status == TRAFFSTAT_OK) {
            traffstat_detail *at = traffstat_i_detail_object(to, NULL);
            traffstat_i_detail_number(at, "mean", m);
            traffstat_i_detail_number(at, "size", k);
            add_numbers(at, &summary);
        }
    }
    return status;
}

traffstat_status traffstat_i_thinning_sensitivity(traffstat_i_thinning *run)
{
    traffstat_cell cell;
    if (run->options.sensitivity == 0 || run->last == TRAFFSTAT_NONE ||
        traffstat_panel_cell(run->panel, run->last, &cell) != TRAFFSTAT_OK) {
        return TRAFFSTAT_OK;
    }
    const traffstat_i_belief belief = traffstat_i_belief_of_cell(run, &cell);
    traffstat_detail *top = traffstat_i_estimate_details(run->estimate);
    traffstat_detail *at = traffstat_i_detail_object(top, "sensitivity");
    traffstat_i_detail_text(at, "series", traffstat_estimate_row_label(run->estimate, run->last));
    traffstat_i_detail_integer(at, "year", cell.year);
    const traffstat_status status =
        write_tornado(run, &cell, &belief, traffstat_i_detail_list(at, "tornado"));
    return status == TRAFFSTAT_OK
               ? write_surface(run, &cell, &belief, traffstat_i_detail_list(at, "surface"))
               : status;
}
