/* Files written whole or not at all. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/base.h"
#include "support/support.h"

static char folder[SUPPORT_PATH_SIZE];
static char path[SUPPORT_PATH_SIZE];

static int setup(void **state)
{
    support_temp_folder(folder);
    support_path(path, folder, "out.txt");
    return support_ctx_setup(state);
}

static int teardown(void **state)
{
    support_remove_folder(folder);
    return support_ctx_teardown(state);
}

static void assert_holds(const char *file, const char *want)
{
    size_t size = 0;
    char *data = support_read(file, &size);
    assert_non_null(data);
    assert_int_equal(size, strlen(want));
    assert_string_equal(data, want);
    free(data);
}

static void assert_fails_with(traffstat_ctx *ctx, const char *file, const char *reason)
{
    char want[2 * SUPPORT_PATH_SIZE];
    (void) snprintf(want, sizeof want, "cannot write \"%s\": %s", file, reason);
    assert_int_equal(traffstat_i_write_file(ctx, file, "new", 3), TRAFFSTAT_E_IO);
    assert_string_equal(traffstat_ctx_message(ctx), want);
}

static mode_t mode_of(const char *file)
{
    struct stat info;
    assert_int_equal(stat(file, &info), 0);
    return info.st_mode & 0777;
}

static void a_new_file_holds_the_bytes_and_obeys_the_umask(void **state)
{
    const mode_t before = umask(027);
    const traffstat_status status = traffstat_i_write_file(*state, path, "7 and 8\n", 8);
    (void) umask(before);
    assert_ok(*state, status);
    assert_holds(path, "7 and 8\n");
    assert_int_equal(mode_of(path), 0640);
    assert_int_equal(support_count_files(folder), 1);
}

static void an_empty_file_is_a_file_too(void **state)
{
    assert_ok(*state, traffstat_i_write_file(*state, path, NULL, 0));
    assert_holds(path, "");
}

static void an_old_file_is_replaced_and_keeps_its_mode(void **state)
{
    const mode_t modes[] = {0600, 0666, 0755};
    for (size_t i = 0; i < 3; i++) {
        support_write(path, "a longer old text", 17);
        assert_int_equal(chmod(path, modes[i]), 0);
        assert_ok(*state, traffstat_i_write_file(*state, path, "new", 3));
        assert_holds(path, "new");
        assert_int_equal(mode_of(path), modes[i]);
        assert_int_equal(support_count_files(folder), 1);
    }
}

static void a_file_of_many_megabytes_arrives_whole(void **state)
{
    const size_t size = 9000001;
    char *data = malloc(size);
    assert_non_null(data);
    for (size_t i = 0; i < size; i++) {
        data[i] = (char) (i * 7 + i / 251);
    }
    assert_ok(*state, traffstat_i_write_file(*state, path, data, size));
    size_t got_size = 0;
    char *got = support_read(path, &got_size);
    assert_int_equal(got_size, size);
    assert_memory_equal(got, data, size);
    free(got);
    free(data);
}

static void a_path_without_a_folder_is_in_the_current_one(void **state)
{
    char here[SUPPORT_PATH_SIZE];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(folder), 0);
    const traffstat_status status = traffstat_i_write_file(*state, "out.txt", "x", 1);
    assert_int_equal(chdir(here), 0);
    assert_ok(*state, status);
    assert_holds(path, "x");
}

static void a_missing_folder_is_named_as_the_reason(void **state)
{
    char inside[SUPPORT_PATH_SIZE];
    support_path(inside, folder, "none/x.png");
    assert_fails_with(*state, inside, "the folder does not exist");
    support_path(inside, folder, "none/");
    assert_fails_with(*state, inside, "the folder does not exist");
    assert_int_equal(support_count_files(folder), 0);
}

static void folders_and_paths_through_files_are_refused(void **state)
{
    char inside[SUPPORT_PATH_SIZE];
    support_write(path, "old", 3);
    assert_fails_with(*state, folder, "it is a folder");
    support_path(inside, path, "x.png");
    assert_fails_with(*state, inside, "a part of the path is not a folder");
    assert_fails_with(*state, "", "the name is empty");
    char name[400];
    memset(name, 'n', 300);
    name[300] = '\0';
    support_path(inside, folder, name);
    assert_fails_with(*state, inside, "the name is too long");
    assert_holds(path, "old");
    assert_int_equal(support_count_files(folder), 1);
}

static void a_name_of_the_longest_kind_can_be_written(void **state)
{
    char name[256];
    char inside[SUPPORT_PATH_SIZE];
    memset(name, 'n', 255); /* the file made beside it must not need a longer one */
    name[255] = '\0';
    support_path(inside, folder, name);
    assert_ok(*state, traffstat_i_write_file(*state, inside, "x", 1));
    assert_holds(inside, "x");
}

static void a_full_disk_is_named_as_the_reason(void **state)
{
    assert_fails_with(*state, "/dev/full", "no space left on the device");
}

/* A limit on the size of files stands in for a disk that fills up half-way. */
static void a_failed_write_leaves_the_old_file_and_nothing_else(void **state)
{
    struct rlimit old;
    static const char data[100000];
    support_write(path, "old", 3);
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    const struct rlimit low = {50000, old.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    const traffstat_status status = traffstat_i_write_file(*state, path, data, sizeof data);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    (void) signal(SIGXFSZ, handler);
    assert_int_equal(status, TRAFFSTAT_E_IO);
    assert_non_null(strstr(traffstat_ctx_message(*state), "the file would be too large"));
    assert_holds(path, "old");
    assert_int_equal(support_count_files(folder), 1);
}

static void links_stay_links_and_their_files_are_written(void **state)
{
    char link[SUPPORT_PATH_SIZE];
    char second[SUPPORT_PATH_SIZE];
    char target[8];
    support_path(link, folder, "link");
    support_path(second, folder, "second");
    assert_int_equal(symlink("out.txt", link), 0); /* relative, and nothing there yet */
    assert_int_equal(symlink(link, second), 0);
    for (int i = 0; i < 2; i++) {
        assert_ok(*state, traffstat_i_write_file(*state, second, i == 0 ? "a" : "b", 1));
        assert_holds(path, i == 0 ? "a" : "b");
    }
    assert_int_equal(readlink(link, target, sizeof target), 7);
    assert_int_equal(support_count_files(folder), 3);
}

static void links_in_a_circle_are_an_error(void **state)
{
    assert_int_equal(symlink("out.txt", path), 0);
    assert_fails_with(*state, path, "too many symbolic links");
}

static void a_named_pipe_is_written_into(void **state)
{
    char got[8] = "";
    assert_int_equal(mkfifo(path, 0600), 0);
    const int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_ok(*state, traffstat_i_write_file(*state, path, "pipe", 4));
    assert_int_equal(read(reader, got, sizeof got), 4);
    assert_string_equal(got, "pipe");
    assert_int_equal(close(reader), 0);
    assert_int_equal(support_count_files(folder), 1);
}

static void an_open_descriptor_is_written_where_it_stands(void **state)
{
    char name[64];
    support_write(path, "old", 3);
    const int fd = open(path, O_WRONLY | O_APPEND);
    (void) snprintf(name, sizeof name, "/dev/fd/%d", fd);
    assert_ok(*state, traffstat_i_write_file(*state, name, "+new", 4));
    (void) snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    assert_ok(*state, traffstat_i_write_file(*state, name, "er", 2));
    assert_int_equal(close(fd), 0);
    assert_holds(path, "old+newer");
    assert_fails_with(*state, name, "it is not open");
}

static void dev_stdout_means_standard_output_itself(void **state)
{
    (void) fflush(NULL);
    const int kept = dup(STDOUT_FILENO);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_int_equal(write(fd, "head ", 5), 5);
    assert_int_equal(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
    const traffstat_status status = traffstat_i_write_file(*state, "/dev/stdout", "body ", 5);
    const ssize_t tail = write(STDOUT_FILENO, "tail", 4);
    assert_int_equal(dup2(kept, STDOUT_FILENO), STDOUT_FILENO);
    assert_int_equal(close(kept), 0);
    assert_int_equal(close(fd), 0);
    assert_ok(*state, status);
    assert_int_equal(tail, 4);
    assert_holds(path, "head body tail");
}

static void a_pipe_without_a_reader_is_an_error_not_the_end(void **state)
{
    int ends[2];
    char name[64];
    sigset_t pending;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(close(ends[0]), 0);
    (void) snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
    assert_fails_with(*state, name, "the reader went away");
    assert_int_equal(sigpending(&pending), 0);
    assert_int_equal(sigismember(&pending, SIGPIPE), 0);
    assert_int_equal(close(ends[1]), 0);
}

/* Nothing is read-only to root, who therefore tries it as nobody. */
static void a_read_only_file_is_left_alone(void **state)
{
    const bool root = geteuid() == 0;
    support_write(path, "old", 3);
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(chmod(folder, 0777), 0);
    assert_int_equal(root ? seteuid(65534) : 0, 0);
    const traffstat_status status = traffstat_i_write_file(*state, path, "new", 3);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(status, TRAFFSTAT_E_IO);
    assert_non_null(strstr(traffstat_ctx_message(*state), ": permission denied"));
    assert_holds(path, "old");
}

static traffstat_ctx *waiting;

static void cancel_the_waiting(int number)
{
    (void) number;
    traffstat_ctx_cancel(waiting);
}

static void waiting_for_a_pipes_reader_can_be_cancelled(void **state)
{
    struct sigaction old;
    const struct sigaction action = {.sa_handler = cancel_the_waiting};
    const struct itimerval soon = {{.tv_usec = 50000}, {.tv_usec = 50000}};
    const struct itimerval never = {{0}, {0}};
    assert_int_equal(mkfifo(path, 0600), 0);
    waiting = *state;
    assert_int_equal(sigaction(SIGALRM, &action, &old), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &soon, NULL), 0);
    const traffstat_status status = traffstat_i_write_file(*state, path, "new", 3);
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
    assert_int_equal(status, TRAFFSTAT_E_CANCELLED);
    assert_non_null(strstr(traffstat_ctx_message(*state), "cancelled"));
}

static traffstat_status write_through_a_link(traffstat_ctx *ctx, void *link)
{
    return traffstat_i_write_file(ctx, link, "new", 3);
}

static void writing_survives_every_failing_allocation(void **state)
{
    char link[SUPPORT_PATH_SIZE];
    (void) state;
    support_path(link, folder, "link");
    assert_int_equal(symlink("out.txt", link), 0);
    assert_in_range(support_try_every_allocation(write_through_a_link, link), 4, 20);
    assert_holds(path, "new");
    assert_int_equal(support_count_files(folder), 2);
}

static void reasons_are_english_and_errno_is_named(void **state)
{
    (void) state;
    assert_string_equal(traffstat_i_errno_text(ENOENT), "no such file or folder");
    assert_string_equal(traffstat_i_errno_text(EACCES), "permission denied");
    assert_string_equal(traffstat_i_errno_text(-5), "the system refused");
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_new_file_holds_the_bytes_and_obeys_the_umask),
        IN_FOLDER(an_empty_file_is_a_file_too),
        IN_FOLDER(an_old_file_is_replaced_and_keeps_its_mode),
        IN_FOLDER(a_file_of_many_megabytes_arrives_whole),
        IN_FOLDER(a_path_without_a_folder_is_in_the_current_one),
        IN_FOLDER(a_missing_folder_is_named_as_the_reason),
        IN_FOLDER(folders_and_paths_through_files_are_refused),
        IN_FOLDER(a_name_of_the_longest_kind_can_be_written),
        IN_FOLDER(a_full_disk_is_named_as_the_reason),
        IN_FOLDER(a_failed_write_leaves_the_old_file_and_nothing_else),
        IN_FOLDER(links_stay_links_and_their_files_are_written),
        IN_FOLDER(links_in_a_circle_are_an_error),
        IN_FOLDER(a_named_pipe_is_written_into),
        IN_FOLDER(an_open_descriptor_is_written_where_it_stands),
        IN_FOLDER(dev_stdout_means_standard_output_itself),
        IN_FOLDER(a_pipe_without_a_reader_is_an_error_not_the_end),
        IN_FOLDER(a_read_only_file_is_left_alone),
        IN_FOLDER(waiting_for_a_pipes_reader_can_be_cancelled),
        IN_FOLDER(writing_survives_every_failing_allocation),
        cmocka_unit_test(reasons_are_english_and_errno_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
