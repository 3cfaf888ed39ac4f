#pragma once
#include <string>
#include <vector>

#include "core/error.h"
#include "parallel/world.h"

namespace tpscale {

/// What one check found; the same on all ranks, as it is made of what all of them said.
struct Finding {
  std::string check;                ///< "environment"
  ExitCode code = ExitCode::kDone;  ///< kDone: passed
  std::string sentence;             ///< what is so, or which rank differs in what and what to do
  /// Whether a run ends here. One that does not is said and goes on: what it measures is marked.
  bool refused = false;

  bool passed() const noexcept { return code == ExitCode::kDone; }
};

inline Finding passed(std::string check, std::string sentence) {
  return {std::move(check), ExitCode::kDone, std::move(sentence), false};
}
inline Finding refused(std::string check, ExitCode code, std::string sentence) {
  return {std::move(check), code, std::move(sentence), true};
}
inline Finding doubtful(std::string check, ExitCode code, std::string sentence) {
  return {std::move(check), code, std::move(sentence), false};
}

/// The first that is refused is thrown as a CollectiveError, on every rank. Else rank 0 says those that did
/// not pass.
void enforce(const World& world, const std::vector<Finding>& findings);

}  // namespace tpscale
