/* Draws, a look at them, and as many again until they suffice. */
#include "model/reporting/nuts.h"

traffstat_status traffstat_i_nuts_rounds(traffstat_ctx *ctx, const traffstat_i_target *target,
                                         const traffstat_i_nuts_options *options,
                                         const traffstat_i_rounds *rounds, traffstat_i_chains **out)
{
    traffstat_i_nuts_options how = *options;
    traffstat_status status = traffstat_i_nuts(ctx, target, &how, out);
    for (int round = 0; status == TRAFFSTAT_OK; round++) {
        bool enough = false;
        const bool last = round == rounds->doublings;
        status = rounds->look(*out, rounds->user, last, &enough);
        if (status != TRAFFSTAT_OK || enough || last) {
            break;
        }
        how.progress_from = how.progress_to;
        how.progress_to += 0.5 * (rounds->progress_end - how.progress_to);
        status = traffstat_i_nuts_extend(ctx, target, &how, (*out)->draws, *out);
    }
    return status;
}
