#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace tpscale {

/// What a rank does wrong.
enum class FaultKind : unsigned char {
  kKill,   ///< dies of SIGKILL
  kSegv,   ///< dies of SIGSEGV
  kAbort,  ///< dies of abort()
  kExit,   ///< leaves with exit code 0 and without a word to the others
  kThrow,  ///< throws an Error
  kStop,   ///< stops (SIGSTOP): all of its threads stand still
  kLoop,   ///< computes for ever
  kSkip,   ///< leaves out one collective and goes on
};

/// One fault, as --inject-fault says it: "rank=1,at=50,kind=stop".
struct Fault {
  int rank = 0;         ///< in the launch
  std::int64_t at = 1;  ///< number of the rank's collective that the fault takes the place of
  FaultKind kind = FaultKind::kKill;
};

/// Strict: each of the three exactly once, in any order. Throws UsageError.
Fault parse_fault(std::string_view text);

/// Commits `kind`. Returns only from kSkip; a stopped rank that is continued goes on. `place` is what a
/// thrown sentence says of where it was.
void commit(FaultKind kind, const std::string& place);

}  // namespace tpscale
