#include <string.h>

#include "table/table.h"

typedef struct kept {
    char *file;
    char *column;
    char *expected;
    char *got;
    char *done;
    int64_t line;
} kept;

typedef struct problem {
    char *code;
    const char *asked; /* the static text that it came from: mostly found by that alone */
    int64_t count;
    int64_t rows_dropped;
    kept *examples;
    size_t example_count;
    size_t example_capacity;
} problem;

typedef struct column {
    char *role;
    char *name;
} column;

struct traffstat_account {
    traffstat_ctx *ctx;
    size_t limit;
    const char *own_code; /* static: the code with a limit of its own */
    size_t own_limit;
    char *texts[4]; /* file, dialect, encoding, layout; NULL: "" */
    int64_t seen;
    int64_t used;
    size_t series;
    int32_t first_year;
    int32_t last_year;
    traffstat_cell total;
    bool no_sum; /* the counts are not of one kind */
    problem *problems;
    size_t problem_count;
    size_t problem_capacity;
    column *columns;
    size_t column_count;
    size_t column_capacity;
    int64_t *lost; /* by series, as far as any was lost */
    size_t lost_count;
    size_t lost_capacity;
};

/* ---- writing -------------------------------------------------------------------------------- */

traffstat_status traffstat_i_account_new(traffstat_ctx *ctx, size_t limit, traffstat_account **out)
{
    *out = traffstat_i_alloc(ctx, 1, sizeof **out);
    if (*out == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    (*out)->ctx = ctx;
    (*out)->limit = limit;
    traffstat_i_panel_total(NULL, &(*out)->total);
    return TRAFFSTAT_OK;
}

static void free_example(traffstat_ctx *ctx, kept *example)
{
    traffstat_i_free(ctx, example->file);
    traffstat_i_free(ctx, example->column);
    traffstat_i_free(ctx, example->expected);
    traffstat_i_free(ctx, example->got);
    traffstat_i_free(ctx, example->done);
}

static void free_problem(traffstat_ctx *ctx, problem *which)
{
    for (size_t i = 0; i < which->example_count; i++) {
        free_example(ctx, &which->examples[i]);
    }
    traffstat_i_free(ctx, which->examples);
    traffstat_i_free(ctx, which->code);
}

void traffstat_account_free(traffstat_account *account)
{
    if (account == NULL) {
        return;
    }
    traffstat_ctx *ctx = account->ctx;
    for (size_t i = 0; i < account->problem_count; i++) {
        free_problem(ctx, &account->problems[i]);
    }
    for (size_t i = 0; i < account->column_count; i++) {
        traffstat_i_free(ctx, account->columns[i].role);
        traffstat_i_free(ctx, account->columns[i].name);
    }
    for (size_t i = 0; i < sizeof account->texts / sizeof account->texts[0]; i++) {
        traffstat_i_free(ctx, account->texts[i]);
    }
    traffstat_i_free(ctx, account->problems);
    traffstat_i_free(ctx, account->columns);
    traffstat_i_free(ctx, account->lost);
    traffstat_i_free(ctx, account);
}

/* The problem of that code, made at its first meeting; NULL: no memory. */
static problem *problem_of(traffstat_account *account, const char *code)
{
    for (size_t i = 0; i < account->problem_count; i++) {
        if (account->problems[i].asked == code || strcmp(account->problems[i].code, code) == 0) {
            return &account->problems[i];
        }
    }
    if (!traffstat_i_reserve(account->ctx, &account->problems, &account->problem_capacity,
                             account->problem_count + 1, sizeof *account->problems)) {
        return NULL;
    }
    char *copy = traffstat_i_strdup(account->ctx, code);
    if (copy == NULL) {
        return NULL;
    }
    problem *made = &account->problems[account->problem_count++];
    *made = (problem){.code = copy, .asked = code};
    return made;
}

static bool keep_example(traffstat_ctx *ctx, problem *which, const traffstat_i_account_place *place,
                         const char *expected, const char *got, const char *done)
{
    if (!traffstat_i_reserve(ctx, &which->examples, &which->example_capacity,
                             which->example_count + 1, sizeof *which->examples)) {
        return false;
    }
    kept example = {.file = traffstat_i_strdup(ctx, place != NULL ? place->file : NULL),
                    .column = traffstat_i_strdup(ctx, place != NULL ? place->column : NULL),
                    .expected = traffstat_i_strdup(ctx, expected),
                    .got = traffstat_i_strdup(ctx, got),
                    .done = traffstat_i_strdup(ctx, done),
                    .line = place != NULL ? place->line : 0};
    if (example.file == NULL || example.column == NULL || example.expected == NULL ||
        example.got == NULL || example.done == NULL) {
        free_example(ctx, &example);
        return false;
    }
    which->examples[which->example_count++] = example;
    return true;
}

void traffstat_i_account_times(traffstat_account *account, const char *code, int64_t times)
{
    for (size_t i = 0; i < account->problem_count; i++) {
        if (strcmp(account->problems[i].code, code) == 0) {
            account->problems[i].count += times;
        }
    }
}

void traffstat_i_account_keep(traffstat_account *account, const char *code, size_t limit)
{
    account->own_code = code;
    account->own_limit = limit;
}

size_t traffstat_i_account_shown(const traffstat_account *account)
{
    return account->limit;
}

traffstat_status traffstat_i_account_problem(traffstat_account *account, const char *code,
                                             const traffstat_i_account_place *place,
                                             const char *expected, const char *got,
                                             const char *done, int64_t rows_dropped)
{
    problem *which = problem_of(account, code);
    const bool own = account->own_code != NULL && strcmp(account->own_code, code) == 0;
    const size_t limit =
        own && account->own_limit > account->limit ? account->own_limit : account->limit;
    if (which == NULL || (which->example_count < limit &&
                          !keep_example(account->ctx, which, place, expected, got, done))) {
        return TRAFFSTAT_E_NOMEM;
    }
    which->count++;
    which->rows_dropped += rows_dropped;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_account_column(traffstat_account *account, const char *role,
                                            const char *name)
{
    if (!traffstat_i_reserve(account->ctx, &account->columns, &account->column_capacity,
                             account->column_count + 1, sizeof *account->columns)) {
        return TRAFFSTAT_E_NOMEM;
    }
    const column made = {traffstat_i_strdup(account->ctx, role),
                         traffstat_i_strdup(account->ctx, name)};
    if (made.role == NULL || made.name == NULL) {
        traffstat_i_free(account->ctx, made.role);
        traffstat_i_free(account->ctx, made.name);
        return TRAFFSTAT_E_NOMEM;
    }
    account->columns[account->column_count++] = made;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_account_texts(traffstat_account *account, const char *file,
                                           const char *dialect, const char *encoding,
                                           const char *layout)
{
    const char *const given[] = {file, dialect, encoding, layout};
    for (size_t i = 0; i < sizeof given / sizeof given[0]; i++) {
        char *copy = traffstat_i_strdup(account->ctx, given[i]);
        if (copy == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
        traffstat_i_free(account->ctx, account->texts[i]);
        account->texts[i] = copy;
    }
    return TRAFFSTAT_OK;
}

void traffstat_i_account_rows(traffstat_account *account, int64_t seen, int64_t used)
{
    account->seen = seen;
    account->used = used;
}

traffstat_status traffstat_i_account_panel(traffstat_account *account, const traffstat_panel *panel)
{
    account->series = traffstat_panel_series(panel);
    account->first_year = traffstat_panel_first_year(panel);
    account->last_year = traffstat_panel_last_year(panel);
    bool has_sum = true;
    const traffstat_status status = traffstat_i_panel_has_sum(account->ctx, panel, &has_sum);
    account->no_sum = !has_sum;
    if (has_sum) {
        traffstat_i_panel_total(panel, &account->total);
    }
    return status;
}

traffstat_status traffstat_i_account_lost(traffstat_account *account, size_t series,
                                          int64_t records)
{
    if (series >= account->lost_count) {
        if (!traffstat_i_reserve(account->ctx, &account->lost, &account->lost_capacity, series + 1,
                                 sizeof *account->lost)) {
            return TRAFFSTAT_E_NOMEM;
        }
        memset(account->lost + account->lost_count, 0,
               (series + 1 - account->lost_count) * sizeof *account->lost);
        account->lost_count = series + 1;
    }
    account->lost[series] += records;
    return TRAFFSTAT_OK;
}

/* ---- reading -------------------------------------------------------------------------------- */

int64_t traffstat_account_rows_seen(const traffstat_account *account)
{
    return account != NULL ? account->seen : 0;
}

int64_t traffstat_account_rows_used(const traffstat_account *account)
{
    return account != NULL ? account->used : 0;
}

int64_t traffstat_account_rows_dropped(const traffstat_account *account)
{
    return account != NULL ? account->seen - account->used : 0;
}

size_t traffstat_account_series(const traffstat_account *account)
{
    return account != NULL ? account->series : 0;
}

int32_t traffstat_account_first_year(const traffstat_account *account)
{
    return account != NULL ? account->first_year : 0;
}

int32_t traffstat_account_last_year(const traffstat_account *account)
{
    return account != NULL ? account->last_year : 0;
}

traffstat_status traffstat_account_total(const traffstat_account *account, traffstat_cell *out)
{
    if (account == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    if (account->no_sum) {
        return TRAFFSTAT_E_CONFLICT;
    }
    *out = account->total;
    return TRAFFSTAT_OK;
}

static const char *text_or_empty(const traffstat_account *account, size_t which)
{
    return account != NULL && account->texts[which] != NULL ? account->texts[which] : "";
}

const char *traffstat_account_file(const traffstat_account *account)
{
    return text_or_empty(account, 0);
}

const char *traffstat_account_dialect(const traffstat_account *account)
{
    return text_or_empty(account, 1);
}

const char *traffstat_account_encoding(const traffstat_account *account)
{
    return text_or_empty(account, 2);
}

const char *traffstat_account_layout(const traffstat_account *account)
{
    return text_or_empty(account, 3);
}

size_t traffstat_account_columns(const traffstat_account *account)
{
    return account != NULL ? account->column_count : 0;
}

const char *traffstat_account_column_role(const traffstat_account *account, size_t i)
{
    return i < traffstat_account_columns(account) ? account->columns[i].role : NULL;
}

const char *traffstat_account_column_name(const traffstat_account *account, size_t i)
{
    return i < traffstat_account_columns(account) ? account->columns[i].name : NULL;
}

size_t traffstat_account_problems(const traffstat_account *account)
{
    return account != NULL ? account->problem_count : 0;
}

traffstat_status traffstat_account_problem(const traffstat_account *account, size_t which,
                                           traffstat_problem *out)
{
    if (out == NULL || which >= traffstat_account_problems(account)) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const problem *found = &account->problems[which];
    *out =
        (traffstat_problem){found->code, found->count, found->rows_dropped, found->example_count};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_account_example(const traffstat_account *account, size_t which,
                                           size_t example, traffstat_example *out)
{
    if (out == NULL || which >= traffstat_account_problems(account) ||
        example >= account->problems[which].example_count) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    const kept *found = &account->problems[which].examples[example];
    *out = (traffstat_example){.file = found->file,
                               .line = found->line,
                               .column = found->column,
                               .expected = found->expected,
                               .got = found->got,
                               .done = found->done};
    return TRAFFSTAT_OK;
}

int64_t traffstat_account_series_lost(const traffstat_account *account, size_t series)
{
    return account != NULL && series < account->lost_count ? account->lost[series] : 0;
}
