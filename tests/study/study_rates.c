/* What the methods of lib/model/rate keep of their promises, as a page of Markdown on stdout:
 * coverage of intervals of one count and of a ratio by summation, size and power of the joinpoint
 * test and coverage of shrunken rates by simulation. The same page every time.
 *
 *   study_rates [SERIES]     simulated series for each line of a table, 500 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <traffstat/joinpoint.h>
#include <traffstat/places.h>
#include <traffstat/rate.h>

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

/* Coverage falls only where a limit is passed: just beside each is where it is least. */
static void print_one(const char *name, const limits *of)
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
        print_one(traffstat_poisson_method_name(method), &of);
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
        print_one(method == 1 ? "minimum likelihood" : "Blaker", &of);
    }
    printf("\nGarwood's, minimum likelihood and Blaker's never fall below 95 %%.\n");
}

/* ---- a ratio --------------------------------------------------------------------------------- */

#define PAIR_COUNTS 61

static double ratio_coverage(const traffstat_exact_options *options, double first, double ratio)
{
    double sum = 0;
    const double second = first * ratio;
    for (int64_t a = 0; a < PAIR_COUNTS; a++) {
        const double mass = exp((double) a * log(first) - first - lgamma((double) a + 1));
        for (int64_t b = 0; b < PAIR_COUNTS; b++) {
            const double both =
                mass * exp((double) b * log(second) - second - lgamma((double) b + 1));
            traffstat_exact_result made;
            if (both < 1e-12) {
                continue;
            }
            must(traffstat_ratio_exact(ctx, a, 1, b, 1, options, &made));
            sum += made.lower <= ratio && (isnan(made.upper) || ratio <= made.upper) ? both : 0;
        }
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
    static const double means[][2] = {{1, 1}, {1, 4}, {5, 1}, {5, 3}, {20, 1}, {20, 1.5}};
    printf("\n## A ratio of two counts\n\nCoverage of 95 %% intervals of the ratio by double "
           "summation; first mean, ratio.\n\n| interval |");
    for (size_t i = 0; i < 6; i++) {
        printf(" %g, %g |", means[i][0], means[i][1]);
    }
    printf("\n|---|---|---|---|---|---|---|\n");
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++) {
        traffstat_exact_options options;
        traffstat_exact_options_init(&options, sizeof options);
        options.method = rows[row].method;
        options.midp = rows[row].midp;
        printf("| %s |", rows[row].name);
        for (size_t i = 0; i < 6; i++) {
            printf(" %.4f |", ratio_coverage(&options, means[i][0], means[i][1]));
        }
        printf("\n");
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
    const int series = argc > 1 ? (int) strtol(argv[1], NULL, 10) : 500;
    if (series < 1 || traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        return 1;
    }
    printf("# What the methods for rates keep of their promises\n\n"
           "Made by `make study` (tests/study/study_rates.c); the same page every time.\n\n");
    study_one();
    study_ratio();
    study_joinpoints(series);
    study_shrunk(series);
    traffstat_ctx_free(ctx);
    return 0;
}
