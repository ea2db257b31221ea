#include <math.h>
#include <stdio.h>

#include "command.h"

/* Sentences that a method has beside its rows, under the text of the whole. */
static int print_breakeven(const traffstat_estimate *estimate)
{
    const traffstat_detail *list =
        traffstat_detail_find(traffstat_estimate_details(estimate), "breakeven");
    for (size_t i = 0; i < traffstat_detail_size(list); i++) {
        const traffstat_detail *at = traffstat_detail_at(list, i);
        (void) printf("%s  - %s, %s: %s\n", i == 0 ? "\nBreak-even:\n" : "",
                      traffstat_detail_text(traffstat_detail_find(at, "series")),
                      traffstat_detail_text(traffstat_detail_find(at, "of")),
                      traffstat_detail_text(traffstat_detail_find(at, "says")));
    }
    return check_stdout();
}

static void print_numbers(const traffstat_detail *of)
{
    const double lower = traffstat_detail_number(traffstat_detail_find(of, "lower"));
    const double upper = traffstat_detail_number(traffstat_detail_find(of, "upper"));
    const double middle = traffstat_detail_number(traffstat_detail_find(of, "estimate"));
    if (isnan(middle)) {
        (void) printf("none\n");
    } else {
        (void) printf("%.0f\xe2\x80\x93%.0f (middle value %.0f)\n", lower, upper, middle);
    }
}

static int print_sensitivity(const traffstat_estimate *estimate)
{
    const traffstat_detail *top =
        traffstat_detail_find(traffstat_estimate_details(estimate), "sensitivity");
    const traffstat_detail *list = traffstat_detail_find(top, "tornado");
    const double year = traffstat_detail_number(traffstat_detail_find(top, "year"));
    if (top != NULL && isnan(year)) {
        (void) printf("\nSensitivity of the total:\n");
    } else if (top != NULL) {
        (void) printf("\nSensitivity of %s %.0f:\n",
                      traffstat_detail_text(traffstat_detail_find(top, "series")), year);
    }
    for (size_t i = 0; i < traffstat_detail_size(list); i++) {
        const traffstat_detail *at = traffstat_detail_at(list, i);
        (void) printf(
            "  - %s, %s: ", traffstat_detail_text(traffstat_detail_find(at, "assumption")),
            traffstat_detail_text(traffstat_detail_find(at, "change")));
        print_numbers(at);
    }
    return check_stdout();
}

/* The change of true rates between two years of a panel. */
static int print_change(const traffstat_estimate *estimate)
{
    const traffstat_detail *top =
        traffstat_detail_find(traffstat_estimate_details(estimate), "change");
    const traffstat_detail *ratio = traffstat_detail_find(top, "ratio");
    if (top == NULL) {
        return EXIT_DONE;
    }
    (void) printf("\nChange of true cases:\n  - ");
    if (!isnan(traffstat_detail_number(traffstat_detail_find(ratio, "estimate")))) {
        (void) printf("%.2f\xe2\x80\x93%.2f times (middle value %.2f): ",
                      traffstat_detail_number(traffstat_detail_find(ratio, "lower")),
                      traffstat_detail_number(traffstat_detail_find(ratio, "upper")),
                      traffstat_detail_number(traffstat_detail_find(ratio, "estimate")));
    }
    (void) printf("%s\n", traffstat_detail_text(traffstat_detail_find(top, "says")));
    return check_stdout();
}

static double number_in(const traffstat_detail *of, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(of, name));
}

/* Coefficients of a regression, for one unit of their column. */
static int print_coefficients(const traffstat_estimate *estimate)
{
    const traffstat_detail *list =
        traffstat_detail_find(traffstat_estimate_details(estimate), "coefficients");
    for (size_t i = 0; i < traffstat_detail_size(list); i++) {
        const traffstat_detail *at = traffstat_detail_at(list, i);
        (void) printf("%s  - %s, %s: %.4g (%.4g to %.4g)\n",
                      i == 0 ? "\nCoefficients of the log rate and of the logit of reporting:\n"
                             : "",
                      traffstat_detail_text(traffstat_detail_find(at, "part")),
                      traffstat_detail_text(traffstat_detail_find(at, "name")),
                      number_in(at, "estimate"), number_in(at, "lower"), number_in(at, "upper"));
    }
    return check_stdout();
}

static int print_estimate(const command *session, const traffstat_panel *panel,
                          const traffstat_estimate *estimate)
{
    int result = estimate_print(session, panel, estimate, NULL);
    if (result == EXIT_DONE && !session->options->json && !session->options->csv) {
        result = print_breakeven(estimate);
        result = result == EXIT_DONE ? print_change(estimate) : result;
        result = result == EXIT_DONE ? print_sensitivity(estimate) : result;
        result = result == EXIT_DONE ? print_coefficients(estimate) : result;
    }
    return result;
}

/* What the model takes beside the counts is checked before a file is read. */
static int load_prior(const command *session, traffstat_prior **out)
{
    return session->options->model == MODEL_BOUNDS ? EXIT_DONE : prior_load(session, out);
}

static int make(const command *session, const traffstat_panel *panel, const traffstat_prior *prior,
                traffstat_estimate **out)
{
    return session->options->model == MODEL_BOUNDS ? bounds_make(session, panel, out)
                                                   : estimate_make(session, panel, prior, out);
}

int run_estimate(const command *session)
{
    input in = {0};
    traffstat_estimate *estimate = NULL;
    traffstat_prior *prior = NULL;
    int result = load_prior(session, &prior);
    if (result == EXIT_DONE) {
        result = input_open(session, &in);
    }
    if (result == EXIT_DONE) {
        result = make(session, in.selected, prior, &estimate);
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
