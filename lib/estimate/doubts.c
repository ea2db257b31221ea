/* What the reader doubted in a count goes with the estimate that is made of it. */
#include <string.h>

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
    } else if (divisor == 1) {
        traffstat_i_text_add(&text, "a number, or sums of such counts");
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

/* ---- of a whole panel ------------------------------------------------------------------------ */

static size_t count_flagged(const traffstat_panel *panel, uint32_t flag)
{
    size_t count = 0;
    for (size_t i = 0; i < traffstat_panel_rows(panel); i++) {
        count += (traffstat_panel_flags(panel)[i] & flag) != 0;
    }
    return count;
}

static void say_flagged(traffstat_text *text, const traffstat_panel *panel, uint32_t flag,
                        int64_t lost)
{
    const size_t rows = traffstat_panel_rows(panel);
    const size_t some = count_flagged(panel, flag);
    size_t counts = 0;
    if (flag == TRAFFSTAT_FLAG_LOST && lost > 0) {
        traffstat_i_text_add_int(text, lost);
        traffstat_i_text_addf(
            text,
            " %s of the series could not be used: counts may be too low, or years "
            "and places may be missing",
            lost == 1 ? "record" : "records");
    } else if (flag == TRAFFSTAT_FLAG_LOST) {
        traffstat_i_text_addf(text,
                              "records of the series of %zu of the %zu counts could not be used: "
                              "counts may be too low",
                              some, rows);
    } else if (flag == TRAFFSTAT_FLAG_COMMON_DIVISOR) {
        const int64_t divisor = divisor_of(panel, TRAFFSTAT_NONE, &counts);
        traffstat_i_text_addf(text, "common_divisor: %zu of the %zu counts ", some, rows);
        if (divisor > 1 && counts > 1) {
            traffstat_i_text_add(text, "are multiples of ");
            traffstat_i_text_add_int(text, divisor);
        } else {
            traffstat_i_text_add(text, "share a divisor with others");
        }
        traffstat_i_text_add(text, ", which chance does not explain: the file may have been "
                                   "multiplied, and then no test of it holds");
    } else {
        traffstat_i_text_addf(text,
                              "%zu of the %zu counts cannot be what they say: the account of the "
                              "reading tells why",
                              some, rows);
    }
}

traffstat_status traffstat_i_panel_doubts(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                          const traffstat_panel *panel, int64_t lost)
{
    static const uint32_t flags[] = {TRAFFSTAT_FLAG_LOST, TRAFFSTAT_FLAG_COMMON_DIVISOR,
                                     TRAFFSTAT_FLAG_DOUBTFUL};
    const size_t *into = NULL;
    const traffstat_panel *parts = traffstat_i_panel_parts(panel, &into);
    const traffstat_panel *counts = parts != NULL ? parts : panel;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && status == TRAFFSTAT_OK; i++) {
        const bool told = flags[i] == TRAFFSTAT_FLAG_LOST && lost > 0;
        if (count_flagged(counts, flags[i]) == 0 && !told) {
            continue;
        }
        traffstat_text text;
        traffstat_i_text_init(&text, ctx);
        say_flagged(&text, counts, flags[i], lost);
        status = text.failed ? TRAFFSTAT_E_NOMEM
                             : traffstat_i_estimate_reason(estimate, TRAFFSTAT_VERDICT_CAUTION,
                                                           traffstat_i_text_get(&text));
        traffstat_i_text_clear(&text);
    }
    return status;
}

/* Records that are the same as another may be data or copies: the account says what they add up to. */
traffstat_status traffstat_i_account_doubts(traffstat_ctx *ctx, traffstat_estimate *estimate,
                                            const traffstat_account *account)
{
    traffstat_problem problem;
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; account != NULL && status == TRAFFSTAT_OK &&
                       traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK;
         i++) {
        traffstat_example example;
        if (strcmp(problem.code, "identical_rows") != 0 ||
            traffstat_account_example(account, i, 0, &example) != TRAFFSTAT_OK) {
            continue;
        }
        traffstat_text text;
        traffstat_i_text_init(&text, ctx);
        traffstat_i_text_addf(&text, "identical_rows: in the file %s (%s)", example.got,
                              example.done);
        status = text.failed ? TRAFFSTAT_E_NOMEM
                             : traffstat_i_estimate_reason(estimate, TRAFFSTAT_VERDICT_CAUTION,
                                                           traffstat_i_text_get(&text));
        traffstat_i_text_clear(&text);
    }
    return status;
}
