/* The difference of two Poisson rates: the E-test, and an interval from two single ones. */
#include <inttypes.h>
#include <math.h>

#include "base/base.h"
#include "model/rate/tail.h"

#include <traffstat/rate.h>

#define E_TEST_TOP 1000000000.0 /* counts past it need tables of more than some 40 MB */
#define REACH 38.0              /* standard deviations: chances past them are below 1e-300 */
#define TIE 1e-12

/* Chances of one Poisson count from `low` on, and their sums from either end. */
typedef struct table {
    double low;
    size_t size;
    double *chance;
    double *below; /* below[i]: sum of chance[0..i) */
    double *above; /* above[i]: sum of chance[i..size) */
} table;

static void table_free(traffstat_ctx *ctx, table *of)
{
    traffstat_i_free(ctx, of->chance);
    traffstat_i_free(ctx, of->below);
    traffstat_i_free(ctx, of->above);
}

static traffstat_status table_fill(traffstat_ctx *ctx, double mean, table *out)
{
    out->low = floor(fmax(0.0, mean - REACH * sqrt(mean)));
    const double high = ceil(mean + REACH * sqrt(mean) + REACH * REACH);
    out->size = (size_t) (high - out->low) + 1;
    out->chance = traffstat_i_alloc(ctx, out->size, sizeof *out->chance);
    out->below = traffstat_i_alloc(ctx, out->size + 1, sizeof *out->below);
    out->above = traffstat_i_alloc(ctx, out->size + 1, sizeof *out->above);
    if (out->chance == NULL || out->below == NULL || out->above == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < out->size; i++) {
        out->chance[i] = exp(traffstat_i_log_poisson(out->low + (double) i, mean));
        out->below[i + 1] = out->below[i] + out->chance[i];
    }
    for (size_t i = out->size; i > 0; i--) {
        out->above[i - 1] = out->above[i] + out->chance[i - 1];
    }
    return TRAFFSTAT_OK;
}

/* The difference of the rates over its estimated standard error; 0 where both counts are 0. */
static double statistic(double x1, double x2, const double exposure[2])
{
    const double variance = x1 / (exposure[0] * exposure[0]) + x2 / (exposure[1] * exposure[1]);
    return variance == 0.0 ? 0.0 : (x1 / exposure[0] - x2 / exposure[1]) / sqrt(variance);
}

/* P(|T| >= |t|). T rises with x1 and falls with x2, so the two edges in x2 only move up. */
static double reached(const table *one, const table *two, const double exposure[2], double t)
{
    const double least = fabs(t) * (1.0 - TIE);
    size_t low = 0;  /* values of x2 with T >= least */
    size_t high = 0; /* first value of x2 with T <= -least */
    double p = 0.0;
    for (size_t i = 0; i < one->size; i++) {
        const double x1 = one->low + (double) i;
        while (low < two->size && statistic(x1, two->low + (double) low, exposure) >= least) {
            low++;
        }
        while (high < two->size && statistic(x1, two->low + (double) high, exposure) > -least) {
            high++;
        }
        p += one->chance[i] * (two->below[low] + two->above[high]);
    }
    return fmin(1.0, p);
}

static traffstat_status check(traffstat_ctx *ctx, int64_t count, double exposure)
{
    if (count < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "a count of %" PRId64 " is negative",
                                count);
    }
    if (!(exposure > 1e-100 && exposure < 1e100)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "exposure must be positive and finite");
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_etest(traffstat_ctx *ctx, int64_t first_count, double first_exposure,
                                 int64_t second_count, double second_exposure, double *p)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_status status = check(ctx, first_count, first_exposure);
    if (status == TRAFFSTAT_OK) {
        status = check(ctx, second_count, second_exposure);
    }
    if (status == TRAFFSTAT_OK && p == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for p was given");
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const double exposure[2] = {first_exposure, second_exposure};
    const double sum = (double) first_count + (double) second_count;
    const double share = first_exposure / (first_exposure + second_exposure);
    if (sum > E_TEST_TOP) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "counts of %" PRId64 " and %" PRId64
                                " are too large for the E-test, which takes 1e9 in all",
                                first_count, second_count);
    }
    const double t = statistic((double) first_count, (double) second_count, exposure);
    if (t == 0.0) {
        *p = 1.0;
        return TRAFFSTAT_OK;
    }
    table one = {0};
    table two = {0};
    status = table_fill(ctx, sum * share, &one);
    if (status == TRAFFSTAT_OK) {
        status = table_fill(ctx, sum * (1.0 - share), &two);
    }
    if (status == TRAFFSTAT_OK) {
        *p = reached(&one, &two, exposure, t);
    }
    table_free(ctx, &one);
    table_free(ctx, &two);
    return status;
}

traffstat_status traffstat_rate_difference(traffstat_ctx *ctx, traffstat_poisson_method method,
                                           int64_t first_count, double first_exposure,
                                           int64_t second_count, double second_exposure,
                                           double level, traffstat_interval *out)
{
    traffstat_interval first;
    traffstat_interval second;
    if (out == NULL) {
        traffstat_i_enter(ctx);
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the interval was given");
    }
    traffstat_status status =
        traffstat_poisson_limits(ctx, method, first_count, first_exposure, level, &first);
    if (status == TRAFFSTAT_OK) {
        status =
            traffstat_poisson_limits(ctx, method, second_count, second_exposure, level, &second);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const double r1 = (double) first_count / first_exposure;
    const double r2 = (double) second_count / second_exposure;
    const double difference = r2 - r1;
    *out = (traffstat_interval){level, difference - hypot(r2 - second.lower, first.upper - r1),
                                difference + hypot(second.upper - r2, r1 - first.lower)};
    return TRAFFSTAT_OK;
}
