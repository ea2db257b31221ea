#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* ---- options ----------------------------------------------------------------------------------- */

bool take_method(options *to, const char *value)
{
    const char *names[TRAFFSTAT_OVERLAP_SENSITIVITY + 1];
    to->method = traffstat_overlap_method_find(value);
    if (to->method >= 0) {
        return true;
    }
    for (traffstat_overlap_method i = 0; i <= TRAFFSTAT_OVERLAP_SENSITIVITY; i++) {
        names[i] = traffstat_overlap_method_name(i);
    }
    const char *near = nearest(value, names, TRAFFSTAT_OVERLAP_SENSITIVITY + 1);
    (void) usage("--method \"%s\" is not known%s%s; `traffstat overlap --help` lists them", value,
                 near != NULL ? "; the nearest is " : "", near != NULL ? near : "");
    return false;
}

static bool take_share(const char *name, const char *value, double greatest, double *out)
{
    if (!parse_number(value, out) || !(*out >= 0.0 && *out <= greatest)) {
        (void) usage("--%s \"%s\" is not a number from 0 to %g", name, value, greatest);
        return false;
    }
    return true;
}

bool take_p_threshold(options *to, const char *value)
{
    return take_share("p-threshold", value, 1.0, &to->p_threshold);
}

bool take_linkage_error(options *to, const char *value)
{
    return take_share("linkage-error", value, 0.5, &to->linkage_error);
}

static bool take_number(const char *name, const char *value, uint64_t least, uint64_t greatest,
                        uint64_t *out)
{
    if (!parse_whole(value, out) || *out < least || *out > greatest) {
        (void) usage("--%s \"%s\" is not a whole number from %llu to %llu", name, value,
                     (unsigned long long) least, (unsigned long long) greatest);
        return false;
    }
    return true;
}

bool take_bootstrap(options *to, const char *value)
{
    return take_number("bootstrap", value, 0, 1000000, &to->bootstrap);
}

bool take_order(options *to, const char *value)
{
    return take_number("order", value, 1, TRAFFSTAT_LOGLINEAR_LISTS_MAX, &to->order);
}

bool take_top(options *to, const char *value)
{
    return take_number("top", value, 1, 10000, &to->top);
}

bool take_occasions(options *to, const char *value)
{
    return take_number("occasions", value, 2, 1000000, &to->occasions);
}

bool take_criterion(options *to, const char *value)
{
    if (!same(value, "bic") && !same(value, "aic")) {
        (void) usage("--criterion \"%s\" is neither bic nor aic", value);
        return false;
    }
    to->criterion = same(value, "aic") ? TRAFFSTAT_CRITERION_AIC : TRAFFSTAT_CRITERION_BIC;
    return true;
}

bool take_lists(options *to, const char *value)
{
    free(to->lists.text);
    to->lists = (name_list){.text = strdup(value)};
    if (to->lists.text == NULL) {
        (void) usage("out of memory");
        return false;
    }
    for (char *at = to->lists.text; at != NULL;) {
        if (to->lists.count == NAMES_MAX) {
            (void) usage("--lists names more than %d lists", NAMES_MAX);
            return false;
        }
        to->lists.items[to->lists.count++] = at;
        at = strchr(at, ',');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return true;
}

/* ---- reading ----------------------------------------------------------------------------------- */

static traffstat_status set_overlap(const command *session, traffstat_reader *reader)
{
    const options *given = session->options;
    traffstat_ctx *ctx = session->ctx;
    traffstat_status status =
        traffstat_reader_set_lists(ctx, reader, given->lists.items, given->lists.count);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_stratum(ctx, reader, given->stratum);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_occasions(ctx, reader, (int64_t) given->occasions);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_reader_set_unit(ctx, reader, given->unit);
    }
    return status == TRAFFSTAT_OK ? traffstat_reader_set_window(ctx, reader, given->window)
                                  : status;
}

traffstat_status overlap_read(const command *session, traffstat_overlap **overlap,
                              traffstat_account **account)
{
    const char *file = session->options->file;
    traffstat_reader *reader = NULL;
    traffstat_status status = reader_of(session, &reader);
    if (status == TRAFFSTAT_OK) {
        status = set_overlap(session, reader);
    }
    if (status == TRAFFSTAT_OK) {
        status = strcmp(file, "-") == 0
                     ? traffstat_overlap_read_stream(session->ctx, reader, read_standard_input,
                                                     NULL, "standard input", overlap, account)
                     : traffstat_overlap_read_path(session->ctx, reader, file, overlap, account);
    }
    traffstat_reader_free(reader);
    return status;
}

/* Records that could not be used are refused, with the first of them, unless --lenient. */
static int check_lost(const command *session, const traffstat_account *account)
{
    const long long lost = (long long) traffstat_account_rows_dropped(account);
    traffstat_problem problem;
    traffstat_example example;
    char place[512] = "";
    if (lost == 0) {
        return EXIT_DONE;
    }
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (place[0] == '\0' && problem.rows_dropped > 0 &&
            traffstat_account_example(account, i, 0, &example) == TRAFFSTAT_OK) {
            (void) snprintf(place, sizeof place, " (%s, line %lld: %s%s\"%s\", expected %s)",
                            example.file, (long long) example.line, example.column,
                            example.column[0] != '\0' ? " " : "", example.got, example.expected);
        }
    }
    const char *noun = lost == 1 ? "record" : "records";
    if (session->options->lenient) {
        say("caution: %lld %s could not be used%s", lost, noun, place);
        return EXIT_DONE;
    }
    say("%lld %s could not be used%s; mend the file, or go on with --lenient", lost, noun, place);
    return EXIT_DATA;
}

/* ---- the verb ---------------------------------------------------------------------------------- */

static int make_estimate(const command *session, const traffstat_overlap *overlap,
                         traffstat_estimate **out)
{
    const options *given = session->options;
    traffstat_overlap_options how;
    traffstat_overlap_options_init(&how, (uint32_t) sizeof how);
    how.method = given->method;
    how.model = given->terms;
    how.level = given->level;
    how.p_threshold = given->p_threshold;
    how.linkage_error = given->linkage_error;
    how.bootstrap = (uint32_t) given->bootstrap;
    how.order = (uint32_t) given->order;
    how.top = (uint32_t) given->top;
    how.criterion = given->criterion;
    const traffstat_status status = traffstat_overlap_estimate(session->ctx, overlap, &how, out);
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

int run_overlap(const command *session)
{
    traffstat_overlap *overlap = NULL;
    traffstat_account *account = NULL;
    traffstat_estimate *estimate = NULL;
    const traffstat_status status = overlap_read(session, &overlap, &account);
    int result = status == TRAFFSTAT_OK ? EXIT_DONE : stream_failure(session, status);
    if (result == EXIT_DONE) {
        result = check_lost(session, account);
    }
    if (result == EXIT_DONE) {
        result = make_estimate(session, overlap, &estimate);
    }
    if (result == EXIT_DONE) {
        result = estimate_answer(session, TRAFFSTAT_OK, estimate, NULL);
    }
    traffstat_estimate_free(estimate);
    traffstat_account_free(account);
    traffstat_overlap_free(overlap);
    return result;
}
