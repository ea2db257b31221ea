/* `traffstat trend FILE --delay COLUMN`: how many of each year's cases are still to be reported. */
#include <stdio.h>

#include "command.h"

static double number(const traffstat_estimate *of, size_t row, const char *name)
{
    return traffstat_detail_number(
        traffstat_detail_find(traffstat_estimate_row_details(of, row), name));
}

static void print_period(const traffstat_estimate *estimate, size_t at,
                         const traffstat_estimate_row *row)
{
    (void) printf("%s: %lld reported so far", traffstat_estimate_row_label(estimate, at),
                  (long long) row->observed_lower);
    if (row->verdict != TRAFFSTAT_VERDICT_INESTIMABLE) {
        (void) printf(", %.0f to %.0f in the end (middle value %.0f); %.0f %% in by now",
                      row->lower, row->upper, row->estimate, 100.0 * number(estimate, at, "share"));
    }
    for (size_t i = 0; i < traffstat_estimate_row_reasons(estimate, at); i++) {
        (void) printf("; caution: %s", traffstat_estimate_row_reason(estimate, at, i));
    }
    (void) printf("\n");
}

static int print_plain(const traffstat_estimate *estimate)
{
    traffstat_estimate_row row;
    for (size_t i = 0; traffstat_estimate_row_get(estimate, i, &row) == TRAFFSTAT_OK; i++) {
        print_period(estimate, i, &row);
    }
    (void) printf("\n%s\n\n", traffstat_detail_text(traffstat_detail_find(
                                  traffstat_estimate_details(estimate), "sentence")));
    return print_doubts(estimate);
}

int run_delay(const command *session, const traffstat_panel *panel)
{
    traffstat_estimate *estimate = NULL;
    traffstat_triangle_options wanted;
    traffstat_triangle_options_init(&wanted, sizeof wanted);
    wanted.level = session->options->level;
    wanted.cumulative = session->options->cumulative ? 1 : 0;
    const traffstat_status status =
        traffstat_nowcast_panel(session->ctx, panel, &wanted, &estimate);
    const int result = estimate_answer(session, status, estimate, print_plain);
    traffstat_estimate_free(estimate);
    return result;
}
