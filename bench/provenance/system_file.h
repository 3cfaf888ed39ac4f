#pragma once
#include <optional>
#include <string>

namespace tpscale {

/// The first line of a file of /proc or /sys without its end; nullopt where it cannot be read or is empty.
std::optional<std::string> first_line(const std::string& path);
/// What stands after `key` and ':' in the first line that begins with `key`: fields of /proc/cpuinfo and
/// /proc/meminfo.
std::optional<std::string> field(const std::string& path, const std::string& key);

}  // namespace tpscale
