#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "base/ctx.h"

#define CALLBACK_EVERY 50000000 /* nanoseconds */

static int64_t now(void)
{
    struct timespec time;
    (void) clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

/* ---- progress ------------------------------------------------------------------------------- */

traffstat_status traffstat_i_halt(traffstat_ctx *ctx, const char *which, int32_t value)
{
    if (ctx == NULL) {
        return TRAFFSTAT_E_CALLBACK;
    }
    ctx->callback_value = value;
    atomic_store(&ctx->halted, 1);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_CALLBACK, "stopped by the %s callback, which gave %d",
                            which, (int) value);
}

/* The closing 1 is never held back where the call has shown itself before. */
static bool due(const traffstat_ctx *ctx, double fraction, int64_t time)
{
    return ctx->called_at == INT64_MIN || time - ctx->called_at >= CALLBACK_EVERY ||
           (fraction >= 1.0 && ctx->reported >= 0.0 && ctx->reported < 1.0);
}

static traffstat_status call_back(traffstat_ctx *ctx, double fraction)
{
    const double least = ctx->reported > 0.0 ? ctx->reported : 0.0;
    double shown = fraction > least ? fraction : least; /* a NaN gives `least` */
    shown = shown > 1.0 ? 1.0 : shown;
    ctx->reported = shown;
    if (ctx->cancel != NULL) {
        const int32_t value = ctx->cancel(ctx->cancel_user);
        if (value != 0) {
            return traffstat_i_halt(ctx, "cancel", value);
        }
    }
    if (ctx->progress != NULL) {
        const int32_t value = ctx->progress(shown, ctx->progress_user);
        if (value != 0) {
            return traffstat_i_halt(ctx, "progress", value);
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_progress(traffstat_ctx *ctx, double fraction)
{
    if (ctx == NULL) {
        return TRAFFSTAT_OK;
    }
    if (ctx->progress != NULL || ctx->cancel != NULL) {
        const int64_t time = now();
        if (due(ctx, fraction, time)) {
            ctx->called_at = time;
            const traffstat_status status = call_back(ctx, fraction);
            if (status != TRAFFSTAT_OK) {
                return status;
            }
        }
    }
    if (atomic_load(&ctx->cancelled) != 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_CANCELLED, "cancelled");
    }
    return TRAFFSTAT_OK;
}

void traffstat_i_progress_span(traffstat_ctx *ctx, double from, double to)
{
    if (ctx != NULL) {
        ctx->span_from = from;
        ctx->span_to = to;
    }
}

bool traffstat_i_stopped(const traffstat_ctx *ctx)
{
    return ctx != NULL && (atomic_load(&ctx->cancelled) != 0 || atomic_load(&ctx->halted) != 0);
}

/* ---- the loop ------------------------------------------------------------------------------- */

struct loop {
    traffstat_ctx *ctx;
    traffstat_i_task_fn run;
    void *arg;
    size_t tasks;
    atomic_size_t next; /* tasks are claimed in rising order */
    atomic_size_t done;
    atomic_int stop;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t ended;
    size_t running; /* helper threads at work */
    size_t failed;  /* lowest failing task; `tasks` where none failed */
    traffstat_status status;
};

struct helper {
    struct loop *loop;
    size_t worker;
    pthread_t thread;
};

static void note_failure(struct loop *loop, size_t task, traffstat_status status)
{
    atomic_store(&loop->stop, 1);
    (void) pthread_mutex_lock(&loop->lock);
    if (task < loop->failed) {
        loop->failed = task;
        loop->status = status;
    }
    (void) pthread_mutex_unlock(&loop->lock);
}

/* Claims and runs one task; false when there is none left or the loop has been stopped. A claimed
 * task always runs: so all tasks below a failing one have run, whoever was faster. */
static bool run_one(struct loop *loop, size_t worker)
{
    if (atomic_load(&loop->stop) != 0 || traffstat_i_stopped(loop->ctx)) {
        return false;
    }
    const size_t task = atomic_fetch_add(&loop->next, 1);
    if (task >= loop->tasks) {
        return false;
    }
    const traffstat_status status = loop->run(loop->arg, task, worker);
    if (status != TRAFFSTAT_OK) {
        note_failure(loop, task, status);
    }
    atomic_fetch_add(&loop->done, 1);
    return true;
}

static void *help(void *arg)
{
    struct helper *self = arg;
    struct loop *loop = self->loop;
    while (run_one(loop, self->worker)) {
    }
    (void) pthread_mutex_lock(&loop->lock);
    loop->running--;
    (void) pthread_cond_signal(&loop->ended);
    (void) pthread_mutex_unlock(&loop->lock);
    return NULL;
}

/* Signals stay with the host's own threads. */
static bool start_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all;
    sigset_t before;
    (void) sigfillset(&all);
    (void) pthread_sigmask(SIG_SETMASK, &all, &before);
    const bool started = pthread_create(thread, NULL, run, arg) == 0;
    (void) pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

/* Starts up to `wanted` helpers, fewer where the system has no more threads. */
static size_t start_helpers(struct loop *loop, struct helper *helpers, size_t wanted)
{
    size_t started = 0;
    loop->running = wanted;
    while (started < wanted) {
        struct helper *one = &helpers[started];
        *one = (struct helper){.loop = loop, .worker = started + 1};
        if (!start_thread(&one->thread, help, one)) {
            break;
        }
        started++;
    }
    (void) pthread_mutex_lock(&loop->lock);
    loop->running -= wanted - started;
    (void) pthread_mutex_unlock(&loop->lock);
    return started;
}

static traffstat_status report(struct loop *loop)
{
    const traffstat_ctx *ctx = loop->ctx;
    const double share = (double) atomic_load(&loop->done) / (double) loop->tasks;
    const double from = ctx != NULL ? ctx->span_from : 0.0;
    const double to = ctx != NULL ? ctx->span_to : 1.0;
    const traffstat_status status =
        share < 1.0 ? traffstat_i_progress(loop->ctx, from + share * (to - from)) : TRAFFSTAT_OK;
    if (status != TRAFFSTAT_OK) {
        atomic_store(&loop->stop, 1);
    }
    return status;
}

/* The calling thread works too, and it alone calls back. */
static traffstat_status lead(struct loop *loop)
{
    traffstat_status status = TRAFFSTAT_OK;
    do {
        status = report(loop);
    } while (status == TRAFFSTAT_OK && run_one(loop, 0));
    return status;
}

static bool helpers_at_work(struct loop *loop)
{
    struct timespec until;
    (void) clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CALLBACK_EVERY;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void) pthread_mutex_lock(&loop->lock);
    int late = 0;
    while (loop->running > 0 && late == 0) {
        late = pthread_cond_timedwait(&loop->ended, &loop->lock, &until);
    }
    const bool busy = loop->running > 0;
    (void) pthread_mutex_unlock(&loop->lock);
    return busy;
}

/* Waits for the helpers; callbacks go on meanwhile. */
static traffstat_status await(struct loop *loop, struct helper *helpers, size_t started,
                              traffstat_status status)
{
    while (helpers_at_work(loop)) {
        if (status == TRAFFSTAT_OK) {
            status = report(loop);
        }
    }
    for (size_t i = 0; i < started; i++) {
        (void) pthread_join(helpers[i].thread, NULL);
    }
    return status;
}

static traffstat_status verdict(struct loop *loop, traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (loop->failed < loop->tasks) {
        return traffstat_i_fail(loop->ctx, loop->status, "part %zu of %zu failed (%s)",
                                loop->failed + 1, loop->tasks, traffstat_status_name(loop->status));
    }
    if (atomic_load(&loop->done) < loop->tasks) {
        return traffstat_i_fail(loop->ctx, TRAFFSTAT_E_CANCELLED, "cancelled");
    }
    return TRAFFSTAT_OK;
}

size_t traffstat_i_workers(const traffstat_ctx *ctx, size_t tasks)
{
    const size_t threads = traffstat_ctx_threads(ctx);
    return tasks < 1 ? 1 : tasks < threads ? tasks : threads;
}

traffstat_status traffstat_i_parallel(traffstat_ctx *ctx, size_t tasks, traffstat_i_task_fn run,
                                      void *arg)
{
    if (tasks == 0) {
        return TRAFFSTAT_OK;
    }
    struct loop loop = {.ctx = ctx, .run = run, .arg = arg, .tasks = tasks, .failed = tasks};
    atomic_init(&loop.next, 0);
    atomic_init(&loop.done, 0);
    atomic_init(&loop.stop, 0);
    pthread_condattr_t monotonic;
    (void) pthread_condattr_init(&monotonic);
    (void) pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&loop.ended, &monotonic);
    (void) pthread_condattr_destroy(&monotonic);
    (void) pthread_mutex_init(&loop.lock, NULL);

    struct helper helpers[THREADS_MAX];
    const size_t started = start_helpers(&loop, helpers, traffstat_i_workers(ctx, tasks) - 1);
    const traffstat_status led = lead(&loop);
    const traffstat_status status = verdict(&loop, await(&loop, helpers, started, led));

    (void) pthread_cond_destroy(&loop.ended);
    (void) pthread_mutex_destroy(&loop.lock);
    return status;
}

/* ---- one thread behind ---------------------------------------------------------------------- */

struct traffstat_i_lane {
    traffstat_ctx *ctx;
    traffstat_i_lane_fn run;
    void *arg;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    size_t given;
    size_t done;
    bool closing;
};

static void *follow(void *arg)
{
    traffstat_i_lane *lane = arg;
    (void) pthread_mutex_lock(&lane->lock);
    for (;;) {
        while (lane->done == lane->given && !lane->closing) {
            (void) pthread_cond_wait(&lane->changed, &lane->lock);
        }
        if (lane->closing) {
            break;
        }
        const size_t task = lane->done;
        (void) pthread_mutex_unlock(&lane->lock);
        lane->run(lane->arg, task);
        (void) pthread_mutex_lock(&lane->lock);
        lane->done++;
        (void) pthread_cond_signal(&lane->changed);
    }
    (void) pthread_mutex_unlock(&lane->lock);
    return NULL;
}

static void free_lane(traffstat_i_lane *lane)
{
    (void) pthread_cond_destroy(&lane->changed);
    (void) pthread_mutex_destroy(&lane->lock);
    traffstat_i_free(lane->ctx, lane);
}

traffstat_status traffstat_i_lane_open(traffstat_ctx *ctx, traffstat_i_lane_fn run, void *arg,
                                       traffstat_i_lane **out)
{
    *out = NULL;
    traffstat_i_lane *lane = traffstat_i_alloc(ctx, 1, sizeof *lane);
    if (lane == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    *lane = (traffstat_i_lane){.ctx = ctx, .run = run, .arg = arg};
    (void) pthread_mutex_init(&lane->lock, NULL);
    (void) pthread_cond_init(&lane->changed, NULL);
    if (!start_thread(&lane->thread, follow, lane)) {
        free_lane(lane);
        return TRAFFSTAT_OK;
    }
    *out = lane;
    return TRAFFSTAT_OK;
}

/* Caller and thread never wait both: the one waits for tasks when none is left to be done, the
 * other for one that is. So one condition serves them. */
void traffstat_i_lane_give(traffstat_i_lane *lane)
{
    (void) pthread_mutex_lock(&lane->lock);
    lane->given++;
    (void) pthread_cond_signal(&lane->changed);
    (void) pthread_mutex_unlock(&lane->lock);
}

void traffstat_i_lane_await(traffstat_i_lane *lane, size_t task)
{
    (void) pthread_mutex_lock(&lane->lock);
    while (lane->done <= task) {
        (void) pthread_cond_wait(&lane->changed, &lane->lock);
    }
    (void) pthread_mutex_unlock(&lane->lock);
}

void traffstat_i_lane_close(traffstat_i_lane *lane)
{
    if (lane == NULL) {
        return;
    }
    (void) pthread_mutex_lock(&lane->lock);
    lane->closing = true;
    (void) pthread_cond_signal(&lane->changed);
    (void) pthread_mutex_unlock(&lane->lock);
    (void) pthread_join(lane->thread, NULL);
    free_lane(lane);
}
