/* What every test shares: comparing doubles, contexts as fixtures, memory that fails on purpose,
 * random numbers for properties, files in a folder of their own. */
#ifndef SUPPORT_H
#define SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <traffstat/base.h>

/* ---- doubles -------------------------------------------------------------------------------- */

/* |got - want| <= rel * |want|; rel 0 means equal. NaN is near NaN alone, an infinity near itself.
 * cmocka 1.1.5's own assert_float_equal compares floats. */
#define assert_near(got, want, rel)                                                                \
    support_assert_near((got), (want), (rel), #got, __FILE__, __LINE__)

void support_assert_near(double got, double want, double rel, const char *what, const char *file,
                         int line);

/* `call` gives TRAFFSTAT_OK; otherwise the test fails with the context's message. */
#define assert_ok(ctx, call) support_assert_ok((ctx), (call), #call, __FILE__, __LINE__)

void support_assert_ok(const traffstat_ctx *ctx, traffstat_status status, const char *what,
                       const char *file, int line);

/* ---- contexts ------------------------------------------------------------------------------- */

/* Setup and teardown of cmocka: *state is a context whose memory is counted; the teardown fails
 * when anything made with it was not freed. */
int support_ctx_setup(void **state);
int support_ctx_teardown(void **state);

/* ---- memory that fails ---------------------------------------------------------------------- */

/* malloc, counted. Allocation number `fail_at` (from 1; growing a block counts too) gives NULL, and
 * with `forever` all later ones; 0: none. Not for use by several threads at once. */
typedef struct support_memory {
    traffstat_allocator allocator; /* give &memory.allocator to traffstat_ctx_new */
    size_t fail_at;
    int forever;
    size_t calls;
    size_t failures;
    size_t live_blocks;
    size_t live_bytes;
    size_t peak_bytes;
} support_memory;

/* Fills *memory; it must stay where it is while it is in use. */
void support_failing_allocator(support_memory *memory, size_t fail_at);

/* Something to be tried: makes and frees its objects, returns the first status that is not OK. */
typedef traffstat_status (*support_try_fn)(traffstat_ctx *ctx, void *arg);

/* Runs `fn` with a fresh context whose allocation 1, 2, 3… fails (once alone, once with all later
 * ones), until none is left to fail. Each failure must surface as TRAFFSTAT_E_NOMEM with a message
 * and leave no block. Returns the number of allocations, which is at least one. */
size_t support_try_every_allocation(support_try_fn fn, void *arg);

/* ---- random numbers ------------------------------------------------------------------------- */

/* A small generator of its own (xorshift), so that no test leans on what it tests. */
typedef struct support_rng {
    uint64_t state;
} support_rng;

void support_rng_init(support_rng *rng, uint64_t seed);
uint64_t support_rng_bits(support_rng *rng);
double support_rng_uniform(support_rng *rng);                            /* [0, 1) */
int64_t support_rng_between(support_rng *rng, int64_t low, int64_t high); /* both ends included */

/* ---- files ---------------------------------------------------------------------------------- */

/* A new empty folder under TMPDIR; the path in `out`. support_remove_folder deletes it with all it
 * holds. */
#define SUPPORT_PATH_SIZE 1024
void support_temp_folder(char out[SUPPORT_PATH_SIZE]);
void support_remove_folder(const char *path);
/* folder/name. */
void support_path(char out[SUPPORT_PATH_SIZE], const char *folder, const char *name);
void support_write(const char *path, const void *data, size_t size);
/* All of a file with a NUL after it; free() it. NULL when there is no such file. */
char *support_read(const char *path, size_t *size);
/* Files and folders directly inside a folder, hidden ones too. */
size_t support_count_files(const char *folder);

#endif
