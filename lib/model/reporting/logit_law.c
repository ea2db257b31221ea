#include "model/reporting/logit_law.h"

#include <math.h>

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_psi.h>

#include "model/rate/tail.h"

#define REACH 42.0       /* ln: a weight below e^-42 of the peak is left out */
#define SHIFT_REACH 8.5  /* sd of a normal shift: below 1e-17 outside */
#define SHIFT_NODES 2001 /* at most */
#define GRID_LEAST 160
#define GRID_MOST 65536

static double log_logistic(double z)
{
    return z < 0.0 ? z - log1p(exp(z)) : -log1p(exp(-z));
}

static double logistic(double z)
{
    return 1.0 / (1.0 + exp(-z));
}

static double logit(double p)
{
    return log(p) - log1p(-p);
}

/* ---- moments of z ----------------------------------------------------------------------------- */

static double psi(double x)
{
    gsl_sf_result out;
    return gsl_sf_psi_e(x, &out) == GSL_SUCCESS ? out.val : NAN;
}

/* Trigamma: the recurrence to 20, then the asymptotic series, good to 1e-16 from there. */
static double psi1(double x)
{
    double sum = 0.0;
    while (x < 20.0) {
        sum += 1.0 / (x * x);
        x += 1.0;
    }
    const double y = 1.0 / (x * x);
    return sum + 1.0 / x + 0.5 * y +
           y / x * (1.0 / 6.0 - y * (1.0 / 30.0 - y * (1.0 / 42.0 - y / 30.0)));
}

void traffstat_i_logit_moments(const traffstat_i_logit_law *law, double *mean, double *sd)
{
    if (law->form != TRAFFSTAT_I_FORM_BETA) {
        *mean = law->center;
        *sd = law->form == TRAFFSTAT_I_FORM_KNOWN ? 0.0 : law->spread;
        return;
    }
    *mean = psi(law->a) - psi(law->b);
    *sd = sqrt(psi1(law->a) + psi1(law->b) + law->shift * law->shift);
}

bool traffstat_i_scale_share(traffstat_i_logit_law *law, double factor)
{
    const bool beta = law->form == TRAFFSTAT_I_FORM_BETA;
    const double size = law->a + law->b;
    const double share = factor * (beta ? law->a / size : logistic(law->center));
    if (share > 0.95) {
        return false;
    }
    if (beta) {
        law->a = share * size;
        law->b = (1.0 - share) * size;
    } else {
        law->center = logit(share);
    }
    return true;
}

double traffstat_i_odds_against(const traffstat_i_logit_law *law)
{
    const double lift = exp(0.5 * law->shift * law->shift);
    switch (law->form) {
    case TRAFFSTAT_I_FORM_LOGIT_NORMAL:
        return exp(0.5 * law->spread * law->spread - law->center);
    case TRAFFSTAT_I_FORM_KNOWN:
        return exp(-law->center);
    default:
        return law->a > 1.0 ? law->b / (law->a - 1.0) * lift : NAN;
    }
}

/* ---- shifts ----------------------------------------------------------------------------------- */

/* Nodes of the normal shift of a Beta law: a trapezoid, fine against both laws. */
typedef struct nodes {
    double step;
    int half; /* nodes on each side of 0 */
} nodes;

static nodes shift_nodes(const traffstat_i_logit_law *law)
{
    const double width = sqrt(psi1(law->a) + psi1(law->b));
    double step = 0.25 * fmin(law->shift, width);
    int half = (int) ceil(fmin(SHIFT_REACH * law->shift / step, 0.5 * (SHIFT_NODES - 1)));
    step = SHIFT_REACH * law->shift / half;
    return (nodes){step, half};
}

static double node_weight(const traffstat_i_logit_law *law, nodes n, int i)
{
    const double t = i * n.step / law->shift;
    return exp(-0.5 * t * t) * n.step / law->shift * 0.39894228040143267794;
}

/* ---- density and cdf -------------------------------------------------------------------------- */

static double beta_log_density(double a, double b, double z)
{
    return a * log_logistic(z) + b * log_logistic(-z);
}

static double shifted_log_density(const traffstat_i_logit_law *law, double z)
{
    const nodes n = shift_nodes(law);
    const double at_mode = beta_log_density(law->a, law->b, log(law->a / law->b));
    double top = -INFINITY;
    for (int i = -n.half; i <= n.half; i++) {
        top = fmax(top, beta_log_density(law->a, law->b, z - i * n.step) - at_mode -
                            0.5 * pow(i * n.step / law->shift, 2.0));
    }
    double sum = 0.0;
    for (int i = -n.half; i <= n.half; i++) {
        const double t = i * n.step / law->shift;
        sum += exp(beta_log_density(law->a, law->b, z - i * n.step) - at_mode - 0.5 * t * t - top);
    }
    return top + log(sum);
}

double traffstat_i_logit_log_density(const traffstat_i_logit_law *law, double z)
{
    if (law->form == TRAFFSTAT_I_FORM_LOGIT_NORMAL) {
        const double t = (z - law->center) / law->spread;
        return -0.5 * t * t;
    }
    if (law->form == TRAFFSTAT_I_FORM_KNOWN) {
        return z == law->center ? 0.0 : -INFINITY;
    }
    return law->shift > 0.0 ? shifted_log_density(law, z) : beta_log_density(law->a, law->b, z);
}

static double beta_cdf(double a, double b, double z)
{
    traffstat_i_tails tails;
    return traffstat_i_beta_tails(a, b, logistic(z), logistic(-z), &tails) ? tails.lower : NAN;
}

static double cdf_at(const traffstat_i_logit_law *law, double z)
{
    if (law->form == TRAFFSTAT_I_FORM_LOGIT_NORMAL) {
        return gsl_cdf_ugaussian_P((z - law->center) / law->spread);
    }
    if (law->form == TRAFFSTAT_I_FORM_KNOWN) {
        return z >= law->center ? 1.0 : 0.0;
    }
    if (!(law->shift > 0.0)) {
        return beta_cdf(law->a, law->b, z);
    }
    const nodes n = shift_nodes(law);
    double sum = 0.0;
    double weights = 0.0;
    for (int i = -n.half; i <= n.half; i++) {
        const double weight = node_weight(law, n, i);
        sum += weight * beta_cdf(law->a, law->b, z - i * n.step);
        weights += weight;
    }
    return sum / weights;
}

double traffstat_i_logit_cdf(const traffstat_i_logit_law *law, double share)
{
    return share <= 0.0 ? 0.0 : share >= 1.0 ? 1.0 : cdf_at(law, logit(share));
}

typedef struct target {
    const traffstat_i_logit_law *law;
    double q;
} target;

static double miss(double z, void *user)
{
    const target *t = user;
    return cdf_at(t->law, z) - t->q;
}

double traffstat_i_logit_quantile(const traffstat_i_logit_law *law, double q)
{
    if (!(q > 0.0 && q < 1.0)) {
        return NAN;
    }
    if (law->form == TRAFFSTAT_I_FORM_KNOWN) {
        return logistic(law->center);
    }
    if (law->form == TRAFFSTAT_I_FORM_LOGIT_NORMAL) {
        return logistic(law->center + law->spread * gsl_cdf_ugaussian_Pinv(q));
    }
    if (!(law->shift > 0.0)) {
        return traffstat_i_beta_quantile(law->a, law->b, q);
    }
    double mean = 0.0;
    double sd = 0.0;
    target t = {law, q};
    traffstat_i_logit_moments(law, &mean, &sd);
    /* a Beta tail is exponential in z: from 1e-17 on nothing is asked for */
    const double reach = 10.0 * sd + 40.0 / fmin(1.0, fmin(law->a, law->b));
    return logistic(traffstat_i_root(miss, &t, mean - reach, mean + reach));
}

/* ---- grids ------------------------------------------------------------------------------------ */

/* The weight in question, relative to its value at the start of the search. */
typedef struct weight {
    traffstat_i_log_weight_fn log_weight;
    const void *of;
} weight;

static double at(const weight *w, double z)
{
    return w->log_weight(w->of, z);
}

/* Peak by walking uphill from `z` in steps that halve. */
static double climb(const weight *w, double z, double step)
{
    double here = at(w, z);
    while (step > 1e-6) {
        const double up = at(w, z + step);
        const double down = at(w, z - step);
        if (up > here || down > here) {
            z += up > down ? step : -step;
            here = fmax(up, down);
        } else {
            step *= 0.5;
        }
    }
    return z;
}

/* How far from the peak the weight has fallen by REACH. */
static double edge(const weight *w, double peak, double direction, double width)
{
    const double top = at(w, peak);
    double far = width;
    while (at(w, peak + direction * far) > top - REACH && far < 1e9) {
        far *= 1.3;
    }
    return peak + direction * far;
}

static traffstat_status one_point(traffstat_ctx *ctx, traffstat_i_grid *grid, const weight *w,
                                  double z)
{
    grid->z = traffstat_i_alloc(ctx, 2, sizeof *grid->z);
    if (grid->z == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    grid->weight = grid->z + 1;
    grid->z[0] = z;
    grid->weight[0] = 1.0;
    grid->count = 1;
    grid->log_mass = at(w, z);
    return TRAFFSTAT_OK;
}

static traffstat_status fill(traffstat_ctx *ctx, traffstat_i_grid *grid, const weight *w,
                             double low, double high)
{
    grid->z = traffstat_i_alloc(ctx, 2 * grid->count, sizeof *grid->z);
    if (grid->z == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    grid->weight = grid->z + grid->count;
    const double step = (high - low) / (double) (grid->count - 1);
    double top = -INFINITY;
    for (size_t i = 0; i < grid->count; i++) {
        grid->z[i] = low + step * (double) i;
        grid->weight[i] = at(w, grid->z[i]);
        top = fmax(top, grid->weight[i]);
    }
    double sum = 0.0;
    for (size_t i = 0; i < grid->count; i++) {
        grid->weight[i] = exp(grid->weight[i] - top);
        sum += grid->weight[i];
    }
    for (size_t i = 0; i < grid->count; i++) {
        grid->weight[i] /= sum;
    }
    grid->log_mass = top + log(sum * step);
    return isfinite(grid->log_mass)
               ? TRAFFSTAT_OK
               : traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                  "the reporting rate could not be integrated");
}

traffstat_status traffstat_i_grid_init(traffstat_ctx *ctx, traffstat_i_grid *grid,
                                       traffstat_i_log_weight_fn log_weight, const void *of,
                                       const traffstat_i_logit_law *law, double longest)
{
    const weight w = {log_weight, of};
    double mean = 0.0;
    double width = 0.0;
    *grid = (traffstat_i_grid){0};
    traffstat_i_logit_moments(law, &mean, &width);
    if (law->form == TRAFFSTAT_I_FORM_KNOWN) {
        return one_point(ctx, grid, &w, law->center);
    }
    if (!isfinite(mean) || !isfinite(width)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                "the reporting prior could not be integrated");
    }
    const double peak = climb(&w, mean, width);
    const double low = edge(&w, peak, -1.0, width);
    const double high = edge(&w, peak, 1.0, width);
    const double count = ceil((high - low) / longest);
    grid->count = (size_t) fmax(GRID_LEAST, fmin(GRID_MOST, count)) + 1;
    return fill(ctx, grid, &w, low, high);
}

void traffstat_i_grid_clear(traffstat_ctx *ctx, traffstat_i_grid *grid)
{
    traffstat_i_free(ctx, grid->z);
    *grid = (traffstat_i_grid){0};
}

/* ---- moments of p ----------------------------------------------------------------------------- */

static double prior_weight(const void *of, double z)
{
    return traffstat_i_logit_log_density(of, z);
}

void traffstat_i_share_moments(const traffstat_i_logit_law *law, double *mean, double *sd)
{
    if (law->form == TRAFFSTAT_I_FORM_BETA && !(law->shift > 0.0)) {
        const double size = law->a + law->b;
        *mean = law->a / size;
        *sd = sqrt(law->a / size * (law->b / size) / (size + 1.0));
        return;
    }
    traffstat_i_grid grid;
    *mean = *sd = NAN;
    if (traffstat_i_grid_init(NULL, &grid, prior_weight, law, law, 0.25) != TRAFFSTAT_OK) {
        return;
    }
    double first = 0.0;
    double second = 0.0;
    for (size_t i = 0; i < grid.count; i++) {
        first += grid.weight[i] * logistic(grid.z[i]);
    }
    for (size_t i = 0; i < grid.count; i++) {
        const double away = logistic(grid.z[i]) - first;
        second += grid.weight[i] * away * away;
    }
    traffstat_i_grid_clear(NULL, &grid);
    *mean = first;
    *sd = sqrt(second);
}
