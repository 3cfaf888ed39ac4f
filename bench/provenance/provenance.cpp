#include "bench/provenance/provenance.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <fstream>

#include "bench/provenance/build_info.h"
#include "bench/provenance/environment.h"
#include "bench/store/hash.h"
#include "bench/store/hdf5_version.h"

namespace tpscale {
namespace {

constexpr std::size_t kMostBytes = 20000;  // an attribute holds 64 KiB

std::string shortened(std::string text) {
  if (text.size() <= kMostBytes) return text;
  text.resize(kMostBytes);
  return text + "... (shortened)";
}

std::string hosts(const std::vector<RankPlace>& places) {
  std::vector<std::string> names;
  for (const RankPlace& place : places) {
    if (std::find(names.begin(), names.end(), place.host) == names.end()) names.push_back(place.host);
  }
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// 0,1,2,5 -> "0-2,5"
std::string ranges(const std::vector<int>& cores) {
  std::string text;
  for (std::size_t i = 0; i < cores.size();) {
    std::size_t last = i;
    while (last + 1 < cores.size() && cores[last + 1] == cores[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += std::to_string(cores[i]);
    if (last != i) text += "-" + std::to_string(cores[last]);
    i = last + 1;
  }
  return text.empty() ? "not known" : text;
}

std::string rank_cores(const std::vector<RankPlace>& places) {
  std::string text;
  for (const RankPlace& place : places) {
    if (!text.empty()) text += "; ";
    text.append("rank ").append(std::to_string(place.rank)).append(": ").append(place.host);
    text.append(" cores ").append(ranges(place.cores));
  }
  return text;
}

std::string versions(const std::vector<std::pair<std::string, std::string>>& libraries) {
  std::string text = "HDF5 " + hdf5_version();
  for (const auto& [name, version] : libraries) {
    // "MPI" -> "Open MPI 4.1.4": the version of most says its name itself.
    text += "; ";
    if (version.find(name) == std::string::npos) text.append(name).append(" ");
    text += version;
  }
  return text;
}

std::string kernel() {
  utsname name{};
  return ::uname(&name) == 0 ? std::string(name.sysname) + " " + name.release : "unknown";
}

}  // namespace

std::string shell_line(std::span<const std::string> words) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  std::string line;
  for (const std::string& word : words) {
    if (!line.empty()) line += ' ';
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
      line += word;
      continue;
    }
    line += '\'';
    for (const char c : word) {
      if (c == '\'')
        line += "'\\''";
      else
        line += c;
    }
    line += '\'';
  }
  return line;
}

std::string binary_hash() {
  std::ifstream file("/proc/self/exe", std::ios::binary);
  Hasher hasher;
  std::array<char, 65536> part{};
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    hasher.add(std::string_view(part.data(), static_cast<std::size_t>(file.gcount())));
  }
  return hasher.hex();
}

std::string utc_timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

Values launch_provenance(const World& world, std::span<const std::string> command_line) {
  return launch_provenance(world.places(), world.libraries(), command_line);
}

Values launch_provenance(const std::vector<RankPlace>& places,
                         const std::vector<std::pair<std::string, std::string>>& libraries,
                         std::span<const std::string> command_line) {
  const BuildInfo build = build_info();
  Values values;
  values.emplace_back("commit", build.commit);
  values.emplace_back("dirty", build.dirty);
  values.emplace_back("version", build.version);
  values.emplace_back("build_type", build.build_type);
  values.emplace_back("compiler", build.compiler);
  values.emplace_back("flags", build.flags);
  values.emplace_back("command_line", shortened(shell_line(command_line)));
  values.emplace_back("environment", stored_environment(environ));
  values.emplace_back("hosts", shortened(hosts(places)));
  values.emplace_back("rank_cores", shortened(rank_cores(places)));
  values.emplace_back("versions", shortened(versions(libraries)));
  values.emplace_back("binary_hash", binary_hash());
  values.emplace_back("kernel", kernel());
  return values;
}

}  // namespace tpscale
