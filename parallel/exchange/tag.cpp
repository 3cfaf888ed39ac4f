#include "parallel/exchange/tag.h"

#include <algorithm>

#include "core/check.h"

namespace tpscale {
namespace {

std::string text_of(std::uint64_t tag) {
  constexpr std::uint64_t kBytes = (std::uint64_t{1} << 56) - 1;
  return std::string(to_string(static_cast<Operation>(tag >> 56))) + " of " + std::to_string(tag & kBytes) +
         " B";
}

}  // namespace

std::string disagreement(std::span<const std::uint64_t> tags) {
  const auto count = [&](std::uint64_t tag) { return std::ranges::count(tags, tag); };
  std::size_t common = 0;
  for (std::size_t rank = 1; rank < tags.size(); ++rank) {
    if (count(tags[rank]) > count(tags[common])) common = rank;
  }
  std::size_t odd = tags.size();  // the first of those with the rarest tag
  for (std::size_t rank = 0; rank < tags.size(); ++rank) {
    if (tags[rank] == tags[common]) continue;
    if (odd == tags.size() || count(tags[rank]) < count(tags[odd])) odd = rank;
  }
  check(odd < tags.size(), "ranks that agree were said to disagree");
  const bool alone = count(tags[common]) == 1;
  return "rank " + std::to_string(odd) + " is in " + text_of(tags[odd]) + " where rank " +
         std::to_string(common) + (alone ? " is in " : " and others are in ") + text_of(tags[common]) +
         ": one of them left out a collective or took another shape";
}

}  // namespace tpscale
