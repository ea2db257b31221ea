/* Files of neighbours: who links to whom, whatever the order of the file. */
#include <string.h>

#include "support/reading.h"

/* Four places with keys; Dell has no neighbour in most files. */
#define COUNTS                                                                                     \
    "key,jurisdiction,year,cases\n01,Ash,2020,1\n02,Birch Hill,2020,2\n03,Cedar,2020,3\n"          \
    "04,Dell,2020,4\n"

static void read_counts(traffstat_ctx *ctx, const char *text, traffstat_panel **panel)
{
    assert_ok(ctx, traffstat_read_memory(ctx, NULL, text, strlen(text), "counts.csv", panel, NULL));
}

/* Links of COUNTS; the account where wanted. */
static traffstat_status read_links(traffstat_ctx *ctx, const char *text, traffstat_links **links,
                                   traffstat_account **account)
{
    traffstat_panel *panel = NULL;
    read_counts(ctx, COUNTS, &panel);
    const traffstat_status status = traffstat_links_read_memory(ctx, NULL, text, strlen(text),
                                                                "near.csv", panel, links, account);
    if (status != TRAFFSTAT_OK) {
        assert_null(*links);
    }
    traffstat_panel_free(panel);
    return status;
}

static void assert_pairs(const traffstat_links *links, const size_t *pairs, size_t count)
{
    assert_int_equal(traffstat_links_count(links), count);
    for (size_t i = 0; i < 2 * count; i++) {
        assert_int_equal(traffstat_links_pairs(links)[i], pairs[i]);
    }
}

static void the_order_of_a_file_and_repeated_links_change_nothing(void **state)
{
    static const size_t wanted[] = {0, 1, 0, 2, 1, 2};
    const char *const files[] = {"from,to\n01,02\n01,03\n02,03\n",
                                 "from,to\n03,02\n02,01\n03,01\n",
                                 "from,to\n02,03\n01,03\n03,01\n01,02\n02,01\n03,02\n02,01\n",
                                 "a;b\n03;01\n02;03\n02;01\n",
                                 "name,neighbour\nCEDAR,birch-hill\nash,Cedar\nBirch  Hill,Ash\n",
                                 "note,from,to\nx,01,02\ny,03,01\nz,02,03\n",
                                 "County Name|County GEOID|Neighbor Name|Neighbor GEOID|Length\n"
                                 "Ash|01|Cedar|03|5\nx|02|Ash|01|9\ny|02|z|03|1\n"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        traffstat_links *links = NULL;
        assert_ok(*state, read_links(*state, files[i], &links, NULL));
        assert_pairs(links, wanted, 3);
        assert_int_equal(traffstat_links_islands(links), 1);
        assert_int_equal(traffstat_links_island(links, 0), 3);
        assert_int_equal(traffstat_links_island(links, 1), TRAFFSTAT_NONE);
        assert_int_equal(traffstat_links_one_way(links), 0);
        traffstat_links_free(links);
    }
}

static void strangers_selves_and_blanks_are_listed_and_left_out(void **state)
{
    static const size_t wanted[] = {0, 1};
    traffstat_links *links = NULL;
    traffstat_account *account = NULL;
    traffstat_example example;
    assert_ok(*state,
              read_links(*state, "from,to\n01,02\n01,99\n98,02\n03,03\n02,\n\n01,02,03\n01\n",
                         &links, &account));
    assert_pairs(links, wanted, 1);
    assert_int_equal(traffstat_account_rows_seen(account), 7);
    assert_int_equal(traffstat_account_rows_used(account), 1);
    assert_int_equal(times(account, "link_unmatched", 0, &example), 2);
    assert_int_equal(example.line, 3);
    assert_string_equal(example.column, "to");
    assert_string_equal(example.got, "99");
    assert_int_equal(times(account, "self_link", 0, &example), 1);
    assert_int_equal(example.line, 5);
    assert_int_equal(times(account, "missing_place", 0, &example), 1);
    assert_int_equal(example.line, 6);
    assert_int_equal(times(account, "ragged_row", 0, &example), 2);
    assert_int_equal(times(account, "no_neighbours", 0, &example), 2);
    assert_string_equal(example.got, "Cedar");
    assert_string_equal(traffstat_account_layout(account), "links");
    assert_string_equal(traffstat_account_column_name(account, 1), "to");
    traffstat_links_free(links);
    traffstat_account_free(account);
}

static void a_link_without_its_way_back_is_noted_where_others_have_one(void **state)
{
    static const size_t wanted[] = {0, 1, 1, 2};
    traffstat_links *links = NULL;
    traffstat_account *account = NULL;
    traffstat_example example;
    assert_ok(*state, read_links(*state, "from,to\n03,02\n01,02\n02,01\n", &links, &account));
    assert_pairs(links, wanted, 2);
    assert_int_equal(traffstat_links_one_way(links), 1);
    assert_int_equal(times(account, "one_way_link", 0, &example), 1);
    assert_string_equal(example.got, "Cedar, Birch Hill");
    assert_int_equal(example.line, 2);
    traffstat_links_free(links);
    traffstat_account_free(account);
}

static void a_file_names_places_in_the_way_that_meets_more_of_them(void **state)
{
    /* "03" is the key of Cedar and the name of a fifth place. */
    static const size_t wanted[] = {0, 1, 1, 4};
    const char *text = "from,to\nAsh,Birch Hill\n03,Birch Hill\n";
    traffstat_panel *panel = NULL;
    traffstat_links *links = NULL;
    read_counts(*state, COUNTS "05,03,2020,5\n", &panel);
    assert_ok(*state, traffstat_links_read_memory(*state, NULL, text, strlen(text), NULL, panel,
                                                  &links, NULL));
    assert_pairs(links, wanted, 2);
    traffstat_links_free(links);
    traffstat_panel_free(panel);
}

static void what_links_nothing_is_an_error_that_says_where(void **state)
{
    static const struct {
        const char *text;
        traffstat_status status;
        const char *word;
    } cases[] = {
        {"from,to\nAshe,Birk\nx,y\n", TRAFFSTAT_E_NODATA,
         "near.csv does not match: none of its 2 links is between two places of the counts; the "
         "first was lost on line 2: from: expected the key or name of a place of the counts, got "
         "\"Ashe\"; the nearest place of the counts is \"Ash\""},
        {"from,to\n01,01\n", TRAFFSTAT_E_NODATA, "two different places"},
        {"from,to\n", TRAFFSTAT_E_NODATA, "no link between places below its header"},
        {"01,02\n02,03\n", TRAFFSTAT_E_FORMAT, "near.csv:1: \"01\" and \"02\" are places"},
        {"a,b,c\n01,02,03\n", TRAFFSTAT_E_COLUMN, "near.csv:1: neighbours need two columns"},
        {"places\n01\n", TRAFFSTAT_E_COLUMN, "this file has 1"},
        {"", TRAFFSTAT_E_FORMAT, "near.csv"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_links *links = NULL;
        traffstat_account *account = NULL;
        assert_int_equal(read_links(*state, cases[i].text, &links, &account), cases[i].status);
        if (strstr(traffstat_ctx_message(*state), cases[i].word) == NULL) {
            fail_msg("case %zu: \"%s\"", i, traffstat_ctx_message(*state));
        }
        traffstat_account_free(account);
    }
}

static void several_series_under_one_name_are_refused(void **state)
{
    const char *counts = "jurisdiction,year,arrests,offences\nAsh,2020,1,2\nBirch,2020,2,3\n";
    const char *text = "from,to\nAsh,Birch\n";
    traffstat_panel *panel = NULL;
    traffstat_links *links = NULL;
    read_counts(*state, counts, &panel);
    assert_int_equal(traffstat_panel_series(panel), 4);
    assert_int_equal(traffstat_links_read_memory(*state, NULL, text, strlen(text), "near.csv",
                                                 panel, &links, NULL),
                     TRAFFSTAT_E_CONFLICT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "near.csv:2: several series"));
    assert_int_equal(traffstat_ctx_error_line(*state), 2);
    assert_null(links);
    traffstat_panel_free(panel);
}

static void a_strict_reader_refuses_a_stranger(void **state)
{
    const char *text = "from,to\n01,02\n01,99\n";
    traffstat_panel *panel = NULL;
    traffstat_reader *reader = NULL;
    traffstat_links *links = NULL;
    read_counts(*state, COUNTS, &panel);
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
    assert_int_equal(traffstat_links_read_memory(*state, reader, text, strlen(text), "near.csv",
                                                 panel, &links, NULL),
                     TRAFFSTAT_E_VALUE);
    assert_non_null(strstr(traffstat_ctx_message(*state), "near.csv:3: to: expected"));
    traffstat_reader_free(reader);
    traffstat_panel_free(panel);
}

static void arguments_that_are_missing_are_named(void **state)
{
    traffstat_panel *panel = NULL;
    traffstat_links *links = NULL;
    read_counts(*state, COUNTS, &panel);
    assert_int_equal(
        traffstat_links_read_memory(*state, NULL, "a,b\n", 4, NULL, NULL, &links, NULL),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_links_read_memory(*state, NULL, "a,b\n", 4, NULL, panel, NULL, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_links_read_path(*state, NULL, NULL, panel, &links, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_links_read_path(*state, NULL, "/no/such/file", panel, &links, NULL),
                     TRAFFSTAT_E_IO);
    assert_int_equal(traffstat_links_count(NULL), 0);
    assert_null(traffstat_links_pairs(NULL));
    assert_int_equal(traffstat_links_islands(NULL), 0);
    assert_int_equal(traffstat_links_one_way(NULL), 0);
    traffstat_links_free(NULL);
    traffstat_panel_free(panel);
}

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    static const char text[] = "from,to\n01,02\n02,01\n03,02\n07,01\n";
    traffstat_links *links = NULL;
    const traffstat_status status =
        traffstat_links_read_memory(ctx, NULL, text, sizeof text - 1, NULL, arg, &links, NULL);
    traffstat_links_free(links);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    traffstat_panel *panel = NULL;
    read_counts(*state, COUNTS, &panel);
    assert_true(support_try_every_allocation(try_reading, panel) > 20);
    traffstat_panel_free(panel);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_order_of_a_file_and_repeated_links_change_nothing),
        TEST(strangers_selves_and_blanks_are_listed_and_left_out),
        TEST(a_link_without_its_way_back_is_noted_where_others_have_one),
        TEST(a_file_names_places_in_the_way_that_meets_more_of_them),
        TEST(what_links_nothing_is_an_error_that_says_where),
        TEST(several_series_under_one_name_are_refused),
        TEST(a_strict_reader_refuses_a_stranger),
        TEST(arguments_that_are_missing_are_named),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
