#include <string.h>

#include "read/read.h"

/* A role's own name, then its aliases, all folded: letters and digits only. */
#define ALIASES 48

typedef struct role {
    const char *name;
    const char *folded[ALIASES]; /* the first is the own name */
} role;

static const role roles[TRAFFSTAT_ROLE_COUNT] = {
    [TRAFFSTAT_ROLE_JURISDICTION] = {"jurisdiction",
                                     {"jurisdiction",  "place",        "agency",    "agencyname",
                                      "pubagencyname", "department",   "state",     "statename",
                                      "county",        "countyname",   "city",      "cityname",
                                      "area",          "areaname",     "region",    "regionname",
                                      "country",       "countryname",  "geo",       "geography",
                                      "location",      "locationname", "territory", "municipality",
                                      "province"}},
    [TRAFFSTAT_ROLE_KEY] = {"key",
                            {"key", "ori", "fips", "fipscode", "iso", "isocode", "iso2", "iso3",
                             "iso3code", "geoid", "countrycode", "code", "id"}},
    [TRAFFSTAT_ROLE_YEAR] = {"year",
                             {"year", "datayear", "yr", "time", "timeperiod", "period", "refdate",
                              "fiscalyear", "calendaryear", "yeardate", "fy"}},
    [TRAFFSTAT_ROLE_CASES] = {"cases",
                              {"cases",
                               "case",
                               "casecount",
                               "numberofcases",
                               "totalcases",
                               "casesreported",
                               "casesinvestigated",
                               "count",
                               "counts",
                               "n",
                               "offenses",
                               "offences",
                               "actualcount",
                               "incidents",
                               "actualincidents",
                               "victims",
                               "investigations",
                               "arrests",
                               "reports",
                               "calls",
                               "convictions",
                               "prosecutions",
                               "referrals",
                               "charges",
                               "suspects",
                               "survivors",
                               "complaints",
                               "crimes",
                               "cleared",
                               "clearances",
                               "unfounded",
                               "deaths",
                               "number",
                               "total",
                               "value",
                               "txtvalue"}},
    [TRAFFSTAT_ROLE_POPULATION] = {"population",
                                   {"population", "pop", "residents", "inhabitants",
                                    "estimatedpopulation"}},
    [TRAFFSTAT_ROLE_CATEGORY] = {"category",
                                 {"category", "crimetype", "crime", "offense", "offence",
                                  "offensetype", "offencetype", "offensesubcatname", "subcategory",
                                  "violation", "violations"}},
    [TRAFFSTAT_ROLE_MEASURE] = {"measure",
                                {"measure", "metric", "indicator", "indicatorname", "statistic",
                                 "statistics", "variable", "seriesname"}},
    [TRAFFSTAT_ROLE_SOURCE] = {"source", {"source", "datasource", "publisher"}},
    [TRAFFSTAT_ROLE_COVERAGE] = {"coverage", {"coverage", "reportingshare", "percentreporting"}},
    [TRAFFSTAT_ROLE_FLAGS] = {"flags", {"flags", "flag"}},
    [TRAFFSTAT_ROLE_CASES_LOWER] = {"cases_lower", {"caseslower"}},
    [TRAFFSTAT_ROLE_CASES_UPPER] = {"cases_upper", {"casesupper"}},
};

/* Headers that say "a number of them" and not of what. */
static const char *const plain_counts[] = {
    "cases", "case",   "casecount", "numberofcases", "totalcases", "count",       "counts",
    "n",     "number", "total",     "value",         "txtvalue",   "actualcount",
};

const char *traffstat_role_name(traffstat_role role_index)
{
    return role_index >= 0 && role_index < TRAFFSTAT_ROLE_COUNT ? roles[role_index].name : NULL;
}

traffstat_role traffstat_role_find(const char *name)
{
    for (traffstat_role i = 0; name != NULL && i < TRAFFSTAT_ROLE_COUNT; i++) {
        if (strcmp(name, roles[i].name) == 0) {
            return i;
        }
    }
    return -1;
}

size_t traffstat_i_fold(traffstat_i_slice name, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; i < name.size && used + 1 < size; i++) {
        const char c = traffstat_i_lower(name.data[i]);
        if ((c >= 'a' && c <= 'z') || traffstat_i_is_digit(c) || (unsigned char) c >= 0x80) {
            out[used++] = c;
        }
    }
    out[used] = '\0';
    return used;
}

int traffstat_i_role_rank(traffstat_role role_index, const char *folded)
{
    const role *found = &roles[role_index];
    for (size_t i = 0; i < ALIASES && found->folded[i] != NULL; i++) {
        if (strcmp(folded, found->folded[i]) == 0) {
            return i == 0 ? 2 : 1;
        }
    }
    return 0;
}

bool traffstat_i_is_plain_count(const char *folded)
{
    for (size_t i = 0; i < sizeof plain_counts / sizeof plain_counts[0]; i++) {
        if (strcmp(folded, plain_counts[i]) == 0) {
            return true;
        }
    }
    return false;
}
