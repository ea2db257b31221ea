/* Pairs, Chao's bound, sample coverage, strata and their total.
 *
 * Lincoln-Petersen and Chapman by hand and with Rcapture 1.4-4 (closedp.bc); sample coverage and
 * the
 * intervals of pairs with CARE1 1.1.0, which writes 1.96 for the normal quantile. */
#include <math.h>

#include "unit/overlap_data.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

typedef struct pair {
    const char *set;
    const char *model;
    double lincoln_petersen;
    double chapman;
    double se;
} pair;

static const pair pairs[] = {
    {"UKdat_5", "LA:NG", 2961, 2839, 558.419197377741},
    {"UKdat_5", "LA:PFNCA", 5232.66666666667, 5051.27272727273, 914.745978299412},
    {"UKdat_5", "LA:GO", 15171.6, 12792.3333333333, 4662.82804710032},
    {"UKdat_5", "NG:PFNCA", 9747.39705882353, 9630.30434782609, 1046.67757679739},
    {"UKdat_5", "NG:GO", 18302.76, 17650.6923076923, 3264.58242301659},
    {"UKdat_5", "NG:GP", 190512, 95707, 54995.7481386819},
    {"UKdat_5", "PFNCA:GO", 11646.7037037037, 11527.7804878049, 1156.72060195073},
    {"UKdat_5", "PFNCA:GP", 35707.6363636364, 32856.5, 8903.29819505109},
    {"UKdat_5", "GO:GP", 33894, 30254.1111111111, 9386.1703698764},
    {"Kosovo", "EXH:ABA", 7241.8858560794, 7231.47277227723, 273.752501832405},
    {"Kosovo", "EXH:OSCE", 7136.52719665272, 7128.34655532359, 240.997128891602},
    {"Kosovo", "EXH:HRW", 6779.01554404145, 6756.45360824742, 388.455312065342},
    {"Kosovo", "ABA:OSCE", 5971.57111597374, 5964.77074235808, 200.979343873618},
    {"Kosovo", "ABA:HRW", 9691.48148148148, 9621.88073394495, 810.914448990885},
    {"Kosovo", "OSCE:HRW", 5461.65178571429, 5447.36444444444, 277.765673258232},
    {"HIV", "c1:c2", 7934.5945945946, 7753.65789473684, 1153.7539809747},
    {"HIV", "c1:c3", 14040.7826086957, 13503.0833333333, 2584.61698457324},
    {"HIV", "c1:c4", 15710.8571428571, 13833.875, 4494.12818471225},
    {"HIV", "c2:c3", 10648.5365853659, 10425.5238095238, 1488.99192293987},
    {"HIV", "c2:c4", 10620, 9968.8, 2383.44121807105},
    {"HIV", "c3:c4", 11682, 10964.2, 2624.30333422034},
};

typedef struct ends {
    const char *set;
    const char *model;
    double lower;
    double upper;
} ends;

static const ends pair_ends[] = {
    {"UKdat_5", "LA:NG", 1987.50543763592, 4229.75827185896},
    {"UKdat_5", "LA:PFNCA", 3636.94500197561, 7300.82752997414},
    {"UKdat_5", "LA:GO", 6566.5728911345, 25853.3983960311},
    {"UKdat_5", "NG:PFNCA", 7828.61051392583, 11958.9103544366},
    {"UKdat_5", "NG:GO", 12401.0715802328, 25393.8290771092},
    {"UKdat_5", "NG:GP", 33893.1469605126, 273338.361056431},
    {"UKdat_5", "PFNCA:GO", 9514.09801266414, 14073.6673136377},
    {"UKdat_5", "PFNCA:GP", 19667.3662487689, 55617.5120002399},
    {"UKdat_5", "GO:GP", 16858.7504291361, 55061.2331669953},
    {"Kosovo", "EXH:ABA", 6728.31293611327, 7803.18077240884},
    {"Kosovo", "EXH:OSCE", 6683.81097492409, 7629.89963715952},
    {"Kosovo", "EXH:HRW", 6059.20647724998, 7586.63104129599},
    {"Kosovo", "ABA:OSCE", 5595.16267782667, 6384.26997021331},
    {"Kosovo", "ABA:HRW", 8193.02302809821, 11386.0910385146},
    {"Kosovo", "OSCE:HRW", 4947.60215121352, 6039.61068597675},
    {"HIV", "c1:c2", 5846.45615349949, 10420.6406898685},
    {"HIV", "c1:c3", 9382.52779233907, 19682.5633567251},
    {"HIV", "c1:c4", 7540.75947723463, 25912.0758905131},
    {"HIV", "c2:c3", 7940.9280738645, 13837.1780598839},
    {"HIV", "c2:c4", 6359.78812858354, 15942.6389823995},
    {"HIV", "c3:c4", 6989.35250278058, 17540.051080551},
};

typedef struct bound {
    const char *set;
    double estimate;
    double se;
} bound;

static const bound bounds[] = {
    {"hare", 78.8695652173913, 5.7905873727458},
    {"HIV", 12064.0021551724, 1060.60819436972},
    {"UKdat_5", 14582.1506976744, 939.017137032132},
    {"NewOrl_5", 1267.03636363636, 351.271251643804},
    {"Kosovo", 8796.50594563986, 224.18231976865},
    {"UKdat", 13431.9683195592, 814.462427844487},
};

typedef struct coverage {
    const char *set;
    double independence;
    double high; /* NaN: CARE1 falls back to the number seen */
    double low;
} coverage;

static const coverage coverages[] = {
    {"Kosovo", 7633.54947490549, 15045.8819248868, 9102.58601748985},
    {"HIV", 11496.6227497772, 222168.194416296, 12463.7166167704},
    {"UKdat_5", 11711.0196804994, 12015.5926502727, 11745.8589514391},
    {"NewOrl_5", 1059.87780645093, NAN, 1343.72807667431},
    {"UKdat", 9802.22725653698, 9886.12536087213, 9814.04379156438},
};

static traffstat_estimate *estimate_of(traffstat_ctx *ctx, const traffstat_overlap *overlap,
                                       traffstat_overlap_method method, uint32_t bootstrap)
{
    traffstat_overlap_options options;
    traffstat_estimate *estimate = NULL;
    traffstat_overlap_options_init(&options, sizeof options);
    options.method = method;
    options.bootstrap = bootstrap;
    assert_ok(ctx, traffstat_overlap_estimate(ctx, overlap, &options, &estimate));
    return estimate;
}

static traffstat_estimate *set_estimate(traffstat_ctx *ctx, const char *set,
                                        traffstat_overlap_method method, uint32_t bootstrap)
{
    traffstat_overlap *overlap = overlap_make(ctx, set);
    traffstat_estimate *estimate = estimate_of(ctx, overlap, method, bootstrap);
    traffstat_overlap_free(overlap);
    return estimate;
}

static traffstat_estimate_row row_of(const traffstat_estimate *estimate, const char *model)
{
    traffstat_estimate_row row;
    assert_int_equal(traffstat_estimate_row_get(estimate, overlap_row(estimate, model), &row),
                     TRAFFSTAT_OK);
    return row;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static void every_pair_is_estimated(void **state)
{
    for (size_t i = 0; i < COUNT(pairs); i++) {
        const pair *want = &pairs[i];
        traffstat_estimate *estimate = set_estimate(*state, want->set, TRAFFSTAT_OVERLAP_PAIRS, 0);
        const size_t row = overlap_row(estimate, want->model);
        assert_near(row_of(estimate, want->model).estimate, want->chapman, 1e-12);
        assert_near(overlap_number(estimate, row, "lincoln_petersen"), want->lincoln_petersen,
                    1e-12);
        assert_near(overlap_number(estimate, row, "se"), want->se, 1e-12);
        traffstat_estimate_free(estimate);
    }
}

/* CARE1's limits have 1.96 where the quantile is 1.959964: 2e-5 of the logarithm. */
static void limits_of_pairs_are_lognormal(void **state)
{
    for (size_t i = 0; i < COUNT(pair_ends); i++) {
        const ends *want = &pair_ends[i];
        traffstat_estimate *estimate = set_estimate(*state, want->set, TRAFFSTAT_OVERLAP_PAIRS, 0);
        const traffstat_estimate_row row = row_of(estimate, want->model);
        assert_near(row.lower, want->lower, 5e-5);
        assert_near(row.upper, want->upper, 5e-5);
        traffstat_estimate_free(estimate);
    }
}

static void a_pair_that_never_meets_has_no_number(void **state)
{
    traffstat_estimate *estimate = set_estimate(*state, "UKdat_5", TRAFFSTAT_OVERLAP_PAIRS, 0);
    const traffstat_estimate_row row = row_of(estimate, "LA:GP");
    const traffstat_detail *details =
        traffstat_estimate_row_details(estimate, overlap_row(estimate, "LA:GP"));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_true(isnan(row.estimate));
    assert_int_equal(traffstat_detail_kind_of(traffstat_detail_find(details, "lincoln_petersen")),
                     TRAFFSTAT_DETAIL_NONE);
    assert_int_equal(traffstat_estimate_verdict(estimate), TRAFFSTAT_VERDICT_CAUTION);
    assert_int_equal(traffstat_estimate_rows(estimate), 10);
    traffstat_estimate_free(estimate);
}

/* NG and GP share one person: 95,707 has a verdict of its own. */
static void a_pair_that_hardly_meets_asks_for_caution(void **state)
{
    traffstat_estimate *estimate = set_estimate(*state, "UKdat_5", TRAFFSTAT_OVERLAP_PAIRS, 0);
    assert_int_equal(row_of(estimate, "NG:GP").verdict, TRAFFSTAT_VERDICT_CAUTION);
    assert_int_equal(row_of(estimate, "PFNCA:GO").verdict, TRAFFSTAT_VERDICT_OK);
    assert_int_equal(row_of(estimate, "PFNCA:GO").observed_lower, 1169 + 807 - 81);
    traffstat_estimate_free(estimate);
}

/* ---- Chao ------------------------------------------------------------------------------------ */

static void the_bound_is_that_of_the_bias_corrected_chao(void **state)
{
    for (size_t i = 0; i < COUNT(bounds); i++) {
        traffstat_estimate *estimate =
            set_estimate(*state, bounds[i].set, TRAFFSTAT_OVERLAP_CHAO, 0);
        traffstat_estimate_row row;
        assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
        assert_int_equal(traffstat_estimate_kind(estimate), TRAFFSTAT_KIND_BOUND);
        assert_near(row.estimate, bounds[i].estimate, 1e-12);
        assert_near(overlap_number(estimate, 0, "se"), bounds[i].se, 1e-12);
        assert_true(row.lower > (double) row.observed_lower && row.lower < row.estimate);
        assert_true(isnan(row.upper));
        traffstat_estimate_free(estimate);
    }
}

/* f1 = 25, f2 = 22, n = 68: 68 + 625/44, and with 6 occasions five sixths of the excess. */
static void the_other_forms_stand_beside_it(void **state)
{
    traffstat_estimate *estimate = set_estimate(*state, "hare", TRAFFSTAT_OVERLAP_CHAO, 0);
    assert_near(overlap_number(estimate, 0, "chao1"), 68.0 + 625.0 / 44.0, 1e-14);
    assert_near(overlap_number(estimate, 0, "chao2"), 68.0 + 625.0 / 44.0 * 5.0 / 6.0, 1e-14);
    assert_near(overlap_number(estimate, 0, "chao1_corrected"), 68.0 + 600.0 / 46.0, 1e-14);
    traffstat_estimate_free(estimate);
}

static void frequencies_without_occasions_take_the_open_form(void **state)
{
    traffstat_ctx *ctx = *state;
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    traffstat_estimate_row row;
    size_t stratum = 0;
    assert_ok(ctx, traffstat_overlap_builder_frequencies(ctx, 0, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, NULL, &stratum));
    assert_ok(ctx, traffstat_overlap_builder_captures(ctx, builder, stratum, 1, 25));
    assert_ok(ctx, traffstat_overlap_builder_captures(ctx, builder, stratum, 2, 22));
    assert_ok(ctx, traffstat_overlap_builder_captures(ctx, builder, stratum, 3, 21));
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_estimate *estimate = estimate_of(ctx, overlap, TRAFFSTAT_OVERLAP_CHAO, 0);
    assert_ok(ctx, traffstat_estimate_row_get(estimate, 0, &row));
    assert_near(row.estimate, 68.0 + 600.0 / 46.0, 1e-14);
    traffstat_estimate_free(estimate);
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
}

/* ---- sample coverage ------------------------------------------------------------------------- */

static void sample_coverage_is_that_of_care1(void **state)
{
    for (size_t i = 0; i < COUNT(coverages); i++) {
        const coverage *want = &coverages[i];
        traffstat_estimate *estimate =
            set_estimate(*state, want->set, TRAFFSTAT_OVERLAP_COVERAGE, 0);
        assert_near(row_of(estimate, "independence").estimate, want->independence, 1e-12);
        assert_near(row_of(estimate, "low").estimate, want->low, 1e-12);
        assert_near(row_of(estimate, "high").estimate, want->high, 1e-12);
        traffstat_estimate_free(estimate);
    }
}

/* CARE1's own bootstrap has 200 replicates, so that its standard errors hold to about 5 % (one
 * sigma); ours have 2,000. */
static void its_bootstrap_agrees_with_care1(void **state)
{
    traffstat_estimate *estimate = set_estimate(*state, "Kosovo", TRAFFSTAT_OVERLAP_COVERAGE, 2000);
    assert_near(overlap_number(estimate, overlap_row(estimate, "independence"), "se"),
                143.806782484203, 0.2);
    assert_near(overlap_number(estimate, overlap_row(estimate, "high"), "se"), 1800.75286813335,
                0.2);
    assert_near(overlap_number(estimate, overlap_row(estimate, "low"), "se"), 287.001477484359,
                0.2);
    assert_near(row_of(estimate, "low").lower, 8572.87826028293, 0.02);
    assert_near(row_of(estimate, "low").upper, 9699.53520628028, 0.02);
    traffstat_estimate_free(estimate);
}

static void high_coverage_on_sparse_lists_is_refused(void **state)
{
    static const char *const sets[] = {"NewOrl_5", "UKdat_5", "HIV"};
    for (size_t i = 0; i < COUNT(sets); i++) {
        traffstat_estimate *estimate =
            set_estimate(*state, sets[i], TRAFFSTAT_OVERLAP_COVERAGE, 500);
        assert_int_equal(row_of(estimate, "high").verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
        traffstat_estimate_free(estimate);
    }
}

static void threads_change_no_bit(void **state)
{
    static const uint32_t threads[] = {1, 2, 7};
    double first = 0.0;
    for (size_t i = 0; i < COUNT(threads); i++) {
        assert_ok(*state, traffstat_ctx_set_threads(*state, threads[i]));
        traffstat_estimate *estimate =
            set_estimate(*state, "UKdat", TRAFFSTAT_OVERLAP_COVERAGE, 300);
        const double se = overlap_number(estimate, overlap_row(estimate, "low"), "se");
        first = i == 0 ? se : first;
        assert_near(se, first, 0.0);
        traffstat_estimate_free(estimate);
    }
}

/* ---- strata ---------------------------------------------------------------------------------- */

/* The set twice over, in two strata with these names. */
static traffstat_overlap *twice(traffstat_ctx *ctx, const char *name, const char *const labels[2])
{
    const histories *set = overlap_find(name);
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, set->names, set->lists, &builder));
    for (size_t s = 0; s < 2; s++) {
        size_t stratum = 0;
        assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, labels[s], &stratum));
        for (size_t i = 0; i < set->count; i++) {
            assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, stratum, set->row[i].history,
                                                         (int64_t) set->row[i].persons));
        }
    }
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_overlap_builder_free(builder);
    return overlap;
}

/* Equal strata: the sum of two, whose error grows by the square root of two. */
static void the_total_adds_points_and_squared_distances(void **state)
{
    static const char *const labels[2] = {"north", "south"};
    traffstat_overlap *overlap = twice(*state, "hare", labels);
    traffstat_estimate *estimate = estimate_of(*state, overlap, TRAFFSTAT_OVERLAP_CHAO, 0);
    traffstat_estimate_row row;
    traffstat_estimate_row total;
    assert_int_equal(traffstat_estimate_rows(estimate), 2);
    assert_string_equal(traffstat_estimate_row_label(estimate, 1), "south");
    assert_ok(*state, traffstat_estimate_row_get(estimate, 0, &row));
    assert_ok(*state, traffstat_estimate_total(estimate, &total));
    assert_near(total.estimate, 2.0 * row.estimate, 1e-14);
    assert_near(total.estimate - total.lower, sqrt(2.0) * (row.estimate - row.lower), 1e-12);
    assert_int_equal(total.observed_lower, 136);
    assert_int_equal(total.verdict, TRAFFSTAT_VERDICT_OK);
    traffstat_estimate_free(estimate);
    traffstat_overlap_free(overlap);
}

/* South shares three persons only: what is doubtful in a part is doubtful in the sum. */
static void cautions_of_strata_reach_the_total(void **state)
{
    traffstat_ctx *ctx = *state;
    static const char *const names[] = {"A", "B"};
    static const int64_t persons[2][3] = {{30, 40, 20}, {9, 8, 3}};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    traffstat_estimate_row row;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, names, 2, &builder));
    for (size_t s = 0; s < 2; s++) {
        size_t stratum = 0;
        assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, s == 0 ? "north" : "south",
                                                         &stratum));
        for (uint32_t i = 0; i < 3; i++) {
            assert_ok(ctx,
                      traffstat_overlap_builder_add(ctx, builder, stratum, i + 1, persons[s][i]));
        }
    }
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_estimate *estimate = estimate_of(ctx, overlap, TRAFFSTAT_OVERLAP_CHAO, 0);
    assert_ok(ctx, traffstat_estimate_row_get(estimate, 0, &row));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_OK);
    assert_ok(ctx, traffstat_estimate_total(estimate, &row));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_CAUTION);
    assert_non_null(strstr(traffstat_estimate_row_reason(estimate, TRAFFSTAT_NONE, 0), "1 of 2"));
    traffstat_estimate_free(estimate);
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
}

static void a_sum_over_years_is_no_number_of_persons(void **state)
{
    static const char *const labels[2] = {"2017", "2018"};
    traffstat_overlap *overlap = twice(*state, "hare", labels);
    traffstat_estimate *estimate = estimate_of(*state, overlap, TRAFFSTAT_OVERLAP_CHAO, 0);
    traffstat_estimate_row total;
    assert_ok(*state, traffstat_estimate_total(estimate, &total));
    assert_int_equal(total.verdict, TRAFFSTAT_VERDICT_CAUTION);
    assert_non_null(strstr(traffstat_estimate_row_reason(estimate, TRAFFSTAT_NONE, 0), "years"));
    traffstat_estimate_free(estimate);
    traffstat_overlap_free(overlap);
}

static void a_stratum_without_a_number_leaves_no_total(void **state)
{
    traffstat_ctx *ctx = *state;
    static const char *const names[] = {"A", "B"};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    traffstat_estimate_row row;
    size_t north = 0;
    size_t south = 0;
    assert_ok(ctx, traffstat_overlap_builder_new(ctx, names, 2, &builder));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "north", &north));
    assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "south", &south));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, north, 1, 30));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, north, 2, 40));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, north, 3, 20));
    assert_ok(ctx, traffstat_overlap_builder_add(ctx, builder, south, 1, 30));
    assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
    traffstat_estimate *estimate = estimate_of(ctx, overlap, TRAFFSTAT_OVERLAP_CHAO, 0);
    assert_ok(ctx, traffstat_estimate_row_get(estimate, south, &row));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_ok(ctx, traffstat_estimate_total(estimate, &row));
    assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_true(isnan(row.estimate));
    traffstat_estimate_free(estimate);
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
}

/* ---- calls that cannot be met ---------------------------------------------------------------- */

static void options_out_of_range_are_refused(void **state)
{
    traffstat_overlap *overlap = overlap_make(*state, "hare");
    traffstat_estimate *estimate = NULL;
    for (int i = 0; i < 7; i++) {
        traffstat_overlap_options options;
        traffstat_overlap_options_init(&options, sizeof options);
        options.method = i == 0 ? 99 : TRAFFSTAT_OVERLAP_CHAO;
        options.level = i == 1 ? 1.0 : options.level;
        options.level = i == 2 ? NAN : options.level;
        options.order = i == 3 ? 0 : options.order;
        options.bootstrap = i == 4 ? 2000000 : options.bootstrap;
        options.model = i == 5 ? "A:B" : NULL;
        options.criterion = i == 6 ? 7 : options.criterion;
        assert_int_equal(traffstat_overlap_estimate(*state, overlap, &options, &estimate),
                         TRAFFSTAT_E_ARGUMENT);
        assert_null(estimate);
        assert_true(strlen(traffstat_ctx_message(*state)) > 0);
    }
    assert_int_equal(traffstat_overlap_estimate(*state, NULL, NULL, &estimate),
                     TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_overlap_estimate(*state, overlap, NULL, NULL), TRAFFSTAT_E_ARGUMENT);
    traffstat_overlap_free(overlap);
}

static void frequencies_have_no_pairs(void **state)
{
    traffstat_overlap *overlap = overlap_make_frequencies(*state, "hare");
    traffstat_estimate *estimate = NULL;
    traffstat_overlap_options options;
    traffstat_overlap_options_init(&options, sizeof options);
    options.method = TRAFFSTAT_OVERLAP_PAIRS;
    assert_int_equal(traffstat_overlap_estimate(*state, overlap, &options, &estimate),
                     TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "frequencies"));
    traffstat_overlap_free(overlap);
}

static void a_cancelled_call_gives_nothing(void **state)
{
    static const traffstat_overlap_method methods[] = {TRAFFSTAT_OVERLAP_COVERAGE,
                                                       TRAFFSTAT_OVERLAP_CLOSED};
    traffstat_overlap *overlap = overlap_make(*state, "UKdat");
    for (size_t i = 0; i < COUNT(methods); i++) {
        traffstat_estimate *estimate = NULL;
        traffstat_overlap_options options;
        traffstat_overlap_options_init(&options, sizeof options);
        options.method = methods[i];
        traffstat_ctx_cancel(*state);
        assert_int_equal(traffstat_overlap_estimate(*state, overlap, &options, &estimate),
                         TRAFFSTAT_E_CANCELLED);
        assert_null(estimate);
        traffstat_ctx_clear_cancel(*state);
        assert_ok(*state, traffstat_overlap_estimate(*state, overlap, &options, &estimate));
        traffstat_estimate_free(estimate);
    }
    traffstat_overlap_free(overlap);
}

/* Nobody caught twice, and more captures than the model has columns or doubles have range. */
static void odd_frequencies_are_refused_in_words(void **state)
{
    static const int64_t captures[] = {1, 60, 900};
    traffstat_ctx *ctx = *state;
    for (size_t i = 0; i < COUNT(captures); i++) {
        traffstat_overlap_builder *builder = NULL;
        traffstat_overlap *overlap = NULL;
        size_t stratum = 0;
        assert_ok(ctx, traffstat_overlap_builder_frequencies(ctx, 0, &builder));
        assert_ok(ctx, traffstat_overlap_builder_stratum(ctx, builder, "", &stratum));
        assert_ok(ctx, traffstat_overlap_builder_captures(ctx, builder, stratum, 1, 40));
        assert_ok(ctx, traffstat_overlap_builder_captures(ctx, builder, stratum, captures[i], 5));
        assert_ok(ctx, traffstat_overlap_builder_finish(ctx, builder, &overlap));
        traffstat_estimate *estimate = estimate_of(ctx, overlap, TRAFFSTAT_OVERLAP_CLOSED, 0);
        const traffstat_estimate_row row = row_of(estimate, "Mh Chao (LB)");
        assert_int_equal(row.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
        assert_true(isnan(row.estimate));
        traffstat_estimate_free(estimate);
        traffstat_overlap_free(overlap);
        traffstat_overlap_builder_free(builder);
    }
}

static void methods_have_names(void **state)
{
    (void) state;
    for (traffstat_overlap_method i = 0; i <= TRAFFSTAT_OVERLAP_SENSITIVITY; i++) {
        assert_int_equal(traffstat_overlap_method_find(traffstat_overlap_method_name(i)), i);
    }
    assert_null(traffstat_overlap_method_name(TRAFFSTAT_OVERLAP_SENSITIVITY + 1));
    assert_int_equal(traffstat_overlap_method_find("guess"), -1);
    assert_int_equal(traffstat_overlap_method_find(NULL), -1);
}

static void option_bounds_are_told(void **state)
{
    double least = -1.0;
    double standard = -1.0;
    double greatest = -1.0;
    assert_ok(*state, traffstat_overlap_options_bounds(TRAFFSTAT_OVERLAP_ORDER, &least, &standard,
                                                       &greatest));
    assert_near(least, 1.0, 0.0);
    assert_near(standard, 2.0, 0.0);
    assert_near(greatest, 12.0, 0.0);
    assert_int_equal(traffstat_overlap_options_bounds(99, &least, &standard, &greatest),
                     TRAFFSTAT_E_ARGUMENT);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static traffstat_status try_method(traffstat_ctx *ctx, void *arg)
{
    const char *const names[] = {"A", "B", "C"};
    static const int64_t persons[] = {40, 30, 12, 20, 9, 7, 5};
    static const char *const labels[2] = {"north", "south"};
    traffstat_overlap_builder *builder = NULL;
    traffstat_overlap *overlap = NULL;
    traffstat_estimate *estimate = NULL;
    traffstat_overlap_options options;
    size_t stratum = 0;
    traffstat_overlap_options_init(&options, sizeof options);
    memcpy(&options.method, arg, sizeof options.method);
    options.bootstrap = 10;
    traffstat_status status = traffstat_ctx_set_threads(ctx, 1);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_builder_new(ctx, names, 3, &builder);
    }
    for (uint32_t i = 0; i < 14 && status == TRAFFSTAT_OK; i++) {
        status = traffstat_overlap_builder_stratum(ctx, builder, labels[i % 2], &stratum);
        if (status == TRAFFSTAT_OK) {
            status =
                traffstat_overlap_builder_add(ctx, builder, stratum, i / 2 + 1, persons[i / 2]);
        }
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_builder_unit(ctx, builder, "person");
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_builder_finish(ctx, builder, &overlap);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_overlap_estimate(ctx, overlap, &options, &estimate);
    }
    traffstat_estimate_free(estimate);
    traffstat_overlap_free(overlap);
    traffstat_overlap_builder_free(builder);
    return status;
}

static void no_memory_is_an_error_and_leaks_nothing(void **state)
{
    (void) state;
    for (traffstat_overlap_method i = TRAFFSTAT_OVERLAP_PAIRS; i <= TRAFFSTAT_OVERLAP_COVERAGE;
         i++) {
        assert_true(support_try_every_allocation(try_method, &i) > 20);
    }
}

#define CTX(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CTX(every_pair_is_estimated),
        CTX(limits_of_pairs_are_lognormal),
        CTX(a_pair_that_never_meets_has_no_number),
        CTX(a_pair_that_hardly_meets_asks_for_caution),
        CTX(the_bound_is_that_of_the_bias_corrected_chao),
        CTX(the_other_forms_stand_beside_it),
        CTX(frequencies_without_occasions_take_the_open_form),
        CTX(sample_coverage_is_that_of_care1),
        CTX(its_bootstrap_agrees_with_care1),
        CTX(high_coverage_on_sparse_lists_is_refused),
        CTX(threads_change_no_bit),
        CTX(the_total_adds_points_and_squared_distances),
        CTX(cautions_of_strata_reach_the_total),
        CTX(a_sum_over_years_is_no_number_of_persons),
        CTX(a_stratum_without_a_number_leaves_no_total),
        CTX(options_out_of_range_are_refused),
        CTX(frequencies_have_no_pairs),
        CTX(a_cancelled_call_gives_nothing),
        CTX(odd_frequencies_are_refused_in_words),
        CTX(methods_have_names),
        CTX(option_bounds_are_told),
        CTX(no_memory_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
