/* Reporting priors: given, from a range, from evidence, from a text. */
#include "model/reporting/prior.h"

#include <math.h>
#include <string.h>

#include "model/rate/tail.h"

#define SHAPE_MAX TRAFFSTAT_I_SHAPE_MAX

/* ---- making and freeing ---------------------------------------------------------------------- */

void traffstat_prior_free(traffstat_prior *prior)
{
    if (prior == NULL) {
        return;
    }
    for (size_t i = 0; i < TEXTS; i++) {
        traffstat_i_free(prior->ctx, prior->texts[i]);
    }
    traffstat_i_free(prior->ctx, prior->source);
    traffstat_i_free(prior->ctx, prior);
}

traffstat_status traffstat_i_prior_make(traffstat_ctx *ctx, double a, double b, int32_t origin,
                                        const char *source, traffstat_prior **out)
{
    traffstat_prior *prior = traffstat_i_alloc(ctx, 1, sizeof *prior);
    if (prior == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    prior->ctx = ctx;
    prior->law = (traffstat_i_logit_law){.form = TRAFFSTAT_I_FORM_BETA, .a = a, .b = b};
    prior->discount = 1.0;
    prior->origin = origin;
    prior->source = traffstat_i_strdup(ctx, source);
    if (prior->source == NULL) {
        traffstat_prior_free(prior);
        return TRAFFSTAT_E_NOMEM;
    }
    *out = prior;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_i_prior_begin(traffstat_ctx *ctx, traffstat_prior **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the prior was given");
    }
    *out = NULL;
    return TRAFFSTAT_OK;
}

static traffstat_status make_beta(traffstat_ctx *ctx, double a, double b, const char *source,
                                  traffstat_prior **out)
{
    if (!(a > 0.0 && a <= SHAPE_MAX && b > 0.0 && b <= SHAPE_MAX)) {
        char texts[2][TRAFFSTAT_I_DOUBLE_SIZE];
        traffstat_i_format_double(texts[0], a);
        traffstat_i_format_double(texts[1], b);
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "beta(%s,%s): both must be positive and at most 1e9", texts[0],
                                texts[1]);
    }
    return traffstat_i_prior_make(ctx, a, b, ORIGIN_BETA, source, out);
}

static traffstat_status make_range(traffstat_ctx *ctx, double lower, double upper,
                                   const char *source, traffstat_prior **out)
{
    double a = 0.0;
    double b = 0.0;
    traffstat_status status = traffstat_i_fit_beta(ctx, lower, upper, 0.95, &a, &b);
    return status == TRAFFSTAT_OK ? traffstat_i_prior_make(ctx, a, b, ORIGIN_RANGE, source, out)
                                  : status;
}

traffstat_status traffstat_prior_beta(traffstat_ctx *ctx, double a, double b, const char *source,
                                      traffstat_prior **out)
{
    const traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    return make_beta(ctx, a, b, source, out);
}

traffstat_status traffstat_prior_range(traffstat_ctx *ctx, double lower, double upper,
                                       const char *source, traffstat_prior **out)
{
    const traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    return make_range(ctx, lower, upper, source, out);
}

/* ---- evidence -------------------------------------------------------------------------------- */

traffstat_status traffstat_i_prior_copy_entry(traffstat_prior *prior,
                                              const traffstat_evidence_entry *entry)
{
    const char *from[TEXTS] = {
        [TEXT_ID] = entry->id,
        [TEXT_PLACE] = entry->place,
        [TEXT_UNIT] = entry->unit,
        [TEXT_MEASURE] = entry->measure,
        [TEXT_AGENCIES] = entry->agencies,
        [TEXT_METHOD] = entry->method,
        [TEXT_CITATION] = entry->citation,
        [TEXT_NOTE] = entry->note,
    };
    for (size_t i = 0; i < TEXTS; i++) {
        prior->texts[i] = traffstat_i_strdup(prior->ctx, from[i]);
        if (prior->texts[i] == NULL) {
            return TRAFFSTAT_E_NOMEM;
        }
    }
    prior->entry = *entry;
    prior->entry.id = prior->texts[TEXT_ID];
    prior->entry.place = prior->texts[TEXT_PLACE];
    prior->entry.unit = prior->texts[TEXT_UNIT];
    prior->entry.measure = prior->texts[TEXT_MEASURE];
    prior->entry.agencies = prior->texts[TEXT_AGENCIES];
    prior->entry.method = prior->texts[TEXT_METHOD];
    prior->entry.citation = prior->texts[TEXT_CITATION];
    prior->entry.note = prior->texts[TEXT_NOTE];
    return TRAFFSTAT_OK;
}

/* What sort of evidence a published method gives, by its words. */
static traffstat_prior_kind kind_of_method(const char *method)
{
    static const struct {
        const char *word;
        traffstat_prior_kind kind;
    } words[] = {{"systems", TRAFFSTAT_PRIOR_OVERLAP},  {"recapture", TRAFFSTAT_PRIOR_OVERLAP},
                 {"audit", TRAFFSTAT_PRIOR_AUDIT},      {"review", TRAFFSTAT_PRIOR_AUDIT},
                 {"validation", TRAFFSTAT_PRIOR_AUDIT}, {"survey", TRAFFSTAT_PRIOR_SURVEY},
                 {"interview", TRAFFSTAT_PRIOR_SURVEY}, {"expert", TRAFFSTAT_PRIOR_EXPERT},
                 {"elicit", TRAFFSTAT_PRIOR_EXPERT}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (method != NULL && strstr(method, words[i].word) != NULL) {
            return words[i].kind;
        }
    }
    return TRAFFSTAT_PRIOR_SCENARIO;
}

/* a and b of an entry: from its interval, or from its rate and the size that was given. */
static traffstat_status size_entry(traffstat_ctx *ctx, const traffstat_evidence_entry *entry,
                                   double size, double *a, double *b)
{
    const bool interval = isfinite(entry->lower) && isfinite(entry->upper);
    if (interval && size > 0.0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "evidence %s has a published interval, so no size is taken",
                                entry->id);
    }
    if (interval) {
        return traffstat_i_fit_beta(ctx, entry->lower, entry->upper,
                                    isnan(entry->level) ? 0.95 : entry->level, a, b);
    }
    if (size == 0.0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_PRIOR,
                                "evidence %s was published without an interval: say how many "
                                "known cases it is worth (an evidence size)",
                                entry->id);
    }
    *a = entry->rate * size;
    *b = (1.0 - entry->rate) * size;
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_prior_evidence(traffstat_ctx *ctx, const traffstat_evidence *evidence,
                                          const char *id, double size, traffstat_prior **out)
{
    traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    if (evidence == NULL || id == NULL || !(size >= 0.0 && size <= SHAPE_MAX)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                evidence == NULL ? "no evidence was given"
                                : id == NULL     ? "no evidence id was given"
                                                 : "an evidence size must lie between 0 and 1e9");
    }
    size_t at = 0;
    traffstat_evidence_entry entry = {.struct_size = sizeof entry};
    status = traffstat_evidence_find(ctx, evidence, id, &at);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_evidence_get(evidence, at, &entry);
    }
    double a = 0.0;
    double b = 0.0;
    if (status == TRAFFSTAT_OK) {
        status = size_entry(ctx, &entry, size, &a, &b);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    traffstat_prior *prior = NULL;
    status = traffstat_i_prior_make(ctx, a, b, ORIGIN_EVIDENCE, entry.citation, &prior);
    if (status == TRAFFSTAT_OK) {
        prior->size = size;
        prior->kind = kind_of_method(entry.method);
        status = traffstat_i_prior_copy_entry(prior, &entry);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_prior_free(prior);
        return status;
    }
    *out = prior;
    return TRAFFSTAT_OK;
}

/* ---- asking ---------------------------------------------------------------------------------- */

bool traffstat_i_prior_is_beta(const traffstat_prior *prior)
{
    return prior->law.form == TRAFFSTAT_I_FORM_BETA && !(prior->law.shift > 0.0);
}

double traffstat_prior_a(const traffstat_prior *prior)
{
    return prior != NULL && traffstat_i_prior_is_beta(prior) ? prior->law.a : NAN;
}

double traffstat_prior_b(const traffstat_prior *prior)
{
    return prior != NULL && traffstat_i_prior_is_beta(prior) ? prior->law.b : NAN;
}

double traffstat_prior_quantile(const traffstat_prior *prior, double q)
{
    return prior != NULL ? traffstat_i_logit_quantile(&prior->law, q) : NAN;
}

double traffstat_prior_cdf(const traffstat_prior *prior, double share)
{
    return prior != NULL ? traffstat_i_logit_cdf(&prior->law, share) : NAN;
}

double traffstat_prior_mean(const traffstat_prior *prior)
{
    double mean = NAN;
    double sd = NAN;
    if (prior != NULL) {
        traffstat_i_share_moments(&prior->law, &mean, &sd);
    }
    return mean;
}

double traffstat_prior_sd(const traffstat_prior *prior)
{
    double mean = NAN;
    double sd = NAN;
    if (prior != NULL) {
        traffstat_i_share_moments(&prior->law, &mean, &sd);
    }
    return sd;
}

double traffstat_prior_size(const traffstat_prior *prior)
{
    double mean = NAN;
    double sd = NAN;
    if (prior == NULL) {
        return NAN;
    }
    if (traffstat_i_prior_is_beta(prior)) {
        return prior->law.a + prior->law.b;
    }
    traffstat_i_share_moments(&prior->law, &mean, &sd);
    return sd > 0.0 ? mean * (1.0 - mean) / (sd * sd) - 1.0 : INFINITY;
}

traffstat_prior_kind traffstat_prior_kind_of(const traffstat_prior *prior)
{
    return prior != NULL ? prior->kind : TRAFFSTAT_PRIOR_SCENARIO;
}

const char *traffstat_prior_kind_name(traffstat_prior_kind kind)
{
    static const char *const names[] = {"scenario", "survey", "audit", "overlap study", "expert"};
    return kind >= 0 && kind < (int32_t) (sizeof names / sizeof names[0]) ? names[kind] : "unknown";
}

const char *traffstat_prior_source(const traffstat_prior *prior)
{
    return prior != NULL ? prior->source : "";
}

traffstat_status traffstat_prior_agreement_get(const traffstat_prior *prior,
                                               traffstat_prior_agreement *out)
{
    if (prior == NULL || out == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    if (prior->agreement.count == 0) {
        return TRAFFSTAT_E_NODATA;
    }
    *out = prior->agreement;
    return TRAFFSTAT_OK;
}
