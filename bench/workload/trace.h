#pragma once
#include <cstdint>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/engine.h"

namespace tpscale {

/// JSON Lines, one request a line: {"input_ids": [1, 2], "output_tokens": 8, "arrival_s": 0}.
void write_trace(std::ostream& out, std::span<const Request> requests);

/// Reads them back. `input_length` may stand for `input_ids` (the tokens then are those of the fixed
/// workload), `arrival_s` may be missing (0). Strict: another key, a doubled one, a number of another kind, a
/// request without tokens or a line that is no object is a BadDataError that names the line. `name` is for
/// messages.
std::vector<Request> parse_trace(std::string_view content, const std::string& name, std::int64_t seed,
                                 std::int64_t vocab_size);

}  // namespace tpscale
