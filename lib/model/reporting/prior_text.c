/* A reporting prior out of a text, as the command line's --reporting. */
#include <string.h>

#include "model/reporting/prior.h"

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

/* "name ( inside )": what stands before and inside the brackets. */
static bool cut_call(slice s, slice *name, slice *inside)
{
    if (!cut(s, "(", name, inside) || inside->size == 0 || inside->at[inside->size - 1] != ')') {
        return false;
    }
    inside->size--;
    *inside = trim(*inside);
    return true;
}

static bool is_named(slice name, const char *want)
{
    char word[16] = "";
    if (name.size >= sizeof word) {
        return false;
    }
    memcpy(word, name.at, name.size);
    return traffstat_i_compare_nocase(word, want) == 0;
}

/* "a , b" */
static bool read_pair(slice s, double pair[2])
{
    slice first;
    slice second;
    return cut(s, ",", &first, &second) &&
           traffstat_i_parse_double(first.at, first.size, &pair[0]) &&
           traffstat_i_parse_double(second.at, second.size, &pair[1]);
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

/* "share @ probability" */
static bool read_quantile(slice s, double out[2])
{
    slice share;
    slice at;
    bool percent = false;
    if (!cut(s, "@", &share, &at) || !read_share(share, &out[0], &percent) ||
        !traffstat_i_parse_double(at.at, at.size, &out[1])) {
        return false;
    }
    out[0] /= percent ? 100.0 : 1.0;
    return true;
}

static bool read_quantiles(slice s, double out[4])
{
    slice first;
    slice second;
    return cut(s, ",", &first, &second) && read_quantile(first, out) &&
           read_quantile(second, out + 2);
}

static bool is_whole(double x)
{
    return x >= 0.0 && x <= 1e15 && x == (double) (int64_t) x;
}

/* A law by its name; false: it is none, or not written as it should be. */
static bool read_law(traffstat_ctx *ctx, slice name, slice inside, const char *source,
                     traffstat_prior **out, traffstat_status *status)
{
    double at[4] = {0.0, 0.0, 0.0, 0.0};
    bool percent = false;
    if (is_named(name, "beta") && read_pair(inside, at)) {
        *status = traffstat_prior_beta(ctx, at[0], at[1], source, out);
    } else if (is_named(name, "survey") && read_pair(inside, at) && is_whole(at[0]) &&
               is_whole(at[1])) {
        *status = traffstat_prior_survey(ctx, (int64_t) at[0], (int64_t) at[1], source, out);
    } else if (is_named(name, "logitnormal") && read_pair(inside, at)) {
        *status = traffstat_prior_logit_normal(ctx, at[0], at[1], source, out);
    } else if (is_named(name, "quantiles") && read_quantiles(inside, at)) {
        *status = traffstat_prior_quantiles(ctx, at[0], at[1], at[2], at[3], source, out);
    } else if (is_named(name, "known") && read_share(inside, &at[0], &percent)) {
        *status = traffstat_prior_known(ctx, percent ? at[0] / 100.0 : at[0], source, out);
    } else {
        return false;
    }
    return true;
}

traffstat_status traffstat_prior_parse(traffstat_ctx *ctx, const char *text, const char *source,
                                       traffstat_prior **out)
{
    traffstat_status status = traffstat_i_prior_begin(ctx, out);
    if (status == TRAFFSTAT_OK && text == NULL) {
        status = traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no reporting rate was given");
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const slice whole = trim((slice){text, strlen(text)});
    slice name;
    slice inside;
    double lower = 0.0;
    double upper = 0.0;
    if (cut_call(whole, &name, &inside) && read_law(ctx, name, inside, source, out, &status)) {
        return status;
    }
    if (read_range(whole, &lower, &upper)) {
        return traffstat_prior_range(ctx, lower, upper, source, out);
    }
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                            "\"%s\" is no reporting rate: write beta(a,b), a range such as "
                            "0.2..0.6 or 20%%..60%%, survey(x,m), logitnormal(median,sd), "
                            "quantiles(share@q,share@q) or known(share)",
                            text);
}
