#include "backend/plugins.h"

#include <dlfcn.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <system_error>

#include "backend/backend.h"

namespace tpscale {
namespace {

namespace fs = std::filesystem;

Plugin read_manifest(const fs::path& path) {
  Plugin plugin;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string word, value, rest;
    words >> word >> value >> std::ws;
    std::getline(words, rest);
    if (word == "library") plugin.file = value;
    if (word == "backend") plugin.backends.push_back(value);
    if (word == "communicator") plugin.communicators.push_back(value);
    if (word == "needs") {
      plugin.needs = value;
      plugin.needs_reason = rest;
    }
  }
  return plugin;
}

bool can_open(const std::string& library) {
  void* handle = dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);
  if (handle == nullptr) return false;
  dlclose(handle);
  return true;
}

/// The sentence where the plugin cannot be opened.
std::string open_library(const Plugin& plugin, const fs::path& folder) {
  if (plugin.file.empty() || plugin.file.find('/') != std::string::npos)
    return "its .plugin file names no library of its folder; build the suite again";
  if (!plugin.needs.empty() && !can_open(plugin.needs))
    return plugin.needs_reason + " (" + plugin.needs + " not found)";
  if (dlopen((folder / plugin.file).c_str(), RTLD_LAZY | RTLD_LOCAL) != nullptr) return {};
  const char* reason = dlerror();
  return reason != nullptr ? reason : plugin.file + " cannot be opened";
}

bool held_already(const Plugin& plugin) {
  return std::any_of(plugin.backends.begin(), plugin.backends.end(),
                     [](const std::string& name) { return backend_registry().contains(name); });
}

}  // namespace

std::vector<Plugin> open_plugins(const fs::path& folder) {
  std::vector<fs::path> manifests;
  std::error_code ignored;
  for (fs::directory_iterator entry(folder, ignored), end; !ignored && entry != end;
       entry.increment(ignored)) {
    if (entry->path().extension() == ".plugin") manifests.push_back(entry->path());
  }
  std::sort(manifests.begin(), manifests.end());
  std::vector<Plugin> plugins;
  for (const fs::path& manifest : manifests) {
    Plugin plugin = read_manifest(manifest);
    if (held_already(plugin)) continue;
    plugin.problem = open_library(plugin, folder);
    if (!plugin.problem.empty()) {
      for (const std::string& name : plugin.backends) backend_registry().note_absent(name, plugin.problem);
    }
    plugins.push_back(std::move(plugin));
  }
  return plugins;
}

const std::vector<Plugin>& open_plugins() {
  static const std::vector<Plugin> plugins = [] {
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (error) return std::vector<Plugin>{};
    return open_plugins(program.parent_path().parent_path() / "lib" / "tpscale");
  }();
  return plugins;
}

}  // namespace tpscale
