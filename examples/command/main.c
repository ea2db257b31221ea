/* The traffstat command: `traffstat VERB FILE [options]`. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

/* ---- Ctrl-C -------------------------------------------------------------------------------------- */

/* The one context, for the signal handler: cancelling is the call that is allowed there. */
static traffstat_ctx *running;

static void stop(int signal_number)
{
    (void) signal_number;
    traffstat_ctx_cancel(running);
}

/* The first Ctrl-C asks the library to stop; a second one ends the program at once. */
static void watch_interrupts(traffstat_ctx *ctx)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    running = ctx;
    action.sa_handler = stop;
    action.sa_flags = (int) SA_RESETHAND;
    (void) sigemptyset(&action.sa_mask);
    (void) sigaction(SIGINT, &action, NULL);
    (void) sigaction(SIGTERM, &action, NULL);
    (void) signal(SIGXFSZ, SIG_IGN); /* a file past its limit is an error to report, not the end */
}

/* ---- the verb ---------------------------------------------------------------------------------- */

static int run_verb(const command *session)
{
    switch (session->options->verb) {
    case VERB_READ:
        return run_read(session);
    case VERB_ESTIMATE:
        return run_estimate(session);
    case VERB_TREND:
        return run_trend(session);
    case VERB_CHART:
        return run_chart(session);
    case VERB_OVERLAP:
        return run_overlap(session);
    default:
        return run_evidence(session);
    }
}

static int run(const options *given)
{
    command session = {.options = given};
    struct timespec start;
    traffstat_status status = traffstat_ctx_new(NULL, &session.ctx);
    if (status != TRAFFSTAT_OK) {
        say("out of memory");
        return EXIT_DATA;
    }
    traffstat_ctx_set_seed(session.ctx, given->seed);
    status = traffstat_ctx_set_threads(session.ctx, given->threads);
    if (isatty(STDERR_FILENO) == 1) {
        (void) clock_gettime(CLOCK_MONOTONIC, &start);
        traffstat_ctx_set_progress(session.ctx, show_progress, &start);
    }
    watch_interrupts(session.ctx);
    const int result = status == TRAFFSTAT_OK ? run_verb(&session) : failure(&session, status);
    clear_progress();
    (void) signal(SIGINT, SIG_DFL);
    (void) signal(SIGTERM, SIG_DFL);
    traffstat_ctx_free(session.ctx);
    return result;
}

static options defaults(void)
{
    return (options){.level = 0.95,
                     .seed = 1,
                     .first_year = TRAFFSTAT_YEAR_MIN,
                     .last_year = TRAFFSTAT_YEAR_MAX,
                     .duplicates = TRAFFSTAT_DUPLICATES_SUM,
                     .decimal = '.',
                     .rate_prior = TRAFFSTAT_RATE_INVERSE,
                     .method = TRAFFSTAT_OVERLAP_BIC,
                     .p_threshold = 0.02,
                     .bootstrap = 1000,
                     .order = 2,
                     .top = 20,
                     .criterion = TRAFFSTAT_CRITERION_BIC};
}

/* help [VERB] */
static int help(const char *verb)
{
    if (verb == NULL) {
        help_general();
        return check_stdout();
    }
    const unsigned found = verb_find(verb);
    if (found == 0) {
        return EXIT_USAGE;
    }
    help_verb(found);
    return check_stdout();
}

static int dispatch(int count, char **arguments)
{
    options given = defaults();
    given.verb = verb_find(arguments[1]);
    if (given.verb == 0) {
        return EXIT_USAGE;
    }
    int result = options_read(&given, count - 2, arguments + 2);
    if (result == EXIT_DONE && given.help) {
        help_verb(given.verb);
        result = check_stdout();
    } else if (result == EXIT_DONE) {
        result = run(&given);
    }
    options_free(&given);
    return result;
}

int main(int count, char **arguments)
{
    const char *first = count > 1 ? arguments[1] : "";
    if (count < 2) {
        return usage("name a verb: %s; `traffstat --help` explains", verb_list());
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0) {
        return help(count > 2 ? arguments[2] : NULL);
    }
    if (strcmp(first, "--version") == 0) {
        (void) printf("traffstat %s\n", traffstat_version());
        return check_stdout();
    }
    if (first[0] == '-' && first[1] != '\0') {
        return usage("the verb comes first: traffstat VERB FILE [options]; `traffstat --help` "
                     "explains");
    }
    return dispatch(count, arguments);
}
