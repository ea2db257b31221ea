/* Counts that all share a divisor: a release that was multiplied, or rounded.
 *
 * The rule for a series. A count from a distribution that falls (or is flat) is a multiple of d with
 * a chance of at most 1/d; k such counts all are with at most d^-k, and share some divisor of d or
 * more with less than d^-k + d^(1-k) / (k-1), the sum of j^-k over j >= d. A series is reported when
 * that bound, times the series that were looked at, is below SERIES_CHANCE.
 *
 * For the file: if m of its n counts are multiples of d, the chance of m or more is at most
 * exp(-n K), where K is the relative entropy of m/n to 1/d (Chernoff). Below FILE_CHANCE, and where
 * at least half of the counts that need not be multiples are some (people like even numbers: a small
 * excess is no multiplied release), the divisor is the file's, and every series of nothing but
 * multiples of it is reported too, however short.
 *
 * Rounding is told apart from multiplying. Where 5 or 10 to a power, or five times that, is the
 * file's divisor in this sense, the file is said to be rounded, once and without the names of places,
 * and zeros at the end of counts, which rounding leaves behind, are no evidence any more: 3,280,000
 * counts as 328.
 *
 * Equal counts say nothing of a divisor: two different ones are needed. Only exact counts above zero
 * are looked at. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "read/read.h"

#define SERIES_CHANCE 1e-3
#define FILE_CHANCE 1e-6
#define EXCESS 0.5
/* Divisors tried for the file: those that most series have as their own. */
#define CANDIDATES 16
/* Counts of a series that its message shows. */
#define SHOWN_COUNTS 8

typedef struct shared {
    int64_t divisor; /* 0: no count above zero */
    int64_t proven;  /* the same of what is evidence: without zeros where the file is rounded */
    int64_t first;   /* a count, to see whether others differ */
    size_t counts;
    bool differ;
} shared;

typedef struct survey {
    const traffstat_panel *panel;
    shared *series;
    const traffstat_i_stored **first; /* where each series was first met */
    size_t looked_at;
    size_t counts;
    int64_t divisor; /* of the file; 0 none */
    size_t multiples;
    int64_t unit; /* that the file is rounded to; 0 none */
    size_t rounded;
} survey;

static int64_t greatest_common_divisor(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The exact count of a row, a correction without its sign; 0 where there is none. */
static int64_t exact_count(const traffstat_panel *panel, size_t row)
{
    const int64_t lower = traffstat_panel_lowers(panel)[row];
    if (traffstat_panel_uppers(panel)[row] != lower || lower == INT64_MIN) {
        return 0;
    }
    return lower < 0 ? -lower : lower;
}

static int64_t without_zeros(int64_t count)
{
    while (count > 0 && count % 10 == 0) {
        count /= 10;
    }
    return count;
}

/* What a count can prove. */
static int64_t evidence(const survey *s, int64_t count)
{
    return s->unit > 0 ? without_zeros(count) : count;
}

static void look_at(survey *s, size_t series)
{
    shared *of = &s->series[series];
    const size_t first = traffstat_panel_series_first(s->panel, series);
    const size_t end = first + traffstat_panel_series_count(s->panel, series);
    for (size_t row = first; row < end; row++) {
        const int64_t count = exact_count(s->panel, row);
        if (count == 0) {
            continue;
        }
        of->divisor = greatest_common_divisor(of->divisor, count);
        of->proven = greatest_common_divisor(of->proven, evidence(s, count));
        of->differ = of->differ || (of->counts > 0 && count != of->first);
        of->first = count;
        of->counts++;
    }
    s->counts += of->counts;
    s->looked_at += of->counts > 0 ? 1 : 0;
}

/* ---- the chance of it ----------------------------------------------------------------------- */

/* Bound on the chance that `counts` counts share a divisor of `divisor` or more. */
static double chance_of(int64_t divisor, size_t counts)
{
    if (divisor < 2 || counts < 2) {
        return 1.0;
    }
    const double d = (double) divisor;
    const double k = (double) counts;
    return pow(d, -k) + pow(d, 1.0 - k) / (k - 1.0);
}

static bool is_strange(const survey *s, const shared *of)
{
    if (of->divisor < 2) {
        return false;
    }
    if (s->divisor > 1 && of->proven % s->divisor == 0) {
        return true;
    }
    return of->differ && chance_of(of->proven, of->counts) * (double) s->looked_at < SERIES_CHANCE;
}

/* Logarithm of the bound on m or more of n counts being multiples of d. */
static double log_chance(size_t multiples, size_t counts, int64_t divisor)
{
    const double share = (double) multiples / (double) counts;
    const double expected = 1.0 / (double) divisor;
    if (share <= expected) {
        return 0.0;
    }
    double entropy = share * log(share / expected);
    if (share < 1.0) {
        entropy += (1.0 - share) * log((1.0 - share) / (1.0 - expected));
    }
    return -(double) counts * entropy;
}

/* ---- the file's divisor --------------------------------------------------------------------- */

typedef struct candidate {
    int64_t divisor;
    size_t series;
} candidate;

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *) a;
    const int64_t y = *(const int64_t *) b;
    return (x > y) - (x < y);
}

/* Keeps the divisors that most series have; of equals the smaller one. */
static void offer(candidate best[CANDIDATES], candidate one)
{
    for (size_t i = 0; i < CANDIDATES; i++) {
        if (one.series > best[i].series) {
            const candidate pushed = best[i];
            best[i] = one;
            one = pushed;
        }
    }
}

static void find_candidates(int64_t *divisors, size_t count, candidate best[CANDIDATES])
{
    qsort(divisors, count, sizeof *divisors, by_value);
    for (size_t i = 0; i < count;) {
        size_t end = i + 1;
        while (end < count && divisors[end] == divisors[i]) {
            end++;
        }
        offer(best, (candidate){divisors[i], end - i});
        i = end;
    }
}

/* Counts whose evidence is a multiple; *differ: two of them do. */
static size_t count_multiples(const survey *s, int64_t divisor, bool *differ)
{
    size_t multiples = 0;
    int64_t last = 0;
    for (size_t row = 0; row < traffstat_panel_rows(s->panel); row++) {
        const int64_t count = exact_count(s->panel, row);
        if (count > 0 && evidence(s, count) % divisor == 0) {
            *differ = *differ || (last != 0 && count != last);
            last = count;
            multiples++;
        }
    }
    return multiples;
}

/* Are that many of the counts multiples because something was done to them? */
static bool stands_out(const survey *s, size_t multiples, int64_t divisor, double *chance)
{
    const double share = (double) multiples / (double) s->counts;
    const double expected = 1.0 / (double) divisor;
    *chance = log_chance(multiples, s->counts, divisor);
    return share - expected >= EXCESS * (1.0 - expected) && *chance < log(FILE_CHANCE);
}

/* The largest of 5, 10, 50, 100… that the file stands out with: what its counts are rounded to. */
static void find_unit(survey *s)
{
    int64_t found = 0;
    int64_t ten = 1;
    for (int step = 0; step < 18; step++) {
        const int64_t unit = step % 2 == 0 ? ten * 5 : (ten *= 10);
        double chance = 0.0;
        bool differ = false;
        const size_t multiples = count_multiples(s, unit, &differ);
        if (!differ || !stands_out(s, multiples, unit, &chance)) {
            break;
        }
        found = unit;
        s->rounded = multiples;
    }
    s->unit = found; /* from here on zeros are no evidence */
}

static traffstat_status find_file_divisor(traffstat_ctx *ctx, survey *s)
{
    const size_t series = traffstat_panel_series(s->panel);
    int64_t *divisors = traffstat_i_alloc(ctx, series, sizeof *divisors);
    candidate best[CANDIDATES] = {{0, 0}};
    size_t found = 0;
    if (divisors == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    for (size_t i = 0; i < series; i++) {
        if (s->series[i].proven > 1) {
            divisors[found++] = s->series[i].proven;
        }
    }
    find_candidates(divisors, found, best);
    traffstat_i_free(ctx, divisors);
    double least = 0.0;
    for (size_t i = 0; i < CANDIDATES && best[i].series > 0; i++) {
        bool differ = false;
        double chance = 0.0;
        const size_t multiples = count_multiples(s, best[i].divisor, &differ);
        if (differ && stands_out(s, multiples, best[i].divisor, &chance) && chance < least) {
            least = chance;
            s->divisor = best[i].divisor;
            s->multiples = multiples;
        }
    }
    return TRAFFSTAT_OK;
}

/* ---- saying so ------------------------------------------------------------------------------ */

static void add_name(traffstat_text *text, const traffstat_panel *panel, size_t series)
{
    char name[TRAFFSTAT_I_SHOWN];
    traffstat_i_text_add(
        text,
        traffstat_i_slice_show(traffstat_i_slice_of(traffstat_i_panel_label(panel, series)), name));
}

/* "Missoula: 64, 128, 64 are multiples of 64" */
static void describe_series(traffstat_text *text, const survey *s, size_t series)
{
    const size_t first = traffstat_panel_series_first(s->panel, series);
    const size_t end = first + traffstat_panel_series_count(s->panel, series);
    size_t shown = 0;
    add_name(text, s->panel, series);
    traffstat_i_text_add(text, ":");
    for (size_t row = first; row < end && shown < SHOWN_COUNTS; row++) {
        const int64_t count = exact_count(s->panel, row);
        if (count > 0) {
            traffstat_i_text_addf(text, "%s %lld", shown > 0 ? "," : "", (long long) count);
            shown++;
        }
    }
    traffstat_i_text_addf(
        text, "%s: %s of %lld", s->series[series].counts > shown ? " and so on" : "",
        s->series[series].counts == 1 ? "a multiple" : "all multiples",
        (long long) (s->series[series].counts == 1 ? s->divisor : s->series[series].divisor));
}

/* "2310 of 2942 counts are multiples of 64, in 1278 series: …" with the name of each place, for
 * each of them has to know. */
static void describe_file(traffstat_text *text, const survey *s)
{
    size_t places = 0;
    for (size_t i = 0; i < traffstat_panel_series(s->panel); i++) {
        places += s->series[i].divisor > 1 && s->series[i].proven % s->divisor == 0 ? 1 : 0;
    }
    traffstat_i_text_addf(text,
                          "%zu of %zu counts are multiples of %lld; nothing else stands in "
                          "%zu series: ",
                          s->multiples, s->counts, (long long) s->divisor, places);
    const char *gap = "";
    const char *last = "";
    for (size_t i = 0; i < traffstat_panel_series(s->panel); i++) {
        const char *name = traffstat_i_panel_label(s->panel, i);
        if (s->series[i].divisor > 1 && s->series[i].proven % s->divisor == 0 &&
            strcmp(name, last) != 0) {
            traffstat_i_text_add(text, gap);
            add_name(text, s->panel, i);
            gap = ", ";
            last = name;
        }
    }
}

static traffstat_status report_unit(traffstat_i_log *log, const survey *s)
{
    traffstat_text text;
    traffstat_i_text_init(&text, log->ctx);
    traffstat_i_text_addf(&text, "%zu of %zu counts are multiples of %lld", s->rounded, s->counts,
                          (long long) s->unit);
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_log_add_whole(log, TRAFFSTAT_I_ROUNDED, log->file, 0,
                                                traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status report(traffstat_i_log *log, const survey *s)
{
    traffstat_text text;
    traffstat_i_text_init(&text, log->ctx);
    traffstat_status status = s->unit > 0 ? report_unit(log, s) : TRAFFSTAT_OK;
    if (s->divisor > 1 && status == TRAFFSTAT_OK) {
        traffstat_i_log_keep_all(log, TRAFFSTAT_I_COMMON_DIVISOR);
        describe_file(&text, s);
        status = text.failed ? TRAFFSTAT_E_NOMEM
                             : traffstat_i_log_add_whole(log, TRAFFSTAT_I_COMMON_DIVISOR, log->file,
                                                         0, traffstat_i_text_get(&text));
    }
    for (size_t i = 0; i < traffstat_panel_series(s->panel) && status == TRAFFSTAT_OK; i++) {
        if (!is_strange(s, &s->series[i])) {
            continue;
        }
        traffstat_i_text_clear(&text);
        if (traffstat_i_log_wants(log, TRAFFSTAT_I_COMMON_DIVISOR)) {
            describe_series(&text, s, i);
        }
        status = text.failed
                     ? TRAFFSTAT_E_NOMEM
                     : traffstat_i_log_add_whole(log, TRAFFSTAT_I_COMMON_DIVISOR, s->first[i]->file,
                                                 s->first[i]->line, traffstat_i_text_get(&text));
    }
    traffstat_i_text_clear(&text);
    return status;
}

/* What is made of the counts carries the doubt along. */
static void flag_series(traffstat_panel *panel, size_t series)
{
    const size_t first = traffstat_panel_series_first(panel, series);
    const size_t end = first + traffstat_panel_series_count(panel, series);
    for (size_t row = first; row < end; row++) {
        if (exact_count(panel, row) > 0) {
            traffstat_i_panel_flag(panel, row, TRAFFSTAT_FLAG_COMMON_DIVISOR);
        }
    }
}

/* For a file of one series its own rule is enough. */
static traffstat_status survey_file(traffstat_ctx *ctx, survey *s)
{
    const size_t count = traffstat_panel_series(s->panel);
    for (size_t i = 0; i < count; i++) {
        look_at(s, i);
    }
    if (s->looked_at < 2) {
        return TRAFFSTAT_OK;
    }
    find_unit(s);
    if (s->unit > 0) { /* seen again, without zeros */
        memset(s->series, 0, count * sizeof *s->series);
        s->looked_at = 0;
        s->counts = 0;
        for (size_t i = 0; i < count; i++) {
            look_at(s, i);
        }
    }
    return find_file_divisor(ctx, s);
}

traffstat_status traffstat_i_divisors(traffstat_i_log *log, traffstat_panel *panel,
                                      const traffstat_i_cells *cells)
{
    const size_t count = traffstat_panel_series(panel);
    survey s = {.panel = panel,
                .series = traffstat_i_alloc(log->ctx, count, sizeof *s.series),
                .first = traffstat_i_alloc(log->ctx, count, sizeof *s.first)};
    traffstat_status status =
        s.series != NULL && s.first != NULL ? TRAFFSTAT_OK : TRAFFSTAT_E_NOMEM;
    if (status == TRAFFSTAT_OK) {
        for (size_t i = cells->count; i > 0; i--) {
            s.first[cells->items[i - 1].series] = &cells->items[i - 1];
        }
        status = survey_file(log->ctx, &s);
    }
    if (status == TRAFFSTAT_OK) {
        status = report(log, &s);
    }
    for (size_t i = 0; i < count && status == TRAFFSTAT_OK; i++) {
        if (is_strange(&s, &s.series[i])) {
            flag_series(panel, i);
        }
    }
    traffstat_i_free(log->ctx, s.series);
    traffstat_i_free(log->ctx, s.first);
    return status;
}
