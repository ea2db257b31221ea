#include <math.h>
#include <string.h>

#include "report/report.h"

/* Beside the label; last, so that the columns before them stay where programs know them. */
static const struct {
    const char *name;
    const char *(*get)(const traffstat_estimate *estimate, size_t row);
} identity[] = {{"key", traffstat_estimate_row_key},
                {"measure", traffstat_estimate_row_measure},
                {"category", traffstat_estimate_row_category},
                {"source", traffstat_estimate_row_source}};

static bool of_series(const traffstat_estimate *estimate)
{
    return strcmp(traffstat_estimate_row_noun(estimate), "series") == 0;
}

/* What the rows of an overlap and of compared places say beside the common columns: the single
 * values of the first row that has any, by name. */
static const traffstat_detail *row_columns(const traffstat_estimate *estimate)
{
    const traffstat_detail *found = NULL;
    const bool wanted =
        !of_series(estimate) || strcmp(traffstat_estimate_method(estimate), "places") == 0;
    for (size_t i = 0; wanted && found == NULL && i < traffstat_estimate_rows(estimate); i++) {
        found = traffstat_estimate_row_details(estimate, i);
        found = traffstat_detail_size(found) > 0 ? found : NULL;
    }
    return found;
}

static bool is_single(const traffstat_detail *node)
{
    const traffstat_detail_kind kind = traffstat_detail_kind_of(node);
    return kind != TRAFFSTAT_DETAIL_LIST && kind != TRAFFSTAT_DETAIL_OBJECT;
}

static void add_detail(traffstat_i_csv *csv, const traffstat_detail *node)
{
    const traffstat_detail_kind kind = traffstat_detail_kind_of(node);
    if (kind == TRAFFSTAT_DETAIL_TEXT) {
        traffstat_i_csv_text(csv, traffstat_detail_text(node));
    } else if (kind == TRAFFSTAT_DETAIL_INTEGER || kind == TRAFFSTAT_DETAIL_FLAG) {
        traffstat_i_csv_int(csv, traffstat_detail_integer(node));
    } else {
        traffstat_i_csv_double(csv, traffstat_detail_number(node));
    }
}

static void add_details(traffstat_i_csv *csv, const traffstat_detail *columns,
                        const traffstat_detail *row)
{
    for (size_t i = 0; i < traffstat_detail_size(columns); i++) {
        const traffstat_detail *column = traffstat_detail_at(columns, i);
        if (is_single(column)) {
            add_detail(csv, traffstat_detail_find(row, traffstat_detail_name(column)));
        }
    }
}

static void add_header(traffstat_i_csv *csv, const traffstat_estimate *estimate)
{
    static const char *const names[] = {"observed_lower",
                                        "observed_upper",
                                        "estimate",
                                        "mean",
                                        "lower",
                                        "upper",
                                        "unreported",
                                        "unreported_mean",
                                        "unreported_lower",
                                        "unreported_upper",
                                        "hdi_lower",
                                        "hdi_upper",
                                        "level",
                                        "kind",
                                        "verdict",
                                        "reasons"};
    traffstat_i_csv_text(csv, traffstat_estimate_row_noun(estimate));
    if (of_series(estimate)) {
        traffstat_i_csv_text(csv, "year");
    }
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        traffstat_i_csv_text(csv, names[i]);
    }
    for (size_t i = 0; i < traffstat_estimate_levels(estimate); i++) {
        traffstat_interval interval;
        if (traffstat_estimate_interval(estimate, 0, i, &interval) == TRAFFSTAT_OK) {
            traffstat_i_text_add(csv->text, ",lower_");
            traffstat_i_add_percent(csv->text, interval.level);
            traffstat_i_text_add(csv->text, ",upper_");
            traffstat_i_add_percent(csv->text, interval.level);
        }
    }
    for (size_t i = 0; of_series(estimate) && i < sizeof identity / sizeof identity[0]; i++) {
        traffstat_i_csv_text(csv, identity[i].name);
    }
    const traffstat_detail *columns = row_columns(estimate);
    for (size_t i = 0; i < traffstat_detail_size(columns); i++) {
        if (is_single(traffstat_detail_at(columns, i))) {
            traffstat_i_csv_text(csv, traffstat_detail_name(traffstat_detail_at(columns, i)));
        }
    }
    traffstat_i_csv_end(csv);
}

static void add_observed(traffstat_i_csv *csv, const traffstat_estimate_row *row)
{
    if (!traffstat_i_row_counted(row)) {
        traffstat_i_csv_empty(csv);
        traffstat_i_csv_empty(csv);
        return;
    }
    traffstat_i_csv_int(csv, row->observed_lower);
    if (row->observed_upper == TRAFFSTAT_NO_UPPER) {
        traffstat_i_csv_empty(csv);
    } else {
        traffstat_i_csv_int(csv, row->observed_upper);
    }
}

static traffstat_status add_reasons(traffstat_i_csv *csv, const traffstat_estimate *estimate,
                                    size_t at)
{
    traffstat_text reasons;
    traffstat_i_text_init(&reasons, csv->text->ctx);
    for (size_t i = 0; i < traffstat_estimate_row_reasons(estimate, at); i++) {
        traffstat_i_text_add(&reasons, i > 0 ? "; " : "");
        traffstat_i_text_add(&reasons, traffstat_estimate_row_reason(estimate, at, i));
    }
    const bool failed = reasons.failed;
    traffstat_i_csv_text(csv, traffstat_i_text_get(&reasons));
    traffstat_i_text_clear(&reasons);
    return failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

static traffstat_status add_row(traffstat_i_csv *csv, const traffstat_estimate *estimate, size_t at,
                                const traffstat_estimate_row *row)
{
    const double numbers[] = {row->estimate,
                              row->mean,
                              row->lower,
                              row->upper,
                              row->unreported,
                              row->unreported_mean,
                              row->unreported_lower,
                              row->unreported_upper,
                              row->hdi_lower,
                              row->hdi_upper,
                              traffstat_estimate_level(estimate)};
    traffstat_i_csv_text(csv, traffstat_estimate_row_label(estimate, at));
    if (of_series(estimate) && row->year == 0) {
        traffstat_i_csv_empty(csv);
    } else if (of_series(estimate)) {
        traffstat_i_csv_int(csv, row->year);
    }
    add_observed(csv, row);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        traffstat_i_csv_double(csv, numbers[i]);
    }
    traffstat_i_csv_text(csv, traffstat_kind_name(traffstat_estimate_kind(estimate)));
    traffstat_i_csv_text(csv, traffstat_verdict_name(row->verdict));
    const traffstat_status status = add_reasons(csv, estimate, at);
    for (size_t i = 0; i < traffstat_estimate_levels(estimate); i++) {
        traffstat_interval interval;
        if (traffstat_estimate_interval(estimate, at, i, &interval) == TRAFFSTAT_OK) {
            traffstat_i_csv_double(csv, interval.lower);
            traffstat_i_csv_double(csv, interval.upper);
        }
    }
    for (size_t i = 0; of_series(estimate) && i < sizeof identity / sizeof identity[0]; i++) {
        traffstat_i_csv_text(csv, identity[i].get(estimate, at));
    }
    add_details(csv, row_columns(estimate), traffstat_estimate_row_details(estimate, at));
    traffstat_i_csv_end(csv);
    return status;
}

static traffstat_status add_rows(traffstat_i_csv *csv, const traffstat_estimate *estimate)
{
    traffstat_estimate_row row;
    traffstat_status status = TRAFFSTAT_OK;
    add_header(csv, estimate);
    for (size_t i = 0; status == TRAFFSTAT_OK && i < traffstat_estimate_rows(estimate); i++) {
        status = traffstat_estimate_row_get(estimate, i, &row);
        if (status == TRAFFSTAT_OK) {
            status = add_row(csv, estimate, i, &row);
        }
    }
    if (status == TRAFFSTAT_OK && traffstat_estimate_total(estimate, &row) == TRAFFSTAT_OK) {
        status = add_row(csv, estimate, TRAFFSTAT_NONE, &row);
    }
    return status;
}

traffstat_status traffstat_estimate_csv(traffstat_ctx *ctx, const traffstat_estimate *estimate,
                                        traffstat_text **out)
{
    traffstat_text text;
    traffstat_status status = traffstat_i_report_begin(ctx, estimate, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_csv csv;
    traffstat_i_csv_init(&csv, &text);
    status = add_rows(&csv, estimate);
    if (status != TRAFFSTAT_OK) {
        traffstat_i_text_clear(&text);
        return status;
    }
    return traffstat_i_text_finish(&text, out);
}
