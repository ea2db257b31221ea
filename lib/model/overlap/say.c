/* What a stratum's answer says beside its numbers, and its verdicts. */
#include <math.h>

#include "model/overlap/answer.h"

/* ---- details --------------------------------------------------------------------------------- */

static void say_model(const traffstat_i_answer *a)
{
    traffstat_detail *top = a->top;
    const traffstat_i_terms model = a->model.count > 0 ? a->model : a->choice.given;
    if (model.count == 0) {
        traffstat_i_detail_none(top, "model");
    } else {
        traffstat_i_answer_model(a, top, "model", model);
    }
    traffstat_i_detail_number(top, "deviance", a->model.count > 0 ? a->fit.deviance : NAN);
    traffstat_i_detail_number(top, "df", a->model.count > 0 ? a->fit.df : NAN);
    traffstat_i_detail_number(top, "aic", a->model.count > 0 ? a->fit.aic : NAN);
    traffstat_i_detail_number(top, "bic", a->model.count > 0 ? a->fit.bic : NAN);
    traffstat_i_detail_integer(top, "existence", a->fit.existence);
}

static void say_limits(const traffstat_i_answer *a)
{
    traffstat_detail *limits = traffstat_i_detail_object(a->top, "limits");
    traffstat_detail *one = traffstat_i_detail_object(limits, "profile");
    traffstat_i_detail_number(one, "estimate", a->profile.estimate);
    traffstat_i_detail_number(one, "lower", a->profile.lower);
    traffstat_i_detail_number(one, "upper", a->profile.upper);
    one = traffstat_i_detail_object(limits, "lognormal");
    traffstat_i_detail_number(one, "lower", a->lognormal[0]);
    traffstat_i_detail_number(one, "upper", a->lognormal[1]);
    if (a->replicates.count > 0) {
        one = traffstat_i_detail_object(limits, "bca");
        traffstat_i_detail_number(one, "lower", a->bca.lower);
        traffstat_i_detail_number(one, "upper", a->bca.upper);
        traffstat_i_detail_number(one, "z0", a->bca.bias);
        traffstat_i_detail_number(one, "acceleration", a->bca.acceleration);
        one = traffstat_i_detail_object(limits, "percentile");
        traffstat_i_detail_number(one, "lower", a->bca.percentile_lower);
        traffstat_i_detail_number(one, "upper", a->bca.percentile_upper);
    }
}

static void say_bootstrap(const traffstat_i_answer *a)
{
    if (a->replicates.count == 0) {
        return;
    }
    traffstat_detail *one = traffstat_i_detail_object(a->top, "bootstrap");
    traffstat_i_detail_integer(one, "replicates", (int64_t) a->replicates.count);
    traffstat_i_detail_integer(one, "without_estimate", (int64_t) a->replicates.without);
    traffstat_i_detail_flag(one, "model_chosen_anew", a->choice.how != TRAFFSTAT_I_SAME_MODEL);
    if (a->replicates.models > 0 && a->choice.how == TRAFFSTAT_I_SEARCH_ANEW) {
        traffstat_i_detail_integer(one, "models_chosen", (int64_t) a->replicates.models);
    }
    one = traffstat_i_detail_object(a->top, "goodness_of_fit");
    traffstat_i_detail_number(one, "p", a->fit_p);
    traffstat_i_detail_integer(one, "replicates", (int64_t) a->replicates.count);
}

static void say_path(const traffstat_i_answer *a)
{
    if (a->choice.how != TRAFFSTAT_I_STEP_ANEW) {
        return;
    }
    traffstat_detail *path = traffstat_i_detail_list(a->top, "path");
    for (size_t i = 0; i < a->path.steps; i++) {
        const uint16_t pair[] = {0, a->path.pair[i]};
        traffstat_detail *step = traffstat_i_detail_object(path, NULL);
        traffstat_i_answer_model(a, step, "added", (traffstat_i_terms){pair, 2});
        traffstat_i_detail_number(step, "p", a->path.p[i]);
    }
}

static double weight_sum(const traffstat_i_search *search)
{
    double sum = 0.0;
    for (size_t i = 0; i < search->ranked; i++) {
        sum += exp(-0.5 * (search->value[search->rank[i]] - search->value[search->rank[0]]));
    }
    return sum;
}

/* The best models with their numbers, and how much of the weight each has. */
static traffstat_status say_models(traffstat_i_answer *a)
{
    const traffstat_i_search *search = &a->search;
    if (a->choice.how != TRAFFSTAT_I_SEARCH_ANEW) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_detail_integer(a->top, "models_searched", (int64_t) search->set.count);
    traffstat_i_detail_integer(a->top, "models_estimable", (int64_t) search->ranked);
    traffstat_i_detail_flag(a->top, "all_models", search->all);
    traffstat_i_detail_text(a->top, "criterion", a->choice.bic ? "bic" : "aic");
    traffstat_detail *models = traffstat_i_detail_list(a->top, "models");
    const double sum = weight_sum(search);
    for (size_t i = 0; i < search->ranked && i < a->run->options.top; i++) {
        const traffstat_i_terms model = traffstat_i_model_at(&search->set, search->rank[i]);
        traffstat_i_fit fit;
        const traffstat_status status =
            traffstat_i_fit_model(a->ctx, &a->shop, &a->counts, model, NULL, &fit);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        const double behind = search->value[search->rank[i]] - search->value[search->rank[0]];
        traffstat_detail *one = traffstat_i_detail_object(models, NULL);
        traffstat_i_answer_model(a, one, "model", model);
        traffstat_i_detail_number(one, "estimate", fit.estimate);
        traffstat_i_detail_number(one, "criterion", a->choice.bic ? fit.bic : fit.aic);
        traffstat_i_detail_number(one, "weight", exp(-0.5 * behind) / sum);
        traffstat_i_detail_number(one, "se", fit.se);
        traffstat_i_detail_number(one, "deviance", fit.deviance);
        traffstat_i_detail_number(one, "df", fit.df);
        traffstat_i_detail_number(one, "aic", fit.aic);
        traffstat_i_detail_number(one, "bic", fit.bic);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status assume(traffstat_i_answer *a)
{
    static const char *const texts[] = {
        "each person could be on every list, and no list ever rules another out",
        "lists depend on each other only in the ways that the model's terms name, and all of them "
        "together not at all: no count can test this, and models that fit equally well can give "
        "any number",
        "persons have the same chance of being on a list but for what the terms pick up"};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof texts / sizeof *texts && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_estimate_assume(a->run->estimate, texts[i]);
    }
    return status;
}

traffstat_status traffstat_i_answer_details(traffstat_i_answer *a)
{
    const traffstat_status status = assume(a);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_detail *row = traffstat_i_estimate_row_details(a->run->estimate, a->row);
    traffstat_i_detail_number(row, "se", a->model.count > 0 ? a->se : NAN);
    say_model(a);
    if (a->model.count == 0) {
        return TRAFFSTAT_OK;
    }
    say_limits(a);
    say_bootstrap(a);
    say_path(a);
    return say_models(a);
}

/* ---- near-ties ------------------------------------------------------------------------------- */

typedef struct ties {
    size_t count;
    size_t lowest; /* ranks */
    size_t highest;
    double low; /* their N */
    double high;
} ties;

static ties find_ties(const traffstat_i_answer *a)
{
    const traffstat_i_search *search = &a->search;
    ties found = {.low = INFINITY, .high = -INFINITY};
    for (size_t i = 0; i < search->ranked; i++) {
        const size_t model = search->rank[i];
        if (search->value[model] > search->value[search->rank[0]] + TRAFFSTAT_I_NEAR_TIE) {
            break;
        }
        const double n = a->counts.n + exp(search->beta[search->set.start[model]]);
        found.count++;
        if (n < found.low) {
            found.low = n;
            found.lowest = i;
        }
        if (n > found.high) {
            found.high = n;
            found.highest = i;
        }
    }
    return found;
}

static traffstat_i_terms ranked_model(const traffstat_i_answer *a, size_t rank)
{
    return traffstat_i_model_at(&a->search.set, a->search.rank[rank]);
}

static void detail_ties(const traffstat_i_answer *a, const ties *found, double apart)
{
    traffstat_detail *all = traffstat_i_detail_object(a->top, "near_ties");
    traffstat_i_detail_number(all, "within", TRAFFSTAT_I_NEAR_TIE);
    traffstat_i_detail_text(all, "of", a->choice.bic ? "bic" : "aic");
    traffstat_i_detail_integer(all, "count", (int64_t) found->count);
    traffstat_i_detail_number(all, "lowest", found->low);
    traffstat_i_detail_number(all, "highest", found->high);
    traffstat_i_detail_number(all, "unseen_ratio", apart);
    traffstat_detail *models = traffstat_i_detail_list(all, "models");
    for (size_t i = 0; i < found->count && i < a->run->options.top; i++) {
        const size_t at = a->search.rank[i];
        traffstat_detail *one = traffstat_i_detail_object(models, NULL);
        traffstat_i_answer_model(a, one, "model", ranked_model(a, i));
        traffstat_i_detail_number(one, "estimate",
                                  a->counts.n + exp(a->search.beta[a->search.set.start[at]]));
        traffstat_i_detail_number(one, "criterion", a->search.value[at]);
    }
}

static void name_end(const traffstat_i_answer *a, traffstat_text *text, double n, size_t rank)
{
    traffstat_i_say_number(text, rint(n));
    traffstat_i_text_add(text, " (");
    traffstat_i_answer_name(a, ranked_model(a, rank), text);
    traffstat_i_text_add(text, ")");
}

static traffstat_status judge_ties(traffstat_i_answer *a)
{
    if (a->search.ranked == 0) {
        return TRAFFSTAT_OK;
    }
    const ties found = find_ties(a);
    const double apart = (found.high - a->counts.n) / (found.low - a->counts.n);
    const bool outside = found.low < a->lower || found.high > a->upper;
    detail_ties(a, &found, apart);
    if (found.count < 2 || !(apart > TRAFFSTAT_I_TIES_APART || outside)) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, a->ctx);
    traffstat_i_text_addf(&text, "%zu models fit about as well (within ", found.count);
    traffstat_i_say_number(&text, TRAFFSTAT_I_NEAR_TIE);
    traffstat_i_text_addf(&text, " of the best %s) and give from ", a->choice.bic ? "BIC" : "AIC");
    name_end(a, &text, found.low, found.lowest);
    traffstat_i_text_add(&text, " to ");
    name_end(a, &text, found.high, found.highest);
    if (apart > TRAFFSTAT_I_TIES_APART) {
        traffstat_i_text_add(&text, ": their unseen parts differ by a factor of ");
        traffstat_i_text_add_fixed(&text, apart, 2);
        traffstat_i_text_add(&text, " (more than ");
        traffstat_i_text_add_double(&text, TRAFFSTAT_I_TIES_APART);
        traffstat_i_text_add(&text, ")");
    }
    if (outside) {
        traffstat_i_text_add(&text, ", some outside the interval");
    }
    return traffstat_i_answer_say(a, TRAFFSTAT_VERDICT_CAUTION, &text);
}

/* ---- replicates ------------------------------------------------------------------------------ */

static traffstat_status judge_lost(traffstat_i_answer *a)
{
    const double lost = (double) a->replicates.without / (double) a->replicates.count;
    if (!(lost > TRAFFSTAT_I_LOST_CAUTION)) {
        return TRAFFSTAT_OK;
    }
    const bool refused = lost > TRAFFSTAT_I_LOST_REFUSED;
    traffstat_text text;
    traffstat_i_text_init(&text, a->ctx);
    traffstat_i_text_addf(&text, "%zu of %zu bootstrap replicates have no estimate (more than ",
                          a->replicates.without, a->replicates.count);
    traffstat_i_text_add_double(
        &text, 100.0 * (refused ? TRAFFSTAT_I_LOST_REFUSED : TRAFFSTAT_I_LOST_CAUTION));
    traffstat_i_text_add(&text, "\xc2\xa0%)");
    return traffstat_i_answer_say(
        a, refused ? TRAFFSTAT_VERDICT_INESTIMABLE : TRAFFSTAT_VERDICT_CAUTION, &text);
}

static traffstat_status judge_bias(traffstat_i_answer *a)
{
    if (!traffstat_i_answer_widened(a)) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, a->ctx);
    traffstat_i_text_add(&text, "the bootstrap's corrected and percentile limits disagree (z0 ");
    traffstat_i_text_add_fixed(&text, a->bca.bias, 2);
    traffstat_i_text_add(&text, "; upper ends ");
    traffstat_i_say_number(&text, rint(a->bca.upper));
    traffstat_i_text_add(&text, " and ");
    traffstat_i_say_number(&text, rint(a->bca.percentile_upper));
    traffstat_i_text_add(&text, "): the wider ones are given");
    return traffstat_i_answer_say(a, TRAFFSTAT_VERDICT_CAUTION, &text);
}

/* One person less of a history moves the unseen part. */
static traffstat_status judge_person(traffstat_i_answer *a)
{
    const double unseen = a->fit.estimate - a->counts.n;
    double most = 0.0;
    for (size_t w = 1; w < a->counts.cells; w++) {
        if (a->counts.count[w] > 0.0) {
            const double left = a->replicates.jackknife[w] - (a->counts.n - 1.0);
            most = fmax(most, fabs(left - unseen) / unseen);
        }
    }
    if (!(most > TRAFFSTAT_I_ONE_PERSON)) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, a->ctx);
    if (isinf(most)) {
        traffstat_i_text_add(&text, "without one certain person there would be no estimate");
    } else {
        traffstat_i_text_add(&text, "one person less would move the unseen part by ");
        traffstat_i_text_add_fixed(&text, 100.0 * most, 0);
        traffstat_i_text_add(&text, "\xc2\xa0% (more than ");
        traffstat_i_text_add_double(&text, 100.0 * TRAFFSTAT_I_ONE_PERSON);
        traffstat_i_text_add(&text, "\xc2\xa0%)");
    }
    return traffstat_i_answer_say(a, TRAFFSTAT_VERDICT_CAUTION, &text);
}

static traffstat_status judge_fit(traffstat_i_answer *a)
{
    if (!(a->fit_p < TRAFFSTAT_I_FIT_P)) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, a->ctx);
    traffstat_i_text_add(&text, "the model does not fit: data that it makes itself are as far from "
                                "it only with p ");
    traffstat_i_text_add(&text, a->fit_p < 0.001 ? "" : "= ");
    traffstat_i_say_p(&text, a->fit_p);
    traffstat_i_text_add(&text, " (below ");
    traffstat_i_text_add_double(&text, TRAFFSTAT_I_FIT_P);
    traffstat_i_text_add(&text, ")");
    return traffstat_i_answer_say(a, TRAFFSTAT_VERDICT_CAUTION, &text);
}

traffstat_status traffstat_i_answer_judge(traffstat_i_answer *a)
{
    traffstat_status status = judge_ties(a);
    if (a->replicates.count > 0) {
        traffstat_status (*const judges[])(traffstat_i_answer *) = {judge_lost, judge_bias,
                                                                    judge_person, judge_fit};
        for (size_t i = 0; i < 4 && status == TRAFFSTAT_OK; i++) {
            status = judges[i](a);
        }
    }
    return status == TRAFFSTAT_OK
               ? traffstat_i_overlap_judge(a->run, a->row, a->counts.n, a->shared, NULL)
               : status;
}
