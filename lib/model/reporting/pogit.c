/* Poisson-logistic regression: what comes in, the gate of identification, what is said. */
#include "model/reporting/pogit.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <traffstat/pogit.h>
#include <traffstat/table.h>

#include "model/rate/regress.h"
#include "model/rate/tail.h"

#define WEAKEST 1e-6        /* smallest eigenvalue of the scaled information that is a direction */
#define COLUMNS_MAX 1000    /* of both parts together */
#define CELLS_MAX 50000000u /* rows times columns */
#define SPAN 1e-9           /* of a column's length: what is left is rounding */
#define REACH 4096.0        /* standard errors that a profile looks outward */

struct traffstat_pogit {
    traffstat_ctx *ctx;
    traffstat_i_pogit model;
    size_t priors;
    bool validation;
    bool informed;       /* a law of a coefficient of the reporting counts as information */
    size_t steady_laws;  /* the last ones, which only steady the fit */
    size_t steady_terms; /* likewise */
    double *block;       /* every array of the model and those below */
    int64_t *ends;       /* of intervals; NULL: none */
    double *at;          /* k coefficients */
    double *covariance;  /* k x k */
    double *work;        /* 3 k^2 + 8 k, for fitting */
    double *middle; /* k: what columns are centred on and divided by, so that neither unit nor */
    double *spread; /* origin (years, incomes) moves the gate or the climbing */
    double value;   /* log posterior kernel */
    double cases;
    char *text; /* NULL, or the reason when it names coefficients */
    const char *reason;
    traffstat_pogit_summary summary;
};

static size_t size_of(const traffstat_pogit *of)
{
    return of->model.rate + of->model.share;
}

/* ---- what comes in --------------------------------------------------------------------------- */

static traffstat_status check_shape(traffstat_ctx *ctx, const traffstat_pogit_data *d)
{
    if (d->rows == 0 || d->rate_columns == 0 || d->reporting_columns == 0 || d->counts == NULL ||
        d->rate_design == NULL || d->reporting_design == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no counts or no design were given");
    }
    if ((d->validated == NULL) != (d->checked == NULL)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "validated and checked cases must be given together");
    }
    if (d->reserved != 0 ||
        (d->priors > 0 && (d->prior_design == NULL || d->prior_a == NULL || d->prior_b == NULL))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%zu priors were told but not given",
                                d->priors);
    }
    if (d->rate_columns > COLUMNS_MAX || d->reporting_columns > COLUMNS_MAX - d->rate_columns ||
        d->rows > CELLS_MAX / (d->rate_columns + d->reporting_columns) ||
        d->priors > CELLS_MAX / d->reporting_columns) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "a design of %zu rows and %zu columns is too large", d->rows,
                                d->rate_columns + d->reporting_columns);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_finite(traffstat_ctx *ctx, const double *design, size_t rows,
                                     size_t columns, const char *which)
{
    for (size_t i = 0; i < rows * columns; i++) {
        if (!isfinite(design[i])) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "%s column %zu is not finite in row %zu", which, i % columns,
                                    i / columns);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_row(traffstat_ctx *ctx, const traffstat_pogit_data *d, size_t row)
{
    if (d->counts[row] < 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "count %zu, %" PRId64 ", is negative",
                                row, d->counts[row]);
    }
    if (d->exposure != NULL && !(d->exposure[row] > 1e-200 && d->exposure[row] < 1e200)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "exposure %zu is not positive and finite", row);
    }
    if (d->uppers != NULL && d->uppers[row] < d->counts[row]) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "count %zu ends at %" PRId64 ", below where it begins", row,
                                d->uppers[row]);
    }
    if (d->coverage != NULL && !(d->coverage[row] > 0.0 && d->coverage[row] <= 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "coverage %zu is no share above 0", row);
    }
    if (d->validated != NULL && (d->validated[row] < 0 || d->validated[row] > d->checked[row])) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "row %zu has %" PRId64 " validated cases of %" PRId64 " checked",
                                row, d->validated[row], d->checked[row]);
    }
    return TRAFFSTAT_OK;
}

static bool has_law(const traffstat_pogit_data *d, size_t index)
{
    return d->effect_scale != NULL && d->effect_scale[index] > 0.0 &&
           isfinite(d->effect_scale[index]);
}

static traffstat_status check_laws(traffstat_ctx *ctx, const traffstat_pogit_data *d)
{
    for (size_t i = 0; d->effect_scale != NULL && i < d->rate_columns + d->reporting_columns; i++) {
        const bool good = d->effect_scale[i] >= 0.0 &&
                          (d->effect_mean == NULL || isfinite(d->effect_mean[i])) &&
                          (d->effect_freedom == NULL || d->effect_freedom[i] >= 0.0);
        if (!good) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the law of coefficient %zu has no finite mean, or a scale or "
                                    "degrees of freedom below 0",
                                    i);
        }
    }
    for (size_t i = 0; d->effect_steadies != NULL && i < d->rate_columns + d->reporting_columns;
         i++) {
        if (d->effect_steadies[i] != 0 && d->effect_steadies[i] != 1) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the law of coefficient %zu steadies neither 0 nor 1", i);
        }
    }
    return d->steadying_priors <= d->priors
               ? TRAFFSTAT_OK
               : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                  "%zu of %zu priors cannot be there to steady the fit",
                                  d->steadying_priors, d->priors);
}

static traffstat_status check(traffstat_ctx *ctx, const traffstat_pogit_data *d)
{
    traffstat_status status = check_shape(ctx, d);
    if (status == TRAFFSTAT_OK) {
        status = check_laws(ctx, d);
    }
    for (size_t row = 0; status == TRAFFSTAT_OK && row < d->rows; row++) {
        status = check_row(ctx, d, row);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_finite(ctx, d->rate_design, d->rows, d->rate_columns, "rate");
    }
    if (status == TRAFFSTAT_OK) {
        status = check_finite(ctx, d->reporting_design, d->rows, d->reporting_columns, "reporting");
    }
    if (status == TRAFFSTAT_OK) {
        status = check_finite(ctx, d->prior_design, d->priors, d->reporting_columns, "prior");
    }
    for (size_t i = 0; status == TRAFFSTAT_OK && i < d->priors; i++) {
        const bool good = d->prior_a[i] > 0.0 && d->prior_a[i] < 1e15 && d->prior_b[i] > 0.0 &&
                          d->prior_b[i] < 1e15;
        if (!good) {
            status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                      "prior %zu is not a Beta law with positive sizes", i);
        }
    }
    return status;
}

/* Cuts the next `n` values off a block. */
static double *take(double **block, size_t n)
{
    double *got = *block;
    *block += n;
    return got;
}

static void apply(double *design, size_t rows, size_t columns, const double *middle,
                  const double *spread)
{
    for (size_t i = 0; i < rows * columns; i++) {
        design[i] = (design[i] - middle[i % columns]) / spread[i % columns];
    }
}

/* Brings columns to mean 0 and spread 1; without an intercept in front they are not centred. */
static void standardise(double *design, size_t rows, size_t columns, double *middle, double *spread)
{
    bool intercept = true;
    for (size_t i = 0; i < rows; i++) {
        intercept = intercept && design[i * columns] == 1.0;
    }
    for (size_t j = 0; j < columns; j++) {
        double squares = 0.0;
        for (size_t i = 0; i < rows && intercept && j > 0; i++) {
            middle[j] += design[i * columns + j] / (double) rows;
        }
        for (size_t i = 0; i < rows; i++) {
            const double off = design[i * columns + j] - middle[j];
            squares += off * off / (double) rows;
        }
        spread[j] = squares > 0.0 && isfinite(squares) ? sqrt(squares) : 1.0;
    }
    apply(design, rows, columns, middle, spread);
}

/* A coefficient of the caller's columns as a combination of those that were fitted. */
static void fill_direction(const traffstat_pogit *of, size_t index, double *direction)
{
    const size_t rate = of->model.rate;
    const size_t first = index < rate ? 0 : rate;
    const size_t end = index < rate ? rate : size_of(of);
    for (size_t j = first + 1; j < end && index == first; j++) {
        direction[j] = -of->middle[j] / of->spread[j];
    }
    direction[index] = 1.0 / of->spread[index];
}

static traffstat_status make_block(traffstat_ctx *ctx, const traffstat_pogit_data *d,
                                   traffstat_pogit *to)
{
    traffstat_i_pogit *m = &to->model;
    const size_t k = d->rate_columns + d->reporting_columns;
    size_t laws = 0;
    for (size_t i = 0; i < k; i++) {
        laws += has_law(d, i) ? 1 : 0;
    }
    *m = (traffstat_i_pogit){.rows = d->rows,
                             .terms = (d->validated == NULL ? 0 : d->rows) + d->priors,
                             .rate = d->rate_columns,
                             .share = d->reporting_columns,
                             .laws = laws};
    const size_t all =
        d->rows * (3 + k) + m->terms * (2 + m->share) + laws * (3 + k) + 4 * k * k + 11 * k;
    to->block = traffstat_i_alloc(ctx, all, sizeof *to->block);
    to->ends = d->uppers != NULL ? traffstat_i_alloc(ctx, 2 * d->rows, sizeof *to->ends) : NULL;
    if (to->block == NULL || (d->uppers != NULL && to->ends == NULL)) {
        return TRAFFSTAT_E_NOMEM;
    }
    double *next = to->block;
    m->count = take(&next, d->rows);
    m->offset = take(&next, d->rows);
    m->cover = take(&next, d->rows);
    m->x = take(&next, d->rows * m->rate);
    m->w = take(&next, d->rows * m->share);
    m->seen = take(&next, m->terms);
    m->missed = take(&next, m->terms);
    m->z = take(&next, m->terms * m->share);
    m->form = take(&next, laws * k);
    m->center = take(&next, laws);
    m->scale = take(&next, laws);
    m->freedom = take(&next, laws);
    to->at = take(&next, k);
    to->covariance = take(&next, k * k);
    to->middle = take(&next, k);
    to->spread = take(&next, k);
    to->work = next;
    return TRAFFSTAT_OK;
}

static void copy_counts(const traffstat_pogit_data *d, traffstat_pogit *to)
{
    traffstat_i_pogit *m = &to->model;
    m->low = to->ends;
    m->high = to->ends != NULL ? to->ends + d->rows : NULL;
    for (size_t row = 0; row < d->rows; row++) {
        m->count[row] = (double) d->counts[row];
        m->cover[row] = d->coverage == NULL ? 1.0 : d->coverage[row];
        m->offset[row] = (d->exposure == NULL ? 0.0 : log(d->exposure[row])) + log(m->cover[row]);
        if (m->low != NULL) {
            const bool open = d->uppers[row] == TRAFFSTAT_NO_UPPER;
            m->low[row] = d->counts[row];
            m->high[row] = open ? -1 : d->uppers[row];
            m->count[row] += open ? 0.0 : 0.5 * ((double) d->uppers[row] - m->count[row]);
        }
        to->cases += m->count[row];
    }
}

static bool steadies(const traffstat_pogit_data *d, size_t index)
{
    return d->effect_steadies != NULL && d->effect_steadies[index] != 0;
}

static void copy_law(const traffstat_pogit_data *d, traffstat_pogit *to, size_t index, size_t at)
{
    traffstat_i_pogit *m = &to->model;
    const double freedom = d->effect_freedom == NULL ? 0.0 : d->effect_freedom[index];
    fill_direction(to, index, m->form + at * size_of(to));
    m->center[at] = d->effect_mean == NULL ? 0.0 : d->effect_mean[index];
    m->scale[at] = d->effect_scale[index];
    m->freedom[at] = freedom > 0.0 ? freedom : INFINITY;
}

/* Those that only steady the fit come last, so that a look without them is one at fewer. */
static void copy_laws(const traffstat_pogit_data *d, traffstat_pogit *to)
{
    size_t at = 0;
    for (int steady = 0; steady < 2; steady++) {
        for (size_t i = 0; i < size_of(to); i++) {
            if (has_law(d, i) && steadies(d, i) == (steady == 1)) {
                copy_law(d, to, i, at++);
                to->steady_laws += steady == 1 ? 1 : 0;
                to->informed = to->informed || (i >= to->model.rate && steady == 0);
            }
        }
    }
    to->steady_terms = d->steadying_priors;
}

static traffstat_status copy(traffstat_ctx *ctx, const traffstat_pogit_data *d, traffstat_pogit *to)
{
    traffstat_i_pogit *m = &to->model;
    const traffstat_status status = make_block(ctx, d, to);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const size_t checked = d->validated == NULL ? 0 : d->rows;
    memcpy(m->x, d->rate_design, d->rows * m->rate * sizeof *m->x);
    memcpy(m->w, d->reporting_design, d->rows * m->share * sizeof *m->w);
    memcpy(m->z, d->reporting_design, checked * m->share * sizeof *m->z);
    copy_counts(d, to);
    for (size_t row = 0; row < checked; row++) {
        m->seen[row] = (double) d->validated[row];
        m->missed[row] = (double) (d->checked[row] - d->validated[row]);
        to->validation = to->validation || d->checked[row] > 0;
    }
    for (size_t i = 0; i < d->priors; i++) {
        memcpy(m->z + (checked + i) * m->share, d->prior_design + i * m->share,
               m->share * sizeof *m->z);
        m->seen[checked + i] = d->prior_a[i];
        m->missed[checked + i] = d->prior_b[i];
    }
    to->priors = d->priors;
    standardise(m->x, m->rows, m->rate, to->middle, to->spread);
    standardise(m->w, m->rows, m->share, to->middle + m->rate, to->spread + m->rate);
    apply(m->z, m->terms, m->share, to->middle + m->rate, to->spread + m->rate);
    copy_laws(d, to);
    return TRAFFSTAT_OK;
}

/* ---- columns that others make up ------------------------------------------------------------- */

/* Takes from a column what the `n` orthonormal ones before it hold; the share of it that is left. */
static double reduce(double *basis, size_t rows, size_t n)
{
    double *own = basis + n * rows;
    double before = 0.0;
    double after = 0.0;
    for (size_t i = 0; i < rows; i++) {
        before += own[i] * own[i];
    }
    for (size_t pass = 0; pass < 2 * n; pass++) { /* twice: once loses digits */
        const double *other = basis + pass % n * rows;
        double along = 0.0;
        for (size_t i = 0; i < rows; i++) {
            along += own[i] * other[i];
        }
        for (size_t i = 0; i < rows; i++) {
            own[i] -= along * other[i];
        }
    }
    for (size_t i = 0; i < rows; i++) {
        after += own[i] * own[i];
    }
    for (size_t i = 0; i < rows && after > 0.0; i++) {
        own[i] /= sqrt(after);
    }
    return before > 0.0 ? sqrt(after / before) : 0.0;
}

/* The first column that those before it make up, else `columns`. */
static size_t made_up(const double *design, size_t rows, size_t columns, double *basis)
{
    for (size_t j = 0; j < columns; j++) {
        for (size_t i = 0; i < rows; i++) {
            basis[j * rows + i] = design[i * columns + j];
        }
        if (reduce(basis, rows, j) < SPAN) {
            return j;
        }
    }
    return columns;
}

/* Does the span of x hold every column of w? The basis is that of x, with room for one more. */
static bool spanned(const traffstat_i_pogit *m, double *basis)
{
    for (size_t j = 0; j < m->share; j++) {
        for (size_t i = 0; i < m->rows; i++) {
            basis[m->rate * m->rows + i] = m->w[i * m->share + j];
        }
        if (reduce(basis, m->rows, m->rate) >= SPAN) {
            return false;
        }
    }
    return true;
}

static traffstat_status check_columns(traffstat_ctx *ctx, const traffstat_i_pogit *m,
                                      bool *ambiguous)
{
    const size_t most = m->rate > m->share ? m->rate : m->share;
    double *basis = traffstat_i_alloc(ctx, (most + 1) * m->rows, sizeof *basis);
    if (basis == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const size_t share = made_up(m->w, m->rows, m->share, basis);
    const size_t rate = made_up(m->x, m->rows, m->rate, basis);
    *ambiguous = rate == m->rate && spanned(m, basis);
    traffstat_i_free(ctx, basis);
    if (rate < m->rate || share < m->share) {
        return traffstat_i_fail(
            ctx, TRAFFSTAT_E_ARGUMENT, "%s column %zu is zero or made up of those before it",
            rate < m->rate ? "rate" : "reporting", rate < m->rate ? rate : share);
    }
    return TRAFFSTAT_OK;
}

/* ---- fitting --------------------------------------------------------------------------------- */

/* Weighted least squares into `at`; untouched where it has no single answer. */
static void least_squares(const double *design, size_t rows, size_t columns, const double *weight,
                          const double *value, double *at, double *work)
{
    double *sum = work + columns * columns;
    memset(work, 0, (columns * columns + columns) * sizeof *work);
    for (size_t row = 0; row < rows; row++) {
        const double *x = design + row * columns;
        for (size_t i = 0; i < columns; i++) {
            sum[i] += weight[row] * x[i] * value[row];
            for (size_t j = 0; j <= i; j++) {
                work[i * columns + j] += weight[row] * x[i] * x[j];
            }
        }
    }
    if (traffstat_i_cholesky(work, columns)) {
        traffstat_i_cholesky_solve(work, columns, sum);
        memcpy(at, sum, columns * sizeof *at);
    }
}

/* Logits from validation and prior, then logarithms of rates under those shares. */
static traffstat_status find_start(traffstat_ctx *ctx, traffstat_pogit *of)
{
    const traffstat_i_pogit *m = &of->model;
    const size_t most = m->rows > m->terms ? m->rows : m->terms;
    double *weight = traffstat_i_alloc(ctx, 2 * most, sizeof *weight);
    if (weight == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    double *value = weight + most;
    for (size_t i = 0; i < m->terms; i++) {
        const double all = m->seen[i] + m->missed[i];
        value[i] = log((m->seen[i] + 0.5) / (m->missed[i] + 0.5));
        weight[i] = all > 0.0 ? (m->seen[i] + 0.5) * (m->missed[i] + 0.5) / (all + 1.0) : 0.0;
    }
    least_squares(m->z, m->terms, m->share, weight, value, of->at + m->rate, of->work);
    for (size_t row = 0; row < m->rows; row++) {
        double logit = 0.0;
        for (size_t j = 0; j < m->share; j++) {
            logit += m->w[row * m->share + j] * of->at[m->rate + j];
        }
        value[row] = log(m->count[row] + 0.5) - m->offset[row] + log1p(exp(fmin(-logit, 30.0)));
        weight[row] = m->count[row] + 0.5;
    }
    least_squares(m->x, m->rows, m->rate, weight, value, of->at, of->work);
    traffstat_i_free(ctx, weight);
    return TRAFFSTAT_OK;
}

/* A combination such as "rate 0 - 0.31 reporting 0", what is below a hundredth left out. */
static char *direction_text(traffstat_ctx *ctx, const traffstat_pogit *of, const double *direction,
                            const char *before)
{
    traffstat_text text;
    bool first = true;
    traffstat_i_text_init(&text, ctx);
    traffstat_i_text_add(&text, before);
    for (size_t i = 0; i < size_of(of); i++) {
        const double size = fabs(direction[i]);
        if (size < 0.01) {
            continue;
        }
        const char *sign = direction[i] < 0.0 ? " - " : " + ";
        traffstat_i_text_add(&text, first && direction[i] > 0.0 ? " " : sign);
        if (size < 0.995) {
            traffstat_i_text_add_fixed(&text, size, 2);
            traffstat_i_text_add(&text, " ");
        }
        traffstat_i_text_add(&text, i < of->model.rate ? "rate " : "reporting ");
        traffstat_i_text_add_int(&text, (int64_t) (i < of->model.rate ? i : i - of->model.rate));
        first = false;
    }
    return traffstat_i_text_steal(&text);
}

/* The scaled information with and without what is not a count. */
static traffstat_status gate(traffstat_ctx *ctx, traffstat_pogit *of)
{
    const size_t k = size_of(of);
    double *matrix = of->work;
    double *slope = matrix + k * k;
    double *direction = slope + k;
    double *spare = direction + k; /* k^2 + k */
    (void) traffstat_i_pogit_value(&of->model, of->at, false, false, slope, matrix);
    of->summary.weakest_counts = traffstat_i_pogit_weakest(matrix, k, direction, spare);
    of->summary.borrowed = of->summary.weakest_counts < WEAKEST ? 1 : 0;
    if (of->summary.borrowed != 0) {
        of->text = direction_text(ctx, of, direction,
                                  "the counts do not carry a direction, which is borrowed from "
                                  "validation or prior:");
    }
    traffstat_i_pogit told = of->model;
    told.laws -= of->steady_laws;
    told.terms -= of->steady_terms;
    (void) traffstat_i_pogit_value(&told, of->at, true, false, slope, matrix);
    of->summary.weakest = traffstat_i_pogit_weakest(matrix, k, direction, spare);
    of->summary.estimable = of->summary.weakest < WEAKEST ? 0 : 1;
    if (of->summary.estimable == 0) {
        traffstat_i_free(ctx, of->text);
        of->text = direction_text(ctx, of, direction,
                                  "neither counts nor validation nor prior say anything about");
    }
    const bool named = of->summary.borrowed != 0 || of->summary.estimable == 0;
    of->reason = of->text != NULL ? of->text : "";
    return named && of->text == NULL ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

/* Twice the log likelihood lost against a law of its own for each count and each check. */
static void summarise(traffstat_pogit *of)
{
    const traffstat_i_pogit *m = &of->model;
    traffstat_i_pogit part = *m;
    traffstat_pogit_summary *sum = &of->summary;
    double best = 0.0;
    double shift = 0.0; /* what the kernel leaves out of the log likelihood */
    const size_t checked = m->terms - of->priors;
    part.terms = checked;
    part.laws = 0;
    const double kernel = traffstat_i_pogit_value(&part, of->at, true, false, NULL, NULL);
    for (size_t row = 0; row < m->rows; row++) {
        const double y = m->count[row];
        if (m->low != NULL && m->low[row] != m->high[row]) {
            continue; /* its whole probability is in the kernel, and at best 1 */
        }
        shift -= lgamma(y + 1.0);
        best += y > 0.0 ? y * log(y) - y : 0.0;
    }
    for (size_t i = 0; i < checked; i++) {
        const double all = m->seen[i] + m->missed[i];
        shift += lgamma(all + 1.0) - lgamma(m->seen[i] + 1.0) - lgamma(m->missed[i] + 1.0);
        best += m->seen[i] > 0.0 ? m->seen[i] * log(m->seen[i] / all) : 0.0;
        best += m->missed[i] > 0.0 ? m->missed[i] * log(m->missed[i] / all) : 0.0;
    }
    sum->log_prior = 0.0;
    for (size_t i = checked; i < m->terms; i++) {
        sum->log_prior +=
            lgamma(m->seen[i] + m->missed[i]) - lgamma(m->seen[i]) - lgamma(m->missed[i]);
    }
    sum->log_prior += of->value - kernel;
    sum->loglik = kernel + shift;
    sum->deviance = 2.0 * (best - kernel);
    sum->aic = of->priors > 0 || m->laws > 0 ? (double) NAN
                                             : 2.0 * (double) size_of(of) - 2.0 * sum->loglik;
}

static traffstat_status conclude(traffstat_ctx *ctx, traffstat_pogit *of)
{
    const size_t k = size_of(of);
    traffstat_status status = gate(ctx, of);
    if (status != TRAFFSTAT_OK || of->summary.estimable == 0) {
        return status;
    }
    (void) traffstat_i_pogit_value(&of->model, of->at, true, true, of->work + k * k, of->work);
    if (!traffstat_i_cholesky(of->work, k)) {
        of->summary.estimable = 0;
        of->reason = "the likelihood is flat at its top, so no errors exist";
        return TRAFFSTAT_OK;
    }
    for (size_t j = 0; j < k; j++) { /* columns of the inverse, which is symmetric */
        of->covariance[j * k + j] = 1.0;
        traffstat_i_cholesky_solve(of->work, k, of->covariance + j * k);
    }
    summarise(of);
    return TRAFFSTAT_OK;
}

static traffstat_status fit(traffstat_ctx *ctx, traffstat_pogit *of)
{
    bool ambiguous = false;
    of->summary = (traffstat_pogit_summary){0, 0, 0, 0, NAN, NAN, NAN, NAN, NAN, NAN};
    traffstat_status status = check_columns(ctx, &of->model, &ambiguous);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (of->cases == 0.0) {
        of->reason = "no count is above zero, so no rate can be estimated";
        return TRAFFSTAT_OK;
    }
    if (ambiguous && !of->validation && of->priors == of->steady_terms && !of->informed) {
        of->reason = "the reporting columns are made up of the rate columns, so that the rate and "
                     "the reporting may change roles; validation or a prior must tell them apart";
        return TRAFFSTAT_OK;
    }
    status = find_start(ctx, of);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const int steps = traffstat_i_pogit_climb(&of->model, NULL, of->at, &of->value, of->work);
    if (steps < 0) {
        of->reason = "a coefficient can grow without end, or the counts do not tell rate and "
                     "reporting apart, so the likelihood has no top";
        return TRAFFSTAT_OK;
    }
    of->summary.iterations = steps;
    return conclude(ctx, of);
}

void traffstat_pogit_free(traffstat_pogit *pogit)
{
    if (pogit == NULL) {
        return;
    }
    traffstat_ctx *ctx = pogit->ctx;
    traffstat_i_free(ctx, pogit->text);
    traffstat_i_free(ctx, pogit->block);
    traffstat_i_free(ctx, pogit->ends);
    traffstat_i_free(ctx, pogit);
}

traffstat_status traffstat_i_pogit_fit(traffstat_ctx *ctx, const traffstat_pogit_data *data,
                                       traffstat_pogit **out)
{
    *out = NULL;
    traffstat_pogit_data own;
    memset(&own, 0, sizeof own);
    traffstat_status status = traffstat_i_read_options(ctx, data, &own, sizeof own);
    if (status == TRAFFSTAT_OK) {
        status = check(ctx, &own);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_pogit *made = traffstat_i_alloc(ctx, 1, sizeof *made);
    if (made == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    made->ctx = ctx;
    made->reason = "";
    status = copy(ctx, &own, made);
    if (status == TRAFFSTAT_OK) {
        status = fit(ctx, made);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_pogit_free(made);
        return status;
    }
    *out = made;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_pogit_fit(traffstat_ctx *ctx, const traffstat_pogit_data *data,
                                     traffstat_pogit **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out != NULL) {
        *out = NULL;
    }
    if (out == NULL || data == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no data or no place was given");
    }
    return traffstat_i_pogit_fit(ctx, data, out);
}

/* ---- what is said ---------------------------------------------------------------------------- */

traffstat_status traffstat_pogit_get(const traffstat_pogit *pogit, traffstat_pogit_summary *out)
{
    if (pogit == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = pogit->summary;
    return TRAFFSTAT_OK;
}

const char *traffstat_pogit_reason(const traffstat_pogit *pogit)
{
    return pogit == NULL ? "" : pogit->reason;
}

static traffstat_status check_ask(traffstat_ctx *ctx, const traffstat_pogit *of, bool there,
                                  double level)
{
    if (!there) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the regression has no such number, or no place was given");
    }
    if (!(level > 0.0 && level < 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie strictly between 0 and 1");
    }
    if (of->summary.estimable == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "%s", of->reason);
    }
    return TRAFFSTAT_OK;
}

/* direction' covariance direction */
static double variance(const traffstat_pogit *of, const double *direction)
{
    const size_t k = size_of(of);
    double sum = 0.0;
    for (size_t i = 0; i < k * k; i++) {
        sum += direction[i / k] * of->covariance[i] * direction[i % k];
    }
    return sum;
}

double *traffstat_i_pogit_direction(traffstat_ctx *ctx, const traffstat_pogit *of, size_t index)
{
    double *direction = traffstat_i_alloc(ctx, size_of(of), sizeof *direction);
    if (direction != NULL) {
        fill_direction(of, index, direction);
    }
    return direction;
}

double *traffstat_i_pogit_directions(traffstat_ctx *ctx, const traffstat_pogit *of)
{
    const size_t k = size_of(of);
    double *directions = traffstat_i_alloc(ctx, k * k, sizeof *directions);
    for (size_t j = 0; directions != NULL && j < k; j++) {
        fill_direction(of, j, directions + j * k);
    }
    return directions;
}

const traffstat_i_pogit *traffstat_i_pogit_model(const traffstat_pogit *pogit)
{
    return &pogit->model;
}

const double *traffstat_i_pogit_top(const traffstat_pogit *pogit)
{
    return pogit->at;
}

static double along(const traffstat_pogit *of, const double *direction)
{
    double sum = 0.0;
    for (size_t i = 0; i < size_of(of); i++) {
        sum += direction[i] * of->at[i];
    }
    return sum;
}

traffstat_status traffstat_i_pogit_coefficient(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                               size_t index, double level,
                                               traffstat_pogit_number *out)
{
    const double z = traffstat_i_normal_quantile(0.5 * (1.0 - level));
    double *direction = traffstat_i_pogit_direction(ctx, pogit, index);
    if (direction == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const double error = sqrt(variance(pogit, direction));
    const double at = along(pogit, direction);
    traffstat_i_free(ctx, direction);
    *out = (traffstat_pogit_number){at, error, at - z * error, at + z * error};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_pogit_coefficient(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                             size_t index, double level,
                                             traffstat_pogit_number *out)
{
    traffstat_i_enter(ctx);
    const bool there = pogit != NULL && out != NULL && index < size_of(pogit);
    const traffstat_status status = check_ask(ctx, pogit, there, level);
    return status == TRAFFSTAT_OK ? traffstat_i_pogit_coefficient(ctx, pogit, index, level, out)
                                  : status;
}

static double logit_of(const traffstat_pogit *of, size_t row)
{
    double sum = 0.0;
    for (size_t j = 0; j < of->model.share; j++) {
        sum += of->model.w[row * of->model.share + j] * of->at[of->model.rate + j];
    }
    return sum;
}

static double share_of(double logit)
{
    return 1.0 / (1.0 + exp(-logit));
}

/* The coefficients of a row's logit; NULL: no memory. */
static double *row_direction(traffstat_ctx *ctx, const traffstat_pogit *of, size_t row)
{
    double *direction = traffstat_i_alloc(ctx, size_of(of), sizeof *direction);
    if (direction != NULL) {
        memcpy(direction + of->model.rate, of->model.w + row * of->model.share,
               of->model.share * sizeof *direction);
    }
    return direction;
}

traffstat_status traffstat_pogit_share(traffstat_ctx *ctx, const traffstat_pogit *pogit, size_t row,
                                       double level, traffstat_pogit_number *out)
{
    traffstat_i_enter(ctx);
    const bool there = pogit != NULL && out != NULL && row < pogit->model.rows;
    const traffstat_status status = check_ask(ctx, pogit, there, level);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double *direction = row_direction(ctx, pogit, row);
    if (direction == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const double z = traffstat_i_normal_quantile(0.5 * (1.0 - level));
    const double logit = logit_of(pogit, row);
    const double error = sqrt(variance(pogit, direction));
    const double p = share_of(logit);
    *out = (traffstat_pogit_number){p, p * (1.0 - p) * error, share_of(logit - z * error),
                                    share_of(logit + z * error)};
    traffstat_i_free(ctx, direction);
    return TRAFFSTAT_OK;
}

/* Expected unreported cases of a row (TRAFFSTAT_NONE: of all), and their slope by the
 * coefficients. */
static double unreported(const traffstat_pogit *of, size_t only, double *slope)
{
    const traffstat_i_pogit *m = &of->model;
    double sum = 0.0;
    for (size_t row = 0; row < m->rows; row++) {
        if (only != TRAFFSTAT_NONE && row != only) {
            continue;
        }
        const double p = share_of(logit_of(of, row));
        double log_rate = m->offset[row];
        for (size_t j = 0; j < m->rate; j++) {
            log_rate += m->x[row * m->rate + j] * of->at[j];
        }
        const double counted = exp(log_rate); /* all cases of what is covered */
        const double missed = share_of(-logit_of(of, row)) + (1.0 - m->cover[row]) / m->cover[row];
        const double here = counted * missed;
        const double less = counted * p * share_of(-logit_of(of, row));
        for (size_t j = 0; j < m->rate; j++) {
            slope[j] += here * m->x[row * m->rate + j];
        }
        for (size_t j = 0; j < m->share; j++) {
            slope[m->rate + j] -= less * m->w[row * m->share + j];
        }
        sum += here;
    }
    return sum;
}

traffstat_status traffstat_i_pogit_hidden(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                          size_t row, double level, traffstat_pogit_number *out)
{
    double *slope = traffstat_i_alloc(ctx, size_of(pogit), sizeof *slope);
    if (slope == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const double mean = unreported(pogit, row, slope);
    const double error = sqrt(mean + variance(pogit, slope));
    const double z = traffstat_i_normal_quantile(0.5 * (1.0 - level));
    const double wide = exp(z * sqrt(log1p(error * error / (mean * mean))));
    traffstat_i_free(ctx, slope);
    *out = (traffstat_pogit_number){mean, error, mean / wide, mean * wide};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_pogit_unreported(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                            double level, traffstat_pogit_number *out)
{
    traffstat_i_enter(ctx);
    const traffstat_status status = check_ask(ctx, pogit, pogit != NULL && out != NULL, level);
    return status == TRAFFSTAT_OK ? traffstat_i_pogit_hidden(ctx, pogit, TRAFFSTAT_NONE, level, out)
                                  : status;
}

/* ---- profile intervals ----------------------------------------------------------------------- */

typedef struct pogit_profile {
    const traffstat_pogit *of;
    const double *direction;
    double *at; /* k, then room for climbing */
    double wanted;
} pogit_profile;

/* Likelihood ratio at the held value, less the wanted one; NaN where there is no top. */
static double ratio_miss(double value, void *user)
{
    const pogit_profile *p = user;
    const size_t k = size_of(p->of);
    const traffstat_i_held held = {p->direction, value};
    double top = 0.0;
    memcpy(p->at, p->of->at, k * sizeof *p->at);
    if (traffstat_i_pogit_climb(&p->of->model, &held, p->at, &top, p->at + k) < 0) {
        return NAN;
    }
    return 2.0 * (p->of->value - top) - p->wanted;
}

static double profile_end(pogit_profile *p, double center, double step)
{
    double inner = center;
    for (double reach = 1.0; reach <= REACH; reach *= 2.0) {
        const double outer = center + step * reach;
        const double there = ratio_miss(outer, p);
        if (isnan(there)) {
            return NAN;
        }
        if (there >= 0.0) {
            return traffstat_i_root(ratio_miss, p, inner, outer);
        }
        inner = outer;
    }
    return NAN;
}

static traffstat_status profile(traffstat_ctx *ctx, const traffstat_pogit *of,
                                const double *direction, double level, traffstat_interval *out)
{
    const size_t k = size_of(of);
    double *at = traffstat_i_alloc(ctx, 2 * k * k + 6 * k, sizeof *at);
    if (at == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const double z = traffstat_i_normal_quantile(0.5 * (1.0 - level));
    pogit_profile p = {of, direction, at, z * z};
    const double center = along(of, direction);
    const double error = sqrt(variance(of, direction));
    *out = (traffstat_interval){level, profile_end(&p, center, -error),
                                profile_end(&p, center, error)};
    traffstat_i_free(ctx, at);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_pogit_profile(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                           size_t index, double level, traffstat_interval *out)
{
    double *direction = traffstat_i_pogit_direction(ctx, pogit, index);
    if (direction == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const traffstat_status status = profile(ctx, pogit, direction, level, out);
    traffstat_i_free(ctx, direction);
    return status;
}

traffstat_status traffstat_pogit_profile(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                         size_t index, double level, traffstat_interval *out)
{
    traffstat_i_enter(ctx);
    const bool there = pogit != NULL && out != NULL && index < size_of(pogit);
    const traffstat_status status = check_ask(ctx, pogit, there, level);
    return status == TRAFFSTAT_OK ? traffstat_i_pogit_profile(ctx, pogit, index, level, out)
                                  : status;
}

traffstat_status traffstat_pogit_share_profile(traffstat_ctx *ctx, const traffstat_pogit *pogit,
                                               size_t row, double level, traffstat_interval *out)
{
    traffstat_i_enter(ctx);
    const bool there = pogit != NULL && out != NULL && row < pogit->model.rows;
    traffstat_status status = check_ask(ctx, pogit, there, level);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double *direction = row_direction(ctx, pogit, row);
    if (direction == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_interval logits = {level, NAN, NAN};
    status = profile(ctx, pogit, direction, level, &logits);
    traffstat_i_free(ctx, direction);
    if (status == TRAFFSTAT_OK) {
        *out = (traffstat_interval){level, share_of(logits.lower), share_of(logits.upper)};
    }
    return status;
}
