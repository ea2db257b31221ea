/* The usable years of a series, and the log-linear trend through them. */
#include "model/rate/yearly.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "table/table.h"

/* ---- reading a series ------------------------------------------------------------------------ */

traffstat_status traffstat_i_yearly_new(traffstat_ctx *ctx, size_t room, traffstat_i_yearly *out)
{
    *out = (traffstat_i_yearly){0};
    out->block = traffstat_i_alloc(ctx, 5 * room, sizeof *out->block);
    if (out->block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->times = out->block;
    out->lower = out->block + room;
    out->upper = out->block + 2 * room;
    out->exposure = out->block + 3 * room;
    out->years = (int32_t *) (void *) (out->block + 4 * room);
    return TRAFFSTAT_OK;
}

void traffstat_i_yearly_free(traffstat_ctx *ctx, traffstat_i_yearly *of)
{
    traffstat_i_free(ctx, of->block);
    *of = (traffstat_i_yearly){0};
}

/* Of a sum that knows its parts, whether they are of more than one place. */
static bool parts_are_places(const traffstat_panel *panel, size_t series)
{
    const size_t *into = NULL;
    const traffstat_panel *parts = traffstat_i_panel_parts(panel, &into);
    size_t first = TRAFFSTAT_NONE;
    for (size_t i = 0; i < traffstat_panel_series(parts); i++) {
        if (into[i] != series) {
            continue;
        }
        first = first == TRAFFSTAT_NONE ? i : first;
        if (strcmp(traffstat_panel_key(parts, i), traffstat_panel_key(parts, first)) != 0 ||
            strcmp(traffstat_panel_jurisdiction(parts, i),
                   traffstat_panel_jurisdiction(parts, first)) != 0) {
            return true;
        }
    }
    return false;
}

bool traffstat_i_over_places(const traffstat_panel *panel, size_t series)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    traffstat_cell cell;
    for (size_t i = traffstat_panel_series_count(panel, series); i > 0; i--) {
        if (traffstat_panel_cell(panel, first + i - 1, &cell) == TRAFFSTAT_OK && cell.places > 1) {
            return true;
        }
    }
    return parts_are_places(panel, series);
}

/* A sum over places tells by their number which of them did not report; anything else with a part
 * missing is a smaller number than it looks. */
static bool usable(const traffstat_cell *cell, bool over_places)
{
    const bool part = (cell->flags & TRAFFSTAT_FLAG_PARTIAL) != 0 && !over_places;
    const bool part_year =
        (cell->flags & TRAFFSTAT_FLAG_PARTIAL_YEAR) != 0 && isnan(cell->coverage);
    return cell->why == TRAFFSTAT_WHY_COUNTED && cell->lower >= 0 && !part && !part_year;
}

/* What the usable cells have in common. */
typedef struct common {
    size_t first; /* row of the last break, or of the series */
    size_t end;
    bool over_places;
    bool populations;
    bool coverages;
} common;

static traffstat_cell cell_at(const traffstat_panel *panel, size_t row)
{
    traffstat_cell cell = {0};
    if (traffstat_panel_cell(panel, row, &cell) != TRAFFSTAT_OK) {
        cell.why = TRAFFSTAT_WHY_NOT_REPORTED;
    }
    return cell;
}

static common look(const traffstat_panel *panel, size_t series)
{
    common all = {.first = traffstat_panel_series_first(panel, series),
                  .over_places = traffstat_i_over_places(panel, series),
                  .populations = true,
                  .coverages = true};
    all.end = all.first + traffstat_panel_series_count(panel, series);
    for (size_t row = all.first + 1; row < all.end; row++) {
        all.first = (cell_at(panel, row).flags & TRAFFSTAT_FLAG_BREAK) != 0 ? row : all.first;
    }
    for (size_t row = all.first; row < all.end; row++) {
        const traffstat_cell cell = cell_at(panel, row);
        if (usable(&cell, all.over_places)) {
            all.populations = all.populations && cell.population > 0.0;
            all.coverages = all.coverages && cell.coverage > 0.0;
        }
    }
    return all;
}

static void take(traffstat_i_yearly *to, const traffstat_cell *cell, const common *all)
{
    const size_t i = to->n++;
    to->years[i] = cell->year;
    to->times[i] = (double) cell->year;
    to->lower[i] = (double) cell->lower;
    to->upper[i] = cell->upper == TRAFFSTAT_NO_UPPER ? (double) INFINITY : (double) cell->upper;
    to->exposure[i] =
        (all->populations ? cell->population : 1.0) * (all->coverages ? cell->coverage : 1.0);
    to->exact = to->exact && cell->lower == cell->upper;
    to->cases += to->lower[i];
}

traffstat_status traffstat_i_yearly_read(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         size_t series, traffstat_i_yearly *out)
{
    const common all = look(panel, series);
    const size_t start = traffstat_panel_series_first(panel, series);
    const traffstat_status status = traffstat_i_yearly_new(ctx, all.end - start, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    out->exact = true;
    out->since = all.first > start ? cell_at(panel, all.first).year : 0;
    for (size_t row = all.first; row < all.end; row++) {
        const traffstat_cell cell = cell_at(panel, row);
        const bool short_one = cell.coverage < 1.0 && !all.coverages;
        if (usable(&cell, all.over_places) && !short_one) {
            take(out, &cell, &all);
        }
    }
    out->left_out = all.end - start - out->n;
    out->population = all.populations && out->n > 0;
    out->coverage = all.coverages && out->n > 0;
    return TRAFFSTAT_OK;
}

/* ---- the trend ------------------------------------------------------------------------------- */

double traffstat_i_apc(double slope)
{
    return 100.0 * expm1(slope);
}

traffstat_status traffstat_i_yearly_fit(traffstat_ctx *ctx, const traffstat_i_yearly *of,
                                        size_t columns, int32_t family, double level,
                                        traffstat_regression **out)
{
    *out = NULL;
    double *block = traffstat_i_alloc(ctx, of->n * (columns + 1), sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    double *design = block + of->n;
    const double middle = rint(0.5 * (of->times[0] + of->times[of->n - 1]));
    for (size_t i = 0; i < of->n; i++) {
        block[i] = log(of->exposure[i]);
        double power = 1.0;
        for (size_t j = 0; j < columns; j++) {
            design[i * columns + j] = power;
            power *= of->times[i] - middle;
        }
    }
    const traffstat_i_counts counts = {of->n, columns, of->lower, of->upper, block, design};
    traffstat_regression_options options;
    traffstat_regression_options_init(&options, sizeof options);
    options.family = family;
    options.level = level;
    const traffstat_status status = traffstat_i_regression_fit(ctx, &counts, &options, out);
    traffstat_i_free(ctx, block);
    return status;
}

static void nothing(traffstat_i_slope *out)
{
    *out = (traffstat_i_slope){.slope = NAN,
                               .error = NAN,
                               .lower = NAN,
                               .upper = NAN,
                               .p = NAN,
                               .profile_lower = NAN,
                               .profile_upper = NAN,
                               .robust_lower = NAN,
                               .robust_upper = NAN,
                               .dispersion = NAN};
}

/* Words instead of a trend, or none of them. */
static bool too_little(const traffstat_i_yearly *of, char out[TRAFFSTAT_I_REASON_SIZE])
{
    if (of->n < TRAFFSTAT_I_TREND_YEARS) {
        (void) snprintf(out, TRAFFSTAT_I_REASON_SIZE,
                        "a trend cannot be told from %zu %s with usable counts%s: at least %d are "
                        "needed",
                        of->n, of->n == 1 ? "year" : "years",
                        of->since != 0 ? " since the last break" : "", TRAFFSTAT_I_TREND_YEARS);
        return true;
    }
    if (of->cases == 0.0) {
        (void) snprintf(
            out, TRAFFSTAT_I_REASON_SIZE,
            "a trend cannot be told where no %scase was counted: at least one year with "
            "a %scase is needed",
            of->exact ? "" : "certain ", of->exact ? "" : "certain ");
        return true;
    }
    return false;
}

static void take_coefficient(const traffstat_regression *fit, traffstat_i_slope *out)
{
    traffstat_coefficient got;
    traffstat_regression_summary sum;
    if (traffstat_regression_coefficient(fit, 1, &got) != TRAFFSTAT_OK ||
        traffstat_regression_get(fit, &sum) != TRAFFSTAT_OK) {
        return;
    }
    out->slope = got.estimate;
    out->error = got.error;
    out->lower = got.lower;
    out->upper = got.upper;
    out->p = got.p;
    out->robust_lower = got.robust_lower;
    out->robust_upper = got.robust_upper;
    out->dispersion = sum.dispersion;
}

/* The family of the headline: errors are widened by scatter, never narrowed by its lack. */
static traffstat_status choose(traffstat_ctx *ctx, const traffstat_i_yearly *of, double level,
                               traffstat_regression **fit)
{
    traffstat_status status = traffstat_i_yearly_fit(
        ctx, of, 2, of->exact ? TRAFFSTAT_FAMILY_POISSON : TRAFFSTAT_FAMILY_NEGBIN, level, fit);
    if (status == TRAFFSTAT_OK && of->exact && (*fit)->summary.dispersion > 1.0) {
        traffstat_regression_free(*fit);
        status = traffstat_i_yearly_fit(ctx, of, 2, TRAFFSTAT_FAMILY_QUASIPOISSON, level, fit);
    }
    return status;
}

/* The half-width of an interval by the error 1, of `n` years. */
static double reach(const traffstat_i_slope *slope, size_t n, double level)
{
    const double p = 0.5 + 0.5 * level;
    return slope->family == TRAFFSTAT_FAMILY_QUASIPOISSON ? gsl_cdf_tdist_Pinv(p, (double) (n - 2))
                                                          : gsl_cdf_ugaussian_Pinv(p);
}

/* Sum of squares of n consecutive years about their middle. */
static double squares(double n)
{
    return n * (n * n - 1.0) / 12.0;
}

#define MOST_YEARS 1000

/* How many consecutive years that scatter as these do would make the interval narrow enough. */
static size_t years_needed(const traffstat_i_yearly *of, const traffstat_i_slope *slope,
                           double level)
{
    const double width = slope->upper - slope->lower;
    double middle = 0.0;
    double own = 0.0;
    for (size_t i = 0; i < of->n; i++) {
        middle += of->times[i] / (double) of->n;
    }
    for (size_t i = 0; i < of->n; i++) {
        own += (of->times[i] - middle) * (of->times[i] - middle);
    }
    const double each = width * sqrt(own) / reach(slope, of->n, level);
    for (size_t m = of->n + 1; isfinite(width) && m <= MOST_YEARS; m++) {
        if (each * reach(slope, m, level) / sqrt(squares((double) m)) <= log(TRAFFSTAT_I_WIDE)) {
            return m;
        }
    }
    return 0;
}

static void judge_width(const traffstat_i_yearly *of, double level, traffstat_i_slope *out)
{
    out->wide = !isnan(out->slope) && !(out->upper - out->lower <= log(TRAFFSTAT_I_WIDE));
    if (!out->wide) {
        return;
    }
    out->needed = years_needed(of, out, level);
    char needed[64] = "many more years";
    if (out->needed > 0) {
        (void) snprintf(needed, sizeof needed, "about %zu years", out->needed);
    }
    (void) snprintf(out->reason, sizeof out->reason,
                    "the interval of the yearly change is too wide to tell anything (its ends as "
                    "factors differ more than %g times): %s of such counts would be needed",
                    TRAFFSTAT_I_WIDE, needed);
}

traffstat_status traffstat_i_yearly_slope(traffstat_ctx *ctx, const traffstat_i_yearly *of,
                                          double level, bool profiled, traffstat_i_slope *out)
{
    nothing(out);
    if (too_little(of, out->reason)) {
        return TRAFFSTAT_OK;
    }
    traffstat_regression *fit = NULL;
    traffstat_status status = choose(ctx, of, level, &fit);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    take_coefficient(fit, out);
    out->family = fit->options.family;
    if (out->family == TRAFFSTAT_FAMILY_NEGBIN && isinf(fit->fit.size)) {
        out->family = TRAFFSTAT_FAMILY_POISSON;
    }
    out->known = true;
    const bool ran_away = fit->fit.end == TRAFFSTAT_I_FIT_SEPARATED;
    if (profiled || ran_away) {
        traffstat_interval ends = {level, NAN, NAN};
        status = traffstat_i_regression_profile(ctx, fit, 1, level, &ends);
        out->profile_lower = ends.lower;
        out->profile_upper = ends.upper;
    }
    if (ran_away) {
        out->lower = out->profile_lower;
        out->upper = out->profile_upper;
        (void) snprintf(out->reason, sizeof out->reason,
                        "all cases lie at one end of the period, so the yearly change has no "
                        "finite estimate, only one limit");
    } else {
        judge_width(of, level, out);
    }
    traffstat_regression_free(fit);
    return status;
}
