/* Can all counts of a panel be added up? Not those of several measures or sources, and not a category
 * with one that it is a total of. */
#include <stdlib.h>
#include <string.h>

#include "table/panel.h"

typedef struct named {
    const char *text;
    bool key;
    size_t series;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a;
    const named *y = b;
    if (x->key != y->key) {
        return x->key ? 1 : -1;
    }
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

/* places[s]: number of the place of series s. false: no memory. */
static bool number_places(traffstat_ctx *ctx, const traffstat_panel *panel, size_t *places)
{
    const size_t count = traffstat_panel_series(panel);
    named *names = traffstat_i_alloc(ctx, count, sizeof *names);
    for (size_t i = 0; i < count && names != NULL; i++) {
        const char *key = traffstat_panel_key(panel, i);
        const bool keyed = key[0] != '\0';
        names[i] = (named){keyed ? key : traffstat_panel_jurisdiction(panel, i), keyed, i};
    }
    if (names == NULL) {
        return false;
    }
    qsort(names, count, sizeof *names, by_name);
    size_t number = 0;
    for (size_t i = 0; i < count; i++) {
        number += i > 0 && (names[i].key != names[i - 1].key ||
                            strcmp(names[i].text, names[i - 1].text) != 0);
        places[names[i].series] = number;
    }
    traffstat_i_free(ctx, names);
    return true;
}

static bool is_one_kind(const traffstat_panel *panel, bool *one_category)
{
    *one_category = true;
    for (size_t i = 1; i < traffstat_panel_series(panel); i++) {
        if (strcmp(traffstat_panel_measure(panel, i), traffstat_panel_measure(panel, 0)) != 0 ||
            strcmp(traffstat_panel_source(panel, i), traffstat_panel_source(panel, 0)) != 0) {
            return false;
        }
        *one_category = *one_category && strcmp(traffstat_panel_category(panel, i),
                                                traffstat_panel_category(panel, 0)) == 0;
    }
    return true;
}

traffstat_status traffstat_i_panel_has_sum(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           bool *out)
{
    bool one_category = true;
    *out = is_one_kind(panel, &one_category);
    if (!*out || one_category) {
        return TRAFFSTAT_OK;
    }
    const size_t count = traffstat_panel_series(panel);
    traffstat_i_clash clash = {false, 0, 0};
    size_t *places = traffstat_i_alloc(ctx, count, sizeof *places);
    size_t *sums = traffstat_i_alloc(ctx, count, sizeof *sums); /* all 0: one sum */
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (places != NULL && sums != NULL && number_places(ctx, panel, places)) {
        status = traffstat_i_categories_clash(ctx, panel, sums, places, &clash);
    }
    traffstat_i_free(ctx, places);
    traffstat_i_free(ctx, sums);
    *out = !clash.met;
    return status;
}
