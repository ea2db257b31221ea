/* Rates of every year of a panel, and what can be said of each of its series. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/rate/yearly.h"
#include "table/table.h"

static const char citation[] =
    "Garwood (1936), Biometrika 28:437-442; Przyborowski & Wilenski (1940), Biometrika 31:313-323; "
    "McCullagh & Nelder (1989), Generalized Linear Models; Kim, Fay, Feuer & Midthune (2000), "
    "Statistics in Medicine 19:335-351";

void traffstat_trend_options_init(traffstat_trend_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_trend_options defaults = {
        .struct_size = struct_size, .max_joinpoints = -1, .level = 0.95, .per = 100000.0};
    memset(options, 0, struct_size);
    memcpy(options, &defaults, struct_size < sizeof defaults ? struct_size : sizeof defaults);
}

/* Garwood's interval of a count, from both ends of an interval count. */
static traffstat_status fill_limits(traffstat_ctx *ctx, const traffstat_cell *cell, double level,
                                    traffstat_estimate_row *row)
{
    traffstat_interval ends;
    traffstat_status status = traffstat_poisson_interval(ctx, cell->lower, 1.0, level, &ends);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    row->lower = ends.lower;
    row->upper = ends.upper;
    row->estimate = cell->lower == cell->upper ? (double) cell->lower : (double) NAN;
    if (cell->upper == TRAFFSTAT_NO_UPPER) {
        row->upper = NAN;
    } else if (cell->upper != cell->lower) {
        status = traffstat_poisson_interval(ctx, cell->upper, 1.0, level, &ends);
        row->upper = ends.upper;
    }
    return status;
}

static traffstat_status fill_row(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                 const traffstat_panel *panel, size_t at,
                                 const traffstat_trend_options *options)
{
    traffstat_cell cell;
    if (traffstat_panel_cell(panel, at, &cell) != TRAFFSTAT_OK) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_INTERNAL, "a row of the panel is missing");
    }
    if (cell.why != TRAFFSTAT_WHY_COUNTED || cell.lower < 0) {
        return traffstat_i_estimate_row_reason(estimate, at, TRAFFSTAT_VERDICT_INESTIMABLE,
                                               cell.why != TRAFFSTAT_WHY_COUNTED
                                                   ? "there is no count"
                                                   : "the count is a net one below zero");
    }
    traffstat_estimate_row *row = traffstat_i_estimate_row(estimate, at);
    const traffstat_status status = fill_limits(ctx, &cell, options->level, row);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_estimate_set_interval(estimate, at, 0, row->lower, row->upper);
    const double people = cell.population * (cell.coverage > 0.0 ? cell.coverage : 1.0);
    const double scale = options->per / people;
    const traffstat_status doubted =
        traffstat_i_cell_doubts(ctx, estimate, at, panel, at, cell.flags);
    if (doubted != TRAFFSTAT_OK) {
        return doubted;
    }
    traffstat_detail *said = traffstat_i_estimate_row_details(estimate, at);
    traffstat_i_detail_number(said, "rate", row->estimate * scale);
    traffstat_i_detail_number(said, "rate_lower", row->lower * scale);
    traffstat_i_detail_number(said, "rate_upper", row->upper * scale);
    traffstat_i_detail_number(said, "population", cell.population);
    traffstat_i_detail_number(said, "coverage", cell.coverage);
    return TRAFFSTAT_OK;
}

static traffstat_status assume(traffstat_estimate *estimate, const traffstat_panel *panel)
{
    bool people = true;
    for (size_t i = 0; i < traffstat_panel_rows(panel); i++) {
        people = people && traffstat_panel_populations(panel)[i] > 0.0;
    }
    traffstat_status status = traffstat_i_estimate_assume(
        estimate, "cases come independently of each other, so counts are Poisson about their mean");
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_assume(
            estimate, "the same things were counted in the same way in all years compared");
    }
    if (status == TRAFFSTAT_OK && !people) {
        status = traffstat_i_estimate_assume(
            estimate, "no population is known for every year: each year counts as exposure 1, and "
                      "counts are compared as they are");
    }
    return status;
}

/* ---- the sum of many series ------------------------------------------------------------------ */

/* "sum over 1168 places and 2 categories": what stands at the top. */
static void name_sum(char *out, size_t size, size_t places, size_t categories)
{
    const int used = snprintf(out, size, "sum over %zu places", places);
    if (categories > 1 && used > 0) {
        (void) snprintf(out + used, size - (size_t) used, " and %zu categories", categories);
    }
}

static int by_text(const void *a, const void *b)
{
    const char *const *x = a;
    const char *const *y = b;
    return strcmp(*x, *y);
}

typedef const char *(*text_fn)(const traffstat_panel *panel, size_t series);

/* How many texts the series of a panel have. */
static traffstat_status count_texts(traffstat_ctx *ctx, const traffstat_panel *panel, text_fn get,
                                    size_t *out)
{
    const size_t count = traffstat_panel_series(panel);
    const char **texts = traffstat_i_alloc(ctx, count, sizeof *texts);
    if (texts == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < count; i++) {
        texts[i] = get(panel, i);
    }
    qsort(texts, count, sizeof *texts, by_text);
    *out = count > 0 ? 1 : 0;
    for (size_t i = 1; i < count; i++) {
        *out += strcmp(texts[i - 1], texts[i]) != 0;
    }
    traffstat_i_free(ctx, texts);
    return TRAFFSTAT_OK;
}

static const char *place_of(const traffstat_panel *panel, size_t series)
{
    const char *key = traffstat_panel_key(panel, series);
    return key[0] != '\0' ? key : traffstat_panel_jurisdiction(panel, series);
}

/* The sum of all series, what it is called, or why there is none (then *out is NULL). */
static traffstat_status sum_all(traffstat_ctx *ctx, const traffstat_panel *panel,
                                traffstat_panel **out, char name[TRAFFSTAT_I_REASON_SIZE])
{
    static const struct {
        text_fn get;
        const char *words;
    } apart[] = {{traffstat_panel_measure, "measures"}, {traffstat_panel_source, "sources"}};
    const size_t *into = NULL;
    const traffstat_panel *below = traffstat_i_panel_parts(panel, &into);
    const traffstat_panel *parts = below != NULL ? below : panel;
    size_t count = 0;
    size_t places = 0;
    size_t categories = 0;
    *out = NULL;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof apart / sizeof apart[0] && status == TRAFFSTAT_OK; i++) {
        status = count_texts(ctx, panel, apart[i].get, &count);
        if (status == TRAFFSTAT_OK && count > 1) {
            (void) snprintf(name, TRAFFSTAT_I_REASON_SIZE,
                            "the series are of %zu %s, and these are never added up: see by_series",
                            count, apart[i].words);
            return TRAFFSTAT_OK;
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = count_texts(ctx, parts, place_of, &places);
    }
    if (status == TRAFFSTAT_OK) {
        status = count_texts(ctx, parts, traffstat_panel_category, &categories);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (places < 2) {
        (void) snprintf(name, TRAFFSTAT_I_REASON_SIZE,
                        "the series are categories of one place: sum them first where they do not "
                        "overlap (by measure), or see by_series");
        return TRAFFSTAT_OK;
    }
    status = traffstat_panel_aggregate(ctx, panel, TRAFFSTAT_BY_MEASURE, out);
    name_sum(name, TRAFFSTAT_I_REASON_SIZE, places, categories);
    if (status == TRAFFSTAT_E_CONFLICT || status == TRAFFSTAT_E_LIMIT) {
        (void) snprintf(name, TRAFFSTAT_I_REASON_SIZE, "%s", traffstat_ctx_message(ctx));
        status = TRAFFSTAT_OK;
    }
    return status;
}

/* Nothing can be said of all series together. */
static void say_no_sum(traffstat_detail *top, const char *why)
{
    static const char *const names[] = {"change", "trend", "joinpoints"};
    static const char *const reasons[] = {"change_reason", "trend_reason", "joinpoints_reason"};
    traffstat_i_detail_none(top, "of");
    traffstat_i_detail_text(top, "of_reason", why);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        traffstat_i_detail_none(top, names[i]);
        traffstat_i_detail_text(top, reasons[i], why);
    }
    traffstat_i_detail_none(top, "tests");
    traffstat_i_detail_none(top, "coverage_change");
    traffstat_i_detail_none(top, "sentence");
}

/* The top of many series: their sum, where there is one. */
static traffstat_status say_sum(traffstat_ctx *ctx, const traffstat_i_account_of_series *of)
{
    char name[TRAFFSTAT_I_REASON_SIZE] = "";
    traffstat_panel *sum = NULL;
    traffstat_status status = sum_all(ctx, of->panel, &sum, name);
    if (status == TRAFFSTAT_OK && sum == NULL) {
        say_no_sum(of->object, name);
    } else if (status == TRAFFSTAT_OK) {
        traffstat_i_account_of_series all = *of;
        traffstat_i_detail_text(of->object, "of", name);
        traffstat_i_detail_none(of->object, "of_reason");
        all.panel = sum;
        all.series = 0;
        status = traffstat_i_estimate_assume(
            of->estimate, "of the sum: no place is a part of another, no category of another");
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_say_series(ctx, &all);
        }
    }
    traffstat_panel_free(sum);
    return status;
}

/* The one series of a panel, which may be a sum itself. */
static traffstat_status say_single(traffstat_ctx *ctx, const traffstat_i_account_of_series *of)
{
    char name[TRAFFSTAT_I_REASON_SIZE];
    const size_t *into = NULL;
    const traffstat_panel *parts = traffstat_i_panel_parts(of->panel, &into);
    size_t places = 0;
    size_t categories = 0;
    traffstat_status status = TRAFFSTAT_OK;
    if (parts != NULL) {
        status = count_texts(ctx, parts, place_of, &places);
        if (status == TRAFFSTAT_OK) {
            status = count_texts(ctx, parts, traffstat_panel_category, &categories);
        }
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    name_sum(name, sizeof name, places, categories);
    traffstat_i_detail_text(of->object, "of",
                            places > 1 ? name : traffstat_i_panel_label(of->panel, 0));
    traffstat_i_detail_none(of->object, "of_reason");
    return traffstat_i_say_series(ctx, of);
}

static traffstat_status say_each(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                 const traffstat_panel *panel,
                                 const traffstat_trend_options *options)
{
    const size_t series = traffstat_panel_series(panel);
    traffstat_i_account_of_series each = {.estimate = estimate,
                                          .object = traffstat_i_estimate_details(estimate),
                                          .panel = panel,
                                          .options = options,
                                          .top = true,
                                          .thorough = true};
    if (series == 1) {
        return say_single(ctx, &each);
    }
    traffstat_detail *top = each.object;
    traffstat_status status = say_sum(ctx, &each);
    traffstat_detail *list = traffstat_i_detail_list(top, "by_series");
    each.top = false;
    each.thorough = false;
    for (size_t i = 0; i < series && status == TRAFFSTAT_OK; i++) {
        each.series = i;
        each.object = traffstat_i_detail_object(list, NULL);
        traffstat_i_detail_text(each.object, "series", traffstat_i_panel_label(panel, i));
        traffstat_i_detail_text(each.object, "key", traffstat_panel_key(panel, i));
        traffstat_i_detail_text(each.object, "measure", traffstat_panel_measure(panel, i));
        traffstat_i_detail_text(each.object, "category", traffstat_panel_category(panel, i));
        traffstat_i_detail_text(each.object, "source", traffstat_panel_source(panel, i));
        status = traffstat_i_say_series(ctx, &each);
    }
    return status;
}

static traffstat_status fill(traffstat_ctx *ctx, traffstat_estimate *estimate,
                             const traffstat_panel *panel, const traffstat_trend_options *options)
{
    traffstat_status status = assume(estimate, panel);
    for (size_t i = 0; i < traffstat_panel_rows(panel) && status == TRAFFSTAT_OK; i++) {
        status = fill_row(ctx, estimate, panel, i, options);
    }
    if (status == TRAFFSTAT_OK) {
        status = say_each(ctx, estimate, panel, options);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_panel_doubts(ctx, estimate, panel, options->lost);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_account_doubts(ctx, estimate, options->account);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_estimate_finish(estimate) : status;
}

static traffstat_status check(traffstat_ctx *ctx, const traffstat_panel *panel,
                              const traffstat_trend_options *options)
{
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    if (!(options->level > 0.0 && options->level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    if (options->lost < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "less than 0 records cannot be lost");
    }
    if (!(options->per > 0.0 && isfinite(options->per))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the residents that a rate is of must be positive and finite");
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_trend(traffstat_ctx *ctx, const traffstat_panel *panel,
                                 const traffstat_trend_options *options, traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    *out = NULL;
    traffstat_trend_options opt;
    traffstat_trend_options_init(&opt, sizeof opt);
    traffstat_status status = traffstat_i_read_options(ctx, options, &opt, sizeof opt);
    if (status == TRAFFSTAT_OK) {
        status = check(ctx, panel, &opt);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_estimate *made = NULL;
    const traffstat_i_estimate_plan plan = {.method = "trend",
                                            .citation = citation,
                                            .kind = TRAFFSTAT_KIND_ESTIMATE,
                                            .level = opt.level,
                                            .seed = traffstat_ctx_seed(ctx),
                                            .levels = &opt.level,
                                            .level_count = 1,
                                            .panel = panel};
    status = traffstat_i_estimate_new(ctx, &plan, &made);
    if (status == TRAFFSTAT_OK) {
        status = fill(ctx, made, panel, &opt);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(made);
        return status;
    }
    traffstat_i_enter(ctx); /* forgets what single questions could not tell: reasons say it */
    *out = made;
    return TRAFFSTAT_OK;
}
