#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/json_tree.h"

namespace tpscale {

/// The model's tokens and their ids.
class Vocabulary {
 public:
  static constexpr std::int32_t kLargestId = (1 << 22) - 1;  ///< the largest vocabularies have 2^18

  /// {"token": id, ...}. Throws BadDataError (an id twice, an id above kLargestId).
  explicit Vocabulary(const JsonTree& vocab);

  std::int32_t find(std::string_view token) const noexcept;  ///< -1 where it is none
  const std::string* text(std::int32_t id) const noexcept;   ///< nullptr where there is no such id
  std::int32_t end() const noexcept { return static_cast<std::int32_t>(texts_.size()); }  ///< largest id + 1
  std::size_t size() const noexcept { return ids_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::int32_t, Hash, std::equal_to<>> ids_;
  std::vector<const std::string*> texts_;  ///< [end()]: keys of ids_, nullptr where an id has no token
};

}  // namespace tpscale
