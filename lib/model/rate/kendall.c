/* Tests by ranks and signs of one series: Mann & Kendall, Sen, Pettitt, Cox & Stuart, Bartels. */
#include <math.h>
#include <stdlib.h>

#include "model/rate/series.h"
#include "model/rate/tail.h"

#define EXACT_TOP 10 /* values up to which S has its exact law */
#define PAIRS_TOP 45 /* of them */
#define SEN_TOP 10000
#define BARTELS_LEAST 10
#define BARTELS_NORMAL 100

static int sign_of(double x)
{
    return (x > 0.0) - (x < 0.0);
}

/* ---- Mann and Kendall ------------------------------------------------------------------------ */

/* How many values equal values[i], itself too; 0 where an earlier one does: each group once. */
static size_t tied_from(const double *values, size_t n, size_t i)
{
    size_t size = 0;
    for (size_t j = 0; j < n; j++) {
        if (values[j] == values[i]) {
            if (j < i) {
                return 0;
            }
            size++;
        }
    }
    return size;
}

/* Times 1 + q + ... + q^(a-1), or divided by it, for polynomials of degree at most PAIRS_TOP. */
static void multiply(double *polynomial, int a)
{
    for (int i = PAIRS_TOP; i >= 0; i--) {
        for (int j = 1; j < a && j <= i; j++) {
            polynomial[i] += polynomial[i - j];
        }
    }
}

static void divide(double *polynomial, int a)
{
    for (int i = 0; i <= PAIRS_TOP; i++) {
        for (int j = 1; j < a && j <= i; j++) {
            polynomial[i] -= polynomial[i - j];
        }
    }
}

/* P(|S| >= |score|): the orders of n values with ties have as many inversions as Gauss's multinomial
 * coefficient counts. */
static double exact_p(const double *values, size_t n, int64_t pairs, int64_t score)
{
    double orders[PAIRS_TOP + 1] = {1.0};
    double all = 0.0;
    double far = 0.0;
    for (size_t i = 0; i < n; i++) {
        multiply(orders, (int) i + 1);
    }
    for (size_t i = 0; i < n; i++) {
        for (int b = (int) tied_from(values, n, i); b > 1; b--) {
            divide(orders, b);
        }
    }
    for (int64_t inversions = 0; inversions <= pairs; inversions++) {
        all += orders[inversions];
        far += llabs(pairs - 2 * inversions) >= llabs(score) ? orders[inversions] : 0.0;
    }
    return far / all;
}

static double normal_p(double z)
{
    return isnan(z) ? 1.0 : 2.0 * traffstat_i_normal_tail(fabs(z));
}

void traffstat_i_mann_kendall(const double *values, size_t n, traffstat_mann_kendall_result *out)
{
    const double m = (double) n;
    double ties = 0.0;
    double tied_pairs = 0.0;
    traffstat_mann_kendall_result got = {0};
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            got.score += sign_of(values[j] - values[i]);
        }
        const double t = (double) tied_from(values, n, i);
        ties += t * (t - 1.0) * (2.0 * t + 5.0);
        tied_pairs += 0.5 * t * (t - 1.0);
    }
    const double pairs = 0.5 * m * (m - 1.0);
    const double s = (double) got.score;
    got.variance = (m * (m - 1.0) * (2.0 * m + 5.0) - ties) / 18.0;
    got.tau = s / sqrt((pairs - tied_pairs) * pairs);
    got.z = sign_of(s) * (fabs(s) - 1.0) / sqrt(got.variance);
    got.z_plain = s / sqrt(got.variance);
    if (pairs == tied_pairs) {
        got.tau = got.z = got.z_plain = NAN;
    } else if (got.score == 0) {
        got.z = 0.0;
    }
    got.p_normal = normal_p(got.z);
    got.p_plain = normal_p(got.z_plain);
    got.exact = n <= EXACT_TOP;
    got.p =
        got.exact ? exact_p(values, n, (int64_t) (pairs - tied_pairs), got.score) : got.p_normal;
    *out = got;
}

static traffstat_status check(traffstat_ctx *ctx, const double *values, size_t n, size_t least,
                              const void *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (values == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "no values or no place for the result were given");
    }
    if (n < least) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                "%zu values are too few for this test, which needs %zu", n, least);
    }
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "value %zu is not finite", i);
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_mann_kendall(traffstat_ctx *ctx, const double *values, size_t n,
                                        traffstat_mann_kendall_result *out)
{
    const traffstat_status status = check(ctx, values, n, 2, out);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_mann_kendall(values, n, out);
    }
    return status;
}

/* ---- Sen ------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;
    return (x > y) - (x < y);
}

/* Slope number `rank` from 1; NaN where there is none. */
static double ranked(const double *sorted, double count, double rank)
{
    return rank >= 1.0 && rank <= count ? sorted[(size_t) rank - 1] : (double) NAN;
}

traffstat_status traffstat_i_sen_slope(traffstat_ctx *ctx, const double *times,
                                       const double *values, size_t n, double level,
                                       traffstat_sen_result *out)
{
    traffstat_mann_kendall_result kendall;
    double *slopes = traffstat_i_alloc(ctx, n * (n - 1) / 2, sizeof *slopes);
    if (slopes == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            const double apart = times == NULL ? (double) (j - i) : times[j] - times[i];
            slopes[count++] = (values[j] - values[i]) / apart;
        }
    }
    qsort(slopes, count, sizeof *slopes, by_value);
    traffstat_i_mann_kendall(values, n, &kendall);
    const double k = (double) count;
    const double reach = traffstat_i_normal_quantile(0.5 * (1.0 - level)) * sqrt(kendall.variance);
    /* ranks as Hipel & McLeod (1994) round them, halves to even */
    *out = (traffstat_sen_result){0.5 * (slopes[(count - 1) / 2] + slopes[count / 2]),
                                  ranked(slopes, k, rint(0.5 * (k - reach))),
                                  ranked(slopes, k, rint(0.5 * (k + reach) + 1.0))};
    traffstat_i_free(ctx, slopes);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_sen_slope(traffstat_ctx *ctx, const double *times, const double *values,
                                     size_t n, double level, traffstat_sen_result *out)
{
    traffstat_status status = check(ctx, values, n, 2, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!(level > 0.0 && level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    if (n > SEN_TOP) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "%zu values have too many pairs; 10000 is the most", n);
    }
    for (size_t i = 1; times != NULL && i < n; i++) {
        if (!(times[i] > times[i - 1] && isfinite(times[i] - times[i - 1]))) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "time %zu is not later than the one before it", i);
        }
    }
    return traffstat_i_sen_slope(ctx, times, values, n, level, out);
}

/* ---- Pettitt --------------------------------------------------------------------------------- */

void traffstat_i_pettitt(const double *values, size_t n, traffstat_series_test *out)
{
    const double m = (double) n;
    int64_t sum = 0;
    int64_t most = -1;
    size_t position = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        for (size_t j = 0; j < n; j++) { /* pairs inside the first part cancel */
            sum += sign_of(values[i] - values[j]);
        }
        if (llabs(sum) > most) {
            most = llabs(sum);
            position = i + 1;
        }
    }
    const double u = (double) most;
    *out = (traffstat_series_test){u, fmin(1.0, 2.0 * exp(-6.0 * u * u / (m * m * (m + 1.0)))),
                                   position};
}

traffstat_status traffstat_pettitt(traffstat_ctx *ctx, const double *values, size_t n,
                                   traffstat_series_test *out)
{
    const traffstat_status status = check(ctx, values, n, 2, out);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_pettitt(values, n, out);
    }
    return status;
}

/* ---- Cox and Stuart, Bartels ----------------------------------------------------------------- */

traffstat_status traffstat_cox_stuart(traffstat_ctx *ctx, const double *values, size_t n,
                                      traffstat_series_test *out)
{
    const traffstat_status status = check(ctx, values, n, 3, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const size_t third = (n + 2) / 3;
    double rising = 0.0;
    double falling = 0.0;
    for (size_t i = 0; i < third; i++) {
        const int sign = sign_of(values[n - third + i] - values[i]);
        rising += sign > 0 ? 1.0 : 0.0;
        falling += sign < 0 ? 1.0 : 0.0;
    }
    if (rising + falling == 0.0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA,
                                "the first third of the series equals the last");
    }
    const double m = (double) n;
    const double apart = fabs(fmax(rising, falling) - m / 6.0) - (n > 30 ? 0.0 : 0.5);
    const double z = apart / sqrt(m / 12.0);
    *out = (traffstat_series_test){z, fmin(1.0, 2.0 * traffstat_i_normal_tail(fabs(z))), 0};
    return TRAFFSTAT_OK;
}

/* Rank of values[i] from 1, the middle one among ties. */
static double rank_of(const double *values, size_t n, size_t i)
{
    double below = 0.0;
    double same = 0.0;
    for (size_t j = 0; j < n; j++) {
        below += values[j] < values[i] ? 1.0 : 0.0;
        same += values[j] == values[i] ? 1.0 : 0.0;
    }
    return below + 0.5 * (same + 1.0);
}

traffstat_status traffstat_bartels(traffstat_ctx *ctx, const double *values, size_t n,
                                   traffstat_series_test *out)
{
    const traffstat_status status = check(ctx, values, n, BARTELS_LEAST, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const double m = (double) n;
    double steps = 0.0;
    double spread = 0.0;
    double last = 0.0;
    for (size_t i = 0; i < n; i++) {
        const double rank = rank_of(values, n, i);
        steps += i > 0 ? (rank - last) * (rank - last) : 0.0;
        spread += (rank - 0.5 * (m + 1.0)) * (rank - 0.5 * (m + 1.0));
        last = rank;
    }
    if (spread == 0.0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "all values are equal");
    }
    const double ratio = steps / spread;
    double p = traffstat_i_normal_tail((2.0 - ratio) / sqrt(20.0 / (5.0 * m + 7.0)));
    if (n < BARTELS_NORMAL) { /* ratio / 4 is Beta(a, a) */
        const double a = 5.0 * m * (m + 1.0) * (m - 1.0) * (m - 1.0) /
                             (2.0 * (m - 2.0) * (5.0 * m * m - 2.0 * m - 9.0)) -
                         0.5;
        traffstat_i_tails tails;
        const double share = fmin(1.0, 0.25 * ratio);
        if (!traffstat_i_beta_tails(a, a, share, 1.0 - share, &tails)) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "the beta law did not converge");
        }
        p = tails.lower;
    }
    *out = (traffstat_series_test){ratio, p, 0};
    return TRAFFSTAT_OK;
}
