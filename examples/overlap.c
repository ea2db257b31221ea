/* How many persons there are in all, from three lists that overlap, built by hand: 1 is on the first
 * list only, 3 on the first and the second, and so on. */
#include <inttypes.h>
#include <stdio.h>

#include <traffstat.h>

int main(void)
{
    static const char *const lists[] = {"police", "hotline", "shelters"};
    static const int64_t persons[] = {64, 87, 21, 52, 15, 18, 7}; /* of patterns 1 to 7 */
    traffstat_ctx *ctx = NULL;
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    traffstat_estimate *estimate = NULL;
    size_t stratum = 0;

    int failed = traffstat_ctx_new(NULL, &ctx) ||
                 traffstat_overlap_builder_new(ctx, lists, 3, &builder) ||
                 traffstat_overlap_builder_stratum(ctx, builder, "", &stratum) ||
                 traffstat_overlap_builder_unit(ctx, builder, "person") ||
                 traffstat_overlap_builder_window(ctx, builder, "one year");
    for (uint32_t pattern = 1; !failed && pattern <= 7; pattern++) {
        failed = traffstat_overlap_builder_add(ctx, builder, stratum, pattern,
                                               persons[pattern - 1]) != TRAFFSTAT_OK;
    }
    failed = failed || traffstat_overlap_builder_finish(ctx, builder, &overlap) ||
             traffstat_overlap_estimate(ctx, overlap, NULL, &estimate);
    if (failed) {
        fprintf(stderr, "overlap: %s\n", traffstat_ctx_message(ctx));
    }
    traffstat_estimate_row row;
    if (!failed && traffstat_estimate_row_get(estimate, 0, &row) == TRAFFSTAT_OK) {
        printf("%" PRId64 " persons on at least one list; %.0f to %.0f in all (middle value %.0f), "
               "%s\n",
               row.observed_lower, row.lower, row.upper, row.estimate,
               traffstat_verdict_name(row.verdict));
    }
    traffstat_estimate_free(estimate);
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
    traffstat_ctx_free(ctx);
    return failed;
}
