/* Every county of nc_sids.h beside R's figures in nc_sids_of_r.h. */
#include <math.h>

#include "support/support.h"
#include "unit/nc_sids.h"
#include "unit/nc_sids_of_r.h"

#include <traffstat/places.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COUNTIES 100

static void shrink(void **state, int32_t model, const double *cases, const double *births,
                   traffstat_shrunk out[COUNTIES], traffstat_shrink_law *law)
{
    static const traffstat_neighbours links = {links_from, links_to, NULL, COUNT(links_from)};
    traffstat_shrink_options options;
    traffstat_shrink_options_init(&options, sizeof options);
    options.model = model;
    options.corrected = 0; /* as R: the law taken as known */
    double expected[COUNTIES];
    double all = 0.0;
    double whole = 0.0;
    for (size_t i = 0; i < COUNTIES; i++) {
        all += cases[i];
        whole += births[i];
    }
    const int rates = model == TRAFFSTAT_SHRINK_MARSHALL || model == TRAFFSTAT_SHRINK_LOCAL;
    for (size_t i = 0; i < COUNTIES; i++) {
        expected[i] = rates ? births[i] : births[i] * all / whole;
    }
    assert_ok(*state, traffstat_places_shrink(*state, cases, expected, COUNTIES,
                                              model == TRAFFSTAT_SHRINK_LOCAL ? &links : NULL,
                                              &options, out, law));
}

static void every_county_is_shrunk_as_in_r(void **state)
{
    /* DCluster stopped early: 1e-4 in 1974-78, 1e-3 in 1979-84; SpatialEpi's glm.nb to 1e-6 */
    static const struct {
        int32_t model;
        size_t column;
        double tolerance;
    } rows[] = {{TRAFFSTAT_SHRINK_MARSHALL, 0, 1e-11},  {TRAFFSTAT_SHRINK_LOCAL, 1, 1e-11},
                {TRAFFSTAT_SHRINK_MOMENTS, 2, 1e-4},    {TRAFFSTAT_SHRINK_LIKELIHOOD, 3, 1e-6},
                {TRAFFSTAT_SHRINK_LIKELIHOOD, 4, 1e-6}, {TRAFFSTAT_SHRINK_MOMENTS, 5, 1e-3}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        const size_t column = rows[i].column;
        traffstat_shrunk got[COUNTIES];
        traffstat_shrink_law law;
        shrink(state, rows[i].model, column == 5 ? sids79 : sids74,
               column == 5 ? births79 : births74, got, &law);
        for (size_t county = 0; county < COUNTIES; county++) {
            assert_near(column == 4 ? got[county].median : got[county].estimate,
                        shrunk_of_r[county][column], rows[i].tolerance);
        }
        if (column == 5) {
            assert_near(law.rate, 13.187006775697505, 2e-3);
        }
    }
}

static void check_limits(void **state, const traffstat_funnel_spread *spread,
                         const traffstat_funnel_options *given, double level, double expected,
                         const double *additive, const double *exact)
{
    traffstat_funnel_options options = *given;
    traffstat_funnel_limit got;
    options.level = level;
    assert_ok(*state, traffstat_funnel_limits(*state, &expected, 1, &options, spread, &got));
    /* FunnelPlotR's z is 1.959964 and 3.090232, to six decimals */
    assert_near(got.lower_additive, additive[0], 1e-6);
    assert_near(got.upper_additive, additive[1], 1e-6);
    assert_near(got.lower, exact[0], 1e-10);
    assert_near(got.upper, exact[1], 1e-10);
}

static void every_county_lies_in_the_funnel_as_in_r(void **state)
{
    double cases[COUNTIES];
    double expected[COUNTIES];
    traffstat_funnel_options options;
    traffstat_funnel_options_init(&options, sizeof options);
    options.scale = TRAFFSTAT_FUNNEL_LOG;
    options.outliers = TRAFFSTAT_FUNNEL_TRIM;
    options.exact = TRAFFSTAT_FUNNEL_CHISQUARE;
    options.target = 1.0;
    size_t kept = 0;
    for (size_t i = 0; i < COUNTIES; i++) {
        expected[i] = funnel_of_r[i][0];
        cases[i] = funnel_of_r[i][1];
        kept += funnel_of_r[i][3] == 0.0;
    }
    traffstat_funnel_spread spread;
    traffstat_funnel_point points[COUNTIES];
    assert_ok(*state,
              traffstat_funnel_fit(*state, cases, expected, COUNTIES, &options, &spread, points));
    assert_int_equal(spread.used, kept);
    for (size_t i = 0; i < COUNTIES; i++) {
        const double *want = funnel_of_r[i];
        if (cases[i] > 0.0) {
            assert_near(points[i].z, want[2], 1e-11);
        } else {
            assert_true(isfinite(points[i].z) && isinf(want[2])); /* R takes log(0) */
        }
        check_limits(state, &spread, &options, 0.95, expected[i], want + 4, want + 8);
        check_limits(state, &spread, &options, 0.998, expected[i], want + 6, want + 10);
    }
    for (size_t i = 0; i < COUNT(funnel_limits_of_r); i++) {
        const double *want = funnel_limits_of_r[i];
        check_limits(state, &spread, &options, 0.95, want[0], want + 1, want + 5);
        check_limits(state, &spread, &options, 0.998, want[0], want + 3, want + 7);
    }
}

static void funnel_limits_by_chi_square_are_those_of_r(void **state)
{
    /* qchisq(0.025, 2 E)/2/E and qchisq(0.975, 2 E + 2)/2/E */
    static const double want[][3] = {{1, 0.025317807984289876, 5.5716433909388989},
                                     {5, 0.32469727802368414, 2.3336664158645335},
                                     {7, 0.40205186450283803, 2.0603821945289114},
                                     {10, 0.47953886961324332, 1.8390356042017779},
                                     {20, 0.61082597927019711, 1.5444188951337297},
                                     {50, 0.74221927474923721, 1.3183753332867365},
                                     {100, 0.81363991250923151, 1.2162679379242638}};
    traffstat_funnel_options options;
    traffstat_funnel_options_init(&options, sizeof options);
    options.exact = TRAFFSTAT_FUNNEL_CHISQUARE;
    for (size_t i = 0; i < COUNT(want); i++) {
        traffstat_funnel_limit got;
        assert_ok(*state, traffstat_funnel_limits(*state, want[i], 1, &options, NULL, &got));
        assert_near(got.lower, want[i][1], 1e-12);
        assert_near(got.upper, want[i][2], 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_county_is_shrunk_as_in_r),
        cmocka_unit_test(every_county_lies_in_the_funnel_as_in_r),
        cmocka_unit_test(funnel_limits_by_chi_square_are_those_of_r),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
