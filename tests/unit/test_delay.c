/* Reporting delay: chain ladder against R 4.2.2's ChainLadder 0.2.15 (MackChainLadder, glm), nowcasts
 * against surveillance 1.20 (nowcast). Data: claims of Taylor & Ashe (1983); hospitalisations with
 * haemolytic uraemic syndrome, Germany, May 2011, by day and delay (Hohle & an der Heiden 2014), as
 * known on 2 June, delays of 15 days and more in one column. */
#include <math.h>
#include <string.h>

#include "support/support.h"

#include <traffstat/delay.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const double hus[33][16] = {
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 0, 0, 2},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 4, 1, 0, 0, 1},
    {0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 2, 0, 0, 1, 4},
    {0, 0, 0, 0, 0, 0, 0, 5, 2, 6, 3, 0, 1, 0, 0, 0},
    {0, 0, 0, 0, 0, 0, 2, 1, 9, 2, 0, 0, 2, 0, 0, 3},
    {0, 0, 0, 0, 1, 5, 5, 9, 3, 0, 0, 0, 1, 1, 0, NAN},
    {0, 0, 0, 0, 4, 5, 4, 6, 0, 2, 5, 1, 2, 0, NAN, NAN},
    {0, 0, 0, 3, 6, 17, 15, 0, 0, 7, 4, 1, 0, NAN, NAN, NAN},
    {0, 0, 2, 1, 11, 8, 0, 2, 4, 8, 2, 0, NAN, NAN, NAN, NAN},
    {0, 0, 1, 9, 6, 0, 3, 3, 2, 1, 0, NAN, NAN, NAN, NAN, NAN},
    {0, 1, 8, 9, 0, 1, 9, 2, 4, 0, NAN, NAN, NAN, NAN, NAN, NAN},
    {1, 0, 10, 0, 1, 5, 7, 4, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {0, 6, 0, 1, 6, 6, 3, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {0, 0, 0, 8, 6, 1, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {0, 0, 2, 2, 4, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {0, 3, 4, 2, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {1, 2, 2, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {0, 2, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {0, 0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {0, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}};
static const double genins[10][10] = {
    {357848, 1124788, 1735330, 2218270, 2745596, 3319994, 3466336, 3606286, 3833515, 3901463},
    {352118, 1236139, 2170033, 3353322, 3799067, 4120063, 4647867, 4914039, 5339085, NAN},
    {290507, 1292306, 2218525, 3235179, 3985995, 4132918, 4628910, 4909315, NAN, NAN},
    {310608, 1418858, 2195047, 3757447, 4029929, 4381982, 4588268, NAN, NAN, NAN},
    {443160, 1136350, 2128333, 2897821, 3402672, 3873311, NAN, NAN, NAN, NAN},
    {396132, 1333217, 2180715, 2985752, 3691712, NAN, NAN, NAN, NAN, NAN},
    {440832, 1288463, 2419861, 3483130, NAN, NAN, NAN, NAN, NAN, NAN},
    {359480, 1421128, 2864498, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {376686, 1363294, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN},
    {344014, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN, NAN}};

#define DAYS 33
#define DELAYS 16

/* ---- chain ladder ---------------------------------------------------------------------------- */

static void macks_error_is_that_of_chainladder(void **state)
{
    static const double factors[][3] = {
        {3.4906065479322868, 0.21947724344201086, 400.35025600152534},
        {1.7473326421004898, 0.060672859070156571, 194.25976178302193},
        {1.4574128360182363, 0.052808955270658875, 204.85412619086796},
        {1.1738517093997864, 0.028688326787999686, 123.21892176519178},
        {1.1038235322443433, 0.027647994843173748, 117.18073174365666},
        {1.0862693644363939, 0.022650719027824531, 90.475254185935484},
        {1.0538743555048127, 0.0059201081301690989, 21.133304287436037},
        {1.0765551783529383, 0.011604405647122862, 33.872790974890904},
        {1.017724725219544, 0.010793662214879709, 21.133304287436037}};
    static const double origins[][3] = {
        {3901463, 0, 0},
        {5433718.8145487895, 94633.814548789524, 75535.04075748926},
        {5378826.2900642399, 469511.29006423987, 121698.56164542359},
        {5297905.8208254613, 709637.8208254613, 133548.85301207879},
        {4858199.6390497349, 984888.63904973492, 261406.44934268529},
        {5111171.4576616576, 1419459.4576616576, 411009.70388105279},
        {5660770.6201355392, 2177640.6201355392, 558316.85807118949},
        {6784799.0119524915, 3920301.0119524915, 875327.51191135834},
        {5642266.2632616377, 4278972.2632616377, 971257.80646994163},
        {4969824.6944247242, 4625810.6944247242, 1363154.9117323062}};
    /* developed share, and error over what is open */
    static const double shares[] = {1,
                                    0.98258396914183199,
                                    0.91271120040973985,
                                    0.86605314537001465,
                                    0.79727291749534213,
                                    0.72228295031388845,
                                    0.61531021723621815,
                                    0.42219349386086985,
                                    0.24162170595825755,
                                    0.069220550251183635};
    static const double relative[] = {NAN,
                                      0.79818235286866013,
                                      0.25920263095009377,
                                      0.18819297547688874,
                                      0.26541726544323024,
                                      0.28955367598742721,
                                      0.25638613318869813,
                                      0.22328068922325039,
                                      0.2269838986358847,
                                      0.29468454326832999};
    traffstat_ladder_factor factor[9];
    traffstat_ladder_origin origin[10];
    traffstat_ladder_total total;
    assert_ok(*state,
              traffstat_chain_ladder(*state, genins[0], 10, 10, NULL, factor, origin, &total));
    for (size_t i = 0; i < 10; i++) {
        assert_near(origin[i].share, shares[i], 1e-12);
        assert_near(origin[i].se / origin[i].open, relative[i], 1e-9);
    }
    assert_near(total.mack.se / total.mack.open, 0.1309947955099362, 1e-10);
    for (size_t i = 0; i < 9; i++) {
        assert_near(factor[i].factor, factors[i][0], 1e-13);
        assert_near(factor[i].se, factors[i][1], 1e-10);
        assert_near(factor[i].sigma, factors[i][2], 1e-10);
    }
    for (size_t i = 0; i < 10; i++) {
        assert_near(origin[i].ultimate, origins[i][0], 1e-12);
        assert_near(origin[i].open, origins[i][1], 1e-9);
        assert_near(origin[i].se, origins[i][2], 1e-9);
        assert_true(origin[i].lower >= origin[i].latest);
        assert_true(origin[i].upper >= origin[i].ultimate);
    }
    assert_near(origin[9].share, 0.069220550251183635, 1e-12);
    assert_near(total.mack.latest, 34358090, 0);
    assert_near(total.mack.ultimate, 53038945.611924276, 1e-13);
    assert_near(total.mack.open, 18680855.611924276, 1e-12);
    assert_near(total.mack.share, 0.64778983827075887, 1e-12);
    assert_near(total.mack.se, 2447094.8608346647, 1e-10);
}

static void the_regression_has_the_same_point_and_its_own_error(void **state)
{
    traffstat_ladder_total total;
    assert_ok(*state, traffstat_chain_ladder(*state, genins[0], 10, 10, NULL, NULL, NULL, &total));
    assert_near(total.phi, 52601.361518935577, 1e-9);
    assert_near(total.estimation, 7694193280067.0957, 1e-8);
    assert_near(total.process, 982638439525.8667, 1e-9);
    assert_near(total.phi_se, 2945646.2312356797, 1e-9);
}

static void the_last_sigma_may_follow_a_line(void **state)
{
    traffstat_ladder_options options;
    traffstat_ladder_total total;
    traffstat_ladder_options_init(&options, sizeof options);
    options.last_sigma = TRAFFSTAT_LAST_SIGMA_LOGLINEAR;
    assert_ok(*state,
              traffstat_chain_ladder(*state, genins[0], 10, 10, &options, NULL, NULL, &total));
    assert_near(total.mack.se, 2441364.128054216, 1e-10);
    assert_near(total.mack.open, 18680855.611924276, 1e-12);
}

static void scaling_and_complete_periods(void **state)
{
    /* twice the counts: twice the answer, sigma by the root */
    double twice[10][10];
    for (size_t i = 0; i < 10; i++) {
        for (size_t k = 0; k < 10; k++) {
            twice[i][k] = 2 * genins[i][k];
        }
    }
    traffstat_ladder_total one;
    traffstat_ladder_total two;
    assert_ok(*state, traffstat_chain_ladder(*state, genins[0], 10, 10, NULL, NULL, NULL, &one));
    assert_ok(*state, traffstat_chain_ladder(*state, twice[0], 10, 10, NULL, NULL, NULL, &two));
    assert_near(two.mack.open, 2 * one.mack.open, 1e-12);
    assert_near(two.mack.se, 2 * one.mack.se, 1e-10);
    assert_near(two.phi, 2 * one.phi, 1e-9);
    /* nothing open: no error; a period without a case grows to none */
    const double done[] = {4, 6, 2, 3, 0, 0};
    traffstat_ladder_origin origin[3];
    assert_ok(*state, traffstat_chain_ladder(*state, done, 3, 2, NULL, NULL, origin, &one));
    assert_near(one.mack.open, 0, 0);
    assert_near(one.mack.se, 0, 0);
    assert_near(origin[2].ultimate, 0, 0);
    assert_true(isnan(one.phi));
}

static void broken_triangles_are_refused(void **state)
{
    const struct {
        double cells[4];
        traffstat_status status;
        const char *message;
    } rows[] = {
        {{1, NAN, 1, 2}, TRAFFSTAT_E_ARGUMENT, "known in full"},
        {{1, 2, NAN, 2}, TRAFFSTAT_E_ARGUMENT, "earlier one"},
        {{1, 2, NAN, NAN}, TRAFFSTAT_E_ARGUMENT, "no known"},
        {{1, 2, -1, 2}, TRAFFSTAT_E_ARGUMENT, "period 1, delay 0"},
        {{0, 2, 1, NAN}, TRAFFSTAT_E_NODATA, "by delay 0"},
        {{0, 0, 1, NAN}, TRAFFSTAT_E_NODATA, "by delay 0"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        traffstat_ladder_total total = {.phi = -7};
        assert_int_equal(
            traffstat_chain_ladder(*state, rows[i].cells, 2, 2, NULL, NULL, NULL, &total),
            rows[i].status);
        assert_non_null(strstr(traffstat_ctx_message(*state), rows[i].message));
        assert_near(total.phi, -7, 0);
    }
    traffstat_ladder_total total;
    assert_int_equal(traffstat_chain_ladder(*state, rows[0].cells, 1, 2, NULL, NULL, NULL, &total),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_chain_ladder(*state, NULL, 2, 2, NULL, NULL, NULL, &total),
                     TRAFFSTAT_E_ARGUMENT);
}

/* ---- nowcast --------------------------------------------------------------------------------- */

static traffstat_nowcast_options nowcast_settings(int32_t method, int32_t corrected)
{
    traffstat_nowcast_options options;
    traffstat_nowcast_options_init(&options, sizeof options);
    options.method = method;
    options.corrected = corrected;
    return options;
}

static void lawless_shares_and_counts_are_those_of_surveillance(void **state)
{
    static const double cdf[] = {
        0.0033778796253384003, 0.027023037002707202, 0.076002291570114025, 0.13786462191788124,
        0.22284966282616417,   0.32098529416245664,  0.42438995268459034,  0.49900796634341943,
        0.56138396213634689,   0.6479804243807834,   0.71525708046403402,  0.75970808546462376,
        0.81035529116226535,   0.82550211903445725,  0.83582089552238803,  1};
    /* reported, nowcast, limits; days 23 to 31 May and 1, 2 June. Where the normal law has mass below
     * the count, surveillance's upper limits fall short: 0 stands for those */
    static const double days[][4] = {{25, 35, 28, 43}, {34, 53, 43, 63}, {28, 50, 38, 63},
                                     {22, 45, 32, 58}, {15, 36, 22, 49}, {8, 25, 11, 0},
                                     {9, 41, 18, 0},   {5, 37, 7, 0},    {2, 27, 2, 0}};
    traffstat_nowcast_options options = nowcast_settings(TRAFFSTAT_NOWCAST_LAWLESS, 0);
    traffstat_nowcast_row got[DAYS];
    double share[DELAYS];
    assert_ok(*state, traffstat_nowcast(*state, hus[0], DAYS, DELAYS, &options, got, share));
    for (size_t k = 0; k < DELAYS; k++) {
        assert_near(share[k], cdf[k], 1e-13);
    }
    for (size_t i = 0; i < COUNT(days); i++) {
        const traffstat_nowcast_row *row = &got[22 + i];
        assert_near(row->reported, days[i][0], 0);
        if (i <
            7) { /* later ones are cut short as well: 36 and 25 where 5 / F is 36.3, 2 / F 26.3 */
            assert_near(ceil(row->estimate), days[i][1], 0);
        }
        assert_near(row->estimate * share[DELAYS - 6 - i], row->reported, 1e-12);
        assert_near(ceil(row->lower), days[i][2], 0);
        if (days[i][3] > 0) {
            assert_near(ceil(row->upper), days[i][3], 0);
        }
    }
    /* nothing has been reported: no estimate is 0 [0, 0] */
    assert_true(isnan(got[31].upper) && isnan(got[32].upper));
    /* periods known in full are what they are */
    assert_near(got[5].upper, got[5].reported, 0);
    /* the delays were estimated: that widens */
    options.corrected = 1;
    traffstat_nowcast_row wide[DAYS];
    assert_ok(*state, traffstat_nowcast(*state, hus[0], DAYS, DELAYS, &options, wide, NULL));
    for (size_t i = 22; i < 31; i++) {
        assert_near(wide[i].estimate, got[i].estimate, 0);
        assert_true(wide[i].upper > got[i].upper);
    }
}

static void bayes_shares_have_the_dirichlet_prior_of_surveillance(void **state)
{
    static const double cdf[] = {
        0.0035426019530691707, 0.027328643637962169, 0.076418984987634969, 0.13836601438869703,
        0.22338382431962667,   0.32150950422623897,  0.42488254669470216,  0.49953350317472373,
        0.56197519107156424,   0.64854733538168874,  0.71586936856533145,  0.76048559535407467,
        0.81128522837706507,   0.82701652089407196,  0.83819241982507287,  1};
    const traffstat_nowcast_options options = nowcast_settings(TRAFFSTAT_NOWCAST_BAYES, 1);
    traffstat_nowcast_row got[DAYS];
    double share[DELAYS];
    assert_ok(*state, traffstat_nowcast(*state, hus[0], DAYS, DELAYS, &options, got, share));
    for (size_t k = 0; k < DELAYS; k++) {
        assert_near(share[k], cdf[k], 1e-13);
    }
    /* surveillance's prior of the counts is another, and matters little where a third is in */
    static const double days[][3] = {{35, 28, 45}, {52, 42, 67}, {49, 38, 66}, {44, 32, 61}};
    for (size_t i = 0; i < COUNT(days); i++) {
        assert_near(got[22 + i].estimate, days[i][0], 0.05);
        assert_near(got[22 + i].lower, days[i][1], 0.05);
        assert_near(got[22 + i].upper, days[i][2], 0.08);
    }
    for (size_t i = 0; i < DAYS; i++) {
        assert_true(got[i].lower >= got[i].reported && got[i].lower <= got[i].estimate &&
                    got[i].estimate <= got[i].upper);
    }
    /* the last two days: nothing reported, and still not 0 [0, 0] */
    assert_true(got[31].estimate > 0 && got[31].upper > 20);
    assert_true(got[32].upper >= got[31].upper);
}

/* One period, a share known exactly (a huge prior): the closed form. */
static void with_a_known_share_the_law_is_negative_binomial(void **state)
{
    /* two delays; 3 of each 4 cases come at once */
    double cells[2][2] = {{3e9, 1e9}, {6, NAN}};
    traffstat_nowcast_options options = nowcast_settings(TRAFFSTAT_NOWCAST_BAYES, 1);
    options.prior_shape = 2;
    options.prior_mean = 10;
    traffstat_nowcast_row got[2];
    double share[2];
    assert_ok(*state, traffstat_nowcast(*state, cells[0], 2, 2, &options, got, share));
    assert_near(share[0], 0.75, 1e-6);
    /* to come: size 8, success (0.2 + 0.75) / 1.2; mean 8 x 0.25 / 0.95 */
    assert_near(got[1].mean, 6 + 8 * 0.25 / 0.95, 1e-6);
    const double p = 0.95 / 1.2;
    double mass = pow(p, 8);
    double sum = mass;
    double median = -1;
    double upper = -1;
    for (int u = 0; u < 100; u++) {
        if (median < 0 && sum >= 0.5) {
            median = u;
        }
        if (upper < 0 && sum >= 0.975) {
            upper = u;
        }
        mass *= (1 - p) * (8 + u) / (u + 1);
        sum += mass;
    }
    assert_near(got[1].estimate, 6 + median, 0);
    assert_near(got[1].upper, 6 + upper, 0);
    assert_near(got[1].lower, 6, 0); /* 0.154 of the mass is at 0 */
}

/* With two delays the share's law is beta itself, and the mean an integral. */
static void the_uncertain_share_is_integrated(void **state)
{
    double cells[3][2] = {{6, 4}, {3, 2}, {5, NAN}};
    traffstat_nowcast_options options = nowcast_settings(TRAFFSTAT_NOWCAST_BAYES, 1);
    options.alpha = 0.5;
    options.prior_shape = 1;
    options.prior_mean = 10;
    traffstat_nowcast_row got[3];
    assert_ok(*state, traffstat_nowcast(*state, cells[0], 3, 2, &options, got, NULL));
    /* p ~ Beta(9.5, 6.5); E[(1 - p) / (0.1 + p)] by Simpson's rule */
    double over = 0;
    double under = 0;
    for (int i = 1; i < 20000; i++) {
        const double x = i / 20000.0;
        const double density = (i % 2 == 1 ? 4 : 2) * pow(x, 8.5) * pow(1 - x, 5.5);
        over += density * (1 - x) / (0.1 + x);
        under += density;
    }
    assert_near(got[2].mean, 5 + 6 * over / under, 1e-7);
}

static void nowcasts_refuse_what_they_cannot_use(void **state)
{
    traffstat_nowcast_row got[2] = {{.reported = -7}};
    const struct {
        double cells[4];
        traffstat_status status;
        const char *message;
    } rows[] = {
        {{1, NAN, 1, NAN}, TRAFFSTAT_E_ARGUMENT, "known in full"},
        {{1, 2, NAN, 2}, TRAFFSTAT_E_ARGUMENT, "earlier one"},
        {{1, 2, NAN, NAN}, TRAFFSTAT_E_ARGUMENT, "no known"},
        {{1, 2, INFINITY, 2}, TRAFFSTAT_E_ARGUMENT, "period 1, delay 0"},
        {{0, 0, 0, NAN}, TRAFFSTAT_E_NODATA, "no period has a case"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(traffstat_nowcast(*state, rows[i].cells, 2, 2, NULL, got, NULL),
                         rows[i].status);
        assert_non_null(strstr(traffstat_ctx_message(*state), rows[i].message));
    }
    traffstat_nowcast_options options = nowcast_settings(2, 1);
    assert_int_equal(traffstat_nowcast(*state, hus[0], DAYS, DELAYS, &options, got, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    options = nowcast_settings(0, 1);
    options.alpha = 0;
    assert_int_equal(traffstat_nowcast(*state, hus[0], DAYS, DELAYS, &options, got, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_nowcast(*state, hus[0], 0, DELAYS, NULL, got, NULL),
                     TRAFFSTAT_E_ARGUMENT);
    assert_near(got[0].reported, -7, 0);
}

static traffstat_status try_delay(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_ladder_total total;
    traffstat_nowcast_row rows[DAYS];
    traffstat_status status =
        traffstat_chain_ladder(ctx, genins[0], 10, 10, NULL, NULL, NULL, &total);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_nowcast(ctx, hus[0], DAYS, DELAYS, NULL, rows, NULL);
    }
    return status;
}

static void every_failing_allocation_is_survived(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_delay, NULL) >= 8);
}

int main(void)
{
#define WITH_CTX(test)                                                                             \
    cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        WITH_CTX(macks_error_is_that_of_chainladder),
        WITH_CTX(the_regression_has_the_same_point_and_its_own_error),
        WITH_CTX(the_last_sigma_may_follow_a_line),
        WITH_CTX(scaling_and_complete_periods),
        WITH_CTX(broken_triangles_are_refused),
        WITH_CTX(lawless_shares_and_counts_are_those_of_surveillance),
        WITH_CTX(bayes_shares_have_the_dirichlet_prior_of_surveillance),
        WITH_CTX(with_a_known_share_the_law_is_negative_binomial),
        WITH_CTX(the_uncertain_share_is_integrated),
        WITH_CTX(nowcasts_refuse_what_they_cannot_use),
        cmocka_unit_test(every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
