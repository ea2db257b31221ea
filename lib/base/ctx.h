/* The inside of a context: for the files of lib/base only. */
#ifndef TRAFFSTAT_I_CTX_H
#define TRAFFSTAT_I_CTX_H

#include <stdatomic.h>

#include "base/base.h"

#define MESSAGE_SIZE 1024
#define THREADS_MAX 256

struct traffstat_ctx {
    traffstat_allocator allocator;
    atomic_int cancelled; /* lock-free: set by other threads and by signal handlers */
    atomic_int halted;    /* a callback asked this call to stop */
    uint64_t seed;
    uint32_t threads; /* 0: one for each core */
    int32_t callback_value;
    traffstat_progress_fn progress;
    void *progress_user;
    traffstat_cancel_fn cancel;
    void *cancel_user;
    int64_t called_at;  /* monotonic nanoseconds of the last callback; INT64_MIN before the first */
    double reported;    /* highest fraction of this call; negative: no callback in this call yet */
    double span_from;   /* the share of the call that the next parallel loop stands for */
    double span_to;
    int64_t line;
    int64_t column;
    int64_t offset;
    char message[MESSAGE_SIZE]; /* fixed, so that E_NOMEM has a text too */
};

/* The C library's, where the caller names no other. */
extern const traffstat_allocator traffstat_i_libc_allocator;

#endif
