/* Intervals of a stratum: profile likelihood, log-normal, and the bootstrap with the model chosen
 * anew in each replicate, whose wider limits lead where they disagree. */
#include <math.h>
#include <string.h>

#include "model/overlap/answer.h"
#include "model/overlap/draw.h"

/* Shares of a stratum's work, for progress. */
#define BOOTSTRAP_FROM 0.2
#define BOOTSTRAP_TO 0.7
#define FIT_TO 0.75

static void span(const traffstat_i_answer *a, double from, double to)
{
    const double start = a->run->done;
    const double share = a->run->share;
    traffstat_i_progress_span(a->ctx, start + from * share, start + to * share);
}

static void profile(traffstat_i_answer *a)
{
    memcpy(a->shop.beta, a->beta, a->model.count * sizeof *a->beta);
    if (traffstat_i_profile_limits(&a->shop, &a->counts, a->model, a->fit.estimate,
                                   a->run->options.level, &a->profile) != TRAFFSTAT_OK) {
        a->profile = (traffstat_i_profile){NAN, NAN, NAN};
    }
}

static traffstat_i_resampling plan_of(const traffstat_i_answer *a)
{
    return (traffstat_i_resampling){
        .counts = &a->counts,
        .weight = a->counts.count,
        .how = a->choice.how,
        .model = a->model,
        .beta = a->beta,
        .threshold = a->choice.threshold,
        .search = &a->search,
        .bic = a->choice.bic,
        .jackknife = true,
        .seed = traffstat_ctx_seed(a->ctx),
        .stream = TRAFFSTAT_I_STREAM_BOOTSTRAP + (uint32_t) a->stratum,
        .replicates = a->run->options.bootstrap,
    };
}

static traffstat_status bootstrap(traffstat_i_answer *a)
{
    const traffstat_i_resampling plan = plan_of(a);
    span(a, BOOTSTRAP_FROM, BOOTSTRAP_TO);
    const traffstat_status status = traffstat_i_resample(a->ctx, &plan, &a->replicates);
    if (status == TRAFFSTAT_OK) {
        traffstat_i_bca_limits(&a->replicates, &a->counts, a->point, a->run->options.level,
                               &a->bca);
    }
    return status;
}

/* Does the deviance come out as large on data that the model itself makes? */
static traffstat_status goodness_of_fit(traffstat_i_answer *a)
{
    traffstat_i_resampling plan = plan_of(a);
    traffstat_i_replicates drawn;
    a->mean[0] = 0.0; /* the seen only */
    plan.how = TRAFFSTAT_I_SAME_MODEL;
    plan.weight = a->mean;
    plan.jackknife = false;
    plan.stream = TRAFFSTAT_I_STREAM_FIT + (uint32_t) a->stratum;
    span(a, BOOTSTRAP_TO, FIT_TO);
    const traffstat_status status = traffstat_i_resample(a->ctx, &plan, &drawn);
    if (status != TRAFFSTAT_OK) {
        return status;
    }
    const double slack = 1e-9 * (1.0 + a->counts.n);
    double as_large = 1.0;
    double tried = 1.0;
    for (size_t i = 0; i < drawn.count; i++) {
        tried += isnan(drawn.deviance[i]) ? 0.0 : 1.0;
        as_large += drawn.deviance[i] >= a->fit.deviance - slack ? 1.0 : 0.0;
    }
    a->fit_p = tried > 1.0 && a->fit.df > 0.0 ? as_large / tried : NAN;
    traffstat_i_replicates_free(a->ctx, &drawn);
    return TRAFFSTAT_OK;
}

bool traffstat_i_answer_widened(const traffstat_i_answer *a)
{
    const double bca = a->bca.upper;
    const double percentile = a->bca.percentile_upper;
    return fabs(a->bca.bias) > TRAFFSTAT_I_BIAS ||
           fabs(bca - percentile) > TRAFFSTAT_I_ENDS_APART * fmin(bca, percentile) ||
           isinf(bca) != isinf(percentile);
}

static void lead(traffstat_i_answer *a)
{
    const bool averaged = a->run->options.method == TRAFFSTAT_OVERLAP_AVERAGE;
    if (a->replicates.count > 0) {
        const bool wide = traffstat_i_answer_widened(a);
        a->lower = wide ? fmin(a->bca.lower, a->bca.percentile_lower) : a->bca.lower;
        a->upper = wide ? fmax(a->bca.upper, a->bca.percentile_upper) : a->bca.upper;
    } else if (averaged || isnan(a->profile.lower)) {
        a->lower = a->lognormal[0];
        a->upper = a->lognormal[1];
    } else {
        a->lower = a->profile.lower;
        a->upper = a->profile.upper;
    }
}

traffstat_status traffstat_i_answer_intervals(traffstat_i_answer *a)
{
    traffstat_status status = TRAFFSTAT_OK;
    profile(a);
    traffstat_i_lognormal(a->counts.n, a->point, a->se * a->se, a->run->options.level,
                          &a->lognormal[0], &a->lognormal[1]);
    if (a->run->options.bootstrap > 0) {
        status = bootstrap(a);
        if (status == TRAFFSTAT_OK) {
            status = goodness_of_fit(a);
        }
    }
    if (status == TRAFFSTAT_OK) {
        lead(a);
        traffstat_i_overlap_numbers(a->run, a->row, a->counts.n, a->point, a->lower, a->upper);
    }
    return status;
}
