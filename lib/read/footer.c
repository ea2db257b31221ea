#include <string.h>

#include "read/job.h"

/* Longer than any name of a place. */
#define LONG_TEXT 80

static bool is_line(char c)
{
    return c == '-' || c == '=' || c == '_';
}

static bool is_rule(traffstat_i_slice text)
{
    size_t marks = 0;
    while (marks < text.size && is_line(text.data[marks])) {
        marks++;
    }
    return marks >= 3 && marks == text.size;
}

static bool is_letter(char c)
{
    return (traffstat_i_lower(c) >= 'a' && traffstat_i_lower(c) <= 'z') ||
           (unsigned char) c >= 0x80;
}

/* Does the text begin with that word, or sign? */
static bool begins(traffstat_i_slice text, const char *with)
{
    const size_t size = strlen(with);
    for (size_t i = 0; i < size; i++) {
        if (i >= text.size || traffstat_i_lower(text.data[i]) != with[i]) {
            return false;
        }
    }
    return !is_letter(with[size - 1]) || size == text.size || !is_letter(text.data[size]);
}

static size_t words_in(traffstat_i_slice text)
{
    size_t words = 0;
    for (size_t i = 0; i < text.size; i++) {
        words += is_letter(text.data[i]) && (i == 0 || text.data[i - 1] == ' ');
    }
    return words;
}

static bool is_comment(traffstat_i_slice text)
{
    return begins(text, "#") && text.size > 1 && !traffstat_i_is_digit(text.data[1]);
}

/* "1 The FBI does not…", "(2) …" and not "1st Judicial District". */
static bool is_numbered(traffstat_i_slice text)
{
    size_t digits = 0;
    while (digits < text.size && traffstat_i_is_digit(text.data[digits])) {
        digits++;
    }
    return digits > 0 && digits < 3 && digits + 1 < text.size &&
           strchr(" .)", text.data[digits]) != NULL && words_in(text) >= 3 &&
           text.data[text.size - 1] == '.';
}

/* "* Data submitted…", "NOTE: …", "Source: …", "[48] …", "1 The FBI…" */
static bool is_note(traffstat_i_slice text)
{
    static const char *const starts[] = {"*",         "note",    "notes",        "source",
                                         "sources",   "[",       "(1)",          "footnote",
                                         "footnotes", "dataset", "\xe2\x80\xa0", "\xe2\x80\xa1"};
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        if (begins(text, starts[i])) {
            return true;
        }
    }
    return text.size > LONG_TEXT || is_numbered(text);
}

static bool says(traffstat_i_slice field)
{
    int64_t ends[2];
    return traffstat_i_read_count(field, '.', &ends[0], &ends[1]) != TRAFFSTAT_I_VALUE_MISSING;
}

/* The one wanted field that says something; size 0 when there are several or none. */
static traffstat_i_slice only_text(const traffstat_i_job *j, const traffstat_i_record *record)
{
    traffstat_i_slice only = {"", 0};
    for (size_t i = 0; i < record->kept; i++) {
        const traffstat_i_slice field = traffstat_i_slice_trim(record->field[i]);
        if (field.size == 0 || j->header.wanted[i] == 0 || (!says(field) && !is_rule(field))) {
            continue;
        }
        if (only.size > 0) {
            return (traffstat_i_slice){"", 0};
        }
        only = field;
    }
    return only;
}

/* Nearly every record has a count where counts stand: nothing else is looked at then. */
static bool is_counted(const traffstat_i_job *j, const traffstat_i_record *record)
{
    const size_t column = j->header.counts_size > 0 ? j->header.counts[0].column
                          : j->header.bounds        ? j->header.column[TRAFFSTAT_ROLE_CASES_LOWER]
                                                    : j->header.column[TRAFFSTAT_ROLE_CASES];
    const traffstat_i_slice count = traffstat_i_job_field(record, column);
    return count.size > 0 && (traffstat_i_is_digit(count.data[0]) || count.data[0] == '<');
}

/* A comment or a note that has the separator in it is a line of several fields. */
static bool is_cut_note(const traffstat_i_record *record, traffstat_i_slice first)
{
    return is_comment(first) ||
           (record->fields > 1 && first.size > 0 && is_note(first) && !begins(first, "[") &&
            (memchr(first.data, ':', first.size) != NULL || words_in(first) >= 2));
}

traffstat_i_slice traffstat_i_job_footer(traffstat_i_job *j, const traffstat_i_record *record)
{
    static const traffstat_i_slice none = {"", 0};
    if (is_counted(j, record) || record->kept == 0) {
        return none;
    }
    const traffstat_i_slice first = traffstat_i_slice_trim(record->field[0]);
    const bool ragged = record->surplus || record->fields < j->header.width;
    if (ragged && is_cut_note(record, first)) {
        return first;
    }
    const traffstat_i_slice only = record->surplus ? none : only_text(j, record);
    if (j->header.constant[TRAFFSTAT_ROLE_CASES] != NULL && !ragged && !is_rule(only)) {
        return none; /* each record is a case, and may say nothing but its place */
    }
    const bool ends = is_rule(only) || is_note(only);
    if (only.size == 0 || (j->header.width < 3 && !ends && !is_comment(only))) {
        return none; /* of two columns one may well be blank */
    }
    if (ends || j->footed || is_comment(only) || (ragged && words_in(only) >= 3)) {
        j->footed = j->footed || ends;
        return only;
    }
    return none;
}
