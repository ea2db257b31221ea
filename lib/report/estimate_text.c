#include <math.h>
#include <string.h>

#include "estimate/estimate.h"
#include "report/report.h"

bool traffstat_i_row_counted(const traffstat_estimate_row *row)
{
    return row->observed_lower > 0 || row->observed_upper != TRAFFSTAT_NO_UPPER;
}

/* ---- the table ------------------------------------------------------------------------------ */

enum {
    COLUMN_SERIES,
    COLUMN_YEAR,
    COLUMN_COUNTED,
    COLUMN_IN_ALL,
    COLUMN_MIDDLE,
    COLUMN_UNREPORTED,
    COLUMN_VERDICT,
    COLUMNS
};

/* What may tell series of the same name apart. */
enum { PARTS = 4 };

static const char *(*const part_of[PARTS])(const traffstat_estimate *estimate, size_t row) = {
    traffstat_estimate_row_measure, traffstat_estimate_row_category, traffstat_estimate_row_source,
    traffstat_estimate_row_key};

typedef struct table {
    const traffstat_estimate *estimate;
    traffstat_text scratch; /* one cell at a time */
    bool parts[PARTS];      /* which of them tell series of one name apart */
    size_t widths[COLUMNS];
} table;

static bool is_of_series(const traffstat_estimate *estimate)
{
    return strcmp(traffstat_estimate_row_noun(estimate), "series") == 0;
}

/* A row of an overlap may be a model or a pair of lists. */
static const char *row_model(const traffstat_estimate *estimate, size_t at)
{
    return traffstat_detail_text(
        traffstat_detail_find(traffstat_estimate_row_details(estimate, at), "model"));
}

static void say_counted(traffstat_text *text, const traffstat_estimate_row *row)
{
    const traffstat_cell cell = {.lower = row->observed_lower,
                                 .upper = row->observed_upper,
                                 .why = traffstat_i_row_counted(row) ? TRAFFSTAT_WHY_COUNTED
                                                                     : TRAFFSTAT_WHY_NOT_REPORTED};
    traffstat_i_say_cell(text, &cell);
}

/* A bound has one end only. */
static void say_range(traffstat_text *text, double lower, double upper)
{
    if (isnan(lower) && isnan(upper)) {
        traffstat_i_text_add(text, "–");
    } else if (isnan(upper)) {
        traffstat_i_text_add(text, "at least ");
        traffstat_i_say_number(text, lower);
    } else if (isnan(lower)) {
        traffstat_i_text_add(text, "at most ");
        traffstat_i_say_number(text, upper);
    } else {
        traffstat_i_say_range(text, lower, upper);
    }
}

static void say_number(traffstat_text *text, double value)
{
    if (isnan(value)) {
        traffstat_i_text_add(text, "–");
    } else {
        traffstat_i_say_number(text, value);
    }
}

static void say_header(table *of, size_t column)
{
    static const char *const names[COLUMNS] = {"series",       "year",       "counted", "in all",
                                               "middle value", "unreported", "verdict"};
    const bool of_series = is_of_series(of->estimate);
    if (column == COLUMN_SERIES && !of_series &&
        traffstat_estimate_row_label(of->estimate, 0)[0] == '\0') {
        traffstat_i_text_add(&of->scratch, row_model(of->estimate, 0)[0] != '\0' ? "model" : "");
    } else if (column == COLUMN_SERIES) {
        traffstat_i_text_add(&of->scratch, traffstat_estimate_row_noun(of->estimate));
    } else if (column != COLUMN_YEAR || of_series) {
        traffstat_i_text_add(&of->scratch, names[column]);
    }
    if (column == COLUMN_IN_ALL || column == COLUMN_UNREPORTED) {
        traffstat_i_text_add(&of->scratch, " (");
        traffstat_i_add_percent(&of->scratch, traffstat_estimate_level(of->estimate));
        traffstat_i_text_add(&of->scratch, " %)");
    }
}

/* The stratum, and the model where rows differ by it. */
static void say_stratum(traffstat_text *text, const traffstat_estimate *estimate, size_t at)
{
    const char *label = traffstat_estimate_row_label(estimate, at);
    const char *model = row_model(estimate, at);
    traffstat_i_text_add(text, label);
    traffstat_i_text_add(text, label[0] != '\0' && model[0] != '\0' ? ", " : "");
    traffstat_i_text_add(text, model);
}

static void say_series(table *of, size_t at)
{
    if (!is_of_series(of->estimate)) {
        say_stratum(&of->scratch, of->estimate, at);
        return;
    }
    traffstat_i_text_add(&of->scratch, traffstat_estimate_row_label(of->estimate, at));
    for (size_t i = 0; i < PARTS; i++) {
        const char *part = of->parts[i] ? part_of[i](of->estimate, at) : "";
        if (part[0] != '\0') {
            traffstat_i_text_add(&of->scratch, ", ");
            traffstat_i_text_add(&of->scratch, part);
        }
    }
}

/* Parts that differ anywhere between rows of one name. The rows of a name mostly stand together, so
 * that neighbours are enough to look at. */
static void find_parts(table *of)
{
    for (size_t row = 1; row < traffstat_estimate_rows(of->estimate); row++) {
        const char *label = traffstat_estimate_row_label(of->estimate, row);
        if (strcmp(label, traffstat_estimate_row_label(of->estimate, row - 1)) != 0) {
            continue;
        }
        for (size_t i = 0; i < PARTS; i++) {
            of->parts[i] = of->parts[i] || strcmp(part_of[i](of->estimate, row),
                                                  part_of[i](of->estimate, row - 1)) != 0;
        }
    }
}

/* Persons are whole, whatever the formula gives. */
static traffstat_estimate_row rounded(const traffstat_estimate_row *row)
{
    traffstat_estimate_row whole = *row;
    double *const numbers[] = {&whole.estimate, &whole.lower, &whole.upper, &whole.unreported_lower,
                               &whole.unreported_upper};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        *numbers[i] = rint(*numbers[i]);
    }
    return whole;
}

static void say_cell(table *of, size_t column, size_t at, const traffstat_estimate_row *given)
{
    traffstat_text *text = &of->scratch;
    const traffstat_estimate_row whole = rounded(given);
    const traffstat_estimate_row *row = is_of_series(of->estimate) ? given : &whole;
    switch (column) {
    case COLUMN_SERIES:
        say_series(of, at);
        break;
    case COLUMN_YEAR:
        if (row->year != 0) {
            traffstat_i_text_add_int(text, row->year);
        }
        break;
    case COLUMN_COUNTED:
        say_counted(text, row);
        break;
    case COLUMN_IN_ALL:
        say_range(text, row->lower, row->upper);
        break;
    case COLUMN_MIDDLE:
        say_number(text, row->estimate);
        break;
    case COLUMN_UNREPORTED:
        say_range(text, row->unreported_lower, row->unreported_upper);
        break;
    default:
        traffstat_i_text_add(text, traffstat_verdict_name(row->verdict));
        break;
    }
}

typedef void (*line_fn)(traffstat_text *text, table *of, size_t at,
                        const traffstat_estimate_row *row);

/* `row` is NULL for the header. */
static const char *cell_text(table *of, size_t column, size_t at, const traffstat_estimate_row *row)
{
    traffstat_i_text_clear(&of->scratch);
    if (row == NULL) {
        say_header(of, column);
    } else {
        say_cell(of, column, at, row);
    }
    return traffstat_i_text_get(&of->scratch);
}

static void measure_line(traffstat_text *text, table *of, size_t at,
                         const traffstat_estimate_row *row)
{
    for (size_t column = 0; column < COLUMNS; column++) {
        const size_t width = traffstat_i_plain_width(cell_text(of, column, at, row));
        of->widths[column] = width > of->widths[column] ? width : of->widths[column];
        text->failed = text->failed || of->scratch.failed;
    }
}

static void print_line(traffstat_text *text, table *of, size_t at,
                       const traffstat_estimate_row *row)
{
    traffstat_i_text_add(text, " ");
    for (size_t column = 0; column < COLUMNS; column++) {
        const bool left = column == COLUMN_SERIES || column == COLUMN_VERDICT;
        const size_t width = column == COLUMN_VERDICT ? 0 : of->widths[column];
        traffstat_i_text_add(text, column == COLUMN_SERIES ? " " : "  ");
        traffstat_i_plain_pad(text, cell_text(of, column, at, row), width, !left);
        text->failed = text->failed || of->scratch.failed;
    }
    traffstat_i_text_add(text, "\n");
}

static void each_line(traffstat_text *text, table *of, line_fn line)
{
    traffstat_estimate_row row;
    line(text, of, 0, NULL);
    for (size_t i = 0; traffstat_estimate_row_get(of->estimate, i, &row) == TRAFFSTAT_OK; i++) {
        line(text, of, i, &row);
    }
    if (traffstat_estimate_total(of->estimate, &row) == TRAFFSTAT_OK) {
        line(text, of, TRAFFSTAT_NONE, &row);
    }
}

static void say_table(traffstat_text *text, const traffstat_estimate *estimate)
{
    table of = {.estimate = estimate};
    traffstat_i_text_init(&of.scratch, text->ctx);
    find_parts(&of);
    each_line(text, &of, measure_line);
    each_line(text, &of, print_line);
    traffstat_i_text_clear(&of.scratch);
}

/* ---- the words around it --------------------------------------------------------------------- */

static void say_head(traffstat_text *text, const traffstat_estimate *estimate)
{
    const traffstat_kind kind = traffstat_estimate_kind(estimate);
    traffstat_i_text_add(text, kind == TRAFFSTAT_KIND_SCENARIO   ? "Scenario, not an estimate"
                               : kind == TRAFFSTAT_KIND_ESTIMATE ? "Estimate"
                                                                 : "Bound");
    traffstat_i_text_add(text, "; verdict: ");
    traffstat_i_text_add(text, traffstat_verdict_name(traffstat_estimate_verdict(estimate)));
    traffstat_i_text_add(text, "\n\n");
}

/* Two decimals at most. */
static void say_short(traffstat_text *text, double value)
{
    traffstat_i_text_add_double(text, rint(value * 100.0) / 100.0);
}

static void say_prior(traffstat_text *text, const traffstat_reporting_basis *basis)
{
    if (basis->lower == basis->upper) {
        traffstat_i_text_add(text, "Reporting rate: ");
        traffstat_i_say_share_range(text, basis->lower, basis->upper);
        traffstat_i_text_add(text, ", taken as known.");
        return;
    }
    traffstat_i_text_add(text, "Reporting rate: mean ");
    traffstat_i_add_percent(text, rint(basis->mean * 1e3) / 1e3);
    traffstat_i_text_add(text, " %, central 95 % ");
    traffstat_i_say_share_range(text, basis->lower, basis->upper);
    if (!isnan(basis->a)) { /* another law than Beta has neither */
        traffstat_i_text_add(text, ", Beta(");
        say_short(text, basis->a);
        traffstat_i_text_add(text, ", ");
        say_short(text, basis->b);
        traffstat_i_text_add(text, ")");
    }
    traffstat_i_text_add(text, ".");
}

/* The rate, and the publication that it is borrowed from. */
static void say_basis(traffstat_text *text, const traffstat_estimate *estimate)
{
    traffstat_reporting_basis basis;
    if (traffstat_estimate_basis(estimate, &basis) != TRAFFSTAT_OK) {
        return;
    }
    traffstat_text scratch;
    traffstat_i_text_init(&scratch, text->ctx);
    say_prior(&scratch, &basis);
    if (basis.id[0] != '\0') { /* what was assumed stands in the caption already */
        traffstat_i_text_add(&scratch, traffstat_estimate_kind(estimate) == TRAFFSTAT_KIND_ESTIMATE
                                           ? " From "
                                           : " Borrowed from ");
        traffstat_i_text_add(&scratch, basis.id);
        traffstat_i_text_add(&scratch, ": ");
        traffstat_i_text_add(&scratch, basis.source);
    }
    traffstat_i_text_add(text, "\n");
    traffstat_i_plain_item(text, "", traffstat_i_text_get(&scratch));
    const traffstat_detail *rate =
        traffstat_detail_find(traffstat_estimate_details(estimate), "reporting");
    const char *says = traffstat_detail_text(traffstat_detail_find(rate, "says"));
    if (says[0] != '\0') { /* what the rate alone implies, and what moved it */
        traffstat_i_plain_item(text, "", says);
    }
    if (basis.note[0] != '\0') { /* such as: an upper end and not an estimate */
        text->failed = text->failed || scratch.failed;
        traffstat_i_text_clear(&scratch);
        traffstat_i_text_add(&scratch, "Note on ");
        traffstat_i_text_add(&scratch, basis.id);
        traffstat_i_text_add(&scratch, ": ");
        traffstat_i_text_add(&scratch, basis.note);
        traffstat_i_plain_item(text, "", traffstat_i_text_get(&scratch));
    }
    text->failed = text->failed || scratch.failed;
    traffstat_i_text_clear(&scratch);
}

/* The sentence of the last row that has a number, or NULL. */
static traffstat_status find_caption(traffstat_ctx *ctx, const traffstat_panel *panel,
                                     const traffstat_estimate *estimate, traffstat_text **caption)
{
    traffstat_estimate_row row;
    *caption = NULL;
    for (size_t i = traffstat_estimate_rows(estimate); i-- > 0;) {
        if (traffstat_estimate_row_get(estimate, i, &row) == TRAFFSTAT_OK &&
            row.verdict != TRAFFSTAT_VERDICT_INESTIMABLE) {
            return traffstat_caption_row(ctx, panel, estimate, i, caption);
        }
    }
    return TRAFFSTAT_OK;
}

static void say_list(traffstat_text *text, const char *title, const traffstat_estimate *estimate,
                     size_t count, const char *(*get)(const traffstat_estimate *estimate, size_t i))
{
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_add(text, i == 0 ? title : "");
        traffstat_i_plain_item(text, "  - ", get(estimate, i));
    }
}

#define DISTINCT_MAX 20

typedef struct distinct {
    const char *reason;
    size_t rows;
    size_t first;
} distinct;

static size_t note_reason(distinct *seen, size_t count, const char *reason, size_t row)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(seen[i].reason, reason) == 0) {
            seen[i].rows++;
            return count;
        }
    }
    if (count < DISTINCT_MAX) {
        seen[count] = (distinct){reason, 1, row};
        return count + 1;
    }
    return count;
}

/* A reason of the total that no row has; what it shares with rows is theirs. */
static size_t note_own(distinct *seen, size_t count, size_t of_rows, const char *reason)
{
    for (size_t i = 0; i < of_rows; i++) {
        if (strcmp(seen[i].reason, reason) == 0) {
            return count;
        }
    }
    return note_reason(seen, count, reason, TRAFFSTAT_NONE);
}

static void say_row_reason(traffstat_text *text, const traffstat_estimate *estimate,
                           const distinct *one)
{
    traffstat_text scratch;
    traffstat_estimate_row row;
    traffstat_i_text_init(&scratch, text->ctx);
    if (is_of_series(estimate)) {
        traffstat_i_text_add(&scratch, traffstat_estimate_row_label(estimate, one->first));
    } else {
        say_stratum(&scratch, estimate, one->first);
    }
    if (traffstat_estimate_row_get(estimate, one->first, &row) == TRAFFSTAT_OK && row.year != 0) {
        traffstat_i_text_add(&scratch, " ");
        traffstat_i_text_add_int(&scratch, row.year);
    }
    if (one->rows > 1) {
        traffstat_i_text_addf(&scratch, " and %zu more", one->rows - 1);
    }
    traffstat_i_text_add(&scratch, scratch.size > 0 ? ": " : "");
    traffstat_i_text_add(&scratch, one->reason);
    traffstat_i_plain_item(text, "  - ", traffstat_i_text_get(&scratch));
    text->failed = text->failed || scratch.failed;
    traffstat_i_text_clear(&scratch);
}

/* Rows often share a reason: each is said once, with the first row that has it. */
static void say_row_reasons(traffstat_text *text, const traffstat_estimate *estimate)
{
    distinct seen[DISTINCT_MAX];
    size_t count = 0;
    for (size_t row = 0; row < traffstat_estimate_rows(estimate); row++) {
        for (size_t i = 0; i < traffstat_estimate_row_reasons(estimate, row); i++) {
            count = note_reason(seen, count, traffstat_estimate_row_reason(estimate, row, i), row);
        }
    }
    const size_t of_rows = count;
    for (size_t i = 0; i < traffstat_estimate_row_reasons(estimate, TRAFFSTAT_NONE); i++) {
        count = note_own(seen, count, of_rows,
                         traffstat_estimate_row_reason(estimate, TRAFFSTAT_NONE, i));
    }
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_add(text, i == 0 ? "\nRows:\n" : "");
        say_row_reason(text, estimate, &seen[i]);
    }
}

static void say_overlap(traffstat_text *text, const traffstat_estimate *estimate)
{
    traffstat_text scratch;
    traffstat_i_text_init(&scratch, text->ctx);
    traffstat_i_say_overlap(&scratch, estimate);
    if (scratch.size > 0) {
        traffstat_i_text_add(text, "\n");
        traffstat_i_plain_item(text, "", traffstat_i_text_get(&scratch));
    }
    text->failed = text->failed || scratch.failed;
    traffstat_i_text_clear(&scratch);
}

static void say_all(traffstat_text *text, const traffstat_estimate *estimate,
                    const traffstat_text *caption)
{
    say_head(text, estimate);
    say_table(text, estimate);
    if (caption != NULL) {
        traffstat_i_text_add(text, "\n");
        traffstat_i_plain_item(text, "", traffstat_text_data(caption));
    }
    if (!is_of_series(estimate)) {
        say_overlap(text, estimate);
    }
    say_basis(text, estimate);
    say_list(text, "\nReasons:\n", estimate, traffstat_estimate_reasons(estimate),
             traffstat_estimate_reason);
    say_row_reasons(text, estimate);
    say_list(text, "\nAssumptions:\n", estimate, traffstat_estimate_assumptions(estimate),
             traffstat_estimate_assumption);
    traffstat_i_text_add(text, "\nMethod: ");
    traffstat_i_plain_add(text, traffstat_estimate_method(estimate));
    traffstat_i_text_add(text, "\n");
    traffstat_i_plain_item(text, "  ", traffstat_estimate_citation(estimate));
}

traffstat_status traffstat_estimate_text(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         const traffstat_estimate *estimate, traffstat_text **out)
{
    traffstat_text text;
    traffstat_text *caption = NULL;
    traffstat_status status = traffstat_i_report_begin(ctx, estimate, out, &text);
    const bool of_panel = status == TRAFFSTAT_OK && is_of_series(estimate);
    if (status == TRAFFSTAT_OK && panel == NULL && of_panel) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the panel is NULL");
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (of_panel) {
        status = find_caption(ctx, panel, estimate, &caption);
    }
    if (status == TRAFFSTAT_OK) {
        say_all(&text, estimate, caption);
        status = traffstat_i_text_finish(&text, out);
    }
    traffstat_text_free(caption);
    return status;
}
