/* Which rows of a panel may be added up. */
#include "model/reporting/summable.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool traffstat_i_same_kind(const traffstat_panel *panel, size_t a, size_t b)
{
    return strcmp(traffstat_panel_measure(panel, a), traffstat_panel_measure(panel, b)) == 0 &&
           strcmp(traffstat_panel_category(panel, a), traffstat_panel_category(panel, b)) == 0;
}

static bool has_number(traffstat_estimate *estimate, size_t row)
{
    const traffstat_estimate_row *numbers = traffstat_i_estimate_row(estimate, row);
    return !isnan(numbers->estimate) || !isnan(numbers->lower);
}

static bool one_source(const traffstat_panel *panel)
{
    const char *const first = traffstat_panel_source(panel, 0);
    for (size_t s = 1; s < traffstat_panel_series(panel); s++) {
        if (strcmp(traffstat_panel_source(panel, s), first) != 0) {
            return false;
        }
    }
    return true;
}

/* A place, as a panel tells it apart, in a year. */
typedef struct place_year {
    const char *who;
    bool keyed;
    int32_t year;
} place_year;

static int compare_places(const void *a, const void *b)
{
    const place_year *one = a;
    const place_year *other = b;
    if (one->keyed != other->keyed) {
        return one->keyed ? 1 : -1;
    }
    const int order = strcmp(one->who, other->who);
    return order != 0 ? order : (one->year > other->year) - (one->year < other->year);
}

static size_t list_places(const traffstat_panel *panel, traffstat_estimate *estimate,
                          place_year *places)
{
    size_t count = 0;
    for (size_t row = 0; row < traffstat_panel_rows(panel); row++) {
        const size_t series = traffstat_panel_row_series(panel, row);
        const char *const key = traffstat_panel_key(panel, series);
        const bool keyed = key[0] != '\0';
        if (has_number(estimate, row)) {
            places[count++] =
                (place_year){keyed ? key : traffstat_panel_jurisdiction(panel, series), keyed,
                             traffstat_panel_years(panel)[row]};
        }
    }
    return count;
}

traffstat_status traffstat_i_counted_twice(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           traffstat_estimate *estimate, bool *twice)
{
    *twice = false;
    if (one_source(panel)) {
        return TRAFFSTAT_OK;
    }
    place_year *places = traffstat_i_alloc(ctx, traffstat_panel_rows(panel), sizeof *places);
    if (places == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const size_t count = list_places(panel, estimate, places);
    if (count > 1) {
        qsort(places, count, sizeof *places, compare_places);
    }
    for (size_t i = 1; i < count; i++) {
        *twice = *twice || compare_places(&places[i - 1], &places[i]) == 0;
    }
    traffstat_i_free(ctx, places);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_no_sum(traffstat_ctx *ctx, const traffstat_panel *panel,
                                    traffstat_estimate *estimate, const char **why)
{
    bool twice = false;
    *why = NULL;
    for (size_t s = 1; s < traffstat_panel_series(panel); s++) {
        if (!traffstat_i_same_kind(panel, 0, s)) {
            *why = "no total is given: the rows count different things, whose sum would mean "
                   "nothing";
            return TRAFFSTAT_OK;
        }
    }
    const traffstat_status status = traffstat_i_counted_twice(ctx, panel, estimate, &twice);
    if (status == TRAFFSTAT_OK && twice) {
        *why = "no total is given: several sources count the same place and year, and a sum would "
               "count cases twice";
    }
    return status;
}
