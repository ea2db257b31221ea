/* The histories of one stratum, grouped by equal design rows, for each of the closed models. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_sf_gamma.h>

#include "model/overlap/closed.h"

#define OCCASIONS_MAX 1000 /* of frequencies: n over k stays a double */

/* Rivest & Baillargeon: f(k) of the mixing laws; 0 at k = 0. */
static double mixing_column(traffstat_i_closed_mixing mixing, double k)
{
    switch (mixing) {
    case TRAFFSTAT_I_CLOSED_POISSON:
        return exp2(k) - 1.0;
    case TRAFFSTAT_I_CLOSED_DARROCH:
        return 0.5 * k * k;
    case TRAFFSTAT_I_CLOSED_GAMMA:
        return log(3.5) - log(3.5 + k);
    default:
        return 0.0;
    }
}

/* Columns for the number of captures from `at` on; how many. Chao's are max(k - j + 1, 0) for j = 3
 * to the most captures that anybody had: the others would only meet empty cells. */
static size_t add_mixing(traffstat_i_closed_mixing mixing, size_t k, size_t most, double *x,
                         size_t at)
{
    if (mixing == TRAFFSTAT_I_CLOSED_CHAO) {
        for (size_t j = 3; j <= most; j++) {
            x[at + j - 3] = k >= j ? (double) (k - j + 1) : 0.0;
        }
        return most >= 3 ? most - 2 : 0;
    }
    if (mixing == TRAFFSTAT_I_CLOSED_ALIKE || mixing == TRAFFSTAT_I_CLOSED_NORMAL) {
        return 0;
    }
    x[at] = mixing_column(mixing, (double) k);
    return 1;
}

static double choose(size_t n, size_t k)
{
    return exp(gsl_sf_lngamma((double) n + 1.0) - gsl_sf_lngamma((double) k + 1.0) -
               gsl_sf_lngamma((double) (n - k) + 1.0));
}

/* n over k as a whole number while doubles hold it. */
static double exact_choose(size_t n, size_t k)
{
    const double value = choose(n, k);
    return value < 1e14 ? rint(value) : value;
}

static size_t captures_of(uint32_t pattern)
{
    size_t count = 0;
    for (; pattern != 0; pattern &= pattern - 1) {
        count++;
    }
    return count;
}

static size_t first_capture(uint32_t pattern)
{
    size_t first = 0;
    while ((pattern >> first & 1) == 0) {
        first++;
    }
    return first;
}

/* ---- the groups ------------------------------------------------------------------------------ */

/* By the number of captures: M0 and Mh. Unknown occasions: k captures come k! times less often
 * than of a fixed number of tries (Poisson). */
static void group_by_captures(const traffstat_i_closed_counts *counts,
                              const traffstat_i_closed_model *model, traffstat_i_closed_data *data)
{
    for (size_t g = 0; g < data->group_count; g++) {
        traffstat_i_closed_group *group = &data->groups[g];
        const size_t k = g + 1;
        group->x[0] = 1.0;
        group->x[1] = (double) k;
        (void) add_mixing(model->mixing, k, counts->most, group->x, 2);
        group->size = counts->occasions > 0 ? exact_choose(counts->occasions, k)
                                            : exp(-gsl_sf_lngamma((double) k + 1.0));
        group->y = k <= counts->most ? counts->captured[k] : 0.0;
    }
}

/* By history: Mt and Mth. */
static void group_by_history(const traffstat_i_closed_counts *counts,
                             const traffstat_i_closed_model *model, traffstat_i_closed_data *data)
{
    for (size_t g = 0; g < data->group_count; g++) {
        traffstat_i_closed_group *group = &data->groups[g];
        const uint32_t pattern = (uint32_t) (g + 1);
        group->x[0] = 1.0;
        for (size_t j = 0; j < counts->occasions; j++) {
            group->x[1 + j] = (double) (pattern >> j & 1);
        }
        (void) add_mixing(model->mixing, captures_of(pattern), counts->most, group->x,
                          1 + counts->occasions);
        group->size = 1.0;
    }
    for (size_t i = 0; i < counts->cells; i++) {
        data->groups[counts->patterns[i] - 1].y += (double) counts->counts[i];
    }
}

/* The first of the groups with that first capture: before it t, t - 1, ... others. */
static size_t first_group(size_t t, size_t first)
{
    return first * t - first * (first - (first > 0)) / 2;
}

/* By the occasion of the first capture and the number of later ones: Mb and Mbh. Mbh's own column
 * is for those who were caught at once. */
static void group_by_first(const traffstat_i_closed_counts *counts,
                           const traffstat_i_closed_model *model, traffstat_i_closed_data *data)
{
    const size_t t = counts->occasions;
    size_t g = 0;
    for (size_t first = 0; first < t; first++) {
        for (size_t later = 0; later + first < t; later++, g++) {
            traffstat_i_closed_group *group = &data->groups[g];
            group->x[0] = 1.0;
            group->x[1] = (double) first;
            group->x[2] = (double) later;
            group->x[3] = model->base == TRAFFSTAT_I_CLOSED_MBH && first == 0 ? 1.0 : 0.0;
            group->size = exact_choose(t - 1 - first, later);
        }
    }
    for (size_t i = 0; i < counts->cells; i++) {
        const size_t first = first_capture(counts->patterns[i]);
        const size_t later = captures_of(counts->patterns[i]) - 1;
        data->groups[first_group(t, first) + later].y += (double) counts->counts[i];
    }
}

/* ---- what does not depend on the model -------------------------------------------------------- */

/* Deviance of the histories inside of their groups, and the log-likelihood of means equal to the
 * counts. Frequencies are cells of their own. */
static void add_constants(const traffstat_i_closed_counts *counts, traffstat_i_closed_data *data)
{
    data->within = 0.0;
    data->saturated = 0.0;
    for (size_t i = 0; counts->patterns != NULL && i < counts->cells; i++) {
        const double y = (double) counts->counts[i];
        data->within += 2.0 * y * log(y);
        data->saturated += y * log(y) - y - gsl_sf_lngamma(y + 1.0);
    }
    for (size_t g = 0; g < data->group_count; g++) {
        const double y = data->groups[g].y;
        if (y > 0.0 && counts->patterns != NULL) {
            data->within -= 2.0 * y * log(y / data->groups[g].size);
        } else if (y > 0.0) {
            data->saturated += y * log(y) - y - gsl_sf_lngamma(y + 1.0);
        }
    }
}

/* Where the iteration begins: histories that nobody has count a tenth. */
static double start_of(double y)
{
    return (y + 0.1) * log(y + 0.1);
}

static size_t group_of(const traffstat_i_closed_counts *counts,
                       const traffstat_i_closed_model *model, uint32_t pattern)
{
    if (model->base == TRAFFSTAT_I_CLOSED_M0) {
        return captures_of(pattern) - 1;
    }
    return model->base == TRAFFSTAT_I_CLOSED_MT
               ? pattern - 1
               : first_group(counts->occasions, first_capture(pattern)) + captures_of(pattern) - 1;
}

static void add_starts(const traffstat_i_closed_counts *counts,
                       const traffstat_i_closed_model *model, traffstat_i_closed_data *data)
{
    for (size_t g = 0; g < data->group_count; g++) {
        traffstat_i_closed_group *group = &data->groups[g];
        group->start = counts->patterns != NULL
                           ? group->size * start_of(0.0)
                           : start_of(group->y) - (group->y + 0.1) * log(group->size);
        group->extra = counts->patterns != NULL ? 0.1 * group->size : 0.1;
    }
    for (size_t i = 0; counts->patterns != NULL && i < counts->cells; i++) {
        data->groups[group_of(counts, model, counts->patterns[i])].start +=
            start_of((double) counts->counts[i]) - start_of(0.0);
    }
}

static size_t mixing_columns(const traffstat_i_closed_counts *counts,
                             traffstat_i_closed_mixing mixing)
{
    double none[TRAFFSTAT_I_CLOSED_COLUMNS + 1];
    return mixing == TRAFFSTAT_I_CLOSED_CHAO ? (counts->most >= 3 ? counts->most - 2 : 0)
                                             : add_mixing(mixing, 1, counts->most, none, 0);
}

static void set_sizes(const traffstat_i_closed_counts *counts,
                      const traffstat_i_closed_model *model, traffstat_i_closed_data *data)
{
    const size_t t = counts->occasions;
    const size_t mixing = mixing_columns(counts, model->mixing);
    switch (model->base) {
    case TRAFFSTAT_I_CLOSED_M0:
        data->group_count = counts->patterns != NULL || t > 0 ? t : counts->most;
        data->columns = 2 + mixing;
        break;
    case TRAFFSTAT_I_CLOSED_MT:
        data->group_count = ((size_t) 1 << t) - 1;
        data->columns = 1 + t + mixing;
        break;
    default:
        data->group_count = t * (t + 1) / 2;
        data->columns = model->base == TRAFFSTAT_I_CLOSED_MBH ? 4 : 3;
        break;
    }
    data->cells = counts->patterns != NULL ? exp2((double) t) - 1.0 : (double) data->group_count;
}

traffstat_status traffstat_i_closed_data_init(traffstat_ctx *ctx,
                                              const traffstat_i_closed_counts *counts,
                                              const traffstat_i_closed_model *model,
                                              traffstat_i_closed_data *out)
{
    *out = (traffstat_i_closed_data){0};
    set_sizes(counts, model, out);
    if (out->columns > TRAFFSTAT_I_CLOSED_COLUMNS ||
        (counts->patterns == NULL && out->group_count > OCCASIONS_MAX)) {
        return TRAFFSTAT_OK; /* no groups: the caller says so */
    }
    out->groups = traffstat_i_alloc(ctx, out->group_count, sizeof *out->groups);
    if (out->groups == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    if (model->base == TRAFFSTAT_I_CLOSED_M0) {
        group_by_captures(counts, model, out);
    } else if (model->base == TRAFFSTAT_I_CLOSED_MT) {
        group_by_history(counts, model, out);
    } else {
        group_by_first(counts, model, out);
    }
    add_constants(counts, out);
    add_starts(counts, model, out);
    return TRAFFSTAT_OK;
}
