#pragma once
#include <functional>
#include <string>
#include <vector>

#include "bench/experiment.h"
#include "bench/trial/launch.h"
#include "bench/trial/point_frame.h"
#include "bench/trial/point_table.h"

namespace tpscale {

/// A base test of the plan: one workload, a point a degree, each held against the tokens of the smallest.
struct BaseTest {
  std::string name;
  std::string method;  ///< what it does beyond serving the workload again and again
  std::vector<PointColumn> columns;
  /// Adds what this test measures to a point's plan: quantities, figures, what names it. Throws UsageError.
  std::function<void(PointPlan&)> extend;
};

/// Measures (or, in a dry run, plans) the points and appends the report. Called by every rank of the world.
void run_base_test(Launch& launch, const BaseTest& test);

/// Sizes of a workload `fixed`: the plan's on a GPU or where asked for, else small ones that are printed.
struct FixedSizes {
  std::int64_t sequences, input_tokens, output_tokens;
};
void set_fixed_sizes(LaunchOptions& options, const Sizing& sizing, const FixedSizes& plan,
                     const FixedSizes& on_cpu, const FixedSizes& smoke);

}  // namespace tpscale
