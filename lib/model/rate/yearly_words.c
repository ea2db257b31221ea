/* One sentence on a series: what was counted, whether it changed, whether there is a trend. */
#include <math.h>

#include "estimate/words.h"
#include "model/rate/yearly.h"

#define MINUS "\xe2\x88\x92"

/* Two decimals below 10, one below 100. */
static void say_ratio(traffstat_text *text, double ratio)
{
    traffstat_i_text_add_fixed(text, ratio, ratio < 10.0 ? 2 : ratio < 100.0 ? 1 : 0);
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

static void say_both(traffstat_text *text, const traffstat_panel *panel, size_t series,
                     const traffstat_change *change)
{
    const traffstat_cell first = {
        .lower = change->first_count, .upper = change->first_count, .places = 1};
    const bool rates = change->first_exposure != change->second_exposure;
    const bool more = isnan(change->ratio) || change->ratio > 1.0;
    traffstat_i_say_series_count(text, &first, panel, series, "");
    traffstat_i_text_addf(text, " in %d and ", (int) change->first_year);
    traffstat_i_say_int(text, change->second_count);
    traffstat_i_text_addf(text, " in %d: ", (int) change->second_year);
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

/* ---- the trend ------------------------------------------------------------------------------- */

static void say_range(traffstat_text *text, const traffstat_i_slope *slope, double level)
{
    traffstat_i_say_percent(text, level);
    traffstat_i_text_add(text, " interval ");
    say_percentage(text, traffstat_i_apc(slope->lower));
    traffstat_i_text_add(text, " to ");
    say_percentage(text, traffstat_i_apc(slope->upper));
    say_p(text, ", ", slope->p);
}

static void say_slope(traffstat_text *text, const traffstat_i_yearly *years,
                      const traffstat_i_slope *slope, double level)
{
    const char *what = years->population || years->coverage ? "rate" : "count";
    traffstat_i_text_add(text, "over ");
    traffstat_i_say_years(text, years->years[0], years->years[years->n - 1]);
    if (isnan(slope->slope) || years->cases < TRAFFSTAT_I_FEW_CASES) {
        traffstat_i_text_add(text, " the counts (");
        traffstat_i_say_int(text, (int64_t) years->cases);
        traffstat_i_text_add(text, " in all) are too few to put a number to a trend");
        return;
    }
    if (slope->p > 1.0 - level) {
        traffstat_i_text_addf(text, " a trend of the %s cannot be told from none (", what);
        say_percentage(text, traffstat_i_apc(slope->slope));
        traffstat_i_text_add(text, " a year, ");
    } else {
        traffstat_i_text_addf(text, " the %s %s by about ", what,
                              slope->slope > 0.0 ? "rose" : "fell");
        say_percentage(text, fabs(traffstat_i_apc(slope->slope)));
        traffstat_i_text_add(text, " a year (change a year ");
    }
    say_range(text, slope, level);
    traffstat_i_text_add(text, ")");
}

static void say_one(traffstat_text *text, const traffstat_panel *panel, size_t series,
                    const traffstat_i_yearly *years)
{
    const size_t last = years->n - 1;
    const traffstat_cell cell = {.lower = (int64_t) years->lower[last],
                                 .upper = isinf(years->upper[last]) ? TRAFFSTAT_NO_UPPER
                                                                    : (int64_t) years->upper[last],
                                 .places = 1};
    traffstat_i_say_series_count(text, &cell, panel, series, "");
    traffstat_i_text_addf(text, " in %d: %s", (int) years->years[last],
                          years->n == 1 ? "one year alone tells nothing of change"
                                        : "the years before cannot be compared with it exactly");
}

void traffstat_i_say_trend(traffstat_text *text, const traffstat_panel *panel, size_t series,
                           const traffstat_i_yearly *years, const traffstat_change *change,
                           const traffstat_i_slope *slope, double level)
{
    if (years->n == 0 && change == NULL) {
        traffstat_i_text_add(text, "No year has a count that can be used, so nothing can be told");
    } else if (change != NULL) {
        say_both(text, panel, series, change);
    } else {
        say_one(text, panel, series, years);
    }
    if (slope->known) {
        traffstat_i_text_add(text, "; ");
        say_slope(text, years, slope, level);
    }
    traffstat_i_text_add(text, ".");
}
