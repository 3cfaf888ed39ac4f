#include "text/bpe.h"

#include <cstdio>
#include <queue>
#include <string>

#include "core/error.h"
#include "core/printable.h"
#include "text/utf8.h"

namespace tpscale {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

/// A token of a piece that is being merged, in a doubly linked list.
struct Symbol {
  std::int32_t id;  ///< -1: merged into its left neighbour
  std::uint32_t previous, next;
};

/// A merge of the symbol at `at` with its right neighbour, as it was when it was found.
struct Candidate {
  std::uint32_t rank, at;
  std::int32_t id;
  bool operator<(const Candidate& other) const noexcept {  // the largest is taken first
    return rank != other.rank ? rank > other.rank : at > other.at;
  }
};

void require_absent(const JsonTree& model, std::string_view key) {
  const JsonTree* value = model.find(key);
  if (value == nullptr || (value->is_text() && value->text(key).empty())) return;
  throw BadDataError(join_names("model", key) + " is not supported here: it must be null");
}

}  // namespace

Bpe::Bpe(const JsonTree& model) : vocabulary_(model.at("vocab", "model")) {
  component_type(model, "model", {"BPE"});
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"})
    require_absent(model, key);
  fuse_unknown_ = model.boolean_or("fuse_unk", false, "model");
  byte_fallback_ = model.boolean_or("byte_fallback", false, "model");
  ignore_merges_ = model.boolean_or("ignore_merges", false, "model");
  if (const JsonTree* unknown = model.find("unk_token")) {
    const std::string& token = unknown->text("model.unk_token");
    unknown_id_ = vocabulary_.find(token);
    if (unknown_id_ < 0)
      throw BadDataError("model.unk_token is '" + printable(token) + "', which is not in model.vocab");
  }
  near_ids_.fill(-1);
  for (std::int32_t id = 0; id < vocabulary_.end(); ++id) {
    const std::string* text = vocabulary_.text(id);
    if (text == nullptr || text->empty()) continue;
    const Utf8Character character = utf8_character(*text, 0);
    if (character.bytes != text->size()) continue;
    if (character.value < near_ids_.size()) {
      near_ids_[character.value] = id;
    } else {
      far_ids_.emplace(character.value, id);
    }
  }
  for (unsigned byte = 0; byte < byte_ids_.size(); ++byte) {
    std::array<char, 8> token{};
    std::snprintf(token.data(), token.size(), "<0x%02X>", byte);
    byte_ids_[byte] = vocabulary_.find(token.data());
  }
  read_merges(model.at("merges", "model"));
}

void Bpe::read_merges(const JsonTree& merges) {
  const JsonTree::Array& list = merges.array("model.merges");
  merges_.emplace(list.size());
  for (std::size_t rank = 0; rank < list.size(); ++rank) {
    const std::string name = "merge " + std::to_string(rank) + " of model.merges";
    if (list[rank].is_array()) {
      const JsonTree::Array& pair = list[rank].array(name);
      if (pair.size() != 2) throw BadDataError(name + " must be two tokens");
      add_merge(pair[0].text(name), pair[1].text(name), static_cast<std::uint32_t>(rank));
      continue;
    }
    const std::string_view pair = list[rank].text(name);
    const std::size_t blank = pair.find(' ');
    if (blank == std::string_view::npos || pair.find(' ', blank + 1) != std::string_view::npos) {
      throw BadDataError(name + " must be two tokens with a blank between them");
    }
    add_merge(pair.substr(0, blank), pair.substr(blank + 1), static_cast<std::uint32_t>(rank));
  }
}

void Bpe::add_merge(std::string_view left, std::string_view right, std::uint32_t rank) {
  const std::string merged = std::string(left) + std::string(right);
  const auto id_of = [&](std::string_view token) {
    const std::int32_t id = vocabulary_.find(token);
    if (id >= 0 && !token.empty()) return id;
    throw BadDataError("merge " + std::to_string(rank) + " of model.merges needs the token '" +
                       printable(token) + "', which is not in model.vocab");
  };
  merges_->put(id_of(left), id_of(right), {rank, id_of(merged)});
  char32_t previous = 0;
  for (std::size_t at = 0; at < merged.size();) {
    const Utf8Character character = utf8_character(merged, at);
    if (at > 0) joins_.set(join_bit(previous, character.value));
    previous = character.value;
    at += character.bytes;
  }
}

std::size_t Bpe::join_bit(char32_t left, char32_t right) noexcept {
  const std::uint64_t pair = (static_cast<std::uint64_t>(left) << 32) | right;
  return static_cast<std::size_t>((pair * 0x9E3779B97F4A7C15U) >> 46);  // 18 bits: below kJoinBits
}

std::int32_t Bpe::character_id(char32_t character) const noexcept {
  if (character < near_ids_.size()) return near_ids_[character];
  const auto found = far_ids_.find(character);
  return found == far_ids_.end() ? -1 : found->second;
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& ids) const {
  if (ignore_merges_) {
    if (const std::int32_t id = vocabulary_.find(piece); id >= 0) {
      ids.push_back(id);
      return;
    }
  }
  std::vector<std::int32_t> symbols;
  const auto finish_part = [&] {
    merge(symbols);
    ids.insert(ids.end(), symbols.begin(), symbols.end());
    symbols.clear();
  };
  bool pending = false;  // an unknown token that the next unknown character may join
  char32_t previous = 0;
  bool previous_known = false;
  for (std::size_t at = 0; at < piece.size();) {
    const Utf8Character character = utf8_character(piece, at);
    const std::int32_t id = character_id(character.value);
    if (id >= 0) {
      if (pending) symbols.push_back(unknown_id_);
      pending = false;
      if (previous_known && !joins_.test(join_bit(previous, character.value))) finish_part();
      symbols.push_back(id);
    } else {
      append_unknown(piece.substr(at, character.bytes), symbols, pending);
    }
    previous = character.value;
    previous_known = id >= 0;
    at += character.bytes;
  }
  if (pending) symbols.push_back(unknown_id_);
  finish_part();
}

void Bpe::append_unknown(std::string_view character, std::vector<std::int32_t>& symbols,
                         bool& pending) const {
  const auto id_of = [&](char byte) { return byte_ids_[static_cast<unsigned char>(byte)]; };
  bool all = byte_fallback_;
  for (const char byte : character) all = all && id_of(byte) >= 0;
  if (all) {
    for (const char byte : character) symbols.push_back(id_of(byte));
  } else if (unknown_id_ >= 0) {
    if (pending && !fuse_unknown_) symbols.push_back(unknown_id_);
    pending = true;
  }
}

void Bpe::merge(std::vector<std::int32_t>& ids) const {
  if (ids.size() < 2) return;
  const auto count = static_cast<std::uint32_t>(ids.size());
  std::vector<Symbol> symbols(count);
  for (std::uint32_t i = 0; i < count; ++i)
    symbols[i] = {ids[i], i == 0 ? kNone : i - 1, i + 1 == count ? kNone : i + 1};

  std::vector<Candidate> found;
  const auto candidate = [&](std::uint32_t at) -> std::optional<Candidate> {
    const std::uint32_t next = symbols[at].next;
    const MergeTable::Merge* merge =
        next == kNone ? nullptr : merges_->find(symbols[at].id, symbols[next].id);
    if (merge == nullptr) return std::nullopt;
    return Candidate{merge->rank, at, merge->id};
  };
  for (std::uint32_t i = 0; i < count; ++i) {
    if (const auto here = candidate(i)) found.push_back(*here);
  }
  std::priority_queue<Candidate> queue({}, std::move(found));
  while (!queue.empty()) {
    const Candidate best = queue.top();
    queue.pop();
    Symbol& left = symbols[best.at];
    // An older candidate's neighbours may have changed since.
    const auto now = left.id < 0 ? std::nullopt : candidate(best.at);
    if (!now || now->id != best.id) continue;
    const Symbol gone = symbols[left.next];
    symbols[left.next].id = -1;
    left.id = best.id;
    left.next = gone.next;
    if (gone.next != kNone) symbols[gone.next].previous = best.at;
    if (const auto right = candidate(best.at)) queue.push(*right);
    if (left.previous == kNone) continue;
    if (const auto before = candidate(left.previous)) queue.push(*before);
  }
  ids.clear();
  for (const Symbol& symbol : symbols) {
    if (symbol.id >= 0) ids.push_back(symbol.id);
  }
}

}  // namespace tpscale
