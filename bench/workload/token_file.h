#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace tpscale {

/// The bytes of a file, untrusted. Throws MissingInputError, BadDataError (over 1 GiB, no regular file),
/// InputOutputError.
std::string read_input_file(const std::string& path);

/// The bytes of a text as the token ids of a byte-level model.
std::vector<std::int32_t> byte_tokens(std::string_view text);

/// Token ids of a file: .npy (one-dimensional, little-endian int32 or int64, seen by its first bytes) or
/// integers between blanks and line ends. Throws BadDataError that says where it breaks off; a file without a
/// token is one.
std::vector<std::int32_t> read_token_ids(const std::string& path);
/// The same of a file's content; `name` is for messages.
std::vector<std::int32_t> parse_token_ids(std::string_view content, const std::string& name);

/// Cuts tokens into `sequences` prompts of `input_tokens`, one after the other from the beginning (0: 8 of
/// them, or as many as there are); what ends too early begins again. Throws UsageError where the tokens are
/// too few for one.
std::vector<Request> cut_into_requests(const std::vector<std::int32_t>& tokens, std::int64_t sequences,
                                       std::int64_t input_tokens, std::int64_t output_tokens);

}  // namespace tpscale
