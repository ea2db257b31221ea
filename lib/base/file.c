#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"

#define LINKS_MAX 40
#define NAMES_MAX 100
#define CHUNK ((size_t) 1 << 30)

const char *traffstat_i_errno_text(int error)
{
    switch (error) {
    case ENOENT:
        return "no such file or folder";
    case EACCES:
    case EPERM:
        return "permission denied";
    case ENOSPC:
        return "no space left on the device";
#ifdef EDQUOT
    case EDQUOT:
        return "the disk quota is used up";
#endif
    case EISDIR:
        return "it is a folder";
    case ENOTDIR:
        return "a part of the path is not a folder";
    case ENAMETOOLONG:
        return "the name is too long";
    case EROFS:
        return "the file system is read-only";
    case EFBIG:
        return "the file would be too large";
    case ELOOP:
        return "too many symbolic links";
    case EMFILE:
    case ENFILE:
        return "too many files are open";
    case ENOMEM:
        return "out of memory";
    case EPIPE:
        return "the reader went away";
    case EIO:
        return "the device failed";
    case EBUSY:
    case ETXTBSY:
        return "it is in use";
    case EBADF:
        return "it is not open";
    case ENXIO:
    case ENODEV:
        return "no such device";
    case EINTR:
        return "interrupted";
    case EINVAL:
        return "not allowed there";
    default:
        return "the system refused";
    }
}

static traffstat_status fail_write(traffstat_ctx *ctx, const char *path, const char *reason)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_IO, "cannot write \"%s\": %s", path, reason);
}

static traffstat_status fail_errno(traffstat_ctx *ctx, const char *path, int error)
{
    if (error == EINTR) { /* given up only when cancelled */
        return traffstat_i_fail(ctx, TRAFFSTAT_E_CANCELLED, "cancelled while writing \"%s\"", path);
    }
    return fail_write(ctx, path, traffstat_i_errno_text(error));
}

/* Whether the last system call is to be made again: a signal came, but not to stop us. */
static bool interrupted(const traffstat_ctx *ctx)
{
    return errno == EINTR && !traffstat_i_stopped(ctx);
}

/* 0 or an errno. */
static int write_all(const traffstat_ctx *ctx, int fd, const char *data, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(fd, data, size < CHUNK ? size : CHUNK);
        if (written < 0 && !interrupted(ctx)) {
            return errno;
        }
        if (written > 0) {
            data += written;
            size -= (size_t) written;
        }
    }
    return 0;
}

/* ---- pipes, devices, open descriptors ------------------------------------------------------- */

/* A pipe without a reader must end in an error, not end the host: SIGPIPE is held back for this
 * thread, and the one that our write caused is taken away again. */
static int write_quietly(const traffstat_ctx *ctx, int fd, const char *data, size_t size)
{
    sigset_t pipe_only;
    sigset_t before;
    sigset_t pending;
    (void) sigemptyset(&pipe_only);
    (void) sigaddset(&pipe_only, SIGPIPE);
    (void) sigpending(&pending);
    const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
    (void) pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    const int error = write_all(ctx, fd, data, size);
    if (error == EPIPE && !was_pending) {
        const struct timespec at_once = {0, 0};
        while (sigtimedwait(&pipe_only, NULL, &at_once) < 0 && errno == EINTR) {
        }
    }
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Opening "/dev/stdout" anew would start at offset 0 of the file it is sent to: such names mean the
 * descriptor itself. -1: not such a name. */
static int descriptor_named(const char *path)
{
    static const char *const folders[] = {"/dev/fd/", "/proc/self/fd/"};
    if (strcmp(path, "/dev/stdout") == 0) {
        return STDOUT_FILENO;
    }
    if (strcmp(path, "/dev/stderr") == 0) {
        return STDERR_FILENO;
    }
    for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++) {
        const size_t length = strlen(folders[i]);
        int64_t number = 0;
        if (strncmp(path, folders[i], length) == 0 &&
            traffstat_i_parse_int(path + length, strlen(path + length), &number) && number >= 0 &&
            number <= INT32_MAX) {
            return (int) number;
        }
    }
    return -1;
}

/* Opening a named pipe waits for its reader. */
static int open_directly(const traffstat_ctx *ctx, const char *path)
{
    int fd = -1;
    do {
        fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    } while (fd < 0 && interrupted(ctx));
    return fd;
}

static traffstat_status write_directly(traffstat_ctx *ctx, const char *path, const void *data,
                                       size_t size)
{
    const int named = descriptor_named(path);
    const int fd = named >= 0 ? fcntl(named, F_DUPFD_CLOEXEC, 0) : open_directly(ctx, path);
    int error = fd < 0 ? errno : write_quietly(ctx, fd, data, size);
    if (fd >= 0 && close(fd) != 0 && error == 0) {
        error = errno;
    }
    return error == 0 ? TRAFFSTAT_OK : fail_errno(ctx, path, error);
}

/* ---- regular files -------------------------------------------------------------------------- */

/* Bytes of the path up to and with its last slash. */
static size_t folder_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t) (slash - path) + 1 : 0;
}

/* Follows one link: `path` becomes what it points to. 0, or an errno; 1 less than 0: no link. */
static int follow_link(traffstat_text *path)
{
    char target[4096];
    const ssize_t length = readlink(traffstat_i_text_get(path), target, sizeof target);
    if (length < 0) {
        return -1;
    }
    if ((size_t) length == sizeof target) {
        return ENAMETOOLONG;
    }
    traffstat_text next;
    traffstat_i_text_init(&next, path->ctx);
    if (target[0] != '/') {
        const char *from = traffstat_i_text_get(path);
        traffstat_i_text_add_bytes(&next, from, folder_length(from));
    }
    traffstat_i_text_add_bytes(&next, target, (size_t) length);
    traffstat_i_text_clear(path);
    *path = next;
    return next.failed ? ENOMEM : 0;
}

/* The file at the end of the links that start at `path`, so that renaming leaves the links. */
static int resolve_links(traffstat_text *path)
{
    for (int i = 0; i < LINKS_MAX; i++) {
        const int error = follow_link(path);
        if (error != 0) {
            return error < 0 ? 0 : error;
        }
    }
    return ELOOP;
}

/* Makes a new file beside `target`; its name in `name`. 0 or an errno. The umask applies by itself;
 * `mode` never gives more than an old file had. */
static int open_beside(const char *target, mode_t mode, traffstat_text *name, int *fd)
{
    struct timespec time;
    (void) clock_gettime(CLOCK_REALTIME, &time);
    for (int i = 0; i < NAMES_MAX; i++) {
        traffstat_i_text_clear(name);
        traffstat_i_text_add_bytes(name, target, folder_length(target));
        traffstat_i_text_addf(name, ".traffstat-%lld-%lld.tmp", (long long) getpid(),
                              (long long) time.tv_nsec + i);
        if (name->failed) {
            return ENOMEM;
        }
        *fd = open(traffstat_i_text_get(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (*fd >= 0) {
            return 0;
        }
        if (errno != EEXIST) {
            return errno;
        }
    }
    return EEXIST;
}

/* Writes, flushes, closes: 0 or an errno. */
static int fill(const traffstat_ctx *ctx, int fd, const void *data, size_t size)
{
    int error = write_all(ctx, fd, data, size);
    if (error == 0 && fsync(fd) != 0 && errno != EINVAL) { /* EINVAL: cannot be flushed at all */
        error = errno;
    }
    if (close(fd) != 0 && error == 0) {
        error = errno;
    }
    return error;
}

static int replace(const char *target, const struct stat *old, traffstat_text *name,
                   const void *data, size_t size)
{
    int fd = -1;
    int error = open_beside(target, old != NULL ? old->st_mode & 0666 : 0666, name, &fd);
    if (error != 0) {
        return error;
    }
    if (old != NULL) {
        (void) fchmod(fd, old->st_mode & 0777); /* refused on some file systems: stays stricter */
    }
    error = fill(name->ctx, fd, data, size);
    if (error == 0 && rename(traffstat_i_text_get(name), target) != 0) {
        error = errno;
    }
    if (error != 0) {
        (void) unlink(traffstat_i_text_get(name));
    }
    return error;
}

static traffstat_status write_beside(traffstat_ctx *ctx, const char *path, const struct stat *old,
                                     const void *data, size_t size)
{
    traffstat_text target;
    traffstat_text name;
    traffstat_i_text_init(&target, ctx);
    traffstat_i_text_init(&name, ctx);
    traffstat_i_text_add(&target, path);
    int error = target.failed ? ENOMEM : resolve_links(&target);
    if (error == 0) {
        error = replace(traffstat_i_text_get(&target), old, &name, data, size);
    }
    const bool no_memory = target.failed || name.failed;
    traffstat_i_text_clear(&target);
    traffstat_i_text_clear(&name);
    if (no_memory) {
        return TRAFFSTAT_E_NOMEM; /* its message is stored */
    }
    if (error == ENOENT) {
        return fail_write(ctx, path, "the folder does not exist");
    }
    return error == 0 ? TRAFFSTAT_OK : fail_errno(ctx, path, error);
}

traffstat_status traffstat_i_write_file(traffstat_ctx *ctx, const char *path, const void *data,
                                        size_t size)
{
    struct stat old;
    const size_t length = strlen(path);
    if (length == 0) {
        return fail_write(ctx, path, "the name is empty");
    }
    if (descriptor_named(path) >= 0) {
        return write_directly(ctx, path, data, size);
    }
    if (stat(path, &old) != 0) {
        if (errno != ENOENT) {
            return fail_write(ctx, path, traffstat_i_errno_text(errno));
        }
        if (path[length - 1] == '/') {
            return fail_write(ctx, path, "the folder does not exist");
        }
        return write_beside(ctx, path, NULL, data, size);
    }
    if (S_ISDIR(old.st_mode)) {
        return fail_write(ctx, path, traffstat_i_errno_text(EISDIR));
    }
    if (!S_ISREG(old.st_mode)) {
        return write_directly(ctx, path, data, size);
    }
    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0) { /* renaming would not ask the file */
        return fail_write(ctx, path, traffstat_i_errno_text(errno));
    }
    return write_beside(ctx, path, &old, data, size);
}
