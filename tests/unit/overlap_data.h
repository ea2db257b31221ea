/* Overlaps made of the published capture histories, and rows of what is estimated from them. */
#ifndef OVERLAP_DATA_H
#define OVERLAP_DATA_H

#include <string.h>

#include "support/histories.h"
#include "support/support.h"

#include <traffstat.h>

static inline const histories *overlap_find(const char *name)
{
    static const histories *const sets[] = {&hare,  &hiv,     &ukdat5, &ukdat4,
                                            &ukdat, &neworl5, &kosovo};
    size_t i = 0;
    while (strcmp(sets[i]->name, name) != 0) {
        i++;
    }
    return sets[i];
}

/* The set as an overlap of one stratum; the unit is persons and the window is named. */
static inline traffstat_overlap *overlap_make(traffstat_ctx *ctx, const char *name)
{
    const histories *set = overlap_find(name);
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, set->names, set->lists, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "", &stratum));
    for (size_t i = 0; i < set->count; i++) {
        assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, set->row[i].history,
                                                     (int64_t) set->row[i].persons));
    }
    assert_ok(ctx, traffstat_overlap_builder_unit(ctx, builder, "person"));
    assert_ok(ctx, traffstat_overlap_builder_window(ctx, builder, "one period"));
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_overlap_builder_free(builder);
    return overlap;
}

/* The same persons by the number of lists that each is on. */
static inline traffstat_overlap *overlap_make_frequencies(traffstat_ctx *ctx, const char *name)
{
    const histories *set = overlap_find(name);
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_frequencies(ctx, (int64_t) set->lists, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "", &stratum));
    for (size_t i = 0; i < set->count; i++) {
        int64_t captures = 0;
        for (uint32_t rest = set->row[i].history; rest != 0; rest &= rest - 1) {
            captures++;
        }
        assert_ok(ctx, traffstat_overlap_builder_captures(ctx, builder, stratum, captures,
                                                          (int64_t) set->row[i].persons));
    }
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_overlap_builder_free(builder);
    return overlap;
}

/* The row of a model in the first stratum; SIZE_MAX: none. */
static inline size_t overlap_row(const traffstat_estimate *estimate, const char *model)
{
    for (size_t i = 0; i < traffstat_estimate_rows(estimate); i++) {
        const traffstat_detail *row = traffstat_estimate_row_details(estimate, i);
        if (strcmp(traffstat_detail_text(traffstat_detail_find(row, "model")), model) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static inline double overlap_number(const traffstat_estimate *estimate, size_t row,
                                    const char *name)
{
    return traffstat_detail_number(
        traffstat_detail_find(traffstat_estimate_row_details(estimate, row), name));
}

#endif
