#include "bench/trial/agreement.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#include "bench/print/message.h"
#include "core/error.h"

namespace tpscale {
namespace {

/// How a piece of work ended on one rank, in a size that is the same on all.
struct Outcome {
  int code = 0;
  bool out_of_memory = false;
  std::uint64_t requested = 0, available = 0;
  std::array<char, 1000> text{};
};

Outcome failed(ExitCode code, const std::string& text) {
  Outcome outcome;
  outcome.code = static_cast<int>(code);
  std::memcpy(outcome.text.data(), text.data(), std::min(text.size(), outcome.text.size() - 1));
  return outcome;
}

Outcome outcome_of(const std::function<void()>& function) {
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
  }
}

void throw_where_failed(const Outcome& outcome, int rank) {
  if (outcome.code == 0) return;
  const std::string text = (rank > 0 ? "rank " + std::to_string(rank) + ": " : "") + outcome.text.data();
  if (outcome.out_of_memory) throw OutOfMemoryError(text, outcome.requested, outcome.available);
  throw Error(static_cast<ExitCode>(outcome.code), text);
}

template <class T>
std::span<std::byte> bytes_of(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

}  // namespace

void together(Communicator& group, const std::function<void()>& function) {
  Outcome mine = outcome_of(function);
  std::vector<Outcome> all(static_cast<std::size_t>(group.size()));
  group.all_gather_host(std::as_writable_bytes(std::span(all)), bytes_of(mine));
  for (std::size_t rank = 0; rank < all.size(); ++rank) throw_where_failed(all[rank], static_cast<int>(rank));
}

void in_concert(World& world, const std::function<void()>& function) {
  if (world.size() == 1) return function();
  try {
    function();
  } catch (const InterruptedError&) {
    throw;
  } catch (const Error& error) {
    say("rank " + std::to_string(world.rank()) + ": " + error.what());
    world.abort(static_cast<int>(error.code()));
  } catch (const std::exception& error) {
    say("rank " + std::to_string(world.rank()) + ": " + error.what());
    world.abort(static_cast<int>(ExitCode::kFailure));
  }
}

void while_others_sleep(World& world, int degree, const std::function<void()>& measure) {
  Outcome outcome;
  if (world.rank() < degree) outcome = outcome_of(measure);
  world.announce(bytes_of(outcome));
  throw_where_failed(outcome, 0);
}

std::int64_t tell_all(World& world, std::int64_t value) {
  world.announce(bytes_of(value));
  return value;
}

std::string tell_all(World& world, const std::string& text) {
  std::array<char, 4096> buffer{};
  std::memcpy(buffer.data(), text.data(), std::min(text.size(), buffer.size() - 1));
  world.announce(bytes_of(buffer));
  return buffer.data();
}

std::vector<std::vector<double>> gather(Communicator& group, std::span<const double> values) {
  const auto ranks = static_cast<std::size_t>(group.size());
  std::vector<double> flat(ranks * values.size());
  group.all_gather_host(std::as_writable_bytes(std::span(flat)), std::as_bytes(values));
  std::vector<std::vector<double>> by_rank(ranks);
  for (std::size_t rank = 0; rank < ranks; ++rank) {
    const auto first = flat.begin() + static_cast<std::ptrdiff_t>(rank * values.size());
    by_rank[rank].assign(first, first + static_cast<std::ptrdiff_t>(values.size()));
  }
  return by_rank;
}

std::int64_t told_by_root(Communicator& group, std::int64_t value) {
  group.broadcast_host(bytes_of(value), 0);
  return value;
}

}  // namespace tpscale
