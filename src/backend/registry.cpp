#include "backend/backend.h"

namespace tpscale {

Registry<BackendFactory>& backend_registry() {
  static Registry<BackendFactory> registry("backend");
  return registry;
}

}  // namespace tpscale
