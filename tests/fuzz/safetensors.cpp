// Any bytes as a safetensors file: read, or refused with a FormatError.

#include "weights/containers/safetensors.hpp"

#include "weights/format_error.hpp"
#include "weights/layers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    pool3::Safetensors file = pool3::parse_safetensors({reinterpret_cast<const char*>(data), size});
    static_cast<void>(pool3::read_layers(pool3::read_from(file.tensors), pool3::torchvision_rules()));
  } catch (const pool3::FormatError&) {
    return 0;
  }
  return 0;
}
