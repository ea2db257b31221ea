/* The values of options that choose and feed a model of unreported cases. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

bool take_model(options *to, const char *value)
{
    if (to->verb == VERB_OVERLAP) {
        to->terms = value;
        return true;
    }
    if (same(value, "thinning")) {
        to->model = MODEL_THINNING;
    } else if (same(value, "bounds")) {
        to->model = MODEL_BOUNDS;
    } else if (same(value, "panel")) {
        to->model = MODEL_PANEL;
    } else if (same(value, "pogit")) {
        to->model = MODEL_POGIT;
    } else {
        (void) usage(
            "--model \"%s\" is not known; this version has: thinning, bounds, panel, pogit", value);
        return false;
    }
    return true;
}

bool take_reporting(options *to, const char *value)
{
    if (to->reporting_count == REPORTINGS) {
        (void) usage("--reporting is given more than %d times", REPORTINGS);
        return false;
    }
    to->reportings[to->reporting_count++] = value;
    to->reporting = to->reportings[0];
    return true;
}

/* A number in (0, most]. */
static bool take_positive(const char *name, const char *value, double most, double *out)
{
    if (!parse_number(value, out) || !(*out > 0.0 && *out <= most)) {
        (void) usage("--%s \"%s\" is not a number above 0 and at most %g", name, value, most);
        return false;
    }
    return true;
}

bool take_transport(options *to, const char *value)
{
    return take_positive("transport", value, 1.0, &to->transport);
}

bool take_shift(options *to, const char *value)
{
    return take_positive("shift", value, 5.0, &to->shift);
}

bool take_exposure(options *to, const char *value)
{
    return take_positive("exposure", value, 1e12, &to->exposure_unit);
}

/* A column of its own: the reader checks it and every row gets it. */
bool take_coverage(options *to, const char *value)
{
    double share = 0.0;
    if (!take_positive("coverage", value, 1.0, &share)) {
        return false;
    }
    if (to->set.count == PAIRS_MAX) {
        (void) usage("--set and --coverage are given more than %d times", PAIRS_MAX);
        return false;
    }
    pair *item = &to->set.items[to->set.count];
    item->key = strdup("coverage");
    if (item->key == NULL) {
        say("out of memory");
        return false;
    }
    item->value = value;
    to->set.count++;
    return true;
}

bool take_negative_binomial(options *to, const char *value)
{
    (void) value;
    to->counts = COUNTS_NEGATIVE_BINOMIAL;
    return true;
}

bool take_counts(options *to, const char *value)
{
    if (same(value, "auto")) {
        to->counts = COUNTS_AUTO;
    } else if (same(value, "poisson")) {
        to->counts = COUNTS_POISSON;
    } else if (same(value, "negative-binomial")) {
        to->counts = COUNTS_NEGATIVE_BINOMIAL;
    } else {
        (void) usage("--counts \"%s\" is not known: auto, poisson or negative-binomial", value);
        return false;
    }
    return true;
}

bool take_engine(options *to, const char *value)
{
    if (same(value, "auto")) {
        to->engine = TRAFFSTAT_ENGINE_AUTO;
    } else if (same(value, "nuts")) {
        to->engine = TRAFFSTAT_ENGINE_NUTS;
    } else if (same(value, "fast")) {
        to->engine = TRAFFSTAT_ENGINE_FAST;
    } else if (same(value, "ml")) {
        to->maximum_likelihood = true;
    } else {
        (void) usage("--engine \"%s\" is not known: auto, nuts, fast or ml", value);
        return false;
    }
    return true;
}

bool take_draws(options *to, const char *value)
{
    if (!parse_whole(value, &to->draws) || to->draws < 1000 || to->draws > 1000000) {
        (void) usage("--draws \"%s\" is not a whole number from 1000 to 1000000", value);
        return false;
    }
    return true;
}

/* "0.2" or "20%"; `percent` is set where the sign stands. */
static bool take_share(const char *text, double *out, bool *percent)
{
    char number[32];
    const size_t size = strlen(text);
    if (size == 0 || size >= sizeof number) {
        return false;
    }
    memcpy(number, text, size + 1);
    if (number[size - 1] == '%') {
        *percent = true;
        number[size - 1] = '\0';
    }
    return parse_number(number, out);
}

bool take_bounds(options *to, const char *value)
{
    char first[32];
    bool percent = false;
    const char *dots = strstr(value, "..");
    bool good = dots != NULL && (size_t) (dots - value) < sizeof first;
    if (good) {
        (void) snprintf(first, sizeof first, "%.*s", (int) (dots - value), value);
        good = take_share(first, &to->bounds[0], &percent) &&
               take_share(dots + 2, &to->bounds[1], &percent);
    }
    if (good && percent) {
        to->bounds[0] /= 100.0;
        to->bounds[1] /= 100.0;
    }
    if (!good || !(to->bounds[0] >= 0.0 && to->bounds[0] <= to->bounds[1] && to->bounds[1] > 0.0 &&
                   to->bounds[1] <= 1.0)) {
        (void) usage("--bounds \"%s\" is not of the form 0.1..0.5 (10%%..50%%): two shares that "
                     "rise, from 0 to 1",
                     value);
        return false;
    }
    return true;
}

bool take_bounds_size(options *to, const char *value)
{
    if (!parse_number(value, &to->bounds_size) || !(to->bounds_size >= 1e-3) ||
        !(to->bounds_size <= 1e9)) {
        (void) usage("--bounds-size \"%s\" is not a number from 0.001 to 1e9", value);
        return false;
    }
    return true;
}

bool take_drift(options *to, const char *value)
{
    if (!parse_number(value, &to->drift) || !(to->drift >= -99.9 && to->drift <= 1000.0)) {
        (void) usage("--drift \"%s\" is not a change in percent a year from -99.9 to 1000", value);
        return false;
    }
    return true;
}

bool take_drift_scale(options *to, const char *value)
{
    if (!parse_number(value, &to->drift_scale) ||
        !(to->drift_scale >= 0.0 && to->drift_scale <= 10.0)) {
        (void) usage("--drift-scale \"%s\" is not a number from 0 to 10", value);
        return false;
    }
    to->drift_given = true;
    return true;
}

/* What only a panel takes. */
static bool check_not_panel(const options *given)
{
    const char *stray = given->counts != COUNTS_AUTO                          ? "counts"
                        : given->engine == TRAFFSTAT_ENGINE_FAST              ? "engine fast"
                        : given->drift_given                                  ? "drift-scale"
                        : given->proof_count > 0 && given->proofs[0].is_total ? "list-total"
                        : given->proof_count > 0                              ? "audit"
                        : given->verb != VERB_ESTIMATE                        ? NULL
                        : given->neighbours != NULL                           ? "neighbours"
                        : given->change[0] != 0                               ? "change"
                                                                              : NULL;
    if (given->model != MODEL_PANEL && stray != NULL) {
        (void) usage("--%s goes with --model panel", stray);
        return false;
    }
    return true;
}

/* Columns beside the counts, and the engine of the regression. */
static bool check_pogit(const options *given)
{
    const bool pogit = given->model == MODEL_POGIT;
    const bool asked = given->rate_covariates.count > 0 || given->report_covariates.count > 0 ||
                       given->validation.count > 0;
    const char *stray = given->rate_covariates.count > 0     ? "rate-covariate"
                        : given->report_covariates.count > 0 ? "report-covariate"
                        : given->validation.count > 0        ? "validation"
                        : given->covariates != NULL          ? "covariates"
                                                             : NULL;
    if (!pogit && given->model != MODEL_PANEL && stray != NULL) {
        (void) usage("--%s goes with --model panel or pogit", stray);
        return false;
    }
    if (!pogit && given->maximum_likelihood) {
        (void) usage("--engine ml goes with --model pogit");
        return false;
    }
    if (given->covariates != NULL && !asked) {
        (void) usage("--covariates goes with --rate-covariate, --report-covariate or --validation");
        return false;
    }
    if (asked && given->covariates == NULL && given->file != NULL &&
        strcmp(given->file, "-") == 0) {
        (void) usage("columns beside the counts cannot be read from standard input; name their "
                     "file with --covariates FILE");
        return false;
    }
    if (pogit && given->verb == VERB_CHART) {
        (void) usage("a picture of a regression is not built yet; `traffstat estimate --model "
                     "pogit` prints its numbers");
        return false;
    }
    if (pogit && given->engine == TRAFFSTAT_ENGINE_FAST) {
        (void) usage("--engine of --model pogit is nuts or ml");
        return false;
    }
    return true;
}

/* The panel and the regression have priors of their own, and one law of p for all. */
static bool check_panel(const options *given)
{
    const bool whole = given->model == MODEL_PANEL || given->model == MODEL_POGIT;
    const char *stray = given->independent                                  ? "independent"
                        : given->sensitivity && given->model == MODEL_POGIT ? "sensitivity"
                        : given->rate_prior != TRAFFSTAT_RATE_INVERSE       ? "rate-prior"
                                                                            : NULL;
    if (whole && stray != NULL) {
        (void) usage("--%s goes with --model thinning", stray);
        return false;
    }
    if (whole && given->draws > 20000) {
        (void) usage("--draws of --model %s are those of each chain, at most 20000",
                     given->model == MODEL_PANEL ? "panel" : "pogit");
        return false;
    }
    if (!whole && given->engine == TRAFFSTAT_ENGINE_NUTS) {
        (void) usage("--engine goes with --model panel or pogit");
        return false;
    }
    return check_not_panel(given);
}

/* Options that say more of a reporting rate, or of the thinning by it, go with one. */
static bool check_rate(const options *given)
{
    if (given->exposure_unit > 0.0 && given->rate_prior != TRAFFSTAT_RATE_GAMMA) {
        (void) usage("--exposure goes with --rate-prior \"gamma(shape,rate)\", which it scales");
        return false;
    }
    const char *stray = given->transport > 0.0 ? "transport"
                        : given->shift > 0.0   ? "shift"
                        : given->independent   ? "independent"
                        : given->draws > 0     ? "draws"
                        : given->sensitivity   ? "sensitivity"
                                               : NULL;
    const bool validated = given->validation.count > 0 && given->draws > 0 &&
                           !(given->transport > 0.0 || given->shift > 0.0);
    if (stray != NULL && given->evidence == NULL && given->reporting == NULL && !validated) {
        (void) usage("--%s goes with a reporting rate: --evidence ID or --reporting PRIOR", stray);
        return false;
    }
    return true;
}

bool check_model(const options *given)
{
    const bool bounds = given->model == MODEL_BOUNDS;
    const bool limits = given->bounds[1] > 0.0;
    if (bounds && given->verb == VERB_CHART) {
        (void) usage("a picture of bounds is not built yet; `traffstat estimate --model bounds` "
                     "prints their numbers");
        return false;
    }
    if (bounds && (given->evidence != NULL || given->reporting != NULL)) {
        (void) usage("--model bounds takes limits alone (--bounds L..U), no law of the reporting "
                     "rate");
        return false;
    }
    if (bounds && !limits) {
        (void) usage("--model bounds needs the limits of the share of cases that is reported, and "
                     "there is no default: --bounds 0.1..0.5");
        return false;
    }
    if ((given->model == MODEL_THINNING || given->model == MODEL_POGIT) &&
        (limits || given->drift != 0.0)) {
        (void) usage("--bounds and --drift go with --model bounds, or beside --model panel");
        return false;
    }
    if (!bounds && given->bounds_size > 0.0) {
        (void) usage("--bounds-size goes with --model bounds");
        return false;
    }
    if (given->model == MODEL_PANEL && given->drift != 0.0 && !limits) {
        (void) usage("--drift goes with --bounds L..U");
        return false;
    }
    return check_pogit(given) && check_panel(given) && check_rate(given);
}
