#include "parallel/world/device_sharing.h"

#include <algorithm>
#include <array>
#include <vector>

namespace tpscale {

DeviceSharing device_sharing(Communicator& group, const Backend& backend) {
  using Name = std::array<char, 64>;
  const std::string id = backend.device_id();
  Name mine{};
  std::copy_n(id.begin(), std::min(id.size(), mine.size() - 1), mine.begin());
  std::vector<Name> all(static_cast<std::size_t>(group.size()));
  group.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(&mine, 1)));

  DeviceSharing sharing;
  for (std::size_t rank = 0; rank < all.size(); ++rank) {
    const Name& name = all[rank];
    const auto ranks = static_cast<int>(std::ranges::count(all, name));
    if (name.front() == '\0' || ranks <= sharing.ranks_per_device) continue;
    const auto next = std::find(all.begin() + static_cast<std::ptrdiff_t>(rank) + 1, all.end(), name);
    sharing = {ranks, static_cast<int>(rank), static_cast<int>(next - all.begin()), name.data()};
  }
  return sharing;
}

}  // namespace tpscale
