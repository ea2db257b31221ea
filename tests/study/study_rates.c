/* What the methods of lib/model/rate keep of their promises, as a page of Markdown on stdout:
 * coverage of intervals of one count and of a ratio by summation, size and power of the joinpoint
 * test and coverage of shrunken rates by simulation. The same page every time.
 *
 *   study_rates [SERIES [PART]]     simulated series for each line of a table, 500; one part alone:
 *                                   one, ratio, difference, clusters, standard, joinpoints, shrunken
 *
 * Exit status 1 where an exact interval covers less than its level. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/joinpoint.h>
#include <traffstat/places.h>
#include <traffstat/rate.h>
#include <traffstat/standard.h>

#define LEVEL 0.95
#define COUNTS 1400 /* past every count that a mean of 1000 makes likelier than 1e-18 */
#define DECADES 4   /* 0.1 to 1000 */
#define PER_DECADE 400

static traffstat_ctx *ctx;

static void must(traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        fprintf(stderr, "study_rates: %s\n", traffstat_ctx_message(ctx));
        exit(1);
    }
}

/* ---- random numbers of the study's own ------------------------------------------------------- */

static uint64_t state = 88172645463325252u;

static double uniform(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ((double) (state >> 11) + 0.5) * 0x1p-53;
}

static double poisson(double mean)
{
    double count = 0;
    while (mean > 30) { /* a sum of smaller ones */
        count += poisson(30);
        mean -= 30;
    }
    double product = uniform();
    for (const double least = exp(-mean); product > least; count++) {
        product *= uniform();
    }
    return count;
}

/* Gamma of whole shape, mean 1. */
static double gamma_one(int shape)
{
    double sum = 0;
    for (int i = 0; i < shape; i++) {
        sum -= log(uniform());
    }
    return sum / shape;
}

/* ---- one count ------------------------------------------------------------------------------- */

typedef struct limits {
    double lower[COUNTS];
    double upper[COUNTS];
} limits;

/* Chance that the interval of a count holds its mean. */
static double coverage(const limits *of, double mean)
{
    const double reach = 9 * sqrt(mean) + 30;
    const double from = mean > reach ? floor(mean - reach) : 0;
    double mass = exp(from * log(mean) - mean - lgamma(from + 1));
    double sum = 0;
    for (size_t k = (size_t) from; k < COUNTS && (double) k < mean + reach; k++) {
        if (of->lower[k] <= mean && mean <= of->upper[k]) {
            sum += mass;
        }
        mass *= mean / (double) (k + 1);
    }
    return sum;
}

static void note(double *least, const limits *of, double mean)
{
    if (mean >= 0.1 && mean < 1000) {
        const int decade = (int) floor(log10(mean) + 1);
        const double here = coverage(of, mean);
        least[decade] = here < least[decade] ? here : least[decade];
    }
}

/* An exact interval must cover at least its level. */
static void hold_exact(const char *name, double least)
{
    if (least < LEVEL - 1e-9) {
        fprintf(stderr, "study_rates: %s covers %.12f\n", name, least);
        exit(1);
    }
}

/* Coverage falls only where a limit is passed: just beside each is where it is least. */
static void print_one(const char *name, const limits *of, bool exact)
{
    double least[DECADES] = {1, 1, 1, 1};
    printf("| %s |", name);
    for (size_t k = 0; k < COUNTS; k++) {
        for (int side = -1; side <= 1; side += 2) {
            note(least, of, of->lower[k] * (1 + 1e-9 * side));
            note(least, of, of->upper[k] * (1 + 1e-9 * side));
        }
    }
    for (int decade = 0; decade < DECADES; decade++) {
        double sum = 0;
        for (int i = 0; i < PER_DECADE; i++) {
            const double mean = pow(10, decade - 1 + (i + 0.5) / PER_DECADE);
            note(least, of, mean);
            sum += coverage(of, mean);
        }
        printf(" %.4f, %.4f |", least[decade], sum / PER_DECADE);
        if (exact) {
            hold_exact(name, least[decade]);
        }
    }
    printf("\n");
}

static void fill(limits *of, size_t k, double lower, double upper)
{
    of->lower[k] = lower;
    of->upper[k] = upper;
}

static void study_one(void)
{
    static limits of;
    printf(
        "## One count\n\nCoverage of 95 %% intervals of a Poisson mean, by summation: least and "
        "mean (over the logarithm) in each\ndecade of means. The least is taken over 400 means a "
        "decade and just beside every limit, where coverage jumps.\n\n"
        "| interval | 0.1 to 1 | 1 to 10 | 10 to 100 | 100 to 1000 |\n|---|---|---|---|---|\n");
    for (int32_t method = 0; method <= TRAFFSTAT_POISSON_WALD; method++) {
        for (size_t k = 0; k < COUNTS; k++) {
            traffstat_interval made;
            must(traffstat_poisson_limits(ctx, method, (int64_t) k, 1, LEVEL, &made));
            fill(&of, k, made.lower, made.upper);
        }
        print_one(traffstat_poisson_method_name(method), &of, method == TRAFFSTAT_POISSON_GARWOOD);
    }
    for (int32_t method = 1; method <= 2; method++) {
        traffstat_exact_options options;
        traffstat_exact_options_init(&options, sizeof options);
        options.method = method;
        for (size_t k = 0; k < COUNTS; k++) {
            traffstat_exact_result made;
            must(traffstat_poisson_exact(ctx, (int64_t) k, 1, &options, &made));
            fill(&of, k, made.lower, made.upper);
        }
        print_one(method == 1 ? "minimum likelihood" : "Blaker", &of, true);
    }
    printf("\nGarwood's, minimum likelihood and Blaker's never fall below 95 %%.\n");
}

/* ---- decades --------------------------------------------------------------------------------- */

#define DECADE_HEADER "0.1 to 1 | 1 to 10 | 10 to 100 | 100 to 1000 |\n|---|---|---|---|---|\n"

typedef double (*coverage_fn)(double mean, const void *what);

/* Least and mean coverage in each decade, over so many means each. */
static double print_decades(coverage_fn covers, const void *what, int per_decade)
{
    double least_of_all = 1;
    for (int decade = 0; decade < DECADES; decade++) {
        double least = 1;
        double sum = 0;
        for (int i = 0; i < per_decade; i++) {
            const double mean = pow(10, decade - 1 + (i + 0.5) / per_decade);
            const double here = covers(mean, what);
            least = fmin(least, here);
            sum += here;
        }
        printf(" %.4f, %.4f |", least, sum / per_decade);
        least_of_all = fmin(least_of_all, least);
    }
    printf("\n");
    return least_of_all;
}

/* Poisson chances of from..to; from is the return value. */
static size_t chances(double mean, size_t most, double *out, size_t *count)
{
    const double reach = 9 * sqrt(mean) + 30;
    const double from = mean > reach ? floor(mean - reach) : 0;
    double mass = exp(from * log(mean) - mean - lgamma(from + 1));
    size_t n = 0;
    for (double k = from; k < mean + reach && k < (double) most; k++) {
        out[n++] = mass;
        mass *= mean / (k + 1);
    }
    *count = n;
    return (size_t) from;
}

/* ---- a ratio --------------------------------------------------------------------------------- */

#define SUMS 6600     /* past every sum of two counts that means of 1000 and 5000 make likely */
#define EXHAUSTIVE 60 /* up to this sum every split is asked, then the two ends are searched */

typedef struct ratio_study {
    const traffstat_exact_options *options;
    double ratio;
    double given[SUMS]; /* coverage given the sum */
} ratio_study;

static bool holds(const ratio_study *of, int64_t sum, int64_t second)
{
    traffstat_exact_result made;
    must(traffstat_ratio_exact(ctx, sum - second, 1, second, 1, of->options, &made));
    return made.lower <= of->ratio && (isnan(made.upper) || of->ratio <= made.upper);
}

/* The last second count, from a guess on outward by `step`, whose interval holds the ratio. */
static int64_t last_held(const ratio_study *of, int64_t sum, int64_t guess, int64_t step)
{
    while (!holds(of, sum, guess)) {
        guess -= step;
    }
    while (guess + step >= 0 && guess + step <= sum && holds(of, sum, guess + step)) {
        guess += step;
    }
    return guess;
}

/* `ends`: those of the sum before; they move by one at most. */
static double coverage_given(const ratio_study *of, int64_t sum, int64_t ends[2])
{
    const double share = of->ratio / (1 + of->ratio);
    const bool all = sum <= EXHAUSTIVE;
    if (!all) {
        ends[0] = last_held(of, sum, ends[0], -1);
        ends[1] = last_held(of, sum, ends[1], 1);
    }
    double held = 0;
    bool before = false;
    const int64_t last = all ? sum : ends[1];
    for (int64_t second = all ? 0 : ends[0]; second <= last; second++) {
        const double n = (double) sum;
        const double x = (double) second;
        const double chance = exp(lgamma(n + 1) - lgamma(x + 1) - lgamma(n - x + 1) +
                                  x * log(share) + (n - x) * log1p(-share));
        const bool here = !all || holds(of, sum, second);
        held += here ? chance : 0;
        ends[0] = here && !before ? second : ends[0];
        ends[1] = here ? second : ends[1];
        before = before || here;
    }
    return fmin(1, held);
}

static double ratio_coverage(double mean, const void *what)
{
    static double mass[SUMS];
    const ratio_study *of = what;
    size_t count;
    const size_t from = chances(mean * (1 + of->ratio), SUMS, mass, &count);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        sum += mass[i] * of->given[from + i];
    }
    return sum;
}

static void study_ratio(void)
{
    static const struct {
        const char *name;
        int32_t method;
        int32_t midp;
    } rows[] = {{"central", TRAFFSTAT_EXACT_CENTRAL, 0},
                {"central, mid-p", TRAFFSTAT_EXACT_CENTRAL, 1},
                {"minimum likelihood", TRAFFSTAT_EXACT_MINLIKE, 0},
                {"Blaker", TRAFFSTAT_EXACT_BLAKER, 0}};
    static const double ratios[] = {1, 3};
    static ratio_study of;
    printf(
        "\n## A ratio of two counts\n\nCoverage of 95 %% intervals of the ratio of two Poisson "
        "means, by summation over both counts: least and mean in each\ndecade of the first mean, "
        "over 100 means a decade.\n\n| interval, ratio | " DECADE_HEADER);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        traffstat_exact_options options;
        traffstat_exact_options_init(&options, sizeof options);
        options.method = rows[row].method;
        options.midp = rows[row].midp;
        for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
            of.options = &options;
            of.ratio = ratios[i];
            double least = 1;
            int64_t ends[2] = {0, 0};
            for (int64_t sum = 0; sum < SUMS && (double) sum < 1000 * (1 + of.ratio) + 600; sum++) {
                of.given[sum] = coverage_given(&of, sum, ends);
                least = fmin(least, of.given[sum]);
            }
            printf("| %s, %g |", rows[row].name, of.ratio);
            const double found = print_decades(ratio_coverage, &of, 100);
            if (!options.midp) {
                hold_exact(rows[row].name, fmin(least, found));
            }
        }
    }
    printf(
        "\nCentral, minimum likelihood and Blaker's hold 95 %% given every sum of the two counts, "
        "and so at all means of these ratios.\n");
}

/* ---- a difference ---------------------------------------------------------------------------- */

typedef struct difference_study {
    int32_t method;
    double ratio;
} difference_study;

static double difference_coverage(double mean, const void *what)
{
    static double masses[2][COUNTS * 3];
    const difference_study *of = what;
    const double means[] = {mean, mean * of->ratio};
    size_t from[2];
    size_t count[2];
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        from[i] = chances(means[i], (size_t) COUNTS * 3, masses[i], &count[i]);
    }
    for (size_t a = 0; a < count[0]; a++) {
        for (size_t b = 0; b < count[1]; b++) {
            const double both = masses[0][a] * masses[1][b];
            traffstat_interval made;
            if (both < 1e-11) {
                continue;
            }
            must(traffstat_rate_difference(ctx, of->method, (int64_t) (from[0] + a), 1,
                                           (int64_t) (from[1] + b), 1, LEVEL, &made));
            const double truth = means[1] - means[0];
            sum += made.lower <= truth && truth <= made.upper ? both : 0;
        }
    }
    return sum;
}

static void study_difference(void)
{
    static const int32_t methods[] = {TRAFFSTAT_POISSON_GARWOOD, TRAFFSTAT_POISSON_SCORE,
                                      TRAFFSTAT_POISSON_JEFFREYS, TRAFFSTAT_POISSON_MIDP};
    static const double ratios[] = {1, 3};
    printf("\n## A difference of two counts\n\nCoverage of 95 %% intervals of the difference, by "
           "double summation, by the method of the two single intervals: least\nand mean over 6 "
           "means a decade of the first mean.\n\n| interval, ratio of the means | " DECADE_HEADER);
    for (size_t row = 0; row < sizeof methods / sizeof methods[0]; row++) {
        for (size_t i = 0; i < sizeof ratios / sizeof ratios[0]; i++) {
            const difference_study of = {methods[row], ratios[i]};
            printf("| %s, %g |", traffstat_poisson_method_name(methods[row]), ratios[i]);
            print_decades(difference_coverage, &of, 6);
        }
    }
}

/* ---- victims in clusters --------------------------------------------------------------------- */

#define VICTIMS 2400

/* Cases of 1 to 4 victims: 2 a case, E[V^2]/E[V] 2.5. */
static const double sizes[] = {0.4, 0.3, 0.2, 0.1};

/* Chances of 0, 1, 2... victims of a Poisson number of cases (Panjer 1981). */
static void victims_law(double cases, double *out)
{
    out[0] = exp(-cases);
    for (size_t k = 1; k < VICTIMS; k++) {
        out[k] = 0;
        for (size_t v = 1; v <= 4 && v <= k; v++) {
            out[k] += cases * (double) v / (double) k * sizes[v - 1] * out[k - v];
        }
    }
}

static double clustered_coverage(double mean, const void *what)
{
    static double law[VICTIMS];
    const double factor = *(const double *) what;
    double sum = 0;
    /* exp(-500) is a number still, and so is all that follows from it */
    victims_law(mean / 2, law);
    for (size_t k = 0; k < VICTIMS; k++) {
        traffstat_standard_rate made;
        if (law[k] < 1e-14) {
            continue;
        }
        must(traffstat_rate_crude(ctx, (double) k, 1, 1, factor, LEVEL, &made));
        sum += made.lower <= mean && mean <= made.upper ? law[k] : 0;
    }
    return sum;
}

static void study_clusters(void)
{
    double factor;
    const double incidents[] = {400, 300, 200, 100};
    const double alone = 1;
    must(traffstat_cluster_factor(ctx, incidents, 4, &factor));
    printf("\n## Victims in clusters\n\nCoverage of 95 %% intervals of the expected number of "
           "*victims* where cases have 1 to 4 (40, 30, 20, 10 %%), by summation:\nleast and mean "
           "over 100 means a decade of victims. Widened: by the root of E[V^2]/E[V] = %g "
           "(traffstat_rate_crude).\n\n| interval | " DECADE_HEADER,
           factor);
    printf("| as if independent |");
    print_decades(clustered_coverage, &alone, 100);
    printf("| widened |");
    print_decades(clustered_coverage, &factor, 100);
}

/* ---- standardised rates ---------------------------------------------------------------------- */

/* Two strata: 4 of 5 cases come from the one, and a case of the other weighs four times as much. */
static double direct_coverage(double mean, const void *what)
{
    static double masses[2][COUNTS];
    const traffstat_direct_options *options = what;
    const double persons[] = {4, 1};
    const double weights[] = {0.5, 0.5};
    const double means[] = {0.8 * mean, 0.2 * mean};
    const double truth = 0.5 * means[0] / 4 + 0.5 * means[1];
    size_t from[2];
    size_t count[2];
    double sum = 0;
    for (int i = 0; i < 2; i++) {
        from[i] = chances(means[i], COUNTS, masses[i], &count[i]);
    }
    for (size_t a = 0; a < count[0]; a++) {
        for (size_t b = 0; b < count[1]; b++) {
            const double both = masses[0][a] * masses[1][b];
            const double cases[] = {(double) (from[0] + a), (double) (from[1] + b)};
            traffstat_standard_rate made;
            if (both < 1e-11) {
                continue;
            }
            must(traffstat_rate_direct(ctx, cases, persons, weights, NULL, 2, options, &made));
            sum += made.lower <= truth && truth <= made.upper ? both : 0;
        }
    }
    return sum;
}

static void study_standard(void)
{
    static const char *const names[] = {"Dobson on Byar", "Dobson on Garwood", "Fay & Feuer",
                                        "Tiwari"};
    printf(
        "\n## Standardised rates\n\nCoverage of 95 %% intervals of a directly standardised rate "
        "of two strata, by double summation: four fifths of the cases\nare expected in the one, "
        "and a case of the other weighs four times as much. Least and mean over 6 means a decade "
        "of the\nexpected number of cases in all.\n\n| interval | " DECADE_HEADER);
    for (int32_t method = 0; method < 4; method++) {
        traffstat_direct_options options;
        traffstat_direct_options_init(&options, sizeof options);
        options.method = method;
        options.per = 1;
        printf("| %s |", names[method]);
        print_decades(direct_coverage, &options, 6);
    }
}

/* ---- joinpoints ------------------------------------------------------------------------------ */

typedef struct bend {
    const char *name;
    int32_t family;
    int32_t overdispersed;
    int spread; /* 0: Poisson; else the counts' variance is so many times their mean */
} bend;

/* How often 0, 1 and 2 joinpoints are chosen where the slope turns from `before` to `after` in the
 * middle. */
static void count_choices(const bend *how, size_t years, double mean, double turn, int series,
                          int chosen[3])
{
    traffstat_joinpoint_options options;
    traffstat_joinpoint_options_init(&options, sizeof options);
    options.family = how->family;
    options.overdispersed = how->overdispersed;
    options.permutations = 499;
    memset(chosen, 0, 3 * sizeof *chosen);
    for (int i = 0; i < series; i++) {
        double times[40];
        double cases[40];
        const double middle = (double) (years / 2);
        for (size_t year = 0; year < years; year++) {
            const double from_middle = (double) year - middle;
            const double expected =
                mean * exp(from_middle > 0 ? -turn * from_middle : turn * from_middle);
            /* a gamma of shape mean / (spread - 1) makes the variance spread times the mean */
            const int shape = (int) fmax(1, rint(expected / fmax(1, how->spread - 1)));
            times[year] = (double) year;
            cases[year] = poisson(how->spread > 1 ? expected * gamma_one(shape) : expected);
        }
        traffstat_joinpoint *fit = NULL;
        const traffstat_status status =
            traffstat_joinpoint_fit(ctx, times, cases, NULL, NULL, years, &options, &fit);
        if (status == TRAFFSTAT_E_NODATA) {
            chosen[0]++;
            continue;
        }
        must(status);
        chosen[traffstat_joinpoint_chosen(fit)]++;
        traffstat_joinpoint_free(fit);
    }
}

static void study_joinpoints(int series)
{
    static const bend rows[] = {
        {"Poisson", TRAFFSTAT_JOINPOINT_POISSON, 0, 0},
        {"log-linear", TRAFFSTAT_JOINPOINT_LOGLINEAR, 0, 0},
        {"Poisson, counts of twice the variance", TRAFFSTAT_JOINPOINT_POISSON, 0, 2},
        {"the same, `overdispersed`", TRAFFSTAT_JOINPOINT_POISSON, 1, 2},
    };
    static const double cases[][3] = {{15, 10, 0},    {30, 10, 0},     {30, 100, 0},
                                      {30, 10, 0.05}, {30, 100, 0.05}, {30, 100, 0.1}};
    printf(
        "\n## The joinpoint test\n\nShare of %d simulated series for which 0, 1 or 2 joinpoints "
        "are chosen (permutation test, at most 2, 499 replicates,\nalpha 0.05). Turn 0 is one "
        "line: the second and third number together are the size, at most 0.05. Turn t: the log\n"
        "rate rises by t a year and falls by t a year from the middle on, one joinpoint: the "
        "second number is the power.\n\n| test |",
        series);
    for (size_t i = 0; i < 6; i++) {
        printf(" %g years, mean %g, turn %g |", cases[i][0], cases[i][1], cases[i][2]);
    }
    printf("\n|---|---|---|---|---|---|---|\n");
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        printf("| %s |", rows[row].name);
        for (size_t i = 0; i < 6; i++) {
            int chosen[3];
            count_choices(&rows[row], (size_t) cases[i][0], cases[i][1], cases[i][2], series,
                          chosen);
            printf(" %.3f, %.3f, %.3f |", (double) chosen[0] / series, (double) chosen[1] / series,
                   (double) chosen[2] / series);
        }
        printf("\n");
    }
    printf("\nThe standard error of a share of 0.05 is %.3f, of 0.5 %.3f.\n",
           sqrt(0.05 * 0.95 / series), sqrt(0.25 / series));
}

/* ---- shrunken rates -------------------------------------------------------------------------- */

#define PLACES 50

/* Share of places whose true ratio lies within its interval. */
static double shrunk_coverage(int32_t model, int32_t corrected, size_t places, double expected,
                              int series)
{
    traffstat_shrink_options options;
    traffstat_shrink_options_init(&options, sizeof options);
    options.model = model;
    options.corrected = corrected;
    double held = 0;
    double seen = 0;
    for (int i = 0; i < series; i++) {
        double truth[PLACES];
        double cases[PLACES];
        double persons[PLACES];
        double all = 0;
        traffstat_shrunk out[PLACES];
        for (size_t j = 0; j < places; j++) {
            truth[j] = gamma_one(5);
            persons[j] = expected * (0.2 + 1.6 * (double) j / (double) (places - 1));
            cases[j] = poisson(persons[j] * truth[j]);
            all += cases[j];
        }
        if (all > 0) {
            must(traffstat_places_shrink(ctx, cases, persons, places, NULL, &options, out, NULL));
            for (size_t j = 0; j < places; j++) {
                held += out[j].lower <= truth[j] && truth[j] <= out[j].upper;
                seen++;
            }
        }
    }
    return held / seen;
}

static void study_shrunk(int series)
{
    static const char *const names[] = {"likelihood", "moments", "Marshall"};
    static const double cases[][2] = {{10, 2}, {10, 20}, {50, 2}, {50, 20}};
    printf(
        "\n## Shrunken rates\n\nShare of places whose true ratio lies within its 95 %% interval, "
        "in %d simulated maps: ratios from a gamma law of shape 5,\nnumbers of expected cases "
        "spread evenly over 0.2 to 1.8 times their mean. Plain: the law's parameters taken as "
        "known;\ncorrected: not (the default).\n\n| model |",
        series);
    for (size_t i = 0; i < 4; i++) {
        printf(" %g places, %g expected: plain, corrected |", cases[i][0], cases[i][1]);
    }
    printf("\n|---|---|---|---|---|\n");
    for (int32_t model = 0; model < 3; model++) {
        printf("| %s |", names[model]);
        for (size_t i = 0; i < 4; i++) {
            const uint64_t same = state; /* both see the same maps */
            const double plain =
                shrunk_coverage(model, 0, (size_t) cases[i][0], cases[i][1], series);
            state = same;
            printf(" %.3f, %.3f |", plain,
                   shrunk_coverage(model, 1, (size_t) cases[i][0], cases[i][1], series));
        }
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*summed)(void);
        void (*simulated)(int series);
    } parts[] = {{"one", study_one, NULL},
                 {"ratio", study_ratio, NULL},
                 {"difference", study_difference, NULL},
                 {"clusters", study_clusters, NULL},
                 {"standard", study_standard, NULL},
                 {"joinpoints", NULL, study_joinpoints},
                 {"shrunken", NULL, study_shrunk}};
    const int series = argc > 1 ? (int) strtol(argv[1], NULL, 10) : 500;
    if (series < 1 || traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        return 1;
    }
    printf("# What the methods for rates keep of their promises\n\n"
           "Made by `make study` (tests/study/study_rates.c); the same page every time.\n\n");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (argc > 2 && strcmp(argv[2], parts[i].name) != 0) {
            continue;
        }
        if (parts[i].summed != NULL) {
            parts[i].summed();
        } else {
            parts[i].simulated(series);
        }
    }
    traffstat_ctx_free(ctx);
    return 0;
}
