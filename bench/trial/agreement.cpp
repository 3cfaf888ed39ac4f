#include "bench/trial/agreement.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <exception>

#include "bench/print/message.h"
#include "core/error.h"

namespace tpscale {
namespace {

template <class T>
std::span<std::byte> bytes_of(T& value) {
  return std::as_writable_bytes(std::span(&value, 1));
}

void end_launch(World& world, ExitCode code, const std::exception& error) {
  say("rank " + std::to_string(world.rank()) + ": " + error.what());
  world.abort(static_cast<int>(code));
}

}  // namespace

void in_concert(World& world, const std::function<void()>& function) {
  if (world.size() == 1) return function();
  try {
    function();
  } catch (const InterruptedError&) {
    throw;
  } catch (const Error& error) {
    end_launch(world, error.code(), error);
  } catch (const std::exception& error) {
    end_launch(world, ExitCode::kFailure, error);
  }
}

void unless_failed_alone(World& world, const std::function<void()>& function) {
  if (world.size() == 1) return function();
  try {
    function();
  } catch (const CollectiveError&) {
    throw;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kFailure) throw;
    end_launch(world, error.code(), error);
  } catch (const std::exception& error) {
    end_launch(world, ExitCode::kFailure, error);
  }
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
