/* Poisson-logistic regression: its posterior, and the answer on a panel. Data: simul1 of R's pogit
 * (reference/reporting/in_pogit_simul1.csv). Figures marked R: pogitBvs with method "infprior" and
 * without selection (pogit_posteriors.csv, "simul1 infprior noBVS"), 2,000 draws. Its priors, by the
 * package's documentation and code: beta_0 normal with variance 100, the other beta Student's t with 10
 * degrees of freedom and scale 2 (a normal slab whose variance is inverse gamma with shape 5 and mean
 * 5), alpha normal with variance 0.005 about the logits of 0.9, 0.125, 0.5, 0.5, 0.5. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/reporting/pogit_target.h"
#include "support/pogit.h"
#include "support/support.h"

#include <traffstat/pogit.h>

#define ALL (2 * COLUMNS)

typedef struct setting {
    double exposure[ROWS];
    double coverage[ROWS];
    double design[ROWS * COLUMNS];
    int64_t uppers[ROWS];
    int64_t checked[ROWS];
    double mean[ALL];
    double scale[ALL];
    double freedom[ALL];
} setting;

/* An intercept and the four bits of the row's number, the highest first; R's priors. */
static traffstat_pogit_data simul1(setting *s)
{
    memset(s, 0, sizeof *s);
    fill_design(s->design);
    for (size_t i = 0; i < ROWS; i++) {
        s->exposure[i] = 100.0;
        s->coverage[i] = 1.0;
        s->uppers[i] = counts[i];
        s->checked[i] = 25;
    }
    for (size_t j = 0; j < COLUMNS; j++) {
        s->scale[j] = j == 0 ? 10.0 : 2.0;
        s->freedom[j] = j == 0 ? 0.0 : 10.0;
        s->scale[COLUMNS + j] = sqrt(0.005);
    }
    s->mean[COLUMNS] = log(0.9 / 0.1);
    s->mean[COLUMNS + 1] = log(0.125 / 0.875);
    traffstat_pogit_data data = blank_data(ROWS, COLUMNS, COLUMNS);
    data.counts = counts;
    data.exposure = s->exposure;
    data.rate_design = s->design;
    data.reporting_design = s->design;
    data.effect_mean = s->mean;
    data.effect_scale = s->scale;
    data.effect_freedom = s->freedom;
    return data;
}

static traffstat_pogit_posterior *sample(traffstat_ctx *ctx, const traffstat_pogit_data *data)
{
    traffstat_pogit_posterior *out = NULL;
    assert_ok(ctx, traffstat_pogit_sample(ctx, data, NULL, &out));
    return out;
}

/* ---- the reference --------------------------------------------------------------------------- */

typedef struct figure {
    double mean;
    double sd;
    double lower;
    double median;
    double upper;
    double size; /* effective */
} figure;

static const figure in_r[ALL] = {{0.74222501960657816, 0.049349721527846946, 0.64416329726298516,
                                  0.74299445955091858, 0.84374280067766128, 1328.8018928934025},
                                 {0.58352746776729769, 0.059599750296771829, 0.46943983462671235,
                                  0.58175109795518909, 0.70071934470841435, 280.96281847740204},
                                 {-2.0602138195730841, 0.076753382003404952, -2.208348590238927,
                                  -2.0592306476930364, -1.9109985359308346, 901.76829168972108},
                                 {-0.018483358398443853, 0.050877936932692852, -0.1219308341480259,
                                  -0.019836172308359469, 0.082431161765036703, 1003.9577916495075},
                                 {0.056073520712237777, 0.049809109440144647, -0.04451753511534208,
                                  0.055317039398356957, 0.15109847876520327, 1075.6528704215752},
                                 {2.2004164963347201, 0.067894455350889296, 2.069994664735709,
                                  2.2018211297123438, 2.3303218896397477, 292.56796325920646},
                                 {-1.9465662214975308, 0.069796767064147808, -2.0792006873191271,
                                  -1.9462153648613696, -1.8052549369580775, 565.72731872995007},
                                 {-0.0014829869678551762, 0.069453664026438461,
                                  -0.13274701371282163, -0.00078249100798089347,
                                  0.13796651056997095, 1347.8135146366405},
                                 {-0.026405589965556486, 0.067016282287596873, -0.1575483543969452,
                                  -0.026978079266735063, 0.10339459959381139, 758.77684961727857},
                                 {0.0099240383199707995, 0.067569265015793259, -0.11791424249505043,
                                  0.0086727342368043778, 0.14724149331475531, 773.82712947811956}};

/* Monte-Carlo error of the quantile of a normal law, in units of sd / sqrt(size): sqrt(q (1 - q)) over
 * its density there. */
#define MEDIAN_ERROR 1.2533141
#define LIMIT_ERROR 2.6714546

static void expect_within(double got, double want, double own, double theirs)
{
    assert_true(fabs(got - want) < 4.0 * sqrt(own * own + theirs * theirs));
}

static void the_posterior_is_that_of_r(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit_posterior *posterior = sample(*state, &data);
    traffstat_pogit_mixing mixing;
    assert_ok(*state, traffstat_pogit_posterior_get(posterior, &mixing));
    assert_int_equal(mixing.estimable, 1);
    assert_int_equal(mixing.verdict, TRAFFSTAT_VERDICT_OK);
    assert_string_equal(traffstat_pogit_posterior_reason(posterior), "");
    assert_int_equal(mixing.divergences, 0);
    assert_true(mixing.rhat <= 1.01 && mixing.ess_bulk >= 400.0 && mixing.ess_tail >= 400.0);
    for (size_t j = 0; j < ALL; j++) {
        traffstat_pogit_marginal got;
        const figure *want = &in_r[j];
        const double error = want->sd / sqrt(want->size);
        assert_ok(*state, traffstat_pogit_posterior_coefficient(*state, posterior, j, 0.95, &got));
        expect_within(got.mean, want->mean, got.mcse_mean, error);
        expect_within(got.sd, want->sd, got.sd / sqrt(2.0 * got.ess_bulk), error / sqrt(2.0));
        expect_within(got.median, want->median, got.mcse_median, error * MEDIAN_ERROR);
        expect_within(got.lower, want->lower, got.mcse_lower, error * LIMIT_ERROR);
        expect_within(got.upper, want->upper, got.mcse_upper, error * LIMIT_ERROR);
        assert_true(got.rhat <= 1.01);
    }
    traffstat_pogit_posterior_free(posterior);
}

/* ---- the density ----------------------------------------------------------------------------- */

/* Counts of every kind, coverage, checks, a class prior, laws of both forms. */
static traffstat_pogit_data everything(setting *s, const double *class, const double *shape)
{
    traffstat_pogit_data data = simul1(s);
    for (size_t i = 0; i < ROWS; i++) {
        s->coverage[i] = 0.5 + 0.03 * (double) i;
        s->uppers[i] = i % 4 == 1 ? counts[i] + 9 : counts[i];
    }
    s->uppers[6] = TRAFFSTAT_NO_UPPER;
    data.coverage = s->coverage;
    data.uppers = s->uppers;
    data.validated = validated;
    data.checked = s->checked;
    data.priors = 1;
    data.prior_design = class;
    data.prior_a = shape;
    data.prior_b = shape + 1;
    return data;
}

static void the_gradient_is_that_of_the_density(void **state)
{
    static const double class[COLUMNS] = {1.0, 0.0, 1.0, 0.0, 0.0};
    static const double shape[2] = {8.0, 3.0};
    setting s;
    traffstat_pogit *fit = NULL;
    traffstat_i_pogit_target target;
    const traffstat_pogit_data data = everything(&s, class, shape);
    assert_ok(*state, traffstat_pogit_fit(*state, &data, &fit));
    assert_ok(*state, traffstat_i_pogit_target_init(*state, traffstat_i_pogit_model(fit),
                                                    traffstat_i_pogit_top(fit), &target));
    void *scratch = calloc(1, traffstat_i_pogit_scratch_size(target.of));
    assert_non_null(scratch);
    double spare[ALL];
    double gradient[ALL];
    double at[ALL];
    for (size_t round = 0; round < 3; round++) {
        for (size_t j = 0; j < ALL; j++) {
            at[j] = round == 0 ? 0.0 : 1.5 * sin((double) (round * 17 + j * 5));
        }
        (void) traffstat_i_pogit_density(&target, scratch, at, gradient);
        for (size_t j = 0; j < ALL; j++) {
            const double step = 1e-5;
            const double middle = at[j];
            at[j] = middle + step;
            const double up = traffstat_i_pogit_density(&target, scratch, at, spare);
            at[j] = middle - step;
            const double down = traffstat_i_pogit_density(&target, scratch, at, spare);
            at[j] = middle;
            assert_true(fabs((up - down) / (2.0 * step) - gradient[j]) < 1e-5);
            assert_true(round > 0 || fabs(gradient[j]) < 1e-5); /* 0 is the top */
        }
    }
    free(scratch);
    traffstat_i_pogit_target_clear(*state, &target);
    traffstat_pogit_free(fit);
}

/* At the top the coordinates have unit curvature, whatever the ridge. */
static void the_top_is_round(void **state)
{
    setting s;
    traffstat_pogit *fit = NULL;
    traffstat_i_pogit_target target;
    const traffstat_pogit_data data = simul1(&s);
    assert_ok(*state, traffstat_pogit_fit(*state, &data, &fit));
    assert_ok(*state, traffstat_i_pogit_target_init(*state, traffstat_i_pogit_model(fit),
                                                    traffstat_i_pogit_top(fit), &target));
    void *scratch = calloc(1, traffstat_i_pogit_scratch_size(target.of));
    assert_non_null(scratch);
    for (size_t j = 0; j < ALL; j++) {
        double at[ALL] = {0.0};
        double up[ALL];
        double down[ALL];
        at[j] = 1e-4;
        (void) traffstat_i_pogit_density(&target, scratch, at, up);
        at[j] = -1e-4;
        (void) traffstat_i_pogit_density(&target, scratch, at, down);
        for (size_t k = 0; k < ALL; k++) {
            const double curve = (down[k] - up[k]) / 2e-4;
            assert_true(fabs(curve - (k == j ? 1.0 : 0.0)) < 1e-3);
        }
    }
    free(scratch);
    traffstat_i_pogit_target_clear(*state, &target);
    traffstat_pogit_free(fit);
}

static void laws_of_coefficients_move_the_top_as_their_density_does(void **state)
{
    /* one count and no reporting to speak of: y log-rate - exp(rate) - (rate - 1)^2 / 2 s^2 */
    const int64_t count[1] = {20};
    const double one[1] = {1.0};
    const double mean[2] = {1.0, 0.0};
    const double scale[2] = {0.5, 0.001};
    traffstat_pogit_data data = blank_data(1, 1, 1);
    traffstat_pogit *fit = NULL;
    traffstat_pogit_number rate;
    data.counts = count;
    data.rate_design = one;
    data.reporting_design = one;
    data.effect_mean = mean;
    data.effect_scale = scale;
    assert_ok(*state, traffstat_pogit_fit(*state, &data, &fit));
    assert_ok(*state, traffstat_pogit_coefficient(*state, fit, 0, 0.95, &rate));
    const double slope = 20.0 - exp(rate.estimate) * 0.5 - (rate.estimate - 1.0) / 0.25;
    assert_true(fabs(slope) < 1e-3); /* p is 1/2 to 0.001 of its logit */
    traffstat_pogit_free(fit);
}

/* ---- closed forms ---------------------------------------------------------------------------- */

/* One class: the count says nothing of p under a flat level, and checks make p Beta(a + v, b + m - v). */
static void one_class_has_the_law_of_its_checks(void **state)
{
    static const int64_t count[1] = {50};
    static const int64_t seen[1] = {7};
    static const int64_t looked[1] = {10};
    static const double one[1] = {1.0};
    static const double half[1] = {0.5};
    traffstat_pogit_data data = blank_data(1, 1, 1);
    traffstat_pogit_mixing mixing;
    data.counts = count;
    data.rate_design = one;
    data.reporting_design = one;
    data.validated = seen;
    data.checked = looked;
    data.priors = 1;
    data.prior_design = one;
    data.prior_a = half;
    data.prior_b = half;
    traffstat_pogit_posterior *posterior = sample(*state, &data);
    assert_ok(*state, traffstat_pogit_posterior_get(posterior, &mixing));
    const size_t all = (size_t) mixing.chains * (size_t) mixing.draws;
    const double *logits = traffstat_pogit_posterior_draws(posterior, 1);
    assert_non_null(logits);
    double sum = 0.0;
    double squares = 0.0;
    for (size_t i = 0; i < all; i++) {
        const double p = 1.0 / (1.0 + exp(-logits[i]));
        sum += p / (double) all;
        squares += p * p / (double) all;
    }
    const double mean = 7.5 / 11.0;
    const double sd = sqrt(mean * (1.0 - mean) / 12.0);
    const double size = mixing.ess_bulk;
    assert_true(fabs(sum - mean) < 4.0 * sd / sqrt(size));
    assert_true(fabs(sqrt(squares - sum * sum) - sd) < 4.0 * sd / sqrt(size));
    traffstat_pogit_posterior_free(posterior);
}

/* ---- selection ------------------------------------------------------------------------------- */

/* R: pogitBvs with validation and variable selection (pogit_posteriors.csv, "simul1 val BVS"), 800 draws:
 * probability that a column is in (mean, sd and effective size of its conditional probabilities) and
 * coefficients. Slabs: Student's t with 10 degrees of freedom and scale 2; levels: variance 100. */
static const struct {
    figure coefficient; /* limits unused */
    double in;
    double in_sd;
    double in_size;
} selected_in_r[ALL] = {
    {{0.76001146391482255, 0.042030368166397818, 0.0, 0.0, 0.0, 193.11}, 1.0, 0.0, 1.0},
    {{0.54779800060350536, 0.071486821182402363, 0.0, 0.0, 0.0, 139.31}, 1.0, 0.0, 1.0},
    {{-2.0592493279424686, 0.075909362324854263, 0.0, 0.0, 0.0, 623.38}, 1.0, 0.0, 1.0},
    {{-0.00035763113360311617, 0.010582267713228172, 0.0, 0.0, 0.0, 854.63},
     0.041308937415505197,
     0.065927844289667303,
     800.0},
    {{0.0033090897310751395, 0.017749989127454971, 0.0, 0.0, 0.0, 652.0},
     0.068758244693207349,
     0.12499974157577039,
     800.0},
    {{2.2084786597073651, 0.22933978167616029, 0.0, 0.0, 0.0, 72.0}, 1.0, 0.0, 1.0},
    {{-1.8862829106035928, 0.24345409497488732, 0.0, 0.0, 0.0, 119.0}, 1.0, 0.0, 1.0},
    {{-0.015900808256532322, 0.080592839296712668, 0.0, 0.0, 0.0, 244.6},
     0.10119188042521544,
     0.21226882269772571,
     269.36},
    {{-0.014250766113959668, 0.061664070033741511, 0.0, 0.0, 0.0, 305.25},
     0.089674891721848393,
     0.20219445342009465,
     351.12},
    {{0.021401514155315608, 0.071629755724427937, 0.0, 0.0, 0.0, 361.53},
     0.12371206678219999,
     0.25877380181427684,
     349.22}};

static traffstat_pogit_data with_slabs(setting *s)
{
    traffstat_pogit_data data = simul1(s);
    for (size_t j = 0; j < ALL; j++) {
        s->mean[j] = 0.0;
        s->scale[j] = j % COLUMNS == 0 ? 10.0 : 2.0;
        s->freedom[j] = j % COLUMNS == 0 ? 0.0 : 10.0;
    }
    data.validated = validated;
    data.checked = s->checked;
    return data;
}

static void selection_is_that_of_r(void **state)
{
    setting s;
    const traffstat_pogit_data data = with_slabs(&s);
    traffstat_pogit_selected *selected = NULL;
    assert_ok(*state, traffstat_pogit_select(*state, &data, NULL, &selected));
    assert_int_equal(traffstat_pogit_selected_models(selected), 256);
    for (size_t j = 0; j < ALL; j++) {
        traffstat_pogit_marginal got;
        const figure *want = &selected_in_r[j].coefficient;
        const double error = want->sd / sqrt(want->size);
        assert_ok(*state, traffstat_pogit_selected_coefficient(*state, selected, j, 0.95, &got));
        expect_within(got.mean, want->mean, got.mcse_mean, error);
        /* an sd's error is that of the mean by sqrt((kurtosis - 1) / 4), of 0 and normal mixed 3 / in */
        const double longer = sqrt((3.0 / selected_in_r[j].in - 1.0) / 4.0);
        expect_within(got.sd, want->sd, longer * got.mcse_mean, longer * error);
        /* a model's weight is known to about 3 % */
        expect_within(traffstat_pogit_selected_inclusion(selected, j), selected_in_r[j].in,
                      0.03 * selected_in_r[j].in,
                      selected_in_r[j].in_sd / sqrt(selected_in_r[j].in_size) + 1e-9);
    }
    double sum = 0.0;
    for (size_t model = 0; model < 256; model++) {
        sum += traffstat_pogit_selected_probability(selected, model);
    }
    assert_near(sum, 1.0, 1e-12);
    traffstat_pogit_selected_free(selected);
}

static void one_model_has_the_posterior_of_the_sampler(void **state)
{
    static const int32_t fixed[ALL] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    setting s;
    const traffstat_pogit_data data = with_slabs(&s);
    traffstat_pogit_selecting how;
    traffstat_pogit_selected *selected = NULL;
    traffstat_pogit_posterior *posterior = sample(*state, &data);
    traffstat_pogit_selecting_init(&how, (uint32_t) sizeof how);
    how.fixed = fixed;
    assert_ok(*state, traffstat_pogit_select(*state, &data, &how, &selected));
    assert_int_equal(traffstat_pogit_selected_models(selected), 1);
    for (size_t j = 0; j < ALL; j++) {
        traffstat_pogit_marginal a;
        traffstat_pogit_marginal b;
        assert_ok(*state, traffstat_pogit_posterior_coefficient(*state, posterior, j, 0.9, &a));
        assert_ok(*state, traffstat_pogit_selected_coefficient(*state, selected, j, 0.9, &b));
        expect_within(b.mean, a.mean, a.mcse_mean, b.mcse_mean);
        expect_within(b.sd, a.sd, a.mcse_mean, b.mcse_mean);
        expect_within(b.lower, a.lower, a.mcse_lower, 2.2 * b.mcse_mean);
        assert_near(traffstat_pogit_selected_inclusion(selected, j), 1.0, 0.0);
    }
    traffstat_pogit_selected_free(selected);
    traffstat_pogit_posterior_free(posterior);
}

/* A slab so narrow that it is the spike: in and out are then equally likely. */
static void a_slab_that_is_a_spike_tells_nothing(void **state)
{
    static const int32_t fixed[ALL] = {1, 1, 1, 1, 0, 1, 1, 1, 1, 1};
    setting s;
    const traffstat_pogit_data data = with_slabs(&s);
    traffstat_pogit_selecting how;
    traffstat_pogit_selected *selected = NULL;
    s.scale[4] = 1e-6;
    s.freedom[4] = 0.0;
    traffstat_pogit_selecting_init(&how, (uint32_t) sizeof how);
    how.fixed = fixed;
    how.draws = 20000;
    assert_ok(*state, traffstat_pogit_select(*state, &data, &how, &selected));
    assert_true(fabs(traffstat_pogit_selected_inclusion(selected, 4) - 0.5) < 0.02);
    traffstat_pogit_selected_free(selected);
}

static void selection_names_what_it_lacks(void **state)
{
    setting s;
    traffstat_pogit_data data = with_slabs(&s);
    traffstat_pogit_selected *selected = NULL;
    traffstat_pogit_selecting how;
    s.scale[7] = 0.0;
    assert_int_equal(traffstat_pogit_select(*state, &data, NULL, &selected), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "coefficient 7"));
    s.scale[7] = 2.0;
    traffstat_pogit_selecting_init(&how, (uint32_t) sizeof how);
    how.draws = 10;
    assert_int_equal(traffstat_pogit_select(*state, &data, &how, &selected), TRAFFSTAT_E_ARGUMENT);
    assert_null(selected);
    assert_true(isnan(traffstat_pogit_selected_inclusion(NULL, 0)));
}

/* ---- threads, refusals ----------------------------------------------------------------------- */

static void threads_do_not_change_a_bit(void **state)
{
    setting s;
    const traffstat_pogit_data data = simul1(&s);
    traffstat_pogit_sampling how;
    double first[400];
    (void) state;
    traffstat_pogit_sampling_init(&how, (uint32_t) sizeof how);
    how.draws = 100;
    how.size_wanted = 100.0;
    for (uint32_t threads = 1; threads <= 7; threads += 3) {
        traffstat_ctx *ctx = NULL;
        traffstat_pogit_posterior *posterior = NULL;
        assert_int_equal(traffstat_ctx_new(NULL, &ctx), TRAFFSTAT_OK);
        assert_ok(ctx, traffstat_ctx_set_threads(ctx, threads));
        assert_ok(ctx, traffstat_pogit_sample(ctx, &data, &how, &posterior));
        const double *draws = traffstat_pogit_posterior_draws(posterior, 5);
        if (threads == 1) {
            memcpy(first, draws, sizeof first);
        }
        assert_memory_equal(first, draws, sizeof first);
        traffstat_pogit_posterior_free(posterior);
        traffstat_ctx_free(ctx);
    }
}

static void a_direction_that_nothing_tells_of_is_named_and_not_drawn(void **state)
{
    setting s;
    static const int32_t steadies[ALL] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    traffstat_pogit_data data = simul1(&s);
    traffstat_pogit_mixing mixing;
    traffstat_pogit_marginal out;
    static const double class[COLUMNS] = {1.0, 0.0, 0.0, 0.0, 0.0};
    static const double a[1] = {18.0};
    static const double b[1] = {2.0};
    data.effect_steadies = steadies; /* the laws are there, and are no information */
    data.priors = 1;
    data.prior_design = class;
    data.prior_a = a;
    data.prior_b = b;
    traffstat_pogit_posterior *posterior = sample(*state, &data);
    assert_ok(*state, traffstat_pogit_posterior_get(posterior, &mixing));
    assert_int_equal(mixing.estimable, 0);
    assert_int_equal(mixing.verdict, TRAFFSTAT_VERDICT_INESTIMABLE);
    assert_non_null(strstr(traffstat_pogit_posterior_reason(posterior), "reporting"));
    assert_null(traffstat_pogit_posterior_draws(posterior, 0));
    assert_int_equal(traffstat_pogit_posterior_coefficient(*state, posterior, 0, 0.95, &out),
                     TRAFFSTAT_E_NODATA);
    traffstat_pogit_posterior_free(posterior);
    data.effect_steadies = NULL; /* now they are information */
    posterior = sample(*state, &data);
    assert_ok(*state, traffstat_pogit_posterior_get(posterior, &mixing));
    assert_int_equal(mixing.estimable, 1);
    traffstat_pogit_posterior_free(posterior);
}

static void refuse(void **state, const traffstat_pogit_data *data, const char *word)
{
    traffstat_pogit *fit = NULL;
    assert_int_equal(traffstat_pogit_fit(*state, data, &fit), TRAFFSTAT_E_ARGUMENT);
    assert_null(fit);
    assert_non_null(strstr(traffstat_ctx_message(*state), word));
}

static void bad_laws_are_named(void **state)
{
    setting s;
    traffstat_pogit_data data = simul1(&s);
    traffstat_pogit_sampling how;
    traffstat_pogit_posterior *posterior = NULL;
    s.scale[3] = -1.0;
    refuse(state, &data, "coefficient 3");
    s.scale[3] = NAN;
    refuse(state, &data, "coefficient 3");
    s.scale[3] = 1.0;
    s.mean[4] = INFINITY;
    refuse(state, &data, "coefficient 4");
    s.mean[4] = 0.0;
    s.uppers[2] = counts[2] - 1;
    data.uppers = s.uppers;
    refuse(state, &data, "count 2");
    s.uppers[2] = counts[2];
    s.coverage[7] = 1.5;
    data.coverage = s.coverage;
    refuse(state, &data, "coverage 7");
    s.coverage[7] = 1.0;
    data.steadying_priors = 1;
    refuse(state, &data, "steady");
    data.steadying_priors = 0;
    traffstat_pogit_sampling_init(&how, (uint32_t) sizeof how);
    how.draws = 10;
    assert_int_equal(traffstat_pogit_sample(*state, &data, &how, &posterior), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_pogit_sample(*state, NULL, NULL, &posterior), TRAFFSTAT_E_ARGUMENT);
    assert_null(posterior);
}

static void an_interval_of_one_count_is_that_count(void **state)
{
    setting s;
    traffstat_pogit *exact = NULL;
    traffstat_pogit *set = NULL;
    traffstat_pogit_number a;
    traffstat_pogit_number b;
    traffstat_pogit_data data = simul1(&s);
    assert_ok(*state, traffstat_pogit_fit(*state, &data, &exact));
    data.uppers = s.uppers;
    assert_ok(*state, traffstat_pogit_fit(*state, &data, &set));
    for (size_t j = 0; j < ALL; j++) {
        assert_ok(*state, traffstat_pogit_coefficient(*state, exact, j, 0.9, &a));
        assert_ok(*state, traffstat_pogit_coefficient(*state, set, j, 0.9, &b));
        assert_near(b.estimate, a.estimate, 1e-9);
        assert_near(b.error, a.error, 1e-6);
    }
    traffstat_pogit_free(set);
    s.uppers[0] += 200; /* what is known less well has larger errors */
    assert_ok(*state, traffstat_pogit_fit(*state, &data, &set));
    assert_ok(*state, traffstat_pogit_coefficient(*state, exact, 0, 0.9, &a));
    assert_ok(*state, traffstat_pogit_coefficient(*state, set, 0, 0.9, &b));
    assert_true(b.error > a.error);
    traffstat_pogit_free(set);
    traffstat_pogit_free(exact);
}

static traffstat_status try_sampling(traffstat_ctx *ctx, void *arg)
{
    traffstat_pogit_sampling how;
    traffstat_pogit_posterior *posterior = NULL;
    traffstat_pogit_sampling_init(&how, (uint32_t) sizeof how);
    how.draws = 100;
    how.size_wanted = 100.0;
    const traffstat_status status = traffstat_pogit_sample(ctx, arg, &how, &posterior);
    traffstat_pogit_posterior_free(posterior);
    return status;
}

static traffstat_status try_selecting(traffstat_ctx *ctx, void *arg)
{
    static const int32_t fixed[ALL] = {1, 1, 1, 1, 0, 1, 1, 1, 1, 1};
    traffstat_pogit_selecting how;
    traffstat_pogit_selected *selected = NULL;
    traffstat_pogit_selecting_init(&how, (uint32_t) sizeof how);
    how.fixed = fixed;
    how.draws = 200;
    const traffstat_status status = traffstat_pogit_select(ctx, arg, &how, &selected);
    traffstat_pogit_selected_free(selected);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    setting s;
    traffstat_pogit_data data = simul1(&s);
    (void) state;
    assert_true(support_try_every_allocation(try_sampling, &data) > 10);
    data = with_slabs(&s);
    assert_true(support_try_every_allocation(try_selecting, &data) > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_posterior_is_that_of_r),
        cmocka_unit_test(the_gradient_is_that_of_the_density),
        cmocka_unit_test(the_top_is_round),
        cmocka_unit_test(laws_of_coefficients_move_the_top_as_their_density_does),
        cmocka_unit_test(one_class_has_the_law_of_its_checks),
        cmocka_unit_test(selection_is_that_of_r),
        cmocka_unit_test(one_model_has_the_posterior_of_the_sampler),
        cmocka_unit_test(a_slab_that_is_a_spike_tells_nothing),
        cmocka_unit_test(selection_names_what_it_lacks),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(a_direction_that_nothing_tells_of_is_named_and_not_drawn),
        cmocka_unit_test(bad_laws_are_named),
        cmocka_unit_test(an_interval_of_one_count_is_that_count),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
