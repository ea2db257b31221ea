/* A Beta law from two quantiles. */
#include <math.h>

#include "model/rate/tail.h"
#include "model/reporting/prior.h"

#define SIZE_LEAST 1e-5 /* of a + b */
#define SIZE_MOST 2e9
#define MET 1e-9          /* how well both quantiles must be met */
#define CENTER_REACH 60.0 /* of the logit of the mean */

typedef struct target {
    double lower;
    double upper;
    double below; /* wanted below `lower` */
    double above; /* wanted above `upper` */
    double size;  /* a + b, held while the mean is sought */
    double a;
    double b;
} target;

static void set_shape(target *t, double center)
{
    t->a = t->size / (1.0 + exp(-center));
    t->b = t->size / (1.0 + exp(center));
}

/* ln of the lower tail over what is wanted; falls as the mean rises. */
static double lower_miss(double center, void *user)
{
    target *t = user;
    traffstat_i_tails tails;
    set_shape(t, center);
    if (!traffstat_i_beta_tails(t->a, t->b, t->lower, 1.0 - t->lower, &tails)) {
        return NAN;
    }
    return log(fmax(tails.lower, 1e-307)) - log(t->below);
}

/* With the lower quantile met at this size, ln of the upper tail over what is wanted; falls as the
 * law narrows. */
static double upper_miss(double log_size, void *user)
{
    target *t = user;
    traffstat_i_tails tails;
    t->size = exp(log_size);
    const double center = traffstat_i_root(lower_miss, t, -CENTER_REACH, CENTER_REACH);
    if (isnan(center)) {
        return NAN;
    }
    set_shape(t, center);
    if (!traffstat_i_beta_tails(t->a, t->b, t->upper, 1.0 - t->upper, &tails)) {
        return NAN;
    }
    return log(fmax(tails.upper, 1e-307)) - log(t->above);
}

static bool is_met(const target *t)
{
    traffstat_i_tails low;
    traffstat_i_tails high;
    return traffstat_i_beta_tails(t->a, t->b, t->lower, 1.0 - t->lower, &low) &&
           traffstat_i_beta_tails(t->a, t->b, t->upper, 1.0 - t->upper, &high) &&
           fabs(low.lower - t->below) <= MET && fabs(high.upper - t->above) <= MET;
}

static traffstat_status fail_range(traffstat_ctx *ctx, traffstat_status status, const char *what,
                                   double lower, double upper)
{
    char low[TRAFFSTAT_I_DOUBLE_SIZE];
    char high[TRAFFSTAT_I_DOUBLE_SIZE];
    traffstat_i_format_double(low, lower);
    traffstat_i_format_double(high, upper);
    return traffstat_i_fail(ctx, status, "%s: %s..%s", what, low, high);
}

traffstat_status traffstat_i_fit_tails(traffstat_ctx *ctx, double lower, double below, double upper,
                                       double above, double *a, double *b)
{
    if (!(lower > 0.0 && lower < upper && upper < 1.0)) {
        return fail_range(ctx, TRAFFSTAT_E_ARGUMENT,
                          "a reporting range must rise and lie strictly between 0 and 1 (0 and "
                          "100 %)",
                          lower, upper);
    }
    target t = {.lower = lower, .upper = upper, .below = below, .above = above};
    const double log_size = traffstat_i_root(upper_miss, &t, log(SIZE_LEAST), log(SIZE_MOST));
    /* the last curve value that was asked for need not be the root's */
    if (isnan(log_size) || isnan(upper_miss(log_size, &t)) || !is_met(&t) || t.a > 1e9 ||
        t.b > 1e9) {
        return fail_range(ctx, TRAFFSTAT_E_NUMERIC, "no Beta law has this range", lower, upper);
    }
    *a = t.a;
    *b = t.b;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_fit_beta(traffstat_ctx *ctx, double lower, double upper, double level,
                                      double *a, double *b)
{
    if (lower > 0.0 && lower < upper && upper < 1.0 && !(level > 0.0 && level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the level of a range must lie strictly between 0 and 1");
    }
    const double tail = 0.5 * (1.0 - level);
    return traffstat_i_fit_tails(ctx, lower, tail, upper, tail, a, b);
}
