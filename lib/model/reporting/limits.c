/* Partial identification: what follows when only limits of the reporting rate are granted. */
#include "model/reporting/limits.h"

#include <math.h>
#include <string.h>

#include "model/rate/tail.h"
#include "model/reporting/summable.h"
#include "model/reporting/thinning.h"

#include <traffstat/rate.h>

#define PER 100000.0
#define TIE 1e-12 /* relative: a tail this near to its limit is on it */

static const char citation[] =
    "Manski (2003), Partial Identification of Probability Distributions, Springer; "
    "Garwood (1936), Biometrika 28:437-442";

/* ---- settings -------------------------------------------------------------------------------- */

/* In the order of traffstat_bounds_option. */
static const struct {
    double least;
    double standard;
    double greatest;
} ranges[] = {
    {0.0, NAN, 1.0}, {1e-300, NAN, 1.0}, {0.01, 0.95, 0.9999}, {0.0, 0.0, 1e9}, {-99.9, 0.0, 1e3}};

static traffstat_bounds_options defaults(void)
{
    return (traffstat_bounds_options){.struct_size = sizeof(traffstat_bounds_options),
                                      .total = 1,
                                      .lower = NAN,
                                      .upper = NAN,
                                      .level = ranges[TRAFFSTAT_BOUNDS_LEVEL].standard};
}

void traffstat_bounds_options_init(traffstat_bounds_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    traffstat_bounds_options filled = defaults();
    filled.struct_size = struct_size;
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

traffstat_status traffstat_bounds_options_bounds(traffstat_bounds_option option, double *least,
                                                 double *standard, double *greatest)
{
    if (option < TRAFFSTAT_BOUNDS_LOWER || option > TRAFFSTAT_BOUNDS_DRIFT || least == NULL ||
        standard == NULL || greatest == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *least = ranges[option].least;
    *standard = ranges[option].standard;
    *greatest = ranges[option].greatest;
    return TRAFFSTAT_OK;
}

static bool within(traffstat_bounds_option option, double value)
{
    return value >= ranges[option].least && value <= ranges[option].greatest;
}

static traffstat_status check_limits(traffstat_ctx *ctx, const traffstat_bounds_options *given)
{
    if (isnan(given->lower) && isnan(given->upper)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_PRIOR,
                                "bounds need limits of the share of cases that is reported, such "
                                "as 0.1..0.5: counts alone grant none");
    }
    if (within(TRAFFSTAT_BOUNDS_LOWER, given->lower) &&
        within(TRAFFSTAT_BOUNDS_UPPER, given->upper) && given->lower <= given->upper) {
        return TRAFFSTAT_OK;
    }
    char low[TRAFFSTAT_I_DOUBLE_SIZE];
    char high[TRAFFSTAT_I_DOUBLE_SIZE];
    traffstat_i_format_double(low, given->lower);
    traffstat_i_format_double(high, given->upper);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                            "limits of the reporting rate must rise and lie between 0 and 1, the "
                            "upper one above 0: %s..%s",
                            low, high);
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_bounds_options *given,
                                      traffstat_bounds_options *out)
{
    *out = defaults();
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status == TRAFFSTAT_OK) {
        status = check_limits(ctx, out);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!within(TRAFFSTAT_BOUNDS_LEVEL, out->level)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie between 0.01 and 0.9999");
    }
    if (!(out->envelope_size == 0.0 ||
          (out->envelope_size >= 1e-3 &&
           within(TRAFFSTAT_BOUNDS_ENVELOPE_SIZE, out->envelope_size)))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the size of the envelope must lie between 0.001 and 1e9, or be 0");
    }
    if (!within(TRAFFSTAT_BOUNDS_DRIFT, out->drift)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the drift must lie between -99.9 and 1000 percent a year");
    }
    if (out->total != 0 && out->total != 1) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the option total must be 0 or 1");
    }
    return TRAFFSTAT_OK;
}

/* ---- the realised count ---------------------------------------------------------------------- */

/* A whole number at which one tail of the binomial count is still above its limit. */
typedef struct search {
    double y;
    double p;
    double tail;
    bool upper; /* N from above, by P(Y <= y); else from below, by P(Y >= y) */
    bool failed;
} search;

static bool is_kept(search *s, double n)
{
    traffstat_i_tails tails;
    if (n <= s->y) {
        /* all are counted: P(Y <= y) is 1, P(Y >= y) is p^y */
        return s->upper || exp(s->y * log(s->p)) > s->tail * (1.0 + TIE);
    }
    const bool good = s->upper
                          ? traffstat_i_beta_tails(s->y + 1.0, n - s->y, s->p, 1.0 - s->p, &tails)
                          : traffstat_i_beta_tails(s->y, n - s->y + 1.0, s->p, 1.0 - s->p, &tails);
    s->failed = s->failed || !good;
    return good && (s->upper ? tails.upper : tails.lower) > s->tail * (1.0 + TIE);
}

/* The last N that is kept (upper), or the first (lower): what is kept changes once. */
static double find_end(search *s)
{
    double low = s->y;
    if (is_kept(s, low) != s->upper) {
        return s->y;
    }
    double stride = 1.0;
    while (is_kept(s, s->y + stride) == s->upper && !s->failed) {
        low = s->y + stride;
        stride *= 2.0;
        if (stride > 1e305) {
            return INFINITY;
        }
    }
    double high = s->y + stride;
    for (;;) {
        const double middle = floor(low + 0.5 * (high - low));
        if (middle <= low || middle >= high || s->failed) {
            return s->failed ? NAN : s->upper ? low : high;
        }
        if (is_kept(s, middle) == s->upper) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

traffstat_i_band traffstat_i_realised_band(double lower, double upper, traffstat_i_band share,
                                           double level)
{
    const double tail = 0.5 * (1.0 - level);
    search from_below = {.y = lower, .p = share.upper, .tail = tail};
    search from_above = {.y = upper, .p = share.lower, .tail = tail, .upper = true};
    traffstat_i_band out = {lower, NAN};
    if (lower > 0.0) {
        out.lower = find_end(&from_below);
    }
    if (isfinite(upper) && share.lower > 0.0) {
        out.upper = find_end(&from_above);
        out.upper = isfinite(out.upper) ? out.upper : NAN;
    }
    if (from_above.failed) {
        out.lower = NAN;
    }
    return out;
}

/* ---- all bands of a count --------------------------------------------------------------------- */

/* A count, or a sum of counts: what its bands need. */
typedef struct counted {
    int64_t lower;
    int64_t upper;
    traffstat_i_band share; /* of cases that are counted: limits times coverage */
    traffstat_i_band moment;
    double residents; /* NaN: unknown */
} counted;

static traffstat_i_band limits_at(const traffstat_i_bounds *run, double coverage)
{
    const double share = isnan(coverage) ? 1.0 : coverage;
    return (traffstat_i_band){run->options.lower * share, run->options.upper * share};
}

static double upper_end(int64_t count)
{
    return count == TRAFFSTAT_NO_UPPER ? INFINITY : (double) count;
}

static double finite_or_nan(double x)
{
    return isfinite(x) ? x : NAN;
}

/* 0 over 0 is no end: the limits then allow any number. */
static traffstat_i_band over_limits(double lower, double upper, traffstat_i_band share)
{
    return (traffstat_i_band){lower / share.upper,
                              share.lower > 0.0 ? finite_or_nan(upper / share.lower) : NAN};
}

static counted read_cell(const traffstat_i_bounds *run, const traffstat_cell *cell)
{
    counted out = {.lower = cell->lower,
                   .upper = cell->upper,
                   .share = limits_at(run, cell->coverage),
                   .residents = cell->population};
    out.moment = over_limits((double) cell->lower, upper_end(cell->upper), out.share);
    return out;
}

static traffstat_status find_expected(const traffstat_i_bounds *run, const counted *of,
                                      traffstat_i_band *out)
{
    traffstat_interval low;
    traffstat_interval high = {.upper = INFINITY};
    traffstat_status status =
        traffstat_poisson_interval(run->ctx, of->lower, 1.0, run->options.level, &low);
    if (status == TRAFFSTAT_OK && of->upper != TRAFFSTAT_NO_UPPER) {
        status = traffstat_poisson_interval(run->ctx, of->upper, 1.0, run->options.level, &high);
    }
    if (status == TRAFFSTAT_OK) {
        *out = over_limits(low.lower, high.upper, of->share);
    }
    return status;
}

/* One end of the envelope: the posterior at a mean of p. NaN where it does not exist. */
static traffstat_status envelope_end(const traffstat_i_bounds *run, int64_t count, double mean,
                                     double q, double *median, double *end)
{
    const double size = run->options.envelope_size;
    const traffstat_i_belief belief = {
        .a = mean * size, .b = (1.0 - mean) * size, .rate_prior = TRAFFSTAT_RATE_INVERSE};
    *median = *end = NAN;
    if (mean >= 1.0) { /* every case is counted */
        *median = *end = (double) count;
        return TRAFFSTAT_OK;
    }
    if (mean <= 0.0 || traffstat_i_dist_refusal(&belief, &count, &count, 1) != NULL) {
        return TRAFFSTAT_OK;
    }
    traffstat_i_dist dist;
    traffstat_status status =
        traffstat_i_dist_init(run->ctx, &dist, &run->rule, &belief, &count, &count, 1);
    if (status == TRAFFSTAT_OK) {
        *median = finite_or_nan(traffstat_i_dist_quantile(&dist, TRAFFSTAT_I_ALL, 0.5, 0.5));
        *end = finite_or_nan(traffstat_i_dist_quantile(&dist, TRAFFSTAT_I_ALL, q, 1.0 - q));
        traffstat_i_dist_clear(&dist);
    }
    return status;
}

static void say_band(traffstat_detail *parent, const char *name, traffstat_i_band band)
{
    traffstat_detail *at = traffstat_i_detail_object(parent, name);
    traffstat_i_detail_number(at, "lower", band.lower);
    traffstat_i_detail_number(at, "upper", band.upper);
}

static void say_rate(traffstat_detail *parent, const char *name, traffstat_i_band band,
                     double residents)
{
    if (isnan(residents)) {
        traffstat_i_detail_none(parent, name);
        return;
    }
    traffstat_detail *at = traffstat_i_detail_object(parent, name);
    traffstat_i_detail_number(at, "per", PER);
    traffstat_i_detail_number(at, "lower", band.lower / residents * PER);
    traffstat_i_detail_number(at, "upper", band.upper / residents * PER);
}

/* The mean of p runs over the limits; the posterior falls as it rises, so that its ends are there. */
static traffstat_status say_envelope(const traffstat_i_bounds *run, const counted *of,
                                     traffstat_detail *parent)
{
    const double tail = 0.5 * (1.0 - run->options.level);
    double at[4] = {NAN, NAN, NAN, NAN};
    traffstat_status status = envelope_end(run, of->lower, of->share.upper, tail, &at[1], &at[0]);
    if (status == TRAFFSTAT_OK && of->upper != TRAFFSTAT_NO_UPPER) {
        status = envelope_end(run, of->upper, of->share.lower, 1.0 - tail, &at[2], &at[3]);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_detail *object = traffstat_i_detail_object(parent, "envelope");
    traffstat_i_detail_number(object, "size", run->options.envelope_size);
    traffstat_i_detail_number(object, "lower", at[0]);
    traffstat_i_detail_number(object, "median_lower", at[1]);
    traffstat_i_detail_number(object, "median_upper", at[2]);
    traffstat_i_detail_number(object, "upper", at[3]);
    return TRAFFSTAT_OK;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static traffstat_status fail_search(const traffstat_i_bounds *run)
{
    return traffstat_i_fail(run->ctx, TRAFFSTAT_E_NUMERIC,
                            "the band of a true count could not be found");
}

static traffstat_status write_ends(traffstat_i_bounds *run, size_t row, const counted *of)
{
    traffstat_estimate_row *to = traffstat_i_estimate_row(run->estimate, row);
    for (size_t i = 0; i < run->level_count; i++) {
        const traffstat_i_band band = traffstat_i_realised_band(
            (double) of->lower, upper_end(of->upper), of->share, run->levels[i]);
        if (isnan(band.lower)) {
            return fail_search(run);
        }
        traffstat_i_estimate_set_interval(run->estimate, row, i, band.lower, band.upper);
        to->lower = band.lower;
        to->upper = band.upper;
    }
    if (of->lower == of->upper) {
        to->unreported_lower = to->lower - (double) of->lower;
        to->unreported_upper = to->upper - (double) of->upper;
    }
    return TRAFFSTAT_OK;
}

/* The detail `bounds` of a row. */
static traffstat_status say_bands(traffstat_i_bounds *run, size_t row, const counted *of,
                                  traffstat_i_band realised)
{
    traffstat_i_band expected = {NAN, NAN};
    const traffstat_status status = find_expected(run, of, &expected);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_detail *object =
        traffstat_i_detail_object(traffstat_i_estimate_row_details(run->estimate, row), "bounds");
    say_band(object, "moment", of->moment);
    say_band(object, "expected", expected);
    say_band(object, "realised", realised);
    say_rate(object, "rate", expected, of->residents);
    say_rate(object, "moment_rate", of->moment, of->residents);
    return run->options.envelope_size > 0.0 ? say_envelope(run, of, object) : TRAFFSTAT_OK;
}

static traffstat_status write_bands(traffstat_i_bounds *run, size_t row, const counted *of)
{
    const traffstat_status status = write_ends(run, row, of);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_estimate_row *numbers = traffstat_i_estimate_row(run->estimate, row);
    return say_bands(run, row, of, (traffstat_i_band){numbers->lower, numbers->upper});
}

static traffstat_status write_reasons(traffstat_i_bounds *run, size_t row, uint32_t flags,
                                      bool open, bool partial)
{
    const struct {
        bool holds;
        const char *text;
    } reasons[] = {
        {true, "the limits of the reporting rate are assumed, not measured here"},
        {run->options.lower == 0.0,
         "the limits allow that next to no case is reported, so there is no upper end"},
        {open, "the count has no upper end, so there is none in all"},
        {partial, "the total leaves out the rows without a number"},
        {(flags & TRAFFSTAT_FLAG_PARTIAL) != 0,
         "the count is a sum in which a part was not reported"},
        {(flags & TRAFFSTAT_FLAG_PARTIAL_YEAR) != 0, "the count covers only a part of the year"},
        {(flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0,
         "the count is provisional: its source may still change it"},
    };
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0] && status == TRAFFSTAT_OK; i++) {
        if (reasons[i].holds) {
            status = traffstat_i_estimate_row_reason(run->estimate, row, TRAFFSTAT_VERDICT_CAUTION,
                                                     reasons[i].text);
        }
    }
    return status;
}

/* Joined counts of the rows that have a band. */
typedef struct joined {
    counted all;
    uint32_t flags;
    bool too_large;
} joined;

static void join(joined *to, const counted *one, uint32_t flags)
{
    counted *all = &to->all;
    to->flags |= flags;
    to->too_large = to->too_large || !traffstat_i_add_int64(all->lower, one->lower, &all->lower);
    if (all->upper == TRAFFSTAT_NO_UPPER || one->upper == TRAFFSTAT_NO_UPPER) {
        all->upper = TRAFFSTAT_NO_UPPER;
    } else {
        to->too_large =
            to->too_large || !traffstat_i_add_int64(all->upper, one->upper, &all->upper);
    }
    all->share.lower = fmin(all->share.lower, one->share.lower);
    all->share.upper = fmax(all->share.upper, one->share.upper);
    all->moment.lower += one->moment.lower;
    all->moment.upper += one->moment.upper;
}

static traffstat_status write_row(traffstat_i_bounds *run, size_t row, joined *all)
{
    traffstat_cell cell;
    if (traffstat_panel_cell(run->panel, row, &cell) != TRAFFSTAT_OK) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_INTERNAL, "a row of the panel is missing");
    }
    if (cell.why != TRAFFSTAT_WHY_COUNTED || cell.lower < 0) {
        return traffstat_i_estimate_row_reason(
            run->estimate, row, TRAFFSTAT_VERDICT_INESTIMABLE,
            cell.why != TRAFFSTAT_WHY_COUNTED
                ? traffstat_i_why_text((traffstat_why) cell.why)
                : "corrections of earlier counts exceed what was counted: a net count below zero "
                  "has no bounds");
    }
    const counted one = read_cell(run, &cell);
    join(all, &one, cell.flags);
    run->numbers++;
    const traffstat_status status = write_bands(run, row, &one);
    return status == TRAFFSTAT_OK
               ? write_reasons(run, row, cell.flags, cell.upper == TRAFFSTAT_NO_UPPER, false)
               : status;
}

static traffstat_status write_total(traffstat_i_bounds *run, const joined *all)
{
    const size_t rows = traffstat_panel_rows(run->panel);
    if (run->options.total == 0 || rows < 2) {
        return TRAFFSTAT_OK;
    }
    const char *why = run->numbers < 2 ? "no total is given: fewer than two rows have a number"
                      : all->too_large ? "no total is given: the sum of the counts is too large"
                                       : NULL;
    traffstat_status status = TRAFFSTAT_OK;
    if (why == NULL) {
        status = traffstat_i_no_sum(run->ctx, run->panel, run->estimate, &why);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (why != NULL) {
        return traffstat_i_estimate_no_total(run->estimate, why);
    }
    traffstat_estimate_row *row = traffstat_i_estimate_row(run->estimate, TRAFFSTAT_NONE);
    row->observed_lower = all->all.lower;
    row->observed_upper = all->all.upper;
    status = write_bands(run, TRAFFSTAT_NONE, &all->all);
    return status == TRAFFSTAT_OK
               ? write_reasons(run, TRAFFSTAT_NONE, all->flags,
                               all->all.upper == TRAFFSTAT_NO_UPPER, run->numbers < rows)
               : status;
}

static traffstat_status write_rows(traffstat_i_bounds *run)
{
    const size_t rows = traffstat_panel_rows(run->panel);
    joined all = {.all = {.share = {INFINITY, 0.0}, .residents = NAN}};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t row = 0; row < rows && status == TRAFFSTAT_OK; row++) {
        status = traffstat_i_progress(run->ctx, (double) row / (double) (rows + 1));
        if (status == TRAFFSTAT_OK) {
            status = write_row(run, row, &all);
        }
    }
    return status == TRAFFSTAT_OK ? write_total(run, &all) : status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status assume(traffstat_i_bounds *run)
{
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_add(&text, "the share of cases that is counted lies between ");
    traffstat_i_text_add_double(&text, 100.0 * run->options.lower);
    traffstat_i_text_add(&text, " % and ");
    traffstat_i_text_add_double(&text, 100.0 * run->options.upper);
    traffstat_i_text_add(&text, " %, and nothing more is granted of it");
    traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_assume(run->estimate, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    static const char *const others[] = {
        "each case is counted with that share as its probability, independently of the others",
        "no case is counted twice or by mistake"};
    for (size_t i = 0; i < 2 && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_estimate_assume(run->estimate, others[i]);
    }
    return status;
}

static traffstat_status start(traffstat_i_bounds *run)
{
    run->level_count = traffstat_i_levels(run->options.level, run->levels);
    const traffstat_status status = traffstat_i_rule_init(run->ctx, &run->rule);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_i_estimate_plan plan = {.method = "bounds",
                                            .citation = citation,
                                            .kind = TRAFFSTAT_KIND_BOUND,
                                            .level = run->options.level,
                                            .seed = traffstat_ctx_seed(run->ctx),
                                            .levels = run->levels,
                                            .level_count = run->level_count,
                                            .panel = run->panel,
                                            .has_total = run->options.total != 0 &&
                                                         traffstat_panel_rows(run->panel) > 1};
    return traffstat_i_estimate_new(run->ctx, &plan, &run->estimate);
}

static traffstat_status fill(traffstat_i_bounds *run)
{
    traffstat_status status = write_rows(run);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_bounds_changes(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = assume(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_finish(run->estimate);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_progress(run->ctx, 1.0) : status;
}

traffstat_status traffstat_bounds(traffstat_ctx *ctx, const traffstat_panel *panel,
                                  const traffstat_bounds_options *options, traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the estimate was given");
    }
    *out = NULL;
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    traffstat_i_bounds run = {.ctx = ctx, .panel = panel};
    traffstat_status status = read_settings(ctx, options, &run.options);
    if (status == TRAFFSTAT_OK) {
        status = start(&run);
    }
    if (status == TRAFFSTAT_OK) {
        status = fill(&run);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(run.estimate);
        /* what is asked of public calls inside forgets a message about a detail without memory */
        return traffstat_ctx_message(ctx)[0] == '\0' && status == TRAFFSTAT_E_NOMEM
                   ? traffstat_i_fail(ctx, status, "out of memory for the details of the bounds")
                   : status;
    }
    *out = run.estimate;
    return TRAFFSTAT_OK;
}

/* ---- beside the answer of another model --------------------------------------------------------- */

static traffstat_status write_beside(traffstat_i_bounds *run, size_t row, const counted *of)
{
    const traffstat_i_band band = traffstat_i_realised_band(
        (double) of->lower, upper_end(of->upper), of->share, run->options.level);
    return isnan(band.lower) ? fail_search(run) : say_bands(run, row, of, band);
}

traffstat_status traffstat_i_bounds_beside(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           const traffstat_bounds_options *options,
                                           traffstat_estimate *estimate)
{
    traffstat_i_bounds run = {.ctx = ctx, .panel = panel, .estimate = estimate};
    joined all = {.all = {.share = {INFINITY, 0.0}, .residents = NAN}};
    traffstat_status status = read_settings(ctx, options, &run.options);
    const size_t rows = traffstat_panel_rows(panel);
    for (size_t row = 0; row < rows && status == TRAFFSTAT_OK; row++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(panel, row, &cell) != TRAFFSTAT_OK ||
            cell.why != TRAFFSTAT_WHY_COUNTED || cell.lower < 0) {
            continue;
        }
        const counted one = read_cell(&run, &cell);
        join(&all, &one, cell.flags);
        run.numbers++;
        status = write_beside(&run, row, &one);
    }
    if (status == TRAFFSTAT_OK && run.options.total != 0 && run.numbers > 1 && !all.too_large) {
        status = write_beside(&run, TRAFFSTAT_NONE, &all.all);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_bounds_changes(&run) : status;
}
