/* How far can the methods for overlapping lists be trusted? Populations whose number is known are
 * listed again and again, each method answers, and a table tells how far its numbers lie off and how
 * often its 95 % intervals hold the truth. Prints Markdown.
 *
 *   study_overlap [TURNS [REPLICATES]]     200 and 200 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <traffstat/overlap.h>
#include <traffstat/table.h>

#define LISTS 5
#define TURNS_MOST 10000

/* ---- random numbers ---------------------------------------------------------------------------- */

static uint64_t state = 88172645463325252u;

static double uniform(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ((double) (state >> 12) + 0.5) * 0x1p-52;
}

static double normal(void)
{
    return sqrt(-2.0 * log(uniform())) * cos(6.283185307179586 * uniform());
}

/* ---- populations ------------------------------------------------------------------------------- */

typedef struct population {
    const char *name;
    int persons;
    double chance[LISTS]; /* of a typical person to be on each list */
    double spread;        /* standard deviation of a person's own shift, in logits */
    double referred;      /* share of the first list's persons that are passed to the second */
    double hidden;        /* share of persons whose chances are a quarter */
} population;

static const population populations[] = {
    {"independent", 2000, {0.25, 0.20, 0.15, 0.12, 0.10}, 0.0, 0.0, 0.0},
    {"referral", 2000, {0.25, 0.20, 0.15, 0.12, 0.10}, 0.0, 0.4, 0.0},
    {"heterogeneous", 2000, {0.25, 0.20, 0.15, 0.12, 0.10}, 1.0, 0.0, 0.0},
    {"hidden third", 2000, {0.25, 0.20, 0.15, 0.12, 0.10}, 0.0, 0.0, 0.33},
    {"sparse", 3000, {0.06, 0.05, 0.04, 0.03, 0.02}, 0.0, 0.0, 0.0},
    {"sparse, referral", 3000, {0.06, 0.05, 0.04, 0.03, 0.02}, 0.0, 0.4, 0.0},
    {"very sparse", 400, {0.07, 0.06, 0.05, 0.04, 0.04}, 0.0, 0.0, 0.0},
};
#define POPULATIONS (sizeof populations / sizeof *populations)

static uint32_t history_of(const population *from)
{
    const double shift = from->spread > 0.0 ? from->spread * normal() : 0.0;
    const double share = from->hidden > 0.0 && uniform() < from->hidden ? 0.25 : 1.0;
    uint32_t history = 0;
    for (size_t i = 0; i < LISTS; i++) {
        const double odds = from->chance[i] / (1.0 - from->chance[i]) * exp(shift);
        history |= uniform() < share * odds / (1.0 + odds) ? 1u << i : 0u;
    }
    if ((history & 1u) != 0 && from->referred > 0.0 && uniform() < from->referred) {
        history |= 2u;
    }
    return history;
}

static void need(const traffstat_ctx *ctx, traffstat_status status)
{
    if (status != TRAFFSTAT_OK) {
        fprintf(stderr, "%s\n", traffstat_ctx_message(ctx));
        exit(1);
    }
}

/* NULL: a list with nobody on it, or two that are the same; they are drawn again. */
static traffstat_overlap *try_listing(traffstat_ctx *ctx, const population *from)
{
    static const char *const names[LISTS] = {"A", "B", "C", "D", "E"};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    size_t stratum = 0;
    need(ctx, traffstat_overlap_builder_new(ctx, names, LISTS, &builder));
    need(ctx, traffstat_overlap_builder_stratum(ctx, builder, NULL, &stratum));
    for (int i = 0; i < from->persons; i++) {
        const uint32_t history = history_of(from);
        if (history != 0) {
            need(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, history, 1));
        }
    }
    const traffstat_status status = traffstat_overlap_builder_finish(ctx, builder, &overlap);
    if (status != TRAFFSTAT_E_NODATA && status != TRAFFSTAT_E_CONFLICT) {
        need(ctx, status);
    }
    traffstat_overlap_builder_free(builder);
    return overlap;
}

static traffstat_overlap *list_population(traffstat_ctx *ctx, const population *from)
{
    traffstat_overlap *overlap = NULL;
    while (overlap == NULL) {
        overlap = try_listing(ctx, from);
    }
    return overlap;
}

/* ---- what is asked ----------------------------------------------------------------------------- */

typedef struct way {
    const char *name;
    traffstat_overlap_method method;
    size_t row; /* of several */
    bool resampled;
} way;

static const way ways[] = {
    {"chao (a lower bound)", TRAFFSTAT_OVERLAP_CHAO, 0, false},
    {"coverage, low", TRAFFSTAT_OVERLAP_COVERAGE, 2, true},
    {"loglinear, main effects", TRAFFSTAT_OVERLAP_LOGLINEAR, 0, true},
    {"stepwise", TRAFFSTAT_OVERLAP_STEPWISE, 0, true},
    {"bic", TRAFFSTAT_OVERLAP_BIC, 0, true},
    {"aic", TRAFFSTAT_OVERLAP_AIC, 0, true},
    {"average", TRAFFSTAT_OVERLAP_AVERAGE, 0, true},
};
#define WAYS (sizeof ways / sizeof *ways)

static const char *const intervals[] = {"bca", "percentile", "profile", "lognormal"};
#define INTERVALS 4

typedef struct tally {
    size_t given; /* results with a number */
    size_t cautions;
    double error[TURNS_MOST];
    size_t held;              /* headlines that hold the truth */
    double ratio[TURNS_MOST]; /* upper over lower end */
    size_t asked[INTERVALS];
    size_t kept[INTERVALS];
} tally;

static bool holds(double lower, double upper, double truth)
{
    return lower <= truth && (truth <= upper || isnan(upper));
}

static void count_limits(tally *t, const traffstat_estimate *estimate, double truth)
{
    const traffstat_detail *limits =
        traffstat_detail_find(traffstat_estimate_details(estimate), "limits");
    for (size_t i = 0; limits != NULL && i < INTERVALS; i++) {
        const traffstat_detail *one = traffstat_detail_find(limits, intervals[i]);
        if (one != NULL) {
            t->asked[i]++;
            t->kept[i] +=
                holds(traffstat_detail_number(traffstat_detail_find(one, "lower")),
                      traffstat_detail_number(traffstat_detail_find(one, "upper")), truth);
        }
    }
}

static void ask(traffstat_ctx *ctx, const traffstat_overlap *overlap, const way *how,
                uint32_t replicates, double truth, tally *t)
{
    traffstat_overlap_options options;
    traffstat_estimate *estimate = NULL;
    traffstat_estimate_row row;
    traffstat_overlap_options_init(&options, sizeof options);
    options.method = how->method;
    options.bootstrap = how->resampled ? replicates : 0;
    options.checks = 0;
    need(ctx, traffstat_overlap_estimate(ctx, overlap, &options, &estimate));
    need(ctx, traffstat_estimate_row_get(estimate, how->row, &row));
    if (!isnan(row.estimate)) {
        t->error[t->given] = row.estimate / truth - 1.0;
        t->ratio[t->given] = row.upper / row.lower;
        t->given++;
        t->cautions += row.verdict == TRAFFSTAT_VERDICT_CAUTION;
        t->held += holds(row.lower, row.upper, truth);
        count_limits(t, estimate, truth);
    }
    traffstat_estimate_free(estimate);
}

/* ---- the table --------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double one = *(const double *) a;
    const double other = *(const double *) b;
    return (one > other) - (one < other);
}

static double middle(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare);
    return count > 0 ? values[count / 2] : NAN;
}

static void say_share(size_t part, size_t whole)
{
    if (whole == 0) {
        printf(" | –");
    } else {
        printf(" | %.2f", (double) part / (double) whole);
    }
}

static void say(const way *how, tally *t, size_t turns)
{
    double square = 0.0;
    for (size_t i = 0; i < t->given; i++) {
        square += t->error[i] * t->error[i];
    }
    printf("| %s", how->name);
    say_share(t->given, turns);
    say_share(t->cautions, t->given);
    printf(" | %+.0f %% | %.0f %%", 100.0 * middle(t->error, t->given),
           100.0 * sqrt(square / (double) t->given));
    say_share(t->held, t->given);
    const double ratio = middle(t->ratio, t->given);
    if (isnan(ratio)) {
        printf(" | –");
    } else {
        printf(" | %.2f", ratio);
    }
    for (size_t i = 0; i < INTERVALS; i++) {
        say_share(t->kept[i], t->asked[i]);
    }
    printf(" |\n");
}

int main(int count, char **arguments)
{
    size_t turns = count > 1 ? strtoul(arguments[1], NULL, 10) : 200;
    const uint32_t replicates = count > 2 ? (uint32_t) strtoul(arguments[2], NULL, 10) : 200;
    static tally tallies[WAYS];
    traffstat_ctx *ctx = NULL;
    if (traffstat_ctx_new(NULL, &ctx) != TRAFFSTAT_OK) {
        return 1;
    }
    turns = turns < TURNS_MOST ? turns : TURNS_MOST;
    for (size_t p = 0; p < POPULATIONS; p++) {
        for (size_t w = 0; w < WAYS; w++) {
            tallies[w] = (tally){.given = 0};
        }
        for (size_t turn = 0; turn < turns; turn++) {
            traffstat_overlap *overlap = list_population(ctx, &populations[p]);
            for (size_t w = 0; w < WAYS; w++) {
                ask(ctx, overlap, &ways[w], replicates, populations[p].persons, &tallies[w]);
            }
            traffstat_overlap_free(overlap);
        }
        printf("\n**%s**, %d persons\n\n", populations[p].name, populations[p].persons);
        printf("| method | a number | with caution | median error | rms error | headline holds "
               "| upper/lower | BCa | percentile | profile | log-normal |\n");
        printf("|---|---|---|---|---|---|---|---|---|---|---|\n");
        for (size_t w = 0; w < WAYS; w++) {
            say(&ways[w], &tallies[w], turns);
        }
        (void) fflush(stdout);
    }
    traffstat_ctx_free(ctx);
    return 0;
}
