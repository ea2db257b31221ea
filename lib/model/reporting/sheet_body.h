/* The likelihood of sheet.h. Included by files that fix LANES, TARGET and the names of the two. Rows are
 * taken four cells at a time whatever LANES is, and added up in the same order. */
#include <string.h>

#include "base/lane_math.h"
#include "model/reporting/sheet.h"

enum { PARTS = TRAFFSTAT_I_SHEET_STEP / LANES };

typedef struct quad {
    vec part[PARTS];
} quad;

static inline TARGET vec load(const double *from)
{
    vec v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline TARGET void add_to(double *to, vec more)
{
    const vec v = load(to) + more;
    memcpy(to, &v, sizeof v);
}

static inline TARGET double sum_of(const quad *q)
{
    double all[TRAFFSTAT_I_SHEET_STEP];
    memcpy(all, q, sizeof all);
    return (all[0] + all[1]) + (all[2] + all[3]);
}

/* One row's sums. */
typedef struct row {
    quad value;
    quad rate;
    quad report;
} row;

/* What the counts of a part lie above their means: scores by log rate and by logit p. */
static inline TARGET void take_rest(row *of, traffstat_i_sheet_room *room, size_t part, size_t year,
                                    vec rest, vec share)
{
    const vec report = rest * (1.0 - share);
    of->rate.part[part] += rest;
    of->report.part[part] += report;
    add_to(room->d_year_rate + year, rest);
    add_to(room->d_year_report + year, report);
}

static inline TARGET void finish_row(const row *of, traffstat_i_sheet_room *room, size_t place)
{
    room->d_place_rate[place] = sum_of(&of->rate);
    room->d_place_report[place] = sum_of(&of->report);
}

TARGET double SHEET_POISSON(const traffstat_i_sheet *sheet, traffstat_i_sheet_room *room)
{
    double sum = 0.0;
    for (size_t j = 0; j < sheet->places; j++) {
        const vec rate = set_all(room->place_rate[j]);
        const vec odds = set_all(room->place_odds[j]);
        row of = {0};
        for (size_t t = 0; t < sheet->years; t += TRAFFSTAT_I_SHEET_STEP) {
            for (size_t k = 0; k < PARTS; k++) {
                const size_t year = t + k * LANES;
                const size_t at = j * sheet->years + year;
                const vec y = load(sheet->count + at);
                const vec inverse = 1.0 + odds * load(room->year_odds + year);
                const vec share = 1.0 / inverse;
                const vec mu =
                    load(sheet->weight + at) * rate * load(room->year_rate + year) * share;
                const vec rest = y - mu;
                of.value.part[k] += mu + y * log_of(inverse);
                take_rest(&of, room, k, year, rest, share);
            }
        }
        finish_row(&of, room, j);
        sum += sum_of(&of.value);
    }
    return -sum;
}

/* With m = mean/p: theta + mu = (theta/p + m) p. */
TARGET double SHEET_BINOMIAL(const traffstat_i_sheet *sheet, double theta,
                             traffstat_i_sheet_room *room)
{
    double sum = 0.0;
    double slope = 0.0;
    for (size_t j = 0; j < sheet->places; j++) {
        const vec rate = set_all(room->place_rate[j]);
        const vec odds = set_all(room->place_odds[j]);
        row of = {0};
        quad by_theta = {0};
        for (size_t t = 0; t < sheet->years; t += TRAFFSTAT_I_SHEET_STEP) {
            for (size_t k = 0; k < PARTS; k++) {
                const size_t year = t + k * LANES;
                const size_t at = j * sheet->years + year;
                const vec y = load(sheet->count + at);
                const vec there = load(sheet->there + at);
                const vec inverse = 1.0 + odds * load(room->year_odds + year);
                const vec mean = load(sheet->weight + at) * rate * load(room->year_rate + year);
                const vec whole = theta * inverse + mean;
                const vec log_inverse = log_of(inverse);
                const vec log_ratio = log_of(whole) - log_inverse;
                /* one division for 1/inverse and 1/whole */
                const vec both = 1.0 / (inverse * whole);
                const vec share = both * whole;
                const vec per_whole = both * inverse;
                const vec size = theta * there + y;
                const vec rest = (y - mean * share) * (theta * inverse * per_whole);
                of.value.part[k] += y * log_inverse + size * log_ratio;
                by_theta.part[k] += size * mean * per_whole / theta - there * log_ratio;
                take_rest(&of, room, k, year, rest, share);
            }
        }
        finish_row(&of, room, j);
        sum += sum_of(&of.value);
        slope += sum_of(&by_theta);
    }
    room->d_theta = slope;
    return -sum;
}
