#pragma once
#include <string>
#include <string_view>

namespace tpscale {

/// A line on standard error: "tpscale: text". Written with one call, so that lines of ranks do not mix.
void say(const std::string& text);

/// `text` with '?' for whatever a terminal would obey (control characters but '\n', marks of the direction of
/// writing): names of models and folders come from anywhere. Other UTF-8 stays.
std::string terminal_text(std::string_view text);

}  // namespace tpscale
