/* What was counted, in words; and whether two counts can be told from chance. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "estimate/words.h"

/* ---- counts --------------------------------------------------------------------------------- */

static const char *why_text(int32_t why)
{
    switch (why) {
    case TRAFFSTAT_WHY_SUPPRESSED:
        return "suppressed";
    case TRAFFSTAT_WHY_NOT_APPLICABLE:
        return "not applicable";
    case TRAFFSTAT_WHY_UNPARSABLE:
        return "not readable";
    default:
        return "not reported";
    }
}

static void say_cell(traffstat_text *text, const traffstat_cell *cell, const char *below)
{
    if (cell->why != TRAFFSTAT_WHY_COUNTED) {
        traffstat_i_text_add(text, why_text(cell->why));
        return;
    }
    if (cell->lower == 0 && cell->upper > 0 && cell->upper != TRAFFSTAT_NO_UPPER) {
        traffstat_i_text_add(text, below);
        traffstat_i_say_int(text, cell->upper + 1);
        return;
    }
    traffstat_i_say_int(text, cell->lower);
    if (cell->upper == TRAFFSTAT_NO_UPPER) {
        traffstat_i_text_add(text, " or more");
    } else if (cell->upper != cell->lower) {
        traffstat_i_text_add(text, EN_DASH);
        traffstat_i_say_int(text, cell->upper);
    }
}

/* As sources write it, a zero included. */
void traffstat_i_say_cell(traffstat_text *text, const traffstat_cell *cell)
{
    say_cell(text, cell, "<");
}

static void say_cell_in_words(traffstat_text *text, const traffstat_cell *cell)
{
    say_cell(text, cell, "fewer than ");
}

/* Words between a number and its noun ("recorded", "human trafficking"), the noun, words after. */
static void say_parts(traffstat_text *text, const traffstat_cell *cell, const char *measure,
                      const char *adjective, const char *after)
{
    say_cell_in_words(text, cell);
    if (cell->why == TRAFFSTAT_WHY_COUNTED) {
        traffstat_i_measure read;
        traffstat_i_measure_read(measure, &read);
        const bool countable = traffstat_i_countable(read.unit, read.unit_size);
        traffstat_i_text_add(text, adjective[0] != '\0' ? " " : "");
        traffstat_i_text_add(text, adjective);
        traffstat_i_text_add(text, " ");
        if (read.unit_size == 0) {
            traffstat_i_text_add(text, cell->lower == 1 && cell->upper == 1 ? "case" : "cases");
        } else if (countable && cell->lower == 1 && cell->upper == 1) {
            traffstat_i_say_singular(text, read.unit, read.unit_size);
        } else {
            traffstat_i_text_add_bytes(text, read.unit, read.unit_size);
        }
    }
    traffstat_i_text_add(text, after);
}

void traffstat_i_say_count(traffstat_text *text, const traffstat_cell *cell, const char *measure)
{
    say_parts(text, cell, measure, "", "");
}

/* A category of the form "… trafficking" stands before the noun, any other behind it in brackets;
 * none where it says nothing ("all") or the noun says it already. */
static bool is_adjective(const char *category)
{
    const size_t size = strlen(category);
    const size_t tail = strlen("trafficking");
    return size >= tail && size <= 40 && strchr(category, '/') == NULL &&
           traffstat_i_mentions(category + size - tail, tail, "trafficking", tail);
}

static bool says_nothing(const char *category, const traffstat_i_measure *measure)
{
    return category[0] == '\0' || traffstat_i_compare_nocase(category, "all") == 0 ||
           traffstat_i_compare_nocase(category, "total") == 0 ||
           traffstat_i_mentions(measure->unit, measure->unit_size, category, strlen(category)) ||
           (is_adjective(category) &&
            traffstat_i_mentions(measure->unit, measure->unit_size, "trafficking", 11));
}

void traffstat_i_say_series_count(traffstat_text *text, const traffstat_cell *cell,
                                  const traffstat_panel *panel, size_t series,
                                  const char *adjective)
{
    const char *measure = traffstat_panel_measure(panel, series);
    const char *category = traffstat_panel_category(panel, series);
    traffstat_i_measure read;
    traffstat_i_measure_read(measure, &read);
    traffstat_text before;
    traffstat_text after;
    traffstat_i_text_init(&before, text->ctx);
    traffstat_i_text_init(&after, text->ctx);
    traffstat_i_text_add(&before, adjective);
    const bool countable = read.unit_size == 0 || traffstat_i_countable(read.unit, read.unit_size);
    if (!says_nothing(category, &read) && is_adjective(category) && countable) {
        traffstat_i_text_add(&before, adjective[0] != '\0' ? " " : "");
        for (const char *c = category; *c != '\0'; c++) {
            const char lower = traffstat_i_lower(*c);
            traffstat_i_text_add_bytes(&before, &lower, 1);
        }
    } else if (!says_nothing(category, &read)) {
        traffstat_i_text_addf(&after, " (%s)", category);
    }
    say_parts(text, cell, measure, traffstat_i_text_get(&before), traffstat_i_text_get(&after));
    text->failed = text->failed || before.failed || after.failed;
    traffstat_i_text_clear(&before);
    traffstat_i_text_clear(&after);
}

/* ---- subject -------------------------------------------------------------------------------- */

/* Who did what, and whether the place is still to be named. */
typedef enum form { FORM_AGENT_AND_PLACE, FORM_AGENT, FORM_PLACE, FORM_COLON } form;

static form form_of(const traffstat_panel *panel, size_t series, traffstat_i_measure *read)
{
    traffstat_i_measure_read(traffstat_panel_measure(panel, series), read);
    const bool countable =
        read->unit_size == 0 || traffstat_i_countable(read->unit, read->unit_size);
    if (!countable) {
        return FORM_COLON;
    }
    if (read->agent_size == 0) {
        return FORM_PLACE;
    }
    const char *place = traffstat_i_panel_label(panel, series);
    return traffstat_i_mentions(read->agent, read->agent_size, place, strlen(place))
               ? FORM_AGENT
               : FORM_AGENT_AND_PLACE;
}

static void say_capital_place(traffstat_text *text, const char *place)
{
    traffstat_text plain;
    traffstat_i_text_init(&plain, text->ctx);
    traffstat_i_say_place(&plain, place);
    traffstat_i_say_capital(text, traffstat_i_text_get(&plain), plain.size);
    text->failed = text->failed || plain.failed;
    traffstat_i_text_clear(&plain);
}

/* " in Missoula", " in Missoula, Montana," */
static void say_in_place(traffstat_text *text, const char *place)
{
    traffstat_i_text_add(text, " in ");
    traffstat_i_say_place(text, place);
    traffstat_i_text_add(text, strchr(place, ',') != NULL ? "," : "");
}

void traffstat_i_say_subject(traffstat_text *text, const traffstat_panel *panel, size_t series)
{
    traffstat_i_measure read;
    const form how = form_of(panel, series, &read);
    const char *place = traffstat_i_panel_label(panel, series);
    if (how == FORM_COLON || how == FORM_PLACE) {
        say_capital_place(text, place);
        traffstat_i_text_add(text, how == FORM_COLON ? ":" : " recorded");
        return;
    }
    traffstat_i_say_capital(text, read.agent, read.agent_size);
    if (how == FORM_AGENT_AND_PLACE) {
        say_in_place(text, place);
    }
    traffstat_i_text_add(text, " ");
    traffstat_i_text_add_bytes(text, read.verb, read.verb_size);
}

/* "Police investigated 8 human trafficking cases in Missoula in 2018": the place after the count,
 * so that the number comes early. */
void traffstat_i_say_counted(traffstat_text *text, const traffstat_panel *panel, size_t series,
                             const traffstat_cell *cell)
{
    traffstat_i_measure read;
    const form how = form_of(panel, series, &read);
    if (how == FORM_COLON || how == FORM_PLACE) {
        traffstat_i_say_subject(text, panel, series);
    } else {
        traffstat_i_say_capital(text, read.agent, read.agent_size);
        traffstat_i_text_add(text, " ");
        traffstat_i_text_add_bytes(text, read.verb, read.verb_size);
    }
    traffstat_i_text_add(text, " ");
    traffstat_i_say_series_count(text, cell, panel, series, "");
    if (how == FORM_AGENT_AND_PLACE) {
        say_in_place(text, traffstat_i_panel_label(panel, series));
    }
    traffstat_i_text_addf(text, " in %d", (int) cell->year);
}

/* ---- chance --------------------------------------------------------------------------------- */

static void say_ratio(traffstat_text *text, double ratio)
{
    if (ratio >= 99.995) {
        traffstat_i_say_number(text, nearbyint(ratio));
    } else if (ratio >= 0.0995 || ratio <= 0.0) {
        traffstat_i_text_add_fixed(text, ratio, ratio <= 0.0 ? 0 : 2);
    } else if (ratio < 0.0005) {
        traffstat_i_text_add(text, "under 0.001");
    } else {
        traffstat_i_text_add_fixed(text, ratio, ratio < 0.00995 ? 4 : 3);
    }
}

/* "exact p = 0.13; ratio 2.14, 95 % interval 0.82 to 6.24" */
static void say_statistics(traffstat_text *text, const traffstat_change *change)
{
    const bool plain = change->p >= 1.0 || (change->p >= 0.001 && change->p < 0.9995);
    traffstat_i_text_add(text, plain ? "exact p = " : "exact p ");
    traffstat_i_say_p(text, change->p);
    if (isnan(change->ratio)) {
        traffstat_i_text_add(text, "; no ratio exists, as the first count is 0");
        if (change->lower > 0.0) {
            traffstat_i_text_add(text, ", but its ");
            traffstat_i_say_percent(text, change->level);
            traffstat_i_text_add(text, " interval begins at ");
            say_ratio(text, change->lower);
        }
        return;
    }
    const bool rates = change->first_exposure != change->second_exposure;
    traffstat_i_text_add(text, rates ? "; ratio of the rates " : "; ratio ");
    say_ratio(text, change->ratio);
    traffstat_i_text_add(text, ", ");
    traffstat_i_say_percent(text, change->level);
    traffstat_i_text_add(text, " interval ");
    say_ratio(text, change->lower);
    traffstat_i_text_add(text, " to ");
    say_ratio(text, change->upper);
}

typedef struct step {
    double ratio;
    const char *name;
} step;

/* The farthest named fall that lies inside the interval, or NULL. */
static const char *fall_inside(double lower)
{
    static const step falls[] = {{0.0, "a fall of any size"},        {0.1, "a fall by nine tenths"},
                                 {0.25, "a fall by three quarters"}, {0.5, "a fall by half"},
                                 {0.75, "a fall by a quarter"},      {0.9, "a fall by a tenth"}};
    for (size_t i = 0; i < sizeof falls / sizeof falls[0]; i++) {
        if (isnan(lower) || lower <= falls[i].ratio) {
            return falls[i].name;
        }
    }
    return NULL;
}

static const char *rise_inside(double upper)
{
    static const step rises[] = {{10.0, "a tenfold rise"},  {5.0, "a fivefold rise"},
                                 {3.0, "a tripling"},       {2.0, "a doubling"},
                                 {1.5, "a rise by half"},   {1.25, "a rise by a quarter"},
                                 {1.1, "a rise by a tenth"}};
    if (isnan(upper)) {
        return "a rise of any size";
    }
    for (size_t i = 0; i < sizeof rises / sizeof rises[0]; i++) {
        if (upper >= rises[i].ratio) {
            return rises[i].name;
        }
    }
    return NULL;
}

static void say_left_open(traffstat_text *text, const traffstat_change *change)
{
    const char *fall = fall_inside(change->lower);
    const char *rise = rise_inside(change->upper);
    if (fall != NULL && rise != NULL) {
        traffstat_i_text_addf(text, ", so neither %s nor %s is ruled out", fall, rise);
    } else if (fall != NULL || rise != NULL) {
        traffstat_i_text_addf(text, ", so %s is not ruled out", fall != NULL ? fall : rise);
    } else {
        traffstat_i_text_add(text, ", so a fall or a rise by more than a tenth is ruled out");
    }
}

/* p and the interval come from the same inversion: either answers. */
static bool told_apart(const traffstat_change *change)
{
    return change->p <= 1.0 - change->level;
}

static bool same_exposure(const traffstat_change *change)
{
    return change->first_exposure == change->second_exposure;
}

/* Of chance in a sentence of its own, as it follows the counts. */
static void say_chance(traffstat_text *text, const traffstat_change *change)
{
    const bool equal = change->first_count == change->second_count && same_exposure(change);
    if (told_apart(change)) {
        const bool more = isnan(change->ratio) || change->ratio > 1.0;
        traffstat_i_text_addf(text, "The second %s is %s than chance alone would readily produce (",
                              same_exposure(change) ? "count" : "rate", more ? "higher" : "lower");
        say_statistics(text, change);
        traffstat_i_text_add(text,
                             "). The counts cannot say whether crime or its recording changed.");
        return;
    }
    traffstat_i_text_add(text, equal ? "Equal counts do not rule a change out ("
                               : change->p >= 0.5
                                   ? "So small a difference is what chance alone produces ("
                                   : "Chance alone can produce a difference of this size (");
    say_statistics(text, change);
    say_left_open(text, change);
    traffstat_i_text_add(text, ").");
}

static traffstat_cell exact(int64_t count, int32_t year)
{
    return (traffstat_cell){.lower = count, .upper = count, .year = year, .places = 1};
}

/* "7 human trafficking cases in 2017 and 8 in 2018" */
static void say_both(traffstat_text *text, const traffstat_panel *panel,
                     const traffstat_change *change)
{
    const traffstat_cell first = exact(change->first_count, change->first_year);
    traffstat_i_say_series_count(text, &first, panel, change->series, "");
    traffstat_i_text_addf(text, " in %d and ", (int) change->first_year);
    traffstat_i_say_int(text, change->second_count);
    traffstat_i_text_addf(text, " in %d", (int) change->second_year);
}

void traffstat_i_say_change(traffstat_text *text, const traffstat_panel *panel,
                            const traffstat_change *change)
{
    const bool equal = change->first_count == change->second_count && same_exposure(change);
    traffstat_i_text_add(text, equal ? "" : "The difference between ");
    say_both(text, panel, change);
    traffstat_i_text_add(text, told_apart(change)
                                   ? " is more than chance alone would readily produce ("
                               : equal ? " do not rule a change out ("
                                       : " cannot be told from chance (");
    say_statistics(text, change);
    traffstat_i_text_add(text, ").");
}

/* ---- the caption ---------------------------------------------------------------------------- */

#define LISTED 12

static void say_flags(traffstat_text *text, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *words;
    } known[] = {{TRAFFSTAT_FLAG_PROVISIONAL, "provisional"},
                 {TRAFFSTAT_FLAG_PARTIAL_YEAR, "a part of the year"},
                 {TRAFFSTAT_FLAG_BREAK, "after a break in definition or coverage"},
                 {TRAFFSTAT_FLAG_PARTIAL, "a part was not reported"}};
    const char *between = " (";
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if ((flags & known[i].flag) != 0) {
            traffstat_i_text_add(text, between);
            traffstat_i_text_add(text, known[i].words);
            between = "; ";
        }
    }
    traffstat_i_text_add(text, between[0] == ';' ? ")" : "");
}

/* Rows of a series from which on at most LISTED are counted. */
static size_t listed_from(const traffstat_panel *panel, size_t series, size_t *counted)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    size_t row = first + traffstat_panel_series_count(panel, series);
    *counted = 0;
    while (row > first && *counted < LISTED) {
        row--;
        *counted += traffstat_panel_whys(panel)[row] == TRAFFSTAT_WHY_COUNTED;
    }
    return row;
}

/* The counted years of a series, the last LISTED of them: "7 cases in 2017 and 8 in 2018". */
static void list_years(traffstat_text *text, const traffstat_panel *panel, size_t series,
                       size_t from, size_t counted)
{
    const size_t end =
        traffstat_panel_series_first(panel, series) + traffstat_panel_series_count(panel, series);
    size_t said = 0;
    for (size_t row = from; row < end; row++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(panel, row, &cell) != TRAFFSTAT_OK ||
            cell.why != TRAFFSTAT_WHY_COUNTED) {
            continue;
        }
        if (said == 0) {
            traffstat_i_say_series_count(text, &cell, panel, series, "");
        } else {
            traffstat_i_text_add(text, said + 1 == counted ? " and " : ", ");
            say_cell_in_words(text, &cell);
        }
        traffstat_i_text_addf(text, " in %d", (int) cell.year);
        say_flags(text, cell.flags);
        said++;
    }
}

/* " 2016: not reported. Earlier years are not listed." */
static void list_rest(traffstat_text *text, const traffstat_panel *panel, size_t series,
                      size_t from)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    const char *between = " ";
    for (size_t row = from; row < end; row++) {
        traffstat_cell cell;
        if (traffstat_panel_cell(panel, row, &cell) == TRAFFSTAT_OK &&
            cell.why != TRAFFSTAT_WHY_COUNTED) {
            traffstat_i_text_addf(text, "%s%d: %s", between, (int) cell.year, why_text(cell.why));
            between = "; ";
        }
    }
    traffstat_i_text_add(text, between[0] == ';' ? "." : "");
    traffstat_i_text_add(text, from > first ? " Earlier years are not listed." : "");
}

static bool is_in_panel(const traffstat_panel *panel, size_t series, int32_t year, int64_t count)
{
    traffstat_cell cell;
    return traffstat_panel_cell(panel, traffstat_panel_find(panel, series, year), &cell) ==
               TRAFFSTAT_OK &&
           cell.why == TRAFFSTAT_WHY_COUNTED && cell.lower == count && cell.upper == count;
}

static traffstat_status check_counted(traffstat_ctx *ctx, const traffstat_panel *panel,
                                      size_t series, const traffstat_change *change)
{
    if (panel == NULL || series >= traffstat_panel_series(panel)) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the panel has %zu series, no number %zu",
                                traffstat_panel_series(panel), series);
    }
    if (change != NULL && change->series != series) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the change is one of series %zu, not of %zu", change->series,
                                series);
    }
    if (change != NULL &&
        !(is_in_panel(panel, series, change->first_year, change->first_count) &&
          is_in_panel(panel, series, change->second_year, change->second_count))) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT,
                                "the panel has no exact counts of %" PRId64 " in %d and %" PRId64
                                " in %d",
                                change->first_count, (int) change->first_year, change->second_count,
                                (int) change->second_year);
    }
    return TRAFFSTAT_OK;
}

traffstat_status traffstat_caption_counted(traffstat_ctx *ctx, const traffstat_panel *panel,
                                           size_t series, const traffstat_change *change,
                                           traffstat_text **out)
{
    traffstat_i_enter(ctx);
    if (out == NULL) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_ARGUMENT, "no place for the text was given");
    }
    *out = NULL;
    const traffstat_status status = check_counted(ctx, panel, series, change);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    size_t counted = 0;
    const size_t from = listed_from(panel, series, &counted);
    if (counted == 0) {
        return traffstat_i_fail(ctx, TRAFFSTAT_E_NODATA, "%s has no count in any year",
                                traffstat_i_panel_label(panel, series));
    }
    traffstat_text text;
    traffstat_i_text_init(&text, ctx);
    traffstat_i_say_subject(&text, panel, series);
    traffstat_i_text_add(&text, " ");
    if (change != NULL) {
        say_both(&text, panel, change);
        traffstat_i_text_add(&text, ". ");
        say_chance(&text, change);
    } else {
        list_years(&text, panel, series, from, counted);
        traffstat_i_text_add(&text, ".");
        list_rest(&text, panel, series, from);
    }
    return traffstat_i_text_finish(&text, out);
}
