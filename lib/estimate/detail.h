/* Building the tree of what a method says beside its rows. Private to the library.
 *
 * Nothing here fails on its own: without memory the makers return NULL, which they take as a parent
 * too, and traffstat_i_estimate_finish tells it. So models build a tree without a check a line. */
#ifndef TRAFFSTAT_I_DETAIL_H
#define TRAFFSTAT_I_DETAIL_H

#include "base/base.h"

#include <traffstat/detail.h>

typedef struct traffstat_i_details {
    traffstat_ctx *ctx;
    traffstat_detail *newest; /* all nodes, for freeing */
    bool failed;
} traffstat_i_details;

void traffstat_i_details_init(traffstat_i_details *details, traffstat_ctx *ctx);
void traffstat_i_details_clear(traffstat_i_details *details);
/* An object without a parent. */
traffstat_detail *traffstat_i_details_root(traffstat_i_details *details);

/* Says that memory ran out in what a member was to hold; told like a node that could not be made. */
void traffstat_i_detail_out_of_memory(traffstat_detail *parent);
/* Members of an object take a name, which is copied and not there already; those of a list NULL. */
traffstat_detail *traffstat_i_detail_object(traffstat_detail *parent, const char *name);
traffstat_detail *traffstat_i_detail_list(traffstat_detail *parent, const char *name);
void traffstat_i_detail_none(traffstat_detail *parent, const char *name);
void traffstat_i_detail_flag(traffstat_detail *parent, const char *name, bool value);
void traffstat_i_detail_integer(traffstat_detail *parent, const char *name, int64_t value);
/* NaN and infinities become a node without a value. */
void traffstat_i_detail_number(traffstat_detail *parent, const char *name, double value);
/* NULL becomes a node without a value. */
void traffstat_i_detail_text(traffstat_detail *parent, const char *name, const char *value);

#endif
