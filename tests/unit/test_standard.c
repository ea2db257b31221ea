/* Standardised rates against R 4.2.2: epitools 0.5 (ageadjust.direct, .indirect), asht-style gamma
 * limits, PHEindicatormethods 2 (phe_dsr, phe_rate, phe_proportion). Data: a made-up county on the
 * European Standard Population 2013; Down's syndrome by mother's age and birth order (Stark &
 * Mantel 1966). */
#include <math.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/standard.h>

#define AGES 19
#define BANDS 6

static const double cases[AGES] = {1, 0, 0, 2, 3, 4, 3, 2, 1, 2, 1, 1, 0, 1, 0, 0, 1, 0, 0};
static const double persons[AGES] = {4095, 4370, 4235, 4100, 4326, 4179, 4368, 4532, 4361, 4190,
                                     4018, 3572, 3150, 2753, 2380, 1806, 1068, 604,  378};
static const double europe[AGES] = {5000, 5500, 5500, 5500, 6000, 6000, 6500, 7000, 7000, 7000,
                                    7000, 6500, 6000, 5500, 5000, 4000, 2500, 1500, 1000};

static const double births[3][BANDS] = {{230061, 329449, 114920, 39487, 14208, 3052},
                                        {15050, 175702, 207081, 117300, 45026, 8660},
                                        {2293, 68800, 132424, 98301, 46075, 9834}};
static const double downs[3][BANDS] = {
    {107, 141, 60, 40, 39, 25}, {3, 71, 114, 103, 108, 75}, {1, 26, 64, 89, 137, 96}};
static const double mothers[BANDS] = {63986.6, 186263.6, 157302.2, 97647, 47572.6, 12262.6};

static traffstat_standard_rate direct(void **state, int32_t method, size_t set)
{
    traffstat_direct_options options;
    traffstat_standard_rate got;
    traffstat_direct_options_init(&options, sizeof options);
    options.method = method;
    if (set == 0) {
        assert_ok(*state, traffstat_rate_direct(*state, cases, persons, europe, NULL, AGES,
                                                &options, &got));
    } else {
        assert_ok(*state, traffstat_rate_direct(*state, downs[set - 1], births[set - 1], mothers,
                                                NULL, BANDS, &options, &got));
    }
    return got;
}

static void direct_rates_are_those_of_r(void **state)
{
    static const struct {
        double value;
        double byar[2];
        double exact[2];
        double gamma[2];
    } rows[] = {
        {34.208184878477248,
         {21.274731192169892, 52.008534214377022},
         {21.282270347267058, 52.006150727082016},
         {21.301663927354145, 53.738284290202202}},
        {92.304525533199453,
         {80.329221419484412, 105.18720920841749},
         {80.329480832003313, 105.18700552916269},
         {80.441749850704241, 105.76334574926118}},
        {85.069221338301944,
         {77.173354402707474, 93.521328188590019},
         {77.173501780106008, 93.521210540614405},
         {77.183453402721568, 94.223569832206536}},
        {92.717865055199766,
         {79.858239656903322, 106.55064735969259},
         {79.858517508079473, 106.55042913843215},
         {80.009992755399338, 114.66944482258444}},
    };
    for (size_t i = 0; i < 4; i++) {
        traffstat_standard_rate got = direct(state, TRAFFSTAT_DIRECT_DOBSON_BYAR, i);
        assert_near(got.value, rows[i].value, 1e-12);
        assert_near(got.lower, rows[i].byar[0], 1e-12);
        assert_near(got.upper, rows[i].byar[1], 1e-12);
        got = direct(state, TRAFFSTAT_DIRECT_DOBSON_EXACT, i);
        assert_near(got.lower, rows[i].exact[0], 1e-12);
        assert_near(got.upper, rows[i].exact[1], 1e-12);
        got = direct(state, TRAFFSTAT_DIRECT_FAY_FEUER, i);
        assert_near(got.lower, rows[i].gamma[0], 1e-12);
        assert_near(got.upper, rows[i].gamma[1], 1e-12);
    }
}

static void the_mean_weight_widens_less_than_the_largest(void **state)
{
    for (size_t i = 0; i < 4; i++) {
        const traffstat_standard_rate largest = direct(state, TRAFFSTAT_DIRECT_FAY_FEUER, i);
        const traffstat_standard_rate mean = direct(state, TRAFFSTAT_DIRECT_TIWARI, i);
        assert_near(mean.lower, largest.lower, 0);
        assert_true(mean.upper < largest.upper && mean.upper > mean.value);
    }
}

/* One stratum is a count and its population. */
static void one_stratum_is_the_exact_interval_of_its_count(void **state)
{
    const double seven = 7;
    const double people = 73340;
    const double one = 3;
    traffstat_direct_options options;
    traffstat_direct_options_init(&options, sizeof options);
    for (int32_t method = 1; method < 4; method++) {
        traffstat_standard_rate got;
        options.method = method;
        assert_ok(*state,
                  traffstat_rate_direct(*state, &seven, &people, &one, NULL, 1, &options, &got));
        assert_near(got.value, 9.5445868557403877, 1e-13);
        assert_near(got.lower, 3.8374189412597044, 1e-12);
        assert_near(got.upper, 19.66549681170218, 1e-12);
        assert_near(got.variance, 7 * (1e5 / 73340) * (1e5 / 73340), 1e-13);
    }
}

static void without_a_case_the_upper_end_is_that_of_the_heaviest_stratum(void **state)
{
    const double none[2] = {0, 0};
    const double people[2] = {1000, 500};
    const double weights[2] = {1, 3};
    traffstat_direct_options options;
    traffstat_direct_options_init(&options, sizeof options);
    options.per = 1;
    for (int32_t method = 1; method < 3; method++) {
        traffstat_standard_rate got;
        options.method = method;
        assert_ok(*state,
                  traffstat_rate_direct(*state, none, people, weights, NULL, 2, &options, &got));
        assert_near(got.value, 0, 0);
        assert_near(got.lower, 0, 0);
        assert_near(got.upper, 0.75 / 500 * -log(0.025), 1e-12);
    }
}

static void clusters_widen_by_the_root_of_their_factor(void **state)
{
    /* every incident has three victims: the variance is three times as large */
    double squares[AGES];
    traffstat_direct_options options;
    traffstat_direct_options_init(&options, sizeof options);
    for (size_t i = 0; i < AGES; i++) {
        squares[i] = 3 * cases[i];
    }
    const traffstat_standard_rate plain = direct(state, TRAFFSTAT_DIRECT_DOBSON_BYAR, 0);
    traffstat_standard_rate got;
    assert_ok(*state,
              traffstat_rate_direct(*state, cases, persons, europe, squares, AGES, &options, &got));
    assert_near(got.value, plain.value, 0);
    assert_near(got.value - got.lower, sqrt(3) * (plain.value - plain.lower), 1e-12);
    assert_near(got.upper - got.value, sqrt(3) * (plain.upper - plain.value), 1e-12);

    const double incidents[] = {10, 4, 0, 1}; /* 22 victims; squares 10 + 16 + 16 */
    double factor = 0;
    assert_ok(*state, traffstat_cluster_factor(*state, incidents, 4, &factor));
    assert_near(factor, 42.0 / 22.0, 1e-15);
    traffstat_standard_rate crude;
    traffstat_standard_rate alone;
    assert_ok(*state, traffstat_rate_crude(*state, 22, 73340, 1e5, factor, 0.95, &crude));
    assert_ok(*state, traffstat_rate_crude(*state, 22, 73340, 1e5, 1, 0.95, &alone));
    assert_near(crude.upper - crude.value, sqrt(factor) * (alone.upper - alone.value), 1e-12);
    const double no_incident[] = {0, 0};
    assert_int_equal(traffstat_cluster_factor(*state, no_incident, 2, &factor), TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_cluster_factor(*state, NULL, 2, &factor), TRAFFSTAT_E_ARGUMENT);
    const double bad[] = {1, -1};
    assert_int_equal(traffstat_cluster_factor(*state, bad, 2, &factor), TRAFFSTAT_E_ARGUMENT);
}

static void crude_rates_are_those_of_public_health_england(void **state)
{
    static const struct {
        double cases;
        double persons;
        double level;
        double lower;
        double upper;
    } rows[] = {
        {7, 73340, 0.95, 3.8374189412597044, 19.66549681170218},
        {7, 73340, 0.998, 2.0729973553297101, 26.760536399487641},
        {8, 74428, 0.95, 4.6405011242388641, 21.17911165178873},
        {8, 74428, 0.998, 2.6479469040419819, 28.425052622453894},
        {65, 100000, 0.95, 50.163187710459454, 82.849138545939837},
        {65, 100000, 0.998, 42.880261471480203, 94.000290844318002},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_standard_rate got;
        assert_ok(*state, traffstat_rate_crude(*state, rows[i].cases, rows[i].persons, 1e5, 1,
                                               rows[i].level, &got));
        assert_near(got.value, 1e5 * rows[i].cases / rows[i].persons, 1e-14);
        assert_near(got.lower, rows[i].lower, 1e-12);
        assert_near(got.upper, rows[i].upper, 1e-12);
    }
}

static void proportions_are_those_of_r(void **state)
{
    traffstat_standard_rate got;
    assert_ok(*state,
              traffstat_rate_proportion(*state, 0, 12, 1, TRAFFSTAT_PROPORTION_WILSON, 0.95, &got));
    assert_near(got.lower, 0, 0);
    assert_near(got.upper, 0.24249400665524079, 1e-13);
    /* binom.test(0, 12), binom.test(3, 12) */
    assert_ok(*state,
              traffstat_rate_proportion(*state, 0, 12, 1, TRAFFSTAT_PROPORTION_EXACT, 0.95, &got));
    assert_near(got.upper, 1 - pow(0.025, 1.0 / 12), 1e-13);
    assert_ok(*state, traffstat_rate_proportion(*state, 12, 12, 100, TRAFFSTAT_PROPORTION_EXACT,
                                                0.95, &got));
    assert_near(got.lower, 100 * pow(0.025, 1.0 / 12), 1e-13);
    assert_near(got.upper, 100, 0);
    assert_ok(*state,
              traffstat_rate_proportion(*state, 9, 12, 1, TRAFFSTAT_PROPORTION_EXACT, 0.95, &got));
    traffstat_standard_rate mirrored;
    assert_ok(*state, traffstat_rate_proportion(*state, 3, 12, 1, TRAFFSTAT_PROPORTION_EXACT, 0.95,
                                                &mirrored));
    assert_near(got.lower, 1 - mirrored.upper, 1e-13);
    assert_near(got.upper, 1 - mirrored.lower, 1e-13);
    assert_ok(*state, traffstat_rate_proportion(*state, 12, 12, 1, TRAFFSTAT_PROPORTION_WILSON,
                                                0.95, &got));
    assert_near(got.lower, 1 - 0.24249400665524079, 1e-13);
    assert_near(got.upper, 1, 0);
}

static void indirect_ratios_are_those_of_r(void **state)
{
    const double counted = 22;
    const double people = 578;
    const double rate = 1;
    traffstat_standard_rate got;
    assert_ok(*state, traffstat_rate_indirect(*state, &counted, &people, &rate, 1,
                                              TRAFFSTAT_INDIRECT_NORMAL, 0.95, &got));
    assert_near(got.value, 0.038062283737024222, 1e-14);
    assert_near(got.lower, 0.025062134918879486, 1e-12); /* epitools' limits are these */
    assert_ok(*state, traffstat_rate_indirect(*state, &counted, &people, &rate, 1,
                                              TRAFFSTAT_INDIRECT_EXACT, 0.95, &got));
    const double wide = got.upper;
    assert_ok(*state, traffstat_rate_indirect(*state, &counted, &people, &rate, 1,
                                              TRAFFSTAT_INDIRECT_BYAR, 0.95, &got));
    assert_near(got.upper, wide, 1e-3);
    assert_true(got.upper < wide || got.upper > wide); /* near, and not the same */
    /* strata are summed */
    const double many[] = {3, 0, 4};
    const double at[] = {1000, 500, 250};
    const double by[] = {0.001, 0.002, 0.004};
    assert_ok(*state, traffstat_rate_indirect(*state, many, at, by, 3, TRAFFSTAT_INDIRECT_EXACT,
                                              0.95, &got));
    assert_near(got.expected, 3, 1e-14);
    assert_near(got.value, 7.0 / 3, 1e-14);
    assert_near(got.lower, 2.8143630515198672 / 3, 1e-12); /* R: poisson.test(7) */
    assert_near(got.upper, 14.422675361702378 / 3, 1e-12);
}

static void bad_strata_are_refused_by_number(void **state)
{
    traffstat_standard_rate got = {.level = -1};
    double c[2] = {1, 2};
    double p[2] = {10, 20};
    double w[2] = {1, 1};
    double s[2] = {1, 1};
    traffstat_direct_options options;
    traffstat_direct_options_init(&options, sizeof options);
#define DIRECT(squares) traffstat_rate_direct(*state, c, p, w, (squares), 2, &options, &got)
    assert_int_equal(DIRECT(s), TRAFFSTAT_E_ARGUMENT); /* 2 cases, squares 1 */
    assert_non_null(strstr(traffstat_ctx_message(*state), "stratum 2"));
    p[1] = 0;
    assert_int_equal(DIRECT(NULL), TRAFFSTAT_E_ARGUMENT);
    p[1] = 20;
    c[0] = NAN;
    assert_int_equal(DIRECT(NULL), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "stratum 1"));
    c[0] = 1;
    w[0] = w[1] = 0;
    assert_int_equal(DIRECT(NULL), TRAFFSTAT_E_ARGUMENT);
    w[0] = 1;
    options.method = 4;
    assert_int_equal(DIRECT(NULL), TRAFFSTAT_E_ARGUMENT);
    options.method = 0;
    options.level = 1;
    assert_int_equal(DIRECT(NULL), TRAFFSTAT_E_ARGUMENT);
    options.level = 0.95;
    options.per = 0;
    assert_int_equal(DIRECT(NULL), TRAFFSTAT_E_ARGUMENT);
#undef DIRECT
    const double zero[2] = {0, 0};
    assert_int_equal(traffstat_rate_indirect(*state, c, p, zero, 2, 0, 0.95, &got),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(
        traffstat_rate_indirect(*state, zero, p, p, 2, TRAFFSTAT_INDIRECT_NORMAL, 0.95, &got),
        TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_rate_crude(*state, 3, 10, 1, 0.5, 0.95, &got), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_rate_crude(*state, 3, 0, 1, 1, 0.95, &got), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_rate_proportion(*state, 3, 2, 1, 0, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_rate_proportion(*state, 3, 4, 1, 2, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_near(got.level, -1, 0);
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(direct_rates_are_those_of_r),
        WITH_CTX(the_mean_weight_widens_less_than_the_largest),
        WITH_CTX(one_stratum_is_the_exact_interval_of_its_count),
        WITH_CTX(without_a_case_the_upper_end_is_that_of_the_heaviest_stratum),
        WITH_CTX(clusters_widen_by_the_root_of_their_factor),
        WITH_CTX(crude_rates_are_those_of_public_health_england),
        WITH_CTX(proportions_are_those_of_r),
        WITH_CTX(indirect_ratios_are_those_of_r),
        WITH_CTX(bad_strata_are_refused_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
