/* The tidy form of any panel reads back to the same panel: random panels of every kind of cell. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <traffstat/read.h>
#include <traffstat/report.h>

#include "support/support.h"

#define PANELS 300

static const char *pick(support_rng *rng, const char *const *texts, int64_t count)
{
    return texts[support_rng_between(rng, 0, count - 1)];
}

/* Names that a reader could mistake for something else, and plain ones. */
static void name_of(support_rng *rng, char *out, size_t size)
{
    static const char *const forms[] = {"Place %d",      "Lewis, Clark; %d",
                                        "\"Quoted\" %d", "Saint-J\xc3\xa9 %d",
                                        "two\nlines %d", "%d",
                                        "# %d",          "City %d*",
                                        "=A%d",          "%d [48]"};
    const char *form = pick(rng, forms, sizeof forms / sizeof forms[0]);
    const char *at = strstr(form, "%d");
    (void) snprintf(out, size, "%.*s%d%s", (int) (at - form), form,
                    (int) support_rng_between(rng, 1, 9999), at + 2);
}

static traffstat_cell cell_of(support_rng *rng, int32_t year)
{
    traffstat_cell cell = {.year = year, .population = NAN, .coverage = NAN, .places = 1};
    switch (support_rng_between(rng, 0, 5)) {
    case 0:
        cell.lower = cell.upper = support_rng_between(rng, 0, 5000);
        break;
    case 1:
        cell.lower = support_rng_between(rng, 0, 5);
        cell.upper = cell.lower + support_rng_between(rng, 1, 9);
        break;
    case 2:
        cell.lower = support_rng_between(rng, 0, 70);
        cell.upper = TRAFFSTAT_NO_UPPER;
        break;
    case 3:
        cell.lower = cell.upper = 0;
        break;
    default:
        cell.why = (int32_t) support_rng_between(rng, TRAFFSTAT_WHY_NOT_REPORTED,
                                                 TRAFFSTAT_WHY_UNPARSABLE);
    }
    cell.flags = (uint32_t) support_rng_between(rng, 0, 3) == 0
                     ? (uint32_t) support_rng_between(rng, 0, 255)
                     : 0;
    if (support_rng_uniform(rng) < 0.5) {
        cell.population = 10000.0 + floor(support_rng_uniform(rng) * 1e7) / 8.0;
    }
    if (support_rng_uniform(rng) < 0.3) {
        cell.coverage = 1.0 - support_rng_uniform(rng);
    }
    return cell;
}

static traffstat_panel *random_panel(traffstat_ctx *ctx, support_rng *rng)
{
    static const char *const measures[] = {"cases", "cases investigated by police", "Offences"};
    static const char *const categories[] = {"", "labour", "by form / Labour, forced / Total"};
    static const char *const sources[] = {"", "FBI; 2020", "GLOTIP"};
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_LAST, &builder));
    const int64_t count = support_rng_between(rng, 1, 12);
    for (int64_t i = 0; i < count; i++) {
        char name[64];
        char key[64] = "";
        size_t series = 0;
        name_of(rng, name, sizeof name);
        if (support_rng_uniform(rng) < 0.5) {
            (void) snprintf(key, sizeof key, "K%d", (int) support_rng_between(rng, 1, 99999));
        }
        assert_ok(ctx, traffstat_panel_builder_series(
                           ctx, builder, key, name, pick(rng, measures, 3),
                           pick(rng, categories, 3), pick(rng, sources, 3), &series));
        int32_t year = (int32_t) support_rng_between(rng, 1990, 2020);
        for (int64_t years = support_rng_between(rng, 1, 8); years > 0; years--) {
            const traffstat_cell cell = cell_of(rng, year);
            assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cell));
            year += (int32_t) support_rng_between(rng, 1, 3);
        }
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static void assert_same_text(const char *got, const char *want, uint64_t seed)
{
    if (strcmp(got, want) != 0) {
        fail_msg("panel %d: \"%s\" and not \"%s\"", (int) seed, got, want);
    }
}

static void assert_same_cell(const traffstat_cell *got, const traffstat_cell *want, uint64_t seed)
{
    /* what the reader doubts of its own accord may come on top */
    const uint32_t doubts = TRAFFSTAT_FLAG_COMMON_DIVISOR | TRAFFSTAT_FLAG_DOUBTFUL;
    if (got->lower != want->lower || got->upper != want->upper || got->why != want->why ||
        got->year != want->year || (got->flags | doubts) != (want->flags | doubts) ||
        (want->flags & ~got->flags) != 0) {
        fail_msg("panel %d, year %d: [%lld, %lld] flags %u why %d, not [%lld, %lld] %u %d",
                 (int) seed, (int) want->year, (long long) got->lower, (long long) got->upper,
                 (unsigned) got->flags, (int) got->why, (long long) want->lower,
                 (long long) want->upper, (unsigned) want->flags, (int) want->why);
    }
    assert_near(got->population, want->population, 0.0);
    assert_near(got->coverage, want->coverage, 0.0);
}

static void assert_same(const traffstat_panel *got, const traffstat_panel *want, uint64_t seed)
{
    assert_int_equal(traffstat_panel_series(got), traffstat_panel_series(want));
    assert_int_equal(traffstat_panel_rows(got), traffstat_panel_rows(want));
    for (size_t i = 0; i < traffstat_panel_series(want); i++) {
        assert_same_text(traffstat_panel_key(got, i), traffstat_panel_key(want, i), seed);
        assert_same_text(traffstat_panel_jurisdiction(got, i),
                         traffstat_panel_jurisdiction(want, i), seed);
        assert_same_text(traffstat_panel_measure(got, i), traffstat_panel_measure(want, i), seed);
        assert_same_text(traffstat_panel_category(got, i), traffstat_panel_category(want, i), seed);
        assert_same_text(traffstat_panel_source(got, i), traffstat_panel_source(want, i), seed);
    }
    for (size_t row = 0; row < traffstat_panel_rows(want); row++) {
        traffstat_cell a = {0};
        traffstat_cell b = {0};
        assert_int_equal(traffstat_panel_cell(got, row, &a), TRAFFSTAT_OK);
        assert_int_equal(traffstat_panel_cell(want, row, &b), TRAFFSTAT_OK);
        assert_same_cell(&a, &b, seed);
    }
}

static void any_panel_reads_back_to_itself(void **state)
{
    traffstat_reader *reader = NULL;
    assert_ok(*state, traffstat_reader_new(*state, &reader));
    for (uint64_t seed = 1; seed <= PANELS; seed++) {
        support_rng rng;
        support_rng_init(&rng, seed);
        traffstat_panel *panel = random_panel(*state, &rng);
        traffstat_panel *again = NULL;
        traffstat_text *text = NULL;
        assert_ok(*state, traffstat_panel_csv(*state, panel, &text));
        assert_ok(*state,
                  traffstat_read_memory(*state, reader, traffstat_text_data(text),
                                        traffstat_text_size(text), "tidy.csv", &again, NULL));
        assert_same(again, panel, seed);
        traffstat_panel_free(again);
        traffstat_panel_free(panel);
        traffstat_text_free(text);
    }
    traffstat_reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(any_panel_reads_back_to_itself, support_ctx_setup,
                                        support_ctx_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
