#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "bench/store/point.h"

namespace tpscale {

/// A benchmark's name, and the same as parameters of a point: "linear/qkv/qwen3-0.6b/tp:2/rows:8/bf16" is
/// family, op, model, tp, rows and dtype.
class CaseName {
 public:
  CaseName(const std::string& family, const std::string& op)
      : text_(family + "/" + op), parameters_{{"family", family}, {"op", op}} {}

  /// A word of the name.
  CaseName& word(const std::string& key, const std::string& value) {
    text_ += "/" + value;
    parameters_.emplace_back(key, value);
    return *this;
  }
  /// "key:value".
  CaseName& number(const std::string& key, std::int64_t value) {
    text_ += "/" + key + ":" + std::to_string(value);
    parameters_.emplace_back(key, value);
    return *this;
  }

  /// What follows from the name and is not part of it: a parameter, and a counter beside the figures.
  CaseName& fact(const std::string& key, std::int64_t value) {
    facts_.emplace_back(key, static_cast<double>(value));
    parameters_.emplace_back(key, value);
    return *this;
  }

  const std::string& text() const noexcept { return text_; }
  const Values& parameters() const noexcept { return parameters_; }
  const std::vector<std::pair<std::string, double>>& facts() const noexcept { return facts_; }

 private:
  std::string text_;
  Values parameters_;
  std::vector<std::pair<std::string, double>> facts_;
};

}  // namespace tpscale
