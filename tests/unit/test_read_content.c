/* What a reading says of the content: divisors, populations. */
#include <stdio.h>
#include <string.h>

#include "support/reading.h"

static void assert_says(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", text, part);
    }
}

/* ---- divisors ------------------------------------------------------------------------------- */

/* Four places of a release in which every count was multiplied, as in the 2013-2021 file of the FBI,
 * where Missoula has 64, 128 and 64; and one that was not. */
static const char multiplied[] = "place,year,cases\n"
                                 "Allen,2017,64\nAllen,2018,384\n"
                                 "Missoula,2017,64\nMissoula,2018,128\nMissoula,2019,64\n"
                                 "Memphis,2017,192\nMemphis,2018,0\n"
                                 "Tempe,2017,NA\nTempe,2018,<5\n"
                                 "Juneau,2017,90\nJuneau,2018,45\n";

static void a_multiplied_release_is_named_with_its_divisor_and_places(void **state)
{
    traffstat_example whole;
    traffstat_example one;
    result r = read_with(*state, NULL, multiplied);
    assert_int_equal(r.status, TRAFFSTAT_OK);
    assert_int_equal(times(r.account, "common_divisor", 0, &whole), 4); /* the file, three places */
    assert_says(whole.got, "6 of 8 counts are multiples of 64");
    assert_says(whole.got, "Allen, Missoula, Memphis");
    assert_int_equal(whole.line, 0);
    assert_int_equal(times(r.account, "common_divisor", 2, &one), 4);
    assert_string_equal(one.got, "Missoula: 64, 128, 64: all multiples of 64");
    assert_int_equal(one.line, 4);
    assert_int_equal(times(r.account, "common_divisor", 3, &one), 4);
    assert_string_equal(one.got, "Memphis: 192: a multiple of 64");
    assert_int_equal(traffstat_account_rows_used(r.account), 11);
    drop(&r);
}

static void one_series_is_judged_by_the_length_of_its_coincidence(void **state)
{
    result r =
        read_with(*state, NULL, "place,year,cases\nA,2015,60\nA,2016,180\nA,2017,240\nA,2018,60\n");
    traffstat_example example;
    assert_int_equal(times(r.account, "common_divisor", 0, &example), 1);
    assert_string_equal(example.got, "A: 60, 180, 240, 60: all multiples of 60");
    drop(&r);
    /* 2 and 4 and 6 and 8 happen: (1/2)^4 and more */
    r = read_with(*state, NULL, "place,year,cases\nA,2015,2\nA,2016,4\nA,2017,6\nA,2018,8\n");
    assert_int_equal(times(r.account, "common_divisor", 0, NULL), 0);
    drop(&r);
}

static void equal_counts_say_nothing_of_a_divisor(void **state)
{
    result r = read_with(*state, NULL,
                         "place,year,cases\nA,2014,12\nA,2015,12\nA,2016,12\nA,2017,12\n"
                         "B,2014,12\nB,2015,12\nB,2016,12\nB,2017,12\n");
    assert_int_equal(times(r.account, "common_divisor", 0, NULL), 0);
    drop(&r);
}

/* Counts that fall off as real ones do, in many series: the rule must be silent. */
static void honest_counts_are_left_alone(void **state)
{
    char text[40000] = "place,year,cases\n";
    for (uint64_t seed = 1; seed <= 20; seed++) {
        support_rng rng;
        size_t size = strlen("place,year,cases\n");
        support_rng_init(&rng, seed);
        for (int place = 0; place < 300; place++) {
            for (int year = 2014; year < 2020; year++) {
                const double u = support_rng_uniform(&rng);
                size += (size_t) snprintf(text + size, sizeof text - size, "p%d,%d,%d\n", place,
                                          year, (int) (1.0 / (u + 0.002)));
            }
        }
        result r = read_with(*state, NULL, text);
        assert_int_equal(r.status, TRAFFSTAT_OK);
        assert_int_equal(times(r.account, "common_divisor", 0, NULL), 0);
        drop(&r);
    }
}

static uint32_t flags_of(const result *r, const char *place, int32_t year)
{
    for (size_t i = 0; i < traffstat_panel_series(r->panel); i++) {
        if (strcmp(traffstat_panel_jurisdiction(r->panel, i), place) == 0) {
            const size_t row = traffstat_panel_find(r->panel, i, year);
            assert_true(row != TRAFFSTAT_NONE);
            return traffstat_panel_flags(r->panel)[row];
        }
    }
    fail_msg("there is no %s", place);
    return 0;
}

static void counts_that_share_a_divisor_carry_a_flag(void **state)
{
    result r = read_with(*state, NULL, multiplied);
    assert_int_equal(flags_of(&r, "Missoula", 2018), TRAFFSTAT_FLAG_COMMON_DIVISOR);
    assert_int_equal(flags_of(&r, "Memphis", 2017), TRAFFSTAT_FLAG_COMMON_DIVISOR);
    assert_int_equal(flags_of(&r, "Memphis", 2018), 0); /* zero is a multiple of everything */
    assert_int_equal(flags_of(&r, "Juneau", 2017), 0);
    drop(&r);
}

/* All examples of a divisor are kept: each place has to find its own. */
static void every_place_of_a_multiplied_file_is_an_example(void **state)
{
    char text[8000] = "place,year,cases\n";
    size_t size = strlen(text);
    for (int i = 0; i < 40; i++) {
        size += (size_t) snprintf(text + size, sizeof text - size, "p%d,2017,%d\np%d,2018,64\n", i,
                                  64 * (i % 9 + 1), i);
    }
    traffstat_example example;
    result r = read_with(*state, NULL, text);
    assert_int_equal(times(r.account, "common_divisor", 40, &example), 41);
    assert_string_equal(example.got, "p39: 256, 64: all multiples of 64");
    drop(&r);
}

/* "3.28M" and "400k": figures that are rounded have zeros at their ends, and no divisor to speak of.
 * The file is said to be rounded, once and without names. */
static void rounded_figures_are_not_multiplied_ones(void **state)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        char text[60000] = "place,year,cases\n";
        size_t size = strlen(text);
        support_rng rng;
        support_rng_init(&rng, seed);
        for (int place = 0; place < 80; place++) {
            for (int year = 2000; year < 2012; year++) {
                size +=
                    (size_t) snprintf(text + size, sizeof text - size, "p%d,%d,%lld\n", place, year,
                                      (long long) support_rng_between(&rng, 1, 900) * 10000);
            }
        }
        traffstat_example example;
        result r = read_with(*state, NULL, text);
        assert_int_equal(times(r.account, "common_divisor", 0, NULL), 0);
        assert_int_equal(times(r.account, "rounded_counts", 0, &example), 1);
        assert_string_equal(example.got, "960 of 960 counts are multiples of 10000");
        drop(&r);
    }
}

/* A multiplied release may be rounded too: the divisor is found behind the zeros. */
static void a_divisor_is_found_behind_rounding(void **state)
{
    char text[8000] = "place,year,cases\n";
    size_t size = strlen(text);
    for (int i = 0; i < 60; i++) {
        size += (size_t) snprintf(text + size, sizeof text - size, "p%d,2017,%d\n", i,
                                  700 * (i % 9 + 1));
    }
    traffstat_example example;
    result r = read_with(*state, NULL, text);
    assert_int_equal(times(r.account, "rounded_counts", 0, NULL), 1);
    assert_true(times(r.account, "common_divisor", 0, &example) > 50);
    assert_says(example.got, "counts are multiples of 7;");
    drop(&r);
}

/* People like even numbers. A small excess of them in a large file is no multiplied release. */
static void a_small_excess_is_no_divisor(void **state)
{
    static char text[400000] = "place,year,cases\n";
    size_t size = strlen(text);
    support_rng rng;
    support_rng_init(&rng, 7);
    for (int i = 0; i < 10000; i++) {
        int64_t count = support_rng_between(&rng, 1, 60);
        count += count % 2 != 0 && support_rng_uniform(&rng) < 0.3 ? 1 : 0;
        size += (size_t) snprintf(text + size, sizeof text - size, "p%d,%d,%lld\n", i / 2,
                                  2017 + i % 2, (long long) count);
    }
    result r = read_with(*state, NULL, text);
    assert_int_equal(times(r.account, "common_divisor", 0, NULL), 0);
    drop(&r);
}

static void strict_readers_refuse_a_multiplied_file(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
    result r = read_with(*state, reader,
                         "place,year,cases\nA,2015,60\nA,2016,180\nA,2017,240\nA,2018,60\n");
    assert_int_equal(r.status, TRAFFSTAT_E_VALUE);
    assert_null(r.panel);
    assert_says(traffstat_ctx_message(*state), "all multiples of 60");
    drop(&r);
    traffstat_reader_free(reader);
}

/* ---- populations ---------------------------------------------------------------------------- */

static void more_cases_than_people_are_reported_and_kept(void **state)
{
    result r = read_with(*state, NULL,
                         "place,year,cases,population\nA,2015,61112019,40000\nB,2015,7,40000\n"
                         "C,2015,9,\nD,2015,5,5\n");
    traffstat_example example;
    assert_int_equal(times(r.account, "count_exceeds_population", 0, &example), 1);
    assert_string_equal(example.got, "A 2015: 61112019 cases among 40000");
    assert_int_equal(example.line, 2);
    assert_int_equal(traffstat_panel_rows(r.panel), 4);
    drop(&r);
}

/* ---- counts beyond the others --------------------------------------------------------------- */

/* Codes of a questionnaire that were read as counts, as "6,112,019" in a file of the UN. */
static void counts_far_beyond_all_others_are_flagged(void **state)
{
    char text[4000] = "place,year,cases\n";
    size_t size = strlen(text);
    for (int i = 1; i <= 60; i++) {
        size += (size_t) snprintf(text + size, sizeof text - size, "p%d,2017,%d\n", i, i * i);
    }
    (void) snprintf(text + size, sizeof text - size, "odd,2016,6112019\nodd,2017,6112020\n");
    traffstat_example example;
    result r = read_with(*state, NULL, text);
    assert_int_equal(times(r.account, "implausible_count", 0, &example), 2);
    assert_string_equal(example.got, "odd 2016: 6112019");
    assert_int_equal(example.line, 62);
    assert_int_equal(flags_of(&r, "odd", 2017), TRAFFSTAT_FLAG_DOUBTFUL);
    assert_int_equal(flags_of(&r, "p60", 2017), 0);
    drop(&r);
    /* a factor of 99 is none of 100, and a few counts are no yardstick */
    (void) snprintf(text + size, sizeof text - size, "odd,2016,%d\n", 3600 * 99);
    r = read_with(*state, NULL, text);
    assert_int_equal(times(r.account, "implausible_count", 0, NULL), 0);
    drop(&r);
    r = read_with(*state, NULL, "place,year,cases\nA,2016,1\nB,2016,3\nC,2016,6112019\n");
    assert_int_equal(times(r.account, "implausible_count", 0, NULL), 0);
    drop(&r);
}

static void more_cleared_than_counted_is_listed(void **state)
{
    traffstat_example example;
    result r = read_with(*state, NULL,
                         "key,place,year,measure,cases\n1,A,2017,offences,7\n1,A,2017,cleared,8\n"
                         "1,A,2018,cleared,3\n1,A,2018,offences,3\n2,A,2017,cleared,9\n"
                         "3,B,2017,offences,<5\n3,B,2017,cleared,4\n");
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "cleared_exceeds_counted", 0, &example), 1);
    assert_string_equal(example.got, "A 2017: 8 cleared of 7");
    assert_int_equal(example.line, 3);
    drop(&r);
}

/* The FBI's columns: of several measures only the offences are read. */
#define FBI "DATA_YEAR,ORI,PUB_AGENCY_NAME,OFFENSE_SUBCAT_NAME,ACTUAL_COUNT,CLEARED_COUNT\n"

static void more_cleared_than_counted_is_seen_in_a_column_that_is_not_read(void **state)
{
    traffstat_example example;
    result r = read_with(*state, NULL,
                         FBI "2017,A,Ada,sex,2,1\n2017,A,Ada,sex,1,3\n2018,A,Ada,sex,2,2\n"
                             "2017,B,Bay,sex,,4\n2017,C,Coe,sex,<5,4\n2018,C,Coe,sex,1,\n"
                             "2017,D,Dale,sex,1,5\n2017,D,Dale,sex,3,NA\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_series(r.panel), 4);
    assert_int_equal(times(r.account, "cleared_exceeds_counted", 0, &example), 1);
    assert_string_equal(example.got, "Ada 2017: 4 cleared of 3");
    assert_int_equal(example.line, 2);
    drop(&r);
}

static void the_policy_for_duplicates_concerns_what_was_cleared_too(void **state)
{
    static const char text[] = "place,year,offences,cleared\nA,2017,2,9\nA,2017,8,7\n";
    static const traffstat_duplicates how[] = {TRAFFSTAT_DUPLICATES_SUM, TRAFFSTAT_DUPLICATES_FIRST,
                                               TRAFFSTAT_DUPLICATES_LAST};
    static const char *const got[] = {"A 2017: 16 cleared of 10", "A 2017: 9 cleared of 2", NULL};
    for (size_t i = 0; i < 3; i++) {
        traffstat_example example;
        traffstat_reader *reader = NULL;
        assert_ok(*state, traffstat_reader_new(*state, &reader));
        assert_ok(*state, traffstat_reader_set_duplicates(*state, reader, how[i]));
        assert_ok(*state, traffstat_reader_set_measure(*state, reader, "offences"));
        result r = read_with(*state, reader, text);
        assert_ok(*state, r.status);
        assert_int_equal(times(r.account, "cleared_exceeds_counted", 0, &example),
                         got[i] != NULL ? 1 : 0);
        if (got[i] != NULL) {
            assert_string_equal(example.got, got[i]);
        }
        drop(&r);
        traffstat_reader_free(reader);
    }
}

/* The tidy form holds what a correction came to: it was listed when it was read. */
static void strict_readers_take_the_tidy_form_of_a_correction(void **state)
{
    traffstat_example example;
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
    result r = read_with(*state, reader, "place,year,cases\nA,2017,-3\n");
    assert_int_equal(r.status, TRAFFSTAT_E_VALUE);
    drop(&r);
    r = read_with(*state, reader, "place,year,cases_lower,cases_upper\nA,2017,-3,-3\nA,2018,1,1\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_lowers(r.panel)[0], -3);
    assert_int_equal(times(r.account, "negative_count", 0, &example), 1);
    assert_string_equal(example.done, "kept as the correction that it was read as");
    drop(&r);
    traffstat_reader_free(reader);
}

/* ---- sums ----------------------------------------------------------------------------------- */

static void assert_sum(traffstat_ctx *ctx, const char *text, traffstat_status want, int64_t sum)
{
    traffstat_cell total = {.lower = -77};
    result r = read_with(ctx, NULL, text);
    assert_ok(ctx, r.status);
    assert_int_equal(traffstat_account_total(r.account, &total), want);
    assert_int_equal(total.lower, want == TRAFFSTAT_OK ? sum : -77);
    drop(&r);
}

static void what_is_not_of_one_kind_has_no_sum(void **state)
{
    assert_sum(*state, "place,year,cases\nA,2017,3\nB,2017,4\n", TRAFFSTAT_OK, 7);
    assert_sum(*state, "place,year,cases,victims\nA,2017,3,5\n", TRAFFSTAT_E_CONFLICT, 0);
    assert_sum(*state, "place,year,measure,n\nA,2017,cases,3\nB,2017,arrests,4\n",
               TRAFFSTAT_E_CONFLICT, 0);
    assert_sum(*state, "place,year,source,cases\nA,2017,FBI,3\nA,2018,Polaris,4\n",
               TRAFFSTAT_E_CONFLICT, 0);
    /* parts of categories add up, their total is not added to them */
    assert_sum(*state, "place,year,category,cases\nA,2017,sex,3\nA,2017,work,4\n", TRAFFSTAT_OK, 7);
    assert_sum(*state, "place,year,category,cases\nA,2017,sex,3\nA,2017,work,4\nA,2017,Total,7\n",
               TRAFFSTAT_E_CONFLICT, 0);
    assert_sum(*state, "place,year,category,cases\nA,2017,sex,3\nB,2017,Total,7\n", TRAFFSTAT_OK,
               10);
}

static void a_series_that_lost_a_record_says_so(void **state)
{
    result r =
        read_with(*state, NULL, "place,year,cases\nA,2016,4\nA,2017,dozens\nB,2016,5\nB,2017,6\n");
    assert_int_equal(flags_of(&r, "A", 2016), TRAFFSTAT_FLAG_LOST);
    assert_int_equal(flags_of(&r, "B", 2016), 0);
    drop(&r);
}

/* ---- memory --------------------------------------------------------------------------------- */

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    result r = read_with(ctx, NULL, arg);
    const traffstat_status status = r.status;
    drop(&r);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    char text[sizeof multiplied];
    memcpy(text, multiplied, sizeof text);
    assert_true(support_try_every_allocation(try_reading, text) > 20);
    char kinds[] = "place,year,category,cases\nA,2017,sex,3\nA,2017,work,<5\nA,2017,Total,7\n"
                   "B,2017,sex,3\n";
    assert_true(support_try_every_allocation(try_reading, kinds) > 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_multiplied_release_is_named_with_its_divisor_and_places),
        TEST(one_series_is_judged_by_the_length_of_its_coincidence),
        TEST(equal_counts_say_nothing_of_a_divisor),
        TEST(honest_counts_are_left_alone),
        TEST(counts_that_share_a_divisor_carry_a_flag),
        TEST(every_place_of_a_multiplied_file_is_an_example),
        TEST(rounded_figures_are_not_multiplied_ones),
        TEST(a_divisor_is_found_behind_rounding),
        TEST(a_small_excess_is_no_divisor),
        TEST(counts_far_beyond_all_others_are_flagged),
        TEST(more_cleared_than_counted_is_listed),
        TEST(more_cleared_than_counted_is_seen_in_a_column_that_is_not_read),
        TEST(the_policy_for_duplicates_concerns_what_was_cleared_too),
        TEST(strict_readers_take_the_tidy_form_of_a_correction),
        TEST(what_is_not_of_one_kind_has_no_sum),
        TEST(a_series_that_lost_a_record_says_so),
        TEST(strict_readers_refuse_a_multiplied_file),
        TEST(more_cases_than_people_are_reported_and_kept),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
