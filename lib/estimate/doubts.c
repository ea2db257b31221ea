/* What the reader doubted in a count goes with the estimate that is made of it. */
#include "estimate/estimate.h"

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Of the flagged exact counts in the series of a row, or of the whole panel, and how many they are:
 * one alone does not show the file's divisor. */
static int64_t divisor_of(const traffstat_panel *panel, size_t row, size_t *counts)
{
    size_t at = 0;
    size_t end = traffstat_panel_rows(panel);
    if (row != TRAFFSTAT_NONE) {
        const size_t series = traffstat_panel_row_series(panel, row);
        at = traffstat_panel_series_first(panel, series);
        end = at + traffstat_panel_series_count(panel, series);
    }
    int64_t divisor = 0;
    for (; at < end; at++) {
        const int64_t count = traffstat_panel_lowers(panel)[at];
        const bool flagged =
            (traffstat_panel_flags(panel)[at] & (uint32_t) TRAFFSTAT_FLAG_COMMON_DIVISOR) != 0;
        if (flagged && count == traffstat_panel_uppers(panel)[at]) {
            divisor = greatest_common_divisor(divisor, count);
            *counts += 1;
        }
    }
    return divisor;
}

static traffstat_status doubt_divisor(traffstat_ctx *ctx, traffstat_estimate *estimate, size_t row,
                                      const traffstat_panel *panel, size_t panel_row)
{
    size_t counts = 0;
    const int64_t divisor = divisor_of(panel, panel_row, &counts);
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    traffstat_i_text_add(&text, "common_divisor: the counts are all multiples of ");
    if (divisor > 1 && counts > 1) {
        traffstat_i_text_add_int(&text, divisor);
    } else {
        traffstat_i_text_add(&text, "a number");
    }
    traffstat_i_text_add(&text, ", which chance does not explain: the file may have been "
                                "multiplied; ask the source before using them");
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_row_reason(estimate, row, TRAFFSTAT_VERDICT_CAUTION,
                                                      traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

traffstat_status traffstat_i_cell_doubts(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                         size_t row, const traffstat_panel *panel, size_t panel_row,
                                         uint32_t flags)
{
    traffstat_status status = TRAFFSTAT_OK;
    if ((flags & TRAFFSTAT_FLAG_LOST) != 0) {
        status = traffstat_i_estimate_row_reason(
            estimate, row, TRAFFSTAT_VERDICT_CAUTION,
            "records of the series could not be used: counts may be too low");
    }
    if (status == TRAFFSTAT_OK && (flags & TRAFFSTAT_FLAG_COMMON_DIVISOR) != 0) {
        status = doubt_divisor(ctx, estimate, row, panel, panel_row);
    }
    if (status == TRAFFSTAT_OK && (flags & TRAFFSTAT_FLAG_DOUBTFUL) != 0) {
        status = traffstat_i_estimate_row_reason(
            estimate, row, TRAFFSTAT_VERDICT_CAUTION,
            "the count cannot be what it says: the account of the reading tells why");
    }
    return status;
}
