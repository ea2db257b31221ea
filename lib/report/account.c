#include "report/report.h"
#include "table/table.h"

/* ---- JSON ----------------------------------------------------------------------------------- */

static void add_rows(traffstat_i_json *json, const traffstat_account *account)
{
    traffstat_i_json_open(json, "rows", '{', true);
    traffstat_i_json_int(json, "seen", traffstat_account_rows_seen(account));
    traffstat_i_json_int(json, "used", traffstat_account_rows_used(account));
    traffstat_i_json_int(json, "dropped", traffstat_account_rows_dropped(account));
    traffstat_i_json_close(json, '}');
}

static void add_years(traffstat_i_json *json, const traffstat_account *account)
{
    if (traffstat_account_series(account) == 0) {
        traffstat_i_json_null(json, "years");
        return;
    }
    traffstat_i_json_open(json, "years", '[', true);
    traffstat_i_json_int(json, NULL, traffstat_account_first_year(account));
    traffstat_i_json_int(json, NULL, traffstat_account_last_year(account));
    traffstat_i_json_close(json, ']');
}

static void add_total(traffstat_i_json *json, const traffstat_account *account)
{
    traffstat_cell total;
    if (traffstat_account_series(account) == 0 ||
        traffstat_account_total(account, &total) != TRAFFSTAT_OK) {
        traffstat_i_json_null(json, "total");
        return;
    }
    const bool counted = total.why == TRAFFSTAT_WHY_COUNTED;
    traffstat_i_json_open(json, "total", '{', true);
    if (counted) {
        traffstat_i_json_int(json, "lower", total.lower);
    } else { /* nothing reported is not zero */
        traffstat_i_json_null(json, "lower");
    }
    if (!counted || total.upper == TRAFFSTAT_NO_UPPER) {
        traffstat_i_json_null(json, "upper");
    } else {
        traffstat_i_json_int(json, "upper", total.upper);
    }
    traffstat_i_json_close(json, '}');
}

static void add_columns(traffstat_i_json *json, const traffstat_account *account)
{
    traffstat_i_json_open(json, "columns", '{', false);
    for (size_t i = 0; i < traffstat_account_columns(account); i++) {
        traffstat_i_json_text(json, traffstat_account_column_role(account, i),
                              traffstat_account_column_name(account, i));
    }
    traffstat_i_json_close(json, '}');
}

static void add_example(traffstat_i_json *json, const traffstat_example *example)
{
    traffstat_i_json_open(json, NULL, '{', true);
    traffstat_i_json_text(json, "file", example->file);
    if (example->line > 0) {
        traffstat_i_json_int(json, "line", example->line);
    } else {
        traffstat_i_json_null(json, "line");
    }
    traffstat_i_json_text(json, "column", example->column);
    traffstat_i_json_text(json, "expected", example->expected);
    traffstat_i_json_text(json, "got", example->got);
    traffstat_i_json_text(json, "done", example->done);
    traffstat_i_json_close(json, '}');
}

static void add_problem(traffstat_i_json *json, const traffstat_account *account, size_t i,
                        const traffstat_problem *problem)
{
    traffstat_example example;
    traffstat_i_json_open(json, NULL, '{', false);
    traffstat_i_json_text(json, "code", problem->code);
    traffstat_i_json_int(json, "count", problem->count);
    traffstat_i_json_int(json, "rows_dropped", problem->rows_dropped);
    traffstat_i_json_open(json, "examples", '[', false);
    for (size_t k = 0; traffstat_account_example(account, i, k, &example) == TRAFFSTAT_OK; k++) {
        add_example(json, &example);
    }
    traffstat_i_json_close(json, ']');
    traffstat_i_json_close(json, '}');
}

traffstat_status traffstat_account_json(traffstat_ctx *ctx, const traffstat_account *account,
                                        traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, account, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_json json;
    traffstat_problem problem;
    traffstat_i_json_init(&json, &text);
    traffstat_i_json_open(&json, NULL, '{', false);
    traffstat_i_json_text(&json, "file", traffstat_account_file(account));
    add_rows(&json, account);
    traffstat_i_json_int(&json, "series", (int64_t) traffstat_account_series(account));
    add_years(&json, account);
    add_total(&json, account);
    add_columns(&json, account);
    traffstat_i_json_text(&json, "dialect", traffstat_account_dialect(account));
    traffstat_i_json_text(&json, "encoding", traffstat_account_encoding(account));
    traffstat_i_json_text(&json, "layout", traffstat_account_layout(account));
    traffstat_i_json_open(&json, "problems", '[', false);
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        add_problem(&json, account, i, &problem);
    }
    traffstat_i_json_close(&json, ']');
    traffstat_i_json_close(&json, '}');
    traffstat_i_text_add(&text, "\n");
    return traffstat_i_text_finish(&text, out);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void say_times(traffstat_text *text, int64_t count, const char *one, const char *many)
{
    traffstat_i_text_add_int(text, count);
    traffstat_i_text_add(text, " ");
    traffstat_i_text_add(text, count == 1 ? one : many);
}

static void say_years(traffstat_text *text, int32_t first, int32_t last)
{
    traffstat_i_text_add_int(text, first);
    if (last != first) {
        traffstat_i_text_add(text, "–");
        traffstat_i_text_add_int(text, last);
    }
}

static void say_total(traffstat_text *text, const traffstat_cell *total)
{
    if (total->why != TRAFFSTAT_WHY_COUNTED) {
        traffstat_i_text_add(text, ", no count reported");
        return;
    }
    traffstat_i_text_add(text, ", counts that sum to ");
    traffstat_i_text_add_int(text, total->lower);
    if (total->upper == TRAFFSTAT_NO_UPPER) {
        traffstat_i_text_add(text, " or more");
    } else if (total->upper != total->lower) {
        traffstat_i_text_add(text, "–");
        traffstat_i_text_add_int(text, total->upper);
    }
    if ((total->flags & TRAFFSTAT_FLAG_PARTIAL) != 0) {
        traffstat_i_text_add(text, " (cells without a count left out)");
    }
}

static void say_summary(traffstat_text *text, const traffstat_account *account)
{
    traffstat_cell total;
    traffstat_i_plain_add(text, traffstat_account_file(account));
    traffstat_i_text_add(text, ": ");
    traffstat_i_text_add_int(text, traffstat_account_rows_used(account));
    traffstat_i_text_add(text, " of ");
    say_times(text, traffstat_account_rows_seen(account), "record", "records");
    traffstat_i_text_add(text, " used");
    if (traffstat_account_series(account) > 0) {
        traffstat_i_text_add(text, ", ");
        say_times(text, (int64_t) traffstat_account_series(account), "series", "series");
        traffstat_i_text_add(text, ", ");
        say_years(text, traffstat_account_first_year(account),
                  traffstat_account_last_year(account));
        const traffstat_status status = traffstat_account_total(account, &total);
        if (status == TRAFFSTAT_OK) {
            say_total(text, &total);
        } else if (status == TRAFFSTAT_E_CONFLICT) {
            traffstat_i_text_add(text, ", no sum (counts of several measures or sources, or totals "
                                       "among the categories)");
        }
    }
    traffstat_i_text_add(text, "\n");
}

static void say_form(traffstat_text *text, const traffstat_account *account)
{
    const char *const parts[] = {traffstat_account_dialect(account),
                                 traffstat_account_encoding(account),
                                 traffstat_account_layout(account)};
    const char *gap = "  ";
    for (size_t i = 0; i < 3; i++) {
        if (parts[i][0] != '\0') {
            traffstat_i_text_add(text, gap);
            traffstat_i_plain_add(text, parts[i]);
            gap = ", ";
        }
    }
    gap = gap[0] == ',' ? "; " : "  ";
    for (size_t i = 0; i < traffstat_account_columns(account); i++) {
        traffstat_i_text_add(text, gap);
        traffstat_i_plain_add(text, traffstat_account_column_role(account, i));
        traffstat_i_text_add(text, ": ");
        traffstat_i_plain_add(text, traffstat_account_column_name(account, i));
        gap = ", ";
    }
    traffstat_i_text_add(text, "\n");
}

static void say_example(traffstat_text *text, const traffstat_example *example)
{
    traffstat_i_text_add(text, "    ");
    traffstat_i_plain_add(text, example->file[0] != '\0' ? example->file : "in all");
    if (example->line > 0) {
        traffstat_i_text_add(text, ", line ");
        traffstat_i_text_add_int(text, example->line);
    }
    if (example->column[0] != '\0') {
        traffstat_i_text_add(text, ", column ");
        traffstat_i_plain_add(text, example->column);
    }
    if (example->got[0] != '\0') {
        traffstat_i_text_add(text, ": \"");
        traffstat_i_plain_add(text, example->got);
        traffstat_i_text_add(text, "\"");
    }
    if (example->expected[0] != '\0') {
        traffstat_i_text_add(text, example->got[0] != '\0' ? ", expected " : ": expected ");
        traffstat_i_plain_add(text, example->expected);
    }
    if (example->done[0] != '\0') {
        traffstat_i_text_add(text, "; ");
        traffstat_i_plain_add(text, example->done);
    }
    traffstat_i_text_add(text, "\n");
}

static void say_problem(traffstat_text *text, const traffstat_account *account, size_t i,
                        const traffstat_problem *problem)
{
    traffstat_example example;
    traffstat_i_text_add(text, "  ");
    traffstat_i_plain_add(text, problem->code);
    traffstat_i_text_add(text, ": ");
    say_times(text, problem->count, "time", "times");
    if (problem->rows_dropped > 0) {
        traffstat_i_text_add(text, ", ");
        say_times(text, problem->rows_dropped, "record", "records");
        traffstat_i_text_add(text, " dropped");
    }
    traffstat_i_text_add(text, "\n");
    const size_t shown = traffstat_i_account_shown(account);
    for (size_t k = 0;
         k < shown && traffstat_account_example(account, i, k, &example) == TRAFFSTAT_OK; k++) {
        say_example(text, &example);
    }
    if (problem->count > (int64_t) shown && problem->examples > shown) {
        traffstat_i_text_addf(text, "    and %lld more, which the JSON form lists\n",
                              (long long) problem->count - (long long) shown);
    }
}

traffstat_status traffstat_account_text(traffstat_ctx *ctx, const traffstat_account *account,
                                        traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, account, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_problem problem;
    say_summary(&text, account);
    say_form(&text, account);
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        say_problem(&text, account, i, &problem);
    }
    return traffstat_i_text_finish(&text, out);
}
