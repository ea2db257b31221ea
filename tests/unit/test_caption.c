/* The words under a figure: exact for the cases of VERDICTS.md, true for generated ones. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/estimate.h>
#include <traffstat/rate.h>

#include "estimate/estimate.h"
#include "support/support.h"

#define SP "\xc2\xa0"     /* no-break space */
#define EN "\xe2\x80\x93" /* en dash */

/* ---- numbers -------------------------------------------------------------------------------- */

static void numbers_are_grouped_from_five_digits_on(void **state)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {{0.0, "0"},
                 {8.0, "8"},
                 {2744.0, "2744"},
                 {9999.0, "9999"},
                 {10000.0, "10,000"},
                 {722059.0, "722,059"},
                 {1234567890.0, "1,234,567,890"},
                 {-12345.0, "\xe2\x88\x92"
                            "12,345"},
                 {21.714285714285715, "21.7"},
                 {12345.67, "12,345.7"},
                 {NAN, "no number"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_say_number(&text, cases[i].value);
        assert_string_equal(traffstat_i_text_get(&text), cases[i].want);
        traffstat_i_text_clear(&text);
    }
}

static void ranges_have_an_en_dash_and_words_for_ends_that_are_not_there(void **state)
{
    static const struct {
        double lower;
        double upper;
        const char *want;
    } cases[] = {{10.0, 46.0, "10" EN "46"},    {8.0, 8.0, "8"},
                 {22.0, NAN, "22 or more"},     {NAN, 30.0, "up to 30"},
                 {NAN, NAN, "no number"},       {9500.0, 12000.0, "9500" EN "12,000"},
                 {1.01, 1.02, "1.0"},           {22.0, INFINITY, "22 or more"},
                 {10.2, 46.8, "10.2" EN "46.8"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_say_range(&text, cases[i].lower, cases[i].upper);
        assert_string_equal(traffstat_i_text_get(&text), cases[i].want);
        traffstat_i_text_clear(&text);
    }
}

static void shares_never_read_0_or_100_or_the_same(void **state)
{
    static const struct {
        double lower;
        double upper;
        const char *want;
    } cases[] = {
        {0.2025, 0.6164, "20" EN "62" SP "%"},   {2744.0 / 13000.0, 0.2744, "21" EN "27" SP "%"},
        {0.004, 0.12, "0.4" EN "12" SP "%"},     {0.5, 0.9996, "50" EN "99.96" SP "%"},
        {0.501, 0.503, "50.1" EN "50.3" SP "%"}, {0.2, 0.2, "20" SP "%"},
        {0.0, 1.0, "0" EN "100" SP "%"},         {NAN, 0.2, "an unknown share"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_say_share_range(&text, cases[i].lower, cases[i].upper);
        assert_string_equal(traffstat_i_text_get(&text), cases[i].want);
        traffstat_i_text_clear(&text);
    }
}

/* Half a unit of the last decimal that was written. */
static double half_unit(const char *digits, const char *end)
{
    const char *point = strchr(digits, '.');
    return 0.5 * pow(10.0, point != NULL && point < end ? -(double) (end - point - 1) : 0.0);
}

/* strtod would obey the locale that the tests run in. */
static double read_number(const char *said, const char **end)
{
    const size_t size = strspn(said, "0123456789.");
    double value = NAN;
    assert_true(traffstat_i_parse_double(said, size, &value));
    *end = said + size;
    return value;
}

static void random_shares_read_as_what_they_are(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 7);
    for (int i = 0; i < 2000; i++) {
        /* on a logit scale, so that the ends near 0 and 1 are met */
        const double at = 16.0 * support_rng_uniform(&rng) - 8.0;
        const double to = at + 0.001 + 4.0 * support_rng_uniform(&rng);
        const double lower = 100.0 / (1.0 + exp(-at));
        const double upper = 100.0 / (1.0 + exp(-to));
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_say_share_range(&text, lower / 100.0, upper / 100.0);
        const char *end = NULL;
        const char *said = traffstat_i_text_get(&text);
        const double low = read_number(said, &end);
        assert_true(fabs(low - lower) <= half_unit(said, end) * 1.000001);
        assert_memory_equal(end, EN, 3);
        const char *second = end + 3;
        const double high = read_number(second, &end);
        assert_true(fabs(high - upper) <= half_unit(second, end) * 1.000001);
        assert_string_equal(end, SP "%");
        assert_true(low > 0.0 && low < high && high < 100.0);
        traffstat_i_text_clear(&text);
    }
}

static void p_values_keep_two_digits(void **state)
{
    static const struct {
        double p;
        const char *want;
    } cases[] = {
        {1.0, "1"},       {0.9997, ">" SP "0.999"}, {0.998, "0.998"},     {0.59, "0.59"},
        {0.1, "0.1"},     {0.0433, "0.043"},        {0.0156, "0.016"},    {0.0016, "0.0016"},
        {0.002, "0.002"}, {0.0009, "<" SP "0.001"}, {0.0, "<" SP "0.001"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_say_p(&text, cases[i].p);
        assert_string_equal(traffstat_i_text_get(&text), cases[i].want);
        traffstat_i_text_clear(&text);
    }
}

static void counts_carry_their_unit_in_the_right_number(void **state)
{
    static const struct {
        traffstat_cell cell;
        const char *measure;
        const char *want;
    } cases[] = {{{.lower = 8, .upper = 8}, "cases investigated by police", "8 cases"},
                 {{.lower = 1, .upper = 1}, "cases investigated by police", "1 case"},
                 {{.lower = 0, .upper = 0}, "offences", "0 offences"},
                 {{.lower = 1, .upper = 1},
                  "potential victims of trafficking identified by the NRM",
                  "1 potential victim of trafficking"},
                 {{.lower = 1, .upper = 1}, "people", "1 person"},
                 {{.lower = 1, .upper = 1}, "inquiries", "1 inquiry"},
                 {{.lower = 0, .upper = 4}, "cases", "fewer than 5 cases"},
                 {{.lower = 2, .upper = TRAFFSTAT_NO_UPPER}, "cases", "2 or more cases"},
                 {{.lower = 722059, .upper = 722059}, "", "722,059 cases"},
                 {{.lower = 1, .upper = 1}, "ACTUAL_COUNT", "1 ACTUAL_COUNT"},
                 {{.why = TRAFFSTAT_WHY_NOT_REPORTED}, "cases", "not reported"},
                 {{.why = TRAFFSTAT_WHY_SUPPRESSED}, "cases", "suppressed"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_say_count(&text, &cases[i].cell, cases[i].measure);
        assert_string_equal(traffstat_i_text_get(&text), cases[i].want);
        traffstat_i_text_clear(&text);
    }
}

/* ---- panels for captions -------------------------------------------------------------------- */

typedef struct year {
    int64_t lower;
    int64_t upper;
    double population;
    int32_t why;
    uint32_t flags;
} year;

/* One series from 2017 on. */
static traffstat_panel *panel_of(traffstat_ctx *ctx, const char *place, const char *measure,
                                 const char *category, const year *years, size_t count)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t s = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, NULL, place, measure, category,
                                                  NULL, &s));
    for (size_t i = 0; i < count; i++) {
        const traffstat_cell cell = {.lower = years[i].lower,
                                     .upper = years[i].upper,
                                     .population =
                                         years[i].population > 0.0 ? years[i].population : NAN,
                                     .coverage = NAN,
                                     .year = 2017 + (int32_t) i,
                                     .flags = years[i].flags,
                                     .why = years[i].why};
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, s, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_panel *two_years(traffstat_ctx *ctx, int64_t first, int64_t second)
{
    const year years[] = {{.lower = first, .upper = first}, {.lower = second, .upper = second}};
    return panel_of(ctx, "Missoula", "cases investigated by police", "", years, 2);
}

/* Nothing of this may stand under any figure. */
static void says_nothing_forbidden(const char *caption)
{
    static const char *const forbidden[] = {
        "true number", "probably between", "no change", "nan", "NaN", "-1", "..", "  "};
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        if (strstr(caption, forbidden[i]) != NULL) {
            fail_msg("\"%s\" stands in: %s", forbidden[i], caption);
        }
    }
    assert_true(strlen(caption) > 10);
    assert_int_equal(caption[strlen(caption) - 1], '.');
}

/* ---- counted -------------------------------------------------------------------------------- */

static char *counted(traffstat_ctx *ctx, const traffstat_panel *panel,
                     const traffstat_change *change)
{
    traffstat_text *text = NULL;
    assert_ok(ctx, traffstat_caption_counted(ctx, panel, 0, change, &text));
    char *copy = strdup(traffstat_text_data(text));
    assert_non_null(copy);
    traffstat_text_free(text);
    says_nothing_forbidden(copy);
    return copy;
}

static void missoula_is_captioned_as_promised(void **state)
{
    traffstat_panel *panel = two_years(*state, 7, 8);
    traffstat_change change;
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 2017, 2018, 0.95, &change));
    char *caption = counted(*state, panel, &change);
    assert_string_equal(caption,
                        "Police in Missoula investigated 7 cases in 2017 and 8 in 2018. So small a "
                        "difference is what chance alone produces (exact p = 1; ratio 1.14, "
                        "95" SP "% interval 0.36 to 3.70, so neither a fall by half nor a tripling "
                        "is ruled out).");
    free(caption);
    traffstat_text text;
    traffstat_i_text_init(&text, *state);
    traffstat_i_say_change(&text, panel, &change);
    assert_string_equal(traffstat_i_text_get(&text),
                        "The difference between 7 cases in 2017 and 8 in 2018 cannot be told from "
                        "chance (exact p = 1; ratio 1.14, 95" SP "% interval 0.36 to 3.70).");
    traffstat_i_text_clear(&text);
    traffstat_panel_free(panel);
}

static void the_words_follow_measure_category_and_place(void **state)
{
    static const struct {
        const char *place;
        const char *measure;
        const char *category;
        const char *want;
    } cases[] = {
        {"Missoula", "cases investigated by police", "human trafficking",
         "Police in Missoula investigated 1 human trafficking case in 2017 and 2 in 2018."},
        {"Missoula", "trafficking cases investigated by police", "Human trafficking",
         "Police in Missoula investigated 1 trafficking case in 2017 and 2 in 2018."},
        {"Missoula", "cases investigated by police", "Commercial Sex Acts",
         "Police in Missoula investigated 1 case (Commercial Sex Acts) in 2017 and 2 in 2018."},
        {"Missoula, Montana", "cases investigated by police", "total",
         "Police in Missoula, Montana, investigated 1 case in 2017 and 2 in 2018."},
        {"Missoula", "cases investigated by Missoula Police", "",
         "Missoula Police investigated 1 case in 2017 and 2 in 2018."},
        {"United Kingdom", "persons referred by any agency", "",
         "Any agency in the United Kingdom referred 1 person in 2017 and 2 in 2018."},
        {"Missoula", "offences", "", "Missoula recorded 1 offence in 2017 and 2 in 2018."},
        {"Missoula", "", "", "Missoula recorded 1 case in 2017 and 2 in 2018."},
        {"Missoula", "ACTUAL_COUNT", "", "Missoula: 1 ACTUAL_COUNT in 2017 and 2 in 2018."}};
    static const year years[] = {{.lower = 1, .upper = 1}, {.lower = 2, .upper = 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_panel *panel =
            panel_of(*state, cases[i].place, cases[i].measure, cases[i].category, years, 2);
        char *caption = counted(*state, panel, NULL);
        assert_string_equal(caption, cases[i].want);
        free(caption);
        traffstat_panel_free(panel);
    }
}

static void years_without_an_exact_count_are_said_as_what_they_are(void **state)
{
    static const year years[] = {
        {.lower = 0, .upper = 4},
        {.why = TRAFFSTAT_WHY_NOT_REPORTED},
        {.lower = 2, .upper = TRAFFSTAT_NO_UPPER, .flags = TRAFFSTAT_FLAG_BREAK},
        {.why = TRAFFSTAT_WHY_SUPPRESSED},
        {.lower = 3, .upper = 3, .flags = TRAFFSTAT_FLAG_PROVISIONAL | TRAFFSTAT_FLAG_PARTIAL}};
    traffstat_panel *panel =
        panel_of(*state, "Missoula", "cases investigated by police", "", years, 5);
    char *caption = counted(*state, panel, NULL);
    assert_string_equal(
        caption, "Police in Missoula investigated fewer than 5 cases in 2017, 2 or more in 2019 "
                 "(after a break in definition or coverage) and 3 in 2021 (provisional; a "
                 "part was not reported). 2018: not reported; 2020: suppressed.");
    free(caption);
    traffstat_panel_free(panel);
}

static void long_series_list_their_last_twelve_years(void **state)
{
    year years[20];
    for (size_t i = 0; i < 20; i++) {
        years[i] = (year){.lower = (int64_t) i, .upper = (int64_t) i};
    }
    traffstat_panel *panel = panel_of(*state, "Missoula", "offences", "", years, 20);
    char *caption = counted(*state, panel, NULL);
    assert_non_null(strstr(caption, "recorded 8 offences in 2025, 9 in 2026"));
    assert_non_null(strstr(caption, " and 19 in 2036. Earlier years are not listed."));
    free(caption);
    traffstat_panel_free(panel);
}

/* What a caption says is not ruled out, as a ratio; the test's own table. */
static const struct {
    const char *words;
    double ratio;
} named[] = {{"a fall of any size", 0.0},
             {"a fall by nine tenths", 0.1},
             {"a fall by three quarters", 0.25},
             {"a fall by half", 0.5},
             {"a fall by a quarter", 0.75},
             {"a fall by a tenth", 0.9},
             {"a rise by a tenth", 1.1},
             {"a rise by a quarter", 1.25},
             {"a rise by half", 1.5},
             {"a doubling", 2.0},
             {"a tripling", 3.0},
             {"a fivefold rise", 5.0},
             {"a tenfold rise", 10.0},
             {"a rise of any size", INFINITY}};

static size_t times(const char *text, const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

/* Every ratio that a caption leaves open must lie in the interval; a side of which it says nothing
 * must end within a tenth. */
static void check_left_open(const char *caption, const traffstat_change *change)
{
    const double upper = isnan(change->upper) ? INFINITY : change->upper;
    size_t found = 0;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++) {
        if (strstr(caption, named[i].words) != NULL) {
            found++;
            assert_true(named[i].ratio >= change->lower && named[i].ratio <= upper);
        }
    }
    if (strstr(caption, "neither ") != NULL) {
        assert_int_equal(found, 2);
    } else if (strstr(caption, "is not ruled out") != NULL) {
        assert_int_equal(found, 1);
        const bool rise = strstr(caption, "so a fall") == NULL;
        assert_true(rise ? change->lower > 0.9 : upper < 1.1);
    } else {
        assert_non_null(strstr(caption, "so a fall or a rise by more than a tenth is ruled out"));
        assert_true(change->lower > 0.9 && upper < 1.1);
    }
}

/* The verdict on chance, judged by the interval and not by p. */
static void check_counted(const char *caption, const traffstat_change *change)
{
    const bool apart = change->lower > 1.0 || (!isnan(change->upper) && change->upper < 1.0);
    if (apart) {
        const char *way = change->lower > 1.0 ? " is higher than chance" : " is lower than chance";
        assert_non_null(strstr(caption, way));
        assert_null(strstr(caption, "ruled out"));
        assert_null(strstr(caption, "chance alone produces"));
    } else {
        assert_null(strstr(caption, "than chance"));
        check_left_open(caption, change);
    }
    if (change->first_count == change->second_count) {
        assert_null(strstr(caption, "difference"));
    }
    assert_int_equal(strstr(caption, "no ratio exists") != NULL, change->first_count == 0);
    /* the one percentage is the level: never a change in percent */
    assert_int_equal(times(caption, "%"), times(caption, SP "% interval"));
}

static void captions_of_all_pairs_are_true(void **state)
{
    static const int64_t counts[] = {0,  1,  2,  3,  4,  5,   7,   8,    10,
                                     15, 18, 20, 25, 40, 100, 400, 1000, 12345};
    static const double levels[] = {0.95, 0.8};
    static const double populations[] = {0.0, 73000.0};
    const size_t n = sizeof counts / sizeof counts[0];
    for (size_t i = 0; i < n * n * 4; i++) {
        const double people = populations[i % 2];
        const year years[] = {
            {.lower = counts[i / 4 % n], .upper = counts[i / 4 % n], .population = people},
            {.lower = counts[i / 4 / n], .upper = counts[i / 4 / n], .population = 2.0 * people}};
        traffstat_panel *panel =
            panel_of(*state, "Missoula", "cases investigated by police", "", years, 2);
        traffstat_change change;
        assert_ok(*state,
                  traffstat_rate_change(*state, panel, 0, 2017, 2018, levels[i / 2 % 2], &change));
        char *caption = counted(*state, panel, &change);
        if (people <= 0.0) {
            check_counted(caption, &change);
        } else {
            assert_true(strstr(caption, "no ratio exists") != NULL ||
                        strstr(caption, "ratio of the rates ") != NULL);
        }
        free(caption);
        traffstat_panel_free(panel);
    }
}

static void any_interval_around_1_is_described_truly(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 99);
    for (int i = 0; i < 500; i++) {
        traffstat_panel *panel = two_years(*state, 30, 31);
        traffstat_change change = {.first_year = 2017,
                                   .second_year = 2018,
                                   .first_count = 30,
                                   .second_count = 31,
                                   .first_exposure = 1.0,
                                   .second_exposure = 1.0,
                                   .level = 0.95,
                                   .p = 0.05 + 1e-9 + 0.94 * support_rng_uniform(&rng),
                                   .ratio = 31.0 / 30.0,
                                   .lower = exp(-4.0 * pow(support_rng_uniform(&rng), 3.0)),
                                   .upper = exp(0.04 + 3.0 * pow(support_rng_uniform(&rng), 3.0))};
        char *caption = counted(*state, panel, &change);
        check_left_open(caption, &change);
        free(caption);
        traffstat_panel_free(panel);
    }
}

static void a_change_of_other_numbers_is_refused(void **state)
{
    traffstat_panel *panel = two_years(*state, 7, 8);
    traffstat_change change;
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 2017, 2018, 0.95, &change));
    traffstat_text *text = (traffstat_text *) &change;
    change.second_count = 9;
    assert_int_equal(traffstat_caption_counted(*state, panel, 0, &change, &text),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(text);
    assert_string_equal(traffstat_ctx_message(*state),
                        "the panel has no exact counts of 7 in 2017 and 9 in 2018");
    change.series = 1;
    assert_int_equal(traffstat_caption_counted(*state, panel, 0, &change, &text),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_caption_counted(*state, panel, 1, NULL, &text),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_caption_counted(*state, NULL, 0, NULL, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_caption_counted(*state, panel, 0, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_panel_free(panel);
    const year none[] = {{.why = TRAFFSTAT_WHY_NOT_REPORTED}};
    panel = panel_of(*state, "Missoula", "cases", "", none, 1);
    assert_int_equal(traffstat_caption_counted(*state, panel, 0, NULL, &text), TRAFFSTAT_E_NODATA);
    assert_string_equal(traffstat_ctx_message(*state), "Missoula has no count in any year");
    traffstat_panel_free(panel);
}

/* ---- estimated ------------------------------------------------------------------------------ */

/* Beta(8,12): its central 95 % is 0.2025 to 0.6164 (gsl_cdf_beta_Pinv). */
static const traffstat_reporting_basis assumed = {
    .origin = 0, .a = 8.0, .b = 12.0, .lower = 0.20252144, .upper = 0.61642208, .source = ""};
/* Home Office 2014: 2,744 persons known of 10,000 to 13,000. */
static const traffstat_reporting_basis uk = {
    .origin = 2,
    .lower = 0.21107692,
    .upper = 0.2744,
    .id = "uk-2013",
    .source = "Home Office (2014), Modern Slavery; Bales, Hesketh & Silverman (2015)",
    .place = "United Kingdom",
    .period = "2013",
    .unit = "persons",
    .agencies = "any agency"};

static traffstat_status estimate_of(traffstat_ctx *ctx, const traffstat_panel *panel,
                                    traffstat_kind kind, double level,
                                    const traffstat_reporting_basis *basis,
                                    traffstat_estimate **out)
{
    const traffstat_i_estimate_plan plan = {.method = "thinning",
                                            .citation = "Moreno & Giron (1998)",
                                            .kind = kind,
                                            .level = level,
                                            .panel = panel,
                                            .has_total = true};
    traffstat_status status = traffstat_i_estimate_new(ctx, &plan, out);
    if (status == TRAFFSTAT_OK && basis != NULL) {
        status = traffstat_i_estimate_set_basis(*out, basis);
    }
    return status;
}

/* 8 counted under Beta(8,12) and `inverse`: DESIGN.md, "Its JSON". */
static void set_row(traffstat_estimate *estimate, size_t row, double mean, double upper)
{
    traffstat_estimate_row *numbers = traffstat_i_estimate_row(estimate, row);
    numbers->estimate = 19.0;
    numbers->mean = mean;
    numbers->lower = 10.0;
    numbers->upper = upper;
}

static char *row_caption(traffstat_ctx *ctx, const traffstat_panel *panel,
                         const traffstat_estimate *estimate, size_t row)
{
    traffstat_text *text = NULL;
    assert_ok(ctx, traffstat_caption_row(ctx, panel, estimate, row, &text));
    char *copy = strdup(traffstat_text_data(text));
    assert_non_null(copy);
    traffstat_text_free(text);
    says_nothing_forbidden(copy);
    return copy;
}

static void check_row(traffstat_ctx *ctx, const traffstat_panel *panel, traffstat_kind kind,
                      double level, const traffstat_reporting_basis *basis, double mean,
                      double upper, const char *want)
{
    traffstat_estimate *estimate = NULL;
    assert_ok(ctx, estimate_of(ctx, panel, kind, level, basis, &estimate));
    set_row(estimate, 1, mean, upper);
    char *caption = row_caption(ctx, panel, estimate, 1);
    assert_string_equal(caption, want);
    free(caption);
    traffstat_estimate_free(estimate);
}

static void a_row_is_captioned_by_what_it_rests_on(void **state)
{
    traffstat_panel *panel = two_years(*state, 7, 8);
    check_row(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &assumed, 21.7, 46.0,
              "If 20" EN "62" SP "% of cases came to police attention (assumed; not measured in "
              "Missoula), 8 recorded cases in 2018 would mean 10" EN "46 in all (middle value 19). "
              "The counts cannot test this assumption.");
    check_row(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &uk, 21.7, 46.0,
              "If 21" EN "27" SP
              "% of cases came to police attention (rate of persons known to any "
              "agency in the United Kingdom in 2013: Home Office (2014); not measured in "
              "Missoula), 8 recorded cases in 2018 would mean 10" EN "46 in all (middle value 19). "
              "The counts cannot test this assumption.");
    traffstat_reporting_basis here = uk;
    here.place = "missoula";
    here.unit = "cases";
    here.agencies = "police";
    check_row(*state, panel, TRAFFSTAT_KIND_ESTIMATE, 0.9, &here, 21.7, 46.0,
              "If 21" EN "27" SP "% of cases came to police attention (measured on cases known to "
              "police in missoula in 2013: Home Office (2014)), 8 recorded cases in 2018 mean an "
              "estimated 10" EN "46 in all (90" SP
              "% interval; middle value 19). The counts cannot "
              "test this assumption.");
    here.unit = "persons"; /* the same place, another unit: still a scenario */
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, estimate_of(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &here, &estimate));
    set_row(estimate, 1, 21.7, 46.0);
    char *caption = row_caption(*state, panel, estimate, 1);
    assert_null(strstr(caption, "not measured in"));
    assert_non_null(strstr(caption, "; not measured for these counts)"));
    free(caption);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void numbers_that_do_not_exist_are_said_in_words(void **state)
{
    traffstat_panel *panel = two_years(*state, 7, 8);
    check_row(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &assumed, NAN, NAN,
              "If 20" EN "62" SP "% of cases came to police attention (assumed; not measured in "
              "Missoula), 8 recorded cases in 2018 would mean 10 or more in all (middle value 19). "
              "The counts cannot test this assumption. No upper limit can be given. The mean is "
              "infinite: very large totals cannot be left out.");
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, estimate_of(*state, panel, TRAFFSTAT_KIND_BOUND, 0.95, NULL, &estimate));
    assert_ok(*state, traffstat_i_estimate_assume(estimate, "lists are independent"));
    traffstat_i_estimate_row(estimate, 1)->lower = 12.0;
    char *caption = row_caption(*state, panel, estimate, 1);
    assert_string_equal(caption,
                        "8 recorded cases in 2018 mean at least 12 in all (95" SP "%, under "
                        "the assumption that lists are independent); there is no upper "
                        "number.");
    free(caption);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void a_row_without_a_number_gives_its_reason_and_no_text(void **state)
{
    traffstat_panel *panel = two_years(*state, 0, 8);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state,
              estimate_of(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &assumed, &estimate));
    assert_ok(*state, traffstat_i_estimate_row_reason(estimate, 0, TRAFFSTAT_VERDICT_INESTIMABLE,
                                                      "the posterior is improper"));
    assert_ok(*state, traffstat_i_estimate_row_reason(estimate, 0, TRAFFSTAT_VERDICT_CAUTION,
                                                      "nothing was counted"));
    traffstat_text *text = (traffstat_text *) &estimate;
    assert_int_equal(traffstat_caption_row(*state, panel, estimate, 0, &text), TRAFFSTAT_E_NODATA);
    assert_null(text);
    assert_string_equal(traffstat_ctx_message(*state),
                        "the posterior is improper; nothing was counted");
    assert_int_equal(traffstat_caption_row(*state, panel, estimate, 1, &text), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_caption_row(*state, panel, estimate, 2, &text),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_caption_row(*state, panel, NULL, 0, &text), TRAFFSTAT_E_ARGUMENT);
    assert_ok(*state, traffstat_i_estimate_no_total(estimate, "no joint law"));
    assert_int_equal(traffstat_caption_row(*state, panel, estimate, TRAFFSTAT_NONE, &text),
                     TRAFFSTAT_E_NODATA);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void the_total_names_its_years(void **state)
{
    traffstat_panel *panel = two_years(*state, 7, 8);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state,
              estimate_of(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &assumed, &estimate));
    set_row(estimate, 0, 21.7, 46.0);
    set_row(estimate, 1, 21.7, 46.0);
    set_row(estimate, TRAFFSTAT_NONE, 40.0, 83.0);
    char *caption = row_caption(*state, panel, estimate, TRAFFSTAT_NONE);
    assert_non_null(strstr(caption, "15 recorded cases in 2017" EN "2018 would mean 10" EN "83"));
    free(caption);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

/* 2017 has no count: 15 cases are not those of 2017 to 2020. */
static void a_total_that_leaves_rows_out_says_so(void **state)
{
    const year years[] = {{.why = TRAFFSTAT_WHY_NOT_REPORTED},
                          {.lower = 7, .upper = 7},
                          {.why = TRAFFSTAT_WHY_NOT_REPORTED},
                          {.lower = 8, .upper = 8}};
    traffstat_panel *panel =
        panel_of(*state, "Missoula", "cases investigated by police", "", years, 4);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state,
              estimate_of(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &assumed, &estimate));
    set_row(estimate, 1, 21.7, 46.0);
    set_row(estimate, 3, 21.7, 46.0);
    set_row(estimate, TRAFFSTAT_NONE, 40.0, 83.0);
    char *caption = row_caption(*state, panel, estimate, TRAFFSTAT_NONE);
    assert_non_null(strstr(caption, "15 recorded cases in 2018" EN "2020 (2 of 4 rows; the others "
                                    "have no number) would mean 10" EN "83"));
    free(caption);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

/* The range is the prior's: where the rate prior pulled p elsewhere, the numbers do not follow from
 * it alone. */
static void a_share_that_the_rate_prior_moved_is_said_to_have_moved(void **state)
{
    static const struct {
        double posterior_mean;
        const char *way; /* NULL: not moved */
    } rows[] = {{0.55, "up"}, {0.38, "down"}, {0.4 + 1e-9, NULL}, {NAN, NULL}};
    traffstat_panel *panel = two_years(*state, 7, 8);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_reporting_basis basis = assumed;
        basis.mean = 0.4;
        basis.posterior_mean = rows[i].posterior_mean;
        traffstat_estimate *estimate = NULL;
        assert_ok(*state,
                  estimate_of(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &basis, &estimate));
        set_row(estimate, 1, 21.7, 46.0);
        char *caption = row_caption(*state, panel, estimate, 1);
        char want[80];
        (void) snprintf(want, sizeof want, "moved this share %s, so the result does not follow",
                        rows[i].way != NULL ? rows[i].way : "");
        assert_int_equal(strstr(caption, want) != NULL, rows[i].way != NULL);
        assert_int_equal(strstr(caption, "moved") != NULL, rows[i].way != NULL);
        free(caption);
        traffstat_estimate_free(estimate);
    }
    traffstat_panel_free(panel);
}

/* ---- headlines and notes -------------------------------------------------------------------- */

static void check_headline(traffstat_ctx *ctx, const traffstat_panel *panel,
                           const traffstat_estimate *estimate, const char *want)
{
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    assert_ok(ctx, traffstat_i_say_headline(&text, panel, 0, estimate));
    assert_string_equal(traffstat_i_text_get(&text), want);
    traffstat_i_text_clear(&text);
}

static void headlines_lead_with_the_count_and_name_the_scenario(void **state)
{
    const year years[] = {{.lower = 7, .upper = 7}, {.lower = 8, .upper = 8}};
    traffstat_panel *panel =
        panel_of(*state, "Missoula", "cases investigated by police", "human trafficking", years, 2);
    check_headline(*state, panel, NULL,
                   "Police investigated 8 human trafficking cases in Missoula in 2018");
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, estimate_of(*state, panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &uk, &estimate));
    check_headline(*state, panel, estimate,
                   "Police investigated 8 human trafficking cases in Missoula in 2018; how many "
                   "more there were cannot be estimated");
    set_row(estimate, 1, 21.7, 46.0);
    check_headline(*state, panel, estimate,
                   "Police investigated 8 human trafficking cases in Missoula in 2018; in a "
                   "scenario with 21" EN "27" SP "% reported, an estimated 10" EN "46 in all");
    set_row(estimate, 1, NAN, NAN);
    check_headline(*state, panel, estimate,
                   "Police investigated 8 human trafficking cases in Missoula in 2018; in a "
                   "scenario with 21" EN "27" SP "% reported, an estimated 10 or more in all");
    set_row(estimate, 0, 19.0, 41.0);
    assert_ok(*state, traffstat_i_estimate_row_reason(estimate, 1, TRAFFSTAT_VERDICT_INESTIMABLE,
                                                      "improper"));
    check_headline(*state, panel, estimate, /* the last year that has a number */
                   "Police investigated 7 human trafficking cases in Missoula in 2017; in a "
                   "scenario with 21" EN "27" SP "% reported, an estimated 10" EN "41 in all");
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void headlines_of_other_kinds_and_measures(void **state)
{
    const year years[] = {{.lower = 0, .upper = 4}, {.why = TRAFFSTAT_WHY_NOT_REPORTED}};
    traffstat_panel *panel = panel_of(*state, "Missoula", "offences", "", years, 2);
    check_headline(*state, panel, NULL, "Missoula recorded fewer than 5 offences in 2017");
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, estimate_of(*state, panel, TRAFFSTAT_KIND_BOUND, 0.95, NULL, &estimate));
    traffstat_i_estimate_row(estimate, 0)->lower = 12.0;
    check_headline(*state, panel, estimate,
                   "Missoula recorded fewer than 5 offences in 2017; estimated at least 12 in all");
    traffstat_estimate_free(estimate);
    assert_ok(*state, estimate_of(*state, panel, TRAFFSTAT_KIND_ESTIMATE, 0.95, NULL, &estimate));
    set_row(estimate, 0, 19.0, 46.0);
    check_headline(*state, panel, estimate,
                   "Missoula recorded fewer than 5 offences in 2017; an estimated 10" EN
                   "46 in all");
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
    panel = panel_of(*state, "Missoula", "ACTUAL_COUNT", "", years, 2);
    check_headline(*state, panel, NULL, "Missoula: fewer than 5 ACTUAL_COUNT in 2017");
    traffstat_panel_free(panel);
    panel = panel_of(*state, "Missoula", "offences", "", years + 1, 1);
    traffstat_text text;
    traffstat_i_text_init(&text, *state);
    assert_int_equal(traffstat_i_say_headline(&text, panel, 0, NULL), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_i_say_headline(&text, panel, 1, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_i_text_clear(&text);
    traffstat_panel_free(panel);
}

static void the_basis_says_what_is_borrowed(void **state)
{
    traffstat_reporting_basis said = assumed;
    said.source = "a panel of three detectives";
    traffstat_reporting_basis plain = assumed;
    plain.source = "an assumption";
    traffstat_reporting_basis uncited = uk;
    uncited.source = "UNODC estimate for Ireland, as reported by a newspaper";
    const struct {
        traffstat_kind kind;
        const traffstat_reporting_basis *basis;
        const char *want;
    } cases[] = {
        {TRAFFSTAT_KIND_SCENARIO, &plain,
         "Scenario: it supposes that 20" EN "62" SP "% of cases came to police attention (assumed; "
         "not measured in Missoula)."},
        {TRAFFSTAT_KIND_SCENARIO, &said,
         "Scenario: it supposes that 20" EN "62" SP "% of cases came to police attention (assumed: "
         "a panel of three detectives; not measured in Missoula)."},
        {TRAFFSTAT_KIND_SCENARIO, &uncited,
         "Scenario: it supposes that 21" EN "27" SP "% of cases came to police attention (rate of "
         "persons known to any agency in the United Kingdom in 2013: UNODC estimate for Ireland; "
         "not measured in Missoula)."},
        {TRAFFSTAT_KIND_ESTIMATE, &uk,
         "The reporting rate of 21" EN "27" SP "% was measured on persons known to any agency in "
         "the United Kingdom in 2013 (Home Office (2014))."},
        {TRAFFSTAT_KIND_ESTIMATE, NULL, ""}};
    traffstat_panel *panel = two_years(*state, 7, 8);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_estimate *estimate = NULL;
        assert_ok(*state,
                  estimate_of(*state, panel, cases[i].kind, 0.95, cases[i].basis, &estimate));
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_say_basis(&text, estimate);
        assert_string_equal(traffstat_i_text_get(&text), cases[i].want);
        traffstat_i_text_clear(&text);
        traffstat_estimate_free(estimate);
    }
    traffstat_panel_free(panel);
}

/* ---- no memory ------------------------------------------------------------------------------ */

/* A panel and an estimate of a context whose memory does not fail. */
typedef struct ready {
    traffstat_panel *panel;
    traffstat_estimate *estimate;
    traffstat_change change;
} ready;

static traffstat_status try_captions(traffstat_ctx *ctx, void *arg)
{
    const ready *given = arg;
    traffstat_text *text = NULL;
    traffstat_status status =
        traffstat_caption_counted(ctx, given->panel, 0, &given->change, &text);
    traffstat_text_free(text);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_caption_counted(ctx, given->panel, 0, NULL, &text);
        traffstat_text_free(text);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_caption_row(ctx, given->panel, given->estimate, 1, &text);
        traffstat_text_free(text);
    }
    return status;
}

static traffstat_status try_headline(traffstat_ctx *ctx, void *arg)
{
    const ready *given = arg;
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    traffstat_status status = traffstat_i_say_headline(&text, given->panel, 0, given->estimate);
    traffstat_i_say_change(&text, given->panel, &given->change);
    traffstat_i_say_basis(&text, given->estimate);
    if (status == TRAFFSTAT_OK && text.failed) {
        status = TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_text_clear(&text);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    const year years[] = {{.lower = 7, .upper = 7}, {.lower = 8, .upper = 8}};
    ready given = {.panel = panel_of(*state, "Missoula", "cases investigated by police",
                                     "human trafficking", years, 2)};
    assert_ok(*state, estimate_of(*state, given.panel, TRAFFSTAT_KIND_SCENARIO, 0.95, &uk,
                                  &given.estimate));
    set_row(given.estimate, 1, NAN, 46.0);
    assert_ok(*state,
              traffstat_rate_change(*state, given.panel, 0, 2017, 2018, 0.95, &given.change));
    assert_true(support_try_every_allocation(try_captions, &given) > 10);
    assert_true(support_try_every_allocation(try_headline, &given) > 4);
    traffstat_estimate_free(given.estimate);
    traffstat_panel_free(given.panel);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        ONE(numbers_are_grouped_from_five_digits_on),
        ONE(ranges_have_an_en_dash_and_words_for_ends_that_are_not_there),
        ONE(shares_never_read_0_or_100_or_the_same),
        ONE(random_shares_read_as_what_they_are),
        ONE(p_values_keep_two_digits),
        ONE(counts_carry_their_unit_in_the_right_number),
        ONE(missoula_is_captioned_as_promised),
        ONE(the_words_follow_measure_category_and_place),
        ONE(years_without_an_exact_count_are_said_as_what_they_are),
        ONE(long_series_list_their_last_twelve_years),
        ONE(captions_of_all_pairs_are_true),
        ONE(any_interval_around_1_is_described_truly),
        ONE(a_change_of_other_numbers_is_refused),
        ONE(a_row_is_captioned_by_what_it_rests_on),
        ONE(numbers_that_do_not_exist_are_said_in_words),
        ONE(a_row_without_a_number_gives_its_reason_and_no_text),
        ONE(the_total_names_its_years),
        ONE(a_total_that_leaves_rows_out_says_so),
        ONE(a_share_that_the_rate_prior_moved_is_said_to_have_moved),
        ONE(headlines_lead_with_the_count_and_name_the_scenario),
        ONE(headlines_of_other_kinds_and_measures),
        ONE(the_basis_says_what_is_borrowed),
        ONE(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("caption", tests, NULL, NULL);
}
