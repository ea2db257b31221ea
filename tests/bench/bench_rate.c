/* Rates: joinpoint searches with 4,499 replicates on one thread, and 50 states times 60 years of
 * exact intervals and a regression each. Prints "name value unit" lines; milliseconds, the least of
 * the rounds.
 *
 *   bench_rate [ROUNDS]     5 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <traffstat/joinpoint.h>
#include <traffstat/rate.h>
#include <traffstat/regression.h>

#define STATES 50
#define YEARS 60

/* Coal-mining disasters 1851-1962 by year (Jarrett 1979). */
static const double coal[] = {4, 5, 4, 1, 0, 4, 3, 4, 0, 6, 3, 3, 4, 0, 2, 6, 3, 3, 5, 4, 5, 3, 1,
                              4, 4, 1, 5, 5, 3, 4, 2, 5, 2, 2, 3, 4, 2, 1, 3, 2, 2, 1, 1, 1, 1, 3,
                              0, 0, 1, 0, 1, 1, 0, 0, 3, 1, 0, 3, 2, 2, 0, 1, 1, 1, 0, 1, 0, 1, 0,
                              0, 0, 2, 1, 0, 0, 0, 1, 1, 0, 2, 3, 3, 1, 1, 2, 1, 1, 1, 1, 2, 3, 3,
                              0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1};
#define COAL (sizeof coal / sizeof coal[0])

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return 1e3 * (double) now.tv_sec + 1e-6 * (double) now.tv_nsec;
}

static void must(traffstat_ctx *ctx, traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        fprintf(stderr, "bench_rate: %s\n", traffstat_ctx_message(ctx));
        exit(1);
    }
}

typedef struct search {
    const char *name;
    int32_t family;
    int32_t most;
    int32_t search;
    size_t years;
} search;

static double time_search(traffstat_ctx *ctx, const search *what)
{
    double times[COAL];
    double cases[COAL];
    for (size_t i = 0; i < what->years; i++) {
        times[i] = 1851 + (double) i;
        cases[i] = coal[i];
    }
    traffstat_joinpoint_options options;
    traffstat_joinpoint_options_init(&options, sizeof options);
    options.family = what->family;
    options.max_joinpoints = what->most;
    options.search = what->search;
    traffstat_joinpoint *fit = NULL;
    const double start = milliseconds();
    must(ctx, traffstat_joinpoint_fit(ctx, times, cases, NULL, NULL, what->years, &options, &fit));
    const double spent = milliseconds() - start;
    traffstat_joinpoint_free(fit);
    return spent;
}

/* Exact intervals of 50 x 60 counts, and a log-linear Poisson regression of each state. */
static double time_states(traffstat_ctx *ctx)
{
    static double design[2 * YEARS];
    const double start = milliseconds();
    for (size_t year = 0; year < YEARS; year++) {
        design[2 * year] = 1;
        design[2 * year + 1] = (double) year;
    }
    for (size_t state = 0; state < STATES; state++) {
        int64_t counts[YEARS];
        for (size_t year = 0; year < YEARS; year++) {
            counts[year] = (int64_t) (3 + state * (year + 10) / 20 + (state * 7 + year * 13) % 5);
            traffstat_interval interval;
            must(ctx, traffstat_poisson_interval(ctx, counts[year], 1.0, 0.95, &interval));
        }
        traffstat_regression *fit = NULL;
        must(ctx,
             traffstat_regression_fit(ctx, counts, counts, NULL, design, YEARS, 2, NULL, &fit));
        traffstat_regression_free(fit);
    }
    return milliseconds() - start;
}

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? (int) strtol(argv[1], NULL, 10) : 5;
    const search searches[] = {
        {"joinpoint_1_poisson_112", TRAFFSTAT_JOINPOINT_POISSON, 1, TRAFFSTAT_JOINPOINT_GRID, COAL},
        {"joinpoint_1_loglinear_112", TRAFFSTAT_JOINPOINT_LOGLINEAR, 1, TRAFFSTAT_JOINPOINT_GRID,
         COAL},
        {"joinpoint_2_poisson_112", TRAFFSTAT_JOINPOINT_POISSON, 2, TRAFFSTAT_JOINPOINT_GRID, COAL},
        {"joinpoint_2_loglinear_112", TRAFFSTAT_JOINPOINT_LOGLINEAR, 2, TRAFFSTAT_JOINPOINT_GRID,
         COAL},
        {"joinpoint_1_continuous_112", TRAFFSTAT_JOINPOINT_POISSON, 1,
         TRAFFSTAT_JOINPOINT_CONTINUOUS, COAL},
        {"joinpoint_3_poisson_30", TRAFFSTAT_JOINPOINT_POISSON, 3, TRAFFSTAT_JOINPOINT_GRID, 30},
        {"joinpoint_5_poisson_30", TRAFFSTAT_JOINPOINT_POISSON, 5, TRAFFSTAT_JOINPOINT_GRID, 30},
    };
    traffstat_ctx *ctx = NULL;
    if (traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        return 1;
    }
    must(ctx, traffstat_ctx_set_threads(ctx, 1));
    for (size_t i = 0; i < sizeof searches / sizeof searches[0]; i++) {
        double least = INFINITY;
        for (int round = 0; round < rounds; round++) {
            least = fmin(least, time_search(ctx, &searches[i]));
        }
        printf("%s %.2f ms\n", searches[i].name, least);
    }
    double least = INFINITY;
    for (int round = 0; round < rounds; round++) {
        least = fmin(least, time_states(ctx));
    }
    printf("states_50_years_60 %.2f ms\n", least);
    traffstat_ctx_free(ctx);
    return 0;
}
