/* The report room: JSON is read back by jansson, CSV by the library's own reader. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "report/report.h"
#include "support/support.h"
#include "table/table.h"

#include <traffstat.h>

/* ---- what is reported on -------------------------------------------------------------------- */

static const traffstat_cell plain = {.population = NAN, .coverage = NAN, .places = 1};

static traffstat_cell count_of(int32_t year, int64_t lower, int64_t upper)
{
    traffstat_cell cell = plain;
    cell.year = year;
    cell.lower = lower;
    cell.upper = upper;
    return cell;
}

static traffstat_cell none_of(int32_t year, int32_t why)
{
    traffstat_cell cell = plain;
    cell.year = year;
    cell.why = why;
    return cell;
}

/* One series of the cells. */
static traffstat_status make_panel(traffstat_ctx *ctx, const char *place,
                                   const traffstat_cell *cells, size_t count, traffstat_panel **out)
{
    traffstat_panel_builder *builder = NULL;
    size_t series = 0;
    *out = NULL;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_series(
            ctx, builder, NULL, place, "cases investigated by police", NULL, "a source", &series);
    }
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        status = traffstat_panel_builder_add(ctx, builder, series, &cells[i]);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, out);
    }
    traffstat_panel_builder_free(builder);
    return status;
}

static traffstat_status make_missoula(traffstat_ctx *ctx, traffstat_panel **out)
{
    const traffstat_cell cells[] = {count_of(2017, 7, 7), count_of(2018, 8, 8)};
    return make_panel(ctx, "Missoula", cells, 2, out);
}

static traffstat_status make_estimate(traffstat_ctx *ctx, const traffstat_panel *panel,
                                      int32_t rate_prior, traffstat_estimate **out)
{
    traffstat_prior *prior = NULL;
    traffstat_thinning_options options;
    traffstat_thinning_options_init(&options, (uint32_t) sizeof options);
    options.rate_prior = rate_prior;
    options.gamma_shape = 1.0;
    options.gamma_rate = 0.1;
    *out = NULL;
    traffstat_status status = traffstat_prior_beta(ctx, 8.0, 12.0, "a test", &prior);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_thinning(ctx, panel, prior, &options, out);
    }
    traffstat_prior_free(prior);
    return status;
}

static json_t *parse(const char *text)
{
    json_error_t error;
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (root == NULL) {
        fail_msg("no JSON: %s at line %d of\n%s", error.text, error.line, text);
    }
    return root;
}

/* The estimate of a panel as jansson sees it. */
static json_t *estimate_json(traffstat_ctx *ctx, const traffstat_panel *panel, int32_t rate_prior)
{
    traffstat_estimate *estimate = NULL;
    traffstat_text *text = NULL;
    assert_ok(ctx, make_estimate(ctx, panel, rate_prior, &estimate));
    assert_ok(ctx, traffstat_estimate_json(ctx, estimate, &text));
    const char *data = traffstat_text_data(text);
    assert_int_equal(data[traffstat_text_size(text) - 1], '\n');
    json_t *root = parse(data);
    traffstat_text_free(text);
    traffstat_estimate_free(estimate);
    return root;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value)) {
        fail_msg("\"%s\" is no number", key);
    }
    return json_number_value(value);
}

static const char *string(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_string(value)) {
        fail_msg("\"%s\" is no text", key);
    }
    return json_string_value(value);
}

/* ---- the writers ---------------------------------------------------------------------------- */

static void json_escapes_what_it_must_and_mends_what_is_not_utf8(void **state)
{
    traffstat_text text;
    traffstat_i_json json;
    traffstat_i_text_init(&text, *state);
    traffstat_i_json_init(&json, &text);
    traffstat_i_json_text(&json, NULL, "a\"b\\c\n\t\x01\x7f \xc2\x9b é 😀 \xff \xed\xa0\x80.");
    json_t *value = parse(traffstat_i_text_get(&text));
    assert_string_equal(json_string_value(value), "a\"b\\c\n\t\x01\x7f \xc2\x9b é 😀 \xef\xbf\xbd "
                                                  "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd.");
    assert_null(strchr(traffstat_i_text_get(&text), '\x7f'));
    assert_null(strchr(traffstat_i_text_get(&text), '\n'));
    json_decref(value);
    traffstat_i_text_clear(&text);
}

static void json_numbers_read_back_to_the_same_value(void **state)
{
    const double values[] = {0.1,  1.0 / 3.0, 19.0,       -2.5e-7, 1e17, 1.7976931348623157e308,
                             1e22, 5e-324,    1234567.25, 0.0};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        traffstat_text text;
        traffstat_i_json json;
        traffstat_i_text_init(&text, *state);
        traffstat_i_json_init(&json, &text);
        traffstat_i_json_double(&json, NULL, values[i]);
        json_t *value = parse(traffstat_i_text_get(&text));
        assert_near(json_number_value(value), values[i], 0.0);
        assert_null(strstr(traffstat_i_text_get(&text), ".0"));
        json_decref(value);
        traffstat_i_text_clear(&text);
    }
}

static void json_has_null_for_what_is_no_number(void **state)
{
    const double values[] = {NAN, INFINITY, -INFINITY};
    traffstat_text text;
    traffstat_i_json json;
    traffstat_i_text_init(&text, *state);
    traffstat_i_json_init(&json, &text);
    traffstat_i_json_open(&json, NULL, '[', false);
    for (size_t i = 0; i < 3; i++) {
        traffstat_i_json_double(&json, NULL, values[i]);
    }
    traffstat_i_json_text(&json, NULL, NULL);
    traffstat_i_json_uint(&json, NULL, UINT64_MAX);
    traffstat_i_json_int(&json, NULL, INT64_MIN);
    traffstat_i_json_open(&json, NULL, '{', false);
    traffstat_i_json_close(&json, '}');
    traffstat_i_json_close(&json, ']');
    assert_string_equal(traffstat_i_text_get(&text),
                        "[\n  null,\n  null,\n  null,\n  null,\n  18446744073709551615,\n"
                        "  -9223372036854775808,\n  {}\n]");
    traffstat_i_text_clear(&text);
}

static void csv_quotes_by_rfc_4180(void **state)
{
    static const char *const values[] = {"plain",  "",    "a,b",   "say \"hi\"", "two\nlines",
                                         " outer", "a;b", "tab\t", "=1+1"};
    traffstat_text text;
    traffstat_i_csv csv;
    traffstat_i_text_init(&text, *state);
    traffstat_i_csv_init(&csv, &text);
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        traffstat_i_csv_text(&csv, values[i]);
    }
    traffstat_i_csv_double(&csv, NAN);
    traffstat_i_csv_double(&csv, 0.25);
    traffstat_i_csv_int(&csv, -3);
    traffstat_i_csv_end(&csv);
    assert_string_equal(traffstat_i_text_get(&text),
                        "plain,,\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\" outer\",\"a;b\","
                        "\"tab\t\",=1+1,,0.25,-3\n");
    traffstat_i_text_clear(&text);
}

static void plain_text_cannot_move_the_cursor_or_turn_the_line(void **state)
{
    traffstat_text text;
    traffstat_i_text_init(&text, *state);
    traffstat_i_plain_add(&text, "a\x1b[2J\r\n\xc2\x9b\xe2\x80\xae"
                                 "b\xff");
    assert_string_equal(traffstat_i_text_get(&text),
                        "a\xef\xbf\xbd[2J\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
                        "b"
                        "\xef\xbf\xbd");
    traffstat_i_text_clear(&text);
}

static void items_are_wrapped_under_their_bullet(void **state)
{
    traffstat_text text;
    traffstat_i_text_init(&text, *state);
    char words[400] = "";
    for (int i = 0; i < 40; i++) {
        (void) strcat(words, i > 0 ? " número" : "número");
    }
    traffstat_i_plain_item(&text, "  - ", words);
    size_t lines = 0;
    for (const char *at = traffstat_i_text_get(&text); *at != '\0';) {
        const size_t size = strcspn(at, "\n");
        char line[256];
        (void) snprintf(line, sizeof line, "%.*s", (int) size, at);
        assert_in_range(traffstat_i_plain_width(line), 5, 100);
        assert_memory_equal(line, lines == 0 ? "  - n" : "    n", 5);
        lines++;
        at += size + 1;
    }
    assert_int_equal(lines, 4); /* 13 words of 6 and their spaces fill 96 columns */
    traffstat_i_text_clear(&text);
}

static void percents_have_no_needless_digits(void **state)
{
    const struct {
        double level;
        const char *want;
    } cases[] = {{0.95, "95"}, {0.29, "29"}, {0.999, "99.9"}, {0.5, "50"}, {0.9999, "99.99"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_text text;
        traffstat_i_text_init(&text, *state);
        traffstat_i_add_percent(&text, cases[i].level);
        assert_string_equal(traffstat_i_text_get(&text), cases[i].want);
        traffstat_i_text_clear(&text);
    }
}

/* ---- estimates ------------------------------------------------------------------------------ */

/* 8 counted, Beta(8, 12), 1/lambda: the example of the design. */
static void an_estimate_has_the_keys_and_numbers_of_the_design(void **state)
{
    static const char *const keys[] = {"method",    "kind",    "seed",        "level",
                                       "verdict",   "reasons", "assumptions", "diagnostics",
                                       "reporting", "rows",    "total"};
    traffstat_panel *panel = NULL;
    assert_ok(*state, make_missoula(*state, &panel));
    json_t *root = estimate_json(*state, panel, TRAFFSTAT_RATE_INVERSE);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (json_object_get(root, keys[i]) == NULL) {
            fail_msg("no key \"%s\"", keys[i]);
        }
    }
    assert_int_equal(json_object_size(root), sizeof keys / sizeof keys[0]);
    assert_string_equal(string(root, "kind"), "scenario");
    assert_string_equal(string(json_object_get(root, "method"), "id"), "thinning");
    const json_t *row = json_array_get(json_object_get(root, "rows"), 1);
    assert_string_equal(string(row, "series"), "Missoula");
    assert_true(json_is_integer(json_object_get(row, "estimate"))); /* written without a point */
    assert_near(number(row, "year"), 2018.0, 0.0);
    assert_near(number(row, "observed"), 8.0, 0.0);
    assert_near(number(row, "estimate"), 19.0, 0.0);
    assert_near(number(row, "mean"), 21.714285714285715, 1e-12);
    assert_near(number(row, "unreported"), 11.0, 0.0);
    assert_near(number(row, "lower"), 10.0, 0.0);
    assert_near(number(row, "upper"), 46.0, 0.0);
    const json_t *half = json_array_get(json_object_get(row, "intervals"), 0);
    assert_near(number(half, "level"), 0.5, 0.0);
    assert_near(number(half, "lower"), 15.0, 0.0);
    assert_near(number(half, "upper"), 26.0, 0.0);
    assert_near(number(json_object_get(row, "hdi"), "lower"), 9.0, 0.0);
    const json_t *total = json_object_get(root, "total");
    assert_true(json_is_null(json_object_get(total, "year")));
    assert_near(number(total, "observed"), 15.0, 0.0);
    json_decref(root);
    traffstat_panel_free(panel);
}

static void observed_is_a_number_an_interval_or_null(void **state)
{
    const traffstat_cell cells[] = {count_of(2015, 0, 4), count_of(2016, 2, TRAFFSTAT_NO_UPPER),
                                    none_of(2017, TRAFFSTAT_WHY_NOT_REPORTED), count_of(2018, 0, 0),
                                    count_of(2019, 5, 5)};
    traffstat_panel *panel = NULL;
    assert_ok(*state, make_panel(*state, "A", cells, 5, &panel));
    json_t *root = estimate_json(*state, panel, TRAFFSTAT_RATE_GAMMA);
    const json_t *rows = json_object_get(root, "rows");
    char *text = json_dumps(json_object_get(json_array_get(rows, 0), "observed"), JSON_COMPACT);
    assert_string_equal(text, "[0,4]");
    free(text);
    text = json_dumps(json_object_get(json_array_get(rows, 1), "observed"), JSON_COMPACT);
    assert_string_equal(text, "[2,null]");
    free(text);
    assert_true(json_is_null(json_object_get(json_array_get(rows, 2), "observed")));
    assert_near(number(json_array_get(rows, 3), "observed"), 0.0, 0.0);
    assert_near(number(json_array_get(rows, 4), "observed"), 5.0, 0.0);
    json_decref(root);
    traffstat_panel_free(panel);
}

static void what_is_inestimable_has_null_and_reasons(void **state)
{
    const traffstat_cell cells[] = {count_of(2017, 0, 0)};
    traffstat_panel *panel = NULL;
    assert_ok(*state, make_panel(*state, "A", cells, 1, &panel));
    json_t *root = estimate_json(*state, panel, TRAFFSTAT_RATE_INVERSE);
    const json_t *row = json_array_get(json_object_get(root, "rows"), 0);
    static const char *const keys[] = {
        "estimate",         "mean",           "unreported", "lower", "upper", "unreported_lower",
        "unreported_upper", "unreported_mean"};
    assert_string_equal(string(root, "verdict"), "inestimable");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        assert_true(json_is_null(json_object_get(row, keys[i])));
    }
    assert_true(json_array_size(json_object_get(row, "reasons")) > 0);
    json_decref(root);
    traffstat_panel_free(panel);
}

static void series_of_one_name_are_told_apart(void **state)
{
    static const char *const categories[] = {"Commercial Sex Acts", "Involuntary Servitude"};
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    for (size_t i = 0; i < 2; i++) {
        size_t s = 0;
        assert_ok(*state, traffstat_panel_builder_series(*state, builder, "MT0320100", "Missoula",
                                                         "offences", categories[i], "FBI", &s));
        assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2018, 3));
    }
    assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
    assert_ok(*state, make_estimate(*state, panel, TRAFFSTAT_RATE_INVERSE, &estimate));
    assert_ok(*state, traffstat_estimate_text(*state, panel, estimate, &text));
    assert_non_null(strstr(traffstat_text_data(text), "Missoula, Commercial Sex Acts  "));
    assert_non_null(strstr(traffstat_text_data(text), "Missoula, Involuntary Servitude  "));
    assert_null(strstr(traffstat_text_data(text), "FBI"));
    traffstat_text_free(text);
    assert_ok(*state, traffstat_estimate_json(*state, estimate, &text));
    json_t *root = json_loads(traffstat_text_data(text), JSON_REJECT_DUPLICATES, NULL);
    const json_t *row = json_array_get(json_object_get(root, "rows"), 1);
    assert_string_equal(string(row, "category"), "Involuntary Servitude");
    assert_string_equal(string(row, "measure"), "offences");
    assert_string_equal(string(row, "key"), "MT0320100");
    assert_string_equal(string(row, "source"), "FBI");
    json_decref(root);
    traffstat_text_free(text);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
}

static void the_csv_of_an_estimate_has_a_line_a_row_and_one_for_the_total(void **state)
{
    traffstat_panel *panel = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, make_missoula(*state, &panel));
    assert_ok(*state, make_estimate(*state, panel, TRAFFSTAT_RATE_INVERSE, &estimate));
    assert_ok(*state, traffstat_estimate_csv(*state, estimate, &text));
    const char *data = traffstat_text_data(text);
    assert_non_null(strstr(data, ",upper_95,key,measure,category,source\n"));
    assert_non_null(strstr(data, "\nMissoula,2018,8,8,19,21.714285714285715,10,46,11,"));
    assert_non_null(strstr(data, ",scenario,caution,"));
    assert_non_null(strstr(data, "\ntotal,,15,15,"));
    traffstat_text_free(text);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static void the_text_of_an_estimate_names_kind_interval_and_assumptions(void **state)
{
    const traffstat_cell cells[] = {count_of(2017, 7, 7), count_of(2018, 8, 8),
                                    none_of(2019, TRAFFSTAT_WHY_NOT_REPORTED)};
    traffstat_panel *panel = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, make_panel(*state, "Mis\x1bsoula", cells, 3, &panel));
    assert_ok(*state, make_estimate(*state, panel, TRAFFSTAT_RATE_INVERSE, &estimate));
    assert_ok(*state, traffstat_estimate_text(*state, panel, estimate, &text));
    const char *data = traffstat_text_data(text);
    assert_non_null(strstr(data, "Scenario, not an estimate; verdict: caution\n"));
    assert_non_null(strstr(data, "10–46"));
    assert_non_null(strstr(data, "not reported"));
    assert_non_null(strstr(data, "inestimable"));
    assert_non_null(strstr(data, "\nAssumptions:\n"));
    assert_non_null(strstr(data, "  - total: the total leaves out the rows without a number\n"));
    assert_null(strchr(data, '\x1b'));
    traffstat_text_free(text);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

/* ---- panels --------------------------------------------------------------------------------- */

static void check_same(const traffstat_panel *a, const traffstat_panel *b)
{
    traffstat_cell x;
    traffstat_cell y;
    assert_int_equal(traffstat_panel_series(a), traffstat_panel_series(b));
    assert_int_equal(traffstat_panel_rows(a), traffstat_panel_rows(b));
    for (size_t i = 0; traffstat_panel_cell(a, i, &x) == TRAFFSTAT_OK; i++) {
        assert_int_equal(traffstat_panel_cell(b, i, &y), TRAFFSTAT_OK);
        assert_int_equal(x.year, y.year);
        assert_true(x.lower == y.lower);
        assert_true(x.upper == y.upper);
        assert_int_equal(x.why, y.why);
        assert_int_equal(x.flags, y.flags);
        assert_near(y.population, x.population, 0.0);
        assert_near(y.coverage, x.coverage, 0.0);
    }
    for (size_t s = 0; s < traffstat_panel_series(a); s++) {
        assert_string_equal(traffstat_panel_key(a, s), traffstat_panel_key(b, s));
        assert_string_equal(traffstat_panel_jurisdiction(a, s), traffstat_panel_jurisdiction(b, s));
        assert_string_equal(traffstat_panel_measure(a, s), traffstat_panel_measure(b, s));
        assert_string_equal(traffstat_panel_category(a, s), traffstat_panel_category(b, s));
        assert_string_equal(traffstat_panel_source(a, s), traffstat_panel_source(b, s));
    }
}

/* Writes a panel and reads it again, without a problem. */
static traffstat_panel *round_trip(traffstat_ctx *ctx, const traffstat_panel *panel)
{
    traffstat_text *text = NULL;
    traffstat_panel *again = NULL;
    traffstat_reader *reader = NULL;
    assert_ok(ctx, traffstat_panel_csv(ctx, panel, &text));
    assert_ok(ctx, traffstat_reader_new(ctx, &reader));
    assert_ok(ctx, traffstat_reader_set_strictness(ctx, reader, TRAFFSTAT_READ_STRICT));
    assert_ok(ctx, traffstat_read_memory(ctx, reader, traffstat_text_data(text),
                                         traffstat_text_size(text), "again.csv", &again, NULL));
    traffstat_reader_free(reader);
    traffstat_text_free(text);
    return again;
}

static void a_panel_reads_back_to_the_same_panel(void **state)
{
    traffstat_cell cells[] = {count_of(2010, 0, 0),
                              count_of(2011, 0, 4),
                              count_of(2012, 2, TRAFFSTAT_NO_UPPER),
                              none_of(2013, TRAFFSTAT_WHY_NOT_REPORTED),
                              count_of(2014, INT64_C(9007199254740993), INT64_C(9007199254740993)),
                              count_of(2015, 0, TRAFFSTAT_NO_UPPER)};
    cells[0].population = 115000.0;
    cells[0].coverage = 1.0;
    cells[1].population = 0.1 + 0.2;
    cells[1].coverage = 1.0 / 3.0;
    cells[2].flags = TRAFFSTAT_FLAG_PROVISIONAL | TRAFFSTAT_FLAG_BREAK;
    cells[3].flags = TRAFFSTAT_FLAG_PARTIAL_YEAR;
    cells[4].flags = TRAFFSTAT_FLAG_PARTIAL | TRAFFSTAT_FLAG_SUMMED;
    traffstat_panel *panel = NULL;
    assert_ok(*state, make_panel(*state, "São \"Tomé\", ü\nand a; semicolon", cells, 6, &panel));
    traffstat_panel *again = round_trip(*state, panel);
    check_same(panel, again);
    traffstat_panel_free(again);
    traffstat_panel_free(panel);
}

/* Random panels: several series, keys or none, every flag. */
static void random_panels_read_back(void **state)
{
    static const char *const names[] = {"A", "B, C", "D\"E", "F;G", "\xc3\xa9"};
    support_rng rng;
    support_rng_init(&rng, 11);
    for (int trial = 0; trial < 200; trial++) {
        traffstat_panel_builder *builder = NULL;
        traffstat_panel *panel = NULL;
        assert_ok(*state, traffstat_panel_builder_new(*state, TRAFFSTAT_DUPLICATES_LAST, &builder));
        for (int64_t i = support_rng_between(&rng, 1, 40); i > 0; i--) {
            char key[8] = "";
            size_t series = 0;
            const int64_t place = support_rng_between(&rng, 0, 4);
            if (place % 2 == 0) {
                (void) snprintf(key, sizeof key, "%d", (int) (100 + place));
            }
            assert_ok(*state, traffstat_panel_builder_series(
                                  *state, builder, key, names[place],
                                  names[support_rng_between(&rng, 0, 4)],
                                  support_rng_between(&rng, 0, 1) == 0 ? "" : "minor",
                                  support_rng_between(&rng, 0, 1) == 0 ? "" : "s", &series));
            const int64_t lower = support_rng_between(&rng, 0, 50);
            traffstat_cell cell = count_of((int32_t) support_rng_between(&rng, 1990, 2020), lower,
                                           lower + support_rng_between(&rng, 0, 3));
            cell.upper = support_rng_between(&rng, 0, 9) == 0 ? TRAFFSTAT_NO_UPPER : cell.upper;
            cell.flags = (uint32_t) support_rng_between(&rng, 0, 31);
            cell.population =
                support_rng_between(&rng, 0, 1) == 0 ? NAN : 1.0 + 1e6 * support_rng_uniform(&rng);
            cell.coverage =
                support_rng_between(&rng, 0, 1) == 0 ? NAN : 1.0 - support_rng_uniform(&rng);
            if (support_rng_between(&rng, 0, 9) == 0) {
                cell.why = TRAFFSTAT_WHY_NOT_REPORTED;
                cell.lower = cell.upper = 0;
            }
            assert_ok(*state, traffstat_panel_builder_add(*state, builder, series, &cell));
        }
        assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panel));
        traffstat_panel *again = round_trip(*state, panel);
        check_same(panel, again);
        traffstat_panel_free(again);
        traffstat_panel_free(panel);
        traffstat_panel_builder_free(builder);
    }
}

static void why_a_cell_is_empty_is_written_beside_the_flags(void **state)
{
    traffstat_cell cells[] = {
        none_of(2013, TRAFFSTAT_WHY_SUPPRESSED), none_of(2014, TRAFFSTAT_WHY_NOT_APPLICABLE),
        none_of(2015, TRAFFSTAT_WHY_UNPARSABLE), none_of(2016, TRAFFSTAT_WHY_NOT_REPORTED)};
    cells[0].flags = TRAFFSTAT_FLAG_PROVISIONAL;
    traffstat_panel *panel = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, make_panel(*state, "A", cells, 4, &panel));
    assert_ok(*state, traffstat_panel_csv(*state, panel, &text));
    assert_string_equal(
        traffstat_text_data(text),
        "key,jurisdiction,year,measure,category,cases_lower,cases_upper,population,coverage,flags,"
        "source\n"
        ",A,2013,cases investigated by police,,,,,,\"provisional;suppressed\",a source\n"
        ",A,2014,cases investigated by police,,,,,,not_applicable,a source\n"
        ",A,2015,cases investigated by police,,,,,,unparsable,a source\n"
        ",A,2016,cases investigated by police,,,,,,,a source\n");
    traffstat_text_free(text);
    traffstat_panel_free(panel);
}

/* ---- accounts ------------------------------------------------------------------------------- */

static traffstat_account *read_account(traffstat_ctx *ctx, const char *data)
{
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    assert_ok(ctx,
              traffstat_read_memory(ctx, NULL, data, strlen(data), "cases.csv", &panel, &account));
    traffstat_panel_free(panel);
    return account;
}

static void an_account_as_json_has_the_keys_of_the_design(void **state)
{
    traffstat_account *account =
        read_account(*state, "place,year,cases\nA,2015,3\nA,2016,\"ma\"\"ny\"\nA,2017,2+\n");
    traffstat_text *text = NULL;
    assert_ok(*state, traffstat_account_json(*state, account, &text));
    json_t *root = parse(traffstat_text_data(text));
    const json_t *rows = json_object_get(root, "rows");
    assert_near(number(rows, "seen"), 3.0, 0.0);
    assert_near(number(rows, "used") + number(rows, "dropped"), 3.0, 0.0);
    assert_near(number(root, "series"), 1.0, 0.0);
    assert_near(json_number_value(json_array_get(json_object_get(root, "years"), 0)), 2015.0, 0.0);
    assert_near(json_number_value(json_array_get(json_object_get(root, "years"), 1)), 2017.0, 0.0);
    assert_near(number(json_object_get(root, "total"), "lower"), 5.0, 0.0);
    assert_true(json_is_null(json_object_get(json_object_get(root, "total"), "upper")));
    assert_string_equal(string(json_object_get(root, "columns"), "jurisdiction"), "place");
    assert_true(strlen(string(root, "dialect")) > 0 && strlen(string(root, "encoding")) > 0 &&
                strlen(string(root, "layout")) > 0);
    const json_t *problem = json_array_get(json_object_get(root, "problems"), 0);
    assert_near(number(problem, "count"), 1.0, 0.0);
    const json_t *example = json_array_get(json_object_get(problem, "examples"), 0);
    assert_string_equal(string(example, "file"), "cases.csv");
    assert_near(number(example, "line"), 3.0, 0.0);
    assert_string_equal(string(example, "column"), "cases");
    assert_string_equal(string(example, "got"), "ma\"ny");
    assert_true(strlen(string(example, "expected")) > 0 && strlen(string(example, "done")) > 0);
    json_decref(root);
    traffstat_text_free(text);
    traffstat_account_free(account);
}

static void a_sum_of_nothing_reported_is_not_zero(void **state)
{
    traffstat_account *account =
        read_account(*state, "place,year,cases\nA,2015,\nA,2016,NA\nA,2017,*\n");
    traffstat_text *text = NULL;
    assert_ok(*state, traffstat_account_json(*state, account, &text));
    json_t *root = parse(traffstat_text_data(text));
    const json_t *total = json_object_get(root, "total");
    assert_true(json_is_null(json_object_get(total, "lower")));
    assert_true(json_is_null(json_object_get(total, "upper")));
    json_decref(root);
    traffstat_text_free(text);

    assert_ok(*state, traffstat_account_text(*state, account, &text));
    assert_non_null(strstr(traffstat_text_data(text), "2015\xe2\x80\x93"
                                                      "2017, no count reported\n"));
    assert_null(strstr(traffstat_text_data(text), "sum to"));
    traffstat_text_free(text);
    traffstat_account_free(account);
}

static void a_clean_account_is_two_lines_of_text(void **state)
{
    traffstat_account *account = read_account(*state, "place,year,cases\nA,2015,3\nA,2016,4\n");
    traffstat_text *text = NULL;
    assert_ok(*state, traffstat_account_text(*state, account, &text));
    const char *data = traffstat_text_data(text);
    const char *first_end = strchr(data, '\n');
    assert_non_null(first_end);
    assert_ptr_equal(strchr(first_end + 1, '\n') + 1, data + traffstat_text_size(text));
    assert_non_null(strstr(data, "2 of 2 records used, 1 series, 2015–2016"));
    traffstat_text_free(text);
    traffstat_account_free(account);
}

/* ---- scenes and evidence -------------------------------------------------------------------- */

static void a_scene_as_json_names_file_format_and_estimate(void **state)
{
    traffstat_panel *panel = NULL;
    traffstat_scene *scene = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, make_missoula(*state, &panel));
    assert_ok(*state, traffstat_scene_trend(*state, panel, 0, NULL, NULL, NULL, &scene));
    assert_ok(*state, traffstat_scene_json(*state, scene, "a \"b\".PDF", TRAFFSTAT_FORMAT_BY_NAME,
                                           NULL, &text));
    json_t *root = parse(traffstat_text_data(text));
    assert_string_equal(string(root, "file"), "a \"b\".PDF");
    assert_string_equal(string(root, "format"), "pdf");
    assert_near(number(root, "width"), 1600.0, 0.0);
    assert_near(number(root, "height"), 900.0, 0.0);
    assert_string_equal(string(root, "title"), traffstat_scene_title(scene));
    assert_string_equal(string(root, "alt"), traffstat_scene_alt(scene));
    assert_int_equal(json_array_size(json_object_get(root, "notes")), traffstat_scene_notes(scene));
    assert_true(json_is_null(json_object_get(root, "estimate")));
    json_decref(root);
    traffstat_text_free(text);
    assert_ok(*state, traffstat_scene_json(*state, scene, NULL, TRAFFSTAT_FORMAT_SVG, NULL, &text));
    assert_non_null(strstr(traffstat_text_data(text), "\"file\": null,\n  \"format\": \"svg\""));
    traffstat_text_free(text);
    traffstat_scene_free(scene);
    traffstat_panel_free(panel);
}

static traffstat_status make_evidence(traffstat_ctx *ctx, traffstat_evidence **out)
{
    traffstat_evidence_entry entry = {.struct_size = (uint32_t) sizeof entry,
                                      .first_year = 2013,
                                      .last_year = 2013,
                                      .id = "uk-2013",
                                      .place = "United Kingdom",
                                      .unit = "persons",
                                      .measure = "potential victims",
                                      .agencies = "any agency",
                                      .method = "multiple systems estimation",
                                      .rate = NAN,
                                      .lower = 0.21,
                                      .upper = 0.27,
                                      .level = 0.95,
                                      .citation = "A report, \"of\" 2014",
                                      .note = "a note"};
    traffstat_status status = traffstat_evidence_new(ctx, out);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_evidence_add(ctx, *out, &entry);
    }
    entry.id = "sacramento";
    entry.first_year = entry.last_year = 0;
    entry.rate = 0.082;
    entry.lower = entry.upper = entry.level = NAN;
    return status == TRAFFSTAT_OK ? traffstat_evidence_add(ctx, *out, &entry) : status;
}

static void evidence_as_json_csv_and_text(void **state)
{
    traffstat_evidence *evidence = NULL;
    traffstat_text *text = NULL;
    assert_ok(*state, make_evidence(*state, &evidence));
    assert_ok(*state, traffstat_evidence_json(*state, evidence, &text));
    json_t *root = parse(traffstat_text_data(text));
    assert_int_equal(json_array_size(root), 2);
    assert_true(json_is_null(json_object_get(json_array_get(root, 0), "rate")));
    assert_near(number(json_array_get(root, 0), "lower"), 0.21, 0.0);
    assert_true(json_is_null(json_object_get(json_array_get(root, 1), "first_year")));
    json_decref(root);
    traffstat_text_free(text);
    assert_ok(*state, traffstat_evidence_csv(*state, evidence, &text));
    assert_non_null(strstr(traffstat_text_data(text),
                           "\nuk-2013,United Kingdom,2013,2013,persons,potential victims,any "
                           "agency,multiple systems estimation,,0.21,0.27,0.95,\"A report, "
                           "\"\"of\"\" 2014\",a note\n"));
    traffstat_text_free(text);
    assert_ok(*state, traffstat_evidence_text(*state, evidence, &text));
    assert_non_null(strstr(traffstat_text_data(text), "interval 21–27 % at 95 %"));
    assert_non_null(strstr(traffstat_text_data(text), "8.2 %, no interval published"));
    traffstat_text_free(text);
    traffstat_evidence_free(evidence);
}

/* ---- failing -------------------------------------------------------------------------------- */

static void nothing_to_write_is_an_argument_error(void **state)
{
    traffstat_text *text = (traffstat_text *) state; /* any pointer: it must become NULL */
    traffstat_estimate *estimate = NULL;
    traffstat_panel *panel = NULL;
    assert_int_equal(traffstat_estimate_json(*state, NULL, &text), TRAFFSTAT_E_ARGUMENT);
    assert_null(text);
    assert_true(strlen(traffstat_ctx_message(*state)) > 0);
    assert_int_equal(traffstat_estimate_csv(*state, NULL, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_account_json(*state, NULL, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_account_text(*state, NULL, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_panel_csv(*state, NULL, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_evidence_json(*state, NULL, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_scene_json(*state, NULL, "f", TRAFFSTAT_FORMAT_PNG, NULL, &text),
                     TRAFFSTAT_E_ARGUMENT);
    assert_ok(*state, make_missoula(*state, &panel));
    assert_ok(*state, make_estimate(*state, panel, TRAFFSTAT_RATE_INVERSE, &estimate));
    assert_int_equal(traffstat_estimate_text(*state, NULL, estimate, &text), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_estimate_json(*state, estimate, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
}

static traffstat_status try_estimate(traffstat_ctx *ctx, void *arg)
{
    const int which = *(const int *) arg;
    traffstat_panel *panel = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_text *text = NULL;
    traffstat_status status = make_missoula(ctx, &panel);
    if (status == TRAFFSTAT_OK) {
        status = make_estimate(ctx, panel, TRAFFSTAT_RATE_INVERSE, &estimate);
    }
    if (status == TRAFFSTAT_OK) {
        status = which == 0   ? traffstat_estimate_json(ctx, estimate, &text)
                 : which == 1 ? traffstat_estimate_csv(ctx, estimate, &text)
                 : which == 2 ? traffstat_estimate_text(ctx, panel, estimate, &text)
                              : traffstat_panel_csv(ctx, panel, &text);
    }
    traffstat_text_free(text);
    traffstat_estimate_free(estimate);
    traffstat_panel_free(panel);
    return status;
}

static traffstat_status try_evidence(traffstat_ctx *ctx, void *arg)
{
    static traffstat_status (*const writers[])(traffstat_ctx *, const traffstat_evidence *,
                                               traffstat_text **) = {
        traffstat_evidence_json, traffstat_evidence_csv, traffstat_evidence_text};
    traffstat_evidence *evidence = NULL;
    traffstat_text *text = NULL;
    traffstat_status status = make_evidence(ctx, &evidence);
    if (status == TRAFFSTAT_OK) {
        status = writers[*(const int *) arg](ctx, evidence, &text);
    }
    traffstat_text_free(text);
    traffstat_evidence_free(evidence);
    return status;
}

static traffstat_status try_account(traffstat_ctx *ctx, void *arg)
{
    static const char data[] = "place,year,cases\nA,2015,3\nA,2016,many\n";
    traffstat_panel *panel = NULL;
    traffstat_account *account = NULL;
    traffstat_text *text = NULL;
    traffstat_status status =
        traffstat_read_memory(ctx, NULL, data, sizeof data - 1, "cases.csv", &panel, &account);
    if (status == TRAFFSTAT_OK) {
        status = *(const int *) arg == 0 ? traffstat_account_json(ctx, account, &text)
                                         : traffstat_account_text(ctx, account, &text);
    }
    traffstat_text_free(text);
    traffstat_account_free(account);
    traffstat_panel_free(panel);
    return status;
}

static traffstat_status try_scene(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_panel *panel = NULL;
    traffstat_scene *scene = NULL;
    traffstat_text *text = NULL;
    traffstat_status status = make_missoula(ctx, &panel);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_trend(ctx, panel, 0, NULL, NULL, NULL, &scene);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_json(ctx, scene, "f.svg", TRAFFSTAT_FORMAT_SVG, NULL, &text);
    }
    traffstat_text_free(text);
    traffstat_scene_free(scene);
    traffstat_panel_free(panel);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    for (int which = 0; which < 4; which++) {
        assert_true(support_try_every_allocation(try_estimate, &which) > 10);
    }
    for (int which = 0; which < 3; which++) {
        assert_true(support_try_every_allocation(try_evidence, &which) > 5);
    }
    for (int which = 0; which < 2; which++) {
        assert_true(support_try_every_allocation(try_account, &which) > 5);
    }
    assert_true(support_try_every_allocation(try_scene, NULL) > 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(json_escapes_what_it_must_and_mends_what_is_not_utf8),
        TEST(json_numbers_read_back_to_the_same_value),
        TEST(json_has_null_for_what_is_no_number),
        TEST(csv_quotes_by_rfc_4180),
        TEST(plain_text_cannot_move_the_cursor_or_turn_the_line),
        TEST(items_are_wrapped_under_their_bullet),
        TEST(percents_have_no_needless_digits),
        TEST(an_estimate_has_the_keys_and_numbers_of_the_design),
        TEST(observed_is_a_number_an_interval_or_null),
        TEST(what_is_inestimable_has_null_and_reasons),
        TEST(series_of_one_name_are_told_apart),
        TEST(the_csv_of_an_estimate_has_a_line_a_row_and_one_for_the_total),
        TEST(the_text_of_an_estimate_names_kind_interval_and_assumptions),
        TEST(a_panel_reads_back_to_the_same_panel),
        TEST(random_panels_read_back),
        TEST(why_a_cell_is_empty_is_written_beside_the_flags),
        TEST(an_account_as_json_has_the_keys_of_the_design),
        TEST(a_sum_of_nothing_reported_is_not_zero),
        TEST(a_clean_account_is_two_lines_of_text),
        TEST(a_scene_as_json_names_file_format_and_estimate),
        TEST(evidence_as_json_csv_and_text),
        TEST(nothing_to_write_is_an_argument_error),
        TEST(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
