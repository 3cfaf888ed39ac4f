#include "support/virtual_gpu/runtime/fault.h"

#include <unistd.h>

#include <cstdlib>
#include <mutex>
#include <sstream>
#include <vector>

#include "support/virtual_gpu/stand_in.h"

namespace tpscale::virtual_gpu {
namespace {

struct Fault {
  std::string call;
  int use = 0;
  int code = 0;
  int uses_so_far = 0;
};

std::vector<Fault> parse(const std::string& text) {
  std::vector<Fault> faults;
  std::istringstream list(text);
  for (std::string entry; std::getline(list, entry, ',');) {
    std::istringstream fields(entry);
    Fault fault;
    std::string use;
    std::string code;
    if (!std::getline(fields, fault.call, ':') || !std::getline(fields, use, ':') ||
        !std::getline(fields, code)) {
      report_bug("VIRTUAL_GPU_FAIL has the entry '" + entry + "', which is not call:use:code");
    }
    fault.use = std::atoi(use.c_str());
    fault.code = code == "hang" ? kHang : std::atoi(code.c_str());
    faults.push_back(fault);
  }
  return faults;
}

struct Faults {
  std::mutex mutex;
  std::vector<Fault> list;
};

Faults& the_faults() {
  static Faults faults{{}, [] {
                         const char* text = std::getenv("VIRTUAL_GPU_FAIL");
                         return parse(text != nullptr ? text : "");
                       }()};
  return faults;
}

}  // namespace

void set_faults(const std::string& text) {
  Faults& faults = the_faults();
  const std::scoped_lock lock(faults.mutex);
  faults.list = parse(text);
}

int take_fault(std::string_view call) {
  Faults& faults = the_faults();
  const std::scoped_lock lock(faults.mutex);
  int code = 0;
  for (Fault& fault : faults.list) {
    if (fault.call != call) continue;
    ++fault.uses_so_far;
    if (fault.use == 0 || fault.use == fault.uses_so_far) code = fault.code;
  }
  return code;
}

int injected_fault(std::string_view call) {
  const int code = take_fault(call);
  while (code == kHang) pause();
  return code;
}

}  // namespace tpscale::virtual_gpu
