#include <string.h>

#include "figure/chart.h"

/* Longer ones cannot fit any page and would only cost time. */
#define TEXT_MAX 4096
#define LANGUAGE_MAX 35

traffstat_status traffstat_chart_new(traffstat_ctx *ctx, traffstat_chart **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (ctx == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    traffstat_i_enter(ctx);
    traffstat_chart *chart = traffstat_i_alloc(ctx, 1, sizeof *chart);
    if (chart == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    chart->ctx = ctx;
    chart->size = traffstat_i_size_find(ctx, NULL);
    chart->theme = traffstat_i_theme_find(ctx, NULL);
    chart->title = traffstat_i_strdup(ctx, "");
    chart->source = traffstat_i_strdup(ctx, "");
    chart->font_regular = traffstat_i_strdup(ctx, "");
    chart->font_bold = traffstat_i_strdup(ctx, "");
    chart->language = traffstat_i_strdup(ctx, "en");
    if (chart->title == NULL || chart->source == NULL || chart->font_regular == NULL ||
        chart->font_bold == NULL || chart->language == NULL) {
        traffstat_chart_free(chart);
        return TRAFFSTAT_E_NOMEM;
    }
    *out = chart;
    return TRAFFSTAT_OK;
}

void traffstat_chart_free(traffstat_chart *chart)
{
    if (chart == NULL) {
        return;
    }
    traffstat_ctx *ctx = chart->ctx;
    traffstat_i_free(ctx, chart->title);
    traffstat_i_free(ctx, chart->source);
    traffstat_i_free(ctx, chart->font_regular);
    traffstat_i_free(ctx, chart->font_bold);
    traffstat_i_free(ctx, chart->language);
    traffstat_i_free(ctx, chart);
}

static traffstat_status check(traffstat_ctx *ctx, const traffstat_chart *chart)
{
    if (ctx == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    traffstat_i_enter(ctx);
    if (chart == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "chart is NULL");
    }
    return TRAFFSTAT_OK;
}

static traffstat_status replace(traffstat_ctx *ctx, traffstat_chart *chart, char **field,
                                const char *what, const char *text)
{
    const char *const given = text != NULL ? text : "";
    const size_t size = strlen(given);
    if (!traffstat_i_utf8_valid(given, size)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the %s is not UTF-8", what);
    }
    if (size > TEXT_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the %s has %zu bytes: at most %d can be drawn", what, size,
                                TEXT_MAX);
    }
    char *copy = traffstat_i_strdup(chart->ctx, given);
    if (copy == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    traffstat_i_free(chart->ctx, *field);
    *field = copy;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_chart_set_size(traffstat_ctx *ctx, traffstat_chart *chart,
                                          const char *preset)
{
    const traffstat_status status = check(ctx, chart);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_i_size *const size = traffstat_i_size_find(ctx, preset);
    if (size == NULL) {
        return TRAFFSTAT_E_NOTFOUND;
    }
    chart->size = size;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_chart_set_theme(traffstat_ctx *ctx, traffstat_chart *chart,
                                           const char *theme)
{
    const traffstat_status status = check(ctx, chart);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const traffstat_i_theme *const found = traffstat_i_theme_find(ctx, theme);
    if (found == NULL) {
        return TRAFFSTAT_E_NOTFOUND;
    }
    chart->theme = found;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_chart_set_title(traffstat_ctx *ctx, traffstat_chart *chart,
                                           const char *text)
{
    const traffstat_status status = check(ctx, chart);
    return status != TRAFFSTAT_OK ? status : replace(ctx, chart, &chart->title, "title", text);
}

traffstat_status traffstat_chart_set_source(traffstat_ctx *ctx, traffstat_chart *chart,
                                            const char *text)
{
    const traffstat_status status = check(ctx, chart);
    return status != TRAFFSTAT_OK ? status : replace(ctx, chart, &chart->source, "source", text);
}

traffstat_status traffstat_chart_set_fonts(traffstat_ctx *ctx, traffstat_chart *chart,
                                           const char *regular, const char *bold)
{
    traffstat_status status = check(ctx, chart);
    if (status == TRAFFSTAT_OK) {
        status = replace(ctx, chart, &chart->font_regular, "font path", regular);
    }
    if (status == TRAFFSTAT_OK) {
        status = replace(ctx, chart, &chart->font_bold, "font path", bold);
    }
    return status;
}

/* The letters of a BCP 47 tag; its grammar is the shaper's business. */
static bool is_language(const char *tag)
{
    const size_t size = strlen(tag);
    for (size_t i = 0; i < size; i++) {
        const char c = traffstat_i_lower(tag[i]);
        if (!(c >= 'a' && c <= 'z') && !traffstat_i_is_digit(c) && !(c == '-' && i > 0)) {
            return false;
        }
    }
    return size >= 2 && size <= LANGUAGE_MAX && tag[size - 1] != '-';
}

traffstat_status traffstat_chart_set_language(traffstat_ctx *ctx, traffstat_chart *chart,
                                              const char *language)
{
    const traffstat_status status = check(ctx, chart);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const char *const tag = language != NULL && language[0] != '\0' ? language : "en";
    if (!is_language(tag)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "\"%s\" is not a language tag", tag);
    }
    return replace(ctx, chart, &chart->language, "language", tag);
}
