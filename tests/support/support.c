#include "support/support.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES_MAX 100000

/* ---- doubles -------------------------------------------------------------------------------- */

static int near(double got, double want, double rel)
{
    if (isnan(got) || isnan(want)) {
        return isnan(got) && isnan(want);
    }
    return got == want || (isfinite(got) && isfinite(want) && fabs(got - want) <= rel * fabs(want));
}

void support_assert_near(double got, double want, double rel, const char *what, const char *file,
                         int line)
{
    if (!near(got, want, rel)) {
        print_error("%s is %.17g, not %.17g (off by %.3g of it, allowed %.3g)\n", what, got, want,
                    fabs(got - want) / fabs(want), rel);
        _fail(file, line);
    }
}

void support_assert_ok(const traffstat_ctx *ctx, traffstat_status status, const char *what,
                       const char *file, int line)
{
    if (status != TRAFFSTAT_OK) {
        print_error("%s gave %s: %s\n", what, traffstat_status_name(status),
                    traffstat_ctx_message(ctx));
        _fail(file, line);
    }
}

/* ---- memory that fails ---------------------------------------------------------------------- */

static int refuses(support_memory *memory)
{
    memory->calls++;
    const int hit = memory->fail_at > 0 && (memory->calls == memory->fail_at ||
                                            (memory->forever && memory->calls > memory->fail_at));
    memory->failures += hit ? 1 : 0;
    return hit;
}

static void count_bytes(support_memory *memory, size_t taken, size_t given)
{
    memory->live_bytes = memory->live_bytes + taken - given;
    if (memory->live_bytes > memory->peak_bytes) {
        memory->peak_bytes = memory->live_bytes;
    }
}

static void *counted_allocate(size_t size, void *user)
{
    support_memory *memory = user;
    void *block = refuses(memory) ? NULL : malloc(size);
    if (block != NULL) {
        memset(block, 0xa5, size); /* nothing may lean on fresh memory being zero */
        memory->live_blocks++;
        count_bytes(memory, size, 0);
    }
    return block;
}

/* Always moves, so that a kept old pointer shows under the address sanitizer. */
static void *counted_reallocate(void *block, size_t old_size, size_t new_size, void *user)
{
    support_memory *memory = user;
    void *moved = refuses(memory) ? NULL : malloc(new_size);
    if (moved == NULL) {
        return NULL;
    }
    memset(moved, 0xa5, new_size);
    memory->live_blocks += block == NULL ? 1 : 0;
    count_bytes(memory, new_size, block == NULL ? 0 : old_size);
    if (block != NULL) {
        memcpy(moved, block, old_size < new_size ? old_size : new_size);
        free(block);
    }
    return moved;
}

static void counted_release(void *block, size_t size, void *user)
{
    support_memory *memory = user;
    memory->live_blocks--;
    count_bytes(memory, 0, size);
    free(block);
}

void support_failing_allocator(support_memory *memory, size_t fail_at)
{
    const traffstat_allocator allocator = {counted_allocate, counted_reallocate, counted_release,
                                           memory};
    memset(memory, 0, sizeof *memory);
    memory->allocator = allocator;
    memory->fail_at = fail_at;
}

/* Fails the test unless all was given back. */
static void assert_all_freed(const support_memory *memory, size_t fail_at)
{
    if (memory->live_blocks != 0 || memory->live_bytes != 0) {
        fail_msg("allocation %zu failed: %zu blocks (%zu bytes) were not freed", fail_at,
                 memory->live_blocks, memory->live_bytes);
    }
}

/* Runs once; how many allocations failed. */
static size_t try_once(support_try_fn fn, void *arg, size_t fail_at, int forever)
{
    support_memory memory;
    support_failing_allocator(&memory, fail_at);
    memory.forever = forever;
    traffstat_ctx *ctx = NULL;
    traffstat_status status = traffstat_ctx_new(&memory.allocator, &ctx);
    if (status == TRAFFSTAT_OK) {
        status = fn(ctx, arg);
    }
    if (memory.failures == 0 && status != TRAFFSTAT_OK) {
        fail_msg("no allocation failed, yet it gave %s: %s", traffstat_status_name(status),
                 traffstat_ctx_message(ctx));
    }
    if (memory.failures > 0 && status != TRAFFSTAT_E_NOMEM) {
        fail_msg("allocation %zu failed, yet it gave %s: %s", fail_at,
                 traffstat_status_name(status), traffstat_ctx_message(ctx));
    }
    if (memory.failures > 0 && ctx != NULL && traffstat_ctx_message(ctx)[0] == '\0') {
        fail_msg("allocation %zu failed without a message", fail_at);
    }
    traffstat_ctx_free(ctx);
    assert_all_freed(&memory, fail_at);
    return memory.failures;
}

size_t support_try_every_allocation(support_try_fn fn, void *arg)
{
    size_t fail_at = 1;
    while (try_once(fn, arg, fail_at, 0) > 0) {
        (void) try_once(fn, arg, fail_at, 1);
        if (++fail_at > TRIES_MAX) {
            fail_msg("more than %d allocations: give this test something smaller", TRIES_MAX);
        }
    }
    return fail_at - 1;
}

/* ---- contexts ------------------------------------------------------------------------------- */

/* cmocka hands tests one pointer, the context; tests of one program run one after the other. */
static support_memory fixture_memory;

int support_ctx_setup(void **state)
{
    traffstat_ctx *ctx = NULL;
    support_failing_allocator(&fixture_memory, 0);
    const traffstat_status status = traffstat_ctx_new(&fixture_memory.allocator, &ctx);
    *state = ctx;
    return status == TRAFFSTAT_OK ? 0 : -1;
}

int support_ctx_teardown(void **state)
{
    traffstat_ctx_free(*state);
    if (fixture_memory.live_blocks != 0) {
        print_error("%zu blocks (%zu bytes) were not freed\n", fixture_memory.live_blocks,
                    fixture_memory.live_bytes);
        return -1;
    }
    return 0;
}

/* ---- random numbers ------------------------------------------------------------------------- */

void support_rng_init(support_rng *rng, uint64_t seed)
{
    rng->state = seed * 2 + 1; /* any odd start: the state must not be zero */
    for (int i = 0; i < 16; i++) {
        (void) support_rng_bits(rng);
    }
}

uint64_t support_rng_bits(support_rng *rng)
{
    uint64_t x = rng->state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    rng->state = x;
    return x * UINT64_C(2685821657736338717);
}

double support_rng_uniform(support_rng *rng)
{
    return (double) (support_rng_bits(rng) >> 11) * 0x1p-53;
}

int64_t support_rng_between(support_rng *rng, int64_t low, int64_t high)
{
    const uint64_t span = (uint64_t) high - (uint64_t) low + 1;
    const uint64_t bits = support_rng_bits(rng);
    return (int64_t) ((uint64_t) low + (span == 0 ? bits : bits % span));
}

/* ---- files ---------------------------------------------------------------------------------- */

void support_temp_folder(char out[SUPPORT_PATH_SIZE])
{
    const char *base = getenv("TMPDIR");
    (void) snprintf(out, SUPPORT_PATH_SIZE, "%s/traffstat-test-XXXXXX",
                    base != NULL && base[0] != '\0' ? base : P_tmpdir);
    if (mkdtemp(out) == NULL) {
        fail_msg("no folder could be made at %s", out);
    }
}

void support_path(char out[SUPPORT_PATH_SIZE], const char *folder, const char *name)
{
    const int length = snprintf(out, SUPPORT_PATH_SIZE, "%s/%s", folder, name);
    assert_in_range(length, 1, SUPPORT_PATH_SIZE - 1);
}

static int is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

void support_remove_folder(const char *path)
{
    struct stat info;
    const int is_folder = lstat(path, &info) == 0 && S_ISDIR(info.st_mode); /* no links followed */
    DIR *folder = is_folder ? opendir(path) : NULL;
    if (folder != NULL) {
        for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
            char inside[SUPPORT_PATH_SIZE];
            if (!is_dots(entry->d_name)) {
                support_path(inside, path, entry->d_name);
                support_remove_folder(inside);
            }
        }
        (void) closedir(folder);
    }
    (void) remove(path);
}

size_t support_count_files(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += is_dots(entry->d_name) ? 0 : 1;
    }
    (void) closedir(folder);
    return count;
}

void support_write(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

char *support_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    size_t length = 0;
    if (file == NULL) {
        return NULL;
    }
    for (size_t got = 1; got > 0; length += got) {
        data = realloc(data, length + 65536 + 1);
        assert_non_null(data);
        got = fread(data + length, 1, 65536, file);
    }
    data[length] = '\0';
    (void) fclose(file);
    *size = length;
    return data;
}
