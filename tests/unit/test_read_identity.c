/* Whose record it is: keys and names, columns to sum up to, records that are the same, files of two
 * vintages. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/reading.h"

static result read_by(traffstat_ctx *ctx, const char *by, const char *text)
{
    result r = {0};
    traffstat_reader *reader = NULL;
    r.status = traffstat_reader_new(ctx, &reader);
    if (r.status == TRAFFSTAT_OK) {
        r.status = traffstat_reader_set_by(ctx, reader, by);
    }
    if (r.status == TRAFFSTAT_OK) {
        r = read_with(ctx, reader, text);
    }
    traffstat_reader_free(reader);
    return r;
}

/* ---- columns to sum up to ------------------------------------------------------------------- */

static const char agencies[] = "ori,agency,state_name,year,offense,count\n"
                               "MT1,Missoula,Montana,2017,sex,1\nMT2,Helena,Montana,2017,work,2\n"
                               "MT1,Missoula,Montana,2018,sex,3\nID1,Boise,Idaho,2017,sex,4\n"
                               "ID1,Boise,Idaho,2017,sex,1\nFS1,Rangers,,2017,sex,5\n";

static void any_column_can_be_summed_up_to(void **state)
{
    traffstat_panel *sums = NULL;
    traffstat_cell cell;
    result r = read_by(*state, "State_Name", agencies);
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "duplicate_cell", 0, NULL), 1); /* of the agency */
    assert_ok(*state, traffstat_panel_aggregate(*state, r.panel, TRAFFSTAT_BY_GROUP, &sums));
    assert_int_equal(traffstat_panel_series(sums), 3);
    assert_string_equal(traffstat_panel_jurisdiction(sums, 0), "Montana");
    assert_string_equal(traffstat_panel_jurisdiction(sums, 2), "(blank)");
    assert_ok(*state, traffstat_panel_cell(sums, traffstat_panel_find(sums, 0, 2017), &cell));
    assert_int_equal(cell.lower, 3);
    assert_int_equal(cell.places, 2);
    assert_ok(*state, traffstat_panel_cell(sums, traffstat_panel_find(sums, 0, 2018), &cell));
    assert_true((cell.flags & TRAFFSTAT_FLAG_PARTIAL) != 0); /* Helena has no 2018 */
    assert_true(traffstat_panel_find(sums, 1, 2018) == TRAFFSTAT_NONE);
    traffstat_panel_free(sums);
    drop(&r);
}

static void a_column_to_sum_up_to_must_be_there_once(void **state)
{
    result r = read_by(*state, "state_nam", agencies);
    assert_int_equal(r.status, TRAFFSTAT_E_COLUMN);
    assert_string_equal(
        traffstat_ctx_message(*state),
        "x.csv has no column \"state_nam\" to sum up to; the nearest name is \"state_name\"");
    drop(&r);
    r = read_by(*state, "zone", "place,zone,zone,year,count\nA,1,2,2017,3\n");
    assert_int_equal(r.status, TRAFFSTAT_E_COLUMN);
    drop(&r);
    r = read_by(*state, "#3", "place,zone,zone,year,count\nA,x,y,2017,3\n");
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_panel_group(r.panel, 0), "y");
    drop(&r);
}

/* "--by state" where the state is one of two columns that could name the place, or the only one. */
static void the_column_summed_up_to_leaves_the_place_to_others(void **state)
{
    result r = read_by(*state, "state", "state,county,year,count\nMT,Missoula,2017,3\n");
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "Missoula");
    assert_string_equal(traffstat_panel_group(r.panel, 0), "MT");
    drop(&r);
    r = read_by(*state, "state", "state,year,count\nMT,2017,3\n");
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "MT");
    drop(&r);
}

/* ---- keys and names ------------------------------------------------------------------------- */

static void several_names_of_a_key_are_listed(void **state)
{
    traffstat_example example;
    result r = read_by(*state, NULL,
                       "key,place,year,category,cases\nM1,Missoula,2016,a,1\nM1,Missoula,2017,a,2\n"
                       "M1,MISSOULA PD,2018,a,3\nM1,Missoula Police,2019,a,3\n"
                       "H1,Helena,2016,a,3\nH1,City of Helena,2016,b,1\n");
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "name_variants", 0, &example), 2);
    assert_string_equal(example.got, "M1 is \"Missoula\" and \"MISSOULA PD\"");
    assert_int_equal(example.line, 4);
    assert_int_equal(times(r.account, "name_variants", 1, &example), 2);
    assert_string_equal(example.got, "H1 is \"City of Helena\" and \"Helena\"");
    assert_int_equal(traffstat_panel_series(r.panel), 3);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "Missoula");
    drop(&r);
}

static void several_keys_of_a_name_are_listed_and_kept_apart(void **state)
{
    traffstat_example example;
    result r = read_by(*state, NULL,
                       "key,place,year,cases\nA1,State Police:,2016,1\nB1,State Police:,2016,2\n"
                       "C1,State Police:,2016,4\nD1,State Police:,2016,8\nE1,State Police:,2016,1\n"
                       "F1,Helena,2016,1\n");
    assert_int_equal(times(r.account, "name_shared", 0, &example), 1);
    assert_string_equal(example.got, "\"State Police:\" has 5 keys: A1, B1, C1, D1 and others");
    assert_int_equal(traffstat_panel_series(r.panel), 6);
    drop(&r);
}

static void spellings_of_a_name_without_a_key_stay_apart(void **state)
{
    traffstat_example example;
    result r = read_by(*state, NULL,
                       "place,year,cases\nPARKER; TARRANT,2016,1\nTARRANT; PARKER,2017,2\n"
                       "St. Louis,2016,3\nSt Louis,2016,4\nHelena,2016,1\n");
    assert_int_equal(times(r.account, "name_variants", 0, &example), 2);
    assert_string_equal(example.got, "\"PARKER; TARRANT\" and \"TARRANT; PARKER\"");
    assert_string_equal(example.done, "kept apart");
    assert_int_equal(traffstat_panel_series(r.panel), 5);
    drop(&r);
}

/* ---- records that are the same -------------------------------------------------------------- */

static void identical_rows_are_counted_with_their_effect(void **state)
{
    traffstat_example example;
    result r = read_by(*state, NULL,
                       "place,year,cases,note\nA,2016,2,x\nA,2016,2,y\nA,2016,2,x\nA,2016,2,y\r\n"
                       "A,2016,2,x\nB,2016,<5,x\nB,2016,<5,x\nC,2016,1,\"two\nlines\"\n"
                       "C,2016,1,\"two\nlines\"");
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "duplicate_cell", 0, NULL), 6);
    assert_int_equal(times(r.account, "identical_rows", 0, &example), 5);
    assert_string_equal(example.got, "5 records are the same as an earlier one; without them the "
                                     "counts would sum to 5-9, not 12-20");
    assert_int_equal(example.line, 0);
    assert_int_equal(times(r.account, "identical_rows", 1, &example), 5);
    assert_int_equal(example.line, 4);
    drop(&r);
}

/* A record of several counts is the same or not as a whole. */
static void wide_records_repeat_as_a_whole(void **state)
{
    traffstat_example example;
    result r = read_by(*state, NULL, "place,2015,2016,2017\nA,1,2,3\nA,1,2,4\nA,1,2,3\nB,5,6,7\n");
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "identical_rows", 0, &example), 1);
    assert_string_equal(example.got,
                        "1 record is the same as an earlier one; without it the counts "
                        "would sum to 31, not 37");
    drop(&r);
    /* counts of two measures have no sum */
    r = read_by(*state, NULL, "place,year,cases,victims\nA,2015,1,2\nA,2015,1,2\n");
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "identical_rows", 0, &example), 1);
    assert_string_equal(example.got, "1 record is the same as an earlier one");
    drop(&r);
}

/* The check must not depend on how blocks of 64 KiB cut the records, and ends at 2^16 records. */
static void identical_rows_are_counted_in_long_files(void **state)
{
    const size_t most = 600000;
    char *text = malloc(most * 20);
    assert_non_null(text);
    size_t size = (size_t) snprintf(text, 40, "place,year,cases,serial\n");
    for (int i = 0; i < 20000; i++) {
        size += (size_t) snprintf(text + size, 20, "p%d,2016,1,%d\n", i % 7, i % 10000);
    }
    traffstat_example example;
    result r = read_by(*state, NULL, text);
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "identical_rows", 0, NULL),
                     0); /* 10000 is no multiple of 7 */
    drop(&r);
    size = (size_t) snprintf(text, 40, "place,year,cases,serial\n");
    for (int i = 0; i < 21000; i++) {
        size += (size_t) snprintf(text + size, 20, "p%d,2016,1,%d\n", i % 7, i % 7000);
    }
    r = read_by(*state, NULL, text);
    assert_int_equal(times(r.account, "identical_rows", 0, NULL), 14000);
    assert_int_equal(times(r.account, "identical_rows_unchecked", 0, NULL), 0);
    drop(&r);
    size = (size_t) snprintf(text, 40, "place,year,cases,serial\n");
    for (int i = 0; i < 70000; i++) {
        size += (size_t) snprintf(text + size, 20, "p,2016,1,%d\n", i);
    }
    r = read_by(*state, NULL, text);
    assert_int_equal(times(r.account, "identical_rows_unchecked", 0, &example), 1);
    assert_int_equal(example.line, 65536 + 3); /* the header, the first one, and as many as fit */
    drop(&r);
    free(text);
}

/* ---- files of two vintages ------------------------------------------------------------------ */

/* Two files in a folder of their own, and where they are. */
typedef struct releases {
    char folder[SUPPORT_PATH_SIZE];
    char paths[2][SUPPORT_PATH_SIZE];
} releases;

static void write_releases(releases *out)
{
    static const char *const texts[] = {
        "place,year,cases\nMissoula,2017,1\nMissoula,2017,1\nMissoula,2018,2\nHelena,2017,3\n"
        "Butte,2017,4\n",
        "place,year,cases\nMissoula,2017,64\nMissoula,2017,64\nMissoula,2018,128\nHelena,2017,12\n"
        "Butte,2018,400\n"};
    support_temp_folder(out->folder);
    for (size_t i = 0; i < 2; i++) {
        support_path(out->paths[i], out->folder, i == 0 ? "2020.csv" : "2021.csv");
        support_write(out->paths[i], texts[i], strlen(texts[i]));
    }
}

static result read_releases(traffstat_ctx *ctx, const releases *from)
{
    const char *const files[] = {from->paths[0], from->paths[1]};
    result r = {0};
    r.status = traffstat_read_paths(ctx, NULL, files, 2, &r.panel, &r.account);
    return r;
}

static void a_release_that_was_multiplied_is_told_from_the_one_before(void **state)
{
    releases two;
    traffstat_example example;
    write_releases(&two);
    result r = read_releases(*state, &two);
    assert_ok(*state, r.status);
    assert_int_equal(times(r.account, "magnitude_jump", 0, &example), 3);
    assert_string_equal(example.got, "the counts that both files have sum to 268 after 7");
    assert_int_equal(times(r.account, "magnitude_jump", 1, &example), 3);
    assert_non_null(strstr(example.got, "Missoula 2017: 128 after 2 in "));
    assert_string_equal(example.file, two.paths[1]);
    const uint32_t flags = traffstat_panel_flags(r.panel)[traffstat_panel_find(r.panel, 0, 2018)];
    assert_true((flags & TRAFFSTAT_FLAG_DOUBTFUL) != 0);
    drop(&r);
    support_remove_folder(two.folder);
}

/* ---- denominators --------------------------------------------------------------------------- */

static void a_file_of_denominators_is_read_as_populations(void **state)
{
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    static const struct {
        const char *text;
        double population;
    } files[] = {{"state,year,population\nMontana,2017,\"1,052,482.5\"\n", 1052482.5},
                 {"state,year,population,deaths\nMontana,2017,1052482,9\n", 1052482.0},
                 {"state,2016,2017\nTotal,7,8\nMontana,1040859,1052482\n", 1052482.0},
                 {"key,jurisdiction,year,measure,category,cases_lower,cases_upper,population,"
                  "coverage,flags,source\n,Montana,2017,population,,1052482,1052482,,,,\n",
                  1052482.0}};
    result counts = read_by(*state, NULL, "place,year,cases\nmontana,2017,2\n");
    support_temp_folder(folder);
    support_path(path, folder, "p.csv");
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        traffstat_panel *others = NULL;
        traffstat_panel *joined = NULL;
        support_write(path, files[i].text, strlen(files[i].text));
        assert_ok(*state, traffstat_read_population(*state, NULL, path, &others, NULL));
        assert_ok(*state,
                  traffstat_panel_join_population(*state, counts.panel, others, NULL, &joined));
        assert_near(traffstat_panel_populations(joined)[0], files[i].population, 0.0);
        traffstat_panel_free(joined);
        traffstat_panel_free(others);
    }
    support_remove_folder(folder);
    drop(&counts);
}

/* ---- memory --------------------------------------------------------------------------------- */

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    result r = read_by(ctx, "group", arg);
    const traffstat_status status = r.status;
    drop(&r);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    char text[] = "key,place,group,year,cases\n1,A,x,2016,2\n1,A,x,2016,2\n1,B,x,2016,2\n"
                  "2,A,y,2016,3\n2,A,y,2016,\"3\n\"\n,C; D,x,2017,1\n,D; C,x,2017,1\n";
    assert_true(support_try_every_allocation(try_reading, text) > 60);
}

static traffstat_status try_files(traffstat_ctx *ctx, void *arg)
{
    result r = read_releases(ctx, arg);
    const traffstat_status status = r.status;
    if (status != TRAFFSTAT_OK) {
        assert_null(r.panel);
    }
    drop(&r);
    return status;
}

static void memory_may_fail_while_several_files_are_read(void **state)
{
    releases two;
    (void) state;
    write_releases(&two);
    assert_true(support_try_every_allocation(try_files, &two) > 60);
    support_remove_folder(two.folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(any_column_can_be_summed_up_to),
        TEST(a_column_to_sum_up_to_must_be_there_once),
        TEST(the_column_summed_up_to_leaves_the_place_to_others),
        TEST(several_names_of_a_key_are_listed),
        TEST(several_keys_of_a_name_are_listed_and_kept_apart),
        TEST(spellings_of_a_name_without_a_key_stay_apart),
        TEST(identical_rows_are_counted_with_their_effect),
        TEST(wide_records_repeat_as_a_whole),
        TEST(identical_rows_are_counted_in_long_files),
        TEST(a_release_that_was_multiplied_is_told_from_the_one_before),
        TEST(a_file_of_denominators_is_read_as_populations),
        TEST(memory_may_fail_at_every_allocation),
        TEST(memory_may_fail_while_several_files_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
