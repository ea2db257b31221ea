/* Tails of the gamma (Poisson) and beta (binomial) laws, and a bracketed root finder. Private to
 * the model room.
 *
 * GSL's gsl_cdf_chisq_Pinv returns NaN or does not come back from counts of 1e6 on, and its
 * incomplete beta has lost four digits at 1e5; the limits here need 1e-10 at every count. */
#ifndef TRAFFSTAT_I_MODEL_TAIL_H
#define TRAFFSTAT_I_MODEL_TAIL_H

#include <stdbool.h>

/* Both tails of one law; the smaller one to about 1e-13 of itself. */
typedef struct traffstat_i_tails {
    double lower;
    double upper;
} traffstat_i_tails;

/* Regularised incomplete gamma: lower P(shape, x), upper Q(shape, x). shape > 0, x >= 0.
 * false: no convergence. */
bool traffstat_i_gamma_tails(double shape, double x, traffstat_i_tails *out);

/* Regularised incomplete beta: lower I_x(a, b), upper its complement. y is 1 - x, given apart so
 * that neither loses digits; a, b > 0. false: no convergence. */
bool traffstat_i_beta_tails(double a, double b, double x, double y, traffstat_i_tails *out);

/* A continuous function that changes sign once between low and high. NaN stops the search. */
typedef double (*traffstat_i_curve_fn)(double x, void *user);

/* Root of `curve` in [low, high] (any order of signs), to the last few digits of x; NaN when the
 * ends have one sign or the curve gives NaN. */
double traffstat_i_root(traffstat_i_curve_fn curve, void *user, double low, double high);

/* Where one tail of the gamma law of this shape (scale 1) holds `tail` in (0, 1): of the lower tail P,
 * else of the upper tail Q. NaN on failure. */
double traffstat_i_gamma_quantile(double shape, double tail, bool lower);

/* ln of the Poisson chance m^x e^-m / Gamma(x+1), x >= 0, m > 0, and of the binomial chance of a
 * successes and b failures at x + y = 1, without loss of digits at large counts. */
double traffstat_i_log_poisson(double x, double m);
double traffstat_i_log_binomial(double a, double b, double x, double y);

/* Of the standard normal law: P(Z > z), and z with that upper tail. */
double traffstat_i_normal_tail(double z);
double traffstat_i_normal_quantile(double tail);

/* ln(x / (1 - x)) of the Beta(a, b) quantile at q in (0, 1), so that neither end loses digits;
 * infinite where x or 1 - x is below 1e-304; NaN on failure. */
double traffstat_i_beta_logit_quantile(double a, double b, double q);
/* The same as x. */
double traffstat_i_beta_quantile(double a, double b, double q);

#endif
