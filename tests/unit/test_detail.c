/* What a method says beside its rows: the tree, its JSON, and estimates whose rows are strata. */
#include <jansson.h>
#include <math.h>
#include <string.h>

#include <traffstat/estimate.h>
#include <traffstat/report.h>

#include "estimate/estimate.h"
#include "support/support.h"

static traffstat_status say(traffstat_ctx *ctx, traffstat_estimate **out)
{
    static const char *const labels[] = {"", "2018"};
    const double level = 0.95;
    const traffstat_i_estimate_plan plan = {.method = "pairs",
                                            .citation = "Chapman (1951)",
                                            .level = 0.95,
                                            .levels = &level,
                                            .level_count = 1,
                                            .noun = "stratum",
                                            .measure = "persons",
                                            .labels = labels,
                                            .row_count = 2};
    traffstat_status status = traffstat_i_estimate_new(ctx, &plan, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_detail *top = traffstat_i_estimate_details(*out);
    traffstat_i_detail_text(top, "model", "A:B");
    traffstat_i_detail_integer(top, "existence", 0);
    traffstat_i_detail_number(top, "deviance", 1.5);
    traffstat_i_detail_number(top, "aic", NAN);
    traffstat_i_detail_flag(top, "converged", true);
    traffstat_detail *models = traffstat_i_detail_list(top, "models");
    for (int i = 0; i < 2; i++) {
        traffstat_detail *model = traffstat_i_detail_object(models, NULL);
        traffstat_i_detail_integer(model, "rank", i + 1);
        traffstat_detail *limits = traffstat_i_detail_list(model, "limits");
        traffstat_i_detail_number(limits, NULL, 2.0);
        traffstat_i_detail_none(limits, NULL);
    }
    (void) traffstat_i_detail_object(top, "empty");
    traffstat_i_detail_number(traffstat_i_estimate_row_details(*out, 1), "se", 0.25);
    traffstat_estimate_row *row = traffstat_i_estimate_row(*out, 1);
    row->observed_lower = row->observed_upper = 12;
    row->estimate = 20.0;
    status = traffstat_i_estimate_finish(*out);
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(*out);
        *out = NULL;
    }
    return status;
}

static void a_tree_is_read_as_it_was_built(void **state)
{
    traffstat_estimate *estimate = NULL;
    assert_ok(*state, say(*state, &estimate));
    const traffstat_detail *top = traffstat_estimate_details(estimate);
    assert_int_equal(traffstat_detail_kind_of(top), TRAFFSTAT_DETAIL_OBJECT);
    assert_int_equal(traffstat_detail_size(top), 7);
    assert_string_equal(traffstat_detail_text(traffstat_detail_find(top, "model")), "A:B");
    assert_near(traffstat_detail_number(traffstat_detail_find(top, "deviance")), 1.5, 0.0);
    assert_int_equal(traffstat_detail_kind_of(traffstat_detail_find(top, "aic")),
                     TRAFFSTAT_DETAIL_NONE);
    assert_int_equal(traffstat_detail_integer(traffstat_detail_find(top, "converged")), 1);
    const traffstat_detail *models = traffstat_detail_find(top, "models");
    assert_int_equal(traffstat_detail_size(models), 2);
    const traffstat_detail *second = traffstat_detail_at(models, 1);
    assert_string_equal(traffstat_detail_name(traffstat_detail_at(second, 0)), "rank");
    assert_near(traffstat_detail_number(traffstat_detail_at(second, 0)), 2.0, 0.0);
    assert_null(traffstat_detail_at(models, 2));
    assert_null(traffstat_detail_find(top, "nothing"));
    assert_null(traffstat_estimate_row_details(estimate, 0));
    assert_near(traffstat_detail_number(
                    traffstat_detail_find(traffstat_estimate_row_details(estimate, 1), "se")),
                0.25, 0.0);
    assert_string_equal(traffstat_detail_kind_name(TRAFFSTAT_DETAIL_LIST), "list");
    assert_string_equal(traffstat_detail_kind_name(99), "unknown");
    traffstat_estimate_free(estimate);
}

static void no_node_is_a_node_without_a_value(void **state)
{
    (void) state;
    assert_int_equal(traffstat_detail_kind_of(NULL), TRAFFSTAT_DETAIL_NONE);
    assert_int_equal(traffstat_detail_size(NULL), 0);
    assert_null(traffstat_detail_at(NULL, 0));
    assert_null(traffstat_detail_find(NULL, "x"));
    assert_string_equal(traffstat_detail_name(NULL), "");
    assert_string_equal(traffstat_detail_text(NULL), "");
    assert_int_equal(traffstat_detail_integer(NULL), 0);
    assert_true(isnan(traffstat_detail_number(NULL)));
    assert_null(traffstat_estimate_details(NULL));
    assert_null(traffstat_estimate_row_details(NULL, 0));
}

static void json_has_the_tree_beside_the_fixed_keys(void **state)
{
    traffstat_estimate *estimate = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, say(*state, &estimate));
    assert_ok(*state, traffstat_estimate_json(*state, estimate, &text));
    json_t *root = json_loads(traffstat_text_data(text), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_string_equal(json_string_value(json_object_get(root, "model")), "A:B");
    assert_true(json_is_null(json_object_get(root, "aic")));
    assert_true(json_is_true(json_object_get(root, "converged")));
    assert_int_equal(json_object_size(json_object_get(root, "empty")), 0);
    const json_t *models = json_object_get(root, "models");
    assert_int_equal(json_array_size(models), 2);
    const json_t *limits = json_object_get(json_array_get(models, 1), "limits");
    assert_near(json_number_value(json_array_get(limits, 0)), 2.0, 0.0);
    assert_true(json_is_null(json_array_get(limits, 1)));
    const json_t *rows = json_object_get(root, "rows");
    assert_int_equal(json_array_size(rows), 2);
    assert_true(json_is_null(json_object_get(json_array_get(rows, 0), "stratum")));
    assert_null(json_object_get(json_array_get(rows, 0), "series"));
    assert_null(json_object_get(json_array_get(rows, 0), "year"));
    assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 1), "stratum")),
                        "2018");
    assert_near(json_number_value(json_object_get(json_array_get(rows, 1), "se")), 0.25, 0.0);
    json_decref(root);
    traffstat_text_free(text);
    traffstat_estimate_free(estimate);
}

static void strata_need_no_panel_in_text_and_csv(void **state)
{
    traffstat_estimate *estimate = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, say(*state, &estimate));
    assert_string_equal(traffstat_estimate_row_noun(estimate), "stratum");
    assert_string_equal(traffstat_estimate_row_label(estimate, 1), "2018");
    assert_string_equal(traffstat_estimate_row_measure(estimate, 1), "");
    assert_ok(*state, traffstat_estimate_csv(*state, estimate, &text));
    assert_non_null(strstr(traffstat_text_data(text), "stratum,observed_lower,"));
    assert_non_null(strstr(traffstat_text_data(text), "\n2018,12,12,20,"));
    traffstat_text_free(text);
    assert_ok(*state, traffstat_estimate_text(*state, NULL, estimate, &text));
    assert_non_null(strstr(traffstat_text_data(text), "\n  2018 "));
    assert_null(strstr(traffstat_text_data(text), "year"));
    traffstat_text_free(text);
    traffstat_estimate_free(estimate);
}

static traffstat_status attempt(traffstat_ctx *ctx, void *user)
{
    (void) user;
    traffstat_estimate *estimate = NULL;
    const traffstat_status status = say(ctx, &estimate);
    assert_true((status == TRAFFSTAT_OK) == (estimate != NULL));
    traffstat_estimate_free(estimate);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(attempt, NULL) > 25);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_tree_is_read_as_it_was_built),
        ONE(no_node_is_a_node_without_a_value),
        ONE(json_has_the_tree_beside_the_fixed_keys),
        ONE(strata_need_no_panel_in_text_and_csv),
        ONE(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("detail", tests, NULL, NULL);
}
