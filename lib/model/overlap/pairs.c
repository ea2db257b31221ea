/* Every pair of lists alone. */
#include <math.h>

#include "model/overlap/methods.h"

typedef struct pair {
    double first;  /* on the one list */
    double second; /* on the other */
    double both;
} pair;

static pair count_pair(const traffstat_i_overlap_run *run, size_t stratum, size_t a, size_t b)
{
    const uint32_t *patterns = traffstat_overlap_patterns(run->overlap, stratum);
    const int64_t *counts = traffstat_overlap_counts(run->overlap, stratum);
    pair got = {0};
    for (size_t i = 0; i < traffstat_overlap_cells(run->overlap, stratum); i++) {
        const double on_a = (double) (patterns[i] >> a & 1);
        const double on_b = (double) (patterns[i] >> b & 1);
        got.first += on_a * (double) counts[i];
        got.second += on_b * (double) counts[i];
        got.both += on_a * on_b * (double) counts[i];
    }
    return got;
}

static double chapman_variance(const pair *p)
{
    return (p->first + 1.0) * (p->second + 1.0) * (p->first - p->both) * (p->second - p->both) /
           ((p->both + 1.0) * (p->both + 1.0) * (p->both + 2.0));
}

/* Seber (1982): Lincoln and Petersen's n1 n2 / m, and Chapman's form of it, which has no bias where
 * n1 + n2 is at least N. The persons seen are those on either of the two lists. */
static traffstat_status fill_pair(traffstat_i_overlap_run *run, const pair *p, size_t row)
{
    traffstat_detail *detail = traffstat_i_estimate_row_details(run->estimate, row);
    const double seen = p->first + p->second - p->both;
    traffstat_estimate_row *to = traffstat_i_estimate_row(run->estimate, row);
    to->observed_lower = to->observed_upper = (int64_t) seen;
    if (p->both == 0.0) {
        traffstat_i_detail_none(detail, "lincoln_petersen");
        traffstat_i_detail_none(detail, "se");
    } else {
        traffstat_i_detail_number(detail, "lincoln_petersen", p->first * p->second / p->both);
        traffstat_i_detail_number(detail, "se", sqrt(chapman_variance(p)));
    }
    traffstat_i_detail_integer(detail, "n1", (int64_t) p->first);
    traffstat_i_detail_integer(detail, "n2", (int64_t) p->second);
    traffstat_i_detail_integer(detail, "m", (int64_t) p->both);
    if (p->both == 0.0) {
        return traffstat_i_overlap_refuse(
            run, row, seen > 0.0 ? "nobody is on both lists" : "nobody is on either list");
    }
    const double estimate = (p->first + 1.0) * (p->second + 1.0) / (p->both + 1.0) - 1.0;
    double lower = seen;
    double upper = seen;
    traffstat_i_lognormal(seen, estimate, chapman_variance(p), run->options.level, &lower, &upper);
    traffstat_i_overlap_numbers(run, row, seen, estimate, lower, upper);
    return traffstat_i_overlap_judge(run, row, seen, p->both, "on both lists");
}

traffstat_status traffstat_i_overlap_pairs(traffstat_i_overlap_run *run, size_t stratum, size_t row)
{
    const size_t lists = traffstat_overlap_lists(run->overlap);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t a = 0; a < lists; a++) {
        for (size_t b = a + 1; b < lists && status == TRAFFSTAT_OK; b++, row++) {
            traffstat_text name;
            traffstat_i_text_init(&name, run->ctx);
            traffstat_i_text_addf(&name, "%s:%s", traffstat_overlap_list(run->overlap, a),
                                  traffstat_overlap_list(run->overlap, b));
            traffstat_i_detail_text(traffstat_i_estimate_row_details(run->estimate, row), "model",
                                    traffstat_i_text_get(&name));
            const bool failed = name.failed;
            traffstat_i_text_clear(&name);
            const pair p = count_pair(run, stratum, a, b);
            status = failed ? TRAFFSTAT_E_NOMEM : fill_pair(run, &p, row);
        }
    }
    return status;
}
