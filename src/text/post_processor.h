#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "text/json_tree.h"

namespace tpscale {

/// Special tokens around a text: what the "post_processor" of tokenizer.json adds to a single sequence.
struct SpecialFrame {
  std::vector<std::int32_t> before;
  std::vector<std::int32_t> after;
};

/// nullptr is an empty frame. Throws BadDataError.
SpecialFrame read_special_frame(const JsonTree* component, const std::string& name);

}  // namespace tpscale
