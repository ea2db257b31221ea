/* What holds an answer up. */
#include "model/overlap/answer.h"

traffstat_status traffstat_i_answer_sensitivity(traffstat_i_answer *a)
{
    (void) a;
    return TRAFFSTAT_OK;
}
