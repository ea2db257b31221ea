/* For the comma-locale run: every test program starts in the locale of the environment. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

static void __attribute__((constructor)) enter_locale(void)
{
    if (getenv("TRAFFSTAT_TEST_LOCALE") == NULL) {
        return;
    }
    if (setlocale(LC_ALL, "") == NULL || localeconv()->decimal_point[0] != ',') {
        (void) fputs("the locale of the environment is not there, or its mark is no comma\n",
                     stderr);
        _Exit(EXIT_FAILURE); /* a run in the C locale would prove nothing */
    }
    (void) unsetenv(
        "TRAFFSTAT_TEST_LOCALE"); /* programs that a test starts have their own locale */
}
