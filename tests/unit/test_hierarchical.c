/* The hierarchical panel: which rows it is fitted to, by place and year, and what its answer says. */
#include <math.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/hierarchical.h>
#include <traffstat/report.h>

#include "model/reporting/hierarchical_data.h"

/* ---- helpers --------------------------------------------------------------------------------- */

typedef struct line {
    const char *place;
    const char *measure;
    traffstat_cell cell;
} line;

static line counted(const char *place, int32_t year, int64_t lower, int64_t upper)
{
    return (line){place,
                  "cases",
                  {.lower = lower,
                   .upper = upper,
                   .population = NAN,
                   .coverage = NAN,
                   .year = year,
                   .places = 1}};
}

static line exact(const char *place, int32_t year, int64_t count)
{
    return counted(place, year, count, count);
}

static traffstat_panel *panel_of(traffstat_ctx *ctx, const line *lines, size_t count)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < count; i++) {
        size_t series = 0;
        assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", lines[i].place,
                                                      lines[i].measure, "", "", &series));
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &lines[i].cell));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_status prepare(traffstat_ctx *ctx, const line *lines, size_t count,
                                traffstat_i_hierarchical_data *data)
{
    traffstat_panel *panel = panel_of(ctx, lines, count);
    const traffstat_status status = traffstat_i_hierarchical_data_init(ctx, panel, data);
    traffstat_panel_free(panel);
    return status;
}

static void refused(void **state, const line *lines, size_t count, traffstat_status want,
                    const char *names)
{
    traffstat_i_hierarchical_data data;
    assert_int_equal(prepare(*state, lines, count, &data), want);
    if (strstr(traffstat_ctx_message(*state), names) == NULL) {
        print_error("\"%s\" does not name %s\n", traffstat_ctx_message(*state), names);
        fail();
    }
}

/* ---- what is used ---------------------------------------------------------------------------- */

static void rows_become_cells_by_place_and_year(void **state)
{
    const line lines[] = {exact("A", 2011, 3), exact("A", 2013, 5), exact("B", 2010, 0),
                          exact("B", 2013, 7)};
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 4, &data));
    assert_int_equal(data.place_count, 2);
    assert_int_equal(data.first_year, 2010);
    assert_int_equal(data.year_count, 4); /* 2012 too: the walk goes through it */
    assert_int_equal(data.cell_count, 4);
    const size_t place[] = {0, 0, 1, 1};
    const size_t year[] = {1, 3, 0, 3};
    const int64_t low[] = {3, 5, 0, 7};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(data.cell_of_row[i], i);
        assert_int_equal(data.cells[i].place, place[i]);
        assert_int_equal(data.cells[i].year, year[i]);
        assert_int_equal(data.cells[i].low, low[i]);
        assert_int_equal(data.cells[i].high, low[i]);
        assert_near(data.cells[i].exposure, 1.0, 0.0);
        assert_near(data.cells[i].coverage, 1.0, 0.0);
    }
    assert_false(data.per_resident);
    assert_near(data.reported, 15.0, 0.0);
    traffstat_i_hierarchical_data_clear(&data);
}

static void what_has_no_count_is_left_out_and_told(void **state)
{
    line lines[] = {exact("A", 2010, 3), exact("A", 2011, 0), exact("B", 2010, 0),
                    exact("C", 2010, -2), exact("C", 2011, 4)};
    lines[1].cell.why = TRAFFSTAT_WHY_NOT_REPORTED;
    lines[2].cell.why = TRAFFSTAT_WHY_SUPPRESSED;
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 5, &data));
    const traffstat_i_row_use use[] = {TRAFFSTAT_I_ROW_USED, TRAFFSTAT_I_ROW_MISSING,
                                       TRAFFSTAT_I_ROW_MISSING, TRAFFSTAT_I_ROW_NEGATIVE,
                                       TRAFFSTAT_I_ROW_USED};
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(data.use[i], use[i]);
        assert_int_equal(data.cell_of_row[i] == TRAFFSTAT_NONE, use[i] != TRAFFSTAT_I_ROW_USED);
    }
    assert_int_equal(data.missing, 2);
    assert_int_equal(data.negative, 1);
    assert_int_equal(data.cell_count, 2);
    assert_int_equal(data.place_count, 2); /* B has no count at all */
    assert_int_equal(data.series_of_place[1], 2);
    assert_int_equal(data.cells[1].place, 1);
    traffstat_i_hierarchical_data_clear(&data);
}

static void intervals_keep_both_ends(void **state)
{
    const line lines[] = {counted("A", 2010, 0, 4), counted("A", 2011, 2, TRAFFSTAT_NO_UPPER)};
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 2, &data));
    assert_int_equal(data.cells[0].low, 0);
    assert_int_equal(data.cells[0].high, 4);
    assert_int_equal(data.cells[1].low, 2);
    assert_int_equal(data.cells[1].high, -1);
    assert_int_equal(data.intervals, 2);
    assert_near(data.reported, 4.0, 0.0); /* the middle 2, and at least 2 */
    traffstat_i_hierarchical_data_clear(&data);
}

static void residents_and_coverage_make_the_exposure(void **state)
{
    line lines[] = {exact("A", 2010, 30), exact("B", 2010, 10)};
    lines[0].cell.population = 250000.0;
    lines[1].cell.population = 100000.0;
    lines[1].cell.coverage = 0.5;
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 2, &data));
    assert_true(data.per_resident);
    assert_near(data.cells[0].exposure, 2.5, 0.0);
    assert_near(data.cells[1].exposure, 1.0, 0.0);
    assert_near(data.cells[1].coverage, 0.5, 0.0);
    assert_int_equal(data.covered, 1);
    /* 40 counted over 2.5 + 0.5 */
    assert_near(traffstat_i_hierarchical_center(&data, 0.4), log(40.0 / 3.0 / 0.4), 1e-14);
    traffstat_i_hierarchical_data_clear(&data);
}

static void nothing_counted_has_no_centre(void **state)
{
    const line lines[] = {exact("A", 2010, 0), exact("B", 2010, 0)};
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 2, &data));
    assert_true(isnan(traffstat_i_hierarchical_center(&data, 0.4)));
    traffstat_i_hierarchical_data_clear(&data);
}

static void a_break_of_half_the_places_begins_a_level(void **state)
{
    line lines[] = {exact("A", 2010, 1), exact("A", 2011, 2), exact("A", 2012, 3),
                    exact("B", 2010, 1), exact("B", 2011, 2), exact("B", 2012, 3),
                    exact("C", 2010, 1), exact("C", 2011, 2), exact("C", 2012, 3)};
    lines[0].cell.flags = TRAFFSTAT_FLAG_BREAK; /* nothing lies before it */
    lines[1].cell.flags = TRAFFSTAT_FLAG_BREAK;
    lines[4].cell.flags = TRAFFSTAT_FLAG_BREAK;
    lines[8].cell.flags = TRAFFSTAT_FLAG_BREAK;
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 9, &data));
    assert_false(data.new_level[0]);
    assert_true(data.new_level[1]);
    assert_false(data.new_level[2]);
    assert_int_equal(data.breaks_alone, 1);
    traffstat_i_hierarchical_data_clear(&data);
}

static void a_year_outside_is_anchored_at_the_nearest(void **state)
{
    const line lines[] = {exact("A", 2010, 1), exact("A", 2014, 2)};
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 2, &data));
    assert_int_equal(traffstat_i_hierarchical_year(&data, 1999), 0);
    assert_int_equal(traffstat_i_hierarchical_year(&data, 2010), 0);
    assert_int_equal(traffstat_i_hierarchical_year(&data, 2012), 2);
    assert_int_equal(traffstat_i_hierarchical_year(&data, 2014), 4);
    assert_int_equal(traffstat_i_hierarchical_year(&data, 2023), 4);
    traffstat_i_hierarchical_data_clear(&data);
}

/* ---- the model ------------------------------------------------------------------------------- */

static traffstat_i_hierarchical_data small(void **state)
{
    const line lines[] = {exact("A", 2010, 3), exact("A", 2011, 5), exact("B", 2010, 2),
                          exact("B", 2011, 10)};
    traffstat_i_hierarchical_data data;
    assert_ok(*state, prepare(*state, lines, 4, &data));
    return data;
}

static void the_model_of_a_panel_has_a_finite_density(void **state)
{
    traffstat_i_hierarchical_data data = small(state);
    const traffstat_i_logit_law law = {.form = TRAFFSTAT_I_FORM_BETA, .a = 8.0, .b = 12.0};
    traffstat_i_posterior_spec spec;
    assert_ok(*state, traffstat_i_hierarchical_spec(&data, &law, &spec));
    assert_near(spec.level_center, log(20.0 / 4.0 / 0.4), 1e-10);
    assert_false(spec.report.is_logit_normal);
    assert_near(spec.report.a, 8.0, 0.0);
    traffstat_i_posterior *posterior = NULL;
    assert_ok(*state, traffstat_i_posterior_new(*state, &spec, &posterior));
    const size_t dimension = traffstat_i_posterior_dimension(posterior);
    void *scratch = test_calloc(1, traffstat_i_posterior_scratch_size(posterior));
    double *at = test_calloc(2 * dimension, sizeof *at);
    assert_true(isfinite(traffstat_i_posterior_density(posterior, scratch, at, at + dimension)));
    test_free(at);
    test_free(scratch);
    traffstat_i_posterior_free(posterior);
    traffstat_i_hierarchical_data_clear(&data);
}

static void other_laws_become_normal_ones_or_are_refused(void **state)
{
    traffstat_i_hierarchical_data data = small(state);
    const traffstat_i_logit_law normal = {
        .form = TRAFFSTAT_I_FORM_LOGIT_NORMAL, .center = -0.4, .spread = 0.3};
    traffstat_i_posterior_spec spec;
    assert_ok(*state, traffstat_i_hierarchical_spec(&data, &normal, &spec));
    assert_true(spec.report.is_logit_normal);
    assert_near(spec.report.a, -0.4, 1e-9);
    assert_near(spec.report.b, 0.3, 1e-9);
    /* psi'(8) + psi'(12) = 0.1331370147 + 0.0869018729 is the variance of the logit of Beta(8, 12) */
    const traffstat_i_logit_law moved = {
        .form = TRAFFSTAT_I_FORM_BETA, .a = 8.0, .b = 12.0, .shift = 0.5};
    assert_ok(*state, traffstat_i_hierarchical_spec(&data, &moved, &spec));
    assert_true(spec.report.is_logit_normal);
    assert_near(spec.report.b, sqrt(0.1331370147 + 0.0869018729 + 0.25), 1e-6);
    const traffstat_i_logit_law known = {.form = TRAFFSTAT_I_FORM_KNOWN, .center = -0.4};
    assert_int_equal(traffstat_i_hierarchical_spec(&data, &known, &spec), TRAFFSTAT_E_ARGUMENT);
    data.reported = 0.0;
    assert_int_equal(traffstat_i_hierarchical_spec(&data, &normal, &spec), TRAFFSTAT_E_NODATA);
    traffstat_i_hierarchical_data_clear(&data);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void a_place_without_residents_among_others_is_refused(void **state)
{
    line lines[] = {exact("Aroostook", 2010, 1), exact("Baltimore", 2011, 2)};
    lines[0].cell.population = 67000.0;
    refused(state, lines, 2, TRAFFSTAT_E_CONFLICT, "\"Baltimore\" in 2011");
}

static void two_measures_are_refused(void **state)
{
    line lines[] = {exact("Aroostook", 2010, 1), exact("Baltimore", 2010, 2)};
    lines[1].measure = "victims";
    refused(state, lines, 2, TRAFFSTAT_E_CONFLICT, "\"Baltimore\"");
}

static void a_panel_without_a_count_is_refused(void **state)
{
    line lines[] = {exact("A", 2010, 0), exact("A", 2011, -1)};
    lines[0].cell.why = TRAFFSTAT_WHY_NOT_REPORTED;
    refused(state, lines, 2, TRAFFSTAT_E_NODATA, "no row");
}

/* ---- memory ---------------------------------------------------------------------------------- */

static traffstat_status try_all(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_series(ctx, builder, "", "A", "cases", "", "", &series);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_count(ctx, builder, series, 2010, 3);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, &panel);
    }
    traffstat_i_hierarchical_data data;
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_hierarchical_data_init(ctx, panel, &data);
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_hierarchical_data_clear(&data);
    }
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_all, NULL) >= 5);
}

/* ---- the answer ------------------------------------------------------------------------------ */

enum { SMALL = 12 };

/* Three places, four years, one count suppressed. */
static void small_panel(line lines[SMALL])
{
    static const int64_t counts[SMALL] = {12, 15, 11, 18, 40, 38, 51, 47, 3, 2, 5, 4};
    static const char *const places[] = {"A", "B", "C"};
    for (size_t i = 0; i < SMALL; i++) {
        lines[i] = exact(places[i / 4], 2015 + (int32_t) (i % 4), counts[i]);
    }
    lines[9].cell.lower = 0;
    lines[9].cell.upper = 4;
}

static traffstat_status solve_panel(traffstat_ctx *ctx, const line *lines, size_t count,
                                    const traffstat_hierarchical_options *options,
                                    traffstat_estimate **out)
{
    traffstat_prior *prior = NULL;
    traffstat_panel *panel = panel_of(ctx, lines, count);
    assert_ok(ctx, traffstat_prior_beta(ctx, 8.0, 12.0, "", &prior));
    const traffstat_status status = traffstat_hierarchical(ctx, panel, prior, options, out);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
    return status;
}

static double said(const traffstat_estimate *estimate, const char *object, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(
        traffstat_detail_find(traffstat_estimate_details(estimate), object), name));
}

/* Rows in order, N never below what was counted, the total from the joint law. */
static void the_answer_holds_together(void **state)
{
    line lines[SMALL];
    traffstat_estimate *estimate = NULL;
    small_panel(lines);
    assert_ok(*state, solve_panel(*state, lines, SMALL, NULL, &estimate));
    double sum_lower = 0.0;
    double sum_mean = 0.0;
    traffstat_estimate_row row;
    for (size_t i = 0; i < SMALL; i++) {
        assert_int_equal(traffstat_estimate_row_get(estimate, i, &row), TRAFFSTAT_OK);
        assert_true(row.lower >= (double) lines[i].cell.lower);
        assert_true(row.lower <= row.estimate && row.estimate <= row.upper);
        assert_true(row.hdi_upper - row.hdi_lower <= row.upper - row.lower);
        if (i != 9) {
            assert_near(row.mean - row.unreported_mean, (double) lines[i].cell.lower, 1e-9);
        }
        sum_lower += row.lower;
        sum_mean += row.mean;
    }
    traffstat_estimate_row total;
    assert_int_equal(traffstat_estimate_total(estimate, &total), TRAFFSTAT_OK);
    assert_near(total.mean, sum_mean, 1e-9); /* means add up, limits do not */
    assert_true(total.lower > sum_lower);
    assert_true(said(estimate, "sampling", "rhat") <= 1.05);
    assert_true(said(estimate, "sampling", "ess_bulk") >= 100.0);
    assert_true(said(estimate, "loo", "elpd") < 0.0);
    /* A Beta(8, 12) that the counts cannot test: about its mean of 0.4 and sd of 0.107. */
    assert_true(fabs(said(estimate, "reporting", "shift")) < 0.05);
    assert_true(fabs(said(estimate, "reporting", "sd_after") - 0.107) < 0.02);
    traffstat_estimate_free(estimate);
}

static void threads_change_nothing(void **state)
{
    line lines[SMALL];
    small_panel(lines);
    traffstat_hierarchical_options options;
    traffstat_hierarchical_options_init(&options, sizeof options);
    options.draws = 100;
    traffstat_text *texts[2] = {NULL, NULL};
    for (uint32_t i = 0; i < 2; i++) {
        traffstat_estimate *estimate = NULL;
        assert_ok(*state, traffstat_ctx_set_threads(*state, i + 1));
        assert_ok(*state, solve_panel(*state, lines, SMALL, &options, &estimate));
        assert_ok(*state, traffstat_estimate_json(*state, estimate, &texts[i]));
        traffstat_estimate_free(estimate);
    }
    assert_string_equal(traffstat_text_data(texts[0]), traffstat_text_data(texts[1]));
    traffstat_text_free(texts[0]);
    traffstat_text_free(texts[1]);
}

/* One place and one year: thinning with a proper law of the rate, whose answer is nearly that of
 * the prior 1/rate. */
static void one_count_is_a_thinning(void **state)
{
    const line lines[] = {exact("A", 2018, 80)};
    traffstat_hierarchical_options options;
    traffstat_hierarchical_options_init(&options, sizeof options);
    options.level_sd = 20.0;
    traffstat_estimate *estimate = NULL;
    traffstat_estimate_row row;
    assert_ok(*state, solve_panel(*state, lines, 1, &options, &estimate));
    assert_int_equal(traffstat_estimate_row_get(estimate, 0, &row), TRAFFSTAT_OK);
    assert_near(row.mean, 80.0 * 19.0 / 7.0, 0.06); /* y (a + b - 1)/(a - 1) */
    assert_int_equal(traffstat_estimate_total(estimate, &row), TRAFFSTAT_E_NODATA);
    traffstat_estimate_free(estimate);
}

/* Its weights say whether it may be trusted, and where they do not it is called an approximation. */
static void the_fast_engine_says_what_its_weights_are_worth(void **state)
{
    line lines[SMALL];
    small_panel(lines);
    traffstat_hierarchical_options options;
    traffstat_hierarchical_options_init(&options, sizeof options);
    options.engine = TRAFFSTAT_ENGINE_FAST;
    for (int32_t i = 0; i < 2; i++) {
        traffstat_estimate *estimate = NULL;
        options.negative_binomial = i;
        assert_ok(*state, solve_panel(*state, lines, SMALL, &options, &estimate));
        const traffstat_detail *sampling =
            traffstat_detail_find(traffstat_estimate_details(estimate), "sampling");
        const double khat = traffstat_detail_number(traffstat_detail_find(sampling, "khat"));
        const double size = traffstat_detail_number(traffstat_detail_find(sampling, "ess_weights"));
        bool warned = false;
        for (size_t k = 0; k < traffstat_estimate_reasons(estimate); k++) {
            warned =
                warned || strstr(traffstat_estimate_reason(estimate, k), "approximate") != NULL;
        }
        assert_true(isfinite(khat) && size > 1.0 && size <= 7200.0);
        assert_int_equal(warned, khat > 0.7 || size < 180.0);
        traffstat_estimate_free(estimate);
    }
}

static void nothing_counted_has_no_answer(void **state)
{
    const line lines[] = {exact("A", 2017, 0), exact("A", 2018, 0), exact("B", 2018, 0)};
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, solve_panel(*state, lines, 3, NULL, &estimate));
    assert_int_equal(traffstat_estimate_verdict(estimate), TRAFFSTAT_VERDICT_INESTIMABLE);
    traffstat_estimate_free(estimate);
}

static void bad_settings_are_refused(void **state)
{
    const line lines[] = {exact("A", 2017, 3), exact("A", 2018, 4)};
    traffstat_hierarchical_options options;
    traffstat_estimate *estimate = NULL;
    traffstat_hierarchical_options_init(&options, sizeof options);
    options.level = 1.0;
    assert_int_equal(solve_panel(*state, lines, 2, &options, &estimate), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "level"));
    traffstat_hierarchical_options_init(&options, sizeof options);
    options.engine = 7;
    assert_int_equal(solve_panel(*state, lines, 2, &options, &estimate), TRAFFSTAT_E_ARGUMENT);
    traffstat_panel *panel = panel_of(*state, lines, 2);
    assert_int_equal(traffstat_hierarchical(*state, panel, NULL, NULL, &estimate),
                     TRAFFSTAT_E_PRIOR);
    traffstat_prior *known = NULL;
    assert_ok(*state, traffstat_prior_known(*state, 0.4, "", &known));
    assert_int_equal(traffstat_hierarchical(*state, panel, known, NULL, &estimate),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(estimate);
    traffstat_prior_free(known);
    traffstat_panel_free(panel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows_become_cells_by_place_and_year),
        TEST(what_has_no_count_is_left_out_and_told),
        TEST(intervals_keep_both_ends),
        TEST(residents_and_coverage_make_the_exposure),
        TEST(nothing_counted_has_no_centre),
        TEST(a_break_of_half_the_places_begins_a_level),
        TEST(a_year_outside_is_anchored_at_the_nearest),
        TEST(the_model_of_a_panel_has_a_finite_density),
        TEST(other_laws_become_normal_ones_or_are_refused),
        TEST(a_place_without_residents_among_others_is_refused),
        TEST(two_measures_are_refused),
        TEST(a_panel_without_a_count_is_refused),
        TEST(the_answer_holds_together),
        TEST(threads_change_nothing),
        TEST(one_count_is_a_thinning),
        TEST(the_fast_engine_says_what_its_weights_are_worth),
        TEST(nothing_counted_has_no_answer),
        TEST(bad_settings_are_refused),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
