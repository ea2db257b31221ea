/* The total over strata. */
#include <math.h>
#include <string.h>

#include "model/overlap/methods.h"

/* Do all strata look like years? Then one person may be in several of them. */
static bool are_years(const traffstat_overlap *overlap)
{
    for (size_t i = 0; i < traffstat_overlap_strata(overlap); i++) {
        const char *name = traffstat_overlap_stratum(overlap, i);
        int64_t year = 0;
        if (!traffstat_i_parse_int(name, strlen(name), &year) || year < TRAFFSTAT_YEAR_MIN ||
            year > TRAFFSTAT_YEAR_MAX) {
            return false;
        }
    }
    return true;
}

static traffstat_status refuse_total(traffstat_i_overlap_run *run, size_t without)
{
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_addf(
        &text, "%zu of %zu strata %s no number, and a sum without them would be too low", without,
        traffstat_overlap_strata(run->overlap), without == 1 ? "has" : "have");
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_overlap_refuse(run, TRAFFSTAT_NONE, traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

/* What is doubtful in a stratum is doubtful in the sum. */
static traffstat_status share_cautions(traffstat_i_overlap_run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < traffstat_overlap_strata(run->overlap); i++) {
        count += traffstat_i_estimate_row(run->estimate, i)->verdict != TRAFFSTAT_VERDICT_OK;
    }
    if (count == 0) {
        return TRAFFSTAT_OK;
    }
    traffstat_text text;
    traffstat_i_text_init(&text, run->ctx);
    traffstat_i_text_addf(&text, "%zu of %zu strata %s for caution, and the total with them", count,
                          traffstat_overlap_strata(run->overlap), count == 1 ? "asks" : "ask");
    const traffstat_status status =
        text.failed ? TRAFFSTAT_E_NOMEM
                    : traffstat_i_estimate_row_reason(run->estimate, TRAFFSTAT_NONE,
                                                      TRAFFSTAT_VERDICT_CAUTION,
                                                      traffstat_i_text_get(&text));
    traffstat_i_text_clear(&text);
    return status;
}

static traffstat_status warn_of_years(traffstat_i_overlap_run *run)
{
    return are_years(run->overlap)
               ? traffstat_i_estimate_row_reason(
                     run->estimate, TRAFFSTAT_NONE, TRAFFSTAT_VERDICT_CAUTION,
                     "the strata are years: a person in several of them is counted several times, "
                     "so this is a sum of yearly numbers and not a number of persons")
               : TRAFFSTAT_OK;
}

/* Each stratum has its own data, so that the errors of the strata are independent given their
 * models. The ends of the sum follow from those of the parts by their squared distances from the
 * points (Zou & Donner 2008, Statistics in Medicine 27:1693-1702), which keeps the skewness of
 * intervals whose upper side is long; sums of variances would lose it. */
traffstat_status traffstat_i_overlap_total(traffstat_i_overlap_run *run)
{
    const bool bound = traffstat_estimate_kind(run->estimate) == TRAFFSTAT_KIND_BOUND;
    double sum = 0.0;
    double below = 0.0;
    double above = 0.0;
    size_t without = 0;
    traffstat_estimate_row *total = traffstat_i_estimate_row(run->estimate, TRAFFSTAT_NONE);
    total->observed_lower = total->observed_upper =
        traffstat_overlap_persons(run->overlap, TRAFFSTAT_NONE);
    for (size_t i = 0; i < traffstat_overlap_strata(run->overlap); i++) {
        const traffstat_estimate_row *row = traffstat_i_estimate_row(run->estimate, i);
        without += isnan(row->estimate);
        sum += row->estimate;
        below += (row->estimate - row->lower) * (row->estimate - row->lower);
        above += (row->upper - row->estimate) * (row->upper - row->estimate);
    }
    if (without > 0) {
        return refuse_total(run, without);
    }
    const double seen = (double) total->observed_lower;
    const double lower = fmax(seen, sum - sqrt(below));
    traffstat_i_overlap_numbers(run, TRAFFSTAT_NONE, seen, sum, lower,
                                bound ? NAN : sum + sqrt(above));
    traffstat_status status = share_cautions(run);
    if (status == TRAFFSTAT_OK) {
        status = warn_of_years(run);
    }
    return status == TRAFFSTAT_OK
               ? traffstat_i_estimate_assume(
                     run->estimate, "the total takes the errors of the strata to be independent; a "
                                    "wrong assumption that they share does not average out")
               : status;
}
