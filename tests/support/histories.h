/* Capture histories that are much used, for the tests of overlaps: the United Kingdom 2013 (Silverman
 * 2014; five and four lists as Bales et al. and Chan, Silverman & Vincent join them, and six), New
 * Orleans, Kosovo 1999 (Ball et al. 2002), HIV in Rome (Abeni et al. 1994), and Artificial_3 of Chan,
 * Silverman & Vincent (2021). */
#ifndef SUPPORT_HISTORIES_H
#define SUPPORT_HISTORIES_H

#include <stddef.h>
#include <stdint.h>

typedef struct histories {
    const char *name;
    size_t lists;
    const char *names[6];
    size_t count;
    struct {
        uint32_t history; /* bit i: on list i */
        double persons;
    } row[40];
} histories;

static const histories ukdat5 = {"UKdat_5",
                                 5,
                                 {"LA", "NG", "PFNCA", "GO", "GP"},
                                 18,
                                 {{1, 54},
                                  {2, 463},
                                  {4, 995},
                                  {8, 695},
                                  {16, 316},
                                  {3, 15},
                                  {5, 19},
                                  {9, 3},
                                  {6, 62},
                                  {10, 19},
                                  {18, 1},
                                  {12, 76},
                                  {20, 11},
                                  {24, 8},
                                  {7, 1},
                                  {11, 1},
                                  {14, 4},
                                  {15, 1}}};

static const histories ukdat4 = {"UKdat_4",
                                 4,
                                 {"LA", "NG", "PFNCA", "GO"},
                                 14,
                                 {{1, 54},
                                  {2, 464},
                                  {4, 1006},
                                  {8, 703},
                                  {3, 15},
                                  {5, 19},
                                  {9, 3},
                                  {6, 62},
                                  {10, 19},
                                  {12, 76},
                                  {7, 1},
                                  {11, 1},
                                  {14, 4},
                                  {15, 1}}};

static const histories ukdat = {
    "UKdat",
    6,
    {"LA", "NG", "PF", "GO", "GP", "NCA"},
    25,
    {{1, 54}, {2, 463}, {4, 907}, {8, 695}, {16, 316}, {32, 57}, {3, 15},  {5, 19}, {9, 3},
     {6, 56}, {10, 19}, {18, 1},  {34, 3},  {12, 69},  {20, 10}, {36, 31}, {24, 8}, {40, 6},
     {48, 1}, {7, 1},   {11, 1},  {14, 4},  {38, 3},   {44, 1},  {15, 1}}};

static const histories neworl5 = {"NewOrl_5",
                                  5,
                                  {"A", "BEFG", "C", "D", "H"},
                                  14,
                                  {{1, 25},
                                   {2, 24},
                                   {4, 70},
                                   {8, 33},
                                   {16, 21},
                                   {3, 1},
                                   {5, 1},
                                   {9, 2},
                                   {6, 2},
                                   {10, 2},
                                   {18, 1},
                                   {12, 1},
                                   {7, 1},
                                   {11, 1}}};

static const histories kosovo = {"Kosovo",
                                 4,
                                 {"EXH", "ABA", "OSCE", "HRW"},
                                 15,
                                 {{1, 1131},
                                  {2, 845},
                                  {4, 936},
                                  {8, 306},
                                  {3, 177},
                                  {5, 228},
                                  {9, 106},
                                  {6, 217},
                                  {10, 31},
                                  {12, 123},
                                  {7, 181},
                                  {11, 18},
                                  {13, 42},
                                  {14, 32},
                                  {15, 27}}};

static const histories hiv = {"HIV",
                              4,
                              {"c1", "c2", "c3", "c4"},
                              13,
                              {{1, 403},
                               {2, 545},
                               {4, 621},
                               {8, 205},
                               {3, 33},
                               {5, 20},
                               {9, 6},
                               {6, 35},
                               {10, 10},
                               {12, 11},
                               {7, 3},
                               {11, 1},
                               {14, 3}}};

/* Snowshoe hares, six days of trapping (Otis et al. 1978; as shipped with Rcapture 1.4-4). */
static const histories hare = {
    "hare",
    6,
    {"c1", "c2", "c3", "c4", "c5", "c6"},
    33,
    {{1, 3},  {2, 6},  {4, 5},  {8, 3},  {16, 4}, {32, 4}, {5, 1},  {9, 2},  {17, 2},
     {33, 1}, {10, 3}, {18, 3}, {34, 1}, {36, 2}, {24, 1}, {40, 4}, {48, 2}, {19, 1},
     {35, 1}, {13, 1}, {21, 1}, {38, 2}, {42, 3}, {50, 1}, {44, 1}, {52, 1}, {56, 1},
     {57, 1}, {46, 2}, {54, 1}, {58, 1}, {62, 1}, {63, 2}}};

static const histories artificial3 = {
    "Artificial_3", 3, {"A", "B", "C"}, 4, {{1, 40}, {2, 30}, {4, 20}, {3, 6}}};

#endif
