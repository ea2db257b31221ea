/* Summing a hypergeometric law exactly at any size.
 *
 * Weights are taken relative to the mode, so nothing under- or overflows and no normaliser with
 * lost digits is needed. From the mode outward the range is cut into pieces over which ln w
 * changes by a few units at most. Short pieces are added term by term through the ratio. Long
 * ones, where w is smooth on the scale of 1, are integrated (ln w itself by integrating its
 * derivative, a digamma difference) and corrected by the midpoint Euler-Maclaurin terms up to the
 * third derivative, whose rest is below 1e-16 of the piece from 256 terms on. Past 1e17 times
 * every parameter the weights are the power law u^-(tail+1), and its sum is closed. */
#include "model/reporting/law.h"

#include <math.h>
#include <string.h>

#include <gsl/gsl_errno.h>
#include <gsl/gsl_integration.h>
#include <gsl/gsl_sf_gamma.h>

#define NODES TRAFFSTAT_I_NODES
#define SHORT 256.0       /* terms: below, a piece is added term by term */
#define SMOOTH_FROM 512.0 /* u below which all pieces are short */
#define NEGLIGIBLE 75.0   /* ln: a rest below e^-75 of the largest piece is left out */
#define FAR 1e17          /* relative to every parameter: the power law is exact to 1e-17 */
#define PIECES_MAX 400000
#define PRODUCT_MAX 1e150 /* of ratios within one short piece */

/* ---- the rule -------------------------------------------------------------------------------- */

/* Legendre polynomials P_0 .. P_NODES at t in [-1, 1], by their recurrence. */
static void legendre(double t, double p[NODES + 1])
{
    p[0] = 1.0;
    p[1] = t;
    for (int k = 2; k <= NODES; k++) {
        p[k] = ((2.0 * k - 1.0) * t * p[k - 1] - (k - 1.0) * p[k - 2]) / k;
    }
}

traffstat_status traffstat_i_rule_init(traffstat_ctx *ctx, traffstat_i_rule *rule)
{
    gsl_integration_glfixed_table *table = gsl_integration_glfixed_table_alloc(NODES);
    if (table == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "out of memory for an integration rule");
    }
    int bad = 0;
    double p[NODES][NODES + 1];
    for (size_t i = 0; i < NODES; i++) {
        bad |= gsl_integration_glfixed_point(0.0, 1.0, i, &rule->x[i], &rule->w[i], table);
        legendre(2.0 * rule->x[i] - 1.0, p[i]);
    }
    gsl_integration_glfixed_table_free(table);
    if (bad != GSL_SUCCESS) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC, "an integration rule could not be made");
    }
    /* f = sum of c_k P_k with c_k = (2k+1) sum w f P_k on [0, 1]; the integral of P_k from -1 to t
     * is (P_{k+1} - P_{k-1}) / (2k+1), half of it on [0, 1] */
    for (size_t j = 0; j < NODES; j++) {
        for (size_t i = 0; i < NODES; i++) {
            double sum = rule->x[j];
            for (size_t k = 1; k < NODES; k++) {
                sum += 0.5 * p[i][k] * (p[j][k + 1] - p[j][k - 1]);
            }
            rule->m[j][i] = rule->w[i] * sum;
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- ratio and slope of the weights ---------------------------------------------------------- */

/* rho less 1 */
static double rho_excess(const traffstat_i_law_params *p)
{
    return -p->rate / (1.0 + p->rate);
}

/* w(u+1)/w(u) - 1, the squares of u cancelled by hand:
 * (alpha b - c - u (tail + 1)) / ((c+u)(1+u)) + (rho-1) (alpha+u)(b+u) / ((c+u)(1+u)). */
static double ratio_excess(const traffstat_i_law_params *p, double u)
{
    const double c = p->c;
    const double level = (p->alpha * p->b - c) / (c + u) / (1.0 + u);
    const double fall = u / (1.0 + u) * ((p->tail + 1.0) / (c + u));
    const double damp = rho_excess(p) * ((p->alpha + u) / (c + u)) * ((p->b + u) / (1.0 + u));
    return level - fall + damp;
}

static double ratio(const traffstat_i_law_params *p, double u)
{
    return (p->alpha + u) / (p->c + u) * ((p->b + u) / (1.0 + u)) / (1.0 + p->rate);
}

/* digamma less the logarithm, z >= 256 */
static double digamma_rest(double z)
{
    const double z2 = 1.0 / (z * z);
    return -0.5 / z - z2 * (1.0 / 12.0 - z2 / 120.0);
}

static double trigamma(double z)
{
    return 1.0 / z + (0.5 + 1.0 / (6.0 * z)) / (z * z);
}

static double tetragamma(double z)
{
    return -(1.0 + 1.0 / z) / (z * z);
}

/* d ln w / du at real u, and its derivatives. */
static double slope(const traffstat_i_law_params *p, double u)
{
    return log1p(ratio_excess(p, u)) + digamma_rest(p->alpha + u) - digamma_rest(1.0 + u) +
           digamma_rest(p->b + u) - digamma_rest(p->c + u);
}

static double slope1(const traffstat_i_law_params *p, double u)
{
    return trigamma(p->alpha + u) - trigamma(1.0 + u) + trigamma(p->b + u) - trigamma(p->c + u);
}

static double slope2(const traffstat_i_law_params *p, double u)
{
    return tetragamma(p->alpha + u) - tetragamma(1.0 + u) + tetragamma(p->b + u) -
           tetragamma(p->c + u);
}

/* ---- smooth runs ----------------------------------------------------------------------------- */

/* Integrals over [from, to], weights relative to w(from). */
typedef struct stretch {
    double rise;   /* ln w(to) - ln w(from) */
    double mass;   /* integral of w */
    double moment; /* integral of (x - from) w */
} stretch;

static stretch integrate(const traffstat_i_law *law, double from, double to)
{
    const traffstat_i_rule *rule = law->rule;
    const double length = to - from;
    double g[NODES];
    stretch out = {0.0, 0.0, 0.0};
    if (!(length > 0.0)) {
        return out;
    }
    for (size_t i = 0; i < NODES; i++) {
        g[i] = slope(&law->p, from + length * rule->x[i]);
        out.rise += rule->w[i] * g[i];
    }
    for (size_t j = 0; j < NODES; j++) {
        double height = 0.0;
        for (size_t i = 0; i < NODES; i++) {
            height += rule->m[j][i] * g[i];
        }
        const double weight = rule->w[j] * exp(length * height);
        out.mass += weight;
        out.moment += weight * rule->x[j];
    }
    out.rise *= length;
    out.mass *= length;
    out.moment *= length * length;
    return out;
}

/* What Euler and Maclaurin take away at an edge, over w there: f'/24 - 7 f'''/5760 for f = w, and
 * for f = (x - from) w. */
typedef struct edge {
    double mass;
    double moment;
} edge;

static edge edge_terms(const traffstat_i_law_params *p, double x, double from)
{
    const double g = slope(p, x);
    const double g1 = slope1(p, x);
    const double second = g * g + g1;
    const double third = g * (second + 2.0 * g1) + slope2(p, x);
    const double d = x - from;
    const edge out = {g / 24.0 - 7.0 / 5760.0 * third,
                      (1.0 + d * g) / 24.0 - 7.0 / 5760.0 * (d * third + 3.0 * second)};
    return out;
}

/* Sums over whole u in [start, end), weights relative to w(start): sum of w, of (u - start) w, and
 * ln w(end) - ln w(start). */
static stretch sum_smooth(const traffstat_i_law *law, double start, double end)
{
    const double from = start - 0.5;
    const double to = end - 0.5;
    const stretch lead = integrate(law, from, start);
    const stretch body = integrate(law, from, to);
    const stretch trail = integrate(law, to, end);
    const edge left = edge_terms(&law->p, from, start);
    const edge right = edge_terms(&law->p, to, start);
    const double scale = exp(-lead.rise);
    const double last = exp(body.rise);
    stretch out;
    out.rise = body.rise + trail.rise - lead.rise;
    out.mass = scale * (body.mass - last * right.mass + left.mass);
    out.moment =
        scale * (body.moment - (start - from) * body.mass - last * right.moment + left.moment);
    return out;
}

/* The same term by term. */
static stretch sum_terms(const traffstat_i_law *law, double start, double end)
{
    stretch out = {0.0, 0.0, 0.0};
    double weight = 1.0;
    for (double u = start; u < end; u += 1.0) {
        out.mass += weight;
        out.moment += weight * (u - start);
        weight *= ratio(&law->p, u);
    }
    out.rise = log(weight);
    return out;
}

static stretch sum_piece(const traffstat_i_law *law, const traffstat_i_piece *piece, double end)
{
    return piece->smooth ? sum_smooth(law, piece->start, end) : sum_terms(law, piece->start, end);
}

/* ---- cutting into pieces --------------------------------------------------------------------- */

/* Length of a smooth run that begins (direction 1) or ends (-1) at u; below SHORT: add terms. */
static double smooth_length(const traffstat_i_law *law, double u, double direction)
{
    double length = direction > 0.0 ? 0.5 * u : u / 3.0;
    if (u - (direction > 0.0 ? 0.0 : length) < SMOOTH_FROM) {
        return 0.0;
    }
    length = fmin(length, 2.0 / sqrt(fabs(slope1(&law->p, u)) + 1e-300));
    length = fmin(length, 2.0 / (fabs(slope(&law->p, u)) + 1e-300));
    while (length >= SHORT && fabs(slope(&law->p, u + direction * length)) * length > 4.0) {
        length *= 0.5;
    }
    return floor(length);
}

/* End of a run of terms from u upward (or its start, downward), at most SHORT terms and not past
 * 0. */
static double short_end(const traffstat_i_law *law, double u, double direction)
{
    double product = 1.0;
    double at = u;
    for (int i = 0; i < (int) SHORT; i++) {
        if (direction < 0.0 && at <= 0.0) {
            break;
        }
        product *= direction > 0.0 ? ratio(&law->p, at) : 1.0 / ratio(&law->p, at - 1.0);
        at += direction;
        if (!(product < PRODUCT_MAX && product > 1.0 / PRODUCT_MAX)) {
            break;
        }
    }
    return at;
}

static traffstat_status add_piece(traffstat_i_law *law, double start, double end, bool smooth,
                                  traffstat_i_piece **out)
{
    if (law->count >= PIECES_MAX) {
        return traffstat_i_fail(law->ctx, TRAFFSTAT_E_NUMERIC,
                                "the law of the unreported number spans too wide a range");
    }
    if (!traffstat_i_reserve(law->ctx, &law->pieces, &law->capacity, law->count + 1,
                             sizeof *law->pieces)) {
        return TRAFFSTAT_E_NOMEM;
    }
    *out = &law->pieces[law->count++];
    **out = (traffstat_i_piece){.start = start, .end = end, .smooth = smooth};
    return TRAFFSTAT_OK;
}

/* One piece more at u in a direction; *u and *log_weight move to its far end. */
static traffstat_status step(traffstat_i_law *law, double direction, double *u, double *log_weight)
{
    const double length = smooth_length(law, *u, direction);
    const bool smooth = length >= SHORT;
    const double far = smooth ? *u + direction * length : short_end(law, *u, direction);
    traffstat_i_piece *piece = NULL;
    traffstat_status status = add_piece(law, fmin(*u, far), fmax(*u, far), smooth, &piece);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const stretch sums = sum_piece(law, piece, piece->end);
    *log_weight += direction > 0.0 ? 0.0 : -sums.rise;
    piece->log_weight = *log_weight;
    *log_weight += direction > 0.0 ? sums.rise : 0.0;
    piece->log_mass = piece->log_weight + log(sums.mass);
    piece->first_moment = sums.moment / sums.mass;
    *u = far;
    if (!isfinite(piece->log_mass)) {
        return traffstat_i_fail(law->ctx, TRAFFSTAT_E_NUMERIC,
                                "the law of the unreported number could not be summed");
    }
    return TRAFFSTAT_OK;
}

/* Largest u at which the weights still rise, plus one: the zero of the quadratic behind
 * ratio_excess. 0 where they fall from the start. */
static double find_mode(const traffstat_i_law_params *p)
{
    const double c = p->c;
    const double q2 = rho_excess(p);
    const double q1 = q2 * (p->alpha + p->b) - p->tail - 1.0;
    const double q0 = p->alpha * p->b * (1.0 + q2) - c;
    double root = 0.0;
    if (q2 == 0.0) {
        root = q0 / -q1;
    } else {
        const double inside = q1 * q1 - 4.0 * q2 * q0;
        if (inside < 0.0) {
            return 0.0;
        }
        /* the larger root, q2 < 0; the form without cancellation */
        root = q1 > 0.0 ? (-q1 - sqrt(inside)) / (2.0 * q2) : 2.0 * q0 / (sqrt(inside) - q1);
    }
    return root > 0.0 && isfinite(root) ? ceil(root) : 0.0;
}

/* ln of a bound of the sum of the weights from u on, u past the mode. */
static double rest_bound(const traffstat_i_law_params *p, double u, double log_weight)
{
    if (p->rate > 0.0) {
        return log_weight - log(-fmax(ratio_excess(p, u), rho_excess(p)));
    }
    return log_weight + log(1.0 + u) - log(fmin(p->tail, 1.0));
}

static double largest_mass(const traffstat_i_law *law)
{
    double best = 0.0;
    for (size_t i = 0; i < law->count; i++) {
        best = fmax(best, law->pieces[i].log_mass);
    }
    return best;
}

/* ln w(0) - ln w(mode) with a safe ln of how many terms the mode at 0 may hold; good to a few
 * digits, enough to tell whether that mode counts. */
static double log_first(const traffstat_i_law_params *p, double mode)
{
    const double at[4] = {p->alpha, p->b, p->c, 1.0};
    double sum = mode * log1p(p->rate) + log(1.0 + mode);
    for (int i = 0; i < 4; i++) {
        gsl_sf_result near_mode;
        gsl_sf_result near_zero;
        if (gsl_sf_lngamma_e(at[i] + mode, &near_mode) != GSL_SUCCESS ||
            gsl_sf_lngamma_e(at[i], &near_zero) != GSL_SUCCESS) {
            return INFINITY;
        }
        sum += (i < 2 ? -1.0 : 1.0) * (near_mode.val - near_zero.val);
    }
    return sum;
}

static traffstat_status walk_down(traffstat_i_law *law, double mode, bool to_zero)
{
    double u = mode;
    double log_weight = 0.0;
    const bool all = to_zero || (law->two_modes && log_first(&law->p, mode) > -NEGLIGIBLE);
    traffstat_status status = TRAFFSTAT_OK;
    while (status == TRAFFSTAT_OK && u > 0.0 && (all || log_weight + log(u) > -NEGLIGIBLE)) {
        status = step(law, -1.0, &u, &log_weight);
    }
    for (size_t i = 0, j = law->count; i + 1 < j; i++) {
        const traffstat_i_piece kept = law->pieces[i];
        law->pieces[i] = law->pieces[--j];
        law->pieces[j] = kept;
    }
    return status;
}

/* Pieces from the mode up; *log_rest is the ln of what lies past the last. */
static traffstat_status walk_up(traffstat_i_law *law, double mode, double *log_rest)
{
    double u = mode;
    double log_weight = 0.0;
    const double far = FAR * fmax(1.0, law->p.c);
    const double best = largest_mass(law);
    traffstat_status status = step(law, 1.0, &u, &log_weight);
    *log_rest = -INFINITY;
    while (status == TRAFFSTAT_OK) {
        if (rest_bound(&law->p, u, log_weight) < best - NEGLIGIBLE || u > 1e305) {
            return TRAFFSTAT_OK;
        }
        if (law->p.rate == 0.0 && u > far) {
            *log_rest = log_weight + log(u) - log(law->p.tail);
            return TRAFFSTAT_OK;
        }
        status = step(law, 1.0, &u, &log_weight);
    }
    return status;
}

/* Probabilities before and after each piece, each side added from its small end. */
static void accumulate(traffstat_i_law *law, double log_rest)
{
    const double top = fmax(largest_mass(law), log_rest);
    double total = exp(log_rest - top);
    for (size_t i = law->count; i > 0; i--) {
        law->pieces[i - 1].after = total;
        total += exp(law->pieces[i - 1].log_mass - top);
    }
    law->log_total = top + log(total);
    law->beyond = exp(log_rest - law->log_total);
    double before = 0.0;
    for (size_t i = 0; i < law->count; i++) {
        law->pieces[i].after /= total;
        law->pieces[i].before = before;
        before += exp(law->pieces[i].log_mass - law->log_total);
    }
}

traffstat_status traffstat_i_law_init(traffstat_ctx *ctx, traffstat_i_law *law,
                                      const traffstat_i_rule *rule, traffstat_i_law_params params,
                                      bool to_zero)
{
    *law = (traffstat_i_law){.ctx = ctx, .rule = rule, .p = params};
    const double mode = find_mode(&params);
    law->two_modes = mode > 0.0 && params.rate > 0.0 && ratio_excess(&params, 0.0) < 0.0;
    double log_rest = 0.0;
    traffstat_status status = walk_down(law, mode, to_zero);
    if (status == TRAFFSTAT_OK) {
        status = walk_up(law, mode, &log_rest);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_law_clear(law);
        return status;
    }
    accumulate(law, log_rest);
    return TRAFFSTAT_OK;
}

void traffstat_i_law_of_mix(traffstat_ctx *ctx, traffstat_i_law *law, traffstat_i_mix *mix)
{
    *law = (traffstat_i_law){.ctx = ctx, .p = {.alpha = mix->alpha}, .mix = mix};
}

void traffstat_i_law_clear(traffstat_i_law *law)
{
    traffstat_i_mix_free(law->ctx, law->mix);
    law->mix = NULL;
    traffstat_i_free(law->ctx, law->pieces);
    law->pieces = NULL;
    law->count = 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* The piece that holds u, by bisection; u is at or past the first start and before the last end. */
static const traffstat_i_piece *find_piece(const traffstat_i_law *law, double u)
{
    size_t low = 0;
    size_t high = law->count;
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (u >= law->pieces[middle].start) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return &law->pieces[low];
}

traffstat_i_sides traffstat_i_law_sides(const traffstat_i_law *law, double u)
{
    if (law->mix != NULL) {
        return traffstat_i_mix_sides(law->mix, u);
    }
    const traffstat_i_piece *last = &law->pieces[law->count - 1];
    const double next = floor(u) + 1.0;
    if (!(next > law->pieces[0].start)) {
        return (traffstat_i_sides){0.0, 1.0};
    }
    if (next >= last->end) {
        const double above = law->beyond * exp(-law->p.tail * log(next / last->end));
        const double rest = law->beyond > 0.0 ? above : 0.0;
        return (traffstat_i_sides){1.0 - rest, rest};
    }
    const traffstat_i_piece *piece = find_piece(law, floor(u));
    const double scale = exp(piece->log_weight - law->log_total);
    const double whole = exp(piece->log_mass - law->log_total);
    const stretch below = sum_piece(law, piece, next);
    const double inside = fmin(below.mass * scale, whole);
    double outside = whole - inside;
    if (outside < 0.5 * whole && next < piece->end) {
        /* the small side is added up itself: a difference would lose its digits */
        traffstat_i_piece upper = *piece;
        upper.start = next;
        outside = sum_piece(law, &upper, piece->end).mass * scale * exp(below.rise);
    }
    return (traffstat_i_sides){piece->before + inside, piece->after + outside};
}

double traffstat_i_law_log_pmf(const traffstat_i_law *law, double u)
{
    if (law->mix != NULL) {
        return traffstat_i_mix_log_pmf(law->mix, u);
    }
    const traffstat_i_piece *last = &law->pieces[law->count - 1];
    if (!(u >= law->pieces[0].start)) {
        return -INFINITY;
    }
    if (u >= last->end) {
        /* past the pieces only the power law is left */
        return log(law->beyond * law->p.tail / last->end) -
               (law->p.tail + 1.0) * log(u / last->end);
    }
    const traffstat_i_piece *piece = find_piece(law, u);
    const double rise =
        piece->smooth ? integrate(law, piece->start, u).rise : sum_terms(law, piece->start, u).rise;
    return piece->log_weight + rise - law->log_total;
}

double traffstat_i_law_mean(const traffstat_i_law *law)
{
    if (law->mix != NULL) {
        return traffstat_i_mix_mean(law->mix);
    }
    double mean = 0.0;
    for (size_t i = 0; i < law->count; i++) {
        const traffstat_i_piece *piece = &law->pieces[i];
        mean += exp(piece->log_mass - law->log_total) * (piece->start + piece->first_moment);
    }
    return mean;
}
