/* The rules of kind and verdict: what makes a scenario of borrowed evidence, and when a number asks
 * for caution. */
#include <math.h>
#include <string.h>

#include "estimate/words.h"

/* ---- evidence against a panel --------------------------------------------------------------- */

/* One comparison in the making: phrases are joined, and any of them makes a scenario. */
typedef struct match {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    const traffstat_evidence_entry *entry;
    traffstat_text *phrases;
    size_t count;
    bool failed;
} match;

static traffstat_text *next_phrase(match *m)
{
    traffstat_i_text_add(m->phrases, m->count > 0 ? "; " : "");
    m->count++;
    return m->phrases;
}

static bool same(match *m, const char *a, const char *b)
{
    return traffstat_i_same_words(m->ctx, a, strlen(a), b, strlen(b), &m->failed);
}

static void match_place(match *m)
{
    const size_t series = traffstat_panel_series(m->panel);
    for (size_t s = 0; s < series; s++) {
        if (same(m, m->entry->place, traffstat_i_panel_label(m->panel, s))) {
            continue;
        }
        traffstat_text *text = next_phrase(m);
        traffstat_i_text_add(text, "it is for ");
        traffstat_i_say_place(text, m->entry->place);
        traffstat_i_text_add(text, ", not ");
        traffstat_i_say_place(text, traffstat_i_panel_label(m->panel, s));
        return;
    }
}

static void say_span(traffstat_text *text, int32_t years)
{
    static const char *const names[] = {"no",    "one",   "two",  "three", "four",   "five",  "six",
                                        "seven", "eight", "nine", "ten",   "eleven", "twelve"};
    if (years >= 0 && (size_t) years < sizeof names / sizeof names[0]) {
        traffstat_i_text_add(text, names[years]);
    } else {
        traffstat_i_text_addf(text, "%d", (int) years);
    }
}

/* Every year of the panel must lie in the period, and the period must be as long as a count's: a
 * share of a longer time is not that of a year. */
static void match_period(match *m)
{
    const int32_t first = m->entry->first_year;
    const int32_t last = m->entry->last_year;
    const int32_t from = traffstat_panel_first_year(m->panel);
    const int32_t to = traffstat_panel_last_year(m->panel);
    const bool covers = first <= from && to <= last;
    if (first == 0) {
        traffstat_i_text_add(next_phrase(m), "it does not say which years it is for");
    } else if (first != last) {
        traffstat_text *text = next_phrase(m);
        traffstat_i_text_add(text, "it covers ");
        say_span(text, last - first + 1);
        traffstat_i_text_add(text, " years (");
        traffstat_i_say_years(text, first, last);
        traffstat_i_text_add(text, covers ? "), not one" : "), not one year of ");
        if (!covers) {
            traffstat_i_say_years(text, from, to);
        }
    } else if (!covers) {
        traffstat_text *text = next_phrase(m);
        traffstat_i_text_addf(text, "it is for %d, not ", (int) first);
        traffstat_i_say_years(text, from, to);
    }
}

/* Only the nouns are compared: "trafficking victims" are counted as victims. */
static bool same_noun(match *m, const char *a, size_t a_size, const char *b, size_t b_size)
{
    const traffstat_i_noun in_a = traffstat_i_head_noun(a, a_size);
    const traffstat_i_noun in_b = traffstat_i_head_noun(b, b_size);
    return traffstat_i_same_words(m->ctx, a + in_a.at, in_a.size, b + in_b.at, in_b.size,
                                  &m->failed);
}

static void match_unit(match *m)
{
    for (size_t s = 0; s < traffstat_panel_series(m->panel); s++) {
        const char *measure = traffstat_panel_measure(m->panel, s);
        traffstat_i_measure read;
        traffstat_i_measure_read(measure, &read);
        if (read.unit_size > 0 &&
            same_noun(m, m->entry->unit, strlen(m->entry->unit), read.unit, read.unit_size)) {
            continue;
        }
        traffstat_text *text = next_phrase(m);
        traffstat_i_text_addf(text, "it counts %s, while ", m->entry->unit);
        if (traffstat_i_countable(read.unit, read.unit_size)) {
            traffstat_i_text_add(text, "these are ");
            traffstat_i_text_add_bytes(text, read.unit, read.unit_size);
        } else {
            traffstat_i_text_add(text, "these do not say what they count");
        }
        return;
    }
}

/* What is counted may stand in the measure, in its unit or in the category. */
static bool same_measure(match *m, size_t series)
{
    const char *measure = traffstat_panel_measure(m->panel, series);
    const char *category = traffstat_panel_category(m->panel, series);
    traffstat_i_measure read;
    traffstat_i_measure_read(measure, &read);
    const bool in_category = category[0] != '\0' && same(m, m->entry->measure, category);
    const bool in_measure =
        same(m, m->entry->measure, measure) ||
        traffstat_i_same_words(m->ctx, m->entry->measure, strlen(m->entry->measure), read.unit,
                               read.unit_size, &m->failed);
    /* a measure without a category is all that the evidence needs to equal; with one, the category
     * says what the cases are */
    return category[0] != '\0' ? in_category : in_measure;
}

static void match_measure(match *m)
{
    if (m->entry->measure[0] == '\0') {
        traffstat_i_text_add(next_phrase(m), "it does not say what it measures");
        return;
    }
    for (size_t s = 0; s < traffstat_panel_series(m->panel); s++) {
        if (same_measure(m, s)) {
            continue;
        }
        const char *category = traffstat_panel_category(m->panel, s);
        const char *measure = traffstat_panel_measure(m->panel, s);
        traffstat_i_text_addf(next_phrase(m), "it measures %s, not %s", m->entry->measure,
                              category[0] != '\0'  ? category
                              : measure[0] != '\0' ? measure
                                                   : "these counts");
        return;
    }
}

static void match_agencies(match *m)
{
    if (m->entry->agencies[0] == '\0') {
        traffstat_i_text_add(next_phrase(m), "it does not say to whom the cases were known");
        return;
    }
    for (size_t s = 0; s < traffstat_panel_series(m->panel); s++) {
        traffstat_i_measure read;
        traffstat_i_measure_read(traffstat_panel_measure(m->panel, s), &read);
        if (read.agent_size > 0 &&
            traffstat_i_same_words(m->ctx, m->entry->agencies, strlen(m->entry->agencies),
                                   read.agent, read.agent_size, &m->failed)) {
            continue;
        }
        traffstat_text *text = next_phrase(m);
        traffstat_i_text_addf(text, "it is about being known to %s, ", m->entry->agencies);
        if (read.agent_size > 0) {
            traffstat_i_text_add(text, "not to ");
            traffstat_i_text_add_bytes(text, read.agent, read.agent_size);
        } else {
            traffstat_i_text_add(text, "and these counts do not say to whom");
        }
        return;
    }
}

/* A rate without a published interval has no size of its own: whoever uses it assumes one. */
static void match_interval(match *m)
{
    if (isnan(m->entry->lower) || isnan(m->entry->upper)) {
        traffstat_i_text_add(next_phrase(m), "it was published without an interval");
    }
}

traffstat_status traffstat_i_match_evidence(traffstat_ctx *ctx, const traffstat_panel *panel,
                                            const traffstat_evidence_entry *entry,
                                            traffstat_kind *kind, traffstat_text *mismatches)
{
    match m = {.ctx = ctx, .panel = panel, .entry = entry, .phrases = mismatches};
    match_place(&m);
    match_period(&m);
    match_unit(&m);
    match_measure(&m);
    match_agencies(&m);
    match_interval(&m);
    if (m.failed || mismatches->failed) {
        return TRAFFSTAT_E_NOMEM;
    }
    *kind = m.count == 0 ? TRAFFSTAT_KIND_ESTIMATE : TRAFFSTAT_KIND_SCENARIO;
    return TRAFFSTAT_OK;
}

/* ---- verdicts ------------------------------------------------------------------------------- */

static void say_tail(traffstat_text *text, double median, double upper975)
{
    traffstat_i_text_add(text, "long tail: the 97.5" NBSP "% quantile, ");
    traffstat_i_say_number(text, upper975);
    traffstat_i_text_add(text, ", is more than ");
    traffstat_i_say_number(text, TRAFFSTAT_I_TAIL_RATIO_CAUTION);
    traffstat_i_text_add(text, " times the median, ");
    traffstat_i_say_number(text, median);
}

traffstat_status traffstat_i_judge_thinning(traffstat_estimate *estimate, size_t row, double median,
                                            double upper975)
{
    const traffstat_estimate_row *numbers = traffstat_i_estimate_row(estimate, row);
    if (numbers == NULL || numbers->verdict == TRAFFSTAT_VERDICT_INESTIMABLE) {
        return TRAFFSTAT_OK;
    }
    traffstat_status status = TRAFFSTAT_OK;
    if (isnan(numbers->mean)) {
        status = traffstat_i_estimate_row_reason(
            estimate, row, TRAFFSTAT_VERDICT_CAUTION,
            "the mean is infinite: the reporting prior does not rule out shares near 0");
    }
    if (status == TRAFFSTAT_OK && upper975 > TRAFFSTAT_I_TAIL_RATIO_CAUTION * median) {
        traffstat_text text;
        traffstat_i_text_init(&text, estimate->ctx);
        say_tail(&text, median, upper975);
        status = text.failed
                     ? TRAFFSTAT_E_NOMEM
                     : traffstat_i_estimate_row_reason(estimate, row, TRAFFSTAT_VERDICT_CAUTION,
                                                       traffstat_i_text_get(&text));
        traffstat_i_text_clear(&text);
    }
    return status;
}
