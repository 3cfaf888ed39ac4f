#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/store/point.h"
#include "parallel/world.h"

namespace tpscale {

/// The provenance block of a launch: commit, dirty, build_type, compiler, flags, version, command_line,
/// environment (by allow-list), hosts, rank_cores, versions, binary_hash, kernel. Not collective: the
/// caller's own host speaks.
Values launch_provenance(const World& world, std::span<const std::string> command_line);
/// The same of what a world says: its places and libraries.
Values launch_provenance(const std::vector<RankPlace>& places,
                         const std::vector<std::pair<std::string, std::string>>& libraries,
                         std::span<const std::string> command_line);

/// XXH64 of the running program's file as 16 hex digits.
std::string binary_hash();
/// The words as a shell would take them, quoted where they must be.
std::string shell_line(std::span<const std::string> words);
/// Now, as "2026-01-31T12:00:00Z".
std::string utc_timestamp();

}  // namespace tpscale
