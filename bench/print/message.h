#pragma once
#include <string>

namespace tpscale {

/// A line on standard error: "tpscale: text". Written with one call, so that lines of ranks do not mix.
void say(const std::string& text);

}  // namespace tpscale
