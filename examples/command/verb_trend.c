#include "command.h"

static int print_trend(const command *session, const traffstat_panel *panel,
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
    int result = status == TRAFFSTAT_OK ? print_text(text) : failure(session, status);
    traffstat_text_free(text);
    const char *sentence = traffstat_detail_text(
        traffstat_detail_find(traffstat_estimate_details(estimate), "sentence"));
    if (result == EXIT_DONE && !session->options->json && !session->options->csv &&
        sentence[0] != '\0') {
        result = print_line(sentence);
    }
    return result;
}

int run_trend(const command *session)
{
    input in = {0};
    traffstat_estimate *estimate = NULL;
    int result = input_read(session, &in);
    if (result == EXIT_DONE) {
        result = input_select(session, &in);
    }
    if (result == EXIT_DONE) {
        result = input_check_lost(session, &in);
    }
    if (result == EXIT_DONE) {
        traffstat_trend_options wanted;
        traffstat_trend_options_init(&wanted, sizeof wanted);
        wanted.level = session->options->level;
        const traffstat_status status =
            traffstat_trend(session->ctx, in.selected, &wanted, &estimate);
        result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    }
    if (result == EXIT_DONE) {
        result = print_trend(session, in.selected, estimate);
    }
    if (result == EXIT_DONE) {
        result = estimate_status(estimate);
    }
    traffstat_estimate_free(estimate);
    input_free(&in);
    return result;
}
