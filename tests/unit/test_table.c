/* Panels and their builder, evidence, the account of a reading, measures. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/table.h>

#include "support/support.h"
#include "table/table.h"

static traffstat_panel_builder *builder_for(traffstat_ctx *ctx, traffstat_duplicates duplicates)
{
    traffstat_panel_builder *builder = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, duplicates, &builder));
    return builder;
}

static size_t series_of(traffstat_ctx *ctx, traffstat_panel_builder *builder, const char *key,
                        const char *jurisdiction, const char *measure)
{
    size_t series = TRAFFSTAT_NONE;
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, key, jurisdiction, measure, NULL,
                                                  NULL, &series));
    return series;
}

static traffstat_panel *finish(traffstat_ctx *ctx, traffstat_panel_builder *builder)
{
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_cell cell_of(const traffstat_panel *panel, size_t series, int32_t year)
{
    traffstat_cell cell = {0};
    assert_int_equal(traffstat_panel_cell(panel, traffstat_panel_find(panel, series, year), &cell),
                     TRAFFSTAT_OK);
    return cell;
}

static traffstat_cell counted(int32_t year, int64_t lower, int64_t upper)
{
    return (traffstat_cell){.lower = lower,
                            .upper = upper,
                            .population = NAN,
                            .coverage = NAN,
                            .year = year,
                            .places = 1};
}

static traffstat_cell missing(int32_t year, int32_t why)
{
    traffstat_cell cell = counted(year, 0, 0);
    cell.why = why;
    return cell;
}

/* ---- panels --------------------------------------------------------------------------------- */

static void missoula_becomes_one_series_of_two_years(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_ERROR);
    const size_t s = series_of(*state, builder, NULL, "Missoula", "cases investigated by police");
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2018, 8));
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2017, 7));
    traffstat_panel *panel = finish(*state, builder);
    assert_int_equal(traffstat_panel_series(panel), 1);
    assert_int_equal(traffstat_panel_rows(panel), 2);
    assert_int_equal(traffstat_panel_first_year(panel), 2017);
    assert_int_equal(traffstat_panel_last_year(panel), 2018);
    assert_string_equal(traffstat_panel_jurisdiction(panel, 0), "Missoula");
    assert_string_equal(traffstat_panel_key(panel, 0), "");
    assert_string_equal(traffstat_panel_measure(panel, 0), "cases investigated by police");
    assert_string_equal(traffstat_panel_category(panel, 0), "");
    assert_string_equal(traffstat_panel_source(panel, 0), "");
    assert_int_equal(traffstat_panel_years(panel)[0], 2017);
    assert_int_equal(traffstat_panel_lowers(panel)[0], 7);
    assert_int_equal(traffstat_panel_uppers(panel)[1], 8);
    assert_int_equal(traffstat_panel_validity(panel)[0], 3);
    traffstat_cell total;
    assert_int_equal(traffstat_panel_total(panel, &total), TRAFFSTAT_OK);
    assert_int_equal(total.lower, 15);
    assert_int_equal(total.upper, 15);
    traffstat_panel_free(panel);
}

static void zero_is_a_count_and_what_was_not_reported_is_none(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_ERROR);
    const size_t s = series_of(*state, builder, NULL, "A", "cases");
    traffstat_cell hidden = missing(2001, TRAFFSTAT_WHY_SUPPRESSED);
    hidden.lower = 3; /* means nothing, and must not get out */
    hidden.upper = 3;
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2000, 0));
    assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &hidden));
    traffstat_panel *panel = finish(*state, builder);
    assert_int_equal(traffstat_panel_validity(panel)[0], 1);
    assert_int_equal(traffstat_panel_whys(panel)[0], TRAFFSTAT_WHY_COUNTED);
    assert_int_equal(traffstat_panel_whys(panel)[1], TRAFFSTAT_WHY_SUPPRESSED);
    assert_int_equal(cell_of(panel, 0, 2001).lower, 0);
    assert_int_equal(cell_of(panel, 0, 2001).upper, 0);
    traffstat_cell total;
    assert_int_equal(traffstat_panel_total(panel, &total), TRAFFSTAT_OK);
    assert_int_equal(total.upper, 0);
    assert_int_equal(total.why, TRAFFSTAT_WHY_COUNTED);
    assert_int_equal(total.flags & TRAFFSTAT_FLAG_PARTIAL, TRAFFSTAT_FLAG_PARTIAL);
    traffstat_panel_free(panel);
}

static void series_differ_by_key_or_place_measure_category_and_source(void **state)
{
    static const char *const texts[][5] = {{"", "A", "m", "", ""},  {"", "B", "m", "", ""},
                                           {"A", "", "m", "", ""},  {"", "A", "m2", "", ""},
                                           {"", "A", "", "m", ""},  {"", "A", "m", "c", ""},
                                           {"", "A", "m", "", "s"}, {"", "Am", "", "", ""},
                                           {"1", "A", "m", "", ""}, {"2", "A", "m", "", ""}};
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_ERROR);
    for (size_t round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
            size_t got = TRAFFSTAT_NONE;
            assert_ok(*state,
                      traffstat_panel_builder_series(*state, builder, texts[i][0], texts[i][1],
                                                     texts[i][2], texts[i][3], texts[i][4], &got));
            assert_int_equal(got, i);
        }
    }
    traffstat_panel_builder_free(builder);
}

static void a_key_keeps_its_first_name_and_takes_a_late_one(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_SUM);
    const size_t a = series_of(*state, builder, "MT032", "Missoula", "m");
    const size_t b = series_of(*state, builder, "MT001", "", "m");
    assert_int_equal(series_of(*state, builder, "MT032", "Missoula Police", "m"), a);
    assert_int_equal(series_of(*state, builder, "MT001", "Beaverhead", "m"), b);
    assert_int_equal(series_of(*state, builder, "MT001", "Other", "m"), b);
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, a, 2000, 1));
    traffstat_panel *panel = finish(*state, builder);
    assert_int_equal(traffstat_panel_series(panel), 2);
    assert_string_equal(traffstat_panel_jurisdiction(panel, a), "Missoula");
    assert_string_equal(traffstat_panel_jurisdiction(panel, b), "Beaverhead");
    assert_string_equal(traffstat_panel_key(panel, b), "MT001");
    assert_string_equal(traffstat_panel_measure(panel, b), "m");
    assert_int_equal(traffstat_panel_series_count(panel, b), 0); /* named, never counted */
    assert_string_equal(traffstat_i_panel_label(panel, a), "Missoula");
    traffstat_panel_free(panel);
}

static void bad_texts_and_cells_are_refused_by_name(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_ERROR);
    size_t s = 0;
    assert_int_equal(traffstat_panel_builder_series(*state, builder, "", NULL, "m", "", "", &s),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_panel_builder_series(*state, builder, NULL, "\xff", "m", "", "", &s),
                     TRAFFSTAT_E_ARGUMENT);
    assert_string_equal(traffstat_ctx_message(*state), "the jurisdiction of a series is not UTF-8");
    s = series_of(*state, builder, NULL, "A", "m");
    struct {
        traffstat_cell cell;
        const char *message;
    } bad[] = {
        {counted(20178, 1, 1), "year 20178 is outside 1800 to 2199"},
        {counted(1799, 1, 1), "year 1799 is outside 1800 to 2199"},
        {counted(2000, -1, -2), "the count of 2000 is no interval: lower end -1, upper end -2"},
        {counted(2000, 2, 1), "the count of 2000 is no interval: lower end 2, upper end 1"},
        {counted(2000, INT64_MAX, INT64_MAX),
         "the count of 2000 is no interval: lower end 9223372036854775807, upper end "
         "9223372036854775807"},
        {missing(2000, 9), "9 is no reason for a missing count"},
        {counted(2000, 1, 1), "population 0 is not positive and finite"},
        {counted(2000, 1, 1), "coverage 1.5 is not in (0, 1]"}};
    bad[6].cell.population = 0.0;
    bad[7].cell.coverage = 1.5;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(traffstat_panel_builder_add(*state, builder, s, &bad[i].cell),
                         TRAFFSTAT_E_ARGUMENT);
        assert_string_equal(traffstat_ctx_message(*state), bad[i].message);
    }
    const traffstat_cell good = counted(2000, 1, 1);
    assert_int_equal(traffstat_panel_builder_add(*state, builder, s + 1, &good),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_panel *panel = (traffstat_panel *) &s;
    assert_int_equal(traffstat_panel_builder_finish(*state, builder, &panel), TRAFFSTAT_E_NODATA);
    assert_null(panel);
    traffstat_panel_builder_free(builder);
    assert_int_equal(traffstat_panel_builder_new(*state, 4, &builder), TRAFFSTAT_E_ARGUMENT);
    assert_null(builder);
}

static void two_records_of_a_year_follow_the_policy(void **state)
{
    static const struct {
        traffstat_duplicates policy;
        int64_t lower;
        int64_t upper;
        double population;
        uint32_t flags;
    } cases[] = {{TRAFFSTAT_DUPLICATES_SUM, 5, 9, 100.0, TRAFFSTAT_FLAG_SUMMED | 3},
                 {TRAFFSTAT_DUPLICATES_FIRST, 5, 5, NAN, TRAFFSTAT_FLAG_PROVISIONAL},
                 {TRAFFSTAT_DUPLICATES_LAST, 0, 4, 100.0, TRAFFSTAT_FLAG_PARTIAL_YEAR}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_panel_builder *builder = builder_for(*state, cases[i].policy);
        const size_t s = series_of(*state, builder, NULL, "A", "m");
        traffstat_cell first = counted(2000, 5, 5);
        first.flags = TRAFFSTAT_FLAG_PROVISIONAL;
        traffstat_cell second = counted(2000, 0, 4);
        second.flags = TRAFFSTAT_FLAG_PARTIAL_YEAR;
        second.population = 100.0;
        assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &first));
        assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &second));
        traffstat_panel *panel = finish(*state, builder);
        const traffstat_cell got = cell_of(panel, 0, 2000);
        assert_int_equal(got.lower, cases[i].lower);
        assert_int_equal(got.upper, cases[i].upper);
        assert_near(got.population, cases[i].population, 0.0);
        assert_int_equal(got.flags, cases[i].flags);
        assert_int_equal(got.places, 1);
        traffstat_panel_free(panel);
    }
}

static void a_second_record_is_a_conflict_by_default(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_ERROR);
    const size_t s = series_of(*state, builder, "MT032", NULL, "m");
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2000, 7));
    assert_int_equal(traffstat_panel_builder_count(*state, builder, s, 2000, 8),
                     TRAFFSTAT_E_CONFLICT);
    assert_string_equal(traffstat_ctx_message(*state), "two records for MT032 in 2000");
    traffstat_panel *panel = finish(*state, builder);
    assert_int_equal(cell_of(panel, 0, 2000).lower, 7);
    traffstat_panel_free(panel);
}

/* A source takes back in one year what it counted in another (FBI, Harford County, 2020: -1). */
static void corrections_below_zero_add_like_any_count(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_SUM);
    const size_t s = series_of(*state, builder, NULL, "Harford", "offences");
    const traffstat_cell cells[] = {counted(2019, 2, 2), counted(2020, -1, -1),
                                    counted(2020, 0, 4)};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &cells[i]));
    }
    traffstat_cell most = counted(2021, -INT64_MAX, -INT64_MAX);
    assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &most));
    most.lower = most.upper = -1; /* the sum would pass what can be held */
    assert_int_equal(traffstat_panel_builder_add(*state, builder, s, &most), TRAFFSTAT_E_LIMIT);
    traffstat_panel *panel = finish(*state, builder);
    traffstat_cell cell;
    assert_ok(*state, traffstat_panel_cell(panel, 1, &cell));
    assert_int_equal(cell.lower, -1);
    assert_int_equal(cell.upper, 3);
    traffstat_panel_free(panel);
}

static void sums_keep_open_ends_and_stop_before_they_overflow(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_SUM);
    const size_t s = series_of(*state, builder, NULL, "A", "m");
    const traffstat_cell open = counted(2000, 2, TRAFFSTAT_NO_UPPER);
    const traffstat_cell huge = counted(2001, INT64_MAX - 1, INT64_MAX - 1);
    const traffstat_cell none = missing(2002, TRAFFSTAT_WHY_NOT_REPORTED);
    assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &open));
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2000, 3));
    assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &huge));
    assert_int_equal(traffstat_panel_builder_count(*state, builder, s, 2001, 1), TRAFFSTAT_E_LIMIT);
    assert_ok(*state, traffstat_panel_builder_add(*state, builder, s, &none));
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2002, 4));
    traffstat_panel *panel = finish(*state, builder);
    assert_int_equal(cell_of(panel, 0, 2000).lower, 5);
    assert_true(cell_of(panel, 0, 2000).upper == TRAFFSTAT_NO_UPPER);
    assert_true(cell_of(panel, 0, 2001).upper == INT64_MAX - 1);
    assert_int_equal(cell_of(panel, 0, 2002).upper, 4);
    assert_int_equal(cell_of(panel, 0, 2002).why, TRAFFSTAT_WHY_COUNTED);
    assert_int_equal(cell_of(panel, 0, 2002).flags, TRAFFSTAT_FLAG_SUMMED | TRAFFSTAT_FLAG_PARTIAL);
    traffstat_cell total = counted(1, 1, 1);
    assert_int_equal(traffstat_panel_total(panel, &total), TRAFFSTAT_E_LIMIT);
    assert_int_equal(total.upper, 1);
    traffstat_i_panel_total(panel, &total);
    assert_true(total.lower == INT64_MAX - 1);
    assert_true(total.upper == TRAFFSTAT_NO_UPPER);
    traffstat_panel_free(panel);
}

static void a_builder_can_be_used_again_after_it_was_emptied(void **state)
{
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_ERROR);
    traffstat_panel *panels[2] = {NULL, NULL};
    for (size_t i = 0; i < 2; i++) {
        const size_t s = series_of(*state, builder, NULL, i == 0 ? "A" : "B", "m");
        assert_int_equal(s, 0);
        assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2000, (int64_t) i));
        assert_ok(*state, traffstat_panel_builder_finish(*state, builder, &panels[i]));
    }
    assert_string_equal(traffstat_panel_jurisdiction(panels[0], 0), "A");
    assert_string_equal(traffstat_panel_jurisdiction(panels[1], 0), "B");
    traffstat_panel_free(panels[0]);
    traffstat_panel_free(panels[1]);
    traffstat_panel_builder_free(builder);
}

static void what_is_out_of_range_has_no_row_no_text_and_no_column(void **state)
{
    traffstat_cell cell = counted(1900, 3, 3);
    assert_int_equal(traffstat_panel_rows(NULL), 0);
    assert_int_equal(traffstat_panel_series(NULL), 0);
    assert_string_equal(traffstat_panel_key(NULL, 0), "");
    assert_null(traffstat_panel_years(NULL));
    assert_true(traffstat_panel_find(NULL, 0, 2000) == TRAFFSTAT_NONE);
    assert_int_equal(traffstat_panel_cell(NULL, 0, &cell), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_panel_total(NULL, &cell), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(cell.lower, 3);
    traffstat_panel_free(NULL);
    traffstat_panel_builder_free(NULL);
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_ERROR);
    const size_t s = series_of(*state, builder, NULL, "A", "m");
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2000, 1));
    assert_ok(*state, traffstat_panel_builder_count(*state, builder, s, 2002, 1));
    traffstat_panel *panel = finish(*state, builder);
    assert_true(traffstat_panel_find(panel, 0, 2001) == TRAFFSTAT_NONE);
    assert_true(traffstat_panel_find(panel, 0, 2003) == TRAFFSTAT_NONE);
    assert_true(traffstat_panel_find(panel, 1, 2000) == TRAFFSTAT_NONE);
    assert_true(traffstat_panel_row_series(panel, 2) == TRAFFSTAT_NONE);
    assert_string_equal(traffstat_panel_measure(panel, 1), "");
    assert_int_equal(traffstat_panel_series_count(panel, 1), 0);
    traffstat_panel_free(panel);
}

/* ---- a panel against a model of it ---------------------------------------------------------- */

#define MODEL_SERIES 40
#define MODEL_YEARS 25

typedef struct model_cell {
    bool there;
    bool has;
    bool partial;
    bool summed;
    bool open;
    int32_t why; /* the reason of all, or "not reported" where they differ */
    int64_t lower;
    int64_t upper;
} model_cell;

typedef struct operation {
    int series;
    traffstat_cell cell;
} operation;

/* Few series are hit often, some never: gaps and duplicates both occur. */
static operation random_operation(support_rng *rng)
{
    const int64_t kind = support_rng_between(rng, 0, 9);
    const int64_t lower = support_rng_between(rng, 0, 50);
    const int32_t year = (int32_t) support_rng_between(rng, 2000, 2000 + MODEL_YEARS - 1);
    operation op = {.series = (int) (support_rng_between(rng, 0, MODEL_SERIES - 1) *
                                     support_rng_between(rng, 0, 1)) +
                              (int) support_rng_between(rng, 0, 3) % MODEL_SERIES,
                    .cell = counted(year, lower, lower)};
    op.series %= MODEL_SERIES;
    if (kind == 0) {
        op.cell = missing(year, (int32_t) support_rng_between(rng, 1, 4));
    } else if (kind == 1) {
        op.cell.upper = TRAFFSTAT_NO_UPPER;
    } else if (kind == 2) {
        op.cell.upper = lower + support_rng_between(rng, 0, 9);
    }
    return op;
}

static void model_add(model_cell model[MODEL_SERIES][MODEL_YEARS], const operation *op)
{
    model_cell *m = &model[op->series][op->cell.year - 2000];
    const bool has = op->cell.why == TRAFFSTAT_WHY_COUNTED;
    m->partial = m->partial || (m->there && m->has != has);
    m->summed = m->there;
    if (has) {
        m->lower += op->cell.lower;
        m->open = m->open || op->cell.upper == TRAFFSTAT_NO_UPPER;
        m->upper += op->cell.upper == TRAFFSTAT_NO_UPPER ? 0 : op->cell.upper;
    }
    if (!has) {
        m->why = m->why == 0 || m->why == op->cell.why ? op->cell.why : TRAFFSTAT_WHY_NOT_REPORTED;
    }
    m->has = m->has || has;
    m->there = true;
}

static traffstat_panel *panel_of(traffstat_ctx *ctx, const operation *ops, size_t count)
{
    traffstat_panel_builder *builder = builder_for(ctx, TRAFFSTAT_DUPLICATES_SUM);
    for (size_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof name, "place %d", ops[i].series);
        const size_t s = series_of(ctx, builder, NULL, name, "cases");
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, s, &ops[i].cell));
    }
    return finish(ctx, builder);
}

static size_t named(const traffstat_panel *panel, int series)
{
    char name[32];
    snprintf(name, sizeof name, "place %d", series);
    for (size_t s = 0; s < traffstat_panel_series(panel); s++) {
        if (strcmp(traffstat_panel_jurisdiction(panel, s), name) == 0) {
            return s;
        }
    }
    return TRAFFSTAT_NONE;
}

static void compare_with_model(const traffstat_panel *panel,
                               model_cell model[MODEL_SERIES][MODEL_YEARS])
{
    size_t rows = 0;
    for (int s = 0; s < MODEL_SERIES; s++) {
        for (int y = 0; y < MODEL_YEARS; y++) {
            const model_cell *m = &model[s][y];
            const size_t row = traffstat_panel_find(panel, named(panel, s), 2000 + y);
            assert_true((row != TRAFFSTAT_NONE) == m->there);
            if (!m->there) {
                continue;
            }
            rows++;
            traffstat_cell cell;
            assert_int_equal(traffstat_panel_cell(panel, row, &cell), TRAFFSTAT_OK);
            assert_int_equal(traffstat_panel_row_series(panel, row), named(panel, s));
            assert_int_equal(cell.why, m->has ? TRAFFSTAT_WHY_COUNTED : m->why);
            assert_int_equal((traffstat_panel_validity(panel)[row / 8] >> (row % 8)) & 1, m->has);
            assert_int_equal(cell.lower, m->lower);
            assert_true(cell.upper == (m->open ? TRAFFSTAT_NO_UPPER : m->upper));
            assert_true(((cell.flags & TRAFFSTAT_FLAG_SUMMED) != 0) == m->summed);
            assert_true(((cell.flags & TRAFFSTAT_FLAG_PARTIAL) != 0) == m->partial);
        }
    }
    assert_int_equal(rows, traffstat_panel_rows(panel));
}

static void rows_are_in_order(const traffstat_panel *panel)
{
    for (size_t s = 0; s < traffstat_panel_series(panel); s++) {
        const size_t first = traffstat_panel_series_first(panel, s);
        for (size_t i = 1; i < traffstat_panel_series_count(panel, s); i++) {
            assert_true(traffstat_panel_years(panel)[first + i - 1] <
                        traffstat_panel_years(panel)[first + i]);
        }
    }
}

static void random_records_in_any_order_give_the_cells_of_a_naive_model(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 20240917);
    for (int round = 0; round < 60; round++) {
        operation ops[600];
        const size_t count = (size_t) support_rng_between(&rng, 1, 600);
        model_cell model[MODEL_SERIES][MODEL_YEARS] = {{{0}}};
        for (size_t i = 0; i < count; i++) {
            ops[i] = random_operation(&rng);
            model_add(model, &ops[i]);
        }
        /* partial depends on which parts were missing, not on when they came: order must not tell */
        for (int order = 0; order < 2; order++) {
            traffstat_panel *panel = panel_of(*state, ops, count);
            compare_with_model(panel, model);
            rows_are_in_order(panel);
            traffstat_panel_free(panel);
            for (size_t i = count - 1; i > 0; i--) {
                const size_t j = (size_t) support_rng_between(&rng, 0, (int64_t) i);
                const operation swap = ops[i];
                ops[i] = ops[j];
                ops[j] = swap;
            }
        }
    }
}

static void many_series_are_found_again(void **state)
{
    enum { SERIES = 20000 };
    traffstat_panel_builder *builder = builder_for(*state, TRAFFSTAT_DUPLICATES_SUM);
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < SERIES; i++) {
            char key[24];
            snprintf(key, sizeof key, "%zu", i * 1048576);
            assert_int_equal(series_of(*state, builder, key, "same name", "m"), i);
            assert_ok(*state, traffstat_panel_builder_count(*state, builder, i, 2000 + round, 1));
        }
    }
    traffstat_panel *panel = finish(*state, builder);
    assert_int_equal(traffstat_panel_rows(panel), 2 * SERIES);
    traffstat_cell total;
    assert_int_equal(traffstat_panel_total(panel, &total), TRAFFSTAT_OK);
    assert_int_equal(total.lower, 2 * SERIES);
    traffstat_panel_free(panel);
}

static void memory_follows_the_cells_and_not_the_records(void **state)
{
    (void) state;
    size_t peaks[2];
    for (size_t run = 0; run < 2; run++) {
        support_memory memory;
        support_failing_allocator(&memory, 0);
        traffstat_ctx *ctx = NULL;
        assert_int_equal(traffstat_ctx_new(&memory.allocator, &ctx), TRAFFSTAT_OK);
        traffstat_panel_builder *builder = builder_for(ctx, TRAFFSTAT_DUPLICATES_SUM);
        for (size_t i = 0; i < (run == 0 ? 1000U : 100000U); i++) {
            const size_t s = series_of(ctx, builder, NULL, i % 2 == 0 ? "A" : "B", "m");
            assert_ok(ctx, traffstat_panel_builder_count(ctx, builder, s,
                                                         2000 + (int32_t) (i / 2 % 10), 1));
        }
        traffstat_panel_free(finish(ctx, builder));
        traffstat_ctx_free(ctx);
        peaks[run] = memory.peak_bytes;
        assert_int_equal(memory.live_blocks, 0);
    }
    assert_int_equal(peaks[0], peaks[1]);
}

/* ---- selecting ------------------------------------------------------------------------------ */

static traffstat_panel *three_places(traffstat_ctx *ctx)
{
    traffstat_panel_builder *builder = builder_for(ctx, TRAFFSTAT_DUPLICATES_ERROR);
    static const char *const names[] = {"A", "B", "C"};
    for (size_t i = 0; i < 3; i++) {
        const size_t s = series_of(ctx, builder, NULL, names[i], "m");
        for (int32_t year = 2000; year < 2005; year++) {
            assert_ok(ctx, traffstat_panel_builder_count(ctx, builder, s, year + 2 * (int32_t) i,
                                                         (int64_t) i * 10 + year));
        }
    }
    return finish(ctx, builder);
}

static void selecting_keeps_the_chosen_series_and_years(void **state)
{
    traffstat_panel *panel = three_places(*state);
    const int32_t keep[] = {1, 0, 1};
    traffstat_panel *some = NULL;
    assert_ok(*state, traffstat_panel_select(*state, panel, keep, 2003, 2004, &some));
    assert_int_equal(traffstat_panel_series(some), 2);
    assert_int_equal(traffstat_panel_rows(some), 3);
    assert_string_equal(traffstat_panel_jurisdiction(some, 1), "C");
    assert_int_equal(cell_of(some, 0, 2003).lower, 2003);
    assert_int_equal(cell_of(some, 1, 2004).lower, 2020);
    traffstat_panel_free(some);
    assert_ok(*state, traffstat_panel_select(*state, panel, NULL, 2000, 2001, &some));
    assert_int_equal(traffstat_panel_series(some), 1); /* the others begin later */
    traffstat_panel_free(some);
    const int32_t none[] = {0, 0, 0};
    assert_int_equal(traffstat_panel_select(*state, panel, none, 2000, 2010, &some),
                     TRAFFSTAT_E_NODATA);
    assert_null(some);
    assert_int_equal(traffstat_panel_select(*state, panel, NULL, 2010, 2000, &some),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_panel_select(*state, NULL, NULL, 2000, 2010, &some),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_panel_free(panel);
}

/* ---- measures ------------------------------------------------------------------------------- */

static void measures_are_cut_into_unit_verb_and_agent(void **state)
{
    (void) state;
    static const char *const cases[][4] = {
        {"cases investigated by police", "cases", "investigated", "police"},
        {"  potential victims identified by the NRM ", "potential victims", "identified",
         "the NRM"},
        {"arrests made by sheriffs", "arrests", "made", "sheriffs"},
        {"offences", "offences", "", ""},
        {"cases known by police", "cases known by police", "", ""},
        {"persons referred to the NRM by any agency", "persons referred to the NRM by any agency",
         "", ""},
        {"reported by police", "reported by police", "", ""},
        {"standby calls", "standby calls", "", ""},
        {"cases investigated by ", "cases investigated by", "", ""},
        {"by", "by", "", ""},
        {"", "", "", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        traffstat_i_measure m;
        traffstat_i_measure_read(cases[i][0], &m);
        const char *const got[] = {m.unit, m.verb, m.agent};
        const size_t sizes[] = {m.unit_size, m.verb_size, m.agent_size};
        for (size_t j = 0; j < 3; j++) {
            assert_int_equal(sizes[j], strlen(cases[i][j + 1]));
            assert_true(sizes[j] == 0 || memcmp(got[j], cases[i][j + 1], sizes[j]) == 0);
        }
    }
}

/* ---- evidence ------------------------------------------------------------------------------- */

/* Home Office 2014: 2,744 persons known of an estimated 10,000 to 13,000. */
static traffstat_evidence_entry uk(void)
{
    return (traffstat_evidence_entry){.struct_size = sizeof(traffstat_evidence_entry),
                                      .first_year = 2013,
                                      .last_year = 2013,
                                      .id = "uk-2013",
                                      .place = "United Kingdom",
                                      .unit = "persons",
                                      .agencies = "any agency",
                                      .rate = NAN,
                                      .lower = 2744.0 / 13000.0,
                                      .upper = 2744.0 / 10000.0,
                                      .level = NAN,
                                      .citation = "Home Office (2014)"};
}

static void evidence_is_copied_and_found_by_its_id(void **state)
{
    traffstat_evidence *list = NULL;
    assert_ok(*state, traffstat_evidence_new(*state, &list));
    size_t at = 7;
    assert_int_equal(traffstat_evidence_find(*state, list, "uk2013", &at), TRAFFSTAT_E_NOTFOUND);
    assert_string_equal(traffstat_ctx_message(*state),
                        "no evidence has the id \"uk2013\": the list is empty");
    char id[] = "uk-2013";
    traffstat_evidence_entry entry = uk();
    entry.id = id;
    assert_ok(*state, traffstat_evidence_add(*state, list, &entry));
    id[0] = 'X';
    entry = uk();
    entry.id = "ireland-2016";
    assert_ok(*state, traffstat_evidence_add(*state, list, &entry));
    assert_int_equal(traffstat_evidence_count(list), 2);
    assert_int_equal(traffstat_evidence_find(*state, list, "uk2013", &at), TRAFFSTAT_E_NOTFOUND);
    assert_string_equal(traffstat_ctx_message(*state),
                        "no evidence has the id \"uk2013\"; the nearest is \"uk-2013\"");
    assert_int_equal(at, 7);
    assert_ok(*state, traffstat_evidence_find(*state, list, "uk-2013", &at));
    assert_int_equal(at, 0);
    traffstat_evidence_entry got = {.struct_size = sizeof got};
    assert_int_equal(traffstat_evidence_get(list, at, &got), TRAFFSTAT_OK);
    assert_string_equal(got.id, "uk-2013");
    assert_string_equal(got.citation, "Home Office (2014)");
    assert_string_equal(got.note, "");
    assert_near(got.upper, 0.2744, 1e-15);
    assert_near(got.rate, NAN, 0.0);
    assert_int_equal(traffstat_evidence_get(list, 2, &got), TRAFFSTAT_E_ARGUMENT);
    /* an older caller's struct ends earlier: nothing is written past it */
    traffstat_evidence_entry older = {.struct_size = offsetof(traffstat_evidence_entry, place)};
    older.place = "untouched";
    assert_int_equal(traffstat_evidence_get(list, at, &older), TRAFFSTAT_OK);
    assert_string_equal(older.id, got.id);
    assert_string_equal(older.place, "untouched");
    older.struct_size = 0;
    assert_int_equal(traffstat_evidence_get(list, at, &older), TRAFFSTAT_E_ARGUMENT);
    entry = uk();
    assert_int_equal(traffstat_evidence_add(*state, list, &entry), TRAFFSTAT_E_CONFLICT);
    traffstat_evidence_free(list);
    traffstat_evidence_free(NULL);
    assert_int_equal(traffstat_evidence_count(NULL), 0);
}

static void evidence_that_cannot_be_is_refused(void **state)
{
    traffstat_evidence_entry bad[16];
    size_t n = 0;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        bad[i] = uk();
    }
    bad[n++].id = "";
    bad[n++].id = "UK-2013";
    bad[n++].place = NULL;
    bad[n++].unit = "";
    bad[n++].citation = "";
    bad[n++].note = "\xc3";
    bad[n++].lower = NAN;
    bad[n].lower = NAN;
    bad[n++].upper = NAN;
    bad[n++].lower = 0.9;
    bad[n++].upper = 1.0;
    bad[n++].rate = 0.5; /* outside its own interval */
    bad[n++].rate = 0.0;
    bad[n++].level = 95.0;
    bad[n++].last_year = 2012;
    bad[n++].first_year = 0;
    bad[n++].reserved = 1;
    assert_int_equal(n, sizeof bad / sizeof bad[0]);
    traffstat_evidence *list = NULL;
    assert_ok(*state, traffstat_evidence_new(*state, &list));
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(traffstat_evidence_add(*state, list, &bad[i]), TRAFFSTAT_E_ARGUMENT);
        assert_true(strlen(traffstat_ctx_message(*state)) > 10);
    }
    assert_int_equal(traffstat_evidence_count(list), 0);
    traffstat_evidence_entry unset = uk();
    unset.struct_size = 0;
    assert_int_equal(traffstat_evidence_add(*state, list, &unset), TRAFFSTAT_E_ARGUMENT);
    traffstat_evidence_free(list);
}

/* ---- account -------------------------------------------------------------------------------- */

static void an_account_counts_every_problem_and_keeps_a_few(void **state)
{
    traffstat_account *account = NULL;
    assert_ok(*state, traffstat_i_account_new(*state, 2, &account));
    for (int64_t i = 0; i < 5; i++) {
        const traffstat_i_account_place place = {"a.csv", 10 + i, "cases"};
        assert_ok(*state, traffstat_i_account_problem(account, i == 1 ? "bad_year" : "bad_count",
                                                      &place, "a number", "x", "left out", 1));
    }
    assert_ok(*state,
              traffstat_i_account_problem(account, "common_divisor", NULL, NULL, "64", NULL, 0));
    traffstat_i_account_rows(account, 100, 95);
    assert_ok(*state, traffstat_i_account_texts(account, "a.csv", "comma", "UTF-8", "long"));
    assert_ok(*state, traffstat_i_account_column(account, "year", "Year"));
    assert_ok(*state, traffstat_i_account_lost(account, 3, 2));
    assert_ok(*state, traffstat_i_account_lost(account, 1, 1));
    traffstat_panel *panel = three_places(*state);
    assert_ok(*state, traffstat_i_account_panel(account, panel));
    traffstat_panel_free(panel);

    assert_int_equal(traffstat_account_problems(account), 3);
    traffstat_problem problem;
    assert_int_equal(traffstat_account_problem(account, 0, &problem), TRAFFSTAT_OK);
    assert_string_equal(problem.code, "bad_count");
    assert_int_equal(problem.count, 4);
    assert_int_equal(problem.rows_dropped, 4);
    assert_int_equal(problem.examples, 2);
    traffstat_example example;
    assert_int_equal(traffstat_account_example(account, 0, 1, &example), TRAFFSTAT_OK);
    assert_int_equal(example.line, 12);
    assert_string_equal(example.column, "cases");
    assert_string_equal(example.done, "left out");
    assert_int_equal(traffstat_account_example(account, 0, 2, &example), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_account_example(account, 2, 0, &example), TRAFFSTAT_OK);
    assert_string_equal(example.file, "");
    assert_int_equal(example.line, 0);
    assert_int_equal(traffstat_account_problem(account, 3, &problem), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_account_rows_dropped(account), 5);
    assert_int_equal(traffstat_account_series(account), 3);
    assert_int_equal(traffstat_account_last_year(account), 2008);
    traffstat_cell total;
    assert_int_equal(traffstat_account_total(account, &total), TRAFFSTAT_OK);
    assert_int_equal(total.lower, 3 * (2000 + 2001 + 2002 + 2003 + 2004) + 5 * 10 + 5 * 20);
    assert_string_equal(traffstat_account_encoding(account), "UTF-8");
    assert_string_equal(traffstat_account_column_role(account, 0), "year");
    assert_null(traffstat_account_column_name(account, 1));
    assert_int_equal(traffstat_account_series_lost(account, 3), 2);
    assert_int_equal(traffstat_account_series_lost(account, 2), 0);
    assert_int_equal(traffstat_account_series_lost(account, 9), 0);
    traffstat_account_free(account);
}

static void an_account_without_a_panel_has_no_total(void **state)
{
    traffstat_account *account = NULL;
    assert_ok(*state, traffstat_i_account_new(*state, 2, &account));
    traffstat_cell total;
    assert_int_equal(traffstat_account_total(account, &total), TRAFFSTAT_OK);
    assert_int_equal(total.why, TRAFFSTAT_WHY_NOT_REPORTED);
    assert_int_equal(traffstat_account_total(NULL, &total), TRAFFSTAT_E_ARGUMENT);
    assert_string_equal(traffstat_account_file(account), "");
    assert_string_equal(traffstat_account_file(NULL), "");
    assert_int_equal(traffstat_account_problems(NULL), 0);
    traffstat_account_free(account);
    traffstat_account_free(NULL);
}

/* ---- no memory ------------------------------------------------------------------------------ */

static traffstat_status fill_builder(traffstat_ctx *ctx, traffstat_panel_builder *builder)
{
    traffstat_status status = TRAFFSTAT_OK;
    for (int i = 0; i < 200 && status == TRAFFSTAT_OK; i++) {
        char key[16];
        snprintf(key, sizeof key, "key %d", i % 70);
        size_t series = 0;
        status = traffstat_panel_builder_series(ctx, builder, key, i < 70 ? "" : "late name", "m",
                                                "c", "s", &series);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_panel_builder_count(ctx, builder, series, 2000 + i % 3, i);
        }
    }
    return status;
}

static traffstat_status try_panel(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    traffstat_panel *some = NULL;
    traffstat_status status = traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_SUM, &builder);
    if (status == TRAFFSTAT_OK) {
        status = fill_builder(ctx, builder);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, &panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_select(ctx, panel, NULL, 2000, 2001, &some);
    }
    traffstat_panel_free(some);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
    return status;
}

static traffstat_status try_evidence(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_evidence *list = NULL;
    traffstat_status status = traffstat_evidence_new(ctx, &list);
    for (int i = 0; i < 20 && status == TRAFFSTAT_OK; i++) {
        char id[16];
        snprintf(id, sizeof id, "id-%d", i);
        traffstat_evidence_entry entry = uk();
        entry.id = id;
        status = traffstat_evidence_add(ctx, list, &entry);
    }
    traffstat_evidence_free(list);
    return status;
}

static traffstat_status try_account(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_account *account = NULL;
    traffstat_status status = traffstat_i_account_new(ctx, 3, &account);
    for (int i = 0; i < 30 && status == TRAFFSTAT_OK; i++) {
        char code[16];
        snprintf(code, sizeof code, "code_%d", i % 12);
        const traffstat_i_account_place place = {"f", i, "c"};
        status = traffstat_i_account_problem(account, code, &place, "e", "g", "d", 1);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_account_column(account, "role", "name");
        }
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_account_lost(account, (size_t) i * 7, 1);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_account_texts(account, "f", "d", "e", "l");
    }
    traffstat_account_free(account);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_panel, NULL) > 20);
    assert_true(support_try_every_allocation(try_evidence, NULL) > 20);
    assert_true(support_try_every_allocation(try_account, NULL) > 60);
}

/* A builder that could not finish for want of memory can still do so later. */
static void a_builder_survives_a_failed_finish(void **state)
{
    (void) state;
    support_memory memory;
    support_failing_allocator(&memory, 0);
    traffstat_ctx *ctx = NULL;
    assert_int_equal(traffstat_ctx_new(&memory.allocator, &ctx), TRAFFSTAT_OK);
    traffstat_panel_builder *builder = builder_for(ctx, TRAFFSTAT_DUPLICATES_SUM);
    assert_ok(ctx, fill_builder(ctx, builder));
    traffstat_panel *panel = NULL;
    memory.fail_at = memory.calls + 3;
    assert_int_equal(traffstat_panel_builder_finish(ctx, builder, &panel), TRAFFSTAT_E_NOMEM);
    memory.fail_at = 0;
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    assert_int_equal(traffstat_panel_series(panel), 70);
    traffstat_panel_free(panel);
    traffstat_panel_builder_free(builder);
    traffstat_ctx_free(ctx);
    assert_int_equal(memory.live_blocks, 0);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        ONE(missoula_becomes_one_series_of_two_years),
        ONE(zero_is_a_count_and_what_was_not_reported_is_none),
        ONE(series_differ_by_key_or_place_measure_category_and_source),
        ONE(a_key_keeps_its_first_name_and_takes_a_late_one),
        ONE(bad_texts_and_cells_are_refused_by_name),
        ONE(two_records_of_a_year_follow_the_policy),
        ONE(a_second_record_is_a_conflict_by_default),
        ONE(corrections_below_zero_add_like_any_count),
        ONE(sums_keep_open_ends_and_stop_before_they_overflow),
        ONE(a_builder_can_be_used_again_after_it_was_emptied),
        ONE(what_is_out_of_range_has_no_row_no_text_and_no_column),
        ONE(random_records_in_any_order_give_the_cells_of_a_naive_model),
        ONE(many_series_are_found_again),
        ONE(memory_follows_the_cells_and_not_the_records),
        ONE(selecting_keeps_the_chosen_series_and_years),
        ONE(measures_are_cut_into_unit_verb_and_agent),
        ONE(evidence_is_copied_and_found_by_its_id),
        ONE(evidence_that_cannot_be_is_refused),
        ONE(an_account_counts_every_problem_and_keeps_a_few),
        ONE(an_account_without_a_panel_has_no_total),
        ONE(every_allocation_may_fail),
        ONE(a_builder_survives_a_failed_finish),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
