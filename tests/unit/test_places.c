/* Many places: shrinkage, funnels, patterns, ranks, against R 4.2.2 (see nc_sids.h; funnel limits of
 * funnel_exact_limits by qpois and qchisq) and against what they promise. */
#include <math.h>
#include <string.h>

#include "support/support.h"
#include "unit/nc_sids.h"

#include <traffstat/places.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COUNTIES 100

static const traffstat_neighbours links = {links_from, links_to, NULL, COUNT(links_from)};

static void expect(const double *cases, const double *births, double *expected)
{
    double all = 0;
    double whole = 0;
    for (size_t i = 0; i < COUNTIES; i++) {
        all += cases[i];
        whole += births[i];
    }
    for (size_t i = 0; i < COUNTIES; i++) {
        expected[i] = births[i] * all / whole;
    }
}

static traffstat_shrink_options shrink_settings(int32_t model, int32_t corrected)
{
    traffstat_shrink_options options;
    traffstat_shrink_options_init(&options, sizeof options);
    options.model = model;
    options.corrected = corrected;
    return options;
}

/* ---- shrinkage ------------------------------------------------------------------------------- */

static void marshalls_rates_are_those_of_spdep(void **state)
{
    traffstat_shrunk got[COUNTIES];
    traffstat_shrink_law law;
    traffstat_shrink_options options = shrink_settings(TRAFFSTAT_SHRINK_MARSHALL, 1);
    assert_ok(*state, traffstat_places_shrink(*state, sids74, births74, COUNTIES, NULL, &options,
                                              got, &law));
    assert_near(law.mean, 0.0020214448936544207, 1e-13);
    assert_near(law.variance, 7.6929306470146507e-07, 1e-12);
    assert_int_equal(law.clipped, 0);
    for (size_t i = 0; i < COUNT(references); i++) {
        assert_near(got[references[i].county].estimate, references[i].marshall, 1e-12);
    }
    options.model = TRAFFSTAT_SHRINK_LOCAL;
    assert_ok(*state, traffstat_places_shrink(*state, sids74, births74, COUNTIES, &links, &options,
                                              got, &law));
    for (size_t i = 0; i < COUNT(references); i++) {
        assert_near(got[references[i].county].estimate, references[i].local, 1e-12);
        assert_true(got[i].lower <= got[i].estimate && got[i].estimate <= got[i].upper);
    }
    assert_true(law.clipped > 0); /* spdep is silent about it */
    options.local_mean = 1;
    traffstat_shrunk other[COUNTIES];
    assert_ok(*state, traffstat_places_shrink(*state, sids74, births74, COUNTIES, &links, &options,
                                              other, &law));
    size_t differ = 0;
    for (size_t i = 0; i < COUNTIES; i++) {
        differ += fabs(other[i].estimate - got[i].estimate) > 1e-6;
    }
    assert_true(differ > 30);
}

static void the_moments_of_clayton_and_kaldor_settle(void **state)
{
    double expected[COUNTIES];
    traffstat_shrunk got[COUNTIES];
    traffstat_shrink_law law;
    const traffstat_shrink_options options = shrink_settings(TRAFFSTAT_SHRINK_MOMENTS, 0);
    expect(sids74, births74, expected);
    assert_ok(*state, traffstat_places_shrink(*state, sids74, expected, COUNTIES, NULL, &options,
                                              got, &law));
    assert_near(law.shape, 4.6306564116979239, 1e-4);
    assert_near(law.shape, 4.630749, 1e-6); /* converged */
    assert_near(law.rate, 4.3956456978578045, 1e-4);
    double mean = 0;
    double variance = 0;
    for (size_t i = 0; i < COUNTIES; i++) {
        mean += got[i].estimate / COUNTIES;
    }
    for (size_t i = 0; i < COUNTIES; i++) {
        const double gap = got[i].estimate - mean;
        variance += (1 + law.rate / expected[i]) * gap * gap / (COUNTIES - 1);
    }
    assert_near(law.shape / law.rate, mean, 1e-10); /* the two equations hold */
    assert_near(law.shape / law.rate / law.rate, variance, 1e-9);
    for (size_t i = 0; i < COUNT(references); i++) {
        assert_near(got[references[i].county].estimate, references[i].moments74, 1e-4);
    }
    expect(sids79, births79, expected);
    assert_ok(*state, traffstat_places_shrink(*state, sids79, expected, COUNTIES, NULL, &options,
                                              got, &law));
    assert_near(law.shape, 13.727388555256926, 2e-3); /* the reference's slow steps stopped */
    for (size_t i = 0; i < COUNT(references); i++) {
        assert_near(got[references[i].county].estimate, references[i].moments79, 1e-3);
    }
}

static void the_marginal_likelihood_is_that_of_glm_nb(void **state)
{
    double expected[COUNTIES];
    traffstat_shrunk got[COUNTIES];
    traffstat_shrink_law law;
    const traffstat_shrink_options options = shrink_settings(TRAFFSTAT_SHRINK_LIKELIHOOD, 0);
    expect(sids74, births74, expected);
    assert_ok(*state, traffstat_places_shrink(*state, sids74, expected, COUNTIES, NULL, &options,
                                              got, &law));
    assert_near(law.shape, 6.3719767483234602, 1e-6);
    assert_near(log(law.mean), 0.049329802502385466, 1e-6);
    for (size_t i = 0; i < COUNT(references); i++) {
        const traffstat_shrunk *place = &got[references[i].county];
        assert_near(place->estimate, references[i].marginal, 1e-6);
        assert_near(place->median, references[i].median, 1e-6);
        assert_true(place->lower < place->median && place->median < place->upper);
        /* between its own ratio and the mean */
        assert_true((place->estimate - law.mean) * (place->ratio - place->estimate) >= 0);
    }
}

static void intervals_widen_when_the_law_was_estimated(void **state)
{
    double expected[COUNTIES];
    traffstat_shrunk plain[COUNTIES];
    traffstat_shrunk wide[COUNTIES];
    expect(sids74, births74, expected);
    for (int32_t model = 0; model < 3; model++) {
        const traffstat_shrink_options off = shrink_settings(model, 0);
        const traffstat_shrink_options on = shrink_settings(model, 1);
        assert_ok(*state, traffstat_places_shrink(*state, sids74, expected, COUNTIES, NULL, &off,
                                                  plain, NULL));
        assert_ok(*state, traffstat_places_shrink(*state, sids74, expected, COUNTIES, NULL, &on,
                                                  wide, NULL));
        for (size_t i = 0; i < COUNTIES; i++) {
            assert_near(wide[i].estimate, plain[i].estimate, 0);
            assert_true(wide[i].sd > plain[i].sd);
            assert_true(wide[i].upper - wide[i].lower > plain[i].upper - plain[i].lower);
        }
    }
}

static void no_spread_draws_all_to_one(void **state)
{
    const double cases[] = {10, 11, 9, 10, 10, 12, 8};
    const double expected[] = {10, 10, 10, 10, 10, 10, 10};
    for (int32_t model = 0; model < 3; model++) {
        traffstat_shrunk got[7];
        traffstat_shrink_law law;
        const traffstat_shrink_options options = shrink_settings(model, 1);
        assert_ok(*state,
                  traffstat_places_shrink(*state, cases, expected, 7, NULL, &options, got, &law));
        assert_near(law.variance, 0, 0);
        assert_near(law.mean, 1, 1e-12);
        assert_int_equal(law.clipped, 1);
        for (size_t i = 0; i < 7; i++) {
            assert_near(got[i].estimate, 1, 1e-12);
            assert_near(got[i].weight, 0, 0);
            assert_near(got[i].sd, 1 / sqrt(70), 1e-9); /* of the mean of 70 cases */
        }
    }
}

static void a_neighbourhood_without_a_case_has_an_upper_end(void **state)
{
    const double cases[] = {0, 0, 5, 7};
    const double persons[] = {100, 300, 100, 100};
    const size_t from[] = {0, 1, 2, 3};
    const size_t to[] = {1, 0, 3, 2};
    const traffstat_neighbours pairs = {from, to, NULL, 4};
    traffstat_shrunk got[4];
    const traffstat_shrink_options options = shrink_settings(TRAFFSTAT_SHRINK_LOCAL, 1);
    assert_ok(*state,
              traffstat_places_shrink(*state, cases, persons, 4, &pairs, &options, got, NULL));
    assert_near(got[0].estimate, 0, 0);
    assert_near(got[0].lower, 0, 0);
    assert_near(got[0].upper, -log(0.025) / 400, 1e-12);
    assert_true(got[2].lower > 0 && got[2].upper > got[2].estimate);
}

/* ---- funnel ---------------------------------------------------------------------------------- */

static traffstat_funnel_options funnel_settings(int32_t scale, int32_t outliers)
{
    traffstat_funnel_options options;
    traffstat_funnel_options_init(&options, sizeof options);
    options.scale = scale;
    options.outliers = outliers;
    options.target = 1;
    return options;
}

static void the_funnel_is_that_of_funnelplotr(void **state)
{
    traffstat_funnel_options options = funnel_settings(TRAFFSTAT_FUNNEL_LOG, TRAFFSTAT_FUNNEL_TRIM);
    traffstat_funnel_spread spread;
    traffstat_funnel_point points[COUNTIES];
    assert_ok(*state, traffstat_funnel_fit(*state, sids74, funnel_expected, COUNTIES, &options,
                                           &spread, points));
    assert_int_equal(spread.used, 77);
    assert_near(spread.phi, 1.6171807387384152, 1e-12);
    assert_near(spread.tau2, 0.084420674075027485, 1e-12);

    options.exact = TRAFFSTAT_FUNNEL_CHISQUARE;
    const double at[] = {0.5, 1.61, 9.44, 29.28, 44};
    const double want[][4] = {
        {0.059030411851299314, 16.940420516107054, 0.00098206911717525769, 9.3484036044961449},
        {0.19276215118851767, 5.1877404035713388, 0.082909137128333185, 4.0973951084038536},
        {0.42523152928645974, 2.3516600513560322, 0.46742385795421065, 1.8708774796824135},
        {0.50920511141025449, 1.9638451727840645, 0.67113377293578669, 1.4337084201348356},
        {0.52646835627820132, 1.8994493934438306, 0.7266015308669167, 1.3424533245524488}};
    traffstat_funnel_limit limits[COUNT(at)];
    assert_ok(*state, traffstat_funnel_limits(*state, at, COUNT(at), &options, &spread, limits));
    for (size_t i = 0; i < COUNT(at); i++) {
        /* FunnelPlotR's z is 1.959964 and 3.090232, to six decimals */
        assert_near(limits[i].lower_additive, want[i][0], 1e-7);
        assert_near(limits[i].upper_additive, want[i][1], 1e-7);
        assert_near(limits[i].lower, want[i][2], 1e-11);
        assert_near(limits[i].upper, want[i][3], 1e-11);
        /* phi 1.617: wider than chance alone on the same scale */
        assert_near(log(limits[i].upper_multiplicative),
                    1.959963984540054 * sqrt(spread.phi / at[i]), 1e-12);
    }
    options.level = 0.998;
    assert_ok(*state, traffstat_funnel_limits(*state, at, 1, &options, &spread, limits));
    assert_near(limits[0].lower_additive, 0.011544691872750899, 1e-6);
    assert_near(limits[0].upper_additive, 86.619895188395134, 1e-6);
    assert_near(limits[0].lower, 1.5707971492624932e-06, 1e-10);
    assert_near(limits[0].upper, 16.266236196238129, 1e-11);
    /* Alexander has no death of 2.69 expected: FunnelPlotR's z is -Inf */
    for (size_t i = 0; i < COUNTIES; i++) {
        assert_true(isfinite(points[i].z) && points[i].p >= 0 && points[i].p <= 1);
        assert_true(fabs(points[i].z_additive) <= fabs(points[i].z));
        assert_near(points[i].z_multiplicative, points[i].z / sqrt(spread.phi), 1e-14);
    }
}

static void exact_limits_by_poisson_quantiles(void **state)
{
    traffstat_funnel_options options = funnel_settings(TRAFFSTAT_FUNNEL_SQRT, 0);
    const double at[] = {1, 5, 7, 10, 20, 50, 100};
    const double want[][4] = {
        {0, 2.9019486964854146, 0, 4.8676255956703329},
        {0.10841315910257658, 1.8753117175325542, 0, 2.5542707563279761},
        {0.25606897353184527, 1.7344206349302598, 0.001972105274050181, 2.2815898407845117},
        {0.37751879476884026, 1.6159950673344787, 0.12205293158961342, 2.0662000835994991},
        {0.56025005192244204, 1.4372884335020131, 0.35845935538852097, 1.7356764286899249},
        {0.72243447001914862, 1.2766098337546781, 0.58245632982963136, 1.4550281703123855},
        {0.80366337121747122, 1.1958089485211729, 0.70065284264843997, 1.3180475039762412}};
    for (int i = 0; i < 2; i++) {
        traffstat_funnel_limit limits[COUNT(at)];
        options.level = i == 0 ? 0.95 : 0.998;
        assert_ok(*state, traffstat_funnel_limits(*state, at, COUNT(at), &options, NULL, limits));
        for (size_t j = 0; j < COUNT(at); j++) {
            assert_near(limits[j].lower, want[j][2 * i], 1e-10);
            assert_near(limits[j].upper, want[j][2 * i + 1], 1e-11);
        }
    }
}

static void outliers_are_winsorised_not_dropped(void **state)
{
    double cases[20];
    double expected[20];
    for (size_t i = 0; i < 20; i++) {
        expected[i] = 25;
        cases[i] = 25;
    }
    cases[19] = 400;
    traffstat_funnel_options options =
        funnel_settings(TRAFFSTAT_FUNNEL_SQRT, TRAFFSTAT_FUNNEL_KEEP);
    traffstat_funnel_spread spread;
    traffstat_funnel_point points[20];
    assert_ok(*state, traffstat_funnel_fit(*state, cases, expected, 20, &options, &spread, points));
    /* z = 2 (20 - 5) = 30 */
    assert_near(points[19].z, 30, 1e-13);
    assert_near(spread.phi, 900.0 / 20, 1e-13);
    /* weights 1 / (1/2/5)^2 = 100 each: (900 - 19) / (2000 - 100) */
    assert_near(spread.tau2, 881.0 / 1900, 1e-13);
    options.outliers = TRAFFSTAT_FUNNEL_WINSORISE;
    assert_ok(*state, traffstat_funnel_fit(*state, cases, expected, 20, &options, &spread, points));
    assert_int_equal(spread.used, 20);
    assert_near(spread.phi, 0, 0);
    assert_near(spread.tau2, 0, 0);
    assert_near(points[19].z_additive, 30, 1e-13); /* itself it stays as it is */
    options.share = 0.02; /* type 7: 0.98 of 19 steps = 18.62, so 0.62 x 30 */
    assert_ok(*state, traffstat_funnel_fit(*state, cases, expected, 20, &options, &spread, NULL));
    assert_near(spread.phi, 18.6 * 18.6 / 20, 1e-12);
    options.target = 0;
    assert_ok(*state, traffstat_funnel_fit(*state, cases, expected, 20, &options, &spread, NULL));
    assert_near(spread.target, 875.0 / 500, 1e-14);
}

/* ---- spread and pattern ---------------------------------------------------------------------- */

static void tests_of_spread_are_those_of_r(void **state)
{
    traffstat_heterogeneity got;
    assert_ok(*state, traffstat_places_heterogeneity(*state, sids74, births74, COUNTIES, &got));
    assert_near(got.chi2, 225.57229683176314, 1e-12);
    assert_near(got.freedom, 99, 0);
    assert_near(got.p, 7.1355084137530951e-12, 1e-9);
    assert_near(got.pw, 527848.82626747212, 1e-12);
    assert_near(got.pw_mean, 444222, 0);
    assert_near(got.pw_variance, 87955956, 0);
    assert_true(got.pw_p < 1e-15 && got.dean_p < 1e-6 && got.dean > 4);
    const double even[] = {5, 5, 5};
    assert_ok(*state, traffstat_places_heterogeneity(*state, even, even, 3, &got));
    assert_near(got.chi2, 0, 0);
    assert_near(got.p, 1, 0);
    assert_near(got.dean, -15 / sqrt(150), 1e-14);
}

static void morans_index_is_that_of_spdep(void **state)
{
    double rates[COUNTIES];
    traffstat_moran got;
    for (size_t i = 0; i < COUNTIES; i++) {
        rates[i] = sids74[i] / births74[i];
    }
    assert_ok(*state, traffstat_places_moran(*state, rates, COUNTIES, &links, NULL, &got));
    assert_near(got.i, 0.23851723346584465, 1e-12);
    assert_near(got.expected, -0.010101010101010102, 1e-14);
    assert_near(got.variance, 0.004132649813156938, 1e-12);
    assert_near(got.z, 3.8673964197234127, 1e-12);
    assert_true(got.p_permutation <= 0.005);
    assert_int_equal(got.isolated, 0);

    traffstat_moran_options options;
    traffstat_moran_options_init(&options, sizeof options);
    options.rows = 0;
    assert_ok(*state, traffstat_places_moran_rates(*state, sids74, births74, COUNTIES, &links,
                                                   &options, &got));
    assert_near(got.i, 0.22943729252095307, 1e-12);
    assert_true(got.p_permutation <= 0.01); /* R's own permutations: 0.003 */

    /* the same map with links that mean another order says something else */
    size_t moved_from[COUNT(links_from)];
    size_t moved_to[COUNT(links_to)];
    for (size_t i = 0; i < COUNT(links_from); i++) {
        moved_from[i] = (37 * links_from[i]) % COUNTIES;
        moved_to[i] = (37 * links_to[i]) % COUNTIES;
    }
    const traffstat_neighbours moved = {moved_from, moved_to, NULL, COUNT(moved_from)};
    assert_ok(*state, traffstat_places_moran(*state, rates, COUNTIES, &moved, NULL, &got));
    assert_true(fabs(got.i) < 0.2 && got.p > 0.001);
}

static void permutations_do_not_depend_on_threads(void **state)
{
    double seen = NAN;
    traffstat_moran_options options;
    traffstat_moran_options_init(&options, sizeof options);
    options.permutations = 500;
    const uint32_t threads[] = {1, 2, 7};
    double values[COUNTIES];
    for (size_t i = 0; i < COUNTIES; i++) {
        values[i] = (double) ((i * 37) % 101); /* no pattern: p is somewhere in the middle */
    }
    for (size_t i = 0; i < COUNT(threads); i++) {
        traffstat_moran got;
        assert_ok(*state, traffstat_ctx_set_threads(*state, threads[i]));
        assert_ok(*state, traffstat_places_moran(*state, values, COUNTIES, &links, &options, &got));
        assert_near(got.p_permutation, i == 0 ? got.p_permutation : seen, 0);
        assert_near(got.p_permutation, got.p, 0.5);
        seen = got.p_permutation;
    }
    traffstat_moran got;
    options.permutations = 0;
    assert_ok(*state, traffstat_places_moran(*state, values, COUNTIES, &links, &options, &got));
    assert_true(isnan(got.p_permutation));
}

static void one_way_links_and_lonely_places(void **state)
{
    /* a chain 0 -> 1 -> 2 -> 3 -> 0 one way, place 4 alone; by hand: z = v - 3 */
    const double values[] = {1, 2, 3, 4, 5};
    const size_t from[] = {0, 1, 2, 3};
    const size_t to[] = {1, 2, 3, 0};
    const traffstat_neighbours chain = {from, to, NULL, 4};
    traffstat_moran got;
    assert_ok(*state, traffstat_places_moran(*state, values, 5, &chain, NULL, &got));
    assert_int_equal(got.isolated, 1);
    /* cross = (-2)(-1) + 0 + 0 + 1(-2) = 0 */
    assert_near(got.i, 0, 0);
    assert_near(got.expected, -1.0 / 3, 1e-15);
    /* S0 = 4, S1 = 4, S2 = 16, n = 4, kurtosis 4 x 34 / 100 */
    const double right = 1.36 * (12 * 4 - 8 * 16 + 6 * 16);
    const double left = 4 * (7 * 4 - 4 * 16 + 3 * 16);
    assert_near(got.variance, (left - right) / (3 * 2 * 1 * 16) - 1.0 / 9, 1e-12);
}

static void adjacency_that_does_not_match_is_named(void **state)
{
    const double values[] = {1, 2, 3, 4, 6};
    const size_t from[] = {0, 1, 2, 3, 4};
    const size_t far[] = {1, 2, 3, 4, 5};
    const size_t self[] = {1, 1, 3, 4, 0};
    const size_t twice_from[] = {0, 1, 2, 3, 0};
    const size_t twice_to[] = {1, 2, 3, 4, 1};
    const size_t good[] = {1, 2, 3, 4, 0};
    const double zero[] = {1, 1, 0, 1, 1};
    const struct {
        traffstat_neighbours pairs;
        traffstat_status status;
        const char *message;
    } rows[] = {
        {{from, far, NULL, 5}, TRAFFSTAT_E_ARGUMENT, "only 5 places"},
        {{from, self, NULL, 5}, TRAFFSTAT_E_CONFLICT, "own neighbour"},
        {{twice_from, twice_to, NULL, 5}, TRAFFSTAT_E_CONFLICT, "twice"},
        {{from, good, zero, 5}, TRAFFSTAT_E_ARGUMENT, "weight"},
        {{from, good, NULL, 0}, TRAFFSTAT_E_ARGUMENT, "neighbours"},
        {{from, good, NULL, 3}, TRAFFSTAT_E_NODATA, "at least 4"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        traffstat_moran got = {.i = -7};
        assert_int_equal(traffstat_places_moran(*state, values, 5, &rows[i].pairs, NULL, &got),
                         rows[i].status);
        assert_non_null(strstr(traffstat_ctx_message(*state), rows[i].message));
        assert_near(got.i, -7, 0);
    }
    const double flat[] = {3, 3, 3, 3, 3};
    const traffstat_neighbours ring = {from, good, NULL, 5};
    traffstat_moran got;
    assert_int_equal(traffstat_places_moran(*state, flat, 5, &ring, NULL, &got),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_places_moran(*state, flat, 5, NULL, NULL, &got),
                     TRAFFSTAT_E_ARGUMENT);
}

static void links_are_matched_by_key(void **state)
{
    const char *keys[] = {"b", "a", "c"};
    const char *from_keys[] = {"a", "b", "c"};
    const char *to_keys[] = {"b", "c", "a"};
    size_t from[3] = {9, 9, 9};
    size_t to[3] = {9, 9, 9};
    assert_ok(*state, traffstat_neighbours_match(*state, keys, 3, from_keys, to_keys, 3, from, to));
    const size_t want_from[] = {1, 0, 2};
    const size_t want_to[] = {0, 2, 1};
    assert_memory_equal(from, want_from, sizeof from);
    assert_memory_equal(to, want_to, sizeof to);
    const char *stranger[] = {"b", "c", "d"};
    assert_int_equal(traffstat_neighbours_match(*state, keys, 3, from_keys, stranger, 3, from, to),
                     TRAFFSTAT_E_NOTFOUND);
    assert_non_null(strstr(traffstat_ctx_message(*state), "link 2"));
    assert_non_null(strstr(traffstat_ctx_message(*state), "\"d\""));
    const char *same[] = {"b", "a", "b"};
    assert_int_equal(traffstat_neighbours_match(*state, same, 3, from_keys, to_keys, 3, from, to),
                     TRAFFSTAT_E_CONFLICT);
    const char *selves[] = {"b", "b", "a"};
    assert_int_equal(traffstat_neighbours_match(*state, keys, 3, from_keys, selves, 3, from, to),
                     TRAFFSTAT_E_CONFLICT);
    const char *again_from[] = {"a", "b", "a"};
    const char *again_to[] = {"b", "c", "b"};
    assert_int_equal(traffstat_neighbours_match(*state, keys, 3, again_from, again_to, 3, from, to),
                     TRAFFSTAT_E_CONFLICT);
    assert_memory_equal(from, want_from, sizeof from);
    assert_int_equal(traffstat_neighbours_match(*state, NULL, 3, from_keys, to_keys, 3, from, to),
                     TRAFFSTAT_E_ARGUMENT);
    /* the counties by their codes, in the opposite order */
    const char *backwards[COUNTIES];
    const char *link_from[COUNT(links_from)];
    const char *link_to[COUNT(links_to)];
    size_t county_from[COUNT(links_from)];
    size_t county_to[COUNT(links_to)];
    double rates[COUNTIES];
    for (size_t i = 0; i < COUNTIES; i++) {
        backwards[COUNTIES - 1 - i] = county_keys[i];
        rates[COUNTIES - 1 - i] = sids74[i] / births74[i];
    }
    for (size_t i = 0; i < COUNT(links_from); i++) {
        link_from[i] = county_keys[links_from[i]];
        link_to[i] = county_keys[links_to[i]];
    }
    assert_ok(*state, traffstat_neighbours_match(*state, backwards, COUNTIES, link_from, link_to,
                                                 COUNT(links_from), county_from, county_to));
    const traffstat_neighbours matched = {county_from, county_to, NULL, COUNT(links_from)};
    traffstat_moran got;
    assert_ok(*state, traffstat_places_moran(*state, rates, COUNTIES, &matched, NULL, &got));
    assert_near(got.i, 0.23851723346584465, 1e-12);
}

/* ---- many tests, ranks ----------------------------------------------------------------------- */

static void false_discoveries_are_adjusted_as_p_adjust_does(void **state)
{
    /* Benjamini & Hochberg's own example of 15 */
    const double p[] = {0.0459, 0.0001, NAN,    0.0004, 0.0019, 0.0095, 0.0201, 0.0278,
                        0.0298, 0.0344, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    double got[COUNT(p)];
    assert_ok(*state, traffstat_false_discovery(*state, p, COUNT(p), got));
    assert_true(isnan(got[2]));
    assert_near(got[1], 0.0015, 1e-12);
    assert_near(got[3], 0.003, 1e-12);
    assert_near(got[4], 0.0095, 1e-12);
    assert_near(got[5], 0.035625, 1e-12);
    assert_near(got[6], 0.0603, 1e-12);
    assert_near(got[7], 0.0298 * 15 / 7, 1e-12); /* its own 0.0695 is more than the next one's */
    assert_near(got[15], 1, 0);
    size_t found = 0;
    for (size_t i = 0; i < COUNT(p); i++) {
        found += got[i] <= 0.05;
    }
    assert_int_equal(found, 4); /* as they found */
    double own[] = {0.5, 0.01};
    assert_ok(*state, traffstat_false_discovery(*state, own, 2, own)); /* in place */
    assert_near(own[0], 0.5, 0);
    assert_near(own[1], 0.02, 1e-15);
    const double bad[] = {0.1, 1.1};
    assert_int_equal(traffstat_false_discovery(*state, bad, 2, got), TRAFFSTAT_E_ARGUMENT);
}

static void ranks_are_as_sure_as_their_counts(void **state)
{
    const double cases[] = {2, 100, 40, 3, 2};
    const double expected[] = {2, 10, 10, 3, 2};
    traffstat_rank got[5];
    assert_ok(*state, traffstat_places_ranks(*state, cases, expected, 5, 0.95, got));
    assert_near(got[1].rank, 1, 0);
    assert_near(got[2].rank, 2, 0);
    assert_near(got[0].rank, 4, 0); /* three share ranks 3 to 5 */
    assert_near(got[3].rank, 4, 0);
    assert_int_equal(got[1].lower, 1);
    assert_int_equal(got[1].upper, 1); /* its lower end, 7.5, is above every upper end */
    assert_int_equal(got[2].lower, 2);
    assert_int_equal(got[2].upper, 5); /* 3 of 3 reaches 4.2, and 40 of 10 may be 2.6 */
    double sum = 0;
    for (size_t i = 0; i < 5; i++) {
        sum += got[i].expected;
        assert_true(got[i].lower <= got[i].rank && got[i].rank <= got[i].upper);
    }
    assert_near(sum, 15, 1e-12); /* 1 + 2 + 3 + 4 + 5 whoever they are */
    /* nobody has a case: nothing is known */
    const double none[] = {0, 0, 0};
    assert_ok(*state, traffstat_places_ranks(*state, none, expected, 3, 0.95, got));
    assert_near(got[1].rank, 2, 0);
    assert_int_equal(got[1].lower, 1);
    assert_int_equal(got[1].upper, 3);
    assert_string_equal(traffstat_ctx_message(*state), "");
    assert_int_equal(traffstat_places_ranks(*state, none, none, 3, 0.95, got),
                     TRAFFSTAT_E_ARGUMENT);
}

/* ---- edges ----------------------------------------------------------------------------------- */

static void what_makes_no_sense_is_refused(void **state)
{
    const double cases[] = {1, 2};
    const double none[] = {0, 0};
    const double bad[] = {1, -1};
    traffstat_shrunk out[2] = {{.ratio = -7}};
    traffstat_shrink_options shrink = shrink_settings(0, 1);
    assert_int_equal(traffstat_places_shrink(*state, bad, cases, 2, NULL, &shrink, out, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "place 1"));
    assert_int_equal(traffstat_places_shrink(*state, cases, none, 2, NULL, &shrink, out, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_places_shrink(*state, none, cases, 2, NULL, &shrink, out, NULL),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_places_shrink(*state, cases, cases, 1, NULL, &shrink, out, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_places_shrink(*state, cases, cases, 2, &links, &shrink, out, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    shrink.model = 4;
    assert_int_equal(traffstat_places_shrink(*state, cases, cases, 2, NULL, &shrink, out, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_near(out[0].ratio, -7, 0);

    traffstat_funnel_spread spread;
    traffstat_funnel_options funnel = funnel_settings(0, 0);
    funnel.share = 0.5;
    assert_int_equal(traffstat_funnel_fit(*state, cases, cases, 2, &funnel, &spread, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    funnel = funnel_settings(0, TRAFFSTAT_FUNNEL_TRIM);
    funnel.share = 0.45;
    assert_int_equal(traffstat_funnel_fit(*state, cases, cases, 2, &funnel, NULL, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_funnel_limit limit;
    assert_int_equal(traffstat_funnel_limits(*state, none, 1, &funnel, NULL, &limit),
                     TRAFFSTAT_E_ARGUMENT);
    spread = (traffstat_funnel_spread){.target = 0};
    assert_int_equal(traffstat_funnel_limits(*state, cases, 1, &funnel, &spread, &limit),
                     TRAFFSTAT_E_ARGUMENT);
}

static traffstat_status try_places(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_shrunk shrunk[COUNTIES];
    traffstat_funnel_spread spread;
    traffstat_moran moran;
    traffstat_rank ranks[COUNTIES];
    double adjusted[2] = {0.1, 0.2};
    const char *keys[] = {"a", "b"};
    size_t from;
    size_t to;
    traffstat_moran_options quick;
    traffstat_moran_options_init(&quick, sizeof quick);
    quick.permutations = 40;
    const traffstat_shrink_options local = shrink_settings(TRAFFSTAT_SHRINK_LOCAL, 1);
    traffstat_status status = traffstat_ctx_set_threads(ctx, 1);
    if (status == TRAFFSTAT_OK) {
        status =
            traffstat_places_shrink(ctx, sids74, births74, COUNTIES, &links, &local, shrunk, NULL);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_funnel_fit(ctx, sids74, births74, COUNTIES, NULL, &spread, NULL);
    }
    if (status == TRAFFSTAT_OK) {
        status =
            traffstat_places_moran_rates(ctx, sids74, births74, COUNTIES, &links, &quick, &moran);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_false_discovery(ctx, adjusted, 2, adjusted);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_places_ranks(ctx, sids74, births74, COUNTIES, 0.95, ranks);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_neighbours_match(ctx, keys, 2, keys, keys + 1, 1, &from, &to);
    }
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_places, NULL) > 12);
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(marshalls_rates_are_those_of_spdep),
        WITH_CTX(the_moments_of_clayton_and_kaldor_settle),
        WITH_CTX(the_marginal_likelihood_is_that_of_glm_nb),
        WITH_CTX(intervals_widen_when_the_law_was_estimated),
        WITH_CTX(no_spread_draws_all_to_one),
        WITH_CTX(a_neighbourhood_without_a_case_has_an_upper_end),
        WITH_CTX(the_funnel_is_that_of_funnelplotr),
        WITH_CTX(exact_limits_by_poisson_quantiles),
        WITH_CTX(outliers_are_winsorised_not_dropped),
        WITH_CTX(tests_of_spread_are_those_of_r),
        WITH_CTX(morans_index_is_that_of_spdep),
        WITH_CTX(permutations_do_not_depend_on_threads),
        WITH_CTX(one_way_links_and_lonely_places),
        WITH_CTX(adjacency_that_does_not_match_is_named),
        WITH_CTX(links_are_matched_by_key),
        WITH_CTX(false_discoveries_are_adjusted_as_p_adjust_does),
        WITH_CTX(ranks_are_as_sure_as_their_counts),
        WITH_CTX(what_makes_no_sense_is_refused),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
