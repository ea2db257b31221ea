/**
 * @file detail.h
 * What a method has to say beside the rows that all share: a tree of named values, such as the
 * models that a search compared or the tests behind a trend. JSON writes it as it stands, each
 * top-level name beside the fixed keys.
 */
#ifndef TRAFFSTAT_DETAIL_H
#define TRAFFSTAT_DETAIL_H

#include <traffstat/base.h>

TRAFFSTAT_BEGIN

/** What a node holds. */
typedef int32_t traffstat_detail_kind;
enum {
    TRAFFSTAT_DETAIL_NONE = 0, /**< no value: it does not exist */
    TRAFFSTAT_DETAIL_FLAG = 1, /**< true or false: an integer 1 or 0 */
    TRAFFSTAT_DETAIL_INTEGER = 2,
    TRAFFSTAT_DETAIL_NUMBER = 3, /**< finite */
    TRAFFSTAT_DETAIL_TEXT = 4,
    TRAFFSTAT_DETAIL_LIST = 5,   /**< members without names */
    TRAFFSTAT_DETAIL_OBJECT = 6  /**< members with names, in the order in which they were made */
};

/** A node, borrowed from the result that it belongs to, and immutable. NULL is taken everywhere
 *  below and is a node without a value. All calls are O(1) but _find. */
typedef struct traffstat_detail traffstat_detail;

TRAFFSTAT_API traffstat_detail_kind traffstat_detail_kind_of(const traffstat_detail *node);
/** "none", "flag", "integer", "number", "text", "list", "object"; "unknown". Static texts. */
TRAFFSTAT_API const char *traffstat_detail_kind_name(traffstat_detail_kind kind);
/** Members of a list or object; else 0. */
TRAFFSTAT_API size_t traffstat_detail_size(const traffstat_detail *node);
/** Member `i`; NULL out of range. */
TRAFFSTAT_API const traffstat_detail *traffstat_detail_at(const traffstat_detail *node, size_t i);
/** Name of a node in its object; "" in a list and at the top. */
TRAFFSTAT_API const char *traffstat_detail_name(const traffstat_detail *node);
/** The member with that name; NULL: there is none. Cost O(members). */
TRAFFSTAT_API const traffstat_detail *traffstat_detail_find(const traffstat_detail *node,
                                                            const char *name);
/** The value as a number: integers and flags too; NaN for all else. */
TRAFFSTAT_API double traffstat_detail_number(const traffstat_detail *node);
/** The value of an integer or a flag; 0 for all else. */
TRAFFSTAT_API int64_t traffstat_detail_integer(const traffstat_detail *node);
/** The value of a text; "" for all else. */
TRAFFSTAT_API const char *traffstat_detail_text(const traffstat_detail *node);

TRAFFSTAT_END

#endif
