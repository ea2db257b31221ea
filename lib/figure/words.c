#include <math.h>
#include <string.h>

#include "figure/trend.h"

#define NBSP "\xc2\xa0"
#define ASSUMPTIONS "The intervals hold only if"
#define EN_DASH "\xe2\x80\x93"

/* ---- pieces --------------------------------------------------------------------------------- */

void traffstat_i_label_take(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE],
                            traffstat_text *text)
{
    if (text->failed) {
        traffstat_i_try(l, TRAFFSTAT_E_NOMEM);
    }
    const char *const data = traffstat_i_text_get(text);
    const size_t size = strlen(data);
    size_t kept = 0;
    while (kept < size) {
        const size_t step = traffstat_i_utf8_step(data + kept, size - kept);
        if (step == 0 || kept + step >= TRAFFSTAT_I_LABEL_SIZE) {
            break;
        }
        kept += step;
    }
    memcpy(out, data, kept);
    out[kept] = '\0';
    traffstat_i_text_clear(text);
}

void traffstat_i_label_number(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE], double value)
{
    traffstat_text text;
    traffstat_i_text_init(&text, l->ctx);
    traffstat_i_say_number(&text, value);
    traffstat_i_label_take(l, out, &text);
}

static void say_interval(traffstat_text *text, const traffstat_interval *interval)
{
    if (isfinite(interval->upper)) {
        traffstat_i_say_range(text, interval->lower, interval->upper);
    } else {
        traffstat_i_say_number(text, interval->lower);
        traffstat_i_text_add(text, " or more");
    }
}

void traffstat_i_label_range(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE],
                             const traffstat_interval *interval)
{
    traffstat_text text;
    traffstat_i_text_init(&text, l->ctx);
    say_interval(&text, interval);
    traffstat_i_label_take(l, out, &text);
}

void traffstat_i_label_cell(traffstat_i_layout *l, char out[TRAFFSTAT_I_LABEL_SIZE],
                            const traffstat_cell *cell)
{
    traffstat_text text;
    traffstat_i_text_init(&text, l->ctx);
    traffstat_i_say_cell(&text, cell);
    traffstat_i_label_take(l, out, &text);
}

static const char *measure_of(const traffstat_i_trend *trend)
{
    return traffstat_panel_measure(trend->panel, trend->series);
}

static const char *place_of(const traffstat_i_trend *trend)
{
    const char *const name = traffstat_panel_jurisdiction(trend->panel, trend->series);
    return name[0] != '\0' ? name : traffstat_panel_key(trend->panel, trend->series);
}

void traffstat_i_label_unit(traffstat_i_layout *l, const traffstat_i_trend *trend,
                            char out[TRAFFSTAT_I_LABEL_SIZE], double value)
{
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    if (value < (double) INT64_MAX) {
        traffstat_cell cell = {.lower = (int64_t) value, .upper = (int64_t) value};
        traffstat_i_say_count(&text, &cell, measure_of(trend));
    } else {
        traffstat_i_say_number(&text, value);
    }
    traffstat_i_label_take(l, out, &text);
}

void traffstat_i_say_level(traffstat_text *text, double level)
{
    traffstat_i_text_add_double(text, round(level * 1e8) / 1e6);
    traffstat_i_text_add(text, NBSP "%");
}

/* Adds `size` bytes with their first letter as a capital, where it is one of ASCII's. */
static void say_capital(traffstat_text *text, const char *words, size_t size)
{
    if (size == 0) {
        return;
    }
    char first = words[0];
    if (first >= 'a' && first <= 'z') {
        first = (char) (first - 'a' + 'A');
    }
    traffstat_i_text_add_bytes(text, &first, 1);
    traffstat_i_text_add_bytes(text, words + 1, size - 1);
}

void traffstat_i_say_recorded(traffstat_text *text, const traffstat_i_trend *trend)
{
    traffstat_i_measure measure;
    traffstat_i_measure_read(measure_of(trend), &measure);
    if (measure.verb_size == 0) {
        traffstat_i_text_add(text, "Recorded");
        return;
    }
    say_capital(text, measure.verb, measure.verb_size);
    if (measure.agent_size > 0) {
        traffstat_i_text_add(text, " by ");
        traffstat_i_text_add_bytes(text, measure.agent, measure.agent_size);
    }
}

/* "Human trafficking: cases investigated by police" */
static void say_measure(traffstat_text *text, const traffstat_i_trend *trend)
{
    const char *const measure = measure_of(trend)[0] != '\0' ? measure_of(trend) : "cases";
    const char *const category = traffstat_panel_category(trend->panel, trend->series);
    if (category[0] != '\0') {
        say_capital(text, category, strlen(category));
        traffstat_i_text_add(text, ": ");
        traffstat_i_text_add(text, measure);
    } else {
        say_capital(text, measure, strlen(measure));
    }
}

static void say_years(traffstat_text *text, const traffstat_i_trend *trend)
{
    const int first = (int) trend->years[0].cell.year;
    const int last = (int) trend->years[trend->count - 1].cell.year;
    if (first == last) {
        traffstat_i_text_addf(text, "%d", first);
    } else {
        traffstat_i_text_addf(text, "%d" EN_DASH "%d", first, last);
    }
}

/* "50 % and 95 % intervals" */
static void say_levels(traffstat_text *text, const traffstat_i_trend *trend)
{
    const traffstat_i_trend_year *const year = &trend->years[trend->last_estimated];
    for (size_t b = 0; b < trend->bands; b++) {
        if (b > 0) {
            traffstat_i_text_add(text, b + 1 < trend->bands ? ", " : " and ");
        }
        traffstat_i_say_level(text, year->band[b].level);
    }
    traffstat_i_text_add(text, trend->bands > 1 ? " intervals" : " interval");
}

/* Sentences come from several rooms: each ends with one stop here. */
static void say_sentence(traffstat_text *text, const char *words)
{
    const size_t size = strlen(words);
    if (size == 0) {
        return;
    }
    if (traffstat_i_text_get(text)[0] != '\0') {
        traffstat_i_text_add(text, " ");
    }
    traffstat_i_text_add(text, words);
    if (strchr(".!?", words[size - 1]) == NULL) {
        traffstat_i_text_add(text, ".");
    }
}

static size_t without_stop(const char *words)
{
    size_t size = strlen(words);
    while (size > 0 && (words[size - 1] == '.' || words[size - 1] == ' ')) {
        size--;
    }
    return size;
}

/* ---- subtitle ------------------------------------------------------------------------------- */

static void say_rate(traffstat_text *text, const traffstat_estimate *estimate)
{
    traffstat_reporting_basis basis;
    if (traffstat_estimate_basis(estimate, &basis) != TRAFFSTAT_OK) {
        return;
    }
    const bool borrowed = basis.origin == 2;
    if (borrowed && traffstat_estimate_kind(estimate) != TRAFFSTAT_KIND_ESTIMATE) {
        traffstat_i_text_add(text, ", at a borrowed reporting rate of ");
    } else {
        traffstat_i_text_add(text, borrowed ? ", at a reporting rate of "
                                            : ", at an assumed reporting rate of ");
    }
    traffstat_i_say_share_range(text, basis.lower, basis.upper);
    if (borrowed) {
        traffstat_i_text_addf(text, " (%s", basis.place);
        if (basis.period[0] != '\0') {
            traffstat_i_text_addf(text, ", %s", basis.period);
        }
        traffstat_i_text_add(text, ")");
    }
}

static void say_kind(traffstat_text *text, const traffstat_i_trend *trend)
{
    if (trend->estimate == NULL) {
        traffstat_i_text_add(text, " Recorded counts only.");
        return;
    }
    const traffstat_kind kind = traffstat_estimate_kind(trend->estimate);
    if (kind == TRAFFSTAT_KIND_SCENARIO) {
        traffstat_i_text_add(text, " Scenario: ");
    }
    if (trend->estimated == 0) {
        traffstat_i_text_add(text, kind == TRAFFSTAT_KIND_SCENARIO
                                       ? "no total could be estimated"
                                       : " No total could be estimated");
    } else if (kind == TRAFFSTAT_KIND_SCENARIO) {
        traffstat_i_text_add(text, "estimated totals with ");
        say_levels(text, trend);
    } else if (kind == TRAFFSTAT_KIND_BOUND) {
        traffstat_i_text_add(text, " Lower bounds of the totals, ");
        say_levels(text, trend);
    } else {
        traffstat_i_text_add(text, " Estimated totals with ");
        say_levels(text, trend);
    }
    say_rate(text, trend->estimate);
    traffstat_i_text_add(text, ".");
}

/* After a name that runs from right to left, a mark keeps the years that follow in their order. */
static void say_place(traffstat_text *text, const char *place)
{
    traffstat_i_text_add(text, place);
    if (traffstat_i_text_is_leftward(place, strlen(place))) {
        traffstat_i_text_add(text, "\xe2\x80\x8e"); /* U+200E */
    }
}

static char *make_subtitle(const traffstat_i_trend *trend)
{
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    say_measure(&text, trend);
    traffstat_i_text_add(&text, " a year, ");
    say_place(&text, place_of(trend));
    traffstat_i_text_add(&text, ", ");
    say_years(&text, trend);
    traffstat_i_text_add(&text, ".");
    say_kind(&text, trend);
    return traffstat_i_text_steal(&text);
}

/* ---- notes ---------------------------------------------------------------------------------- */

/* Takes the text over; empty ones are no note. */
static traffstat_status add_note(traffstat_i_words *words, const char *heading,
                                 traffstat_text *text)
{
    if (!text->failed && traffstat_i_text_get(text)[0] == '\0') {
        traffstat_i_text_clear(text);
        return TRAFFSTAT_OK;
    }
    char *note = traffstat_i_text_steal(text);
    if (note == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    words->notes[words->note_count++] = (traffstat_i_note){heading, note};
    return TRAFFSTAT_OK;
}

static traffstat_status note_chance(const traffstat_i_trend *trend, traffstat_i_words *words)
{
    traffstat_text said;
    traffstat_text text;
    traffstat_i_text_init(&said, trend->ctx);
    traffstat_i_text_init(&text, trend->ctx);
    if (trend->change != NULL) {
        traffstat_i_say_change(&said, trend->panel, trend->change);
        say_sentence(&text, traffstat_i_text_get(&said));
    }
    text.failed = text.failed || said.failed;
    traffstat_i_text_clear(&said);
    return add_note(words, "Chance", &text);
}

static traffstat_status note_basis(const traffstat_i_trend *trend, traffstat_i_words *words)
{
    traffstat_text said;
    traffstat_text text;
    traffstat_i_text_init(&said, trend->ctx);
    traffstat_i_text_init(&text, trend->ctx);
    const char *heading = "Scenario";
    if (trend->estimate == NULL) {
        heading = "Not estimated";
        traffstat_i_text_add(&text, "The unreported part is not estimated: no reporting rate was "
                                    "named.");
    } else {
        if (traffstat_estimate_kind(trend->estimate) != TRAFFSTAT_KIND_SCENARIO) {
            heading = "Reporting rate";
        }
        traffstat_i_say_basis(&said, trend->estimate);
        say_sentence(&text, traffstat_i_text_get(&said));
    }
    text.failed = text.failed || said.failed;
    traffstat_i_text_clear(&said);
    return add_note(words, heading, &text);
}

/* Assumptions are sentences or clauses of the model; here they become one list. */
static traffstat_status note_assumptions(const traffstat_i_trend *trend, traffstat_i_words *words)
{
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    const size_t count = trend->estimated > 0 ? traffstat_estimate_assumptions(trend->estimate) : 0;
    for (size_t i = 0; i < count; i++) {
        const char *const said = traffstat_estimate_assumption(trend->estimate, i);
        traffstat_i_text_add(&text, i == 0 ? ASSUMPTIONS ": " : "; ");
        traffstat_i_text_add_bytes(&text, said, without_stop(said));
    }
    if (count > 0) {
        traffstat_i_text_add(&text, ".");
    }
    return add_note(words, ASSUMPTIONS, &text);
}

/* A list of years, ranges joined: "2003, 2007–2009". */
typedef struct year_list {
    traffstat_text text;
    int32_t from;
    int32_t to;
} year_list;

static void list_close(year_list *list)
{
    if (list->from == 0) {
        return;
    }
    if (traffstat_i_text_get(&list->text)[0] != '\0') {
        traffstat_i_text_add(&list->text, ", ");
    }
    traffstat_i_text_addf(&list->text, "%d", (int) list->from);
    if (list->to > list->from) {
        traffstat_i_text_addf(&list->text, EN_DASH "%d", (int) list->to);
    }
    list->from = 0;
}

static void list_add(year_list *list, int32_t from, int32_t to)
{
    if (list->from != 0 && from == list->to + 1) {
        list->to = to;
        return;
    }
    list_close(list);
    list->from = from;
    list->to = to;
}

/* Whether a reason of a row was given by an earlier row of the figure. */
static bool said_before(const traffstat_i_trend *trend, size_t at, const char *reason)
{
    for (size_t i = 0; i < at; i++) {
        const size_t row = trend->years[i].row;
        for (size_t k = 0; k < traffstat_estimate_row_reasons(trend->estimate, row); k++) {
            if (strcmp(traffstat_estimate_row_reason(trend->estimate, row, k), reason) == 0) {
                return true;
            }
        }
    }
    return false;
}

static bool row_says(const traffstat_i_trend *trend, size_t i, const char *reason)
{
    const size_t row = trend->years[i].row;
    for (size_t k = 0; k < traffstat_estimate_row_reasons(trend->estimate, row); k++) {
        if (strcmp(traffstat_estimate_row_reason(trend->estimate, row, k), reason) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether all counted years have it. */
static bool all_say(const traffstat_i_trend *trend, const char *reason)
{
    for (size_t i = 0; i < trend->count; i++) {
        if (trend->years[i].counted && !row_says(trend, i, reason)) {
            return false;
        }
    }
    return true;
}

/* "2017, 2019: reason" for each reason that was not said before; "reason" where all years have it.
 * Years without a count are told of as gaps. */
static void say_row_reasons(traffstat_text *text, const traffstat_i_trend *trend, size_t at)
{
    const size_t row = trend->years[at].row;
    for (size_t k = 0; k < traffstat_estimate_row_reasons(trend->estimate, row); k++) {
        const char *const reason = traffstat_estimate_row_reason(trend->estimate, row, k);
        if (said_before(trend, at, reason)) {
            continue;
        }
        traffstat_i_text_add(text, traffstat_i_text_get(text)[0] == '\0' ? "" : "; ");
        if (!all_say(trend, reason)) {
            year_list list = {.from = 0};
            traffstat_i_text_init(&list.text, trend->ctx);
            for (size_t i = at; i < trend->count; i++) {
                if (trend->years[i].counted && row_says(trend, i, reason)) {
                    list_add(&list, trend->years[i].cell.year, trend->years[i].cell.year);
                }
            }
            list_close(&list);
            traffstat_i_text_addf(text, "%s: ", traffstat_i_text_get(&list.text));
            text->failed = text->failed || list.text.failed;
            traffstat_i_text_clear(&list.text);
        }
        traffstat_i_text_add_bytes(text, reason, without_stop(reason));
    }
}

/* Reasons of the whole that only count the rows' own are no news beside these, and a figure of one
 * series has no total. */
static bool is_news(const char *reason)
{
    return !traffstat_i_is_digit(reason[0]) && strncmp(reason, "the total", 9) != 0;
}

static traffstat_status note_verdict(const traffstat_i_trend *trend, traffstat_i_words *words)
{
    traffstat_text said;
    traffstat_text text;
    traffstat_i_text_init(&said, trend->ctx);
    traffstat_i_text_init(&text, trend->ctx);
    for (size_t i = 0; trend->estimate != NULL && i < traffstat_estimate_reasons(trend->estimate);
         i++) {
        const char *const reason = traffstat_estimate_reason(trend->estimate, i);
        if (is_news(reason)) {
            traffstat_i_text_add(&said, traffstat_i_text_get(&said)[0] == '\0' ? "" : "; ");
            traffstat_i_text_add_bytes(&said, reason, without_stop(reason));
        }
    }
    for (size_t i = 0; trend->estimate != NULL && i < trend->count; i++) {
        if (trend->years[i].counted) {
            say_row_reasons(&said, trend, i);
        }
    }
    const char *const heading = trend->estimated == 0 ? "Not estimable" : "Caution";
    if (traffstat_i_text_get(&said)[0] != '\0') {
        traffstat_i_text_addf(&text, "%s: %s.", heading, traffstat_i_text_get(&said));
    }
    text.failed = text.failed || said.failed;
    traffstat_i_text_clear(&said);
    return add_note(words, heading, &text);
}

typedef bool (*year_test)(const traffstat_i_trend_year *year);

static bool is_provisional(const traffstat_i_trend_year *year)
{
    return year->counted && (year->cell.flags & TRAFFSTAT_FLAG_PROVISIONAL) != 0;
}

static bool is_part_year(const traffstat_i_trend_year *year)
{
    return year->counted && (year->cell.flags & TRAFFSTAT_FLAG_PARTIAL_YEAR) != 0;
}

static bool is_part_sum(const traffstat_i_trend_year *year)
{
    return year->counted && (year->cell.flags & TRAFFSTAT_FLAG_PARTIAL) != 0;
}

static bool is_broken(const traffstat_i_trend_year *year)
{
    return (year->cell.flags & TRAFFSTAT_FLAG_BREAK) != 0;
}

static bool is_range(const traffstat_i_trend_year *year)
{
    return year->counted && !year->exact;
}

static bool is_suppressed(const traffstat_i_trend_year *year)
{
    return !year->counted && year->cell.why == TRAFFSTAT_WHY_SUPPRESSED;
}

static bool is_other_gap(const traffstat_i_trend_year *year)
{
    return !year->counted && year->cell.why != TRAFFSTAT_WHY_SUPPRESSED &&
           year->cell.why != TRAFFSTAT_WHY_COUNTED;
}

static bool is_net(const traffstat_i_trend_year *year)
{
    return !year->counted && year->cell.why == TRAFFSTAT_WHY_COUNTED;
}

static bool is_multiplied(const traffstat_i_trend_year *year)
{
    return (year->cell.flags & TRAFFSTAT_FLAG_COMMON_DIVISOR) != 0;
}

static bool is_doubtful(const traffstat_i_trend_year *year)
{
    return (year->cell.flags & TRAFFSTAT_FLAG_DOUBTFUL) != 0;
}

static bool is_short(const traffstat_i_trend_year *year)
{
    return (year->cell.flags & TRAFFSTAT_FLAG_LOST) != 0;
}

static bool is_open(const traffstat_i_trend_year *year)
{
    return year->estimated && year->open;
}

/* "Label: years." into `text`, where any year passes the test. Years that are no row at all pass
 * where `absent` says so. */
static void say_years_that(traffstat_text *text, const traffstat_i_trend *trend, const char *label,
                           year_test test, bool absent)
{
    year_list list = {.from = 0};
    traffstat_i_text_init(&list.text, trend->ctx);
    for (size_t i = 0; i < trend->count; i++) {
        const int32_t year = trend->years[i].cell.year;
        if (absent && i > 0 && trend->years[i - 1].cell.year + 1 < year) {
            list_add(&list, trend->years[i - 1].cell.year + 1, year - 1);
        }
        if (test(&trend->years[i])) {
            list_add(&list, year, year);
        }
    }
    list_close(&list);
    if (traffstat_i_text_get(&list.text)[0] != '\0') {
        traffstat_i_text_addf(text, "%s%s: %s.", traffstat_i_text_get(text)[0] != '\0' ? " " : "",
                              label, traffstat_i_text_get(&list.text));
    }
    text->failed = text->failed || list.text.failed;
    traffstat_i_text_clear(&list.text);
}

/* Rows before the first count and after the last are no gap between marks; they are named here. */
static void say_undrawn(traffstat_text *text, const traffstat_i_trend *trend)
{
    const size_t first = traffstat_panel_series_first(trend->panel, trend->series);
    const size_t count = traffstat_panel_series_count(trend->panel, trend->series);
    const int32_t *const years = traffstat_panel_years(trend->panel);
    year_list list = {.from = 0};
    traffstat_i_text_init(&list.text, trend->ctx);
    for (size_t row = first; row < first + count; row++) {
        if (row < trend->years[0].row || row > trend->years[trend->count - 1].row) {
            list_add(&list, years[row], years[row]);
        }
    }
    list_close(&list);
    if (traffstat_i_text_get(&list.text)[0] != '\0') {
        traffstat_i_text_addf(text, "%sWithout a count and not drawn: %s.",
                              traffstat_i_text_get(text)[0] != '\0' ? " " : "",
                              traffstat_i_text_get(&list.text));
    }
    text->failed = text->failed || list.text.failed;
    traffstat_i_text_clear(&list.text);
}

/* What the reader of the file doubted goes wherever the picture goes, and before all else. */
static traffstat_status note_doubt(const traffstat_i_trend *trend, traffstat_i_words *words)
{
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    say_years_that(&text, trend,
                   "All counts are multiples of one number, which chance does not explain, so they "
                   "may have been multiplied; ask the source before using them",
                   is_multiplied, false);
    say_years_that(&text, trend, "A count that cannot be what it says", is_doubtful, false);
    say_years_that(&text, trend, "Records of the file could not be used", is_short, false);
    return add_note(words, "In doubt", &text);
}

static traffstat_status note_marks(const traffstat_i_trend *trend, traffstat_i_words *words)
{
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    say_years_that(&text, trend, "Not reported, which is not zero", is_other_gap, true);
    say_years_that(&text, trend, "Suppressed by the source", is_suppressed, false);
    say_years_that(&text, trend, "Below zero, as corrections of earlier counts exceed the count",
                   is_net, false);
    say_undrawn(&text, trend);
    say_years_that(&text, trend, "Known only as a range (bracket)", is_range, false);
    say_years_that(&text, trend, "Provisional (hollow), may still change", is_provisional, false);
    say_years_that(&text, trend, "Only a part of the year", is_part_year, false);
    say_years_that(&text, trend, "Sum without the places that did not report", is_part_sum, false);
    say_years_that(&text, trend,
                   "Definition or coverage changed, so years on either side cannot be compared, "
                   "before",
                   is_broken, false);
    if (trend->clipped) {
        traffstat_i_text_addf(&text, "%sAn arrow marks an interval that goes on above the axis.",
                              traffstat_i_text_get(&text)[0] != '\0' ? " " : "");
        say_years_that(&text, trend, "It has no upper end", is_open, false);
    }
    return add_note(words, "Marks", &text);
}

static traffstat_status note_source(const traffstat_i_trend *trend, const traffstat_chart *chart,
                                    traffstat_i_words *words)
{
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    const char *source = traffstat_panel_source(trend->panel, trend->series);
    if (chart != NULL && chart->source[0] != '\0') {
        source = chart->source;
    }
    const char *const counts = source[0] != '\0' ? source : "not stated";
    traffstat_i_text_add(&text, "Source of the counts: ");
    traffstat_i_text_add_bytes(&text, counts, without_stop(counts));
    traffstat_i_text_add(&text, ".");
    traffstat_reporting_basis basis;
    if (trend->estimate != NULL &&
        traffstat_estimate_basis(trend->estimate, &basis) == TRAFFSTAT_OK &&
        basis.source[0] != '\0') {
        traffstat_i_text_add(&text, " Reporting rate: ");
        traffstat_i_text_add_bytes(&text, basis.source, without_stop(basis.source));
        traffstat_i_text_add(&text, ".");
    }
    if (trend->estimate != NULL) {
        /* the first reference stands for the rest, which the exports give in full */
        const char *const citation = traffstat_estimate_citation(trend->estimate);
        traffstat_i_text_addf(&text, " Method: %s", traffstat_estimate_method(trend->estimate));
        if (citation[0] != '\0') {
            traffstat_i_text_add(&text, ", ");
            traffstat_i_text_add_bytes(&text, citation, strcspn(citation, ";"));
        }
        traffstat_i_text_add(&text, ".");
    }
    traffstat_i_text_add(&text, " Made with libtraffstat.");
    return add_note(words, "Sources", &text);
}

static traffstat_status make_notes(const traffstat_i_trend *trend, const traffstat_chart *chart,
                                   traffstat_i_words *words)
{
    traffstat_status (*const parts[])(const traffstat_i_trend *, traffstat_i_words *) = {
        note_doubt, note_chance, note_basis, note_verdict, note_assumptions, note_marks};
    traffstat_status status = TRAFFSTAT_OK;
    for (size_t i = 0; status == TRAFFSTAT_OK && i < sizeof parts / sizeof parts[0]; i++) {
        status = parts[i](trend, words);
    }
    return status == TRAFFSTAT_OK ? note_source(trend, chart, words) : status;
}

/* ---- alt text ------------------------------------------------------------------------------- */

static void alt_counts(traffstat_text *text, const traffstat_i_trend *trend)
{
    size_t said = 0;
    for (size_t i = 0; i < trend->count; i++) {
        const traffstat_i_trend_year *const year = &trend->years[i];
        const bool ends = i == 0 || i + 1 == trend->count;
        if (trend->counted > TRAFFSTAT_I_NUMBERED_MAX && !ends) {
            continue;
        }
        traffstat_i_text_add(text, said++ == 0 ? " " : ", ");
        traffstat_i_say_cell(text, &year->cell);
        traffstat_i_text_addf(text, " in %d", (int) year->cell.year);
        if (is_provisional(year)) {
            traffstat_i_text_add(text, " (provisional)");
        }
    }
    traffstat_i_text_add(text, ".");
}

static void alt_estimates(traffstat_text *text, const traffstat_i_trend *trend)
{
    size_t said = 0;
    for (size_t i = 0; i < trend->count; i++) {
        const traffstat_i_trend_year *const year = &trend->years[i];
        if (!year->estimated ||
            (trend->counted > TRAFFSTAT_I_NUMBERED_MAX && i != trend->last_estimated)) {
            continue;
        }
        traffstat_i_text_addf(text, "%s%d: ", said++ == 0 ? " " : "; ", (int) year->cell.year);
        for (size_t b = trend->bands; b-- > 0;) {
            say_interval(text, &year->band[b]);
            traffstat_i_text_add(text, " (");
            traffstat_i_say_level(text, year->band[b].level);
            traffstat_i_text_add(text, " interval), ");
        }
        if (!isnan(year->middle)) {
            traffstat_i_text_add(text, "middle value ");
            traffstat_i_say_number(text, year->middle);
        }
        if (!isnan(year->unreported)) {
            traffstat_i_text_add(text, ", unreported ");
            traffstat_i_say_number(text, year->unreported);
        }
    }
    traffstat_i_text_add(text, ".");
}

static char *make_alt(const traffstat_i_trend *trend, const traffstat_i_words *words)
{
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    const bool bands = trend->estimated > 0;
    if (trend->lined) {
        traffstat_i_text_add(&text, bands ? "Line chart with nested intervals." : "Line chart.");
    } else {
        traffstat_i_text_add(&text, bands ? "Bar chart with nested intervals." : "Bar chart.");
    }
    say_sentence(&text, words->title);
    say_sentence(&text, words->subtitle);
    traffstat_i_text_add(&text, " ");
    traffstat_i_say_recorded(&text, trend);
    traffstat_i_text_add(&text, ":");
    alt_counts(&text, trend);
    if (bands) {
        traffstat_i_text_add(&text,
                             traffstat_estimate_kind(trend->estimate) == TRAFFSTAT_KIND_SCENARIO
                                 ? " Estimated in all, in this scenario:"
                                 : " Estimated in all:");
        alt_estimates(&text, trend);
    }
    static const char *const told[] = {"In doubt", "Chance", "Not estimated"};
    for (size_t i = 0; i < words->note_count; i++) {
        for (size_t k = 0; k < sizeof told / sizeof told[0]; k++) {
            if (strcmp(words->notes[i].heading, told[k]) == 0) {
                say_sentence(&text, words->notes[i].text);
            }
        }
    }
    return traffstat_i_text_steal(&text);
}

/* ---- all ------------------------------------------------------------------------------------ */

static traffstat_status make_title(const traffstat_i_trend *trend, const traffstat_chart *chart,
                                   char **out)
{
    if (chart != NULL && chart->title[0] != '\0') {
        *out = traffstat_i_strdup(trend->ctx, chart->title);
        return *out != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, trend->ctx);
    const traffstat_status status = traffstat_i_say_headline(
        &text, trend->panel, trend->series, trend->estimated > 0 ? trend->estimate : NULL);
    if (status != TRAFFSTAT_OK) {
        traffstat_i_text_clear(&text);
        return status;
    }
    *out = traffstat_i_text_steal(&text);
    return *out != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}

traffstat_status traffstat_i_words_make(const traffstat_i_trend *trend,
                                        const traffstat_chart *chart, traffstat_i_words *out)
{
    *out = (traffstat_i_words){.ctx = trend->ctx};
    traffstat_status status = make_title(trend, chart, &out->title);
    if (status == TRAFFSTAT_OK) {
        out->subtitle = make_subtitle(trend);
        status = out->subtitle != NULL ? make_notes(trend, chart, out) : TRAFFSTAT_E_NOMEM;
    }
    if (status == TRAFFSTAT_OK) {
        out->alt = make_alt(trend, out);
        status = out->alt != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    }
    if (status != TRAFFSTAT_OK) {
        traffstat_i_words_clear(out);
    }
    return status;
}

void traffstat_i_words_clear(traffstat_i_words *words)
{
    for (size_t i = 0; i < words->note_count; i++) {
        traffstat_i_free(words->ctx, words->notes[i].text);
    }
    traffstat_i_free(words->ctx, words->title);
    traffstat_i_free(words->ctx, words->subtitle);
    traffstat_i_free(words->ctx, words->alt);
    *words = (traffstat_i_words){0};
}
