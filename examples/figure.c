/* A figure from numbers in memory: no CSV file is read and no file is written. */
#include <stdio.h>

#include <traffstat.h>

/* Six years of an invented county; one year was not reported. */
static traffstat_status build(traffstat_ctx *ctx, traffstat_panel **panel)
{
    static const int64_t counts[] = {4, 6, 5, -1, 9, 11};
    traffstat_panel_builder *builder = NULL;
    size_t series = 0;
    traffstat_status status =
        traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_series(ctx, builder, NULL, "Example County",
                                                "cases investigated by police", NULL,
                                                "invented for this example", &series);
    }
    for (int32_t i = 0; status == TRAFFSTAT_OK && i < 6; i++) {
        traffstat_cell cell = {.year = 2013 + i, .population = 110000.0, .coverage = 1.0};
        cell.lower = cell.upper = counts[i] >= 0 ? counts[i] : 0;
        cell.why = counts[i] >= 0 ? TRAFFSTAT_WHY_COUNTED : TRAFFSTAT_WHY_NOT_REPORTED;
        status = traffstat_panel_builder_add(ctx, builder, series, &cell);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_panel_builder_finish(ctx, builder, panel);
    }
    traffstat_panel_builder_free(builder);
    return status;
}

int main(void)
{
    traffstat_ctx *ctx = NULL;
    traffstat_panel *panel = NULL;
    traffstat_chart *chart = NULL;
    traffstat_scene *scene = NULL;
    traffstat_text *svg = NULL;

    traffstat_status status = traffstat_ctx_new(NULL, &ctx);
    if (status == TRAFFSTAT_OK) {
        status = build(ctx, &panel);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_chart_new(ctx, &chart);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_chart_set_size(ctx, chart, "card");
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_trend(ctx, panel, 0, NULL, NULL, chart, &scene);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_render(ctx, scene, TRAFFSTAT_FORMAT_SVG, &svg);
    }
    if (status == TRAFFSTAT_OK) {
        printf("%s\n%s\n%zu bytes of SVG\n", traffstat_scene_title(scene),
               traffstat_scene_alt(scene), traffstat_text_size(svg));
    } else {
        fprintf(stderr, "figure: %s\n", ctx != NULL ? traffstat_ctx_message(ctx) : "no memory");
    }
    traffstat_text_free(svg);
    traffstat_scene_free(scene);
    traffstat_chart_free(chart);
    traffstat_panel_free(panel);
    traffstat_ctx_free(ctx);
    return status == TRAFFSTAT_OK ? 0 : 1;
}
