#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "parallel/watchdog/progress.h"

namespace tpscale {

/// What a step of an Exchange is for, in one word: ranks that do not say the same are not in step.
constexpr std::uint64_t tag_of(Operation operation, std::size_t bytes) noexcept {
  return (static_cast<std::uint64_t>(operation) << 56) | bytes;
}

/// The sentence for ranks that met with different tags, by rank: names the one that most others differ from
/// (of two ranks nobody knows which).
std::string disagreement(std::span<const std::uint64_t> tags);

}  // namespace tpscale
