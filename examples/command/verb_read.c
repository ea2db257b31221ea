#include <string.h>

#include "command.h"

static int print_account(const command *session, const traffstat_account *account)
{
    traffstat_text *text = NULL;
    const traffstat_status status = session->options->json
                                        ? traffstat_account_json(session->ctx, account, &text)
                                        : traffstat_account_text(session->ctx, account, &text);
    const int result = status == TRAFFSTAT_OK ? print_text(text) : failure(session, status);
    traffstat_text_free(text);
    return result;
}

/* The tidy form to a file and, with --csv, to stdout. */
static int write_panel(const command *session, const traffstat_panel *panel)
{
    const options *given = session->options;
    traffstat_text *text = NULL;
    const traffstat_status status = traffstat_panel_csv(session->ctx, panel, &text);
    int result = status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
    if (result == EXIT_DONE && given->output != NULL) {
        result = write_file(given->output, traffstat_text_data(text), traffstat_text_size(text));
    }
    if (result == EXIT_DONE && given->csv) {
        result = print_text(text);
    }
    traffstat_text_free(text);
    return result;
}

/* With --strict the file is refused, but what was met in it is still the answer to `read`. */
static bool worth_printing(const input *in)
{
    return in->account != NULL && traffstat_account_rows_seen(in->account) > 0;
}

/* A file without columns of places, years and counts may be one of lists: then that is what it is,
 * and its own verb reads it. */
static bool say_overlap(const command *session, int *result)
{
    traffstat_overlap *overlap = NULL;
    traffstat_account *account = NULL;
    const options *given = session->options;
    const bool asked = given->file_count == 1 && strcmp(given->file, "-") != 0 &&
                       given->output == NULL && !given->csv;
    const bool is_overlap = asked && overlap_read(session, &overlap, &account) == TRAFFSTAT_OK;
    if (is_overlap) {
        *result = print_account(session, account);
        say("%s is a file of %s: `traffstat overlap %s` estimates from it", given->file,
            traffstat_overlap_lists(overlap) > 0 ? "lists that overlap" : "captures", given->file);
    }
    traffstat_account_free(account);
    traffstat_overlap_free(overlap);
    return is_overlap;
}

int run_read(const command *session)
{
    const options *given = session->options;
    input in;
    int result = EXIT_DONE;
    traffstat_status status = input_try(session, &in);
    if (status == TRAFFSTAT_E_COLUMN) {
        if (say_overlap(session, &result)) {
            input_free(&in);
            return result;
        }
        input_free(&in);
        status = input_try(session, &in); /* for its message, which the other try took away */
    }
    result = status == TRAFFSTAT_OK ? EXIT_DONE : stream_failure(session, status);
    if (result == EXIT_DONE) {
        result = input_select(session, &in);
    }
    if (result == EXIT_DONE && (given->output != NULL || given->csv)) {
        result = write_panel(session, in.selected);
    }
    if (!given->csv && worth_printing(&in)) {
        const int printed = print_account(session, in.account);
        result = result == EXIT_DONE ? printed : result;
    }
    input_free(&in);
    return result;
}
