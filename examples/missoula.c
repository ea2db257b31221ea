/* From a CSV file to an estimate in a few lines. Run it where data/missoula.csv is. */
#include <inttypes.h>
#include <stdio.h>

#include <traffstat.h>

int main(void)
{
    traffstat_ctx *ctx = NULL;
    traffstat_panel *panel = NULL;
    traffstat_prior *prior = NULL;
    traffstat_estimate *estimate = NULL;

    /* If 20 to 60 % of cases came to notice: an assumption, and the result says so. */
    const int failed = traffstat_ctx_new(NULL, &ctx) ||
                       traffstat_read_path(ctx, NULL, "data/missoula.csv", &panel, NULL) ||
                       traffstat_prior_range(ctx, 0.2, 0.6, "for this example", &prior) ||
                       traffstat_thinning(ctx, panel, prior, NULL, &estimate);
    if (failed) {
        fprintf(stderr, "missoula: %s\n", traffstat_ctx_message(ctx));
    }
    traffstat_estimate_row row;
    for (size_t i = 0; !failed && traffstat_estimate_row_get(estimate, i, &row) == 0; i++) {
        printf("%s %d: %" PRId64 " counted, %.0f to %.0f in all (middle value %.0f), %s\n",
               traffstat_estimate_row_label(estimate, i), (int) row.year, row.observed_lower,
               row.lower, row.upper, row.estimate,
               traffstat_kind_name(traffstat_estimate_kind(estimate)));
    }
    traffstat_estimate_free(estimate);
    traffstat_prior_free(prior);
    traffstat_panel_free(panel);
    traffstat_ctx_free(ctx);
    return failed;
}
