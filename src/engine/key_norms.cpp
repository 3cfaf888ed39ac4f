#include "engine/key_norms.h"

#include <algorithm>

namespace tpscale {

KeyNorms::KeyNorms(Backend& backend, std::size_t num_layers, std::size_t heads, std::size_t most)
    : backend_(backend),
      heads_(heads),
      device_(backend.allocate(num_layers * heads * most * sizeof(float), MemoryKind::kActivations)),
      lists_(num_layers * heads) {
  fetched_.reserve(lists_.size() * most);
  for (auto& list : lists_) list.reserve(most);
}

void KeyNorms::extend(std::span<const CachedTokens> layers) {
  const std::size_t known = lists_.front().size();
  const std::size_t fresh = static_cast<std::size_t>(layers.front().count) - known;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    backend_.ops().key_norms(device_.as<float>() + i * heads_ * fresh, layers[i],
                             static_cast<std::int64_t>(known));
  }
  fetched_.resize(lists_.size() * fresh);
  backend_.download(fetched_.data(), device_.data(), fetched_.size() * sizeof(float));
  for (std::size_t i = 0; i < lists_.size(); ++i) {
    const auto begin = fetched_.begin() + static_cast<std::ptrdiff_t>(i * fresh);
    lists_[i].insert(lists_[i].end(), begin, begin + static_cast<std::ptrdiff_t>(fresh));
  }
}

void KeyNorms::drop(std::size_t layer, std::size_t head, std::span<const std::int32_t> places) {
  std::vector<float>& list = lists_[layer * heads_ + head];
  auto to = list.begin() + places.front();
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto end = i + 1 < places.size() ? list.begin() + places[i + 1] : list.end();
    to = std::copy(list.begin() + places[i] + 1, end, to);
  }
  list.erase(to, list.end());
}

}  // namespace tpscale
