// Any bytes as Keras's Inception-v3.

#include "weights/makers/keras.hpp"

#include "weights/refusals.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    static_cast<void>(pool3::weights::read_keras_h5({reinterpret_cast<const char*>(data), size}));
  } catch (const pool3::weights::FormatError&) {
    return 0;
  }
  return 0;
}
