/* Which lanes this processor has, and how many jobs are put side by side. */
#include "model/overlap/lanes.h"

#define ALIGNMENT 64

const traffstat_i_lanes *traffstat_i_lanes_at(size_t i)
{
    const traffstat_i_lanes *found[3] = {&traffstat_i_lanes_plain};
    size_t count = 1;
#ifdef TRAFFSTAT_I_X86
    if (__builtin_cpu_supports("avx2") != 0) {
        found[count++] = &traffstat_i_lanes_avx2;
    }
    if (__builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512dq") != 0 &&
        __builtin_cpu_supports("avx512vl") != 0) {
        found[count++] = &traffstat_i_lanes_avx512;
    }
#endif
    return i < count ? found[i] : NULL;
}

const traffstat_i_lanes *traffstat_i_lanes_best(void)
{
    const traffstat_i_lanes *best = traffstat_i_lanes_at(0);
    for (size_t i = 1; traffstat_i_lanes_at(i) != NULL; i++) {
        best = traffstat_i_lanes_at(i);
    }
    return best;
}

traffstat_status traffstat_i_fit_room_new(traffstat_ctx *ctx, size_t lists, size_t terms,
                                          traffstat_i_fit_room *out)
{
    *out = (traffstat_i_fit_room){.lanes = traffstat_i_lanes_best()};
    const size_t doubles = out->lanes->room(lists, terms);
    char *block = traffstat_i_alloc(ctx, doubles * sizeof(double) + ALIGNMENT, 1);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const size_t past = (size_t) ((uintptr_t) block % ALIGNMENT);
    out->block = block;
    out->scratch = (double *) (void *) (block + (past == 0 ? 0 : ALIGNMENT - past));
    return TRAFFSTAT_OK;
}

void traffstat_i_fit_room_free(traffstat_ctx *ctx, traffstat_i_fit_room *room)
{
    traffstat_i_free(ctx, room->block);
    *room = (traffstat_i_fit_room){0};
}

/* A start so far off that the matrix there lost its digits is given up for the cold one. */
static void retry_cold(const traffstat_i_fit_room *room, traffstat_i_fit_job *job)
{
    if (job->state == TRAFFSTAT_I_FIT_OPEN && job->warm) {
        traffstat_i_fit_job *const one[] = {job};
        job->warm = false;
        room->lanes->fit(one, 1, room->scratch);
    }
}

void traffstat_i_fit_many(const traffstat_i_fit_room *room, traffstat_i_fit_job *const *jobs,
                          size_t count)
{
    for (size_t i = 0; i < count; i += room->lanes->width) {
        const size_t left = count - i;
        const size_t side = left < room->lanes->width ? left : room->lanes->width;
        room->lanes->fit(jobs + i, side, room->scratch);
        for (size_t k = i; k < i + side; k++) {
            retry_cold(room, jobs[k]);
        }
    }
}
