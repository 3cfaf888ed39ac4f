#include "text/utf8.h"

namespace tpscale {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned byte_at(std::string_view text, std::size_t at) noexcept {
  return static_cast<unsigned char>(text[at]);
}

}  // namespace

Utf8Character utf8_character(std::string_view text, std::size_t at) noexcept {
  const unsigned lead = byte_at(text, at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  char32_t value = lead & (0x7FU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) value = (value << 6) | (byte_at(text, at + i) & 0x3FU);
  return {value, bytes};
}

void append_utf8(std::string& text, char32_t character) {
  const auto push = [&](char32_t byte) { text.push_back(static_cast<char>(byte)); };
  if (character < 0x80) {
    push(character);
    return;
  }
  if (character < 0x800) {
    push(0xC0 | (character >> 6));
  } else {
    if (character < 0x10000) {
      push(0xE0 | (character >> 12));
    } else {
      push(0xF0 | (character >> 18));
      push(0x80 | ((character >> 12) & 0x3F));
    }
    push(0x80 | ((character >> 6) & 0x3F));
  }
  push(0x80 | (character & 0x3F));
}

std::size_t valid_utf8_character(std::string_view text, std::size_t& broken) noexcept {
  const unsigned lead = byte_at(text, 0);
  if (lead < 0x80) return 1;
  broken = 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t bytes = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  // The second byte's range excludes overlong forms, surrogates and what lies beyond U+10FFFF.
  unsigned low = lead == 0xE0 ? 0xA0U : lead == 0xF0 ? 0x90U : 0x80U;
  unsigned high = lead == 0xED ? 0x9FU : lead == 0xF4 ? 0x8FU : 0xBFU;
  for (std::size_t i = 1; i < bytes; ++i) {
    if (i >= text.size() || byte_at(text, i) < low || byte_at(text, i) > high) return 0;
    broken = i + 1;
    low = 0x80;
    high = 0xBF;
  }
  return bytes;
}

std::string repaired_utf8(std::string_view text) {
  std::string repaired;
  repaired.reserve(text.size());
  while (!text.empty()) {
    std::size_t bytes = 0;
    if (const std::size_t valid = valid_utf8_character(text, bytes)) {
      bytes = valid;
      repaired += text.substr(0, bytes);
    } else {
      repaired += kReplacement;
    }
    text.remove_prefix(bytes);
  }
  return repaired;
}

bool is_valid_utf8(std::string_view text) noexcept {
  std::size_t broken = 0;
  while (!text.empty()) {
    const std::size_t valid = valid_utf8_character(text, broken);
    if (valid == 0) return false;
    text.remove_prefix(valid);
  }
  return true;
}

}  // namespace tpscale
