/* Where things stand in a file: preambles, headers of several rows, footers, wide and transposed
 * tables, several measures; the forms of well-known publishers; and policies for what is written.
 * Fixtures are small imitations of what publishers' files do; figures are invented unless a source
 * stands beside them. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/read.h>
#include <traffstat/report.h>

#include "read/read.h"
#include "support/reading.h"

/* ---- helpers -------------------------------------------------------------------------------- */

static traffstat_reader *reader_of(traffstat_ctx *ctx)
{
    traffstat_reader *reader = NULL;
    assert_ok(ctx, traffstat_reader_new(ctx, &reader));
    return reader;
}

/* "place|year|measure|category=lower..upper" for each cell, one a line; ".." without an end, the
 * reason where there is no count. */
static char *cells_of(const traffstat_panel *panel)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    for (size_t i = 0; i < traffstat_panel_rows(panel); i++) {
        traffstat_cell cell = {0};
        const size_t s = traffstat_panel_row_series(panel, i);
        assert_int_equal(traffstat_panel_cell(panel, i, &cell), TRAFFSTAT_OK);
        fprintf(out, "%s|%d|%s|%s=", traffstat_panel_jurisdiction(panel, s), (int) cell.year,
                traffstat_panel_measure(panel, s), traffstat_panel_category(panel, s));
        if (cell.why != TRAFFSTAT_WHY_COUNTED) {
            fprintf(out, "why%d\n", (int) cell.why);
        } else if (cell.upper == TRAFFSTAT_NO_UPPER) {
            fprintf(out, "%lld..\n", (long long) cell.lower);
        } else if (cell.upper == cell.lower) {
            fprintf(out, "%lld\n", (long long) cell.lower);
        } else {
            fprintf(out, "%lld..%lld\n", (long long) cell.lower, (long long) cell.upper);
        }
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

/* "code count" for each kind of problem, in the order of first meeting, joined by "; ". */
static char *problems_of(const traffstat_account *account)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    for (size_t i = 0; i < traffstat_account_problems(account); i++) {
        traffstat_problem problem;
        assert_int_equal(traffstat_account_problem(account, i, &problem), TRAFFSTAT_OK);
        fprintf(out, "%s%s %lld", i > 0 ? "; " : "", problem.code, (long long) problem.count);
    }
    assert_int_equal(fclose(out), 0);
    return text;
}

typedef struct fixture {
    const char *text;
    const char *layout;
    const char *cells;
    const char *problems;
    int64_t seen;
    int64_t used;
} fixture;

/* Reads a fixture with `reader` (NULL: the defaults) and compares all of it. */
static void assert_reads_with(traffstat_ctx *ctx, const traffstat_reader *reader, const fixture *f)
{
    result r = read_with(ctx, reader, f->text);
    assert_ok(ctx, r.status);
    char *cells = cells_of(r.panel);
    char *problems = problems_of(r.account);
    assert_string_equal(cells, f->cells);
    assert_string_equal(problems, f->problems);
    assert_string_equal(traffstat_account_layout(r.account), f->layout);
    assert_int_equal(traffstat_account_rows_seen(r.account), f->seen);
    assert_int_equal(traffstat_account_rows_used(r.account), f->used);
    free(cells);
    free(problems);
    drop(&r);
}

static void assert_reads(traffstat_ctx *ctx, const fixture *f)
{
    assert_reads_with(ctx, NULL, f);
}

static const char *column_of(const traffstat_account *account, const char *role)
{
    for (size_t i = 0; i < traffstat_account_columns(account); i++) {
        if (strcmp(traffstat_account_column_role(account, i), role) == 0) {
            return traffstat_account_column_name(account, i);
        }
    }
    return "";
}

/* ---- above and below the records ------------------------------------------------------------ */

static void lines_above_the_header_are_passed_over_and_counted(void **state)
{
    assert_reads(*state, &(fixture){"Human trafficking,,\nas of 14/04/2025,,\nplace,year,cases\n"
                                    "Ada,2016,3\nAda,2017,4\n",
                                    "long", "Ada|2016|cases|=3\nAda|2017|cases|=4\n",
                                    "preamble_line 2", 2, 2});
    assert_reads(*state,
                 &(fixture){"Title\nA longer title, with a comma\n\nContact: mail\n5\n6\n7\n"
                            "8\n9\n10\n11\nplace,year,cases\nAda,2016,3\n",
                            "long", "Ada|2016|cases|=3\n", "preamble_line 10", 1, 1});
    assert_reads(*state, &(fixture){"# made by hand\n# on a Monday, in 2017\nplace,year,cases\n"
                                    "Ada,2016,3\n# checked, twice\nAda,2017,4\n",
                                    "long", "Ada|2016|cases|=3\nAda|2017|cases|=4\n",
                                    "preamble_line 2; footer_line 1", 2, 2});
}

static void words_above_a_whole_header_are_no_part_of_it(void **state)
{
    assert_reads(*state, &(fixture){",,For internal use\nplace,year,cases\nAda,2016,3\n", "long",
                                    "Ada|2016|cases|=3\n", "preamble_line 1", 1, 1});
    assert_reads(*state,
                 &(fixture){",2018 edition,\nState,2016,2017\nAda,3,4\n", "wide",
                            "Ada|2016|cases|=3\nAda|2017|cases|=4\n", "preamble_line 1", 1, 1});
}

static void notes_and_rules_below_the_records_are_no_records(void **state)
{
    assert_reads(*state,
                 &(fixture){"place,year,cases\nAda,2016,3\n\"---\",,\nDataset: deaths,,\n"
                            "Query date,,\n\"Suppressed are counts below 10, and zeros.\",,\n",
                            "long", "Ada|2016|cases|=3\n", "footer_line 4", 1, 1});
    assert_reads(*state,
                 &(fixture){"place,year,cases\nAda,2016,3\n* Data came through the Bureau.\n"
                            "Note: 2016, 2017 and 2018 are provisional\n"
                            "1 The figures of Ada are those of its county.\nSource: FBI\n",
                            "long", "Ada|2016|cases|=3\n", "footer_line 4", 1, 1});
    /* each record is a case: one that has nothing but a place is one too */
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_YEAR, "2016"));
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_CASES, "1"));
    assert_reads_with(*state, reader,
                      &(fixture){"place,sex,age\n* Ada the Great of Boise.,f,3\n"
                                 "1 Source Road of Ada.,,\n\"---\",,\n",
                                 "long",
                                 "* Ada the Great of Boise.|2016|cases|=1\n"
                                 "1 Source Road of Ada.|2016|cases|=1\n",
                                 "footer_line 1", 2, 2});
    traffstat_reader_free(reader);
    /* a place of which nothing is known, or a record that broke off, is no note */
    assert_reads(*state,
                 &(fixture){"place,year,cases\nAda,2016,3\nNew York City,,\nBoise\n", "long",
                            "Ada|2016|cases|=3\n", "bad_year 1; ragged_row 1", 3, 1});
}

static void eighty_six_lines_of_footer_are_counted(void **state)
{
    char text[8192] = "county,year,note,population,n\nAda,2016,,1000,3\n---,,,,\n";
    for (int i = 0; i < 85; i++) {
        (void) sprintf(text + strlen(text), "\"Line %d of what the query was\"\n", i);
    }
    assert_reads(*state, &(fixture){text, "long", "Ada|2016|cases|=3\n", "footer_line 86", 1, 1});
}

static void a_year_above_the_header_is_offered(void **state)
{
    result r = read_with(*state, NULL, "Offences by state; 2014\n\nstate,cases\nAda,3\n");
    assert_int_equal(r.status, TRAFFSTAT_E_COLUMN);
    assert_non_null(strstr(traffstat_ctx_message(*state), "--set year=2014, which stands above"));
    drop(&r);
    r = read_with(*state, NULL, "State,2014 share,cases\nAda,0.5,3\n");
    assert_int_equal(r.status, TRAFFSTAT_E_COLUMN);
    assert_non_null(strstr(traffstat_ctx_message(*state), "--set year=2017"));
    drop(&r);
}

static void row_numbers_are_no_column(void **state)
{
    assert_reads(*state, &(fixture){"\"\",\"state\",\"2010\",\"2011\"\n\"3\",\"Ada\",\"5\",\"6\"\n"
                                    "\"4\",\"Boise\",\"7\",\"8\"\n\"9\",\"Cork\",\"1\",\"2\"\n",
                                    "wide",
                                    "Ada|2010|cases|=5\nAda|2011|cases|=6\nBoise|2010|cases|=7\n"
                                    "Boise|2011|cases|=8\nCork|2010|cases|=1\nCork|2011|cases|=2\n",
                                    "", 3, 3});
}

static void marks_of_footnotes_come_off_names(void **state)
{
    assert_reads(*state,
                 &(fixture){"place,year,cases\nAda*,2016,3\nAda,2017,4\n\"Boise [48]\",2016,5\n"
                            "Cork \xe2\x80\xa0,2016,6\nDover\xc2\xb2,2016,7\n",
                            "long",
                            "Ada|2016|cases|=3\nAda|2017|cases|=4\nBoise|2016|cases|=5\n"
                            "Cork|2016|cases|=6\nDover|2016|cases|=7\n",
                            "footnote_mark 4", 5, 5});
    /* a number may be part of a name */
    assert_reads(*state, &(fixture){"place,year,cases\nDistrict 9,2016,3\n", "long",
                                    "District 9|2016|cases|=3\n", "", 1, 1});
}

/* ---- headers -------------------------------------------------------------------------------- */

static void header_rows_are_joined(void **state)
{
    assert_reads(*state, &(fixture){"State,Sex acts,,Servitude,,year\n"
                                    ",Offenses,\"Total\ncleared\",Offenses,\"Total\ncleared\",\n"
                                    "Ada,11,3,0,0,2014\n",
                                    "long",
                                    "Ada|2014|offenses|Sex acts=11\n"
                                    "Ada|2014|total cleared|Sex acts=3\n"
                                    "Ada|2014|offenses|Servitude=0\n"
                                    "Ada|2014|total cleared|Servitude=0\n",
                                    "", 1, 1});
    assert_reads(*state, &(fixture){",Recorded,,,\n,Offences,,Arrests,\nState,2016,2017,2016,2017\n"
                                    "Ada,1,2,3,4\n",
                                    "wide",
                                    "Ada|2016|offences|Recorded=1\nAda|2017|offences|Recorded=2\n"
                                    "Ada|2016|arrests|Recorded=3\nAda|2017|arrests|Recorded=4\n",
                                    "", 1, 1});
}

static void a_record_below_the_header_is_no_header(void **state)
{
    assert_reads(*state,
                 &(fixture){"key,jurisdiction,year,measure,cases\n,Ada,2016,victims,\n"
                            ",Ada,2017,victims,3\n",
                            "long", "Ada|2016|victims|=why1\nAda|2017|victims|=3\n", "", 2, 2});
    assert_reads(*state,
                 &(fixture){"year,state,category,cases\n2016,Ada,adult,NA\n2017,Ada,adult,1\n",
                            "long", "Ada|2016|cases|adult=why1\nAda|2017|cases|adult=1\n", "", 2,
                            2});
}

static void empty_and_repeated_names_are_told_by_number(void **state)
{
    assert_reads(*state, &(fixture){"place,,note,note,year,cases,,\nAda,x,a,b,2016,3,,\n", "long",
                                    "Ada|2016|cases|=3\n", "", 1, 1});
    result r = read_with(*state, NULL, "state,2010,2011,\nAda,1,2,3\nBoise,4,5,6\n");
    assert_ok(*state, r.status);
    char *problems = problems_of(r.account);
    assert_string_equal(problems, "nameless_column 1");
    assert_int_equal(traffstat_panel_rows(r.panel), 4);
    free(problems);
    drop(&r);
}

static void nine_hundred_columns_are_read(void **state)
{
    char *text = malloc(65536);
    assert_non_null(text);
    size_t used = (size_t) sprintf(text, "place,year,cases");
    for (int i = 3; i < 915; i++) {
        used += (size_t) sprintf(text + used, ",c%d", i);
    }
    used += (size_t) sprintf(text + used, "\nAda,2016,3");
    for (int i = 3; i < 915; i++) {
        used += (size_t) sprintf(text + used, ",%d", i);
    }
    (void) sprintf(text + used, "\n");
    assert_reads(*state, &(fixture){text, "long", "Ada|2016|cases|=3\n", "", 1, 1});
    free(text);
}

/* ---- wide, transposed, several measures ----------------------------------------------------- */

static void columns_of_years_are_turned_long(void **state)
{
    assert_reads(*state,
                 &(fixture){"Country,2015,2016,2017\nAda,<5,,1-9\nBoise,3.28M,400k,\"1,204\"\n",
                            "wide",
                            "Ada|2015|cases|=0..4\nAda|2016|cases|=why1\n"
                            "Ada|2017|cases|=1..9\nBoise|2015|cases|=3280000\n"
                            "Boise|2016|cases|=400000\nBoise|2017|cases|=1204\n",
                            "", 2, 2});
    assert_reads(*state,
                 &(fixture){"Country Name,Country Code,Indicator Name,2015 [YR2015],X2016\n"
                            "Ada,AD,Victims,1,2\n",
                            "wide", "Ada|2015|Victims|=1\nAda|2016|Victims|=2\n", "", 1, 1});
    assert_reads(*state,
                 &(fixture){"state,births2015,births2016,DEATHS_2015,DEATHS_2016\nAda,1,2,3,4\n",
                            "wide",
                            "Ada|2015|births|=1\nAda|2016|births|=2\nAda|2015|deaths|=3\n"
                            "Ada|2016|deaths|=4\n",
                            "", 1, 1});
    result r = read_with(*state, NULL, "state,2015,2016,2017\nAda,1,2,3\n");
    assert_ok(*state, r.status);
    assert_string_equal(column_of(r.account, "cases"), "2015 \xe2\x80\xa6 2017 (3 columns)");
    drop(&r);
}

static void one_bad_cell_of_a_wide_row_costs_no_other(void **state)
{
    assert_reads(*state, &(fixture){"state,2015,2016,2017\nAda,1,many,3\nBoise,x,y,z\n", "wide",
                                    "Ada|2015|cases|=1\nAda|2017|cases|=3\n",
                                    "unparsable_count 4; no_count 1", 2, 1});
    result r = read_with(*state, NULL, "state,2015,2016,2017\nAda,1,many,3\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_account_series_lost(r.account, 0), 1);
    drop(&r);
}

static void what_costs_a_record_costs_it_once(void **state)
{
    static const char text[] = "place,year,offences,arrests,population\nAda,2016,1,2,10\n"
                               "Ada,201,3,4,10\n,2017,5,6,10\nAda,2018,7,8,-4\nAda,2018,0,0,x\n";
    assert_reads(*state, &(fixture){text, "long",
                                    "Ada|2016|offences|=1\nAda|2018|offences|=7\n"
                                    "Ada|2016|arrests|=2\nAda|2018|arrests|=8\n",
                                    "bad_year 1; missing_place 1; bad_population 2; "
                                    "duplicate_cell 2",
                                    5, 3});
    result r = read_with(*state, NULL, text);
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_account_series_lost(r.account, 0), 1);
    assert_int_equal(traffstat_account_series_lost(r.account, 1), 1);
    drop(&r);
}

/* Whatever the bytes and the layout, every record is counted and nothing leaks. */
static void mutated_tables_never_lose_a_record_uncounted(void **state)
{
    static const char *const starts[] = {
        "Title,,,,\n,Offences,,Arrests,\nState,2016,2017,2016,2017\nAda*,1,<5,\"1,204\",x\n"
        "Boise,2,3,-99,-4\n---,,,,\n* a note on all of it,,,,\n",
        "Year,Ada,Boise*,Cork\n2016,1,-1,7\n2018,2,<5,s\n2017-19,1,1,1\n",
        "\"\",\"State\",\"Age\",\"Rape3\",\"Drugs\"\n\"1\",\"ADA5\",\"all\",\"1\",\"2\"\n\"2\","
        "\"BOISE\","
        "\"all\",\"3\",\"x\"\n\"3\",\"CORK\",\"under 18\",\"4\",\"\"\n",
        "place,year,offences,arrests,population\nAda,2016,1,2,10\nAda,,3,4,10\n,2017,5,6,10\n",
        "Iso3_code,Country,Indicator,Dimension,Category,Sex,Age,Year,txtVALUE,Source\n"
        "A,Ada,I,D,C,S,A,2010,<5,G\nB,Boise,J,D,C,S,A,2011,\"61,112,019\",G\n",
    };
    static const char spice[] = "\",;\n\r\t| 0-<+*#2\xff\0State,year";
    support_rng rng;
    support_rng_init(&rng, 11);
    traffstat_reader *reader = reader_of(*state);
    for (int i = 0; i < 4000; i++) {
        char text[512];
        const char *start = starts[i % 5];
        size_t size = strlen(start);
        memcpy(text, start, size);
        for (int64_t n = support_rng_between(&rng, 1, 8); n > 0; n--) {
            const size_t at = (size_t) support_rng_between(&rng, 0, (int64_t) size - 1);
            const char c = spice[support_rng_between(&rng, 0, (int64_t) sizeof spice - 2)];
            if (support_rng_uniform(&rng) < 0.5) {
                memmove(text + at + 1, text + at, size - at);
                size++;
            }
            text[at] = c;
        }
        assert_ok(*state, traffstat_reader_set_duplicates(*state, reader, 1 + i % 3));
        result r = {0};
        r.status = traffstat_read_memory(*state, reader, text, size, "x.csv", &r.panel, &r.account);
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
    traffstat_reader_free(reader);
}

static void totals_over_years_are_left_out_and_cost_no_series(void **state)
{
    assert_reads(*state, &(fixture){"place,year,cases\nAda,2016,1\nAda,2017,2\nAda,Total,3\n"
                                    "Boise,all years,4\n",
                                    "long", "Ada|2016|cases|=1\nAda|2017|cases|=2\n",
                                    "total_of_years 2", 4, 2});
    assert_reads(*state, &(fixture){"state,2016,2017,Total,NA\nAda,1,2,3,9\n", "wide",
                                    "Ada|2016|cases|=1\nAda|2017|cases|=2\n",
                                    "unused_column 1; nameless_column 1", 1, 1});
    result r =
        read_with(*state, NULL, "place,year,offences,arrests\nAda,2016,1,2\nAda,Total,1,2\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_account_rows_dropped(r.account), 1);
    assert_int_equal(traffstat_account_series_lost(r.account, 0), 0);
    assert_int_equal(traffstat_account_series_lost(r.account, 1), 0);
    drop(&r);
}

static void codes_and_rates_are_no_counts(void **state)
{
    /* the form of CDC WONDER's exports */
    assert_reads(
        *state,
        &(fixture){"\"Notes\"\t\"State\"\t\"State Code\"\t\"Year\"\t\"Year Code\"\tDeaths"
                   "\tPopulation\tCrude Rate\n"
                   "\t\"Ada\"\t\"01\"\t\"2016\"\t\"2016\"\t25\t4863300\tUnreliable\n"
                   "\t\"Boise\"\t\"02\"\t\"2016\"\t\"2016\"\tSuppressed\t739795\t"
                   "Suppressed\n\"---\"\n\"Dataset: causes of death\"\n\"Query Parameters:\"\n"
                   "\"Title:\"\n",
                   "long", "Ada|2016|deaths|=25\nBoise|2016|deaths|=why2\n", "footer_line 4", 2,
                   2});
    assert_reads(*state,
                 &(fixture){"place,zip code,year,month,found dead,found alive,rate\n"
                            "Ada,59801,2016,1,2,3,4\n",
                            "long", "Ada|2016|found dead|=2\nAda|2016|found alive|=3\n", "", 1, 1});
}

static void columns_of_places_are_turned_long(void **state)
{
    assert_reads(*state, &(fixture){"Year,Ada,Boise*,Cork\n2016,1,2,<5\n2017,4,5,6\n", "transposed",
                                    "Ada|2016|cases|=1\nAda|2017|cases|=4\nBoise|2016|cases|=2\n"
                                    "Boise|2017|cases|=5\nCork|2016|cases|=0..4\n"
                                    "Cork|2017|cases|=6\n",
                                    "", 2, 2});
}

static void columns_of_counts_are_measures(void **state)
{
    assert_reads(*state,
                 &(fixture){"place,year,offences,arrests,total_cases\nAda,2016,1,2,3\n", "long",
                            "Ada|2016|offences|=1\nAda|2016|arrests|=2\n"
                            "Ada|2016|total cases|=3\n",
                            "", 1, 1});
    /* a file for one year, its columns named by nobody: India's National Crime Records Bureau */
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_YEAR, "2016"));
    assert_reads_with(*state, reader,
                      &(fixture){"StateName,MBelow18,FBelow18\nMIZORAM,290,916\nMIZORAM,292,46\n",
                                 "long", "MIZORAM|2016|mbelow18|=582\nMIZORAM|2016|fbelow18|=962\n",
                                 "duplicate_cell 2", 2, 2});
    traffstat_reader_free(reader);
}

static void a_measure_is_chosen_by_name_or_header(void **state)
{
    static const char text[] = "place,year,Offences,Cases_Reported,seen by\nAda,2016,1,2,7\n";
    static const struct {
        const char *measure;
        const char *cells;
    } cases[] = {
        {NULL, "Ada|2016|offences|=1\nAda|2016|cases reported|=2\n"},
        {"all", "Ada|2016|offences|=1\nAda|2016|cases reported|=2\n"},
        {"OFFENCES", "Ada|2016|offences|=1\n"},
        {"Cases_Reported", "Ada|2016|cases reported|=2\n"},
    };
    traffstat_reader *reader = reader_of(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_ok(*state, traffstat_reader_set_measure(*state, reader, cases[i].measure));
        assert_reads_with(*state, reader, &(fixture){text, "long", cases[i].cells, "", 1, 1});
    }
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "offenses"));
    result r = read_with(*state, reader, text);
    assert_int_equal(r.status, TRAFFSTAT_E_COLUMN);
    assert_non_null(strstr(traffstat_ctx_message(*state), "\"offences\""));
    drop(&r);
    /* a column that nobody would take for counts can still be asked for */
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "seen by"));
    assert_reads_with(*state, reader,
                      &(fixture){"place,year,cases,seen by\nAda,2016,1,7\n", "long",
                                 "Ada|2016|seen by|=7\n", "", 1, 1});
    traffstat_reader_free(reader);
}

static void records_of_another_measure_are_counted_as_left_out(void **state)
{
    static const char text[] = "place,year,measure,cases\nAda,2016,Victims,1\nAda,2016,Arrests,2\n";
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "arrests"));
    assert_reads_with(*state, reader,
                      &(fixture){text, "long", "Ada|2016|Arrests|=2\n", "other_measure 1", 2, 1});
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "victim"));
    result r = read_with(*state, reader, text);
    assert_int_equal(r.status, TRAFFSTAT_E_COLUMN);
    assert_non_null(strstr(traffstat_ctx_message(*state), "\"Victims\""));
    drop(&r);
    assert_int_equal(traffstat_reader_set_measure(*state, reader, "\xff"), TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
}

/* ---- values --------------------------------------------------------------------------------- */

static void marks_that_stand_for_numbers_are_told_apart(void **state)
{
    assert_reads(*state,
                 &(fixture){"place,year,cases\nA,2001,*\nA,2002,s\nA,2003,Suppressed\n"
                            "A,2004,Several*\nA,2005,Unreliable\nA,2006,Missing\nA,2007,XX\n"
                            "A,2008,-99\nA,2009,-9\nA,2010,(NA)\nA,2011,null\nA,2012,50+\n"
                            "A,2013,2+\nA,2014,564021.0\nA,2015,Not applicable\n",
                            "long",
                            "A|2001|cases|=why1\nA|2002|cases|=why2\nA|2003|cases|=why2\n"
                            "A|2004|cases|=why2\nA|2005|cases|=why1\nA|2006|cases|=why1\n"
                            "A|2007|cases|=why1\nA|2008|cases|=why1\nA|2009|cases|=why1\n"
                            "A|2010|cases|=why1\nA|2011|cases|=why1\nA|2012|cases|=50..\n"
                            "A|2013|cases|=2..\nA|2014|cases|=564021\nA|2015|cases|=why3\n",
                            "missing_code 2", 15, 15});
}

static void hidden_counts_lie_between_given_bounds(void **state)
{
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_suppressed(*state, reader, 1, 9));
    assert_reads_with(*state, reader,
                      &(fixture){"place,year,cases\nA,2001,*\nA,2002,s\nA,2003,<5\nA,2004,<20\n"
                                 "A,2005,<=5\nA,2006,\nA,2007,<1\n",
                                 "long",
                                 "A|2001|cases|=1..9\nA|2002|cases|=1..9\nA|2003|cases|=1..4\n"
                                 "A|2004|cases|=1..9\nA|2005|cases|=0..5\nA|2006|cases|=why1\n"
                                 "A|2007|cases|=0\n",
                                 "", 7, 7});
    assert_int_equal(traffstat_reader_set_suppressed(*state, reader, 5, 4), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_suppressed(*state, reader, -1, 4), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_reader_set_suppressed(*state, NULL, 1, 4), TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
}

static void periods_are_years_or_no_years(void **state)
{
    static const char text[] = "place,year,cases\nA,2010,1\nA,2010-11,2\nA,2011/12,3\nA,FY2013,4\n"
                               "A,1/1/2014,5\nA,2015-12-31,6\nA,2016.0,7\nA,2017-19,8\n"
                               "A,2017-2019,9\nA,1999-00,1\nA,201,1\nA,2017-05,1\n";
    assert_reads(*state, &(fixture){text, "long",
                                    "A|2000|cases|=1\nA|2010|cases|=1\nA|2011|cases|=2\n"
                                    "A|2012|cases|=3\nA|2013|cases|=4\nA|2014|cases|=5\n"
                                    "A|2015|cases|=6\nA|2016|cases|=7\n",
                                    "pooled_years 2; bad_year 2", 12, 8});
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_fiscal(*state, reader, TRAFFSTAT_FISCAL_START));
    assert_reads_with(*state, reader,
                      &(fixture){"place,year,cases\nA,2010-11,2\nA,FY2013,4\nA,2014,5\n", "long",
                                 "A|2010|cases|=2\nA|2012|cases|=4\nA|2014|cases|=5\n", "", 3, 3});
    assert_int_equal(traffstat_reader_set_fiscal(*state, reader, 2), TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
}

static void an_absent_year_is_zero_only_when_asked_for(void **state)
{
    static const char text[] = "place,year,cases\nA,2016,1\nB,2018,2\nB,2017,\n";
    assert_reads(*state, &(fixture){text, "long",
                                    "A|2016|cases|=1\nB|2017|cases|=why1\n"
                                    "B|2018|cases|=2\n",
                                    "", 3, 3});
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_absent(*state, reader, TRAFFSTAT_ABSENT_ZERO));
    assert_reads_with(*state, reader,
                      &(fixture){text, "long",
                                 "A|2016|cases|=1\nA|2017|cases|=0\nA|2018|cases|=0\n"
                                 "B|2016|cases|=0\nB|2017|cases|=why1\nB|2018|cases|=2\n",
                                 "", 3, 3});
    assert_int_equal(traffstat_reader_set_absent(*state, reader, 7), TRAFFSTAT_E_ARGUMENT);
    traffstat_reader_free(reader);
}

static void corrections_are_added_and_listed(void **state)
{
    assert_reads(*state, &(fixture){"place,year,cases\nA,2016,5\nA,2016,-1\nA,2017,-64\n"
                                    "B,2016,<5\nB,2016,-2\nC,2016,1-3\nC,2016,-7\n",
                                    "long",
                                    "A|2016|cases|=4\nA|2017|cases|=-64\nB|2016|cases|=0..2\n"
                                    "C|2016|cases|=-4\n",
                                    "negative_count 4; duplicate_cell 3", 7, 7});
}

static void strict_names_the_first_problem_of_the_file(void **state)
{
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_strictness(*state, reader, TRAFFSTAT_READ_STRICT));
    result r = read_with(*state, reader,
                         "Title,,\nplace,year,cases\nAda*,2016,5\nAda,2017,-3\n"
                         "Ada,99,1\n* a note on Ada\n");
    assert_int_equal(r.status, TRAFFSTAT_E_VALUE);
    assert_non_null(strstr(traffstat_ctx_message(*state), "x.csv:4: cases:"));
    drop(&r);
    /* the form of a file is no problem of it */
    r = read_with(*state, reader, "Title,,\nplace,year,cases\nAda*,2016,5\n* a note on Ada\n");
    assert_ok(*state, r.status);
    drop(&r);
    traffstat_reader_free(reader);
}

/* ---- the tidy form -------------------------------------------------------------------------- */

static void every_kind_of_cell_reads_back(void **state)
{
    static const traffstat_cell cells[] = {
        {8, 8, 122197.0, 0.5, 2001, 0, 1, TRAFFSTAT_WHY_COUNTED},
        {0, 4, NAN, NAN, 2002, TRAFFSTAT_FLAG_PROVISIONAL, 1, TRAFFSTAT_WHY_COUNTED},
        {2, TRAFFSTAT_NO_UPPER, 1e22, 1e-9, 2003, 31, 1, TRAFFSTAT_WHY_COUNTED},
        {-9, -9, 0.25, NAN, 2004, TRAFFSTAT_FLAG_SUMMED, 1, TRAFFSTAT_WHY_COUNTED},
        {0, 0, NAN, NAN, 2005, 0, 1, TRAFFSTAT_WHY_NOT_REPORTED},
        {0, 0, 7.5, NAN, 2006, TRAFFSTAT_FLAG_BREAK, 1, TRAFFSTAT_WHY_SUPPRESSED},
        {0, 0, NAN, NAN, 2007, 0, 1, TRAFFSTAT_WHY_NOT_APPLICABLE},
        {0, 0, NAN, 1.0, 2008, 0, 1, TRAFFSTAT_WHY_UNPARSABLE},
        {INT64_MAX - 1, INT64_MAX - 1, NAN, NAN, 2009, 0, 1, TRAFFSTAT_WHY_COUNTED},
    };
    static const char *const names[] = {"Ada*",
                                        "Boise [48]",
                                        " outer ",
                                        "a,b",
                                        "q\"q",
                                        "l1\nl2",
                                        "* a note that is a name of some length",
                                        "-99"};
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_text *first = NULL;
    traffstat_text *second = NULL;
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t series = 0;
        assert_ok(*state,
                  traffstat_panel_builder_series(*state, builder, i % 2 == 0 ? "" : "k9", names[i],
                                                 names[7 - i], "c / d", names[i], &series));
        for (size_t k = 0; k < sizeof cells / sizeof cells[0]; k++) {
            assert_ok(*state, traffstat_panel_builder_add(*state, builder, series, &cells[k]));
        }
    }
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    assert_ok(*state, traffstat_panel_csv(*state, panel, &first));
    result r = read_with(*state, NULL, traffstat_text_data(first));
    assert_ok(*state, r.status);
    assert_ok(*state, traffstat_panel_csv(*state, r.panel, &second));
    assert_string_equal(traffstat_text_data(second), traffstat_text_data(first));
    char *problems = problems_of(r.account);
    assert_string_equal(problems, "negative_count 8; name_variants 1"); /* k9 has four names */
    free(problems);
    drop(&r);
    traffstat_text_free(first);
    traffstat_text_free(second);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
}

static void words_for_a_missing_count_say_nothing_of_one_that_is_there(void **state)
{
    assert_reads(*state,
                 &(fixture){"place,year,cases_lower,cases_upper,flags\nA,2016,3,3,suppressed\n"
                            "A,2017,,,suppressed\nA,2018,,,odd\n",
                            "long", "A|2016|cases|=3\nA|2017|cases|=why2\nA|2018|cases|=why1\n",
                            "unknown_flag 2", 3, 3});
}

/* ---- publishers ----------------------------------------------------------------------------- */

static void the_fbis_form_is_known(void **state)
{
    static const char text[] =
        "DATA_YEAR,ORI,PUB_AGENCY_NAME,PUB_AGENCY_UNIT,STATE_NAME,COUNTY_NAME,REGION_NAME,"
        "OFFENSE_SUBCAT_ID,OFFENSE_NAME,OFFENSE_SUBCAT_NAME,ACTUAL_COUNT,UNFOUNDED_COUNT,"
        "CLEARED_COUNT,JUVENILE_CLEARED_COUNT\n"
        "2018,MT0320100,Missoula,,Montana,MISSOULA,West,81,Human Trafficking,Commercial Sex Acts,"
        "2,0,1,0\n";
    assert_reads(*state, &(fixture){text, "long", "Missoula|2018|offences|Commercial Sex Acts=2\n",
                                    "", 1, 1});
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "all"));
    assert_reads_with(*state, reader,
                      &(fixture){text, "long",
                                 "Missoula|2018|offences|Commercial Sex Acts=2\n"
                                 "Missoula|2018|unfounded|Commercial Sex Acts=0\n"
                                 "Missoula|2018|cleared|Commercial Sex Acts=1\n"
                                 "Missoula|2018|juvenile cleared|Commercial Sex Acts=0\n",
                                 "", 1, 1});
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "CLEARED_COUNT"));
    assert_reads_with(
        *state, reader,
        &(fixture){text, "long", "Missoula|2018|cleared|Commercial Sex Acts=1\n", "", 1, 1});
    traffstat_reader_free(reader);
    result r = read_with(*state, NULL, text);
    assert_string_equal(traffstat_panel_key(r.panel, 0), "MT0320100");
    assert_string_equal(column_of(r.account, "form"), "FBI, human trafficking by agency");
    assert_string_equal(column_of(r.account, "cases"), "ACTUAL_COUNT");
    drop(&r);
}

static void the_unodcs_form_is_known(void **state)
{
    static const char text[] =
        "UNODC,,,,,,,,,,,,\n14/04/2025,,,,,,,,,,,,\n"
        "Iso3_code,Country,Region,Subregion,Indicator,Dimension,Category,Sex,Age,Year,"
        "Unit of measurement,txtVALUE,Source\n"
        "ABW,Aruba,Americas,Latin America,Detected trafficking victims,Total,Total,Total,Total,"
        "2010,Counts,<5,GLOTIP\n"
        "ALB,Albania,Europe,Southern Europe,Detected trafficking victims,by citizenship,Albanian,"
        "Female,Total,2010,Counts,\"1,192\",GLOTIP\n"
        "PAK,Pakistan,Asia,Southern Asia,Persons convicted,by citizenship,Q6.1_11s_2019,Total,"
        "Total,2019,Counts,\"61,112,019\",GLOTIP\n";
    assert_reads(*state, &(fixture){text, "long",
                                    "Aruba|2010|Detected trafficking victims|"
                                    "Total / Total / Total / Total=0..4\n"
                                    "Albania|2010|Detected trafficking victims|"
                                    "by citizenship / Albanian / Female / Total=1192\n",
                                    "preamble_line 2; implausible_count 1", 3, 2});
}

static void statistics_canadas_form_is_known(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf\"REF_DATE\",\"GEO\",\"DGUID\",\"Violations\",\"Statistics\",\"UOM\","
        "\"VALUE\","
        "\"STATUS\"\n"
        "\"2017\",\"Alberta [48]\",\"2016A000248\",\"Trafficking in persons [1525]\","
        "\"Actual incidents\",\"Number\",\"9\",\"\"\n"
        "\"2017\",\"Alberta [48]\",\"2016A000248\",\"Trafficking in persons [1525]\","
        "\"Rate per 100,000 population\",\"Rate\",\"0.21\",\"\"\n";
    assert_reads(*state,
                 &(fixture){text, "long",
                            "Alberta|2017|Actual incidents|Trafficking in persons [1525]=9\n",
                            "footnote_mark 1; other_measure 1", 2, 1});
}

/* The symbols of its standard table; values are invented. */
static void statistics_canadas_symbols_say_why_there_is_no_count(void **state)
{
    static const char text[] =
        "REF_DATE,GEO,DGUID,Violations,Statistics,UOM,VALUE,STATUS\n"
        "2011,Yukon,K,V,Actual incidents,Number,,..\n2012,Yukon,K,V,Actual incidents,Number,,x\n"
        "2013,Yukon,K,V,Actual incidents,Number,,...\n2014,Yukon,K,V,Actual incidents,Number,,F\n"
        "2015,Yukon,K,V,Actual incidents,Number,6,E\n2016,Yukon,K,V,Actual incidents,Number,7,p\n"
        "2017,Yukon,K,V,Actual incidents,Number,8,r\n2018,Yukon,K,V,Actual incidents,Number,9,x\n"
        "2019,Yukon,K,V,Actual incidents,Number,0,0s\n2020,Yukon,K,V,Actual incidents,Number,1,?\n";
    assert_reads(*state, &(fixture){text, "long",
                                    "Yukon|2011|Actual incidents|V=why1\n"
                                    "Yukon|2012|Actual incidents|V=why2\n"
                                    "Yukon|2013|Actual incidents|V=why3\n"
                                    "Yukon|2014|Actual incidents|V=why1\n"
                                    "Yukon|2015|Actual incidents|V=6\n"
                                    "Yukon|2016|Actual incidents|V=7\n"
                                    "Yukon|2017|Actual incidents|V=8\n"
                                    "Yukon|2018|Actual incidents|V=9\n"
                                    "Yukon|2019|Actual incidents|V=0\n"
                                    "Yukon|2020|Actual incidents|V=1\n",
                                    "unknown_flag 2", 10, 10});
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_suppressed(*state, reader, 1, 4));
    result r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_lowers(r.panel)[1], 1);
    assert_int_equal(traffstat_panel_uppers(r.panel)[1], 4);
    assert_int_equal(traffstat_panel_flags(r.panel)[4], TRAFFSTAT_FLAG_DOUBTFUL);
    assert_int_equal(traffstat_panel_flags(r.panel)[5], TRAFFSTAT_FLAG_PROVISIONAL);
    assert_int_equal(traffstat_panel_flags(r.panel)[7], 0);
    drop(&r);
    /* a column that the caller names has words */
    assert_ok(*state, traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_FLAGS, "STATUS"));
    r = read_with(*state, reader,
                  "REF_DATE,GEO,DGUID,Violations,Statistics,UOM,VALUE,STATUS\n"
                  "2017,Yukon,K,V,Actual incidents,Number,8,provisional\n");
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_flags(r.panel)[0], TRAFFSTAT_FLAG_PROVISIONAL);
    drop(&r);
    traffstat_reader_free(reader);
}

static void the_hotlines_form_is_known(void **state)
{
    static const char text[] =
        "Year_Date,Calls,Cases_Reported,State,postal\n2016,52,15,montana,MT\n";
    assert_reads(*state, &(fixture){text, "long", "montana|2016|cases|=15\n", "", 1, 1});
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "all"));
    assert_reads_with(
        *state, reader,
        &(fixture){text, "long", "montana|2016|cases|=15\nmontana|2016|calls|=52\n", "", 1, 1});
    traffstat_reader_free(reader);
}

static void the_census_has_keys_of_five_digits(void **state)
{
    static const char text[] =
        "SUMLEV,STATE,COUNTY,STNAME,CTYNAME,CENSUS2010POP,POPESTIMATE2018,POPESTIMATE2019,"
        "BIRTHS2018,BIRTHS2019\n40,1,0,Alabama,Alabama,9,10,11,1,2\n"
        "50,1,3,Alabama,Baldwin County,4,5,6,0,1\n";
    assert_reads(*state, &(fixture){text, "wide",
                                    "Alabama|2018|popestimate|=10\nAlabama|2019|popestimate|=11\n"
                                    "Baldwin County|2018|popestimate|=5\n"
                                    "Baldwin County|2019|popestimate|=6\n",
                                    "", 2, 2});
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set_measure(*state, reader, "births"));
    result r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    assert_string_equal(traffstat_panel_key(r.panel, 0), "01000");
    assert_string_equal(traffstat_panel_key(r.panel, 1), "01003");
    assert_string_equal(traffstat_panel_measure(r.panel, 0), "births");
    assert_int_equal(traffstat_panel_rows(r.panel), 4);
    drop(&r);
    traffstat_reader_free(reader);
}

static void the_fbis_tables_by_state_are_known(void **state)
{
    /* as R wrote them: columns numbered, NA for blanks, CR CR LF inside of names */
    static const char text[] =
        "\"\",\"Table 1\",\"..2\",\"..3\",\"..4\",\"..5\",\"..6\",\"..7\"\r\n"
        "\"1\",\"Human Trafficking\",NA,NA,NA,NA,NA,NA\r\n"
        "\"2\",\"Offenses and Clearances by State\",NA,NA,NA,NA,NA,NA\r\n"
        "\"3\",\"State\",\"Commercial sex acts\",NA,\"Involuntary servitude\",NA,\"Total\",NA\r\n"
        "\"4\",NA,\"Offenses\",\"Total  \r\r\ncleared\",\"Offenses\",\"Total \r\r\ncleared\","
        "\"Offenses\",\"Total \r\r\ncleared\"\r\n"
        "\"5\",\"Alabama*\",\"1\",\"0\",\"2\",\"0\",\"3\",\"0\"\r\n"
        "\"6\",\"Alaska\",\"2\",\"1\",\"1\",\"0\",\"3\",\"1\"\r\n"
        "\"7\",\"* Data submitted through the Bureau of Indian Affairs.\",NA,NA,NA,NA,NA,NA\r\n";
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_YEAR, "2017"));
    assert_reads_with(*state, reader,
                      &(fixture){text, "long",
                                 "Alabama|2017|offenses|Commercial sex acts=1\n"
                                 "Alabama|2017|offenses|Involuntary servitude=2\n"
                                 "Alabama|2017|offenses|Total=3\n"
                                 "Alaska|2017|offenses|Commercial sex acts=2\n"
                                 "Alaska|2017|offenses|Involuntary servitude=1\n"
                                 "Alaska|2017|offenses|Total=3\n",
                                 "preamble_line 3; footnote_mark 1; footer_line 1", 2, 2});
    traffstat_reader_free(reader);
}

static void the_fbis_tables_of_arrests_are_known(void **state)
{
    static const char text[] = "State,Age,\"Total\nall \nclasses1\",\"Violent\ncrime2\",Rape3,"
                               "Drunkenness4,\"Larceny-\ntheft\",\"Number\nof\nagencies\","
                               "\"2015\nestimated \npopulation\"\n"
                               "ALABAMA5,Under 18,\"5,468\",397,45,40,\"1,168\",232,"
                               "\"3,663,706\"\n"
                               "\"FLORIDA6, 7\",Total all ages,140450,5537,336,2187,15558,,\n";
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_set(*state, reader, TRAFFSTAT_ROLE_YEAR, "2015"));
    assert_reads_with(
        *state, reader,
        &(fixture){text, "long",
                   "ALABAMA|2015|total all classes|Under 18=5468\n"
                   "ALABAMA|2015|violent crime|Under 18=397\nALABAMA|2015|rape|Under 18=45\n"
                   "ALABAMA|2015|drunkenness|Under 18=40\n"
                   "ALABAMA|2015|larceny-theft|Under 18=1168\n"
                   "ALABAMA|2015|number of agencies|Under 18=232\n"
                   "FLORIDA|2015|total all classes|Total all ages=140450\n"
                   "FLORIDA|2015|violent crime|Total all ages=5537\n"
                   "FLORIDA|2015|rape|Total all ages=336\n"
                   "FLORIDA|2015|drunkenness|Total all ages=2187\n"
                   "FLORIDA|2015|larceny-theft|Total all ages=15558\n"
                   "FLORIDA|2015|number of agencies|Total all ages=why1\n",
                   "footnote_mark 2", 2, 2});
    assert_ok(*state,
              traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_CASES, "violent\ncrime2"));
    result r = read_with(*state, reader, text);
    assert_ok(*state, r.status);
    assert_int_equal(traffstat_panel_rows(r.panel), 2);
    assert_near(traffstat_panel_populations(r.panel)[0], 3663706.0, 0.0);
    assert_true(isnan(traffstat_panel_populations(r.panel)[1]));
    assert_string_equal(column_of(r.account, "cases"), "Violent crime2");
    drop(&r);
    traffstat_reader_free(reader);
}

static void a_map_beats_what_is_known_of_a_form(void **state)
{
    traffstat_reader *reader = reader_of(*state);
    assert_ok(*state, traffstat_reader_map(*state, reader, TRAFFSTAT_ROLE_CASES, "Calls"));
    assert_reads_with(*state, reader,
                      &(fixture){"Year_Date,Calls,Cases_Reported,State,postal\n"
                                 "2016,52,15,montana,MT\n",
                                 "long", "montana|2016|calls|=52\n", "", 1, 1});
    traffstat_reader_free(reader);
}

/* Totals by year: 443, 965, 1,196 and 1,220 offences in the FBI's tables of 2014 to 2017, of 29, 40,
 * 36 and 47 states and territories; Montana 1, 0, 1, 2. */
static void the_shipped_states_hold_what_the_fbi_published(void **state)
{
    static const int64_t want[][3] = {
        {2014, 443, 29}, {2015, 965, 40}, {2016, 1196, 36}, {2017, 1220, 47}};
    static const int64_t montana[] = {1, 0, 1, 2};
    int64_t sums[4] = {0};
    int64_t counts[4] = {0};
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    assert_ok(*state, traffstat_read_path(*state, NULL, "data/us-states.csv", &panel, &account));
    assert_int_equal(traffstat_account_problems(account), 0);
    for (size_t i = 0; i < traffstat_panel_rows(panel); i++) {
        traffstat_cell cell;
        assert_ok(*state, traffstat_panel_cell(panel, i, &cell));
        const size_t y = (size_t) (cell.year - 2014);
        sums[y] += cell.lower;
        counts[y]++;
        assert_true(cell.lower == cell.upper && cell.population > 100000.0);
        if (strcmp(traffstat_panel_key(panel, traffstat_panel_row_series(panel, i)), "MT") == 0) {
            assert_int_equal(cell.lower, montana[y]);
        }
    }
    for (size_t y = 0; y < 4; y++) {
        assert_int_equal(sums[y], want[y][1]);
        assert_int_equal(counts[y], want[y][2]);
    }
    traffstat_account_free(account);
    traffstat_panel_free(panel);
}

/* ---- csv-spectrum --------------------------------------------------------------------------- */

static traffstat_status take_fields(traffstat_i_records *records, const traffstat_i_record *record,
                                    void *user)
{
    traffstat_text *to = user;
    (void) records;
    for (size_t i = 0; i < record->kept; i++) {
        traffstat_i_text_add(to, i > 0 ? "|" : "");
        traffstat_i_text_add_bytes(to, record->field[i].data, record->field[i].size);
    }
    traffstat_i_text_add(to, "~");
    return TRAFFSTAT_OK;
}

static traffstat_status no_quote(int what, int64_t line, size_t column, int64_t lines, void *user)
{
    (void) what;
    (void) line;
    (void) column;
    (void) lines;
    (void) user;
    return TRAFFSTAT_E_INTERNAL;
}

/* The cases of the suite "csv-spectrum" (M. Ogden, BSD licence): fields joined by |, records ended
 * by ~, as its JSON has them. */
static void the_csv_spectrum_gives_what_its_json_says(void **state)
{
    static const struct {
        const char *csv;
        const char *fields;
    } cases[] = {
        {"first,last,address,city,zip\nJohn,Doe,120 any st.,\"Anytown, WW\",08123",
         "first|last|address|city|zip~John|Doe|120 any st.|Anytown, WW|08123~"},
        {"a,b,c\n1,\"\",\"\"\n2,3,4", "a|b|c~1||~2|3|4~"},
        {"a,b,c\r\n1,\"\",\"\"\r\n2,3,4", "a|b|c~1||~2|3|4~"},
        {"a,b\n1,\"ha \"\"ha\"\" ha\"\n3,4\n", "a|b~1|ha \"ha\" ha~3|4~"},
        {"key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"coordinates\"\": [102.0, 0.5]}\"\n",
         "key|val~1|{\"type\": \"Point\", \"coordinates\": [102.0, 0.5]}~"},
        {"a,b,c\n1,2,3\n\"Once upon \na time\",5,6\n7,8,9\n",
         "a|b|c~1|2|3~Once upon \na time|5|6~7|8|9~"},
        {"a,b,c\r\n1,2,3\r\n\"Once upon \r\na time\",5,6\r\n7,8,9\r\n",
         "a|b|c~1|2|3~Once upon \r\na time|5|6~7|8|9~"},
        {"a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n", "a|b~1|ha \n\"ha\" \nha~3|4~"},
        {"a,b,c\n1,2,3\n", "a|b|c~1|2|3~"},
        {"a,b,c\r\n1,2,3\r\n", "a|b|c~1|2|3~"},
        {"a,b,c\n1,2,3\n4,5,\xca\xa4", "a|b|c~1|2|3~4|5|\xca\xa4~"},
    };
    traffstat_reader *reader = reader_of(*state);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_i_source source;
        traffstat_i_dialect dialect;
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        const traffstat_i_sink sink = {take_fields, no_quote, &text, NULL, NULL};
        assert_ok(*state, traffstat_i_source_memory(*state, cases[i].csv, strlen(cases[i].csv), "x",
                                                    &source));
        assert_ok(*state, traffstat_i_records_run(*state, &source, reader, &sink, &dialect));
        assert_string_equal(traffstat_i_text_get(&text), cases[i].fields);
        traffstat_i_source_close(&source);
        traffstat_i_text_clear(&text);
    }
    traffstat_reader_free(reader);
}

/* ---- memory --------------------------------------------------------------------------------- */

typedef struct attempt {
    const char *text;
    const char *measure;
    const char *year;
} attempt;

static traffstat_status try_reading(traffstat_ctx *ctx, void *arg)
{
    const attempt *what = arg;
    traffstat_reader *reader = NULL;
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    traffstat_status status = traffstat_reader_new(ctx, &reader);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_measure(ctx, reader, what->measure);
    }
    if (status == TRAFFSTAT_OK && what->year != NULL) {
        status = traffstat_reader_set(ctx, reader, TRAFFSTAT_ROLE_YEAR, what->year);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_absent(ctx, reader, TRAFFSTAT_ABSENT_ZERO);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_read_memory(ctx, reader, what->text, strlen(what->text), "x.csv", &panel,
                                       &account);
    }
    traffstat_panel_free(panel);
    traffstat_account_free(account);
    traffstat_reader_free(reader);
    return status;
}

static void memory_may_fail_in_every_layout(void **state)
{
    (void) state;
    static attempt cases[] = {
        {"Title,,,,\n,Offences,,Arrests,\nState,2016,2017,2016,2017\nAda*,1,2,3,x\n---,,,,\n"
         "* a note on all of it,,,,\n",
         "all", NULL},
        {"Year,Ada,Boise*\n2016,1,-1\n2018,2,<5\n", NULL, NULL},
        {"State,Commercial sex acts,,Servitude,\n,Offenses,Total,Offenses,Total\nAda,1,2,3,4\n",
         "offenses", "2016"},
        {"SUMLEV,STATE,COUNTY,STNAME,CTYNAME,POPESTIMATE2018,POPESTIMATE2019\n40,1,0,A,A,1,2\n",
         NULL, NULL},
        {"Iso3_code,Country,Indicator,Dimension,Category,Sex,Age,Year,txtVALUE,Source\n"
         "A,Ada,I,D,C,S,A,2010,<5,G\nB,Boise,J,D,C,S,A,2011,7,G\n",
         "i", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(support_try_every_allocation(try_reading, &cases[i]) > 20);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_above_the_header_are_passed_over_and_counted),
        TEST(words_above_a_whole_header_are_no_part_of_it),
        TEST(notes_and_rules_below_the_records_are_no_records),
        TEST(eighty_six_lines_of_footer_are_counted),
        TEST(a_year_above_the_header_is_offered),
        TEST(row_numbers_are_no_column),
        TEST(marks_of_footnotes_come_off_names),
        TEST(header_rows_are_joined),
        TEST(a_record_below_the_header_is_no_header),
        TEST(empty_and_repeated_names_are_told_by_number),
        TEST(nine_hundred_columns_are_read),
        TEST(columns_of_years_are_turned_long),
        TEST(one_bad_cell_of_a_wide_row_costs_no_other),
        TEST(what_costs_a_record_costs_it_once),
        TEST(mutated_tables_never_lose_a_record_uncounted),
        TEST(totals_over_years_are_left_out_and_cost_no_series),
        TEST(codes_and_rates_are_no_counts),
        TEST(columns_of_places_are_turned_long),
        TEST(columns_of_counts_are_measures),
        TEST(a_measure_is_chosen_by_name_or_header),
        TEST(records_of_another_measure_are_counted_as_left_out),
        TEST(marks_that_stand_for_numbers_are_told_apart),
        TEST(hidden_counts_lie_between_given_bounds),
        TEST(periods_are_years_or_no_years),
        TEST(an_absent_year_is_zero_only_when_asked_for),
        TEST(corrections_are_added_and_listed),
        TEST(strict_names_the_first_problem_of_the_file),
        TEST(every_kind_of_cell_reads_back),
        TEST(words_for_a_missing_count_say_nothing_of_one_that_is_there),
        TEST(the_fbis_form_is_known),
        TEST(the_unodcs_form_is_known),
        TEST(statistics_canadas_form_is_known),
        TEST(statistics_canadas_symbols_say_why_there_is_no_count),
        TEST(the_hotlines_form_is_known),
        TEST(the_census_has_keys_of_five_digits),
        TEST(the_fbis_tables_by_state_are_known),
        TEST(the_fbis_tables_of_arrests_are_known),
        TEST(a_map_beats_what_is_known_of_a_form),
        TEST(the_shipped_states_hold_what_the_fbi_published),
        TEST(the_csv_spectrum_gives_what_its_json_says),
        TEST(memory_may_fail_in_every_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
