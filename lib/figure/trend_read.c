#include <math.h>

#include "figure/trend.h"

/* An interval that ends further up than this many times the rest leaves the axis with an arrow, or
 * it would press everything else to the ground. */
#define CLIP_RATIO 5.0
/* Where one does, the axis reaches this many times the rest. */
#define CLIP_ROOM 2.2

const char *traffstat_i_trend_missing(const traffstat_i_trend_year *year)
{
    switch (year != NULL ? year->cell.why : TRAFFSTAT_WHY_NOT_REPORTED) {
    case TRAFFSTAT_WHY_COUNTED:
        return year->counted ? "" : "below zero";
    case TRAFFSTAT_WHY_SUPPRESSED:
        return "suppressed";
    case TRAFFSTAT_WHY_NOT_APPLICABLE:
        return "not applicable";
    case TRAFFSTAT_WHY_UNPARSABLE:
        return "unreadable";
    default:
        return "not reported";
    }
}

/* The narrow intervals of the estimate, then its own level as the widest. Where there are more than
 * can be told apart, the one nearest to a half is kept. */
static void read_bands(const traffstat_estimate *estimate, const traffstat_estimate_row *row,
                       traffstat_i_trend_year *year, size_t *bands)
{
    const double level = traffstat_estimate_level(estimate);
    const size_t levels = traffstat_estimate_levels(estimate);
    size_t n = 0;
    for (size_t i = 0; i < levels; i++) {
        traffstat_interval band;
        if (traffstat_estimate_interval(estimate, year->row, i, &band) == TRAFFSTAT_OK &&
            band.level < level - 1e-9) {
            if (n < TRAFFSTAT_I_BANDS - 1) {
                year->band[n++] = band;
            } else if (fabs(band.level - 0.8) < fabs(year->band[n - 1].level - 0.8)) {
                year->band[n - 1] = band;
            }
        }
    }
    year->band[n++] = (traffstat_interval){level, row->lower, row->upper};
    *bands = n;
}

static traffstat_status read_estimate(traffstat_i_trend *trend, traffstat_i_trend_year *year)
{
    year->middle = NAN;
    year->unreported = NAN;
    if (trend->estimate == NULL || !year->counted) {
        return TRAFFSTAT_OK;
    }
    traffstat_estimate_row row;
    if (traffstat_estimate_row_get(trend->estimate, year->row, &row) != TRAFFSTAT_OK ||
        row.year != year->cell.year || row.series != trend->series ||
        row.observed_lower != year->cell.lower || row.observed_upper != year->cell.upper) {
        return traffstat_i_fail(trend->ctx, TRAFFSTAT_E_ARGUMENT,
                                "the estimate is of another panel: its row for %d does not match",
                                (int) year->cell.year);
    }
    if (row.verdict == TRAFFSTAT_VERDICT_INESTIMABLE || isnan(row.lower)) {
        return TRAFFSTAT_OK;
    }
    year->estimated = true;
    year->middle = row.estimate;
    year->unreported = row.unreported;
    year->open = isnan(row.upper) || isinf(row.upper);
    read_bands(trend->estimate, &row, year, &trend->bands);
    return TRAFFSTAT_OK;
}

static traffstat_status read_years(traffstat_i_trend *trend)
{
    const size_t first = traffstat_panel_series_first(trend->panel, trend->series);
    for (size_t i = 0; i < trend->count; i++) {
        traffstat_i_trend_year *const year = &trend->years[i];
        year->row += first;
        traffstat_status status = traffstat_panel_cell(trend->panel, year->row, &year->cell);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        year->counted = year->cell.why == TRAFFSTAT_WHY_COUNTED && year->cell.lower >= 0;
        year->exact = year->counted && year->cell.lower == year->cell.upper;
        status = read_estimate(trend, year);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        trend->counted += year->counted;
        trend->exact += year->exact;
        trend->estimated += year->estimated;
        if (year->estimated) {
            trend->last_estimated = i;
        }
    }
    return TRAFFSTAT_OK;
}

/* First and last row of the series that have a count; false where none has. */
static bool counted_range(const traffstat_panel *panel, size_t series, size_t *from, size_t *to)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t count = traffstat_panel_series_count(panel, series);
    const int8_t *const whys = traffstat_panel_whys(panel);
    const int64_t *const lowers = traffstat_panel_lowers(panel);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (whys[first + i] == TRAFFSTAT_WHY_COUNTED && lowers[first + i] >= 0) {
            *from = any ? *from : i;
            *to = i;
            any = true;
        }
    }
    return any;
}

/* What must be seen whole: counts, middle values, narrow intervals. */
static double core(const traffstat_i_trend *trend, const traffstat_i_trend_year *year)
{
    double most = 0.0;
    if (year->counted) {
        most =
            (double) (year->cell.upper == TRAFFSTAT_NO_UPPER ? year->cell.lower : year->cell.upper);
    }
    if (year->estimated) {
        most = isfinite(year->middle) ? fmax(most, year->middle) : most;
        most = fmax(most, year->band[0].lower);
        for (size_t b = 0; b + 1 < trend->bands; b++) {
            most = isfinite(year->band[b].upper) ? fmax(most, year->band[b].upper) : most;
        }
    }
    return most;
}

static void make_axis(traffstat_i_trend *trend)
{
    double inner = 0.0;
    for (size_t i = 0; i < trend->count; i++) {
        inner = fmax(inner, core(trend, &trend->years[i]));
    }
    double most = inner;
    for (size_t i = 0; i < trend->count; i++) {
        const traffstat_i_trend_year *const year = &trend->years[i];
        if (year->counted && year->cell.upper == TRAFFSTAT_NO_UPPER) {
            most = fmax(most, 1.3 * (double) year->cell.lower + 1.0); /* room for its arrow */
        }
        if (!year->estimated) {
            continue;
        }
        const double upper = year->band[trend->bands - 1].upper;
        if (isfinite(upper) && upper <= CLIP_RATIO * inner) {
            most = fmax(most, upper);
        } else {
            most = fmax(most, CLIP_ROOM * inner);
        }
    }
    trend->axis = traffstat_i_axis_make(most);
    for (size_t i = 0; i < trend->count; i++) {
        const traffstat_i_trend_year *const year = &trend->years[i];
        trend->clipped =
            trend->clipped ||
            (year->estimated && !(year->band[trend->bands - 1].upper <= trend->axis.top));
    }
}

static traffstat_status check(traffstat_ctx *ctx, const traffstat_panel *panel, size_t series,
                              const traffstat_estimate *estimate, const traffstat_change *change)
{
    if (series >= traffstat_panel_series(panel)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "no series %zu: the panel has %zu", series,
                                traffstat_panel_series(panel));
    }
    if (estimate != NULL && traffstat_estimate_rows(estimate) != traffstat_panel_rows(panel)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the estimate is of another panel: it has %zu rows, not %zu",
                                traffstat_estimate_rows(estimate), traffstat_panel_rows(panel));
    }
    if (change != NULL && change->series != series) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the change is of series %zu, the figure of series %zu",
                                change->series, series);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_trend_read(traffstat_ctx *ctx, const traffstat_panel *panel,
                                        size_t series, const traffstat_estimate *estimate,
                                        const traffstat_change *change, traffstat_i_trend *out)
{
    *out = (traffstat_i_trend){
        .ctx = ctx, .panel = panel, .estimate = estimate, .change = change, .series = series};
    traffstat_status status = check(ctx, panel, series, estimate, change);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    size_t from = 0;
    size_t to = 0;
    if (!counted_range(panel, series, &from, &to)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "no year of %s has a count",
                                traffstat_panel_jurisdiction(panel, series));
    }
    out->count = to - from + 1;
    out->last_estimated = out->count;
    out->years = traffstat_i_alloc(ctx, out->count, sizeof *out->years);
    if (out->years == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < out->count; i++) {
        out->years[i].row = from + i;
    }
    status = read_years(out);
    if (status != TRAFFSTAT_OK) {
        traffstat_i_trend_clear(out);
        return status;
    }
    out->lined = out->counted >= TRAFFSTAT_I_LINE_MIN;
    make_axis(out);
    return TRAFFSTAT_OK;
}

void traffstat_i_trend_clear(traffstat_i_trend *trend)
{
    traffstat_i_free(trend->ctx, trend->years);
    trend->years = NULL;
    trend->count = 0;
}
