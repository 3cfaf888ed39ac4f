#include "bench/trial/preflight.h"

#include <algorithm>
#include <array>
#include <vector>

#include "bench/provenance/provenance.h"
#include "bench/store/hash.h"
#include "core/error.h"

namespace tpscale {
namespace {

constexpr std::array kNames{"program", "options", "libraries", "model's weights"};
using Print = std::array<std::array<char, 16>, kNames.size()>;

}  // namespace

void require_same_everywhere(World& world, const std::string& options_text, const std::string& weights_hash) {
  if (world.size() == 1) return;
  std::string libraries;
  for (const auto& [name, version] : world.libraries()) libraries += name + " " + version + "\n";
  const std::array<std::string, kNames.size()> hashes{binary_hash(), hash_hex(options_text),
                                                      hash_hex(libraries), hash_hex(weights_hash)};
  Print mine{};
  for (std::size_t i = 0; i < hashes.size(); ++i) std::copy_n(hashes[i].begin(), 16, mine[i].begin());
  std::vector<Print> all(static_cast<std::size_t>(world.size()));
  world.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      if (all[rank][i] == all[0][i]) continue;
      throw CollectiveError(ExitCode::kUsage, "rank " + std::to_string(rank) + " on " +
                                                  world.places()[rank].host + " has another " + kNames[i] +
                                                  " than rank 0; start the same everywhere");
    }
  }
}

}  // namespace tpscale
