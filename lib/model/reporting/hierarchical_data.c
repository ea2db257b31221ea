/* The counts of the hierarchical panel: which rows are used, by place and year. */
#include "model/reporting/hierarchical_data.h"

#include <math.h>
#include <string.h>

/* ---- what is used ---------------------------------------------------------------------------- */

static bool same_kind(const traffstat_panel *panel, size_t a, size_t b)
{
    return strcmp(traffstat_panel_measure(panel, a), traffstat_panel_measure(panel, b)) == 0 &&
           strcmp(traffstat_panel_category(panel, a), traffstat_panel_category(panel, b)) == 0 &&
           strcmp(traffstat_panel_source(panel, a), traffstat_panel_source(panel, b)) == 0;
}

/* Series of another measure share neither a level nor a reporting rate. */
static traffstat_status check_kinds(traffstat_ctx *ctx, const traffstat_panel *panel)
{
    for (size_t i = 1; i < traffstat_panel_series(panel); i++) {
        if (!same_kind(panel, 0, i)) {
            return traffstat_i_fail(
                ctx, TRAFFSTAT_E_CONFLICT,
                "the panel model takes one measure, category and source at a time: the series of "
                "\"%s\" and of \"%s\" differ in them",
                traffstat_panel_jurisdiction(panel, 0), traffstat_panel_jurisdiction(panel, i));
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_i_row_use use_of(const traffstat_cell *cell)
{
    if (cell->why != TRAFFSTAT_WHY_COUNTED) {
        return TRAFFSTAT_I_ROW_MISSING;
    }
    return cell->lower < 0 ? TRAFFSTAT_I_ROW_NEGATIVE : TRAFFSTAT_I_ROW_USED;
}

static traffstat_status read_cell(const traffstat_i_hierarchical_data *data,
                                  const traffstat_panel *panel, size_t row, traffstat_cell *cell)
{
    if (traffstat_panel_cell(panel, row, cell) != TRAFFSTAT_OK) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_INTERNAL, "a row of the panel is missing");
    }
    return TRAFFSTAT_OK;
}

/* What the rows hold: numbers of each use, years, and whether residents are known. */
static traffstat_status survey(traffstat_i_hierarchical_data *data, const traffstat_panel *panel)
{
    int32_t last = 0;
    size_t known = 0;
    for (size_t row = 0; row < data->row_count; row++) {
        traffstat_cell cell;
        const traffstat_status status = read_cell(data, panel, row, &cell);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        data->use[row] = use_of(&cell);
        data->missing += data->use[row] == TRAFFSTAT_I_ROW_MISSING ? 1 : 0;
        data->negative += data->use[row] == TRAFFSTAT_I_ROW_NEGATIVE ? 1 : 0;
        if (data->use[row] != TRAFFSTAT_I_ROW_USED) {
            continue;
        }
        known += isnan(cell.population) ? 0 : 1;
        if (data->cell_count == 0 || cell.year < data->first_year) {
            data->first_year = cell.year;
        }
        last = data->cell_count == 0 || cell.year > last ? cell.year : last;
        data->cell_count++;
    }
    if (data->cell_count == 0) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_NODATA,
                                "no row of the panel has a count that could be used");
    }
    data->year_count = (size_t) (last - data->first_year) + 1;
    data->per_resident = known > 0;
    return TRAFFSTAT_OK;
}

/* ---- cells ----------------------------------------------------------------------------------- */

#define NAMED 5 /* places in a message */

/* Does a row that is used lack residents? */
static bool lacks(const traffstat_i_hierarchical_data *data, const traffstat_panel *panel,
                  size_t series, int32_t *year)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    for (size_t row = first; row < end; row++) {
        traffstat_cell cell;
        if (data->use[row] == TRAFFSTAT_I_ROW_USED &&
            traffstat_panel_cell(panel, row, &cell) == TRAFFSTAT_OK && isnan(cell.population)) {
            *year = cell.year;
            return true;
        }
    }
    return false;
}

/* All places whose residents are not known are counted, the first of them named. */
static traffstat_status lacks_residents(const traffstat_i_hierarchical_data *data,
                                        const traffstat_panel *panel)
{
    traffstat_text names;
    size_t count = 0;
    traffstat_i_text_init(&names, data->ctx);
    for (size_t series = 0; series < traffstat_panel_series(panel); series++) {
        int32_t year = 0;
        if (lacks(data, panel, series, &year) && count++ < NAMED) {
            traffstat_i_text_addf(&names, "%s\"%s\" in %d", count > 1 ? ", " : "",
                                  traffstat_panel_jurisdiction(panel, series), (int) year);
        }
    }
    if (count > NAMED) {
        traffstat_i_text_addf(&names, " and %zu more places", count - NAMED);
    }
    const traffstat_status status =
        traffstat_i_fail(data->ctx, names.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_E_CONFLICT,
                         "the population of %s is not known while that of others is: give it, "
                         "leave the rows out, or "
                         "leave all populations out",
                         traffstat_i_text_get(&names));
    traffstat_i_text_clear(&names);
    return status;
}

static void count_in(traffstat_i_hierarchical_data *data, const traffstat_i_cell *cell)
{
    const double low = (double) cell->low;
    data->reported += cell->high < 0 ? low : 0.5 * (low + (double) cell->high);
    data->exposure += cell->exposure * cell->coverage;
    data->intervals += cell->low != cell->high ? 1 : 0;
    data->covered += cell->coverage < 1.0 ? 1 : 0;
}

static traffstat_status add_cell(traffstat_i_hierarchical_data *data, const traffstat_panel *panel,
                                 size_t row)
{
    traffstat_cell from;
    const traffstat_status status = read_cell(data, panel, row, &from);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (data->per_resident && isnan(from.population)) {
        return lacks_residents(data, panel);
    }
    traffstat_i_cell *to = &data->cells[data->cell_count];
    *to = (traffstat_i_cell){
        .place = data->place_count - 1,
        .year = (size_t) (from.year - data->first_year),
        .low = from.lower,
        .high = from.upper == TRAFFSTAT_NO_UPPER ? -1 : from.upper,
        .exposure = data->per_resident ? from.population / TRAFFSTAT_I_RATE_UNIT : 1.0,
        .coverage = isnan(from.coverage) ? 1.0 : from.coverage,
    };
    data->cell_of_row[row] = data->cell_count++;
    count_in(data, to);
    return TRAFFSTAT_OK;
}

static traffstat_status add_series(traffstat_i_hierarchical_data *data,
                                   const traffstat_panel *panel, size_t series)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    bool has_place = false;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = first; row < end && status == TRAFFSTAT_OK; row++) {
        data->cell_of_row[row] = TRAFFSTAT_NONE;
        if (data->use[row] != TRAFFSTAT_I_ROW_USED) {
            continue;
        }
        if (!has_place) {
            data->series_of_place[data->place_count++] = series;
            has_place = true;
        }
        status = add_cell(data, panel, row);
    }
    return status;
}

/* ---- breaks ---------------------------------------------------------------------------------- */

/* A new level of all places is right only where the definition changed for most of them: the break
 * of one place is left to the words. */
static void find_breaks(traffstat_i_hierarchical_data *data, const traffstat_panel *panel,
                        size_t year)
{
    const uint32_t *flags = traffstat_panel_flags(panel);
    size_t broken = 0;
    size_t counted = 0;
    for (size_t row = 0; row < data->row_count; row++) {
        const size_t cell = data->cell_of_row[row];
        if (cell != TRAFFSTAT_NONE && data->cells[cell].year == year) {
            counted++;
            broken += (flags[row] & TRAFFSTAT_FLAG_BREAK) != 0 ? 1 : 0;
        }
    }
    data->new_level[year] = broken > 0 && 2 * broken >= counted;
    data->breaks_alone += data->new_level[year] ? 0 : broken;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status fill(traffstat_i_hierarchical_data *data, const traffstat_panel *panel)
{
    const size_t series_count = traffstat_panel_series(panel);
    data->cells = traffstat_i_alloc(data->ctx, data->cell_count, sizeof *data->cells);
    data->series_of_place =
        traffstat_i_alloc(data->ctx, series_count, sizeof *data->series_of_place);
    data->new_level = traffstat_i_alloc(data->ctx, data->year_count, sizeof *data->new_level);
    if (data->cells == NULL || data->series_of_place == NULL || data->new_level == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    data->cell_count = 0;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t series = 0; series < series_count && status == TRAFFSTAT_OK; series++) {
        status = add_series(data, panel, series);
    }
    /* before the first year there is nothing that a break could part it from */
    for (size_t year = 1; year < data->year_count && status == TRAFFSTAT_OK; year++) {
        find_breaks(data, panel, year);
    }
    return status;
}

traffstat_status traffstat_i_hierarchical_data_init(traffstat_ctx *ctx,
                                                    const traffstat_panel *panel,
                                                    traffstat_i_hierarchical_data *data)
{
    *data = (traffstat_i_hierarchical_data){.ctx = ctx, .row_count = traffstat_panel_rows(panel)};
    traffstat_status status = check_kinds(ctx, panel);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    data->use = traffstat_i_alloc(ctx, data->row_count, sizeof *data->use);
    data->cell_of_row = traffstat_i_alloc(ctx, data->row_count, sizeof *data->cell_of_row);
    status =
        data->use == NULL || data->cell_of_row == NULL ? TRAFFSTAT_E_NOMEM : survey(data, panel);
    if (status == TRAFFSTAT_OK) {
        status = fill(data, panel);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_hierarchical_data_clear(data);
    }
    return status;
}

void traffstat_i_hierarchical_data_clear(traffstat_i_hierarchical_data *data)
{
    traffstat_i_free(data->ctx, data->use);
    traffstat_i_free(data->ctx, data->cell_of_row);
    traffstat_i_free(data->ctx, data->cells);
    traffstat_i_free(data->ctx, data->series_of_place);
    traffstat_i_free(data->ctx, data->new_level);
    *data = (traffstat_i_hierarchical_data){0};
}

size_t traffstat_i_hierarchical_year(const traffstat_i_hierarchical_data *data, int32_t year)
{
    if (year <= data->first_year) {
        return 0;
    }
    const size_t index = (size_t) (year - data->first_year);
    return index < data->year_count ? index : data->year_count - 1;
}

double traffstat_i_hierarchical_center(const traffstat_i_hierarchical_data *data, double pbar)
{
    return data->reported > 0.0 ? log(data->reported / data->exposure) - log(pbar) : NAN;
}

/* ---- the model ------------------------------------------------------------------------------- */

traffstat_i_level_prior traffstat_i_hierarchical_level(const traffstat_i_logit_law *law)
{
    if (law->form == TRAFFSTAT_I_FORM_BETA && !(law->shift > 0.0)) {
        return (traffstat_i_level_prior){.a = law->a, .b = law->b};
    }
    traffstat_i_level_prior prior = {.is_logit_normal = true};
    traffstat_i_logit_moments(law, &prior.a, &prior.b);
    return prior;
}

traffstat_status traffstat_i_hierarchical_spec(const traffstat_i_hierarchical_data *data,
                                               const traffstat_i_logit_law *law,
                                               traffstat_i_posterior_spec *spec)
{
    if (law->form == TRAFFSTAT_I_FORM_KNOWN) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_ARGUMENT,
                                "the panel model needs a law of the reporting rate, and a known "
                                "number is none: give it as a narrow beta law");
    }
    if (!(data->reported > 0.0)) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_NODATA,
                                "every count of the panel is 0, which has no level to start from");
    }
    double pbar = 0.0;
    double unused = 0.0;
    traffstat_i_share_moments(law, &pbar, &unused);
    *spec = (traffstat_i_posterior_spec){
        .place_count = data->place_count,
        .year_count = data->year_count,
        .cells = data->cells,
        .cell_count = data->cell_count,
        .report = traffstat_i_hierarchical_level(law),
        .level_center = traffstat_i_hierarchical_center(data, pbar),
        .level_sd = 2.0,
        .place_scale = 1.0,
        .report_place_scale = 0.5,
        .year_scale = 0.25,
        .drift_scale = 0.25,
        .dispersion_scale = 0.5,
        .new_rate_level = data->new_level,
        .covariate_sd = 1.0,
    };
    return TRAFFSTAT_OK;
}
