/* Mh and Mth with normal log-odds: person by person the log-odds of capture are shifted by a draw of
 * N(0, sigma^2) (Rivest 2011), integrated by Gauss-Hermite quadrature. */
#include <math.h>
#include <string.h>

#include "model/overlap/closed.h"
#include "model/overlap/methods.h"

#define STRIDE TRAFFSTAT_I_CLOSED_COLUMNS
#define NODES 20
#define HALF (NODES / 2)
#define STEPS_MAX 500
#define NO_SPREAD 0.02 /* a sigma that the search runs down to 0 from */

/* Positive nodes and weights of the 20-point Gauss-Hermite rule (weight exp(-x^2)): Abramowitz &
 * Stegun (1972), table 25.10; to more digits than there by Newton's method on the recurrence. */
typedef struct rule {
    double x[NODES];
    double w[NODES];
} rule;

/* Orthonormal Hermite functions h_20 and its derivative at x. */
static double hermite(double x, double *derivative)
{
    double before = 0.0;
    double at = pow(M_PI, -0.25);
    for (int j = 0; j < NODES; j++) {
        const double next = x * sqrt(2.0 / (j + 1.0)) * at - sqrt(j / (j + 1.0)) * before;
        before = at;
        at = next;
    }
    *derivative = sqrt(2.0 * NODES) * before;
    return at;
}

static void set_rule(rule *r)
{
    static const double near[HALF] = {0.25, 0.74, 1.23, 1.74, 2.25, 2.79, 3.35, 3.94, 4.60, 5.39};
    for (size_t i = 0; i < HALF; i++) {
        double x = near[i];
        double slope = 1.0;
        for (int step = 0; step < 20; step++) {
            x -= hermite(x, &slope) / slope;
        }
        (void) hermite(x, &slope);
        r->x[2 * i] = x;
        r->x[2 * i + 1] = -x;
        r->w[2 * i] = r->w[2 * i + 1] = 2.0 / (slope * slope);
    }
}

typedef struct mixture {
    traffstat_i_closed_data *data;
    const traffstat_i_closed_counts *counts;
    rule rule;
    size_t effects; /* columns after the first: lists, or 1 for all of them */
    size_t p;       /* of the first, the effects, sigma */
    double moment[TRAFFSTAT_LISTS_MAX + 1];        /* phi(k) */
    double slope[TRAFFSTAT_LISTS_MAX + 1][STRIDE]; /* its derivatives */
    double h[STRIDE * STRIDE];
    double scale[STRIDE];
    double gradient[STRIDE];
} mixture;

/* phi(k) = log of E[exp(k a) C(a)] over E[C(a)], C(a) the chance of no capture at shift a; and its
 * derivatives by the effects and sigma. */
static void set_moments(mixture *m, const double *b)
{
    const size_t t = m->counts->occasions;
    const double sigma = b[m->p - 1];
    double sum[TRAFFSTAT_LISTS_MAX + 1] = {0};
    memset(m->slope, 0, sizeof m->slope);
    for (size_t i = 0; i < NODES; i++) {
        const double shift = M_SQRT2 * m->rule.x[i];
        double log_none = 0.0;
        double chance[STRIDE] = {0};
        double expected = 0.0;
        for (size_t j = 0; j < t; j++) {
            const size_t effect = m->effects == 1 ? 0 : j;
            const double odds = b[1 + effect] + sigma * shift;
            const double p = 1.0 / (1.0 + exp(-odds));
            log_none += odds > 0.0 ? -odds - log1p(exp(-odds)) : -log1p(exp(odds));
            chance[effect] += p;
            expected += p;
        }
        for (size_t k = 0; k <= t; k++) {
            const double weight = m->rule.w[i] * exp((double) k * sigma * shift + log_none);
            sum[k] += weight;
            for (size_t j = 0; j < m->effects; j++) {
                m->slope[k][1 + j] -= weight * chance[j];
            }
            m->slope[k][m->p - 1] += weight * ((double) k - expected) * shift;
        }
    }
    for (size_t k = t + 1; k-- > 0;) {
        m->moment[k] = log(sum[k] / sum[0]);
        for (size_t j = 1; j < m->p; j++) {
            m->slope[k][j] = m->slope[k][j] / sum[k] - (k > 0 ? m->slope[0][j] / sum[0] : 0.0);
        }
    }
}

static size_t captures_of(const mixture *m, const double *x)
{
    double captures = 0.0;
    for (size_t j = 0; j < m->effects; j++) {
        captures += x[1 + j];
    }
    return (size_t) captures;
}

static double log_mean(const mixture *m, const double *x, const double *b)
{
    double sum = b[0];
    for (size_t j = 0; j < m->effects; j++) {
        sum += x[1 + j] * b[1 + j];
    }
    return sum + m->moment[captures_of(m, x)];
}

static double deviance_at(mixture *m, const double *b)
{
    double sum = m->data->within;
    set_moments(m, b);
    for (size_t g = 0; g < m->data->group_count; g++) {
        const traffstat_i_closed_group *group = &m->data->groups[g];
        const double mean = group->size * exp(log_mean(m, group->x, b));
        sum += 2.0 * ((group->y > 0.0 ? group->y * log(group->y / mean) : 0.0) - (group->y - mean));
    }
    return sum;
}

/* Expected information and score at b, where the moments have been set. */
static bool scoring_sums(mixture *m, const double *b)
{
    memset(m->h, 0, sizeof m->h);
    memset(m->gradient, 0, sizeof m->gradient);
    for (size_t g = 0; g < m->data->group_count; g++) {
        const traffstat_i_closed_group *group = &m->data->groups[g];
        const double mean = group->size * exp(log_mean(m, group->x, b));
        const double *slope = m->slope[captures_of(m, group->x)];
        double row[STRIDE] = {1.0};
        for (size_t j = 1; j < m->p; j++) {
            row[j] = slope[j] + (j <= m->effects ? group->x[j] : 0.0);
        }
        for (size_t i = 0; i < m->p; i++) {
            m->gradient[i] += row[i] * (group->y - mean);
            for (size_t j = 0; j <= i; j++) {
                m->h[i * STRIDE + j] += mean * row[i] * row[j];
            }
        }
    }
    return traffstat_i_closed_factor(m->h, m->scale, m->p);
}

/* Fisher scoring with halved steps, until the deviance and the coefficients stand still. */
static bool maximise(mixture *m, double *b, double *deviance)
{
    *deviance = deviance_at(m, b);
    for (int i = 0; i < STEPS_MAX; i++) {
        set_moments(m, b);
        if (!scoring_sums(m, b)) {
            return false;
        }
        double step[STRIDE];
        memcpy(step, m->gradient, sizeof step);
        traffstat_i_closed_solve(m->h, m->scale, m->p, step);
        double most = 0.0;
        for (size_t j = 0; j < m->p; j++) {
            most = fmax(most, fabs(step[j]));
        }
        double share = most > 1.0 ? 1.0 / most : 1.0;
        double next[STRIDE] = {0};
        double got = NAN;
        for (int halving = 0; halving < 40 && !(got <= *deviance); halving++, share *= 0.5) {
            for (size_t j = 0; j < m->p; j++) {
                next[j] = b[j] + share * step[j];
            }
            got = deviance_at(m, next);
        }
        if (!(got <= *deviance) || most < 1e-8) {
            set_moments(m, b);
            return most < 1e-5; /* rounding keeps the deviance from falling: it is there */
        }
        memcpy(b, next, sizeof next);
        *deviance = got;
    }
    return false;
}

/* Effects to begin with: those of the same model without mixing. */
static bool set_start(mixture *m, double *b)
{
    traffstat_i_closed_result fit;
    if (traffstat_i_closed_fit(m->data, -1.0, NULL, &fit) != TRAFFSTAT_I_CLOSED_FITTED) {
        return false;
    }
    memcpy(b, fit.b, m->data->columns * sizeof *b);
    b[m->p - 1] = 0.5;
    return true;
}

void traffstat_i_closed_normal(traffstat_i_closed_data *data,
                               const traffstat_i_closed_counts *counts, double level,
                               traffstat_i_closed_answer *out)
{
    mixture m = {.data = data, .counts = counts, .effects = data->columns - 1};
    double b[STRIDE] = {0};
    double deviance = 0.0;
    m.p = data->columns + 1;
    if (counts->occasions < 2 || counts->occasions > TRAFFSTAT_LISTS_MAX) {
        out->refusal = "the normal mixture needs 2 to 16 occasions";
        return;
    }
    set_rule(&m.rule);
    const bool good = set_start(&m, b) && maximise(&m, b, &deviance) && scoring_sums(&m, b);
    if (fabs(b[m.p - 1]) < NO_SPREAD) {
        out->refusal = "the log-odds do not spread: see the model without mixing";
        return;
    }
    if (!good) {
        out->refusal = "the estimate does not exist: the spread of the log-odds has no maximum";
        return;
    }
    double v[STRIDE * STRIDE];
    traffstat_i_closed_invert(m.h, m.scale, m.p, v);
    const double unseen = exp(b[0]);
    out->estimate = counts->seen + unseen;
    out->se = sqrt(unseen + unseen * unseen * v[0]);
    traffstat_i_closed_set_fit(out, data, deviance, m.p, counts->seen);
    traffstat_i_lognormal(counts->seen, out->estimate, out->se * out->se, level, &out->lower,
                          &out->upper);
}
