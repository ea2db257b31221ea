/* The traffstat command: what its files share. Each verb is a public call or two and its printing.
 */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <traffstat.h>

/* Exit statuses; the man page lists them. */
enum {
    EXIT_DONE = 0,
    EXIT_DATA = 1,        /* the data could not be used, or the result not written */
    EXIT_USAGE = 2,       /* wrong usage, a missing prior among it */
    EXIT_INESTIMABLE = 3, /* sound data that cannot carry an answer */
    EXIT_STOPPED = 130    /* Ctrl-C */
};

enum {
    VERB_READ = 1,
    VERB_ESTIMATE = 2,
    VERB_CHART = 4,
    VERB_EVIDENCE = 8,
    VERB_TREND = 16,
    VERB_OVERLAP = 32,
    VERB_DATA = VERB_READ | VERB_ESTIMATE | VERB_CHART | VERB_TREND, /* files of counts */
    VERB_FILE = VERB_DATA | VERB_OVERLAP, /* those that read any CSV file */
    VERB_ALL = VERB_FILE | VERB_EVIDENCE
};

/* KEY=VALUE, cut in two. */
typedef struct pair {
    char *key; /* owned */
    const char *value;
} pair;

#define PAIRS_MAX 64

typedef struct pairs {
    pair items[PAIRS_MAX];
    size_t count;
} pairs;

#define NAMES_MAX 64

/* A,B,C, cut at the commas. */
typedef struct name_list {
    char *text; /* owned: what the items lie in */
    const char *items[NAMES_MAX];
    size_t count;
} name_list;

/* Columns beside the counts, in the order in which they were named. */
typedef struct column_names {
    const char *items[NAMES_MAX];
    size_t count;
} column_names;

/* How unreported cases are estimated. */
typedef enum model { MODEL_THINNING, MODEL_BOUNDS, MODEL_PANEL, MODEL_POGIT } model;

/* Files of counts in one call. */
#define FILES 256

/* Reporting rates in one call, which are combined. */
#define REPORTINGS 16

/* Validated cases, or a total of overlapping lists, of a place and a year. */
#define PROOFS 64
typedef struct proof {
    bool is_total;
    double numbers[3];  /* v, m; or the estimate and its range */
    char place[256];    /* "": all */
    int32_t year;       /* 0: all */
    const char *source; /* "": not named */
} proof;

typedef enum count_law { COUNTS_AUTO, COUNTS_POISSON, COUNTS_NEGATIVE_BINOMIAL } count_law;

typedef struct options {
    unsigned verb;
    const char *file; /* the first one; also the id of `evidence` */
    const char *files[FILES];
    size_t file_count;
    const char *encoding;
    bool help;
    bool json;
    bool csv;
    bool strict;
    bool lenient;
    double level;
    uint64_t seed;
    uint32_t threads;
    int32_t first_year;
    int32_t last_year;
    int32_t change[2];      /* the years compared; 0: the last two with exact counts */
    bool places;            /* places of one year side by side: */
    int32_t places_year;    /* 0: the last full one */
    const char *neighbours; /* file of pairs of places */
    bool delay;             /* a reporting triangle */
    bool cumulative;        /* of cumulative counts */
    const char *measure;
    pairs where;
    bool sums; /* --by was given */
    traffstat_by by;
    const char *by_column; /* NULL: a role */
    traffstat_totals totals;
    const char *population; /* file of denominators */
    pairs population_map;
    pairs map;
    pairs set;
    pairs limits;
    traffstat_duplicates duplicates;
    traffstat_absent absent;
    traffstat_fiscal fiscal;
    bool suppressed; /* --suppressed was given: */
    int64_t suppressed_lower;
    int64_t suppressed_upper;
    int32_t decimal;
    int32_t delimiter;
    const char *evidence;
    double evidence_size; /* 0: not given */
    const char *evidence_file;
    const char *reporting; /* the first one */
    const char *reportings[REPORTINGS];
    size_t reporting_count;
    double transport;     /* 0: not given */
    double shift;         /* 0: not given */
    double exposure_unit; /* 0: not given */
    uint64_t draws;       /* 0: not given */
    bool independent;
    bool sensitivity;
    model model;
    traffstat_engine engine; /* of the panel */
    count_law counts;        /* of the panel */
    proof proofs[PROOFS];
    size_t proof_count;
    bool drift_given; /* --drift-scale was: */
    double drift_scale;
    bool maximum_likelihood; /* --engine ml, of pogit */
    const char *covariates;  /* file of the columns below; NULL: that of the counts */
    column_names rate_covariates;
    column_names report_covariates;
    name_list validation; /* v, m */
    double bounds[2];     /* of the reporting rate; both 0: not given */
    double bounds_size;
    double drift;
    int32_t rate_prior;
    double gamma_shape;
    double gamma_rate;
    const char *output;
    const char *size;
    const char *theme;
    const char *title;
    const char *source;
    const char *font;
    const char *font_bold;
    const char *language;

    /* overlap */
    traffstat_overlap_method method;
    const char *terms; /* --model of overlapping lists */
    double p_threshold;
    double linkage_error;
    uint64_t bootstrap;
    uint64_t order;
    uint64_t top;
    traffstat_criterion criterion;
    name_list lists;
    const char *stratum;
    uint64_t occasions;
    const char *unit;
    const char *window;
} options;

/* What a verb works with. */
typedef struct command {
    traffstat_ctx *ctx;
    const options *options;
} command;

/* ---- options.c, values.c, help.c -------------------------------------------------------------- */

/* One option: how it is written, who takes it, what it does. */
typedef struct option {
    const char *name;     /* without the dashes */
    const char *argument; /* what help calls its value; NULL: a switch; "[YEAR]": a year, or not */
    unsigned verbs;
    bool (*take)(options *to, const char *value); /* false: the message is out */
    const char *help;
} option;

extern const option option_list[]; /* ends with a NULL name */

/* EXIT_DONE, or the message is out and the status is what to exit with. */
int options_read(options *to, int count, char **arguments);
void options_free(options *of);
/* The verb of a name; 0 with a message. */
unsigned verb_find(const char *name);
const char *verb_name(unsigned verb);
/* "read, estimate, ..." */
const char *verb_list(void);

bool take_level(options *to, const char *value);
bool take_seed(options *to, const char *value);
bool take_threads(options *to, const char *value);
bool take_years(options *to, const char *value);
bool take_change(options *to, const char *value);
bool take_places(options *to, const char *value);
bool take_delay(options *to, const char *value);
bool take_where(options *to, const char *value);
bool take_by(options *to, const char *value);
bool take_map(options *to, const char *value);
bool take_population_map(options *to, const char *value);
bool take_set(options *to, const char *value);
bool take_limit(options *to, const char *value);
bool take_duplicates(options *to, const char *value);
bool take_totals(options *to, const char *value);
bool take_absent(options *to, const char *value);
bool take_fiscal(options *to, const char *value);
bool take_suppressed(options *to, const char *value);
bool take_decimal(options *to, const char *value);
bool take_delimiter(options *to, const char *value);
bool take_evidence_size(options *to, const char *value);
bool take_rate_prior(options *to, const char *value);
bool take_method(options *to, const char *value);
bool take_p_threshold(options *to, const char *value);
bool take_linkage_error(options *to, const char *value);
bool take_bootstrap(options *to, const char *value);
bool take_order(options *to, const char *value);
bool take_top(options *to, const char *value);
bool take_criterion(options *to, const char *value);
bool take_lists(options *to, const char *value);
bool take_occasions(options *to, const char *value);

bool take_model(options *to, const char *value);
bool take_reporting(options *to, const char *value);
bool take_transport(options *to, const char *value);
bool take_shift(options *to, const char *value);
bool take_coverage(options *to, const char *value);
bool take_exposure(options *to, const char *value);
bool take_negative_binomial(options *to, const char *value);
bool take_counts(options *to, const char *value);
bool take_engine(options *to, const char *value);
bool take_rate_covariate(options *to, const char *value);
bool take_report_covariate(options *to, const char *value);
bool take_validation(options *to, const char *value);
bool take_draws(options *to, const char *value);
bool take_bounds(options *to, const char *value);
bool take_bounds_size(options *to, const char *value);
bool take_drift(options *to, const char *value);
bool take_drift_scale(options *to, const char *value);
bool take_audit(options *to, const char *value);
bool take_list_total(options *to, const char *value);
/* Do the options of the models go together? false: the message is out. */
bool check_model(const options *given);

/* The limit of a name as in --limit; -1: none. */
traffstat_limit limit_find(const char *name);
/* A whole text as a finite number. */
bool parse_number(const char *text, double *out);
bool parse_whole(const char *text, uint64_t *out);

void help_general(void);
void help_verb(unsigned verb);

/* ---- output.c --------------------------------------------------------------------------------- */

/* "traffstat: " and one line on stderr; control characters are made harmless. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same; returns EXIT_USAGE. */
int usage(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The context's message on stderr; returns the exit status that belongs to `status`. */
int failure(const command *session, traffstat_status status);
/* Writes a text to stdout and checks that it arrived; EXIT_DONE or EXIT_DATA. */
int print_text(const traffstat_text *text);
int print_line(const char *line);
/* What was printed has arrived, or a message and EXIT_DATA. */
int check_stdout(void);
/* For traffstat_ctx_set_progress(); `user` is the struct timespec of the start. A run of less than a
 * second shows nothing; messages and clear_progress() take the line away again. */
int32_t show_progress(double fraction, void *user);
void clear_progress(void);
/* Writes beside `path`, then renames: the old file or the new, never half. */
int write_file(const char *path, const void *data, size_t size);
/* The nearest of `count` names to `name`, or NULL when none is near. */
const char *nearest(const char *name, const char *const *names, size_t count);
/* Same text, ASCII letters folded. */
bool same(const char *a, const char *b);

/* ---- input.c ---------------------------------------------------------------------------------- */

/* A file of counts, and what --where and --years leave of it. */
typedef struct input {
    traffstat_panel *all;
    traffstat_account *account;
    traffstat_panel *selected;
    int64_t lost; /* records that the selected series lost */
    bool groups;  /* --where jurisdiction= asks for sums of --by COLUMN */
} input;

/* EXIT_DONE, or the message is out. On failure `account` may be set: what was understood. */
int input_read(const command *session, input *out);
/* The same without the message. */
traffstat_status input_try(const command *session, input *out);
/* The options that say how to read any file. */
traffstat_status reader_of(const command *session, traffstat_reader **out);
/* For traffstat_read_stream() and its like; a failure's value is an errno: */
int32_t read_standard_input(void *buffer, size_t size, size_t *got, void *user);
int stream_failure(const command *session, traffstat_status status);
/* Cuts `all` down to `selected`. */
int input_select(const command *session, input *in);
/* For every verb but read: series that lost records are refused unless --lenient. */
int input_check_lost(const command *session, const input *in);
/* The three in turn: the counts that a verb works on. */
int input_open(const command *session, input *in);
/* Gives the selected series denominators from --population. */
int input_join_population(const command *session, input *in);
/* Says what is in doubt about the selected counts. */
void input_warn(const command *session, const input *in);
void input_free(input *in);
/* "Missoula, cases investigated by police": enough to tell a series from the others. */
void series_name(const traffstat_panel *panel, size_t series, char *out, size_t size);
/* The first key of --where in which two of the series differ. */
const char *series_key(const traffstat_panel *panel);

/* ---- prior.c ---------------------------------------------------------------------------------- */

/* The list that --evidence looks into. */
int evidence_load(const command *session, traffstat_evidence **out);
bool prior_given(const options *given);
/* The prior of the options; a message and EXIT_USAGE where there is none. */
int prior_load(const command *session, traffstat_prior **out);
/* The estimate of a panel under the options' prior. */
int estimate_make(const command *session, const traffstat_panel *panel,
                  const traffstat_prior *prior, traffstat_estimate **out);
/* EXIT_DONE, or EXIT_INESTIMABLE with the reason on stderr. */
int estimate_status(const traffstat_estimate *estimate);
/* What an estimate is not sure of and what it assumes, a line each; as check_stdout(). */
int print_doubts(const traffstat_estimate *estimate);
/* Prints an estimate for reading; EXIT_DONE or the message is out. */
typedef int plain_fn(const traffstat_estimate *estimate);
/* The estimate in the form that was asked for; plain NULL: the library's text, `panel` or not. */
int estimate_print(const command *session, const traffstat_panel *panel,
                   const traffstat_estimate *estimate, plain_fn *plain);
/* What a verb ends with: the estimate, printed, and its status; or why it was not made. */
int estimate_answer(const command *session, traffstat_status made,
                    const traffstat_estimate *estimate, plain_fn *plain);

/* ---- covariates.c ------------------------------------------------------------------------------ */

/* What stands beside the counts of a panel; NULL where nothing was named. */
typedef struct columns_beside {
    traffstat_covariates *rate;
    traffstat_covariates *report;
    traffstat_covariates *validation;
} columns_beside;

/* Reads the columns that were named, for the rows of the panel that is estimated; EXIT_DONE or the
 * message is out. */
int columns_load(const command *session, const traffstat_panel *panel, columns_beside *out);
void columns_free(columns_beside *of);
/* Poisson-logistic regression. */
int pogit_make(const command *session, const traffstat_panel *panel, const traffstat_prior *prior,
               traffstat_estimate **out);

/* ---- verb_overlap.c --------------------------------------------------------------------------- */

/* Reads the file as an overlap; EXIT_DONE or the message is out. */
traffstat_status overlap_read(const command *session, traffstat_overlap **overlap,
                              traffstat_account **account);

/* The bands that follow from --bounds. */
/* The hierarchical panel. */
int panel_make(const command *session, const traffstat_panel *panel, const traffstat_prior *prior,
               traffstat_estimate **out);
int bounds_make(const command *session, const traffstat_panel *panel, traffstat_estimate **out);
/* What options name beside the counts of a panel; *out NULL: nothing. */
int extras_load(const command *session, const traffstat_panel *panel,
                traffstat_hierarchical_extras **out);

/* ---- verbs ------------------------------------------------------------------------------------ */

int run_read(const command *session);
int run_estimate(const command *session);
int run_chart(const command *session);
int run_evidence(const command *session);
int run_overlap(const command *session);
int run_trend(const command *session);
/* `trend --places`, of the selected counts. */
int run_places(const command *session, const traffstat_panel *panel);
/* `trend --delay`, of the selected counts. */
int run_delay(const command *session, const traffstat_panel *panel);

#endif
