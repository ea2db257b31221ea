#include <math.h>
#include <stdio.h>

#include "command.h"

static void print_row(const traffstat_estimate *estimate, size_t at,
                      const traffstat_estimate_row *row)
{
    (void) printf("%s %d: ", traffstat_estimate_row_label(estimate, at), (int) row->year);
    if (isnan(row->lower)) {
        (void) printf("no count\n");
        return;
    }
    (void) printf("%lld", (long long) row->observed_lower);
    if (row->observed_upper == TRAFFSTAT_NO_UPPER) {
        (void) printf(" or more");
    } else if (row->observed_upper != row->observed_lower) {
        (void) printf(" to %lld", (long long) row->observed_upper);
    }
    const double rate = traffstat_detail_number(
        traffstat_detail_find(traffstat_estimate_row_details(estimate, at), "rate"));
    if (isnan(row->upper)) {
        (void) printf(" counted, %.1f or more to be expected", row->lower);
    } else {
        (void) printf(" counted, %.1f to %.1f to be expected", row->lower, row->upper);
    }
    if (!isnan(rate)) {
        (void) printf("; %.2f per 100,000", rate);
    }
    (void) printf("\n");
}

static void print_sentence(const char *label, const traffstat_detail *object)
{
    const char *sentence = traffstat_detail_text(traffstat_detail_find(object, "sentence"));
    if (sentence[0] != '\0') {
        (void) printf("%s%s%s\n", label, label[0] != '\0' ? ": " : "", sentence);
    }
}

/* Rows, sentences, reasons, assumptions. */
static int print_plain(const traffstat_estimate *estimate)
{
    const traffstat_detail *said = traffstat_estimate_details(estimate);
    const traffstat_detail *list = traffstat_detail_find(said, "by_series");
    traffstat_estimate_row row;
    for (size_t i = 0; traffstat_estimate_row_get(estimate, i, &row) == TRAFFSTAT_OK; i++) {
        print_row(estimate, i, &row);
    }
    (void) printf("\n");
    print_sentence(list != NULL ? traffstat_detail_text(traffstat_detail_find(said, "of")) : "",
                   said);
    for (size_t i = 0; i < traffstat_detail_size(list); i++) {
        const traffstat_detail *one = traffstat_detail_at(list, i);
        print_sentence(traffstat_detail_text(traffstat_detail_find(one, "series")), one);
    }
    return print_doubts(estimate);
}

static int run_changes(const command *session, const input *in)
{
    traffstat_estimate *estimate = NULL;
    traffstat_trend_options wanted;
    traffstat_trend_options_init(&wanted, sizeof wanted);
    wanted.level = session->options->level;
    wanted.first_year = session->options->change[0];
    wanted.second_year = session->options->change[1];
    wanted.account = in->account;
    wanted.lost = in->lost;
    const traffstat_status status = traffstat_trend(session->ctx, in->selected, &wanted, &estimate);
    const int result = estimate_answer(session, status, estimate, print_plain);
    traffstat_estimate_free(estimate);
    return result;
}

int run_trend(const command *session)
{
    input in = {0};
    int result = input_open(session, &in);
    if (result == EXIT_DONE && session->options->places) {
        result = run_places(session, in.selected);
    } else if (result == EXIT_DONE && session->options->delay) {
        result = run_delay(session, in.selected);
    } else if (result == EXIT_DONE) {
        result = run_changes(session, &in);
    }
    input_free(&in);
    return result;
}
