#pragma once
#include <string>

namespace tpscale {

/// Three significant digits without an exponent: 0.00123, 1.23, 123, 12,300.
std::string short_number(double value);
std::string fixed_number(double value, int decimals);
std::string percent(double share);         ///< "93.1 %"
std::string bytes_text(double bytes);      ///< "12.3 MiB"
std::string seconds_text(double seconds);  ///< "12.3 ms", "1.2 s", "3 min 20 s"

}  // namespace tpscale
