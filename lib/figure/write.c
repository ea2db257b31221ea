/* A scene into a file or memory; the format by name. */
#include <string.h>

#include "figure/scene.h"

static traffstat_status format_of(traffstat_ctx *ctx, const char *path, traffstat_format *out)
{
    static const struct {
        const char *end;
        traffstat_format format;
    } ends[] = {{".png", TRAFFSTAT_FORMAT_PNG},
                {".svg", TRAFFSTAT_FORMAT_SVG},
                {".pdf", TRAFFSTAT_FORMAT_PDF}};
    const size_t size = strlen(path);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        if (size > 4 && traffstat_i_compare_nocase(path + size - 4, ends[i].end) == 0) {
            *out = ends[i].format;
            return TRAFFSTAT_OK;
        }
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                            "the name %s does not end in .png, .svg or .pdf", path);
}

static traffstat_status render(traffstat_ctx *ctx, const traffstat_scene *scene,
                               traffstat_format format, traffstat_text *out)
{
    traffstat_i_text_init(out, ctx);
    traffstat_status status = TRAFFSTAT_OK;
    switch (format) {
    case TRAFFSTAT_FORMAT_PNG:
        status = traffstat_i_write_png(ctx, scene, out);
        break;
    case TRAFFSTAT_FORMAT_SVG:
        status = traffstat_i_write_svg(ctx, scene, out);
        break;
    case TRAFFSTAT_FORMAT_PDF:
        status = traffstat_i_write_pdf(ctx, scene, out);
        break;
    default:
        status =
            traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is no picture format", (int) format);
        break;
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_text_clear(out);
    }
    return status;
}

traffstat_status traffstat_scene_write(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       const char *path, traffstat_format format)
{
    traffstat_i_enter(ctx);
    if (scene == NULL || path == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s is NULL",
                                scene == NULL ? "the scene" : "the path");
    }
    traffstat_status status = TRAFFSTAT_OK;
    if (format == TRAFFSTAT_FORMAT_BY_NAME) {
        status = format_of(ctx, path, &format);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_text bytes;
    status = render(ctx, scene, format, &bytes);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_write_file(ctx, path, bytes.data, bytes.size);
        traffstat_i_text_clear(&bytes);
    }
    return status;
}

traffstat_status traffstat_scene_render(traffstat_ctx *ctx, const traffstat_scene *scene,
                                        traffstat_format format, traffstat_text **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "out is NULL");
    }
    *out = NULL;
    if (scene == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the scene is NULL");
    }
    traffstat_text bytes;
    const traffstat_status status = render(ctx, scene, format, &bytes);
    return status == TRAFFSTAT_OK ? traffstat_i_text_finish(&bytes, out) : status;
}
