/* A panel and its covariates as the data of a Poisson-logistic regression. */
#include <math.h>
#include <string.h>

#include "model/reporting/pogit_panel.h"

#define RATE_UNIT 1e5 /* residents: rates are per 100,000 and year */

/* ---- rows ------------------------------------------------------------------------------------ */

static bool is_known(const traffstat_covariates *of, size_t row)
{
    return of == NULL || traffstat_covariates_known(of, row) != 0;
}

static traffstat_i_pogit_use use_of(const traffstat_i_pogit_panel *run, const traffstat_cell *cell,
                                    size_t row)
{
    if (cell->why != TRAFFSTAT_WHY_COUNTED) {
        return TRAFFSTAT_I_POGIT_MISSING;
    }
    if (cell->lower < 0) {
        return TRAFFSTAT_I_POGIT_NEGATIVE;
    }
    return is_known(run->rate, row) && is_known(run->report, row) ? TRAFFSTAT_I_POGIT_USED
                                                                  : TRAFFSTAT_I_POGIT_UNKNOWN;
}

static traffstat_status check_panel(const traffstat_i_pogit_panel *run)
{
    const traffstat_panel *panel = run->panel;
    for (size_t i = 1; i < traffstat_panel_series(panel); i++) {
        if (strcmp(traffstat_panel_measure(panel, 0), traffstat_panel_measure(panel, i)) != 0 ||
            strcmp(traffstat_panel_source(panel, 0), traffstat_panel_source(panel, i)) != 0) {
            return traffstat_i_fail(run->ctx, TRAFFSTAT_E_CONFLICT,
                                    "the regression takes one measure and source at a time: the "
                                    "series of \"%s\" and of \"%s\" differ in them",
                                    traffstat_i_panel_label(panel, 0),
                                    traffstat_i_panel_label(panel, i));
        }
    }
    const traffstat_covariates *const given[] = {run->rate, run->report, run->validation};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i] != NULL && given[i]->rows != traffstat_panel_rows(panel)) {
            return traffstat_i_fail(run->ctx, TRAFFSTAT_E_ARGUMENT,
                                    "covariates of %zu rows are not those of a panel of %zu",
                                    given[i]->rows, traffstat_panel_rows(panel));
        }
    }
    if (run->validation != NULL && run->validation->columns != 2) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_ARGUMENT,
                                "validation takes two columns, cases reported of cases looked up, "
                                "not %zu",
                                run->validation->columns);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status survey(traffstat_i_pogit_panel *run)
{
    const size_t rows = traffstat_panel_rows(run->panel);
    run->use = traffstat_i_alloc(run->ctx, rows, sizeof *run->use);
    run->row_of = traffstat_i_alloc(run->ctx, rows, sizeof *run->row_of);
    if (run->use == NULL || run->row_of == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t row = 0; row < rows; row++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(run->panel, row, &cell) != TRAFFSTAT_OK) {
            return traffstat_i_fail(run->ctx, TRAFFSTAT_E_INTERNAL,
                                    "a row of the panel is missing");
        }
        run->use[row] = use_of(run, &cell, row);
        if (run->use[row] == TRAFFSTAT_I_POGIT_USED) {
            run->row_of[run->count++] = row;
            run->per_resident = run->per_resident || !isnan(cell.population);
            run->intervals = run->intervals || cell.lower != cell.upper;
        }
    }
    run->unused = rows - run->count;
    return run->count > 0 ? TRAFFSTAT_OK
                          : traffstat_i_fail(run->ctx, TRAFFSTAT_E_NODATA,
                                             "no row of the panel has a count and its covariates");
}

/* ---- columns --------------------------------------------------------------------------------- */

static double value_of(const traffstat_covariates *of, size_t row, size_t column)
{
    return of->values[row * of->columns + column];
}

/* A column of 0 and 1 is as good as one of words: 0 is its baseline. */
static bool is_switch(const traffstat_i_pogit_panel *run, const traffstat_covariates *of,
                      size_t column)
{
    for (size_t i = 0; i < run->count; i++) {
        const double value = value_of(of, run->row_of[i], column);
        if (value != 0.0 && value != 1.0) {
            return false;
        }
    }
    return true;
}

/* Words stay 0 and 1; numbers are brought to mean 0 and spread 1 over the rows that are used. */
static traffstat_i_pogit_column column_of(const traffstat_i_pogit_panel *run,
                                          const traffstat_covariates *of, size_t column,
                                          bool reporting)
{
    traffstat_i_pogit_column out = {traffstat_covariates_name(of, column),
                                    traffstat_covariates_baseline(of, column), reporting, 0.0, 1.0};
    if (of->about[column].baseline != NULL || is_switch(run, of, column)) {
        out.baseline = of->about[column].baseline != NULL ? out.baseline : "0";
        return out;
    }
    double squares = 0.0;
    for (size_t i = 0; i < run->count; i++) {
        out.middle += value_of(of, run->row_of[i], column) / (double) run->count;
    }
    for (size_t i = 0; i < run->count; i++) {
        const double off = value_of(of, run->row_of[i], column) - out.middle;
        squares += off * off / (double) run->count;
    }
    out.spread = squares > 0.0 && isfinite(squares) ? sqrt(squares) : 1.0;
    return out;
}

static size_t columns_in(const traffstat_covariates *of)
{
    return 1 + traffstat_covariates_columns(of);
}

static void fill_design(traffstat_i_pogit_panel *run, const traffstat_covariates *of,
                        bool reporting, double *design)
{
    const size_t n = columns_in(of);
    traffstat_i_pogit_column *columns = run->columns + (reporting ? columns_in(run->rate) : 0);
    columns[0] = (traffstat_i_pogit_column){"intercept", "", reporting, 0.0, 1.0};
    for (size_t j = 1; j < n; j++) {
        columns[j] = column_of(run, of, j - 1, reporting);
    }
    for (size_t i = 0; i < run->count; i++) {
        design[i * n] = 1.0;
        for (size_t j = 1; j < n; j++) {
            design[i * n + j] =
                (value_of(of, run->row_of[i], j - 1) - columns[j].middle) / columns[j].spread;
        }
    }
}

/* ---- counts ---------------------------------------------------------------------------------- */

typedef struct parts {
    double *exposure;
    double *coverage;
    double *rate_design;
    double *report_design;
    double *effects; /* 2 k: means, scales */
    double *prior;   /* share + 2, twice: the class, a, b */
    int64_t *counts;
    int64_t *uppers;
    int64_t *validated;
    int64_t *checked;
    int32_t *steadies;
} parts;

static traffstat_status fill_row(traffstat_i_pogit_panel *run, const parts *to, size_t i)
{
    traffstat_cell cell;
    const size_t row = run->row_of[i];
    if (traffstat_panel_cell(run->panel, row, &cell) != TRAFFSTAT_OK) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_INTERNAL, "a row of the panel is missing");
    }
    if (run->per_resident && isnan(cell.population)) {
        return traffstat_i_fail(
            run->ctx, TRAFFSTAT_E_CONFLICT,
            "the population of \"%s\" in %d is not known while that of others is: give it, leave "
            "the row out, or leave all populations out",
            traffstat_i_panel_label(run->panel, traffstat_panel_row_series(run->panel, row)),
            (int) cell.year);
    }
    const bool open = cell.upper == TRAFFSTAT_NO_UPPER;
    to->exposure[i] = run->per_resident ? cell.population / RATE_UNIT : 1.0;
    to->coverage[i] = isnan(cell.coverage) ? 1.0 : cell.coverage;
    to->counts[i] = cell.lower;
    to->uppers[i] = cell.upper;
    run->reported += open ? (double) cell.lower : 0.5 * ((double) cell.lower + (double) cell.upper);
    run->exposed += to->exposure[i] * to->coverage[i];
    if (run->validation == NULL) {
        return TRAFFSTAT_OK;
    }
    const double v = value_of(run->validation, row, 0);
    const double m = value_of(run->validation, row, 1);
    if (!(v <= m)) { /* NaN of columns that are no counts, too */
        return traffstat_i_fail(
            run->ctx, TRAFFSTAT_E_ARGUMENT,
            "%s in %d: more cases were reported than looked up: the first column of the "
            "validation is of cases reported, the second of cases looked up",
            traffstat_i_panel_label(run->panel, traffstat_panel_row_series(run->panel, row)),
            (int) cell.year);
    }
    to->validated[i] = (int64_t) v;
    to->checked[i] = (int64_t) m;
    run->seen += v;
    run->checked += m;
    return TRAFFSTAT_OK;
}

static traffstat_status make_room(traffstat_i_pogit_panel *run, parts *to)
{
    const size_t rate = columns_in(run->rate);
    const size_t share = columns_in(run->report);
    run->k = rate + share;
    size_t size = 0;
    if (!traffstat_i_mul_size(run->count, 2 + run->k, &size)) {
        return traffstat_i_fail(run->ctx, TRAFFSTAT_E_LIMIT, "the design is too large");
    }
    run->block =
        traffstat_i_alloc(run->ctx, size + 2 * run->k + 2 * (share + 2), sizeof *run->block);
    run->whole = traffstat_i_alloc(run->ctx, 4 * run->count + run->k, sizeof *run->whole);
    run->columns = traffstat_i_alloc(run->ctx, run->k, sizeof *run->columns);
    if (run->block == NULL || run->whole == NULL || run->columns == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    to->exposure = run->block;
    to->coverage = to->exposure + run->count;
    to->rate_design = to->coverage + run->count;
    to->report_design = to->rate_design + run->count * rate;
    to->effects = to->report_design + run->count * share;
    to->prior = to->effects + 2 * run->k;
    to->counts = run->whole;
    to->uppers = to->counts + run->count;
    to->validated = to->uppers + run->count;
    to->checked = to->validated + run->count;
    to->steadies = (int32_t *) (void *) (to->checked + run->count);
    return TRAFFSTAT_OK;
}

/* ---- laws ------------------------------------------------------------------------------------ */

/* The middle reporting rate: what centers the level of the rate. */
static double middle_share(const traffstat_i_pogit_panel *run)
{
    double mean = 0.0;
    double sd = 0.0;
    if (run->checked > 0.0) {
        return (run->seen + 0.5) / (run->checked + 1.0);
    }
    if (run->prior == NULL) {
        return 0.5; /* it will be refused */
    }
    traffstat_i_share_moments(&run->prior->law, &mean, &sd);
    return mean;
}

static void set_effects(const traffstat_i_pogit_panel *run, const parts *to)
{
    const size_t rate = columns_in(run->rate);
    for (size_t j = 0; j < run->k; j++) {
        to->effects[j] = 0.0;
        to->effects[run->k + j] = j < rate ? run->options.rate_sd : run->options.report_sd;
        to->steadies[j] = 1;
    }
    to->effects[0] =
        run->reported > 0.0 ? log(run->reported / run->exposed) - log(middle_share(run)) : 0.0;
    to->effects[run->k] = run->options.level_sd;
    to->effects[run->k + rate] = 0.0; /* the reporting's level has a law of its own */
}

/* A Beta law of p in the reference class, or a normal one of its logit; behind it the flat one that
 * only steadies the fit where there is none. */
static void set_prior(traffstat_i_pogit_panel *run, const parts *to)
{
    const size_t rate = columns_in(run->rate);
    const size_t share = columns_in(run->report);
    const bool beta = run->prior != NULL && traffstat_i_prior_is_beta(run->prior);
    double *a = to->prior + 2 * share;
    double *b = a + 2;
    to->prior[0] = 1.0;
    to->prior[share] = 1.0;
    a[1] = 0.5;
    b[1] = 0.5;
    run->data.prior_design = to->prior;
    run->data.prior_a = a;
    run->data.prior_b = b;
    if (beta) {
        a[0] = traffstat_prior_a(run->prior);
        b[0] = traffstat_prior_b(run->prior);
        run->data.priors = 1;
    } else if (run->prior != NULL) {
        traffstat_i_logit_moments(&run->prior->law, &to->effects[rate],
                                  &to->effects[run->k + rate]);
        to->steadies[rate] = 0;
    }
}

traffstat_status traffstat_i_pogit_data_make(traffstat_i_pogit_panel *run)
{
    parts to = {0};
    traffstat_status status = check_panel(run);
    status = status == TRAFFSTAT_OK ? survey(run) : status;
    status = status == TRAFFSTAT_OK ? make_room(run, &to) : status;
    for (size_t i = 0; i < run->count && status == TRAFFSTAT_OK; i++) {
        status = fill_row(run, &to, i);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    fill_design(run, run->rate, false, to.rate_design);
    fill_design(run, run->report, true, to.report_design);
    set_effects(run, &to);
    memset(&run->data, 0, sizeof run->data);
    run->data.struct_size = sizeof run->data;
    run->data.rows = run->count;
    run->data.rate_columns = columns_in(run->rate);
    run->data.reporting_columns = columns_in(run->report);
    run->data.counts = to.counts;
    run->data.uppers = run->intervals ? to.uppers : NULL;
    run->data.exposure = to.exposure;
    run->data.coverage = to.coverage;
    run->data.rate_design = to.rate_design;
    run->data.reporting_design = to.report_design;
    run->data.validated = run->checked > 0.0 ? to.validated : NULL;
    run->data.checked = run->checked > 0.0 ? to.checked : NULL;
    run->data.effect_mean = to.effects;
    run->data.effect_scale = to.effects + run->k;
    run->data.effect_steadies = to.steadies;
    set_prior(run, &to);
    return TRAFFSTAT_OK;
}

void traffstat_i_pogit_say_columns(const traffstat_i_pogit_panel *run, traffstat_text *text)
{
    const size_t rate = columns_in(run->rate);
    for (size_t j = 0; j < run->k; j++) {
        const bool reporting = run->columns[j].reporting;
        traffstat_i_text_addf(text, "%s%s %zu is %s%s", j > 0 ? ", " : " (",
                              reporting ? "reporting" : "rate", reporting ? j - rate : j,
                              j == 0 || j == rate ? "the " : "", run->columns[j].name);
    }
    traffstat_i_text_add(text, ")");
}
