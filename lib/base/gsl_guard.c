#include <pthread.h>

#include <gsl/gsl_errno.h>

#include "base/base.h"

/* The one mutable global of the library: GSL has one handler for the whole process. */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* GSL tells the handler in place only by replacing it. NULL was its aborting default; anything else
 * is the host's own and goes back. */
static void guard(void)
{
    gsl_error_handler_t *hosts = gsl_set_error_handler_off();
    if (hosts != NULL) {
        gsl_set_error_handler(hosts);
    }
}

void traffstat_i_gsl_guard(void)
{
    (void) pthread_once(&once, guard);
}
