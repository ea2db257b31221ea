/* Reading CSV files into panels: bytes, dialect, records, header, values, problems. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/read.h>

#include "read/read.h"
#include "support/support.h"

#define HEAD "place,year,cases\n"

typedef struct result {
    traffstat_status status;
    traffstat_panel *panel;
    traffstat_account *account;
} result;

/* ---- helpers -------------------------------------------------------------------------------- */

static result read_with(traffstat_ctx *ctx, const traffstat_reader *reader, const char *text)
{
    result r = {0};
    r.status =
        traffstat_read_memory(ctx, reader, text, strlen(text), "x.csv", &r.panel, &r.account);
    return r;
}

static result read_text(traffstat_ctx *ctx, const char *text)
{
    return read_with(ctx, NULL, text);
}

static void drop(result *r)
{
    traffstat_panel_free(r->panel);
    traffstat_account_free(r->account);
    *r = (result){0};
}

static traffstat_cell cell_at(const traffstat_panel *panel, size_t row)
{
    traffstat_cell cell = {0};
    assert_int_equal(traffstat_panel_cell(panel, row, &cell), TRAFFSTAT_OK);
    return cell;
}

static traffstat_problem problem_of(const traffstat_account *account, const char *code)
{
    traffstat_problem found = {0};
    for (size_t i = 0; i < traffstat_account_problems(account); i++) {
        traffstat_problem problem;
        assert_int_equal(traffstat_account_problem(account, i, &problem), TRAFFSTAT_OK);
        if (strcmp(problem.code, code) == 0) {
            found = problem;
        }
    }
    return found;
}

static traffstat_example example_of(const traffstat_account *account, const char *code,
                                    size_t which)
{
    traffstat_example example = {0};
    for (size_t i = 0; i < traffstat_account_problems(account); i++) {
        traffstat_problem problem;
        assert_int_equal(traffstat_account_problem(account, i, &problem), TRAFFSTAT_OK);
        if (strcmp(problem.code, code) == 0) {
            assert_int_equal(traffstat_account_example(account, i, which, &example), TRAFFSTAT_OK);
        }
    }
    assert_non_null(example.file);
    return example;
}

static void assert_rows(const traffstat_account *account, int64_t seen, int64_t used)
{
    assert_int_equal(traffstat_account_rows_seen(account), seen);
    assert_int_equal(traffstat_account_rows_used(account), used);
    assert_int_equal(traffstat_account_rows_dropped(account), seen - used);
}

/* A text fails with a status, a message that holds each of `parts` (up to NULL), and a line. */
static void assert_fails(traffstat_ctx *ctx, const traffstat_reader *reader, const char *text,
                         traffstat_status status, int64_t line, const char *const *parts)
{
    result r = read_with(ctx, reader, text);
    assert_int_equal(r.status, status);
    assert_null(r.panel);
    assert_non_null(r.account);
    for (size_t i = 0; parts[i] != NULL; i++) {
        if (strstr(traffstat_ctx_message(ctx), parts[i]) == NULL) {
            fail_msg("\"%s\" lacks \"%s\"", traffstat_ctx_message(ctx), parts[i]);
        }
    }
    assert_int_equal(traffstat_ctx_error_line(ctx), line);
    drop(&r);
}

/* Everything that a reading says, as one text: for comparing whole readings. free() it. */
static char *dump(const result *r, const traffstat_ctx *ctx)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fprintf(out, "%d %s\n", (int) r->status, traffstat_ctx_message(ctx));
    const traffstat_account *a = r->account;
    fprintf(out, "%lld %lld %s %s %s\n", (long long) traffstat_account_rows_seen(a),
            (long long) traffstat_account_rows_used(a), traffstat_account_dialect(a),
            traffstat_account_encoding(a), traffstat_account_layout(a));
    for (size_t i = 0; i < traffstat_account_problems(a); i++) {
        traffstat_problem problem;
        assert_int_equal(traffstat_account_problem(a, i, &problem), TRAFFSTAT_OK);
        fprintf(out, "%s %lld %lld\n", problem.code, (long long) problem.count,
                (long long) problem.rows_dropped);
        for (size_t e = 0; e < problem.examples; e++) {
            traffstat_example example;
            assert_int_equal(traffstat_account_example(a, i, e, &example), TRAFFSTAT_OK);
            fprintf(out, " %s:%lld %s|%s|%s|%s\n", example.file, (long long) example.line,
                    example.column, example.expected, example.got, example.done);
        }
    }
    for (size_t i = 0; i < traffstat_panel_rows(r->panel); i++) {
        const traffstat_cell cell = cell_at(r->panel, i);
        const size_t s = traffstat_panel_row_series(r->panel, i);
        fprintf(out, "%s|%s|%s|%s|%s|%d|%lld|%lld|%.17g|%.17g|%u|%d|%lld\n",
                traffstat_panel_key(r->panel, s), traffstat_panel_jurisdiction(r->panel, s),
                traffstat_panel_measure(r->panel, s), traffstat_panel_category(r->panel, s),
                traffstat_panel_source(r->panel, s), (int) cell.year, (long long) cell.lower,
                (long long) cell.upper, cell.population, cell.coverage, (unsigned) cell.flags,
                (int) cell.why, (long long) traffstat_account_series_lost(a, s));
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

/* ---- values --------------------------------------------------------------------------------- */

typedef struct count_case {
    const char *text;
    traffstat_i_value value;
    int64_t lower;
    int64_t upper;
} count_case;

static void assert_count(const count_case *c, char decimal)
{
    int64_t lower = -1;
    int64_t upper = -1;
    const traffstat_i_value value =
        traffstat_i_read_count(traffstat_i_slice_of(c->text), decimal, &lower, &upper);
    const bool number = value == TRAFFSTAT_I_VALUE_READ || value == TRAFFSTAT_I_VALUE_NEGATIVE ||
                        value == TRAFFSTAT_I_VALUE_CODE;
    if (value != c->value || (number && (lower != c->lower || upper != c->upper))) {
        fail_msg("\"%s\": %d [%lld, %lld]", c->text, (int) value, (long long) lower,
                 (long long) upper);
    }
}

static void counts_are_read_in_every_form_that_files_use(void **state)
{
    (void) state;
    static const count_case cases[] = {
        {"8", TRAFFSTAT_I_VALUE_READ, 8, 8},
        {" 8\t", TRAFFSTAT_I_VALUE_READ, 8, 8},
        {"0", TRAFFSTAT_I_VALUE_READ, 0, 0},
        {"007", TRAFFSTAT_I_VALUE_READ, 7, 7},
        {"1,204", TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"12,345,678", TRAFFSTAT_I_VALUE_READ, 12345678, 12345678},
        {"1 204", TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"1\xc2\xa0"
         "204",
         TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"1\xe2\x80\xaf"
         "204",
         TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"1'204", TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"564021.0", TRAFFSTAT_I_VALUE_READ, 564021, 564021},
        {"1,204.00", TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"9223372036854775806", TRAFFSTAT_I_VALUE_READ, INT64_MAX - 1, INT64_MAX - 1},
        {"<5", TRAFFSTAT_I_VALUE_READ, 0, 4},
        {"< 5", TRAFFSTAT_I_VALUE_READ, 0, 4},
        {"<1", TRAFFSTAT_I_VALUE_READ, 0, 0},
        {"<=5", TRAFFSTAT_I_VALUE_READ, 0, 5},
        {"\xe2\x89\xa4"
         "5",
         TRAFFSTAT_I_VALUE_READ, 0, 5},
        {"<1,000", TRAFFSTAT_I_VALUE_READ, 0, 999},
        {">5", TRAFFSTAT_I_VALUE_READ, 6, TRAFFSTAT_NO_UPPER},
        {">=2", TRAFFSTAT_I_VALUE_READ, 2, TRAFFSTAT_NO_UPPER},
        {"\xe2\x89\xa5 2", TRAFFSTAT_I_VALUE_READ, 2, TRAFFSTAT_NO_UPPER},
        {"2+", TRAFFSTAT_I_VALUE_READ, 2, TRAFFSTAT_NO_UPPER},
        {"50 +", TRAFFSTAT_I_VALUE_READ, 50, TRAFFSTAT_NO_UPPER},
        {"1-9", TRAFFSTAT_I_VALUE_READ, 1, 9},
        {"1 - 9", TRAFFSTAT_I_VALUE_READ, 1, 9},
        {"1\xe2\x80\x93"
         "9",
         TRAFFSTAT_I_VALUE_READ, 1, 9},
        {"1 to 9", TRAFFSTAT_I_VALUE_READ, 1, 9},
        {"1,000-1,999", TRAFFSTAT_I_VALUE_READ, 1000, 1999},
        {"-0", TRAFFSTAT_I_VALUE_READ, 0, 0},
        {"", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"  ", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"NA", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"n/a", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"null", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"(NA)", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"-", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"\xe2\x80\x94", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"..", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"Missing", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"Unreliable", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"XX", TRAFFSTAT_I_VALUE_MISSING, 0, 0},
        {"*", TRAFFSTAT_I_VALUE_MARK, 0, 0},
        {"s", TRAFFSTAT_I_VALUE_HIDDEN, 0, 0},
        {"Suppressed", TRAFFSTAT_I_VALUE_HIDDEN, 0, 0},
        {"Several*", TRAFFSTAT_I_VALUE_HIDDEN, 0, 0},
        {"not applicable", TRAFFSTAT_I_VALUE_INAPPLICABLE, 0, 0},
        {"-3", TRAFFSTAT_I_VALUE_NEGATIVE, -3, -3},
        {"\xe2\x88\x92"
         "64",
         TRAFFSTAT_I_VALUE_NEGATIVE, -64, -64},
        {"-1,204.0", TRAFFSTAT_I_VALUE_NEGATIVE, -1204, -1204},
        {"-9", TRAFFSTAT_I_VALUE_CODE, -9, -9},
        {"\xe2\x88\x92"
         "99",
         TRAFFSTAT_I_VALUE_CODE, -99, -99},
        {"-999", TRAFFSTAT_I_VALUE_CODE, -999, -999},
        {"-9999.0", TRAFFSTAT_I_VALUE_CODE, -9999, -9999},
        {"3.28M", TRAFFSTAT_I_VALUE_READ, 3280000, 3280000},
        {"400k", TRAFFSTAT_I_VALUE_READ, 400000, 400000},
        {"1.5 B", TRAFFSTAT_I_VALUE_READ, 1500000000, 1500000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_count(&cases[i], '.');
    }
}

static void texts_that_are_no_count_are_refused_not_guessed(void **state)
{
    (void) state;
    static const char *const texts[] = {
        "1,2",
        "12,34",
        "1,2345",
        "1234,567",
        ",123",
        "1,",
        "1,204 567",
        "1.5",
        "1.204",
        "1e3",
        "0x10",
        "+5",
        "5 cases",
        "several of them",
        "x",
        "9-1",
        "5-",
        "-5-9",
        "<0",
        "<",
        "<-3",
        "<5%",
        "--3",
        "1-2-3",
        "2++",
        "3.2801k0",
        "1.2345k",
        "M",
        "5*",
        "NaN5",
        "9223372036854775807",
        "99999999999999999999",
        "1-<5",
        ">9223372036854775806",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const count_case c = {texts[i], TRAFFSTAT_I_VALUE_UNREADABLE, 0, 0};
        assert_count(&c, '.');
    }
}

static void a_declared_decimal_comma_changes_what_marks_mean(void **state)
{
    (void) state;
    static const count_case cases[] = {
        {"1.204", TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"1.204,0", TRAFFSTAT_I_VALUE_READ, 1204, 1204},
        {"12,0", TRAFFSTAT_I_VALUE_READ, 12, 12},
        {"1,204", TRAFFSTAT_I_VALUE_UNREADABLE, 0, 0},
        {"1.20", TRAFFSTAT_I_VALUE_UNREADABLE, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_count(&cases[i], ',');
    }
}

static void years_are_four_digits_of_a_sane_range(void **state)
{
    (void) state;
    static const char *const bad[] = {"",     "18",     "20178", "1799", "2200", "2017-18",
                                      "FY18", "2017.0", "-201",  "2 17", "+201"};
    int32_t year = 0;
    assert_true(traffstat_i_read_year(traffstat_i_slice_of("1800"), &year));
    assert_int_equal(year, 1800);
    assert_true(traffstat_i_read_year(traffstat_i_slice_of(" 2199 "), &year));
    assert_int_equal(year, 2199);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_false(traffstat_i_read_year(traffstat_i_slice_of(bad[i]), &year));
    }
    assert_int_equal(year, 2199);
}

static void numbers_and_shares_are_checked(void **state)
{
    (void) state;
    static const struct {
        const char *text;
        traffstat_i_value value;
        double want;
    } numbers[] = {
        {"122,197", TRAFFSTAT_I_VALUE_READ, 122197.0},
        {"1062305.5", TRAFFSTAT_I_VALUE_READ, 1062305.5},
        {"1,062,305.25", TRAFFSTAT_I_VALUE_READ, 1062305.25},
        {"NA", TRAFFSTAT_I_VALUE_MISSING, 0.0},
        {"-4", TRAFFSTAT_I_VALUE_NEGATIVE, 0.0},
        {"12,34", TRAFFSTAT_I_VALUE_UNREADABLE, 0.0},
        {"3.28M", TRAFFSTAT_I_VALUE_READ, 3280000.0},
        {"400k", TRAFFSTAT_I_VALUE_READ, 400000.0},
        {"3.28X", TRAFFSTAT_I_VALUE_UNREADABLE, 0.0},
        {"1.", TRAFFSTAT_I_VALUE_UNREADABLE, 0.0},
        {"inf", TRAFFSTAT_I_VALUE_UNREADABLE, 0.0},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        double got = -1.0;
        assert_int_equal(traffstat_i_read_number(traffstat_i_slice_of(numbers[i].text), '.', &got),
                         numbers[i].value);
        if (numbers[i].value == TRAFFSTAT_I_VALUE_READ) {
            assert_near(got, numbers[i].want, 0.0);
        }
    }
    double share = 0.0;
    assert_int_equal(traffstat_i_read_share(traffstat_i_slice_of("87 %"), '.', &share),
                     TRAFFSTAT_I_VALUE_READ);
    assert_near(share, 0.87, 1e-15);
    assert_int_equal(traffstat_i_read_share(traffstat_i_slice_of("0.5"), '.', &share),
                     TRAFFSTAT_I_VALUE_READ);
    assert_int_equal(traffstat_i_read_share(traffstat_i_slice_of("1.01"), '.', &share),
                     TRAFFSTAT_I_VALUE_UNREADABLE);
    assert_int_equal(traffstat_i_read_share(traffstat_i_slice_of("0"), '.', &share),
                     TRAFFSTAT_I_VALUE_UNREADABLE);
    assert_int_equal(traffstat_i_read_share(traffstat_i_slice_of("%"), '.', &share),
                     TRAFFSTAT_I_VALUE_UNREADABLE);
}

static void flags_are_names_joined_by_semicolons(void **state)
{
    (void) state;
    uint32_t flags = 99;
    int32_t why = 99;
    assert_true(traffstat_i_read_flags(traffstat_i_slice_of(""), &flags, &why));
    assert_int_equal(flags, 0);
    assert_true(
        traffstat_i_read_flags(traffstat_i_slice_of("partial_year; break;summed"), &flags, &why));
    assert_int_equal(flags,
                     TRAFFSTAT_FLAG_PARTIAL_YEAR | TRAFFSTAT_FLAG_BREAK | TRAFFSTAT_FLAG_SUMMED);
    assert_false(traffstat_i_read_flags(traffstat_i_slice_of("provisional;odd"), &flags, &why));
    assert_int_equal(flags, TRAFFSTAT_FLAG_PROVISIONAL);
    assert_int_equal(why, TRAFFSTAT_WHY_COUNTED);
    assert_true(traffstat_i_read_flags(traffstat_i_slice_of("break;not_applicable"), &flags, &why));
    assert_int_equal(flags, TRAFFSTAT_FLAG_BREAK);
    assert_int_equal(why, TRAFFSTAT_WHY_NOT_APPLICABLE);
}

/* ---- the main road -------------------------------------------------------------------------- */

static void missoula_is_read_with_all_its_words(void **state)
{
    result r = read_text(
        *state, "jurisdiction,year,measure,category,cases,source\n"
                "Missoula,2017,cases investigated by police,human trafficking,7,\"A, B\"\n"
                "Missoula,2018,cases investigated by police,human trafficking,8,\"A, B\"\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_series(r.panel), 1);
    assert_int_equal(traffstat_panel_rows(r.panel), 2);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "Missoula");
    assert_string_equal(traffstat_panel_measure(r.panel, 0), "cases investigated by police");
    assert_string_equal(traffstat_panel_category(r.panel, 0), "human trafficking");
    assert_string_equal(traffstat_panel_source(r.panel, 0), "A, B");
    assert_int_equal(cell_at(r.panel, 0).lower, 7);
    assert_int_equal(cell_at(r.panel, 1).upper, 8);
    assert_true(isnan(cell_at(r.panel, 0).population));
    assert_rows(r.account, 2, 2);
    assert_int_equal(traffstat_account_problems(r.account), 0);
    assert_string_equal(traffstat_account_file(r.account), "x.csv");
    assert_string_equal(traffstat_account_dialect(r.account), "comma");
    assert_string_equal(traffstat_account_encoding(r.account), "UTF-8");
    assert_string_equal(traffstat_account_layout(r.account), "long");
    assert_int_equal(traffstat_account_first_year(r.account), 2017);
    assert_int_equal(traffstat_account_last_year(r.account), 2018);
    assert_int_equal(traffstat_account_columns(r.account), 6);
    assert_string_equal(traffstat_account_column_role(r.account, 0), "jurisdiction");
    drop(&r);
}

static void the_shipped_missoula_file_holds_seven_and_eight(void **state)
{
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    assert_ok(*state, traffstat_read_path(*state, NULL, "data/missoula.csv", &panel, &account));
    assert_int_equal(traffstat_panel_rows(panel), 2);
    assert_int_equal(cell_at(panel, 0).year, 2017);
    assert_int_equal(cell_at(panel, 0).lower, 7);
    assert_int_equal(cell_at(panel, 1).year, 2018);
    assert_int_equal(cell_at(panel, 1).upper, 8);
    assert_int_equal(traffstat_account_problems(account), 0);
    traffstat_account_free(account);
    traffstat_panel_free(panel);
}

static void intervals_and_missing_counts_stay_what_they_are(void **state)
{
    result r = read_text(*state, HEAD "A,2014,<5\nA,2015,1-9\nA,2016,2+\nA,2017,\nA,2018,0\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 5, 5);
    assert_int_equal(cell_at(r.panel, 0).upper, 4);
    assert_int_equal(cell_at(r.panel, 1).lower, 1);
    assert_true(cell_at(r.panel, 2).upper == TRAFFSTAT_NO_UPPER);
    assert_int_equal(cell_at(r.panel, 3).why, TRAFFSTAT_WHY_NOT_REPORTED);
    assert_int_equal(cell_at(r.panel, 4).why, TRAFFSTAT_WHY_COUNTED);
    assert_int_equal(traffstat_account_problems(r.account), 0);
    drop(&r);
}

static void a_file_without_a_measure_takes_it_from_its_header(void **state)
{
    static const struct {
        const char *header;
        const char *measure;
    } cases[] = {{"cases", "cases"},     {"COUNT", "cases"},
                 {"n", "cases"},         {"Offences", "offences"},
                 {"VALUE", "cases"},     {"Cases_Reported", "cases reported"},
                 {"victims", "victims"}, {"ACTUAL_COUNT", "cases"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[128];
        (void) snprintf(text, sizeof text, "place,year,%s\nA,2017,7\n", cases[i].header);
        result r = read_text(*state, text);
        assert_ok(*state, r.status);
        assert_string_equal(traffstat_panel_measure(r.panel, 0), cases[i].measure);
        drop(&r);
    }
}

static void the_tidy_form_is_read_with_both_ends(void **state)
{
    result r = read_text(*state, "key,jurisdiction,year,measure,category,cases_lower,cases_upper,"
                                 "population,coverage,flags,source\n"
                                 "MT1,Missoula,2016,cases,,0,4,72364,,,s\n"
                                 "MT1,Missoula,2017,cases,,2,,72364.5,0.5,provisional;break,s\n"
                                 "MT1,Missoula,2018,cases,,,,,,,s\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_account_problems(r.account), 0);
    assert_int_equal(traffstat_panel_series(r.panel), 1);
    assert_string_equal(traffstat_panel_key(r.panel, 0), "MT1");
    const traffstat_cell first = cell_at(r.panel, 0);
    assert_int_equal(first.lower, 0);
    assert_int_equal(first.upper, 4);
    assert_near(first.population, 72364.0, 0.0);
    const traffstat_cell second = cell_at(r.panel, 1);
    assert_int_equal(second.lower, 2);
    assert_true(second.upper == TRAFFSTAT_NO_UPPER);
    assert_near(second.coverage, 0.5, 0.0);
    assert_int_equal(second.flags, TRAFFSTAT_FLAG_PROVISIONAL | TRAFFSTAT_FLAG_BREAK);
    assert_int_equal(cell_at(r.panel, 2).why, TRAFFSTAT_WHY_NOT_REPORTED);
    drop(&r);
}

static void bounds_that_make_no_interval_are_listed(void **state)
{
    result r = read_text(*state, "place,year,cases_lower,cases_upper\n"
                                 "A,2015,1,1\nA,2016,5,4\nA,2017,,4\nA,2018,-1,4\nA,2019,<5,9\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 5, 1);
    assert_int_equal(problem_of(r.account, "bad_bounds").count, 2);
    assert_int_equal(problem_of(r.account, "negative_count").count, 1);
    assert_int_equal(problem_of(r.account, "unparsable_count").count, 1);
    assert_string_equal(example_of(r.account, "negative_count", 0).column, "cases_lower");
    drop(&r);
}

static void a_key_is_the_identity_and_names_are_labels(void **state)
{
    result r = read_text(*state, "ORI,agency,year,n\nMT1,Missoula,2017,1\nMT1,Missoula PD,2018,2\n"
                                 "MT2,Missoula,2017,4\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_series(r.panel), 2);
    assert_int_equal(traffstat_panel_series_count(r.panel, 0), 2);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "Missoula");
    assert_string_equal(traffstat_panel_key(r.panel, 1), "MT2");
    drop(&r);
}

/* ---- the header ----------------------------------------------------------------------------- */

static void columns_are_recognised_however_they_are_written(void **state)
{
    static const char *const heads[] = {
        "Agency Name,DATA_YEAR,Actual Count",
        "STATE,Year,Offenses",
        "\"Place\n name\",yr,N",
        "geo,REF_DATE,VALUE",
        " county , fiscal-year ,victims",
    };
    for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++) {
        char text[160];
        (void) snprintf(text, sizeof text, "%s\nA,2017,7\n",
                        i == 2 ? "\"Location\n Name\",yr,N" : heads[i]);
        result r = read_text(*state, text);
        assert_ok(*state, r.status);
        assert_int_equal(cell_at(r.panel, 0).lower, 7);
        drop(&r);
    }
}

static void a_roles_own_name_beats_its_aliases(void **state)
{
    result r = read_text(*state, "state,jurisdiction,year,cases\nMT,Missoula,2017,7\n");
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "Missoula");
    assert_int_equal(cell_at(r.panel, 0).lower, 7);
    drop(&r);
}

static void two_columns_of_one_measure_are_an_error_that_names_both_and_the_cure(void **state)
{
    static const char *const parts[] = {"x.csv", "\"n\"", "\"count\"", "--map cases=n", NULL};
    assert_fails(*state, NULL, "place,year,n,count\nA,2017,1,2\n", TRAFFSTAT_E_COLUMN, 1, parts);
    static const char *const twice[] = {"columns 3 and 4", "\"cases\"", "--map cases=#3", NULL};
    assert_fails(*state, NULL, "place,year,cases,cases\nA,2017,1,2\n", TRAFFSTAT_E_COLUMN, 1,
                 twice);
    static const char *const places[] = {"jurisdiction", "\"state\"", "\"county\"",
                                         "--map jurisdiction=state", NULL};
    assert_fails(*state, NULL, "state,county,year,cases\nA,B,2017,3\n", TRAFFSTAT_E_COLUMN, 1,
                 places);
}

static void a_missing_role_is_an_error_that_names_the_cure(void **state)
{
    static const char *const year[] = {"no column for the year", "\"place\", \"cases\"",
                                       "--map year=COLUMN", "--set year=2017", NULL};
    assert_fails(*state, NULL, "\nplace,cases\nA,7\n", TRAFFSTAT_E_COLUMN, 2, year);
    static const char *const place[] = {"jurisdiction", "--set jurisdiction=Missoula", NULL};
    assert_fails(*state, NULL, "year,cases\n2017,7\n", TRAFFSTAT_E_COLUMN, 1, place);
    static const char *const cases[] = {"no column for the cases", "--map cases=COLUMN", NULL};
    assert_fails(*state, NULL, "place,year\nA,2017\n", TRAFFSTAT_E_COLUMN, 1, cases);
    static const char *const half[] = {"no column for the cases", NULL};
    assert_fails(*state, NULL, "place,year,cases_lower\nA,2017,1\n", TRAFFSTAT_E_COLUMN, 1, half);
}

static void map_names_a_column_by_header_or_number(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_CASES, " VICTIMS "));
    const char *text = "place,year,offences,victims\nA,2017,1,2\n";
    result r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    assert_int_equal(cell_at(r.panel, 0).lower, 2);
    assert_string_equal(traffstat_panel_measure(r.panel, 0), "victims");
    drop(&r);
    assert_ok(*state, traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_CASES, "#3"));
    r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    assert_int_equal(cell_at(r.panel, 0).lower, 1);
    drop(&r);
    assert_ok(*state, traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_CASES, "victim"));
    static const char *const parts[] = {"no column \"victim\"", "\"victims\"", NULL};
    assert_fails(*state, reader, text, TRAFFSTAT_E_COLUMN, 1, parts);
    assert_ok(*state, traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_CASES, "#5"));
    static const char *const past[] = {"no column \"#5\"", NULL};
    assert_fails(*state, reader, text, TRAFFSTAT_E_COLUMN, 1, past);
    traffstat_reader_free(reader);
}

static void set_gives_a_constant_and_a_bad_one_is_refused_once(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_YEAR, "2017"));
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_CASES, "1"));
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_SOURCE, "a survey"));
    result r = read_with(*state, reader, "city\nMissoula\nHelena\nMissoula\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_rows(r.panel), 2);
    assert_int_equal(cell_at(r.panel, 0).lower, 2); /* person rows: two in Missoula */
    assert_int_equal(cell_at(r.panel, 0).year, 2017);
    assert_string_equal(traffstat_panel_source(r.panel, 0), "a survey");
    assert_string_equal(traffstat_account_column_name(r.account, 1), "=2017");
    drop(&r);
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_YEAR, "20178"));
    static const char *const parts[] = {"\"20178\"", "year", NULL};
    assert_fails(*state, reader, "city\nMissoula\n", TRAFFSTAT_E_ARGUMENT, 1, parts);
    traffstat_reader_free(reader);
}

/* ---- bytes and dialect ---------------------------------------------------------------------- */

static void what_is_no_csv_is_refused_with_what_it_looks_like(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *what;
    } cases[] = {
        {"\x89PNG\r\n\x1a\n\0\0", 10, "a PNG picture"},
        {"\xff\xd8\xff\xe0", 4, "a JPEG picture"},
        {"%PDF-1.7\n", 9, "a PDF document"},
        {"\x1f\x8b\x08\0", 4, "a gzip file that ends before its end"},
        {"PK\x03\x04zip", 7, "Excel"},
        {"\n<!DOCTYPE HTML>\n<p>", 20, "an HTML page"},
        {"<?xml version='1'?>", 19, "an XML document"},
        {"{\"a\": 1}", 8, "JSON"},
        {"place,year\0cases", 16, "a binary file"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_panel *panel = NULL;
        traffstat_account *account = NULL;
        assert_int_equal(traffstat_read_memory(*state, NULL, cases[i].bytes, cases[i].size, "x.csv",
                                               &panel, &account),
                         TRAFFSTAT_E_FORMAT);
        assert_null(panel);
        assert_non_null(account);
        assert_non_null(strstr(traffstat_ctx_message(*state), cases[i].what));
        traffstat_account_free(account);
    }
}

static void fixed_width_files_are_refused(void **state)
{
    static const char *const parts[] = {"fixed-width", NULL};
    assert_fails(*state, NULL,
                 "901ALAST008D61370402N        3490001000000000\n"
                 "901ALDI0037 61349797N        3490001000000000\n"
                 "901AL001009A61377950N        3070001000145288\n"
                 "901AL001014 61304914N        3070001000027240\n",
                 TRAFFSTAT_E_FORMAT, 0, parts);
}

static void empty_and_blank_files_and_bare_headers_are_told_apart(void **state)
{
    static const char *const empty[] = {"x.csv is empty", NULL};
    assert_fails(*state, NULL, "", TRAFFSTAT_E_FORMAT, 0, empty);
    assert_fails(*state, NULL, "\xef\xbb\xbf", TRAFFSTAT_E_FORMAT, 0, empty);
    static const char *const blank[] = {"x.csv is blank", NULL};
    assert_fails(*state, NULL, " \n\t\n", TRAFFSTAT_E_FORMAT, 0, blank);
    static const char *const bare[] = {"header on line 2", "no record", NULL};
    assert_fails(*state, NULL, "\n" HEAD "\n,,\n", TRAFFSTAT_E_NODATA, 2, bare);
}

static void bytes_that_are_not_the_declared_utf8_are_refused_with_their_place(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_encoding(*state, reader, "utf-8"));
    static const char *const latin[] = {"x.csv:3", "0xe9", "UTF-8", NULL};
    assert_fails(*state, reader,
                 HEAD "A,2017,7\nMontr\xe9"
                      "al,2017,8\n",
                 TRAFFSTAT_E_FORMAT, 3, latin);
    assert_int_equal(traffstat_ctx_error_offset(*state), 31);
    static const char *const cut[] = {"x.csv:2", "0xc3", NULL};
    assert_fails(*state, reader, HEAD "A,2017,7\xc3", TRAFFSTAT_E_FORMAT, 2, cut);
    traffstat_reader_free(reader);
}

static void a_nul_far_down_is_refused_with_its_line(void **state)
{
    char *text = malloc(90000);
    assert_non_null(text);
    size_t used = (size_t) sprintf(text, HEAD);
    int64_t line = 1;
    while (used < 80000) {
        used += (size_t) sprintf(text + used, "A,2017,7\n");
        line++;
    }
    text[used - 2] = '\0';
    traffstat_panel *panel = NULL;
    assert_int_equal(traffstat_read_memory(*state, NULL, text, used, "x.csv", &panel, NULL),
                     TRAFFSTAT_E_FORMAT);
    assert_int_equal(traffstat_ctx_error_line(*state), line);
    assert_non_null(strstr(traffstat_ctx_message(*state), "NUL"));
    free(text);
}

static void delimiters_are_sniffed_declared_or_given(void **state)
{
    static const struct {
        const char *text;
        const char *dialect;
    } cases[] = {
        {HEAD "\"A, B\",2017,7\n", "comma"},
        {"place;year;cases\nA, B;2017;7\n", "semicolon"},
        {"place\tyear\tcases\nA; B\t2017\t7\n", "tab"},
        {"place|year|cases\nA; B, C|2017|7\n", "pipe"},
        {"sep=;\nplace;year;cases\nA,2017;2017;7\n", "semicolon (by its sep= line)"},
        {"SEP=|\r\nplace|year|cases\r\nA|2017|7\r\n", "pipe (by its sep= line)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        result r = read_text(*state, cases[i].text);
        assert_ok(*state, r.status);
        assert_string_equal(traffstat_account_dialect(r.account), cases[i].dialect);
        assert_int_equal(cell_at(r.panel, 0).lower, 7);
        drop(&r);
    }
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_delimiter(*state, reader, ';'));
    result r = read_with(*state, reader, "place;year;cases\nA,B,C,D;2017;7\n");
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "A,B,C,D");
    drop(&r);
    traffstat_reader_free(reader);
}

static void a_declared_decimal_comma_reaches_the_values(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_decimal(*state, reader, ','));
    result r = read_with(*state, reader, "place;year;cases;population\nA;2017;1.204;72.364,5\n");
    assert_ok(*state, r.status);
    assert_int_equal(cell_at(r.panel, 0).lower, 1204);
    assert_near(cell_at(r.panel, 0).population, 72364.5, 0.0);
    drop(&r);
    traffstat_reader_free(reader);
}

static void line_ends_of_every_system_give_the_same_panel(void **state)
{
    static const char *const texts[] = {
        HEAD "A,2017,7\nB,20178,8\n",
        "place,year,cases\r\nA,2017,7\r\nB,20178,8\r\n",
        "place,year,cases\rA,2017,7\rB,20178,8",
        "place,year,cases\r\r\nA,2017,7\r\r\nB,20178,8",
        "\xef\xbb\xbfplace,year,cases\nA,2017,7\nB,20178,8",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        result r = read_text(*state, texts[i]);
        assert_ok(*state, r.status);
        assert_rows(r.account, 2, 1);
        assert_int_equal(cell_at(r.panel, 0).lower, 7);
        assert_int_equal(example_of(r.account, "bad_year", 0).line, 3);
        drop(&r);
    }
}

/* The cases of the public suite csv-spectrum, restated in our columns. */
static void quoting_follows_the_common_rules(void **state)
{
    static const struct {
        const char *written;
        const char *want;
    } cases[] = {
        {"\"120 any st., Anytown, WW\"", "120 any st., Anytown, WW"},
        {"\"\"", NULL},
        {"\"ha \"\"ha\"\" ha\"", "ha \"ha\" ha"},
        {"\"{\"\"type\"\": \"\"Point\"\", \"\"at\"\": [102.0, 0.5]}\"",
         "{\"type\": \"Point\", \"at\": [102.0, 0.5]}"},
        {"\"Once upon \na time\"", "Once upon \na time"},
        {"\"Once upon \r\na time\"", "Once upon \r\na time"},
        {"\"ha \n\"\"ha\"\" \nha\"", "ha \n\"ha\" \nha"},
        {"\xca\xa4", "\xca\xa4"},
        {"Missoula  ", "Missoula"},
        {"12\" pipe", "12\" pipe"},
        {"\" kept \"", " kept "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200];
        (void) snprintf(text, sizeof text, "key," HEAD "k,%s,2017,7\n", cases[i].written);
        result r = read_text(*state, text);
        assert_ok(*state, r.status);
        assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0),
                            cases[i].want != NULL ? cases[i].want : "");
        drop(&r);
    }
}

/* ---- problems ------------------------------------------------------------------------------- */

static void bad_years_and_counts_are_listed_with_their_place(void **state)
{
    result r = read_text(*state, HEAD "A,2016,5\n\nA,20178,7\n\"A\",2018,-3\nA,2019,1.5\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 4, 2);
    const traffstat_example year = example_of(r.account, "bad_year", 0);
    assert_int_equal(year.line, 4);
    assert_string_equal(year.column, "year");
    assert_string_equal(year.got, "20178");
    assert_non_null(strstr(year.done, "dropped"));
    const traffstat_example negative = example_of(r.account, "negative_count", 0);
    assert_int_equal(negative.line, 5);
    assert_string_equal(negative.column, "cases");
    assert_string_equal(negative.got, "-3");
    assert_string_equal(negative.done, "added as a correction");
    assert_int_equal(problem_of(r.account, "negative_count").rows_dropped, 0);
    assert_int_equal(example_of(r.account, "unparsable_count", 0).line, 6);
    assert_int_equal(problem_of(r.account, "bad_year").rows_dropped, 1);
    assert_int_equal(traffstat_account_series_lost(r.account, 0), 2);
    drop(&r);
}

static void strict_turns_the_first_problem_into_an_error(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
    static const char *const parts[] = {"x.csv:3: cases:", "\"-3\"", NULL};
    assert_fails(*state, reader, HEAD "A,2016,5\nA,2017,-3\nA,99,1\n", TRAFFSTAT_E_VALUE, 3, parts);
    assert_int_equal(traffstat_ctx_error_column(*state), 3);
    traffstat_reader_free(reader);
}

static void when_nothing_is_left_the_first_loss_is_named(void **state)
{
    static const char *const parts[] = {"none of 2", "line 2: year:", "\"20178\"", NULL};
    assert_fails(*state, NULL, HEAD "A,20178,5\nA,2017,3.5\n", TRAFFSTAT_E_NODATA, 0, parts);
}

static void duplicates_follow_the_policy(void **state)
{
    const char *text = HEAD "A,2017,1\nB,2017,9\nA,2017,<5\nA,2017,\n";
    static const struct {
        traffstat_duplicates policy;
        int64_t lower;
        int64_t upper;
        int64_t used;
        uint32_t flags;
    } cases[] = {
        {TRAFFSTAT_DUPLICATES_SUM, 1, 5, 4, TRAFFSTAT_FLAG_SUMMED | TRAFFSTAT_FLAG_PARTIAL},
        {TRAFFSTAT_DUPLICATES_FIRST, 1, 1, 2, 0},
        {TRAFFSTAT_DUPLICATES_LAST, 0, 0, 2, 0},
    };
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(*state, traffstat_reader_set_duplicates(*state, reader, cases[i].policy));
        result r = read_with(*state, reader, text);
        assert_ok(*state, r.status);
        assert_int_equal(cell_at(r.panel, 0).lower, cases[i].lower);
        assert_int_equal(cell_at(r.panel, 0).upper, cases[i].upper);
        assert_int_equal(cell_at(r.panel, 0).flags, cases[i].flags);
        assert_int_equal(cell_at(r.panel, 0).why,
                         i == 2 ? TRAFFSTAT_WHY_NOT_REPORTED : TRAFFSTAT_WHY_COUNTED);
        assert_rows(r.account, 4, cases[i].used);
        assert_int_equal(problem_of(r.account, "duplicate_cell").count, 2);
        assert_int_equal(problem_of(r.account, "duplicate_cell").rows_dropped, 4 - cases[i].used);
        assert_int_equal(example_of(r.account, "duplicate_cell", 0).line, 4);
        assert_int_equal(traffstat_account_series_lost(r.account, 0), 0);
        drop(&r);
    }
    assert_ok(*state, traffstat_reader_set_duplicates(*state, reader, TRAFFSTAT_DUPLICATES_ERROR));
    static const char *const parts[] = {"x.csv:4", "A in 2017", "line 2", NULL};
    assert_fails(*state, reader, text, TRAFFSTAT_E_CONFLICT, 4, parts);
    traffstat_reader_free(reader);
}

static void a_sum_too_large_to_hold_is_refused(void **state)
{
    static const char *const parts[] = {"x.csv:3", "2^63", NULL};
    assert_fails(*state, NULL, HEAD "A,2017,9223372036854775806\nA,2017,1\n", TRAFFSTAT_E_LIMIT, 3,
                 parts);
}

static void denominators_that_cannot_be_used_leave_the_record_in(void **state)
{
    result r = read_text(*state, "place,year,cases,population,coverage,flags\n"
                                 "A,2014,1,0,0.5,\nA,2015,2,many,87%,odd\nA,2016,3,\"7,100\",2,\n"
                                 "A,2016,4,7200,,\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 4, 4);
    assert_int_equal(problem_of(r.account, "bad_population").count, 2);
    assert_int_equal(problem_of(r.account, "bad_coverage").count, 1);
    assert_int_equal(problem_of(r.account, "unknown_flag").count, 1);
    const traffstat_example conflict = example_of(r.account, "conflicting_population", 0);
    assert_int_equal(conflict.line, 5);
    assert_string_equal(conflict.expected, "7100 as on line 4");
    assert_string_equal(conflict.got, "7200");
    assert_true(isnan(cell_at(r.panel, 0).population));
    assert_near(cell_at(r.panel, 1).coverage, 0.87, 1e-15);
    assert_near(cell_at(r.panel, 2).population, 7100.0, 0.0);
    assert_int_equal(cell_at(r.panel, 2).lower, 7);
    drop(&r);
}

static void rows_of_other_lengths_are_listed_and_kept_only_where_that_is_safe(void **state)
{
    result r = read_text(*state, "place,year,cases,source\n"
                                 "A,2014,1,s,,\n"    /* empty fields at the end say nothing */
                                 "A,2015,2\n"        /* only what may be blank is missing */
                                 "A,2016\n"          /* the count is missing */
                                 "A, B,2017,3,s\n"); /* shifted by a comma that nobody quoted */
    assert_ok(*state, r.status);
    assert_rows(r.account, 4, 2);
    const traffstat_problem ragged = problem_of(r.account, "ragged_row");
    assert_int_equal(ragged.count, 3);
    assert_int_equal(ragged.rows_dropped, 2);
    assert_string_equal(example_of(r.account, "ragged_row", 2).expected, "4 fields");
    assert_string_equal(example_of(r.account, "ragged_row", 2).got, "5");
    drop(&r);
}

static void records_without_a_place_are_listed(void **state)
{
    result r = read_text(*state, "key,place,year,cases\n,A,2017,1\nk,,2017,2\n , ,2017,3\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 3, 2);
    assert_int_equal(example_of(r.account, "missing_place", 0).line, 4);
    drop(&r);
}

static void blank_lines_are_no_records(void **state)
{
    result r = read_text(*state, "\n\n" HEAD "\n   \nA,2017,1\n,,\n\"\"\n\nA,2018,2\n\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 2, 2);
    assert_int_equal(traffstat_account_problems(r.account), 0);
    drop(&r);
}

static void examples_are_capped_and_totals_are_exact(void **state)
{
    char text[4096] = HEAD "A,2017,1\n";
    for (int i = 0; i < 40; i++) {
        (void) strcat(text, "A,1,1\n");
    }
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_EXAMPLES, 3));
    result r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    assert_int_equal(problem_of(r.account, "bad_year").count, 40);
    assert_int_equal(problem_of(r.account, "bad_year").examples, 3);
    assert_int_equal(example_of(r.account, "bad_year", 2).line, 5);
    drop(&r);
    traffstat_reader_free(reader);
}

/* ---- quotes that are never closed ----------------------------------------------------------- */

static void an_open_quote_costs_its_line_and_reading_goes_on(void **state)
{
    result r = read_text(*state, HEAD "A,2015,1\nA,2016,\"2\nA,2017,3\nA,2018,4\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 4, 3);
    assert_int_equal(traffstat_panel_rows(r.panel), 3);
    assert_int_equal(cell_at(r.panel, 1).lower, 3);
    const traffstat_example open = example_of(r.account, "unterminated_quote", 0);
    assert_int_equal(open.line, 3);
    assert_string_equal(open.column, "cases");
    assert_int_equal(problem_of(r.account, "unterminated_quote").rows_dropped, 1);
    drop(&r);
}

static void a_stray_quote_that_meets_another_does_not_eat_the_rows_between(void **state)
{
    result r = read_text(*state, HEAD "\"A,2015,1\nB,2015,2\n\"C, D\",2015,3\nE,2015,4\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 4, 3);
    assert_int_equal(example_of(r.account, "unterminated_quote", 0).line, 2);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "B");
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 1), "C, D");
    drop(&r);
}

static void the_line_reported_is_where_the_quote_opened_not_where_the_record_began(void **state)
{
    result r = read_text(*state, "place,year,cases,source\n\"A\nB\",2015,1,\"s\nC,2015,2,s\n");
    assert_ok(*state, r.status);
    assert_rows(r.account, 2, 1);
    assert_int_equal(example_of(r.account, "unterminated_quote", 0).line, 3);
    assert_string_equal(traffstat_panel_jurisdiction(r.panel, 0), "C");
    drop(&r);
}

static void every_line_may_open_a_quote_and_none_is_lost_uncounted(void **state)
{
    char *text = malloc(64 * 1024);
    assert_non_null(text);
    size_t used = (size_t) sprintf(text, HEAD "A,1999,1\n");
    for (int i = 0; i < 301; i++) {
        used += (size_t) sprintf(text + used, "A,%d,\"1\n", 1800 + i);
    }
    result r = read_text(*state, text);
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_account_rows_seen(r.account),
                     traffstat_account_rows_used(r.account) +
                         traffstat_account_rows_dropped(r.account));
    assert_rows(r.account, 302, 1);
    assert_int_equal(problem_of(r.account, "unterminated_quote").count, 301);
    drop(&r);
    free(text);
}

static void a_quote_open_for_a_hundred_lines_is_given_up(void **state)
{
    char *text = malloc(64 * 1024);
    assert_non_null(text);
    size_t used = (size_t) sprintf(text, HEAD "A,1999,\"1\n");
    for (int i = 0; i < 399; i++) {
        used += (size_t) sprintf(text + used, "A,%d,1\n", 1800 + i);
    }
    result r = read_text(*state, text);
    assert_ok(*state, r.status);
    assert_rows(r.account, 400, 399);
    assert_int_equal(example_of(r.account, "unterminated_quote", 0).line, 2);
    drop(&r);
    free(text);
}

static void a_long_note_is_kept_and_mentioned(void **state)
{
    char text[512] = "place,year,cases,source\nA,2017,7,\"note";
    for (int i = 0; i < 20; i++) {
        (void) strcat(text, "\nmore");
    }
    (void) strcat(text, "\"\nA,2018,8,s\nA,1,1,s\n");
    result r = read_text(*state, text);
    assert_ok(*state, r.status);
    assert_rows(r.account, 3, 2);
    assert_int_equal(example_of(r.account, "long_quote", 0).line, 2);
    assert_string_equal(example_of(r.account, "long_quote", 0).column, "source");
    assert_int_equal(example_of(r.account, "bad_year", 0).line, 24);
    drop(&r);
}

static void an_open_quote_in_the_header_is_an_error(void **state)
{
    static const char *const parts[] = {"x.csv:1", "quote", "header", NULL};
    assert_fails(*state, NULL, "place,\"year,cases\nA,2017,7\n", TRAFFSTAT_E_FORMAT, 1, parts);
}

/* ---- limits --------------------------------------------------------------------------------- */

static void limits_are_kept_and_named(void **state)
{
    traffstat_reader *reader = NULL;
    char text[2048];
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_FIELD, 64));
    (void) snprintf(text, sizeof text, HEAD "%064d,2017,7\n", 1);
    result r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    drop(&r);
    (void) snprintf(text, sizeof text, HEAD "%065d,2017,7\n", 1);
    static const char *const field[] = {"x.csv:2", "field of more than 64 bytes", NULL};
    assert_fails(*state, reader, text, TRAFFSTAT_E_LIMIT, 2, field);
    (void) snprintf(text, sizeof text, HEAD "%0900d,2017,7\n", 1);
    assert_fails(*state, reader, text, TRAFFSTAT_E_LIMIT, 2, field);
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_FIELD, 0));
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_RECORD, 100));
    static const char *const record[] = {"x.csv:2", "record of more than 100 bytes", NULL};
    assert_fails(*state, reader, text, TRAFFSTAT_E_LIMIT, 2, record);
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_RECORD, 0));
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_COLUMNS, 3));
    static const char *const columns[] = {"x.csv:2", "more than 3 fields", NULL};
    assert_fails(*state, reader, HEAD "A,2017,7,8\n", TRAFFSTAT_E_LIMIT, 2, columns);
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_SERIES, 2));
    static const char *const series[] = {"x.csv:4", "more than 2 series", NULL};
    assert_fails(*state, reader, HEAD "A,2017,7\nB,2017,7\nC,2017,7\n", TRAFFSTAT_E_LIMIT, 4,
                 series);
    traffstat_reader_free(reader);
}

static void a_quoted_field_past_the_limit_is_an_open_quote(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_ok(*state, traffstat_reader_set_limit(*state, reader, TRAFFSTAT_LIMIT_FIELD, 64));
    char text[4096] = HEAD "A,2016,\"1\n";
    for (int i = 0; i < 30; i++) {
        (void) sprintf(text + strlen(text), "B,%d,7\n", 1900 + i);
    }
    result r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    assert_rows(r.account, 31, 30);
    assert_int_equal(example_of(r.account, "unterminated_quote", 0).line, 2);
    drop(&r);
    traffstat_reader_free(reader);
}

static void options_out_of_range_are_refused(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    assert_int_equal(traffstat_reader_map(*state, reader, 99, "x"), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_YEAR, " "),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_YEAR, "\xff"),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set(*state, NULL, TRAFFSTAT_ROLE_YEAR, "2017"),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_delimiter(*state, reader, 'x'), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_decimal(*state, reader, ';'), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_duplicates(*state, reader, 7), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_strictness(*state, reader, -1), TRAFFSTAT_E_ARGUMENT);
    for (traffstat_limit limit = 0; limit < TRAFFSTAT_I_LIMITS; limit++) {
        uint64_t least = 0;
        uint64_t standard = 0;
        uint64_t greatest = 0;
        assert_ok(*state, traffstat_reader_limit_bounds(limit, &least, &standard, &greatest));
        assert_true(least > 0 && least <= standard && standard <= greatest);
        assert_int_equal(traffstat_reader_set_limit(*state, reader, limit, greatest + 1),
                         TRAFFSTAT_E_ARGUMENT);
        assert_ok(*state, traffstat_reader_set_limit(*state, reader, limit, greatest));
        assert_ok(*state, traffstat_reader_set_limit(*state, reader, limit, least));
    }
    assert_int_equal(traffstat_reader_set_limit(*state, reader, TRAFFSTAT_I_LIMITS, 1),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
    traffstat_reader_free(NULL);
}

static void roles_have_names_and_names_have_roles(void **state)
{
    (void) state;
    for (traffstat_role role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        assert_int_equal(traffstat_role_find(traffstat_role_name(role)), role);
    }
    assert_null(traffstat_role_name(-1));
    assert_null(traffstat_role_name(TRAFFSTAT_ROLE_COUNT));
    assert_int_equal(traffstat_role_find("Year"), -1);
    assert_int_equal(traffstat_role_find(NULL), -1);
}

/* ---- sources -------------------------------------------------------------------------------- */

typedef struct feeder {
    const char *data;
    size_t left;
    size_t chunk;
    int calls;
    int stop_at; /* call at which to fail; 0 never */
} feeder;

static int32_t feed(void *buffer, size_t size, size_t *got, void *user)
{
    feeder *f = user;
    if (++f->calls == f->stop_at) {
        return 42;
    }
    *got = f->chunk < size ? f->chunk : size;
    *got = *got < f->left ? *got : f->left;
    memcpy(buffer, f->data, *got);
    f->data += *got;
    f->left -= *got;
    return 0;
}

static char *dump_chunks(traffstat_ctx *ctx, const char *text, size_t size, size_t chunk)
{
    feeder f = {text, size, chunk, 0, 0};
    result r = {0};
    r.status = traffstat_read_stream(ctx, NULL, feed, &f, "x.csv", &r.panel, &r.account);
    char *said = dump(&r, ctx);
    drop(&r);
    return said;
}

static void assert_chunks_agree(traffstat_ctx *ctx, const char *text, size_t size)
{
    result r = {0};
    r.status = traffstat_read_memory(ctx, NULL, text, size, "x.csv", &r.panel, &r.account);
    char *whole = dump(&r, ctx);
    drop(&r);
    static const size_t chunks[] = {1, 7, 4099, 65536, SIZE_MAX};
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        char *said = dump_chunks(ctx, text, size, chunks[i]);
        assert_string_equal(said, whole);
        free(said);
    }
    free(whole);
}

static void how_bytes_arrive_changes_nothing(void **state)
{
    static const char *const texts[] = {
        "\xef\xbb\xbf" HEAD "\"A \xc3\xa9, B\",2017,\"1,204\"\r\nC,1,2\r\nD,2017,\"7\nE,2017,3\n",
        "place;year;cases\n\"A\nB\";2017;<5\n\nC;2017;2+",
        HEAD "A,2017,\xe2\x82",
        "",
        "\x89PNG",
        HEAD,
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_chunks_agree(*state, texts[i], strlen(texts[i]));
    }
}

/* Three blocks with quotes, line ends in fields and two-byte letters across every boundary. */
static void blocks_may_cut_anywhere(void **state)
{
    char *text = malloc(300000);
    assert_non_null(text);
    size_t used = (size_t) sprintf(text, HEAD);
    for (int i = 0; used < 200000; i++) {
        used += (size_t) sprintf(
            text + used, "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 %d,\r\n\"\"x\"\"\",%d,\"%d\"\n",
            i % 97, 1900 + i % 101, i % 11 == 0 ? -i : i % 7);
    }
    for (size_t shift = 0; shift < 4; shift++) {
        memmove(text + 1, text, used);
        text[0] = '\n';
        used++;
        assert_chunks_agree(*state, text, used);
    }
    free(text);
}

static void a_path_reads_like_memory_and_failures_name_it(void **state)
{
    char folder[SUPPORT_PATH_SIZE];
    char path[SUPPORT_PATH_SIZE];
    support_temp_folder(folder);
    support_path(path, folder, "cases.csv");
    support_write(path, HEAD "A,2017,7\n", strlen(HEAD) + 9);
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    assert_ok(*state, traffstat_read_path(*state, NULL, path, &panel, &account));
    assert_int_equal(cell_at(panel, 0).lower, 7);
    assert_string_equal(traffstat_account_file(account), path);
    traffstat_account_free(account);
    traffstat_panel_free(panel);
    support_path(path, folder, "none.csv");
    assert_int_equal(traffstat_read_path(*state, NULL, path, &panel, &account), TRAFFSTAT_E_IO);
    assert_null(panel);
    assert_null(account);
    assert_non_null(strstr(traffstat_ctx_message(*state), "none.csv"));
    assert_int_equal(traffstat_read_path(*state, NULL, folder, &panel, NULL), TRAFFSTAT_E_IO);
    assert_int_equal(traffstat_read_path(*state, NULL, NULL, &panel, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_read_path(*state, NULL, path, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    support_remove_folder(folder);
}

static void a_read_callback_may_stop_the_reading(void **state)
{
    char *text = malloc(200000);
    assert_non_null(text);
    memset(text, '\n', 200000);
    memcpy(text, HEAD "A,2017,7\n", strlen(HEAD) + 9);
    feeder f = {text, 200000, 65536, 0, 3};
    traffstat_panel *panel = NULL;
    assert_int_equal(traffstat_read_stream(*state, NULL, feed, &f, "x.csv", &panel, NULL),
                     TRAFFSTAT_E_CALLBACK);
    assert_int_equal(traffstat_ctx_callback_value(*state), 42);
    assert_null(panel);
    free(text);
}

typedef struct watch {
    double last;
    int calls;
    int stop;
} watch;

static int32_t on_progress(double fraction, void *user)
{
    watch *w = user;
    assert_true(fraction >= w->last && fraction <= 1.0);
    w->last = fraction;
    w->calls++;
    return w->stop;
}

static void progress_rises_to_one_and_may_stop(void **state)
{
    const char *text = HEAD "A,2017,7\n";
    watch w = {-1.0, 0, 0};
    traffstat_ctx_set_progress(*state, on_progress, &w);
    result r = read_text(*state, text);
    assert_ok(*state, r.status);
    drop(&r);
    assert_near(w.last, 1.0, 0.0);
    assert_true(w.calls >= 2);
    w = (watch){-1.0, 0, 5};
    feeder f = {text, strlen(text), 1, 0, 0};
    traffstat_ctx *fresh = NULL;
    assert_int_equal(traffstat_ctx_new(NULL, &fresh), TRAFFSTAT_OK);
    traffstat_ctx_set_progress(fresh, on_progress, &w);
    r.status = traffstat_read_stream(fresh, NULL, feed, &f, "x.csv", &r.panel, &r.account);
    assert_int_equal(r.status, TRAFFSTAT_E_CALLBACK);
    assert_null(r.panel);
    assert_int_equal(traffstat_ctx_callback_value(fresh), 5);
    drop(&r);
    traffstat_ctx_free(fresh);
    traffstat_ctx_set_progress(*state, NULL, NULL);
}

static void a_cancelled_context_reads_nothing(void **state)
{
    traffstat_ctx_cancel(*state);
    result r = read_text(*state, HEAD "A,2017,7\n");
    assert_int_equal(r.status, TRAFFSTAT_E_CANCELLED);
    assert_null(r.panel);
    drop(&r);
    traffstat_ctx_clear_cancel(*state);
    r = read_text(*state, HEAD "A,2017,7\n");
    assert_ok(*state, r.status);
    drop(&r);
}

/* ---- memory that fails ---------------------------------------------------------------------- */

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    traffstat_reader *reader = NULL;
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    traffstat_status status = traffstat_reader_new(ctx, &reader);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set(ctx, reader, TRAFFSTAT_ROLE_SOURCE, "here");
    }
    if (status == TRAFFSTAT_OK) {
        const char *text = arg;
        status = traffstat_read_memory(ctx, reader, text, strlen(text), "x.csv", &panel, &account);
    }
    traffstat_account_free(account);
    traffstat_panel_free(panel);
    traffstat_reader_free(reader);
    return status;
}

static void memory_may_fail_at_every_allocation(void **state)
{
    (void) state;
    char text[9000] = "key,place,year,cases,population\n"
                      "k,A,2016,1,10\nk,A,2016,2,11\nk,A,1,2,3\nk,A,2017\n,,2017,1,\n"
                      "k,A,2018,\"7,5\nk,A,2019,<5,x\nk,\"";
    (void) memset(text + strlen(text), 'z', 5000);
    (void) strcat(text, "\",2020,1,2\n");
    for (int i = 0; i < 80; i++) {
        (void) sprintf(text + strlen(text), "k%d,B,2017,-1,\n", i);
    }
    assert_true(support_try_every_allocation(try_reading, text) > 60);
}

/* ---- against a slow and plain reader -------------------------------------------------------- */

#define SERIES 4
#define YEARS 3

typedef struct meaning {
    const char *text;
    int kind; /* 0 count, 1 not reported, 2 lost */
    int64_t lower;
    int64_t upper;
} meaning;

#define NO_END INT64_MIN

static const meaning meanings[] = {
    {"0", 0, 0, 0},    {"12", 0, 12, 12}, {"1,204", 0, 1204, 1204},
    {"<5", 0, 0, 4},   {"1-9", 0, 1, 9},  {"2+", 0, 2, NO_END},
    {"", 1, 0, 0},     {"NA", 1, 0, 0},   {"-4", 0, -4, -4},
    {"many", 2, 0, 0}, {"1,2", 2, 0, 0},  {"7.0", 0, 7, 7},
};

static const char *const places[SERIES] = {"Missoula", "St. \"X\", Y", "Ca\xc3\xb1on\nCity",
                                           " a;b|c"};

typedef struct plain {
    int64_t seen;
    int64_t used;
    int64_t lower[SERIES][YEARS];
    int64_t upper[SERIES][YEARS]; /* or NO_END */
    int records[SERIES][YEARS];
    int counted[SERIES][YEARS];
} plain;

/* One record of text[*at..], fields unquoted into `fields`; how many. RFC 4180 and outer spaces. */
static int plain_record(const char *text, size_t *at, char fields[8][64])
{
    int n = 0;
    for (;;) {
        char *out = fields[n++];
        size_t used = 0;
        if (text[*at] == '"') {
            for ((*at)++; text[*at] != '"' || text[*at + 1] == '"'; (*at)++) {
                *at += text[*at] == '"';
                out[used++] = text[*at];
            }
            (*at)++;
        } else {
            while (text[*at] != ',' && text[*at] != '\n') {
                out[used++] = text[(*at)++];
            }
        }
        out[used] = '\0';
        if (text[(*at)++] == '\n') {
            return n;
        }
    }
}

static int index_of(const char *text, const char *const *list, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(text, list[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static void plain_add(plain *p, int s, int y, const meaning *m)
{
    p->used++;
    p->records[s][y]++;
    if (m->kind == 0) {
        p->counted[s][y]++;
        p->lower[s][y] += m->lower;
        p->upper[s][y] =
            m->upper == NO_END || p->upper[s][y] == NO_END ? NO_END : p->upper[s][y] + m->upper;
    }
}

static void plain_read(const char *text, plain *p)
{
    static const char *const years[YEARS] = {"2016", "2017", "2018"};
    char fields[8][64];
    size_t at = 0;
    memset(p, 0, sizeof *p);
    (void) plain_record(text, &at, fields);
    while (text[at] != '\0') {
        const int n = plain_record(text, &at, fields);
        if (n == 1 && fields[0][0] == '\0') {
            continue;
        }
        p->seen++;
        const int s = n == 4 ? index_of(fields[1], places, SERIES) : -1;
        const int y = n == 4 ? index_of(fields[0], years, YEARS) : -1;
        for (size_t m = 0; s >= 0 && y >= 0 && m < sizeof meanings / sizeof meanings[0]; m++) {
            if (strcmp(fields[2], meanings[m].text) == 0 && meanings[m].kind < 2) {
                plain_add(p, s, y, &meanings[m]);
            }
        }
    }
}

static size_t write_field(char *to, const char *text, bool quote)
{
    size_t used = 0;
    quote = quote || strpbrk(text, "\",\n ") != NULL;
    if (quote) {
        to[used++] = '"';
    }
    for (const char *c = text; *c != '\0'; c++) {
        to[used++] = *c;
        if (*c == '"') {
            to[used++] = '"';
        }
    }
    if (quote) {
        to[used++] = '"';
    }
    return used;
}

static size_t random_record(support_rng *rng, char *to)
{
    static const char *const years[] = {"2016", "2017", "2018", "20178", "", "FY17"};
    size_t used = 0;
    const int64_t what = support_rng_between(rng, 0, 19);
    if (what == 0) {
        to[0] = '\n';
        return 1;
    }
    if (what == 1) {
        return (size_t) sprintf(to, "2017,Missoula,12,note,more\n");
    }
    if (what == 2) {
        return (size_t) sprintf(to, "2017,Missoula\n");
    }
    const size_t year = (size_t) support_rng_between(rng, 0, what < 6 ? 5 : 2);
    const size_t place = (size_t) support_rng_between(rng, 0, SERIES - 1);
    const size_t value =
        (size_t) support_rng_between(rng, 0, (int64_t) (sizeof meanings / sizeof meanings[0]) - 1);
    used += write_field(to + used, years[year], support_rng_uniform(rng) < 0.3);
    to[used++] = ',';
    used += write_field(to + used, places[place], support_rng_uniform(rng) < 0.3);
    to[used++] = ',';
    used += write_field(to + used, meanings[value].text, support_rng_uniform(rng) < 0.3);
    used += (size_t) sprintf(to + used, ",note\n");
    return used;
}

static void assert_same_as_plain(const result *r, const plain *p)
{
    assert_rows(r->account, p->seen, p->used);
    size_t cells = 0;
    for (size_t row = 0; row < traffstat_panel_rows(r->panel); row++) {
        const traffstat_cell cell = cell_at(r->panel, row);
        const int s = index_of(
            traffstat_panel_jurisdiction(r->panel, traffstat_panel_row_series(r->panel, row)),
            places, SERIES);
        const int y = (int) cell.year - 2016;
        assert_true(s >= 0 && y >= 0 && y < YEARS);
        cells++;
        assert_true(p->records[s][y] > 0);
        assert_int_equal(cell.why == TRAFFSTAT_WHY_COUNTED, p->counted[s][y] > 0);
        const int64_t upper = p->upper[s][y] == NO_END ? TRAFFSTAT_NO_UPPER : p->upper[s][y];
        int64_t lower = p->lower[s][y];
        if (lower < upper && lower < 0) { /* bounds that a correction moved hold no count below 0 */
            lower = upper < 0 ? upper : 0;
        }
        assert_int_equal(cell.lower, lower);
        assert_true(cell.upper == upper);
        assert_int_equal((cell.flags & TRAFFSTAT_FLAG_SUMMED) != 0, p->records[s][y] > 1);
        assert_int_equal((cell.flags & TRAFFSTAT_FLAG_PARTIAL) != 0,
                         p->counted[s][y] > 0 && p->counted[s][y] < p->records[s][y]);
    }
    size_t want = 0;
    for (int i = 0; i < SERIES * YEARS; i++) {
        want += p->records[i / YEARS][i % YEARS] > 0;
    }
    assert_int_equal(cells, want);
}

static void random_files_agree_with_a_slow_and_plain_reader(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 20171);
    char *text = malloc(1 << 16);
    assert_non_null(text);
    for (int file = 0; file < 400; file++) {
        size_t used = (size_t) sprintf(text, "year,place,cases,note\n2016,Missoula,12,note\n");
        const int64_t records = support_rng_between(&rng, 0, 60);
        for (int64_t i = 0; i < records; i++) {
            used += random_record(&rng, text + used);
        }
        text[used] = '\0';
        plain want;
        plain_read(text, &want);
        result r = read_text(*state, text);
        assert_ok(*state, r.status);
        assert_same_as_plain(&r, &want);
        drop(&r);
    }
    free(text);
}

/* Whatever the bytes, the reader returns, counts every record and leaks nothing. */
static void mutated_files_never_lose_a_record_uncounted(void **state)
{
    static const char start[] =
        "key,place,year,cases,population,coverage,flags,source\r\n"
        "k1,\"A, \xc3\xa9\",2016,\"1,204\",70000,87%,break,\"x\ny\"\r\n"
        "k2,B,2017,<5,,,,s\r\n\r\nk1,A,2016,3,70001,,,s\r\nk3,,1,-2,,,,\r\n";
    static const char spice[] = "\",;\n\r\t| 0-<+\xc3\xff\0sepk=";
    support_rng rng;
    support_rng_init(&rng, 7);
    for (int i = 0; i < 3000; i++) {
        char text[sizeof start + 64];
        size_t size = sizeof start - 1;
        memcpy(text, start, size);
        for (int64_t n = support_rng_between(&rng, 1, 6); n > 0; n--) {
            const size_t at = (size_t) support_rng_between(&rng, 0, (int64_t) size - 1);
            const char c = spice[support_rng_between(&rng, 0, (int64_t) sizeof spice - 2)];
            if (support_rng_uniform(&rng) < 0.5) {
                text[at] = c;
            } else {
                memmove(text + at + 1, text + at, size - at);
                text[at] = c;
                size++;
            }
        }
        result r = {0};
        r.status = traffstat_read_memory(*state, NULL, text, size, "x.csv", &r.panel, &r.account);
        assert_int_equal(r.panel != NULL, r.status == TRAFFSTAT_OK);
        assert_int_equal(traffstat_ctx_message(*state)[0] == '\0', r.status == TRAFFSTAT_OK);
        int64_t lost = 0;
        for (size_t p = 0; p < traffstat_account_problems(r.account); p++) {
            traffstat_problem problem;
            assert_ok(*state, traffstat_account_problem(r.account, p, &problem));
            lost += problem.rows_dropped;
        }
        if (r.status == TRAFFSTAT_OK) {
            assert_int_equal(traffstat_account_rows_dropped(r.account), lost);
        }
        drop(&r);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_are_read_in_every_form_that_files_use),
        TEST(texts_that_are_no_count_are_refused_not_guessed),
        TEST(a_declared_decimal_comma_changes_what_marks_mean),
        TEST(years_are_four_digits_of_a_sane_range),
        TEST(numbers_and_shares_are_checked),
        TEST(flags_are_names_joined_by_semicolons),
        TEST(missoula_is_read_with_all_its_words),
        TEST(the_shipped_missoula_file_holds_seven_and_eight),
        TEST(intervals_and_missing_counts_stay_what_they_are),
        TEST(a_file_without_a_measure_takes_it_from_its_header),
        TEST(the_tidy_form_is_read_with_both_ends),
        TEST(bounds_that_make_no_interval_are_listed),
        TEST(a_key_is_the_identity_and_names_are_labels),
        TEST(columns_are_recognised_however_they_are_written),
        TEST(a_roles_own_name_beats_its_aliases),
        TEST(two_columns_of_one_measure_are_an_error_that_names_both_and_the_cure),
        TEST(a_missing_role_is_an_error_that_names_the_cure),
        TEST(map_names_a_column_by_header_or_number),
        TEST(set_gives_a_constant_and_a_bad_one_is_refused_once),
        TEST(what_is_no_csv_is_refused_with_what_it_looks_like),
        TEST(fixed_width_files_are_refused),
        TEST(empty_and_blank_files_and_bare_headers_are_told_apart),
        TEST(bytes_that_are_not_the_declared_utf8_are_refused_with_their_place),
        TEST(a_nul_far_down_is_refused_with_its_line),
        TEST(delimiters_are_sniffed_declared_or_given),
        TEST(a_declared_decimal_comma_reaches_the_values),
        TEST(line_ends_of_every_system_give_the_same_panel),
        TEST(quoting_follows_the_common_rules),
        TEST(bad_years_and_counts_are_listed_with_their_place),
        TEST(strict_turns_the_first_problem_into_an_error),
        TEST(when_nothing_is_left_the_first_loss_is_named),
        TEST(duplicates_follow_the_policy),
        TEST(a_sum_too_large_to_hold_is_refused),
        TEST(denominators_that_cannot_be_used_leave_the_record_in),
        TEST(rows_of_other_lengths_are_listed_and_kept_only_where_that_is_safe),
        TEST(records_without_a_place_are_listed),
        TEST(blank_lines_are_no_records),
        TEST(examples_are_capped_and_totals_are_exact),
        TEST(an_open_quote_costs_its_line_and_reading_goes_on),
        TEST(a_stray_quote_that_meets_another_does_not_eat_the_rows_between),
        TEST(the_line_reported_is_where_the_quote_opened_not_where_the_record_began),
        TEST(every_line_may_open_a_quote_and_none_is_lost_uncounted),
        TEST(a_quote_open_for_a_hundred_lines_is_given_up),
        TEST(a_long_note_is_kept_and_mentioned),
        TEST(an_open_quote_in_the_header_is_an_error),
        TEST(limits_are_kept_and_named),
        TEST(a_quoted_field_past_the_limit_is_an_open_quote),
        TEST(options_out_of_range_are_refused),
        TEST(roles_have_names_and_names_have_roles),
        TEST(how_bytes_arrive_changes_nothing),
        TEST(blocks_may_cut_anywhere),
        TEST(a_path_reads_like_memory_and_failures_name_it),
        TEST(a_read_callback_may_stop_the_reading),
        TEST(progress_rises_to_one_and_may_stop),
        TEST(a_cancelled_context_reads_nothing),
        TEST(memory_may_fail_at_every_allocation),
        TEST(random_files_agree_with_a_slow_and_plain_reader),
        TEST(mutated_files_never_lose_a_record_uncounted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
