/* Columns beside the counts: which rows they belong to, what becomes of words, what is refused. */
#include <math.h>
#include <string.h>

#include <traffstat/read.h>

#include "support/support.h"
#include "table/table.h"

static const char counts[] = "place,year,cases,zone,income,looked up,found\n"
                             "Ada,2017,7,West,1.5,10,6\n"
                             "Ada,2018,8,West,2.5,,\n"
                             "Bea,2017,3,East,-1,5,5\n"
                             "Bea,2018,4,East,0,0,0\n"
                             "Cid,2017,1,North,3,2,1\n";

typedef struct got {
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    traffstat_panel *panel;
    traffstat_covariates *read;
    traffstat_account *account;
    traffstat_status status;
} got;

/* Counts of one file and columns of another (NULL: the same). */
static got read_beside(traffstat_ctx *ctx, const char *counted, const char *other,
                       const char *const *names, size_t count, traffstat_covariate_kind kind)
{
    got g = {.status = TRAFFSTAT_OK};
    support_temp_folder(g.folder);
    support_path(g.path, g.folder, "counts.csv");
    support_write(g.path, counted, strlen(counted));
    g.status = traffstat_read_path(ctx, NULL, g.path, &g.panel, NULL);
    if (other != NULL) {
        support_path(g.path, g.folder, "others.csv");
        support_write(g.path, other, strlen(other));
    }
    if (g.status == TRAFFSTAT_OK) {
        g.status = traffstat_i_account_new(ctx, 5, &g.account);
    }
    if (g.status == TRAFFSTAT_OK) {
        g.status = traffstat_read_covariates(ctx, NULL, g.path, g.panel, names, count, kind,
                                             g.account, &g.read);
    }
    return g;
}

static void drop(got *g)
{
    traffstat_covariates_free(g->read);
    traffstat_account_free(g->account);
    traffstat_panel_free(g->panel);
    support_remove_folder(g->folder);
}

static double value(const got *g, size_t row, size_t column)
{
    return traffstat_covariates_values(
        g->read)[row * traffstat_covariates_columns(g->read) + column];
}

static void numbers_stand_in_the_order_of_the_panel(void **state)
{
    static const char *const names[] = {"Income"};
    static const double want[] = {1.5, 2.5, -1.0, 0.0, 3.0};
    got g = read_beside(*state, counts, NULL, names, 1, TRAFFSTAT_COVARIATE_VALUES);
    assert_ok(*state, g.status);
    assert_int_equal(traffstat_covariates_rows(g.read), 5);
    assert_int_equal(traffstat_covariates_columns(g.read), 1);
    assert_string_equal(traffstat_covariates_name(g.read, 0), "income");
    assert_string_equal(traffstat_covariates_baseline(g.read, 0), "");
    for (size_t row = 0; row < 5; row++) {
        assert_near(value(&g, row, 0), want[row], 0.0);
        assert_int_equal(traffstat_covariates_known(g.read, row), 1);
    }
    assert_int_equal(traffstat_account_problems(g.account), 0);
    drop(&g);
}

static void words_become_indicators_beside_a_baseline(void **state)
{
    static const char *const names[] = {"zone", "income"};
    got g = read_beside(*state, counts, NULL, names, 2, TRAFFSTAT_COVARIATE_VALUES);
    assert_ok(*state, g.status);
    assert_int_equal(traffstat_covariates_columns(g.read), 3);
    assert_string_equal(traffstat_covariates_name(g.read, 0), "zone=North");
    assert_string_equal(traffstat_covariates_name(g.read, 1), "zone=West");
    assert_string_equal(traffstat_covariates_baseline(g.read, 1), "East");
    assert_int_equal(traffstat_covariates_asked(g.read, 1), 0);
    assert_int_equal(traffstat_covariates_asked(g.read, 2), 1);
    assert_near(value(&g, 0, 1), 1.0, 0.0);
    assert_near(value(&g, 0, 0), 0.0, 0.0);
    assert_near(value(&g, 2, 1), 0.0, 0.0);
    assert_near(value(&g, 4, 0), 1.0, 0.0);
    drop(&g);
}

static void a_baseline_may_be_named_and_makes_words_of_numbers(void **state)
{
    static const char *const west[] = {"zone=West"};
    static const char *const zero[] = {"income=0"};
    static const char *const none[] = {"zone=South"};
    got g = read_beside(*state, counts, NULL, west, 1, TRAFFSTAT_COVARIATE_VALUES);
    assert_ok(*state, g.status);
    assert_string_equal(traffstat_covariates_name(g.read, 0), "zone=East");
    assert_string_equal(traffstat_covariates_baseline(g.read, 0), "West");
    drop(&g);
    g = read_beside(*state, counts, NULL, zero, 1, TRAFFSTAT_COVARIATE_VALUES);
    assert_ok(*state, g.status);
    assert_int_equal(traffstat_covariates_columns(g.read), 4);
    assert_string_equal(traffstat_covariates_name(g.read, 0), "income=-1");
    drop(&g);
    g = read_beside(*state, counts, NULL, none, 1, TRAFFSTAT_COVARIATE_VALUES);
    assert_int_equal(g.status, TRAFFSTAT_E_VALUE);
    assert_null(g.read);
    assert_non_null(strstr(traffstat_ctx_message(*state), "South"));
    drop(&g);
}

static void another_file_is_joined_by_name_and_without_years_holds_in_all(void **state)
{
    static const char *const names[] = {"beds"};
    static const char other[] = "place,beds\nBEA,4\nada,9\nZoe,\n";
    got g = read_beside(*state, counts, other, names, 1, TRAFFSTAT_COVARIATE_VALUES);
    traffstat_problem problem;
    traffstat_example example;
    assert_ok(*state, g.status);
    assert_near(value(&g, 0, 0), 9.0, 0.0);
    assert_near(value(&g, 1, 0), 9.0, 0.0);
    assert_near(value(&g, 3, 0), 4.0, 0.0);
    assert_true(isnan(value(&g, 4, 0)));
    assert_int_equal(traffstat_covariates_known(g.read, 4), 0);
    assert_int_equal(traffstat_account_problems(g.account), 1);
    assert_ok(*state, traffstat_account_problem(g.account, 0, &problem));
    assert_string_equal(problem.code, "covariate_unmatched");
    assert_ok(*state, traffstat_account_example(g.account, 0, 0, &example));
    assert_string_equal(example.got, "Cid: 2017");
    drop(&g);
}

static void a_missing_value_is_an_error_at_its_place(void **state)
{
    static const char *const names[] = {"looked up"};
    got g = read_beside(*state, counts, NULL, names, 1, TRAFFSTAT_COVARIATE_VALUES);
    assert_int_equal(g.status, TRAFFSTAT_E_VALUE);
    assert_int_equal(traffstat_ctx_error_line(*state), 3);
    assert_int_equal(traffstat_ctx_error_column(*state), 6);
    assert_non_null(strstr(traffstat_ctx_message(*state), "counts.csv:3: looked up"));
    drop(&g);
}

static void a_missing_value_beside_no_count_is_none(void **state)
{
    static const char *const names[] = {"income", "zone"};
    static const char some[] =
        "place,year,cases,income,zone\nA,2017,NA,,\nA,2018,2,3,x\nB,2018,1,4,y\n";
    got g = read_beside(*state, some, NULL, names, 2, TRAFFSTAT_COVARIATE_VALUES);
    assert_ok(*state, g.status);
    assert_int_equal(traffstat_covariates_columns(g.read), 2);
    assert_true(isnan(value(&g, 0, 0)));
    assert_true(isnan(value(&g, 0, 1)));
    assert_int_equal(traffstat_covariates_known(g.read, 0), 0);
    assert_near(value(&g, 2, 1), 1.0, 0.0);
    drop(&g);
}

static void counts_add_up_and_blanks_are_none(void **state)
{
    static const char *const names[] = {"found", "looked up"};
    static const char other[] = "place,year,found,looked up\n"
                                "Ada,2017,2,4\nAda,2017,3,5\nBea,2018,,\nCid,2020,1,1\n";
    got g = read_beside(*state, counts, other, names, 2, TRAFFSTAT_COVARIATE_COUNTS);
    assert_ok(*state, g.status);
    assert_near(value(&g, 0, 0), 5.0, 0.0);
    assert_near(value(&g, 0, 1), 9.0, 0.0);
    assert_near(value(&g, 1, 0), 0.0, 0.0);
    assert_near(value(&g, 3, 1), 0.0, 0.0);
    assert_int_equal(traffstat_covariates_known(g.read, 3), 1);
    assert_int_equal(traffstat_covariates_known(g.read, 4), 0);
    drop(&g);
}

static void what_cannot_be_meant_is_refused(void **state)
{
    static const struct {
        const char *other;
        const char *name;
        traffstat_covariate_kind kind;
        traffstat_status status;
        const char *says;
    } bad[] = {
        {"place,beds\nAda,4\nAda,5\n", "beds", 0, TRAFFSTAT_E_CONFLICT, "line 2"},
        {"place,beds\nAda,4\nBea,5\nCid,few\n", "beds", 0, TRAFFSTAT_E_VALUE, "a number"},
        {"place,beds\nAda,x\nBea,x\n", "beds", 0, TRAFFSTAT_E_VALUE, "every row"},
        {"place,beds\nAda,4\n", "bads", 0, TRAFFSTAT_E_COLUMN, "nearest name is \"beds\""},
        {"place,beds,beds\nAda,4,5\n", "beds", 0, TRAFFSTAT_E_COLUMN, "two columns"},
        {"place,beds\nAda,4.5\n", "beds", 1, TRAFFSTAT_E_VALUE, "whole number"},
        {"place,beds\nAda,-4\n", "beds", 1, TRAFFSTAT_E_VALUE, "whole number"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        got g = read_beside(*state, counts, bad[i].other, &bad[i].name, 1, bad[i].kind);
        assert_int_equal(g.status, bad[i].status);
        assert_null(g.read);
        assert_non_null(strstr(traffstat_ctx_message(*state), bad[i].says));
        drop(&g);
    }
}

static void a_name_of_two_places_belongs_to_neither(void **state)
{
    static const char *const names[] = {"beds"};
    static const char keyed[] = "fips,county,year,cases\n1,Lake,2017,2\n2,Lake,2017,3\n";
    got g =
        read_beside(*state, keyed, "county,beds\nLake,4\n", names, 1, TRAFFSTAT_COVARIATE_VALUES);
    assert_ok(*state, g.status);
    assert_int_equal(traffstat_covariates_known(g.read, 0), 0);
    assert_int_equal(traffstat_covariates_known(g.read, 1), 0);
    drop(&g);
    g = read_beside(*state, keyed, "fips,beds\n2,4\n1,7\n", names, 1, TRAFFSTAT_COVARIATE_VALUES);
    assert_ok(*state, g.status);
    assert_near(value(&g, 0, 0), 7.0, 0.0);
    assert_near(value(&g, 1, 0), 4.0, 0.0);
    drop(&g);
}

static void a_summed_panel_is_joined_by_what_it_was_summed_by(void **state)
{
    static const char *const names[] = {"beds"};
    static const char text[] = "place,st,year,cases,beds\n"
                               "Ada,MT,2017,7,3\nBea,MT,2017,3,3\nMT,ID,2017,1,8\n";
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    traffstat_reader *reader = NULL;
    traffstat_panel *panel = NULL;
    got g = {.status = TRAFFSTAT_OK};
    support_temp_folder(folder);
    support_path(path, folder, "counts.csv");
    support_write(path, text, strlen(text));
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_by(*state, reader, "st"));
    assert_ok(*state, traffstat_read_path(*state, reader, path, &panel, NULL));
    assert_ok(*state, traffstat_panel_aggregate(*state, panel, TRAFFSTAT_BY_GROUP, &g.panel));
    assert_ok(*state, traffstat_read_covariates(*state, reader, path, g.panel, names, 1,
                                                TRAFFSTAT_COVARIATE_VALUES, NULL, &g.read));
    assert_int_equal(traffstat_covariates_rows(g.read), 2);
    assert_near(value(&g, 0, 0), 3.0, 0.0);
    assert_near(value(&g, 1, 0), 8.0, 0.0);
    traffstat_covariates_free(g.read);
    traffstat_panel_free(g.panel);
    traffstat_panel_free(panel);
    traffstat_reader_free(reader);
    support_remove_folder(folder);
}

typedef struct attempt {
    const char *path;
} attempt;

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    static const char *const names[] = {"zone", "income"};
    const attempt *a = arg;
    traffstat_panel *panel = NULL;
    traffstat_covariates *read = NULL;
    traffstat_status status = traffstat_read_path(ctx, NULL, a->path, &panel, NULL);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_read_covariates(ctx, NULL, a->path, panel, names, 2, 0, NULL, &read);
    }
    traffstat_covariates_free(read);
    traffstat_panel_free(panel);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    (void) state;
    support_temp_folder(folder);
    support_path(path, folder, "counts.csv");
    support_write(path, counts, strlen(counts));
    attempt a = {path};
    assert_true(support_try_every_allocation(try_reading, &a) > 20);
    support_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_in_the_order_of_the_panel),
        cmocka_unit_test(words_become_indicators_beside_a_baseline),
        cmocka_unit_test(a_baseline_may_be_named_and_makes_words_of_numbers),
        cmocka_unit_test(another_file_is_joined_by_name_and_without_years_holds_in_all),
        cmocka_unit_test(a_missing_value_is_an_error_at_its_place),
        cmocka_unit_test(a_missing_value_beside_no_count_is_none),
        cmocka_unit_test(counts_add_up_and_blanks_are_none),
        cmocka_unit_test(what_cannot_be_meant_is_refused),
        cmocka_unit_test(a_name_of_two_places_belongs_to_neither),
        cmocka_unit_test(a_summed_panel_is_joined_by_what_it_was_summed_by),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
