#include <math.h>
#include <string.h>

#include "figure/scene.h"

/* ---- making --------------------------------------------------------------------------------- */

traffstat_status traffstat_i_scene_new(traffstat_ctx *ctx, double width, double height,
                                       double units_per_inch, traffstat_scene **out)
{
    *out = NULL;
    traffstat_scene *scene = traffstat_i_alloc(ctx, 1, sizeof *scene);
    if (scene == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    scene->ctx = ctx;
    scene->width = width;
    scene->height = height;
    scene->units_per_inch = units_per_inch;
    char **const empty[] = {&scene->title,        &scene->subtitle,  &scene->alt,
                            &scene->font_regular, &scene->font_bold, &scene->font_family};
    traffstat_status status = traffstat_i_scene_set(scene, &scene->language, "en");
    for (size_t i = 0; status == TRAFFSTAT_OK && i < sizeof empty / sizeof empty[0]; i++) {
        status = traffstat_i_scene_set(scene, empty[i], "");
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_scene_free(scene);
        return status;
    }
    *out = scene;
    return TRAFFSTAT_OK;
}

void traffstat_scene_free(traffstat_scene *scene)
{
    if (scene == NULL) {
        return;
    }
    traffstat_ctx *ctx = scene->ctx;
    for (size_t i = 0; i < scene->mark_count; i++) {
        traffstat_i_free(ctx, scene->marks[i].text);
    }
    for (size_t i = 0; i < scene->note_count; i++) {
        traffstat_i_free(ctx, scene->notes[i]);
    }
    traffstat_i_free(ctx, scene->marks);
    traffstat_i_free(ctx, scene->points);
    traffstat_i_free(ctx, scene->notes);
    traffstat_i_free(ctx, scene->title);
    traffstat_i_free(ctx, scene->subtitle);
    traffstat_i_free(ctx, scene->alt);
    traffstat_i_free(ctx, scene->language);
    traffstat_i_free(ctx, scene->font_regular);
    traffstat_i_free(ctx, scene->font_bold);
    traffstat_i_free(ctx, scene->font_family);
    traffstat_i_free(ctx, scene);
}

traffstat_status traffstat_i_scene_set(traffstat_scene *scene, char **field, const char *text)
{
    char *copy = traffstat_i_strdup(scene->ctx, text);
    if (copy == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_free(scene->ctx, *field);
    *field = copy;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_scene_add_note(traffstat_scene *scene, const char *text)
{
    char **notes =
        traffstat_i_realloc(scene->ctx, scene->notes, scene->note_count + 1, sizeof *notes);
    if (notes == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    scene->notes = notes;
    notes[scene->note_count] = traffstat_i_strdup(scene->ctx, text);
    if (notes[scene->note_count] == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    scene->note_count++;
    return TRAFFSTAT_OK;
}

static void bound_circle(traffstat_i_mark *mark)
{
    mark->seen.x = mark->at.x - mark->radius;
    mark->seen.y = mark->at.y - mark->radius;
    mark->seen.x2 = mark->at.x + mark->radius;
    mark->seen.y2 = mark->at.y + mark->radius;
}

traffstat_status traffstat_i_scene_add(traffstat_scene *scene, const traffstat_i_mark *mark)
{
    if (!traffstat_i_reserve(scene->ctx, &scene->marks, &scene->mark_capacity,
                             scene->mark_count + 1, sizeof *scene->marks)) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_mark *const added = &scene->marks[scene->mark_count];
    *added = *mark;
    added->text = NULL;
    added->seen.text = "";
    if (mark->seen.text != NULL && mark->seen.text[0] != '\0') {
        added->text = traffstat_i_strdup(scene->ctx, mark->seen.text);
        if (added->text == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
        added->seen.text = added->text;
    }
    if (added->seen.type == TRAFFSTAT_MARK_CIRCLE) {
        bound_circle(added);
    }
    scene->mark_count++;
    return TRAFFSTAT_OK;
}

static void bound_path(traffstat_i_mark *mark, const traffstat_i_point *points, size_t count)
{
    mark->seen.x = mark->seen.x2 = points[0].x;
    mark->seen.y = mark->seen.y2 = points[0].y;
    for (size_t i = 1; i < count; i++) {
        mark->seen.x = fmin(mark->seen.x, points[i].x);
        mark->seen.y = fmin(mark->seen.y, points[i].y);
        mark->seen.x2 = fmax(mark->seen.x2, points[i].x);
        mark->seen.y2 = fmax(mark->seen.y2, points[i].y);
    }
}

traffstat_status traffstat_i_scene_add_path(traffstat_scene *scene, const traffstat_i_mark *mark,
                                            const traffstat_i_point *points, size_t count)
{
    if (count < 2) {
        return traffstat_i_fail(scene->ctx, TRAFFSTAT_E_INTERNAL, "a path of %zu points", count);
    }
    if (!traffstat_i_reserve(scene->ctx, &scene->points, &scene->point_capacity,
                             scene->point_count + count, sizeof *scene->points)) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_mark path = *mark;
    path.seen.type = TRAFFSTAT_MARK_PATH;
    path.first_point = scene->point_count;
    path.point_count = count;
    bound_path(&path, points, count);
    memcpy(scene->points + scene->point_count, points, count * sizeof *points);
    const traffstat_status status = traffstat_i_scene_add(scene, &path);
    if (status == TRAFFSTAT_OK) {
        scene->point_count += count;
    }
    return status;
}

/* ---- walking -------------------------------------------------------------------------------- */

bool traffstat_i_scene_next_group(const traffstat_scene *scene, traffstat_i_group *group)
{
    const size_t first = group->first_mark + group->mark_count;
    if (first >= scene->mark_count) {
        return false;
    }
    const int32_t role = scene->marks[first].seen.role;
    size_t end = first + 1;
    while (end < scene->mark_count && scene->marks[end].seen.role == role) {
        end++;
    }
    *group = (traffstat_i_group){role, first, end - first};
    return true;
}

const char *traffstat_i_role_name(int32_t role)
{
    static const char *const names[] = {
        [TRAFFSTAT_MARK_BACKGROUND] = "background",
        [TRAFFSTAT_MARK_TITLE] = "title",
        [TRAFFSTAT_MARK_SUBTITLE] = "subtitle",
        [TRAFFSTAT_MARK_NOTE] = "note",
        [TRAFFSTAT_MARK_SOURCE] = "source",
        [TRAFFSTAT_MARK_GRID] = "grid",
        [TRAFFSTAT_MARK_AXIS] = "axis",
        [TRAFFSTAT_MARK_TICK_LABEL] = "tick-label",
        [TRAFFSTAT_MARK_YEAR_LABEL] = "year-label",
        [TRAFFSTAT_MARK_OBSERVED] = "observed",
        [TRAFFSTAT_MARK_OBSERVED_LABEL] = "observed-label",
        [TRAFFSTAT_MARK_UNREPORTED] = "unreported",
        [TRAFFSTAT_MARK_INTERVAL] = "interval",
        [TRAFFSTAT_MARK_POINT] = "point",
        [TRAFFSTAT_MARK_ESTIMATE_LABEL] = "estimate-label",
        [TRAFFSTAT_MARK_LEADER] = "leader",
        [TRAFFSTAT_MARK_DIRECT_LABEL] = "direct-label",
        [TRAFFSTAT_MARK_GAP] = "gap",
        [TRAFFSTAT_MARK_GAP_LABEL] = "gap-label",
        [TRAFFSTAT_MARK_BREAK] = "break",
        [TRAFFSTAT_MARK_BREAK_LABEL] = "break-label",
        [TRAFFSTAT_MARK_SUPPRESSED] = "suppressed",
        [TRAFFSTAT_MARK_RIBBON] = "ribbon",
        [TRAFFSTAT_MARK_SERIES_LINE] = "series-line",
        [TRAFFSTAT_MARK_RULE] = "rule",
    };
    const size_t count = sizeof names / sizeof names[0];
    return role >= 0 && (size_t) role < count ? names[role] : "other";
}

/* ---- getters -------------------------------------------------------------------------------- */

double traffstat_scene_width(const traffstat_scene *scene)
{
    return scene != NULL ? scene->width : 0.0;
}

double traffstat_scene_height(const traffstat_scene *scene)
{
    return scene != NULL ? scene->height : 0.0;
}

double traffstat_scene_units_per_inch(const traffstat_scene *scene)
{
    return scene != NULL ? scene->units_per_inch : 0.0;
}

size_t traffstat_scene_marks(const traffstat_scene *scene)
{
    return scene != NULL ? scene->mark_count : 0;
}

traffstat_status traffstat_scene_mark(const traffstat_scene *scene, size_t i, traffstat_mark *out)
{
    if (scene == NULL || out == NULL || i >= scene->mark_count) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *out = scene->marks[i].seen;
    return TRAFFSTAT_OK;
}

const char *traffstat_scene_title(const traffstat_scene *scene)
{
    return scene != NULL ? scene->title : "";
}

const char *traffstat_scene_subtitle(const traffstat_scene *scene)
{
    return scene != NULL ? scene->subtitle : "";
}

const char *traffstat_scene_alt(const traffstat_scene *scene)
{
    return scene != NULL ? scene->alt : "";
}

size_t traffstat_scene_notes(const traffstat_scene *scene)
{
    return scene != NULL ? scene->note_count : 0;
}

const char *traffstat_scene_note(const traffstat_scene *scene, size_t i)
{
    return scene != NULL && i < scene->note_count ? scene->notes[i] : NULL;
}
