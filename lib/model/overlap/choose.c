/* The model of a stratum: given, stepped to, or the best of a search. */
#include <math.h>
#include <string.h>

#include "model/overlap/answer.h"

#define WEIGHT_LEAST 1e-7 /* models that weigh less move no digit that is shown */

/* ---- helpers --------------------------------------------------------------------------------- */

traffstat_status traffstat_i_answer_say(traffstat_i_answer *a, traffstat_verdict verdict,
                                        traffstat_text *text)
{
    const traffstat_status status =
        text->failed ? TRAFFSTAT_E_NOMEM
                     : traffstat_i_estimate_row_reason(a->run->estimate, a->row, verdict,
                                                       traffstat_i_text_get(text));
    traffstat_i_text_clear(text);
    return status;
}

void traffstat_i_answer_name(const traffstat_i_answer *a, traffstat_i_terms model,
                             traffstat_text *text)
{
    traffstat_i_print_model(text, model, a->names, a->lists);
}

void traffstat_i_answer_model(const traffstat_i_answer *a, traffstat_detail *parent,
                              const char *key, traffstat_i_terms model)
{
    traffstat_text text;
    traffstat_i_text_init(&text, a->ctx);
    traffstat_i_answer_name(a, model, &text);
    *a->starved |= text.failed;
    traffstat_i_detail_text(parent, key, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
}

static traffstat_status refuse_existence(traffstat_i_answer *a, int existence)
{
    static const char *const words[] = {
        NULL,
        "the estimate does not exist: the likelihood of this model keeps rising towards a "
        "population without end",
        "the model is not identified: many numbers of persons fit the counts equally well",
        "the estimate does not exist, and the model is not identified either"};
    return traffstat_i_overlap_refuse(a->run, a->row, words[existence & 3]);
}

/* ---- how a model is found -------------------------------------------------------------------- */

/* All models, for choosing among them or for near-ties beside a model that came another way. */
static traffstat_status look_around(traffstat_i_answer *a)
{
    const bool wanted = a->choice.how == TRAFFSTAT_I_SEARCH_ANEW;
    const bool cheap = a->lists <= 5 || (a->lists == 6 && a->choice.order <= 2);
    if (!wanted && (!cheap || a->run->options.checks == 0)) {
        return TRAFFSTAT_OK;
    }
    return traffstat_i_search_models(a->ctx, &a->counts, a->choice.order, a->choice.bic,
                                     &a->search);
}

static traffstat_status step(traffstat_i_answer *a)
{
    traffstat_i_paths(&a->shop.exist, &a->shop.fit, &a->counts, 1, a->choice.threshold,
                      a->shop.mean, &a->path); /* means and sums are one block */
    if (a->path.existence != 0) {
        a->fit.existence = a->path.existence;
        return TRAFFSTAT_OK;
    }
    if (a->path.failed) {
        return traffstat_i_fail(a->ctx, TRAFFSTAT_E_NUMERIC,
                                "a step of the selection found no maximum");
    }
    a->model = (traffstat_i_terms){a->path.term, a->path.terms};
    return TRAFFSTAT_OK;
}

static size_t terms_needed(const traffstat_i_answer *a)
{
    const size_t path = traffstat_i_path_terms(a->lists);
    const size_t given = a->choice.given.count;
    const size_t widest = a->search.set.widest;
    size_t most = path > given ? path : given;
    most = widest > most ? widest : most;
    return most;
}

static traffstat_status pick(traffstat_i_answer *a)
{
    if (a->choice.how == TRAFFSTAT_I_STEP_ANEW) {
        return step(a);
    }
    if (a->choice.how == TRAFFSTAT_I_SAME_MODEL) {
        a->model = a->choice.given;
    } else if (a->search.ranked > 0) {
        a->model = traffstat_i_model_at(&a->search.set, a->search.rank[0]);
    } else {
        a->fit.existence = a->search.existence[0];
    }
    return TRAFFSTAT_OK;
}

static traffstat_status keep_fit(traffstat_i_answer *a)
{
    const size_t terms = a->model.count;
    a->beta = traffstat_i_alloc(a->ctx, terms + a->counts.cells, sizeof *a->beta);
    if (a->beta == NULL) {
        return TRAFFSTAT_E_NOMEM;
    }
    a->mean = a->beta + terms;
    memcpy(a->beta, a->shop.beta, terms * sizeof *a->beta);
    memcpy(a->mean, a->shop.mean, a->counts.cells * sizeof *a->mean);
    a->point = a->fit.estimate;
    a->se = a->fit.se;
    return TRAFFSTAT_OK;
}

/* ---- the average ----------------------------------------------------------------------------- */

static double weight_of(const traffstat_i_search *search, size_t rank)
{
    double sum = 0.0;
    const double best = search->value[search->rank[0]];
    for (size_t i = 0; i < search->ranked; i++) {
        sum += exp(-0.5 * (search->value[search->rank[i]] - best));
    }
    return exp(-0.5 * (search->value[search->rank[rank]] - best)) / sum;
}

static double model_estimate(const traffstat_i_answer *a, size_t rank)
{
    return a->counts.n + exp(a->search.beta[a->search.set.start[a->search.rank[rank]]]);
}

/* N and its standard error over models (Buckland, Burnham & Augustin 1997, equation 9). */
static traffstat_status average(traffstat_i_answer *a)
{
    const traffstat_i_search *search = &a->search;
    const double first = weight_of(search, 0);
    const double best = search->value[search->rank[0]];
    double sum = 0.0;
    double error = 0.0;
    for (size_t i = 0; i < search->ranked; i++) {
        sum += first * exp(-0.5 * (search->value[search->rank[i]] - best)) * model_estimate(a, i);
    }
    for (size_t i = 0; i < search->ranked; i++) {
        const double weight = first * exp(-0.5 * (search->value[search->rank[i]] - best));
        if (weight < WEIGHT_LEAST) {
            break;
        }
        traffstat_i_fit fit;
        const traffstat_status status =
            traffstat_i_fit_model(a->ctx, &a->shop, &a->counts,
                                  traffstat_i_model_at(&search->set, search->rank[i]), NULL, &fit);
        if (status != TRAFFSTAT_OK) {
            return status;
        }
        const double apart = fit.estimate - sum;
        error += weight * sqrt(fit.se * fit.se + apart * apart);
    }
    a->point = sum;
    a->se = error;
    return TRAFFSTAT_OK;
}

/* ---- the door's part ------------------------------------------------------------------------- */

static traffstat_status fit_choice(traffstat_i_answer *a)
{
    if (a->model.count == 0) {
        return refuse_existence(a, a->fit.existence);
    }
    traffstat_status status =
        traffstat_i_fit_model(a->ctx, &a->shop, &a->counts, a->model, NULL, &a->fit);
    if (status == TRAFFSTAT_OK && a->fit.existence != 0) {
        a->model.count = 0;
        return refuse_existence(a, a->fit.existence);
    }
    if (status == TRAFFSTAT_OK) {
        status = keep_fit(a);
    }
    return status == TRAFFSTAT_OK && a->run->options.method == TRAFFSTAT_OVERLAP_AVERAGE
               ? average(a)
               : status;
}

traffstat_status traffstat_i_answer_choose(traffstat_i_answer *a)
{
    const double from = a->run->done;
    traffstat_i_progress_span(a->ctx, from, from + 0.2 * a->run->share);
    traffstat_status status = look_around(a);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_workshop_new(a->ctx, a->lists, terms_needed(a), &a->shop);
    }
    if (status == TRAFFSTAT_OK) {
        status = pick(a);
    }
    return status == TRAFFSTAT_OK ? fit_choice(a) : status;
}
