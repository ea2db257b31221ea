/* One sentence on a series: what was counted, whether it changed, whether there is a trend. */
#include <math.h>

#include "estimate/words.h"
#include "model/rate/yearly.h"

#define MINUS "\xe2\x88\x92"

/* Two decimals below 10, one below 100; more where two would read as 0. */
static void say_ratio(traffstat_text *text, double ratio)
{
    if (ratio > 0.0 && ratio < 0.0005) {
        traffstat_i_text_add(text, "under 0.001");
        return;
    }
    traffstat_i_text_add_fixed(text, ratio,
                               ratio > 0.0 && ratio < 0.00995 ? 4
                               : ratio < 10.0                 ? 2
                               : ratio < 100.0                ? 1
                                                              : 0);
}

static void say_percentage(traffstat_text *text, double value)
{
    const double size = fabs(value);
    traffstat_i_text_add(text, value < 0.0 && size >= 0.05 ? MINUS : "");
    traffstat_i_text_add_fixed(text, size, size < 10.0 ? 1 : 0);
    traffstat_i_text_add(text, NBSP "%");
}

static void say_p(traffstat_text *text, const char *before, double p)
{
    const bool plain = p >= 1.0 || (p >= 0.001 && p < 0.9995);
    traffstat_i_text_add(text, before);
    traffstat_i_text_add(text, plain ? "p = " : "p ");
    traffstat_i_say_p(text, p);
}

/* ---- two years ------------------------------------------------------------------------------- */

static void say_ratios(traffstat_text *text, const traffstat_change *change)
{
    if (isnan(change->ratio)) {
        traffstat_i_text_add(text, ", and no ratio exists, as the first count is 0");
        return;
    }
    traffstat_i_text_add(text, change->first_exposure != change->second_exposure
                                   ? ", ratio of the rates "
                                   : ", ratio ");
    say_ratio(text, change->ratio);
    traffstat_i_text_add(text, " with a ");
    traffstat_i_say_percent(text, change->level);
    traffstat_i_text_add(text, " interval of ");
    say_ratio(text, change->lower);
    traffstat_i_text_add(text, " to ");
    say_ratio(text, change->upper);
}

/* " from 463 places", of a sum over places. */
static void say_places(traffstat_text *text, const traffstat_i_told *told, int32_t year,
                       const char *before, const char *after)
{
    const traffstat_i_coverage *coverage = told->coverage;
    for (size_t i = 0; i < coverage->years && coverage->ever > 1; i++) {
        if (told->years->years[i] == year) {
            traffstat_i_text_add(text, before);
            traffstat_i_say_int(text, (int64_t) coverage->places[i]);
            traffstat_i_text_add(text, after[0] == '\0'           ? ""
                                       : coverage->places[i] == 1 ? " place"
                                                                  : after);
        }
    }
}

static void say_test(traffstat_text *text, const traffstat_change *change)
{
    const bool rates = change->first_exposure != change->second_exposure;
    const bool more = isnan(change->ratio) || change->ratio > 1.0;
    if (change->p > 1.0 - change->level) {
        traffstat_i_text_add(text, "no evidence of a change (");
    } else {
        traffstat_i_text_addf(text, "a %s%s that chance alone would not readily produce (",
                              more ? "rise" : "fall", rates ? " of the rate" : "");
    }
    say_p(text, "exact ", change->p);
    traffstat_i_text_add(text, ")");
    say_ratios(text, change);
}

static void say_both(traffstat_text *text, const traffstat_i_told *told)
{
    const traffstat_change *change = told->change;
    const traffstat_cell first = {
        .lower = change->first_count, .upper = change->first_count, .places = 1};
    traffstat_i_say_series_count(text, &first, told->panel, told->series, "");
    traffstat_i_text_addf(text, " in %d", (int) change->first_year);
    say_places(text, told, change->first_year, " from ", " places");
    traffstat_i_text_add(text, " and ");
    traffstat_i_say_int(text, change->second_count);
    traffstat_i_text_addf(text, " in %d", (int) change->second_year);
    say_places(text, told, change->second_year, " from ", "");
    traffstat_i_text_add(text, ": ");
    say_test(text, change);
}

/* ---- the trend ------------------------------------------------------------------------------- */

/* A percentage a year, or how many times the year before where the counts begin too small for one. */
static void say_pace(traffstat_text *text, double slope, bool percent)
{
    if (percent) {
        say_percentage(text, traffstat_i_apc(slope));
    } else {
        say_ratio(text, exp(slope));
    }
}

static void say_range(traffstat_text *text, const traffstat_i_slope *slope, double level,
                      bool percent)
{
    traffstat_i_say_percent(text, level);
    traffstat_i_text_add(text, percent ? " interval of the change " : " interval ");
    say_pace(text, slope->lower, percent);
    traffstat_i_text_add(text, " to ");
    say_pace(text, slope->upper, percent);
    say_p(text, ", ", slope->p);
    traffstat_i_text_add(text, ")");
}

/* Words where no number can be put to the trend; false: one can. */
static bool say_untold(traffstat_text *text, const traffstat_i_yearly *years,
                       const traffstat_i_slope *slope, const char *what, bool told_apart)
{
    if (years->cases < TRAFFSTAT_I_FEW_CASES) {
        traffstat_i_text_add(text, years->exact ? " the counts (" : " the counts (at least ");
        traffstat_i_say_int(text, (int64_t) years->cases);
        traffstat_i_text_add(text, " in all) are too few to put a number to a yearly change");
    } else if (isnan(slope->slope)) {
        traffstat_i_text_add(text, " all cases lie at one end, so that no number can be put to a "
                                   "yearly change");
    } else if (slope->wide && told_apart) {
        traffstat_i_text_addf(text, " the %s %s, how fast cannot be told", what,
                              slope->slope > 0.0 ? "rose" : "fell");
        say_p(text, " (", slope->p);
        traffstat_i_text_add(text, ")");
    } else if (slope->wide) {
        traffstat_i_text_addf(text, " whether the %s rose or fell cannot be told: ", what);
        if (slope->needed > 0) {
            traffstat_i_text_addf(text, "about %zu years of such counts would be needed",
                                  slope->needed);
        } else {
            traffstat_i_text_add(text, "counts that scatter far less would be needed");
        }
    } else {
        return false;
    }
    return true;
}

/* What follows "over 2013–2020" or "in the 19 that report in every year". The word trend is for none
 * of it: where chance would do as well, there is none. */
static void say_slope(traffstat_text *text, const traffstat_i_yearly *years,
                      const traffstat_i_slope *slope, double level)
{
    const char *what = years->population || years->coverage ? "rate" : "count";
    const bool percent = years->lower[0] >= TRAFFSTAT_I_SMALL_BASE;
    const bool told_apart = slope->p <= 1.0 - level;
    if (say_untold(text, years, slope, what, told_apart)) {
        return;
    }
    if (!told_apart) {
        traffstat_i_text_addf(text, " a rise or fall of the %s cannot be told from none (", what);
        traffstat_i_text_add(text, percent ? "" : "each year ");
        say_pace(text, slope->slope, percent);
        traffstat_i_text_add(text, percent ? " a year, " : " times the year before, ");
    } else {
        traffstat_i_text_addf(text, " the %s %s%s", what, slope->slope > 0.0 ? "rose" : "fell",
                              percent ? " by about " : ", each year about ");
        if (percent) {
            say_percentage(text, fabs(traffstat_i_apc(slope->slope)));
        } else {
            say_ratio(text, exp(slope->slope));
        }
        traffstat_i_text_add(text, percent ? " a year (" : " times the year before (");
    }
    say_range(text, slope, level, percent);
}

static void say_one(traffstat_text *text, const traffstat_i_told *told)
{
    const traffstat_i_yearly *years = told->years;
    const size_t last = years->n - 1;
    const traffstat_cell cell = {.lower = (int64_t) years->lower[last],
                                 .upper = isinf(years->upper[last]) ? TRAFFSTAT_NO_UPPER
                                                                    : (int64_t) years->upper[last],
                                 .places = 1};
    traffstat_i_say_series_count(text, &cell, told->panel, told->series, "");
    traffstat_i_text_addf(text, " in %d", (int) years->years[last]);
    say_places(text, told, years->years[last], " from ", " places");
    traffstat_i_text_add(text, years->n == 1
                                   ? ": one year alone tells nothing of change"
                                   : ": the years before cannot be compared with it exactly");
}

/* ---- places ---------------------------------------------------------------------------------- */

/* Does a sentence put a rise or fall to the series, which other places may have made? */
static bool claims(const traffstat_i_told *told)
{
    const double alpha = 1.0 - told->level;
    const traffstat_i_slope *slope = told->slope;
    return (told->change != NULL && told->change->p <= alpha) ||
           (slope->known && slope->p <= alpha);
}

/* ", but the number of places that report rose from 9 to 503" */
static void say_turnover(traffstat_text *text, const traffstat_i_told *told)
{
    const traffstat_i_coverage *of = told->coverage;
    const char *before = claims(told) ? ", but " : "; ";
    const size_t first = of->places[0];
    const size_t last = of->places[of->years - 1];
    if (first != last) {
        traffstat_i_text_addf(text, "%sthe number of places that report %s from ", before,
                              first < last ? "rose" : "fell");
        traffstat_i_say_int(text, (int64_t) first);
        traffstat_i_text_add(text, " to ");
        traffstat_i_say_int(text, (int64_t) last);
        return;
    }
    if (of->fewest != of->most) {
        traffstat_i_text_addf(text, "%sthe number of places that report varied between ", before);
        traffstat_i_say_int(text, (int64_t) of->fewest);
        traffstat_i_text_add(text, " and ");
        traffstat_i_say_int(text, (int64_t) of->most);
        return;
    }
    traffstat_i_text_addf(text, "%sof the ", before);
    traffstat_i_say_int(text, (int64_t) of->ever);
    traffstat_i_text_add(text, " places that ever reported ");
    traffstat_i_say_int(text, (int64_t) of->all_began);
    traffstat_i_text_add(text, " began and ");
    traffstat_i_say_int(text, (int64_t) of->all_stopped);
    traffstat_i_text_add(text, " stopped in these years");
}

static void say_these(traffstat_text *text, size_t places)
{
    traffstat_i_text_add(text, "; in the ");
    if (places == 1) {
        traffstat_i_text_add(text, "one that reports");
    } else {
        traffstat_i_say_int(text, (int64_t) places);
        traffstat_i_text_add(text, " that report");
    }
}

/* "; in the 19 that report in every year of 2014–2020 the count rose …" */
static void say_constant(traffstat_text *text, const traffstat_i_part_sum *set, double level)
{
    say_these(text, set->places);
    traffstat_i_text_add(text, " in every year of ");
    traffstat_i_say_years(text, set->years.years[0], set->years.years[set->years.n - 1]);
    say_slope(text, &set->years, &set->slope, level);
}

/* "; in the 35 that report in 2016 and 2017, 1196 and 1194: no evidence of a change …" */
static void say_same_places(traffstat_text *text, const traffstat_i_part_sum *both)
{
    const traffstat_change *change = &both->change;
    say_these(text, both->places);
    traffstat_i_text_addf(text, " in %d and %d, ", (int) change->first_year,
                          (int) change->second_year);
    traffstat_i_say_int(text, change->first_count);
    traffstat_i_text_add(text, " and ");
    traffstat_i_say_int(text, change->second_count);
    traffstat_i_text_add(text, ": ");
    say_test(text, change);
}

/* -1, 0, 1: a fall, nothing that can be told from chance, a rise. */
static int verdict_of(const traffstat_change *change)
{
    return change->p > 1.0 - change->level               ? 0
           : isnan(change->ratio) || change->ratio > 1.0 ? 1
                                                         : -1;
}

/* The same of a yearly change. */
static int direction_of(const traffstat_i_slope *slope, double level)
{
    return !slope->known || !(slope->p <= 1.0 - level) ? 0 : slope->slope > 0.0 ? 1 : -1;
}

/* A sentence names the places where many changed, or where the same places say something else. */
static bool matters(const traffstat_i_told *told)
{
    const traffstat_i_coverage *of = told->coverage;
    const bool years = told->change != NULL && of->both.compared &&
                       verdict_of(told->change) != verdict_of(&of->both.change);
    const bool lasting =
        of->constant.places > 0 && of->constant.slope.known &&
        direction_of(told->slope, told->level) != direction_of(&of->constant.slope, told->level);
    return of->varies && (traffstat_i_coverage_matters(of) || years || lasting);
}

/* What the same places say: on the two years where all of them say otherwise, and on all years. */
static void say_sets(traffstat_text *text, const traffstat_i_told *told)
{
    const traffstat_i_coverage *of = told->coverage;
    const bool lasting = of->constant.places > 0 && of->constant.slope.known;
    const bool otherwise = told->change != NULL && of->both.compared &&
                           verdict_of(told->change) != verdict_of(&of->both.change);
    if (of->both.compared && (otherwise || !lasting)) {
        say_same_places(text, &of->both);
    }
    if (lasting) {
        say_constant(text, &of->constant, told->level);
    } else if (of->known && of->always == 0 && !of->both.compared) {
        traffstat_i_text_add(text, "; no place reports in every year");
    }
}

void traffstat_i_say_trend(traffstat_text *text, const traffstat_i_told *told)
{
    const traffstat_i_yearly *years = told->years;
    if (years->n == 0 && told->change == NULL) {
        traffstat_i_text_add(text, "No year has a count that can be used, so nothing can be told");
    } else if (told->change != NULL) {
        say_both(text, told);
    } else {
        say_one(text, told);
    }
    if (told->slope->known) {
        traffstat_i_text_add(text, "; over ");
        traffstat_i_say_years(text, years->years[0], years->years[years->n - 1]);
        say_slope(text, years, told->slope, told->level);
    }
    if (matters(told)) {
        say_turnover(text, told);
        say_sets(text, told);
    }
    if (told->multiplied) {
        traffstat_i_text_add(text, "; but these counts share a divisor that chance does not "
                                   "explain, so none of the tests may hold");
    }
    traffstat_i_text_add(text, ".");
}
