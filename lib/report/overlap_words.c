/* What is said of a result from overlapping lists beside its table. */
#include <math.h>
#include <string.h>

#include "estimate/estimate.h"
#include "report/report.h"

static void say_whole(traffstat_text *text, double value)
{
    traffstat_i_say_number(text, rint(value));
}

static void say_whole_range(traffstat_text *text, double lower, double upper)
{
    traffstat_i_say_range(text, rint(lower), rint(upper));
}

/* "2,744 persons were on at least one list in 2013." */
static void say_seen(traffstat_text *text, const traffstat_detail *top,
                     const traffstat_estimate_row *row)
{
    const char *unit = traffstat_detail_text(traffstat_detail_find(top, "unit"));
    const char *window = traffstat_detail_text(traffstat_detail_find(top, "window"));
    const bool one = row->observed_lower == 1;
    const bool persons = unit[0] == '\0' || strcmp(unit, "person") == 0;
    traffstat_i_say_number(text, (double) row->observed_lower);
    traffstat_i_text_addf(text, " %s%s %s on at least one list", persons ? "person" : unit,
                          one ? "" : "s", one ? "was" : "were");
    if (window[0] != '\0') {
        traffstat_i_text_addf(text, " in %s", window);
    }
    traffstat_i_text_add(text, ". ");
}

/* Other models that fit about as well, where there are any. */
static void say_others(traffstat_text *text, const traffstat_detail *top)
{
    const traffstat_detail *ties = traffstat_detail_find(top, "near_ties");
    if (traffstat_detail_integer(traffstat_detail_find(ties, "count")) < 2) {
        return;
    }
    traffstat_i_text_add(text, "; others that fit about as well give middle values of ");
    say_whole_range(text, traffstat_detail_number(traffstat_detail_find(ties, "lowest")),
                    traffstat_detail_number(traffstat_detail_find(ties, "highest")));
}

static void say_estimate(traffstat_text *text, const traffstat_estimate *estimate,
                         const traffstat_detail *top, const traffstat_estimate_row *row)
{
    const char *model = traffstat_detail_text(traffstat_detail_find(top, "model"));
    if (model[0] != '\0') {
        traffstat_i_text_addf(
            text, "A model in which lists depend on each other as in %s estimates ", model);
    } else {
        traffstat_i_text_addf(text, "The method %s estimates ",
                              traffstat_estimate_method(estimate));
    }
    if (isnan(row->lower) || isnan(row->upper)) {
        say_whole(text, row->estimate);
        traffstat_i_text_add(text, " in all, without an interval");
    } else {
        say_whole_range(text, row->lower, row->upper);
        traffstat_i_text_add(text, " in all (");
        traffstat_i_add_percent(text, traffstat_estimate_level(estimate));
        traffstat_i_text_add(text, " % interval; middle value ");
        say_whole(text, row->estimate);
        traffstat_i_text_add(text, ")");
    }
    say_others(text, top);
    traffstat_i_text_add(text, ". ");
}

void traffstat_i_say_overlap(traffstat_text *text, const traffstat_estimate *estimate)
{
    const traffstat_detail *top = traffstat_estimate_details(estimate);
    traffstat_estimate_row row;
    if (traffstat_estimate_rows(estimate) != 1 ||
        traffstat_estimate_row_get(estimate, 0, &row) != TRAFFSTAT_OK ||
        row.verdict == TRAFFSTAT_VERDICT_INESTIMABLE) {
        return;
    }
    say_seen(text, top, &row);
    if (traffstat_estimate_kind(estimate) == TRAFFSTAT_KIND_BOUND) {
        traffstat_i_text_add(text, "There were at least ");
        say_whole(text, row.lower);
        traffstat_i_text_add(text, " in all (");
        traffstat_i_add_percent(text, traffstat_estimate_level(estimate));
        traffstat_i_text_add(text, " %, if the lists do not influence each other). ");
    } else {
        say_estimate(text, estimate, top, &row);
    }
    traffstat_i_text_add(text, "People who could be on no list are not included.");
}
