#include "bench/trial/interrupt.h"

#include <array>
#include <csignal>

namespace tpscale {
namespace {

constexpr std::array kSignals{SIGTERM, SIGINT, SIGUSR1};
volatile std::sig_atomic_t noted = 0;  // a signal handler reaches nothing but a static object

extern "C" void note(int) {
  noted = 1;
}

}  // namespace

Interrupt::Interrupt() {
  struct sigaction action {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

Interrupt::~Interrupt() {
  for (const int signal : kSignals) std::signal(signal, SIG_DFL);
}

bool Interrupt::requested() const noexcept {
  return noted != 0;
}

}  // namespace tpscale
