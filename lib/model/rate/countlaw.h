/* What one count, exact or an interval, says of a mean e^t and of a negative binomial's size.
 * Private to the model room. */
#ifndef TRAFFSTAT_I_MODEL_COUNTLAW_H
#define TRAFFSTAT_I_MODEL_COUNTLAW_H

#include <stdbool.h>

/* The log chance and its derivatives by t and by s = ln size; second ones with their sign turned
 * (observed information). Without a size (infinite: Poisson) those by s are 0. */
typedef struct traffstat_i_count_terms {
    double log_chance;
    double t1;
    double t2;
    double s1;
    double s2;
    double ts;
    double over; /* expectation of (y - mean)^2 - y: > 0 speaks for a finite size */
} traffstat_i_count_terms;

/* lower <= upper, both whole; upper INFINITY: no upper end. mean > 0; size > 0, INFINITY: Poisson.
 * false: the interval holds too many values to be summed, or no chance that a number can hold. */
bool traffstat_i_count_law(double lower, double upper, double mean, double size,
                           traffstat_i_count_terms *out);

#endif
