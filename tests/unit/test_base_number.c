/* Numbers read and written without the host's locale. */
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "support/support.h"

static double from_bits(uint64_t bits)
{
    double value = 0.0;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint64_t bits_of(double value)
{
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static void assert_reads(const char *text, double want)
{
    double got = -77.0;
    if (!traffstat_i_parse_double(text, strlen(text), &got)) {
        fail_msg("\"%.60s\" was not read", text);
    }
    if (bits_of(got) != bits_of(want)) {
        fail_msg("\"%.60s\" was read as %a, not %a", text, got, want);
    }
}

static void assert_writes(double value, const char *want)
{
    char got[TRAFFSTAT_I_DOUBLE_SIZE];
    memset(got, 'x', sizeof got);
    const size_t length = traffstat_i_format_double(got, value);
    assert_string_equal(got, want);
    assert_int_equal(length, strlen(want));
}

/* ---- reading doubles ------------------------------------------------------------------------ */

static void decimals_are_read(void **state)
{
    (void) state;
    assert_reads("0", 0.0);
    assert_reads("-0", -0.0);
    assert_reads("+7", 7.0);
    assert_reads("8.", 8.0);
    assert_reads(".5", 0.5);
    assert_reads("0012.50", 12.5);
    assert_reads("1e3", 1000.0);
    assert_reads("1E+03", 1000.0);
    assert_reads("-2.5e-1", -0.25);
    assert_reads("0.1", 0x1.999999999999ap-4);
    assert_reads("123456789012345678", 123456789012345680.0);
}

static void what_is_not_a_decimal_number_is_refused(void **state)
{
    (void) state;
    const char *const wrong[] = {"",     "+",   "-",    ".",    "-.",  "e5",   "1e",    "1e+",
                                 "0x10", "inf", "nan",  "NaN",  " 1",  "1 ",   "1,5",   "1.2.3",
                                 "--1",  "+-1", "1e5.", "1e1e", "1_0", "\xd9", "1\xa0", "infinity"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        double untouched = -77.0;
        if (traffstat_i_parse_double(wrong[i], strlen(wrong[i]), &untouched)) {
            fail_msg("\"%s\" was read as %g", wrong[i], untouched);
        }
        assert_near(untouched, -77.0, 0.0);
    }
    double out = 0.0;
    assert_false(traffstat_i_parse_double("1\0002", 3, &out));
    assert_true(traffstat_i_parse_double("12x", 2, &out)); /* the size ends the text, not a NUL */
    assert_near(out, 12.0, 0.0);
}

static void the_ends_of_the_range_are_read_and_overflow_is_refused(void **state)
{
    (void) state;
    double out = 0.0;
    assert_reads("1.7976931348623157e308", DBL_MAX);
    assert_reads("179769313486231580793e288", DBL_MAX); /* just below the middle to 2^1024 */
    assert_false(traffstat_i_parse_double("179769313486231580794e288", 25, &out));
    assert_false(traffstat_i_parse_double("1e309", 5, &out));
    assert_false(traffstat_i_parse_double("-1e99999999999999999999", 23, &out));
    assert_reads("2.2250738585072014e-308", DBL_MIN);
    assert_reads("4.9e-324", 0x1p-1074);
    assert_reads("2.4703282292062327e-324", 0.0); /* just below half the least */
    assert_reads("2.4703282292062328e-324", 0x1p-1074);
    assert_reads("1e-400", 0.0);
    assert_reads("-1e-99999999999999999999", -0.0);
    assert_reads("0e99999999999999999999", 0.0);
}

static void a_point_between_two_doubles_goes_to_the_even_one(void **state)
{
    (void) state;
    assert_reads("9007199254740993", 9007199254740992.0);
    assert_reads("9007199254740995", 9007199254740996.0);
    assert_reads("9007199254740992.9999999999999999999", 9007199254740992.0);
    assert_reads("9007199254740993.0000000000000000001", 9007199254740994.0);
}

/* The middle between a double and its upper neighbour, every digit of it: near the least normal
 * number that takes 767 of them. An x87 long double holds it, and printf writes it out. */
static void assert_middle_goes_to_the_even_one(double lower)
{
    const double upper = nextafter(lower, HUGE_VAL);
    const double even = bits_of(lower) % 2 == 0 ? lower : upper;
    char text[8000];
    const int size = snprintf(text, sizeof text, "%.1200Le", ((long double) lower + upper) / 2);
    assert_in_range(size, 1200, 1300);
    assert_reads(text, even);
    char *exponent = strchr(text, 'e');
    exponent[-1] = '1'; /* the last of many zeros */
    assert_reads(text, upper);
}

static void digits_far_behind_still_decide(void **state)
{
    (void) state;
    if (LDBL_MANT_DIG < 64) {
        skip();
    }
    const double lowers[] = {DBL_MIN,
                             nextafter(DBL_MIN, 0.0),
                             nextafter(DBL_MIN, 1.0),
                             nextafter(2 * DBL_MIN, 0.0),
                             0x1p-1074,
                             0x1p-1073,
                             0.1,
                             9007199254740992.0,
                             nextafter(DBL_MAX, 0.0)};
    for (size_t i = 0; i < sizeof lowers / sizeof lowers[0]; i++) {
        assert_middle_goes_to_the_even_one(lowers[i]);
    }
}

static void long_runs_of_zeros_cost_nothing_but_time(void **state)
{
    (void) state;
    char text[3000];
    text[0] = '1';
    memset(text + 1, '0', 2000);
    (void) snprintf(text + 2001, 100, "e-2000");
    assert_reads(text, 1.0);
    memset(text, '0', 2000);
    text[1] = '.';
    (void) snprintf(text + 2000, 100, "25e1999");
    assert_reads(text, 2.5);
}

/* The C locale's strtod is the oracle; the C library rounds correctly. */
static void random_decimals_are_read_as_the_c_locale_reads_them(void **state)
{
    (void) state;
    support_rng rng;
    support_rng_init(&rng, 1);
    for (int i = 0; i < 300000; i++) {
        char text[80];
        const int digits = (int) support_rng_between(&rng, 1, 25);
        const int point = (int) support_rng_between(&rng, 0, digits);
        int at = 0;
        for (int j = 0; j < digits; j++) {
            if (j == point) {
                text[at++] = '.';
            }
            text[at++] = (char) ('0' + support_rng_between(&rng, 0, 9));
        }
        const int range = i % 2 == 0 ? 30 : 345;
        (void) snprintf(text + at, 20, "e%d", (int) support_rng_between(&rng, -range, range));
        const double want = strtod(text, NULL);
        double got = 0.0;
        assert_int_equal(traffstat_i_parse_double(text, strlen(text), &got), isfinite(want));
        if (isfinite(want) && bits_of(got) != bits_of(want)) {
            fail_msg("%s was read as %a, not %a", text, got, want);
        }
    }
}

/* ---- reading integers ----------------------------------------------------------------------- */

static void integers_are_read_to_both_ends(void **state)
{
    (void) state;
    const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {"0", 0},
        {"-0", 0},
        {"+12", 12},
        {"000000000000000000000000007", 7},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775807", -INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t got = -77;
        assert_true(traffstat_i_parse_int(cases[i].text, strlen(cases[i].text), &got));
        assert_int_equal(got, cases[i].want);
    }
}

static void what_is_not_an_integer_is_refused(void **state)
{
    (void) state;
    const char *const wrong[] = {"",      "+",     "-",
                                 " 1",    "1 ",    "1.0",
                                 "1e3",   "0x1",   "--1",
                                 "1,000", "\xb2",  "9223372036854775808",
                                 "1-",    "1\n",   "-9223372036854775809",
                                 "one",   "1'000", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        int64_t untouched = -77;
        assert_false(traffstat_i_parse_int(wrong[i], strlen(wrong[i]), &untouched));
        assert_int_equal(untouched, -77);
    }
}

static void checked_sums_and_products_stop_at_the_ends(void **state)
{
    (void) state;
    size_t size = 77;
    int64_t sum = 77;
    assert_false(traffstat_i_add_size(SIZE_MAX, 1, &size));
    assert_false(traffstat_i_mul_size(SIZE_MAX / 2 + 1, 2, &size));
    assert_false(traffstat_i_add_int64(INT64_MAX, 1, &sum));
    assert_false(traffstat_i_add_int64(INT64_MIN, -1, &sum));
    assert_false(traffstat_i_add_int64(-1, INT64_MIN, &sum));
    assert_int_equal(size, 77);
    assert_int_equal(sum, 77);
    assert_true(traffstat_i_add_size(SIZE_MAX - 1, 1, &size) && size == SIZE_MAX);
    assert_true(traffstat_i_mul_size(SIZE_MAX / 2, 2, &size) && size == SIZE_MAX - 1);
    assert_true(traffstat_i_mul_size(SIZE_MAX, 0, &size) && size == 0);
    assert_true(traffstat_i_mul_size(0, SIZE_MAX, &size) && size == 0);
    assert_true(traffstat_i_add_int64(INT64_MAX, INT64_MIN, &sum) && sum == -1);
    assert_true(traffstat_i_add_int64(INT64_MIN + 1, -1, &sum) && sum == INT64_MIN);
}

/* ---- writing -------------------------------------------------------------------------------- */

static void numbers_are_written_as_people_write_them(void **state)
{
    (void) state;
    assert_writes(0.0, "0");
    assert_writes(-0.0, "-0");
    assert_writes(8.0, "8");
    assert_writes(-1.5, "-1.5");
    assert_writes(0.1, "0.1");
    assert_writes(0.1 + 0.2, "0.30000000000000004");
    assert_writes(1.0 / 3.0, "0.3333333333333333");
    assert_writes(21.714285714285715, "21.714285714285715");
    assert_writes(0.00001, "0.00001");
    assert_writes(-0.000012345678901234567, "-0.000012345678901234568");
    assert_writes(0.0000099, "9.9e-6");
    assert_writes(1e15, "1000000000000000");
    assert_writes(9007199254740993.0, "9007199254740992");
    assert_writes(12345678901234568.0, "12345678901234568");
    assert_writes(99999999999999984.0, "99999999999999980");
    assert_writes(1e17, "1e17");
    assert_writes(123456789012345680.0, "1.2345678901234568e17");
    assert_writes(1e23, "1e23");
    assert_writes(9.5367431640625e-7, "9.5367431640625e-7");
    assert_writes(from_bits(0x7ff8000000000000), "nan");
    assert_writes(from_bits(0xfff8000000000000), "nan");
    assert_writes(HUGE_VAL, "inf");
    assert_writes(-HUGE_VAL, "-inf");
}

/* Published hard cases: least and largest, 2^-44 (whose nearest 16 digits read back as its
 * neighbour), 2^-1022 and the largest subnormal. */
static void hard_doubles_get_their_shortest_text(void **state)
{
    (void) state;
    assert_writes(0x1p-1074, "5e-324");
    assert_writes(0x1p-1073, "1e-323");
    assert_writes(0x1.8p-1073, "1.5e-323");
    assert_writes(DBL_MAX, "1.7976931348623157e308");
    assert_writes(-DBL_MAX, "-1.7976931348623157e308");
    assert_writes(DBL_MIN, "2.2250738585072014e-308");
    assert_writes(from_bits(0x000fffffffffffff), "2.225073858507201e-308");
    assert_writes(0x1p-44, "5.684341886080802e-14");
    assert_writes(9007199254740992.0, "9007199254740992");
    assert_writes(2e22, "2e22");
    assert_writes(8.41e21, "8.41e21");
    assert_writes(9.5e-315, "9.5e-315");
}

/* Digits and power of ten of a text of ours: 0 when it is no number. */
static int take_apart(const char *text, char digits[32])
{
    int count = 0;
    for (const char *at = text; *at != '\0' && *at != 'e'; at++) {
        if (traffstat_i_is_digit(*at) && (count > 0 || *at != '0')) {
            digits[count++] = *at;
        }
    }
    while (count > 0 && digits[count - 1] == '0') {
        count--;
    }
    digits[count] = '\0';
    return count;
}

/* Whether some decimal of `count` digits reads back: the two around the value are the only ones
 * that can. The nearest comes from printf, the other is one unit away on either side. */
static bool fits(double value, int count)
{
    char text[64];
    (void) snprintf(text, sizeof text, "%.*e", count - 1, value);
    char digits[32];
    const int exponent = atoi(strchr(text, 'e') + 1);
    int length = 0;
    for (const char *at = text; *at != 'e'; at++) {
        if (traffstat_i_is_digit(*at)) {
            digits[length++] = *at;
        }
    }
    digits[length] = '\0';
    const uint64_t near = strtoull(digits, NULL, 10);
    for (int step = -1; step <= 1; step++) {
        (void) snprintf(text, sizeof text, "%" PRIu64 "e%d", near + (uint64_t) step,
                        exponent - count + 1);
        if (bits_of(strtod(text, NULL)) == bits_of(value)) {
            return true;
        }
    }
    return false;
}

/* Reads back by our reader and by strtod; no shorter decimal would; where the nearest decimal of
 * that length reads back, it is that one. */
static void assert_shortest(double value)
{
    char text[TRAFFSTAT_I_DOUBLE_SIZE];
    char digits[32];
    char nearest[64];
    char nearest_digits[32];
    const size_t size = traffstat_i_format_double(text, value);
    assert_in_range(size, 1, 25);
    assert_reads(text, value);
    assert_true(bits_of(strtod(text, NULL)) == bits_of(value));
    const int count = take_apart(text, digits);
    assert_in_range(count, 1, 17);
    if (count > 1 && fits(fabs(value), count - 1)) {
        fail_msg("%a is written %s, but %d digits would do", value, text, count - 1);
    }
    (void) snprintf(nearest, sizeof nearest, "%.*e", count - 1, fabs(value));
    (void) take_apart(nearest, nearest_digits);
    if (strtod(nearest, NULL) == fabs(value) && strcmp(digits, nearest_digits) != 0) {
        fail_msg("%a is written %s, but %s is nearer", value, text, nearest);
    }
}

static void every_power_of_two_and_its_neighbours_are_shortest(void **state)
{
    (void) state;
    for (int exponent = -1074; exponent <= 1023; exponent++) {
        const double power = ldexp(1.0, exponent);
        assert_shortest(power);
        assert_shortest(nextafter(power, HUGE_VAL));
        if (exponent > -1074) {
            assert_shortest(nextafter(power, 0.0));
        }
    }
}

static void every_power_of_ten_and_its_neighbours_are_shortest(void **state)
{
    (void) state;
    for (int exponent = -323; exponent <= 308; exponent++) {
        char text[16];
        (void) snprintf(text, sizeof text, "1e%d", exponent);
        const double power = strtod(text, NULL);
        assert_shortest(power);
        assert_shortest(nextafter(power, HUGE_VAL));
        assert_shortest(-nextafter(power, 0.0));
    }
}

static void a_hundred_thousand_random_bit_patterns_are_shortest(void **state)
{
    (void) state;
    support_rng rng;
    support_rng_init(&rng, 2);
    for (int i = 0; i < 100000; i++) {
        uint64_t bits = support_rng_bits(&rng);
        if (i % 10 == 0) {
            bits &= UINT64_C(0x800fffffffffffff) >> support_rng_between(&rng, 0, 50);
        }
        const double value = from_bits(bits);
        if (isfinite(value) && value != 0.0) {
            assert_shortest(value);
        }
    }
}

static void a_million_random_doubles_read_back(void **state)
{
    (void) state;
    support_rng rng;
    support_rng_init(&rng, 3);
    for (int i = 0; i < 1000000; i++) {
        char text[TRAFFSTAT_I_DOUBLE_SIZE];
        const double value = from_bits(support_rng_bits(&rng));
        if (isfinite(value)) {
            double got = 0.0;
            const size_t size = traffstat_i_format_double(text, value);
            if (!traffstat_i_parse_double(text, size, &got) || bits_of(got) != bits_of(value)) {
                fail_msg("%a is written %s", value, text);
            }
        }
    }
}

static void fixed_decimals_are_cut_to_fit_the_page(void **state)
{
    (void) state;
    const struct {
        double value;
        int decimals;
        const char *want;
    } cases[] = {
        {0.0, 0, "0"},
        {0.5, 0, "0"}, /* half to even */
        {1.5, 0, "2"},
        {2.675, 2, "2.67"}, /* the double lies below the half */
        {-1234.5678, 2, "-1234.57"},
        {1e15, 1, "1000000000000000.0"},
        {1.0 / 3.0, 15, "0.333333333333333"},
        {1.0 / 3.0, 99, "0.333333333333333"},
        {9.99, -3, "10"},
        {-0.001, 2, "-0.00"},
        {HUGE_VAL, 2, "inf"},
    };
    char out[TRAFFSTAT_I_FIXED_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t size =
            traffstat_i_format_fixed(out, sizeof out, cases[i].value, cases[i].decimals);
        assert_string_equal(out, cases[i].want);
        assert_int_equal(size, strlen(cases[i].want));
    }
    assert_int_equal(traffstat_i_format_fixed(out, sizeof out, -DBL_MAX, 15), 326);
    assert_int_equal(traffstat_i_format_fixed(out, 5, 12.34, 2), 0);
    assert_string_equal(out, "");
    assert_int_equal(traffstat_i_format_fixed(out, 6, 12.34, 2), 5);
}

/* ---- in a locale with another point --------------------------------------------------------- */

static void read_and_write_all(void)
{
    assert_reads("1.5", 1.5);
    assert_reads("9007199254740993.0000000000000000001", 9007199254740994.0);
    assert_reads("123456.789e-300", 123456.789e-300);
    double out = 0.0;
    assert_false(traffstat_i_parse_double("1,5", 3, &out));
    assert_false(traffstat_i_parse_double("1\xd9\xab"
                                          "5",
                                          4, &out));
    assert_writes(1.5, "1.5");
    assert_writes(0.1 + 0.2, "0.30000000000000004");
    assert_writes(0x1p-44, "5.684341886080802e-14");
    assert_writes(1234567.25, "1234567.25");
    assert_writes(4.9e-324, "5e-324");
    char fixed[TRAFFSTAT_I_FIXED_SIZE];
    assert_int_equal(traffstat_i_format_fixed(fixed, sizeof fixed, -1234567.891, 2), 11);
    assert_string_equal(fixed, "-1234567.89");
    assert_int_equal(traffstat_i_format_fixed(fixed, sizeof fixed, 8.0, 0), 1);
    assert_string_equal(fixed, "8");
    assert_int_equal(traffstat_i_format_fixed(fixed, sizeof fixed, -DBL_MAX, 15), 326);
}

static void in_locale(const char *name)
{
    if (setlocale(LC_ALL, name) == NULL) {
        skip(); /* the comma-locale run of the build makes the locale and fails without it */
    }
    char point[32];
    (void) snprintf(point, sizeof point, "%.1f", 0.5);
    assert_string_not_equal(point, "0.5"); /* else this locale proves nothing */
    read_and_write_all();
    (void) setlocale(LC_ALL, "C");
}

static void a_comma_locale_changes_no_number(void **state)
{
    (void) state;
    in_locale("de_DE.UTF-8");
}

static void a_point_of_two_bytes_changes_no_number(void **state)
{
    (void) state;
    in_locale("ps_AF.UTF-8"); /* U+066B */
}

static int back_to_c(void **state)
{
    (void) state;
    return setlocale(LC_ALL, "C") != NULL ? 0 : -1;
}

/* ---- whole arrays --------------------------------------------------------------------------- */

enum { MANY = 1003 }; /* no multiple of any vector's length */

static double relative(double got, double want)
{
    return want == 0.0 ? fabs(got) : fabs(got - want) / fabs(want);
}

static void arrays_of_exponentials_agree_with_the_c_library(void **state)
{
    (void) state;
    double x[MANY];
    double want[MANY];
    for (size_t i = 0; i < MANY; i++) {
        x[i] = 1400.0 * (traffstat_i_random_uniform(7, 1, 0, i) - 0.5);
        want[i] = exp(x[i]);
    }
    traffstat_i_exp_many(x, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(relative(x[i], want[i]) <= 2.0 * DBL_EPSILON);
    }
    double ends[3] = {0.0, 1e6, -1e6};
    traffstat_i_exp_many(ends, 3);
    assert_true(ends[0] == 1.0 && isfinite(ends[1]) && ends[2] > 0.0);
}

static void arrays_of_logarithms_agree_with_the_c_library(void **state)
{
    (void) state;
    double x[MANY];
    double want[MANY];
    for (size_t i = 0; i < MANY; i++) { /* far and near 1 */
        const double u = traffstat_i_random_uniform(7, 1, 1, i) - 0.5;
        x[i] = exp(i % 2 == 0 ? 1400.0 * u : u);
        want[i] = log(x[i]);
    }
    x[0] = 1.0;
    want[0] = 0.0;
    x[1] = DBL_MIN;
    want[1] = log(DBL_MIN);
    traffstat_i_log_many(x, MANY);
    for (size_t i = 0; i < MANY; i++) {
        assert_true(relative(x[i], want[i]) <= 2.0 * DBL_EPSILON);
    }
}

/* The same bits whatever stands beside a number, and whichever lane it comes to. */
static void a_number_in_an_array_does_not_depend_on_its_neighbours(void **state)
{
    (void) state;
    for (size_t count = 1; count < 12; count++) {
        double x[12] = {0.0};
        double y[12] = {0.0};
        for (size_t i = 0; i < count; i++) {
            x[i] = 0.3 + 0.7 * (double) i;
            y[i] = x[i];
        }
        traffstat_i_exp_many(x, count);
        traffstat_i_log_many(y, count);
        for (size_t i = 0; i < count; i++) {
            double alone = 0.3 + 0.7 * (double) i;
            double log_alone = alone;
            traffstat_i_exp_many(&alone, 1);
            traffstat_i_log_many(&log_alone, 1);
            assert_true(bits_of(x[i]) == bits_of(alone) && bits_of(y[i]) == bits_of(log_alone));
        }
        assert_true(x[count] == 0.0 && y[count] == 0.0); /* nothing past the end is touched */
    }
}

/* The first of a pair is the uniform number of its place; the second is another one. */
static void a_pair_begins_with_the_number_of_its_place(void **state)
{
    (void) state;
    double sum = 0.0;
    double products = 0.0;
    for (uint64_t i = 0; i < 10000; i++) {
        double pair[2];
        traffstat_i_random_pair(11, 5, 2, i, pair);
        assert_true(bits_of(pair[0]) == bits_of(traffstat_i_random_uniform(11, 5, 2, i)));
        assert_true(pair[1] > 0.0 && pair[1] < 1.0);
        sum += pair[1] - 0.5;
        products += (pair[0] - 0.5) * (pair[1] - 0.5);
    }
    assert_true(fabs(sum) < 4.0 * sqrt(10000.0 / 12.0));
    assert_true(fabs(products) < 4.0 * sqrt(10000.0 / 144.0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimals_are_read),
        cmocka_unit_test(what_is_not_a_decimal_number_is_refused),
        cmocka_unit_test(the_ends_of_the_range_are_read_and_overflow_is_refused),
        cmocka_unit_test(a_point_between_two_doubles_goes_to_the_even_one),
        cmocka_unit_test(digits_far_behind_still_decide),
        cmocka_unit_test(long_runs_of_zeros_cost_nothing_but_time),
        cmocka_unit_test(random_decimals_are_read_as_the_c_locale_reads_them),
        cmocka_unit_test(integers_are_read_to_both_ends),
        cmocka_unit_test(what_is_not_an_integer_is_refused),
        cmocka_unit_test(checked_sums_and_products_stop_at_the_ends),
        cmocka_unit_test(numbers_are_written_as_people_write_them),
        cmocka_unit_test(hard_doubles_get_their_shortest_text),
        cmocka_unit_test(every_power_of_two_and_its_neighbours_are_shortest),
        cmocka_unit_test(every_power_of_ten_and_its_neighbours_are_shortest),
        cmocka_unit_test(a_hundred_thousand_random_bit_patterns_are_shortest),
        cmocka_unit_test(a_million_random_doubles_read_back),
        cmocka_unit_test(fixed_decimals_are_cut_to_fit_the_page),
        cmocka_unit_test(a_pair_begins_with_the_number_of_its_place),
        cmocka_unit_test(arrays_of_exponentials_agree_with_the_c_library),
        cmocka_unit_test(arrays_of_logarithms_agree_with_the_c_library),
        cmocka_unit_test(a_number_in_an_array_does_not_depend_on_its_neighbours),
        cmocka_unit_test_teardown(a_comma_locale_changes_no_number, back_to_c),
        cmocka_unit_test_teardown(a_point_of_two_bytes_changes_no_number, back_to_c),
    };
    /* strtod and printf are the oracles here: in C, even where the run as a whole is elsewhere */
    return cmocka_run_group_tests(tests, back_to_c, back_to_c);
}
