#pragma once
#include <span>
#include <string>
#include <vector>

#include "bench/store/point.h"

namespace tpscale {

/// A column of an experiment's table: a figure of the points, or what names them.
struct PointColumn {
  std::string name, unit;
  std::string metric;  ///< or a parameter of the point
  double scale = 1.0;  ///< printed = stored x scale
};

/// Columns of how well the model predicts the launch's text; empty where no point was judged by one.
std::vector<PointColumn> quality_columns(std::span<const Point> points);
/// What stands in a column of a point: "-" where it has no such figure.
std::string point_cell(const Point& point, const PointColumn& column);

/// `title`, a row a point with quality behind the columns given, the marks of it and of the figures shown,
/// and what became of the verdicts.
std::string point_table(const std::string& title, std::span<const Point> points,
                        std::span<const PointColumn> columns);

}  // namespace tpscale
