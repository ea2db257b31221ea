/* What every room stands on: failing with a message, memory, text, numbers, random streams,
 * parallel loops. Private to the library. */
#ifndef TRAFFSTAT_I_BASE_H
#define TRAFFSTAT_I_BASE_H

#include <stdbool.h>
#include <stdint.h>

#include <traffstat/base.h>

#if defined(__GNUC__)
#define TRAFFSTAT_I_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define TRAFFSTAT_I_PRINTF(fmt, args)
#endif

/* ---- failing -------------------------------------------------------------------------------- */

/* Starts a public call: forgets the last message, place and callback value. */
void traffstat_i_enter(traffstat_ctx *ctx);

/* Stores a one-line message and returns `status`. Of printf's conversions only those that no locale
 * changes: s d i u x c z and PRId64; doubles go through traffstat_i_format_double first. NULL ctx is
 * allowed. Never allocates. The message is cut at a UTF-8 boundary when too long. */
traffstat_status traffstat_i_fail(traffstat_ctx *ctx, traffstat_status status, const char *format,
                                  ...) TRAFFSTAT_I_PRINTF(3, 4);

/* The same with a place in a file: line and column from 1 (0 unknown), offset from 0 (-1). */
void traffstat_i_place(traffstat_ctx *ctx, int64_t line, int64_t column, int64_t offset);

/* ---- memory --------------------------------------------------------------------------------- */

/* For all of memory: a NULL ctx means the C library's allocator.
 * `count` * `size` zeroed bytes; NULL with E_NOMEM (or E_LIMIT on overflow) stored as the message.
 * count 0 gives a valid block. */
void *traffstat_i_alloc(traffstat_ctx *ctx, size_t count, size_t size);

/* Grows (or shrinks) a block made here; new bytes are not zeroed; the old block stays on NULL. */
void *traffstat_i_realloc(traffstat_ctx *ctx, void *block, size_t count, size_t size);

/* NULL is allowed. */
void traffstat_i_free(traffstat_ctx *ctx, void *block);

/* Room for one more: *items grows to at least `need` items of `size` bytes, doubling *capacity.
 * false: no memory, nothing changed. items is a T **. */
bool traffstat_i_reserve(traffstat_ctx *ctx, void *items, size_t *capacity, size_t need,
                         size_t size);

/* Copies; NULL text is "". NULL on no memory. */
char *traffstat_i_strdup(traffstat_ctx *ctx, const char *text);
char *traffstat_i_strndup(traffstat_ctx *ctx, const char *text, size_t size);

/* ---- text ----------------------------------------------------------------------------------- */

/* A growing text. The first failure sticks: later appends do nothing, finish reports it. */
struct traffstat_text {
    traffstat_ctx *ctx;
    char *data;
    size_t size;
    size_t capacity;
    bool failed;
};

void traffstat_i_text_init(traffstat_text *text, traffstat_ctx *ctx);   /* on the stack */
void traffstat_i_text_clear(traffstat_text *text);                      /* frees what init'd */
void traffstat_i_text_add(traffstat_text *text, const char *more);
void traffstat_i_text_add_bytes(traffstat_text *text, const void *more, size_t size);
/* Conversions as in traffstat_i_fail. */
void traffstat_i_text_addf(traffstat_text *text, const char *format, ...) TRAFFSTAT_I_PRINTF(2, 3);
void traffstat_i_text_add_double(traffstat_text *text, double value);   /* shortest round trip */
void traffstat_i_text_add_fixed(traffstat_text *text, double value, int decimals);
void traffstat_i_text_add_int(traffstat_text *text, int64_t value);
/* Content, "" when empty or failed. Borrowed. */
const char *traffstat_i_text_get(const traffstat_text *text);
/* Moves a stack text into an owned traffstat_text; on failure frees it and returns E_NOMEM. */
traffstat_status traffstat_i_text_finish(traffstat_text *text, traffstat_text **out);
/* Moves it into a plain char * of the context (traffstat_i_free); NULL on failure. */
char *traffstat_i_text_steal(traffstat_text *text);

/* Length of the valid UTF-8 sequence at `text` (1..4), 0 when it is not valid (overlong,
 * surrogates and > U+10FFFF are not). size > 0. */
size_t traffstat_i_utf8_step(const char *text, size_t size);
bool traffstat_i_utf8_valid(const char *text, size_t size);
/* Code point of the sequence at `text`, with its length in *step; U+FFFD and 1 when invalid. */
uint32_t traffstat_i_utf8_decode(const char *text, size_t size, size_t *step);
/* ASCII only, whatever the locale. */
bool traffstat_i_is_space(char c);
bool traffstat_i_is_digit(char c);
char traffstat_i_lower(char c);
int traffstat_i_compare_nocase(const char *a, const char *b);
/* Edits (insert, delete, replace, swap of neighbours) from a to b, by bytes, case folded. What
 * differs past 127 bytes counts whole. */
size_t traffstat_i_edit_distance(const char *a, const char *b);

/* ---- numbers, without the host's locale ----------------------------------------------------- */

#define TRAFFSTAT_I_DOUBLE_SIZE 32
/* Shortest decimal that reads back to the same double, and the nearest of those, '.' as the point,
 * NUL-terminated; plain from 1e-5 to below 1e17 ("0.00001", "12", "-0"), else "1.5e-7", "1e23";
 * "nan", "inf", "-inf". Returns its length. */
size_t traffstat_i_format_double(char out[TRAFFSTAT_I_DOUBLE_SIZE], double value);
/* Fixed decimals (0..15, others are cut to that), round half to even on the exact binary value, as
 * printf in locale C. Returns the length; 0 and "" where it does not fit: TRAFFSTAT_I_FIXED_SIZE
 * bytes hold every double. */
#define TRAFFSTAT_I_FIXED_SIZE 336
size_t traffstat_i_format_fixed(char *out, size_t size, double value, int decimals);
/* The whole of text[0..size) as a decimal number ('.' only, optional sign and exponent; no hex, no
 * inf or nan, no spaces). false when it is not one or overflows. Correctly rounded. */
bool traffstat_i_parse_double(const char *text, size_t size, double *out);
/* The whole of text[0..size) as a decimal integer with optional sign. false on anything else. */
bool traffstat_i_parse_int(const char *text, size_t size, int64_t *out);
/* Checked arithmetic: false on overflow, *out untouched. */
bool traffstat_i_add_size(size_t a, size_t b, size_t *out);
bool traffstat_i_mul_size(size_t a, size_t b, size_t *out);
bool traffstat_i_add_int64(int64_t a, int64_t b, int64_t *out);

/* ---- random streams ------------------------------------------------------------------------- */

/* The generator itself: Random123's philox4x32 with ten rounds. */
void traffstat_i_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Its block at counter (index, replicate, model) under the key seed: a pure function of the four
 * arguments, and no two of them share a block. */
void traffstat_i_random_block(uint64_t seed, uint32_t model, uint32_t replicate, uint64_t index,
                              uint32_t out[4]);
/* Uniform strictly inside (0, 1), an odd multiple of 2^-53: draw number `index` of a replicate. */
double traffstat_i_random_uniform(uint64_t seed, uint32_t model, uint32_t replicate,
                                  uint64_t index);
/* That number and another of the same block, for the price of one. */
void traffstat_i_random_pair(uint64_t seed, uint32_t model, uint32_t replicate, uint64_t index,
                             double out[2]);

/* ---- whole arrays --------------------------------------------------------------------------- */

/* x[i] = e^x[i], exponents beyond +-700 taken as those. */
void traffstat_i_exp_many(double *x, size_t count);
/* x[i] = log x[i] for positive normal numbers; what it is for others means nothing. */
void traffstat_i_log_many(double *x, size_t count);

/* ---- long work ------------------------------------------------------------------------------ */

/* Call often on the calling thread: progress callback (monotone, at most about every 50 ms), cancel
 * callback and flag. OK, E_CANCELLED or E_CALLBACK, message stored. */
traffstat_status traffstat_i_progress(traffstat_ctx *ctx, double fraction);
/* A callback of the host ("progress", "cancel", "read") gave `value`, not 0: keeps it and returns
 * E_CALLBACK. */
traffstat_status traffstat_i_halt(traffstat_ctx *ctx, const char *which, int32_t value);
/* What share of the call the next parallel loops stand for, such as 0.2 to 0.9; 0 to 1 from
 * traffstat_i_enter on. Loops never report 1 themselves: the entry's last step before success does,
 * with traffstat_i_progress(ctx, 1.0). */
void traffstat_i_progress_span(traffstat_ctx *ctx, double from, double to);
/* Safe on any thread: has the context been asked to stop? */
bool traffstat_i_stopped(const traffstat_ctx *ctx);

/* One piece of a parallel loop. `task` in [0, tasks), `worker` in [0, workers). Must write only to
 * what belongs to its task, so that results do not depend on the number of threads. Allocation is
 * not allowed inside unless the allocator is thread-safe: allocate before the loop. Neither is
 * anything that changes the context (traffstat_i_fail): return a status, and store a better message
 * than the loop's after it. A status other than OK stops the loop; that of the lowest failing task
 * is returned, unless a callback or a cancel stopped it first. A long task may ask
 * traffstat_i_stopped and return E_CANCELLED. */
typedef traffstat_status (*traffstat_i_task_fn)(void *arg, size_t task, size_t worker);
size_t traffstat_i_workers(const traffstat_ctx *ctx, size_t tasks);   /* 1..256 */
traffstat_status traffstat_i_parallel(traffstat_ctx *ctx, size_t tasks, traffstat_i_task_fn run,
                                      void *arg);

/* A thread that works behind the calling one: it does task 0, 1, 2… in this order, each once it has
 * been given. What the caller wrote before giving a task is there for it, and what the task wrote
 * is there after the wait for it. A task is bound to what a parallel loop's is, and cannot fail. */
typedef struct traffstat_i_lane traffstat_i_lane;
typedef void (*traffstat_i_lane_fn)(void *arg, size_t task);
/* *out NULL and OK: the system has no thread to spare, and the caller does the work itself. */
traffstat_status traffstat_i_lane_open(traffstat_ctx *ctx, traffstat_i_lane_fn run, void *arg,
                                       traffstat_i_lane **out);
void traffstat_i_lane_give(traffstat_i_lane *lane);               /* the next task */
void traffstat_i_lane_await(traffstat_i_lane *lane, size_t task); /* one that was given */
/* Ends the thread; tasks that it has not begun are never done. NULL is allowed. */
void traffstat_i_lane_close(traffstat_i_lane *lane);

/* ---- options -------------------------------------------------------------------------------- */

/* Reads a caller's option struct (beginning with uint32_t struct_size) of any age: `out` (size bytes,
 * filled with the defaults by the caller, struct_size included) gets what the caller knows. NULL
 * given: defaults stay. Refuses struct_size 0 or < 8, and unknown bytes that are not zero. */
traffstat_status traffstat_i_read_options(traffstat_ctx *ctx, const void *given, void *out,
                                          size_t size);

/* ---- process -------------------------------------------------------------------------------- */

/* Once a process: GSL's default handler off, a host's own put back. Called by ctx_new. */
void traffstat_i_gsl_guard(void);

/* ---- files ---------------------------------------------------------------------------------- */

/* Writes bytes beside `path`, flushes to disk, renames over it: the old file or the new, never half.
 * E_IO with a message that names the path and the reason (English, not strerror). "/dev/stdout" and
 * other non-regular files are written directly. */
traffstat_status traffstat_i_write_file(traffstat_ctx *ctx, const char *path, const void *data,
                                        size_t size);
/* English reason of an errno: "no such file or folder", "no space left on the device"… */
const char *traffstat_i_errno_text(int error);

#endif
