#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

/* The command never calls setlocale, so strtod reads a point whatever the user's locale is. */
bool parse_number(const char *text, double *out)
{
    char *end = NULL;
    if (strspn(text, "0123456789+-.eE") != strlen(text)) {
        return false;
    }
    *out = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(*out);
}

bool parse_whole(const char *text, uint64_t *out)
{
    if (text[0] == '\0' || strspn(text, "0123456789") != strlen(text)) {
        return false;
    }
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return errno == 0;
}

bool take_level(options *to, const char *value)
{
    if (!parse_number(value, &to->level) || !(to->level >= 0.01 && to->level <= 0.9999)) {
        (void) usage("--level \"%s\" is not a number from 0.01 to 0.9999; 0.95 means 95 %%", value);
        return false;
    }
    return true;
}

bool take_seed(options *to, const char *value)
{
    if (!parse_whole(value, &to->seed)) {
        (void) usage("--seed \"%s\" is not a whole number from 0 to 18446744073709551615", value);
        return false;
    }
    return true;
}

bool take_threads(options *to, const char *value)
{
    uint64_t threads = 0;
    if (!parse_whole(value, &threads) || threads > 256) {
        (void) usage("--threads \"%s\" is not a whole number from 0 (all cores) to 256", value);
        return false;
    }
    to->threads = (uint32_t) threads;
    return true;
}

/* One end of A..B; an empty one stays as it is. */
static bool take_year(const char *from, size_t size, int32_t *out)
{
    char digits[8];
    uint64_t year = 0;
    if (size == 0) {
        return true;
    }
    if (size >= sizeof digits) {
        return false;
    }
    memcpy(digits, from, size);
    digits[size] = '\0';
    if (!parse_whole(digits, &year) || year < TRAFFSTAT_YEAR_MIN || year > TRAFFSTAT_YEAR_MAX) {
        return false;
    }
    *out = (int32_t) year;
    return true;
}

bool take_years(options *to, const char *value)
{
    const char *dots = strstr(value, "..");
    bool good = false;
    if (dots == NULL) {
        good = value[0] != '\0' && take_year(value, strlen(value), &to->first_year);
        to->last_year = to->first_year;
    } else {
        good = value[2] != '\0' && take_year(value, (size_t) (dots - value), &to->first_year) &&
               take_year(dots + 2, strlen(dots + 2), &to->last_year);
    }
    if (!good) {
        (void) usage("--years \"%s\" is not of the form 2010..2018 (years from %d to %d)", value,
                     TRAFFSTAT_YEAR_MIN, TRAFFSTAT_YEAR_MAX);
        return false;
    }
    if (to->first_year > to->last_year) {
        (void) usage("--years \"%s\" ends before it begins", value);
        return false;
    }
    return true;
}

bool take_change(options *to, const char *value)
{
    const char *dots = strstr(value, "..");
    if (dots == NULL || dots == value || dots[2] == '\0' ||
        !take_year(value, (size_t) (dots - value), &to->change[0]) ||
        !take_year(dots + 2, strlen(dots + 2), &to->change[1])) {
        (void) usage("--change \"%s\" is not of the form 2015..2018 (years from %d to %d)", value,
                     TRAFFSTAT_YEAR_MIN, TRAFFSTAT_YEAR_MAX);
        return false;
    }
    if (to->change[0] >= to->change[1]) {
        (void) usage("--change \"%s\" does not go from a year to a later one", value);
        return false;
    }
    return true;
}

bool take_places(options *to, const char *value)
{
    to->places = true;
    to->places_year = 0;
    if (value[0] != '\0' && !take_year(value, strlen(value), &to->places_year)) {
        (void) usage("--places \"%s\" is no year from %d to %d", value, TRAFFSTAT_YEAR_MIN,
                     TRAFFSTAT_YEAR_MAX);
        return false;
    }
    return true;
}

/* ---- NAME=VALUE ------------------------------------------------------------------------------- */

static bool add_pair(pairs *to, const char *option_name, const char *value)
{
    const char *equals = strchr(value, '=');
    if (equals == NULL || equals == value) {
        (void) usage("--%s \"%s\" is not of the form NAME=VALUE", option_name, value);
        return false;
    }
    if (to->count == PAIRS_MAX) {
        (void) usage("--%s is given more than %d times", option_name, PAIRS_MAX);
        return false;
    }
    char *key = strndup(value, (size_t) (equals - value));
    if (key == NULL) {
        say("out of memory");
        return false;
    }
    to->items[to->count++] = (pair){key, equals + 1};
    return true;
}

static bool known(const char *option_name, const char *key, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (same(key, names[i])) {
            return true;
        }
    }
    char list[512] = "";
    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(list);
        (void) snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", names[i]);
    }
    (void) usage("--%s does not know \"%s\"; the names are: %s", option_name, key, list);
    return false;
}

bool take_where(options *to, const char *value)
{
    static const char *const names[] = {"jurisdiction", "key", "measure", "category", "source"};
    return add_pair(&to->where, "where", value) &&
           known("where", to->where.items[to->where.count - 1].key, names, 5);
}

static bool take_role(pairs *to, const char *option_name, const char *value)
{
    const char *names[TRAFFSTAT_ROLE_COUNT];
    for (int32_t role = 0; role < TRAFFSTAT_ROLE_COUNT; role++) {
        names[role] = traffstat_role_name(role);
    }
    return add_pair(to, option_name, value) &&
           known(option_name, to->items[to->count - 1].key, names, TRAFFSTAT_ROLE_COUNT);
}

bool take_map(options *to, const char *value)
{
    return take_role(&to->map, "map", value);
}

/* The years of cases tell the series of a triangle apart; none of them is a total of others. */
bool take_delay(options *to, const char *value)
{
    if (to->map.count == PAIRS_MAX) {
        (void) usage("--map is given more than %d times", PAIRS_MAX);
        return false;
    }
    char *key = strdup("jurisdiction");
    if (key == NULL) {
        say("out of memory");
        return false;
    }
    pair *item = &to->map.items[to->map.count++];
    item->key = key;
    item->value = value;
    to->totals = TRAFFSTAT_TOTALS_KEEP;
    to->delay = true;
    return true;
}

bool take_population_map(options *to, const char *value)
{
    return take_role(&to->population_map, "population-map", value);
}

bool take_set(options *to, const char *value)
{
    return take_role(&to->set, "set", value);
}

#define LIMITS 7
static const char *const limit_names[LIMITS] = {"field",    "record",       "columns", "series",
                                                "examples", "decompressed", "ratio"};

traffstat_limit limit_find(const char *name)
{
    for (int32_t i = 0; i < LIMITS; i++) {
        if (same(name, limit_names[i])) {
            return i;
        }
    }
    return -1;
}

bool take_limit(options *to, const char *value)
{
    if (!add_pair(&to->limits, "limit", value)) {
        return false;
    }
    const pair *given = &to->limits.items[to->limits.count - 1];
    uint64_t least = 0;
    uint64_t standard = 0;
    uint64_t greatest = 0;
    uint64_t size = 0;
    if (!known("limit", given->key, limit_names, LIMITS)) {
        return false;
    }
    if (traffstat_reader_limit_bounds(limit_find(given->key), &least, &standard, &greatest) !=
            TRAFFSTAT_OK ||
        !parse_whole(given->value, &size) || size < least || size > greatest) {
        (void) usage("--limit %s=%s is not a whole number from %llu to %llu", given->key,
                     given->value, (unsigned long long) least, (unsigned long long) greatest);
        return false;
    }
    return true;
}

/* ---- one of a few words ------------------------------------------------------------------------ */

typedef struct word {
    const char *name;
    int32_t value;
} word;

static bool take_word(const char *option_name, const char *value, const word *words, size_t count,
                      int32_t *out)
{
    char list[256] = "";
    for (size_t i = 0; i < count; i++) {
        const size_t used = strlen(list);
        if (same(value, words[i].name)) {
            *out = words[i].value;
            return true;
        }
        (void) snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", words[i].name);
    }
    (void) usage("--%s \"%s\" is none of: %s", option_name, value, list);
    return false;
}

bool take_duplicates(options *to, const char *value)
{
    static const word words[] = {{"sum", TRAFFSTAT_DUPLICATES_SUM},
                                 {"error", TRAFFSTAT_DUPLICATES_ERROR},
                                 {"first", TRAFFSTAT_DUPLICATES_FIRST},
                                 {"last", TRAFFSTAT_DUPLICATES_LAST}};
    return take_word("duplicates", value, words, 4, &to->duplicates);
}

bool take_absent(options *to, const char *value)
{
    static const word words[] = {{"missing", TRAFFSTAT_ABSENT_MISSING},
                                 {"zero", TRAFFSTAT_ABSENT_ZERO}};
    return take_word("absent", value, words, 2, &to->absent);
}

bool take_fiscal(options *to, const char *value)
{
    static const word words[] = {{"end", TRAFFSTAT_FISCAL_END}, {"start", TRAFFSTAT_FISCAL_START}};
    return take_word("fiscal", value, words, 2, &to->fiscal);
}

/* L..U, both ends whole. */
bool take_suppressed(options *to, const char *value)
{
    char lower[24];
    uint64_t ends[2] = {0, 0};
    const char *dots = strstr(value, "..");
    const size_t size = dots != NULL ? (size_t) (dots - value) : sizeof lower;
    bool good = size < sizeof lower;
    if (good) {
        memcpy(lower, value, size);
        lower[size] = '\0';
        good = parse_whole(lower, &ends[0]) && parse_whole(dots + 2, &ends[1]) &&
               ends[0] <= ends[1] && ends[1] < (uint64_t) TRAFFSTAT_NO_UPPER;
    }
    if (!good) {
        (void) usage("--suppressed \"%s\" is not of the form 1..4: least and greatest count that "
                     "may be hidden",
                     value);
        return false;
    }
    to->suppressed = true;
    to->suppressed_lower = (int64_t) ends[0];
    to->suppressed_upper = (int64_t) ends[1];
    return true;
}

bool take_by(options *to, const char *value)
{
    static const word words[] = {{"jurisdiction", TRAFFSTAT_BY_JURISDICTION},
                                 {"key", TRAFFSTAT_BY_KEY},
                                 {"category", TRAFFSTAT_BY_CATEGORY},
                                 {"measure", TRAFFSTAT_BY_MEASURE}};
    to->sums = true;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (same(value, words[i].name)) {
            return take_word("by", value, words, 4, &to->by);
        }
    }
    to->by = TRAFFSTAT_BY_GROUP;
    to->by_column = value;
    return true;
}

bool take_totals(options *to, const char *value)
{
    static const word words[] = {{"drop", TRAFFSTAT_TOTALS_DROP},
                                 {"keep", TRAFFSTAT_TOTALS_KEEP},
                                 {"error", TRAFFSTAT_TOTALS_ERROR}};
    return take_word("totals", value, words, 3, &to->totals);
}

bool take_decimal(options *to, const char *value)
{
    static const word words[] = {{".", '.'}, {",", ','}};
    return take_word("decimal", value, words, 2, &to->decimal);
}

bool take_delimiter(options *to, const char *value)
{
    static const word words[] = {{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'},
                                 {",", ','},     {";", ';'},         {"\t", '\t'},  {"|", '|'}};
    return take_word("delimiter", value, words, value[0] != '\0' && value[1] == '\0' ? 8 : 4,
                     &to->delimiter);
}

/* ---- priors ------------------------------------------------------------------------------------ */

bool take_evidence_size(options *to, const char *value)
{
    if (!parse_number(value, &to->evidence_size) || !(to->evidence_size > 0.0)) {
        (void) usage("--evidence-size \"%s\" is not a number above 0 (as many persons or cases as "
                     "the rate is worth)",
                     value);
        return false;
    }
    return true;
}

/* "gamma(2,0.1)" */
static bool take_gamma(options *to, const char *value)
{
    char shape[64];
    const size_t head = strlen("gamma(");
    const char *comma = strchr(value, ',');
    const size_t size = strlen(value);
    if (strncmp(value, "gamma(", head) != 0 || comma == NULL || value[size - 1] != ')' ||
        size >= sizeof shape) {
        return false;
    }
    char rate[64];
    (void) snprintf(shape, sizeof shape, "%.*s", (int) (comma - value) - (int) head, value + head);
    (void) snprintf(rate, sizeof rate, "%.*s", (int) strlen(comma) - 2, comma + 1);
    to->rate_prior = TRAFFSTAT_RATE_GAMMA;
    return parse_number(shape + strspn(shape, " "), &to->gamma_shape) &&
           parse_number(rate + strspn(rate, " "), &to->gamma_rate) && to->gamma_shape > 0.0 &&
           to->gamma_rate > 0.0;
}

bool take_rate_prior(options *to, const char *value)
{
    if (same(value, "inverse")) {
        to->rate_prior = TRAFFSTAT_RATE_INVERSE;
    } else if (same(value, "jeffreys")) {
        to->rate_prior = TRAFFSTAT_RATE_JEFFREYS;
    } else if (!take_gamma(to, value)) {
        (void) usage("--rate-prior \"%s\" is none of: inverse, jeffreys, gamma(shape,rate) with "
                     "both above 0",
                     value);
        return false;
    }
    return true;
}
