/* The caption of a comparison of places, its reasons for caution and what it assumes. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "estimate/words.h"
#include "model/rate/compare.h"
#include "table/panel.h"

typedef traffstat_i_comparison comparison;

#define NAMED_MOST 5 /* places named on each side */

/* ---- words ----------------------------------------------------------------------------------- */

static void say_rate(traffstat_text *text, double rate)
{
    traffstat_i_text_add_fixed(text, rate, rate < 10.0 ? 2 : rate < 100.0 ? 1 : 0);
}

static void say_expected(traffstat_text *text, double expected)
{
    if (expected < 0.05) {
        traffstat_i_text_add(text, "fewer than 0.1");
    } else {
        traffstat_i_text_add_fixed(text, expected, expected < 100.0 ? 1 : 0);
    }
}

static const char *places(size_t count)
{
    return count == 1 ? "place" : "places";
}

/* Of a count: 1 "was", 2 "were". */
static const char *were(size_t count)
{
    return count == 1 ? "was" : "were";
}

/* ---- places told apart ----------------------------------------------------------------------- */

static bool is_named(const comparison *c, size_t i, traffstat_i_place_told side)
{
    return traffstat_i_place_told_apart(c, i) == side &&
           (side != TRAFFSTAT_I_TOLD_ABOVE || c->cases[i] >= TRAFFSTAT_I_NAMED_CASES);
}

/* The next place of a side to be named: by p, then in the panel's order; NONE. */
static size_t next_named(const comparison *c, traffstat_i_place_told side, size_t after)
{
    size_t best = TRAFFSTAT_NONE;
    for (size_t i = 0; i < c->n; i++) {
        const bool later = after == TRAFFSTAT_NONE || c->p[i] > c->p[after] ||
                           (i > after && c->p[i] == c->p[after]);
        if (is_named(c, i, side) && later && (best == TRAFFSTAT_NONE || c->p[i] < c->p[best])) {
            best = i;
        }
    }
    return best;
}

/* "above them Nevada (55 counted, 12.3 expected), Montana (…) and 3 more" */
static void say_side(traffstat_text *text, const comparison *c, traffstat_i_place_told side)
{
    const size_t count = c->told[side];
    size_t said = 0;
    traffstat_i_text_add(text, side == TRAFFSTAT_I_TOLD_ABOVE ? "above them " : "below them ");
    for (size_t i = next_named(c, side, TRAFFSTAT_NONE); i != TRAFFSTAT_NONE && said < NAMED_MOST;
         i = next_named(c, side, i)) {
        const size_t series = traffstat_panel_row_series(c->panel, c->row[i]);
        traffstat_i_text_add(text, said == 0 ? "" : said + 1 == count ? " and " : ", ");
        traffstat_i_text_add(text, traffstat_i_panel_label(c->panel, series));
        traffstat_i_text_add(text, " (");
        traffstat_i_say_int(text, (int64_t) c->cases[i]);
        traffstat_i_text_add(text, said == 0 ? " counted, " : ", ");
        say_expected(text, c->expected[i]);
        traffstat_i_text_add(text, said == 0 ? " expected)" : ")");
        said++;
    }
    if (said == 0) {
        traffstat_i_text_addf(text, "%zu, on fewer than %d cases each", count,
                              TRAFFSTAT_I_NAMED_CASES);
    } else if (said < count) {
        traffstat_i_text_addf(text, " and %zu more", count - said);
    }
}

/* Places below the others on counts that may miss cases. */
static void say_incomplete(traffstat_text *text, const comparison *c)
{
    const size_t count = c->told[TRAFFSTAT_I_TOLD_INCOMPLETE];
    if (count > 0) {
        traffstat_i_text_addf(text,
                              " %zu %s lower on counts that may be incomplete (none where %d or "
                              "more are expected, or a part not reported), which says more of "
                              "recording than of cases.",
                              count, count == 1 ? "place is" : "places are",
                              (int) TRAFFSTAT_I_NONE_EXPECTED);
    }
}

static void say_both_sides(traffstat_text *text, const comparison *c, size_t told)
{
    const size_t above = c->told[TRAFFSTAT_I_TOLD_ABOVE];
    const size_t below = c->told[TRAFFSTAT_I_TOLD_BELOW];
    traffstat_i_text_addf(text, " %zu %s can be told from the others together (at most about ",
                          told, places(told));
    traffstat_i_say_percent(text, c->options->discovery);
    traffstat_i_text_add(text, " of such findings being false): ");
    if (above > 0) {
        say_side(text, c, TRAFFSTAT_I_TOLD_ABOVE);
    }
    traffstat_i_text_add(text, above > 0 && below > 0 ? "; " : "");
    if (below > 0) {
        say_side(text, c, TRAFFSTAT_I_TOLD_BELOW);
    }
    traffstat_i_text_add(text, ".");
}

static void say_told_apart(traffstat_text *text, const comparison *c)
{
    const size_t rest = c->told[TRAFFSTAT_I_TOLD_NOT];
    const size_t told = c->told[TRAFFSTAT_I_TOLD_ABOVE] + c->told[TRAFFSTAT_I_TOLD_BELOW];
    if (rest == c->n) {
        traffstat_i_text_add(text, " No place can be told from the others together: chance alone "
                                   "produces differences as large as these, and their order means "
                                   "nothing.");
        return;
    }
    if (told > 0) {
        say_both_sides(text, c, told);
    }
    say_incomplete(text, c);
    if (rest > 0) {
        traffstat_i_text_addf(text, " The other %zu cannot be told from the whole%s.", rest,
                              rest > 1 ? ", and their order means nothing" : "");
    }
}

/* ---- the caption ----------------------------------------------------------------------------- */

static void say_whole(traffstat_text *text, const comparison *c)
{
    const traffstat_cell sum = {.lower = (int64_t) c->total_cases,
                                .upper = (int64_t) c->total_cases,
                                .year = c->year,
                                .places = 1};
    traffstat_i_text_addf(text, "In %d, ", (int) c->year);
    traffstat_i_say_series_count(text, &sum, c->panel, 0, "");
    traffstat_i_text_addf(text, " in %zu places together, ", c->n);
    say_rate(text, c->options->per * c->total_cases / c->total_exposure);
    traffstat_i_text_add(text, " per ");
    traffstat_i_say_number(text, c->options->per);
    traffstat_i_text_add(text, " residents.");
}

static void say_spread(traffstat_text *text, const comparison *c)
{
    const size_t wide = c->funnel[TRAFFSTAT_I_FUNNEL_998].outside_adjusted;
    if (!(c->tests.p < TRAFFSTAT_I_SPREAD_P) || c->told[TRAFFSTAT_I_TOLD_NOT] == c->n) {
        return;
    }
    traffstat_i_text_add(text, " Rates spread more than chance explains, as rates of places that "
                               "record differently do; ");
    if (wide == 0) {
        traffstat_i_text_add(text, "no place stands out from that spread.");
    } else {
        traffstat_i_text_addf(text, "%zu %s out from that spread too.", wide,
                              wide == 1 ? "place stands" : "places stand");
    }
}

static size_t not_compared(const comparison *c)
{
    size_t count = 0;
    for (size_t part = TRAFFSTAT_I_PART_NO_ROW; part < TRAFFSTAT_I_PARTS_OF_PLACES; part++) {
        count += c->left_out[part];
    }
    return count;
}

static void say_left_out(traffstat_text *text, const comparison *c)
{
    const size_t count = not_compared(c);
    bool first = true;
    if (count == 0) {
        return;
    }
    traffstat_i_text_addf(text, "%zu %s %s left out (", count, places(count), were(count));
    for (size_t part = TRAFFSTAT_I_PART_NO_ROW; part < TRAFFSTAT_I_PARTS_OF_PLACES; part++) {
        if (c->left_out[part] > 0) {
            traffstat_i_text_addf(text, "%s%zu: %s", first ? "" : "; ", c->left_out[part],
                                  traffstat_i_place_part_reason((traffstat_i_place_part) part));
            first = false;
        }
    }
    traffstat_i_text_add(text, ")");
}

/* The least and the largest exact count. */
static void say_counts_alone(traffstat_text *text, const comparison *c)
{
    int64_t least = INT64_MAX;
    int64_t most = 0;
    size_t count = 0;
    for (size_t row = 0; row < c->rows; row++) {
        const int64_t lower = traffstat_panel_lowers(c->panel)[row];
        if (traffstat_panel_whys(c->panel)[row] == TRAFFSTAT_WHY_COUNTED && lower >= 0 &&
            lower == traffstat_panel_uppers(c->panel)[row]) {
            least = lower < least ? lower : least;
            most = lower > most ? lower : most;
            count++;
        }
    }
    traffstat_i_text_addf(text, "In %d, places cannot be compared: %s.", (int) c->year, c->reason);
    if (count == 1) {
        traffstat_i_text_add(text, " The one exact count is ");
        traffstat_i_say_int(text, most);
        traffstat_i_text_add(text, ".");
    } else if (count > 1) {
        traffstat_i_text_addf(text, " Exact counts of %zu places: from ", count);
        traffstat_i_say_int(text, least);
        traffstat_i_text_add(text, " to ");
        traffstat_i_say_int(text, most);
        traffstat_i_text_add(text, ".");
    }
}

void traffstat_i_say_comparison(traffstat_text *text, const traffstat_i_comparison *c)
{
    if (c->reason[0] != '\0') {
        say_counts_alone(text, c);
        return;
    }
    say_whole(text, c);
    say_told_apart(text, c);
    say_spread(text, c);
    if (not_compared(c) > 0) {
        traffstat_i_text_add(text, " ");
        say_left_out(text, c);
        traffstat_i_text_add(text, ".");
    }
}

/* ---- reasons --------------------------------------------------------------------------------- */

/* A reason for caution, and clears the text. */
static traffstat_status caution(const comparison *c, traffstat_estimate *estimate,
                                traffstat_text *text)
{
    traffstat_status status = text->failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    (void) c;
    if (status == TRAFFSTAT_OK && text->size > 0) {
        status = traffstat_i_estimate_reason(estimate, TRAFFSTAT_VERDICT_CAUTION,
                                             traffstat_i_text_get(text));
    }
    traffstat_i_text_clear(text);
    return status;
}

static void doubt_hidden(traffstat_text *text, const comparison *c)
{
    const size_t hidden = c->left_out[TRAFFSTAT_I_PART_HIDDEN];
    if (hidden == 0 || c->n == 0) {
        return;
    }
    const double scale = c->options->per / (c->total_exposure + c->hidden_exposure);
    traffstat_i_text_addf(
        text,
        "%zu %s of which only bounds are known (\"<5\") %s left out, and they are "
        "mostly those with few cases: with them the rate of the whole would be ",
        hidden, places(hidden), were(hidden));
    say_rate(text, (c->total_cases + c->hidden_lower) * scale);
    if (isinf(c->hidden_upper)) {
        traffstat_i_text_add(text, " or more");
    } else {
        traffstat_i_text_add(text, " to ");
        say_rate(text, (c->total_cases + c->hidden_upper) * scale);
    }
    traffstat_i_text_add(text, ", not ");
    say_rate(text, c->options->per * c->total_cases / c->total_exposure);
}

static void doubt_few(traffstat_text *text, const comparison *c)
{
    size_t few = 0;
    for (size_t i = 0; i < c->n; i++) {
        few += c->expected[i] < TRAFFSTAT_I_FEW_EXPECTED ? 1 : 0;
    }
    if (c->reason[0] == '\0' && 2 * few > c->n) {
        traffstat_i_text_addf(text,
                              "fewer than %d cases are expected in %zu of %zu places: their own "
                              "rates and ranks are mostly chance",
                              (int) TRAFFSTAT_I_FEW_EXPECTED, few, c->n);
    }
}

static void doubt_spread(traffstat_text *text, const comparison *c)
{
    if (c->reason[0] == '\0' && c->tests.p < TRAFFSTAT_I_SPREAD_P) {
        traffstat_i_text_add(text, "rates spread more than chance explains (dispersion ");
        traffstat_i_text_add_fixed(text, c->tests.chi2 / c->tests.freedom, 1);
        traffstat_i_text_add(text, "): exact tests take cases for independent, the adjusted funnel "
                                   "limits allow for the spread");
    }
}

static void doubt_incomplete(traffstat_text *text, const comparison *c)
{
    const size_t count = c->told[TRAFFSTAT_I_TOLD_INCOMPLETE];
    if (count > 0) {
        traffstat_i_text_addf(text,
                              "%zu %s below the others on counts that may be incomplete: the rate "
                              "of the whole, and with it what is expected elsewhere, is too low if "
                              "so",
                              count, count == 1 ? "place lies" : "places lie");
    }
}

static void doubt_clipped(traffstat_text *text, const comparison *c)
{
    const bool shrunk = c->shrunk[TRAFFSTAT_I_SHRUNK_GAMMA] != NULL;
    if (shrunk && c->law[TRAFFSTAT_I_SHRUNK_GAMMA].variance <= 0.0) {
        traffstat_i_text_add(text, "rates spread no more than chance explains, so all shrunken "
                                   "rates are that of the whole and their intervals are too short");
    }
}

static void doubt_left_out(traffstat_text *text, const comparison *c)
{
    say_left_out(text, c);
}

static void doubt_all(traffstat_text *text, const comparison *c)
{
    traffstat_i_text_add(text, c->reason);
}

static void doubt_flags(traffstat_text *text, const comparison *c)
{
    size_t provisional = 0;
    for (size_t i = 0; i < c->n; i++) {
        const uint32_t flags = traffstat_panel_flags(c->panel)[c->row[i]];
        provisional += (flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0 ? 1 : 0;
    }
    if (provisional > 0) {
        traffstat_i_text_addf(text, "the counts of %zu %s are provisional", provisional,
                              places(provisional));
    }
}

/* ---- assumptions ----------------------------------------------------------------------------- */

static traffstat_status assume(const comparison *c, traffstat_estimate *estimate)
{
    const bool compared = c->reason[0] == '\0';
    const struct {
        bool holds;
        const char *text;
    } all[] = {
        {true, "cases come independently of each other, so counts are Poisson about their mean"},
        {compared,
         "the same things were counted in the same way in all places: a difference may be "
         "one of recording and policing, and nothing here corrects what was never "
         "reported"},
        {compared, "rates are of residents; people passing through are at risk too"},
        {compared, "expected cases follow from the rate of all compared places together"},
        {c->n == 0, "exposure is 1 a place: no population is used"},
        {compared && c->partly_covered, "a place whose coverage is not known is covered whole"},
        {c->links > 0, "neighbours are those given, each counting alike"},
    };
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && status == TRAFFSTAT_OK; i++) {
        if (all[i].holds) {
            status = traffstat_i_estimate_assume(estimate, all[i].text);
        }
    }
    return status;
}

traffstat_status traffstat_i_comparison_judge(const traffstat_i_comparison *c,
                                              traffstat_estimate *estimate)
{
    static void (*const doubts[])(traffstat_text *, const comparison *) = {
        doubt_all,    doubt_left_out,   doubt_hidden,  doubt_few,
        doubt_spread, doubt_incomplete, doubt_clipped, doubt_flags};
    traffstat_status status = assume(c, estimate);
    for (size_t i = 0; i < sizeof doubts / sizeof doubts[0] && status == TRAFFSTAT_OK; i++) {
        traffstat_text text;
        traffstat_i_text_init(&text, c->ctx);
        doubts[i](&text, c);
        status = caution(c, estimate, &text);
    }
    return status;
}
