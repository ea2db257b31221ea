/**
 * @file traffstat.h
 * The one header that programs include. Everything is reached from here, except the drawing on a
 * caller's own cairo_t, which needs cairo's types: <traffstat/cairo.h>.
 *
 * libtraffstat links GSL, which is GPL-3.0-or-later: so is the library, and so is every program
 * that loads it.
 */
#ifndef TRAFFSTAT_H
#define TRAFFSTAT_H

#include <traffstat/base.h>
#include <traffstat/compare.h>
#include <traffstat/covariates.h>
#include <traffstat/delay.h>
#include <traffstat/detail.h>
#include <traffstat/estimate.h>
#include <traffstat/figure.h>
#include <traffstat/hierarchical.h>
#include <traffstat/joinpoint.h>
#include <traffstat/overlap.h>
#include <traffstat/places.h>
#include <traffstat/pogit.h>
#include <traffstat/rate.h>
#include <traffstat/read.h>
#include <traffstat/regression.h>
#include <traffstat/report.h>
#include <traffstat/reporting.h>
#include <traffstat/series.h>
#include <traffstat/standard.h>
#include <traffstat/table.h>
#include <traffstat/trend.h>

#endif
