/* GSL's one handler a process: each case runs in a child, because it can be settled only once. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_log.h>

#include "base/base.h"
#include "support/support.h"

static void hosts_handler(const char *reason, const char *file, int line, int number)
{
    (void) reason;
    (void) file;
    (void) line;
    (void) number;
}

static bool make_and_free_a_context(void)
{
    traffstat_ctx *ctx = NULL;
    const bool made = traffstat_ctx_new(NULL, &ctx) == TRAFFSTAT_OK;
    traffstat_ctx_free(ctx);
    return made;
}

/* GSL calls its handler on log(-1) even in the _e form. */
static bool log_of_a_negative_comes_back(void)
{
    gsl_sf_result result;
    return gsl_sf_log_e(-1.0, &result) == GSL_EDOM;
}

static bool without_a_context_gsl_aborts(void)
{
    return log_of_a_negative_comes_back();
}

static bool a_context_turns_the_default_off(void)
{
    return make_and_free_a_context() && log_of_a_negative_comes_back();
}

static bool a_hosts_handler_from_before_stays(void)
{
    (void) gsl_set_error_handler(hosts_handler);
    return make_and_free_a_context() && gsl_set_error_handler_off() == hosts_handler;
}

static bool a_hosts_handler_from_after_stays(void)
{
    bool fine = make_and_free_a_context();
    (void) gsl_set_error_handler(hosts_handler);
    fine = fine && make_and_free_a_context();
    return fine && gsl_set_error_handler_off() == hosts_handler;
}

/* 0 fine, 1 not, -1 killed by a signal. */
static int in_a_child(bool (*run)(void))
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        (void) close(STDERR_FILENO); /* GSL says there what it aborts for */
        _exit(run() ? 0 : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void gsl_left_alone_aborts_which_is_why_there_is_a_guard(void **state)
{
    (void) state;
    assert_int_equal(in_a_child(without_a_context_gsl_aborts), -1);
}

static void the_first_context_turns_the_aborting_handler_off(void **state)
{
    (void) state;
    assert_int_equal(in_a_child(a_context_turns_the_default_off), 0);
}

static void a_handler_of_the_host_stays(void **state)
{
    (void) state;
    assert_int_equal(in_a_child(a_hosts_handler_from_before_stays), 0);
    assert_int_equal(in_a_child(a_hosts_handler_from_after_stays), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gsl_left_alone_aborts_which_is_why_there_is_a_guard),
        cmocka_unit_test(the_first_context_turns_the_aborting_handler_off),
        cmocka_unit_test(a_handler_of_the_host_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
