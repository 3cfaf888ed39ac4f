#include "parallel/world/outcome.h"

#include <algorithm>
#include <new>
#include <string>
#include <string_view>

#include "parallel/world.h"

namespace tpscale {
namespace {

Outcome failed(ExitCode code, std::string_view text) noexcept {
  Outcome outcome;
  outcome.code = code;
  std::ranges::copy(text.substr(0, outcome.message.size() - 1), outcome.message.begin());
  return outcome;
}

}  // namespace

void Outcome::raise_if_failed(int rank) const {
  if (!failed()) return;
  const std::string text = (rank > 0 ? "rank " + std::to_string(rank) + ": " : "") + message.data();
  if (out_of_memory) throw OutOfMemoryError(text, requested, available);
  throw CollectiveError(code, text);
}

Outcome outcome_of(const std::function<void()>& function) noexcept {
  try {
    function();
    return {};
  } catch (const OutOfMemoryError& error) {
    Outcome outcome = failed(error.code(), error.what());
    outcome.out_of_memory = true;
    outcome.requested = error.requested_bytes();
    outcome.available = error.available_bytes();
    return outcome;
  } catch (const Error& error) {
    return failed(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return failed(ExitCode::kFailure, "the host's memory is used up; run fewer ranks or a smaller model");
  } catch (const std::exception& error) {
    return failed(ExitCode::kFailure, error.what());
  } catch (...) {
    return failed(ExitCode::kFailure, "an exception of a kind nobody here knows was thrown");
  }
}

}  // namespace tpscale
