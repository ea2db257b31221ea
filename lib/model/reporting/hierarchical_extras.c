/* What a panel's model takes beside the counts: built by the caller, then cut to one panel. */
#include "model/reporting/hierarchical_extras.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#define KNOWN_MAX 1000000000

/* ---- building -------------------------------------------------------------------------------- */

traffstat_status traffstat_hierarchical_extras_new(traffstat_ctx *ctx,
                                                   traffstat_hierarchical_extras **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the extras was given");
    }
    *out = traffstat_i_alloc(ctx, 1, sizeof **out);
    if (*out == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    (*out)->ctx = ctx;
    return TRAFFSTAT_OK;
}

void traffstat_hierarchical_extras_free(traffstat_hierarchical_extras *extras)
{
    if (extras == NULL) {
        return;
    }
    for (size_t i = 0; i < extras->covariate_count; i++) {
        traffstat_i_free(extras->ctx, extras->covariates[i].name);
        traffstat_i_free(extras->ctx, extras->covariates[i].values);
    }
    for (size_t i = 0; i < extras->given_count; i++) {
        traffstat_i_free(extras->ctx, extras->given[i].source);
    }
    traffstat_i_free(extras->ctx, extras->pairs);
    traffstat_i_free(extras->ctx, extras->covariates);
    traffstat_i_free(extras->ctx, extras->given);
    traffstat_i_free(extras->ctx, extras);
}

static traffstat_status begin(traffstat_ctx *ctx, const traffstat_hierarchical_extras *extras)
{
    traffstat_i_enter(ctx);
    return extras != NULL ? TRAFFSTAT_OK
                          : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no extras were given");
}

traffstat_status traffstat_hierarchical_extras_add_neighbours(traffstat_ctx *ctx,
                                                              traffstat_hierarchical_extras *extras,
                                                              const size_t *pairs, size_t count)
{
    const traffstat_status status = begin(ctx, extras);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (pairs == NULL || count == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no pair of neighbours was given");
    }
    size_t all = 0;
    for (size_t i = 0; i < count; i++) {
        if (pairs[2 * i] == pairs[2 * i + 1]) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "pair %zu of neighbours names one series twice", i + 1);
        }
    }
    if (!traffstat_i_mul_size(2, count, &all) ||
        !traffstat_i_add_size(all, 2 * extras->pair_count, &all) ||
        !traffstat_i_reserve(ctx, &extras->pairs, &extras->pair_room, all, sizeof *pairs)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu neighbours", count);
    }
    memcpy(extras->pairs + 2 * extras->pair_count, pairs, 2 * count * sizeof *pairs);
    extras->pair_count += count;
    return TRAFFSTAT_OK;
}

static traffstat_status check_covariate(traffstat_ctx *ctx, const char *name, const double *values,
                                        size_t rows)
{
    if (name == NULL || name[0] == '\0') {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "a covariate needs a name");
    }
    if (values == NULL || rows == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the covariate \"%s\" has no values",
                                name);
    }
    for (size_t i = 0; i < rows; i++) {
        if (isinf(values[i])) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "the covariate \"%s\" is infinite in row %zu", name, i + 1);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status add_covariate(traffstat_ctx *ctx, traffstat_hierarchical_extras *extras,
                                      const char *name, const double *values, size_t rows,
                                      bool of_report)
{
    traffstat_status status = begin(ctx, extras);
    if (status == TRAFFSTAT_OK) {
        status = check_covariate(ctx, name, values, rows);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_covariate made = {.rows = rows, .of_report = of_report};
    made.name = traffstat_i_strdup(ctx, name);
    made.values = traffstat_i_alloc(ctx, rows, sizeof *made.values);
    if (made.name == NULL || made.values == NULL ||
        !traffstat_i_reserve(ctx, &extras->covariates, &extras->covariate_room,
                             extras->covariate_count + 1, sizeof *extras->covariates)) {
        traffstat_i_free(ctx, made.name);
        traffstat_i_free(ctx, made.values);
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for a covariate");
    }
    memcpy(made.values, values, rows * sizeof *values);
    extras->covariates[extras->covariate_count++] = made;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_hierarchical_extras_add_rate_covariate(
    traffstat_ctx *ctx, traffstat_hierarchical_extras *extras, const char *name,
    const double *values, size_t rows)
{
    return add_covariate(ctx, extras, name, values, rows, false);
}

traffstat_status traffstat_hierarchical_extras_add_report_covariate(
    traffstat_ctx *ctx, traffstat_hierarchical_extras *extras, const char *name,
    const double *values, size_t rows)
{
    return add_covariate(ctx, extras, name, values, rows, true);
}

static traffstat_status add_given(traffstat_ctx *ctx, traffstat_hierarchical_extras *extras,
                                  const char *source, traffstat_i_given made)
{
    made.source = traffstat_i_strdup(ctx, source);
    if (made.source == NULL ||
        !traffstat_i_reserve(ctx, &extras->given, &extras->given_room, extras->given_count + 1,
                             sizeof *extras->given)) {
        traffstat_i_free(ctx, made.source);
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for evidence");
    }
    extras->given[extras->given_count++] = made;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_hierarchical_extras_add_validation(traffstat_ctx *ctx,
                                                              traffstat_hierarchical_extras *extras,
                                                              size_t series, int32_t year,
                                                              int64_t counted, int64_t known,
                                                              const char *source)
{
    const traffstat_status status = begin(ctx, extras);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (known < 1 || known > KNOWN_MAX || counted < 0 || counted > known) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%lld of %lld validated cases is none of 0 to m of m, m from 1 to "
                                "1000000000",
                                (long long) counted, (long long) known);
    }
    return add_given(
        ctx, extras, source,
        (traffstat_i_given){.series = series, .year = year, .counted = counted, .known = known});
}

traffstat_status
traffstat_hierarchical_extras_add_total(traffstat_ctx *ctx, traffstat_hierarchical_extras *extras,
                                        size_t series, int32_t year, double estimate, double lower,
                                        double upper, double level, const char *source)
{
    const traffstat_status status = begin(ctx, extras);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!(lower > 0.0 && lower < estimate && estimate < upper && upper <= 1e15)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a total of lists needs its estimate inside an interval above 0");
    }
    if (!(level >= 0.01 && level <= 0.9999)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the level of a total's interval must lie between 0.01 and 0.9999");
    }
    return add_given(ctx, extras, source,
                     (traffstat_i_given){.is_total = true,
                                         .series = series,
                                         .year = year,
                                         .estimate = estimate,
                                         .lower = lower,
                                         .upper = upper,
                                         .level = level});
}

/* ---- neighbours of a panel --------------------------------------------------------------------- */

static size_t place_of(const traffstat_i_hierarchical_data *data, size_t series)
{
    for (size_t j = 0; j < data->place_count; j++) {
        if (data->series_of_place[j] == series) {
            return j;
        }
    }
    return TRAFFSTAT_NONE; /* none of its rows is used */
}

static size_t root_of(const size_t *parent, size_t place)
{
    while (parent[place] != place) {
        place = parent[place];
    }
    return place;
}

/* How many groups the places fall into. */
static traffstat_status count_groups(const traffstat_i_hierarchical_data *data,
                                     traffstat_i_extra_data *out)
{
    const size_t n = data->place_count;
    size_t *parent = traffstat_i_alloc(data->ctx, 2 * n, sizeof *parent);
    if (parent == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    size_t *size = parent + n;
    for (size_t j = 0; j < n; j++) {
        parent[j] = j;
    }
    for (size_t e = 0; e < out->edge_count; e++) {
        parent[root_of(parent, out->edges[2 * e])] = root_of(parent, out->edges[2 * e + 1]);
    }
    for (size_t j = 0; j < n; j++) {
        size[root_of(parent, j)]++;
    }
    for (size_t j = 0; j < n; j++) {
        out->groups += size[j] > 1 ? 1 : 0;
        out->alone += size[j] == 1 ? 1 : 0;
    }
    traffstat_i_free(data->ctx, parent);
    return TRAFFSTAT_OK;
}

static traffstat_status take_neighbours(const traffstat_i_hierarchical_data *data,
                                        const traffstat_panel *panel,
                                        const traffstat_hierarchical_extras *extras,
                                        traffstat_i_extra_data *out)
{
    const size_t series_count = traffstat_panel_series(panel);
    if (extras->pair_count == 0) {
        return TRAFFSTAT_OK;
    }
    out->edges = traffstat_i_alloc(data->ctx, 2 * extras->pair_count, sizeof *out->edges);
    if (out->edges == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < extras->pair_count; i++) {
        const size_t *pair = extras->pairs + 2 * i;
        if (pair[0] >= series_count || pair[1] >= series_count) {
            return traffstat_i_fail(data->ctx, TRAFFSTAT_E_CONFLICT,
                                    "pair %zu of neighbours names a series that the panel lacks",
                                    i + 1);
        }
        const size_t a = place_of(data, pair[0]);
        const size_t b = place_of(data, pair[1]);
        if (a != TRAFFSTAT_NONE && b != TRAFFSTAT_NONE) {
            out->edges[2 * out->edge_count] = a;
            out->edges[2 * out->edge_count++ + 1] = b;
        }
    }
    if (out->edge_count == 0) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_CONFLICT,
                                "no two places with counts are neighbours of one another");
    }
    return count_groups(data, out);
}

/* ---- covariates of a panel --------------------------------------------------------------------- */

static traffstat_status check_rows(const traffstat_i_hierarchical_data *data,
                                   const traffstat_panel *panel, const traffstat_i_covariate *of)
{
    if (of->rows != data->row_count) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_CONFLICT,
                                "the covariate \"%s\" has %zu values, the panel %zu rows", of->name,
                                of->rows, data->row_count);
    }
    for (size_t row = 0; row < data->row_count; row++) {
        traffstat_cell cell;
        if (data->use[row] != TRAFFSTAT_I_ROW_USED || !isnan(of->values[row]) ||
            traffstat_panel_cell(panel, row, &cell) != TRAFFSTAT_OK) {
            continue;
        }
        const size_t place = data->cells[data->cell_of_row[row]].place;
        return traffstat_i_fail(
            data->ctx, TRAFFSTAT_E_CONFLICT,
            "the covariate \"%s\" is not known for \"%s\" in %d, which has a count: give it, or "
            "leave the row out",
            of->name, traffstat_panel_jurisdiction(panel, data->series_of_place[place]),
            (int) cell.year);
    }
    return TRAFFSTAT_OK;
}

static void moments(const traffstat_i_hierarchical_data *data, const double *values, double *mean,
                    double *sd)
{
    const double n = (double) data->cell_count;
    double sum = 0.0;
    double squares = 0.0;
    for (size_t row = 0; row < data->row_count; row++) {
        sum += data->use[row] == TRAFFSTAT_I_ROW_USED ? values[row] / n : 0.0;
    }
    for (size_t row = 0; row < data->row_count; row++) {
        const double off = values[row] - sum;
        squares += data->use[row] == TRAFFSTAT_I_ROW_USED ? off * off / n : 0.0;
    }
    *mean = sum;
    *sd = sqrt(squares);
}

static traffstat_status take_covariate(const traffstat_i_hierarchical_data *data,
                                       const traffstat_panel *panel,
                                       const traffstat_i_covariate *of, size_t number,
                                       size_t column, traffstat_i_extra_data *out)
{
    traffstat_status status = check_rows(data, panel, of);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double mean = 0.0;
    double sd = 0.0;
    moments(data, of->values, &mean, &sd);
    if (!(sd > 1e-12 * fabs(mean)) || !isfinite(sd)) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_ARGUMENT,
                                "the covariate \"%s\" is the same in every row with a count, so "
                                "that it can explain nothing",
                                of->name);
    }
    out->centers[number] = mean;
    out->scales[number] = sd;
    const size_t k = of->of_report ? 1 : 0;
    for (size_t row = 0; row < data->row_count; row++) {
        if (data->use[row] == TRAFFSTAT_I_ROW_USED) {
            out->columns[k][data->cell_of_row[row] * out->counts[k] + column] =
                (of->values[row] - mean) / sd;
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status take_covariates(const traffstat_i_hierarchical_data *data,
                                        const traffstat_panel *panel,
                                        const traffstat_hierarchical_extras *extras,
                                        traffstat_i_extra_data *out)
{
    const size_t count = extras->covariate_count;
    for (size_t i = 0; i < count; i++) {
        out->counts[extras->covariates[i].of_report ? 1 : 0]++;
    }
    out->centers = traffstat_i_alloc(data->ctx, count, sizeof *out->centers);
    out->scales = traffstat_i_alloc(data->ctx, count, sizeof *out->scales);
    bool made = out->centers != NULL && out->scales != NULL;
    for (size_t k = 0; k < 2 && made; k++) {
        size_t size = 0;
        made = traffstat_i_mul_size(data->cell_count, out->counts[k], &size);
        out->columns[k] = made ? traffstat_i_alloc(data->ctx, size, sizeof(double)) : NULL;
        made = out->columns[k] != NULL;
    }
    if (!made) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu covariates",
                                count);
    }
    size_t column[2] = {0, 0};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_covariate *of = &extras->covariates[i];
        status = take_covariate(data, panel, of, i, column[of->of_report ? 1 : 0]++, out);
    }
    return status;
}

/* ---- evidence of a panel ----------------------------------------------------------------------- */

/* Place and year of a term; evidence from outside the panel belongs into the prior. */
static traffstat_status locate(const traffstat_i_hierarchical_data *data,
                               const traffstat_panel *panel, const traffstat_i_given *of,
                               size_t number, traffstat_i_evidence_term *to)
{
    const int32_t last = data->first_year + (int32_t) data->year_count - 1;
    to->place = TRAFFSTAT_I_EVERYWHERE;
    to->year = TRAFFSTAT_I_EVERYWHERE;
    if (of->series != TRAFFSTAT_NONE) {
        to->place = of->series < traffstat_panel_series(panel) ? place_of(data, of->series)
                                                               : TRAFFSTAT_NONE;
        if (to->place == TRAFFSTAT_NONE) {
            return traffstat_i_fail(data->ctx, TRAFFSTAT_E_CONFLICT,
                                    "evidence %zu is from a place without a count here", number);
        }
    }
    if (of->year != 0 && (of->year < data->first_year || of->year > last)) {
        return traffstat_i_fail(data->ctx, TRAFFSTAT_E_CONFLICT,
                                "evidence %zu is of %d, outside of the panel's %d to %d: "
                                "what it says belongs into the reporting prior",
                                number, (int) of->year, (int) data->first_year, (int) last);
    }
    if (of->year != 0 || data->year_count == 1) {
        to->year = of->year != 0 ? (size_t) (of->year - data->first_year) : 0;
    }
    if (data->place_count == 1) {
        to->place = 0;
    }
    to->is_pooled = !of->is_total &&
                    (to->place == TRAFFSTAT_I_EVERYWHERE || to->year == TRAFFSTAT_I_EVERYWHERE);
    return TRAFFSTAT_OK;
}

/* A total stands for all of its rows, and each must have a count. */
static traffstat_status check_total(const traffstat_i_hierarchical_data *data,
                                    const traffstat_panel *panel, const traffstat_i_given *of,
                                    size_t number)
{
    size_t used = 0;
    for (size_t series = 0; series < traffstat_panel_series(panel); series++) {
        const size_t first = traffstat_panel_series_first(panel, series);
        const size_t end = first + traffstat_panel_series_count(panel, series);
        for (size_t row = first; row < end; row++) {
            traffstat_cell cell;
            if ((of->series != TRAFFSTAT_NONE && of->series != series) ||
                traffstat_panel_cell(panel, row, &cell) != TRAFFSTAT_OK ||
                (of->year != 0 && cell.year != of->year)) {
                continue;
            }
            if (data->use[row] != TRAFFSTAT_I_ROW_USED) {
                return traffstat_i_fail(
                    data->ctx, TRAFFSTAT_E_CONFLICT,
                    "evidence %zu is a total that holds \"%s\" in %d, which has "
                    "no count here",
                    number, traffstat_panel_jurisdiction(panel, series), (int) cell.year);
            }
            used++;
        }
    }
    return used > 0
               ? TRAFFSTAT_OK
               : traffstat_i_fail(data->ctx, TRAFFSTAT_E_CONFLICT,
                                  "the total \"%s\" is of rows that the panel lacks", of->source);
}

/* What is pooled has a count somewhere. */
static traffstat_status check_pooled(const traffstat_i_hierarchical_data *data,
                                     const traffstat_i_evidence_term *term, size_t number)
{
    for (size_t i = 0; i < data->cell_count; i++) {
        if (term->year == TRAFFSTAT_I_EVERYWHERE || term->year == data->cells[i].year) {
            return TRAFFSTAT_OK;
        }
    }
    return traffstat_i_fail(data->ctx, TRAFFSTAT_E_CONFLICT,
                            "evidence %zu is of a year in which no place has a count", number);
}

static traffstat_status take_evidence(const traffstat_i_hierarchical_data *data,
                                      const traffstat_panel *panel,
                                      const traffstat_hierarchical_extras *extras,
                                      traffstat_i_extra_data *out)
{
    out->terms = traffstat_i_alloc(data->ctx, extras->given_count, sizeof *out->terms);
    traffstat_status status = out->terms != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    for (size_t i = 0; i < extras->given_count && status == TRAFFSTAT_OK; i++) {
        const traffstat_i_given *of = &extras->given[i];
        traffstat_i_evidence_term *to = &out->terms[out->term_count++];
        *to =
            (traffstat_i_evidence_term){.is_total = of->is_total, .v = of->counted, .m = of->known};
        status = locate(data, panel, of, i + 1, to);
        if (status == TRAFFSTAT_OK && to->is_pooled) {
            status = check_pooled(data, to, i + 1);
        }
        if (status == TRAFFSTAT_OK && of->is_total) {
            status = check_total(data, panel, of, i + 1);
            const double z = gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * of->level);
            to->center = log(of->estimate);
            to->sd = fmax(log(of->upper / of->estimate), log(of->estimate / of->lower)) / z;
        }
    }
    return status;
}

static bool holds(const traffstat_i_evidence_term *term, const traffstat_i_cell *cell)
{
    return (term->place == TRAFFSTAT_I_EVERYWHERE || term->place == cell->place) &&
           (term->year == TRAFFSTAT_I_EVERYWHERE || term->year == cell->year);
}

static traffstat_status assign_owners(const traffstat_i_hierarchical_data *data,
                                      traffstat_i_extra_data *out)
{
    out->owner = traffstat_i_alloc(data->ctx, data->cell_count, sizeof *out->owner);
    if (out->owner == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < data->cell_count; i++) {
        out->owner[i] = TRAFFSTAT_NONE;
    }
    for (size_t k = 0; k < out->term_count; k++) {
        bool free_cells = out->terms[k].is_total;
        for (size_t i = 0; i < data->cell_count && free_cells; i++) {
            free_cells = out->owner[i] == TRAFFSTAT_NONE || !holds(&out->terms[k], &data->cells[i]);
        }
        for (size_t i = 0; i < data->cell_count && free_cells; i++) {
            out->owner[i] = holds(&out->terms[k], &data->cells[i]) ? k : out->owner[i];
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- the whole --------------------------------------------------------------------------------- */

traffstat_status traffstat_i_extra_data_init(const traffstat_i_hierarchical_data *data,
                                             const traffstat_panel *panel,
                                             const traffstat_hierarchical_extras *extras,
                                             traffstat_i_extra_data *out)
{
    *out = (traffstat_i_extra_data){0};
    if (extras == NULL) {
        return TRAFFSTAT_OK;
    }
    traffstat_status status = take_neighbours(data, panel, extras, out);
    if (status == TRAFFSTAT_OK) {
        status = take_covariates(data, panel, extras, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = take_evidence(data, panel, extras, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = assign_owners(data, out);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_extra_data_clear(data->ctx, out);
    }
    return status;
}

void traffstat_i_extra_data_clear(traffstat_ctx *ctx, traffstat_i_extra_data *extra)
{
    traffstat_i_free(ctx, extra->edges);
    traffstat_i_free(ctx, extra->columns[0]);
    traffstat_i_free(ctx, extra->columns[1]);
    traffstat_i_free(ctx, extra->centers);
    traffstat_i_free(ctx, extra->scales);
    traffstat_i_free(ctx, extra->terms);
    traffstat_i_free(ctx, extra->owner);
    *extra = (traffstat_i_extra_data){0};
}

void traffstat_i_extra_data_apply(const traffstat_i_extra_data *extra,
                                  traffstat_i_posterior_spec *spec)
{
    spec->edges = extra->edges;
    spec->edge_count = spec->place_count > 1 ? extra->edge_count : 0;
    spec->rate_covariates = extra->columns[0];
    spec->rate_covariate_count = extra->counts[0];
    spec->report_covariates = extra->columns[1];
    spec->report_covariate_count = extra->counts[1];
    spec->terms = extra->terms;
    spec->term_count = extra->term_count;
}
