/* Rooms of workers. */
#include "model/overlap/search.h"

traffstat_status traffstat_i_rooms_new(traffstat_ctx *ctx, size_t lists, size_t terms, size_t count,
                                       traffstat_i_rooms *out)
{
    *out = (traffstat_i_rooms){0};
    out->exist = traffstat_i_alloc(ctx, count, sizeof *out->exist);
    out->fit = traffstat_i_alloc(ctx, count, sizeof *out->fit);
    traffstat_status status =
        out->exist != NULL && out->fit != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    for (; out->count < count && status == TRAFFSTAT_OK; out->count++) {
        status = traffstat_i_exist_room_new(ctx, lists, terms, &out->exist[out->count]);
        if (status == TRAFFSTAT_OK) {
            status = traffstat_i_fit_room_new(ctx, lists, terms, &out->fit[out->count]);
        }
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_rooms_free(ctx, out);
    }
    return status;
}

void traffstat_i_rooms_free(traffstat_ctx *ctx, traffstat_i_rooms *rooms)
{
    for (size_t i = 0; i < rooms->count; i++) {
        traffstat_i_exist_room_free(ctx, &rooms->exist[i]);
        traffstat_i_fit_room_free(ctx, &rooms->fit[i]);
    }
    traffstat_i_free(ctx, rooms->exist);
    traffstat_i_free(ctx, rooms->fit);
    *rooms = (traffstat_i_rooms){0};
}
