/* One call for all methods of an overlap: options, rows, assumptions, verdicts. */
#include <math.h>
#include <string.h>

#include <gsl/gsl_cdf.h>

#include "model/overlap/methods.h"

/* ---- options --------------------------------------------------------------------------------- */

static const char *const names[] = {"pairs",    "chao", "coverage", "closed",  "loglinear",
                                    "stepwise", "bic",  "aic",      "average", "sensitivity"};
#define METHODS ((traffstat_overlap_method) (sizeof names / sizeof names[0]))

const char *traffstat_overlap_method_name(traffstat_overlap_method method)
{
    return method >= 0 && method < METHODS ? names[method] : NULL;
}

traffstat_overlap_method traffstat_overlap_method_find(const char *name)
{
    for (traffstat_overlap_method i = 0; name != NULL && i < METHODS; i++) {
        if (strcmp(name, names[i]) == 0) {
            return i;
        }
    }
    return -1;
}

typedef struct bounds {
    const char *name;
    double least;
    double standard;
    double greatest;
} bounds;

#define NUMBERS 6
static const bounds limits[NUMBERS] = {
    [TRAFFSTAT_OVERLAP_LEVEL] = {"level", 0.5, 0.95, 0.999},
    [TRAFFSTAT_OVERLAP_P_THRESHOLD] = {"p threshold", 0.0, 0.02, 1.0},
    [TRAFFSTAT_OVERLAP_LINKAGE_ERROR] = {"linkage error", 0.0, 0.0, 0.5},
    [TRAFFSTAT_OVERLAP_BOOTSTRAP] = {"number of bootstrap replicates", 0.0, 1000.0, 1e6},
    [TRAFFSTAT_OVERLAP_ORDER] = {"order", 1.0, 2.0, TRAFFSTAT_LOGLINEAR_LISTS_MAX},
    [TRAFFSTAT_OVERLAP_TOP] = {"number of models listed", 1.0, 20.0, 10000.0},
};

traffstat_status traffstat_overlap_options_bounds(traffstat_overlap_option option, double *least,
                                                  double *standard, double *greatest)
{
    if (option < 0 || option >= NUMBERS || least == NULL || standard == NULL || greatest == NULL) {
        return TRAFFSTAT_E_ARGUMENT;
    }
    *least = limits[option].least;
    *standard = limits[option].standard;
    *greatest = limits[option].greatest;
    return TRAFFSTAT_OK;
}

static void set_defaults(traffstat_overlap_options *options)
{
    *options = (traffstat_overlap_options){
        .struct_size = (uint32_t) sizeof *options,
        .method = TRAFFSTAT_OVERLAP_BIC,
        .level = limits[TRAFFSTAT_OVERLAP_LEVEL].standard,
        .p_threshold = limits[TRAFFSTAT_OVERLAP_P_THRESHOLD].standard,
        .linkage_error = limits[TRAFFSTAT_OVERLAP_LINKAGE_ERROR].standard,
        .bootstrap = (uint32_t) limits[TRAFFSTAT_OVERLAP_BOOTSTRAP].standard,
        .order = (uint32_t) limits[TRAFFSTAT_OVERLAP_ORDER].standard,
        .top = (uint32_t) limits[TRAFFSTAT_OVERLAP_TOP].standard,
        .criterion = TRAFFSTAT_CRITERION_BIC,
        .total = 1,
        .checks = 1,
    };
}

void traffstat_overlap_options_init(traffstat_overlap_options *options, uint32_t struct_size)
{
    traffstat_overlap_options standard;
    if (options == NULL) {
        return;
    }
    set_defaults(&standard);
    standard.struct_size = struct_size;
    memset(options, 0, struct_size);
    memcpy(options, &standard, struct_size < sizeof standard ? struct_size : sizeof standard);
}

static traffstat_status check_number(traffstat_ctx *ctx, traffstat_overlap_option which,
                                     double value)
{
    char digits[3][TRAFFSTAT_I_DOUBLE_SIZE];
    if (value >= limits[which].least && value <= limits[which].greatest) {
        return TRAFFSTAT_OK;
    }
    (void) traffstat_i_format_double(digits[0], value);
    (void) traffstat_i_format_double(digits[1], limits[which].least);
    (void) traffstat_i_format_double(digits[2], limits[which].greatest);
    return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "the %s is %s, not %s to %s",
                            limits[which].name, digits[0], digits[1], digits[2]);
}

static traffstat_status check_options(traffstat_ctx *ctx, const traffstat_overlap_options *options)
{
    const double values[NUMBERS] = {
        [TRAFFSTAT_OVERLAP_LEVEL] = options->level,
        [TRAFFSTAT_OVERLAP_P_THRESHOLD] = options->p_threshold,
        [TRAFFSTAT_OVERLAP_LINKAGE_ERROR] = options->linkage_error,
        [TRAFFSTAT_OVERLAP_BOOTSTRAP] = options->bootstrap,
        [TRAFFSTAT_OVERLAP_ORDER] = options->order,
        [TRAFFSTAT_OVERLAP_TOP] = options->top,
    };
    for (traffstat_overlap_option i = 0; i < NUMBERS; i++) {
        const traffstat_status status = check_number(ctx, i, values[i]);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
    }
    if (options->method < 0 || options->method >= METHODS) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a method",
                                (int) options->method);
    }
    if (options->criterion != TRAFFSTAT_CRITERION_BIC &&
        options->criterion != TRAFFSTAT_CRITERION_AIC) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%d is not a criterion",
                                (int) options->criterion);
    }
    if (options->model != NULL && options->method != TRAFFSTAT_OVERLAP_LOGLINEAR) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the method %s chooses its models itself; a model goes with "
                                "loglinear",
                                names[options->method]);
    }
    return TRAFFSTAT_OK;
}

/* ---- what fits the data ---------------------------------------------------------------------- */

static traffstat_status check_fit(traffstat_ctx *ctx, const traffstat_overlap *overlap,
                                  traffstat_overlap_method method)
{
    const size_t lists = traffstat_overlap_lists(overlap);
    if (lists == 0 && method != TRAFFSTAT_OVERLAP_CHAO && method != TRAFFSTAT_OVERLAP_CLOSED) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the method %s needs lists, and these are frequencies of captures: "
                                "use chao or closed",
                                traffstat_overlap_method_name(method));
    }
    if (method >= TRAFFSTAT_OVERLAP_LOGLINEAR && lists > TRAFFSTAT_LOGLINEAR_LISTS_MAX) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_LIMIT,
                                "%zu lists are more than the %d that the method %s takes: merge or "
                                "leave out some",
                                lists, TRAFFSTAT_LOGLINEAR_LISTS_MAX,
                                traffstat_overlap_method_name(method));
    }
    return TRAFFSTAT_OK;
}

static size_t rows_of(const traffstat_overlap *overlap, traffstat_overlap_method method)
{
    const size_t lists = traffstat_overlap_lists(overlap);
    switch (method) {
    case TRAFFSTAT_OVERLAP_PAIRS:
        return lists * (lists - 1) / 2;
    case TRAFFSTAT_OVERLAP_COVERAGE:
        return 3;
    case TRAFFSTAT_OVERLAP_CLOSED:
        return traffstat_i_overlap_closed_rows(overlap);
    default:
        return 1;
    }
}

static const char *citation_of(traffstat_overlap_method method)
{
    static const char *const citations[] = {
        "Seber, G. A. F. (1982). The Estimation of Animal Abundance, 2nd ed.; Chao, A. (1987). "
        "Biometrics 43, 783-791 (interval)",
        "Chao, A. (1987). Biometrics 43, 783-791; Chao, A. (1989). Biometrics 45, 427-438",
        "Chao, A. & Tsay, P. K. (1998). Journal of the American Statistical Association 93, "
        "283-293; Chao, A., Tsay, P. K., Lin, "
        "S.-H., "
        "Shau, W.-Y. & Chao, D.-Y. (2001). Statistics in Medicine 20, 3123-3157",
        "Otis, D. L. et al. (1978). Wildlife Monographs 62; Baillargeon, S. & Rivest, L.-P. "
        "(2007). "
        "Journal of Statistical Software 19(5); Cormack, R. M. (1992). Biometrics 48, 567-576",
        "Fienberg, S. E. (1972). Biometrika 59, 591-603; Fienberg, S. E. & Rinaldo, A. (2012). "
        "Annals of Statistics 40, 996-1023",
        "Chan, L., Silverman, B. W. & Vincent, K. (2021). Journal of the American Statistical "
        "Association 116, 1297-1306",
        "Silverman, B. W., Chan, L. & Vincent, K. (2024). Statistics and Computing 34, 44; "
        "DiCiccio, T. J. & Efron, B. (1996). Statistical Science 11, 189-228",
        "Akaike, H. (1974). IEEE Transactions on Automatic Control 19, 716-723; DiCiccio, T. J. & "
        "Efron, B. (1996). Statistical Science 11, 189-228",
        "Buckland, S. T., Burnham, K. P. & Augustin, N. H. (1997). Biometrics 53, 603-618",
        "Gerritse, S. C., van der Heijden, P. G. M. & Bakker, B. F. M. (2015). Journal of Official "
        "Statistics 31, 357-379",
    };
    return citations[method];
}

/* ---- assumptions ----------------------------------------------------------------------------- */

static const char *own_assumption(traffstat_overlap_method method)
{
    switch (method) {
    case TRAFFSTAT_OVERLAP_PAIRS:
        return "for each pair: being on one list does not change the chance of being on the other, "
               "and on at least one of them all have the same chance; where lists refer persons to "
               "each other the number is too low";
    case TRAFFSTAT_OVERLAP_CHAO:
        return "persons differ in their chance to be met, which makes this a lower bound; lists do "
               "not influence each other";
    case TRAFFSTAT_OVERLAP_COVERAGE:
        return "those who were met by several lists tell how much of the population the lists "
               "cover; independence: lists do not influence each other; high and low: for much and "
               "for little of it covered";
    case TRAFFSTAT_OVERLAP_CLOSED:
        return "each model assumes how the chance of capture varies: not at all (M0), by list (t), "
               "by person (h), after the first capture (b); the rows marked LB are lower bounds; "
               "the data can choose between models that say different things about the unseen only "
               "in part";
    default:
        return NULL;
    }
}

static traffstat_status assume_unit(traffstat_i_overlap_run *run)
{
    const char *unit = traffstat_overlap_unit(run->overlap);
    const char *window = traffstat_overlap_window(run->overlap);
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    if (unit[0] == '\0') {
        traffstat_i_text_add(&text, "each row of a list is taken to be a person: the data do not "
                                    "say whether it is a person or an episode");
    } else {
        traffstat_i_text_addf(&text, "each row of a list is one %s", unit);
    }
    if (window[0] == '\0') {
        traffstat_i_text_add(&text, "; all lists are taken to cover the same time, which the data "
                                    "do not name, and nobody enters or leaves during it");
    } else {
        traffstat_i_text_addf(&text, "; all lists cover %s, and nobody enters or leaves during it",
                              window);
    }
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_assume(run->estimate, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status assume(traffstat_i_overlap_run *run)
{
    const char *own = own_assumption(run->options.method);
    traffstat_status status = TRAFFSTAT_OK;
    if (own != NULL) {
        status = traffstat_i_estimate_assume(run->estimate, own);
    }
    if (status == TRAFFSTAT_OK) {
        status = assume_unit(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_assume(
            run->estimate, "the same person is recognised on every list, and no two persons are "
                           "taken for one: matches that were missed make the number too high");
    }
    return status == TRAFFSTAT_OK
               ? traffstat_i_estimate_assume(run->estimate,
                                             "people who could be on no list are not included")
               : status;
}

/* ---- rows ------------------------------------------------------------------------------------ */

double traffstat_i_central_z(double level)
{
    return gsl_cdf_ugaussian_Pinv(0.5 + 0.5 * level);
}

void traffstat_i_lognormal(double seen, double estimate, double variance, double level,
                           double *lower, double *upper)
{
    const double unseen = estimate - seen;
    double spread = 1.0;
    if (unseen > 0.0) {
        spread = exp(traffstat_i_central_z(level) * sqrt(log1p(variance / (unseen * unseen))));
    }
    *lower = seen + unseen / spread;
    *upper = seen + unseen * spread;
}

void traffstat_i_overlap_numbers(traffstat_i_overlap_run *run, size_t row, double seen,
                                 double estimate, double lower, double upper)
{
    traffstat_estimate_row *to = traffstat_i_estimate_row(run->estimate, row);
    to->estimate = estimate;
    to->lower = lower;
    to->upper = upper;
    to->unreported = estimate - seen;
    to->unreported_lower = lower - seen;
    to->unreported_upper = upper - seen;
    traffstat_i_estimate_set_interval(run->estimate, row, 0, lower, upper);
}

traffstat_status traffstat_i_overlap_refuse(traffstat_i_overlap_run *run, size_t row,
                                            const char *why)
{
    return traffstat_i_estimate_row_reason(run->estimate, row, TRAFFSTAT_VERDICT_INESTIMABLE, why);
}

/* One reason in the making. */
typedef struct judgement {
    traffstat_i_overlap_run *run;
    size_t row;
    traffstat_status status;
} judgement;

static void say(judgement *j, traffstat_verdict verdict, traffstat_text *text)
{
    if (j->status == TRAFFSTAT_OK) {
        j->status = text->failed
                        ? TRAFFSTAT_E_NOMEM
                        : traffstat_i_estimate_row_reason(j->run->estimate, j->row, verdict,
                                                          traffstat_i_text_get(text));
    }
    traffstat_i_text_clear(text);
}

static void judge_shared(judgement *j, double shared, const char *where)
{
    traffstat_text text;
    traffstat_i_text_init(&text, j->run->ctx);
    if (shared > 0.0) {
        traffstat_i_text_add(&text, "only ");
        traffstat_i_say_number(&text, shared);
        traffstat_i_text_addf(&text, " %s %s, fewer than %d", shared == 1.0 ? "is" : "are",
                              where != NULL ? where : "on two or more lists",
                              TRAFFSTAT_I_FEW_SHARED);
        say(j, TRAFFSTAT_VERDICT_CAUTION, &text);
    } else {
        traffstat_i_text_addf(&text, "no overlap: nobody is %s",
                              where != NULL ? where : "on two or more lists");
        say(j, TRAFFSTAT_VERDICT_INESTIMABLE, &text);
    }
}

/* Upper over lower end; a caution at one width, no number at another or without an end. */
static void judge_width(judgement *j, const traffstat_estimate_row *row)
{
    const double lower = row->lower;
    const double upper = row->upper;
    traffstat_text text;
    traffstat_i_text_init(&text, j->run->ctx);
    if (isinf(upper)) {
        traffstat_i_text_add(&text, "the interval has no upper end: the data do not rule out any "
                                    "number above ");
        traffstat_i_say_number(&text, rint(lower));
        say(j, TRAFFSTAT_VERDICT_INESTIMABLE, &text);
    } else if (upper > TRAFFSTAT_I_WIDE_CAUTION * lower) {
        const bool refused = upper > TRAFFSTAT_I_WIDE_REFUSED * lower;
        traffstat_i_text_add(&text, "a wide interval: its upper end is ");
        traffstat_i_say_number(&text, rint(upper / lower * 10.0) / 10.0);
        traffstat_i_text_add(&text, " times its lower end (more than ");
        traffstat_i_say_number(&text,
                               refused ? TRAFFSTAT_I_WIDE_REFUSED : TRAFFSTAT_I_WIDE_CAUTION);
        traffstat_i_text_add(&text, ")");
        say(j, refused ? TRAFFSTAT_VERDICT_INESTIMABLE : TRAFFSTAT_VERDICT_CAUTION, &text);
    } else {
        traffstat_i_text_clear(&text);
    }
}

static void judge_unseen(judgement *j, double seen, double estimate)
{
    traffstat_text text;
    traffstat_i_text_init(&text, j->run->ctx);
    const double share = (estimate - seen) / estimate;
    if (share > TRAFFSTAT_I_UNSEEN_CAUTION) {
        traffstat_i_text_add_fixed(&text, 100.0 * share, 0);
        traffstat_i_text_add(&text, "\xc2\xa0% of the estimate was never seen: it rests on the "
                                    "assumptions more than on the counts");
        say(j, TRAFFSTAT_VERDICT_CAUTION, &text);
    } else {
        traffstat_i_text_clear(&text);
    }
}

traffstat_status traffstat_i_overlap_judge(traffstat_i_overlap_run *run, size_t row, double seen,
                                           double shared, const char *where)
{
    judgement j = {run, row, TRAFFSTAT_OK};
    const traffstat_estimate_row numbers = *traffstat_i_estimate_row(run->estimate, row);
    if (numbers.verdict == TRAFFSTAT_VERDICT_INESTIMABLE) {
        return TRAFFSTAT_OK;
    }
    if (!(numbers.estimate >= seen)) {
        return traffstat_i_overlap_refuse(run, row, "the estimate is below what was seen");
    }
    if (shared < TRAFFSTAT_I_FEW_SHARED) {
        judge_shared(&j, shared, where);
    }
    judge_width(&j, &numbers);
    judge_unseen(&j, seen, numbers.estimate);
    return j.status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_i_overlap_fill_fn fill_of(traffstat_overlap_method method)
{
    switch (method) {
    case TRAFFSTAT_OVERLAP_PAIRS:
        return traffstat_i_overlap_pairs;
    case TRAFFSTAT_OVERLAP_CHAO:
        return traffstat_i_overlap_chao;
    case TRAFFSTAT_OVERLAP_COVERAGE:
        return traffstat_i_overlap_coverage;
    case TRAFFSTAT_OVERLAP_CLOSED:
        return traffstat_i_overlap_closed;
    default:
        return traffstat_i_overlap_engine;
    }
}

static traffstat_status make_estimate(traffstat_i_overlap_run *run, size_t rows, size_t total)
{
    const size_t strata = traffstat_overlap_strata(run->overlap);
    const char *unit = traffstat_overlap_unit(run->overlap);
    const char **labels = traffstat_i_alloc(run->ctx, strata * rows, sizeof *labels);
    if (labels == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < strata * rows; i++) {
        labels[i] = traffstat_overlap_stratum(run->overlap, i / rows);
    }
    const traffstat_i_estimate_plan plan = {
        .method = names[run->options.method],
        .citation = citation_of(run->options.method),
        .kind = run->options.method == TRAFFSTAT_OVERLAP_CHAO ? TRAFFSTAT_KIND_BOUND
                                                              : TRAFFSTAT_KIND_ESTIMATE,
        .level = run->options.level,
        .seed = traffstat_ctx_seed(run->ctx),
        .levels = &run->options.level,
        .level_count = 1,
        .has_total = total != 0,
        .noun = "stratum",
        .measure = unit[0] == '\0' || strcmp(unit, "person") == 0 ? "persons" : unit,
        .labels = labels,
        .row_count = strata * rows,
    };
    const traffstat_status status = traffstat_i_estimate_new(run->ctx, &plan, &run->estimate);
    traffstat_i_free(run->ctx, labels);
    for (size_t i = 0; status == TRAFFSTAT_OK && i < strata * rows; i++) {
        traffstat_estimate_row *row = traffstat_i_estimate_row(run->estimate, i);
        row->observed_lower = row->observed_upper =
            traffstat_overlap_persons(run->overlap, i / rows);
    }
    return status;
}

/* The lists, and what a row of them is: the unit and the window are null where nobody said. */
static void describe(traffstat_i_overlap_run *run)
{
    traffstat_detail *top = traffstat_i_estimate_details(run->estimate);
    const char *unit = traffstat_overlap_unit(run->overlap);
    const char *window = traffstat_overlap_window(run->overlap);
    traffstat_detail *lists = traffstat_i_detail_list(top, "lists");
    for (size_t i = 0; i < traffstat_overlap_lists(run->overlap); i++) {
        traffstat_i_detail_text(lists, NULL, traffstat_overlap_list(run->overlap, i));
    }
    traffstat_i_detail_text(top, "unit", unit[0] != '\0' ? unit : NULL);
    traffstat_i_detail_text(top, "window", window[0] != '\0' ? window : NULL);
}

static traffstat_status fill_rows(traffstat_i_overlap_run *run, size_t rows)
{
    const size_t strata = traffstat_overlap_strata(run->overlap);
    const traffstat_i_overlap_fill_fn fill = fill_of(run->options.method);
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t s = 0; s < strata && status == TRAFFSTAT_OK; s++) {
        run->done = (double) s / (double) strata;
        run->share = 1.0 / (double) strata;
        traffstat_i_progress_span(run->ctx, run->done, run->done + run->share);
        if (traffstat_overlap_persons(run->overlap, s) == 0) {
            for (size_t i = 0; i < rows && status == TRAFFSTAT_OK; i++) {
                status = traffstat_i_overlap_refuse(run, s * rows + i, "nobody was seen");
            }
        } else {
            status = fill(run, s, s * rows);
        }
    }
    return status;
}

static traffstat_status answer(traffstat_i_overlap_run *run)
{
    const size_t rows = rows_of(run->overlap, run->options.method);
    const size_t strata = traffstat_overlap_strata(run->overlap);
    const bool total = strata > 1 && rows == 1 && run->options.total != 0;
    traffstat_status status = make_estimate(run, rows, total);
    if (status == TRAFFSTAT_OK) {
        describe(run);
        status = assume(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = fill_rows(run, rows);
    }
    if (status == TRAFFSTAT_OK && total) {
        status = traffstat_i_overlap_total(run);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_estimate_finish(run->estimate);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_progress(run->ctx, 1.0) : status;
}

traffstat_status traffstat_overlap_estimate(traffstat_ctx *ctx, const traffstat_overlap *overlap,
                                            const traffstat_overlap_options *options,
                                            traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    if (out != NULL) {
        *out = NULL;
    }
    if (overlap == NULL || out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "%s is NULL",
                                overlap == NULL ? "the overlap" : "out");
    }
    traffstat_i_overlap_run run = {.ctx = ctx, .overlap = overlap};
    set_defaults(&run.options);
    traffstat_status status =
        traffstat_i_read_options(ctx, options, &run.options, sizeof run.options);
    if (status == TRAFFSTAT_OK) {
        status = check_options(ctx, &run.options);
    }
    if (status == TRAFFSTAT_OK) {
        status = check_fit(ctx, overlap, run.options.method);
    }
    if (status == TRAFFSTAT_OK && run.options.method >= TRAFFSTAT_OVERLAP_LOGLINEAR) {
        status = traffstat_i_overlap_engine_check(&run);
    }
    if (status == TRAFFSTAT_OK) {
        status = answer(&run);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(run.estimate);
        return status;
    }
    *out = run.estimate;
    return TRAFFSTAT_OK;
}
