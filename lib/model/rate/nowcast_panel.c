/* What a reporting triangle says of each year: rows, details, a sentence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "estimate/words.h"
#include "model/rate/nowcast.h"

typedef traffstat_i_triangle triangle;

#define FEW_PERIODS 4 /* below: delays rest on next to nothing */
#define HALF_IN 0.5   /* below: more is guessed than known */
#define LABEL_SIZE 16

static const char citation[] = "Lawless (1994), Canadian Journal of Statistics 22:15-31; Hohle & "
                               "an der Heiden (2014), Biometrics "
                               "70:993-1002; Mack (1993), ASTIN Bulletin 23:213-225";

void traffstat_triangle_options_init(traffstat_triangle_options *options, uint32_t struct_size)
{
    if (options == NULL) {
        return;
    }
    const traffstat_triangle_options defaults = {.struct_size = struct_size, .level = 0.95};
    memset(options, 0, struct_size);
    memcpy(options, &defaults, struct_size < sizeof defaults ? struct_size : sizeof defaults);
}

/* ---- work ------------------------------------------------------------------------------------ */

static traffstat_status climb(triangle *t)
{
    traffstat_ladder_options options;
    traffstat_ladder_options_init(&options, sizeof options);
    options.level = t->options->level;
    const traffstat_status status = traffstat_chain_ladder(
        t->ctx, t->cumulative, t->rows, t->columns, &options, NULL, t->origins, &t->total);
    t->has_ladder = status == TRAFFSTAT_OK;
    return status == TRAFFSTAT_E_NODATA ? TRAFFSTAT_OK : status;
}

static traffstat_status look_ahead(triangle *t, int32_t method, traffstat_nowcast_row *out,
                                   double *cdf)
{
    traffstat_nowcast_options options;
    traffstat_nowcast_options_init(&options, sizeof options);
    options.level = t->options->level;
    options.method = method;
    return traffstat_nowcast(t->ctx, t->reported, t->rows, t->columns, &options, out, cdf);
}

static traffstat_status work(triangle *t)
{
    traffstat_status status = climb(t);
    if (status == TRAFFSTAT_OK) {
        status = look_ahead(t, TRAFFSTAT_NOWCAST_LAWLESS, t->lawless, NULL);
    }
    if (status == TRAFFSTAT_OK) {
        status = look_ahead(t, TRAFFSTAT_NOWCAST_BAYES, t->bayes, t->cdf);
    }
    if (status == TRAFFSTAT_E_NODATA) {
        (void) snprintf(t->reason, sizeof t->reason, "%s", traffstat_ctx_message(t->ctx));
        status = TRAFFSTAT_OK;
    }
    return status;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static double so_far(const triangle *t, size_t i)
{
    return t->cumulative[i * t->columns + (size_t) (t->as_of - t->years[i])];
}

static void say_row(const triangle *t, size_t i, traffstat_detail *said)
{
    const double known = so_far(t, i);
    const traffstat_nowcast_row *row = &t->bayes[i];
    const traffstat_ladder_origin none = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    const traffstat_ladder_origin rung = t->has_ladder ? t->origins[i] : none;
    traffstat_i_detail_number(said, "share", row->share);
    traffstat_i_detail_number(said, "to_come", row->estimate - known);
    traffstat_i_detail_number(said, "to_come_lower", row->lower - known);
    traffstat_i_detail_number(said, "to_come_upper", row->upper - known);
    traffstat_i_detail_number(said, "lawless", t->lawless[i].estimate);
    traffstat_i_detail_number(said, "lawless_lower", t->lawless[i].lower);
    traffstat_i_detail_number(said, "lawless_upper", t->lawless[i].upper);
    traffstat_i_detail_number(said, "ladder", rung.ultimate);
    traffstat_i_detail_number(said, "ladder_lower", rung.lower);
    traffstat_i_detail_number(said, "ladder_upper", rung.upper);
}

static traffstat_status fill_row(const triangle *t, traffstat_estimate *estimate, size_t i)
{
    traffstat_estimate_row *row = traffstat_i_estimate_row(estimate, i);
    row->observed_lower = (int64_t) so_far(t, i);
    row->observed_upper = row->observed_lower;
    if (t->reason[0] != '\0') {
        return traffstat_i_estimate_row_reason(estimate, i, TRAFFSTAT_VERDICT_INESTIMABLE,
                                               t->reason);
    }
    row->estimate = t->bayes[i].estimate;
    row->mean = t->bayes[i].mean;
    row->lower = t->bayes[i].lower;
    row->upper = t->bayes[i].upper;
    traffstat_i_estimate_set_interval(estimate, i, 0, row->lower, row->upper);
    say_row(t, i, traffstat_i_estimate_row_details(estimate, i));
    return t->bayes[i].share < HALF_IN
               ? traffstat_i_estimate_row_reason(estimate, i, TRAFFSTAT_VERDICT_CAUTION,
                                                 "less than half of its cases are in by now")
               : TRAFFSTAT_OK;
}

/* ---- beside the rows ------------------------------------------------------------------------- */

static void say_delays(const triangle *t, traffstat_detail *top)
{
    traffstat_detail *delay = traffstat_i_detail_object(top, "delay");
    traffstat_i_detail_integer(delay, "first_year", t->years[0]);
    traffstat_i_detail_integer(delay, "as_of", t->as_of);
    traffstat_i_detail_integer(delay, "periods", (int64_t) t->rows);
    if (t->reason[0] != '\0') {
        traffstat_i_detail_none(delay, "cumulative_share");
        return;
    }
    double open = 0.0;
    for (size_t i = 0; i < t->rows; i++) {
        open += t->bayes[i].mean - so_far(t, i);
    }
    traffstat_detail *shares = traffstat_i_detail_list(delay, "cumulative_share");
    for (size_t d = 0; d < t->columns; d++) {
        traffstat_i_detail_number(shares, NULL, t->cdf[d]);
    }
    traffstat_i_detail_number(delay, "to_come", open);
    traffstat_i_detail_number(delay, "ladder_to_come",
                              t->has_ladder ? t->total.mack.open : (double) NAN);
    traffstat_i_detail_number(delay, "ladder_error",
                              t->has_ladder ? t->total.mack.se : (double) NAN);
    traffstat_i_detail_number(delay, "phi", t->has_ladder ? t->total.phi : (double) NAN);
}

/* Of the last year of cases. */
static void say_last(const triangle *t, traffstat_text *text)
{
    const size_t i = t->rows - 1;
    const char *measure = traffstat_panel_measure(t->panel, t->series[i]);
    const traffstat_cell cell = {
        .lower = (int64_t) so_far(t, i), .upper = (int64_t) so_far(t, i), .places = 1};
    traffstat_i_say_count(text, &cell, measure);
    traffstat_i_text_addf(text, " of %d had been reported by the end of %d", (int) t->years[i],
                          (int) t->as_of);
    if (t->reason[0] != '\0') {
        traffstat_i_text_addf(text, "; how many are still to come cannot be told: %s.", t->reason);
        return;
    }
    traffstat_i_text_add(text, "; once late reports are in there would be ");
    traffstat_i_say_range(text, t->bayes[i].lower, t->bayes[i].upper);
    traffstat_i_text_add(text, " (");
    traffstat_i_say_percent(text, t->options->level);
    traffstat_i_text_add(text, " interval; middle value ");
    traffstat_i_say_number(text, t->bayes[i].estimate);
    traffstat_i_text_add(text, "), if reports come as late as they used to. Cases that nobody ever "
                               "reports are not among them.");
}

static traffstat_status say_sentence(const triangle *t, traffstat_detail *top)
{
    traffstat_text text;
    traffstat_i_text_init(&text, t->ctx);
    say_last(t, &text);
    traffstat_i_detail_text(top, "sentence", traffstat_i_text_get(&text));
    const traffstat_status status = text.failed ? TRAFFSTAT_E_NOMEM : TRAFFSTAT_OK;
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status judge(const triangle *t, traffstat_estimate *estimate)
{
    static const char *const assumed[] = {
        "delays have one law, whatever the year in which cases happened",
        "no report comes later than the latest delay seen: the first year of cases is complete",
        "only late reports are added: cases that nobody ever reports are in no triangle",
        "cases are reported independently of each other"};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; i < sizeof assumed / sizeof assumed[0] && status == TRAFFSTAT_OK; i++) {
        status = traffstat_i_estimate_assume(estimate, assumed[i]);
    }
    if (status == TRAFFSTAT_OK && t->rows < FEW_PERIODS) {
        status = traffstat_i_estimate_reason(estimate, TRAFFSTAT_VERDICT_CAUTION,
                                             "the delays rest on fewer than 4 years of cases");
    }
    return status;
}

static traffstat_status say(const triangle *t, traffstat_estimate *estimate)
{
    traffstat_detail *top = traffstat_i_estimate_details(estimate);
    traffstat_status status = judge(t, estimate);
    for (size_t i = 0; i < t->rows && status == TRAFFSTAT_OK; i++) {
        status = fill_row(t, estimate, i);
    }
    if (status == TRAFFSTAT_OK) {
        say_delays(t, top);
        status = say_sentence(t, top);
    }
    return status == TRAFFSTAT_OK ? traffstat_i_estimate_finish(estimate) : status;
}

/* ---- the whole ------------------------------------------------------------------------------- */

static traffstat_status report(const triangle *t, traffstat_estimate **out)
{
    const char **labels = traffstat_i_alloc(t->ctx, t->rows, sizeof *labels);
    for (size_t i = 0; i < t->rows && labels != NULL; i++) {
        labels[i] = traffstat_i_panel_label(t->panel, t->series[i]);
    }
    const traffstat_i_estimate_plan plan = {.method = "nowcast",
                                            .citation = citation,
                                            .kind = TRAFFSTAT_KIND_ESTIMATE,
                                            .level = t->options->level,
                                            .seed = traffstat_ctx_seed(t->ctx),
                                            .levels = &t->options->level,
                                            .level_count = 1,
                                            .noun = "period",
                                            .measure = traffstat_panel_measure(t->panel, 0),
                                            .labels = labels,
                                            .row_count = t->rows};
    traffstat_status status =
        labels != NULL ? traffstat_i_estimate_new(t->ctx, &plan, out) : TRAFFSTAT_E_NOMEM;
    traffstat_i_free(t->ctx, labels);
    if (status == TRAFFSTAT_OK) {
        status = say(t, *out);
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_estimate_free(*out);
        *out = NULL;
    }
    return status;
}

static traffstat_status check(traffstat_ctx *ctx, const traffstat_panel *panel,
                              const traffstat_triangle_options *options)
{
    if (panel == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no panel was given");
    }
    if (!(options->level >= 0.01 && options->level <= 0.9999)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "level must lie between 0.01 and 0.9999");
    }
    return options->cumulative == 0 || options->cumulative == 1
               ? TRAFFSTAT_OK
               : traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "cumulative must be 0 or 1");
}

traffstat_status traffstat_nowcast_panel(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         const traffstat_triangle_options *options,
                                         traffstat_estimate **out)
{
    traffstat_i_enter(ctx);
    traffstat_i_gsl_guard();
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the result was given");
    }
    *out = NULL;
    traffstat_triangle_options opt;
    traffstat_triangle_options_init(&opt, sizeof opt);
    traffstat_status status = traffstat_i_read_options(ctx, options, &opt, sizeof opt);
    if (status == TRAFFSTAT_OK) {
        status = check(ctx, panel, &opt);
    }
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    triangle t = {.ctx = ctx, .panel = panel, .options = &opt};
    status = traffstat_i_triangle_open(&t);
    if (status == TRAFFSTAT_OK) {
        status = work(&t);
    }
    if (status == TRAFFSTAT_OK) {
        traffstat_i_enter(ctx); /* forgets what could not be told: reasons say it */
        status = report(&t, out);
    }
    traffstat_i_triangle_close(&t);
    return status;
}
