/* Exact tests of one Poisson count, or of two given their sum, and the intervals that invert them.
 *
 * Both laws have chances h(i) e^(i t) up to a factor, where t is the log mean (Poisson) or the log
 * odds (binomial). Seen from the count x, a test adds to the tail on x's side ("near") a tail on
 * the other ("far"), which reaches as far in as the method lets it. Moving t away from x, the far
 * tail loses one value after the other, each at a t that has a closed form (minimum likelihood) or is
 * one root (Blaker). Between two such points p is 1 less the chance of an interval of values, which
 * rises and then falls, so p is largest at one of its two ends: a limit is either a jump or the one
 * crossing behind the last jump at which p is above alpha. No grid is needed, and the hull of a
 * broken acceptance set comes out by itself. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "model/rate/tail.h"

#include <traffstat/rate.h>

#define NEAR_TIE 1e-7            /* chances this close count as equal, as in R's tests */
#define LOOK_AHEAD 64            /* jumps tried behind the one that halving found */
#define T_MAX 690.0              /* e^690 is still a number */
#define WHOLE 4503599627370496.0 /* 2^52: counts whose neighbours are numbers of their own */

typedef struct lattice {
    double x;
    double n; /* INFINITY: Poisson */
    int32_t method;
    double alpha;
    double direction; /* 1: t above x's own, the far tail lies above; -1: below */
} lattice;

/* ---- chances --------------------------------------------------------------------------------- */

static double odds_part(double t)
{
    return 1.0 / (1.0 + exp(-t));
}

static double log_chance(const lattice *law, double k, double t)
{
    if (isinf(law->n)) {
        return traffstat_i_log_poisson(k, exp(t));
    }
    return traffstat_i_log_binomial(k, law->n - k, odds_part(t), odds_part(-t));
}

/* P(X <= k) and P(X >= k); NaN when there is no convergence. */
static traffstat_i_tails tails_at(const lattice *law, double k, double t)
{
    traffstat_i_tails most = {0.0, 1.0}; /* of X > k: upper is P(X <= k) */
    traffstat_i_tails least = {1.0, 0.0};
    bool good = true;
    if (k < 0.0 || k > law->n) {
        return (traffstat_i_tails){k < 0.0 ? 0.0 : 1.0, k < 0.0 ? 1.0 : 0.0};
    }
    if (isinf(law->n)) {
        good = traffstat_i_gamma_tails(k + 1.0, exp(t), &most);
        good = good && (k == 0.0 || traffstat_i_gamma_tails(k, exp(t), &least));
    } else {
        const double up = odds_part(t);
        const double down = odds_part(-t);
        good = k == law->n || traffstat_i_beta_tails(k + 1.0, law->n - k, up, down, &most);
        good = good && (k == 0.0 || traffstat_i_beta_tails(k, law->n - k + 1.0, up, down, &least));
    }
    return good ? (traffstat_i_tails){most.upper, least.lower} : (traffstat_i_tails){NAN, NAN};
}

static double near_tail(const lattice *law, double t)
{
    const traffstat_i_tails tails = tails_at(law, law->x, t);
    return law->direction > 0.0 ? tails.lower : tails.upper;
}

static double far_tail(const lattice *law, double k, double t)
{
    const traffstat_i_tails tails = tails_at(law, k, t);
    return law->direction > 0.0 ? tails.upper : tails.lower;
}

/* Log mean, or log odds, at which the mean is k; kept off the ends. */
static double own(const lattice *law, double k)
{
    const double inside = fmin(fmax(k, 0.1), law->n - 0.1);
    return isinf(law->n) ? log(fmax(k, 0.1)) : log(inside) - log(law->n - inside);
}

/* ---- p --------------------------------------------------------------------------------------- */

/* The value next to `from` in steps of `step`, at most `room` of them, from which on chances are at
 * most `top`: they fall along the way. room + 1 steps where none is. */
static double first_unlikely(const lattice *law, double t, double from, double step, double room,
                             double top)
{
    if (log_chance(law, from, t) <= top) {
        return from;
    }
    double high = 0.0; /* steps at which the chance is still too high */
    double low = 1.0;
    while (low <= room && log_chance(law, from + step * low, t) > top) {
        high = low;
        low *= 2.0;
    }
    low = fmin(low, room + 1.0);
    while (low - high > 1.0) {
        const double middle = floor(0.5 * (low + high));
        if (log_chance(law, from + step * middle, t) > top) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return from + step * low;
}

static double mode_of(const lattice *law, double t)
{
    const double mode =
        isinf(law->n) ? floor(exp(t)) : fmin(law->n, floor((law->n + 1.0) * odds_part(t)));
    return fmin(mode, WHOLE);
}

/* Sum of all chances not above x's own. */
static double p_likelihood(const lattice *law, double t)
{
    const double top = log_chance(law, law->x, t) + NEAR_TIE;
    const double mode = mode_of(law, t);
    if (log_chance(law, mode, t) <= top) {
        return 1.0;
    }
    const double below = first_unlikely(law, t, mode, -1.0, mode, top);
    const double above = first_unlikely(law, t, mode, 1.0, law->n - mode, top);
    return tails_at(law, below, t).lower + tails_at(law, above, t).upper;
}

/* Does the far tail from k on belong to the tail on x's side, at Blaker's rule? */
static bool blaker_takes(const lattice *law, double k, double t, double near)
{
    return far_tail(law, k, t) <= near * (1.0 + NEAR_TIE);
}

static double p_blaker(const lattice *law, double t)
{
    const traffstat_i_tails tails = tails_at(law, law->x, t);
    lattice side = *law;
    side.direction = tails.lower <= tails.upper ? 1.0 : -1.0;
    const double near = fmin(tails.lower, tails.upper);
    const double room = side.direction > 0.0 ? law->n - law->x : law->x;
    double out = 0.0;
    double in = 1.0;
    while (in <= room && !blaker_takes(&side, law->x + side.direction * in, t, near)) {
        out = in;
        in *= 2.0;
    }
    in = fmin(in, room + 1.0);
    while (in - out > 1.0) {
        const double middle = floor(0.5 * (in + out));
        if (blaker_takes(&side, law->x + side.direction * middle, t, near)) {
            in = middle;
        } else {
            out = middle;
        }
    }
    return fmin(1.0, near + (in > room ? 0.0 : far_tail(&side, law->x + side.direction * in, t)));
}

static double p_value(const lattice *law, double t, int32_t alternative, bool midp)
{
    const double half = midp ? 0.5 * exp(log_chance(law, law->x, t)) : 0.0;
    const traffstat_i_tails tails = tails_at(law, law->x, t);
    if (alternative != TRAFFSTAT_TWO_SIDED) {
        return (alternative == TRAFFSTAT_LESS ? tails.lower : tails.upper) - half;
    }
    if (law->method == TRAFFSTAT_EXACT_MINLIKE) {
        return fmin(1.0, p_likelihood(law, t)) - half;
    }
    if (law->method == TRAFFSTAT_EXACT_BLAKER) {
        return p_blaker(law, t);
    }
    const double less = tails.lower < tails.upper ? tails.lower : tails.upper;
    return fmin(1.0, 2.0 * (less - half));
}

/* ---- limits by one tail ---------------------------------------------------------------------- */

typedef struct one_tail {
    const lattice *law;
    double far; /* the far value beside; NaN: none */
    double wanted;
    double share; /* of x's own chance that is left out: 0, or 1/2 for mid-p */
} one_tail;

static double one_tail_miss(double t, void *user)
{
    const one_tail *target = user;
    double tail = near_tail(target->law, t);
    if (target->share > 0.0) {
        tail -= target->share * exp(log_chance(target->law, target->law->x, t));
    }
    if (!isnan(target->far)) {
        tail += far_tail(target->law, target->far, t);
    }
    return isnan(tail) ? NAN : log(fmax(tail, 1e-307)) - log(target->wanted);
}

/* Outward from `from`, where the tail is too large, to where it is small enough, and the root
 * between. Infinite past the numbers. */
static double walk_out(one_tail *target, double from)
{
    const double direction = target->law->direction;
    double inner = from;
    for (double reach = 0.125; reach < 4.0 * T_MAX; reach *= 2.0) {
        const double outer = from + direction * reach;
        if (fabs(outer) > T_MAX) {
            break;
        }
        const double miss = one_tail_miss(outer, target);
        if (isnan(miss)) {
            return NAN;
        }
        if (miss <= 0.0) {
            return traffstat_i_root(one_tail_miss, target, inner, outer);
        }
        inner = outer;
    }
    return direction * INFINITY;
}

/* One tail without mid-p is a gamma or beta law's quantile; NaN on failure. */
static double quantile_limit(const lattice *law, double tail)
{
    const double x = law->x;
    const bool up = law->direction > 0.0;
    if (isinf(law->n)) {
        return log(traffstat_i_gamma_quantile(up ? x + 1.0 : x, tail, !up));
    }
    return up ? -traffstat_i_beta_logit_quantile(law->n - x, x + 1.0, tail)
              : traffstat_i_beta_logit_quantile(x, law->n - x + 1.0, tail);
}

static double limit_by_tail(const lattice *law, double tail, bool midp)
{
    const double direct = midp ? (double) NAN : quantile_limit(law, tail);
    if (!isnan(direct)) {
        return direct;
    }
    one_tail target = {law, NAN, tail, midp ? 0.5 : 0.0};
    double from = own(law, law->x);
    /* at x's own mean a tail may already be below a wanted tail near 1 (a low level) */
    for (double back = 0.5; one_tail_miss(from, &target) < 0.0 && back < T_MAX; back *= 2.0) {
        from = own(law, law->x) - law->direction * back;
    }
    return walk_out(&target, from);
}

/* ---- limits by both tails -------------------------------------------------------------------- */

typedef struct blaker_target {
    const lattice *law;
    double far;
} blaker_target;

static double blaker_miss(double t, void *user)
{
    const blaker_target *target = user;
    const double far = far_tail(target->law, target->far, t);
    return log(fmax(far, 1e-307)) - log(fmax(near_tail(target->law, t), 1e-307));
}

/* Where the far tail, moving outward, loses the value k. */
static double jump(const lattice *law, double k)
{
    if (law->method == TRAFFSTAT_EXACT_BLAKER) {
        blaker_target target = {law, k};
        return traffstat_i_root(blaker_miss, &target, own(law, law->x), own(law, k));
    }
    const double t = own(law, 0.5 * (law->x + k));
    return t + (log_chance(law, law->x, t) - log_chance(law, k, t)) / (k - law->x);
}

/* Is p above alpha where the value at distance d is about to be lost? */
static bool holds(const lattice *law, double d)
{
    const double k = law->x + law->direction * d;
    const double t = jump(law, k);
    return near_tail(law, t) + far_tail(law, k, t) > law->alpha;
}

/* The last distance, of 1 to `room`, at which p is above alpha. It holds at 1, where p is 1. */
static double last_held(const lattice *law, double room)
{
    double yes = 1.0;
    double no = 2.0;
    while (no <= room && holds(law, no)) {
        yes = no;
        no *= 2.0;
    }
    no = fmin(no, room + 1.0);
    while (no - yes > 1.0) {
        const double middle = floor(0.5 * (yes + no));
        if (holds(law, middle)) {
            yes = middle;
        } else {
            no = middle;
        }
    }
    /* p at the jumps falls steadily in every case that was tried; that it must is not proved for
     * minimum likelihood */
    const double end = fmin(room, yes + LOOK_AHEAD);
    for (double d = yes + 1.0; law->method == TRAFFSTAT_EXACT_MINLIKE && d <= end; d += 1.0) {
        yes = holds(law, d) ? d : yes;
    }
    return yes;
}

static double limit_by_both(const lattice *law)
{
    const double room = law->direction > 0.0 ? law->n - law->x : law->x;
    const double d = last_held(law, room);
    const double t = jump(law, law->x + law->direction * d);
    const bool more = d + 1.0 <= room;
    one_tail target = {law, more ? law->x + law->direction * (d + 1.0) : NAN, law->alpha, 0.0};
    const double miss = one_tail_miss(t, &target);
    if (isnan(miss) || miss <= 0.0) {
        return isnan(miss) ? NAN : t;
    }
    return more ? traffstat_i_root(one_tail_miss, &target, t, jump(law, target.far))
                : walk_out(&target, t);
}

/* ---- both ends ------------------------------------------------------------------------------- */

/* The end of the interval of t in this direction; infinite where there is none. */
static double limit(const lattice *law, double direction, int32_t alternative, bool midp)
{
    lattice side = *law;
    side.direction = direction;
    const bool edge = direction > 0.0 ? law->x == law->n : law->x == 0.0;
    const int32_t open = direction > 0.0 ? TRAFFSTAT_GREATER : TRAFFSTAT_LESS;
    if (edge || alternative == open) {
        return direction * INFINITY;
    }
    if (alternative != TRAFFSTAT_TWO_SIDED) {
        return limit_by_tail(&side, law->alpha, midp);
    }
    if (law->method == TRAFFSTAT_EXACT_CENTRAL) {
        return limit_by_tail(&side, 0.5 * law->alpha, midp);
    }
    return midp ? NAN : limit_by_both(&side);
}

static traffstat_status solve(traffstat_ctx *ctx, const lattice *law,
                              const traffstat_exact_options *options, double shift,
                              traffstat_exact_result *out)
{
    const bool midp = options->midp != 0;
    const double t0 = log(options->null_value) + shift;
    const bool told = law->method != TRAFFSTAT_EXACT_CENTRAL && midp &&
                      options->alternative == TRAFFSTAT_TWO_SIDED;
    out->level = options->level;
    out->p = p_value(law, t0, options->alternative, midp);
    const double low = limit(law, -1.0, options->alternative, midp);
    const double high = limit(law, 1.0, options->alternative, midp);
    if (isnan(out->p) || (!told && (isnan(low) || isnan(high)))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "the exact test did not converge");
    }
    out->lower = told ? NAN : exp(low - shift);
    out->upper = told || isinf(high) ? NAN : exp(high - shift);
    return TRAFFSTAT_OK;
}

/* ---- entries --------------------------------------------------------------------------------- */

void traffstat_exact_options_init(traffstat_exact_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_exact_options defaults = {.struct_size = struct_size,
                                              .method = TRAFFSTAT_EXACT_CENTRAL,
                                              .alternative = TRAFFSTAT_TWO_SIDED,
                                              .level = 0.95,
                                              .null_value = 1.0};
    memset(options, 0, struct_size);
    memcpy(options, &defaults, struct_size < sizeof defaults ? struct_size : sizeof defaults);
}

static traffstat_status read_options(traffstat_ctx *ctx, const traffstat_exact_options *given,
                                     traffstat_exact_options *out)
{
    traffstat_exact_options_init(out, sizeof *out);
    const traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (out->method < 0 || out->method > TRAFFSTAT_EXACT_BLAKER || out->alternative < 0 ||
        out->alternative > TRAFFSTAT_GREATER) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "there is no exact test with method %d and alternative %d",
                                (int) out->method, (int) out->alternative);
    }
    if (!(out->level > 0.0 && out->level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    if (!(out->null_value > 1e-100 && out->null_value < 1e100)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the value to test against must be positive and finite");
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_count(traffstat_ctx *ctx, int64_t count, double exposure)
{
    if (count < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "a count of %" PRId64 " is negative",
                                count);
    }
    if ((double) count > WHOLE) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "a count of %" PRId64 " is over 2^52, and too large to be tested",
                                count);
    }
    if (!(exposure > 1e-100 && exposure < 1e100)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "exposure must be positive and finite");
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_poisson_exact(traffstat_ctx *ctx, int64_t count, double exposure,
                                         const traffstat_exact_options *options,
                                         traffstat_exact_result *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_exact_options opt;
    traffstat_status status = read_options(ctx, options, &opt);
    if (status == TRAFFSTAT_OK) {
        status = check_count(ctx, count, exposure);
    }
    if (status == TRAFFSTAT_OK && out == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const lattice law = {(double) count, INFINITY, opt.method, 1.0 - opt.level, 1.0};
    traffstat_exact_result found = {.estimate = (double) count / exposure};
    status = solve(ctx, &law, &opt, log(exposure), &found);
    if (status == TRAFFSTAT_OK) {
        *out = found;
    }
    return status;
}

traffstat_status traffstat_ratio_exact(traffstat_ctx *ctx, int64_t first_count,
                                       double first_exposure, int64_t second_count,
                                       double second_exposure,
                                       const traffstat_exact_options *options,
                                       traffstat_exact_result *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    traffstat_exact_options opt;
    traffstat_status status = read_options(ctx, options, &opt);
    if (status == TRAFFSTAT_OK) {
        status = check_count(ctx, first_count, first_exposure);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_count(ctx, second_count, second_exposure);
    }
    if (status == TRAFFSTAT_OK && out == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const double x = (double) second_count;
    const double first = (double) first_count;
    const lattice law = {x, first + x, opt.method, 1.0 - opt.level, 1.0};
    const double shift = log(second_exposure) - log(first_exposure);
    traffstat_exact_result found = {.estimate =
                                        first > 0.0 ? x / first * exp(-shift) : (double) NAN};
    status = solve(ctx, &law, &opt, shift, &found);
    if (status == TRAFFSTAT_OK) {
        *out = found;
    }
    return status;
}
