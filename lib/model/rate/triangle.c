/* A panel as a reporting triangle: series are the years of cases, years those of reports. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/rate/nowcast.h"
#include "table/table.h"

/* ---- years ----------------------------------------------------------------------------------- */

typedef struct event {
    int32_t year;
    size_t series;
} event;

static int by_year(const void *a, const void *b)
{
    const event *x = a;
    const event *y = b;
    return (x->year > y->year) - (x->year < y->year);
}

static traffstat_status read_event(traffstat_i_triangle *t, size_t series, event *out)
{
    const char *label = traffstat_i_panel_label(t->panel, series);
    int64_t year = 0;
    if (!traffstat_i_parse_int(label, strlen(label), &year) || year < TRAFFSTAT_YEAR_MIN ||
        year > TRAFFSTAT_YEAR_MAX) {
        return traffstat_i_fail(t->ctx, TRAFFSTAT_E_VALUE,
                                "the rows of a reporting triangle are the years of cases, and "
                                "\"%s\" is no year",
                                label);
    }
    *out = (event){(int32_t) year, series};
    return TRAFFSTAT_OK;
}

static traffstat_status sort_events(traffstat_i_triangle *t, event *events)
{
    for (size_t i = 0; i < t->rows; i++) {
        const traffstat_status status = read_event(t, i, &events[i]);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    qsort(events, t->rows, sizeof *events, by_year);
    for (size_t i = 0; i < t->rows; i++) {
        if (i > 0 && events[i].year == events[i - 1].year) {
            return traffstat_i_fail(t->ctx, TRAFFSTAT_E_CONFLICT,
                                    "two series hold the cases of %d: select one measure",
                                    (int) events[i].year);
        }
        t->years[i] = events[i].year;
        t->series[i] = events[i].series;
    }
    return TRAFFSTAT_OK;
}

static bool is_counted(const traffstat_panel *panel, size_t row)
{
    return row != TRAFFSTAT_NONE && traffstat_panel_whys(panel)[row] == TRAFFSTAT_WHY_COUNTED;
}

static int32_t last_report(const traffstat_panel *panel)
{
    int32_t last = 0;
    for (size_t row = 0; row < traffstat_panel_rows(panel); row++) {
        const int32_t year = traffstat_panel_years(panel)[row];
        last = is_counted(panel, row) && year > last ? year : last;
    }
    return last;
}

/* ---- counts ---------------------------------------------------------------------------------- */

static traffstat_status refuse(const traffstat_i_triangle *t, size_t i, int32_t reported,
                               const char *what)
{
    return traffstat_i_fail(t->ctx, TRAFFSTAT_E_VALUE, "cases of %d reported in %d: %s",
                            (int) t->years[i], (int) reported, what);
}

static traffstat_status take_count(traffstat_i_triangle *t, size_t i, size_t delay)
{
    const int32_t reported = t->years[i] + (int32_t) delay;
    const size_t row = traffstat_panel_find(t->panel, t->series[i], reported);
    if (!is_counted(t->panel, row)) {
        return refuse(t, i, reported,
                      "there is no count, and all up to the last year of reports are needed (0 "
                      "where none came)");
    }
    const int64_t count = traffstat_panel_lowers(t->panel)[row];
    if (count != traffstat_panel_uppers(t->panel)[row]) {
        return refuse(t, i, reported, "only bounds of the count are known");
    }
    if (count < 0) {
        return refuse(t, i, reported, "the count is below zero");
    }
    const size_t at = i * t->columns + delay;
    const double before = delay > 0 ? t->cumulative[at - 1] : 0.0;
    t->reported[at] = t->options->cumulative != 0 ? (double) count - before : (double) count;
    t->cumulative[at] = t->options->cumulative != 0 ? (double) count : before + (double) count;
    return t->reported[at] < 0.0 ? refuse(t, i, reported, "a cumulative count that falls")
                                 : TRAFFSTAT_OK;
}

static traffstat_status check_early(const traffstat_i_triangle *t, size_t i)
{
    const size_t first = traffstat_panel_series_first(t->panel, t->series[i]);
    const size_t end = first + traffstat_panel_series_count(t->panel, t->series[i]);
    for (size_t row = first; row < end; row++) {
        const int32_t reported = traffstat_panel_years(t->panel)[row];
        if (reported < t->years[i] && is_counted(t->panel, row) &&
            traffstat_panel_uppers(t->panel)[row] > 0) {
            return refuse(t, i, reported, "before they happened: which column is which?");
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status take_row(traffstat_i_triangle *t, size_t i)
{
    traffstat_status status = check_early(t, i);
    for (size_t delay = 0; delay < t->columns && status == TRAFFSTAT_OK; delay++) {
        const bool known = t->years[i] + (int32_t) delay <= t->as_of;
        t->reported[i * t->columns + delay] = NAN;
        t->cumulative[i * t->columns + delay] = NAN;
        if (known || delay == 0) {
            status = take_count(t, i, delay);
        }
    }
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static bool make_room(traffstat_i_triangle *t)
{
    traffstat_ctx *ctx = t->ctx;
    t->reported = traffstat_i_alloc(ctx, t->rows * t->columns, sizeof *t->reported);
    t->cumulative = traffstat_i_alloc(ctx, t->rows * t->columns, sizeof *t->cumulative);
    t->bayes = traffstat_i_alloc(ctx, t->rows, sizeof *t->bayes);
    t->lawless = traffstat_i_alloc(ctx, t->rows, sizeof *t->lawless);
    t->origins = traffstat_i_alloc(ctx, t->rows, sizeof *t->origins);
    t->cdf = traffstat_i_alloc(ctx, t->columns, sizeof *t->cdf);
    return t->reported != NULL && t->cumulative != NULL && t->bayes != NULL && t->lawless != NULL &&
           t->origins != NULL && t->cdf != NULL;
}

static traffstat_status read_events(traffstat_i_triangle *t)
{
    t->years = traffstat_i_alloc(t->ctx, t->rows, sizeof *t->years);
    t->series = traffstat_i_alloc(t->ctx, t->rows, sizeof *t->series);
    event *events = traffstat_i_alloc(t->ctx, t->rows, sizeof *events);
    const bool made = t->years != NULL && t->series != NULL && events != NULL;
    const traffstat_status status = made ? sort_events(t, events) : TRAFFSTAT_E_NOMEM;
    traffstat_i_free(t->ctx, events);
    return status;
}

traffstat_status traffstat_i_triangle_open(traffstat_i_triangle *t)
{
    t->rows = traffstat_panel_series(t->panel);
    t->as_of = last_report(t->panel);
    traffstat_status status = read_events(t);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (t->rows < 2 || t->as_of <= t->years[0]) {
        return traffstat_i_fail(t->ctx, TRAFFSTAT_E_NODATA,
                                "a reporting triangle needs two years of cases, and reports of a "
                                "later year than the first of them");
    }
    t->columns = (size_t) (t->as_of - t->years[0]) + 1;
    status = make_room(t) ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    for (size_t i = 0; i < t->rows && status == TRAFFSTAT_OK; i++) {
        status = take_row(t, i);
    }
    return status;
}

void traffstat_i_triangle_close(traffstat_i_triangle *t)
{
    void *const blocks[] = {t->years, t->series,  t->reported, t->cumulative,
                            t->bayes, t->lawless, t->origins,  t->cdf};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        traffstat_i_free(t->ctx, blocks[i]);
    }
}
