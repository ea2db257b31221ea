/* Fits in lanes of eight doubles. */
#include "model/overlap/lanes.h"

#ifdef TRAFFSTAT_I_X86
#define LANES 8
#define TARGET __attribute__((target("avx512f,avx512dq,avx512vl")))
#define ROOM avx512_room
#define FIT avx512_fit

#include "model/overlap/lanes_body.h"

const traffstat_i_lanes traffstat_i_lanes_avx512 = {"AVX-512", LANES, avx512_room, avx512_fit};
#endif
