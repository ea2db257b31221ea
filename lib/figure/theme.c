#include <string.h>

#include "figure/theme.h"

static const traffstat_i_theme themes[] = {
    {
        .name = "light",
        .ground = 0xFFFFFFFF,
        .ink = 0x111111FF,
        .ink_soft = 0x484848FF,
        .grid = 0xDADADAFF,
        .rule = 0xC4C4C4FF,
        .axis = 0x484848FF,
        .observed = 0x12436DFF,
        .on_observed = 0xFFFFFFFF,
        .estimate = 0xB5460FFF,
        .band = {0xFBF0E9FF, 0xF5DDCFFF, 0xEFCDBAFF},
        .band_edge = 0xCB7444FF,
        .hatch = 0.42,
    },
    {
        .name = "grey",
        .ground = 0xFFFFFFFF,
        .ink = 0x000000FF,
        .ink_soft = 0x3C3C3CFF,
        .grid = 0xD8D8D8FF,
        .rule = 0xBEBEBEFF,
        .axis = 0x3C3C3CFF,
        .observed = 0x262626FF,
        .on_observed = 0xFFFFFFFF,
        .estimate = 0x5E5E5EFF,
        .band = {0xF1F1F1FF, 0xDFDFDFFF, 0xD2D2D2FF},
        .band_edge = 0x858585FF,
        .hatch = 0.42,
    },
    {
        .name = "dark",
        .ground = 0x12171FFF,
        .ink = 0xF5F5F5FF,
        .ink_soft = 0xC6CAD1FF,
        .grid = 0x343B47FF,
        .rule = 0x4A5260FF,
        .axis = 0xC6CAD1FF,
        .observed = 0x86B9EAFF,
        .on_observed = 0x0B1622FF,
        .estimate = 0xF59B5BFF,
        .band = {0x261F1DFF, 0x38291FFF, 0x4A3222FF},
        .band_edge = 0xA8683AFF,
        .hatch = 0.42,
    },
};

/* Print presets: 300 units an inch, so that 8.5 pt are 35.4 units and 1 mm is 11.81. */
static const traffstat_i_size sizes[] = {
    {
        .name = "screen",
        .width = 1600,
        .height = 900,
        .units_per_inch = 96,
        .plot_share = 0.46,
        .margin = 48,
        .font_title = 41,
        .font_subtitle = 25,
        .font_label = 25,
        .font_tick = 23,
        .font_note = 20,
        .font_min = 12,
        .stroke = 2,
    },
    {
        .name = "slide",
        .width = 1920,
        .height = 1080,
        .units_per_inch = 96,
        .plot_share = 0.46,
        .margin = 58,
        .font_title = 50,
        .font_subtitle = 30,
        .font_label = 30,
        .font_tick = 28,
        .font_note = 24,
        .font_min = 12,
        .stroke = 2.4,
    },
    {
        .name = "card",
        .width = 1200,
        .height = 630,
        .units_per_inch = 96,
        .plot_share = 0.44,
        .margin = 36,
        .font_title = 33,
        .font_subtitle = 20,
        .font_label = 21,
        .font_tick = 19,
        .font_note = 15,
        .font_min = 12,
        .stroke = 1.8,
    },
    {
        .name = "square",
        .width = 1080,
        .height = 1080,
        .units_per_inch = 96,
        .plot_share = 0.44,
        .margin = 44,
        .font_title = 40,
        .font_subtitle = 24,
        .font_label = 24,
        .font_tick = 22,
        .font_note = 19,
        .font_min = 12,
        .stroke = 2,
    },
    {
        .name = "column",
        .width = 1004,
        .height = 0,
        .height_max = 3508,
        .units_per_inch = 300,
        .plot_share = 0.62,
        .margin = 24,
        .font_title = 46,
        .font_subtitle = 37.5,
        .font_label = 37.5,
        .font_tick = 36,
        .font_note = 35.5,
        .font_min = 35.5,
        .stroke = 3,
        .labels_below = true,
    },
    {
        .name = "wide",
        .width = 2126,
        .height = 0,
        .height_max = 3508,
        .units_per_inch = 300,
        .plot_share = 0.36,
        .margin = 36,
        .font_title = 56,
        .font_subtitle = 39,
        .font_label = 39,
        .font_tick = 37,
        .font_note = 35.5,
        .font_min = 35.5,
        .stroke = 3,
    },
};

#define THEME_COUNT (sizeof themes / sizeof themes[0])
#define SIZE_COUNT (sizeof sizes / sizeof sizes[0])

const traffstat_i_theme *traffstat_i_theme_find(traffstat_ctx *ctx, const char *name)
{
    if (name == NULL || name[0] == '\0') {
        return &themes[0];
    }
    for (size_t i = 0; i < THEME_COUNT; i++) {
        if (strcmp(themes[i].name, name) == 0) {
            return &themes[i];
        }
    }
    traffstat_i_fail(ctx, TRAFFSTAT_E_NOTFOUND, "no theme \"%s\": there are light, grey, dark",
                     name);
    return NULL;
}

const traffstat_i_size *traffstat_i_size_find(traffstat_ctx *ctx, const char *name)
{
    if (name == NULL || name[0] == '\0') {
        return &sizes[0];
    }
    for (size_t i = 0; i < SIZE_COUNT; i++) {
        if (strcmp(sizes[i].name, name) == 0) {
            return &sizes[i];
        }
    }
    traffstat_i_fail(ctx, TRAFFSTAT_E_NOTFOUND,
                     "no size \"%s\": there are screen, slide, card, square, column, wide", name);
    return NULL;
}
