#include <stdio.h>
#include <string.h>

#include "command.h"

void help_general(void)
{
    (void) fputs(
        "traffstat reads yearly counts of reported cases, estimates how many were never reported,\n"
        "and draws a figure to print. It never guesses the reporting rate: you name it.\n"
        "\n"
        "Start here, with a CSV file that has columns of places, years and counts:\n"
        "  traffstat read cases.csv                    what was understood, and every problem\n"
        "  traffstat chart cases.csv -o cases.png      a figure of what was counted\n"
        "  traffstat evidence                          published reporting rates to borrow\n"
        "  traffstat chart cases.csv --evidence ID -o cases.png\n"
        "                                              the same with the estimated unreported "
        "part\n"
        "  traffstat estimate cases.csv --evidence ID  its numbers\n"
        "\n"
        "Verbs:\n"
        "  read FILE      reads counts, lists problems; --out FILE.csv writes them in tidy form\n"
        "  trend FILE     rates, exact tests of change, regressions, joinpoints\n"
        "  estimate FILE  how many cases there would be in all, given a reporting rate\n"
        "  overlap FILE   how many persons there are in all, from lists that overlap\n"
        "  chart FILE     a picture: -o FILE.png, .svg or .pdf\n"
        "  evidence [ID]  published rates, with place, unit and citation\n"
        "  help VERB      the options of a verb (also: traffstat VERB --help)\n"
        "\n"
        "FILE may be - for standard input. Results go to standard output, messages to standard\n"
        "error. Exit status: 0 done, 1 the data could not be used, 2 wrong usage, 3 inestimable.\n"
        "More: man traffstat\n",
        stdout);
}

static void print_usage(unsigned verb)
{
    switch (verb) {
    case VERB_READ:
        (void) puts("traffstat read FILE [options]\n\n"
                    "Says what was understood of a CSV file (columns, series, years) and every "
                    "problem in it.");
        break;
    case VERB_ESTIMATE:
        (void) puts("traffstat estimate FILE --evidence ID [options]\n"
                    "traffstat estimate FILE --reporting \"beta(8,12)\" [options]\n"
                    "traffstat estimate FILE --model bounds --bounds 0.1..0.5 [options]\n"
                    "traffstat estimate FILE --model pogit --validation V,M --rate-covariate X "
                    "[options]\n\n"
                    "How many cases there would be in all if the named share of cases came to "
                    "notice.\nCounts alone cannot tell that share: without one there is no "
                    "estimate.");
        break;
    case VERB_OVERLAP:
        (void) puts("traffstat overlap FILE [--method NAME] [options]\n\n"
                    "How many persons there are in all, on a list or on none, from who is on which "
                    "list: a\ncolumn of 0 and 1 for each list, and a count (or a row for each "
                    "person). Without enough\noverlap there is no number, and the reason is said.");
        break;
    case VERB_TREND:
        (void) puts("traffstat trend FILE [options]\n\n"
                    "Is it a trend? Rates with intervals, the exact test of the last two years, "
                    "regression,\njoinpoints and tests of each series.");
        break;
    case VERB_CHART:
        (void) puts("traffstat chart FILE -o FILE.png [--evidence ID] [options]\n\n"
                    "Draws one series as .png, .svg or .pdf. Without a reporting rate only what "
                    "was counted is drawn.");
        break;
    default:
        (void) puts("traffstat evidence [ID] [options]\n\n"
                    "Lists published reporting rates: id, place, years, rate, unit, citation.");
        break;
    }
}

/* One option: its form, and its words wrapped beside it. */
static void print_option(const option *one)
{
    char form[64];
    size_t column = 0;
    (void) snprintf(form, sizeof form, "--%s%s%s", one->name, one->argument != NULL ? " " : "",
                    one->argument != NULL ? one->argument : "");
    (void) printf("  %-22s", form);
    for (const char *at = one->help; *at != '\0';) {
        const size_t size = strcspn(at, " ");
        if (column > 0 && column + size > 74) {
            (void) printf("\n  %-22s", "");
            column = 0;
        }
        (void) printf(" %.*s", (int) size, at);
        column += size + 1;
        at += size;
        at += strspn(at, " ");
    }
    (void) printf("\n");
}

void help_verb(unsigned verb)
{
    print_usage(verb);
    (void) puts("\nOptions (--name VALUE or --name=VALUE):");
    for (const option *at = option_list; at->name != NULL; at++) {
        if ((at->verbs & verb) != 0) {
            print_option(at);
        }
    }
}
