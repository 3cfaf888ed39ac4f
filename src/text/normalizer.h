#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "text/json_tree.h"

namespace tpscale {

/// What is done to a text before it is cut: the "normalizer" of tokenizer.json.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  /// `text` is valid UTF-8 and stays so. Throws BadDataError where a regular expression runs into its limits.
  virtual void apply(std::string& text) const = 0;
};

/// nullptr makes one that does nothing. Throws BadDataError.
std::unique_ptr<Normalizer> make_normalizer(const JsonTree* component, const std::string& name);

}  // namespace tpscale
