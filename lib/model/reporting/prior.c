/* Reporting priors: given, from a range, from evidence, from a text. */
#include "model/reporting/prior.h"

#include <math.h>
#include <string.h>

#include "model/rate/tail.h"

#define SHAPE_MAX 1e9

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

static traffstat_status make(traffstat_ctx *ctx, double a, double b, int32_t origin,
                             const char *source, traffstat_prior **out)
{
    traffstat_prior *prior = traffstat_i_alloc(ctx, 1, sizeof *prior);
    if (prior == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    prior->ctx = ctx;
    prior->a = a;
    prior->b = b;
    prior->origin = origin;
    prior->source = traffstat_i_strdup(ctx, source);
    if (prior->source == NULL) {
        traffstat_prior_free(prior);
        return TRAFFSTAT_E_NOMEM;
    }
    *out = prior;
    return TRAFFSTAT_OK;
}

static traffstat_status no_place(traffstat_ctx *ctx)
{
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the prior was given");
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
    return make(ctx, a, b, ORIGIN_BETA, source, out);
}

static traffstat_status make_range(traffstat_ctx *ctx, double lower, double upper,
                                   const char *source, traffstat_prior **out)
{
    double a = 0.0;
    double b = 0.0;
    traffstat_status status = traffstat_i_fit_beta(ctx, lower, upper, 0.95, &a, &b);
    return status == TRAFFSTAT_OK ? make(ctx, a, b, ORIGIN_RANGE, source, out) : status;
}

traffstat_status traffstat_prior_beta(traffstat_ctx *ctx, double a, double b, const char *source,
                                      traffstat_prior **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return no_place(ctx);
    }
    *out = NULL;
    return make_beta(ctx, a, b, source, out);
}

traffstat_status traffstat_prior_range(traffstat_ctx *ctx, double lower, double upper,
                                       const char *source, traffstat_prior **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return no_place(ctx);
    }
    *out = NULL;
    return make_range(ctx, lower, upper, source, out);
}

/* ---- evidence -------------------------------------------------------------------------------- */

static traffstat_status copy_entry(traffstat_prior *prior, const traffstat_evidence_entry *entry)
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
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return no_place(ctx);
    }
    *out = NULL;
    if (evidence == NULL || id == NULL || !(size >= 0.0 && size <= SHAPE_MAX)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                evidence == NULL ? "no evidence was given"
                                : id == NULL     ? "no evidence id was given"
                                                 : "an evidence size must lie between 0 and 1e9");
    }
    size_t at = 0;
    traffstat_evidence_entry entry = {.struct_size = sizeof entry};
    traffstat_status status = traffstat_evidence_find(ctx, evidence, id, &at);
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
    status = make(ctx, a, b, ORIGIN_EVIDENCE, entry.citation, &prior);
    if (status == TRAFFSTAT_OK) {
        prior->size = size;
        status = copy_entry(prior, &entry);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_prior_free(prior);
        return status;
    }
    *out = prior;
    return TRAFFSTAT_OK;
}

/* ---- text ------------------------------------------------------------------------------------ */

typedef struct slice {
    const char *at;
    size_t size;
} slice;

static slice trim(slice s)
{
    while (s.size > 0 && traffstat_i_is_space(s.at[0])) {
        s.at++;
        s.size--;
    }
    while (s.size > 0 && traffstat_i_is_space(s.at[s.size - 1])) {
        s.size--;
    }
    return s;
}

/* The text before and after the first `mark`; false when there is none. */
static bool cut(slice s, const char *mark, slice *before, slice *after)
{
    const size_t size = strlen(mark);
    for (size_t i = 0; i + size <= s.size; i++) {
        if (memcmp(s.at + i, mark, size) == 0) {
            *before = trim((slice){s.at, i});
            *after = trim((slice){s.at + i + size, s.size - i - size});
            return true;
        }
    }
    return false;
}

/* "beta ( a , b )" in any case. */
static bool read_beta(slice s, double *a, double *b)
{
    slice name;
    slice rest;
    slice first;
    slice second;
    char word[5] = "";
    if (!cut(s, "(", &name, &rest) || name.size != 4 || rest.size == 0 ||
        rest.at[rest.size - 1] != ')') {
        return false;
    }
    memcpy(word, name.at, 4);
    rest.size--;
    return traffstat_i_compare_nocase(word, "beta") == 0 && cut(rest, ",", &first, &second) &&
           traffstat_i_parse_double(first.at, first.size, a) &&
           traffstat_i_parse_double(second.at, second.size, b);
}

/* A number with or without a percent sign, which is taken off. */
static bool read_share(slice s, double *out, bool *percent)
{
    if (s.size > 0 && s.at[s.size - 1] == '%') {
        *percent = true;
        s.size--;
        s = trim(s);
    }
    return traffstat_i_parse_double(s.at, s.size, out);
}

/* "L..U"; a percent sign on either end is meant for both. */
static bool read_range(slice s, double *lower, double *upper)
{
    slice first;
    slice second;
    bool percent = false;
    if (!cut(s, "..", &first, &second) || !read_share(first, lower, &percent) ||
        !read_share(second, upper, &percent)) {
        return false;
    }
    *lower /= percent ? 100.0 : 1.0;
    *upper /= percent ? 100.0 : 1.0;
    return true;
}

traffstat_status traffstat_prior_parse(traffstat_ctx *ctx, const char *text, const char *source,
                                       traffstat_prior **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return no_place(ctx);
    }
    *out = NULL;
    if (text == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no reporting rate was given");
    }
    const slice whole = trim((slice){text, strlen(text)});
    double first = 0.0;
    double second = 0.0;
    if (read_beta(whole, &first, &second)) {
        return make_beta(ctx, first, second, source, out);
    }
    if (read_range(whole, &first, &second)) {
        return make_range(ctx, first, second, source, out);
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                            "\"%s\" is no reporting rate: write beta(a,b), or a range such as "
                            "0.2..0.6 or 20%%..60%%",
                            text);
}

/* ---- asking ---------------------------------------------------------------------------------- */

double traffstat_prior_a(const traffstat_prior *prior)
{
    return prior != NULL ? prior->a : NAN;
}

double traffstat_prior_b(const traffstat_prior *prior)
{
    return prior != NULL ? prior->b : NAN;
}

double traffstat_prior_quantile(const traffstat_prior *prior, double q)
{
    return prior != NULL ? traffstat_i_beta_quantile(prior->a, prior->b, q) : NAN;
}
