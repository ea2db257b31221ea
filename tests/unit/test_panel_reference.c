/* The hierarchical panel against Stan, whose figures (4 chains x 1,500 draws) are those of the
 * project's reference folder, panel_stan.csv: the data, the priors and the names of quantities are
 * those of METHODS-reporting, section 3. Both are Monte Carlo: they may differ by four of their joint
 * errors. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/support.h"
#include "unit/panel_data.h"

#include "model/reporting/nuts.h"
#include "model/reporting/posterior.h"

/* Under a sanitizer one prior is enough: it is there for what the code does, not for the numbers. */
#if defined(__SANITIZE_ADDRESS__)
enum { PRIORS = 1 };
#else
enum { PRIORS = 4 };
#endif
enum { CELLS = SYNTHETIC_PLACES * SYNTHETIC_YEARS, CHAINS = 4, DRAWS = 1000, FAST = 16000 };

/* Total, totals of eight years, shares reported of eight years, levels and scales. */
enum {
    TOTAL,
    YEAR = 1,
    SHARE = 9,
    LEVEL = 17,
    REPORT,
    PLACE,
    REPORT_PLACE,
    STEP,
    DRIFT,
    QUANTITIES
};

typedef struct figures {
    double mean, mcse, sd, low, median, high, ess;
} figures;

typedef struct reference {
    double share; /* prior: logit p ~ Normal(logit share, spread) */
    double spread;
    figures of[QUANTITIES];
} reference;

static const reference stan[] = {
    {0.35,
     0.3,
     {
         {8812.141, 39.91867, 2284.492, 5453.55, 8445, 14192.6, 3275.118},
         {905.6267, 2.810939, 204.3607, 593, 877, 1380.025, 5285.574},
         {976.3542, 3.303868, 227.9752, 627, 942, 1511.05, 4761.347},
         {1031.589, 4.111474, 256.5141, 638, 993, 1642.1, 3892.49},
         {1063.394, 4.720605, 279.2362, 636.975, 1021, 1716, 3499.033},
         {1084.341, 5.015224, 294.2731, 646, 1037, 1772.125, 3442.869},
         {1136.328, 5.700771, 322.4283, 672, 1083, 1907.025, 3198.889},
         {1239.725, 7.121408, 371.4913, 721.975, 1178, 2148.05, 2721.232},
         {1374.784, 8.904704, 440.3539, 794, 1288, 2434.15, 2445.484},
         {0.381978, 0.00113648, 0.08196694, 0.2391261, 0.3762828, 0.5564924, 5201.8},
         {0.4124784, 0.001348383, 0.09118159, 0.2534661, 0.4065817, 0.6108453, 4572.856},
         {0.4352182, 0.001676265, 0.1032772, 0.258206, 0.4269889, 0.6645768, 3795.974},
         {0.4500998, 0.00196623, 0.113242, 0.261655, 0.4397649, 0.7048943, 3317.006},
         {0.4537821, 0.002017448, 0.1165746, 0.2595754, 0.4435873, 0.7120743, 3338.898},
         {0.4692349, 0.002195388, 0.1240281, 0.260091, 0.4579871, 0.7380952, 3191.667},
         {0.4996655, 0.002667115, 0.1372205, 0.266288, 0.4855688, 0.7922712, 2647.006},
         {0.536035, 0.003189765, 0.1538363, 0.2768934, 0.5232919, 0.8488665, 2325.949},
         {3.246839, 0.004424352, 0.2563306, 2.76697, 3.240293, 3.776643, 3356.617},
         {-0.6219212, 0.003929886, 0.2934333, -1.18786, -0.6187691, -0.04211707, 5575.181},
         {0.5239348, 0.003822687, 0.157215, 0.2075643, 0.5161772, 0.8598354, 1691.417},
         {0.4178445, 0.007184748, 0.2679728, 0.02131461, 0.3925239, 0.9985827, 1391.1},
         {0.09109393, 0.001079183, 0.05484595, 0.005659572, 0.08559687, 0.2184484, 2582.849},
         {0.169979, 0.002396085, 0.1091389, 0.01105035, 0.1571413, 0.4226897, 2074.698},
     }},
    {0.5,
     0.3,
     {
         {6533.319, 25.47859, 1301.64, 4609.85, 6311, 9531.175, 2609.941},
         {651.0983, 1.933841, 113.1862, 475, 637, 916, 3425.669},
         {710.4668, 2.171343, 126.7332, 511, 693, 1012.025, 3406.625},
         {755.1297, 2.669168, 147.032, 526.975, 736, 1102.05, 3034.394},
         {781.2693, 3.127057, 162.2088, 530, 758.5, 1162.025, 2690.772},
         {798.8752, 3.3333, 170.7021, 538, 774, 1194.025, 2622.581},
         {843.8262, 3.816227, 187.4793, 567, 814, 1276.1, 2413.45},
         {935.6177, 4.826782, 219.9067, 635, 896, 1462.075, 2075.686},
         {1057.036, 6.303453, 260.6759, 723, 1004, 1664, 1710.191},
         {0.5212539, 0.001432746, 0.08542429, 0.360262, 0.5180534, 0.6947368, 3554.876},
         {0.5552097, 0.001596187, 0.0932299, 0.3784492, 0.5526696, 0.7495108, 3411.482},
         {0.58147, 0.001950268, 0.1063641, 0.3847376, 0.576087, 0.8045923, 2974.417},
         {0.5979856, 0.002256842, 0.1167683, 0.3863944, 0.5919581, 0.8471698, 2676.995},
         {0.6005531, 0.002360006, 0.12063, 0.3852516, 0.5943152, 0.8550186, 2612.67},
         {0.6147906, 0.002511352, 0.126745, 0.3886844, 0.6093366, 0.8747795, 2547.104},
         {0.6420578, 0.0028991, 0.1363235, 0.3912248, 0.6383929, 0.9007874, 2211.136},
         {0.6722501, 0.003511513, 0.1465766, 0.4050481, 0.6713147, 0.9322268, 1742.372},
         {2.895498, 0.00541672, 0.2245268, 2.455785, 2.89663, 3.352332, 1718.16},
         {-0.01098606, 0.004809295, 0.2924166, -0.5765644, -0.009154509, 0.5787476, 3696.93},
         {0.5614115, 0.003602713, 0.1469255, 0.3132519, 0.5465529, 0.8953639, 1663.164},
         {0.4157932, 0.008640859, 0.2791949, 0.02289706, 0.3736133, 1.050333, 1044.002},
         {0.1023478, 0.001250752, 0.05031325, 0.01395146, 0.09683703, 0.2202438, 1618.163},
         {0.1936541, 0.002960561, 0.1308838, 0.008977315, 0.1735197, 0.497553, 1954.448},
     }},
    {0.2,
     0.3,
     {
         {14611.73, 78.55527, 4698.288, 7933.8, 13822.5, 25806.57, 3577.08},
         {1515.284, 5.901582, 426.1023, 870, 1453, 2531.05, 5213.037},
         {1624.984, 6.858308, 470.9334, 910.975, 1552, 2747, 4715.035},
         {1715.196, 8.067863, 524.0526, 942.975, 1632, 2955.15, 4219.225},
         {1772.54, 9.163249, 570.8789, 940.975, 1683, 3113, 3881.404},
         {1806.91, 9.664467, 593.9553, 943.95, 1711, 3227.125, 3777.041},
         {1887.374, 11.08849, 652.3343, 969, 1773, 3447.025, 3460.954},
         {2045.847, 13.80989, 750.1355, 1010.95, 1907, 3871.075, 2950.525},
         {2243.592, 17.16828, 883.954, 1068, 2064, 4439.025, 2650.977},
         {0.2344237, 0.0008838834, 0.06363257, 0.1303807, 0.2271163, 0.3793103, 5182.854},
         {0.2547707, 0.00104941, 0.07102164, 0.1394248, 0.2467784, 0.4204287, 4580.272},
         {0.2694086, 0.001245334, 0.07912394, 0.1434783, 0.2598039, 0.4496408, 4036.863},
         {0.2785076, 0.001416049, 0.08620601, 0.1442339, 0.2667855, 0.4771647, 3706.113},
         {0.2809175, 0.001463158, 0.08830995, 0.1425417, 0.2688486, 0.487314, 3642.813},
         {0.2922502, 0.001636162, 0.0949126, 0.1438922, 0.2797518, 0.5118679, 3365.08},
         {0.3149837, 0.001990907, 0.1078933, 0.1477626, 0.2999476, 0.5658045, 2936.884},
         {0.3441307, 0.002434872, 0.124677, 0.1518351, 0.3265504, 0.6310861, 2621.924},
         {3.778708, 0.004324943, 0.2886638, 3.220146, 3.778796, 4.349672, 4454.753},
         {-1.372947, 0.003660345, 0.3017381, -1.964259, -1.373384, -0.77351, 6795.42},
         {0.4734718, 0.004989052, 0.1879393, 0.07067339, 0.47903, 0.8343429, 1419.055},
         {0.4228088, 0.006834562, 0.2473173, 0.02242553, 0.4138713, 0.9234936, 1309.446},
         {0.08903166, 0.00123487, 0.05605524, 0.005649703, 0.08255631, 0.2163194, 2060.582},
         {0.1383032, 0.001760259, 0.08478911, 0.007872958, 0.1305451, 0.3298745, 2320.209},
     }},
    {0.35,
     0.8,
     {
         {10088.09, 112.4091, 5950.097, 4680, 8404.5, 25630.85, 2801.851},
         {1033.595, 11.5412, 612.2349, 455.975, 861.5, 2699.1, 2814.066},
         {1116.336, 12.1793, 657.0953, 498, 934.5, 2887.175, 2910.799},
         {1178.231, 12.91258, 692.3472, 530, 984.5, 3008.025, 2874.896},
         {1217.896, 13.63805, 726.4614, 543, 1017, 3117.05, 2837.4},
         {1241.161, 14.03254, 741.7427, 553, 1036, 3163.15, 2794.049},
         {1300.545, 14.80351, 780.8066, 582.975, 1079, 3318.075, 2782.001},
         {1421.858, 16.63399, 869.151, 652, 1174, 3647, 2730.22},
         {1578.465, 18.86282, 966.7313, 744.975, 1292, 4040.5, 2626.627},
         {0.3948602, 0.003040089, 0.1594768, 0.122263, 0.3830529, 0.723724, 2751.836},
         {0.4220087, 0.003203683, 0.1672068, 0.1326556, 0.409845, 0.7690763, 2724.011},
         {0.4427832, 0.003419903, 0.1752274, 0.1409563, 0.4306756, 0.8, 2625.285},
         {0.4558669, 0.003626929, 0.1824718, 0.1440465, 0.4414946, 0.8268877, 2531.123},
         {0.4585789, 0.003681074, 0.1838097, 0.1454247, 0.4440154, 0.8318264, 2493.374},
         {0.4717701, 0.003787931, 0.1877955, 0.1494843, 0.4596849, 0.8508084, 2457.911},
         {0.4970743, 0.003975096, 0.194884, 0.1568412, 0.4872232, 0.8773006, 2403.572},
         {0.5266898, 0.0042122, 0.2030213, 0.1668111, 0.5216718, 0.9047284, 2323.086},
         {3.28041, 0.01101439, 0.5003041, 2.442919, 3.238655, 4.410696, 2063.227},
         {-0.5979733, 0.01534615, 0.7446685, -2.056177, -0.5963631, 0.8672869, 2354.652},
         {0.5273686, 0.004447562, 0.1720161, 0.1527371, 0.5250971, 0.8832241, 1495.871},
         {0.4216998, 0.006714135, 0.2646466, 0.02185444, 0.4010222, 0.982148, 1553.647},
         {0.09732754, 0.001210786, 0.05395257, 0.008829499, 0.09232134, 0.2209977, 1985.591},
         {0.166154, 0.00244115, 0.1110494, 0.009175114, 0.1489507, 0.4274438, 2069.397},
     }},
};

static traffstat_i_posterior *open_panel(void **state, const reference *of, traffstat_i_cell *cells)
{
    size_t n = 0;
    for (size_t t = 0; t < SYNTHETIC_YEARS; t++) {
        for (size_t j = 0; j < SYNTHETIC_PLACES; j++) {
            const int64_t y = synthetic_count[t][j];
            cells[n++] = (traffstat_i_cell){.place = j,
                                            .year = t,
                                            .low = y,
                                            .high = y,
                                            .exposure = synthetic_population[t][j] / 1e5,
                                            .coverage = 1.0};
        }
    }
    const traffstat_i_posterior_spec spec = {
        .place_count = SYNTHETIC_PLACES,
        .year_count = SYNTHETIC_YEARS,
        .cells = cells,
        .cell_count = CELLS,
        .report = {true, log(of->share / (1.0 - of->share)), of->spread},
        .level_center = 3.0,
        .level_sd = 2.0,
        .place_scale = 1.0,
        .report_place_scale = 0.5,
        .year_scale = 0.25,
        .drift_scale = 0.25};
    traffstat_i_posterior *p = NULL;
    assert_ok(*state, traffstat_i_posterior_new(*state, &spec, &p));
    return p;
}

/* A Poisson draw, for means of any size: waits of an exponential clock, cut into pieces. */
static double poisson(support_rng *rng, double mean)
{
    double count = 0.0;
    if (mean > 1e7) { /* an outlier of the fast engine, without weight: chance is 0.03 % of it */
        return rint(mean);
    }
    while (mean > 0.0) {
        const double piece = mean > 20.0 ? 20.0 : mean;
        const double limit = exp(-piece);
        double product = support_rng_uniform(rng);
        while (product > limit) {
            count += 1.0;
            product *= support_rng_uniform(rng);
        }
        mean -= piece;
    }
    return count;
}

static void take_draw(const traffstat_i_posterior *p, void *scratch, const traffstat_i_cell *cells,
                      const double *position, support_rng *rng, double out[QUANTITIES])
{
    double rate[CELLS];
    double logit[CELLS];
    double reported[SYNTHETIC_YEARS] = {0.0};
    traffstat_i_hyper hyper;
    traffstat_i_posterior_cells(p, scratch, position, rate, logit, NULL);
    traffstat_i_posterior_hyper(p, scratch, position, &hyper);
    memset(out, 0, QUANTITIES * sizeof *out);
    for (size_t i = 0; i < CELLS; i++) {
        const double hidden = cells[i].exposure * exp(rate[i]) / (1.0 + exp(logit[i]));
        out[YEAR + cells[i].year] += (double) cells[i].low + poisson(rng, hidden);
        reported[cells[i].year] += (double) cells[i].low;
    }
    for (size_t t = 0; t < SYNTHETIC_YEARS; t++) {
        out[TOTAL] += out[YEAR + t];
        out[SHARE + t] = reported[t] / out[YEAR + t];
    }
    out[LEVEL] = hyper.level;
    out[REPORT] = hyper.report;
    out[PLACE] = hyper.place_sd;
    out[REPORT_PLACE] = hyper.report_place_sd;
    out[STEP] = hyper.year_sd;
    out[DRIFT] = hyper.drift_sd;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *) a;
    const double y = *(const double *) b;
    return (x > y) - (x < y);
}

static double quantile(const double *sorted, size_t n, double prob)
{
    const double at = prob * (double) (n - 1);
    const size_t k = (size_t) at;
    return k + 1 < n ? sorted[k] + (at - (double) k) * (sorted[k + 1] - sorted[k]) : sorted[k];
}

/* Monte-Carlo error of a quantile of Stan's draws, of which its file gives none: that of an order
 * statistic of a normal with their sd and effective size, stretched as the law's own tail is. */
static double stan_error(const figures *f, double prob)
{
    const double z = prob == 0.5 ? 0.0 : 1.959963984540054;
    const double density = exp(-0.5 * z * z) / sqrt(6.283185307179586);
    const double skewed = prob > 0.5 ? (f->high - f->median) / (1.96 * f->sd)
                                     : (prob < 0.5 ? (f->median - f->low) / (1.96 * f->sd) : 1.0);
    return skewed * f->sd * sqrt(prob * (1.0 - prob) / f->ess) / density;
}

static void agree(const char *what, size_t quantity, double got, double want, double own,
                  double theirs)
{
    const double error = sqrt(own * own + theirs * theirs);
    if (!(fabs(got - want) <= 4.0 * error)) {
        print_error("quantity %zu, %s: %g, Stan has %g; joint error %g\n", quantity, what, got,
                    want, error);
        fail();
    }
}

static void compare(const double *values, size_t quantity, const figures *want, double *work)
{
    const size_t n = (size_t) CHAINS * DRAWS;
    assert_true(traffstat_i_rhat(values, CHAINS, DRAWS, work) < 1.02);
    double mean = 0.0;
    for (size_t i = 0; i < n; i++) {
        mean += values[i] / (double) n;
    }
    agree("mean", quantity, mean, want->mean, traffstat_i_mcse_mean(values, CHAINS, DRAWS, work),
          want->mcse);
    const double probs[] = {0.025, 0.5, 0.975};
    const double wanted[] = {want->low, want->median, want->high};
    double own[3];
    for (size_t k = 0; k < 3; k++) {
        own[k] = traffstat_i_mcse_quantile(values, CHAINS, DRAWS, probs[k], work);
    }
    memcpy(work, values, n * sizeof *work);
    qsort(work, n, sizeof *work, by_size);
    for (size_t k = 0; k < 3; k++) {
        agree("quantile", quantity, quantile(work, n, probs[k]), wanted[k], own[k],
              stan_error(want, probs[k]));
    }
}

static void check_reference(void **state, const reference *of)
{
    traffstat_i_cell cells[CELLS];
    traffstat_i_posterior *p = open_panel(state, of, cells);
    const size_t scratch_size = traffstat_i_posterior_scratch_size(p);
    const traffstat_i_target target = {.dimension = traffstat_i_posterior_dimension(p),
                                       .model = p,
                                       .scratch_size = scratch_size,
                                       .density = traffstat_i_posterior_density,
                                       .start_radius = 1.0};
    const traffstat_i_nuts_options options = {.chains = CHAINS,
                                              .warmup = 1000,
                                              .draws = DRAWS,
                                              .accept = 0.95,
                                              .max_depth = 10,
                                              .seed = 20181231,
                                              .progress_to = 1.0};
    traffstat_i_chains *chains = NULL;
    assert_ok(*state, traffstat_i_nuts(*state, &target, &options, &chains));
    const size_t n = (size_t) CHAINS * DRAWS;
    double *values = malloc(n * QUANTITIES * sizeof *values);
    double *work = malloc(2 * n * sizeof *work);
    void *scratch = calloc(1, scratch_size);
    support_rng rng;
    support_rng_init(&rng, 7629);
    for (size_t i = 0; i < n; i++) {
        double drawn[QUANTITIES];
        take_draw(p, scratch, cells, chains->positions + i * chains->dimension, &rng, drawn);
        for (size_t q = 0; q < QUANTITIES; q++) {
            values[q * n + i] = drawn[q];
        }
    }
    for (size_t q = 0; q < QUANTITIES; q++) {
        compare(values + q * n, q, &of->of[q], work);
    }
    free(values);
    free(work);
    free(scratch);
    traffstat_i_chains_free(*state, chains);
    traffstat_i_posterior_free(p);
}

/* ---- the fast engine ------------------------------------------------------------------------ */

typedef struct weighted {
    double value;
    double weight;
} weighted;

static int by_value(const void *a, const void *b)
{
    return by_size(&((const weighted *) a)->value, &((const weighted *) b)->value);
}

static double weighted_quantile(const weighted *sorted, size_t n, double prob)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += sorted[i].weight;
        if (sum >= prob) {
            return sorted[i].value;
        }
    }
    return sorted[n - 1].value;
}

/* Its rule: medians within 0.1 and limits within 0.2 posterior sd of the referee's (METHODS-reporting,
 * last section). Both are Monte Carlo: a point is known only to lie between the order statistics two of
 * their joint errors away, which are read off the fast engine's law. */
static void compare_fast(const double *values, const double *log_weights, size_t n,
                         const figures *want)
{
    weighted *sorted = malloc(n * sizeof *sorted);
    const size_t outer = traffstat_i_posterior_outer_draws(n);
    double squares = 0.0; /* one over the effective number of outer draws, which others share */
    for (size_t k = 0; k < outer; k++) {
        double sum = 0.0;
        for (size_t i = k; i < n; i += outer) {
            sorted[i] = (weighted){values[i], exp(log_weights[i])};
            sum += sorted[i].weight;
        }
        squares += sum * sum;
    }
    qsort(sorted, n, sizeof *sorted, by_value);
    const double probs[] = {0.025, 0.5, 0.975};
    const double wanted[] = {want->low, want->median, want->high};
    const double bound[] = {0.2, 0.1, 0.2};
    for (size_t k = 0; k < 3; k++) {
        const double error = 2.0 * sqrt(probs[k] * (1.0 - probs[k]) * (1.0 / want->ess + squares));
        const double least = weighted_quantile(sorted, n, probs[k] - error) - bound[k] * want->sd;
        const double most = weighted_quantile(sorted, n, probs[k] + error) + bound[k] * want->sd;
        if (!(wanted[k] >= least && wanted[k] <= most)) {
            print_error("%g %% point: %g to %g, Stan has %g, sd %g\n", 100.0 * probs[k], least,
                        most, wanted[k], want->sd);
            fail();
        }
    }
    free(sorted);
}

static void the_fast_engine_comes_near(void **state)
{
    for (size_t k = 0; k < PRIORS; k++) {
        traffstat_i_cell cells[CELLS];
        traffstat_i_posterior *p = open_panel(state, &stan[k], cells);
        const size_t d = traffstat_i_posterior_dimension(p);
        double *positions = malloc(FAST * d * sizeof *positions);
        double *log_weights = malloc(FAST * sizeof *log_weights);
        double *values = malloc((size_t) FAST * QUANTITIES * sizeof *values);
        void *scratch = calloc(1, traffstat_i_posterior_scratch_size(p));
        double khat = NAN;
        double sum = 0.0;
        support_rng rng;
        support_rng_init(&rng, 7630);
        assert_ok(*state,
                  traffstat_i_posterior_laplace(*state, p, 5, FAST, positions, log_weights, &khat));
        assert_true(khat < 0.7); /* beyond, its answers bear a caution */
        for (size_t i = 0; i < FAST; i++) {
            double drawn[QUANTITIES];
            take_draw(p, scratch, cells, positions + i * d, &rng, drawn);
            for (size_t q = 0; q < QUANTITIES; q++) {
                values[q * FAST + i] = drawn[q];
            }
            sum += exp(log_weights[i]);
        }
        assert_near(sum, 1.0, 1e-12);
        for (size_t q = 0; q < QUANTITIES; q++) {
            compare_fast(values + q * FAST, log_weights, FAST, &stan[k].of[q]);
        }
        free(positions);
        free(log_weights);
        free(values);
        free(scratch);
        traffstat_i_posterior_free(p);
    }
}

static traffstat_status try_fast(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    const traffstat_i_cell cells[] = {{0, 0, 3, 3, 1.0, 1.0},
                                      {1, 0, 5, 5, 2.0, 1.0},
                                      {0, 1, 4, 4, 1.0, 1.0},
                                      {1, 1, 0, 4, 2.0, 0.9}};
    const traffstat_i_posterior_spec spec = {.place_count = 2,
                                             .year_count = 2,
                                             .cells = cells,
                                             .cell_count = 4,
                                             .report = {false, 4.0, 6.0},
                                             .level_center = 2.0,
                                             .level_sd = 2.0,
                                             .place_scale = 1.0,
                                             .report_place_scale = 0.5,
                                             .year_scale = 0.25,
                                             .drift_scale = 0.25};
    traffstat_i_posterior *p = NULL;
    double positions[10 * 16];
    double log_weights[10];
    double khat = 0.0;
    traffstat_status status = traffstat_i_posterior_new(ctx, &spec, &p);
    if (status == TRAFFSTAT_OK) {
        assert_true(traffstat_i_posterior_dimension(p) <= 16);
        status = traffstat_i_posterior_laplace(ctx, p, 1, 10, positions, log_weights, &khat);
    }
    traffstat_i_posterior_free(p);
    return status;
}

static void without_memory_the_fast_engine_says_so(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(try_fast, NULL) > 20);
}

static void the_fast_engine_knows_its_place(void **state)
{
    const size_t edge[] = {0, 1};
    const traffstat_i_cell cells[] = {{0, 0, 3, 3, 1.0, 1.0}, {1, 0, 5, 5, 2.0, 1.0}};
    traffstat_i_posterior_spec spec = {.place_count = 2,
                                       .year_count = 1,
                                       .cells = cells,
                                       .cell_count = 2,
                                       .report = {false, 4.0, 6.0},
                                       .level_sd = 2.0,
                                       .place_scale = 1.0,
                                       .report_place_scale = 0.5,
                                       .edges = edge,
                                       .edge_count = 1};
    traffstat_i_posterior *p = NULL;
    double positions[16];
    double log_weight = 0.0;
    double khat = 0.0;
    assert_ok(*state, traffstat_i_posterior_new(*state, &spec, &p));
    assert_false(traffstat_i_posterior_has_fast(p));
    assert_int_equal(traffstat_i_posterior_laplace(*state, p, 1, 1, positions, &log_weight, &khat),
                     TRAFFSTAT_E_ARGUMENT);
    traffstat_i_posterior_free(p);
}

static void every_prior_gives_what_stan_gives(void **state)
{
    for (size_t k = 0; k < PRIORS; k++) {
        check_reference(state, &stan[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_prior_gives_what_stan_gives),
                                       cmocka_unit_test(the_fast_engine_comes_near),
                                       cmocka_unit_test(the_fast_engine_knows_its_place),
                                       cmocka_unit_test(without_memory_the_fast_engine_says_so)};
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
