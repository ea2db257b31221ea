#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

/* ---- checked arithmetic --------------------------------------------------------------------- */

bool traffstat_i_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b) {
        return false;
    }
    *out = a + b;
    return true;
}

bool traffstat_i_mul_size(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b) {
        return false;
    }
    *out = a * b;
    return true;
}

bool traffstat_i_add_int64(int64_t a, int64_t b, int64_t *out)
{
    if (b >= 0 ? a > INT64_MAX - b : a < INT64_MIN - b) {
        return false;
    }
    *out = a + b;
    return true;
}

/* ---- reading -------------------------------------------------------------------------------- */

bool traffstat_i_parse_int(const char *text, size_t size, int64_t *out)
{
    size_t at = 0;
    const bool negative = size > 0 && text[0] == '-';
    if (size > 0 && (text[0] == '-' || text[0] == '+')) {
        at = 1;
    }
    if (at == size) {
        return false;
    }
    const uint64_t limit = negative ? (uint64_t) INT64_MAX + 1 : (uint64_t) INT64_MAX;
    uint64_t value = 0;
    for (; at < size; at++) {
        if (!traffstat_i_is_digit(text[at])) {
            return false;
        }
        const uint64_t digit = (uint64_t) (text[at] - '0');
        if (value > (limit - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = !negative ? (int64_t) value : value == limit ? INT64_MIN : -(int64_t) value;
    return true;
}

/* A point half-way between two doubles has at most 768 significant digits: whatever follows them
 * can only tell "exactly there" from "a little above", and one digit that is not zero says that. */
#define DIGITS_MAX 772
#define EXPONENT_MAX 1000000000000000 /* far past any text's length, far from INT64_MAX */

/* A decimal number taken apart: 0.DIGITS times ten to the power `point`; no leading zero. */
struct decimal {
    bool negative;
    size_t count;
    int64_t point;
    char digits[DIGITS_MAX + 1];
};

struct cursor {
    const char *at;
    const char *end;
};

static bool at_digit(const struct cursor *in)
{
    return in->at < in->end && traffstat_i_is_digit(*in->at);
}

static bool take(struct cursor *in, char c)
{
    if (in->at < in->end && *in->at == c) {
        in->at++;
        return true;
    }
    return false;
}

static bool take_sign(struct cursor *in)
{
    const bool negative = take(in, '-');
    if (!negative) {
        (void) take(in, '+');
    }
    return negative;
}

static void keep_digit(struct decimal *number, char digit)
{
    if (number->count < DIGITS_MAX) {
        number->digits[number->count++] = digit;
    } else if (number->count == DIGITS_MAX && digit != '0') {
        number->digits[number->count++] = '1';
    }
}

/* Digits before the point or after it; returns how many there were. */
static size_t take_digits(struct cursor *in, struct decimal *number, bool before)
{
    const char *start = in->at;
    for (; at_digit(in); in->at++) {
        const bool leading = number->count == 0 && *in->at == '0';
        if (!leading) {
            keep_digit(number, *in->at);
        }
        number->point += before && !leading ? 1 : !before && leading ? -1 : 0;
    }
    return (size_t) (in->at - start);
}

static bool take_exponent(struct cursor *in, int64_t *exponent)
{
    const bool negative = take_sign(in);
    int64_t value = 0;
    if (!at_digit(in)) {
        return false;
    }
    for (; at_digit(in); in->at++) {
        value = value < EXPONENT_MAX ? value * 10 + (*in->at - '0') : value;
    }
    *exponent = negative ? -value : value;
    return true;
}

static bool take_decimal(struct cursor *in, struct decimal *number)
{
    number->negative = take_sign(in);
    number->count = 0;
    number->point = 0;
    size_t seen = take_digits(in, number, true);
    if (take(in, '.')) {
        seen += take_digits(in, number, false);
    }
    int64_t exponent = 0;
    if (seen == 0 || ((take(in, 'e') || take(in, 'E')) && !take_exponent(in, &exponent))) {
        return false;
    }
    number->point += exponent;
    return in->at == in->end;
}

/* At most 15 digits and a power of ten up to 22 are exact doubles: one operation rounds once. */
static bool read_exactly(const struct decimal *number, double *out)
{
#if FLT_EVAL_METHOD == 0
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t power = number->point - (int64_t) number->count;
    if (number->count > 15 || power < -22 || power > 22) {
        return false;
    }
    int64_t digits = 0;
    for (size_t i = 0; i < number->count; i++) {
        digits = digits * 10 + (number->digits[i] - '0');
    }
    *out = power < 0 ? (double) digits / powers[-power] : (double) digits * powers[power];
    return true;
#else
    (void) number;
    (void) out;
    return false;
#endif
}

/* strtod obeys the locale only in the point and what stands around the number: it gets whole digits
 * and an exponent, nothing else. */
static double read_by_strtod(const struct decimal *number)
{
    char text[DIGITS_MAX + 32];
    memcpy(text, number->digits, number->count);
    (void) snprintf(text + number->count, sizeof text - number->count, "e%d",
                    (int) (number->point - (int64_t) number->count));
    const int kept = errno; /* ERANGE of a tiny number is no concern of the caller's */
    const double value = strtod(text, NULL);
    errno = kept;
    return value;
}

bool traffstat_i_parse_double(const char *text, size_t size, double *out)
{
    struct decimal number;
    struct cursor in = {text, text + size};
    double value = 0.0;
    if (size == 0 || !take_decimal(&in, &number)) {
        return false;
    }
    if (number.count > 0 && number.point > 400) {
        return false;
    }
    if (number.count > 0 && number.point > -400 && !read_exactly(&number, &value)) {
        value = read_by_strtod(&number);
    }
    if (isinf(value)) {
        return false;
    }
    *out = number.negative ? -value : value;
    return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

/* Significant digits of a positive number, without closing zeros: d.ddd times ten to `exponent`. */
struct figures {
    char digits[20];
    int count;
    int exponent;
};

/* The nearest `precision` digits. Whatever printf put as the point, perhaps several bytes, stands
 * between the first digit and the second and is skipped. */
static void take_figures(double value, int precision, struct figures *out)
{
    char text[64];
    (void) snprintf(text, sizeof text, "%.*e", precision - 1, value);
    const char *at = text;
    int count = 0;
    for (; *at != 'e'; at++) {
        if (traffstat_i_is_digit(*at)) {
            out->digits[count++] = *at;
        }
    }
    int64_t exponent = 0;
    (void) traffstat_i_parse_int(at + 1, strlen(at + 1), &exponent);
    out->exponent = (int) exponent;
    while (count > 1 && out->digits[count - 1] == '0') {
        count--;
    }
    out->count = count;
}

static bool reads_back(const struct figures *f, double value)
{
    char text[48];
    double got = 0.0;
    const int length =
        snprintf(text, sizeof text, "%.*se%d", f->count, f->digits, f->exponent - f->count + 1);
    return traffstat_i_parse_double(text, (size_t) length, &got) && got == value;
}

/* One more in the last of `precision` places. */
static void step_up(struct figures *f, int precision)
{
    while (f->count < precision) {
        f->digits[f->count++] = '0';
    }
    while (f->count > 0 && f->digits[f->count - 1] == '9') {
        f->count--;
    }
    if (f->count == 0) {
        f->digits[f->count++] = '1';
        f->exponent++;
    } else {
        f->digits[f->count - 1]++;
    }
}

/* Normal numbers keep any 15 digits, so fewer than 15 show as closing zeros there; a subnormal has
 * fewer bits and is tried from one digit on. Below a power of two the doubles lie twice as close:
 * the nearest decimal may fall to the lower neighbour while the next one up still reads back. */
static void shortest_figures(double value, struct figures *out)
{
    int exponent = 0;
    const bool power_of_two = frexp(value, &exponent) == 0.5;
    for (int precision = value < DBL_MIN ? 1 : 15; precision < 17; precision++) {
        take_figures(value, precision, out);
        if (reads_back(out, value)) {
            return;
        }
        if (power_of_two) {
            step_up(out, precision);
            if (reads_back(out, value)) {
                return;
            }
        }
    }
    take_figures(value, 17, out);
}

static size_t put(char *out, size_t at, const char *bytes, int count)
{
    memcpy(out + at, bytes, (size_t) count);
    return at + (size_t) count;
}

static size_t put_zeros(char *out, size_t at, int count)
{
    memset(out + at, '0', (size_t) count);
    return at + (size_t) count;
}

static size_t lay_out(char *out, size_t at, const struct figures *f)
{
    const int whole = f->exponent + 1; /* digits before the point */
    if (f->exponent < -5 || f->exponent >= 17) {
        at = put(out, at, f->digits, 1);
        if (f->count > 1) {
            at = put(out, at, ".", 1);
            at = put(out, at, f->digits + 1, f->count - 1);
        }
        return at + (size_t) snprintf(out + at, 8, "e%d", f->exponent);
    }
    if (whole <= 0) {
        at = put(out, at, "0.", 2);
        at = put_zeros(out, at, -whole);
        return put(out, at, f->digits, f->count);
    }
    if (whole >= f->count) {
        at = put(out, at, f->digits, f->count);
        return put_zeros(out, at, whole - f->count);
    }
    at = put(out, at, f->digits, whole);
    at = put(out, at, ".", 1);
    return put(out, at, f->digits + whole, f->count - whole);
}

size_t traffstat_i_format_double(char out[TRAFFSTAT_I_DOUBLE_SIZE], double value)
{
    if (isnan(value)) {
        return put(out, 0, "nan", 4) - 1;
    }
    size_t at = signbit(value) ? put(out, 0, "-", 1) : 0;
    const double size = fabs(value);
    if (isinf(value)) {
        return put(out, at, "inf", 4) - 1;
    }
    if (size < 1e15 && size == trunc(size)) {
        return at +
               (size_t) snprintf(out + at, TRAFFSTAT_I_DOUBLE_SIZE - at, "%lld", (long long) size);
    }
    struct figures f;
    shortest_figures(size, &f);
    at = lay_out(out, at, &f);
    out[at] = '\0';
    return at;
}

/* printf's text with '.' for its point: all between the whole digits and the last `decimals`. */
static size_t mend_point(char *text, size_t size, int decimals)
{
    size_t whole = text[0] == '-' ? 1 : 0;
    while (traffstat_i_is_digit(text[whole])) {
        whole++;
    }
    if (decimals == 0 || whole == size) {
        return size;
    }
    text[whole] = '.';
    memmove(text + whole + 1, text + size - (size_t) decimals, (size_t) decimals + 1);
    return whole + 1 + (size_t) decimals;
}

size_t traffstat_i_format_fixed(char *out, size_t size, double value, int decimals)
{
    char text[TRAFFSTAT_I_FIXED_SIZE + 16]; /* the locale's point may take several bytes */
    const int places = decimals < 0 ? 0 : decimals > 15 ? 15 : decimals;
    size_t length = 0;
    if (isnan(value) || isinf(value)) {
        length = traffstat_i_format_double(text, value);
    } else {
        length = (size_t) snprintf(text, sizeof text, "%.*f", places, value);
        length = mend_point(text, length, places);
    }
    if (length >= size) {
        length = 0;
    }
    if (size > 0) {
        memcpy(out, text, length);
        out[length] = '\0';
    }
    return length;
}
