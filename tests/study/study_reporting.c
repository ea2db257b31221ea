#include <stdio.h>
#include <stdlib.h>
#include <math.h>
#include <time.h>
#include "study/calibration.h"
int main(int argc, char **argv)
{
    size_t n = argc > 1 ? (size_t) atoi(argv[1]) : 50;
    traffstat_ctx *ctx = NULL;
    if (traffstat_ctx_new(NULL, &ctx) || traffstat_ctx_set_threads(ctx, 1)) return 1;
    calibration_thinning th = {{8,12},{8,12},2,0.1,1,false,10000,20,7};
    for (int k = 0; k < 3; k++) {
        calibration_tally t;
        clock_t c = clock();
        th.rows = k ? 5 : 1; th.uneven = k == 2; th.replicates = k == 2 ? 100 : 10000;
        if (calibration_of_thinning(ctx, &th, &t)) { puts(traffstat_ctx_message(ctx)); return 1; }
        printf("thin %d chi p %g ks p %g D %g cov %g %g %g  %.2fs\n", k, t.uniformity.chi_square_p, t.uniformity.deviation_p, t.uniformity.deviation, t.coverage[0], t.coverage[1], t.coverage[2], (double)(clock()-c)/CLOCKS_PER_SEC);
    }
    calibration_answer *a = calloc(n, sizeof *a);
    double *room = calloc(n, sizeof *room);
    for (int k = 0; k < 8; k++) {
        calibration_panel p = calibration_right(n);
        p.negative_binomial = k & 1; p.mixed = k & 2; p.fast = k & 4;
        clock_t c = clock();
        double gap; if (calibration_gap(ctx, &p, 3, &gap)) return 1;
        if (calibration_of_panel(ctx, &p, a)) { puts(traffstat_ctx_message(ctx)); return 1; }
        double size = INFINITY; long div = 0; double kh = -INFINITY; int over=0;
        for (size_t i = 0; i < n; i++) { size = fmin(size, a[i].size); div += a[i].divergences; kh = fmax(kh, a[i].khat); over += a[i].khat > 0.7;}
        printf("nb %d mixed %d fast %d gap %g size %g div %ld khat %g over %d  %.2fs\n", k&1, !!(k&2), !!(k&4), gap, size, div, kh, over, (double)(clock()-c)/CLOCKS_PER_SEC);
        for (size_t q = 0; q < 4; q++) {
            size_t used; calibration_tally t = calibration_count(a, n, q, 10, room, &used);
            printf("   %-15s %zu chi p %.4f ks p %.4f D %.3f cov %.3f %.3f %.3f\n", calibration_names[q], used, t.uniformity.chi_square_p, t.uniformity.deviation_p, t.uniformity.deviation, t.coverage[0], t.coverage[1], t.coverage[2]);
        }
    }
    return 0;
}
