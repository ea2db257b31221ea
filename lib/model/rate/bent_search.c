/* The best placing of joinpoints: on the grid, then between observations. */
#include "model/rate/bent.h"

#include <math.h>
#include <string.h>

/* Up to so many placings times observations, all are fitted exactly. */
#define EXACT_WORK 60000.0
/* Beyond, those whose quadratic approximation comes within NEAR of the best one's, and if these are
 * more than NEAR_MANY, within half of that, and so on. */
#define NEAR 10.0
#define NEAR_MANY 400
#define ROUNDS 10
/* A fit is better only if its deviance is lower by this share: of equals the first stays. */
#define BETTER 1e-10
#define GOLDEN 0.61803398874989485
#define GOLDEN_STEPS 40
/* So many tell which stretch is best: they leave 2 % of it, and of a dip's depth 1e-4. */
#define COARSE_STEPS 8
#define SWEEPS 50
#define POLISH_STEPS 20

/* ---- the grid -------------------------------------------------------------------------------- */

typedef struct contest {
    const traffstat_i_bent *series;
    size_t k;
    traffstat_i_lines best;
    double cutoff;
    size_t seen;
} contest;

static bool better(double deviance, double best)
{
    return deviance < best - BETTER * (fabs(best) + 1e-6) || (isinf(best) && isfinite(deviance));
}

/* Fits one placing exactly, from the best one's lines, and keeps the better. */
static double try_exactly(void *user, const size_t *knots, double sse)
{
    (void) sse;
    contest *at = user;
    traffstat_i_lines fit = {.k = at->k};
    for (size_t i = 0; i < at->k; i++) {
        fit.knots[i] = at->series->x[knots[i]];
    }
    traffstat_i_lines_carry(at->series, &at->best, &fit);
    if (traffstat_i_lines_fit(at->series, &fit, 1e-11) && better(fit.deviance, at->best.deviance)) {
        at->best = fit;
    }
    return at->cutoff;
}

static double count_near(void *user, const size_t *knots, double sse)
{
    (void) knots;
    (void) sse;
    contest *at = user;
    at->seen++;
    return at->seen > NEAR_MANY ? -INFINITY : at->cutoff;
}

static void linearise(const traffstat_i_bent *series, const traffstat_i_lines *fit,
                      traffstat_i_hinge *hinge, traffstat_i_scan *scan, double *room)
{
    double *w = room;
    double *z = room + series->n;
    traffstat_i_bent_linear(series, fit, w, z);
    traffstat_i_hinge_weigh(hinge, w);
    traffstat_i_scan_load(scan, z);
}

/* One round: the placings that are near-best for the problem linearised at the best fit so far. */
static bool improve(contest *at, traffstat_i_hinge *hinge, traffstat_i_scan *scan, double *room)
{
    const double before = at->best.deviance;
    linearise(at->series, &at->best, hinge, scan, room);
    const double least = traffstat_i_scan_best(scan, at->k, INFINITY, false, NULL);
    double margin = NEAR;
    do {
        at->seen = 0;
        at->cutoff = least + margin;
        traffstat_i_scan_visit(scan, at->k, at->cutoff, count_near, at);
        margin *= 0.5;
    } while (at->seen > NEAR_MANY);
    traffstat_i_scan_visit(scan, at->k, at->cutoff, try_exactly, at);
    return better(at->best.deviance, before);
}

static void search_near(contest *at, traffstat_i_hinge *hinge, traffstat_i_scan *scan, double *room)
{
    size_t knots[TRAFFSTAT_I_KNOTS];
    linearise(at->series, &at->best, hinge, scan, room);
    at->best.deviance = INFINITY;
    (void) traffstat_i_scan_best(scan, at->k, INFINITY, false, knots);
    (void) try_exactly(at, knots, 0.0);
    for (int round = 0; round < ROUNDS && improve(at, hinge, scan, room); round++) {
    }
}

/* All of them: the scan only lists the placings. */
static void search_all(contest *at, traffstat_i_hinge *hinge, traffstat_i_scan *scan, double *room)
{
    linearise(at->series, &at->best, hinge, scan, room);
    at->best.deviance = INFINITY;
    at->cutoff = INFINITY;
    traffstat_i_scan_visit(scan, at->k, INFINITY, try_exactly, at);
}

/* A straight problem has its answer in one scan. */
static void search_linear(contest *at, traffstat_i_scan *scan)
{
    size_t knots[TRAFFSTAT_I_KNOTS];
    at->best.deviance = INFINITY;
    (void) traffstat_i_scan_best(scan, at->k, INFINITY, false, knots);
    (void) try_exactly(at, knots, 0.0);
}

traffstat_status traffstat_i_bent_search(const traffstat_i_bent *series, traffstat_i_hinge *hinge,
                                         traffstat_i_scan *scan, traffstat_i_lines *fits,
                                         size_t most)
{
    double *room = traffstat_i_alloc(series->ctx, 2 * series->n, sizeof *room);
    if (room == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    const bool linear = series->family == TRAFFSTAT_JOINPOINT_LOGLINEAR;
    linearise(series, &fits[0], hinge, scan, room);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t k = 1; k <= most && status == TRAFFSTAT_OK; k++) {
        contest at = {.series = series, .k = k, .best = fits[k - 1]};
        const double work = (double) series->n *
                            traffstat_i_hinge_placings(series->n, series->end, series->step, k);
        if (linear) {
            search_linear(&at, scan);
        } else if (work <= EXACT_WORK) {
            search_all(&at, hinge, scan, room);
        } else {
            search_near(&at, hinge, scan, room);
        }
        if (!isfinite(at.best.deviance)) {
            status = traffstat_i_fail(series->ctx, TRAFFSTAT_E_NUMERIC,
                                      "no fit with %zu joinpoints converged", k);
        } else {
            fits[k] = at.best;
            status = traffstat_i_progress(series->ctx, 0.0);
        }
    }
    traffstat_i_free(series->ctx, room);
    return status;
}

/* ---- between observations -------------------------------------------------------------------- */

/* The fit with joinpoint j at x; its deviance is INFINITY where it does not converge. */
static traffstat_i_lines moved(const traffstat_i_bent *series, const traffstat_i_lines *from,
                               size_t j, double x)
{
    traffstat_i_lines fit = *from;
    fit.knots[j] = x;
    traffstat_i_lines_carry(series, from, &fit);
    if (!traffstat_i_lines_fit(series, &fit, 1e-13)) {
        fit.deviance = INFINITY;
    }
    return fit;
}

static traffstat_i_lines golden_section(const traffstat_i_bent *series,
                                        const traffstat_i_lines *from, size_t j, double low,
                                        double high, int steps)
{
    traffstat_i_lines left = moved(series, from, j, high - GOLDEN * (high - low));
    traffstat_i_lines right = moved(series, from, j, low + GOLDEN * (high - low));
    for (int i = 0; i < steps; i++) {
        if (left.deviance <= right.deviance) {
            high = right.knots[j];
            right = left;
            left = moved(series, from, j, high - GOLDEN * (high - low));
        } else {
            low = left.knots[j];
            left = right;
            right = moved(series, from, j, low + GOLDEN * (high - low));
        }
    }
    return left.deviance <= right.deviance ? left : right;
}

/* First observation past x. */
static size_t first_past(const traffstat_i_bent *series, double x)
{
    size_t i = 0;
    while (i < series->n && series->x[i] <= x) {
        i++;
    }
    return i;
}

/* Last observation before x, plus one. */
static size_t count_before(const traffstat_i_bent *series, double x)
{
    size_t i = series->n;
    while (i > 0 && series->x[i - 1] >= x) {
        i--;
    }
    return i;
}

/* Observations that must lie strictly to the left (right) of joinpoint j lie at or before `low` (at
 * or after `high`): it may be anywhere between. */
static void range_of(const traffstat_i_bent *series, const traffstat_i_lines *fit, size_t j,
                     double *low, double *high)
{
    const size_t free_between = series->step - 1;
    *low = series->x[series->end - 1];
    *high = series->x[series->n - series->end];
    if (j > 0) {
        *low = free_between == 0
                   ? fit->knots[j - 1]
                   : series->x[first_past(series, fit->knots[j - 1]) + free_between - 1];
    }
    if (j + 1 < fit->k) {
        *high = free_between == 0
                    ? fit->knots[j + 1]
                    : series->x[count_before(series, fit->knots[j + 1]) - free_between];
    }
}

/* Best place of joinpoint j, the others held: at an observation, or inside any stretch between two
 * that begins or ends near the best. */
static void move_one(const traffstat_i_bent *series, traffstat_i_lines *fit, size_t j)
{
    double low;
    double high;
    range_of(series, fit, j, &low, &high);
    const traffstat_i_lines from = *fit;
    const size_t first = first_past(series, low);
    const size_t last = count_before(series, high);
    double before = INFINITY;
    double left = low;
    double ends[2] = {NAN, NAN}; /* of the best stretch */
    for (size_t i = first; i <= last; i++) {
        const bool inside = i < last;
        const double right = inside ? series->x[i] : high;
        traffstat_i_lines here = {.deviance = INFINITY};
        if (inside) {
            here = moved(series, &from, j, right);
        }
        const double least = before < here.deviance ? before : here.deviance;
        if (least <= fit->deviance + NEAR || isinf(least)) {
            const traffstat_i_lines between =
                golden_section(series, &from, j, left, right, COARSE_STEPS);
            if (better(between.deviance, fit->deviance)) {
                *fit = between;
                ends[0] = left;
                ends[1] = right;
            }
        }
        if (inside && here.deviance <= fit->deviance) {
            *fit = here;
            ends[0] = NAN;
        }
        before = here.deviance;
        left = right;
    }
    if (!isnan(ends[0])) {
        const traffstat_i_lines finer =
            golden_section(series, &from, j, ends[0], ends[1], GOLDEN_STEPS);
        if (finer.deviance < fit->deviance) {
            *fit = finer;
        }
    }
}

/* Have all joinpoints stayed between the same observations, strictly? */
static bool same_stretches(const traffstat_i_bent *series, const traffstat_i_lines *a,
                           const traffstat_i_lines *b)
{
    for (size_t j = 0; j < a->k; j++) {
        const size_t past = first_past(series, a->knots[j]);
        if (past != first_past(series, b->knots[j]) || past != count_before(series, a->knots[j]) ||
            past != count_before(series, b->knots[j])) {
            return false;
        }
    }
    return true;
}

/* Scores of the joinpoints, node values held (those are zero at a fit). */
static void knot_scores(const traffstat_i_bent *series, const traffstat_i_lines *fit, double *score)
{
    for (size_t j = 0; j < fit->k; j++) {
        const double width = 1e-6 * (traffstat_i_lines_node(series, fit, j + 2) - fit->knots[j]);
        const traffstat_i_lines left = moved(series, fit, j, fit->knots[j] - width);
        const traffstat_i_lines right = moved(series, fit, j, fit->knots[j] + width);
        score[j] = (left.deviance - right.deviance) / (4.0 * width);
    }
}

/* All joinpoints at once, by scoring, while they stay inside their stretches and it helps. */
static void polish(const traffstat_i_bent *series, traffstat_i_lines *fit)
{
    double covariance[(TRAFFSTAT_I_NODES + TRAFFSTAT_I_KNOTS) *
                      (TRAFFSTAT_I_NODES + TRAFFSTAT_I_KNOTS)];
    for (int i = 0; i < POLISH_STEPS; i++) {
        double score[TRAFFSTAT_I_KNOTS];
        if (!traffstat_i_lines_covariance(series, fit, true, covariance)) {
            return;
        }
        knot_scores(series, fit, score);
        const size_t nodes = fit->k + 2;
        const size_t size = nodes + fit->k;
        traffstat_i_lines next = *fit;
        for (size_t a = 0; a < fit->k; a++) {
            for (size_t b = 0; b < fit->k; b++) {
                next.knots[a] += covariance[(nodes + a) * size + nodes + b] * score[b];
            }
        }
        if (!same_stretches(series, fit, &next)) {
            return;
        }
        traffstat_i_lines_carry(series, fit, &next);
        if (!traffstat_i_lines_fit(series, &next, 1e-13) || !(next.deviance < fit->deviance)) {
            return;
        }
        *fit = next;
    }
}

traffstat_status traffstat_i_bent_refine(const traffstat_i_bent *series, traffstat_i_lines *fit)
{
    for (int i = 0; i < SWEEPS; i++) {
        const double before = fit->deviance;
        for (size_t j = 0; j < fit->k; j++) {
            move_one(series, fit, j);
        }
        const traffstat_status status = traffstat_i_progress(series->ctx, 0.0);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        polish(series, fit);
        if (fit->k < 2 || !better(fit->deviance, before)) {
            break;
        }
    }
    return TRAFFSTAT_OK;
}
