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
    "*",
    "unknown",
    "missing",
    "unreported",
    "not reported",
    "not available",
    "\xe2\x80\x93" /* en dash */,
    "\xe2\x80\x94" /* em dash */,
    "\xe2\x80\xa6" /* ellipsis */,
};

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

static bool is_absent(traffstat_i_slice text)
{
    char lower[16];
    if (text.size == 0 || text.size >= sizeof lower || at_digit(text)) {
        return text.size == 0;
    }
    for (size_t i = 0; i < text.size; i++) {
        lower[i] = traffstat_i_lower(text.data[i]);
    }
    lower[text.size] = '\0';
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        if (strcmp(lower, absent[i]) == 0) {
            return true;
        }
    }
    return false;
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
    if (is_absent(text)) {
        return TRAFFSTAT_I_VALUE_MISSING;
    }
    if (text.data[0] == '<' || text.data[0] == '>' || starts(text, "\xe2\x89\xa4") ||
        starts(text, "\xe2\x89\xa5")) {
        return read_bound(text, decimal, lower, upper);
    }
    int64_t value = 0;
    if (eat(&text, "-") || eat(&text, minus_sign)) {
        if (!whole_alone(text, decimal, &value)) {
            return TRAFFSTAT_I_VALUE_UNREADABLE;
        }
        *lower = 0;
        *upper = 0;
        return value > 0 ? TRAFFSTAT_I_VALUE_NEGATIVE : TRAFFSTAT_I_VALUE_READ;
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

traffstat_i_value traffstat_i_read_number(traffstat_i_slice text, char decimal, double *out)
{
    int64_t plainly = 0;
    if (text.size <= 15 && read_plain(text, &plainly)) { /* 10^15 is still exact */
        *out = (double) plainly;
        return TRAFFSTAT_I_VALUE_READ;
    }
    text = traffstat_i_slice_trim(text);
    if (is_absent(text)) {
        return TRAFFSTAT_I_VALUE_MISSING;
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

bool traffstat_i_read_flags(traffstat_i_slice text, uint32_t *out)
{
    static const struct {
        const char *folded;
        uint32_t flag;
    } names[] = {
        {"provisional", TRAFFSTAT_FLAG_PROVISIONAL},
        {"partialyear", TRAFFSTAT_FLAG_PARTIAL_YEAR},
        {"break", TRAFFSTAT_FLAG_BREAK},
        {"partial", TRAFFSTAT_FLAG_PARTIAL},
        {"summed", TRAFFSTAT_FLAG_SUMMED},
        {"lost", TRAFFSTAT_FLAG_LOST},
        {"commondivisor", TRAFFSTAT_FLAG_COMMON_DIVISOR},
        {"doubtful", TRAFFSTAT_FLAG_DOUBTFUL},
    };
    bool known = true;
    *out = 0;
    while (text.size > 0) {
        const char *end = memchr(text.data, ';', text.size);
        const size_t size = end != NULL ? (size_t) (end - text.data) : text.size;
        char folded[32];
        bool found =
            traffstat_i_fold((traffstat_i_slice){text.data, size}, folded, sizeof folded) == 0;
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            if (strcmp(folded, names[i].folded) == 0) {
                *out |= names[i].flag;
                found = true;
            }
        }
        known = known && found;
        text.data += size + (end != NULL);
        text.size -= size + (end != NULL);
    }
    return known;
}
