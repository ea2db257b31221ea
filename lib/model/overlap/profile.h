/* Profile likelihood of the number in all. Private to the engine. */
#ifndef TRAFFSTAT_I_MODEL_OVERLAP_PROFILE_H
#define TRAFFSTAT_I_MODEL_OVERLAP_PROFILE_H

#include "model/overlap/engine.h"

typedef struct traffstat_i_profile {
    double estimate; /* where the likelihood is highest */
    double lower;    /* the persons seen where it is never crossed */
    double upper;    /* INFINITY: never crossed */
} traffstat_i_profile;

/* Cormack (1992), Biometrics 48:567-576: the unseen history takes part with count N - n, and N is
 * varied. shop->beta holds the effects of the fit to `model`, and is left changed. `estimate` is its
 * N. E_NUMERIC, without a message, where a fit on the way found no maximum. */
traffstat_status traffstat_i_profile_limits(traffstat_i_workshop *shop,
                                            const traffstat_i_counts *counts,
                                            traffstat_i_terms model, double estimate, double level,
                                            traffstat_i_profile *out);

#endif
