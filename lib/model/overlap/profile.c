/* Limits of N where the profile likelihood falls off. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/overlap/profile.h"

#define FAR 1e7 /* times the estimate of the unseen: not crossed until there is never crossed */
#define GOLDEN 0.381966011250105
#define SEARCH_STEPS 200
#define CLOSE 1e-10 /* of the unseen, relative */

typedef struct curve {
    traffstat_i_workshop *shop;
    const traffstat_i_counts *counts;
    traffstat_i_terms model;
    double *beta; /* where the next fit begins */
    bool failed;
} curve;

/* ln x! - x ln x + x, without the cancellation. */
static double log_factorial_rest(double x)
{
    if (x < 1e3) {
        return x > 0.0 ? lgamma(x + 1.0) - x * log(x) + x : 0.0;
    }
    const double r = 1.0 / x;
    return 0.5 * log(2.0 * 3.14159265358979324 * x) + r / 12.0 - r * r * r / 360.0;
}

/* The log-likelihood of N = n + unseen, at its best over the effects. */
static double height(curve *c, double unseen)
{
    traffstat_i_fit_job job = {.counts = c->counts,
                               .model = c->model,
                               .unseen = unseen,
                               .cutoff = -INFINITY,
                               .warm = true,
                               .beta = c->beta};
    traffstat_i_fit_job *const jobs[] = {&job};
    const double whole = c->counts->n + unseen;
    /* the history takes part with mean near `unseen`; that is where its effect should begin */
    c->beta[0] = log(unseen > 1e-6 ? unseen : 1e-6);
    traffstat_i_fit_many(&c->shop->fit, jobs, 1);
    c->failed |= job.state != TRAFFSTAT_I_FIT_DONE;
    const double own = unseen > 0.0 ? unseen * log(unseen) - unseen : 0.0;
    return job.ll - c->counts->saturated - own + log_factorial_rest(whole) -
           log_factorial_rest(unseen);
}

/* Top of the curve between the ends, by golden sections of ln unseen. */
static double top_of(curve *c, double low, double high)
{
    double a = log(low);
    double b = log(high);
    double x = a + GOLDEN * (b - a);
    double y = b - GOLDEN * (b - a);
    double fx = height(c, exp(x));
    double fy = height(c, exp(y));
    for (int i = 0; i < SEARCH_STEPS && b - a > 1e-7 && !c->failed; i++) {
        if (fx > fy) {
            b = y;
            y = x;
            fy = fx;
            x = a + GOLDEN * (b - a);
            fx = height(c, exp(x));
        } else {
            a = x;
            x = y;
            fx = fy;
            y = b - GOLDEN * (b - a);
            fy = height(c, exp(y));
        }
    }
    return exp(0.5 * (a + b));
}

/* Where the curve comes down to `level` between `inside`, above it, and `outside`, below: sections,
 * with a secant where it falls inside the bracket. */
static double crossing(curve *c, double inside, double outside, double level)
{
    double high = height(c, inside) - level;
    double low = height(c, outside) - level;
    for (int i = 0; i < SEARCH_STEPS && !c->failed; i++) {
        const double width = outside - inside;
        if (fabs(width) <= CLOSE * (fabs(inside) + 1e-3)) {
            break;
        }
        double share = high / (high - low);
        share = i % 3 == 2 || !(share > 0.01 && share < 0.99) ? 0.5 : share;
        const double at = inside + share * width;
        const double value = height(c, at) - level;
        if (value > 0.0) {
            inside = at;
            high = value;
        } else {
            outside = at;
            low = value;
        }
    }
    return 0.5 * (inside + outside);
}

static double upper_limit(curve *c, double top, double level)
{
    double inside = top;
    double outside = 2.0 * top;
    while (height(c, outside) > level && !c->failed) {
        inside = outside;
        outside *= 2.0;
        if (outside > FAR * (top + c->counts->n)) {
            return INFINITY;
        }
    }
    return crossing(c, inside, outside, level);
}

static double lower_limit(curve *c, double top, double level)
{
    double inside = top;
    double outside = 0.5 * top;
    while (height(c, outside) > level && !c->failed) {
        inside = outside;
        outside *= 0.5;
        if (outside < 1e-3) {
            return height(c, 0.0) > level ? 0.0 : crossing(c, inside, 0.0, level);
        }
    }
    return crossing(c, inside, outside, level);
}

traffstat_status traffstat_i_profile_limits(traffstat_i_workshop *shop,
                                            const traffstat_i_counts *counts,
                                            traffstat_i_terms model, double estimate, double level,
                                            traffstat_i_profile *out)
{
    const double unseen = fmax(estimate - counts->n, 1e-3);
    curve c = {.shop = shop, .counts = counts, .model = model, .beta = shop->beta};
    const double top = top_of(&c, 1e-3 * unseen, 2.0 * unseen + 1.0);
    const double cut = height(&c, top) - 0.5 * gsl_cdf_chisq_Pinv(level, 1.0);
    const double lower = lower_limit(&c, top, cut);
    const double upper = upper_limit(&c, top, cut);
    if (c.failed || isnan(lower) || isnan(upper)) {
        return TRAFFSTAT_E_NUMERIC;
    }
    *out = (traffstat_i_profile){counts->n + top, counts->n + lower, counts->n + upper};
    return TRAFFSTAT_OK;
}
