/* Inside of a reporting prior. Private to the reporting family. */
#ifndef TRAFFSTAT_I_REPORTING_PRIOR_H
#define TRAFFSTAT_I_REPORTING_PRIOR_H

#include "base/base.h"

#include <traffstat/reporting.h>

/* Values of traffstat_reporting_basis.origin. */
enum { ORIGIN_BETA = 0, ORIGIN_RANGE = 1, ORIGIN_EVIDENCE = 2 };

enum {
    TEXT_ID,
    TEXT_PLACE,
    TEXT_UNIT,
    TEXT_MEASURE,
    TEXT_AGENCIES,
    TEXT_METHOD,
    TEXT_CITATION,
    TEXT_NOTE,
    TEXTS
};

struct traffstat_prior {
    traffstat_ctx *ctx;
    double a;
    double b;
    int32_t origin;
    double size;                       /* given for evidence without an interval, else 0 */
    char *source;                      /* of a Beta or range that was given */
    char *texts[TEXTS];                /* of the evidence; NULL without */
    traffstat_evidence_entry entry;    /* its texts point into `texts` */
};

/* The Beta law with q = (1 - level)/2 below `lower` and above `upper`. */
traffstat_status traffstat_i_fit_beta(traffstat_ctx *ctx, double lower, double upper, double level,
                                      double *a, double *b);

#endif
