/* The loglinear methods through the public call: numbers, verdicts, refusals and what holds an answer
 * up. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "support/histories.h"
#include "support/support.h"

#include <traffstat/overlap.h>
#include <traffstat/report.h>
#include <traffstat/table.h>

/* ---- helpers --------------------------------------------------------------------------------- */

static traffstat_overlap *overlap_of(traffstat_ctx *ctx, const histories *data)
{
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, data->names, data->lists, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, NULL, &stratum));
    for (size_t i = 0; i < data->count; i++) {
        assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, data->row[i].history,
                                                     (int64_t) data->row[i].persons));
    }
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_overlap_builder_free(builder);
    return overlap;
}

static traffstat_overlap_options options_of(traffstat_overlap_method method, uint32_t bootstrap)
{
    traffstat_overlap_options options;
    traffstat_overlap_options_init(&options, sizeof options);
    options.method = method;
    options.bootstrap = bootstrap;
    return options;
}

static traffstat_estimate *estimate(traffstat_ctx *ctx, const histories *data,
                                    const traffstat_overlap_options *options)
{
    traffstat_estimate *out = NULL;
    traffstat_overlap *overlap = overlap_of(ctx, data);
    assert_ok(ctx, traffstat_overlap_estimate(ctx, overlap, options, &out));
    traffstat_overlap_free(overlap);
    return out;
}

static traffstat_estimate_row first_row(const traffstat_estimate *of)
{
    traffstat_estimate_row row;
    assert_int_equal(traffstat_estimate_row_get(of, 0, &row), TRAFFSTAT_OK);
    return row;
}

static const traffstat_detail *at(const traffstat_detail *in, const char *name)
{
    const traffstat_detail *found = traffstat_detail_find(in, name);
    if (found == NULL) {
        print_message("no detail \"%s\"\n", name);
    }
    assert_non_null(found);
    return found;
}

static double number(const traffstat_detail *in, const char *name)
{
    return traffstat_detail_number(at(in, name));
}

/* The reason of row 0 that holds `word`; NULL: none. */
static const char *reason(const traffstat_estimate *of, const char *word)
{
    for (size_t i = 0; i < traffstat_estimate_row_reasons(of, 0); i++) {
        const char *text = traffstat_estimate_row_reason(of, 0, i);
        if (strstr(text, word) != NULL) {
            return text;
        }
    }
    return NULL;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* Rcapture and MultipleSystemsEstimation, 15 digits. */
static void a_search_gives_the_best_model_and_those_behind_it(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_BIC, 0);
    options.order = 3;
    options.top = 3;
    traffstat_estimate *got = estimate(*state, &ukdat5, &options);
    const traffstat_detail *top = traffstat_estimate_details(got);
    assert_near(first_row(got).estimate, 25311.290612532484, 1e-9);
    assert_string_equal(traffstat_detail_text(at(top, "model")), "LA:NG:PFNCA,NG:GP,PFNCA:GO");
    assert_near(number(top, "bic"), 195.87910564421344, 1e-9);
    assert_int_equal(traffstat_detail_integer(at(top, "existence")), 0);
    assert_int_equal(traffstat_detail_integer(at(top, "models_searched")), 6212);
    assert_int_equal(traffstat_detail_integer(at(top, "models_estimable")), 6084);
    const traffstat_detail *models = at(top, "models");
    assert_int_equal(traffstat_detail_size(models), 3);
    const traffstat_detail *second = traffstat_detail_at(models, 1);
    assert_string_equal(traffstat_detail_text(at(second, "model")), "LA:NG:PFNCA,PFNCA:GO,GP");
    assert_near(number(second, "estimate"), 28822.125608704879, 1e-9);
    assert_near(number(second, "criterion"), 196.32967693693653, 1e-9);
    const double behind = 196.32967693693653 - 195.87910564421344;
    assert_near(number(second, "weight") / number(traffstat_detail_at(models, 0), "weight"),
                exp(-0.5 * behind), 1e-7);
    traffstat_estimate_free(got);
}

static void a_given_model_has_the_numbers_of_rcapture(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_LOGLINEAR, 0);
    options.model = "NG:PFNCA, LA:NG,LA:PFNCA,GP:NG,GO:PFNCA";
    traffstat_estimate *got = estimate(*state, &ukdat5, &options);
    const traffstat_detail *top = traffstat_estimate_details(got);
    const traffstat_estimate_row row = first_row(got);
    assert_string_equal(traffstat_detail_text(at(top, "model")),
                        "LA:NG,LA:PFNCA,NG:PFNCA,NG:GP,PFNCA:GO");
    assert_near(row.estimate, 22991.3313141602, 1e-9);
    assert_near(number(traffstat_estimate_row_details(got, 0), "se"), 3021.58834268497, 1e-6);
    assert_near(number(top, "deviance"), 22.2036165009491, 1e-9);
    assert_near(number(top, "df"), 20.0, 0.0);
    assert_near(number(top, "aic"), 131.450863674311, 1e-9);
    assert_near(number(top, "bic"), 196.539755551615, 1e-9);
    /* without a bootstrap the profile leads; Rcapture's closedpCI */
    assert_near(row.lower, 17990.9508902138, 1e-3);
    assert_near(row.upper, 30141.9042300142, 1e-3);
    traffstat_estimate_free(got);
}

static void two_lists_give_lincoln_and_petersen(void **state)
{
    static const histories two = {"two", 2, {"A", "B"}, 3, {{1, 60}, {2, 40}, {3, 20}}};
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_LOGLINEAR, 0);
    options.linkage_error = 0.1;
    traffstat_estimate *got = estimate(*state, &two, &options);
    assert_near(first_row(got).estimate, 80.0 * 60.0 / 20.0, 1e-9);
    const traffstat_detail *linkage =
        at(at(traffstat_estimate_details(got), "sensitivity"), "linkage");
    assert_near(number(linkage, "estimate"), 0.9 * 80.0 * 60.0 / 20.0, 1e-9);
    traffstat_estimate_free(got);
}

static void an_average_lies_between_its_models(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_AVERAGE, 0);
    options.order = 3;
    options.top = 113;
    traffstat_estimate *got = estimate(*state, &kosovo, &options);
    const traffstat_detail *models = at(traffstat_estimate_details(got), "models");
    double weights = 0.0;
    double sum = 0.0;
    for (size_t i = 0; i < traffstat_detail_size(models); i++) {
        const traffstat_detail *one = traffstat_detail_at(models, i);
        weights += number(one, "weight");
        sum += number(one, "weight") * number(one, "estimate");
    }
    assert_near(weights, 1.0, 1e-12);
    assert_near(first_row(got).estimate, sum, 1e-9);
    assert_true(number(traffstat_estimate_row_details(got, 0), "se") > 785.0);
    traffstat_estimate_free(got);
}

/* ---- near-ties ------------------------------------------------------------------------------- */

/* The factors that VERDICTS tells, and its verdict on each. */
static void near_ties_have_the_known_factors(void **state)
{
    static const struct {
        const histories *data;
        double factor;
        bool caution;
    } rows[] = {{&ukdat5, 3.04, true},
                {&kosovo, 2.35, true},
                {&artificial3, 2.22, true},
                {&neworl5, 1.82, true},
                {&ukdat4, 1.20, false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_BIC, 0);
        options.order = 3;
        traffstat_estimate *got = estimate(*state, rows[i].data, &options);
        const traffstat_detail *ties = at(traffstat_estimate_details(got), "near_ties");
        assert_true(fabs(number(ties, "unseen_ratio") - rows[i].factor) <= 0.00501);
        assert_int_equal(reason(got, "a factor of") != NULL, rows[i].caution);
        traffstat_estimate_free(got);
    }
}

/* ---- what holds it up ------------------------------------------------------------------------ */

static const traffstat_detail *point_at(const traffstat_detail *curve, double u)
{
    for (size_t i = 0; i < traffstat_detail_size(curve); i++) {
        if (fabs(number(traffstat_detail_at(curve, i), "u") - u) < 1e-12) {
            return traffstat_detail_at(curve, i);
        }
    }
    return NULL;
}

/* METHODS: all omitted pairs by e^u, u = -ln 2 and ln 2, give 7,360 and 22,871 on UKdat_5. */
static void offsets_on_omitted_pairs_give_the_known_range(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_LOGLINEAR, 0);
    options.model = "LA:NG,LA:PFNCA,NG:GP,PFNCA:GP,GO:GP";
    traffstat_estimate *got = estimate(*state, &ukdat5, &options);
    const traffstat_detail *sensitivity = at(traffstat_estimate_details(got), "sensitivity");
    const traffstat_detail *pairs = at(sensitivity, "omitted_pairs");
    const traffstat_detail *curve = at(at(pairs, "all"), "curve");
    assert_near(number(point_at(curve, -log(2.0)), "estimate"), 7360.0, 1e-4);
    assert_near(number(point_at(curve, 0.0), "estimate"), 12262.412420546874, 1e-9);
    assert_near(number(point_at(curve, log(2.0)), "estimate"), 22871.0, 1e-4);
    assert_int_equal(traffstat_detail_size(at(pairs, "alone")), 5);
    /* the u that halves and doubles do so */
    assert_true(number(at(pairs, "all"), "halves_at") > -log(2.0));
    assert_true(number(at(pairs, "all"), "doubles_at") < log(2.0));
    /* a list less is another published set: UKdat_4 has LA, NG, PFNCA and GO */
    const traffstat_detail *dropped = at(sensitivity, "lists_dropped");
    assert_string_equal(traffstat_detail_text(at(traffstat_detail_at(dropped, 4), "list")), "GP");
    assert_near(number(traffstat_detail_at(dropped, 4), "estimate"), 11987.0876152879, 1e-8);
    /* some histories are empty: the highest interaction would reassure falsely */
    assert_null(traffstat_detail_find(sensitivity, "highest_interaction"));
    traffstat_estimate_free(got);
}

/* All of Kosovo's fifteen histories are there: the curve is n0(0) e^u, four lists being even. The
 * saturated n0 is the product of odd histories over that of even ones. */
static void the_highest_interaction_moves_n_by_its_own_factor(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_LOGLINEAR, 0);
    traffstat_estimate *got = estimate(*state, &kosovo, &options);
    const traffstat_detail *curve =
        at(at(traffstat_estimate_details(got), "sensitivity"), "highest_interaction");
    const double unseen = 1131.0 * 845.0 * 936.0 * 306.0 * 181.0 * 18.0 * 42.0 * 32.0 /
                          (177.0 * 228.0 * 106.0 * 217.0 * 31.0 * 123.0 * 27.0);
    assert_near(number(point_at(curve, 0.0), "estimate"), 4400.0 + unseen, 1e-12);
    assert_near(number(point_at(curve, log(2.0)), "estimate"), 4400.0 + 2.0 * unseen, 1e-12);
    /* Rcapture's model without the highest interaction: 16,941.88 */
    assert_near(4400.0 + unseen, 16941.880425176, 1e-9);
    traffstat_estimate_free(got);
}

static void a_list_that_carries_the_answer_is_named(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_SENSITIVITY, 0);
    options.order = 3;
    traffstat_estimate *got = estimate(*state, &ukdat5, &options);
    assert_non_null(reason(got, "without the list GO"));
    assert_non_null(reason(got, "with one list made of NG:GO"));
    const traffstat_detail *top = traffstat_estimate_details(got);
    const traffstat_detail *consistency = at(at(top, "sensitivity"), "internal_consistency");
    assert_int_equal(traffstat_detail_size(consistency), 5);
    assert_near(number(traffstat_detail_at(consistency, 1), "observed"), 567.0, 0.0);
    traffstat_estimate_free(got);
    options.method = TRAFFSTAT_OVERLAP_BIC;
    options.checks = 0;
    got = estimate(*state, &ukdat5, &options);
    assert_null(traffstat_detail_find(traffstat_estimate_details(got), "sensitivity"));
    assert_null(reason(got, "without the list"));
    traffstat_estimate_free(got);
}

/* ---- intervals ------------------------------------------------------------------------------- */

static void a_bootstrap_leads_and_widens_where_it_disagrees(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_STEPWISE, 500);
    traffstat_estimate *got = estimate(*state, &neworl5, &options);
    const traffstat_estimate_row row = first_row(got);
    const traffstat_detail *limits = at(traffstat_estimate_details(got), "limits");
    const traffstat_detail *bca = at(limits, "bca");
    const traffstat_detail *percentile = at(limits, "percentile");
    /* SparseMSE: z0 = -0.656, 589 to 1,704 against percentile 752 to 4,505 */
    assert_true(number(bca, "z0") < -0.4);
    assert_near(row.lower, fmin(number(bca, "lower"), number(percentile, "lower")), 0.0);
    assert_near(row.upper, fmax(number(bca, "upper"), number(percentile, "upper")), 0.0);
    assert_non_null(reason(got, "the wider ones are given"));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_CAUTION);
    traffstat_estimate_free(got);
}

static traffstat_text *json_of(traffstat_ctx *ctx, uint32_t threads, uint64_t seed)
{
    traffstat_text *text = NULL;
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_BIC, 200);
    assert_ok(ctx, traffstat_ctx_set_threads(ctx, threads));
    traffstat_ctx_set_seed(ctx, seed);
    traffstat_estimate *got = estimate(ctx, &ukdat4, &options);
    assert_ok(ctx, traffstat_estimate_json(ctx, got, &text));
    traffstat_estimate_free(got);
    return text;
}

static void threads_change_no_byte_of_a_result_and_seeds_do(void **state)
{
    traffstat_text *one = json_of(*state, 1, 1);
    traffstat_text *two = json_of(*state, 2, 1);
    traffstat_text *seven = json_of(*state, 7, 1);
    traffstat_text *other = json_of(*state, 2, 2);
    assert_string_equal(traffstat_text_data(one), traffstat_text_data(two));
    assert_string_equal(traffstat_text_data(one), traffstat_text_data(seven));
    assert_string_not_equal(traffstat_text_data(one), traffstat_text_data(other));
    traffstat_text_free(one);
    traffstat_text_free(two);
    traffstat_text_free(seven);
    traffstat_text_free(other);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void check_refused(traffstat_ctx *ctx, const histories *data,
                          traffstat_overlap_method method, const char *model, const char *word)
{
    traffstat_overlap_options options = options_of(method, 200);
    options.model = model;
    traffstat_estimate *got = estimate(ctx, data, &options);
    const traffstat_estimate_row row = first_row(got);
    assert_int_equal(traffstat_estimate_verdict(got), TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_true(isnan(row.estimate) && isnan(row.lower) && isnan(row.upper));
    assert_non_null(reason(got, word));
    traffstat_estimate_free(got);
}

static void what_has_no_estimate_gets_no_number(void **state)
{
    static const histories apart = {"apart", 3, {"A", "B", "C"}, 3, {{1, 60}, {2, 40}, {4, 20}}};
    static const histories thin = {
        "thin", 3, {"A", "B", "C"}, 4, {{1, 60}, {2, 40}, {4, 20}, {3, 1}}};
    check_refused(*state, &artificial3, TRAFFSTAT_OVERLAP_LOGLINEAR, "A:B", "does not exist");
    check_refused(*state, &artificial3, TRAFFSTAT_OVERLAP_LOGLINEAR, "A:B,A:C,B:C",
                  "not identified");
    check_refused(*state, &apart, TRAFFSTAT_OVERLAP_BIC, NULL, "no overlap");
    check_refused(*state, &apart, TRAFFSTAT_OVERLAP_STEPWISE, NULL, "no overlap");
    /* one shared person: a third of the replicates have none */
    check_refused(*state, &thin, TRAFFSTAT_OVERLAP_STEPWISE, NULL, "bootstrap replicates");
}

static void a_model_of_unknown_lists_is_an_error(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_LOGLINEAR, 0);
    traffstat_estimate *got = NULL;
    traffstat_overlap *overlap = overlap_of(*state, &ukdat5);
    options.model = "LA:NX";
    assert_int_equal(traffstat_overlap_estimate(*state, overlap, &options, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_null(got);
    assert_non_null(strstr(traffstat_ctx_message(*state), "\"NX\""));
    traffstat_overlap_free(overlap);
}

/* ---- strata ---------------------------------------------------------------------------------- */

static void each_stratum_has_its_own_model(void **state)
{
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    traffstat_estimate *got = NULL;
    size_t stratum = 0;
    assert_ok(*state, traffstat_overlap_builder_new(*state, kosovo.names, kosovo.lists, &builder));
    for (size_t s = 0; s < 2; s++) {
        assert_ok(*state, traffstat_overlap_builder_stratum(*state, builder,
                                                            s == 0 ? "north" : "south", &stratum));
        for (size_t i = 0; i < kosovo.count; i++) {
            /* nobody of the south is on the last list */
            if (s == 0 || (kosovo.row[i].history & 8) == 0) {
                assert_ok(*state, traffstat_overlap_builder_add(*state, builder, stratum,
                                                                kosovo.row[i].history,
                                                                (int64_t) kosovo.row[i].persons));
            }
        }
    }
    assert_ok(*state, traffstat_overlap_builder_finish(*state, builder, &overlap));
    traffstat_overlap_builder_free(builder);
    const traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_BIC, 0);
    assert_ok(*state, traffstat_overlap_estimate(*state, overlap, &options, &got));
    traffstat_estimate_row row;
    traffstat_estimate_row south;
    traffstat_estimate_row total;
    assert_int_equal(traffstat_estimate_row_get(got, 0, &row), TRAFFSTAT_OK);
    assert_int_equal(traffstat_estimate_row_get(got, 1, &south), TRAFFSTAT_OK);
    assert_int_equal(traffstat_estimate_total(got, &total), TRAFFSTAT_OK);
    assert_near(row.estimate, 14341.6638004272, 1e-9);
    assert_near(total.estimate, row.estimate + south.estimate, 1e-12);
    assert_string_equal(traffstat_detail_text(at(traffstat_estimate_row_details(got, 0), "model")),
                        "EXH:ABA,EXH:OSCE,EXH:HRW,ABA:OSCE,OSCE:HRW");
    assert_null(
        strstr(traffstat_detail_text(at(traffstat_estimate_row_details(got, 1), "model")), "HRW"));
    traffstat_estimate_free(got);
    traffstat_overlap_free(overlap);
}

/* ---- stopping and failing -------------------------------------------------------------------- */

static void a_cancelled_call_gives_nothing(void **state)
{
    traffstat_overlap_options options = options_of(TRAFFSTAT_OVERLAP_BIC, 1000000);
    traffstat_estimate *got = NULL;
    traffstat_overlap *overlap = overlap_of(*state, &ukdat5);
    traffstat_ctx_cancel(*state);
    assert_int_equal(traffstat_overlap_estimate(*state, overlap, &options, &got),
                     TRAFFSTAT_E_CANCELLED);
    assert_null(got);
    traffstat_ctx_clear_cancel(*state);
    traffstat_overlap_free(overlap);
}

static traffstat_status answer_all(traffstat_ctx *ctx, void *arg)
{
    static const char *const names[] = {"A", "B", "C"};
    static const int64_t persons[] = {0, 40, 30, 6, 20, 3, 2, 1};
    traffstat_overlap_options options = options_of(*(const int32_t *) arg, 3);
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    traffstat_estimate *got = NULL;
    size_t stratum = 0;
    options.linkage_error = 0.05;
    traffstat_status status = traffstat_ctx_set_threads(ctx, 1);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_builder_new(ctx, names, 3, &builder);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_builder_stratum(ctx, builder, NULL, &stratum);
    }
    for (uint32_t w = 1; w < 8 && status == TRAFFSTAT_OK; w++) {
        status = traffstat_overlap_builder_add(ctx, builder, stratum, w, persons[w]);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_builder_finish(ctx, builder, &overlap);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_estimate(ctx, overlap, &options, &got);
    }
    traffstat_estimate_free(got);
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    static const int32_t methods[] = {TRAFFSTAT_OVERLAP_LOGLINEAR, TRAFFSTAT_OVERLAP_STEPWISE,
                                      TRAFFSTAT_OVERLAP_AVERAGE};
    for (size_t i = 0; i < 3; i++) {
        int32_t method = methods[i];
        assert_true(support_try_every_allocation(answer_all, &method) > 100);
    }
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_search_gives_the_best_model_and_those_behind_it),
        ONE(a_given_model_has_the_numbers_of_rcapture),
        ONE(two_lists_give_lincoln_and_petersen),
        ONE(an_average_lies_between_its_models),
        ONE(near_ties_have_the_known_factors),
        ONE(offsets_on_omitted_pairs_give_the_known_range),
        ONE(the_highest_interaction_moves_n_by_its_own_factor),
        ONE(a_list_that_carries_the_answer_is_named),
        ONE(a_bootstrap_leads_and_widens_where_it_disagrees),
        ONE(threads_change_no_byte_of_a_result_and_seeds_do),
        ONE(what_has_no_estimate_gets_no_number),
        ONE(a_model_of_unknown_lists_is_an_error),
        ONE(each_stratum_has_its_own_model),
        ONE(a_cancelled_call_gives_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("overlap_answer", tests, NULL, NULL);
}
