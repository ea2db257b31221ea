#include <stdio.h>
#include <traffstat.h>

int main(void)
{
    traffstat_ctx *ctx;
    traffstat_panel *panel;
    traffstat_prior *prior;
    traffstat_estimate *estimate;
    traffstat_text *sentence;
    if (traffstat_ctx_new(NULL, &ctx) ||
        traffstat_read_path(ctx, NULL, "data/missoula.csv", &panel, NULL) ||
        traffstat_prior_range(ctx, 0.2, 0.6, "an assumption", &prior) ||
        traffstat_thinning(ctx, panel, prior, NULL, &estimate) ||
        traffstat_caption_row(ctx, panel, estimate, 1, &sentence)) {
        return 1;
    }
    puts(traffstat_text_data(sentence));
}
