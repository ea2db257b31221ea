/* Does on purpose what the sanitizers must catch: a run that let it pass would prove nothing. */
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char *volatile kept;

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "leak") == 0) {
        kept = malloc(77);
        kept = NULL;
    } else if (strcmp(what, "overflow") == 0) {
        kept = malloc(8);
        kept[8] = 1;
        free(kept);
    } else if (strcmp(what, "undefined") == 0) {
        volatile int large = INT_MAX;
        large += argc;
    }
    return 0;
}
