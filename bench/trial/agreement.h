#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "comm/communicator.h"
#include "parallel/world.h"

namespace tpscale {

/// Runs `function`, in which ranks meet in collectives: one that failed alone would leave the others waiting.
/// So the culprit says its sentence and ends the launch. An InterruptedError passes: all ranks of the group
/// have agreed on it.
void in_concert(World& world, const std::function<void()>& function);

/// Runs `function`, on whose errors the ranks have agreed, but for failures of the program or of a library
/// (exit code 1), which one rank may meet alone, in the very collective that was to agree: it says its
/// sentence and ends the launch.
void unless_failed_alone(World& world, const std::function<void()>& function);

/// What rank 0 of the world knows, told to all.
std::int64_t tell_all(World& world, std::int64_t value);
std::string tell_all(World& world, const std::string& text);

/// Every rank's values, by rank, on every rank. All ranks give equally many.
std::vector<std::vector<double>> gather(Communicator& group, std::span<const double> values);

/// What rank 0 of the group decides, told to the group.
std::int64_t told_by_root(Communicator& group, std::int64_t value);

}  // namespace tpscale
