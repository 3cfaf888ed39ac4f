#pragma once
#include <array>
#include <cstddef>
#include <functional>

#include "core/error.h"

namespace tpscale {

/// How a piece of work ended on one rank, in a form that travels: trivially copyable and of one size.
struct Outcome {
  ExitCode code = ExitCode::kDone;
  bool out_of_memory = false;
  std::size_t requested = 0;
  std::size_t available = 0;
  std::array<char, 2000> message{};

  bool failed() const noexcept { return code != ExitCode::kDone; }
  /// Throws what failed: an OutOfMemoryError, else a CollectiveError; the message of a rank above 0 begins
  /// "rank N: ".
  void raise_if_failed(int rank) const;
};

/// Runs `function` and tells how it ended; throws nothing.
Outcome outcome_of(const std::function<void()>& function) noexcept;

}  // namespace tpscale
