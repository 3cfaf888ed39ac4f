#include "text/byte_level.h"

#include <array>
#include <cstdint>

#include "text/utf8.h"

namespace tpscale {
namespace {

/// Bytes that Latin-1 prints stand for themselves, the others for U+0100 and on.
constexpr bool prints(unsigned byte) noexcept {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<char16_t, 256> character{};
  std::array<std::int16_t, 512> byte{};
};

constexpr Alphabet make_alphabet() noexcept {
  Alphabet alphabet;
  alphabet.byte.fill(-1);
  char16_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const char16_t character = prints(byte) ? static_cast<char16_t>(byte) : next++;
    alphabet.character[byte] = character;
    alphabet.byte[character] = static_cast<std::int16_t>(byte);
  }
  return alphabet;
}
constexpr Alphabet kAlphabet = make_alphabet();

}  // namespace

void append_characters(std::string& text, std::string_view bytes) {
  for (const char byte : bytes) append_utf8(text, kAlphabet.character[static_cast<unsigned char>(byte)]);
}

std::optional<std::string> characters_as_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t broken = 0;
    if (valid_utf8_character(text.substr(at), broken) == 0) return std::nullopt;
    const Utf8Character character = utf8_character(text, at);
    if (character.value >= kAlphabet.byte.size() || kAlphabet.byte[character.value] < 0) return std::nullopt;
    bytes.push_back(static_cast<char>(kAlphabet.byte[character.value]));
    at += character.bytes;
  }
  return bytes;
}

}  // namespace tpscale
