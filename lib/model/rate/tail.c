#include "model/rate/tail.h"

#include <float.h>
#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_math.h>
#include <gsl/gsl_sf_gamma.h>

#define STEPS_MAX 4000000 /* a series near its mode needs about 8 sqrt(shape) terms */
#define UNIFORM_FROM 1e10 /* from here the uniform expansion's error, 1/shape, is below 1e-10 */
#define TINY 1e-300
#define LOGIT_MAX 700.0 /* 1/(1+e^700) is still a normal number */

/* ln Gamma(z+1) less its Stirling form: Loader (2000), Fast and accurate computation of binomial
 * probabilities, section 2. z > 0. */
static double stirling_error(double z)
{
    gsl_sf_result star;
    if (z > 15.0) { /* the next term is below 2e-16 */
        const double w = 1.0 / (z * z);
        return (1.0 / 12.0 -
                w * (1.0 / 360.0 - w * (1.0 / 1260.0 - w * (1.0 / 1680.0 - w / 1188.0)))) /
               z;
    }
    if (gsl_sf_gammastar_e(z, &star) != GSL_SUCCESS) {
        return NAN;
    }
    return log(star.val);
}

/* x ln(x/m) + m - x, without cancellation near x = m (Loader's deviance term): with
 * v = (x - m)/(x + m), ln(x/m) is 2 (v + v^3/3 + v^5/5 + ...). x >= 0, m > 0. */
static double deviance(double x, double m)
{
    if (x == 0.0) {
        return m;
    }
    if (x > 2.0 * m || x < 0.5 * m) {
        return x * log(x / m) + m - x;
    }
    const double v = (x - m) / (x + m);
    const double v2 = v * v;
    double power = 2.0 * x * v;
    double sum = (x - m) * v;
    for (double j = 3.0; j < 100.0; j += 2.0) { /* v2 <= 1/9: some 17 terms at most */
        power *= v2;
        const double before = sum;
        sum += power / j;
        if (sum == before) {
            break;
        }
    }
    return sum;
}

/* ln of m^x e^-m / Gamma(x+1), x >= 0, m > 0. */
static double log_poisson(double x, double m)
{
    if (x == 0.0) {
        return -m;
    }
    return -stirling_error(x) - deviance(x, m) - 0.5 * (M_LN2 + M_LNPI + log(x));
}

/* ln of Gamma(a+b+1)/(Gamma(a+1) Gamma(b+1)) x^a y^b, x + y = 1, all > 0. */
static double log_binomial(double a, double b, double x, double y)
{
    const double n = a + b;
    return stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) -
           deviance(b, n * y) + 0.5 * (log(n) - log(a) - log(b) - M_LN2 - M_LNPI);
}

/* P by its power series: x^a e^-x / Gamma(a+1) (1 + x/(a+1) + ...). Good for x below a + 1. */
static bool gamma_series(double shape, double x, double *out)
{
    double term = 1.0;
    double sum = 1.0;
    for (int i = 1; i < STEPS_MAX; i++) {
        term *= x / (shape + i);
        sum += term;
        if (term < sum * 1e-17) {
            *out = exp(log_poisson(shape, x) + log(sum));
            return true;
        }
    }
    return false;
}

/* One step of the modified Lentz scheme (Thompson & Barnett 1986): the value is multiplied by the
 * returned factor. */
typedef struct lentz {
    double c;
    double d;
} lentz;

static double lentz_step(lentz *state, double numerator, double denominator)
{
    state->d = denominator + numerator * state->d;
    state->c = denominator + numerator / state->c;
    if (fabs(state->d) < TINY) {
        state->d = TINY;
    }
    if (fabs(state->c) < TINY) {
        state->c = TINY;
    }
    state->d = 1.0 / state->d;
    return state->c * state->d;
}

/* Q by Legendre's continued fraction (Abramowitz & Stegun 6.5.31, even part). Good for x above
 * a + 1. */
static bool gamma_fraction(double shape, double x, double *out)
{
    double value = x + 1.0 - shape;
    lentz state = {value, 0.0};
    for (int i = 1; i < STEPS_MAX; i++) {
        const double numerator = -(double) i * ((double) i - shape);
        const double factor = lentz_step(&state, numerator, x + 2.0 * i + 1.0 - shape);
        value *= factor;
        if (fabs(factor - 1.0) < 2e-16) {
            /* x^a e^-x / Gamma(a) = a times the term of log_poisson */
            *out = exp(log_poisson(shape, x) + log(shape) - log(value));
            return true;
        }
    }
    return false;
}

/* Two terms of Temme's uniform expansion (1979, SIAM J. Math. Anal. 10:757-766). */
static void gamma_uniform(double shape, double x, traffstat_i_tails *out)
{
    const double half_eta2 = deviance(shape, x) / shape;
    const double lambda = x / shape;
    const double eta = copysign(sqrt(2.0 * half_eta2), lambda - 1.0);
    const double rest = fabs(eta) < 1e-6 ? -1.0 / 3.0 : 1.0 / (lambda - 1.0) - 1.0 / eta;
    const double more = rest * exp(-shape * half_eta2) / sqrt(2.0 * M_PI * shape);
    out->upper = 0.5 * erfc(eta * sqrt(0.5 * shape)) + more;
    out->lower = 0.5 * erfc(-eta * sqrt(0.5 * shape)) - more;
}

double traffstat_i_log_poisson(double x, double m)
{
    return log_poisson(x, m);
}

double traffstat_i_log_binomial(double a, double b, double x, double y)
{
    if (a == 0.0 || b == 0.0) {
        const double n = a + b;
        const double small = a == 0.0 ? x : y; /* its complement is what is raised to n */
        const double rest = a == 0.0 ? y : x;
        return n == 0.0 ? 0.0 : n * (small < 0.5 ? log1p(-small) : log(rest));
    }
    return log_binomial(a, b, x, y);
}

double traffstat_i_normal_tail(double z)
{
    return 0.5 * erfc(z * M_SQRT1_2);
}

double traffstat_i_normal_quantile(double tail)
{
    return gsl_cdf_ugaussian_Qinv(tail);
}

bool traffstat_i_gamma_tails(double shape, double x, traffstat_i_tails *out)
{
    if (!(shape > 0.0 && x >= 0.0)) {
        return false;
    }
    if (x == 0.0) {
        *out = (traffstat_i_tails){0.0, 1.0};
        return true;
    }
    if (shape >= UNIFORM_FROM) {
        gamma_uniform(shape, x, out);
        return true;
    }
    if (x < shape + 1.0) {
        if (!gamma_series(shape, x, &out->lower)) {
            return false;
        }
        out->upper = 1.0 - out->lower;
        return true;
    }
    if (!gamma_fraction(shape, x, &out->upper)) {
        return false;
    }
    out->lower = 1.0 - out->upper;
    return true;
}

/* I_x for x below a/(a+b): the continued fraction of DiDonato & Morris (1992, ACM TOMS 18:360-373,
 * eq. 9), whose terms are positive where the plainer one of DLMF 8.17.22 cancels (b large, x near
 * 1). */
static bool beta_fraction(double a, double b, double x, double y, double *out)
{
    const double lambda = a * y - b * x;
    double value = a / (a + 1.0) * (lambda + 1.0);
    lentz state = {value, 0.0};
    for (int i = 1; i < STEPS_MAX; i++) {
        const double n = i;
        const double odd = a + 2.0 * n - 1.0;
        const double numerator =
            (a + n - 1.0) / odd * ((a + b + n - 1.0) / odd) * n * (b - n) * x * x;
        const double denominator = n + n * (b - n) * x / odd +
                                   (a + n) / (a + 2.0 * n + 1.0) * (lambda + 1.0 + n * (1.0 + y));
        const double factor = lentz_step(&state, numerator, denominator);
        value *= factor;
        if (fabs(factor - 1.0) < 3e-16) {
            /* x^a y^b / B(a, b) = ab/(a+b) times the term of log_binomial */
            *out = exp(log_binomial(a, b, x, y) + log(a) + log(b / (a + b)) - log(value));
            return true;
        }
    }
    return false;
}

/* The leading terms of Temme's uniform expansion of the incomplete beta for large a and b (DLMF
 * 8.18.9). */
static void beta_uniform(double a, double b, double x, double y, traffstat_i_tails *out)
{
    const double n = a + b;
    const double mean = a / n;
    const double shift = mean < 0.5 ? x - mean : b / n - y;
    const double half_eta2 = (deviance(a, n * x) + deviance(b, n * y)) / n;
    const double eta = copysign(sqrt(2.0 * half_eta2), shift);
    const double spread = sqrt(mean * (b / n));
    const double rest = fabs(shift) < 1e-6 * spread ? 0.0 : 1.0 / eta - spread / shift;
    const double limit = fabs(shift) < 1e-6 * spread ? (1.0 - 2.0 * mean) / (3.0 * spread) : rest;
    const double more = limit * exp(-n * half_eta2) / sqrt(2.0 * M_PI * n);
    out->lower = 0.5 * erfc(-eta * sqrt(0.5 * n)) + more;
    out->upper = 0.5 * erfc(eta * sqrt(0.5 * n)) - more;
}

bool traffstat_i_beta_tails(double a, double b, double x, double y, traffstat_i_tails *out)
{
    if (!(a > 0.0 && b > 0.0 && x >= 0.0 && y >= 0.0)) {
        return false;
    }
    if (x == 0.0 || y == 0.0) {
        *out = (traffstat_i_tails){x == 0.0 ? 0.0 : 1.0, x == 0.0 ? 1.0 : 0.0};
        return true;
    }
    if (a >= UNIFORM_FROM && b >= UNIFORM_FROM) {
        beta_uniform(a, b, x, y, out);
        return true;
    }
    const bool below = a * y >= b * x;
    const bool good =
        below ? beta_fraction(a, b, x, y, &out->lower) : beta_fraction(b, a, y, x, &out->upper);
    if (!good) {
        return false;
    }
    if (below) {
        out->upper = 1.0 - out->lower;
    } else {
        out->lower = 1.0 - out->upper;
    }
    return true;
}

/* Chandrupatla (1997), Adv. Eng. Software 28:145-149: inverse quadratic steps where the three
 * points allow it, halving elsewhere. */
static double next_step(const double x[3], const double f[3])
{
    const double xi = (x[0] - x[1]) / (x[2] - x[1]);
    const double phi = (f[0] - f[1]) / (f[2] - f[1]);
    if (!(phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi)) {
        return 0.5;
    }
    return f[0] / (f[1] - f[0]) * f[2] / (f[1] - f[2]) +
           (x[2] - x[0]) / (x[1] - x[0]) * f[0] / (f[2] - f[0]) * f[1] / (f[2] - f[1]);
}

double traffstat_i_root(traffstat_i_curve_fn curve, void *user, double low, double high)
{
    double x[3] = {high, low, low}; /* newest, its opposite end, the one before */
    double f[3] = {curve(high, user), curve(low, user), 0.0};
    if (f[0] == 0.0 || f[1] == 0.0) {
        return f[0] == 0.0 ? high : low;
    }
    if (!((f[0] < 0.0 && f[1] > 0.0) || (f[0] > 0.0 && f[1] < 0.0))) {
        return NAN;
    }
    double step = 0.5;
    for (int i = 0; i < 300; i++) {
        const double trial = x[0] + step * (x[1] - x[0]);
        const double value = curve(trial, user);
        if (isnan(value)) {
            return NAN;
        }
        const bool same = (value > 0.0) == (f[0] > 0.0);
        x[2] = same ? x[0] : x[1];
        f[2] = same ? f[0] : f[1];
        if (!same) {
            x[1] = x[0];
            f[1] = f[0];
        }
        x[0] = trial;
        f[0] = value;
        const double best = fabs(f[0]) < fabs(f[1]) ? x[0] : x[1];
        const double least = 2.0 * DBL_EPSILON * fabs(best) + DBL_MIN;
        const double share = least / fabs(x[1] - x[0]);
        if (share > 0.5 || value == 0.0) {
            return best;
        }
        step = fmin(1.0 - share, fmax(share, next_step(x, f)));
    }
    return fabs(f[0]) < fabs(f[1]) ? x[0] : x[1];
}

/* ln(tail / wanted tail) at a point, its slope there, and its second derivative over the first. */
typedef struct tail_point {
    double miss;
    double slope;
    double turn;
} tail_point;

typedef bool (*tail_fn)(double t, const void *target, tail_point *out);

/* Halley's steps from a good guess: each triples the digits, so that the step after one of 1e-5 of the
 * law's spread is below rounding. NaN where they do not settle: a bracketed search then does it. */
static double halley(tail_fn tail, const void *target, double t, double spread)
{
    for (int i = 0; i < 12; i++) {
        tail_point at;
        if (!tail(t, target, &at) || !(fabs(at.slope) > 0.0)) {
            return NAN;
        }
        const double newton = at.miss / at.slope;
        const double step = -newton / (1.0 - 0.5 * newton * at.turn);
        if (!(fabs(step) < 4.0 * spread + 1.0)) {
            return NAN;
        }
        t += step;
        if (fabs(step) < 1e-5 * fmin(spread, 1.0)) {
            return t;
        }
    }
    return NAN;
}

typedef struct gamma_target {
    double shape;
    double tail; /* wanted probability */
    bool lower;  /* of the lower tail P, else of the upper tail Q */
} gamma_target;

/* ln(tail / wanted) at mean shape * e^t. */
static double gamma_miss(double t, void *user)
{
    const gamma_target *target = user;
    traffstat_i_tails tails;
    if (!traffstat_i_gamma_tails(target->shape, target->shape * exp(t), &tails)) {
        return NAN;
    }
    return log(fmax(target->lower ? tails.lower : tails.upper, 1e-307)) - log(target->tail);
}

static bool gamma_point(double t, const void *user, tail_point *out)
{
    const gamma_target *target = user;
    const double x = target->shape * exp(t);
    traffstat_i_tails tails;
    if (!(x > 0.0) || !traffstat_i_gamma_tails(target->shape, x, &tails)) {
        return false;
    }
    const double tail = target->lower ? tails.lower : tails.upper;
    if (!(tail > 1e-300)) {
        return false;
    }
    const double slope = target->shape * exp(log_poisson(target->shape, x)) / tail;
    out->miss = log(tail) - log(target->tail);
    out->slope = target->lower ? slope : -slope;
    out->turn = target->shape - x - out->slope;
    return true;
}

/* Wilson & Hilferty's cube; near 0, where it fails, the leading term x^shape / Gamma(shape + 1). */
static double gamma_guess(const gamma_target *target)
{
    const double z = gsl_cdf_ugaussian_Qinv(target->tail);
    const double sd = 1.0 / (3.0 * sqrt(target->shape));
    const double root = 1.0 - sd * sd + (target->lower ? -z : z) * sd;
    const double below = target->lower ? log(target->tail) : log1p(-target->tail);
    if (root > 0.3) {
        return 3.0 * log(root);
    }
    return (below - log_poisson(target->shape, target->shape)) / target->shape - 1.0;
}

double traffstat_i_gamma_quantile(double shape, double tail, bool lower)
{
    gamma_target target = {shape, tail, lower};
    const double sd = 1.0 / sqrt(shape);
    const double quick = halley(gamma_point, &target, gamma_guess(&target), sd);
    if (!isnan(quick)) {
        return shape * exp(quick);
    }
    /* Wilson & Hilferty's spread, twice over, brackets the root; small shapes need more room
     * below */
    const double z = sqrt(-2.0 * log(tail)) + 2.0;
    const double below = -2.0 * z * sd - 2.0 * (1.0 - log(tail)) / shape;
    const double above = log1p(2.0 * z * sd + 2.0 * z * z / shape);
    return shape * exp(traffstat_i_root(gamma_miss, &target, below, above));
}

typedef struct beta_target {
    double a;
    double b;
    double q;
} beta_target;

/* ln of (tail / wanted tail) against z, where x = 1/(1 + e^-z): the smaller tail of the two, so
 * that neither end of (0, 1) loses digits. */
static double beta_miss(double z, void *user)
{
    const beta_target *target = user;
    const double x = 1.0 / (1.0 + exp(-z));
    const double y = 1.0 / (1.0 + exp(z));
    traffstat_i_tails tails;
    if (!traffstat_i_beta_tails(target->a, target->b, x, y, &tails)) {
        return NAN;
    }
    if (target->q <= 0.5) {
        return log(fmax(tails.lower, DBL_MIN)) - log(target->q);
    }
    return log1p(-target->q) - log(fmax(tails.upper, DBL_MIN));
}

static bool beta_point(double z, const void *user, tail_point *out)
{
    const beta_target *target = user;
    const double x = 1.0 / (1.0 + exp(-z));
    const double y = 1.0 / (1.0 + exp(z));
    const bool lower = target->q <= 0.5;
    traffstat_i_tails tails;
    if (!(x > 0.0 && y > 0.0) || !traffstat_i_beta_tails(target->a, target->b, x, y, &tails)) {
        return false;
    }
    const double tail = lower ? tails.lower : tails.upper;
    if (!(tail > 1e-300)) {
        return false;
    }
    const double both = target->a * (target->b / (target->a + target->b));
    const double slope = both * exp(log_binomial(target->a, target->b, x, y)) / tail;
    out->miss = log(tail) - (lower ? log(target->q) : log1p(-target->q));
    out->slope = lower ? slope : -slope;
    out->turn = target->a * y - target->b * x - out->slope;
    return true;
}

/* From `middle` outward by doubling steps until the root is passed; NaN when it lies past the
 * numbers. */
static double walk(beta_target *target, double middle, double direction)
{
    for (double reach = 2.0; reach < 3000.0; reach *= 2.0) {
        const double z = fmin(fmax(middle + direction * reach, -LOGIT_MAX), LOGIT_MAX);
        const double miss = beta_miss(z, target);
        if (isnan(miss) || miss * direction >= 0.0) {
            return z;
        }
    }
    return NAN;
}

double traffstat_i_beta_logit_quantile(double a, double b, double q)
{
    if (!(a > 0.0 && b > 0.0 && q > 0.0 && q < 1.0)) {
        return NAN;
    }
    beta_target target = {a, b, q};
    const double middle = log(a) - log(b);
    const double spread = sqrt(1.0 / a + 1.0 / b);
    const double guess = middle - spread * gsl_cdf_ugaussian_Qinv(q);
    const double quick = halley(beta_point, &target, guess, spread);
    if (!isnan(quick) && fabs(quick) < LOGIT_MAX) {
        return quick;
    }
    const double low = walk(&target, middle, -1.0);
    const double high = walk(&target, middle, 1.0);
    if (isnan(low) || isnan(high)) {
        return isnan(low) ? -INFINITY : INFINITY;
    }
    return traffstat_i_root(beta_miss, &target, low, high);
}

double traffstat_i_beta_quantile(double a, double b, double q)
{
    return 1.0 / (1.0 + exp(-traffstat_i_beta_logit_quantile(a, b, q)));
}
