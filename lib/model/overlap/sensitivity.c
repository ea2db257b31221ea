/* What holds an answer up, as details of the result and as verdicts. */
#include <math.h>
#include <string.h>

#include "model/overlap/sensitivity.h"

#define FROM 0.75 /* share of a stratum's work that is done before */
#define LN2 0.69314718055994531
#define LN3 1.0986122886681098

/* The second answer that moves the unseen part most. */
typedef struct worst {
    double moved; /* share of the unseen part */
    uint16_t lists;
    double estimate;
} worst;

typedef struct sensing {
    traffstat_i_answer *a;
    traffstat_detail *top;
    double base; /* N that seconds are compared with */
    size_t done;
    size_t tasks;
} sensing;

static double unseen_of(const sensing *s)
{
    return s->base - s->a->counts.n;
}

static void next_span(sensing *s)
{
    const double start = s->a->run->done;
    const double share = s->a->run->share;
    const double step = (1.0 - FROM) / (double) s->tasks;
    const double from = FROM + step * (double) s->done++;
    traffstat_i_progress_span(s->a->ctx, start + from * share, start + (from + step) * share);
}

static void name_lists(const sensing *s, traffstat_detail *parent, const char *key, uint16_t lists)
{
    const uint16_t term[] = {0, lists};
    traffstat_i_answer_model(s->a, parent, key, (traffstat_i_terms){term, 2});
}

static void note(sensing *s, traffstat_detail *list, const char *key, uint16_t lists,
                 const traffstat_i_second *second, worst *most)
{
    traffstat_detail *one = traffstat_i_detail_object(list, NULL);
    const double moved = (second->estimate - s->base) / unseen_of(s);
    name_lists(s, one, key, lists);
    traffstat_i_detail_number(one, "estimate", second->estimate);
    traffstat_i_detail_number(one, "moved", moved);
    if (fabs(moved) > fabs(most->moved)) {
        *most = (worst){moved, lists, second->estimate};
    }
}

static traffstat_status judge(sensing *s, const worst *most, const char *what)
{
    if (!(fabs(most->moved) > TRAFFSTAT_I_LIST_MOVES)) {
        return TRAFFSTAT_OK;
    }
    const uint16_t term[] = {0, most->lists};
    traffstat_text text;
    traffstat_i_text_init(&text, s->a->ctx);
    traffstat_i_text_add(&text, what);
    traffstat_i_answer_name(s->a, (traffstat_i_terms){term, 2}, &text);
    traffstat_i_text_add(&text, " the estimate would be ");
    traffstat_i_say_number(&text, rint(most->estimate));
    traffstat_i_text_add(&text, ", and the unseen part would move by ");
    traffstat_i_text_add_fixed(&text, 100.0 * fabs(most->moved), 0);
    traffstat_i_text_add(&text, "\xc2\xa0% (more than ");
    traffstat_i_text_add_double(&text, 100.0 * TRAFFSTAT_I_LIST_MOVES);
    traffstat_i_text_add(&text, "\xc2\xa0%)");
    return traffstat_i_answer_say(s->a, TRAFFSTAT_VERDICT_CAUTION, &text);
}

/* ---- fewer lists ----------------------------------------------------------------------------- */

static traffstat_status drop_each(sensing *s)
{
    traffstat_detail *list = traffstat_i_detail_list(s->top, "lists_dropped");
    worst most = {0};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < s->a->lists && status == TRAFFSTAT_OK; i++) {
        traffstat_i_second second;
        next_span(s);
        status = traffstat_i_without_list(s->a, i, &second);
        if (status == TRAFFSTAT_OK) {
            note(s, list, "list", (uint16_t) (1u << i), &second, &most);
        }
    }
    return status == TRAFFSTAT_OK ? judge(s, &most, "without the list ") : status;
}

static traffstat_status merge_each(sensing *s)
{
    traffstat_detail *list = traffstat_i_detail_list(s->top, "pairs_merged");
    worst most = {0};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < s->a->lists; i++) {
        for (size_t k = i + 1; k < s->a->lists && status == TRAFFSTAT_OK; k++) {
            traffstat_i_second second;
            next_span(s);
            status = traffstat_i_with_merged(s->a, i, k, &second);
            if (status == TRAFFSTAT_OK) {
                note(s, list, "pair", (uint16_t) (1u << i | 1u << k), &second, &most);
            }
        }
    }
    return status == TRAFFSTAT_OK ? judge(s, &most, "with one list made of ") : status;
}

static traffstat_status predict_each(sensing *s)
{
    traffstat_detail *list = traffstat_i_detail_list(s->top, "internal_consistency");
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < s->a->lists && status == TRAFFSTAT_OK; i++) {
        traffstat_i_second second;
        const double observed = s->a->counts.total[(size_t) 1 << i];
        next_span(s);
        status = traffstat_i_predict_list(s->a, i, &second);
        traffstat_detail *one = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(one, "list", s->a->names[i]);
        traffstat_i_detail_number(one, "observed", observed);
        traffstat_i_detail_number(one, "predicted", second.estimate);
        traffstat_i_detail_number(one, "lower", second.lower);
        traffstat_i_detail_number(one, "upper", second.upper);
        if (isnan(second.lower)) {
            traffstat_i_detail_none(one, "agrees");
        } else {
            traffstat_i_detail_flag(one, "agrees",
                                    observed >= second.lower && observed <= second.upper);
        }
    }
    return status;
}

static traffstat_status follow_arrivals(sensing *s)
{
    traffstat_detail *list = traffstat_i_detail_list(s->top, "as_lists_arrive");
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t lists = 2; lists <= s->a->lists && status == TRAFFSTAT_OK; lists++) {
        traffstat_i_second second = {s->base, NAN, NAN};
        next_span(s);
        if (lists < s->a->lists) {
            status = traffstat_i_with_first(s->a, lists, &second);
        }
        traffstat_detail *one = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_integer(one, "lists", (int64_t) lists);
        traffstat_i_detail_text(one, "added", s->a->names[lists - 1]);
        traffstat_i_detail_number(one, "estimate", second.estimate);
    }
    return status;
}

/* ---- dependence ------------------------------------------------------------------------------ */

static void say_point(const sensing *s, traffstat_detail *curve, const uint16_t *pairs,
                      size_t count, double u, double *room)
{
    traffstat_detail *one = traffstat_i_detail_object(curve, NULL);
    traffstat_i_detail_number(one, "u", u);
    traffstat_i_detail_number(
        one, "estimate",
        traffstat_i_offset_estimate(s->a, pairs, count, u, room, room + s->a->counts.cells));
}

/* N at stated odds of being on both lists of the pairs, beyond what the model has. */
static void say_curve(const sensing *s, traffstat_detail *into, const uint16_t *pairs, size_t count,
                      double *room)
{
    static const double steps[] = {-LN3, -LN2, -0.5 * LN2, 0.0, 0.5 * LN2, LN2, LN3};
    double *const beta = room + s->a->counts.cells;
    traffstat_detail *curve = traffstat_i_detail_list(into, "curve");
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        say_point(s, curve, pairs, count, steps[i], room);
    }
    traffstat_i_detail_number(into, "halves_at",
                              traffstat_i_offset_reaching(s->a, pairs, count, 0.5, room, beta));
    traffstat_i_detail_number(into, "doubles_at",
                              traffstat_i_offset_reaching(s->a, pairs, count, 2.0, room, beta));
}

static size_t omitted_pairs(const traffstat_i_answer *a, uint16_t *pairs)
{
    size_t count = 0;
    for (size_t i = 0; i < a->lists; i++) {
        for (size_t k = i + 1; k < a->lists; k++) {
            const uint16_t pair = (uint16_t) (1u << i | 1u << k);
            if (!traffstat_i_has_term(a->model, pair)) {
                pairs[count++] = pair;
            }
        }
    }
    return count;
}

static traffstat_status vary_dependence(sensing *s)
{
    const traffstat_i_answer *a = s->a;
    uint16_t pairs[TRAFFSTAT_I_PAIRS_MAX];
    const size_t count = omitted_pairs(a, pairs);
    double *room = traffstat_i_alloc(a->ctx, a->counts.cells + a->model.count, sizeof *room);
    if (room == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_detail *top = traffstat_i_detail_object(s->top, "omitted_pairs");
    traffstat_status status = TRAFFSTAT_OK;
    if (count > 0) {
        say_curve(s, traffstat_i_detail_object(top, "all"), pairs, count, room);
    }
    traffstat_detail *alone = traffstat_i_detail_list(top, "alone");
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        traffstat_detail *one = traffstat_i_detail_object(alone, NULL);
        name_lists(s, one, "pair", pairs[i]);
        say_curve(s, one, pairs + i, 1, room);
        status = traffstat_i_stopped(a->ctx) ? traffstat_i_progress(a->ctx, 0.0) : TRAFFSTAT_OK;
    }
    traffstat_i_free(a->ctx, room);
    return status;
}

/* Of the model with every interaction but the highest: the one that decides it, at u. Only where all
 * histories are there, or it would reassure falsely. */
static void vary_highest(const sensing *s)
{
    const traffstat_i_answer *a = s->a;
    double ln_unseen = 0.0;
    for (size_t w = 1; w < a->counts.cells; w++) {
        if (!(a->counts.count[w] > 0.0)) {
            return;
        }
        const bool odd = (traffstat_i_bits((uint32_t) w) & 1) != 0;
        ln_unseen += odd ? log(a->counts.count[w]) : -log(a->counts.count[w]);
    }
    static const double steps[] = {-LN3, -LN2, 0.0, LN2, LN3};
    traffstat_detail *curve = traffstat_i_detail_list(s->top, "highest_interaction");
    const double sign = a->lists % 2 == 0 ? 1.0 : -1.0;
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        traffstat_detail *one = traffstat_i_detail_object(curve, NULL);
        traffstat_i_detail_number(one, "u", steps[i]);
        traffstat_i_detail_number(one, "estimate", a->counts.n + exp(ln_unseen + sign * steps[i]));
    }
}

static traffstat_status vary_linkage(const sensing *s)
{
    const double missed = s->a->run->options.linkage_error;
    double estimate = NAN;
    if (!(missed > 0.0)) {
        return TRAFFSTAT_OK;
    }
    const traffstat_status status = traffstat_i_linked_estimate(s->a, missed, &estimate);
    traffstat_detail *one = traffstat_i_detail_object(s->top, "linkage");
    traffstat_i_detail_number(one, "missed", missed);
    traffstat_i_detail_number(one, "estimate", estimate);
    return status;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static traffstat_status find_base(sensing *s)
{
    traffstat_i_second second = {s->a->fit.estimate, NAN, NAN};
    const bool repeats = traffstat_i_choice_repeats(&s->a->choice, s->a->lists);
    traffstat_status status = TRAFFSTAT_OK;
    traffstat_i_detail_text(s->top, "chosen_by",
                            repeats ? traffstat_overlap_method_name(s->a->run->options.method)
                                    : "stepwise");
    if (!repeats) {
        status = traffstat_i_choose_again(s->a->ctx, &s->a->counts, &s->a->choice, 0.0, &second);
    }
    s->base = second.estimate;
    return status;
}

traffstat_status traffstat_i_answer_sensitivity(traffstat_i_answer *a)
{
    const size_t lists = a->lists;
    sensing s = {.a = a,
                 .top = traffstat_i_detail_object(a->top, "sensitivity"),
                 .tasks = 3 * lists + lists * (lists - 1) / 2 + 1};
    traffstat_status status = find_base(&s);
    if (lists > 2) {
        traffstat_status (*const parts[])(sensing *) = {drop_each, merge_each, predict_each,
                                                        follow_arrivals};
        for (size_t i = 0; i < 4 && status == TRAFFSTAT_OK; i++) {
            status = parts[i](&s);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = vary_dependence(&s);
    }
    if (status == TRAFFSTAT_OK) {
        vary_highest(&s);
        status = vary_linkage(&s);
    }
    return status;
}
