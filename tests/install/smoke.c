/* What a stranger writes on the first day: built through pkg-config alone. */
#include <stdio.h>
#include <string.h>

#include <traffstat.h>

static const char data[] = "place,year,cases\nMissoula,2017,7\nMissoula,2018,8\n";

static int estimate(traffstat_ctx *ctx)
{
    traffstat_panel *panel = NULL;
    traffstat_prior *prior = NULL;
    traffstat_estimate *result = NULL;
    traffstat_estimate_row row;
    memset(&row, 0, sizeof row);
    int ok = traffstat_read_memory(ctx, NULL, data, strlen(data), "data", &panel, NULL) ==
                 TRAFFSTAT_OK &&
             traffstat_prior_beta(ctx, 8.0, 12.0, NULL, &prior) == TRAFFSTAT_OK &&
             traffstat_thinning(ctx, panel, prior, NULL, &result) == TRAFFSTAT_OK &&
             traffstat_estimate_row_get(result, 0, &row) == TRAFFSTAT_OK;
    if (!ok) {
        (void) fprintf(stderr, "%s\n", traffstat_ctx_message(ctx));
    }
    traffstat_estimate_free(result);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
    (void) printf("%s %d %g %g\n", traffstat_version(), (int) row.year, row.lower, row.upper);
    return ok ? 0 : 1;
}

int main(void)
{
    traffstat_ctx *ctx = NULL;
    if (traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        return 1;
    }
    const int status = estimate(ctx);
    traffstat_ctx_free(ctx);
    return status;
}
