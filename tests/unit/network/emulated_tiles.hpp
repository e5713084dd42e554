#pragma once
// The kernels for AMX on any CPU: their tiles are plain memory here, and each instruction does what Intel's manual
// says, number by number. So the tests find what these kernels do wrong where there is no AMX.

#include "network/kernels/kernel_table.hpp"

namespace pool3::network {

[[nodiscard]] const Kernels* emulated_bf16_kernels();
[[nodiscard]] const Kernels* emulated_int8_kernels();

/// Of this thread, while it lives: tiles have so many rows that are right, the first ones. For pictures that are fewer
/// than a tile's rows, which then take less time.
class EmulatedRows {
 public:
  explicit EmulatedRows(int rows);
  ~EmulatedRows();
  EmulatedRows(const EmulatedRows&) = delete;
  EmulatedRows& operator=(const EmulatedRows&) = delete;
};

}  // namespace pool3::network
