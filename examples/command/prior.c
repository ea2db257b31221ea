#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command.h"

/* Where `make install` puts the data; the Makefile names the real one. */
#ifndef TRAFFSTAT_DATADIR
#define TRAFFSTAT_DATADIR "/usr/local/share/libtraffstat"
#endif

#define PATH_SIZE 4096

/* ---- finding the list -------------------------------------------------------------------------- */

/* Folder of this program, with `below` after it; false where the system does not say. */
static bool beside_program(const char *below, char out[PATH_SIZE])
{
    char self[PATH_SIZE];
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length <= 0) {
        return false;
    }
    self[length] = '\0';
    char *slash = strrchr(self, '/');
    if (slash == NULL) {
        return false;
    }
    slash[1] = '\0';
    const int size = snprintf(out, PATH_SIZE, "%s%s", self, below);
    return size > 0 && size < PATH_SIZE;
}

/* The installed folder, one moved along with the program, the source's own beside build/. */
static bool find_list(char out[PATH_SIZE])
{
    static const char *const below[] = {"../share/libtraffstat/evidence.csv",
                                        "../../../data/evidence.csv"};
    (void) snprintf(out, PATH_SIZE, "%s/evidence.csv", TRAFFSTAT_DATADIR);
    if (access(out, R_OK) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof below / sizeof below[0]; i++) {
        if (beside_program(below[i], out) && access(out, R_OK) == 0) {
            return true;
        }
    }
    return false;
}

int evidence_load(const command *session, traffstat_evidence **out)
{
    char path[PATH_SIZE];
    const char *folder = getenv("TRAFFSTAT_DATA");
    *out = NULL;
    if (session->options->evidence_file != NULL) {
        (void) snprintf(path, sizeof path, "%s", session->options->evidence_file);
    } else if (folder != NULL && folder[0] != '\0') {
        (void) snprintf(path, sizeof path, "%s/evidence.csv", folder);
    } else if (!find_list(path)) {
        say("no list of evidence was found in %s; name one with --evidence-file FILE or set "
            "TRAFFSTAT_DATA to its folder",
            TRAFFSTAT_DATADIR);
        return EXIT_DATA;
    }
    const traffstat_status status = traffstat_evidence_read(session->ctx, path, out);
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

/* ---- the prior --------------------------------------------------------------------------------- */

bool prior_given(const options *given)
{
    return given->evidence != NULL || given->reporting != NULL;
}

/* A rate without a published interval has no size: the library says so, the option is ours. */
static int borrow(const command *session, traffstat_prior **out)
{
    const options *given = session->options;
    traffstat_evidence *evidence = NULL;
    int result = evidence_load(session, &evidence);
    if (result == EXIT_DONE) {
        const traffstat_status status = traffstat_prior_evidence(
            session->ctx, evidence, given->evidence, given->evidence_size, out);
        if (status == TRAFFSTAT_E_PRIOR) {
            result = usage("\"%s\" was published without an interval, so it does not say how sure "
                           "its rate is; give --evidence-size N, the number of persons or cases "
                           "that it is worth",
                           given->evidence);
        } else if (status != TRAFFSTAT_OK) {
            result = failure(session, status);
        }
    }
    traffstat_evidence_free(evidence);
    return result;
}

/* Puts `made` in the place of *prior, which is freed. */
static int replace(const command *session, traffstat_status status, traffstat_prior *made,
                   traffstat_prior **prior)
{
    if (status != TRAFFSTAT_OK) {
        return failure(session, status);
    }
    traffstat_prior_free(*prior);
    *prior = made;
    return EXIT_DONE;
}

/* Evidence from elsewhere weighs less, and its center may lie elsewhere: only where asked. */
static int discount(const command *session, traffstat_prior **prior)
{
    traffstat_prior *made = NULL;
    if (!(session->options->transport > 0.0)) {
        return EXIT_DONE;
    }
    const traffstat_status status =
        traffstat_prior_discounted(session->ctx, *prior, session->options->transport, &made);
    return replace(session, status, made, prior);
}

static int move(const command *session, traffstat_prior **prior)
{
    traffstat_prior *made = NULL;
    if (!(session->options->shift > 0.0)) {
        return EXIT_DONE;
    }
    const traffstat_status status =
        traffstat_prior_shifted(session->ctx, *prior, session->options->shift, &made);
    return replace(session, status, made, prior);
}

/* One rate, or several combined, each discounted first. */
static int assume(const command *session, traffstat_prior **out)
{
    const options *given = session->options;
    traffstat_prior *pieces[REPORTINGS] = {NULL};
    int result = EXIT_DONE;
    for (size_t i = 0; i < given->reporting_count && result == EXIT_DONE; i++) {
        const char *source = given->reporting_count > 1 ? given->reportings[i] : NULL;
        const traffstat_status status =
            traffstat_prior_parse(session->ctx, given->reportings[i], source, &pieces[i]);
        result = status == TRAFFSTAT_OK ? discount(session, &pieces[i]) : failure(session, status);
    }
    if (result == EXIT_DONE && given->reporting_count > 1) {
        const traffstat_status status = traffstat_prior_combined(
            session->ctx, (const traffstat_prior *const *) pieces, given->reporting_count, out);
        result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    } else if (result == EXIT_DONE) {
        *out = pieces[0];
        pieces[0] = NULL;
    }
    for (size_t i = 0; i < given->reporting_count; i++) {
        traffstat_prior_free(pieces[i]);
    }
    return result;
}

int prior_load(const command *session, traffstat_prior **out)
{
    const options *given = session->options;
    int result = EXIT_DONE;
    *out = NULL;
    if (given->evidence != NULL) {
        result = borrow(session, out);
        result = result == EXIT_DONE ? discount(session, out) : result;
    } else if (given->reporting != NULL) {
        result = assume(session, out);
    } else if (given->validation.count > 0) {
        return EXIT_DONE; /* cases that were looked up say it */
    } else if (given->model == MODEL_POGIT) {
        return usage(
            "counts and covariates alone cannot tell a rare crime from a hidden one, so the "
            "share of cases that is reported has to be known, and there is no default. Name "
            "the columns of true cases reported and looked up with --validation V,M, or the "
            "share in the reference class with --reporting \"beta(8,12)\" or --evidence ID");
    } else {
        return usage("counts alone cannot tell a rare crime from a hidden one, so the share of "
                     "cases that is reported has to be named, and there is no default. Name it "
                     "with --evidence ID (`traffstat evidence` lists published rates), "
                     "--reporting \"beta(8,12)\", or --reporting 0.2..0.6");
    }
    return result == EXIT_DONE ? move(session, out) : result;
}

/* ---- the estimate ------------------------------------------------------------------------------ */

/* Series that count different things, or come from different sources, are never added up. */
static bool can_be_added(const traffstat_panel *panel)
{
    for (size_t i = 1; i < traffstat_panel_series(panel); i++) {
        if (strcmp(traffstat_panel_measure(panel, i), traffstat_panel_measure(panel, 0)) != 0 ||
            strcmp(traffstat_panel_category(panel, i), traffstat_panel_category(panel, 0)) != 0 ||
            strcmp(traffstat_panel_source(panel, i), traffstat_panel_source(panel, 0)) != 0) {
            return false;
        }
    }
    return true;
}

static void say_no_total(void)
{
    say("no total: the series differ in measure, category or source");
}

int estimate_make(const command *session, const traffstat_panel *panel,
                  const traffstat_prior *prior, traffstat_estimate **out)
{
    const options *given = session->options;
    if (given->model == MODEL_PANEL) {
        return panel_make(session, panel, prior, out);
    }
    if (given->model == MODEL_POGIT) {
        return pogit_make(session, panel, prior, out);
    }
    traffstat_thinning_options how;
    traffstat_thinning_options_init(&how, (uint32_t) sizeof how);
    how.level = given->level;
    how.rate_prior = given->rate_prior;
    if (given->rate_prior == TRAFFSTAT_RATE_GAMMA) {
        how.gamma_shape = given->gamma_shape;
        how.gamma_rate = given->gamma_rate;
        how.exposure_unit = given->exposure_unit;
    }
    how.independent = given->independent;
    how.sensitivity = given->sensitivity;
    if (given->draws > 0) {
        how.draws = (int32_t) given->draws;
    }
    if (!can_be_added(panel)) {
        how.total = 0;
        say_no_total();
    }
    const traffstat_status status = traffstat_thinning(session->ctx, panel, prior, &how, out);
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

int panel_make(const command *session, const traffstat_panel *panel, const traffstat_prior *prior,
               traffstat_estimate **out)
{
    const options *given = session->options;
    traffstat_hierarchical_options how;
    traffstat_hierarchical_options_init(&how, (uint32_t) sizeof how);
    how.level = given->level;
    how.engine = given->engine;
    how.negative_binomial = given->counts == COUNTS_AUTO      ? -1
                            : given->counts == COUNTS_POISSON ? 0
                                                              : 1;
    if (given->draws > 0) {
        how.draws = (int32_t) given->draws;
    }
    if (given->drift_given) {
        how.drift_scale = given->drift_scale;
    }
    how.sensitivity = given->sensitivity ? 1 : 0;
    how.change_first = given->change[0];
    how.change_second = given->change[1];
    how.bounds_lower = given->bounds[0];
    how.bounds_upper = given->bounds[1];
    how.bounds_drift = given->drift;
    traffstat_hierarchical_extras *extras = NULL;
    int result = extras_load(session, panel, &extras);
    if (result == EXIT_DONE) {
        const traffstat_status status =
            traffstat_hierarchical_with(session->ctx, panel, prior, extras, &how, out);
        result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    }
    traffstat_hierarchical_extras_free(extras);
    return result;
}

int bounds_make(const command *session, const traffstat_panel *panel, traffstat_estimate **out)
{
    const options *given = session->options;
    traffstat_bounds_options how;
    traffstat_bounds_options_init(&how, (uint32_t) sizeof how);
    how.level = given->level;
    how.lower = given->bounds[0];
    how.upper = given->bounds[1];
    how.envelope_size = given->bounds_size;
    how.drift = given->drift;
    if (!can_be_added(panel)) {
        how.total = 0;
        say_no_total();
    }
    const traffstat_status status = traffstat_bounds(session->ctx, panel, &how, out);
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

int estimate_status(const traffstat_estimate *estimate)
{
    if (traffstat_estimate_verdict(estimate) != TRAFFSTAT_VERDICT_INESTIMABLE) {
        return EXIT_DONE;
    }
    const char *reason = traffstat_estimate_row_reason(estimate, 0, 0);
    if (reason == NULL) {
        reason = traffstat_estimate_reason(estimate, 0);
    }
    say("inestimable: %s", reason != NULL ? reason : "no row has a number");
    return EXIT_INESTIMABLE;
}

int print_doubts(const traffstat_estimate *estimate)
{
    for (size_t i = 0; i < traffstat_estimate_reasons(estimate); i++) {
        (void) printf("caution: %s\n", traffstat_estimate_reason(estimate, i));
    }
    for (size_t i = 0; i < traffstat_estimate_assumptions(estimate); i++) {
        (void) printf("assumed: %s\n", traffstat_estimate_assumption(estimate, i));
    }
    return check_stdout();
}

int estimate_print(const command *session, const traffstat_panel *panel,
                   const traffstat_estimate *estimate, plain_fn *plain)
{
    traffstat_text *text = NULL;
    traffstat_status status = TRAFFSTAT_OK;
    if (session->options->json) {
        status = traffstat_estimate_json(session->ctx, estimate, &text);
    } else if (session->options->csv) {
        status = traffstat_estimate_csv(session->ctx, estimate, &text);
    } else if (plain != NULL) {
        return plain(estimate);
    } else {
        status = traffstat_estimate_text(session->ctx, panel, estimate, &text);
    }
    const int result = status == TRAFFSTAT_OK ? print_text(text) : failure(session, status);
    traffstat_text_free(text);
    return result;
}

int estimate_answer(const command *session, traffstat_status made,
                    const traffstat_estimate *estimate, plain_fn *plain)
{
    if (made != TRAFFSTAT_OK) {
        return failure(session, made);
    }
    const int result = estimate_print(session, NULL, estimate, plain);
    return result == EXIT_DONE ? estimate_status(estimate) : result;
}
