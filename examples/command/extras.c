#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* ---- values ------------------------------------------------------------------------------------ */

/* The next part of "a,b,c" without blanks around it; false: too long. */
static bool next_part(const char **at, size_t length, char *out, size_t size)
{
    const char *from = *at;
    size_t count = 0;
    while (count < length && from[count] != ',') {
        count++;
    }
    *at = from + count + (count < length ? 1 : 0);
    while (count > 0 && from[0] == ' ') {
        from++;
        count--;
    }
    while (count > 0 && from[count - 1] == ' ') {
        count--;
    }
    if (count >= size) {
        return false;
    }
    memcpy(out, from, count);
    out[count] = '\0';
    return true;
}

/* A place or a year, each once. */
static bool take_where_part(proof *to, const char *part)
{
    uint64_t year = 0;
    if (strlen(part) == 4 && parse_whole(part, &year) && to->year == 0) {
        to->year = (int32_t) year;
        return year > 0;
    }
    if (to->place[0] != '\0' || part[0] == '\0') {
        return false;
    }
    (void) snprintf(to->place, sizeof to->place, "%s", part);
    return true;
}

static bool take_numbers(proof *to, const char *first, const char *second)
{
    if (!parse_number(first, &to->numbers[0])) {
        return false;
    }
    if (!to->is_total) {
        return parse_number(second, &to->numbers[1]) && to->numbers[0] >= 0.0 &&
               to->numbers[0] <= to->numbers[1] && to->numbers[1] >= 1.0 && to->numbers[1] <= 1e9 &&
               to->numbers[0] == (double) (int64_t) to->numbers[0] &&
               to->numbers[1] == (double) (int64_t) to->numbers[1];
    }
    char low[64];
    const char *dots = strstr(second, "..");
    if (dots == NULL || (size_t) (dots - second) >= sizeof low) {
        return false;
    }
    (void) snprintf(low, sizeof low, "%.*s", (int) (dots - second), second);
    return parse_number(low, &to->numbers[1]) && parse_number(dots + 2, &to->numbers[2]) &&
           to->numbers[1] > 0.0 && to->numbers[1] < to->numbers[0] &&
           to->numbers[0] < to->numbers[2];
}

/* "37,100,Butte,2015; audit by the county" */
static bool read_proof(proof *to, const char *value)
{
    const char *mark = strchr(value, ';');
    const char *end = mark != NULL ? mark : value + strlen(value);
    char parts[2][64];
    char part[256];
    const char *at = value;
    to->source = mark != NULL ? mark + 1 + strspn(mark + 1, " ") : "";
    for (size_t i = 0; i < 2; i++) {
        if (!next_part(&at, (size_t) (end - at), parts[i], sizeof parts[i])) {
            return false;
        }
    }
    bool good = take_numbers(to, parts[0], parts[1]);
    while (good && at < end) {
        good = next_part(&at, (size_t) (end - at), part, sizeof part) && take_where_part(to, part);
    }
    return good;
}

static bool take_proof(options *to, const char *name, const char *form, bool is_total,
                       const char *value)
{
    proof made = {.is_total = is_total};
    if (to->proof_count == PROOFS) {
        (void) usage("--audit and --list-total are given more than %d times", PROOFS);
        return false;
    }
    if (!read_proof(&made, value)) {
        (void) usage("--%s \"%s\" is not of the form %s", name, value, form);
        return false;
    }
    to->proofs[to->proof_count++] = made;
    return true;
}

bool take_audit(options *to, const char *value)
{
    return take_proof(to, "audit",
                      "V,M[,PLACE][,YEAR][; SOURCE]: of M true cases V were counted, 0 to M", false,
                      value);
}

bool take_list_total(options *to, const char *value)
{
    return take_proof(to, "list-total",
                      "N,LOW..HIGH[,PLACE][,YEAR][; SOURCE]: an estimate above 0 inside its 95 % "
                      "range",
                      true, value);
}

/* ---- for a panel ------------------------------------------------------------------------------- */

#define NEAREST_AMONG 4096

/* The series of a name or key. */
static int find_place(const traffstat_panel *panel, const char *place, size_t *out)
{
    const char *names[NEAREST_AMONG];
    size_t count = 0;
    *out = TRAFFSTAT_NONE;
    if (place[0] == '\0') {
        return EXIT_DONE;
    }
    for (size_t i = 0; i < traffstat_panel_series(panel); i++) {
        const char *name = traffstat_panel_jurisdiction(panel, i);
        if (same(place, name) || same(place, traffstat_panel_key(panel, i))) {
            if (*out != TRAFFSTAT_NONE) {
                say("several series are of \"%s\"; choose one with --where", place);
                return EXIT_DATA;
            }
            *out = i;
        }
        if (count < NEAREST_AMONG) {
            names[count++] = name;
        }
    }
    if (*out != TRAFFSTAT_NONE) {
        return EXIT_DONE;
    }
    const char *near = nearest(place, names, count);
    say("no series is of \"%s\"%s%s%s", place, near != NULL ? "; the nearest is \"" : "",
        near != NULL ? near : "", near != NULL ? "\"" : "");
    return EXIT_DATA;
}

static int add_proof(const command *session, const traffstat_panel *panel, const proof *of,
                     traffstat_hierarchical_extras *to)
{
    size_t series = 0;
    const int result = find_place(panel, of->place, &series);
    if (result != EXIT_DONE) {
        return result;
    }
    const traffstat_status status =
        of->is_total
            ? traffstat_hierarchical_extras_add_total(session->ctx, to, series, of->year,
                                                      of->numbers[0], of->numbers[1],
                                                      of->numbers[2], 0.95, of->source)
            : traffstat_hierarchical_extras_add_validation(session->ctx, to, series, of->year,
                                                           (int64_t) of->numbers[0],
                                                           (int64_t) of->numbers[1], of->source);
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

/* ---- columns ----------------------------------------------------------------------------------- */

/* Column by column into the model. */
static int give_covariates(const command *session, const traffstat_covariates *from, bool report,
                           traffstat_hierarchical_extras *to)
{
    const size_t rows = traffstat_covariates_rows(from);
    const size_t columns = traffstat_covariates_columns(from);
    const double *values = traffstat_covariates_values(from);
    double *column = calloc(rows > 0 ? rows : 1, sizeof *column);
    if (column == NULL) {
        say("out of memory");
        return EXIT_DATA;
    }
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t k = 0; k < columns && status == TRAFFSTAT_OK; k++) {
        const char *name = traffstat_covariates_name(from, k);
        for (size_t row = 0; row < rows; row++) {
            column[row] = values[row * columns + k];
        }
        status = report ? traffstat_hierarchical_extras_add_report_covariate(session->ctx, to, name,
                                                                             column, rows)
                        : traffstat_hierarchical_extras_add_rate_covariate(session->ctx, to, name,
                                                                           column, rows);
    }
    free(column);
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

/* One row's validated cases: v of m. */
static int give_row(const command *session, const traffstat_panel *panel, size_t series, size_t row,
                    const double *both, traffstat_hierarchical_extras *to)
{
    char source[512];
    const int32_t year = traffstat_panel_years(panel)[row];
    if (!(both[1] > 0.0)) {
        if (both[0] > 0.0) {
            say("%s in %d: %.0f validated cases were counted, of none that is known",
                traffstat_panel_jurisdiction(panel, series), (int) year, both[0]);
        }
        return both[0] > 0.0 ? EXIT_DATA : EXIT_DONE;
    }
    (void) snprintf(source, sizeof source, "columns %s and %s",
                    session->options->validation.items[0], session->options->validation.items[1]);
    const traffstat_status status = traffstat_hierarchical_extras_add_validation(
        session->ctx, to, series, year, (int64_t) both[0], (int64_t) both[1], source);
    if (status == TRAFFSTAT_E_ARGUMENT) {
        say("%s in %d: %s", traffstat_panel_jurisdiction(panel, series), (int) year,
            traffstat_ctx_message(session->ctx));
        return EXIT_DATA;
    }
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

static int give_validated(const command *session, const traffstat_panel *panel,
                          const traffstat_covariates *from, traffstat_hierarchical_extras *to)
{
    const double *values = traffstat_covariates_values(from);
    double known = 0.0;
    int result = EXIT_DONE;
    for (size_t i = 0; i < traffstat_panel_series(panel); i++) {
        const size_t first = traffstat_panel_series_first(panel, i);
        const size_t end = first + traffstat_panel_series_count(panel, i);
        for (size_t row = first; row < end && result == EXIT_DONE; row++) {
            known += values[2 * row + 1];
            result = give_row(session, panel, i, row, &values[2 * row], to);
        }
    }
    if (result == EXIT_DONE && !(known > 0.0)) {
        say("--validation: no row has validated cases");
        result = EXIT_DATA;
    }
    return result;
}

static int add_columns(const command *session, const traffstat_panel *panel,
                       traffstat_hierarchical_extras *to)
{
    columns_beside with;
    int result = columns_load(session, panel, &with);
    if (result == EXIT_DONE && with.rate != NULL) {
        result = give_covariates(session, with.rate, false, to);
    }
    if (result == EXIT_DONE && with.report != NULL) {
        result = give_covariates(session, with.report, true, to);
    }
    if (result == EXIT_DONE && with.validation != NULL) {
        result = give_validated(session, panel, with.validation, to);
    }
    columns_free(&with);
    return result;
}

/* ---- neighbours -------------------------------------------------------------------------------- */

/* Problems of the file beside the counts are told in one line. */
static void warn_of_links(const command *session, const traffstat_links *links,
                          const traffstat_account *account)
{
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (problem.rows_dropped > 0) {
            say("caution: %s: %lld %s left out (%s)", session->options->neighbours,
                (long long) problem.rows_dropped, problem.rows_dropped == 1 ? "record" : "records",
                problem.code);
        }
    }
    if (traffstat_links_one_way(links) > 0) {
        say("caution: %s: %zu pairs are given one way only, and are taken as neighbours",
            session->options->neighbours, traffstat_links_one_way(links));
    }
}

static int add_neighbours(const command *session, const traffstat_panel *panel,
                          traffstat_hierarchical_extras *to)
{
    traffstat_links *links = NULL;
    traffstat_account *account = NULL;
    if (session->options->neighbours == NULL) {
        return EXIT_DONE;
    }
    traffstat_status status = traffstat_links_read_path(
        session->ctx, NULL, session->options->neighbours, panel, &links, &account);
    if (status == TRAFFSTAT_OK) {
        warn_of_links(session, links, account);
        status = traffstat_hierarchical_extras_add_neighbours(
            session->ctx, to, traffstat_links_pairs(links), traffstat_links_count(links));
    }
    const int result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    traffstat_links_free(links);
    traffstat_account_free(account);
    return result;
}

int extras_load(const command *session, const traffstat_panel *panel,
                traffstat_hierarchical_extras **out)
{
    const options *given = session->options;
    *out = NULL;
    if (given->neighbours == NULL && given->proof_count == 0 && given->rate_covariates.count == 0 &&
        given->report_covariates.count == 0 && given->validation.count == 0) {
        return EXIT_DONE;
    }
    const traffstat_status status = traffstat_hierarchical_extras_new(session->ctx, out);
    int result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    for (size_t i = 0; i < given->proof_count && result == EXIT_DONE; i++) {
        result = add_proof(session, panel, &given->proofs[i], *out);
    }
    if (result == EXIT_DONE) {
        result = add_columns(session, panel, *out);
    }
    return result == EXIT_DONE ? add_neighbours(session, panel, *out) : result;
}
