/* What was estimated, in words: on which share, whose, and what follows. */
#include <math.h>
#include <string.h>

#include "estimate/words.h"

/* ---- what is borrowed ----------------------------------------------------------------------- */

static bool has(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool borrowed(const traffstat_reporting_basis *basis)
{
    return basis->origin == 2;
}

/* "persons known to any agency in the United Kingdom in 2013" */
static void say_origin(traffstat_text *text, const traffstat_reporting_basis *basis)
{
    traffstat_i_text_add(text, has(basis->unit) ? basis->unit : "cases");
    traffstat_i_text_add(text, " known");
    if (has(basis->agencies)) {
        traffstat_i_text_addf(text, " to %s", basis->agencies);
    }
    if (has(basis->place)) {
        traffstat_i_text_add(text, " in ");
        traffstat_i_say_place(text, basis->place);
    }
    if (has(basis->period)) {
        traffstat_i_text_add(text, strchr(basis->place, ',') != NULL ? ", in " : " in ");
        traffstat_i_text_add(text, basis->period);
    }
}

/* A source that says more than "it was assumed". */
static bool has_author(const traffstat_reporting_basis *basis)
{
    static const char *const empty[] = {"assumed", "assumption", "an assumption"};
    for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
        if (has(basis->source) && traffstat_i_compare_nocase(basis->source, empty[i]) == 0) {
            return false;
        }
    }
    return has(basis->source);
}

/* "assumed; not measured in Missoula". `label`: of the place that the counts are from; NULL where
 * they are from several. */
static void say_ground(traffstat_text *text, const traffstat_reporting_basis *basis,
                       const char *label)
{
    if (borrowed(basis)) {
        traffstat_i_text_add(text, "rate of ");
        say_origin(text, basis);
    } else {
        traffstat_i_text_add(text, "assumed");
    }
    if (has_author(basis)) {
        traffstat_i_text_add(text, ": ");
        if (borrowed(basis)) {
            traffstat_i_say_short_citation(text, basis->source);
        } else {
            traffstat_i_text_add(text, basis->source);
        }
    }
    if (label == NULL) {
        traffstat_i_text_add(text, "; not measured in these places");
    } else if (borrowed(basis) && traffstat_i_compare_nocase(label, basis->place) == 0) {
        traffstat_i_text_add(text, "; not measured for these counts");
    } else {
        traffstat_i_text_add(text, "; not measured in ");
        traffstat_i_say_place(text, label);
    }
}

/* The one name of all series, or NULL. */
static const char *common_label(const traffstat_estimate *estimate)
{
    const traffstat_i_texts *labels = &estimate->naming.labels;
    for (size_t i = 1; i < labels->count; i++) {
        if (strcmp(labels->items[i], labels->items[0]) != 0) {
            return NULL;
        }
    }
    return labels->count > 0 ? labels->items[0] : NULL;
}

static void say_scenario_basis(traffstat_text *text, const traffstat_estimate *estimate,
                               const traffstat_reporting_basis *basis)
{
    const char *measure = estimate->naming.measure;
    traffstat_i_text_add(text, "Scenario: it supposes that ");
    traffstat_i_say_share_range(text, basis->lower, basis->upper);
    traffstat_i_text_add(text, " of ");
    traffstat_i_say_unit(text, measure);
    traffstat_i_text_add(text, " ");
    traffstat_i_say_attention(text, measure);
    traffstat_i_text_add(text, " (");
    say_ground(text, basis, common_label(estimate));
    traffstat_i_text_add(text, ").");
}

void traffstat_i_say_basis(traffstat_text *text, const traffstat_estimate *estimate)
{
    traffstat_reporting_basis basis;
    if (traffstat_estimate_basis(estimate, &basis) != TRAFFSTAT_OK) {
        return;
    }
    if (estimate->kind != TRAFFSTAT_KIND_ESTIMATE) {
        say_scenario_basis(text, estimate, &basis);
        return;
    }
    traffstat_i_text_add(text, "The reporting rate of ");
    traffstat_i_say_share_range(text, basis.lower, basis.upper);
    traffstat_i_text_add(text, " was measured on ");
    say_origin(text, &basis);
    traffstat_i_text_add(text, " (");
    traffstat_i_say_short_citation(text, basis.source);
    traffstat_i_text_add(text, ").");
}

static bool has_number(const traffstat_estimate_row *row)
{
    return row->verdict != TRAFFSTAT_VERDICT_INESTIMABLE &&
           (!isnan(row->estimate) || !isnan(row->lower) || !isnan(row->upper));
}

/* ---- one row -------------------------------------------------------------------------------- */

static traffstat_cell observed_of(const traffstat_estimate_row *row)
{
    return (traffstat_cell){
        .lower = row->observed_lower, .upper = row->observed_upper, .year = row->year, .places = 1};
}

/* "8 recorded cases"; "a recorded count of 8 ACTUAL_COUNT" where the measure is no noun. */
static void say_recorded_count(traffstat_text *text, const traffstat_panel *panel, size_t series,
                               const traffstat_cell *cell)
{
    traffstat_i_measure read;
    traffstat_i_measure_read(traffstat_panel_measure(panel, series), &read);
    const bool noun = read.unit_size == 0 || traffstat_i_countable(read.unit, read.unit_size);
    traffstat_i_text_add(text, noun ? "" : "a recorded count of ");
    traffstat_i_say_series_count(text, cell, panel, series, noun ? "recorded" : "");
}

/* Of the rows that a total adds: those that have a number. */
typedef struct added {
    size_t rows;
    size_t series;
    int32_t first_year;
    int32_t last_year;
} added;

static added added_rows(const traffstat_estimate *estimate)
{
    added all = {0};
    size_t last = TRAFFSTAT_NONE;
    for (size_t i = 0; i < estimate->row_count; i++) {
        const traffstat_estimate_row *row = &estimate->rows[i];
        if (!has_number(row)) {
            continue;
        }
        all.first_year = all.rows == 0 || row->year < all.first_year ? row->year : all.first_year;
        all.last_year = row->year > all.last_year ? row->year : all.last_year;
        all.series += row->series != last;
        all.rows++;
        last = row->series;
    }
    return all;
}

/* " in 2017–2018 (2 series)", " in 2018–2020 (2 of 4 rows; the others have no number)": a year that
 * the total leaves out must not seem to be in it. */
static void say_added(traffstat_text *text, const traffstat_estimate *estimate)
{
    const added all = added_rows(estimate);
    traffstat_i_text_add(text, " in ");
    traffstat_i_say_years(text, all.first_year, all.last_year);
    if (all.rows < estimate->row_count) {
        traffstat_i_text_addf(text, " (%zu of %zu rows; the others have no number)", all.rows,
                              estimate->row_count);
    } else if (all.series > 1) {
        traffstat_i_text_addf(text, " (%zu series)", all.series);
    }
}

/* "8 recorded cases in 2018" */
static void say_recorded(traffstat_text *text, const traffstat_panel *panel,
                         const traffstat_estimate *estimate, const traffstat_estimate_row *row)
{
    const traffstat_cell cell = observed_of(row);
    const bool total = row->series == TRAFFSTAT_NONE;
    say_recorded_count(text, panel, total ? 0 : row->series, &cell);
    if (total) {
        say_added(text, estimate);
    } else {
        traffstat_i_text_addf(text, " in %d", (int) row->year);
    }
}

/* "10–46 in all (middle value 19)" */
static void say_result(traffstat_text *text, const traffstat_estimate *estimate,
                       const traffstat_estimate_row *row)
{
    traffstat_i_say_range(text, row->lower, row->upper);
    traffstat_i_text_add(text, " in all (");
    if (estimate->level != 0.95) { /* the captions' usual level goes without saying */
        traffstat_i_say_percent(text, estimate->level);
        traffstat_i_text_add(text, " interval; ");
    }
    traffstat_i_text_add(text, "middle value ");
    traffstat_i_say_number(text, row->estimate);
    traffstat_i_text_add(text, ")");
}

static void say_infinite(traffstat_text *text, const traffstat_estimate_row *row)
{
    if (isnan(row->upper)) {
        traffstat_i_text_add(text, " No upper limit can be given.");
    }
    if (isnan(row->mean)) {
        traffstat_i_text_add(text, " The mean is infinite: very large totals cannot be left out.");
    }
}

/* What evidence inside of a panel says of the share, beside the rate named; NULL: none. */
static const traffstat_detail *evidence_of(const traffstat_estimate *estimate)
{
    return traffstat_detail_find(traffstat_estimate_details(estimate), "evidence");
}

/* The share that a result leans on: after the evidence where that carries the level. */
static void find_share(const traffstat_estimate *estimate, const traffstat_reporting_basis *basis,
                       double *lower, double *upper)
{
    const traffstat_detail *share = traffstat_detail_find(evidence_of(estimate), "share");
    const bool carried = share != NULL && estimate->kind == TRAFFSTAT_KIND_ESTIMATE;
    *lower =
        carried ? traffstat_detail_number(traffstat_detail_find(share, "lower")) : basis->lower;
    *upper =
        carried ? traffstat_detail_number(traffstat_detail_find(share, "upper")) : basis->upper;
}

/* Evidence that went into a scenario, and how far it took the share. */
static void say_narrowed(traffstat_text *text, const traffstat_detail *evidence)
{
    const traffstat_detail *share = traffstat_detail_find(evidence, "share");
    traffstat_i_text_add(text, " Evidence (");
    traffstat_i_text_add(text, traffstat_detail_text(traffstat_detail_find(evidence, "says")));
    traffstat_i_text_add(text, ") took this share to ");
    traffstat_i_say_share_range(text,
                                traffstat_detail_number(traffstat_detail_find(share, "lower")),
                                traffstat_detail_number(traffstat_detail_find(share, "upper")));
    traffstat_i_text_add(text, ".");
}

#define MOVED 0.01 /* of the mean: less would not show in the rounded range */

/* The range that a caption gives is the prior's. Where the prior on the expected number pulled it
 * elsewhere, the result does not follow from the range alone. */
static void say_moved(traffstat_text *text, const traffstat_estimate *estimate,
                      const traffstat_reporting_basis *basis)
{
    const bool panel = strcmp(estimate->method, "panel") == 0;
    const bool pogit = strcmp(estimate->method, "pogit") == 0;
    const double moved = basis->posterior_mean - basis->mean;
    if (fabs(moved) > MOVED * basis->mean) { /* false for NaN */
        traffstat_i_text_addf(
            text,
            " The %s moved this share %s, so the result does not follow from the range alone.",
            panel   ? "model's structure"
            : pogit ? "regression and its data"
                    : "prior on the expected number",
            moved > 0.0 ? "up" : "down");
    }
}

/* The share that a row leans on, and what follows from it. */
static void say_row_on_basis(traffstat_text *text, const traffstat_panel *panel,
                             const traffstat_estimate *estimate, const traffstat_estimate_row *row,
                             const traffstat_reporting_basis *basis)
{
    const bool total = row->series == TRAFFSTAT_NONE;
    const char *measure = traffstat_panel_measure(panel, total ? 0 : row->series);
    const bool scenario = estimate->kind != TRAFFSTAT_KIND_ESTIMATE;
    const traffstat_detail *evidence = evidence_of(estimate);
    double lower = 0.0;
    double upper = 0.0;
    find_share(estimate, basis, &lower, &upper);
    traffstat_i_text_add(text, "If ");
    traffstat_i_say_share_range(text, lower, upper);
    traffstat_i_text_add(text, " of ");
    traffstat_i_say_unit(text, measure);
    traffstat_i_text_add(text, " ");
    traffstat_i_say_attention(text, measure);
    traffstat_i_text_add(text, " (");
    if (scenario) {
        say_ground(text, basis,
                   total ? common_label(estimate) : traffstat_i_panel_label(panel, row->series));
    } else if (evidence != NULL) {
        traffstat_i_text_add(text, "measured here: ");
        traffstat_i_text_add(text, traffstat_detail_text(traffstat_detail_find(evidence, "says")));
    } else {
        traffstat_i_text_add(text, "measured on ");
        say_origin(text, basis);
        traffstat_i_text_add(text, ": ");
        traffstat_i_say_short_citation(text, basis->source);
    }
    traffstat_i_text_add(text, "), ");
    say_recorded(text, panel, estimate, row);
    traffstat_i_text_add(text, scenario ? " would mean " : " mean an estimated ");
    say_result(text, estimate, row);
    traffstat_i_text_add(text, evidence != NULL && !scenario
                                   ? ". That evidence, not the counts, carries this share."
                                   : ". The counts cannot test this assumption.");
    if (evidence == NULL) {
        say_moved(text, estimate, basis);
    } else if (scenario) {
        say_narrowed(text, evidence);
    }
    say_infinite(text, row);
}

/* "under this assumption: …", of those that the estimate lists. */
static void say_assumptions(traffstat_text *text, const traffstat_estimate *estimate)
{
    const size_t count = traffstat_estimate_assumptions(estimate);
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_add(text, i == 0 ? "under the assumption that " : "; that ");
        traffstat_i_text_add(text, traffstat_estimate_assumption(estimate, i));
    }
    traffstat_i_text_add(text, count == 0 ? "under the method's assumptions" : "");
}

static void say_bound(traffstat_text *text, const traffstat_panel *panel,
                      const traffstat_estimate *estimate, const traffstat_estimate_row *row)
{
    const bool at_least = !isnan(row->lower);
    say_recorded(text, panel, estimate, row);
    if (at_least && !isnan(row->upper)) { /* limits on both sides, and no point between them */
        traffstat_i_text_add(text, " mean ");
        traffstat_i_say_range(text, row->lower, row->upper);
        traffstat_i_text_add(text, " in all (");
        traffstat_i_say_percent(text, estimate->level);
        traffstat_i_text_add(text, ", ");
        say_assumptions(text, estimate);
        traffstat_i_text_add(text, "); no middle value can be given.");
        return;
    }
    traffstat_i_text_add(text, at_least ? " mean at least " : " mean at most ");
    traffstat_i_say_number(text, at_least ? row->lower : row->upper);
    traffstat_i_text_add(text, " in all (");
    traffstat_i_say_percent(text, estimate->level);
    traffstat_i_text_add(text, ", ");
    say_assumptions(text, estimate);
    traffstat_i_text_add(text, at_least ? "); there is no upper number."
                                        : "); there is no lower number.");
}

static void say_row(traffstat_text *text, const traffstat_panel *panel,
                    const traffstat_estimate *estimate, const traffstat_estimate_row *row)
{
    traffstat_reporting_basis basis;
    if (estimate->kind == TRAFFSTAT_KIND_BOUND) {
        say_bound(text, panel, estimate, row);
    } else if (traffstat_estimate_basis(estimate, &basis) == TRAFFSTAT_OK) {
        say_row_on_basis(text, panel, estimate, row, &basis);
    } else {
        say_recorded(text, panel, estimate, row);
        traffstat_i_text_add(text, " mean an estimated ");
        say_result(text, estimate, row);
        traffstat_i_text_add(text, ", ");
        say_assumptions(text, estimate);
        traffstat_i_text_add(text, ".");
    }
}

/* The context's message becomes why there is no number. */
static traffstat_status refuse(traffstat_ctx *ctx, const traffstat_estimate *estimate, size_t row)
{
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    const size_t count = traffstat_estimate_row_reasons(estimate, row);
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_add(&text, i > 0 ? "; " : "");
        traffstat_i_text_add(&text, traffstat_estimate_row_reason(estimate, row, i));
    }
    traffstat_i_text_add(&text, count == 0 ? "there is no number for this row" : "");
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "%s", traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

/* Another panel of the same shape would put a count beside the estimate of another. */
static traffstat_status check_same(traffstat_ctx *ctx, const traffstat_panel *panel,
                                   const traffstat_estimate *estimate, size_t row)
{
    traffstat_cell cell;
    const size_t series = row != TRAFFSTAT_NONE ? estimate->rows[row].series : 0;
    if (row == TRAFFSTAT_NONE || traffstat_panel_cell(panel, row, &cell) != TRAFFSTAT_OK) {
        return TRAFFSTAT_OK;
    }
    const char *label = traffstat_i_panel_label(panel, series);
    if (cell.year == estimate->rows[row].year &&
        strcmp(label, estimate->naming.labels.items[series]) == 0) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                            "the estimate is of %s in %d, and the panel has %s in %d",
                            estimate->naming.labels.items[series], (int) estimate->rows[row].year,
                            label, (int) cell.year);
}

static traffstat_status check_row(traffstat_ctx *ctx, const traffstat_panel *panel,
                                  const traffstat_estimate *estimate, size_t row)
{
    if (panel == NULL || estimate == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no %s was given",
                                panel == NULL ? "panel" : "estimate");
    }
    if (traffstat_panel_rows(panel) != estimate->row_count ||
        traffstat_panel_series(panel) != estimate->naming.labels.count) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the estimate is one of %zu rows, and the panel has %zu",
                                estimate->row_count, traffstat_panel_rows(panel));
    }
    if (traffstat_i_estimate_slot(estimate, row) != TRAFFSTAT_NONE) {
        return check_same(ctx, panel, estimate, row);
    }
    return row == TRAFFSTAT_NONE
               ? traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "the method gives no total")
               : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                  "the estimate has %zu rows, no number %zu", estimate->row_count,
                                  row);
}

traffstat_status traffstat_caption_row(traffstat_ctx *ctx, const traffstat_panel *panel,
                                       const traffstat_estimate *estimate, size_t row,
                                       traffstat_text **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the text was given");
    }
    *out = NULL;
    const traffstat_status status = check_row(ctx, panel, estimate, row);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_estimate_row *numbers =
        &estimate->rows[traffstat_i_estimate_slot(estimate, row)];
    if (!has_number(numbers)) {
        return refuse(ctx, estimate, row);
    }
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    say_row(&text, panel, estimate, numbers);
    return traffstat_i_text_finish(&text, out);
}

/* ---- headline ------------------------------------------------------------------------------- */

/* Last row of the series that has a count and, with an estimate, a number; TRAFFSTAT_NONE. */
static size_t headline_row(const traffstat_panel *panel, size_t series,
                           const traffstat_estimate *estimate)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    for (size_t row = first + traffstat_panel_series_count(panel, series); row > first; row--) {
        const bool counted = traffstat_panel_whys(panel)[row - 1] == TRAFFSTAT_WHY_COUNTED;
        if (counted && (estimate == NULL || has_number(&estimate->rows[row - 1]))) {
            return row - 1;
        }
    }
    return TRAFFSTAT_NONE;
}

static void say_headline_estimate(traffstat_text *text, const traffstat_estimate *estimate,
                                  const traffstat_estimate_row *row)
{
    traffstat_reporting_basis basis;
    const bool based = traffstat_estimate_basis(estimate, &basis) == TRAFFSTAT_OK;
    if (estimate->kind == TRAFFSTAT_KIND_BOUND) {
        traffstat_i_text_add(text,
                             isnan(row->lower) ? "; estimated at most " : "; estimated at least ");
        traffstat_i_say_number(text, isnan(row->lower) ? row->upper : row->lower);
        traffstat_i_text_add(text, " in all");
        return;
    }
    const bool scenario = estimate->kind == TRAFFSTAT_KIND_SCENARIO;
    traffstat_i_text_add(text, scenario ? "; in a scenario" : ";");
    if (based) {
        double lower = 0.0;
        double upper = 0.0;
        find_share(estimate, &basis, &lower, &upper);
        traffstat_i_text_add(text, " with ");
        traffstat_i_say_share_range(text, lower, upper);
        traffstat_i_text_add(text, " reported");
    }
    traffstat_i_text_add(text, based || scenario ? ", an estimated " : " an estimated ");
    traffstat_i_say_range(text, row->lower, row->upper);
    traffstat_i_text_add(text, " in all");
}

traffstat_status traffstat_i_say_headline(traffstat_text *text, const traffstat_panel *panel,
                                          size_t series, const traffstat_estimate *estimate)
{
    if (panel == NULL || series >= traffstat_panel_series(panel)) {
        return traffstat_i_fail(text->ctx, TRAFFSTAT_E_ARGUMENT, "there is no series %zu", series);
    }
    if (estimate != NULL && estimate->row_count != traffstat_panel_rows(panel)) {
        return traffstat_i_fail(text->ctx, TRAFFSTAT_E_ARGUMENT,
                                "the estimate is one of another panel");
    }
    size_t row = headline_row(panel, series, estimate);
    const bool estimated = estimate != NULL && row != TRAFFSTAT_NONE;
    if (row == TRAFFSTAT_NONE) {
        row = headline_row(panel, series, NULL);
    }
    traffstat_cell cell;
    if (traffstat_panel_cell(panel, row, &cell) != TRAFFSTAT_OK) {
        return traffstat_i_fail(text->ctx, TRAFFSTAT_E_NODATA, "%s has no count in any year",
                                traffstat_i_panel_label(panel, series));
    }
    traffstat_i_say_counted(text, panel, series, &cell);
    if (estimated) {
        say_headline_estimate(text, estimate, &estimate->rows[row]);
    } else if (estimate != NULL) {
        traffstat_i_text_add(text, "; how many more there were cannot be estimated");
    }
    return text->failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}
