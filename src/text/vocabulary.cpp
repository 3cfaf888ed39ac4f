#include "text/vocabulary.h"

#include <algorithm>

#include "core/error.h"

namespace tpscale {

Vocabulary::Vocabulary(const JsonTree& vocab) {
  const JsonTree::Object& tokens = vocab.object("model.vocab");
  ids_.reserve(tokens.size());
  for (const auto& [token, value] : tokens) {
    const auto id = static_cast<std::int32_t>(value.integer("an id of model.vocab", kLargestId));
    const auto position = ids_.emplace(token, id).first;
    texts_.resize(std::max(texts_.size(), static_cast<std::size_t>(id) + 1));
    const std::string*& text = texts_[static_cast<std::size_t>(id)];
    if (text != nullptr)
      throw BadDataError("model.vocab gives the id " + std::to_string(id) + " to two tokens");
    text = &position->first;
  }
}

std::int32_t Vocabulary::find(std::string_view token) const noexcept {
  const auto found = ids_.find(token);
  return found == ids_.end() ? -1 : found->second;
}

const std::string* Vocabulary::text(std::int32_t id) const noexcept {
  return id >= 0 && id < end() ? texts_[static_cast<std::size_t>(id)] : nullptr;
}

}  // namespace tpscale
