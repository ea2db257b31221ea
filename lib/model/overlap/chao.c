/* Chao's lower bound. */
#include <math.h>

#include "model/overlap/methods.h"

/* Variance of n + A f1 (f1 - 1) / (2 (f2 + 1)): the unbiased one of Rivest & Levesque (2001). */
static double variance_of(double once, double twice, double share)
{
    const double corrected = share * once * (once - 1.0) / (2.0 * (twice + 1.0));
    const double more = once * once + 4.0 * once * twice + 3.0 * once - 6.0 * twice - 6.0;
    return corrected + corrected * share * more / (2.0 * (twice + 1.0) * (twice + 2.0));
}

/* Persons differ in their chances: then those seen once and twice bound the unseen from below. With
 * t occasions (lists) the unseen part is (t - 1)/t of that of open-ended counts. */
traffstat_status traffstat_i_overlap_chao(traffstat_i_overlap_run *run, size_t stratum, size_t row)
{
    const double t = (double) traffstat_overlap_occasions(run->overlap);
    const double seen = (double) traffstat_overlap_persons(run->overlap, stratum);
    const double once = (double) traffstat_overlap_captured(run->overlap, stratum, 1);
    const double twice = (double) traffstat_overlap_captured(run->overlap, stratum, 2);
    const double share = t > 0.0 ? (t - 1.0) / t : 1.0;
    const double corrected = share * once * (once - 1.0) / (2.0 * (twice + 1.0));
    const double variance = variance_of(once, twice, share);
    traffstat_detail *detail = traffstat_i_estimate_row_details(run->estimate, row);
    traffstat_i_detail_text(detail, "model",
                            t > 0.0 ? "Chao2 bias-corrected" : "Chao1 bias-corrected");
    traffstat_i_detail_number(detail, "se", sqrt(variance));
    traffstat_i_detail_integer(detail, "f1", (int64_t) once);
    traffstat_i_detail_integer(detail, "f2", (int64_t) twice);
    traffstat_i_detail_number(detail, "chao1",
                              twice > 0.0 ? seen + once * once / (2.0 * twice) : NAN);
    traffstat_i_detail_number(detail, "chao1_corrected",
                              seen + once * (once - 1.0) / (2.0 * (twice + 1.0)));
    traffstat_i_detail_number(
        detail, "chao2", t > 0.0 && twice > 0.0 ? seen + share * once * once / (2.0 * twice) : NAN);
    double lower = seen;
    double upper = seen;
    if (corrected > 0.0) {
        traffstat_i_lognormal(seen, seen + corrected, variance, run->options.level, &lower, &upper);
    }
    traffstat_i_overlap_numbers(run, row, seen, seen + corrected, lower, NAN);
    return traffstat_i_overlap_judge(run, row, seen, seen - once, NULL);
}
