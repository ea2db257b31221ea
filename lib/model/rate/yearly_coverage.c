/* The member coverage_change: what the places that began or stopped reporting do to a sum. */
#include <inttypes.h>
#include <stdio.h>

#include "model/rate/yearly.h"

static void say_text(traffstat_detail *object, const char *name, const char *text)
{
    traffstat_i_detail_text(object, name, text[0] != '\0' ? text : NULL);
}

static void write_change(traffstat_detail *object, const traffstat_i_part_sum *of)
{
    say_text(object, "change_reason", of->compared ? "" : of->reason);
    if (!of->compared) {
        traffstat_i_detail_none(object, "change");
        return;
    }
    traffstat_detail *change = traffstat_i_detail_object(object, "change");
    traffstat_i_detail_integer(change, "first_year", of->change.first_year);
    traffstat_i_detail_integer(change, "second_year", of->change.second_year);
    traffstat_i_detail_integer(change, "first_count", of->change.first_count);
    traffstat_i_detail_integer(change, "second_count", of->change.second_count);
    traffstat_i_detail_number(change, "first_exposure", of->change.first_exposure);
    traffstat_i_detail_number(change, "second_exposure", of->change.second_exposure);
    traffstat_i_detail_number(change, "ratio", of->change.ratio);
    traffstat_i_detail_number(change, "lower", of->change.lower);
    traffstat_i_detail_number(change, "upper", of->change.upper);
    traffstat_i_detail_number(change, "p", of->change.p);
}

static void write_trend(traffstat_detail *object, const traffstat_i_part_sum *of)
{
    const bool summed = of->places > 0;
    say_text(object, "trend_reason", summed ? of->slope.reason : of->reason);
    if (!summed || !of->slope.known) {
        traffstat_i_detail_none(object, "trend");
        return;
    }
    traffstat_i_detail_slope(traffstat_i_detail_object(object, "trend"), &of->slope);
}

static traffstat_detail *write_sum(traffstat_detail *parent, const char *name,
                                   const traffstat_i_part_sum *of)
{
    traffstat_detail *object = traffstat_i_detail_object(parent, name);
    const size_t n = of->years.n;
    traffstat_i_detail_integer(object, "places", (int64_t) of->places);
    if (of->places > 0 && n > 0) {
        traffstat_i_detail_integer(object, "first_year", of->years.years[0]);
        traffstat_i_detail_integer(object, "last_year", of->years.years[n - 1]);
    } else {
        traffstat_i_detail_none(object, "first_year");
        traffstat_i_detail_none(object, "last_year");
    }
    return object;
}

static void write_both(traffstat_detail *parent, const char *name, const traffstat_i_part_sum *of)
{
    traffstat_detail *object = write_sum(parent, name, of);
    write_trend(object, of);
    write_change(object, of);
}

/* Which rule chose the constant set: all years, or a shorter window where too few have all. */
static void write_constant(traffstat_detail *parent, const traffstat_i_coverage *of)
{
    char words[TRAFFSTAT_I_REASON_SIZE] = "";
    traffstat_detail *object = write_sum(parent, "constant_set", &of->constant);
    write_trend(object, &of->constant);
    write_change(object, &of->constant);
    if (of->constant.places > 0 && of->whole.known) {
        traffstat_i_detail_slope(traffstat_i_detail_object(object, "trend_of_all"), &of->whole);
    } else {
        traffstat_i_detail_none(object, "trend_of_all");
    }
    const bool all = of->constant.places > 0 && of->constant.years.n == of->years;
    traffstat_i_detail_text(object, "rule",
                            all ? "every year"
                            : of->constant.places > 0
                                ? "every year of the longest window that ends "
                                  "in the last year and has enough places"
                                : NULL);
    if (!all) {
        (void) snprintf(
            words, sizeof words,
            "%zu %s in every year of the period, which is too few to stand for the rest",
            of->always, of->always == 1 ? "place reports" : "places report");
    }
    say_text(object, "reason", words);
    const traffstat_i_yearly *years = &of->constant.years;
    traffstat_detail *counts = traffstat_i_detail_list(object, "counts");
    for (size_t i = 0; of->constant.places > 0 && i < years->n; i++) {
        traffstat_detail *one = traffstat_i_detail_object(counts, NULL);
        traffstat_i_detail_integer(one, "year", years->years[i]);
        traffstat_i_detail_number(one, "lower", years->lower[i]);
        traffstat_i_detail_number(one, "upper", years->upper[i]);
    }
}

static void write_years(traffstat_detail *parent, const traffstat_i_coverage *of)
{
    traffstat_detail *list = traffstat_i_detail_list(parent, "by_year");
    for (size_t i = 0; i < of->years; i++) {
        traffstat_detail *one = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_integer(one, "year", of->each.years.years[i]);
        traffstat_i_detail_integer(one, "places", (int64_t) of->places[i]);
        traffstat_i_detail_number(one, "lower", of->each.years.lower[i]);
        traffstat_i_detail_number(one, "upper", of->each.years.upper[i]);
        if (of->known) {
            traffstat_i_detail_integer(one, "began", (int64_t) of->began[i]);
            traffstat_i_detail_integer(one, "stopped", (int64_t) of->stopped[i]);
        }
    }
}

static void write_places(traffstat_detail *object, const traffstat_i_coverage *of)
{
    traffstat_i_detail_integer(object, "places_first", (int64_t) of->places[0]);
    traffstat_i_detail_integer(object, "places_last", (int64_t) of->places[of->years - 1]);
    traffstat_i_detail_integer(object, "first_year", of->each.years.years[0]);
    traffstat_i_detail_integer(object, "last_year", of->each.years.years[of->years - 1]);
    if (of->known) {
        traffstat_i_detail_integer(object, "places_ever", (int64_t) of->ever);
        traffstat_i_detail_integer(object, "places_every_year", (int64_t) of->always);
        traffstat_i_detail_integer(object, "began", (int64_t) of->all_began);
        traffstat_i_detail_integer(object, "stopped", (int64_t) of->all_stopped);
        traffstat_i_detail_flag(object, "counts_of_zero", of->zeros);
    } else {
        static const char *const names[] = {"places_ever", "places_every_year", "began", "stopped",
                                            "counts_of_zero"};
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            traffstat_i_detail_none(object, names[i]);
        }
    }
}

void traffstat_i_detail_coverage(traffstat_detail *object, const traffstat_i_coverage *of,
                                 const traffstat_i_part_sum *all)
{
    if (!of->varies) {
        traffstat_i_detail_none(object, "coverage_change");
        return;
    }
    traffstat_detail *said = traffstat_i_detail_object(object, "coverage_change");
    write_places(said, of);
    write_years(said, of);
    write_both(said, "all", all);
    write_both(said, "per_place", &of->each);
    if (of->known) {
        write_constant(said, of);
        write_both(said, "without_began_or_stopped", &of->remaining);
        write_change(write_sum(said, "both_years", &of->both), &of->both);
        traffstat_i_detail_none(said, "constant_set_reason");
        return;
    }
    traffstat_i_detail_none(said, "constant_set");
    traffstat_i_detail_none(said, "without_began_or_stopped");
    traffstat_i_detail_none(said, "both_years");
    traffstat_i_detail_text(said, "constant_set_reason",
                            "only the number of places is known, not which they are: give the "
                            "counts before they were summed");
}
