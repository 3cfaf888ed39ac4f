#pragma once

namespace tpscale::cpu {

/// Tells the core that this is a waiting loop.
inline void relax() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace tpscale::cpu
