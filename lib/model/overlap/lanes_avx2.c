/* Fits in lanes of four doubles. */
#include "model/overlap/lanes.h"

#ifdef TRAFFSTAT_I_X86
#define LANES 4
#define TARGET __attribute__((target("avx2")))
#define ROOM avx2_room
#define FIT avx2_fit

#include "model/overlap/lanes_body.h"

const traffstat_i_lanes traffstat_i_lanes_avx2 = {"AVX2", LANES, avx2_room, avx2_fit};
#endif
