/* Reading lists of published rates. */
#include <math.h>
#include <string.h>

#include <traffstat/read.h>

#include "support/support.h"

#define HEAD                                                                                       \
    "id,place,first_year,last_year,unit,measure,agencies,method,rate,lower,upper,level,citation,"  \
    "note\n"

typedef struct fixture {
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
} fixture;

static traffstat_status read_list(traffstat_ctx *ctx, const char *text, traffstat_evidence **out)
{
    fixture f;
    support_temp_folder(f.folder);
    support_path(f.path, f.folder, "list.csv");
    support_write(f.path, text, strlen(text));
    const traffstat_status status = traffstat_evidence_read(ctx, f.path, out);
    support_remove_folder(f.folder);
    return status;
}

static void a_list_is_read_field_by_field(void **state)
{
    traffstat_evidence *list = NULL;
    assert_ok(*state,
              read_list(*state,
                        HEAD
                        "uk-2013,United Kingdom,2013,2013,persons,potential victims,any agency,"
                        "multiple systems estimation,,0.21,0.27,0.95,\"Home Office, 2014\","
                        "\"first line\nsecond, \"\"quoted\"\" line\"\n"
                        "\nus-x,three communities,,,persons,,police,,0.1,,,,NCJ 252520,\n",
                        &list));
    assert_int_equal(traffstat_evidence_count(list), 2);
    traffstat_evidence_entry entry = {.struct_size = sizeof entry};
    assert_ok(*state, traffstat_evidence_get(list, 0, &entry));
    assert_string_equal(entry.id, "uk-2013");
    assert_string_equal(entry.place, "United Kingdom");
    assert_string_equal(entry.unit, "persons");
    assert_string_equal(entry.agencies, "any agency");
    assert_string_equal(entry.citation, "Home Office, 2014");
    assert_string_equal(entry.note, "first line\nsecond, \"quoted\" line");
    assert_int_equal(entry.first_year, 2013);
    assert_true(isnan(entry.rate));
    assert_near(entry.lower, 0.21, 0.0);
    assert_near(entry.upper, 0.27, 0.0);
    assert_near(entry.level, 0.95, 0.0);
    assert_ok(*state, traffstat_evidence_get(list, 1, &entry));
    assert_near(entry.rate, 0.1, 0.0);
    assert_true(isnan(entry.lower) && isnan(entry.level));
    assert_int_equal(entry.first_year, 0);
    traffstat_evidence_free(list);
}

static void columns_may_stand_in_any_order_and_others_are_ignored(void **state)
{
    traffstat_evidence *list = NULL;
    assert_ok(*state, read_list(*state,
                                "Rate;checked by;CITATION;unit;place;id\n"
                                "0.2;me;Someone, 2017;persons;Here;here-1\n",
                                &list));
    size_t at = 9;
    assert_ok(*state, traffstat_evidence_find(*state, list, "here-1", &at));
    assert_int_equal(at, 0);
    traffstat_evidence_free(list);
}

static void a_record_that_cannot_be_used_is_an_error_with_its_place(void **state)
{
    static const struct {
        const char *record;
        traffstat_status status;
        int64_t column;
        const char *part;
    } cases[] = {
        {"a,P,,,persons,,,,1.5,,,,C,\n", TRAFFSTAT_E_VALUE, 9, "\"1.5\""},
        {"a,P,,,persons,,,,10%,,,,C,\n", TRAFFSTAT_E_VALUE, 9, "rate"},
        {"a,P,20178,,persons,,,,0.1,,,,C,\n", TRAFFSTAT_E_VALUE, 3, "first_year"},
        {"a,P,,,persons,,,,,,,,C,\n", TRAFFSTAT_E_VALUE, 0, "neither a rate nor an interval"},
        {"a,P,,,persons,,,,0.1,,,,,\n", TRAFFSTAT_E_VALUE, 0, "citation"},
        {"a,P,,,persons,,,,0.1,,,,C, D, E\n", TRAFFSTAT_E_VALUE, 0, "15"},
        {"a,P,,,persons,,,,0.1\n", TRAFFSTAT_E_VALUE, 0, "9"},
        {"first,P,,,persons,,,,0.1,,,,C,\n", TRAFFSTAT_E_CONFLICT, 0, "first"},
        {"a,P,,,persons,,,,0.1,,,,C,\"never closed\n", TRAFFSTAT_E_VALUE, 14, "quote"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[1024] = HEAD "first,P,,,persons,,,,0.1,,,,C,\"two\nlines\"\n";
        (void) strcat(text, cases[i].record);
        traffstat_evidence *list = NULL;
        assert_int_equal(read_list(*state, text, &list), cases[i].status);
        assert_null(list);
        assert_int_equal(traffstat_ctx_error_line(*state), 4);
        assert_int_equal(traffstat_ctx_error_column(*state), cases[i].column);
        assert_non_null(strstr(traffstat_ctx_message(*state), cases[i].part));
        assert_non_null(strstr(traffstat_ctx_message(*state), "list.csv:4"));
    }
}

static void what_is_no_list_is_refused(void **state)
{
    traffstat_evidence *list = NULL;
    assert_int_equal(read_list(*state, "place,year,cases\nA,2017,7\n", &list), TRAFFSTAT_E_COLUMN);
    assert_non_null(strstr(traffstat_ctx_message(*state), "\"id\""));
    assert_int_equal(read_list(*state, "id,id,place,unit,citation\n", &list), TRAFFSTAT_E_COLUMN);
    assert_int_equal(read_list(*state, HEAD, &list), TRAFFSTAT_E_NODATA);
    assert_int_equal(read_list(*state, "", &list), TRAFFSTAT_E_FORMAT);
    assert_int_equal(traffstat_evidence_read(*state, "no/such/file.csv", &list), TRAFFSTAT_E_IO);
    assert_int_equal(traffstat_evidence_read(*state, NULL, &list), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_evidence_read(*state, "x", NULL), TRAFFSTAT_E_ARGUMENT);
    assert_null(list);
}

static traffstat_evidence_entry entry_of(traffstat_ctx *ctx, const traffstat_evidence *list,
                                         const char *id)
{
    size_t at = 0;
    traffstat_evidence_entry entry = {.struct_size = sizeof entry};
    assert_ok(ctx, traffstat_evidence_find(ctx, list, id, &at));
    assert_ok(ctx, traffstat_evidence_get(list, at, &entry));
    return entry;
}

/* 2,744 known of 10,000 to 13,000 (Home Office 2014); 1 of 12.2 (Sacramento); "less than 10
 * percent". */
static void the_shipped_list_holds_the_published_shares(void **state)
{
    traffstat_evidence *list = NULL;
    assert_ok(*state, traffstat_evidence_read(*state, "data/evidence.csv", &list));
    const traffstat_evidence_entry uk = entry_of(*state, list, "uk-2013");
    assert_near(uk.lower, 2744.0 / 13000.0, 1e-15);
    assert_near(uk.upper, 2744.0 / 10000.0, 1e-15);
    assert_string_equal(uk.unit, "persons");
    const traffstat_evidence_entry county = entry_of(*state, list, "sacramento-2015-2020");
    assert_near(county.rate, 1.0 / 12.2, 0.001);
    assert_true(isnan(county.lower) && isnan(county.level));
    assert_near(entry_of(*state, list, "us-three-communities").rate, 0.1, 0.0);
    for (size_t i = 0; i < traffstat_evidence_count(list); i++) {
        traffstat_evidence_entry entry = {.struct_size = sizeof entry};
        assert_ok(*state, traffstat_evidence_get(list, i, &entry));
        assert_true(strlen(entry.citation) > 0 && strlen(entry.note) > 0);
    }
    traffstat_evidence_free(list);
}

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    traffstat_evidence *list = NULL;
    const traffstat_status status = traffstat_evidence_read(ctx, arg, &list);
    traffstat_evidence_free(list);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    fixture f;
    support_temp_folder(f.folder);
    support_path(f.path, f.folder, "list.csv");
    const char *text =
        HEAD "a,P,,,persons,,,,0.1,,,,C,\"two\nlines\"\nb,P,,,persons,,,,0.1,,,,C,\n";
    support_write(f.path, text, strlen(text));
    assert_true(support_try_every_allocation(try_reading, f.path) > 20);
    support_remove_folder(f.folder);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_is_read_field_by_field),
        TEST(columns_may_stand_in_any_order_and_others_are_ignored),
        TEST(a_record_that_cannot_be_used_is_an_error_with_its_place),
        TEST(what_is_no_list_is_refused),
        TEST(the_shipped_list_holds_the_published_shares),
        TEST(memory_may_fail_at_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
