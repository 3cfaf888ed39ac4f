#include <algorithm>
#include <array>
#include <cstring>

#include "parallel/world.h"

namespace tpscale {
namespace {

/// How a function ended on one rank, in a form that travels.
struct Verdict {
  bool failed = false;
  bool out_of_memory = false;
  ExitCode code = ExitCode::kDone;
  std::size_t requested = 0;
  std::size_t available = 0;
  std::array<char, 2000> message{};

  void fail(ExitCode with, std::string_view text) {
    failed = true;
    code = with;
    text = text.substr(0, message.size() - 1);
    std::ranges::copy(text, message.begin());
  }
  [[noreturn]] void raise(const std::string& prefix) const {
    const std::string text = prefix + message.data();
    if (out_of_memory) throw OutOfMemoryError(text, requested, available);
    throw CollectiveError(code, text);
  }
};

Verdict judge(const std::function<void()>& function) {
  Verdict verdict;
  try {
    function();
  } catch (const OutOfMemoryError& error) {
    verdict.fail(error.code(), error.what());
    verdict.out_of_memory = true;
    verdict.requested = error.requested_bytes();
    verdict.available = error.available_bytes();
  } catch (const Error& error) {
    verdict.fail(error.code(), error.what());
  } catch (const std::exception& error) {
    verdict.fail(ExitCode::kFailure, error.what());
  }
  return verdict;
}

}  // namespace

void on_rank_zero(World& world, const std::function<void()>& function) {
  Verdict verdict;
  if (world.rank() == 0) verdict = judge(function);
  world.announce(std::as_writable_bytes(std::span(&verdict, 1)));
  if (verdict.failed) verdict.raise("");
}

void together(World& world, const std::function<void()>& function) {
  const Verdict mine = judge(function);
  std::vector<Verdict> all(static_cast<std::size_t>(world.size()));
  world.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
  const auto failed = std::ranges::find_if(all, &Verdict::failed);
  if (failed == all.end()) return;
  const auto rank = failed - all.begin();
  failed->raise(rank > 0 ? "rank " + std::to_string(rank) + ": " : "");
}

}  // namespace tpscale
