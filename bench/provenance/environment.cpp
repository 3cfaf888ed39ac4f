#include "bench/provenance/environment.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <vector>

namespace tpscale {
namespace {

constexpr std::array<std::string_view, 6> kPrefixes = {"NCCL_", "OMPI_", "UCX_", "CUDA_", "OMP_", "SLURM_"};
constexpr std::array<std::string_view, 9> kNames = {
    "OPENBLAS_CORETYPE",  "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS",
    "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA",     "KMP_AFFINITY",
    "GOMP_CPU_AFFINITY",  "MALLOC_ARENA_MAX",     "HDF5_USE_FILE_LOCKING"};
// The last is Open MPI's name of the cookie its processes know one another by.
constexpr std::array<std::string_view, 11> kSecrets = {"TOKEN",  "KEY",        "SECRET",     "PASSWORD",
                                                       "PASSWD", "PASSPHRASE", "CREDENTIAL", "AUTH",
                                                       "JWT",    "COOKIE",     "TRANSPORTS"};
constexpr std::size_t kMostBytes = 20000;

bool begins(std::string_view text, std::string_view with) {
  return text.substr(0, with.size()) == with;
}

}  // namespace

bool is_stored_variable(std::string_view name) {
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  for (const std::string_view secret : kSecrets) {
    if (upper.find(secret) != std::string::npos) return false;
  }
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end() ||
         std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return begins(name, prefix); });
}

std::string stored_environment(char* const* environment) {
  std::vector<std::string> lines;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    const std::string_view entry = *environment;
    if (!is_stored_variable(entry.substr(0, entry.find('=')))) continue;
    std::string line;
    for (const char c : entry) {
      if (c == '\n')
        line += "\\n";
      else
        line += c;
    }
    lines.push_back(line + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  std::size_t left_out = 0;
  for (const std::string& line : lines) {
    if (text.size() + line.size() <= kMostBytes)
      text += line;
    else
      ++left_out;
  }
  if (left_out != 0) text += "(" + std::to_string(left_out) + " more variables left out)\n";
  return text;
}

}  // namespace tpscale
