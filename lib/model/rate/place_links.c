/* Checks of places, and who is whose neighbour. */
#include "model/rate/place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

traffstat_status traffstat_i_places_check(traffstat_ctx *ctx, const double *cases,
                                          const double *expected, size_t n, size_t least)
{
    if (cases == NULL || expected == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "cases and expected cases must be given");
    }
    if (n < least) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "there must be at least %zu places, and there are %zu", least, n);
    }
    double all = 0.0;
    for (size_t i = 0; i < n; i++) {
        if (!(cases[i] >= 0.0 && isfinite(cases[i]))) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "place %zu: cases must be 0 or more, and finite", i);
        }
        if (!(expected[i] > 0.0 && isfinite(expected[i]))) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                    "place %zu: expected cases must be positive and finite", i);
        }
        all += cases[i];
    }
    return all > 0.0 ? TRAFFSTAT_OK
                     : traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "no place has a case");
}

/* ---- links ----------------------------------------------------------------------------------- */

static traffstat_status check_link(traffstat_ctx *ctx, const traffstat_neighbours *given, size_t n,
                                   size_t link)
{
    const size_t from = given->from[link];
    const size_t to = given->to[link];
    if (from >= n || to >= n) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "link %zu is from %zu to %zu, but there are only %zu places, "
                                "counted from 0: does the adjacency belong to these places?",
                                link, from, to, n);
    }
    if (from == to) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT,
                                "link %zu makes place %zu its own neighbour", link, from);
    }
    if (given->weight != NULL && !(given->weight[link] > 0.0 && isfinite(given->weight[link]))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "link %zu: a weight must be positive and finite", link);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status check_links(traffstat_ctx *ctx, const traffstat_neighbours *given, size_t n)
{
    if (given == NULL || given->count == 0 || given->from == NULL || given->to == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the neighbours of places must be given");
    }
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t link = 0; link < given->count && status == TRAFFSTAT_OK; link++) {
        status = check_link(ctx, given, n, link);
    }
    return status;
}

/* By place, in the order given. */
static void sort_links(traffstat_i_links *links, const traffstat_neighbours *given)
{
    for (size_t link = 0; link < given->count; link++) {
        links->start[given->from[link] + 1]++;
    }
    for (size_t i = 0; i < links->n; i++) {
        links->start[i + 1] += links->start[i];
    }
    for (size_t link = 0; link < given->count; link++) {
        const size_t at = links->start[given->from[link]]++; /* moved on; put back below */
        links->to[at] = given->to[link];
        links->weight[at] = given->weight != NULL ? given->weight[link] : 1.0;
    }
    for (size_t i = links->n; i > 0; i--) {
        links->start[i] = links->start[i - 1];
    }
    links->start[0] = 0;
}

/* seen[j] = i + 1: place i has met j already. */
static traffstat_status refuse_twice(const traffstat_i_links *links, size_t *seen)
{
    for (size_t i = 0; i < links->n; i++) {
        for (size_t at = links->start[i]; at < links->start[i + 1]; at++) {
            const size_t j = links->to[at];
            if (seen[j] == i + 1) {
                return traffstat_i_fail(links->ctx, TRAFFSTAT_E_CONFLICT,
                                        "the link from place %zu to place %zu is given twice", i,
                                        j);
            }
            seen[j] = i + 1;
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_links_init(traffstat_ctx *ctx, traffstat_i_links *links,
                                        const traffstat_neighbours *neighbours, size_t n)
{
    *links = (traffstat_i_links){.ctx = ctx, .n = n};
    traffstat_status status = check_links(ctx, neighbours, n);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    links->start = traffstat_i_alloc(ctx, n + 1, sizeof *links->start);
    links->to = traffstat_i_alloc(ctx, neighbours->count, sizeof *links->to);
    links->weight = traffstat_i_alloc(ctx, neighbours->count, sizeof *links->weight);
    size_t *seen = traffstat_i_alloc(ctx, n, sizeof *seen);
    if (links->start == NULL || links->to == NULL || links->weight == NULL || seen == NULL) {
        status = TRAFFSTAT_E_NOMEM;
    } else {
        sort_links(links, neighbours);
        status = refuse_twice(links, seen);
    }
    traffstat_i_free(ctx, seen);
    if (status != TRAFFSTAT_OK) {
        traffstat_i_links_clear(links);
    }
    return status;
}

void traffstat_i_links_clear(traffstat_i_links *links)
{
    traffstat_i_free(links->ctx, links->start);
    traffstat_i_free(links->ctx, links->to);
    traffstat_i_free(links->ctx, links->weight);
    links->start = NULL;
    links->to = NULL;
    links->weight = NULL;
}

/* ---- keys ------------------------------------------------------------------------------------ */

typedef struct keyed {
    const char *key;
    size_t place;
} keyed;

static int compare_keys(const void *a, const void *b)
{
    return strcmp(((const keyed *) a)->key, ((const keyed *) b)->key);
}

typedef struct pair {
    size_t from;
    size_t to;
    size_t link;
} pair;

static int compare_pairs(const void *a, const void *b)
{
    const pair *left = a;
    const pair *right = b;
    if (left->from != right->from) {
        return left->from < right->from ? -1 : 1;
    }
    return left->to < right->to ? -1 : left->to > right->to ? 1 : 0;
}

static traffstat_status sort_keys(traffstat_ctx *ctx, const char *const *keys, size_t n,
                                  keyed *sorted)
{
    for (size_t i = 0; i < n; i++) {
        if (keys[i] == NULL) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "place %zu has no key", i);
        }
        sorted[i] = (keyed){keys[i], i};
    }
    qsort(sorted, n, sizeof *sorted, compare_keys);
    for (size_t i = 1; i < n; i++) {
        if (strcmp(sorted[i - 1].key, sorted[i].key) == 0) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT, "two places have the key \"%s\"",
                                    sorted[i].key);
        }
    }
    return TRAFFSTAT_OK;
}

static traffstat_status find_key(traffstat_ctx *ctx, const keyed *sorted, size_t n, const char *key,
                                 size_t link, size_t *place)
{
    if (key == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "link %zu has no key", link);
    }
    const keyed wanted = {key, 0};
    const keyed *found = bsearch(&wanted, sorted, n, sizeof *sorted, compare_keys);
    if (found == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOTFOUND,
                                "link %zu: there is no place with the key \"%s\"", link, key);
    }
    *place = found->place;
    return TRAFFSTAT_OK;
}

static traffstat_status find_pairs(traffstat_ctx *ctx, const keyed *sorted, size_t n,
                                   const char *const *from_keys, const char *const *to_keys,
                                   size_t count, pair *pairs)
{
    for (size_t link = 0; link < count; link++) {
        pair *one = &pairs[link];
        one->link = link;
        traffstat_status status = find_key(ctx, sorted, n, from_keys[link], link, &one->from);
        if (status == TRAFFSTAT_OK) {
            status = find_key(ctx, sorted, n, to_keys[link], link, &one->to);
        }
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        if (one->from == one->to) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT,
                                    "link %zu makes \"%s\" its own neighbour", link,
                                    from_keys[link]);
        }
    }
    qsort(pairs, count, sizeof *pairs, compare_pairs);
    for (size_t i = 1; i < count; i++) {
        if (compare_pairs(&pairs[i - 1], &pairs[i]) == 0) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_CONFLICT,
                                    "the link from \"%s\" to \"%s\" is given twice",
                                    from_keys[pairs[i].link], to_keys[pairs[i].link]);
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_neighbours_match(traffstat_ctx *ctx, const char *const *keys, size_t n,
                                            const char *const *from_keys,
                                            const char *const *to_keys, size_t count, size_t *from,
                                            size_t *to)
{
    traffstat_i_enter(ctx);
    if (keys == NULL || from_keys == NULL || to_keys == NULL || from == NULL || to == NULL ||
        n == 0 || count == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "keys of places and of links, and room for both ends, must be "
                                "given");
    }
    keyed *sorted = traffstat_i_alloc(ctx, n, sizeof *sorted);
    pair *pairs = traffstat_i_alloc(ctx, count, sizeof *pairs);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (sorted != NULL && pairs != NULL) {
        status = sort_keys(ctx, keys, n, sorted);
    }
    if (status == TRAFFSTAT_OK) {
        status = find_pairs(ctx, sorted, n, from_keys, to_keys, count, pairs);
    }
    for (size_t i = 0; status == TRAFFSTAT_OK && i < count; i++) {
        from[pairs[i].link] = pairs[i].from;
        to[pairs[i].link] = pairs[i].to;
    }
    traffstat_i_free(ctx, pairs);
    traffstat_i_free(ctx, sorted);
    return status;
}
