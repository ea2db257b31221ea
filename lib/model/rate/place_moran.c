/* Are neighbours alike? Moran's I of values and of rates. */
#include "model/rate/place.h"

#include <math.h>
#include <string.h>

#include "model/rate/tail.h"

#define MODEL 0x6d6f7261u /* "mora": this test's own random numbers */
#define CHUNK 32          /* permutations of one task */
#define TIE 1e-12

void traffstat_moran_options_init(traffstat_moran_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_moran_options filled = {
        .struct_size = struct_size, .rows = 1, .permutations = 999};
    memset(options, 0, struct_size);
    memcpy(options, &filled, struct_size < sizeof filled ? struct_size : sizeof filled);
}

static traffstat_status read_settings(traffstat_ctx *ctx, const traffstat_moran_options *given,
                                      traffstat_moran_options *out)
{
    traffstat_moran_options_init(out, sizeof *out);
    traffstat_status status = traffstat_i_read_options(ctx, given, out, sizeof *out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (out->rows < 0 || out->rows > 1 || out->reserved != 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                out->reserved != 0 ? "the reserved option must be 0"
                                                   : "rows must be 0 or 1");
    }
    if (out->permutations < 0 || out->permutations > 1000000) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "permutations must lie between 0 and 1000000");
    }
    return TRAFFSTAT_OK;
}

typedef struct pattern {
    traffstat_ctx *ctx;
    traffstat_i_links links;
    size_t n;       /* places in all */
    double placed;  /* with neighbours */
    double *z;      /* less their mean */
    double *column; /* weights towards a place; room for one worker after another */
    double *values; /* n a worker */
    int64_t *hits;
    double square; /* sum of z^2 */
    double cross;  /* sum of w z z */
    size_t permutations;
} pattern;

/* ---- the index ------------------------------------------------------------------------------- */

static double cross_of(const pattern *at, const double *z)
{
    double sum = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        double near = 0.0;
        for (size_t k = at->links.start[i]; k < at->links.start[i + 1]; k++) {
            near += at->links.weight[k] * z[at->links.to[k]];
        }
        sum += z[i] * near;
    }
    return sum;
}

static void scale_rows(traffstat_i_links *links)
{
    for (size_t i = 0; i < links->n; i++) {
        double sum = 0.0;
        for (size_t k = links->start[i]; k < links->start[i + 1]; k++) {
            sum += links->weight[k];
        }
        for (size_t k = links->start[i]; k < links->start[i + 1]; k++) {
            links->weight[k] /= sum;
        }
    }
}

/* The weight of the link from i to j, 0 where there is none. */
static double weight_of(const traffstat_i_links *links, size_t i, size_t j)
{
    for (size_t k = links->start[i]; k < links->start[i + 1]; k++) {
        if (links->to[k] == j) {
            return links->weight[k];
        }
    }
    return 0.0;
}

/* Cliff and Ord's sums of the weights. */
typedef struct weights {
    double s0;
    double s1;
    double s2;
} weights;

static weights sum_weights(const pattern *at)
{
    const traffstat_i_links *links = &at->links;
    weights sum = {0.0, 0.0, 0.0};
    memset(at->column, 0, at->n * sizeof *at->column);
    for (size_t i = 0; i < at->n; i++) {
        for (size_t k = links->start[i]; k < links->start[i + 1]; k++) {
            const double w = links->weight[k];
            const double back = weight_of(links, links->to[k], i);
            sum.s0 += w;
            /* both directions add (w + back)^2 / 2; where there is one alone, both fall to it */
            sum.s1 += (w + back) * (w + back) * (back > 0.0 ? 0.5 : 1.0);
            at->column[i] += w;
            at->column[links->to[k]] += w;
        }
    }
    for (size_t i = 0; i < at->n; i++) {
        sum.s2 += at->column[i] * at->column[i];
    }
    return sum;
}

/* Moments under randomisation: every order of the values is as likely as any other. */
static void moments(const pattern *at, weights w, traffstat_moran *out)
{
    const double n = at->placed;
    double fourth = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        fourth += at->z[i] * at->z[i] * at->z[i] * at->z[i];
    }
    const double peak = n * fourth / (at->square * at->square);
    const double whole = w.s0 * w.s0;
    const double left = n * ((n * n - 3.0 * n + 3.0) * w.s1 - n * w.s2 + 3.0 * whole);
    const double right = peak * ((n * n - n) * w.s1 - 2.0 * n * w.s2 + 6.0 * whole);
    out->i = n / w.s0 * at->cross / at->square;
    out->expected = -1.0 / (n - 1.0);
    out->variance = (left - right) / ((n - 1.0) * (n - 2.0) * (n - 3.0) * whole) -
                    out->expected * out->expected;
    out->z = (out->i - out->expected) / sqrt(out->variance);
    out->p = traffstat_i_normal_tail(out->z);
}

/* ---- permutations ---------------------------------------------------------------------------- */

static void shuffle(uint64_t seed, size_t replicate, double *values, size_t n)
{
    uint32_t block[4] = {0};
    for (size_t i = n - 1, drawn = 0; i > 0; i--, drawn++) {
        if (drawn % 4 == 0) {
            traffstat_i_random_block(seed, MODEL, (uint32_t) replicate, drawn / 4, block);
        }
        const size_t j = (size_t) (((uint64_t) block[drawn % 4] * (i + 1)) >> 32);
        const double kept = values[i];
        values[i] = values[j];
        values[j] = kept;
    }
}

static traffstat_status permute(void *arg, size_t task, size_t worker)
{
    const pattern *at = arg;
    double *values = at->values + worker * at->n;
    const size_t first = task * CHUNK;
    const size_t rest = at->permutations - first;
    const size_t end = first + (rest < CHUNK ? rest : CHUNK);
    int64_t hits = 0;
    for (size_t replicate = first; replicate < end; replicate++) {
        memcpy(values, at->z, at->n * sizeof *values);
        shuffle(traffstat_ctx_seed(at->ctx), replicate, values, at->n);
        hits += cross_of(at, values) >= at->cross - TIE * at->square ? 1 : 0;
    }
    at->hits[task] = hits;
    return TRAFFSTAT_OK;
}

static traffstat_status run_permutations(pattern *at, double *p)
{
    const size_t tasks = (at->permutations + CHUNK - 1) / CHUNK;
    *p = NAN;
    if (tasks == 0) {
        return TRAFFSTAT_OK;
    }
    at->values =
        traffstat_i_alloc(at->ctx, at->n * traffstat_i_workers(at->ctx, tasks), sizeof *at->values);
    at->hits = traffstat_i_alloc(at->ctx, tasks, sizeof *at->hits);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (at->values != NULL && at->hits != NULL) {
        status = traffstat_i_parallel(at->ctx, tasks, permute, at);
    }
    if (status == TRAFFSTAT_OK) {
        int64_t hits = 1;
        for (size_t i = 0; i < tasks; i++) {
            hits += at->hits[i];
        }
        *p = (double) hits / (double) (at->permutations + 1);
    }
    traffstat_i_free(at->ctx, at->hits);
    traffstat_i_free(at->ctx, at->values);
    return status;
}

/* ---- the entries ----------------------------------------------------------------------------- */

static traffstat_status centre(pattern *at, const double *values)
{
    double mean = 0.0;
    double largest = 0.0;
    for (size_t i = 0; i < at->n; i++) {
        mean += values[i] / (double) at->n;
        largest = fmax(largest, fabs(values[i]));
    }
    for (size_t i = 0; i < at->n; i++) {
        at->z[i] = values[i] - mean;
        at->square += at->z[i] * at->z[i];
    }
    if (!(at->square > 1e-26 * largest * largest * (double) at->n)) {
        return traffstat_i_fail(at->ctx, TRAFFSTAT_E_NODATA,
                                "all places have the same value: there is no pattern to test");
    }
    return TRAFFSTAT_OK;
}

static traffstat_status count_placed(pattern *at, traffstat_moran *out)
{
    for (size_t i = 0; i < at->n; i++) {
        out->isolated += at->links.start[i] == at->links.start[i + 1] ? 1 : 0;
    }
    at->placed = (double) (at->n - out->isolated);
    if (at->n - out->isolated < 4) {
        return traffstat_i_fail(at->ctx, TRAFFSTAT_E_NODATA,
                                "a pattern needs at least 4 places with neighbours, and there are "
                                "%zu",
                                at->n - out->isolated);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status test_pattern(pattern *at, const double *values,
                                     const traffstat_neighbours *neighbours, int32_t rows,
                                     traffstat_moran *out)
{
    traffstat_status status = traffstat_i_links_init(at->ctx, &at->links, neighbours, at->n);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    at->z = traffstat_i_alloc(at->ctx, 2 * at->n, sizeof *at->z);
    if (at->z == NULL) {
        status = TRAFFSTAT_E_NOMEM;
    } else {
        at->column = at->z + at->n;
        status = count_placed(at, out);
    }
    if (status == TRAFFSTAT_OK) {
        status = centre(at, values);
    }
    if (status == TRAFFSTAT_OK) {
        if (rows != 0) {
            scale_rows(&at->links);
        }
        at->cross = cross_of(at, at->z);
        moments(at, sum_weights(at), out);
        status = run_permutations(at, &out->p_permutation);
    }
    traffstat_i_free(at->ctx, at->z);
    traffstat_i_links_clear(&at->links);
    return status;
}

traffstat_status traffstat_i_places_moran(traffstat_ctx *ctx, const double *values, size_t n,
                                          const traffstat_neighbours *neighbours,
                                          const traffstat_moran_options *options,
                                          traffstat_moran *out)
{
    traffstat_moran_options settings;
    traffstat_status status = read_settings(ctx, options, &settings);
    if (status == TRAFFSTAT_OK && (out == NULL || values == NULL)) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                  "values and a place for the result must be given");
    }
    for (size_t i = 0; status == TRAFFSTAT_OK && i < n; i++) {
        if (!isfinite(values[i])) {
            status =
                traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "place %zu has no finite value", i);
        }
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    pattern at = {.ctx = ctx, .n = n, .permutations = (size_t) settings.permutations};
    traffstat_moran made = {.clipped = 0};
    status = test_pattern(&at, values, neighbours, settings.rows, &made);
    if (status == TRAFFSTAT_OK) {
        *out = made;
    }
    return status;
}

traffstat_status traffstat_places_moran(traffstat_ctx *ctx, const double *values, size_t n,
                                        const traffstat_neighbours *neighbours,
                                        const traffstat_moran_options *options,
                                        traffstat_moran *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    const traffstat_status status =
        traffstat_i_places_moran(ctx, values, n, neighbours, options, out);
    return status == TRAFFSTAT_OK ? traffstat_i_progress(ctx, 1.0) : status;
}

/* Rates in standard errors of their own: variance a + m / persons, where a is Marshall's and may be
 * negative; a place's that is not positive becomes chance's alone. */
static size_t standardise(const double *cases, const double *persons, size_t n, double *values)
{
    double all = 0.0;
    double whole = 0.0;
    for (size_t i = 0; i < n; i++) {
        all += cases[i];
        whole += persons[i];
    }
    const double mean = all / whole;
    double between = -mean * (double) n / whole;
    for (size_t i = 0; i < n; i++) {
        const double gap = cases[i] / persons[i] - mean;
        between += persons[i] / whole * gap * gap;
    }
    size_t clipped = 0;
    for (size_t i = 0; i < n; i++) {
        const double chance = mean / persons[i];
        const bool negative = between + chance <= 0.0;
        clipped += negative ? 1 : 0;
        values[i] = (cases[i] / persons[i] - mean) / sqrt(negative ? chance : between + chance);
    }
    return clipped;
}

traffstat_status traffstat_i_places_moran_rates(traffstat_ctx *ctx, const double *cases,
                                                const double *persons, size_t n,
                                                const traffstat_neighbours *neighbours,
                                                const traffstat_moran_options *options,
                                                traffstat_moran *out)
{
    traffstat_moran_options settings;
    traffstat_status status = read_settings(ctx, options, &settings);
    if (status == TRAFFSTAT_OK && out == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_places_check(ctx, cases, persons, n, 4);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    double *values = traffstat_i_alloc(ctx, n, sizeof *values);
    if (values == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    pattern at = {.ctx = ctx, .n = n, .permutations = (size_t) settings.permutations};
    traffstat_moran made = {.clipped = standardise(cases, persons, n, values)};
    status = test_pattern(&at, values, neighbours, settings.rows, &made);
    if (status == TRAFFSTAT_OK) {
        *out = made;
    }
    traffstat_i_free(ctx, values);
    return status;
}

traffstat_status traffstat_places_moran_rates(traffstat_ctx *ctx, const double *cases,
                                              const double *persons, size_t n,
                                              const traffstat_neighbours *neighbours,
                                              const traffstat_moran_options *options,
                                              traffstat_moran *out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    const traffstat_status status =
        traffstat_i_places_moran_rates(ctx, cases, persons, n, neighbours, options, out);
    return status == TRAFFSTAT_OK ? traffstat_i_progress(ctx, 1.0) : status;
}
