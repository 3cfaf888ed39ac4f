#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace tpscale {

/// GPT-2's alphabet: every byte as a character that can be printed (byte 0x20 as U+0120), so that a
/// vocabulary of bytes is a vocabulary of text.
void append_characters(std::string& text, std::string_view bytes);
/// Back again; nothing where `text` has a character outside the alphabet.
std::optional<std::string> characters_as_bytes(std::string_view text);

}  // namespace tpscale
