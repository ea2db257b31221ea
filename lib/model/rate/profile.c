/* Intervals by profile likelihood: one coefficient held, the others fitted anew. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/rate/regression.h"
#include "model/rate/tail.h"

#define REACH 4096.0 /* first steps that are tried outward */

typedef struct profile {
    traffstat_ctx *ctx;
    const traffstat_regression *of;
    traffstat_i_counts counts; /* without the column; offsets are ours */
    size_t column;
    double *offset;
    double scale;  /* dispersion */
    double wanted; /* scaled likelihood ratio at the limits */
    traffstat_status status;
} profile;

/* One coefficient held: the column's part of the predictor becomes offset; with the penalty, whose
 * information is that of all columns, it stays in the design and keeps its coefficient. */
static traffstat_status fit_held(profile *p, double value, traffstat_i_fit *fit)
{
    const traffstat_i_counts *full = &p->of->counts;
    if (p->of->options.penalty == TRAFFSTAT_PENALTY_FIRTH) {
        return traffstat_i_regress_firth(p->ctx, &p->counts, &value, fit);
    }
    for (size_t row = 0; row < full->rows; row++) {
        p->offset[row] = full->offset[row] + value * full->design[row * full->columns + p->column];
    }
    return traffstat_i_regress(p->ctx, &p->counts, p->of->options.family == TRAFFSTAT_FAMILY_NEGBIN,
                               fit);
}

/* Scaled likelihood ratio at the held value, less the wanted one; NaN where nothing can be fitted. */
static double miss(double value, void *user)
{
    profile *p = user;
    traffstat_i_fit fit;
    const traffstat_status status = fit_held(p, value, &fit);
    const bool good = status == TRAFFSTAT_OK &&
                      (fit.end == TRAFFSTAT_I_FIT_DONE || fit.end == TRAFFSTAT_I_FIT_SEPARATED);
    const double lost = 2.0 * (p->of->fit.loglik - fit.loglik) / p->scale;
    traffstat_i_fit_free(p->ctx, &fit);
    p->status = status == TRAFFSTAT_OK ? p->status : status;
    return good ? lost - p->wanted : (double) NAN;
}

/* From the estimate outward; NaN: the likelihood never falls far enough. */
static double end_of(profile *p, double center, double step)
{
    double inner = center;
    for (double reach = 1.0; reach <= REACH && p->status == TRAFFSTAT_OK; reach *= 2.0) {
        const double outer = center + step * reach;
        const double there = miss(outer, p);
        if (isnan(there)) {
            return NAN;
        }
        if (there >= 0.0) {
            return traffstat_i_root(miss, p, inner, outer);
        }
        inner = outer;
    }
    return NAN;
}

/* The design with a column moved to the end. */
static double *move_last(traffstat_ctx *ctx, const traffstat_i_counts *full, size_t column)
{
    const size_t k = full->columns;
    double *block = traffstat_i_alloc(ctx, full->rows * k, sizeof *block);
    for (size_t row = 0; block != NULL && row < full->rows; row++) {
        const double *from = full->design + row * k;
        double *to = block + row * k;
        memcpy(to, from, column * sizeof *to);
        memcpy(to + column, from + column + 1, (k - 1 - column) * sizeof *to);
        to[k - 1] = from[column];
    }
    return block;
}

/* The design without a column, and room for offsets behind it. */
static double *cut(traffstat_ctx *ctx, const traffstat_i_counts *full, size_t column)
{
    const size_t k = full->columns;
    double *block = traffstat_i_alloc(ctx, full->rows * k, sizeof *block);
    for (size_t row = 0; block != NULL && row < full->rows; row++) {
        size_t at = row * (k - 1);
        for (size_t j = 0; j < k; j++) {
            if (j != column) {
                block[at++] = full->design[row * k + j];
            }
        }
    }
    return block;
}

static double spread(const traffstat_i_counts *full, size_t column)
{
    double low = INFINITY;
    double high = -INFINITY;
    for (size_t row = 0; row < full->rows; row++) {
        low = fmin(low, full->design[row * full->columns + column]);
        high = fmax(high, full->design[row * full->columns + column]);
    }
    return high > low ? high - low : fabs(high);
}

traffstat_status traffstat_i_regression_profile(traffstat_ctx *ctx,
                                                const traffstat_regression *regression,
                                                size_t column, double level,
                                                traffstat_interval *out)
{
    const traffstat_i_counts *full = &regression->counts;
    const bool quasi = regression->options.family == TRAFFSTAT_FAMILY_QUASIPOISSON;
    const double tail = 0.5 * (1.0 - level);
    const bool done = regression->fit.end == TRAFFSTAT_I_FIT_DONE;
    const bool firth = regression->options.penalty == TRAFFSTAT_PENALTY_FIRTH;
    double *block = firth ? move_last(ctx, full, column) : cut(ctx, full, column);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const double z = quasi && regression->summary.df > 0.0
                         ? gsl_cdf_tdist_Qinv(tail, regression->summary.df)
                         : traffstat_i_normal_quantile(tail);
    profile p = {.ctx = ctx,
                 .of = regression,
                 .counts = *full,
                 .column = column,
                 .offset = block + full->rows * (full->columns - 1),
                 .scale = quasi && done ? regression->summary.dispersion : 1.0,
                 .wanted = z * z};
    p.counts.design = block;
    if (!firth) {
        p.counts.columns = full->columns - 1;
        p.counts.offset = p.offset;
    }
    const double error = sqrt(regression->fit.covariance[column * full->columns + column]);
    const double step = done ? error * sqrt(p.scale) : 1.0 / spread(full, column);
    const double center = regression->fit.coefficients[column];
    const traffstat_interval found = {level, end_of(&p, center, -step), end_of(&p, center, step)};
    traffstat_i_free(ctx, block);
    if (p.status == TRAFFSTAT_OK) {
        *out = found;
    }
    return p.status;
}

traffstat_status traffstat_regression_profile(traffstat_ctx *ctx,
                                              const traffstat_regression *regression, size_t column,
                                              double level, traffstat_interval *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (regression == NULL || out == NULL || column >= regression->counts.columns) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the regression has no such coefficient, or no place was given");
    }
    if (!(level > 0.0 && level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    if (regression->fit.end != TRAFFSTAT_I_FIT_DONE &&
        regression->fit.end != TRAFFSTAT_I_FIT_SEPARATED) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "%s", regression->reason);
    }
    return traffstat_i_regression_profile(ctx, regression, column, level, out);
}
