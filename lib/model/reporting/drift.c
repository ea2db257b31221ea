/* What a change of the reporting rate could explain of a change of the counts. */
#include <inttypes.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "model/reporting/limits.h"

#include <traffstat/rate.h>

#define STEPS_MAX 100

traffstat_status traffstat_breakeven_slope(traffstat_ctx *ctx, double observed, double reporting,
                                           double *out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the answer was given");
    }
    if (!(observed > -100.0 && isfinite(observed) && reporting > -100.0 && isfinite(reporting))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a change in percent a year must be finite and above -100");
    }
    *out = 100.0 * (observed - reporting) / (100.0 + reporting);
    return TRAFFSTAT_OK;
}

/* ---- one observed change --------------------------------------------------------------------- */

/* Of counts from one year to another; `ratio` is that of rates where exposures are known. */
typedef struct change {
    const traffstat_i_bounds *run;
    size_t series;
    bool slope; /* ratio, lower and upper are of one year over the one before */
    int32_t first_year;
    int32_t last_year;
    double ratio;
    double lower;
    double upper; /* NaN: none */
    double p;
    int64_t counts[2];
} change;

static bool is_distinguishable(const change *of)
{
    return of->lower > 1.0 || of->upper < 1.0;
}

/* By how much the reporting rate has to change over the whole span. */
static double whole_ratio(const change *of)
{
    return of->slope ? pow(of->ratio, of->last_year - of->first_year) : of->ratio;
}

/* A share or a change in percent, to three digits. */
static void say_percent(traffstat_text *text, double share)
{
    const double value = fabs(100.0 * share);
    const double scale = value >= 9.95 ? 10.0 : value >= 0.995 ? 100.0 : 1000.0;
    traffstat_i_text_add_double(text, rint(value * scale) / scale);
    traffstat_i_text_add(text, " %");
}

static const char *direction(const change *of)
{
    return of->ratio > 1.0 ? "rise" : "fall";
}

static void say_span(traffstat_text *text, const change *of)
{
    traffstat_i_text_add(text, "the ");
    traffstat_i_text_add(text, direction(of));
    traffstat_i_text_add(text, " of ");
    say_percent(text, of->ratio - 1.0);
    traffstat_i_text_add(text, of->slope ? " a year" : "");
    traffstat_i_text_addf(text, " from %d to %d", (int) of->first_year, (int) of->last_year);
}

static void say_chance(traffstat_text *text, const change *of)
{
    if (of->slope) {
        traffstat_i_text_addf(text,
                              "the counts from %d to %d show no slope that could be told "
                              "from chance (p = ",
                              (int) of->first_year, (int) of->last_year);
    } else {
        traffstat_i_text_addf(text,
                              "%" PRId64 " in %d and %" PRId64 " in %d cannot be told apart "
                              "from chance (exact p = ",
                              of->counts[0], (int) of->first_year, of->counts[1],
                              (int) of->last_year);
    }
    traffstat_i_text_add_double(text, rint(of->p * 1e4) / 1e4);
    traffstat_i_text_add(text, "), so there is no change that reporting would have to explain");
}

/* The start from which the story is told: the middle of the limits where that stays within them,
 * else the end that leaves most room. */
static double told_from(const change *of)
{
    const traffstat_bounds_options *limits = &of->run->options;
    const double middle = 0.5 * (limits->lower + limits->upper);
    const double ratio = whole_ratio(of);
    if (middle * ratio <= limits->upper && middle * ratio >= limits->lower) {
        return middle;
    }
    if (ratio < 1.0) {
        return limits->upper;
    }
    return limits->lower > 0.0 ? limits->lower : fmin(middle, 1.0 / ratio);
}

static void say_story(traffstat_text *text, const change *of)
{
    const traffstat_bounds_options *limits = &of->run->options;
    const double ratio = whole_ratio(of);
    const double from = told_from(of);
    if (from * ratio > 1.0) {
        traffstat_i_text_add(text, "reporting alone cannot explain ");
        say_span(text, of);
        traffstat_i_text_add(text, ": from ");
        say_percent(text, from);
        traffstat_i_text_add(text, ", the least granted, the reporting rate would have to pass "
                                   "100 %");
        return;
    }
    say_span(text, of);
    traffstat_i_text_add(text, " vanishes if the reporting rate ");
    traffstat_i_text_add(text, ratio > 1.0 ? "rose" : "fell");
    traffstat_i_text_add(text, " from ");
    say_percent(text, from);
    traffstat_i_text_add(text, " to ");
    say_percent(text, from * ratio);
    if (from * ratio > limits->upper || from * ratio < limits->lower) {
        traffstat_i_text_add(text, ", which the limits do not allow");
    }
}

/* ---- written --------------------------------------------------------------------------------- */

static void write_vanishing(traffstat_detail *list, const change *of, double from)
{
    const traffstat_bounds_options *limits = &of->run->options;
    const double to = from * whole_ratio(of);
    traffstat_detail *at = traffstat_i_detail_object(list, NULL);
    traffstat_i_detail_number(at, "from", from);
    traffstat_i_detail_number(at, "to", to);
    traffstat_i_detail_flag(at, "possible", to <= 1.0);
    traffstat_i_detail_flag(at, "within_bounds", to <= limits->upper && to >= limits->lower);
}

static void write_starts(traffstat_detail *at, const change *of)
{
    const traffstat_bounds_options *limits = &of->run->options;
    const double starts[3] = {limits->lower, 0.5 * (limits->lower + limits->upper), limits->upper};
    traffstat_detail *list = traffstat_i_detail_list(at, "vanishes");
    for (size_t i = 0; is_distinguishable(of) && i < 3; i++) {
        if (starts[i] > 0.0 && (i == 0 || starts[i] > starts[i - 1])) {
            write_vanishing(list, of, starts[i]);
        }
    }
}

static traffstat_status write_words(traffstat_detail *at, const change *of)
{
    traffstat_text text;
    traffstat_i_text_init(&text, of->run->ctx);
    if (is_distinguishable(of)) {
        say_story(&text, of);
    } else {
        say_chance(&text, of);
    }
    traffstat_i_detail_text(at, "says", traffstat_i_text_get(&text));
    const traffstat_status status = text.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_detail *open_entry(traffstat_detail *list, const traffstat_i_bounds *run,
                                    size_t series, const char *of)
{
    traffstat_detail *at = traffstat_i_detail_object(list, NULL);
    traffstat_i_detail_text(at, "series", traffstat_i_panel_label(run->panel, series));
    traffstat_i_detail_text(at, "measure", traffstat_panel_measure(run->panel, series));
    traffstat_i_detail_text(at, "category", traffstat_panel_category(run->panel, series));
    if (of != NULL) {
        traffstat_i_detail_text(at, "of", of);
    }
    return at;
}

static traffstat_status write_breakeven(traffstat_detail *list, const change *of)
{
    traffstat_detail *at = open_entry(list, of->run, of->series, of->slope ? "slope" : "two years");
    traffstat_i_detail_integer(at, "first_year", of->first_year);
    traffstat_i_detail_integer(at, "second_year", of->last_year);
    traffstat_i_detail_number(at, "ratio", of->ratio);
    traffstat_i_detail_number(at, "lower", of->lower);
    traffstat_i_detail_number(at, "upper", of->upper);
    traffstat_i_detail_number(at, "p", of->p);
    traffstat_i_detail_flag(at, "distinguishable", is_distinguishable(of));
    if (of->slope) {
        const double drift = 0.01 * of->run->options.drift;
        traffstat_i_detail_number(at, "percent_a_year", 100.0 * (of->ratio - 1.0));
        traffstat_i_detail_number(at, "drift", of->run->options.drift);
        traffstat_i_detail_number(at, "true_percent_a_year",
                                  100.0 * (of->ratio / (1.0 + drift) - 1.0));
    }
    write_starts(at, of);
    return write_words(at, of);
}

/* No change can be given: only why. */
static void write_refusal(traffstat_detail *list, const traffstat_i_bounds *run, size_t series,
                          const char *of, const char *why)
{
    traffstat_detail *at = open_entry(list, run, series, of);
    traffstat_i_detail_flag(at, "distinguishable", false);
    (void) traffstat_i_detail_list(at, "vanishes");
    traffstat_i_detail_text(at, "says", why);
}

static void write_free(traffstat_detail *at, const char *name, const traffstat_i_bounds *run,
                       double lower, double upper)
{
    const double spread = run->options.upper / run->options.lower; /* infinite for limits from 0 */
    traffstat_detail *object = traffstat_i_detail_object(at, name);
    traffstat_i_detail_number(object, "lower", lower / spread);
    traffstat_i_detail_number(object, "upper", upper * spread);
}

static void write_band(traffstat_detail *list, const change *of)
{
    traffstat_detail *at = open_entry(list, of->run, of->series, NULL);
    traffstat_i_detail_integer(at, "first_year", of->first_year);
    traffstat_i_detail_integer(at, "second_year", of->last_year);
    traffstat_detail *observed = traffstat_i_detail_object(at, "observed");
    traffstat_i_detail_number(observed, "ratio", of->ratio);
    traffstat_i_detail_number(observed, "lower", of->lower);
    traffstat_i_detail_number(observed, "upper", of->upper);
    traffstat_i_detail_number(observed, "p", of->p);
    write_free(at, "free", of->run, of->ratio, of->ratio);
    write_free(at, "free_with_chance", of->run, of->lower, of->upper);
}

/* ---- two years ------------------------------------------------------------------------------- */

static traffstat_status write_two_years(const traffstat_i_bounds *run, size_t series,
                                        traffstat_detail *bands, traffstat_detail *breakeven)
{
    traffstat_change found;
    const traffstat_status status =
        traffstat_rate_change(run->ctx, run->panel, series, 0, 0, run->options.level, &found);
    if (status == TRAFFSTAT_E_NODATA) {
        write_refusal(breakeven, run, series, "two years", traffstat_ctx_message(run->ctx));
        return TRAFFSTAT_OK;
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const change of = {.run = run,
                       .series = series,
                       .first_year = found.first_year,
                       .last_year = found.second_year,
                       .ratio = found.ratio,
                       .lower = found.lower,
                       .upper = found.upper,
                       .p = found.p,
                       .counts = {found.first_count, found.second_count}};
    write_band(bands, &of);
    if (!(of.ratio > 0.0)) {
        write_refusal(breakeven, run, series, "two years",
                      "a count of 0 has no ratio that reporting could explain");
        return TRAFFSTAT_OK;
    }
    return write_breakeven(breakeven, &of);
}

/* ---- a slope --------------------------------------------------------------------------------- */

/* Exact counts of a series with their exposures. */
typedef struct points {
    double *years; /* from the mean */
    double *counts;
    double *exposures;
    size_t size;
    int32_t first_year;
    int32_t last_year;
    bool broken;
} points;

static double exposure_of(const traffstat_cell *cell)
{
    return (cell->population > 0.0 ? cell->population : 1.0) *
           (cell->coverage > 0.0 ? cell->coverage : 1.0);
}

/* Exposures count only where every year has the same parts of them. */
static bool is_uneven(const traffstat_cell *cell, const traffstat_cell *first)
{
    return isnan(cell->population) != isnan(first->population) ||
           isnan(cell->coverage) != isnan(first->coverage);
}

static void gather_points(const traffstat_i_bounds *run, size_t series, points *out)
{
    const size_t first = traffstat_panel_series_first(run->panel, series);
    traffstat_cell kept = {0};
    bool uneven = false;
    double sum = 0.0;
    for (size_t i = 0; i < traffstat_panel_series_count(run->panel, series); i++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(run->panel, first + i, &cell) != TRAFFSTAT_OK) {
            continue;
        }
        out->broken = out->broken || (out->size > 0 && (cell.flags & TRAFFSTAT_FLAG_BREAK) != 0);
        const uint32_t torn = TRAFFSTAT_FLAG_PARTIAL | TRAFFSTAT_FLAG_PARTIAL_YEAR;
        if (cell.why != TRAFFSTAT_WHY_COUNTED || cell.lower != cell.upper || cell.lower < 0 ||
            (cell.flags & torn) != 0) {
            continue;
        }
        kept = out->size == 0 ? cell : kept;
        uneven = uneven || is_uneven(&cell, &kept);
        out->first_year = kept.year;
        out->last_year = cell.year;
        out->years[out->size] = cell.year;
        out->exposures[out->size] = exposure_of(&cell);
        out->counts[out->size++] = (double) cell.lower;
        sum += cell.year;
    }
    for (size_t i = 0; i < out->size; i++) {
        out->years[i] -= sum / (double) out->size;
        out->exposures[i] = uneven ? 1.0 : out->exposures[i];
    }
}

/* The weighted mean year and spread at a slope: with the level at its maximum the score of the slope
 * is sum y t - (sum y) mean(t). */
typedef struct moments {
    double mean;
    double variance;
} moments;

static moments moments_at(const points *of, double slope)
{
    double weight = 0.0;
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < of->size; i++) {
        const double w = of->exposures[i] / of->exposures[0] * exp(slope * of->years[i]);
        weight += w;
        sum += w * of->years[i];
        squares += w * of->years[i] * of->years[i];
    }
    const double mean = sum / weight;
    return (moments){mean, squares / weight - mean * mean};
}

/* Newton's way to the slope, each step held to 1 in the log rate. */
static double fit_slope(const points *of, double total, double moment, double *variance)
{
    double slope = 0.0;
    for (int i = 0; i < STEPS_MAX; i++) {
        const moments at = moments_at(of, slope);
        const double step = (moment / total - at.mean) / at.variance;
        slope += fmax(-1.0, fmin(1.0, step));
        if (fabs(step) < 1e-13 * (1.0 + fabs(slope))) {
            *variance = 1.0 / (total * moments_at(of, slope).variance);
            return slope;
        }
    }
    return NAN;
}

static double pearson(const points *of, double slope, double total)
{
    double weight = 0.0;
    double sum = 0.0;
    for (size_t i = 0; i < of->size; i++) {
        weight += of->exposures[i] * exp(slope * of->years[i]);
    }
    for (size_t i = 0; i < of->size; i++) {
        const double mean = total * of->exposures[i] * exp(slope * of->years[i]) / weight;
        sum += (of->counts[i] - mean) * (of->counts[i] - mean) / mean;
    }
    return sum;
}

/* Why a slope cannot be fitted; NULL: it was. */
static const char *find_slope(const points *of, double level, change *out)
{
    double total = 0.0;
    double moment = 0.0;
    double variance = NAN;
    size_t positive = 0;
    for (size_t i = 0; i < of->size; i++) {
        total += of->counts[i];
        moment += of->counts[i] * of->years[i];
        positive += of->counts[i] > 0.0;
    }
    if (of->broken) {
        return "what was counted changed between these years, so they have no common slope";
    }
    if (of->size < 3 || positive < 2) {
        return "a slope needs exact counts of three years, two of them above 0";
    }
    const double slope = fit_slope(of, total, moment, &variance);
    if (isnan(slope)) {
        return "the slope could not be fitted";
    }
    const double freedom = (double) of->size - 2.0;
    const double dispersion = pearson(of, slope, total) / freedom;
    const bool wide = dispersion > 1.0;
    const double error = sqrt(variance * fmax(1.0, dispersion));
    const double tail = 0.5 * (1.0 - level);
    const double reach = wide ? gsl_cdf_tdist_Qinv(tail, freedom) : gsl_cdf_ugaussian_Qinv(tail);
    const double z = fabs(slope) / error;
    out->ratio = exp(slope);
    out->lower = exp(slope - reach * error);
    out->upper = exp(slope + reach * error);
    out->p = 2.0 * (wide ? gsl_cdf_tdist_Q(z, freedom) : gsl_cdf_ugaussian_Q(z));
    return NULL;
}

static traffstat_status write_slope(const traffstat_i_bounds *run, size_t series,
                                    traffstat_detail *breakeven)
{
    const size_t size = traffstat_panel_series_count(run->panel, series);
    points all = {0};
    if (size < 3) {
        return TRAFFSTAT_OK; /* two years say what there is to say */
    }
    all.years = traffstat_i_alloc(run->ctx, 3 * size, sizeof *all.years);
    if (all.years == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    all.counts = all.years + size;
    all.exposures = all.counts + size;
    gather_points(run, series, &all);
    change of = {.run = run,
                 .series = series,
                 .slope = true,
                 .first_year = all.first_year,
                 .last_year = all.last_year};
    const char *why = find_slope(&all, run->options.level, &of);
    traffstat_i_free(run->ctx, all.years);
    if (why != NULL) {
        write_refusal(breakeven, run, series, "slope", why);
        return TRAFFSTAT_OK;
    }
    return write_breakeven(breakeven, &of);
}

traffstat_status traffstat_i_bounds_changes(traffstat_i_bounds *run)
{
    traffstat_detail *top = traffstat_i_estimate_details(run->estimate);
    traffstat_detail *bounds = traffstat_i_detail_object(top, "bounds");
    traffstat_detail *share = traffstat_i_detail_object(bounds, "share");
    traffstat_i_detail_number(share, "lower", run->options.lower);
    traffstat_i_detail_number(share, "upper", run->options.upper);
    traffstat_detail *bands = traffstat_i_detail_list(bounds, "changes");
    traffstat_detail *breakeven = traffstat_i_detail_list(top, "breakeven");
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t s = 0; s < traffstat_panel_series(run->panel) && status == TRAFFSTAT_OK; s++) {
        if (traffstat_panel_series_count(run->panel, s) > 0) {
            status = write_two_years(run, s, bands, breakeven);
        }
        if (status == TRAFFSTAT_OK) {
            status = write_slope(run, s, breakeven);
        }
    }
    return status;
}
