#pragma once
// The state of a solver as bytes.

#include <cstdint>
#include <span>
#include <string>

#include "pool3/error.hpp"
#include "pool3/numbers/byte_reader.hpp"

namespace pool3::svm {

template <typename Number>
void append(std::string& bytes, Number value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// Their number goes in front.
inline void append(std::string& bytes, std::span<const float> values) {
  append(bytes, static_cast<std::int64_t>(values.size()));
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

struct OfAnotherProblem {
  [[noreturn]] void operator()() const { throw Error({.stage = "solve", .cause = "this state is of another problem"}); }
};

/// Takes from the front what append() has put there. Throws Error if it can't be there.
class StateBytes : public ByteReader<OfAnotherProblem> {
 public:
  using ByteReader::ByteReader;
  /// As many numbers as `values` has, with their number in front.
  void take_counted(std::span<float> values) {
    if (take<std::int64_t>() != static_cast<std::int64_t>(values.size())) OfAnotherProblem{}();
    take_into(values);
  }
};

}  // namespace pool3::svm
