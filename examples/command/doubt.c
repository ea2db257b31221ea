#include <stdio.h>
#include <string.h>

#include "command.h"

/* ---- denominators ------------------------------------------------------------------------------ */

static int64_t times(const traffstat_account *account, const char *code, size_t *at)
{
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (strcmp(problem.code, code) == 0) {
            *at = i;
            return problem.count;
        }
    }
    return 0;
}

/* `read` lists the unmatched in its report; other verbs print no report. */
static void say_unmatched(const command *session, const traffstat_account *account)
{
    size_t at = 0;
    traffstat_example example;
    const int64_t count = times(account, "population_unmatched", &at);
    if (count > 0 && session->options->verb != VERB_READ &&
        traffstat_account_example(account, at, 0, &example) == TRAFFSTAT_OK) {
        say("caution: denominators are missing for %lld of the series or their years, \"%s\" among "
            "them; `traffstat read` lists more",
            (long long) count, example.got);
    }
}

/* The file of denominators has its own columns: --map is for the counts. */
static traffstat_status read_denominators(const command *session, traffstat_panel **out)
{
    const options *given = session->options;
    traffstat_reader *reader = NULL;
    traffstat_status status = traffstat_reader_new(session->ctx, &reader);
    for (size_t i = 0; i < given->population_map.count && status == TRAFFSTAT_OK; i++) {
        status = traffstat_reader_map(session->ctx, reader,
                                      traffstat_role_find(given->population_map.items[i].key),
                                      given->population_map.items[i].value);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_read_population(session->ctx, reader, given->population, out, NULL);
    }
    traffstat_reader_free(reader);
    return status;
}

int input_join_population(const command *session, input *in)
{
    traffstat_panel *others = NULL;
    traffstat_panel *joined = NULL;
    traffstat_status status = read_denominators(session, &others);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_join_population(session->ctx, in->selected, others, in->account,
                                                 &joined);
    }
    traffstat_panel_free(others);
    if (status != TRAFFSTAT_OK) {
        return failure(session, status);
    }
    traffstat_panel_free(in->selected);
    in->selected = joined;
    say_unmatched(session, in->account);
    return EXIT_DONE;
}

/* ---- doubts ------------------------------------------------------------------------------------ */

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Of the flagged counts of a series, and the counts as a text; 0: none is flagged. */
static int64_t divisor_of(const traffstat_panel *panel, size_t series, char *list, size_t size)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    int64_t divisor = 0;
    size_t used = 0;
    list[0] = '\0';
    for (size_t row = first; row < end; row++) {
        const int64_t count = traffstat_panel_lowers(panel)[row];
        if ((traffstat_panel_flags(panel)[row] & (uint32_t) TRAFFSTAT_FLAG_COMMON_DIVISOR) == 0 ||
            count == 0) {
            continue;
        }
        divisor = greatest_common_divisor(divisor, count);
        if (used < size) {
            used += (size_t) snprintf(list + used, size - used, "%s%lld", used > 0 ? ", " : "",
                                      (long long) count);
        }
    }
    return divisor;
}

#define SHOWN 3

static void warn_divisors(const traffstat_panel *panel)
{
    size_t count = 0;
    for (size_t i = 0; i < traffstat_panel_series(panel); i++) {
        char list[160];
        char name[256];
        const int64_t divisor = divisor_of(panel, i, list, sizeof list);
        if (divisor < 1 || ++count > SHOWN) {
            continue;
        }
        series_name(panel, i, name, sizeof name);
        if (divisor == 1) {
            say("caution: common_divisor: %s: %s: sums of counts with a divisor in common, which "
                "chance does not explain; ask the source before using them",
                name, list);
            continue;
        }
        if (strchr(list, ',') == NULL) {
            say("caution: common_divisor: %s: %s: a multiple of what the file's counts have in "
                "common; ask the source before using it",
                name, list);
            continue;
        }
        say("caution: common_divisor: %s: %s: all multiples of %lld, which chance does not "
            "explain; "
            "ask the source before using them",
            name, list, (long long) divisor);
    }
    if (count > SHOWN) {
        say("caution: common_divisor: so it is with %zu more of the %zu series", count - SHOWN,
            traffstat_panel_series(panel));
    }
}

static void warn_doubtful(const traffstat_panel *panel)
{
    size_t count = 0;
    for (size_t row = 0; row < traffstat_panel_rows(panel); row++) {
        count += (traffstat_panel_flags(panel)[row] & (uint32_t) TRAFFSTAT_FLAG_DOUBTFUL) != 0;
    }
    if (count > 0) {
        say("caution: %zu of the counts cannot be what they say; `traffstat read` tells why",
            count);
    }
}

/* A population of 0 is none: rates of it would have no end. */
static void warn_population(const traffstat_account *account)
{
    size_t at = 0;
    traffstat_example example;
    const int64_t count = times(account, "bad_population", &at);
    if (count > 0 && traffstat_account_example(account, at, 0, &example) == TRAFFSTAT_OK) {
        say("caution: bad_population: %lld of the populations are no number above 0 (\"%s\", line "
            "%lld): left unknown",
            (long long) count, example.got, (long long) example.line);
    }
}

void input_warn(const command *session, const input *in)
{
    if (session->options->verb != VERB_READ) {
        warn_population(in->account);
    }
    warn_divisors(in->selected);
    warn_doubtful(in->selected);
}
