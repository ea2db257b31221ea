#include <stdio.h>
#include <string.h>

#include "command.h"

/* What a picture is made of. */
typedef struct drawing {
    input in;
    traffstat_prior *prior;
    traffstat_estimate *estimate;
    traffstat_chart *chart;
    traffstat_scene *scene;
} drawing;

static void drawing_free(drawing *of)
{
    traffstat_scene_free(of->scene);
    traffstat_chart_free(of->chart);
    traffstat_estimate_free(of->estimate);
    traffstat_prior_free(of->prior);
    input_free(&of->in);
}

/* ---- before anything is read ------------------------------------------------------------------- */

static traffstat_format format_of(const char *path)
{
    static const char *const endings[] = {".png", ".svg", ".pdf"};
    const size_t size = strlen(path);
    for (int32_t i = 0; i < 3; i++) {
        if (size > 4 && same(path + size - 4, endings[i])) {
            return TRAFFSTAT_FORMAT_PNG + i;
        }
    }
    return TRAFFSTAT_FORMAT_BY_NAME;
}

static int check_output(const options *given)
{
    struct {
        const char *name;
    } const devices[] = {{"/dev/full"}, {"/dev/null"}, {"/dev/stdout"}};
    for (size_t i = 0; i < sizeof devices / sizeof devices[0]; i++) {
        if (strcmp(given->output, devices[i].name) == 0) {
            return EXIT_DONE;
        }
    }
    if (format_of(given->output) == TRAFFSTAT_FORMAT_BY_NAME) {
        return usage("\"%s\" names no format: end it in .png, .svg or .pdf", given->output);
    }
    return EXIT_DONE;
}

/* A name without an ending can only be a device: it gets a PNG. */
static traffstat_format output_format(const options *given)
{
    const traffstat_format format = format_of(given->output);
    return format == TRAFFSTAT_FORMAT_BY_NAME ? TRAFFSTAT_FORMAT_PNG : format;
}

/* ---- the series -------------------------------------------------------------------------------- */

#define NAMED 4

static int check_single(const traffstat_panel *panel)
{
    char list[1024] = "";
    const size_t count = traffstat_panel_series(panel);
    if (count == 1) {
        return EXIT_DONE;
    }
    for (size_t i = 0; i < count && i < NAMED; i++) {
        char name[200];
        const size_t used = strlen(list);
        series_name(panel, i, name, sizeof name);
        (void) snprintf(list + used, sizeof list - used, "%s\"%s\"", i > 0 ? ", " : "", name);
    }
    say("a chart shows one series and %zu fit; pick one with --where %s=NAME: %s%s", count,
        series_key(panel), list, count > NAMED ? ", …" : "");
    return EXIT_USAGE;
}

static int load(const command *session, drawing *to)
{
    int result = check_output(session->options);
    if (result == EXIT_DONE && prior_given(session->options)) {
        result = prior_load(session, &to->prior);
    }
    if (result == EXIT_DONE) {
        result = input_read(session, &to->in);
    }
    if (result == EXIT_DONE) {
        result = input_select(session, &to->in);
    }
    if (result == EXIT_DONE) {
        result = check_single(to->in.selected);
    }
    if (result == EXIT_DONE) {
        result = input_check_lost(session, &to->in);
    }
    if (result == EXIT_DONE && to->prior != NULL) {
        result = estimate_make(session, to->in.selected, to->prior, &to->estimate);
    }
    return result;
}

/* ---- the picture ------------------------------------------------------------------------------- */

/* What --lenient let pass is printed under the figure. */
static traffstat_status set_source(const command *session, const drawing *to)
{
    char text[2048];
    const options *given = session->options;
    const char *source =
        given->source != NULL ? given->source : traffstat_panel_source(to->in.selected, 0);
    if (to->in.lost == 0) {
        return given->source == NULL ? TRAFFSTAT_OK
                                     : traffstat_chart_set_source(session->ctx, to->chart, source);
    }
    const size_t size = strlen(source);
    const char *stop = size == 0 ? "" : source[size - 1] == '.' ? " " : ". ";
    (void) snprintf(text, sizeof text, "%s%s%lld %s of the file could not be used", source, stop,
                    (long long) to->in.lost, to->in.lost == 1 ? "record" : "records");
    return traffstat_chart_set_source(session->ctx, to->chart, text);
}

typedef traffstat_status (*set_fn)(traffstat_ctx *ctx, traffstat_chart *chart, const char *value);

static traffstat_status set_chart(const command *session, const drawing *to)
{
    const options *given = session->options;
    const struct {
        set_fn set;
        const char *value;
    } settings[] = {{traffstat_chart_set_size, given->size},
                    {traffstat_chart_set_theme, given->theme},
                    {traffstat_chart_set_title, given->title},
                    {traffstat_chart_set_language, given->language}};
    traffstat_status status = set_source(session, to);
    for (size_t i = 0; i < sizeof settings / sizeof settings[0] && status == TRAFFSTAT_OK; i++) {
        if (settings[i].value != NULL) {
            status = settings[i].set(session->ctx, to->chart, settings[i].value);
        }
    }
    if (status == TRAFFSTAT_OK && given->font != NULL) {
        status =
            traffstat_chart_set_fonts(session->ctx, to->chart, given->font,
                                      given->font_bold != NULL ? given->font_bold : given->font);
    }
    return status;
}

static traffstat_status draw(const command *session, drawing *to)
{
    traffstat_ctx *ctx = session->ctx;
    const traffstat_panel *panel = to->in.selected;
    traffstat_change change;
    traffstat_status status =
        traffstat_rate_change(ctx, panel, 0, 0, 0, session->options->level, &change);
    const bool has_change = status == TRAFFSTAT_OK;
    if (status == TRAFFSTAT_OK || status == TRAFFSTAT_E_NODATA) { /* one year has no change */
        status = traffstat_chart_new(ctx, &to->chart);
    }
    if (status == TRAFFSTAT_OK) {
        status = set_chart(session, to);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_trend(ctx, panel, 0, to->estimate, has_change ? &change : NULL,
                                       to->chart, &to->scene);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_scene_write(ctx, to->scene, session->options->output,
                                       output_format(session->options));
    }
    return status;
}

/* ---- the answer -------------------------------------------------------------------------------- */

static int print_json(const command *session, const drawing *to)
{
    traffstat_text *text = NULL;
    const char *file = session->options->output;
    const traffstat_status status = traffstat_scene_json(
        session->ctx, to->scene, file, output_format(session->options), to->estimate, &text);
    const int result = status == TRAFFSTAT_OK ? print_text(text) : failure(session, status);
    traffstat_text_free(text);
    return result;
}

static int print_plain(const command *session, const drawing *to)
{
    char line[2048];
    (void) snprintf(line, sizeof line, "%s (%.0f × %.0f): %s", session->options->output,
                    traffstat_scene_width(to->scene), traffstat_scene_height(to->scene),
                    traffstat_scene_title(to->scene));
    return print_line(line);
}

int run_chart(const command *session)
{
    drawing to = {0};
    int result = load(session, &to);
    if (result == EXIT_DONE && to.estimate != NULL) {
        result = estimate_status(to.estimate); /* no picture of a number that does not exist */
    }
    if (result == EXIT_DONE) {
        const traffstat_status status = draw(session, &to);
        result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    }
    if (result == EXIT_DONE) {
        result = session->options->json ? print_json(session, &to) : print_plain(session, &to);
    }
    drawing_free(&to);
    return result;
}
