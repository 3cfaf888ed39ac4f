#pragma once
#include <string>
#include <string_view>

namespace tpscale {

/// Text from a file as it may be shown: at most 100 characters, none that a terminal would obey.
std::string printable(std::string_view text);

}  // namespace tpscale
