/* Stepwise selection of pairs, several counts at once. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/overlap/search.h"
#include "model/rate/tail.h"

#define SUMMED_MOST 2000.0 /* up to here a tail is summed term by term */
#define SIDE 64            /* paths that are followed side by side */

/* ---- p --------------------------------------------------------------------------------------- */

/* ln s!, by Stirling's series from 10 on. */
static double log_factorial(double s)
{
    static const double small[] = {0.0,
                                   0.0,
                                   0.69314718055994531,
                                   1.7917594692280550,
                                   3.1780538303479458,
                                   4.7874917427820458,
                                   6.5792512120101012,
                                   8.5251613610654147,
                                   10.604602902745251,
                                   12.801827480081469};
    if (s < 10.0) {
        return small[(int) s];
    }
    const double r = 1.0 / s;
    const double r2 = r * r;
    const double series = r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680))));
    return (s + 0.5) * log(s) - s + 0.91893853320467274 + series;
}

/* Both tails hold the probability of s itself; the one on s's side of the mean is summed. */
static double summed_p(double s, double mean)
{
    const double at = exp(s * log(mean) - mean - log_factorial(s));
    double term = at;
    double tail = at;
    if (s <= mean) {
        for (double k = s; k > 0.0 && term > 1e-18 * tail; k -= 1.0) {
            term *= k / mean;
            tail += term;
        }
    } else {
        for (double k = s + 1.0; term > 1e-18 * tail; k += 1.0) {
            term *= mean / k;
            tail += term;
        }
    }
    return fmin(tail, 1.0 - tail + at);
}

double traffstat_i_poisson_p(double s, double mean)
{
    if (!(mean > 0.0)) {
        return s > 0.0 ? 0.0 : 1.0;
    }
    if (s < SUMMED_MOST && mean < SUMMED_MOST) {
        return summed_p(s, mean);
    }
    traffstat_i_tails at_most = {NAN, NAN};
    traffstat_i_tails at_least = {1.0, 0.0};
    if (!traffstat_i_gamma_tails(s + 1.0, mean, &at_most) ||
        (s > 0.0 && !traffstat_i_gamma_tails(s, mean, &at_least))) {
        return NAN;
    }
    return fmin(at_most.upper, at_least.lower);
}

/* ---- paths ----------------------------------------------------------------------------------- */

typedef struct steps {
    traffstat_i_exist_room *exist;
    const traffstat_i_fit_room *fit;
    double threshold;
    double *sums; /* [2 cells] */
} steps;

size_t traffstat_i_path_terms(size_t lists)
{
    return 1 + lists + lists * (lists - 1) / 2;
}

static traffstat_i_terms terms_of(const traffstat_i_path *path)
{
    return (traffstat_i_terms){path->term, path->terms};
}

/* Expected totals of the lists' common members at the path's effects, over the histories seen. */
static void expect_totals(const steps *s, const traffstat_i_counts *counts,
                          const traffstat_i_path *path)
{
    double *x = s->sums;
    for (size_t w = 0; w < counts->cells; w++) {
        x[w] = 1.0;
    }
    for (size_t i = 0; i < path->terms; i++) {
        x[path->term[i]] = counts->total[path->term[i]] > 0.0 ? exp(path->beta[i]) : 0.0;
    }
    for (size_t bit = 1; bit < counts->cells; bit <<= 1) {
        for (size_t w = bit; w < counts->cells; w = (w + 1) | bit) {
            x[w] *= x[w ^ bit];
        }
    }
    x[0] = 0.0;
    traffstat_i_superset_sums(x, counts->lists);
}

/* Terms stay in order, so that equal models are equal arrays. */
static void insert(traffstat_i_path *path, uint16_t pair)
{
    size_t at = path->terms;
    while (traffstat_i_compare_terms(path->term[at - 1], pair) > 0) {
        path->term[at] = path->term[at - 1];
        path->beta[at] = path->beta[at - 1];
        at--;
    }
    path->term[at] = pair;
    path->beta[at] = 0.0;
    path->terms++;
}

static bool can_hold(const steps *s, const traffstat_i_counts *counts, const traffstat_i_path *path,
                     uint16_t pair)
{
    traffstat_i_path with = {.terms = path->terms};
    memcpy(with.term, path->term, path->terms * sizeof *path->term);
    insert(&with, pair);
    return traffstat_i_existence(s->exist, counts, terms_of(&with)) == 0;
}

/* The next pair, with its p; false where none is below the threshold. */
static bool choose(const steps *s, const traffstat_i_counts *counts, const traffstat_i_path *path,
                   uint16_t *chosen, double *chosen_p)
{
    uint16_t pair[TRAFFSTAT_I_PAIRS_MAX];
    double p[TRAFFSTAT_I_PAIRS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < counts->lists; i++) {
        for (size_t j = i + 1; j < counts->lists; j++) {
            const uint16_t mask = (uint16_t) (1u << i | 1u << j);
            if (!traffstat_i_has_term(terms_of(path), mask)) {
                pair[count] = mask;
                p[count++] = traffstat_i_poisson_p(counts->total[mask], s->sums[mask]);
            }
        }
    }
    for (;;) {
        size_t best = 0;
        for (size_t i = 1; i < count; i++) {
            best = p[i] < p[best] ? i : best;
        }
        if (count == 0 || !(p[best] < s->threshold)) {
            return false;
        }
        if (can_hold(s, counts, path, pair[best])) {
            *chosen = pair[best];
            *chosen_p = p[best];
            return true;
        }
        p[best] = 1.0; /* the threshold is at most 1 */
    }
}

static int compare_jobs(const void *a, const void *b)
{
    const traffstat_i_terms one = (*(traffstat_i_fit_job *const *) a)->model;
    const traffstat_i_terms other = (*(traffstat_i_fit_job *const *) b)->model;
    if (one.count != other.count) {
        return one.count < other.count ? -1 : 1;
    }
    return memcmp(one.term, other.term, one.count * sizeof *one.term);
}

/* One step of each open path; equal models stand side by side, which is faster. */
static void step_all(const steps *s, const traffstat_i_counts *counts, traffstat_i_path *paths,
                     bool *open, size_t count)
{
    traffstat_i_fit_job jobs[SIDE];
    traffstat_i_fit_job *list[SIDE] = {NULL};
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        if (open[i]) {
            jobs[i] = (traffstat_i_fit_job){.counts = &counts[i],
                                            .model = terms_of(&paths[i]),
                                            .unseen = -1.0,
                                            .cutoff = -INFINITY,
                                            .warm = paths[i].steps > 0,
                                            .beta = paths[i].beta};
            list[wanted++] = &jobs[i];
        }
    }
    qsort(list, wanted, sizeof *list, compare_jobs);
    traffstat_i_fit_many(s->fit, list, wanted);
    for (size_t k = 0; k < wanted; k++) {
        const size_t i = (size_t) (list[k] - jobs);
        traffstat_i_path *path = &paths[i];
        uint16_t pair = 0;
        double p = 1.0;
        path->failed = list[k]->state != TRAFFSTAT_I_FIT_DONE;
        open[i] = false;
        if (!path->failed) {
            expect_totals(s, &counts[i], path);
            open[i] = choose(s, &counts[i], path, &pair, &p);
        }
        if (open[i]) {
            path->pair[path->steps] = pair;
            path->p[path->steps++] = p;
            insert(path, pair);
        } else {
            path->unseen = path->failed ? INFINITY : exp(path->beta[0]);
        }
    }
}

static bool begin(const steps *s, const traffstat_i_counts *counts, traffstat_i_path *path)
{
    *path = (traffstat_i_path){.unseen = INFINITY};
    path->terms = traffstat_i_close_terms(counts->lists, NULL, 0, path->term);
    path->existence = traffstat_i_existence(s->exist, counts, terms_of(path));
    return path->existence == 0;
}

void traffstat_i_paths(traffstat_i_exist_room *exist, const traffstat_i_fit_room *fit,
                       const traffstat_i_counts *counts, size_t count, double threshold,
                       double *scratch, traffstat_i_path *out)
{
    const steps s = {exist, fit, threshold, scratch};
    for (size_t from = 0; from < count; from += SIDE) {
        const size_t side = count - from < SIDE ? count - from : SIDE;
        bool open[SIDE];
        bool any = false;
        for (size_t i = 0; i < side; i++) {
            open[i] = begin(&s, &counts[from + i], &out[from + i]);
            any |= open[i];
        }
        while (any) {
            step_all(&s, counts + from, out + from, open, side);
            any = false;
            for (size_t i = 0; i < side; i++) {
                any |= open[i];
            }
        }
    }
}
