/* A regression and what is said about it: errors, deviances, tests of scatter. */
#include "model/rate/regression.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/rate/countlaw.h"
#include "model/rate/tail.h"

#define SIZES_MAX 100000000u /* rows times columns */

const char *traffstat_family_name(traffstat_family family)
{
    static const char *const names[] = {"poisson", "quasipoisson", "negbin"};
    return family >= 0 && family <= TRAFFSTAT_FAMILY_NEGBIN ? names[family] : "unknown";
}

void traffstat_regression_options_init(traffstat_regression_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_regression_options defaults = {
        .struct_size = struct_size, .family = TRAFFSTAT_FAMILY_POISSON, .robust = 3, .level = 0.95};
    memset(options, 0, struct_size);
    memcpy(options, &defaults, struct_size < sizeof defaults ? struct_size : sizeof defaults);
}

/* ---- what is computed from the fit ----------------------------------------------------------- */

static bool exact(const traffstat_i_counts *counts, size_t row)
{
    return counts->lower[row] == counts->upper[row];
}

static bool firth(const traffstat_regression *of)
{
    return of->options.penalty == TRAFFSTAT_PENALTY_FIRTH;
}

static bool all_exact(const traffstat_i_counts *counts)
{
    for (size_t row = 0; row < counts->rows; row++) {
        if (!exact(counts, row)) {
            return false;
        }
    }
    return true;
}

static double variance(double mean, double size)
{
    return isinf(size) ? mean : mean + mean * mean / size;
}

/* Twice the log likelihood lost by a mean of m for the count y. */
static double lost(double y, double m, double size)
{
    const double own = y > 0.0 ? y * log(y / m) : 0.0;
    if (isinf(size)) {
        return 2.0 * (own - (y - m));
    }
    return 2.0 * (own - (y + size) * log((y + size) / (m + size)));
}

/* Leverage of a row: its weight times the length of its basis row under the information. */
static double leverage(const traffstat_regression *of, const double *factor, double *scratch,
                       size_t row)
{
    const size_t k = of->counts.columns;
    const double *x = of->fit.basis + row * k;
    const double mean = of->fit.means[row];
    memcpy(scratch, x, k * sizeof *scratch);
    traffstat_i_cholesky_solve(factor, k, scratch);
    double sum = 0.0;
    for (size_t j = 0; j < k; j++) {
        sum += x[j] * scratch[j];
    }
    return mean * mean / variance(mean, of->fit.size) * sum;
}

/* The expected information in the basis, factored. */
static bool information(const traffstat_regression *of, double *factor)
{
    const size_t k = of->counts.columns;
    memset(factor, 0, k * k * sizeof *factor);
    for (size_t row = 0; row < of->counts.rows; row++) {
        const double *x = of->fit.basis + row * k;
        const double mean = of->fit.means[row];
        const double weight = mean * mean / variance(mean, of->fit.size);
        for (size_t i = 0; i < k; i++) {
            for (size_t j = 0; j <= i; j++) {
                factor[i * k + j] += weight * x[i] * x[j];
            }
        }
    }
    return traffstat_i_cholesky(factor, k);
}

/* The score of a row by its linear predictor. */
static double score(const traffstat_regression *of, size_t row)
{
    traffstat_i_count_terms terms;
    return traffstat_i_count_law(of->counts.lower[row], of->counts.upper[row], of->fit.means[row],
                                 of->fit.size, &terms)
               ? terms.t1
               : (double) NAN;
}

/* Sandwich variances of the coefficients: bread from the covariance, so that interval counts have
 * theirs from the observed information. */
static void sandwich(traffstat_regression *of, const double *factor, double *scratch)
{
    const size_t k = of->counts.columns;
    const double n = (double) of->counts.rows;
    const double most = of->options.robust == 1 ? n / (n - (double) k) : 1.0;
    for (size_t row = 0; row < of->counts.rows; row++) {
        const double rest = 1.0 - leverage(of, factor, scratch, row);
        const double s = score(of, row);
        double weight = s * s * most;
        weight /= of->options.robust == 2 ? rest : 1.0;
        weight /= of->options.robust == 3 ? rest * rest : 1.0;
        if (of->options.robust >= 2 && !(rest > 1e-10)) {
            weight = NAN; /* the row determines a coefficient alone */
        }
        for (size_t i = 0; i < k; i++) {
            double moved = 0.0;
            for (size_t j = 0; j < k; j++) {
                moved += of->fit.covariance[i * k + j] * of->counts.design[row * k + j];
            }
            of->robust[i] += weight * moved * moved;
        }
    }
}

/* Dean's (1992) and Cameron & Trivedi's (1990) tests, against the Poisson law. */
static void scatter(traffstat_regression *of, const double *factor, double *scratch)
{
    traffstat_regression_summary *sum = &of->summary;
    double over = 0.0;
    double levered = 0.0;
    double squares = 0.0;
    double residual = 0.0;
    for (size_t row = 0; row < of->counts.rows; row++) {
        const double m = of->fit.means[row];
        const double y = of->counts.lower[row];
        over += (y - m) * (y - m) - y;
        levered += leverage(of, factor, scratch, row) * m;
        squares += m * m;
    }
    sum->dean_b = over / sqrt(2.0 * squares);
    sum->dean_c = (over + levered) / sqrt(2.0 * squares);
    sum->excess = over / squares;
    for (size_t row = 0; row < of->counts.rows; row++) {
        const double m = of->fit.means[row];
        const double y = of->counts.lower[row];
        const double left = ((y - m) * (y - m) - y) / m - sum->excess * m;
        residual += left * left;
    }
    sum->excess_t = sum->excess / sqrt(residual / ((double) of->counts.rows - 1.0) / squares);
}

/* The mean rate of intercept and exposure alone, under the size of the fit. */
static double null_deviance(const traffstat_regression *of)
{
    const traffstat_i_counts *counts = &of->counts;
    double rate = 0.0;
    double cases = 0.0;
    double exposure = 0.0;
    for (size_t row = 0; row < counts->rows; row++) {
        cases += counts->lower[row];
        exposure += exp(counts->offset[row]);
    }
    rate = cases / exposure;
    /* Poisson: done. Else scoring, from there */
    for (int i = 0; i < 100 && isfinite(of->fit.size); i++) {
        double slope = 0.0;
        double weight = 0.0;
        for (size_t row = 0; row < counts->rows; row++) {
            const double m = rate * exp(counts->offset[row]);
            slope += (counts->lower[row] - m) / (1.0 + m / of->fit.size);
            weight += m / (1.0 + m / of->fit.size);
        }
        rate *= exp(slope / weight);
        i = fabs(slope / weight) < 1e-14 ? 100 : i;
    }
    double sum = 0.0;
    for (size_t row = 0; row < counts->rows; row++) {
        sum += lost(counts->lower[row], rate * exp(counts->offset[row]), of->fit.size);
    }
    return sum;
}

/* The error of theta with the coefficients held, as MASS gives it. */
static double theta_error(const traffstat_regression *of)
{
    double information = 0.0;
    const double size = of->fit.size;
    for (size_t row = 0; row < of->counts.rows && isfinite(size); row++) {
        traffstat_i_count_terms terms;
        if (!traffstat_i_count_law(of->counts.lower[row], of->counts.upper[row], of->fit.means[row],
                                   size, &terms)) {
            return NAN;
        }
        information += (terms.s2 + terms.s1) / (size * size); /* by theta, from that by its log */
    }
    return 1.0 / sqrt(information);
}

static void summarise(traffstat_regression *of)
{
    traffstat_regression_summary *sum = &of->summary;
    const bool quasi = of->options.family == TRAFFSTAT_FAMILY_QUASIPOISSON;
    const bool negbin = of->options.family == TRAFFSTAT_FAMILY_NEGBIN;
    const double parameters = (double) of->counts.columns + (negbin ? 1.0 : 0.0);
    const double maximum = quasi || firth(of) ? (double) NAN : of->fit.loglik;
    sum->loglik = quasi ? (double) NAN : of->fit.loglik - of->fit.penalty;
    sum->aic = -2.0 * maximum + 2.0 * parameters;
    sum->bic = -2.0 * maximum + parameters * log((double) of->counts.rows);
    sum->theta = negbin ? of->fit.size : (double) NAN;
    sum->theta_error = negbin && isfinite(of->fit.size) ? theta_error(of) : (double) NAN;
    sum->log_theta_error = of->fit.log_size_error;
    if (!all_exact(&of->counts)) {
        return;
    }
    sum->deviance = 0.0;
    sum->pearson = 0.0;
    for (size_t row = 0; row < of->counts.rows; row++) {
        const double m = of->fit.means[row];
        const double y = of->counts.lower[row];
        sum->deviance += lost(y, m, of->fit.size);
        sum->pearson += (y - m) * (y - m) / variance(m, of->fit.size);
    }
    sum->null_deviance = null_deviance(of);
    if (sum->df > 0.0) {
        sum->dispersion = sum->pearson / sum->df;
        sum->pearson_p = gsl_cdf_chisq_Q(sum->pearson, sum->df);
    }
}

static void set_nothing(traffstat_regression_summary *sum)
{
    sum->loglik = sum->aic = sum->bic = NAN;
    sum->deviance = sum->null_deviance = sum->pearson = sum->pearson_p = sum->dispersion = NAN;
    sum->theta = sum->theta_error = sum->log_theta_error = NAN;
    sum->dean_b = sum->dean_c = sum->excess = sum->excess_t = NAN;
}

/* What a penalised fit says where the plain one has no finite answer. */
static const char *penalised_reason(traffstat_i_fit_end plain)
{
    switch (plain) {
    case TRAFFSTAT_I_FIT_ALL_ZERO:
        return "no count is above zero: what is estimated rests on Firth's penalty";
    case TRAFFSTAT_I_FIT_SEPARATED:
        return "cases lie only where a coefficient can grow without end: it is finite by Firth's "
               "penalty alone, and its profile interval says how little is known";
    default:
        return "";
    }
}

static const char *reason_of(const traffstat_regression *of)
{
    if (firth(of) && of->fit.end == TRAFFSTAT_I_FIT_DONE) {
        return penalised_reason(of->plain);
    }
    switch (of->fit.end) {
    case TRAFFSTAT_I_FIT_ALL_ZERO:
        return "no count is above zero, so no rate can be estimated";
    case TRAFFSTAT_I_FIT_FEW:
        return "there are fewer counts than coefficients";
    case TRAFFSTAT_I_FIT_SEPARATED:
        return "cases lie only where a coefficient can grow without end, so it has no finite "
               "estimate";
    default:
        return of->fit.boundary ? "the counts scatter no more than Poisson counts do, so the "
                                  "negative binomial has no finite size"
                                : "";
    }
}

static traffstat_status conclude(traffstat_ctx *ctx, traffstat_regression *of)
{
    const size_t k = of->counts.columns;
    double *factor = traffstat_i_alloc(ctx, k * k + k, sizeof *factor);
    if (factor == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    of->summary.estimable = 1;
    summarise(of);
    if (information(of, factor)) {
        sandwich(of, factor, factor + k * k);
        if (all_exact(&of->counts) && isinf(of->fit.size)) {
            scatter(of, factor, factor + k * k);
        }
    } else {
        for (size_t j = 0; j < k; j++) {
            of->robust[j] = NAN;
        }
    }
    traffstat_i_free(ctx, factor);
    return TRAFFSTAT_OK;
}

/* ---- making ---------------------------------------------------------------------------------- */

static traffstat_status copy_counts(traffstat_ctx *ctx, const traffstat_i_counts *from,
                                    traffstat_regression *to)
{
    const size_t n = from->rows;
    const size_t k = from->columns;
    to->counts = *from;
    to->block = traffstat_i_alloc(ctx, 3 * n + n * k + k, sizeof *to->block);
    if (to->block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memcpy(to->block, from->lower, n * sizeof *to->block);
    memcpy(to->block + n, from->upper, n * sizeof *to->block);
    memcpy(to->block + 2 * n, from->offset, n * sizeof *to->block);
    memcpy(to->block + 3 * n, from->design, n * k * sizeof *to->block);
    to->counts.lower = to->block;
    to->counts.upper = to->block + n;
    to->counts.offset = to->block + 2 * n;
    to->counts.design = to->block + 3 * n;
    to->robust = to->block + 3 * n + n * k;
    return TRAFFSTAT_OK;
}

void traffstat_regression_free(traffstat_regression *regression)
{
    if (regression == NULL) {
        return;
    }
    traffstat_ctx *ctx = regression->ctx;
    traffstat_i_fit_free(ctx, &regression->fit);
    traffstat_i_free(ctx, regression->block);
    traffstat_i_free(ctx, regression);
}

/* The fit; a penalised one after a plain one, which knows whether the penalty is needed. */
static traffstat_status fit_family(traffstat_ctx *ctx, traffstat_regression *of)
{
    const bool negbin = of->options.family == TRAFFSTAT_FAMILY_NEGBIN;
    traffstat_status status = traffstat_i_regress(ctx, &of->counts, negbin, &of->fit);
    if (status == TRAFFSTAT_OK && firth(of)) {
        of->plain = of->fit.end;
        traffstat_i_fit_free(ctx, &of->fit);
        status = traffstat_i_regress_firth(ctx, &of->counts, NULL, &of->fit);
    }
    return status;
}

static traffstat_status fit_copied(traffstat_ctx *ctx, traffstat_regression *of)
{
    traffstat_status status = fit_family(ctx, of);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (of->fit.end == TRAFFSTAT_I_FIT_DEPENDENT) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a column of the design is zero or made up of others");
    }
    if (of->fit.end == TRAFFSTAT_I_FIT_LOST) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "the regression did not converge");
    }
    of->summary.iterations = of->fit.iterations;
    of->summary.df = (double) of->counts.rows - (double) of->counts.columns;
    set_nothing(&of->summary);
    of->reason = reason_of(of);
    return of->fit.end == TRAFFSTAT_I_FIT_DONE ? conclude(ctx, of) : TRAFFSTAT_OK;
}

traffstat_status traffstat_i_regression_fit(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                            const traffstat_regression_options *options,
                                            traffstat_regression **out)
{
    *out = NULL;
    traffstat_regression *made = traffstat_i_alloc(ctx, 1, sizeof *made);
    if (made == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    made->ctx = ctx;
    made->options = *options;
    made->reason = "";
    traffstat_status status = copy_counts(ctx, counts, made);
    if (status == TRAFFSTAT_OK) {
        status = fit_copied(ctx, made);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_regression_free(made);
        return status;
    }
    *out = made;
    return TRAFFSTAT_OK;
}

/* ---- the public entry ------------------------------------------------------------------------ */

static traffstat_status check_options(traffstat_ctx *ctx, traffstat_regression_options *opt)
{
    if (opt->family < 0 || opt->family > TRAFFSTAT_FAMILY_NEGBIN || opt->robust < 0 ||
        opt->robust > 3 || opt->reserved != 0 || opt->reserved2 != 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "there is no regression of family %d with robust errors HC%d",
                                (int) opt->family, (int) opt->robust);
    }
    if (opt->penalty < 0 || opt->penalty > TRAFFSTAT_PENALTY_FIRTH ||
        (opt->penalty != 0 && opt->family != TRAFFSTAT_FAMILY_POISSON)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "there is no penalty %d for the family %s", (int) opt->penalty,
                                traffstat_family_name(opt->family));
    }
    if (!(opt->level > 0.0 && opt->level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_row(traffstat_ctx *ctx, size_t row, int64_t lower, int64_t upper,
                                  double exposure)
{
    if (lower < 0 || upper < lower || lower == TRAFFSTAT_NO_UPPER) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "count %zu, %" PRId64 " to %" PRId64 ", is negative or reversed",
                                row, lower, upper);
    }
    if (!(exposure > 1e-200 && exposure < 1e200)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "exposure %zu is not positive and finite", row);
    }
    return TRAFFSTAT_OK;
}

/* Counts as doubles and ln exposure, in a block of three times `rows`. */
static traffstat_status convert(traffstat_ctx *ctx, const int64_t *lower, const int64_t *upper,
                                const double *exposure, size_t rows, double *block)
{
    for (size_t i = 0; i < rows; i++) {
        const int64_t high = upper == NULL ? lower[i] : upper[i];
        const double share = exposure == NULL ? 1.0 : exposure[i];
        const traffstat_status status = check_row(ctx, i, lower[i], high, share);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        block[i] = (double) lower[i];
        block[rows + i] = high == TRAFFSTAT_NO_UPPER ? (double) INFINITY : (double) high;
        block[2 * rows + i] = log(share);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_shape(traffstat_ctx *ctx, const int64_t *lower, const double *design,
                                    size_t rows, size_t columns)
{
    if (lower == NULL || design == NULL || rows == 0 || columns == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no counts or no design were given");
    }
    if (columns > 1000 || rows > SIZES_MAX / columns) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "a design of %zu rows and %zu columns is too large", rows, columns);
    }
    for (size_t i = 0; i < rows * columns; i++) {
        if (!isfinite(design[i])) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the design is not finite in row %zu", i / columns);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status fit_checked(traffstat_ctx *ctx, const traffstat_i_counts *counts,
                                    const traffstat_regression_options *opt,
                                    traffstat_regression **out)
{
    if (opt->family == TRAFFSTAT_FAMILY_QUASIPOISSON && !all_exact(counts)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "quasi-Poisson has no likelihood to put interval counts into; "
                                "take the negative binomial");
    }
    if (opt->penalty == TRAFFSTAT_PENALTY_FIRTH && !all_exact(counts)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "Firth's penalty is not defined for interval counts");
    }
    return traffstat_i_regression_fit(ctx, counts, opt, out);
}

traffstat_status traffstat_regression_fit(traffstat_ctx *ctx, const int64_t *lower,
                                          const int64_t *upper, const double *exposure,
                                          const double *design, size_t rows, size_t columns,
                                          const traffstat_regression_options *options,
                                          traffstat_regression **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    *out = NULL;
    traffstat_regression_options opt;
    traffstat_regression_options_init(&opt, sizeof opt);
    traffstat_status status = traffstat_i_read_options(ctx, options, &opt, sizeof opt);
    if (status == TRAFFSTAT_OK) {
        status = check_options(ctx, &opt);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_shape(ctx, lower, design, rows, columns);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double *block = traffstat_i_alloc(ctx, 3 * rows, sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    status = convert(ctx, lower, upper, exposure, rows, block);
    const traffstat_i_counts counts = {rows,         columns,          block,
                                       block + rows, block + 2 * rows, design};
    if (status == TRAFFSTAT_OK) {
        status = fit_checked(ctx, &counts, &opt, out);
    }
    traffstat_i_free(ctx, block);
    return status;
}

/* ---- getters --------------------------------------------------------------------------------- */

/* What errors are multiplied by: the root of the dispersion for quasi-Poisson. */
static double widening(const traffstat_regression *of)
{
    return of->options.family == TRAFFSTAT_FAMILY_QUASIPOISSON ? sqrt(of->summary.dispersion) : 1.0;
}

traffstat_status traffstat_regression_coefficient(const traffstat_regression *regression,
                                                  size_t column, traffstat_coefficient *out)
{
    if (regression == NULL || out == NULL || column >= regression->counts.columns) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    if (regression->fit.end != TRAFFSTAT_I_FIT_DONE) {
        *out = (traffstat_coefficient){NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
        return TRAFFSTAT_OK;
    }
    const bool student = regression->options.family == TRAFFSTAT_FAMILY_QUASIPOISSON;
    const double df = regression->summary.df;
    const double tail = 0.5 * (1.0 - regression->options.level);
    traffstat_coefficient got = {.estimate = regression->fit.coefficients[column]};
    const size_t k = regression->counts.columns;
    got.error = sqrt(regression->fit.covariance[column * k + column]) * widening(regression);
    got.statistic = got.estimate / got.error;
    const double size = fabs(got.statistic);
    got.p = 2.0 * (student && df > 0.0 ? gsl_cdf_tdist_Q(size, df) : traffstat_i_normal_tail(size));
    const double z =
        student && df > 0.0 ? gsl_cdf_tdist_Qinv(tail, df) : traffstat_i_normal_quantile(tail);
    got.lower = got.estimate - z * got.error;
    got.upper = got.estimate + z * got.error;
    got.robust_error = sqrt(regression->robust[column]);
    got.robust_lower = got.estimate - z * got.robust_error;
    got.robust_upper = got.estimate + z * got.robust_error;
    *out = got;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_regression_get(const traffstat_regression *regression,
                                          traffstat_regression_summary *out)
{
    if (regression == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = regression->summary;
    return TRAFFSTAT_OK;
}

double traffstat_regression_covariance(const traffstat_regression *regression, size_t i, size_t j)
{
    const size_t k = regression == NULL ? 0 : regression->counts.columns;
    if (i >= k || j >= k || regression->fit.end != TRAFFSTAT_I_FIT_DONE) {
        return NAN;
    }
    const double wide = widening(regression);
    return regression->fit.covariance[i * k + j] * wide * wide;
}

double traffstat_regression_fitted(const traffstat_regression *regression, size_t row)
{
    if (regression == NULL || row >= regression->counts.rows ||
        regression->fit.end != TRAFFSTAT_I_FIT_DONE) {
        return NAN;
    }
    return regression->fit.means[row];
}

double traffstat_regression_residual(const traffstat_regression *regression, size_t row)
{
    const double mean = traffstat_regression_fitted(regression, row);
    if (isnan(mean) || !exact(&regression->counts, row)) {
        return NAN;
    }
    return (regression->counts.lower[row] - mean) / sqrt(variance(mean, regression->fit.size));
}

const char *traffstat_regression_reason(const traffstat_regression *regression)
{
    return regression == NULL ? "" : regression->reason;
}
