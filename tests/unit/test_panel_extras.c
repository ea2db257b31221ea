/* What a panel takes beside its counts: audits, totals of lists, covariates, neighbours; and what
 * stands beside its answer: sensitivity, a change, bands. */
#include <math.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/hierarchical.h>
#include <traffstat/report.h>

#include "model/reporting/hierarchical_extras.h"

enum { PLACES = 3, YEARS = 4, ROWS = PLACES * YEARS };

static const int64_t counts[ROWS] = {12, 15, 11, 18, 40, 38, 51, 47, 3, 2, 5, 4};
static const char *const places[PLACES] = {"A", "B", "C"};

/* ---- helpers --------------------------------------------------------------------------------- */

static traffstat_panel *panel_of(traffstat_ctx *ctx, size_t place_count, size_t year_count,
                                 const int64_t *count, size_t broken)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < place_count * year_count; i++) {
        size_t series = 0;
        const traffstat_cell cell = {.lower = count[i],
                                     .upper = count[i],
                                     .population = NAN,
                                     .coverage = NAN,
                                     .year = 2015 + (int32_t) (i % year_count),
                                     .flags = i % year_count == broken ? TRAFFSTAT_FLAG_BREAK : 0U,
                                     .places = 1};
        assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", places[i / year_count],
                                                      "cases", "", "", &series));
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

/* The small panel, or its first count alone. */
static traffstat_panel *whole(traffstat_ctx *ctx)
{
    return panel_of(ctx, PLACES, YEARS, counts, YEARS);
}

static traffstat_hierarchical_options settings(traffstat_engine engine)
{
    traffstat_hierarchical_options options;
    traffstat_hierarchical_options_init(&options, sizeof options);
    options.engine = engine;
    return options;
}

static traffstat_hierarchical_extras *extras_new(traffstat_ctx *ctx)
{
    traffstat_hierarchical_extras *extras = NULL;
    assert_ok(ctx, traffstat_hierarchical_extras_new(ctx, &extras));
    return extras;
}

/* Solves `panel` under Beta(a, b) and frees it and the extras. */
static traffstat_status solve(traffstat_ctx *ctx, traffstat_panel *panel, double a, double b,
                              traffstat_hierarchical_extras *extras,
                              const traffstat_hierarchical_options *options,
                              traffstat_estimate **out)
{
    traffstat_prior *prior = NULL;
    assert_ok(ctx, traffstat_prior_beta(ctx, a, b, "", &prior));
    const traffstat_status status =
        traffstat_hierarchical_with(ctx, panel, prior, extras, options, out);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
    traffstat_hierarchical_extras_free(extras);
    return status;
}

static void refused(traffstat_ctx *ctx, traffstat_panel *panel,
                    traffstat_hierarchical_extras *extras, traffstat_engine engine,
                    traffstat_status want, const char *names)
{
    traffstat_estimate *estimate = NULL;
    const traffstat_hierarchical_options options = settings(engine);
    assert_int_equal(solve(ctx, panel, 8.0, 12.0, extras, &options, &estimate), want);
    assert_null(estimate);
    if (strstr(traffstat_ctx_message(ctx), names) == NULL) {
        print_error("\"%s\" does not name %s\n", traffstat_ctx_message(ctx), names);
        fail();
    }
}

static const traffstat_detail *detail(const traffstat_estimate *estimate, const char *name)
{
    return traffstat_detail_find(traffstat_estimate_details(estimate), name);
}

static double number(const traffstat_detail *of, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(of, name));
}

static bool cautions(const traffstat_estimate *estimate, const char *words)
{
    for (size_t i = 0; i < traffstat_estimate_reasons(estimate); i++) {
        if (strstr(traffstat_estimate_reason(estimate, i), words) != NULL) {
            return true;
        }
    }
    return false;
}

/* ---- audits and totals ----------------------------------------------------------------------- */

/* One count of 80: Beta(8, 12) and 37 of 100 make Beta(45, 75), and with a flat level the mean of N
 * is y (a + b - 1)/(a - 1). */
static void an_audit_of_one_count_is_a_beta_law(void **state)
{
    const int64_t one[] = {80};
    traffstat_hierarchical_extras *extras = extras_new(*state);
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_NUTS);
    traffstat_estimate *estimate = NULL;
    traffstat_estimate_row row;
    options.level_sd = 20.0;
    assert_ok(*state, traffstat_hierarchical_extras_add_validation(*state, extras, 0, 2015, 37, 100,
                                                                   "audit"));
    assert_ok(*state, solve(*state, panel_of(*state, 1, 1, one, 1), 8.0, 12.0, extras, &options,
                            &estimate));
    assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
    assert_near(row.mean, 80.0 * 119.0 / 44.0, 0.03);
    const double sd = sqrt(45.0 * 75.0 / (120.0 * 120.0 * 121.0));
    assert_near(number(detail(estimate, "reporting"), "sd_after"), sd, 0.06);
    /* 1 - sd/0.10690 is 0.58: more than half of the sd is the audit's, which has a source */
    assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_ESTIMATE);
    assert_string_equal(
        traffstat_detail_text(traffstat_detail_find(detail(estimate, "reporting"), "moved_by")),
        "validated cases");
    traffstat_estimate_free(estimate);
}

/* Where no source is named, or little was counted where the audit is from, it stays a scenario. */
static void an_audit_makes_an_estimate_only_where_it_carries_the_level(void **state)
{
    const struct {
        size_t series;
        int32_t year;
        int64_t counted, known;
        const char *source;
        traffstat_kind kind;
    } cases[] = {{TRAFFSTAT_NONE, 0, 185, 500, "audit", TRAFFSTAT_KIND_ESTIMATE},
                 {TRAFFSTAT_NONE, 0, 185, 500, "", TRAFFSTAT_KIND_SCENARIO},
                 {TRAFFSTAT_NONE, 0, 2, 5, "audit", TRAFFSTAT_KIND_SCENARIO},
                 {1, 2016, 185, 500, "audit", TRAFFSTAT_KIND_SCENARIO}};
    double widths[4] = {0.0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        traffstat_hierarchical_extras *extras = extras_new(*state);
        traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_NUTS);
        traffstat_estimate *estimate = NULL;
        options.draws = 200;
        assert_ok(*state, traffstat_hierarchical_extras_add_validation(
                              *state, extras, cases[i].series, cases[i].year, cases[i].counted,
                              cases[i].known, cases[i].source));
        assert_ok(*state, solve(*state, panel_of(*state, 2, 2, counts, 2), 8.0, 12.0, extras,
                                &options, &estimate));
        assert_int_equal(traffstat_estimate_kind(estimate), cases[i].kind);
        const traffstat_detail *share =
            traffstat_detail_find(detail(estimate, "evidence"), "share");
        widths[i] = number(share, "upper") - number(share, "lower");
        traffstat_estimate_free(estimate);
    }
    /* 185 of 500 by itself: a 95 % interval 0.085 wide */
    assert_true(widths[0] > 0.06 && widths[0] < 0.13);
    assert_true(widths[2] > 2.0 * widths[0]);
    assert_true(widths[3] > 2.0 * widths[0]);
}

/* Lists that put the number at 250 within 5 %: so does the answer, whatever the prior. */
static void a_total_of_lists_puts_the_number(void **state)
{
    for (size_t cells = 1; cells <= 2; cells++) { /* of one count, and of two together */
        const int64_t two[] = {80, 40};
        traffstat_hierarchical_extras *extras = extras_new(*state);
        traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_NUTS);
        traffstat_estimate *estimate = NULL;
        traffstat_estimate_row row;
        assert_ok(*state,
                  traffstat_hierarchical_extras_add_total(*state, extras, TRAFFSTAT_NONE, 0, 250.0,
                                                          238.0, 262.0, 0.95, "lists"));
        assert_ok(*state, solve(*state, panel_of(*state, cells, 1, two, 1), 1.0, 1.0, extras,
                                &options, &estimate));
        if (cells == 1) {
            assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
        } else {
            assert_ok(*state, traffstat_estimate_total(estimate, &row));
        }
        assert_near(row.estimate, 250.0, 0.008);
        assert_near(row.lower, 238.0, 0.015);
        assert_near(row.upper, 262.0, 0.015);
        assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_ESTIMATE);
        traffstat_estimate_free(estimate);
    }
}

/* A small count, wide lists and a prior that matters, against a plain sum over N: the prior 1/N of a
 * flat level, the beta-binomial law of the count, the lists' law. */
static void lists_and_prior_join_as_in_a_plain_sum(void **state)
{
    const int64_t one[] = {8};
    traffstat_hierarchical_extras *extras = extras_new(*state);
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_NUTS);
    traffstat_estimate *estimate = NULL;
    traffstat_estimate_row row;
    const double sd = log(60.0 / 36.0) / 1.959963984540054;
    double sum = 0.0;
    double mean = 0.0;
    for (int n = 8; n < 2000; n++) {
        const double off = log(n / 36.0) / sd;
        const double weight = exp(lgamma(n + 1.0) - lgamma(n - 7.0) + lgamma(n + 4.0) -
                                  lgamma(n + 20.0) - 0.5 * off * off) /
                              n;
        sum += weight;
        mean += weight * n;
    }
    options.level_sd = 20.0;
    assert_ok(*state, traffstat_hierarchical_extras_add_total(*state, extras, 0, 2015, 36.0, 21.6,
                                                              60.0, 0.95, "lists"));
    assert_ok(*state, solve(*state, panel_of(*state, 1, 1, one, 1), 8.0, 12.0, extras, &options,
                            &estimate));
    assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
    assert_near(row.mean, mean / sum, 0.03);
    traffstat_estimate_free(estimate);
}

static void evidence_against_the_rate_named_is_told(void **state)
{
    traffstat_hierarchical_extras *extras = extras_new(*state);
    const traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *estimate = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        assert_ok(*state, traffstat_hierarchical_extras_add_validation(*state, extras, i / YEARS,
                                                                       2015 + (int32_t) (i % YEARS),
                                                                       95, 100, "audit"));
    }
    assert_ok(*state, solve(*state, whole(*state), 8.0, 12.0, extras, &options, &estimate));
    assert_true(cautions(estimate, "one of the two does not hold"));
    traffstat_estimate_free(estimate);
}

static void evidence_that_does_not_belong_is_refused(void **state)
{
    const struct {
        size_t series;
        int32_t year;
        const char *names;
    } cases[] = {{7, 2015, "place without a count"}, {0, 2012, "2012"}};
    for (size_t i = 0; i < 2; i++) {
        traffstat_hierarchical_extras *extras = extras_new(*state);
        assert_ok(*state, traffstat_hierarchical_extras_add_validation(
                              *state, extras, cases[i].series, cases[i].year, 1, 2, ""));
        refused(*state, whole(*state), extras, TRAFFSTAT_ENGINE_NUTS, TRAFFSTAT_E_CONFLICT,
                cases[i].names);
    }
    traffstat_hierarchical_extras *extras = extras_new(*state);
    assert_int_equal(traffstat_hierarchical_extras_add_validation(*state, extras, 0, 0, 3, 2, ""),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_hierarchical_extras_add_total(*state, extras, 0, 0, 5.0, 6.0, 9.0, 0.95, ""),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(
        traffstat_hierarchical_extras_add_total(*state, NULL, 0, 0, 7.0, 6.0, 9.0, 0.95, ""),
        TRAFFSTAT_E_ARGUMENT);
    traffstat_hierarchical_extras_free(extras);
}

/* ---- covariates ------------------------------------------------------------------------------ */

/* Counts that are e^(3 + 0.8 x) to the nearest whole: the effect for one sd is 0.8 sd(x). */
static void a_rate_covariate_is_found(void **state)
{
    int64_t made[ROWS];
    double x[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = 2.0 * sin(1.7 * (double) i);
        made[i] = (int64_t) rint(exp(3.0 + 0.8 * x[i]));
    }
    traffstat_hierarchical_extras *extras = extras_new(*state);
    const traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *estimate = NULL;
    assert_ok(*state,
              traffstat_hierarchical_extras_add_rate_covariate(*state, extras, "income", x, ROWS));
    assert_ok(*state, solve(*state, panel_of(*state, PLACES, YEARS, made, YEARS), 8.0, 12.0, extras,
                            &options, &estimate));
    const traffstat_detail *at = traffstat_detail_at(detail(estimate, "covariates"), 0);
    const traffstat_detail *effect = traffstat_detail_find(at, "effect");
    const double want = 0.8 * number(at, "sd");
    assert_string_equal(traffstat_detail_text(traffstat_detail_find(at, "name")), "income");
    assert_true(number(effect, "lower") < want && want < number(effect, "upper"));
    assert_near(number(effect, "estimate"), want, 0.1);
    assert_false(cautions(estimate, "moves cases or their reporting"));
    traffstat_estimate_free(estimate);
}

static void a_report_covariate_without_audits_is_cautioned(void **state)
{
    double x[ROWS];
    traffstat_hierarchical_extras *extras = extras_new(*state);
    const traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *estimate = NULL;
    for (size_t i = 0; i < ROWS; i++) {
        x[i] = (double) (i % 5);
    }
    assert_ok(*state, traffstat_hierarchical_extras_add_report_covariate(*state, extras, "officers",
                                                                         x, ROWS));
    assert_ok(*state, solve(*state, whole(*state), 8.0, 12.0, extras, &options, &estimate));
    assert_true(cautions(estimate, "moves cases or their reporting"));
    traffstat_estimate_free(estimate);
}

static void covariates_that_cannot_serve_are_refused(void **state)
{
    double x[ROWS] = {0.0};
    traffstat_hierarchical_extras *extras = extras_new(*state);
    assert_ok(*state,
              traffstat_hierarchical_extras_add_rate_covariate(*state, extras, "flat", x, ROWS));
    refused(*state, whole(*state), extras, TRAFFSTAT_ENGINE_FAST, TRAFFSTAT_E_ARGUMENT, "\"flat\"");
    x[5] = NAN;
    extras = extras_new(*state);
    assert_ok(*state,
              traffstat_hierarchical_extras_add_rate_covariate(*state, extras, "holed", x, ROWS));
    refused(*state, whole(*state), extras, TRAFFSTAT_ENGINE_FAST, TRAFFSTAT_E_CONFLICT,
            "\"B\" in 2016");
    extras = extras_new(*state);
    assert_ok(*state, traffstat_hierarchical_extras_add_rate_covariate(*state, extras, "short", x,
                                                                       ROWS - 1));
    refused(*state, whole(*state), extras, TRAFFSTAT_ENGINE_FAST, TRAFFSTAT_E_CONFLICT,
            "11 values");
    x[5] = INFINITY;
    extras = extras_new(*state);
    assert_int_equal(
        traffstat_hierarchical_extras_add_rate_covariate(*state, extras, "wild", x, ROWS),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_hierarchical_extras_add_rate_covariate(*state, extras, "", x, 1),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_hierarchical_extras_free(extras);
}

/* ---- neighbours ------------------------------------------------------------------------------ */

static void neighbours_in_two_groups_are_cautioned(void **state)
{
    for (size_t joined = 0; joined < 2; joined++) {
        const size_t pairs[] = {0, 1, 1, 2};
        traffstat_hierarchical_extras *extras = extras_new(*state);
        traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_NUTS);
        traffstat_estimate *estimate = NULL;
        options.draws = 200;
        assert_ok(*state,
                  traffstat_hierarchical_extras_add_neighbours(*state, extras, pairs, 1 + joined));
        assert_ok(*state, solve(*state, panel_of(*state, PLACES, 1, counts, 1), 8.0, 12.0, extras,
                                &options, &estimate));
        const traffstat_detail *at = detail(estimate, "neighbours");
        assert_int_equal(traffstat_detail_integer(traffstat_detail_find(at, "alone")), 1 - joined);
        assert_int_equal(cautions(estimate, "do not join all places"), joined == 0);
        const double mixing = number(traffstat_detail_find(at, "mixing"), "estimate");
        assert_true(mixing > 0.0 && mixing < 1.0);
        traffstat_estimate_free(estimate);
    }
}

static void neighbours_that_cannot_serve_are_refused(void **state)
{
    const size_t unknown[] = {0, 3};
    const size_t same[] = {1, 1};
    const size_t good[] = {0, 1};
    traffstat_hierarchical_extras *extras = extras_new(*state);
    assert_int_equal(traffstat_hierarchical_extras_add_neighbours(*state, extras, same, 1),
                     TRAFFSTAT_E_ARGUMENT);
    assert_ok(*state, traffstat_hierarchical_extras_add_neighbours(*state, extras, unknown, 1));
    refused(*state, whole(*state), extras, TRAFFSTAT_ENGINE_NUTS, TRAFFSTAT_E_CONFLICT, "pair 1");
    extras = extras_new(*state);
    assert_ok(*state, traffstat_hierarchical_extras_add_neighbours(*state, extras, good, 1));
    refused(*state, whole(*state), extras, TRAFFSTAT_ENGINE_FAST, TRAFFSTAT_E_ARGUMENT,
            "other engine");
}

/* ---- sensitivity ----------------------------------------------------------------------------- */

static const traffstat_detail *entry(const traffstat_estimate *estimate, const char *assumption,
                                     const char *change)
{
    const traffstat_detail *list =
        traffstat_detail_find(detail(estimate, "sensitivity"), "tornado");
    for (size_t i = 0; i < traffstat_detail_size(list); i++) {
        const traffstat_detail *at = traffstat_detail_at(list, i);
        if (strcmp(traffstat_detail_text(traffstat_detail_find(at, "assumption")), assumption) ==
                0 &&
            strcmp(traffstat_detail_text(traffstat_detail_find(at, "change")), change) == 0) {
            return at;
        }
    }
    fail_msg("no entry %s, %s", assumption, change);
    return NULL;
}

static const char *how(const traffstat_detail *of)
{
    return traffstat_detail_text(traffstat_detail_find(of, "how"));
}

/* A changed assumption by reweighting against a run of its own. */
static void reweighting_agrees_with_runs_of_their_own(void **state)
{
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *base = NULL;
    options.sensitivity = 1;
    assert_ok(*state, solve(*state, whole(*state), 8.0, 12.0, NULL, &options, &base));
    options.sensitivity = 0;
    for (size_t i = 0; i < 4; i++) {
        static const char *const named[4][2] = {{"level", "mean times 0.8"},
                                                {"spread", "half the weight"},
                                                {"drift", "half the scale"},
                                                {"reporting of places", "half the scale"}};
        static const double laws[4][2] = {{6.4, 13.6}, {4.0, 6.0}, {8.0, 12.0}, {8.0, 12.0}};
        traffstat_hierarchical_options changed = options;
        traffstat_estimate *own = NULL;
        traffstat_estimate_row total;
        changed.drift_scale *= i == 2 ? 0.5 : 1.0;
        changed.report_place_scale *= i == 3 ? 0.5 : 1.0;
        assert_ok(*state,
                  solve(*state, whole(*state), laws[i][0], laws[i][1], NULL, &changed, &own));
        assert_ok(*state, traffstat_estimate_total(own, &total));
        const traffstat_detail *at = entry(base, named[i][0], named[i][1]);
        assert_string_equal(how(at), "reweighted");
        assert_true(number(at, "khat") <= 0.7);
        assert_near(number(at, "estimate"), total.estimate, 0.06);
        assert_near(number(at, "lower"), total.lower, 0.06);
        assert_near(number(at, "upper"), total.upper, 0.2);
        traffstat_estimate_free(own);
    }
    traffstat_estimate_free(base);
}

static void what_changes_the_coordinates_is_fitted_anew(void **state)
{
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *base = NULL;
    traffstat_estimate *own = NULL;
    traffstat_estimate_row total;
    options.sensitivity = 1;
    assert_ok(*state, solve(*state, whole(*state), 8.0, 12.0, NULL, &options, &base));
    options.sensitivity = 0;
    options.drift_scale = 0.0;
    assert_ok(*state, solve(*state, whole(*state), 8.0, 12.0, NULL, &options, &own));
    assert_ok(*state, traffstat_estimate_total(own, &total));
    const traffstat_detail *at = entry(base, "drift", "none");
    assert_string_equal(how(at), "refitted");
    assert_string_equal(traffstat_detail_text(traffstat_detail_find(at, "engine")), "fast");
    assert_near(number(at, "estimate"), total.estimate, 0.0);
    const traffstat_detail *surface = traffstat_detail_find(detail(base, "sensitivity"), "surface");
    assert_int_equal(traffstat_detail_size(surface), 25);
    /* the less of the cases is counted, the more there are */
    for (size_t i = 5; i < 25; i++) {
        assert_true(number(traffstat_detail_at(surface, i), "estimate") <
                    number(traffstat_detail_at(surface, i - 5), "estimate"));
    }
    traffstat_estimate_free(base);
    traffstat_estimate_free(own);
}

static void threads_do_not_change_the_sensitivity(void **state)
{
    traffstat_text *texts[2] = {NULL, NULL};
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    options.sensitivity = 1;
    for (uint32_t i = 0; i < 2; i++) {
        traffstat_estimate *estimate = NULL;
        assert_ok(*state, traffstat_ctx_set_threads(*state, 1 + 2 * i));
        assert_ok(*state, solve(*state, panel_of(*state, 2, 2, counts, 2), 8.0, 12.0, NULL,
                                &options, &estimate));
        assert_ok(*state, traffstat_estimate_json(*state, estimate, &texts[i]));
        traffstat_estimate_free(estimate);
    }
    assert_string_equal(traffstat_text_data(texts[0]), traffstat_text_data(texts[1]));
    traffstat_text_free(texts[0]);
    traffstat_text_free(texts[1]);
}

/* ---- a change, and bands --------------------------------------------------------------------- */

static traffstat_estimate *change_of(traffstat_ctx *ctx, size_t broken, double drift)
{
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *estimate = NULL;
    options.change_first = 2015;
    options.change_second = 2018;
    options.drift_scale = drift;
    assert_ok(ctx, solve(ctx, panel_of(ctx, PLACES, YEARS, counts, broken), 8.0, 12.0, NULL,
                         &options, &estimate));
    return estimate;
}

/* 69 after 55: a ratio of 1.25 as long as reporting did not drift. */
static void a_change_of_true_cases_leans_on_the_drift(void **state)
{
    double width[2];
    for (size_t i = 0; i < 2; i++) {
        traffstat_estimate *estimate = change_of(*state, YEARS, i == 0 ? 0.0 : 0.25);
        const traffstat_detail *ratio = traffstat_detail_find(detail(estimate, "change"), "ratio");
        width[i] = number(ratio, "upper") - number(ratio, "lower");
        assert_true(number(ratio, "lower") < 1.25 && number(ratio, "upper") > 1.25);
        const traffstat_detail *share =
            traffstat_detail_find(detail(estimate, "change"), "share_ratio");
        if (i == 0) {
            assert_near(number(share, "estimate"), 1.0, 0.02); /* places grow unlike, p stays */
        }
        traffstat_estimate_free(estimate);
    }
    assert_true(width[1] > width[0]);
}

static void across_a_break_no_change_is_told_without_a_drift(void **state)
{
    traffstat_estimate *estimate = change_of(*state, 2, 0.0);
    const traffstat_detail *at = detail(estimate, "change");
    assert_true(isnan(number(traffstat_detail_find(at, "ratio"), "estimate")));
    assert_non_null(strstr(traffstat_detail_text(traffstat_detail_find(at, "says")), "2017"));
    assert_true(cautions(estimate, "no change of true cases from 2015 to 2018"));
    traffstat_estimate_free(estimate);
    estimate = change_of(*state, 2, 0.25);
    assert_false(
        isnan(number(traffstat_detail_find(detail(estimate, "change"), "ratio"), "estimate")));
    assert_true(cautions(estimate, "not of one definition"));
    traffstat_estimate_free(estimate);
}

static void a_change_of_years_without_counts_is_refused(void **state)
{
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *estimate = NULL;
    options.change_first = 2015;
    options.change_second = 2019;
    assert_int_equal(solve(*state, whole(*state), 8.0, 12.0, NULL, &options, &estimate),
                     TRAFFSTAT_E_NODATA);
    assert_non_null(strstr(traffstat_ctx_message(*state), "2019"));
}

/* The bands beside a panel are those of traffstat_bounds(). */
static void bands_beside_the_answer_are_those_of_bounds(void **state)
{
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_bounds_options limits;
    traffstat_estimate *estimate = NULL;
    traffstat_estimate *bounds = NULL;
    traffstat_panel *panel = whole(*state);
    traffstat_bounds_options_init(&limits, sizeof limits);
    options.bounds_lower = limits.lower = 0.1;
    options.bounds_upper = limits.upper = 0.5;
    assert_ok(*state, traffstat_bounds(*state, panel, &limits, &bounds));
    assert_ok(*state, solve(*state, panel, 8.0, 12.0, NULL, &options, &estimate));
    for (size_t i = 0; i < ROWS; i++) {
        traffstat_estimate_row row;
        const traffstat_detail *band = traffstat_detail_find(
            traffstat_detail_find(traffstat_estimate_row_details(estimate, i), "bounds"),
            "realised");
        assert_ok(*state, traffstat_estimate_row_get(bounds, i, &row));
        assert_near(number(band, "lower"), row.lower, 0.0);
        assert_near(number(band, "upper"), row.upper, 0.0);
    }
    assert_int_equal(traffstat_detail_size(detail(estimate, "breakeven")),
                     traffstat_detail_size(detail(bounds, "breakeven")));
    traffstat_estimate_free(estimate);
    traffstat_estimate_free(bounds);
}

/* ---- the fast engine --------------------------------------------------------------------------- */

/* Counts that vary as chance does leave sizes up to 1e20 and more, at which theta + mu is theta. */
static void a_size_without_end_has_even_weights(void **state)
{
    traffstat_hierarchical_options options = settings(TRAFFSTAT_ENGINE_FAST);
    traffstat_estimate *estimate = NULL;
    options.negative_binomial = 1;
    assert_ok(*state, solve(*state, whole(*state), 8.0, 12.0, NULL, &options, &estimate));
    assert_true(number(detail(estimate, "sampling"), "khat") < 0.7);
    traffstat_estimate_free(estimate);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static traffstat_status fill(traffstat_ctx *ctx, traffstat_hierarchical_extras *extras)
{
    const size_t pairs[] = {0, 1};
    const double x[] = {1.0, 2.0};
    traffstat_status status = traffstat_hierarchical_extras_add_neighbours(ctx, extras, pairs, 1);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_hierarchical_extras_add_rate_covariate(ctx, extras, "x", x, 2);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_hierarchical_extras_add_validation(ctx, extras, 0, 2015, 1, 2, "audit");
    }
    return status;
}

static traffstat_status try_extras(traffstat_ctx *ctx, void *panel)
{
    traffstat_hierarchical_extras *extras = NULL;
    traffstat_i_hierarchical_data data = {0};
    traffstat_i_extra_data extra;
    traffstat_status status = traffstat_hierarchical_extras_new(ctx, &extras);
    if (status == TRAFFSTAT_OK) {
        status = fill(ctx, extras);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_hierarchical_data_init(ctx, panel, &data);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_extra_data_init(&data, panel, extras, &extra);
        if (status == TRAFFSTAT_OK) {
            traffstat_i_extra_data_clear(ctx, &extra);
        }
        traffstat_i_hierarchical_data_clear(&data);
    }
    traffstat_hierarchical_extras_free(extras);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    traffstat_panel *panel = panel_of(*state, 2, 1, counts, 1);
    assert_true(support_try_every_allocation(try_extras, panel) >= 10);
    traffstat_panel_free(panel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_audit_of_one_count_is_a_beta_law),
        TEST(an_audit_makes_an_estimate_only_where_it_carries_the_level),
        TEST(a_total_of_lists_puts_the_number),
        TEST(lists_and_prior_join_as_in_a_plain_sum),
        TEST(evidence_against_the_rate_named_is_told),
        TEST(evidence_that_does_not_belong_is_refused),
        TEST(a_rate_covariate_is_found),
        TEST(a_report_covariate_without_audits_is_cautioned),
        TEST(covariates_that_cannot_serve_are_refused),
        TEST(neighbours_in_two_groups_are_cautioned),
        TEST(neighbours_that_cannot_serve_are_refused),
        TEST(reweighting_agrees_with_runs_of_their_own),
        TEST(what_changes_the_coordinates_is_fitted_anew),
        TEST(threads_do_not_change_the_sensitivity),
        TEST(a_change_of_true_cases_leans_on_the_drift),
        TEST(across_a_break_no_change_is_told_without_a_drift),
        TEST(a_change_of_years_without_counts_is_refused),
        TEST(bands_beside_the_answer_are_those_of_bounds),
        TEST(a_size_without_end_has_even_weights),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
