#pragma once
// Turns MPI return codes into errors.

#include <fmt/format.h>
#include <mpi.h>

#include <array>
#include <climits>
#include <string>

#include "pool3/error.hpp"

namespace pool3::mpi {

/// Throws Error (stage "mpi") unless `code` is MPI_SUCCESS.
inline void check_mpi(int code, const char* call) {
  if (code == MPI_SUCCESS) return;
  std::array<char, MPI_MAX_ERROR_STRING> text{};
  int length = 0;
  MPI_Error_string(code, text.data(), &length);
  throw Error({.stage = "mpi", .cause = fmt::format("{}: {}", call, text.data())});
}

/// Elements of one MPI call: keeps every `int count` in range.
inline constexpr std::size_t max_count = std::size_t{1} << 28U;
static_assert(max_count <= INT_MAX);

}  // namespace pool3::mpi
