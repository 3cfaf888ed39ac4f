#pragma once
#include <span>
#include <string>

#include "bench/store/point.h"

namespace tpscale {

/// A column of an experiment's table: a figure of the points, or what names them.
struct PointColumn {
  std::string name, unit;
  std::string metric;  ///< or a parameter of the point
  double scale = 1.0;  ///< printed = stored x scale
};

/// `title`, a row a point with the marks of it and of the figures shown, and what became of the verdicts.
/// Figures that a point has not are "-".
std::string point_table(const std::string& title, std::span<const Point> points,
                        std::span<const PointColumn> columns);

}  // namespace tpscale
