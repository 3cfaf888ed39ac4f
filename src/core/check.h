#pragma once
#include <source_location>
#include <stdexcept>
#include <string>

namespace tpscale {

/// A broken assumption of the program itself (never of its input, which gets an Error with an exit code).
class InternalError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// Throws InternalError with the place when `condition` does not hold. Stays on in release builds.
inline void check(bool condition, const char* what,
                  const std::source_location& where = std::source_location::current()) {
  if (!condition) {
    throw InternalError(std::string(where.file_name()) + ":" + std::to_string(where.line()) + ": " + what);
  }
}

}  // namespace tpscale
