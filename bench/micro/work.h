#pragma once
#include <string>
#include <vector>

namespace tpscale {

/// What an iteration does, as an amount that its seconds divide: 2e9 FLOP / seconds.
struct Rate {
  std::string name;  ///< of the counter: "flops", "of_peak"
  std::string unit;  ///< of amount / seconds: "FLOP/s", "1"
  double amount = 0.0;
  std::string how;  ///< how the amount is made, as arithmetic: "2e9 FLOP", "(2e9 FLOP / 1e12 FLOP/s)"
  double working_set =
      0.0;  ///< bytes of memory that iterations go round in: what a cache holds or not; 0: not said
};

using Work = std::vector<Rate>;

/// amount [noun] a second; `noun` is "B", "FLOP", "point", ...
Rate rate(const std::string& name, const std::string& noun, double amount);
/// The same as a share of `peak` noun/s, which was measured.
Rate share(const std::string& name, const std::string& noun, double amount, double peak);
/// Whether `seconds` an iteration are faster than a measured peak allows: the peak was measured while
/// something else ran, or the iteration does not do what it says.
bool implausible(const Work& work, double seconds);

}  // namespace tpscale
