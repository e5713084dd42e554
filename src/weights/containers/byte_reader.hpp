#pragma once
// Bytes of weights files read in order.

#include "pool3/numbers/byte_reader.hpp"
#include "weights/refusals.hpp"

namespace pool3::weights {

struct EndsTooEarly {
  [[noreturn]] void operator()() const { throw FormatError("it ends too early"); }
};

/// Throws FormatError instead of reading past the end.
using ByteReader = pool3::ByteReader<EndsTooEarly>;

}  // namespace pool3::weights
