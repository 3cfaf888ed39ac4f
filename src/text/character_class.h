#pragma once

namespace tpscale {

/// Classes of characters as tokenizer.json means them, from the Unicode Character Database.
bool is_white_space(char32_t character) noexcept;  ///< White_Space
bool is_numeric(char32_t character) noexcept;      ///< general categories Nd, Nl, No
bool is_punctuation(char32_t character) noexcept;  ///< general categories P*, and ASCII's signs
bool is_word(char32_t character) noexcept;         ///< letters, marks, digits, connectors, joiners

}  // namespace tpscale
