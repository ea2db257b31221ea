/* Places that are totals of other places: by their name, or because their counts are the sums of
 * others'.
 *
 * By name: one that says total, or all places, or the nation. "United States" is a total only where
 * half of the other places at least are states of it: among countries it is a country.
 *
 * By sums, among the series of one measure, category and source, in the order of the file: a series
 * whose exact counts equal, in every year, the sum of the series right behind it, right before it, or
 * of all others. How likely is that by chance? A count from a distribution that falls (or is flat)
 * is a given number v with a chance of at most 1/v, so a series of v, w, … equals a given run of
 * others with at most 1/(v w …), of which equal numbers are taken once: a place without change has
 * one number to show. Among n series there are n other sums for "all others", below ALL_CHANCE, and
 * less than 2 n^2 runs, below RUN_CHANCE. Runs are found through sums from the beginning of the file,
 * of which equal ones are looked up by their hash; then they are added up. Totals of totals (a nation
 * of states of counties) are found level by level.
 *
 * Counts between bounds ("<5") have no such sums: where a class has some, a series is looked at as the
 * sum of all others only. In every year the sums of their ends must meet it. If the others come to
 * [a, b], a count equals one of those numbers with a chance of at most (b - a + 1)/a. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "read/totals.h"

#define ALL_CHANCE 1e-3
#define RUN_CHANCE 1e-6
#define LEVELS 6

/* A class of series and its sums from the first one on. */
typedef struct survey {
    traffstat_ctx *ctx;
    const traffstat_panel *panel;
    traffstat_i_total *totals; /* by series */
    size_t *order;             /* series, class by class */
    uint64_t *hashes;          /* of the counts of each in the class */
    uint64_t *prefix;          /* of the sums before each, and of all */
    size_t *slots;             /* 1 + place in `prefix`; 0 free */
    size_t slot_count;
    size_t *live; /* of the class: not yet totals */
    bool failed;  /* no memory */
} survey;

/* ---- names ---------------------------------------------------------------------------------- */

static bool is_among(const char *folded, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(folded, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* "Total", "U.S. total", "Total, 50 states" */
static bool has_total_at_an_end(const char *name)
{
    static const char *const words[] = {"total", "totals"};
    const size_t size = strlen(name);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        const size_t word = strlen(words[i]);
        if (size < word) {
            continue;
        }
        char first[8] = "";
        char last[8] = "";
        (void) traffstat_i_fold((traffstat_i_slice){name, word}, first, sizeof first);
        (void) traffstat_i_fold((traffstat_i_slice){name + size - word, word}, last, sizeof last);
        const char after = traffstat_i_lower(name[word]);
        const char before = size > word ? traffstat_i_lower(name[size - word - 1]) : ' ';
        if ((strcmp(first, words[i]) == 0 && !(after >= 'a' && after <= 'z')) ||
            (strcmp(last, words[i]) == 0 && !(before >= 'a' && before <= 'z'))) {
            return true;
        }
    }
    return false;
}

static bool is_total_word(const char *name)
{
    static const char *const words[] = {
        "all",       "overall",          "allstates",    "allcounties", "allagencies", "allplaces",
        "allareas",  "alljurisdictions", "allcountries", "allregions",  "national",    "nationwide",
        "statewide", "countrywide",      "world",        "worldwide"};
    char folded[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_fold(traffstat_i_slice_of(name), folded, sizeof folded);
    return has_total_at_an_end(name) || is_among(folded, words, sizeof words / sizeof words[0]);
}

static bool is_nation(const char *name)
{
    static const char *const words[] = {"unitedstates", "unitedstatesofamerica", "usa", "us"};
    char folded[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_fold(traffstat_i_slice_of(name), folded, sizeof folded);
    return is_among(folded, words, sizeof words / sizeof words[0]);
}

static bool is_state(const char *name)
{
    static const char *const states[] = {"alabama",       "alaska",       "arizona",
                                         "arkansas",      "california",   "colorado",
                                         "connecticut",   "delaware",     "florida",
                                         "georgia",       "hawaii",       "idaho",
                                         "illinois",      "indiana",      "iowa",
                                         "kansas",        "kentucky",     "louisiana",
                                         "maine",         "maryland",     "massachusetts",
                                         "michigan",      "minnesota",    "mississippi",
                                         "missouri",      "montana",      "nebraska",
                                         "nevada",        "newhampshire", "newjersey",
                                         "newmexico",     "newyork",      "northcarolina",
                                         "northdakota",   "ohio",         "oklahoma",
                                         "oregon",        "pennsylvania", "rhodeisland",
                                         "southcarolina", "southdakota",  "tennessee",
                                         "texas",         "utah",         "vermont",
                                         "virginia",      "washington",   "westvirginia",
                                         "wisconsin",     "wyoming",      "districtofcolumbia"};
    char folded[TRAFFSTAT_I_SHOWN];
    (void) traffstat_i_fold(traffstat_i_slice_of(name), folded, sizeof folded);
    return is_among(folded, states, sizeof states / sizeof states[0]);
}

static const char *label(const survey *s, size_t series)
{
    return traffstat_i_panel_label(s->panel, series);
}

/* Only among others is a total a total. */
static void judge_names(survey *s)
{
    const size_t count = traffstat_panel_series(s->panel);
    size_t plain = 0;
    size_t states = 0;
    for (size_t i = 0; i < count; i++) {
        const bool other = !is_total_word(label(s, i)) && !is_nation(label(s, i));
        plain += other ? 1 : 0;
        states += other && is_state(label(s, i)) ? 1 : 0;
    }
    for (size_t i = 0; i < count && plain > 0; i++) {
        const bool nation = states * 2 >= plain && is_nation(label(s, i));
        if (nation || is_total_word(label(s, i))) {
            s->totals[i] = (traffstat_i_total){.how = TRAFFSTAT_I_TOTAL_BY_NAME};
        }
    }
}

/* ---- classes -------------------------------------------------------------------------------- */

/* Same measure, category and source: the order of two series. */
static int compare_class(const traffstat_panel *panel, size_t a, size_t b)
{
    int order = strcmp(traffstat_panel_measure(panel, a), traffstat_panel_measure(panel, b));
    if (order == 0) {
        order = strcmp(traffstat_panel_category(panel, a), traffstat_panel_category(panel, b));
    }
    return order != 0 ? order
                      : strcmp(traffstat_panel_source(panel, a), traffstat_panel_source(panel, b));
}

/* Heap sort: qsort has no place for the panel. */
static bool is_after(const traffstat_panel *panel, size_t a, size_t b)
{
    const int order = compare_class(panel, a, b);
    return order != 0 ? order > 0 : a > b;
}

static void sift(const traffstat_panel *panel, size_t *items, size_t at, size_t count)
{
    for (;;) {
        size_t child = at * 2 + 1;
        if (child >= count) {
            return;
        }
        if (child + 1 < count && is_after(panel, items[child + 1], items[child])) {
            child++;
        }
        if (!is_after(panel, items[child], items[at])) {
            return;
        }
        const size_t swapped = items[at];
        items[at] = items[child];
        items[child] = swapped;
        at = child;
    }
}

static void sort_classes(const traffstat_panel *panel, size_t *items, size_t count)
{
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++) {
        sorted = !is_after(panel, items[i - 1], items[i]);
    }
    for (size_t i = count / 2; i > 0 && !sorted; i--) {
        sift(panel, items, i - 1, count);
    }
    for (size_t i = count; i > 1 && !sorted; i--) {
        const size_t last = items[i - 1];
        items[i - 1] = items[0];
        items[0] = last;
        sift(panel, items, 0, i - 1);
    }
}

/* ---- sums ----------------------------------------------------------------------------------- */

/* Any odd number will do: equal hashes are added up before they are believed. */
static uint64_t weight_of(int32_t year)
{
    uint64_t hash = (uint64_t) (uint32_t) year * UINT64_C(0x9e3779b97f4a7c15);
    hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
    return (hash ^ hash >> 32) | 1U;
}

/* Of the counts by year; linear, so that a sum of series has the sum of their hashes. */
static uint64_t hash_counts(const traffstat_panel *panel, size_t series)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    uint64_t hash = 0;
    for (size_t row = first; row < end; row++) {
        hash += weight_of(traffstat_panel_years(panel)[row]) *
                (uint64_t) traffstat_panel_lowers(panel)[row];
    }
    return hash;
}

static size_t slot_of(const survey *s, uint64_t hash)
{
    const uint64_t mixed = (hash ^ hash >> 31) * UINT64_C(0x7fb5d329728ea185);
    size_t slot = (size_t) (mixed ^ mixed >> 29) & (s->slot_count - 1);
    while (s->slots[slot] != 0 && s->prefix[s->slots[slot] - 1] != hash) {
        slot = (slot + 1) & (s->slot_count - 1);
    }
    return slot;
}

/* Sums from the beginning over series[0..count). Counts are never negative, so equal sums stand side
 * by side; the first one is kept. */
static void add_up(survey *s, const size_t *series, size_t count)
{
    while (s->slot_count > 64 && s->slot_count > count * 8) {
        s->slot_count /= 2; /* a small class after a large one */
    }
    memset(s->slots, 0, s->slot_count * sizeof *s->slots);
    s->prefix[0] = 0;
    for (size_t i = 0; i < count; i++) {
        s->hashes[i] = hash_counts(s->panel, series[i]);
        s->prefix[i + 1] = s->prefix[i] + s->hashes[i];
    }
    for (size_t i = 0; i <= count; i++) {
        const size_t slot = slot_of(s, s->prefix[i]);
        s->slots[slot] = s->slots[slot] == 0 ? i + 1 : s->slots[slot];
    }
}

/* The first place in `prefix` with that sum; NONE. */
static size_t look_up(const survey *s, uint64_t sum)
{
    const size_t slot = slot_of(s, sum);
    return s->slots[slot] != 0 ? s->slots[slot] - 1 : TRAFFSTAT_NONE;
}

static bool is_exact(const traffstat_panel *panel, size_t row)
{
    return traffstat_panel_whys(panel)[row] == TRAFFSTAT_WHY_COUNTED &&
           traffstat_panel_lowers(panel)[row] == traffstat_panel_uppers(panel)[row];
}

/* Does no row of the series before this one, from `first` on, have its number? */
static bool is_new(const traffstat_panel *panel, size_t first, size_t row)
{
    const int64_t *lowers = traffstat_panel_lowers(panel);
    for (size_t before = first; before < row; before++) {
        if (lowers[before] == lowers[row]) {
            return false;
        }
    }
    return true;
}

/* Logarithm of the bound on the chance that a series has its counts: each number once. */
static double log_chance(const traffstat_panel *panel, size_t series)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    double sum = 0.0;
    for (size_t row = first; row < end; row++) {
        const int64_t count = traffstat_panel_lowers(panel)[row];
        sum -= count >= 2 && is_new(panel, first, row) ? log((double) count) : 0.0;
    }
    return sum;
}

/* Do the counts of `total` equal those of series[from..to) without itself, in every year? *parts:
 * how many of them have any. */
static bool equals(const traffstat_panel *panel, size_t total, const size_t *series, size_t from,
                   size_t to, size_t *parts)
{
    const size_t first = traffstat_panel_series_first(panel, total);
    const size_t end = first + traffstat_panel_series_count(panel, total);
    int64_t left[TRAFFSTAT_YEAR_MAX - TRAFFSTAT_YEAR_MIN + 1] = {0};
    *parts = 0;
    for (size_t row = first; row < end; row++) {
        if (!is_exact(panel, row)) {
            return false;
        }
        left[traffstat_panel_years(panel)[row] - TRAFFSTAT_YEAR_MIN] =
            traffstat_panel_lowers(panel)[row];
    }
    for (size_t i = from; i < to; i++) {
        const size_t begin = traffstat_panel_series_first(panel, series[i]);
        const size_t stop = begin + traffstat_panel_series_count(panel, series[i]);
        bool any = false;
        for (size_t row = begin; row < stop && series[i] != total; row++) {
            const int64_t count = traffstat_panel_lowers(panel)[row];
            int64_t *rest = &left[traffstat_panel_years(panel)[row] - TRAFFSTAT_YEAR_MIN];
            if ((count > 0 && !is_exact(panel, row)) || count > *rest) {
                return false;
            }
            *rest -= count;
            any = any || count > 0;
        }
        *parts += any ? 1 : 0;
    }
    for (size_t row = first; row < end; row++) {
        if (left[traffstat_panel_years(panel)[row] - TRAFFSTAT_YEAR_MIN] != 0) {
            return false;
        }
    }
    return true;
}

/* A sum of one place is a total where both have one name: a district that is its own county. */
static bool is_sum(const survey *s, size_t total, const size_t *series, size_t from, size_t to,
                   size_t *parts)
{
    if (!equals(s->panel, total, series, from, to, parts)) {
        return false;
    }
    for (size_t i = from; i < to && *parts == 1; i++) {
        if (s->hashes[i] != 0 && series[i] != total) {
            return s->totals[series[i]].how == TRAFFSTAT_I_NO_TOTAL &&
                   strcmp(label(s, series[i]), label(s, total)) == 0;
        }
    }
    return *parts >= 2;
}

/* ---- sums between bounds -------------------------------------------------------------------- */

#define YEARS (TRAFFSTAT_YEAR_MAX - TRAFFSTAT_YEAR_MIN + 1)

/* Of a class by year: sums of the ends, and how many counts there are. */
typedef struct ends {
    double lower[YEARS];
    double upper[YEARS]; /* infinite where a count has no upper end */
    size_t counts[YEARS];
    bool bounded; /* some count is no exact number */
} ends;

static double upper_of(const traffstat_panel *panel, size_t row)
{
    const int64_t upper = traffstat_panel_uppers(panel)[row];
    return upper == TRAFFSTAT_NO_UPPER ? INFINITY : (double) upper;
}

static void add_ends(const survey *s, const size_t *series, size_t count, ends *sum)
{
    for (size_t i = 0; i < count; i++) {
        const size_t first = traffstat_panel_series_first(s->panel, series[i]);
        const size_t end = first + traffstat_panel_series_count(s->panel, series[i]);
        for (size_t row = first; row < end; row++) {
            const size_t year =
                (size_t) (traffstat_panel_years(s->panel)[row] - TRAFFSTAT_YEAR_MIN);
            if (traffstat_panel_whys(s->panel)[row] == TRAFFSTAT_WHY_COUNTED) {
                sum->lower[year] += (double) traffstat_panel_lowers(s->panel)[row];
                sum->upper[year] += upper_of(s->panel, row);
                sum->counts[year]++;
                sum->bounded = sum->bounded || !is_exact(s->panel, row);
            }
        }
    }
}

/* Logarithm of the bound on the chance that the count in a row meets the others' sums; *meets: it
 * does. */
static double log_chance_between(const survey *s, size_t row, const ends *sum, bool *meets)
{
    const size_t year = (size_t) (traffstat_panel_years(s->panel)[row] - TRAFFSTAT_YEAR_MIN);
    const double lower = (double) traffstat_panel_lowers(s->panel)[row];
    const double upper = upper_of(s->panel, row);
    const double from = sum->lower[year] - lower;
    const double to = isinf(sum->upper[year]) ? INFINITY : sum->upper[year] - upper;
    const double share = (to - from + 1.0 + (upper - lower)) / fmax(from, 1.0);
    *meets = from <= upper && to >= lower;
    return share < 1.0 ? log(share) : 0.0;
}

/* Is the series the sum of all others of its class, as far as the bounds tell? */
static bool is_sum_between(const survey *s, const size_t *series, size_t count, size_t at,
                           const ends *sum)
{
    const size_t first = traffstat_panel_series_first(s->panel, series[at]);
    const size_t end = first + traffstat_panel_series_count(s->panel, series[at]);
    double chance = log((double) count);
    size_t met = 0;
    size_t years = 0;
    for (size_t row = first; row < end; row++) {
        bool meets = false;
        if (traffstat_panel_whys(s->panel)[row] != TRAFFSTAT_WHY_COUNTED) {
            return false;
        }
        const double log_share = log_chance_between(s, row, sum, &meets);
        if (!meets) {
            return false;
        }
        chance += is_new(s->panel, first, row) ? log_share : 0.0;
        met++;
    }
    for (size_t year = 0; year < YEARS; year++) { /* no count of others where it has none */
        years += sum->counts[year] > 0 ? 1 : 0;
    }
    return met == years && chance < log(ALL_CHANCE);
}

static bool judge_between(survey *s, const size_t *series, size_t count)
{
    ends *sum = traffstat_i_alloc(s->ctx, 1, sizeof *sum);
    bool any = false;
    if (sum == NULL) {
        s->failed = true;
        return false;
    }
    add_ends(s, series, count, sum);
    for (size_t i = 0; i < count && sum->bounded && !any; i++) {
        any = is_sum_between(s, series, count, i, sum);
        if (any) {
            s->totals[series[i]] =
                (traffstat_i_total){TRAFFSTAT_I_TOTAL_BY_SUM, count - 1, series[i == 0 ? 1 : 0],
                                    series[i + 1 == count ? count - 2 : count - 1]};
        }
    }
    traffstat_i_free(s->ctx, sum);
    return any;
}

/* ---- levels --------------------------------------------------------------------------------- */

static bool try_run(survey *s, const size_t *series, size_t at, size_t from, size_t to)
{
    size_t parts = 0;
    if (!is_sum(s, series[at], series, from, to, &parts)) {
        return false;
    }
    while (from < to && (series[from] == series[at] || s->hashes[from] == 0)) {
        from++;
    }
    s->totals[series[at]] = (traffstat_i_total){TRAFFSTAT_I_TOTAL_BY_SUM, parts, series[from],
                                                series[to - 1 == at ? to - 2 : to - 1]};
    return true;
}

/* series[at] as the sum of all others, of those behind it, of those before it. */
static bool judge_sums(survey *s, const size_t *series, size_t count, size_t at)
{
    const double chance = log_chance(s->panel, series[at]);
    const double n = (double) count;
    if (s->hashes[at] == 0) {
        return false;
    }
    if (log(n) + chance < log(ALL_CHANCE) && s->prefix[count] == 2 * s->hashes[at] &&
        try_run(s, series, at, 0, count)) {
        return true;
    }
    if (log(2.0 * n * n) + chance >= log(RUN_CHANCE)) {
        return false;
    }
    const size_t end = look_up(s, s->prefix[at + 1] + s->hashes[at]);
    if (end != TRAFFSTAT_NONE && end > at + 1 && try_run(s, series, at, at + 1, end)) {
        return true;
    }
    const size_t begin = look_up(s, s->prefix[at] - s->hashes[at]);
    return begin != TRAFFSTAT_NONE && begin < at && try_run(s, series, at, begin, at);
}

/* One level of totals among a class; what is one already does not count as a part. */
static bool judge_level(survey *s, const size_t *series, size_t count)
{
    size_t live = 0;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (s->totals[series[i]].how == TRAFFSTAT_I_NO_TOTAL) {
            s->live[live++] = series[i];
        }
    }
    if (live < 3) {
        return false;
    }
    add_up(s, s->live, live);
    for (size_t i = 0; i < live; i++) {
        any = judge_sums(s, s->live, live, i) || any;
    }
    return any || judge_between(s, s->live, live);
}

static void judge_classes(survey *s)
{
    const size_t count = traffstat_panel_series(s->panel);
    const size_t slots = s->slot_count;
    for (size_t i = 0; i < count; i++) {
        s->order[i] = i;
    }
    sort_classes(s->panel, s->order, count);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && compare_class(s->panel, s->order[i], s->order[end]) == 0) {
            end++;
        }
        bool again = end - i >= 3;
        for (size_t level = 0; level < LEVELS && again; level++) {
            s->slot_count = slots;
            again = judge_level(s, s->order + i, end - i);
        }
        i = end;
    }
}

/* ---- the whole ------------------------------------------------------------------------------ */

traffstat_status traffstat_i_totals_find(traffstat_ctx *ctx, const traffstat_panel *panel,
                                         traffstat_i_total *totals)
{
    const size_t count = traffstat_panel_series(panel);
    survey s = {.ctx = ctx, .panel = panel, .totals = totals, .slot_count = 64};
    while (s.slot_count < count * 2 + 2) {
        s.slot_count *= 2;
    }
    s.order = traffstat_i_alloc(ctx, count, sizeof *s.order);
    s.hashes = traffstat_i_alloc(ctx, count, sizeof *s.hashes);
    s.prefix = traffstat_i_alloc(ctx, count + 1, sizeof *s.prefix);
    s.slots = traffstat_i_alloc(ctx, s.slot_count, sizeof *s.slots);
    s.live = traffstat_i_alloc(ctx, count, sizeof *s.live);
    const bool made = s.order != NULL && s.hashes != NULL && s.prefix != NULL && s.slots != NULL &&
                      s.live != NULL;
    if (made) {
        judge_names(&s);
        judge_classes(&s);
    }
    traffstat_i_free(ctx, s.order);
    traffstat_i_free(ctx, s.hashes);
    traffstat_i_free(ctx, s.prefix);
    traffstat_i_free(ctx, s.slots);
    traffstat_i_free(ctx, s.live);
    return made && !s.failed ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
}
