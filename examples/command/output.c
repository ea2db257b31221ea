#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

/* ---- messages --------------------------------------------------------------------------------- */

/* Names from files end up in messages: nothing of them may move the cursor or start a new line. */
static void make_harmless(char *text)
{
    for (unsigned char *at = (unsigned char *) text; *at != '\0'; at++) {
        const bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        if (at[0] < 0x20 || at[0] == 0x7f) {
            at[0] = '?';
        } else if (c1) {
            at[0] = '?';
            at[1] = '?';
        }
    }
}

/* Whether the last line on the terminal is the progress. */
static bool progress_shown;

int32_t show_progress(double fraction, void *user)
{
    const struct timespec *start = user;
    struct timespec now;
    (void) clock_gettime(CLOCK_MONOTONIC, &now);
    const double passed =
        (double) (now.tv_sec - start->tv_sec) + 1e-9 * (double) (now.tv_nsec - start->tv_nsec);
    if (passed > 1.0) {
        (void) fprintf(stderr, "\rtraffstat: %3.0f %%", 100.0 * fraction);
        progress_shown = true;
    }
    return 0;
}

void clear_progress(void)
{
    if (progress_shown) {
        (void) fputs("\r\033[K", stderr);
        progress_shown = false;
    }
}

static void say_list(const char *format, va_list arguments)
{
    char line[2048];
    clear_progress();
    (void) vsnprintf(line, sizeof line, format, arguments);
    make_harmless(line);
    (void) fprintf(stderr, "traffstat: %s\n", line);
}

void say(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
}

int usage(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
    return EXIT_USAGE;
}

static int exit_status(traffstat_status status)
{
    switch (status) {
    case TRAFFSTAT_OK:
        return EXIT_DONE;
    case TRAFFSTAT_E_ARGUMENT:
    case TRAFFSTAT_E_PRIOR:
    case TRAFFSTAT_E_NOTFOUND:
        return EXIT_USAGE;
    case TRAFFSTAT_E_CANCELLED:
    case TRAFFSTAT_E_CALLBACK: /* ours return non-zero only after Ctrl-C */
        return EXIT_STOPPED;
    default:
        return EXIT_DATA;
    }
}

int failure(const command *session, traffstat_status status)
{
    const char *message = traffstat_ctx_message(session->ctx);
    if (exit_status(status) == EXIT_STOPPED) {
        say("stopped");
    } else if (message[0] == '\0') {
        say("%s", traffstat_status_name(status));
    } else {
        say("%s", message);
    }
    return exit_status(status);
}

/* ---- the result ------------------------------------------------------------------------------- */

int check_stdout(void)
{
    if (fflush(stdout) != 0 || ferror(stdout) != 0) {
        say("the result could not be written to standard output: %s", strerror(errno));
        return EXIT_DATA;
    }
    return EXIT_DONE;
}

int print_text(const traffstat_text *text)
{
    (void) fwrite(traffstat_text_data(text), 1, traffstat_text_size(text), stdout);
    return check_stdout();
}

int print_line(const char *line)
{
    (void) fprintf(stdout, "%s\n", line);
    return check_stdout();
}

/* ---- files ------------------------------------------------------------------------------------ */

static bool write_all(int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, data, size);
        if (written < 0 && errno != EINTR) {
            return false;
        }
        if (written > 0) {
            data += written;
            size -= (size_t) written;
        }
    }
    return true;
}

static bool fill(int fd, const void *data, size_t size, bool flush)
{
    bool good = write_all(fd, data, size) && (!flush || fsync(fd) == 0);
    const int error = errno;
    if (close(fd) != 0) {
        return false;
    }
    errno = error;
    return good;
}

/* A new name in the folder of `path`, then the rename. */
static bool replace(const char *path, const void *data, size_t size)
{
    const size_t room = strlen(path) + 16;
    char *beside = malloc(room);
    if (beside == NULL) {
        return false;
    }
    const char *slash = strrchr(path, '/');
    (void) snprintf(beside, room, "%.*s.traffstat-XXXXXX",
                    slash != NULL ? (int) (slash - path) + 1 : 0, path);
    const int fd = mkstemp(beside);
    bool good = fd >= 0;
    if (good) {
        const mode_t mask = umask(0);
        (void) umask(mask);
        (void) fchmod(fd, 0666 & ~mask);
        good = fill(fd, data, size, true) && rename(beside, path) == 0;
        const int error = errno;
        if (!good) {
            (void) unlink(beside);
        }
        errno = error;
    }
    free(beside);
    return good;
}

int write_file(const char *path, const void *data, size_t size)
{
    struct stat info;
    const bool there = stat(path, &info) == 0;
    bool good = false;
    if (there && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) {
        const int fd = open(path, O_WRONLY | O_CLOEXEC);
        good = fd >= 0 && fill(fd, data, size, false);
    } else if (there && S_ISDIR(info.st_mode)) {
        errno = EISDIR;
    } else {
        good = replace(path, data, size);
    }
    if (!good) {
        say("cannot write \"%s\": %s", path,
            errno == ENOENT ? "the folder does not exist" : strerror(errno));
    }
    return good ? EXIT_DONE : EXIT_DATA;
}

/* ---- names ------------------------------------------------------------------------------------ */

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

bool same(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

#define NAME_MAX_SIZE 64

/* Letters to insert, delete or replace. */
static size_t distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_SIZE + 1];
    const size_t width = strlen(b);
    if (width > NAME_MAX_SIZE || strlen(a) > NAME_MAX_SIZE) {
        return SIZE_MAX;
    }
    for (size_t j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= width; j++) {
            const size_t replaced = diagonal + (lower(a[i - 1]) != lower(b[j - 1]) ? 1 : 0);
            const size_t moved = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = replaced < moved ? replaced : moved;
        }
    }
    return row[width];
}

const char *nearest(const char *name, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t least = strlen(name) / 3 + 1; /* farther off is no help */
    for (size_t i = 0; i < count; i++) {
        const size_t away = distance(name, names[i]);
        if (away <= least && (best == NULL || away < least)) {
            best = names[i];
            least = away;
        }
    }
    return best;
}
