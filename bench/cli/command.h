#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "bench/cli/option_table.h"
#include "core/error.h"
#include "parallel/world.h"

namespace tpscale {

/// One word after `tpscale`: what it takes and what it does.
class Command {
 public:
  virtual ~Command() = default;
  virtual std::string_view name() const noexcept = 0;
  virtual std::string_view description() const noexcept = 0;       ///< one line of `tpscale --help`
  virtual std::string_view footer() const noexcept { return ""; }  ///< examples, under the command's own help

  virtual void declare(OptionTable& table) = 0;  ///< called once, before run
  /// Called by every rank of the world with the same options. Errors are those of core/error.h, the same on
  /// all ranks.
  virtual ExitCode run(World& world, const OptionTable& table, const std::vector<std::string>& arguments) = 0;
};

}  // namespace tpscale
