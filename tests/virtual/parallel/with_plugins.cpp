#include "backend/plugins.h"

namespace tpscale {
namespace {

/// The program has no backend of its own: it gets the plugin's before the first test.
[[maybe_unused]] const auto& kPlugins = open_plugins();

}  // namespace
}  // namespace tpscale
