/* Two Poisson counts compared. */
#include <inttypes.h>
#include <math.h>

#include "base/base.h"
#include "model/rate/series.h"
#include "model/rate/tail.h"

#include <traffstat/rate.h>

#define COUNT_TOP 4611686018427387904.0 /* 2^62: a search for a later count ends here */

/* Equal to rounding: a p within this of 1 - level counts as reaching it, so that ties (p exactly
 * 1/16 at level 15/16) do not hang on the last digit. */
#define TIE 1e-12

/* ---- two counts ------------------------------------------------------------------------------ */

/* What the test knows beside the counts: the share of the exposure that the second has, and the
 * rest, given apart so that neither loses digits. */
typedef struct split {
    double second;
    double first;
} split;

/* P(X2 <= c) and P(X2 >= c) given X1 + X2 = x1 + c. NaN when there is no convergence. */
static traffstat_i_tails binomial_tails(double x1, double c, split share)
{
    traffstat_i_tails at_most = {1.0, 0.0};
    traffstat_i_tails at_least = {0.0, 1.0};
    if (x1 > 0.0 && !traffstat_i_beta_tails(x1, c + 1.0, share.first, share.second, &at_most)) {
        at_most.lower = NAN;
    }
    if (c > 0.0 && !traffstat_i_beta_tails(x1 + 1.0, c, share.first, share.second, &at_least)) {
        at_least.upper = NAN;
    }
    return (traffstat_i_tails){at_most.lower, at_least.upper};
}

static double two_sided(traffstat_i_tails tails)
{
    return fmin(1.0, 2.0 * (tails.lower < tails.upper ? tails.lower : tails.upper));
}

/* Does a later count of c differ from x1 at alpha, on the side asked for? */
static bool differs(double x1, double c, split share, double alpha, bool fewer)
{
    const traffstat_i_tails tails = binomial_tails(x1, c, share);
    return 2.0 * (fewer ? tails.lower : tails.upper) <= alpha * (1.0 + TIE);
}

/* Largest c for which `fewer` still holds (smallest for which it does not hold, less 1): the tail
 * rises with c. -1 when even 0 is not low enough. */
static int64_t search_fewer(double x1, split share, double alpha)
{
    if (!differs(x1, 0.0, share, alpha, true)) {
        return -1;
    }
    int64_t yes = 0;
    int64_t no = 1;
    while ((double) no < COUNT_TOP && differs(x1, (double) no, share, alpha, true)) {
        yes = no;
        no *= 2;
    }
    while (no - yes > 1) {
        const int64_t middle = yes + (no - yes) / 2;
        if (differs(x1, (double) middle, share, alpha, true)) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    return yes;
}

/* Smallest c that differs upward; TRAFFSTAT_NO_UPPER past 2^62. */
static int64_t search_more(double x1, split share, double alpha)
{
    int64_t no = 0;
    int64_t yes = 1;
    while (!differs(x1, (double) yes, share, alpha, false)) {
        no = yes;
        if ((double) yes >= COUNT_TOP) {
            return TRAFFSTAT_NO_UPPER;
        }
        yes *= 2;
    }
    while (yes - no > 1) {
        const int64_t middle = no + (yes - no) / 2;
        if (differs(x1, (double) middle, share, alpha, false)) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    return yes;
}

static void search_both(double x1, split share, double alpha, traffstat_change *change)
{
    change->fewer = search_fewer(x1, share, alpha);
    change->more = search_more(x1, share, alpha);
    change->fewer_p =
        change->fewer < 0 ? NAN : two_sided(binomial_tails(x1, (double) change->fewer, share));
    change->more_p = change->more == TRAFFSTAT_NO_UPPER
                         ? NAN
                         : two_sided(binomial_tails(x1, (double) change->more, share));
}

/* The ratio interval: Clopper & Pearson's limits of the second's share, as a ratio of rates. */
static void invert(double x1, double x2, double alpha, double exposure_ratio,
                   traffstat_change *change)
{
    const double tail = 0.5 * alpha;
    change->lower = 0.0;
    change->upper = NAN;
    if (x2 > 0.0) {
        change->lower = exposure_ratio * exp(traffstat_i_beta_logit_quantile(x2, x1 + 1.0, tail));
    }
    if (x1 > 0.0) {
        /* the upper limit as the mirrored lower one: 1 - tail would lose digits */
        change->upper = exposure_ratio * exp(-traffstat_i_beta_logit_quantile(x1, x2 + 1.0, tail));
    }
}

static traffstat_status check_compare(traffstat_ctx *ctx, const traffstat_change *given,
                                      const traffstat_change *out)
{
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    if (given->first_count < 0 || given->second_count < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "a count cannot be negative");
    }
    if (!(given->first_exposure > 0.0 && isfinite(given->first_exposure) &&
          given->second_exposure > 0.0 && isfinite(given->second_exposure))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "both exposures must be positive and finite");
    }
    const double ratio = given->second_exposure / given->first_exposure;
    if (!(ratio > 1e-300 && ratio < 1e300)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "one exposure is more than 1e300 times the other");
    }
    if (!(given->level > 0.0 && given->level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    return TRAFFSTAT_OK;
}

/* Fills the answers of a change whose counts, exposures and level are set. */
static traffstat_status compare(traffstat_ctx *ctx, traffstat_change *change, traffstat_change *out)
{
    traffstat_status status = check_compare(ctx, change, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const double x1 = (double) change->first_count;
    const double x2 = (double) change->second_count;
    const double ratio = change->second_exposure / change->first_exposure;
    const split share = {1.0 / (1.0 + 1.0 / ratio), 1.0 / (1.0 + ratio)};
    const double alpha = 1.0 - change->level;

    change->p = two_sided(binomial_tails(x1, x2, share));
    change->ratio = x1 > 0.0 ? x2 / x1 / ratio : NAN;
    invert(x1, x2, alpha, 1.0 / ratio, change);
    search_both(x1, share, alpha, change);
    const bool sound = isfinite(change->p) && isfinite(change->lower) &&
                       (change->first_count == 0 || isfinite(change->upper));
    if (!sound) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                "counts of %" PRId64 " and %" PRId64 " could not be compared",
                                change->first_count, change->second_count);
    }
    *out = *change;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_poisson_compare(traffstat_ctx *ctx, int64_t first_count,
                                           double first_exposure, int64_t second_count,
                                           double second_exposure, double level,
                                           traffstat_change *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_change change = {.first_count = first_count,
                               .second_count = second_count,
                               .first_exposure = first_exposure,
                               .second_exposure = second_exposure,
                               .level = level};
    return compare(ctx, &change, out);
}

/* ---- two years of a series ------------------------------------------------------------------- */

static bool is_exact(const traffstat_cell *cell)
{
    return cell->why == TRAFFSTAT_WHY_COUNTED && cell->lower == cell->upper && cell->lower >= 0;
}

/* The rows of the last two exact counts of a series, TRAFFSTAT_NONE where there are fewer. */
static void last_two(const traffstat_panel *panel, size_t series, size_t rows[2])
{
    const size_t first = traffstat_panel_series_first(panel, series);
    size_t missing = 2;
    rows[0] = rows[1] = TRAFFSTAT_NONE;
    for (size_t i = traffstat_panel_series_count(panel, series); i > 0 && missing > 0; i--) {
        traffstat_cell cell;
        if (traffstat_panel_cell(panel, first + i - 1, &cell) == TRAFFSTAT_OK && is_exact(&cell)) {
            rows[--missing] = first + i - 1;
        }
    }
}

/* The year of a break between two rows of a series, the later one included; 0: none. */
static int32_t break_between(const traffstat_panel *panel, const size_t rows[2])
{
    for (size_t row = rows[0] + 1; row <= rows[1]; row++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(panel, row, &cell) == TRAFFSTAT_OK &&
            (cell.flags & TRAFFSTAT_FLAG_BREAK) != 0) {
            return cell.year;
        }
    }
    return 0;
}

static traffstat_status refuse_year(traffstat_ctx *ctx, const traffstat_cell *cell, const char *why)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "year %d cannot be compared: %s",
                            (int) cell->year, why);
}

/* Counts of unlike completeness differ for that alone. A coverage known on both sides makes up for
 * it; one that is known on one side only does not, unless it is 1. */
static traffstat_status check_complete(traffstat_ctx *ctx, const traffstat_cell cells[2],
                                       bool over_places)
{
    const bool coverages = !isnan(cells[0].coverage) && !isnan(cells[1].coverage);
    for (int i = 0; i < 2; i++) {
        if ((cells[i].flags & TRAFFSTAT_FLAG_PARTIAL) != 0 && !over_places) {
            return refuse_year(ctx, &cells[i],
                               "its count is a sum in which a part was not reported");
        }
        if (cells[i].coverage < 1.0 && !coverages) {
            return refuse_year(ctx, &cells[i],
                               "its coverage is below 1, and that of the other year is not known");
        }
        if ((cells[i].flags & TRAFFSTAT_FLAG_PARTIAL_YEAR) != 0 && !coverages) {
            return refuse_year(ctx, &cells[i],
                               "its count covers only a part of the year, how much is not known");
        }
    }
    return TRAFFSTAT_OK;
}

static void set_exposures(const traffstat_cell cells[2], traffstat_change *change)
{
    const bool populations = cells[0].population > 0.0 && cells[1].population > 0.0;
    const bool coverages = cells[0].coverage > 0.0 && cells[1].coverage > 0.0;
    double exposure[2] = {1.0, 1.0};
    for (int i = 0; i < 2; i++) {
        exposure[i] *= populations ? cells[i].population : 1.0;
        exposure[i] *= coverages ? cells[i].coverage : 1.0;
    }
    change->first_exposure = exposure[0];
    change->second_exposure = exposure[1];
}

static traffstat_status find_year(traffstat_ctx *ctx, const traffstat_panel *panel, size_t series,
                                  int32_t year, size_t *row)
{
    traffstat_cell cell;
    *row = traffstat_panel_find(panel, series, year);
    if (*row == TRAFFSTAT_NONE || traffstat_panel_cell(panel, *row, &cell) != TRAFFSTAT_OK) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "the series has no year %d", (int) year);
    }
    if (!is_exact(&cell)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                "year %d has no exact count, and only exact counts are compared",
                                (int) year);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status find_rows(traffstat_ctx *ctx, const traffstat_panel *panel, size_t series,
                                  const int32_t years[2], size_t rows[2])
{
    if (years[0] == 0 && years[1] == 0) {
        last_two(panel, series, rows);
        if (rows[0] == TRAFFSTAT_NONE) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                    "the series has fewer than two years with exact counts");
        }
        return TRAFFSTAT_OK;
    }
    if (years[0] >= years[1]) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "year %d does not precede year %d",
                                (int) years[0], (int) years[1]);
    }
    traffstat_status status = find_year(ctx, panel, series, years[0], &rows[0]);
    if (status == TRAFFSTAT_OK) {
        status = find_year(ctx, panel, series, years[1], &rows[1]);
    }
    return status;
}

traffstat_status traffstat_i_rate_change(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         size_t series, const int32_t years[2], double level,
                                         bool over_places, traffstat_change *out)
{
    size_t rows[2];
    traffstat_status status = find_rows(ctx, panel, series, years, rows);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const int32_t broken = break_between(panel, rows);
    if (broken != 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                "what was counted changed before year %d, so the two years cannot "
                                "be compared",
                                (int) broken);
    }
    traffstat_cell cells[2];
    for (int i = 0; i < 2; i++) {
        if (traffstat_panel_cell(panel, rows[i], &cells[i]) != TRAFFSTAT_OK) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_INTERNAL, "a row of the panel is missing");
        }
    }
    status = check_complete(ctx, cells, over_places);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_change change = {.series = series,
                               .first_year = cells[0].year,
                               .second_year = cells[1].year,
                               .first_count = cells[0].lower,
                               .second_count = cells[1].lower,
                               .level = level};
    set_exposures(cells, &change);
    return compare(ctx, &change, out);
}

traffstat_status traffstat_rate_change(traffstat_ctx *ctx, const traffstat_panel *panel,
                                       size_t series, int32_t first_year, int32_t second_year,
                                       double level, traffstat_change *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (panel == NULL || series >= traffstat_panel_series(panel)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                panel == NULL ? "no panel was given"
                                              : "the panel has no such series");
    }
    const int32_t years[2] = {first_year, second_year};
    return traffstat_i_rate_change(ctx, panel, series, years, level, false, out);
}
