/* Places that are totals of other places: which are found, and what is done with them. */
#include <stdio.h>
#include <string.h>

#include "support/reading.h"

static result read_under(traffstat_ctx *ctx, traffstat_totals totals, const char *text)
{
    result r = {0};
    traffstat_reader *reader = NULL;
    r.status = traffstat_reader_new(ctx, &reader);
    if (r.status == TRAFFSTAT_OK) {
        r.status = traffstat_reader_set_totals(ctx, reader, totals);
    }
    if (r.status == TRAFFSTAT_OK) {
        r = read_with(ctx, reader, text);
    }
    traffstat_reader_free(reader);
    return r;
}

/* How often totals were listed, the records they cost, and what was got in example `which`. */
static int64_t listed(const result *r, size_t which, int64_t *rows, traffstat_example *example)
{
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(r->account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (strcmp(problem.code, "total_of_places") == 0) {
            *rows = problem.rows_dropped;
            assert_int_equal(traffstat_account_example(r->account, i, which, example),
                             TRAFFSTAT_OK);
            return problem.count;
        }
    }
    *rows = 0;
    return 0;
}

static int64_t total(const result *r)
{
    traffstat_cell cell;
    assert_int_equal(traffstat_account_total(r->account, &cell), TRAFFSTAT_OK);
    assert_int_equal(traffstat_account_rows_seen(r->account),
                     traffstat_account_rows_used(r->account) +
                         traffstat_account_rows_dropped(r->account));
    return cell.lower;
}

static const char named[] = "place,year,cases\n"
                            "Total,2017,12\nMissoula,2017,7\nHelena,2017,5\n"
                            "Total,2018,11\nMissoula,2018,8\nHelena,2018,3\n";

static void a_place_called_total_is_left_out(void **state)
{
    int64_t rows = 0;
    traffstat_example example;
    result r = read_under(*state, TRAFFSTAT_TOTALS_DROP, named);
    assert_ok(*state, r.status);
    assert_int_equal(listed(&r, 0, &rows, &example), 1);
    assert_int_equal(rows, 2);
    assert_int_equal(example.line, 2);
    assert_string_equal(example.got, "Total");
    assert_int_equal(traffstat_account_rows_used(r.account), 4);
    assert_int_equal(traffstat_panel_series(r.panel), 2);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "Missoula");
    assert_int_equal(total(&r), 23);
    drop(&r);
}

/* How many totals a file has, and what the first example says. */
static void assert_totals(traffstat_ctx *ctx, const char *text, int64_t want, const char *got)
{
    int64_t rows = 0;
    traffstat_example example;
    result r = read_under(ctx, TRAFFSTAT_TOTALS_DROP, text);
    assert_ok(ctx, r.status);
    assert_int_equal(listed(&r, 0, &rows, &example), want);
    if (want > 0) {
        assert_string_equal(example.got, got);
    }
    drop(&r);
}

static void a_sum_of_counts_between_bounds_is_a_total(void **state)
{
    assert_totals(*state,
                  "place,year,cases\nState,2016,410\nState,2017,523\nAda,2016,<5\nAda,2017,201\n"
                  "Bay,2016,250\nBay,2017,320\nCoe,2016,158\nCoe,2017,<5\n",
                  1, "State: in each year the sum of 3 places, Ada to Coe");
    assert_totals(*state,
                  "place,year,cases\nAda,2016,<5\nAda,2017,201\nBay,2016,250\nBay,2017,320\n"
                  "Coe,2016,158\nCoe,2017,<5\nState,2016,410\nState,2017,523\n",
                  1, "State: in each year the sum of 3 places, Ada to Coe");
    /* 413 is past what 250, 158 and fewer than 5 come to */
    assert_totals(*state,
                  "place,year,cases\nState,2016,413\nState,2017,523\nAda,2016,<5\nAda,2017,201\n"
                  "Bay,2016,250\nBay,2017,320\nCoe,2016,158\nCoe,2017,<5\n",
                  0, "");
    /* the others have a year that it has not */
    assert_totals(*state,
                  "place,year,cases\nState,2016,410\nAda,2016,<5\nAda,2017,201\nBay,2016,250\n"
                  "Coe,2016,158\n",
                  0, "");
    /* small counts meet wide bounds by chance, and one without an upper end meets any */
    assert_totals(*state,
                  "place,year,cases\nState,2016,7\nState,2017,9\nAda,2016,<5\nAda,2017,5\n"
                  "Bay,2016,5\nBay,2017,<5\n",
                  0, "");
    assert_totals(*state, "place,year,cases\nState,2016,41000\nAda,2016,9000+\nBay,2016,2000\n", 0,
                  "");
}

static void totals_may_be_kept_or_refused(void **state)
{
    int64_t rows = 0;
    traffstat_example example;
    result r = read_under(*state, TRAFFSTAT_TOTALS_KEEP, named);
    assert_ok(*state, r.status);
    assert_int_equal(listed(&r, 0, &rows, &example), 1);
    assert_int_equal(rows, 0);
    assert_string_equal(example.done, "kept");
    assert_int_equal(total(&r), 46);
    drop(&r);
    r = read_under(*state, TRAFFSTAT_TOTALS_ERROR, named);
    assert_int_equal(r.status, TRAFFSTAT_E_CONFLICT);
    assert_null(r.panel);
    assert_string_equal(traffstat_ctx_message(*state), "x.csv: a total among its parts: Total");
    drop(&r);
}

static void forms_of_the_word(void **state)
{
    static const struct {
        const char *name;
        int total;
    } names[] = {{"TOTAL", 1},      {"U.S. Total", 1},  {"Total, 50 states", 1},
                 {"All states", 1}, {"National", 1},    {"Grand total", 1},
                 {"Totality", 0},   {"Mototal", 0},     {"National City", 0},
                 {"Allentown", 0},  {"World's End", 0}, {"United States", 0}};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[128];
        int64_t rows = 0;
        traffstat_example example;
        (void) snprintf(text, sizeof text, "place,year,cases\nA,2017,7\n\"%s\",2017,8\nB,2017,9\n",
                        names[i].name);
        result r = read_under(*state, TRAFFSTAT_TOTALS_DROP, text);
        assert_ok(*state, r.status);
        if (listed(&r, 0, &rows, &example) != names[i].total) {
            fail_msg("\"%s\"", names[i].name);
        }
        drop(&r);
    }
}

/* Among states the United States are their total, among countries they are one. */
static void a_nation_is_a_total_among_its_states_only(void **state)
{
    int64_t rows = 0;
    traffstat_example example;
    result r =
        read_under(*state, TRAFFSTAT_TOTALS_DROP,
                   "place,year,cases\nUnited States,2017,20\nMontana,2017,7\nIdaho,2017,9\n");
    assert_int_equal(listed(&r, 0, &rows, &example), 1);
    assert_int_equal(total(&r), 16);
    drop(&r);
    r = read_under(*state, TRAFFSTAT_TOTALS_DROP,
                   "place,year,cases\nUnited States,2017,20\nCanada,2017,7\nMexico,2017,9\n");
    assert_int_equal(listed(&r, 0, &rows, &example), 0);
    drop(&r);
    r = read_under(*state, TRAFFSTAT_TOTALS_DROP, "place,year,cases\nTotal,2017,20\n");
    assert_int_equal(listed(&r, 0, &rows, &example), 0); /* of nothing else */
    assert_int_equal(total(&r), 20);
    drop(&r);
}

/* A nation of two states of counties, no word of which says so. Made up. */
static const char nested[] =
    "place,2010,2011,2012\n"
    "Land,1650,1710,1779\n"
    "North,1000,1050,1101\nNorth A,600,640,650\nNorth B,300,310,350\nNorth C,100,100,101\n"
    "South,650,660,678\nSouth A,400,390,400\nSouth B,250,270,278\n";

static void totals_of_totals_are_found_by_their_sums(void **state)
{
    int64_t rows = 0;
    traffstat_example example;
    result r = read_under(*state, TRAFFSTAT_TOTALS_DROP, nested);
    assert_ok(*state, r.status);
    assert_int_equal(listed(&r, 1, &rows, &example), 3);
    assert_int_equal(rows, 3);
    assert_string_equal(example.got, "North: in each year the sum of 3 places, North A to North C");
    assert_int_equal(example.line, 3);
    assert_int_equal(traffstat_account_rows_used(r.account), 5);
    assert_int_equal(traffstat_panel_series(r.panel), 5);
    assert_int_equal(total(&r), 1650 + 1710 + 1779);
    drop(&r);
}

static void sums_that_chance_can_make_are_no_totals(void **state)
{
    static const char *const texts[] = {
        "place,2010,2011\nA,3,5\nB,1,2\nC,2,3\n",            /* small numbers often add up */
        "place,2010,2011,2012\nA,9,9,9\nB,4,4,4\nC,5,5,5\n", /* one number is one coincidence */
        "place,2010,2011,2012\nA,1650,1710,1780\nB,1000,1050,1101\nC,650,660,678\n", /* 1 too many */
        "place,2010,2011,2012\nA,1650,1710,1779\nB,<1000,1050,1101\nC,650,660,678\n",
        "place,2010,2011,2012\nA,1650,1710,1779\nB,1650,1710,1779\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t rows = 0;
        traffstat_example example;
        result r = read_under(*state, TRAFFSTAT_TOTALS_DROP, texts[i]);
        assert_ok(*state, r.status);
        assert_int_equal(listed(&r, 0, &rows, &example), 0);
        drop(&r);
    }
}

/* Random places, a total among them at a random place of the file: it is found, and nothing else. */
static void a_total_is_found_wherever_it_stands(void **state)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        support_rng rng;
        char text[8000] = "place,2010,2011,2012\n";
        int64_t sums[3] = {0, 0, 0};
        int64_t counts[40][3];
        support_rng_init(&rng, seed);
        const int places = (int) support_rng_between(&rng, 4, 40);
        const int at = (int) support_rng_between(&rng, 0, places);
        for (int i = 0; i < places; i++) {
            for (int y = 0; y < 3; y++) {
                counts[i][y] = (int64_t) (3.0 / (support_rng_uniform(&rng) + 0.001));
                sums[y] += counts[i][y];
            }
        }
        size_t size = strlen(text);
        for (int i = 0; i <= places; i++) {
            if (i == at) {
                size += (size_t) snprintf(text + size, sizeof text - size,
                                          "Everything,%lld,%lld,%lld\n", (long long) sums[0],
                                          (long long) sums[1], (long long) sums[2]);
            }
            if (i < places) {
                size += (size_t) snprintf(text + size, sizeof text - size, "p%d,%lld,%lld,%lld\n",
                                          i, (long long) counts[i][0], (long long) counts[i][1],
                                          (long long) counts[i][2]);
            }
        }
        int64_t rows = 0;
        traffstat_example example;
        result r = read_under(*state, TRAFFSTAT_TOTALS_DROP, text);
        assert_ok(*state, r.status);
        assert_int_equal(listed(&r, 0, &rows, &example), 1);
        assert_int_equal(strncmp(example.got, "Everything: ", 12), 0);
        assert_int_equal(total(&r), sums[0] + sums[1] + sums[2]);
        drop(&r);
    }
}

/* What is left keeps its own losses. */
static void losses_stay_with_their_series(void **state)
{
    result r = read_under(*state, TRAFFSTAT_TOTALS_DROP,
                          "place,year,cases\nTotal,2017,9\nA,2017,7\nB,2017,dozens\nB,2018,2\n");
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 1), "B");
    assert_int_equal(traffstat_account_series_lost(r.account, 0), 0);
    assert_int_equal(traffstat_account_series_lost(r.account, 1), 1);
    assert_int_equal(traffstat_account_rows_used(r.account), 2);
    drop(&r);
}

static void wrong_policies_are_refused(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_int_equal(traffstat_reader_set_totals(*state, reader, 3), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_totals(*state, reader, -1), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_totals(*state, NULL, 0), TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
}

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    result r = read_under(ctx, TRAFFSTAT_TOTALS_DROP, arg);
    const traffstat_status status = r.status;
    drop(&r);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    char text[sizeof nested];
    memcpy(text, nested, sizeof text);
    assert_true(support_try_every_allocation(try_reading, text) > 30);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_place_called_total_is_left_out),
        TEST(a_sum_of_counts_between_bounds_is_a_total),
        TEST(totals_may_be_kept_or_refused),
        TEST(forms_of_the_word),
        TEST(a_nation_is_a_total_among_its_states_only),
        TEST(totals_of_totals_are_found_by_their_sums),
        TEST(sums_that_chance_can_make_are_no_totals),
        TEST(a_total_is_found_wherever_it_stands),
        TEST(losses_stay_with_their_series),
        TEST(wrong_policies_are_refused),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
