/* What the tests of reading share: a panel with its account, and what the account says of a problem. */
#ifndef SUPPORT_READING_H
#define SUPPORT_READING_H

#include <string.h>

#include <traffstat/read.h>

#include "support/support.h"

typedef struct result {
    traffstat_status status;
    traffstat_panel *panel;
    traffstat_account *account;
} result;

static inline result read_with(traffstat_ctx *ctx, const traffstat_reader *reader, const char *text)
{
    result r = {0};
    r.status =
        traffstat_read_memory(ctx, reader, text, strlen(text), "x.csv", &r.panel, &r.account);
    return r;
}

static inline void drop(result *r)
{
    traffstat_panel_free(r->panel);
    traffstat_account_free(r->account);
    *r = (result){0};
}

/* How often a problem was met, and its example number `which` where one is asked for. */
static inline int64_t times(const traffstat_account *account, const char *code, size_t which,
                     traffstat_example *example)
{
    traffstat_problem problem;
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (strcmp(problem.code, code) == 0) {
            if (example != NULL) {
                assert_int_equal(traffstat_account_example(account, i, which, example),
                                 TRAFFSTAT_OK);
            }
            return problem.count;
        }
    }
    return 0;
}

#endif
