#include "command.h"

/* A list of the one entry that was asked for. */
static traffstat_status pick(const command *session, const traffstat_evidence *all,
                             traffstat_evidence **out)
{
    size_t index = 0;
    traffstat_evidence_entry entry = {.struct_size = (uint32_t) sizeof entry};
    traffstat_status status =
        traffstat_evidence_find(session->ctx, all, session->options->file, &index);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_evidence_get(all, index, &entry);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_evidence_new(session->ctx, out);
    }
    return status == TRAFFSTAT_OK ? traffstat_evidence_add(session->ctx, *out, &entry) : status;
}

static traffstat_status print(const command *session, const traffstat_evidence *evidence,
                              traffstat_text **out)
{
    if (session->options->json) {
        return traffstat_evidence_json(session->ctx, evidence, out);
    }
    return session->options->csv ? traffstat_evidence_csv(session->ctx, evidence, out)
                                 : traffstat_evidence_text(session->ctx, evidence, out);
}

int run_evidence(const command *session)
{
    traffstat_evidence *all = NULL;
    traffstat_evidence *one = NULL;
    traffstat_text *text = NULL;
    int result = evidence_load(session, &all);
    if (result == EXIT_DONE) {
        traffstat_status status = TRAFFSTAT_OK;
        if (session->options->file != NULL) {
            status = pick(session, all, &one);
        }
        if (status == TRAFFSTAT_OK) {
            status = print(session, one != NULL ? one : all, &text);
        }
        result = status == TRAFFSTAT_OK ? print_text(text) : failure(session, status);
    }
    traffstat_text_free(text);
    traffstat_evidence_free(one);
    traffstat_evidence_free(all);
    return result;
}
