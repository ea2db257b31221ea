#include "command.h"

static int print_estimate(const command *session, const traffstat_panel *panel,
                          const traffstat_estimate *estimate)
{
    traffstat_text *text = NULL;
    traffstat_status status = TRAFFSTAT_OK;
    if (session->options->json) {
        status = traffstat_estimate_json(session->ctx, estimate, &text);
    } else if (session->options->csv) {
        status = traffstat_estimate_csv(session->ctx, estimate, &text);
    } else {
        status = traffstat_estimate_text(session->ctx, panel, estimate, &text);
    }
    const int result = status == TRAFFSTAT_OK ? print_text(text) : failure(session, status);
    traffstat_text_free(text);
    return result;
}

int run_estimate(const command *session)
{
    input in = {0};
    traffstat_estimate *estimate = NULL;
    traffstat_prior *prior = NULL;
    int result = prior_load(session, &prior); /* first: without one no file needs to be read */
    if (result == EXIT_DONE) {
        result = input_read(session, &in);
    }
    if (result == EXIT_DONE) {
        result = input_select(session, &in);
    }
    if (result == EXIT_DONE) {
        result = input_check_lost(session, &in);
    }
    if (result == EXIT_DONE) {
        result = estimate_make(session, in.selected, prior, &estimate);
    }
    if (result == EXIT_DONE) {
        result = print_estimate(session, in.selected, estimate);
    }
    if (result == EXIT_DONE) {
        result = estimate_status(estimate);
    }
    traffstat_estimate_free(estimate);
    traffstat_prior_free(prior);
    input_free(&in);
    return result;
}
