/* `traffstat trend FILE --places`: the places of one year side by side. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

/* ---- neighbours -------------------------------------------------------------------------------- */

/* How often each problem of the file was met, and its first example. */
static void warn_links(const command *session, const traffstat_account *account)
{
    traffstat_problem problem;
    traffstat_example example;
    for (size_t i = 0; traffstat_account_problem(account, i, &problem) == TRAFFSTAT_OK; i++) {
        if (traffstat_account_example(account, i, 0, &example) != TRAFFSTAT_OK) {
            continue;
        }
        if (example.line > 0) {
            say("caution: %s: %s: %lld, first on line %lld: \"%s\": %s",
                session->options->neighbours, problem.code, (long long) problem.count,
                (long long) example.line, example.got, example.done);
        } else {
            say("caution: %s: %s: %lld, \"%s\" among them: %s", session->options->neighbours,
                problem.code, (long long) problem.count, example.got, example.done);
        }
    }
}

static int read_neighbours(const command *session, const traffstat_panel *panel,
                           traffstat_links **links)
{
    traffstat_reader *reader = NULL;
    traffstat_account *account = NULL;
    if (session->options->neighbours == NULL) {
        return EXIT_DONE;
    }
    traffstat_status status = traffstat_reader_new(session->ctx, &reader);
    if (status == TRAFFSTAT_OK && session->options->strict) {
        status = traffstat_reader_set_strictness(session->ctx, reader, TRAFFSTAT_READ_STRICT);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_links_read_path(session->ctx, reader, session->options->neighbours,
                                           panel, links, &account);
    }
    traffstat_reader_free(reader);
    if (status == TRAFFSTAT_OK) {
        warn_links(session, account);
    }
    traffstat_account_free(account);
    return status == TRAFFSTAT_OK ? EXIT_DONE : failure(session, status);
}

/* ---- text -------------------------------------------------------------------------------------- */

/* Names come from files: what moves a cursor or begins a line is replaced. */
static void print_safe(const char *text)
{
    for (const unsigned char *at = (const unsigned char *) text; *at != '\0'; at++) {
        const bool c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;
        if (c1 || at[0] < 0x20 || at[0] == 0x7f) {
            (void) fputs("\xef\xbf\xbd", stdout);
            at += c1 ? 1 : 0;
        } else {
            (void) putchar(at[0]);
        }
    }
}

static double number(const traffstat_detail *of, const char *name)
{
    return traffstat_detail_number(traffstat_detail_find(of, name));
}

static void print_p(const char *before, double p)
{
    (void) printf(p < 0.001 ? "%sp < 0.001" : "%sp = %.2g", before, p);
}

static void print_count(const traffstat_estimate_row *row)
{
    (void) printf("%lld", (long long) row->observed_lower);
    if (row->observed_upper == TRAFFSTAT_NO_UPPER) {
        (void) printf(" or more");
    } else if (row->observed_upper != row->observed_lower) {
        (void) printf(" to %lld", (long long) row->observed_upper);
    }
    (void) printf(" counted");
}

/* "1.83 per 100,000 (1.38 to 2.38)"; of bounds of a count only the range. */
static void print_rate(const traffstat_detail *said)
{
    const double rate = number(said, "rate");
    const double lower = number(said, "rate_lower");
    const double upper = number(said, "rate_upper");
    if (isnan(lower)) {
        return;
    }
    if (isnan(rate)) {
        (void) printf("; %.2f to %.2f per 100,000", lower, upper);
    } else {
        (void) printf("; %.2f per 100,000 (%.2f to %.2f)", rate, lower, upper);
    }
}

static void print_compared(const traffstat_detail *said)
{
    if (isnan(number(said, "expected"))) {
        return;
    }
    (void) printf("; shrunken %.2f (%.2f to %.2f); %.1f expected, funnel %s",
                  number(said, "bayes_rate"), number(said, "bayes_lower"),
                  number(said, "bayes_upper"), number(said, "expected"),
                  traffstat_detail_text(traffstat_detail_find(said, "funnel")));
    print_p(", adjusted ", number(said, "p_adjusted"));
    (void) printf("; rank between %.0f and %.0f", number(said, "rank_lower"),
                  number(said, "rank_upper"));
}

static void print_place(const traffstat_estimate *estimate, size_t at,
                        const traffstat_estimate_row *row)
{
    const traffstat_detail *said = traffstat_estimate_row_details(estimate, at);
    print_safe(traffstat_estimate_row_label(estimate, at));
    (void) printf(": ");
    if (isnan(row->lower)) {
        (void) printf("no count");
    } else {
        print_count(row);
        print_rate(said);
        print_compared(said);
    }
    for (size_t i = 0; i < traffstat_estimate_row_reasons(estimate, at); i++) {
        (void) printf("; caution: %s", traffstat_estimate_row_reason(estimate, at, i));
    }
    (void) printf("\n");
}

static void print_moran(const traffstat_detail *tests, const char *name, const char *title)
{
    const traffstat_detail *one = traffstat_detail_find(tests, name);
    if (!isnan(number(one, "i"))) {
        (void) printf("%s %.3f (%.3f expected)", title, number(one, "i"), number(one, "expected"));
        print_p(", ", number(one, "p"));
        if (!isnan(number(one, "p_permutation"))) {
            print_p(", by permutation ", number(one, "p_permutation"));
        }
        (void) printf("\n");
    }
}

static void print_tests(const traffstat_detail *top)
{
    const traffstat_detail *tests = traffstat_detail_find(top, "tests");
    const traffstat_detail *funnel =
        traffstat_detail_find(traffstat_detail_find(top, "places"), "funnel");
    const traffstat_detail *dispersion = traffstat_detail_find(tests, "dispersion");
    if (isnan(number(dispersion, "p"))) {
        return;
    }
    (void) printf("Spread beyond chance: dispersion %.2f", number(dispersion, "phi"));
    print_p(", ", number(dispersion, "p"));
    print_p("; Dean's ", number(traffstat_detail_find(tests, "dean"), "p"));
    print_p("; Potthoff and Whittinghill's ",
            number(traffstat_detail_find(tests, "potthoff_whittinghill"), "p"));
    (void) printf("; tau2 %.3f\n", number(funnel, "tau2"));
    print_moran(tests, "moran", "Alike neighbours: Moran's I of the rates");
    print_moran(tests, "moran_rates", "Alike neighbours: Moran's I of rates in standard errors");
}

static int print_plain(const traffstat_estimate *estimate)
{
    const traffstat_detail *top = traffstat_estimate_details(estimate);
    traffstat_estimate_row row;
    for (size_t i = 0; traffstat_estimate_row_get(estimate, i, &row) == TRAFFSTAT_OK; i++) {
        print_place(estimate, i, &row);
    }
    (void) printf("\n");
    print_safe(traffstat_detail_text(traffstat_detail_find(top, "sentence")));
    (void) printf("\n\n");
    print_tests(top);
    return print_doubts(estimate);
}

/* ---- the verb ---------------------------------------------------------------------------------- */

int run_places(const command *session, const traffstat_panel *panel)
{
    traffstat_links *links = NULL;
    traffstat_estimate *estimate = NULL;
    int result = read_neighbours(session, panel, &links);
    if (result == EXIT_DONE) {
        traffstat_compare_options wanted;
        traffstat_compare_options_init(&wanted, sizeof wanted);
        wanted.level = session->options->level;
        wanted.year = session->options->places_year;
        const traffstat_status status =
            traffstat_compare(session->ctx, panel, traffstat_links_pairs(links),
                              traffstat_links_count(links), &wanted, &estimate);
        result = estimate_answer(session, status, estimate, print_plain);
    }
    traffstat_estimate_free(estimate);
    traffstat_links_free(links);
    return result;
}
