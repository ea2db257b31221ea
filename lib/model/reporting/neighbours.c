/* Neighbours: the scaled intrinsic conditional autoregression of BYM2 (Riebler et al. 2016). The
 * structured and the unstructured part share the eigenvectors of the graph's Laplacian, so that
 * their sum is drawn from one standard normal a place, with variances along those vectors. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_eigen.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_vector.h>

#include "model/reporting/field.h"

#define NO_VARIANCE 1e-9 /* an eigenvalue below this share of the largest is a component's 0 */

static traffstat_status decompose(traffstat_ctx *ctx, const traffstat_i_posterior *p,
                                  gsl_vector *values, gsl_matrix *vectors)
{
    const size_t n = p->spec.place_count;
    gsl_matrix *laplacian = gsl_matrix_calloc(n, n);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    traffstat_status status = TRAFFSTAT_OK;
    if (laplacian == NULL || work == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu neighbours", n);
    } else {
        for (size_t e = 0; e < p->spec.edge_count; e++) {
            const size_t a = p->spec.edges[2 * e];
            const size_t b = p->spec.edges[2 * e + 1];
            gsl_matrix_set(laplacian, a, b, -1.0);
            gsl_matrix_set(laplacian, b, a, -1.0);
        }
        for (size_t i = 0; i < n; i++) {
            double degree = 0.0;
            for (size_t j = 0; j < n; j++) {
                degree -= i != j ? gsl_matrix_get(laplacian, i, j) : 0.0;
            }
            gsl_matrix_set(laplacian, i, i, degree);
        }
        gsl_eigen_symmv(laplacian, values, vectors, work);
        gsl_eigen_symmv_sort(values, vectors, GSL_EIGEN_SORT_VAL_ASC);
    }
    gsl_eigen_symmv_free(work);
    gsl_matrix_free(laplacian);
    return status;
}

/* Variances along the vectors, scaled so that the geometric mean of the places' own is 1. */
static traffstat_status scale(traffstat_ctx *ctx, traffstat_i_posterior *p,
                              const gsl_vector *values, const gsl_matrix *vectors)
{
    const size_t n = p->spec.place_count;
    const double none = NO_VARIANCE * gsl_vector_get(values, n - 1);
    if (!(gsl_vector_get(values, 1) > none)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the places do not all hang together by the neighbours given");
    }
    double log_sum = 0.0;
    for (size_t j = 0; j < n; j++) {
        double variance = 0.0;
        for (size_t k = 1; k < n; k++) {
            const double v = gsl_matrix_get(vectors, j, k);
            variance += v * v / gsl_vector_get(values, k);
        }
        log_sum += log(variance);
    }
    const double mean = exp(log_sum / (double) n);
    for (size_t k = 0; k < n; k++) {
        p->spread[k] = k == 0 ? 0.0 : 1.0 / (gsl_vector_get(values, k) * mean);
        for (size_t j = 0; j < n; j++) {
            p->basis[k * n + j] = gsl_matrix_get(vectors, j, k);
        }
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_neighbours(traffstat_ctx *ctx, traffstat_i_posterior *posterior)
{
    const size_t n = posterior->spec.place_count;
    posterior->basis = traffstat_i_alloc(ctx, n * n, sizeof *posterior->basis);
    posterior->spread = traffstat_i_alloc(ctx, n, sizeof *posterior->spread);
    if (posterior->basis == NULL || posterior->spread == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    gsl_vector *values = gsl_vector_alloc(n);
    gsl_matrix *vectors = gsl_matrix_alloc(n, n);
    traffstat_status status = TRAFFSTAT_OK;
    if (values == NULL || vectors == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_NOMEM, "no memory for %zu neighbours", n);
    } else {
        status = decompose(ctx, posterior, values, vectors);
    }
    if (status == TRAFFSTAT_OK) {
        status = scale(ctx, posterior, values, vectors);
    }
    gsl_vector_free(values);
    gsl_matrix_free(vectors);
    return status;
}
