/* Fits in lanes of two doubles: what every processor has, in registers or without. */
#define LANES 2
#define TARGET
#define ROOM plain_room
#define FIT plain_fit

#include "model/overlap/lanes_body.h"

#include "model/overlap/lanes.h"

const traffstat_i_lanes traffstat_i_lanes_plain = {"portable", LANES, plain_room, plain_fit};
