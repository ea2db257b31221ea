/**
 * @file cairo.h
 * Draws a scene on a caller's cairo_t. The one header with a type of another library; the umbrella
 * leaves it out.
 */
#ifndef TRAFFSTAT_CAIRO_H
#define TRAFFSTAT_CAIRO_H

#include <cairo.h>

#include <traffstat/figure.h>

TRAFFSTAT_BEGIN

/**
 * Draws at the current origin, one page unit a user unit. The caller's state is saved and restored;
 * the caller checks cairo_status() of its own context as well.
 * @return TRAFFSTAT_OK, _E_ARGUMENT, _E_DRAW (the cairo_t is in error), _E_FONT, _E_NOMEM
 */
TRAFFSTAT_API TRAFFSTAT_MUST_CHECK
traffstat_status traffstat_scene_draw(traffstat_ctx *ctx, const traffstat_scene *scene,
                                      cairo_t *cr);

TRAFFSTAT_END

#endif
