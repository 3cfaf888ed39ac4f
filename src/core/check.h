#pragma once
#include <stdexcept>
#include <string>

namespace tpscale {

/// A broken assumption of the program itself (never of its input, which gets an Error with an exit code).
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError with the place when `condition` does not hold. Stays on in release builds.
/// GCC's and Clang's built-ins give the caller's place; std::source_location is unknown to clang-tidy 14.
inline void check(bool condition, const char* what, const char* file = __builtin_FILE(),
                  int line = __builtin_LINE()) {
  if (!condition) throw InternalError(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

}  // namespace tpscale
