#include <math.h>
#include <string.h>

#include "model/overlap/closed_fit.h"

#define STRIDE TRAFFSTAT_I_CLOSED_COLUMNS
#define STEPS_MAX 200
#define HALVINGS_MAX 40
#define STILL 1e-8  /* a change of a log mean that counts as none */
#define PIVOT 1e-13 /* share of a column that the others do not explain: below it is rounding */

/* ---- linear algebra -------------------------------------------------------------------------- */

bool traffstat_i_closed_factor(double *a, double *scale, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        scale[i] = sqrt(a[i * STRIDE + i]);
        if (!(scale[i] > 0.0) || !isfinite(scale[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * STRIDE + j] / (scale[i] * scale[j]);
            for (size_t k = 0; k < j; k++) {
                sum -= a[i * STRIDE + k] * a[j * STRIDE + k];
            }
            if (i == j && !(sum > PIVOT)) {
                return false;
            }
            a[i * STRIDE + j] = i == j ? sqrt(sum) : sum / a[j * STRIDE + j];
        }
    }
    return true;
}

void traffstat_i_closed_solve(const double *factor, const double *scale, size_t n, double *b)
{
    for (size_t i = 0; i < n; i++) {
        b[i] /= scale[i];
        for (size_t k = 0; k < i; k++) {
            b[i] -= factor[i * STRIDE + k] * b[k];
        }
        b[i] /= factor[i * STRIDE + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++) {
            b[i] -= factor[k * STRIDE + i] * b[k];
        }
        b[i] /= factor[i * STRIDE + i];
    }
    for (size_t i = 0; i < n; i++) {
        b[i] /= scale[i];
    }
}

void traffstat_i_closed_invert(const double *factor, const double *scale, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        double unit[STRIDE] = {0};
        unit[i] = 1.0;
        traffstat_i_closed_solve(factor, scale, n, unit);
        for (size_t j = 0; j < n; j++) {
            out[j * STRIDE + i] = unit[j];
        }
    }
}

/* ---- the fit --------------------------------------------------------------------------------- */

typedef struct fit {
    const traffstat_i_closed_data *data;
    double unseen; /* negative: no empty history */
    size_t p;
    double h[STRIDE * STRIDE]; /* information, then its factor */
    double scale[STRIDE];
    double gradient[STRIDE];
    double deviance;
    bool stopped; /* common software would have */
    double first_b[STRIDE];
    double first_h[STRIDE * STRIDE];
    double first_scale[STRIDE];
} fit;

size_t traffstat_i_closed_effects(const traffstat_i_closed_data *data)
{
    size_t count = 0;
    for (size_t i = 0; i < data->columns; i++) {
        count += !data->off[i];
    }
    return count;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static double deviance_of(double y, double mean)
{
    return 2.0 * ((y > 0.0 ? y * log(y / mean) : 0.0) - (y - mean));
}

static double deviance_at(const fit *f, const double *b)
{
    double sum = 0.0;
    for (size_t g = 0; g < f->data->group_count; g++) {
        const traffstat_i_closed_group *group = &f->data->groups[g];
        sum += deviance_of(group->y, group->size * exp(dot(group->x, b, f->p)));
    }
    return f->unseen >= 0.0 ? sum + deviance_of(f->unseen, exp(b[0])) : sum;
}

/* One history group into the information and the right-hand side, with weight and working value. */
static void add_group(fit *f, const double *x, double weight, double value)
{
    for (size_t i = 0; i < f->p; i++) {
        const double wx = weight * x[i];
        f->gradient[i] += value * x[i];
        for (size_t j = 0; wx != 0.0 && j <= i; j++) {
            f->h[i * STRIDE + j] += wx * x[j];
        }
    }
}

static void clear_sums(fit *f)
{
    memset(f->h, 0, sizeof f->h);
    memset(f->gradient, 0, sizeof f->gradient);
}

static const double empty_row[STRIDE] = {1.0};

/* An effect that is held at 0 stands alone in the equations and does not move. */
static bool factor_sums(fit *f)
{
    for (size_t i = 0; i < f->p; i++) {
        for (size_t j = 0; j < f->p; j++) {
            if (f->data->off[i] || f->data->off[j]) {
                f->h[i * STRIDE + j] = i == j ? 1.0 : 0.0;
            }
        }
        f->gradient[i] = f->data->off[i] ? 0.0 : f->gradient[i];
    }
    return traffstat_i_closed_factor(f->h, f->scale, f->p);
}

/* First step: weighted least squares on log counts, each raised by a tenth. */
static bool start_fit(fit *f, double *b)
{
    clear_sums(f);
    for (size_t g = 0; g < f->data->group_count; g++) {
        const traffstat_i_closed_group *group = &f->data->groups[g];
        const double mean = group->y + group->extra;
        add_group(f, group->x, mean, group->start + (group->y - mean));
    }
    if (f->unseen >= 0.0) {
        const double mean = f->unseen + 0.1;
        add_group(f, empty_row, mean, mean * log(mean) + (f->unseen - mean));
    }
    if (!factor_sums(f)) {
        return false;
    }
    memcpy(b, f->gradient, f->p * sizeof *b);
    traffstat_i_closed_solve(f->h, f->scale, f->p, b);
    return true;
}

static bool newton_sums(fit *f, const double *b)
{
    clear_sums(f);
    for (size_t g = 0; g < f->data->group_count; g++) {
        const traffstat_i_closed_group *group = &f->data->groups[g];
        const double mean = group->size * exp(dot(group->x, b, f->p));
        add_group(f, group->x, mean, group->y - mean);
    }
    if (f->unseen >= 0.0) {
        const double mean = exp(b[0]);
        add_group(f, empty_row, mean, f->unseen - mean);
    }
    return factor_sums(f);
}

/* The largest change of any log mean, the empty history's among them. */
static double movement(const fit *f, const double *step)
{
    double most = fabs(step[0]);
    for (size_t g = 0; g < f->data->group_count; g++) {
        const double change = fabs(dot(f->data->groups[g].x, step, f->p));
        most = change > most ? change : most;
    }
    return most;
}

/* b + step, or a part of it that does not make the deviance larger. */
static void take_step(fit *f, double *b, double *step)
{
    double next[STRIDE] = {0};
    for (int halving = 0; halving < HALVINGS_MAX; halving++) {
        for (size_t i = 0; i < f->p; i++) {
            next[i] = b[i] + step[i];
        }
        const double deviance = deviance_at(f, next);
        if (deviance <= f->deviance + 1e-12 * (fabs(f->deviance) + 1.0)) {
            f->deviance = deviance;
            break;
        }
        for (size_t i = 0; i < f->p; i++) {
            step[i] *= 0.5;
        }
    }
    memcpy(b, next, f->p * sizeof *b);
}

/* Keeps what R's glm.fit would report. */
static void note_stop(fit *f, const double *b, double before)
{
    const double deviance = f->deviance + f->data->within;
    if (!f->stopped && fabs(f->deviance - before) < 1e-8 * (fabs(deviance) + 0.1)) {
        f->stopped = true;
        memcpy(f->first_b, b, sizeof f->first_b);
        memcpy(f->first_h, f->h, sizeof f->first_h);
        memcpy(f->first_scale, f->scale, sizeof f->first_scale);
    }
}

/* A maximum is reached when no log mean moves any more. Where there is none, the means of some
 * histories fall by about a factor of e a step for ever, until their information is gone. */
static traffstat_i_closed_end iterate(fit *f, double *b)
{
    f->deviance = deviance_at(f, b);
    for (int i = 0; i < STEPS_MAX; i++) {
        double step[STRIDE];
        if (!newton_sums(f, b)) {
            return TRAFFSTAT_I_CLOSED_DIVERGED;
        }
        memcpy(step, f->gradient, sizeof step);
        traffstat_i_closed_solve(f->h, f->scale, f->p, step);
        const double moved = movement(f, step);
        if (!isfinite(moved)) {
            return TRAFFSTAT_I_CLOSED_DIVERGED;
        }
        const double before = f->deviance;
        take_step(f, b, step);
        note_stop(f, b, before);
        if (moved < STILL) {
            return f->stopped ? TRAFFSTAT_I_CLOSED_FITTED : TRAFFSTAT_I_CLOSED_DIVERGED;
        }
    }
    return TRAFFSTAT_I_CLOSED_DIVERGED;
}

traffstat_i_closed_end traffstat_i_closed_fit(const traffstat_i_closed_data *data, double unseen,
                                              const double *start, traffstat_i_closed_result *out)
{
    fit f = {.data = data, .unseen = unseen, .p = data->columns};
    double b[STRIDE] = {0};
    if (start != NULL) {
        memcpy(b, start, f.p * sizeof *b);
    } else if (!start_fit(&f, b)) {
        return TRAFFSTAT_I_CLOSED_ALIASED;
    }
    const traffstat_i_closed_end end = iterate(&f, b);
    if (end == TRAFFSTAT_I_CLOSED_FITTED) {
        memcpy(out->b, b, sizeof b);
        memcpy(out->first_b, f.first_b, sizeof f.first_b);
        traffstat_i_closed_invert(f.first_h, f.first_scale, f.p, out->v);
        out->deviance = f.deviance + data->within;
        out->null_mean = exp(b[0]);
    }
    return end;
}
