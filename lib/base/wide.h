/* Exponentials and logarithms of whole arrays, four or two at a time. Private to
 * what is compiled for several processors. */
#ifndef TRAFFSTAT_I_WIDE_H
#define TRAFFSTAT_I_WIDE_H

#include "base/base.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define TRAFFSTAT_I_X86 1
#endif

#ifdef TRAFFSTAT_I_X86
bool traffstat_i_has_avx2(void);
#endif
void traffstat_i_exp_plain(double *x, size_t count);
void traffstat_i_log_plain(double *x, size_t count);
#ifdef TRAFFSTAT_I_X86
void traffstat_i_exp_avx2(double *x, size_t count);
void traffstat_i_log_avx2(double *x, size_t count);
#endif

#endif
