/* CPU time of one figure in each format, in process, the least of many: prints "name value unit" lines, and goals as
 * ratios (at most 1 is good). Usage: bench_figure [renders] [folder for the three files] */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "figure/scene.h"
#include "figure_marks.h"

#define RENDERS 200

static void require(traffstat_ctx *ctx, traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        fprintf(stderr, "%s: %s\n", traffstat_status_name(status), traffstat_ctx_message(ctx));
        exit(1);
    }
}

static void add(traffstat_scene *scene, traffstat_i_mark mark)
{
    require(scene->ctx, traffstat_i_scene_add(scene, &mark));
}

static void add_shapes(traffstat_scene *scene)
{
    add(scene, (traffstat_i_mark){.seen = {.role = TRAFFSTAT_MARK_BACKGROUND,
                                           .x2 = FIGURE_WIDTH,
                                           .y2 = FIGURE_HEIGHT,
                                           .fill = FIGURE_WHITE}});
    for (size_t i = 0; i < FIGURE_COUNT(figure_rects); i++) {
        const figure_rect r = figure_rects[i];
        const int hatched = r.fill == 0;
        add(scene, (traffstat_i_mark){.seen = {.role = hatched ? TRAFFSTAT_MARK_UNREPORTED
                                                               : TRAFFSTAT_MARK_OBSERVED,
                                               .x = r.x,
                                               .y = r.y,
                                               .x2 = r.x2,
                                               .y2 = r.y2,
                                               .fill = r.fill,
                                               .stroke = hatched ? FIGURE_ORANGE : 0,
                                               .stroke_width = 2,
                                               .hatch = hatched ? FIGURE_ORANGE : 0},
                                      .hatch_step = FIGURE_HATCH_STEP,
                                      .hatch_width = FIGURE_HATCH_WIDTH});
    }
    for (size_t i = 0; i < FIGURE_COUNT(figure_lines); i++) {
        const figure_line l = figure_lines[i];
        add(scene, (traffstat_i_mark){.seen = {.type = TRAFFSTAT_MARK_LINE,
                                               .role = TRAFFSTAT_MARK_GRID,
                                               .x = l.x,
                                               .y = l.y,
                                               .x2 = l.x2,
                                               .y2 = l.y2,
                                               .stroke = l.colour,
                                               .stroke_width = l.width}});
    }
    for (size_t i = 0; i < FIGURE_COUNT(figure_points); i++) {
        add(scene, (traffstat_i_mark){.seen = {.type = TRAFFSTAT_MARK_CIRCLE,
                                               .role = TRAFFSTAT_MARK_POINT,
                                               .fill = FIGURE_WHITE,
                                               .stroke = FIGURE_ORANGE,
                                               .stroke_width = 3},
                                      .at = {figure_points[i][0], figure_points[i][1]},
                                      .radius = 11});
    }
}

static void add_texts(traffstat_scene *scene)
{
    traffstat_i_fonts *fonts = NULL;
    require(scene->ctx, traffstat_i_fonts_new(scene->ctx, NULL, NULL, "en", &fonts));
    for (size_t i = 0; i < FIGURE_COUNT(figure_texts); i++) {
        const figure_text t = figure_texts[i];
        const traffstat_i_mark mark = {.seen = {.role = t.size > 35 ? TRAFFSTAT_MARK_TITLE
                                                        : t.y > 810 ? TRAFFSTAT_MARK_NOTE
                                                                    : TRAFFSTAT_MARK_DIRECT_LABEL,
                                                .font_size = t.size,
                                                .bold = t.bold,
                                                .fill = t.colour,
                                                .text = t.text},
                                       .anchor = t.anchor == FIGURE_LEFT
                                                     ? TRAFFSTAT_I_ANCHOR_START
                                                     : TRAFFSTAT_I_ANCHOR_MIDDLE,
                                       .at = {t.x, t.y}};
        require(scene->ctx, traffstat_i_scene_add_text(scene, fonts, &mark));
    }
    require(scene->ctx,
            traffstat_i_scene_set(scene, &scene->font_family, traffstat_i_fonts_family(fonts)));
    traffstat_i_fonts_free(fonts);
}

static traffstat_scene *make_scene(traffstat_ctx *ctx)
{
    traffstat_scene *scene = NULL;
    require(ctx, traffstat_i_scene_new(ctx, FIGURE_WIDTH, FIGURE_HEIGHT, 96, &scene));
    add_shapes(scene);
    add_texts(scene);
    require(ctx, traffstat_i_scene_set(scene, &scene->title, figure_texts[0].text));
    require(ctx, traffstat_i_scene_set(scene, &scene->subtitle, figure_texts[2].text));
    require(ctx, traffstat_i_scene_set(scene, &scene->alt,
                                       "Bars with intervals: 7 cases in 2017 and 8 in 2018."));
    return scene;
}

static double milliseconds(void)
{
    return 1e3 * (double) clock() / CLOCKS_PER_SEC;
}

/* The least of the renders: the others tell of the machine's other work. */
static void time_format(traffstat_ctx *ctx, const traffstat_scene *scene, traffstat_format format,
                        const char *name, double goal, int renders)
{
    size_t size = 0;
    double each = INFINITY;
    for (int i = 0; i < renders; i++) {
        traffstat_text *text = NULL;
        const double start = milliseconds();
        require(ctx, traffstat_scene_render(ctx, scene, format, &text));
        each = fmin(each, milliseconds() - start);
        size = traffstat_text_size(text);
        traffstat_text_free(text);
    }
    printf("figure_%s %.3f ms\n", name, each);
    printf("figure_%s_size %zu bytes\n", name, size);
    if (goal > 0.0) {
        printf("figure_%s_of_goal %.2f ratio\n", name, each / goal);
    }
}

static void write_files(traffstat_ctx *ctx, const traffstat_scene *scene, const char *folder)
{
    static const char *const ends[] = {"png", "svg", "pdf"};
    for (size_t i = 0; i < 3; i++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/bench.%s", folder, ends[i]);
        require(ctx, traffstat_scene_write(ctx, scene, path, TRAFFSTAT_FORMAT_BY_NAME));
    }
}

int main(int argc, char **argv)
{
    const int renders = argc > 1 && atoi(argv[1]) > 0 ? atoi(argv[1]) : RENDERS;
    traffstat_ctx *ctx = NULL;
    if (traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        return 1;
    }
    const double start = milliseconds();
    traffstat_scene *scene = make_scene(ctx);
    printf("figure_first_layout %.3f ms\n", milliseconds() - start);
    time_format(ctx, scene, TRAFFSTAT_FORMAT_SVG, "svg", 0.5, renders);
    time_format(ctx, scene, TRAFFSTAT_FORMAT_PNG, "png", 12.0, renders);
    time_format(ctx, scene, TRAFFSTAT_FORMAT_PDF, "pdf", 0.0, renders);
    if (argc > 2) {
        write_files(ctx, scene, argv[2]);
    }
    traffstat_scene_free(scene);
    traffstat_ctx_free(ctx);
    return 0;
}
