#include <math.h>
#include <string.h>

#include "read/read.h"

/* Marks that say "no number here", folded to lower case. Signs as they stand. */
static const char *const absent[] = {
    "",
    "na",
    "n/a",
    "n.a.",
    "(na)",
    "#n/a",
    "null",
    "nan",
    "-",
    "--",
    "---",
    ".",
    "..",
    "...",
    "unknown",
    "unreliable",
    "xx",
    "missing",
    "unreported",
    "not reported",
    "not available",
    "\xe2\x80\x93" /* en dash */,
    "\xe2\x80\x94" /* em dash */,
    "\xe2\x80\xa6" /* ellipsis */,
};

/* Marks that a number stands behind, or a note: without bounds for them they are no more than the
 * marks above. */
static const char *const stars[] = {"*", "**"};

/* Words that say "there is a number, and it is hidden". */
static const char *const hidden[] = {"s", "suppressed", "several", "several*", "withheld"};

static const char *const inapplicable[] = {"not applicable", "not_applicable"};

/* Numbers below 0 that questionnaires and databases write for "no answer". */
static const int64_t missing_codes[] = {-9, -99, -999, -9999};

/* Spaces that group digits, beside the plain one, and the apostrophe of Swiss files. */
static const char *const group_marks[] = {" ", "\xc2\xa0",    "\xe2\x80\x89", "\xe2\x80\xaf",
                                          "'", "\xe2\x80\x99"};

static const char minus_sign[] = "\xe2\x88\x92";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool starts(traffstat_i_slice text, const char *with)
{
    const size_t size = strlen(with);
    return text.size >= size && memcmp(text.data, with, size) == 0;
}

static bool eat(traffstat_i_slice *text, const char *with)
{
    if (!starts(*text, with)) {
        return false;
    }
    text->data += strlen(with);
    text->size -= strlen(with);
    return true;
}

static void eat_spaces(traffstat_i_slice *text)
{
    while (eat(text, " ") || eat(text, "\xc2\xa0") || eat(text, "\t")) {
    }
}

static bool at_digit(traffstat_i_slice text)
{
    return text.size > 0 && is_digit(text.data[0]);
}

static bool is_among(traffstat_i_slice text, const char *const *marks, size_t count)
{
    char lower[16];
    if (text.size >= sizeof lower || at_digit(text)) {
        return false;
    }
    for (size_t i = 0; i < text.size; i++) {
        lower[i] = traffstat_i_lower(text.data[i]);
    }
    lower[text.size] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (strcmp(lower, marks[i]) == 0) {
            return true;
        }
    }
    return false;
}

#define AMONG(text, list) is_among(text, list, sizeof(list) / sizeof(list)[0])

/* The kind of a word that stands for a number; READ when it is none of them. */
static traffstat_i_value read_word(traffstat_i_slice text)
{
    if (AMONG(text, absent)) {
        return TRAFFSTAT_I_VALUE_MISSING;
    }
    if (AMONG(text, stars)) {
        return TRAFFSTAT_I_VALUE_MARK;
    }
    if (AMONG(text, hidden)) {
        return TRAFFSTAT_I_VALUE_HIDDEN;
    }
    return AMONG(text, inapplicable) ? TRAFFSTAT_I_VALUE_INAPPLICABLE : TRAFFSTAT_I_VALUE_READ;
}

/* "-3": what was below 0, or a code for "no answer". */
static traffstat_i_value read_negative(int64_t value, int64_t *lower, int64_t *upper)
{
    *lower = -value;
    *upper = -value;
    for (size_t i = 0; i < sizeof missing_codes / sizeof missing_codes[0]; i++) {
        if (*lower == missing_codes[i]) {
            return TRAFFSTAT_I_VALUE_CODE;
        }
    }
    return value > 0 ? TRAFFSTAT_I_VALUE_NEGATIVE : TRAFFSTAT_I_VALUE_READ;
}

static size_t digits_at(traffstat_i_slice text)
{
    size_t n = 0;
    while (n < text.size && is_digit(text.data[n])) {
        n++;
    }
    return n;
}

/* Appends digits; false past INT64_MAX - 1, for INT64_MAX means "no upper end". */
static bool add_digits(traffstat_i_slice *text, size_t n, int64_t *value)
{
    for (size_t i = 0; i < n; i++) {
        const int digit = text->data[i] - '0';
        if (*value > (INT64_MAX - 1 - digit) / 10) {
            return false;
        }
        *value = *value * 10 + digit;
    }
    text->data += n;
    text->size -= n;
    return true;
}

/* The thousands mark before the next digit, or NULL. */
static const char *group_mark(traffstat_i_slice text, char decimal)
{
    const char *point = decimal == ',' ? "." : ",";
    traffstat_i_slice after = text;
    if (eat(&after, point) && at_digit(after)) {
        return point;
    }
    for (size_t i = 0; i < sizeof group_marks / sizeof group_marks[0]; i++) {
        after = text;
        if (eat(&after, group_marks[i]) && at_digit(after)) {
            return group_marks[i];
        }
    }
    return NULL;
}

/* Digits with one kind of thousands mark, in groups of exactly three after the first. */
static bool eat_digits(traffstat_i_slice *text, char decimal, int64_t *value)
{
    const size_t first = digits_at(*text);
    *value = 0;
    if (first == 0 || !add_digits(text, first, value)) {
        return false;
    }
    const char *mark = group_mark(*text, decimal);
    if (mark == NULL) {
        return true;
    }
    while (group_mark(*text, decimal) == mark) {
        (void) eat(text, mark);
        if (first > 3 || digits_at(*text) != 3 || !add_digits(text, 3, value)) {
            return false;
        }
    }
    return group_mark(*text, decimal) == NULL;
}

/* A whole number; "564021.0" is one too. */
static bool eat_whole(traffstat_i_slice *text, char decimal, int64_t *value)
{
    if (!eat_digits(text, decimal, value)) {
        return false;
    }
    if (text->size > 1 && text->data[0] == decimal && is_digit(text->data[1])) {
        text->data++;
        text->size--;
        while (text->size > 0 && text->data[0] == '0') {
            text->data++;
            text->size--;
        }
    }
    return !at_digit(*text);
}

/* "k", "M" and "B" behind a number: the power of ten, 0 none. */
static int magnitude(char c)
{
    switch (c) {
    case 'k':
    case 'K':
        return 3;
    case 'm':
    case 'M':
        return 6;
    case 'b':
    case 'B':
        return 9;
    default:
        return 0;
    }
}

/* "400k" and "3.28M": whole once its decimals are counted in. */
static bool read_magnitude(traffstat_i_slice text, char decimal, int64_t *value)
{
    int zeros = text.size > 1 ? magnitude(text.data[text.size - 1]) : 0;
    if (zeros == 0) {
        return false;
    }
    text.size--;
    while (text.size > 0 && text.data[text.size - 1] == ' ') {
        text.size--;
    }
    if (!eat_digits(&text, decimal, value)) {
        return false;
    }
    if (text.size > 1 && text.data[0] == decimal) {
        text.data++;
        text.size--;
        const size_t decimals = digits_at(text);
        zeros -= (int) (decimals <= 9 ? decimals : 10);
        if (zeros < 0 || !add_digits(&text, decimals, value)) {
            return false;
        }
    }
    for (; zeros > 0; zeros--) {
        if (*value > (INT64_MAX - 1) / 10) {
            return false;
        }
        *value *= 10;
    }
    return text.size == 0;
}

static bool whole_alone(traffstat_i_slice text, char decimal, int64_t *value)
{
    eat_spaces(&text);
    return eat_whole(&text, decimal, value) && text.size == 0;
}

/* "<5" is [0, 4], "<=5" is [0, 5], ">5" is [6, no end), ">=5" is [5, no end). */
static traffstat_i_value read_bound(traffstat_i_slice text, char decimal, int64_t *lower,
                                    int64_t *upper)
{
    const bool below = text.data[0] == '<' || starts(text, "\xe2\x89\xa4");
    const bool or_equal = starts(text, "\xe2\x89\xa4") || starts(text, "\xe2\x89\xa5") ||
                          starts(text, "<=") || starts(text, ">=");
    (void) (eat(&text, "<=") || eat(&text, ">=") || eat(&text, "<") || eat(&text, ">") ||
            eat(&text, "\xe2\x89\xa4") || eat(&text, "\xe2\x89\xa5"));
    int64_t value = 0;
    if (!whole_alone(text, decimal, &value) || (below && !or_equal && value == 0)) {
        return TRAFFSTAT_I_VALUE_UNREADABLE;
    }
    *lower = below ? 0 : value + !or_equal;
    *upper = below ? value - !or_equal : TRAFFSTAT_NO_UPPER;
    return *lower < TRAFFSTAT_NO_UPPER ? TRAFFSTAT_I_VALUE_READ : TRAFFSTAT_I_VALUE_UNREADABLE;
}

static bool eat_dash(traffstat_i_slice *text)
{
    return eat(text, "-") || eat(text, "\xe2\x80\x93") || eat(text, "\xe2\x80\x94") ||
           eat(text, minus_sign) || eat(text, "to ");
}

/* What follows the first number: nothing, "+", or the other end of a range. */
static traffstat_i_value read_rest(traffstat_i_slice text, char decimal, int64_t first,
                                   int64_t *lower, int64_t *upper)
{
    eat_spaces(&text);
    *lower = first;
    *upper = first;
    if (text.size == 0) {
        return TRAFFSTAT_I_VALUE_READ;
    }
    if (text.size == 1 && text.data[0] == '+') {
        *upper = TRAFFSTAT_NO_UPPER;
        return TRAFFSTAT_I_VALUE_READ;
    }
    if (!eat_dash(&text) || !whole_alone(text, decimal, upper) || *upper < first) {
        return TRAFFSTAT_I_VALUE_UNREADABLE;
    }
    return TRAFFSTAT_I_VALUE_READ;
}

/* Most counts: up to eighteen digits and nothing else. */
static bool read_plain(traffstat_i_slice text, int64_t *value)
{
    if (text.size == 0 || text.size > 18) {
        return false;
    }
    int64_t sum = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (!is_digit(text.data[i])) {
            return false;
        }
        sum = sum * 10 + (text.data[i] - '0');
    }
    *value = sum;
    return true;
}

traffstat_i_value traffstat_i_read_count(traffstat_i_slice text, char decimal, int64_t *lower,
                                         int64_t *upper)
{
    if (read_plain(text, lower)) {
        *upper = *lower;
        return TRAFFSTAT_I_VALUE_READ;
    }
    text = traffstat_i_slice_trim(text);
    const traffstat_i_value word = read_word(text);
    if (word != TRAFFSTAT_I_VALUE_READ) {
        return word;
    }
    if (read_magnitude(text, decimal, lower)) {
        *upper = *lower;
        return TRAFFSTAT_I_VALUE_READ;
    }
    if (text.data[0] == '<' || text.data[0] == '>' || starts(text, "\xe2\x89\xa4") ||
        starts(text, "\xe2\x89\xa5")) {
        return read_bound(text, decimal, lower, upper);
    }
    int64_t value = 0;
    if (eat(&text, "-") || eat(&text, minus_sign)) {
        return whole_alone(text, decimal, &value) ? read_negative(value, lower, upper)
                                                  : TRAFFSTAT_I_VALUE_UNREADABLE;
    }
    return eat_whole(&text, decimal, &value) ? read_rest(text, decimal, value, lower, upper)
                                             : TRAFFSTAT_I_VALUE_UNREADABLE;
}

bool traffstat_i_read_year(traffstat_i_slice text, int32_t *out)
{
    int64_t year = 0;
    if (text.size != 4) {
        text = traffstat_i_slice_trim(text);
    }
    if (text.size != 4 || !read_plain(text, &year) || year < TRAFFSTAT_YEAR_MIN ||
        year > TRAFFSTAT_YEAR_MAX) {
        return false;
    }
    *out = (int32_t) year;
    return true;
}

/* The digits of a date's or a period's parts; false when there is anything else than one or two
 * marks between them. */
static size_t split_digits(traffstat_i_slice text, traffstat_i_slice parts[3], const char *marks)
{
    size_t count = 0;
    while (count < 3) {
        const size_t digits = digits_at(text);
        if (digits == 0) {
            return 0;
        }
        parts[count++] = (traffstat_i_slice){text.data, digits};
        text.data += digits;
        text.size -= digits;
        if (text.size == 0 || (count == 3 && (text.data[0] == ' ' || text.data[0] == 'T'))) {
            return count; /* a time of the day may follow */
        }
        if (strchr(marks, text.data[0]) == NULL && !starts(text, "\xe2\x80\x93")) {
            return 0;
        }
        const size_t step = starts(text, "\xe2\x80\x93") ? 3 : 1;
        text.data += step;
        text.size -= step;
    }
    return 0;
}

/* "2017-18" and "2017/2018" are one fiscal year, "2017-19" is a pool. */
static traffstat_i_period read_span(const traffstat_i_slice parts[3], traffstat_fiscal fiscal,
                                    int32_t *out)
{
    int32_t first = 0;
    int64_t last = 0;
    if (!traffstat_i_read_year(parts[0], &first) || !read_plain(parts[1], &last) ||
        (parts[1].size != 2 && parts[1].size != 4)) {
        return TRAFFSTAT_I_PERIOD_NONE;
    }
    const int64_t next = parts[1].size == 2 ? (first + 1) % 100 : first + 1;
    if (last != next) {
        return parts[1].size == 2 && last <= 12 && last < next ? TRAFFSTAT_I_PERIOD_NONE
                                                               : TRAFFSTAT_I_PERIOD_POOLED;
    }
    *out = fiscal == TRAFFSTAT_FISCAL_END ? first + 1 : first;
    return *out <= TRAFFSTAT_YEAR_MAX ? TRAFFSTAT_I_PERIOD_YEAR : TRAFFSTAT_I_PERIOD_NONE;
}

static traffstat_i_period read_date(const traffstat_i_slice parts[3], int32_t *out)
{
    int64_t middle = 0;
    int64_t day = 0;
    const bool first = parts[0].size == 4;
    const traffstat_i_slice other = first ? parts[2] : parts[0];
    const bool good = other.size <= 2 && parts[1].size <= 2 && read_plain(parts[1], &middle) &&
                      read_plain(other, &day) && middle >= 1 && middle <= 31 && day >= 1 &&
                      day <= 31 && traffstat_i_read_year(first ? parts[0] : parts[2], out);
    return good ? TRAFFSTAT_I_PERIOD_YEAR : TRAFFSTAT_I_PERIOD_NONE;
}

traffstat_i_period traffstat_i_read_period(traffstat_i_slice text, traffstat_fiscal fiscal,
                                           int32_t *out)
{
    traffstat_i_slice parts[3];
    if (traffstat_i_read_year(text, out)) {
        return TRAFFSTAT_I_PERIOD_YEAR;
    }
    text = traffstat_i_slice_trim(text);
    if (text.size > 4 && (eat(&text, "FY") || eat(&text, "fy") || eat(&text, "Fy"))) {
        eat_spaces(&text);
        if (traffstat_i_read_year(text, out)) {
            *out -= fiscal == TRAFFSTAT_FISCAL_START;
            return *out >= TRAFFSTAT_YEAR_MIN ? TRAFFSTAT_I_PERIOD_YEAR : TRAFFSTAT_I_PERIOD_NONE;
        }
    }
    if (text.size > 5 && text.data[4] == '.') { /* "2018.0" */
        int64_t value = 0;
        const traffstat_i_slice head = {text.data, 4};
        return whole_alone(text, '.', &value) && traffstat_i_read_year(head, out)
                   ? TRAFFSTAT_I_PERIOD_YEAR
                   : TRAFFSTAT_I_PERIOD_NONE;
    }
    const size_t count = split_digits(text, parts, "-/.");
    if (count == 2) {
        return read_span(parts, fiscal, out);
    }
    return count == 3 ? read_date(parts, out) : TRAFFSTAT_I_PERIOD_NONE;
}

/* One mark at the end of a name, or 0. */
static size_t mark_at_end(traffstat_i_slice name)
{
    static const char *const signs[] = {"*",        "\xe2\x80\xa0", "\xe2\x80\xa1", "\xc2\xa7",
                                        "\xc2\xb9", "\xc2\xb2",     "\xc2\xb3"};
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const size_t size = strlen(signs[i]);
        if (name.size > size && memcmp(name.data + name.size - size, signs[i], size) == 0) {
            return size;
        }
    }
    if (name.size < 4 || name.data[name.size - 1] != ']') {
        return 0;
    }
    for (size_t i = name.size - 1; i > 1 && name.size - i <= 6; i--) {
        if (name.data[i - 1] == '[') {
            return name.size - i + 1;
        }
    }
    return 0;
}

traffstat_i_slice traffstat_i_without_marks(traffstat_i_slice name, bool digits)
{
    name = traffstat_i_slice_trim(name);
    for (size_t mark = mark_at_end(name); mark > 0; mark = mark_at_end(name)) {
        name.size -= mark;
        name = traffstat_i_slice_trim(name);
    }
    size_t end = name.size;
    while (
        digits && end > 0 &&
        (is_digit(name.data[end - 1]) || name.data[end - 1] == ',' || name.data[end - 1] == ' ')) {
        end--;
    }
    return end > 0 ? (traffstat_i_slice){name.data, end} : name;
}

/* "1.5e-09", as programs write small and great numbers. */
static bool is_scientific(traffstat_i_slice text, char decimal)
{
    const char *e = text.size > 2 ? memchr(text.data, 'e', text.size) : NULL;
    return e != NULL && decimal == '.' && at_digit(text) &&
           traffstat_i_is_digit(text.data[text.size - 1]);
}

traffstat_i_value traffstat_i_read_number(traffstat_i_slice text, char decimal, double *out)
{
    int64_t plainly = 0;
    if (text.size <= 15 && read_plain(text, &plainly)) { /* 10^15 is still exact */
        *out = (double) plainly;
        return TRAFFSTAT_I_VALUE_READ;
    }
    text = traffstat_i_slice_trim(text);
    if (read_word(text) != TRAFFSTAT_I_VALUE_READ) {
        return TRAFFSTAT_I_VALUE_MISSING;
    }
    if (read_magnitude(text, decimal, &plainly)) {
        *out = (double) plainly;
        return TRAFFSTAT_I_VALUE_READ;
    }
    if (is_scientific(text, decimal) && traffstat_i_parse_double(text.data, text.size, out) &&
        isfinite(*out)) {
        return TRAFFSTAT_I_VALUE_READ;
    }
    const bool negative = eat(&text, "-") || eat(&text, minus_sign);
    int64_t whole = 0;
    char plain[64];
    traffstat_i_slice rest = text;
    if (!eat_digits(&rest, decimal, &whole) || rest.size > 24) {
        return TRAFFSTAT_I_VALUE_UNREADABLE;
    }
    size_t used = 0;
    for (const char *at = text.data; at < rest.data; at++) {
        if (is_digit(*at)) {
            plain[used++] = *at; /* at most 19 of them: the sum fits an int64_t or leading zeros */
            if (used > 32) {
                return TRAFFSTAT_I_VALUE_UNREADABLE;
            }
        }
    }
    if (rest.size > 0) {
        if (rest.size < 2 || rest.data[0] != decimal ||
            digits_at((traffstat_i_slice){rest.data + 1, rest.size - 1}) != rest.size - 1) {
            return TRAFFSTAT_I_VALUE_UNREADABLE;
        }
        plain[used++] = '.';
        memcpy(plain + used, rest.data + 1, rest.size - 1);
        used += rest.size - 1;
    }
    if (!traffstat_i_parse_double(plain, used, out)) {
        return TRAFFSTAT_I_VALUE_UNREADABLE;
    }
    return negative && *out > 0.0 ? TRAFFSTAT_I_VALUE_NEGATIVE : TRAFFSTAT_I_VALUE_READ;
}

traffstat_i_value traffstat_i_read_share(traffstat_i_slice text, char decimal, double *out)
{
    text = traffstat_i_slice_trim(text);
    const bool percent = text.size > 0 && text.data[text.size - 1] == '%';
    text.size -= percent;
    double value = 0.0;
    const traffstat_i_value read = traffstat_i_read_number(text, decimal, &value);
    if (read != TRAFFSTAT_I_VALUE_READ) {
        return percent && read == TRAFFSTAT_I_VALUE_MISSING ? TRAFFSTAT_I_VALUE_UNREADABLE : read;
    }
    *out = percent ? value / 100.0 : value;
    return *out > 0.0 && *out <= 1.0 ? TRAFFSTAT_I_VALUE_READ : TRAFFSTAT_I_VALUE_UNREADABLE;
}

typedef struct flag_word {
    const char *folded;
    uint32_t flag;
    int32_t why;
} flag_word;

static const flag_word *find_flag(traffstat_i_slice text)
{
    static const flag_word words[] = {
        {"provisional", TRAFFSTAT_FLAG_PROVISIONAL, 0},
        {"partialyear", TRAFFSTAT_FLAG_PARTIAL_YEAR, 0},
        {"break", TRAFFSTAT_FLAG_BREAK, 0},
        {"partial", TRAFFSTAT_FLAG_PARTIAL, 0},
        {"summed", TRAFFSTAT_FLAG_SUMMED, 0},
        {"lost", TRAFFSTAT_FLAG_LOST, 0},
        {"commondivisor", TRAFFSTAT_FLAG_COMMON_DIVISOR, 0},
        {"doubtful", TRAFFSTAT_FLAG_DOUBTFUL, 0},
        {"suppressed", 0, TRAFFSTAT_WHY_SUPPRESSED},
        {"notapplicable", 0, TRAFFSTAT_WHY_NOT_APPLICABLE},
        {"unparsable", 0, TRAFFSTAT_WHY_UNPARSABLE},
        {"", 0, 0},
    };
    char folded[32];
    (void) traffstat_i_fold(text, folded, sizeof folded);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(folded, words[i].folded) == 0) {
            return &words[i];
        }
    }
    return NULL;
}

bool traffstat_i_read_symbol(traffstat_i_slice text, uint32_t *out, int32_t *why)
{
    static const struct {
        const char *symbol;
        uint32_t flag;
        int32_t why;
    } symbols[] = {
        {"", 0, 0},
        {"..", 0, TRAFFSTAT_WHY_NOT_REPORTED}, /* not available for the period */
        {".", 0, TRAFFSTAT_WHY_NOT_REPORTED},  /* nor for any other */
        {"...", 0, TRAFFSTAT_WHY_NOT_APPLICABLE},
        {"x", 0, TRAFFSTAT_WHY_SUPPRESSED},
        {"F", 0, TRAFFSTAT_WHY_NOT_REPORTED}, /* too unreliable to be published */
        {"E", TRAFFSTAT_FLAG_DOUBTFUL, 0},    /* use with caution */
        {"p", TRAFFSTAT_FLAG_PROVISIONAL, 0},
        {"r", 0, 0},  /* revised */
        {"0s", 0, 0}, /* rounded to 0 */
        {"A", 0, 0},  /* quality: excellent to acceptable */
        {"B", 0, 0},
        {"C", 0, 0},
        {"D", 0, 0},
    };
    text = traffstat_i_slice_trim(text);
    *out = 0;
    *why = TRAFFSTAT_WHY_COUNTED;
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (traffstat_i_slice_equal(text, traffstat_i_slice_of(symbols[i].symbol))) {
            *out = symbols[i].flag;
            *why = symbols[i].why;
            return true;
        }
    }
    return false;
}

bool traffstat_i_read_flags(traffstat_i_slice text, uint32_t *out, int32_t *why)
{
    bool known = true;
    *out = 0;
    *why = TRAFFSTAT_WHY_COUNTED;
    while (text.size > 0) {
        const char *end = memchr(text.data, ';', text.size);
        const size_t size = end != NULL ? (size_t) (end - text.data) : text.size;
        const flag_word *found = find_flag((traffstat_i_slice){text.data, size});
        if (found != NULL) {
            *out |= found->flag;
            *why = found->why != 0 ? found->why : *why;
        }
        known = known && found != NULL;
        text.data += size + (end != NULL);
        text.size -= size + (end != NULL);
    }
    return known;
}
