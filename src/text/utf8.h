#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace tpscale {

/// One character of valid UTF-8.
struct Utf8Character {
  char32_t value = 0;
  std::size_t bytes = 0;
};

/// The character at `at`, which must lie inside `text` and at a character's beginning; `text` is valid UTF-8.
Utf8Character utf8_character(std::string_view text, std::size_t at) noexcept;
void append_utf8(std::string& text, char32_t character);

/// Bytes of the valid character at the front of `text`; 0 where there is none, and then `broken` is how many
/// bytes one replacement character stands for: the longest beginning of a character that could have become
/// one (The Unicode Standard, section 3.9, "maximal subpart").
std::size_t valid_utf8_character(std::string_view text, std::size_t& broken) noexcept;

/// The text with U+FFFD in the place of what is no UTF-8.
std::string repaired_utf8(std::string_view text);
bool is_valid_utf8(std::string_view text) noexcept;

}  // namespace tpscale
