/* Places of a panel side by side: the numbers of R (see nc_sids.h) through the one call, and what may
 * not be said of places. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/support.h"
#include "unit/nc_sids.h"

#include <traffstat/compare.h>
#include <traffstat/rate.h>
#include <traffstat/report.h>
#include <traffstat/standard.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COUNTIES 100
#define NONE (-1)    /* a count that was not reported */
#define HIDDEN (-5)  /* "<5" */
#define PARTIAL (-7) /* 0, of which a part was not reported */

/* ---- panels ---------------------------------------------------------------------------------- */

static traffstat_cell cell_of(int64_t count, double population, int32_t year)
{
    traffstat_cell cell = {.lower = count,
                           .upper = count,
                           .population = population,
                           .coverage = NAN,
                           .year = year,
                           .places = 1};
    if (count == NONE || count == HIDDEN || count == PARTIAL) {
        cell.lower = 0;
        cell.upper = count == HIDDEN ? 4 : 0;
        cell.why = count == NONE ? TRAFFSTAT_WHY_NOT_REPORTED : TRAFFSTAT_WHY_COUNTED;
        cell.flags = count == PARTIAL ? TRAFFSTAT_FLAG_PARTIAL : 0;
    }
    return cell;
}

typedef struct place {
    const char *name;
    int64_t count;
    double population; /* NaN: not known */
} place;

static traffstat_panel *panel_of(traffstat_ctx *ctx, const place *places, size_t n)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < n; i++) {
        size_t series = 0;
        const traffstat_cell cell = cell_of(places[i].count, places[i].population, 2020);
        assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", places[i].name, "cases", "",
                                                      "", &series));
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

/* Deaths of 1974-78 in the counties, in the order step * i. */
static traffstat_panel *counties(traffstat_ctx *ctx, size_t step)
{
    place places[COUNTIES];
    for (size_t i = 0; i < COUNTIES; i++) {
        const size_t county = (step * i) % COUNTIES;
        places[i] = (place){county_keys[county], (int64_t) sids74[county], births74[county]};
    }
    return panel_of(ctx, places, COUNTIES);
}

/* Each link of nc_sids.h once, between the places of counties(ctx, step). */
static size_t pairs_of(size_t *pairs, size_t step)
{
    size_t at[COUNTIES];
    size_t count = 0;
    for (size_t i = 0; i < COUNTIES; i++) {
        at[(step * i) % COUNTIES] = i;
    }
    for (size_t i = 0; i < COUNT(links_from); i++) {
        if (links_from[i] < links_to[i]) {
            pairs[2 * count] = at[links_from[i]];
            pairs[2 * count + 1] = at[links_to[i]];
            count++;
        }
    }
    return count;
}

/* ---- answers --------------------------------------------------------------------------------- */

static traffstat_estimate *compare(traffstat_ctx *ctx, const place *places, size_t n)
{
    traffstat_panel *panel = panel_of(ctx, places, n);
    traffstat_estimate *out = NULL;
    assert_ok(ctx, traffstat_compare(ctx, panel, NULL, 0, NULL, &out));
    traffstat_panel_free(panel);
    return out;
}

static double of_row(const traffstat_estimate *of, size_t row, const char *name)
{
    return traffstat_detail_number(
        traffstat_detail_find(traffstat_estimate_row_details(of, row), name));
}

static const char *text_of_row(const traffstat_estimate *of, size_t row, const char *name)
{
    return traffstat_detail_text(
        traffstat_detail_find(traffstat_estimate_row_details(of, row), name));
}

static const traffstat_detail *member(const traffstat_estimate *of, const char *a, const char *b)
{
    return traffstat_detail_find(traffstat_detail_find(traffstat_estimate_details(of), a), b);
}

static const char *sentence(const traffstat_estimate *of)
{
    return traffstat_detail_text(traffstat_detail_find(traffstat_estimate_details(of), "sentence"));
}

#define assert_says(text, word)                                                                    \
    do {                                                                                           \
        if (strstr((text), (word)) == NULL) {                                                      \
            fail_msg("\"%s\" does not say \"%s\"", (text), (word));                                \
        }                                                                                          \
    } while (0)
#define assert_silent(text, word)                                                                  \
    do {                                                                                           \
        if (strstr((text), (word)) != NULL) {                                                      \
            fail_msg("\"%s\" says \"%s\"", (text), (word));                                        \
        }                                                                                          \
    } while (0)

static bool has_reason(const traffstat_estimate *of, const char *word)
{
    bool found = false;
    for (size_t i = 0; i < traffstat_estimate_reasons(of); i++) {
        found = found || strstr(traffstat_estimate_reason(of, i), word) != NULL;
    }
    return found;
}

/* ---- the numbers ----------------------------------------------------------------------------- */

static void the_counties_have_the_numbers_of_r(void **state)
{
    size_t pairs[COUNT(links_from)];
    const size_t count = pairs_of(pairs, 1);
    traffstat_panel *panel = counties(*state, 1);
    traffstat_estimate *of = NULL;
    double all = 0;
    double whole = 0;
    for (size_t i = 0; i < COUNTIES; i++) {
        all += sids74[i];
        whole += births74[i];
    }
    assert_ok(*state, traffstat_compare(*state, panel, pairs, count, NULL, &of));
    for (size_t i = 0; i < COUNT(references); i++) {
        const size_t row = references[i].county;
        assert_near(of_row(of, row, "marshall_rate"), 1e5 * references[i].marshall, 1e-11);
        assert_near(of_row(of, row, "local_rate"), 1e5 * references[i].local, 1e-11);
        assert_near(of_row(of, row, "bayes_rate"), 1e5 * references[i].marginal * all / whole,
                    1e-6);
        assert_near(of_row(of, row, "expected"), births74[row] * all / whole, 1e-12);
        assert_near(of_row(of, row, "rate"), 1e5 * sids74[row] / births74[row], 1e-13);
        const double at_all = all / whole;
        traffstat_standard_rate smr;
        assert_ok(*state, traffstat_rate_indirect(*state, &sids74[row], &births74[row], &at_all, 1,
                                                  TRAFFSTAT_INDIRECT_EXACT, 0.95, &smr));
        assert_near(of_row(of, row, "ratio_lower"), smr.lower, 1e-11);
        assert_near(of_row(of, row, "ratio_upper"), smr.upper, 1e-11);
    }
    assert_near(traffstat_detail_number(member(of, "places", "rate")), 1e5 * all / whole, 1e-13);
    traffstat_interval ends;
    assert_ok(*state, traffstat_poisson_interval(*state, (int64_t) all, whole, 0.95, &ends));
    assert_near(traffstat_detail_number(member(of, "places", "rate_lower")), 1e5 * ends.lower,
                1e-12);
    assert_near(traffstat_detail_number(member(of, "places", "rate_upper")), 1e5 * ends.upper,
                1e-12);
    const traffstat_detail *spread = member(of, "tests", "dispersion");
    assert_near(traffstat_detail_number(traffstat_detail_find(spread, "chi2")), 225.57229683176314,
                1e-12);
    assert_near(traffstat_detail_number(traffstat_detail_find(spread, "phi")),
                225.57229683176314 / 99, 1e-12);
    const traffstat_detail *moran = member(of, "tests", "moran");
    assert_near(traffstat_detail_number(traffstat_detail_find(moran, "i")), 0.23851723346584465,
                1e-12);
    assert_near(traffstat_detail_number(traffstat_detail_find(moran, "z")), 3.8673964197234127,
                1e-12);
    assert_near(
        traffstat_detail_number(traffstat_detail_find(member(of, "places", "neighbours"), "links")),
        (double) count, 0);
    traffstat_estimate_free(of);
    traffstat_panel_free(panel);
}

static void the_order_of_places_and_of_pairs_changes_no_number(void **state)
{
    static const char *const names[] = {"bayes_rate",       "local_lower", "p_adjusted",
                                        "rank_lower",       "rank_upper",  "z_adjusted",
                                        "adjusted_upper_95"};
    size_t pairs[COUNT(links_from)];
    traffstat_panel *panels[] = {counties(*state, 1), counties(*state, 37)};
    traffstat_estimate *of[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        const size_t count = pairs_of(pairs, i == 0 ? 1 : 37);
        for (size_t k = 0; i == 1 && k < count; k++) { /* backwards, and each the other way */
            const size_t a = pairs[2 * k];
            pairs[2 * k] = pairs[2 * k + 1];
            pairs[2 * k + 1] = a;
        }
        assert_ok(*state, traffstat_compare(*state, panels[i], pairs, count, NULL, &of[i]));
    }
    for (size_t i = 0; i < COUNTIES; i++) {
        const size_t county = (37 * i) % COUNTIES;
        assert_string_equal(traffstat_estimate_row_label(of[0], county),
                            traffstat_estimate_row_label(of[1], i));
        for (size_t k = 0; k < COUNT(names); k++) {
            assert_near(of_row(of[1], i, names[k]), of_row(of[0], county, names[k]), 1e-9);
        }
    }
    for (size_t i = 0; i < 2; i++) {
        traffstat_estimate_free(of[i]);
        traffstat_panel_free(panels[i]);
    }
}

static void the_result_does_not_depend_on_threads(void **state)
{
    size_t pairs[COUNT(links_from)];
    const size_t count = pairs_of(pairs, 1);
    traffstat_panel *panel = counties(*state, 1);
    traffstat_text *texts[3] = {NULL, NULL, NULL};
    static const uint32_t threads[] = {1, 2, 7};
    for (size_t i = 0; i < 3; i++) {
        traffstat_estimate *of = NULL;
        assert_ok(*state, traffstat_ctx_set_threads(*state, threads[i]));
        assert_ok(*state, traffstat_compare(*state, panel, pairs, count, NULL, &of));
        assert_ok(*state, traffstat_estimate_json(*state, of, &texts[i]));
        traffstat_estimate_free(of);
    }
    assert_string_equal(traffstat_text_data(texts[0]), traffstat_text_data(texts[1]));
    assert_string_equal(traffstat_text_data(texts[0]), traffstat_text_data(texts[2]));
    for (size_t i = 0; i < 3; i++) {
        traffstat_text_free(texts[i]);
    }
    traffstat_panel_free(panel);
}

static void each_place_is_tested_against_the_others_together(void **state)
{
    /* 30 of 10,000 against 20 of 30,000: binom.test(30, 50, 0.25), R 4.2.2, by central tails */
    static const place places[] = {{"A", 30, 10000}, {"B", 12, 20000}, {"C", 8, 10000}};
    traffstat_estimate *of = compare(*state, places, 3);
    assert_near(of_row(of, 0, "others_ratio"), 4.5, 1e-13);
    double tail = 0; /* P(X >= 30), X binomial of 50 and 1/4 */
    for (int k = 30; k <= 50; k++) {
        tail += exp(lgamma(51) - lgamma(k + 1.0) - lgamma(51.0 - k) + k * log(0.25) +
                    (50 - k) * log(0.75));
    }
    assert_near(of_row(of, 0, "p"), 2 * tail, 1e-10);
    assert_near(of_row(of, 0, "p_adjusted"), 3 * 2 * tail, 1e-10);
    assert_string_equal(text_of_row(of, 0, "funnel"), "above 99.8 %");
    assert_near(of_row(of, 0, "rank_upper"), 1, 0);
    traffstat_estimate_free(of);
}

/* ---- what may not be said -------------------------------------------------------------------- */

static void places_that_chance_explains_are_not_ordered(void **state)
{
    static const place places[] = {
        {"Ash", 3, 20000}, {"Birch", 1, 21000}, {"Cedar", 0, 19000}, {"Dell", 2, 20000}};
    traffstat_estimate *of = compare(*state, places, 4);
    assert_says(sentence(of), "No place can be told from the others together");
    for (size_t i = 0; i < 4; i++) {
        assert_silent(sentence(of), places[i].name);
        assert_near(of_row(of, i, "rank_lower"), 1, 0);
        assert_near(of_row(of, i, "rank_upper"), 4, 0);
    }
    assert_true(has_reason(of, "fewer than 5 cases are expected in 4 of 4 places"));
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void a_place_above_on_three_cases_is_counted_and_not_named(void **state)
{
    static const place places[] = {{"Hamlet", 3, 40}, {"City", 40, 1000000}, {"Town", 35, 990000}};
    traffstat_estimate *of = compare(*state, places, 3);
    assert_true(of_row(of, 0, "p_adjusted") < 0.01);
    assert_silent(sentence(of), "Hamlet");
    assert_says(sentence(of), "above them 1, on fewer than 5 cases each");
    traffstat_estimate_free(of);
}

static void a_zero_or_a_part_below_the_others_is_called_incomplete(void **state)
{
    static const place places[] = {{"Ash", 60, 100000},
                                   {"Birch", 55, 100000},
                                   {"Cedar", 0, 100000},
                                   {"Dell", PARTIAL, 100000},
                                   {"Elm", 20, 100000}};
    traffstat_estimate *of = compare(*state, places, 5);
    const traffstat_detail *found = member(of, "places", "discovery");
    assert_int_equal(traffstat_detail_size(traffstat_detail_find(found, "incomplete")), 2);
    assert_int_equal(traffstat_detail_size(traffstat_detail_find(found, "above")), 2);
    assert_int_equal(traffstat_detail_size(traffstat_detail_find(found, "below")), 0);
    assert_says(sentence(of), "2 places are lower on counts that may be incomplete");
    assert_silent(sentence(of), "Cedar");
    assert_silent(sentence(of), "Dell");
    assert_true(has_reason(of, "counts that may be incomplete"));
    traffstat_estimate_free(of);
}

static void without_a_population_there_is_no_rate_and_no_comparison(void **state)
{
    static const place places[] = {{"Ash", 60, NAN}, {"Birch", 0, NAN}, {"Cedar", HIDDEN, NAN}};
    traffstat_estimate *of = compare(*state, places, 3);
    assert_says(sentence(of), "exposure is 1 a place");
    assert_says(sentence(of), "Exact counts of 2 places: from 0 to 60.");
    assert_silent(sentence(of), "residents");
    for (size_t i = 0; i < 3; i++) {
        traffstat_estimate_row row;
        assert_ok(*state, traffstat_estimate_row_get(of, i, &row));
        assert_true(!isnan(row.upper));
        assert_true(isnan(of_row(of, i, "rate_lower")) && isnan(of_row(of, i, "ratio")));
        assert_true(isnan(of_row(of, i, "p_adjusted")) && isnan(of_row(of, i, "rank")));
    }
    assert_near(traffstat_detail_number(member(of, "places", "compared")), 0, 0);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void places_without_a_population_are_listed(void **state)
{
    static const place places[] = {
        {"Ash", 6, 10000}, {"Birch", 5, NAN}, {"Cedar", 9, 20000}, {"Dell", NONE, 1000}};
    traffstat_estimate *of = compare(*state, places, 4);
    const traffstat_detail *list = member(of, "places", "not_compared");
    assert_int_equal(traffstat_detail_size(list), 2);
    assert_string_equal(
        traffstat_detail_text(traffstat_detail_find(traffstat_detail_at(list, 0), "place")),
        "Birch");
    assert_string_equal(
        traffstat_detail_text(traffstat_detail_find(traffstat_detail_at(list, 0), "reason")),
        "no population is known");
    assert_says(sentence(of), "2 places were left out (1: no count was reported; 1: no population");
    assert_near(traffstat_detail_number(member(of, "places", "cases")), 15, 0);
    traffstat_estimate_free(of);
}

static void a_hidden_count_changes_nothing_but_the_bounds_of_the_whole(void **state)
{
    static const char *const names[] = {"bayes_rate", "expected", "p_adjusted", "rank_upper",
                                        "adjusted_lower_95"};
    static const place places[] = {
        {"Ash", 6, 10000}, {"Birch", 5, 12000}, {"Cedar", 29, 20000}, {"Dell", HIDDEN, 8000}};
    traffstat_estimate *of = compare(*state, places, 4);
    traffstat_estimate *without = compare(*state, places, 3);
    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < COUNT(names); k++) {
            assert_near(of_row(of, i, names[k]), of_row(without, i, names[k]), 0);
        }
    }
    assert_true(isnan(of_row(of, 3, "rate")) && isnan(of_row(of, 3, "bayes_rate")));
    assert_near(of_row(of, 3, "rate_lower"), 0, 0);
    /* Garwood's upper limit of 4 is 10.2415886754 (qchisq(0.975, 10) / 2) */
    assert_near(of_row(of, 3, "rate_upper"), 10.2415886754 / 8000 * 1e5, 1e-9);
    const traffstat_detail *bounds = member(of, "places", "rate_bounds");
    assert_near(traffstat_detail_number(traffstat_detail_at(bounds, 0)), 40 / 50000.0 * 1e5, 1e-13);
    assert_near(traffstat_detail_number(traffstat_detail_at(bounds, 1)), 44 / 50000.0 * 1e5, 1e-13);
    assert_true(has_reason(of, "with them the rate of the whole would be 80.0 to 88.0, not 95.2"));
    assert_int_equal(traffstat_detail_kind_of(member(without, "places", "rate_bounds")),
                     TRAFFSTAT_DETAIL_NONE);
    traffstat_estimate_free(of);
    traffstat_estimate_free(without);
}

static void counts_that_can_carry_no_comparison_say_why(void **state)
{
    static const struct {
        place places[3];
        const char *word;
        traffstat_verdict verdict;
    } cases[] = {
        {{{"A", 0, 10}, {"B", 0, 20}, {"C", 0, 30}},
         "no case was counted in any place",
         TRAFFSTAT_VERDICT_CAUTION},
        {{{"A", 4, 10}, {"B", NONE, 20}, {"C", HIDDEN, 30}},
         "only one place has an exact count",
         TRAFFSTAT_VERDICT_CAUTION},
        {{{"A", 4, 10}, {"B", 3, NAN}, {"C", -2, 30}},
         "of one place alone",
         TRAFFSTAT_VERDICT_CAUTION},
        {{{"A", NONE, 10}, {"B", NONE, 20}, {"C", -2, 30}},
         "no place has an exact count",
         TRAFFSTAT_VERDICT_INESTIMABLE},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        traffstat_estimate *of = compare(*state, cases[i].places, 3);
        assert_says(traffstat_detail_text(member(of, "places", "reason")), cases[i].word);
        assert_says(sentence(of), cases[i].word);
        assert_true(has_reason(of, cases[i].word));
        assert_int_equal(traffstat_estimate_verdict(of), cases[i].verdict);
        assert_true(isnan(of_row(of, 0, "p")));
        traffstat_estimate_free(of);
    }
}

/* Captions of many made-up maps: what they name can be told apart, on five cases or more above. */
static void captions_name_only_what_can_be_told_apart(void **state)
{
    size_t named = 0;
    size_t compared = 0;
    for (uint32_t map = 0; map < 40; map++) {
        char names[12][8];
        place places[12];
        uint32_t random = 2463534242U + 7919U * map;
        for (size_t i = 0; i < 12; i++) {
            random = random * 1664525U + 1013904223U;
            (void) snprintf(names[i], sizeof names[i], "Q%zuz", i);
            const int64_t count = (int64_t) (random >> 24) % (map % 2 == 0 ? 9 : 60);
            places[i] = (place){names[i], count, 1000.0 * (1 + (random >> 16) % 50)};
        }
        traffstat_estimate *of = compare(*state, places, 12);
        for (size_t i = 0; i < 12; i++) {
            compared++;
            if (strstr(sentence(of), names[i]) != NULL) {
                named++;
                assert_true(of_row(of, i, "p_adjusted") <= 0.05);
                assert_true(places[i].count >= 5 || of_row(of, i, "ratio") < 1);
                assert_true(places[i].count > 0 || of_row(of, i, "expected") < 5);
            }
        }
        traffstat_estimate_free(of);
    }
    assert_true(named > 20 && named < compared / 2);
}

/* ---- years, statuses, columns ---------------------------------------------------------------- */

static void the_last_full_year_is_taken_unless_one_is_asked_for(void **state)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < 10; i++) {
        size_t series = 0;
        assert_ok(*state, traffstat_panel_builder_series(*state, builder, county_keys[i], "", "",
                                                         "", "", &series));
        for (int32_t year = 2015; year <= 2019; year++) {
            /* 2019: three places; 2018: without populations; 2017: nine of ten */
            const traffstat_cell cell =
                cell_of((int64_t) i + 1, year == 2018 ? (double) NAN : 1000.0, year);
            if ((year == 2019 && i > 2) || (year == 2017 && i == 4)) {
                continue;
            }
            assert_ok(*state, traffstat_panel_builder_add(*state, builder, series, &cell));
        }
    }
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    traffstat_panel_builder_free(builder);
    traffstat_compare_options options;
    traffstat_compare_options_init(&options, sizeof options);
    traffstat_estimate *of = NULL;
    assert_ok(*state, traffstat_compare(*state, panel, NULL, 0, &options, &of));
    assert_near(traffstat_detail_number(member(of, "places", "year")), 2017, 0);
    assert_says(sentence(of), "1 place was left out (1: no record of the year)");
    traffstat_estimate_free(of);
    options.year = 2019;
    assert_ok(*state, traffstat_compare(*state, panel, NULL, 0, &options, &of));
    assert_int_equal(traffstat_estimate_rows(of), 3);
    traffstat_estimate_free(of);
    options.year = 2012;
    assert_int_equal(traffstat_compare(*state, panel, NULL, 0, &options, &of), TRAFFSTAT_E_NODATA);
    assert_says(traffstat_ctx_message(*state), "2015 to 2019");
    assert_null(of);
    traffstat_panel_free(panel);
}

static void neighbours_that_are_not_compared_are_said_so(void **state)
{
    static const place places[] = {{"Ash", 6, 1000}, {"Birch", 5, NAN}, {"Cedar", 9, 2000}};
    static const size_t pairs[] = {0, 1};
    static const size_t both[] = {0, 2};
    traffstat_panel *panel = panel_of(*state, places, 3);
    traffstat_estimate *of = NULL;
    assert_ok(*state, traffstat_compare(*state, panel, pairs, 1, NULL, &of));
    assert_says(
        traffstat_detail_text(traffstat_detail_find(member(of, "places", "neighbours"), "reason")),
        "no two places that are compared");
    traffstat_estimate_free(of);
    assert_ok(*state, traffstat_compare(*state, panel, both, 1, NULL, &of));
    assert_says(
        traffstat_detail_text(traffstat_detail_find(member(of, "places", "neighbours"), "reason")),
        "4");
    assert_int_equal(traffstat_detail_kind_of(member(of, "tests", "moran")), TRAFFSTAT_DETAIL_NONE);
    assert_near(of_row(of, 0, "neighbours"), 1, 0);
    assert_true(!isnan(of_row(of, 0, "local_rate")));
    traffstat_estimate_free(of);
    traffstat_panel_free(panel);
}

static void what_cannot_be_used_is_refused(void **state)
{
    static const place places[] = {{"Ash", 6, 1000}, {"Birch", 5, 1000}};
    static const size_t far[] = {0, 2};
    static const size_t self[] = {1, 1};
    static const size_t twice[] = {0, 1, 1, 0};
    traffstat_panel *panel = panel_of(*state, places, 2);
    traffstat_estimate *of = NULL;
    const struct {
        const size_t *pairs;
        size_t count;
        int32_t permutations;
        double level;
        double discovery;
        traffstat_status status;
    } cases[] = {{far, 1, 9, 0.95, 0.05, TRAFFSTAT_E_ARGUMENT},
                 {self, 1, 9, 0.95, 0.05, TRAFFSTAT_E_CONFLICT},
                 {twice, 2, 9, 0.95, 0.05, TRAFFSTAT_E_CONFLICT},
                 {NULL, 1, 9, 0.95, 0.05, TRAFFSTAT_E_ARGUMENT},
                 {NULL, 0, -1, 0.95, 0.05, TRAFFSTAT_E_ARGUMENT},
                 {NULL, 0, 9, 1.0, 0.05, TRAFFSTAT_E_ARGUMENT},
                 {NULL, 0, 9, 0.95, 0.0, TRAFFSTAT_E_ARGUMENT}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        traffstat_compare_options options;
        traffstat_compare_options_init(&options, sizeof options);
        options.permutations = cases[i].permutations;
        options.level = cases[i].level;
        options.discovery = cases[i].discovery;
        assert_int_equal(
            traffstat_compare(*state, panel, cases[i].pairs, cases[i].count, &options, &of),
            cases[i].status);
        assert_true(strlen(traffstat_ctx_message(*state)) > 10);
        assert_null(of);
    }
    assert_int_equal(traffstat_compare(*state, NULL, NULL, 0, NULL, &of), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_compare(*state, panel, NULL, 0, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_panel_free(panel);
}

static void counts_of_several_kinds_are_refused(void **state)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_estimate *of = NULL;
    static const char *const measures[] = {"arrests", "offences"};
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < 2; i++) {
        size_t series = 0;
        assert_ok(*state, traffstat_panel_builder_series(*state, builder, "", "Ash", measures[i],
                                                         "", "", &series));
        assert_ok(*state, traffstat_panel_builder_count(*state, builder, series, 2020, 4));
    }
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    traffstat_panel_builder_free(builder);
    assert_int_equal(traffstat_compare(*state, panel, NULL, 0, NULL, &of), TRAFFSTAT_E_CONFLICT);
    assert_says(traffstat_ctx_message(*state), "several measures: \"arrests\" and \"offences\"");
    traffstat_panel_free(panel);
}

static void the_numbers_of_places_are_columns_of_csv(void **state)
{
    static const place places[] = {{"Ash", NONE, 1000}, {"Birch", 5, 1000}, {"Cedar", 9, 2000}};
    traffstat_estimate *of = compare(*state, places, 3);
    traffstat_text *text = NULL;
    assert_ok(*state, traffstat_estimate_csv(*state, of, &text));
    assert_says(traffstat_text_data(text), ",source,rate,rate_lower,rate_upper,population,");
    assert_says(traffstat_text_data(text),
                ",rank,rank_lower,rank_upper,rank_expected,neighbours\n");
    traffstat_text_free(text);
    traffstat_estimate_free(of);
}

/* What a progress callback saw; it stops the call at its fraction `stop`. */
typedef struct watch {
    double last;
    double stop;
    size_t falls;
} watch;

static int32_t look(double fraction, void *user)
{
    watch *w = user;
    w->falls += fraction < w->last ? 1 : 0;
    w->last = fraction;
    return fraction >= w->stop ? 7 : 0;
}

static void progress_rises_to_one_and_a_stop_leaves_nothing(void **state)
{
    size_t pairs[COUNT(links_from)];
    const size_t count = pairs_of(pairs, 1);
    traffstat_panel *panel = counties(*state, 1);
    traffstat_estimate *of = NULL;
    watch seen = {.stop = 2};
    traffstat_ctx_set_progress(*state, look, &seen);
    assert_ok(*state, traffstat_compare(*state, panel, pairs, count, NULL, &of));
    assert_near(seen.last, 1, 0);
    assert_int_equal(seen.falls, 0);
    traffstat_estimate_free(of);
    seen = (watch){.stop = 1};
    traffstat_ctx_set_progress(*state, look, &seen); /* anew: the first call is shown at once */
    assert_int_equal(traffstat_compare(*state, panel, pairs, count, NULL, &of),
                     TRAFFSTAT_E_CALLBACK);
    assert_int_equal(traffstat_ctx_callback_value(*state), 7);
    assert_null(of);
    traffstat_ctx_set_progress(*state, NULL, NULL);
    traffstat_panel_free(panel);
}

static traffstat_status try_comparing(traffstat_ctx *ctx, void *arg)
{
    static const size_t pairs[] = {0, 1, 1, 2, 2, 3, 0, 4};
    traffstat_compare_options options;
    traffstat_estimate *of = NULL;
    traffstat_compare_options_init(&options, sizeof options);
    options.permutations = 3;
    const traffstat_status status = traffstat_compare(ctx, arg, pairs, 4, &options, &of);
    traffstat_estimate_free(of);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    static const place places[] = {{"Ash", 60, 100000},  {"Birch", 55, 100000},
                                   {"Cedar", 0, 100000}, {"Dell", PARTIAL, 100000},
                                   {"Elm", 20, 100000},  {"Fir", HIDDEN, 30000}};
    traffstat_panel *panel = panel_of(*state, places, 6);
    assert_true(support_try_every_allocation(try_comparing, panel) > 100);
    traffstat_panel_free(panel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_counties_have_the_numbers_of_r),
        TEST(the_order_of_places_and_of_pairs_changes_no_number),
        TEST(the_result_does_not_depend_on_threads),
        TEST(each_place_is_tested_against_the_others_together),
        TEST(places_that_chance_explains_are_not_ordered),
        TEST(a_place_above_on_three_cases_is_counted_and_not_named),
        TEST(a_zero_or_a_part_below_the_others_is_called_incomplete),
        TEST(without_a_population_there_is_no_rate_and_no_comparison),
        TEST(places_without_a_population_are_listed),
        TEST(a_hidden_count_changes_nothing_but_the_bounds_of_the_whole),
        TEST(counts_that_can_carry_no_comparison_say_why),
        TEST(captions_name_only_what_can_be_told_apart),
        TEST(the_last_full_year_is_taken_unless_one_is_asked_for),
        TEST(neighbours_that_are_not_compared_are_said_so),
        TEST(what_cannot_be_used_is_refused),
        TEST(counts_of_several_kinds_are_refused),
        TEST(the_numbers_of_places_are_columns_of_csv),
        TEST(progress_rises_to_one_and_a_stop_leaves_nothing),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
