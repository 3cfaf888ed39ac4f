#pragma once
#include <stdexcept>
#include <string>

namespace tpscale {

/// Exit codes of every program of the suite. A failure is one sentence on standard error and one of these.
enum class ExitCode : int {
  kDone = 0,
  kFailure = 1,
  kUsage = 2,          ///< unknown option, wrong type, impossible combination
  kVerdictFailed = 3,  ///< a failed equivalence, a broken accounting identity or an implausible figure
  kBadData = 65,       ///< checkpoint, configuration or result file that breaks its format
  kMissingInput = 66,  ///< a file or folder that is not there
  kNotAvailable = 69,  ///< no GPU here, too few devices, part not in this build
  kInputOutput = 74,   ///< a read or write that failed
  kInterrupted = 75,   ///< stopped by a signal: resume me
  kWatchdog = 124,     ///< a rank waited too long for the others
};

/// An error the user can act on. The message is one sentence: what, where and what to do about it.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
  ExitCode code() const noexcept { return code_; }

 private:
  ExitCode code_;
};

struct UsageError : Error {
  explicit UsageError(const std::string& message) : Error(ExitCode::kUsage, message) {}
};
struct BadDataError : Error {
  explicit BadDataError(const std::string& message) : Error(ExitCode::kBadData, message) {}
};
struct MissingInputError : Error {
  explicit MissingInputError(const std::string& message) : Error(ExitCode::kMissingInput, message) {}
};
struct NotAvailableError : Error {
  explicit NotAvailableError(const std::string& message) : Error(ExitCode::kNotAvailable, message) {}
};
struct InputOutputError : Error {
  explicit InputOutputError(const std::string& message) : Error(ExitCode::kInputOutput, message) {}
};
struct InterruptedError : Error {
  explicit InterruptedError(const std::string& message) : Error(ExitCode::kInterrupted, message) {}
};

/// A device allocation that does not fit. Planned before it is made, so that a sweep can store the point and
/// go on.
class OutOfMemoryError : public Error {
 public:
  OutOfMemoryError(const std::string& message, std::size_t requested, std::size_t available)
      : Error(ExitCode::kNotAvailable, message), requested_(requested), available_(available) {}
  std::size_t requested_bytes() const noexcept { return requested_; }
  std::size_t available_bytes() const noexcept { return available_; }

 private:
  std::size_t requested_;
  std::size_t available_;
};

}  // namespace tpscale
