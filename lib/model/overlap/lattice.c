/* Sums over the lattice of subsets, and the counts that stand on it. */
#include <math.h>
#include <string.h>

#include "model/overlap/engine.h"

#define COLD_SHIFT                                                                                 \
    0.1 /* a cold fit begins from y + 0.1, so that empty histories have a logarithm */

size_t traffstat_i_bits(uint32_t mask)
{
    size_t bits = 0;
    for (; mask != 0; mask &= mask - 1) {
        bits++;
    }
    return bits;
}

/* Of two terms of one size that comes first which has the lower list where they first differ: 12, 13,
 * 23, 14 would be by value; people write 12, 13, 14, 23. */
int traffstat_i_compare_terms(uint32_t a, uint32_t b)
{
    const size_t bits_a = traffstat_i_bits(a);
    const size_t bits_b = traffstat_i_bits(b);
    if (bits_a != bits_b) {
        return bits_a < bits_b ? -1 : 1;
    }
    if (a == b) {
        return 0;
    }
    const uint32_t differ = a ^ b;
    const uint32_t lowest = differ & (~differ + 1u);
    return (a & lowest) != 0 ? -1 : 1;
}

void traffstat_i_superset_sums(double *x, size_t lists)
{
    const size_t cells = (size_t) 1 << lists;
    for (size_t bit = 1; bit < cells; bit <<= 1) {
        for (size_t block = 0; block < cells; block += 2 * bit) {
            for (size_t w = block; w < block + bit; w++) {
                x[w] += x[w + bit];
            }
        }
    }
}

void traffstat_i_subset_sums(double *x, size_t lists)
{
    const size_t cells = (size_t) 1 << lists;
    for (size_t bit = 1; bit < cells; bit <<= 1) {
        for (size_t block = 0; block < cells; block += 2 * bit) {
            for (size_t w = block; w < block + bit; w++) {
                x[w + bit] += x[w];
            }
        }
    }
}

traffstat_status traffstat_i_counts_new(traffstat_ctx *ctx, size_t lists, traffstat_i_counts *out)
{
    *out = (traffstat_i_counts){0};
    if (lists < 1 || lists > TRAFFSTAT_I_LISTS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "%zu lists: the engine takes from 1 to %d", lists,
                                TRAFFSTAT_I_LISTS_MAX);
    }
    const size_t cells = (size_t) 1 << lists;
    double *block = traffstat_i_alloc(ctx, 4 * cells, sizeof *block);
    if (block == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    out->lists = lists;
    out->cells = cells;
    out->block = block;
    out->count = block;
    out->total = block + cells;
    out->weight = block + 2 * cells;
    out->work = block + 3 * cells;
    return TRAFFSTAT_OK;
}

void traffstat_i_counts_free(traffstat_ctx *ctx, traffstat_i_counts *counts)
{
    traffstat_i_free(ctx, counts->block);
    *counts = (traffstat_i_counts){0};
}

void traffstat_i_counts_set(traffstat_i_counts *counts, const double *count)
{
    counts->n = 0.0;
    counts->factorials = 0.0;
    counts->saturated = 0.0;
    counts->count[0] = 0.0;
    counts->weight[0] = 0.0;
    counts->work[0] = 0.0;
    for (size_t w = 1; w < counts->cells; w++) {
        const double y = count[w];
        const double m = y + COLD_SHIFT;
        counts->count[w] = y;
        counts->weight[w] = m;
        counts->work[w] = m * log(m) - COLD_SHIFT;
        counts->n += y;
        if (y > 0.0) {
            counts->factorials += lgamma(y + 1.0);
            counts->saturated += y * log(y) - y;
        }
    }
    memcpy(counts->total, counts->count, counts->cells * sizeof *counts->total);
    traffstat_i_superset_sums(counts->total, counts->lists);
}
