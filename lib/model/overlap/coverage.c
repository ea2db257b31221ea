/* Sample coverage (Chao & Tsay 1998; Chao et al. 2001). */
#include <math.h>
#include <string.h>

#include "model/overlap/draw.h"
#include "model/overlap/methods.h"

enum { INDEPENDENCE, HIGH, LOW, ROWS };

static const char *const names[ROWS] = {"independence", "high", "low"};

/* What the three estimators need of the counts. */
typedef struct sums {
    double n;
    double on[TRAFFSTAT_LISTS_MAX];    /* persons of each list */
    double alone[TRAFFSTAT_LISTS_MAX]; /* and on no other */
    double both[TRAFFSTAT_LISTS_MAX][TRAFFSTAT_LISTS_MAX];
    double only[TRAFFSTAT_LISTS_MAX][TRAFFSTAT_LISTS_MAX]; /* on exactly these two */
} sums;

static void add_cell(sums *s, size_t lists, uint32_t pattern, double count)
{
    const bool single = (pattern & (pattern - 1)) == 0;
    s->n += count;
    for (size_t i = 0; i < lists; i++) {
        if ((pattern >> i & 1) == 0) {
            continue;
        }
        s->on[i] += count;
        s->alone[i] += single ? count : 0.0;
        for (size_t j = i + 1; j < lists; j++) {
            if ((pattern >> j & 1) != 0) {
                s->both[i][j] += count;
                s->only[i][j] += pattern == (1u << i | 1u << j) ? count : 0.0;
            }
        }
    }
}

static double repeats(const sums *s, size_t i, size_t j)
{
    return s->alone[i] + s->alone[j] + 2.0 * s->only[i][j];
}

typedef struct result {
    double seen_mean; /* D: persons seen less the mean number on one list alone */
    double coverage;  /* C: share of captures that are not the only one of their person */
    double value[ROWS];
} result;

/* High coverage: (t D - sum A) / (t C - sum A B / (n_i n_j)); it falls back to n where that is
 * nothing, which is no estimate. Low: one step from the independence value, taken twice. */
static void estimate(const sums *s, size_t lists, result *out)
{
    const double t = (double) lists;
    double alone = 0.0;
    double share = 0.0;
    for (size_t i = 0; i < lists; i++) {
        alone += s->alone[i];
        share += s->alone[i] / s->on[i];
    }
    out->seen_mean = s->n - alone / t;
    out->coverage = 1.0 - share / t;
    double spread = 0.0;
    double joint = 0.0;
    for (size_t i = 0; i < lists; i++) {
        for (size_t j = i + 1; j < lists; j++) {
            const double a = repeats(s, i, j);
            spread += a;
            joint += a * s->both[i][j] / (s->on[i] * s->on[j]);
        }
    }
    const double start = out->seen_mean / out->coverage;
    const double first = start + (start * joint - spread) / (t * out->coverage);
    const double high = (t * out->seen_mean - spread) / (t * out->coverage - joint);
    const double low = start + (first * joint - spread) / (t * out->coverage);
    const bool has_high = t * out->seen_mean - spread > 0.0 && high > s->n;
    out->value[INDEPENDENCE] = out->coverage > 0.0 && start > s->n ? start : NAN;
    out->value[HIGH] = has_high ? high : NAN;
    out->value[LOW] = out->coverage > 0.0 && low > s->n ? low : NAN;
}

/* ---- the bootstrap --------------------------------------------------------------------------- */

typedef struct bootstrap {
    traffstat_i_overlap_run *run;
    size_t stratum;
    size_t row;      /* which estimator */
    double unseen;   /* of it */
    double *weights; /* a row of cells + 1 for each worker: counts drawn follow at once */
    size_t cells;
    double *values; /* a result a replicate; NaN: none */
} bootstrap;

static double replicate_of(const bootstrap *of, uint32_t replicate, double *drawn)
{
    const traffstat_overlap *overlap = of->run->overlap;
    const uint32_t *patterns = traffstat_overlap_patterns(overlap, of->stratum);
    const size_t lists = traffstat_overlap_lists(overlap);
    traffstat_i_stream stream = {.seed = traffstat_ctx_seed(of->run->ctx),
                                 .model = TRAFFSTAT_I_STREAM_COVERAGE + (uint32_t) of->row +
                                          8u * (uint32_t) of->stratum,
                                 .replicate = replicate};
    const double n = (double) traffstat_overlap_persons(overlap, of->stratum);
    traffstat_i_draw_multinomial(&stream, rint(n + of->unseen), of->weights, of->cells + 1, drawn);
    sums s = {0};
    for (size_t i = 0; i < of->cells; i++) {
        add_cell(&s, lists, patterns[i], drawn[i]);
    }
    for (size_t i = 0; i < lists; i++) {
        if (s.on[i] == 0.0) {
            return NAN;
        }
    }
    result got;
    estimate(&s, lists, &got);
    return got.value[of->row];
}

static traffstat_status run_replicate(void *arg, size_t task, size_t worker)
{
    const bootstrap *of = arg;
    double *drawn = of->weights + (worker + 1) * (of->cells + 1);
    of->values[task] = replicate_of(of, (uint32_t) task, drawn);
    return TRAFFSTAT_OK;
}

/* Standard deviation of the replicates that have an estimate, and how many have none. */
static double spread_of(const double *values, size_t count, size_t *without)
{
    double mean = 0.0;
    double squares = 0.0;
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isnan(values[i])) { /* Welford's update */
            const double step = values[i] - mean;
            used++;
            mean += step / (double) used;
            squares += step * (values[i] - mean);
        }
    }
    *without = count - used;
    return used > 1 ? sqrt(squares / (double) (used - 1)) : NAN;
}

static traffstat_status bootstrap_se(traffstat_i_overlap_run *run, size_t stratum, size_t row,
                                     double unseen, double *se, size_t *without)
{
    const size_t replicates = run->options.bootstrap;
    const size_t workers = traffstat_i_workers(run->ctx, replicates);
    const int64_t *counts = traffstat_overlap_counts(run->overlap, stratum);
    bootstrap of = {.run = run, .stratum = stratum, .row = row, .unseen = unseen};
    of.cells = traffstat_overlap_cells(run->overlap, stratum);
    of.weights = traffstat_i_alloc(run->ctx, (workers + 1) * (of.cells + 1), sizeof *of.weights);
    of.values = traffstat_i_alloc(run->ctx, replicates, sizeof *of.values);
    traffstat_status status = TRAFFSTAT_E_NOMEM;
    if (of.weights != NULL && of.values != NULL) {
        for (size_t i = 0; i < of.cells; i++) {
            of.weights[i] = (double) counts[i];
        }
        of.weights[of.cells] = unseen;
        status = traffstat_i_parallel(run->ctx, replicates, run_replicate, &of);
    }
    if (status == TRAFFSTAT_OK) {
        *se = spread_of(of.values, replicates, without);
    }
    traffstat_i_free(run->ctx, of.weights);
    traffstat_i_free(run->ctx, of.values);
    return status;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static traffstat_status judge_replicates(traffstat_i_overlap_run *run, size_t row, size_t without)
{
    const double share = (double) without / (double) run->options.bootstrap;
    if (share <= TRAFFSTAT_I_LOST_CAUTION) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_addf(&text, "%zu of %zu bootstrap replicates have no estimate", without,
                          (size_t) run->options.bootstrap);
    const traffstat_verdict verdict = share > TRAFFSTAT_I_LOST_REFUSED
                                          ? TRAFFSTAT_VERDICT_INESTIMABLE
                                          : TRAFFSTAT_VERDICT_CAUTION;
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_row_reason(run->estimate, row, verdict,
                                                      traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status fill_row(traffstat_i_overlap_run *run, size_t stratum, size_t row,
                                 size_t which, const sums *s, const result *got)
{
    const double value = got->value[which];
    double shared = s->n;
    double se = NAN;
    size_t without = 0;
    traffstat_status status = TRAFFSTAT_OK;
    traffstat_detail *detail = traffstat_i_estimate_row_details(run->estimate, row);
    for (size_t i = 0; i < traffstat_overlap_lists(run->overlap); i++) {
        shared -= s->alone[i];
    }
    if (!isnan(value) && run->options.bootstrap > 1) {
        status = bootstrap_se(run, stratum, which, value - s->n, &se, &without);
    }
    traffstat_i_detail_text(detail, "model", names[which]);
    traffstat_i_detail_number(detail, "se", se);
    traffstat_i_detail_number(detail, "coverage", got->coverage);
    traffstat_i_detail_number(detail, "d", got->seen_mean);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (isnan(value)) {
        return traffstat_i_overlap_refuse(run, row,
                                          which == HIGH
                                              ? "the data are too sparse for this estimator: it "
                                                "falls back to the number seen"
                                              : "the estimate is not above what was seen");
    }
    double lower = NAN;
    double upper = NAN;
    if (!isnan(se)) {
        traffstat_i_lognormal(s->n, value, se * se, run->options.level, &lower, &upper);
    }
    traffstat_i_overlap_numbers(run, row, s->n, value, lower, upper);
    if (!isnan(se)) {
        status = judge_replicates(run, row, without);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_overlap_judge(run, row, s->n, shared, NULL)
                                  : status;
}

traffstat_status traffstat_i_overlap_coverage(traffstat_i_overlap_run *run, size_t stratum,
                                              size_t row)
{
    const size_t lists = traffstat_overlap_lists(run->overlap);
    const uint32_t *patterns = traffstat_overlap_patterns(run->overlap, stratum);
    const int64_t *counts = traffstat_overlap_counts(run->overlap, stratum);
    sums s = {0};
    result got = {.value = {NAN, NAN, NAN}};
    for (size_t i = 0; i < traffstat_overlap_cells(run->overlap, stratum); i++) {
        add_cell(&s, lists, patterns[i], (double) counts[i]);
    }
    estimate(&s, lists, &got);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < ROWS && status == TRAFFSTAT_OK; i++) {
        traffstat_i_progress_span(run->ctx, run->done + run->share * (double) i / ROWS,
                                  run->done + run->share * (double) (i + 1) / ROWS);
        status = fill_row(run, stratum, row + i, i, &s, &got);
    }
    return status;
}
