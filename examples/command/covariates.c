/* Columns beside the counts: which are named, reading them, and the regression that takes them. */
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* ---- options ----------------------------------------------------------------------------------- */

static bool take_name(column_names *to, const char *name, const char *value)
{
    if (value[0] == '\0' || to->count == NAMES_MAX) {
        (void) usage(value[0] == '\0' ? "--%s names no column" : "--%s is given too often", name);
        return false;
    }
    to->items[to->count++] = value;
    return true;
}

bool take_rate_covariate(options *to, const char *value)
{
    return take_name(&to->rate_covariates, "rate-covariate", value);
}

bool take_report_covariate(options *to, const char *value)
{
    return take_name(&to->report_covariates, "report-covariate", value);
}

bool take_validation(options *to, const char *value)
{
    free(to->validation.text);
    to->validation = (name_list){.text = strdup(value)};
    if (to->validation.text == NULL) {
        (void) usage("out of memory");
        return false;
    }
    char *comma = strchr(to->validation.text, ',');
    if (comma == NULL || comma == to->validation.text || comma[1] == '\0' ||
        strchr(comma + 1, ',') != NULL) {
        (void) usage("--validation \"%s\" is not of the form V,M: the columns of true cases that "
                     "were reported and of those looked up",
                     value);
        return false;
    }
    *comma = '\0';
    to->validation.items[0] = to->validation.text;
    to->validation.items[1] = comma + 1;
    to->validation.count = 2;
    return true;
}

/* ---- reading ----------------------------------------------------------------------------------- */

void columns_free(columns_beside *of)
{
    traffstat_covariates_free(of->rate);
    traffstat_covariates_free(of->report);
    traffstat_covariates_free(of->validation);
    *of = (columns_beside){0};
}

/* Standard input cannot be read twice, and several files have no one place for a column. */
static int find_file(const command *session, const char **out)
{
    const options *given = session->options;
    *out = given->covariates != NULL ? given->covariates : given->file;
    if (strcmp(*out, "-") == 0) {
        return usage(
            "columns beside the counts cannot be read from standard input; name their file "
            "with --covariates FILE");
    }
    return given->covariates == NULL && given->file_count > 1
               ? usage("with several files of counts, name the one of the columns beside them with "
                       "--covariates FILE")
               : EXIT_DONE;
}

/* Rows that no record belongs to are said once for each list of columns. */
static void say_unknown(const traffstat_panel *panel, const traffstat_covariates *of,
                        const char *path, const char *what)
{
    size_t count = 0;
    size_t first = 0;
    for (size_t row = 0; row < traffstat_covariates_rows(of); row++) {
        const bool unknown = traffstat_covariates_known(of, row) == 0;
        first = unknown && count == 0 ? row : first;
        count += unknown ? 1 : 0;
    }
    if (count > 0) {
        char name[200];
        series_name(panel, traffstat_panel_row_series(panel, first), name, sizeof name);
        say("caution: %s has no record of the %s for %zu of %zu rows; the first is %s in %d", path,
            what, count, traffstat_covariates_rows(of), name,
            (int) traffstat_panel_years(panel)[first]);
    }
}

int columns_load(const command *session, const traffstat_panel *panel, columns_beside *out)
{
    const options *given = session->options;
    const struct {
        const char *const *names;
        size_t count;
        traffstat_covariate_kind kind;
        traffstat_covariates **to;
        const char *what;
    } lists[] = {{given->rate_covariates.items, given->rate_covariates.count,
                  TRAFFSTAT_COVARIATE_VALUES, &out->rate, "rate's covariates"},
                 {given->report_covariates.items, given->report_covariates.count,
                  TRAFFSTAT_COVARIATE_VALUES, &out->report, "reporting's covariates"},
                 {given->validation.items, given->validation.count, TRAFFSTAT_COVARIATE_COUNTS,
                  &out->validation, "validation"}};
    traffstat_reader *reader = NULL;
    const char *path = NULL;
    int result = EXIT_DONE;
    *out = (columns_beside){0};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0] && result == EXIT_DONE; i++) {
        if (lists[i].count == 0) {
            continue;
        }
        result = path == NULL ? find_file(session, &path) : EXIT_DONE;
        traffstat_status status = TRAFFSTAT_OK;
        if (result == EXIT_DONE && reader == NULL) {
            status = reader_of(session, &reader);
        }
        if (result == EXIT_DONE && status == TRAFFSTAT_OK) {
            status = traffstat_read_covariates(session->ctx, reader, path, panel, lists[i].names,
                                               lists[i].count, lists[i].kind, NULL, lists[i].to);
        }
        if (status != TRAFFSTAT_OK) {
            result = failure(session, status);
        } else if (result == EXIT_DONE) {
            say_unknown(panel, *lists[i].to, path, lists[i].what);
        }
    }
    traffstat_reader_free(reader);
    if (result != EXIT_DONE) {
        columns_free(out);
    }
    return result;
}

/* ---- the regression ---------------------------------------------------------------------------- */

int pogit_make(const command *session, const traffstat_panel *panel, const traffstat_prior *prior,
               traffstat_estimate **out)
{
    const options *given = session->options;
    traffstat_pogit_options how;
    columns_beside with;
    traffstat_pogit_options_init(&how, (uint32_t) sizeof how);
    how.level = given->level;
    how.engine = given->maximum_likelihood ? TRAFFSTAT_POGIT_ML : TRAFFSTAT_POGIT_NUTS;
    if (given->draws > 0) {
        how.draws = (int32_t) given->draws;
    }
    int result = columns_load(session, panel, &with);
    if (result == EXIT_DONE) {
        const traffstat_status status = traffstat_pogit_panel(
            session->ctx, panel, with.rate, with.report, with.validation, prior, &how, out);
        result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    }
    columns_free(&with);
    return result;
}
