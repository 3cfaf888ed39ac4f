#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"

namespace tpscale {

/// A parameter that a configuration implies, under its Hugging Face name. A vector is a matrix of one row.
struct TensorSpec {
  std::string name;
  std::int64_t rows = 0, cols = 0;
  bool vector = false;
  bool transposed = false;  ///< the files hold it columns by rows
};

/// Every parameter of the model, a tied head left out, in the order of the layers.
std::vector<TensorSpec> tensor_list(const ModelConfig& config);

/// Why a tensor that the configuration does not imply may be ignored, or nothing where it may not.
std::string_view known_leftover(const ModelConfig& config, std::string_view name);

}  // namespace tpscale
