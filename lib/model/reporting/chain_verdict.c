/* Whether the draws of a posterior may be trusted, what they say of the counts, and summaries. */
#include "model/reporting/chain_verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

#define MILD "approximate: "  /* what a caution of the fast engine begins with */
#define DIVERGED_REFUSED 0.01 /* of the draws: part of the law was not reached */
#define EBFMI_CAUTION 0.3
#define EBFMI_REFUSED 0.2
#define KHAT_REFUSED 1.0
#define WORTH_CAUTION 180.0 /* fewer: limits are off by more than 0.2 sd, one time in three */
#define WORTH_REFUSED 20.0

/* ---- mixing ---------------------------------------------------------------------------------- */

traffstat_i_look traffstat_i_look_at(const double *values, int32_t chains, int32_t draws,
                                     double *room)
{
    traffstat_i_look look = {traffstat_i_rhat(values, chains, draws, room), NAN, NAN};
    if (!isnan(look.rhat)) {
        look.bulk = traffstat_i_ess_bulk(values, chains, draws, room);
        look.tail = traffstat_i_ess_tail(values, chains, draws, room);
    }
    return look;
}

traffstat_i_mixing traffstat_i_mixing_start(void)
{
    return (traffstat_i_mixing){1.0, INFINITY, INFINITY, ""};
}

bool traffstat_i_mixing_take(traffstat_i_mixing *mix, traffstat_i_look look)
{
    if (isnan(look.rhat)) {
        return false;
    }
    const bool worst = look.rhat > mix->rhat || look.bulk < mix->bulk;
    mix->rhat = fmax(mix->rhat, look.rhat);
    mix->bulk = fmin(mix->bulk, look.bulk);
    mix->tail = isnan(look.tail) ? mix->tail : fmin(mix->tail, look.tail);
    return worst;
}

void traffstat_i_mixing_look(traffstat_i_mixing *mix, const double *values, int32_t chains,
                             int32_t draws, double *room, const char *name)
{
    if (traffstat_i_mixing_take(mix, traffstat_i_look_at(values, chains, draws, room))) {
        (void) snprintf(mix->worst, sizeof mix->worst, "%s", name);
    }
}

bool traffstat_i_mixed(const traffstat_i_mixing *mix, double wanted)
{
    return mix->rhat <= TRAFFSTAT_I_RHAT_CAUTION && mix->bulk >= wanted && mix->tail >= wanted;
}

/* ---- verdict --------------------------------------------------------------------------------- */

typedef struct test {
    double value;
    double caution; /* beyond it */
    double refused;
    bool low; /* small values are the bad ones */
    const char *text;
    const char *whose;
} test;

static bool beyond(double value, double limit, bool low)
{
    return !isnan(value) && (low ? value < limit : value > limit);
}

/* A value to three digits, whatever the locale. */
static const char *three_digits(double value, char out[TRAFFSTAT_I_DOUBLE_SIZE])
{
    const double unit = value != 0.0 ? pow(10.0, floor(log10(fabs(value))) - 2.0) : 1.0;
    const double whole = rint(value / unit);
    traffstat_i_format_double(out, unit < 1.0 ? whole / rint(1.0 / unit) : whole * unit);
    return out;
}

traffstat_status traffstat_i_health_judge(const traffstat_i_health *of, traffstat_i_health_fn say,
                                          void *user)
{
    const traffstat_i_mixing none = {NAN, NAN, NAN, ""};
    const traffstat_i_mixing *mix = of->mix != NULL ? of->mix : &none;
    const test tests[] = {
        {mix->rhat, TRAFFSTAT_I_RHAT_CAUTION, TRAFFSTAT_I_RHAT_REFUSED, false,
         "the chains do not agree: R-hat", mix->worst},
        {mix->bulk, TRAFFSTAT_I_SIZE_CAUTION, TRAFFSTAT_I_SIZE_REFUSED, true,
         "the chains mix slowly: effective draws", mix->worst},
        {mix->tail, TRAFFSTAT_I_SIZE_CAUTION, TRAFFSTAT_I_SIZE_REFUSED, true,
         "the chains mix slowly in the tails: effective draws", ""},
        {of->diverged, 0.0, DIVERGED_REFUSED, false,
         "part of the law was not reached: share of trajectories that diverged", ""},
        {of->ebfmi, EBFMI_CAUTION, EBFMI_REFUSED, true,
         "the sampler hardly moves between energies: E-BFMI", ""},
        {of->khat, TRAFFSTAT_I_KHAT_CAUTION, KHAT_REFUSED, false,
         MILD "the fast engine's weights are too uneven: k-hat", ""},
        {of->worth, WORTH_CAUTION, WORTH_REFUSED, true,
         MILD "the fast engine's limits move from run to run: effective draws", ""}};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof tests / sizeof *tests && status == TRAFFSTAT_OK; i++) {
        char reason[256];
        char number[TRAFFSTAT_I_DOUBLE_SIZE];
        const test *t = &tests[i];
        if (!beyond(t->value, t->caution, t->low)) {
            continue;
        }
        /* what is refused is no approximation either */
        const bool mild = strncmp(t->text, MILD, sizeof MILD - 1) == 0;
        const char *text =
            t->text + (mild && beyond(t->value, t->refused, t->low) ? sizeof MILD - 1 : 0);
        (void) snprintf(reason, sizeof reason, "%s %s%s%s", text, three_digits(t->value, number),
                        t->whose[0] != '\0' ? ", of " : "", t->whose);
        status = say(user,
                     beyond(t->value, t->refused, t->low) ? TRAFFSTAT_VERDICT_INESTIMABLE
                                                          : TRAFFSTAT_VERDICT_CAUTION,
                     reason);
    }
    return status;
}

/* ---- what draws say of the counts ------------------------------------------------------------ */

double traffstat_i_replicate_share(const double *seen, const double *again, const double *weight,
                                   size_t draws)
{
    const double alike = 1.0 / (double) draws;
    double share = 0.0;
    for (size_t i = 0; i < draws; i++) {
        share += (weight != NULL ? weight[i] : alike) *
                 (again[i] > seen[i] ? 1.0 : (again[i] == seen[i] ? 0.5 : 0.0));
    }
    return share;
}

void traffstat_i_detail_check(traffstat_detail *list, const char *name, double observed,
                              double expected, double p)
{
    traffstat_detail *to = traffstat_i_detail_object(list, name);
    traffstat_i_detail_number(to, "observed", observed);
    traffstat_i_detail_number(to, "expected", expected);
    traffstat_i_detail_number(to, "p", p);
}

traffstat_status traffstat_i_detail_loo(traffstat_ctx *ctx, traffstat_detail *top,
                                        const double *likelihood, size_t rows, size_t draws,
                                        double *room)
{
    const double n = (double) rows;
    double score = 0.0;
    double squares = 0.0;
    int64_t high = 0;
    for (size_t row = 0; row < rows; row++, likelihood += draws) {
        double khat = 0.0;
        double sum = 0.0;
        for (size_t i = 0; i < draws; i++) {
            room[i] = -likelihood[i];
        }
        const traffstat_status status = traffstat_i_psis(ctx, room, draws, &khat);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        for (size_t i = 0; i < draws; i++) {
            sum += exp(room[i] + likelihood[i]);
        }
        score += log(sum);
        squares += log(sum) * log(sum);
        high += khat > TRAFFSTAT_I_KHAT_CAUTION ? 1 : 0;
    }
    traffstat_detail *at = traffstat_i_detail_object(top, "loo");
    traffstat_i_detail_number(at, "elpd", score);
    traffstat_i_detail_number(at, "se", sqrt(fmax(n * squares - score * score, 0.0) / n));
    traffstat_i_detail_integer(at, "high_khat", high);
    return TRAFFSTAT_OK;
}

/* ---- plain summaries ------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;
    return (x > y) - (x < y);
}

void traffstat_i_sort_values(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
}

double traffstat_i_quantile_of(const double *sorted, size_t count, double prob)
{
    const double at = ceil(prob * (double) count - 1e-9) - 1.0;
    const double last = (double) count - 1.0;
    return sorted[(size_t) fmin(fmax(at, 0.0), last)];
}

double traffstat_i_mean_of(const double *values, size_t count)
{
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum / (double) count;
}

double traffstat_i_sd_of(const double *values, size_t count)
{
    const double mean = traffstat_i_mean_of(values, count);
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) {
        sum += (values[i] - mean) * (values[i] - mean);
    }
    return count > 1 ? sqrt(sum / (double) (count - 1)) : 0.0;
}
