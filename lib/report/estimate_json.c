#include <inttypes.h>
#include <math.h>

#include "report/report.h"

static void add_observed(traffstat_i_json *json, const traffstat_estimate_row *row)
{
    if (!traffstat_i_row_counted(row)) {
        traffstat_i_json_null(json, "observed");
    } else if (row->observed_lower == row->observed_upper) {
        traffstat_i_json_int(json, "observed", row->observed_lower);
    } else {
        traffstat_i_json_open(json, "observed", '[', true);
        traffstat_i_json_int(json, NULL, row->observed_lower);
        if (row->observed_upper == TRAFFSTAT_NO_UPPER) {
            traffstat_i_json_null(json, NULL);
        } else {
            traffstat_i_json_int(json, NULL, row->observed_upper);
        }
        traffstat_i_json_close(json, ']');
    }
}

static void add_intervals(traffstat_i_json *json, const traffstat_estimate *estimate, size_t row)
{
    traffstat_i_json_open(json, "intervals", '[', false);
    for (size_t i = 0; i < traffstat_estimate_levels(estimate); i++) {
        traffstat_interval interval;
        if (traffstat_estimate_interval(estimate, row, i, &interval) == TRAFFSTAT_OK) {
            traffstat_i_json_open(json, NULL, '{', true);
            traffstat_i_json_double(json, "level", interval.level);
            traffstat_i_json_double(json, "lower", interval.lower);
            traffstat_i_json_double(json, "upper", interval.upper);
            traffstat_i_json_close(json, '}');
        }
    }
    traffstat_i_json_close(json, ']');
}

static void add_row_reasons(traffstat_i_json *json, const traffstat_estimate *estimate, size_t row)
{
    traffstat_i_json_open(json, "reasons", '[', false);
    for (size_t i = 0; i < traffstat_estimate_row_reasons(estimate, row); i++) {
        traffstat_i_json_text(json, NULL, traffstat_estimate_row_reason(estimate, row, i));
    }
    traffstat_i_json_close(json, ']');
}

/* `at` is the row's number for the getters: TRAFFSTAT_NONE for the total. */
static void add_row(traffstat_i_json *json, const char *key, const traffstat_estimate *estimate,
                    size_t at, const traffstat_estimate_row *row)
{
    traffstat_i_json_open(json, key, '{', false);
    traffstat_i_json_text(json, "series", traffstat_estimate_row_label(estimate, at));
    if (row->year == 0) {
        traffstat_i_json_null(json, "year");
    } else {
        traffstat_i_json_int(json, "year", row->year);
    }
    add_observed(json, row);
    traffstat_i_json_double(json, "estimate", row->estimate);
    traffstat_i_json_double(json, "mean", row->mean);
    traffstat_i_json_double(json, "unreported", row->unreported);
    traffstat_i_json_double(json, "lower", row->lower);
    traffstat_i_json_double(json, "upper", row->upper);
    traffstat_i_json_text(json, "verdict", traffstat_verdict_name(row->verdict));
    add_row_reasons(json, estimate, at);
    add_intervals(json, estimate, at);
    traffstat_i_json_open(json, "hdi", '{', true);
    traffstat_i_json_double(json, "lower", row->hdi_lower);
    traffstat_i_json_double(json, "upper", row->hdi_upper);
    traffstat_i_json_close(json, '}');
    traffstat_i_json_double(json, "unreported_mean", row->unreported_mean);
    traffstat_i_json_double(json, "unreported_lower", row->unreported_lower);
    traffstat_i_json_double(json, "unreported_upper", row->unreported_upper);
    traffstat_i_json_close(json, '}');
}

static const char *origin_name(int32_t origin)
{
    static const char *const names[] = {"beta", "range", "evidence"};
    return origin >= 0 && origin < 3 ? names[origin] : "unknown";
}

static void add_reporting(traffstat_i_json *json, const traffstat_estimate *estimate)
{
    traffstat_reporting_basis basis;
    if (traffstat_estimate_basis(estimate, &basis) != TRAFFSTAT_OK) {
        traffstat_i_json_null(json, "reporting");
        return;
    }
    traffstat_i_json_open(json, "reporting", '{', false);
    traffstat_i_json_open(json, "prior", '{', true);
    traffstat_i_json_double(json, "a", basis.a);
    traffstat_i_json_double(json, "b", basis.b);
    traffstat_i_json_double(json, "mean", basis.mean);
    traffstat_i_json_double(json, "lower", basis.lower);
    traffstat_i_json_double(json, "upper", basis.upper);
    traffstat_i_json_close(json, '}');
    traffstat_i_json_open(json, "posterior", '{', true);
    traffstat_i_json_double(json, "mean", basis.posterior_mean);
    traffstat_i_json_close(json, '}');
    traffstat_i_json_double(json, "contraction", basis.contraction);
    traffstat_i_json_text(json, "origin", origin_name(basis.origin));
    traffstat_i_json_text(json, "id", basis.id);
    traffstat_i_json_text(json, "source", basis.source);
    traffstat_i_json_text(json, "place", basis.place);
    traffstat_i_json_text(json, "period", basis.period);
    traffstat_i_json_text(json, "unit", basis.unit);
    traffstat_i_json_text(json, "measure", basis.measure);
    traffstat_i_json_text(json, "agencies", basis.agencies);
    traffstat_i_json_text(json, "note", basis.note);
    traffstat_i_json_close(json, '}');
}

static void add_head(traffstat_i_json *json, const traffstat_estimate *estimate)
{
    traffstat_i_json_open(json, "method", '{', false);
    traffstat_i_json_text(json, "id", traffstat_estimate_method(estimate));
    traffstat_i_json_text(json, "citation", traffstat_estimate_citation(estimate));
    traffstat_i_json_close(json, '}');
    traffstat_i_json_text(json, "kind", traffstat_kind_name(traffstat_estimate_kind(estimate)));
    traffstat_i_json_uint(json, "seed", traffstat_estimate_seed(estimate));
    traffstat_i_json_double(json, "level", traffstat_estimate_level(estimate));
    traffstat_i_json_text(json, "verdict",
                          traffstat_verdict_name(traffstat_estimate_verdict(estimate)));
    traffstat_i_json_open(json, "reasons", '[', false);
    for (size_t i = 0; i < traffstat_estimate_reasons(estimate); i++) {
        traffstat_i_json_text(json, NULL, traffstat_estimate_reason(estimate, i));
    }
    traffstat_i_json_close(json, ']');
    traffstat_i_json_open(json, "assumptions", '[', false);
    for (size_t i = 0; i < traffstat_estimate_assumptions(estimate); i++) {
        traffstat_i_json_text(json, NULL, traffstat_estimate_assumption(estimate, i));
    }
    traffstat_i_json_close(json, ']');
    traffstat_i_json_open(json, "diagnostics", '{', false);
    for (size_t i = 0; i < traffstat_estimate_diagnostics(estimate); i++) {
        traffstat_i_json_double(json, traffstat_estimate_diagnostic_name(estimate, i),
                                traffstat_estimate_diagnostic(estimate, i));
    }
    traffstat_i_json_close(json, '}');
}

void traffstat_i_json_estimate(traffstat_i_json *json, const char *key,
                               const traffstat_estimate *estimate)
{
    if (estimate == NULL) {
        traffstat_i_json_null(json, key);
        return;
    }
    traffstat_i_json_open(json, key, '{', false);
    add_head(json, estimate);
    add_reporting(json, estimate);
    traffstat_i_json_open(json, "rows", '[', false);
    traffstat_estimate_row row;
    for (size_t i = 0; traffstat_estimate_row_get(estimate, i, &row) == TRAFFSTAT_OK; i++) {
        add_row(json, NULL, estimate, i, &row);
    }
    traffstat_i_json_close(json, ']');
    if (traffstat_estimate_total(estimate, &row) == TRAFFSTAT_OK) {
        add_row(json, "total", estimate, TRAFFSTAT_NONE, &row);
    } else {
        traffstat_i_json_null(json, "total");
    }
    traffstat_i_json_close(json, '}');
}

traffstat_status traffstat_estimate_json(traffstat_ctx *ctx, const traffstat_estimate *estimate,
                                         traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, estimate, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_json json;
    traffstat_i_json_init(&json, &text);
    traffstat_i_json_estimate(&json, NULL, estimate);
    traffstat_i_text_add(&text, "\n");
    return traffstat_i_text_finish(&text, out);
}
