/* Neighbours: the scaled intrinsic conditional autoregression of BYM2 (Riebler et al. 2016). The
 * structured and the unstructured part share the eigenvectors of the graph's Laplacian, so that
 * their sum is drawn from one standard normal a place, with variances along those vectors. Where the
 * places fall into several groups each is scaled by itself, and a place alone has an unstructured
 * effect of the same variance (Freni-Sterrantino, Ventrucci & Rue 2018). */
#include <math.h>
#include <string.h>

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>

#include "model/reporting/field.h"

/* The places of one group, in rising order. */
typedef struct group {
    const size_t *places;
    size_t count;
    size_t first; /* number of its first vector */
} group;

/* ---- groups ---------------------------------------------------------------------------------- */

/* Gives all places of a group the smallest number among them. */
static void number_groups(const traffstat_i_posterior *p, size_t *number)
{
    for (size_t j = 0; j < p->spec.place_count; j++) {
        number[j] = j;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t e = 0; e < p->spec.edge_count; e++) {
            size_t *a = &number[p->spec.edges[2 * e]];
            size_t *b = &number[p->spec.edges[2 * e + 1]];
            const size_t least = *a < *b ? *a : *b;
            changed = changed || *a != *b;
            *a = *b = least;
        }
    }
}

static size_t list_group(const size_t *number, size_t count, size_t which, size_t *places)
{
    size_t found = 0;
    for (size_t j = 0; j < count; j++) {
        if (number[j] == which) {
            places[found++] = j;
        }
    }
    return found;
}

/* ---- one group ------------------------------------------------------------------------------- */

static size_t index_in(const group *g, size_t place)
{
    for (size_t i = 0; i < g->count; i++) {
        if (g->places[i] == place) {
            return i;
        }
    }
    return TRAFFSTAT_I_NO_COORDINATE;
}

static void fill_laplacian(const traffstat_i_posterior *p, const group *g, gsl_matrix *laplacian)
{
    for (size_t e = 0; e < p->spec.edge_count; e++) {
        const size_t a = index_in(g, p->spec.edges[2 * e]);
        const size_t b = index_in(g, p->spec.edges[2 * e + 1]);
        if (a != TRAFFSTAT_I_NO_COORDINATE) {
            gsl_matrix_set(laplacian, a, b, -1.0);
            gsl_matrix_set(laplacian, b, a, -1.0);
        }
    }
    for (size_t i = 0; i < g->count; i++) {
        double degree = 0.0;
        for (size_t j = 0; j < g->count; j++) {
            degree -= i != j ? gsl_matrix_get(laplacian, i, j) : 0.0;
        }
        gsl_matrix_set(laplacian, i, i, degree);
    }
}

/* Variances along the vectors, scaled so that the geometric mean of the places' own is 1. */
static void scale(traffstat_i_posterior *p, const group *g, const gsl_vector *values,
                  const gsl_matrix *vectors)
{
    const size_t n = p->spec.place_count;
    double log_sum = 0.0;
    for (size_t j = 0; j < g->count; j++) {
        double variance = 0.0;
        for (size_t k = 1; k < g->count; k++) {
            const double v = gsl_matrix_get(vectors, j, k);
            variance += v * v / gsl_vector_get(values, k);
        }
        log_sum += log(variance);
    }
    const double mean = exp(log_sum / (double) g->count);
    for (size_t k = 0; k < g->count; k++) {
        double *vector = p->basis + (g->first + k) * n;
        p->spread[g->first + k] = k == 0 ? 0.0 : 1.0 / (gsl_vector_get(values, k) * mean);
        for (size_t j = 0; j < g->count; j++) {
            vector[g->places[j]] = gsl_matrix_get(vectors, j, k);
        }
    }
}

static traffstat_status decompose(traffstat_ctx *ctx, traffstat_i_posterior *p, const group *g)
{
    gsl_matrix *laplacian = gsl_matrix_calloc(g->count, g->count);
    gsl_matrix *vectors = gsl_matrix_alloc(g->count, g->count);
    gsl_vector *values = gsl_vector_alloc(g->count);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(g->count);
    traffstat_status status = TRAFFSTAT_OK;
    if (laplacian == NULL || vectors == NULL || values == NULL || work == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu neighbours", g->count);
    } else {
        fill_laplacian(p, g, laplacian);
        gsl_eigen_symmv(laplacian, values, vectors, work);
        gsl_eigen_symmv_sort(values, vectors, GSL_EIGEN_SORT_VAL_ASC);
        scale(p, g, values, vectors);
    }
    gsl_eigen_symmv_free(work);
    gsl_vector_free(values);
    gsl_matrix_free(vectors);
    gsl_matrix_free(laplacian);
    return status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status decompose_groups(traffstat_ctx *ctx, traffstat_i_posterior *p,
                                         size_t *number, size_t *places)
{
    const size_t n = p->spec.place_count;
    traffstat_status status = TRAFFSTAT_OK;
    size_t next = 0;
    number_groups(p, number);
    for (size_t which = 0; which < n && status == TRAFFSTAT_OK; which++) {
        const group g = {places, list_group(number, n, which, places), next};
        if (g.count == 1) {
            p->basis[next * n + places[0]] = 1.0;
            p->spread[next] = 1.0;
        } else if (g.count > 1) {
            status = decompose(ctx, p, &g);
        }
        next += g.count;
    }
    return status;
}

traffstat_status traffstat_i_neighbours(traffstat_ctx *ctx, traffstat_i_posterior *posterior)
{
    const size_t n = posterior->spec.place_count;
    posterior->basis = traffstat_i_alloc(ctx, n * n, sizeof *posterior->basis);
    posterior->spread = traffstat_i_alloc(ctx, n, sizeof *posterior->spread);
    size_t *work = traffstat_i_alloc(ctx, 2 * n, sizeof *work);
    const traffstat_status status =
        posterior->basis == NULL || posterior->spread == NULL || work == NULL
            ? TRAFFSTAT_E_NOMEM
            : decompose_groups(ctx, posterior, work, work + n);
    traffstat_i_free(ctx, work);
    return status;
}
