/* Reporting priors from a survey, from two quantiles, on the logit scale; and priors made of others:
 * discounted, moved, combined, labelled. */
#include <inttypes.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "model/rate/tail.h"
#include "model/reporting/prior.h"

#define NEAR_END 1e-9 /* of a share: nearer to 0 or 1 nothing is open */
#define ASKED_MAX 100000000
#define Q_LEAST 0.001
#define PIECES_MAX 100
#define TAU2_MAX 1e6

/* ---- given ------------------------------------------------------------------------------------ */

traffstat_status traffstat_prior_survey(traffstat_ctx *ctx, int64_t reported, int64_t asked,
                                        const char *source, traffstat_prior **out)
{
    traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!(asked >= 1 && asked <= ASKED_MAX && reported >= 0 && reported <= asked)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a survey of %" PRId64 " in which %" PRId64
                                " said that their case came to notice cannot be: the second is at "
                                "most the first, which is 1 to 1e8",
                                asked, reported);
    }
    status = traffstat_i_prior_make(ctx, (double) reported + 0.5, (double) (asked - reported) + 0.5,
                                    ORIGIN_SURVEY, source, out);
    if (status == TRAFFSTAT_OK) {
        (*out)->kind = TRAFFSTAT_PRIOR_SURVEY;
    }
    return status;
}

traffstat_status traffstat_prior_quantiles(traffstat_ctx *ctx, double share1, double q1,
                                           double share2, double q2, const char *source,
                                           traffstat_prior **out)
{
    traffstat_status status = traffstat_i_prior_begin(ctx, out);
    double a = 0.0;
    double b = 0.0;
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!(q1 >= Q_LEAST && q1 < q2 && q2 <= 1.0 - Q_LEAST)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the probabilities of two quantiles must rise from 0.001 to 0.999");
    }
    status = traffstat_i_fit_tails(ctx, share1, q1, share2, 1.0 - q2, &a, &b);
    return status == TRAFFSTAT_OK ? traffstat_i_prior_make(ctx, a, b, ORIGIN_QUANTILES, source, out)
                                  : status;
}

static traffstat_status fail_share(traffstat_ctx *ctx, const char *what, double share)
{
    char text[TRAFFSTAT_I_DOUBLE_SIZE];
    traffstat_i_format_double(text, share);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                            "%s must lie strictly between 0 and 1 (0 and 100 %%): %s", what, text);
}

static bool is_inside(double share)
{
    return share >= NEAR_END && share <= 1.0 - NEAR_END;
}

traffstat_status traffstat_prior_logit_normal(traffstat_ctx *ctx, double median, double sd,
                                              const char *source, traffstat_prior **out)
{
    traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!is_inside(median)) {
        return fail_share(ctx, "the middle of a logit-normal law", median);
    }
    if (!(sd >= 1e-6 && sd <= 10.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the sd of a logit-normal law must lie between 1e-6 and 10");
    }
    status = traffstat_i_prior_make(ctx, NAN, NAN, ORIGIN_LOGIT_NORMAL, source, out);
    if (status == TRAFFSTAT_OK) {
        (*out)->law = (traffstat_i_logit_law){.form = TRAFFSTAT_I_FORM_LOGIT_NORMAL,
                                              .center = log(median) - log1p(-median),
                                              .spread = sd};
    }
    return status;
}

traffstat_status traffstat_prior_known(traffstat_ctx *ctx, double share, const char *source,
                                       traffstat_prior **out)
{
    traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!is_inside(share)) {
        return fail_share(ctx, "a reporting rate that is known", share);
    }
    status = traffstat_i_prior_make(ctx, NAN, NAN, ORIGIN_KNOWN, source, out);
    if (status == TRAFFSTAT_OK) {
        (*out)->law = (traffstat_i_logit_law){.form = TRAFFSTAT_I_FORM_KNOWN,
                                              .center = log(share) - log1p(-share)};
    }
    return status;
}

/* ---- made of another -------------------------------------------------------------------------- */

static traffstat_status copy(traffstat_ctx *ctx, const traffstat_prior *from, const char *source,
                             traffstat_prior **out)
{
    traffstat_prior *prior = NULL;
    traffstat_status status = traffstat_i_prior_make(ctx, NAN, NAN, from->origin, source, &prior);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    prior->law = from->law;
    prior->discount = from->discount;
    prior->kind = from->kind;
    prior->agreement = from->agreement;
    prior->size = from->size;
    if (from->origin == ORIGIN_EVIDENCE) {
        status = traffstat_i_prior_copy_entry(prior, &from->entry);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_prior_free(prior);
        return status;
    }
    *out = prior;
    return TRAFFSTAT_OK;
}

static traffstat_status begin_from(traffstat_ctx *ctx, const traffstat_prior *from,
                                   traffstat_prior **out)
{
    const traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    return from != NULL ? TRAFFSTAT_OK
                        : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no prior was given");
}

/* Why a law cannot be discounted; NULL: it can. */
static const char *refuse_discount(const traffstat_prior *prior)
{
    const traffstat_i_logit_law *law = &prior->law;
    if (law->form == TRAFFSTAT_I_FORM_KNOWN) {
        return "a rate that is known has no weight to discount";
    }
    if (law->form == TRAFFSTAT_I_FORM_BETA && (law->a < 0.5 || law->b < 0.5)) {
        return "a law below beta(0.5,0.5) holds no evidence to discount";
    }
    return law->shift > 0.0 ? "evidence is discounted before it is moved, not after" : NULL;
}

traffstat_status traffstat_prior_discounted(traffstat_ctx *ctx, const traffstat_prior *prior,
                                            double factor, traffstat_prior **out)
{
    traffstat_status status = begin_from(ctx, prior, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!(factor >= 1e-6 && factor <= 1.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a transport factor must lie between 1e-6 and 1");
    }
    const char *why = refuse_discount(prior);
    if (why != NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s", why);
    }
    status = copy(ctx, prior, prior->source, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_logit_law *law = &(*out)->law;
    (*out)->discount *= factor;
    if (law->form == TRAFFSTAT_I_FORM_BETA) {
        law->a = 0.5 + factor * (law->a - 0.5);
        law->b = 0.5 + factor * (law->b - 0.5);
    } else {
        law->spread /= sqrt(factor);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_prior_shifted(traffstat_ctx *ctx, const traffstat_prior *prior,
                                         double sd, traffstat_prior **out)
{
    traffstat_status status = begin_from(ctx, prior, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (!(sd >= 1e-6 && sd <= 5.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the sd of a shift must lie between 1e-6 and 5 on the logit scale");
    }
    if (prior->law.form == TRAFFSTAT_I_FORM_KNOWN) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "a rate that is known cannot be moved: give it a law");
    }
    status = copy(ctx, prior, prior->source, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_i_logit_law *law = &(*out)->law;
    law->shift = hypot(law->shift, sd);
    if (law->form == TRAFFSTAT_I_FORM_LOGIT_NORMAL) {
        law->spread = hypot(law->spread, sd);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_prior_labelled(traffstat_ctx *ctx, const traffstat_prior *prior,
                                          traffstat_prior_kind kind, const char *source,
                                          traffstat_prior **out)
{
    traffstat_status status = begin_from(ctx, prior, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (kind < TRAFFSTAT_PRIOR_SCENARIO || kind > TRAFFSTAT_PRIOR_EXPERT) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "there is no kind of prior %d",
                                (int) kind);
    }
    status = copy(ctx, prior, source, out);
    if (status == TRAFFSTAT_OK) {
        (*out)->kind = kind;
    }
    return status;
}

/* ---- combined --------------------------------------------------------------------------------- */

/* Pieces of evidence by mean and sd of their logit. */
typedef struct pieces {
    double mean[PIECES_MAX];
    double sd[PIECES_MAX];
    size_t count;
} pieces;

/* Weighted mean and summed weight at a variance between the pieces. */
static double mean_at(const pieces *all, double between, double *weight)
{
    double sum = 0.0;
    *weight = 0.0;
    for (size_t i = 0; i < all->count; i++) {
        const double w = 1.0 / (all->sd[i] * all->sd[i] + between);
        sum += w * all->mean[i];
        *weight += w;
    }
    return sum / *weight;
}

/* Cochran's Q at a variance between the pieces; falls as that rises. */
static double q_at(const pieces *all, double between)
{
    double weight = 0.0;
    const double mean = mean_at(all, between, &weight);
    double sum = 0.0;
    for (size_t i = 0; i < all->count; i++) {
        const double away = all->mean[i] - mean;
        sum += away * away / (all->sd[i] * all->sd[i] + between);
    }
    return sum;
}

static double q_miss(double between, void *user)
{
    const pieces *all = user;
    return q_at(all, between) - (double) (all->count - 1);
}

/* Paule and Mandel: the variance at which Q is what chance would give. */
static double between_of(pieces *all)
{
    if (q_miss(0.0, all) <= 0.0) {
        return 0.0;
    }
    return traffstat_i_root(q_miss, all, 0.0, TAU2_MAX);
}

static traffstat_status say_sources(traffstat_ctx *ctx, const traffstat_prior *const *priors,
                                    size_t count, traffstat_text *text)
{
    traffstat_i_text_init(text, ctx);
    traffstat_i_text_addf(text, "%zu pieces of evidence combined", count);
    for (size_t i = 0; i < count; i++) {
        traffstat_i_text_add(text, i == 0 ? ": " : "; ");
        traffstat_i_text_add(text,
                             priors[i]->source[0] != '\0' ? priors[i]->source : "an assumption");
    }
    return text->failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
}

static traffstat_status read_pieces(traffstat_ctx *ctx, const traffstat_prior *const *priors,
                                    size_t count, pieces *out)
{
    if (priors == NULL || count < 2 || count > PIECES_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "2 to 100 pieces of evidence are combined, not %zu", count);
    }
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        if (priors[i] == NULL || priors[i]->law.form == TRAFFSTAT_I_FORM_KNOWN) {
            return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "piece %zu of the evidence is %s",
                                    i + 1,
                                    priors[i] == NULL ? "missing"
                                                      : "known exactly, and leaves no room for "
                                                        "the others");
        }
        traffstat_i_logit_moments(&priors[i]->law, &out->mean[i], &out->sd[i]);
    }
    return TRAFFSTAT_OK;
}

static traffstat_status set_combined(traffstat_ctx *ctx, pieces *all, traffstat_prior *prior)
{
    const double between = between_of(all);
    double weight = 0.0;
    const double mean = mean_at(all, between, &weight);
    const double q = q_at(all, 0.0);
    const double spread = sqrt(between + 1.0 / weight);
    if (!(isfinite(mean) && isfinite(spread) && spread > 0.0)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NUMERIC,
                                "the pieces of evidence could not be combined");
    }
    prior->law = (traffstat_i_logit_law){
        .form = TRAFFSTAT_I_FORM_LOGIT_NORMAL, .center = mean, .spread = spread};
    prior->agreement =
        (traffstat_prior_agreement){.count = (int64_t) all->count,
                                    .center = 1.0 / (1.0 + exp(-mean)),
                                    .error = sqrt(1.0 / weight),
                                    .between = sqrt(between),
                                    .q = q,
                                    .p = gsl_cdf_chisq_Q(q, (double) (all->count - 1))};
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_prior_combined(traffstat_ctx *ctx, const traffstat_prior *const *priors,
                                          size_t count, traffstat_prior **out)
{
    pieces all = {.count = 0};
    traffstat_prior *prior = NULL;
    traffstat_text text;
    traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status == TRAFFSTAT_OK) {
        status = read_pieces(ctx, priors, count, &all);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    status = say_sources(ctx, priors, count, &text);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_prior_make(ctx, NAN, NAN, ORIGIN_COMBINED, traffstat_i_text_get(&text),
                                        &prior);
    }
    traffstat_i_text_clear(&text);
    if (status == TRAFFSTAT_OK) {
        prior->kind = priors[0]->kind;
        status = set_combined(ctx, &all, prior);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_prior_free(prior);
        return status;
    }
    *out = prior;
    return TRAFFSTAT_OK;
}
