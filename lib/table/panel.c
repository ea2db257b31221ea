#include <math.h>

#include "table/panel.h"

void traffstat_panel_free(traffstat_panel *panel)
{
    if (panel == NULL) {
        return;
    }
    void *const blocks[] = {panel->arena,  panel->series, panel->first,       panel->years,
                            panel->lowers, panel->uppers, panel->populations, panel->coverages,
                            panel->flags,  panel->places, panel->validity,    panel->whys};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        traffstat_i_free(panel->ctx, blocks[i]);
    }
    traffstat_i_free(panel->ctx, panel->part_of);
    traffstat_panel_free(panel->parts);
    traffstat_i_free(panel->ctx, panel);
}

const traffstat_panel *traffstat_i_panel_parts(const traffstat_panel *panel, const size_t **part_of)
{
    *part_of = panel->part_of;
    return panel->parts;
}

traffstat_status traffstat_i_panel_keep_parts(traffstat_ctx *ctx, traffstat_panel *sums,
                                              const traffstat_panel *of, const size_t *into)
{
    const traffstat_panel *parts = of->parts != NULL ? of->parts : of;
    size_t *part_of = traffstat_i_alloc(ctx, parts->series_count, sizeof *part_of);
    if (part_of == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < parts->series_count; i++) {
        const size_t at = of->parts != NULL ? of->part_of[i] : i;
        part_of[i] = into != NULL ? into[at] : at;
    }
    sums->part_of = part_of;
    return traffstat_i_panel_without(ctx, parts, NULL, &sums->parts);
}

size_t traffstat_panel_series(const traffstat_panel *panel)
{
    return panel != NULL ? panel->series_count : 0;
}

size_t traffstat_panel_rows(const traffstat_panel *panel)
{
    return panel != NULL ? panel->rows : 0;
}

int32_t traffstat_panel_first_year(const traffstat_panel *panel)
{
    return panel != NULL ? panel->first_year : 0;
}

int32_t traffstat_panel_last_year(const traffstat_panel *panel)
{
    return panel != NULL ? panel->last_year : 0;
}

/* ---- texts ---------------------------------------------------------------------------------- */

static const char *text_of(const traffstat_panel *panel, size_t series, size_t which)
{
    if (series >= traffstat_panel_series(panel)) {
        return "";
    }
    size_t at = panel->series[series].at;
    for (size_t i = 0; i < which; i++) {
        at += (size_t) panel->series[series].sizes[i] + 1;
    }
    return panel->arena + at;
}

const char *traffstat_panel_key(const traffstat_panel *panel, size_t series)
{
    return text_of(panel, series, TEXT_KEY);
}

const char *traffstat_panel_jurisdiction(const traffstat_panel *panel, size_t series)
{
    return text_of(panel, series, TEXT_JURISDICTION);
}

const char *traffstat_panel_measure(const traffstat_panel *panel, size_t series)
{
    return text_of(panel, series, TEXT_MEASURE);
}

const char *traffstat_panel_category(const traffstat_panel *panel, size_t series)
{
    return text_of(panel, series, TEXT_CATEGORY);
}

const char *traffstat_panel_source(const traffstat_panel *panel, size_t series)
{
    return text_of(panel, series, TEXT_SOURCE);
}

const char *traffstat_panel_group(const traffstat_panel *panel, size_t series)
{
    return text_of(panel, series, TEXT_GROUP);
}

const char *traffstat_i_panel_label(const traffstat_panel *panel, size_t series)
{
    const char *name = traffstat_panel_jurisdiction(panel, series);
    return name[0] != '\0' ? name : traffstat_panel_key(panel, series);
}

/* ---- rows ----------------------------------------------------------------------------------- */

size_t traffstat_panel_series_first(const traffstat_panel *panel, size_t series)
{
    return series < traffstat_panel_series(panel) ? panel->first[series] : 0;
}

size_t traffstat_panel_series_count(const traffstat_panel *panel, size_t series)
{
    return series < traffstat_panel_series(panel) ? panel->first[series + 1] - panel->first[series]
                                                  : 0;
}

size_t traffstat_panel_find(const traffstat_panel *panel, size_t series, int32_t year)
{
    if (series >= traffstat_panel_series(panel)) {
        return TRAFFSTAT_NONE;
    }
    size_t low = panel->first[series];
    const size_t end = panel->first[series + 1];
    size_t high = end;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (panel->years[middle] < year) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < end && panel->years[low] == year ? low : TRAFFSTAT_NONE;
}

size_t traffstat_panel_row_series(const traffstat_panel *panel, size_t row)
{
    if (row >= traffstat_panel_rows(panel)) {
        return TRAFFSTAT_NONE;
    }
    size_t low = 0; /* the last series whose first row is not after `row` */
    size_t high = panel->series_count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (panel->first[middle] <= row) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

static traffstat_cell cell_at(const traffstat_panel *panel, size_t row)
{
    return (traffstat_cell){.lower = panel->lowers[row],
                            .upper = panel->uppers[row],
                            .population = panel->populations[row],
                            .coverage = panel->coverages[row],
                            .year = panel->years[row],
                            .flags = panel->flags[row],
                            .places = panel->places[row],
                            .why = panel->whys[row]};
}

traffstat_status traffstat_panel_cell(const traffstat_panel *panel, size_t row, traffstat_cell *out)
{
    if (out == NULL || row >= traffstat_panel_rows(panel)) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = cell_at(panel, row);
    return TRAFFSTAT_OK;
}

/* ---- columns -------------------------------------------------------------------------------- */

const int32_t *traffstat_panel_years(const traffstat_panel *panel)
{
    return panel != NULL ? panel->years : NULL;
}

const int64_t *traffstat_panel_lowers(const traffstat_panel *panel)
{
    return panel != NULL ? panel->lowers : NULL;
}

const int64_t *traffstat_panel_uppers(const traffstat_panel *panel)
{
    return panel != NULL ? panel->uppers : NULL;
}

const double *traffstat_panel_populations(const traffstat_panel *panel)
{
    return panel != NULL ? panel->populations : NULL;
}

const double *traffstat_panel_coverages(const traffstat_panel *panel)
{
    return panel != NULL ? panel->coverages : NULL;
}

const uint32_t *traffstat_panel_flags(const traffstat_panel *panel)
{
    return panel != NULL ? panel->flags : NULL;
}

const uint8_t *traffstat_panel_validity(const traffstat_panel *panel)
{
    return panel != NULL ? panel->validity : NULL;
}

const int8_t *traffstat_panel_whys(const traffstat_panel *panel)
{
    return panel != NULL ? panel->whys : NULL;
}

/* ---- sums ----------------------------------------------------------------------------------- */

/* One end of a sum; false past INT64_MAX - 1, since INT64_MAX says "no upper end". */
static bool add_end(int64_t a, int64_t b, int64_t *out)
{
    if (a == TRAFFSTAT_NO_UPPER || b == TRAFFSTAT_NO_UPPER) {
        *out = TRAFFSTAT_NO_UPPER;
        return true;
    }
    int64_t sum = 0;
    if (!traffstat_i_add_int64(a, b, &sum) || sum == TRAFFSTAT_NO_UPPER ||
        sum <= -TRAFFSTAT_NO_UPPER) {
        return false;
    }
    *out = sum;
    return true;
}

bool traffstat_i_cell_add(traffstat_cell *sum, const traffstat_cell *more)
{
    const bool has = sum->why == TRAFFSTAT_WHY_COUNTED;
    const bool adds = more->why == TRAFFSTAT_WHY_COUNTED;
    int64_t lower = 0;
    int64_t upper = 0;
    if (!add_end(has ? sum->lower : 0, adds ? more->lower : 0, &lower) ||
        !add_end(has ? sum->upper : 0, adds ? more->upper : 0, &upper)) {
        return false;
    }
    sum->lower = lower;
    sum->upper = upper;
    if (adds) {
        sum->why = TRAFFSTAT_WHY_COUNTED;
    } else if (!has && sum->why != more->why) {
        sum->why = TRAFFSTAT_WHY_NOT_REPORTED; /* the one reason that holds for any mixture */
    }
    sum->flags |= more->flags | TRAFFSTAT_FLAG_SUMMED;
    sum->flags |= has != adds ? (uint32_t) TRAFFSTAT_FLAG_PARTIAL : 0;
    sum->population = isnan(sum->population) ? more->population : sum->population;
    sum->coverage = isnan(sum->coverage) ? more->coverage : sum->coverage;
    sum->places = more->places > sum->places ? more->places : sum->places;
    return true;
}

traffstat_status traffstat_panel_total(const traffstat_panel *panel, traffstat_cell *out)
{
    if (out == NULL || traffstat_panel_rows(panel) == 0) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    traffstat_cell sum = cell_at(panel, 0);
    for (size_t row = 1; row < panel->rows; row++) {
        const traffstat_cell more = cell_at(panel, row);
        if (!traffstat_i_cell_add(&sum, &more)) {
            return TRAFFSTAT_E_LIMIT;
        }
    }
    *out = sum;
    return TRAFFSTAT_OK;
}

void traffstat_i_panel_total(const traffstat_panel *panel, traffstat_cell *out)
{
    if (traffstat_panel_rows(panel) == 0) {
        *out =
            (traffstat_cell){.population = NAN, .coverage = NAN, .why = TRAFFSTAT_WHY_NOT_REPORTED};
        return;
    }
    traffstat_cell sum = cell_at(panel, 0);
    for (size_t row = 1; row < panel->rows; row++) {
        traffstat_cell more = cell_at(panel, row);
        if (!traffstat_i_cell_add(&sum, &more)) { /* both counted: only such sums can overflow */
            const int64_t most = TRAFFSTAT_NO_UPPER - 1;
            const bool past = more.lower > 0 && sum.lower > most - more.lower;
            const bool below = more.lower < 0 && sum.lower < -most - more.lower;
            sum.lower = past ? most : below ? -most : sum.lower + more.lower;
            sum.upper = TRAFFSTAT_NO_UPPER;
            more.lower = more.upper = 0;
            (void) traffstat_i_cell_add(&sum, &more);
        }
    }
    *out = sum;
}

/* ---- selecting ------------------------------------------------------------------------------ */

static traffstat_status copy_series(traffstat_ctx *ctx, const traffstat_panel *panel, size_t from,
                                    traffstat_panel_builder *builder, size_t *to)
{
    traffstat_i_slice texts[TEXT_COUNT];
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        texts[i] = (traffstat_i_slice){text_of(panel, from, i), panel->series[from].sizes[i]};
    }
    return traffstat_i_builder_series(ctx, builder, texts, to);
}

static traffstat_status select_series(traffstat_ctx *ctx, const traffstat_panel *panel,
                                      size_t series, int32_t first_year, int32_t last_year,
                                      traffstat_panel_builder *builder)
{
    size_t to = TRAFFSTAT_NONE;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = panel->first[series];
         row < panel->first[series + 1] && status == TRAFFSTAT_OK; row++) {
        if (panel->years[row] < first_year || panel->years[row] > last_year) {
            continue;
        }
        if (to == TRAFFSTAT_NONE) {
            status = copy_series(ctx, panel, series, builder, &to);
        }
        if (status == TRAFFSTAT_OK) {
            const traffstat_cell cell = cell_at(panel, row);
            status = traffstat_i_builder_add(ctx, builder, to, &cell);
        }
    }
    return status;
}

traffstat_status traffstat_i_panel_without(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           const bool *drop, traffstat_panel **out)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_status status = traffstat_i_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    for (size_t s = 0; s < panel->series_count && status == TRAFFSTAT_OK; s++) {
        size_t to = TRAFFSTAT_NONE;
        if (drop != NULL && drop[s]) {
            continue;
        }
        status = copy_series(ctx, panel, s, builder, &to);
        for (size_t row = panel->first[s]; row < panel->first[s + 1] && status == TRAFFSTAT_OK;
             row++) {
            const traffstat_cell cell = cell_at(panel, row);
            status = traffstat_i_builder_add(ctx, builder, to, &cell);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_builder_finish(ctx, builder, out);
    }
    traffstat_panel_builder_free(builder);
    return status;
}

void traffstat_i_panel_flag(traffstat_panel *panel, size_t row, uint32_t flags)
{
    panel->flags[row] |= flags;
}

traffstat_status traffstat_panel_select(traffstat_ctx *ctx, const traffstat_panel *panel,
                                        const int32_t *keep, int32_t first_year, int32_t last_year,
                                        traffstat_panel **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the panel was given");
    }
    *out = NULL;
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    if (first_year > last_year) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the first year, %d, is after the last, %d", (int) first_year,
                                (int) last_year);
    }
    traffstat_panel_builder *builder = NULL;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    for (size_t s = 0; s < panel->series_count && status == TRAFFSTAT_OK; s++) {
        if (keep == NULL || keep[s] != 0) {
            status = select_series(ctx, panel, s, first_year, last_year, builder);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, out);
    }
    if (status == TRAFFSTAT_E_NODATA) {
        status = traffstat_i_fail(
            ctx, status, "no row is left: none of the chosen series has a year in %d to %d",
            (int) first_year, (int) last_year);
    }
    traffstat_panel_builder_free(builder);
    return status;
}
