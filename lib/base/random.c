#include <Random123/philox.h>

#include "base/base.h"

void traffstat_i_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    const philox4x32_ctr_t at = {{counter[0], counter[1], counter[2], counter[3]}};
    const philox4x32_key_t under = {{key[0], key[1]}};
    const philox4x32_ctr_t block = philox4x32_R(10, at, under);
    for (int i = 0; i < 4; i++) {
        out[i] = block.v[i];
    }
}

/* The four arguments fill the counter and the key exactly: no two of them share a block. */
void traffstat_i_random_block(uint64_t seed, uint32_t model, uint32_t replicate, uint64_t index,
                              uint32_t out[4])
{
    const uint32_t counter[4] = {(uint32_t) index, (uint32_t) (index >> 32), replicate, model};
    const uint32_t key[2] = {(uint32_t) seed, (uint32_t) (seed >> 32)};
    traffstat_i_philox(counter, key, out);
}

/* 52 random bits and a closing 1: with 53 and a half, the largest would round to 1. */
static double from_bits(uint32_t high, uint32_t low)
{
    const uint64_t bits = ((uint64_t) high << 32 | low) >> 12;
    return ((double) bits + 0.5) * 0x1p-52;
}

double traffstat_i_random_uniform(uint64_t seed, uint32_t model, uint32_t replicate, uint64_t index)
{
    uint32_t block[4];
    traffstat_i_random_block(seed, model, replicate, index, block);
    return from_bits(block[0], block[1]);
}

void traffstat_i_random_pair(uint64_t seed, uint32_t model, uint32_t replicate, uint64_t index,
                             double out[2])
{
    uint32_t block[4];
    traffstat_i_random_block(seed, model, replicate, index, block);
    out[0] = from_bits(block[0], block[1]);
    out[1] = from_bits(block[2], block[3]);
}
