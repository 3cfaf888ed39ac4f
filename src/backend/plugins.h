#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace tpscale {

/// A part of the suite in a shared library of its own, which registers itself when it is opened. Beside the
/// library lies NAME.plugin, a text of lines "WORD VALUE", read first, because a device's libraries are large
/// and a machine without the device need not have them:
///   library libtpscale_x.so                     the file to open, in the same folder
///   backend x                                   what it registers, in backend_registry() ...
///   communicator y                              ... and in the registry of communicators
///   needs libdriver.so.1 no driver is here      a library of the system; without it the rest says why
struct Plugin {
  std::string file;  ///< the library, in the folder of its manifest
  std::vector<std::string> backends;
  std::vector<std::string> communicators;
  std::string needs;         ///< empty: nothing
  std::string needs_reason;  ///< the sentence where `needs` cannot be opened
  std::string problem;       ///< why it could not be opened; empty: it is open
};

/// Opens the plugins in `folder` that the program does not already hold (a backend of theirs is registered),
/// in the order of their names. One that cannot be opened costs a sentence: in `problem`, and in
/// backend_registry() for its backends. Throws nothing; a folder that is not there has no plugins. An open
/// plugin stays open until the process ends.
std::vector<Plugin> open_plugins(const std::filesystem::path& folder);

/// Those of ../lib/tpscale beside the running program, opened by the first call.
const std::vector<Plugin>& open_plugins();

}  // namespace tpscale
