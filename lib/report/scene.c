#include <string.h>

#include "report/report.h"

static const char *format_name(const char *file, traffstat_format format)
{
    static const char *const names[] = {"png", "svg", "pdf"};
    if (format >= TRAFFSTAT_FORMAT_PNG && format <= TRAFFSTAT_FORMAT_PDF) {
        return names[format - 1];
    }
    const size_t size = strlen(file);
    for (size_t i = 0; i < 3; i++) {
        if (size > 4 && file[size - 4] == '.' &&
            traffstat_i_compare_nocase(file + size - 3, names[i]) == 0) {
            return names[i];
        }
    }
    return NULL;
}

traffstat_status traffstat_scene_json(traffstat_ctx *ctx, const traffstat_scene *scene,
                                      const char *file, traffstat_format format,
                                      const traffstat_estimate *estimate, traffstat_text **out)
{
    traffstat_text text;
    const traffstat_status status = traffstat_i_report_begin(ctx, scene, out, &text);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_json json;
    traffstat_i_json_init(&json, &text);
    traffstat_i_json_open(&json, NULL, '{', false);
    traffstat_i_json_text(&json, "file", file);
    traffstat_i_json_text(&json, "format", format_name(file != NULL ? file : "", format));
    traffstat_i_json_double(&json, "width", traffstat_scene_width(scene));
    traffstat_i_json_double(&json, "height", traffstat_scene_height(scene));
    traffstat_i_json_text(&json, "title", traffstat_scene_title(scene));
    traffstat_i_json_text(&json, "subtitle", traffstat_scene_subtitle(scene));
    traffstat_i_json_text(&json, "alt", traffstat_scene_alt(scene));
    traffstat_i_json_open(&json, "notes", '[', false);
    for (size_t i = 0; i < traffstat_scene_notes(scene); i++) {
        traffstat_i_json_text(&json, NULL, traffstat_scene_note(scene, i));
    }
    traffstat_i_json_close(&json, ']');
    traffstat_i_json_estimate(&json, "estimate", estimate);
    traffstat_i_json_close(&json, '}');
    traffstat_i_text_add(&text, "\n");
    return traffstat_i_text_finish(&text, out);
}
