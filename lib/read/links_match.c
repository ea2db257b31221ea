/* Places of links: found in a panel by key or name, and made into pairs that no order of a file can
 * change. */
#include <stdlib.h>
#include <string.h>

#include "read/links.h"

#define FOLDED 256

/* ---- finding --------------------------------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
    const traffstat_i_place_ref *x = a;
    const traffstat_i_place_ref *y = b;
    const int order = strcmp(x->text, y->text);
    return order != 0 ? order : (x->series > y->series) - (x->series < y->series);
}

static void add_ref(traffstat_i_place_index *to, const char *text, size_t series)
{
    if (text[0] != '\0') {
        to->refs[to->count++] = (traffstat_i_place_ref){text, series};
    }
}

static void sort_refs(traffstat_i_place_index *of)
{
    if (of->count > 0) {
        qsort(of->refs, of->count, sizeof *of->refs, by_text);
    }
}

static void fold_names(const traffstat_panel *panel, traffstat_i_finder *out, size_t *starts)
{
    static const char end = '\0';
    char folded[FOLDED];
    for (size_t i = 0; i < traffstat_panel_series(panel); i++) {
        const size_t size = traffstat_i_fold(
            traffstat_i_slice_of(traffstat_panel_jurisdiction(panel, i)), folded, sizeof folded);
        starts[i] = out->arena.size;
        traffstat_i_text_add_bytes(&out->arena, folded, size);
        traffstat_i_text_add_bytes(&out->arena, &end, 1);
    }
}

traffstat_status traffstat_i_finder_open(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         traffstat_i_finder *out)
{
    const size_t series = traffstat_panel_series(panel);
    *out = (traffstat_i_finder){.ctx = ctx};
    traffstat_i_text_init(&out->arena, ctx);
    out->keys.refs = traffstat_i_alloc(ctx, series, sizeof *out->keys.refs);
    out->names.refs = traffstat_i_alloc(ctx, series, sizeof *out->names.refs);
    size_t *starts = traffstat_i_alloc(ctx, series, sizeof *starts);
    bool made = out->keys.refs != NULL && out->names.refs != NULL && starts != NULL;
    if (made) {
        fold_names(panel, out, starts);
        made = !out->arena.failed;
    }
    for (size_t i = 0; i < series && made; i++) {
        add_ref(&out->keys, traffstat_panel_key(panel, i), i);
        add_ref(&out->names, traffstat_i_text_get(&out->arena) + starts[i], i);
    }
    sort_refs(&out->keys);
    sort_refs(&out->names);
    traffstat_i_free(ctx, starts);
    return made ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

void traffstat_i_finder_close(traffstat_i_finder *places)
{
    traffstat_i_free(places->ctx, places->keys.refs);
    traffstat_i_free(places->ctx, places->names.refs);
    traffstat_i_text_clear(&places->arena);
}

/* As strcmp, of a text that may hold anything. */
static int compare(const char *text, traffstat_i_slice with)
{
    const size_t size = strlen(text);
    const int order = memcmp(text, with.data, size < with.size ? size : with.size);
    return order != 0 ? order : (size > with.size) - (size < with.size);
}

static size_t look_up(const traffstat_i_place_index *in, traffstat_i_slice text)
{
    size_t low = 0;
    size_t high = in->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (compare(in->refs[middle].text, text) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low >= in->count || compare(in->refs[low].text, text) != 0) {
        return TRAFFSTAT_NONE;
    }
    const bool more = low + 1 < in->count && compare(in->refs[low + 1].text, text) == 0;
    return more ? TRAFFSTAT_I_SEVERAL : in->refs[low].series;
}

traffstat_i_place_found traffstat_i_finder_find(const traffstat_i_finder *places,
                                                traffstat_i_slice text)
{
    char folded[FOLDED];
    const size_t size = traffstat_i_fold(text, folded, sizeof folded);
    return (traffstat_i_place_found){
        .by_key = text.size > 0 ? look_up(&places->keys, text) : TRAFFSTAT_NONE,
        .by_name =
            size > 0 ? look_up(&places->names, (traffstat_i_slice){folded, size}) : TRAFFSTAT_NONE,
    };
}

size_t traffstat_i_finder_nearest(const traffstat_panel *panel, const char *text)
{
    size_t best = TRAFFSTAT_NONE;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < traffstat_panel_series(panel); i++) {
        const size_t away = traffstat_i_edit_distance(text, traffstat_i_panel_label(panel, i));
        if (away < least) {
            least = away;
            best = i;
        }
    }
    return best;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static int by_pair(const void *a, const void *b)
{
    const traffstat_i_pair *x = a;
    const traffstat_i_pair *y = b;
    if (x->low != y->low) {
        return x->low < y->low ? -1 : 1;
    }
    if (x->high != y->high) {
        return x->high < y->high ? -1 : 1;
    }
    return (x->line > y->line) - (x->line < y->line);
}

/* Past the last record of the pair at `at`; *both: it stands there in both directions. */
static size_t end_of_pair(const traffstat_i_pair *pairs, size_t count, size_t at, bool *both)
{
    size_t end = at + 1;
    *both = false;
    while (end < count && pairs[end].low == pairs[at].low && pairs[end].high == pairs[at].high) {
        *both = *both || pairs[end].back != pairs[at].back;
        end++;
    }
    return end;
}

static void collapse(const traffstat_i_pair *pairs, size_t count, traffstat_links *links,
                     traffstat_i_pair *single)
{
    size_t both_ways = 0;
    for (size_t at = 0; at < count;) {
        bool both = false;
        const size_t end = end_of_pair(pairs, count, at, &both);
        links->pairs[2 * links->count] = pairs[at].low;
        links->pairs[2 * links->count + 1] = pairs[at].high;
        links->count++;
        both_ways += both ? 1 : 0;
        if (!both) {
            single[links->one_way++] = pairs[at];
        }
        at = end;
    }
    if (both_ways == 0) {
        links->one_way = 0; /* a list that names each pair once */
    }
}

static void find_islands(traffstat_links *links, const bool *linked, size_t series)
{
    for (size_t i = 0; i < series; i++) {
        if (!linked[i]) {
            links->islands[links->island_count++] = i;
        }
    }
}

traffstat_status traffstat_i_pairs_make(traffstat_ctx *ctx, traffstat_i_pair *pairs, size_t count,
                                        size_t series, traffstat_links **out,
                                        traffstat_i_pair **single)
{
    bool *linked = traffstat_i_alloc(ctx, series, sizeof *linked);
    *single = traffstat_i_alloc(ctx, count, sizeof **single);
    *out = traffstat_i_alloc(ctx, 1, sizeof **out);
    if (*out != NULL) {
        (*out)->ctx = ctx;
        (*out)->pairs = traffstat_i_alloc(ctx, 2 * count, sizeof *(*out)->pairs);
        (*out)->islands = traffstat_i_alloc(ctx, series, sizeof *(*out)->islands);
    }
    const bool made = linked != NULL && *single != NULL && *out != NULL && (*out)->pairs != NULL &&
                      (*out)->islands != NULL;
    if (made) {
        qsort(pairs, count, sizeof *pairs, by_pair);
        collapse(pairs, count, *out, *single);
        for (size_t i = 0; i < count; i++) {
            linked[pairs[i].low] = true;
            linked[pairs[i].high] = true;
        }
        find_islands(*out, linked, series);
    }
    traffstat_i_free(ctx, linked);
    return made ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

/* ---- the links ------------------------------------------------------------------------------- */

void traffstat_links_free(traffstat_links *links)
{
    if (links == NULL) {
        return;
    }
    traffstat_i_free(links->ctx, links->pairs);
    traffstat_i_free(links->ctx, links->islands);
    traffstat_i_free(links->ctx, links);
}

size_t traffstat_links_count(const traffstat_links *links)
{
    return links != NULL ? links->count : 0;
}

const size_t *traffstat_links_pairs(const traffstat_links *links)
{
    return links != NULL ? links->pairs : NULL;
}

size_t traffstat_links_islands(const traffstat_links *links)
{
    return links != NULL ? links->island_count : 0;
}

size_t traffstat_links_island(const traffstat_links *links, size_t i)
{
    return i < traffstat_links_islands(links) ? links->islands[i] : TRAFFSTAT_NONE;
}

size_t traffstat_links_one_way(const traffstat_links *links)
{
    return links != NULL ? links->one_way : 0;
}
