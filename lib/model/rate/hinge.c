/* The grid, its Gram matrix, and the search over placings. */
#include "model/rate/hinge.h"

#include <math.h>
#include <string.h>

/* A hinge that others explain to this share is not told from them. */
#define SAME 1e-10
/* Bounds are used with this share of the whole to spare, for their rounding. */
#define SPARE 1e-10

/* ---- the grid -------------------------------------------------------------------------------- */

bool traffstat_i_hinge_fits(size_t n, size_t end, size_t step, size_t k)
{
    return k == 0 || (n > 2 * end && n - 2 * end >= (k - 1) * step + 1);
}

double traffstat_i_hinge_placings(size_t n, size_t end, size_t step, size_t k)
{
    if (!traffstat_i_hinge_fits(n, end, step, k)) {
        return 0.0;
    }
    double placings = 1.0;
    const size_t free_places = k == 0 ? 0 : n - 2 * end - (k - 1) * (step - 1);
    for (size_t i = 0; i < k; i++) {
        placings *= (double) (free_places - i) / (double) (i + 1);
    }
    return placings;
}

traffstat_status traffstat_i_hinge_init(traffstat_ctx *ctx, traffstat_i_hinge *hinge,
                                        const double *x, size_t n, size_t end, size_t step,
                                        size_t most)
{
    const size_t g = n > 2 * end ? n - 2 * end : 0;
    *hinge = (traffstat_i_hinge){
        .ctx = ctx, .n = n, .end = end, .step = step, .most = most, .g = g, .x = x};
    const size_t pieces = most > 2 ? n * n : 0;
    const size_t pairs = most > 1 ? g * g : 0;
    hinge->w =
        traffstat_i_alloc(ctx, 2 * n + 5 * g + g * g + 2 * pairs + 3 * pieces, sizeof(double));
    if (hinge->w == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    hinge->centred = hinge->w + n;
    hinge->inv_norm = hinge->centred + n;
    hinge->halves = hinge->inv_norm + g;
    hinge->rho = hinge->halves + 4 * g;
    hinge->pair_p = hinge->rho + g * g;
    hinge->pair_q = hinge->pair_p + pairs;
    hinge->piece_mean = hinge->pair_q + pairs;
    hinge->piece_inv_weight = hinge->piece_mean + pieces;
    hinge->piece_inv_spread = hinge->piece_inv_weight + pieces;
    return TRAFFSTAT_OK;
}

void traffstat_i_hinge_clear(traffstat_i_hinge *hinge)
{
    traffstat_i_free(hinge->ctx, hinge->w);
    hinge->w = NULL;
}

static void centre(traffstat_i_hinge *hinge)
{
    double weight = 0.0;
    double mean = 0.0;
    for (size_t i = 0; i < hinge->n; i++) {
        weight += hinge->w[i];
        mean += hinge->w[i] * hinge->x[i];
    }
    mean /= weight;
    double spread = 0.0;
    for (size_t i = 0; i < hinge->n; i++) {
        hinge->centred[i] = hinge->x[i] - mean;
        spread += hinge->w[i] * hinge->centred[i] * hinge->centred[i];
    }
    hinge->inv_weight = 1.0 / weight;
    hinge->inv_spread = 1.0 / spread;
}

/* What the line takes of both halves of each hinge: products with 1 and with x. */
static void halve(traffstat_i_hinge *hinge)
{
    for (size_t a = 0; a < hinge->g; a++) {
        const size_t knot = hinge->end + a;
        double *half = hinge->halves + 4 * a;
        memset(half, 0, 4 * sizeof *half);
        for (size_t i = 0; i < hinge->n; i++) {
            const double part = hinge->w[i] * fabs(hinge->x[i] - hinge->x[knot]);
            double *side = i < knot ? half : half + 2;
            side[0] += part;
            side[1] += part * hinge->centred[i];
        }
    }
}

/* Product of two swept hinges, a <= b: left half of a with right half of b. */
static double product(const traffstat_i_hinge *hinge, size_t a, size_t b)
{
    const double *left = hinge->halves + 4 * a;
    const double *right = hinge->halves + 4 * b + 2;
    return -left[0] * right[0] * hinge->inv_weight - left[1] * right[1] * hinge->inv_spread;
}

static void correlate(traffstat_i_hinge *hinge)
{
    const size_t g = hinge->g;
    for (size_t a = 0; a < g; a++) {
        const double square = product(hinge, a, a);
        hinge->inv_norm[a] = square > 0.0 ? 1.0 / sqrt(square) : 0.0;
    }
    for (size_t a = 0; a < g; a++) {
        hinge->rho[a * g + a] = 1.0;
        for (size_t b = a + 1; b < g; b++) {
            const double rho = product(hinge, a, b) * hinge->inv_norm[a] * hinge->inv_norm[b];
            hinge->rho[a * g + b] = rho;
            hinge->rho[b * g + a] = rho;
        }
    }
}

static void pair_up(traffstat_i_hinge *hinge)
{
    const size_t g = hinge->g;
    for (size_t a = 0; a < g; a++) {
        for (size_t b = a + 1; b < g; b++) {
            const double rho = hinge->rho[a * g + b];
            const double rest = 1.0 - rho * rho;
            hinge->pair_p[a * g + b] = rest > SAME ? 1.0 / rest : 0.0;
            hinge->pair_q[a * g + b] = rest > SAME ? 2.0 * rho / rest : 0.0;
        }
    }
}

/* Moments of every run of observations. */
static void cut_pieces(traffstat_i_hinge *hinge)
{
    for (size_t i = 0; i < hinge->n; i++) {
        double weight = 0.0;
        double mean = 0.0;
        double spread = 0.0;
        for (size_t j = i; j < hinge->n; j++) {
            const double gap = hinge->centred[j] - mean;
            weight += hinge->w[j];
            mean += gap * hinge->w[j] / weight;
            spread += hinge->w[j] * gap * (hinge->centred[j] - mean);
            hinge->piece_mean[i * hinge->n + j] = mean;
            hinge->piece_inv_weight[i * hinge->n + j] = 1.0 / weight;
            hinge->piece_inv_spread[i * hinge->n + j] = j > i ? 1.0 / spread : 0.0;
        }
    }
}

void traffstat_i_hinge_weigh(traffstat_i_hinge *hinge, const double *w)
{
    memcpy(hinge->w, w, hinge->n * sizeof *w);
    centre(hinge);
    halve(hinge);
    correlate(hinge);
    if (hinge->most > 1) {
        pair_up(hinge);
    }
    if (hinge->most > 2) {
        cut_pieces(hinge);
    }
}

/* ---- one response ---------------------------------------------------------------------------- */

traffstat_status traffstat_i_scan_init(traffstat_i_scan *scan, const traffstat_i_hinge *hinge)
{
    const size_t n = hinge->n;
    const size_t table = (hinge->most + 1) * hinge->g;
    *scan = (traffstat_i_scan){.hinge = hinge};
    scan->memory = traffstat_i_alloc(
        hinge->ctx, n + 3 * (n + 1) + 3 * table + (hinge->most + 1) * n, sizeof(double));
    if (scan->memory == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    scan->residual = scan->memory;
    for (size_t i = 0; i < 3; i++) {
        scan->sums[i] = scan->residual + n + i * (n + 1);
    }
    scan->u = scan->sums[2] + n + 1;
    scan->norm = scan->u + table;
    scan->part = scan->norm + table;
    scan->rest = scan->part + table;
    return TRAFFSTAT_OK;
}

void traffstat_i_scan_clear(traffstat_i_scan *scan)
{
    if (scan->memory != NULL) {
        traffstat_i_free(scan->hinge->ctx, scan->memory);
        scan->memory = NULL;
    }
}

/* Residuals of one line, and their sum of squares. */
static void take_line(traffstat_i_scan *scan, const double *z)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    double mean = 0.0;
    double slope = 0.0;
    for (size_t i = 0; i < hinge->n; i++) {
        mean += hinge->w[i] * z[i];
        slope += hinge->w[i] * z[i] * hinge->centred[i];
    }
    mean *= hinge->inv_weight;
    slope *= hinge->inv_spread;
    double sse = 0.0;
    for (size_t i = 0; i < hinge->n; i++) {
        const double residual = z[i] - mean - slope * hinge->centred[i];
        scan->residual[i] = residual;
        sse += hinge->w[i] * residual * residual;
    }
    scan->sse0 = sse;
}

static void run_sums(traffstat_i_scan *scan)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    double sums[3] = {0.0, 0.0, 0.0};
    for (size_t i = 0; i < hinge->n; i++) {
        const double we = hinge->w[i] * scan->residual[i];
        for (size_t s = 0; s < 3; s++) {
            scan->sums[s][i] = sums[s];
        }
        sums[0] += we;
        sums[1] += we * hinge->centred[i];
        sums[2] += we * scan->residual[i];
    }
    for (size_t s = 0; s < 3; s++) {
        scan->sums[s][hinge->n] = sums[s];
    }
}

void traffstat_i_scan_load(traffstat_i_scan *scan, const double *z)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    take_line(scan, z);
    double one = 0.0;
    double x = 0.0;
    for (size_t i = hinge->n; i-- > hinge->end;) {
        if (i < hinge->end + hinge->g) {
            const size_t a = i - hinge->end;
            scan->u[a] = (x - hinge->centred[i] * one) * hinge->inv_norm[a];
        }
        const double we = hinge->w[i] * scan->residual[i];
        one += we;
        x += we * hinge->centred[i];
    }
    for (size_t a = 0; a < hinge->g; a++) {
        scan->norm[a] = hinge->inv_norm[a] > 0.0 ? 1.0 : 0.0;
    }
    if (hinge->most > 2) {
        run_sums(scan);
    }
}

/* ---- one and two joinpoints ------------------------------------------------------------------ */

static double best_one(traffstat_i_scan *scan, double cutoff, size_t *knots)
{
    const size_t g = scan->hinge->g;
    double best = -1.0;
    size_t at = 0;
    for (size_t a = 0; a < g; a++) {
        const double gain = scan->u[a] * scan->u[a];
        if (gain > best) {
            best = gain;
            at = a;
        }
    }
    if (!(scan->sse0 - best < cutoff)) {
        return cutoff;
    }
    if (knots != NULL) {
        knots[0] = scan->hinge->end + at;
    }
    return scan->sse0 - best;
}

/* Greatest gain of a pair with `a`; four running bests, so that none waits for another. */
static double pairs_of(const traffstat_i_scan *scan, size_t a)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    const size_t g = hinge->g;
    const double *p = hinge->pair_p + a * g;
    const double *q = hinge->pair_q + a * g;
    const double *u = scan->u;
    const double ua = u[a];
    const double ua2 = ua * ua;
    double best[4] = {0.0, 0.0, 0.0, 0.0};
    size_t b = a + hinge->step;
    for (; b + 4 <= g; b += 4) {
        for (size_t i = 0; i < 4; i++) {
            const double gain = (ua2 + u[b + i] * u[b + i]) * p[b + i] - ua * u[b + i] * q[b + i];
            best[i] = gain > best[i] ? gain : best[i];
        }
    }
    for (; b < g; b++) {
        const double gain = (ua2 + u[b] * u[b]) * p[b] - ua * u[b] * q[b];
        best[0] = gain > best[0] ? gain : best[0];
    }
    const double left = best[0] > best[1] ? best[0] : best[1];
    const double right = best[2] > best[3] ? best[2] : best[3];
    return left > right ? left : right;
}

static size_t partner_of(const traffstat_i_scan *scan, size_t a, double gain)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    const double *u = scan->u;
    const double ua2 = u[a] * u[a];
    size_t b = a + hinge->step;
    while (b + 1 < hinge->g && (ua2 + u[b] * u[b]) * hinge->pair_p[a * hinge->g + b] -
                                       u[a] * u[b] * hinge->pair_q[a * hinge->g + b] <
                                   gain) {
        b++;
    }
    return b;
}

static double best_two(traffstat_i_scan *scan, double cutoff, bool any, size_t *knots)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    double best = scan->sse0 - cutoff;
    size_t first = hinge->g;
    for (size_t a = 0; a + hinge->step < hinge->g; a++) {
        const double gain = pairs_of(scan, a);
        if (gain > best) {
            best = gain;
            first = a;
            if (any) {
                break;
            }
        }
    }
    if (first == hinge->g) {
        return cutoff;
    }
    if (knots != NULL) {
        knots[0] = hinge->end + first;
        knots[1] = hinge->end + partner_of(scan, first, best);
    }
    return scan->sse0 - best;
}

/* ---- three and more: branch and bound -------------------------------------------------------- */

/* Sum of squares of the observations i..j by a line of their own. */
static double piece(const traffstat_i_scan *scan, size_t i, size_t j)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    const size_t at = i * hinge->n + j;
    const double y = scan->sums[0][j + 1] - scan->sums[0][i];
    const double xy = scan->sums[1][j + 1] - scan->sums[1][i] - hinge->piece_mean[at] * y;
    const double yy = scan->sums[2][j + 1] - scan->sums[2][i];
    return yy - y * y * hinge->piece_inv_weight[at] - xy * xy * hinge->piece_inv_spread[at];
}

/* rest[r * n + i]: the least cost of the observations after i, when i is a joinpoint, r more follow
 * and the lines need not meet. Never more than what lines that meet cost. */
static void bound_rest(traffstat_i_scan *scan, size_t k)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    const size_t n = hinge->n;
    for (size_t i = hinge->end; i + hinge->end < n; i++) {
        scan->rest[i] = piece(scan, i + 1, n - 1);
    }
    for (size_t r = 1; r < k; r++) {
        const size_t last = n - 1 - hinge->end - (r - 1) * hinge->step;
        for (size_t i = hinge->end; i + hinge->step <= last; i++) {
            double least = INFINITY;
            for (size_t b = i + hinge->step; b <= last; b++) {
                const double cost = piece(scan, i + 1, b) + scan->rest[(r - 1) * n + b];
                least = cost < least ? cost : least;
            }
            scan->rest[r * n + i] = least;
        }
    }
}

/* Level `depth + 1`: what is left once candidate a of level `depth` is taken. */
static void sweep(traffstat_i_scan *scan, size_t depth, size_t a)
{
    const size_t g = scan->hinge->g;
    const double *rho = scan->hinge->rho + a * g;
    const double *u = scan->u + depth * g;
    const double *norm = scan->norm + depth * g;
    double *part = scan->part + depth * g;
    double *next_u = scan->u + (depth + 1) * g;
    double *next_norm = scan->norm + (depth + 1) * g;
    const double scale = 1.0 / sqrt(norm[a]);
    const double share = u[a] * scale;
    for (size_t b = a + 1; b < g; b++) {
        double with = rho[b];
        for (size_t j = 0; j < depth; j++) {
            with -= scan->part[j * g + a] * scan->part[j * g + b];
        }
        part[b] = with * scale;
        next_u[b] = u[b] - part[b] * share;
        next_norm[b] = norm[b] - part[b] * part[b];
    }
}

/* Candidates of level `depth` from `start` on, after the joinpoints so far gained `gain`; `before`
 * is what lines that need not meet cost up to the last of them. */
static void branch(traffstat_i_scan *scan, size_t depth, size_t start, double gain, double before)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    const size_t g = hinge->g;
    const size_t after = scan->k - depth - 1;
    const size_t from = depth == 0 ? 0 : scan->knots[depth - 1] + 1;
    const double spare = SPARE * scan->sse0;
    for (size_t a = start; a + after * hinge->step < g; a++) {
        const size_t at = hinge->end + a;
        const double norm = scan->norm[depth * g + a];
        if (norm <= SAME) {
            continue;
        }
        double cost = 0.0;
        if (hinge->most > 2) {
            cost = before + piece(scan, from, at);
            if (cost + scan->rest[after * hinge->n + at] - spare >= scan->cutoff) {
                continue;
            }
        }
        const double u = scan->u[depth * g + a];
        const double gained = gain + u * u / norm;
        scan->knots[depth] = at;
        if (after > 0) {
            sweep(scan, depth, a);
            branch(scan, depth + 1, a + hinge->step, gained, cost);
        } else if (scan->sse0 - gained < scan->cutoff) {
            scan->cutoff = scan->visit(scan->user, scan->knots, scan->sse0 - gained);
        }
    }
}

void traffstat_i_scan_visit(traffstat_i_scan *scan, size_t k, double cutoff,
                            traffstat_i_placing_fn visit, void *user)
{
    scan->k = k;
    scan->cutoff = cutoff;
    scan->visit = visit;
    scan->user = user;
    if (scan->hinge->most > 2) {
        bound_rest(scan, k);
    }
    branch(scan, 0, 0, 0.0, 0.0);
}

static double keep(void *user, const size_t *knots, double sse)
{
    traffstat_i_scan *scan = user;
    memcpy(scan->kept, knots, scan->k * sizeof *knots);
    scan->kept_sse = sse;
    return scan->any ? -INFINITY : sse;
}

/* The joinpoints of lines that need not meet are a good first guess for those that do: their sum of
 * squares, INFINITY where two hinges cannot be told apart. */
static double guess(traffstat_i_scan *scan, size_t k, size_t *knots)
{
    const traffstat_i_hinge *hinge = scan->hinge;
    const size_t n = hinge->n;
    const size_t g = hinge->g;
    size_t first = hinge->end;
    size_t from = 0;
    double gain = 0.0;
    for (size_t depth = 0; depth < k; depth++) {
        const size_t after = k - depth - 1;
        double least = INFINITY;
        for (size_t b = first; b + hinge->end + after * hinge->step < n; b++) {
            const double cost = piece(scan, from, b) + scan->rest[after * n + b];
            if (cost < least) {
                least = cost;
                knots[depth] = b;
            }
        }
        const size_t a = knots[depth] - hinge->end;
        const double norm = scan->norm[depth * g + a];
        if (norm <= SAME) {
            return INFINITY;
        }
        gain += scan->u[depth * g + a] * scan->u[depth * g + a] / norm;
        sweep(scan, depth, a);
        first = knots[depth] + hinge->step;
        from = knots[depth] + 1;
    }
    return scan->sse0 - gain;
}

static double best_many(traffstat_i_scan *scan, size_t k, double cutoff, bool any, size_t *knots)
{
    size_t guessed[TRAFFSTAT_I_KNOTS] = {0};
    bound_rest(scan, k);
    scan->k = k;
    scan->any = any;
    scan->kept_sse = cutoff;
    const double first = guess(scan, k, guessed);
    if (first < cutoff) {
        (void) keep(scan, guessed, first);
    }
    if (!(any && first < cutoff)) {
        scan->cutoff = scan->kept_sse;
        scan->visit = keep;
        scan->user = scan;
        branch(scan, 0, 0, 0.0, 0.0);
    }
    if (knots != NULL && scan->kept_sse < cutoff) {
        memcpy(knots, scan->kept, k * sizeof *knots);
    }
    return scan->kept_sse;
}

double traffstat_i_scan_best(traffstat_i_scan *scan, size_t k, double cutoff, bool any,
                             size_t *knots)
{
    switch (k) {
    case 0:
        return scan->sse0 < cutoff ? scan->sse0 : cutoff;
    case 1:
        return best_one(scan, cutoff, knots);
    case 2:
        return best_two(scan, cutoff, any, knots);
    default:
        return best_many(scan, k, cutoff, any, knots);
    }
}
