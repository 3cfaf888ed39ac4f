#include "text/character_class.h"

#include <utf8proc.h>

namespace tpscale {
namespace {

utf8proc_category_t category(char32_t character) noexcept {
  return utf8proc_category(static_cast<utf8proc_int32_t>(character));
}
bool between(utf8proc_category_t value, utf8proc_category_t first, utf8proc_category_t last) noexcept {
  return value >= first && value <= last;
}

}  // namespace

bool is_white_space(char32_t character) noexcept {
  if (character < 0x80) return character == ' ' || (character >= 9 && character <= 13);
  return character == 0x85 || between(category(character), UTF8PROC_CATEGORY_ZS, UTF8PROC_CATEGORY_ZP);
}

bool is_numeric(char32_t character) noexcept {
  if (character < 0x80) return character >= '0' && character <= '9';
  return between(category(character), UTF8PROC_CATEGORY_ND, UTF8PROC_CATEGORY_NO);
}

bool is_punctuation(char32_t character) noexcept {
  if (character < 0x80) {
    return (character >= '!' && character <= '/') || (character >= ':' && character <= '@') ||
           (character >= '[' && character <= '`') || (character >= '{' && character <= '~');
  }
  return between(category(character), UTF8PROC_CATEGORY_PC, UTF8PROC_CATEGORY_PO);
}

bool is_word(char32_t character) noexcept {
  constexpr char32_t kZeroWidthNonJoiner = 0x200C;
  constexpr char32_t kZeroWidthJoiner = 0x200D;
  const utf8proc_category_t kind = category(character);
  return between(kind, UTF8PROC_CATEGORY_LU, UTF8PROC_CATEGORY_NL) || kind == UTF8PROC_CATEGORY_PC ||
         character == kZeroWidthNonJoiner || character == kZeroWidthJoiner;
}

}  // namespace tpscale
