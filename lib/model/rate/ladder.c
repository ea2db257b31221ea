/* Chain ladder with Mack's error, and the regression that has the same point. */
#include <traffstat/delay.h>

#include <math.h>
#include <string.h>

#include "base/base.h"
#include "model/rate/tail.h"

#define SIDE_MAX 1000

void traffstat_ladder_options_init(traffstat_ladder_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_ladder_options filled = {struct_size, TRAFFSTAT_LAST_SIGMA_MACK, 0.95};
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_ladder_options *given,
                                      traffstat_ladder_options *out)
{
    traffstat_ladder_options_init(out, sizeof *out);
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (out->last_sigma < TRAFFSTAT_LAST_SIGMA_MACK ||
        out->last_sigma > TRAFFSTAT_LAST_SIGMA_LOGLINEAR) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "there is no such way to fill in the last sigma");
    }
    return out->level >= 0.01 && out->level <= 0.9999
               ? TRAFFSTAT_OK
               : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                  "level must lie between 0.01 and 0.9999");
}

typedef struct ladder {
    traffstat_ctx *ctx;
    const double *count; /* cumulative, as given */
    size_t rows;
    size_t columns;
    const traffstat_ladder_options *options;
    size_t *known;  /* columns known in each row */
    double *sum;    /* columns: counts at k of the periods known at k + 1 */
    double *sigma2; /* columns */
    traffstat_ladder_factor *factors;
    traffstat_ladder_origin *origins;
    double *fitted; /* columns: share of the ultimate reported by a delay */
    traffstat_ladder_total total;
} ladder;

static double cell(const ladder *at, size_t row, size_t column)
{
    return at->count[row * at->columns + column];
}

/* ---- checks ---------------------------------------------------------------------------------- */

static traffstat_status check_row(const ladder *at, size_t row)
{
    size_t known = 0;
    for (size_t k = 0; k < at->columns; k++) {
        const double value = cell(at, row, k);
        if (isnan(value)) {
            continue;
        }
        if (!(value >= 0.0 && isfinite(value))) {
            return traffstat_i_fail(at->ctx, TRAFFSTAT_E_ARGUMENT,
                                    "period %zu, delay %zu: a count must be 0 or more, and finite",
                                    row, k);
        }
        if (known != k) {
            return traffstat_i_fail(at->ctx, TRAFFSTAT_E_ARGUMENT,
                                    "period %zu: delay %zu is known and an earlier one is not", row,
                                    k);
        }
        known = k + 1;
    }
    if (known == 0 || (row == 0 && known < at->columns)) {
        return traffstat_i_fail(at->ctx, TRAFFSTAT_E_ARGUMENT,
                                known == 0 ? "period %zu has no known count"
                                           : "period %zu, the first, must be known in full",
                                row);
    }
    at->known[row] = known;
    return TRAFFSTAT_OK;
}

/* ---- factors --------------------------------------------------------------------------------- */

static traffstat_status find_factor(ladder *at, size_t k)
{
    double from = 0.0;
    double to = 0.0;
    size_t periods = 0;
    for (size_t i = 0; i < at->rows; i++) {
        if (at->known[i] > k + 1) {
            from += cell(at, i, k);
            to += cell(at, i, k + 1);
            periods++;
        }
    }
    if (!(from > 0.0) || !(to > 0.0)) {
        return traffstat_i_fail(at->ctx, TRAFFSTAT_E_NODATA,
                                "by delay %zu no period that is known later has a case, so nothing "
                                "says how counts grow from there",
                                from > 0.0 ? k + 1 : k);
    }
    const double factor = to / from;
    double square = 0.0;
    for (size_t i = 0; i < at->rows; i++) {
        if (at->known[i] > k + 1 && cell(at, i, k) > 0.0) {
            const double gap = cell(at, i, k + 1) / cell(at, i, k) - factor;
            square += cell(at, i, k) * gap * gap;
        }
    }
    at->sum[k] = from;
    at->factors[k].factor = factor;
    at->sigma2[k] = periods > 1 ? square / (double) (periods - 1) : NAN;
    return TRAFFSTAT_OK;
}

/* ln sigma of the steps up to `seen` continued along a line; where fewer than two are positive, the
 * last one. */
static double continued(const ladder *at, size_t seen, size_t k)
{
    double n = 0.0;
    double x = 0.0;
    double y = 0.0;
    for (size_t j = 0; j < seen; j++) {
        if (at->sigma2[j] > 0.0) {
            n += 1.0;
            x += (double) j;
            y += 0.5 * log(at->sigma2[j]);
        }
    }
    if (n < 2.0) {
        return seen > 0 ? at->sigma2[seen - 1] : 0.0;
    }
    double xy = 0.0;
    double xx = 0.0;
    for (size_t j = 0; j < seen; j++) {
        if (at->sigma2[j] > 0.0) {
            const double gap = (double) j - x / n;
            xy += gap * (0.5 * log(at->sigma2[j]) - y / n);
            xx += gap * gap;
        }
    }
    return exp(2.0 * (y / n + xy / xx * ((double) k - x / n)));
}

static double smallest(const ladder *at, size_t k)
{
    if (k == 0) {
        return 0.0;
    }
    const double last = at->sigma2[k - 1];
    if (k == 1) {
        return last;
    }
    const double before = at->sigma2[k - 2];
    const double next = before > 0.0 ? last * last / before : 0.0;
    return fmin(next, fmin(last, before));
}

static traffstat_status find_factors(ladder *at)
{
    size_t seen = 0;
    for (size_t k = 0; k + 1 < at->columns; k++) {
        const traffstat_status status = find_factor(at, k);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        seen = isnan(at->sigma2[k]) ? seen : k + 1;
    }
    for (size_t k = 0; k + 1 < at->columns; k++) {
        if (isnan(at->sigma2[k])) {
            at->sigma2[k] = at->options->last_sigma == TRAFFSTAT_LAST_SIGMA_MACK
                                ? smallest(at, k)
                                : continued(at, seen, k);
        }
        at->factors[k].sigma = sqrt(at->sigma2[k]);
        at->factors[k].se = sqrt(at->sigma2[k] / at->sum[k]);
    }
    return TRAFFSTAT_OK;
}

/* ---- periods --------------------------------------------------------------------------------- */

/* Log-normal law with this mean and error. */
static void bound(traffstat_ladder_origin *origin, double level)
{
    const double z = traffstat_i_normal_quantile(0.5 * (1.0 - level));
    const double share = origin->ultimate > 0.0 ? origin->se / origin->ultimate : 0.0;
    const double variance = log1p(share * share);
    const double middle = origin->ultimate * exp(-0.5 * variance);
    origin->lower = fmax(origin->latest, middle * exp(-z * sqrt(variance)));
    origin->upper = fmax(origin->latest, middle * exp(z * sqrt(variance)));
}

/* Relative variance of a step: of the factor's estimate alone. */
static double step_variance(const ladder *at, size_t k)
{
    const double factor = at->factors[k].factor;
    return at->sigma2[k] / (factor * factor);
}

static double grow(ladder *at, size_t row)
{
    traffstat_ladder_origin *origin = &at->origins[row];
    const size_t last = at->known[row] - 1;
    double reached = cell(at, row, last);
    double variance = 0.0;
    origin->latest = reached;
    for (size_t k = last; k + 1 < at->columns; k++) {
        if (reached > 0.0) {
            variance += step_variance(at, k) * (1.0 / reached + 1.0 / at->sum[k]);
        }
        reached *= at->factors[k].factor;
    }
    origin->ultimate = reached;
    origin->open = reached - origin->latest;
    origin->share = reached > 0.0 ? origin->latest / reached : 1.0;
    origin->se = reached * sqrt(variance);
    bound(origin, at->options->level);
    return origin->se * origin->se;
}

/* The same factors serve all periods: their errors go together. */
static double shared_error(const ladder *at, size_t row, double later)
{
    double sum = 0.0;
    for (size_t k = at->known[row] - 1; k + 1 < at->columns; k++) {
        sum += 2.0 * step_variance(at, k) / at->sum[k];
    }
    return at->origins[row].ultimate * later * sum;
}

static void find_origins(ladder *at)
{
    traffstat_ladder_origin *all = &at->total.mack;
    double variance = 0.0;
    for (size_t i = 0; i < at->rows; i++) {
        variance += grow(at, i);
        all->latest += at->origins[i].latest;
        all->ultimate += at->origins[i].ultimate;
    }
    /* a pair shares the steps that the better known of the two has still to make */
    for (size_t i = 0; i < at->rows; i++) {
        double less_known = 0.0;
        for (size_t j = 0; j < at->rows; j++) {
            const bool after =
                at->known[j] < at->known[i] || (j > i && at->known[j] == at->known[i]);
            less_known += after ? at->origins[j].ultimate : 0.0;
        }
        variance += shared_error(at, i, less_known);
    }
    all->open = all->ultimate - all->latest;
    all->share = all->ultimate > 0.0 ? all->latest / all->ultimate : 1.0;
    all->se = sqrt(variance);
    bound(all, at->options->level);
}

/* ---- the regression's error ------------------------------------------------------------------ */

/* Fitted count of one delay. */
static double fitted(const ladder *at, size_t row, size_t column)
{
    const double before = column > 0 ? at->fitted[column - 1] : 0.0;
    return at->origins[row].ultimate * (at->fitted[column] - before);
}

static double increment(const ladder *at, size_t row, size_t column)
{
    return cell(at, row, column) - (column > 0 ? cell(at, row, column - 1) : 0.0);
}

/* Adds a cell to the information of ln(origin) and ln(delay), the first delay being the base; or to
 * the gradient of what is open. */
static void add_cell(const ladder *at, size_t row, size_t column, double mean, double *information,
                     double *gradient)
{
    const size_t size = at->rows + at->columns - 1;
    const size_t delay = at->rows + column - 1;
    if (column >= at->known[row]) {
        gradient[row] += mean;
        gradient[delay] += mean;
        return;
    }
    information[row * size + row] += mean;
    if (column > 0) {
        information[delay * size + delay] += mean;
        information[delay * size + row] += mean;
    }
}

/* g' A^-1 g by Cholesky's factor of the lower triangle, in place; NaN where A is not positive
 * definite. */
static double quadratic(double *matrix, double *side, size_t size)
{
    double sum = 0.0;
    for (size_t i = 0; i < size; i++) {
        for (size_t j = 0; j <= i; j++) {
            double entry = matrix[i * size + j];
            for (size_t k = 0; k < j; k++) {
                entry -= matrix[i * size + k] * matrix[j * size + k];
            }
            if (j < i) {
                matrix[i * size + j] = entry / matrix[j * size + j];
            } else if (entry > 0.0) {
                matrix[i * size + i] = sqrt(entry);
            } else {
                return NAN;
            }
        }
        for (size_t k = 0; k < i; k++) {
            side[i] -= matrix[i * size + k] * side[k];
        }
        side[i] /= matrix[i * size + i];
        sum += side[i] * side[i];
    }
    return sum;
}

static void regress(ladder *at, double *information, double *gradient)
{
    const size_t size = at->rows + at->columns - 1;
    double pearson = 0.0;
    double cells = 0.0;
    double open = 0.0;
    at->total.phi = at->total.phi_se = at->total.process = at->total.estimation = NAN;
    for (size_t i = 0; i < at->rows; i++) {
        for (size_t k = 0; k < at->columns; k++) {
            const double mean = fitted(at, i, k);
            if (!(mean > 0.0)) {
                return;
            }
            add_cell(at, i, k, mean, information, gradient);
            if (k < at->known[i]) {
                const double gap = increment(at, i, k) - mean;
                pearson += gap * gap / mean;
                cells += 1.0;
            } else {
                open += mean;
            }
        }
    }
    if (cells > (double) size) {
        at->total.phi = pearson / (cells - (double) size);
        at->total.process = at->total.phi * open;
        at->total.estimation = at->total.phi * quadratic(information, gradient, size);
        at->total.phi_se = sqrt(at->total.process + at->total.estimation);
    }
}

static traffstat_status find_regression(ladder *at)
{
    const size_t size = at->rows + at->columns - 1;
    double *information = traffstat_i_alloc(at->ctx, size * (size + 1), sizeof *information);
    if (information == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    at->fitted[at->columns - 1] = 1.0;
    for (size_t k = at->columns - 1; k-- > 0;) {
        at->fitted[k] = at->fitted[k + 1] / at->factors[k].factor;
    }
    regress(at, information, information + size * size);
    traffstat_i_free(at->ctx, information);
    return TRAFFSTAT_OK;
}

/* ---- the entry ------------------------------------------------------------------------------- */

static traffstat_status reserve(ladder *at)
{
    at->known = traffstat_i_alloc(at->ctx, at->rows, sizeof *at->known);
    at->sum = traffstat_i_alloc(at->ctx, 3 * at->columns, sizeof *at->sum);
    at->factors = traffstat_i_alloc(at->ctx, at->columns, sizeof *at->factors);
    at->origins = traffstat_i_alloc(at->ctx, at->rows, sizeof *at->origins);
    if (at->known == NULL || at->sum == NULL || at->factors == NULL || at->origins == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    at->sigma2 = at->sum + at->columns;
    at->fitted = at->sigma2 + at->columns;
    return TRAFFSTAT_OK;
}

static void release(ladder *at)
{
    traffstat_i_free(at->ctx, at->origins);
    traffstat_i_free(at->ctx, at->factors);
    traffstat_i_free(at->ctx, at->sum);
    traffstat_i_free(at->ctx, at->known);
}

static traffstat_status climb(ladder *at)
{
    traffstat_status status = reserve(at);
    for (size_t i = 0; i < at->rows && status == TRAFFSTAT_OK; i++) {
        status = check_row(at, i);
    }
    if (status == TRAFFSTAT_OK) {
        status = find_factors(at);
    }
    if (status == TRAFFSTAT_OK) {
        find_origins(at);
        status = find_regression(at);
    }
    return status;
}

traffstat_status traffstat_chain_ladder(traffstat_ctx *ctx, const double *cumulative, size_t rows,
                                        size_t columns, const traffstat_ladder_options *options,
                                        traffstat_ladder_factor *factors,
                                        traffstat_ladder_origin *origins,
                                        traffstat_ladder_total *total)
{
    traffstat_i_enter(ctx);
    traffstat_ladder_options settings;
    traffstat_status status = read_settings(ctx, options, &settings);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (cumulative == NULL || total == NULL || rows < 2 || rows > SIDE_MAX || columns < 2 ||
        columns > SIDE_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                cumulative == NULL || total == NULL
                                    ? "counts and a place for the total must be given"
                                    : "periods and delays must be 2 to %d each",
                                SIDE_MAX);
    }
    ladder at = {
        .ctx = ctx, .count = cumulative, .rows = rows, .columns = columns, .options = &settings};
    status = climb(&at);
    if (status == TRAFFSTAT_OK) {
        *total = at.total;
        if (factors != NULL) {
            memcpy(factors, at.factors, (columns - 1) * sizeof *factors);
        }
        if (origins != NULL) {
            memcpy(origins, at.origins, rows * sizeof *origins);
        }
    }
    release(&at);
    return status;
}
