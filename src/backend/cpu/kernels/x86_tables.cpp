#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/cpu/kernels/isa_tables.h"

namespace tpscale::cpu {

const Kernels& avx2_kernels(Dtype dtype);
const Kernels& avx512_kernels(Dtype dtype);
const Kernels& amx_kernels(Dtype dtype);

namespace {

/// Older clangs do not know the name "f16c".
bool has_f16c() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
}

bool has_avx2() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && has_f16c();
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

/// The processor must have tiles of bfloat16, and the system must give this process their registers (Linux
/// asks for a request: "Using XSTATE features in user space applications" of the kernel's documentation).
bool request_amx() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  constexpr unsigned kAmxBf16 = 1u << 22;
  constexpr unsigned kAmxTile = 1u << 24;
  if ((d & kAmxBf16) == 0 || (d & kAmxTile) == 0) return false;
  constexpr int kRequestPermission = 0x1023;
  constexpr int kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool has_amx() {
  static const bool allowed = has_avx512() && request_amx();
  return allowed;
}

}  // namespace

const Kernels* isa_kernels(Isa isa, Dtype dtype) {
  switch (isa) {
    case Isa::kAvx2:
      return has_avx2() ? &avx2_kernels(dtype) : nullptr;
    case Isa::kAvx512:
      return has_avx512() ? &avx512_kernels(dtype) : nullptr;
    case Isa::kAmx:
      return has_amx() ? &amx_kernels(dtype) : nullptr;
    case Isa::kGeneric:
      break;
  }
  return &generic_kernels(dtype);
}

}  // namespace tpscale::cpu
