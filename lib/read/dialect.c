#include <string.h>

#include "read/read.h"

/* Records looked at to choose a separator, and fields of one that are told apart. */
#define SNIFFED 64
#define WIDEST 1024
/* Lines that a quoted field may have before its quote is taken for a stray one. */
#define LONGEST_QUOTE 20

static const char candidates[] = {',', ';', '\t', '|'};

enum { SNIFFED_HOW, DECLARED, GIVEN };

static const char *name_of(char delimiter, int how)
{
    static const char *const names[sizeof candidates][3] = {
        {"comma", "comma (by its sep= line)", "comma (given)"},
        {"semicolon", "semicolon (by its sep= line)", "semicolon (given)"},
        {"tab", "tab (by its sep= line)", "tab (given)"},
        {"pipe", "pipe (by its sep= line)", "pipe (given)"},
    };
    const char *at = memchr(candidates, delimiter, sizeof candidates);
    return names[at - candidates][how];
}

const char *traffstat_i_line_end(const char *data, size_t size)
{
    const char *lf = memchr(data, '\n', size);
    const char *const end = lf != NULL ? lf + 1 : data + size;
    const char *cr = memchr(data, '\r', (size_t) (end - data));
    if (cr != NULL) {
        const size_t left = (size_t) (end - cr);
        const bool part = lf != NULL && (left == 2 || (left == 3 && cr[1] == '\r'));
        return part ? end : cr + 1;
    }
    return lf != NULL ? end : NULL;
}

/* Past the field that a quote at head.data[at] opens; the end of the line where it never closes, so
 * that a stray quote spoils no more than its line. */
static size_t quoted_end(traffstat_i_slice head, size_t at)
{
    size_t lines = 0;
    size_t first_end = 0;
    for (size_t i = at + 1; i < head.size && lines <= LONGEST_QUOTE; i++) {
        if (head.data[i] == '"' && i + 1 < head.size && head.data[i + 1] == '"') {
            i++;
        } else if (head.data[i] == '"') {
            return i + 1;
        } else if (head.data[i] == '\n' || head.data[i] == '\r') {
            first_end = lines == 0 ? i : first_end;
            lines++;
        }
    }
    return first_end > 0 ? first_end : head.size;
}

/* Separators outside quotes in each of the first records; a record that the head cuts is left out
 * unless it is the only one. */
static size_t count_separators(traffstat_i_slice head, char delimiter, size_t counts[SNIFFED])
{
    size_t records = 0;
    size_t found = 0;
    bool blank = true;
    bool opens = true; /* a field begins here: the only place where a quote is one */
    for (size_t i = 0; i < head.size && records < SNIFFED;) {
        const char c = head.data[i];
        if (c == '"' && opens) {
            i = quoted_end(head, i);
            opens = false;
            blank = false;
            continue;
        }
        i++;
        if (c == '\n' || c == '\r') {
            if (!blank) {
                counts[records++] = found;
            }
            found = 0;
            blank = true;
            opens = true;
            continue;
        }
        found += c == delimiter;
        opens = c == delimiter || (opens && traffstat_i_is_space(c));
        blank = blank && traffstat_i_is_space(c) && c != delimiter;
    }
    if (!blank && (records == 0 || (head.size < TRAFFSTAT_I_BLOCK - 16 && records < SNIFFED))) {
        counts[records++] = found;
    }
    return records;
}

/* How many records agree on the commonest number of separators, which must not be 0. */
static size_t agreement(const size_t *counts, size_t records, size_t *separators)
{
    size_t best = 0;
    *separators = 0;
    for (size_t i = 0; i < records; i++) {
        size_t same = 0;
        for (size_t j = 0; j < records; j++) {
            same += counts[j] == counts[i];
        }
        if (counts[i] > 0 &&
            (same > best || (same == best && counts[i] > *separators && counts[i] < WIDEST))) {
            best = same;
            *separators = counts[i];
        }
    }
    return best;
}

static char sniff(traffstat_i_slice head, bool *found)
{
    char chosen = ',';
    size_t best = 0;
    size_t widest = 0;
    size_t seen = 0;
    for (size_t i = 0; i < sizeof candidates; i++) {
        size_t counts[SNIFFED];
        size_t separators = 0;
        const size_t records = count_separators(head, candidates[i], counts);
        const size_t agreeing = agreement(counts, records, &separators);
        seen = records > seen ? records : seen;
        if (agreeing > best || (agreeing == best && separators > widest)) {
            best = agreeing;
            widest = separators;
            chosen = candidates[i];
        }
    }
    *found = best > 0 && best * 2 >= seen;
    return chosen;
}

/* Line by line of one length and longer than any single column would be. */
static bool is_fixed_width(traffstat_i_slice head)
{
    size_t lines = 0;
    size_t equal = 0;
    size_t first = 0;
    while (head.size > 0 && lines < SNIFFED) {
        const char *end = traffstat_i_line_end(head.data, head.size);
        if (end == NULL) {
            break;
        }
        const size_t size = (size_t) (end - head.data);
        first = lines == 0 ? size : first;
        equal += size == first;
        lines++;
        head.data = end;
        head.size -= size;
    }
    return lines >= 3 && first >= 40 && equal * 10 >= lines * 8;
}

/* The line "sep=;" that spreadsheets write. */
static bool declared(traffstat_i_slice head, traffstat_i_dialect *out)
{
    if (head.size < 5 || traffstat_i_lower(head.data[0]) != 's' ||
        traffstat_i_lower(head.data[1]) != 'e' || traffstat_i_lower(head.data[2]) != 'p' ||
        head.data[3] != '=' || memchr(candidates, head.data[4], sizeof candidates) == NULL) {
        return false;
    }
    const char *rest = head.data + 5;
    const char *end = head.size > 5 ? traffstat_i_line_end(rest, head.size - 5) : NULL;
    const size_t skip = end != NULL ? (size_t) (end - head.data) : head.size;
    if (traffstat_i_slice_trim((traffstat_i_slice){rest, skip - 5}).size > 0) {
        return false;
    }
    out->delimiter = head.data[4];
    out->skip = skip;
    return true;
}

void traffstat_i_dialect_choose(traffstat_i_slice head, int32_t given, traffstat_i_dialect *out)
{
    *out = (traffstat_i_dialect){.delimiter = ','};
    bool found = declared(head, out);
    int how = DECLARED;
    if (!found) {
        out->delimiter = sniff(head, &found);
        how = SNIFFED_HOW;
    }
    if (given != 0) {
        out->delimiter = (char) given;
        how = GIVEN;
    }
    out->fixed_width = given == 0 && !found && is_fixed_width(head);
    out->name = name_of(out->delimiter, how);
}
