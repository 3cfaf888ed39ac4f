#include "parallel/world/gather_text.h"

#include <algorithm>
#include <span>

namespace tpscale {

std::vector<std::string> gather_text(World& world, std::string mine) {
  std::vector<std::size_t> lengths(static_cast<std::size_t>(world.size()));
  const std::size_t own = mine.size();
  world.all_gather_host(std::as_writable_bytes(std::span(lengths)), std::as_bytes(std::span(&own, 1)));
  const std::size_t longest = std::ranges::max(lengths);
  mine.resize(longest);
  std::string all(longest * lengths.size(), '\0');
  world.all_gather_host(std::as_writable_bytes(std::span(all)), std::as_bytes(std::span(mine)));
  std::vector<std::string> texts;
  for (std::size_t rank = 0; rank < lengths.size(); ++rank)
    texts.push_back(all.substr(rank * longest, lengths[rank]));
  return texts;
}

}  // namespace tpscale
