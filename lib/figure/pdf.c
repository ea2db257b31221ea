/* A scene into a tagged PDF through cairo. */
#include <cairo-pdf.h>

#include "figure/scene.h"

#define POINTS_PER_INCH 72.0
/* The same input must give the same bytes, and the library asks neither the clock nor the
 * environment: every file says this. */
#define DATE "2000-01-01T00:00:00Z"

typedef struct page {
    traffstat_ctx *ctx;
    const traffstat_scene *scene;
    traffstat_i_fonts *fonts;
    cairo_t *cr;
} page;

static cairo_status_t on_write(void *closure, const unsigned char *data, unsigned int size)
{
    traffstat_text *out = closure;
    traffstat_i_text_add_bytes(out, data, size);
    return out->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* ---- structure ------------------------------------------------------------------------------ */

typedef enum part { PART_GROUND, PART_HEAD, PART_FIGURE, PART_FOOT } part;

/* Texts around the figure are read as texts; no text overlaps another mark but the ground, so that
 * drawing in this order changes nothing. */
static part part_of(int32_t role)
{
    switch (role) {
    case TRAFFSTAT_MARK_BACKGROUND:
    case TRAFFSTAT_MARK_RULE:
        return PART_GROUND;
    case TRAFFSTAT_MARK_TITLE:
    case TRAFFSTAT_MARK_SUBTITLE:
        return PART_HEAD;
    case TRAFFSTAT_MARK_NOTE:
    case TRAFFSTAT_MARK_SOURCE:
        return PART_FOOT;
    default:
        return PART_FIGURE;
    }
}

/* Draws the groups of one part; those of head and foot in tags of their own. */
static traffstat_status draw_part(page *p, part which)
{
    traffstat_i_group group = {0};
    traffstat_status status = TRAFFSTAT_OK;
    while (status == TRAFFSTAT_OK && traffstat_i_scene_next_group(p->scene, &group)) {
        if (part_of(group.role) != which) {
            continue;
        }
        const char *tag = NULL;
        if (which == PART_HEAD || which == PART_FOOT) {
            tag = group.role == TRAFFSTAT_MARK_TITLE ? "H1" : "P";
            cairo_tag_begin(p->cr, tag, NULL);
        }
        status = traffstat_i_draw_marks(p->ctx, p->scene, p->fonts, p->cr, group.first_mark,
                                        group.mark_count);
        if (tag != NULL) {
            cairo_tag_end(p->cr, tag);
        }
    }
    return status;
}

static traffstat_status draw_page(page *p)
{
    const double scale = POINTS_PER_INCH / p->scene->units_per_inch;
    cairo_scale(p->cr, scale, scale);
    traffstat_status status = draw_part(p, PART_GROUND); /* outside the structure */
    cairo_tag_begin(p->cr, "Document", NULL);
    if (status == TRAFFSTAT_OK) {
        status = draw_part(p, PART_HEAD);
    }
    cairo_tag_begin(p->cr, "Figure",
                    NULL); /* one piece: cairo marks no content beside inner tags */
    if (status == TRAFFSTAT_OK) {
        status = draw_part(p, PART_FIGURE);
    }
    cairo_tag_end(p->cr, "Figure");
    if (status == TRAFFSTAT_OK) {
        status = draw_part(p, PART_FOOT);
    }
    cairo_tag_end(p->cr, "Document");
    cairo_show_page(p->cr);
    return status != TRAFFSTAT_OK ? status
                                  : traffstat_i_cairo_status(p->ctx, (int) cairo_status(p->cr));
}

/* ---- the file ------------------------------------------------------------------------------- */

static void set_metadata(cairo_surface_t *surface, const traffstat_scene *scene)
{
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, scene->title);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, scene->subtitle);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR,
                                   "libtraffstat " TRAFFSTAT_VERSION);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, DATE);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, DATE);
}

static traffstat_status draw_file(page *p, traffstat_text *out)
{
    const double scale = POINTS_PER_INCH / p->scene->units_per_inch;
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(
        on_write, out, p->scene->width * scale, p->scene->height * scale);
    cairo_pdf_surface_restrict_to_version(surface, CAIRO_PDF_VERSION_1_4); /* no packed objects */
    set_metadata(surface, p->scene);
    p->cr = cairo_create(surface);
    traffstat_status status = draw_page(p);
    cairo_destroy(p->cr);
    cairo_surface_finish(surface);
    const cairo_status_t finished = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (out->failed) {
        return TRAFFSTAT_E_NOMEM;
    }
    return status != TRAFFSTAT_OK ? status : traffstat_i_cairo_status(p->ctx, (int) finished);
}

traffstat_status traffstat_i_write_pdf(traffstat_ctx *ctx, const traffstat_scene *scene,
                                       traffstat_text *out)
{
    page p = {.ctx = ctx, .scene = scene};
    traffstat_status status = traffstat_i_scene_fonts(ctx, scene, &p.fonts);
    if (status == TRAFFSTAT_OK) {
        status = draw_file(&p, out);
        traffstat_i_fonts_free(p.fonts);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_pdf_describe(ctx, out, scene->alt, scene->language)
                                  : status;
}
