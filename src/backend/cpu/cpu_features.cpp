#include "backend/cpu/cpu_features.h"

#include <sched.h>

#include <fstream>

#include "core/error.h"

namespace tpscale::cpu {

std::string to_string(Isa isa) {
  switch (isa) {
    case Isa::kAvx2:
      return "avx2";
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAmx:
      return "amx";
    case Isa::kGeneric:
      break;
  }
  return "generic";
}

Isa chosen_isa(const std::string& name) {
  Isa best = Isa::kGeneric;
  for (const Isa isa : {Isa::kGeneric, Isa::kAvx2, Isa::kAvx512, Isa::kAmx}) {
    const bool here = has_isa(isa);
    if (name == to_string(isa)) {
      if (here) return isa;
      throw NotAvailableError("this machine or build has no " + name +
                              " kernels; use --instruction-set auto");
    }
    if (here) best = isa;
  }
  if (name == "auto") return best;
  throw UsageError("unknown instruction set '" + name + "'; use auto, generic, avx2, avx512 or amx");
}

int usable_cores() {
  cpu_set_t own;
  CPU_ZERO(&own);
  return sched_getaffinity(0, sizeof own, &own) == 0 ? CPU_COUNT(&own) : 1;
}

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "CPU";
}

std::string huge_page_mode() {
  std::ifstream file("/sys/kernel/mm/transparent_hugepage/enabled");
  std::string word;
  while (file >> word) {
    if (word.size() > 2 && word.front() == '[') return word.substr(1, word.size() - 2);
  }
  return "unknown";
}

}  // namespace tpscale::cpu
