#pragma once
// A kind of weights file.

#include <string_view>

#include "pool3/weights.hpp"

namespace pool3::weights {

/// How to know a file of this kind, and how to read it. To add a kind: a file or folder beside this one that defines
/// its Maker, and one line in the table of weights/read.cpp.
struct Maker {
  std::string_view kind;  ///< for people: "Keras's .h5"
  /// What begins the weights' source: "Keras (FILE)". Empty: read() gives the source.
  std::string_view name;
  /// Whether `bytes` are of this kind. read() may still refuse them. Throws FormatError for a damaged file.
  bool (*knows)(std::string_view bytes);
  /// Weights without SHA-256, and without a source unless `name` is empty. Throws FormatError.
  Weights (*read)(std::string_view bytes);
};

}  // namespace pool3::weights
