#pragma once

namespace tpscale {

/// ln(x) of a finite x > 0 and e^x for |x| < 700, to about 1e-15 of their value. Made of IEEE 754 additions,
/// multiplications and divisions alone, so that they give the same bits on every machine and with every C
/// library, whose own do not.
double portable_log(double x) noexcept;
double portable_exp(double x) noexcept;

}  // namespace tpscale
