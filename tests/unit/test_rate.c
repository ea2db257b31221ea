/* Poisson counts: intervals, the exact conditional test, changes between two years. Figures marked
 * R are from R 4.2.2 (stats, exactci and rateratio.test agree), the others are closed forms. */
#include <math.h>
#include <string.h>

#include "model/rate/tail.h"
#include "support/support.h"

#include <traffstat/rate.h>

/* ---- one count ------------------------------------------------------------------------------- */

static void garwoods_interval_is_that_of_r(void **state)
{
    static const struct {
        int64_t count;
        double level;
        double lower;
        double upper;
    } rows[] = {
        {2, 0.95, 0.24220927854396501, 7.2246876677239582},
        {5, 0.95, 1.6234863901184209, 11.668332079322667},
        {8, 0.95, 3.4538321767485018, 15.763189220193315},
        {10, 0.95, 4.7953886961324343, 18.390356042017778},
        {50, 0.95, 37.110963737461866, 65.918766664336829},
        {1000, 0.95, 938.97301840769524, 1063.9521360163019},
        {0, 0.99, 0, 5.2983173665480354},
        {1, 0.99, 0.0050125418235442863, 7.4301295002801222},
        {7, 0.99, 2.0373374786996714, 17.133593268913348},
        {8, 0.99, 2.5711027215218469, 18.578225728303373},
        {20, 0.99, 10.353267658485043, 34.6679987284502},
        {50, 0.99, 33.663781652739587, 71.26608847545107},
        {1000, 0.99, 920.42404616335921, 1084.3728680643892},
        {0, 0.9, 0, 2.99573227355399},
        {1, 0.9, 0.051293294387550523, 4.743864518390577},
        {8, 0.9, 3.9808227861892749, 14.434649715196315},
        {10, 0.9, 5.4254056970912918, 16.962219235721896},
        {20, 0.9, 13.254651598346552, 29.062018840434011},
        {100, 0.9, 84.139277218314177, 118.07927278209708},
        {1000, 0.9, 948.55984938365111, 1053.6031221333008},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_interval got;
        assert_ok(*state,
                  traffstat_poisson_interval(*state, rows[i].count, 1.0, rows[i].level, &got));
        assert_near(got.lower, rows[i].lower, 1e-12);
        assert_near(got.upper, rows[i].upper, 1e-12);
        assert_near(got.level, rows[i].level, 0.0);
    }
}

static void seven_cases_of_missoula_as_published(void **state)
{
    traffstat_interval got;
    assert_ok(*state, traffstat_poisson_interval(*state, 7, 1.0, 0.95, &got));
    assert_near(got.lower, 2.8143630515198672, 1e-12);
    assert_near(got.upper, 14.422675361702378, 1e-12);
    /* rates per 100,000 residents, R: epitools */
    assert_ok(*state, traffstat_poisson_interval(*state, 7, 0.7334, 0.95, &got));
    assert_near(got.lower, 3.8374189412597031, 1e-12);
    assert_near(got.upper, 19.66549681170218, 1e-12);
}

static void no_case_at_all_has_the_closed_upper_end(void **state)
{
    const double levels[] = {1e-6, 0.5, 0.95, 0.999999};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        traffstat_interval got;
        assert_ok(*state, traffstat_poisson_interval(*state, 0, 1.0, levels[i], &got));
        assert_near(got.lower, 0.0, 0.0);
        assert_near(got.upper, -log((1.0 - levels[i]) / 2.0), 1e-14);
    }
}

static void one_case_has_a_closed_lower_end_at_every_level(void **state)
{
    const double levels[] = {1e-6, 0.5, 0.95, 0.999999, 0.99999999999};
    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        traffstat_interval got;
        assert_ok(*state, traffstat_poisson_interval(*state, 1, 1.0, levels[i], &got));
        assert_near(got.lower, -log1p(-(1.0 - levels[i]) / 2.0), 1e-13);
    }
}

static void counts_as_large_as_numbers_go_have_limits(void **state)
{
    /* R: qgamma(.025, k), qgamma(.975, k + 1) */
    static const struct {
        int64_t count;
        double lower;
        double upper;
    } rows[] = {{1000000000, 9.9993802144392788e+08, 1.0000619814504089e+09},
                {100000000000, 9.9999380205914856e+10, 1.0000061979697946e+11},
                {INT64_MAX, 9.2233720309023642e+18, 9.2233720428071875e+18}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_interval got;
        assert_ok(*state, traffstat_poisson_interval(*state, rows[i].count, 1.0, 0.95, &got));
        assert_near(got.lower, rows[i].lower, 1e-14);
        assert_near(got.upper, rows[i].upper, 1e-14);
    }
}

static void an_interval_out_of_range_is_refused_and_leaves_out_alone(void **state)
{
    traffstat_interval got = {-1.0, -1.0, -1.0};
    const struct {
        int64_t count;
        double exposure;
        double level;
    } rows[] = {{-1, 1.0, 0.95},     {7, 0.0, 0.95}, {7, -1.0, 0.95}, {7, NAN, 0.95},
                {7, INFINITY, 0.95}, {7, 1.0, 0.0},  {7, 1.0, 1.0},   {7, 1.0, NAN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(traffstat_poisson_interval(*state, rows[i].count, rows[i].exposure,
                                                    rows[i].level, &got),
                         TRAFFSTAT_E_ARGUMENT);
        assert_string_not_equal(traffstat_ctx_message(*state), "");
    }
    assert_int_equal(traffstat_poisson_interval(*state, 7, 1.0, 0.95, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_near(got.lower, -1.0, 0.0);
}

/* ---- two counts ------------------------------------------------------------------------------ */

static void eight_after_seven_cannot_be_told_from_chance(void **state)
{
    traffstat_change got;
    assert_ok(*state, traffstat_poisson_compare(*state, 7, 1.0, 8, 1.0, 0.95, &got));
    assert_near(got.p, 1.0, 0.0);
    assert_near(got.ratio, 1.1428571428571428, 1e-15);
    assert_near(got.lower, 0.36214051159332311, 1e-13);
    assert_near(got.upper, 3.7021929676555763, 1e-13);
    assert_int_equal(got.fewer, 0);
    assert_near(got.fewer_p, 0.015625, 1e-13);
    assert_int_equal(got.more, 18);
    assert_near(got.more_p, 0.0432852506637574, 1e-12);
    assert_int_equal(got.first_count, 7);
    assert_int_equal(got.second_count, 8);
    assert_near(got.level, 0.95, 0.0);
}

static void every_later_count_has_the_p_of_r(void **state)
{
    static const struct {
        int64_t second;
        double p;
    } rows[] = {
        {0, 0.015625000000000007},    {1, 0.070312500000000028},
        {2, 0.17968750000000006},     {3, 0.34375000000000011},
        {4, 0.54882812500000022},     {5, 0.77441406250000022},
        {6, 0.99999999999999956},     {7, 1},
        {8, 0.99999999999999944},     {9, 0.80361938476562544},
        {10, 0.62905883789062511},    {11, 0.48068237304687528},
        {12, 0.35928344726562517},    {13, 0.26317596435546875},
        {14, 0.18924713134765619},    {15, 0.13380050659179699},
        {16, 0.093139648437500069},   {17, 0.063914656639099204},
        {18, 0.043285250663757366},   {19, 0.028959274291992181},
        {20, 0.019157290458679185},   {21, 0.012540951371192925},
        {22, 0.0081300586462020874},  {23, 0.005222879350185403},
        {24, 0.0033268928527832131},  {25, 0.0021024015732109577},
        {26, 0.0013187271542847213},  {27, 0.0008213953115046033},
        {28, 0.0005082604475319392},  {29, 0.00031255115754902401},
        {30, 0.00019107642583549047}, {31, 0.00011616700794547796},
        {32, 7.0254784077406024e-05}, {33, 4.2277022657799677e-05},
        {34, 2.5320803615613922e-05}, {35, 1.5097200957825482e-05},
        {36, 8.963039363152356e-06},  {37, 5.2995817441115186e-06},
        {38, 3.1213096463034222e-06}, {39, 1.831543272601274e-06},
        {40, 1.0709118214435909e-06},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_change got;
        assert_ok(*state,
                  traffstat_poisson_compare(*state, 7, 1.0, rows[i].second, 1.0, 0.95, &got));
        assert_near(got.p, rows[i].p, 1e-12);
    }
}

/* p is the central one, from R's pbinom: poisson.test prints that of minimum likelihood. */
static void other_pairs_and_exposures_have_the_figures_of_r(void **state)
{
    static const struct {
        int64_t first;
        double first_exposure;
        int64_t second;
        double second_exposure;
        double p;
        double ratio;
        double lower;
        double upper;
    } rows[] = {
        {8, 1, 7, 1, 1, 0.875, 0.27011017759921169, 2.7613591078232673},
        {7, 73340, 8, 74428, 1, 1.126150680619429, 0.35684668565935285, 3.6480737390210671},
        {7, 1, 20, 1, 0.019157290458679185, 2.8571428571428572, 1.1605330395460434,
         7.9972912250381505},
        {21, 3011, 11, 800, 0.11201731957539939, 1.9714880952380953, 0.85842640339163923,
         4.2772659436540712},
        {9, 16660, 2, 17877, 0.050106495614108931, 0.20709415574325793, 0.021774062759064704,
         1.0005491044877217},
        {1000000, 1, 1002000, 1, 0.157714452813119910, 1.002, 0.99922687935581922,
         1.0047808186946801},
        {1000000000, 1, 1000100000, 1, 0.025352444671547590, 1.0001, 1.00001234401367101,
         1.0001876636699005},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_change got;
        assert_ok(*state,
                  traffstat_poisson_compare(*state, rows[i].first, rows[i].first_exposure,
                                            rows[i].second, rows[i].second_exposure, 0.95, &got));
        assert_near(got.p, rows[i].p, 1e-12);
        assert_near(got.ratio, rows[i].ratio, 1e-14);
        assert_near(got.lower, rows[i].lower, 1e-11);
        assert_near(got.upper, rows[i].upper, 1e-11);
    }
}

static void a_count_of_zero_leaves_one_side_open(void **state)
{
    traffstat_change got;
    assert_ok(*state, traffstat_poisson_compare(*state, 0, 1.0, 8, 1.0, 0.95, &got));
    assert_near(got.p, 2.0 * pow(0.5, 8), 1e-13);
    assert_true(isnan(got.ratio));
    assert_true(isnan(got.upper));
    /* I_x(8, 1) = x^8 */
    const double share = pow(0.025, 1.0 / 8.0);
    assert_near(got.lower, share / (1.0 - share), 1e-12);
    assert_int_equal(got.fewer, -1);
    assert_true(isnan(got.fewer_p));
    assert_int_equal(got.more, 6);
    assert_near(got.more_p, 0.03125, 1e-13);

    assert_ok(*state, traffstat_poisson_compare(*state, 8, 1.0, 0, 1.0, 0.95, &got));
    assert_near(got.ratio, 0.0, 0.0);
    assert_near(got.lower, 0.0, 0.0);
    assert_near(got.upper, (1.0 - share) / share, 1e-12);
}

static void nothing_twice_says_nothing(void **state)
{
    traffstat_change got;
    assert_ok(*state, traffstat_poisson_compare(*state, 0, 1.0, 0, 2.0, 0.95, &got));
    assert_near(got.p, 1.0, 0.0);
    assert_true(isnan(got.ratio));
    assert_near(got.lower, 0.0, 0.0);
    assert_true(isnan(got.upper));
}

/* p at the counts that are named and one step nearer, asked for afresh. */
static void fewer_and_more_are_the_edges_of_the_test(void **state)
{
    static const double exposures[] = {0.01, 0.5, 1.0, 3.0, 1000.0};
    static const int64_t firsts[] = {0, 1, 5, 7, 40, 1000};
    static const double levels[] = {0.5, 0.9, 0.95, 0.999};
    for (size_t i = 0; i < 5 * 6 * 4; i++) {
        const double t = exposures[i % 5];
        const int64_t x = firsts[i / 5 % 6];
        const double alpha = 1.0 - levels[i / 30];
        traffstat_change got;
        traffstat_change next;
        assert_ok(*state, traffstat_poisson_compare(*state, x, 1.0, 1, t, levels[i / 30], &got));
        assert_ok(*state, traffstat_poisson_compare(*state, x, 1.0, got.more, t, 0.95, &next));
        assert_near(next.p, got.more_p, 1e-12);
        assert_true(got.more_p <= alpha * (1.0 + 1e-9));
        assert_ok(*state, traffstat_poisson_compare(*state, x, 1.0, got.more - 1, t, 0.95, &next));
        assert_true(next.p > alpha);
        if (got.fewer >= 0) {
            assert_true(got.fewer_p <= alpha * (1.0 + 1e-9));
        }
        assert_ok(*state, traffstat_poisson_compare(*state, x, 1.0, got.fewer + 1, t, 0.95, &next));
        assert_true(next.p > alpha);
    }
}

static void a_p_that_ties_with_the_level_differs(void **state)
{
    /* 7 then 0: p = 2 / 2^7 = 1/64 exactly */
    traffstat_change got;
    assert_ok(*state, traffstat_poisson_compare(*state, 7, 1.0, 8, 1.0, 1.0 - 1.0 / 64.0, &got));
    assert_int_equal(got.fewer, 0);
    assert_ok(*state, traffstat_poisson_compare(*state, 7, 1.0, 8, 1.0, 1.0 - 0.9 / 64.0, &got));
    assert_int_equal(got.fewer, -1);
}

static void exposures_and_counts_out_of_range_are_refused(void **state)
{
    const struct {
        int64_t first;
        double t1;
        int64_t second;
        double t2;
        double level;
    } rows[] = {{-1, 1, 8, 1, 0.95},  {7, 1, -8, 1, 0.95},        {7, 0, 8, 1, 0.95},
                {7, 1, 8, NAN, 0.95}, {7, 1, 8, INFINITY, 0.95},  {7, 1, 8, 1, 1.0},
                {7, 1, 8, 1, NAN},    {7, 1e-300, 8, 1e300, 0.95}};
    traffstat_change got = {.p = -1.0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(traffstat_poisson_compare(*state, rows[i].first, rows[i].t1,
                                                   rows[i].second, rows[i].t2, rows[i].level, &got),
                         TRAFFSTAT_E_ARGUMENT);
    }
    assert_near(got.p, -1.0, 0.0);
    assert_int_equal(traffstat_poisson_compare(*state, 7, 1, 8, 1, 0.95, NULL),
                     TRAFFSTAT_E_ARGUMENT);
}

/* ---- two years of a series ------------------------------------------------------------------- */

static traffstat_panel *make_panel(traffstat_ctx *ctx, const traffstat_cell *cells, size_t count)
{
    traffstat_panel_builder *builder = NULL;
    traffstat_panel *panel = NULL;
    size_t series = 0;
    assert_ok(ctx, traffstat_panel_builder_new(ctx, TRAFFSTAT_DUPLICATES_ERROR, &builder));
    assert_ok(ctx, traffstat_panel_builder_series(ctx, builder, "", "Missoula",
                                                  "cases investigated by police", "", "", &series));
    for (size_t i = 0; i < count; i++) {
        assert_ok(ctx, traffstat_panel_builder_add(ctx, builder, series, &cells[i]));
    }
    assert_ok(ctx, traffstat_panel_builder_finish(ctx, builder, &panel));
    traffstat_panel_builder_free(builder);
    return panel;
}

static traffstat_cell cell(int32_t year, int64_t lower, int64_t upper)
{
    return (traffstat_cell){.lower = lower,
                            .upper = upper,
                            .population = NAN,
                            .coverage = NAN,
                            .year = year,
                            .places = 1};
}

static void the_last_two_exact_counts_are_compared(void **state)
{
    traffstat_cell cells[] = {cell(2015, 3, 3), cell(2016, 7, 7), cell(2017, 0, 4),
                              cell(2018, 8, 8), cell(2019, 0, 0)};
    cells[4].why = TRAFFSTAT_WHY_NOT_REPORTED;
    traffstat_panel *panel = make_panel(*state, cells, 5);
    traffstat_change got;
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 0, 0, 0.95, &got));
    assert_int_equal(got.first_year, 2016);
    assert_int_equal(got.second_year, 2018);
    assert_near(got.ratio, 8.0 / 7.0, 1e-15);
    assert_near(got.first_exposure, 1.0, 0.0);
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 2015, 2018, 0.95, &got));
    assert_int_equal(got.first_count, 3);
    assert_int_equal(traffstat_rate_change(*state, panel, 0, 2015, 2017, 0.95, &got),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_rate_change(*state, panel, 0, 2015, 2014, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_rate_change(*state, panel, 0, 2010, 2018, 0.95, &got),
                     TRAFFSTAT_E_NODATA);
    assert_int_equal(traffstat_rate_change(*state, panel, 1, 0, 0, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_rate_change(*state, NULL, 0, 0, 0, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_panel_free(panel);
}

static void population_and_coverage_make_the_exposure(void **state)
{
    traffstat_cell cells[] = {cell(2017, 7, 7), cell(2018, 8, 8)};
    cells[0].population = 73340;
    cells[1].population = 74428;
    traffstat_panel *panel = make_panel(*state, cells, 2);
    traffstat_change got;
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 0, 0, 0.95, &got));
    assert_near(got.lower, 0.35684668565935285, 1e-12); /* R */
    traffstat_panel_free(panel);

    cells[0].coverage = 0.5;
    cells[1].coverage = 1.0;
    panel = make_panel(*state, cells, 2);
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 0, 0, 0.95, &got));
    assert_near(got.first_exposure, 36670.0, 1e-15);
    traffstat_panel_free(panel);

    cells[1].population = NAN; /* one population is none */
    panel = make_panel(*state, cells, 2);
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 0, 0, 0.95, &got));
    assert_near(got.first_exposure, 0.5, 0.0);
    assert_near(got.second_exposure, 1.0, 0.0);
    traffstat_panel_free(panel);
}

static void a_break_forbids_the_comparison(void **state)
{
    traffstat_cell cells[] = {cell(2016, 7, 7), cell(2017, 0, 4), cell(2018, 8, 8)};
    cells[1].flags = TRAFFSTAT_FLAG_BREAK;
    traffstat_panel *panel = make_panel(*state, cells, 3);
    traffstat_change got = {.p = -1.0};
    assert_int_equal(traffstat_rate_change(*state, panel, 0, 0, 0, 0.95, &got), TRAFFSTAT_E_NODATA);
    assert_non_null(strstr(traffstat_ctx_message(*state), "2017"));
    assert_near(got.p, -1.0, 0.0);
    traffstat_panel_free(panel);

    cells[1].flags = 0;
    cells[0].flags = TRAFFSTAT_FLAG_BREAK; /* before the first of the two: no matter */
    panel = make_panel(*state, cells, 3);
    assert_ok(*state, traffstat_rate_change(*state, panel, 0, 0, 0, 0.95, &got));
    traffstat_panel_free(panel);
}

/* 20 cases in a whole year and 3 in a part of the next are no fall. */
static void years_of_unlike_completeness_are_not_compared(void **state)
{
    static const struct {
        uint32_t flags;
        double first_coverage;
        double second_coverage;
        const char *message; /* NULL: they are compared */
    } rows[] = {
        {TRAFFSTAT_FLAG_PARTIAL_YEAR, NAN, NAN, "part of the year"},
        {TRAFFSTAT_FLAG_PARTIAL_YEAR, NAN, 0.25, "coverage"},
        {TRAFFSTAT_FLAG_PARTIAL_YEAR, 1.0, 0.25, NULL},
        {TRAFFSTAT_FLAG_PARTIAL, NAN, NAN, "not reported"},
        {TRAFFSTAT_FLAG_PARTIAL, 1.0, 0.25, "not reported"},
        {0, NAN, 0.25, "coverage"},
        {0, NAN, 1.0, NULL},
        {TRAFFSTAT_FLAG_PROVISIONAL | TRAFFSTAT_FLAG_SUMMED, NAN, NAN, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_cell cells[] = {cell(2017, 20, 20), cell(2018, 3, 3)};
        cells[1].flags = rows[i].flags;
        cells[0].coverage = rows[i].first_coverage;
        cells[1].coverage = rows[i].second_coverage;
        traffstat_panel *panel = make_panel(*state, cells, 2);
        traffstat_change got = {.p = -1.0};
        const traffstat_status status =
            traffstat_rate_change(*state, panel, 0, 2017, 2018, 0.95, &got);
        assert_int_equal(status, rows[i].message != NULL ? TRAFFSTAT_E_NODATA : TRAFFSTAT_OK);
        if (rows[i].message != NULL) {
            assert_non_null(strstr(traffstat_ctx_message(*state), rows[i].message));
            assert_near(got.p, -1.0, 0.0);
        }
        traffstat_panel_free(panel);
    }
}

static void one_exact_count_is_too_few(void **state)
{
    const traffstat_cell cells[] = {cell(2016, 7, 7), cell(2017, 0, 4)};
    traffstat_panel *panel = make_panel(*state, cells, 2);
    traffstat_change got;
    assert_int_equal(traffstat_rate_change(*state, panel, 0, 0, 0, 0.95, &got), TRAFFSTAT_E_NODATA);
    traffstat_panel_free(panel);
}

/* ---- tails ----------------------------------------------------------------------------------- */

static void gamma_tails_have_closed_forms_at_shape_one_and_a_half(void **state)
{
    (void) state;
    for (double x = 1e-8; x < 700.0; x *= 1.7) {
        traffstat_i_tails t;
        assert_true(traffstat_i_gamma_tails(1.0, x, &t));
        assert_near(t.lower, -expm1(-x), 2e-14);
        assert_near(t.upper, exp(-x), x < 1.0 ? 1e-12 : 2e-14);
        assert_true(traffstat_i_gamma_tails(0.5, x, &t));
        assert_near(t.lower, erf(sqrt(x)), 2e-14);
        if (x > 2.0) {
            assert_near(t.upper, erfc(sqrt(x)), 1e-12);
        }
    }
}

static void beta_tails_have_closed_forms_where_one_shape_is_one(void **state)
{
    (void) state;
    const double shapes[] = {0.01, 0.5, 1.0, 7.0, 1e4, 1e9};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        for (double x = 0.01; x < 1.0; x += 0.07) {
            const double a = shapes[i];
            const double root = pow(x, 1.0 / a); /* I_root(a, 1) = x */
            traffstat_i_tails t;
            assert_true(traffstat_i_beta_tails(a, 1.0, root, -expm1(log(x) / a), &t));
            assert_near(t.lower, x, a > 1e8 ? 1e-7 : 1e-11); /* root itself is rounded */
            assert_true(traffstat_i_beta_tails(1.0, a, -expm1(log(x) / a), root, &t));
            assert_near(t.upper, x, a > 1e8 ? 1e-7 : 1e-11);
        }
    }
}

static void tails_at_huge_shapes_agree_with_r(void **state)
{
    (void) state;
    static const struct {
        double a;
        double b;
        double x;
        double lower;
        double upper;
    } rows[] = {
        /* R: pbeta */
        {3, 1e10, 4.732050805802852e-10, 0.8508898144924274, 0.1491101855075726},
        {20, 1e9, 3.3416407055798316e-08, 0.9950767027228373, 0.0049232972771626506},
        {0.3, 1e9, 4.681780455788638e-09, 0.9990684855915198, 0.0009315144084801561},
        {1e6, 1e9, 0.0010019965046179477, 0.9986382771637532, 0.0013617228362468817},
        {1e9, 1e9, 0.5, 0.5, 0.5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        traffstat_i_tails t;
        assert_true(traffstat_i_beta_tails(rows[i].a, rows[i].b, rows[i].x, 1.0 - rows[i].x, &t));
        assert_near(t.lower, rows[i].lower, 2e-10); /* 1 - x is rounded here and in R */
        assert_near(t.upper, rows[i].upper, 2e-10);
    }
}

static void beta_quantiles_invert_the_tails(void **state)
{
    (void) state;
    const double shapes[] = {0.01, 0.5, 1.0, 8.0, 300.0, 1e6};
    const double qs[] = {1e-10, 0.025, 0.5, 0.975, 0.999999};
    for (size_t i = 0; i < 36 * 5; i++) {
        const double a = shapes[i % 6];
        const double b = shapes[i / 6 % 6];
        const double q = qs[i / 36];
        const double z = traffstat_i_beta_logit_quantile(a, b, q);
        if (!isfinite(z)) {
            continue; /* beyond 1e-304 */
        }
        traffstat_i_tails t;
        assert_true(traffstat_i_beta_tails(a, b, 1.0 / (1.0 + exp(-z)), 1.0 / (1.0 + exp(z)), &t));
        assert_near(q <= 0.5 ? t.lower : t.upper, q <= 0.5 ? q : 1.0 - q, 1e-9);
    }
    assert_true(isnan(traffstat_i_beta_quantile(8, 12, 0.0)));
    assert_true(isnan(traffstat_i_beta_quantile(8, 12, 1.0)));
    assert_true(isnan(traffstat_i_beta_quantile(0, 12, 0.5)));
    /* R: qbeta */
    assert_near(traffstat_i_beta_quantile(8, 12, 0.025), 0.20252143897716279, 1e-13);
    assert_near(traffstat_i_beta_quantile(8, 12, 0.975), 0.61642207668559468, 1e-13);
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(garwoods_interval_is_that_of_r),
        WITH_CTX(seven_cases_of_missoula_as_published),
        WITH_CTX(no_case_at_all_has_the_closed_upper_end),
        WITH_CTX(one_case_has_a_closed_lower_end_at_every_level),
        WITH_CTX(counts_as_large_as_numbers_go_have_limits),
        WITH_CTX(an_interval_out_of_range_is_refused_and_leaves_out_alone),
        WITH_CTX(eight_after_seven_cannot_be_told_from_chance),
        WITH_CTX(every_later_count_has_the_p_of_r),
        WITH_CTX(other_pairs_and_exposures_have_the_figures_of_r),
        WITH_CTX(a_count_of_zero_leaves_one_side_open),
        WITH_CTX(nothing_twice_says_nothing),
        WITH_CTX(fewer_and_more_are_the_edges_of_the_test),
        WITH_CTX(a_p_that_ties_with_the_level_differs),
        WITH_CTX(exposures_and_counts_out_of_range_are_refused),
        WITH_CTX(the_last_two_exact_counts_are_compared),
        WITH_CTX(population_and_coverage_make_the_exposure),
        WITH_CTX(a_break_forbids_the_comparison),
        WITH_CTX(years_of_unlike_completeness_are_not_compared),
        WITH_CTX(one_exact_count_is_too_few),
        WITH_CTX(gamma_tails_have_closed_forms_at_shape_one_and_a_half),
        WITH_CTX(beta_tails_have_closed_forms_where_one_shape_is_one),
        WITH_CTX(tails_at_huge_shapes_agree_with_r),
        WITH_CTX(beta_quantiles_invert_the_tails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
