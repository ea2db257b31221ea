#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* ---- the list ---------------------------------------------------------------------------------- */

#define SWITCH(field)                                                                              \
    static bool take_##field(options *to, const char *value)                                       \
    {                                                                                              \
        (void) value;                                                                              \
        to->field = true;                                                                          \
        return true;                                                                               \
    }
#define TEXT(field)                                                                                \
    static bool take_##field(options *to, const char *value)                                       \
    {                                                                                              \
        to->field = value;                                                                         \
        return true;                                                                               \
    }

SWITCH(help)
SWITCH(json)
SWITCH(csv)
SWITCH(strict)
SWITCH(lenient)
SWITCH(independent)
SWITCH(sensitivity)
SWITCH(cumulative)
TEXT(measure)
TEXT(evidence)
TEXT(evidence_file)
TEXT(output)
TEXT(size)
TEXT(theme)
TEXT(title)
TEXT(source)
TEXT(font)
TEXT(font_bold)
TEXT(language)
TEXT(encoding)
TEXT(stratum)
TEXT(unit)
TEXT(window)
TEXT(population)
TEXT(neighbours)
TEXT(covariates)

#define VERB_ROWS (VERB_READ | VERB_ESTIMATE | VERB_EVIDENCE | VERB_OVERLAP | VERB_TREND)
#define VERB_PRIOR (VERB_ESTIMATE | VERB_CHART)
#define VERB_FILES (VERB_READ | VERB_CHART)

const option option_list[] = {
    {"output", "FILE", VERB_FILES, take_output,
     "chart: the picture, .png, .svg or .pdf; read: the counts as tidy CSV (also -o)"},
    {"out", "FILE", VERB_FILES, take_output, "the same as --output"},
    {"json", NULL, VERB_ALL, take_json, "one JSON object on standard output, nothing else there"},
    {"csv", NULL, VERB_ROWS, take_csv, "the rows as CSV on standard output"},
    {"where", "KEY=VALUE", VERB_DATA, take_where,
     "only series whose jurisdiction, key, measure, category or source is VALUE; repeat for more"},
    {"years", "A..B", VERB_DATA, take_years, "only these years; either end may be left out"},
    {"change", "A..B", VERB_TREND | VERB_ESTIMATE, take_change,
     "compare these two years; trend, by default: the last two with exact counts; estimate: true "
     "rates of --model panel"},
    {"places", "[YEAR]", VERB_TREND, take_places,
     "compare the places of one year with each other; default: the last year that is about full"},
    {"delay", "COLUMN", VERB_TREND, take_delay,
     "COLUMN holds the years of cases, years are those of reports: how many are still to come"},
    {"cumulative", NULL, VERB_TREND, take_cumulative,
     "with --delay: counts are what was known by the end of a year, not what came in it"},
    {"by", "COLUMN", VERB_DATA, take_by,
     "sum what is selected up to jurisdiction, key, category or measure, or to a column of the "
     "file: STATE_NAME"},
    {"population", "FILE", VERB_DATA, take_population,
     "denominators from another file, by key or name and year"},
    {"population-map", "ROLE=COLUMN", VERB_DATA, take_population_map,
     "name the column of a role in that file (population, key, year)"},
    {"totals", "HOW", VERB_DATA, take_totals,
     "rows that are totals of other places: drop (default), keep, error"},
    {"measure", "NAME", VERB_DATA, take_measure,
     "only this measure, or: all; default: a known publisher's main one, else all"},
    {"evidence", "ID", VERB_PRIOR, take_evidence,
     "borrow a published reporting rate; `traffstat evidence` lists the ids"},
    {"evidence-size", "N", VERB_PRIOR, take_evidence_size,
     "how many persons or cases a rate without a published interval is worth"},
    {"evidence-file", "FILE", VERB_PRIOR | VERB_EVIDENCE, take_evidence_file,
     "look rates up in this file"},
    {"reporting", "PRIOR", VERB_PRIOR, take_reporting,
     "assume a reporting rate: \"beta(8,12)\", its central 95 % range 0.2..0.6, "
     "\"survey(37,100)\", \"logitnormal(0.35,0.3)\", \"quantiles(0.2@0.1,0.5@0.9)\", "
     "\"known(0.4)\"; several are combined"},
    {"transport", "FACTOR", VERB_PRIOR, take_transport,
     "weight that the evidence keeps here, above 0 to 1, such as 0.5; default: all of it"},
    {"shift", "SD", VERB_PRIOR, take_shift,
     "also let its center differ here, by a normal shift of its logit, such as 0.5; default: none"},
    {"coverage", "SHARE", VERB_PRIOR, take_coverage,
     "share of the population that the counts come from; the same as --set coverage=SHARE"},
    {"exposure", "N", VERB_PRIOR, take_exposure,
     "residents for which a gamma --rate-prior holds, such as 100000; default: each row is 1"},
    {"independent", NULL, VERB_PRIOR, take_independent,
     "each row has a reporting rate of its own; default: one that all rows share"},
    {"draws", "N", VERB_PRIOR, take_draws,
     "of a total that has no closed law, default 20000; of each chain of a panel, default 1000"},
    {"sensitivity", NULL, VERB_ESTIMATE, take_sensitivity,
     "how the last row, or a panel's total, would change with each assumption, and over mean and "
     "size of the rate"},
    {"rate-prior", "PRIOR", VERB_PRIOR, take_rate_prior,
     "prior of a row's true rate: inverse (default), jeffreys, gamma(shape,rate)"},
    {"model", "NAME", VERB_PRIOR, take_model,
     "thinning (default: each count alone), panel (all places and years together), pogit (rate and "
     "reporting by covariates), or bounds: only limits of the reporting rate are granted"},
    {"engine", "NAME", VERB_PRIOR, take_engine,
     "nuts (the sampler; what auto takes); of --model panel also fast, an approximation; of "
     "--model pogit also ml, maximum likelihood"},
    {"neighbours", "FILE", VERB_ESTIMATE | VERB_TREND, take_neighbours,
     "pairs of places that lie side by side: of --model panel, whose rates share a part; of trend "
     "--places"},
    {"rate-covariate", "COLUMN", VERB_ESTIMATE, take_rate_covariate,
     "of --model panel or pogit: a column that the true rate follows: numbers, or words beside a "
     "baseline (COLUMN=WORD names it); repeat for more"},
    {"report-covariate", "COLUMN", VERB_ESTIMATE, take_report_covariate,
     "the same of the reporting rate"},
    {"validation", "V,M", VERB_ESTIMATE, take_validation,
     "of --model panel or pogit: the columns of true cases that were reported, and of those looked "
     "up"},
    {"covariates", "FILE", VERB_ESTIMATE, take_covariates,
     "the file of these columns, by key or name and year; default: that of the counts"},
    {"audit", "V,M", VERB_ESTIMATE, take_audit,
     "of --model panel: of M true cases V were counted; also V,M,PLACE,YEAR; SOURCE; repeat for "
     "more"},
    {"list-total", "N,L..U", VERB_ESTIMATE, take_list_total,
     "of --model panel: an estimate from overlapping lists; also N,L..U,PLACE,YEAR; SOURCE"},
    {"drift-scale", "X", VERB_ESTIMATE, take_drift_scale,
     "of --model panel: how far the logit of the reporting rate may go in a year; 0: not at all; "
     "default 0.25"},
    {"counts", "LAW", VERB_PRIOR, take_counts,
     "of --model panel: poisson, negative-binomial, or auto (default): negative binomial where "
     "counts "
     "scatter by more than chance about places and years"},
    {"negative-binomial", NULL, VERB_PRIOR, take_negative_binomial,
     "the same as --counts negative-binomial"},
    {"bounds", "L..U", VERB_ESTIMATE, take_bounds,
     "limits of the reporting rate for --model bounds, or beside a panel, such as 0.1..0.5"},
    {"bounds-size", "N", VERB_ESTIMATE, take_bounds_size,
     "also all Beta laws of this a + b whose mean lies within --bounds"},
    {"drift", "PERCENT", VERB_ESTIMATE, take_drift,
     "yearly change of the reporting rate that slopes are freed from; default 0"},
    {"method", "NAME", VERB_OVERLAP, take_method,
     "pairs, chao, coverage, closed, loglinear, stepwise, bic (default), aic, average, "
     "sensitivity"},
    {"model", "TERMS", VERB_OVERLAP, take_model,
     "of loglinear: lists that go together joined by ':', terms by ',' (\"LA:NG,GP\")"},
    {"order", "K", VERB_OVERLAP, take_order, "most lists in one interaction searched; default 2"},
    {"top", "K", VERB_OVERLAP, take_top, "models listed; default 20"},
    {"bootstrap", "B", VERB_OVERLAP, take_bootstrap, "replicates; default 1000, 0: none"},
    {"p-threshold", "P", VERB_OVERLAP, take_p_threshold,
     "of stepwise: pairs are added while their p is below it; default 0.02"},
    {"criterion", "NAME", VERB_OVERLAP, take_criterion, "of average: bic (default) or aic"},
    {"linkage-error", "X", VERB_OVERLAP, take_linkage_error,
     "share of true matches between lists that were missed, 0 to 0.5; default 0"},
    {"lists", "A,B,C", VERB_OVERLAP, take_lists,
     "the columns that are lists; default: every column of 0 and 1"},
    {"stratum", "COLUMN", VERB_OVERLAP, take_stratum,
     "one estimate for each value of this column; none: one for all"},
    {"occasions", "N", VERB_OVERLAP, take_occasions,
     "of a file of captures: how often a person could be caught; default: not known"},
    {"unit", "NAME", VERB_OVERLAP, take_unit, "what one row of a list is: person, episode"},
    {"window", "TEXT", VERB_OVERLAP, take_window, "the time that the lists cover, such as 2013"},
    {"level", "X", VERB_PRIOR | VERB_OVERLAP | VERB_TREND, take_level,
     "coverage of intervals; default 0.95"},
    {"size", "NAME", VERB_CHART, take_size,
     "screen (default), slide, card, square, column (85 mm), wide (180 mm)"},
    {"theme", "NAME", VERB_CHART, take_theme, "light (default), grey, dark"},
    {"title", "TEXT", VERB_CHART, take_title, "your own headline"},
    {"source", "TEXT", VERB_CHART, take_source, "your own source line"},
    {"font", "FILE", VERB_CHART, take_font, "font file in place of Noto Sans"},
    {"font-bold", "FILE", VERB_CHART, take_font_bold, "its bold face; default: the same file"},
    {"language", "TAG", VERB_CHART, take_language, "language of the texts; default en"},
    {"map", "ROLE=COLUMN", VERB_FILE, take_map,
     "name the column of a role (year, cases, jurisdiction, measure…), or its number: \"#3\""},
    {"set", "ROLE=VALUE", VERB_DATA, take_set, "give a role the same value in every record"},
    {"duplicates", "HOW", VERB_DATA, take_duplicates,
     "two records for one year: sum (default), error, first, last"},
    {"absent", "HOW", VERB_DATA, take_absent,
     "a year that a series lacks: missing (default) or zero"},
    {"suppressed", "L..U", VERB_DATA, take_suppressed,
     "bounds of counts hidden behind marks (*, s) and of \"<5\"; default: as written"},
    {"fiscal", "END", VERB_DATA, take_fiscal,
     "the year of \"2017-18\" and \"FY2018\": the one in which it ends: end (default), or start"},
    {"decimal", "MARK", VERB_FILE, take_decimal, "decimal mark of the file: . (default) or ,"},
    {"delimiter", "NAME", VERB_FILE, take_delimiter,
     "comma, semicolon, tab or pipe; default: found out"},
    {"encoding", "NAME", VERB_FILE, take_encoding,
     "of the file: UTF-8, cp1252, UTF-16…; default: found out"},
    {"limit", "NAME=N", VERB_FILE, take_limit,
     "cap on field, record, columns, series, examples, decompressed (bytes) or ratio"},
    {"strict", NULL, VERB_FILE, take_strict, "any problem in the file ends with status 1"},
    {"lenient", NULL, VERB_FILE, take_lenient,
     "go on although a selected series lost records; says so"},
    {"seed", "N", VERB_ALL, take_seed, "random seed; default 1"},
    {"threads", "N", VERB_ALL, take_threads, "threads; default 0: all cores"},
    {"help", NULL, VERB_ALL, take_help, "this help (also -h)"},
    {NULL, NULL, 0, NULL, NULL}};

/* Named in the design, built by a later version. */
static const char *const later_verbs[] = {"report"};

static bool among(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- verbs ------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned verb;
} verbs[] = {{"read", VERB_READ},       {"trend", VERB_TREND}, {"estimate", VERB_ESTIMATE},
             {"overlap", VERB_OVERLAP}, {"chart", VERB_CHART}, {"evidence", VERB_EVIDENCE}};
#define VERBS (sizeof verbs / sizeof verbs[0])

const char *verb_name(unsigned verb)
{
    for (size_t i = 0; i < VERBS; i++) {
        if (verb == verbs[i].verb) {
            return verbs[i].name;
        }
    }
    return "";
}

const char *verb_list(void)
{
    static char list[128];
    size_t used = 0;
    for (size_t i = 0; i < VERBS; i++) {
        used += (size_t) snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "",
                                  verbs[i].name);
    }
    return list;
}

unsigned verb_find(const char *name)
{
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++) {
        names[i] = verbs[i].name;
        if (strcmp(name, verbs[i].name) == 0) {
            return verbs[i].verb;
        }
    }
    const char *near = nearest(name, names, VERBS);
    if (among(name, later_verbs, sizeof later_verbs / sizeof later_verbs[0])) {
        (void) usage("\"%s\" is not built yet; this version has: %s", name, verb_list());
    } else if (near != NULL) {
        (void) usage("there is no verb \"%s\"; the nearest is \"%s\" (`traffstat --help` lists "
                     "them)",
                     name, near);
    } else {
        (void) usage("there is no verb \"%s\"; the verbs are: %s", name, verb_list());
    }
    return 0;
}

/* ---- reading the command line ------------------------------------------------------------------ */

/* The verb's own form of an option beats that of other verbs. */
static const option *find_option(unsigned verb, const char *name, size_t size)
{
    const option *found = NULL;
    for (const option *at = option_list; at->name != NULL; at++) {
        if (strlen(at->name) == size && strncmp(at->name, name, size) == 0 &&
            (found == NULL || (at->verbs & verb) != 0)) {
            found = at;
        }
    }
    return found;
}

static int unknown_option(const options *to, const char *name)
{
    const char *names[64];
    size_t count = 0;
    for (const option *at = option_list; at->name != NULL; at++) {
        if ((at->verbs & to->verb) != 0) {
            names[count++] = at->name;
        }
    }
    const char *near = nearest(name, names, count);
    return near != NULL ? usage("there is no option --%s; the nearest is --%s", name, near)
                        : usage("there is no option --%s; `traffstat %s --help` lists them", name,
                                verb_name(to->verb));
}

static int apply(options *to, const option *found, const char *value)
{
    if ((found->verbs & to->verb) == 0) {
        return usage("`traffstat %s` has no option --%s; `traffstat %s --help` lists its options",
                     verb_name(to->verb), found->name, verb_name(to->verb));
    }
    return found->take(to, value) ? EXIT_DONE : EXIT_USAGE;
}

static bool is_year(const char *text)
{
    return text != NULL && strlen(text) == 4 && strspn(text, "0123456789") == 4;
}

/* An option at arguments[*at]; moves *at over its value. */
static int read_option(options *to, int count, char **arguments, int *at)
{
    const char *name = arguments[*at] + 2;
    const size_t size = strcspn(name, "=");
    const char *value = name[size] == '=' ? name + size + 1 : NULL;
    const option *found = find_option(to->verb, name, size);
    if (found == NULL) {
        char unknown[64];
        (void) snprintf(unknown, sizeof unknown, "%.*s", (int) size, name);
        return unknown_option(to, unknown);
    }
    if (found->argument == NULL) {
        return value != NULL ? usage("--%s takes no value", found->name) : apply(to, found, "");
    }
    if (value == NULL && found->argument[0] == '[' &&
        (*at + 1 >= count || !is_year(arguments[*at + 1]))) {
        return apply(to, found, "");
    }
    if (value == NULL) {
        if (*at + 1 >= count) {
            return usage("--%s needs a value: --%s %s", found->name, found->name, found->argument);
        }
        *at += 1;
        value = arguments[*at];
    }
    if (value[0] == '\0') {
        return usage("--%s has an empty value; it wants %s", found->name, found->argument);
    }
    return apply(to, found, value);
}

/* -o FILE, -oFILE, -h */
static int read_short(options *to, int count, char **arguments, int *at)
{
    const char *text = arguments[*at];
    if (strcmp(text, "-h") == 0) {
        to->help = true;
        return EXIT_DONE;
    }
    if (text[1] != 'o') {
        return usage("there is no option %s; `traffstat %s --help` lists them", text,
                     verb_name(to->verb));
    }
    const char *value = text + 2;
    if (value[0] == '\0') {
        if (*at + 1 >= count) {
            return usage("-o needs a value: -o FILE");
        }
        *at += 1;
        value = arguments[*at];
    }
    if (value[0] == '\0') {
        return usage("-o has an empty value; it wants FILE");
    }
    return apply(to, find_option(to->verb, "output", strlen("output")), value);
}

static int read_file_name(options *to, const char *name)
{
    if (to->file != NULL && to->verb == VERB_EVIDENCE) {
        return usage("one id at a time: \"%s\" is a second one", name);
    }
    if (to->file != NULL && to->verb == VERB_OVERLAP) {
        return usage("one file of lists at a time: \"%s\" is a second one", name);
    }
    if (to->file_count == FILES) {
        return usage("%d files are the most that one call takes", FILES);
    }
    if (name[0] == '\0') {
        return usage("the name of the file is empty");
    }
    to->files[to->file_count++] = name;
    to->file = to->files[0];
    return EXIT_DONE;
}

/* What single options cannot know. */
static int check_together(const options *to)
{
    if (to->json && to->csv) {
        return usage("--json and --csv exclude each other");
    }
    if (to->strict && to->lenient) {
        return usage("--strict and --lenient exclude each other");
    }
    if (to->evidence != NULL && to->reporting != NULL) {
        return usage("--evidence and --reporting exclude each other: name one reporting rate");
    }
    if (to->terms != NULL && to->method != TRAFFSTAT_OVERLAP_LOGLINEAR) {
        return usage("--model goes with --method loglinear: the method %s chooses its models",
                     traffstat_overlap_method_name(to->method));
    }
    if (to->evidence_size > 0.0 && to->evidence == NULL) {
        return usage("--evidence-size goes with --evidence ID");
    }
    if (to->neighbours != NULL && to->verb == VERB_TREND && !to->places) {
        return usage("--neighbours goes with --places: one series has none");
    }
    if (to->cumulative && !to->delay) {
        return usage("--cumulative goes with --delay COLUMN");
    }
    if (to->delay && (to->places || to->change[0] != 0)) {
        return usage("--delay excludes --places and --change: each is a question of its own");
    }
    if (to->places && to->change[0] != 0) {
        return usage("--places and --change exclude each other: one year, or two");
    }
    if (to->population_map.count > 0 && to->population == NULL) {
        return usage("--population-map goes with --population FILE: --map is for the counts");
    }
    if (!check_model(to)) {
        return EXIT_USAGE;
    }
    if (to->file == NULL && to->verb != VERB_EVIDENCE) {
        return usage("name a file of %s: traffstat %s FILE.csv (- for standard input)",
                     to->verb == VERB_OVERLAP ? "lists" : "counts", verb_name(to->verb));
    }
    if (to->output != NULL && strcmp(to->output, "-") == 0) {
        return usage("--output wants the name of a file%s",
                     to->verb == VERB_READ ? "; --csv prints to standard output" : "");
    }
    for (size_t i = 0; to->file_count > 1 && i < to->file_count; i++) {
        if (strcmp(to->files[i], "-") == 0) {
            return usage("standard input (-) is read alone, not among other files");
        }
    }
    if (to->verb == VERB_CHART && to->output == NULL) {
        return usage("name the picture: traffstat chart %s -o FILE.png (or .svg, .pdf)", to->file);
    }
    return EXIT_DONE;
}

int options_read(options *to, int count, char **arguments)
{
    bool only_names = false;
    int status = EXIT_DONE;
    for (int i = 0; i < count && status == EXIT_DONE; i++) {
        const char *text = arguments[i];
        if (only_names || text[0] != '-' || text[1] == '\0') {
            status = read_file_name(to, text);
        } else if (strcmp(text, "--") == 0) {
            only_names = true;
        } else if (text[1] == '-') {
            status = read_option(to, count, arguments, &i);
        } else {
            status = read_short(to, count, arguments, &i);
        }
    }
    if (status == EXIT_DONE && !to->help) {
        status = check_together(to);
    }
    return status;
}

static void free_pairs(pairs *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].key);
    }
    list->count = 0;
}

void options_free(options *of)
{
    free_pairs(&of->where);
    free_pairs(&of->map);
    free_pairs(&of->population_map);
    free_pairs(&of->set);
    free_pairs(&of->limits);
    free(of->lists.text);
    free(of->validation.text);
}
