/* Nowcasts from a reporting triangle. */
#include <traffstat/delay.h>

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "model/rate/tail.h"

#define ROWS_MAX 100000
#define COLUMNS_MAX 1000
#define COUNT_MOST 1e15
/* The share's law is integrated on its logit by the trapezoid rule, whose error falls faster than
 * any power of the step for such bells; beyond the ends lies less than END. */
#define NODES 64
#define END 1e-9

void traffstat_nowcast_options_init(traffstat_nowcast_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_nowcast_options filled = {.struct_size = struct_size,
                                              .method = TRAFFSTAT_NOWCAST_BAYES,
                                              .corrected = 1,
                                              .level = 0.95,
                                              .alpha = 0.1,
                                              .prior_shape = 1.0,
                                              .prior_mean = 0.0};
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static bool is_setting(double value)
{
    return value >= 1e-6 && value <= 1e6;
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_nowcast_options *given,
                                      traffstat_nowcast_options *out)
{
    traffstat_nowcast_options_init(out, sizeof *out);
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const char *wrong = NULL;
    if (out->method < TRAFFSTAT_NOWCAST_BAYES || out->method > TRAFFSTAT_NOWCAST_LAWLESS) {
        wrong = "there is no such method of a nowcast";
    } else if (out->corrected < 0 || out->corrected > 1 || out->reserved != 0) {
        wrong = "corrected must be 0 or 1, reserved 0";
    } else if (!(out->level >= 0.01 && out->level <= 0.9999)) {
        wrong = "level must lie between 0.01 and 0.9999";
    } else if (!is_setting(out->alpha) || !is_setting(out->prior_shape)) {
        wrong = "alpha and prior_shape must lie between 0.000001 and 1000000";
    } else if (!(out->prior_mean >= 0.0 && isfinite(out->prior_mean))) {
        wrong = "prior_mean must be positive and finite, or 0";
    }
    return wrong == NULL ? TRAFFSTAT_OK : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s", wrong);
}

typedef struct triangle {
    traffstat_ctx *ctx;
    const double *cells;
    size_t rows;
    size_t columns;
    const traffstat_nowcast_options *options;
    size_t *known;
    double *came;   /* columns: cases of this very delay, in periods known so far */
    double *within; /* columns: their cases of this delay or less */
    double *share;  /* columns: mean share of cases that are in by a delay */
    double *square; /* columns: mean square of it (BAYES), relative variance (LAWLESS) */
    double rate;    /* of the gamma prior */
} triangle;

/* ---- the delay law --------------------------------------------------------------------------- */

static traffstat_status add_row(triangle *at, size_t row)
{
    double sum = 0.0;
    at->known[row] = 0;
    for (size_t k = 0; k < at->columns; k++) {
        const double value = at->cells[row * at->columns + k];
        if (isnan(value)) {
            continue;
        }
        if (!(value >= 0.0 && isfinite(value)) || at->known[row] != k) {
            return traffstat_i_fail(
                at->ctx, TRAFFSTAT_E_ARGUMENT,
                at->known[row] == k ? "period %zu, delay %zu: a count must be 0 or more, and "
                                      "finite"
                                    : "period %zu: delay %zu is known and an earlier one is not",
                row, k);
        }
        at->known[row] = k + 1;
        sum += value;
        at->came[k] += value;
        at->within[k] += sum;
    }
    return at->known[row] > 0 ? TRAFFSTAT_OK
                              : traffstat_i_fail(at->ctx, TRAFFSTAT_E_ARGUMENT,
                                                 "period %zu has no known count", row);
}

static traffstat_status add_rows(triangle *at)
{
    bool full = false;
    for (size_t i = 0; i < at->rows; i++) {
        const traffstat_status status = add_row(at, i);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        full = full || at->known[i] == at->columns;
    }
    if (!full) {
        return traffstat_i_fail(at->ctx, TRAFFSTAT_E_ARGUMENT,
                                "no period is known in full, so the longest delay is not either");
    }
    double all = 0.0;
    for (size_t k = 0; k < at->columns; k++) {
        all += at->came[k];
    }
    return all > 0.0 ? TRAFFSTAT_OK
                     : traffstat_i_fail(at->ctx, TRAFFSTAT_E_NODATA, "no period has a case");
}

/* Of the cases that come by delay k, all but a beta share come before: mean and mean square of what
 * is in by each delay, from the last one back. */
static void share_bayes(triangle *at)
{
    at->share[at->columns - 1] = 1.0;
    at->square[at->columns - 1] = 1.0;
    for (size_t k = at->columns - 1; k > 0; k--) {
        const double before = at->within[k] - at->came[k] + at->options->alpha * (double) k;
        const double whole = at->within[k] + at->options->alpha * (double) (k + 1);
        at->share[k - 1] = at->share[k] * before / whole;
        at->square[k - 1] = at->square[k] * before * (before + 1.0) / (whole * (whole + 1.0));
    }
}

static void share_lawless(triangle *at)
{
    at->share[at->columns - 1] = 1.0;
    at->square[at->columns - 1] = 0.0;
    for (size_t k = at->columns - 1; k > 0; k--) {
        const double came = at->came[k];
        const double within = at->within[k];
        /* nobody came by then: nothing says that anybody would */
        at->share[k - 1] = within > 0.0 ? at->share[k] * (within - came) / within : at->share[k];
        at->square[k - 1] = at->square[k];
        if (within > came) {
            at->square[k - 1] += came / (within * (within - came));
        }
    }
}

/* ---- one period ------------------------------------------------------------------------------ */

/* The share in by now as weighted points. */
typedef struct nodes {
    size_t count;
    double p[NODES];
    double q[NODES]; /* 1 - p */
    double weight[NODES];
} nodes;

static bool spread_nodes(double mean, double square, nodes *out)
{
    const double variance = square - mean * mean;
    const double size = (mean - square) / variance;
    out->count = 1;
    out->p[0] = mean;
    out->q[0] = 1.0 - mean;
    out->weight[0] = 1.0;
    if (!(variance > 1e-14 * mean * (1.0 - mean))) {
        return true;
    }
    const double a = mean * size;
    const double b = (1.0 - mean) * size;
    const double low = traffstat_i_beta_logit_quantile(a, b, END);
    const double high = -traffstat_i_beta_logit_quantile(b, a, END);
    if (!isfinite(low) || !isfinite(high) || !(high > low)) {
        return false;
    }
    const double peak = log(a / b);
    double sum = 0.0;
    out->count = NODES;
    for (size_t i = 0; i < NODES; i++) {
        const double y = low + (high - low) * (double) i / (double) (NODES - 1);
        out->p[i] = 1.0 / (1.0 + exp(-y));
        out->q[i] = 1.0 / (1.0 + exp(y));
        /* density of the logit over that at its peak */
        out->weight[i] =
            exp(a * (y - peak) +
                (a + b) * (log1p(exp(peak)) - (y > 0.0 ? y + log1p(exp(-y)) : log1p(exp(y)))));
        sum += out->weight[i];
    }
    for (size_t i = 0; i < NODES; i++) {
        out->weight[i] /= sum;
    }
    return true;
}

/* What is to come, given the share: negative binomial of this size. */
typedef struct coming {
    double size;
    double rate;
    const nodes *shares;
} coming;

/* P(to come <= u), u a whole number; P(to come > u) with `over`. */
static double chance(const coming *law, double u, bool over)
{
    double sum = 0.0;
    for (size_t i = 0; i < law->shares->count; i++) {
        const double whole = law->rate + 1.0;
        traffstat_i_tails tails;
        if (!traffstat_i_beta_tails(law->size, u + 1.0, (law->rate + law->shares->p[i]) / whole,
                                    law->shares->q[i] / whole, &tails)) {
            return NAN;
        }
        sum += law->shares->weight[i] * (over ? tails.upper : tails.lower);
    }
    return sum;
}

/* Is the quantile at most u? For high ones the upper tail is asked, which keeps its digits. */
static bool reaches(const coming *law, double u, double q, double rest)
{
    return q < 0.5 ? chance(law, u, false) >= q : chance(law, u, true) <= rest;
}

/* Smallest u with P(to come <= u) >= q = 1 - rest; NaN past 1e15. */
static double quantile(const coming *law, double q, double rest)
{
    double low = -1.0;
    double high = 0.0;
    while (!reaches(law, high, q, rest)) {
        low = high;
        high = 2.0 * high + 1.0;
        if (high > COUNT_MOST) {
            return NAN;
        }
    }
    while (high - low > 1.0) {
        const double middle = floor(0.5 * (low + high));
        if (reaches(law, middle, q, rest)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

static bool cast_bayes(const triangle *at, size_t row, traffstat_nowcast_row *out)
{
    const size_t k = at->known[row] - 1;
    const double mean = at->share[k];
    nodes shares;
    const double square = at->options->corrected != 0 ? at->square[k] : mean * mean;
    if (at->known[row] == at->columns) {
        out->estimate = out->mean = out->lower = out->upper = out->reported;
        return true;
    }
    if (!spread_nodes(mean, square, &shares)) {
        return false;
    }
    const coming law = {at->options->prior_shape + out->reported, at->rate, &shares};
    const double tail = 0.5 * (1.0 - at->options->level);
    double odds = 0.0;
    for (size_t i = 0; i < shares.count; i++) {
        odds += shares.weight[i] * shares.q[i] / (law.rate + shares.p[i]);
    }
    out->mean = out->reported + law.size * odds;
    out->estimate = out->reported + quantile(&law, 0.5, 0.5);
    out->lower = out->reported + quantile(&law, tail, 1.0 - tail);
    out->upper = out->reported + quantile(&law, 1.0 - tail, tail);
    return isfinite(out->estimate) && isfinite(out->lower) && isfinite(out->upper);
}

static void cast_lawless(const triangle *at, size_t row, traffstat_nowcast_row *out)
{
    const size_t k = at->known[row] - 1;
    const double share = at->share[k];
    if (!(out->reported > 0.0) || !(share > 0.0)) {
        const bool done = at->known[row] == at->columns;
        out->estimate = out->mean = share > 0.0 ? out->reported : NAN;
        out->lower = out->reported;
        out->upper = done ? out->reported : NAN;
        return;
    }
    const double z = traffstat_i_normal_quantile(0.5 * (1.0 - at->options->level));
    out->estimate = out->mean = out->reported / share;
    double variance = out->estimate * (1.0 - share) / share;
    if (at->options->corrected != 0) {
        variance += out->estimate * out->estimate * at->square[k];
    }
    out->lower = fmax(out->reported, out->estimate - z * sqrt(variance));
    out->upper = out->estimate + z * sqrt(variance);
}

static traffstat_status cast(triangle *at, traffstat_nowcast_row *rows)
{
    const bool bayes = at->options->method == TRAFFSTAT_NOWCAST_BAYES;
    double reported = 0.0;
    double shares = 0.0;
    for (size_t i = 0; i < at->rows; i++) {
        traffstat_nowcast_row *row = &rows[i];
        *row = (traffstat_nowcast_row){.share = at->share[at->known[i] - 1]};
        for (size_t k = 0; k < at->known[i]; k++) {
            row->reported += at->cells[i * at->columns + k];
        }
        reported += row->reported;
        shares += row->share;
    }
    const double mean = at->options->prior_mean > 0.0 ? at->options->prior_mean : reported / shares;
    at->rate = at->options->prior_shape / mean;
    for (size_t i = 0; i < at->rows; i++) {
        if (!bayes) {
            cast_lawless(at, i, &rows[i]);
        } else if (!cast_bayes(at, i, &rows[i])) {
            return traffstat_i_fail(at->ctx, TRAFFSTAT_E_NUMERIC,
                                    "period %zu: the posterior could not be summed", i);
        }
        const traffstat_status status =
            traffstat_i_progress(at->ctx, (double) i / (double) at->rows);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    return traffstat_i_progress(at->ctx, 1.0);
}

/* ---- the entry ------------------------------------------------------------------------------- */

static traffstat_status solve(triangle *at, traffstat_nowcast_row *out, double *cdf)
{
    traffstat_nowcast_row *rows = traffstat_i_alloc(at->ctx, at->rows, sizeof *rows);
    at->known = traffstat_i_alloc(at->ctx, at->rows, sizeof *at->known);
    at->came = traffstat_i_alloc(at->ctx, 4 * at->columns, sizeof *at->came);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (rows != NULL && at->known != NULL && at->came != NULL) {
        at->within = at->came + at->columns;
        at->share = at->within + at->columns;
        at->square = at->share + at->columns;
        status = add_rows(at);
    }
    if (status == TRAFFSTAT_OK) {
        if (at->options->method == TRAFFSTAT_NOWCAST_BAYES) {
            share_bayes(at);
        } else {
            share_lawless(at);
        }
        status = cast(at, rows);
    }
    if (status == TRAFFSTAT_OK) {
        memcpy(out, rows, at->rows * sizeof *out);
        if (cdf != NULL) {
            memcpy(cdf, at->share, at->columns * sizeof *cdf);
        }
    }
    traffstat_i_free(at->ctx, at->came);
    traffstat_i_free(at->ctx, at->known);
    traffstat_i_free(at->ctx, rows);
    return status;
}

traffstat_status traffstat_nowcast(traffstat_ctx *ctx, const double *reported, size_t rows,
                                   size_t columns, const traffstat_nowcast_options *options,
                                   traffstat_nowcast_row *out, double *cdf)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_nowcast_options settings;
    const traffstat_status status = read_settings(ctx, options, &settings);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (reported == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "counts and a place for the result must be given");
    }
    if (rows < 1 || rows > ROWS_MAX || columns < 1 || columns > COLUMNS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "periods must be 1 to %d, delays 1 to %d", ROWS_MAX, COLUMNS_MAX);
    }
    triangle at = {
        .ctx = ctx, .cells = reported, .rows = rows, .columns = columns, .options = &settings};
    return solve(&at, out, cdf);
}
