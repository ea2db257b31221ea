#include <string.h>

#include "read/shape.h"

/* Headers are folded: lower-case letters and digits only. */
static const traffstat_i_known known[] = {
    {.name = "FBI, human trafficking by agency",
     .signature = {"datayear", "ori", "offensesubcatname", "actualcount"},
     .roles = {{TRAFFSTAT_ROLE_YEAR, "datayear"},
               {TRAFFSTAT_ROLE_KEY, "ori"},
               {TRAFFSTAT_ROLE_JURISDICTION, "pubagencyname"},
               {TRAFFSTAT_ROLE_CATEGORY, "offensesubcatname"}},
     .values = {{"actualcount", "offences"},
                {"unfoundedcount", "unfounded"},
                {"clearedcount", "cleared"},
                {"juvenileclearedcount", "juvenile cleared"}}},
    {.name = "UNODC, trafficking in persons",
     .signature = {"iso3code", "indicator", "dimension", "txtvalue"},
     .roles = {{TRAFFSTAT_ROLE_YEAR, "year"},
               {TRAFFSTAT_ROLE_KEY, "iso3code"},
               {TRAFFSTAT_ROLE_JURISDICTION, "country"},
               {TRAFFSTAT_ROLE_MEASURE, "indicator"},
               {TRAFFSTAT_ROLE_CASES, "txtvalue"},
               {TRAFFSTAT_ROLE_SOURCE, "source"}},
     .category = {"dimension", "category", "sex", "age"},
     .most = 1000000},
    {.name = "Statistics Canada",
     .signature = {"refdate", "geo", "uom", "value"},
     .roles = {{TRAFFSTAT_ROLE_YEAR, "refdate"},
               {TRAFFSTAT_ROLE_KEY, "dguid"},
               {TRAFFSTAT_ROLE_JURISDICTION, "geo"},
               {TRAFFSTAT_ROLE_MEASURE, "statistics"},
               {TRAFFSTAT_ROLE_CATEGORY, "violations"},
               {TRAFFSTAT_ROLE_CASES, "value"},
               {TRAFFSTAT_ROLE_FLAGS, "status"}},
     .main = "actualincidents",
     .symbols = true},
    {.name = "National Human Trafficking Hotline",
     .signature = {"yeardate", "calls", "casesreported", "state"},
     .roles = {{TRAFFSTAT_ROLE_YEAR, "yeardate"},
               {TRAFFSTAT_ROLE_KEY, "postal"},
               {TRAFFSTAT_ROLE_JURISDICTION, "state"}},
     .values = {{"casesreported", "cases"}, {"calls", "calls"}}},
    {.name = "US Census, county population estimates",
     .signature = {"sumlev", "stname", "ctyname"},
     .roles = {{TRAFFSTAT_ROLE_JURISDICTION, "ctyname"}},
     .key = {{"state", 2}, {"county", 3}},
     .main = "popestimate"},
    {.name = "FBI, human trafficking by state",
     .signature = {"state", "commercialsexactsoffenses", "involuntaryservitudeoffenses"},
     .roles = {{TRAFFSTAT_ROLE_JURISDICTION, "state"}},
     .main = "offenses"},
    {.name = "FBI, arrests by state",
     .signature = {"state", "age", "totalallclasses1", "drunkenness4"},
     .roles = {{TRAFFSTAT_ROLE_JURISDICTION, "state"}, {TRAFFSTAT_ROLE_CATEGORY, "age"}},
     .digits = true},
};

static bool fits(const traffstat_i_known *source, const traffstat_i_header *header)
{
    for (size_t i = 0; i < TRAFFSTAT_I_SOURCE_COLUMNS && source->signature[i] != NULL; i++) {
        if (traffstat_i_header_find(header, source->signature[i]) == TRAFFSTAT_I_NO_COLUMN) {
            return false;
        }
    }
    return true;
}

const traffstat_i_known *traffstat_i_known_find(const traffstat_i_header *header)
{
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (fits(&known[i], header)) {
            return &known[i];
        }
    }
    return NULL;
}
