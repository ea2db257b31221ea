#include <inttypes.h>
#include <math.h>
#include <string.h>

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

/* ---- details -------------------------------------------------------------------------------- */

#define DEPTH 32 /* of lists and objects in each other; models go to five or so */

static bool holds_members(const traffstat_detail *node)
{
    const traffstat_detail_kind kind = traffstat_detail_kind_of(node);
    return kind == TRAFFSTAT_DETAIL_LIST || kind == TRAFFSTAT_DETAIL_OBJECT;
}

static void add_value(traffstat_i_json *json, const char *key, const traffstat_detail *node)
{
    switch (traffstat_detail_kind_of(node)) {
    case TRAFFSTAT_DETAIL_FLAG:
        traffstat_i_json_flag(json, key, traffstat_detail_integer(node) != 0);
        break;
    case TRAFFSTAT_DETAIL_INTEGER:
        traffstat_i_json_int(json, key, traffstat_detail_integer(node));
        break;
    case TRAFFSTAT_DETAIL_NUMBER:
        traffstat_i_json_double(json, key, traffstat_detail_number(node));
        break;
    case TRAFFSTAT_DETAIL_TEXT:
        traffstat_i_json_text(json, key, traffstat_detail_text(node));
        break;
    default:
        traffstat_i_json_null(json, key);
        break;
    }
}

/* A list or object without lists and objects stays on one line. */
static bool is_flat(const traffstat_detail *node)
{
    bool flat = traffstat_detail_size(node) <= 12;
    for (size_t i = 0; i < traffstat_detail_size(node) && flat; i++) {
        flat = !holds_members(traffstat_detail_at(node, i));
    }
    return flat;
}

/* The members of `top`, as members of what is open. */
/* All members of `top` but the one of that name. */
static void add_details(traffstat_i_json *json, const traffstat_detail *top, const char *but)
{
    const traffstat_detail *open[DEPTH] = {top};
    size_t next[DEPTH] = {0};
    size_t depth = 0;
    for (;;) {
        const traffstat_detail *in = open[depth];
        const bool object = traffstat_detail_kind_of(in) == TRAFFSTAT_DETAIL_OBJECT;
        if (next[depth] >= traffstat_detail_size(in)) {
            if (depth == 0) {
                return;
            }
            traffstat_i_json_close(json, object ? '}' : ']');
            depth--;
            continue;
        }
        const traffstat_detail *node = traffstat_detail_at(in, next[depth]++);
        const char *key = object ? traffstat_detail_name(node) : NULL;
        if (depth == 0 && but != NULL && key != NULL && strcmp(key, but) == 0) {
            continue;
        }
        if (!holds_members(node) || depth + 1 == DEPTH) {
            add_value(json, key, node);
            continue;
        }
        const bool list = traffstat_detail_kind_of(node) == TRAFFSTAT_DETAIL_LIST;
        traffstat_i_json_open(json, key, list ? '[' : '{', is_flat(node));
        depth++;
        open[depth] = node;
        next[depth] = 0;
    }
}

/* ---- rows ----------------------------------------------------------------------------------- */

/* What the row is of: a series with all that tells it apart and its year, or a stratum. */
static void add_identity(traffstat_i_json *json, const traffstat_estimate *estimate, size_t at,
                         const traffstat_estimate_row *row)
{
    const char *noun = traffstat_estimate_row_noun(estimate);
    const char *label = traffstat_estimate_row_label(estimate, at);
    if (strcmp(noun, "series") != 0) {
        traffstat_i_json_text(json, noun, label[0] != '\0' ? label : NULL);
        return;
    }
    traffstat_i_json_text(json, "series", label);
    if (row->year == 0) {
        traffstat_i_json_null(json, "year");
    } else {
        traffstat_i_json_int(json, "year", row->year);
    }
    if (at != TRAFFSTAT_NONE) {
        traffstat_i_json_text(json, "key", traffstat_estimate_row_key(estimate, at));
        traffstat_i_json_text(json, "measure", traffstat_estimate_row_measure(estimate, at));
        traffstat_i_json_text(json, "category", traffstat_estimate_row_category(estimate, at));
        traffstat_i_json_text(json, "source", traffstat_estimate_row_source(estimate, at));
    }
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
    add_identity(json, estimate, at, row);
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
    add_details(json, traffstat_estimate_row_details(estimate, at), NULL);
    traffstat_i_json_close(json, '}');
}

static const char *origin_name(int32_t origin)
{
    static const char *const names[] = {"beta",      "range",        "evidence", "survey",
                                        "quantiles", "logit_normal", "known",    "combined"};
    return origin >= 0 && origin < 8 ? names[origin] : "unknown";
}

/* The basis and, in the same object, what the method says of it beside. */
static void add_reporting(traffstat_i_json *json, const traffstat_estimate *estimate)
{
    traffstat_reporting_basis basis;
    const traffstat_detail *details = traffstat_estimate_details(estimate);
    const traffstat_detail *more = traffstat_detail_find(details, "reporting");
    if (traffstat_estimate_basis(estimate, &basis) != TRAFFSTAT_OK) {
        if (more == NULL) {
            traffstat_i_json_null(json, "reporting");
        }
        add_details(json, details, NULL);
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
    add_details(json, more, NULL);
    traffstat_i_json_close(json, '}');
    add_details(json, details, "reporting");
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
