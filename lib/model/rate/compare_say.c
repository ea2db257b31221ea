/* Rows, details, reasons and assumptions of a comparison of places. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/rate/compare.h"
#include "model/rate/tail.h"
#include "table/panel.h"

typedef traffstat_i_comparison comparison;

static double per_resident(const comparison *c)
{
    return c->options->per;
}

/* Rate of the whole: what a ratio of 1 stands for. */
static double whole_rate(const comparison *c)
{
    return per_resident(c) * c->total_cases / c->total_exposure;
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* Garwood's limits, without starting a public call: progress goes on. */
static traffstat_status limits_of(const comparison *c, double count, double *lower, double *upper)
{
    const double tail = 0.5 * (1.0 - c->options->level);
    *lower = count > 0.0 ? traffstat_i_gamma_quantile(count, tail, true) : 0.0;
    *upper = count > 0.0 ? traffstat_i_gamma_quantile(count + 1.0, tail, false) : -log(tail);
    return isfinite(*lower) && isfinite(*upper)
               ? TRAFFSTAT_OK
               : traffstat_i_fail(c->ctx, TRAFFSTAT_E_NUMERIC,
                                  "the limits of a count could not be found");
}

/* From both ends of an interval count. */
static traffstat_status fill_count(const comparison *c, const traffstat_cell *cell,
                                   traffstat_estimate_row *row)
{
    double least = 0.0;
    traffstat_status status = limits_of(c, (double) cell->lower, &row->lower, &row->upper);
    if (status == TRAFFSTAT_OK && cell->upper == TRAFFSTAT_NO_UPPER) {
        row->upper = NAN;
    } else if (status == TRAFFSTAT_OK && cell->upper != cell->lower) {
        status = limits_of(c, (double) cell->upper, &least, &row->upper);
    }
    row->estimate = cell->lower == cell->upper ? (double) cell->lower : (double) NAN;
    return status;
}

static void say_rate(const comparison *c, const traffstat_cell *cell,
                     const traffstat_estimate_row *row, traffstat_detail *said)
{
    const double people = cell->population * (cell->coverage > 0.0 ? cell->coverage : 1.0);
    const double scale = per_resident(c) / people; /* NaN without a population */
    traffstat_i_detail_number(said, "rate", row->estimate * scale);
    traffstat_i_detail_number(said, "rate_lower", row->lower * scale);
    traffstat_i_detail_number(said, "rate_upper", row->upper * scale);
    traffstat_i_detail_number(said, "population", cell->population);
    traffstat_i_detail_number(said, "coverage", cell->coverage);
}

/* Members of one shrunken rate; i NONE: none of them exists. */
static void say_shrunk(const comparison *c, size_t which, size_t i, traffstat_detail *said)
{
    static const char *const names[TRAFFSTAT_I_SHRUNKS][4] = {
        {"bayes_rate", "bayes_lower", "bayes_upper", "bayes_weight"},
        {"marshall_rate", "marshall_lower", "marshall_upper", "marshall_weight"},
        {"local_rate", "local_lower", "local_upper", "local_weight"}};
    const bool there = c->shrunk[which] != NULL && i != TRAFFSTAT_NONE;
    traffstat_shrunk got = {.estimate = NAN, .lower = NAN, .upper = NAN, .weight = NAN};
    if (there) {
        got = c->shrunk[which][i];
    }
    traffstat_i_detail_number(said, names[which][0], got.estimate * whole_rate(c));
    traffstat_i_detail_number(said, names[which][1], got.lower * whole_rate(c));
    traffstat_i_detail_number(said, names[which][2], got.upper * whole_rate(c));
    traffstat_i_detail_number(said, names[which][3], got.weight);
}

static void say_others(const comparison *c, size_t i, traffstat_detail *said)
{
    const bool there = i != TRAFFSTAT_NONE && c->against != NULL;
    const traffstat_i_against none = {NAN, NAN, NAN};
    const traffstat_i_against got = there ? c->against[i] : none;
    traffstat_i_detail_number(said, "others_ratio", got.ratio);
    traffstat_i_detail_number(said, "others_lower", got.lower);
    traffstat_i_detail_number(said, "others_upper", got.upper);
    traffstat_i_detail_number(said, "p", there ? c->p[i] : (double) NAN);
    traffstat_i_detail_number(said, "p_adjusted", there ? c->adjusted[i] : (double) NAN);
}

/* Where a ratio lies between the limits of both levels. */
static const char *position(double ratio, const double narrow[2], const double wide[2])
{
    if (ratio > wide[1]) {
        return "above 99.8 %";
    }
    if (ratio < wide[0]) {
        return "below 99.8 %";
    }
    if (ratio > narrow[1]) {
        return "above 95 %";
    }
    return ratio < narrow[0] ? "below 95 %" : "inside";
}

static void say_position(const comparison *c, size_t i, traffstat_detail *said)
{
    const traffstat_funnel_limit *narrow = &c->funnel[TRAFFSTAT_I_FUNNEL_95].limits[i];
    const traffstat_funnel_limit *wide = &c->funnel[TRAFFSTAT_I_FUNNEL_998].limits[i];
    const double ratio = c->points[i].ratio;
    const double plain[2][2] = {{narrow->lower, narrow->upper}, {wide->lower, wide->upper}};
    const double adjusted[2][2] = {{narrow->lower_additive, narrow->upper_additive},
                                   {wide->lower_additive, wide->upper_additive}};
    traffstat_i_detail_text(said, "funnel", position(ratio, plain[0], plain[1]));
    traffstat_i_detail_text(said, "funnel_adjusted", position(ratio, adjusted[0], adjusted[1]));
}

static void say_limits(const comparison *c, size_t i, traffstat_detail *said)
{
    static const char *const names[TRAFFSTAT_I_FUNNELS][4] = {
        {"funnel_lower_95", "funnel_upper_95", "adjusted_lower_95", "adjusted_upper_95"},
        {"funnel_lower_998", "funnel_upper_998", "adjusted_lower_998", "adjusted_upper_998"}};
    for (size_t f = 0; f < TRAFFSTAT_I_FUNNELS; f++) {
        const bool there = i != TRAFFSTAT_NONE && c->funnel[f].limits != NULL;
        traffstat_funnel_limit at = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
        if (there) {
            at = c->funnel[f].limits[i];
        }
        traffstat_i_detail_number(said, names[f][0], at.lower * whole_rate(c));
        traffstat_i_detail_number(said, names[f][1], at.upper * whole_rate(c));
        traffstat_i_detail_number(said, names[f][2], at.lower_additive * whole_rate(c));
        traffstat_i_detail_number(said, names[f][3], at.upper_additive * whole_rate(c));
    }
}

static void say_funnel(const comparison *c, size_t i, traffstat_detail *said)
{
    const bool there = i != TRAFFSTAT_NONE && c->points != NULL;
    if (there) {
        say_position(c, i, said);
    } else {
        traffstat_i_detail_none(said, "funnel");
        traffstat_i_detail_none(said, "funnel_adjusted");
    }
    traffstat_i_detail_number(said, "z", there ? c->points[i].z : (double) NAN);
    traffstat_i_detail_number(said, "z_adjusted", there ? c->points[i].z_additive : (double) NAN);
    say_limits(c, i, said);
}

static void say_rank(const comparison *c, size_t i, traffstat_detail *said)
{
    if (i == TRAFFSTAT_NONE || c->ranks == NULL) {
        traffstat_i_detail_none(said, "rank");
        traffstat_i_detail_none(said, "rank_lower");
        traffstat_i_detail_none(said, "rank_upper");
        traffstat_i_detail_none(said, "rank_expected");
        return;
    }
    traffstat_i_detail_number(said, "rank", c->ranks[i].rank);
    traffstat_i_detail_integer(said, "rank_lower", c->ranks[i].lower);
    traffstat_i_detail_integer(said, "rank_upper", c->ranks[i].upper);
    traffstat_i_detail_number(said, "rank_expected", c->ranks[i].expected);
}

/* Every row has the same members in the same order: they are columns too. */
static void say_place(const comparison *c, size_t i, const traffstat_estimate_row *row,
                      traffstat_detail *said)
{
    const bool there = i != TRAFFSTAT_NONE && c->reason[0] == '\0';
    const double expected = there ? c->expected[i] : (double) NAN;
    traffstat_i_detail_number(said, "expected", expected);
    traffstat_i_detail_number(said, "ratio", row->estimate / expected);
    traffstat_i_detail_number(said, "ratio_lower", row->lower / expected);
    traffstat_i_detail_number(said, "ratio_upper", row->upper / expected);
    for (size_t which = 0; which < TRAFFSTAT_I_SHRUNKS; which++) {
        say_shrunk(c, which, i, said);
    }
    say_others(c, i, said);
    say_funnel(c, i, said);
    say_rank(c, i, said);
    if (i != TRAFFSTAT_NONE && c->has_neighbours) {
        traffstat_i_detail_integer(said, "neighbours", (int64_t) c->degree[i]);
    } else {
        traffstat_i_detail_none(said, "neighbours");
    }
}

static traffstat_status judge_row(const comparison *c, traffstat_estimate *estimate, size_t at,
                                  const traffstat_cell *cell)
{
    const traffstat_i_place_part part = c->part[at];
    const bool nothing = part == TRAFFSTAT_I_PART_NO_COUNT || part == TRAFFSTAT_I_PART_NEGATIVE;
    traffstat_status status = TRAFFSTAT_OK;
    if (part != TRAFFSTAT_I_PART_COMPARED) {
        status = traffstat_i_estimate_row_reason(
            estimate, at, nothing ? TRAFFSTAT_VERDICT_INESTIMABLE : TRAFFSTAT_VERDICT_CAUTION,
            traffstat_i_place_part_reason(part));
    }
    if (status == TRAFFSTAT_OK && (cell->flags & TRAFFSTAT_FLAG_PARTIAL) != 0) {
        status = traffstat_i_estimate_row_reason(
            estimate, at, TRAFFSTAT_VERDICT_CAUTION,
            "a part of the place was not reported: the count and its rate may be too low");
    }
    return status == TRAFFSTAT_OK
               ? traffstat_i_cell_doubts(c->ctx, estimate, at, c->panel, at, cell->flags)
               : status;
}

static traffstat_status fill_row(const comparison *c, traffstat_estimate *estimate, size_t at)
{
    traffstat_cell cell;
    traffstat_status status = traffstat_panel_cell(c->panel, at, &cell);
    traffstat_estimate_row *row = traffstat_i_estimate_row(estimate, at);
    if (status == TRAFFSTAT_OK && cell.why == TRAFFSTAT_WHY_COUNTED && cell.lower >= 0) {
        status = fill_count(c, &cell, row);
        traffstat_i_estimate_set_interval(estimate, at, 0, row->lower, row->upper);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_detail *said = traffstat_i_estimate_row_details(estimate, at);
    say_rate(c, &cell, row, said);
    say_place(c, c->place[at], row, said);
    return judge_row(c, estimate, at, &cell);
}

/* ---- beside the rows ------------------------------------------------------------------------- */

static void say_left_out(const comparison *c, traffstat_detail *places)
{
    traffstat_detail *list = traffstat_i_detail_list(places, "not_compared");
    for (size_t i = 0; i < traffstat_panel_series(c->whole); i++) {
        const size_t row = c->series_row[i];
        const traffstat_i_place_part part =
            row == TRAFFSTAT_NONE ? TRAFFSTAT_I_PART_NO_ROW : c->part[row];
        if (part == TRAFFSTAT_I_PART_COMPARED) {
            continue;
        }
        traffstat_detail *one = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(one, "place", traffstat_i_panel_label(c->whole, i));
        traffstat_i_detail_text(one, "key", traffstat_panel_key(c->whole, i));
        traffstat_i_detail_text(one, "reason", traffstat_i_place_part_reason(part));
    }
}

static traffstat_status say_whole(const comparison *c, traffstat_detail *places)
{
    double lower = NAN;
    double upper = NAN;
    if (c->n > 0) {
        const traffstat_status status = limits_of(c, c->total_cases, &lower, &upper);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    const double each = per_resident(c) / c->total_exposure;
    traffstat_i_detail_number(places, "cases", c->n > 0 ? c->total_cases : (double) NAN);
    traffstat_i_detail_number(places, "population", c->n > 0 ? c->total_exposure : (double) NAN);
    traffstat_i_detail_number(places, "rate", whole_rate(c));
    traffstat_i_detail_number(places, "rate_lower", lower * each);
    traffstat_i_detail_number(places, "rate_upper", upper * each);
    if (c->left_out[TRAFFSTAT_I_PART_HIDDEN] == 0) {
        traffstat_i_detail_none(places, "rate_bounds");
        return TRAFFSTAT_OK;
    }
    const double scale = per_resident(c) / (c->total_exposure + c->hidden_exposure);
    traffstat_detail *bounds = traffstat_i_detail_list(places, "rate_bounds");
    traffstat_i_detail_number(bounds, NULL, (c->total_cases + c->hidden_lower) * scale);
    traffstat_i_detail_number(bounds, NULL, (c->total_cases + c->hidden_upper) * scale);
    return TRAFFSTAT_OK;
}

static void say_law(const comparison *c, size_t which, const char *name, traffstat_detail *places)
{
    const traffstat_shrink_law *law = &c->law[which];
    if (c->shrunk[which] == NULL) {
        traffstat_i_detail_none(places, name);
        return;
    }
    traffstat_detail *object = traffstat_i_detail_object(places, name);
    traffstat_i_detail_number(object, "mean", law->mean);
    traffstat_i_detail_number(object, "variance", law->variance);
    traffstat_i_detail_number(object, "shape", law->shape);
    traffstat_i_detail_number(object, "rate", law->rate);
    traffstat_i_detail_integer(object, "clipped", (int64_t) law->clipped);
}

static void say_spread(const comparison *c, traffstat_detail *places)
{
    static const char *const names[TRAFFSTAT_I_FUNNELS][2] = {
        {"outside_95", "outside_95_adjusted"}, {"outside_998", "outside_998_adjusted"}};
    if (c->points == NULL) {
        traffstat_i_detail_none(places, "funnel");
        return;
    }
    traffstat_detail *object = traffstat_i_detail_object(places, "funnel");
    traffstat_i_detail_number(object, "target", c->spread.target * whole_rate(c));
    traffstat_i_detail_number(object, "phi", c->spread.phi);
    traffstat_i_detail_number(object, "tau2", c->spread.tau2);
    traffstat_i_detail_integer(object, "used", (int64_t) c->spread.used);
    for (size_t f = 0; f < TRAFFSTAT_I_FUNNELS; f++) {
        traffstat_i_detail_integer(object, names[f][0], (int64_t) c->funnel[f].outside);
        traffstat_i_detail_integer(object, names[f][1], (int64_t) c->funnel[f].outside_adjusted);
    }
}

static void say_side(const comparison *c, traffstat_detail *parent, const char *name,
                     traffstat_i_place_told side)
{
    traffstat_detail *list = traffstat_i_detail_list(parent, name);
    for (size_t i = 0; i < c->n; i++) {
        if (traffstat_i_place_told_apart(c, i) != side) {
            continue;
        }
        const size_t series = traffstat_panel_row_series(c->panel, c->row[i]);
        traffstat_detail *one = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(one, "place", traffstat_i_panel_label(c->panel, series));
        traffstat_i_detail_integer(one, "observed", (int64_t) c->cases[i]);
        traffstat_i_detail_number(one, "expected", c->expected[i]);
        traffstat_i_detail_number(one, "p_adjusted", c->adjusted[i]);
    }
}

static void say_discovery(const comparison *c, traffstat_detail *places)
{
    if (c->adjusted == NULL) {
        traffstat_i_detail_none(places, "discovery");
        return;
    }
    traffstat_detail *object = traffstat_i_detail_object(places, "discovery");
    traffstat_i_detail_number(object, "level", c->options->discovery);
    say_side(c, object, "above", TRAFFSTAT_I_TOLD_ABOVE);
    say_side(c, object, "below", TRAFFSTAT_I_TOLD_BELOW);
    say_side(c, object, "incomplete", TRAFFSTAT_I_TOLD_INCOMPLETE);
}

static void say_neighbours(const comparison *c, traffstat_detail *places)
{
    if (!c->has_neighbours) {
        traffstat_i_detail_none(places, "neighbours");
        return;
    }
    traffstat_detail *object = traffstat_i_detail_object(places, "neighbours");
    traffstat_i_detail_integer(object, "links", (int64_t) (c->links / 2));
    traffstat_i_detail_integer(object, "islands", (int64_t) c->islands);
    traffstat_i_detail_text(object, "reason",
                            c->no_neighbours[0] != '\0' ? c->no_neighbours : NULL);
}

static traffstat_status say_places(const comparison *c, traffstat_detail *top)
{
    traffstat_detail *places = traffstat_i_detail_object(top, "places");
    traffstat_i_detail_integer(places, "year", c->year);
    traffstat_i_detail_flag(places, "asked", c->options->year != 0);
    const size_t compared = c->reason[0] == '\0' ? c->n : 0;
    traffstat_i_detail_integer(places, "compared", (int64_t) compared);
    traffstat_i_detail_integer(
        places, "told_apart",
        (int64_t) (c->told[TRAFFSTAT_I_TOLD_ABOVE] + c->told[TRAFFSTAT_I_TOLD_BELOW]));
    const traffstat_status status = say_whole(c, places);
    traffstat_i_detail_text(places, "reason", c->reason[0] != '\0' ? c->reason : NULL);
    say_law(c, TRAFFSTAT_I_SHRUNK_GAMMA, "bayes", places);
    say_law(c, TRAFFSTAT_I_SHRUNK_MARSHALL, "marshall", places);
    say_spread(c, places);
    say_discovery(c, places);
    say_neighbours(c, places);
    say_left_out(c, places);
    return status;
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void say_moran(const comparison *c, size_t which, const char *name, traffstat_detail *tests)
{
    const traffstat_moran *got = &c->moran[which];
    if (!c->has_moran[which]) {
        traffstat_i_detail_none(tests, name);
        return;
    }
    traffstat_detail *object = traffstat_i_detail_object(tests, name);
    traffstat_i_detail_number(object, "i", got->i);
    traffstat_i_detail_number(object, "expected", got->expected);
    traffstat_i_detail_number(object, "variance", got->variance);
    traffstat_i_detail_number(object, "z", got->z);
    traffstat_i_detail_number(object, "p", got->p);
    traffstat_i_detail_number(object, "p_permutation", got->p_permutation);
    traffstat_i_detail_integer(object, "isolated", (int64_t) got->isolated);
}

static void say_tests(const comparison *c, traffstat_detail *top)
{
    const traffstat_heterogeneity *got = &c->tests;
    if (c->points == NULL) {
        traffstat_i_detail_none(top, "tests");
        return;
    }
    traffstat_detail *tests = traffstat_i_detail_object(top, "tests");
    traffstat_detail *dispersion = traffstat_i_detail_object(tests, "dispersion");
    traffstat_i_detail_number(dispersion, "chi2", got->chi2);
    traffstat_i_detail_number(dispersion, "freedom", got->freedom);
    traffstat_i_detail_number(dispersion, "phi", got->chi2 / got->freedom);
    traffstat_i_detail_number(dispersion, "p", got->p);
    traffstat_detail *dean = traffstat_i_detail_object(tests, "dean");
    traffstat_i_detail_number(dean, "z", got->dean);
    traffstat_i_detail_number(dean, "p", got->dean_p);
    traffstat_detail *whittinghill = traffstat_i_detail_object(tests, "potthoff_whittinghill");
    traffstat_i_detail_number(whittinghill, "statistic", got->pw);
    traffstat_i_detail_number(whittinghill, "mean", got->pw_mean);
    traffstat_i_detail_number(whittinghill, "variance", got->pw_variance);
    traffstat_i_detail_number(whittinghill, "p", got->pw_p);
    say_moran(c, 0, "moran", tests);
    say_moran(c, 1, "moran_rates", tests);
}

static traffstat_status say_sentence(const comparison *c, traffstat_detail *top)
{
    traffstat_text text;
    traffstat_i_text_init(&text, c->ctx);
    traffstat_i_say_comparison(&text, c);
    traffstat_i_detail_text(top, "sentence", traffstat_i_text_get(&text));
    const traffstat_status status = text.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    traffstat_i_text_clear(&text);
    return status;
}

traffstat_status traffstat_i_comparison_say(const traffstat_i_comparison *c,
                                            traffstat_estimate *estimate)
{
    traffstat_detail *top = traffstat_i_estimate_details(estimate);
    traffstat_status status = traffstat_i_comparison_judge(c, estimate);
    for (size_t i = 0; i < c->rows && status == TRAFFSTAT_OK; i++) {
        status = fill_row(c, estimate, i);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_places(c, top);
    }
    if (status == TRAFFSTAT_OK) {
        say_tests(c, top);
        status = say_sentence(c, top);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_estimate_finish(estimate) : status;
}
