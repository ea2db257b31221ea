/**
 * @file base.h
 * Contexts, statuses and texts: what every other header stands on.
 *
 * Threads: one context serves one thread at a time; different contexts are independent. Objects
 * other than contexts and builders never change once made and may be read from any thread.
 *
 * Ownership: what a function returns through `T **out` belongs to the caller and goes back through
 * the type's `_free`. A plain returned pointer is borrowed from the object named first, valid until
 * that object changes or is freed. Arguments are borrowed for the call. A context must outlive
 * everything that was made with it.
 */
#ifndef TRAFFSTAT_BASE_H
#define TRAFFSTAT_BASE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define TRAFFSTAT_BEGIN extern "C" {
#define TRAFFSTAT_END }
#else
#define TRAFFSTAT_BEGIN
#define TRAFFSTAT_END
#endif

#if defined(__GNUC__) && !defined(TRAFFSTAT_PLAIN)
#define TRAFFSTAT_API __attribute__((visibility("default")))
#define TRAFFSTAT_MUST_CHECK __attribute__((warn_unused_result))
#else
#define TRAFFSTAT_API
#define TRAFFSTAT_MUST_CHECK
#endif

#define TRAFFSTAT_VERSION_MAJOR 0
#define TRAFFSTAT_VERSION_MINOR 1
#define TRAFFSTAT_VERSION_PATCH 0
#define TRAFFSTAT_VERSION "0.1.0"

TRAFFSTAT_BEGIN

/** 0, or a negative code that says what a caller can do about the failure. New codes may come. */
typedef int32_t traffstat_status;
enum {
    TRAFFSTAT_OK = 0,
    TRAFFSTAT_E_ARGUMENT = -1,    /**< an argument is out of its documented range: mend the call */
    TRAFFSTAT_E_NOMEM = -2,       /**< the allocator returned NULL */
    TRAFFSTAT_E_LIMIT = -3,       /**< a size went past a cap; raise the cap if the data are sound */
    TRAFFSTAT_E_NODATA = -10,     /**< nothing to work on: no row, no such series or year */
    TRAFFSTAT_E_CONFLICT = -11,   /**< data contradict each other (the same cell twice) */
    TRAFFSTAT_E_NOTFOUND = -12,   /**< no entry of that name; the message holds the nearest one */
    TRAFFSTAT_E_PRIOR = -13,      /**< a reporting rate must be named; there is no default */
    TRAFFSTAT_E_CANCELLED = -20,  /**< traffstat_ctx_cancel() was called */
    TRAFFSTAT_E_CALLBACK = -21,   /**< a callback returned non-zero: traffstat_ctx_callback_value() */
    TRAFFSTAT_E_IO = -30,         /**< a file could not be opened, read or written */
    TRAFFSTAT_E_FORMAT = -31,     /**< the bytes are not the expected kind of file */
    TRAFFSTAT_E_COLUMN = -32,     /**< a needed column is missing, or two could be meant */
    TRAFFSTAT_E_VALUE = -33,      /**< values could not be used and the policy forbids going on */
    TRAFFSTAT_E_NUMERIC = -40,    /**< arithmetic failed to reach its accuracy */
    TRAFFSTAT_E_DRAW = -50,       /**< the drawing library failed */
    TRAFFSTAT_E_FONT = -51,       /**< no usable font, or no glyph for a text */
    TRAFFSTAT_E_FIT = -52,        /**< a text does not fit the page */
    TRAFFSTAT_E_INTERNAL = -90    /**< a bug in the library: please report it */
};

/** Name of a status, such as "TRAFFSTAT_E_NOMEM"; "unknown status" for others. Static text. */
TRAFFSTAT_API const char *traffstat_status_name(traffstat_status status);

/** Version of the library that is loaded, such as "0.1.0". Static text. */
TRAFFSTAT_API const char *traffstat_version(void);

/**
 * Where a context's memory comes from. Copied by traffstat_ctx_new(); all four fields together.
 * Blocks must be aligned as malloc's are.
 */
typedef struct traffstat_allocator {
    /** `size` bytes, size > 0; NULL when there is no memory. */
    void *(*allocate)(size_t size, void *user);
    /** `block` (NULL: as allocate) moved to `new_size` > 0 bytes; on NULL the old block stays. */
    void *(*reallocate)(void *block, size_t old_size, size_t new_size, void *user);
    /** Gives `block` (never NULL) back. May be called on any thread that frees an object. */
    void (*release)(void *block, size_t size, void *user);
    void *user;
} traffstat_allocator;

/** A session: the last message, seed, threads, callbacks, allocator. */
typedef struct traffstat_ctx traffstat_ctx;

/**
 * Makes a context with seed 1, all cores, no callbacks.
 *
 * The first context of a process switches GSL's aborting default error handler off; a handler that
 * the host installed itself stays.
 *
 * @param allocator  NULL for the C library's; copied
 * @param out        set to NULL on failure
 * @return TRAFFSTAT_OK, _E_ARGUMENT (out is NULL, an allocator with a NULL function), _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_ctx_new(const traffstat_allocator *allocator, traffstat_ctx **out);

/** Frees a context, after everything that was made with it. NULL is allowed. */
TRAFFSTAT_API void traffstat_ctx_free(traffstat_ctx *ctx);

/** Why the last call failed: English, one line, UTF-8; "" after success. Never NULL. */
TRAFFSTAT_API const char *traffstat_ctx_message(const traffstat_ctx *ctx);

/** Line (from 1) in the file that the last message is about; 0 where there is none. */
TRAFFSTAT_API int64_t traffstat_ctx_error_line(const traffstat_ctx *ctx);

/** Column (field, from 1) in the file that the last message is about; 0 where there is none. */
TRAFFSTAT_API int64_t traffstat_ctx_error_column(const traffstat_ctx *ctx);

/** Byte offset (from 0) that the last message is about; -1 where there is none. */
TRAFFSTAT_API int64_t traffstat_ctx_error_offset(const traffstat_ctx *ctx);

/** Sets the seed of everything random; any value. Default 1. Results echo it. */
TRAFFSTAT_API void traffstat_ctx_set_seed(traffstat_ctx *ctx, uint64_t seed);
TRAFFSTAT_API uint64_t traffstat_ctx_seed(const traffstat_ctx *ctx);

/**
 * Sets how many threads long work may use: 0 (the default) is one for each core, at most 256.
 * Results are the same bit for bit for every number.
 * @return TRAFFSTAT_OK, _E_ARGUMENT (threads > 256)
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_ctx_set_threads(traffstat_ctx *ctx, uint32_t threads);

/** The number in effect: where none was set, the cores that this process may run on. */
TRAFFSTAT_API uint32_t traffstat_ctx_threads(const traffstat_ctx *ctx);

/** Called with the share of work done, 0 to 1, never falling; 0 goes on, anything else stops. */
typedef int32_t (*traffstat_progress_fn)(double fraction, void *user);

/** Asked whether to stop; 0 goes on, anything else stops with TRAFFSTAT_E_CALLBACK. */
typedef int32_t (*traffstat_cancel_fn)(void *user);

/**
 * Callbacks run on the thread that made the call, never under a lock, at most about every 50 ms.
 * They must return: a longjmp or an exception through the library's frames is undefined. NULL
 * takes a callback away.
 */
TRAFFSTAT_API void traffstat_ctx_set_progress(traffstat_ctx *ctx, traffstat_progress_fn progress,
                                              void *user);
TRAFFSTAT_API void traffstat_ctx_set_cancel(traffstat_ctx *ctx, traffstat_cancel_fn cancel,
                                            void *user);

/** What the callback that stopped the last call returned; 0 otherwise. */
TRAFFSTAT_API int32_t traffstat_ctx_callback_value(const traffstat_ctx *ctx);

/**
 * Asks the call that runs on `ctx` to stop with TRAFFSTAT_E_CANCELLED. The one call allowed from
 * another thread or a signal handler. It also stops a call that starts later, until
 * traffstat_ctx_clear_cancel().
 */
TRAFFSTAT_API void traffstat_ctx_cancel(traffstat_ctx *ctx);
TRAFFSTAT_API void traffstat_ctx_clear_cancel(traffstat_ctx *ctx);

/** A text that the library made: UTF-8, NUL-terminated. */
typedef struct traffstat_text traffstat_text;
TRAFFSTAT_API const char *traffstat_text_data(const traffstat_text *text);
/** Bytes without the closing NUL. */
TRAFFSTAT_API size_t traffstat_text_size(const traffstat_text *text);
TRAFFSTAT_API void traffstat_text_free(traffstat_text *text);

TRAFFSTAT_END

#endif
