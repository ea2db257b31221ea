#include <math.h>
#include <string.h>

#include "estimate/detail.h"

struct traffstat_detail {
    traffstat_i_details *of;
    traffstat_detail *older;
    traffstat_detail_kind kind;
    char *name; /* NULL: none */
    union {
        int64_t integer;
        double number;
        char *text;
        struct {
            traffstat_detail **items;
            size_t count;
            size_t capacity;
        } members;
    } value;
};

/* ---- building ------------------------------------------------------------------------------- */

void traffstat_i_details_init(traffstat_i_details *details, traffstat_ctx *ctx)
{
    *details = (traffstat_i_details){.ctx = ctx};
}

static bool holds_members(const traffstat_detail *node)
{
    return node->kind == TRAFFSTAT_DETAIL_LIST || node->kind == TRAFFSTAT_DETAIL_OBJECT;
}

void traffstat_i_details_clear(traffstat_i_details *details)
{
    for (traffstat_detail *node = details->newest; node != NULL;) {
        traffstat_detail *older = node->older;
        if (holds_members(node)) {
            traffstat_i_free(details->ctx, node->value.members.items);
        } else if (node->kind == TRAFFSTAT_DETAIL_TEXT) {
            traffstat_i_free(details->ctx, node->value.text);
        }
        traffstat_i_free(details->ctx, node->name);
        traffstat_i_free(details->ctx, node);
        node = older;
    }
    details->newest = NULL;
}

static traffstat_detail *new_node(traffstat_i_details *details, traffstat_detail_kind kind)
{
    traffstat_detail *node = traffstat_i_alloc(details->ctx, 1, sizeof *node);
    if (node == NULL) {
        details->failed = true;
        return NULL;
    }
    node->of = details;
    node->kind = kind;
    node->older = details->newest;
    details->newest = node;
    return node;
}

traffstat_detail *traffstat_i_details_root(traffstat_i_details *details)
{
    return new_node(details, TRAFFSTAT_DETAIL_OBJECT);
}

static traffstat_detail *add(traffstat_detail *parent, const char *name, traffstat_detail_kind kind)
{
    if (parent == NULL) {
        return NULL;
    }
    traffstat_i_details *details = parent->of;
    if (!traffstat_i_reserve(details->ctx, &parent->value.members.items,
                             &parent->value.members.capacity, parent->value.members.count + 1,
                             sizeof *parent->value.members.items)) {
        details->failed = true;
        return NULL;
    }
    traffstat_detail *node = new_node(details, kind);
    if (node == NULL) {
        return NULL;
    }
    if (name != NULL) {
        node->name = traffstat_i_strdup(details->ctx, name);
        details->failed = details->failed || node->name == NULL;
    }
    parent->value.members.items[parent->value.members.count++] = node;
    return node;
}

void traffstat_i_detail_out_of_memory(traffstat_detail *parent)
{
    if (parent != NULL) {
        parent->of->failed = true;
    }
}

traffstat_detail *traffstat_i_detail_object(traffstat_detail *parent, const char *name)
{
    return add(parent, name, TRAFFSTAT_DETAIL_OBJECT);
}

traffstat_detail *traffstat_i_detail_list(traffstat_detail *parent, const char *name)
{
    return add(parent, name, TRAFFSTAT_DETAIL_LIST);
}

void traffstat_i_detail_none(traffstat_detail *parent, const char *name)
{
    (void) add(parent, name, TRAFFSTAT_DETAIL_NONE);
}

static void add_integer(traffstat_detail *parent, const char *name, traffstat_detail_kind kind,
                        int64_t value)
{
    traffstat_detail *node = add(parent, name, kind);
    if (node != NULL) {
        node->value.integer = value;
    }
}

void traffstat_i_detail_flag(traffstat_detail *parent, const char *name, bool value)
{
    add_integer(parent, name, TRAFFSTAT_DETAIL_FLAG, value);
}

void traffstat_i_detail_integer(traffstat_detail *parent, const char *name, int64_t value)
{
    add_integer(parent, name, TRAFFSTAT_DETAIL_INTEGER, value);
}

void traffstat_i_detail_number(traffstat_detail *parent, const char *name, double value)
{
    const bool exists = isfinite(value);
    traffstat_detail *node =
        add(parent, name, exists ? TRAFFSTAT_DETAIL_NUMBER : TRAFFSTAT_DETAIL_NONE);
    if (node != NULL && exists) {
        node->value.number = value;
    }
}

void traffstat_i_detail_text(traffstat_detail *parent, const char *name, const char *value)
{
    traffstat_detail *node =
        add(parent, name, value != NULL ? TRAFFSTAT_DETAIL_TEXT : TRAFFSTAT_DETAIL_NONE);
    if (node != NULL && value != NULL) {
        node->value.text = traffstat_i_strdup(node->of->ctx, value);
        node->of->failed = node->of->failed || node->value.text == NULL;
    }
}

/* ---- reading -------------------------------------------------------------------------------- */

traffstat_detail_kind traffstat_detail_kind_of(const traffstat_detail *node)
{
    return node != NULL ? node->kind : TRAFFSTAT_DETAIL_NONE;
}

const char *traffstat_detail_kind_name(traffstat_detail_kind kind)
{
    static const char *const names[] = {"none", "flag", "integer", "number",
                                        "text", "list", "object"};
    return kind >= TRAFFSTAT_DETAIL_NONE && kind <= TRAFFSTAT_DETAIL_OBJECT ? names[kind]
                                                                            : "unknown";
}

size_t traffstat_detail_size(const traffstat_detail *node)
{
    return node != NULL && holds_members(node) ? node->value.members.count : 0;
}

const traffstat_detail *traffstat_detail_at(const traffstat_detail *node, size_t i)
{
    return i < traffstat_detail_size(node) ? node->value.members.items[i] : NULL;
}

const char *traffstat_detail_name(const traffstat_detail *node)
{
    return node != NULL && node->name != NULL ? node->name : "";
}

const traffstat_detail *traffstat_detail_find(const traffstat_detail *node, const char *name)
{
    for (size_t i = 0; name != NULL && i < traffstat_detail_size(node); i++) {
        const traffstat_detail *member = node->value.members.items[i];
        if (member->name != NULL && strcmp(member->name, name) == 0) {
            return member;
        }
    }
    return NULL;
}

double traffstat_detail_number(const traffstat_detail *node)
{
    switch (traffstat_detail_kind_of(node)) {
    case TRAFFSTAT_DETAIL_FLAG:
    case TRAFFSTAT_DETAIL_INTEGER:
        return (double) node->value.integer;
    case TRAFFSTAT_DETAIL_NUMBER:
        return node->value.number;
    default:
        return NAN;
    }
}

int64_t traffstat_detail_integer(const traffstat_detail *node)
{
    const traffstat_detail_kind kind = traffstat_detail_kind_of(node);
    return kind == TRAFFSTAT_DETAIL_FLAG || kind == TRAFFSTAT_DETAIL_INTEGER ? node->value.integer
                                                                             : 0;
}

const char *traffstat_detail_text(const traffstat_detail *node)
{
    return traffstat_detail_kind_of(node) == TRAFFSTAT_DETAIL_TEXT && node->value.text != NULL
               ? node->value.text
               : "";
}
