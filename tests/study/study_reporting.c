/* Are the models of reporting calibrated? Truths are drawn from the prior, counts from the truths, and
 * each fit is asked where the truth lies in its posterior: everywhere equally often, if all is right.
 * Then the same where the prior is wrong. Prints Markdown, the same page for any number of threads.
 *
 *   study_reporting [REPLICATES [FAST [THREADS]]]     1000, twice as many of the fast engine (whose
 *                                                    limit chance would pass now and then), and a
 *                                                    thread for each core */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <traffstat/reporting.h>

#include "study/calibration.h"

#define BINS 20
#define CHANCE 0.05    /* that any of the tests of uniformity fails although all is right */
#define DEVIATION 0.05 /* limit of the fast engine's largest deviation */
#define KHAT 0.7

static traffstat_ctx *ctx;

static void must(traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        fprintf(stderr, "study_reporting: %s\n", traffstat_ctx_message(ctx));
        exit(1);
    }
}

static void *take(size_t count, size_t size)
{
    void *block = calloc(count, size);
    if (block == NULL) {
        fprintf(stderr, "study_reporting: no memory\n");
        exit(1);
    }
    return block;
}

/* ---- what is asked ---------------------------------------------------------------------------- */

typedef struct exact_line {
    const char *name;
    size_t rows;
    bool uneven;
    size_t of; /* replicates: so many times REPLICATES */
    calibration_tally tally;
    size_t replicates;
} exact_line;

static exact_line exact_lines[] = {
    {"N of one count", 1, false, 10, {.coverage = {0}}, 0},
    {"total of 5 counts that share p", 5, false, 10, {.coverage = {0}}, 0},
    {"the same, each with its exposure, drawn", 5, true, 1, {.coverage = {0}}, 0},
};
#define EXACT_LINES (sizeof exact_lines / sizeof *exact_lines)

typedef struct panel_line {
    const char *name;
    bool negative_binomial;
    bool mixed;
} panel_line;

static const panel_line panel_lines[] = {
    {"Poisson", false, false},
    {"negative binomial", true, false},
    {"Poisson, mixed", false, true},
    {"negative binomial, mixed", true, true},
};
#define PANEL_LINES (sizeof panel_lines / sizeof *panel_lines)

/* Of one model under one engine. */
typedef struct panel_result {
    calibration_tally tally[CALIBRATION_QUANTITIES];
    size_t used;
    double least_size;
    size_t small;     /* fits whose chain stayed below twice the kept draws */
    size_t diverging; /* fits with a divergence */
    size_t doubtful;  /* k-hat above KHAT */
} panel_result;

typedef struct wrong_line {
    const char *name;
    double share; /* 0: drawn from the prior */
    double drift;
    double drift_scale;
} wrong_line;

static const wrong_line wrong_lines[] = {
    {"p as believed: drawn from Beta(8, 12)", 0.0, NAN, 0.2},
    {"p = 0.1", 0.1, NAN, 0.2},
    {"p = 0.2", 0.2, NAN, 0.2},
    {"p = 0.4", 0.4, NAN, 0.2},
    {"p = 0.6", 0.6, NAN, 0.2},
    {"p rises from 0.33 to 0.47, the model allows no drift", 0.4, 0.15, 0.0},
    {"the same, the model allows drift", 0.4, 0.15, 0.2},
    {"p rises from 0.27 to 0.55, the model allows no drift", 0.4, 0.3, 0.0},
    {"the same, the model allows drift", 0.4, 0.3, 0.2},
};
#define WRONG_LINES (sizeof wrong_lines / sizeof *wrong_lines)

typedef struct wrong_result {
    calibration_tally total, change;
    double total_error, change_error; /* median over replicates of middle / truth - 1 */
} wrong_result;

typedef struct results {
    panel_result given[PANEL_LINES];
    panel_result nuts[PANEL_LINES];
    panel_result fast[PANEL_LINES];
    wrong_result wrong[WRONG_LINES];
    size_t replicates, quick, fewer; /* of the tables; of the fast engine, of wrong priors */
} results;

/* ---- running ---------------------------------------------------------------------------------- */

static void run_exact(size_t replicates)
{
    for (size_t i = 0; i < EXACT_LINES; i++) {
        exact_line *line = &exact_lines[i];
        line->replicates = line->of * replicates;
        const calibration_thinning how = {.truth = {8.0, 12.0},
                                          .prior = {8.0, 12.0},
                                          .shape = 2.0,
                                          .rate = 0.1,
                                          .rows = line->rows,
                                          .uneven = line->uneven,
                                          .replicates = line->replicates,
                                          .bins = BINS,
                                          .seed = 20180707};
        must(calibration_of_thinning(ctx, &how, &line->tally));
    }
}

static void sum_up(const calibration_answer *answers, size_t replicates, panel_result *out)
{
    double *room = take(replicates, sizeof *room);
    *out = (panel_result){.least_size = INFINITY};
    for (size_t k = 0; k < CALIBRATION_QUANTITIES; k++) {
        out->tally[k] = calibration_count(answers, replicates, k, BINS, room, &out->used);
    }
    for (size_t i = 0; i < replicates; i++) {
        out->least_size = fmin(out->least_size, answers[i].size);
        out->small += answers[i].size < 2.0 * CALIBRATION_KEPT;
        out->diverging += answers[i].divergences > 0;
        out->doubtful += !answers[i].failed && !(answers[i].khat <= KHAT);
    }
    free(room);
}

static const char *const engine_names[] = {"NUTS", "fast engine", "N alone"};

static void run_panels(calibration_engine engine, size_t replicates, panel_result out[PANEL_LINES])
{
    calibration_answer *answers = take(replicates, sizeof *answers);
    for (size_t i = 0; i < PANEL_LINES; i++) {
        calibration_panel how = calibration_right(replicates);
        how.negative_binomial = panel_lines[i].negative_binomial;
        how.mixed = panel_lines[i].mixed;
        how.engine = engine;
        fprintf(stderr, "%s, %s\n", engine_names[engine], panel_lines[i].name);
        must(calibration_of_panel(ctx, &how, answers));
        sum_up(answers, replicates, &out[i]);
    }
    free(answers);
}

static int compare(const void *a, const void *b)
{
    const double one = *(const double *) a;
    const double other = *(const double *) b;
    return (one > other) - (one < other);
}

static double median_error(const calibration_answer *answers, size_t count, size_t quantity,
                           double *room)
{
    for (size_t i = 0; i < count; i++) {
        room[i] = answers[i].middle[quantity] / answers[i].truth[quantity] - 1.0;
    }
    qsort(room, count, sizeof *room, compare);
    return 0.5 * (room[(count - 1) / 2] + room[count / 2]);
}

static void run_wrong(size_t replicates, wrong_result out[WRONG_LINES])
{
    calibration_answer *answers = take(replicates, sizeof *answers);
    double *room = take(replicates, sizeof *room);
    for (size_t i = 0; i < WRONG_LINES; i++) {
        size_t used = 0;
        calibration_panel how = calibration_right(replicates);
        how.true_share = wrong_lines[i].share;
        how.true_drift = wrong_lines[i].drift;
        how.drift_scale = wrong_lines[i].drift_scale;
        how.seed++;
        fprintf(stderr, "wrong prior: %s\n", wrong_lines[i].name);
        must(calibration_of_panel(ctx, &how, answers));
        out[i].total = calibration_count(answers, replicates, CALIBRATION_TOTAL, 2, room, &used);
        out[i].change = calibration_count(answers, replicates, CALIBRATION_CHANGE, 2, room, &used);
        out[i].total_error = median_error(answers, replicates, CALIBRATION_TOTAL, room);
        out[i].change_error = median_error(answers, replicates, CALIBRATION_CHANGE, room);
    }
    free(room);
    free(answers);
}

/* ---- in plain words --------------------------------------------------------------------------- */

/* Tests of uniformity: two of each quantity. */
static size_t count_tests(void)
{
    size_t exact = 0;
    for (size_t i = 0; i < EXACT_LINES; i++) {
        exact += exact_lines[i].uneven ? 0 : 1;
    }
    return 2 * (exact + PANEL_LINES * (CALIBRATION_QUANTITIES + CALIBRATION_COUNTS));
}

static bool fails(const calibration_uniformity *of)
{
    const double limit = CHANCE / (double) count_tests();
    return of->chi_square_p < limit || of->deviation_p < limit;
}

static size_t say_failed_panels(const char *name, const panel_result of[PANEL_LINES],
                                size_t quantities)
{
    size_t failures = 0;
    for (size_t i = 0; i < PANEL_LINES; i++) {
        for (size_t k = 0; k < quantities; k++) {
            if (fails(&of[i].tally[k].uniformity)) {
                printf("- **Not uniform**: %s, %s: %s.\n", name, panel_lines[i].name,
                       calibration_names[k]);
                failures++;
            }
        }
    }
    return failures;
}

static size_t say_failures(const results *of)
{
    size_t failures = 0;
    for (size_t i = 0; i < EXACT_LINES; i++) {
        if (!exact_lines[i].uneven && fails(&exact_lines[i].tally.uniformity)) {
            printf("- **Not uniform**: %s.\n", exact_lines[i].name);
            failures++;
        }
    }
    failures += say_failed_panels("N alone", of->given, CALIBRATION_COUNTS);
    return failures + say_failed_panels("NUTS", of->nuts, CALIBRATION_QUANTITIES);
}

static double worst_deviation(const panel_result fast[PANEL_LINES])
{
    double worst = 0.0;
    for (size_t i = 0; i < PANEL_LINES; i++) {
        for (size_t k = 0; k < CALIBRATION_QUANTITIES; k++) {
            worst = fmax(worst, fast[i].tally[k].uniformity.deviation);
        }
    }
    return worst;
}

static void say_deviations(const panel_result fast[PANEL_LINES])
{
    for (size_t i = 0; i < PANEL_LINES; i++) {
        for (size_t k = 0; k < CALIBRATION_QUANTITIES; k++) {
            const double deviation = fast[i].tally[k].uniformity.deviation;
            if (deviation > DEVIATION) {
                printf("- **Past the limit of %g**: fast engine, %s: %s deviates by %.3f. Take the "
                       "other engine for it.\n",
                       DEVIATION, panel_lines[i].name, calibration_names[k], deviation);
            }
        }
    }
}

/* Kolmogorov's 95 and 99.9 % points: where chance reaches the limit, nothing is said against it. */
static void say_fast_verdict(const results *of)
{
    const double root = sqrt((double) of->quick);
    const double worst = worst_deviation(of->fast);
    const bool told = 1.95 / root <= DEVIATION;
    if (told) {
        say_deviations(of->fast);
    }
    printf("- The fast engine: the largest deviation of a distribution function from the uniform "
           "one is %.3f; the limit is %g.\n  Chance alone makes %.3f in 1 of 20 cases of %zu "
           "replicates.%s\n",
           worst, DEVIATION, 1.358 / root, of->quick,
           told ? "" : " The limit can be told from chance from about 1,500 on: not here.");
}

static void say_verdict(const results *of)
{
    const size_t tests = count_tests();
    const double limit = CHANCE / (double) tests;
    if (say_failures(of) == 0) {
        printf("- The exact model, numbers of cases given rates, and NUTS: none of the %zu tests "
               "of uniformity fails at %.2g each\n  (%g for all together).\n",
               tests, limit, CHANCE);
    } else {
        printf("- What is named above failed one of %zu tests of uniformity at %.2g each (%g for "
               "all together): its intervals\n  are not to be trusted until the cause is found.\n",
               tests, limit, CHANCE);
    }
    say_fast_verdict(of);
}

static void say_words(const results *of)
{
    printf(
        "# How far the models of reporting are calibrated\n\n"
        "Made by `make study` (tests/study/study_reporting.c; %zu replicates, %zu of the fast "
        "engine); the same page every time\nand for any number of threads. Again, with other "
        "numbers: "
        "`build/release/tests/study/study_reporting REPLICATES FAST THREADS`.\n\n"
        "## In plain words\n\n"
        "Each replicate draws a true world from the prior: a reporting rate, rates of cases, "
        "numbers of cases. It draws what\nbecomes known of it, and a fit sees that alone. If the "
        "fit is "
        "right, the truth lies in the lowest twentieth of its\nposterior in one replicate of "
        "twenty, and so everywhere; and an interval of 80 %% holds the truth in 80 of 100. A fit\n"
        "that is too sure, too timid or too high shows at once.\n\n",
        of->replicates, of->quick);
    say_verdict(of);
    printf("- All this says that the arithmetic does what the model says. It does not say that the "
           "model is true of a place: where\n  the borrowed reporting rate is wrong, no arithmetic "
           "helps, and the last section tells how wrong the answer is then.\n\n");
}

/* ---- tables ----------------------------------------------------------------------------------- */

static void say_tally(const calibration_tally *of)
{
    if (isnan(of->uniformity.deviation)) {
        printf(" – | – | – |");
    } else {
        printf(" %.3f | %.3f | %.3f |", of->uniformity.chi_square_p, of->uniformity.deviation,
               of->uniformity.deviation_p);
    }
    for (size_t i = 0; i < CALIBRATION_LEVELS; i++) {
        printf(" %.3f |", of->coverage[i]);
    }
    printf("\n");
}

static void say_exact(void)
{
    printf(
        "## The exact model\n\n"
        "True counts of mean λ, λ from a gamma law of shape 2 and rate 0.1 (mean 20), p from "
        "Beta(8, 12), both believed. Place: P(N < truth)\n"
        "and a random share of P(N = truth). A count is a whole number, so that an interval "
        "holds at least its level; a\nsimulation made elsewhere, of 10,000 replicates, has 0.561 "
        "and 0.966 for one count at 50 and 95 %%. p-values of chi-square (%d bins) and of\n"
        "Kolmogorov and Smirnov; deviation: the largest of the distribution function. The drawn "
        "total gives intervals alone.\n\n"
        "| | replicates | chi-square p | deviation | its p | 50 %% | 80 %% | 95 %% |\n"
        "|---|---|---|---|---|---|---|---|\n",
        BINS);
    for (size_t i = 0; i < EXACT_LINES; i++) {
        printf("| %s | %zu |", exact_lines[i].name, exact_lines[i].replicates);
        say_tally(&exact_lines[i].tally);
    }
    printf("\n");
}

static void say_panels(const panel_result of[PANEL_LINES], size_t quantities)
{
    printf("| model | quantity | chi-square p | deviation | its p | 50 %% | 80 %% | 95 %% |\n"
           "|---|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < PANEL_LINES; i++) {
        for (size_t k = 0; k < quantities; k++) {
            printf("| %s | %s |", k == 0 ? panel_lines[i].name : "", calibration_names[k]);
            say_tally(&of[i].tally[k]);
        }
    }
    printf("\n");
}

static void say_nuts(const panel_result of[PANEL_LINES], size_t replicates)
{
    printf(
        "## A small panel, NUTS\n\n"
        "4 places of exposure 0.3 to 1.6, 5 years; level of the log rate normal about log 40 with "
        "sd 0.5, p from Beta(8, 12), half-normal\nscales 0.5 (places), 0.3 (their reporting), 0.2 "
        "(a year's step), 0.2 (drift), 0.3 (1/√θ of the negative binomial). Mixed: counts\nbelow "
        "5 are known as \"<5\" only, one is not reported, one place has a coverage of 0.8, and in "
        "one place and year 12\ncases were asked whether they were reported. The quantities were "
        "named before anything was run: N of the smallest\nplace in the last year, N of all, N of "
        "the last year over N of the first, the shared p, the log-likelihood of the\ncounts. One "
        "chain, the product's settings; the truth is ranked among %d draws of it. A share of 0.5 "
        "has a standard\nerror of %.3f here, of 0.95 %.3f.\n\n",
        CALIBRATION_KEPT, sqrt(0.25 / (double) replicates),
        sqrt(0.95 * 0.05 / (double) replicates));
    say_panels(of, CALIBRATION_QUANTITIES);
    for (size_t i = 0; i < PANEL_LINES; i++) {
        printf("%s%s: least bulk effective size %.0f; %zu fits stayed below %d; %zu had a "
               "divergence.\n",
               i == 0 ? "" : "\n", panel_lines[i].name, of[i].least_size, of[i].small,
               2 * CALIBRATION_KEPT, of[i].diverging);
    }
    printf("\n");
}

static void say_given(const panel_result of[PANEL_LINES])
{
    printf(
        "## Numbers of cases given rates\n\n"
        "The same panels, nothing fitted: each of %d draws has the true rates and shares, and the "
        "numbers of cases alone are drawn: a far\nsharper test of that last step, which both "
        "engines share. (An interval of 95 %% from %d draws goes from the third to the\nlast but "
        "two and holds 0.94 of a continuous quantity; of a whole number more.)\n\n",
        CALIBRATION_KEPT, CALIBRATION_KEPT);
    say_panels(of, CALIBRATION_COUNTS);
}

static void say_fast(const panel_result of[PANEL_LINES], size_t replicates)
{
    printf("## The same panels, fast engine\n\nThe same worlds; the truth's place among 4,000 "
           "weighted draws. What counts is the deviation: at most %g.\n\n",
           DEVIATION);
    say_panels(of, CALIBRATION_QUANTITIES);
    for (size_t i = 0; i < PANEL_LINES; i++) {
        printf("%s%s: k-hat above %g in %zu of %zu fits; no answer in %zu.\n", i == 0 ? "" : "\n",
               panel_lines[i].name, KHAT, of[i].doubtful, of[i].used, replicates - of[i].used);
    }
    printf("\n");
}

/* ---- the exact model when p is not the prior's ------------------------------------------------ */

#define MOST 200 /* counts and hidden cases up to here; a mean of 40 makes more likely never */

static double poisson(double mean, int k)
{
    return exp(k * log(mean) - mean - lgamma(k + 1.0));
}

static double poisson_within(double mean, double lower, double upper)
{
    double sum = 0.0;
    for (int k = lower > 0.0 ? (int) lower : 0; k <= upper && k < MOST; k++) {
        sum += poisson(mean, k);
    }
    return sum;
}

/* Coverage and mean ends of the 95 % interval when N ~ Poisson(40), given a count above 0, by
 * summation: what is counted and what is not are independent Poisson numbers. */
static void sum_wrong(double ends[MOST][2], double p, double out[3])
{
    double mass = 0.0;
    out[0] = out[1] = out[2] = 0.0;
    for (int y = 1; y < MOST; y++) {
        const double here = poisson(40.0 * p, y);
        mass += here;
        out[0] += here * poisson_within(40.0 * (1.0 - p), ends[y][0] - y, ends[y][1] - y);
        out[1] += here * ends[y][0];
        out[2] += here * ends[y][1];
    }
    for (int i = 0; i < 3; i++) {
        out[i] /= mass;
    }
}

static void find_ends(double ends[MOST][2])
{
    traffstat_prior *prior = NULL;
    must(traffstat_prior_beta(ctx, 8.0, 12.0, NULL, &prior));
    for (int y = 1; y < MOST; y++) {
        must(traffstat_thinning_quantile(ctx, y, prior, NULL, 0.025, &ends[y][0]));
        must(traffstat_thinning_quantile(ctx, y, prior, NULL, 0.975, &ends[y][1]));
    }
    traffstat_prior_free(prior);
}

static void say_wrong_exact(void)
{
    /* 20,000 draws each, in R */
    static const double simulated[][4] = {
        {0.1, 0.0953, 4.59, 26.09},  {0.2, 0.6890, 10.29, 46.00},  {0.3, 0.9699, 16.46, 65.98},
        {0.4, 0.9990, 22.80, 85.97}, {0.5, 0.9875, 29.18, 105.94}, {0.6, 0.8361, 35.57, 125.84},
        {0.8, 0.0374, 48.38, 165.34}};
    static double ends[MOST][2];
    find_ends(ends);
    printf(
        "## When the prior is wrong\n\n"
        "One count, N a Poisson number of mean 40, Beta(8, 12) believed (p between 0.21 and 0.61) "
        "whatever p is; coverage of the 95 %% interval\nand its mean ends, by summation, beside a "
        "simulation of 20,000 draws that was made elsewhere.\n\n"
        "| true p | coverage | mean lower | mean upper | simulated elsewhere |\n"
        "|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof simulated / sizeof *simulated; i++) {
        double out[3];
        sum_wrong(ends, simulated[i][0], out);
        printf("| %.1f | %.4f | %.2f | %.2f | %.4f, %.2f, %.2f |\n", simulated[i][0], out[0],
               out[1], out[2], simulated[i][1], simulated[i][2], simulated[i][3]);
    }
    printf("\nA prior that errs by its own sd or two is covered by its width. Where the true share "
           "is a quarter of what is believed,\nthe interval misses nine times of ten, and looks no "
           "different: nothing in a count tells that it was misread.\n\n");
}

static void say_wrong_panel(const wrong_result of[WRONG_LINES], size_t replicates)
{
    printf("The small panel, Poisson counts, NUTS, %zu replicates; the shared p is what is named, "
           "all else is drawn from the prior. Error:\nmedian over replicates of the posterior's "
           "median over the truth, less 1. Change: N of the last year over N of the\nfirst. A rise "
           "of logit p is anchored in the middle year, so that a total hides it and a change does "
           "not.\n\n"
           "| truth | total: 50 %% | 80 %% | 95 %% | error | change: 50 %% | 80 %% | 95 %% | error "
           "|\n|---|---|---|---|---|---|---|---|---|\n",
           replicates);
    for (size_t i = 0; i < WRONG_LINES; i++) {
        const double *total = of[i].total.coverage;
        const double *change = of[i].change.coverage;
        printf("| %s | %.2f | %.2f | %.2f | %+.0f %% | %.2f | %.2f | %.2f | %+.0f %% |\n",
               wrong_lines[i].name, total[0], total[1], total[2], 100.0 * of[i].total_error,
               change[0], change[1], change[2], 100.0 * of[i].change_error);
    }
    printf("\nCounts never correct the level of p. A drift of p that the model rules out comes out "
           "as a change of cases that was\nnone, with an interval that is too narrow to warn.\n");
}

int main(int argc, char **argv)
{
    static results all;
    const long replicates = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;
    const long quick = argc > 2 ? strtol(argv[2], NULL, 10) : 2 * replicates;
    const long threads = argc > 3 ? strtol(argv[3], NULL, 10) : 0;
    if (replicates < 20 || quick < 20 || threads < 0 ||
        traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        fprintf(stderr, "study_reporting [REPLICATES [FAST [THREADS]]]: at least 20 replicates\n");
        return 1;
    }
    must(traffstat_ctx_set_threads(ctx, (uint32_t) threads));
    all.replicates = (size_t) replicates;
    all.quick = (size_t) quick;
    all.fewer = replicates >= 80 ? (size_t) replicates / 4 : 20;
    run_exact(all.replicates);
    run_panels(CALIBRATION_GIVEN, all.replicates, all.given);
    run_panels(CALIBRATION_NUTS, all.replicates, all.nuts);
    run_panels(CALIBRATION_FAST, all.quick, all.fast);
    run_wrong(all.fewer, all.wrong);
    say_words(&all);
    say_exact();
    say_nuts(all.nuts, all.replicates);
    say_given(all.given);
    say_fast(all.fast, all.quick);
    say_wrong_exact();
    say_wrong_panel(all.wrong, all.fewer);
    traffstat_ctx_free(ctx);
    return 0;
}
