#pragma once
#include <cstdint>
#include <vector>

#include "backend/linear_weights.h"
#include "model/model_source.h"

namespace tpscale {

/// Rows of a source tensor that fill rows of a device matrix from `first_row` on.
struct RowJob {
  LinearWeights* target = nullptr;
  std::int64_t first_row = 0;
  TensorSlice slice;
};

/// Does the jobs in order, in pieces of a few MiB: a second thread reads the next pieces while this one hands
/// over the last, so that a load costs the slower of the two and not their sum. An error of either ends both
/// and is thrown.
void run_row_jobs(const ModelSource& source, const std::vector<RowJob>& jobs);

}  // namespace tpscale
