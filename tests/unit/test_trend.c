/* traffstat_trend: what is said of a panel, and its sentences. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "support/support.h"
#include "unit/rates_data.h"

#include <traffstat/trend.h>

#define NONE (-1) /* a year that was not reported */

static traffstat_panel *panel_of(traffstat_ctx *ctx, const int64_t *counts, size_t n,
                                 int32_t first_year)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", "Missoula", "cases", "", "",
                                                  &series));
    for (size_t i = 0; i < n; i++) {
        const traffstat_cell cell = {.lower = counts[i] == NONE ? 0 : counts[i],
                                     .upper = counts[i] == NONE ? 0 : counts[i],
                                     .population = NAN,
                                     .coverage = NAN,
                                     .year = first_year + (int32_t) i,
                                     .places = 1,
                                     .why = counts[i] == NONE ? TRAFFSTAT_WHY_NOT_REPORTED
                                                              : TRAFFSTAT_WHY_COUNTED};
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_estimate *trend_of(traffstat_ctx *ctx, const int64_t *counts, size_t n)
{
    traffstat_panel *panel = panel_of(ctx, counts, n, 2011);
    traffstat_estimate *out = NULL;
    assert_ok(ctx, traffstat_trend(ctx, panel, NULL, &out));
    traffstat_panel_free(panel);
    return out;
}

static const traffstat_detail *member(const traffstat_estimate *of, const char *a, const char *b)
{
    const traffstat_detail *in = traffstat_detail_find(traffstat_estimate_details(of), a);
    return b == NULL ? in : traffstat_detail_find(in, b);
}

static double number(const traffstat_estimate *of, const char *a, const char *b)
{
    return traffstat_detail_number(member(of, a, b));
}

static void two_years_have_a_change_and_no_trend(void **state)
{
    const int64_t counts[] = {7, 8};
    traffstat_estimate *of = trend_of(*state, counts, 2);
    assert_near(number(of, "change", "p"), 1.0, 0.0);
    assert_near(number(of, "change", "lower"), 0.36214051159332311, 1e-12);
    assert_int_equal(traffstat_detail_kind_of(member(of, "trend", NULL)), TRAFFSTAT_DETAIL_NONE);
    assert_non_null(strstr(traffstat_detail_text(member(of, "trend_reason", NULL)), "at least 3"));
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void coal_has_the_figures_of_r(void **state)
{
    /* R 4.2.2: quasi-Poisson, mk.test */
    traffstat_estimate *of = trend_of(*state, coal, 112);
    assert_near(number(of, "trend", "apc"), -1.8203730057769318, 1e-8);
    assert_near(number(of, "trend", "lower"), -2.326024434370999, 1e-6);
    assert_near(number(of, "trend", "upper"), -1.3121038546446084, 1e-6);
    const traffstat_detail *kendall = member(of, "tests", "mann_kendall");
    assert_near(traffstat_detail_number(traffstat_detail_find(kendall, "S")), -2428.0, 0.0);
    assert_near(traffstat_detail_number(traffstat_detail_find(kendall, "var")), 149579.33333333334,
                1e-13);
    assert_int_equal(traffstat_detail_kind_of(traffstat_detail_find(kendall, "S")),
                     TRAFFSTAT_DETAIL_INTEGER);
    traffstat_estimate_free(of);
}

static void sentences_say_what_the_numbers_say(void **state)
{
    static const struct {
        int64_t counts[6];
        size_t n;
        const char *words[2];
    } rows[] = {
        {{7, 8}, 2, {"7 cases in 2011 and 8 in 2012: no evidence of a change (exact p = 1)", "."}},
        {{8, 7}, 2, {"no evidence of a change", "ratio 0.88"}},
        {{0, 5}, 2, {"0 cases in 2011 and 5 in 2012: no evidence", "no ratio exists"}},
        {{0, 9}, 2, {"a rise that chance", "no ratio exists"}},
        {{9, 0}, 2, {"9 cases in 2011 and 0 in 2012: a fall", "ratio 0.00"}},
        {{0, 0}, 2, {"no evidence of a change", "no ratio exists"}},
        {{1, 2}, 2, {"1 case in 2011 and 2 in 2012", "no evidence"}},
        {{7, 68}, 2, {"a rise that chance alone would not readily produce", "ratio 9.71"}},
        {{68, 7}, 2, {"a fall that chance", "ratio 0.10"}},
        {{100, 100}, 2, {"no evidence of a change (exact p = 1)", "ratio 1.00"}},
        {{5}, 1, {"5 cases in 2011: one year alone tells nothing of change", "."}},
        {{NONE}, 1, {"No year has a count that can be used", "."}},
        {{7, NONE, 9}, 3, {"7 cases in 2011 and 9 in 2013: no evidence", "."}},
        {{10, 20, 40},
         3,
         {"over 2011", "the count rose, each year about 2.00 times the year before"}},
        {{20, 40, 80}, 3, {"over 2011", "the count rose by about 100"}},
        {{40, 20, 10}, 3, {"over 2011", "the count fell by about 50"}},
        {{1, 0, 2}, 3, {"too few to put a number to a yearly change", "(3 in all)"}},
        {{0, 0, 0}, 3, {"0 cases in 2012 and 0 in 2013", "no evidence"}},
        {{0, 0, 50}, 3, {"a rise that chance", "all cases lie at one end"}},
        {{30, 31, 29, 30}, 4, {"cannot be told from none", "29 cases in 2013 and 30"}},
        {{100, 121, 146, 177, 214, 259}, 6, {"rose by about 21", "2016"}},
        {{259, NONE, 177, 146, 121, 100}, 6, {"fell by about", "over 2011"}},
        {{12, 60, 9, 70, 8, 80}, 6, {"cannot be told from none", "a rise that chance"}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_estimate *of = trend_of(*state, rows[i].counts, rows[i].n);
        const char *sentence = traffstat_detail_text(member(of, "sentence", NULL));
        for (int k = 0; k < 2; k++) {
            if (strstr(sentence, rows[i].words[k]) == NULL) {
                fail_msg("\"%s\" lacks \"%s\"", sentence, rows[i].words[k]);
            }
        }
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        assert_null(strstr(sentence, "nan"));
        assert_null(strstr(sentence, "inf"));
        traffstat_estimate_free(of);
    }
}

static void nothing_to_five_has_an_open_end(void **state)
{
    const int64_t counts[] = {0, 5};
    traffstat_estimate *of = trend_of(*state, counts, 2);
    assert_int_equal(traffstat_detail_kind_of(member(of, "change", "upper")),
                     TRAFFSTAT_DETAIL_NONE);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void only_a_panel_without_counts_is_inestimable(void **state)
{
    const int64_t none[] = {NONE, NONE};
    const int64_t one[] = {3};
    traffstat_estimate *of = trend_of(*state, none, 2);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_INESTIMABLE);
    traffstat_estimate_free(of);
    of = trend_of(*state, one, 1);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(of);
}

static void wrong_calls_are_refused(void **state)
{
    traffstat_estimate *of = NULL;
    traffstat_trend_options options;
    traffstat_trend_options_init(&options, sizeof options);
    options.level = 1.0;
    const int64_t counts[] = {7, 8};
    traffstat_panel *panel = panel_of(*state, counts, 2, 2017);
    assert_int_equal(traffstat_trend(*state, panel, &options, &of), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_trend(*state, NULL, NULL, &of), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_trend(*state, panel, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_null(of);
    traffstat_panel_free(panel);
}

static traffstat_status try_trend(traffstat_ctx *ctx, void *arg)
{
    traffstat_estimate *of = NULL;
    const traffstat_status status = traffstat_trend(ctx, arg, NULL, &of);
    assert_true((status == TRAFFSTAT_OK) == (of != NULL));
    traffstat_estimate_free(of);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    const int64_t counts[] = {7, 8, 5, 9, 12};
    traffstat_panel *panel = panel_of(*state, counts, 5, 2014);
    assert_true(support_try_every_allocation(try_trend, panel) > 30);
    traffstat_panel_free(panel);
}

/* ---- sums over places ------------------------------------------------------------------------ */

#define PLACES 16
#define YEARS 8

/* Counts of places from 2011 on; NONE: not in the file. */
typedef struct table {
    size_t places;
    size_t years;
    int64_t counts[PLACES][YEARS];
} table;

static traffstat_panel *panel_of_table(traffstat_ctx *ctx, const table *from)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < from->places; i++) {
        char name[32];
        size_t series = 0;
        (void) snprintf(name, sizeof name, "Place %zu", i);
        assert_ok(ctx,
                  traffstat_panel_builder_series(ctx, builder, "", name, "cases", "", "", &series));
        for (size_t t = 0; t < from->years; t++) {
            if (from->counts[i][t] != NONE) {
                assert_ok(ctx, traffstat_panel_builder_count(
                                   ctx, builder, series, 2011 + (int32_t) t, from->counts[i][t]));
            }
        }
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_estimate *trend_of_panel(traffstat_ctx *ctx, traffstat_panel *panel)
{
    traffstat_estimate *out = NULL;
    assert_ok(ctx, traffstat_trend(ctx, panel, NULL, &out));
    traffstat_panel_free(panel);
    return out;
}

static traffstat_estimate *trend_of_table(traffstat_ctx *ctx, const table *from)
{
    return trend_of_panel(ctx, panel_of_table(ctx, from));
}

static const char *sentence_of(const traffstat_estimate *of)
{
    return traffstat_detail_text(member(of, "sentence", NULL));
}

static double deep(const traffstat_estimate *of, const char *a, const char *b, const char *c)
{
    return traffstat_detail_number(traffstat_detail_find(member(of, a, b), c));
}

static bool has_reason(const traffstat_estimate *of, const char *words)
{
    for (size_t i = 0; i < traffstat_estimate_reasons(of); i++) {
        if (strstr(traffstat_estimate_reason(of, i), words) != NULL) {
            return true;
        }
    }
    return false;
}

static void many_places_are_summed_at_the_top(void **state)
{
    const table three = {3, 4, {{10, 20, 30, 40}, {0, 7, 5, 9}, {30, 33, 41, 38}}};
    const int64_t sums[] = {40, 60, 76, 87};
    traffstat_estimate *of = trend_of_table(*state, &three);
    traffstat_estimate *one = trend_of(*state, sums, 4);
    assert_string_equal(traffstat_detail_text(member(of, "of", NULL)), "sum over 3 places");
    assert_near(number(of, "change", "first_count"), 76.0, 0.0);
    assert_near(number(of, "change", "second_count"), 87.0, 0.0);
    assert_near(number(of, "change", "p"), number(one, "change", "p"), 0.0);
    assert_near(number(of, "trend", "apc"), number(one, "trend", "apc"), 0.0);
    assert_near(number(of, "trend", "profile_lower"), number(one, "trend", "profile_lower"), 0.0);
    assert_int_equal(traffstat_detail_size(member(of, "by_series", NULL)), 3);
    assert_int_equal(traffstat_detail_kind_of(member(of, "coverage_change", NULL)),
                     TRAFFSTAT_DETAIL_NONE);
    assert_non_null(strstr(sentence_of(of), "76 cases in 2013 from 3 places and 87 in 2014 from 3: "
                                            "no evidence of a change"));
    traffstat_estimate_free(of);
    traffstat_estimate_free(one);
}

static void interval_counts_add_both_ends_in_a_sum(void **state)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(*state,
              traffstat_panel_builder_series(*state, builder, "", "A", "cases", "", "", &series));
    for (int32_t t = 0; t < 4; t++) {
        const traffstat_cell cell = {
            .lower = 1, .upper = 4, .population = NAN, .coverage = NAN, .year = 2011 + t};
        assert_ok(*state, traffstat_panel_builder_add(*state, builder, series, &cell));
    }
    assert_ok(*state,
              traffstat_panel_builder_series(*state, builder, "", "B", "cases", "", "", &series));
    for (int32_t t = 0; t < 4; t++) {
        assert_ok(*state,
                  traffstat_panel_builder_count(*state, builder, series, 2011 + t, 20 + 10 * t));
    }
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    traffstat_panel_builder_free(builder);
    traffstat_estimate *of = trend_of_panel(*state, panel);
    assert_int_equal(traffstat_detail_kind_of(member(of, "change", NULL)), TRAFFSTAT_DETAIL_NONE);
    assert_non_null(strstr(traffstat_detail_text(member(of, "change_reason", NULL)), "exact"));
    assert_non_null(strstr(sentence_of(of), "51\xe2\x80\x93"
                                            "54 cases in 2014"));
    assert_true(number(of, "trend", "apc") > 15.0 && number(of, "trend", "apc") < 60.0);
    traffstat_estimate_free(of);
}

/* Two series of 2017 and 2018, told apart by one text. */
static traffstat_estimate *trend_of_two(traffstat_ctx *ctx, const char *const texts[2][5])
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (int i = 0; i < 2; i++) {
        size_t series = 0;
        assert_ok(ctx,
                  traffstat_panel_builder_series(ctx, builder, texts[i][0], texts[i][1],
                                                 texts[i][2], texts[i][3], texts[i][4], &series));
        assert_ok(ctx, traffstat_panel_builder_count(ctx, builder, series, 2017, 7));
        assert_ok(ctx, traffstat_panel_builder_count(ctx, builder, series, 2018, 8));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return trend_of_panel(ctx, panel);
}

static void unlike_series_have_no_sum_and_say_why(void **state)
{
    static const struct {
        const char *texts[2][5];
        const char *why;
    } rows[] = {
        {{{"", "A", "cases", "", ""}, {"", "B", "victims", "", ""}}, "2 measures"},
        {{{"", "A", "cases", "", "x"}, {"", "B", "cases", "", "y"}}, "2 sources"},
        {{{"", "A", "cases", "sex", ""}, {"", "A", "cases", "labour", ""}}, "one place"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_estimate *of = trend_of_two(*state, rows[i].texts);
        static const char *const none[] = {"of",         "change", "trend",
                                           "joinpoints", "tests",  "sentence"};
        for (size_t k = 0; k < sizeof none / sizeof none[0]; k++) {
            assert_non_null(member(of, none[k], NULL));
            assert_int_equal(traffstat_detail_kind_of(member(of, none[k], NULL)),
                             TRAFFSTAT_DETAIL_NONE);
        }
        assert_non_null(strstr(traffstat_detail_text(member(of, "of_reason", NULL)), rows[i].why));
        assert_int_equal(traffstat_detail_size(member(of, "by_series", NULL)), 2);
        traffstat_estimate_free(of);
    }
    static const char *const apart[2][5] = {{"", "A", "cases", "sex", ""},
                                            {"", "B", "cases", "labour", ""}};
    traffstat_estimate *of = trend_of_two(*state, apart);
    assert_string_equal(traffstat_detail_text(member(of, "of", NULL)),
                        "sum over 2 places and 2 categories");
    traffstat_estimate_free(of);
}

/* Twelve places with 10 cases in every year, and one more with 10 in each year after the first: 120,
 * 130, 140, 150, while no place changes at all. */
static table growing(void)
{
    table made = {.places = 15, .years = 4};
    for (size_t i = 0; i < 15; i++) {
        for (size_t t = 0; t < 4; t++) {
            made.counts[i][t] = i < 12 || t > i - 12 ? 10 : NONE;
        }
    }
    return made;
}

static void check_growing(const traffstat_estimate *of)
{
    assert_near(number(of, "coverage_change", "places_first"), 12.0, 0.0);
    assert_near(number(of, "coverage_change", "places_last"), 15.0, 0.0);
    assert_near(number(of, "coverage_change", "began"), 3.0, 0.0);
    assert_near(number(of, "coverage_change", "stopped"), 0.0, 0.0);
    assert_near(number(of, "coverage_change", "places_every_year"), 12.0, 0.0);
    assert_near(deep(of, "coverage_change", "constant_set", "places"), 12.0, 0.0);
    assert_near(deep(of, "coverage_change", "both_years", "places"), 14.0, 0.0);
    const traffstat_detail *set = member(of, "coverage_change", "constant_set");
    const traffstat_detail *trend = traffstat_detail_find(set, "trend");
    assert_true(fabs(traffstat_detail_number(traffstat_detail_find(trend, "apc"))) < 1e-9);
    const traffstat_detail *change = traffstat_detail_find(set, "change");
    assert_near(traffstat_detail_number(traffstat_detail_find(change, "first_count")), 120.0, 0.0);
    assert_near(traffstat_detail_number(traffstat_detail_find(change, "second_count")), 120.0, 0.0);
    const traffstat_detail *each = member(of, "coverage_change", "per_place");
    trend = traffstat_detail_find(each, "trend");
    assert_true(fabs(traffstat_detail_number(traffstat_detail_find(trend, "apc"))) < 1e-9);
    assert_true(has_reason(of, "went from 12 in 2011 to 15 in 2014"));
    assert_non_null(strstr(sentence_of(of), "the number of places that report rose from 12 to 15; "
                                            "in the 12 that report in every year of 2011"));
}

static void places_that_began_are_told_from_places_that_changed(void **state)
{
    const table from = growing();
    traffstat_panel *panel = panel_of_table(*state, &from);
    traffstat_panel *sums = NULL;
    assert_ok(*state, traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_MEASURE, &sums));
    traffstat_estimate *top = trend_of_panel(*state, panel);
    assert_near(number(top, "trend", "apc"), 7.65, 0.01); /* glm: exp(0.07373) - 1 */
    check_growing(top);
    traffstat_estimate_free(top);
    /* the same sum, made before: it knows its parts */
    top = trend_of_panel(*state, sums);
    assert_string_equal(traffstat_detail_text(member(top, "of", NULL)), "sum over 15 places");
    check_growing(top);
    traffstat_estimate_free(top);
}

static void sums_know_their_parts_after_residents_are_joined(void **state)
{
    const table from = growing();
    traffstat_panel *panel = panel_of_table(*state, &from);
    traffstat_panel *sums = NULL;
    traffstat_panel *joined = NULL;
    assert_ok(*state, traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_MEASURE, &sums));
    assert_ok(*state, traffstat_panel_join_population(*state, sums, panel, NULL, &joined));
    traffstat_panel_free(panel);
    traffstat_panel_free(sums);
    traffstat_estimate *of = trend_of_panel(*state, joined);
    check_growing(of);
    traffstat_estimate_free(of);
}

static void too_few_in_every_year_make_a_shorter_window(void **state)
{
    /* one place of thirteen reports in 2011: the constant set begins in 2012 */
    table from = {.places = 13, .years = 5};
    for (size_t i = 0; i < 13; i++) {
        for (size_t t = 0; t < 5; t++) {
            from.counts[i][t] = i == 0 || t > 0 ? 30 : NONE;
        }
    }
    traffstat_estimate *of = trend_of_table(*state, &from);
    const traffstat_detail *set = member(of, "coverage_change", "constant_set");
    assert_near(deep(of, "coverage_change", "constant_set", "places"), 13.0, 0.0);
    assert_near(deep(of, "coverage_change", "constant_set", "first_year"), 2012.0, 0.0);
    assert_non_null(strstr(traffstat_detail_text(traffstat_detail_find(set, "reason")),
                           "1 place reports in every year of the period"));
    assert_non_null(strstr(sentence_of(of), "rose from 1 to 13; in the 13 that report in every "
                                            "year of 2012\xe2\x80\x93"
                                            "2015"));
    traffstat_estimate_free(of);
}

static void places_that_take_turns_have_no_constant_set(void **state)
{
    /* each place reports every second year */
    table from = {.places = 4, .years = 6};
    for (size_t i = 0; i < 4; i++) {
        for (size_t t = 0; t < 6; t++) {
            from.counts[i][t] = t % 2 == i % 2 ? 25 : NONE;
        }
    }
    traffstat_estimate *of = trend_of_table(*state, &from);
    assert_near(deep(of, "coverage_change", "constant_set", "places"), 0.0, 0.0);
    assert_near(deep(of, "coverage_change", "both_years", "places"), 0.0, 0.0);
    assert_true(has_reason(of, "the places that reported are not the same in all years"));
    assert_non_null(strstr(sentence_of(of), "no place reports in every year"));
    traffstat_estimate_free(of);
}

static void a_change_that_other_places_made_is_taken_back(void **state)
{
    /* 40 cases a year in ten places, and one that reports 400 in the last year alone */
    table from = {.places = 11, .years = 4};
    for (size_t i = 0; i < 11; i++) {
        for (size_t t = 0; t < 4; t++) {
            from.counts[i][t] = i < 10 ? 40 : t == 3 ? 400 : NONE;
        }
    }
    traffstat_estimate *of = trend_of_table(*state, &from);
    assert_non_null(strstr(sentence_of(of), "400 cases in 2013 from 10 places and 800 in 2014 from "
                                            "11: a rise that chance"));
    assert_non_null(strstr(sentence_of(of), "in the 10 that report in 2013 and 2014, 400 and 400: "
                                            "no evidence of a change (exact p = 1)"));
    traffstat_estimate_free(of);
}

static void a_sum_without_its_parts_tells_their_number_only(void **state)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(*state,
              traffstat_panel_builder_series(*state, builder, "", "All", "cases", "", "", &series));
    for (int32_t t = 0; t < 4; t++) {
        const traffstat_cell cell = {.lower = 50 + 50 * t,
                                     .upper = 50 + 50 * t,
                                     .population = NAN,
                                     .coverage = NAN,
                                     .year = 2011 + t,
                                     .flags = TRAFFSTAT_FLAG_PARTIAL,
                                     .places = (uint32_t) (5 + 5 * t)};
        assert_ok(*state, traffstat_panel_builder_add(*state, builder, series, &cell));
    }
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    traffstat_panel_builder_free(builder);
    traffstat_estimate *of = trend_of_panel(*state, panel);
    assert_near(number(of, "change", "second_count"), 200.0, 0.0);
    assert_near(number(of, "coverage_change", "places_last"), 20.0, 0.0);
    assert_int_equal(traffstat_detail_kind_of(member(of, "coverage_change", "constant_set")),
                     TRAFFSTAT_DETAIL_NONE);
    const traffstat_detail *each = member(of, "coverage_change", "per_place");
    each = traffstat_detail_find(each, "trend");
    assert_true(fabs(traffstat_detail_number(traffstat_detail_find(each, "apc"))) < 1e-9);
    traffstat_estimate_free(of);
}

static void two_years_of_places_are_compared_in_the_same_ones(void **state)
{
    /* 3 of 4 places report in both of two years */
    const table from = {4, 2, {{10, 10}, {10, 11}, {10, 9}, {NONE, 90}}};
    traffstat_estimate *of = trend_of_table(*state, &from);
    assert_near(deep(of, "coverage_change", "constant_set", "places"), 3.0, 0.0);
    const traffstat_detail *set = member(of, "coverage_change", "constant_set");
    const traffstat_detail *change = traffstat_detail_find(set, "change");
    assert_near(traffstat_detail_number(traffstat_detail_find(change, "second_count")), 30.0, 0.0);
    assert_string_equal(traffstat_detail_text(traffstat_detail_find(set, "rule")), "every year");
    assert_int_equal(traffstat_detail_kind_of(traffstat_detail_find(set, "trend")),
                     TRAFFSTAT_DETAIL_NONE);
    assert_non_null(strstr(sentence_of(of), "in the 3 that report in 2011 and 2012, 30 and 30: no "
                                            "evidence of a change (exact p = 1)"));
    traffstat_estimate_free(of);
}

/* ---- doubts ---------------------------------------------------------------------------------- */

static traffstat_estimate *trend_of_flagged(traffstat_ctx *ctx, uint32_t flags, int64_t lost)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_estimate *of = NULL;
    traffstat_trend_options options;
    size_t series = 0;
    traffstat_trend_options_init(&options, sizeof options);
    options.lost = lost;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", "A", "cases", "", "", &series));
    for (int32_t t = 0; t < 4; t++) {
        const traffstat_cell cell = {.lower = 6400,
                                     .upper = 6400,
                                     .population = NAN,
                                     .coverage = NAN,
                                     .year = 2011 + t,
                                     .flags = flags};
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    assert_ok(ctx, traffstat_trend(ctx, panel, &options, &of));
    traffstat_panel_free(panel);
    return of;
}

static void what_the_reader_doubted_is_a_reason_for_caution(void **state)
{
    static const struct {
        uint32_t flag;
        int64_t lost;
        const char *words;
    } rows[] = {
        {TRAFFSTAT_FLAG_LOST, 0, "records of the series of 4 of the 4 counts could not be used"},
        {0, 1, "1 record of the series could not be used"},
        {TRAFFSTAT_FLAG_COMMON_DIVISOR, 0, "4 of the 4 counts are multiples of 6400"},
        {TRAFFSTAT_FLAG_DOUBTFUL, 0, "4 of the 4 counts cannot be what they say"},
    };
    traffstat_estimate *of = trend_of_flagged(*state, 0, 0);
    assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_OK);
    traffstat_estimate_free(of);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        of = trend_of_flagged(*state, rows[i].flag, rows[i].lost);
        assert_int_equal(traffstat_estimate_verdict(of), TRAFFSTAT_VERDICT_CAUTION);
        assert_true(has_reason(of, rows[i].words));
        assert_int_equal(traffstat_estimate_row_reasons(of, 0) > 0, rows[i].flag != 0);
        assert_int_equal(strstr(sentence_of(of), "share a divisor") != NULL,
                         rows[i].flag == TRAFFSTAT_FLAG_COMMON_DIVISOR);
        traffstat_estimate_free(of);
    }
}

/* ---- sentences of generated cases ------------------------------------------------------------ */

static uint32_t next(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525U + 1013904223U;
    return (*seed >> 8) % below;
}

/* Few or many places and years; small, middling or large counts that rise, fall or stay; zeros, years
 * that a place lacks, places that begin or stop. */
static table generate(uint32_t number)
{
    uint32_t seed = 7919U * number + 17U;
    table made = {.places = 1 + next(&seed, number % 3 == 0 ? 1 : PLACES),
                  .years = 1 + next(&seed, YEARS)};
    const uint32_t size = (uint32_t[]){2, 9, 60, 900}[next(&seed, 4)];
    const double pace = (double[]){0.6, 0.9, 1.0, 1.15, 1.7}[next(&seed, 5)];
    for (size_t i = 0; i < made.places; i++) {
        const size_t begin = next(&seed, 3) == 0 ? next(&seed, YEARS) : 0;
        const size_t end = next(&seed, 4) == 0 ? next(&seed, YEARS) : YEARS;
        for (size_t t = 0; t < made.years; t++) {
            const double mean = size * pow(pace, (double) t);
            const int64_t count = (int64_t) (mean * (50 + next(&seed, 101)) / 100.0);
            const bool absent = t < begin || t > end || next(&seed, 12) == 0;
            made.counts[i][t] = absent ? NONE : count;
        }
    }
    made.counts[0][made.years - 1] = (int64_t) next(&seed, size); /* one count at least */
    return made;
}

static int64_t sum_in(const table *of, size_t t, size_t *places)
{
    int64_t sum = 0;
    *places = 0;
    for (size_t i = 0; i < of->places; i++) {
        sum += of->counts[i][t] != NONE ? of->counts[i][t] : 0;
        *places += of->counts[i][t] != NONE;
    }
    return sum;
}

/* How many places report in all years from one on. */
static size_t lasting(const table *of, size_t from)
{
    size_t count = 0;
    for (size_t i = 0; i < of->places; i++) {
        bool all = true;
        for (size_t t = from; t < of->years; t++) {
            size_t places = 0;
            (void) sum_in(of, t, &places);
            all = all && (of->counts[i][t] != NONE || places == 0); /* not a year of the sum */
        }
        count += all;
    }
    return count;
}

/* "12,345" in a sentence as "12345". */
static void plain(const char *sentence, char *out, size_t size)
{
    size_t used = 0;
    for (const char *c = sentence; *c != '\0' && used + 1 < size; c++) {
        const bool comma = *c == ',' && c[1] >= '0' && c[1] <= '9';
        if (!comma) {
            out[used++] = *c;
        }
    }
    out[used] = '\0';
}

static void expect(const char *sentence, const char *words, bool there)
{
    if ((strstr(sentence, words) != NULL) != there) {
        fail_msg("\"%s\" %s \"%s\"", sentence, there ? "lacks" : "has", words);
    }
}

/* The years of the sum: those in which any place reports. */
typedef struct used {
    size_t n;
    size_t at[YEARS];
    int64_t sums[YEARS];
    size_t places[YEARS];
    size_t all; /* places that report at all */
    int64_t cases;
} used;

static used years_of(const table *from)
{
    used got = {0};
    for (size_t t = 0; t < from->years; t++) {
        size_t places = 0;
        const int64_t sum = sum_in(from, t, &places);
        if (places > 0) {
            got.at[got.n] = t;
            got.sums[got.n] = sum;
            got.places[got.n++] = places;
            got.cases += sum;
        }
    }
    for (size_t i = 0; i < from->places; i++) {
        bool any = false;
        for (size_t t = 0; t < from->years; t++) {
            any = any || from->counts[i][t] != NONE;
        }
        got.all += any;
    }
    return got;
}

static void check_counts(const char *sentence, const used *of)
{
    char words[160];
    char first[32] = "";
    char second[32] = "";
    const size_t b = of->n - 1;
    const int year = 2011 + (int) of->at[b];
    if (of->all > 1) {
        (void) snprintf(second, sizeof second, " from %zu", of->places[b]);
    }
    if (of->n == 1) {
        (void) snprintf(words, sizeof words, "%lld %s in %d%s", (long long) of->sums[b],
                        of->sums[b] == 1 ? "case" : "cases", year, second);
        expect(sentence, words, true);
        expect(sentence, "one year alone", true);
        return;
    }
    const size_t a = b - 1;
    if (of->all > 1) {
        (void) snprintf(first, sizeof first, " from %zu %s", of->places[a],
                        of->places[a] == 1 ? "place" : "places");
    }
    (void) snprintf(words, sizeof words,
                    "%lld %s in %d%s and %lld in %d%s: ", (long long) of->sums[a],
                    of->sums[a] == 1 ? "case" : "cases", 2011 + (int) of->at[a], first,
                    (long long) of->sums[b], year, second);
    if (strncmp(sentence, words, strlen(words)) != 0) {
        fail_msg("\"%s\" does not begin with \"%s\"", sentence, words);
    }
}

/* Rise, fall or neither: as the numbers beside the sentence say. */
static void check_change(const traffstat_estimate *made, const char *sentence, const used *of)
{
    const char *colon = strstr(sentence, ": ");
    if (of->n < 2 || colon == NULL) {
        return;
    }
    const bool told = number(made, "change", "p") <= 0.05;
    const bool more = of->sums[of->n - 1] > of->sums[of->n - 2];
    const char *words = !told  ? ": no evidence of a change ("
                        : more ? ": a rise that"
                               : ": a fall that";
    if (strncmp(colon, words, strlen(words)) != 0) {
        fail_msg("\"%s\" lacks \"%s\" first", sentence, words);
    }
}

static void check_slope(const traffstat_estimate *made, char *sentence, const used *of)
{
    char *over = strstr(sentence, "; over 20");
    if (of->n < 3 || of->cases == 0) {
        assert_null(over);
        assert_int_equal(traffstat_detail_kind_of(member(made, "trend", NULL)),
                         TRAFFSTAT_DETAIL_NONE);
        return;
    }
    assert_non_null(over);
    char *set = strstr(over, "the number of places");
    set = set != NULL ? set : strstr(over, "places that ever");
    const char kept = set != NULL ? *set : '\0';
    if (set != NULL) {
        *set = '\0'; /* the constant set has numbers of its own */
    }
    const double p = number(made, "trend", "p");
    const double apc = number(made, "trend", "apc");
    const bool rose = strstr(over, "the count rose by") != NULL || strstr(over, "rose, ") != NULL;
    const bool fell = strstr(over, "the count fell by") != NULL || strstr(over, "fell, ") != NULL;
    if (rose || fell) {
        assert_true(p <= 0.05);
        assert_true(rose == (apc > 0.0));
    } else if (of->cases >= 20 && !isnan(apc)) {
        assert_true(p > 0.05);
    }
    expect(over, "% a year", strstr(over, "% a year") != NULL && of->sums[0] >= 20);
    expect(over, "too few", of->cases < 20);
    if (set != NULL) {
        *set = kept;
    }
}

static void check_places(const char *sentence, const table *from, const used *of)
{
    long long a = 0;
    long long b = 0;
    const char *at = strstr(sentence, "the number of places that report ");
    const size_t first = of->places[0];
    const size_t last = of->places[of->n - 1];
    if (at != NULL && strstr(at, "report varied") == NULL) {
        char word[8] = "";
        assert_int_equal(
            sscanf(at, "the number of places that report %7s from %lld to %lld", word, &a, &b), 3);
        assert_int_equal(a, first);
        assert_int_equal(b, last);
        assert_string_equal(word, last > first ? "rose" : "fell");
    } else if (first * 2 < last || last * 2 < first) {
        fail_msg("\"%s\" does not say that places went from %zu to %zu", sentence, first, last);
    }
    at = strstr(sentence, " in every year of ");
    if (at != NULL) {
        int year = 0;
        assert_int_equal(sscanf(at, " in every year of %d", &year), 1);
        const size_t count = lasting(from, (size_t) (year - 2011));
        char words[64];
        (void) snprintf(words, sizeof words, "in the %zu that report in every year", count);
        expect(sentence, count == 1 ? "in the one that reports in every year" : words, true);
    }
}

static void generated_sentences_are_true(void **state)
{
    size_t told = 0;
    size_t of_places = 0;
    for (uint32_t i = 0; i < 300; i++) {
        const table from = generate(i);
        const used of = years_of(&from);
        traffstat_estimate *made = trend_of_table(*state, &from);
        char sentence[2048];
        plain(sentence_of(made), sentence, sizeof sentence);
        check_counts(sentence, &of);
        check_change(made, sentence, &of);
        check_slope(made, sentence, &of);
        check_places(sentence, &from, &of);
        static const char *const never[] = {"nan",      "inf ",      "trend", "  ",  "..", " ,",
                                            " 1 cases", " 1 places", "()",    "(s)", ";;", "-"};
        for (size_t k = 0; k < sizeof never / sizeof never[0]; k++) {
            expect(sentence, never[k], false);
        }
        assert_int_equal(sentence[strlen(sentence) - 1], '.');
        told += strstr(sentence, "; over") != NULL;
        of_places += strstr(sentence, "in every year of") != NULL;
        traffstat_estimate_free(made);
    }
    assert_true(told > 100);
    assert_true(of_places > 50);
}

static void an_interval_that_tells_nothing_is_not_printed(void **state)
{
    const int64_t wild[] = {20, 400, 30, 500};
    traffstat_estimate *of = trend_of(*state, wild, 4);
    assert_non_null(
        strstr(sentence_of(of), "whether the count rose or fell cannot be told: about "));
    assert_non_null(strstr(sentence_of(of), "years of such counts would be needed"));
    assert_null(strstr(sentence_of(of), "% a year"));
    assert_true(has_reason(of, "too wide to tell anything"));
    assert_non_null(strstr(traffstat_detail_text(member(of, "trend_reason", NULL)), "needed"));
    traffstat_estimate_free(of);
}

static void every_allocation_of_a_sum_may_fail(void **state)
{
    const table from = {3, 3, {{10, 12, 9}, {4, NONE, 5}, {NONE, NONE, 20}}};
    traffstat_panel *panel = panel_of_table(*state, &from);
    assert_true(support_try_every_allocation(try_trend, panel) > 100);
    traffstat_panel_free(panel);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_years_have_a_change_and_no_trend),
        cmocka_unit_test(coal_has_the_figures_of_r),
        cmocka_unit_test(sentences_say_what_the_numbers_say),
        cmocka_unit_test(nothing_to_five_has_an_open_end),
        cmocka_unit_test(only_a_panel_without_counts_is_inestimable),
        cmocka_unit_test(wrong_calls_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(many_places_are_summed_at_the_top),
        cmocka_unit_test(interval_counts_add_both_ends_in_a_sum),
        cmocka_unit_test(unlike_series_have_no_sum_and_say_why),
        cmocka_unit_test(places_that_began_are_told_from_places_that_changed),
        cmocka_unit_test(sums_know_their_parts_after_residents_are_joined),
        cmocka_unit_test(too_few_in_every_year_make_a_shorter_window),
        cmocka_unit_test(places_that_take_turns_have_no_constant_set),
        cmocka_unit_test(a_change_that_other_places_made_is_taken_back),
        cmocka_unit_test(a_sum_without_its_parts_tells_their_number_only),
        cmocka_unit_test(two_years_of_places_are_compared_in_the_same_ones),
        cmocka_unit_test(what_the_reader_doubted_is_a_reason_for_caution),
        cmocka_unit_test(generated_sentences_are_true),
        cmocka_unit_test(an_interval_that_tells_nothing_is_not_printed),
        cmocka_unit_test(every_allocation_of_a_sum_may_fail),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
