#include "model/reporting/dist.h"

#include <math.h>

#define TIE 2e-14          /* relative: the laws are good to 5e-15 */
#define LAST_DIGIT 1.2e-16 /* absolute: q is a rounded number */
#define SCAN_MAX 4000.0    /* sides asked for in a plain search for the shortest run */

/* ---- which posteriors exist ------------------------------------------------------------------ */

static double rate_shift(const traffstat_i_belief *belief)
{
    switch (belief->rate_prior) {
    case TRAFFSTAT_RATE_JEFFREYS:
        return 0.5;
    case TRAFFSTAT_RATE_GAMMA:
        return belief->shape;
    default:
        return 0.0;
    }
}

double traffstat_i_belief_coverage(const traffstat_i_belief *belief)
{
    return belief->coverage > 0.0 ? belief->coverage : 1.0;
}

bool traffstat_i_belief_is_closed(const traffstat_i_belief *belief)
{
    const traffstat_i_logit_law *law = belief->law;
    return traffstat_i_belief_coverage(belief) == 1.0 &&
           (law == NULL || (law->form == TRAFFSTAT_I_FORM_BETA && !(law->shift > 0.0)));
}

const traffstat_i_logit_law *traffstat_i_belief_law(const traffstat_i_belief *belief,
                                                    traffstat_i_logit_law *beta)
{
    if (belief->law != NULL) {
        return belief->law;
    }
    *beta = (traffstat_i_logit_law){.form = TRAFFSTAT_I_FORM_BETA, .a = belief->a, .b = belief->b};
    return beta;
}

static bool is_beta(const traffstat_i_belief *belief)
{
    return belief->law == NULL || belief->law->form == TRAFFSTAT_I_FORM_BETA;
}

static const char *refuse_row(const traffstat_i_belief *belief, int64_t lower, int64_t upper)
{
    if (upper == TRAFFSTAT_NO_UPPER) {
        return "a count without an upper end has no posterior in this version: give it bounds";
    }
    if (lower == 0 && belief->rate_prior == TRAFFSTAT_RATE_INVERSE) {
        return upper == 0 ? "a count of 0 has no posterior under the rate prior inverse; "
                            "jeffreys or gamma gives one"
                          : "a count that may be 0 has no posterior under the rate prior inverse: "
                            "jeffreys and gamma have one";
    }
    if (upper - lower >= TRAFFSTAT_I_PARTS_MAX) {
        return "the count allows more than 1024 values, too many to add up";
    }
    return NULL;
}

const char *traffstat_i_dist_refusal(const traffstat_i_belief *belief, const int64_t *lower,
                                     const int64_t *upper, size_t rows)
{
    if (belief->rate_prior == TRAFFSTAT_RATE_JEFFREYS && is_beta(belief) && belief->a <= 0.5) {
        return "the posterior is improper: under the rate prior jeffreys the reporting prior "
               "needs a > 0.5";
    }
    if (belief->rate_prior == TRAFFSTAT_RATE_JEFFREYS && rows > 1) {
        return "the rate prior jeffreys is for a single count: over several it would pull the "
               "shared reporting rate down once a row";
    }
    int64_t span = 0;
    int64_t sum = 0;
    for (size_t i = 0; i < rows; i++) {
        const char *why = refuse_row(belief, lower[i], upper[i]);
        if (why != NULL) {
            return why;
        }
        span += upper[i] - lower[i];
        if (span >= TRAFFSTAT_I_PARTS_MAX) {
            return "the counts allow more than 1024 different sums, too many to add up";
        }
        if (!traffstat_i_add_int64(sum, upper[i], &sum)) {
            return "the sum of the counts is too large";
        }
    }
    return NULL;
}

/* ---- weights of the counts ------------------------------------------------------------------- */

/* Adds one row to the distribution of the sum: cell weights Gamma(y + shift)/y!, up to a factor.
 * `sum` has room for the result; `spare` is as long. */
static size_t convolve(double *sum, double *spare, size_t size, double lower, size_t span,
                       double shift)
{
    const size_t longer = size + span;
    for (size_t i = 0; i < longer; i++) {
        spare[i] = 0.0;
    }
    double weight = 1.0;
    double largest = 0.0;
    for (size_t j = 0; j <= span; j++) {
        for (size_t i = 0; i < size; i++) {
            spare[i + j] += weight * sum[i];
        }
        const double y = lower + (double) j;
        weight *= (y + shift) / (y + 1.0);
    }
    for (size_t i = 0; i < longer; i++) {
        largest = fmax(largest, spare[i]);
    }
    for (size_t i = 0; i < longer; i++) {
        sum[i] = spare[i] / largest;
    }
    return longer;
}

static traffstat_status sum_weights(traffstat_i_dist *dist, const traffstat_i_belief *belief,
                                    const int64_t *lower, const int64_t *upper, size_t rows,
                                    double *first)
{
    size_t size = 1;
    for (size_t i = 0; i < rows; i++) {
        size += (size_t) (upper[i] - lower[i]);
    }
    dist->parts = traffstat_i_alloc(dist->ctx, size, sizeof *dist->parts);
    double *sum = traffstat_i_alloc(dist->ctx, 2 * size, sizeof *sum);
    if (dist->parts == NULL || sum == NULL) {
        traffstat_i_free(dist->ctx, sum);
        return TRAFFSTAT_E_NOMEM;
    }
    size_t used = 1;
    *first = 0.0;
    sum[0] = 1.0;
    for (size_t i = 0; i < rows; i++) {
        *first += (double) lower[i];
        if (upper[i] > lower[i]) {
            used = convolve(sum, sum + size, used, (double) lower[i],
                            (size_t) (upper[i] - lower[i]), rate_shift(belief));
        }
    }
    for (size_t i = 0; i < size; i++) {
        dist->parts[i].count = *first + (double) i;
        dist->parts[i].weight = sum[i];
    }
    traffstat_i_free(dist->ctx, sum);
    return TRAFFSTAT_OK;
}

/* ---- building -------------------------------------------------------------------------------- */

static traffstat_i_law_params law_params(const traffstat_i_belief *belief, double count,
                                         size_t rows)
{
    const double shift = rate_shift(belief) * (double) rows;
    const bool gamma = belief->rate_prior == TRAFFSTAT_RATE_GAMMA;
    return (traffstat_i_law_params){count + shift, belief->b, count + belief->a + belief->b,
                                    belief->a - shift, gamma ? belief->rate : 0.0};
}

/* Of one part; a mixture keeps its marginal likelihood. */
static traffstat_status init_part(traffstat_i_dist *dist, traffstat_i_part *part,
                                  const traffstat_i_rule *rule, const traffstat_i_belief *belief,
                                  size_t rows, bool marginal)
{
    if (traffstat_i_belief_is_closed(belief)) {
        return traffstat_i_law_init(dist->ctx, &part->law, rule,
                                    law_params(belief, part->count, rows), marginal);
    }
    traffstat_i_mix *mix = NULL;
    const traffstat_status status = traffstat_i_mix_new(dist->ctx, belief, part->count, rows, &mix);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_law_of_mix(dist->ctx, &part->law, mix);
    }
    return status;
}

static void add_mixed_marginal(traffstat_i_dist *dist)
{
    double top = -INFINITY;
    for (size_t i = 0; i < dist->count; i++) {
        top = fmax(top, log(dist->parts[i].weight) + dist->parts[i].law.mix->log_mass);
    }
    for (size_t i = 0; i < dist->count; i++) {
        traffstat_i_part *part = &dist->parts[i];
        part->weight = exp(log(part->weight) + part->law.mix->log_mass - top);
    }
}

/* Under gamma the marginal law of the sum Y joins its weights: (1+r)^-Y B(a+Y, b) 2F1, where 2F1 is
 * 1/P(U = 0). Its two first factors grow from one count to the next by a ratio. */
static void add_marginal(traffstat_i_dist *dist, const traffstat_i_belief *belief)
{
    double log_factor = 0.0;
    double top = -INFINITY;
    for (size_t i = 0; i < dist->count; i++) {
        traffstat_i_part *part = &dist->parts[i];
        const double y = part->count;
        const double here = log_factor - traffstat_i_law_log_pmf(&part->law, 0.0);
        part->weight = log(part->weight) + here;
        top = fmax(top, part->weight);
        log_factor += log1p(-belief->b / (belief->a + belief->b + y)) - log1p(belief->rate);
    }
    for (size_t i = 0; i < dist->count; i++) {
        dist->parts[i].weight = exp(dist->parts[i].weight - top);
    }
}

static void finish_weights(traffstat_i_dist *dist, const traffstat_i_belief *belief)
{
    double total = 0.0;
    for (size_t i = 0; i < dist->count; i++) {
        total += dist->parts[i].weight;
    }
    double unreported = 0.0;
    dist->mean_count = 0.0;
    for (size_t i = 0; i < dist->count; i++) {
        traffstat_i_part *part = &dist->parts[i];
        part->weight /= total;
        dist->mean_count += part->weight * part->count;
        if (belief->rate_prior == TRAFFSTAT_RATE_GAMMA || part->law.mix != NULL) {
            unreported += part->weight * traffstat_i_law_mean(&part->law);
        } else {
            unreported += part->weight * part->law.p.alpha;
        }
    }
    if (belief->rate_prior != TRAFFSTAT_RATE_GAMMA && dist->parts[0].law.mix == NULL) {
        /* E[U] = alpha b / (tail - 1), finite for tail > 1 */
        const double tail = belief->a - rate_shift(belief);
        unreported = tail > 1.0 ? unreported * (belief->b / (tail - 1.0)) : NAN;
    }
    dist->mean_unreported = unreported;
}

traffstat_status traffstat_i_dist_init(traffstat_ctx *ctx, traffstat_i_dist *dist,
                                       const traffstat_i_rule *rule,
                                       const traffstat_i_belief *belief, const int64_t *lower,
                                       const int64_t *upper, size_t rows)
{
    *dist = (traffstat_i_dist){.ctx = ctx};
    double first = 0.0;
    traffstat_status status = sum_weights(dist, belief, lower, upper, rows, &first);
    size_t size = 1;
    for (size_t i = 0; i < rows; i++) {
        size += (size_t) (upper[i] - lower[i]);
    }
    const bool marginal = size > 1 && belief->rate_prior == TRAFFSTAT_RATE_GAMMA;
    for (size_t i = 0; status == TRAFFSTAT_OK && i < size; i++) {
        traffstat_i_part *part = &dist->parts[i];
        status = init_part(dist, part, rule, belief, rows, marginal);
        dist->count += status == TRAFFSTAT_OK ? 1 : 0;
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_dist_clear(dist);
        return status;
    }
    if (!traffstat_i_belief_is_closed(belief)) {
        add_mixed_marginal(dist);
    } else if (marginal) {
        add_marginal(dist, belief);
    }
    finish_weights(dist, belief);
    return TRAFFSTAT_OK;
}

void traffstat_i_dist_clear(traffstat_i_dist *dist)
{
    for (size_t i = 0; i < dist->count; i++) {
        traffstat_i_law_clear(&dist->parts[i].law);
    }
    traffstat_i_free(dist->ctx, dist->parts);
    dist->parts = NULL;
    dist->count = 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

traffstat_i_sides traffstat_i_dist_sides(const traffstat_i_dist *dist, traffstat_i_about about,
                                         double n)
{
    traffstat_i_sides out = {0.0, 0.0};
    for (size_t i = 0; i < dist->count; i++) {
        const traffstat_i_part *part = &dist->parts[i];
        const double u = about == TRAFFSTAT_I_ALL ? n - part->count : n;
        const traffstat_i_sides one = traffstat_i_law_sides(&part->law, u);
        out.at_most += part->weight * one.at_most;
        out.above += part->weight * one.above;
    }
    return out;
}

/* ln P(N = n), for comparing: far out the probabilities themselves underflow to a plateau. */
static double log_pmf(const traffstat_i_dist *dist, double n)
{
    double top = -INFINITY;
    double sum = 0.0;
    for (size_t i = 0; i < dist->count; i++) {
        const traffstat_i_part *part = &dist->parts[i];
        const double one = log(part->weight) + traffstat_i_law_log_pmf(&part->law, n - part->count);
        if (one > top) {
            sum = sum * exp(top - one) + 1.0;
            top = one;
        } else if (isfinite(one)) {
            sum += exp(one - top);
        }
    }
    return sum > 0.0 ? top + log(sum) : -INFINITY;
}

static bool reaches(traffstat_i_sides sides, double q, double rest)
{
    if (q <= rest) {
        return sides.at_most >= q - q * TIE - LAST_DIGIT;
    }
    return sides.above <= rest + rest * TIE + LAST_DIGIT;
}

static double lowest(const traffstat_i_dist *dist, traffstat_i_about about)
{
    return about == TRAFFSTAT_I_ALL ? dist->parts[0].count : 0.0;
}

double traffstat_i_dist_quantile(const traffstat_i_dist *dist, traffstat_i_about about, double q,
                                 double rest)
{
    const double start = lowest(dist, about);
    if (reaches(traffstat_i_dist_sides(dist, about, start), q, rest)) {
        return start;
    }
    double low = start;
    double stride = 1.0;
    while (!reaches(traffstat_i_dist_sides(dist, about, start + stride), q, rest)) {
        low = start + stride;
        stride *= 2.0;
        if (start + stride > 1e305) {
            return INFINITY;
        }
    }
    double high = start + stride;
    for (;;) {
        const double middle = floor(low + 0.5 * (high - low));
        if (middle <= low || middle >= high) {
            return high;
        }
        if (reaches(traffstat_i_dist_sides(dist, about, middle), q, rest)) {
            high = middle;
        } else {
            low = middle;
        }
    }
}

/* ---- the shortest run ------------------------------------------------------------------------ */

/* Probability outside [low, low + width]. */
static double outside(const traffstat_i_dist *dist, double low, double width)
{
    return traffstat_i_dist_sides(dist, TRAFFSTAT_I_ALL, low - 1.0).at_most +
           traffstat_i_dist_sides(dist, TRAFFSTAT_I_ALL, low + width).above;
}

static bool holds(const traffstat_i_dist *dist, double low, double width, double level)
{
    const double rest = 1.0 - level;
    return outside(dist, low, width) <= rest + rest * TIE + LAST_DIGIT;
}

/* Smallest N that has a piece: below, all probabilities read 0 and would look like a plateau. */
static double least_seen(const traffstat_i_dist *dist)
{
    double least = INFINITY;
    for (size_t i = 0; i < dist->count; i++) {
        const traffstat_i_law *law = &dist->parts[i].law;
        least = fmin(least, dist->parts[i].count + (law->mix != NULL ? 0.0 : law->pieces[0].start));
    }
    return least;
}

/* Of one mode: the lowest start at which moving a run of this width up gains nothing. */
static double best_start(const traffstat_i_dist *dist, double width, double top)
{
    double gains = least_seen(dist) - 1.0;
    double best = top;
    for (;;) {
        const double middle = floor(gains + 0.5 * (best - gains));
        if (middle <= gains || middle >= best) {
            return fmax(best, dist->parts[0].count);
        }
        if (log_pmf(dist, middle + width + 1.0) > log_pmf(dist, middle)) {
            gains = middle;
        } else {
            best = middle;
        }
    }
}

/* Bisection over the width and, inside it, over the start: N has one mode. */
static void shortest_unimodal(const traffstat_i_dist *dist, double level, double widest, double top,
                              double *low, double *high)
{
    double narrow = -1.0;
    double wide = widest;
    while (wide - narrow > 1.0) {
        const double middle = floor(narrow + 0.5 * (wide - narrow));
        if (middle <= narrow || middle >= wide) {
            break;
        }
        if (holds(dist, best_start(dist, middle, top), middle, level)) {
            wide = middle;
        } else {
            narrow = middle;
        }
    }
    *low = best_start(dist, wide, top);
    *high = *low + wide;
}

/* Every start in turn, for laws that may have several modes. */
static void shortest_scan(const traffstat_i_dist *dist, double level, double widest, double top,
                          double *low, double *high)
{
    const double start = dist->parts[0].count;
    double width = widest;
    double least = INFINITY;
    *low = start;
    for (double from = start; from <= top; from += 1.0) {
        while (width > 0.0 && holds(dist, from, width - 1.0, level)) {
            width -= 1.0;
            least = INFINITY;
        }
        const double left = outside(dist, from, width);
        if (holds(dist, from, width, level) && left < least * (1.0 - TIE)) {
            least = left;
            *low = from;
        }
    }
    *high = *low + width;
}

static bool one_mode(const traffstat_i_dist *dist)
{
    return dist->count == 1 && !dist->parts[0].law.two_modes;
}

void traffstat_i_dist_shortest(const traffstat_i_dist *dist, double level, double *low,
                               double *high)
{
    const double start = dist->parts[0].count;
    const double end = traffstat_i_dist_quantile(dist, TRAFFSTAT_I_ALL, level, 1.0 - level);
    if (!isfinite(end)) {
        *low = *high = NAN;
        return;
    }
    /* no run may begin above the quantile at 1 - level: too little would be left */
    const double top = traffstat_i_dist_quantile(dist, TRAFFSTAT_I_ALL, 1.0 - level, level) + 1.0;
    const double widest = end - start;
    const double asked = (top - start + widest) * 2.0 * (double) dist->count;
    if (!one_mode(dist) && asked < SCAN_MAX) {
        shortest_scan(dist, level, widest, top, low, high);
    } else {
        shortest_unimodal(dist, level, widest, top, low, high);
    }
}
