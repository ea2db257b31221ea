/* Published overlaps that several tests estimate from: counts of persons by pattern, bit i for
 * list i.
 *
 * UKdat, UKdat_5 and UKdat_4: potential victims of trafficking in the United Kingdom, 2013
 * (Silverman 2014); NewOrl_5: New Orleans (Bales, Murphy & Silverman 2020), lists merged; Kosovo:
 * killings (Ball et al. 2002); HIV: Rome (Abeni, Brancato & Perucci 1994); hare: snowshoe hares
 * (Otis et al. 1978), six days of trapping. As shipped with SparseMSE 2.0.1 and Rcapture 1.4-4. */
#ifndef OVERLAP_DATA_H
#define OVERLAP_DATA_H

#include <string.h>

#include "support/support.h"

#include <traffstat.h>

typedef struct overlap_cell {
    uint32_t pattern;
    int64_t persons;
} overlap_cell;

typedef struct overlap_set {
    const char *name;
    size_t lists;
    const char *names[6];
    overlap_cell cells[40]; /* ends with a pattern of 0 */
} overlap_set;

static const overlap_set overlap_sets[] = {
    {"hare",
     6,
     {"c1", "c2", "c3", "c4", "c5", "c6"},
     {{1, 3},  {2, 6},  {4, 5},  {8, 3},  {16, 4}, {32, 4}, {5, 1},  {9, 2},  {17, 2},
      {33, 1}, {10, 3}, {18, 3}, {34, 1}, {36, 2}, {24, 1}, {40, 4}, {48, 2}, {19, 1},
      {35, 1}, {13, 1}, {21, 1}, {38, 2}, {42, 3}, {50, 1}, {44, 1}, {52, 1}, {56, 1},
      {57, 1}, {46, 2}, {54, 1}, {58, 1}, {62, 1}, {63, 2}}},
    {"HIV",
     4,
     {"c1", "c2", "c3", "c4"},
     {{1, 403},
      {2, 545},
      {4, 621},
      {8, 205},
      {3, 33},
      {5, 20},
      {9, 6},
      {6, 35},
      {10, 10},
      {12, 11},
      {7, 3},
      {11, 1},
      {14, 3}}},
    {"UKdat_5",
     5,
     {"LA", "NG", "PFNCA", "GO", "GP"},
     {{1, 54},
      {2, 463},
      {4, 995},
      {8, 695},
      {16, 316},
      {3, 15},
      {5, 19},
      {9, 3},
      {6, 62},
      {10, 19},
      {18, 1},
      {12, 76},
      {20, 11},
      {24, 8},
      {7, 1},
      {11, 1},
      {14, 4},
      {15, 1}}},
    {"UKdat_4",
     4,
     {"LA", "NG", "PFNCA", "GO"},
     {{1, 54},
      {2, 464},
      {4, 1006},
      {8, 703},
      {3, 15},
      {5, 19},
      {9, 3},
      {6, 62},
      {10, 19},
      {12, 76},
      {7, 1},
      {11, 1},
      {14, 4},
      {15, 1}}},
    {"UKdat",
     6,
     {"LA", "NG", "PF", "GO", "GP", "NCA"},
     {{1, 54}, {2, 463}, {4, 907}, {8, 695}, {16, 316}, {32, 57}, {3, 15},  {5, 19}, {9, 3},
      {6, 56}, {10, 19}, {18, 1},  {34, 3},  {12, 69},  {20, 10}, {36, 31}, {24, 8}, {40, 6},
      {48, 1}, {7, 1},   {11, 1},  {14, 4},  {38, 3},   {44, 1},  {15, 1}}},
    {"NewOrl_5",
     5,
     {"A", "BEFG", "C", "D", "H"},
     {{1, 25},
      {2, 24},
      {4, 70},
      {8, 33},
      {16, 21},
      {3, 1},
      {5, 1},
      {9, 2},
      {6, 2},
      {10, 2},
      {18, 1},
      {12, 1},
      {7, 1},
      {11, 1}}},
    {"Kosovo",
     4,
     {"EXH", "ABA", "OSCE", "HRW"},
     {{1, 1131},
      {2, 845},
      {4, 936},
      {8, 306},
      {3, 177},
      {5, 228},
      {9, 106},
      {6, 217},
      {10, 31},
      {12, 123},
      {7, 181},
      {11, 18},
      {13, 42},
      {14, 32},
      {15, 27}}},
};

static inline const overlap_set *overlap_find(const char *name)
{
    const overlap_set *at = overlap_sets;
    while (strcmp(at->name, name) != 0) {
        at++;
    }
    return at;
}

/* The set as an overlap of one stratum; the unit is persons and the window is named. */
static inline traffstat_overlap *overlap_make(traffstat_ctx *ctx, const char *name)
{
    const overlap_set *set = overlap_find(name);
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, set->names, set->lists, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "", &stratum));
    for (const overlap_cell *cell = set->cells; cell->pattern != 0; cell++) {
        assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, cell->pattern,
                                                     cell->persons));
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
    const overlap_set *set = overlap_find(name);
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_frequencies(ctx, (int64_t) set->lists, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "", &stratum));
    for (const overlap_cell *cell = set->cells; cell->pattern != 0; cell++) {
        int64_t captures = 0;
        for (uint32_t rest = cell->pattern; rest != 0; rest &= rest - 1) {
            captures++;
        }
        assert_ok(ctx, traffstat_overlap_builder_captures(ctx, builder, stratum, captures,
                                                          cell->persons));
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
