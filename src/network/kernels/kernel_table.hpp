#pragma once
// Which kernels run with which instructions.
//
// To add some for a CPU - an ARM one, say -:
//  - a file beside this one that fills in a Kernels, all of it with internal linkage (vector_kernels.hpp,
//    fp32_convolution.hpp and dot_convolution.hpp have most of it written already), and a function that returns it, or
//    null where the file was compiled for another processor;
//  - that function's declaration here, and its line in kernel_table.cpp;
//  - the file's compiler flags in src/network/CMakeLists.txt.
// A set of instructions that pool3 doesn't know yet is also a value of Instructions, and a line of src/network/cpu.cpp.
// The tests in tests/unit/network/kernels.cpp run all that the table has.

#include <span>

#include "network/kernels/kernels.hpp"
#include "pool3/network.hpp"

namespace pool3::network {

// Null if this program was built for other processors.
[[nodiscard]] const Kernels* amx_bf16_kernels();
/// These read codes, and write codes or bfloat16; their sums are exact, so that they all give the same.
[[nodiscard]] const Kernels* amx_int8_kernels();
[[nodiscard]] const Kernels* avx512_vnni_kernels();
[[nodiscard]] const Kernels* avx2_vnni_kernels();
/// bf16 with the same bits on every CPU; slower than fp32. See exact_convolution.hpp.
[[nodiscard]] const Kernels* avx512_exact_kernels();
[[nodiscard]] const Kernels* avx2_exact_kernels();
/// The exact ones for this CPU; null: there are none.
[[nodiscard]] const Kernels* exact_kernels();
[[nodiscard]] const Kernels* avx512_bf16_kernels();
[[nodiscard]] const Kernels* avx512_fp32_kernels();
[[nodiscard]] const Kernels* avx2_fp32_kernels();

struct KernelsEntry {
  Precision precision;
  Instructions needs;
  const Kernels* (*get)();
};

/// All kernels, the best ones of a precision first.
[[nodiscard]] std::span<const KernelsEntry> kernels_table();

/// The best kernels for `precision` with the instructions `have`; null: there are none.
[[nodiscard]] const Kernels* find_kernels(Precision precision, Instructions have);

}  // namespace pool3::network
