/* Numbers of the closed models with their first-order bias taken off by small changes of the counts
 * (Rivest & Levesque 2001, Canadian Journal of Statistics 29:555-572). */
#include <math.h>
#include <string.h>

#include "model/overlap/closed.h"

#define STRIDE TRAFFSTAT_I_CLOSED_COLUMNS

static double mixing_at(traffstat_i_closed_mixing mixing, double k)
{
    switch (mixing) {
    case TRAFFSTAT_I_CLOSED_POISSON:
        return exp2(k) - 1.0;
    case TRAFFSTAT_I_CLOSED_DARROCH:
        return 0.5 * k * k;
    default:
        return log(3.5) - log(3.5 + k);
    }
}

/* What is added to the number caught once, twice and three times; of Mth to each such history.
 * false: there is no correction. */
static bool changes_of(const traffstat_i_closed_model *model, double t, double change[3])
{
    const traffstat_i_closed_mixing mixing = model->mixing;
    if (model->base == TRAFFSTAT_I_CLOSED_M0 && mixing == TRAFFSTAT_I_CLOSED_ALIKE) {
        change[0] = -0.5;
        change[1] = 1.0;
        change[2] = 0.0;
        return true;
    }
    if (t < 3.0) {
        return false;
    }
    if (model->base == TRAFFSTAT_I_CLOSED_M0 &&
        (mixing == TRAFFSTAT_I_CLOSED_POISSON || mixing == TRAFFSTAT_I_CLOSED_DARROCH ||
         mixing == TRAFFSTAT_I_CLOSED_GAMMA)) {
        const double h[] = {mixing_at(mixing, 1.0), mixing_at(mixing, 2.0), mixing_at(mixing, 3.0)};
        const double c = (h[1] - 2.0 * h[0]) / (h[2] - 2.0 * h[1] + h[0]);
        change[0] = -0.5 * (1.0 + c);
        change[1] = 1.0 + c;
        change[2] = 0.5 * (1.0 - c);
        return true;
    }
    if (model->base == TRAFFSTAT_I_CLOSED_MT && mixing == TRAFFSTAT_I_CLOSED_POISSON) {
        change[0] = (2.0 * t - 5.0) / (4.0 * t);
        change[1] = 3.0 / (t * (t - 1.0));
        change[2] = 3.0 / (2.0 * t * (t - 1.0) * (t - 2.0));
        return true;
    }
    if (model->base == TRAFFSTAT_I_CLOSED_MT && mixing == TRAFFSTAT_I_CLOSED_DARROCH) {
        change[0] = (t - 3.0) / (2.0 * t);
        change[1] = 4.0 / (t * (t - 1.0));
        change[2] = 0.0;
        return true;
    }
    return false;
}

/* Captures of a group: by the lists of its row, or its number where there is one chance for all. */
static size_t captures_of(const traffstat_i_closed_group *group, size_t lists)
{
    double captures = 0.0;
    for (size_t j = 0; j < lists; j++) {
        captures += group->x[1 + j];
    }
    return (size_t) captures;
}

static void change_counts(traffstat_i_closed_data *data, size_t lists, const double change[3])
{
    for (size_t g = 0; g < data->group_count; g++) {
        traffstat_i_closed_group *group = &data->groups[g];
        const size_t k = captures_of(group, lists);
        group->y = k <= 3 ? fmax(0.0, group->y + change[k - 1]) : group->y;
        group->extra = 0.1;
        group->start = (group->y + 0.1) * (log(group->y + 0.1) - log(group->size));
    }
    data->within = 0.0;
}

traffstat_status traffstat_i_closed_corrected(traffstat_ctx *ctx,
                                              const traffstat_i_closed_counts *counts,
                                              const traffstat_i_closed_model *model,
                                              double *estimate, double *se)
{
    double change[3];
    traffstat_i_closed_data data;
    traffstat_i_closed_result fit;
    *estimate = *se = NAN;
    if (counts->occasions == 0 || !changes_of(model, (double) counts->occasions, change)) {
        return TRAFFSTAT_OK;
    }
    const traffstat_status status = traffstat_i_closed_data_init(ctx, counts, model, &data);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (data.groups != NULL) {
        change_counts(&data, model->base == TRAFFSTAT_I_CLOSED_MT ? counts->occasions : 1, change);
        if (traffstat_i_closed_fit(&data, -1.0, NULL, &fit) == TRAFFSTAT_I_CLOSED_FITTED) {
            const double unseen = exp(fit.first_b[0]);
            *estimate = counts->seen + unseen;
            *se = sqrt(unseen + unseen * unseen * fit.v[0]);
        }
    }
    traffstat_i_free(ctx, data.groups);
    return TRAFFSTAT_OK;
}
