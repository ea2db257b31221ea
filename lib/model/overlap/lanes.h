/* The ways of computing that are compiled in. Private to the engine. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_LANES_H
#define TRAFFSTAT_I_MODEL_OVERLAP_LANES_H

#include "model/overlap/engine.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define TRAFFSTAT_I_X86 1
#endif

extern const traffstat_i_lanes traffstat_i_lanes_plain;
#ifdef TRAFFSTAT_I_X86
extern const traffstat_i_lanes traffstat_i_lanes_avx2;
extern const traffstat_i_lanes traffstat_i_lanes_avx512;
#endif

#endif
