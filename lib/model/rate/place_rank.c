/* Do places differ, which of many tests count, and how sure are ranks? */
#include "model/rate/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/rate/tail.h"

/* ---- heterogeneity --------------------------------------------------------------------------- */

traffstat_status traffstat_places_heterogeneity(traffstat_ctx *ctx, const double *cases,
                                                const double *expected, size_t n,
                                                traffstat_heterogeneity *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    const traffstat_status status = traffstat_i_places_check(ctx, cases, expected, n, 2);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double all = 0.0;
    double whole = 0.0;
    for (size_t i = 0; i < n; i++) {
        all += cases[i];
        whole += expected[i];
    }
    traffstat_heterogeneity made = {.freedom = (double) (n - 1)};
    double square = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double e = expected[i] * all / whole;
        const double gap = cases[i] - e;
        made.chi2 += gap * gap / e;
        made.pw += all * cases[i] * (cases[i] - 1.0) / e;
        made.dean += gap * gap - cases[i];
        square += e * e;
    }
    made.dean /= sqrt(2.0 * square);
    made.pw_mean = all * (all - 1.0);
    made.pw_variance = 2.0 * made.freedom * made.pw_mean;
    /* one case in all: its T is 0 whoever has it */
    const double pw_z =
        made.pw_variance > 0.0 ? (made.pw - made.pw_mean) / sqrt(made.pw_variance) : 0.0;
    traffstat_i_tails tails;
    if (!traffstat_i_gamma_tails(0.5 * made.freedom, 0.5 * made.chi2, &tails)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "the chance of chi-square was not found");
    }
    made.p = tails.upper;
    made.pw_p = traffstat_i_normal_tail(pw_z);
    made.dean_p = traffstat_i_normal_tail(made.dean);
    *out = made;
    return TRAFFSTAT_OK;
}

/* ---- false discoveries ----------------------------------------------------------------------- */

typedef struct numbered {
    double value;
    size_t index;
} numbered;

/* Falling, NaN first; equal ones in the order given, so that results never hang on the sort. */
static int compare_falling(const void *a, const void *b)
{
    const numbered *left = a;
    const numbered *right = b;
    if (isnan(left->value) != isnan(right->value)) {
        return isnan(left->value) ? -1 : 1;
    }
    if (left->value < right->value || left->value > right->value) {
        return left->value > right->value ? -1 : 1;
    }
    return left->index < right->index ? -1 : left->index > right->index ? 1 : 0;
}

traffstat_status traffstat_false_discovery(traffstat_ctx *ctx, const double *p, size_t n,
                                           double *adjusted)
{
    traffstat_i_enter(ctx);
    if (p == NULL || adjusted == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "p values and room for the adjusted ones must be given");
    }
    for (size_t i = 0; i < n; i++) {
        if (p[i] < 0.0 || p[i] > 1.0) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "test %zu: p must lie between 0 and 1", i);
        }
    }
    numbered *sorted = traffstat_i_alloc(ctx, n, sizeof *sorted);
    if (sorted == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        sorted[i] = (numbered){p[i], i};
    }
    qsort(sorted, n, sizeof *sorted, compare_falling);
    size_t missing = 0;
    while (missing < n && isnan(sorted[missing].value)) {
        adjusted[sorted[missing].index] = NAN;
        missing++;
    }
    const double tests = (double) (n - missing);
    double least = 1.0;
    for (size_t i = missing; i < n; i++) {
        const double raised = sorted[i].value * tests / (double) (n - i);
        least = raised < least ? raised : least;
        adjusted[sorted[i].index] = least;
    }
    traffstat_i_free(ctx, sorted);
    return TRAFFSTAT_OK;
}

/* ---- ranks ----------------------------------------------------------------------------------- */

typedef struct bounds {
    double lower;
    double upper;
} bounds;

/* Garwood's limits of every ratio, wide enough to hold all at once. */
static traffstat_status bound_all(traffstat_ctx *ctx, const double *cases, const double *expected,
                                  size_t n, double level, bounds *out)
{
    const double tail = 0.5 * (1.0 - level) / (double) n;
    for (size_t i = 0; i < n; i++) {
        const double k = cases[i];
        out[i].lower = k > 0.0 ? traffstat_i_gamma_quantile(k, tail, true) / expected[i] : 0.0;
        out[i].upper =
            (k > 0.0 ? traffstat_i_gamma_quantile(k + 1.0, tail, false) : -log(tail)) / expected[i];
        if (!isfinite(out[i].lower) || !isfinite(out[i].upper)) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                    "place %zu: the limits could not be found", i);
        }
    }
    return TRAFFSTAT_OK;
}

/* P(j is higher than i) of two independent gammas: shapes cases + 1/2, rates expected. */
static double chance_higher(const double *cases, const double *expected, size_t j, size_t i)
{
    traffstat_i_tails tails;
    const double whole = expected[i] + expected[j];
    if (!traffstat_i_beta_tails(cases[i] + 0.5, cases[j] + 0.5, expected[i] / whole,
                                expected[j] / whole, &tails)) {
        return NAN;
    }
    return tails.lower;
}

/* What the ranks of all places are worked out from; one task a place. */
typedef struct ranking {
    const double *cases;
    const double *expected;
    size_t n;
    const bounds *limits;
    traffstat_rank *out;
} ranking;

static traffstat_status rank_one(void *arg, size_t i, size_t worker)
{
    const ranking *of = arg;
    traffstat_rank made = {.rank = 1.0, .expected = 1.0, .lower = 1, .upper = (int64_t) of->n};
    (void) worker;
    for (size_t j = 0; j < of->n; j++) {
        if (j == i) {
            continue;
        }
        /* compared by products: ratios that are equal stay equal */
        const double here = of->cases[i] * of->expected[j];
        const double there = of->cases[j] * of->expected[i];
        made.rank += there > here ? 1.0 : there < here ? 0.0 : 0.5;
        made.expected += chance_higher(of->cases, of->expected, j, i);
        made.lower += of->limits[j].lower > of->limits[i].upper ? 1 : 0;
        made.upper -= of->limits[j].upper < of->limits[i].lower ? 1 : 0;
    }
    of->out[i] = made;
    return isfinite(made.expected) ? TRAFFSTAT_OK : TRAFFSTAT_E_NUMERIC;
}

static traffstat_status rank_all(traffstat_ctx *ctx, ranking *of)
{
    const traffstat_status status = traffstat_i_parallel(ctx, of->n, rank_one, of);
    return status == TRAFFSTAT_E_NUMERIC
               ? traffstat_i_fail(ctx, status, "the expected rank of a place could not be found")
               : status;
}

static traffstat_status check_ranks(traffstat_ctx *ctx, const double *cases, const double *expected,
                                    size_t n, double level, const traffstat_rank *out)
{
    if (out == NULL || !(level >= 0.01 && level <= 0.9999)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                out == NULL ? "no place for the result was given"
                                            : "level must lie between 0.01 and 0.9999");
    }
    const traffstat_status status = traffstat_i_places_check(ctx, cases, expected, n, 1);
    return status == TRAFFSTAT_E_NODATA ? TRAFFSTAT_OK : status; /* no case: all share a rank */
}

traffstat_status traffstat_i_places_ranks(traffstat_ctx *ctx, const double *cases,
                                          const double *expected, size_t n, double level,
                                          traffstat_rank *out)
{
    traffstat_status status = check_ranks(ctx, cases, expected, n, level, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    bounds *limits = traffstat_i_alloc(ctx, n, sizeof *limits);
    traffstat_rank *made = traffstat_i_alloc(ctx, n, sizeof *made);
    status = TRAFFSTAT_E_NOMEM;
    if (limits != NULL && made != NULL) {
        status = bound_all(ctx, cases, expected, n, level, limits);
    }
    if (status == TRAFFSTAT_OK) {
        ranking of = {cases, expected, n, limits, made};
        status = rank_all(ctx, &of);
    }
    if (status == TRAFFSTAT_OK) {
        memcpy(out, made, n * sizeof *out);
    }
    traffstat_i_free(ctx, made);
    traffstat_i_free(ctx, limits);
    return status;
}

traffstat_status traffstat_places_ranks(traffstat_ctx *ctx, const double *cases,
                                        const double *expected, size_t n, double level,
                                        traffstat_rank *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_status status = traffstat_i_places_ranks(ctx, cases, expected, n, level, out);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_progress(ctx, 1.0);
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_enter(ctx); /* a message of no case is none of this call's */
    }
    return status;
}
