/* Hierarchical models: from generators to terms, as people write them, and all of them. */
#include <stdlib.h>
#include <string.h>

#include "model/overlap/engine.h"

static int compare_u16(const void *a, const void *b)
{
    return traffstat_i_compare_terms(*(const uint16_t *) a, *(const uint16_t *) b);
}

size_t traffstat_i_close_terms(size_t lists, const uint32_t *generators, size_t count,
                               uint16_t *out)
{
    bool in[TRAFFSTAT_I_CELLS_MAX] = {false};
    in[0] = true;
    for (size_t i = 0; i < lists; i++) {
        in[(size_t) 1 << i] = true;
    }
    for (size_t g = 0; g < count; g++) {
        for (uint32_t sub = generators[g]; sub != 0; sub = (sub - 1) & generators[g]) {
            in[sub] = true;
        }
    }
    size_t terms = 0;
    for (size_t w = 0; w < (size_t) 1 << lists; w++) {
        if (in[w]) {
            out[terms++] = (uint16_t) w;
        }
    }
    qsort(out, terms, sizeof *out, compare_u16);
    return terms;
}

bool traffstat_i_has_term(traffstat_i_terms model, uint32_t mask)
{
    for (size_t i = 0; i < model.count; i++) {
        if (model.term[i] == mask) {
            return true;
        }
    }
    return false;
}

size_t traffstat_i_model_order(traffstat_i_terms model)
{
    size_t order = 0;
    for (size_t i = 0; i < model.count; i++) {
        const size_t bits = traffstat_i_bits(model.term[i]);
        order = bits > order ? bits : order;
    }
    return order;
}

/* ---- as people write them -------------------------------------------------------------------- */

static const char *trim(const char *text, size_t *size)
{
    while (*size > 0 && traffstat_i_is_space(text[0])) {
        text++;
        (*size)--;
    }
    while (*size > 0 && traffstat_i_is_space(text[*size - 1])) {
        (*size)--;
    }
    return text;
}

static traffstat_status unknown_list(traffstat_ctx *ctx, const char *text, size_t size,
                                     const char *const *names, size_t lists)
{
    char said[128];
    const size_t kept = size < sizeof said - 1 ? size : sizeof said - 1;
    memcpy(said, text, kept);
    said[kept] = '\0';
    size_t nearest = 0;
    for (size_t i = 1; i < lists; i++) {
        if (traffstat_i_edit_distance(said, names[i]) <
            traffstat_i_edit_distance(said, names[nearest])) {
            nearest = i;
        }
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                            "the model names \"%s\", which is no list; the nearest is \"%s\"", said,
                            names[nearest]);
}

static traffstat_status add_list(traffstat_ctx *ctx, const char *text, size_t size,
                                 const char *const *names, size_t lists, uint32_t *mask)
{
    text = trim(text, &size);
    for (size_t i = 0; i < lists; i++) {
        if (strlen(names[i]) == size && memcmp(names[i], text, size) == 0) {
            const uint32_t bit = (uint32_t) 1 << i;
            if ((*mask & bit) != 0) {
                return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                        "the model names the list \"%s\" twice in one term",
                                        names[i]);
            }
            *mask |= bit;
            return TRAFFSTAT_OK;
        }
    }
    return size == 0 ? traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                        "the model has an empty place where a list should stand")
                     : unknown_list(ctx, text, size, names, lists);
}

static traffstat_status read_term(traffstat_ctx *ctx, const char *text, size_t size,
                                  const char *const *names, size_t lists, uint32_t *mask)
{
    traffstat_status status = TRAFFSTAT_OK;
    *mask = 0;
    while (status == TRAFFSTAT_OK) {
        const char *colon = memchr(text, ':', size);
        const size_t length = colon != NULL ? (size_t) (colon - text) : size;
        status = add_list(ctx, text, length, names, lists, mask);
        if (colon == NULL) {
            break;
        }
        text += length + 1;
        size -= length + 1;
    }
    return status;
}

traffstat_status traffstat_i_parse_model(traffstat_ctx *ctx, const char *text,
                                         const char *const *names, size_t lists, uint16_t *out,
                                         size_t *count)
{
    bool seen[TRAFFSTAT_I_CELLS_MAX] = {false};
    uint32_t generators[TRAFFSTAT_I_CELLS_MAX];
    size_t generator_count = 0;
    size_t size = strlen(text);
    text = trim(text, &size);
    while (size > 0) {
        const char *comma = memchr(text, ',', size);
        const size_t length = comma != NULL ? (size_t) (comma - text) : size;
        uint32_t mask = 0;
        const traffstat_status status = read_term(ctx, text, length, names, lists, &mask);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        if (!seen[mask]) {
            generators[generator_count++] = mask;
            seen[mask] = true;
        }
        if (comma == NULL) {
            break;
        }
        text += length + 1;
        size -= length + 1;
    }
    *count = traffstat_i_close_terms(lists, generators, generator_count, out);
    return TRAFFSTAT_OK;
}

static bool is_maximal(traffstat_i_terms model, size_t i)
{
    for (size_t j = i + 1; j < model.count; j++) {
        if (model.term[j] != model.term[i] && (model.term[j] & model.term[i]) == model.term[i]) {
            return false;
        }
    }
    return model.term[i] != 0;
}

void traffstat_i_print_model(traffstat_text *text, traffstat_i_terms model,
                             const char *const *names, size_t lists)
{
    bool first = true;
    for (size_t order = lists; order > 0; order--) {
        for (size_t i = 0; i < model.count; i++) {
            if (traffstat_i_bits(model.term[i]) != order || !is_maximal(model, i)) {
                continue;
            }
            const char *separator = first ? "" : ",";
            for (size_t list = 0; list < lists; list++) {
                if ((model.term[i] >> list & 1u) != 0) {
                    traffstat_i_text_add(text, separator);
                    traffstat_i_text_add(text, names[list]);
                    separator = ":";
                }
            }
            first = false;
        }
    }
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* A walk over the candidates, taking each or leaving it; a candidate may be taken only when all
 * terms just below it are in. */
typedef struct walk {
    uint16_t candidate[TRAFFSTAT_I_CELLS_MAX];
    size_t candidates;
    bool in[TRAFFSTAT_I_CELLS_MAX];
    uint16_t taken[TRAFFSTAT_I_CELLS_MAX];
    size_t lists;
    size_t most;
    size_t found;
    size_t *of_size; /* [cells + 1] how many models have so many interactions; NULL: storing */
    size_t *next;    /* [cells + 1] where the next one of a size goes */
    traffstat_i_model_set *set;
} walk;

static bool may_enter(const walk *w, uint32_t term)
{
    for (uint32_t rest = term; rest != 0; rest &= rest - 1) {
        if (!w->in[term & ~(rest & (~rest + 1u))]) {
            return false;
        }
    }
    return true;
}

static void store(walk *w, size_t taken)
{
    const size_t slot = w->next[taken]++;
    const size_t base = w->lists + 1;
    uint16_t *to = w->set->pool + w->set->start[slot];
    to[0] = 0;
    for (size_t i = 0; i < w->lists; i++) {
        to[i + 1] = (uint16_t) (1u << i);
    }
    memcpy(to + base, w->taken, taken * sizeof *to);
}

/* Depth first with the candidate taken before it is left: of one size, 12 comes before 13. */
static void visit(walk *w, size_t at, size_t taken)
{
    while (at < w->candidates && !may_enter(w, w->candidate[at])) {
        at++;
    }
    if (w->found > w->most) {
        return;
    }
    if (at == w->candidates) {
        w->found++;
        if (w->set != NULL) {
            store(w, taken);
        } else {
            w->of_size[taken]++;
        }
        return;
    }
    w->in[w->candidate[at]] = true;
    w->taken[taken] = w->candidate[at];
    visit(w, at + 1, taken + 1);
    w->in[w->candidate[at]] = false;
    visit(w, at + 1, taken);
}

static void list_candidates(walk *w, size_t order)
{
    w->in[0] = true;
    for (size_t mask = 1; mask < (size_t) 1 << w->lists; mask++) {
        const size_t bits = traffstat_i_bits((uint32_t) mask);
        if (bits == 1) {
            w->in[mask] = true;
        } else if (bits <= order) {
            w->candidate[w->candidates++] = (uint16_t) mask;
        }
    }
    qsort(w->candidate, w->candidates, sizeof *w->candidate, compare_u16);
}

/* Sizes of the models are known: places are given, then they are walked once more. */
static traffstat_status store_all(traffstat_ctx *ctx, walk *w, traffstat_i_model_set *out)
{
    const size_t base = w->lists + 1;
    size_t words = 0;
    for (size_t taken = 0; taken <= w->candidates; taken++) {
        words += w->of_size[taken] * (base + taken);
    }
    out->start = traffstat_i_alloc(ctx, w->found + 1, sizeof *out->start);
    out->pool = traffstat_i_alloc(ctx, words, sizeof *out->pool);
    if (out->start == NULL || out->pool == NULL) {
        traffstat_i_model_set_free(ctx, out);
        return TRAFFSTAT_E_NOMEM;
    }
    size_t slot = 0;
    for (size_t taken = 0; taken <= w->candidates; taken++) {
        w->next[taken] = slot;
        for (size_t i = 0; i < w->of_size[taken]; i++) {
            out->start[slot + 1] = out->start[slot] + base + taken;
            slot++;
            out->widest = base + taken;
        }
    }
    out->count = slot;
    w->found = 0;
    w->set = out;
    visit(w, 0, 0);
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_all_models(traffstat_ctx *ctx, size_t lists, size_t order, size_t most,
                                        traffstat_i_model_set *out)
{
    *out = (traffstat_i_model_set){0};
    walk *w = traffstat_i_alloc(ctx, 1, sizeof *w);
    size_t *sizes = traffstat_i_alloc(ctx, 2 * (TRAFFSTAT_I_CELLS_MAX + 1), sizeof *sizes);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (w != NULL && sizes != NULL) {
        w->lists = lists;
        w->most = most;
        w->of_size = sizes;
        w->next = sizes + TRAFFSTAT_I_CELLS_MAX + 1;
        list_candidates(w, order);
        visit(w, 0, 0);
        status = w->found > most ? TRAFFSTAT_E_LIMIT : store_all(ctx, w, out);
    }
    traffstat_i_free(ctx, sizes);
    traffstat_i_free(ctx, w);
    return status;
}

void traffstat_i_model_set_free(traffstat_ctx *ctx, traffstat_i_model_set *set)
{
    traffstat_i_free(ctx, set->pool);
    traffstat_i_free(ctx, set->start);
    *set = (traffstat_i_model_set){0};
}

traffstat_i_terms traffstat_i_model_at(const traffstat_i_model_set *set, size_t i)
{
    return (traffstat_i_terms){set->pool + set->start[i], set->start[i + 1] - set->start[i]};
}
