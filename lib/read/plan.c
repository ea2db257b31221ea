#include <string.h>

#include "read/read.h"

/* Does a CR stand in the text that is no part of CR LF or CR CR LF? */
static bool has_bare_cr(traffstat_i_slice text)
{
    const char *end = text.data + text.size;
    const char *cr = memchr(text.data, '\r', text.size);
    while (cr != NULL) {
        cr += cr + 1 < end && cr[1] == '\r' ? 1 : 0;
        if (cr + 1 >= end || cr[1] != '\n') {
            return true;
        }
        cr = memchr(cr + 1, '\r', (size_t) (end - cr) - 1);
    }
    return false;
}

traffstat_i_cut traffstat_i_cut_for(traffstat_i_slice text)
{
    return has_bare_cr(text) ? TRAFFSTAT_I_CUT_AT_ANY : TRAFFSTAT_I_CUT_AT_LF;
}

size_t traffstat_i_cut_line(traffstat_i_cut cut, traffstat_i_slice text, bool *ends)
{
    const char *end;
    if (cut == TRAFFSTAT_I_CUT_AT_ANY) {
        end = traffstat_i_line_end(text.data, text.size);
    } else {
        end = memchr(text.data, '\n', text.size);
        end = end != NULL ? end + 1 : NULL;
    }
    *ends = end != NULL;
    return *ends ? (size_t) (end - text.data) : text.size;
}

bool traffstat_i_split_wanted(const traffstat_i_form *form, traffstat_i_slice line,
                              traffstat_i_slice *fields, size_t room, traffstat_i_split_line *out)
{
    size_t columns = 0;
    room = room < form->most_columns ? room : form->most_columns;
    if (form->width > room || line.size > form->most_bytes ||
        !traffstat_i_split(line.data, line.size, form->delimiter, fields, room, &columns)) {
        return false;
    }
    bool blank = true;
    bool surplus = false;
    for (size_t i = 0; i < columns; i++) {
        const bool there = fields[i].size > 0;
        blank = blank && !there;
        surplus = surplus || (there && i >= form->width);
        if (!there || i >= form->width || form->wanted[i] == 0) {
            fields[i] = (traffstat_i_slice){"", 0};
        }
    }
    for (size_t i = columns; i < form->width; i++) {
        fields[i] = (traffstat_i_slice){"", 0};
    }
    *out = (traffstat_i_split_line){columns, blank, surplus,
                                    traffstat_i_hash_line(line.data, line.size)};
    return true;
}

/* Writes the pieces of a line that needs no libcsv. */
static void plan_line(traffstat_i_plan *plan, traffstat_i_slice line, traffstat_i_planned *out,
                      traffstat_i_piece *pieces)
{
    traffstat_i_split_line split;
    *out = (traffstat_i_planned){.size = (uint32_t) line.size};
    if (!traffstat_i_split_wanted(&plan->form, line, plan->scratch, TRAFFSTAT_I_PLAN_COLUMNS,
                                  &split)) {
        return;
    }
    out->columns = (uint32_t) split.columns;
    out->blank = split.blank;
    out->surplus = split.surplus;
    out->hash = split.hash;
    for (size_t i = 0; i < plan->form.width; i++) {
        const traffstat_i_slice *field = &plan->scratch[i];
        pieces[i] = field->size > 0 ? (traffstat_i_piece){(uint32_t) (field->data - line.data),
                                                          (uint32_t) field->size}
                                    : (traffstat_i_piece){0, 0};
    }
}

void traffstat_i_plan_make(traffstat_i_plan *plan, traffstat_i_slice block)
{
    traffstat_i_piece *pieces = plan->pieces;
    const traffstat_i_piece *const end = pieces + TRAFFSTAT_I_PLAN_PIECES;
    plan->count = 0;
    plan->cut = traffstat_i_cut_for(block);
    while (block.size > 0 && plan->count < TRAFFSTAT_I_PLAN_LINES &&
           (size_t) (end - pieces) >= plan->form.width) {
        bool ends = false;
        const size_t size = traffstat_i_cut_line(plan->cut, block, &ends);
        if (!ends) {
            return;
        }
        traffstat_i_planned *line = &plan->lines[plan->count++];
        plan_line(plan, (traffstat_i_slice){block.data, size}, line, pieces);
        pieces += line->columns > 0 ? plan->form.width : 0;
        block.data += size;
        block.size -= size;
    }
}
