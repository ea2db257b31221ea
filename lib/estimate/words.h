/* Words shared by rules and captions: for the files of lib/estimate only. */
#ifndef TRAFFSTAT_I_ESTIMATE_WORDS_H
#define TRAFFSTAT_I_ESTIMATE_WORDS_H

#include "estimate/inside.h"

#define NBSP "\xc2\xa0"
#define EN_DASH "\xe2\x80\x93"

/* Where the noun of a phrase lies: "potential victims of trafficking" -> "victims". */
typedef struct traffstat_i_noun {
    size_t at;
    size_t size;
} traffstat_i_noun;
traffstat_i_noun traffstat_i_head_noun(const char *phrase, size_t size);
/* A noun in the plural that a number may stand before ("offences", not "ACTUAL_COUNT"). */
bool traffstat_i_countable(const char *phrase, size_t size);
/* The phrase with its noun in the singular. */
void traffstat_i_say_singular(traffstat_text *text, const char *phrase, size_t size);
/* Equal but for case, outer spaces, and the number of the noun. */
bool traffstat_i_same_words(traffstat_ctx *ctx, const char *a, size_t a_size, const char *b,
                            size_t b_size, bool *failed);
/* Is `part` in `whole`, case of ASCII letters aside? The empty text is nowhere. */
bool traffstat_i_mentions(const char *whole, size_t whole_size, const char *part,
                          size_t part_size);

void traffstat_i_say_capital(traffstat_text *text, const char *phrase, size_t size);
void traffstat_i_say_int(traffstat_text *text, int64_t value);
/* "95 %" of 0.95. */
void traffstat_i_say_percent(traffstat_text *text, double share);
/* "2018", "2015–2020"; never grouped. */
void traffstat_i_say_years(traffstat_text *text, int32_t first, int32_t last);
/* "the United Kingdom", "Missoula". */
void traffstat_i_say_place(traffstat_text *text, const char *place);
/* The plural unit of a measure, "cases" where it names none. */
void traffstat_i_say_unit(traffstat_text *text, const char *measure);
/* "came to police attention", "came to the attention of …", "were recorded". */
void traffstat_i_say_attention(traffstat_text *text, const char *measure);
/* Authors and year out of a citation. */
void traffstat_i_say_short_citation(traffstat_text *text, const char *citation);

/* "8 recorded human trafficking cases": the count of a series with its category; `adjective` stands
 * before the noun, "" for none. */
void traffstat_i_say_series_count(traffstat_text *text, const traffstat_cell *cell,
                                  const traffstat_panel *panel, size_t series,
                                  const char *adjective);
/* "Police investigated 8 human trafficking cases in Missoula in 2018" */
void traffstat_i_say_counted(traffstat_text *text, const traffstat_panel *panel, size_t series,
                             const traffstat_cell *cell);

#endif
