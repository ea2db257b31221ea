/* How far exact counts scatter about a product of places and years: what a Poisson panel can follow at
 * best, since reporting that differs by place and by year adds nothing to that but a little bend. */
#include <math.h>
#include <string.h>

#include "model/reporting/hierarchical_data.h"

enum { ROUNDS = 200 };
#define SETTLED 1e-9

typedef struct table {
    const traffstat_i_hierarchical_data *data;
    double *place; /* factors, and sums of counts right behind */
    double *year;
    double *place_sum;
    double *year_sum;
} table;

static bool used(const traffstat_i_cell *cell)
{
    return cell->low == cell->high;
}

/* One side's factors from the other's (proportional fitting); the largest change of a factor. */
static double fit_side(const table *t, bool places)
{
    const size_t count = places ? t->data->place_count : t->data->year_count;
    double *factor = places ? t->place : t->year;
    const double *sum = places ? t->place_sum : t->year_sum;
    double largest = 0.0;
    for (size_t k = 0; k < count; k++) {
        double expected = 0.0;
        for (size_t i = 0; i < t->data->cell_count; i++) {
            const traffstat_i_cell *c = &t->data->cells[i];
            if (used(c) && (places ? c->place : c->year) == k) {
                expected +=
                    c->exposure * c->coverage * (places ? t->year[c->year] : t->place[c->place]);
            }
        }
        const double fresh = expected > 0.0 ? sum[k] / expected : 0.0;
        largest = fmax(largest, fabs(fresh - factor[k]) / fmax(fresh, 1e-300));
        factor[k] = fresh;
    }
    return largest;
}

static void fit(const table *t)
{
    for (size_t k = 0; k < t->data->year_count; k++) {
        t->year[k] = 1.0;
    }
    for (size_t i = 0; i < t->data->cell_count; i++) {
        const traffstat_i_cell *c = &t->data->cells[i];
        t->place_sum[c->place] += used(c) ? (double) c->low : 0.0;
        t->year_sum[c->year] += used(c) ? (double) c->low : 0.0;
    }
    for (int round = 0; round < ROUNDS; round++) {
        const double moved = fit_side(t, true);
        if (fmax(moved, fit_side(t, false)) < SETTLED) {
            break;
        }
    }
}

static traffstat_i_scatter measure(const table *t)
{
    traffstat_i_scatter out = {.score = NAN};
    double spread = 0.0;
    double cells = 0.0;
    for (size_t i = 0; i < t->data->cell_count; i++) {
        const traffstat_i_cell *c = &t->data->cells[i];
        const double mu = c->exposure * c->coverage * t->place[c->place] * t->year[c->year];
        if (used(c) && mu > 0.0) {
            out.square += ((double) c->low - mu) * ((double) c->low - mu) / mu;
            spread += 2.0 + 1.0 / mu;
            cells += 1.0;
        }
    }
    out.freedom = cells + 1.0;
    for (size_t j = 0; j < t->data->place_count; j++) {
        out.freedom -= t->place_sum[j] > 0.0 ? 1.0 : 0.0;
    }
    for (size_t k = 0; k < t->data->year_count; k++) {
        out.freedom -= t->year_sum[k] > 0.0 ? 1.0 : 0.0;
    }
    if (out.freedom > 0.0) {
        out.score = (out.square - out.freedom) / sqrt(spread * out.freedom / cells);
    }
    return out;
}

traffstat_status traffstat_i_hierarchical_scatter(const traffstat_i_hierarchical_data *data,
                                                  traffstat_i_scatter *out)
{
    const size_t n = data->place_count + data->year_count;
    double *store = traffstat_i_alloc(data->ctx, 2 * n, sizeof *store);
    if (store == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    memset(store, 0, 2 * n * sizeof *store);
    const table t = {.data = data,
                     .place = store,
                     .year = store + data->place_count,
                     .place_sum = store + n,
                     .year_sum = store + n + data->place_count};
    fit(&t);
    *out = measure(&t);
    traffstat_i_free(data->ctx, store);
    return TRAFFSTAT_OK;
}
