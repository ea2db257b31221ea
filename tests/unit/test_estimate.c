/* The result type: building and reading it, its verdicts, and how evidence is matched. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <traffstat/estimate.h>

#include "estimate/estimate.h"
#include "support/support.h"

/* Series A: 7, 8, not reported; series B: 0 to 4, 2 or more. */
static traffstat_panel *five_rows(traffstat_ctx *ctx)
{
    static const struct {
        size_t series;
        traffstat_cell cell;
    } rows[] = {{0, {.year = 2017, .lower = 7, .upper = 7}},
                {0, {.year = 2018, .lower = 8, .upper = 8}},
                {0, {.year = 2019, .why = TRAFFSTAT_WHY_NOT_REPORTED}},
                {1, {.year = 2017, .lower = 0, .upper = 4}},
                {1, {.year = 2018, .lower = 2, .upper = TRAFFSTAT_NO_UPPER}}};
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t s = 0;
        assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, rows[i].series == 1 ? "K2" : "",
                                                      rows[i].series == 0 ? "Missoula" : "",
                                                      "cases investigated by police", "", "", &s));
        traffstat_cell cell = rows[i].cell;
        cell.population = cell.coverage = NAN;
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, s, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static const double levels[] = {0.5, 0.95};

static traffstat_status make(traffstat_ctx *ctx, const traffstat_panel *panel,
                             traffstat_estimate **out)
{
    const traffstat_i_estimate_plan plan = {.method = "thinning",
                                            .citation = "Moreno & Giron (1998)",
                                            .kind = TRAFFSTAT_KIND_SCENARIO,
                                            .level = 0.95,
                                            .seed = 42,
                                            .levels = levels,
                                            .level_count = 2,
                                            .panel = panel,
                                            .has_total = true};
    return traffstat_i_estimate_new(ctx, &plan, out);
}

static void set_number(traffstat_estimate *estimate, size_t row, double value)
{
    traffstat_estimate_row *numbers = traffstat_i_estimate_row(estimate, row);
    numbers->estimate = value;
    numbers->mean = value;
    numbers->lower = value - 1.0;
    numbers->upper = value + 1.0;
}

/* ---- building and reading ------------------------------------------------------------------- */

static void a_new_estimate_knows_its_rows_and_no_number(void **state)
{
    traffstat_panel *panel = five_rows(*state);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, make(*state, panel, &estimate));
    traffstat_panel_free(panel); /* nothing of it is borrowed */
    assert_string_equal(traffstat_estimate_method(estimate), "thinning");
    assert_string_equal(traffstat_estimate_citation(estimate), "Moreno & Giron (1998)");
    assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_SCENARIO);
    assert_int_equal(traffstat_estimate_seed(estimate), 42);
    assert_near(traffstat_estimate_level(estimate), 0.95, 0.0);
    assert_int_equal(traffstat_estimate_rows(estimate), 5);
    assert_int_equal(traffstat_estimate_levels(estimate), 2);
    traffstat_estimate_row row;
    assert_int_equal(traffstat_estimate_row_get(estimate, 2, &row), TRAFFSTAT_OK);
    assert_int_equal(row.series, 0);
    assert_int_equal(row.year, 2019);
    assert_int_equal(row.observed_lower, 0); /* not reported: anything may have happened */
    assert_true(row.observed_upper == TRAFFSTAT_NO_UPPER);
    assert_near(row.estimate, NAN, 0.0);
    assert_near(row.hdi_upper, NAN, 0.0);
    assert_int_equal(traffstat_estimate_row_get(estimate, 3, &row), TRAFFSTAT_OK);
    assert_int_equal(row.observed_upper, 4);
    assert_string_equal(traffstat_estimate_row_label(estimate, 1), "Missoula");
    assert_string_equal(traffstat_estimate_row_label(estimate, 4), "K2");
    assert_string_equal(traffstat_estimate_row_label(estimate, TRAFFSTAT_NONE), "total");
    assert_string_equal(traffstat_estimate_row_label(estimate, 5), "");
    assert_int_equal(traffstat_estimate_total(estimate, &row), TRAFFSTAT_OK);
    assert_true(row.series == TRAFFSTAT_NONE);
    assert_int_equal(row.year, 0);
    assert_int_equal(row.observed_lower, 17);
    assert_true(row.observed_upper == TRAFFSTAT_NO_UPPER);
    traffstat_estimate_free(estimate);
}

static void intervals_are_kept_by_row_and_level(void **state)
{
    traffstat_panel *panel = five_rows(*state);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, make(*state, panel, &estimate));
    for (size_t row = 0; row < 6; row++) {
        for (size_t i = 0; i < 2; i++) {
            traffstat_i_estimate_set_interval(estimate, row == 5 ? TRAFFSTAT_NONE : row, i,
                                              (double) (10 * row + i), (double) (10 * row + 5 + i));
        }
    }
    for (size_t row = 0; row < 6; row++) {
        for (size_t i = 0; i < 2; i++) {
            traffstat_interval got;
            assert_int_equal(
                traffstat_estimate_interval(estimate, row == 5 ? TRAFFSTAT_NONE : row, i, &got),
                TRAFFSTAT_OK);
            assert_near(got.level, levels[i], 0.0);
            assert_near(got.lower, (double) (10 * row + i), 0.0);
            assert_near(got.upper, (double) (10 * row + 5 + i), 0.0);
        }
    }
    traffstat_interval same = {1.0, 2.0, 3.0};
    assert_int_equal(traffstat_estimate_interval(estimate, 0, 2, &same), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_estimate_interval(estimate, 5, 0, &same), TRAFFSTAT_E_ARGUMENT);
    assert_ok(*state, traffstat_i_estimate_no_total(estimate, "rows do not share a rate"));
    assert_int_equal(traffstat_estimate_interval(estimate, TRAFFSTAT_NONE, 0, &same),
                     TRAFFSTAT_E_NODATA);
    assert_near(same.lower, 2.0, 0.0);
    traffstat_estimate_row row = {.year = 7};
    assert_int_equal(traffstat_estimate_total(estimate, &row), TRAFFSTAT_E_NODATA);
    assert_int_equal(row.year, 7);
    assert_string_equal(traffstat_estimate_row_label(estimate, TRAFFSTAT_NONE), "");
    assert_string_equal(traffstat_estimate_assumption(estimate, 0), "rows do not share a rate");
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void lists_keep_their_order_and_say_a_thing_once(void **state)
{
    traffstat_panel *panel = five_rows(*state);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, make(*state, panel, &estimate));
    for (int round = 0; round < 2; round++) {
        assert_ok(*state, traffstat_i_estimate_assume(estimate, "p is the prior's"));
        assert_ok(*state, traffstat_i_estimate_assume(estimate, "none is counted twice"));
        assert_ok(*state, traffstat_i_estimate_diagnose(estimate, "contraction", round));
        assert_ok(*state, traffstat_i_estimate_diagnose(estimate, "shift", NAN));
        assert_ok(*state, traffstat_i_estimate_reason(estimate, TRAFFSTAT_VERDICT_CAUTION, "r"));
    }
    assert_int_equal(traffstat_estimate_assumptions(estimate), 2);
    assert_string_equal(traffstat_estimate_assumption(estimate, 1), "none is counted twice");
    assert_null(traffstat_estimate_assumption(estimate, 2));
    assert_int_equal(traffstat_estimate_diagnostics(estimate), 2);
    assert_string_equal(traffstat_estimate_diagnostic_name(estimate, 0), "contraction");
    assert_near(traffstat_estimate_diagnostic(estimate, 0), 1.0, 0.0);
    assert_near(traffstat_estimate_diagnostic(estimate, 1), NAN, 0.0);
    assert_null(traffstat_estimate_diagnostic_name(estimate, 2));
    assert_near(traffstat_estimate_diagnostic(estimate, 2), NAN, 0.0);
    assert_int_equal(traffstat_estimate_reasons(estimate), 1);
    assert_null(traffstat_estimate_reason(estimate, 1));
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void a_basis_is_copied(void **state)
{
    traffstat_panel *panel = five_rows(*state);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, make(*state, panel, &estimate));
    traffstat_reporting_basis got = {.a = 3.0};
    assert_int_equal(traffstat_estimate_basis(estimate, &got), TRAFFSTAT_E_NODATA);
    assert_near(got.a, 3.0, 0.0);
    char place[] = "United Kingdom";
    for (int round = 0; round < 2; round++) {
        const traffstat_reporting_basis basis = {
            .origin = 2, .a = 8.0, .b = 12.0, .place = place, .source = "Home Office (2014)"};
        assert_ok(*state, traffstat_i_estimate_set_basis(estimate, &basis));
    }
    place[0] = 'X';
    assert_int_equal(traffstat_estimate_basis(estimate, &got), TRAFFSTAT_OK);
    assert_string_equal(got.place, "United Kingdom");
    assert_string_equal(got.note, ""); /* NULL is "" */
    assert_near(got.b, 12.0, 0.0);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void nothing_is_read_out_of_no_estimate(void **state)
{
    (void) state;
    traffstat_estimate_row row;
    traffstat_interval interval;
    traffstat_reporting_basis basis;
    assert_string_equal(traffstat_estimate_method(NULL), "");
    assert_int_equal(traffstat_estimate_verdict(NULL), TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_int_equal(traffstat_estimate_rows(NULL), 0);
    assert_int_equal(traffstat_estimate_row_reasons(NULL, 0), 0);
    assert_null(traffstat_estimate_row_reason(NULL, 0, 0));
    assert_null(traffstat_estimate_assumption(NULL, 0));
    assert_near(traffstat_estimate_level(NULL), NAN, 0.0);
    assert_string_equal(traffstat_estimate_row_label(NULL, TRAFFSTAT_NONE), "");
    assert_int_equal(traffstat_estimate_row_get(NULL, 0, &row), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_estimate_total(NULL, &row), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_estimate_interval(NULL, 0, 0, &interval), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_estimate_basis(NULL, &basis), TRAFFSTAT_E_ARGUMENT);
    traffstat_estimate_free(NULL);
    assert_string_equal(traffstat_kind_name(TRAFFSTAT_KIND_BOUND), "bound");
    assert_string_equal(traffstat_kind_name(-1), "unknown");
    assert_string_equal(traffstat_verdict_name(TRAFFSTAT_VERDICT_CAUTION), "caution");
    assert_string_equal(traffstat_verdict_name(3), "unknown");
}

/* ---- verdicts ------------------------------------------------------------------------------- */

static void an_inestimable_row_loses_its_numbers(void **state)
{
    traffstat_panel *panel = five_rows(*state);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, make(*state, panel, &estimate));
    set_number(estimate, 1, 19.0);
    traffstat_i_estimate_set_interval(estimate, 1, 0, 15.0, 26.0);
    set_number(estimate, 0, 17.0);
    traffstat_i_estimate_set_interval(estimate, 0, 1, 9.0, 41.0);
    for (int round = 0; round < 2; round++) {
        assert_ok(*state, traffstat_i_estimate_row_reason(
                              estimate, 1, TRAFFSTAT_VERDICT_INESTIMABLE, "the posterior"));
        assert_ok(*state, traffstat_i_estimate_row_reason(estimate, 1, TRAFFSTAT_VERDICT_CAUTION,
                                                          "another"));
    }
    traffstat_estimate_row row;
    assert_int_equal(traffstat_estimate_row_get(estimate, 1, &row), TRAFFSTAT_OK);
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_near(row.upper, NAN, 0.0);
    assert_int_equal(row.observed_upper, 8);
    traffstat_interval interval;
    assert_int_equal(traffstat_estimate_interval(estimate, 1, 0, &interval), TRAFFSTAT_OK);
    assert_near(interval.lower, NAN, 0.0);
    assert_int_equal(traffstat_estimate_interval(estimate, 0, 1, &interval), TRAFFSTAT_OK);
    assert_near(interval.upper, 41.0, 0.0); /* its neighbour keeps what it had */
    assert_int_equal(traffstat_estimate_row_reasons(estimate, 1), 2);
    assert_string_equal(traffstat_estimate_row_reason(estimate, 1, 0), "the posterior");
    assert_string_equal(traffstat_estimate_row_reason(estimate, 1, 1), "another");
    assert_null(traffstat_estimate_row_reason(estimate, 1, 2));
    assert_int_equal(traffstat_estimate_row_reasons(estimate, 0), 0);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

/* Each row of the table: which rows have a number, which a caution, and what the whole is then. */
static void the_whole_is_as_bad_as_its_rows_make_it(void **state)
{
    static const struct {
        const char *rows; /* n: number, c: number with caution, x: inestimable, for five rows */
        traffstat_verdict top;
        traffstat_verdict want;
        const char *reasons[2];
    } cases[] = {{"nnnnn", TRAFFSTAT_VERDICT_OK, TRAFFSTAT_VERDICT_OK, {NULL, NULL}},
                 {"nncnn",
                  TRAFFSTAT_VERDICT_OK,
                  TRAFFSTAT_VERDICT_CAUTION,
                  {"1 of 5 rows has reasons for caution", NULL}},
                 {"ccxxn",
                  TRAFFSTAT_VERDICT_OK,
                  TRAFFSTAT_VERDICT_CAUTION,
                  {"2 of 5 rows have reasons for caution", "2 of 5 rows have no number"}},
                 {"xxxxx",
                  TRAFFSTAT_VERDICT_OK,
                  TRAFFSTAT_VERDICT_INESTIMABLE,
                  {"5 of 5 rows have no number", NULL}},
                 {"nxxxx",
                  TRAFFSTAT_VERDICT_OK,
                  TRAFFSTAT_VERDICT_CAUTION,
                  {"4 of 5 rows have no number", NULL}},
                 {"nnnnn", TRAFFSTAT_VERDICT_INESTIMABLE, TRAFFSTAT_VERDICT_CAUTION, {"top", NULL}},
                 {"nnnnn", TRAFFSTAT_VERDICT_CAUTION, TRAFFSTAT_VERDICT_CAUTION, {"top", NULL}}};
    traffstat_panel *panel = five_rows(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_estimate *estimate = NULL;
        assert_ok(*state, make(*state, panel, &estimate));
        for (size_t row = 0; row < 5; row++) {
            set_number(estimate, row, 10.0);
            if (cases[i].rows[row] != 'n') {
                assert_ok(*state, traffstat_i_estimate_row_reason(
                                      estimate, row,
                                      cases[i].rows[row] == 'x' ? TRAFFSTAT_VERDICT_INESTIMABLE
                                                                : TRAFFSTAT_VERDICT_CAUTION,
                                      "why"));
            }
        }
        if (cases[i].top != TRAFFSTAT_VERDICT_OK) {
            assert_ok(*state, traffstat_i_estimate_reason(estimate, cases[i].top, "top"));
        }
        assert_ok(*state, traffstat_i_estimate_finish(estimate));
        assert_int_equal(traffstat_estimate_verdict(estimate), cases[i].want);
        for (size_t j = 0; j < 2; j++) {
            const char *got = traffstat_estimate_reason(estimate, j);
            assert_true((got == NULL) == (cases[i].reasons[j] == NULL));
            if (got != NULL) {
                assert_string_equal(got, cases[i].reasons[j]);
            }
        }
        traffstat_estimate_free(estimate);
    }
    traffstat_panel_free(panel);
}

static void long_tails_and_infinite_means_ask_for_caution(void **state)
{
    static const struct {
        double mean;
        double median;
        double upper;
        traffstat_verdict want;
        const char *reason;
    } cases[] = {
        {21.7, 19.0, 46.0, TRAFFSTAT_VERDICT_OK, NULL},
        {50.0, 10.0, 100.0, TRAFFSTAT_VERDICT_OK, NULL}, /* ten times is not more than ten times */
        {50.0, 10.0, 101.0, TRAFFSTAT_VERDICT_CAUTION,
         "long tail: the 97.5\xc2\xa0% quantile, 101, is more than 10 times the median, 10"},
        {NAN, 13.0, 100.0, TRAFFSTAT_VERDICT_CAUTION,
         "the mean is infinite: the reporting prior does not rule out shares near 0"}};
    traffstat_panel *panel = five_rows(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_estimate *estimate = NULL;
        assert_ok(*state, make(*state, panel, &estimate));
        set_number(estimate, 0, cases[i].median);
        traffstat_i_estimate_row(estimate, 0)->mean = cases[i].mean;
        assert_ok(*state, traffstat_i_judge_thinning(estimate, 0, cases[i].median, cases[i].upper));
        assert_int_equal(traffstat_i_estimate_row(estimate, 0)->verdict, cases[i].want);
        assert_int_equal(traffstat_estimate_row_reasons(estimate, 0), cases[i].reason != NULL);
        if (cases[i].reason != NULL) {
            assert_string_equal(traffstat_estimate_row_reason(estimate, 0, 0), cases[i].reason);
        }
        traffstat_estimate_free(estimate);
    }
    traffstat_panel_free(panel);
}

/* ---- evidence against a panel --------------------------------------------------------------- */

typedef struct place {
    const char *jurisdiction;
    const char *measure;
    const char *category;
    int32_t first_year;
    int32_t last_year;
} place;

static traffstat_panel *panel_of(traffstat_ctx *ctx, const place *p)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t s = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, NULL, p->jurisdiction, p->measure,
                                                  p->category, NULL, &s));
    for (int32_t year = p->first_year; year <= p->last_year; year++) {
        assert_ok(ctx, traffstat_panel_builder_count(ctx, builder, s, year, 7));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

/* A survey that would fit Missoula in 2018 in everything. */
static traffstat_evidence_entry fitting(void)
{
    return (traffstat_evidence_entry){.struct_size = sizeof(traffstat_evidence_entry),
                                      .first_year = 2018,
                                      .last_year = 2018,
                                      .id = "missoula-2018",
                                      .place = "MISSOULA",
                                      .unit = "case",
                                      .measure = "Human trafficking",
                                      .agencies = "police",
                                      .method = "survey",
                                      .rate = 0.4,
                                      .lower = 0.3,
                                      .upper = 0.5,
                                      .level = 0.95,
                                      .citation = "none: made for this test",
                                      .note = ""};
}

static void check_match(traffstat_ctx *ctx, const place *p, const traffstat_evidence_entry *entry,
                        const char *phrases)
{
    traffstat_panel *panel = panel_of(ctx, p);
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    traffstat_kind kind = -1;
    assert_ok(ctx, traffstat_i_match_evidence(ctx, panel, entry, &kind, &text));
    assert_string_equal(traffstat_i_text_get(&text), phrases);
    assert_int_equal(kind, phrases[0] == '\0' ? TRAFFSTAT_KIND_ESTIMATE : TRAFFSTAT_KIND_SCENARIO);
    traffstat_i_text_clear(&text);
    traffstat_panel_free(panel);
}

static void evidence_that_fits_makes_an_estimate_and_nothing_else_does(void **state)
{
    const place missoula = {"Missoula", "cases investigated by police", "human trafficking", 2018,
                            2018};
    traffstat_evidence_entry entry = fitting();
    check_match(*state, &missoula, &entry, "");
    entry.place = "United Kingdom";
    check_match(*state, &missoula, &entry, "it is for the United Kingdom, not Missoula");
    entry = fitting();
    entry.unit = "persons";
    check_match(*state, &missoula, &entry, "it counts persons, while these are cases");
    entry = fitting();
    entry.agencies = "any agency";
    check_match(*state, &missoula, &entry, "it is about being known to any agency, not to police");
    entry = fitting();
    entry.measure = "labour trafficking";
    check_match(*state, &missoula, &entry, "it measures labour trafficking, not human trafficking");
    entry = fitting();
    entry.lower = entry.upper = NAN;
    check_match(*state, &missoula, &entry, "it was published without an interval");
    entry = fitting();
    entry.measure = entry.agencies = "";
    check_match(*state, &missoula, &entry,
                "it does not say what it measures; it does not say to whom the cases were known");
}

static void the_period_must_be_the_years_own(void **state)
{
    static const struct {
        int32_t first;
        int32_t last;
        int32_t from;
        int32_t to;
        const char *phrase;
    } cases[] = {{2018, 2018, 2018, 2018, ""},
                 {2013, 2013, 2018, 2018, "it is for 2013, not 2018"},
                 {2013, 2013, 2017, 2018,
                  "it is for 2013, not 2017\xe2\x80\x93"
                  "2018"},
                 {2018, 2018, 2017, 2018,
                  "it is for 2018, not 2017\xe2\x80\x93"
                  "2018"},
                 {2015, 2020, 2018, 2018,
                  "it covers six years (2015\xe2\x80\x93"
                  "2020), not one"},
                 {2010, 2011, 2018, 2018,
                  "it covers two years (2010\xe2\x80\x93"
                  "2011), not one year of 2018"},
                 {1990, 2019, 2018, 2018,
                  "it covers 30 years (1990\xe2\x80\x93"
                  "2019), not one"},
                 {0, 0, 2018, 2018, "it does not say which years it is for"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_evidence_entry entry = fitting();
        entry.first_year = cases[i].first;
        entry.last_year = cases[i].last;
        const place p = {"Missoula", "cases investigated by police", "human trafficking",
                         cases[i].from, cases[i].to};
        check_match(*state, &p, &entry, cases[i].phrase);
    }
}

static void singular_plural_and_case_do_not_matter(void **state)
{
    static const struct {
        const char *unit;
        const char *measure;
        bool same;
    } cases[] = {{"person", "persons identified by police", true},
                 {"People", "persons identified by police", true},
                 {"victims", "potential victims identified by police", true},
                 {"Victims of trafficking", "victims identified by police", true},
                 {"inquiries", "inquiry", true},
                 {"children", "child", true},
                 {"offences", "cases", false},
                 {"persons", "", false},
                 {"cases", "ACTUAL_COUNT", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_evidence_entry entry = fitting();
        entry.unit = cases[i].unit;
        const place p = {"Missoula", cases[i].measure, "human trafficking", 2018, 2018};
        traffstat_panel *panel = panel_of(*state, &p);
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_kind kind = -1;
        assert_ok(*state, traffstat_i_match_evidence(*state, panel, &entry, &kind, &text));
        assert_true((strstr(traffstat_i_text_get(&text), "it counts ") == NULL) == cases[i].same);
        traffstat_i_text_clear(&text);
        traffstat_panel_free(panel);
    }
}

/* ---- no memory ------------------------------------------------------------------------------ */

static traffstat_status fill(traffstat_estimate *estimate)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (int i = 0; i < 40 && status == TRAFFSTAT_OK; i++) {
        char words[32];
        snprintf(words, sizeof words, "number %d", i);
        status = traffstat_i_estimate_row_reason(estimate, (size_t) i % 5,
                                                 TRAFFSTAT_VERDICT_CAUTION, words);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_estimate_assume(estimate, words);
        }
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_estimate_diagnose(estimate, words, i);
        }
    }
    const traffstat_reporting_basis basis = {.origin = 1, .source = "s", .note = "n"};
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_set_basis(estimate, &basis);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_judge_thinning(estimate, 0, 1.0, 100.0);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_estimate_finish(estimate) : status;
}

/* The panel is made with a context of its own, so that only the estimate's memory fails. */
static traffstat_status try_estimate(traffstat_ctx *ctx, void *arg)
{
    traffstat_estimate *estimate = NULL;
    traffstat_status status = make(ctx, arg, &estimate);
    if (status == TRAFFSTAT_OK) {
        status = fill(estimate);
    }
    traffstat_estimate_free(estimate);
    return status;
}

static traffstat_status try_match(traffstat_ctx *ctx, void *arg)
{
    traffstat_evidence_entry entry = fitting();
    entry.place = "elsewhere";
    traffstat_kind kind = 0;
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    const traffstat_status status = traffstat_i_match_evidence(ctx, arg, &entry, &kind, &text);
    traffstat_i_text_clear(&text);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    traffstat_panel *panel = five_rows(*state);
    assert_true(support_try_every_allocation(try_estimate, panel) > 100);
    assert_true(support_try_every_allocation(try_match, panel) > 10);
    traffstat_panel_free(panel);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_new_estimate_knows_its_rows_and_no_number),
        ONE(intervals_are_kept_by_row_and_level),
        ONE(lists_keep_their_order_and_say_a_thing_once),
        ONE(a_basis_is_copied),
        ONE(nothing_is_read_out_of_no_estimate),
        ONE(an_inestimable_row_loses_its_numbers),
        ONE(the_whole_is_as_bad_as_its_rows_make_it),
        ONE(long_tails_and_infinite_means_ask_for_caution),
        ONE(evidence_that_fits_makes_an_estimate_and_nothing_else_does),
        ONE(the_period_must_be_the_years_own),
        ONE(singular_plural_and_case_do_not_matter),
        ONE(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("estimate", tests, NULL, NULL);
}
