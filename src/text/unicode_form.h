#pragma once
#include <string>
#include <string_view>

namespace tpscale {

/// The four normalisation forms of Unicode (Standard Annex #15).
struct UnicodeForm {
  bool compatible = false;  ///< NFKC, NFKD
  bool composed = true;     ///< NFC, NFKC
};

/// `text` (valid UTF-8) in that form; O(n log n) for any text.
std::string normalized(std::string_view text, UnicodeForm form);

}  // namespace tpscale
