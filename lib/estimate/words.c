/* Numbers, nouns and places as people write them. */
#include <math.h>
#include <string.h>

#include "estimate/words.h"

/* ---- numbers -------------------------------------------------------------------------------- */

/* Thousands commas from 10,000 on; 4 digits read well without. `digits`: sign, digits, rest. */
static void add_grouped(traffstat_text *text, const char *digits)
{
    const size_t sign = digits[0] == '-' ? 1 : 0;
    size_t whole = 0;
    while (traffstat_i_is_digit(digits[sign + whole])) {
        whole++;
    }
    traffstat_i_text_add(text, sign > 0 ? "\xe2\x88\x92" : ""); /* a minus, no hyphen */
    for (size_t i = 0; i < whole; i++) {
        if (i > 0 && whole > 4 && (whole - i) % 3 == 0) {
            traffstat_i_text_add(text, ",");
        }
        traffstat_i_text_add_bytes(text, digits + sign + i, 1);
    }
    traffstat_i_text_add(text, digits + sign + whole);
}

void traffstat_i_say_int(traffstat_text *text, int64_t value)
{
    traffstat_text digits;
    traffstat_i_text_init(&digits, text->ctx);
    traffstat_i_text_add_int(&digits, value);
    add_grouped(text, traffstat_i_text_get(&digits));
    text->failed = text->failed || digits.failed;
    traffstat_i_text_clear(&digits);
}

void traffstat_i_say_number(traffstat_text *text, double value)
{
    if (!isfinite(value)) {
        traffstat_i_text_add(text, isnan(value) ? "no number" : "infinite");
        return;
    }
    char digits[TRAFFSTAT_I_FIXED_SIZE];
    const int decimals = floor(value) == value ? 0 : 1;
    (void) traffstat_i_format_fixed(digits, sizeof digits, value, decimals);
    add_grouped(text, digits);
}

/* Whether two numbers read the same. */
static bool reads_alike(double a, double b)
{
    const double scale = floor(a) == a && floor(b) == b ? 1.0 : 10.0;
    return nearbyint(a * scale) == nearbyint(b * scale);
}

void traffstat_i_say_range(traffstat_text *text, double lower, double upper)
{
    if (isnan(lower) && !isnan(upper)) {
        traffstat_i_text_add(text, "up to ");
        traffstat_i_say_number(text, upper);
        return;
    }
    traffstat_i_say_number(text, lower);
    if (isnan(lower) || reads_alike(lower, upper)) {
        return;
    }
    if (!isfinite(upper)) {
        traffstat_i_text_add(text, " or more");
        return;
    }
    traffstat_i_text_add(text, EN_DASH);
    traffstat_i_say_number(text, upper);
}

#define PERCENT_DECIMALS 12

static double rounded(double value, int decimals)
{
    const double scale = pow(10.0, decimals);
    return nearbyint(value * scale) / scale;
}

/* Fewest decimals with which a share strictly between 0 and 1 reads as neither. */
static int honest_decimals(double percent)
{
    int decimals = 0;
    while (decimals < PERCENT_DECIMALS && percent > 0.0 && percent < 100.0 &&
           (rounded(percent, decimals) <= 0.0 || rounded(percent, decimals) >= 100.0)) {
        decimals++;
    }
    return decimals;
}

/* No zeros at the end: "12 %" beside "0.4 %", not "12.0 %". */
static void add_trimmed(traffstat_text *text, double value, int decimals)
{
    while (decimals > 0 && rounded(value, decimals) == rounded(value, decimals - 1)) {
        decimals--;
    }
    traffstat_i_text_add_fixed(text, value, decimals);
}

void traffstat_i_say_share_range(traffstat_text *text, double lower, double upper)
{
    if (isnan(lower) || isnan(upper)) {
        traffstat_i_text_add(text, "an unknown share");
        return;
    }
    const double low = 100.0 * lower;
    const double high = 100.0 * upper;
    int low_decimals = honest_decimals(low);
    int high_decimals = honest_decimals(high);
    while (lower < upper && rounded(low, low_decimals) == rounded(high, high_decimals) &&
           low_decimals < PERCENT_DECIMALS && high_decimals < PERCENT_DECIMALS) {
        low_decimals = high_decimals =
            (low_decimals > high_decimals ? low_decimals : high_decimals) + 1;
    }
    add_trimmed(text, low, low_decimals);
    if (rounded(low, low_decimals) < rounded(high, high_decimals)) {
        traffstat_i_text_add(text, EN_DASH);
        add_trimmed(text, high, high_decimals);
    }
    traffstat_i_text_add(text, NBSP "%");
}

void traffstat_i_say_percent(traffstat_text *text, double share)
{
    traffstat_i_text_add_double(text, nearbyint(share * 1e8) / 1e6);
    traffstat_i_text_add(text, NBSP "%");
}

/* Two digits that count, so 0.0433 is "0.043"; near 1 three decimals; no zeros at the end. */
void traffstat_i_say_p(traffstat_text *text, double p)
{
    if (isnan(p)) {
        traffstat_i_text_add(text, "no number");
    } else if (p >= 1.0) {
        traffstat_i_text_add(text, "1");
    } else if (p < 0.001) {
        traffstat_i_text_add(text, "<" NBSP "0.001");
    } else if (p >= 0.9995) {
        traffstat_i_text_add(text, ">" NBSP "0.999");
    } else {
        add_trimmed(text, p, p < 0.00995 ? 4 : p < 0.0995 || p >= 0.995 ? 3 : 2);
    }
}

void traffstat_i_say_years(traffstat_text *text, int32_t first, int32_t last)
{
    traffstat_i_text_addf(text, "%d", (int) first);
    if (last != first) {
        traffstat_i_text_addf(text, EN_DASH "%d", (int) last);
    }
}

/* ---- nouns ---------------------------------------------------------------------------------- */

typedef struct words {
    const char *data;
    size_t size;
} words;

static bool is(words w, const char *text)
{
    if (strlen(text) != w.size) {
        return false;
    }
    for (size_t i = 0; i < w.size; i++) {
        if (traffstat_i_lower(w.data[i]) != text[i]) {
            return false;
        }
    }
    return true;
}

static bool ends(words w, const char *tail)
{
    const size_t size = strlen(tail);
    return w.size > size && is((words){w.data + w.size - size, size}, tail);
}

static bool among(words w, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (is(w, *list)) {
            return true;
        }
    }
    return false;
}

/* The word at *at, which moves past it; size 0 at the end. A comma ends a word. */
static words next_word(const char *phrase, size_t size, size_t *at)
{
    while (*at < size && (traffstat_i_is_space(phrase[*at]) || phrase[*at] == ',')) {
        (*at)++;
    }
    const size_t start = *at;
    while (*at < size && !traffstat_i_is_space(phrase[*at]) && phrase[*at] != ',') {
        (*at)++;
    }
    return (words){phrase + start, *at - start};
}

traffstat_i_noun traffstat_i_head_noun(const char *phrase, size_t size)
{
    static const char *const after[] = {"of",   "in",    "for",   "to", "by",  "with",
                                        "from", "under", "known", "at", "per", NULL};
    traffstat_i_noun noun = {0, 0};
    size_t at = 0;
    for (words w = next_word(phrase, size, &at); w.size > 0; w = next_word(phrase, size, &at)) {
        if (noun.size > 0 && among(w, after)) {
            break;
        }
        noun = (traffstat_i_noun){(size_t) (w.data - phrase), w.size};
        if (at < size && phrase[at] == ',') {
            break;
        }
    }
    return noun;
}

bool traffstat_i_countable(const char *phrase, size_t size)
{
    static const char *const plurals[] = {"people", "children", "women", "men", NULL};
    const traffstat_i_noun noun = traffstat_i_head_noun(phrase, size);
    const words w = {phrase + noun.at, noun.size};
    return among(w, plurals) || (ends(w, "s") && w.data[w.size - 1] == 's' && !ends(w, "ss") &&
                                 !ends(w, "us") && memchr(phrase, '_', size) == NULL);
}

static void add_singular(traffstat_text *text, words noun)
{
    static const char *const irregular[][2] = {
        {"people", "person"}, {"children", "child"}, {"women", "woman"}, {"men", "man"}};
    for (size_t i = 0; i < sizeof irregular / sizeof irregular[0]; i++) {
        if (is(noun, irregular[i][0])) {
            traffstat_i_text_add(text, irregular[i][1]);
            return;
        }
    }
    size_t cut = 0;
    if (ends(noun, "ies") && noun.size > 4) {
        traffstat_i_text_add_bytes(text, noun.data, noun.size - 3);
        traffstat_i_text_add(text, "y");
        return;
    }
    if (ends(noun, "sses") || ends(noun, "xes") || ends(noun, "ches") || ends(noun, "shes")) {
        cut = 2;
    } else if (ends(noun, "s") && !ends(noun, "ss") && !ends(noun, "us") && !ends(noun, "is")) {
        cut = 1;
    }
    traffstat_i_text_add_bytes(text, noun.data, noun.size - cut);
}

void traffstat_i_say_singular(traffstat_text *text, const char *phrase, size_t size)
{
    const traffstat_i_noun noun = traffstat_i_head_noun(phrase, size);
    traffstat_i_text_add_bytes(text, phrase, noun.at);
    add_singular(text, (words){phrase + noun.at, noun.size});
    traffstat_i_text_add_bytes(text, phrase + noun.at + noun.size, size - noun.at - noun.size);
}

/* In a form to be compared: singular, lower case, single spaces. */
static void add_plain(traffstat_text *text, const char *phrase, size_t size)
{
    traffstat_text singular;
    traffstat_i_text_init(&singular, text->ctx);
    traffstat_i_say_singular(&singular, phrase, size);
    bool gap = false;
    for (const char *c = traffstat_i_text_get(&singular); *c != '\0'; c++) {
        if (traffstat_i_is_space(*c)) {
            gap = text->size > 0;
            continue;
        }
        const char lower = traffstat_i_lower(*c);
        traffstat_i_text_add_bytes(text, " ", gap ? 1 : 0);
        traffstat_i_text_add_bytes(text, &lower, 1);
        gap = false;
    }
    text->failed = text->failed || singular.failed;
    traffstat_i_text_clear(&singular);
}

bool traffstat_i_same_words(traffstat_ctx *ctx, const char *a, size_t a_size, const char *b,
                            size_t b_size, bool *failed)
{
    traffstat_text plain_a;
    traffstat_text plain_b;
    traffstat_i_text_init(&plain_a, ctx);
    traffstat_i_text_init(&plain_b, ctx);
    add_plain(&plain_a, a, a_size);
    add_plain(&plain_b, b, b_size);
    *failed = *failed || plain_a.failed || plain_b.failed;
    const bool same = strcmp(traffstat_i_text_get(&plain_a), traffstat_i_text_get(&plain_b)) == 0;
    traffstat_i_text_clear(&plain_a);
    traffstat_i_text_clear(&plain_b);
    return same;
}

bool traffstat_i_mentions(const char *whole, size_t whole_size, const char *part, size_t part_size)
{
    for (size_t at = 0; part_size > 0 && at + part_size <= whole_size; at++) {
        size_t i = 0;
        while (i < part_size && traffstat_i_lower(whole[at + i]) == traffstat_i_lower(part[i])) {
            i++;
        }
        if (i == part_size) {
            return true;
        }
    }
    return false;
}

void traffstat_i_say_capital(traffstat_text *text, const char *phrase, size_t size)
{
    if (size == 0) {
        return;
    }
    const char first =
        phrase[0] >= 'a' && phrase[0] <= 'z' ? (char) (phrase[0] - 'a' + 'A') : phrase[0];
    traffstat_i_text_add_bytes(text, &first, 1);
    traffstat_i_text_add_bytes(text, phrase + 1, size - 1);
}

/* ---- places, units, citations --------------------------------------------------------------- */

void traffstat_i_say_place(traffstat_text *text, const char *place)
{
    static const char *const with_article[] = {"netherlands",
                                               "philippines",
                                               "bahamas",
                                               "gambia",
                                               "maldives",
                                               "uk",
                                               "us",
                                               "usa",
                                               "eu",
                                               "european union",
                                               "czech republic",
                                               "dominican republic",
                                               "russian federation",
                                               "district of columbia",
                                               NULL};
    const words w = {place, strlen(place)};
    const bool united = w.size > 7 && is((words){place, 7}, "united ");
    if (united || among(w, with_article)) {
        traffstat_i_text_add(text, "the ");
    }
    traffstat_i_text_add(text, place);
}

void traffstat_i_say_unit(traffstat_text *text, const char *measure)
{
    traffstat_i_measure read;
    traffstat_i_measure_read(measure, &read);
    if (traffstat_i_countable(read.unit, read.unit_size)) {
        traffstat_i_text_add_bytes(text, read.unit, read.unit_size);
    } else {
        traffstat_i_text_add(text, "cases");
    }
}

void traffstat_i_say_attention(traffstat_text *text, const char *measure)
{
    traffstat_i_measure read;
    traffstat_i_measure_read(measure, &read);
    const words agent = {read.agent, read.agent_size};
    if (agent.size == 0) {
        traffstat_i_text_add(text, "were recorded");
    } else if (is(agent, "police") || is(agent, "the police")) {
        traffstat_i_text_add(text, "came to police attention");
    } else {
        traffstat_i_text_add(text, "came to the attention of ");
        traffstat_i_text_add_bytes(text, agent.data, agent.size);
    }
}

#define SHORT_CITATION 110

static bool is_year(const char *text)
{
    for (size_t i = 0; i < 4; i++) {
        if (!traffstat_i_is_digit(text[i])) {
            return false;
        }
    }
    const bool century = text[0] == '1' ? text[1] >= '8' : text[0] == '2' && text[1] <= '1';
    return century && !traffstat_i_is_digit(text[4]);
}

/* Up to the first year, which mostly follows the authors; else up to the first comma. */
void traffstat_i_say_short_citation(traffstat_text *text, const char *citation)
{
    const size_t size = strlen(citation);
    for (size_t i = 0; i + 4 <= size && i < SHORT_CITATION; i++) {
        const bool starts = i == 0 || !traffstat_i_is_digit(citation[i - 1]);
        if (starts && is_year(citation + i)) {
            const size_t end = citation[i + 4] == ')' ? i + 5 : i + 4;
            traffstat_i_text_add_bytes(text, citation, end);
            return;
        }
    }
    traffstat_i_text_add_bytes(text, citation, strcspn(citation, ",;"));
}

bool traffstat_i_counts_persons(const char *measure)
{
    static const char *const nouns[] = {"victims",   "victim",   "persons", "person",   "people",
                                        "survivors", "children", "women",   "men",      "girls",
                                        "boys",      "minors",   "adults",  "suspects", "offenders",
                                        "migrants",  "workers",  "clients", "arrestees"};
    traffstat_i_measure read;
    traffstat_i_measure_read(measure, &read);
    traffstat_i_noun noun = traffstat_i_head_noun(read.unit, read.unit_size);
    if (ends((words){read.unit + noun.at, noun.size}, "ed") && noun.at > 0) {
        noun = traffstat_i_head_noun(read.unit, noun.at); /* "victims identified" */
    }
    for (size_t i = 0; i < sizeof nouns / sizeof nouns[0]; i++) {
        if (strlen(nouns[i]) == noun.size &&
            traffstat_i_mentions(read.unit + noun.at, noun.size, nouns[i], noun.size)) {
            return true;
        }
    }
    return false;
}
