#include "parallel/faults/fault.h"

#include <sched.h>

#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/printable.h"

namespace tpscale {
namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 8> kKinds{{{"kill", FaultKind::kKill},
                                                                        {"segv", FaultKind::kSegv},
                                                                        {"abort", FaultKind::kAbort},
                                                                        {"exit", FaultKind::kExit},
                                                                        {"throw", FaultKind::kThrow},
                                                                        {"stop", FaultKind::kStop},
                                                                        {"loop", FaultKind::kLoop},
                                                                        {"skip", FaultKind::kSkip}}};

[[noreturn]] void refuse(std::string_view text) {
  std::string kinds;
  for (const auto& [name, kind] : kKinds) kinds.append(kinds.empty() ? "" : ", ").append(name);
  throw UsageError("--inject-fault takes a fault such as rank=1,at=50,kind=stop (at from 1; kinds: " + kinds +
                   "), not '" + printable(text) + "'");
}

template <class Number>
Number number_of(std::string_view whole, std::string_view text, Number least) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < least) refuse(whole);
  return number;
}

/// "a=1,b=2" as a map; a name twice, or anything else, is refused.
std::map<std::string_view, std::string_view> pairs_of(std::string_view text) {
  std::map<std::string_view, std::string_view> pairs;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::string_view part = text.substr(begin, text.find(',', begin) - begin);
    const std::size_t equals = part.find('=');
    if (equals == std::string_view::npos) refuse(text);
    if (!pairs.emplace(part.substr(0, equals), part.substr(equals + 1)).second) refuse(text);
    begin += part.size() + 1;
  }
  return pairs;
}

}  // namespace

Fault parse_fault(std::string_view text) {
  auto pairs = pairs_of(text);
  if (pairs.size() != 3 || !pairs.contains("rank") || !pairs.contains("at") || !pairs.contains("kind"))
    refuse(text);
  Fault fault;
  fault.rank = number_of<int>(text, pairs["rank"], 0);
  fault.at = number_of<std::int64_t>(text, pairs["at"], 1);
  for (const auto& [name, kind] : kKinds) {
    if (name != pairs["kind"]) continue;
    fault.kind = kind;
    return fault;
  }
  refuse(text);
}

void commit(FaultKind kind, const std::string& place) {
  volatile bool forever = true;
  switch (kind) {
    case FaultKind::kKill:
      std::raise(SIGKILL);
      break;
    case FaultKind::kSegv:
      std::raise(SIGSEGV);
      break;
    case FaultKind::kAbort:
      std::abort();
    case FaultKind::kExit:
      std::_Exit(0);
    case FaultKind::kThrow:
      throw Error(ExitCode::kFailure, "a fault was injected " + place);
    case FaultKind::kStop:
      std::raise(SIGSTOP);
      break;
    case FaultKind::kLoop:
      while (forever) sched_yield();
      break;
    case FaultKind::kSkip:
      break;
  }
}

}  // namespace tpscale
